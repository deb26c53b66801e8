"""The functions of a project and what runs what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

import msgspec
from msgspec import Struct, field

from rules.engine.linking import templates
from rules.engine.linking.knowledge import Knowledge
from rules.engine.linking.resolver import Resolver
from rules.engine.linking.unions import TABLE
from rules.engine.linking.values import Linked, Sort, Value, function_value
from rules.engine.reading import callbacks, facts, quick_calls
from rules.engine.reading.facts import Argument, Call, Function
from rules.engine.reading.paths import place_of as place_of
from rules.libraries import Blocking, External, Offload, Query

# How an edge runs its target.
CALL = "call"
THREAD = "thread"
PROCESS = "process"
BACKGROUND = "background"
LOOP = "loop"
ELSEWHERE = "elsewhere"
"""It runs, but nobody knows where."""

_STREAMS = frozenset({"StreamingResponse", "EventSourceResponse"})


class Edge(Struct, eq=False):
    target: Node
    call: Call
    kind: str
    at: int = 0
    """Its position among the edges of its function."""
    offload: str = ""
    """What hands it on, where it runs in a thread: `asyncio.to_thread`."""
    one_of_several: bool = False
    """Which function the call runs depends on what a registry or a factory gives."""
    is_open: bool = False
    """It may as well run none that is known: a table of handlers is asked by key."""
    handed: bool = False
    """The call hands the target to a function that calls it: as an argument, or with its object (`CsvImporter().run()`)."""


class LeafCall(Struct, eq=False):
    """A call of something outside the project that waits, queries, leaves the machine or connects."""

    name: str
    call: Call
    blocking: Blocking | None
    query: Query | None
    external: External | None
    kind: str = CALL
    """Where it runs, as of an edge: a thread or a process where the call hands on the callable itself."""
    offload: str = ""
    """What hands it on: `asyncio.to_thread`."""


class Node(Struct, eq=False):
    """A function of the project in the call graph."""

    module: Linked
    function: Function
    name: str
    is_async: bool
    edges: list[Edge] = field(default_factory=list)
    callers: list[tuple[Node, Edge]] = field(default_factory=list)
    leaves: list[LeafCall] = field(default_factory=list)
    contexts: int = 0
    roles: set[str] = field(default_factory=set)
    endpoints: int = 0
    """A bit for each endpoint of the project that reaches it."""

    @property
    def path(self) -> str:
        return self.module.path

    @property
    def symbol(self) -> str:
        return self.function.symbol


def below(nodes: Iterable[Node]) -> set[Node]:
    """The nodes themselves and everything that they call, at any distance."""
    found: set[Node] = set()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending.extend(edge.target for edge in node.edges)
    return found


def above(nodes: Iterable[Node], known: Collection[Node] = ()) -> set[Node]:
    """The nodes themselves and everything that calls them, at any distance; and `known`, whose callers are among it."""
    found = {*known}
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending.extend(caller for caller, _ in node.callers)
    return found


def only_through(node: Node, gate: Callable[[Node], bool], most: int) -> bool:
    """Whether each way to a node, up to `most` functions, comes through one of which `gate` holds; it may be the node itself. What has
    a role, or nobody calls, is where another way begins."""
    seen, pending = {node}, [node]
    for each in pending:  # grows while we go
        if gate(each):
            continue
        if each.roles or not each.callers or len(pending) > most:
            return False
        for caller, _ in each.callers:
            if caller not in seen:
                seen.add(caller)
                pending.append(caller)
    return True


class Graph:
    """Nodes by (path, symbol), with edges and leaves. Tests and migrations take no part."""

    def __init__(self, resolver: Resolver, knowledge: Knowledge) -> None:
        self.resolver = resolver
        self.knowledge = knowledge
        self.nodes: dict[tuple[str, str], Node] = {}
        self.marks: dict[Node, list[tuple[Node, str]]] = {}
        """By function, the roles that its calls give, and to whom."""
        for path, module in resolver.modules.items():
            if place_of(path) != "app":
                continue
            for function in module.facts.functions:
                self.nodes[path, function.symbol] = self.made(module, function)
        for node in self.nodes.values():
            self.connect(node)
        for node in self.nodes.values():
            for edge in node.edges:
                edge.target.callers.append((node, edge))

    def made(self, module: Linked, function: Function) -> Node:
        """A node for a function, without edges."""
        name = f"{module.name}.{function.symbol}" if module.name else function.symbol
        return Node(module, function, name, bool(function.flags & facts.ASYNC))

    def node(self, value: Value) -> Node | None:
        return self.nodes.get((value.module.path, value.symbol)) if value.module is not None else None

    def runs(self, value: Value | None) -> Iterator[Node]:
        """The nodes that calling `value` enters."""
        for target in self.resolver.calling.runs(value):
            node = self.node(target)
            if node is not None:
                yield node

    def connect(self, node: Node) -> None:
        """Follow the calls of `node`: its edges and leaves are added, callers are not told."""
        resolver, module = self.resolver, node.module
        resolver.reader = node if resolver.tracks else None
        left: dict[tuple[str, Node], tuple[tuple[Call, Value], ...]] = {}
        for call in node.function.calls:
            if call.flags & facts.DECORATES:
                self._decorated(node, call)
                continue
            if call.flags & facts.LOAD:
                getter = resolver.attributes.property_of(call.ref, module)
                if getter is not None:
                    target = self.node(getter)
                    if target is not None:
                        node.edges.append(Edge(target, call, CALL))
                continue
            value = resolver.value(call.ref, module)
            if value is None:
                continue
            if value.sort == Sort.EXTERNAL:
                if not (value.partial and value.name.rpartition(".")[2] in quick_calls.LEFT_OPEN):
                    self._external(node, call, value)
                continue
            if value.sort == Sort.INSTANCE:
                self._instance(node, call, value)
                continue
            if value.sort == Sort.UNION and _is_of_heirs(call.ref, node.function.owner):
                continue  # `self.load()` of a template: which of the heirs it is, the template's callers know
            own = self.knowledge.meaning(value.name).blocking if self.knowledge.has_own else None
            if own is not None:
                node.leaves.append(LeafCall(value.name, call, own, None, None))
                continue
            for target in self.runs(value):
                kind = ELSEWHERE if self.is_handed_on(target) else _kind_of_call(call, target)
                if kind:
                    several, is_open = value.sort == Sort.UNION, value.name == TABLE
                    node.edges.append(Edge(target, call, kind, one_of_several=several, is_open=is_open))
                if call.handed:
                    self._called_back(node, call, target)
                if kind == CALL and target.function.owner:
                    self._left_to_heirs(node, call, target, value, left)
            if call.flags & facts.ITERATED:
                self._entered(node, call)
        resolver.reader = None
        for at, edge in enumerate(node.edges):
            edge.at = at

    def _left_to_heirs(
        self,
        node: Node,
        call: Call,
        target: Node,
        value: Value,
        known: dict[tuple[str, Node], tuple[tuple[Call, Value], ...]],
    ) -> None:
        """`CsvImporter().run()` of a base class runs what `CsvImporter` parses with. `known`: what was found for the function."""
        asked = call.ref, target
        if asked not in known:
            template = function_value(target.module, target.function)
            known[asked] = tuple(templates.left_to_heirs(self.resolver, call.ref, node.module, template))
        for inner, method in known[asked]:
            for run in self.runs(method):
                if run.is_async and not node.is_async:
                    continue  # `asyncio.run(Worker().run())`: what a program does on a loop of its own, it does all the time
                kind = ELSEWHERE if self.is_handed_on(run) else _kind_of_call(inner, run)
                if kind:
                    several = value.sort == Sort.UNION
                    node.edges.append(Edge(run, call, kind, one_of_several=several, handed=True))

    def _entered(self, node: Node, call: Call) -> None:
        """`async with UnitOfWork() as unit:` runs what the class does on the way in and out."""
        made = self.resolver.value(f"{call.ref}()", node.module)
        if made is None or made.sort != Sort.OBJECT:
            return
        for names in (("__aenter__", "__aexit__"), ("__enter__", "__exit__")):
            methods = [self.resolver.attributes.of(made, name) for name in names]
            if not any(methods):
                continue
            for method in methods:
                for target in self.runs(method):
                    if target.is_async == names[0].startswith("__a"):
                        node.edges.append(Edge(target, call, CALL))
            if node.is_async:
                return  # `async with` where the class has both

    def _decorated(self, node: Node, call: Call) -> None:
        """What a decorator does around the function belongs to it: `@transactional` commits, `@audited` asks a service."""
        for target in self.runs(self.resolver.value(call.ref, node.module)):
            flags = target.function.flags
            if flags & facts.AROUND and target.is_async == node.is_async and not flags & facts.GENERATOR:
                node.edges.append(Edge(target, call, CALL))

    def _called_back(self, node: Node, call: Call, target: Node) -> None:
        """What `target` calls of that which the call hands it runs as if `node` called it."""
        for ref, parameter in callbacks.called_back(self.resolver, call, target):
            for function in self.runs(self.resolver.value(ref, node.module)):
                flags = function.function.flags
                # `lambda: fetch(name)` hands the coroutine on that it makes.
                awaitable = function.is_async or (parameter.awaited and bool(flags & facts.LAMBDA))
                if not flags & facts.GENERATOR and parameter.awaited == awaitable:
                    kind = THREAD if parameter.in_thread else CALL
                    node.edges.append(Edge(function, call, kind, handed=True))

    def _mark(self, node: Node, target: Node, role: str) -> None:
        """What `node` calls makes `target` something."""
        target.roles.add(role)
        self.marks.setdefault(node, []).append((target, role))

    def is_handed_on(self, target: Node) -> bool:
        """Whether a decorator of the project gives the function to a thread whenever it is called."""
        if not target.function.flags & facts.WRAPPED:
            return False
        for decorator in target.function.decorators:
            value = self.resolver.value(decorator.ref, target.module) if decorator.ref else None
            if (
                value is not None
                and value.sort == Sort.FUNCTION
                and value.module is not None
                and value.function.flags & facts.HANDS_ON
            ):
                return True
        return False

    def _external(self, node: Node, call: Call, value: Value) -> None:
        name = value.name
        meaning = self.knowledge.meaning(name)
        if name in _SERVING:
            self._mark(node, node, "serving")
        if call.arguments is not None:
            if meaning.offload is not None:
                self._hand_on(node, call, meaning.offload)
            elif name.rpartition(".")[2] in _STREAMS:
                self._stream(node, call)
            elif name in callbacks.APPLYING:
                handed = callbacks.by_key(call.arguments, name)
                for target in self.runs(self.resolver.value(handed, node.module) if handed else None):
                    if not target.is_async and not target.function.flags & facts.GENERATOR:
                        node.edges.append(Edge(target, call, CALL))
        if call.flags & facts.QUICK and meaning.query is not None and name.endswith(".merge"):
            return
        external = meaning.external if not call.flags & facts.LOCAL else None
        if meaning.blocking is not None or meaning.query is not None or external is not None:
            node.leaves.append(LeafCall(name, call, meaning.blocking, meaning.query, external))
        elif call.flags & _GONE_THROUGH:
            self._iterated(node, call)
        elif call.flags & facts.AWAITED:
            waiting = self.knowledge.awaited(name)
            if waiting.query is not None:
                node.leaves.append(LeafCall(waiting.query.name, call, None, waiting.query, None))

    def _iterated(self, node: Node, call: Call) -> None:
        """`list(Order.select())`: what some libraries make asks the database when it is gone through."""
        meaning = self.knowledge.iterated(self.resolver.value(f"{call.ref}()", node.module))
        entry = meaning.blocking or meaning.query
        if entry is not None:
            node.leaves.append(LeafCall(entry.name, call, meaning.blocking, meaning.query, None))

    def _instance(self, node: Node, call: Call, value: Value) -> None:
        """`nlp(text)` of a library's object."""
        name = f"{value.name}.__call__"
        meaning = self.knowledge.meaning(name)
        if meaning.blocking is not None or meaning.query is not None or meaning.external is not None:
            node.leaves.append(LeafCall(name, call, meaning.blocking, meaning.query, meaning.external))

    def _hand_on(self, node: Node, call: Call, offload: Offload) -> None:
        argument = callable_argument(call.arguments or (), offload)
        if argument is None or not argument.ref:
            return
        if offload.kind == "job":
            for target in self.runs(self.resolver.value(argument.ref, node.module)):
                self._mark(node, target, "task")
            return
        kind = _OFFLOADS.get(offload.kind, ELSEWHERE)
        if argument.ref.endswith(")") and kind == LOOP:
            return  # a coroutine: the call that makes it is an edge of its own
        if kind == THREAD and offload.name.endswith("run_in_executor") and call.arguments:
            pool = self.resolver.value(call.arguments[0].ref, node.module)
            if pool is not None and "ProcessPool" in pool.name:
                kind = PROCESS
        value = self.resolver.value(argument.ref, node.module)
        if call.flags & facts.LET_GO and not offload.awaitable:
            call = msgspec.structs.replace(call, flags=call.flags | facts.DETACHED)
        for target in self.runs(value):
            on_loop = target.is_async and offload.name in SCHEDULES
            node.edges.append(Edge(target, call, LOOP if on_loop else kind, offload=offload.name))
        if (
            value is not None
            and value.sort == Sort.EXTERNAL
            and offload.awaitable
            and kind in (THREAD, PROCESS)
        ):
            self._hand_on_library(node, call, value.name, kind, offload)

    def _hand_on_library(self, node: Node, call: Call, name: str, kind: str, offload: Offload) -> None:
        """`run_in_threadpool(requests.get, url)`: it costs what it costs, and no longer the event loop."""
        meaning = self.knowledge.meaning(name)
        if meaning.blocking is not None or meaning.query is not None or meaning.external is not None:
            leaf = LeafCall(name, call, meaning.blocking, meaning.query, meaning.external, kind, offload.name)
            node.leaves.append(leaf)

    def _stream(self, node: Node, call: Call) -> None:
        for argument in call.arguments or ():
            if argument.name not in ("", "content"):
                continue
            if argument.ref.endswith("()"):
                for target in self.runs(self.resolver.value(argument.ref[:-2], node.module)):
                    if target.function.flags & facts.GENERATOR:
                        node.edges.append(Edge(target, call, LOOP if target.is_async else THREAD))
            return


# Calls that serve an application and return when it is over: what stands around them is start-up code.
_SERVING = frozenset(
    {"uvicorn.run", "uvicorn.Server.serve", "uvicorn.Server.run", "uvicorn.main"}
    | {
        "hypercorn.asyncio.serve",
        "hypercorn.trio.serve",
        "granian.Granian.serve",
        "gunicorn.app.base.Application.run",
    }
)
SCHEDULES = frozenset(
    {"apscheduler.schedulers.asyncio.AsyncIOScheduler.add_job", "apscheduler.AsyncScheduler.add_schedule"}
)
"""They run plain functions in threads, and coroutine functions on the loop that they were started on."""
_GONE_THROUGH = facts.ITERATED | facts.RUN_THROUGH
_OFFLOADS = {
    "thread": THREAD,
    "process": PROCESS,
    "background": BACKGROUND,
    "task": LOOP,
    "loop_callback": LOOP,
}


def _is_of_heirs(ref: str, owner: str) -> bool:
    """Of `self`, and not one of several that it keeps: `self.steps[name]()`."""
    return ref.rpartition(".")[0] == f"@{owner}:" and ref[-1] != "]"


def _kind_of_call(call: Call, target: Node) -> str:
    """How a call runs its target; empty when it does not."""
    flags = target.function.flags
    if flags & facts.GENERATOR and not call.flags & _GONE_THROUGH:
        return ""
    if call.flags & facts.OFFLOADED:
        return THREAD
    if call.flags & facts.AWAITED and not target.is_async:
        # Something made it awaitable: it returns a coroutine, or a decorator or wrapper runs it elsewhere.
        returns_coroutine = target.function.returns.endswith("()") and not flags & facts.WRAPPED
        return CALL if returns_coroutine else ELSEWHERE
    return CALL


def callable_argument(arguments: tuple[Argument, ...], offload: Offload) -> Argument | None:
    positional = [argument for argument in arguments if not argument.name]
    if offload.position is not None and len(positional) > offload.position:
        return positional[offload.position]
    for argument in arguments:
        if argument.name and argument.name == offload.keyword:
            return argument
    return None
