"""Relationships that are loaded row by row while a response is built.

No loop is visible: the response model reads `order.items` of each order, and each reading is a query unless the query
of the orders loaded the items too. Problems are gathered by query, because that is where they are mended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from rules.engine.data import eager
from rules.engine.data.growing_tables import grows
from rules.engine.data.models import Models
from rules.engine.data.schemas import Field, Schemas
from rules.engine.data.statements import Loaded, Statements
from rules.engine.data.tables import Relationship, Table
from rules.engine.finding import Hop
from rules.engine.linking.graph import LeafCall
from rules.engine.linking.resolver import Resolver
from rules.engine.linking.routing import Routing
from rules.engine.linking.values import KEPT, Linked, Value, note
from rules.engine.reading.declarations import Shape
from rules.engine.reading.facts import Call
from rules.engine.reading.rows import EVERY, HANDED, ITEM, ONE, Flow, Rows, Shown
from rules.libraries import Query

_DEPTH = 5
_CALLS = 3
_FAR = 2
"""Relationships so far from the query count though what leads to them is not loaded either."""


class Read(Struct, frozen=True):
    """A relationship that filling a schema reads and that nothing loaded."""

    chain: tuple[str, ...]
    """Attributes from the query's entity to the relationship."""
    relationship: Relationship
    owner: Table
    field: Field
    schema: str
    through: str = ""
    """The property of the model that reads it."""
    repeated: bool = False
    """It hangs on a collection, so it is read once per element even when there is one row."""
    behind: bool = False
    """A relationship on the way to it is not loaded either: it comes to light when that one is."""


class Asked(Struct, frozen=True):
    """A property of the model that filling a schema reads of each row."""

    path: str
    symbol: str
    owner: Table
    field: Field
    schema: str
    repeated: bool


class Place(Struct):
    """Where rows become a response."""

    path: str
    line: int
    symbol: str
    is_endpoint: bool
    hops: tuple[tuple[str, int, str], ...] = ()
    many: bool = False
    """Several rows, not one."""
    turns: str = ""
    """The loops and alternatives around it in its function."""


class Unloaded(Struct):
    """A query with what the responses built of its rows read one by one."""

    loaded: Loaded
    reads: dict[tuple[str, ...], Read] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)


class Filled(Struct, frozen=True):
    """A schema that is filled from rows at `place`."""

    schema: Value
    loaded: Loaded
    place: Place


class Handed(Struct, frozen=True):
    """A relationship that a function reads of a row it is given, with the way to where it does."""

    read: eager.LazyRead
    way: tuple[Hop, ...]


class _Way(Struct, frozen=True):
    """How a schema came from the rows of a query to what it reads next."""

    chain: tuple[str, ...]
    before: Relationship | None
    above: tuple[Table, ...] = ()
    behind: bool = False

    def is_held(self, relationship: Relationship, owner: Table, loaded: Loaded) -> bool:
        """Whether a to-one relationship gives a row that the session holds already, for every row of the query."""
        if relationship.many:
            return False
        if relationship.leads_back(self.before):
            return True
        if relationship.target is not owner and any(table is relationship.target for table in self.above):
            return True  # back to where the way came from, most likely to the same row
        return not self.chain and eager.is_the_same_for_all(relationship, owner, loaded)


Record = tuple[Any, ...]
"""What one place adds: `fills`, `asks`, `reads`, `hands` or `counts`, the key, and the rest as `_enter` takes it."""

LAZY = "lazy"
"""With the path and symbol of a function, who asks the resolver."""
_READS = "?"
"""After the name of a schema, what is kept of what filling it reads."""
_KnownReads = tuple[Models, dict[tuple[object, ...], tuple[Read | Asked, ...]]]
"""By the rows that a schema is filled from; of these tables only."""
_NONE_KNOWN: Mapping[str, list[Record]] = {}


class LazyLoading:
    """All such queries of a project, by the place of the query."""

    def __init__(
        self,
        models: Models,
        statements: Statements,
        routing: Routing,
        known: Mapping[str, Mapping[str, list[Record]]],
    ) -> None:
        """`known` are the records of functions for which nothing changed since another version had them."""
        self._models = models
        self._statements = statements
        self._schemas = Schemas(routing.resolver, models)
        self._resolver = routing.resolver
        self._endpoints = {(route.handler.path, route.handler.symbol) for route in routing.routes}
        self.records: dict[str, Mapping[str, list[Record]]] = {}
        """By file and function, what it adds to the tables below."""
        self._new: list[Record] = []
        self.queries: dict[tuple[str, int, int], dict[str, Unloaded]] = {}
        """By place, then by table: many repositories may share the query of their base class."""
        self.properties: dict[tuple[str, str], list[tuple[Asked, Place]]] = {}
        """By path and symbol, the properties of models that responses read once per row."""
        self.calls: dict[tuple[str, str], list[LeafCall]] = {}
        """The queries that functions run once per row, by path and symbol, as if they stood in the code."""
        self.filled: dict[tuple[str, int, int], list[Filled]] = {}
        """By the place of the query, everything that is filled from its entities themselves."""
        self.handed: dict[tuple[str, int, int], dict[tuple[str, ...], Handed]] = {}
        """By the place of a call in a loop, what the function it enters reads of each row."""
        self._counted: set[tuple[object, ...]] = set()
        self._pairs: dict[tuple[int, int], tuple[tuple[Field, ...], list[tuple[Field, str]]]] = {}
        """By schema fields and table, those of the fields that a relationship or property may fill, with its name."""
        for path, module in self._resolver.modules.items():
            if not module.facts.flows:
                continue
            here = self.records[path] = self._recorded(path, module, known.get(path, _NONE_KNOWN))
            for records in here.values():
                if records:
                    self._enter(records)

    def _recorded(
        self, path: str, module: Linked, known: Mapping[str, list[Record]]
    ) -> Mapping[str, list[Record]]:
        flows = module.facts.flows
        if [*known] == [*flows]:
            return known
        found: dict[str, list[Record]] = {}
        for symbol, flow in flows.items():
            records = known.get(symbol)
            if records is None:
                records = self._new = []
                with self._resolver.reading((LAZY, (path, symbol))):
                    self._read_flow(path, module, symbol, flow)
            found[symbol] = records
        self._new = []
        return found

    def _read_flow(self, path: str, module: Linked, symbol: str, flow: Flow) -> None:
        if (path, symbol) in self._endpoints and flow.response is not None:
            self._endpoint(module, symbol, flow.response)
        for shown in flow.shown:
            if shown.schema:
                self._filled(module, symbol, shown)
        for reading in flow.readings:
            for loaded in self._statements.of(reading.rows, module, symbol):
                read = eager.read_of(loaded)
                if read is not None and read.repeated:
                    place = Place(path, reading.line, symbol, is_endpoint=False)
                    self._count(place, loaded, read.chain, read.owner, reading.turns)
        for passed in flow.passed:
            if "*" in passed.turns:
                call = (path, passed.rows.line, passed.rows.column)
                place = Place(path, passed.rows.line, symbol, is_endpoint=False, turns=passed.turns)
                self._handed_on(call, place, passed.rows, module, symbol, {}, ())

    def at(self, path: str, line: int, column: int) -> Unloaded | None:
        """What is read row by row of the query at a place, for the table with the most responses."""
        found = self.queries.get((path, line, column))
        return max(found.values(), key=lambda each: len(each.places)) if found else None

    def tables_at(self, path: str, line: int, column: int) -> int:
        return len(self.queries.get((path, line, column), ()))

    def _handed_on(
        self,
        call: tuple[str, int, int],
        place: Place,
        rows: Rows,
        module: Linked,
        symbol: str,
        bound: Mapping[str, tuple[Loaded, ...]],
        hops: tuple[Hop, ...],
    ) -> None:
        """What the function that `rows` calls reads of the rows it is given one by one."""
        entered = self._statements.entered(rows, module, symbol, bound)
        if entered is None or len(hops) > _CALLS:
            return
        home, inner, given = entered
        given = {
            name: tuple(replace(each, stage=ITEM) for each in values)
            for name, values in given.items()
            if values and all(each.stage in (ITEM, ONE) and each.many for each in values)
        }
        if not given:
            return
        hops = (*hops, Hop(module.path, rows.line, inner))
        flow = home.facts.flows[inner]
        for reading in flow.readings:
            if all(each.origin[:1] == "#" for each in reading.rows):
                alternatives = self._statements.given(reading.rows, home, inner, given)
                reads = [eager.read_of(replace(loaded, stage=ITEM)) for loaded in alternatives]
                if any(read is None for read in reads):
                    continue  # one of the ways to the rows loads it
                for loaded, read in zip(alternatives, reads, strict=True):
                    if read is not None and read.repeated and loaded.is_async is False:
                        self._count(place, loaded, read.chain, read.owner, place.turns + reading.turns)
                        way = (*hops, Hop(home.path, reading.line, f"{_short(read.owner)}.{read.chain[-1]}"))
                        self._new.append(("hands", call, read.chain, Handed(read, way)))
        for passed in flow.passed:
            self._handed_on(call, place, passed.rows, home, inner, given, hops)

    def columns_read(self, schema: Value, table: Table) -> frozenset[str] | None:
        """The attributes of a row that filling a schema reads; None when a validator decides."""
        if self._schemas.rewrites(schema):
            return None
        names = {name for each in self._schemas.fields(schema) for name in each.names}
        for name in tuple(names):
            names.update(read.partition(".")[0] for read in table.properties.get(name, ()))
        return frozenset(names)

    # Where rows become responses

    def _endpoint(self, module: Linked, symbol: str, response: Shape) -> None:
        flow = module.facts.flows[symbol]
        schema, _ = self._schemas.schema(response.ref, module)
        loaded = self._statements.returned(module, symbol)
        function = module.functions.get(symbol)
        place = Place(module.path, function.line if function else 1, symbol, True)
        if loaded:
            items = self._schemas.items(response.parameters, module)
            target = items or schema if loaded[0].many else schema or items
            if target is not None:
                self._add(target, loaded, place)
        if schema is None:
            return
        for at, rows in flow.returns:
            if at == -1 and not loaded and all(each.called and each.position < 0 for each in rows):
                whole = Shown(rows, place.line, name=EVERY)
                self._field(schema, whole, module, symbol, place, response.parameters)
        for shown in flow.shown:
            if not shown.schema:
                self._field(schema, shown, module, symbol, place, response.parameters)

    def _filled(self, module: Linked, symbol: str, shown: Shown) -> None:
        ref = shown.schema
        value = self._resolver.value(ref, module)
        if not self._schemas.is_schema(value) or value is None:
            return
        is_endpoint = (module.path, symbol) in self._endpoints
        place = Place(module.path, shown.line, symbol, is_endpoint, turns=shown.turns)
        if shown.name:
            flow = module.facts.flows[symbol]
            parameters = shown.parameters or (flow.response.parameters if flow.response is not None else ())
            self._field(value, shown, module, symbol, place, parameters)
        else:
            self._add(value, self._statements.of(shown.rows, module, symbol), place)

    def _field(
        self,
        schema: Value,
        shown: Shown,
        module: Linked,
        symbol: str,
        place: Place,
        parameters: tuple[str, ...],
    ) -> None:
        """Rows given to one field of a schema; `parameters` is what the schema is generic over there."""
        for each in self._schemas.fields(schema):
            if shown.name not in (each.name, EVERY):
                continue
            inner = self._schemas.items(parameters, module) if each.generic else each.schema
            if inner is not None:
                rows = shown.rows
                if shown.name == EVERY:
                    rows = tuple(msgspec.structs.replace(given, key=each.name) for given in rows)
                self._add(inner, self._statements.of(rows, module, symbol), place)

    # What they read

    def _add(self, schema: Value, loaded: Iterable[Loaded], place: Place) -> None:
        for each in loaded:
            if each.is_async and each.flags & HANDED:
                continue
            key = (each.path, each.line, each.column)
            if not each.reads:
                self._new.append(("fills", key, Filled(schema, each, place)))
            reads: list[Read] = []
            for read in self._reads_of(schema, each):
                if isinstance(read, Read):
                    reads.append(read)
                elif read.repeated:
                    shown = replace(place, many=each.many)
                    self._new.append(("asks", (read.path, read.symbol), (read, shown)))
            if not reads:
                continue
            at = Place(place.path, place.line, place.symbol, place.is_endpoint, each.hops, each.many)
            self._new.append(("reads", key, each, reads, at))
            for read in reads:
                if read.repeated and (not read.behind or len(read.chain) <= _FAR):
                    self._count(place, each, read.chain, read.owner, _turns(place.turns, each, read.chain))

    def _count(self, place: Place, loaded: Loaded, chain: tuple[str, ...], owner: Table, turns: str) -> None:
        """Remember a query per row for the costs. Under an asynchronous session it is an error, not a query."""
        if loaded.is_async is not False:
            return
        key = (place.path, place.symbol, loaded.path, loaded.line, loaded.column, chain)
        name = f"{_short(owner)}.{chain[-1]}"
        call = Call(name, place.line, 0, 0, turns.count("*"), turns)
        query = Query(name, "select", is_async=False, driver="sqlalchemy")
        leaf = LeafCall(name, call, None, query, None)
        self._new.append(("counts", key, (place.path, place.symbol), leaf))

    def _enter(self, records: Iterable[Record]) -> None:
        for record in records:  # of all functions, also for a version in which few of them are others
            kind, key = record[0], record[1]
            if kind == "fills":
                filled = self.filled.get(key)
                if filled is None:
                    filled = self.filled[key] = []
                filled.append(record[2])
            elif kind == "reads":
                loaded, reads, place = record[2:]
                queries = self.queries.setdefault(key, {})
                found = queries.get(loaded.table.symbol)
                if found is None:
                    found = queries[loaded.table.symbol] = Unloaded(loaded)
                for read in reads:
                    if read.repeated or read.chain not in found.reads:
                        found.reads[read.chain] = read
                found.places.append(place)
            elif kind == "counts":
                if key not in self._counted:
                    self._counted.add(key)
                    self.calls.setdefault(record[2], []).append(record[3])
            elif kind == "asks":
                self.properties.setdefault(key, []).append(record[2])
            elif kind == "hands":
                self.handed.setdefault(key, {}).setdefault(record[2], record[3])

    def _reads_of(self, schema: Value, loaded: Loaded) -> tuple[Read | Asked, ...]:
        """What filling a schema reads, found once for all functions that do: each of them asks the resolver for it."""
        home, key, reader = schema.home, f"{KEPT}{schema.symbol}{_READS}", self._resolver.reader
        if reader is not None:
            note(home.readers, key, reader)
        kept = cast("_KnownReads | None", home.kept.get(key))
        if kept is None or kept[0] is not self._models:
            home.kept[key] = kept = self._models, {}
        rows = (
            id(loaded.table),
            loaded.reads,
            loaded.many,
            loaded.is_async,
            loaded.options,
            loaded.maybe if loaded.hops else (),
            loaded.filters,
        )
        known = kept[1].get(rows)
        if known is None:
            with self._resolver.reading((home, key)):
                known = kept[1][rows] = tuple(self._reads(schema, loaded))
        return known

    def _reads(self, schema: Value, loaded: Loaded) -> Iterator[Read | Asked]:
        table: Table | None = loaded.table
        chain: tuple[str, ...] = ()
        before: Relationship | None = None
        for name in loaded.reads:
            if name == "[]":
                continue
            before = table.relationships.get(name) if table is not None else None
            if before is None:
                return
            table, chain = before.target, (*chain, name)
        if table is not None:
            repeated = loaded.many or "[]" in loaded.reads
            yield from self._walk(schema, table, _Way(chain, before), loaded, repeated, frozenset())

    def _walk(
        self,
        schema: Value,
        table: Table,
        way: _Way,
        loaded: Loaded,
        repeated: bool,
        seen: frozenset[str],
    ) -> Iterator[Read | Asked]:
        if schema.name in seen or len(way.chain) > _DEPTH or self._schemas.rewrites(schema):
            return
        for each, name in self._filled_by(self._schemas.fields(schema), table):
            relationship = table.relationships.get(name)
            if relationship is None:
                at = self._models.property_at(table, name)
                if at is not None:
                    yield Asked(*at, table, each, schema.symbol, repeated)
                yield from self._through(name, each, schema, table, way, loaded, repeated)
                continue
            if way.is_held(relationship, table, loaded):
                continue
            inner = (*way.chain, name)
            lazily = relationship.is_lazy and not loaded.covers(inner)
            if lazily:
                yield Read(
                    inner,
                    relationship,
                    table,
                    each,
                    schema.symbol,
                    repeated=repeated,
                    behind=way.behind,
                )
            # Of one row it is one query, which nobody has to hear of; what follows it costs one per item of what grows.
            costs = lazily and (
                repeated
                or loaded.is_async is not False
                or (relationship.target is not None and relationship.many and not grows(relationship.target))
            )
            if each.schema is not None and relationship.target is not None:
                yield from self._walk(
                    each.schema,
                    relationship.target,
                    _Way(inner, relationship, (*way.above, table), way.behind or costs),
                    loaded,
                    repeated or relationship.many,
                    seen | {schema.name},
                )

    def _filled_by(self, fields: tuple[Field, ...], table: Table) -> list[tuple[Field, str]]:
        """The fields that a relationship of the table fills, or a property, with its name: the first that there is."""
        key = (id(fields), id(table))
        known = self._pairs.get(key)
        if known is None:
            found: list[tuple[Field, str]] = []
            for each in fields:
                for name in each.names:
                    if name in table.relationships or (
                        name in table.properties and name not in table.columns
                    ):
                        found.append((each, name))
                        break
            known = self._pairs[key] = fields, found
        return known[1]

    def _through(
        self,
        name: str,
        each: Field,
        schema: Value,
        table: Table,
        way: _Way,
        loaded: Loaded,
        repeated: bool,
    ) -> Iterator[Read]:
        """What a property of the model reads."""
        for reading in table.properties[name]:
            first = reading.partition(".")[0]
            relationship = table.relationships.get(first)
            if relationship is None or not relationship.is_lazy:
                continue
            inner = (*way.chain, first)
            if not loaded.covers(inner) and not way.is_held(relationship, table, loaded):
                yield Read(inner, relationship, table, each, schema.symbol, name, repeated, way.behind)


def forget_reads(resolver: Resolver) -> None:
    """Let go of what filling schemas reads of tables that are no more."""
    for module in resolver.modules.values():
        for key in [key for key in module.kept if key.endswith(_READS)]:
            del module.kept[key]


def _short(table: Table) -> str:
    return table.symbol.rpartition(".")[2]


def _turns(around: str, loaded: Loaded, chain: Sequence[str]) -> str:
    """The loops in which the relationship at the end of `chain` is read: those of the code, then those of the schema."""
    written = sum(name != "[]" for name in loaded.reads)
    if loaded.stage != ITEM or "*" not in around:
        around += f"*{loaded.table.name.replace('/', '')}/" if loaded.many else ""
        written = 0
    table: Table | None = loaded.table
    for position, name in enumerate(chain[:-1]):
        relationship = table.relationships.get(name) if table is not None else None
        if relationship is None:
            break
        if relationship.many and position >= written:
            around += f"*{name}/"
        table = relationship.target
    return around
