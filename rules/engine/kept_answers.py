"""Answers that are worked out once: about a whole project for each version of it, where rules that ask for every call or
every function would go through all files each time otherwise, and about a node that several rules ask about.

A version that follows another one takes over what does not depend on what changed: answers about its outline, and what
its files say together."""

from __future__ import annotations

import ast
import functools
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Concatenate, Generic, ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary

from rules.engine.reading.facts import ModuleFacts

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.linking.resolver import Resolver
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
        self._kept: WeakKeyDictionary[Resolver, _Counts] = WeakKeyDictionary()

    def __call__(self, project: Project) -> Mapping[Hashable, int]:
        """All of it, as it is now, with how often each is said."""
        counts = self._kept.get(project.resolver)
        if counts is None:
            counts = self._kept[project.resolver] = _Counts(self._said)
        counts.follow(project.resolver)
        return counts.counts


class Mentioned:
    """As `Said`, of names that functions mention, each with the symbol of the function: asked for one name at a time."""

    def __init__(self, said: Callable[[str, ModuleFacts], Iterable[tuple[str, str]]]) -> None:
        self._said = said
        self._kept: WeakKeyDictionary[Resolver, _Places] = WeakKeyDictionary()

    def __call__(self, project: Project, name: str) -> Iterable[Node]:
        """The functions that mention it."""
        places = self._kept.get(project.resolver)
        if places is None:
            places = self._kept[project.resolver] = _Places(self._said)
        places.follow(project.resolver)
        nodes = project.graph.nodes
        return (nodes[place] for place in places.places.get(name, ()) if place in nodes)


Each = TypeVar("Each", bound=Hashable)


class _Together(ABC, Generic[Each]):
    """What the files of a project say, as of the version that somebody asked about last."""

    def __init__(self, said: Callable[[str, ModuleFacts], Iterable[Each]]) -> None:
        self._said = said
        self._edition = -1
        """Of the resolver that all this is of."""
        self._files: dict[str, ModuleFacts] = {}
        """Whose facts are among it."""

    def follow(self, resolver: Resolver) -> None:
        """Say what the files say now."""
        if self._edition == resolver.edition:
            return
        self._edition = resolver.edition
        files, modules = self._files, resolver.modules
        for path, module in modules.items():
            if files.get(path) is not module.facts:
                self._take_back(path)
                files[path] = module.facts
                self.add(path, self._said(path, module.facts))
        if len(files) > len(modules):
            for path in files.keys() - modules.keys():
                self._take_back(path)

    def _take_back(self, path: str) -> None:
        if path in self._files:
            self.remove(path, self._said(path, self._files.pop(path)))

    @abstractmethod
    def add(self, path: str, said: Iterable[Each]) -> None:
        """Put what a file says to the rest."""

    @abstractmethod
    def remove(self, path: str, said: Iterable[Each]) -> None:
        """Take back what a file said before."""


class _Counts(_Together[Hashable]):
    def __init__(self, said: Callable[[str, ModuleFacts], Iterable[Hashable]]) -> None:
        super().__init__(said)
        self.counts = Counter[Hashable]()

    def add(self, path: str, said: Iterable[Hashable]) -> None:
        self.counts.update(said)

    def remove(self, path: str, said: Iterable[Hashable]) -> None:
        for each in said:
            self.counts[each] -= 1
            if not self.counts[each]:
                del self.counts[each]


class _Places(_Together[tuple[str, str]]):
    def __init__(self, said: Callable[[str, ModuleFacts], Iterable[tuple[str, str]]]) -> None:
        super().__init__(said)
        self.places: defaultdict[str, dict[tuple[str, str], None]] = defaultdict(dict)
        """By name, the path and symbol of each function."""

    def add(self, path: str, said: Iterable[tuple[str, str]]) -> None:
        for name, symbol in said:
            self.places[name][path, symbol] = None

    def remove(self, path: str, said: Iterable[tuple[str, str]]) -> None:
        for name, symbol in said:
            self.places[name].pop((path, symbol), None)


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
