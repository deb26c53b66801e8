"""Work that a call hands to a thread: what the thread will call, and with which arguments."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rules.libraries import Offload

PASS_KEYWORDS = frozenset(
    {
        "asyncio.to_thread",
        "starlette.concurrency.run_in_threadpool",
        "starlette.background.BackgroundTasks.add_task",
        "starlette.background.BackgroundTask",
        "concurrent.futures.ThreadPoolExecutor.submit",
        "concurrent.futures.ProcessPoolExecutor.submit",
        "concurrent.futures.Executor.submit",
    }
)
"""Primitives that hand positional and keyword arguments on to the callable."""
PASS_POSITIONAL = frozenset(
    {
        "asyncio.AbstractEventLoop.run_in_executor",
        "anyio.to_thread.run_sync",
        "anyio.to_process.run_sync",
        "trio.to_thread.run_sync",
    }
)
"""Primitives that hand positional arguments on; keyword arguments are their own."""


def call_in_thread(call: ast.Call, offload: Offload) -> ast.Call | None:
    """The call that a thread makes when `call` hands it the callable itself or a `functools.partial` of it; None for other
    primitives, and when an argument is unpacked so that nobody knows which is which."""
    position = offload.position
    if offload.kind != "thread" or position is None or len(call.args) <= position:
        return None
    if offload.name not in PASS_KEYWORDS | PASS_POSITIONAL:
        return None
    given, keywords = call.args[position + 1 :], call.keywords if offload.name in PASS_KEYWORDS else []
    match call.args[position]:
        case ast.Name() | ast.Attribute() as work:
            made = ast.Call(func=work, args=given, keywords=keywords)
        case ast.Call(
            func=ast.Name("partial") | ast.Attribute(attr="partial"), args=[work, *first], keywords=own
        ):
            made = ast.Call(func=work, args=[*first, *given], keywords=[*own, *keywords])
        case _:
            return None
    return ast.copy_location(made, call)
