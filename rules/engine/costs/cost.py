"""What one request costs, as polynomials in the sizes of its loops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, Self, TypeAlias, TypeVar

from msgspec import Struct, field

from rules.engine.costs.polynomials import ONE, Polynomial, add, larger, letters, times, written
from rules.engine.costs.summaries import Summaries
from rules.engine.finding import Cost, Endpoint, EndpointRef
from rules.engine.linking.graph import BACKGROUND, CALL, Edge, Graph, LeafCall, Node, above
from rules.engine.reading import facts
from rules.engine.reading.facts import Call
from rules.engine.reading.request_paths import holds_for

if TYPE_CHECKING:
    from rules.engine.linking.routing import EndpointNode


class Amount(Struct, frozen=True):
    """What some code costs."""

    queries: Polynomial = field(default_factory=dict)
    external: Polynomial = field(default_factory=dict)
    waits: Polynomial = field(default_factory=dict)
    unbounded: bool = False

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            add(self.queries, other.queries),
            add(self.external, other.external),
            add(self.waits, other.waits),
            self.unbounded or other.unbounded,
        )

    def or_larger(self, other: Amount) -> Amount:
        """The maximum of two alternatives."""
        return Amount(
            larger(self.queries, other.queries),
            larger(self.external, other.external),
            larger(self.waits, other.waits),
            self.unbounded or other.unbounded,
        )

    def beside(self, other: Amount) -> Amount:
        """Both at once: the longer wait counts."""
        return Amount(
            add(self.queries, other.queries),
            add(self.external, other.external),
            larger(self.waits, other.waits),
            self.unbounded or other.unbounded,
        )

    def looped(self, loop: str, concurrently: bool) -> Amount:
        """This much for each turn of `loop`, a name or `=5`."""
        waits = self.waits if concurrently else times(self.waits, loop)
        return Amount(times(self.queries, loop), times(self.external, loop), waits, self.unbounded)

    def endless(self) -> Amount:
        return Amount(self.queries, self.external, self.waits, True)

    @property
    def is_nothing(self) -> bool:
        return not (self.queries or self.external or self.waits)


NOTHING = Amount()


class Measure(Protocol):
    """What code costs in some respect: added along calls, multiplied by loops, the larger of alternatives."""

    def __add__(self, other: Self) -> Self: ...
    def or_larger(self, other: Self) -> Self: ...
    def beside(self, other: Self) -> Self: ...
    def looped(self, loop: str, concurrently: bool) -> Self: ...


M = TypeVar("M", bound=Measure)


Lazy: TypeAlias = "Mapping[tuple[str, str], Sequence[LeafCall]]"


class Had(Struct):
    """What the version before cost, and which functions are others since."""

    costs: Costs | None
    known: Mapping[tuple[EndpointRef, Node], tuple[EndpointNode, Endpoint]]
    """Its endpoints, with the handlers whose files did not change."""
    middleware: Sequence[Node]
    changed: set[Node]
    """Functions that call something else, or otherwise."""
    now: Sequence[EndpointNode]
    above: set[Node] = field(default_factory=set)
    """All functions that may cost something else: the changed ones and what calls them, as `Costs` found them."""

    def endpoints(self, middleware: Sequence[Node]) -> Mapping[EndpointNode, Endpoint]:
        """The endpoints that are as they were."""
        if self.middleware != middleware or not self.above.isdisjoint(middleware):
            return {}
        found: dict[EndpointNode, Endpoint] = {}
        for endpoint in self.now:
            known = self.known.get((endpoint.ref, endpoint.handler))
            if (
                known is not None
                and known[0].dependencies == endpoint.dependencies
                and endpoint.handler not in self.above
                and self.above.isdisjoint(endpoint.dependencies)
            ):
                found[endpoint] = known[1]
        return found


class Costs:
    """Amounts of all functions of a graph."""

    def __init__(self, graph: Graph, summaries: Summaries, lazy: Lazy, had: Had | None = None) -> None:
        self._summaries = summaries
        self._lazy = lazy
        """Queries that no call shows: reading a relationship runs them. By path and symbol of the function."""
        self._amounts: dict[Node, Amount] = {}
        if had is not None and had.costs is not None:
            self._take_over(graph, had.costs, had)
        for node in graph.nodes.values():
            if node.endpoints and node not in self._amounts:
                self.of(node)

    def _take_over(self, graph: Graph, before: Costs, had: Had) -> None:
        """Take the amounts that cannot be others from the version before."""
        changed = [*had.changed]
        if before._lazy is not self._lazy:
            for key in before._lazy.keys() | self._lazy.keys():
                had_read, reads = before._lazy.get(key, ()), self._lazy.get(key, ())
                if had_read == reads:
                    continue  # the very same ones
                node = graph.nodes.get(key)
                if node is not None and _read(had_read) != _read(reads):
                    changed.append(node)
        had.above.update(above(changed, had.above))
        self._amounts = {**before._amounts}
        for node in had.above | (self._amounts.keys() - graph.nodes.values()):
            self._amounts.pop(node, None)

    def of(self, node: Node) -> Amount:
        """The amount of one run of `node`. A recursion counts once and makes it unbounded."""
        if node in self._amounts:
            return self._amounts[node]
        stack: list[tuple[Node, int]] = [(node, 0)]
        active: set[Node] = {node}
        recursive: set[Node] = set()
        while stack:
            current, position = stack.pop()
            edges = current.edges
            while position < len(edges):
                target = edges[position].target
                position += 1
                if edges[position - 1].kind == BACKGROUND or target in self._amounts:
                    continue
                if target in active:
                    recursive.add(target)
                    continue
                stack.append((current, position))
                active.add(target)
                stack.append((target, 0))
                break
            else:
                active.discard(current)
                self._amounts[current] = self._amount(current, current in recursive)
        return self._amounts[node]

    def _amount(self, node: Node, recursive: bool) -> Amount:
        items = [(path_of(call, what), amount) for call, what, amount in self.parts(node)]
        if not items:
            return NOTHING
        amount = total(items, NOTHING)
        return amount.endless() if recursive and (amount.queries or amount.external) else amount

    def parts(self, node: Node) -> Iterator[tuple[Call, LeafCall | Edge, Amount]]:
        """The calls in `node` that cost something, with what one run of each costs."""
        for leaf in (*node.leaves, *self._lazy.get((node.path, node.symbol), ())):
            amount = _of_leaf(leaf)
            if not amount.is_nothing and not leaf.call.flags & facts.ON_MISS:
                yield leaf.call, leaf, amount
        for edge in node.edges:
            if edge.kind == BACKGROUND or edge.call.flags & (facts.DETACHED | facts.ON_MISS):
                continue  # the request does not wait for it, or only when something was not there yet
            if edge.target.function.flags & facts.CACHED:
                continue  # answered from memory in all but the first request
            amount = self._amounts.get(edge.target, NOTHING)
            if not amount.is_nothing:
                yield edge.call, edge, amount.endless() if edge.call.flags & facts.WHILE else amount

    def of_middleware(self, node: Node, path: str) -> Amount:
        """What a middleware adds to a request of `path`: parts of it may be for other paths only."""
        items = [
            (path_of(call, what), amount) for call, what, amount in self.parts(node) if applies(call, path)
        ]
        return total(items, NOTHING)

    def amount_of(
        self, handler: Node, dependencies: Iterable[Node], middleware: Iterable[Node], path: str
    ) -> Amount:
        """The cost of a request: what runs before the handler, and the handler."""
        amount = NOTHING
        for node in middleware:
            amount = amount + self.of_middleware(node, path)
        for node in (*dependencies, handler):
            amount = amount + self.of(node)
        return amount

    def endpoint(
        self, handler: Node, dependencies: Iterable[Node], middleware: Iterable[Node], path: str
    ) -> Cost:
        """The cost of a request in words, with what blocks the event loop."""
        dependencies, middleware = tuple(dependencies), tuple(middleware)
        amount = self.amount_of(handler, dependencies, middleware, path)
        blocking: dict[str, None] = {}
        for node in (*middleware, *dependencies, handler):
            if node.is_async:
                blocking.update(dict.fromkeys(self._summaries.blocks_loop(node)))
                blocking.update(dict.fromkeys(self._loaded_on_loop(node)))
        sizes = sizes_of(amount)
        return Cost(
            written(amount.queries, sizes),
            written(amount.external, sizes),
            written(amount.waits, sizes),
            tuple(blocking),
            amount.unbounded,
        )

    def sizes(
        self, handler: Node, dependencies: Iterable[Node], middleware: Iterable[Node], path: str
    ) -> tuple[tuple[str, str], ...]:
        """The letters that `endpoint` writes, with what they count where that has a name."""
        amount = self.amount_of(handler, dependencies, middleware, path)
        return tuple((letter, name) for name, letter in sizes_of(amount).items())

    def _loaded_on_loop(self, node: Node) -> Iterator[str]:
        """The relationships that `node`, which runs on the event loop, loads there itself or through what it calls."""
        if not self._lazy:
            return
        seen, pending = {node}, [node]
        while pending:
            current = pending.pop()
            for leaf in self._lazy.get((current.path, current.symbol), ()):
                yield leaf.name
            for edge in current.edges:
                if edge.kind == CALL and edge.target not in seen:
                    seen.add(edge.target)
                    pending.append(edge.target)


def _read(calls: Sequence[LeafCall]) -> list[tuple[str, Call]]:
    return [(leaf.name, leaf.call) for leaf in calls]


def sizes_of(amount: Amount) -> dict[str, str]:
    """The letter for each size of a loop that an amount speaks of."""
    return letters(amount.queries, amount.external, amount.waits)


def applies(call: Call, path: str) -> bool:
    """Whether a call in a middleware is made for requests of `path`."""
    return all(holds_for(segment[1:], path) for segment in call.path.split("/") if segment[:1] == "%")


def _of_leaf(leaf: LeafCall) -> Amount:
    unbounded = bool(leaf.call.flags & facts.WHILE)
    if leaf.query is not None:
        if leaf.query.kind in ("rollback", "connect"):
            return NOTHING
        return Amount(queries=ONE, waits=ONE, unbounded=unbounded)
    if leaf.external is not None:
        return Amount(external=ONE, waits=ONE, unbounded=unbounded)
    return NOTHING


def path_of(call: Call, what: LeafCall | Edge) -> Sequence[str]:
    """The loops, alternatives and concurrent groups around a call, from the outside in.

    Where it runs one of several functions, these are alternatives too.
    """
    found = call.path.split("/")[:-1] if call.path else []
    if "%" in call.path:
        found = [segment for segment in found if segment[:1] != "%"]
    if isinstance(what, Edge) and what.one_of_several:
        return [*found, f"?{call.line}_{call.column}s.{what.at}"]
    return found


_DEEPEST = 200
"""Loops and alternatives inside of one another: what is deeper, nobody wrote by hand, is added up as it stands."""


def total(
    items: Sequence[tuple[Sequence[str], M]], nothing: M, depth: int = 0, *, concurrently: bool = False
) -> M:
    """The sum of items whose paths agree before `depth`."""
    found = nothing
    looped: dict[str, list[tuple[Sequence[str], M]]] = {}
    groups: dict[str, dict[str, list[tuple[Sequence[str], M]]]] = {}
    for item in items:
        path, amount = item
        if len(path) <= depth or depth == _DEEPEST:
            found = found + amount
            continue
        segment = path[depth]
        if segment[0] == "*":
            looped.setdefault(segment[1:], []).append(item)
        else:
            group, _, member = segment.partition(".")
            groups.setdefault(group, {}).setdefault(member, []).append(item)
    for loop, inner in looped.items():
        each = total(inner, nothing, depth + 1, concurrently=concurrently)
        found = found + each.looped(loop, concurrently)
    for group, members in groups.items():
        together = group[0] == "&"
        amounts = [
            total(member, nothing, depth + 1, concurrently=concurrently or together)
            for member in members.values()
        ]
        joined = amounts[0]
        for amount in amounts[1:]:
            joined = joined.beside(amount) if together else joined.or_larger(amount)
        found = found + joined
    return found
