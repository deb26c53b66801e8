"""How long the instances of a class live: for the process, or made anew for each request."""

from __future__ import annotations

import ast
import enum
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once
from rules.engine.linking.context import AT_STARTUP, IN_REQUEST, IN_TASK
from rules.engine.linking.values import MADE, Sort
from rules.engine.reading import facts

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.linking.values import Linked
    from rules.engine.module import Module
    from rules.engine.project import Project


_SERVING = frozenset({"endpoint", "websocket", "dependency", "middleware"})


class Lifetime(enum.StrEnum):
    PROCESS = "process"
    REQUEST = "request"
    UNKNOWN = "unknown"


class _Made:
    """The classes of a project that are instantiated, by where."""

    def __init__(self, project: Project) -> None:
        self.in_request: set[tuple[str, str]] = set()
        self.at_start: set[tuple[str, str]] = set()
        self.elsewhere: set[tuple[str, str]] = set()
        for node in project.graph.nodes.values():
            made = project.made.get(node)
            if made is None:
                with project.resolver.reading((MADE, node)):
                    made = project.made[node] = _made_by(node, project)
            for key in made:
                if node.function.flags & facts.CACHED:
                    self.at_start.add(key)
                elif node.contexts & (IN_REQUEST | IN_TASK):
                    self.in_request.add(key)
                elif node.contexts & AT_STARTUP or not node.symbol:
                    self.at_start.add(key)
                else:
                    self.elsewhere.add(key)
        self.in_request = _with_ancestors(self.in_request, project)
        self.elsewhere = _with_ancestors(self.elsewhere, project)
        self.kept = _shared(project) | _with_ancestors(self.at_start, project)


@once
def _shared(project: Project) -> set[tuple[str, str]]:
    """The classes of which some module-level name of the project holds an instance: the part of `_Made` that takes no look
    at functions, for those who ask nothing else."""
    found: set[tuple[str, str]] = set()
    for path, module in project.resolver.modules.items():
        held = project.made.get(path)
        if held is None:
            with project.resolver.reading((MADE, path)):
                held = project.made[path] = _held(module, project)
        found.update(held)
    return _with_ancestors(found, project)


def _held(module: Linked, project: Project) -> tuple[tuple[str, str], ...]:
    """The classes of which module-level names hold instances."""
    values = (
        project.resolver.value(ref, module) for ref in module.facts.members.values() if ref.endswith("()")
    )
    return tuple(
        (value.module.path, value.symbol)
        for value in values
        if value is not None and value.sort == Sort.OBJECT and value.module is not None
    )


def _made_by(node: Node, project: Project) -> tuple[tuple[str, str], ...]:
    """The classes that a function makes instances of."""
    refs = dict.fromkeys(call.ref for call in node.function.calls if not call.ref.endswith(")"))
    values = (project.resolver.value(ref, node.module) for ref in refs)
    return tuple(
        (value.module.path, value.symbol)
        for value in values
        if value is not None and value.sort == Sort.CLASS and value.module is not None
    )


@once
def _made(project: Project) -> _Made:
    return _Made(project)


def lifetime(cls: ast.ClassDef, module: Module) -> Lifetime:
    """How long instances of `cls`, or of what derives from it, live."""
    scope = module.index.scope_of.get(cls)
    if scope is None:
        return Lifetime.UNKNOWN
    made = _made(module.project)
    own = (module.path, scope.symbol)
    if _is_singleton(cls, module):
        return Lifetime.PROCESS
    if own in made.in_request:
        return Lifetime.UNKNOWN if _is_made_on_miss(own, module.project) else Lifetime.REQUEST
    if own in made.kept and own not in made.elsewhere:
        return Lifetime.PROCESS
    return Lifetime.UNKNOWN


def _is_made_on_miss(cls: tuple[str, str], project: Project) -> bool:
    """`store = kept.get(app); if store is None: store = Store()`: a request makes it, and others may find it."""
    return any(
        call.flags & facts.ON_MISS
        for node, made in project.made.items()
        if cls in made and not isinstance(node, str)
        for call in node.function.calls
        if not call.ref.endswith(")")
        and (value := project.resolver.value(call.ref, node.module)) is not None
        and value.module is not None
        and (value.module.path, value.symbol) == cls
    )


def is_made_by_endpoint(cls: ast.ClassDef, module: Module) -> bool:
    """Whether an endpoint, a dependency or a middleware makes instances of `cls` in its own body."""
    scope = module.index.scope_of.get(cls)
    if scope is None:
        return False
    own = (module.path, scope.symbol)
    return any(
        own in made and not isinstance(node, str) and not _SERVING.isdisjoint(node.roles)
        for node, made in module.project.made.items()
    )


def lives(project: Project, cls: tuple[str, str]) -> Lifetime:
    """As `lifetime`, of a class by file and name, as far as facts alone tell: what has endpoints lasts as long as they."""
    made = _made(project)
    if cls in made.in_request:
        return Lifetime.REQUEST
    if cls in made.kept and cls not in made.elsewhere:
        return Lifetime.PROCESS
    path, name = cls
    handlers = (endpoint.handler for endpoint in project.routing.endpoints)
    serves = bool(name) and any(each.path == path and each.symbol.startswith(f"{name}.") for each in handlers)
    return Lifetime.PROCESS if serves else Lifetime.UNKNOWN


def is_for_one_request(project: Project, cls: tuple[str, str]) -> bool:
    """Whether requests make all its instances, each for itself."""
    made = _made(project)
    return cls in made.in_request and cls not in made.kept


def is_shared(cls: ast.ClassDef, module: Module) -> bool:
    """Whether a module-level name of the project holds an instance of `cls`."""
    scope = module.index.scope_of.get(cls)
    if scope is None:
        return False
    if _is_singleton(cls, module):
        return True
    return (module.path, scope.symbol) in _shared(module.project)


def _with_ancestors(keys: set[tuple[str, str]], project: Project) -> set[tuple[str, str]]:
    """The classes and all that they derive from: an instance of one is an instance of the others."""
    resolver = project.resolver
    found = set(keys)
    for path, symbol in keys:
        value = resolver.value(f"@{symbol}", resolver.modules[path])
        if value is not None and value.sort == Sort.CLASS:
            found |= {
                (base.module.path, base.symbol)
                for base in resolver.ancestry(value)
                if base.module is not None
            }
    return found


def _is_singleton(cls: ast.ClassDef, module: Module) -> bool:
    """An enumeration, or a class that says so: a metaclass or base called `Singleton`, a `__new__` that remembers."""
    names = [module.segment(base) for base in (*cls.bases, *(keyword.value for keyword in cls.keywords))]
    if any("singleton" in name.lower() or name.rpartition(".")[2].endswith("Enum") for name in names):
        return True
    for statement in cls.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__new__":
            return "_instance" in module.segment(statement)
    return False
