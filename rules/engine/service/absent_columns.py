"""Statements that fail before they ask the database, or behind others that do: they read what a mapped class does not have, or
ask an asynchronous session for `.query`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from rules.engine.kept_answers import once, once_for_node
from rules.engine.linking.values import Sort, Value
from rules.engine.reading import names_read, undefined
from rules.engine.reading.rows import ITEM, ONE
from rules.engine.reading.spelling import last_name
from rules.engine.service import absent_names, other_sessions, ran_before
from rules.engine.service.seen_made import is_seen_made

if TYPE_CHECKING:
    from rules.engine.data.tables import Table
    from rules.engine.finding import Hop
    from rules.engine.linking.values import Linked
    from rules.engine.module import Module
    from rules.engine.project import Project
    from rules.engine.reading.declarations import Given
    from rules.engine.rule import Match

_OF_BASES = frozenset(
    {
        *("metadata", "registry", "query", "mro", "dict", "json", "copy", "construct", "schema", "validate"),
        *("awaitable_attrs", "from_orm", "parse_obj", "update_forward_refs", "sqlmodel_update"),
    }
)
"""What classes and their instances have that no body declares."""
_MAPPERS = frozenset(
    {
        "DeclarativeBase",
        "DeclarativeBaseNoMeta",
        "AsyncAttrs",
        "MappedAsDataclass",
        "SQLModel",
        "ABC",
        "Generic",
        "object",
    }
)
"""Bases of others of which is known what they have."""
_OWN_MAKING = frozenset({"SQLModel", "MappedAsDataclass"})
"""Those that do not refuse what they do not know, or say themselves what they take."""
_OF_PLAIN_SESSIONS = frozenset({"query", "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings"})
"""What an asynchronous session does not have."""
_NARROWING = frozenset({"filter", "filter_by", "where", "order_by", "options", "limit", "offset", "distinct"})
"""Methods of a query after which it is one of the same table."""
_MAKERS = ("declarative_base()", "generate_base()")
_FAR = 4
_NEAR = 6
"""Lines between a query's beginning and the call that asks the database."""


def fails_before(match: Match, module: Module) -> bool:
    """Whether what runs before a match in its function, or its own statement, reads a column that its table does not have, or
    what an asynchronous session does not have; or the query that its call path ends at compares one."""
    if ran_before.is_behind(match, module, _fails):
        return True
    if ran_before.fails(match, module, _misnamed):
        return True
    return bool(match.call_path) and _compares_absent(module.project, match.call_path[-1])


@once
def _compares_absent(project: Project, hop: Hop) -> bool:
    module = project.resolver.modules.get(hop.path)
    for query in module.facts.filters if module is not None else ():
        around = module.functions.get(query.symbol) if module is not None else None
        if module is None or around is None or not around.line <= hop.line <= around.end_line:
            continue
        if abs(query.line - hop.line) > _NEAR:
            continue
        for ref in {*query.equal, *query.narrowed}.difference(query.optional):
            owner, _, name = ref.rpartition(".")
            value = project.resolver.value(owner, module) if owner else None
            table = project.models.table(value) if value is not None and value.sort == Sort.CLASS else None
            if table is not None and value is not None and lacks(project, table, value, name):
                return True
    return False


@once_for_node
def _fails(part: ast.AST, module: Module) -> bool:
    return any(
        isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Load) and _is_absent(each, module)
        for each in ran_before.surely(part)
    )


@once_for_node
def _misnamed(part: ast.AST, module: Module) -> tuple[ast.AST, ...]:
    """What reads a name that is nowhere, or makes a row of a column that its table does not have."""
    return tuple(
        each
        for each in ran_before.surely(part)
        if (isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Load) and _is_nowhere(each, module))
        or (
            isinstance(each, ast.Name)
            and isinstance(each.ctx, ast.Load)
            and undefined.is_nowhere(each, module.index)
            and not absent_names.is_set(module.project, each.id)
        )
        or (
            isinstance(each, ast.Call)
            and each.keywords
            and (_makes_of_absent(each, module) or _filters_by_absent(each, module))
        )
    )


def _is_nowhere(attribute: ast.Attribute, module: Module) -> bool:
    value = module.value(attribute.value)
    if value is None or module.project.models.table(value) is not None:
        return False
    if value.sort == Sort.OBJECT and not is_seen_made(attribute.value, module):
        return False
    return absent_names.lacks(module.project, value, attribute.attr)


def _makes_of_absent(call: ast.Call, module: Module) -> bool:
    """Whether SQLAlchemy's own `__init__` refuses what a call makes a row of: `Order(place="here")`."""
    value, project = module.value(call.func), module.project
    table = project.models.table(value) if value is not None and value.sort == Sort.CLASS else None
    if table is None or value is None or any(each.arg is None for each in call.keywords):
        return False
    for ancestor in project.resolver.ancestry(value):
        if ancestor.module is None:
            if ancestor.name.rpartition(".")[2] in _OWN_MAKING:
                return False
        elif f"{ancestor.symbol}.__init__" in ancestor.module.functions or _is_made_of_a_class(
            project, ancestor
        ):
            return False
    return any(_names_column(each) and lacks(project, table, value, each) for each in _keywords(call))


def _is_made_of_a_class(project: Project, value: Value) -> bool:
    """Whether a base may have its `__init__` from a class that it is given, `declarative_base(cls=Filled)`: from one of its file."""
    bases = value.home.classes[value.symbol].bases if value.symbol in value.home.classes else ()
    return any(
        made.endswith(_MAKERS)
        and f"{symbol}.__init__" in home.functions
        and project.models.table(Value(Sort.CLASS, symbol, home, symbol)) is None
        for made, home in (_held(project, base, value.home, _FAR) for base in bases)
        for symbol in home.classes
    )


def _filters_by_absent(call: ast.Call, module: Module) -> bool:
    """Whether a query of one table is filtered by what that does not have: `session.query(Order).filter_by(place="here")`."""
    asked: ast.expr = call
    while (
        isinstance(asked, ast.Call)
        and isinstance(asked.func, ast.Attribute)
        and asked.func.attr in _NARROWING
    ):
        if asked is call and asked.func.attr != "filter_by":
            return False
        asked = asked.func.value
    if asked is call or not isinstance(asked, ast.Call) or len(asked.args) != 1:
        return False
    value, project = module.value(asked.args[0]), module.project
    table = project.models.table(value) if value is not None and value.sort == Sort.CLASS else None
    if table is None or value is None or last_name(asked.func) not in ("query", "select"):
        return False
    return any(_names_column(each) and lacks(project, table, value, each) for each in _keywords(call))


def _keywords(call: ast.Call) -> list[str]:
    return [each.arg for each in call.keywords if each.arg]


def _names_column(keyword: str) -> bool:
    return keyword[0] != "_" and keyword not in _OF_BASES


def _is_absent(attribute: ast.Attribute, module: Module) -> bool:
    if attribute.attr in _OF_PLAIN_SESSIONS:
        return other_sessions.is_asynchronous(attribute.value, module)
    if attribute.attr[:1] == "_" or attribute.attr[:6] == "model_" or attribute.attr in _OF_BASES:
        return False
    value = module.value(attribute.value)
    if value is None:
        return _is_absent_from_row(attribute, module)
    if value.sort not in (Sort.CLASS, Sort.OBJECT) or value.module is None:
        return False
    table = module.project.models.table(value)
    return table is not None and lacks(module.project, table, value, attribute.attr)


def _is_absent_from_row(attribute: ast.Attribute, module: Module) -> bool:
    """Whether it is read of what a query of one table gives: `for order in session.query(Order).all(): order.place`."""
    if not isinstance(attribute.value, ast.Name):
        return False
    found = module.rows(attribute.value)
    table = found[0].table if len(found) == 1 and found[0].stage in (ONE, ITEM) else None
    if table is None or table.value is None or found[0].reads:
        return False
    return lacks(module.project, table, replace(table.value, sort=Sort.OBJECT), attribute.attr)


def lacks(project: Project, table: Table, value: Value, name: str) -> bool:
    """Whether a mapped class, of which all bases are known, has nothing of this name, and nobody gives it that."""
    if name in table.columns or name in table.relationships or name in table.properties or table.opaque:
        return False
    if not _is_known(project, value, name):
        return False
    if value.sort == Sort.OBJECT and value.symbol in _derived_from(project):
        return False  # it may be one of those
    for ancestor in project.resolver.ancestry(value):
        if ancestor.module is not None and _has(ancestor.module, ancestor.symbol, name, project):
            return False
    return not _is_given(project, value, name)


def _has(module: Linked, symbol: str, name: str, project: Project) -> bool:
    cls = module.classes.get(symbol)
    body = project.models.body(Value(Sort.CLASS, symbol, module, symbol))
    if cls is None or cls.metaclass or (body is None and cls.attributes):
        return True
    own = {each.name for each in body.fields} | body.properties.keys() if body is not None else set()
    return (
        name in own
        or "__table__" in own
        or name in cls.attributes
        or any(f"{symbol}.{each}" in module.functions for each in (name, "__getattr__", "__getattribute__"))
        or f"{symbol}.{name}" in module.classes
    )


def _is_known(project: Project, value: Value, name: str) -> bool:
    """Whether all bases of a class are read: those of the project, and those of SQLAlchemy and SQLModel. What makes a base
    may be given a class, which its file names."""
    seen, pending = {value.name}, [value]
    for each in pending:  # grows while we go
        cls = each.module.classes.get(each.symbol) if each.module is not None else None
        if cls is None or cls.decorators:
            return False
        for base in cls.bases:
            found = project.resolver.value(base, each.home)
            if found is None and _is_maker_known(project, base, each.home, name):
                continue
            if found is None or found.sort not in (Sort.CLASS, Sort.EXTERNAL):
                return False
            if found.sort == Sort.EXTERNAL and found.name.rpartition(".")[2] not in _MAPPERS:
                return False
            if found.sort == Sort.CLASS and found.name not in seen:
                seen.add(found.name)
                pending.append(found)
    return True


def _is_maker_known(project: Project, base: str, module: Linked, name: str) -> bool:
    """Whether a base is made by what gives it nothing of a name."""
    held, home = _held(project, base, module, _FAR)
    said = home.facts.mentions
    return held.endswith(_MAKERS) and not (names_read.has(said, name) or names_read.has(said, "constructor"))


def _held(project: Project, ref: str, module: Linked, far: int) -> tuple[str, Linked]:
    """What a module-level name holds, through imports, as a reference, and where it does: `sqlalchemy.orm.declarative_base()`."""
    if ref[:1] == "@":
        held, home = module.facts.members.get(ref[1:], ""), module
    else:
        above, _, name = ref.rpartition(".")
        if ref[:1] == "<" and not above:
            above, name = ref[: ref.index(">") + 1], ref[ref.index(">") + 1 :]
        holder = project.resolver.value(above, module) if above else None
        if holder is None or holder.module is None or holder.sort != Sort.MODULE:
            return "", module
        held, home = holder.module.facts.members.get(name, ""), holder.module
    return _held(project, held, home, far - 1) if held and far and held[-1] != ")" else (held, home)


@once
def _derived_from(project: Project) -> frozenset[str]:
    """The names of all classes that others derive from."""
    return frozenset(
        base.rpartition(".")[2].lstrip("@")
        for module in project.resolver.modules.values()
        for cls in module.facts.classes
        for base in cls.bases
    )


def _is_given(project: Project, value: Value, name: str) -> bool:
    """Whether some file sets something of this name, or a relationship of another class brings it: on the class itself,
    `Order.total = column_property(…)`, only files beside its own do."""
    if name in _brought(project):
        return True
    folder = value.home.path.rpartition("/")[0]
    return any(
        name in module.facts.sets
        for path, module in project.resolver.modules.items()
        if value.sort == Sort.OBJECT or path.rpartition("/")[0] == folder
    )


@once
def _brought(project: Project) -> frozenset[str]:
    """The names that `backref="orders"` or `association_proxy` give other classes."""
    return frozenset(
        name
        for module in project.resolver.modules.values()
        for body in module.facts.declarations.bodies
        for field in body.fields
        if field.value is not None
        for name in _backrefs(field.value)
    )


def _backrefs(given: Given) -> Iterator[str]:
    for item in given.items:
        if item.name in ("backref", "back_populates"):
            yield from (
                each
                for each in (item.literal, *(part.literal for part in item.items))
                if isinstance(each, str)
            )
        else:
            yield from _backrefs(item)
