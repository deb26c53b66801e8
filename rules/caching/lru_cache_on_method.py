from __future__ import annotations

import ast
from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.costs import kept_estimates
from rules.engine.linking.instances import Lifetime, is_made_by_endpoint, lifetime
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.memoised import Memo, is_method, memos, own_arguments

if TYPE_CHECKING:
    from rules.engine.module import Module

_BY_ARGUMENTS = ("functools.", "cachetools.func.", "async_lru.")
"""Memoisers that hold one table for the function, with every argument in the key, the instance too."""

_OF_REQUEST = frozenset(
    {
        "sqlalchemy.orm.Session",
        "sqlalchemy.ext.asyncio.AsyncSession",
        "sqlmodel.Session",
        "fastapi.Request",
        "starlette.requests.Request",
    }
)


class LruCacheOnMethod(Rule):
    """`lru_cache` on a method keeps every instance it was called on, with all that hangs on it.

    The cache belongs to the class and has `self` in its keys. An object made for a request, with its session and its
    rows, stays in memory long after the request; and a new object never finds what another one has put there, so that
    the cache saves nothing either. `async_lru.alru_cache` does the same for an `async def`.

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
        if memo is None or not memo.memoiser.name.startswith(_BY_ARGUMENTS) or memo.expires:
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

    def _with_request(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, memo: Memo, module: Module
    ) -> Iterator[Match]:
        """A session or a request in the key: new each time, so nothing is ever found again."""
        for argument in own_arguments(node, method=is_method(node, module)):
            name = module.qualified_name(argument.annotation) if argument.annotation is not None else None
            if name is not None and libraries.canonical(name) in _OF_REQUEST:
                shown = module.segment(memo.call.func if memo.call else memo.node)
                yield Match(
                    memo.node,
                    f"`{shown}` on `{node.name}` has `{argument.arg}` in its key, which each request brings anew: nothing is ever"
                    " found, and the last ones stay in memory.",
                    confidence=Confidence.LIKELY,
                    instead=f"Cache by what the result depends on: take `{argument.arg}` out of the cached function's parameters.",
                )
                return


def _kept(memo: Memo, name: str) -> str:
    if memo.is_bounded:
        return f"keeps the last instances of `{name}` alive that it was called on"
    return f"keeps every instance of `{name}` alive that it was ever called on"


def _severity(memo: Memo, lives: Lifetime) -> Severity:
    """Medium where instances come and go with requests, or where all of them stay."""
    if lives is Lifetime.REQUEST:
        return Severity.MEDIUM
    return Severity.LOW if memo.is_bounded else Severity.MEDIUM
