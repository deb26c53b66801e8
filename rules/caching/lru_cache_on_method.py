from __future__ import annotations

import ast
from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.costs import kept_estimates
from rules.engine.linking.instances import Lifetime, is_made_by_endpoint, lifetime
from rules.engine.reading.walking import own_nodes
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.memoised import Memo, is_method, memos, own_arguments
from rules.libraries.sqlalchemy import SESSIONS

if TYPE_CHECKING:
    from rules.engine.module import Module

_BY_ARGUMENTS = ("functools.", "cachetools.func.", "async_lru.")
"""Memoisers that hold one table for the function, with every argument in the key, the instance too."""

_OWN_KEYS = {
    "cachetools.cached": frozenset({"key"}),
    "aiocache.cached": frozenset({"key", "key_builder"}),
    "aiocache.cached_stampede": frozenset({"key", "key_builder"}),
    "fastapi_cache.decorator.cache": frozenset({"key_builder"}),
}
"""Memoisers that keep results for some time, with every argument in the key -> what says otherwise."""
_REQUESTS = frozenset({"fastapi.Request", "starlette.requests.Request"})
_OF_REQUEST = SESSIONS | _REQUESTS


class LruCacheOnMethod(Rule):
    """`lru_cache` on a method keeps every instance it was called on, with all that hangs on it.

    The cache belongs to the class and has `self` in its keys. An object made for a request, with its session and its
    rows, stays in memory long after the request; and a new object never finds what another one has put there, so that
    the cache saves nothing either. `async_lru.alru_cache` does the same for an `async def`. A database session among the arguments
    makes each key a new one too, also for `cachetools.cached`, `aiocache.cached` and `fastapi_cache`.

    ## Instead
    Keep one value on the instance itself with `functools.cached_property`: it goes away with it. For results
    that all instances share move the work into a function of the module that takes only what the result depends
    on.

    ## Trade-offs
    A function of the module needs the values as arguments that the method read from `self`.

    ## Monitor
    Resident memory of a worker over days; number of instances in a heap dump.

    ## When to ignore it
    When there is one instance for the life of the process.
    """

    code = "FP311"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "resident memory per worker"
    aliases = MappingProxyType({"FP707": "cached-instance-method"})

    invalid = (
        Invalid(
            """
            class Basket:
                def __init__(self, owner: str) -> None:
                    self.owner = owner

                @lru_cache
                def total(self, currency: str) -> int:
                    return len(currency)

            @app.get("/basket")
            def basket(owner: str, currency: str) -> int:
                return Basket(owner).total(currency)
            """
        ),
    )
    valid = (
        Valid(
            """
            from functools import cached_property

            class Basket:
                def __init__(self, owner: str) -> None:
                    self.owner = owner

                @cached_property
                def total(self) -> int:
                    return len(self.owner)

            @app.get("/basket")
            def basket(owner: str) -> int:
                return Basket(owner).total
            """
        ),
    )

    def check(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        memo = next(memos(node, module), None)
        if memo is None:
            return
        if memo.memoiser.name in _OWN_KEYS:
            yield from self._with_own_key(node, memo, module)
            return
        if not memo.memoiser.name.startswith(_BY_ARGUMENTS):
            return
        if memo.expires:
            if memo.memoiser.awaits or not isinstance(node, ast.AsyncFunctionDef):
                yield from self._with_request(node, memo, module)
            return
        if isinstance(node, ast.AsyncFunctionDef) and not memo.memoiser.awaits:
            return  # it keeps coroutines, which fail before memory does
        yield from self._with_request(node, memo, module)
        owner = module.parent(node)
        if not is_method(node, module) or not isinstance(owner, ast.ClassDef):
            return
        lives = lifetime(owner, module)
        if lives is Lifetime.PROCESS:
            return
        shown = module.segment(memo.call.func if memo.call else memo.node)
        yield Match(
            memo.node,
            f"`{shown}` on `{owner.name}.{node.name}` {_kept(memo, owner.name)}, and no two of them share a result.",
            severity=_severity(memo, lives),
            # Only where requests make instances is there anything to keep: one model of a worker dies with it.
            # The few that a bounded one keeps matter where each request is seen to make one, not where a far callee may.
            confidence=Confidence.LIKELY
            if lives is Lifetime.REQUEST and (not memo.is_bounded or is_made_by_endpoint(owner, module))
            else Confidence.POSSIBLE,
            impact=kept_estimates.growing(module.options, tried=False) if not memo.is_bounded else None,
        )

    def _with_own_key(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, memo: Memo, module: Module
    ) -> Iterator[Match]:
        """`@cached(ttl=60)` of what takes a session, or belongs to an object that each request makes: both are in the key, by
        their address."""
        name = memo.memoiser.name
        call = memo.call
        given = {each.arg for each in call.keywords} if call is not None else set()
        if given & _OWN_KEYS[name] or None in given or (call is not None and len(call.args) > 1):
            return
        if isinstance(node, ast.AsyncFunctionDef) and not memo.memoiser.awaits:
            return
        found = list(self._with_request(node, memo, module))
        yield from found
        owner = module.parent(node)
        if (
            found
            or not name.startswith("aiocache.")
            or "noself" in given
            or not is_method(node, module)
            or not isinstance(owner, ast.ClassDef)
            or any(
                isinstance(each, ast.FunctionDef) and each.name in ("__repr__", "__str__")
                for each in owner.body
            )
            or owner.decorator_list
            or lifetime(owner, module) is not Lifetime.REQUEST
        ):
            return
        yield Match(
            memo.node,
            f"`{module.segment(call.func if call else memo.node)}` on `{owner.name}.{node.name}` has the instance in its key, which"
            " each request makes anew: nothing is ever found.",
            confidence=Confidence.LIKELY if is_made_by_endpoint(owner, module) else Confidence.POSSIBLE,
            instead="Say `noself=True`, where the result depends on the other arguments alone, or name what it depends on with"
            " `key_builder`.",
        )

    def _with_request(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, memo: Memo, module: Module
    ) -> Iterator[Match]:
        """A session or a request in the key: new each time, so nothing is ever found again."""
        for argument in own_arguments(node, method=is_method(node, module)):
            name = _type(argument, node, module)
            is_left_out = memo.memoiser.name.startswith("fastapi_cache.") and name in _REQUESTS
            if name in _OF_REQUEST and not is_left_out:
                shown = module.segment(memo.call.func if memo.call else memo.node)
                yield Match(
                    memo.node,
                    f"`{shown}` on `{node.name}` has `{argument.arg}` in its key, which each request brings anew: nothing is ever"
                    + (" found." if memo.memoiser.shared else " found, and the last ones stay in memory."),
                    # A builder of keys for all may be given where the service starts.
                    confidence=Confidence.POSSIBLE
                    if memo.memoiser.name.startswith("fastapi_cache.")
                    else Confidence.LIKELY,
                    instead=f"Cache by what the result depends on: take `{argument.arg}` out of the cached function's parameters.",
                )
                return


def _type(argument: ast.arg, function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> str | None:
    """The class of a parameter, also by an alias of it with its dependency: `SessionDep`."""
    name = module.qualified_name(argument.annotation) if argument.annotation is not None else None
    if name is not None and libraries.canonical(name) in _OF_REQUEST:
        return libraries.canonical(name)
    used = next(
        (
            part
            for part in own_nodes(function)
            if isinstance(part, ast.Name) and part.id == argument.arg and isinstance(part.ctx, ast.Load)
        ),
        None,
    )
    return module.type_of(used) if used is not None else None


def _kept(memo: Memo, name: str) -> str:
    if memo.is_bounded:
        return f"keeps the last instances of `{name}` alive that it was called on"
    return f"keeps every instance of `{name}` alive that it was ever called on"


def _severity(memo: Memo, lives: Lifetime) -> Severity:
    """Medium where instances come and go with requests, or where all of them stay."""
    if lives is Lifetime.REQUEST:
        return Severity.MEDIUM
    return Severity.LOW if memo.is_bounded else Severity.MEDIUM
