"""Functions that nobody gets to: whoever would call them fails before. All make their object without what its class asks for,
or import, in the function itself, what its file does not have."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once
from rules.engine.linking.graph import CALL
from rules.engine.linking.values import Sort
from rules.engine.reading import facts, names_read, switches
from rules.engine.reading.paths import place_of
from rules.engine.service.miscalled import does_not_fit
from rules.engine.service.serving import callers_by_name
from rules.engine.service.unloadable import has_another, may_have

if TYPE_CHECKING:
    from rules.engine.finding import Hop
    from rules.engine.linking.graph import Edge, Node
    from rules.engine.linking.values import Linked
    from rules.engine.module import Module
    from rules.engine.project import Project
    from rules.engine.rule import Match

_FAR = 4


def is_never_reached(match: Match, module: Module) -> bool:
    """Whether nobody gets to the function around a match, or to one on its call path, or in it as far as that."""
    project = module.project
    found = module.graph_node(match.node)
    if found is not None and (_fails_above(project, found, _line(match)) or is_unreached(project, found)):
        return True
    return any(
        _fails_above(project, each, hop.line) or is_unreached(project, each)
        for hop in match.call_path
        for each in _around(project, hop)
    )


def _line(match: Match) -> int:
    """The line of what was found; of a function as a whole, the first of its lines that were."""
    node = match.node
    return min(match.siblings, default=getattr(node, "lineno", 0))


def _around(project: Project, hop: Hop) -> list[Node]:
    """The function that a step of a call path stands in."""
    linked = project.resolver.modules.get(hop.path)
    inmost = next(linked.functions_at(hop.line), None) if linked is not None else None
    node = project.node(hop.path, inmost.symbol) if inmost is not None else None
    return [node] if node is not None else []


def is_unreached(project: Project, node: Node, far: int = _FAR) -> bool:
    """Whether nobody gets to a function."""
    if node.roles or not node.callers or not far:
        return False
    return _is_method_of_nothing(project, node) or _is_called_in_vain(project, node, far)


@once
def _is_called_in_vain(project: Project, node: Node, far: int) -> bool:
    """Whether all calls of a function stand behind what fails, or in functions that nobody gets to."""
    known = {id(caller) for caller, _ in node.callers}
    if not all(
        _fails_above(project, caller, edge.call.line)
        or does_not_fit(project, caller, edge)
        or is_unreached(project, caller, far - 1)
        for caller, edge in node.callers
    ):
        return False
    name = node.symbol.rpartition(".")[2]
    return all(id(each) in known for each in callers_by_name(project, name))


def _fails_above(project: Project, node: Node, line: int) -> bool:
    """Whether a function does, in any case and before `line`, what fails: it imports what the file that it names does not have,
    or makes a call that does not fit."""
    if any(
        each.line < line and _is_nowhere(project, node.module, each.ref) for each in node.function.imports
    ):
        return True
    first = _first_refused(project, node)
    return first is not None and first < line


@once
def _first_refused(project: Project, node: Node) -> int | None:
    """The line of the first call of a function that is made in any case and does not fit."""
    edges: dict[tuple[int, int, str], list[Edge]] = {}
    for edge in node.edges:
        if edge.call.flags & facts.FIRST:
            edges.setdefault((edge.call.line, edge.call.column, edge.call.ref), []).append(edge)
    lines = (
        place[0] for place, meant in edges.items() if all(does_not_fit(project, node, edge) for edge in meant)
    )
    return min(lines, default=None)


def _is_nowhere(project: Project, module: Linked, ref: str) -> bool:
    origin, _, name = ref.rpartition(".")
    value = project.resolver.value(origin, module) if origin else None
    holder = value.module if value is not None and value.sort == Sort.MODULE else None
    if holder is None or holder is module or may_have(holder, name):
        return False
    found = holder.facts
    if not (found.functions or found.classes or found.members):
        return False  # it may not have been read
    return not holder.package and not has_another(project, holder, name)


def _is_method_of_nothing(project: Project, node: Node) -> bool:
    """Whether a function is a method of objects that nobody can make."""
    function = node.function
    if not function.owner or function.flags & (facts.STATIC | facts.CLASSMETHOD):
        return False
    return _is_never_made(project, node.path, function.owner)


@once
def _is_never_made(project: Project, path: str, symbol: str) -> bool:
    """Whether each call that makes an object of a class gives it too little, and nobody does anything else with the class."""
    making = project.node(path, f"{symbol}.__init__")
    module = project.resolver.modules[path]
    cls = module.classes.get(symbol)
    if making is None or cls is None or not making.function.required or not making.callers or making.roles:
        return False
    if cls.decorators or cls.metaclass or making.function.flags & facts.WRAPPED:
        return False
    if f"{symbol}.__new__" in module.functions or any(
        each.owner == symbol and each.flags & facts.CLASSMETHOD for each in module.facts.functions
    ):
        return False
    if not all(_gives_too_little(project, caller, edge) for caller, edge in making.callers):
        return False
    return not _is_used_otherwise(project, making, symbol.rpartition(".")[2])


def _gives_too_little(project: Project, caller: Node, edge: Edge) -> bool:
    call = edge.call
    if edge.kind != CALL or edge.handed or edge.one_of_several or call.flags & facts.LOAD:
        return False
    called = project.resolver.value(call.ref, caller.module)
    if call.passed == "*" or called is None or called.sort != Sort.CLASS:
        return False
    return switches.given(call) < edge.target.function.required


def _is_used_otherwise(project: Project, making: Node, name: str) -> bool:
    """Whether a file names the class in which nobody makes one, or hands it on, derives from it or asks for one."""
    makers = {caller.path for caller, _ in making.callers}
    for path, module in project.resolver.modules.items():
        if place_of(path) != "app" or not names_read.has(module.facts.mentions, name):
            continue
        found = module.facts
        if path not in makers and path != making.path and not _only_imports(module, name):
            return True
        held = (ref for own, ref in found.members.items() if own != name)
        based = (base for cls in found.classes for base in cls.bases)
        if any(_means(ref, name) for ref in (*held, *based)):
            return True
        if any(_hands_on(function, name) for function in found.functions):
            return True
    return False


def _only_imports(module: Linked, name: str) -> bool:
    """Whether a package does nothing with a class but import it, also where it can do without."""
    return module.package and module.facts.members.get(name, "").endswith(f".{name}")


def _hands_on(function: facts.Function, name: str) -> bool:
    """Whether a function is given an object of a class by FastAPI, or gives the class itself to something that it calls."""
    if any(
        each.depends is not None and (_means(each.depends, name) or _means(each.annotation, name))
        for each in function.parameters
    ):
        return True
    return any(
        any(map(_gives, call.arguments or (), repeat(name)))
        or any(_means(ref, name) for _, ref in call.handed)
        for call in function.calls
    )


def _gives(argument: facts.Argument, name: str) -> bool:
    return _means(argument.ref, name) or any(map(_gives, argument.items, repeat(name)))


def _means(ref: str, name: str) -> bool:
    """Whether a reference is to a class, or an object, of the name."""
    return ref.rpartition(".")[2].strip("@:") == name
