"""Tables of the project's models: columns, keys, indexes, relationships."""

from __future__ import annotations

from msgspec import Struct, field

from rules.engine.finding import Hop
from rules.engine.linking.values import Value

_EAGER_LAZY = frozenset(
    {
        "joined",
        "selectin",
        "subquery",
        "immediate",
        "raise",
        "raise_on_sql",
        "noload",
        "dynamic",
        "write_only",
    }
    | {"False", "None"}
)
"""Values of `lazy=` with which reading the attribute runs no query of its own, or none that is a surprise."""


class ForeignKey(Struct):
    """`target` is `table.column` in the database's words."""

    target: str
    on_delete: str = ""


class Column(Struct, eq=False):
    """`attribute` is its name in the class, `name` in the database. `path` and `line` say where it is declared."""

    attribute: str
    name: str
    path: str
    line: int
    symbol: str
    primary: bool = False
    unique: bool = False
    index: bool = False
    foreign: ForeignKey | None = None
    type: str = ""
    """Final name of its type: `String`, `Text`, `Boolean`, `str`."""
    opaque: bool = False
    """Made with arguments that cannot be read: it may well be indexed."""
    deferred: bool = False
    """Read from the database only when somebody asks for it."""

    @property
    def place(self) -> tuple[str, int, str]:
        """Where it is declared, and as what: the columns of a `Table(…)` share its line."""
        return self.path, self.line, self.attribute


class Relationship(Struct, eq=False):
    attribute: str
    path: str
    line: int
    target: Table | None
    many: bool
    lazy: str
    """`select` when it says nothing."""
    secondary: bool = False
    reverse: str = ""
    """The attribute on the other side (`back_populates`, `backref`)."""
    keys: tuple[str, ...] = ()
    """Attributes of the foreign keys that `foreign_keys=` names."""

    def declared(self, name: str = "") -> Hop:
        """Where it is declared, under its own name or a longer one."""
        return Hop(self.path, self.line, name or self.attribute)

    @property
    def is_lazy(self) -> bool:
        """Reading it runs a query, unless the query of its owner loaded it."""
        return self.lazy not in _EAGER_LAZY

    def leads_back(self, before: Relationship | None) -> bool:
        """Whether it gives the row that the collection `before` was read of, which the session holds."""
        if before is None or self.many or not before.many or before.secondary:
            return False
        return before.reverse == self.attribute or self.reverse == before.attribute


class Table(Struct, eq=False):
    """A mapped class, or a `Table(…)` without one (then `value` is None)."""

    name: str
    path: str
    line: int
    symbol: str
    value: Value | None
    columns: dict[str, Column] = field(default_factory=dict)
    relationships: dict[str, Relationship] = field(default_factory=dict)
    indexes: list[tuple[str, ...]] = field(default_factory=list)
    """Column names of each index, unique constraint and composite key, in order."""
    properties: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Python property -> what it reads from `self`."""
    opaque: bool = False
    """Its `__table_args__` cannot be read completely."""

    def column(self, attribute: str) -> Column | None:
        return self.columns.get(attribute)

    def keys_of(self, relationship: Relationship) -> tuple[str, ...]:
        """Attributes of the foreign keys behind a to-one relationship; empty when they are not certain."""
        if relationship.keys:
            return tuple(key for key in relationship.keys if key in self.columns)
        if relationship.target is None:
            return ()
        keys = [
            column.attribute
            for column in self.columns.values()
            if column.foreign is not None and relationship.target.is_meant(column.foreign)
        ]
        return tuple(keys) if len(keys) == 1 else ()

    def is_meant(self, foreign: ForeignKey) -> bool:
        """Whether a foreign key points to it: `ForeignKey("orders.id")`, or `ForeignKey(Order.id)` of its class."""
        name = foreign.target.rpartition(".")[0].rpartition(".")[2]
        return name in (self.name, self.symbol.rpartition(".")[2])

    def is_indexed(self, column: Column) -> bool:
        """Whether the database can look rows up by `column`: an index, unique constraint or key that starts with it."""
        if column.index or column.unique or column.opaque:
            return True
        if column.primary and self._only_key(column):
            return True
        for columns in self.indexes:
            if columns and (columns[0] == column.name or columns[0] == column.attribute):
                return True
        return False

    def _only_key(self, column: Column) -> bool:
        """The first column of the primary key."""
        for each in self.columns.values():
            if each.primary:
                return each is column
        return False
