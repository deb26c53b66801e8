"""Code that only works where the event loop runs: a fix must not hand it to a thread, nor an await into a taken mutex."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rules.engine.linking.graph import CALL, Node
from rules.engine.linking.resolver import Resolver
from rules.engine.linking.values import Sort

if TYPE_CHECKING:
    from rules.engine.module import Module

MUTEXES = frozenset(
    {
        "threading.Lock",
        "threading.RLock",
        "threading.Semaphore",
        "threading.BoundedSemaphore",
        "threading.Condition",
        "multiprocessing.Lock",
    }
)
_NEEDS_LOOP = frozenset(
    f"asyncio.{name}"
    for name in (
        "create_task", "ensure_future", "get_running_loop", "get_event_loop", "current_task", "all_tasks", "timeout",
        "timeout_at", "Event.set", "Event.clear", "Queue.put_nowait", "Queue.get_nowait", "Future.set_result",
        "Future.set_exception", "Task.cancel",
    )
)  # fmt: skip
_OF_CONTEXT = frozenset(
    {f"{owner}.{name}" for owner in ("contextvars.ContextVar", "builtins.dict") for name in ("set", "reset")}
)
"""A thread works on a copy of the context: what it sets is gone when it is done. An annotated variable of the context
passes for a mapping of what it holds, and no mapping has these methods."""
_BOUND = _NEEDS_LOOP | _OF_CONTEXT
_MOST = 2_000
"""Functions that are looked at; more count as one that needs the loop."""


def needs_loop(entered: Iterable[Node], resolver: Resolver) -> bool:
    """Whether one of the functions, or what they call, talks to the running loop or sets a context variable."""
    seen: set[Node] = set()
    pending = list(entered)
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        if len(seen) > _MOST or _itself(node, resolver):
            return True
        pending += (edge.target for edge in node.edges if edge.kind == CALL and not edge.target.is_async)
    return False


def entered(call: ast.Call, module: Module) -> list[Node]:
    """The functions of the project that `call` enters at once."""
    return [edge.target for edge in module.edges(call) if edge.kind == CALL]


def _itself(node: Node, resolver: Resolver) -> bool:
    for call in node.function.calls:
        value = resolver.value(call.ref, node.module)
        if value is not None and value.sort == Sort.EXTERNAL and value.name in _BOUND:
            return True
    return False


def holds_mutex(node: ast.AST, module: Module) -> bool:
    """Whether a lock of threads is taken around `node`: an await there lets the next coroutine stop the loop for good."""
    child, parent = node, module.parent(node)
    while parent is not None and not isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        items = parent.items if isinstance(parent, ast.With) and child in parent.body else ()
        if any(module.type_of(item.context_expr) in MUTEXES for item in items):
            return True
        child, parent = parent, module.parent(parent)
    return False
