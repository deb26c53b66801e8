"""One query before a loop instead of one per turn: the rewrite for the simple shapes.

`session.get(Product, key)`, `session.scalar(select(Product).where(Product.sku == key))` and
`session.query(Product).filter(Product.sku == key).first()`, in a `for` or a comprehension over a list, where the key is
the loop's variable or an attribute of it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from rules.engine.linking.values import Sort
from rules.engine.reading.walking import uses_of, walk
from rules.engine.rule import Fix, Safety
from rules.libraries.sqlalchemy import SQLMODEL_SESSIONS

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.module import Module

# A list can be gone through twice; an iterator cannot.
_LISTS = frozenset({"builtins.list", "builtins.set", "builtins.tuple", "builtins.frozenset"})
_WIDTH = 100


class _Lookup(Struct, frozen=True):
    """What one turn asks: the row of `model` whose `column` is `key`."""

    session: str
    model: str
    column: str
    key: ast.expr


def fix(call: ast.Call, loop: ast.AST, module: Module) -> Fix | None:
    """The fix for a query in `loop`, or None when the shape is not one of the simple ones."""
    lookup = _lookup(call, module)
    ends = _ends(loop)
    if lookup is None or ends is None:
        return None
    target, items = ends
    keys = _keys(lookup.key, target, ast.unparse(items))
    if keys is None or module.type_of(items) not in _LISTS:
        return None
    statement = loop if isinstance(loop, ast.For) else module.statement(loop)
    function = module.function_of(call)
    if function is None or not isinstance(
        statement, (ast.For, ast.Return, ast.Assign, ast.AnnAssign, ast.Expr)
    ):
        return None
    if len(module.loops(statement)) or len(module.loops(call)) != 1 or not _simple(lookup, function.node):
        return None
    parent = module.parent(call)
    is_awaited = isinstance(parent, ast.Await)
    name = f"{_snake(lookup.model)}_by_{lookup.column}"
    if uses_of(name, function.node):
        return None
    asked = module.segment(parent if is_awaited and parent is not None else call)
    rows = _rows(
        lookup, keys, name, is_awaited=is_awaited, exec_=module.type_of(_receiver(call)) in SQLMODEL_SESSIONS
    )
    answer = f"{name}.get({ast.unparse(lookup.key)})"
    return Fix(
        _rewrite(asked, answer, rows),
        imports=("sqlalchemy.select",),
        safety=Safety.UNSAFE,
        target=statement,
    )


def _lookup(call: ast.Call, module: Module) -> _Lookup | None:
    match call:
        case ast.Call(
            func=ast.Attribute(value=session, attr="get"), args=[ast.Name(id=model) as cls, key], keywords=[]
        ):
            column = _primary_key(cls, module)
            return _Lookup(ast.unparse(session), model, column, key) if column is not None else None
        case ast.Call(
            func=ast.Attribute(value=session, attr="scalar"),
            args=[
                ast.Call(
                    func=ast.Attribute(
                        value=ast.Call(func=ast.Name(id="select"), args=[ast.Name(id=model)], keywords=[]),
                        attr="where" | "filter",
                    ),
                    args=[condition],
                    keywords=[],
                )
            ],
            keywords=[],
        ):
            return _by_condition(session, model, condition)
        case ast.Call(
            func=ast.Attribute(
                value=ast.Call(
                    func=ast.Attribute(
                        value=ast.Call(
                            func=ast.Attribute(value=session, attr="query"),
                            args=[ast.Name(id=model)],
                            keywords=[],
                        ),
                        attr="where" | "filter",
                    ),
                    args=[condition],
                    keywords=[],
                ),
                attr="first" | "one_or_none",
            ),
            args=[],
            keywords=[],
        ):
            return _by_condition(session, model, condition)
    return None


def _by_condition(session: ast.expr, model: str, condition: ast.expr) -> _Lookup | None:
    match condition:
        case ast.Compare(
            left=ast.Attribute(value=ast.Name(id=owner), attr=column), ops=[ast.Eq()], comparators=[key]
        ) if owner == model:
            return _Lookup(ast.unparse(session), model, column, key)
    return None


def _receiver(call: ast.Call) -> ast.expr:
    """The session at the start of `session.query(…).filter(…).first`."""
    node: ast.expr = call.func
    while True:
        match node:
            case ast.Call(func=inner):
                node = inner
            case ast.Attribute(value=ast.Call() as inner):
                node = inner
            case ast.Attribute(value=inner):
                return inner
            case _:
                return node


def _primary_key(cls: ast.Name, module: Module) -> str | None:
    """The model's only primary key column as far as names tell: `id`, when the class or a base of the project has it."""
    value = module.value(cls)
    if value is None or value.sort != Sort.CLASS or value.module is None:
        return None
    for ancestor in module.project.resolver.ancestry(value):
        owner = ancestor.module.classes.get(ancestor.symbol) if ancestor.module is not None else None
        if owner is not None and "id" in owner.attributes:
            return "id"
    return None


def _ends(loop: ast.AST) -> tuple[str, ast.Name] | None:
    """The variable and the list of a loop over one plain name."""
    match loop:
        case ast.For(target=ast.Name(id=target), iter=ast.Name() as items):
            return target, items
        case (
            ast.ListComp(
                generators=[
                    ast.comprehension(target=ast.Name(id=target), iter=ast.Name() as items, is_async=0)
                ]
            )
            | ast.DictComp(
                generators=[
                    ast.comprehension(target=ast.Name(id=target), iter=ast.Name() as items, is_async=0)
                ]
            )
        ):
            return target, items
    return None


def _keys(key: ast.expr, target: str, items: str) -> str | None:
    match key:
        case ast.Name(id=name) if name == target:
            return items
        case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name == target:
            return f"[{target}.{attribute} for {target} in {items}]"
    return None


def _simple(lookup: _Lookup, function: ast.AST) -> bool:
    """Whether session and model are plain names, and nothing in the function writes rows that a later turn would see."""
    if not re.fullmatch(r"[\w.]+", lookup.session):
        return False
    writes = {"add", "add_all", "commit", "flush", "delete", "merge", "rollback", "expire", "expire_all"}
    return not any(isinstance(node, ast.Attribute) and node.attr in writes for node in walk(function))


def _rows(lookup: _Lookup, keys: str, name: str, *, is_awaited: bool, exec_: bool) -> str:
    """The statement that loads all rows into a dictionary."""
    row = _snake(lookup.model)
    condition = f"{lookup.model}.{lookup.column}.in_({keys})"
    statement = f"sqlalchemy.select({lookup.model}).where({condition})"
    asked = f"{'await ' if is_awaited else ''}{lookup.session}.{'exec' if exec_ else 'scalars'}({statement})"
    line = f"{name} = {{{row}.{lookup.column}: {row} for {row} in {asked}}}"
    if len(line) - len("sqlalchemy.") <= _WIDTH - 8:
        return line
    return f"{name} = {{\n    {row}.{lookup.column}: {row}\n    for {row} in {asked}\n}}"


def _rewrite(asked: str, answer: str, rows: str) -> Callable[[Any], Any]:
    """The statement with `answer` for the call `asked`, after the statement `rows`."""

    def rewrite(node: cst.CSTNode) -> Any:
        import libcst as cst

        module = cst.Module([])
        replaced: list[cst.CSTNode] = []

        class Answer(cst.CSTTransformer):
            def on_leave(self, original_node: Any, updated_node: Any) -> Any:
                if (
                    isinstance(original_node, (cst.Call, cst.Await))
                    and module.code_for_node(original_node) == asked
                ):
                    replaced.append(original_node)
                    return cst.parse_expression(answer)
                return updated_node

        changed = node.visit(Answer())
        if len(replaced) != 1 or not isinstance(changed, cst.CSTNode):
            return node
        first = cst.parse_statement(rows)
        if isinstance(changed, cst.BaseSmallStatement):
            changed = cst.SimpleStatementLine([changed])
        elif isinstance(changed, cst.For):
            first = first.with_changes(leading_lines=changed.leading_lines)
            changed = changed.with_changes(leading_lines=[])
        return cst.FlattenSentinel([first, changed])

    return rewrite


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
