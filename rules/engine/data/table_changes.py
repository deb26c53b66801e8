"""How two versions of a table differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from rules.engine.data.growing_tables import grows
from rules.engine.data.tables import Column, Relationship, Table
from rules.engine.linking.values import Linked
from rules.engine.reading.declarations import Declared, Given

SAME, OTHER_COLUMNS = "same", "other columns"
"""What following a change finds: nothing but lines and indexes is otherwise, or columns that lead nowhere and do not say
whose rows they are."""
Pending: TypeAlias = "Mapping[Relationship, tuple[Linked, Declared, Given, bool]]"
"""Relationships with what they were made of: file, declaration, call, and whether it says how many."""
_SAID = tuple(name for name in Column.__struct_fields__ if name != "line")


def differs(old: Table, new: Table, had: Pending, has: Pending) -> str:
    """How two versions of a table differ, but for lines and indexes: `SAME`, `OTHER_COLUMNS`, or empty for more."""
    if (old.name, old.value, old.properties) != (new.name, new.value, new.properties):
        return ""
    before = [_related(each, had[each]) for each in old.relationships.values() if each in had]
    if before != [_related(each, has[each]) for each in new.relationships.values() if each in has]:
        return ""
    one, other = ({name: _said(each) for name, each in table.columns.items()} for table in (old, new))
    if [*one.items()] == [*other.items()]:
        return SAME
    differing = {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
    keys = ([each.attribute for each in table.columns.values() if each.foreign] for table in (old, new))
    leads = any(
        column.foreign for table in (old, new) for name, column in table.columns.items() if name in differing
    )
    if leads or next(keys) != next(keys) or differing & old.properties.keys() or grows(old) != grows(new):
        return ""
    return OTHER_COLUMNS


def _related(relationship: Relationship, pending: tuple[Linked, Declared, Given, bool]) -> tuple[object, ...]:
    _, declared, made, decided = pending
    return (
        relationship.attribute,
        relationship.path,
        relationship.target,
        relationship.many,
        relationship.lazy,
        declared.shape,
        made,
        decided,
    )


def _said(column: Column) -> tuple[object, ...]:
    return tuple(getattr(column, name) for name in _SAID)
