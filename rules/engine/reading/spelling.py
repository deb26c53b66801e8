"""What an expression looks like, for the few questions that need no resolving."""

from __future__ import annotations

import ast


def is_ellipsis(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def last_name(node: ast.AST) -> str:
    """The final name of a name, attribute or call of one."""
    if node.__class__ is ast.Call:  # by class, not by isinstance: nothing is asked more often
        node = node.func
    cls = node.__class__
    if cls is ast.Attribute:
        return node.attr  # type: ignore[attr-defined,no-any-return]  # by its class
    return node.id if cls is ast.Name else ""  # type: ignore[attr-defined]  # by its class


def dotted(node: ast.AST) -> str:
    """`self.backend` of nothing but names and attributes, at any depth; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def targets_of(node: ast.AST | None) -> list[ast.expr]:
    """What an assignment sets, not one that adds; nothing for other nodes."""
    match node:
        case ast.Assign(targets=targets):
            return targets
        case ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
            return [target]
    return []


def names_given(node: ast.AST | None) -> set[str]:
    """The final names of what an assignment sets: `rates` of `self.rates = …` too."""
    return {last_name(target) for target in targets_of(node)}


def names_bound(node: ast.AST | None) -> set[str]:
    """The plain names that an assignment sets."""
    return {target.id for target in targets_of(node) if isinstance(target, ast.Name)}


def is_type_checking(test: ast.AST) -> bool:
    return last_name(test) == "TYPE_CHECKING"


def is_main_guard(test: ast.AST) -> bool:
    """Whether `test` is `__name__ == "__main__"`."""
    if not (isinstance(test, ast.Compare) and len(test.comparators) == 1):
        return False
    sides = (test.left, test.comparators[0])
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides) and any(
        isinstance(side, ast.Constant) and side.value == "__main__" for side in sides
    )
