from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.kept_answers import once_for_node
from rules.engine.linking.namesakes import is_unknown
from rules.engine.loops import loop_fixes, remedies
from rules.engine.loops.loop_calls import Stop, by_kind, by_name, is_only_closing, together
from rules.engine.loops.loop_effects import confidence, effect, expected, weighs_little
from rules.engine.reading import facts
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.spelling import dotted
from rules.engine.reading.walking import own_calls
from rules.engine.rule import Confidence, Effort, Hop, Invalid, Match, Rule, Severity, Valid
from rules.engine.service import strange_clients
from rules.libraries import Kind

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module

_ENDS = frozenset({"close", "exit", "enter"})
"""They give up what is held; a pair of them says nothing."""
_RARELY = facts.ON_MISS | facts.DETACHED | facts.FAILING | facts.RECALLED | facts.WISHED | facts.ONCE


class BlockingCallThroughHelper(Rule):
    """A synchronous helper that waits, called from an async function, stops every request of the worker.

    The call looks harmless: the `requests.get`, the `time.sleep` or the query is one or more functions away, often in
    another file. It still runs on the event loop, and while it waits the loop serves nobody.

    ## Instead
    Hand the helper to a worker thread where the async function calls it: `await run_in_threadpool(helper, x)`. Better, when
    the helper has no synchronous callers: make it asynchronous, with an asynchronous client.

    ## Trade-offs
    The helper occupies one thread of a limited pool while it waits, and runs beside other code: shared state needs
    a lock. A database session or anything bound to the event loop must not travel to the thread.

    ## Monitor
    Event-loop lag p99; p95 of endpoints that do not call the helper.

    ## When to ignore it
    When the helper answers from a cache in all but the first call.
    """

    code = "FP103"
    stops_loop = True
    paid_by_misses = True
    about_own_line = True
    severity = Severity.CRITICAL
    said_from = Severity.CRITICAL
    gates = True
    effort = Effort.MINUTES
    watch = "event-loop lag p99"

    invalid = (
        Invalid(
            """
            import requests
            from fastapi import FastAPI

            from shop.orders import load_order

            app = FastAPI()

            def carrier_status(number: str) -> str:
                return requests.get(f"https://carrier.example/{number}", timeout=5).text

            @app.get("/orders/{order_id}/tracking")
            async def tracking(order_id: int) -> str:
                order = await load_order(order_id)
                return carrier_status(order.number)
            """,
            fixed="""
            import asyncio

            import requests
            from fastapi import FastAPI

            from shop.orders import load_order

            app = FastAPI()

            def carrier_status(number: str) -> str:
                return requests.get(f"https://carrier.example/{number}", timeout=5).text

            @app.get("/orders/{order_id}/tracking")
            async def tracking(order_id: int) -> str:
                order = await load_order(order_id)
                return await asyncio.to_thread(carrier_status, order.number)
            """,
        ),
    )
    valid = (
        Valid(
            """
            import requests
            from fastapi import FastAPI
            from fastapi.concurrency import run_in_threadpool

            from shop.orders import load_order

            app = FastAPI()

            def carrier_status(number: str) -> str:
                return requests.get(f"https://carrier.example/{number}", timeout=5).text

            @app.get("/orders/{order_id}/tracking")
            async def tracking(order_id: int) -> str:
                order = await load_order(order_id)
                return await run_in_threadpool(carrier_status, order.number)
            """
        ),
    )

    def check(self, node: ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        for stops in by_kind(node, module, self.code):
            worst = stops[0]
            match = Match(
                worst.call,
                f"`{worst.name}` reaches `{worst.callable}` on the event loop: {effect(worst, module)}."
                + loop_fixes.also_on(stops),
                severity=worst.severity,
                confidence=confidence(worst, module),
                fix=loop_fixes.of_helper(stops, module),
                call_path=worst.call_path(module),
                siblings=loop_fixes.siblings(stops),
                leaves=loop_fixes.leaves(stops),
                related=loop_fixes.ways(stops),
                cause=loop_fixes.cause(worst),
                impact=expected(worst, module),
                swallows=_closing(node, module) if worst.kind is Kind.DB else (),
                instead=remedies.of_helpers(stops, module),
            )
            yield match.doubted() if weighs_little(worst, module) else match
        yield from _strange(node, module)
        yield from _alike(node, module)
        yield from _twin(node, module)


def _twin(function: ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
    """The first method of an object that nobody knows of which the function awaits the other one of the pair, too:
    `await backend.aread(path)`, and where that fails `backend.read(path)`."""
    awaited = {
        (owner, each.func.attr)
        for each in own_calls(function)
        if isinstance(each.func, ast.Attribute)
        and (owner := dotted(each.func.value))
        and module.is_awaited(each)
    }
    if not awaited or not module.runs_on_event_loop(function):
        return
    for call in own_calls(function):
        if not isinstance(call.func, ast.Attribute) or call.func.attr in _ENDS:
            continue
        owner, name = dotted(call.func.value), call.func.attr
        other = next((each for each in _pairs_of(name) if (owner, each) in awaited), None)
        if other is None or module.is_awaited(call) or module.is_offloaded(call):
            continue
        if not is_unknown(module.value(call.func)) or not module.runs_on_event_loop(call):
            continue  # others know what it does
        yield Match(
            call,
            f"`{spelled(call.func)}` is not awaited and `{owner}.{other}` is: of the two it is the synchronous one, and while it works,"
            " nothing else on its loop goes on.",
            severity=Severity.MEDIUM,
            confidence=Confidence.POSSIBLE,  # their names are all that tells what they are
            impact=estimates.unknown_duration(module.options),
            instead=f"Await `{owner}.{other}`, or hand it to a worker thread: `await asyncio.to_thread({spelled(call.func)}, …)`.",
        )
        return


def _pairs_of(name: str) -> tuple[str, ...]:
    """What the asynchronous method beside a synchronous one is called, as libraries call them."""
    return f"a{name}", f"{name}_async", f"async_{name}", f"a_{name}"


def _alike(function: ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
    """The first method that blocks wherever the application has one of its name, on an object that nobody knows, called here or
    in a helper of the file."""
    for call in _unawaited(function, module):
        found = by_name(call, module)
        if found is not None:
            stop, method = found
            yield Match(
                call,
                f"`{spelled(call.func)}` is most likely `{method.symbol}`, which reaches `{stop.callable}` on the event loop:"
                f" {effect(stop, module)}.",
                severity=min(stop.severity, Severity.HIGH, key=lambda each: each.rank),
                confidence=Confidence.POSSIBLE,  # its name is all that tells what it is
                call_path=stop.call_path(module),
                impact=expected(stop, module),
                instead=remedies.of_helpers([stop], module),
            )
            return
        within = _alike_within(call, module)
        if within is not None:
            inner, stop, method = within
            last = spelled(call.func).rpartition(".")[2]
            yield Match(
                call,
                f"`{spelled(call.func)}` calls `{spelled(inner.func)}` on line {inner.lineno}, which is most likely `{method.symbol}` and"
                f" reaches `{stop.callable}` on the event loop: {effect(stop, module)}.",
                severity=min(stop.severity, Severity.HIGH, key=lambda each: each.rank),
                confidence=Confidence.POSSIBLE,  # its name is all that tells what it is
                call_path=(Hop(module.path, call.lineno, last), *stop.call_path(module)),
                cause=f"FP103 {module.path}:{inner.lineno}",
                impact=expected(stop, module),
                instead=f"Hand the helper to a worker thread: `await asyncio.to_thread({spelled(call.func)}, …)`.",
            )
            return


def _alike_within(call: ast.Call, module: Module) -> tuple[ast.Call, Stop, Node] | None:
    """What `by_name` finds in a synchronous function of this file that a call enters: `self._agent_of(host)`, which asks
    `self.agents.find_agent_of_host(host)`."""
    callee = module.callee(call)
    if callee is None or callee.is_async or callee.function.flags & (facts.GENERATOR | facts.CACHED):
        return None
    body = module.definition(callee)
    summary = module.summary(call)
    if body is None or (summary is not None and summary.blocking):
        return None
    return _first_by_name(body, module)


@once_for_node
def _first_by_name(
    body: ast.FunctionDef | ast.AsyncFunctionDef, module: Module
) -> tuple[ast.Call, Stop, Node] | None:
    for inner in own_calls(body):
        found = by_name(inner, module) if not module.call_flags(inner) & _RARELY else None
        if found is not None and not module.is_offloaded(inner):
            return inner, *found
    return None


def _strange(function: ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
    """The first helper that asks a client of a package that nobody knows here."""
    for call in _unawaited(function, module):
        found = strange_clients.asks_through(call, module)
        summary = module.summary(call) if found is not None else None
        if found is None or (summary is not None and summary.blocking):
            continue
        client, way = found
        yield Match(
            call,
            f"`{spelled(call.func)}` has `{client}` answer on the event loop: if it asks another machine, this worker serves nobody"
            " until the answer is there.",
            severity=Severity.HIGH,
            confidence=Confidence.POSSIBLE,  # nobody sees what it does
            call_path=way,
            impact=estimates.unknown_duration(module.options),
            instead=f"Hand it to a worker thread: `await asyncio.to_thread({spelled(call.func)}, …)`.",
        )
        return


def _unawaited(function: ast.AsyncFunctionDef, module: Module) -> Iterator[ast.Call]:
    """What a function that requests reach calls on the event loop without awaiting it."""
    if module.in_request_path(function) and module.runs_on_event_loop(function):
        for call in own_calls(function):
            if (
                not module.is_awaited(call)
                and not module.is_offloaded(call)
                and module.runs_on_event_loop(call)
            ):
                yield call


def _closing(function: ast.AsyncFunctionDef, module: Module) -> tuple[tuple[str, int], ...]:
    """What is said of mere commits and rollbacks in the same function."""
    groups = together(function, module, "FP102")
    return tuple(("FP102", group[0].call.lineno) for group in groups if is_only_closing(group))
