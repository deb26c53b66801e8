from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.memoised import memos

if TYPE_CHECKING:
    from rules.engine.module import Module


class LruCacheOnAsync(Rule):
    """`lru_cache` on an `async def` keeps the coroutine, not its result: the second call fails.

    Calling an `async def` makes a coroutine, which can be awaited once. The cache hands out the same one again, and
    awaiting it raises "cannot reuse already awaited coroutine": the first request works, all later ones are errors.

    ## Instead
    Keep the awaited result: `@alru_cache(maxsize=1024, ttl=60)` of `async_lru`. One value per process is made
    in the lifespan and kept on `app.state`.

    ## Trade-offs
    A cached result may be out of date: give it a lifetime.

    ## Monitor
    Share of 5xx answers of the endpoints that call it.
    """

    code = "FP310"
    severity = Severity.HIGH
    gates = True
    effort = Effort.MINUTES
    watch = "share of 5xx answers"

    invalid = (
        Invalid(
            """
            @lru_cache
            async def exchange_rates(day: str) -> dict[str, float]:
                return await load_rates(day)

            async def load_rates(day: str) -> dict[str, float]: ...
            """
        ),
    )
    valid = (
        Valid(
            """
            from async_lru import alru_cache

            @alru_cache(maxsize=365, ttl=3600)
            async def exchange_rates(day: str) -> dict[str, float]:
                return await load_rates(day)

            async def load_rates(day: str) -> dict[str, float]: ...
            """
        ),
    )

    def check(self, node: ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        found = list(memos(node, module))
        if not found or found[-1].memoiser.awaits or found[-1].node is not node.decorator_list[-1]:
            return  # what stands between the cache and the function may await it
        memo = found[-1]
        shown = module.segment(memo.call.func if memo.call else memo.node)
        own = memo.memoiser.name.startswith("functools.")
        yield Match(
            memo.node,
            f"`{shown}` keeps the coroutine of `{node.name}`, not its result: the second call with the same arguments"
            " raises.",
            confidence=Confidence.CERTAIN if own else Confidence.LIKELY,
        )
