"""Branches that a server does not come by, as far as their conditions say: for other systems, for debugging."""

from __future__ import annotations

import ast
import re

from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import once_negated

SWITCH = regex(
    r"(?:is_|in_|run_|use_|enable_)?(?:testing|tests?_mode|(?:\w+_)?debug(?:_\w+)?|debugging|dev|dev_mode|development|local_dev"
    r"|(?:demo|mock)_mode|mocks?|fakes?)(?:_enabled)?",
    re.IGNORECASE,
)
"""What the settings of a developer or of tests switch on."""
_SETTINGS = frozenset({"environ", "env", "config", "settings", "conf", "cfg"})
OTHER_SYSTEMS = frozenset({"win32", "nt", "windows", "darwin"})


_OF_SYSTEM = regex(
    r"_*(?:is|in|on|running_(?:in|on|under))_(?:wsl[12]?|windows|win(?:32)?|mac|mac_?os|osx|darwin)",
    re.IGNORECASE,
)
"""What tells whether the system is one that servers do not have: `is_wsl()`, `IS_WINDOWS`."""


def is_setting(asked: ast.Call | ast.Subscript) -> bool:
    """`os.getenv("DEBUG")`, `config("LOCAL_DEV", cast=bool)`, `settings.get("debug")`, `env.bool("DEBUG")`."""
    if isinstance(asked, ast.Subscript):
        return last_name(asked.value).lower() in _SETTINGS
    if isinstance(asked.func, ast.Attribute) and last_name(asked.func.value).lower() in _SETTINGS:
        return True
    return last_name(asked) in ("getenv", *_SETTINGS)


def is_elsewhere(test: ast.expr, *, negated: bool = False) -> bool:
    """Whether `test` (its contrary when `negated`) holds on a developer's machine only."""
    match test := once_negated(test):
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return is_elsewhere(inner, negated=not negated)
        case ast.Call(func=asked, args=[]) | (ast.Name() as asked) if _OF_SYSTEM.fullmatch(last_name(asked)):
            return not negated
        case ast.BoolOp(op=ast.And(), values=values) if not negated:
            return any(is_elsewhere(value) for value in values)
        case ast.Compare(left=left, ops=[operator], comparators=[ast.Constant(value=str(value))]):
            equals = isinstance(operator, ast.NotEq if negated else ast.Eq)
            return equals and value.lower() in OTHER_SYSTEMS and _is_system(left)
    if negated:
        return False
    match test:
        case ast.Call(
            func=ast.Attribute(value=asked, attr="startswith"), args=[ast.Constant(value=str(value))]
        ):
            return value.lower() in ("win", *OTHER_SYSTEMS) and _is_system(asked)
        case ast.Attribute(value=owner, attr=name):
            return last_name(owner).lower() in _SETTINGS and SWITCH.fullmatch(name) is not None
        case (
            ast.Call(args=[ast.Constant(value=str(name)), *_])
            | ast.Subscript(slice=ast.Constant(value=str(name)))
        ):
            return SWITCH.fullmatch(name) is not None and is_setting(test)
        case ast.Name(id=name):
            return name.isupper() and SWITCH.fullmatch(name) is not None
    return False


def _is_system(asked: ast.expr) -> bool:
    """`platform.system()`, maybe in small letters, `sys.platform`, `os.name`."""
    if isinstance(asked, ast.Call) and isinstance(asked.func, ast.Attribute) and asked.func.attr == "lower":
        asked = asked.func.value
    match asked:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="platform"), attr="system"), args=[]):
            return True
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return (module, name) in (("sys", "platform"), ("os", "name"))
    return False
