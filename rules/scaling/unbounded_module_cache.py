from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import kept_estimates
from rules.engine.data.key_types import is_small
from rules.engine.finding import Hop
from rules.engine.linking.context import Context
from rules.engine.reading.key_words import is_endless, is_few, names_in
from rules.engine.reading.loop_shapes import shortened
from rules.engine.reading.origins import origin, origins
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service import traffic
from rules.engine.service.first_time import runs_first_time
from rules.engine.service.holders import Growth, Holder, expired, growing
from rules.engine.service.mentions import is_named_in

if TYPE_CHECKING:
    from rules.engine.module import Module


_WRAPPING = frozenset({"str", "int", "Path", "UUID", "abspath", "resolve", "fspath", "hash", "id"})
"""What gives a value another form: as many come out as go in."""
_REGISTERS = regex(
    r"handler|hook|callback|plugin|regist|factor(?:y|ies)|strateg|middleware|engines?$|pools?$|sessionmaker",
    re.IGNORECASE,
)
"""What a program fills once with its own parts, and what it keeps for each address of its configuration."""

_STANDS_IN = regex(r"_?(?:Fake|Dummy|Mock|Stub)[A-Z]")
"""Classes that take the place of others while nobody counts on them."""


class UnboundedModuleCache(Rule):
    """A dictionary of the module that gets an entry per request and never loses one grows until the worker is killed.

    It lives as long as the process, and each worker has its own. Keys that come with requests (users, addresses, texts)
    never stop being new, so memory rises with traffic and only a restart gives it back.

    ## Instead
    Bound it: `cachetools.TTLCache(maxsize=1024, ttl=300)` drops the oldest entries by itself and is used like a
    dictionary. What all workers must see belongs into Redis, with an expiry.

    ## Trade-offs
    Entries can vanish between two requests: read with `.get`. `TTLCache` is not safe for use from several threads without
    a lock.

    ## Monitor
    Resident memory of a worker over days: a slope that only restarts reset.

    ## When to ignore it
    When the keys are a fixed set, such as the tables of the database.
    """

    code = "FP704"
    severity = Severity.MEDIUM
    said_from = Severity.CRITICAL
    effort = Effort.MINUTES
    watch = "resident memory per worker"

    invalid = (
        Invalid(
            """
            from fastapi import FastAPI

            app = FastAPI()
            _profiles: dict[int, dict[str, str]] = {}

            @app.get("/users/{user_id}")
            async def profile(user_id: int) -> dict[str, str]:
                if user_id not in _profiles:
                    _profiles[user_id] = await load(user_id)
                return _profiles[user_id]

            async def load(user_id: int) -> dict[str, str]: ...
            """
        ),
    )
    valid = (
        Valid(
            """
            from cachetools import TTLCache
            from fastapi import FastAPI

            app = FastAPI()
            _profiles: TTLCache[int, dict[str, str]] = TTLCache(maxsize=1024, ttl=300)

            @app.get("/users/{user_id}")
            async def profile(user_id: int) -> dict[str, str]:
                if user_id not in _profiles:
                    _profiles[user_id] = await load(user_id)
                return _profiles[user_id]

            async def load(user_id: int) -> dict[str, str]: ...
            """
        ),
    )

    def check(self, node: ast.Module, module: Module) -> Iterator[Match]:
        for holder in growing(module):
            growth = _worst(holder, module)
            if growth is None:
                continue
            endless = _endless(growth, module)
            heavy = not _is_small(holder, growth, module)
            registers = (
                _REGISTERS.search(holder.name)
                or runs_first_time(growth.node, module)
                or _is_switched_on(growth.node, module)
                or _STANDS_IN.match(holder.name)
                or traffic.is_seldom(growth.node, module)
                or _is_named_elsewhere(holder, module)
            )
            yield Match(
                growth.node,
                _message(holder, growth, module),
                confidence=Confidence.LIKELY
                if endless
                and heavy
                and not registers
                and growth.key is not None
                and module.in_request_path(growth.node)
                else Confidence.POSSIBLE,
                call_path=_way(holder, growth, module),
                impact=kept_estimates.growing(module.options),
            )
        yield from _of_expired(module)


def _of_expired(module: Module) -> Iterator[Match]:
    """A cache with an age, under keys without end, of which an old entry goes only when it is asked for again."""
    for holder in expired(module):
        growth = _worst(holder, module)
        if growth is None or growth.key is None or not growth.is_keyed or _is_small(holder, growth, module):
            continue
        if not _endless(growth, module) and not _is_given_endless(growth, module):
            continue
        yield Match(
            growth.node,
            f"`{holder.name}` gets an entry for each new `{shortened(module.segment(growth.key), 60)}`, and one that has expired goes"
            " only when it is asked for again: those that nobody asks for stay until the worker restarts.",
            severity=Severity.LOW,
            confidence=Confidence.POSSIBLE,  # how many different keys come is not in the code
            call_path=_way(holder, growth, module),
            impact=kept_estimates.growing(module.options),
        )


def _way(holder: Holder, growth: Growth, module: Module) -> tuple[Hop, ...]:
    """From where the container grows to where it is made, which is where it gets a bound."""
    made, grows = (getattr(each, "lineno", 1) for each in (holder.node, growth.node))
    return (
        Hop(module.path, grows, module.symbol_at(growth.node).rpartition(".")[2]),
        Hop(module.path, made, holder.name),
    )


def _is_given_endless(growth: Growth, module: Module) -> bool:
    """Whether a caller in this file gives a key without end to the function that keeps it: `_keep(f"{page}:{search}", found)`."""
    function = module.function_of(growth.node)
    if function is None or isinstance(function.node, ast.Lambda) or not isinstance(growth.key, ast.Name):
        return False
    arguments = function.node.args
    order = [
        each.arg for each in (*arguments.posonlyargs, *arguments.args) if each.arg not in ("self", "cls")
    ]
    if growth.key.id not in order:
        return False
    at = order.index(growth.key.id)
    for call in walk(module.tree):
        if not isinstance(call, ast.Call) or last_name(call.func) != function.name:
            continue
        given = call.args[at] if at < len(call.args) else None
        given = next((each.value for each in call.keywords if each.arg == growth.key.id), given)
        names = names_in(origin(given, module)) if given is not None else []
        if any(map(is_endless, names)):
            return True
    return False


def _worst(holder: Holder, module: Module) -> Growth | None:
    """The growth to speak of: in the path of a request, under a key that the source does not fix."""
    found = [
        growth
        for growth in holder.growths
        if module.in_request_path(growth.node)
        and module.function_of(growth.node) is not None
        and not (growth.key is not None and growth.is_keyed and is_small(origin(growth.key, module), module))
        and not _is_counted(growth)
    ]
    found = found or [growth for growth in holder.growths if _grows_beside(growth, module)]
    filled = [growth for growth in found if not _is_empty(growth.value)] or found
    return next((growth for growth in filled if _endless(growth, module)), filled[0] if filled else None)


def _grows_beside(growth: Growth, module: Module) -> bool:
    """Whether a task or a job that goes on beside the requests puts in under keys without end, or without a key, again and again."""
    contexts = module.contexts(growth.node)
    goes_on = Context.LOOP in contexts and any(
        isinstance(loop, ast.While | ast.AsyncFor) for loop in module.loops(growth.node)
    )
    return (
        (goes_on or bool(contexts & {Context.TASK, Context.BACKGROUND}))
        and module.function_of(growth.node) is not None
        and not _is_counted(growth)
        and _endless(growth, module)
    )


def _is_named_elsewhere(holder: Holder, module: Module) -> bool:
    """Whether another file names a container of a class, and may hand it to what takes entries out:
    `Watcher(Router.heartbeats)`."""
    owner, _, name = holder.name.rpartition(".")
    others = (path for path in module.project.resolver.modules if path != module.path)
    return bool(owner) and is_named_in(module.project, others, name)


def _is_empty(value: ast.expr | None) -> bool:
    """`d[key] = []`: what is put in afterwards is what grows."""
    match value:
        case ast.List(elts=[]) | ast.Dict(keys=[]):
            return True
        case ast.Call(func=ast.Name(id="set" | "list" | "dict"), args=[], keywords=[]):
            return True
    return False


def _is_switched_on(node: ast.AST, module: Module) -> bool:
    """`if debug:` of a name that the module starts with as False."""
    off = {
        target.id
        for statement in module.tree.body
        for target, value in _assigned(statement)
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and value.value is False
    }
    current = module.parent(node)
    while off and current is not None:
        if isinstance(current, ast.If) and isinstance(current.test, ast.Name) and current.test.id in off:
            return True
        current = module.parent(current)
    return False


def _assigned(statement: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    match statement:
        case ast.Assign(targets=[target], value=value):
            yield target, value
        case ast.AnnAssign(target=target, value=value):
            yield target, value


def _is_counted(growth: Growth) -> bool:
    """`totals["requests"] += 1`: one entry."""
    return isinstance(growth.node, ast.AugAssign) and isinstance(growth.key, ast.Constant)


def _endless(growth: Growth, module: Module) -> bool:
    """Whether there is no end to what may be put in."""
    if growth.key is None or not growth.is_keyed:
        return True
    key = origin(growth.key, module)
    while isinstance(key, ast.Call) and len(key.args) == 1 and last_name(key.func) in _WRAPPING:
        key = origin(key.args[0], module)
    if isinstance(key, ast.Attribute) and isinstance(key.value, ast.Name) and key.value.id == "self":
        return False  # as many as there are objects, which nobody knows
    names = [*names_in(key), *names_in(growth.key)]
    return any(map(is_endless, names)) and not all(map(is_few, names))


def _is_small(holder: Holder, growth: Growth, module: Module) -> bool:
    """Whether entries are only numbers, flags or locks: it takes long until they hurt."""
    if holder.kind == "set":
        return True
    if growth.value is None:
        return False
    return all(_is_light(value, module) for value in origins(growth.value, module))


def _is_light(value: ast.expr, module: Module) -> bool:
    if isinstance(value, ast.Constant) or _is_moment(value, module):
        return True
    if isinstance(value, ast.Name) and is_few(value.id):
        return True
    if isinstance(value, ast.BinOp) and isinstance(value.right, ast.Constant):
        return isinstance(value.right.value, int | float)  # a count
    return isinstance(value, ast.Call) and (module.qualified_name(value.func) or "").endswith(
        ("Lock", "Semaphore", "Event", ".time", ".monotonic", ".get")
    )


def _is_moment(value: ast.expr, module: Module) -> bool:
    """Whether it is a parameter for a number or a point in time."""
    function = module.function_of(value)
    if not isinstance(value, ast.Name) or function is None:
        return False
    arguments = function.node.args
    return any(
        each.arg == value.id
        and each.annotation is not None
        and ast.unparse(each.annotation).rpartition(".")[2] in ("datetime", "date", "float", "int", "bool")
        for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    )


def _message(holder: Holder, growth: Growth, module: Module) -> str:
    key = module.segment(growth.key) if growth.key is not None and growth.is_keyed else ""
    if key and len(key) <= 60 and "\n" not in key:
        return f"`{holder.name}` gets an entry for each new `{key}` and nothing ever takes one out: memory grows until the worker restarts."
    when = "request" if module.in_request_path(growth.node) else f"run of `{module.symbol_at(growth.node)}`"
    return f"`{holder.name}` grows with each {when} and nothing ever takes from it: memory grows until the worker restarts."
