from __future__ import annotations

import ast
import importlib
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rules.engine.reading.spelling import names_bound
from rules.engine.reading.walking import nodes_of
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_USES = frozenset({"match", "search", "fullmatch", "sub", "subn", "findall", "finditer", "split"})
_LONGEST = 500
_MANY = 20
"""A repetition with a lower bound than this cannot take long."""


class RegexBacktrackingOnInput(Rule):
    """A pattern that can match the same text in many ways takes exponentially long on text made for it.

    In `(\\\\w+)+$` each further letter doubles the ways to split the word between the two repetitions. Thirty letters and an
    exclamation mark take minutes, in which `re` holds the interpreter: no thread and no other request of the worker moves. One
    request from outside is enough.

    ## Instead
    Let each character be matched in one way only: `\\\\w+$` for `(\\\\w+)+$`, or from Python 3.11 on a possessive repetition,
    `(\\\\w++)+$`. Bound the length of what is matched before it is matched. Patterns of pydantic fields run in an engine that
    does not backtrack.

    ## Trade-offs
    None, when the new pattern matches the same texts; test that it does.

    ## Monitor
    Event-loop lag of minutes; worker time-outs.

    ## When to ignore it
    When the text never comes from outside.
    """

    code = "FP719"
    severity = Severity.MEDIUM
    effort = Effort.HOURS
    watch = "event-loop lag and worker time-outs"

    invalid = (
        Invalid(
            """
            import re

            from fastapi import FastAPI

            app = FastAPI()
            SLUG = re.compile(r"^([a-z0-9]+-?)+$")

            @app.get("/products/{slug}")
            async def product(slug: str) -> bool:
                return SLUG.match(slug) is not None
            """
        ),
    )
    valid = (
        Valid(
            """
            import re

            from fastapi import FastAPI

            app = FastAPI()
            SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")

            @app.get("/products/{slug}")
            async def product(slug: str) -> bool:  # the dash says where each part ends
                return SLUG.match(slug) is not None
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name.startswith("re.")

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        name = module.qualified_name(node.func) or ""
        owner, _, function = name.rpartition(".")
        if owner != "re" or function not in (*_USES, "compile") or not node.args:
            return
        pattern = node.args[0]
        if not isinstance(pattern, ast.Constant) or not isinstance(pattern.value, str):
            return
        if not backtracks(pattern.value):
            return
        if function == "compile":
            if not _meets_requests(node, module):
                return
        elif (
            not module.in_request_path(node) or len(node.args) < 2 or isinstance(node.args[-1], ast.Constant)
        ):
            return
        yield Match(
            pattern,
            f"`{_shown(pattern.value)}` can match one text in many ways: on text made for it, it takes exponentially long and"
            " holds the interpreter.",
            confidence=Confidence.LIKELY,
        )


def _shown(pattern: str) -> str:
    text = pattern.replace("`", "'").replace("\n", " ")
    return text if len(text) <= 60 else f"{text[:59]}…"


def _meets_requests(call: ast.Call, module: Module) -> bool:
    """Whether the compiled pattern is used where requests come by."""
    if module.function_of(call) is not None:
        return module.in_request_path(call)
    names = names_bound(module.parent(call))
    return any(
        node.attr in _USES
        and isinstance(node.value, ast.Name)
        and node.value.id in names
        and module.in_request_path(node)
        for node in nodes_of(module.tree, ast.Attribute)
    )


@lru_cache(maxsize=4096)
def backtracks(pattern: str) -> bool:
    """Whether a repetition without a bound repeats something that a repetition inside can match in several ways."""
    if len(pattern) > _LONGEST or not re.search(r"\)[+*{]", pattern):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = importlib.import_module("re._parser").parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return _ambiguous(list(parsed))


def _ambiguous(items: list[Any], *, followed: bool = False) -> bool:
    """`followed`: something that may fail comes after `items`."""
    for position, (kind, value) in enumerate(items):
        name = str(kind)
        more = followed or _can_fail_after(items[position + 1 :])
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            _, most, body = value
            inner = list(body)
            if int(most) > _MANY and _splits(inner) and more:
                return True
            if _ambiguous(inner, followed=more):
                return True
        elif name == "SUBPATTERN":
            if _ambiguous(list(value[-1]), followed=more):
                return True
        elif name == "BRANCH" and any(_ambiguous(list(branch), followed=more) for branch in value[1]):
            return True
    return False


def _can_fail_after(rest: list[Any]) -> bool:
    """Whether something has to follow: without it the first way is always good enough."""
    return any(str(kind) not in ("MAX_REPEAT", "MIN_REPEAT") or value[0] > 0 for kind, value in rest)


def _splits(items: list[Any]) -> bool:
    """Whether the body of a repetition is one unbounded repetition, with nothing that has to stand between two turns.

    `(a+)`, `(a+b?)`, `(a*a+)`; not `(a+b)`, where each `b` ends a turn.
    """
    while len(items) == 1 and str(items[0][0]) == "SUBPATTERN":
        items = list(items[0][1][-1])
    repeated = 0
    for kind, value in items:
        if str(kind) not in ("MAX_REPEAT", "MIN_REPEAT"):
            return False
        least, most, body = value
        inner = list(body)
        if int(most) > _MANY:
            if len(inner) != 1 or str(inner[0][0]) not in ("LITERAL", "IN", "ANY", "NOT_LITERAL", "CATEGORY"):
                return False
            repeated += 1
        elif least > 0:
            return False
    return repeated > 0
