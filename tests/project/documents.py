"""Reading our own documentation: its fenced blocks, with what the comment above each says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "SECURITY.md",
        *(ROOT / "docs").rglob("*.md"),
    )
    if path.parent.name != "rules"
)
_COMMENT = re.compile(r"<!-- (.+?) -->\n?\Z")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEREDOC = re.compile(r"<<'?(\w+)'?")


@dataclass(frozen=True)
class Block:
    """`notes` are the comments above it: `exits 1`, `in: shop`, `not run here: why`."""

    page: Path
    line: int
    language: str
    text: str
    notes: tuple[str, ...] = ()

    def note(self, beginning: str) -> str | None:
        """The rest of the note that begins so."""
        return next(
            (note.removeprefix(beginning).strip() for note in self.notes if note.startswith(beginning)), None
        )

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass
class Step:
    """A command as a reader types it, and the lines of its output that are shown."""

    command: str
    shown: list[str] = field(default_factory=list)
    status: int = 0


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        before, notes = text[: found.start()], []
        while comment := _COMMENT.search(before):
            notes.append(comment[1])
            before = before[: comment.start()]
        line = text.count("\n", 0, found.start()) + 1
        yield Block(page, line, found[1], found[2], tuple(notes))


def steps(block: Block) -> list[Step]:
    """The commands of a console session."""
    found: list[Step] = []
    end = ""
    for line in block.text.splitlines():
        if end:
            found[-1].command += f"\n{line}"
            end = "" if line == end else end
        elif line.startswith("$ "):
            found.append(Step(line[2:]))
            heredoc = _HEREDOC.search(line)
            end = heredoc[1] if heredoc else ""
        elif line.strip():
            found[-1].shown.append(line)
    if found and (status := block.note("exits ")) is not None:
        found[-1].status = int(status)
    return found
