"""What the facts of a file's next version take over from those of the version before.

Most of what takes time is about one function at a time, and a change leaves most functions of a file as they were. A
function at the top of the file, or a class, keeps its facts when its text is the same and so is every name of the file
that it mentions: what is imported under it, and the statements and definitions behind it, however far. Only lines differ.
"""

from __future__ import annotations

import ast
import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from rules.engine.reading.facts import Argument, Function, ModuleFacts
from rules.engine.reading.left_open import takes_anything
from rules.engine.reading.rows import Flow
from rules.engine.reading.source import is_newer
from rules.engine.reading.spelling import targets_of
from rules.engine.reading.units import first_line

_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)
_WORD = re.compile(r"[^\W\d]\w*")
_NAME = re.compile(r"\.?[^\W\d]\w*")
"""A name, or the member of something with the dot before it, which is none."""
_DEFINED = re.compile(r"\bdef\s+(\w+)")
_SPAWNING = ("create_task", "ensure_future", "start_soon")
_SPAWNS = re.compile(rf"\b(?:{'|'.join(_SPAWNING)})\b")
"""Calls whose function may let a task go: who calls such a function of the file is told by its bare name."""
_GLOBAL = re.compile(r"\bglobal\b([^\n;#]*)")
_LINES = frozenset({"line", "end_line", "executed"})
"""Fields that hold a line of the file, or 0."""
_MARKED = frozenset({"path", "turns"})
"""Fields that hold marks of loops and alternatives, which are called after their lines."""
_AT = re.compile(r"@(\d+)(?=_\d)")
_FEW = 40
"""Names are looked for one by one; of more than these all statements are taken apart."""
_SHORT = 8
"""Of fewer statements there is nothing to gain."""
_WEIGHED = frozenset({"bcrypt", "passlib"})
"""Packages of which the whole file decides what a call costs."""


class _Item(NamedTuple):
    """A statement at the top of a file."""

    name: str
    """Of a definition; empty for everything else."""
    first: int
    text: str
    node: ast.stmt


class Layout:
    """The statements at the top of a file."""

    def __init__(self, tree: ast.Module, lines: Sequence[str]) -> None:
        self.items: list[_Item] = []
        self.lines = lines
        self.is_newer = is_newer(tree)
        last = 0
        self.is_plain = True
        """Whether each statement has its lines for itself."""
        for node in tree.body:
            first, end = first_line(node), node.end_lineno or node.lineno
            if first <= last:
                self.is_plain = False
                return
            name = node.name if isinstance(node, _DEFINING) else ""
            self.items.append(_Item(name, first, "\n".join(lines[first - 1 : end]), node))
            last = end


class Carried:
    """Facts of functions of a file, by symbol, as they are in its next version."""

    def __init__(self, shifts: Mapping[str, int], before: ModuleFacts) -> None:
        self._shifts = shifts
        self._functions = {function.symbol: function for function in before.functions}
        self._flows = before.flows

    def has(self, symbol: str) -> bool:
        """Whether the function is one of those that are as they were."""
        return symbol.partition(".")[0] in self._shifts and symbol in self._functions

    def function(self, symbol: str) -> Function:
        return _moved(self._functions[symbol], self._shifts[symbol.partition(".")[0]])

    def flow(self, symbol: str) -> Flow | None:
        found = self._flows.get(symbol)
        return _moved(found, self._shifts[symbol.partition(".")[0]]) if found is not None else None


def carried(before: Layout, facts: ModuleFacts, after: Layout) -> Carried | None:
    """What of `facts`, those of the version that lies as `before`, holds for the one that lies as `after`."""
    if not (before.is_plain and after.is_plain) or len(after.items) < _SHORT:
        return None
    if facts.early or facts.stars or not _WEIGHED.isdisjoint(facts.imports):
        return None
    old, new = _definitions(before), _definitions(after)
    kept = {name: item for name, item in new.items() if name in old and old[name].text == item.text}
    if not kept or _in_other_order(before, after):
        return None
    changed = _changed_names(before, after, kept)
    if changed is None:
        return None
    _spread(changed, before, after, kept)
    if _may_let_go(before, changed) or _may_let_go(after, changed):
        return None
    shifts = {
        name: item.first - old[name].first
        for name, item in kept.items()
        # What stands in a lambda is looked at from outside too, and the first look decides.
        if name not in changed and "lambda" not in item.text
    }
    return Carried(shifts, facts) if shifts else None


def _definitions(layout: Layout) -> dict[str, _Item]:
    """The functions and classes at the top whose names nothing else defines."""
    defined = Counter(item.name for item in layout.items if item.name)
    for item in layout.items:
        if not item.name and isinstance(item.node, _BLOCKS):  # no other statement has definitions in it
            defined.update(each.name for each in ast.walk(item.node) if isinstance(each, _DEFINING))
    return {item.name: item for item in layout.items if item.name and defined[item.name] == 1}


def _in_other_order(before: Layout, after: Layout) -> bool:
    """Whether statements that both versions have changed places."""
    one, other = ([(item.name, item.text) for item in layout.items] for layout in (before, after))
    both = {*one} & {*other}
    return [each for each in one if each in both] != [each for each in other if each in both]


def _changed_names(before: Layout, after: Layout, kept: Mapping[str, _Item]) -> set[str] | None:
    """The names that do not mean what they meant, as far as their own statements tell; None for any name."""
    imported, others = zip(*(_written(layout) for layout in (before, after)), strict=True)
    if any(bound is None for bound in imported):
        return None
    changed = {
        name
        for name in imported[0].keys() | imported[1].keys()
        if imported[0].get(name) != imported[1].get(name)
    }
    for text in (others[0] - others[1]) + (others[1] - others[0]):
        changed.update(_WORD.findall(text))
    for layout in (before, after):
        for item in layout.items:
            if item.name and item.name not in kept:
                changed.add(item.name)
                for names in _GLOBAL.findall(item.text):
                    changed.update(_WORD.findall(names))
    return changed


def _written(layout: Layout) -> tuple[dict[str, object] | None, Counter[str]]:
    """What a file imports under which name, and the statements that neither import nor define."""
    bound: dict[str, object] = {}
    others: Counter[str] = Counter()
    for item in layout.items:
        node = item.node
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                if alias.name == "*":
                    return None, others
                name = alias.asname or (
                    alias.name if isinstance(node, ast.ImportFrom) else alias.name.partition(".")[0]
                )
                source = (node.module, node.level) if isinstance(node, ast.ImportFrom) else ()
                bound[name] = (bound.get(name), source, alias.name, alias.asname)
        elif not item.name:
            others[item.text] += 1
    return bound, others


def _spread(changed: set[str], before: Layout, after: Layout, kept: Mapping[str, _Item]) -> None:
    """Add the names behind which stands one that changed, at any distance, and the functions that code which changed
    calls where the calls of the file tell what a parameter is (`handed_types`)."""
    mentions = _Mentions(
        item
        for item in after.items
        if not isinstance(item.node, ast.Import | ast.ImportFrom) and (not item.name or item.name in kept)
    )
    told = {name for name, item in kept.items() if _is_open(item.node)}
    pending = [*changed]
    calling = [item.text for layout in (before, after) for item in layout.items if _differs(item, kept)]
    while pending or calling:
        while calling and told:
            words = {*_WORD.findall(calling.pop())}
            pending.extend(told & words - changed)
            changed |= told & words
            told -= words
        calling.clear()
        for item in mentions.take(pending.pop()) if pending else ():
            bound = [item.name] if item.name else _bound_by(item.node)
            names = bound if bound is not None else mentions.names(item)
            pending.extend(name for name in names if name not in changed)
            changed.update(names)
            calling.append(item.text)


def _differs(item: _Item, kept: Mapping[str, _Item]) -> bool:
    return bool(item.name) and item.name not in kept


def _is_open(node: ast.stmt) -> bool:
    """Whether a function, or what makes an instance of a class, has a parameter that does not say what it takes."""
    if isinstance(node, ast.ClassDef):
        return any(_is_open(each) for each in node.body if getattr(each, "name", "") == "__init__")
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    given = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    return any(takes_anything(each) and each.arg not in ("self", "cls") for each in given)


class _Mentions:
    """Statements by the names in them, each of them given once."""

    def __init__(self, items: Iterable[_Item]) -> None:
        self._items = {item.first: item for item in items}
        self._names: dict[int, set[str]] = {}
        self._by_name: dict[str, list[int]] | None = None
        self._asked = 0

    def names(self, item: _Item) -> set[str]:
        known = self._names.get(item.first)
        if known is None:
            known = self._names[item.first] = {*_NAME.findall(item.text)}
        return known

    def take(self, name: str) -> list[_Item]:
        """Those that mention `name` and were not given for another one."""
        self._asked += 1
        if self._asked <= _FEW:  # a look for a few texts takes less than taking all of them apart
            found = [item for item in self._items.values() if name in item.text and name in self.names(item)]
        else:
            found = [self._items[first] for first in self._listed().get(name, ()) if first in self._items]
        for item in found:
            del self._items[item.first]
        return found

    def _listed(self) -> Mapping[str, Sequence[int]]:
        if self._by_name is None:
            self._by_name = {}
            for item in self._items.values():
                for name in self.names(item):
                    self._by_name.setdefault(name, []).append(item.first)
        return self._by_name


def _may_let_go(layout: Layout, changed: set[str]) -> bool:
    """Whether a function that lets tasks go may be another one, or no longer the only one of its name."""
    spawning = [
        item
        for item in layout.items
        if any(name in item.text for name in _SPAWNING) and _SPAWNS.search(item.text)
    ]
    if not spawning:
        return False
    names = {name for item in spawning for name in _DEFINED.findall(item.text)}
    return any(not item.name or item.name in changed for item in spawning) or any(
        not names.isdisjoint(_DEFINED.findall(item.text))
        for item in layout.items
        if not item.name or item.name in changed
    )


def _bound_by(node: ast.stmt) -> list[str] | None:
    """The names that a plain assignment sets; None for everything else."""
    targets = targets_of(node)
    if not targets or not all(isinstance(target, ast.Name) for target in targets):
        return None
    return [target.id for target in targets if isinstance(target, ast.Name)]


Facts = TypeVar("Facts", bound=msgspec.Struct)


def _moved(facts: Facts, shift: int) -> Facts:
    """The same facts so many lines further down."""
    if not shift:
        return facts
    changes: dict[str, Any] = {}
    for name, kind in _fields(facts.__class__):
        value = getattr(facts, name)
        if not value:
            continue
        if kind == "line":
            changes[name] = value + shift
        elif kind == "marks":
            moved = _moved_marks(value, shift)
            if moved is not value:
                changes[name] = moved
        else:
            moved = _moved_inside(value, shift)
            if moved is not value:
                changes[name] = moved
    return replace(facts, **changes) if changes else facts


def _moved_inside(value: Any, shift: int) -> Any:
    if isinstance(value, msgspec.Struct):
        return _moved(value, shift)
    if value.__class__ is not tuple:
        return value
    moved = tuple([_moved_inside(each, shift) for each in value])
    return moved if any(one is not other for one, other in zip(moved, value, strict=True)) else value


@functools.cache
def _fields(cls: type[msgspec.Struct]) -> tuple[tuple[str, str], ...]:
    """The fields of a struct in which lines may stand, and how."""
    return tuple(_kinds(cls))


def _kinds(cls: type[msgspec.Struct]) -> Iterator[tuple[str, str]]:
    for field in msgspec.structs.fields(cls):
        if field.type is int:
            if field.name in _LINES:
                yield field.name, "line"
        elif field.type is str:
            if field.name in _MARKED or (cls is Argument and field.name == "each"):
                yield field.name, "marks"
        elif field.type is not bool:
            yield field.name, "inner"


@functools.lru_cache(maxsize=4096)
def _moved_marks(marks: str, shift: int) -> str:
    """Marks of loops and alternatives, or the place of a display, with other lines."""
    if marks[:1] == "@":
        found = _AT.match(marks)
        return f"@{int(found[1]) + shift}{marks[found.end() :]}" if found else marks
    if "?" not in marks and "&" not in marks:
        return marks
    return "/".join(_moved_mark(mark, shift) for mark in marks.split("/"))


_BRANCH = re.compile(r"\?(\d+)(.*)", re.DOTALL)
_GROUP = re.compile(r"&(\d+)\.(\d+)(.*)", re.DOTALL)


def _moved_mark(mark: str, shift: int) -> str:
    if found := _BRANCH.fullmatch(mark):
        return f"?{int(found[1]) + shift}{found[2]}"
    if found := _GROUP.fullmatch(mark):
        group, line = int(found[1]), int(found[2])
        return f"&{group + shift if group else 0}.{line + shift}{found[3]}"
    return mark
