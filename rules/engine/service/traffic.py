"""How often code can be expected to run: nobody signs in, sets up or administrates a thousand times a second.

Only names tell, so the answer lowers what a finding claims and never silences it.
"""

from __future__ import annotations

import ast
import functools
import re
from typing import TYPE_CHECKING

from rules.engine.linking.graph import only_through
from rules.engine.linking.roles import Role
from rules.engine.reading import facts
from rules.engine.reading.guarding import (
    GUARDED,
    REMEMBERED,
    asks_for_role,
    is_guard,
    is_scope_of_few,
    lets_staff_in,
    spelled,
    words,
)
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module
    from rules.engine.project import Project

_NEAR = 20
"""So many functions behind exception handlers at most are followed."""
_RARE = frozenset(
    {
        *("admin", "admins", "administrative", "backoffice", "superuser", "internal", "debug", "manage"),
        *("setup", "install", "uninstall", "onboarding", "onboard", "bootstrap", "provision", "provisioning"),
        *("oauth", "oauth1", "oauth2", "oidc", "saml", "sso", "cas", "callback", "login", "logout", "signin"),
        *("signup", "register", "registration", "password", "captcha", "invite", "invites", "invitation"),
        *("config", "configs", "configuration", "settings", "preferences", "license", "licence", "billing"),
        *(
            "backup",
            "backups",
            "restore",
            "upgrade",
            "migrate",
            "migration",
            "version",
            "versions",
            "release",
        ),
        *("releases", "plugin", "plugins", "extension", "extensions", "integration", "integrations"),
        *("connector", "connectors", "connection", "connections", "credential", "credentials", "provider"),
        *(
            "trigger",
            "reload",
            "resync",
            "reindex",
            "rebuild",
            "flush",
            "prune",
            "purge",
            "maintenance",
            "cleanup",
        ),
        *("init", "initialize", "initialise", "populate", "seed"),
        *("recovery", "totp", "mfa", "2fa"),
        *("ban", "bans", "banned", "unban", "suspend", "unsuspend", "moderation", "configured"),
        *("pause", "unpause", "finetune", "finetuning"),
        *("providers", "tenant", "tenants", "license", "testemail", "revoke", "rotate", "refresher"),
    }
)
"""Words of routes, functions and files that serve the owner of an account or of the system, now and then."""
_MAINTENANCE = frozenset({"backup", "backups", "restore", "restores", "migrate", "upgrade", "uninstall"})
"""Words of what keeps a whole system."""
_KEPT_WHOLE = frozenset({"backup", "backups"})
_SET_UP = frozenset(
    {"setup", "bootstrap", "install", "initial", "initialize", "initialise", "init", "onboarding", "first"}
)
"""Words of what is done once, when the system is new."""
_PROBED = frozenset(
    {
        *(
            "health",
            "healthz",
            "healthcheck",
            "heartbeat",
            "ready",
            "readyz",
            "readiness",
            "livez",
            "liveness",
        ),
        *("probe", "probes"),
    }
)
"""Words of what only looks whether all is well."""
_FAILED = frozenset({"alert", "alerts", "crash", "failure", "failures", "incident", "outage"})
"""Words of a function that tells somebody of trouble."""
_FEW = frozenset({"api-keys", "api_keys", "apikeys", "access-tokens", "personal-access-tokens", "webhooks"})
"""Whole segments of such routes."""
_TRIAL = frozenset({"test", "try", "validate", "validation", "check", "verify", "ping"})
"""A trial of something that somebody has just entered, where it is the first word of a function or segment."""
_ENTERED = frozenset(
    {
        "settings",
        "config",
        "configs",
        "configuration",
        "smtp",
        "imap",
        "mail",
        "email",
        "webhook",
        "webhooks",
        "proxy",
    }
    | {
        "connection",
        "connections",
        "connector",
        "connectors",
        "integration",
        "integrations",
        "provider",
        "providers",
    }
    | {
        "credential",
        "credentials",
        "notification",
        "notifications",
        "channel",
        "channels",
        "servers",
        "datasources",
    }
)
"""Words of routes of what somebody sets up and then tries out."""
_OF_TESTS = frozenset(
    {"result", "results", "run", "runs", "case", "cases", "suite", "suites", "plan", "plans", "set", "sets"}
    | {
        "data",
        "history",
        "report",
        "reports",
        "log",
        "logs",
        "item",
        "items",
        "user",
        "users",
        "session",
        "sessions",
    }
)
"""What there is of tests, of which somebody asks again and again: `/channels/{number}/test-results`."""
_MOVED = frozenset(
    {"import", "imports", "importer", "export", "exports", "snapshot", "snapshots", "sleep", "wake", "wakeup"}
)
"""Words of what brings a whole thing over, saves one, or puts it to rest and back: a step of seconds that somebody asks
for by hand."""
_IN = frozenset({"import", "imports", "importer", "restore", "scenario", "scenarios", "seed"})
"""Words, last of a route, of what brings in something whole."""
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""Methods of requests that have something done."""
_KINDS = regex(r"^[^{]*[/_-](?:types?|categories|statuses|roles|permissions)(?:/\{[^}]*\})?/?$")
"""Routes of kinds of things: `/corpus-types`, `/categories/{name}`; those of one thing are its own: `/orders/{number}/statuses`."""
_FORM = regex(r"(?:^|[/_-])(?:template|sample)(?:[._-]\w+)?/?$", re.IGNORECASE)
"""Ends of routes of files that are to be filled in: `/import-template`."""
_FAILED_ROWS = regex(
    r"(?:^|[/_-])(?:errors?|failures?|failed|rejected|rejects)(?:[_-]rows)?"
    r"(?:[._/-](?:csv|xlsx?|excel|json|zip|files?|reports?|downloads?|exports?))?/?$",
    re.IGNORECASE,
)
"""Ends of routes of what could not be taken over: `/imports/{number}/errors`, `/errors/excel`."""
_TAKEN_OVER = frozenset({"import", "imports", "importer", "upload", "uploads", "batch", "batches", "ingest"})
"""Words of routes and files of what is brought in; errors of everything else may be what a service is for."""
_ACCOUNT = regex(
    r"(?:^|[/_-])(?:users?|accounts?|me|profiles?|persons?|people|customers?|members?)(?:/\{[^}]*\})?/?$",
    re.IGNORECASE,
)
"""Ends of routes of those who have a password: `/users/{number}`."""
_OWN_PASSWORD = regex(r"(?:^|/)(?:me|account|profile|users?/(?:me|\{[^}]*\}))/password/?$", re.IGNORECASE)
_FORGOTTEN = frozenset(
    {
        "forgot",
        "forgotten",
        "forget",
        "lost",
        "reset",
        "recover",
        "recovery",
        "confirm",
        "invite",
        "invitation",
    }
    | {"login", "signin", "register", "signup"}
)
_SIGN_IN = regex(
    r"(?:^|[/_-])(?:auth|authenticate|(?:log|sign)[_-]?(?:in|on|up)|sessions?|tokens?|oauth2?|sso|callback|forg[eo]t(?:ten)?)(?:$|[/_-])"
    r"|(?:^|admins?/)(?:refresh|register|lost)(?:$|[/_-])",
    re.IGNORECASE,
)
"""Words of routes by which somebody comes in, who is nobody yet. Catalogs are refreshed, too, and devices registered."""
_OF_ONESELF = frozenset({"settings", "preferences"})
_SECOND_FACTOR = frozenset({"totp", "fa", "mfa", "twofactor", "otp"})
_SWITCHED = frozenset({"enable", "disable", "activate", "deactivate", "setup", "remove", "regenerate"})
_SYNCED = frozenset({"sync", "synchronize", "synchronise"})
"""Words, last of a route, of what brings over all that another system has."""
_ADMIN = regex(
    r"(?:(?:get|is|requires?|verify|check|ensure|current|active)_?)*(?:super_?)?(?:admin|superuser)"
    r"(?:_?user|_?only|_?required|_?access)?",
    re.IGNORECASE,
)
"""What an endpoint names that lets only those in who run the system."""
_ALIASED = ("Dep", "Depends", "Dependency", "Only", "Required")
"""How the names of annotations end that ask for something: `StaffDep = Annotated[User, Depends(staff_only)]`."""
_PERSONS = frozenset({"user", "account", "identity", "principal", "super"})
"""Words of who asks, beside those that say what they may do."""
_STAFF = frozenset(
    {"admin", "admins", "maintenance", "sso", "saml", "oidc", "scim", "provision", "provisioning"}
)
"""Words of files for those who run the system, and for accounts that another system brings."""
_ASIDE = regex(
    r"(?:^|/)(?:(?:\w+[_-])?(?:examples?|samples?|demos?)|scripts?|tools|dev|development|hack|benchmarks?|e2e)/"
)
_SCRIPTED = regex(
    r"(?:^|/)(?:scripts?|hack|benchmarks?|e2e"
    r"|(?:\w+[_-])?(?:unit|integration|load|e2e|functional|smoke|perf|performance|stress|api|worker|server|client|regression"
    r"|acceptance|contract|system)[_-]tests?)/"
)
_EXAMPLE = regex(
    r"(?:^|/)(?:(?:\w+[_-])?(?:examples?|samples?|demos?)|cookbooks?|tutorials?|scaffolds?|_?templates?_files)/|^docs?(?:_src)?/",
    re.IGNORECASE,
)
_BESIDE = frozenset({"admin", "webhook", "webhooks", "metrics", "exporter"})
"""Folders of services that few ask, or that answer next to nothing."""
_RARE_CODE = frozenset(
    {
        *("oauth", "oauth2", "oidc", "saml", "sso", "login", "signup", "provision", "provisioning"),
        *("install", "uninstall", "billing", "license", "captcha", "revoke", "refresher", "telemetry"),
        *("onboarding", "backup", "restore", "upgrade", "version", "release"),
        *("ban", "unban", "suspend", "unsuspend", "finetune", "finetuning"),
    }
)
"""Words of a function or its file that say the same without the route."""


def is_seldom(node: ast.AST, module: Module) -> bool:
    """Whether requests get to the function around `node` only now and then, going by names.

    Every endpoint that reaches it is one of sign-in, set-up or administration, or the code itself says what it is for.
    """
    found = module.graph_node(node)
    if is_aside(module.path) or (found is not None and runs_seldom(found, module.project)):
        return True
    return is_for_admins(node, module)


def is_for_admins(node: ast.AST, module: Module) -> bool:
    """Whether `node` stands in an endpoint that asks for an administrator (`Depends(RoleRequirer([UserRole.admin]))`), also
    through an annotation, or only such are seen to reach it, by their routes: everybody can ask one by which they sign in."""
    endpoints = module.endpoints(node)
    if endpoints and all("admin" in words(each.path) and not _signs_in(each.path) for each in endpoints):
        return True
    function = module.function_of(node)
    if function is None or isinstance(function.node, ast.Lambda) or module.role(node) is not Role.ENDPOINT:
        return False
    found = module.graph_node(node)
    if found is not None and found.endpoints and not found.endpoints & ~module.project.staff_endpoints:
        return True
    taken = [function.node.args, *function.node.decorator_list]
    return any(
        (_ADMIN.fullmatch(last_name(part)) and not _is_one_of_others(part, module))
        or (
            isinstance(part, ast.Constant)
            and _is_of_operators(part, module)
            and not _gives_someone(part, function.node.args)
        )
        or (isinstance(part, ast.Call) and _asks_for_staff(part, module))
        or (isinstance(part, ast.Name) and part.id.endswith(_ALIASED) and lets_staff_in(part.id))
        for each in taken
        for part in walk(each)
    )


def _asks_for_staff(call: ast.Call, module: Module) -> bool:
    """`Depends(get_verified_admin_id)`, `Depends(requires(Permission.USERS_MODERATION))`: of a function that is called for
    those whom it lets in, not for what it gives."""
    if last_name(call.func) not in ("Depends", "Security") or not call.args:
        return False
    asked = call.args[0]
    if not isinstance(asked, ast.Call):
        return lets_staff_in(last_name(asked))
    return any(
        isinstance(part, ast.Attribute) and lets_staff_in(part.attr) and not _is_one_of_others(part, module)
        for given in (*asked.args, *(keyword.value for keyword in asked.keywords))
        for part in walk(given)
    )


def _is_one_of_others(part: ast.AST, module: Module) -> bool:
    """Whether a role is named beside others: `scopes=[Role.ADMIN, Role.USER]`, `Roles(Role.ADMIN, Role.AGENT)`."""
    child, parent = part, module.parent(part)
    while isinstance(parent, ast.Attribute | ast.Subscript) and parent.value is child:
        child, parent = parent, module.parent(parent)
    beside: list[ast.expr] = []
    if isinstance(parent, ast.List | ast.Tuple | ast.Set):
        beside = parent.elts
    elif isinstance(parent, ast.Call) and child in parent.args:
        beside = parent.args
    return any(
        not any(_ADMIN.fullmatch(name := last_name(each)) or lets_staff_in(name) for each in walk(one))
        for one in beside
    )


def _is_of_operators(part: ast.Constant, module: Module) -> bool:
    """Whether a text is the only scope or permission that an endpoint asks for, and those have it who run the system:
    `scopes=["farm:delete"]`, `Depends(require_permission("users:update"))`."""
    if not isinstance(part.value, str) or not is_scope_of_few(part.value):
        return False
    around = module.parent(part)
    if isinstance(around, ast.Call):
        asked_by = module.parent(around)
        return (
            around.args == [part]
            and not around.keywords
            and asks_for_role(last_name(around.func))
            and isinstance(asked_by, ast.Call)
            and last_name(asked_by.func) in ("Depends", "Security")
        )
    given = module.parent(around) if isinstance(around, ast.List) and len(around.elts) == 1 else None
    return isinstance(given, ast.keyword) and given.arg == "scopes"


def _gives_someone(part: ast.Constant, taken: ast.arguments) -> bool:
    """Whether an endpoint takes who is let in under a name: what it then does, it does to what is theirs."""
    positional = [*taken.posonlyargs, *taken.args]
    given = [None] * (len(positional) - len(taken.defaults)) + list(taken.defaults)
    pairs = [*zip(positional, given, strict=True), *zip(taken.kwonlyargs, taken.kw_defaults, strict=True)]
    return any(
        parameter.arg[0] != "_"
        and any(
            part is each
            for side in (default, parameter.annotation)
            if side is not None
            for each in walk(side)
        )
        for parameter, default in pairs
    )


def tells_of_staff(node: ast.AST, module: Module) -> bool:
    """Whether the file or the function around `node` is for those who run the system, or for accounts that another system
    brings, by its name: `admin_routes.py`, `sso.py`."""
    return bool((words(_stem(module.path)) | words(module.symbol_at(node).rpartition(".")[2])) & _STAFF)


def runs_seldom(node: Node, project: Project) -> bool:
    """As `is_seldom`, for a function of the call graph."""
    if node.endpoints and not node.endpoints & ~project.seldom_endpoints:
        return True
    return _is_for_now_and_then(node.symbol, node.path)


@functools.lru_cache(maxsize=REMEMBERED)
def _is_for_now_and_then(symbol: str, path: str) -> bool:
    """Whether the function `symbol` in the file `path` says so itself."""
    name = symbol.rpartition(".")[2]
    said = words(name) | words(_stem(path))
    renews = {"update", "check"} <= said or {"refresh", "token"} <= said
    reports = {"bug", "report"} <= said or {"support", "ticket"} <= said
    return bool(said & _RARE_CODE) or renews or reports or _is_trial(name)


def is_maintenance(node: ast.AST, module: Module) -> bool:
    """Whether the function around `node` saves or brings back the whole system, by its name, its file or the endpoints
    that reach it: an operator does so once in a while, and others expect to wait."""
    found = module.graph_node(node)
    if found is None:
        return False
    if (words(found.symbol.rpartition(".")[2]) | words(_stem(found.path))) & _MAINTENANCE:
        return True
    paths = [endpoint.path for endpoint in module.endpoints(node)]
    return bool(paths) and all(words(path) & _MAINTENANCE for path in paths)


def keeps_whole_system(node: ast.AST, module: Module) -> bool:
    """Whether the function around `node`, or all endpoints that reach it, save everything there is or bring it back, by their
    names: seconds that an operator asked for."""
    found = module.graph_node(node)
    if found is None:
        return False
    if words(found.symbol.rpartition(".")[2]) & _KEPT_WHOLE:
        return True
    paths = [endpoint.path for endpoint in module.endpoints(node)]
    return bool(paths) and all(words(path) & _KEPT_WHOLE for path in paths)


def is_probe(node: ast.AST, module: Module) -> bool:
    """Whether all endpoints that reach the function around `node` only look whether all is well, by their routes; or the
    function itself does, by its name or its file's."""
    found = module.graph_node(node)
    if found is not None and (words(found.symbol) | words(_stem(found.path))) & _PROBED:
        return True
    endpoints = module.endpoints(node)
    return bool(endpoints) and all(
        words(each.path) & _PROBED or each.path.rstrip("/").endswith("/status") for each in endpoints
    )


def tries_out(node: ast.AST, module: Module) -> bool:
    """Whether the function around `node`, by its first word, or all endpoints that reach it, by the last word of their routes, test
    what somebody has just entered: `test_credentials`, `/settings/mail/test`."""
    found = module.graph_node(node)
    if found is not None and spelled(found.symbol.rpartition(".")[2])[:1] == ["test"]:
        return True
    endpoints = module.endpoints(node)
    return bool(endpoints) and all(
        "test" in words(each.path.rstrip("/").rpartition("/")[2]) for each in endpoints
    )


def is_trial(node: ast.AST, module: Module) -> bool:
    """Whether all endpoints that reach the function around `node` try out settings that somebody has just entered, by their routes:
    `/settings/mail/test`, `/integrations/{number}/test-connection`. A `/test` of its own may be what a service is for."""
    endpoints = module.endpoints(node)
    return bool(endpoints) and all(_tries_settings(each.path) for each in endpoints)


@functools.lru_cache(maxsize=REMEMBERED)
def _tries_settings(route: str) -> bool:
    before, _, last = route.rstrip("/").rpartition("/")
    said = spelled(last)
    return (
        said[:1] == ["test"] and said[-1] not in _OF_TESTS and bool((words(before) | words(last)) & _ENTERED)
    )


def is_after_failure(node: ast.AST, module: Module) -> bool:
    """Whether the function around `node` runs only once something has failed: by its name, or because all calls of it stand
    in an `except`."""
    found = module.graph_node(node)
    if found is None:
        return False
    if words(found.symbol.rpartition(".")[2]) & _FAILED:
        return True
    return bool(found.callers) and all(edge.call.flags & facts.FAILING for _, edge in found.callers)


def answers_errors(node: ast.AST, module: Module) -> bool:
    """Whether only exception handlers of the application call the function around `node`, at any depth: an `except` may be the
    usual way (`except KeyError: return await load(key)`)."""
    found = module.graph_node(node)
    return (
        found is not None
        and bool(found.callers)
        and only_through(found, lambda each: Role.EXCEPTION_HANDLER in each.roles, _NEAR)
    )


def moves_whole(node: ast.AST, module: Module) -> bool:
    """Whether the function around `node`, by its name, or all endpoints that reach it, by the last word of their routes,
    bring over, save or put to rest a whole thing. A socket does so for as long as it is open, and is none of these."""
    found = module.graph_node(node)
    if found is not None and words(found.symbol.rpartition(".")[2]) & _MOVED:
        return True
    endpoints = module.endpoints(node)
    return bool(endpoints) and all(
        each.method != "WEBSOCKET" and words(each.path.rstrip("/").rpartition("/")[2]) & _MOVED
        for each in endpoints
    )


def brings_in(node: ast.AST, module: Module) -> bool:
    """Whether all endpoints that reach the function around `node` bring in something whole that somebody has made elsewhere,
    by the last word of their routes."""
    endpoints = module.endpoints(node)
    return bool(endpoints) and all(
        words(each.path.rstrip("/").rpartition("/")[2]) & _IN for each in endpoints
    )


def makes_kinds(node: ast.AST, module: Module) -> bool:
    """Whether all endpoints that reach the function around `node` make or change kinds of things, by their routes: there are a
    handful of them for years."""
    endpoints = module.endpoints(node)
    return bool(endpoints) and all(
        each.method in CHANGING and _KINDS.search(each.path) is not None for each in endpoints
    )


def gives_form(node: ast.AST, module: Module) -> bool:
    """Whether all endpoints that reach the function around `node` give out a file that is to be filled in, by their routes: some
    kilobytes, now and then."""
    endpoints = module.endpoints(node)
    return bool(endpoints) and all(_FORM.search(each.path) for each in endpoints)


def gives_errors(node: ast.AST, module: Module) -> bool:
    """Whether all endpoints that reach the function around `node` give out what could not be taken over, by their routes: a few rows,
    after a failure."""
    endpoints = module.endpoints(node)
    return bool(endpoints) and all(
        _FAILED_ROWS.search(each.path)
        and not _TAKEN_OVER.isdisjoint(words(each.path) | words(_stem(module.path)))
        for each in endpoints
    )


def is_set_up(node: ast.AST, module: Module) -> bool:
    """Whether all endpoints that reach the function around `node` set up a system that is new, by their routes and names."""
    endpoints = module.endpoints(node)
    return bool(endpoints) and all(words(each.path) & _SET_UP for each in endpoints)


def is_of_keys(node: ast.AST, module: Module) -> bool:
    """Whether all endpoints that reach the function around `node` are about the keys that programs come with, by their routes: few
    are made, and seldom."""
    endpoints = module.endpoints(node)
    return bool(endpoints) and all(not _FEW.isdisjoint(each.path.split("/")) for each in endpoints)


def only_ends_accounts(node: ast.AST, module: Module) -> bool:
    """Whether all endpoints that reach the function around `node` take an account away for good, `DELETE /users/{number}`: once for
    each. Sessions and what a cart holds are ended all day."""
    endpoints = module.endpoints(node)
    return bool(endpoints) and all(
        each.method == "DELETE" and _ACCOUNT.search(each.path) for each in endpoints
    )


def _signs_in(route: str) -> bool:
    """Whether somebody comes in by a route, going by its last words."""
    literal = [segment for segment in route.split("/") if segment and segment[0] != "{"]
    return _SIGN_IN.search("/".join(literal[-2:])) is not None


def only_keeps_account(node: ast.AST, module: Module) -> bool:
    """Whether all endpoints that reach the function around `node` change how somebody who is signed in comes in, by their routes: a new
    password, a key that takes the place of another, a second factor that is switched on or off. Whoever forgot a password, signs
    in or up comes all day."""
    endpoints = module.endpoints(node)
    return bool(endpoints) and all(
        each.method in CHANGING and _keeps_account(each.path, each.method) for each in endpoints
    )


@functools.lru_cache(maxsize=REMEMBERED)
def _keeps_account(route: str, method: str) -> bool:
    said, last = words(route), words(route.rstrip("/").rpartition("/")[2])
    if said & _FORGOTTEN:
        return False
    return (
        {"change", "password"} <= said
        or {"update", "password"} <= said
        or {"set", "password"} <= said
        or {"rotate", "key"} <= said
        or _OWN_PASSWORD.search(route) is not None
        or (
            method in ("PUT", "PATCH")
            and (_ACCOUNT.search(route) is not None or not said.isdisjoint(_OF_ONESELF))
        )
        or bool(said & _SECOND_FACTOR and last & _SWITCHED)
    )


def is_aside(path: str) -> bool:
    """Whether a file is an example, a tool or a script beside the application."""
    return _ASIDE.search(path) is not None


def lies_among_scripts(path: str) -> bool:
    """Whether a file lies in a folder of scripts: also what serves there, serves whoever started it."""
    return _SCRIPTED.search(path) is not None


def serves_staff(path: str) -> bool:
    """Whether a file belongs to a service of its own for those who run the system, or for machines that report: by the
    folders it stands in."""
    return not _BESIDE.isdisjoint(path.split("/")[:-1])


def is_example(path: str, project: Project) -> bool:
    """Whether a file shows how something is used, beside an application that is served."""
    return _lies_among_examples(path) and serves_beside_examples(project)


def serves_beside_examples(project: Project) -> bool:
    """Whether there is an endpoint that is no part of an example."""
    return any(not _lies_among_examples(endpoint.handler.path) for endpoint in project.routing.endpoints)


@functools.lru_cache(maxsize=REMEMBERED)
def _lies_among_examples(path: str) -> bool:
    return _EXAMPLE.search(path) is not None


def staffed(project: Project) -> int:
    """A bit for each endpoint of the project that lets only those in who run the system, by what it depends on
    or whom it refuses."""
    bits = 0
    for position, endpoint in enumerate(project.routing.endpoints):
        if endpoint.handler.function.flags & facts.STAFF or any(
            lets_staff_in(each.symbol.rpartition(".")[2]) or _gives_staff(each.function.returns)
            for each in endpoint.dependencies
        ):
            bits |= 1 << position
    return bits


@functools.lru_cache(maxsize=REMEMBERED)
def _gives_staff(returned: str) -> bool:
    """Whether a dependency gives one of those who run the system, as they are kept apart from others: an `AdminUser`."""
    if not returned.endswith(":"):
        return False
    said = words(re.split(r"[.:]", returned[:-1])[-1])
    return bool(said & GUARDED) and said <= GUARDED | _PERSONS


def seldom(project: Project) -> int:
    """A bit for each endpoint of the project that is asked for now and then."""
    bits = 0
    for position, endpoint in enumerate(project.routing.endpoints):
        handler = endpoint.handler
        if _is_rare(handler.symbol, handler.path, endpoint.ref.path) or any(
            is_guard(each.symbol) for each in endpoint.dependencies
        ):
            bits |= 1 << position
    return bits


@functools.lru_cache(maxsize=REMEMBERED)
def _is_rare(symbol: str, path: str, route: str) -> bool:
    """Whether the handler `symbol` in the file `path` is for now and then, going by its names and its route."""
    name = symbol.rpartition(".")[2]
    segments = [part for part in route.split("/") if part and not part.startswith("{")]
    said = words(name).union(*(words(segment) for segment in segments))
    return bool(
        said & _RARE
        or {"bug", "report"} <= said
        or _is_trial(name)
        or any(map(_is_trial, segments[-1:]))
        or any(words(segment) & _SYNCED for segment in segments[-1:])
        or not _FEW.isdisjoint(segments)
        or is_aside(path)
        or "admin" in path.split("/")
    )


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")


def _is_trial(name: str) -> bool:
    found = spelled(name)
    return len(found) > 1 and found[0] in _TRIAL
