"""GitHub's limits: the hourly budgets it announces, the secondary ones it does not, and what calling on regardless means."""

from __future__ import annotations

import collections
from dataclasses import dataclass, field

from .errors import ApiError

SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. "
    "Please retry your request again later.",
)
# Operations that notify people or create content.
CONTENT = frozenset(
    {
        "pulls/create-review", "pulls/create-review-comment", "pulls/create-reply-for-review-comment",
        "issues/create-comment", "checks/create", "repos/create-commit-status",
    }
)  # fmt: skip


@dataclass
class Bucket:
    limit: int
    reset: float
    used: int = 0

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


@dataclass
class Limits:
    """Counters per principal. Every number may be changed by a test; `secondary = False` lifts the unannounced ones."""

    core: int = 5000
    graphql: int = 5000
    window: float = 3600
    secondary: bool = True
    rest_points: int = 900
    graphql_points: int = 2000
    concurrent: int = 100
    content_minute: int = 80
    content_hour: int = 500
    in_flight: float = 0.5
    """Seconds in which a request may arrive that was sent before its sender heard of the limit."""
    buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)
    flying: collections.Counter[str] = field(default_factory=collections.Counter)
    points: dict[tuple[str, str], collections.deque[tuple[float, int]]] = field(default_factory=dict)
    contents: dict[str, collections.deque[float]] = field(default_factory=dict)
    blocked: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Principal -> (moment it was told, moment it may come back)."""
    spent: collections.Counter[str] = field(default_factory=collections.Counter)
    """Points of the secondary limits used since the start."""

    def bucket(self, key: str, resource: str, now: float) -> Bucket:
        bucket = self.buckets.get((key, resource))
        limit = self.graphql if resource == "graphql" else self.core
        if bucket is None or bucket.reset <= now:
            bucket = self.buckets[(key, resource)] = Bucket(limit, now + self.window)
        return bucket

    def headers(self, key: str, resource: str, now: float) -> dict[str, str]:
        bucket = self.bucket(key, resource, now)
        return {
            "x-ratelimit-limit": str(bucket.limit),
            "x-ratelimit-remaining": str(bucket.remaining),
            "x-ratelimit-used": str(min(bucket.used, bucket.limit)),
            "x-ratelimit-reset": str(int(bucket.reset)),
            "x-ratelimit-resource": resource,
        }

    def admit(self, key: str, operation: str, *, write: bool, graphql: bool, now: float) -> None:
        """Count a request. Raises ApiError when a limit refuses it."""
        resource = "graphql" if graphql else "core"
        if operation == "rate-limit/get":
            return
        if self.bucket(key, resource, now).remaining <= 0 and not graphql:
            raise ApiError(403, f"API rate limit exceeded for {key}.")
        points = 5 if write else 1
        self.spent[key] += points
        window = self.points.setdefault((key, resource), collections.deque())
        _expire(window, now - 60)
        window.append((now, points))
        if not self.secondary:
            return
        if self.flying[key] > self.concurrent:
            raise self.refuse(key, now)
        if sum(cost for _, cost in window) > (self.graphql_points if graphql else self.rest_points):
            raise self.refuse(key, now)
        if operation in CONTENT:
            recent = self.contents.setdefault(key, collections.deque())
            while recent and recent[0] < now - 3600:
                recent.popleft()
            recent.append(now)
            if len(recent) > self.content_hour or sum(at > now - 60 for at in recent) > self.content_minute:
                raise self.refuse(key, now, content=True)

    def refuse(
        self,
        key: str,
        now: float,
        *,
        status: int = 403,
        retry_after: float | None = 60,
        content: bool = False,
    ) -> ApiError:
        """The secondary limit's answer; the principal is remembered as told."""
        headers = {}
        if retry_after is not None:
            headers["retry-after"] = str(int(retry_after))
            self.blocked[key] = (now, now + retry_after)
        return ApiError(status, SECONDARY[content], headers=headers)

    def exhaust(self, key: str, resource: str, now: float, reset_in: float) -> None:
        bucket = self.bucket(key, resource, now)
        bucket.used, bucket.reset = bucket.limit, float(int(now + reset_in))
        self.blocked[key] = (now, bucket.reset)

    def told_to_wait(self, key: str, arrived: float) -> bool:
        """Whether a request that arrived then ignores an earlier "wait"."""
        told = self.blocked.get(key)
        return told is not None and told[0] + self.in_flight < arrived < told[1]


def _expire(window: collections.deque[tuple[float, int]], before: float) -> None:
    while window and window[0][0] < before:
        window.popleft()
