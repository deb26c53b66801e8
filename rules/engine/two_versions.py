"""Two versions of a project side by side: what is the same function or endpoint, and what only one lets us know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

from msgspec.structs import replace

from rules.engine.costs.cost import Amount
from rules.engine.costs.polynomials import exceeds
from rules.engine.finding import Cost, Endpoint
from rules.engine.linking.graph import Edge, LeafCall, Node
from rules.engine.linking.routing import EndpointNode
from rules.engine.project import Project
from rules.engine.reading import facts
from rules.engine.reading.facts import Call


class Versions:
    """Two versions of a project. `renamed`: path now -> path before."""

    def __init__(self, before: Project, after: Project, renamed: Mapping[str, str]) -> None:
        self.before, self.after = before, after
        self._renamed = renamed
        self._same: dict[Node, bool] = {}
        self._endpoints = {endpoint.ref: endpoint for endpoint in before.routing.endpoints}
        self._known: dict[Node, Sequence[LeafCall | Edge]] = {}

    @cached_property
    def others(self) -> Sequence[Node]:
        """The functions that are not the very ones that they were: new ones, and those whose file, calls or place changed."""
        before = {*self.before.graph.nodes.values()}
        return [node for node in self.after.graph.nodes.values() if node not in before]

    @cached_property
    def _by_symbol(self) -> Mapping[str, Sequence[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self.before.graph.nodes.values():
            found.setdefault(node.symbol, []).append(node)
        return found

    @cached_property
    def _handlers(self) -> Mapping[tuple[str, str, str], EndpointNode]:
        return {
            (endpoint.ref.method, endpoint.handler.path, endpoint.handler.symbol): endpoint
            for endpoint in self.before.routing.endpoints
        }

    def old(self, node: Node) -> Node | None:
        """The same function before: in its file, else the only one of that name that left its own."""
        nodes = self.before.graph.nodes
        for path in (self._renamed.get(node.path, node.path), node.path):
            if (found := nodes.get((path, node.symbol))) is not None:
                return found
        gone = [
            other
            for other in self._by_symbol.get(node.symbol, ())
            if (other.path, other.symbol) not in self.after.graph.nodes
        ]
        return gone[0] if len(gone) == 1 else None

    @cached_property
    def _same_middleware(self) -> bool:
        old, new = self.before.routing.middleware, self.after.routing.middleware
        return old == new and all(map(self._costs_the_same, new))

    def _costs_the_same(self, node: Node) -> bool:
        """Whether the amount of a function was taken over from the version before."""
        known = self._same.get(node)
        if known is None:
            known = self._same[node] = self.before.costs.of(node) is self.after.costs.of(node)
        return known

    def cost_the_same(self, old: EndpointNode, new: EndpointNode) -> bool:
        """Whether all that a request runs was taken over from the version before, so that there is no need to compare."""
        return (
            old.handler is new.handler
            and old.dependencies == new.dependencies
            and self._same_middleware
            and all(map(self._costs_the_same, (new.handler, *new.dependencies)))
        )

    @cached_property
    def endpoints(self) -> Sequence[tuple[EndpointNode, EndpointNode]]:
        """The endpoints that may cost otherwise than before: old and new."""
        pairs = ((self.old_endpoint(endpoint), endpoint) for endpoint in self._maybe_dearer())
        return [(old, new) for old, new in pairs if old is not None and not self.cost_the_same(old, new)]

    def _maybe_dearer(self) -> Sequence[EndpointNode]:
        """The endpoints that a look at what the amounts were taken over from does not tell to cost the same."""
        before, after = self.before, self.after
        after.costs  # noqa: B018 - what they took over is known once they are made
        routing, had = after.routing, after.had
        if had is None or had.costs is not before.costs or routing is not before.routing:
            return routing.endpoints
        if not had.above.isdisjoint(routing.middleware):
            return routing.endpoints
        return [
            endpoint
            for endpoint in routing.endpoints
            if endpoint.handler in had.above or not had.above.isdisjoint(endpoint.dependencies)
        ]

    def old_endpoint(self, endpoint: EndpointNode) -> EndpointNode | None:
        found = self._endpoints.get(endpoint.ref)
        if found is not None:
            return found
        handler = self.old(endpoint.handler)
        if handler is None:
            return None
        return self._handlers.get((endpoint.ref.method, handler.path, handler.symbol))

    def newly_known(self, node: Node) -> Sequence[LeafCall | Edge]:
        """What calls of a function lead to that the version before made as well, on an object that nobody knew.

        A cast, an annotation or a factory tells what `self.client` is: `self.client.embed()` costs what it did.
        """
        if node not in self._known:
            old = self.old(node)
            self._known[node] = _newly_known(old, node) if old is not None and old is not node else ()
        return self._known[node]


def with_known_costs(versions: Versions, endpoints: Sequence[Endpoint]) -> tuple[Endpoint, ...]:
    """Endpoints of the version before. What calls of theirs cost that only the new version lets us know is in their cost."""
    found = [(node, versions.newly_known(node)) for node in versions.others if node.endpoints]
    known = [(node.endpoints, what) for node, what in found if what]
    if not known:
        return tuple(endpoints)
    now = {(each.method, each.path, each.file): each.cost for each in versions.after.endpoints}
    raised: dict[tuple[str, str, str], Cost] = {}
    had = {(each.method, each.path, each.file): each.cost for each in endpoints}
    positions = {endpoint: number for number, endpoint in enumerate(versions.after.routing.endpoints)}
    for old, new in versions.endpoints:
        key = (old.ref.method, old.ref.path, old.handler.path)
        cost = now.get((new.ref.method, new.ref.path, new.handler.path))
        if key in had and cost is not None and cost != had[key]:
            bit = 1 << positions[new]
            told = [what for bits, some in known if bits & bit for what in some]
            if told:
                raised[key] = _raised(versions, (old, had[key]), (new, cost), told)
    return tuple(
        replace(each, cost=raised.get((each.method, each.path, each.file), each.cost)) for each in endpoints
    )


def _raised(
    versions: Versions,
    old: tuple[EndpointNode, Cost],
    new: tuple[EndpointNode, Cost],
    known: Sequence[LeafCall | Edge],
) -> Cost:
    """The old cost; as large as the new one in what the newly known calls cost."""
    costs, (before, now) = versions.after.costs, (old[1], new[1])
    less, more = _amount(versions.before, old[0]), _amount(versions.after, new[0])
    amounts = [costs.of(what.target) for what in known if isinstance(what, Edge)]
    leaves = [what for what in known if isinstance(what, LeafCall)]
    if exceeds(more.queries, less.queries) and (
        any(leaf.query for leaf in leaves) or any(amount.queries for amount in amounts)
    ):
        before = replace(before, queries=now.queries, serial_waits=now.serial_waits)
    if exceeds(more.external, less.external) and (
        any(leaf.external for leaf in leaves) or any(amount.external for amount in amounts)
    ):
        before = replace(before, external_calls=now.external_calls, serial_waits=now.serial_waits)
    blocking = {leaf.name for leaf in leaves if leaf.blocking}
    for what in known:
        if isinstance(what, Edge):
            blocking.update(leaf.callable for leaf in versions.after.summaries.of(what.target).blocking)
    also = tuple(name for name in now.blocking if name in blocking and name not in before.blocking)
    return replace(before, blocking=(*before.blocking, *also))


def _amount(project: Project, endpoint: EndpointNode) -> Amount:
    return project.costs.amount_of(
        endpoint.handler, endpoint.dependencies, project.routing.middleware, endpoint.ref.path
    )


def _newly_known(old: Node, now: Node) -> Sequence[LeafCall | Edge]:
    gone = _unknown(old) - _unknown(now)
    if not gone:
        return ()
    known = _known(now)
    more = Counter(map(_asked, known)) - Counter(map(_asked, _known(old)))
    told = {key for key in gone if gone[key] >= more[key] > 0}
    return [what for call, found in known.items() if _asked(call) in told for what in found]


_Place = tuple[int, int, str, int]


def _known(node: Node) -> dict[_Place, list[LeafCall | Edge]]:
    """By call, what it leads to."""
    found: dict[_Place, list[LeafCall | Edge]] = {}
    everything: list[LeafCall | Edge] = [*node.leaves, *node.edges]
    for what in everything:
        if not isinstance(what, Edge) or not what.handed:
            found.setdefault(_place(what.call), []).append(what)
    return found


def _unknown(node: Node) -> Counter[tuple[str, int]]:
    known = _known(node)
    calls = (call for call in node.function.calls if not call.flags & (facts.LOAD | facts.DECORATES))
    return Counter(_asked(place) for place in map(_place, calls) if place not in known)


def _place(call: Call) -> _Place:
    return call.line, call.column, call.ref, call.flags & facts.AWAITED


def _asked(place: _Place) -> tuple[str, int]:
    """The last name of what is called, and whether that is awaited."""
    return place[2].rpartition(".")[2].removeprefix("@"), place[3]
