from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.data import one_query
from rules.engine.data.at_once import MERGED, asks_for_many, is_merge
from rules.engine.data.climbing import climbs
from rules.engine.data.embedded import is_embedded
from rules.engine.data.graph_fields import field_around
from rules.engine.data.per_item import is_doubtful
from rules.engine.data.plainly_many import goes_over_many
from rules.engine.data.round_trips import (
    OTHER_STORES,
    confidence_of,
    defines,
    is_made_for_item,
    lines_of,
    loop_of,
    loop_of_gaps,
    one_table,
    said_together,
    takes_many,
    weighed,
    writes,
)
from rules.engine.data.written_turns import writes_besides
from rules.engine.loops.each_of import rows_asked_in
from rules.engine.reading.loop_shapes import gone_over, iterables, shortened, spelled
from rules.engine.reading.rows import ITEM
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import serves

if TYPE_CHECKING:
    from rules.engine.data.statements import Loaded
    from rules.engine.linking.callees import Callee
    from rules.engine.linking.values import Value
    from rules.engine.module import Module
    from rules.libraries import Query


_WITH_ITS_OWNER = frozenset({"joined", "selectin", "subquery", "immediate"})
"""Values of `lazy=` with which a row is loaded together with what it refers to."""
_SOME_KEYS = 4
"""So many queries one after another, where one would do, are worth a hint."""
_RELATION = "tortoise.fields.ReverseRelation"
_AS_DICT = "playhouse.shortcuts.model_to_dict"
_LOADING = frozenset({"prefetch_related", "select_related", "fetch_related", "fetch_for_list"})
"""Tortoise's methods that load what rows refer to."""


class QueryInLoop(Rule):
    """A query per item of a loop makes the endpoint slower with every item.

    Each turn pays a round trip to the database, the parsing and planning of a statement and its result: a hundred
    items are a hundred round trips, one after another. The time grows with the data, so it shows in production first.

    ## Instead
    Ask once for all before the loop: `select(Model).where(Model.id.in_(ids))`, then pick from a dictionary in
    it. Related rows are loaded with their parents: `selectinload(Model.children)`.

    ## Trade-offs
    All rows are in memory at once; a list of thousands of keys goes in batches of some hundreds. Rows that are
    missing no longer show up one by one.

    ## Monitor
    Statements per request, and the endpoint's p95 against the length of its list.

    ## When to ignore it
    When the loop is short by design and the database is in the same process.
    """

    code = "FP201"
    per_request = True
    paid_by_misses = True
    severity = Severity.HIGH
    said_from = Severity.CRITICAL
    comments_when_new = True
    gates = True
    effort = Effort.MINUTES
    watch = "statements per request"
    guards = ("limit", "LIMIT", "slice", "top")

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Product

            app = FastAPI()

            @app.post("/basket")
            def basket(numbers: list[str], session: Session = Depends(get_session)) -> list[str]:
                names = []
                for number in numbers:
                    product = session.scalar(select(Product).where(Product.number == number))
                    names.append(product.name if product else "unknown")
                return names
            """,
            fixed="""
            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Product

            app = FastAPI()

            @app.post("/basket")
            def basket(numbers: list[str], session: Session = Depends(get_session)) -> list[str]:
                names = []
                product_by_number = {
                    product.number: product
                    for product in session.scalars(select(Product).where(Product.number.in_(numbers)))
                }
                for number in numbers:
                    product = product_by_number.get(number)
                    names.append(product.name if product else "unknown")
                return names
            """,
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI
            from sqlalchemy import select
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Product

            app = FastAPI()

            @app.post("/basket")
            def basket(ids: list[int], session: Session = Depends(get_session)) -> list[str]:
                products = session.scalars(select(Product).where(Product.id.in_(ids)))
                return [product.name for product in products]
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.meaning.query is not None or callee.spelled == _AS_DICT.rpartition(".")[2]

    def check(self, node: ast.Call | ast.Await, module: Module) -> Iterator[Match]:
        if isinstance(node, ast.Await):
            yield from _of_relation(node, module)
            return
        query = module.query(node)
        if query is None and module.called_name(node) == _AS_DICT:
            yield from _of_whole_rows(node, module)
            return
        if query is None or query.kind != "select" or query.driver in OTHER_STORES:
            return
        loop = loop_of(node, module)
        if writes(node, module) or takes_many(node) or defines(node):
            return
        if loop is None:
            yield from _of_field(node, module)
            yield from _of_gaps(node, module)
            yield from _of_written_keys(node, module)
            yield from _of_chain(node, module)
            yield from _of_lambda(node, module)
            return
        if not one_table(node, loop, module):
            return  # another table each time: no query could ask for all
        source = gone_over(loop, module.segment)
        severity, confidence = weighed(self.severity, node, module), confidence_of(node, loop, None, module)
        if is_made_for_item(node, loop, module) or (query.primary_key and _is_held(node, module)):
            confidence = Confidence.POSSIBLE
        costs = "one round trip to the database each, one after another"
        embedded = is_embedded(query.name, module)
        if embedded:
            severity, confidence = Severity.LOW, Confidence.POSSIBLE
            costs = "a statement in the process each"
        also, swallowed = said_together(node, loop, confidence, module)
        match = Match(
            node,
            f"`{spelled(node.func)}` runs once per item of `{source}`: {costs}{also}.",
            severity=severity,
            confidence=confidence,
            swallows=swallowed,
            siblings=lines_of(swallowed),
            fix=one_query.fix(node, loop, module),
            impact=None if embedded else estimates.queries_in_loop(module.options, module.turns_around(node)),
            instead=_instead(node, query, module),
        )
        # A row that is asked for by its key may be in the session already.
        is_sure = (
            goes_over_many(loop, module) and not query.primary_key and not writes_besides(node, loop, module)
        )
        yield match if is_sure else match.doubted()


def _of_field(node: ast.Call, module: Module) -> Iterator[Match]:
    """A query in the resolver of a field of GraphQL: a list of a hundred objects asks it a hundred times."""
    field = field_around(node, module) if serves(node, module) else None
    if field is None:
        return
    yield Match(
        node,
        f"`{spelled(node.func)}` runs once for each `{field.owner}` of a list that is asked for its `{field.name}`: one round trip"
        " to the database each.",
        severity=Severity.MEDIUM,
        confidence=Confidence.POSSIBLE,  # whether lists of them are asked for is up to the callers
        when_new=Confidence.LIKELY,
        instead=f"Collect the keys of all objects in a `DataLoader` of the request, which loads them with one query, and"
        f" `await` it in `{field.name}`.",
    )


def _of_gaps(node: ast.Call, module: Module) -> Iterator[Match]:
    """`if order.owner_id not in names: names[order.owner_id] = load(order.owner_id)`: a query for each owner there is."""
    query, found = module.query(node), loop_of_gaps(node, module)
    if (
        found is None
        or query is None
        or is_embedded(query.name, module)
        or not one_table(node, found[0], module)
    ):
        return
    loop, kept = found
    yield Match(
        node,
        f"`{spelled(node.func)}` runs once for each value of `{gone_over(loop, module.segment)}` that `{kept}` does not hold yet:"
        " one round trip to the database each, one after another.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # how many different ones there are is not in the code
        impact=estimates.queries_in_loop(module.options, module.turns_around(node)),
        instead=f"Collect the keys first, fill `{kept}` with one query before the loop, and look it up there.",
    )


def _of_written_keys(node: ast.Call, module: Module) -> Iterator[Match]:
    """`for key in ["host", "port", "user", "topic"]: settings.get(key)`: a query for each of some keys that the code lists."""
    loops = module.loops(node)
    if len(loops) != 1 or not module.in_request_path(node) or not module.depends_on_loop(node, loops[0]):
        return
    keys = _written_keys(iterables(loops[0]), module)
    if keys < _SOME_KEYS or not one_table(node, loops[0], module):
        return
    if any(isinstance(each, ast.Return | ast.Break) for each in walk(loops[0])):
        return  # it looks for one
    query = module.query(node)
    if query is None or is_embedded(query.name, module):
        return
    yield Match(
        node,
        f"`{spelled(node.func)}` runs once for each of {keys} keys that the code lists: {keys} round trips, one after another, where"
        " one query could ask for all.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,
        when_new=Confidence.LIKELY,
        impact=estimates.queries_in_loop(module.options, keys),
        instead=_instead(node, query, module),
    )


def _of_lambda(node: ast.Call, module: Module) -> Iterator[Match]:
    """`sorted(posts, key=lambda post: session.scalar(…))`: a query for each row."""
    query = module.query(node)
    over = rows_asked_in(node, module) if serves(node, module) else None
    if over is None or query is None or is_embedded(query.name, module):
        return
    yield Match(
        node,
        f"`{spelled(node.func)}` runs once for each row of `{shortened(module.segment(over), 60)}`: one round trip to the database"
        " each, one after another.",
        severity=Severity.MEDIUM,
        confidence=Confidence.POSSIBLE,
        when_new=Confidence.LIKELY,
        impact=estimates.queries_in_loop(module.options, None),
        instead=_instead(node, query, module),
    )


def _of_chain(node: ast.Call, module: Module) -> Iterator[Match]:
    """`while folder.parent_id: folder = session.get(Folder, folder.parent_id)`: a query for each step up."""
    query = module.query(node)
    if query is None or not climbs(node, module) or is_embedded(query.name, module):
        return
    yield Match(
        node,
        f"`{spelled(node.func)}` runs once for each step that this loop climbs: one round trip to the database each, one after"
        " another.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # how deep it is is not in the code
        when_new=Confidence.LIKELY,
        instead="Ask once for the whole way: a recursive query (`select(…).cte(recursive=True)`), or a path that each row keeps.",
    )


def _written_keys(iterated: Sequence[ast.expr], module: Module) -> int:
    """How many constants a loop goes through, where the code lists them."""
    if len(iterated) != 1:
        return 0
    listed: ast.AST | None = iterated[0]
    if isinstance(listed, ast.Name):
        bindings = module.index.bindings_of(listed)
        listed = bindings[0].value if len(bindings) == 1 and isinstance(bindings[0].value, ast.AST) else None
    if not isinstance(listed, ast.List | ast.Tuple | ast.Set):
        return 0
    return len(listed.elts) if all(isinstance(each, ast.Constant) for each in listed.elts) else 0


def _of_relation(node: ast.Await, module: Module) -> Iterator[Match]:
    """`(await order.customer).name`: Tortoise asks for the related row where it is awaited, unless it came with the others."""
    relation = node.value
    if not isinstance(relation, ast.Attribute) or module.type_of(relation) != _RELATION:
        return
    loop = loop_of(node, module)
    if loop is None or _comes_along(relation, module):
        return
    yield Match(
        node,
        f"`{module.segment(node)}` asks for what each item of `{gone_over(loop, module.segment)}` refers to: one"
        " round trip to the database each, one after another.",
        severity=Severity.MEDIUM,
        confidence=Confidence.POSSIBLE if is_doubtful(loop, module) else Confidence.LIKELY,
        impact=estimates.queries_in_loop(module.options, module.turns_around(node)),
        instead=f'Load it with the rows: `.prefetch_related("{relation.attr}")`, or `select_related` where it is one row.',
    ).doubted()


def _of_whole_rows(node: ast.Call, module: Module) -> Iterator[Match]:
    """`[model_to_dict(order) for order in Order.select()]`: peewee fetches what each foreign key refers to."""
    loop = loop_of(node, module)
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    stops = given.get("recurse") or (node.args[1] if len(node.args) > 1 else None) or given.get("max_depth")
    if loop is None or (isinstance(stops, ast.Constant) and not stops.value):
        return
    yield Match(
        node,
        f"`{module.segment(node)}` fetches what the foreign keys of each item of `{gone_over(loop, module.segment)}`"
        " refer to: one round trip to the database for each.",
        severity=Severity.MEDIUM,
        confidence=Confidence.POSSIBLE,  # the query may have joined them
        when_new=Confidence.LIKELY,
        impact=estimates.queries_in_loop(module.options, module.turns_around(node)),
        instead="Select them with the rows (`.select(Order, Customer).join(Customer)`), or leave them out: `recurse=False`.",
    )


def _comes_along(relation: ast.Attribute, module: Module) -> bool:
    """Whether the function loads it with the rows: `Order.all().prefetch_related("customer")`."""
    function = module.function_of(relation)
    return function is not None and any(
        isinstance(call, ast.Call)
        and last_name(call.func) in _LOADING
        and any(
            isinstance(part, ast.Constant)
            and isinstance(part.value, str)
            and part.value.partition("__")[0] == relation.attr
            for given in call.args
            for part in walk(given)
        )
        for call in walk(function.node)
    )


def _is_held(call: ast.Call, module: Module) -> bool:
    """`session.get(Owner, order.owner_id)`, where each order came with its owner: the session holds that row and asks nobody."""
    match call.args[:2]:
        case [ast.Name() as model, ast.Attribute(value=ast.Name() as row, attr=key)]:
            pass
        case _:
            return False
    wanted, found = module.value(model), [each for each in module.rows(row) if each.stage == ITEM]
    return bool(found) and all(_brings(each, key, wanted) for each in found)


def _brings(loaded: Loaded, key: str, wanted: Value | None) -> bool:
    """Whether rows come with what their attribute `key` refers to."""
    return wanted is not None and any(
        not each.many
        and each.target is not None
        and each.target.symbol == wanted.symbol
        and key in loaded.table.keys_of(each)
        and (each.lazy in _WITH_ITS_OWNER or loaded.covers([each.attribute]))
        for each in loaded.table.relationships.values()
    )


def _instead(call: ast.Call, query: Query, module: Module) -> str:
    if is_merge(query.name):
        return MERGED
    if query.primary_key and query.driver == "sqlalchemy" and call.args:
        model = module.segment(call.args[0])
        if model.isidentifier():
            return f"Fetch all rows before the loop with one `select({model}).where({model}.id.in_(...))` and pick them from a dictionary."
    word = asks_for_many(query.name)
    return f"Fetch all rows before the loop with one query{f' (`{word}`)' if word else ''} and pick them from a dictionary."
