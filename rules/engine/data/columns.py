"""The columns and indexes of a table, as the calls that make them say."""

from __future__ import annotations

from collections.abc import Callable

from rules.engine.data.tables import Column, ForeignKey, Table
from rules.engine.linking.values import Linked
from rules.engine.reading.declarations import Body, Declared, Given
from rules.engine.reading.migrations import column_name, text


def column(home: Linked, body: Body, declared: Declared, made: Given) -> Column:
    """The column that a class body declares by the call `made`."""
    inner = made.named("sa_column")
    if inner is not None:
        made = inner if inner.items else made
    column = Column(declared.name, declared.name, home.path, declared.line, body.symbol)
    column.type = type_name(declared.shape.ref)
    _read_column(column, made)
    extra = made.named("sa_column_args")
    if extra is not None:
        for item in extra.items:
            _read_argument(column, item)
    options = made.named("sa_column_kwargs")
    if options is not None:
        for key in ("index", "unique", "primary_key"):
            flag = options.named(key)
            if flag is not None and flag.literal is True:
                _set_flag(column, key)
    return column


def add_of_tortoise(table: Table, home: Linked, body: Body, declared: Declared, made: Given) -> None:
    """Give a table what one of Tortoise's fields stands for."""
    last = made.ref.rpartition(".")[2]
    name = declared.name
    if last in ("ForeignKeyField", "OneToOneField"):
        column = Column(f"{name}_id", f"{name}_id", home.path, declared.line, body.symbol)
        column.index = True  # Tortoise indexes foreign keys on its own, except where it is told not to
        table.columns[column.attribute] = column
        return
    if last == "ManyToManyField":
        return
    column = Column(name, name, home.path, declared.line, body.symbol, type=last.removesuffix("Field"))
    for key, flag in (("pk", "primary_key"), ("primary_key", "primary_key"), ("unique", "unique")):
        found = made.named(key)
        if found is not None and found.literal is True:
            _set_flag(column, flag)
    for key in ("index", "db_index"):
        found = made.named(key)
        column.index = column.index or (found is not None and found.literal is True)
    table.columns[name] = column


def add_arguments(table: Table, given: Given | None, is_inherited: Callable[[str], bool]) -> None:
    """Give a table the indexes of its `__table_args__`; those of its bases, which `is_inherited` knows, it gets from these."""
    if given is None or given.ref not in ("[]", "{}"):
        if given is not None and given.ref != "None":
            table.opaque = True
        return
    if given.ref == "{}":
        return
    for item in given.items:
        if item.name != "*" or not is_inherited(item.ref):
            _add_item(table, item)


def _add_item(table: Table, item: Given) -> None:
    if item.name == "*":
        table.opaque = True
        return
    kind = item.ref.rpartition(".")[2]
    if kind == "Index":
        names = tuple(column_name(each) for each in item.positional()[1:])
        if names:
            table.indexes.append(names)
    elif kind in ("UniqueConstraint", "PrimaryKeyConstraint", "ExcludeConstraint"):
        names = tuple(column_name(each) for each in item.positional())
        if names:
            table.indexes.append(names)


def add_items(table: Table, home: Linked, symbol: str, given: Given) -> None:
    """Give a table what stands in `Table(…)`."""
    for item in given.positional():
        if item.ref.rpartition(".")[2] == "Column":
            first = next(iter(item.positional()), None)
            name = text(first)
            if name:
                column = Column(name, name, home.path, table.line, symbol)
                _read_column(column, item)
                table.columns[name] = column
        else:
            _add_item(table, item)


def _read_column(column: Column, made: Given) -> None:
    """What the arguments of `mapped_column(…)`, `Column(…)` or SQLModel's `Field(…)` say."""
    positional = list(made.positional())
    if positional and isinstance(positional[0].literal, str):
        column.name = positional[0].literal
        positional = positional[1:]
    named = made.named("name")
    if named is not None and isinstance(named.literal, str):
        column.name = named.literal
    for item in positional:
        _read_argument(column, item)
    for key in ("index", "unique", "primary_key"):
        flag = made.named(key)
        if flag is not None and (flag.literal is True or (flag.literal is None and flag.ref != "None")):
            _set_flag(column, key)
    deferred = made.named("deferred")
    column.deferred = deferred is not None and deferred.literal is not False
    target = made.named("foreign_key")
    if target is not None and isinstance(target.literal, str):
        on_delete = made.named("ondelete")
        column.foreign = ForeignKey(target.literal, text(on_delete))
    kind = made.named("type_") or made.named("sa_type")
    if kind is not None:
        column.type = kind.ref.rpartition(".")[2]
    if any(item.name in ("**", "*") for item in made.items):
        column.opaque = True


def _read_argument(column: Column, item: Given) -> None:
    kind = item.ref.rpartition(".")[2]
    if kind == "ForeignKey":
        target = next(iter(item.positional()), None)
        name = ""
        if target is not None:
            name = target.literal if isinstance(target.literal, str) else target.ref.removeprefix("@")
        on_delete = item.named("ondelete")
        column.foreign = ForeignKey(str(name), text(on_delete))
    elif kind[:1].isupper() and kind not in (
        "Computed",
        "Identity",
        "Sequence",
        "FetchedValue",
        "CheckConstraint",
    ):
        column.type = kind


def type_name(ref: str) -> str:
    return ref.removesuffix("{}").removesuffix(":").rpartition(".")[2].removeprefix("@")


def _set_flag(column: Column, key: str) -> None:
    if key == "primary_key":
        column.primary = True
    elif key == "unique":
        column.unique = True
    else:
        column.index = True
