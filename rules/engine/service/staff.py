"""Code that only those get to who run the system: it refuses all others itself, or all endpoints that reach it do."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from rules.engine.linking.graph import SCHEDULES
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.service.traffic import lets_staff_in, names_staff

if TYPE_CHECKING:
    from rules.engine.module import Module

_MOST = 200
_REFUSING = regex(r"_*(?:ensure|requires?|check|assert|verify|enforce|must_be|only)_", re.IGNORECASE)
_YES_OR_NO = regex(r"(?:is|has|can|may)_", re.IGNORECASE)
_MANAGING = regex(r"(?:management|supervisor)_?(?:user|role|access|only)s?$", re.IGNORECASE)
_ROLES = regex(r"(?:^|_)(?:roles?|users?)$", re.IGNORECASE)
"""How collections of roles end: `ADMIN_ROLES`."""


def is_for_staff(node: ast.AST, module: Module) -> bool:
    """Whether the function around `node` refuses all but those who run the system before it gets there, or all endpoints that
    reach it depend on what does."""
    found = module.graph_node(node)
    if found is not None and found.endpoints and not found.endpoints & ~module.project.staff_endpoints:
        return True
    return any(map(_refuses, module.statements_before(node)))


def is_job_of_staff(node: ast.AST, module: Module) -> bool:
    """Whether a scheduler starts what gets to `node`, once and in no loop, and of those who ask for it by an endpoint only those who
    run the system: what no request is seen to reach is a hint, and a button to do by hand what the clock does adds little."""
    found = module.graph_node(node)
    if found is None or not found.endpoints or found.endpoints & ~module.project.staff_endpoints:
        return False
    place = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
    if any(call.loops and (call.line, call.column) == place for call in found.function.calls):
        return False
    seen, pending = {found}, [found]
    starts = False
    for each in pending:  # grows while we go
        starts = starts or "task" in each.roles
        for caller, edge in each.callers:
            if edge.call.loops or len(pending) > _MOST:
                return False
            starts = starts or edge.offload in SCHEDULES
            if caller not in seen and edge.offload not in SCHEDULES:
                seen.add(caller)
                pending.append(caller)
    return starts


def _refuses(statement: ast.stmt) -> bool:
    """`ensure_admin(user)`, `if not user.is_admin: raise Forbidden()`."""
    match statement:
        case ast.Expr(value=ast.Await(value=ast.Call(func=asked)) | ast.Call(func=asked)):
            name = last_name(asked)
            return _REFUSING.match(name) is not None and (
                lets_staff_in(name) or _MANAGING.search(name) is not None
            )
        case ast.If(test=test, body=[*_, ast.Raise()]):
            return _is_of_others(test)
    return False


def _is_of_others(test: ast.expr) -> bool:
    """Whether `test` holds for everybody who does not run the system."""
    match test:
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(map(_is_of_others, values))
        case ast.BoolOp(op=ast.And(), values=values):
            return all(map(_is_of_others, values))
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=name)):
            return (
                names_staff(name) and _YES_OR_NO.match(name) is not None
            )  # `if not admin:` there is no such row
        case ast.UnaryOp(op=ast.Not(), operand=ast.Attribute() | ast.Call() as asked):
            return names_staff(last_name(asked))
        case ast.Compare(left=left, ops=[ast.NotEq()], comparators=[right]):
            return _is_role(left) or _is_role(right)
        case ast.Compare(left=left, ops=[ast.NotIn()], comparators=[right]):
            return _is_role(left) or _are_roles(right)
    return False


def _is_role(value: ast.expr) -> bool:
    """`"admin"`, `Role.ADMIN`, `Role.ADMIN.value`."""
    match value:
        case ast.Constant(value=str(name)):
            return names_staff(name)
        case ast.Attribute(value=ast.Attribute() as inner, attr="value" | "name"):
            return _is_role(inner)
        case ast.Attribute(attr=name):
            return names_staff(name) and not name.endswith(
                "_id"
            )  # `group.admin_id != user.id`: of others too
    return False


def _are_roles(value: ast.expr) -> bool:
    match value:
        case ast.List(elts=members) | ast.Tuple(elts=members) | ast.Set(elts=members):
            return bool(members) and all(map(_is_role, members))
        case ast.Name() | ast.Attribute():
            name = last_name(value)
            return _ROLES.search(name) is not None and (
                names_staff(name) or _MANAGING.search(name) is not None
            )
    return False
