"""Sections that get shorter by rows, and words that several of them use."""

from __future__ import annotations

from collections.abc import Callable

from app.review.markdown import Section

ROWS = (200, 100, 50, 20, 10, 5, 1)
"""How many rows a list shows, from roomy to tight."""


def section(draw: Callable[[int], str], rows: int, rank: int, last: str | None = None) -> Section:
    """A section with fewer and fewer rows. `last`, if given, is its very last form."""
    forms = [draw(min(rows, ROWS[0]))]
    forms += [draw(most) for most in ROWS[1:] if most < rows]
    if last is not None:
        forms.append(last)
    return Section(tuple(dict.fromkeys(forms)), rank)


def upper(text: str) -> str:
    return text[:1].upper() + text[1:]
