"""A project's `[tool.fastperf]`: read strictly, key by key, so that one mistake costs one key.

The table below is the published schema (`docs/fastperf.schema.json`). It is read at the base commit of a pull
request, which so cannot switch off its own gate.
"""

from __future__ import annotations

import difflib
import enum
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache, partial
from typing import Annotated, Any, Literal, Self, get_args, get_origin

import msgspec
from msgspec import Meta

from app.review import parts, paths, releases
from app.review.toml_lines import KeyLines
from rules.engine import registry
from rules.engine.ceding import linter_of
from rules.engine.finding import Budget, Confidence, Finding, Linter, Options, Severity
from rules.engine.paths import nearest

FILE = ".github/fastperf.toml"
PYPROJECT = "pyproject.toml"
ATTRIBUTES = ".gitattributes"
RUFF = (".ruff.toml", "ruff.toml")
ORGANISATION = "org:.github/fastperf.toml"
MAX_BYTES = 65_536
MOST_PARTS = 200
"""Folders with a configuration of their own."""
REPOSITORY_WIDE = (
    "waive_by",
    "on_fault",
    "on_skip",
    "advisory_branches",
    "max_comments",
    "profile",
    "observed",
)
"""There is one check run, one review and one record: what decides about those stands in the repository's own file."""

Mode = Literal["gate", "advise", "observe"]
FailOn = Literal["critical", "high", "medium", "low", "info", "never"]
Outcome = Literal["neutral", "failure", "action_required"]

_CODE = re.compile(r"FP\d{0,3}")
_LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){64}""")
_MAX_ERRORS = 20  # of one document

Code = Annotated[
    str, Meta(pattern=r"^FP\d{0,3}$", description="A rule code (`FP101`) or the start of one (`FP1`).")
]
Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Bound = (
    Annotated[int, Meta(ge=0)]
    | Annotated[str, Meta(pattern=r"^ *[0-9A-Za-z·²³⁴]+( *\+ *[0-9A-Za-z·²³⁴]+)* *$", max_length=100)]
)


class ConfigError(msgspec.Struct, frozen=True):
    """A mistake in a configuration file, in words for its author. `line` starts at 1."""

    path: str
    line: int
    message: str


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
    pool_size: Annotated[Count | None, Meta(description="Database connections per worker.")] = None
    max_overflow: Annotated[
        Annotated[int, Meta(ge=0)] | None, Meta(description="Connections beyond `pool_size`.")
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
            description="Who may ignore a finding: anyone with write access, such a one but the author, maintainers."
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


_FIELDS = {entry.name: entry for entry in msgspec.structs.fields(Table)}
_DEFAULTS = msgspec.to_builtins(Table())


class Config(Table, frozen=True, kw_only=True):
    """A configuration in force. `errors` are mistakes that fell back to defaults; `errors` never change a conclusion."""

    errors: tuple[ConfigError, ...] = ()
    generated: tuple[str, ...] = ()
    """Patterns of `.gitattributes` that mark files as generated or vendored."""
    linter: Linter = Linter()
    """What the project's ruff reports; nothing when `cede_to` is `never`."""
    source: str = ""
    """The file that holds the configuration; empty when there is none."""
    organisation: str = ""
    """The text of the organisation's file, which lies under the parts too."""
    folder: str = ""
    """Where the file lies; empty for the repository's own."""
    above: str = ""
    """Where we look from: a folder below the one that the configuration counts from."""
    parts: Mapping[str, Config] = {}
    """Folders (and single files) with a configuration of their own, which holds for the files in them."""

    @classmethod
    def parse(
        cls,
        documents: Mapping[str, str | None],
        org: str | None = None,
        *,
        codes: Collection[str] | None = None,
        left_out: Collection[str] = (),
    ) -> Self:
        """The configuration in `documents` (texts by name; missing ones none) over organisation defaults.

        `org` is the text of the organisation's file; without it, `documents["org:.github/fastperf.toml"]`.
        `codes` are the rules that exist, by default those of the registry, `left_out` keys that do not count here.
        Never raises.

        Documents in folders (`services/orders/pyproject.toml`) are `parts`.
        """
        org = documents.get(ORGANISATION) if org is None else org
        errors: list[ConfigError] = []
        values: dict[str, Any] = {}
        if org:
            _merge(values, _values(_Document.organisation(org, errors), errors, codes))
        own = _own_document(documents, errors)
        if own is not None:
            _merge(values, _values(own, errors, codes, left_out))
        attributes = documents.get(ATTRIBUTES) or ""
        ceded = values.get("cede_to", "auto") != "never"
        config = cls(
            **_structs(values),
            errors=tuple(errors),
            generated=paths.generated_patterns(attributes[:MAX_BYTES]),
            linter=_linter(documents) if ceded else Linter(),
            source=own.path if own is not None and own.table else "",
            organisation=org or "",
        )
        return config.with_parts(documents, codes=codes)

    def with_parts(
        self, documents: Mapping[str, str | None], *, codes: Collection[str] | None = None
    ) -> Self:
        """With the configurations that stand in folders, as far as `documents` hold some."""
        found = [(folder, own) for folder, own in parts.documents(documents) if parts.decides(own)]
        if not found:
            return self
        made = {folder: self._part(folder, own, codes) for folder, own in found[:MOST_PARTS]}
        errors = [error for part in made.values() for error in part.errors]
        errors += [
            ConfigError(
                f"{folder}/{next(iter(own))}",
                1,
                f"More than {MOST_PARTS} folders have a configuration; not read.",
            )
            for folder, own in found[MOST_PARTS : MOST_PARTS + 1]
        ]
        return msgspec.structs.replace(self, parts=made, errors=(*self.errors, *errors))

    def _part(self, folder: str, own: Mapping[str, str], codes: Collection[str] | None) -> Config:
        """What holds in a folder: its own configuration instead of ours, its own ruff's word instead of ours."""
        linted = _linter(own) if parts.has_linter(own) else self.linter
        if not parts.has_table(own):
            return msgspec.structs.replace(
                self, linter=linted if self.cede_to != "never" else Linter(), errors=(), parts={}
            )
        part = Config.parse(own, self.organisation, codes=codes, left_out=REPOSITORY_WIDE)
        return msgspec.structs.replace(
            part,
            **{name: getattr(self, name) for name in REPOSITORY_WIDE},
            folder=folder,
            source=f"{folder}/{part.source or PYPROJECT}",
            linter=linted if part.cede_to != "never" else Linter(),
            errors=tuple(
                msgspec.structs.replace(error, path=f"{folder}/{error.path}")
                for error in part.errors
                if error.path != ORGANISATION
            ),
        )

    def inside(self, folder: str, own: Mapping[str, str]) -> Self:
        """The same for a project in a folder, whose paths count from there; `own` may say what its ruff reports."""
        up = "../" * (folder.count("/") + 1)
        return msgspec.structs.replace(
            self,
            above=folder,
            source=f"{up}{self.source}",
            errors=tuple(msgspec.structs.replace(error, path=f"{up}{error.path}") for error in self.errors),
            profile=self.profile and f"{up}{self.profile}",
            observed=self.observed and f"{up}{self.observed}",
            linter=_linter(own) if self.cede_to != "never" and parts.has_linter(own) else self.linter,
        )

    def at(self, path: str) -> Config:
        """What holds for a file: the configuration that is nearest above it."""
        return nearest(self.parts, path, self)

    def with_moved(self, moved: Mapping[str, str]) -> Self:
        """The same for a change that moves files (new path -> old): they keep what held where they were.

        Who moves a folder would else leave its configuration behind, and its gate with it.
        """
        kept: dict[str, Config] = {}
        for path, old in moved.items():
            if (before := self.at(old)) is not self.at(path):
                kept[path] = msgspec.structs.replace(before, parts={})
        return msgspec.structs.replace(self, parts={**self.parts, **kept}) if kept else self

    def options(self) -> Options:
        """What the analysis needs to know."""
        everywhere = (self, *self.parts.values())
        return Options(
            select=self.select,
            ignore=self.ignore,
            severity=self.severity,
            blocking=tuple(dict.fromkeys(name for each in everywhere for name in each.blocking)),
            nonblocking=tuple(dict.fromkeys(name for each in everywhere for name in each.nonblocking)),
            allow_inline_ignores=self.allow_inline_ignores,
            linter=self.linter,
            context=msgspec.to_builtins(self.context),
            budget=tuple(Budget(**msgspec.structs.asdict(table)) for table in self.budget),
            parts={folder: part.options() for folder, part in self.parts.items()},
        )

    @property
    def evidence(self) -> tuple[str, ...]:
        """Paths of what was seen of the program while it ran."""
        return tuple(path for path in (self.profile, self.observed) if path)

    def options_with(self, texts: Mapping[str, str | bytes | None]) -> Options:
        """The options with the text of each piece of evidence; an empty one where there is no such file."""
        read = [(path, texts.get(path) or "") for path in self.evidence]
        return msgspec.structs.replace(
            self.options(),
            evidence=tuple(
                (path, text.decode(errors="replace") if isinstance(text, bytes) else text)
                for path, text in read
            ),
        )

    def mode_of(self, code: str, endpoint: str = "") -> Mode:
        """How a rule speaks: for `endpoint` (`GET /orders`) if a table fits, else by the longest prefix of its code.

        One that is newer than the rule set only observes, unless `mode` names it.
        """
        mode = self._mode_of(code, endpoint)
        if mode == "observe" or (isinstance(self.mode, dict) and code in self.mode):
            return mode
        return "observe" if releases.is_new(code, self.ruleset) else mode

    def _mode_of(self, code: str, endpoint: str) -> Mode:
        for table in reversed(self.endpoint):
            if endpoint and table.mode is not None and table.fits(endpoint):
                return table.mode
        if isinstance(self.mode, str):
            return self.mode
        for length in range(len(code), 1, -1):
            if code[:length] in self.mode:
                return self.mode[code[:length]]
        return self.mode.get("default", "gate")

    def mode_for(self, finding: Finding) -> Mode:
        """The mode of a finding. With several endpoints the strictest counts."""
        config = self.at(finding.path)
        endpoints = [str(endpoint) for endpoint in finding.endpoints]
        if finding.endpoint is not None:
            endpoints.append(str(finding.endpoint))
        modes = {config.mode_of(finding.code, endpoint) for endpoint in endpoints or [""]}
        return next(mode for mode in _STRICTEST_FIRST if mode in modes)

    def capped(self, finding: Finding) -> Finding:
        """The finding under `severity_cap`, which counts when it fits every endpoint that reaches the finding."""
        endpoints = {str(endpoint) for endpoint in finding.endpoints}
        if finding.endpoint is not None:
            endpoints.add(str(finding.endpoint))
        config = self.at(finding.path)
        caps = [config._cap(endpoint) for endpoint in endpoints]
        known = [cap for cap in caps if cap is not None]
        if not caps or len(known) < len(caps):
            return finding
        cap = max(known, key=lambda cap: cap.rank)
        return msgspec.structs.replace(finding, severity=cap) if finding.severity > cap else finding

    def told(self, key: Literal["p95_ms", "error_rate"], endpoint: str) -> float | None:
        """What is known of an endpoint, or else of all of them together."""
        own = self.told_of(key, endpoint)
        return own if own is not None else getattr(self.context, key)

    def told_of(self, key: Literal["rps", "p95_ms", "error_rate"], endpoint: str) -> float | None:
        """What an `[[endpoint]]` says of it, the last that fits and says it."""
        for table in reversed(self.endpoint):
            value: float | None = getattr(table, key)
            if value is not None and table.fits(endpoint):
                return value
        return None

    def _cap(self, endpoint: str) -> Severity | None:
        for table in reversed(self.endpoint):
            if table.severity_cap is not None and table.fits(endpoint):
                return table.severity_cap
        return None

    def gates(self, finding: Finding) -> bool:
        """Whether the finding is bad and sure enough to fail a check run, whatever the mode."""
        fail_on = self.at(finding.path).fail_on
        return (
            finding.gates
            and fail_on != "never"
            and finding.severity >= fail_on
            and finding.confidence != Confidence.POSSIBLE
        )

    def blocks(self, finding: Finding) -> bool:
        """Whether a new finding like this fails the check run."""
        return self.gates(finding) and self.mode_for(finding) == "gate"

    def excludes(self, path: str) -> bool:
        """Whether a file is left out: vendored, generated, or excluded by the project, or by the part that it is in."""
        patterns = (*paths.DEFAULT_EXCLUDE, *self.generated, *self._excluding(path))
        return paths.excluded(patterns, self._whole(path))

    def exclusion(self, path: str) -> str:
        """Why a file is left out, in words; empty when it is not."""
        if not self.excludes(path):
            return ""
        if paths.excluded(self._excluding(path), self._whole(path)):
            return "excluded by the configuration"
        if paths.excluded(self.generated, self._whole(path)):
            return "generated or vendored: .gitattributes says so"
        return "generated or vendored: its name says so"

    def _excluding(self, path: str) -> tuple[str, ...]:
        """Ours, then those of the file's part, which count from its folder."""
        part = self.at(path)
        if part is self or not part.folder:
            return self.exclude
        folder = self._whole(part.folder)
        return (*self.exclude, *(paths.below(folder, pattern) for pattern in part.exclude))

    def _whole(self, path: str) -> str:
        return f"{self.above}/{path}" if self.above else path

    def select_paths(self, candidates: Iterable[str]) -> tuple[str, ...]:
        """Those of `candidates` that are not left out, in their order."""
        return tuple(path for path in candidates if not self.excludes(path))

    def is_advisory(self, base_ref: str) -> bool:
        """Whether pull requests into this branch only get advice."""
        return any(fnmatchcase(base_ref, pattern) for pattern in self.advisory_branches)


_STRICTEST_FIRST: tuple[Mode, ...] = ("gate", "advise", "observe")


_Refuse = Callable[[tuple[str | int, ...], str | Callable[[], str]], None]


class _Document(msgspec.Struct):
    """One parsed file: its fastperf table, and where the table's keys stand."""

    path: str
    table: dict[str, Any]
    lines: KeyLines

    @classmethod
    def organisation(cls, text: str, errors: list[ConfigError]) -> _Document:
        return _read(ORGANISATION, text, (), errors) or cls(ORGANISATION, {}, KeyLines("", ()))


def _own_document(documents: Mapping[str, str | None], errors: list[ConfigError]) -> _Document | None:
    """The dedicated file if there is one, else pyproject's table."""
    dedicated, pyproject = documents.get(FILE), documents.get(PYPROJECT)
    found: _Document | None = None
    if pyproject and "fastperf" in pyproject:
        found = _read(PYPROJECT, pyproject, ("tool", "fastperf"), errors)
    if dedicated is None:
        return found
    if found is not None and found.table:
        message = f"`{FILE}` exists and decides; this table is not used."
        errors.append(ConfigError(PYPROJECT, found.lines.line(()), message))
    return _read(FILE, dedicated, (), errors)


def _linter(documents: Mapping[str, str | None]) -> Linter:
    """What ruff is set up to report: its own file decides, as for ruff itself. Mistakes in there are ruff's business."""
    for path in RUFF:
        text = documents.get(path)
        if text is not None:
            own = _read(path, text, (), [])
            return linter_of(own.table) if own is not None else Linter()
    pyproject = documents.get(PYPROJECT) or ""
    found = _read(PYPROJECT, pyproject, ("tool", "ruff"), []) if "ruff" in pyproject else None
    return linter_of(found.table) if found is not None else Linter()


def _read(path: str, text: str, prefix: tuple[str, ...], errors: list[ConfigError]) -> _Document | None:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        errors.append(ConfigError(path, 1, "The file is larger than 64 kB and was not read; defaults apply."))
        return None
    if _LONG_KEY.search(text):  # the standard parser takes quadratic time for these
        errors.append(
            ConfigError(path, 1, "A key has too many parts; the file was not read and defaults apply.")
        )
        return None
    try:
        table: Any = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also numbers too long for Python
        where = re.search(r"\(at line (\d+), column \d+\)", str(error))
        reason = (
            re.sub(r" \(at .*\)$", "", str(error)) if isinstance(error, ValueError) else "Too deeply nested"
        )
        line = (
            int(where[1])
            if where
            else 1 + text.rstrip("\n").count("\n")
            if "end of document" in str(error)
            else 1
        )
        errors.append(ConfigError(path, line, f"This is not valid TOML ({reason}); defaults apply."))
        return None
    lines = KeyLines(text, prefix)
    for part in prefix:
        table = table.get(part, {})
        if not isinstance(table, dict):
            errors.append(ConfigError(path, lines.line(()), f"`{part}` must be a table; defaults apply."))
            return None
    return _Document(path, table, lines)


def _values(
    document: _Document,
    errors: list[ConfigError],
    codes: Collection[str] | None,
    left_out: Collection[str] = (),
) -> dict[str, Any]:
    """The valid keys of a document, as the builtins that `Table` is made of; each mistake becomes an error."""
    values: dict[str, Any] = {}

    said = 0

    def refuse(keys: tuple[str | int, ...], message: str | Callable[[], str]) -> None:
        nonlocal said
        said += 1
        if said == _MAX_ERRORS:
            message = "There are more mistakes from here on; they are left out too."
        if said <= _MAX_ERRORS:
            text = message if isinstance(message, str) else message()
            errors.append(ConfigError(document.path, document.lines.line(keys), text))

    for key, value in document.table.items():
        if key not in _FIELDS:
            refuse((key,), partial(_unknown, key, _FIELDS))
        elif key in left_out:
            refuse((key,), f"`{key}` counts for the whole repository; here it is left out.")
        elif key in ("severity", "mode", "context") and isinstance(value, dict):
            part = _entries(key, value, codes, refuse)
            if part:
                values[key] = part
        elif key in ("endpoint", "budget") and isinstance(value, list):
            kind = EndpointTable if key == "endpoint" else BudgetTable
            values[key] = tuple(_rows(key, kind, value, refuse))
        elif key in ("select", "ignore") and isinstance(value, list):
            values[key] = tuple(_codes(key, value, codes, refuse))
        else:
            problem = _problem(value, _FIELDS[key].type)
            if problem is None and key in ("profile", "observed") and not _inside(value):
                problem = "a relative path inside the repository is expected"
            if problem is None:
                values[key] = value
            else:
                default = _DEFAULTS[key]
                applies = f" The default `{default}` applies." if isinstance(default, str | int) else ""
                refuse((key,), f"`{key}`: {problem}.{applies}")
    return values


def _entries(
    key: str, value: dict[str, Any], codes: Collection[str] | None, refuse: _Refuse
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    fields = {entry.name: entry.type for entry in msgspec.structs.fields(Context)}
    for name, entry in value.items():
        if key == "context":
            if name not in fields:
                refuse((key, name), partial(_unknown, name, fields, f"[{key}] "))
                continue
            problem = _problem(entry, fields[name])
        else:
            unknown = None if key == "mode" and name == "default" else _unknown_code(name, codes)
            if unknown:
                refuse((key, name), f"`{key}`: {unknown}.")
                continue
            problem = _problem(entry, Severity if key == "severity" else Mode)
        if problem is None:
            kept[name] = entry
        else:
            refuse((key, name), f"`{key}.{name}`: {problem}; it is left out.")
    return kept


def _rows(key: str, kind: type[msgspec.Struct], rows: list[Any], refuse: _Refuse) -> Iterable[msgspec.Struct]:
    names = {entry.name for entry in msgspec.structs.fields(kind)}
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            refuse((key, number), f"`[[{key}]]`: a table is expected; it is left out.")
            continue
        strangers = [name for name in row if name not in names]
        for name in strangers:
            refuse((key, number, name), partial(_unknown, name, names, f"[[{key}]] "))
        if strangers:
            row = {name: entry for name, entry in row.items() if name in names}
        try:
            yield msgspec.convert(row, kind)
        except msgspec.ValidationError as error:
            path = re.search(r"`\$\.(\w+)`$", str(error))
            where = (key, number, path[1]) if path else (key, number)
            refuse(where, f"`[[{key}]]`: {_words(error, path[1] if path else '')}; this entry is left out.")


def _codes(key: str, value: list[Any], codes: Collection[str] | None, refuse: _Refuse) -> Iterable[str]:
    for entry in value:
        unknown = _unknown_code(entry, codes) if isinstance(entry, str) else "codes in quotes are expected"
        if unknown:
            refuse((key,), f"`{key}`: {unknown}.")
        else:
            yield entry


def _unknown_code(code: str, codes: Collection[str] | None) -> str | None:
    if codes is None:  # asked for only when the configuration names rules: it imports them all
        codes = frozenset(rule.code for rule in registry.cards())
    if any(known.startswith(code) for known in codes) and _CODE.fullmatch(code):
        return None
    hint = f"; did you mean `{code.upper()}`" if code.upper() in codes else ""
    return f"there is no rule `{_short(code)}`{hint}"


def _unknown(key: str, known: Collection[str], where: str = "") -> str:
    near = _near(key, known)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    return f"{where}There is no key `{_short(key)}`; it is left out.{hint}"


@lru_cache(maxsize=256)
def _closest(word: str, known: frozenset[str]) -> tuple[str, ...]:
    return tuple(difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6))


def _near(word: str, known: Collection[str]) -> tuple[str, ...]:
    return _closest(word, frozenset(known)) if len(word) <= 30 else ()


def _problem(value: Any, kind: Any) -> str | None:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        words = _words(error)
        choices = dict.fromkeys(_choices(kind)) if words.startswith("invalid enum value") else {}
        return f"{words}, expected {' or '.join(f'`{choice}`' for choice in choices)}" if choices else words
    return None


def _choices(kind: Any) -> tuple[str, ...]:
    """The words that a setting may be, where it is one of a few."""
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return tuple(str(choice.value) for choice in kind)
    if get_origin(kind) is Literal:
        return tuple(map(str, get_args(kind)))
    return tuple(choice for part in get_args(kind) for choice in _choices(part))


def _words(error: msgspec.ValidationError, key: str = "") -> str:
    """msgspec's message without its path, beginning in lower case."""
    message = re.sub(r" - at `.*`$", "", str(error))
    message = message.replace("`null`", "nothing").replace(" | null", "")
    message = re.sub(r"\bObject missing required field `(\w+)`", r"`\1` is missing", message)
    message = message[0].lower() + message[1:] if message[:1] != "`" else message
    return f"`{key}`: {message}" if key else message


def _inside(path: str) -> bool:
    return not path.startswith(("/", "\\")) and ".." not in path.split("/") and ":" not in path


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _merge(values: dict[str, Any], over: Mapping[str, Any]) -> None:
    """Put `over` on top: tables by rule and `context` key by key, everything else whole."""
    for key, value in over.items():
        below = values.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            values[key] = {**below, **value}
        elif key == "mode" and isinstance(value, dict) and isinstance(below, str):
            values[key] = {"default": below, **value}
        else:
            values[key] = value


def _structs(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: msgspec.convert(value, _FIELDS[key].type) for key, value in values.items()}
