"""Files whose findings about rows change although nobody touched them: a model, schema or migration elsewhere did."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from rules.engine.project import Project
from rules.engine.reading.facts import ModuleFacts


def affected(before: Project, after: Project, touched: Collection[str]) -> set[str]:
    """Paths with a query that loads other relationships lazily, or a column that is looked up or indexed otherwise."""
    if all(_about_rows(before.files.get(path)) == _about_rows(after.files.get(path)) for path in touched):
        return set()
    old = before.rows_said if before.rows_said is not None else _state(before)
    new = after.rows_now = _state(after)
    return {key[0] for key in old.keys() | new.keys() if old.get(key) != new.get(key)}


def remember(project: Project, changed: Iterable[tuple[ModuleFacts | None, ModuleFacts | None]]) -> None:
    """Keep what is said about rows before a linked project shows other facts, if comparing asks for it."""
    if any(_about_rows(one) != _about_rows(other) for one, other in changed):
        project.rows_said = project.rows_now if project.rows_now is not None else _state(project)


def _about_rows(facts: ModuleFacts | None) -> tuple[object, ...]:
    if facts is None:
        return ()
    return facts.declarations, facts.flows, facts.filters, facts.indexed, facts.migration


def _state(project: Project) -> dict[tuple[str, str], object]:
    """What rules say about rows, by (path, what)."""
    found: dict[tuple[str, str], object] = {}
    for (path, line, column), tables in project.lazy_loading.queries.items():
        for symbol, unloaded in tables.items():
            chains = frozenset(chain for chain, read in unloaded.reads.items() if read.repeated)
            what = (chains, any(place.many for place in unloaded.places))
            found[path, f"query {line}:{column} {symbol}"] = what
    for (path, line, name), uses in project.lookups.needed.items():
        found[path, f"look-up {line} {name}"] = any(use.reached for use in uses)
    for (path, symbol), asked in project.lookups.documents.items():
        found[path, f"documents {symbol}"] = frozenset((keys, use.reached) for keys, _, use in asked)
    for table in project.models.tables.values():
        for own in table.columns.values():
            if own.foreign is not None:
                found[own.path, f"key {table.name} {own.name}"] = table.is_indexed(own)
    return found
