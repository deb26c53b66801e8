from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import kept_estimates
from rules.engine.data.key_types import annotation_is_small
from rules.engine.reading.key_words import is_endless
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.first_time import runs_first_time
from rules.engine.service.memoised import Memo, is_method, memos, own_arguments

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.module import Module


class UnboundedLruCache(Rule):
    """`lru_cache(maxsize=None)` keeps an entry for every argument it ever saw, until the worker restarts.

    `functools.cache` is the same thing. That is right for a handful of arguments; with arguments that come with requests
    the cache never stops growing, in each worker for itself.

    ## Instead
    Give it a bound: `@lru_cache(maxsize=1024)` keeps the entries that are used and drops the others.

    ## Trade-offs
    An entry that was dropped is computed again.

    ## Monitor
    Resident memory per worker; `f.cache_info().currsize`.

    ## When to ignore it
    When the arguments are a fixed, small set.
    """

    code = "FP706"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "resident memory per worker"

    invalid = (
        Invalid(
            """
            @lru_cache(maxsize=None)
            def tokens(prompt: str) -> list[str]:
                return prompt.split()

            @app.post("/count")
            def count(prompt: str) -> int:
                return len(tokens(prompt))
            """,
            fixed="""
            @lru_cache(maxsize=1024)
            def tokens(prompt: str) -> list[str]:
                return prompt.split()

            @app.post("/count")
            def count(prompt: str) -> int:
                return len(tokens(prompt))
            """,
        ),
    )
    valid = (
        Valid(
            """
            @lru_cache(maxsize=None)
            def client() -> requests.Session:
                return requests.Session()

            @app.get("/rates")
            def rates() -> str:
                return client().get("https://rates.example", timeout=5).text
            """
        ),
    )

    def check(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        memo = next((memo for memo in memos(node, module) if not memo.is_bounded and not memo.expires), None)
        if (
            memo is None
            or memo.memoiser.shared
            or is_method(node, module)
            or not module.in_request_path(node)
        ):
            return
        arguments = [
            argument
            for argument in own_arguments(node, method=False)
            if argument.arg != "cls"
            and not (argument.annotation and annotation_is_small(argument.annotation, module))
        ]
        if not arguments:
            return
        endless = next((argument for argument in arguments if is_endless(argument.arg)), None)
        shown = module.segment(memo.node)
        yield Match(
            memo.node,
            f"`@{shown}` keeps the result for every `{(endless or arguments[0]).arg}` that `{node.name}` was ever called"
            " with, until the worker restarts.",
            confidence=Confidence.LIKELY
            if endless is not None and not runs_first_time(node, module)
            else Confidence.POSSIBLE,
            fix=_fix(memo),
            impact=kept_estimates.growing(module.options),
        )


def _fix(memo: Memo) -> Fix | None:
    if memo.memoiser.name == "functools.cache" and memo.call is None:
        return Fix(_bounded, imports=("functools.lru_cache",), safety=Safety.UNSAFE)
    if memo.memoiser.name == "functools.lru_cache" and memo.call is not None:
        return Fix(_sized, safety=Safety.UNSAFE)
    return None


def _bounded(name: cst.BaseExpression) -> cst.BaseExpression:
    import libcst as cst

    return cst.parse_expression("functools.lru_cache(maxsize=1024)")


def _sized(call: cst.Call) -> cst.Call:
    import libcst as cst

    arguments = [
        argument.with_changes(value=cst.Integer("1024"))
        if argument.keyword is None or argument.keyword.value == "maxsize"
        else argument
        for argument in call.args[:1]
    ]
    return call.with_changes(args=[*arguments, *call.args[1:]])
