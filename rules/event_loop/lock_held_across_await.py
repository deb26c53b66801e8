from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from rules.engine.costs.waits import wait_of
from rules.engine.loops.loop_bound import MUTEXES
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import names_bound
from rules.engine.reading.walking import own_nodes_of, walk
from rules.engine.rule import Confidence, Effort, Hop, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.module import Module

_LOCKS = regex(
    r"(?:^|[._])(?:try_?)?lock$|(?:acquire|take|get|try|obtain)_\w*lock$|lock\w*\.acquire\w*$", re.IGNORECASE
)
_QUEUES = frozenset({"asyncio.Queue", "asyncio.LifoQueue", "asyncio.PriorityQueue"})


class LockHeldAcrossAwait(Rule):
    """A thread's lock held over an `await` can stop the worker for good: the next request waits for it on the event loop.

    `await` lets other requests run, and the lock stays taken. When one of them wants the same lock, it waits inside a C call
    on the event loop; the holder can then never go on to give it back. An `asyncio.Lock` of the module held over a call to
    another machine does not hang, but lets one request at a time through the whole worker.

    ## Instead
    Between coroutines use `asyncio.Lock` with `async with`. Hold any lock only for what it protects: fetch first, then take
    the lock and store.

    ## Trade-offs
    An `asyncio.Lock` protects against other coroutines of the same loop, not against threads.

    ## Monitor
    Requests that never finish; requests in progress against throughput.

    ## When to ignore it
    When one call at a time is what the other side allows.
    """

    code = "FP117"
    about_own_line = True
    severity = Severity.HIGH
    said_from = Severity.CRITICAL
    gates = True
    effort = Effort.MINUTES
    watch = "requests that never finish"

    invalid = (
        Invalid(
            """
            import threading

            import httpx
            from fastapi import FastAPI

            app = FastAPI()
            client = httpx.AsyncClient()
            lock = threading.Lock()
            rates: dict[str, str] = {}

            @app.get("/rates/{currency}")
            async def rate(currency: str) -> str:
                with lock:
                    if currency not in rates:
                        rates[currency] = (await client.get(f"https://rates.example/{currency}")).text
                return rates[currency]
            """
        ),
    )
    valid = (
        Valid(
            """
            import threading

            import httpx
            from fastapi import FastAPI

            app = FastAPI()
            client = httpx.AsyncClient()
            lock = threading.Lock()
            rates: dict[str, str] = {}

            @app.get("/rates/{currency}")
            async def rate(currency: str) -> str:
                answer = await client.get(f"https://rates.example/{currency}")
                with lock:  # for microseconds, and no await inside
                    rates[currency] = answer.text
                return answer.text
            """
        ),
    )

    def check(self, node: ast.With | ast.AsyncWith, module: Module) -> Iterator[Match]:
        function = module.function_of(node)
        if function is None or not function.is_async or not module.runs_on_event_loop(node):
            return
        for item in node.items:
            kind = module.type_of(item.context_expr)
            lock = module.segment(item.context_expr)
            if isinstance(node, ast.With) and kind in MUTEXES and (line := _awaits(node, module)):
                yield Match(
                    item.context_expr,
                    f"`{lock}` stays taken over the `await` on line {line}: the next coroutine that wants it waits on the event"
                    " loop, and nobody can give it back.",
                    severity=Severity.MEDIUM if kind.endswith("RLock") else self.severity,
                    confidence=Confidence.POSSIBLE
                    if _is_held_in_another(node, module)
                    else Confidence.CERTAIN,
                    related=(Hop(module.path, line, function.name),),
                )
            elif (
                isinstance(node, ast.AsyncWith)
                and kind == "asyncio.Lock"
                and _is_shared(item.context_expr, module)
            ):
                yield from self.one_at_a_time(node, item.context_expr, lock, module)

    def one_at_a_time(
        self, block: ast.AsyncWith, lock: ast.expr, name: str, module: Module
    ) -> Iterator[Match]:
        if not module.in_request_path(block) or _fills_something(block):
            return
        for node in own_nodes_of(block.body):
            if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
                wait = wait_of(node.value, module)
                if wait is not None:
                    yield Match(
                        lock,
                        f"`{name}` is held while `{wait.callable}` waits: one request at a time gets through this worker.",
                        severity=Severity.MEDIUM,
                        confidence=Confidence.POSSIBLE,  # most such locks are meant to let one through
                        call_path=wait.call_path(module),
                    )
                    return


def _is_held_in_another(block: ast.With, module: Module) -> bool:
    """Whether whoever comes second never gets to the lock: the block stands in that of another lock, or the function gives
    up when it does not get one: `if not await acquire_lock(): return`."""
    function = module.function_of(block)
    if function is None:
        return False
    current = module.parent(block)
    while current is not None and current is not function.node:
        if isinstance(current, ast.With | ast.AsyncWith) and any(
            _names_lock(item.context_expr) for item in current.items
        ):
            return True
        current = module.parent(current)
    taken: set[str] = set()
    for node in walk(function.node):
        if isinstance(node, ast.Assign | ast.NamedExpr) and _names_lock(node.value):
            taken |= names_bound(node)
    return any(
        isinstance(node, ast.If)
        and node.lineno < block.lineno
        and isinstance(node.body[-1], ast.Return | ast.Raise)
        and (
            any(isinstance(each, ast.Name) and each.id in taken for each in walk(node.test))
            or any(isinstance(each, ast.Call) and _names_lock(each) for each in walk(node.test))
        )
        for node in walk(function.node)
    )


def _names_lock(value: ast.expr) -> bool:
    """`acquire_lock(…)`, `redis.lock("index")`, `index_lock.acquire(…)`, awaited or not."""
    if isinstance(value, ast.Await):
        value = value.value
    return isinstance(value, ast.Call) and _LOCKS.search(ast.unparse(value.func)) is not None


def _awaits(block: ast.With, module: Module) -> int:
    """The line of the first `await` in the block that may let others run; 0 when there is none."""
    lines = [
        node.lineno
        for node in own_nodes_of(block.body)
        if isinstance(node, ast.AsyncFor | ast.AsyncWith)
        or (isinstance(node, ast.Await) and not _is_room_for_sure(node.value, module))
    ]
    return min(lines, default=0)


def _is_room_for_sure(value: ast.expr, module: Module) -> bool:
    """`await queue.put(item)` of a queue that was made without a bound: it is never full, so that nothing waits."""
    match value:
        case ast.Call(func=ast.Attribute(attr="put", value=ast.Name() | ast.Attribute() as queue)):
            name = ast.unparse(queue)
            made = [call for node in ast.walk(module.tree) if (call := _made_in(node, name)) is not None]
            return bool(made) and all(map(partial(_has_no_bound, module=module), made))
    return False


def _has_no_bound(made: ast.Call, module: Module) -> bool:
    kind = made.func.value if isinstance(made.func, ast.Subscript) else made.func
    return module.qualified_name(kind) in _QUEUES and not made.args and not made.keywords


def _made_in(statement: ast.AST, name: str) -> ast.Call | None:
    """The call that a statement gives to `name`."""
    match statement:
        case ast.Assign(targets=[target], value=ast.Call() as call):
            pass
        case ast.AnnAssign(target=target, value=ast.Call() as call):
            pass
        case _:
            return None
    return call if ast.unparse(target) == name else None


def _is_shared(lock: ast.expr, module: Module) -> bool:
    """Whether it is a lock of the module, which all requests share."""
    return isinstance(lock, ast.Name) and lock.id in module.index.module.bindings


def _fills_something(block: ast.AsyncWith) -> bool:
    """Whether the block looks first and keeps what it gets: one request fetches, the others find it there."""
    return any(
        isinstance(node, ast.If | ast.IfExp)
        or (isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store))
        or (isinstance(node, ast.Global))
        for node in own_nodes_of(block.body)
    )
