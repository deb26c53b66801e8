"""Page sizes that several endpoints take from one place: a model of parameters, a dependency, an alias of an annotation."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from rules.engine.kept_answers import once
from rules.engine.linking.values import Sort
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.reading.whole_numbers import arguments, bounded, is_number

if TYPE_CHECKING:
    from rules.engine.finding import EndpointRef
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module
    from rules.engine.project import Project
    from rules.engine.reading.facts import Parameter

_SIZE = regex(
    r"(?i)(?:page_?)?limit|page_?size|per_?page|size|page_?limit|max_?results"
    r"|(?:items|results|rows|records)_per_page|take|limit_?(?:param|query|dep)|(?:page_?size|limit)_?t"
)
"""What the number of rows of a page is called, alone or as the name of an alias."""
_PAGE = regex(
    r"(?i)(?:current_?)?page(?:_?(?:no|num|number|index|token))?|offset|skip|start|cursor|after|before"
)
"""What stands beside it and says which page."""
_DECLARING = frozenset({"Query", "Field", "Path", "Header", "Form", "Body"})
_VALIDATES = frozenset({"field_validator", "validator", "model_validator", "root_validator"})


class SharedPage(Struct, frozen=True):
    """A size without a bound where several endpoints take it from."""

    node: ast.stmt | ast.arg
    size: str
    of: str
    """The model, the function or the alias that declares it."""
    declaration: ast.Call | None
    default: ast.expr | None
    endpoints: tuple[EndpointRef, ...]


def shared_pages(node: ast.AST, module: Module) -> Iterator[SharedPage]:
    """The page sizes without a bound that `node` declares for the endpoints of a service that limits its queries."""
    if isinstance(node, ast.ClassDef):
        found = _of_class(node, module)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        found = _of_function(node, module)
    elif isinstance(node, ast.Assign):
        found = _of_alias(node, module)
    else:
        return
    for page in found:
        if _limits(module.project):
            yield page


def _of_class(node: ast.ClassDef, module: Module) -> Iterator[SharedPage]:
    """`class PageParams(BaseModel): offset: int = 0; limit: int = Field(50, ge=1)`."""
    declared = [
        (each, each.target.id, ast.arg(each.target.id, each.annotation))
        for each in node.body
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    ]
    if not any(_PAGE.fullmatch(name) for _, name, _ in declared):
        return
    for statement, name, argument in declared:
        if not _SIZE.fullmatch(name) or not is_number(argument, statement.value):
            continue
        if is_limited(argument, statement.value) or _looked_after(node, name):
            continue
        endpoints = _askers(module.project).get((module.path, module.symbol_at(node)), ())
        if endpoints:
            yield SharedPage(
                statement,
                name,
                node.name,
                declaration_of(argument, statement.value),
                statement.value,
                endpoints,
            )


def _of_function(node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[SharedPage]:
    """`def paging(skip: int = 0, limit: int = 100) -> dict[str, int]`, also as the `__init__` of a class."""
    declared = arguments(node)
    if not any(_PAGE.fullmatch(argument.arg) for argument, _ in declared):
        return
    for argument, default in declared:
        if not _SIZE.fullmatch(argument.arg) or not is_number(argument, default):
            continue
        if is_limited(argument, default) or bounded(node, {argument.arg}):
            continue
        symbol = module.symbol_at(node)
        endpoints = _askers(module.project).get((module.path, symbol), ())
        if endpoints:
            of = symbol.rpartition(".")[0] if node.name == "__init__" else node.name
            yield SharedPage(
                argument, argument.arg, of, declaration_of(argument, default), default, endpoints
            )


def _of_alias(node: ast.Assign, module: Module) -> Iterator[SharedPage]:
    """`Limit = Annotated[int, Query(ge=1)]`."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Subscript() as annotation):
            argument = ast.arg(name, annotation)
        case _:
            return
    if not _SIZE.fullmatch(name) or not is_number(argument, None) or module.function_of(node) is not None:
        return
    declaration = declaration_of(argument, None)
    if declaration is None or is_limited(argument, None):
        return
    stem = module.path.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
    endpoints = tuple(
        endpoint.ref
        for endpoint in module.project.routing.endpoints
        if endpoint.ref.method == "GET"
        for parameter in endpoint.handler.function.parameters
        if parameter.annotation.endswith((f".{stem}.{name}:", f">{stem}.{name}:"))
        or (parameter.annotation == f"@{name}:" and endpoint.handler.path == module.path)
    )
    if endpoints:
        yield SharedPage(node, name, name, declaration, None, endpoints)


@once
def _askers(project: Project) -> Mapping[tuple[str, str], tuple[EndpointRef, ...]]:
    """The endpoints that read something, by the models of their parameters and the dependencies that run before them."""
    found: dict[tuple[str, str], dict[EndpointRef, None]] = {}
    for endpoint in project.routing.endpoints:
        if endpoint.ref.method != "GET":
            continue
        for node in endpoint.dependencies:
            found.setdefault((node.path, node.symbol), {})[endpoint.ref] = None
        for taker in (endpoint.handler, *endpoint.dependencies):
            for parameter in taker.function.parameters:
                place = _read_as(parameter, taker, project)
                if place is not None:
                    found.setdefault(place, {})[endpoint.ref] = None
    return {place: tuple(refs) for place, refs in found.items()}


def _read_as(parameter: Parameter, taker: Node, project: Project) -> tuple[str, str] | None:
    """The class of the project that a parameter is read from the request as; None where a function makes it."""
    value = project.resolver.value(parameter.annotation, taker.module) if parameter.annotation else None
    if value is None or value.sort != Sort.OBJECT or value.module is None:
        return None
    makers = project.routing.wiring.depended(parameter, taker.module)
    if any(maker.function.owner != value.symbol for maker in makers):
        return None
    return value.home.path, value.symbol


@once
def _limits(project: Project) -> bool:
    """Whether some query of the project has a limit, so that a size is that of a page of rows."""
    return any(
        call.ref.endswith(".limit") for node in project.graph.nodes.values() for call in node.function.calls
    )


def declaration_of(argument: ast.arg, default: ast.expr | None) -> ast.Call | None:
    """The `Query(…)` or `Field(…)` of a parameter, in its annotation or its default."""
    roots = [each for each in (default, argument.annotation) if each is not None]
    return next(
        (
            part
            for root in roots
            for part in walk(root)
            if isinstance(part, ast.Call) and last_name(part) in _DECLARING
        ),
        None,
    )


def is_limited(argument: ast.arg, default: ast.expr | None) -> bool:
    """Whether the declaration bounds the number (`le=`, `Le(100)`), takes it from elsewhere, or cannot be read."""
    for root in (argument.annotation, default):
        for part in walk(root) if root is not None else ():
            match part:
                case ast.keyword(arg="le" | "lt" | None):
                    return True
                case ast.Call() if last_name(part) not in _DECLARING:
                    return True  # `Le(100)`, `Depends(…)`, a project's own declaration
    match argument.annotation:
        case ast.Subscript(slice=ast.Tuple(elts=[_, *others])):
            return any(not isinstance(each, ast.Call) for each in others)
    return False


def _looked_after(node: ast.ClassDef, name: str) -> bool:
    """Whether a method or a validator of the class looks at a field's size."""
    for method in node.body:
        if not isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        checks = any(last_name(decorator) in _VALIDATES for decorator in method.decorator_list)
        for part in walk(method):
            match part:
                case ast.Constant(value=str(named)) if checks and named in (name, "*"):
                    return True
                case ast.Attribute(attr=attribute) if checks and attribute == name:
                    return True
                case ast.Compare(ops=[ast.Gt() | ast.GtE() | ast.Lt() | ast.LtE(), *_]) if _reads(part, name):
                    return True
                case ast.Call(func=ast.Name(id="min" | "clamp")) if _reads(part, name):
                    return True
    return False


def _reads(node: ast.AST, name: str) -> bool:
    return any(isinstance(part, ast.Attribute) and part.attr == name for part in walk(node))
