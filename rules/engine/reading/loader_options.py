"""What loader options load: `selectinload(Order.items)` alone, in lists that a function fills, and in what others return."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import msgspec

from rules.engine.reading.index import Index
from rules.engine.reading.scopes import Scope
from rules.engine.reading.spelling import last_name

Path = tuple[str, ...]
"""Attributes from the query's entity to what is loaded."""

LOADERS = frozenset(
    {"selectinload", "joinedload", "subqueryload", "immediateload", "contains_eager", "raiseload", "noload"}
    | {"lazyload", "defaultload"}
)
_NOT_LOADING = frozenset({"lazyload", "defaultload"})
_STRATEGY_ONLY = frozenset(
    {"load_only", "defer", "undefer", "undefer_group", "with_loader_criteria", "selectin_polymorphic"}
)
_GROWS = frozenset({"append", "insert", "extend"})
_DECIDING = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.Match, ast.ExceptHandler)
_DEPTH = 4


class Options(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """What some options load, each prefix of a path too; `*` stands for everything."""

    certain: tuple[Path, ...] = ()
    maybe: tuple[Path, ...] = ()
    """What they load on some paths only."""
    loaders: tuple[str, ...] = ()
    """References of functions that return more of them."""

    def __or__(self, other: Options) -> Options:
        """Both together."""
        return Options(
            (*self.certain, *other.certain),
            (*self.maybe, *other.maybe),
            (*self.loaders, *other.loaders),
        )

    def __and__(self, other: Options) -> Options:
        """The one or the other."""
        every = dict.fromkeys((*self.certain, *other.certain, *self.maybe, *other.maybe))
        both = tuple(path for path in self.certain if path in other.certain)
        loaders = tuple(dict.fromkeys((*self.loaders, *other.loaders)))
        return Options(both, tuple(path for path in every if path not in both), loaders)

    def perhaps(self) -> Options:
        """The same on some paths only."""
        return Options((), (*self.certain, *self.maybe), self.loaders)


class OptionsReader:
    """Reads the loader options of one walked file. What it cannot read is None: it may load anything."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def read(self, nodes: Iterable[ast.expr], scope: Scope, depth: int = 0) -> Options | None:
        """What options together load."""
        found = Options()
        for node in nodes:
            each = self._several(node, scope, depth + 1)
            if each is None:
                return None
            found |= each
        return found

    def returned(self, scope: Scope) -> Options | None:
        """What the options load that a function returns; None when it returns something else."""
        found: Options | None = None
        for value in scope.returned:
            wanted = value if isinstance(value, (ast.List, ast.Tuple, ast.Name)) else None
            if wanted is None and _starts(value) not in LOADERS:
                return None
            each = (
                self._listed(wanted, scope, 0)
                if wanted is not None
                else self.read([value] if value is not None else [], scope)
            )
            if each is None or not (each.certain or each.maybe):
                return None
            found = each if found is None else found & each
        return found

    def _several(self, node: ast.expr, scope: Scope, depth: int) -> Options | None:
        if isinstance(node, ast.Starred):
            return self._listed(node.value, scope, depth)
        if isinstance(node, ast.Call) and _starts(node) not in LOADERS | _STRATEGY_ONLY | {"Load"}:
            return self._called(node, scope)
        read = self._option(node)
        return Options(tuple(read)) if read is not None else None

    def _called(self, node: ast.Call, scope: Scope) -> Options | None:
        ref = self._index.ref(node.func, scope)
        return Options(loaders=(ref,)) if ref and ref[0] != "?" and not ref.endswith(":") else None

    def _listed(self, node: ast.expr, scope: Scope, depth: int) -> Options | None:
        """Options in a list: written here, filled step by step, or returned by a function."""
        if depth > _DEPTH:
            return None
        match node:
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return self.read(elements, scope, depth + 1)
            case ast.IfExp(body=body, orelse=orelse):
                first = self._listed(body, scope, depth + 1)
                second = self._listed(orelse, scope, depth + 1)
                return first & second if first is not None and second is not None else None
            case ast.Call():
                return self._called(node, scope)
            case ast.Name(id=name):
                holder = self._holder(name, scope)
                return self._of_name(name, holder, depth) if holder is not None else None
            case ast.Attribute(attr=name):
                owner = self._index.ref(node.value, scope).removeprefix("@").removesuffix(":")
                for each in self._index.scopes if owner else ():
                    if each.is_class and each.symbol == owner and name in each.bindings:
                        return self._of_name(name, each, depth)
        return None

    def _holder(self, name: str, scope: Scope) -> Scope | None:
        current: Scope | None = scope
        while current is not None:
            if name in current.bindings and (not current.is_class or current is scope):
                return current
            current = current.parent
        return None

    def _of_name(self, name: str, scope: Scope, depth: int) -> Options | None:
        found: Options | None = None
        for binding in scope.bindings[name]:
            value = binding.value
            if isinstance(value, ast.AnnAssign):
                value = value.value
            if binding.kind not in ("value", "annotated") or not isinstance(value, ast.expr):
                return None
            each = self._listed(value, scope, depth + 1)
            if each is None:
                return None
            found = each if found is None else found & each
        added = list(self._added(name, scope, depth))
        if found is None or None in added:
            return None
        for each in added:
            found |= each or Options()
        return found

    def _added(self, name: str, scope: Scope, depth: int) -> Iterator[Options | None]:
        """What a function adds to a list after it made it; None for what hands the list to somebody."""
        for call in scope.calls:
            function = call.func
            grown = isinstance(function, ast.Attribute) and _is(function.value, name)
            if grown and last_name(function) in _GROWS and call.args:
                value = call.args[-1]
                read = (
                    self._listed(value, scope, depth + 1)
                    if last_name(function) == "extend"
                    else self.read([value], scope, depth + 1)
                )
                yield read.perhaps() if read is not None and self._is_conditional(call) else read
            elif grown or any(_is(value, name) for value in call.args):
                yield None

    def _is_conditional(self, node: ast.AST) -> bool:
        current = self._index.parents.get(node)
        while current is not None and current not in self._index.scope_of:
            if isinstance(current, _DECIDING):
                return True
            current = self._index.parents.get(current)
        return False

    def _option(self, node: ast.expr) -> list[Path] | None:
        """What a chain such as `selectinload(A.b).joinedload(B.c)` loads, prefixes first. None: unreadable."""
        steps = _steps(node)
        if not steps:
            return None
        found: list[Path] = []
        path: list[str] = []
        for call in reversed(steps):
            name = last_name(call)
            if name in _STRATEGY_ONLY or name == "Load" or (name[:1].isupper() and not path):
                continue
            if name == "options":
                for inner in call.args:
                    nested = self._option(inner)
                    if nested is None:
                        return None
                    found.extend((*path, *each) for each in nested)
                continue
            if name not in LOADERS or not call.args:
                return None
            for argument in call.args:
                read = _attribute(argument)
                if not read:
                    return None
                path.extend(read)
                if name not in _NOT_LOADING:
                    found.extend(tuple(path[: len(path) - rest]) for rest in reversed(range(len(read))))
        return found


def _steps(node: ast.expr | None) -> list[ast.Call]:
    """The calls of a chain, last one first."""
    steps: list[ast.Call] = []
    while isinstance(node, ast.Call):
        steps.append(node)
        if not (isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call)):
            break
        node = node.func.value
    return steps


def _starts(node: ast.expr | None) -> str:
    steps = _steps(node)
    return last_name(steps[-1]) if steps else ""


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _attribute(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.split(".")
    if (
        isinstance(node, ast.Call)
        and last_name(node) in ("and_", "of_type")
        and isinstance(node.func, ast.Attribute)
    ):
        node = node.func.value
    if isinstance(node, ast.Attribute):
        return [node.attr]
    return []
