"""The names that edits bind and unbind, told by the statements that they touch.

A statement at the top of a file uses and binds names of its own accord, whatever stands beside it. So the statements that
no edit touches need not be looked through, but for whether they bind a name that the others want: most of them say so
plainly, and where they do not, whoever asks looks at the whole file.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from rules.engine.finding import Edit
from rules.engine.fixing import bindings
from rules.engine.fixing.bindings import Names
from rules.engine.reading.edits import EditError, Lines
from rules.engine.reading.units import UnfixableError, first_line


def names(tree: ast.Module, lines: Lines, made: Sequence[Edit]) -> Names | None:
    """What the file with the edits binds, and what it uses unbound, that the file `lines`, whose tree is given, does not.

    None where that takes a look at the whole file. Raises UnfixableError when an await is where none may be.
    """
    others = list(_untouched(tree, made))
    contents = [*lines.contents]
    for statement in others:
        first, last = first_line(statement), statement.end_lineno or statement.lineno
        contents[first - 1 : last] = [""] * (last + 1 - first)
    rest = replace(lines, contents=tuple(contents))
    try:
        fixed = Lines.of(rest.apply(made))
        before, after = (each.text(1, len(each.contents)) for each in (rest, fixed))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings about their code are theirs
            known, now = bindings.names(before), bindings.names(after)
            awaits = "await" in after or "async" in after
            if awaits and bindings.misplaced_await(ast.parse(after)):
                raise UnfixableError("an await outside an async function")
    except (EditError, SyntaxError, ValueError):
        return None
    if known.bound - now.bound:
        return None
    found = bindings.difference(known, now)
    plain = {name for statement in others for name in _bound(statement)}
    if not found.unbound <= plain:
        return None
    bound = found.bound - plain
    if any(
        re.search(rf"\b{re.escape(name)}\b", line)
        for name in bound
        for line in lines.contents
        if name in line
    ):
        return None
    return Names(bound, frozenset())


def _untouched(tree: ast.Module, made: Sequence[Edit]) -> Iterator[ast.stmt]:
    """The statements at the top on whose lines neither an edit nor a part of another statement is."""
    body = tree.body
    for index, statement in enumerate(body):
        first, last = first_line(statement), statement.end_lineno or statement.lineno
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            continue  # it decides how others are read
        if index and (body[index - 1].end_lineno or 0) >= first:
            continue
        if index + 1 < len(body) and first_line(body[index + 1]) <= last:
            continue
        if not any(_touches(edit, first, last) for edit in made):
            yield statement


def _touches(edit: Edit, first: int, last: int) -> bool:
    """Whether an edit changes one of these lines or puts something between two of them."""
    if edit.end_line < edit.start_line:
        return first < edit.start_line <= last
    return edit.start_line <= last and first <= edit.end_line


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The names that an import, a definition or a plain assignment binds for sure."""
    match statement:
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            for alias in names:
                yield alias.asname or alias.name.partition(".")[0]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id
        case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
            yield name
