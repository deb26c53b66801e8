"""Functions of the project that give a whole file, read from the disk or a store of objects, as bytes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.finding import Hop
from rules.engine.linking.graph import CALL
from rules.engine.reading.bodies import awaited, values_of
from rules.engine.reading.spelling import last_name

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module

_BYTES = "builtins.bytes:"
_WHOLE = frozenset({"read_bytes", "download_as_bytes", "download_as_string", "readall", "get_object"})
"""Methods that give all that a file or a stored object holds."""
_BESIDE = frozenset({"debug", "info", "warning", "error", "exception", "close", "release_conn"})
_OPENED = ("builtins.open", "open", "aiofiles.open", "anyio.open_file")
_FAR = 3
"""Functions from the response to what reads."""
_MOST = 50


def reader_of(content: ast.AST, module: Module) -> tuple[ast.Call, tuple[Hop, ...]] | None:
    """The call of a project function that gives `content`, itself or through a local name, and the way from it to where a whole
    file is read, where each function on it says that it returns bytes."""
    for made in _made(content, module):
        for node in module.project.graph.runs(module.value(made.func)):
            way = _way(node)
            if way:
                return made, (Hop(module.path, made.lineno, last_name(made.func)), *way)
    return None


def _made(content: ast.AST, module: Module) -> Iterator[ast.Call]:
    content = awaited(content)
    if isinstance(content, ast.Name):
        values = [
            awaited(value) for kind, value in values_of(content, module) if kind in ("value", "annotated")
        ]
        content = values[0] if len(values) == 1 else content
    if isinstance(content, ast.Call):
        yield content


def _way(start: Node) -> tuple[Hop, ...]:
    seen = {start}
    pending: list[tuple[Node, tuple[Hop, ...]]] = [(start, ())]
    while pending and len(seen) < _MOST:
        later: list[tuple[Node, tuple[Hop, ...]]] = []
        for node, way in pending:
            if node.function.returns != _BYTES:
                continue
            line = _read_in(node)
            if line:
                return (*way, Hop(node.path, line, node.symbol))
            if len(way) < _FAR:
                later += [
                    (edge.target, (*way, Hop(node.path, edge.call.line, node.symbol)))
                    for edge in node.edges
                    if edge.kind == CALL and edge.target not in seen and _is_last(edge.call.line, node)
                ]
                seen.update(target for target, _ in later)
        pending = later
    return ()


def _read_in(node: Node) -> int:
    """The line where a function reads a whole file, as the last thing that it does; 0 where it reads none."""
    calls = node.function.calls
    opens = any(call.ref in _OPENED or call.ref.endswith(".get_object") for call in calls)
    for call in calls:
        name = call.ref.rpartition(".")[2]
        if (name in _WHOLE or (opens and name == "read")) and _is_last(call.line, node):
            return call.line
    return 0


def _is_last(line: int, node: Node) -> bool:
    """Whether a function calls nothing behind a line but what tells or closes: what it got there is what it gives."""
    return all(call.line <= line or call.ref.rpartition(".")[2] in _BESIDE for call in node.function.calls)
