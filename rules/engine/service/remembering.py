"""Whether what a function returns is kept somewhere by itself or by whoever calls it."""

from __future__ import annotations

import ast
import re
from collections import deque
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once_for_node
from rules.engine.linking.graph import Node, only_through
from rules.engine.reading import facts
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import FUNCTIONS
from rules.engine.reading.spelling import targets_of
from rules.engine.reading.walking import own_calls, walk

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.engine.reading.facts import Function

_WORDS = regex(
    r"cache|memo(?!r(?:y|ies))|ttl|expire(?!d(?:Signature|Token|Id|[\s.!\x22\x27]))|_loaded|_fetched_at|last_fetch|last_refresh|refresh_interval",
    re.IGNORECASE,
)
"""What code says that keeps answers; not what it says of tokens that ran out (`jwt.ExpiredSignatureError`, "token expired"), and of memory."""

_FEW_VALUES = regex(
    r"(?:^|_)(?:date|day|week|month|year|locale|lang|language|currency|db|session|conn|request|response|settings|config|logger)$"
)
"""Parameters by which there are few answers at a time, or none."""
_ASIDE = (".Request:", ".Response:", ".BackgroundTasks:", "Session:")
"""Types of what comes with each request, and is in no key."""
_MOST = 50
"""Functions on the way to one, up to which it is asked where they all begin."""


def is_remembered(node: ast.AST, module: Module) -> bool:
    """Whether the function around `node`, or every way to it from an endpoint, keeps its result."""
    function = module.function_of(node)
    return function is None or isinstance(function.node, ast.Lambda) or _is_kept(function.node, module)


@once_for_node
def _is_kept(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> bool:
    if _keeps(function, module):
        return True
    caller = _caller_around(function, module)
    if caller is not None and _keeps(caller, module):
        return True
    own = module.graph_node(function)
    return own is not None and _only_through_caches(own)


@once_for_node
def _keeps(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> bool:
    if _WORDS.search(module.segment(function)):
        return True
    for decorator in function.decorator_list:
        if _WORDS.search(module.segment(decorator)):
            return True
    return _assigns_outside(function)


def _caller_around(
    function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module
) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The function that a function is part of, where it calls it itself: `def load(): …`, then `self._keys = load()`."""
    around = module.parent(function)
    while around is not None and not isinstance(around, FUNCTIONS):
        around = module.parent(around)
    if not isinstance(around, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    called = any(
        isinstance(call.func, ast.Name) and call.func.id == function.name for call in own_calls(around)
    )
    return around if called else None


def _assigns_outside(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """`self._keys = …`, `global keys`, `STORE[name] = …`."""
    for node in walk(function):
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            return True
        if any(isinstance(target, ast.Attribute) for target in targets_of(node)):
            return True
    return False


def _only_through_caches(node: Node) -> bool:
    """Whether each way from an endpoint goes through a function that remembers."""
    seen = {node}
    pending = deque([node])
    while pending:
        current = pending.popleft()
        if remembers(current):
            continue
        if current.roles & {"endpoint", "dependency", "middleware", "websocket", "exception handler"}:
            return False
        for caller, _ in current.callers:
            if caller not in seen and caller.endpoints:
                seen.add(caller)
                pending.append(caller)
    return True


def is_behind_cache(node: ast.AST, module: Module, *, of_few: bool) -> bool:
    """Whether only those get to `node` for whom no answer is kept: a decorator keeps what its function returns, or what all
    return that call it. With `of_few` such answers count of which there are few: of a thousand products each is missed."""
    found = module.graph_node(node)
    return found is not None and only_through(
        found,
        lambda each: (
            bool(each.function.flags & facts.CACHED) and (not of_few or _has_few_answers(each.function))
        ),
        _MOST,
    )


def _has_few_answers(function: Function) -> bool:
    """Whether a function takes nothing that tells one answer from another, or only something of which there are few values."""
    known = [each for each in function.parameters if each.name != "self"]
    return function.required <= len(known) and all(
        _FEW_VALUES.search(each.name) or each.annotation.endswith(_ASIDE) for each in known
    )


def remembers(node: Node) -> bool:
    """Whether a function is decorated with a cache, or calls one."""
    if node.function.flags & facts.CACHED:
        return True
    if any("cache" in decorator.ref.lower() for decorator in node.function.decorators):
        return True
    return any("cache" in call.ref.lower() for call in node.function.calls)
