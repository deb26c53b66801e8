"""What never runs, whatever anybody passes: arms of `if False:`, and statements behind the end of their block."""

from __future__ import annotations

import ast

from rules.engine.reading.walking import once_negated

_ENDS = (ast.Raise, ast.Return, ast.Continue, ast.Break)


def settled(test: ast.expr) -> bool | None:
    """What a condition comes to, where that is written down: `if True:`, `if False and wanted:`."""
    match test := once_negated(test):
        case ast.Constant(value=value):
            return bool(value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            known = settled(operand)
            return None if known is None else not known
        case ast.BoolOp(op=operator, values=values):
            deciding = isinstance(operator, ast.Or)
            return deciding if any(settled(value) is deciding for value in values) else None
    return None


def ends_block(statement: ast.stmt) -> bool:
    """Whether nothing behind a statement of the same block runs: `return`, or `if True:` that ends with one."""
    if isinstance(statement, _ENDS):
        return True
    if not isinstance(statement, ast.If):
        return False
    known = settled(statement.test)
    arm = statement.body if known else statement.orelse
    return known is not None and bool(arm) and ends_block(arm[-1])


def is_unreachable_arm(branch: ast.If, child: ast.AST) -> bool:
    """Whether the arm that `child` is a statement of never runs."""
    known = settled(branch.test)
    return (
        known is not None and child is not branch.test and child in (branch.orelse if known else branch.body)
    )
