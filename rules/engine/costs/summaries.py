"""What each function does when it is called, at any depth, with the shortest way to it."""

from __future__ import annotations

import copy
import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set

from msgspec import Struct
from msgspec.structs import replace

from rules.engine.finding import Hop
from rules.engine.linking.graph import BACKGROUND, CALL, ELSEWHERE, Edge, Graph, LeafCall, Node
from rules.engine.reading import facts, switches
from rules.engine.reading.facts import Call, Function
from rules.engine.reading.surroundings import TRIED
from rules.libraries import Blocking, Kind

_MAX_LEAVES = 24
_SELDOM = facts.FAILING | facts.ONCE | facts.ASIDE
_RARELY = facts.DETACHED | facts.RECALLED | facts.WISHED | facts.BRIEF | _SELDOM
_GUARDED = "\0"
_MOST_NEEDS = 4
"""Ends the key of what a function does only when its parameters say so."""


class Leaf(Struct, frozen=True):
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
    """`facts.FAILING`, `RECALLED`, `ONCE`, `WISHED` and `DETACHED`, where they hold for a call on the way; `BRIEF` of the leaf."""
    kept_by: tuple[str, str] | None = None
    """The class, by file and name, whose objects keep the answer, so that it happens once for each of them."""
    needs: tuple[str, ...] = ()
    """Conditions on the function's parameters (`rules.engine.reading.switches`) under which it happens."""
    by_choice: bool = False
    """On the way a registry or a factory gives one of several objects, and not all of them do it."""
    under_condition: bool = False
    """On the way it stands in the body of an `if`, not only behind an early `return`."""
    of_kind: bool = False
    """On the way it stands under `isinstance`: it is done for values of one kind only."""


class Summary(Struct, frozen=True):
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


_FURTHER = 1 << 24
"""One call further away, as part of a step."""
_AT = _FURTHER - 1

_Steps = dict[Node, dict[str, int]]
"""For each function and leaf the first step there: how many calls away, times `_FURTHER`, and the position of the
edge, or of the leaf itself, in the function. The least number is the nearest way, of equally near ones the first in
the source: a question of the graph alone, in whatever order it was put together."""


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
        self._ways: defaultdict[str, _Ways] = defaultdict(dict)
        """By table."""
        self._signatures: dict[Node, tuple[object, ...]] = {}
        self._equal: dict[tuple[object, ...], tuple[object, ...]] = {}
        """All signatures: most functions share theirs with others."""

    def after_change(self, changed: Set[Node], gone: Iterable[Node]) -> Summaries:
        """The summaries once the leaves or edges of some functions are others.

        `changed` are these functions and all that call them, at any distance; `gone` are no more.
        """
        left_out = {*changed, *gone}
        after = copy.copy(self)
        after._known, after._ways, after._signatures = {}, defaultdict(dict), {}
        for name, (wanted, follows) in _TABLES.items():
            table: _Steps = getattr(self, name)
            kept = {node: steps for node, steps in table.items() if node not in left_out}
            _complete(kept, ((node, None) for node in changed), wanted, follows)
            setattr(after, name, kept)
        return after

    def change(self, changed: Set[Node], gone: Iterable[Node]) -> set[Node]:
        """Bring the summaries up to date once the leaves or edges of `changed` are others, and `gone` are no more.

        Whoever calls one of the `gone` is among the `changed`. Returns the functions that lead to other leaves, or
        to the same ones by other ways.
        """
        self._known, self._ways, self._signatures = {}, defaultdict(dict), {}
        touched: set[Node] = set()
        for name, (wanted, follows) in _TABLES.items():
            table: _Steps = getattr(self, name)
            for node in gone:
                table.pop(node, None)
            lost = _without_support(table, changed, wanted, follows)
            touched.update(node for node, _ in lost)
            touched |= _complete(table, [*lost, *((node, None) for node in changed)], wanted, follows)
        return touched

    def of(self, node: Node) -> Summary:
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = Summary(
                node.name,
                node.is_async,
                () if node.is_async else self._leaves(node, "_blocking"),
                self._leaves(node, "_queries"),
                self._leaves(node, "_external"),
                self._leaves(node, "_commits"),
                self._leaves(node, "_cpu"),
                self._leaves(node, "_reads"),
                self._leaves(node, "_writes"),
            )
        return known

    def _leaves(self, node: Node, table: str) -> tuple[Leaf, ...]:
        return _leaves(getattr(self, table), self._ways[table], node)

    def blocks_loop(self, node: Node) -> tuple[str, ...]:
        """Names of what blocks the loop when `node` runs on it, nearest first."""
        steps = self.loop_blocking.get(node, {})
        ordered = sorted(steps.items(), key=lambda item: (item[1] // _FURTHER, item[0]))
        return tuple(dict.fromkeys(_name(key) for key, _ in ordered))

    def signature(self, node: Node) -> tuple[object, ...]:
        """Equal for two versions of a function when nothing a caller may ask about it changed."""
        known = self._signatures.get(node)
        if known is not None:
            return known
        tables = (
            self._blocking,
            self._queries,
            self._external,
            self._commits,
            self._cpu,
            self._reads,
            self._writes,
        )
        found = tuple(frozenset(table.get(node, ())) for table in tables)
        known = self._signatures[node] = self._equal.setdefault(found, found)
        return known


def _blocks(leaf: LeafCall) -> bool:
    return (
        leaf.blocking is not None
        and leaf.kind == CALL
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
    return (
        leaf.blocking is not None
        and leaf.blocking.kind == Kind.CPU
        and leaf.kind == CALL
        and not leaf.call.flags & facts.QUICK
    )


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


_Wanted = Callable[[LeafCall], bool]
_Follows = Callable[[Node, Edge], bool]


def _spread(nodes: Iterable[Node], wanted: _Wanted, follows: _Follows) -> _Steps:
    """For each function the nearest leaf of each callable: level by level from the leaves, against the calls."""
    steps: _Steps = {}
    level: list[tuple[Node, str]] = []
    for node in nodes:
        if node.leaves and (own := _own(node, wanted)):
            steps[node] = own
            level.extend((node, name) for name in own)
    distance = 0
    while level:
        distance += _FURTHER
        further: list[tuple[Node, str]] = []
        for node, name in level:
            for caller, edge in node.callers:
                if not follows(caller, edge):
                    continue
                key = _through(name, edge)
                if key is None:
                    continue
                own = steps.setdefault(caller, {})
                known = own.get(key)
                if known is None:
                    own[key] = distance + edge.at
                    further.append((caller, key))
                elif known > distance + edge.at:
                    own[key] = distance + edge.at
        level = further
    return steps


def _own(node: Node, wanted: _Wanted) -> dict[str, int]:
    """The leaves of a function itself."""
    leaves = node.leaves
    found: dict[str, int] = {}
    for at in _certain_first(leaves):
        if wanted(leaves[at]):
            leaf = leaves[at]
            found.setdefault(_key(leaf.name, switches.lasting(switches.needs_of(leaf.call))), at)
    return found


def _without_support(
    steps: _Steps, changed: Iterable[Node], wanted: _Wanted, follows: _Follows
) -> list[tuple[Node, str]]:
    """Take away the steps that lead nowhere any more, since the `changed` are others; returns which.

    The nearest are judged first, so that each is judged by others that hold.
    """
    lost: list[tuple[Node, str]] = []
    owns = {node: _own(node, wanted) for node in changed if node in steps}
    doubted = [
        (step // _FURTHER, id(node), name, node) for node in owns for name, step in steps[node].items()
    ]
    heapq.heapify(doubted)
    while doubted:
        distance, _, name, node = heapq.heappop(doubted)
        own = steps[node]
        if name not in own or own[name] // _FURTHER != distance:
            continue
        if not distance:
            at = owns[node].get(name) if node in owns else own[name]
            if at is not None:
                own[name] = at
                continue
        else:
            nearer = distance - 1
            at = next(
                (
                    edge.at
                    for edge in node.edges
                    if edge.target in steps
                    and follows(node, edge)
                    and any(
                        steps[edge.target][key] // _FURTHER == nearer for key in _behind(steps, edge, name)
                    )
                ),
                None,
            )
            if at is not None:
                own[name] = distance * _FURTHER + at
                continue
        del own[name]
        lost.append((node, name))
        for caller, edge in node.callers:
            if caller not in steps or not follows(caller, edge) or (key := _through(name, edge)) is None:
                continue
            step = steps[caller].get(key)
            if step is not None and step // _FURTHER == distance + 1:
                heapq.heappush(doubted, (distance + 1, id(caller), key, caller))
    return lost


_NOWHERE: Mapping[str, int] = {}


def _complete(
    steps: _Steps, places: Iterable[tuple[Node, str | None]], wanted: _Wanted, follows: _Follows
) -> set[Node]:
    """Add the steps that are missing or nearer at `places` (one leaf of a function, or all), and what follows.

    Returns the functions that got some.
    """
    touched: set[Node] = set()
    pending: list[tuple[int, int, str, Node]] = []
    owns: dict[Node, dict[str, int]] = {}
    for node, only in places:
        own = owns.get(node)
        if own is None:
            own = owns[node] = _own(node, wanted)
        for name, at in own.items():
            if only is None or name == only:
                pending.append((at, id(node), name, node))
        for edge in node.edges:
            inner = steps.get(edge.target)
            if not inner or not follows(node, edge):
                continue
            for key in inner if only is None else _behind(steps, edge, only):
                here = _through(key, edge)
                if here is not None:
                    step = (inner[key] // _FURTHER + 1) * _FURTHER + edge.at
                    pending.append((step, id(node), here, node))
    heapq.heapify(pending)
    while pending:
        step, _, name, node = heapq.heappop(pending)
        own = steps.setdefault(node, {})
        known = own.get(name)
        if known is not None and known <= step:
            continue
        own[name] = step
        touched.add(node)
        distance = (step // _FURTHER + 1) * _FURTHER
        for caller, edge in node.callers:
            if follows(caller, edge) and (above := _through(name, edge)) is not None:
                known = steps.get(caller, _NOWHERE).get(above)
                if known is None or distance + edge.at < known:
                    heapq.heappush(pending, (distance + edge.at, id(caller), above, caller))
    return touched


# Keys of steps: the leaf's name, and after it what must hold of the function's parameters for it to happen.


def _key(name: str, needs: tuple[str, ...]) -> str:
    return f"{name}{_GUARDED}{','.join(needs[:_MOST_NEEDS])}" if needs else name


def _name(key: str) -> str:
    return key.partition(_GUARDED)[0]


def _needs(key: str) -> tuple[str, ...]:
    needs = key.partition(_GUARDED)[2]
    return tuple(needs.split(",")) if needs else ()


def _left(key: str, edge: Edge) -> tuple[str, ...] | None:
    """What must hold of the caller's parameters for what `key` says of the target; None when it never happens."""
    if edge.kind != CALL or edge.handed:
        return ()
    return switches.left(_needs(key), edge.target.function, edge.call)


def _through(key: str, edge: Edge) -> str | None:
    """The key, for the caller, of what the target of `edge` does; None when what it passes prevents that."""
    own = edge.call.needs
    if not own and _GUARDED not in key:
        return key
    left = _left(key, edge)
    if left is None:
        return None
    if not own:
        return _key(_name(key), left)
    needs = tuple(dict.fromkeys((*left, *switches.needs_of(edge.call))))
    return None if left and switches.contradict(needs) else _key(_name(key), switches.lasting(needs))


def _behind(steps: _Steps, edge: Edge, key: str) -> Iterator[str]:
    """The keys of the target of `edge` that are `key` for the caller, those without conditions first."""
    inner = steps.get(edge.target, _NOWHERE)
    name = _name(key)
    if name in inner and _through(name, edge) == key:
        yield name
    guarded = f"{name}{_GUARDED}"
    for each in sorted(each for each in inner if each.startswith(guarded)):
        if _through(each, edge) == key:
            yield each


def _certain_first(leaves: Sequence[LeafCall]) -> Iterable[int]:
    """Positions in order, those that happen on each call and take their time first: they say more about the function."""
    if len(leaves) < 2:
        return range(len(leaves))
    return sorted(
        range(len(leaves)),
        key=lambda at: (
            bool(leaves[at].call.flags & (facts.BRIEF | _SELDOM)),
            is_conditional(leaves[at].call),
        ),
    )


def _on_miss(call: Call) -> bool:
    return bool(call.flags & facts.ON_MISS)


def is_conditional(call: Call) -> bool:
    """Whether a branch decides if the call is made; what a `try` begins with is made."""
    if call.flags & facts.CONDITIONAL:
        return True
    return any(
        mark[:1] == "?" and not mark.endswith(f"{TRIED}.0")
        for mark in call.path.split("/")
        if "?" in call.path
    )


def _call(node: Node, step: int) -> Call:
    """The call that a step is."""
    return (node.edges if step >= _FURTHER else node.leaves)[step & _AT].call


def _leaves(table: _Steps, ways: _Ways, node: Node) -> tuple[Leaf, ...]:
    steps = table.get(node)
    if not steps:
        return ()
    ordered = sorted(
        steps.items(), key=lambda item: (item[1] // _FURTHER, _call(node, item[1]).line, item[0])
    )
    chosen: dict[str, str] = {}
    for key, _ in ordered:
        # What happens whatever the parameters are says more.
        name = _name(key)
        chosen.setdefault(name, name if name in steps else key)
    return tuple(
        replace(leaf, needs=(), sometimes=False, under_condition=False)
        if _in_either_case(key, steps)
        else leaf
        for key, _ in ordered
        if chosen[_name(key)] == key
        for leaf in (_leaf(table, ways, node, key),)
    )[:_MAX_LEAVES]


def _in_either_case(key: str, steps: Mapping[str, int]) -> bool:
    """Whether the same happens where the one condition of `key` holds and where it does not: in both arms of a branch."""
    needs = _needs(key)
    return len(needs) == 1 and _key(_name(key), (switches.negated(needs[0]),)) in steps


class _Way(Struct, frozen=True):
    """How a function comes to a leaf, by itself or by a way that others who call it share."""

    leaf: LeafCall
    path: tuple[Hop, ...]
    cached: bool
    on_miss: bool
    sometimes: bool
    rarely: int
    """But for the `WISHED` of its own call, which `wished` is: who calls it may grant the wish."""
    wished: int
    kept_by: tuple[str, str] | None
    by_choice: bool
    under_condition: bool
    of_kind: bool


_Ways = dict[tuple[Node, str], _Way]
"""By function and key, as far as somebody asked."""


def _leaf(table: _Steps, ways: _Ways, node: Node, key: str) -> Leaf:
    way = _way(table, ways, node, key)
    leaf, kind, instead, is_async = way.leaf, "", "", False
    if leaf.blocking is not None:
        kind, instead = str(leaf.blocking.kind), leaf.blocking.instead
    if leaf.query is not None:
        kind, is_async = leaf.query.kind if leaf.blocking is None else kind, leaf.query.is_async
    elif leaf.external is not None:
        kind, is_async = kind or leaf.external.kind, leaf.external.is_async
    return Leaf(
        _name(key),
        kind,
        instead,
        way.path,
        way.cached,
        leaf.blocking,
        is_async,
        way.on_miss,
        way.sometimes or way.by_choice,
        way.rarely | way.wished,
        way.kept_by,
        _needs(key),
        way.by_choice,
        way.under_condition,
        way.of_kind,
    )


def _way(table: _Steps, ways: _Ways, node: Node, key: str) -> _Way:
    """Follow the steps to where the rest of the way is known, and come back by them."""
    passed: list[tuple[Node, str, Edge, str]] = []
    while (known := ways.get((node, key))) is None and (step := table[node][key]) >= _FURTHER:
        edge = node.edges[step & _AT]
        inner = next(
            each
            for each in _behind(table, edge, key)
            if table[edge.target][each] // _FURTHER + 1 == step // _FURTHER
        )
        passed.append((node, key, edge, inner))
        node, key = edge.target, inner
    if known is None:
        known = ways[node, key] = _ending(node, node.leaves[table[node][key]], _name(key))
    for node, key, edge, inner in reversed(passed):
        known = ways[node, key] = _longer(table, node, key, edge, inner, known)
    return known


def _ending(node: Node, leaf: LeafCall, name: str) -> _Way:
    call, flags = leaf.call, node.function.flags
    return _Way(
        leaf,
        (Hop(node.path, call.line, name),),
        bool(flags & facts.CACHED),
        _on_miss(call),
        is_conditional(call),  # the caller of a summary sees the branches around its own call
        *_seldom(call, flags),
        _keeper(node) if call.flags & facts.OF_OBJECT else None,
        False,
        bool(call.flags & facts.CONDITIONAL),
        bool(call.flags & facts.OF_KIND),
    )


def _longer(table: _Steps, node: Node, key: str, edge: Edge, inner: str, rest: _Way) -> _Way:
    """The way from `node` by `edge`, behind which `inner` is the key and `rest` the way."""
    call, flags = edge.call, node.function.flags
    rarely, wished = _seldom(call, flags)
    granted = _GUARDED in inner and all(each[1:2] in ("(", ".") for each in _left(inner, edge) or ())
    if not granted:
        rarely |= rest.wished
    if switches.are_doubtful(_needs(inner), edge.target.function, call):
        rarely |= facts.WISHED
    kept_by = rest.kept_by or (_keeper(node) if call.flags & facts.OF_OBJECT else None)
    return _Way(
        rest.leaf,
        (Hop(node.path, call.line, edge.target.symbol.replace("'2", "")), *rest.path),
        rest.cached or bool(flags & facts.CACHED),
        rest.on_miss or _on_miss(call),
        rest.sometimes or is_conditional(call),
        rest.rarely | rarely,
        wished,
        kept_by,
        rest.by_choice or edge.is_open or (edge.one_of_several and not _all_do(table, node, edge, key)),
        rest.under_condition or bool(call.flags & facts.CONDITIONAL),
        rest.of_kind or bool(call.flags & facts.OF_KIND),
    )


def _keeper(node: Node) -> tuple[str, str]:
    return node.path, node.symbol.rpartition(".")[0]


def _seldom(call: Call, flags: int) -> tuple[int, int]:
    """What makes a call of a function with these `flags` rare, and apart from it whether only a wish does."""
    rarely = call.flags & _RARELY
    if flags & facts.SINGLE:
        rarely |= facts.ONCE
    return rarely & ~facts.WISHED, rarely & facts.WISHED


def _all_do(table: _Steps, node: Node, edge: Edge, key: str) -> bool:
    """Whether each of the functions that a call may run does what `key` says."""
    others = [each for each in node.edges if each.one_of_several and each.call is edge.call]
    return all(next(_behind(table, each, key), None) is not None for each in others)


def possible(summary: Summary, function: Function, call: Call) -> Summary:
    """The summary without what `call` of `function` says not to do."""
    if not (function.switches or call.needs) or not any(
        leaf.needs for leaves in _all_leaves(summary) for leaf in leaves
    ):
        return summary
    own = switches.needs_of(call)

    def kept(leaves: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
        return tuple(doubted(leaf) for leaf in leaves if happens(leaf))

    def doubted(leaf: Leaf) -> Leaf:
        if not switches.are_doubtful(leaf.needs, function, call):
            return leaf
        return replace(leaf, rarely=leaf.rarely | facts.WISHED)

    def happens(leaf: Leaf) -> bool:
        left = switches.left(leaf.needs, function, call)
        return left is not None and not (left and own and switches.contradict((*left, *own)))

    return replace(
        summary,
        blocking=kept(summary.blocking),
        queries=kept(summary.queries),
        external=kept(summary.external),
        commits=kept(summary.commits),
        cpu=kept(summary.cpu),
        reads=kept(summary.reads),
        writes=kept(summary.writes),
    )


def _all_leaves(summary: Summary) -> tuple[tuple[Leaf, ...], ...]:
    return (
        summary.blocking,
        summary.queries,
        summary.external,
        summary.commits,
        summary.cpu,
        summary.reads,
        summary.writes,
    )


def merged(summaries: Sequence[Summary], alternatives: int) -> Summary | None:
    """What several functions do; when a call runs one of `alternatives`, what not all of them do is by choice."""
    if not summaries or (len(summaries) == 1 and alternatives <= 1):
        return summaries[0] if summaries else None
    first = summaries[0]
    return Summary(
        first.name,
        first.is_async,
        *(
            _joined([getattr(summary, field) for summary in summaries], alternatives)
            for field in ("blocking", "queries", "external", "commits", "cpu", "reads", "writes")
        ),
    )


def _joined(groups: Sequence[tuple[Leaf, ...]], alternatives: int) -> tuple[Leaf, ...]:
    leaves: dict[str, Leaf] = {}
    counts: Counter[str] = Counter()
    for group in groups:
        for leaf in group:
            leaves.setdefault(leaf.callable, leaf)
            counts[leaf.callable] += 1
    return tuple(
        replace(leaf, sometimes=True, by_choice=True) if counts[name] < alternatives else leaf
        for name, leaf in leaves.items()
    )


__all__ = ["ELSEWHERE", "Leaf", "Summaries", "Summary"]
