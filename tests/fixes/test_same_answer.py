"""An endpoint answers the same after its fix.

Each app in `apps/` has one problem. A copy is mended by `fastperf check --fix --unsafe-fixes`, two fresh interpreters import
the apps as they were and as they are now, and ask them the same. What may differ is written in the case, and then
the fix must be an unsafe one whose card names the trade-off, unless the answer before was a failure.
"""

from __future__ import annotations

import base64
import inspect
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli import cli
from rules.engine import registry
from rules.engine.finding import Safety
from rules.engine.rule import Rule

HERE = Path(__file__).parent
APPS, PACKAGES = HERE / "apps", HERE / "packages"
SECONDS = 120

Request = tuple[str, str, Any]
Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Case:
    """An app and what it is asked. A text is sent as it is, anything else as JSON."""

    app: str
    requests: tuple[Request, ...]
    mended: Mapping[int, Any] | None = None
    """Requests that fail before the fix, by number, with what is answered afterwards."""
    differs: Mapping[int, str] | None = None
    """Requests whose answer changes: a word of the card's trade-offs that says so."""
    headers: frozenset[str] = frozenset()
    """Headers that may differ."""

    @property
    def code(self) -> str:
        return self.app[:5].upper()


def get(*urls: str) -> tuple[Request, ...]:
    return tuple(("GET", url, None) for url in urls)


CASES = (
    Case("fp101_sleep", get("/parcels/1", "/parcels/7", "/parcels/x")),
    Case("fp101_request", get("/rates/eur", "/rates/broken")),
    Case("fp103_helper", get("/people/ada", "/people/ada?polite=1", "/people/nobody", "/people/ada?polite=x")),
    Case("fp104_endpoint", get("/greetings/ada", "/greetings/ada?lang=de", "/greetings/ada?lang=german")),
    Case("fp105_middleware", get("/orders", "/nowhere")),
    Case("fp106_stream", get("/ticks", "/ticks?count=0", "/ticks?count=x")),
    Case("fp107_offload", get("/rates"), mended={0: "rates"}),
    Case("fp107_task", (("POST", "/orders/7/pay", None), *get("/sent"))),
    Case("fp108_run", get("/rates/eur"), mended={0: {"eur": 1.5}}),
    Case("fp109_future", get("/orders/7/label", "/orders/-1/label")),
    Case("fp110_gather", get("/offers/7", "/offers/broken", "/offers/0")),
    Case("fp113_task", tuple(("POST", f"/orders/{number}/pay", None) for number in (1, 2))),
    Case("fp115_file", (*get("/labels/1"), ("PUT", "/labels/1", {"upload": "Straße\n"}), *get("/labels/1"))),
    Case(
        "fp120_dependency",
        get("/orders", "/orders?number=3&size=5", "/orders?number=0", "/customers?number=2", "/customers?size=x"),
    ),
    Case("fp201_query", (("POST", "/names", [2, 1, 9, 2]), ("POST", "/names", []))),
    Case("fp203_lazy", get("/names", "/names?most=2", "/names?most=0")),
    Case("fp204_response", get("/orders", "/orders?after=2", "/orders?after=9")),
    Case(
        "fp205_async",
        get("/orders/1/items", "/orders/2/items", "/orders/9/items"),
        mended={0: ["b", "a"], 1: []},
    ),
    Case("fp206_filter", get("/payments/a", "/payments/b", "/payments/c")),
    Case("fp207_key", get("/customers/1/orders", "/customers/2/orders", "/customers/3/orders")),
    Case("fp209_count", get("/orders/count", "/orders/count?open=0")),
    Case(
        "fp212_commit",
        (
            ("POST", "/products/import", ["a", "b"]),
            *get("/products"),
            ("POST", "/products/import", ["c", "a", "d"]),
            *get("/products"),
        ),
        differs={3: "succeed or fail together"},
    ),
    Case("fp217_eager", get("/sizes")),
    Case("fp219_stream", get("/invoices/1", "/invoices/2", "/invoices/x")),
    Case("fp223_page", get("/orders", "/orders?limit=3", "/orders?limit=110"), differs={2: "get an error"}),
    Case("fp302_settings", get("/currency", "/currency")),
    Case("fp304_redis", get("/rates/monday", "/rates/monday", "/rates/friday")),
    Case(
        "fp306_redis",
        (
            *(("POST", f"/sessions/{user}/{number}", None) for user in (1, 2) for number in (1, 2, 3)),
            *get("/sessions/1", "/sessions/1/count", "/sessions/9"),
        ),
    ),
    Case("fp309_cache", get("/rates/eur", "/rates/usd", "/rates/eur")),
    Case("fp401_mail", (("POST", "/orders?address=a", None), *get("/outbox"))),
    Case("fp406_queue", (("POST", "/orders/1/invoice", None), ("POST", "/orders/x/invoice", None))),
    Case("fp407_limit", (("POST", "/orders/1/invoice", None),)),
    Case("fp501_untyped", get("/orders", "/orders?count=0")),
    Case("fp502_class", get("/orders", "/orders?count=0")),
    Case("fp503_dump", get("/orders", "/orders?count=0", "/orders?count=-1")),
    Case("fp504_encoder", get("/orders/1")),
    Case("fp511_gzip", get("/orders", "/orders?count=1"), headers=frozenset({"content-length"})),
    Case(
        "fp512_json",
        (
            ("POST", "/orders", {"id": 1, "placed": "2026-01-02", "tags": ["a"], "price": 2}),
            ("POST", "/orders", {"id": "x"}),
            ("POST", "/orders", "{"),
        ),
    ),
    Case("fp512_dump", get("/orders/1", "/orders/0"), differs={1: "`nan`"}),
    Case("fp513_adapter", (("POST", "/days", json.dumps('["2026-01-01"]')), ("POST", "/days", json.dumps("[1.5]")), ("POST", "/days", 3))),
    Case("fp601_timeout", get("/rates/monday", "/rates/broken")),
    Case("fp602_timeout", get("/rates/monday", "/rates/broken")),
    Case("fp608_retry", get("/rates/monday", "/rates/broken")),
    Case("fp701_hash", tuple(("POST", f"/passwords?password={word}", None) for word in ("a", "b%20c"))),
    Case("fp706_cache", tuple(("POST", f"/count?prompt={text}", None) for text in ("a%20b", "a%20b", "c"))),
    Case("fp709_queue", (("POST", "/orders?text=a", None), ("POST", "/orders?text=b", None))),
)  # fmt: skip


@dataclass(frozen=True)
class Mended:
    before: str
    after: str
    safety: str


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Mended]:
    """Every app before and after its fix."""
    found = {}
    for case in CASES:
        folder = tmp_path_factory.mktemp(case.app)
        source = folder / f"{case.app}.py"
        before = (APPS / source.name).read_text(encoding="utf-8")
        source.write_text(before, encoding="utf-8")
        (folder / "requirements.txt").write_text("fastapi>=0.131\n", encoding="utf-8")
        said = json.loads(_check(folder, case.code, "--output-format", "json"))
        safeties = {each["fix"]["safety"] for each in said["findings"] if each["fix"]}
        _check(folder, case.code, "--fix", "--unsafe-fixes")
        found[case.app] = Mended(before, source.read_text(encoding="utf-8"), max(safeties, default=""))
    return found


def _check(folder: Path, code: str, *options: str) -> str:
    asked = ["check", str(folder), "--select", code, "--exit-zero", *options]
    result = CliRunner().invoke(cli, asked, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def answers(
    mended: dict[str, Mended], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, list[Answer]]]:
    """By version, by app: what is answered."""
    return {
        version: _asked(version, mended, tmp_path_factory.mktemp(version)) for version in ("before", "after")
    }


def _asked(version: str, mended: dict[str, Mended], folder: Path) -> dict[str, list[Answer]]:
    for name, each in mended.items():
        (folder / f"{name}.py").write_text(getattr(each, version), encoding="utf-8")
    wanted = {
        "folder": str(folder),
        "packages": str(PACKAGES),
        "apps": {case.app: case.requests for case in CASES},
    }
    process = subprocess.run(
        [sys.executable, str(HERE / "asking.py")],
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    return {
        name: [(status, dict(headers), base64.b64decode(body)) for status, headers, body in found]
        for name, found in json.loads(process.stdout).items()
    }


every_case = pytest.mark.parametrize("case", CASES, ids=[case.app for case in CASES])


@every_case
def test_the_endpoint_answers_the_same_after_its_fix(
    case: Case, mended: dict[str, Mended], answers: dict[str, dict[str, list[Answer]]]
) -> None:
    assert mended[case.app].after != mended[case.app].before, "nothing was fixed"
    differing = {}
    pairs = zip(answers["before"][case.app], answers["after"][case.app], strict=True)
    for number, (before, after) in enumerate(pairs):
        if case.mended and number in case.mended:
            assert before[0] == 500
            assert (after[0], json.loads(after[2])) == (200, case.mended[number])
        elif _without(before, case.headers) != _without(after, case.headers):
            differing[number] = (before, after)

    assert 200 in {status for status, _, _ in answers["after"][case.app]}, "no request reaches the endpoint"
    allowed = case.differs or {}
    assert differing.keys() == allowed.keys(), differing
    if allowed:
        assert mended[case.app].safety == Safety.UNSAFE
        trade_offs = registry.card(registry.by_code(case.code)).trade_offs
        assert [word for word in allowed.values() if word not in trade_offs] == []


def _without(answer: Answer, headers: frozenset[str]) -> Answer:
    status, had, body = answer
    return status, {key: value for key, value in had.items() if key not in headers}, body


def test_every_rule_with_a_fix_has_an_endpoint_here() -> None:
    with_a_fix = {rule.code for rule in registry.rules() if _offers_a_fix(rule)}
    assert with_a_fix - {case.code for case in CASES} == set()


def _offers_a_fix(rule: Rule) -> bool:
    """By an example of its card, or by its code where the example cannot show it: the version of a library decides."""
    return any(example.fixed for example in rule.invalid) or "fix=" in inspect.getsource(
        sys.modules[rule.__module__]
    )
