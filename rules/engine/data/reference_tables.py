"""Tables that hold a list somebody keeps by migrations and seeds: units, transport modes, limits by country.

Few columns, no key to anything else, and no code of the application puts a row in: they do not grow with use.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once
from rules.engine.linking.graph import place_of
from rules.engine.reading.facts import LOAD, ModuleFacts
from rules.engine.reading.regexes import regex

if TYPE_CHECKING:
    from rules.engine.data.tables import Table
    from rules.engine.project import Project

_MOST_COLUMNS = 7
_KEPT_BESIDE = regex(
    r"(?:(?:created?|updated?|modified|deleted)_(?:at|on|by|date|time|user)|(?:display|sort)_order|position"
    r"|(?:creation|modification)_date|description|effective_\w+|expiration_date|valid_(?:from|to|until)|(?:is_)?(?:active|enabled|legacy|deprecated|default))"
)
"""Columns that any table may have: when a row came, who changed it, where it stands in a list, whether it still holds."""
_BY_HAND = regex(
    r"(?:sort|display|menu|list)_(?:order|index|position)|sort|ordering|is_(?:default|builtin|built_in|predefined)"
)
"""Columns of lists that somebody puts in order, or of which some rows come with the application."""
_PEOPLE = regex(r"e?_?mail|password|token|phone|user|owner|author|customer|tenant|message|content|body|url")
"""What columns are called whose rows come from people."""
_SEEDS = regex(r"(?:^|[/_])(?:seed|seeds|seeders?|fixtures?|migrat\w*|bootstrap|scripts?)(?=[/_.]|$)")
_INSERTS = regex(r"\binsert\s+(?:or\s+\w+\s+)?into\s+[\"`\[]?(?:\w+\.)?(\w+)", re.IGNORECASE)
_MAKES = regex(
    r"create|bulk|get_or|update_or|insert|upsert|save|add|model_validate|from_|parse_|construct|new|make"
)
"""Methods of a class that may make an object of it."""
_WRITING = frozenset({"bulk_insert_mappings", "copy_records_to_table"})

_BY_TEXT = " by text"
"""Among the names when some are those of SQL texts."""

_NAMES = "names written"


def is_reference(table: Table, project: Project) -> bool:
    """Whether nothing in the project but migrations and seeds is seen to put rows in, and its columns say no more."""
    columns = [each for each in table.columns.values() if not _KEPT_BESIDE.fullmatch(each.attribute)]
    if table.opaque or table.value is None or not 2 <= len(columns) <= _MOST_COLUMNS:
        return False
    if any(each.foreign is not None or _PEOPLE.search(each.attribute) for each in columns):
        return False
    return not {table.name, table.symbol.rpartition(".")[2]} & _names_written(project)


def is_kept_by_hand(table: Table) -> bool:
    """Whether rows belong to nobody and stand in an order that somebody gives them, or beside those shipped: links of a
    menu, a catalog with defaults. Nobody orders thousands by hand."""
    if table.opaque or any(each.foreign is not None for each in table.columns.values()):
        return False
    return any(_BY_HAND.fullmatch(each) for each in table.columns)


def is_only_read(name: str, table: Table | None, project: Project) -> bool:
    """Whether a project that puts rows into other tables by SQL texts has none for this one."""
    written = _names_written(project)
    if _BY_TEXT not in written or name in written:
        return False
    return table is None or table.symbol.rpartition(".")[2] not in written


@once
def _names_written(project: Project) -> frozenset[str]:
    """Names of classes and tables that code may put rows into: made, handed to a statement, or to a class for any table."""
    return frozenset().union(
        *(
            module.of_facts(_NAMES, _of_file)
            for path, module in project.resolver.modules.items()
            if place_of(path) == "app" and not _SEEDS.search(path)
        )
    )


def _of_file(module: ModuleFacts) -> frozenset[str]:
    found: set[str] = set()
    inserts = False
    for function in module.functions:
        for call in function.calls:
            if call.flags & LOAD:
                continue
            before, _, name = call.ref.rpartition(".")
            found.add(name.lstrip("@"))
            if _MAKES.match(name):
                found.add(_last(before))
            inserts = inserts or name in _WRITING or (name == "insert" and before.startswith("sqlalchemy"))
    if inserts:
        found.update(_last(ref) for ref in module.modules)
    for cls in module.classes:
        found.update(_last(name) for given in cls.given for name in given)
        found.update(_last(value) for value in cls.attributes.values())
    found.update(_last(value) for name, value in module.members.items() if name != _last(value))
    for text in (*(query.text for query in module.raw.queries), *module.raw.constants.values()):
        names = _INSERTS.findall(text)
        found.update(names, [_BY_TEXT] if names else [])
    return frozenset(map(sys.intern, found))  # most stand in many files


def _last(ref: str) -> str:
    """`Order` of `shop.models.Order:` and `@Order`."""
    return ref.rstrip(":").rpartition(".")[2].lstrip("@")
