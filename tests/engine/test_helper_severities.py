"""What a helper weighs that stops the loop each time, now and then, when something fails, or never."""

from __future__ import annotations

import pytest

from rules import analyze
from rules.engine.finding import Confidence, Finding, Options, Severity
from tests.engine.projects import one


def found(text: str, code: str) -> Finding:
    (finding,) = one(text, select=(code,)).result.findings
    return finding


HELPED = """
    import platform
    import time

    import redis
    import requests
    from fastapi import FastAPI
    from shop.others import other, settings

    app = FastAPI()
    store = redis.Redis()
    _RATES = {{}}

    {helper}

    @app.get("/rates")
    async def rates(day: str):
        await other()
        return fetch(day)
    """


def helped(helper: str) -> Finding:
    """What FP103 says of an endpoint that calls `fetch`."""
    return found(HELPED.format(helper=helper.strip().replace("\n", "\n    ")), "FP103")


EACH_TIME = """
def fetch(day):
    return requests.get("https://rates.example", timeout=5).json()
"""


KEPT = """
def fetch(day):
    kept = _RATES.get(day)
    if kept is not None:
        return kept
    _RATES[day] = requests.get("https://rates.example", timeout=5).json()
    return _RATES[day]
"""


FAILING = """
def fetch(day):
    try:
        return _RATES[day]
    except KeyError:
        requests.post("https://errors.example", timeout=5)
"""


FAILING_AND_WAITING = FAILING.replace('requests.post("https://errors.example", timeout=5)', "time.sleep(1)")


ASKED = """
def fetch(day, fresh=False):
    if fresh:
        return requests.get("https://rates.example", timeout=5).json()
    return _RATES[day]
"""


QUICK = """
def fetch(day):
    return store.get(day)
"""


FOUND_FIRST = """
def fetch(day):
    row = load(day)
    if row is not None:
        return row
    return requests.get("https://rates.example", timeout=5).json()
"""


def test_a_helper_that_waits_each_time_is_critical() -> None:
    assert (helped(EACH_TIME).severity, helped(EACH_TIME).confidence) == (
        Severity.CRITICAL,
        Confidence.CERTAIN,
    )
    assert helped(FOUND_FIRST).severity == Severity.CRITICAL


@pytest.mark.usefixtures("at_any_severity")
def test_what_happens_now_and_then_weighs_less_and_says_when() -> None:
    kept, failing = helped(KEPT), helped(FAILING)
    asked = found(
        HELPED.format(helper=ASKED.strip().replace("\n", "\n    ")).replace(
            "fetch(day)\n    ", "fetch(day, bool(day))\n    "
        ),
        "FP103",
    )

    assert (kept.severity, kept.confidence) == (Severity.MEDIUM, Confidence.LIKELY)
    assert "whenever the answer is not cached yet" in kept.message
    assert (failing.severity, failing.confidence) == (Severity.MEDIUM, Confidence.POSSIBLE)
    assert "after a failure" in failing.message
    assert helped(FAILING_AND_WAITING).confidence is Confidence.POSSIBLE
    assert (asked.severity, asked.confidence) == (Severity.MEDIUM, Confidence.POSSIBLE)


@pytest.mark.parametrize(
    ("condition", "body"),
    [
        ("if day is None:", "raise LookupError(day)"),
        ("if platform.system() == 'Darwin':", "return 0"),
        ("if settings.debug:", "return 0"),
    ],
    ids=["gives up", "another system", "a developer"],
)
def test_what_a_helper_does_where_servers_do_not_get_is_a_hint(condition: str, body: str) -> None:
    arm = f"""
def fetch(day):
    {condition}
        requests.get("https://rates.example", timeout=5)
        {body}
    return _RATES[day]
"""

    assert helped(arm).confidence is Confidence.POSSIBLE
    assert helped(arm.replace(condition, "if len(day) > 4:").replace("raise", "return")).confidence is (
        Confidence.CERTAIN
    )


POOLED = """
class Client:
    def __init__(self, day):
        self.rates = requests.get("https://rates.example", timeout=5).json()

def fetch(day):
    if day not in _RATES:
        _RATES[day] = Client(day)
    return _RATES[day]
"""


FILLED = """
def fill():
    _RATES.update(requests.get("https://rates.example", timeout=5).json())

def fetch(day):
    if day not in _RATES:
        fill()
    return _RATES[day]
"""


TAKEN = """
def fetch(day):
    if day in _RATES:
        tell(_RATES[day])
        return
    rate = requests.get("https://rates.example", timeout=5).json()
    _RATES[day] = rate
    tell(rate)
"""


@pytest.mark.usefixtures("at_any_severity")
def test_objects_that_the_process_keeps_are_made_once_and_a_store_is_filled_now_and_then() -> None:
    local = POOLED.replace("    if day", "    _RATES = {}\n    if day")

    assert (helped(POOLED).severity, helped(POOLED).confidence) == (Severity.LOW, Confidence.POSSIBLE)
    assert "the first time" not in helped(local).message
    assert (helped(FILLED).severity, helped(FILLED).confidence) == (Severity.MEDIUM, Confidence.LIKELY)
    assert helped(FILLED.replace("return _RATES[day]", "return day")).severity is Severity.CRITICAL
    assert helped(TAKEN).severity is Severity.MEDIUM
    assert helped(TAKEN.replace("_RATES[day] = rate", "_RATES[1] = rate")).severity is Severity.CRITICAL


def test_a_table_that_is_there_from_the_second_time_on_is_a_hint() -> None:
    begun = """
def fetch(day):
    import sqlite3
    rates = sqlite3.connect("rates.db")
    rates.execute("CREATE TABLE IF NOT EXISTS rates (day TEXT)")
"""
    asked = begun + '    return rates.execute("SELECT day FROM rates").fetchone()\n'

    assert helped(begun).as_new().confidence is Confidence.POSSIBLE
    new = helped(asked).as_new()
    assert (new.severity, new.confidence) == (Severity.CRITICAL, Confidence.CERTAIN)


def test_so_it_is_where_a_helper_runs_it() -> None:
    text = """
import subprocess
from fastapi import FastAPI

app = FastAPI()

def show(folder: str) -> None:
    subprocess.run(["{program}", folder])

@app.post("/")
async def root(folder: str) -> None:
    show(folder)
"""

    assert found(text.format(program="open"), "FP104").confidence is Confidence.POSSIBLE
    assert found(text.format(program="make"), "FP104").confidence is Confidence.CERTAIN


def test_a_helper_is_named_by_its_work_not_by_what_it_does_on_failure() -> None:
    both = helped(
        """
def fetch(day):
    try:
        return requests.get("https://rates.example", timeout=5).json()
    except ValueError:
        return requests.post("https://errors.example", timeout=5)
"""
    )

    assert "`requests.get`" in both.message


def test_one_call_of_a_helper_is_one_finding_whatever_it_reaches() -> None:
    both = helped(
        """
def fetch(day):
    time.sleep(1)
    return requests.get("https://rates.example", timeout=5).json()
"""
    )

    assert (
        "It also reaches `requests.get`." in both.message or "It also reaches `time.sleep`." in both.message
    )


_MODELS = """
import requests
from fastapi import FastAPI
from shop.filling import fill

app = FastAPI()

def model_of(name: str, **kwargs: object) -> str:
    {asked}
        requests.get("https://guard.example/health", timeout=5)
    return name

@app.get("/")
async def root(eager: bool) -> str:
    await app.router.startup()
    options = {options}
    {more}
    return model_of("small", {given})
"""


_ASKED = 'if kwargs.get("guarded"):'


@pytest.mark.parametrize(
    ("asked", "options", "more", "given", "is_said"),
    [
        (_ASKED, "{}", "", "", False),
        (_ASKED, "{}", "", "heat=1", False),
        (_ASKED, '{"heat": 1}', 'options["top"] = 2', "**options", False),
        (
            'guarded = app.debug and kwargs.get("guarded", False) is True\n    if guarded:',
            "{}",
            "",
            "",
            False,
        ),
        (_ASKED, '{"heat": 1}', "", "guarded=eager", True),
        (_ASKED, '{"guarded": eager}', "", "**options", True),
        (_ASKED, '{"heat": 1}', 'options["guarded"] = eager', "**options", True),
        (_ASKED, '{"heat": 1}', "fill(options)", "**options", True),
        (_ASKED, "app.options", "", "**options", True),
        ('kwargs.setdefault("guarded", True)\n    ' + _ASKED, "{}", "", "", True),
        ('if kwargs.get("guarded", True):', "{}", "", "", True),
        ('if not kwargs.get("guarded"):', "{}", "", "", True),
        ('guarded = app.debug or kwargs.get("guarded")\n    if guarded:', "{}", "", "", True),
        ('guarded = app.debug and kwargs.get("guarded")\n    if not guarded:', "{}", "", "", True),
    ],
)
def test_what_waits_for_a_keyword_that_no_call_gives_never_happens(
    asked: str, options: str, more: str, given: str, is_said: bool
) -> None:
    source = _MODELS.format(asked=asked, options=options, more=more, given=given)
    found = analyze({"shop/main.py": source.encode()}, options=Options(select=("FP103",))).result.findings

    assert any(each.confidence is not Confidence.POSSIBLE for each in found) == is_said


TABLE = """
import os

import pandas
from fastapi import FastAPI

app = FastAPI()
FOLDER = "data"

def names_in(path: str) -> list[str]:
    return pandas.{reader}(path)["name"].tolist()

@app.get("/names")
async def names({taken}) -> list[str]:
    {first}
    return {read}
"""


_HELPED, _DIRECT = (
    "names_in(os.path.join(FOLDER, 'names.csv'))",
    "pandas.read_csv('names.csv')['name'].tolist()",
)


_AWAITED = "await app.state.other()"


@pytest.mark.parametrize(
    ("taken", "reader", "first", "read", "confidence"),
    [
        ("", "read_csv", "pass", _HELPED, Confidence.POSSIBLE),
        ("", "read_csv", _AWAITED, _DIRECT, Confidence.POSSIBLE),
        ("shop: str", "read_csv", "pass", _HELPED, Confidence.CERTAIN),
        ("shop: str", "read_csv", _AWAITED, _DIRECT, Confidence.CERTAIN),
        ("", "read_sql", "pass", _HELPED, Confidence.CERTAIN),
    ],
)
def test_a_table_that_is_the_same_each_time_is_a_hint_until_a_change_brings_it(
    taken: str, reader: str, first: str, read: str, confidence: Confidence
) -> None:
    text = TABLE.format(taken=taken, reader=reader, first=first, read=read)
    table = found(text, "FP701" if first == _AWAITED else "FP104")

    assert table.confidence is confidence
    assert table.as_new().confidence is Confidence.CERTAIN


def test_a_call_that_the_other_arm_hands_to_a_thread_is_a_hint() -> None:
    text = HELPED.replace(
        "return fetch(day)",
        "pool.submit(fetch) if waits else None\n        if waits:\n"
        "            pool.submit(fetch)\n        else:\n            fetch()",
    ).replace("day: str", "waits: bool")
    helper = EACH_TIME.strip().replace("day", "").replace("\n", "\n    ")

    assert found(text.format(helper=helper), "FP103").confidence is Confidence.POSSIBLE


def test_what_a_call_says_not_to_do_is_not_said() -> None:
    text = HELPED.format(helper=ASKED.strip().replace("\n", "\n    "))

    assert one(text, select=("FP103",)).result.findings == ()


def test_a_store_that_answers_at_once_is_medium() -> None:
    assert helped(QUICK).severity == Severity.MEDIUM
