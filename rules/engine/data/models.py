"""The tables of a project: columns, indexes, relationships, read from what class bodies declare.

SQLAlchemy (declarative, imperative `Table`, mixins, abstract bases), SQLModel and Tortoise. What cannot be understood is
absent, so a rule that asks stays silent.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec.structs import replace

from rules.engine.data import columns
from rules.engine.data.table_changes import OTHER_COLUMNS, SAME, differs
from rules.engine.data.tables import Column, ForeignKey, Relationship, Table
from rules.engine.linking.graph import place_of
from rules.engine.linking.resolver import Resolver
from rules.engine.linking.values import BODY, Linked, Sort, Value
from rules.engine.reading import migrations
from rules.engine.reading.declarations import Body, Declared, Given
from rules.engine.reading.facts import ModuleFacts
from rules.engine.reading.migrations import Schema, text
from rules.engine.reading.sql_files import Indexes

_COLUMNS = frozenset({"mapped_column", "Column"})
_RELATIONSHIPS = frozenset({"relationship", "Relationship"})
_TORTOISE = "tortoise."
_SQLMODEL = frozenset({"sqlmodel.SQLModel", "sqlmodel.main.SQLModel"})
_ROOTS = frozenset({"DeclarativeBase", "DeclarativeBaseNoMeta", "MappedAsDataclass"})
"""Bases whose direct children are bases of models, not models."""


MODELS = "models"
"""With a path, who asks the resolver."""


class Models:
    """All tables of a project, linked: foreign keys and relationships know their targets."""

    def __init__(self, resolver: Resolver, in_sql: Indexes | None = None) -> None:
        """With the indexes that SQL files of the project give its tables."""
        self._resolver = resolver
        self.in_sql = in_sql or {}
        """The indexes that SQL files give tables, those without a class too."""
        self._bodies: dict[tuple[str, str], Body] = {}
        self.tables: dict[tuple[str, str], Table] = {}
        """By (path, symbol of the class or name of the `Table`)."""
        self.by_name: dict[str, list[Table]] = {}
        """By table name, guesses included."""
        self._classes: dict[str, list[Table]] = {}
        self._called: dict[str, list[tuple[str, str]]] = {}
        """The classes by their last names, once somebody asks."""
        self._declared_at: dict[tuple[str, str], list[tuple[Table, Column]]] | None = None
        self._backrefs: list[tuple[Table, Relationship, Given]] = []
        self._mirrored: list[tuple[Relationship, Relationship]] = []
        """What a `backref` made, and the relationship that has it."""
        self._pending: dict[Relationship, tuple[Linked, Declared, Given, bool]] = {}
        self._loose: dict[str, list[tuple[Table, tuple[str, ...]]]] = {}
        """By file, the indexes that stand below the classes."""
        self._written: dict[tuple[str, str], tuple[tuple[tuple[str, ...], ...], bool]] = {}
        """The indexes that tables declare themselves, and whether these can be read."""
        self._migrations: tuple[int, Mapping[str, migrations.Migration]] = -1, {}
        """The revisions, as of an edition of the resolver."""
        self._newest: tuple[Mapping[str, migrations.Migration], Collection[str]] = {}, ()
        for path, module in resolver.modules.items():
            for body in module.facts.declarations.bodies:
                self._bodies[path, body.symbol] = body
        own = {
            path: module
            for path, module in resolver.modules.items()
            if place_of(path) == "app"
            and (module.facts.declarations.bodies or module.facts.declarations.tables)
        }
        for path, module in own.items():
            self._declare(path, module)
        for table in self.tables.values():
            self.by_name.setdefault(table.name, []).append(table)
            if table.value is not None:
                self._classes.setdefault(table.symbol.rpartition(".")[2], []).append(table)
        for path, module in own.items():
            if module.facts.declarations.tables:
                self._loose[path] = self._loose_indexes(path, module)
        for table in self.tables.values():
            self._relate(table)
        for owner, relationship, backref in self._backrefs:
            self._backref(owner, relationship, backref)
        self.schema: Schema = self._replayed()
        self._index()
        self.relationship_names = frozenset(
            name for table in self.tables.values() for name in table.relationships
        )
        self.property_names = frozenset(name for table in self.tables.values() for name in table.properties)
        self.member_names = self.relationship_names | self.property_names

    def migrations(self) -> Mapping[str, migrations.Migration]:
        """The alembic revisions of the project, by path."""
        edition, known = self._migrations
        if edition != self._resolver.edition:
            found = {
                path: module.facts.migration
                for path, module in self._resolver.modules.items()
                if module.facts.migration is not None
            }
            known = known if known == found else found
            self._migrations = self._resolver.edition, known
        return known

    def newest_migrations(self) -> Collection[str]:
        """The paths of those that may not have run yet, as `migrations.newest` has them."""
        known = self.migrations()
        if self._newest[0] is not known:
            self._newest = known, migrations.newest(known)
        return self._newest[1]

    def _replayed(self) -> Schema:
        """What the migrations leave behind, with the names of tables that they take from other files."""
        found = {}
        for path, migration in self.migrations().items():
            module = self._resolver.modules[path]
            with self._resolver.reading((MODELS, path)):
                operations = tuple(
                    replace(operation, given=self._named(operation.given, module))
                    for operation in migration.operations
                )
            found[path] = replace(migration, operations=operations)
        schema = migrations.replay(found)
        for table, indexes in self.in_sql.items():
            schema.indexes.setdefault(table, []).extend(indexes)
        return schema

    def _named(self, given: Given, module: Linked) -> Given:
        """A call with those of its arguments written out that are constants elsewhere."""
        if not any(map(_is_reference, given.items)):
            return given
        items = []
        for item in given.items:
            value = self._resolver.value(item.ref, module) if _is_reference(item) else None
            is_text = value is not None and value.sort == Sort.TEXT
            items.append(Given(item.name, literal=value.name) if value is not None and is_text else item)
        return replace(given, items=tuple(items))

    def _index(self) -> None:
        """Give the tables their indexes: their own, those below the classes, those of migrations."""
        for key, table in self.tables.items():
            written, table.opaque = self._written[key]
            table.indexes = [*written]
        for loose in self._loose.values():
            for table, names in loose:
                table.indexes.append(names)
        for name, indexes in self.schema.indexes.items():
            for table in self.by_name.get(name, ()):
                table.indexes.extend(columns for _, columns in indexes if columns)
        for name in self.schema.views:
            for table in self.by_name.get(name, ()):
                table.opaque = True

    # Other versions

    def follow(self, changed: Mapping[str, tuple[ModuleFacts, ModuleFacts]], asked: Iterable[str]) -> str:
        """Bring the tables up to date in place when files have other facts: before, after.

        `asked` are the files for whose sake the resolver was asked what is otherwise now. `SAME` or `OTHER_COLUMNS`
        when that did; empty when it takes new tables, and these are of no use any more.
        """
        todo = {*asked}
        for path, (before, after) in changed.items():
            old, new = before.declarations, after.declarations
            if old.makers != new.makers:
                return ""
            for body in old.bodies:
                self._bodies.pop((path, body.symbol), None)
            self._bodies.update(((path, body.symbol), body) for body in new.bodies)
            self._called = {}
            if old != new or [(cls.symbol, cls.line) for cls in before.classes] != [
                (cls.symbol, cls.line) for cls in after.classes
            ]:
                todo.add(path)
        migrated = any(
            before.migration != after.migration for before, after in changed.values()
        ) or not todo.isdisjoint(self.migrations())
        again = {path: self._again(path) for path in sorted(todo) if place_of(path) == "app"}
        if not again and not migrated:
            return SAME
        kinds = {self._difference(path, found) for path, (found, _) in again.items()}
        if "" in kinds:
            return ""
        for path, (found, loose) in again.items():
            self._take(found)
            if loose or path in self._loose:
                self._loose[path] = loose
        for made, relationship in self._mirrored:
            made.line = relationship.line
        if migrated:
            self.schema = self._replayed()
        self._index()
        self._declared_at = None
        return OTHER_COLUMNS if OTHER_COLUMNS in kinds else SAME

    def _again(self, path: str) -> tuple[Models, list[tuple[Table, tuple[str, ...]]]]:
        """The tables of a file as it is now, beside all others as they are, and the indexes below its classes."""
        module = self._resolver.modules.get(path)
        found = copy.copy(self)
        found.tables = {key: table for key, table in self.tables.items() if key[0] < path}
        found._pending, found._written, found._backrefs = {}, {}, []
        if module is None:
            found.tables = {}
            return found, []
        found._declare(path, module)
        own = {key: table for key, table in found.tables.items() if key[0] == path}
        found.tables = self.tables
        for table in own.values():
            found._relate(table)
        loose = found._loose_indexes(path, module)
        found.tables = own
        return found, loose

    def _difference(self, path: str, found: Models) -> str:
        """How the tables of a file differ from `found`, its tables as they are now, but for lines and indexes."""
        old = {key: table for key, table in self.tables.items() if key[0] == path}
        if [*old] != [*found.tables]:
            return ""
        kinds = {
            differs(table, found.tables[key], self._pending, found._pending) for key, table in old.items()
        }
        return "" if "" in kinds else OTHER_COLUMNS if OTHER_COLUMNS in kinds else SAME

    def _take(self, found: Models) -> None:
        """Have lines, columns and indexes of these tables, which differ in nothing else."""
        for key, new in found.tables.items():
            table = self.tables[key]
            table.line, table.columns = new.line, new.columns
            self._written[key] = found._written[key]
            for name, relationship in new.relationships.items():
                table.relationships[name].line = relationship.line
                self._pending[table.relationships[name]] = found._pending[relationship]

    # Questions

    def body(self, value: Value) -> Body | None:
        """What the class (or the class of the instance) `value` declares itself."""
        if value.module is None:
            return None
        self._resolver.looked_up(value.module, f"{BODY}{value.symbol}")
        return self._bodies.get((value.module.path, value.symbol))

    def bodies(self, value: Value) -> Iterator[tuple[Value, Body]]:
        """The class and its bases, nearest first, with what each declares."""
        if value.module is None:
            return
        for ancestor in self._resolver.ancestry(value):
            body = self.body(ancestor)
            if body is not None:
                yield ancestor, body

    def table(self, value: Value | None) -> Table | None:
        """The table that a class, or an instance of it, is mapped to."""
        if value is None or value.module is None or value.sort not in (Sort.CLASS, Sort.OBJECT):
            return None
        for ancestor in self._resolver.ancestry(value):
            if ancestor.module is not None:
                found = self.tables.get((ancestor.module.path, ancestor.symbol))
                if found is not None:
                    return found
        return None

    def plain_table(self, value: Value | None) -> Table | None:
        """The `Table(…)` that a name of the project holds."""
        if value is None or value.sort != Sort.INSTANCE or value.origin is None:
            return None
        return self.tables.get(value.origin) if value.name.endswith(".Table") else None

    def property_at(self, table: Table, name: str) -> tuple[str, str] | None:
        """Path and symbol of a property of a mapped class, which a base may define."""
        for ancestor, body in self.bodies(table.value) if table.value is not None else ():
            if name in body.properties:
                return ancestor.home.path, f"{body.symbol}.{name}"
        return None

    def collection(self, table: Table, column: Column) -> tuple[Table, Relationship] | None:
        """The relationship that loads rows of `table` by its foreign key `column` (`Customer.orders`), with its owner."""
        target = self.target(column.foreign) if column.foreign is not None else None
        if target is None:
            return None
        rivals = [
            each
            for each in table.columns.values()
            if each.foreign is not None and self.target(each.foreign) is target
        ]
        for relationship in target.relationships.values():
            if relationship.target is not table or not relationship.many or relationship.secondary:
                continue
            other = table.relationships.get(relationship.reverse)
            keys = relationship.keys or (other.keys if other is not None else ())
            if column.attribute in keys or (not keys and len(rivals) == 1):
                return target, relationship
        return None

    def target(self, foreign: ForeignKey) -> Table | None:
        """The table that a foreign key points to; None when it is unknown or its name ambiguous."""
        name = foreign.target.rpartition(".")[0].rpartition(".")[2]
        found = self.by_name.get(name) or self._classes.get(name, [])  # `ForeignKey(Order.id)`
        return found[0] if len(found) == 1 else None

    def columns_at(self, path: str, symbol: str) -> list[tuple[Table, Column]]:
        """The columns that a class body (or a `Table(…)`) declares, with each table that has them."""
        if self._declared_at is None:
            self._declared_at = {}
            for table in self.tables.values():
                for column in table.columns.values():
                    self._declared_at.setdefault((column.path, column.symbol), []).append((table, column))
        return self._declared_at.get((path, symbol), [])

    # Classes

    def _declare(self, path: str, module: Linked) -> None:
        """Add the tables of a file."""
        with self._resolver.reading((MODELS, path)):
            for body in module.facts.declarations.bodies:
                self._class(path, module, body)
            for declared in module.facts.declarations.tables:
                self._imperative(path, module, declared)

    def _class(self, path: str, module: Linked, body: Body) -> None:
        value = self._resolver.value(f"@{body.symbol}", module)
        if value is None or value.sort != Sort.CLASS:
            return
        own = {declared.name: declared for declared in body.fields}
        if _is_true(own.get("__abstract__")):
            return
        if not self._is_mapped(value, body, own):
            return
        written = own.get("__tablename__")
        name = text(written.value) if written is not None else ""
        if not name:
            name = self._guess(value, body.symbol.rpartition(".")[2])
        table = Table(
            name,
            path,
            next((cls.line for cls in module.facts.classes if cls.symbol == body.symbol), 1),
            body.symbol,
            value,
        )
        distances: dict[tuple[str, str], int] = {}
        for ancestor, each in self.bodies(value):
            distances[ancestor.home.path, each.symbol] = len(distances)
            table.properties = {**each.properties, **table.properties}
            for declared in each.fields:
                self._declared(table, ancestor.home, each, declared)
        if not _SQLMODEL.isdisjoint(ancestor.name for ancestor in self._resolver.ancestry(value)):
            # The fields of a base come before its heir's, in the key of several columns too.
            table.columns = dict(
                sorted(
                    table.columns.items(), key=lambda item: -distances.get((item[1].path, item[1].symbol), 0)
                )
            )
        self._add(table)

    def _add(self, table: Table) -> None:
        key = table.path, table.symbol
        self.tables[key] = table
        self._written[key] = tuple(table.indexes), table.opaque

    def _guess(self, value: Value, name: str) -> str:
        """The name of a table that its class does not give."""
        names = {ancestor.name for ancestor in self._resolver.ancestry(value)}
        if names & _SQLMODEL:
            return name.lower()
        if any(each.startswith("fastapi_users_db_sqlalchemy.SQLAlchemyBaseUser") for each in names):
            return "user"
        return _guessed(name)

    def _is_mapped(self, value: Value, body: Body, own: Mapping[str, Declared]) -> bool:
        written = own.get("__tablename__")
        if (written is not None and text(written.value)) or "__table__" in own:
            return True
        cls = value.home.classes[value.symbol]
        if any(base.rpartition(".")[2] in _ROOTS for base in cls.bases):
            return False
        names = {ancestor.name for ancestor in self._resolver.ancestry(value)}
        if names & _SQLMODEL:
            return any(option.name == "table" and option.literal is True for option in body.options)
        if any(name.startswith("fastapi_users_db_sqlalchemy.") for name in names):
            return True
        if any(name in names for name in ("tortoise.models.Model", "tortoise.Model")):
            return True
        kinds = [
            (declared, self._kind(declared.value, value.home)) for declared in body.fields if declared.value
        ]
        mapped = [declared for declared, kind in kinds if kind in ("column", "relationship")]
        if not mapped or not body_has_bases(value):
            return False
        bases = [(ancestor, each) for ancestor, each in self.bodies(value) if each is not body]
        if any((ancestor.home.path, each.symbol) in self.tables for ancestor, each in bases) or any(
            body_has_bases(ancestor) and _names_table(each) for ancestor, each in bases
        ):
            return False  # single-table inheritance: its columns are rare and its indexes elsewhere
        return any(
            (flag := declared.value.named("primary_key")) is not None and flag.literal is True
            for declared in mapped
            if declared.value is not None
        ) or any(
            declared.name == "__tablename__" for _, each in self.bodies(value) for declared in each.fields
        )

    def _kind(self, given: Given | None, module: Linked) -> str:
        """`column`, `relationship`, `field` or empty."""
        made = self._made(given, module)
        if made is None:
            return ""
        last = made.ref.rpartition(".")[2]
        if last in _COLUMNS:
            return "column" if self._is_foreign(made.ref, module) else ""
        if last in _RELATIONSHIPS:
            return "relationship" if self._is_foreign(made.ref, module) else ""
        if last == "Field" and self._is_foreign(made.ref, module):
            return "field"
        if _TORTOISE in made.ref and last.endswith("Field"):
            return "tortoise"
        return ""

    def _is_foreign(self, ref: str, module: Linked) -> bool:
        """No function of the project has that name by chance."""
        value = self._resolver.value(ref, module) if ref[:1] != "?" else None
        return value is None or value.module is None

    def _made(self, given: Given | None, module: Linked, depth: int = 0) -> Given | None:
        """The column call that a value stands for, through helpers and annotation aliases."""
        if given is None or not given.ref or given.ref[:1] == "?" or depth > 3:
            return given
        ref = given.ref.removesuffix("~")
        last = ref.rpartition(".")[2]
        if last in _COLUMNS or last in _RELATIONSHIPS or last == "Field":
            return given
        maker = self._maker(ref, module)
        if maker is None:
            return given
        return _filled(maker, given)

    def _maker(self, ref: str, module: Linked) -> Given | None:
        if ref.startswith("@"):
            found = module.facts.declarations.makers.get(ref[1:])
            if found is not None:
                return found
        value = self._resolver.value(ref, module)
        if value is not None and value.sort == Sort.FUNCTION and value.module is not None:
            return value.module.facts.declarations.makers.get(value.symbol)
        base, _, name = ref.rpartition(".")
        if ref[:1] == "<" and not base.endswith(">") and ">" in ref and "." not in ref.partition(">")[2]:
            base, name = ref.partition(">")[0] + ">", ref.partition(">")[2]
        holder = self._resolver.value(base, module) if base else None
        if holder is not None and holder.sort == Sort.MODULE and holder.module is not None:
            return holder.module.facts.declarations.makers.get(name)
        return None

    def _declared(self, table: Table, home: Linked, body: Body, declared: Declared) -> None:
        name = declared.name
        if name == "__table_args__":
            columns.add_arguments(table, declared.value, lambda ref: self._is_of_base(ref, table, home))
            return
        if name == "__table__" and declared.value is not None:
            columns.add_items(table, home, body.symbol, declared.value)
            return
        if name[:2] == "__" or name in table.columns or name in table.relationships:
            return
        kind = self._kind(declared.value, home)
        made = self._made(declared.value, home)
        if kind == "relationship" and made is not None:
            table.relationships[name] = self._relationship(table, home, declared, made)
        elif kind == "tortoise" and made is not None:
            columns.add_of_tortoise(table, home, body, declared, made)
        elif kind in ("column", "field") and made is not None:
            table.columns[name] = columns.column(home, body, declared, made)
        elif declared.shape.ref and name != "model_config":
            table.columns[name] = Column(
                name, name, home.path, declared.line, body.symbol, type=columns.type_name(declared.shape.ref)
            )

    def _is_of_base(self, ref: str, table: Table, home: Linked) -> bool:
        """Whether `Base.__table_args__` names what a base of the table's class declares."""
        base, _, name = ref.rpartition(".")
        value = self._resolver.value(base, home) if base and name == "__table_args__" else None
        if value is None or value.module is None or table.value is None:
            return False
        return any(
            (ancestor.home.path, body.symbol) == (value.module.path, value.symbol)
            for ancestor, body in self.bodies(table.value)
        )

    # Indexes

    def _imperative(self, path: str, module: Linked, declared: Declared) -> None:
        given = declared.value
        if given is None or not given.ref.endswith("Table") or not declared.name:
            return
        positional = given.positional()
        if len(positional) < 3 or not text(positional[0]):
            return
        table = Table(text(positional[0]), path, declared.line, declared.name, None)
        columns.add_items(table, module, declared.name, given)
        if table.name.lower().endswith("view") or table.symbol.lower().endswith("view"):
            table.opaque = True  # a view of the database: its indexes are those of its tables
        self._add(table)

    def _loose_indexes(self, path: str, module: Linked) -> list[tuple[Table, tuple[str, ...]]]:
        with self._resolver.reading((MODELS, path)):
            found = (self._loose_index(path, module, each) for each in module.facts.declarations.tables)
            return [each for each in found if each is not None]

    def _loose_index(
        self, path: str, module: Linked, declared: Declared
    ) -> tuple[Table, tuple[str, ...]] | None:
        """`Index("ix", Order.created_at)` below its class."""
        given = declared.value
        if given is None or given.ref.rpartition(".")[2] != "Index":
            return None
        names: list[str] = []
        owner: Table | None = None
        for item in given.positional()[1:]:
            ref = item.ref.removesuffix(".desc").removesuffix(".asc")
            base, _, name = ref.rpartition(".")
            holder = self.table(self._resolver.value(base.removesuffix(".c"), module)) if base else None
            if holder is None and base.endswith(".c"):
                holder = self.tables.get((path, base.removesuffix(".c").removeprefix("@")))
            if holder is None and item.items:  # an expression: `func.lower(Order.number)`
                inner = item.items[0].ref.rpartition(".")[0]
                owner = owner or (self.table(self._resolver.value(inner, module)) if inner else None)
            owner = owner or holder
            names.append(name if holder is not None else "")
        return (owner, tuple(names)) if owner is not None else None

    # Relationships

    def _relationship(self, table: Table, home: Linked, declared: Declared, made: Given) -> Relationship:
        options = made.named("sa_relationship_kwargs")
        lazy = (
            _literal(made.named("lazy")) or _literal(options.named("lazy") if options else None) or "select"
        )
        uselist = _literal(made.named("uselist")) or _literal(options.named("uselist") if options else None)
        secondary = made.named("secondary") is not None or made.named("link_model") is not None
        many = "{}" in declared.shape.ref
        if uselist:
            many = uselist == "True"
        reverse = text(made.named("back_populates"))
        relationship = Relationship(
            declared.name, home.path, declared.line, None, many, lazy, secondary, reverse, _keys(made)
        )
        if any(item.name == "**" for item in made.items) and made.named("lazy") is None:
            relationship.lazy = "raise"  # nobody knows
        if options is not None and options.ref != "{}":
            relationship.lazy = "raise"
        self._pending[relationship] = (home, declared, made, bool(uselist))
        return relationship

    def _relate(self, table: Table) -> None:
        """Find the targets of a table's relationships, now that all tables are known."""
        for relationship in table.relationships.values():
            if relationship not in self._pending:
                continue
            home, declared, made, decided = self._pending[relationship]
            with self._resolver.reading((MODELS, table.path)):
                relationship.target = self._target(home, declared, made)
            if not decided and "{}" not in declared.shape.ref and not declared.shape.ref:
                relationship.many = relationship.secondary or self._is_many(table, relationship, made)
            backref = made.named("backref")
            if backref is not None and relationship.target is not None:
                self._backrefs.append((table, relationship, backref))

    def _target(self, home: Linked, declared: Declared, made: Given) -> Table | None:
        first = next(iter(made.positional()), None) or made.named("argument")
        if first is not None:
            if isinstance(first.literal, str):
                return self._by_class(first.literal, home)
            if first.ref[:1] not in ("", "?", "["):
                return self.table(self._resolver.value(first.ref, home))
        ref = declared.shape.ref
        if ref[:1] == "?":
            return self._by_class(ref[1:].partition(":")[0], home)
        value = self._resolver.value(ref, home) if ref else None
        if value is not None and value.item is not None:
            value = value.item
        return self.table(value)

    def _by_class(self, name: str, home: Linked) -> Table | None:
        """The table of the class `name`, as the registry of a declarative base looks it up."""
        last = name.strip().rpartition(".")[2]
        found = self._classes.get(last) or self._of_heirs(last)
        if len(found) == 1:
            return found[0]
        near = [table for table in found if table.path == home.path] or [
            table for table in found if table.path.startswith(home.path.rpartition("/")[0] + "/")
        ]
        return near[0] if len(near) == 1 else None

    def _of_heirs(self, name: str) -> list[Table]:
        """The tables of classes of that name which share the table of a base."""
        found: list[Table] = []
        if not self._called:
            for place in self._bodies:
                self._called.setdefault(place[1].rpartition(".")[2], []).append(place)
        for path, symbol in self._called.get(name, ()):
            if (path, symbol) not in self.tables:
                table = self.table(self._resolver.value(f"@{symbol}", self._resolver.modules[path]))
                found += [table] if table is not None else []
        return found

    def _is_many(self, table: Table, relationship: Relationship, made: Given) -> bool:
        """Without an annotation: one when this table holds the foreign key, else many."""
        target = relationship.target
        if target is None:
            return False
        if made.named("remote_side") is not None:
            return False
        return not any(
            column.foreign is not None and target.is_meant(column.foreign)
            for column in table.columns.values()
        )

    def _backref(self, owner: Table, relationship: Relationship, given: Given) -> None:
        target = relationship.target
        if target is None:
            return
        name = _backref_name(given)
        if not name or name in target.relationships:
            return
        lazy = _literal(given.named("lazy")) or "select"
        uselist = _literal(given.named("uselist"))
        many = not relationship.many or relationship.secondary
        if uselist:
            many = uselist == "True"
        made = target.relationships[name] = Relationship(
            name,
            relationship.path,
            relationship.line,
            owner,
            many,
            lazy,
            relationship.secondary,
            relationship.attribute,
        )
        self._mirrored.append((made, relationship))


def _backref_name(given: Given) -> str:
    return given.literal if isinstance(given.literal, str) else text(next(iter(given.positional()), None))


def _names_table(body: Body) -> bool:
    """Whether a class says what its table is called."""
    own = {declared.name: declared.value for declared in body.fields}
    return bool(text(own.get("__tablename__"))) and "__abstract__" not in own


def body_has_bases(value: Value) -> bool:
    cls = value.home.classes.get(value.symbol)
    return cls is not None and bool(cls.bases)


def _keys(made: Given) -> tuple[str, ...]:
    named = made.named("foreign_keys")
    if named is None:
        return ()
    if isinstance(named.literal, str):
        return tuple(re.findall(r"\w+(?=\s*(?:[,\]]|$))", named.literal))
    return tuple(item.ref.rpartition(".")[2] for item in (named.items or (named,)))


def _is_reference(item: Given) -> bool:
    return item.literal is None and not item.items and item.ref[:1] not in ("", "[", "{", "?", ".")


def _is_true(declared: Declared | None) -> bool:
    return declared is not None and declared.value is not None and declared.value.literal is True


def _literal(given: Given | None) -> str:
    if given is None:
        return ""
    if given.literal is not None:
        return str(given.literal)
    return given.ref if given.ref == "None" else ""


def _guessed(name: str) -> str:
    """`IncidentType` -> `incident_type`: what bases that name their tables usually do."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _filled(maker: Given, given: Given) -> Given:
    """A maker's column with the arguments of the call that makes it."""
    target = next(
        (item.literal for item in given.items if isinstance(item.literal, str) and "." in item.literal), None
    )
    items: list[Given] = []
    for item in maker.items:
        if item.name == "**":
            continue
        if item.ref.rpartition(".")[2] == "ForeignKey" and target is not None:
            on_delete = given.named("ondelete")
            inner = (Given(literal=target), *((on_delete,) if on_delete is not None else ()))
            item = Given(item.name, item.ref, None, inner)
        items.append(item)
    taken = {item.name for item in items if item.name}
    items.extend(item for item in given.items if item.name and item.name not in taken)
    return Given(given.name, maker.ref, None, tuple(items))
