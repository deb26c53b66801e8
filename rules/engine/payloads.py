"""Values of unknown size that come from outside: uploads."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.walking import walk

if TYPE_CHECKING:
    from rules.engine.module import Module

UPLOADS = frozenset(
    {"fastapi.UploadFile", "fastapi.datastructures.UploadFile", "starlette.datastructures.UploadFile"}
)
_TURNS = 4


def holds_upload(expression: ast.AST, module: Module) -> bool:
    """Whether a value is, or is made of, what a client uploaded: `await file.read()`, `file.file`, `StringIO(data)`."""
    function = module.function_of(expression)
    tainted = _uploaded_names(function.node, module) if function is not None else frozenset()
    return _speaks_of_upload(expression, tainted, module)


def _speaks_of_upload(expression: ast.AST, tainted: frozenset[str], module: Module) -> bool:
    for node in walk(expression):
        if isinstance(node, ast.Name) and node.id in tainted:
            return True
        if (
            isinstance(node, ast.Attribute)
            and node.attr in ("read", "file")
            and module.type_of(node.value) in UPLOADS
        ):
            return True
    return False


def _uploaded_names(function: ast.AST, module: Module) -> frozenset[str]:
    """Locals that hold an upload's content, or something computed from it."""
    names: frozenset[str] = frozenset()
    assigned = [node for node in walk(function) if isinstance(node, ast.Assign | ast.AnnAssign)]
    for _ in range(_TURNS):
        before = names
        for node in assigned:
            if node.value is None or not _speaks_of_upload(node.value, names, module):
                continue
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
        if names == before:
            break
    return names
