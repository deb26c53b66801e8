"""Importing libcst in half the time, for those who write a few fixes and end.

It defines two hundred data classes, and `dataclasses` compiles up to five methods for each, of which a run needs a few
dozen. Here they are compiled when they are first called.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from typing import Any

_COMPILING = "_create_fn"
"""How releases of Python before 3.13 call what compiles a method; later ones compile those of a class at once."""


def prepare() -> None:
    """Import libcst, unless it is there already."""
    names = vars(dataclasses)
    compiling: Callable[..., Any] | None = names.get(_COMPILING)
    if "libcst" in sys.modules or compiling is None:
        return
    names[_COMPILING] = _later(compiling)
    try:
        import libcst  # noqa: F401 - those who need it import it again
    finally:
        names[_COMPILING] = compiling


def _later(compiling: Callable[..., Any]) -> Callable[..., Any]:
    def compiled_later(name: str, *written: Any, **namespaces: Any) -> Callable[..., Any]:
        def method(self: Any, *values: Any, **named: Any) -> Any:
            made = compiling(name, *written, **namespaces)
            for cls in type(self).__mro__:
                if vars(cls).get(name) is method:
                    setattr(cls, name, made)
            return made(self, *values, **named)

        method.__name__ = name
        return method

    return compiled_later


__all__ = ["prepare"]
