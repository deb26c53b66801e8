"""Formulas, severities and fixes against what was measured (`rules/measured.json`).

A formula gives a range and so does a measurement (least and most of its rounds): they agree when they overlap after
the formula's range was widened by a tolerance. Tolerances are factors; the machines that measure are busy.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec
import pytest

from benchmarks.impact.threads.sdks import UNTRIED
from rules import libraries
from rules.engine import page, registry
from rules.engine.analysis import analyze
from rules.engine.costs import estimates, kept_estimates, measured
from rules.engine.costs.measured import Case, Point
from rules.engine.finding import Impact, Options, Severity
from rules.engine.rule import Invalid, Rule
from rules.libraries import Kind
from rules.libraries.model import Blocking
from tests.test_cases import CASE_PATHS, found_in
from tests.test_rules_contract import analysed, with_prelude

DOCUMENT = measured.document()
LOOPBACK_MS = 0.1
"""A round trip to the database where everything is on one machine."""
U_MS = 0.1
"""Processor time of an endpoint that does nothing: taken off before rows are priced."""


@dataclass
class Check:
    what: str
    predicted: tuple[float, float]
    seen: tuple[float, float]
    tolerance: float

    @property
    def holds(self) -> bool:
        low, high = self.predicted
        return self.seen[0] <= high * self.tolerance and self.seen[1] >= low / self.tolerance


def blocked(case: Case) -> Iterator[Check]:
    """min(c, B/u): the throughput gained when a wait leaves the loop."""
    for point in case.points:
        milliseconds = point.given["ms"] * point.given.get("chunks", 1)
        ratio = point.ratios["fast"].throughput
        predicted = estimates.gained(point.clients, milliseconds)
        yield Check(f"c={point.clients} B={milliseconds:g}", predicted, (ratio[0], ratio[2]), 1.5)


def capped(case: Case) -> Iterator[Check]:
    """At most 1/B requests a second while the loop is held, and others wait up to c·B."""
    for point in case.points:
        slow, milliseconds = point.forms["slow"], point.given["ms"]
        if milliseconds < 5:
            continue
        yield Check(f"rps c={point.clients}", (400 / milliseconds, 1000 / milliseconds), (slow.rps,) * 2, 1.2)
        gap = (slow.least_gap_ms,) * 2
        yield Check(f"gap c={point.clients}", (milliseconds, point.clients * milliseconds), gap, 3)


def calls_at_once(at_once: int) -> Callable[[Case], Iterator[Check]]:
    def check(case: Case) -> Iterator[Check]:
        for point in case.points:
            if point.clients > 1 or not point.given["ms"]:
                continue
            count = int(point.given.get("calls", point.given.get("items", 0)))
            before, after = estimates.concurrently(count, point.given["ms"], at_once or count)
            slow, fast = point.forms["slow"].least_ms, point.forms["fast"].least_ms
            yield Check("one after another", (before, before), (slow, slow), 1.3)
            yield Check("at once", (after, after), (fast, fast), 1.5)

    return check


def statements(case: Case) -> Iterator[Check]:
    """1 + n statements against 2."""
    for point in case.points:
        count = point.given["rows"]
        yield Check("slow", (count + 1,) * 2, (point.forms["slow"].statements,) * 2, 1.01)
        yield Check("fast", (2, 2), (point.forms["fast"].statements,) * 2, 1.01)
        if point.clients == 1:
            yield per_statement(point, count)


def per_statement(point: Point, count: float, *, commit: bool = False) -> Check:
    """Undisturbed, a statement takes at least its processor time and at most what it took on the busy machine."""
    slow, fast = point.forms["slow"], point.forms["fast"]
    least, most = (slow.cpu_ms - fast.cpu_ms) / (count - 1), (slow.least_ms - fast.least_ms) / (count - 1)
    predicted = estimates.saved_per_trip(LOOPBACK_MS, commit=commit)
    return Check(f"ms saved per statement, {count:g} rows", predicted, (least, max(least, most)), 1.5)


def written(case: Case) -> Iterator[Check]:
    for point in case.points:
        if point.clients == 1:
            yield per_statement(point, point.given["rows"], commit=case.case == "commit_in_loop")
            slow = point.forms["slow"].statements
            yield Check("statements", (point.given["rows"],) * 2, (slow, slow), 1.05)


def objects(case: Case) -> Iterator[Check]:
    """Processor time per row that becomes an object."""
    for point in case.points:
        if (count := point.given["rows"]) < 1000 or point.clients > 1:
            continue
        spent = point.forms["slow"].cpu_ms - point.forms["fast"].cpu_ms
        yield Check(f"{count:g} rows", estimates.objects(count), (spent, spent), 1.6)


def objects_and_more(case: Case) -> Iterator[Check]:
    """The objects alone are the least of it: the response is built of them too."""
    for point in case.points:
        if point.clients == 1:
            low, high = estimates.objects(point.given["rows"])
            spent = point.forms["slow"].cpu_ms
            yield Check("at least the objects", (low, 6 * high), (spent, spent), 1.2)


def serialized(form: str) -> Callable[[Case], Iterator[Check]]:
    def check(case: Case) -> Iterator[Check]:
        before, after = estimates.SERIALIZED[form]
        for point in case.points:
            if point.given["rows"] < 1000:
                continue
            for name, price in (("slow", before), ("fast", after)):
                spent = point.forms[name].cpu_ms - U_MS
                yield Check(f"{name}, µs per row", price, (spent, spent), 2)

    return check


def client(case: Case) -> Iterator[Check]:
    known = libraries.client("httpx.AsyncClient")
    assert known is not None
    assert known.cpu_ms is not None
    for point in case.points:
        spent = point.forms["slow"].cpu_ms - point.forms["fast"].cpu_ms
        yield Check(f"c={point.clients}", estimates.made_client(known.cpu_ms), (spent, spent), 1.5)


def connection(case: Case) -> Iterator[Check]:
    for point in case.points:
        if point.clients == 1:
            slow, fast = point.forms["slow"], point.forms["fast"]
            spent = (slow.cpu_ms - fast.cpu_ms, slow.p50_ms - fast.p50_ms)
            yield Check("ms of connecting", estimates.connecting(LOOPBACK_MS), spent, 1.5)


def pool(case: Case) -> Iterator[Check]:
    """P/L requests a second, whoever asks."""
    for point in case.points:
        if point.clients > 10:
            ceiling = point.given["pool_size"] * 1000 / point.given["ms"]
            slow = point.forms["slow"].rps
            yield Check(f"c={point.clients}", (0.25 * ceiling, ceiling), (slow, slow), 1.3)


def scanned(case: Case) -> Iterator[Check]:
    """0.04–0.2 µs per row of a scan, and next to nothing with an index."""
    (point,) = (point for point in case.points if point.clients == 1)
    saved = point.forms["slow"].least_ms - point.forms["fast"].least_ms
    low, high = (point.given["table_rows"] * each / 1000 for each in (0.04, 0.2))
    yield Check("ms per look-up", (low, high), (saved, saved), 1.2)


def threads(case: Case) -> Iterator[Check]:
    """T/B requests a second of plain `def` endpoints."""
    for point in case.points:
        if point.clients > estimates.THREADS:
            ceiling = estimates.THREADS * 1000 / point.given["ms"]
            slow = point.forms["slow"].rps
            yield Check(f"c={point.clients}", (0.7 * ceiling, ceiling), (slow, slow), 1.2)


def redis(case: Case) -> Iterator[Check]:
    for point in case.points:
        if point.clients == 1:
            slow, fast = point.forms["slow"], point.forms["fast"]
            least, most = (
                saved / (point.given["commands"] - 1)
                for saved in (slow.cpu_ms - fast.cpu_ms, slow.p50_ms - fast.p50_ms)
            )
            predicted = (LOOPBACK_MS / 2, estimates.REDIS_MS)
            yield Check("ms per command", predicted, (least, max(least, most)), 1.5)


def moved(case: Case) -> Iterator[Check]:
    """The response comes as much sooner as the call lasts that it does not wait for."""
    for point in case.points:
        if point.clients == 1:
            saved = point.forms["slow"].least_ms - point.forms["fast"].least_ms
            yield Check("ms", (point.given["ms"],) * 2, (saved, saved), 1.4)


def settings(case: Case) -> Iterator[Check]:
    for point in case.points:
        spent = point.forms["slow"].cpu_ms - point.forms["fast"].cpu_ms
        yield Check("ms of processor time", (0.3, 1.2), (spent, spent), 2)


def growing(case: Case) -> Iterator[Check]:
    (point,) = case.points
    slow = point.forms["slow"]
    entries = point.given["keys"] * slow.requests / case.rounds
    kilobytes = slow.memory_mb * 1000 / entries
    yield Check("kB per entry", kept_estimates.ENTRY_KB, (kilobytes, kilobytes), 1.6)


def keys(case: Case) -> Iterator[Check]:
    (point,) = case.points
    for name, predicted in zip(("slow", "fast"), kept_estimates.KEYS_WAIT_MS, strict=True):
        form = point.forms[name]
        yield Check(name, predicted, (form.least_ms, form.p50_ms), 2)


def compression(case: Case) -> Iterator[Check]:
    """About 75 → 15 ms of processor time per MB."""
    for point in case.points:
        for name, each in (("slow", 75), ("fast", 15)):
            price = point.forms[name].cpu_ms * 1000 / point.given["kb"]
            yield Check(f"{name}, ms per MB", (each / 2, each), (price, price), 1.6)


def in_memory(case: Case) -> Iterator[Check]:
    """A body of that size more for each request that runs."""
    body = case.points[0].given["size"] / 1e6
    slow, fast = (max(point.forms[name].memory_mb for point in case.points) for name in ("slow", "fast"))
    yield Check("whole", (body, 3 * body * max(point.clients for point in case.points)), (slow, slow), 1.4)
    yield Check("in chunks", (0, body / 2), (fast, fast), 1.4)


def hangs(case: Case) -> Iterator[Check]:
    """Without a timeout it never ends; the test gives up after four seconds."""
    (point,) = case.points
    slow, fast = point.forms["slow"].p50_ms, point.forms["fast"].p50_ms
    yield Check("given up", (4000, 4000), (slow, slow), 1.3)
    yield Check("after the timeout", (0, 2 * point.given["timeout_s"] * 1000), (fast, fast), 1.5)


def spent(each: str | float, price: tuple[float, float]) -> Callable[[Case], Iterator[Check]]:
    """The advised form saves so many milliseconds of processor time for each of what is `given`, or of so many."""

    def check(case: Case) -> Iterator[Check]:
        for point in case.points:
            times = point.given[each] if isinstance(each, str) else each
            saved = (point.forms["slow"].cpu_ms - point.forms["fast"].cpu_ms) / times
            yield Check(f"c={point.clients}", price, (saved, saved), 1.5)

    return check


def per_row(before: tuple[float, float], after: tuple[float, float]) -> Callable[[Case], Iterator[Check]]:
    """Microseconds of processor time per row, before and after."""

    def check(case: Case) -> Iterator[Check]:
        for point in case.points:
            for name, price in (("slow", before), ("fast", after)):
                each = (point.forms[name].cpu_ms - U_MS) * 1000 / point.given["rows"]
                yield Check(f"{name} c={point.clients}", price, (each, each), 2)

    return check


def changed(case: Case) -> Iterator[Check]:
    """Two statements, however many rows: the changes are one batch."""
    (point,) = case.points
    slow = point.forms["slow"]
    yield Check("statements", (2, 2), (slow.statements,) * 2, 1.01)
    predicted = estimates.written_back(point.given["rows"], LOOPBACK_MS)
    yield Check("ms", predicted, (slow.cpu_ms, slow.least_ms), 1.5)
    low, high = estimates.saved_per_trip(LOOPBACK_MS)
    fast = point.forms["fast"]
    yield Check("ms of one UPDATE", (low, high), (fast.least_ms,) * 2, 1.5)


def multiplied(case: Case) -> Iterator[Check]:
    """a·b rows against a + b: the joined form costs more, and at most as many times as there are more rows."""
    for point in case.points:
        each = point.given["each"]
        ratio = point.ratios["fast"].cpu
        yield Check(f"c={point.clients}", (1.3, each * each / (2 * each)), (ratio[0], ratio[2]), 1.2)


def hashed(case: Case) -> Iterator[Check]:
    for point in case.points:
        slow = point.forms["slow"].cpu_ms
        yield Check(f"c={point.clients}", (60, 250), (slow, slow), 1.5)


def held(case: Case) -> Iterator[Check]:
    """At most 1/B requests a second while a hash holds the loop."""
    yield from hashed(case)
    for point in case.points:
        rps = (point.forms["slow"].rps,) * 2
        yield Check(f"rps c={point.clients}", (1000 / 250, 1000 / 60), rps, 1.5)


def kept_alive(case: Case) -> Iterator[Check]:
    """The cache of a method keeps instances of that size: some, and at most the 128 that fit by default."""
    for point in case.points:
        megabytes = point.given["size"] / 1e6
        grown = point.forms["slow"].memory_mb
        yield Check("kept, MB", (megabytes, 128 * megabytes), (grown, grown), 1.2)
        left = point.forms["fast"].memory_mb
        yield Check("without, MB", (0, megabytes), (left, left), 1.2)


def handed_over(case: Case) -> Iterator[Check]:
    """The processor time of the work leaves the process that answers."""
    for point in case.points:
        saved = point.forms["slow"].cpu_ms - point.forms["fast"].cpu_ms
        yield Check(
            "ms of processor time", (point.given["work_ms"] / 2, point.given["work_ms"]), (saved,) * 2, 1.2
        )


def waited_for(case: Case) -> Iterator[Check]:
    """P requests that take two connections each wait for each other until the pool gives up; fewer go on."""
    for point in case.points:
        slow, limit = point.forms["slow"], point.given["timeout_s"] * 1000
        if point.clients >= point.given["pool_size"]:
            yield Check(f"ms, c={point.clients}", (limit, 2 * limit), (slow.p50_ms,) * 2, 1.2)
        else:
            yield Check(f"ms, c={point.clients}", (0, limit / 4), (slow.p50_ms,) * 2, 1.2)


def standard(case: Case) -> Iterator[Check]:
    for point in case.points:
        ratio = point.ratios["fast"].cpu
        yield Check(f"c={point.clients}", estimates.STANDARD_TIMES, (ratio[0], ratio[2]), 1.2)
        saved = point.forms["slow"].cpu_ms - point.forms["fast"].cpu_ms
        yield Check(f"ms, c={point.clients}", (0.06, 0.1), (saved, saved), 1.2)


def deep(case: Case) -> Iterator[Check]:
    """1.8–6.8 times the requests deep in the table."""
    for point in case.points:
        if point.given["offset"] > 10_000:
            ratio = point.ratios["fast"].throughput
            yield Check(f"c={point.clients}", (1.8, 6.8), (ratio[0], ratio[2]), 1.2)


CHECKS: dict[str, Callable[[Case], Iterator[Check]]] = {
    "FP101": blocked,
    "FP102": capped,
    "FP103": blocked,
    "FP104": blocked,
    "FP105": blocked,
    "FP106": blocked,
    "FP107": blocked,
    "FP109": blocked,
    "FP110": calls_at_once(0),
    "FP111": calls_at_once(5),
    "FP119": threads,
    "FP120": spent(3, estimates.HOP_MS),
    "FP121": blocked,
    "FP201": statements,
    "FP202": statements,
    "FP203": statements,
    "FP204": statements,
    "FP206": scanned,
    "FP207": scanned,
    "FP209": objects,
    "FP210": objects,
    "FP211": objects_and_more,
    "FP212": written,
    "FP213": written,
    "FP214": changed,
    "FP215": objects,
    "FP217": multiplied,
    "FP218": pool,
    "FP219": pool,
    "FP221": waited_for,
    "FP222": deep,
    "FP223": objects,
    "FP301": moved,
    "FP302": settings,
    "FP303": moved,
    "FP306": keys,
    "FP307": redis,
    "FP311": kept_alive,
    "FP401": moved,
    "FP402": handed_over,
    "FP501": serialized("untyped"),
    "FP502": serialized("through a response class"),
    "FP503": serialized("dumped"),
    "FP504": serialized("through jsonable_encoder"),
    "FP505": in_memory,
    "FP506": in_memory,
    "FP507": spent(2500, (0.05, 0.3)),
    "FP508": spent("chunks", (0.05, 0.3)),
    "FP510": spent(1, estimates.BASE_MIDDLEWARE_MS),
    "FP511": compression,
    "FP512": per_row((3.5, 6), (2, 3.3)),
    "FP513": spent(1, (0.09, 1.0)),
    "FP514": per_row((3, 4.6), (2, 3.9)),
    "FP601": hangs,
    "FP602": hangs,
    "FP603": client,
    "FP604": connection,
    "FP605": connection,
    "FP607": pool,
    "FP613": moved,
    "FP701": held,
    "FP704": growing,
    "FP706": growing,
    "FP715": standard,
    "FP720": hashed,
}


@pytest.mark.parametrize("code", [code for code in CHECKS if code in DOCUMENT.rules])
def test_the_formula_agrees_with_the_measurement(code: str) -> None:
    case = DOCUMENT.rules[code]
    checks = list(CHECKS[code](case))

    assert checks
    wrong = [
        f"{check.what}: predicted {check.predicted}, measured {check.seen}, tolerance {check.tolerance}"
        for check in checks
        if not check.holds
    ]
    assert wrong == []


@pytest.mark.parametrize("code", sorted(DOCUMENT.rules.keys() - CHECKS.keys()))
def test_a_measured_rule_with_a_formula_is_held_against_its_points(code: str) -> None:
    rule = type(registry.by_code(code))

    assert not rule.impact.formula
    assert "formula=" not in inspect.getsource(sys.modules[rule.__module__])


def test_hardly_a_formula_is_without_a_measurement() -> None:
    assert len(CHECKS.keys() - DOCUMENT.rules.keys()) <= 2


HANGS = {("FP601", "slow"), ("FP602", "slow")}
"""Forms that wait for a peer that never answers, until the benchmark gives them up."""


@pytest.mark.parametrize("code", DOCUMENT.rules)
def test_a_measurement_is_of_a_rule_that_exists_and_complete(code: str) -> None:
    case = DOCUMENT.rules[code]

    assert registry.by_code(code).code == code
    assert {"slow", "fast"} <= case.forms.keys()
    assert case.date
    assert case.rounds >= 2
    for point in case.points:
        assert point.forms.keys() == case.forms.keys()
        assert point.ratios.keys() == case.forms.keys() - {"slow"}
        for name, form in point.forms.items():
            assert form.requests or (code, name) in HANGS
            assert not form.failed or (code, name) in HANGS
        for ratios in point.ratios.values():
            for three in (ratios.throughput, ratios.latency, ratios.cpu):
                assert list(three) == sorted(three)


def test_what_was_measured_says_on_which_machine_and_with_which_versions() -> None:
    assert DOCUMENT.method
    assert DOCUMENT.machine["cores"]
    assert {"python", "fastapi", "uvicorn", "sqlalchemy", "pydantic"} <= DOCUMENT.versions.keys()


FREEING = {
    code: point
    for code, case in DOCUMENT.rules.items()
    if case.frees_loop
    for point in case.points
    if point.clients == 1 and point.forms["slow"].least_gap_ms >= 10
}


@pytest.mark.parametrize("code", FREEING)
def test_advice_that_claims_to_free_the_loop_does(code: str) -> None:
    forms = FREEING[code].forms

    assert forms["fast"].least_gap_ms < 0.6 * forms["slow"].least_gap_ms


KNOWN = {name: entry for name in DOCUMENT.threads if (entry := libraries.blocking(name)) is not None}
"""The measured calls that a rule speaks of."""


def test_most_measured_calls_are_known() -> None:
    assert len(KNOWN) > len(DOCUMENT.threads) / 2


@pytest.mark.parametrize(("name", "entry"), KNOWN.items(), ids=KNOWN)
def test_a_call_that_holds_the_interpreter_is_known_to(name: str, entry: Blocking) -> None:
    assert entry.holds_gil is not DOCUMENT.threads[name].frees_loop


def _threads(code: str) -> int:
    return code.count("to_thread(") + code.count("run_in_threadpool(")


ENTRIES = tuple(entry for each in libraries.LIBRARIES for entry in each.blocking)


def test_no_text_sends_a_call_to_a_thread_that_was_not_seen_to_leave_the_loop_free_there() -> None:
    offered = [entry.name for entry in ENTRIES if "thread" in entry.instead and not measured.frees(entry)]

    assert offered == []


def test_hardly_a_call_that_computes_is_without_a_measurement_and_each_says_why() -> None:
    computing = {entry.name for entry in ENTRIES if entry.kind is Kind.CPU and not entry.construct}
    untried = {name: _reason(name) for name in computing - DOCUMENT.threads.keys()}
    to_be_had = [name for name, why in untried.items() if "network" not in why]

    assert "" not in untried.values()
    assert len(to_be_had) <= 0.04 * len(computing)


def _reason(name: str) -> str:
    """Why a call was not measured: most need models that the package does not bring."""
    return DOCUMENT.unmeasured.get(name) or DOCUMENT.unmeasured.get(name.rpartition(".")[0], "")


UNMEASURED = {
    *(
        "agents",
        "agno",
        "builtins",
        "ccxt",
        "composio",
        "cx_Oracle",
        "dapr",
        "dashscope",
        "datasets",
        "fileinput",
        "google_auth_oauthlib",
        "ibm_watsonx_ai",
        "keycloak",
        "keystoneauth1",
        "kinto_http",
        "lark_oapi",
        "ldap",
        "messagebird",
        "mlflow",
        "pystac_client",
    ),
    *(
        "moviepy",
        "oss2",
        "ping3",
        "playwright",
        "pydantic_ai",
        "pymodbus",
        "pysftp",
        "pysnmp",
        "qcloud_cos",
        "scrapy",
        "sh",
    ),
    *("serpapi", "ssl", "strands", "tempfile", "volcenginesdkarkruntime", "vonage", "zhipuai"),
    *map(libraries.library, UNTRIED),
}
"""What waits and was never driven: the reason of each is kept with the measurements."""


def test_a_call_of_each_library_that_waits_was_driven_or_has_its_reason() -> None:
    waiting = {(libraries.library(entry.name), entry.kind) for entry in ENTRIES if entry.kind is not Kind.CPU}
    untried = {library for library, kind in waiting if not measured.waits_freely(library, kind)}

    assert untried <= UNMEASURED
    assert untried <= {libraries.library(name) for name in DOCUMENT.unmeasured}


@pytest.mark.parametrize(
    "name", [name for name, entry in KNOWN.items() if entry.kind is not Kind.CPU and not entry.light]
)
def test_what_waits_stops_the_loop_inline_and_hardly_at_all_from_a_thread(name: str) -> None:
    """Where the thread does not help, the gap is the same. What the machine did to an idle loop is seen beside it."""
    seen = DOCUMENT.threads[name]

    assert seen.call_ms >= 150
    assert seen.inline_gap_ms > 0.4 * seen.call_ms
    assert seen.least_gap_ms - seen.idle_gap_ms < 0.15 * seen.call_ms


THREADED = [
    pytest.param(rule, example, id=f"{rule.code}-{number}")
    for rule in registry.rules()
    for number, example in enumerate(rule.invalid, 1)
    if example.fixed and _threads(example.fixed) > _threads(example.code)
]


@pytest.mark.parametrize(("rule", "example"), THREADED)
def test_no_rule_sends_a_call_to_a_thread_once_its_measurement_is_gone(
    rule: Rule, example: Invalid, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, code = with_prelude(example.code, example.fixed or "")
    _, offered = analysed(rule, before + code, example)
    monkeypatch.setattr(measured, "document", lambda: msgspec.structs.replace(DOCUMENT, threads={}))
    measured._waits.cache_clear()
    try:
        _, without = analysed(rule, before + code, example)
    finally:
        measured._waits.cache_clear()

    assert offered is not None
    assert _threads(offered) > _threads(code)
    assert without is None or _threads(without) <= _threads(code)


@pytest.mark.parametrize(
    "call",
    [
        "passlib.hash.sha512_crypt.hash(word)",  # holds the interpreter
        "tensorflow.keras.models.load_model(word)",  # cannot be had
        "ping3.ping(word)",
        "slow.computed(word)",  # the project says that it computes
    ],
)
def test_no_thread_is_offered_for_what_was_never_seen_to_leave_the_loop_free(call: str) -> None:
    library = call.partition(".")[0]
    code = f"""
import {library}
import passlib.hash
from fastapi import FastAPI

app = FastAPI()

@app.get("/")
async def endpoint(word: str):
    return {call}

@app.get("/with-another")
async def other(word: str):
    await app.other()
    return {call}
"""
    analysis = analyze({"app.py": code.encode()}, options=Options(blocking=("slow.computed:cpu",)))

    assert analysis.result.findings
    for finding in analysis.result.findings:
        assert analysis.prove(finding).fix is None
        assert "worker thread" not in finding.message


def test_a_thread_is_offered_for_the_project_s_own_call_that_waits() -> None:
    code = b"""
import slow
from fastapi import FastAPI

app = FastAPI()

@app.get("/")
async def endpoint(word: str):
    await app.other()
    return slow.fetched(word)
"""
    analysis = analyze({"app.py": code}, options=Options(blocking=("slow.fetched",)))

    (finding,) = analysis.result.findings
    assert analysis.prove(finding).fix is not None


@pytest.mark.parametrize(
    "call",
    [
        "json.loads(data)",
        "pickle.loads(data)",
        "re.sub('a', 'b', data)",
        "list(csv.reader(data))",
        "len(ElementTree.fromstring(data))",
        "pandas.DataFrame(json.loads(data)).to_json()",
        "len(pandas.read_pickle(file.file))",
    ],
)
def test_no_thread_is_offered_for_a_call_that_holds_the_interpreter(call: str) -> None:
    code = textwrap.dedent(
        f"""
        import csv, json, pandas, pickle, re
        from xml.etree import ElementTree
        from fastapi import FastAPI, UploadFile

        app = FastAPI()

        @app.post("/")
        async def endpoint(file: UploadFile):
            data = await file.read()
            return {call}
        """
    )
    analysis = analyze({"app.py": code.encode()})

    for finding in analysis.result.findings:
        proven = analysis.prove(finding)
        offered = "".join(edit.replacement for edit in proven.fix.edits) if proven.fix else ""
        assert "thread" not in offered
        assert finding.code != "FP701" or "thread" not in finding.instead.removesuffix(
            "so a thread does not help."
        )


def test_a_plain_def_is_no_remedy_for_a_call_that_holds_the_interpreter() -> None:
    code = textwrap.dedent(
        """
        import pandas
        from fastapi import FastAPI

        app = FastAPI()

        @app.get("/")
        async def endpoint() -> int:
            return len(pandas.read_pickle("frame.pickle"))
        """
    )

    (found,) = analyze({"app.py": code.encode()}).result.findings

    assert found.code == "FP701"
    assert found.fix is None
    assert "process pool" in found.instead


# What the measurements weigh a rule's pattern as, at least and at most; DESIGN caps what rests on unknown sizes at medium.
SEVERITIES = {
    "FP101": ("critical", "critical"),
    "FP102": ("critical", "critical"),
    "FP103": ("critical", "critical"),
    "FP105": ("critical", "critical"),
    "FP110": ("medium", "medium"),
    "FP111": ("medium", "medium"),
    "FP120": ("info", "low"),
    "FP201": ("high", "high"),
    "FP202": ("high", "high"),
    "FP203": ("high", "high"),
    "FP204": ("high", "high"),
    "FP206": ("medium", "high"),
    "FP209": ("high", "critical"),
    "FP211": ("medium", "critical"),
    "FP212": ("high", "high"),
    "FP218": ("medium", "medium"),
    "FP302": ("info", "low"),
    "FP306": ("high", "high"),
    "FP501": ("medium", "medium"),
    "FP503": ("medium", "medium"),
    "FP504": ("medium", "medium"),
    "FP505": ("high", "high"),
    "FP508": ("medium", "medium"),
    "FP510": ("info", "low"),
    "FP511": ("medium", "medium"),
    "FP602": ("high", "critical"),
    "FP603": ("high", "high"),
    "FP604": ("high", "high"),
    "FP701": ("critical", "critical"),
    "FP704": ("medium", "high"),  # how far it grows depends on what the keys are
    "FP715": ("info", "low"),
}


@pytest.mark.parametrize("code", SEVERITIES)
def test_severities_are_those_that_the_measurements_suggest(code: str) -> None:
    low, high = (Severity(each) for each in SEVERITIES[code])

    assert low <= registry.by_code(code).severity <= high


def test_what_the_measurements_do_not_show_is_no_more_than_low() -> None:
    """A rule whose advice changed nothing beyond the noise, at no point, on nothing that was looked at."""
    for code, case in DOCUMENT.rules.items():
        shown = any(
            max(ratios.throughput[0], ratios.latency[0], ratios.cpu[0]) >= measured.SHOWN
            or point.forms["slow"].least_gap_ms > 2 * point.forms["fast"].least_gap_ms
            or point.forms["slow"].memory_mb > point.forms["fast"].memory_mb + 5
            for point in case.points
            for ratios in [point.ratios["fast"]]
        )
        assert shown or registry.by_code(code).severity <= Severity.MEDIUM, code


def test_the_page_of_a_rule_shows_its_measurement_and_how_to_repeat_it() -> None:
    text = page.render(registry.by_code("FP101"))

    assert "Measured: `time.sleep` in an `async def` against `await asyncio.sleep`." in text
    assert "make bench-impact RULE=FP101" in text
    assert "Not measured" not in text


def test_a_point_of_calls_that_take_no_time_says_so() -> None:
    text = page.render(registry.by_code("FP110"))

    assert {point.given["ms"] for point in measured.document().rules["FP110"].points} == {0, 20}
    assert "| 3 calls of 0 ms |" in text
    assert "| 3 calls |" not in text


def test_a_rule_without_a_measurement_says_so() -> None:
    text = page.render(registry.by_code("FP225"))

    assert "Not measured" in text


def test_findings_carry_whether_their_estimate_was_measured() -> None:
    code = b"import time\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\nasync def f():\n    await g()\n    time.sleep(1)\n"

    (finding,) = (each for each in analyze({"a.py": code}).result.findings if each.code == "FP101")

    assert finding.impact.measured
    assert "at 32 concurrent requests" in finding.impact.summary


@pytest.mark.parametrize("code", ["FP402", "FP613"])
def test_a_sentence_that_no_benchmark_tried_is_not_called_measured(code: str) -> None:
    rule = registry.by_code(code)
    untried = Impact("an outage becomes a restart of every instance")

    assert measured.of(code)
    assert not measured.impact(rule, untried).measured
    assert measured.impact(rule, None).measured


def test_without_a_measurement_of_the_rule_no_estimate_is_measured() -> None:
    tried = estimates.blocked_loop(Options(), 100)

    assert measured.impact(registry.by_code("FP101"), tried).measured
    assert not measured.impact(registry.by_code("FP225"), tried).measured


def test_what_the_cases_call_measured_has_its_formula_checked_here() -> None:
    """A headline is the measurement itself and says so."""
    unchecked = {
        f"{finding.code} {finding.impact.summary}"
        for path in CASE_PATHS
        for finding in found_in(path)
        if finding.impact.measured
        and ", measured" not in finding.impact.summary
        and finding.code not in CHECKS
    }

    assert unchecked == set()
