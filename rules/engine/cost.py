"""What one request costs, as polynomials in N, the length of its loops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rules.engine import facts
from rules.engine.facts import Call
from rules.engine.finding import Cost
from rules.engine.graph import BACKGROUND, Graph, LeafCall, Node
from rules.engine.summaries import Summaries

Polynomial = tuple[int, ...]
"""Coefficients by degree: `(2, 3)` is 2 + 3N."""

_MAX_DEGREE = 4
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"


def add(left: Polynomial, right: Polynomial) -> Polynomial:
    if not left:
        return right
    if not right:
        return left
    if len(left) < len(right):
        left, right = right, left
    return tuple(value + (right[degree] if degree < len(right) else 0) for degree, value in enumerate(left))


def times_n(value: Polynomial) -> Polynomial:
    """`value` done N times."""
    if not value or len(value) > _MAX_DEGREE:
        return value
    return (0, *value)


def larger(left: Polynomial, right: Polynomial) -> Polynomial:
    """The larger for large N."""
    return max(left, right, key=lambda value: (len(value), value[::-1]))


def written(value: Polynomial) -> str:
    """`2 + 3N`, `N²`, `0`."""
    terms = []
    for degree, factor in enumerate(value):
        if not factor:
            continue
        power = "" if degree == 0 else "N" if degree == 1 else f"N{_SUPERSCRIPTS[degree]}"
        terms.append(power if power and factor == 1 else f"{factor}{power}")
    return " + ".join(terms) or "0"


@dataclass(frozen=True, slots=True)
class Amount:
    """What some code costs."""

    queries: Polynomial = ()
    external: Polynomial = ()
    waits: Polynomial = ()
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

    def looped(self, concurrently: bool) -> Amount:
        waits = self.waits if concurrently else times_n(self.waits)
        return Amount(times_n(self.queries), times_n(self.external), waits, self.unbounded)


NOTHING = Amount()
_Item = tuple[Sequence[str], Amount]


class Costs:
    """Amounts of all functions of a graph."""

    def __init__(self, graph: Graph, summaries: Summaries) -> None:
        self._summaries = summaries
        self._amounts: dict[Node, Amount] = {}
        for node in graph.nodes.values():
            if node.endpoints:
                self.of(node)

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
        items: list[_Item] = []
        for leaf in node.leaves:
            amount = _of_leaf(leaf)
            if amount is not NOTHING:
                items.append((_segments(leaf.call), amount))
        for edge in node.edges:
            if edge.kind == BACKGROUND:
                continue
            amount = self._amounts.get(edge.target, NOTHING)
            if amount.queries or amount.external or amount.waits:
                if edge.call.flags & facts.WHILE:
                    amount = Amount(amount.queries, amount.external, amount.waits, True)
                items.append((_segments(edge.call), amount))
        if not items:
            return NOTHING
        total = _total(items, 0, False)
        if recursive and (total.queries or total.external):
            total = Amount(total.queries, total.external, total.waits, True)
        return total

    def endpoint(self, handler: Node, dependencies: Iterable[Node], middleware: Iterable[Node]) -> Cost:
        """The cost of a request: what runs before the handler, and the handler."""
        total = NOTHING
        blocking: dict[str, None] = {}
        for node in (*middleware, *dependencies, handler):
            total = total + self.of(node)
            if node.is_async:
                blocking.update(dict.fromkeys(self._summaries.blocks_loop(node)))
        return Cost(
            written(total.queries),
            written(total.external),
            written(total.waits),
            tuple(blocking),
            total.unbounded,
        )


def _of_leaf(leaf: LeafCall) -> Amount:
    unbounded = bool(leaf.call.flags & facts.WHILE)
    if leaf.query is not None:
        if leaf.query.kind in ("rollback", "connect"):
            return NOTHING
        return Amount(queries=(1,), waits=(1,), unbounded=unbounded)
    if leaf.external is not None:
        return Amount(external=(1,), waits=(1,), unbounded=unbounded)
    return NOTHING


def _segments(call: Call) -> Sequence[str]:
    return call.path.split("/")[:-1] if call.path else ()


def _total(items: Sequence[_Item], depth: int, concurrently: bool) -> Amount:
    """The sum of items whose paths agree before `depth`."""
    total = NOTHING
    looped: list[_Item] = []
    groups: dict[str, dict[str, list[_Item]]] = {}
    for item in items:
        segments, amount = item
        if len(segments) <= depth:
            total = total + amount
            continue
        segment = segments[depth]
        if segment == "*":
            looped.append(item)
        else:
            group, _, member = segment.partition(".")
            groups.setdefault(group, {}).setdefault(member, []).append(item)
    if looped:
        total = total + _total(looped, depth + 1, concurrently).looped(concurrently)
    for group, members in groups.items():
        together = group[0] == "&"
        amounts = [_total(inner, depth + 1, concurrently or together) for inner in members.values()]
        joined = amounts[0]
        for amount in amounts[1:]:
            if together:
                joined = Amount(
                    add(joined.queries, amount.queries),
                    add(joined.external, amount.external),
                    larger(joined.waits, amount.waits),
                    joined.unbounded or amount.unbounded,
                )
            else:
                joined = joined.or_larger(amount)
        total = total + joined
    return total
