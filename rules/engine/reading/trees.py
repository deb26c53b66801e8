"""Files that were walked lately: the next version of a project has most of what the last one changed."""

from __future__ import annotations

import ast
from collections import OrderedDict
from collections.abc import Collection

from rules.engine.reading.carried import Layout
from rules.engine.reading.index import Index
from rules.engine.reading.shared_trees import parse_next
from rules.engine.reading.source import Source, parse

MOST_LINES = 6_000
"""That stay: a line takes about two kilobytes."""


class Trees:
    """Walked files by their content. Nothing in them depends on the project: who asks again gets what was made then."""

    def __init__(self, most_lines: int = MOST_LINES) -> None:
        self._kept: OrderedDict[bytes, tuple[Source, Index]] = OrderedDict()
        self._most, self._lines = most_lines, 0

    def read(
        self, raw: bytes, kinds: Collection[type[ast.AST]], before: Layout | None = None
    ) -> tuple[Source, Index]:
        """The walked file, with its nodes of these `kinds`; whoever takes it gives it back. Raises SourceError.

        `before` is how the version before lay, if there is one.
        """
        known = self._kept.pop(raw, None)
        if known is not None:
            self._lines -= len(known[0].lines)
            if known[1].nodes.keys() == {*kinds}:
                return known
            known[1].release()
        source = Source(raw)
        tree = parse_next(source, before) if before is not None else None
        return source, Index(tree if tree is not None else parse(source), kinds)

    def layout(self, raw: bytes) -> Layout:
        """How a file lies that need not be walked. Raises SourceError."""
        known = self._kept.get(raw)
        if known is not None:
            return Layout(known[1].tree, known[0].lines)
        source = Source(raw)
        return Layout(parse(source), source.lines)

    def give_back(self, source: Source, index: Index) -> None:
        """Keep a walked file that nobody uses any more, and let go of those that nobody asked for the longest."""
        former = self._kept.pop(source.raw, None)
        if former is not None:
            former[1].release()
        self._kept[source.raw] = source, index
        self._lines += len(source.lines) if former is None else 0
        while self._lines > self._most:
            _, (gone, walked) = self._kept.popitem(last=False)
            self._lines -= len(gone.lines)
            walked.release()
