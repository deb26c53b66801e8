"""Tables that stay small whatever the traffic, going by what their names say: settings, roles, plugins.

A scan of a few hundred rows costs less than a millisecond, and all of them fit on one page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.engine.reading.regexes import regex

if TYPE_CHECKING:
    from rules.engine.data.tables import Table

_SMALL = frozenset(
    {
        *("setting", "config", "configuration", "option", "preference", "parameter", "template", "theme"),
        *("role", "permission", "scope", "plan", "feature", "flag", "tier", "policy", "rule", "admin"),
        *("country", "language", "currency", "locale", "timezone", "unit", "region", "zone"),
        *("category", "type", "status", "priority", "severity", "kind", "level", "stage"),
        *("migration", "version", "profile", "provider", "plugin", "extension", "integration", "connector"),
        *("resource", "host", "node", "cluster", "pool", "platform", "firmware", "server", "inbound", "site"),
        *(
            "tool",
            "persona",
            "assistant",
            "guild",
            "workspace",
            "tenant",
            "invitation",
            "invite",
            "camera",
            "printer",
            "room",
            "community",
        ),
    }
)
"""Last words of tables."""
_GROUPS = frozenset(
    {
        *("user_group", "usergroup", "linkusergroup", "group_permission", "document_set"),
        *("smart_collection", "access_token", "api_key"),
    }
)


_KINDS = frozenset(
    {
        *(
            "role",
            "permission",
            "scope",
            "plan",
            "tier",
            "country",
            "language",
            "currency",
            "locale",
            "timezone",
        ),
        *("unit", "category", "type", "status", "priority", "severity", "kind", "level", "stage", "gender"),
    }
)
"""Last words of tables that list kinds: a row in a dozen has each of them."""


def lists_kinds(name: str) -> bool:
    """Whether a table lists kinds, going by its name: an index on a key to it finds a good part of the rows at once."""
    return _ends_with(name.lower(), _KINDS)


_SETTINGS = frozenset({"setting", "config", "configuration", "option", "preference", "parameter"})


def holds_settings(table: Table) -> bool:
    """Whether a table holds what somebody sets, going by its name: a few rows for each that can be set."""
    return _ends_with(table.name.lower(), _SETTINGS) or _ends_with(
        _snaked(table.symbol.rpartition(".")[2]), _SETTINGS
    )


_HANDFULS = frozenset(
    {
        *("admin", "administrator", "manager", "owner", "moderator", "superuser", "maintainer", "approver"),
        *("role", "permission", "scope", "provider", "plugin", "extension", "integration", "connector"),
        *("language", "locale", "currency", "country", "category", "kind", "priority", "severity", "status"),
        *("tier", "plan", "badge", "setting", "preference", "feature", "flag", "quota", "tracker", "tag"),
        *("field", "column", "widget", "handler", "backend", "driver", "adapter", "validator", "header"),
        *("workspace", "gateway", "psp", "config", "source", "datasource"),
        *("editor", "viewer", "contributor", "author", "keyword", "assignee", "reviewer"),
        *("month", "weekday", "quarter", "team", "availability", "option", "choice"),
    }
)
"""Last words of lists that hold a handful, whoever asks."""


_LEFT = ("default_", "bad_", "failed_", "invalid_", "broken_", "stale_", "expired_", "notification_items")
"""How names of lists begin that hold what is left over: mostly nothing at all."""
_KEYS = regex(r"_(?:ids?|uuids?|keys?|names?|codes?|slugs?|values?|list)$")
"""What a list of references to them has in its name besides."""


def sounds_few(name: str) -> bool:
    """Whether a list of that name holds a handful: `team_managers`, `role_ids`, `default_channels`."""
    return name.lower().strip("_").startswith(_LEFT) or _ends_with(
        _KEYS.sub("", name.lower().strip("_")), _HANDFULS
    )


_STEPS = frozenset(
    {
        *("pass", "step", "stage", "phase", "algorithm", "strategy", "rule", "check", "filter", "matcher"),
        *("evaluator", "scorer", "processor", "criterion", "criteria"),
    }
)
"""Last words of lists of what is done one after another, each in its own way."""
_TRAITS = frozenset({"attribute", "type", "property", "trait", "label", "dimension", "format"})
"""Last words of lists of what one thing has, or is."""


def sounds_like_steps(name: str) -> bool:
    """Whether a list of that name holds what is configured to be done in turn: `matching_passes`, `rules`."""
    return _ends_with(name.lower().strip("_"), _STEPS)


def sounds_like_traits(name: str) -> bool:
    """Whether a list of that name says what one thing has, of the few there are: `attributes`, `node_types`."""
    return _ends_with(_KEYS.sub("", name.lower().strip("_")), _TRAITS)


def is_small(table: Table) -> bool:
    """Whether the last word of the table's name, or of its class, is one of things that an owner sets up."""
    names = {table.name.lower(), _snaked(table.symbol.rpartition(".")[2])}
    return any(map(_says_small, names))


_SET_UP = regex(
    r"(?:^|_)(?:webhook|(?:app|bot|slack|github|plugin)_?installation|data_?source|data_?sink|notification_channel)s?"
)
"""How names of tables end whose rows somebody sets up, one after another, where the whole application has them."""
_OWNER = regex(
    r"(?:user|owner|tenant|org|organi[sz]ation|account|customer|project|workspace|shop|store|company)_?(?:id|uuid)"
)
"""Columns, with or without a foreign key, by which each customer has rows of their own."""


def is_set_up(table: Table) -> bool:
    """Whether rows are added by configuring something, and belong to nobody: the webhooks and data sources of an installation."""
    if any(column.foreign is not None or _OWNER.fullmatch(name) for name, column in table.columns.items()):
        return False
    names = {table.name.lower(), _snaked(table.symbol.rpartition(".")[2])}
    return any(match.end() == len(name) for name in names for match in _SET_UP.finditer(name))


_REFERENCE = frozenset(
    {"city", "citizenship", "nationality", "degree", "rank", "faculty", "institution", "jurisdiction"}
)
"""Last words of collections that somebody writes down once for all to refer to."""


def lists_a_few(name: str) -> bool:
    """Whether a collection known by its name alone, of a route, holds what somebody sets up: `/permissions`, `/cities`."""
    named = name.lower().replace("-", "_")
    return _says_small(named) or _ends_with(named, _REFERENCE)


def _says_small(name: str) -> bool:
    if any(
        name == each or name == f"{each}s" or name.endswith((f"_{each}", f"_{each}s")) for each in _GROUPS
    ):
        return True
    return _ends_with(name, _SMALL)


def _ends_with(name: str, words: frozenset[str]) -> bool:
    last = name.rpartition("_")[2]
    return bool(
        {last, last.removesuffix("s"), last.removesuffix("ies") + "y", last.removesuffix("es")} & words
    )


def _snaked(name: str) -> str:
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name).strip("_")
