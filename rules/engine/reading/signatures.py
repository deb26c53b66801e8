"""What functions can be called with, as text: `order,count=,*,near=`, and whether a call's arguments fit."""

from __future__ import annotations

import ast
import functools
from collections.abc import Collection, Iterator

from msgspec import Struct

_OPTIONAL = "="
ONLY_POSITIONAL, ONLY_NAMED, MORE, REST = "/", "*", "+", "-"
"""What stands before may be given by position only; what follows by name only; `*args`, after which the same holds; `**kwargs`."""


def of_function(node: ast.FunctionDef | ast.AsyncFunctionDef, bound: bool) -> str:
    """What a function takes; `bound` when its first parameter is the object, which no call writes out."""
    return ",".join(_parts(node.args, bound))


def _parts(taken: ast.arguments, bound: bool) -> Iterator[str]:
    positional = [*taken.posonlyargs, *taken.args]
    required = len(positional) - len(taken.defaults)
    for position, parameter in enumerate(positional):
        if position == len(taken.posonlyargs) > 0:
            yield ONLY_POSITIONAL
        if position or not bound:
            yield parameter.arg + (_OPTIONAL if position >= required else "")
    if len(positional) == len(taken.posonlyargs) > 0:
        yield ONLY_POSITIONAL
    if taken.vararg is not None:
        yield MORE
    elif taken.kwonlyargs:
        yield ONLY_NAMED
    for parameter, default in zip(taken.kwonlyargs, taken.kw_defaults, strict=True):
        yield parameter.arg + ("" if default is None else _OPTIONAL)
    if taken.kwarg is not None:
        yield REST


class Signature(Struct, frozen=True):
    """What a function takes, read again."""

    positional: tuple[str, ...]
    nameless: frozenset[str]
    """Those of them that cannot be given by name."""
    named: frozenset[str]
    """All that can."""
    required: frozenset[str]
    takes_more: bool
    takes_rest: bool


@functools.lru_cache(maxsize=4096)
def signature(takes: str) -> Signature:
    positional: list[str] = []
    named: list[str] = []
    required: list[str] = []
    nameless: frozenset[str] = frozenset()
    found = takes.split(",") if takes else []
    is_positional = True
    for part in found:
        if part == ONLY_POSITIONAL:
            nameless = frozenset(positional)
        elif part in (ONLY_NAMED, MORE):
            is_positional = False
        elif part != REST:
            name = part.removesuffix(_OPTIONAL)
            (positional if is_positional else named).append(name)
            if name == part:
                required.append(name)
    return Signature(
        tuple(positional),
        nameless,
        frozenset((*positional, *named)) - nameless,
        frozenset(required),
        MORE in found,
        REST in found,
    )


def fits(takes: str, count: int, named: Collection[str]) -> bool:
    """Whether a call that gives so many arguments by position, and these by name, gets into the function: Python raises
    `TypeError` for one too many, one that lacks, one that is given twice, and a name that the function does not have."""
    known = signature(takes)
    if count > len(known.positional) and not known.takes_more:
        return False
    given = frozenset(known.positional[:count])
    by_name = frozenset(named)
    if not by_name.isdisjoint(given - known.nameless):
        return False
    if not (known.takes_rest or by_name <= known.named):
        return False
    return known.required <= given | (by_name - known.nameless)
