"""Counts of which only one thing is asked: whether there is anything at all."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.data.loads import QUERY
from rules.engine.reading import raw_sql
from rules.engine.reading.loop_shapes import asks_for_any
from rules.engine.reading.origins import origins
from rules.engine.reading.raw_text import RUNS
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import uses_of, walk

if TYPE_CHECKING:
    from rules.engine.module import Module

COUNTS = frozenset({"count", "count_documents"}) | RUNS
"""Methods that ask a database for a number, or run a statement that does."""
_TAKES = frozenset(
    {"scalar", "scalar_one", "scalar_one_or_none", "one", "one_or_none", "first", "fetchone", "scalars"}
)
"""What takes the one number out of a result."""
_NARROWS_OTHERWISE = frozenset({"group_by", "having", "limit", "distinct"})
_OF_ONE = frozenset({"id", "_id", "email", "username", "login", "slug", "token", "uuid", "code", "name"})
"""By what one row or document is looked up, mostly; without a model nobody can tell."""
_COUNT_OF_ALL = regex(r"(?is)^\s*select\s+count\s*\(\s*(?:\*|1|[\w.\"]+)\s*\)")


def asks_whether(call: ast.Call, module: Module) -> bool:
    """Whether `call` has the database count rows, several as far as one sees, and the function asks only whether there are
    any: `query.count() > 0`."""
    if not isinstance(call.func, ast.Attribute) or not _counts(call, call.func, module):
        return False
    numbers = _numbers(call, module)
    return bool(numbers) and all(_is_asked(number, module) for number in numbers)


def _counts(call: ast.Call, method: ast.Attribute, module: Module) -> bool:
    query = module.query(call)
    if query is None or query.kind == "write":
        return False
    if method.attr == "count_documents":
        return not any(
            isinstance(part, ast.Constant) and part.value in _OF_ONE
            for given in call.args
            for part in walk(given)
        )
    if method.attr == "count":
        if module.type_of(method.value) != QUERY:
            return False
        parts = list(_with_origins(method.value, module))
    else:
        raw = module.project.raw.at(module.path, call.lineno, call.col_offset, method.attr)
        if raw is not None:
            return _is_count(raw.query.text, raw.statement)
        parts = list(_with_origins(call.args[0], module)) if call.args else []
        if not any(
            isinstance(part, ast.Call)
            and last_name(part.func) == "count"
            and (module.qualified_name(part.func) or "").startswith("sqlalchemy.")
            for part in parts
        ):
            return False
    if any(isinstance(part, ast.Attribute) and part.attr in _NARROWS_OTHERWISE for part in parts):
        return False
    if any(_is_by_key(part, module) for part in parts):
        return False
    return sum(map(_is_of_one, parts)) < 2  # of one user in one team there is one


def _is_count(text: str, statement: raw_sql.Statement) -> bool:
    if _COUNT_OF_ALL.match(text) is None or not statement.aggregate or statement.unreadable:
        return False
    equal = [each.column for each in statement.conditions if each.operator == "="]
    return _OF_ONE.isdisjoint(equal) and sum(each.endswith("_id") for each in equal) < 2


def _is_by_key(part: ast.AST, module: Module) -> bool:
    """`User.email == email`, where each address belongs to one: at most one row is counted."""
    match part:
        case ast.Compare(left=ast.Attribute(value=owner, attr=name), ops=[ast.Eq()], comparators=[compared]):
            if isinstance(compared, ast.Attribute) and module.table(compared.value) is not None:
                return False  # a join
            table = module.table(owner)
            column = table.column(name) if table is not None else None
            return table is None or (column is not None and (column.primary or column.unique))
        case ast.Call(func=ast.Attribute(attr="filter_by"), keywords=keywords):
            return any(
                (column.primary or column.unique)
                for keyword in keywords
                for table in module.project.models.tables.values()
                if keyword.arg is not None and (column := table.column(keyword.arg)) is not None
            )
    return False


def _is_of_one(part: ast.AST) -> bool:
    """`Member.user_id == user.id`."""
    match part:
        case ast.Compare(left=ast.Attribute(attr=name), ops=[ast.Eq()]):
            return name.endswith("_id")
    return False


def _with_origins(source: ast.expr, module: Module) -> Iterator[ast.AST]:
    """The parts of a statement, and of what the names in it were made of."""
    seen: set[str] = set()
    pending: list[ast.AST] = [source]
    while pending:
        for part in walk(pending.pop()):
            yield part
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id not in seen:
                seen.add(part.id)
                pending.extend(made for made in origins(part, module) if made is not part)


def _numbers(call: ast.Call, module: Module) -> list[ast.expr]:
    """The expressions that are the number: the call and what takes it out of a result, whatever local names it goes by."""
    taken = _taken(call, module)
    statement = module.parent(taken)
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=cursor, attr="execute"))):
            return _fetched(ast.unparse(cursor), statement, module)
        case ast.Expr(value=ast.Await(value=ast.Call(func=ast.Attribute(value=cursor, attr="execute")))):
            return _fetched(ast.unparse(cursor), statement, module)
        case ast.Assign(targets=[ast.Name(id=name)]):
            return [_taken(use, module) for use in _uses(name, taken, module)]
    return [taken]


def _taken(node: ast.expr, module: Module) -> ast.expr:
    """`(await session.execute(…)).scalar() or 0`: the outermost expression that is still the number."""
    while True:
        parent = module.parent(node)
        match parent:
            case ast.Await():
                node = parent
            case ast.Attribute(value=value, attr=attribute) if value is node and attribute in _TAKES:
                around = module.parent(parent)
                if not (isinstance(around, ast.Call) and around.func is parent):
                    return node
                node = around
            case ast.Subscript(value=value, slice=ast.Constant()) if value is node:
                node = parent
            case ast.BoolOp(op=ast.Or(), values=[value, ast.Constant(value=0)]) if value is node:
                node = parent
            case ast.Call(func=ast.Name(id="int"), args=[value]) if value is node:
                node = parent
            case _:
                return node


def _fetched(cursor: str, statement: ast.stmt, module: Module) -> list[ast.expr]:
    """`cursor.execute(…)`, whose `cursor.fetchone()` stands in the next statement."""
    around = module.parent(statement)
    body = getattr(around, "body", [])
    following = body[body.index(statement) + 1 :][:1] if statement in body else []
    for each in following:
        for part in walk(each):
            if (
                isinstance(part, ast.Call)
                and isinstance(part.func, ast.Attribute)
                and part.func.attr == "fetchone"
                and ast.unparse(part.func.value) == cursor
            ):
                return _numbers(part, module)
    return []


def _uses(name: str, value: ast.expr, module: Module) -> list[ast.Name]:
    """Where the function reads the name that it gives this value only; nothing when it gives it another too."""
    function = module.function_of(value)
    if function is None or isinstance(function.node, ast.Lambda):
        return []
    found = uses_of(name, function.node)
    reads = [part for part in found if isinstance(part.ctx, ast.Load)]
    return reads if len(found) == len(reads) + 1 else []


def _is_asked(number: ast.expr, module: Module) -> bool:
    """Whether all that becomes of a number is yes or no."""
    parent = module.parent(number)
    match parent:
        case ast.Compare(left=left) if left is number:
            return asks_for_any(parent)
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            return test is number
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Call(func=ast.Name(id="bool")):
            return True
    return False


__all__ = ["COUNTS", "asks_whether"]
