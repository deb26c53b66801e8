"""Answers about a whole project, worked out once for each version of it: rules that ask for every call or every function
would go through all files each time otherwise."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from rules.engine.project import Project

Answer = TypeVar("Answer")
Given = ParamSpec("Given")


def once(
    function: Callable[Concatenate[Project, Given], Answer],
) -> Callable[Concatenate[Project, Given], Answer]:
    """Keep what `function` answers for a project and the rest of its arguments, which are few and hashable."""
    kept: WeakKeyDictionary[Project, dict[Hashable, object]] = WeakKeyDictionary()

    @functools.wraps(function)
    def answer(project: Project, /, *given: Given.args, **named: Given.kwargs) -> Answer:
        known = kept.setdefault(project, {})
        key = (given, *named.items())
        if key not in known:
            known[key] = function(project, *given, **named)
        return cast("Answer", known[key])

    return answer
