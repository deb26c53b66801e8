"""Rows: what a value that comes from a query is, and what functions make of it; facts of one file.

An expression becomes `Rows`, small facts in which calls of other functions stay references;
`rules.engine.data.statements` follows them through the project. What cannot be followed is absent.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rules.engine.reading.declarations import Shape
from rules.engine.reading.loader_options import Options

# What a value is.
STATEMENT = 0
"""A query that did not run yet."""
RESULT = 1
"""Rows of tuples, as `session.execute` gives them."""
MANY = 2
"""Several entities."""
ONE = 3
"""One entity."""
ITEM = 4
"""One entity of several: the variable of a loop."""
UNKNOWN = 5
"""What a called function gives; only the project knows."""

# Flags.
OPAQUE = 1
"""Options, columns or sources were added that cannot be read."""
LIMITED = 2
"""It has a limit."""
SINGLE = 4
"""At most one row: `limit(1)`; of what a collection of one row holds, that row."""
COLUMNS = 8
"""It selects columns, or several entities at once."""
AWAITED = 16
"""It was awaited where it ran."""
TOUCHED = 32
"""It has a limit on some paths at least."""
HANDED = 64
"""Its rows were given to something that was awaited, which may have loaded more of them."""

VARIED = 128
"""Some paths add options that others do not: what is loaded depends on who calls."""

NARROWED = 256
"""It has a condition on some paths at least."""

WISHED = 512
"""It has a limit only where the caller asks for one: `if limit is not None: query = query.limit(limit)`."""

EVERY = "**"
"""The name of a schema's fields when all of them come from one dictionary."""

AWAITABLE = "sqlalchemy.ext.asyncio.AsyncAttrs.awaitable_attrs"
"""What `await row.awaitable_attrs.items` calls, as if it were a method."""

_ANY = OPAQUE | TOUCHED | HANDED | VARIED | NARROWED | WISHED
_MOST = 6


class Rows(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """A value that comes from a query.

    `origin` is the reference of the selected entity for a query made here, of the function for a call, `.name` for a method
    of the row that the call is given as `self`, `#name` for a parameter.
    """

    origin: str
    line: int = 0
    column: int = 0
    stage: int = STATEMENT
    flags: int = 0
    options: tuple[tuple[str, ...], ...] = ()
    """What the query loads besides: attributes from the entity on, each prefix too; `*` for everything."""
    session: str = ""
    path: tuple[str, ...] = ()
    """Attributes read from the entity on the way."""
    called: bool = False
    position: int = -1
    """The member of the tuple that a call returns."""
    arguments: tuple[tuple[str, tuple[Rows, ...]], ...] = ()
    """Of a call, those that are queries or rows themselves; the name, or the position in digits."""
    executed: int = 0
    """The line on which it ran, when that is another one."""
    filters: tuple[str, ...] = ()
    """Conditions that hold on all paths, in the words of `rules.engine.reading.filters`."""
    maybe: tuple[tuple[str, ...], ...] = ()
    """What it loads on some paths only."""
    loaders: tuple[str, ...] = ()
    """Functions whose returned options it adds."""
    key: str = ""
    """The member of the dictionary that a call returns."""
    wished: str = ""
    """The parameter of its function without which it has no limit."""


class Shown(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """Rows that a schema is filled from. An empty schema is the endpoint's response model."""

    rows: tuple[Rows, ...]
    line: int
    schema: str = ""
    name: str = ""
    """The schema's field that gets the rows; empty when the schema itself does."""
    parameters: tuple[str, ...] = ()
    """What the schema is generic over: `Page[OrderOut](items=rows)`."""
    turns: str = ""
    """The loops and alternatives around, as `rules.engine.reading.facts.Call.path` writes them."""


class Reading(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """An attribute that a loop reads of its rows, or a function of what it is given."""

    rows: tuple[Rows, ...]
    line: int
    turns: str


class Passed(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """A call that gets rows one by one, or what the function itself was given; `rows` is the call."""

    rows: Rows
    turns: str


class Flow(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """What a function makes of rows."""

    returns: tuple[tuple[int, tuple[Rows, ...]], ...] = ()
    """(position in the returned tuple or -1, alternatives)."""
    parameters: tuple[str, ...] = ()
    shown: tuple[Shown, ...] = ()
    response: Shape | None = None
    """Of an endpoint: the declared response."""
    readings: tuple[Reading, ...] = ()
    passed: tuple[Passed, ...] = ()
    options: Options | None = None
    """The loader options it returns."""
    keyed: tuple[tuple[str, tuple[Rows, ...]], ...] = ()
    """Rows in the dictionary it returns, by their keys."""
    listed: tuple[tuple[Rows, ...], ...] = ()
    """Rows of which each becomes one item of what it returns, made by hand: `[OrderOut(id=order.id) for order in orders]`.
    Of a generator, the rows of which it gives each."""


def join(alternatives: Iterable[Rows]) -> tuple[Rows, ...]:
    """Alternatives of one value. Of the same query only the options that all paths add are certain."""
    several = tuple(alternatives)
    if len(several) < 2:
        return several
    found: dict[tuple[object, ...], Rows] = {}
    for rows in several:
        key = (
            rows.origin,
            rows.line,
            rows.column,
            rows.stage,
            rows.path,
            rows.position,
            rows.key,
            rows.called,
        )
        other = found.get(key)
        if other is not None:
            options = tuple(option for option in other.options if option in rows.options)
            maybe = dict.fromkeys((*rows.options, *other.options, *rows.maybe, *other.maybe))
            varied = VARIED if set(other.options) != set(rows.options) else 0
            rows = msgspec.structs.replace(
                rows,
                options=options,
                flags=rows.flags & other.flags & ~_ANY | (rows.flags | other.flags) & _ANY | varied,
                filters=_on_both(rows.filters, other.filters),
                session=rows.session or other.session,
                wished=rows.wished or other.wished,
                maybe=tuple(option for option in maybe if option not in options),
                loaders=tuple(dict.fromkeys((*rows.loaders, *other.loaders))),
            )
        found[key] = rows
        if len(found) > _MOST:
            return ()
    return tuple(found.values())


def _on_both(some: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """The conditions of both; where each has another, something holds that cannot be read."""
    both = tuple(word for word in some if word in others)
    return both if both or not (some and others) else ("?",)


def is_whole(rows: Rows) -> bool:
    """Whether it is all that a call gives."""
    return rows.called and rows.position < 0 and not rows.key and rows.stage == UNKNOWN
