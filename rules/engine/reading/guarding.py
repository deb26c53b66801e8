"""Which functions let only those in who run the system, by what they ask for and whom they refuse."""

from __future__ import annotations

import ast
import functools
import re

from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

_MOST = 4096
"""Names that are remembered: the same are judged for each version of a project."""
_WORDS = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
GUARDED = frozenset(
    {"superuser", "superusers", "admin", "admins", "superadmin", "operator"}
    | {"moderator", "moderators", "moderation", "staff", "curator", "curators"}
)
"""Words of dependencies that let only those in who run the system, or look after what is in it."""
_OTHERS_TOO = frozenset({"or", "optional", "is", "maybe", "not", "non", "self", "owner", "author", "member"})
"""Words of those that let others in as well, or only tell."""
_GIVEN = frozenset(
    {
        "db",
        "database",
        "session",
        "client",
        "engine",
        "connection",
        "conn",
        "service",
        "repository",
        "repo",
        "config",
    }
)
"""Words of what dependencies give, whoever asks."""
_REFUSING = regex(r"_*(?:ensure|requires?|check|assert|verify|enforce|must_be|only)_", re.IGNORECASE)
_GIVING = regex(r"_*(?:ensure|requires?|assert|enforce|must_be)_", re.IGNORECASE)
"""How those begin that give what they let in: `admin = require_admin(request)`; `verify_admin(user)` may only tell."""
_YES_OR_NO = regex(r"(?:is|has|can|may)_", re.IGNORECASE)
_MANAGING = regex(r"(?:management|supervisor)_?(?:user|role|access|only)s?$", re.IGNORECASE)
_ROLES = regex(r"(?:^|_)(?:roles?|users?)$", re.IGNORECASE)
"""How collections of roles end: `ADMIN_ROLES`."""
_ASKING = frozenset(
    {"role", "roles", "require", "requires", "required", "permission", "permissions", "perm", "perms", "rbac"}
    | {
        "scope",
        "scopes",
        "allow",
        "allowed",
        "access",
        "authorize",
        "authorized",
        "authorise",
        "auth",
        "only",
    }
    | {"ensure", "guard", "check", "checker", "has", "verify", "enforce"}
)
"""Words of what asks for a role that it is given: `require_role("admin")`."""
_AT_WORK = frozenset({"staff", "operator"})
"""Words of roles that whoever works somewhere has: in some services everybody."""
_OF_MEMBERS = frozenset({"value", "name"})
"""What members of an enumeration are asked for."""
_AT_HAND = frozenset({"get", "getattr", "lower", "upper", "strip", "str", "info", "debug", "warning"})
"""What may be called before somebody is refused, and takes no time."""


def words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORDS.findall(text))


@functools.lru_cache(maxsize=_MOST)
def is_guard(symbol: str) -> bool:
    """Whether a dependency lets only those in who run the system: `current_superuser`, `check_admin`."""
    found = words(symbol.rpartition(".")[2])
    return bool(found & GUARDED) and not found & _OTHERS_TOO


def lets_staff_in(name: str) -> bool:
    """Whether a function or dependency of this name lets only those in who run the system."""
    return is_guard(name) and not words(name) & _GIVEN


def names_staff(name: str) -> bool:
    """Whether a role, or what asks for one, is of those who run the system: `ADMIN`, `is_superuser`, `super_admin`."""
    found = words(name)
    return bool(found & GUARDED) and not found & (_OTHERS_TOO - {"is"})


def lets_only_staff_in(node: ast.FunctionDef | ast.AsyncFunctionDef, routers: list[ast.Call]) -> bool:
    """Whether an endpoint of `routers` asks for those who run the system, `Depends(require_role("admin"))`, or begins by refusing all
    others."""
    taken = (
        *node.args.defaults,
        *node.args.kw_defaults,
        *_annotations(node.args),
        *node.decorator_list,
        *(keyword.value for each in routers for keyword in each.keywords if keyword.arg == "dependencies"),
    )
    return (
        any(
            isinstance(part, ast.Call) and _depends_on_staff(part)
            for each in taken
            if each is not None
            for part in walk(each)
        )
        or any(map(_is_for_staff, node.decorator_list))
        or _begins_by_refusing(node.body)
    )


def _annotations(taken: ast.arguments) -> list[ast.expr | None]:
    return [each.annotation for each in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs)]


def _depends_on_staff(call: ast.Call) -> bool:
    if last_name(call) not in ("Depends", "Security") or not call.args:
        return False
    asked = call.args[0]
    if isinstance(asked, ast.Call):
        return _asks_for_role(asked)
    return lets_staff_in(last_name(asked))


def _is_for_staff(decorator: ast.expr) -> bool:
    """`@admin_required`, `@require_permission(Permission.ADMIN_SYSTEM)`."""
    name = last_name(decorator)
    return (bool(words(name) & _ASKING) and lets_staff_in(name)) or (
        isinstance(decorator, ast.Call) and _asks_for_role(decorator)
    )


def _asks_for_role(call: ast.Call) -> bool:
    """`require_role("admin")`, `Allowed(roles=[Role.ADMIN])`: of all roles that it is given, it lets none in but those who run the
    system."""
    if not words(last_name(call)) & _ASKING:
        return False
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    roles = [role for each in given for role in _roles(each)]
    return bool(roles) and all(names_staff(role) and not words(role) & _AT_WORK for role in roles)


def _roles(asked: ast.expr) -> list[str]:
    """What is named by way of a role: `"admin"`, `Role.ADMIN.value`, `ADMIN`, and what lists and alternatives hold."""
    found: list[str] = []
    pending = [asked]
    while pending:
        match pending.pop():
            case ast.Constant(value=str(name)) | ast.Name(id=name):
                found.append(name)
            case ast.Attribute(value=ast.Attribute() as inner, attr=name) if name in _OF_MEMBERS:
                pending.append(inner)
            case ast.Attribute(attr=name):
                found.append(name)
            case ast.Subscript(value=ast.Attribute() as inner):
                pending.append(inner)  # `Role.ADMIN["name"]`
            case ast.List(elts=members) | ast.Tuple(elts=members) | ast.Set(elts=members):
                pending += members
            case ast.BinOp(op=ast.BitOr(), left=left, right=right):
                pending += (left, right)
            case ast.Constant():
                pass
            case _:
                return [""]  # of somebody, who knows whom
    return found


def _begins_by_refusing(body: list[ast.stmt]) -> bool:
    """Whether others are refused before anything is done that takes time, for them or for all."""
    for statement in body:
        done: list[ast.AST]
        match statement:
            case ast.Try(body=inner):
                return _begins_by_refusing(inner)
            case ast.If(test=test, body=[*before, ast.Raise()]):
                done = [*before] if refuses(statement) else [test, *before]
            case _:
                done = [] if refuses(statement) else [statement]
        if not _is_at_hand(done):
            return False
        if refuses(statement):
            return True
    return False


def _is_at_hand(nodes: list[ast.AST]) -> bool:
    return not any(
        isinstance(part, ast.Await) or (isinstance(part, ast.Call) and last_name(part) not in _AT_HAND)
        for node in nodes
        for part in walk(node)
    )


def refuses(statement: ast.stmt) -> bool:
    """`ensure_admin(user)`, `if not user.is_admin: raise Forbidden()`."""
    match statement:
        case ast.Expr(value=ast.Await(value=ast.Call(func=asked)) | ast.Call(func=asked)):
            name = last_name(asked)
            return _REFUSING.match(name) is not None and (
                lets_staff_in(name) or _MANAGING.search(name) is not None
            )
        case ast.Assign(value=ast.Await(value=ast.Call(func=asked)) | ast.Call(func=asked)):
            name = last_name(asked)
            return _GIVING.match(name) is not None and lets_staff_in(name)
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
        case ast.UnaryOp(op=ast.Not(), operand=ast.Await(value=ast.Call() as asked)):
            return names_staff(last_name(asked))
        case ast.UnaryOp(op=ast.Not(), operand=ast.Attribute() | ast.Call() as asked):
            return names_staff(last_name(asked))
        case ast.Compare(left=left, ops=[ast.NotEq()], comparators=[right]):
            return _is_role(left) or _is_role(right)
        case ast.Compare(left=left, ops=[ast.NotIn()], comparators=[right]):
            return _is_role(left) or _are_roles(right)
    return False


def _is_role(value: ast.expr) -> bool:
    """`"admin"`, `Role.ADMIN`, `Role.ADMIN.value`."""
    while (
        isinstance(value, ast.Attribute)
        and value.attr in _OF_MEMBERS
        and isinstance(value.value, ast.Attribute)
    ):
        value = value.value
    match value:
        case ast.Constant(value=str(name)):
            return names_staff(name)
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
