from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import kept_estimates
from rules.engine.linking.values import Sort
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.regexes import regex
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.creation import made_again
from rules.engine.service.first_time import is_first_time
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_SETTINGS = ("pydantic_settings.BaseSettings", "pydantic.BaseSettings", "pydantic_settings.main.BaseSettings")
_READERS = frozenset(
    {"dotenv.load_dotenv", "dotenv.dotenv_values", "dotenv.main.load_dotenv", "dotenv.main.dotenv_values"}
)
_FILES = regex(r"\b(?:env_file|secrets_dir|\w+_file)\s*=|ConfigSettingsSource\b")
_PARSERS = frozenset({"json.load", "yaml.safe_load", "yaml.load", "tomllib.load", "tomli.load", "toml.load"})


class SettingsPerRequest(Rule):
    """Settings made for each request read the environment and their files again, and validate all of it.

    They cannot have changed: a process keeps the environment it was started with. The file is read on the event loop or
    in one of 40 worker threads, for each request.

    ## Instead
    Make them once: `@lru_cache` on the function that builds them, or one object in a module. FastAPI's
    `dependency_overrides` still replaces the function in tests.

    ## Trade-offs
    A test that changes the environment must call `get_settings.cache_clear()`, or override the dependency.

    ## Monitor
    p50 of the lightest endpoint.
    """

    code = "FP302"
    severity = Severity.LOW
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "p50 of the lightest endpoint"
    guards = ("lru_cache", "cache")

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from pydantic_settings import BaseSettings

            app = FastAPI()

            class Settings(BaseSettings):
                currency: str = "EUR"

            def get_settings() -> Settings:
                return Settings()

            @app.get("/currency")
            def currency(settings: Settings = Depends(get_settings)) -> str:
                return settings.currency
            """,
            fixed="""
            import functools

            from fastapi import Depends, FastAPI
            from pydantic_settings import BaseSettings

            app = FastAPI()

            class Settings(BaseSettings):
                currency: str = "EUR"

            @functools.lru_cache
            def get_settings() -> Settings:
                return Settings()

            @app.get("/currency")
            def currency(settings: Settings = Depends(get_settings)) -> str:
                return settings.currency
            """,
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI
            from pydantic_settings import BaseSettings

            app = FastAPI()

            class Settings(BaseSettings):
                currency: str = "EUR"

            @lru_cache
            def get_settings() -> Settings:
                return Settings()

            @app.get("/currency")
            def currency(settings: Settings = Depends(get_settings)) -> str:
                return settings.currency
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name in _READERS or callee.name in _PARSERS or callee.sort == Sort.CLASS

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        what = _what(node, module)
        if not what or made_again(node, module) is None or is_first_time(node, module):
            return
        yield Match(
            node,
            f"`{spelled(node.func)}` {what} for each request, though it cannot have changed.",
            confidence=Confidence.POSSIBLE
            if is_seldom(node, module)
            or _stands_in(node, module)
            or _may_be_edited(node, module)
            or not _reads_file(node, module)
            else Confidence.CERTAIN,
            fix=_fix(node, module),
            impact=kept_estimates.settings_read(module.options),
        )


def _stands_in(call: ast.Call, module: Module) -> bool:
    """Whether it is read only where none is at hand: after `if current is not None: return current.settings`."""
    statement = module.statement(call)
    body = getattr(module.parent(statement), "body", None) if statement is not None else None
    if not isinstance(body, list) or statement not in body:
        return False
    return any(
        isinstance(each, ast.If)
        and isinstance(each.test, ast.Compare | ast.Name | ast.Attribute)
        and isinstance(each.body[-1], ast.Return)
        and each.body[-1].value is not None
        for each in body[: body.index(statement)]
    )


def _reads_file(call: ast.Call, module: Module) -> bool:
    """Whether a file is read each time; the environment alone is in memory, and validated in some microseconds."""
    value = module.value(call.func)
    if value is None or value.sort != Sort.CLASS:
        return True
    for each in module.project.resolver.ancestry(value):
        if each.module is None:
            continue
        if each.module.path == module.path and any(
            _FILES.search(ast.unparse(node))
            for node in module.tree.body
            if isinstance(node, ast.ClassDef) and node.name == each.symbol
        ):
            return True
        cls = each.module.classes.get(each.symbol)
        if each.module.path != module.path and (
            f"{each.symbol}.Config" in each.module.classes
            or (cls is not None and "model_config" in cls.attributes)
        ):
            return True  # what it says there is not known here
    return False


def _may_be_edited(call: ast.Call, module: Module) -> bool:
    """A file that is parsed may be edited while the service runs; environment and settings classes are not."""
    return (module.qualified_name(call.func) or "") in _PARSERS


def _what(call: ast.Call, module: Module) -> str:
    """What the call reads again; empty when it is no settings."""
    name = module.qualified_name(call.func) or ""
    if name in _READERS:
        if any(keyword.arg == "override" for keyword in call.keywords):
            return ""  # it is read again on purpose
        return "reads the `.env` file"
    if name in _PARSERS:
        return "reads and parses the same file" if _is_fixed_file(call, module) else ""
    if call.args or any(not isinstance(keyword.value, ast.Constant) for keyword in call.keywords):
        return ""
    value = module.value(call.func)
    if value is None or value.sort not in (Sort.CLASS, Sort.EXTERNAL):
        return ""
    if value.sort == Sort.CLASS and any(module.is_subclass(call.func, base) for base in _SETTINGS):
        return "reads and validates all settings"
    return ""


def _is_fixed_file(call: ast.Call, module: Module) -> bool:
    """Whether what is parsed is `open("…")` of a file that the source names."""
    if len(call.args) < 1:
        return False
    source = call.args[0]
    if isinstance(source, ast.Name):
        bound = source.id
        statement = module.statement(call)
        current = module.parent(statement) if statement is not None else None
        while current is not None and not isinstance(current, ast.With):
            current = module.parent(current)
        if isinstance(current, ast.With):
            for item in current.items:
                if isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == bound:
                    source = item.context_expr
    match source:
        case ast.Call(func=ast.Name(id="open"), args=[ast.Constant(value=str()), *_]):
            return True
        case ast.Call(func=ast.Name(id="open"), args=[ast.Name(id=name), *_]):
            return name.isupper()
    return False


def _fix(call: ast.Call, module: Module) -> Fix | None:
    """`@lru_cache` on a plain function without parameters that does nothing but return the settings."""
    function = module.function_of(call)
    if function is None or not isinstance(function.node, ast.FunctionDef):
        return None
    node = function.node
    arguments = node.args
    if any((arguments.posonlyargs, arguments.args, arguments.kwonlyargs, arguments.vararg, arguments.kwarg)):
        return None
    if node.decorator_list or isinstance(module.parent(node), ast.ClassDef):
        return None
    body = [
        each
        for each in node.body
        if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
    ]
    if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is not call:
        return None
    return Fix(_cached, imports=("functools.lru_cache",), target=node, safety=Safety.UNSAFE)


def _cached(function: cst.FunctionDef) -> cst.FunctionDef:
    import libcst as cst

    return function.with_changes(decorators=[cst.Decorator(cst.parse_expression("functools.lru_cache"))])
