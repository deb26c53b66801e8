"""What each function does when it is called, at any depth, with the shortest way to it."""

from __future__ import annotations

import copy
import dataclasses
import heapq
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from rules.engine import facts, switches
from rules.engine.facts import Call, Function
from rules.engine.finding import Hop
from rules.engine.graph import BACKGROUND, CALL, ELSEWHERE, Edge, Graph, LeafCall, Node
from rules.engine.surroundings import TRIED
from rules.libraries import Blocking, Kind

_MAX_LEAVES = 24
_RARELY = facts.FAILING | facts.RECALLED | facts.WISHED | facts.ONCE
_GUARDED = "\0"
"""Ends the key of what a function does only when its parameters say so."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """Something that a function does itself or through others.

    `path` are the places from inside the called function to the leaf: each hop is a line and what is called
    there, the last one the leaf itself. `cached` says that a memoised function lies on the way.
    """

    callable: str
    kind: str
    instead: str
    path: tuple[Hop, ...]
    cached: bool = False
    blocking: Blocking | None = None
    is_async: bool = False
    on_miss: bool = False
    """On the way it happens only when something is not there yet."""
    sometimes: bool = False
    """On the way it stands in one arm of a branch: whether it runs depends on what is passed."""
    rarely: int = 0
    """`facts.FAILING`, `facts.RECALLED`, `facts.ONCE` and `facts.WISHED`, where they hold for a call on the way."""
    needs: tuple[str, ...] = ()
    """Conditions on the function's parameters (`rules.engine.switches`) under which it happens."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a call of a project function leads to, one leaf per callable, nearest first.

    `blocking` holds the calling thread through synchronous frames only: it is empty for an asynchronous
    function, whose own blocking calls are findings of their own.
    """

    name: str
    is_async: bool
    blocking: tuple[Leaf, ...]
    queries: tuple[Leaf, ...]
    """Reads and writes; `reads` and `writes` are those of them that do the one or the other."""
    external: tuple[Leaf, ...]
    commits: tuple[Leaf, ...]
    cpu: tuple[Leaf, ...]
    reads: tuple[Leaf, ...] = ()
    writes: tuple[Leaf, ...] = ()


@dataclass(slots=True)
class _Step:
    """The first step from a function towards a leaf."""

    distance: int
    call: Call
    leaf: LeafCall
    target: Node | None
    cached: bool
    on_miss: bool
    once: bool
    """On the way it happens in the first call only."""
    needs: tuple[str, ...] = ()
    granted: bool = False
    """The call gives what the target asks for (`commit=True`)."""
    onward: str = ""
    """The key of the step that follows, at the target."""

    @property
    def key(self) -> str:
        return f"{self.leaf.name}{_GUARDED}" if self.needs else self.leaf.name


_Steps = dict[Node, dict[str, _Step]]


class Summaries:
    """Computes summaries for all functions of a graph at once; `of` puts them into words."""

    _blocking: _Steps
    loop_blocking: _Steps
    """As `blocking`, but through asynchronous functions too."""
    _queries: _Steps
    _external: _Steps
    _commits: _Steps
    _cpu: _Steps
    _reads: _Steps
    _writes: _Steps

    def __init__(self, graph: Graph) -> None:
        for name, (wanted, follows) in _TABLES.items():
            setattr(self, name, _spread(graph.nodes.values(), wanted, follows))
        self._known: dict[Node, Summary] = {}

    def after_change(self, changed: Set[Node], gone: Iterable[Node]) -> Summaries:
        """The summaries once the leaves or edges of some functions are others.

        `changed` are these functions and all that call them, at any distance; `gone` are no more. What is equally
        near may be another way than a fresh computation would name.
        """
        left_out = {*changed, *gone}
        after = copy.copy(self)
        after._known = {}
        for name, (wanted, follows) in _TABLES.items():
            table: _Steps = getattr(self, name)
            kept = {node: steps for node, steps in table.items() if node not in left_out}
            setattr(after, name, _spread_again(kept, changed, wanted, follows))
        return after

    def of(self, node: Node) -> Summary:
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = Summary(
                node.name,
                node.is_async,
                () if node.is_async else _leaves(self._blocking, node),
                _leaves(self._queries, node),
                _leaves(self._external, node),
                _leaves(self._commits, node),
                _leaves(self._cpu, node),
                _leaves(self._reads, node),
                _leaves(self._writes, node),
            )
        return known

    def blocks_loop(self, node: Node) -> tuple[str, ...]:
        """Names of what blocks the loop when `node` runs on it, nearest first."""
        steps = self.loop_blocking.get(node, {})
        ordered = sorted(steps.items(), key=lambda item: (item[1].distance, item[0]))
        return tuple(dict.fromkeys(step.leaf.name for _, step in ordered))

    def signature(self, node: Node) -> tuple[object, ...]:
        """Equal for two versions of a function when nothing a caller may ask about it changed."""
        tables = (
            self._blocking,
            self._queries,
            self._external,
            self._commits,
            self._cpu,
            self._reads,
            self._writes,
        )
        return tuple(
            frozenset((key, step.needs) for key, step in table.get(node, {}).items()) for table in tables
        )


def _blocks(leaf: LeafCall) -> bool:
    return (
        leaf.blocking is not None
        and leaf.blocking.severity not in ("low", "info")
        and not leaf.call.flags & (facts.AWAITED | facts.QUICK)
    )


def _queries(leaf: LeafCall) -> bool:
    return leaf.query is not None and leaf.query.kind not in ("commit", "rollback", "connect")


def _reads(leaf: LeafCall) -> bool:
    return leaf.query is not None and leaf.query.kind == "select" and not leaf.call.flags & facts.WRITES


def _writes(leaf: LeafCall) -> bool:
    if leaf.query is None:
        return False
    return leaf.query.kind == "write" or (
        leaf.query.kind == "select" and bool(leaf.call.flags & facts.WRITES)
    )


def _commits(leaf: LeafCall) -> bool:
    return leaf.query is not None and leaf.query.kind in ("commit", "flush", "refresh")


def _computes(leaf: LeafCall) -> bool:
    return leaf.blocking is not None and leaf.blocking.kind == Kind.CPU and not leaf.call.flags & facts.QUICK


def _synchronous(node: Node, edge: Edge) -> bool:
    return edge.kind == CALL and not edge.target.is_async


def _same_thread(node: Node, edge: Edge) -> bool:
    return edge.kind == CALL


def _runs(node: Node, edge: Edge) -> bool:
    return edge.kind != BACKGROUND


_TABLES: Mapping[str, tuple[Callable[[LeafCall], bool], Callable[[Node, Edge], bool]]] = {
    "_blocking": (_blocks, _synchronous),
    "loop_blocking": (_blocks, _same_thread),
    "_queries": (_queries, _runs),
    "_external": (lambda leaf: leaf.external is not None, _runs),
    "_commits": (_commits, _runs),
    "_cpu": (_computes, _runs),
    "_reads": (_reads, _runs),
    "_writes": (_writes, _runs),
}
"""Field of `Summaries` -> the leaves it is about, and the edges that they are followed along."""


def _spread(
    nodes: Iterable[Node], wanted: Callable[[LeafCall], bool], follows: Callable[[Node, Edge], bool]
) -> _Steps:
    """For each function the nearest leaf of each callable: breadth first from the leaves, against the calls."""
    steps: _Steps = {}
    pending: deque[tuple[Node, str]] = deque()
    for node in nodes:
        for leaf in _certain_first(node.leaves):
            if wanted(leaf):
                own = steps.setdefault(node, {})
                step = _first(node, leaf)
                if step.key not in own:
                    own[step.key] = step
                    pending.append((node, step.key))
    while pending:
        node, name = pending.popleft()
        step = steps[node][name]
        for caller, edge in node.callers:
            if not follows(caller, edge):
                continue
            further = _further(step, caller, edge)
            if further is None:
                continue
            own = steps.setdefault(caller, {})
            if further.key not in own:
                own[further.key] = further
                pending.append((caller, further.key))
    return steps


def _certain_first(leaves: Sequence[LeafCall]) -> Sequence[LeafCall]:
    """In order, those that happen on each call first: they say more about the function."""
    if len(leaves) < 2:
        return leaves
    return sorted(leaves, key=lambda leaf: _is_conditional(leaf.call))


def _spread_again(
    steps: _Steps,
    changed: Set[Node],
    wanted: Callable[[LeafCall], bool],
    follows: Callable[[Node, Edge], bool],
) -> _Steps:
    """Complete `steps`, which hold for all other functions, by those of the `changed`. The nearest come first."""
    pending: list[tuple[int, int, Node, _Step]] = []
    for node in changed:
        for leaf in _certain_first(node.leaves):
            if wanted(leaf):
                pending.append((0, len(pending), node, _first(node, leaf)))
        for edge in node.edges:
            if edge.target not in changed and follows(node, edge):
                for known in steps.get(edge.target, {}).values():
                    further = _further(known, node, edge)
                    if further is not None:
                        pending.append((further.distance, len(pending), node, further))
    heapq.heapify(pending)
    count = len(pending)
    while pending:
        _, _, node, step = heapq.heappop(pending)
        own = steps.setdefault(node, {})
        if step.key in own:
            continue
        own[step.key] = step
        for caller, edge in node.callers:
            if caller in changed and follows(caller, edge):
                further = _further(step, caller, edge)
                if further is not None and further.key not in steps.get(caller, {}):
                    count += 1
                    heapq.heappush(pending, (further.distance, count, caller, further))
    return steps


def _first(node: Node, leaf: LeafCall) -> _Step:
    """The step of the function that has the leaf itself."""
    flags = node.function.flags
    once = bool(flags & facts.SINGLE or leaf.call.flags & facts.ONCE)
    return _Step(
        0,
        leaf.call,
        leaf,
        None,
        bool(flags & facts.CACHED),
        _on_miss(leaf.call),
        once,
        switches.needs_of(leaf.call),
    )


def _further(step: _Step, caller: Node, edge: Edge) -> _Step | None:
    """The step of `caller` towards the same leaf, through `edge`; None when what it passes prevents that."""
    needs: tuple[str, ...] = ()
    if step.needs and edge.kind == CALL:
        left = switches.left(step.needs, edge.target.function, edge.call)
        if left is None:
            return None
        needs = left
    own = switches.needs_of(edge.call)
    flags = caller.function.flags
    return _Step(
        step.distance + 1,
        edge.call,
        step.leaf,
        edge.target,
        step.cached or bool(flags & facts.CACHED),
        step.on_miss or _on_miss(edge.call),
        step.once or bool(flags & facts.SINGLE or edge.call.flags & facts.ONCE),
        tuple(dict.fromkeys((*needs, *own))) if own else needs,
        bool(step.needs) and not needs,
        step.key,
    )


def _on_miss(call: Call) -> bool:
    return bool(call.flags & facts.ON_MISS)


def _is_conditional(call: Call) -> bool:
    """Whether a branch decides if the call is made; what a `try` begins with is made."""
    if call.flags & facts.CONDITIONAL:
        return True
    return any(
        mark[:1] == "?" and not mark.endswith(f"{TRIED}.0")
        for mark in call.path.split("/")
        if "?" in call.path
    )


def _leaves(table: _Steps, node: Node) -> tuple[Leaf, ...]:
    steps = table.get(node)
    if not steps:
        return ()
    ordered = sorted(steps.items(), key=lambda item: (item[1].distance, item[1].call.line, item[0]))
    # What happens whatever the parameters are says more.
    chosen = [key for key, step in ordered if not step.needs or step.leaf.name not in steps]
    return tuple(_leaf(table, node, key) for key in chosen[:_MAX_LEAVES])


def _leaf(table: _Steps, node: Node, key: str) -> Leaf:
    hops: list[Hop] = []
    first = table[node][key]
    current, step = node, first
    name = first.leaf.name
    sometimes = granted = False
    rarely = facts.ONCE if first.once else 0
    while step.target is not None:
        rarely |= _rarely(step.call, granted)
        # The caller of a summary sees the branches around its own call.
        sometimes = sometimes or _is_conditional(step.call)
        hops.append(Hop(current.path, step.call.line, step.target.symbol.replace("'2", "")))
        current, granted = step.target, step.granted
        step = table[current][step.onward]
    hops.append(Hop(current.path, step.call.line, name))
    sometimes = sometimes or _is_conditional(step.call)
    rarely |= _rarely(step.call, granted)
    leaf = first.leaf
    kind, instead, is_async = "", "", False
    if leaf.blocking is not None:
        kind, instead = str(leaf.blocking.kind), leaf.blocking.instead
    if leaf.query is not None:
        kind, is_async = leaf.query.kind if leaf.blocking is None else kind, leaf.query.is_async
    elif leaf.external is not None:
        kind, is_async = kind or leaf.external.kind, leaf.external.is_async
    return Leaf(
        name,
        kind,
        instead,
        tuple(hops),
        first.cached,
        leaf.blocking,
        is_async,
        first.on_miss,
        sometimes,
        rarely,
        first.needs,
    )


def _rarely(call: Call, granted: bool) -> int:
    return call.flags & (_RARELY & ~facts.WISHED if granted else _RARELY)


def possible(summary: Summary, function: Function, call: Call) -> Summary:
    """The summary without what `call` of `function` says not to do."""
    if not function.switches:
        return summary

    def kept(leaves: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
        return tuple(leaf for leaf in leaves if switches.left(leaf.needs, function, call) is not None)

    return dataclasses.replace(
        summary,
        blocking=kept(summary.blocking),
        queries=kept(summary.queries),
        external=kept(summary.external),
        commits=kept(summary.commits),
        cpu=kept(summary.cpu),
        reads=kept(summary.reads),
        writes=kept(summary.writes),
    )


__all__ = ["ELSEWHERE", "Leaf", "Summaries", "Summary"]
