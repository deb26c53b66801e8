"""Profiles, spans and metrics that the real tools wrote of the sample shop (`python -m benchmarks.profiles`)."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from rules.engine.analysis import Analysis, analyze
from rules.engine.evidence import heat, profiles
from rules.engine.evidence.heat import Since
from rules.engine.finding import Confidence, Finding, Options, Result, Severity

ROOT = Path(__file__).parents[2]
EVIDENCE = ROOT / "tests" / "evidence"
FAVOURITES = "GET /customers/{customer_id}/favourites"
OBSERVED = {
    "kind": "fastperf-observed",
    "version": 1,
    "routes": {
        FAVOURITES: {
            "count": 1,
            "statements": 302,
            "repeats": [
                {
                    "text": "SELECT * FROM products WHERE id = ?",
                    "times": 300,
                    "where": "tests/test_shop.py::test_favourites",
                    "frames": ["shop/customers/api.py:read_favourites:31"],
                }
            ],
            "gap_ms": 2.0,
        },
        "POST /orders/{order_id}/reminder": {
            "count": 1,
            "gap_ms": 500.5,
            "gap_where": "tests/test_shop.py::test_remind",
            "gap_frames": ["shop/orders/api.py:remind:53"],
        },
    },
}


def shop() -> dict[str, bytes]:
    """The sample shop's slow branch."""
    files: dict[str, bytes] = {}
    for folder in (ROOT / "examples" / "shop", ROOT / "examples" / "pull_request" / "slow"):
        files |= {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.py")}
    return files


@functools.cache
def result(*evidence: tuple[str, str]) -> Result:
    return of_shop(shop(), *evidence).result


def of_shop(sources: Mapping[str, bytes], *evidence: tuple[str, str], since: Since | None = None) -> Analysis:
    return analyze(sources, options=Options(evidence=evidence), since=since)


def of(name: str) -> tuple[str, str]:
    return name, (EVIDENCE / name).read_text()


def one(found: Result, code: str, path: str) -> Finding:
    (finding,) = (each for each in found.findings if (each.code, each.path) == (code, path))
    return finding


@pytest.mark.parametrize("name", ["speedscope.json", "stacks.txt"])
def test_a_hot_finding_says_its_share_of_the_time(name: str) -> None:
    found = result(of(name))

    assert not found.skipped
    hot = one(found, "FP201", "shop/customers/api.py")
    assert hot.heat > 0.1
    assert hot.impact.summary.startswith(f"{hot.heat * 100:.0f} % of sampled time; ")
    assert "heat" not in hot.contract()


@pytest.mark.parametrize("name", ["speedscope.json", "stacks.txt"])
def test_a_profile_of_the_processor_says_nothing_of_what_waits(name: str) -> None:
    """py-spy leaves threads out that sleep or wait for a socket: that it never saw the sleep is no wonder."""
    assert one(result(of(name)), "FP101", "shop/orders/api.py").severity is Severity.CRITICAL


def test_what_enough_samples_never_saw_loses_a_step_of_severity() -> None:
    busy = "serve (uvicorn/server.py:1);rare (shop/main.py:21) 900"
    idle = "serve (uvicorn/server.py:1);list_orders (shop/main.py:16) 600\nselect (/lib/python3/selectors.py:468) 600"

    plain, of_processor, whole = (
        of_shop(small(MAIN), *((("seen", text),) if text else ())).result for text in ("", busy, idle)
    )

    assert [severities(plain, code) for code in ("FP101", "FP201")] == [
        {"rare": Severity.CRITICAL},
        {"list_orders": Severity.HIGH},
    ]
    assert severities(of_processor, "FP201") == {"list_orders": Severity.MEDIUM}
    assert severities(whole, "FP101") == {"rare": Severity.HIGH}
    (cold,) = (each for each in whole.findings if each.code == "FP101")
    assert cold.impact.summary.startswith("not seen in 1,200 samples: one severity less; ")
    assert heat.unweakened(cold) == next(each for each in plain.findings if each.code == "FP101")


def test_a_profile_of_one_thread_heats_what_it_saw_and_cools_nothing() -> None:
    evidence = profiles.read(*of("pyinstrument.json"))
    assert evidence.samples > 500
    assert any(file.endswith("shop/main.py") for file in evidence.functions)

    found = result(of("pyinstrument.json"))

    assert not found.skipped
    assert [finding.severity for finding in found.findings] == [
        finding.severity for finding in result().findings
    ]


def test_repeated_spans_confirm_a_query_per_row() -> None:
    route = profiles.read(*of("spans.jsonl")).routes[FAVOURITES]
    assert (route.statements, route.repeats[0].times) == (42, 40)

    finding = one(result(of("spans.jsonl")), "FP201", "shop/customers/api.py")

    assert finding.confidence is Confidence.CERTAIN
    assert "40 times the same statement in one request in trace " in finding.impact.summary
    assert "SELECT products.id" in finding.impact.summary


def test_durations_by_route_rank_findings() -> None:
    path, text = of("metrics.txt")
    idle = 'http_request_duration_seconds_sum{handler="/idle",method="GET"} NaN\n'
    evidence = profiles.read(path, text + idle)
    assert evidence.kind == "Prometheus metrics"
    assert evidence.requests > 20
    assert {"GET /customers/{customer_id}/favourites", "GET /orders/count"} <= evidence.routes.keys()
    assert sum(route.share for route in evidence.routes.values()) == pytest.approx(1)

    count = one(result(of("metrics.txt")), "FP209", "shop/orders/api.py")

    assert count.heat > 0.05
    assert "of the time of all requests" in count.impact.summary


def test_what_the_tests_observed_makes_certain_and_is_quoted() -> None:
    found = result(("observed.json", json.dumps(OBSERVED)))

    looped = one(found, "FP201", "shop/customers/api.py")
    assert looped.confidence is Confidence.CERTAIN
    assert (
        "300 times the same statement in one request in tests/test_shop.py::test_favourites"
        in looped.impact.summary
    )
    stopped = one(found, "FP101", "shop/orders/api.py")
    assert (
        "the event loop stood still for 500 ms in tests/test_shop.py::test_remind" in stopped.impact.summary
    )
    assert stopped.severity is Severity.CRITICAL


def test_the_same_shop_traced_for_jaeger_says_the_same() -> None:
    """Its exporter's spans, as its query service answers with them."""
    seen, known = profiles.read(*of("jaeger.json")), profiles.read(*of("spans.jsonl"))

    assert seen.kind == "Jaeger spans"
    assert seen.routes.keys() == known.routes.keys()
    assert seen.routes[FAVOURITES].repeats[0].times == known.routes[FAVOURITES].repeats[0].times
    assert 0 < seen.routes[FAVOURITES].mean_ms < 1000
    looped = one(result(of("jaeger.json")), "FP201", "shop/customers/api.py")
    assert looped.confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    "name",
    ["speedscope.json", "stacks.txt", "pyinstrument.json", "spans.jsonl", "jaeger.json", "metrics.txt"],
)
def test_a_profile_of_another_version_is_said_to_be_stale_and_changes_nothing(name: str) -> None:
    renamed = {
        path: source.replace(b"def ", b"def another_")
        .replace(b'get("', b'get("/v2')
        .replace(b'prefix="/', b'prefix="/v2/')
        for path, source in shop().items()
    }

    found, plain = of_shop(renamed, of(name)).result, of_shop(renamed).result

    (skipped,) = (entry for entry in found.skipped if entry.path == name)
    assert "it changes nothing" in skipped.reason
    assert [finding.severity for finding in found.findings] == [
        finding.severity for finding in plain.findings
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not there"),
        ("hello", "none of the kinds"),
        ("{", "damaged"),
        ('{"a": 1}', "none of the kinds"),
        ('{"shared": {"frames": [{}]}, "profiles": []}', "damaged"),
        ('{"shared": {"frames": []}, "profiles": []}', "no samples"),
        ('{"shared": {"frames": []}, "profiles": [{"type": "sampled", "samples": [[5]]}]}', "damaged"),
        ('{"root_frame": null}', "damaged"),
        ('{"resourceSpans": 5}', "damaged"),
        ('{"data": [{"spans": [{"traceID": "1"}]}]}', "damaged"),
        ('{"kind": "fastperf-observed"}', "damaged"),
        ("[" * 100_000, "damaged"),
        ("a (b.py:1);c (d.py:2) 5", "none of the functions"),
    ],
)
def test_what_is_no_profile_is_said_and_harms_nothing(text: str, reason: str) -> None:
    found = result(("profile", text))

    (skipped,) = found.skipped
    assert skipped.path == "profile"
    assert reason in skipped.reason
    assert found.findings == result().findings


def test_a_few_samples_make_nothing_cold() -> None:
    few = "serve (shop/main.py:1);read_favourites (shop/customers/api.py:30) 20"

    assert one(result(("few.txt", few)), "FP101", "shop/orders/api.py").severity is Severity.CRITICAL


MAIN = b"""
from typing import Annotated
from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session
from shop.db import get_session
from shop.models import Order, Owner, Tag

app = FastAPI()
Database = Annotated[Session, Depends(get_session)]

@app.get("/orders")
def list_orders(session: Database) -> list[str]:
    orders = session.scalars(select(Order).limit(100)).all()
    owners = [session.scalar(select(Owner).where(Owner.id == order.owner_id)).name for order in orders]
    return owners + [session.scalar(select(Tag).where(Tag.order_id == order.id)).name for order in orders]

@app.get("/rare")
async def rare() -> None:
    await asyncio.sleep(0)
    time.sleep(1)
"""
MODELS = b"""
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase): ...

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int]

class Owner(Base):
    __tablename__ = "owners"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    order_id: Mapped[int]
"""


def small(main: bytes, path: str = "shop/main.py") -> dict[str, bytes]:
    return {
        path: b"import asyncio, time\n" + main,
        "shop/models.py": MODELS,
        "shop/db.py": b"def get_session(): ...\n",
    }


def reviewed(before: bytes, after: bytes, evidence: str, path: str = "shop/main.py") -> tuple[Result, Result]:
    """What is said of both versions; in the later one the file is at `path`."""
    base = of_shop(small(before), ("seen", evidence))
    assert base.light is not None
    renamed = {path: "shop/main.py"} if path != "shop/main.py" else {}
    head = of_shop(small(after, path), ("seen", evidence), since=Since(base.light, renamed))
    return base.result, head.result


SAMPLED = """
serve (uvicorn/server.py:1);list_orders (shop/main.py:16) 900
serve (uvicorn/server.py:1) 100
select (/lib/python3/selectors.py:468) 400
"""
BLOCKING = b'\n@app.get("/new")\nasync def new() -> None:\n    await asyncio.sleep(0)\n    time.sleep(2)\n'


def severities(found: Result, code: str) -> dict[str, Severity]:
    return {finding.symbol: finding.severity for finding in found.findings if finding.code == code}


@pytest.mark.parametrize(
    ("after", "path"),
    [
        (MAIN, "shop/web.py"),
        (MAIN.replace(b"async def rare", b"async def seldom"), "shop/main.py"),
        (
            MAIN.replace(b'@app.get("/orders")', b"# about\n# orders\n" + b'@app.get("/orders")'),
            "shop/main.py",
        ),
    ],
    ids=["moved", "renamed", "shifted"],
)
def test_what_was_there_before_weighs_what_it_weighed(after: bytes, path: str) -> None:
    base, head = reviewed(MAIN, after, SAMPLED, path)

    for found in (base, head):
        (stopped,) = severities(found, "FP101").values()
        assert stopped is Severity.HIGH
    heats = [[round(each.heat, 3) for each in found.findings] for found in (base, head)]
    assert heats[0] == heats[1]
    assert max(heats[0]) == 0.643


def test_a_profile_cools_nothing_that_it_cannot_have_seen() -> None:
    """A function that is new, and a new line in one that was too quick to be sampled."""
    quick = MAIN + b'\n@app.get("/ping")\nasync def ping() -> None:\n    return None\n'

    _, head = reviewed(
        quick,
        quick.replace(b"    return None", b"    await asyncio.sleep(0)\n    time.sleep(3)") + BLOCKING,
        SAMPLED,
    )

    assert severities(head, "FP101") == {
        "rare": Severity.HIGH,
        "ping": Severity.CRITICAL,
        "new": Severity.CRITICAL,
    }


def test_a_profile_that_a_change_leaves_behind_is_as_good_as_before() -> None:
    """Half of the functions that it knows are renamed: it fits the base, and so it counts."""
    base, head = reviewed(MAIN, MAIN.replace(b"list_orders", b"index"), SAMPLED)

    assert not base.skipped
    assert not head.skipped
    assert severities(head, "FP101") == severities(base, "FP101") == {"rare": Severity.HIGH}


def test_a_profile_of_another_version_than_the_base_stays_stale_at_the_head() -> None:
    stale = SAMPLED.replace("list_orders", "index") + "a (shop/main.py:1);serve_all (shop/main.py:3) 10\n"

    base, head = reviewed(MAIN, MAIN.replace(b"list_orders", b"index"), stale)

    assert [entry.reason for entry in head.skipped] == [entry.reason for entry in base.skipped]
    assert "it changes nothing" in base.skipped[0].reason
    assert severities(head, "FP101") == {"rare": Severity.CRITICAL}


def test_what_the_changes_own_tests_saw_confirms_what_is_new_and_cools_nothing() -> None:
    frames = ["shop/main.py:new:27"]
    route = {"gap_ms": 900, "gap_where": "tests/test_a.py::test_new", "gap_frames": frames}
    brought = "seen", json.dumps({"kind": "fastperf-observed", "routes": {"GET /new": route}})
    base = of_shop(small(MAIN), ("seen", ""))
    assert base.light is not None

    head = of_shop(small(MAIN + BLOCKING), ("seen", ""), since=Since(base.light, {}, brought)).result

    assert "is not there" in base.result.skipped[0].reason
    assert not head.skipped
    assert severities(head, "FP101") == {"rare": Severity.CRITICAL, "new": Severity.CRITICAL}
    told = {each.symbol: each.impact.summary for each in head.findings if each.code == "FP101"}
    assert told["new"].startswith("the event loop stood still for 900 ms in tests/test_a.py::test_new; ")
    assert told["rare"].startswith("at 32 concurrent requests")


def test_a_line_is_as_hot_as_it_was_before_it_moved() -> None:
    """The lines above shift the loop of owners to where the loop of tags was."""
    lines = "list_orders (shop/main.py:16) 300\nlist_orders (shop/main.py:17) 700\n"
    shifted = MAIN.replace(b"    orders = session", b"    # said\n    orders = session")

    for found in reviewed(MAIN, shifted, lines):
        assert [round(each.heat, 3) for each in found.findings if each.code == "FP201"] == [0.3, 0.7]


def observed(**route: object) -> str:
    return json.dumps({"kind": "fastperf-observed", "version": 1, "routes": {"GET /orders": route}})


def repeated(text: str, *frames: str) -> str:
    return observed(
        repeats=[{"text": text, "times": 100, "where": "tests/test_a.py::test_a", "frames": frames}]
    )


@pytest.mark.parametrize(
    ("evidence", "told"),
    [
        (repeated("SELECT tags.id, tags.name FROM tags WHERE tags.order_id = ?"), ["", "100 times"]),
        (repeated('SELECT o.name FROM public."owners" AS o WHERE o.id = $1'), ["100 times", ""]),
        (repeated("SELECT prices.id FROM prices"), ["", ""]),
        (repeated("UPDATE tags SET name = ?"), ["", ""]),
        (repeated("SELECT 1"), ["perhaps here: 100 times", "perhaps here: 100 times"]),
        (repeated("SELECT 1", "shop/main.py:list_orders:17"), ["", "100 times"]),
        (repeated("SELECT tags.id FROM tags", "shop/other.py:list_orders:17"), ["", "100 times"]),
        (repeated("SELECT tags.id FROM tags", "shop/main.py:list_orders:18"), ["", "100 times"]),
        (repeated("SELECT 1", "shop/models.py:Tag.load:9"), ["", ""]),
    ],
)
def test_a_repeated_statement_confirms_the_loop_that_asks_its_table(evidence: str, told: list[str]) -> None:
    found = of_shop(small(MAIN), ("seen", evidence)).result
    plain = of_shop(small(MAIN)).result

    loops, unseen = ([each for each in of.findings if each.code == "FP201"] for of in (found, plain))
    for finding, without, start in zip(loops, unseen, told, strict=True):
        assert finding.impact.summary.startswith(start or without.impact.summary)
        assert finding.seen == bool(start)
        expected = Confidence.CERTAIN if start == "100 times" else without.confidence
        assert finding.confidence is expected


@pytest.mark.parametrize(
    ("frames", "start"),
    [
        (["shop/main.py:rare:22"], "the event loop stood still"),
        ([], "perhaps here: the event loop stood still"),
        (["shop/db.py:get_session:1"], "at 32 concurrent requests"),
    ],
)
def test_a_gap_belongs_to_what_was_running(frames: list[str], start: str) -> None:
    route = {"gap_ms": 900, "gap_where": "tests/test_a.py::test_a", "gap_frames": frames}
    evidence = json.dumps({"kind": "fastperf-observed", "routes": {"GET /rare": route}})

    found = of_shop(small(MAIN), ("seen", evidence)).result

    (stopped,) = (each for each in found.findings if each.code == "FP101")
    assert stopped.impact.summary.startswith(start)


def metrics(**counts: int) -> str:
    """Requests of one second each, by the first words of `method__path`."""
    lines = []
    for name, count in counts.items():
        method, _, path = name.partition("__")
        labels = f'{{method="{method}",handler="/{path}"}}'
        lines += [f"http_request_duration_seconds_{part}{labels} {count}" for part in ("sum", "count")]
    return "\n".join(lines)


def test_preflights_and_what_the_framework_answers_make_no_metrics_stale() -> None:
    seen = metrics(GET__orders=900, OPTIONS__orders=5000, HEAD__orders=700, GET__docs=2000, GET__rare=1)

    found = of_shop(small(MAIN), ("seen", seen)).result

    assert not found.skipped
    assert severities(found, "FP101") == {"rare": Severity.HIGH}
    assert max(each.heat for each in found.findings) > 0.05


def test_routes_that_hardly_anybody_asked_for_before_the_change_say_nothing_of_new_ones() -> None:
    seen = metrics(GET__orders=900, GET__rare=1)

    _, head = reviewed(MAIN, MAIN.replace(b"time.sleep(1)", b"time.sleep(4)") + BLOCKING, seen)

    assert severities(head, "FP101") == {"rare": Severity.HIGH, "new": Severity.CRITICAL}


CALLS = b"""
import asyncio
import httpx, requests
from fastapi import FastAPI

app = FastAPI()

def price(number: int) -> float:
    return requests.get(f"https://prices.example/{number}").json()

@app.get("/price")
def one(number: int) -> float:
    return price(number)

@app.get("/other")
def other(number: int) -> float:
    return requests.get("https://other.example").json()

@app.get("/prices")
async def many(numbers: list[int]) -> list[float]:
    async with httpx.AsyncClient() as client:
        return [(await client.get(f"https://prices.example/{number}")).json() for number in numbers]
"""


def test_calls_that_tests_saw_confirm_loops_and_rank_missing_timeouts() -> None:
    def call(text: str, times: int, frame: str) -> dict[str, object]:
        return {"text": text, "times": times, "where": "tests/test_a.py::test_a", "frames": [frame]}

    routes = {
        "GET /other": {"outgoing": [call("GET other.example", 2, "main.py:other:17")]},
        "GET /price": {"outgoing": [call("GET elsewhere.example", 2, "auth.py:check:3")]},
        "GET /prices": {"outgoing": [call("GET prices.example", 30, "main.py:many:22")]},
    }
    evidence = json.dumps({"kind": "fastperf-observed", "routes": routes})

    found = of_shop({"main.py": CALLS, "auth.py": b""}, ("seen", evidence)).result

    timeouts = {each.line: each for each in found.findings if each.code == "FP601"}
    assert timeouts[17].impact.summary.startswith(
        "called 2 times in one request in tests/test_a.py::test_a (`GET other.example`); "
    )
    assert {line: each.seen for line, each in timeouts.items()} == {9: False, 17: True}
    (looped,) = (each for each in found.findings if each.code == "FP111")
    assert looped.confidence is Confidence.CERTAIN
    assert looped.impact.summary.startswith("30 times the same call in one request in tests/")
