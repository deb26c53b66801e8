"""Code that stands in for what was not given: `if self.app is None:` of an object that is nearly always made with one."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.reading.scopes import FUNCTIONS
from rules.engine.reading.switches import passes
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.engine.module import Module


def seldom_needed(node: ast.AST, module: Module) -> bool:
    """Whether `node` only runs where a parameter of its function, or of the object it is a method of, is missing, and
    at least every second caller gives it."""
    function = module.function_of(node)
    if function is None or isinstance(function.node, ast.Lambda):
        return False
    for missing in _missing(node, module):
        match missing:
            case ast.Name(id=name):
                if _is_mostly_given(name, function.node, function.symbol, module):
                    return True
            case ast.Attribute(value=ast.Name(id="self"), attr=attribute):
                if _is_mostly_set(attribute, function.node, module):
                    return True
    return False


def _missing(node: ast.AST, module: Module) -> Iterator[ast.expr]:
    """What is absent where `node` runs: `app` in the body of `if app is None:` and in the other arm of `if app:`."""
    child, parent = node, module.parent(node)
    while parent is not None:
        yield from _returned_before(child, parent)
        if isinstance(parent, FUNCTIONS):
            return
        if isinstance(parent, ast.If) and child is not parent.test:
            inside = child in parent.body
            match parent.test:
                case ast.Compare(left=left, ops=[operator], comparators=[ast.Constant(value=None)]):
                    if isinstance(operator, ast.Is if inside else ast.IsNot):
                        yield left
                case ast.UnaryOp(op=ast.Not(), operand=operand) if inside:
                    yield operand
                case ast.Name() | ast.Attribute() if not inside:
                    yield parent.test
        child, parent = parent, module.parent(parent)


def _returned_before(child: ast.AST, parent: ast.AST) -> Iterator[ast.expr]:
    """What is absent after `if self.app is not None: return self.app`."""
    body = getattr(parent, "body", None)
    for earlier in body[: body.index(child)] if isinstance(body, list) and child in body else ():
        match earlier:
            case ast.If(
                test=ast.Name() | ast.Attribute() as given, body=[*_, ast.Return() | ast.Raise()], orelse=[]
            ):
                yield given
            case ast.If(
                test=ast.Compare(left=given, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]),
                body=[*_, ast.Return() | ast.Raise()],
                orelse=[],
            ):
                yield given


def _is_mostly_set(attribute: str, method: ast.AST, module: Module) -> bool:
    """Whether the class takes the attribute as a parameter, and most who make an object give it."""
    owner = module.parent(method)
    if not isinstance(owner, ast.ClassDef):
        return False
    assigned = [
        (function, statement.value)
        for function in owner.body
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for statement in walk(function)
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Attribute) and target.attr == attribute
    ]
    if len(assigned) != 1:
        return False
    function, value = assigned[0]
    if function.name != "__init__" or not isinstance(value, ast.Name):
        return False
    return _is_mostly_given(value.id, function, f"{module.symbol_at(owner)}.__init__", module)


def _is_mostly_given(
    name: str, function: ast.FunctionDef | ast.AsyncFunctionDef, symbol: str, module: Module
) -> bool:
    node = module.project.node(module.path, symbol)
    positional = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    if (
        node is None
        or not node.callers
        or name not in (*positional, *(each.arg for each in function.args.kwonlyargs))
    ):
        return False
    bound = isinstance(module.parent(function), ast.ClassDef)
    position = positional.index(name) - bound if name in positional else -1
    given = [edge.kind == "call" and passes(edge.call, name, position) for _, edge in node.callers]
    return 2 * sum(given) >= len(given)
