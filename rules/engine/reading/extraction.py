"""A walked file -> its facts."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rules.engine.reading import (
    admissions,
    declarations,
    facts,
    filtered,
    flows,
    migrations,
    names_read,
    optional_members,
    raw_text,
    registered,
    undefined,
)
from rules.engine.reading.arguments import displays
from rules.engine.reading.calls import calls_of, may_wire
from rules.engine.reading.carried import Carried
from rules.engine.reading.classes import class_of
from rules.engine.reading.facts import Alias, Call, Function, ModuleFacts
from rules.engine.reading.functions import function_of
from rules.engine.reading.index import Index
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import Binding, Scope
from rules.engine.reading.spelling import is_main_guard, last_name
from rules.engine.reading.surroundings import surroundings

# What an application keeps for all requests, and a lifespan hands to them.
_STATE = "starlette.datastructures.State:"
_CONCURRENCY = frozenset({"container_concurrency", "max_instance_request_concurrency"})
"""What describes a container of Cloud Run says by these how many requests it gets at a time."""
_ASGI = "modal.asgi_app"
_INPUTS = frozenset({"allow_concurrent_inputs", "max_inputs"})
_ENGINES = frozenset({"create_engine", "create_async_engine"})
_ADDRESS = regex(r"([a-z][a-z0-9]*(?:\+[a-z0-9_]+)?)://")


def build(index: Index, lines: int, known: Carried | None = None, *, takes_part: bool = True) -> ModuleFacts:
    """The facts of a file of `lines` lines; `known` are those of functions that are as in its version before.

    Of an alembic revision that takes no part in the call graph only what it does to the database is told: no functions,
    no calls.
    """
    is_light = not takes_part and migrations.is_revision(index)
    owners: dict[Scope, list[Call]] = {}
    guarded: list[Call] = []
    functions: list[Function] = []
    wires = not is_light and may_wire(index)
    for scope in () if is_light else index.scopes:
        runner = index.function_scope(scope)
        if known is not None and known.has(runner.symbol):
            owners.setdefault(runner, [])
            continue
        calls = calls_of(index, scope, guarded, wires)
        owners.setdefault(runner, []).extend(calls)
    for scope, calls in owners.items():
        if known is not None and known.has(scope.symbol):
            functions.append(known.function(scope.symbol))
            continue
        calls.sort(key=lambda call: (call.line, call.column))
        functions.append(function_of(index, scope, tuple(calls), lines))
    if guarded:
        functions.append(Function("__main__", guarded[0].line, lines, facts.MAIN, calls=tuple(guarded)))
    members, aliases = _members(index)
    looped = {
        given.each.partition(".items()")[0].partition(".values()")[0]
        for function in functions
        for call in function.calls
        for given in call.arguments or ()
        if given.each
    }
    return ModuleFacts(
        lines=lines,
        imports=tuple(sorted(index.imports)),
        modules=tuple(sorted(index.imported)),
        optional=tuple(sorted(index.imported.difference(_needed(index)))),
        members=members,
        kept=tuple(_kept(index)),
        stored=registered.stored(index) if not is_light else (),
        given=registered.given(index) if not is_light else (),
        mentions=names_read.of_file(index) if not is_light else b"",
        rewrapped=tuple(_rewrapped(index)),
        stars=tuple(index.stars),
        aliases=aliases,
        displays=displays(index, looped),
        functions=tuple(functions),
        classes=tuple(
            class_of(index, scope, scope.node)
            for scope in index.scopes
            if isinstance(scope.node, ast.ClassDef)
        ),
        declarations=declarations.extract(index),
        flows=flows.extract(index, lambda node: surroundings(index, node, at_module=False)[2], known)
        if not is_light
        else {},
        filters=filtered.extract(index),
        indexed=filtered.created(index),
        raw=raw_text.extract(index),
        early=tuple(sorted(index.early)),
        admissions=tuple(admissions.extract(index)),
        addresses=tuple(
            sorted({scheme for scope in index.scopes for scheme in (*_addresses(scope), *_handed(scope))})
        ),
        concurrency=tuple(sorted(set(_concurrency(index)))),
        on_modal=tuple(sorted(set(_on_modal(index)))) if "modal" in index.imports else (),
        migration=migrations.extract(index) if "alembic" in index.imports else None,
        sets=tuple(sorted(set(optional_members.set_elsewhere(index)))),
        fails=undefined.fails_to_load(index),
        main=any(isinstance(node, ast.If) and is_main_guard(node.test) for node in index.tree.body),
    )


def _concurrency(index: Index) -> Iterator[int]:
    """What `container_concurrency=1` says, of a service of Cloud Run."""
    for scope in index.scopes:
        for call in scope.calls:
            for keyword in call.keywords:
                if keyword.arg in _CONCURRENCY and isinstance(keyword.value, ast.Constant):
                    value = keyword.value.value
                    yield value if isinstance(value, int) else 0


def _on_modal(index: Index) -> Iterator[int]:
    """What decorators of `@modal.asgi_app()` let in: one request at a time unless `@modal.concurrent(max_inputs=10)` stands there."""
    for scope in index.scopes:
        node = scope.node
        if not isinstance(node, ast.FunctionDef):
            continue
        around = index.parents.get(node)
        decorators = [
            *node.decorator_list,
            *(around.decorator_list if isinstance(around, ast.ClassDef) else ()),
        ]
        calls = [each for each in decorators if isinstance(each, ast.Call)]
        if not any(index.ref(each.func, index.scope_at(node)) == _ASGI for each in calls):
            continue
        said = [
            keyword.value if keyword.arg in _INPUTS else None
            for each in calls
            for keyword in each.keywords
            if keyword.arg is None or keyword.arg in _INPUTS
        ]
        if not said and any(last_name(each) == "concurrent" for each in calls):
            yield 0
        else:
            yield int(all(isinstance(each, ast.Constant) and each.value == 1 for each in said))


def _addresses(scope: Scope) -> list[str]:
    """The schemes of addresses where a function returns nothing else: `return f"sqlite:///{path}"`."""
    texts = [_beginning(value) for value in scope.returned]
    found = [
        _ADDRESS.match(text.value)
        for text in texts
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    ]
    schemes = [match[1] for match in found if match is not None]
    return schemes if len(schemes) == len(texts) else []


def _handed(scope: Scope) -> Iterator[str]:
    """The schemes of addresses that engines are made with and that the code puts together: `create_engine(f"sqlite:///{path}")`,
    also through a name."""
    for call in scope.calls if not _ENGINES.isdisjoint(scope.called) else ():
        if last_name(call) not in _ENGINES:
            continue
        value: object = next(
            (each.value for each in call.keywords if each.arg == "url"), call.args[0] if call.args else None
        )
        if isinstance(value, ast.Name):
            bindings = scope.bindings.get(value.id, ())
            bound = bindings[0].value if len(bindings) == 1 else None
            bound = bound.value if isinstance(bound, ast.AnnAssign) else bound
            value = bound if isinstance(bound, ast.expr) else None
        text = _beginning(value) if isinstance(value, ast.JoinedStr | ast.BinOp | ast.Call) else None
        if (
            isinstance(text, ast.Constant)
            and isinstance(text.value, str)
            and (found := _ADDRESS.match(text.value))
        ):
            yield found[1]


def _beginning(value: ast.AST | None) -> ast.AST | None:
    """What a text that is put together begins with: `"sqlite:///{}".format(path)`, `"sqlite:///" + path`."""
    match value:
        case ast.JoinedStr(values=[first, *_]):
            return first
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod()):
            return _beginning(left)
        case ast.Call(func=ast.Attribute(value=ast.Constant() as text, attr="format")):
            return text
    return value


def _kept(index: Index) -> Iterator[tuple[str, str, str]]:
    for scope, attribute, binding in index.kept_by_app:
        if isinstance(binding.value, ast.Constant) and binding.value.value is None:
            continue  # until it is there
        holder = index.ref(attribute.value, scope) or _unnamed_state(attribute.value, scope)
        if holder:
            yield holder, attribute.attr, index.binding_ref(binding, scope)
    for scope in index.scopes:
        if scope.is_generator and _is_lifespan(scope.node):
            for given in scope.yielded:
                if isinstance(given, ast.Dict):
                    for key, value in zip(given.keys, given.values, strict=True):
                        if isinstance(key, ast.Constant) and isinstance(key.value, str):
                            yield _STATE, key.value, index.ref(value, scope)


def _is_lifespan(node: ast.AST) -> bool:
    """Whether it may be an application's lifespan: a context manager that is given nothing but the application."""
    return (
        isinstance(node, ast.AsyncFunctionDef)
        and any(last_name(decorator) == "asynccontextmanager" for decorator in node.decorator_list)
        and len(node.args.posonlyargs) + len(node.args.args) == 1
    )


def _unnamed_state(node: ast.expr, scope: Scope) -> str:
    """The state of an application that a parameter without annotation holds: `async def lifespan(app):`."""
    match node:
        case ast.Attribute(attr="state", value=ast.Name(id="app" | "application" | "fastapi_app" as name)):
            first = scope.bindings.get(name, ())
            if first and first[0].kind == "parameter" and isinstance(first[0].node, ast.arg):
                return "" if first[0].node.annotation is not None else _STATE
    return ""


def _needed(index: Index) -> Iterator[str]:
    """The references of what has to be there for the file to be loaded: of the imports among its own statements."""
    for bindings in index.module.bindings.values():
        for binding in bindings:
            if binding.kind == "import" and index.parents.get(binding.node) is index.tree:
                imported = binding.node
                if isinstance(imported, ast.Import):
                    yield from (name.name for name in imported.names)
                elif isinstance(binding.value, str):
                    yield binding.value


def _members(index: Index) -> tuple[dict[str, str], dict[str, Alias]]:
    members: dict[str, str] = {}
    aliases: dict[str, Alias] = {}
    for name, bindings in index.module.bindings.items():
        ref = index.unified_module_name(name)
        if ref == f"@{name}":
            continue  # the function or class itself
        members[name] = ref
        value = _alias_value(bindings[-1]) if not ref or ref.endswith(("[k]", ".__or__()")) else None
        if value is not None:
            annotation = index.annotation(value, index.module)
            depends = index.depends(None, value, index.module)
            if annotation or depends is not None:
                aliases[name] = Alias(annotation, depends)
    return members, aliases


def _alias_value(binding: Binding) -> ast.expr | None:
    """What a name stands for when it is made for annotations."""
    value = binding.value
    if binding.kind == "annotated" and isinstance(value, ast.AnnAssign):
        value = value.value
    elif binding.kind != "value":
        return None
    if isinstance(value, ast.Subscript) or (isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr)):
        return value
    return None


def _rewrapped(index: Index) -> Iterator[str]:
    for call in index.module.calls if "globals" in index.module.called else ():
        if call.func.__class__ is ast.Name and call.func.id == "globals":
            match index.parents.get(index.parents.get(call, call)):
                case ast.Assign(value=ast.Call(func=wrapping, args=[_])):
                    yield index.ref(wrapping, index.module)
