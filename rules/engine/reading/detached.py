"""Tasks and futures that nobody waits for, as far as the function shows that makes them."""

from __future__ import annotations

import ast

from rules.engine.reading.index import Index
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

SPAWNING = frozenset({"create_task", "ensure_future", "start_soon"})
HANDING_OVER = frozenset({"run_coroutine_threadsafe", "call_soon_threadsafe"})
"""What gives a coroutine to a loop that runs in another thread."""


def is_detached(index: Index, spawning: ast.Call) -> bool:
    """Whether nobody waits for the task that `create_task(…)` makes, as far as its function shows."""
    scope = index.scope_at(spawning)
    if "TaskGroup" in index.ref(spawning.func, scope) or last_name(spawning.func) == "start_soon":
        return False
    parent = index.parents.get(spawning)
    if isinstance(parent, ast.Expr):
        return True
    if not (isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name)):
        return False
    name = parent.targets[0].id
    for node in walk(scope.node):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            user = index.parents.get(node)
            kept = isinstance(user, ast.Call) and last_name(user.func) in ("add", "discard")
            if not kept and not (isinstance(user, ast.Attribute) and user.attr == "add_done_callback"):
                return False
    return True


def is_let_go(index: Index, submitting: ast.Call) -> bool:
    """Whether nobody in the function waits for the future that `pool.submit(…)` gives, nor for the whole pool."""
    match submitting.func:
        case ast.Attribute(value=(ast.Name() | ast.Attribute()) as pool):
            return is_detached(index, submitting) and not _is_waited_out(index, submitting, ast.unparse(pool))
    return False


def _is_waited_out(index: Index, node: ast.AST, pool: str) -> bool:
    """Whether the function waits until a pool has done everything: `with pool:`, `pool.shutdown()`, `wait(…)`."""
    for each in walk(index.scope_at(node).node):
        match each:
            case ast.withitem(context_expr=entered, optional_vars=bound):
                if pool in (ast.unparse(entered), ast.unparse(bound) if bound is not None else ""):
                    return True
            case ast.Call(func=ast.Attribute(value=owner, attr="shutdown")) if ast.unparse(owner) == pool:
                return True
    return False


def lets_go(index: Index, call: ast.Call, argument: ast.expr) -> bool:
    """Whether a plain function of the file makes a task of `argument` that nobody waits for: `fire_and_forget(send(order))`."""
    name = last_name(call.func)
    if name not in index.letting_go:
        functions = [
            scope.node
            for scope in index.scopes
            if isinstance(scope.node, ast.FunctionDef) and scope.node.name == name
        ]
        index.letting_go[name] = _let_go(index, functions[0]) if len(functions) == 1 else None
    place = index.letting_go[name]
    return place is not None and place < len(call.args) and call.args[place] is argument


def _let_go(index: Index, function: ast.FunctionDef) -> int | None:
    """Which argument a function makes a task of that goes on by itself; the object of a method does not count."""
    given = [each.arg for each in function.args.args]
    bound = int(given[:1] in (["self"], ["cls"]))
    for node in walk(function):
        match node:
            case ast.Call(args=[ast.Name(id=name), *_]) if (
                name in given[bound:] and last_name(node.func) in SPAWNING and is_detached(index, node)
            ):
                return given.index(name) - bound
    return None
