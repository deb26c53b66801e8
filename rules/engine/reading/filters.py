"""What a query's conditions say about how many rows it gives, read from one `where(…)`.

Each condition is a word: `.name` for equality with a column, `in.name` for a list of values, `~name` for anything
else about it, `?` for what cannot be read; `**` after it where that is what the callers of the function name.
"""

from __future__ import annotations

import ast

OF_KEYWORDS = "**"

_TOGETHER = frozenset({"and_"})


def conditions(call: ast.Call) -> tuple[str, ...]:
    """The conditions of a `where`, `filter` or `filter_by` call, which all hold at once."""
    found = [f".{keyword.arg}" if keyword.arg else "?" for keyword in call.keywords]
    for argument in call.args:
        found.extend(_condition(argument))
    return tuple(found)


def _condition(node: ast.expr) -> list[str]:
    match node:
        case ast.Compare(left=ast.Attribute(attr=name), ops=[ast.Eq()], comparators=[value]):
            # A flag or a constant narrows little: `Order.open == True`, `Order.status == "new"`.
            return [f"~{name}" if isinstance(value, ast.Constant) else f".{name}"]
        case ast.Compare(ops=[ast.Eq()], comparators=[ast.Attribute(attr=name)]):
            return [f".{name}"]
        case ast.Compare(ops=[ast.Gt() | ast.GtE() | ast.Lt() | ast.LtE()]):
            return ["?"]
        case ast.Compare(left=ast.Attribute(attr=name)):
            return [f"~{name}"]
        case ast.Compare(left=ast.Call(func=ast.Name(id="col"), args=[ast.Attribute() as column]), ops=ops):
            inner = ast.Compare(column, ops, node.comparators) if isinstance(node, ast.Compare) else column
            return _condition(inner)
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr=name), attr="in_" | "any_")):
            return [f"in.{name}"]
        case ast.Call(func=ast.Attribute(value=ast.Call(args=[ast.Attribute(attr=name)]), attr="in_")):
            return [f"in.{name}"]
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr=name))):
            return [f"~{name}"]
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _TOGETHER:
            return [word for argument in node.args for word in _condition(argument)]
        case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
            return [*_condition(left), *_condition(right)]
        case ast.Attribute(attr=name) | ast.UnaryOp(operand=ast.Attribute(attr=name)):
            return [f"~{name}"]
    return ["?"]
