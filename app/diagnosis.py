"""The cost tree of one endpoint, for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rich.text import Text
from rich.tree import Tree

from app.printable import visible
from app.review.amounts import short_name
from rules import ModuleFacts, SourceError
from rules.engine.analysis import extract
from rules.engine.costs.polynomials import brief
from rules.engine.diagnosis import Branch, Diagnosis
from rules.engine.finding import WORST_CASE, Options
from rules.engine.project import Project

SHOWN_DEPTH = 8
SHOWN_CALLS = 6
"""Of one function; the rest is counted."""


def linked(
    sources: Mapping[str, bytes],
    documents: Mapping[str, str],
    options: Options,
    advance: Callable[[int], None] = lambda count: None,
) -> Project:
    """The linked project. What cannot be read is left out."""
    facts: dict[str, ModuleFacts] = {}
    for path, source in sources.items():
        try:
            facts[path] = extract(path, source)
        except SourceError:
            continue
        finally:
            advance(1)
    return Project(facts, documents, options)


def tree(diagnosis: Diagnosis) -> Tree:
    """What a request runs, the costliest first."""
    queries, external = map(brief, diagnosis.written(diagnosis.amount))
    title = Text(visible(f"{diagnosis.method} {diagnosis.path}"), "bold")
    title.append(f"  queries {queries} · external calls {external}", "default")
    if diagnosis.amount.unbounded:
        title.append(" · unbounded", "red")
    if stops := list(dict.fromkeys(map(short_name, diagnosis.blocking))):
        title.append(visible(f" · blocks the loop: {', '.join(stops)}"), "red")
    root = Tree(title, guide_style="dim")
    for branch in diagnosis.branches:
        _grow(root, branch, diagnosis, 1)
    return root


def legend(diagnosis: Diagnosis) -> str:
    """What the figures are, and what their letters count."""
    queries, external = diagnosis.written(diagnosis.amount)
    named = [
        f"{letter} = {f'items of {name}' if name else 'turns of a loop'}"
        for name, letter in diagnosis.sizes.items()
        if letter in queries or letter in external
    ]
    return f"{WORST_CASE} {', '.join(named)}." if named else WORST_CASE


def _grow(parent: Tree, branch: Branch, diagnosis: Diagnosis, depth: int) -> None:
    node = parent.add(_line(branch, diagnosis))
    if depth >= SHOWN_DEPTH:
        return
    for inner in branch.inside[:SHOWN_CALLS]:
        _grow(node, inner, diagnosis, depth + 1)
    if (more := len(branch.inside) - SHOWN_CALLS) > 0:
        node.add(Text(f"and {more} more", "dim"))


def _line(branch: Branch, diagnosis: Diagnosis) -> Text:
    queries, external = map(brief, diagnosis.written(branch.amount))
    parts = [f"{queries} queries" if queries != "1" else "1 query"] if queries != "0" else []
    if external != "0":
        parts.append(f"{external} external" + (" calls" if external != "1" else " call"))
    name = branch.name if branch.inside else short_name(branch.name)
    text = Text(visible(name), "bold" if branch.inside else "default")
    if branch.role not in ("call", "handler"):
        text.append(f" ({branch.role})", "dim")
    text.append("  " + (" · ".join(parts) or "no query, no external call"))
    if branch.loops:
        text.append(visible(" · for each of " + ", of ".join(branch.loops)), "yellow")
    text.append(visible(f"  {branch.path}:{branch.line}"), "dim")
    return text


def contract(diagnosis: Diagnosis) -> dict[str, Any]:
    """As `diagnose --output-format json` prints it."""
    queries, external = diagnosis.written(diagnosis.amount)
    return {
        "method": diagnosis.method,
        "path": diagnosis.path,
        "file": diagnosis.file,
        "line": diagnosis.line,
        "queries": queries,
        "external_calls": external,
        "unbounded": diagnosis.amount.unbounded,
        "blocking": list(diagnosis.blocking),
        "sizes": {letter: name or "turns" for name, letter in diagnosis.sizes.items()},
        "tree": [_contract(branch, diagnosis, 1) for branch in diagnosis.branches],
    }


def _contract(branch: Branch, diagnosis: Diagnosis, depth: int) -> dict[str, Any]:
    queries, external = diagnosis.written(branch.amount)
    inside = branch.inside if depth < SHOWN_DEPTH else ()
    return {
        "name": branch.name,
        "role": branch.role,
        "path": branch.path,
        "line": branch.line,
        "queries": queries,
        "external_calls": external,
        "for_each": list(branch.loops),
        "inside": [_contract(each, diagnosis, depth + 1) for each in inside],
    }
