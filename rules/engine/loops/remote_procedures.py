"""Calls of gRPC stubs: none has a deadline that neither the call nor its channel gives it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once_for_node
from rules.engine.linking.values import Sort
from rules.engine.loops.bounded import is_bounded
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.service.mentions import is_named_in

if TYPE_CHECKING:
    from rules.engine.module import Module

_CHANNELS = frozenset(
    {"grpc.insecure_channel", "grpc.secure_channel", "grpc.aio.insecure_channel", "grpc.aio.secure_channel"}
)
_INTERCEPTED = "grpc.intercept_channel"
_GENERATED = "_pb2_grpc"
_STUB = "Stub"
_IMPORTS = regex(_GENERATED)
_TELLS = regex(r"service_config")
"""A service configuration may give each method a timeout."""
_LIMITS = (
    "_replace",
    *("deadline", "_timeout", "default_timeout", "timeout_seconds", "TIMEOUT", "DEFAULT_TIMEOUT"),
)
"""What an interceptor names that puts a limit of its own into the call; `timeout` alone may be that of the caller."""
_HANDED_ON = ("timeout", "ClientCallDetails")
_DEPTH = 4
_AFTER_REQUEST = 2


def lacks_deadline(call: ast.Call, module: Module) -> bool | None:
    """Whether `stub.GetOrder(request)` asks over a channel that is seen to bring no deadline; None when it is no such call,
    or something bounds it. False when the channel comes from elsewhere."""
    function = call.func
    if not isinstance(function, ast.Attribute) or not call.args or len(call.args) >= _AFTER_REQUEST:
        return None
    if not module.source.matches(_IMPORTS):
        return None
    made = [each for each in _made(function.value, module) if _is_stub(each, module)]
    if not made or module.source.matches(_TELLS) or is_bounded(call, module) or _is_stream(call, module):
        return None
    seen = True
    for stub in made:
        channel = stub.args[0] if stub.args else next((each.value for each in stub.keywords), None)
        plain = _is_plain(channel, module) if channel is not None else None
        if plain is None:
            return None
        seen = seen and plain
    return seen


def _made(node: ast.expr, module: Module) -> Iterator[ast.Call]:
    """The calls that a name, or an attribute of the object, holds the result of."""
    return (value for value in _held(node, module) if isinstance(value, ast.Call))


def _held(node: ast.expr, module: Module) -> Iterator[ast.expr]:
    match node:
        case ast.Call():
            yield node
        case ast.Name():
            for binding in module.index.bindings_of(node):
                value = binding.value.value if isinstance(binding.value, ast.AnnAssign) else binding.value
                if isinstance(value, ast.expr):
                    yield value
        case ast.Attribute(value=ast.Name(id="self"), attr=attribute):
            owner = module.parent(node)
            while owner is not None and not isinstance(owner, ast.ClassDef):
                owner = module.parent(owner)
            if owner is not None:
                yield from _set_on_objects(owner, module).get(attribute, ())


@once_for_node
def _set_on_objects(owner: ast.ClassDef, module: Module) -> dict[str, list[ast.expr]]:
    """What the methods of a class set attributes of the object to."""
    found: dict[str, list[ast.expr]] = {}
    for part in walk(owner):
        match part:
            case (
                ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)], value=value)
                | ast.AnnAssign(
                    target=ast.Attribute(value=ast.Name(id="self"), attr=name), value=ast.expr() as value
                )
            ):
                found.setdefault(name, []).append(value)
    return found


def _is_stub(made: ast.Call, module: Module) -> bool:
    """Whether a class of a generated module is called: `orders_pb2_grpc.OrdersStub(channel)`."""
    ref = module.index.ref(made.func, module.index.scope_at(made.func))
    owner, _, name = ref.rpartition(".")
    return name.endswith(_STUB) and owner.endswith(_GENERATED)


def _is_plain(channel: ast.expr, module: Module, depth: int = 0) -> bool | None:
    """Whether a channel is seen to be made without anything that could bound its calls; None when something may."""
    if depth > _DEPTH:
        return False
    seen = True
    found = False
    for value in _held(channel, module):
        if isinstance(value, ast.Name | ast.Attribute):
            plain = _is_plain(value, module, depth + 1)
        elif not isinstance(value, ast.Call):
            continue
        elif (name := module.qualified_name(value.func)) in _CHANNELS:
            plain = _sets_no_limit([each for each in value.keywords if each.arg == "interceptors"], module)
            options = [each.value for each in value.keywords if each.arg == "options"]
            options += value.args[1 if name.endswith("insecure_channel") else 2 :][:1]
            plain = plain and all(_is_written_out(each, module) for each in options)
        elif name == _INTERCEPTED and value.args:
            plain = _sets_no_limit(value.args[1:], module)
            inner = value.args[0]
            if plain is not None and isinstance(inner, ast.Call):
                within = _is_plain(inner, module, depth + 1)
                plain = None if within is None else plain and within
        else:
            plain = False
        if plain is None:
            return None
        found, seen = True, seen and plain
    return found and seen


def _is_written_out(options: ast.expr, module: Module) -> bool:
    """Whether what a channel is given stands in this file, where a service configuration would be seen."""
    if not isinstance(options, ast.Name | ast.Attribute):
        return True
    held = list(_held(options, module))
    return bool(held) and not any(isinstance(each, ast.Name | ast.Attribute) for each in held)


def _sets_no_limit(given: list[ast.keyword] | list[ast.expr], module: Module) -> bool | None:
    """True when each interceptor is a class of the project whose file speaks of no limit, False when it only hands the one of
    the call on; None when it may set it."""
    made = [each.value if isinstance(each, ast.keyword | ast.Starred) else each for each in given]
    answers: list[bool | None] = [True]
    for each in made:
        held = list(_held(each, module)) if isinstance(each, ast.Name | ast.Attribute) else [each]
        if not held:  # given by whoever calls
            return None
        for value in held:
            parts = value.elts if isinstance(value, ast.List | ast.Tuple) else (value,)
            answers += [_is_without_limit(part, module) for part in parts]
    return None if None in answers else all(answers)


def _is_without_limit(interceptor: ast.expr, module: Module) -> bool | None:
    if not isinstance(interceptor, ast.Call):
        return None
    value = module.value(interceptor.func)
    if value is None or value.sort != Sort.CLASS or value.module is None:
        return None
    if any(is_named_in(module.project, [value.module.path], name) for name in _LIMITS):
        return None
    if not any(is_named_in(module.project, [value.module.path], name) for name in _HANDED_ON):
        return True
    return None if interceptor.args or interceptor.keywords else False


def _is_stream(call: ast.Call, module: Module) -> bool:
    """Whether answers are gone through as they come, which may take as long as they are wanted."""
    parent = module.parent(call)
    if isinstance(parent, ast.For | ast.AsyncFor | ast.comprehension | ast.YieldFrom):
        return True
    function = module.function_of(call)
    if not isinstance(parent, ast.Assign) or not isinstance(parent.targets[0], ast.Name) or function is None:
        return False
    return parent.targets[0].id in _gone_through(function.node, module)


@once_for_node
def _gone_through(function: ast.AST, module: Module) -> frozenset[str]:
    """The names that a function's loops go through."""
    return frozenset(
        last_name(each.iter)
        for each in walk(function)
        if isinstance(each, ast.For | ast.AsyncFor | ast.comprehension)
    )
