"""Which calls stop the event loop, and which rule says so: the question FP101 to FP109 and FP701 share.

A direct call belongs to FP101 or FP102 and is reported where it stands. What a synchronous helper does is
reported by FP103 at the call in the first async function. In middleware and in streams FP105 and FP106 speak in
their place. Waiting for threads is FP109, computing is FP701. FP104 takes all of a function that never awaits.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from msgspec import Struct
from msgspec.structs import replace

from rules import libraries
from rules.engine.finding import Hop, Severity
from rules.engine.linking.graph import LOOP
from rules.engine.linking.instances import Lifetime, lives
from rules.engine.linking.namesakes import namesakes
from rules.engine.reading import facts
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.quick_calls import LEFT_OPEN, is_quick
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import own_calls, own_nodes
from rules.engine.service.first_time import is_for_first_time
from rules.libraries import Blocking, Kind

if TYPE_CHECKING:
    from rules.engine.costs.summaries import Leaf
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module
    from rules.engine.reading.scopes import FunctionNode

_STREAMS = ("StreamingResponse", "EventSourceResponse")
_KINDS = frozenset({Kind.NET, Kind.SLEEP, Kind.PROC, Kind.DB})
_LONG = _KINDS - {Kind.DB}
# What belongs to the event loop or to one thread and must not be handed to another.
_BOUND = (
    "sqlalchemy.",
    "sqlmodel.",
    "asyncio.",
    "aiohttp.",
    "anyio.",
    "asyncpg.",
    "aiosqlite.",
    "sqlite3.",
    "psycopg.",
    "httpx.AsyncClient",
    "httpx2.AsyncClient",
    "redis.asyncio.",
    "motor.",
    "starlette.websockets.",
    "fastapi.WebSocket",
)
# A mutex is held for microseconds, a queue without a bound is never full: waits that nobody notices.
_SHORT_WAITS = frozenset({"acquire", "put", "shutdown", "poll"})
_UPKEEP = frozenset({"connect", "begin", "rollback", "close", "ping"})
_CLOSING = _UPKEEP | {"commit", "flush", "refresh"}
_IDLE = frozenset({"rollback", "begin"})
"""They send nothing where nothing was asked before."""
_SINGLE = frozenset({"requests", "httpx", "urllib", "urllib3", "http", "socket", "botocore", "boto3"})
"""Whose calls are requests of their own, each mended by itself."""
_PIXELS = frozenset(
    {"convert", "copy", "crop", "rotate", "transpose", "cvtColor", "GaussianBlur", "warpAffine"}
)
"""What takes milliseconds for all but the largest images."""
_QUICK_STORES = frozenset({"redis", "valkey", "pymemcache", "memcache"})
_STORE_WAITS = frozenset(
    {"blpop", "brpop", "blmove", "brpoplpush", "bzpopmin", "bzpopmax", "listen", "get_message", "xread"}
)
_RESOLVING = frozenset(
    {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getfqdn"}
)
_KEEPING = frozenset(
    {
        "jwt.PyJWKClient.get_signing_key",
        "jwt.PyJWKClient.get_signing_key_from_jwt",
        "firebase_admin.auth.verify_id_token",
        "firebase_admin.auth.verify_session_cookie",
    }
)
"""They keep the keys that they fetched, for minutes or hours."""
_STARTING = "subprocess.Popen"
"""Starts a program and does not wait for it: some milliseconds."""
TYPED = "builtins.input"
"""Waits for somebody at a terminal."""
_DESCRIBED = frozenset({"googleapiclient.discovery.build"})
"""They read a description that comes with the package; what is asked of what they make takes the time."""
OPENING = frozenset({"sqlite3.connect", "duckdb.connect"})
"""They open a file; what is asked of it afterwards takes the time."""
_STARTS = frozenset(
    {"start", "serve", "startup", "start_server", "start_service", "run_forever", "serve_forever"}
)
_ENDS = ("stop", "shutdown", "close", "aclose")
_LASTING = frozenset(
    {"create_task", "ensure_future", "start_server", "create_server", "start_tls", "serve_forever"}
)
"""What a service begins that stays until it is stopped."""
AFTER_FAILURE = "after a failure"
_NOT_KEPT = "whenever the answer is not cached yet"
FIRST_TIME = "the first time"
WISHED = "when it is asked to"
ASIDE = "on some machines"
AT_START = "when the service starts"
CHOSEN = "with one of the objects that it may be"
_AT_MOST = {
    AFTER_FAILURE: Severity.HIGH,
    FIRST_TIME: Severity.LOW,
    ASIDE: Severity.LOW,
    CHOSEN: Severity.MEDIUM,
}
_OF_HELPERS = frozenset({"FP103", "FP105", "FP106"})
_IF_MISSING = regex(r"_or_(?:create|make|generate|build|init)|(?:create|make|generate)_if_")
_FAR = 4
"""Longer call paths are said one severity lower."""
_IN_SIGHT = 10
"""So many lines on, somebody who reads of a call still sees the other."""


class Stop(Struct, frozen=True):
    """A call in an async function that holds the event loop."""

    code: str
    call: ast.Call | ast.Attribute
    """An attribute where reading it runs a property."""
    callable: str
    kind: Kind
    instead: str
    severity: Severity
    entry: Blocking
    path: tuple[Hop, ...] = ()
    """From the helper's own call to the leaf; empty when `call` is the leaf."""
    seldom: str = ""
    """When it happens, where that is not at each call: "whenever the answer is not cached yet"."""
    sometimes: bool = False
    """Whether it stands in one arm of a branch of a helper."""
    under_condition: bool = False
    """Whether a helper makes it in the body of an `if`."""
    besides: tuple[str, ...] = ()
    """What else the same call reaches that stops the loop: it is one finding, and one thread mends both."""
    of_kind: bool = False
    """Whether a helper does it for values of one kind only."""
    handed: bool = False
    """Whether `call` hands a function that does it to a coroutine function, which calls it."""

    def call_path(self, module: Module) -> tuple[Hop, ...]:
        """The whole way, beginning with `call` itself; empty when `call` is the leaf."""
        if not self.path:
            return ()
        return Hop(module.path, self.call.lineno, self.name.rpartition(".")[2]), *self.path

    @property
    def name(self) -> str:
        """What is called or read, as the reader knows it."""
        return spelled(self.call.func if isinstance(self.call, ast.Call) else self.call)


def code_of(entry: Blocking) -> str | None:
    """The rule that reports a direct call of `entry`; None when none of them does."""
    if entry.name == TYPED:
        return "FP101"
    if entry.kind is Kind.CPU:
        if entry.construct and libraries.client(entry.name) is not None:
            return None  # clients made again and again are another rule's
        return "FP701" if Severity(entry.severity) in (Severity.CRITICAL, Severity.HIGH) else None
    if entry.kind is Kind.WAIT:
        return "FP109" if entry.name.rpartition(".")[2] not in _SHORT_WAITS else None
    if entry.kind not in _KINDS:
        return None
    if entry.kind is Kind.DB:
        if entry.name in OPENING:
            return "FP102"
        return "FP101" if entry.construct and not entry.name.startswith("sqlalchemy.") else "FP102"
    return "FP101"


def direct(call: ast.Call, module: Module) -> Stop | None:
    """The stop that `call` itself is, in the async function it stands in."""
    entry = module.blocking(call)
    if entry is None:
        return None
    code = code_of(entry)
    if code is None or module.is_awaited(call) or module.is_offloaded(call):
        return None
    function = module.function_of(call)
    if function is None or not function.is_async or not _is_felt(call, code, entry.kind, module):
        return None
    name = entry.name.rpartition(".")[2]
    if is_quick(call, name) or (name in LEFT_OPEN and _is_partial(call, module)):
        return None
    code = _said_by(code, function.node, module)
    seldom, severity = _seldom_here(call, module), weight(entry)
    if seldom:
        most = _AT_MOST.get(seldom, Severity.MEDIUM)
        severity = min(severity, most, key=lambda each: each.rank)
    if module.call_flags(call) & facts.QUICK:
        return None
    if module.call_flags(call) & facts.BRIEF:
        severity = Severity.LOW
    if entry.name == _STARTING and _is_waited_for(call, function.node, module):
        entry, severity = replace(entry, construct=False), Severity(entry.severity)
    return Stop(code, call, entry.name, entry.kind, entry.instead, severity, entry, seldom=seldom)


def _is_felt(call: ast.Call, code: str, kind: Kind, module: Module) -> bool:
    """Whether a call stops a loop that has others to go on with. In a program that serves nobody, only what takes long counts."""
    return module.runs_on_event_loop(call) or (
        code == "FP101" and kind in _LONG and module.goes_on_beside_others(call)
    )


def _is_partial(call: ast.Call, module: Module) -> bool:
    value = module.value(call.func)
    return value is not None and value.partial


def together(function: FunctionNode, module: Module, code: str) -> list[list[Stop]]:
    """The stops that `code` reports where they stand in `function`, one list per library, the most telling first.

    One conversation with a database or a mail server is moved as a whole, so it is one finding.
    """
    return list({id(each): each for each in _groups(function, module, code).values()}.values())


def _groups(function: FunctionNode, module: Module, code: str) -> dict[ast.AST, list[Stop]]:
    """By the call of each stop, its list."""
    if not isinstance(function, ast.AsyncFunctionDef):
        return {}
    known = _talks.setdefault(module, {})
    if (function, code) not in known:
        found: dict[str, list[Stop]] = {}
        for call in own_calls(function):
            stop = direct(call, module)
            if stop is not None and stop.code == code:
                found.setdefault(_conversation(stop), []).append(stop)
        for group in found.values():
            group.sort(
                key=lambda stop: (
                    _is_closing(stop),
                    _is_upkeep(stop),
                    on_failure(stop.call, module),
                    stop.call.lineno,
                )
            )
        known[function, code] = {stop.call: group for group in found.values() for stop in group}
    return known[function, code]


def group_of(stop: Stop, module: Module) -> list[Stop]:
    """The stops that are one finding with `stop`, itself among them; the first is where it is said."""
    function = module.function_of(stop.call)
    groups = _groups(function.node, module, stop.code) if function is not None else {}
    return groups.get(stop.call, [stop])


def is_only_closing(stops: list[Stop]) -> bool:
    """Whether they only end what others did: commits, rollbacks."""
    return all(map(_is_closing, stops))


def _conversation(stop: Stop) -> str:
    package = stop.callable.partition(".")[0]
    if package == "sqlmodel":
        return "sqlalchemy"  # of one session, some methods are its own
    if stop.code == "FP102" or (stop.kind is Kind.NET and package not in _SINGLE):
        return package
    return f"{stop.call.lineno}:{stop.call.col_offset}"


def is_hardly_felt(stop: Stop) -> bool:
    """Whether a helper sleeps or tidies up only when something fails, fills a store of its own with an answer that comes
    soon, or waits for a thread in one of its branches only."""
    if stop.kind is Kind.WAIT and stop.sometimes:
        return True
    if stop.seldom == AFTER_FAILURE:
        return bool(stop.path) and stop.kind in (Kind.SLEEP, Kind.DB, Kind.WAIT)
    return stop.seldom == _NOT_KEPT and (stop.kind is Kind.WAIT or (stop.kind is Kind.DB and bool(stop.path)))


def is_idle(stop: Stop) -> bool:
    """Whether it most likely asks the database nothing: where other work came before, that is what is said."""
    return stop.kind is Kind.DB and stop.callable.rpartition(".")[2] in _IDLE


def _is_closing(stop: Stop) -> bool:
    return stop.kind is Kind.DB and stop.callable.rpartition(".")[2] in _CLOSING


def on_failure(node: ast.AST, module: Module) -> bool:
    current: ast.AST | None = node
    while current is not None and not isinstance(current, ast.AsyncFunctionDef):
        if isinstance(current, ast.ExceptHandler):
            return True
        current = module.parent(current)
    return False


def through_helper(call: ast.Call | ast.Attribute, module: Module) -> Iterator[Stop]:
    """The stops that a synchronous project function, called here (a property: read), leads to: one per kind, the nearest."""
    summary = module.summary(call)
    if summary is None:
        return
    between: tuple[Hop, ...] = ()
    if isinstance(call, ast.Call) and module.is_awaited(call):
        handed = module.handed_summary(call)
        if handed is None:
            return
        summary, between = handed[0], (handed[1],)
    if summary.is_async or not summary.blocking:
        return
    function = module.function_of(call)
    if function is None or not function.is_async or module.is_offloaded(call):
        return
    on_loop = module.runs_on_event_loop(call)
    if not on_loop and not module.goes_on_beside_others(call):
        return
    here = _seldom_here(call, module) if isinstance(call, ast.Call) else ""
    nearest: dict[Kind, Stop] = {}
    for leaf in summary.blocking:
        entry = leaf.blocking
        code = code_of(entry) if entry is not None else None
        if entry is None or code is None:
            continue
        if not on_loop and entry.kind not in _LONG:
            continue
        if code not in ("FP109", "FP701"):
            code = _said_by("FP103", function.node, module)
        severity = weight(entry)
        seldom = here if here in (FIRST_TIME, AT_START) else _seldom(leaf, module) or here
        if seldom == _NOT_KEPT and _makes_what_is_kept(leaf, call, module):
            seldom = FIRST_TIME
        if seldom:
            most = Severity.MEDIUM if seldom == AFTER_FAILURE else _AT_MOST.get(seldom, Severity.MEDIUM)
            severity = min(severity, most, key=lambda each: each.rank)
        elif len(leaf.path) > _FAR:
            severity = severity.lowered()
        if leaf.rarely & facts.BRIEF:
            severity = min(severity, Severity.LOW, key=lambda each: each.rank)
        stop = Stop(
            code,
            call,
            leaf.callable,
            entry.kind,
            entry.instead,
            severity,
            entry,
            (*between, *leaf.path),
            seldom,
            leaf.sometimes,
            leaf.under_condition,
            of_kind=leaf.of_kind,
            handed=bool(between),
        )
        known = nearest.get(entry.kind)
        if known is None or _telling(stop) < _telling(known):
            nearest[entry.kind] = stop
    yield from nearest.values()


def by_name(call: ast.Call, module: Module) -> tuple[Stop, Node] | None:
    """The stop that a call leads to where nobody knows its object, by the methods that are called so, of which half block;
    with the method that does."""
    found: list[tuple[Stop, Node]] = []
    alike = namesakes(call, module)
    for node in alike:
        if node.is_async or node.function.flags & (facts.GENERATOR | facts.CACHED):
            return None
        made = [
            Stop("FP103", call, leaf.callable, entry.kind, entry.instead, weight(entry), entry, leaf.path)
            for leaf in module.project.summaries.of(node).blocking
            if (entry := leaf.blocking) is not None
            and code_of(entry) in ("FP101", "FP102")
            and not _seldom(leaf, module)
            and not (leaf.sometimes or leaf.of_kind or leaf.rarely)
            and len(leaf.path) < _FAR
        ]
        if made:
            found.append((min(made, key=_telling), node))
    return min(found, key=lambda each: _telling(each[0])) if found and len(found) * 2 >= len(alike) else None


def _telling(stop: Stop) -> tuple[bool, bool, int]:
    """What says most about a helper first: each time, real work, near."""
    return bool(stop.seldom), _is_upkeep(stop), len(stop.path)


def _is_waited_for(call: ast.Call, function: FunctionNode, module: Module) -> bool:
    """Whether the function stays with the program that it starts: `with Popen(…)`, `for line in process.stdout`."""
    around = module.parent(call)
    if not isinstance(around, ast.Assign):
        return isinstance(around, ast.withitem)
    names = {ast.unparse(target) for target in around.targets}
    return not isinstance(function, ast.Lambda) and any(
        isinstance(node, ast.Attribute)
        and node.attr == "stdout"
        and ast.unparse(node.value) in names
        and not _is_handed_on(node, module)
        for node in own_nodes(function)
    )


def _is_handed_on(stream: ast.Attribute, module: Module) -> bool:
    """`Thread(target=read, args=(process.stdout,))`: somebody else stays with it."""
    around = module.parent(stream)
    while isinstance(around, ast.Tuple | ast.List | ast.keyword):
        around = module.parent(around)
    return isinstance(around, ast.Call) and last_name(around.func) not in ("enumerate", "iter")


def only_starts(stop: Stop) -> bool:
    """Whether it starts a program and goes on."""
    return stop.entry.construct and stop.entry.name == _STARTING


def _is_upkeep(stop: Stop) -> bool:
    """Whether it only starts a program, takes a connection or gives up a transaction: the work is elsewhere."""
    if only_starts(stop) or stop.entry.name in _DESCRIBED:
        return True
    return stop.kind is Kind.DB and stop.callable.rpartition(".")[2] in _UPKEEP


def weight(entry: Blocking) -> Severity:
    """The severity of a stop. What answers in less than a millisecond as a rule is felt by few."""
    if entry.name in OPENING or entry.name in _DESCRIBED or (entry.construct and entry.name == _STARTING):
        return Severity.LOW
    severity = Severity(entry.severity)
    package, last = entry.name.partition(".")[0], entry.name.rpartition(".")[2]
    if package == "PIL" and severity is Severity.CRITICAL:
        severity = Severity.MEDIUM if last in _PIXELS else Severity.HIGH
    if package == "cv2":  # one frame takes some milliseconds
        severity = Severity.MEDIUM if last in _PIXELS or last == "resize" else Severity.HIGH
    quick = (package in _QUICK_STORES and last not in _STORE_WAITS) or entry.name in _RESOLVING | _KEEPING
    return min(severity, Severity.MEDIUM, key=lambda each: each.rank) if quick else severity


def _seldom_here(call: ast.Call, module: Module) -> str:
    """When a call is made, as far as its own function says, and those who make what is kept with it."""
    flags = module.call_flags(call)
    if flags & facts.ONCE:
        return FIRST_TIME
    if flags & facts.FAILING:
        return AFTER_FAILURE
    if flags & (facts.RECALLED | facts.ON_MISS):
        return _NOT_KEPT
    node = module.graph_node(call)
    if node is None:
        return ""
    if flags & facts.OF_OBJECT and (found := _kept_by((node.path, node.symbol.rpartition(".")[0]), module)):
        return found
    if is_for_first_time(node, module.project):
        return FIRST_TIME
    return AT_START if _starts_service(node, module) and not module.is_repeated(call) else ""


def _starts_service(node: Node, module: Module) -> bool:
    """Whether a method begins what then runs for long, and another one ends it: a server, a loop in a task of its own.

    What it does before, it does once; in the loop it does so again and again.
    """
    owner, _, name = node.symbol.rpartition(".")
    if not owner or (name not in _STARTS and not name.startswith("start_")):
        return False
    ends = (*_ENDS, name.replace("start", "stop"))
    if not any((node.path, f"{owner}.{each}") in module.project.graph.nodes for each in ends):
        return False
    return any(call.ref.rpartition(".")[2] in _LASTING for call in node.function.calls)


def _kept_by(cls: tuple[str, str], module: Module) -> str:
    """When something happens that each object of a class does once."""
    match lives(module.project, cls):
        case Lifetime.PROCESS:
            return FIRST_TIME
        case Lifetime.REQUEST:
            return ""
    return _NOT_KEPT


def keeps_answer(stop: Stop) -> bool:
    """Whether the stop only happens while no answer is kept, so that one request pays for those that follow."""
    return stop.seldom in (_NOT_KEPT, FIRST_TIME)


def _makes_what_is_kept(leaf: Leaf, call: ast.Call | ast.Attribute, module: Module) -> bool:
    """Whether a memoised function on the way makes an object, and that does it: `engine()` keeps `Engine()`, which
    waits while it is made."""
    target = module.callee(call) if isinstance(call, ast.Call) else None
    kept = target is not None and bool(target.function.flags & facts.CACHED)
    for hop, following in pairwise(leaf.path):
        if kept and hop.symbol.endswith(".__init__"):
            return True
        inner = module.project.graph.nodes.get((following.path, hop.symbol))
        kept = kept or (inner is not None and bool(inner.function.flags & facts.CACHED))
    return False


def _makes_if_missing(hop: Hop) -> bool:
    """`_get_or_create_key`: as its name says."""
    return bool(_IF_MISSING.search(hop.symbol.rpartition(".")[2]))


def _seldom(leaf: Leaf, module: Module) -> str:
    if leaf.rarely & facts.ONCE:
        return FIRST_TIME
    if leaf.rarely & facts.ASIDE:
        return ASIDE
    if leaf.rarely & facts.FAILING:
        return AFTER_FAILURE
    if leaf.rarely & facts.WISHED:
        return WISHED
    if leaf.kept_by is not None and (found := _kept_by(leaf.kept_by, module)):
        return found
    if leaf.cached or leaf.on_miss or leaf.rarely & facts.RECALLED:
        return _NOT_KEPT
    if leaf.kind != Kind.DB and any(map(_makes_if_missing, leaf.path)):
        return _NOT_KEPT  # a database is asked each time whether there is one
    return CHOSEN if leaf.by_choice else ""


def by_kind(function: ast.AsyncFunctionDef, module: Module, code: str) -> list[list[Stop]]:
    """The stops through helpers that `code` reports in `function`, one list per kind and place, the worst first.

    A kind that only comes with calls of another is said there (`besides`); calls that are out of sight of each other are
    findings of their own.
    """
    found: dict[Kind, list[Stop]] = {}
    helped = _all_helped(function, module)
    for stop in helped:
        if stop.code == code:
            found.setdefault(stop.kind, []).append(stop)
    groups = [
        sorted(
            group,
            key=lambda stop: (
                -stop.severity.rank,
                _is_upkeep(stop),
                isinstance(stop.call, ast.Call) and bool(module.call_flags(stop.call) & facts.CONDITIONAL),
                stop.call.lineno,
            ),
        )
        for group in found.values()
    ]
    groups.sort(key=lambda group: -group[0].severity.rank)
    said: list[list[Stop]] = []
    for group in groups:
        around = next((each for each in said if _are_calls_of(group, each)), None)
        part = next((at for at, each in enumerate(said) if _is_told_by(each, group)), None)
        if around is None and part is not None:
            first = said[part][0]
            said[part] = [replace(group[0], besides=(*first.besides, first.callable)), *group[1:]]
        elif around is None:
            said.append(group)
        elif not group[0].seldom or around[0].seldom:
            around[0] = replace(around[0], besides=(*around[0].besides, group[0].callable))
    said = [part for group in said for part in _in_sight(group)]
    if code == "FP109":
        spoken = [each for other in sorted(_OF_HELPERS) for each in by_kind(function, module, other)]
        return [group for group in said if not any(_is_louder(each, group) for each in spoken)]
    if code in _OF_HELPERS:
        for group in said:
            _add_waits(group, helped)
    return said


def _in_sight(stops: list[Stop]) -> list[list[Stop]]:
    """The stops of one kind by where they stand: those that a reader sees together are one list, in the order they had. One
    conversation with a database is mended as a whole."""
    if stops[0].kind is Kind.DB:
        return [stops]
    parts: list[list[Stop]] = []
    for stop in sorted(stops, key=lambda each: each.call.lineno):
        if not parts or stop.call.lineno - parts[-1][0].call.lineno > _IN_SIGHT:
            parts.append([])
        parts[-1].append(stop)
    order = {id(stop): at for at, stop in enumerate(stops)}
    for part in parts:
        part.sort(key=lambda each: order[id(each)])
    return sorted(parts, key=lambda part: order[id(part[0])])


def _are_calls_of(stops: list[Stop], others: list[Stop]) -> bool:
    """Whether `others` begin with the same call, and have the rest too."""
    calls = {stop.call for stop in others}
    return stops[0].call is others[0].call and all(stop.call in calls for stop in stops)


def _is_told_by(stops: list[Stop], others: list[Stop]) -> bool:
    """Whether what `others` say, as loud and as sure, begins with the same call and has all calls of `stops`."""
    first, other = stops[0], others[0]
    return (
        _are_calls_of(stops, others)
        and first.severity is other.severity
        and bool(first.seldom) == bool(other.seldom)
        and not _is_upkeep(other)
    )


def _is_louder(stops: list[Stop], others: list[Stop]) -> bool:
    return stops[0].severity.rank >= others[0].severity.rank and _are_calls_of(others, stops)


def _add_waits(group: list[Stop], helped: Iterable[Stop]) -> None:
    """Name the waits for threads that the first call of the group brings too: FP109 leaves them to it."""
    first = group[0]
    waits = dict.fromkeys(
        stop.callable
        for stop in helped
        if stop.code == "FP109"
        and stop.call is first.call
        and stop.severity.rank <= first.severity.rank
        and (first.seldom or not (stop.seldom or stop.sometimes))
    )
    if waits:
        group[0] = replace(first, besides=(*first.besides, *waits))


_talks: WeakKeyDictionary[Module, dict[tuple[ast.AST, str], dict[ast.AST, list[Stop]]]] = WeakKeyDictionary()
_known: WeakKeyDictionary[Module, dict[ast.AST, tuple[Stop, ...]]] = WeakKeyDictionary()


def _all_helped(function: ast.AsyncFunctionDef, module: Module) -> tuple[Stop, ...]:
    """The stops through helpers in `function`: several rules ask, each for its own."""
    known = _known.setdefault(module, {})
    if function not in known:
        known[function] = tuple(
            stop
            for node in own_nodes(function)
            if node.__class__ is ast.Call or node.__class__ is ast.Attribute
            for stop in _helped(node, module)
        )
    return known[function]


def _helped(node: ast.AST, module: Module) -> Iterator[Stop]:
    if node.__class__ is ast.Call:
        if module.enters(node):
            yield from through_helper(node, module)
    elif node.__class__ is ast.Attribute and isinstance(node.ctx, ast.Load):
        yield from through_helper(node, module)


def _said_by(code: str, function: FunctionNode, module: Module) -> str:
    """FP105 in middleware and exception handlers, FP106 in streams and websockets, in the place of FP101 to FP103."""
    if code not in ("FP101", "FP102", "FP103"):
        return code
    if is_middleware(function, module):
        return "FP105"
    return "FP106" if is_stream(function, module) else code


def is_middleware(function: ast.AST, module: Module) -> bool:
    """Whether the function runs around every request, or answers for their errors."""
    return str(module.role(function) or "") in ("middleware", "exception handler")


def is_stream(function: ast.AST, module: Module) -> bool:
    """Whether the function serves one client for long: a websocket, or an async generator that a response sends."""
    if str(module.role(function) or "") == "websocket":
        return True
    node = module.graph_node(function)
    if node is None or not node.is_async or not node.function.flags & facts.GENERATOR:
        return False
    return "endpoint" in node.roles or any(
        edge.kind == LOOP and edge.call.ref.endswith(_STREAMS) for _, edge in node.callers
    )


def stops(function: ast.AsyncFunctionDef, module: Module) -> Iterator[Stop]:
    """Everything in `function` itself that holds the event loop, in source order."""
    for node in own_nodes(function):
        found = direct(node, module) if isinstance(node, ast.Call) else None
        if found is not None:
            yield found
        else:
            yield from _helped(node, module)


def offload_primitive(module: Module) -> str:
    """`run_in_threadpool` where the file has it already, else what the standard library offers."""
    if "run_in_threadpool" in module.source.text:
        return "fastapi.concurrency.run_in_threadpool"
    return "asyncio.to_thread"


def carries_bound_object(call: ast.Call, module: Module) -> bool:
    """Whether an argument, or the object whose method is called, belongs to the loop or to one thread."""
    values = [argument.value if isinstance(argument, ast.Starred) else argument for argument in call.args]
    values += [keyword.value for keyword in call.keywords]
    if isinstance(call.func, ast.Attribute):
        values.append(call.func.value)
    return any((module.type_of(value) or "").startswith(_BOUND) for value in values)
