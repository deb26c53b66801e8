"""Which functions let only those in who run the system, by what they ask for and whom they refuse."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable

from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

REMEMBERED = 4096
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
        "settings",
        "email",
        "queue",
        "list",
        "store",
        "notifier",
    }
)
"""Words of what dependencies give, whoever asks."""
_OF_PERSONS = GUARDED | frozenset(
    {"user", "users", "account", "identity", "principal", "person", "id", "required", "only", "access"}
)
"""Words that what gives those who run the system has last: `get_current_admin_user`. What others have last is what they give."""
_REFUSING = regex(r"_*(?:ensure|requires?|check|assert|verify|enforce|must_be|only)_", re.IGNORECASE)
_GIVING = regex(r"_*(?:ensure|requires?|assert|enforce|must_be)_", re.IGNORECASE)
"""How those begin that give what they let in: `admin = require_admin(request)`; `verify_admin(user)` may only tell."""
_ABOUT = frozenset({"for", "of"})
_GETTING = regex(r"_*get(?=_|[A-Z])")
_YES_OR_NO = frozenset({"is", "has", "can", "may"})
_OF_SYSTEMS = (
    r"(?:users|accounts|members|tenants|organi[sz]ations|roles?|permissions?|settings?|config(?:uration)?s?)"
)
"""What only those change who run the system. Everything else is the work of many: clerks have `orders:update`."""
_PRIVILEGE = regex(
    rf"(?:can_|may_)?(?:(?:administer|moderate)_(?:\w+_)?[a-z]+s|(?:manage|edit|update)_(?:\w+_)?{_OF_SYSTEMS})",
    re.IGNORECASE,
)
"""Members of who asks that say what few are let do, to all there are: `moderate_photos`, `edit_users`."""
_OPERATOR = regex(
    r"(?:^|[:._-])(?:delete|destroy|purge|moderate|admin|provision|superuser)$|^admin[:._-]"
    rf"|(?:^|[:._-]){_OF_SYSTEMS}[:._-](?:manage|update|edit)$",
    re.IGNORECASE,
)
"""Scopes of what is done to a thing of all, now and then: what is created, written or updated may come from people and programs
all day."""
_BY_THEIR_WORK = frozenset({"operator", "moderator", "moderators", "curator", "curators"})
"""Words of members that as often say who looks after something: `call.operator`, `room.moderator`."""
_SOMEONE = frozenset(
    {
        *(
            "user",
            "me",
            "principal",
            "account",
            "identity",
            "member",
            "person",
            "caller",
            "actor",
            "requester",
        ),
        *("token", "claims", "auth", "payload", "credentials", "username"),
        *("role", "roles", "permission", "permissions", "scope", "scopes", "groups"),
    }
)
"""Words of who asks, and of what they may do."""
_ROLES_OF = frozenset({"role", "roles", "permission", "permissions"})
"""Words of classes of roles: `UserRole`."""
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
_AT_HAND = frozenset({"getattr", "lower", "upper", "strip", "str", "info", "debug", "warning"})
"""What may be called before somebody is refused, and takes no time."""
_LOOKING_UP = frozenset(
    {
        "query",
        "select",
        "filter",
        "filter_by",
        "where",
        "options",
        "get",
        "first",
        "one",
        "one_or_none",
        "exec",
    }
    | {"scalar", "scalar_one", "scalar_one_or_none", "scalars"}
)
"""Parts of what asks for one row."""
_ONE_ROW = frozenset({"get", "first", "one", "one_or_none", "scalar", "scalar_one", "scalar_one_or_none"})
"""What asks for it."""
_FORBIDDEN_CODES = frozenset({401, 403})
_FORBIDDEN = frozenset({"401", "403", "forbidden", "unauthorized", "permission", "access", "denied", "admin"})
"""Words of what tells somebody that they may not ask."""
_ROWS_BEFORE = 2
"""So many rows are looked up at most before somebody is refused: their role, or what they ask for."""
_READ_BY_KEY = frozenset({"headers", "query_params", "path_params", "cookies", "state", "environ", "claims"})
"""What a `get` finds in memory: that of others may ask a database or a host."""

_CATCHING = frozenset({"HTTPException", "StarletteHTTPException", "Exception", "BaseException"})
"""What catches an `HTTPException`."""


def spelled(text: str) -> list[str]:
    """The words of a name, in their order."""
    return [word.lower() for word in _WORDS.findall(text)]


def words(text: str) -> frozenset[str]:
    return frozenset(spelled(text))


@functools.lru_cache(maxsize=REMEMBERED)
def is_guard(symbol: str) -> bool:
    """Whether a dependency lets only those in who run the system: `current_superuser`, `check_admin`, `is_admin_or_operator`."""
    name = symbol.rpartition(".")[2]
    found = words(name)
    if "or" in found:
        said = spelled(name)
        first, others = said[: said.index("or")], {*said[said.index("or") :]} - {"or"}
        is_plain = GUARDED.isdisjoint(first) or not _OTHERS_TOO.isdisjoint({*first} - {"is"})
        return not is_plain and bool(others) and others <= GUARDED
    return bool(found & GUARDED) and not found & _OTHERS_TOO


def lets_staff_in(name: str) -> bool:
    """Whether a function or dependency of this name lets only those in who run the system: `get_current_admin`, not
    `get_admin_report`."""
    if not is_guard(name) or words(name) & _GIVEN:
        return False
    if _GETTING.match(name) is None:
        return True
    said = spelled(name)
    first = next(position for position, word in enumerate(said) if word in GUARDED)
    return _OF_PERSONS.issuperset(said[first:]) and _ABOUT.isdisjoint(said)


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
        or _refusal(node.body) is not None
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


def is_scope_of_few(name: str) -> bool:
    """Whether those have a scope or permission who run the system: `farm:delete`, `users:update`."""
    return _OPERATOR.search(name) is not None


def _is_for_staff(decorator: ast.expr) -> bool:
    """`@admin_required`, `@require_permission(Permission.ADMIN_SYSTEM)`."""
    name = last_name(decorator)
    return (bool(words(name) & _ASKING) and lets_staff_in(name)) or (
        isinstance(decorator, ast.Call) and _asks_for_role(decorator)
    )


def asks_for_role(name: str) -> bool:
    """Whether a function of this name asks for the role that it is given: `require_permission`."""
    return bool(words(name) & _ASKING)


def _asks_for_role(call: ast.Call) -> bool:
    """`require_role("admin")`, `Allowed(roles=[Role.ADMIN])`: of all roles that it is given, it lets none in but those who run the
    system."""
    if not asks_for_role(last_name(call)):
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


def _refusal(body: list[ast.stmt]) -> ast.stmt | None:
    """What refuses others before anything is done that takes time, for them or for all, but for a row or two that are looked up."""
    rows = 0
    for statement in body:
        done: list[ast.AST]
        match statement:
            case ast.Try(body=inner, handlers=handlers):
                found = _refusal(inner)
                return None if found is None or _goes_on(found, handlers) else found
            case ast.If(test=test, body=[*before, ast.Raise()]):
                done = [*before] if refuses(statement) else [test, *before]
            case _:
                done = [] if refuses(statement) else [statement]
        if not _is_at_hand(done):
            rows += 1
            if rows > _ROWS_BEFORE or not _looks_up_a_row(statement):
                return None
        if refuses(statement):
            return statement if is_of_who_asks(statement, body) else None
    return None


def is_of_who_asks(refusal: ast.stmt, before: Iterable[ast.stmt]) -> bool:
    """Whether a refusal is of who asks, and not of a row that was looked up before by something else: what `if person.role != "staff":
    raise NotFound` says behind `person = db.get(Person, number)` is what the row is. Who may not ask is told so, by 401 or 403."""
    if not isinstance(refusal, ast.If) or _forbids(refusal.body[-1]):
        return True
    asked = {
        part.value.id
        for part in walk(refusal.test)
        if isinstance(part, (ast.Attribute, ast.Subscript)) and isinstance(part.value, ast.Name)
    }
    return not any(
        isinstance(statement, ast.Assign)
        and statement.lineno < refusal.lineno
        and any(isinstance(target, ast.Name) and target.id in asked for target in statement.targets)
        and _finds_a_row(statement)
        and not any(map(_is_theirs, walk(statement.value)))
        for statement in before
    )


def _forbids(raising: ast.stmt) -> bool:
    for part in walk(raising):
        if isinstance(part, ast.Constant) and part.value in _FORBIDDEN_CODES:
            return True
        if isinstance(part, (ast.Name, ast.Attribute)) and not _FORBIDDEN.isdisjoint(words(last_name(part))):
            return True
    return False


def _finds_a_row(statement: ast.Assign) -> bool:
    found = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
    return (
        isinstance(found, ast.Call) and last_name(found.func) in _ONE_ROW and not _takes_no_time(found.func)
    )


def _is_theirs(part: ast.AST) -> bool:
    """`current_user.kind_id`, `claims["sub"]`: of who asks, not of a class."""
    return (
        isinstance(part, (ast.Attribute, ast.Subscript))
        and isinstance(part.value, ast.Name)
        and part.value.id[:1].islower()
        and not _SOMEONE.isdisjoint(words(part.value.id))
    )


def _goes_on(refusal: ast.stmt, handlers: list[ast.ExceptHandler]) -> bool:
    """Whether who is refused in a `try` gets further all the same: `except NotAdmin: limit = 10`."""
    answered = False
    match refusal:
        case ast.If(body=[*_, ast.Raise(exc=ast.expr() as raised)]):
            answered = last_name(raised) == "HTTPException"  # of nothing that others catch by their own names
    for handler in handlers:
        caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        if answered and not any(each is None or last_name(each) in _CATCHING for each in caught):
            continue
        if not isinstance(handler.body[-1], ast.Raise):
            return True
        if answered:
            return False
    return False


def _looks_up_a_row(statement: ast.stmt) -> bool:
    """`kind = db.query(Kind).filter(Kind.id == user.kind_id).first()`, and nothing else that takes time."""
    if not isinstance(statement, ast.Assign):
        return False
    asked = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
    return (
        isinstance(asked, ast.Call)
        and last_name(asked.func) in _ONE_ROW
        and all(last_name(part.func) in _LOOKING_UP for part in walk(asked) if isinstance(part, ast.Call))
        and not any(isinstance(part, ast.Await) for part in walk(asked))
    )


def _is_at_hand(nodes: list[ast.AST]) -> bool:
    return not any(
        isinstance(part, ast.Await) or (isinstance(part, ast.Call) and not _takes_no_time(part.func))
        for node in nodes
        for part in walk(node)
    )


def _takes_no_time(called: ast.expr) -> bool:
    match called:
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id="request"), attr="session"), attr="get"):
            return True
        case ast.Attribute(value=owner, attr="get"):
            return last_name(owner) in _READ_BY_KEY
    return last_name(called) in _AT_HAND


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
            return _says_whether(name)  # `if not admin:` there is no such row
        case ast.UnaryOp(op=ast.Not(), operand=ast.Await(value=ast.Call(func=asked)) | ast.Call(func=asked)):
            name = last_name(asked)
            return _says_whether(name) or (bool(words(name) & _ASKING) and lets_staff_in(name))
        case ast.UnaryOp(op=ast.Not(), operand=ast.Attribute(value=owner, attr=name)):
            return _says_whether(name) or (
                (
                    _PRIVILEGE.fullmatch(name)
                    or (names_staff(name) and not words(name) & (_GIVEN | _BY_THEIR_WORK))
                )
                and not _SOMEONE.isdisjoint(words(last_name(owner)))
            )
        case ast.Compare(left=left, ops=[ast.NotEq()], comparators=[right]):
            return (_is_role(left) and _is_of_someone(right)) or (_is_role(right) and _is_of_someone(left))
        case ast.Compare(left=left, ops=[ast.NotIn()], comparators=[right]):
            return (_is_role(left) and _is_of_someone(right)) or _are_roles(right, left)
    return False


def _says_whether(name: str) -> bool:
    """`is_admin`, `isAdmin`, `has_admin_access`."""
    found = words(name)
    return not found.isdisjoint(_YES_OR_NO) and names_staff(name) and not found & _GIVEN


def _is_of_someone(value: ast.expr) -> bool:
    """Whether `value` is of who asks, by its names: `user.role`, `claims["groups"]`, `await role_of(request)`."""
    for part in walk(value):
        name = part.value if isinstance(part, ast.Constant) else last_name(part)
        if isinstance(name, str) and not _SOMEONE.isdisjoint(words(name)):
            return True
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
        case ast.Attribute(value=owner, attr=name):
            return names_staff(name) and not _ROLES_OF.isdisjoint(words(last_name(owner)))
    return False


def _are_roles(value: ast.expr, of: ast.expr) -> bool:
    """Whether those whose role is `of` run the system where it is among `value`."""
    match value:
        case ast.List(elts=members) | ast.Tuple(elts=members) | ast.Set(elts=members):
            return bool(members) and all(map(_is_role, members)) and _is_of_someone(of)
        case ast.Name() | ast.Attribute():
            name = last_name(value)
            return _ROLES.search(name) is not None and (
                names_staff(name) or _MANAGING.search(name) is not None
            )
    return False
