"""What Python does with rows, as far as SQL could say it: conditions on their columns, sums of them, members compared with values."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.walking import names_in, walk

if TYPE_CHECKING:
    from rules.engine.data.tables import Table

_CONVERTING = frozenset({"int", "float", "Decimal", "abs", "str", "bool", "round"})


def says_columns(node: ast.ListComp | ast.SetComp | ast.GeneratorExp, table: Table) -> bool:
    """Whether SQL can say the conditions: columns of the row compared with what does not come from the row."""
    generator = node.generators[0]
    name = generator.target.id if isinstance(generator.target, ast.Name) else ""
    parts = [part for condition in generator.ifs for part in walk(condition)] or list(walk(node.elt))
    seen = False
    for part in parts:
        match part:
            case ast.Call() | ast.Subscript() | ast.Lambda() | ast.Await():
                return False
            case ast.Attribute(value=ast.Name(id=owner), attr=column) if owner == name:
                if table.column(column) is None:
                    return False
                seen = True
            case ast.Compare(ops=operators):
                if any(isinstance(operator, ast.In | ast.NotIn) for operator in operators):
                    return False
    bare = sum(isinstance(part, ast.Name) and part.id == name for part in parts)
    return seen and bare == sum(
        isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == name
        for part in parts
    )


def adds_up(statement: ast.stmt, row: str) -> bool:
    """Whether a statement adds a member of the row, or one, to a number: `total += order.total`, `counts[order.state] += 1`."""
    match statement:
        case ast.AugAssign(op=ast.Add(), target=target, value=value):
            return _is_tally(target, row) and _is_amount(value, row)
        case ast.Assign(targets=[ast.Subscript() as target], value=ast.BinOp(op=ast.Add(), right=value)):
            return _is_tally(target, row) and _is_amount(value, row)
        case ast.If(test=test, body=body, orelse=orelse):
            return _is_plain(test, row) and all(adds_up(each, row) for each in (*body, *orelse))
    return False


def _is_tally(target: ast.expr, row: str) -> bool:
    match target:
        case ast.Name() | ast.Attribute():
            return True
        case ast.Subscript(value=ast.Name() | ast.Subscript(), slice=key):
            return _is_plain(key, row)
    return False


def _is_amount(value: ast.expr, row: str) -> bool:
    """One, or what is computed from columns of the row."""
    if isinstance(value, ast.Constant):
        return isinstance(value.value, int | float)
    return _is_plain(value, row) and any(
        isinstance(part, ast.Name) and part.id == row for part in walk(value)
    )


def _is_plain(value: ast.expr, row: str) -> bool:
    """Whether SQL can say it: members of the row, numbers and comparisons, no calls but of what converts."""
    for part in walk(value):
        match part:
            case ast.Call(func=ast.Name(id=name)) if name in _CONVERTING:
                pass
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="get")) if owner == row:
                pass
            case ast.Call() | ast.Await() | ast.Lambda() | ast.List() | ast.Dict() | ast.JoinedStr():
                return False
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id=owner))) if owner == row:
                return False  # of a relationship
    return True


def asks_value(test: ast.expr, row: str) -> bool:
    """Whether a test compares a member of the row, by its name, with what does not come from the row."""
    match test:
        case ast.BoolOp(op=ast.And(), values=values):
            return all(asks_value(each, row) for each in values)
        case ast.Compare(
            left=left, ops=[ast.Eq() | ast.NotEq() | ast.In() | ast.NotIn()], comparators=[right]
        ):
            return _is_member(left, row) and not any(
                isinstance(part, ast.Call) or (isinstance(part, ast.Name) and part.id == row)
                for part in walk(right)
            )
    return False


def members_asked(test: ast.expr, row: str) -> Iterator[str]:
    """The names of the members of the row that a test asks for."""
    for part in walk(test):
        match part:
            case ast.Attribute(value=ast.Name(id=name), attr=key) if name == row and key != "get":
                yield key
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str() as key)) if (
                name == row
            ):
                yield key
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="get"),
                args=[ast.Constant(value=str() as key)],
            ) if name == row:
                yield key


def _is_member(value: ast.expr, row: str) -> bool:
    match value:
        case (
            ast.Attribute(value=ast.Name(id=name))
            | ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str()))
            | ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="get"), args=[ast.Constant(value=str())]
            )
        ):
            return name == row
    return False


def key_of_one(test: ast.expr, row: str, table: Table) -> str:
    """`user_id` of `m.user_id == user.id`: a key of the row, compared with what does not come from it."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return next((key for each in test.values if (key := key_of_one(each, row, table))), "")
    match test:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            for side, other in ((left, right), (right, left)):
                match side:
                    case ast.Attribute(value=ast.Name(id=owner), attr=attribute) if owner == row:
                        column = table.column(attribute)
                        if (
                            column is not None
                            and (column.foreign is not None or column.primary or column.unique)
                            and not isinstance(other, ast.Constant)
                            and row not in names_in(other)
                        ):
                            return attribute
    return ""
