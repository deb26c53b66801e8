"""Whether all that a collection may hold is written out in its function: two ids of a form, what a few branches add."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.reading.loop_shapes import FEW, unwrapped
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.engine.module import Module

_STEPS = 6
"""So many steps back a collection is followed."""
_SAME = frozenset(
    {"filter", "map", "zip", "chain", "fromkeys", "set", "frozenset", "dict", "list", "tuple", "iter"}
)
_COPIES = frozenset({"copy", "union", "difference", "intersection"})
_ONE_MORE = frozenset({"append", "add", "insert", "appendleft", "setdefault"})
_MORE = frozenset({"extend", "update"})
_ASKING = frozenset(
    {"len", "sorted", "list", "set", "tuple", "any", "all", "bool", "print", "str", "enumerate", "min", "max"}
)
"""Calls that leave the collection they are given as it is."""


def is_written_out(collection: ast.expr, module: Module, steps: int = _STEPS) -> bool:
    """Whether no more than a handful of expressions in the source give the items."""
    if not steps:
        return False
    match unwrapped(collection):
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            spread = [each.value for each in elements if isinstance(each, ast.Starred)]
            return len(elements) <= FEW and all(is_written_out(each, module, steps - 1) for each in spread)
        case ast.Dict(keys=keys, values=values):
            merged = [value for key, value in zip(keys, values, strict=True) if key is None]
            return len(values) <= FEW and all(is_written_out(each, module, steps - 1) for each in merged)
        case ast.BinOp(left=left, op=ast.Add() | ast.BitOr(), right=right):
            return all(is_written_out(each, module, steps - 1) for each in (left, right))
        case ast.BinOp(left=left, op=ast.Sub()):
            return is_written_out(left, module, steps - 1)
        case ast.IfExp(body=body, orelse=orelse):
            return all(is_written_out(each, module, steps - 1) for each in (body, orelse))
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp() as made:
            return all(is_written_out(each.iter, module, steps - 1) for each in made.generators)
        case ast.Call() as call:
            return _gives_written_out(call, module, steps - 1)
        case ast.Name() as name:
            return _holds_written_out(name, module, steps - 1)
    return False


def _gives_written_out(call: ast.Call, module: Module, steps: int) -> bool:
    name = last_name(call.func)
    if isinstance(call.func, ast.Attribute) and name in _COPIES:
        return all(is_written_out(each, module, steps) for each in (call.func.value, *call.args))
    if name not in _SAME or module.callee(call) is not None:
        return False
    given = call.args[1:] if name in ("filter", "map") else call.args[:1] if name == "fromkeys" else call.args
    if any(keyword.arg is None for keyword in call.keywords):
        return False
    return len(call.keywords) <= FEW and all(is_written_out(each, module, steps) for each in given)


def _holds_written_out(name: ast.Name, module: Module, steps: int) -> bool:
    """Whether all that the name is bound to is written out, and what is added later is, outside loops over data."""
    bindings = module.index.bindings_of(name)
    function = module.function_of(name)
    if not bindings or function is None:
        return False
    for binding in bindings:
        if binding.kind != "value" or not _is_within(binding.line, function.node):
            return False
        value = binding.value.value if isinstance(binding.value, ast.AnnAssign) else binding.value
        if not isinstance(value, ast.expr) or not is_written_out(value, module, steps):
            return False
    added = list(_added(name.id, function.node, module))
    return len(added) <= FEW and all(
        not module.loops(place) and (more is None or is_written_out(more, module, steps))
        for place, more in added
    )


def _is_within(line: int, function: ast.AST) -> bool:
    """What the module holds, or a function around, others may fill."""
    return getattr(function, "lineno", 0) <= line <= (getattr(function, "end_lineno", 0) or 0)


def _added(name: str, function: ast.AST, module: Module) -> Iterator[tuple[ast.AST, ast.expr | None]]:
    """Where the collection `name` gets more, with what it is extended by; what is handed on may be filled there."""
    for node in walk(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=grown), attr=how)) if grown == name:
                if how in _MORE:
                    yield from ((node, each) for each in node.args)
                elif how in _ONE_MORE:
                    yield node, None
            case ast.Call(args=given) if any(
                isinstance(each, ast.Name) and each.id == name for each in given
            ):
                if module.callee(node) is not None and last_name(node.func) not in _ASKING:
                    yield node, ast.Constant(value=None)
            case ast.Subscript(value=ast.Name(id=grown), ctx=ast.Store()) if grown == name:
                yield node, None
            case ast.AugAssign(target=ast.Name(id=grown), value=value) if grown == name:
                yield node, value
