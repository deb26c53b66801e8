"""What a response schema reads of the object it is filled from: fields, aliases, nested schemas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from msgspec import Struct

from rules.engine.data.models import Models
from rules.engine.linking.resolver import Resolver
from rules.engine.linking.values import KEPT, Linked, Sort, Value, note
from rules.engine.reading.declarations import Declared

_ROOTS = frozenset(
    {"pydantic.BaseModel", "pydantic.main.BaseModel", "sqlmodel.SQLModel", "sqlmodel.main.SQLModel"}
)
_REWRITES = "!"
"""After the name of a schema, what is kept of its validators."""
_GENERIC_ROOTS = frozenset({"pydantic.generics.GenericModel", "pydantic.RootModel"})


class Field(Struct, frozen=True):
    """`names` are the attributes it may read, `schema` the class it is filled with."""

    name: str
    names: tuple[str, ...]
    path: str
    line: int
    owner: str
    schema: Value | None
    many: bool
    generic: bool = False
    """Its type is a type variable, or a list of one."""


class Schemas:
    """Questions about the pydantic and SQLModel schemas of a project."""

    def __init__(self, resolver: Resolver, models: Models) -> None:
        self._resolver = resolver
        self._models = models

    def schema(self, ref: str, module: Linked) -> tuple[Value | None, bool]:
        """The schema that a reference to a value (`@OrderOut:`, `@OrderOut:{}`) names, and whether it is a list of it."""
        value = self._resolver.value(ref, module) if ref and ref[0] != "?" else None
        if value is not None and value.sort == Sort.ITEMS:
            return self._own(value.item), True
        return self._own(value), False

    def is_schema(self, value: Value | None) -> bool:
        """A schema of the project that reads its fields one by one, and is no table itself."""
        if value is None or value.module is None or value.sort not in (Sort.CLASS, Sort.OBJECT):
            return False
        names = {ancestor.name for ancestor in self._resolver.ancestry(value)}
        return bool(names & (_ROOTS | _GENERIC_ROOTS))

    def rewrites(self, value: Value) -> bool:
        """Whether a validator turns the whole object into something else before its fields are read."""
        home, key, reader = value.home, f"{KEPT}{value.symbol}{_REWRITES}", self._resolver.reader
        if reader is not None:
            note(home.readers, key, reader)
        known = home.kept.get(key)
        if known is None:
            with self._resolver.reading((home, key)):
                known = home.kept[key] = any(body.rewrites for _, body in self._models.bodies(value))
        return bool(known)

    def fields(self, value: Value) -> tuple[Field, ...]:
        """The fields of a schema, inherited ones included, those of sub-classes first."""
        home, key, reader = value.home, f"{KEPT}{value.symbol}", self._resolver.reader
        if reader is not None:
            note(home.readers, key, reader)
        known = home.kept.get(key)
        if known is None:
            with self._resolver.reading((home, key)):
                known = home.kept[key] = tuple(self._declared(value))
        return cast("tuple[Field, ...]", known)

    def _declared(self, value: Value) -> Iterator[Field]:
        seen: set[str] = set()
        by_name = self._populates_by_name(value)
        for ancestor, body in self._models.bodies(value):
            for declared in body.fields:
                if declared.name in seen or declared.name.startswith("_") or not declared.shape.ref:
                    continue
                seen.add(declared.name)
                if declared.name in ("model_config", "Config") or _is_relationship(declared):
                    continue
                schema, many = self.schema(declared.shape.ref, ancestor.home)
                yield Field(
                    declared.name,
                    _names(declared, by_name),
                    ancestor.home.path,
                    declared.line,
                    ancestor.symbol,
                    schema,
                    many,
                    schema is None and self._is_variable(declared.shape.ref, ancestor),
                )

    def items(self, parameters: Iterable[str], module: Linked) -> Value | None:
        """The schema that a page is generic over: `Page[OrderOut]`."""
        for parameter in parameters:
            found, _ = self.schema(parameter, module)
            if found is not None:
                return found
        return None

    def _is_variable(self, ref: str, owner: Value) -> bool:
        named = ref.removesuffix("{}").removesuffix(":")
        declared = owner.home.classes.get(owner.symbol)
        if declared is not None and named in {f"@{owner.symbol}.{name}" for name in declared.variables}:
            return True  # a type parameter: `class Page[T]`
        value = self._resolver.value(named, owner.home) if ref[0] != "?" else None
        return value is not None and value.sort == Sort.INSTANCE and value.name.endswith(".TypeVar")

    def _own(self, value: Value | None) -> Value | None:
        return value if self.is_schema(value) else None

    def _populates_by_name(self, value: Value) -> bool:
        for _, body in self._models.bodies(value):
            for declared in body.fields:
                if declared.name == "model_config" and declared.value is not None:
                    for key in ("populate_by_name", "validate_by_name", "allow_population_by_field_name"):
                        flag = declared.value.named(key)
                        if flag is not None and flag.literal is True:
                            return True
        return False


def _is_relationship(declared: Declared) -> bool:
    return declared.value is not None and declared.value.ref.rpartition(".")[2] in (
        "Relationship",
        "PrivateAttr",
    )


def _names(declared: Declared, by_name: bool) -> tuple[str, ...]:
    """The attributes that are read to fill a field."""
    made = declared.value
    if made is not None and made.ref.endswith("Field"):
        for key in ("validation_alias", "alias"):
            alias = made.named(key)
            if alias is None or alias.ref == "None":
                continue
            if isinstance(alias.literal, str):
                return (alias.literal, declared.name) if by_name else (alias.literal,)
            return tuple(
                item.literal for item in alias.items if isinstance(item.literal, str)
            )  # AliasChoices
    return (declared.name,)
