"""What to do about a call that stops the event loop: the fixes FP101, FP103, FP105, FP106 and FP701 share."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rules.engine.costs.measured import frees
from rules.engine.finding import Hop
from rules.engine.fixing.rewrites import awaited, in_thread
from rules.engine.loops import remedies
from rules.engine.loops.loop_bound import entered, holds_mutex, needs_loop
from rules.engine.loops.loop_calls import (
    Stop,
    by_kind,
    carries_bound_object,
    direct,
    keeps_answer,
    offload_primitive,
    on_failure,
)
from rules.engine.loops.loop_effects import confidence, effect, expected, weighs_little
from rules.engine.reading import facts
from rules.engine.reading.walking import own_calls
from rules.engine.rule import Confidence, Fix, Match, Safety, Severity
from rules.libraries import Kind

if TYPE_CHECKING:
    from rules.engine.module import Module

# What these return goes on waiting where it is used: a thread for the call alone would not help.
_LATER = frozenset(
    {"iter_content", "iter_lines", "stream", "listen", "Popen", "makefile", "iterrows", "groupby"}
    | {"reader", "DictReader", "iterparse", "finditer", "load_all", "safe_load_all", "__iter__"}
)


def of_direct(stop: Stop, module: Module) -> Fix | None:
    """The blocking call awaited by its asynchronous twin, or in a thread. None where neither is sure to help."""
    if not isinstance(stop.call, ast.Call) or module.is_in_comprehension(stop.call):
        return None
    if stop.callable == "builtins.input" or holds_mutex(stop.call, module):
        return None
    if stop.callable == "time.sleep":
        return Fix(awaited("asyncio.sleep"), imports=("asyncio",), safety=Safety.SAFE)
    if stop.kind is Kind.DB or not frees(stop.entry) or stop.callable.rpartition(".")[2] in _LATER:
        return None
    if carries_bound_object(stop.call, module):
        return None
    target = offload_primitive(module)
    return Fix(in_thread(target), imports=(target,), safety=Safety.UNSAFE)


def of_helper(stops: list[Stop], module: Module) -> Fix | None:
    """All calls that one finding names go to a thread, else it would stay."""
    calls = dict.fromkeys(stop.call for stop in stops if isinstance(stop.call, ast.Call))
    if any(stop.call not in calls for stop in stops):
        return None  # a property cannot be handed over
    if any(stop.handed for stop in stops):
        return None  # who calls it would have to hand it on
    if any(stop.kind is Kind.DB or not frees(stop.entry) for stop in stops):
        return None
    summaries = [module.summary(call) for call in calls]
    if any(made is None or made.queries or made.commits for made in summaries):
        return None  # a session must not travel to another thread
    resolver = module.project.resolver
    if any(holds_mutex(call, module) or needs_loop(entered(call, module), resolver) for call in calls):
        return None
    if any(module.is_in_comprehension(call) or carries_bound_object(call, module) for call in calls):
        return None
    target = offload_primitive(module)
    first, *others = calls
    return Fix(in_thread(target), imports=(target,), safety=Safety.UNSAFE, target=first, also=tuple(others))


_MOST_LINES = 5


def also_on(stops: list[Stop]) -> str:
    """The other lines of the same function, to follow what is said of the first."""
    first, more = stops[0], siblings(stops)
    named = ", ".join(f"`{each}`" for each in first.besides)
    besides = f" It also reaches {named}." if named else ""
    if not more:
        return besides
    *lines, last = map(str, more[:_MOST_LINES])
    if len(more) > _MOST_LINES:
        lines, last = [*lines, last], f"{len(more) - _MOST_LINES} more"
    told = f"{', '.join(lines)} and {last}" if lines else last
    return f"{besides} The same happens on line{'s' if lines else ''} {told}."


def siblings(stops: list[Stop]) -> tuple[int, ...]:
    """The lines of a finding's other calls."""
    first, *others = stops
    return tuple(sorted({stop.call.lineno for stop in others if stop.call is not first.call}))


def leaves(stops: Iterable[Stop]) -> tuple[str, ...]:
    """What a finding's calls reach, each once."""
    return tuple(dict.fromkeys(name for stop in stops for name in (stop.callable, *stop.besides)))


def ways(stops: Iterable[Stop]) -> tuple[Hop, ...]:
    """What a finding's calls pass through, from what waits to the call."""
    return tuple(dict.fromkeys(hop for stop in stops for hop in reversed(stop.path)))


def cause(stop: Stop) -> str:
    """Findings with one leaf are one comment."""
    if not stop.path:
        return ""
    leaf = stop.path[-1]
    return f"{leaf.path}:{leaf.line}:{stop.callable}"


def matches(
    function: ast.AsyncFunctionDef, module: Module, code: str, place: str, often: str = ""
) -> Iterator[Match]:
    """What `code` says of `function`: its own blocking calls, then one for each kind that helpers bring.

    `place` follows "on the event loop" and says what makes it worse here, `often` how often it runs unless the code itself
    says that it is less.
    """
    for call in own_calls(function):
        stop = direct(call, module)
        if stop is None or stop.code != code:
            continue
        match = Match(
            call,
            f"`{stop.callable}` runs on the event loop {place}{_each_time(stop, often, module)}; {effect(stop, module)}.",
            severity=_severity(stop, often, module),
            confidence=_confidence(stop, often, module),
            fix=of_direct(stop, module),
            impact=expected(stop, module),
            instead=remedies.of_call(stop, module),
        )
        yield match.doubted() if _is_nothing(stop, module) else match
    for stops in by_kind(function, module, code):
        worst = stops[0]
        match = Match(
            worst.call,
            f"`{worst.name}` reaches `{worst.callable}` on the event loop {place}{_each_time(worst, often, module)};"
            f" {effect(worst, module)}." + also_on(stops),
            severity=_severity(worst, often, module),
            confidence=_confidence(worst, often, module),
            fix=of_helper(stops, module),
            call_path=worst.call_path(module),
            siblings=siblings(stops),
            leaves=leaves(stops),
            related=ways(stops),
            cause=cause(worst),
            impact=expected(worst, module),
            instead=remedies.of_helpers(stops, module),
        )
        yield match.doubted() if _is_nothing(worst, module) else match


def _is_nothing(stop: Stop, module: Module) -> bool:
    """Whether it weighs little and no loop repeats it."""
    return weighs_little(stop, module) and not module.loops(stop.call)


def _each_time(stop: Stop, often: str, module: Module) -> str:
    return "" if stop.seldom or stop.under_condition or _is_conditional(stop, module) else often


def _severity(stop: Stop, often: str, module: Module) -> Severity:
    if often and _is_conditional(stop, module):
        return min(stop.severity, Severity.HIGH, key=lambda each: each.rank)
    return stop.severity


def _confidence(stop: Stop, often: str, module: Module) -> Confidence:
    """Where the point is that all requests pay, there is little to say of what some cause by failing, or the first of many."""
    if often and (on_failure(stop.call, module) or keeps_answer(stop)):
        return Confidence.POSSIBLE
    if stop.code == "FP105" and stop.under_condition:
        return Confidence.POSSIBLE
    return confidence(stop, module)


def _is_conditional(stop: Stop, module: Module) -> bool:
    flags = module.call_flags(stop.call) if isinstance(stop.call, ast.Call) else 0
    return bool(flags & (facts.CONDITIONAL | facts.FAILING))
