"""Which functions keep their results, and how."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from rules.libraries.caching import MEMOISER_ALIASES, MEMOISERS, Memoiser

if TYPE_CHECKING:
    from rules.engine.module import Module


class Memo(Struct, frozen=True):
    """One memoising decorator on one function."""

    node: ast.expr
    memoiser: Memoiser

    @property
    def call(self) -> ast.Call | None:
        return self.node if isinstance(self.node, ast.Call) else None

    @property
    def is_bounded(self) -> bool:
        """Whether old entries make room for new ones."""
        size = self._argument(self.memoiser.size, 0) if self.memoiser.size else None
        if size is None:
            return self.memoiser.bounded
        return not (isinstance(size, ast.Constant) and size.value is None)

    @property
    def expires(self) -> bool:
        """Whether an entry is dropped after some time."""
        return bool(self.memoiser.ttl) and self._argument(self.memoiser.ttl) is not None

    def _argument(self, keyword: str, position: int | None = None) -> ast.expr | None:
        call = self.call
        if call is None:
            return None
        for each in call.keywords:
            if each.arg == keyword:
                return each.value
        if position is not None and len(call.args) > position:
            return call.args[position]
        return None


def memos(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Memo]:
    """The memoising decorators of `function`, outermost first."""
    for decorator in function.decorator_list:
        found = memoiser(decorator, module)
        if found is not None:
            yield Memo(decorator, found)


def memoiser(decorator: ast.expr, module: Module) -> Memoiser | None:
    """What `decorator` is, when it keeps results."""
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = module.qualified_name(target)
    if name is None:
        return None
    return MEMOISERS.get(MEMOISER_ALIASES.get(name, name))


def own_arguments(function: ast.FunctionDef | ast.AsyncFunctionDef, *, method: bool) -> list[ast.arg]:
    """The parameters that make up a key of the cache: all but `self`."""
    arguments = function.args
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return found[1:] if method else found


def is_method(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> bool:
    """Whether the first parameter is the instance."""
    parent = module.parent(function)
    if not isinstance(parent, ast.ClassDef):
        return False
    names = {each.id for each in function.decorator_list if isinstance(each, ast.Name)}
    return not names & {"staticmethod", "classmethod"}
