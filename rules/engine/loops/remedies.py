"""What to do about a call that stops the event loop, in a sentence that can be acted on by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.costs.measured import frees
from rules.engine.loops.loop_calls import Stop, offload_primitive
from rules.engine.reading.regexes import regex
from rules.libraries import Kind

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.libraries import Blocking

_THREAD = "a worker thread"
_PROCESSES = "a process pool"
_QUEUE = "a queue worker"
_ELSEWHERE = (_THREAD, _PROCESSES, _QUEUE, "an inference server")
_PLAIN = regex(r", or a plain `def`.*")
"""What an endpoint may be instead, but no helper that is one already, nor what is no endpoint."""
_NEVER_PLAIN = frozenset({"FP105", "FP106"})
"""Middleware, streams and websockets."""
_SHARED = frozenset({"redis", "valkey", "pymongo", "elasticsearch", "opensearchpy"})
"""Whose clients are made for several threads."""
_TOGETHER = "make one function of these calls and hand it to a worker thread"


def of_call(stop: Stop, module: Module) -> str:
    """What to use for a call, or where to run it; empty where nobody has said."""
    use = stop.instead if stop.code not in _NEVER_PLAIN else _PLAIN.sub("", stop.instead)
    if stop.callable.endswith(".__iter__") and use.startswith(_THREAD):
        return f"Make a function that returns `{stop.name}(…)` as a list, and hand it to {_THREAD}: `await {_offload(module)}(...)`."
    return of_entry(stop.entry, stop.name, module, use=use)


def of_calls(stops: Sequence[Stop], module: Module) -> str:
    """The same for several calls of one function, which one thread can make together."""
    alone = of_call(stops[0], module)
    if len(stops) == 1 or not all(frees(each.entry) for each in stops):
        return alone
    together = f"{_TOGETHER}: `await {_offload(module)}(...)`."
    if not alone or stops[0].instead.startswith(_THREAD):
        return together[:1].upper() + together[1:]
    return f"{alone.removesuffix('.')}; or {together}"


def of_helpers(stops: Sequence[Stop], module: Module) -> str:
    """What to do about helpers in which calls stop the loop: a thread for the helper, or another call in it."""
    stop = stops[0]
    helper = stop.name
    if stop.handed:
        called = stop.path[0].symbol
        return f"Where `{helper}` calls `{called}`, hand it to {_THREAD}: `await {_offload(module)}({called}, …)`."
    if stop.instead.startswith(_ELSEWHERE) and not stop.instead.startswith(_THREAD):
        return of_entry(stop.entry, helper, module, use=stop.instead)
    use = _PLAIN.sub("", stop.instead).removesuffix(f", or {_THREAD}")
    other = _use(use, _short(stop.callable), helper)
    hand = f"Hand `{helper}` to {_THREAD}: `await {_offload(module)}({helper}, …)`"
    if use.startswith(_THREAD):
        return f"{hand}."
    if stop.entry.construct or not all(frees(each.entry) for each in stops):
        return other
    if stop.kind is Kind.DB and (own := _bound(stop.entry.name)):
        return f"{other.removesuffix('.')}; or hand `{helper}` to {_THREAD}, with {own} of its own."
    if not other or use.startswith(_ELSEWHERE):
        return f"{hand}."
    return f"{hand}; or {other[:1].lower()}{other[1:]}"


def of_entry(entry: Blocking, called: str, module: Module, use: str = "") -> str:
    """What to do about a call of `entry`, which the code spells `called`."""
    use = use or entry.instead
    if not use.startswith(_ELSEWHERE):
        told = _use(use, called)
        if entry.kind is Kind.CPU or "await " in use or not told.endswith(f"`{called}`."):
            return told
        return f"{told.removesuffix('.')}, and await it."
    where, _, reason = use.partition(": ")
    where, _, other = where.partition(", or ")
    told = f"Run `{called}` in {where}"
    match where:
        case "a worker thread":
            told += f": `await {_offload(module)}({called}, …)`"
        case "a process pool":
            told += f": `await loop.run_in_executor(pool, {called}, …)`"
        case "a queue worker":
            later = "a queue worker (arq, taskiq, Celery), and answer with the job's id meanwhile"
            told = (
                f"Run `{called}` in a worker thread: `await {_offload(module)}({called}, …)`; or in {later}"
                if frees(entry)
                else f"Run `{called}` in {later}"
            )
    if other:
        told += f"; or {'in' if other.startswith(_ELSEWHERE) else 'use'} {other}"
    if reason:
        told += f"; {reason}"
    return f"{told}.{' It holds the interpreter, so a thread does not help.' if entry.holds_gil else ''}"


def _use(use: str, called: str, helper: str = "") -> str:
    """`use` are words that follow "use": what the call is exchanged for comes behind the first of them."""
    if not use:
        return ""
    end = min((at for mark in (", or ", ": ", "; ") if (at := use.find(mark)) >= 0), default=len(use))
    where = f" in `{helper}`" if helper else ""
    return f"Use {use[:end]} for `{called}`{where}{use[end:]}."


def _bound(name: str) -> str:
    """What of a database's client must not travel to another thread; empty where the client may be shared."""
    library = libraries.library(name)
    if library in _SHARED:
        return ""
    return "a session" if library in ("sqlalchemy", "sqlmodel") else "a connection"


def _offload(module: Module) -> str:
    return offload_primitive(module).removeprefix("fastapi.concurrency.")


def _short(name: str) -> str:
    """`requests.get` as it is, `Session.get` of `sqlalchemy.orm.Session.get`."""
    parts = name.removeprefix("builtins.").split(".")
    owner = next((at for at, part in enumerate(parts[:-1]) if part[:1].isupper()), 0)
    return ".".join(parts[owner:])
