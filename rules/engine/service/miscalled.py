"""Calls that do not fit the function that they call, of the project or of a library: they raise `TypeError`, nothing in it runs,
and nothing that stands behind the call does."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from rules.engine.kept_answers import once, once_for_node
from rules.engine.linking.graph import CALL, below
from rules.engine.linking.values import Sort, Value
from rules.engine.reading import facts, switches
from rules.engine.reading.calls import LIBRARIES
from rules.engine.reading.decorators import ROUTES
from rules.engine.service import ran_before
from rules.libraries.removed_arguments import REMOVED

if TYPE_CHECKING:
    from rules.engine.finding import Hop
    from rules.engine.linking.graph import Edge, Node
    from rules.engine.linking.values import Linked
    from rules.engine.module import Module
    from rules.engine.project import Project
    from rules.engine.rule import Match

_OF_PYTHON = "__"
"""How methods begin that Python calls, with arguments of its own: `__init__`, `__exit__`."""
_MAKING = "__init__"
_KEEPING = frozenset(
    {
        *("builtins.staticmethod", "builtins.classmethod", "typing.final", "typing.override"),
        *("typing_extensions.final", "typing_extensions.override", "typing_extensions.deprecated"),
        *("functools.lru_cache", "functools.cache", "warnings.deprecated"),
        *("contextlib.contextmanager", "contextlib.asynccontextmanager"),
    }
)
"""Decorators after which a function takes what it took before, beside those of routes."""
_PLAIN_BASES = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"})
"""Bases of others that let a class be made by its own `__init__`."""


def cannot_be_called(match: Match, module: Module) -> bool:
    """Whether the call that a match is, one on its call path, or one that surely ran before it does not fit."""
    node = match.node
    if isinstance(node, ast.Call) and (_is_outgrown(node, module) or _fits_nothing(node, module)):
        return True
    return any(_is_misfit_at(hop, module) for hop in match.call_path[:-1]) or ran_before.fails(
        match, module, _misfits
    )


def _is_misfit_at(hop: Hop, module: Module) -> bool:
    """Whether a step of a call path fits nothing, and the function that it stands in does nothing else that takes time."""
    linked = module.project.resolver.modules.get(hop.path)
    name = hop.symbol.rpartition(".")[2]
    for function in linked.functions_at(hop.line) if linked is not None else ():
        caller = module.project.node(hop.path, function.symbol)
        edges = [
            edge
            for edge in (caller.edges if caller is not None else ())
            if edge.call.line == hop.line and edge.target.symbol.rpartition(".")[2] == name
        ]
        if (
            caller is not None
            and _are_refused(module.project, caller, edges)
            and not _waits_otherwise(module.project, caller)
        ):
            return True
    return False


@once
def _waits_otherwise(project: Project, caller: Node) -> bool:
    others = [edge.target for edge in caller.edges if not does_not_fit(project, caller, edge)]
    return bool(caller.leaves) or any(each.leaves for each in below(others))


@once_for_node
def _misfits(part: ast.AST, module: Module) -> tuple[ast.Call, ...]:
    """The calls that are made whenever a statement is run, and fit nothing."""
    return tuple(
        call
        for call in ran_before.surely(part)
        if isinstance(call, ast.Call) and (_is_outgrown(call, module) or _fits_nothing(call, module))
    )


def _is_outgrown(call: ast.Call, module: Module) -> bool:
    """Whether a call gives what the library that the project declares takes no more: `Retry(method_whitelist=["GET"])`."""
    if not call.keywords:
        return False
    removed = REMOVED.get(module.qualified_name(call.func) or "", {})
    for keyword in call.keywords:
        for distribution, since in removed.get(keyword.arg or "", ()):
            declared = module.version(distribution)
            if declared is not None and declared >= since:
                return True
            if declared is not None or module.stays_below(distribution, since):
                break
    return False


def _fits_nothing(call: ast.Call, module: Module) -> bool:
    caller = module.graph_node(call)
    edges = module.edges(call)
    if not edges or caller is None:
        return False
    ref = module.index.ref(call.func, module.index.scope_at(call))  # another call may begin in the same place
    return _are_refused(module.project, caller, [edge for edge in edges if edge.call.ref == ref])


def _are_refused(project: Project, caller: Node, edges: Collection[Edge]) -> bool:
    """Whether calls fit none of the functions of the project that they may mean."""
    return bool(edges) and all(does_not_fit(project, caller, edge) for edge in edges)


def does_not_fit(project: Project, caller: Node, edge: Edge) -> bool:
    """Whether Python refuses a call, as the function that it means takes other arguments."""
    function, call = edge.target.function, edge.call
    if edge.kind != CALL or edge.handed or edge.one_of_several or call.flags & facts.LOAD:
        return False
    called = project.resolver.value(call.ref, caller.module)
    if call.passed == "*" or called is None or called.partial or call.ref.startswith(LIBRARIES):
        return False
    if called.sort == Sort.CLASS:
        making = function.symbol.rpartition(".")[2] == _MAKING
        return (
            making
            and not switches.fits(call, function.takes)
            and _is_made_plainly(project, caller, called, edge)
        )
    if called.sort != Sort.FUNCTION or function.flags & (facts.WRAPPED | facts.PROPERTY | facts.LAMBDA):
        return False
    if function.symbol.rpartition(".")[2][:2] == _OF_PYTHON:
        return False
    if switches.given(call) < function.required:
        return True
    return not switches.fits(call, function.takes) and _is_meant(project, called, edge.target, call)


def _is_meant(project: Project, called: Value, target: Node, call: facts.Call) -> bool:
    """Whether a call can mean nothing but this function, as it is written."""
    function, module = target.function, target.module
    if (called.home.path, called.symbol) != (module.path, function.symbol) or "%." in call.ref:
        return False
    if not _is_defined_once(function.symbol, module) or not _takes_the_same(function):
        return False
    if not function.owner:
        return True
    if function.flags & facts.STATIC:
        return not _is_overridden(project, module, function.owner, function.symbol)
    return called.bound and not _is_overridden(project, module, function.owner, function.symbol)


def _is_defined_once(symbol: str, module: Linked) -> bool:
    """Whether nothing else of its file has a name, such as one for another version of Python."""
    above, _, name = symbol.rpartition(".")
    holder = module.classes.get(above)
    held = holder.attributes if holder is not None else module.facts.members if not above else {}
    again = f"{symbol}'"
    return (
        name not in held
        and name not in module.facts.sets
        and not any(each.startswith(again) for each in module.functions)
    )


def _takes_the_same(function: facts.Function) -> bool:
    """Whether what decorates a function leaves its parameters as they are."""
    return not function.flags & facts.WRAPPED and all(
        each.ref in _KEEPING or each.ref.rpartition(".")[2] in ROUTES for each in function.decorators
    )


@once
def _is_overridden(project: Project, module: Linked, owner: str, symbol: str) -> bool:
    """Whether objects of a class may have another method in the place of one."""
    name = symbol.rpartition(".")[2]
    return any(
        method is None or method.module is not module or method.symbol != symbol
        for heir in _heirs(project, Value(Sort.CLASS, owner, module, owner))
        for method in [project.resolver.attributes.of(replace(heir, sort=Sort.OBJECT), name)]
    )


def _heirs(project: Project, value: Value) -> Iterator[Value]:
    """All classes that derive from one, at any distance."""
    seen, pending = set[tuple[str, str]](), [value]
    for each in pending:  # grows while we go
        for heir in project.resolver.heirs.of(each):
            if (heir.home.path, heir.symbol) not in seen:
                seen.add((heir.home.path, heir.symbol))
                pending.append(heir)
                yield heir


def _is_made_plainly(project: Project, caller: Node, made: Value, edge: Edge) -> bool:
    """Whether a call of a class does nothing but give what it is given to the `__init__` that is known."""
    target, own = edge.target, edge.call.ref.rpartition(".")[2].lstrip("@<0123456789>")
    if own != made.symbol.rpartition(".")[2] or not _takes_the_same(target.function):
        return False  # `cls(…)` may make an object of another class
    if caller.function.owner and project.resolver.heirs.of(made):
        return False
    return _is_defined_once(target.symbol, target.module) and _has_plain_bases(project, made)


def _has_plain_bases(project: Project, value: Value) -> bool:
    known = project.resolver.known_bases(value)
    return known is not None and all(
        _is_plain(each) if each.sort == Sort.CLASS else each.name in _PLAIN_BASES for each in known
    )


def _is_plain(value: Value) -> bool:
    """Whether a class of the project leaves it to Python how its objects are made."""
    cls = value.home.classes.get(value.symbol)
    if cls is None or cls.decorators or cls.metaclass:
        return False
    return f"{value.symbol}.__new__" not in value.home.functions and _is_defined_once(
        value.symbol, value.home
    )
