"""The shape of a change that is made by hand: a rule's own example, before and after, as a diff."""

from __future__ import annotations

import difflib
import functools
import textwrap

from rules.engine import registry

_ALIKE = 0.4
"""So much of two examples is the same when one is the other's cure, and not a case of its own."""
_MOST_LINES = 40


@functools.cache
def example(code: str) -> str:
    """What a rule's example loses and gets, ended by a newline; empty when its examples show no such change."""
    try:
        rule = registry.by_code(code)
    except KeyError:
        return ""
    for bad in rule.invalid:
        cures = [bad.fixed] if bad.fixed else [good.code for good in rule.valid if good.path == bad.path]
        for cure in cures:
            if shown := _diff(bad.code, cure):
                return shown
    return ""


def _diff(before: str, after: str) -> str:
    old, new = (textwrap.dedent(text).strip("\n").splitlines() for text in (before, after))
    if difflib.SequenceMatcher(None, old, new, autojunk=False).ratio() < _ALIKE:
        return ""
    lines: list[str] = []
    for line in list(difflib.unified_diff(old, new, n=2, lineterm=""))[2:]:
        at_edge = not lines or lines[-1] == "@@"
        if line.startswith("@@"):
            lines += ["@@"] * bool(lines)
        elif line.strip() or not at_edge:
            lines.append(line.rstrip())
    is_change = any(line.startswith("+") for line in lines)
    return "\n".join(lines) + "\n" if is_change and len(lines) <= _MOST_LINES else ""
