from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.data import at_once
from rules.engine.data.climbing import climbs
from rules.engine.data.embedded import is_embedded
from rules.engine.data.graph_fields import field_around
from rules.engine.data.per_item import goes_over_rows, is_given_rows
from rules.engine.data.plainly_many import goes_over_list, goes_over_many
from rules.engine.data.round_trips import (
    confidence_of,
    goes_out,
    is_never_awaited,
    lines_of,
    loop_of,
    loop_of_gaps,
    nearest,
    said_together,
    short,
    way_to,
    weighed,
)
from rules.engine.data.row_members import summary_of_member
from rules.engine.linking.values import Sort
from rules.engine.loops.each_of import rows_asked_in
from rules.engine.loops.loop_bound import entered
from rules.engine.reading import facts
from rules.engine.reading.loop_shapes import gone_over, iterables, shortened, spelled, targets, unwrapped
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import serves
from rules.engine.service.traffic import is_seldom
from rules.libraries import Kind

if TYPE_CHECKING:
    from rules.engine.costs.summaries import Leaf, Summary
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_ONE_THREAD = (
    "Load the rows of all items with one query before the loop and hand each thread its own; or a pool of a few workers"
    " (`ThreadPoolExecutor(max_workers=…)`) in the place of a thread per item."
)
_FAR = 4
"""Longer call paths are said one severity lower."""


class QueryInLoopThroughHelper(Rule):
    """A helper that queries, called in a loop, makes one query per item, and the loop does not show it.

    The call looks like any other; the query is a function or two away, often in another file. Each turn still pays a
    round trip, so the endpoint gets slower with every item.

    ## Instead
    Give the helper a sibling that takes all keys at once (`load_owners(ids)` with one `in_(ids)`) and returns a
    dictionary; call it before the loop and pick from it inside. A helper that also writes is taken apart: one query
    before the loop, one statement that writes after it.

    ## Trade-offs
    All rows are in memory at once; a list of thousands of keys goes in batches of some hundreds. Checks that the
    helper makes per item (permissions, not found) move into the loop.

    ## Monitor
    Statements per request, and the endpoint's p95 against the length of its list.

    ## When to ignore it
    When the loop is short by design, or the helper answers from memory in all but the first call.
    """

    code = "FP202"
    per_request = True
    paid_by_misses = True
    about_own_line = True
    severity = Severity.HIGH
    comments_when_new = True
    said_from = Severity.HIGH
    gates = True
    effort = Effort.HOURS
    watch = "statements per request"
    guards = ("limit", "LIMIT", "slice", "top")

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order, Owner

            app = FastAPI()

            def owner_of(session: Session, order: Order) -> Owner | None:
                return session.scalar(select(Owner).where(Owner.id == order.owner_id))

            @app.get("/orders")
            def list_orders(session: Session = Depends(get_session)) -> list[str]:
                orders = session.scalars(select(Order).limit(100)).all()
                return [owner_of(session, order).name for order in orders]
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order, Owner

            app = FastAPI()

            def owners_of(session: Session, orders: list[Order]) -> dict[int, Owner]:
                wanted = {order.owner_id for order in orders}
                return {owner.id: owner for owner in session.scalars(select(Owner).where(Owner.id.in_(wanted)))}

            @app.get("/orders")
            def list_orders(session: Session = Depends(get_session)) -> list[str]:
                orders = session.scalars(select(Order).limit(100)).all()
                owners = owners_of(session, orders)
                return [owners[order.owner_id].name for order in orders]
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.enters or callee.is_method or callee.sort == Sort.FUNCTION

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if not module.is_repeated(node):
            yield from _of_field(node, module)
            yield from _of_lambda(node, module)
            return
        summary = module.summary(node)
        if summary is None and isinstance(node.func, ast.Attribute):
            method = summary_of_member(node.func, module)
            summary = method[1] if method is not None else None
        threaded = None
        if summary is None:
            threaded = summary = _in_thread(node, module)
        if summary is None or not summary.reads or goes_out(summary):
            return
        if summary.is_async and is_never_awaited(node, module):
            return
        loop = loop_of(node, module)
        leaf = nearest(summary.reads)
        if loop is None and leaf is not None:
            if climbs(node, module):
                yield _of_chain(node, leaf, module)
            elif threaded is None:
                yield from _of_gaps(node, leaf, module)
        if loop is None or leaf is None or _is_of_a_kind_each(node, loop, module):
            return
        if _is_overridden_there(node, module):
            return
        source = gone_over(loop, module.segment)
        confidence = confidence_of(node, loop, leaf, module)
        if threaded is not None:
            match = Match(
                node,
                f"`{spelled(node.func)}` starts a thread per item of `{source}`, and each reaches `{short(leaf)}`:"
                " as many threads and database connections at the same time.",
                severity=self.priced(leaf, node, module).lowered(),
                confidence=confidence if _is_data(loop, module) else Confidence.POSSIBLE,
                call_path=way_to(node, leaf, module),
                impact=estimates.queries_in_loop(module.options, module.turns_around(node)),
                instead=_ONE_THREAD,
            )
            yield match if goes_over_many(loop, module) else match.doubted()
            return
        severity = self.priced(leaf, node, module)
        costs = f"a round trip to the database per item{_and_commits(summary)}"
        embedded = is_embedded(leaf.callable, module)
        if embedded:
            if _saves(summary) and not _works_on_files(summary) and not is_seldom(node, module):
                severity = min(severity, Severity.MEDIUM, key=lambda each: each.rank)
                costs = "a commit and a wait for the disk each"
            else:
                severity, confidence = Severity.LOW, Confidence.POSSIBLE
                costs = "a statement in the process per item"
        elif not _is_plainly_long(node, loop, module):
            severity = min(severity, Severity.LOW, key=lambda each: each.rank)
        also, swallowed = said_together(node, loop, confidence, module)
        unsure, second_connection = confidence is Confidence.POSSIBLE, ("FP221", node.lineno)
        match = Match(
            node,
            f"`{spelled(node.func)}` runs once per item of `{source}` and each time reaches `{short(leaf)}`:"
            f" {costs}{also}.",
            severity=severity,
            confidence=confidence,
            call_path=way_to(node, leaf, module),
            # A helper with a session of its own takes a second connection each time: one cause, said once.
            swallows=swallowed if unsure else (*swallowed, second_connection),
            cedes=(second_connection,) if unsure else (),
            siblings=lines_of(swallowed),
            instead=at_once.advice(node, loop, leaf, summary, module),
            sketch=at_once.sketch(node, loop, leaf, summary, module),
            impact=None if embedded else estimates.queries_in_loop(module.options, module.turns_around(node)),
        )
        yield match if goes_over_list(loop, module) else match.doubted()

    def priced(self, leaf: Leaf, node: ast.Call, module: Module) -> Severity:
        severity = weighed(self.severity, node, module)
        return severity.lowered() if len(leaf.path) > _FAR or leaf.sometimes else severity


def _is_plainly_long(node: ast.AST, loop: ast.AST, module: Module) -> bool:
    """Whether a loop goes over rows, or over what is sent in bulk. Of other lists nobody sees whether they have two members, and who
    knows the project says so more often than not; so with what administrators take away with one thing."""
    if goes_over_many(loop, module):
        return True
    return (goes_over_rows(loop, module) or is_given_rows(loop, module)) and not is_seldom(node, module)


def _of_chain(node: ast.Call, leaf: Leaf, module: Module) -> Match:
    """`while path: rules = await load_rules(path)`, from a folder to the one above: a query for each step."""
    return Match(
        node,
        f"`{spelled(node.func)}` runs once for each step that this loop climbs, and each time reaches `{short(leaf)}`: a round trip"
        " to the database each.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # how deep it is is not in the code
        when_new=None if is_embedded(leaf.callable, module) else Confidence.LIKELY,
        call_path=way_to(node, leaf, module),
        instead="Ask once for the whole way: for all keys that it leads over, or with a recursive query.",
    )


def _of_gaps(node: ast.Call, leaf: Leaf, module: Module) -> Iterator[Match]:
    """`if order.owner_id not in owners: owners[order.owner_id] = load_owner(order.owner_id)`: a query for each owner there is."""
    found = loop_of_gaps(node, module)
    if found is None or is_embedded(leaf.callable, module):
        return
    loop, kept = found
    yield Match(
        node,
        f"`{spelled(node.func)}` runs once for each value of `{gone_over(loop, module.segment)}` that `{kept}` does not hold yet,"
        f" and each time reaches `{short(leaf)}`: a round trip to the database each.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # how many different ones there are is not in the code
        call_path=way_to(node, leaf, module),
        impact=estimates.queries_in_loop(module.options, module.turns_around(node)),
        instead=f"Collect the keys first, fill `{kept}` with one query before the loop, and look it up there.",
    )


def _of_field(node: ast.Call, module: Module) -> Iterator[Match]:
    """A helper that queries, in the resolver of a field of GraphQL: a list of a hundred objects calls it a hundred times."""
    field = field_around(node, module)
    summary = module.summary(node) if field is not None and serves(node, module) else None
    leaf = nearest(summary.reads) if summary is not None and not goes_out(summary) else None
    if field is None or leaf is None:
        return
    yield Match(
        node,
        f"`{spelled(node.func)}` runs once for each `{field.owner}` of a list that is asked for its `{field.name}`, and each time"
        f" reaches `{short(leaf)}`: a round trip to the database each.",
        severity=Severity.MEDIUM,
        confidence=Confidence.POSSIBLE,  # whether lists of them are asked for is up to the callers
        when_new=Confidence.LIKELY,
        call_path=way_to(node, leaf, module),
        instead=f"Collect the keys of all objects in a `DataLoader` of the request, which loads them with one query, and"
        f" `await` it in `{field.name}`.",
    )


def _of_lambda(node: ast.Call, module: Module) -> Iterator[Match]:
    """`sorted(posts, key=lambda post: votes_of(session, post))`: a helper that queries, once for each row."""
    over = rows_asked_in(node, module) if serves(node, module) else None
    summary = module.summary(node) if over is not None else None
    leaf = nearest(summary.reads) if summary is not None and not goes_out(summary) else None
    if over is None or leaf is None or is_embedded(leaf.callable, module):
        return
    yield Match(
        node,
        f"`{spelled(node.func)}` runs once for each row of `{shortened(module.segment(over), 60)}` and reaches `{short(leaf)}`:"
        " a round trip to the database per item.",
        severity=Severity.MEDIUM,
        confidence=Confidence.POSSIBLE,
        when_new=Confidence.LIKELY,
        call_path=way_to(node, leaf, module),
        impact=estimates.queries_in_loop(module.options, None),
    )


def _is_of_a_kind_each(call: ast.Call, loop: ast.AST, module: Module) -> bool:
    """Whether the loop goes over objects of several classes and has each do its own: filters, scorers, channels.
    There are as many as somebody wrote, and no query serves two of them."""
    value = module.value(call.func)
    if value is None or value.sort != Sort.UNION or not isinstance(call.func, ast.Attribute):
        return False
    names = {part.id for each in targets(loop) for part in walk(each) if isinstance(part, ast.Name)}
    return any(isinstance(part, ast.Name) and part.id in names for part in walk(call.func.value))


def _is_overridden_there(call: ast.Call, module: Module) -> bool:
    """Whether the loop stands in a base class, and each class whose method `self.one()` is has a loop of its own, or none:
    `all()` of the base class never calls them."""
    around = module.graph_node(call)
    if (
        around is None
        or not isinstance(call.func, ast.Attribute)
        or not isinstance(call.func.value, ast.Name)
    ):
        return False
    owner, _, method = around.symbol.rpartition(".")
    targets = entered(call, module) if owner and call.func.value.id == "self" else []
    nodes = module.project.graph.nodes
    return bool(targets) and all(
        (each.path, each.symbol.rpartition(".")[0]) != (around.path, owner)
        and (each.path, f"{each.symbol.rpartition('.')[0]}.{method}") in nodes
        for each in targets
        if not each.function.flags & facts.ABSTRACT
    )


def _is_data(loop: ast.AST, module: Module) -> bool:
    """Whether a loop goes over rows, or over what the request brought: not over the few servers that the program knows."""
    if goes_over_rows(loop, module):
        return True
    function = module.function_of(loop)
    given = {each.arg for each in walk(function.node) if isinstance(each, ast.arg)} if function else set()
    sources = [unwrapped(each) for each in iterables(loop)]
    while any(isinstance(each, ast.Attribute) for each in sources):
        sources = [each.value if isinstance(each, ast.Attribute) else each for each in sources]
    return any(isinstance(each, ast.Name) and each.id in given for each in sources)


def _in_thread(call: ast.Call, module: Module) -> Summary | None:
    """What a function does that a decorator of the project gives to a thread each time it is called."""
    target = module.callee(call)
    if target is None or not module.project.graph.is_handed_on(target):
        return None
    return module.project.summaries.of(target)


def _saves(summary: Summary) -> bool:
    """Whether each call writes and commits: an embedded database then waits for the disk."""
    write, commit = nearest(summary.writes), nearest(summary.commits, "commit")
    if write is None or commit is None or commit.sometimes:
        return False
    return not write.rarely and len(write.path) <= _FAR


def _works_on_files(summary: Summary) -> bool:
    """Whether a helper reads or writes files too: then an embedded database is the least of what an item costs."""
    return any(
        leaf.blocking is not None and leaf.blocking.kind == Kind.DISK and not leaf.blocking.light
        for leaf in summary.blocking
    )


def _and_commits(summary: Summary) -> str:
    commit = nearest(summary.commits, "commit")
    return ", and a commit" if commit is not None and not commit.sometimes else ""
