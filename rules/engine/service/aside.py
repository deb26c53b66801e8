"""Code that the running service does not come by: branches for tests, for debugging or for another system."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once_for_node
from rules.engine.reading.bodies import values_of
from rules.engine.reading.elsewhere import OTHER_SYSTEMS, SWITCH, is_setting
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import once_negated
from rules.engine.service.mentions import is_dead

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module

_MOST = 100
"""Functions on the way to one, up to which it is asked where they all begin."""

_SERVING = regex(r"(?:is_|in_)?prod(?:uction)?(?:_mode)?", re.IGNORECASE)
_SERVED = frozenset({"prod", "production", "live"})
_STAGES = frozenset({"test", "testing", "tests", "ci", "local", "dev", "development", "debug"})
_STAGE = regex(r"(?:\w+_)?(?:env|environment|stage|mode|deployment)", re.IGNORECASE)

_PLATFORM = regex(
    r"(?:RAILWAY|RENDER|FLY|HEROKU|VERCEL|KUBERNETES|AWS_LAMBDA|ECS|GAE|CLOUD_RUN)_\w+|DYNO$|K_SERVICE$|RENDER$|VERCEL$"
)
"""Variables of the environment that hosts set."""


def stands_aside(node: ast.AST, module: Module) -> bool:
    """Whether production does not get to `node`, going by the conditions around it."""
    child: ast.AST = node
    current = module.parent(node)
    while current is not None:
        if isinstance(current, (ast.If, ast.IfExp)):
            inside = current.body if isinstance(current.body, list) else [current.body]
            otherwise = current.orelse if isinstance(current.orelse, list) else [current.orelse]
            if (child in inside and _is_side(current.test, False, module)) or (
                child in otherwise and _is_side(current.test, True, module)
            ):
                return True
        if isinstance(current, ast.Module):
            return False
        if child in _behind_exits(current, module):
            return True
        child, current = current, module.parent(current)
    return False


@once_for_node
def _behind_exits(parent: ast.AST, module: Module) -> frozenset[ast.AST]:
    """The statements in the body of one that stand behind where production leaves it."""
    body: list[ast.stmt] | ast.expr | None = getattr(parent, "body", None)
    rest = iter(body if isinstance(body, list) else [])
    left = any(
        isinstance(each, ast.If)
        and isinstance(each.body[-1], (ast.Return, ast.Raise, ast.Continue))
        and _is_side(each.test, True, module)
        for each in rest
    )
    return frozenset(rest) if left else frozenset()


def is_unserved(node: ast.AST, module: Module) -> bool:
    """Whether only endpoints get to `node` that no user gets to, or a middleware that no application is given."""
    found = module.graph_node(node)
    if found is None:
        return False
    if not found.endpoints:
        return False
    return not found.endpoints & ~module.project.unserved_endpoints or _is_of_unused_middleware(found, module)


def _is_of_unused_middleware(node: Node, module: Module) -> bool:
    """Whether nothing gets to a function but methods of middleware classes that nobody names."""
    seen, pending = {node}, [node]
    found = False
    for each in pending:  # grows while we go
        if len(pending) > _MOST or each.roles - {"middleware"}:
            return False
        if each.roles:
            if each in module.project.routing.added or not each.function.owner or not is_dead(each, module):
                return False
            found = True
        callers = [caller for caller, _ in each.callers if caller not in seen]
        seen.update(callers)
        pending += dict.fromkeys(callers)
    return found


def _is_side(test: ast.expr, negated: bool, module: Module) -> bool:
    """Whether `test` (its contrary when `negated`) holds in tests, on a developer's machine or on Windows only."""
    match test := once_negated(test):
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return _is_side(inner, not negated, module)
        case ast.BoolOp(op=ast.And(), values=values) if not negated:
            return any(_is_side(value, negated, module) for value in values)
        case ast.BoolOp(op=ast.Or(), values=values) if negated:
            return any(_is_side(value, negated, module) for value in values)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            if isinstance(operator, ast.NotEq if negated else ast.Eq):
                return _is_elsewhere(left, right, module) or _is_elsewhere(right, left, module)
            if isinstance(operator, ast.Eq if negated else ast.NotEq):
                return _is_stage(left, right, _SERVED) or _is_stage(right, left, _SERVED)
            if isinstance(operator, ast.NotIn if negated else ast.In):
                return isinstance(left, ast.Constant) and left.value in ("localhost", "127.0.0.1")
        case (
            ast.Call(args=[ast.Constant(value=str(variable)), *_])
            | ast.Subscript(slice=ast.Constant(value=str(variable)))
        ) if _PLATFORM.match(variable):
            return negated
        case (
            ast.Call(args=[ast.Constant(value=str(variable)), *_])
            | ast.Subscript(slice=ast.Constant(value=str(variable)))
        ) if is_setting(test):
            return _is_switch(variable, negated)
        case ast.Attribute(attr=name) | ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[]):
            return _is_switch(name, negated)
        case ast.Name(id=name):
            if name.isupper() and _is_switch(name, negated):
                return True
            value = next((each for how, each in values_of(test, module) if how == "value"), None)
            return isinstance(value, (ast.Compare, ast.Call)) and _is_side(value, negated, module)
    return False


def _is_switch(name: str, negated: bool) -> bool:
    return (_SERVING.fullmatch(name) if negated else SWITCH.fullmatch(name)) is not None


def _is_elsewhere(asked: ast.expr, named: ast.expr, module: Module) -> bool:
    if not isinstance(named, ast.Constant) or not isinstance(named.value, str):
        return False
    value = named.value.lower()
    if value in OTHER_SYSTEMS:
        name = module.qualified_name(asked.func if isinstance(asked, ast.Call) else asked)
        return name in ("sys.platform", "os.name", "platform.system")
    return _is_stage(asked, named, _STAGES)


def _is_stage(asked: ast.expr, named: ast.expr, stages: frozenset[str]) -> bool:
    """`settings.env`, compared with the name of one of these stages."""
    if not isinstance(named, ast.Constant) or not isinstance(named.value, str):
        return False
    return named.value.lower() in stages and _STAGE.fullmatch(last_name(asked)) is not None
