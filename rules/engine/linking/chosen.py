"""What a call reaches only with one of the objects that it may be made on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.engine.linking.context import IN_LOOP
from rules.engine.linking.graph import CALL

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node


def is_by_choice(node: Node) -> bool:
    """Whether each way from the event loop to a synchronous function leads over a call that may as well run another:
    `store.search()`, where the settings say which store."""
    if node.is_async:
        return False
    seen, pending = {node}, [node]
    found = False
    for each in pending:  # grows while we go
        for caller, edge in each.callers:
            if not caller.contexts & IN_LOOP and edge.kind == CALL:
                continue
            if edge.one_of_several:
                found = True
                continue
            if edge.kind != CALL or caller.is_async:
                return False
            if caller not in seen:
                seen.add(caller)
                pending.append(caller)
    return found
