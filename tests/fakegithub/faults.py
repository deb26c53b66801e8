"""Knobs that make GitHub misbehave: each hits chosen operations, skips `after` of them and strikes `times` times."""

from __future__ import annotations

import asyncio
import fnmatch
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

KINDS = frozenset(
    {
        "latency", "late", "status", "drop", "commit_then_drop", "commit_then_status", "truncate", "primary", "secondary",
        "call", "hook_dup", "hook_drop", "hook_reorder", "graphql_partial", "redirect", "empty",
    }
)  # fmt: skip
DEFAULTS: dict[str, dict[str, Any]] = {
    "latency": {"seconds": 1.0},
    "status": {"status": 502},
    "commit_then_status": {"status": 502},
    "primary": {"reset_in": 60},
    "secondary": {"retry_after": 60, "status": 403},
}
UNICORN = (
    "<!DOCTYPE html>\n<html>\n<head><title>Unicorn! &middot; GitHub</title></head>\n<body>\n<p><strong>This page is "
    "taking too long to load.</strong></p>\n<p>Sorry about that. Please try refreshing and contact us if the problem "
    "persists.</p>\n</body>\n</html>\n"
)


@dataclass
class Fault:
    """One knob. `op` is an operationId, a pattern of them (`checks/*`), `graphql`, `codeload`, an event, or None: all."""

    kind: str
    op: str | None = None
    after: int = 0
    times: int | None = 1
    settings: dict[str, Any] = field(default_factory=dict)
    struck: int = 0

    def matches(self, op: str) -> bool:
        return self.op is None or fnmatch.fnmatchcase(op, self.op)


@dataclass
class Faults:
    """The knobs that are set."""

    active: list[Fault] = field(default_factory=list)
    random: random.Random = field(default_factory=lambda: random.Random(7))

    def add(
        self, kind: str, op: str | None = None, *, after: int = 0, times: int | None = 1, **settings: Any
    ) -> Fault:
        """Set a knob; `times=None` keeps it set. Settings by kind:

        latency: seconds (a number or a pair) · status, commit_then_status: status · primary: reset_in ·
        secondary: retry_after (None: header absent), status · call: function · hook_*: op is the event name.
        """
        if kind not in KINDS:
            raise ValueError(f"no such fault: {kind}")
        fault = Fault(kind, op, after, times, {**DEFAULTS.get(kind, {}), **settings})
        self.active.append(fault)
        return fault

    def clear(self) -> None:
        self.active.clear()

    def latency(
        self,
        seconds: float | tuple[float, float],
        op: str | None = None,
        *,
        after: int = 0,
        times: int | None = None,
    ) -> Fault:
        return self.add("latency", op, after=after, times=times, seconds=seconds)

    async def wait(self, fault: Fault) -> None:
        """As long as a `latency` says; one that strikes every time ends for all when it is taken away."""
        until = time.monotonic() + self.seconds(fault)
        if fault.times is not None:
            await asyncio.sleep(self.seconds(fault))
            return
        while fault in self.active and time.monotonic() < until:  # noqa: ASYNC110 - the list is the test's to change
            await asyncio.sleep(0.05)

    def late(
        self, until: asyncio.Event, op: str | None = None, *, after: int = 0, times: int | None = 1
    ) -> Fault:
        """Done at once, answered when the event is set: what the answer says may no longer be so."""
        return self.add("late", op, after=after, times=times, until=until)

    def status(self, status: int, op: str | None = None, *, after: int = 0, times: int | None = 1) -> Fault:
        """GitHub's HTML page with that status; nothing was done."""
        return self.add("status", op, after=after, times=times, status=status)

    def drop(self, op: str | None = None, *, after: int = 0, times: int | None = 1) -> Fault:
        """The connection closes before anything was done. (aiohttp repeats a GET by itself once.)"""
        return self.add("drop", op, after=after, times=times)

    def commit_then_drop(self, op: str | None = None, *, after: int = 0, times: int | None = 1) -> Fault:
        """The write happens, then the connection closes."""
        return self.add("commit_then_drop", op, after=after, times=times)

    def commit_then_status(
        self, status: int = 502, op: str | None = None, *, after: int = 0, times: int | None = 1
    ) -> Fault:
        """The write happens, and the client hears a server error."""
        return self.add("commit_then_status", op, after=after, times=times, status=status)

    def truncate(self, op: str | None = None, *, after: int = 0, times: int | None = 1) -> Fault:
        """Half of the JSON with the right status, and the length of that half."""
        return self.add("truncate", op, after=after, times=times)

    def primary(
        self, op: str | None = None, *, reset_in: float = 60, after: int = 0, times: int | None = 1
    ) -> Fault:
        return self.add("primary", op, after=after, times=times, reset_in=reset_in)

    def secondary(
        self,
        op: str | None = None,
        *,
        retry_after: float | None = 60,
        status: int = 403,
        after: int = 0,
        times: int | None = 1,
    ) -> Fault:
        return self.add("secondary", op, after=after, times=times, retry_after=retry_after, status=status)

    def call(
        self, function: Callable[[], Any], op: str | None = None, *, after: int = 0, times: int | None = 1
    ) -> Fault:
        """Run a function (or coroutine function) just before the operation: something happens in between."""
        return self.add("call", op, after=after, times=times, function=function)

    def hook_dup(self, event: str | None = None, *, after: int = 0, times: int | None = 1) -> Fault:
        """A delivery arrives twice with the same GUID."""
        return self.add("hook_dup", event, after=after, times=times)

    def hook_drop(self, event: str | None = None, *, after: int = 0, times: int | None = 1) -> Fault:
        """A delivery never arrives; the log shows it as failed."""
        return self.add("hook_drop", event, after=after, times=times)

    def hook_reorder(self, event: str | None = None, *, after: int = 0, times: int | None = 1) -> Fault:
        """A delivery is held back until the next one was made."""
        return self.add("hook_reorder", event, after=after, times=times)

    def take(self, op: str, *kinds: str) -> list[Fault]:
        """The knobs of these kinds that strike now; counts them."""
        struck = []
        for fault in list(self.active):
            if fault.kind not in kinds or not fault.matches(op):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.struck += 1
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.active.remove(fault)
            struck.append(fault)
        return struck

    def seconds(self, fault: Fault) -> float:
        wanted = fault.settings["seconds"]
        if isinstance(wanted, tuple | list):
            return self.random.uniform(wanted[0], wanted[1])
        return float(wanted)
