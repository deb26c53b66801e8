"""What functions are for the framework."""

from __future__ import annotations

from enum import StrEnum

from rules.engine.linking.context import IN_SCRIPT, Context, contexts_of
from rules.engine.linking.graph import Node


class Role(StrEnum):
    """What a function is for the framework."""

    ENDPOINT = "endpoint"
    WEBSOCKET = "websocket"
    DEPENDENCY = "dependency"
    MIDDLEWARE = "middleware"
    EXCEPTION_HANDLER = "exception handler"
    LIFESPAN = "lifespan"
    BACKGROUND = "background"
    TASK = "task"
    COMMAND = "command"
    SCRIPT = "script"
    TEST = "test"
    MIGRATION = "migration"


_ROLES = (
    Role.ENDPOINT,
    Role.WEBSOCKET,
    Role.MIDDLEWARE,
    Role.DEPENDENCY,
    Role.EXCEPTION_HANDLER,
    Role.LIFESPAN,
    Role.TASK,
    Role.COMMAND,
)


def role_of(found: Node) -> Role | None:
    """What a function is for the framework; None for a plain one."""
    for role in _ROLES if found.roles else ():
        if role in found.roles:
            return role
    contexts = contexts_of(found.contexts)
    if any(edge.kind == "background" for _, edge in found.callers):
        return Role.BACKGROUND
    if found.contexts & IN_SCRIPT and contexts == {Context.UNKNOWN}:
        return Role.SCRIPT
    return None
