from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs.measured import frees
from rules.engine.finding import Hop
from rules.engine.fixing.rewrites import without_async
from rules.engine.loops.loop_bound import needs_loop
from rules.engine.loops.loop_calls import CHOSEN, Stop, is_idle, keeps_answer, stops
from rules.engine.loops.loop_effects import (
    confidence,
    effect,
    expected,
    reads_same_table,
    weighs_little,
    writes_frame,
)
from rules.engine.loops.loop_fixes import leaves, ways
from rules.engine.reading.walking import own_nodes
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.aside import stands_aside
from rules.engine.service.one_at_a_time import single_entry
from rules.engine.service.switched_off import is_switched_off
from rules.engine.service.unasked import is_never_asked
from rules.libraries import Kind

if TYPE_CHECKING:
    from rules.engine.module import Module


_ANYWHERE = frozenset({"", "asyncio.run", "asyncio.iscoroutinefunction", "asyncio.iscoroutine"})
"""Calls of `asyncio` that work in a thread as well."""
_MOST_OTHERS = 2


class AsyncEndpointWithoutAwaitButBlocking(Rule):
    """An `async def` that awaits nothing and blocks would run in a worker thread if it were a plain `def`.

    FastAPI runs a plain `def` endpoint or dependency in a thread, where waiting harms nobody. `async def` promises to
    give the event loop back while waiting; this function never does, so each of its calls stops the whole worker.

    ## Instead
    Drop `async`. Nothing else changes: parameters, dependencies and the response stay as they are. At 32 concurrent requests
    and a wait of 20 ms this brought 8 to 20 times the throughput in load tests.

    ## Trade-offs
    At most 40 such functions run at once per process, and each call costs a thread hop of 0.2 ms. Two requests
    may now run the body at the same time: state shared between requests needs a lock.

    ## Monitor
    Throughput of the endpoint, worker threads in use of 40, event-loop lag p99.

    ## When to ignore it
    When the body relies on never running twice at once, or uses the running event loop.
    """

    code = "FP104"
    paid_by_misses = True
    severity = Severity.HIGH
    comments_when_new = True
    said_from = Severity.HIGH
    gates = True
    about_siblings = True
    effort = Effort.MINUTES
    watch = "throughput of the endpoint and worker threads in use"

    invalid = (
        Invalid(
            """
            import requests
            from fastapi import FastAPI

            app = FastAPI()

            @app.get("/rates")
            async def rates() -> dict[str, float]:
                return requests.get("https://rates.example/latest", timeout=5).json()
            """,
            fixed="""
            import requests
            from fastapi import FastAPI

            app = FastAPI()

            @app.get("/rates")
            def rates() -> dict[str, float]:
                return requests.get("https://rates.example/latest", timeout=5).json()
            """,
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import FastAPI

            app = FastAPI()

            @app.get("/ping")
            async def ping() -> str:  # awaits nothing and blocks nothing: right, and faster than a thread
                return "pong"
            """
        ),
    )

    def check(self, node: ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        role = module.role(node)
        if role is None or str(role) not in ("endpoint", "dependency") or awaits(node):
            return
        found = [
            stop
            for stop in stops(node, module)
            if not stands_aside(stop.call, module)
            and not is_never_asked(stop.call, module)
            and not is_switched_off(stop.call, module)
        ]
        if not found or _needs_its_loop(node, module):
            return
        worst = max(found, key=lambda stop: _telling(stop, module))
        if not frees(worst.entry):
            return  # a thread may stop the loop just the same
        if str(role) == "dependency" and all(keeps_answer(stop) for stop in found):
            return  # a thread hop for each request, for the few that wait: others say what waits
        match = Match(
            node,
            self.message(node, worst, found, module),
            severity=worst.severity,
            confidence=Confidence.POSSIBLE
            if _is_of_one_choice(worst, found, module) or single_entry(module.path, module.project)
            else confidence(worst, module),
            fix=self.drop_async(node, module),
            call_path=worst.call_path(module) or _to_the_call(node, worst, module),
            swallows=tuple(sorted({(stop.code, stop.call.lineno) for stop in found} | _files(node))),
            leaves=leaves(found),
            related=ways(found),
            siblings=tuple(dict.fromkeys([worst.call.lineno, *sorted(stop.call.lineno for stop in found)])),
            impact=expected(worst, module),
            instead=f"Drop `async` from `{node.name}`{_beside(node, module)}",
        )
        hardly = [
            writes_frame(stop) or reads_same_table(stop, module) or weighs_little(stop, module)
            for stop in found
            if stop is worst or confidence(stop, module) is not Confidence.POSSIBLE
        ]
        yield match.doubted() if all(hardly) else match

    def message(self, function: ast.AsyncFunctionDef, worst: Stop, found: list[Stop], module: Module) -> str:
        name = worst.name
        reaches = f"calls `{name}`" if not worst.path else f"reaches `{worst.callable}` through `{name}`"
        others = len({stop.call.lineno for stop in found}) - 1
        more = f" ({others} more such line{'s' if others > 1 else ''})" if others else ""
        return (
            f"`{function.name}` awaits nothing and {reaches}{_others(worst, found)} on the event loop{more}: {effect(worst, module)}."
            " As a plain `def` it runs in a worker thread."
        )

    def drop_async(self, node: ast.AsyncFunctionDef, module: Module) -> Fix | None:
        """Unsafe: the body may then run twice at once. None where code beside FastAPI awaits the function."""
        if module.called(node) or any(_asyncio(inner, module) for inner in own_nodes(node)):
            return None
        return Fix(without_async, safety=Safety.UNSAFE)


def _others(worst: Stop, found: list[Stop]) -> str:
    """What it waits for that is no such call: another service beside the database."""
    names = dict.fromkeys(
        stop.callable for stop in found if stop.kind is not worst.kind and not is_idle(stop)
    )
    shown = [f"`{name}`" for name in names][:_MOST_OTHERS]
    return f" (and {' and '.join(shown)})" if shown else ""


def _beside(function: ast.AsyncFunctionDef, module: Module) -> str:
    """What else the change asks for, in the same sentence: a plain function cannot be awaited, and would hold the loop of who
    calls it there."""
    if module.called(function):
        return (
            f": where your own code awaits it, write `await run_in_threadpool({function.name}, …)`. Parameters, dependencies"
            " and the response stay as they are."
        )
    return ". Nothing else changes: parameters, dependencies and the response stay as they are."


def _telling(stop: Stop, module: Module) -> tuple[bool, bool, int, bool, int]:
    """What says most about an endpoint last: real work, that which surely happens, what costs most, another machine or a
    program before a database near by, the first."""
    sure = confidence(stop, module) is not Confidence.POSSIBLE and stop.severity.rank >= Severity.MEDIUM.rank
    return not is_idle(stop), sure, stop.severity.rank, stop.kind is not Kind.DB, -stop.call.lineno


def _is_of_one_choice(worst: Stop, found: list[Stop], module: Module) -> bool:
    """Whether all that blocks is one call, with one of the objects that it may be made on: with the others a thread is
    taken for nothing."""
    if worst.seldom != CHOSEN or len(found) > 1:
        return False
    summary = module.summary(worst.call)
    leaves = summary.blocking if summary is not None else ()
    return len({leaf.callable.partition(".")[0] for leaf in leaves if leaf.by_choice}) == 1


def _files(function: ast.AsyncFunctionDef) -> set[tuple[str, int]]:
    """What is said of files: in a thread they harm nobody."""
    return {("FP115", node.lineno) for node in own_nodes(function) if isinstance(node, ast.Call)}


def awaits(function: ast.AsyncFunctionDef) -> bool:
    """Whether the function itself gives the event loop back anywhere."""
    return any(
        isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith)
        or (isinstance(node, ast.comprehension) and node.is_async)
        for node in own_nodes(function)
    )


def _needs_its_loop(function: ast.AsyncFunctionDef, module: Module) -> bool:
    """Whether the function, or what it calls, only works where the loop runs: no plain `def` for it."""
    if any(_asyncio(node, module) not in _ANYWHERE for node in own_nodes(function)):
        return True
    if any(_awaits_it(decorator, module) for decorator in function.decorator_list):
        return True
    entered = module.graph_node(function)
    return entered is None or needs_loop([entered], module.project.resolver)


def _awaits_it(decorator: ast.expr, module: Module) -> bool:
    """Whether a decorator of the project puts an asynchronous function around it, which awaits what it wraps."""
    value = module.value(decorator.func if isinstance(decorator, ast.Call) else decorator)
    if value is None or value.module is None:
        return False
    path, within = value.module.path, f"{value.symbol}."
    return any(
        node.is_async and node.path == path and node.symbol.startswith(within)
        for node in module.project.graph.nodes.values()
    )


def _to_the_call(function: ast.AsyncFunctionDef, worst: Stop, module: Module) -> tuple[Hop, ...]:
    """From the `def`, where it is mended, to the call, which may stand far below."""
    return (
        Hop(module.path, function.lineno, function.name),
        Hop(module.path, worst.call.lineno, worst.callable),
    )


def _asyncio(node: ast.AST, module: Module) -> str:
    """The function of `asyncio` that is called."""
    name = (module.qualified_name(node.func) or "") if isinstance(node, ast.Call) else ""
    return name if name.startswith("asyncio.") else ""
