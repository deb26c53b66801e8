"""Configurations in folders: in a repository of several projects each may have its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from rules.engine.reading.regexes import regex

NAMES: Final = (".github/fastperf.toml", "pyproject.toml", ".ruff.toml", "ruff.toml")
"""Where a project configures us, or ruff; relative to its folder."""
_OWN_SECTION: Final = regex(r"""^[ \t]*\[\[?[ \t]*tool[ \t]*\.[ \t]*["']?fastperf\b""", re.MULTILINE)
_RUFF_SECTION: Final = regex(r"""^[ \t]*\[\[?[ \t]*tool[ \t]*\.[ \t]*["']?ruff\b""", re.MULTILINE)


def folder_of(path: str) -> str:
    """The folder whose configuration a document may hold; empty for the repository's own, and for other documents."""
    for name in NAMES:
        if path.endswith(f"/{name}"):
            return path.removesuffix(f"/{name}")
    return ""


def documents(texts: Mapping[str, str | None]) -> list[tuple[str, dict[str, str]]]:
    """The folders that have such documents, outer ones first, each with its documents by their names there."""
    found: dict[str, dict[str, str]] = {}
    for path, text in texts.items():
        if text and (folder := folder_of(path)):
            found.setdefault(folder, {})[path.removeprefix(f"{folder}/")] = text
    return sorted(found.items(), key=lambda entry: (entry[0].count("/"), entry[0]))


def decides(own: Mapping[str, str]) -> bool:
    """Whether a folder says anything of its own."""
    return has_table(own) or has_linter(own)


def has_table(own: Mapping[str, str]) -> bool:
    text = (
        own.get("pyproject.toml", "").replace("\0", "").lstrip("\ufffd")
    )  # what is left of UTF-16 is told off
    return NAMES[0] in own or _OWN_SECTION.search(text) is not None


def has_linter(own: Mapping[str, str]) -> bool:
    return (
        not own.keys().isdisjoint(NAMES[2:])
        or _RUFF_SECTION.search(own.get("pyproject.toml", "")) is not None
    )
