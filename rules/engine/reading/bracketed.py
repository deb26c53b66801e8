"""References with brackets, taken apart: `«…|…»` is one of several, `⟨…¦…⟩` the members of a tuple or of a generic class."""

from __future__ import annotations

_OPENING = {"«": 1, "⟨": 1, "»": -1, "⟩": -1}


def opening(ref: str) -> int:
    """Where the bracket opens that the last character of `ref` closes."""
    depth = 0
    for position in range(len(ref) - 1, -1, -1):
        depth += _OPENING.get(ref[position], 0)
        if not depth:
            return position
    return 0


def without_arguments(annotation: str) -> str:
    """`@Box:` of `@Box:⟨…⟩`."""
    if annotation.endswith("⟩") and annotation[0] != "⟨":
        return annotation[: opening(annotation)]
    return annotation


def parts(ref: str, separator: str) -> list[str]:
    """The members of a bracketed reference."""
    parts, depth, start = [], 0, 1
    for position, character in enumerate(ref):
        depth += _OPENING.get(character, 0)
        if character == separator and depth == 1:
            parts.append(ref[start:position])
            start = position + 1
    return [*parts, ref[start:-1]]
