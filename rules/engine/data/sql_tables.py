"""Tables that no class describes, by what makes them: SQL files, texts in the code, migrations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rules.engine.reading import raw_sql, sql_files
from rules.engine.reading.raw_text import ELSEWHERE
from rules.engine.reading.regexes import regex

if TYPE_CHECKING:
    from rules.engine.data.models import Models
    from rules.engine.data.raw_queries import Raw
    from rules.engine.linking.resolver import Resolver

_MAKING = regex(r"(?i)\bcreate\s+(?:unlogged\s+)?table\b|\bcreate\s+(?:unique\s+)?index\b|\balter\s+table\b")
_DROPPING = regex(r"(?i)\bdrop\s+(?:table|index)\b")
_NARROWING = frozenset({"=", "in", "<", "like"})
"""Operators that an index on the column answers."""


def first_columns(resolver: Resolver, models: Models) -> Mapping[str, frozenset[str]]:
    """Table -> the columns that its indexes and keys begin with, of tables whose definition is seen."""
    texts = [
        text
        for module in resolver.modules.values()
        for text in (*module.facts.raw.constants.values(), *(each.text for each in module.facts.raw.queries))
        if ELSEWHERE not in text and _MAKING.search(text) and not _DROPPING.search(text)
    ]
    found = {table: list(indexes) for table, indexes in models.in_sql.items()}
    for table in models.schema.created_in:
        found.setdefault(table, []).extend(models.schema.indexes.get(table, ()))
    for table, indexes in sql_files.of_texts(dict.fromkeys(texts)).items():
        found.setdefault(table, []).extend(indexes)
    return {
        table.lower(): frozenset(columns[0].lower() for _, columns in indexes if columns)
        for table, indexes in found.items()
    }


def unindexed(raw: Raw, tables: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """The columns by which a query looks rows of a table up that is defined in SQL, where no index answers any of its
    conditions."""
    statement = raw.statement
    if raw.table is not None or statement.joined or statement.unreadable or len(statement.tables) != 1:
        return
    if statement.kind not in (raw_sql.READ, raw_sql.WRITE):
        return
    indexed = tables.get(statement.tables[0].rpartition(".")[2].lower())
    if not indexed or any(
        each.operator in _NARROWING and each.column.lower() in indexed for each in statement.conditions
    ):
        return
    yield from (each.column for each in statement.conditions if each.operator == "=")
