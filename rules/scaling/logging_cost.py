from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import goes_away, serves

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_DEBUG = frozenset({"logging.Logger.debug", "logging.debug"})
_SENDERS = {
    "logging.handlers.HTTPHandler": "an HTTP request",
    "logging.handlers.SMTPHandler": "a mail",
    "logging.handlers.SocketHandler": "a TCP connection",
}
_COSTLY = frozenset(
    {
        "model_dump",
        "model_dump_json",
        "dumps",
        "pformat",
        "to_json",
        "to_dict",
        "to_string",
        "read",
        "tobytes",
    }
)


class LoggingCost(Rule):
    """A log record that is sent over the network, or built from a whole payload, costs its request that time.

    `HTTPHandler`, `SMTPHandler` and `SocketHandler` talk to another machine inside the call to the logger: on the event loop, with
    all requests waiting. And the arguments of `logger.debug(f"{order.model_dump_json()}")` are computed at every call, also
    where debug records are dropped.

    ## Instead
    Put a `logging.handlers.QueueHandler` in front: the call only appends, a `QueueListener` sends from its own thread. Build costly
    text only when it is wanted: `if logger.isEnabledFor(logging.DEBUG)`.

    ## Trade-offs
    What is still in the queue is lost when the process dies.

    ## Monitor
    Event-loop lag p99 against the number of log records.

    ## When to ignore it
    When the handler is for rare, critical records only.
    """

    code = "FP717"
    severity = Severity.LOW
    said_from = Severity.MEDIUM
    effort = Effort.MINUTES
    watch = "event-loop lag p99 against the number of log records"

    invalid = (
        Invalid(
            """
            import logging
            from logging.handlers import HTTPHandler

            logging.getLogger().addHandler(HTTPHandler("logs.example", "/records", method="POST"))
            """
        ),
        Invalid(
            """
            import logging

            from fastapi import FastAPI
            from pydantic import BaseModel

            app = FastAPI()
            logger = logging.getLogger(__name__)

            class Basket(BaseModel):
                numbers: list[str]

            @app.post("/baskets")
            async def store(basket: Basket) -> None:
                logger.debug(f"stored {basket.model_dump_json()}")
            """
        ),
    )
    valid = (
        Valid(
            """
            import logging
            from logging.handlers import HTTPHandler, QueueHandler, QueueListener
            from queue import SimpleQueue

            records = SimpleQueue()
            listener = QueueListener(records, HTTPHandler("logs.example", "/records", method="POST"))
            logging.getLogger().addHandler(QueueHandler(records))
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name in _SENDERS or callee.name in _DEBUG

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        name = module.qualified_name(node.func)
        if name in _SENDERS and serves(node, module) and "QueueListener" not in module.source.text:
            yield Match(
                node,
                f"`{name.rpartition('.')[2]}` sends {_SENDERS[name]} inside each call of the logger, on the event loop"
                " where asynchronous code logs.",
                severity=Severity.MEDIUM,
                # What is given to whoever asked for it is one of several that a setting chooses from.
                confidence=Confidence.POSSIBLE if goes_away(node, module) else Confidence.LIKELY,
                instead="Put a `QueueHandler` in front of it, and let a `QueueListener` send.",
            )
        elif name in _DEBUG and module.in_request_path(node) and not _is_guarded(node, module):
            costly = _costly(node)
            if costly is not None:
                yield Match(
                    node,
                    f"`{module.segment(costly.func)}` is computed for a debug record at every call, also where debug records"
                    " are dropped.",
                    confidence=Confidence.POSSIBLE,  # it is little beside what most functions that log it do
                    instead="Ask `logger.isEnabledFor(logging.DEBUG)` first, or log what identifies the object.",
                )


def _costly(call: ast.Call) -> ast.Call | None:
    """The first call among the arguments that works through a whole object."""
    for value in (*call.args, *(keyword.value for keyword in call.keywords)):
        for node in walk(value):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in _COSTLY
            ):
                return node
    return None


def _is_guarded(node: ast.AST, module: Module) -> bool:
    current: ast.AST | None = node
    while current is not None:
        if isinstance(current, ast.If | ast.IfExp) and any(
            word in ast.unparse(current.test).lower()
            for word in ("isenabledfor", "debug", "level", "verbose")
        ):
            return True
        if isinstance(current, ast.ExceptHandler):
            return True  # seldom enough
        current = module.parent(current)
    return False
