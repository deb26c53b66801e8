"""Imports that a fix leaves without a user: it takes them along, or it would not be clean."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rules.engine.finding import Edit
from rules.engine.reading.edits import Lines
from rules.engine.reading.regexes import regex
from rules.engine.reading.walking import walk

_WORD = regex(r"[^\W\d]\w*")


def unused(
    lines: Lines, tree: ast.Module, path: str, after: ast.Module, made: Iterable[Edit]
) -> Iterator[Edit]:
    """Edits that remove the module's imports which `tree` uses and `after`, the fixed file, does not.

    An import with a comment stays (it may be there for its effect, or for others), and so does all of a package's
    `__init__`, whose imports are for others.
    """
    if path.rpartition("/")[2] == "__init__.py":
        return
    lost = _used(tree) - _used(after)
    if not lost:
        return
    made = list(made)
    inserted = {edit.start_line for edit in made if edit.end_line < edit.start_line}
    taken = {line for edit in made for line in range(edit.start_line, edit.end_line + 1)}
    for index, statement in enumerate(tree.body):
        if not isinstance(statement, (ast.Import, ast.ImportFrom)) or _is_kept(statement):
            continue
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        neighbours = tree.body[max(0, index - 1) : index] + tree.body[index + 1 : index + 2]
        if any(first <= (other.end_lineno or 0) and other.lineno <= last for other in neighbours):
            continue
        text = lines.contents[first - 1 : last]
        if taken & set(range(first, last + 1)) or any("#" in line for line in text):
            continue
        left = [alias for alias in statement.names if _bound(alias) not in lost]
        if len(left) == len(statement.names):
            continue
        if not left:
            alone = inserted.isdisjoint((first, last + 1))
            yield _removed(lines, path, tree, index, first, last) if alone else Edit(path, first, last, "")
        elif first == last:
            names = ", ".join(alias.name + (f" as {alias.asname}" if alias.asname else "") for alias in left)
            yield lines.edit(path, first, last, [f"{text[0].partition('import')[0]}import {names}"])
        else:
            for line in range(first + 1, last):
                name = lines.contents[line - 1].strip().removesuffix(",")
                if name.isidentifier() and name in lost:
                    yield Edit(path, line, line, "")


def may_be(lines: Lines, tree: ast.Module, made: Sequence[Edit]) -> bool:
    """Whether `unused` may find something: an imported name is in the lines replaced and used nowhere else."""
    replaced = "\n".join(
        line for edit in made for line in lines.contents[edit.start_line - 1 : edit.end_line]
    )
    names = _imported(tree).intersection(_WORD.findall(replaced))
    return any(
        not any(
            all(last < edit.start_line or first > edit.end_line for edit in made)
            for first, last in _places(tree).get(name, ())
        )
        for name in names
    )


@functools.lru_cache(maxsize=2)
def _imported(tree: ast.Module) -> frozenset[str]:
    return frozenset(
        _bound(alias)
        for statement in tree.body
        if isinstance(statement, (ast.Import, ast.ImportFrom))
        for alias in statement.names
    )


@functools.lru_cache(maxsize=2)
def _places(tree: ast.Module) -> Mapping[str, Sequence[tuple[int, int]]]:
    """The lines on which each name of `_used` is."""
    found: dict[str, list[tuple[int, int]]] = {}
    for name, node in _uses(tree):
        found.setdefault(name, []).append((node.lineno, node.end_lineno or node.lineno))
    return found


def _removed(lines: Lines, path: str, tree: ast.Module, index: int, first: int, last: int) -> Edit:
    """The whole statement; with it the blank line that would be one too many, if it stood between two."""
    blank_before = first == 1 or not lines.contents[first - 2].strip()
    blank_after = last < len(lines.contents) and not lines.contents[last].strip()
    if blank_before and blank_after:
        last += 1
        while index == 0 and last < len(lines.contents) and not lines.contents[last].strip():
            last += 1
    return Edit(path, first, last, "")


def _is_kept(statement: ast.Import | ast.ImportFrom) -> bool:
    if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
        return True
    return any(alias.name == "*" or ("." in alias.name and not alias.asname) for alias in statement.names)


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name


def _used(tree: ast.Module) -> set[str]:
    return {name for name, _ in _uses(tree)}


def _uses(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Every name that is read somewhere, and every word of a string: annotations and `__all__` are strings too."""
    for node in walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store):
            yield node.id, node
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 2000:
            for word in _WORD.findall(node.value):
                yield word, node
