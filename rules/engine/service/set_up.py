"""Endpoints that set up a system that is new: by their route, or because they refuse once somebody is there."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once_for_node
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    import re

    from rules.engine.module import Module

_ROUTE = regex(
    r"(?:/(?:api|v\d+|system|admin|public|internal|app))*/(?:set-?up|first-?run|initial-?setup)"
    r"(?:/(?!(?:status|state|check|needed|required)\b)[a-z_-]+)*/?"
)
"""The set-up of the whole system, not that of one of its things: `/api/setup/library`, and neither `/devices/{id}/setup` nor
what each page asks, `/setup/status`."""
_BEGINS = regex(
    r"(?:^|_)(?:first_(?:user|admin|run|account|time_setup)|needs_(?:initial_)?set_?up|is_fresh|setup_(?:needed|required)|no_(?:users|admins))(?:_|$)"
)
"""What asks whether the system is still new."""
_IS_SET_UP = regex(
    r"(?:^|_)(?:(?:users?|admins?|superusers?|owners?)_exists?|(?:has|any|have)_(?:any_)?(?:users?|admins?|superusers?|owner)"
    r"|(?:get|list|count|find)_(?:all_)?(?:admins?|admin_users?|superusers?)|(?:user|admin)s?_count|count_users"
    r"|set_?up_(?:is_)?(?:done|completed?|finished)|is_(?:already_)?(?:set_?up|bootstrapped))(?:_|$)"
)
"""What asks whether somebody has set it up."""

_WHERE = regex(r"_?(?:db|session|db_session|conn|connection|request|store|repo|repository|uow)")
"""What such a question may be asked of."""


def sets_up(node: ast.AST, module: Module) -> bool:
    """Whether the function around `node` runs for the set-up of a system only: once, before there is anybody to wait."""
    endpoints = module.endpoints(node)
    if not endpoints:
        return False
    if all(_ROUTE.fullmatch(each.path) for each in endpoints):
        return True
    function = module.function_of(node)
    if function is None or isinstance(function.node, ast.Lambda):
        return False
    return _is_refused_later(function.node, module)


@once_for_node
def _is_refused_later(function: ast.AST, module: Module) -> bool:
    return any(map(_refuses_later, getattr(function, "body", ())))


def _refuses_later(statement: ast.stmt) -> bool:
    """`if not is_first_user(): raise`, `if admins_exist(): raise`: of the function itself, whatever else was asked for."""
    if not isinstance(statement, ast.If) or not isinstance(statement.body[-1], ast.Raise):
        return False
    tests = statement.test.values if isinstance(statement.test, ast.BoolOp) else [statement.test]
    return any(_says_set_up(test) for test in tests)


def _says_set_up(test: ast.expr) -> bool:
    """Whether a condition holds once the system is set up."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=asked):
            return _asks(asked, _BEGINS)
        case ast.Compare(
            left=asked,
            ops=[ast.Gt() | ast.NotEq() | ast.GtE() | ast.IsNot()],
            comparators=[ast.Constant(value=0 | 1 | None)],
        ):
            return _asks(asked, _IS_SET_UP)
        case ast.Compare():
            return False
    return _asks(test, _IS_SET_UP)


def _asks(asked: ast.expr, names: re.Pattern[str]) -> bool:
    """Whether a function of such a name is called for all there are: `user_exists(email)` asks for one."""
    return any(
        isinstance(part, ast.Call)
        and names.search(last_name(part.func)) is not None
        and all(
            _WHERE.fullmatch(last_name(given)) for given in (*part.args, *(k.value for k in part.keywords))
        )
        for part in walk(asked)
    )
