"""Code behind the refusal of what is switched off: `if not settings.registration_enabled: raise …`, where the setting is false
by default and nothing in the project, nor in the documents that deploy it, turns it on; and under `if DUMPS:` of a global that is
False and nothing else."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once, once_for_node
from rules.engine.linking.values import Sort
from rules.engine.reading import names_read, switches
from rules.engine.reading.paths import place_of
from rules.engine.reading.walking import own_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.engine.linking.values import Value
    from rules.engine.module import Module
    from rules.engine.project import Project
    from rules.engine.reading.declarations import Given
    from rules.engine.reading.facts import Call

_SETTING_OTHERS = ("setattr", "vars", "__dict__")
_SETTING = (*_SETTING_OTHERS, "globals", "locals", "exec")
"""What a file has that may give a global a value without writing so: one of its own, or of another that it imports."""
_SETTINGS = frozenset({"pydantic_settings.BaseSettings", "pydantic.BaseSettings", "pydantic.v1.BaseSettings"})


def is_switched_off(node: ast.AST, module: Module) -> bool:
    """Whether the function around `node` refuses before, whatever it is asked for, unless somebody turns a setting on; or `node` is
    never run, whatever is set."""
    return _is_never_run(node, module) or module.comes_after(node, _refusals)


@once_for_node
def _refusals(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> frozenset[ast.stmt]:
    """The statements of a function that refuse what is switched off."""
    return frozenset(
        each for each in own_nodes(function) if isinstance(each, ast.If) and _refuses(each, module)
    )


def _is_never_run(node: ast.AST, module: Module) -> bool:
    child, parent = node, module.parent(node)
    while parent is not None:
        if isinstance(parent, ast.If) and child in parent.body and _is_always_false(parent.test, module):
            return True
        child, parent = parent, module.parent(parent)
    return False


def _is_always_false(test: ast.expr, module: Module) -> bool:
    """Whether a condition asks for a global that the file says is False, and nobody says anything else of."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(_is_always_false(each, module) for each in test.values)
    if not isinstance(test, ast.Name) or module.index.home_of(test) is not module.index.module:
        return False
    if module.index.stars:
        return False  # `from local_settings import *` may bring another
    bindings = module.index.module.bindings.get(test.id, ())
    if len(bindings) != 1 or bindings[0].kind not in ("value", "annotated"):
        return False
    value = bindings[0].value
    if isinstance(value, ast.AnnAssign):
        value = value.value
    return (
        isinstance(value, ast.Constant)
        and value.value is False
        and not _is_given(module.project, module.path, test.id)
    )


@once
def _is_given(project: Project, path: str, name: str) -> bool:
    """Whether a file of the application may set a global of another, or the file itself in a way that does not name it."""
    for other, each in project.resolver.modules.items():
        if other != path and place_of(other) != "app":
            continue
        if name in each.facts.sets:
            return True
        setting = _SETTING if other == path else _SETTING_OTHERS
        if any(names_read.has(each.facts.mentions, word) for word in setting) and (
            other == path or path in project.imports_of(other)
        ):
            return True
    return False


def _refuses(statement: ast.stmt, module: Module) -> bool:
    match statement:
        case ast.If(
            test=ast.UnaryOp(op=ast.Not(), operand=ast.Attribute(value=holder, attr=name)),
            body=[*_, ast.Raise()],
            orelse=[],
        ):
            value = module.value(holder)
            if value is None or value.sort != Sort.OBJECT or value.module is None:
                return False
            return _is_off(module.project, value, name) and not _is_turned_on(
                module.project, value.symbol, name
            )
    return False


def _is_off(project: Project, value: Value, name: str) -> bool:
    """Whether a class of settings has a field of the name that is false unless somebody sets it."""
    if not any(ancestor.name in _SETTINGS for ancestor in _bases(project, value)):
        return False
    for _, body in project.models.bodies(value):
        for field in body.fields:
            if field.name == name:
                return field.value is not None and _default(field.value).literal is False
    return False


def _bases(project: Project, value: Value) -> Iterator[Value]:
    """What the classes of the project that an object is of derive from."""
    for ancestor in project.resolver.ancestry(value):
        cls = ancestor.module.classes.get(ancestor.symbol) if ancestor.module is not None else None
        for base in cls.bases if cls is not None else ():
            found = project.resolver.value(base, ancestor.home)
            if found is not None:
                yield found


def _default(given: Given) -> Given:
    """Of `Field(default=False)` what stands for it when it is missing."""
    return given.named("default") or next(iter(given.positional()), given)


@once
def _is_turned_on(project: Project, symbol: str, name: str) -> bool:
    """Whether a file gives the setting to its class, or others that nobody sees, or sets it, or names its variable, or a document
    does."""
    if any(name.lower() in text.lower() for text in project.texts):
        return True
    return any(
        name in module.facts.sets
        or names_read.has(module.facts.mentions, name.upper())
        or any(
            _may_give(call, symbol, name) for function in module.facts.functions for call in function.calls
        )
        for path, module in project.resolver.modules.items()
        if place_of(path) == "app"
    )


def _may_give(call: Call, symbol: str, name: str) -> bool:
    if call.passed == "*":
        return call.ref.rpartition(".")[2].strip("@") == symbol
    return name in call.passed and name in switches.named(call)
