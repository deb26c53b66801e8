from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.data.redis_calls import command, may_command
from rules.engine.finding import Hop, Impact
from rules.engine.fixing.rewrites import with_keyword
from rules.engine.linking.instances import Lifetime, is_shared, lifetime
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.origins import origins
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import nodes_of, walk
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.creation import serves
from rules.engine.service.holders import Growth, growing
from rules.engine.service.mentions import is_named, naming

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_QUEUES = frozenset(
    {
        "asyncio.Queue",
        "asyncio.queues.Queue",
        "asyncio.LifoQueue",
        "asyncio.PriorityQueue",
        "queue.Queue",
        "queue.SimpleQueue",
    }
)
_UNTIL_LENGTH = 3
"""`xadd(name, fields, id, maxlen)`."""
_TRIMS = ("xtrim", "xdel")
_EXPIRES = ("expire", "expireat", "pexpire")
_ENDS = (*_EXPIRES, "delete", "unlink")
"""Commands after which a whole stream is gone."""
_TASKS = frozenset({"asyncio.create_task", "asyncio.ensure_future", "asyncio.loop.create_task"})


class TaskOrQueueGrowth(Rule):
    """A queue without `maxsize`, or tasks collected and never let go, grow for as long as requests come.

    Requests put in as fast as they arrive, and the reader takes out as fast as it can. Nothing slows the requests down, so
    a slow database or a stopped reader turns into memory until the worker is killed, with everything still in the queue.
    Tasks collected in a list or set of the module that nobody empties stay in memory with their results.

    ## Instead
    Bound the queue: `asyncio.Queue(maxsize=1000)`; `await queue.put(item)` then waits for room, `put_nowait`
    raises `QueueFull`, which an endpoint answers with `503`. Finished tasks leave by themselves:
    `task.add_done_callback(tasks.discard)`. Entries of a Redis stream stay when they are read and acknowledged, until something
    trims it: `xadd(name, fields, maxlen=10_000)`.

    ## Trade-offs
    A full queue must mean something: wait, refuse, or drop the oldest. A Redis stream with `maxlen` drops the oldest, read or
    not: choose it by how far the slowest reader may fall behind.

    ## Monitor
    `queue.qsize()`, resident memory per worker; `XLEN` of streams and `used_memory` of Redis.
    """

    code = "FP709"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "queue size, resident memory per worker"

    invalid = (
        Invalid(
            """
            from fastapi import FastAPI

            app = FastAPI()
            audits = asyncio.Queue()

            @app.post("/orders")
            async def order(text: str) -> None:
                audits.put_nowait(text)
            """,
            fixed="""
            from fastapi import FastAPI

            app = FastAPI()
            audits = asyncio.Queue(maxsize=1000)

            @app.post("/orders")
            async def order(text: str) -> None:
                audits.put_nowait(text)
            """,
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import FastAPI

            app = FastAPI()
            audits = asyncio.Queue(maxsize=1000)

            @app.post("/orders")
            async def order(text: str) -> None:
                await audits.put(text)
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name in _QUEUES or may_command(callee)

    def check(self, node: ast.Call | ast.Module, module: Module) -> Iterator[Match]:
        if isinstance(node, ast.Module):
            yield from self._tasks(module)
        elif module.qualified_name(node.func) in _QUEUES and not _is_bounded(node):
            yield from self._queue(node, module)
        else:
            yield from self._stream(node, module)

    def _tasks(self, module: Module) -> Iterator[Match]:
        for holder in growing(module):
            growth = next(
                (
                    each
                    for each in holder.growths
                    # Under a key of its own somebody looks it up: that is a container like any other.
                    if holder.kind != "dict"
                    and module.in_request_path(each.node)
                    and holds_task(each, module)
                ),
                None,
            )
            if growth is not None:
                yield Match(
                    growth.node,
                    f"`{holder.name}` keeps each task for ever, with its result: nothing takes finished ones out.",
                    confidence=Confidence.LIKELY,
                    related=(Hop(module.path, holder.node.lineno, holder.name),),  # type: ignore[attr-defined]  # a statement
                    instead=f"Make it a set, and let tasks leave: `task.add_done_callback({holder.name}.discard)`.",
                    swallows=(("FP704", getattr(growth.node, "lineno", 0)),),
                )

    def _queue(self, call: ast.Call, module: Module) -> Iterator[Match]:
        name, is_long_lived = _bound_to(call, module)
        if not name:
            yield from self._hub(call, module)
            return
        puts = [each for each in nodes_of(module.tree, ast.Call) if _puts(each, name)]
        if is_long_lived:
            fed = next((each for each in puts if module.in_request_path(each)), None)
            if fed is not None:
                yield Match(
                    call,
                    f"`{name}` has no bound, and requests fill it: when its reader falls behind, memory holds the difference.",
                    confidence=Confidence.POSSIBLE,  # how much comes is not in the code
                    related=(Hop(module.path, fed.lineno, spelled(fed.func)),),
                    fix=_fix(call, module),
                    impact=Impact(
                        "memory = (rate in − rate out) · time · size of an item, without a bound → 1,000 items",
                        assumptions={"maxsize": 1000},
                    ),
                )
        elif _streams(call, puts, module):
            yield Match(
                call,
                f"`{name}` takes all that the source gives while a slow client reads: the whole stream can end up in memory.",
                severity=Severity.LOW,
                confidence=Confidence.POSSIBLE,  # most streams are short, or as fast as who reads them
                fix=_fix(call, module),
                impact=Impact(
                    "memory up to the size of the whole stream, per client → 1,000 items",
                    assumptions={"maxsize": 1000},
                ),
            )

        elif (received := next((put for put in puts if _hears(put, call, module)), None)) is not None:
            yield Match(
                call,
                f"`{name}` has no bound, and what the client sends over the websocket fills it: one client that sends faster than"
                " it is served fills memory.",
                severity=Severity.LOW,
                confidence=Confidence.POSSIBLE,  # how much a client sends is not in the code
                related=(Hop(module.path, received.lineno, spelled(received.func)),),
                fix=_fix(call, module),
                impact=Impact(
                    "memory = (rate in − rate out) · time · size of a message, per client → 1,000 messages",
                    assumptions={"maxsize": 1000},
                ),
            )

    def _stream(self, call: ast.Call, module: Module) -> Iterator[Match]:
        """What is read of a Redis stream stays in it."""
        sent = command(call, module)
        if (
            sent is None
            or sent.name != "xadd"
            or sent.has("maxlen", "minid")
            or len(call.args) > _UNTIL_LENGTH
        ):
            return
        if not serves(call, module) or any(is_named(module.project, each) for each in _TRIMS):
            return
        if any(naming(module.project, (module.path,), _EXPIRES)) and _is_ended(module, _EXPIRES):
            return
        ends = any(naming(module.project, (module.path,), _ENDS)) and _is_ended(module, _ENDS)
        yield Match(
            call,
            f"`{spelled(call.func)}` adds to a Redis stream without a length: entries stay after they were read, until the whole stream"
            " is deleted."
            if ends
            else f"`{spelled(call.func)}` adds to a Redis stream that nothing trims: entries stay after they were read, and its memory"
            " grows with each.",
            severity=Severity.LOW if ends else self.severity,
            confidence=Confidence.POSSIBLE,  # somebody else may trim it
            when_new=None if ends else Confidence.LIKELY,
            fix=Fix(with_keyword("maxlen", "10_000"), safety=Safety.UNSAFE),
            impact=Impact(
                "memory = entries since the beginning · size of an entry → 10,000 entries",
                assumptions={"maxlen": 10_000},
            ),
            instead="Give the stream a length that its slowest reader can fall behind by: `maxlen=10_000`.",
        )

    def _hub(self, call: ast.Call, module: Module) -> Iterator[Match]:
        """An object that takes what others give it and hands it on: who gives waits for nobody."""
        put = _taken_in(call, module) if serves(call, module) else None
        function = module.function_of(put) if put is not None else None
        if put is None or function is None:
            return
        name = module.symbol_at(call).rpartition(".")[0].rpartition(".")[2]
        yield Match(
            call,
            f"`{name}` keeps in a queue without a bound what `{function.name}` is given: when its reader falls behind, memory"
            " holds the difference.",
            severity=Severity.LOW,
            confidence=Confidence.POSSIBLE,  # how much comes, and how fast it is read, is not in the code
            related=(Hop(module.path, put.lineno, spelled(put.func)),),
            fix=_fix(call, module),
            impact=Impact(
                "memory = (rate in − rate out) · time · size of an item, without a bound → 1,000 items",
                assumptions={"maxsize": 1000},
            ),
        )


def holds_task(growth: Growth, module: Module) -> bool:
    """Whether what is put in is a task that was just started."""
    value = growth.value
    if value is None:
        return False
    return any(
        isinstance(made, ast.Call) and module.qualified_name(made.func) in _TASKS
        for made in origins(value, module)
    )


def _is_bounded(call: ast.Call) -> bool:
    size = (
        call.args[0]
        if call.args
        else next((each.value for each in call.keywords if each.arg in ("maxsize", None)), None)
    )
    return size is not None and not (isinstance(size, ast.Constant) and size.value == 0)


def _bound_to(call: ast.Call, module: Module) -> tuple[str, bool]:
    """(name, whether it lives as long as the process) of what the queue is bound to."""
    statement = module.parent(call)
    target: ast.expr | None = None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    match target:
        case ast.Name(id=name):
            return name, module.function_of(call) is None
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            current = module.parent(call)
            while current is not None and not isinstance(current, ast.ClassDef):
                current = module.parent(current)
            return (
                (name, True)
                if isinstance(current, ast.ClassDef) and is_shared(current, module)
                else ("", False)
            )
        case ast.Attribute(value=ast.Attribute(attr="state"), attr=name):
            return name, True
    return "", False


def _is_ended(module: Module, commands: tuple[str, ...]) -> bool:
    """Whether the file sends one of the commands, which end a stream, as far as it is known what they are sent to."""
    return any(
        last_name(call.func) in commands
        and (command(call, module) is not None or module.qualified_name(call.func) is None)
        for call in nodes_of(module.tree, ast.Call)
        if isinstance(call.func, ast.Attribute)
    )


def _taken_in(call: ast.Call, module: Module) -> ast.Call | None:
    """`await self._queue.put(event)` of a parameter in a method of the class whose other methods read the queue."""
    statement, cls = module.parent(call), module.parent(call)
    while cls is not None and not isinstance(cls, ast.ClassDef):
        cls = module.parent(cls)
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    match targets:
        case [ast.Attribute(value=ast.Name(id="self"), attr=name)] if cls is not None:
            pass
        case _:
            return None
    if lifetime(cls, module) is Lifetime.REQUEST:
        return None
    own = [each for each in walk(cls) if isinstance(each, ast.Call) and _is_of_queue(each, name)]
    if not any(last_name(each) in ("get", "get_nowait") for each in own):
        return None
    return next((each for each in own if _puts(each, name) and _is_given(each, module)), None)


def _is_of_queue(call: ast.Call, name: str) -> bool:
    match call.func:
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id="self"), attr=held)):
            return held == name
    return False


def _is_given(put: ast.Call, module: Module) -> bool:
    """Whether what is put in comes from who calls the method: others, who do not know how full the queue is."""
    function = module.function_of(put)
    if function is None or isinstance(function.node, ast.Lambda) or not put.args:
        return False
    if function.name.startswith("_"):
        return False
    arguments = function.node.args
    given = {each.arg for each in (*arguments.args, *arguments.kwonlyargs)} - {"self"}
    return any(isinstance(each, ast.Name) and each.id in given for each in walk(put.args[0]))


def _puts(call: ast.Call, name: str) -> bool:
    if not (isinstance(call.func, ast.Attribute) and call.func.attr in ("put", "put_nowait")):
        return False
    holder = call.func.value
    return (isinstance(holder, ast.Name) and holder.id == name) or (
        isinstance(holder, ast.Attribute) and holder.attr == name
    )


def _streams(call: ast.Call, puts: list[ast.Call], module: Module) -> bool:
    """Whether a generator reads a queue that a task of its own fills from another stream."""
    function = module.function_of(call)
    if function is None or isinstance(function.node, ast.Lambda):
        return False
    own = {id(each) for each in walk(function.node)}
    fed = any(
        id(put) in own
        and module.function_of(put) != function
        and any(isinstance(loop, ast.AsyncFor) for loop in module.loops(put))
        for put in puts
    )
    return fed and any(
        isinstance(each, ast.Yield) and module.function_of(each) == function for each in walk(function.node)
    )


def _hears(put: ast.Call, queue: ast.Call, module: Module) -> bool:
    """Whether a loop that receives from a websocket puts into the queue of the same function."""
    function = module.function_of(queue)
    if function is None or not any(each is put for each in walk(function.node)):
        return False
    return any(
        isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and each.func.attr.startswith(("receive", "iter_"))
        and (module.type_of(each.func.value) or "").rpartition(".")[2] == "WebSocket"
        for loop in module.loops(put)
        for each in walk(loop)
    )


def _fix(call: ast.Call, module: Module) -> Fix | None:
    if call.args or call.keywords or (module.qualified_name(call.func) or "").endswith("SimpleQueue"):
        return None
    return Fix(with_keyword("maxsize", "1000"), safety=Safety.UNSAFE)
