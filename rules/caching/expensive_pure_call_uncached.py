from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.costs import kept_estimates
from rules.engine.linking.graph import THREAD
from rules.engine.linking.values import Sort
from rules.engine.reading import facts
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.origins import origin
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import own_calls, walk
from rules.engine.rule import Confidence, Effort, Hop, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.common_answers import takes_tools_only, told_by_caller
from rules.engine.service.creation import made_again
from rules.engine.service.remembering import is_remembered
from rules.engine.service.traffic import is_for_admins

if TYPE_CHECKING:
    from rules.engine.costs.summaries import Leaf
    from rules.engine.module import Module

_PERSONAL = regex(
    r"user|auth|token|session|tenant|account|member|owner|credential|api_?key|permission", re.IGNORECASE
)
_FRESH = regex(
    r"health|ping|poll|ready|alive|live|status|check|probe|metrics|stream|download|callback|oauth|login",
    re.IGNORECASE,
)

_ASKING = regex(
    r"auth|token|user|verif|permission|credential|api_?key|session|jwt|login|introspect|tenant|principal|identity|account",
    re.IGNORECASE,
)
"""What a dependency is called that finds out who asks."""
_CALLER = regex(
    r"_*(?:(?:authenticate|authori[sz]e|introspect|verify|validate)_(?:\w+_)?(?:user|token|access|caller|identity|principal|jwt|api_?key)"
    r"|check_(?:user_)?(?:token|access|jwt|api_?key)|(?:get|fetch|resolve|load)_(?:current_user|caller|identity|principal|user_?info)"
    r"|(?:get|fetch|resolve|load)_(?:\w+_)?user_(?:from|by|of|for)_(?:\w+_)?(?:token|jwt|request|headers?|api_?key)"
    r"|authenticate|introspect|whoami)(?:_async)?$",
    re.IGNORECASE,
)
"""What a function is called that finds out who asks, and that endpoints call themselves."""
_KINDS = frozenset({"http", "net", "sdk"})
_KEEPING = "jwt.PyJWKClient."
"""Keeps what it fetched for minutes."""
_SEVERAL = 2
_NEAR = 3

_ENVIRONMENTS = frozenset(
    {"jinja2.Environment", "jinja2.environment.Environment", "jinja2.sandbox.SandboxedEnvironment"}
    | {"fastapi.templating.Jinja2Templates", "starlette.templating.Jinja2Templates"}
)
_OF_SOURCE = frozenset(
    f"jinja2.{place}{name}" for place in ("", "loaders.") for name in ("DictLoader", "FunctionLoader")
)
"""What gives templates that are in no file."""
_NAMES = 20
"""So many names are followed to what they hold."""
_QUICK_STORES = frozenset({"redis", "memcached"})
_STORES = ("redis.", "aioredis.", "pymemcache.", "aiomcache.")
_OFTEN = 3
"""Endpoints that read the same rows each time."""
_CHANGES = regex(
    r"(?:^|_)(?:next|pop|claim|lock|create|init\w*|seed|ensure|update|refresh|sync|health|check|test|ping|count)(?:_|$)"
)
"""What a function is called whose rows are others each time, or that sets something up."""
_VARIES = regex(
    r"(?i)current|user|auth|token|tenant|account|member|permission|context|random|now\(|today\(|skip_locked|with_for_update|request\b"
)
_MANY = 4
"""Queries for an answer that depends on parameters: fewer are quick."""
_QUICKLY = 2_000
"""Parts of a constant that take less than a millisecond to copy."""


class ExpensivePureCallUncached(Rule):
    """A public endpoint asks another service the same question again for each caller.

    It takes only a path and query, knows no user, and its answer comes from elsewhere, or from several queries: two callers
    with the same parameters get the same answer and pay for it twice. So do all who need a row of the site that many
    endpoints read each time. A dependency that has another service say who a caller is asks for
    each request, and all its endpoints wait for that answer first.

    ## Instead
    Keep the answer aside: read `answer:{parameters}` from Redis, on a miss ask and write it with `ex=` as long
    as an answer may be old. What changes the data deletes the key, or puts a version into it. Who a token
    belongs to is kept for a minute under the token's hash (`cachetools.TTLCache`), or read from a signed token,
    whose keys are fetched once.

    ## Trade-offs
    Answers are as old as the lifetime. The key must hold everything that the answer depends on.

    ## Monitor
    Hit ratio, calls of the origin.

    ## When to ignore it
    When the parameters hardly ever repeat.
    """

    code = "FP303"
    severity = Severity.INFO
    effort = Effort.HOURS
    watch = "hit ratio and calls of the origin"

    invalid = (
        Invalid(
            """
            client = httpx.AsyncClient()

            @app.get("/weather/{city}")
            async def weather(city: str) -> dict[str, float]:
                return (await client.get(f"https://weather.example/{city}")).json()
            """
        ),
    )
    valid = (
        Valid(
            """
            from async_lru import alru_cache

            client = httpx.AsyncClient()

            @alru_cache(maxsize=1000, ttl=300)
            async def ask(city: str) -> dict[str, float]:
                return (await client.get(f"https://weather.example/{city}")).json()

            @app.get("/weather/{city}")
            async def weather(city: str) -> dict[str, float]:
                return await ask(city)
            """
        ),
    )

    def check(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        yield from _copied(node, module)
        yield from _made_of_kept(node, module)
        yield from _template_environment(node, module)
        if str(module.role(node) or "") == "dependency":
            yield from list(_who_asks(node, module)) or _same_rows(node, module)
            return
        if str(module.role(node) or "") != "endpoint":
            if _CALLER.match(node.name) and _is_called_by_endpoints(node, module):
                yield from _who_asks(node, module)
            else:
                yield from _same_rows(node, module)
            return
        said = list(_asked_here(node, module)) if _is_public_read(node, module) else []
        yield from said or _same_for_all(node, module)


def _asked_here(node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
    """The first call of the endpoint itself that asks another service."""
    for call in walk(node):
        if not isinstance(call, ast.Call) or module.function_of(call) != module.function_of(node):
            continue
        external = module.external(call)
        if (
            external is None
            or external.kind not in ("http", "llm")
            or not _reads(call)
            or is_remembered(call, module)
        ):
            continue
        yield Match(
            call,
            f"`{spelled(call.func)}` is asked again by each caller of `{node.name}`, also for parameters that were asked"
            " before.",
            confidence=Confidence.POSSIBLE,
            impact=kept_estimates.fetched_each_time(module.options),
        )
        return


def _same_for_all(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
    """What an endpoint has looked up for each caller, when nothing of the caller is in the answer."""
    if _FRESH.search(function.name) or is_remembered(function.body[0], module):
        return
    told = told_by_caller(function, module)
    if (
        told is None
        or (told and is_for_admins(function.body[0], module))
        or any(_FRESH.search(each.path) for each in module.endpoints(function))
    ):
        return
    reads = _reads_of(function, module)
    same = "callers with the same parameters get" if told else "all of them get"
    if reads is not None and reads >= (
        _MANY if told or is_for_admins(function.body[0], module) else _SEVERAL
    ):
        yield Match(
            function,
            f"`{function.name}` has the database answer {reads} queries for each caller, though {same} the same answer.",
            confidence=Confidence.POSSIBLE,  # how often it is asked, and how old an answer may be, is not known
            instead="Keep the answer for as long as it may be old: `@cache(expire=60)` of fastapi-cache, or Redis with `ex=60`.",
        )


def _same_rows(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
    """`async def load_site(db): return await db.scalar(select(Site))` of many endpoints: nothing of the request is in the query."""
    if not isinstance(module.parent(function), ast.Module) or not takes_tools_only(function):
        return  # one inside another has what that is given
    if _CHANGES.search(function.name) or not module.in_request_path(function):
        return
    endpoints = [each for each in module.endpoints(function) if not _FRESH.search(each.path)]
    text = module.segment(function)
    if len(endpoints) < _OFTEN or _VARIES.search(text) or is_remembered(function.body[0], module):
        return
    if is_for_admins(function.body[0], module) or not _gives_something(function):
        return
    queries = [(call, query) for call in own_calls(function) if (query := module.query(call)) is not None]
    if not queries or any(
        query.kind != "select" or query.driver in _QUICK_STORES or module.is_repeated(call)
        for call, query in queries
    ):
        return
    yield Match(
        queries[0][0],
        f"`{function.name}` reads the same rows for each request to {len(endpoints)} endpoints: nothing of the request is in the query.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # how often the rows change is not known
        call_path=(
            Hop(module.path, function.lineno, function.name),
            Hop(module.path, queries[0][0].lineno, last_name(queries[0][0].func)),
        ),
        impact=kept_estimates.fetched_each_time(module.options),
        instead="Keep the rows for as long as they may be old: `cachetools.TTLCache(maxsize=1, ttl=60)` around what is read, as plain"
        " values, and emptied where they are changed.",
    )


def _gives_something(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it returns what it read, and is no generator."""
    own = [each for statement in function.body for each in walk(statement)]
    return any(isinstance(each, ast.Return) and each.value is not None for each in own) and not any(
        isinstance(each, ast.Yield | ast.YieldFrom) for each in own
    )


def _reads_of(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> int | None:
    """How many queries a handler and what it calls make; None where it stores something."""
    reads = 0
    handler = module.graph_node(function.body[0])
    handed = {edge.call.line: edge.target for edge in handler.edges if edge.kind == THREAD} if handler else {}
    for call in own_calls(function):
        query = module.query(call)
        if query is not None:
            if query.kind in ("write", "commit", "flush"):
                return None
            reads += query.kind == "select" and query.driver not in _QUICK_STORES
            continue
        summary = module.summary(call)
        if summary is None and call.lineno in handed and module.offload(call) is not None:
            summary = module.project.summaries.of(handed[call.lineno])
        if summary is None:
            continue
        if summary.writes or summary.commits:
            return None
        if module.call_flags(call) & (facts.RECALLED | facts.ON_MISS | facts.ONCE | facts.FAILING):
            continue
        reads += any(_is_always(leaf) and not leaf.callable.startswith(_STORES) for leaf in summary.reads)
    return reads


def _is_always(leaf: Leaf) -> bool:
    """Whether it happens whenever the call is made."""
    return not (leaf.cached or leaf.on_miss or leaf.rarely or leaf.by_choice or leaf.kept_by)


def _who_asks(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
    """A dependency, or what endpoints call for that, which asks another service about the caller for each request."""
    endpoints = [each for each in module.endpoints(function) if not _FRESH.search(each.path)]
    if len(endpoints) < _SEVERAL or not _ASKING.search(function.name):
        return
    for call in own_calls(function):
        found = _asked(call, module)
        if found is None or is_remembered(call, module):
            continue
        name, path = found
        yield Match(
            call,
            f"`{function.name}` asks `{name}` about the caller for each request to {len(endpoints)} endpoints, which wait for"
            " the answer before they begin.",
            severity=Severity.LOW,
            confidence=Confidence.POSSIBLE,  # a gateway may keep the answer
            call_path=(Hop(module.path, call.lineno, spelled(call.func).rpartition(".")[2]), *path)
            if path
            else (),
            impact=kept_estimates.fetched_each_time(module.options),
            instead="Keep the answer for a minute under the token's hash, or check a signed token in the process with keys that"
            " are fetched once.",
        )
        return


def _is_called_by_endpoints(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> bool:
    """Whether endpoints call it themselves, and no dependency does, of which that is said."""
    node = module.graph_node(function.body[0])
    roles = {role for caller, _ in node.callers for role in caller.roles} if node is not None else set()
    return "endpoint" in roles and "dependency" not in roles


def _asked(call: ast.Call, module: Module) -> tuple[str, tuple[Hop, ...]] | None:
    """The call to another service that `call` is or leads to each time, with the way to it."""
    flags = module.call_flags(call)
    if flags & (facts.RECALLED | facts.ON_MISS | facts.ONCE | facts.FAILING):
        return None
    external = module.external(call)
    if external is not None:
        known = (
            external.kind in _KINDS and not external.name.startswith(_KEEPING) and not module.offload(call)
        )
        return (module.called_name(call) or external.name, ()) if known else None
    summary = module.summary(call)
    for leaf in summary.external if summary is not None else ():
        entry = libraries.external(leaf.callable)
        if (
            entry is not None
            and entry.kind in _KINDS
            and not entry.name.startswith(_KEEPING)
            and len(leaf.path) <= _NEAR
            and not (leaf.cached or leaf.on_miss or leaf.sometimes or leaf.by_choice or leaf.rarely)
        ):
            return leaf.callable, leaf.path
    return None


def _copied(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
    """`copy.deepcopy(TABLE)` in a function without parameters: the same work, and the same result, each time."""
    if _takes(function):
        return
    if "deepcopy" not in module.source.text:
        return
    for call in walk(function):
        if (
            not isinstance(call, ast.Call)
            or not call.args
            or module.qualified_name(call.func) != "copy.deepcopy"
        ):
            continue
        source = call.args[0]
        if (
            isinstance(source, ast.Call)
            and module.qualified_name(source.func) == "typing.cast"
            and len(source.args) == 2
        ):
            source = source.args[1]
        if _is_table(source, module) and module.in_request_path(call) and not is_remembered(call, module):
            yield Match(
                call,
                f"`{function.name}` copies all of `{module.segment(source)}` each time it is called, with the same result.",
                severity=Severity.LOW,
                confidence=Confidence.POSSIBLE,  # whoever gets it may change it
                instead="Copy once: `@lru_cache(maxsize=1)` on the function, when nobody changes what it returns.",
            )


def _made_of_kept(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
    """A function without parameters that makes an object of each item that another one keeps for good."""
    if _takes(function) or function.decorator_list or not module.in_request_path(function):
        return
    for node in walk(function):
        if not isinstance(node, ast.ListComp | ast.DictComp) or len(node.generators) != 1:
            continue
        made = node.elt if isinstance(node, ast.ListComp) else node.value
        if not isinstance(made, ast.Call) or not spelled(made.func).rpartition(".")[2][:1].isupper():
            continue
        source = origin(node.generators[0].iter, module)
        if (
            isinstance(source, ast.Call)
            and isinstance(source.func, ast.Attribute)
            and source.func.attr in ("values", "items")
        ):
            source = origin(source.func.value, module)
        if not isinstance(source, ast.Call) or source.args or source.keywords:
            continue
        kept = module.callee(source)
        if kept is None or not kept.function.flags & facts.SINGLE or is_remembered(function.body[0], module):
            continue
        yield Match(
            function,  # where the cache goes
            f"`{function.name}` makes `{spelled(made.func)}` of each item of `{spelled(source.func)}()` every time, though these are kept"
            " and the result is the same.",
            severity=Severity.LOW,
            confidence=Confidence.POSSIBLE,  # how many there are, and whether somebody changes them, is not known
            instead=f"Keep the result too: `@lru_cache(maxsize=1)` on `{function.name}`, when nobody changes what it returns.",
        )
        return


def _template_environment(
    function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module
) -> Iterator[Match]:
    """`Environment(loader=…)` for each request: the templates that it compiled go with it."""
    for call in own_calls(function):
        if module.qualified_name(call.func) not in _ENVIRONMENTS or made_again(call, module) is None:
            continue
        if not any(each.arg in ("loader", "directory") for each in call.keywords) and not call.args:
            continue
        if is_remembered(call, module) or _is_of_caller(call, module):
            continue
        yield Match(
            call,
            f"`{spelled(call.func)}` is made for each request, and with it go the templates that it has compiled: the file is read and"
            " compiled anew every time.",
            severity=Severity.LOW,
            confidence=Confidence.POSSIBLE,  # a small template takes a millisecond or so
            instead=f"Make one `{spelled(call.func)}` in the module: it keeps its templates, and looks whether their files changed.",
        )


def _is_of_caller(call: ast.Call, module: Module) -> bool:
    """Whether templates come from no file, or from a folder that a parameter tells: `FileSystemLoader(f"templates/{tenant}")`."""
    function = module.function_of(call)
    if function is None or isinstance(function.node, ast.Lambda):
        return True
    own = function.node.args
    taken = {each.arg for each in (*own.posonlyargs, *own.args, *own.kwonlyargs)} - {"self", "cls"}
    pending: list[ast.expr] = [call]
    seen = 0
    while pending and seen < _NAMES:
        for part in walk(pending.pop()):
            if isinstance(part, ast.Call) and module.qualified_name(part.func) in _OF_SOURCE:
                return True
            if not isinstance(part, ast.Name):
                continue
            if part.id in taken:
                return True
            seen += 1
            if (made := origin(part, module)) is not part and made is not None:
                pending.append(made)
    return False


def _takes(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    taken = function.args
    return any((taken.posonlyargs, taken.args, taken.kwonlyargs, taken.vararg, taken.kwarg))


def _is_table(source: ast.expr, module: Module) -> bool:
    """A constant of the module that is not written out there in full, or something that another package offers."""
    match source:
        case ast.Name(id=name):
            return (
                name.lstrip("_").isupper()
                and module.function_of(source) is not None
                and not _is_quickly_copied(name, module)
            )
        case ast.Attribute(value=ast.Name()):
            value = module.value(source)
            return value is not None and value.sort == Sort.EXTERNAL and not value.bound
    return False


def _is_quickly_copied(name: str, module: Module) -> bool:
    """Whether the file itself writes the constant out, and it is a fraction of a millisecond to copy."""
    for statement in module.tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                pass
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if target == name:
                pass
            case _:
                continue
        parts = list(walk(value))
        return len(parts) < _QUICKLY and not any(
            isinstance(part, ast.Name | ast.Call | ast.comprehension | ast.Starred) for part in parts
        )
    return False


def _is_public_read(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> bool:
    endpoints = module.endpoints(function)
    if not endpoints or any(endpoint.method != "GET" for endpoint in endpoints):
        return False
    if _FRESH.search(function.name) or any(_FRESH.search(endpoint.path) for endpoint in endpoints):
        return False
    arguments = function.args
    taken = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    if not taken or any(_PERSONAL.search(module.segment(argument)) for argument in taken):
        return False
    defaults = [*arguments.defaults, *(each for each in arguments.kw_defaults if each is not None)]
    if any(
        isinstance(each, ast.Call)
        and module.segment(each.func).endswith(("Depends", "Security", "Header", "Cookie"))
        for each in defaults
    ):
        return False
    if any("dependencies" in module.segment(decorator) for decorator in function.decorator_list):
        return False
    return all(_is_plain(argument, module) for argument in taken)


def _is_plain(argument: ast.arg, module: Module) -> bool:
    """A parameter of the path or the query."""
    if argument.annotation is None:
        return False
    text = module.segment(argument.annotation)
    return bool(
        re.fullmatch(r"(?:str|int|float|date|datetime\.date|bool|None|Literal\[[^\]]*\]|\s|\|)+", text)
    )


def _reads(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in ("get", "create", "fetch", "request")
