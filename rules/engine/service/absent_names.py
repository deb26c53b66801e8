"""Names that are read of what does not have them, in any case: a function that the file of the project lacks, a field that a
model of pydantic lacks, a member of an enumeration, a method. That raises `AttributeError`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.engine.kept_answers import once
from rules.engine.linking.values import Sort, Value
from rules.engine.reading import names_read
from rules.engine.reading.paths import place_of
from rules.engine.service.unloadable import has_another, may_have

if TYPE_CHECKING:
    from rules.engine.linking.values import Linked
    from rules.engine.project import Project

_NOTHING = frozenset({"builtins.object", "abc.ABC", "typing.Generic"})
"""Bases of others that give a class nothing that code asks for by name."""
_MODELS = frozenset(
    {
        *("pydantic.BaseModel", "pydantic.main.BaseModel", "pydantic.BaseSettings"),
        *("pydantic_settings.BaseSettings", "pydantic_settings.main.BaseSettings"),
    }
)
_OF_MODELS = frozenset(
    {
        *("dict", "json", "copy", "construct", "schema", "schema_json", "validate", "parse_obj", "parse_raw"),
        *(
            "parse_file",
            "from_orm",
            "update_forward_refs",
            "fields",
            "mro",
            "settings_customise_sources",
            "Config",
        ),
    }
)
_ENUMERATIONS = frozenset({"enum.Enum", "enum.StrEnum", "enum.IntEnum"})
_BESIDE_ENUMERATIONS = frozenset({"builtins.str", "builtins.int"})
_DATA = frozenset({"dataclasses.dataclass"})
"""Decorators that give a class nothing of a name of its own."""
_OPEN = ("setattr", "__dict__", "vars", "locals", "exec")
"""What a file has that makes attributes of names that it need not write."""


def lacks(project: Project, value: Value, name: str) -> bool:
    """Whether a file or a class of the project, or its objects, have nothing of a name, and nobody gives it to them."""
    if name[:1] == "_" or value.module is None:
        return False
    if value.sort == Sort.MODULE:
        return _is_missing(project, value.module, name)
    return value.sort in (Sort.CLASS, Sort.OBJECT) and _class_lacks(
        project, value.module, value.symbol, name, made=value.sort == Sort.OBJECT
    )


@once
def _is_missing(project: Project, module: Linked, name: str) -> bool:
    found = module.facts
    if (
        module.package
        or place_of(module.path) != "app"
        or not (found.functions or found.classes or found.members)
    ):
        return False
    return not may_have(module, name) and not has_another(project, module, name) and not is_set(project, name)


@once
def _class_lacks(project: Project, module: Linked, symbol: str, name: str, *, made: bool) -> bool:
    value = Value(Sort.CLASS, symbol, module, symbol)
    bases = _bases(project, value)
    if bases is None or project.resolver.heirs.of(value) or is_set(project, name):
        return False
    own = [each for each in project.resolver.ancestry(value) if each.module is not None]
    if any(place_of(each.home.path) != "app" or _has(project, each, name) for each in own):
        return False
    if bases and bases <= _ENUMERATIONS | _BESIDE_ENUMERATIONS and bases & _ENUMERATIONS:
        return not made and name.isupper() and _are_written(project, own)
    if bases & _MODELS and bases <= _MODELS | _NOTHING:
        return (
            name not in _OF_MODELS
            and name[:6] != "model_"
            and _are_written(project, own)
            and not any(names_read.has(each.home.facts.mentions, "allow") for each in own)
        )
    return bases <= _NOTHING and not any(
        names_read.has(each.home.facts.mentions, hint) for each in own for hint in (name, *_OPEN)
    )


def _bases(project: Project, value: Value) -> set[str] | None:
    """The bases of others that a class has at any distance; None where one is unknown, or it is made in a way of its own."""
    known = project.resolver.known_bases(value)
    if known is None or not all(_is_made_as_written(each) for each in known if each.sort == Sort.CLASS):
        return None
    return {each.name for each in known if each.sort == Sort.EXTERNAL}


def _is_made_as_written(value: Value) -> bool:
    cls = value.home.classes.get(value.symbol)
    if cls is None or cls.metaclass or any(each.ref not in _DATA for each in cls.decorators):
        return False
    return f"{value.symbol}'2" not in value.home.classes


def _has(project: Project, value: Value, name: str) -> bool:
    home, symbol = value.home, value.symbol
    body = project.models.body(value)
    return (
        any(f"{symbol}.{each}" in home.functions for each in (name, "__getattr__", "__getattribute__"))
        or name in home.classes[symbol].attributes
        or name in home.classes[symbol].untyped
        or name in home.classes[symbol].optional
        or f"{symbol}.{name}" in home.classes
        or (body is not None and any(each.name == name for each in body.fields))
    )


def _are_written(project: Project, classes: list[Value]) -> bool:
    """Whether it is known of all classes what they declare."""
    return all(project.models.body(each) is not None for each in classes)


@once
def is_set(project: Project, name: str) -> bool:
    """Whether some file sets an attribute of the name on something."""
    return any(name in module.facts.sets for module in project.resolver.modules.values())
