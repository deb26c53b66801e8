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
from fastapi import FastAPI
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base

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


@pytest.mark.parametrize(("helper", "line"), ENDPOINTS.values(), ids=ENDPOINTS)
def test_no_function_is_called_out_of_proportion_to_the_endpoints_of_a_file(helper: str, line: str) -> None:
    few, many = (counted(lambda count=count: analyze(_api(helper, line, count))) for count in (60, 240))

    assert not beyond(few, many)


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
