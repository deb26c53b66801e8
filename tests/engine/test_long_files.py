"""A question about a whole file is asked once, however many names of it raise the question."""

from __future__ import annotations

import time

from tests.engine.projects import project

KEEPING = """
_kept{0} = {{}}

def keep{0}(kind: str, number: int) -> None:
    _kept{0}[kind] = number

@app.get("/orders/{0}")
async def orders{0}(number: int) -> None:
    keep{0}("order", number)
    await missing{0}(number)
    time.sleep(1)
"""


def test_the_time_for_a_file_grows_with_its_length() -> None:
    text = "import time\nfrom fastapi import FastAPI\napp = FastAPI()\n"
    text += "".join(KEEPING.format(each) for each in range(400))
    started = time.process_time()
    found = project({"shop/api.py": text}, select=("FP101", "FP704")).result.findings
    assert {each.code for each in found} == {"FP101"}
    assert time.process_time() - started < 5


def test_the_time_for_answers_of_strange_clients_grows_with_the_function() -> None:
    text = "from fastapi import FastAPI\nfrom strange import Client\n\napp = FastAPI()\nclient = Client(api_key='x')\n\n\n"
    text += '@app.get("/sessions")\nasync def sessions() -> None:\n'
    text += "".join(
        f"    x{each} = client.sessions.debug({each})\n    print(x{each}.url)\n" for each in range(1500)
    )
    started = time.process_time()
    found = project({"shop/api.py": text}, select=("FP101",)).result.findings
    assert len(found) == 1500
    assert time.process_time() - started < 5
