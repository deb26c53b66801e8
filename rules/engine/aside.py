"""Code that the running service does not come by: branches for tests, for debugging or for another system, and files that
nobody imports."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from rules.engine.scopes import FUNCTIONS
from rules.engine.spelling import last_name

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.engine.project import Project

_SWITCH = re.compile(r"(?:is_|in_|run_)?(?:testing|tests?_mode|debug|debug_mode|debugging)", re.IGNORECASE)
_STAGES = frozenset({"test", "testing", "tests", "ci", "local", "dev", "development", "debug"})
_STAGE = re.compile(r"(?:\w+_)?(?:env|environment|stage|mode|deployment)", re.IGNORECASE)
_PROCESS_FILES = re.compile(
    r"(?:^|/)(?:__init__|__main__|main|app|asgi|wsgi|conftest|setup|settings|env|worker)\.py$"
)
"""Files that are begun with, or found by their names."""

_orphans: WeakKeyDictionary[Project, frozenset[str]] = WeakKeyDictionary()


def stands_aside(node: ast.AST, module: Module) -> bool:
    """Whether production does not get to `node`, going by the conditions around it or by its file."""
    if _is_in_side_branch(node, module):
        return True
    in_function = module.function_of(node) is not None and not module.reached(node)
    return in_function and is_orphan(module.path, module.project)


def _is_in_side_branch(node: ast.AST, module: Module) -> bool:
    child: ast.AST = node
    current = module.parent(node)
    while current is not None:
        if isinstance(current, ast.If | ast.IfExp):
            inside = current.body if isinstance(current.body, list) else [current.body]
            otherwise = current.orelse if isinstance(current.orelse, list) else [current.orelse]
            if (child in inside and _is_side(current.test, False, module)) or (
                child in otherwise and _is_side(current.test, True, module)
            ):
                return True
        body = getattr(current, "body", None)
        for earlier in body[: body.index(child)] if isinstance(body, list) and child in body else ():
            if (
                isinstance(earlier, ast.If)
                and isinstance(earlier.body[-1], ast.Return | ast.Raise | ast.Continue)
                and _is_side(earlier.test, True, module)
            ):
                return True
        if isinstance(current, FUNCTIONS) and isinstance(module.parent(current), ast.Module):
            return False
        child, current = current, module.parent(current)
    return False


def _is_side(test: ast.expr, negated: bool, module: Module) -> bool:
    """Whether `test` (its contrary when `negated`) holds in tests, on a developer's machine or on Windows only."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return _is_side(inner, not negated, module)
        case ast.BoolOp(op=ast.And(), values=values) if not negated:
            return any(_is_side(value, negated, module) for value in values)
        case ast.BoolOp(op=ast.Or(), values=values) if negated:
            return any(_is_side(value, negated, module) for value in values)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            if isinstance(operator, ast.NotEq if negated else ast.Eq):
                return _is_elsewhere(left, right, module) or _is_elsewhere(right, left, module)
            if isinstance(operator, ast.NotIn if negated else ast.In):
                return isinstance(left, ast.Constant) and left.value in ("localhost", "127.0.0.1")
        case ast.Attribute(attr=name) | ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[]):
            return not negated and _SWITCH.fullmatch(name) is not None
        case ast.Name(id=name):
            return not negated and name.isupper() and _SWITCH.fullmatch(name) is not None
    return False


def _is_elsewhere(asked: ast.expr, named: ast.expr, module: Module) -> bool:
    if not isinstance(named, ast.Constant) or not isinstance(named.value, str):
        return False
    value = named.value.lower()
    if value in ("win32", "nt", "windows"):
        name = module.qualified_name(asked.func if isinstance(asked, ast.Call) else asked)
        return name in ("sys.platform", "os.name", "platform.system")
    return value in _STAGES and _STAGE.fullmatch(last_name(asked)) is not None


def is_orphan(path: str, project: Project) -> bool:
    """Whether no file of the project imports a file beside others that are imported, and nothing else names it."""
    known = _orphans.get(project)
    if known is None:
        known = _orphans[project] = _found(project)
    return path in known


def _found(project: Project) -> frozenset[str]:
    if not project.routing.endpoints:
        return frozenset()
    imported = {other for path in project.resolver.modules for other in project.imports_of(path)}
    beside = {path.rpartition("/")[0] for path in imported}
    alone = {
        path
        for path in project.resolver.modules.keys() - imported
        if path.rpartition("/")[0] in beside
        and not _PROCESS_FILES.search(path)
        and not project.is_script(path)
    }
    texts = list(project.documents.values()) if alone else []
    return frozenset(
        path
        for path in alone
        if not any(path.rpartition("/")[2].removesuffix(".py") in text for text in texts)
    )
