"""The keys of `[tool.fastperf]`: the published schema (`docs/fastperf.schema.json`) is made of these tables."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rules.engine.finding import Severity

Mode = Literal["gate", "advise", "observe"]
FailOn = Literal["critical", "high", "medium", "low", "info", "never"]
Outcome = Literal["neutral", "failure", "action_required"]

Code = Annotated[
    str, Meta(pattern=r"^FP\d{0,3}$", description="A rule code (`FP101`) or the start of one (`FP1`).")
]
Positive = Annotated[float, Meta(ge=1e-6, le=1e9)]
Count = Annotated[int, Meta(ge=1, le=1_000_000_000_000)]
"""Within what is possible: figures beyond it would lead to estimates that nobody can read, or that overflow."""
Share = Annotated[float, Meta(ge=0, le=1)]
_TERM = r"(?:\d{1,9}(?: ?[·*]? ?(?=[A-Z]))?)?(?:(?:[A-Z][²³⁴]?)(?: ?[·*] ?[A-Z][²³⁴]?)*)?"
Bound = (
    Annotated[int, Meta(ge=0, le=999_999_999)]
    | Annotated[
        str, Meta(pattern=rf"^ *(?=[0-9A-Z]){_TERM}(?: *\+ *(?=[0-9A-Z]){_TERM})* *$", max_length=100)
    ]
)
"""As costs are written: numbers, and capital letters for sizes (`2 + 3N`, `N·M`, `N²`)."""


class Context(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the code does not say: how much traffic, on how many workers, against which database."""

    rps: Annotated[
        Positive | None, Meta(description="Requests per second at peak, all workers together.")
    ] = None
    concurrency: Annotated[
        Count | None, Meta(description="Requests in flight at once per worker at peak.")
    ] = None
    workers: Annotated[Count | None, Meta(description="Worker processes in production.")] = None
    threads: Annotated[
        Count | None, Meta(description="Thread tokens per worker (AnyIO's default is 40).")
    ] = None
    cpus: Annotated[Count | None, Meta(description="CPU cores the workers share.")] = None
    database: Annotated[
        Annotated[str, Meta(max_length=60)] | None,
        Meta(description="Database product, for example `postgresql`."),
    ] = None
    db_round_trip_ms: Annotated[Positive | None, Meta(description="Time of a trivial query, in ms.")] = None
    http_latency_ms: Annotated[
        Positive | None, Meta(description="Typical time of an outgoing HTTP call, in ms.")
    ] = None
    redis_round_trip_ms: Annotated[Positive | None, Meta(description="Time of a Redis GET, in ms.")] = None
    rows: Annotated[Count | None, Meta(description="Rows of a typical list or large table.")] = None
    page_size: Annotated[Count | None, Meta(description="Rows on a page of a list endpoint.")] = None
    pool_size: Annotated[Count | None, Meta(description="Database connections that each worker keeps.")] = (
        None
    )
    max_overflow: Annotated[
        Annotated[int, Meta(ge=0, le=1_000_000)] | None, Meta(description="Connections beyond `pool_size`.")
    ] = None
    max_connections: Annotated[
        Count | None, Meta(description="Connections that the database allows, of all workers together.")
    ] = None
    p95_ms: Annotated[Positive | None, Meta(description="Response time at the 95th percentile, in ms.")] = (
        None
    )
    error_rate: Annotated[Share | None, Meta(description="Share of requests that fail, 0 to 1.")] = None


class EndpointTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known about some endpoints. The last table whose `match` fits decides."""

    match: Annotated[
        str, Meta(description="`GET /orders`, `/orders` or a glob such as `GET /admin/*`.", min_length=1)
    ]
    rps: Annotated[Positive | None, Meta(description="Requests per second at peak.")] = None
    p95_ms: Annotated[Positive | None, Meta(description="Response time at the 95th percentile, in ms.")] = (
        None
    )
    error_rate: Annotated[Share | None, Meta(description="Share of requests that fail, 0 to 1.")] = None
    severity_cap: Annotated[Severity | None, Meta(description="Findings here are never worse than this.")] = (
        None
    )
    mode: Annotated[Mode | None, Meta(description="As the top-level `mode`, for these endpoints.")] = None

    def fits(self, endpoint: str) -> bool:
        """Whether `endpoint` (`GET /orders`) is meant."""
        target = endpoint if " " in self.match else endpoint.partition(" ")[2]
        return fnmatchcase(target, self.match.replace("[", "[[]"))


class BudgetTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The cost some endpoints are held to."""

    match: Annotated[str, Meta(description="`GET /orders`, `/orders` or a glob.", min_length=1)]
    file: Annotated[
        Annotated[str, Meta(min_length=1, max_length=300)] | None,
        Meta(
            description="The file of the handlers that are meant (a glob, from this configuration's folder), where several "
            "applications have such a route."
        ),
    ] = None
    queries: Annotated[
        Bound | None, Meta(description="Most queries: a number or a cost such as `2 + N`.")
    ] = None
    external_calls: Annotated[
        Bound | None, Meta(description="Most calls to other services, as a number or a cost.")
    ] = None
    blocks: Annotated[bool | None, Meta(description="Whether the endpoint may block the event loop.")] = None
    unbounded: Annotated[
        bool, Meta(description="Whether queries and calls in loops without a bound are accepted.")
    ] = False


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tool.fastperf]` in `pyproject.toml`, or the top level of `.github/fastperf.toml`."""

    select: Annotated[tuple[Code, ...], Meta(description="Rules to use; empty means all.")] = ()
    ignore: Annotated[tuple[Code, ...], Meta(description="Rules to leave out; wins over `select`.")] = ()
    severity: Annotated[dict[Code, Severity], Meta(description="Severity by rule, instead of its own.")] = {}
    mode: Annotated[
        Mode | dict[str, Mode],
        Meta(
            description="`gate` can fail the check run, `advise` comments and says what would have failed, `observe` "
            "only lists in the summary. One word, or a table by rule with `default` for the rest."
        ),
    ] = "gate"
    fail_on: Annotated[FailOn, Meta(description="The least severity that fails the check run.")] = "high"
    waive_by: Annotated[
        Literal["write", "not_author", "maintain"],
        Meta(
            description="Who may ignore a finding: anyone with write access, such a one but the author, maintainers. "
            "Reverts are stopped too unless it is `write`."
        ),
    ] = "write"
    on_fault: Annotated[Outcome, Meta(description="Conclusion when fastperf itself fails.")] = "neutral"
    on_skip: Annotated[Outcome, Meta(description="Conclusion when a changed file cannot be analysed.")] = (
        "neutral"
    )
    advisory_branches: Annotated[
        tuple[str, ...], Meta(description="Base branches (globs) where nothing fails the check run.")
    ] = ()
    exclude: Annotated[
        tuple[str, ...],
        Meta(
            description="Files to leave out, as in `.gitignore`; added to the built-in list, `!` takes back in."
        ),
    ] = ()
    max_comments: Annotated[
        int, Meta(ge=0, le=50, description="Most inline comments of one review; the rest is in the summary.")
    ] = 15
    blocking: Annotated[
        tuple[str, ...], Meta(description="Own callables that block, as `package.module.function:kind`.")
    ] = ()
    nonblocking: Annotated[tuple[str, ...], Meta(description="Callables that do not block after all.")] = ()
    cede_to: Annotated[
        Literal["auto", "never"],
        Meta(
            description="`auto` stays silent where the project's own ruff selection already reports the line."
        ),
    ] = "auto"
    ruleset: Annotated[
        Annotated[str, Meta(pattern=r"^\d{1,4}(\.\d{1,4}){1,2}$")] | None,
        Meta(
            description="Pin of the rule set, as a release such as `0.1`: rules that came later only observe."
        ),
    ] = None
    allow_inline_ignores: Annotated[
        bool, Meta(description="Whether `# fastperf: ignore[FP101] reason` in the code counts.")
    ] = True
    context: Annotated[Context, Meta(description="What the code does not say about production.")] = Context()
    endpoint: Annotated[tuple[EndpointTable, ...], Meta(description="What is known about endpoints.")] = ()
    budget: Annotated[tuple[BudgetTable, ...], Meta(description="Costs that endpoints are held to.")] = ()
    profile: Annotated[
        Annotated[str, Meta(max_length=300)] | None,
        Meta(
            description="Path in the repository of a profile: speedscope, py-spy raw, pyinstrument JSON, OTLP or Jaeger "
            "JSON spans, Prometheus text."
        ),
    ] = None
    observed: Annotated[
        Annotated[str, Meta(max_length=300)] | None,
        Meta(description="Path in the repository of what `fastperf.pytest` wrote while the tests ran."),
    ] = None
