"""Answers that are worked out once: about a whole project for each version of it, where rules that ask for every call or
every function would go through all files each time otherwise, and about a node that several rules ask about."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.engine.project import Project

Answer = TypeVar("Answer")
Given = ParamSpec("Given")
Asked = TypeVar("Asked", bound=ast.AST)


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


def once_for_node(function: Callable[[Asked, Module], Answer]) -> Callable[[Asked, Module], Answer]:
    """Keep what `function` answers for a node, as long as its module lasts."""

    @functools.wraps(function)
    def answer(node: Asked, module: Module) -> Answer:
        known = module.answers
        key = (function, node)
        if key not in known:
            known[key] = function(node, module)
        return cast("Answer", known[key])

    return answer
