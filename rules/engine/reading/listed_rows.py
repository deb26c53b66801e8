"""Rows of which each becomes one item of what a function returns, written out by hand."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from rules.engine.reading.regexes import regex
from rules.engine.reading.row_reader import may_be_rows
from rules.engine.reading.rows import MANY, STATEMENT, Rows
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.reading.row_reader import Reader
    from rules.engine.reading.scopes import Scope

_MOST = 8
_DEEP = 3
_PASSES_ON = regex(r"Response$|^(?:jsonable_encoder|list|tuple|sorted)$")
"""What gives on what it is given first."""

_RENDERS = frozenset({"TemplateResponse", "render", "render_async", "render_template"})
"""What makes a page of a template and what it shows."""


def written_out(reader: Reader, scope: Scope) -> Iterator[list[Rows]]:
    """The rows behind each list that `scope` returns, by itself or in a display or a call: `[Out(id=row.id) for row in rows]`,
    and a list that a loop fills so."""
    for value in scope.returned:
        for part in _parts(value):
            source = _source(part, scope)
            rows = list(reader.rows(source, scope)) if source is not None else []
            if rows:
                yield [_gone_through(each) for each in rows]


def on_pages(reader: Reader, scope: Scope) -> Iterator[list[Rows]]:
    """The rows that a template is given to show: `TemplateResponse("orders.html", {"orders": orders})`."""
    for call in scope.calls if not _RENDERS.isdisjoint(scope.called) else ():
        if last_name(call.func) not in _RENDERS:
            continue
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        contexts = [dictionary(each, scope) for each in (*call.args, *named.values())]
        shown = [value for each in contexts if each is not None for value in each.values]
        if last_name(call.func) != "TemplateResponse":
            shown += named.values()
        for value in shown:
            rows = list(reader.rows(value, scope)) if may_be_rows(value) else []
            if rows:
                yield rows


def dictionary(value: ast.expr | None, scope: Scope) -> ast.Dict | None:
    """The dictionary that an expression is, or that its name stands for."""
    if isinstance(value, ast.Name) and len(scope.bindings.get(value.id, ())) == 1:
        bound = scope.bindings[value.id][0].value
        value = bound.value if isinstance(bound, ast.AnnAssign) else bound  # type: ignore[assignment]  # checked below
    return value if isinstance(value, ast.Dict) else None


def _gone_through(rows: Rows) -> Rows:
    """`session.query(Order)` that is gone through gives its rows."""
    return replace(rows, stage=MANY) if rows.stage == STATEMENT else rows


def given_out(reader: Reader, scope: Scope) -> Iterator[list[Rows]]:
    """The rows of which a generator gives each, or what it makes of it: `for row in rows: yield to_domain(row)`."""
    for node in walk(scope.node) if scope.repeats else ():
        match node:
            case (
                ast.For(target=ast.Name(id=name), iter=source, body=body)
                | ast.AsyncFor(target=ast.Name(id=name), iter=source, body=body)
            ):
                given = [
                    each.value.value
                    for each in body
                    if isinstance(each, ast.Expr) and isinstance(each.value, ast.Yield)
                ]
                if len(given) == 1 and given[0] is not None and _is_it(given[0], name, body):
                    rows = list(reader.rows(source, scope))
                    if rows:
                        yield rows


def _is_it(made: ast.expr, name: str, body: list[ast.stmt]) -> bool:
    return (
        (isinstance(made, ast.Name) and made.id == name)
        or _is_made_of(made, name)
        or _is_bound(made, name, body)
    )


def _parts(value: ast.expr | None, deep: int = _DEEP) -> Iterable[ast.expr]:
    """A returned value, and what displays and calls in it hold."""
    inside: list[ast.expr] = []
    match value:
        case None:
            return ()
        case ast.Dict(values=values):
            inside = values[:_MOST]
        case ast.Call(args=args, keywords=keywords):
            inside = [keyword.value for keyword in keywords[:_MOST]]
            if _PASSES_ON.search(last_name(value.func)):
                inside += args[:2]
    return [value, *(part for each in inside for part in (_parts(each, deep - 1) if deep else (each,)))]


def _source(value: ast.expr, scope: Scope) -> ast.expr | None:
    """What the list goes over of which each item is made."""
    match value:
        case ast.ListComp(
            generators=[ast.comprehension(target=ast.Name(id=name), iter=source, ifs=[])],
            elt=made,
        ):
            return source if _is_made_of(made, name) else None
        case ast.DictComp(
            generators=[ast.comprehension(target=ast.Name(id=name), iter=source, ifs=[])],
            value=made,
        ):
            return source if _is_made_of(made, name) or _is_member(made, name) else None
        case ast.Await(
            value=ast.Call(
                func=ast.Attribute(attr="gather"),
                args=[
                    ast.Starred(
                        value=ast.ListComp(
                            generators=[ast.comprehension(target=ast.Name(id=name), iter=source, ifs=[])],
                            elt=made,
                        )
                        | ast.GeneratorExp(
                            generators=[ast.comprehension(target=ast.Name(id=name), iter=source, ifs=[])],
                            elt=made,
                        )
                    )
                ],
            )
        ):
            return source if _is_made_of(made, name) else None
        case ast.Call(
            func=ast.Name(id="list" | "tuple"), args=[ast.Call(func=ast.Name(id="map"), args=[_, source])]
        ):
            return source
        case ast.Name(id=filled):
            bindings = scope.bindings.get(filled, ())
            bound = bindings[0].value if len(bindings) == 1 else None
            bound = bound.value if isinstance(bound, ast.AnnAssign) else bound
            if isinstance(bound, ast.ListComp | ast.DictComp | ast.Await):
                return _source(bound, scope)
            return _filled_from(filled, scope) if isinstance(bound, ast.List) and not bound.elts else None
    return None


def _filled_from(filled: str, scope: Scope) -> ast.expr | None:
    """What a loop goes over that puts one item made of each into the list, and nobody else puts anything there."""
    found: list[ast.expr] = []
    for node in walk(scope.node):
        match node:
            case (
                ast.For(target=ast.Name(id=name), iter=source, body=body)
                | ast.AsyncFor(target=ast.Name(id=name), iter=source, body=body)
            ):
                for statement in body:
                    match statement:
                        case ast.Expr(
                            value=ast.Call(
                                func=ast.Attribute(value=ast.Name(id=holder), attr="append"),
                                args=[made],
                            )
                        ) if holder == filled and (_is_made_of(made, name) or _is_bound(made, name, body)):
                            found.append(source)
    appended = sum(
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == filled
        for call in scope.calls
    )
    return found[0] if len(found) == 1 and appended == 1 else None


def _is_bound(made: ast.expr, name: str, body: list[ast.stmt]) -> bool:
    """`item = OrderOut(id=order.id)` before it."""
    return isinstance(made, ast.Name) and any(
        isinstance(statement, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == made.id for target in statement.targets)
        and _is_made_of(statement.value, name)
        for statement in body
    )


def _is_member(made: ast.expr, name: str) -> bool:
    return isinstance(made, ast.Attribute) and isinstance(made.value, ast.Name) and made.value.id == name


def _is_made_of(made: ast.expr, name: str) -> bool:
    """`OrderOut(id=order.id)`, `{"id": order.id}`, `to_dict(order)`: several values of the row, or the row itself."""
    if not isinstance(made, ast.Call | ast.Dict):
        return False
    return any(isinstance(node, ast.Name) and node.id == name for node in walk(made))
