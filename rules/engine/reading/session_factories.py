"""Whether the project's asynchronous sessions forget their objects when they commit."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.reading import facts

if TYPE_CHECKING:
    from rules.engine.project import Project

NAMES = frozenset({"async_sessionmaker", "AsyncSession", "sessionmaker"})
"""Final names of what makes a session or a factory of sessions."""


def flag_of(node: ast.Call, last: str) -> int:
    """What a call that makes asynchronous sessions says about it, as a flag of the call."""
    names = {keyword.arg for keyword in node.keywords}
    if last == "sessionmaker" and "class_" not in names:
        return 0  # of synchronous sessions, which load again what they forgot
    return facts.KEEPS if names & {"expire_on_commit", None} else facts.EXPIRES


def expires_on_commit(project: Project) -> bool:
    """Whether all asynchronous sessions that the project makes expire their objects. Without any, nobody knows."""
    found = 0
    for node in project.graph.nodes.values():
        for call in node.function.calls:
            found |= call.flags & (facts.KEEPS | facts.EXPIRES)
    return found == facts.EXPIRES
