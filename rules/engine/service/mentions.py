"""Which names a project uses at all: what nobody names runs for nobody, whatever its own code does."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rules.engine.kept_answers import Said, once
from rules.engine.reading import facts, names_read
from rules.engine.reading.paths import place_of
from rules.engine.reading.regexes import regex
from rules.engine.service.serving import served_files

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.linking.values import Linked
    from rules.engine.module import Module
    from rules.engine.project import Project
    from rules.engine.reading.facts import ModuleFacts

_DEEPEST = 20
_MOST = 60
_COMMAND_LINES = frozenset({"argparse", "click", "typer", "fire"})
_RETIRED = regex(r"(?:^|[/_-])(?:unused|deprecated|retired|obsolete|archived?|backups?|old)/", re.IGNORECASE)
"""Folders of what was left behind; what of it is reached counts as everything else."""
_PLAIN_BASES = frozenset({"builtins.object", "abc.ABC", "typing.Protocol", "typing.Generic"})
_SAME = frozenset(
    {"staticmethod", "classmethod", "property", "cached_property", "abstractmethod", "override", "wraps"}
)
"""Decorators that hand a function to nobody."""


def is_dead(node: Node, module: Module) -> bool:
    """Whether beside an application nobody names a function, or the class or function around it, outside imports, or only
    such functions and command-line tools lead to it; or its folder is one of leftovers."""
    project = module.project
    if not project.routing.endpoints:
        return False
    return bool(_RETIRED.search(node.path)) or _is_unnamed(project, node) or _is_left_alone(project, node)


def _is_left_alone(project: Project, node: Node) -> bool:
    """Whether each way that leads to a function begins where nobody gets to, and nobody else names a function on it.

    `def index_events(): Connector().fetch()`, when nothing names `index_events` any more.
    """
    seen, pending = {node}, [node]
    for each in pending:  # grows while we go
        if _is_unnamed(project, each) or _is_command_line(project, each.path):
            continue
        callers = _all_who_name(project, each)
        if callers is None or len(pending) > _MOST:
            return False
        pending.extend(callers - seen)
        seen |= callers
    return True


@once
def _is_command_line(project: Project, path: str) -> bool:
    """Whether a file is a command-line tool that no file with endpoints imports."""
    module = project.resolver.modules[path].facts
    reads_arguments = module.main and not _COMMAND_LINES.isdisjoint(module.imports)
    return reads_arguments and path not in served_files(project)


def _all_who_name(project: Project, node: Node) -> set[Node] | None:
    """Who calls a function, or makes an object of its class; None when others may come by it."""
    if node.roles or not node.symbol or node.function.flags & facts.MAIN:
        return None
    around = node.symbol.rpartition(".")[0]
    if around and around in node.module.functions:
        outer = project.node(node.path, around)
        return {outer} if outer is not None else None
    owner = node.module.classes.get(around)
    if around and (owner is None or "." in around or owner.decorators):
        return None
    if owner is not None and not _is_ours(project, node.module, owner.bases):
        return None
    made = project.node(node.path, f"{around}.__init__") if owner is not None else node
    if made is None or (owner is None and not _hands_to_nobody(node)):
        return None
    own = f"{around}." if around else f"{node.symbol}."
    callers = {
        caller for caller, _ in made.callers if caller.path != node.path or not caller.symbol.startswith(own)
    }
    known = {node.path, *(caller.path for caller in callers)}
    name = around or node.symbol
    others = (path for path in project.resolver.modules if place_of(path) == "app" and path not in known)
    if any(
        _may_mean(project, path, node) and not _is_command_line(project, path)
        for path in naming(project, others, (name,))
    ):
        return None
    return callers if callers or not is_named_in(project, [node.path], name) else None


def _may_mean(project: Project, path: str, node: Node) -> bool:
    """Whether a file that has the name of something at another file's top means that: it imports that file, maybe through
    packages, or names it."""
    seen, pending = {path}, [path]
    for each in pending:  # grows while we go
        found = project.imports_of(each) - seen
        if node.path in found:
            return True
        seen |= found
        pending.extend(one for one in found if one.endswith("__init__.py"))
    place = node.path.removesuffix("/__init__.py").removesuffix(".py").split("/")[-2:]
    return all(is_named_in(project, [path], part) for part in place)


def _hands_to_nobody(node: Node) -> bool:
    return all(each.ref.rpartition(".")[2] in _SAME for each in node.function.decorators)


def _is_unnamed(project: Project, node: Node) -> bool:
    module = node.module
    parts = node.symbol.split(".")
    for count, part in enumerate(parts, start=1):
        if not part.isidentifier() or (part[:2] == "__" == part[-2:]):
            continue
        symbol = ".".join(parts[:count])
        cls = module.classes.get(symbol)
        if cls is not None:
            if not cls.decorators and not is_named(project, part):
                return True
            continue
        function = module.functions.get(symbol)
        if function is None or any(each.ref.rpartition(".")[2] not in _SAME for each in function.decorators):
            continue
        owner = module.classes.get(function.owner)
        if owner is not None and not _is_ours(project, module, owner.bases):
            continue  # a framework may call it by this name
        if not is_named(project, part):
            return True
        if len(parts) == 1 and not node.callers and _others_mean_another(project, module, part):
            return True
    return False


def _others_mean_another(project: Project, module: Linked, name: str) -> bool:
    """Whether every file that names a function of this file has, or imports, one of that name from elsewhere."""
    modules = project.resolver.modules
    for path in naming(project, (path for path in modules if place_of(path) == "app"), (name,)):
        other = modules[path]
        if path == module.path:
            return False
        if name in other.functions or name in other.classes:
            continue
        refs = [ref for ref in other.facts.modules if re.split(r"[.>]", ref)[-1] == name]
        values = [project.resolver.value(ref, other) for ref in refs]
        if not values or any(each is None or each.module in (None, module) for each in values):
            return False
    return True


def _is_ours(project: Project, module: Linked, bases: tuple[str, ...], depth: int = 0) -> bool:
    """Whether classes and all they derive from are of the project."""
    for base in bases:
        value = project.resolver.value(base, module)
        if value is None or depth > _DEEPEST:
            return False
        cls = value.module.classes.get(value.symbol) if value.module is not None else None
        if value.module is None or cls is None:
            if value.name not in _PLAIN_BASES:
                return False
        elif not _is_ours(project, value.module, cls.bases, depth + 1):
            return False
    return True


def is_named_in(project: Project, paths: Iterable[str], name: str) -> bool:
    """Whether one of these files names `name`."""
    return next(naming(project, paths, (name,)), None) is not None


def naming(project: Project, paths: Iterable[str], names: Iterable[str]) -> Iterator[str]:
    """Those of the files that name one of these, once for each that they name."""
    wanted, modules = (*names,), project.resolver.modules
    for path in paths:
        mentions = modules[path].facts.mentions
        for name in wanted:
            if names_read.has(mentions, name):
                yield path


def is_named(project: Project, name: str) -> bool:
    """Whether a file of the application names it."""
    return names_read.sum_of(name) in _mentioned(project)


def _mentions(path: str, found: ModuleFacts) -> Iterable[int]:
    return array("I", found.mentions) if place_of(path) == "app" else ()


_mentioned = Said(_mentions)
