"""What runs together: the members of `asyncio.gather` and of task groups."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.scopes import LoopNode
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.module import Module

GATHER = frozenset({"asyncio.gather", "asyncio.wait", "asyncio.as_completed"})
_SPAWN = frozenset({"asyncio.create_task", "asyncio.ensure_future", "asyncio.TaskGroup.create_task"})
GROUPS = frozenset({"asyncio.TaskGroup.create_task"})
_BOUNDS = ("Semaphore", "Limiter", "RateLimit", "Throttle")


def members(call: ast.Call, module: Module) -> Iterator[ast.Call]:
    """The calls that make the coroutines of a `gather`, as far as they are written there or just before."""
    if module.qualified_name(call.func) not in GATHER:
        return
    for argument in call.args:
        value = argument.value if isinstance(argument, ast.Starred) else argument
        yield from _coroutines(value, module)


def spawned(block: ast.AsyncWith, module: Module) -> Iterator[ast.Call]:
    """The calls that make the coroutines of a task group's tasks."""
    for statement in block.body:
        for node in walk(statement):
            if isinstance(node, ast.Call) and node.args and module.qualified_name(node.func) in GROUPS:
                yield from _coroutines(node.args[0], module)


def _coroutines(value: ast.expr, module: Module, depth: int = 0) -> Iterator[ast.Call]:
    match value:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            for element in elements:
                yield from _coroutines(element, module, depth)
        case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element) | ast.SetComp(elt=element):
            yield from _coroutines(element, module, depth)
        case ast.Call() if module.qualified_name(value.func) in _SPAWN and value.args:
            yield from _coroutines(value.args[0], module, depth)
        case ast.Call():
            yield value
        case ast.Name(id=name) if depth < 2:
            for bound in _bound(name, value, module):
                yield from _coroutines(bound, module, depth + 1)


def _bound(name: str, at: ast.AST, module: Module) -> list[ast.expr]:
    """What a local holds: the display or comprehension it is bound to, and what is appended to it."""
    function = module.function_of(at)
    if function is None:
        return []
    found: list[ast.expr] = []
    for node in walk(function.node):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                found.append(value)
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if target == name:
                found.append(value)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=target), attr="append"), args=[value]) if (
                target == name
            ):
                found.append(value)
    return found


def repeated(call: ast.Call, module: Module) -> tuple[ast.Call, LoopNode] | None:
    """The coroutine call that a `gather` starts once per item, and the loop that says how often.

    Also one that a task group starts in a loop inside its block: `for url in urls: group.create_task(fetch(url))`.
    """
    if module.qualified_name(call.func) in GROUPS:
        return _spawned_again(call, module)
    for member in members(call, module):
        around = [loop for loop in module.loops(member) if loop not in module.loops(call)]
        if around and module.depends_on_loop(member, around[-1]):
            return member, around[-1]
    return None


def _spawned_again(call: ast.Call, module: Module) -> tuple[ast.Call, LoopNode] | None:
    group = call.func.value if isinstance(call.func, ast.Attribute) else None
    block = module.parent(call)
    while block is not None and not (isinstance(block, ast.AsyncWith) and _enters(block, group)):
        block = module.parent(block)
    match call.args:
        case [ast.Call() as member, *_] if block is not None:
            inside = [loop for loop in module.loops(call) if loop not in module.loops(block)]
            if inside and module.depends_on_loop(member, inside[-1]):
                return member, inside[-1]
    return None


def _enters(block: ast.AsyncWith, group: ast.expr | None) -> bool:
    return isinstance(group, ast.Name) and any(
        isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == group.id for item in block.items
    )


def is_bounded(call: ast.Call, module: Module) -> bool:
    """Whether what is called, or the file it is in, speaks of a semaphore or a limiter."""
    function = module.function_of(call)
    if function is not None and any(
        isinstance(node, (ast.Name, ast.Attribute)) and _names_bound(node) for node in walk(function.node)
    ):
        return True
    callee = module.callee(call)
    if callee is None:
        return False
    held = [*callee.module.facts.members.values()]
    for cls in callee.module.facts.classes:
        held.extend(cls.attributes.values())
    held.extend(each.ref for each in callee.function.calls)
    return any(bound in reference for reference in held for bound in _BOUNDS)


def _names_bound(node: ast.Name | ast.Attribute) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr
    return "semaphore" in name.lower() or name.endswith(_BOUNDS)
