from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.data.redis_calls import command, is_meant_to_stay
from rules.engine.finding import Impact
from rules.engine.kept_answers import Said
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.memoised import memos

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.engine.reading.facts import ModuleFacts

_FOR_EVER = frozenset(
    {"functools.lru_cache", "functools.cache", "cachetools.func.lru_cache", "cachetools.func.lfu_cache"}
)
_OTHER_STORES = ("redis.", "valkey.", "pymemcache.", "memcache.")
_WRITES = frozenset({"write", "commit", "flush"})


class CacheWithoutInvalidation(Rule):
    """What a cache keeps of the database stays as it was when the data changes.

    `lru_cache` on a function that asks the database keeps its first answer until the process ends: a row that is added,
    changed or deleted later does not exist for this worker, while another worker, started later, sees it. In a
    multi-tenant application everybody gets the answer of whoever asked first. A Redis entry that no write path
    deletes is old for as long as it lives.

    ## Instead
    Give the entry a lifetime (`cachetools.func.ttl_cache(ttl=60)`, `ex=60`), and take it out where the data is written: delete
    the key after the commit, or write the new value through.

    ## Trade-offs
    Between commit and deletion a reader can still put the old value back: keep the lifetime as a second line.

    ## Monitor
    Reports of stale data; differences between workers.

    ## When to ignore it
    When the rows never change while the process runs.
    """

    code = "FP305"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.HOURS
    watch = "stale reads, differences between workers"

    invalid = (
        Invalid(
            """
            engine = create_engine("sqlite://")

            @lru_cache
            def has_limits() -> bool:
                with Session(engine) as session:
                    return session.scalar(select(Limit)) is not None

            @app.get("/orders")
            def orders() -> bool:
                return has_limits()
            """
        ),
    )
    valid = (
        Valid(
            """
            engine = create_engine("sqlite://")

            from cachetools.func import ttl_cache

            @ttl_cache(ttl=60)
            def has_limits() -> bool:
                with Session(engine) as session:
                    return session.scalar(select(Limit)) is not None

            @app.get("/orders")
            def orders() -> bool:
                return has_limits()
            """
        ),
    )

    def check(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        yield from self._memoised(node, module)
        yield from self._written_past(node, module)

    def _memoised(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        memo = next((memo for memo in memos(node, module) if memo.memoiser.name in _FOR_EVER), None)
        own = module.graph_node(node)
        if memo is None or own is None or not module.in_request_path(node):
            return
        summary = module.project.summaries.of(own)
        reads = [
            leaf
            for leaf in summary.queries
            if leaf.kind not in _WRITES and not leaf.callable.startswith(_OTHER_STORES)
        ]
        if not reads:
            return
        if node.name in _cleared(module.project):
            yield Match(
                memo.node,
                f"`{node.name}.cache_clear()` empties the cache of one process: all other workers keep what `{node.name}` read.",
                severity=Severity.LOW,
                # One process is all there is of many services, and what is kept may be of that process alone: worth a word
                # to who writes it.
                confidence=Confidence.POSSIBLE,
                when_new=Confidence.LIKELY,
            )
            return
        yield Match(
            memo.node,
            f"`{module.segment(memo.node)}` keeps what `{node.name}` read from the database until the process ends: later changes"
            " are never seen.",
            # Whether the rows ever change after they were read, and whether that matters, is not in the code.
            confidence=Confidence.POSSIBLE,
            call_path=reads[0].path if len(reads[0].path) > 1 else (),
            impact=Impact(
                "answers as old as the process → as old as the lifetime",
                "age ≤ uptime of the worker → age ≤ ttl",
            ),
        )

    def _written_past(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        """A writing endpoint beside a function that caches the same model in Redis: nothing deletes the entry."""
        endpoints = module.endpoints(node)
        if str(module.role(node) or "") != "endpoint" or any(
            each.method in ("GET", "HEAD", "OPTIONS") for each in endpoints
        ):
            return
        if "redis" not in module.source.text and "valkey" not in module.source.text:
            return
        writes = [each for each in walk(node) if isinstance(each, ast.Call) and _is_write(each, module)]
        models = _models(node, module)
        if not writes or not models or _touches_a_cache(node, module):
            return
        for function in module.tree.body:
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or function is node:
                continue
            shared = models & _models(function, module)
            key = _cached_key(function, module)
            if shared and key is not None:
                yield Match(
                    writes[-1],
                    f"`{node.name}` changes `{min(shared)}`, and nothing takes out what `{function.name}` keeps of it under"
                    f" `{module.segment(key)}`.",
                    severity=Severity.INFO,
                    confidence=Confidence.POSSIBLE,
                )
                return


def _clears(path: str, found: ModuleFacts) -> Iterator[str]:
    for function in found.functions:
        for call in function.calls:
            if call.ref.endswith(".cache_clear"):
                yield re.split(r"[.@>]", call.ref)[-2]


_cleared = Said(_clears)
"""The names of functions whose caches some call of the project empties."""


def _is_write(call: ast.Call, module: Module) -> bool:
    query = module.query(call)
    return query is not None and query.driver not in ("redis", "memcached") and query.kind in _WRITES


def _models(function: ast.AST, module: Module) -> set[str]:
    """Names of the project's classes that a function mentions in calls: `Order(...)`, `select(Order)`, `get(Order, 1)`."""
    found: set[str] = set()
    for node in walk(function):
        if isinstance(node, ast.Call):
            for value in (node.func, *node.args):
                if isinstance(value, ast.Name) and value.id[:1].isupper():
                    known = module.value(value)
                    if known is not None and known.module is not None:
                        found.add(value.id)
    return found


def _touches_a_cache(function: ast.AST, module: Module) -> bool:
    text = module.segment(function).lower()
    return any(
        word in text for word in ("cache", "invalidate", "delete(", "unlink(", "setex", ".set(", "expire")
    )


def _cached_key(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> ast.expr | None:
    """The key under which a function keeps what it read."""
    for node in walk(function):
        sent = command(node, module)
        if (
            sent is not None
            and sent.name in ("set", "setex")
            and sent.key is not None
            and not is_meant_to_stay(sent.key, module)
        ):
            return sent.key
    return None
