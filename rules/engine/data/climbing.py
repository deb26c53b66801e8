"""Loops that climb a tree one query at a time: from a folder to its parent, from there to the next."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import names_stored, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.engine.module import Module

_UPWARD = regex(
    r"parent|ancestor|superior|supervisor|manager_id|reports_to|reply_to|in_reply|rsplit|dirname|previous_id|predecessor"
)
_OTHER = regex(
    r"sleep|offset|limit|page|cursor|batch|chunk|skip|token|retr(?:y|ies)|attempt|random|uuid|receive|suffix|counter|queue"
)
"""What loops do that ask for portions, try again or look for something free."""


def climbs(call: ast.Call, module: Module) -> bool:
    """Whether a call in a loop asks for what the answer before refers to: `while folder.parent_id: folder = session.get(Folder, folder.parent_id)`."""
    loops = module.loops(call)
    loop = loops[-1] if loops else None
    if not isinstance(loop, ast.While) or not module.in_request_path(call):
        return False
    names = [*_names(loop)]
    if not any(map(_UPWARD.search, names)) or any(map(_OTHER.search, names)):
        return False
    changing = {name for statement in loop.body for name in names_stored(statement)}
    asked = {part.id for part in walk(call) if isinstance(part, ast.Name)}
    return bool(changing & asked)


def _names(loop: ast.While) -> Iterator[str]:
    for part in walk(loop):
        if isinstance(part, ast.Name | ast.Attribute):
            yield last_name(part).lower()
        elif isinstance(part, ast.keyword) and part.arg:
            yield part.arg.lower()
        elif isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.isidentifier():
            yield part.value.lower()
