"""Structured logs: one JSON object a line on standard error, constant event names, no secrets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, WrappedLogger

REDACTED = "[redacted]"
_TOKEN = re.compile(r"\b(?:gh[a-z]|github_pat)_[A-Za-z0-9_.-]{16,}")
"""GitHub's tokens by their form, whichever they are."""
_CANCELLED = "was cancelled"
_IN_THE_BACKGROUND = re.compile(r"Exception in background job \w+: \((?:sqlite3|psycopg)\.\w+Error\)")


class Redaction:
    """Replaces secrets by value, wherever they stand: event, fields, exception texts.

    A PEM key is recognised by each of its long lines, since an exception may show only a part of it.
    """

    def __init__(self, secrets: Collection[str]) -> None:
        parts = {line.strip() for secret in secrets for line in secret.splitlines()} | set(secrets)
        self._needles = sorted(
            (part for part in parts if len(part) >= 8 and not part.startswith("-----")), key=len, reverse=True
        )

    def text(self, value: str) -> str:
        for needle in self._needles:
            value = value.replace(needle, REDACTED)
        return _TOKEN.sub(REDACTED, value)

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {key: self._clean(value) for key, value in event.items()}

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self._clean(key): self._clean(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean(inner) for inner in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.text(str(value))


def configure(level: str = "info", secrets: Collection[str] = (), stream: TextIO | None = None) -> Redaction:
    """Send structlog and the standard library's loggers to `stream` (standard error) as JSON lines."""
    redaction = Redaction(secrets)
    shared: list[Callable[..., Any]] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, _name_the_library],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redaction,
            structlog.processors.JSONRenderer(serializer=_to_json),
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    quiet_engine()
    return redaction


def quiet_engine() -> None:
    """The job engine brings a handler of its own and cries at cancelled jobs: warnings only, in our form.

    Call it again after each start of the engine, which resets its logger.
    """
    for name in ("aiohttp.access", "asyncio", "sqlalchemy", "gidgethub"):
        logging.getLogger(name).setLevel(logging.WARNING)
    engine = logging.getLogger("dbos")
    engine.handlers.clear()
    engine.propagate = True
    engine.setLevel(logging.WARNING)
    if not any(isinstance(present, _Noise) for present in engine.filters):
        engine.addFilter(_Noise())


class _Noise(logging.Filter):
    """Superseding cancels jobs on purpose: that is no error of the operator's. And a database that cannot be used is
    said by our heartbeat, once in four seconds and without statements, instead of by each of the engine's threads."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        return _CANCELLED not in text and not _IN_THE_BACKGROUND.match(text)


def _name_the_library(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    record: logging.LogRecord | None = event.get("_record")
    if record is None:
        return event
    # Foreign texts vary; the event name of such a line does not.
    event["message"] = event.pop("event", "")
    event["event"] = "library_message"
    event["logger"] = record.name
    return event


def _to_json(value: Any, **_: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()
