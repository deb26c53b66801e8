"""GitHub's limits for one installation, as its answers tell them.

Primary limits are counted per resource (`core`, `graphql`) and reset at a time GitHub names. Secondary limits are
not announced: a 403 or 429 says that one was met, with or without a time to wait. Writes go out evenly, because
GitHub counts created content per minute and never says how much is left.
"""

from __future__ import annotations

import email.utils
import time
from collections import deque
from collections.abc import Callable, Mapping

_UNANNOUNCED = 60.0
"""Seconds to wait, at the least, when a secondary limit comes without `retry-after`; doubled each time."""
_LONGEST = 15 * 60.0
_BURST = 10
_WRITE_INTERVAL = 1.0
_WRITES_AN_HOUR = 500
_HOUR = 3600.0


class Limits:
    """What is known about the limits of one installation. Times are seconds since the epoch."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._reset: dict[str, float] = {}
        self._secondary_until = 0.0
        self._strikes = 0
        self._next_write = 0.0
        self._shares: dict[str, tuple[float, float]] = {}
        """Primary budget used, and until when that counts, by resource."""
        self._writes: deque[float] = deque()
        self.burst = _BURST
        """Writes that may follow one another at once."""
        self.remaining: dict[str, int] = {}
        """Primary calls left by resource, as of the last answer."""

    def observe(self, headers: Mapping[str, str], *, refused: bool) -> None:
        """Take note of an answer's headers; `refused` when the answer itself is a limit's."""
        resource = headers.get("x-ratelimit-resource", "core")
        try:
            remaining = int(headers["x-ratelimit-remaining"])
            reset = float(headers["x-ratelimit-reset"])
        except (KeyError, ValueError):
            pass
        else:
            self.remaining[resource] = remaining
            if (limit := _seconds(headers.get("x-ratelimit-limit"))) is not None and limit > 0:
                until = self._clock() + self._ahead(headers, reset)
                self._shares[resource] = (1 - remaining / limit, until)
            if remaining > 0:
                self._reset.pop(resource, None)
            else:
                self._reset[resource] = self._clock() + self._ahead(headers, reset)
        if not refused:
            self._strikes = 0

    def refused(self, headers: Mapping[str, str], *, resource: str = "core") -> float:
        """A limit refused a call: the time from which calls may be made again."""
        now = self._clock()
        retry_after = _seconds(headers.get("retry-after"))
        if retry_after is None and self._reset.get(resource, 0.0) > now:
            return self._reset[resource]
        if retry_after is None:
            retry_after = min(_UNANNOUNCED * 2.0**self._strikes, _LONGEST)
            self._strikes += 1
        self._secondary_until = max(self._secondary_until, now + retry_after)
        return self._secondary_until

    def until(self, resource: str) -> float:
        """The time from which `resource` may be called; in the past when it may be called now."""
        return max(self._reset.get(resource, 0.0), self._secondary_until)

    def write_turn(self) -> float:
        """Reserve a turn to write: the seconds to wait for it. A burst goes at once, then one a second."""
        now = self._clock()
        self._next_write = max(self._next_write, now - self.burst * _WRITE_INTERVAL) + _WRITE_INTERVAL
        self._writes.append(self._next_write)
        return max(0.0, self._next_write - now)

    def used(self) -> float:
        """How much of a budget is used up, of the tightest: what GitHub announces, and created content an hour."""
        now = self._clock()
        while self._writes and self._writes[0] < now - _HOUR:
            self._writes.popleft()
        shares = [share for share, until in self._shares.values() if until > now]
        return max([*shares, len(self._writes) / _WRITES_AN_HOUR])

    def _ahead(self, headers: Mapping[str, str], reset: float) -> float:
        """Seconds until `reset` by GitHub's own clock, which ours may differ from."""
        date = server_time(headers)
        return max(0.0, reset - (self._clock() if date is None else date)) + 1.0


def server_time(headers: Mapping[str, str]) -> float | None:
    """The `Date` of an answer in seconds since the epoch, or None."""
    try:
        return email.utils.parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None


def is_limit(status: int, headers: Mapping[str, str], message: str) -> bool:
    """Whether an answer is a limit's doing and not a missing permission. A limit comes as 403 or as 429."""
    if status == 429:
        return True
    if status != 403:
        return False
    said = message.lower()
    return (
        "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
        or "rate limit" in said
        or "abuse detection" in said
        or "temporarily blocked" in said
    )


def _seconds(value: str | None) -> float | None:
    try:
        return None if value is None else max(0.0, float(value))
    except ValueError:
        return None
