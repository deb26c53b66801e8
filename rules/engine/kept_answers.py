"""Answers that are worked out once: about a whole project for each version of it, where rules that ask for every call or
every function would go through all files each time otherwise, and about a node that several rules ask about.

A version that follows another one takes over what does not depend on what changed: answers about its outline, and what
its files say together."""

from __future__ import annotations

import ast
import functools
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary

from rules.engine.reading.facts import ModuleFacts

if TYPE_CHECKING:
    from rules.engine.linking.resolver import Resolver
    from rules.engine.linking.values import Linked
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


def once_for_outline(function: Callable[[Project], Answer]) -> Callable[[Project], Answer]:
    """As `once`, of what depends on nothing but the outline of a project (`Outline`)."""
    kept: WeakKeyDictionary[Outline, Answer] = WeakKeyDictionary()

    @functools.wraps(function)
    def answer(project: Project, /) -> Answer:
        if project.outline not in kept:
            kept[project.outline] = function(project)
        return kept[project.outline]

    return answer


class Outline:
    """Stands for which files a project has, what each imports and which are programs, for its applications with their
    routes, and for its documents: versions that have all of that in common share it."""


class Said:
    """What the files of a project say taken together, by a function of one file's path and facts.

    Kept from version to version: those files are looked at again that are others than when somebody asked last.
    """

    def __init__(self, said: Callable[[str, ModuleFacts], Iterable[Hashable]]) -> None:
        self._said = said
        self._kept: WeakKeyDictionary[Resolver, _Together] = WeakKeyDictionary()

    def __call__(self, project: Project) -> Mapping[Hashable, int]:
        """All of it, as it is now, with how often each is said."""
        together = self._kept.get(project.resolver)
        if together is None:
            together = self._kept[project.resolver] = _Together()
        if together.edition != project.resolver.edition:
            together.edition = project.resolver.edition
            self._follow(project.resolver.modules, together.files, together.counts)
        return together.counts

    def _follow(
        self, modules: Mapping[str, Linked], files: dict[str, ModuleFacts], counts: Counter[Hashable]
    ) -> None:
        for path, module in modules.items():
            if files.get(path) is not module.facts:
                self._take_back(path, files, counts)
                files[path] = module.facts
                counts.update(self._said(path, module.facts))
        if len(files) > len(modules):
            for path in files.keys() - modules.keys():
                self._take_back(path, files, counts)

    def _take_back(self, path: str, files: dict[str, ModuleFacts], counts: Counter[Hashable]) -> None:
        if path not in files:
            return
        for each in self._said(path, files.pop(path)):
            counts[each] -= 1
            if not counts[each]:
                del counts[each]


class _Together:
    def __init__(self) -> None:
        self.edition = -1
        """Of the resolver that all this is of."""
        self.files: dict[str, ModuleFacts] = {}
        """Whose facts are among it."""
        self.counts = Counter[Hashable]()


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
