from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.linking.graph import CALL
from rules.engine.reading import facts
from rules.engine.reading.bodies import content_of
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Hop, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import serves
from rules.engine.service.responses import records
from rules.libraries import Kind

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.linking.graph import LeafCall
    from rules.engine.linking.graph import Node as GraphNode
    from rules.engine.module import Module

_STREAMS = frozenset(
    {
        "fastapi.responses.StreamingResponse",
        "starlette.responses.StreamingResponse",
        "sse_starlette.EventSourceResponse",
        "sse_starlette.sse.EventSourceResponse",
    }
)
_WAITS = frozenset({Kind.SLEEP, Kind.WAIT})
_CHUNKS = ("chunk", "batch", "page", "buf", "block", "piece", "part")


class SyncGeneratorPerRowStream(Rule):
    """A plain generator is streamed through a worker thread, once per `yield`: per row that is slow, and waiting holds the thread.

    Starlette asks a synchronous generator for each chunk in a thread of the shared pool of 40: 0.05 to 0.3 ms per `yield`. A
    generator that yields row by row pays it for each row. One that sleeps or waits between events keeps its thread
    all the while: forty connected clients, and no `def` endpoint answers any more.

    ## Instead
    Make it an `async def` generator that awaits between events (`await asyncio.sleep(1)`); for rows from a database use
    the asynchronous session's `stream_scalars`. Or gather rows into chunks of 64 KB before each `yield`.

    ## Trade-offs
    An `async def` generator must not block; and it must await now and then, or it holds the loop itself.

    ## Monitor
    Threads in use of 40, duration of streams.

    ## When to ignore it
    When a stream has a few dozen chunks.
    """

    code = "FP508"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.HOURS
    watch = "threads in use of 40 and duration of streams"

    invalid = (
        Invalid(
            """
            from fastapi.responses import StreamingResponse

            def progress() -> Iterator[str]:
                while True:
                    yield "data: still running\\n\\n"
                    time.sleep(1)

            @app.get("/progress")
            async def watch() -> StreamingResponse:
                return StreamingResponse(progress(), media_type="text/event-stream")
            """
        ),
        Invalid(
            """
            from fastapi.responses import StreamingResponse

            engine = create_engine("postgresql+psycopg://db/shop")

            @app.get("/orders.jsonl")
            def export() -> StreamingResponse:
                def lines() -> Iterator[str]:
                    with Session(engine) as session:
                        for order in session.scalars(select(Order)):
                            yield f"{order.id}\\n"

                return StreamingResponse(lines())
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi.responses import StreamingResponse

            async def progress() -> AsyncIterator[str]:
                while True:
                    yield "data: still running\\n\\n"
                    await asyncio.sleep(1)

            @app.get("/progress")
            async def watch() -> StreamingResponse:
                return StreamingResponse(progress(), media_type="text/event-stream")
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name in _STREAMS

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if module.qualified_name(node.func) not in _STREAMS or not serves(node, module):
            return
        content = content_of(node, "content")
        streamed = _streamed(content, module) if content is not None else None
        generator = _generator(streamed, module) if streamed is not None else None
        proven = Confidence.CERTAIN if module.reached(node) else Confidence.LIKELY
        if streamed is None or generator is None:
            if streamed is not None and (leaf := _waits_in(streamed)) is not None:
                yield _of_helper(node, streamed.name, [streamed], 0, leaf, module)
            return
        waiting = _wait(generator, module)
        if waiting is None and (passed_on := _passed_on(generator, streamed, module)) is not None:
            target, call, leaf = passed_on
            yield _of_helper(node, generator.name, [streamed, target], call.lineno, leaf, module)
            return
        if waiting is not None:
            yield Match(
                node,
                f"`{generator.name}` is a plain generator that waits in `{module.segment(waiting)}`: each connected client"
                f" holds one of {estimates.threads(module.options)} worker threads.",
                severity=Severity.HIGH,
                confidence=proven,
                related=(Hop(module.path, waiting.lineno, generator.name),),
                impact=estimates.threads_of_streams(module.options),
                instead="Make it an `async def` generator and `await asyncio.sleep(…)` between events.",
            )
            return
        row = _row(generator, module)
        if row is not None:
            yield Match(
                node,
                f"`{generator.name}` is a plain generator that yields row by row: each row takes a trip through a worker"
                " thread.",
                confidence=Confidence.LIKELY,
                related=(Hop(module.path, row.lineno, generator.name),),
                impact=estimates.rows_streamed_singly(module.options),
            )


def _of_helper(
    node: ast.Call, name: str, through: list[GraphNode], line: int, leaf: LeafCall, module: Module
) -> Match:
    """What is said of a generator whose waiting is done elsewhere, by what it gets on `line`."""
    waits = through[-1]
    return Match(
        node,
        f"`{name.rpartition('.')[2]}` is a plain generator that waits in `{leaf.name}`"
        + (f" through `{waits.symbol.rpartition('.')[2]}`" if len(through) > 1 else "")
        + f": each connected client holds one of {estimates.threads(module.options)} worker threads.",
        severity=Severity.HIGH,
        confidence=Confidence.LIKELY,  # that the loop around it yields is not seen from here
        call_path=(
            Hop(module.path, node.lineno, module.symbol_at(node)),
            *((Hop(module.path, line, through[0].symbol),) if line else ()),
            Hop(waits.path, leaf.call.line, waits.symbol),
        ),
        impact=estimates.threads_of_streams(module.options),
        instead="Make it an `async def` generator and `await asyncio.sleep(…)` between events.",
    )


def _passed_on(
    generator: ast.FunctionDef, own: GraphNode, module: Module
) -> tuple[GraphNode, ast.Call, LeafCall] | None:
    """`for line in tail(path): yield line`, `yield from tail(path)`: the other generator of the project, and how it waits."""
    for node in _own(generator):
        match node:
            case ast.For(iter=ast.Call() as source) if _yields(node):
                pass
            case ast.YieldFrom(value=ast.Call() as source):
                pass
            case _:
                continue
        target = module.callee(source)
        leaf = _waits_in(target) if target is not None and target is not own else None
        if target is not None and leaf is not None:
            return target, source, leaf
    return None


def _waits_in(function: GraphNode) -> LeafCall | None:
    """The sleep or wait in a loop of a plain generator of the project."""
    if function.is_async or not function.function.flags & facts.GENERATOR:
        return None
    return next(
        (
            leaf
            for leaf in function.leaves
            if leaf.blocking is not None
            and leaf.blocking.kind in _WAITS
            and leaf.kind == CALL
            and not leaf.call.flags & facts.FAILING  # before another attempt
            and (leaf.call.loops or leaf.call.flags & facts.WHILE)
        ),
        None,
    )


def _streamed(content: ast.expr, module: Module) -> GraphNode | None:
    """The function of the project whose generator is streamed."""
    if isinstance(content, ast.Name):
        scope = module.index.scope_at(content)
        values = [binding.value for binding in scope.bindings.get(content.id, ()) if binding.kind == "value"]
        if len(values) != 1 or not isinstance(values[0], ast.Call):
            return None
        content = values[0]
    return module.callee(content)


def _generator(target: GraphNode, module: Module) -> ast.FunctionDef | None:
    """Its code, when it is a plain generator of this file."""
    if target.path != module.path or target.is_async:
        return None
    for scope in module.index.scopes:
        if scope.symbol == target.symbol and isinstance(scope.node, ast.FunctionDef) and scope.is_generator:
            return scope.node
    return None


def _own(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions in it."""
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop(0)
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            pending.extend(ast.iter_child_nodes(node))


def _wait(function: ast.FunctionDef, module: Module) -> ast.Call | None:
    """A sleep or a wait inside a loop that yields."""
    for node in _own(function):
        if isinstance(node, ast.Call):
            blocking = module.blocking(node)
            if blocking is not None and blocking.kind in _WAITS and any(map(_yields, module.loops(node))):
                return node
    return None


def _yields(loop: ast.AST) -> bool:
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in walk(loop))


def _row(function: ast.FunctionDef, module: Module) -> ast.Yield | None:
    """A `yield` that each turn of a loop over rows reaches."""
    for node in _own(function):
        if not isinstance(node, ast.Yield):
            continue
        loops = module.loops(node)
        if (
            not loops
            or not isinstance(loops[-1], ast.For)
            or module.parent(module.statement(node) or node) is not loops[-1]
        ):
            continue
        loop = loops[-1]
        if module.is_short(loop) or any(word in ast.unparse(loop.target).lower() for word in _CHUNKS):
            continue
        if _is_rows(loop.iter, module):
            return node
    return None


def _is_rows(iterable: ast.expr, module: Module) -> bool:
    if isinstance(iterable, ast.Call) and (module.query(iterable) is not None or _on_query(iterable, module)):
        return True
    return records(iterable, module) is not None


def _on_query(call: ast.Call, module: Module) -> bool:
    """`session.execute(…).scalars()`: a result that is iterated."""
    inner: ast.AST = call.func
    while isinstance(inner, ast.Call | ast.Attribute):
        if isinstance(inner, ast.Call) and module.query(inner) is not None:
            return True
        inner = inner.func if isinstance(inner, ast.Call) else inner.value
    return False
