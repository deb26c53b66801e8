"""The rules there are. They are found in the family packages, so two people adding rules never edit one line."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pkgutil
import re
import sys
import typing
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rules.engine import exemplified
from rules.engine.rule import ProjectRule, Rule

FAMILIES: Mapping[str, str] = {
    "event_loop": "FP1",
    "database": "FP2",
    "caching": "FP3",
    "background": "FP4",
    "responses": "FP5",
    "outbound": "FP6",
    "scaling": "FP7",
}
"""Family package -> the prefix of its codes."""

CODE = re.compile(r"FP\d{3}")
RELEASE = "0.1"
"""Of the rule set: the program's, without its patches."""


class RegistryError(Exception):
    """Two rules claim one code or name, or a card cannot be read."""


@functools.cache
def rules() -> tuple[Rule, ...]:
    """All rules of the families, by code. Imports the family packages on the first call."""
    return collect(f"rules.{family}" for family in FAMILIES)


def collect(packages: Iterable[str]) -> tuple[Rule, ...]:
    """The rules that the modules of `packages` define, by code.

    Raises RegistryError when a code or a name is taken twice.
    """
    found = sorted(
        (rule() for package in packages for module in _modules(package) for rule in _defined_in(module)),
        key=lambda rule: rule.code,
    )
    seen: dict[str, Rule] = {}
    for rule in found:
        for called in (rule.code, name_of(rule), *rule.aliases, *rule.aliases.values()):
            other = seen.setdefault(called, rule)
            if other is not rule:
                raise RegistryError(
                    f"{type(other).__qualname__} and {type(rule).__qualname__} are both {called}"
                )
    return tuple(found)


@functools.cache
def cards() -> tuple[Rule, ...]:
    """Everything that has a page: the rules, and what the engine itself reports (`FP001` to `FP005`)."""
    from rules.engine.budgets import BudgetExceeded
    from rules.engine.growth import CacheRemoved, ExternalCallInDependency, QueryInDependency
    from rules.engine.suppression import UnusedSuppression

    return (
        UnusedSuppression(),
        QueryInDependency(),
        ExternalCallInDependency(),
        CacheRemoved(),
        BudgetExceeded(),
        *rules(),
    )


def by_code(code: str) -> Rule:
    """The rule with that code or name, or with such an alias, in any case. Raises KeyError."""
    wanted = code.strip().lower()
    for rule in cards():
        if wanted in (rule.code.lower(), name_of(rule)):
            return rule
        if wanted in rule.aliases.values() or wanted.upper() in rule.aliases:
            return rule
    raise KeyError(code)


def aliases() -> dict[str, Rule]:
    """Alias code -> the rule that answers for it."""
    return {code: rule for rule in cards() for code in rule.aliases}


def codes() -> frozenset[str]:
    """The code of every rule."""
    return frozenset(rule.code for rule in rules())


def name_of(rule: Rule) -> str:
    """`blocking-sleep` of `BlockingSleep`, unless the class sets `name`."""
    own = type(rule).__dict__.get("name")
    if isinstance(own, str):
        return own
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", type(rule).__name__).lower()


def family_of(rule: Rule) -> str:
    """The family package a rule lives in, `engine` for what the engine reports itself."""
    return type(rule).__module__.split(".")[-2]


@functools.cache
def node_types(rule: Rule) -> tuple[type[ast.AST], ...]:
    """The concrete node types that the annotation of `check`'s `node` names.

    None for a rule about the project alone. Raises RegistryError when the annotation names something else.
    """
    cls = type(rule)
    if isinstance(rule, ProjectRule) and cls.check is Rule.check:
        return ()
    annotation = inspect.get_annotations(cls.check).get("node", inspect.Parameter.empty)
    if isinstance(annotation, str):
        annotation = _resolve(ast.parse(annotation, mode="eval").body, vars(sys.modules[cls.__module__]))
    members = typing.get_args(annotation) or (annotation,)
    wanted: dict[type[ast.AST], None] = {}
    for member in members:
        if not (isinstance(member, type) and issubclass(member, ast.AST)):
            raise RegistryError(
                f"{cls.__qualname__}.check: annotate `node` with ast node types, not {member!r}"
            )
        wanted.update(dict.fromkeys(_concrete(member)))
    return tuple(wanted)


def _resolve(expression: ast.expr, names: Mapping[str, Any]) -> Any:
    match expression:
        case ast.Name(id=name):
            return ast if name == "ast" else names.get(name)
        case ast.Attribute(value=value, attr=attribute):
            return getattr(_resolve(value, names), attribute, None)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return typing.Union[_resolve(left, names), _resolve(right, names)]  # noqa: UP007 - values, not an annotation
    return None


def _concrete(node_type: type[ast.AST]) -> Iterator[type[ast.AST]]:
    """Node types that really occur: `ast.expr` stands for all expressions."""
    if node_type._fields or not node_type.__subclasses__():
        yield node_type
    for child in node_type.__subclasses__():
        if child.__module__ in ("ast", "_ast"):
            yield from _concrete(child)


@functools.lru_cache(maxsize=8)
def dispatch(wanted: tuple[Rule, ...]) -> Mapping[type[ast.AST], tuple[Rule, ...]]:
    """Node type -> the rules that want to see such nodes."""
    table: dict[type[ast.AST], list[Rule]] = {}
    for rule in wanted:
        for node_type in node_types(rule):
            table.setdefault(node_type, []).append(rule)
    return {node_type: tuple(interested) for node_type, interested in table.items()}


class Card(Struct, frozen=True):
    """The docstring of a rule, by section; a section that is missing is empty. Markdown."""

    summary: str
    why: str
    instead: str
    trade_offs: str
    monitor: str
    ignore: str


SECTIONS: Mapping[str, str] = {
    "Instead": "instead",
    "Trade-offs": "trade_offs",
    "Monitor": "monitor",
    "When to ignore it": "ignore",
}
"""Heading in a docstring -> field of `Card`."""


@functools.cache
def told(rule: Rule) -> Card:
    """The card as it is told of a finding, whose reader has other names than the rule's example."""
    read = card(rule)
    return replace(
        read, why=exemplified.marked(read.why, rule), instead=exemplified.marked(read.instead, rule)
    )


@functools.cache
def card(rule: Rule) -> Card:
    """What the docstring of a rule says. Raises RegistryError on an unknown section."""
    cls = type(rule)
    summary, _, rest = inspect.cleandoc(cls.__dict__.get("__doc__") or "").partition("\n")
    parts = re.split(r"^## +(.+?) *$", rest, flags=re.MULTILINE)
    fields = {"summary": summary.strip(), "why": parts[0].strip()}
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        if heading not in SECTIONS:
            raise RegistryError(f"{cls.__qualname__}: no section is called `## {heading}`")
        fields[SECTIONS[heading]] = text.strip()
    return Card(**{field: fields.get(field, "") for field in Card.__struct_fields__})


def _modules(package: str) -> Iterator[ModuleType]:
    root = importlib.import_module(package)
    yield root
    for found in sorted(pkgutil.iter_modules(root.__path__, f"{package}."), key=lambda found: found.name):
        yield importlib.import_module(found.name)


def _defined_in(module: ModuleType) -> Iterator[type[Rule]]:
    for value in vars(module).values():
        if (
            isinstance(value, type)
            and issubclass(value, Rule)
            and value.__module__ == module.__name__
            and "code" in value.__dict__
        ):
            yield value
