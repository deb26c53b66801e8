"""What gives a call its timeout from elsewhere: an adapter mounted on a session, keywords that callers pass on."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once
from rules.engine.linking.graph import CALL, Node
from rules.engine.linking.values import Sort, Value
from rules.engine.reading.walking import walk
from rules.engine.service.mentions import is_named_in

if TYPE_CHECKING:
    from rules.engine.linking.values import Linked
    from rules.engine.module import Module
    from rules.engine.project import Project
    from rules.engine.reading.facts import Function

_ADAPTER = "requests.adapters.HTTPAdapter"
_HOPS = 3


def brings_timeout(call: ast.Call, module: Module) -> bool:
    """Whether the session that `call` is a method of is made where such an adapter is mounted."""
    match call.func:
        case ast.Attribute(value=receiver):
            return any(
                _mounts(module.project, home, function.symbol) for home, function in _makers(receiver, module)
            )
    return False


def nobody_passes(node: Node, names: Collection[str], module: Module, hops: int = _HOPS) -> bool:
    """Whether all callers of a function are known and none gives it one of these keywords; of callers that hand their own
    keywords on, their callers."""
    if not node.callers or hops == 0:
        return False
    for caller, edge in node.callers:
        if edge.kind != CALL:
            return False
        if edge.call.passed == "*":
            if caller.roles or _may_name(caller, names, module):
                return False
            if not nobody_passes(caller, names, module, hops - 1):
                return False
        elif not {part.partition("=")[0] for part in edge.call.passed.split(";")}.isdisjoint(names):
            return False
    return True


def _may_name(caller: Node, names: Collection[str], module: Module) -> bool:
    """Whether one of the names stands in a function, or of one in another file, anywhere there."""
    if caller.path != module.path:
        return any(is_named_in(module.project, [caller.path], name) for name in names)
    return any(
        getattr(node, "arg", None) in names or (isinstance(node, ast.Constant) and node.value in names)
        for scope in module.index.scopes
        if scope.symbol == caller.symbol
        for node in walk(scope.node)
    )


def _makers(receiver: ast.expr, module: Module) -> Iterator[tuple[Linked, Function]]:
    """The functions that may have put a session together: the one around it, its class, a helper, a dependency."""
    found = module.graph_node(receiver)
    home = module.project.resolver.modules[module.path]
    if isinstance(receiver, ast.Call):
        yield from _made_by(receiver, module)
        return
    if isinstance(receiver, ast.Attribute):
        owner = found.function.owner if found is not None else ""
        for function in home.facts.functions if owner else ():
            if function.owner == owner:
                yield home, function
        ref = home.classes[owner].attributes.get(receiver.attr, "") if owner in home.classes else ""
        if ref.endswith("()"):
            yield from _functions(module.project.resolver.value(ref[:-2], home))
        return
    if not isinstance(receiver, ast.Name):
        return
    scope = module.index.home_of(receiver) or module.index.module
    symbol = module.index.function_scope(scope).symbol
    if symbol in home.functions:
        yield home, home.functions[symbol]
    for binding in module.index.bindings_of(receiver):
        if binding.kind == "parameter":
            for parameter in found.function.parameters if found is not None else ():
                if parameter.name == receiver.id and parameter.depends:
                    yield from _functions(module.project.resolver.value(parameter.depends, home))
        elif isinstance(binding.value, ast.Call):
            yield from _made_by(binding.value, module)


def _made_by(call: ast.Call, module: Module) -> Iterable[tuple[Linked, Function]]:
    return _functions(module.value(call.func))


def _functions(value: Value | None) -> Iterator[tuple[Linked, Function]]:
    if value is not None and value.sort == Sort.FUNCTION and value.module is not None:
        yield value.module, value.function


@once
def _mounts(project: Project, home: Linked, symbol: str) -> bool:
    calls = home.functions[symbol].calls
    if not any(call.ref.endswith(".mount") for call in calls):
        return False
    values = (project.resolver.value(call.ref, home) for call in calls)
    return any(_sets_timeout(value, project) for value in values)


def _sets_timeout(value: Value | None, project: Project) -> bool:
    """Whether a value is an adapter class that sends by itself, in a file that speaks of a timeout."""
    if value is None or value.sort != Sort.CLASS:
        return False
    ancestry = project.resolver.ancestry(value)
    return any(each.name == _ADAPTER for each in ancestry) and any(
        each.module is not None
        and f"{each.symbol}.send" in each.module.functions
        and is_named_in(project, [each.module.path], "timeout")
        for each in ancestry
    )
