"""Whether a loop goes over data at all: over rows and the items of a request, or over a handful of other things."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from rules.engine.data import small_tables
from rules.engine.data.local_values import value_of, values_of
from rules.engine.data.written_out import is_written_out
from rules.engine.kept_answers import once_for_node
from rules.engine.linking.context import AT_STARTUP, IN_REQUEST
from rules.engine.linking.values import Sort, Value
from rules.engine.reading import facts, switches
from rules.engine.reading.loop_shapes import FEW, finds_one, is_short, iterables, targets, unwrapped
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import Part
from rules.engine.reading.spelling import last_name, names_bound
from rules.engine.reading.walking import children_of, names_in, walk
from rules.engine.reading.whole_numbers import arguments

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from rules.engine.linking.graph import Node
    from rules.engine.module import Module
    from rules.engine.reading.scopes import Binding


_MONTHS = 12
"""So many turns at most, by what the declaration of a parameter allows, are few."""
_KEY_ENDS = ("_id", "_uuid", "_key", "_name", "_code", "_slug")
_OWN_KEYS = frozenset({"id", "pk", "uuid", "key", "name", "number", "code", "slug"})
"""What each item has for itself."""
_FIELDS = frozenset({"model_dump", "dict", "asdict", "__dict__", "_asdict"})
"""What gives one value per field of a schema."""
_GROUPING = frozenset({"append", "add", "extend", "update", "setdefault"})
_GROUPS = frozenset({"defaultdict", "groupby"})
_ARRIVING = ("stream", "listen", "subscri", "consum")
_ENUM = "enum."
_SHORT = regex(
    r"\b(?:few|small|short|handful|at most|bounded|one or two|rare|rarely|deliberate\w*|intentional\w*"
    r"|acceptable|(?:typically|usually|normally) (?:\d|one|two|a single))\b",
    re.IGNORECASE,
)
_FETCHING = frozenset({"all", "fetchall", "scalars", "mappings", "tuples", "unique", "to_list"})
"""Of a result: its rows."""
_PREPARING = regex(
    r"(?:^|[/_])(?:seed|seeds|seeders?|fixes|fixtures?|migrat\w*|backfills?|bootstrap)(?=[/_.]|$)"
)
"""Paths of code that fills or mends a database once."""
_FILLING = regex(
    r"_*(?:(?:seed|backfill|migrate|bootstrap|populate)(?:_|$)"
    r"|(?:create|build|ensure|init|initialize|setup)_(?:db|database|index(?:es)?|indices|tables?|schemas?|constraints)(?:_|$))"
)
"""Such functions."""
_SETTINGS = regex(r"(?:\w*_)?settings|_*(?:app_)?(?:config|conf|env)", re.IGNORECASE)
_OWN = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.For, ast.AsyncFor, ast.While)
"""What a `break` or `return` inside does not leave the loop with, or not for certain."""


@once_for_node
def is_few(loop: ast.AST, module: Module) -> bool:
    """Whether the code itself says that the turns are few: the fields of a schema, a constant that is imported, the
    members of an enumeration, `rows[:5]`."""
    return any(
        _has_few(unwrapped(iterable), module)
        or is_written_out(iterable, module)
        or _gives_members(target, module)
        or _is_measured(unwrapped(iterable), loop, module)
        for iterable, target in zip(iterables(loop), targets(loop), strict=True)
    )


@once_for_node
def is_doubtful(loop: ast.AST, module: Module) -> bool:
    """Whether the turns are likely few, or may not come at all: groups of items, what is left over beyond a limit,
    a search, what arrives over time, code that prepares data or cleans up after a failure, or where a comment says so."""
    return (
        is_preparing(loop, module)
        or _is_after_failure(loop, module)
        or _is_search(loop)
        or _is_asked_until_known(loop, module)
        or _skips_what_was_seen(loop)
        or _is_said_to_be_short(loop, module)
        or _names_members(loop, module)
        or any(_is_unclear(iterable, module) for iterable in iterables(loop))
    )


def _skips_what_was_seen(loop: ast.AST) -> bool:
    """`if slot.kind in seen: continue`, and `seen.add(slot.kind)`: a turn for each different kind, not for each of the rows, as it
    is where the key of the row itself is asked for."""
    if not isinstance(loop, ast.For | ast.AsyncFor):
        return False
    known = {
        part.func.value.id
        for part in walk(loop)
        if isinstance(part, ast.Call)
        and isinstance(part.func, ast.Attribute)
        and part.func.attr == "add"
        and isinstance(part.func.value, ast.Name)
    }
    items = names_in(loop.target)
    for each in loop.body if known else ():
        match each:
            case ast.If(
                test=ast.Compare(left=key, ops=[ast.In()], comparators=[ast.Name(id=name)]),
                body=[ast.Continue()],
            ) if name in known:
                given = [
                    other.value
                    for other in loop.body
                    if isinstance(other, ast.Assign)
                    and isinstance(key, ast.Name)
                    and key.id in names_bound(other)
                ]
                return any(_tells_a_kind(part, items) for one in given or [key] for part in walk(one))
    return False


def _tells_a_kind(part: ast.AST, items: Collection[str]) -> bool:
    """Whether something is read of an item that several of them may have in common."""
    return (
        isinstance(part, ast.Attribute)
        and part.attr not in _OWN_KEYS
        and isinstance(part.value, ast.Name)
        and part.value.id in items
    )


def _is_after_failure(loop: ast.AST, module: Module) -> bool:
    parent = module.parent(loop)
    while parent is not None and not isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        if isinstance(parent, ast.ExceptHandler):
            return True
        parent = module.parent(parent)
    return False


def _is_unclear(iterable: ast.expr, module: Module) -> bool:
    if _is_grouped(iterable, module) or _is_rest(iterable) or _is_arriving(iterable):
        return True
    if isinstance(iterable, ast.Name) and (
        _is_done(iterable, module)
        or _is_many_only_in_jobs(iterable, module)
        or _is_few_by_default(iterable, module)
    ):
        return True
    value = value_of(iterable, module) if isinstance(iterable, ast.Name) else iterable
    if _is_arriving(value) or is_limited(value, module):
        return True
    if any(_is_cut_short(each, module) or _is_of_one_text(each) for each in (iterable, value)):
        return True
    if _counts_to_bound(iterable, module):
        return True
    return _is_configured(value) and not are_several_by_default(value, module)


def _is_few_by_default(name: ast.Name, module: Module) -> bool:
    """`if processors is None: processors = [SetTitle()]`, or `request.processors or [SetTitle()]`: one where nobody gives any, and
    who gives some gives a few."""
    values: Sequence[ast.AST] = list(values_of(name, module))
    if len(values) == 1 and isinstance(values[0], ast.BoolOp) and isinstance(values[0].op, ast.Or):
        values = values[0].values
    written = [each for each in values if isinstance(each, (ast.Tuple, ast.List))]
    given = [each for each in values if isinstance(each, (ast.Name, ast.Attribute))]
    return bool(given and written) and all(each.elts and _is_short_list(each) for each in written)


def _counts_to_bound(iterable: ast.expr, module: Module) -> bool:
    """`range(months)` of `months: int = Query(3, le=12)`."""
    match iterable:
        case ast.Call(func=ast.Name(id="range"), args=[*_, ast.Name() as count]):
            pass
        case _:
            return False
    found, function = _parameter(count, module.index.bindings_of(count), module), module.function_of(count)
    if found is None or function is None or isinstance(function.node, ast.Lambda):
        return False
    given = {argument.arg: (argument.annotation, default) for argument, default in arguments(function.node)}
    return any(
        isinstance(part, ast.keyword)
        and part.arg in ("le", "lt")
        and isinstance(part.value, ast.Constant)
        and isinstance(part.value.value, int)
        and part.value.value <= _MONTHS
        for root in given[count.id]
        if root is not None
        for part in walk(root)
    )


def _is_of_one_text(value: ast.AST | None) -> bool:
    """`path.split("/")`, `name.split(".")`, `wanted.split()`: what one name is made of, the words that somebody typed."""
    match value:
        case ast.Call(func=ast.Attribute(attr="split"), args=[], keywords=[]):
            return True
        case ast.Call(
            func=ast.Attribute(attr="split" | "rsplit"),
            args=[ast.Constant(value="/" | "." | "::" | "\\"), *_],
        ):
            return True
    return False


def _is_cut_short(value: ast.AST | None, module: Module) -> bool:
    """`links[:most]` of a parameter that is a handful unless a caller says otherwise."""
    match value:
        case ast.Subscript(slice=ast.Slice(upper=ast.Name() as most)):
            pass
        case _:
            return False
    found = _parameter(most, module.index.bindings_of(most), module)
    function = module.function_of(most)
    if found is None or function is None or isinstance(function.node, ast.Lambda) or found[0].roles:
        return False
    default = {each.arg: default for each, default in arguments(function.node)}.get(most.id)
    return isinstance(default, ast.Constant) and isinstance(default.value, int) and 0 < default.value <= FEW


def are_several_by_default(value: ast.AST | None, module: Module) -> bool:
    """Whether the class of the settings writes out several members for the attribute: so many there are where nobody
    configures it."""
    if not isinstance(value, ast.Attribute):
        return False
    owner = module.value(value.value)
    if owner is None or owner.module is None or owner.sort is not Sort.OBJECT:
        return False
    for ancestor in module.project.resolver.ancestry(owner):
        known = ancestor.module.classes.get(ancestor.symbol) if ancestor.module is not None else None
        if known is not None and (value.attr in known.many or value.attr in known.attributes):
            return value.attr in known.many
    return False


def _is_configured(value: ast.AST | None) -> bool:
    """`settings.mirrors`, `[*settings.mirrors, settings.own]`: as many as somebody wrote down."""
    match value:
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return bool(parts) and all(map(_is_configured, parts))
        case ast.Starred(value=inner) | ast.Attribute(value=ast.Attribute() as inner):
            return _is_configured(inner) or (
                isinstance(value, ast.Attribute) and bool(_SETTINGS.fullmatch(last_name(inner)))
            )
        case ast.Attribute(value=ast.Name(id=name)):
            return bool(_SETTINGS.fullmatch(name))
    return False


def sounds_few(loop: ast.AST) -> bool:
    """Whether a loop goes over a handful, as the name of its list says, or that of its item: managers, roles, providers.

    Of keys only the list's: there may be many `owner_id` among `ids`.
    """
    names = [_list_name(iterable) for iterable in iterables(loop)]
    names += [
        target.id
        for target in targets(loop)
        if isinstance(target, ast.Name) and not target.id.endswith(_KEY_ENDS)
    ]
    return any(map(small_tables.sounds_few, names))


def goes_over_traits(loop: ast.AST) -> bool:
    """Whether a loop goes over what one thing has, by the name of its list: nobody gives a column a hundred attributes."""
    return any(small_tables.sounds_like_traits(_list_name(iterable)) for iterable in iterables(loop))


def takes_steps(call: ast.Call, loop: ast.AST) -> bool:
    """`for step in plan.steps: candidates(session, record, step)`: what an object is configured to do in turn, and the
    step as a whole decides what is asked for: no one query does for two."""
    for iterable, target in zip(iterables(loop), targets(loop), strict=True):
        inner = unwrapped(iterable)
        if not isinstance(inner, ast.Attribute) or not small_tables.sounds_like_steps(inner.attr):
            continue
        names = names_in(target)
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if any(isinstance(each, ast.Name) and each.id in names for each in given):
            return True
    return False


def _list_name(iterable: ast.expr) -> str:
    """`managers` of `team.managers`, `managers or []`, `(team.managers or {}).items()`; `get_fields` of `get_fields()`."""
    inner = unwrapped(iterable)
    while isinstance(inner, ast.BoolOp):
        inner = unwrapped(inner.values[0])
    match inner:
        case ast.Attribute(value=owner, attr=("keys" | "ids") as what) if last_name(owner).endswith(
            f"_{what}"
        ):
            return last_name(owner)  # `role_keys.keys`
        case (
            ast.Subscript(slice=ast.Constant(value=str(name)))
            | ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(name)), *_])
        ):
            return name  # `plugin["configs"]`
    return last_name(inner.func if isinstance(inner, ast.Call) else inner)


def goes_over_rows(loop: ast.AST, module: Module) -> bool:
    """Whether a loop is seen to go over what a database gave, with no small limit on it."""
    return any(gives_rows(unwrapped(iterable), module) for iterable in iterables(loop))


def gives_rows(iterable: ast.expr, module: Module) -> bool:
    """Whether a database gave `iterable`, or what a comprehension made it of, with no small limit on it."""
    gone_through: set[ast.AST] = set()
    while True:
        if module.rows(iterable):
            return not is_limited(iterable, module)
        source: ast.AST | None = iterable
        while isinstance(source, (ast.Attribute, ast.Subscript, ast.Await)):
            source = source.value
        if isinstance(source, ast.Name):
            if module.rows(source):
                return not is_limited(source, module)
            source = value_of(source, module)
        if not isinstance(source, ast.ListComp) or len(source.generators) != 1:
            break
        if source is iterable or source in gone_through:  # `names = [name.strip() for name in names]`
            return False
        gone_through.add(source)
        iterable = unwrapped(source.generators[0].iter)
    if isinstance(source, ast.Await):
        source = source.value
    if not isinstance(source, ast.Call) or is_limited(source, module):
        return False
    if module.query(source) is not None or _fetches(source, module):
        return True
    summary = module.summary(source)
    return summary is not None and bool(summary.queries)


def is_given_rows(loop: ast.AST, module: Module) -> bool:
    """`for order in orders` of a function that takes `orders: list[Order]`: who calls it has loaded them."""
    for iterable, target in zip(iterables(loop), targets(loop), strict=True):
        inner = unwrapped(iterable)
        if not isinstance(inner, ast.Name):
            continue
        if _parameter(inner, module.index.bindings_of(inner), module) is None:
            continue
        tables = (module.table(part) for part in walk(target) if isinstance(part, ast.Name))
        if any(table is not None and not small_tables.is_small(table) for table in tables):
            return True
    return False


def _fetches(call: ast.Call, module: Module) -> bool:
    """`session.scalars(select(Order.number)).all()`, `(await session.execute(statement)).scalars().all()`."""
    source: ast.expr = call
    while isinstance(source, ast.Call) and isinstance(source.func, ast.Attribute):
        if module.query(source) is not None:
            return True
        if source.func.attr not in _FETCHING:
            return False
        source = source.func.value
        if isinstance(source, ast.Await):
            source = source.value
    return False


def is_preparing(node: ast.AST, module: Module) -> bool:
    """Whether the code prepares data, at the start alone or as its file says: requests get to it now and then."""
    found = module.graph_node(node)
    if found is None:
        return bool(_PREPARING.search(module.path))
    name = found.symbol.rpartition(".")[2]
    at_start = found.contexts & AT_STARTUP and not found.endpoints
    return bool(at_start or _PREPARING.search(module.path) or _FILLING.match(name))


def is_member_call(call: ast.Call, loop: ast.AST) -> bool:
    """`for exporter in self.exporters: exporter.run()`: the parts of an object take their turn, each does its own."""
    names = {target.id for target in targets(loop) if isinstance(target, ast.Name)}
    return (
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in names
        and any(
            isinstance(iterable, ast.Attribute)
            and isinstance(iterable.value, ast.Name)
            and iterable.value.id in ("self", "cls")
            for iterable in iterables(loop)
        )
    )


def _has_few(iterable: ast.expr, module: Module) -> bool:
    match iterable:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in _FIELDS:
            return True
        case ast.Attribute(attr="__dict__" | "columns"):
            return True
        case ast.Subscript(slice=ast.Slice(upper=ast.Constant(value=int(upper)))) if upper <= FEW:
            return True
        case ast.Subscript(value=mapping) if _holds_lists(mapping, module):
            return True
        case ast.Call(func=ast.Attribute(attr="intersection"), args=[other]) if _is_constant(other):
            return True  # `added.intersection(NOTIFIED)`: no more than the constant has
        case ast.BinOp(op=ast.BitAnd(), left=left, right=right) if _is_constant(left) or _is_constant(right):
            return True
        case ast.Call() | ast.Await():
            return _gives_few(iterable, module) or _lists_members(iterable, module)
        case ast.Name():
            bindings = module.index.bindings_of(iterable)
            values = list(values_of(iterable, module))
            if values and all(
                _gives_few(value, module) or finds_one(value) or _lists_members(value, module)
                for value in values
            ):
                return True
            if _is_given_few(iterable, bindings, module) or _is_collected_of_few(iterable, bindings, module):
                return True
            if bindings and all(binding.kind == "import" for binding in bindings):
                return True
            if _is_made_of_few(iterable, bindings, module) or _holds_members(iterable, bindings, module):
                return True
            return any(
                isinstance(value, ast.Call) and last_name(value.func) in _FIELDS for value in values
            ) or iterable.id in _filled_with_fields(module.index.scope_at(iterable).node, module)
    return False


@once_for_node
def _filled_with_fields(around: ast.AST, module: Module) -> frozenset[str]:
    """The names in a function, class or file of what is updated with the fields of something."""
    return frozenset(
        call.func.value.id
        for call in module.index.scope_of[around].calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "update"
        and isinstance(call.func.value, ast.Name)
        and any(isinstance(each, ast.Call) and last_name(each.func) in _FIELDS for each in call.args)
    )


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, (ast.Name, ast.Attribute)) and last_name(node).lstrip("_").isupper()


def _holds_lists(mapping: ast.expr, module: Module) -> bool:
    """Whether `RELATIONS` of `RELATIONS[kind]` is a constant, and each of its values a few that are written down."""
    if not isinstance(mapping, ast.Name) or not _is_constant(mapping):
        return False
    bindings = module.index.bindings_of(mapping)
    if bindings and all(binding.kind == "import" for binding in bindings):
        return True
    values = list(values_of(mapping, module))
    return bool(values) and all(
        isinstance(value, ast.Dict) and bool(value.values) and all(map(_is_short_list, value.values))
        for value in values
    )


def _is_short_list(value: ast.expr) -> bool:
    return (
        isinstance(value, (ast.Tuple, ast.List, ast.Set))
        and len(value.elts) <= FEW
        and not any(isinstance(each, ast.Starred) for each in value.elts)
    )


def _gives_few(value: ast.AST | None, module: Module) -> bool:
    """Whether a function of the project answers with two items at most: `await aliases_of(kind)`."""
    call = value.value if isinstance(value, ast.Await) else value
    target = module.callee(call) if isinstance(call, ast.Call) else None
    return target is not None and bool(target.function.flags & facts.FEW)


def _lists_members(value: ast.AST, module: Module) -> bool:
    """`Unit.choices()` of an enumeration: it knows its members, and nothing else that there may be many of."""
    match value:
        case ast.Call(func=ast.Attribute(value=owner), args=[], keywords=[]):
            return _is_enumeration(module.value(owner), Sort.CLASS, module)
    return False


def _is_measured(iterable: ast.expr, loop: ast.AST, module: Module) -> bool:
    """Whether `if len(links) > 3: raise TooMany()` stands before the loop over `links`."""
    if not isinstance(iterable, (ast.Name, ast.Attribute)):
        return False
    child, parent = loop, module.parent(loop)
    while parent is not None:
        body = getattr(parent, "body", None)
        for earlier in body[: body.index(child)] if isinstance(body, list) and child in body else ():
            if (
                isinstance(earlier, ast.If)
                and isinstance(earlier.body[-1], (ast.Raise, ast.Return))
                and any(_is_longer(test, iterable, module) for test in _alternatives(earlier.test))
            ):
                return True
        if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return False
        child, parent = parent, module.parent(parent)
    return False


def _alternatives(test: ast.expr) -> list[ast.expr]:
    return test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or) else [test]


def _is_longer(test: ast.expr, measured: ast.expr, module: Module) -> bool:
    """`len(measured) > 3`, by a number that the code shows."""
    match test:
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="len"), args=[counted]),
            ops=[ast.Gt() | ast.GtE()],
            comparators=[most],
        ):
            return ast.dump(counted) == ast.dump(measured) and any(
                0 < number <= FEW for number in _numbers(most, module)
            )
    return False


def _is_collected_of_few(name: ast.Name, bindings: list[Binding], module: Module) -> bool:
    """Whether the name is an empty list at first, and gets its items in loops of few turns only."""
    begun = value_of(name, module)
    if len(bindings) != 1 or not isinstance(begun, ast.List) or begun.elts:
        return False
    loops = []
    for call in module.index.scope_at(name).calls:
        match call.func:
            case ast.Attribute(value=ast.Name(id=grown), attr=how) if grown == name.id and how in _GROUPING:
                if how in ("extend", "update"):
                    return False
                loops.append(module.loops(call)[-1:])
    return bool(loops) and all(
        is_few(loop, module) or module.is_short(loop) for around in loops for loop in around
    )


def _is_made_of_few(name: ast.Name, bindings: list[Binding], module: Module) -> bool:
    """Whether the name holds one comprehension over what the source writes down, and nothing is added to it."""
    made = [
        value
        for value in values_of(name, module)
        if isinstance(value, (ast.ListComp, ast.SetComp, ast.DictComp))
    ]
    if len(bindings) != 1 or len(made) != 1 or len(made[0].generators) != 1:
        return False
    if not (module.is_short(made[0]) or is_short(made[0], module.qualified_name)):
        return False
    return not any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr in (*_GROUPING, "insert")
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == name.id
        for call in module.index.scope_at(name).calls
    )


def _is_given_few(name: ast.Name, bindings: list[Binding], module: Module) -> bool:
    """Whether the name is a parameter for which all callers pass constants."""
    found = _parameter(name, bindings, module)
    return found is not None and switches.gets_few(*found)


def _is_many_only_in_jobs(name: ast.Name, module: Module) -> bool:
    """Whether the name is a parameter for which those that requests reach write out one or a few: `index([document])`."""
    found = _parameter(name, module.index.bindings_of(name), module)
    return found is not None and switches.gets_few_in_requests(
        *found, lambda node: bool(node.contexts & IN_REQUEST)
    )


def _parameter(
    name: ast.Name, bindings: list[Binding], module: Module
) -> tuple[Node, switches.Switch] | None:
    """The function and the parameter of it that a name is."""
    function, node = module.function_of(name), module.graph_node(name)
    if len(bindings) != 1 or bindings[0].kind != "parameter" or function is None or node is None:
        return None
    arguments = function.node.args
    positional = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    bound = bool(node.function.owner) and not node.function.flags & facts.STATIC
    position = positional.index(name.id) - bound if name.id in positional else -1
    return node, switches.Switch(name.id, position)


def _gives_members(target: ast.expr, module: Module) -> bool:
    """Whether the loop's variable is a member of an enumeration of the project."""
    if isinstance(target, ast.Tuple) and target.elts:
        target = target.elts[0]  # the key of `.items()`
    if not isinstance(target, ast.Name):
        return False
    return _is_enumeration(module.value(target), Sort.OBJECT, module)


def _holds_members(name: ast.Name, bindings: list[Binding], module: Module) -> bool:
    """Whether the name is bound to lists that are written out, and to at least one of members of an enumeration."""
    values = [binding.value for binding in bindings]
    given = [value for value in values if not isinstance(value, (ast.List, ast.Tuple))]
    if not given or len(given) == len(values):
        return False
    if any(isinstance(each, ast.Starred) for value in values if value not in given for each in _parts(value)):
        return False
    resolver, scope = module.project.resolver, module.index.scope_at(name)
    home = resolver.modules[module.path]
    refs = [module.index.ref(value, scope) if isinstance(value, ast.expr) else "" for value in given]
    return all(ref and _is_enumeration(resolver.value(f"{ref}[]", home), Sort.OBJECT, module) for ref in refs)


def _parts(value: object) -> list[ast.expr]:
    return value.elts if isinstance(value, (ast.List, ast.Tuple)) else []


def _is_enumeration(value: Value | None, sort: int, module: Module) -> bool:
    if value is None or value.sort != sort:
        return False
    declared = [
        each.home.classes.get(each.symbol)
        for each in module.project.resolver.ancestry(value)
        if each.module is not None
    ]
    return any(base.startswith(_ENUM) for each in declared if each is not None for base in each.bases)


def _names_members(loop: ast.AST, module: Module) -> bool:
    """`Meter[key.name]`, `Meter(key)` of the loop's `key`: there are as many as the enumeration has members."""
    names = {target.id for target in targets(loop) if isinstance(target, ast.Name)}
    for node in walk(loop) if names else ():
        match node:
            case ast.Subscript(value=ast.Name() | ast.Attribute() as owner, slice=key):
                pass
            case ast.Call(func=ast.Name() | ast.Attribute() as owner, args=[key], keywords=[]):
                pass
            case _:
                continue
        if isinstance(key, ast.Attribute) and key.attr in ("name", "value"):
            key = key.value
        if (
            isinstance(key, ast.Name)
            and key.id in names
            and _is_enumeration(module.value(owner), Sort.CLASS, module)
        ):
            return True
    return False


def _is_grouped(iterable: ast.expr, module: Module) -> bool:
    if (
        isinstance(iterable, ast.Call)
        and last_name(iterable.func) in ("set", "frozenset", "list", "sorted")
        and iterable.args
    ):
        inner = iterable.args[0]
        if last_name(iterable.func) in ("set", "frozenset"):
            return isinstance(inner, (ast.ListComp, ast.GeneratorExp)) and isinstance(
                inner.elt, ast.Attribute
            )
        return _is_grouped(inner, module)
    if isinstance(iterable, ast.SetComp):
        return isinstance(iterable.elt, ast.Attribute)
    inner = unwrapped(iterable)
    if isinstance(inner, ast.Call):
        return last_name(inner.func) in _GROUPS
    if inner is not iterable and "_by_" in last_name(inner):
        return True  # `ids_by_kind.items()`
    if not isinstance(inner, ast.Name):
        return False
    values = [_plain(value) for value in values_of(inner, module)]
    if any(isinstance(value, ast.SetComp) and isinstance(value.elt, ast.Attribute) for value in values):
        return True
    if inner is iterable:
        return any(isinstance(value, ast.Call) and last_name(value.func) == "groupby" for value in values)
    return any(isinstance(value, ast.Call) and last_name(value.func) in _GROUPS for value in values) or any(
        _adds_to_group(call, inner.id) for call in module.index.scope_at(inner).calls
    )


def _plain(value: ast.AST) -> ast.AST:
    """`{…}` of `list({…})` and `sorted({…})`."""
    match value:
        case ast.Call(func=ast.Name(id="list" | "sorted" | "tuple"), args=[inner]):
            return inner
    return value


def _adds_to_group(call: ast.Call, name: str) -> bool:
    """`groups[key].append(item)`, `groups.setdefault(key, []).append(item)`."""
    match call.func:
        case ast.Attribute(value=ast.Subscript(value=ast.Name(id=found)), attr=method) if method in _GROUPING:
            return found == name
        case ast.Attribute(
            value=ast.Call(func=ast.Attribute(value=ast.Name(id=found), attr="setdefault")), attr=method
        ) if method in _GROUPING:
            return found == name
    return False


def _is_search(loop: ast.AST) -> bool:
    """Whether the loop may leave at the first item that will do."""
    pending: list[ast.AST] = list(loop.body) if isinstance(loop, (ast.For, ast.AsyncFor)) else []
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Break, ast.Return)):
            return True
        if not isinstance(node, _OWN):
            pending += children_of(node)
    return False


def _is_asked_until_known(loop: ast.AST, module: Module) -> bool:
    """`any(is_open(order) for order in orders)`: it ends at the first answer that decides."""
    parent = module.parent(loop)
    return (
        isinstance(loop, ast.GeneratorExp)
        and isinstance(parent, ast.Call)
        and isinstance(parent.func, ast.Name)
        and parent.func.id in ("any", "all", "next")
    )


def _is_said_to_be_short(loop: ast.AST, module: Module) -> bool:
    """Whether a comment at the loop says that it is: somebody weighed it already."""
    first = getattr(loop, "lineno", 1)
    return any(
        "#" in line and _SHORT.search(line.partition("#")[2])
        for line in module.source.lines[_comment_above(first, module.source.lines) : first + 1]
    )


def _comment_above(line: int, lines: Sequence[str]) -> int:
    """The index of the first line that may speak of the loop at `line`: three above it, or where a comment there begins."""
    index = max(0, line - 4)
    while index and lines[index].lstrip().startswith("#") and lines[index - 1].lstrip().startswith("#"):
        index -= 1
    return index


def is_limited(value: ast.AST | None, module: Module) -> bool:
    """`load(limit=5)`, `select(Order).limit(MOST)`: a handful of rows, by a number that the code shows."""
    if not isinstance(value, ast.expr):
        return False
    for node in walk(value):
        if not isinstance(node, ast.Call):
            continue
        limits = [keyword.value for keyword in node.keywords if keyword.arg == "limit"]
        if isinstance(node.func, ast.Attribute) and node.func.attr == "limit":
            limits.extend(node.args[:1])
        if any(0 < number <= FEW for limit in limits for number in _numbers(limit, module)):
            return True
    return False


def _numbers(node: ast.expr, module: Module) -> Iterator[int]:
    values = values_of(node, module) if isinstance(node, ast.Name) else iter([node])
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, int):
            yield value.value


def _is_rest(iterable: ast.expr) -> bool:
    """`saves[limit:]`: what is beyond the limit, one or two as a rule."""
    match iterable:
        case ast.Subscript(slice=ast.Slice(lower=ast.expr() as lower, upper=None)):
            return not (isinstance(lower, ast.Constant) and lower.value in (0, 1))
    return False


def _is_arriving(iterable: ast.AST | None) -> bool:
    name = (
        last_name(iterable.func if isinstance(iterable, ast.Call) else iterable)
        if iterable is not None
        else ""
    )
    return any(word in name.lower() for word in _ARRIVING)


def _is_done(name: ast.Name, module: Module) -> bool:
    """`done, pending = await asyncio.wait(…)`: what was done by then, each turn for itself."""
    for binding in module.index.bindings_of(name):
        value = binding.value.value if isinstance(binding.value, Part) else None
        if isinstance(value, ast.Await):
            value = value.value
        if isinstance(value, ast.Call) and module.qualified_name(value.func) == "asyncio.wait":
            return True
    return False
