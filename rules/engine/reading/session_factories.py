"""Whether the project's sessions forget their objects when they commit."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.reading import facts

if TYPE_CHECKING:
    from rules.engine.project import Project

NAMES = frozenset({"async_sessionmaker", "AsyncSession", "sessionmaker", "Session"})
"""Final names of what makes a session or a factory of sessions."""
_EITHER = frozenset({"sessionmaker", "Session"})
"""Those of synchronous sessions, unless a class is given."""


def flag_of(node: ast.Call, last: str) -> int:
    """What a call that makes sessions says about it, as a flag of the call."""
    names = {keyword.arg for keyword in node.keywords}
    if last in _EITHER and "class_" not in names:
        # Synchronous sessions load again what they forgot.
        told = "expire_on_commit" in names or (last == "sessionmaker" and None in names)
        return facts.KEEPS_ROWS if told else 0
    return facts.KEEPS if names & {"expire_on_commit", None} else facts.EXPIRES


def expires_on_commit(project: Project) -> bool:
    """Whether all asynchronous sessions that the project makes expire their objects. Without any, nobody knows."""
    found = 0
    for node in project.graph.nodes.values():
        for call in node.function.calls:
            found |= call.flags & (facts.KEEPS | facts.EXPIRES)
    return found == facts.EXPIRES


def keeps_on_commit(project: Project) -> bool:
    """Whether some synchronous sessions that the project makes say what becomes of their objects."""
    return any(
        call.flags & facts.KEEPS_ROWS for node in project.graph.nodes.values() for call in node.function.calls
    )
