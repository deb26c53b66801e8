"""Objects of a session that are read after its commit made it forget what they hold: an asynchronous one cannot load them again,
another does so one by one."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from rules.engine.linking.roles import Role
from rules.engine.reading.blocks import blocks_of
from rules.engine.reading.loop_shapes import iterables, targets
from rules.engine.reading.rows import MANY, ONE
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.data.tables import Table
    from rules.engine.module import Module

_ADDING = frozenset({"add", "add_all", "merge"})
_GONE = frozenset({"delete", "expunge"})
_READERS = frozenset({"model_validate", "from_orm"})


class Expired(Struct, frozen=True):
    """`name` holds an object of `table` that `node` reads; `commit` made the session forget it."""

    node: ast.AST
    name: str
    table: Table
    commit: ast.Call


def after(commit: ast.Call, module: Module) -> Iterator[Expired]:
    """The first reading of each object after `commit`, in the statements that follow it in its block."""
    statement = module.statement(commit)
    function = module.function_of(commit)
    if statement is None or function is None or isinstance(function.node, ast.Lambda):
        return
    done: set[str] = set()
    for following in _following(statement, module):
        for node in _in_order(following):
            name = node.id
            if name in done:
                continue
            done.add(name)
            table = _held(name, function.node, commit, module)
            read = _reading(node, table, module) if table is not None else None
            if table is not None and read is not None:
                yield Expired(read, name, table, commit)


def each_after(commit: ast.Call, module: Module) -> Expired | None:
    """The first reading of a column of each object of a list after `commit`, in the statements that follow it in its block."""
    statement = module.statement(commit)
    function = module.function_of(commit)
    if statement is None or function is None or isinstance(function.node, ast.Lambda):
        return None
    tables: dict[str, Table | None] = {"": None}
    for following in _following(statement, module):
        nodes = [node for node in walk(following) if isinstance(node, ast.Call | ast.Attribute)]
        for node in sorted(nodes, key=lambda each: (each.lineno, each.col_offset)):
            if isinstance(node, ast.Call):
                if module.query(node) is not None or module.summary(node) is not None:
                    return None  # it may load them
                continue
            name = _gone_over(node, module)
            if name not in tables:
                tables[name] = _listed(name, function.node, commit, module)
            table = tables[name]
            if table is not None and node.attr in table.columns:
                return Expired(node, name, table, commit)
    return None


def _gone_over(read: ast.Attribute, module: Module) -> str:
    """The name of the list of which `read` reads each item; empty when there is none."""
    if not isinstance(read.value, ast.Name) or not isinstance(read.ctx, ast.Load):
        return ""
    for loop in reversed(module.loops(read)):
        if isinstance(loop, ast.While) or module.is_short(loop):
            return ""
        for target, rows in zip(targets(loop), iterables(loop), strict=True):
            if isinstance(target, ast.Name) and target.id == read.value.id:
                return rows.id if isinstance(rows, ast.Name) else ""
    return ""


def _listed(
    name: str, function: ast.FunctionDef | ast.AsyncFunctionDef, commit: ast.Call, module: Module
) -> Table | None:
    """The table of the objects that the session holds and the list `name` lists when it commits; None when that is not certain."""
    place = (commit.lineno, commit.col_offset)
    made: list[ast.expr] = []
    items: list[ast.expr] = []
    added: set[str] = set()
    bound: dict[str, list[ast.Name]] = {}
    for node in walk(function):
        if isinstance(node, ast.Name) and node.id != name and isinstance(node.ctx, ast.Store):
            bound.setdefault(node.id, []).append(node)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            parent = module.parent(node)
            if not isinstance(parent, ast.Assign | ast.AnnAssign) or parent.value is None:
                return None
            made.append(parent.value)
        elif isinstance(node, ast.Call) and (node.lineno, node.col_offset) < place:
            last = last_name(node.func)
            if last in _GONE:
                return None
            if last in _ADDING:
                added |= {argument.id for argument in node.args if isinstance(argument, ast.Name)}
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=filled), attr="append"), args=[item]):
                    items += [item] if filled == name else []
    if len(made) != 1 or (made[0].lineno, made[0].col_offset) > place:
        return None
    (value,) = made
    rows = module.rows(value)
    if rows:
        session = ast.dump(commit.func.value) if isinstance(commit.func, ast.Attribute) else ""
        is_held = any(isinstance(each, ast.expr) and ast.dump(each) == session for each in walk(value))
        is_list = len(rows) == 1 and rows[0].stage == MANY and rows[0].is_async is False and not rows[0].reads
        return rows[0].table if is_held and is_list else None
    if isinstance(value, ast.ListComp):
        items.append(value.elt)
    elif not isinstance(value, ast.List) or value.elts:
        return None
    tables: dict[int, Table] = {}
    for item in items:
        if name not in added and not (isinstance(item, ast.Name) and item.id in added):
            return None
        table = _made(item, bound, module)
        if table is None:
            return None
        tables[id(table)] = table
    return next(iter(tables.values())) if len(tables) == 1 else None


def _made(item: ast.expr, bound: Mapping[str, Sequence[ast.Name]], module: Module) -> Table | None:
    """The table of the object that `Order(…)` makes, or the one statement that gives a name its value."""
    if isinstance(item, ast.Name):
        stores = bound.get(item.id, ())
        statement = module.parent(stores[0]) if len(stores) == 1 else None
        item = statement.value if isinstance(statement, ast.Assign) else item
    return module.table(item.func) if isinstance(item, ast.Call) else None


def _following(statement: ast.stmt, module: Module) -> list[ast.stmt]:
    """What comes after a statement in its block, and after the `try` whose body that is."""
    found: list[ast.stmt] = []
    around: ast.AST | None = module.parent(statement)
    while around is not None:
        for body in blocks_of(around):
            if statement in body:
                found += body[body.index(statement) + 1 :]
        if not isinstance(around, ast.Try) or statement not in around.body:
            break
        statement, around = around, module.parent(around)
    return found


def _in_order(statement: ast.stmt) -> list[ast.Name]:
    """The names of a statement, in the order in which they are written; those in nested functions run later."""
    found: list[ast.Name] = []
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name):
            found.append(node)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            pending.extend(ast.iter_child_nodes(node))
    return sorted(found, key=lambda name: (name.lineno, name.col_offset))


def _held(
    name: str, function: ast.FunctionDef | ast.AsyncFunctionDef, commit: ast.Call, module: Module
) -> Table | None:
    """The table of the object that the session holds under `name` when it commits; None when that is not certain."""
    place = (commit.lineno, commit.col_offset)
    made: list[ast.expr] = []
    added = False
    for node in walk(function):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
            parent = module.parent(node)
            if not isinstance(parent, (ast.Assign, ast.AnnAssign)) or parent.value is None:
                return None
            if (node.lineno, node.col_offset) < place:
                made.append(parent.value)
        elif isinstance(node, ast.Call) and any(
            isinstance(argument, ast.Name) and argument.id == name for argument in node.args
        ):
            last = last_name(node.func)
            if last in _GONE:
                return None
            added = added or (last in _ADDING and (node.lineno, node.col_offset) < place)
    if len(made) != 1:
        return None
    (value,) = made
    rows = module.rows(value)
    if rows and all(loaded.stage == ONE and loaded.is_async is True and not loaded.reads for loaded in rows):
        tables = {id(loaded.table): loaded.table for loaded in rows}
        return next(iter(tables.values())) if len(tables) == 1 else None
    if added and isinstance(value, ast.Call):
        return module.table(value.func)
    return None


def _reading(name: ast.Name, table: Table, module: Module) -> ast.AST | None:
    """What reads the object that `name` holds: an attribute, a response, a schema. None when something may load it again."""
    parent = module.parent(name)
    if isinstance(parent, ast.Attribute) and isinstance(parent.ctx, ast.Load):
        around = module.parent(parent)
        if isinstance(around, ast.Call) and around.func is parent:
            return None
        return parent if parent.attr in table.columns or parent.attr in table.relationships else None
    if isinstance(parent, ast.Return):
        return parent if _responds(name, module) else None
    if isinstance(parent, ast.Call) and name in parent.args and last_name(parent.func) in _READERS:
        return parent
    return None


def _responds(name: ast.Name, module: Module) -> bool:
    """Whether the function is an endpoint whose response model reads what it returns."""
    function = module.function_of(name)
    if module.role(name) is not Role.ENDPOINT or function is None or isinstance(function.node, ast.Lambda):
        return False
    declared: ast.expr | None = function.node.returns
    for decorator in function.node.decorator_list:
        for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
            if keyword.arg == "response_model":
                declared = keyword.value
    return declared is not None and not (isinstance(declared, ast.Constant) and declared.value is None)
