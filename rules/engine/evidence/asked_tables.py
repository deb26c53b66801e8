"""Which tables a statement that ran asks, and which the query of a finding: whether the one may be the other.

A statement comes from a trace, a finding from the code; they meet in the names of tables. Where either names none, nothing
is known.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from rules.engine.data.models import Models
from rules.engine.data.tables import Table
from rules.engine.finding import Finding
from rules.engine.reading.regexes import regex
from rules.engine.reading.source import Source, SourceError, parse
from rules.engine.reading.spelling import names_bound

_SOURCE = regex(
    r"\b(?:FROM|JOIN|INTO|UPDATE)\s+(?:ONLY\s+)?((?:[\"`\[]?\w+[\"`\]]?\.)?[\"`\[]?\w+)", re.IGNORECASE
)
_COLUMN = regex(r"\b([A-Za-z_]\w*?)(?:_\d+)?[\"`\]]?\.[\"`\[]?\w+")
"""`products.id`; an alias of SQLAlchemy's has a number at its end: `products_1.id`."""
_WRITES = regex(r"\s*(?:INSERT|UPDATE|DELETE|MERGE|REPLACE)\b", re.IGNORECASE)
_ANY_FROM = regex(r"\bFROM\b", re.IGNORECASE)
_DEEPEST = 3
"""Names that stand for names: `statement = query.where(…)` after `query = select(…)`."""


def of_statement(text: str) -> frozenset[str]:
    """The tables that a statement names, in lower case."""
    found = {match.rpartition(".")[2].strip('"`[') for match in _SOURCE.findall(text)}
    found.update(_COLUMN.findall(_ANY_FROM.split(text, maxsplit=1)[0]))
    return frozenset(name.lower() for name in found)


def writes(text: str) -> bool:
    return _WRITES.match(text) is not None


class Asked:
    """The tables that findings ask, by the models of the project and the code that `sources` hold."""

    def __init__(self, models: Models, sources: Mapping[str, bytes]) -> None:
        self._sources = sources
        self._trees: dict[str, ast.Module | None] = {}
        self._by_class: dict[str, list[Table]] = {}
        for table in models.tables.values():
            self._by_class.setdefault(table.symbol.rpartition(".")[2], []).append(table)

    def of(self, finding: Finding) -> frozenset[str]:
        """Names of tables, in lower case; empty where the code does not tell."""
        related = frozenset(self._related(finding))
        if related:
            return related
        leaf = finding.call_path[-1] if finding.call_path else None
        path, line = (leaf.path, leaf.line) if leaf else (finding.path, finding.line)
        function = self._function(path, line)
        if function is None:
            return frozenset()
        named = frozenset(self._named_at(function, line, finding.end_line if leaf is None else line))
        return named or (frozenset(self._named(function)) if leaf is not None else named)

    def _related(self, finding: Finding) -> Iterator[str]:
        """What the relationships lead to that the finding is about."""
        for hop in finding.places:
            owner, _, attribute = hop.symbol.rpartition(".")
            for table in self._by_class.get(owner.rpartition(".")[2], ()):
                relationship = table.relationships.get(attribute)
                if relationship is not None and relationship.target is not None:
                    yield _name(relationship.target)

    def _function(self, path: str, line: int) -> ast.AST | None:
        """The innermost function around a line, or the file."""
        if path not in self._trees:
            source = self._sources.get(path)
            try:
                self._trees[path] = parse(Source(source)) if source is not None else None
            except SourceError:
                self._trees[path] = None
        tree = self._trees[path]
        found: ast.AST | None = tree
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.lineno <= line <= (
                node.end_lineno or 0
            ):
                found = node  # breadth first: what comes later is further in
        return found

    def _named_at(self, function: ast.AST, first: int, last: int) -> Iterator[str]:
        """The tables of the calls on these lines, and of the local names that they are given."""
        pending: list[tuple[ast.AST, int]] = [
            (node, 0)
            for node in ast.walk(function)
            if isinstance(node, (ast.Call, ast.Attribute)) and first <= node.lineno <= last
        ]
        seen: set[str] = set()
        while pending:
            node, depth = pending.pop()
            yield from self._named(node)
            for name in ast.walk(node) if depth < _DEEPEST else ():
                if isinstance(name, ast.Name) and name.id not in seen:
                    seen.add(name.id)
                    pending += [(value, depth + 1) for value in _assigned(function, name.id)]

    def _named(self, node: ast.AST) -> Iterator[str]:
        for part in ast.walk(node):
            name = (
                part.id
                if isinstance(part, ast.Name)
                else part.attr
                if isinstance(part, ast.Attribute)
                else ""
            )
            for table in self._by_class.get(name, ()):
                yield _name(table)
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and " " in part.value.strip():
                yield from of_statement(part.value) if _SOURCE.search(part.value) else ()


def _name(table: Table) -> str:
    return table.name.rpartition(".")[2].lower()


def _assigned(function: ast.AST, name: str) -> Iterator[ast.expr]:
    """The values that a local name is given; not the rows that a loop gives it."""
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Assign | ast.AnnAssign)
            and name in names_bound(node)
            and node.value is not None
        ):
            yield node.value
