"""Columns that hold one of a few values, going by their names and types."""

from __future__ import annotations

_FEW_VALUES = frozenset(
    {
        "Boolean",
        "bool",
        "Enum",
        "StrEnum",
        "JSON",
        "JSONB",
        "ARRAY",
        "Text",
        "LargeBinary",
        "PickleType",
        "dict",
        "list",
    }
)
"""Types of which an index is of little use, or of another kind."""
_FLAGS = frozenset(
    {
        "status",
        "state",
        "type",
        "kind",
        "role",
        "level",
        "category",
        "mode",
        "visibility",
        "source",
        "provider",
        "platform",
    }
    | {
        "deleted",
        "deleted_at",
        "active",
        "enabled",
        "archived",
        "is_deleted",
        "is_active",
        "priority",
        "version",
    }
    | {
        "gender",
        "language",
        "lang",
        "locale",
        "currency",
        "country",
        "scope",
        "action",
        "method",
        "protocol",
        "service",
    }
)
"""Names of columns that hold a few values, whatever their type says."""
_STATES = frozenset({"status", "state", "type", "kind"})
_STATE_ENDS = ("_status", "_state", "_type", "_kind")
"""How far a row has come, or what it is about: of some values there are many rows, of the one that is asked for often few."""
_NO_STATES = frozenset(
    {"Boolean", "bool", "JSON", "JSONB", "ARRAY", "Text", "LargeBinary", "PickleType", "dict", "list"}
)


def has_few_values(name: str, kind: str) -> bool:
    """Whether a column or field of that name and type holds one of a few values, or what an index is not made for."""
    return (
        kind in _FEW_VALUES
        or kind.endswith(("Enum", "Status", "State", "Type", "Kind"))
        or name in _FLAGS
        or name.startswith(("is_", "has_", "can_"))
        or name.endswith(("_status", "_type", "_state", "_kind"))
    )


def holds_state(name: str, kind: str) -> bool:
    """Whether a column says how far a row has come, or what it is about."""
    return (name in _STATES or name.endswith(_STATE_ENDS)) and kind not in _NO_STATES
