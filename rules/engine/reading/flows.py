"""What functions make of rows: what they return, fill schemas from, read in loops and hand on."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator

from rules.engine.reading.carried import Carried
from rules.engine.reading.declarations import Shape, shape
from rules.engine.reading.index import Index
from rules.engine.reading.listed_rows import dictionary, given_out, on_pages, written_out
from rules.engine.reading.loader_options import OptionsReader
from rules.engine.reading.row_reader import RELATES, Reader, may_be_rows
from rules.engine.reading.rows import EVERY, ITEM, ONE, Flow, Passed, Reading, Rows, Shown, is_whole, join
from rules.engine.reading.scopes import Binding, Scope
from rules.engine.reading.spelling import last_name

_READERS = frozenset({"model_validate", "from_orm", "validate", "parse_obj"})
_MOST_READINGS = 40
_MOST_PASSED = 12
_ADAPTING = frozenset({"parse_obj_as", "validate_python"})
_FOREIGN = (
    "builtins.",
    "typing.",
    "fastapi.",
    "starlette.",
    "sqlalchemy.",
    "sqlmodel.",
    "datetime.",
    "uuid.",
)
"""How the types of parameters begin that are no rows."""
_OF_OTHERS = frozenset(
    {
        "append",
        "extend",
        "add",
        "update",
        "get",
        "items",
        "keys",
        "values",
        "pop",
        "copy",
        "split",
        "strip",
        "lower",
        "upper",
    }
    | {
        "join",
        "startswith",
        "endswith",
        "format",
        "replace",
        "encode",
        "decode",
        "isoformat",
        "strftime",
        "timestamp",
        "date",
    }
    | {"total_seconds", "model_dump", "model_copy", "model_validate", "hex", "title", "count", "index"}
)
"""Methods of what rows hold, and of schemas."""
_PLAIN = ("id", "_at")
"""How attributes end that are columns: not worth remembering."""


def _passed(reader: Reader, scope: Scope, given: Collection[str], turns: Turns) -> Iterator[Passed]:
    """The calls to which a function gives the rows of its loops, or what it was given."""
    looped = _looped(scope)
    count = 0
    wanted = looped.union(given)
    name = ast.Name
    for call in scope.calls if wanted else ():
        received = _received(call, wanted)
        if received and (own := reader.received(call, scope)) is not None:
            around = turns(call)
            if (received in looped and "*" in around) or reader.is_certain(call, received):
                yield Passed(own, around)
                count += 1
        names = {value.id for value in call.args if value.__class__ is name} if call.args else set()
        for keyword in call.keywords:
            if keyword.value.__class__ is name:
                names.add(keyword.value.id)
        if names.isdisjoint(wanted):
            continue
        for rows in reader.rows(call, scope):
            around = turns(call)
            in_loop = bool(names & looped) and "*" in around
            if rows.called and rows.arguments and (in_loop or reader.is_certain(call, "")):
                yield Passed(rows, around)
                count += 1
        if count >= _MOST_PASSED:
            return


def _received(call: ast.Call, wanted: Collection[str]) -> str:
    """The name of the row, among those wanted, whose method a call is: `order` of `order.customer.summary()`."""
    function = call.func
    if function.__class__ is not ast.Attribute or function.attr in _OF_OTHERS:
        return ""
    base = function.value
    while base.__class__ is ast.Attribute or base.__class__ is ast.Subscript:
        base = base.value
    return base.id if base.__class__ is ast.Name and base.id in wanted else ""


Turns = Callable[[ast.expr], str]
"""What stands around an expression, in the words of `rules.engine.reading.facts.Call.path`."""

_NO_METHOD = frozenset(
    {"property", "cached_property", "hybrid_property", "setter", "staticmethod", "classmethod"}
)
_PROPERTIES = frozenset({"property", "cached_property", "hybrid_property"})
_ROUTES = frozenset({"get", "post", "put", "patch", "delete", "api_route", "route"})
_NARROWING = frozenset({"response_model_include", "response_model_exclude"})


def extract(index: Index, turns: Turns, known: Carried | None = None) -> dict[str, Flow]:
    """The flows of a walked file, by function; `known` are those of functions that are as in its version before."""
    reader, options = Reader(index), OptionsReader(index)
    found: dict[str, Flow] = {}
    for scope in index.scopes:
        if not isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if known is not None and known.has(scope.symbol):
            if (flow := known.flow(scope.symbol)) is not None:
                found[scope.symbol] = flow
            continue
        shown = list(_shown(reader, index, scope, turns))
        returns: dict[int, list[Rows]] = {}
        if not scope.is_generator:
            for value in scope.returned:
                if isinstance(value, ast.Tuple):
                    for position, element in enumerate(value.elts[:4]):
                        returns.setdefault(position, []).extend(reader.rows(element, scope))
                elif isinstance(display := dictionary(value, scope), ast.Dict):
                    shown.extend(_displayed(reader, display, scope))
                elif value is not None:
                    returns.setdefault(-1, []).extend(reader.rows(value, scope))
        made = given_out(reader, scope) if scope.is_generator else written_out(reader, scope)
        listed = tuple(rows for rows in map(join, (*made, *on_pages(reader, scope))) if rows)
        kept = tuple((position, joined) for position, rows in returns.items() if (joined := join(rows)))
        keyed: dict[str, list[Rows]] = {}
        for each in shown:
            if not each.schema and each.name:
                keyed.setdefault(each.name, []).extend(each.rows)
        response = _response(index, scope, scope.node) if kept or shown or listed else None
        related = _related(scope)
        given = _given_objects(index, scope)
        if related:
            given |= {"self"}
        readings = tuple(_readings(reader, scope, given, turns, related))
        passed = tuple(_passed(reader, scope, given, turns))
        loads = options.returned(scope) if not kept else None
        if kept or shown or readings or passed or listed or loads is not None:
            keys = tuple((name, joined) for name, rows in keyed.items() if (joined := join(rows)))
            uses_parameters = bool(given) or _mentions_parameters(each for _, each in (*kept, *keys))
            found[scope.symbol] = Flow(
                kept,
                _parameter_names(scope, scope.node) if uses_parameters else (),
                tuple(shown),
                response,
                readings,
                passed,
                loads,
                keys,
                listed,
            )
    return found


def _given_objects(index: Index, scope: Scope) -> frozenset[str]:
    """Parameters that hold an instance of some class, or of nobody knows what: perhaps a row."""
    found: set[str] = set()
    for name, bindings in scope.bindings.items():
        first = bindings[0]
        if first.kind == "parameter" and len(bindings) == 1 and name not in ("self", "cls"):
            ref = index.parameter_ref(first, scope)
            if ref[:1] in ("@", "<") or not ref.startswith(_FOREIGN):
                found.add(name)
    return frozenset(found)


def _related(scope: Scope) -> frozenset[str]:
    """The relationships that the class of a method declares in its body, and its properties, which may read them; none for
    properties themselves, which are read with the row."""
    owner, node = scope.owner, scope.node
    if owner is None or owner.called.isdisjoint(RELATES) or "self" not in scope.bindings:
        return frozenset()
    if any(last_name(each) in _NO_METHOD for each in getattr(node, "decorator_list", ())):
        return frozenset()
    return frozenset(
        name
        for name, bindings in owner.bindings.items()
        if any(_is_relationship(each) or _is_property(each) for each in bindings)
    )


def _is_relationship(binding: Binding) -> bool:
    value = binding.value.value if isinstance(binding.value, ast.AnnAssign) else binding.value
    return isinstance(value, ast.Call) and last_name(value.func) in RELATES


def _is_property(binding: Binding) -> bool:
    node = binding.node
    return isinstance(node, ast.FunctionDef) and any(
        last_name(each) in _PROPERTIES for each in node.decorator_list
    )


def _looped(scope: Scope) -> set[str]:
    if not scope.repeats:
        return set()
    return {
        name
        for name, bindings in scope.bindings.items()
        if any(binding.kind in ("item", "local item") for binding in bindings)
    }


def _readings(
    reader: Reader, scope: Scope, given: Collection[str], turns: Turns, related: Collection[str]
) -> Iterator[Reading]:
    """What a function reads of the rows that its loops go over and of what it is given, each attribute once; of its own
    object the relationships that are `related`."""
    names = _looped(scope).union(given) if scope.loads else given
    seen: set[tuple[object, ...]] = set()
    for node in scope.loads if names else ():
        base = node.value
        while isinstance(base, ast.Attribute):
            base = base.value
        if not isinstance(base, ast.Name) or base.id not in names or node.attr.endswith(_PLAIN):
            continue
        found = reader.rows(node, scope)
        if not found or any(rows.stage not in (ONE, ITEM) for rows in found):
            continue
        if any(rows.origin == "#self" and rows.path[0] not in related for rows in found):
            continue
        from_given = any(rows.origin[:1] == "#" for rows in found)
        if from_given and (len(found) > 1 or not reader.is_certain(node, base.id)):
            continue
        if not from_given and any(rows.stage != ITEM for rows in found):
            continue
        key = tuple((rows.origin, rows.line, rows.column, rows.path) for rows in found)
        if key in seen:
            continue
        seen.add(key)
        around = turns(node)
        if "*" in around or from_given:
            yield Reading(found, node.lineno, around)
        if len(seen) >= _MOST_READINGS:
            return


def _mentions_parameters(returns: Iterable[tuple[Rows, ...]]) -> bool:
    pending = [rows for alternatives in returns for rows in alternatives]
    while pending:
        rows = pending.pop()
        if rows.origin[:1] == "#":
            return True
        pending.extend(inner for _, passed in rows.arguments for inner in passed)
    return False


def _parameter_names(scope: Scope, node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, ...]:
    """All parameters by position, without `self`."""
    positional = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    is_static = any(last_name(decorator) == "staticmethod" for decorator in node.decorator_list)
    if scope.owner is not None and not is_static:
        positional = positional[1:]
    return (*positional, *(argument.arg for argument in node.args.kwonlyargs))


def _response(index: Index, scope: Scope, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Shape | None:
    outside = scope.parent or index.module
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call) or last_name(decorator) not in _ROUTES:
            continue
        named = {keyword.arg: keyword.value for keyword in decorator.keywords}
        if _NARROWING & named.keys():
            return None
        declared = named.get("response_model", node.returns)
        return shape(index, declared, outside) if declared is not None else None
    return None


def _displayed(reader: Reader, node: ast.Dict, scope: Scope) -> Iterator[Shown]:
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            rows = reader.rows(value, scope) if may_be_rows(value) else ()
            if rows:
                yield Shown(rows, value.lineno, "", key.value)


def _shown(reader: Reader, index: Index, scope: Scope, turns: Turns) -> Iterator[Shown]:
    """Where a function fills schemas by hand: `S.model_validate(row)`, `Page(items=rows)`."""
    for call in scope.calls:
        function = call.func
        name = last_name(function)
        if name in _READERS and call.args and isinstance(function, ast.Attribute):
            rows = reader.rows(call.args[0], scope)
            schema = index.ref(function.value, scope) if rows else ""
            if schema:
                yield Shown(rows, call.lineno, schema, turns=turns(call))
        elif name in _ADAPTING and (given := _adapted(call, index)) is not None:
            annotation, value = given
            rows = reader.rows(value, scope)
            schema = index.annotation(annotation, scope) if rows else ""
            if schema:
                schema = schema.removesuffix("{}").removesuffix(":")
                yield Shown(rows, call.lineno, schema, turns=turns(call))
        elif name == "map" and isinstance(function, ast.Name) and len(call.args) == 2:
            made, value = call.args
            if isinstance(made, ast.Attribute) and made.attr in _READERS:
                rows = reader.rows(value, scope)
                schema = index.ref(made.value, scope) if rows else ""
                if schema:
                    yield Shown(rows, call.lineno, schema, turns=turns(call))
        elif (last_name(function.value) if isinstance(function, ast.Subscript) else name)[:1].isupper():
            schema = ""
            for keyword in call.keywords:
                if not isinstance(keyword.value, (ast.Name, ast.Call, ast.Await)):
                    continue
                rows = reader.rows(keyword.value, scope)
                if keyword.arg is None and not all(is_whole(each) for each in rows):
                    continue
                if rows:
                    made = function.value if isinstance(function, ast.Subscript) else function
                    schema = schema or index.ref(made, scope)
                    if schema:
                        parameters = shape(index, function, scope).parameters if made is not function else ()
                        line = keyword.value.lineno
                        yield Shown(rows, line, schema, keyword.arg or EVERY, parameters, turns(call))


def _adapted(call: ast.Call, index: Index) -> tuple[ast.expr, ast.expr] | None:
    """The type and the value of `TypeAdapter(list[S]).validate_python(rows)` or `parse_obj_as(list[S], rows)`."""
    function = call.func
    if last_name(function) == "parse_obj_as" and len(call.args) == 2:
        return call.args[0], call.args[1]
    if isinstance(function, ast.Attribute) and function.attr == "validate_python" and call.args:
        made: object = function.value
        if isinstance(made, ast.Name):
            bindings = index.module.bindings.get(made.id, [])
            made = bindings[0].value if len(bindings) == 1 else None
            made = made.value if isinstance(made, ast.AnnAssign) else made
        if isinstance(made, ast.Call) and last_name(made) == "TypeAdapter" and made.args:
            return made.args[0], call.args[0]
    return None
