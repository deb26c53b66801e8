"""What load tests made of each rule's advice: `rules/measured.json`, written by `make bench-impact`, never by hand.

A rule without an entry there is not measured, and says so. Ratios come from interleaved rounds as least, median and
most; above 1 the advised form is better.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from rules import libraries
from rules.engine.costs import estimates
from rules.engine.finding import Impact, Options
from rules.engine.rule import Rule
from rules.libraries import Blocking, Kind

PATH = Path(__file__).resolve().parents[2] / "measured.json"
_NO_OPTIONS = Options()
SHOWN = 1.3
"""Below this factor a busy machine shows nothing."""
_WORDS = {
    "ms": "waits of {} ms",
    "rows": "{} rows",
    "each": "{} in each collection",
    "table_rows": "{} rows in the table",
    "size": "{}",
    "kb": "{} kB",
    "calls": "{} calls",
    "items": "{} items",
    "commands": "{} commands",
    "keys": "{} keys",
    "chunks": "{} chunks",
    "bytes": "{} bytes",
    "pool_size": "a pool of {}",
    "fields": "{} fields",
    "offset": "offset {}",
    "hung": "{} hung calls",
    "timeout_s": "a timeout of {} s",
    "cost": "a cost factor of {}",
    "length": "{} characters",
    "work_ms": "{} ms of work",
}

_COUNTED = ("calls", "items", "chunks")
_OF_EACH = ("ms", "bytes")
"""How long or large each of what is counted is: `3 calls of 20 ms`."""

_HEADINGS = (
    *("form", "clients", "given", "throughput", "response time", "processor time", "longest loop gap"),
    *("statements", "memory"),
)

Three = tuple[float, float, float]


class Form(msgspec.Struct, frozen=True):
    """What one form did at a point; medians over the rounds. Times are in milliseconds."""

    rps: float
    p50_ms: float
    p99_ms: float
    mean_ms: float
    least_ms: float
    """The quickest answer of all rounds: what the code takes where no other job disturbs it."""
    gap_ms: float
    """The longest time in which the event loop served nobody."""
    least_gap_ms: float
    """The same in the round where it was least: what the code itself is sure to cause, on a busy machine too."""
    cpu_ms: float
    """Processor time per request."""
    statements: float
    memory_mb: float
    """How far the process grew beyond what it held before."""
    requests: int
    failed: int
    unanswered: int


class Ratios(msgspec.Struct, frozen=True):
    throughput: Three
    latency: Three
    cpu: Three


class Point(msgspec.Struct, frozen=True):
    """A load. `clients` ask again as soon as they are answered."""

    clients: int
    given: dict[str, float]
    forms: dict[str, Form]
    ratios: dict[str, Ratios]

    @property
    def words(self) -> str:
        """What was asked, for a table."""
        return ", ".join(_told(self.given))

    @property
    def where(self) -> str:
        """How it was measured, as the end of a sentence."""
        cores = document().machine.get("cores", 0)
        parts = [f"measured on {cores} core{'' if cores == 1 else 's'}"]
        if self.clients > 1:
            parts.append(f"at {self.clients} concurrent requests")
        if given := _told({key: value for key, value in self.given.items() if value}):
            parts.append(f"with {' and '.join(given)}")
        return " ".join(parts)


def _told(given: Mapping[str, float]) -> list[str]:
    """What was asked in words: how long or large each of what is counted is stands behind the count."""
    sizes = dict(given)
    each = next((key for key in _OF_EACH if key in sizes), "")
    counted = next((key for key in _COUNTED if key in sizes), "")
    of_each = ""
    if each and counted:
        of_each = f" of {_words(each, sizes.pop(each)).removeprefix('waits of ')}"
    return [f"{_words(key, value)}{of_each * (key == counted)}" for key, value in sizes.items()]


def _words(key: str, value: float) -> str:
    figure = f"{value:,.0f}" if value == int(value) else f"{value:g}"
    if key == "size":
        figure = f"{figure} bytes"
        for unit, many in (("MB", 1_000_000), ("kB", 1_000)):
            if value % many == 0:
                figure = f"{value / many:,.0f} {unit}"
                break
    return _WORDS.get(key, f"{key} = {{}}").format(figure)


class Case(msgspec.Struct, frozen=True):
    """A rule's measurement. `forms` say in words what was compared: `slow`, `fast`, and maybe others."""

    case: str
    forms: dict[str, str]
    frees_loop: bool
    points: tuple[Point, ...]
    date: str
    rounds: int
    seconds: float
    load_average: float
    note: str = ""

    @property
    def best(self) -> Point:
        """The point that shows the effect most plainly: the largest least ratio, of throughput or response time."""
        return max(self.points, key=lambda point: max(_sure(point)))


class Thread(msgspec.Struct, frozen=True):
    """A call run in a thread: its length, and the least of the loop's longest gaps meanwhile. Of libraries that wait, one or
    two calls were driven: all others of a client wait in the same places."""

    call_ms: float
    least_gap_ms: float
    held: float
    """The longest gap as a share of the call, in the round where it was least: other jobs of the machine only add to it."""
    frees_loop: bool
    version: str = ""
    """Of what was called."""
    inline_gap_ms: float = 0.0
    """The least of the longest gaps where the loop makes the call itself."""
    idle_gap_ms: float = 0.0
    """The same between the calls, when nothing ran: the machine's own."""


class Document(msgspec.Struct, frozen=True):
    version: int
    method: str = ""
    machine: dict[str, int | str] = {}
    versions: dict[str, str] = {}
    rules: dict[str, Case] = {}
    threads: dict[str, Thread] = {}
    unmeasured: dict[str, str] = {}
    """Calls that could not be driven in a thread, and why."""


@functools.cache
def document() -> Document:
    """Everything measured; nothing where the file is missing."""
    if not PATH.is_file():
        return Document(version=1)
    return msgspec.json.decode(PATH.read_bytes(), type=Document)


def of(code: str) -> Case | None:
    return document().rules.get(code)


def frees(entry: Blocking) -> bool:
    """Whether the loop goes on while a thread runs the call, as was seen: no fix may say so of what was never tried.

    What computes was tried itself; of what waits, a call of the same library. The project's own callables that wait
    do so in the end in one of these.
    """
    if entry.own:
        return entry.kind is not Kind.CPU
    if entry.kind is Kind.CPU:
        return (seen := document().threads.get(entry.name)) is not None and seen.frees_loop
    return waits_freely(libraries.library(entry.name), entry.kind)


def waits_freely(library: str, kind: Kind) -> bool:
    """Whether a call of the library itself was seen to wait in a thread without stopping the loop: what a library of which
    nobody tried any sends through is no proof."""
    return (library, kind) in _waits()


@functools.cache
def _waits() -> frozenset[tuple[str, Kind]]:
    """The libraries, each with what it waits for, whose calls let the loop go on."""
    tried = [
        (libraries.library(name), entry.kind, thread.frees_loop)
        for name, thread in document().threads.items()
        if (entry := libraries.blocking(name)) is not None and entry.kind is not Kind.CPU
    ]
    held = {(library, kind) for library, kind, freed in tried if not freed}
    return frozenset({(library, kind) for library, kind, _ in tried} - held)


def impact(rule: Rule, expected: Impact | None, options: Options = _NO_OPTIONS) -> Impact:
    """What a finding may be expected to cost, with what of it the project's configuration says."""
    found = _impact(rule, expected)
    told = tuple(key for key in found.assumptions if key in options.context)
    return msgspec.structs.replace(found, told=told) if told else found


def _impact(rule: Rule, expected: Impact | None) -> Impact:
    """What a finding may be expected to cost. Measured is an estimate whose own formula the rule's benchmark tried; other
    sentences of a measured rule are not. A match that brings an empty estimate is none that was tried either."""
    told = rule.impact if expected is None else expected
    case = of(rule.code)
    if case is None:
        return msgspec.structs.replace(told, measured=False)
    if expected is not None or told.summary != Impact().summary:
        return told
    machine = {"cores": document().machine.get("cores", 0)}
    return Impact(headline(case), told.formula, {**machine, **told.assumptions}, measured=True)


def headline(case: Case) -> str:
    """The plainest point in a sentence, which names all that the figure rests on."""
    point = case.best
    ratios = point.ratios["fast"]
    throughput, latency = _sure(point)
    slow, fast = point.forms["slow"], point.forms["fast"]
    if max(throughput, latency) < SHOWN:
        return _otherwise(case)
    if point.clients > 1 and throughput >= SHOWN:
        return f"{_span(ratios.throughput)} times the throughput in the advised form, {point.where}"
    return (
        f"{_span(ratios.latency)} times faster in the advised form, {point.where}:"
        f" {estimates.number(slow.p50_ms)} → {estimates.number(fast.p50_ms)} ms"
    )


def _otherwise(case: Case) -> str:
    """What the advice changed where it made nothing quicker: processor time, the loop's gaps, memory. Each with its own point."""
    best = case.best
    if (cpu := best.ratios["fast"].cpu)[0] >= SHOWN:
        return f"processor time per request divided by {_span(cpu)} in the advised form, {best.where}"
    for point in case.points:
        before, after = point.forms["slow"].least_gap_ms, point.forms["fast"].least_gap_ms
        if case.frees_loop and point.clients == 1 and before >= 10 and after < 0.6 * before:
            return (
                f"the longest gap of the event loop {estimates.number(before)} → {estimates.number(after)} ms,"
                f" the throughput as before, {point.where}"
            )
    most = max(case.points, key=lambda point: point.forms["slow"].memory_mb)
    before, after = most.forms["slow"].memory_mb, most.forms["fast"].memory_mb
    if before > after + 5:
        return f"the process grew by {_plain(before)} → {_plain(after)} MB, {most.where}"
    return f"no difference beyond the noise of the machine, {best.where}"


def page(rule: Rule) -> Iterator[str]:
    """What the page of a rule says under Impact; nothing for a rule that was not measured."""
    case = of(rule.code)
    if case is None:
        return
    yield f"Measured: {case.forms['slow']} against {case.forms['fast']}."
    others = [name for name in case.forms if name not in ("slow", "fast")]
    yield "\n".join(_table(case, ["fast", *others]))
    if case.note:
        yield case.note
    document_ = document()
    versions = ", ".join(
        f"{name} {document_.versions[name]}"
        for name in ("python", "fastapi", "uvicorn", "sqlalchemy", "pydantic")
        if name in document_.versions
    )
    yield (
        f"Factors are least / median / most of {case.rounds} interleaved rounds, above 1 is better than the first form; a factor"
        f" below {SHOWN:g} or a range that spans 1 shows nothing. {case.date}, {versions}, {document_.machine.get('cores')}"
        f" shared cores, all on loopback. Again on your machine: `make bench-impact RULE={rule.code}`."
    )


def _table(case: Case, names: list[str]) -> Iterator[str]:
    """Columns that would be empty are left out."""
    rows = [_HEADINGS]
    for point in case.points:
        slow = point.forms["slow"]
        for name in names:
            other, ratios = point.forms[name], point.ratios[name]
            rows.append(
                (
                    _cell(case.forms[name]),
                    str(point.clients),
                    point.words,
                    _three(ratios.throughput),
                    _three(ratios.latency),
                    _three(ratios.cpu),
                    _moved(slow.least_gap_ms, other.least_gap_ms, "ms"),
                    _moved(slow.statements, other.statements, ""),
                    _moved(slow.memory_mb, other.memory_mb, "MB"),
                )
            )
    shown = [number for number in range(len(_HEADINGS)) if any(row[number] for row in rows[1:])]
    for position, row in enumerate(rows):
        yield f"| {' | '.join(row[number] for number in shown)} |"
        if position == 0:
            yield f"|{'---|' * len(shown)}"


def _sure(point: Point) -> tuple[float, float]:
    """The least factors of throughput and response time."""
    ratios = point.ratios["fast"]
    return ratios.throughput[0], ratios.latency[0]


def _three(values: Three) -> str:
    return " / ".join(estimates.number(value) for value in values)


def _moved(before: float, after: float, unit: str) -> str:
    """`350 → 3 ms`; nothing for what hardly is there."""
    if max(before, after) < 0.9:
        return ""
    told = f"{_plain(before)} → {_plain(after)}"
    return f"{told} {unit}".rstrip()


def _plain(value: float) -> str:
    return estimates.number(value if value >= 10 else round(value, 1))


def _span(values: Three) -> str:
    """Least to median, as the most of a few rounds may be an accident; to the most where these two read alike."""
    least, median, most = values
    told = estimates.span(least, median)
    return told if "–" in told else estimates.span(least, most)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
