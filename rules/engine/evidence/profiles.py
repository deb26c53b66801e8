"""What was seen of a program while it ran: profiles, traces, metrics and what its own tests observed, in one form.

Read are speedscope (py-spy writes it), py-spy's raw stacks, pyinstrument's JSON, spans as OTLP or Jaeger JSON, Prometheus
text with request durations, and what `fastperf.pytest` writes. The kind is told by the content. Nothing here raises for what
a file holds: what cannot be read is said in `problem`.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from rules.engine.reading.regexes import regex

MOST_STACK = 500
MOST_REPEATS = 10
"""Statements, and calls, that are kept of each route."""
LONGEST_TEXT = 300
_RAW_FRAME = regex(r"^(?P<function>.+?) \((?P<file>[^()]+?)(?::(?P<line>\d+))?\)$")
_RAW_LINE = regex(r"^(?P<stack>\S.*) (?P<count>\d+)$")
_SAMPLE = regex(
    r'^(?P<name>[A-Za-z_:][\w:]*)\{(?P<labels>(?:[^"}]|"(?:[^"\\]|\\.)*")*)\}\s+(?P<value>[0-9.eE+-]+|NaN|\+?Inf)'
)
_LABEL = regex(r'\b(?P<key>\w+)="(?P<value>(?:[^"\\]|\\.)*)"')
_ROUTE_LABELS = ("http_route", "handler", "route", "path_template", "path", "endpoint")
_METHOD_LABELS = ("http_request_method", "http_method", "method")
_DURATION = regex(r"(?:request|server).*(?:duration|latency|time)|(?:duration|latency).*request")
_SPACES = regex(r"\s+")
_ADDRESS = regex(r"(?<!\w)\w+://(?:[^/?#@]*@)?(?P<host>[^/?#]+)")
_FROM = regex(r"\bFROM\b", re.IGNORECASE)

_WAITING = frozenset(
    {("selectors.py", "select"), ("threading.py", "wait"), ("queue.py", "get"), ("thread.py", "_worker")}
)
"""Where a server's threads are while they have nothing to do."""
_MUCH = 0.2

_DAMAGED = (
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    msgspec.MsgspecError,
)
"""What reading a file of another shape than its kind's raises."""

Frame = tuple[str, str, int]
"""File, function, line; 0 for no line."""


class Repeat(msgspec.Struct):
    """What one request did several times: a statement, or a call to another service."""

    text: str
    times: int
    """In the request that did it most often."""
    where: str = ""
    """Which test or trace showed it."""
    frames: list[str] = []
    """The project's functions that were running, innermost first, as `path:function:line`; empty when nobody looked."""


class Route(msgspec.Struct):
    """What was seen of one route. What is 0 was not seen or not told."""

    share: float = 0.0
    """Of the time of all requests."""
    count: int = 0
    mean_ms: float = 0.0
    p95_ms: float = 0.0
    statements: int = 0
    """Most in one request."""
    repeats: list[Repeat] = []
    """Statements, the most often repeated first."""
    calls: int = 0
    """To other services, most in one request."""
    outgoing: list[Repeat] = []
    """Those calls by method and host, the most often repeated first."""
    gap_ms: float = 0.0
    """The longest time in which the event loop stood still."""
    gap_where: str = ""
    """Which test showed that."""
    gap_frames: list[str] = []
    """The project's functions that stood still, as in `Repeat`."""


class Evidence(msgspec.Struct):
    """One file's worth. Shares are of all sampled time, callers included."""

    kind: str
    path: str
    samples: int = 0
    functions: dict[str, dict[str, float]] = {}
    """File -> function -> share."""
    lines: dict[str, dict[int, float]] = {}
    routes: dict[str, Route] = {}
    """By method and path; the method is empty where it was not told."""
    problem: str = ""

    @property
    def requests(self) -> int:
        return sum(route.count for route in self.routes.values())

    @property
    def sees_waiting(self) -> bool:
        """Whether waiting threads were sampled too (`py-spy --idle`): an idle server is all waiting then."""
        return any(
            share >= _MUCH
            for file, found in self.functions.items()
            for name, share in found.items()
            if (re.split(r"[\\/]", file)[-1], name) in _WAITING
        )


def read(path: str, text: str) -> Evidence:
    """What the text of a file says. `path` is for messages only."""
    try:
        document = _document(text)
        found = _of_document(document) if document is not None else _of_text(text)
    except _DAMAGED as error:
        return Evidence("", path, problem=f"it is damaged ({type(error).__name__})")
    if found is None:
        return Evidence("", path, problem="it is none of the kinds that fastperf reads")
    found.path = path
    if not (found.functions or found.routes):
        found.problem = "it holds no samples and no requests"
    return found


def _document(text: str) -> Any:
    """The JSON in the text: one value, or one per line; None when it is none."""
    head = text.lstrip()[:1]
    if head not in ("{", "["):
        return None
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        rows = [line for line in text.splitlines() if line.strip()]
        if len(rows) < 2:
            raise ValueError("no JSON") from None
        try:
            return [msgspec.json.decode(row) for row in rows]
        except msgspec.DecodeError:
            raise ValueError("no JSON") from None


def _of_document(document: Any) -> Evidence | None:
    documents = document if isinstance(document, list) else [document]
    if not documents or not all(isinstance(each, dict) for each in documents):
        return None
    first = documents[0]
    if first.get("kind") == "fastperf-observed":
        return _observed(first)
    if "resourceSpans" in first:
        return _spans("OTLP spans", [span for each in documents for span in _otlp(each)])
    if "shared" in first and "profiles" in first:
        return _speedscope(first)
    if "root_frame" in first:
        return _pyinstrument(first)
    if isinstance(first.get("data"), list):
        return _spans("Jaeger spans", list(_jaeger(first)))
    return None


def _of_text(text: str) -> Evidence | None:
    stacks = [match for line in text.splitlines() if (match := _RAW_LINE.match(line.strip()))]
    if stacks and _RAW_FRAME.match(stacks[0]["stack"].split(";")[-1]):
        weighed = (
            ([_raw_frame(frame) for frame in match["stack"].split(";")], float(match["count"]))
            for match in stacks
        )
        return _stacks("py-spy stacks", weighed, int)
    return _prometheus(text)


def _raw_frame(text: str) -> Frame:
    match = _RAW_FRAME.match(text)
    return (match["file"], match["function"], int(match["line"] or 0)) if match else ("", text, 0)


# Stacks


def _stacks(kind: str, stacks: Iterable[tuple[Sequence[Frame], float]], count: Any) -> Evidence:
    """Each function and line gets the time of all stacks that it is in, once per stack."""
    total, samples = 0.0, 0
    functions: dict[str, Counter[str]] = defaultdict(Counter)
    lines: dict[str, Counter[int]] = defaultdict(Counter)
    for stack, weight in stacks:
        total += weight
        samples += int(weight) if count is int else 1
        for file, function in {(file, function) for file, function, _ in stack[-MOST_STACK:] if file}:
            functions[file][function] += weight  # type: ignore[assignment] # counts are times here
        for file, line in {(file, line) for file, _, line in stack[-MOST_STACK:] if file and line}:
            lines[file][line] += weight  # type: ignore[assignment] # as above
    scale = 1 / total if total else 0.0
    return Evidence(
        kind,
        "",
        samples=samples,
        functions={file: {name: n * scale for name, n in found.items()} for file, found in functions.items()},
        lines={file: {line: n * scale for line, n in found.items()} for file, found in lines.items()},
    )


def _speedscope(document: Mapping[str, Any]) -> Evidence:
    frames: list[Frame] = [
        (str(frame.get("file", "")), str(frame["name"]), int(frame.get("line") or 0))
        for frame in document["shared"]["frames"]
    ]

    def stacks() -> Iterator[tuple[Sequence[Frame], float]]:
        for profile in document["profiles"]:
            if profile.get("type") == "sampled":
                weights = profile.get("weights") or [1] * len(profile["samples"])
                for sample, weight in zip(profile["samples"], weights, strict=False):
                    yield [frames[number] for number in sample], float(weight)
            else:
                yield from _evented(profile["events"], frames)

    return _stacks("speedscope", stacks(), None)


def _evented(
    events: Sequence[Mapping[str, Any]], frames: Sequence[Frame]
) -> Iterator[tuple[Sequence[Frame], float]]:
    stack: list[Frame] = []
    since: float | None = None
    for event in events:
        at = float(event["at"])
        if since is not None and stack and at > since:
            yield list(stack), at - since
        since = at
        if event["type"] == "O":
            stack.append(frames[event["frame"]])
        elif stack:
            stack.pop()


def _pyinstrument(document: Mapping[str, Any]) -> Evidence:
    """A tree of times: what a frame has beyond its children is its own."""
    found: list[tuple[Sequence[Frame], float]] = []
    pending: list[tuple[Mapping[str, Any], tuple[Frame, ...]]] = [(document["root_frame"], ())]
    while pending:
        node, above = pending.pop()
        file = str(node.get("file_path") or node.get("file_path_short") or "")
        stack = (*above, (file, str(node["function"]), int(node.get("line_no") or 0)))[-MOST_STACK:]
        children = node.get("children") or []
        own = float(node["time"]) - sum(float(child["time"]) for child in children)
        if own > 0:
            found.append((stack, own))
        pending += [(child, stack) for child in children]
    evidence = _stacks("pyinstrument", found, None)
    evidence.samples = int(document.get("sample_count") or evidence.samples)
    evidence.lines = {}  # its lines are those of the functions
    return evidence


# Spans


class _Span(msgspec.Struct):
    trace: str
    id: str
    parent: str
    milliseconds: float
    attributes: dict[str, str]
    name: str
    kind: str

    def get(self, *keys: str) -> str:
        return next((self.attributes[key] for key in keys if self.attributes.get(key)), "")


def _otlp(document: Mapping[str, Any]) -> Iterator[_Span]:
    for resource in document["resourceSpans"]:
        for scope in resource.get("scopeSpans") or resource.get("instrumentationLibrarySpans") or []:
            for span in scope["spans"]:
                attributes = {
                    entry["key"]: str(next(iter(entry["value"].values()), ""))
                    for entry in span.get("attributes", [])
                }
                started, ended = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
                yield _Span(
                    span["traceId"],
                    span["spanId"],
                    span.get("parentSpanId") or "",
                    (ended - started) / 1e6,
                    attributes,
                    str(span.get("name", "")),
                    str(span.get("kind", "")),
                )


def _jaeger(document: Mapping[str, Any]) -> Iterator[_Span]:
    for trace in document["data"]:
        for span in trace["spans"]:
            parents = [
                entry["spanID"] for entry in span.get("references", []) if entry.get("refType") == "CHILD_OF"
            ]
            attributes = {tag["key"]: str(tag["value"]) for tag in span.get("tags", [])}
            yield _Span(
                span["traceID"],
                span["spanID"],
                parents[0] if parents else "",
                float(span["duration"]) / 1000,
                attributes,
                str(span.get("operationName", "")),
                attributes.get("span.kind", ""),
            )


def _spans(kind: str, spans: Sequence[_Span]) -> Evidence:
    by_id = {(span.trace, span.id): span for span in spans}
    servers: dict[tuple[str, str], str] = {}
    durations: dict[str, list[float]] = defaultdict(list)
    for span in spans:
        path, method = span.get("http.route"), span.get("http.request.method", "http.method")
        if path and not _is_client(span) and not _has_server_above(span, by_id):
            servers[span.trace, span.id] = f"{method} {path}".strip()
            durations[servers[span.trace, span.id]].append(span.milliseconds)
    statements: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    calls: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    frames: dict[str, list[str]] = {}
    for span in spans:
        server = _server_of(span, by_id, servers)
        if server is None:
            continue
        text = span.get("db.query.text", "db.statement")
        if text:
            statements[server][plain(text)] += 1
            frames.setdefault(plain(text), _frames(span))
        elif _is_client(span) and (method := span.get("http.request.method", "http.method")):
            calls[server][f"{method} {_host(span)}".strip()] += 1
    total = sum(sum(found) for found in durations.values()) or 1.0
    routes = {
        name: Route(
            share=sum(found) / total,
            count=len(found),
            mean_ms=sum(found) / len(found),
            p95_ms=sorted(found)[min(len(found) - 1, int(len(found) * 0.95))],
        )
        for name, found in durations.items()
    }
    for server, name in servers.items():
        route, where = routes[name], f"trace {server[0][:16]}"
        counted, called = statements.get(server, Counter()), calls.get(server, Counter())
        route.statements = max(route.statements, counted.total())
        route.calls = max(route.calls, called.total())
        route.repeats = worst(
            route.repeats, (Repeat(text, n, where, frames[text]) for text, n in counted.items())
        )
        route.outgoing = worst(route.outgoing, (Repeat(text, n, where) for text, n in called.items()))
    return Evidence(kind, "", routes=routes)


def worst(known: Iterable[Repeat], more: Iterable[Repeat]) -> list[Repeat]:
    """Each text once, from the request that did it most often; at most so many."""
    found: dict[str, Repeat] = {}
    for each in (*known, *more):
        if each.text not in found or each.times > found[each.text].times:
            found[each.text] = each
    return sorted(found.values(), key=lambda each: -each.times)[:MOST_REPEATS]


def _frames(span: _Span) -> list[str]:
    """The place in the code that some instrumentations put into a span."""
    file = span.get("code.file.path", "code.filepath")
    function = span.get("code.function.name", "code.function").rpartition(".")[2]
    line = span.get("code.line.number", "code.lineno") or "0"
    return [f"{file}:{function}:{line}"] if file and function else []


def _host(span: _Span) -> str:
    host = span.get("server.address", "net.peer.name", "http.host")
    if host:
        return host
    address = _ADDRESS.match(span.get("url.full", "http.url"))
    return address["host"] if address else ""


def _is_client(span: _Span) -> bool:
    return span.kind.lower() in {"3", "span_kind_client", "client"}


def _has_server_above(span: _Span, by_id: Mapping[tuple[str, str], _Span]) -> bool:
    """Frameworks add spans of their own below a request's (`http send`) that repeat its route."""
    return any(above.get("http.route") and not _is_client(above) for above in _above(span, by_id))


def _above(span: _Span, by_id: Mapping[tuple[str, str], _Span]) -> Iterator[_Span]:
    seen = 0
    while span.parent and (above := by_id.get((span.trace, span.parent))) is not None and seen < MOST_STACK:
        yield above
        span, seen = above, seen + 1


def _server_of(
    span: _Span, by_id: Mapping[tuple[str, str], _Span], servers: Mapping[tuple[str, str], str]
) -> tuple[str, str] | None:
    return next(
        ((above.trace, above.id) for above in _above(span, by_id) if (above.trace, above.id) in servers), None
    )


def plain(statement: str) -> str:
    """A statement on one line and not too long: what is compared and shown. Of a long list of columns the middle goes."""
    text = _SPACES.sub(" ", statement).strip()
    source = _FROM.search(text, LONGEST_TEXT // 2)
    if len(text) <= LONGEST_TEXT or source is None:
        return text[:LONGEST_TEXT]
    head = text[: LONGEST_TEXT // 2]
    return f"{head} … {text[source.start() :]}"[:LONGEST_TEXT]


# Metrics, and our own


def _prometheus(text: str) -> Evidence | None:
    """Request durations by route: sums and counts, and the 95th percentile of the buckets."""
    sums: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    buckets: dict[str, Counter[float]] = defaultdict(Counter)
    factor = {"seconds": 1000.0, "milliseconds": 1.0, "ms": 1.0}
    for line in text.splitlines():
        match = _SAMPLE.match(line)
        if match is None:
            continue
        base, _, part = match["name"].rpartition("_")
        if part not in ("sum", "count", "bucket") or not _DURATION.search(base):
            continue
        labels = {found["key"]: found["value"] for found in _LABEL.finditer(match["labels"])}
        path = next((labels[key] for key in _ROUTE_LABELS if labels.get(key)), "")
        if not path or path == "none":
            continue
        name = f"{next((labels[key] for key in _METHOD_LABELS if labels.get(key)), '')} {path}".strip()
        unit = factor.get(base.rpartition("_")[2], 1000.0)
        value = float(match["value"])
        if not math.isfinite(value):
            continue
        if part == "sum":
            sums[name] += value * unit  # type: ignore[assignment] # times
        elif part == "count":
            counts[name] += int(value)
        else:
            buckets[name][float(labels.get("le", "inf").replace("+Inf", "inf")) * unit] += int(value)
    if not counts:
        return None
    total = sum(sums.values()) or 1.0
    return Evidence(
        "Prometheus metrics",
        "",
        routes={
            name: Route(
                share=sums[name] / total,
                count=count,
                mean_ms=sums[name] / count,
                p95_ms=_quantile(buckets[name], 0.95 * count),
            )
            for name, count in counts.items()
            if count
        },
    )


def _quantile(buckets: Mapping[float, int], wanted: float) -> float:
    """The upper end of the bucket that holds it; 0 beyond the last finite one."""
    for end, count in sorted(buckets.items()):
        if count >= wanted:
            return 0.0 if end == float("inf") else end
    return 0.0


def _observed(document: Mapping[str, Any]) -> Evidence:
    routes = msgspec.convert(document["routes"], dict[str, Route], strict=False)
    return Evidence("observed tests", "", routes=routes)
