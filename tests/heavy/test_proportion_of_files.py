"""Work grows with the size of a file, and the classes in it, not with the square: as `tests/engine/test_proportion.py` has it of a
project."""

from __future__ import annotations

from itertools import pairwise

import pytest

from rules import analyze
from tests.engine.test_proportion import beyond, counted

FEW = 1_000_000
"""Of sixty classes; all ways from one to another together come to ten millions."""
API = """
import time, grpc, requests
from shop import orders_pb2_grpc
from fastapi import BackgroundTasks, FastAPI
from sqlalchemy import Column, Integer
from sqlalchemy.orm import Session, declarative_base

app = FastAPI()
Base_ = declarative_base()

class Order(Base_):
    __tablename__ = "orders"
    id = Column(Integer, primary_key=True)

{rest}

@app.get("/")
async def ask(user, db):
    {body}
"""


ENDPOINTS = {
    "one with many calls": ("", "time.sleep({own})"),
    "one with many refusals": ("", "if not user.is_known: raise ValueError({own}); time.sleep(1)"),
    "one with many queries": ("", "db.query(Order).filter(Order.id == {own}).all()"),
    "one with many tries": ("", "try: time.sleep({own})\n    except KeyError: raise"),
    "one with many calls of a stub": (
        "",
        "row{own} = orders_pb2_grpc.OrdersStub(channel).Get({own})\n    for part in row{own}: pass",
    ),
    "many": ("def fetch{own}(url): return requests.get(url)", "fetch{own}(url)"),
}
HELPER = "def fetch(url): return requests.get(url)"
HEIRS = """
class Importer:
    def load(self): raise NotImplementedError
""" + "".join(f"class Importer{own}(Importer):\n    def load(self): time.sleep({own})\n" for own in range(11))
LINES = {
    "calls of a helper": (HELPER, "fetch({own})"),
    "calls of a helper in loops": (HELPER, "for each in user: fetch(each)"),
    "comprehensions": (HELPER, "row{own} = [fetch(each) for each in user]"),
    "one name again and again": (HELPER, "db = fetch(db)"),
    "counted answers": (HELPER, "print(fetch(len(str({own}))))"),
    "tasks for later": (HELPER, "tasks.add_task(fetch, {own})"),
    "calls of a hook that many heirs have": (HEIRS, "base.load()"),
    "files": ("", "with open('notes.txt') as notes: notes.read()"),
    "calls of a helper that writes a file": (
        "def save(to):\n    with open(to, 'w') as notes: notes.write(to)",
        "save({own})",
    ),
    "queries whose rows have a name": ("", "row{own} = db.query(Order).filter(Order.id == {own}).all()"),
}


@pytest.mark.parametrize(("helper", "line"), ENDPOINTS.values(), ids=ENDPOINTS)
def test_no_function_is_called_out_of_proportion_to_the_endpoints_of_a_file(helper: str, line: str) -> None:
    few, many = (counted(lambda count=count: analyze(_api(helper, line, count))) for count in (60, 240))

    assert not beyond(few, many)


@pytest.mark.parametrize(("around", "line"), LINES.values(), ids=LINES)
def test_no_function_is_called_out_of_proportion_to_what_one_endpoint_does(around: str, line: str) -> None:
    few, many = (
        counted(
            lambda count=count: analyze(
                {
                    "shop/api.py": API.format(
                        rest=around, body="\n    ".join(line.format(own=own) for own in range(count))
                    )
                    .replace("user, db", "user: list, db: Session, tasks: BackgroundTasks, base: Importer")
                    .encode()
                }
            )
        )
        for count in (100, 400)
    )

    assert not beyond(few, many)


DEEP = {
    "alternatives": "".join(
        f"    {'if' if own == 0 else 'elif'} user == {own}: time.sleep(1)\n" for own in range(600)
    ),
    "ways out": "".join(f"    if user == {own}: return time.sleep(1)\n" for own in range(1500)),
    "a dependency of each dependency": "".join(
        f"def given{own}(x=Depends(given{own - 1})): pass\n" for own in range(1, 1500)
    )
    + '@app.get("/more")\nasync def more(x=Depends(given1499)): time.sleep(1)\n',
    "an heir of each heir": "".join(f"class Heir{own}(Heir{own - 1}): pass\n" for own in range(1, 1500))
    + '@app.get("/more")\nasync def more():\n    Heir1499().go(); time.sleep(1)\n',
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_what_nobody_writes_by_hand_is_got_through(text: str) -> None:
    head = (
        "import time\nfrom fastapi import FastAPI, Depends\napp = FastAPI()\ndef given0(): pass\nclass Heir0: pass\n"
        '@app.get("/")\nasync def ask(user):\n    time.sleep(1)\n'
    )

    found = analyze({"shop/api.py": f"{head}{text}".encode()}).result.findings

    assert "FP104" in {each.code for each in found}


def test_classes_that_derive_from_one_another_in_many_ways_are_gone_through_once() -> None:
    layers = [[f"Base{layer}x{own}" for own in range(8)] for layer in range(8)]
    classes = ["class Base:\n    def go(self, url): pass", f"class {layers[0][0]}(Base): pass"]
    for above, layer in pairwise([layers[0][:1], *layers[1:]]):
        classes += [f"class {name}({', '.join(above)}): pass" for name in layer]
    body = f"Base().go(1, 2, 3); {layers[-1][0]}(1, 2).nothing; Base().nothing; time.sleep(1)"
    files = {"shop/api.py": API.format(body=body, rest="\n".join(classes)).encode()}

    assert max(counted(lambda: analyze(files)).values()) < FEW


def _api(helper: str, line: str, count: int) -> dict[str, bytes]:
    """A file with so many lines in an endpoint, or where each has a helper so many endpoints."""
    lines = [line.format(own=own) for own in range(count)]
    if not helper:
        return {"shop/api.py": API.format(body="\n    ".join(lines), rest="").encode()}
    more = [
        f'{helper.format(own=own)}\n@app.get("/{own}")\nasync def ask{own}(url): {each}'
        for own, each in enumerate(lines)
    ]
    return {"shop/api.py": API.format(body="pass", rest="\n".join(more)).encode()}
