"""Rows followed through a project: which table and query a value comes from, however many functions away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from rules import libraries
from rules.engine.data.models import Models
from rules.engine.data.tables import Table
from rules.engine.linking.resolver import Resolver
from rules.engine.linking.values import CALLS, FLOW, Linked, Sort, Value
from rules.engine.reading import facts, switches
from rules.engine.reading.filtered import MODELS
from rules.engine.reading.filters import OF_KEYWORDS
from rules.engine.reading.loader_options import Options
from rules.engine.reading.rows import (
    AWAITED,
    COLUMNS,
    ITEM,
    LIMITED,
    MANY,
    NARROWED,
    ONE,
    OPAQUE,
    RESULT,
    SINGLE,
    STATEMENT,
    TOUCHED,
    UNKNOWN,
    WISHED,
    Flow,
    Rows,
)

_MOST = 6
_NO_METHOD = facts.STATIC | facts.CLASSMETHOD | facts.PROPERTY | facts.ASYNC
_FAR = 4


class Loaded(Struct, frozen=True):
    """Rows whose query and table are known."""

    table: Table
    path: str
    """The file of the query."""
    line: int
    column: int
    symbol: str
    stage: int
    flags: int
    options: tuple[tuple[str, ...], ...]
    is_async: bool | None
    """Whether the session is asynchronous; None when nobody knows."""
    reads: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    hops: tuple[tuple[str, int, str], ...] = ()
    """(path, line, called symbol) from where the rows are used down to the query."""
    maybe: tuple[tuple[str, ...], ...] = ()
    """What the query loads on some paths only."""
    wished: str = ""
    """The parameter of the function with the query without which it has no limit."""

    @property
    def many(self) -> bool:
        """Several rows, not one; what a collection of one row holds is several too."""
        return self.stage in (RESULT, MANY, ITEM, STATEMENT) and (not self.of_one or "[]" in self.reads)

    @property
    def of_one(self) -> bool:
        """The query gives one row, or the function goes on with one."""
        return self.stage == ONE or bool(self.flags & SINGLE)

    def read_table(self) -> Table | None:
        """The table of what was read of the rows; their own when nothing was."""
        table: Table | None = self.table
        for name in self.reads:
            if name != "[]":
                relationship = table.relationships.get(name) if table is not None else None
                table = relationship.target if relationship is not None else None
        return table

    def covers(self, chain: Sequence[str]) -> bool:
        """Whether the query says how the relationship at the end of `chain` is loaded.

        When another function makes the query and adds options on some of its paths, who calls it knows on which.
        """
        wanted = tuple(chain)
        loads = (*self.options, *self.maybe) if self.hops else self.options
        return any(path == wanted or path[-1] == "*" for path in loads)


class Statements:
    """Follows rows through a project."""

    def __init__(self, resolver: Resolver, models: Models) -> None:
        self._resolver = resolver
        self._models = models
        self._memo: dict[tuple[int, str, int], tuple[Loaded, ...]] = {}

    def of(self, rows: Iterable[Rows], module: Linked, symbol: str = "") -> tuple[Loaded, ...]:
        """What rows of `module` are. Empty unless every alternative is known."""
        found: list[Loaded] = []
        for each in rows:
            resolved = self._resolved(each, module, symbol, {}, None, 0)
            if not resolved:
                return ()
            found.extend(resolved)
        return tuple(found[:_MOST])

    def given(
        self, rows: Iterable[Rows], module: Linked, symbol: str, bound: Mapping[str, tuple[Loaded, ...]]
    ) -> tuple[Loaded, ...]:
        """As `of`, within a call of the function that was given `bound`."""
        found: list[Loaded] = []
        for each in rows:
            resolved = self._resolved(each, module, symbol, bound, None, 0)
            if not resolved:
                return ()
            found.extend(resolved)
        return tuple(found[:_MOST])

    def entered(
        self, call: Rows, module: Linked, symbol: str, bound: Mapping[str, tuple[Loaded, ...]]
    ) -> tuple[Linked, str, dict[str, tuple[Loaded, ...]]] | None:
        """The function that a call enters, and the rows it is given by the names of its parameters."""
        if call.origin[:1] == ".":
            function = self._method_of_rows(call, module, symbol, bound)
        else:
            function, _ = self._function(call, module, symbol, None)
        if function is None:
            return None
        flow = self._flow(function)
        if flow is None:
            return None
        passed = self._bound(call, flow, module, symbol, bound, None, 0)
        return (function.home, function.symbol, passed) if passed else None

    def _method_of_rows(
        self, call: Rows, module: Linked, symbol: str, bound: Mapping[str, tuple[Loaded, ...]]
    ) -> Value | None:
        """The method of a mapped class that a call enters, by the rows that it is called on."""
        found: Value | None = None
        for rows in dict(call.arguments)["self"]:
            for loaded in self._resolved(rows, module, symbol, bound, None, 0) or (None,):
                table = loaded.read_table() if loaded is not None else None
                if table is None or table.value is None or call.origin[1:] in table.relationships:
                    return None
                method = self._resolver.attributes.of(replace(table.value, sort=Sort.OBJECT), call.origin[1:])
                if method is None or method.sort != Sort.FUNCTION or method.function.flags & _NO_METHOD:
                    return None
                if found is not None and (found.home, found.symbol) != (method.home, method.symbol):
                    return None
                found = method
        return found

    def returned(self, module: Linked, symbol: str, position: int = -1) -> tuple[Loaded, ...]:
        """What a function returns."""
        flow = module.facts.flows.get(symbol)
        if flow is None:
            return ()
        rows = next((rows for at, rows in flow.returns if at == position), ())
        return self.of(rows, module, symbol)

    def asked_by_fields(self, ref: str, module: Linked) -> Table | None:
        """The table whose rows a call of `ref` looks for by the columns that an argument of it names."""
        base, _, name = ref.rpartition(".")
        owner = self._resolver.value(base, module) if base else None
        if owner is None or owner.sort not in (Sort.OBJECT, Sort.CLASS):
            return None
        function = self._resolver.attributes.of(owner, name)
        if function is None or function.sort != Sort.FUNCTION or not self._takes_fields(owner, function):
            return None
        tables = (self._of_receiver(owner, each) for each in sorted(MODELS))
        return next((table for table in tables if table is not None), None)

    def _takes_fields(self, owner: Value, function: Value) -> bool:
        """Whether a method compares columns that an argument names, by itself or by another of its class
        (`query = self._filtered(query, filters)`)."""
        if function.function.flags & facts.BY_FIELDS:
            return True
        self._resolver.looked_up(function.home, CALLS)
        inner = (
            self._resolver.attributes.of(owner, call.ref.rpartition(".")[2])
            for call in function.function.calls
            if call.ref.startswith("@") and "." in call.ref
        )
        return any(
            each is not None and each.sort == Sort.FUNCTION and each.function.flags & facts.BY_FIELDS
            for each in inner
        )

    def asked_by_keywords(self, ref: str, module: Linked) -> Table | None:
        """The table whose rows a call of `ref` looks for by the keywords it names: the function hands them to `filter_by`."""
        base, _, name = ref.rpartition(".")
        owner = self._resolver.value(base, module) if base else None
        if owner is None or owner.sort not in (Sort.OBJECT, Sort.CLASS):
            return None
        function = self._resolver.attributes.of(owner, name)
        if function is None or function.sort != Sort.FUNCTION:
            return None
        flow = self._flow(function)
        for _, alternatives in flow.returns if flow is not None else ():
            for rows in alternatives:
                if OF_KEYWORDS in rows.filters and not rows.called:
                    made = self._made(rows, function.home, function.symbol, owner)
                    return made.table if made is not None else None
        return None

    def listed(
        self, rows: Iterable[Rows], module: Linked, symbol: str, receiver: Value | None = None, depth: int = 0
    ) -> Iterator[Loaded]:
        """The rows of which functions that `rows` call make one item each of what they return: `[to_domain(row) for row in rows]`."""
        for call in rows:
            if not call.called or call.stage != UNKNOWN or call.position >= 0 or call.key or depth > _FAR:
                continue
            function, inner = self._function(call, module, symbol, receiver)
            flow = self._flow(function) if function is not None else None
            if function is None or flow is None:
                continue
            home, hop = function.home, (module.path, call.line, function.symbol)
            passed = self._bound(call, flow, module, symbol, {}, receiver, depth)
            for alternatives in flow.listed:
                for each in alternatives:
                    found = self._resolved(each, home, function.symbol, passed, inner, depth + 1)
                    yield from (replace(loaded, hops=(hop, *loaded.hops)) for loaded in found)
            for _, returned in flow.returns:
                yield from self.listed(returned, home, function.symbol, inner, depth + 1)

    def _resolved(
        self,
        rows: Rows,
        module: Linked,
        symbol: str,
        bound: Mapping[str, tuple[Loaded, ...]],
        receiver: Value | None,
        depth: int,
    ) -> tuple[Loaded, ...]:
        if depth > 8 or rows.flags & (COLUMNS | OPAQUE):
            return ()
        if rows.origin[0] == "#":
            inner = bound.get(rows.origin[1:], ())
        elif rows.called and (selected := self._selected(rows, module, symbol)) is not None:
            inner = (selected,)
        elif rows.called:
            inner = self._returned_by(rows, module, symbol, bound, receiver, depth)
        else:
            made = self._made(rows, module, symbol, receiver)
            return (made,) if made is not None else ()
        session = self._is_async(rows, module)
        added = self._loaders(rows.loaders, module, symbol, receiver, depth)
        if added is None:
            return ()
        found = []
        for each in inner:
            stage = _combined(each.stage, rows)
            if stage is None:
                return ()
            # What a function does with one row may be done with each of several.
            flags = rows.flags & ~SINGLE if rows.path and each.stage == ITEM else rows.flags
            found.append(
                replace(
                    each,
                    stage=stage,
                    flags=each.flags | flags,
                    options=(*each.options, *rows.options, *added.certain),
                    maybe=(*each.maybe, *rows.maybe, *added.maybe),
                    is_async=session if session is not None else each.is_async,
                    reads=(*each.reads, *rows.path),
                    filters=(*each.filters, *rows.filters),
                )
            )
        return tuple(found)

    def _returned_by(
        self,
        rows: Rows,
        module: Linked,
        symbol: str,
        bound: Mapping[str, tuple[Loaded, ...]],
        receiver: Value | None,
        depth: int,
    ) -> tuple[Loaded, ...]:
        function, inner_receiver = self._function(rows, module, symbol, receiver)
        if function is None:
            return ()
        home = function.home
        flow = self._flow(function)
        if flow is None:
            return ()
        if rows.key:
            alternatives = next((each for key, each in flow.keyed if key == rows.key), None)
        else:
            alternatives = next((each for at, each in flow.returns if at == rows.position), None)
        if alternatives is None:
            whole = next((each for at, each in flow.returns if at == -1), ())
            if rows.position < 0 and not rows.key:
                return ()
            if not all(each.called and each.position < 0 and not each.key for each in whole):
                return ()
            alternatives = tuple(
                msgspec.structs.replace(each, position=rows.position, key=rows.key) for each in whole
            )
        passed = self._bound(rows, flow, module, symbol, bound, receiver, depth)
        found: list[Loaded] = []
        hop = (module.path, rows.line, function.symbol)
        for each in alternatives:
            inner = self._resolved(each, home, function.symbol, passed, inner_receiver, depth + 1)
            if not inner:
                return ()
            found.extend(
                replace(
                    loaded if loaded.hops else _as_called(loaded, function, module, symbol, rows),
                    hops=(hop, *loaded.hops),
                )
                for loaded in inner
            )
        return tuple(_joined(found)[:_MOST])

    def _selected(self, rows: Rows, module: Linked, symbol: str) -> Loaded | None:
        """The statement that `orders.select()` of a `Table` makes."""
        base, _, name = rows.origin.rpartition(".")
        table = (
            self._models.plain_table(self._resolver.value(base, module))
            if name == "select" and base
            else None
        )
        if table is None or rows.position >= 0 or rows.key:
            return None
        return Loaded(table, module.path, rows.line, rows.column, symbol, STATEMENT, 0, (), None)

    def _flow(self, function: Value) -> Flow | None:
        self._resolver.looked_up(function.home, f"{FLOW}{function.symbol}")
        return function.home.facts.flows.get(function.symbol)

    def _function(
        self, rows: Rows, module: Linked, symbol: str, receiver: Value | None
    ) -> tuple[Value | None, Value | None]:
        """The function of a call, and the object whose method it is."""
        base, _, name = rows.origin.rpartition(".")
        owner = self._resolver.value(base, module) if base else None
        is_self = base in (f"@{symbol.rpartition('.')[0]}:", _class_of(module, symbol))
        if is_self and owner is not None and receiver is not None:
            owner = receiver
        if owner is not None and owner.sort in (Sort.OBJECT, Sort.CLASS, Sort.SUPER):
            function = self._resolver.attributes.of(owner, name)
            inner_receiver = receiver if owner.sort == Sort.SUPER else owner
        else:
            function = self._resolver.value(rows.origin, module)
            inner_receiver = None
        if function is None or function.sort != Sort.FUNCTION:
            return None, None
        return function, inner_receiver

    def _bound(
        self,
        rows: Rows,
        flow: Flow,
        module: Linked,
        symbol: str,
        bound: Mapping[str, tuple[Loaded, ...]],
        receiver: Value | None,
        depth: int,
    ) -> dict[str, tuple[Loaded, ...]]:
        """The rows that a call gives to the parameters of its function."""
        passed: dict[str, tuple[Loaded, ...]] = {}
        for key, given in rows.arguments:
            parameter = key
            if key.isdigit():
                if int(key) >= len(flow.parameters):
                    continue
                parameter = flow.parameters[int(key)]
            values: list[Loaded] = []
            for each in given:
                values.extend(self._resolved(each, module, symbol, bound, receiver, depth + 1))
            passed[parameter] = tuple(values)
        return passed

    def _made(self, rows: Rows, module: Linked, symbol: str, receiver: Value | None) -> Loaded | None:
        is_class = receiver is not None and rows.origin == _class_of(module, symbol)
        table = (
            self._models.table(receiver) if is_class else self._entity(rows.origin, module, symbol, receiver)
        )
        if table is None:
            return None
        is_async = self._is_async(rows, module)
        added = self._loaders(rows.loaders, module, symbol, receiver, 0)
        if added is None:
            return None
        if rows.session and is_async is None and not rows.executed and rows.stage == STATEMENT:
            return None  # `.query(…)` of what is no session
        return Loaded(
            table,
            module.path,
            rows.line,
            rows.column,
            symbol,
            rows.stage,
            rows.flags,
            (*rows.options, *added.certain),
            is_async,
            rows.path,
            rows.filters,
            maybe=(*rows.maybe, *added.maybe),
            wished=rows.wished,
        )

    def _loaders(
        self, refs: Iterable[str], module: Linked, symbol: str, receiver: Value | None, depth: int
    ) -> Options | None:
        """What the options that functions return load; None when one of them cannot be read."""
        found = Options()
        for ref in refs:
            function, owner = self._function(Rows(ref), module, symbol, receiver)
            flow = self._flow(function) if function is not None else None
            if function is None or flow is None or flow.options is None or depth > 8:
                return None
            inner = self._loaders(flow.options.loaders, function.home, function.symbol, owner, depth + 1)
            if inner is None:
                return None
            found |= flow.options | inner
        return found

    def _entity(self, ref: str, module: Linked, symbol: str, receiver: Value | None) -> Table | None:
        base, _, name = ref.rpartition(".")
        if receiver is not None and base and base == _class_of(module, symbol):
            return self._of_receiver(receiver, name)  # `select(cls.model)`
        if base.startswith("@") and base.endswith(":"):
            receiver = receiver or self._resolver.value(base, module)
            if receiver is not None:
                return self._of_receiver(receiver, name)
        value = self._resolver.value(ref, module)
        if value is not None and value.sort == Sort.INSTANCE:
            return self._models.plain_table(value)
        return self._models.table(value) if value is not None and value.sort == Sort.CLASS else None

    def _of_receiver(self, receiver: Value, name: str) -> Table | None:
        """`self.model` of a repository: what its class sets, or what its base is generic over."""
        own = self._resolver.attributes.of(receiver, name)
        table = self._models.table(own)
        if table is not None:
            return table
        for ancestor, body in self._models.bodies(receiver):
            for parameter in body.parameters:
                table = self._models.table(self._resolver.value(parameter, ancestor.home))
                if table is not None:
                    return table
        tables = [table for each in receiver.given if (table := self._models.table(each)) is not None]
        return (
            tables[0] if own is None and len(tables) == 1 else None
        )  # `Repository(Order)`, which keeps what it is given

    def _is_async(self, rows: Rows, module: Linked) -> bool | None:
        if not rows.session:
            return None
        value = self._resolver.value(rows.session, module)
        if value is not None:
            names: Iterable[str] = (value.name,)
            if value.module is not None and value.sort in (Sort.CLASS, Sort.OBJECT):
                names = (ancestor.name for ancestor in self._resolver.ancestry(value))
            for name in names:
                known = (name, *libraries.bases(name))
                if "sqlalchemy.ext.asyncio.AsyncSession" in known:
                    return True
                if "sqlalchemy.orm.Session" in known:
                    return False
        return True if rows.flags & AWAITED and rows.executed else None


def _class_of(module: Linked, symbol: str) -> str | None:
    """The reference to `cls` in a class method: whoever it is called on stands for it."""
    function = module.functions.get(symbol)
    if function is None or not function.owner or not function.flags & facts.CLASSMETHOD:
        return None
    return f"@{function.owner}"


def _as_called(loaded: Loaded, function: Value, module: Linked, symbol: str, rows: Rows) -> Loaded:
    """A query of a called function, with what the call names for it, and without a limit that it does not ask for."""
    is_wished = bool(loaded.flags & WISHED) and not loaded.flags & LIMITED
    if not is_wished and OF_KEYWORDS not in loaded.filters:
        return loaded
    caller, called = module.functions.get(symbol), function.function
    place = (rows.line, rows.column)
    calls = caller.calls if caller is not None else ()
    call = next((each for each in calls if (each.line, each.column) == place), None)
    if call is None or call.passed == "*":
        return loaded
    if OF_KEYWORDS in loaded.filters:
        loaded = _with_keywords(loaded, called, switches.named(call))
    wished = next((each for each in called.parameters if each.name == loaded.wished), None)
    if not is_wished or wished is None:
        return loaded
    bound = bool(called.owner) and not called.flags & facts.STATIC
    if switches.passes(call, wished.name, wished.position - bound):
        return loaded
    return replace(loaded, flags=loaded.flags & ~(WISHED | TOUCHED), wished="")


def _with_keywords(loaded: Loaded, called: facts.Function, named: Collection[str]) -> Loaded:
    """A query whose function hands the other keywords of its call to `filter_by`."""
    taken = {each.name for each in called.parameters}
    others = [name for name in named if name not in taken]
    if not all(name in loaded.table.columns for name in others):
        return loaded
    kept = [*loaded.filters]
    kept.remove("?")
    kept.remove(OF_KEYWORDS)
    filters = (*kept, *(f".{name}" for name in others))
    return replace(loaded, filters=filters, flags=loaded.flags if filters else loaded.flags & ~NARROWED)


def _joined(alternatives: Iterable[Loaded]) -> list[Loaded]:
    """Alternatives of one value: of the same query only the options that all of them add are certain."""
    found: dict[tuple[object, ...], Loaded] = {}
    for loaded in alternatives:
        key = (loaded.path, loaded.line, loaded.column, loaded.stage, loaded.reads)
        other = found.get(key)
        if other is not None:
            both = Options(other.options, other.maybe) & Options(loaded.options, loaded.maybe)
            filters = tuple(word for word in loaded.filters if word in other.filters)
            loaded = replace(
                other,
                options=both.certain,
                maybe=both.maybe,
                filters=filters,
                flags=loaded.flags | other.flags,
            )
        found[key] = loaded
    return list(found.values())


def _combined(stage: int, rows: Rows) -> int | None:
    """The stage after the caller went on with what it got; None when that makes no sense."""
    if rows.stage == UNKNOWN:
        return stage
    if rows.stage == ITEM and stage == ONE and rows.path and rows.flags & SINGLE:
        return ITEM  # of a collection of that row
    if rows.stage == ITEM and stage in (ONE, RESULT):
        return None
    if rows.stage == ONE and rows.path and stage not in (ONE, ITEM):
        return None
    if rows.stage == RESULT and stage in (MANY, ONE):
        return stage
    return rows.stage
