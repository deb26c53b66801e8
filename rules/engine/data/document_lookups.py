"""Look-ups of documents by fields without an index: Beanie's classes, and collections of MongoDB drivers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from rules.engine.kept_answers import once_for_outline
from rules.engine.reading.filtered import UNREAD
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.data.lookups import Use
    from rules.engine.module import Module
    from rules.engine.project import Project

LOOKING = frozenset(
    {
        "find",
        "find_one",
        "find_one_and_update",
        "find_one_and_delete",
        "find_one_and_replace",
        "count_documents",
        "update_one",
        "update_many",
        "replace_one",
        "delete_one",
        "delete_many",
    }
)
"""Methods of a collection that look documents up by what their first argument says."""
_DRIVERS = regex(
    r"(?:motor\.motor_asyncio\.AsyncIOMotor|pymongo\.asynchronous\.(?:collection|database)\.Async|pymongo\.(?:collection|database)\.)"
    r"(?:Collection|Database\.(?P<collection>\w+))\.\w+"
)
_KEYS = frozenset({"id", "_id", "pk"})
_DECLARING = frozenset({"Settings", "Config", "Meta", "Collection"})
"""Classes within a document's class that list its indexes."""


class Unindexed(Struct, frozen=True):
    """A field of a document's class that queries look documents up by."""

    statement: ast.AnnAssign
    name: str
    uses: tuple[Use, ...]


def unindexed_fields(body: ast.ClassDef, module: Module) -> Iterator[Unindexed]:
    """The fields that a class of documents declares, by which alone queries look documents up, and which have no index."""
    if not _has_documents(module.project):
        return
    lookups = module.project.lookups
    asked = lookups.documents.get((module.path, module.symbol_at(body)), ())
    if not asked or UNREAD in lookups.indexed:
        return
    fields = {
        each.target.id: each
        for each in body.body
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    }
    listed = {
        word
        for each in body.body
        if isinstance(each, ast.ClassDef) and each.name in _DECLARING
        for part in walk(each)
        for word in _words(part)
    }
    indexed = {name for name, each in fields.items() if _is_indexed(each)}
    indexed |= listed | lookups.indexed | _KEYS
    uses: dict[str, list[Use]] = {}
    for equal, narrowed, use in asked:
        if indexed.isdisjoint((*equal, *narrowed)) and equal[0] in fields:
            uses.setdefault(equal[0], []).append(use)
    for name, found in uses.items():
        yield Unindexed(fields[name], name, tuple(found))


@once_for_outline
def _has_documents(project: Project) -> bool:
    """Whether the project imports what has them: without it nobody need ask what it looks up."""
    return "beanie" in project.resolver.layout.imported_packages()


def _is_indexed(field: ast.AnnAssign) -> bool:
    """`number: Indexed(str, unique=True)`, `number: Annotated[str, Indexed()]`."""
    return any(
        isinstance(part, ast.Name | ast.Attribute) and last_name(part) in ("Indexed", "IndexModel")
        for whole in (field.annotation, field.value)
        if whole is not None
        for part in walk(whole)
    )


def _words(part: ast.AST) -> Iterator[str]:
    if isinstance(part, ast.Constant) and isinstance(part.value, str):
        yield part.value
    elif isinstance(part, ast.Attribute):
        yield part.attr


class Asked(Struct, frozen=True):
    """A collection that is asked for a field without an index."""

    collection: str
    field: str


def unindexed_key(call: ast.Call, module: Module) -> Asked | None:
    """The collection and field of `orders.find_one({"number": number})`, where no code of the project makes an index for
    any field of the question; None when there may be one, and for all but the first such call of a file."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in LOOKING or not call.args:
        return None
    driver = _DRIVERS.fullmatch(module.qualified_name(call.func) or "")
    if driver is None:
        return None
    keys = _keys(call.args[0])
    indexed = module.project.lookups.indexed
    if not keys or not (indexed | _KEYS).isdisjoint(keys) or UNREAD in indexed:
        return None
    asked = Asked(driver["collection"] or _collection(call.func.value, module), keys[0])
    receiver = ast.unparse(call.func.value)
    is_first = not any(
        isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and each.func.attr in LOOKING
        and (each.lineno, each.col_offset) < (call.lineno, call.col_offset)
        and each.args
        and _keys(each.args[0])[:1] == [asked.field]
        and ast.unparse(each.func.value) == receiver
        for each in walk(module.tree)
    )
    return asked if is_first else None


def _keys(question: ast.expr) -> list[str]:
    """The fields of `{"number": number, "open": True}`, those that are compared with a value first; none when it says more
    than that."""
    if not isinstance(question, ast.Dict):
        return []
    equal: list[str] = []
    others: list[str] = []
    for key, value in zip(question.keys, question.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str) or key.value[:1] == "$":
            return []
        (others if isinstance(value, ast.Dict | ast.Constant) else equal).append(key.value)
    return equal + others if equal else []


def _collection(receiver: ast.expr, module: Module) -> str:
    """`orders` of `db["orders"]`, `db.get_collection("orders")`, and of a name that holds one of these."""
    if isinstance(receiver, ast.Name):
        bindings = module.index.scope_at(receiver).bindings.get(receiver.id, [])
        bindings = bindings or module.index.module.bindings.get(receiver.id, [])
        if len(bindings) == 1 and isinstance(bindings[0].value, ast.Subscript | ast.Call | ast.Attribute):
            return _collection(bindings[0].value, module)
        return receiver.id
    match receiver:
        case ast.Subscript(slice=ast.Constant(value=str() as name)):
            return name
        case ast.Call(args=[ast.Constant(value=str() as name), *_]):
            return name
    return last_name(receiver)
