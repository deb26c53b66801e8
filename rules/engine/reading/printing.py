"""A libcst tree printed once: its text, where each node stands, and whose part it is.

libcst's own position metadata gives the same places at several times the price.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

Point = tuple[int, int]
"""Line from 1, column from 0."""


class Printed:
    """`module` as text, with the places of its nodes without the whitespace around them."""

    def __init__(self, module: cst.Module) -> None:
        self.module = module
        self._state = _State(module)
        module._codegen(self._state)
        self.text = "".join(self._state.tokens)

    def nodes(self, kinds: tuple[type[Any], ...]) -> Iterator[tuple[cst.CSTNode, Point, Point]]:
        """The nodes of some kinds, each with its start and its end."""
        for node in self._state.printed:
            if isinstance(node, kinds):
                yield node, *self._state.spans[id(node)]

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        return self._state.parents[id(node)]

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """What is around a node, from the inside out."""
        current = self.parent(node)
        while current is not None:
            yield current
            current = self.parent(current)


class _State(CodegenState):
    """Notes where printing is before and after each node."""

    def __init__(self, module: cst.Module) -> None:
        super().__init__(module.default_indent, module.default_newline)
        self.line, self.column = 1, 0
        self.printed: list[cst.CSTNode] = []
        self.parents: dict[int, cst.CSTNode | None] = {}
        self.spans: dict[int, tuple[Point, Point]] = {}
        self._around: list[tuple[cst.CSTNode | None, Point]] = [(None, (1, 0))]

    def add_indent_tokens(self) -> None:
        for token in self.indent_tokens:
            self.add_token(token)

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        if "\n" in value or "\r" in value:
            lines = value.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            self.line += len(lines) - 1
            self.column = len(lines[-1])
        else:
            self.column += len(value)

    def before_codegen(self, node: cst.CSTNode) -> None:
        self.printed.append(node)
        self.parents[id(node)] = self._around[-1][0]
        self._around.append((node, (self.line, self.column)))

    def after_codegen(self, node: cst.CSTNode) -> None:
        _, start = self._around.pop()
        if id(node) not in self.spans:
            self.spans[id(node)] = start, (self.line, self.column)

    def record_syntactic_position(  # type: ignore[override]  # a context manager without a generator behind it
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> _Place:
        return _Place(self, node, start_node, end_node)


class _Place:
    """The part of a node's text that the node begins and ends with, by its own account."""

    __slots__ = ("_first", "_last", "_node", "_start", "_state")

    def __init__(
        self, state: _State, node: cst.CSTNode, first: cst.CSTNode | None, last: cst.CSTNode | None
    ) -> None:
        self._state, self._node, self._first, self._last = state, node, first, last

    def __enter__(self) -> None:
        self._start = self._state.line, self._state.column

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        spans = self._state.spans
        start = spans[id(self._first)][0] if self._first is not None else self._start
        end = spans[id(self._last)][1] if self._last is not None else (self._state.line, self._state.column)
        spans[id(self._node)] = start, end
