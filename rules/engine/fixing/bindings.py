"""Which name new code may use for an import, and where a missing import line goes."""

from __future__ import annotations

import ast
import builtins
import functools
import re
import symtable
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from rules.engine.finding import Edit
from rules.engine.reading.edits import Lines
from rules.engine.reading.walking import children_of, walk

EQUIVALENT: Mapping[str, tuple[str, ...]] = {
    "fastapi.concurrency.run_in_threadpool": ("starlette.concurrency.run_in_threadpool",),
    "fastapi.BackgroundTasks": ("fastapi.background.BackgroundTasks", "starlette.background.BackgroundTasks"),
    "sqlalchemy.select": ("sqlalchemy.future.select", "sqlmodel.select"),
    "sqlalchemy.func": ("sqlalchemy.sql.func", "sqlmodel.func", "sqlalchemy.sql.functions.func"),
}
"""Imports that do as well, when a file has them already."""

_WIDTH = 100
"""An existing `from` import grows at most so wide."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_BINDING = frozenset(
    {*_FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Name, ast.ExceptHandler}
    | {ast.MatchAs, ast.MatchStar, ast.MatchMapping, ast.Global, ast.Nonlocal}
)
_SCOPES = (*_FUNCTIONS, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class NameTakenError(Exception):
    """The name an import needs means something else at the place of use."""


class Binding(Struct, frozen=True):
    """A place that gives `name` a meaning. `imported` is the qualified name when it is an absolute import."""

    name: str
    line: int
    imported: str | None = None
    unconditional: bool = False


def bindings(scope: Sequence[ast.AST]) -> dict[str, list[Binding]]:
    """Name -> what binds it in the scope whose body this is; nested functions and classes are not entered."""
    found: dict[str, list[Binding]] = {}
    stack: list[tuple[ast.AST, bool]] = [(statement, True) for statement in reversed(scope)]
    while stack:
        node, unconditional = stack.pop()
        if node.__class__ in _BINDING:
            for binding in _bound_by(node, unconditional):
                found.setdefault(binding.name, []).append(binding)
            if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
                continue
        stack += [(child, False) for child in children_of(node)]
    return found


def _bound_by(node: ast.AST, unconditional: bool) -> Iterator[Binding]:
    match node:
        case ast.Import(names=aliases):
            for alias in aliases:
                name = alias.asname or alias.name.partition(".")[0]
                yield Binding(name, node.lineno, alias.name if alias.asname else name, unconditional)
        case ast.ImportFrom(names=aliases, module=module, level=level):
            for alias in aliases:
                qualified = f"{module}.{alias.name}" if module and not level else None
                yield Binding(alias.asname or alias.name, node.lineno, qualified, unconditional)
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield Binding(name, node.lineno)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield Binding(name, node.lineno)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield Binding(name, node.lineno)
        case ast.MatchMapping(rest=str(name)):
            yield Binding(name, node.lineno)
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            for name in names:
                yield Binding(name, node.lineno)


def _parameters(arguments: ast.arguments) -> Iterator[str]:
    for argument in (
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    ):
        if argument is not None:
            yield argument.arg


def scopes(tree: ast.AST, node: ast.AST) -> list[ast.AST]:
    """The functions, classes and comprehensions around `node`, outermost first; `node` itself is not among them."""
    line: int | None = getattr(node, "lineno", None)
    stack: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(tree, ())]
    while stack:
        current, around = stack.pop()
        if current is node:
            return list(around)
        inner = (*around, current) if isinstance(current, _SCOPES) else around
        stack.extend(
            (child, inner)
            for child in ast.iter_child_nodes(current)
            if line is None or not isinstance(child, ast.stmt) or _holds(child, line)
        )
    return []


def _holds(statement: ast.stmt, line: int) -> bool:
    """Whether a statement, its decorators included, has a part in a line."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    return first <= line <= (statement.end_lineno or line)


def resolved(tree: ast.Module, around: Sequence[ast.AST], wanted: str, line: int) -> tuple[str, str | None]:
    """What to write for the import `wanted`, and what must be imported for it (None: nothing).

    Of the standard library whole modules are imported (`asyncio.to_thread`, not `to_thread`). Raises NameTakenError.
    """
    holder, _, name = wanted.rpartition(".")
    if holder in sys.stdlib_module_names and "." not in holder:
        try:
            if (local := local_name(tree, around, wanted, line)) is not None:
                return local, None
        except NameTakenError:
            pass  # its bare name is not needed
        local = local_name(tree, around, holder, line)
        return (wanted, holder) if local is None else (f"{local}.{name}", None)
    local = local_name(tree, around, wanted, line)
    return (name, wanted) if local is None else (local, None)


def local_name(tree: ast.Module, around: Sequence[ast.AST], wanted: str, line: int) -> str | None:
    """What the code on `line`, within the scopes `around`, may write for the import `wanted`.

    `wanted` is a module (`asyncio`) or a dotted name (`fastapi.concurrency.run_in_threadpool`). None when it must be
    imported first, then under its own last name. Raises NameTakenError when that name means something else there.
    """
    module = _of_module(tree)
    for qualified in (wanted, *EQUIVALENT.get(wanted, ())):
        for name, rest in _usable(module, tree, qualified, line if not _function(around) else None):
            if not _shadowed(around, name, qualified.removesuffix(rest), line):
                return name + rest
    name = wanted.rpartition(".")[2]
    for binding in module.get(name, ()):
        if binding.imported != wanted:
            raise NameTakenError(f"`{name}` on line {binding.line} is something else")
    if any(name in bindings(_body(scope)) for scope in around) and not _shadowed(around, name, wanted, line):
        return name  # the function itself imports it first
    if _shadowed(around, name, wanted, line) or hasattr(builtins, name) or name in _globals(tree):
        raise NameTakenError(f"`{name}` is something else at the place of use")
    return None


def _function(around: Sequence[ast.AST]) -> bool:
    return any(isinstance(scope, _FUNCTIONS) for scope in around)


def _usable(
    module: Mapping[str, list[Binding]], tree: ast.Module, qualified: str, before: int | None
) -> Iterator[tuple[str, str]]:
    """(bound name, what to write after it) of unconditional imports that give `qualified`."""
    for name, places in module.items():
        (first, *others) = places
        if (
            first.imported is None
            or not first.unconditional
            or any(p.imported != first.imported for p in others)
        ):
            continue
        if before is not None and first.line >= before:
            continue
        if first.imported == qualified:
            yield name, ""
        elif qualified.startswith(f"{first.imported}.") and _imports_submodule(tree, first, qualified):
            yield name, qualified.removeprefix(first.imported)


def _imports_submodule(tree: ast.Module, binding: Binding, qualified: str) -> bool:
    """Whether the attribute access is sure to work: the module that holds the name was imported as such."""
    holder = qualified.rpartition(".")[0]
    if binding.imported == holder:
        return True
    return any(
        alias.asname is None and alias.name == holder
        for statement in tree.body
        if isinstance(statement, ast.Import)
        for alias in statement.names
    )


def _shadowed(around: Sequence[ast.AST], name: str, imported: str, line: int) -> bool:
    for depth, scope in enumerate(around):
        if isinstance(scope, ast.ClassDef) and any(
            isinstance(inner, _FUNCTIONS) for inner in around[depth + 1 :]
        ):
            continue  # names of a class body are not seen in its methods
        if isinstance(scope, _FUNCTIONS) and name in _parameters(scope.args):
            return True
        places = bindings(_body(scope)).get(name, [])
        if any(not (p.unconditional and p.imported == imported and p.line < line) for p in places):
            return True
    return False


def _body(scope: ast.AST) -> Sequence[ast.AST]:
    match scope:
        case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body) | ast.ClassDef(body=body):
            return body
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return scope.generators
    return ()


@functools.lru_cache(maxsize=2)
def _of_module(tree: ast.Module) -> Mapping[str, list[Binding]]:
    return bindings(tree.body)


@functools.lru_cache(maxsize=2)
def _globals(tree: ast.Module) -> frozenset[str]:
    """The names that some function declares to be those of the module."""
    return frozenset(name for node in walk(tree) if isinstance(node, ast.Global) for name in node.names)


def import_edit(lines: Lines, tree: ast.Module, path: str, wanted: str) -> Edit:
    """The edit that imports `wanted` in the way of the file: in its group, sorted, or into a line that is there."""
    holder, _, name = wanted.rpartition(".")
    head = _leading_imports(tree)
    if holder:
        for statement in head:
            grown = _grown(lines, statement, holder, name)
            if grown is not None:
                return lines.edit(path, statement.lineno, statement.lineno, [grown])
    text = f"from {holder} import {name}" if holder else f"import {wanted}"
    line, before, after = _place(lines, tree, head, wanted, from_import=bool(holder))
    return lines.edit(path, line, line - 1, [*[""] * before, text, *[""] * after])


_Import = ast.Import | ast.ImportFrom


def _leading_imports(tree: ast.Module) -> list[_Import]:
    found: list[_Import] = []
    for index, statement in enumerate(tree.body):
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            if not (isinstance(statement, ast.ImportFrom) and statement.module == "__future__"):
                found.append(statement)
        elif not (index == 0 and _is_docstring(statement)):
            break
    return found


def definition_edits(
    lines: Lines, tree: ast.Module, path: str, around: Sequence[ast.AST], text: str
) -> list[Edit]:
    """The edit that adds a module-level assignment behind the imports; none when the module has the very same.

    Raises NameTakenError when its name is something else in the module or in the scopes `around`.
    """
    (statement,) = ast.parse(text).body
    (name,) = bindings([statement])
    if any(name in _parameters(s.args) for s in around if isinstance(s, _FUNCTIONS)) or any(
        name in bindings(_body(scope)) for scope in around
    ):
        raise NameTakenError(f"`{name}` is something else at the place of use")
    if name in _of_module(tree):
        if any(ast.unparse(each) == ast.unparse(statement) for each in tree.body):
            return []
        raise NameTakenError(f"`{name}` is something else in the module")
    head = _leading_imports(tree)
    if head:
        line = _after(head[-1])
        return [
            lines.edit(path, line, line - 1, ["", text.rstrip("\n"), *([] if _blank(lines, line) else [""])])
        ]
    line, before, after = _without_imports(lines, tree)
    return [lines.edit(path, line, line - 1, [*[""] * before, text.rstrip("\n"), *[""] * after])]


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _grown(lines: Lines, statement: _Import, holder: str, name: str) -> str | None:
    """The line of a plain `from holder import …` with `name` added, when it is one line and stays short."""
    if not isinstance(statement, ast.ImportFrom) or statement.level or statement.module != holder:
        return None
    text = lines.contents[statement.lineno - 1]
    found = re.fullmatch(
        r"from\s+[\w.]+\s+import\s+(\w+(?:\s+as\s+\w+)?(?:\s*,\s*\w+(?:\s+as\s+\w+)?)*)", text
    )
    if found is None:
        return None
    names = [part.strip() for part in found[1].split(",")]
    key = _order(names)
    names = sorted([*names, name], key=key) if names == sorted(names, key=key) else [*names, name]
    grown = text[: found.start(1)] + ", ".join(names)
    return grown if len(grown) <= _WIDTH else None


def _order(names: Sequence[str]) -> Callable[[str], Any]:
    """The order the names are in: isort's (constants, classes, the rest) or the alphabet's."""

    def by_kind(name: str) -> tuple[int, str]:
        kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
        return kind, name

    return by_kind if list(names) == sorted(names, key=by_kind) else str.lower


def _kind(module: str, level: int = 0) -> int:
    """0 standard library, 1 others, 2 relative."""
    if level:
        return 2
    return 0 if module.partition(".")[0] in sys.stdlib_module_names else 1


def _of(statement: _Import) -> tuple[int, bool, str]:
    """(kind, is a from-import, module)."""
    if isinstance(statement, ast.ImportFrom):
        return _kind(statement.module or "", statement.level), True, (statement.module or "").lower()
    name = statement.names[0].name
    return _kind(name), False, name.lower()


def _place(
    lines: Lines, tree: ast.Module, head: Sequence[_Import], wanted: str, *, from_import: bool
) -> tuple[int, int, int]:
    """(line to insert before, blank lines in front, blank lines behind)."""
    module = wanted.rpartition(".")[0] if from_import else wanted
    kind = _kind(module)
    group = [(statement, *_of(statement)[1:]) for statement in head if _of(statement)[0] == kind]
    if group:
        same = [(statement, name) for statement, is_from, name in group if is_from == from_import]
        smaller = [statement for statement, name in same if name < module.lower()]
        if smaller:
            return _after(smaller[-1]), 0, 0
        if same:
            return same[0][0].lineno, 0, 0
        return (_after(group[-1][0]) if from_import else group[0][0].lineno), 0, 0
    earlier = [statement for statement in head if _of(statement)[0] < kind]
    if earlier:
        return _after(earlier[-1]), 1, 0 if _blank(lines, _after(earlier[-1])) else 1
    if head:
        return head[0].lineno, 0, 1
    return _without_imports(lines, tree)


def _without_imports(lines: Lines, tree: ast.Module) -> tuple[int, int, int]:
    first: ast.stmt | None = None
    for index, statement in enumerate(tree.body):
        future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if not (future or (index == 0 and _is_docstring(statement))):
            break
        first = statement
    if first is not None:
        line = _after(first)
        return line, 1, 0 if _blank(lines, line) else 1
    line = _first_line(tree.body[0]) if tree.body else len(lines.contents) + 1
    while line > 2 and lines.contents[line - 2].startswith("#") and not _opens_file(lines, line - 1):
        line -= 1
    definition = bool(tree.body) and isinstance(
        tree.body[0], (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    )
    return line, 0, 2 if definition else 1


def _opens_file(lines: Lines, line: int) -> bool:
    """Whether the comment on `line` belongs to a block that starts the file (shebang, licence)."""
    return all(content.startswith("#") for content in lines.contents[:line])


def _after(statement: ast.stmt) -> int:
    return (statement.end_lineno or statement.lineno) + 1


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _blank(lines: Lines, line: int) -> bool:
    return line > len(lines.contents) or not lines.contents[line - 1].strip()


class Names(Struct, frozen=True):
    """The global names of a module: those that something in it, or Python, binds, and those used without that."""

    bound: frozenset[str]
    unbound: frozenset[str]


def names(text: str) -> Names:
    """Raises SyntaxError, RecursionError."""
    top = symtable.symtable(text, "<module>", "exec")
    bound = set(dir(builtins)) | {"__file__", "__path__"}
    used: set[str] = set()
    stack: list[symtable.SymbolTable] = [top]
    while stack:
        table = stack.pop()
        for symbol in table.get_symbols():
            is_global = table is top or symbol.is_global()
            if is_global and (symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()):
                bound.add(symbol.get_name())
            elif is_global and symbol.is_referenced():
                used.add(symbol.get_name())
        stack.extend(table.get_children())
    return Names(frozenset(bound), frozenset(used - bound))


def difference(before: Names, after: Names) -> Names:
    """What is bound after and was not before, and what is used unbound and was not."""
    return Names(after.bound - before.bound, after.unbound - before.unbound)


def misplaced_await(tree: ast.AST) -> bool:
    """Whether an `await`, `async for` or `async with` stands where Python refuses it (outside an async function)."""
    stack: list[tuple[ast.AST, bool]] = [(tree, False)]
    while stack:
        node, is_async = stack.pop()
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)) and not is_async:
            return True
        if isinstance(node, ast.comprehension) and node.is_async and not is_async:
            return True
        children = children_of(node)
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            body = node.body if isinstance(node.body, list) else [node.body]
            inside = {id(child) for child in body}
            stack.extend(
                (child, isinstance(node, ast.AsyncFunctionDef) if id(child) in inside else is_async)
                for child in children
            )
        else:
            stack.extend((child, is_async) for child in children)
    return False
