"""What a call that stops the event loop does to others, how long for, and how sure that is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.costs import estimates
from rules.engine.data.embedded import is_embedded
from rules.engine.finding import Confidence, Impact, Options, Severity
from rules.engine.kept_answers import once_for_node
from rules.engine.loops.loop_calls import (
    AFTER_FAILURE,
    ASIDE,
    AT_START,
    FIRST_TIME,
    OPENING,
    TYPED,
    WISHED,
    Stop,
    is_hardly_felt,
    is_idle,
    only_starts,
)
from rules.engine.reading import facts
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.origins import assigned
from rules.engine.reading.quick_programs import is_at_once
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import FUNCTIONS
from rules.engine.reading.walking import nodes_of, walk
from rules.engine.service.local_tools import taken_for_local
from rules.engine.service.staff import is_for_staff, is_job_of_staff, refuses_before
from rules.engine.service.traffic import (
    CHANGING,
    gives_form,
    is_for_admins,
    is_trial,
    makes_kinds,
    only_keeps_account,
)
from rules.libraries import Kind

if TYPE_CHECKING:
    from rules.engine.module import Module

_ENDING = regex(r"_*(?:abort|terminate|kill|expire|evict)(?:_|$)")
"""Names of what ends something before its time."""
_TABLES = frozenset({"read_csv", "read_json", "read_excel"})
_WORKBOOKS = frozenset({"openpyxl", "xlsxwriter"})
_A_WHILE = 0.25
"""Seconds of sleep from which on also administrators count."""
_OF_STORES = frozenset(
    {"remove_object", "delete_object", "stat_object", "head_object", "object_exists", "bucket_exists"}
)
"""Methods of clients of stores of files that move no contents."""
_WRITES = frozenset({"socket.socket.send", "socket.socket.sendall"})
_REDIS = frozenset({"redis", "valkey"})


def suffering(stop: Stop, module: Module) -> str:
    """What others suffer meanwhile."""
    return "this worker serves nobody" if module.reached(stop.call) else "nothing else on its loop goes on"


def effect(stop: Stop, module: Module) -> str:
    """What the reader's worker suffers, to follow the name of the call; where no request is seen to get, its loop."""
    suffers = suffering(stop, module)
    if stop.seldom:
        return f"{stop.seldom}, {suffers} meanwhile"
    if only_starts(stop):
        return f"for the milliseconds that it takes to start a program, {suffers}"
    if stop.entry.name in OPENING:
        return f"while it opens the file, {suffers}"
    match stop.kind:
        case Kind.SLEEP:
            return f"while it sleeps, {suffers}"
        case Kind.PROC:
            return f"while the program runs, {suffers}"
        case Kind.DB:
            who = "Redis answers" if stop.entry.name.startswith("redis.") else "the database works"
            return f"while {who}, {suffers}"
        case Kind.CPU:
            return f"while it computes, {suffers}"
    return f"while it waits, {suffers}"


def expected(stop: Stop, module: Module) -> Impact:
    """The estimate for one stop."""
    if not module.reached(stop.call):
        return _expected_of_others(stop, module.options)
    options = module.options
    match stop.kind:
        case Kind.SLEEP:
            seconds = _seconds(stop.call) if isinstance(stop.call, ast.Call) and not stop.path else None
            if seconds:
                return estimates.blocked_loop(options, seconds * 1000, key="sleep_ms", what="of sleep")
            return estimates.unknown_duration(options)
        case Kind.NET:
            return estimates.blocked_loop(
                options, estimates.http_ms(options), key="http_latency_ms", what="upstream"
            )
        case Kind.DB:
            key, milliseconds = _round_trip(stop, options)
            return estimates.loop_lag(options, milliseconds, key=key, what="round trip")
        case Kind.CPU if stop.entry.seconds:
            return estimates.loop_lag(options, stop.entry.seconds * 1000, key="milliseconds", what="call")
    return estimates.unknown_duration(options)


def _expected_of_others(stop: Stop, options: Options) -> Impact:
    """The estimate where no request is seen to get: a job, a bot, a loop of its own."""
    match stop.kind:
        case Kind.SLEEP:
            seconds = _seconds(stop.call) if isinstance(stop.call, ast.Call) and not stop.path else None
            return estimates.loop_of_others((seconds or 0) * 1000, key="sleep_ms", what="of sleep")
        case Kind.NET:
            return estimates.loop_of_others(
                estimates.http_ms(options), key="http_latency_ms", what="upstream"
            )
        case Kind.DB:
            key, milliseconds = _round_trip(stop, options)
            return estimates.loop_of_others(milliseconds, key=key, what="per round trip")
        case Kind.CPU if stop.entry.seconds:
            return estimates.loop_of_others(stop.entry.seconds * 1000, what="per call")
    return estimates.loop_of_others()


def _round_trip(stop: Stop, options: Options) -> tuple[str, float]:
    """What a round trip of the call takes, and the assumption that says so."""
    if libraries.library(stop.entry.name) in _REDIS:
        return "redis_round_trip_ms", estimates.redis_ms(options)
    return "db_round_trip_ms", estimates.db_ms(options)


def confidence(stop: Stop, module: Module) -> Confidence:
    """How sure the first stop of a finding is, behind which the others stand.

    Of what happens seldom there is little to say where no request is seen to wait for it, nor of a call that the other arm
    of its branch hands to a thread: there somebody has thought of what waits.
    """
    if stop.path and ((stop.seldom and not module.reached(stop.call)) or _is_handed_over_else(stop, module)):
        return Confidence.POSSIBLE
    if not module.reached(stop.call) and _asks_at_terminal(stop.call, module):
        return Confidence.POSSIBLE
    if stop.path and (stop.of_kind or _ends_something(stop)):
        return (
            Confidence.POSSIBLE
        )  # nothing shows that this caller has such a value, or that there is something to end
    if is_idle(stop) or is_hardly_felt(stop) or (stop.seldom == AFTER_FAILURE and stop.path):
        return Confidence.POSSIBLE
    if (
        stop.seldom in (WISHED, FIRST_TIME, AT_START, ASIDE)
        or only_starts(stop)
        or _is_done_at_once(stop)
        or _waits_for_end(stop)
        or stop.entry.name in OPENING
    ):
        return Confidence.POSSIBLE
    return Confidence.LIKELY if stop.seldom else Confidence.CERTAIN


def _is_done_at_once(stop: Stop) -> bool:
    """Whether it runs a program that is done as soon as it has started: `run(["kill", "-9", number])`."""
    if stop.kind is not Kind.PROC or stop.path or not isinstance(stop.call, ast.Call):
        return False
    return is_at_once(stop.call, stop.entry.name)


def _waits_for_end(stop: Stop) -> bool:
    """Whether it only waits for a program that was just told to end."""
    return stop.kind is Kind.PROC and stop.severity is Severity.LOW and not stop.entry.construct


def writes_frame(stop: Stop) -> bool:
    """Whether a table that is in memory is written out (`frame.to_csv()`): as often as not, a small one."""
    package, _, name = stop.callable.partition(".")
    return package in ("pandas", "polars") and name.rpartition(".")[2].startswith(("to_", "write_"))


def reads_same_table(stop: Stop, module: Module) -> bool:
    """Whether a function that takes nothing reads a file into a table (`pandas.read_csv`): the same each time, and a part of the
    program, so most likely a short one. That it is read again and again another rule says."""
    package, _, name = stop.callable.partition(".")
    if package not in ("pandas", "polars") or name.rpartition(".")[2] not in _TABLES:
        return False
    function = module.function_of(stop.call)
    return function is not None and not any(isinstance(each, ast.arg) for each in walk(function.node.args))


def weighs_little(stop: Stop, module: Module) -> bool:
    """Whether a statement is answered by SQLite, in this process, where a row by its key takes less than the way to a thread; or
    only administrators are seen to ask for it, those who make a kind of things, or whoever sits at the machine; or a scheduler
    makes it or another request once in a while, and nobody but administrators; or whoever tries out what was just set up. So with
    what administrators have computed, wait for no longer than for a statement or try out, with forms that are to be filled in,
    with hashes of who is signed in and changes a password, and with a few words that a socket takes at once."""
    if stop.kind in (Kind.DB, Kind.NET) and is_job_of_staff(stop.call, module):
        return True
    if stop.callable.partition(".")[0] in _WORKBOOKS and gives_form(stop.call, module):
        return True
    if _writes_a_few_words(stop, module) and not _is_repeated(stop, module):
        return True
    if stop.kind in (Kind.DB, Kind.CPU) and (
        is_for_admins(stop.call, module) or refuses_before(stop.call, module)
    ):
        return True
    if stop.kind is Kind.CPU and stop.entry.seconds and only_keeps_account(stop.call, module):
        return True
    if (
        (_is_short(stop) or (stop.kind is Kind.NET and is_trial(stop.call, module)))
        and (is_for_admins(stop.call, module) or is_for_staff(stop.call, module))
        and not _is_repeated(stop, module)
    ):
        return True
    if stop.kind in (Kind.NET, Kind.PROC, Kind.SLEEP) and _is_done_by_staff(stop, module):
        return True
    return stop.kind is Kind.DB and (
        is_embedded(stop.callable, module)
        or bool(taken_for_local(module.project))
        or makes_kinds(stop.call, module)
        or is_trial(stop.call, module)
    )


def _is_done_by_staff(stop: Stop, module: Module) -> bool:
    """Whether only those who run the system have it done, by a click: a plugin is fetched, all customers get a mail. What they look
    at is loaded again and again, and a language model takes its time whoever asks."""
    known = libraries.external(stop.callable)
    endpoints = module.endpoints(stop.call)
    return (
        not (known is not None and known.kind == "llm")
        and bool(endpoints)
        and all(each.method in CHANGING for each in endpoints)
        and (is_for_admins(stop.call, module) or is_for_staff(stop.call, module))
        and not (stop.kind is Kind.SLEEP and _is_repeated(stop, module))
    )


def _is_short(stop: Stop) -> bool:
    """Whether it sleeps for a moment that is written out, or asks the store of files for no contents."""
    if stop.kind is Kind.SLEEP and not stop.path and isinstance(stop.call, ast.Call):
        return (_seconds(stop.call) or _A_WHILE) < _A_WHILE
    return stop.kind is Kind.NET and stop.callable.rpartition(".")[2] in _OF_STORES


def _is_repeated(stop: Stop, module: Module) -> bool:
    """Whether a loop on the way makes many waits of one, each of them short."""
    if module.is_repeated(stop.call):
        return True
    for hop in stop.path:
        linked = module.project.resolver.modules.get(hop.path)
        function = next(linked.functions_at(hop.line), None) if linked is not None else None
        if function is not None and any(
            call.line == hop.line and ("*" in call.path or call.flags & facts.WHILE)
            for call in function.calls
        ):
            return True
    return False


def _writes_a_few_words(stop: Stop, module: Module) -> bool:
    """`sock.send(b"STOP")`, of text that is written out: it fits into the buffer of the system, and nobody waits for the other side."""
    if stop.callable not in _WRITES or stop.path or not isinstance(stop.call, ast.Call) or not stop.call.args:
        return False
    told = stop.call.args[0]
    if isinstance(told, ast.Call) and isinstance(told.func, ast.Attribute) and told.func.attr == "encode":
        told = told.func.value
    if isinstance(told, ast.Name):
        told = assigned(told, module) or told
    return isinstance(told, ast.Constant)


def _asks_at_terminal(node: ast.AST, module: Module) -> bool:
    """Whether the function around `node`, or another method of its class, waits for somebody to type: nobody is served there."""
    found = module.graph_node(node)
    if found is None:
        return False
    functions = module.project.files[module.path].functions
    return any(
        call.ref == TYPED
        for function in functions
        if function is found.function or (function.owner and function.owner == found.function.owner)
        for call in function.calls
    )


def _ends_something(stop: Stop) -> bool:
    """Whether a helper that is for something else gives up what it finds too old, or ended by others, on the way:
    `get_session` with `if session.is_over(): abort_session()`."""
    if not stop.under_condition or _ENDING.match(stop.name.rpartition(".")[2]):
        return False
    return any(_ENDING.match(hop.symbol.rpartition(".")[2]) for hop in stop.path[:-1])


def _is_handed_over_else(stop: Stop, module: Module) -> bool:
    """`if job.waits: pool.submit(job.run)`, and `job.run()` in the other arm."""
    function = module.function_of(stop.call)
    handed = _handed_in(function.node if function is not None else module.tree, module).get(stop.name, ())
    around = {each for given in handed for each in _around(given, module)}
    child: ast.AST = stop.call
    parent = module.parent(child) if around else None
    while parent is not None and not isinstance(parent, FUNCTIONS):
        if isinstance(parent, ast.If):
            other = parent.orelse if child in parent.body else parent.body if child in parent.orelse else []
            if not around.isdisjoint(other):
                return True
        child, parent = parent, module.parent(parent)
    return False


@once_for_node
def _handed_in(function: ast.AST, _: Module) -> dict[str, list[ast.expr]]:
    """What calls in a function are given, as the reader knows it."""
    found: dict[str, list[ast.expr]] = {}
    for call in nodes_of(function, ast.Call):
        for given in call.args:
            found.setdefault(spelled(given), []).append(given)
    return found


def _around(node: ast.AST, module: Module) -> Iterator[ast.AST]:
    above = module.parent(node)
    while above is not None:
        yield above
        above = module.parent(above)


def _seconds(call: ast.Call) -> float | None:
    """The literal duration of `sleep(0.5)`."""
    argument = call.args[0] if call.args else None
    if isinstance(argument, ast.Constant) and isinstance(argument.value, (int, float)):
        return float(argument.value)
    return None
