"""Methods that a call may mean of an object that nobody knows here: those of the application that are called so.

What a parameter without annotation, a container or a registry of classes gives is known to nobody who only reads; a method of
whose name the whole application has one or two is what its authors mean all the same. Enough for a hint."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.kept_answers import Mentioned, once_for_node
from rules.engine.linking.implementers import stands_in
from rules.engine.linking.values import Sort, Value
from rules.engine.reading import facts, signatures
from rules.engine.reading.facts import ModuleFacts
from rules.engine.reading.paths import is_example, place_of

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module
    from rules.engine.project import Project

_MOST = 6
"""Of classes with a method of one name: of more, nobody knows which is meant."""
_WORDS = 2
_LETTERS = 12
"""A name of two words and so many letters is nobody's by chance: `evaluate_batch`, unlike `get_user`."""
_ANYTHING = ("starlette.datastructures.State.", "types.SimpleNamespace.")
_NOT_MEANT = facts.ABSTRACT | facts.PROPERTY | facts.STATIC


def _methods(path: str, found: ModuleFacts) -> Iterator[tuple[str, str]]:
    if place_of(path) != "app" or is_example(path):
        return
    for function in found.functions:
        name = function.symbol.rpartition(".")[2]
        if (
            function.owner
            and _is_telling(name)
            and not function.flags & _NOT_MEANT
            and not stands_in(path, function.owner)
        ):
            yield name, function.symbol


_of_name = Mentioned(_methods)


def called(name: str, project: Project) -> Iterable[Node]:
    """The methods of the application that are called so, where the name tells anything."""
    return _of_name(project, name)


@once_for_node
def namesakes(call: ast.Call, module: Module) -> tuple[Node, ...]:
    """The methods that take what `call` gives, on an object of which nothing is known; none where they are many."""
    function = call.func
    if not isinstance(function, ast.Attribute) or not _is_telling(function.attr):
        return ()
    if not (is_unknown(module.value(function)) and is_unknown(module.value(function.value))):
        return ()
    if libraries.has(function.attr) or _is_own(function.value):
        return ()
    found = tuple(_of_name(module.project, function.attr))
    if not 1 <= len(found) <= _MOST or any(isinstance(each, ast.Starred) for each in call.args):
        return ()
    given = [each.arg for each in call.keywords]
    named = [each for each in given if each is not None]
    taken = tuple(
        node
        for node in found
        if len(named) < len(given) or signatures.fits(node.function.takes, len(call.args), named)
    )
    return taken if len(taken) == len(found) else ()


def is_unknown(value: Value | None) -> bool:
    """Whether nobody knows what it is; what is kept on `app.state` may be anything."""
    return value is None or (value.sort == Sort.EXTERNAL and value.name.startswith(_ANYTHING))


def _is_own(receiver: ast.expr) -> bool:
    """`self.…()`: what a class has not, and its heirs neither, is no other class's; nor is what `super()` has."""
    if isinstance(receiver, ast.Call):
        return isinstance(receiver.func, ast.Name) and receiver.func.id == "super"
    return isinstance(receiver, ast.Name) and receiver.id in ("self", "cls")


def _is_telling(name: str) -> bool:
    return name[:2] != "__" and len(name.strip("_").split("_")) >= _WORDS and len(name) >= _LETTERS
