from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.fixing.rewrites import with_keyword
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Fix, Impact, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.traffic import serves_staff

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_GZIP = frozenset({"fastapi.middleware.gzip.GZipMiddleware", "starlette.middleware.gzip.GZipMiddleware"})
_ADDERS = frozenset({"add_middleware", "Middleware"})
_COSTLY = 7
_SMALL = 200


class CompressionConfig(Rule):
    """gzip at its default level 9 takes two to six times the processor time of level 4, for a few per cent less.

    `GZipMiddleware` compresses with level 9 unless told otherwise: 15.6 ms for 260 kB of JSON against 2.5 ms at level 5, and
    the result is the same to within a few percent. Bodies below 128 KB are compressed on the event loop. Answers of
    a few hundred bytes do not get smaller at all.

    ## Instead
    Lower the level: `app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)`; or leave
    compression to the proxy in front.

    ## Trade-offs
    Bodies grow by one to three percent.

    ## Monitor
    Processor time per request, bytes sent.

    ## When to ignore it
    When bandwidth costs more than processors do.
    """

    code = "FP511"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "processor time per request and bytes sent"
    impact = Impact(
        summary="15.6 ms → 2.5 ms of processor time for 260 kB of JSON, level 9 → 5, at the same size",
        formula="about 75 → 15 ms of processor time per MB",
        assumptions={"body_kb": 260},
        measured=True,
    )

    invalid = (
        Invalid(
            """
            from fastapi.middleware.gzip import GZipMiddleware

            app.add_middleware(GZipMiddleware, minimum_size=1000)
            """,
            fixed="""
            from fastapi.middleware.gzip import GZipMiddleware

            app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
            """,
        ),
    )
    valid = (
        Valid(
            """
            from fastapi.middleware.gzip import GZipMiddleware

            app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return not callee.is_method or callee.spelled in _ADDERS

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if not node.args or not isinstance(node.args[0], ast.Name | ast.Attribute):
            return
        if isinstance(node.func, ast.Attribute) and node.func.attr not in _ADDERS:
            return
        if module.qualified_name(node.args[0]) not in _GZIP:
            return
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        if None in given or len(node.args) > 1:
            return
        confidence = Confidence.POSSIBLE if _compresses_little(node, module) else Confidence.CERTAIN
        level, smallest = given.get("compresslevel"), given.get("minimum_size")
        if level is None:
            yield Match(
                node,
                "`GZipMiddleware` without `compresslevel` compresses at level 9: two to six times the processor time of level 4"
                " for a few per cent less.",
                confidence=confidence,
                when_new=Confidence.CERTAIN if confidence is Confidence.POSSIBLE else None,
                fix=Fix(with_keyword("compresslevel", "5"), safety=Safety.SAFE),
            )
        elif isinstance(level, ast.Constant) and isinstance(level.value, int) and level.value >= _COSTLY:
            yield Match(
                node,
                f"`compresslevel={level.value}` takes two to six times the processor time of level 4.",
                confidence=confidence,
                when_new=Confidence.CERTAIN if confidence is Confidence.POSSIBLE else None,
            )
        elif (
            isinstance(smallest, ast.Constant) and isinstance(smallest.value, int) and smallest.value < _SMALL
        ):
            yield Match(
                node,
                f"`minimum_size={smallest.value}` compresses answers that do not get smaller.",
                severity=Severity.LOW,
                impact=Impact(),
            )


def _compresses_little(call: ast.Call, module: Module) -> bool:
    """Whether hardly a body is compressed there: a service that few ask or that answers next to nothing, or an application
    that only mounts others of the file, which compress by themselves."""
    return serves_staff(module.path) or _leaves_to_mounted(call, module)


def _leaves_to_mounted(call: ast.Call, module: Module) -> bool:
    """`api.add_middleware(GZipMiddleware)` and `app.mount("/api", app=api)` beside `app.add_middleware(GZipMiddleware)`."""
    if not isinstance(call.func, ast.Attribute) or not isinstance(call.func.value, ast.Name):
        return False
    own = call.func.value.id
    compressing: set[str] = set()
    mounted: set[str] = set()
    for node in walk(module.tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="add_middleware"), args=[kind, *_]
            ) if module.qualified_name(kind) in _GZIP:
                compressing.add(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="mount")) if name == own:
                given = [*node.args, *(keyword.value for keyword in node.keywords)]
                mounted |= {each.id for each in given if isinstance(each, ast.Name)}
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Name(id=name),
                    attr="get" | "post" | "put" | "patch" | "delete" | "include_router" | "add_api_route",
                )
            ) if name == own:
                return False  # it answers something itself
    return bool(mounted & compressing)
