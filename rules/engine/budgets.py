"""Costs as a contract: what an endpoint may cost at most, by `[[budget]]` in the configuration.

Costs are compared by degree: of two costs the one with less of the highest power of a size in which they differ is the
lower one. That holds for long loops, needs no name of a loop, and makes a bound that a loop gets an improvement, whatever
the bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from rules.engine import fingerprints, registry
from rules.engine.finding import (
    Budget,
    Confidence,
    Cost,
    Effort,
    Endpoint,
    EndpointRef,
    Finding,
    Hop,
    Impact,
    Options,
    Severity,
)
from rules.engine.reading.regexes import regex
from rules.engine.rule import Invalid, Rule, Valid

CODE = "FP005"
_PARAMETER = regex(r"\{[^{}/]*\}")
KINDS = {"queries": "queries", "external_calls": "external calls"}
"""The costs that a budget bounds, as attributes of a cost and in words."""
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_FACTOR = regex(rf"(\d+(?:\.\d+)?)|([A-Za-z])([{_SUPERSCRIPTS}]?)")


class BudgetExceeded(Rule):
    """An endpoint costs more than its budget allows: `[[budget]]` says what the team agreed on, and this change breaks it.

    A budget turns the cost of an endpoint into a contract. It is counted from the code, through helpers and dependencies, so
    it breaks in the pull request that adds the query and not in the week that sees the traffic.

    ## Instead
    Bring the cost back, or raise the budget in a change of its own, so that somebody decides it. Where each
    query of an endpoint comes from, `fastperf diagnose` shows, given its method and path.

    ## Trade-offs
    Costs are upper bounds: a query behind an `if` counts always.

    ## Monitor
    Statements and outgoing calls per request of the endpoint.

    ## When to ignore it
    When the budget is wrong: change it then. `fastperf budget --freeze` writes today's costs.
    """

    code = CODE
    severity = Severity.HIGH
    gates = True
    effort = Effort.HOURS
    watch = "statements per request"
    invalid = (
        Invalid(
            """
            # [[tool.fastperf.budget]]
            # match = "GET /orders"
            # queries = 2

            @app.get("/orders")
            async def list_orders(session: Session) -> list[OrderOut]:
                orders = (await session.scalars(select(Order).limit(50))).all()
                return [OrderOut.of(order, await items_of(session, order)) for order in orders]  # 1 + N
            """
        ),
    )
    valid = (
        Valid(
            """
            # [[tool.fastperf.budget]]
            # match = "GET /orders"
            # queries = 2

            @app.get("/orders")
            async def list_orders(session: Session) -> list[OrderOut]:
                query = select(Order).options(selectinload(Order.items)).limit(50)
                return [OrderOut.of(order) for order in await session.scalars(query)]
            """
        ),
    )


def by_degree(cost: str | int) -> dict[int, float]:
    """`2 + 3N²` as `{0: 2, 2: 3}`, whatever the sizes are called."""
    found: dict[int, float] = {}
    for term in str(cost).split("+"):
        factor, degree, seen = 1.0, 0, False
        for number, letter, power in _FACTOR.findall(term):
            seen = True
            if number:
                factor *= float(number)
            if letter:
                degree += _SUPERSCRIPTS.index(power) if power else 1
        if seen and factor:
            found[degree] = found.get(degree, 0.0) + factor
    return found


def within(cost: str | int, allowed: str | int) -> bool:
    """Whether `cost` is no more than `allowed` where loops are long."""
    left, right = by_degree(cost), by_degree(allowed)
    for degree in sorted(left.keys() | right.keys(), reverse=True):
        more = left.get(degree, 0.0) - right.get(degree, 0.0)
        if abs(more) > 1e-9:
            return more < 0
    return True


def fits(budget: Budget, endpoint: Endpoint) -> bool:
    """Whether a budget means this endpoint: `GET /orders`, `/orders` or a glob. How parameters are called is nothing."""
    if budget.file is not None:
        file = f"{budget.above}/{endpoint.file}" if budget.above else endpoint.file
        if not fnmatchcase(file, budget.file):
            return False
    match = budget.match
    target = f"{endpoint.method} {endpoint.path}" if " " in match else endpoint.path
    target, match = _PARAMETER.sub("{}", target), _PARAMETER.sub("{}", match)
    return fnmatchcase(target, match.replace("[", "[[]"))


def broken_by(cost: Cost, budget: Budget) -> Iterator[tuple[str, str]]:
    """What breaks a budget, with what it says; both in words: (`queries 2 + N`, `at most 5`)."""
    for attribute, words in KINDS.items():
        allowed = getattr(budget, attribute)
        if allowed is not None and not within(getattr(cost, attribute), allowed):
            yield f"{words} {getattr(cost, attribute)}", f"at most {allowed}"
    bounded = budget.queries is not None or budget.external_calls is not None
    if bounded and cost.unbounded and not budget.unbounded:
        yield "calls in a loop without a bound", "a number"
    if budget.blocks is False and cost.blocking:
        yield (
            f"blocks the event loop ({', '.join(f'`{name}`' for name in cost.blocking[:3])})",
            "never blocks",
        )


def broken(endpoints: Iterable[Endpoint], options: Options) -> Iterator[Finding]:
    """One finding for each bound that an endpoint is beyond. Every budget that fits an endpoint holds."""
    rule = registry.by_code(CODE)
    card = registry.told(rule)
    for endpoint in endpoints:
        held = options.at(endpoint.file)
        if not held.budget or not held.wants(CODE):
            continue
        ref = EndpointRef(endpoint.method, endpoint.path)
        told: dict[str, str] = {}
        for budget in held.budget:
            if fits(budget, endpoint):
                told.update(broken_by(endpoint.cost, budget))
        for what, allowed in told.items():
            yield Finding(
                code=CODE,
                name=registry.name_of(rule),
                severity=held.severity_of(CODE, rule.severity),
                confidence=Confidence.CERTAIN,
                gates=rule.gates,
                effort=rule.effort,
                path=endpoint.file,
                line=endpoint.line,
                column=1,
                end_line=endpoint.line,
                end_column=1,
                symbol=endpoint.symbol.rpartition(".")[2],
                endpoint=ref,
                message=f"`{ref}` is beyond its budget: {what}; the budget says {allowed}.",
                why=card.why,
                instead=card.instead,
                trade_offs=card.trade_offs,
                metric=rule.watch,
                impact=Impact(),
                call_path=(),
                fix=None,
                fingerprint=fingerprints.core_of_text(CODE, str(ref), _kind(what)),
                places=(Hop(endpoint.file, endpoint.line, str(ref)),),
                endpoints=(ref,),
            )


def _kind(what: str) -> str:
    """Which bound it is: the same one stays the same finding while the cost moves."""
    return next(
        (attribute for attribute, words in KINDS.items() if what.startswith(words)), what.split(" ")[0]
    )


def frozen(costs: Sequence[Cost], match: str, olds: Iterable[Budget] = (), *, loosen: bool = False) -> Budget:
    """Today's costs, of several endpoints the most of each, as a budget. An older, tighter one stays, unless `loosen`: a
    ratchet turns one way."""
    budget = Budget(
        match=match,
        queries=_number(_most(cost.queries for cost in costs)),
        external_calls=_number(_most(cost.external_calls for cost in costs)),
        blocks=any(cost.blocking for cost in costs),
        unbounded=any(cost.unbounded for cost in costs),
    )
    for old in () if loosen else olds:
        budget = Budget(
            match=match,
            queries=_tighter(budget.queries, old.queries),
            external_calls=_tighter(budget.external_calls, old.external_calls),
            blocks=bool(budget.blocks) and old.blocks is not False,
            unbounded=budget.unbounded and old.unbounded,
        )
    return budget


def _most(costs: Iterable[str]) -> str:
    """The one that all others are within."""
    most, *others = costs
    for cost in others:
        most = most if within(cost, most) else cost
    return most


def _tighter(today: int | str | None, before: int | str | None) -> int | str | None:
    if before is None or today is None:
        return today
    return today if within(today, before) else before


def _number(cost: str) -> int | str:
    return int(cost) if cost.isdigit() else cost
