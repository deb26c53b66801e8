"""Objects that are seen to be made: what their class says is true of them, while what an annotation says may be any other that
looks alike."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.linking.roles import Role
from rules.engine.linking.values import Sort
from rules.engine.reading.spelling import last_name

if TYPE_CHECKING:
    from rules.engine.module import Module


def is_seen_made(expression: ast.expr, module: Module) -> bool:
    """Whether an object is of the class that is written: made here, kept by a file, or made by FastAPI of a request's body. What
    somebody gives, as an annotation has it, may be any other that looks alike."""
    match expression:
        case ast.Call(func=func):
            made = module.value(func)
            return made is not None and made.sort == Sort.CLASS
        case ast.Attribute(value=owner):
            kept = module.value(owner)
            return kept is not None and kept.sort == Sort.MODULE
        case ast.Name() if module.index.is_of_module(expression):
            return True
        case ast.Name():
            bindings = module.index.bindings_of(expression)
            if len(bindings) != 1:
                return False
            bound = bindings[0]
            if bound.kind == "parameter" and isinstance(bound.node, ast.arg):
                return _is_made_by_fastapi(bound.node, expression, module)
            return isinstance(bound.value, ast.Call) and is_seen_made(bound.value, module)
    return False


def _is_made_by_fastapi(parameter: ast.arg, used: ast.Name, module: Module) -> bool:
    """`order: Order`, `paging: Paging = Depends()`, of the endpoint in which it is `used`."""
    function = module.function_of(used)
    if function is None or module.role(used) is not Role.ENDPOINT:
        return False
    taken = function.node.args
    listed = [*taken.posonlyargs, *taken.args]
    given = dict(zip(reversed(listed), reversed(taken.defaults), strict=False))
    given |= {each: value for each, value in zip(taken.kwonlyargs, taken.kw_defaults, strict=True) if value}
    default = given.get(parameter)
    is_named = parameter in (*listed, *taken.kwonlyargs) and isinstance(
        parameter.annotation, ast.Name | ast.Attribute
    )
    is_bare = isinstance(default, ast.Call) and not default.args and not default.keywords
    return is_named and (default is None or (is_bare and last_name(default) == "Depends"))
