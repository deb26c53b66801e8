"""Whether all who ask an endpoint the same get the same answer."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.facts import Parameter
from rules.engine.reading.regexes import regex
from rules.engine.reading.signatures import signature
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module

_TOOLS = regex(
    r"(?:Session|Connection|Conn|Database|Engine|Pool|Client|Settings|Config|Redis|Collection|Cursor|Manager|BackgroundTasks"
    r"|Response|UnitOfWork|Uow|DB|Db)(?:Dep(?:endency)?)?$"
)
"""Types of what a handler works with: nothing of who asks is in it."""
_TOOL_NAMES = frozenset(
    {"db", "session", "conn", "connection", "cursor", "settings", "config", "redis", "response", "engine"}
)
_PERSONAL = regex(
    r"(?i)current|user|auth|token|tenant|account|member|owner|credential|api_?key|permission|principal|identity|caller|claims|viewer|me$"
    r"|actor|workspace|organi[sz]ation|\borg\b|security|login|jwt|scope|profile|Session(?!$|\b)"
)
_OF_CALLER = regex(r"\b(?:Header|Cookie|Security|Body|Form|File)\(")
_OF_ONE = regex(r"(?i)user|tenant|token|session|password|e?mail|api_?key|auth|credential|member|owner|\bme\b")
"""Parameters of the path or the query of which each caller has one of his own."""
_ASKS_WHO = regex(r"(?i)current|user|auth|token|identity|principal|caller")
"""What gives the one who asks, whatever its type is called: `Depends(get_current_client)`."""
_MADE_FOR = regex(
    r"(?i)current|user|auth|tenant|account|member|org(?:ani[sz]ation)?(?:_|$)|workspace|identity|caller"
)
"""How a function is called that makes a tool for the one who asks: `get_tenant_db`."""
_REQUESTS = ("starlette.requests.", "fastapi.Request", "fastapi.requests.", "fastapi.WebSocket")
_ASKED_INSIDE = regex(
    r"(?i)random|shuffle|\bcurrent_?\w*(?:user|tenant|member|account|org|identity)|get_(?:user|tenant|caller|identity)\(|request\.state|session\["
)
"""How the code of a handler finds out who asks, without a parameter, or gives another answer each time."""
_OF_APPLICATION = frozenset({"app", "url_for"})


def told_by_caller(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> set[str] | None:
    """The parameters of the path and the query that the answer of a reading endpoint is made of; None where it may depend on
    who asks as well, or nobody can tell.

    A dependency whose result the handler does not use decides only whether the caller gets the answer.
    """
    handler = module.graph_node(function.body[0])
    if handler is None:
        return None
    served = [each for each in module.project.endpoint_nodes(handler) if each.handler is handler]
    if not served or any(each.ref.method != "GET" for each in served):
        return None
    used = {node.id for statement in function.body for node in walk(statement) if isinstance(node, ast.Name)}
    asks_who = any(_PERSONAL.search(each.symbol) for endpoint in served for each in endpoint.dependencies)
    if _ASKED_INSIDE.search(function.name) or any(
        _ASKED_INSIDE.search(module.segment(statement)) for statement in function.body
    ):
        return None
    told: set[str] = set()
    for argument, default in _parameters(function):
        if argument.arg not in used:
            continue
        said = module.segment(argument.annotation) if argument.annotation is not None else ""
        text = f"{said} {module.segment(default) if default is not None else ''}"
        kind = last_name(argument.annotation) if argument.annotation is not None else ""
        if kind in ("Request", "HTTPConnection"):
            if not _only_application(function, argument.arg):
                return None
            continue
        is_tool = (
            bool(argument.annotation is not None and _TOOLS.search(_type_written(argument.annotation)))
            or argument.arg in _TOOL_NAMES
            or "Session" in kind
        )
        if (
            is_tool
            and not _ASKS_WHO.search(text.replace(kind, ""))
            and not argument.arg.startswith("current")
        ):
            if _is_made_for_caller(argument.arg, handler, module):
                return None
            continue
        if _OF_CALLER.search(text):
            return None
        if "Depends" in text or kind.endswith("Dep"):
            if asks_who or _PERSONAL.search(argument.arg) or _PERSONAL.search(text):
                return None
            if not _gives_all_the_same(argument.arg, handler, module):
                return None
            continue
        if _OF_ONE.search(argument.arg) or (kind[:1].isupper() and _PERSONAL.search(kind)):
            return None
        told.add(argument.arg)
    return told


def _is_made_for_caller(name: str, handler: Node, module: Module) -> bool:
    """Whether what gives a handler a tool asks who asks: a session for the schema of a tenant."""
    project = module.project
    parameter = next((each for each in handler.function.parameters if each.name == name), None)
    given = project.wiring.depended(parameter, handler.module) if parameter is not None else ()
    for maker in [inner for each in given for inner in (each, *project.routing.dependencies_of(each))]:
        if _MADE_FOR.search(maker.symbol):
            return True
        if maker.function.owner:
            continue  # what its class is made of is asked for by `__init__`
        for asked in maker.function.parameters:
            if asked.annotation.startswith(_REQUESTS):
                body = module.definition(maker)
                if body is not None and not _only_application(body, asked.name):
                    return True
            elif asked.depends is None and _OF_ONE.search(asked.name) and asked.name not in _TOOL_NAMES:
                return True
    return False


def _gives_all_the_same(name: str, handler: Node, module: Module) -> bool:
    """Whether the dependency behind a parameter is seen to take nothing of the request: no path, no page, no header."""
    wiring = module.project.wiring
    given = next((each for each in handler.function.parameters if each.name == name), None)
    entered = [*wiring.depended(given, handler.module)] if given is not None else []
    return bool(entered) and all(
        each.name in _TOOL_NAMES or bool(_TOOLS.search(each.annotation.rstrip(":"))) or depended
        for target in entered
        for node in (*module.project.routing.dependencies_of(target), target)
        for each, depended in _taken(node, module)
    )


def _taken(node: Node, module: Module) -> Iterator[tuple[Parameter, bool]]:
    """The parameters that a dependency is run with, and whether other dependencies fill them."""
    known = {each.name: each for each in node.function.parameters}
    found = signature(node.function.takes)
    for name in (*found.positional, *sorted(found.named - {*found.positional})):
        parameter = known.get(name, Parameter(name))
        yield parameter, any(True for _ in module.project.wiring.depended(parameter, node.module))


def takes_tools_only(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function is given nothing but what it works with: `async def load_site(db: AsyncSession)`."""
    own = function.args
    if own.vararg is not None or own.kwarg is not None:
        return False
    return all(
        argument.arg in _TOOL_NAMES
        or (argument.annotation is not None and bool(_TOOLS.search(_type_written(argument.annotation))))
        for argument, _ in _parameters(function)
    )


def _type_written(annotation: ast.expr) -> str:
    """`AsyncSession` of `Annotated[AsyncSession, Depends(get_db)]`, and of itself."""
    written = ast.unparse(annotation)
    return written.removeprefix("Annotated[").partition(",")[0].partition("[")[0]


def _parameters(
    function: ast.FunctionDef | ast.AsyncFunctionDef,
) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    own = function.args
    plain = [*own.posonlyargs, *own.args]
    first = len(plain) - len(own.defaults)
    for position, argument in enumerate(plain):
        yield argument, own.defaults[position - first] if position >= first else None
    yield from zip(own.kwonlyargs, own.kw_defaults, strict=True)


def _only_application(function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> bool:
    """`request.app.state.engine`: what is the same for all requests."""
    kept = {
        id(node.value)
        for node in walk(function)
        if isinstance(node, ast.Attribute) and node.attr in _OF_APPLICATION
    }
    return all(id(node) in kept for node in walk(function) if isinstance(node, ast.Name) and node.id == name)
