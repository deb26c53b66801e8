"""What an analysis says: findings, endpoint costs, skipped files. Values only, made to travel as JSON."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import msgspec

from rules.engine.reading.paths import nearest


class Severity(enum.StrEnum):
    """What a finding costs. Members compare by cost: `Severity.HIGH > Severity.LOW`."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        return _RANKS[self]

    def __lt__(self, other: str) -> bool:
        return self.rank < Severity(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Severity(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Severity(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Severity(other).rank

    def lowered(self, steps: int = 1) -> Severity:
        """The severity `steps` below this one, `info` at the least."""
        return _BY_RANK[max(0, self.rank - steps)]


_BY_RANK = [Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL]
_RANKS = {severity: rank for rank, severity in enumerate(_BY_RANK)}


class Confidence(enum.StrEnum):
    """How sure we are. `possible` stays in the summary and never gates."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Effort(enum.StrEnum):
    """How long the change takes a person who knows the project."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"


class Safety(enum.StrEnum):
    """Whether a fix keeps behaviour (`safe`) or needs a look (`unsafe`)."""

    SAFE = "safe"
    UNSAFE = "unsafe"


class Hop(msgspec.Struct, frozen=True):
    """One step of a call path. `line` starts at 1; `symbol` is what is called or entered there."""

    path: str
    line: int
    symbol: str


class Edit(msgspec.Struct, frozen=True):
    """Whole lines `start_line..end_line` (from 1, inclusive) become `replacement`.

    `replacement` ends with the file's own newline unless the file's last line had none; an insertion
    before line n has `start_line = n, end_line = n - 1`; a deletion has an empty `replacement`.
    """

    path: str
    start_line: int
    end_line: int
    replacement: str


class ProvenFix(msgspec.Struct, frozen=True):
    """All edits of one fix, proven by applying them (see `rules.engine.fixing.fixes`)."""

    safety: Safety
    edits: tuple[Edit, ...]


class Impact(msgspec.Struct, frozen=True):
    """Expected effect, always with its assumption; `measured`: a benchmark of the rule tried this very formula."""

    summary: str = "not measured"
    formula: str = ""
    assumptions: dict[str, float | int | str] = {}
    measured: bool = False
    told: tuple[str, ...] = ()
    """Those of the assumptions that the project's own `[tool.fastperf.context]` says."""

    def grounds(self) -> tuple[dict[str, float | int | str], dict[str, float | int | str]]:
        """What the figures rest on: the assumptions, and what the project says itself."""
        assumed = {key: value for key, value in self.assumptions.items() if key not in self.told}
        return assumed, {key: self.assumptions[key] for key in self.told}


class EndpointRef(msgspec.Struct, frozen=True, order=True):
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A match placed in a file. Lines and columns start at 1, columns count characters,
    `end_line` is inclusive, `end_column` exclusive; `path` is relative to the project root, with `/`."""

    code: str
    name: str
    severity: Severity
    confidence: Confidence
    gates: bool
    effort: Effort
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    symbol: str
    endpoint: EndpointRef | None
    message: str
    why: str
    instead: str
    trade_offs: str
    metric: str
    impact: Impact
    call_path: tuple[Hop, ...]
    fix: ProvenFix | None
    fingerprint: str

    # Below: what reviewing needs and `check --output-format json` leaves out.
    places: tuple[Hop, ...] = ()
    """Where the finding may be said, best first: leaf, hops, call, then models or dependencies that cause it."""
    cause: str = ""
    """Findings with the same non-empty cause are one comment (a leaf reached by many endpoints)."""
    endpoints: tuple[EndpointRef, ...] = ()
    """All endpoints that reach it; `endpoint` is the first."""
    text: str = ""
    """Digest of the code itself, whatever function it stands in (`rules.engine.fingerprints.text_of`)."""
    leaf: str = ""
    """Qualified name of what is called in the end."""
    guards: tuple[str, ...] = ()
    """Names in the code whose removal brings this finding about (`timeout`, `selectinload`)."""
    siblings: tuple[int, ...] = ()
    """Further lines of `path` with the same problem, which the message names: one more makes it worse."""
    leaves: tuple[str, ...] = ()
    """Qualified names of what is called in the end on all these lines, where the rule says so."""
    loops: int = 0
    """How many loops of its function are around it."""
    when_new: Confidence | None = None
    """The confidence when a change brings it, where that is another."""
    heat: float = 0.0
    """The share of the time that a profile saw spent here; 0 below a twentieth, or without a profile."""
    seen: bool = False
    """Whether tests or a trace saw it happen."""
    sketch: str = ""
    """What the change looks like in the code at hand, as lines of a diff."""
    uncooled: Severity | None = None
    """The severity without a profile that hardly ever saw it; None where that is `severity`."""

    _INTERNAL: ClassVar[frozenset[str]] = frozenset(
        {
            "places",
            "cause",
            "endpoints",
            "text",
            "leaf",
            "guards",
            "siblings",
            "leaves",
            "loops",
            "when_new",
            "heat",
            "seen",
            "sketch",
            "uncooled",
        }
    )

    @property
    def speaks(self) -> bool:
        """Whether it may be said on a line. What is possible, and information, is a hint: for lists and summaries only."""
        return self.severity is not Severity.INFO and self.confidence is not Confidence.POSSIBLE

    @property
    def is_hint(self) -> bool:
        """Whether lists of problems leave it out, or tell of it in brief. What a profile saw is no mere possibility."""
        return not self.speaks and not self.heat

    def as_new(self) -> Finding:
        """The finding as it is when a change brings it."""
        return self if self.when_new is None else msgspec.structs.replace(self, confidence=self.when_new)

    @property
    def in_itself(self) -> Severity:
        """The severity that the code has, whatever a profile saw: what two versions are compared by."""
        return self.uncooled or self.severity

    @property
    def further(self) -> tuple[int, ...]:
        """The other lines of `path` that it stands for, each once."""
        return tuple(dict.fromkeys(line for line in self.siblings if line != self.line))

    def contract(self) -> dict[str, Any]:
        """The finding as `check --output-format json` prints it."""
        told = {key: value for key, value in msgspec.to_builtins(self).items() if key not in self._INTERNAL}
        return told | {"places": [{"path": self.path, "line": line} for line in self.further]}


class Cost(msgspec.Struct, frozen=True):
    """What one request costs. `queries`, `external_calls`, `serial_waits` are polynomials such as `2 + 3N`."""

    queries: str = "0"
    external_calls: str = "0"
    serial_waits: str = "0"
    blocking: tuple[str, ...] = ()
    unbounded: bool = False

    @property
    def grows(self) -> bool:
        """Whether it depends on the length of something."""
        return any(each.isalpha() for each in f"{self.queries}{self.external_calls}{self.serial_waits}")


WORST_CASE = (
    "Worst case of one request: every condition holds, of two branches the dearer one counts, and what is memoised "
    "costs nothing."
)
"""What figures of costs are: to be said wherever they are shown."""


def worst_case(costs: Iterable[Cost]) -> str:
    """What these figures are, and their letters where there are any."""
    if not any(cost.grows for cost in costs):
        return WORST_CASE
    return f"{WORST_CASE} N, M, … are lengths of loops that the code does not tell."


class Holding(msgspec.Struct, frozen=True):
    """A part of something shared that a request keeps from others."""

    resource: str
    """`worker threads`, `lock`, `database pool`, `client connections`, …"""
    name: str
    """What the code calls it; empty for the process's own."""
    units: int | None
    """Its places where the code says how many; 0 where there is no limit."""
    waits: Mapping[str, float]
    """What is waited for meanwhile, in the words of `rules.engine.costs.occupancy`."""


class Occupancy(msgspec.Struct, frozen=True, kw_only=True):
    """What a request of an endpoint occupies (`rules.engine.costs.occupancy`)."""

    time: Mapping[str, float] = {}
    """What it waits for, one after another."""
    work: Mapping[str, float] = {}
    """All that it does, whatever happens at once."""
    on_loop: Mapping[str, float] = {}
    """What keeps the event loop."""
    stops: tuple[str, ...] = ()
    """The calls that do, the longest first."""
    loop_work: Mapping[str, float] = {}
    """What of the work is done on it."""
    held: tuple[Holding, ...] = ()
    between_threads: Holding | None = None
    """The connection that a request in threads keeps while it goes from one to the next."""
    kept: Holding | None = None
    """The connection that a websocket keeps for as long as it lasts."""


class Endpoint(msgspec.Struct, frozen=True):
    """A route and what it costs. `file` and `line` are those of the handler; `runs_on` is loop or thread."""

    method: str
    path: str
    file: str
    line: int
    runs_on: str
    cost: Cost
    symbol: str = ""
    """The handler's qualified name: endpoints of two versions are matched by it when the path moved."""
    body: str = ""
    """Digest of what the handler calls, in order: it is matched by that when its name moved too."""
    occupancy: Occupancy | None = None
    """Where `Options.occupancy` asks for it."""
    sizes: tuple[tuple[str, str], ...] = ()
    """The letters of the cost with what they count, as far as that has a name: `("N", "orders")`."""
    calls: tuple[str, ...] = ()
    """The last names of what the handler calls: it is matched by them when it is renamed and rewritten in part."""

    def contract(self) -> dict[str, Any]:
        left_out = ("symbol", "body", "occupancy", "sizes", "calls")
        return {key: value for key, value in msgspec.to_builtins(self).items() if key not in left_out}


class Bumped(msgspec.Struct, frozen=True):
    """Distributions whose version a change moves, and the findings that come of that alone."""

    names: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


class Skipped(msgspec.Struct, frozen=True):
    """A file that was not analysed, with the reason in words for its author."""

    path: str
    reason: str


class Suppressed(msgspec.Struct, frozen=True):
    """A finding that a comment in the code silenced."""

    code: str
    path: str
    line: int
    reason: str


class Statistics(msgspec.Struct, frozen=True):
    files: int = 0
    lines: int = 0
    seconds: float = 0.0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one analysis of one tree says."""

    findings: tuple[Finding, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    advice: tuple[Finding, ...] = ()
    """What the project as a whole lacks: for the first review and an audit; no finding, never counted."""
    told: tuple[str, ...] = ()
    """Keys of the context (`database`, `workers`) that the project's own files answer: nobody needs to be asked."""
    local: str = ""
    """Why it is taken for a tool that one person runs, as a sentence goes on after "because"; empty where it is not."""
    statistics: Statistics = Statistics()

    def contract(self) -> dict[str, Any]:
        """The document that `fastperf check --output-format json` prints (version 1)."""
        return {
            "version": 1,
            "findings": [finding.contract() for finding in self.findings],
            "endpoints": [endpoint.contract() for endpoint in self.endpoints],
            "skipped": msgspec.to_builtins(self.skipped),
            "statistics": msgspec.to_builtins(self.statistics),
        }


class Linter(msgspec.Struct, frozen=True):
    """What the project's own ruff reports."""

    reports: tuple[str, ...] = ()
    """Its codes (`ASYNC251`), of those that `rules.engine.ceding` knows."""
    left_out: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Files in which it does not: a pattern, and the codes; none means all."""


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What endpoints may cost at most: numbers, or costs such as `2 + N`. What is None is free."""

    match: str
    """`GET /orders`, `/orders` or a glob."""
    file: str | None = None
    """Only handlers in these files: a path or a glob."""
    above: str = ""
    """The folder that paths of the project count from, seen from where `file` counts from."""
    queries: int | str | None = None
    external_calls: int | str | None = None
    blocks: bool | None = None
    """False: the event loop must stay free."""
    unbounded: bool = False
    """Whether loops without a bound are accepted."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a project asks of the analysis: its `[tool.fastperf]`, already validated."""

    select: tuple[str, ...] = ()
    """Codes or prefixes (`FP1`); empty selects everything."""
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = {}
    blocking: tuple[str, ...] = ()
    """Own blocking callables as `pkg.mod.func:kind`, `*` allowed."""
    nonblocking: tuple[str, ...] = ()
    allow_inline_ignores: bool = True
    linter: Linter = Linter()
    """Where it says the same of a line, findings that add nothing are left out."""
    context: Mapping[str, float | int | str] = {}
    """`[tool.fastperf.context]`: rps, concurrency, workers, http_latency_ms, db_round_trip_ms, rows, …"""
    budget: tuple[Budget, ...] = ()
    evidence: tuple[tuple[str, str], ...] = ()
    """Paths and texts of profiles, traces and what tests observed (`rules.engine.evidence.profiles`)."""
    occupancy: bool = False
    """Whether endpoints say what they occupy."""
    parts: Mapping[str, Options] = {}
    """Folders (and single files) with options of their own; what holds for the whole project (`blocking`, `evidence`)
    is only outside."""

    def at(self, path: str) -> Options:
        """What holds for a file: the options of the innermost folder around it that has some."""
        return nearest(self.parts, path, self)

    def wants_anywhere(self, code: str) -> bool:
        return self.wants(code) or any(part.wants(code) for part in self.parts.values())

    def severity_of(self, code: str, severity: Severity) -> Severity:
        """The project's own severity for a rule: the longest matching code or prefix; else the one given."""
        best = max((key for key in self.severity if code.startswith(key)), key=len, default=None)
        return Severity(self.severity[best]) if best is not None else severity

    def wants(self, code: str) -> bool:
        selected = not self.select or any(code.startswith(prefix) for prefix in self.select)
        return selected and not any(code.startswith(prefix) for prefix in self.ignore)
