from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.rule import Confidence, Effort, Impact, Invalid, Match, Rule, Severity, Valid
from rules.engine.service import processes
from rules.engine.service.mentions import is_named_in

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_LIMITERS = frozenset({"slowapi.Limiter", "slowapi.extension.Limiter"})
_FOR_ALL = frozenset({"default_limits", "application_limits", None})
_LIMITS = ("limit", "shared_limit")
_STORES = frozenset({"storage_uri", "storage_options", None})
_FOUR_WORKERS = {"Dockerfile": 'FROM python:3.13-slim\nCMD ["uvicorn", "app.main:app", "--workers", "4"]\n'}


class InMemoryLimiterWithWorkers(Rule):
    """A rate limiter that counts in memory counts in each process by itself: with four workers four times as much gets through.

    slowapi keeps its counters in the process unless it is given a `storage_uri`. The deployment runs several, so the limit is
    multiplied by their number, and starts from zero with each deployment.

    ## Instead
    Let all processes count in one place: `Limiter(key_func=get_remote_address, storage_uri="redis://…")`.

    ## Trade-offs
    One round trip to Redis for each limited request.

    ## Monitor
    Requests let through per client and minute.

    ## When to ignore it
    When the limit only has to be rough.
    """

    code = "FP616"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "requests let through per client"

    invalid = (
        Invalid(
            """
            from slowapi import Limiter
            from slowapi.util import get_remote_address

            limiter = Limiter(key_func=get_remote_address)
            """,
            documents=_FOUR_WORKERS,
        ),
    )
    valid = (
        Valid(
            """
            from slowapi import Limiter
            from slowapi.util import get_remote_address

            limiter = Limiter(key_func=get_remote_address, storage_uri="redis://cache:6379/1")
            """,
            documents=_FOUR_WORKERS,
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name in _LIMITERS

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if module.qualified_name(node.func) not in _LIMITERS:
            return
        if any(keyword.arg in _STORES for keyword in node.keywords):
            return
        several = processes.several(module)
        if several is None:
            return
        yield Match(
            node,
            f"`{ast.unparse(node.func)}` without `storage_uri` counts in each of {several.value} processes by itself: the limit"
            f" is {several.value} times what it says.",
            confidence=Confidence.LIKELY if _limits(node, module) else Confidence.POSSIBLE,
            related=tuple(processes.place_of(several)),
            impact=Impact(
                summary=f"{several.value} times the limit gets through",
                formula="limit · processes",
                assumptions={"processes": several.number or 0},
            ),
        )


def _limits(call: ast.Call, module: Module) -> bool:
    """Whether a limit is seen that it counts for: one for all routes, or one that a route is decorated with."""
    if any(keyword.arg in _FOR_ALL for keyword in call.keywords):
        return True
    match module.parent(call):
        case (
            ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)])
            | ast.AnnAssign(target=ast.Name(id=name) | ast.Attribute(attr=name))
        ):
            files = module.project.resolver.modules
            importing = (path for path in files if module.path in module.project.imports_of(path))
            return any(
                is_named_in(module.project, [path], name) and is_named_in(module.project, [path], limit)
                for path in (module.path, *importing)
                for limit in _LIMITS
            )
    return True
