"""Where each function of a project runs, followed along calls."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Collection, Iterable, Mapping

from rules.engine.linking import versions
from rules.engine.linking.graph import BACKGROUND, CALL, LOOP, PROCESS, THREAD, Edge, Graph, Node
from rules.engine.linking.routing import Routing
from rules.engine.reading import facts
from rules.engine.reading.paths import is_example


class Context(enum.StrEnum):
    """Where code runs. A function may run in several."""

    LOOP = "loop"
    THREAD = "thread"
    PROCESS = "process"
    STARTUP = "startup"
    BACKGROUND = "background"
    TASK = "task"
    UNKNOWN = "unknown"


IN_LOOP = 1
IN_THREAD = 2
IN_PROCESS = 4
AT_STARTUP = 8
IN_BACKGROUND = 16
IN_TASK = 32
IN_SCRIPT = 64
IN_REQUEST = 128
"""A request (or what follows it) is proven to get here."""
WAITED = 512
"""A request gets here and waits until it is done: not only what follows it, or what goes on beside it."""
OWN_LOOP = 1024
"""Runs on an event loop that a thread or a program starts for itself."""
STARTS_LOOP = 2048
"""Starts such a loop."""
SPAWNED_IN_SCRIPT = 4096
"""Runs in a task that a program, which serves no application, starts on its loop."""
REPEATED_IN_SCRIPT = 8192
"""Such a task gets there again and again, in a `while` loop: the program goes on for long."""
ANOTHERS_LOOP = 16384
"""Runs on a loop that another thread runs: `asyncio.run_coroutine_threadsafe(…)`."""

_PUBLIC = (
    (IN_LOOP, Context.LOOP),
    (IN_THREAD, Context.THREAD),
    (IN_PROCESS, Context.PROCESS),
    (AT_STARTUP, Context.STARTUP),
    (IN_BACKGROUND, Context.BACKGROUND),
    (IN_TASK, Context.TASK),
)
_RUNNING = (
    ".run_until_complete",
    ".run_forever",
    "asyncio.run",
    "asyncio.Runner.run",
    "anyio.run",
    "uvloop.run",
)
_OWN_THREADS = ("threading.Thread", "threading.Timer")
"""What goes on beside its caller, who may `join` it."""
_TASKS_OF_PREFECT = frozenset({"prefect.task", "prefect.tasks.task"})
_THIRD = (3,)
_PLACES = IN_LOOP | IN_THREAD | IN_PROCESS
_OF_LOOP = OWN_LOOP | SPAWNED_IN_SCRIPT | REPEATED_IN_SCRIPT | ANOTHERS_LOOP
_OF_SCRIPTS = IN_SCRIPT | OWN_LOOP


def contexts_of(mask: int) -> frozenset[Context]:
    found = frozenset(context for bit, context in _PUBLIC if mask & bit)
    return found or frozenset({Context.UNKNOWN})


def propagate(graph: Graph, routing: Routing, served: Collection[Node]) -> None:
    """Set `contexts` and `endpoints` of all nodes."""
    nodes = graph.nodes.values()
    start(nodes, routing, served)
    follow(nodes)


def run_again(below: Collection[Node], routing: Routing, served: Collection[Node]) -> None:
    """Work out anew where `below` run: nodes, and all that they run."""
    start(below, routing, served)
    for node in below:
        for caller, edge in node.callers:
            if caller not in below and _is_known(caller):
                node.contexts |= through(caller, edge)
                node.endpoints |= caller.endpoints
    follow(below)


def _is_known(node: Node) -> bool:
    """Whether anything is known of where it runs: of what it hands to a thread nothing is known either, without."""
    return bool(node.contexts or node.endpoints)


def start(nodes: Iterable[Node], routing: Routing, served: Collection[Node]) -> None:
    """Set `contexts` and `endpoints` of `nodes` to what they are by themselves, whoever calls them.

    `served` is what `servers` found.
    """
    entered = routing.entered
    for node in nodes:
        node.contexts = _own(node) | (AT_STARTUP if node in served else 0)
        node.endpoints = entered.get(node, 0)


def follow(nodes: Iterable[Node]) -> None:
    """Carry `contexts` and `endpoints` from these nodes to all that they run."""
    pending = deque(filter(_is_known, nodes))
    queued = set(pending)
    while pending:
        node = pending.popleft()
        queued.discard(node)
        for edge in node.edges:
            target = edge.target
            contexts = target.contexts | through(node, edge)
            endpoints = target.endpoints | node.endpoints
            if contexts != target.contexts or endpoints != target.endpoints:
                target.contexts, target.endpoints = contexts, endpoints
                if target not in queued:
                    queued.add(target)
                    pending.append(target)


def _own(node: Node) -> int:
    contexts = 0
    if roles := node.roles:
        if not roles.isdisjoint(_ENTERED):
            contexts |= (IN_LOOP if node.is_async else IN_THREAD) | IN_REQUEST | WAITED
        if "lifespan" in roles:
            contexts |= AT_STARTUP
        if "task" in roles:
            contexts |= IN_TASK
        if "command" in roles:
            contexts |= IN_SCRIPT
    if not node.symbol:
        contexts |= AT_STARTUP
    if not node.is_async and _starts_loop(node):
        contexts |= STARTS_LOOP
    if node.function.flags & facts.MAIN:
        contexts |= IN_SCRIPT
    return contexts


_ENTERED = frozenset({"endpoint", "websocket", "dependency", "middleware", "exception handler"})


def servers(nodes: Iterable[Node]) -> frozenset[Node]:
    """A program that serves its application itself: what leads to the serving call runs before the first request."""
    pending = [node for node in nodes if "serving" in node.roles]
    seen = set(pending)
    for node in pending:  # grows while we go
        for caller, edge in node.callers:
            if edge.kind == CALL and caller not in seen:
                seen.add(caller)
                pending.append(caller)
    return frozenset(seen)


def through(node: Node, edge: Edge) -> int:
    """The contexts that `edge` carries from `node` to its target."""
    mask, kind, target = node.contexts & ~STARTS_LOOP | _goes_on(node, edge), edge.kind, edge.target
    if mask & IN_SCRIPT and not mask & IN_REQUEST and target.path != node.path and is_example(node.path):
        return 0  # what an example runs others run too, and otherwise
    if edge.call.flags & facts.DETACHED:
        mask &= ~WAITED
    elsewhere = mask & ~_PLACES
    if kind == CALL:
        if target.is_async and node.contexts & STARTS_LOOP and not mask & IN_LOOP:
            goes_on = edge.call.flags & facts.SPAWNED and mask & AT_STARTUP and not mask & IN_THREAD
            return (elsewhere & ~AT_STARTUP) | IN_LOOP if goes_on else elsewhere | OWN_LOOP
        if target.is_async and not node.is_async and not edge.call.flags & facts.SPAWNED:
            # A loop of its own (`asyncio.run(f())`), or a coroutine handed back to the caller's loop.
            handed_over = edge.call.flags & facts.ON_ANOTHERS_LOOP
            return elsewhere | (mask & IN_LOOP) | (ANOTHERS_LOOP if handed_over else 0)
        if edge.call.flags & facts.SPAWNED and mask & AT_STARTUP and target.is_async:
            return (mask & ~AT_STARTUP) | IN_LOOP  # goes on while the application serves
        return mask
    if kind == THREAD:
        if edge.call.ref in _OWN_THREADS and not any(
            call.ref.endswith(".join") for call in node.function.calls
        ):
            elsewhere &= ~WAITED
        return (elsewhere & ~_OF_LOOP) | IN_THREAD
    if kind == PROCESS:
        return (elsewhere & ~_OF_LOOP) | IN_PROCESS
    if kind == BACKGROUND:
        return (
            (elsewhere & ~WAITED) | IN_BACKGROUND | IN_REQUEST | (IN_LOOP if target.is_async else IN_THREAD)
        )
    if kind == LOOP:
        on_loop = OWN_LOOP if mask & OWN_LOOP and not mask & IN_LOOP else IN_LOOP
        return (elsewhere & ~AT_STARTUP) | on_loop
    return mask & (IN_REQUEST | WAITED)  # ELSEWHERE


def _goes_on(node: Node, edge: Edge) -> int:
    """What is seen at a call, in a program with a loop of its own, of how long it goes on and what goes on beside it."""
    if (
        edge.kind not in (CALL, LOOP)
        or not edge.target.is_async
        or node.contexts & _OF_SCRIPTS != _OF_SCRIPTS
    ):
        return 0
    if edge.kind == LOOP or edge.call.flags & facts.SPAWNED:
        return SPAWNED_IN_SCRIPT
    if edge.call.flags & facts.WHILE and node.contexts & SPAWNED_IN_SCRIPT:
        return REPEATED_IN_SCRIPT
    return 0


def depends_on_order(node: Node) -> bool:
    """Whether what `node` carries on may differ with the order in which it is reached itself."""
    return bool(node.contexts & OWN_LOOP) or (not node.is_async and _starts_loop(node))


def has_thread_of_its_own(node: Node, declared: Mapping[str, versions.Version]) -> bool:
    """Whether a library runs each call of a function in a new thread, with a loop of its own there: a task of Prefect 2."""
    if declared.get("prefect", _THIRD) >= _THIRD:
        return False
    return any(decorator.ref in _TASKS_OF_PREFECT for decorator in node.function.decorators)


def is_run_by_helpers(node: Node) -> bool:
    """Whether all who make a coroutine call a helper that runs an event loop of its own, too, and none for the loop of another
    thread: `run_here(self.notify(order))`, with `asyncio.run(coroutine)` in `run_here`."""
    makers = [caller for caller, edge in node.callers if edge.kind == CALL]
    return bool(makers) and not any(
        maker.is_async or not any(map(_runs_coroutines, maker.edges)) for maker in makers
    )


def _runs_coroutines(edge: Edge) -> bool:
    target = edge.target
    return (
        edge.kind == CALL
        and not target.is_async
        and _starts_loop(target)
        and not any(call.ref.endswith("run_coroutine_threadsafe") for call in target.function.calls)
    )


def _starts_loop(node: Node) -> bool:
    """Whether a function runs an event loop of its own: `asyncio.run(f())`, `new_event_loop().run_forever()`."""
    return any(call.ref.endswith(_RUNNING) for call in node.function.calls)
