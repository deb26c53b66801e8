"""What a loop is like, read off its source: how often it turns, and over what."""

from __future__ import annotations

import ast
from collections.abc import Callable

FEW = 10
"""A loop with at most so many turns in the source is no loop over data."""

_BATCHES = ("batch", "chunk", "partition", "page", "slice", "bucket")
_WRAPPERS = frozenset({"enumerate", "sorted", "reversed", "list", "set", "tuple"})
# A database's own schema: as long as the source makes it.
_SCHEMA = frozenset(
    {"sorted_tables", "tables", "columns", "relationships", "__table__", "column_attrs", "model_fields"}
    | {"indexes", "constraints", "foreign_keys"}
)
_VIEWS = frozenset({"items", "values", "keys"})
_IDENTIFIERS = ("id", "_id", "uuid", "pk")
_ENDLESS = frozenset({"itertools.count", "itertools.repeat", "itertools.cycle"})


def iterables(loop: ast.AST) -> list[ast.expr]:
    """What a `for` or a comprehension iterates over; empty for `while`."""
    if isinstance(loop, (ast.For, ast.AsyncFor)):
        return [loop.iter]
    generators: list[ast.comprehension] = getattr(loop, "generators", [])
    return [generator.iter for generator in generators]


def targets(loop: ast.AST) -> list[ast.expr]:
    """What a `for` or a comprehension binds each turn."""
    if isinstance(loop, (ast.For, ast.AsyncFor)):
        return [loop.target]
    generators: list[ast.comprehension] = getattr(loop, "generators", [])
    return [generator.target for generator in generators]


def finds_one(made: ast.AST | None) -> bool:
    """`[each for each in profiles if each["id"] == wanted]`: what has one identifier, one item as a rule."""
    if not isinstance(made, (ast.ListComp, ast.SetComp, ast.GeneratorExp)) or len(made.generators) != 1:
        return False
    item = made.generators[0].target
    return isinstance(item, ast.Name) and any(_names_one(test, item.id) for test in made.generators[0].ifs)


def _names_one(test: ast.expr, item: str) -> bool:
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(_names_one(each, item) for each in test.values)
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return False
    for side in (test.left, test.comparators[0]):
        match side:
            case (
                ast.Attribute(value=ast.Name(id=name), attr=key)
                | ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=key))
                | ast.Call(
                    func=ast.Attribute(value=ast.Name(id=name), attr="get"), args=[ast.Constant(value=key)]
                )
            ) if name == item and key in _IDENTIFIERS:
                return True
    return False


def is_short(loop: ast.AST, qualified_name: Callable[[ast.expr], str | None]) -> bool:
    """Whether the number of turns is small or fixed by the source: a literal, `range(3)`, a constant, an enumeration."""
    return any(_is_few(unwrapped(iterable), qualified_name) for iterable in iterables(loop))


def _is_few(iterable: ast.expr, qualified_name: Callable[[ast.expr], str | None]) -> bool:
    match iterable:
        case ast.Call(func=ast.Name(id="zip"), args=zipped):
            return any(_is_few(unwrapped(each), qualified_name) for each in zipped)
        case ast.Name(id=name) | ast.Attribute(attr=name) if name.lstrip("_")[:1].isupper():
            return True
        case ast.Attribute(attr=name) if name in _SCHEMA:
            return True
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            if not any(isinstance(element, ast.Starred) for element in elements):
                return True
        case ast.Dict() | ast.Constant():
            return True
        case ast.Call(func=ast.Name(id="range"), args=bounds):
            if (turns := _turns(bounds)) is not None and turns <= FEW:
                return True
        case ast.Call(func=function) if qualified_name(function) in _ENDLESS:
            return True  # ends by itself: a search for a free name, a retry
    return False


def is_batched(loop: ast.AST) -> bool:
    """Whether each turn takes many items: `range(0, len(ids), 500)`, `chunked(ids, 500)`, `result.partitions()`."""
    for iterable in iterables(loop):
        match iterable:
            case ast.Call(func=ast.Name(id="range"), args=[_, _, _]):
                return True
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if _sounds_batched(name):
                return True
            case ast.Name(id=name) | ast.Attribute(attr=name) if _sounds_batched(name):
                return True
    return any(isinstance(target, ast.Name) and _sounds_batched(target.id) for target in targets(loop))


def is_search(loop: ast.AST) -> bool:
    """Whether the loop counts and leaves at the first success: a retry, or the search for a free name."""
    match loop:
        case ast.For(iter=ast.Call(func=ast.Name(id="range")), body=body):
            return any(_leaves(statement) for statement in body)
    return False


def unwrapped(iterable: ast.expr) -> ast.expr:
    """`xs` of `enumerate(xs)`, `sorted(xs)`, `xs.items()`."""
    while True:
        match iterable:
            case ast.Call(func=ast.Name(id=name), args=[inner, *_]) if name in _WRAPPERS:
                iterable = inner
            case ast.Call(func=ast.Attribute(value=inner, attr=attribute), args=[]) if attribute in _VIEWS:
                iterable = inner
            case _:
                return iterable


def shortened(source: str, width: int = 40) -> str:
    """Source text on one line, cut to `width` characters."""
    line = " ".join(source.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"


def gone_over(loop: ast.AST, segment: Callable[[ast.AST], str]) -> str:
    """What a loop goes over, as a message names it: `rows` of `enumerate(rows)`, `service.orders(…)` where the arguments would
    be cut."""
    inner = unwrapped(iterables(loop)[0])
    text = shortened(segment(inner))
    called = inner.value if isinstance(inner, ast.Await) else inner
    return f"{spelled(called.func)}(…)" if text.endswith("…") and isinstance(called, ast.Call) else text


def spelled(function: ast.expr, width: int = 60) -> str:
    """A called expression as the reader knows it, arguments left out: `session.query(…).filter(…).all`."""
    parts: list[str] = []
    node: ast.expr = function
    while True:
        match node:
            case ast.Name(id=name):
                parts.append(name)
                break
            case ast.Attribute(value=inner, attr=name):
                parts.append(f".{name}")
                node = inner
            case ast.Call(func=inner):
                parts.append("(…)" if node.args or node.keywords else "()")
                node = inner
            case ast.Subscript(value=inner):
                parts.append("[…]")
                node = inner
            case ast.Await(value=inner):
                node = inner
            case _:
                parts.append("…")
                break
    parts.reverse()
    while len(parts) > 1 and (sum(map(len, parts)) > width or parts[0][0] in "(["):  # the end says most
        del parts[0]
    text = "".join(parts)
    return text if text[:1] != "." else f"…{text}" if "…" in text else text[1:]


def _turns(bounds: list[ast.expr]) -> int | None:
    values = []
    for bound in bounds:
        match bound:
            case ast.Constant(value=int(value)):
                values.append(value)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
                values.append(-value)
            case _:
                return None
    try:
        return len(range(*values))
    except (TypeError, ValueError, OverflowError):
        return None


def _sounds_batched(name: str) -> bool:
    return any(word in name.lower() for word in _BATCHES)


def _leaves(statement: ast.AST) -> bool:
    stack = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.Return, ast.Break)):
            return True
        inner = (
            ast.FunctionDef
            | ast.AsyncFunctionDef
            | ast.Lambda
            | ast.ClassDef
            | ast.For
            | ast.AsyncFor
            | ast.While
        )
        if not isinstance(node, inner):
            stack.extend(ast.iter_child_nodes(node))
    return False


def asks_for_any(count: ast.Compare) -> bool:
    """`len(rows) > 0`, `len(rows) == 0`, `len(rows) < 1`: one row is enough to know."""
    match count:
        case ast.Compare(
            ops=[ast.Gt() | ast.Eq() | ast.NotEq() | ast.LtE()], comparators=[ast.Constant(value=0)]
        ):
            return True
        case ast.Compare(ops=[ast.Lt() | ast.GtE()], comparators=[ast.Constant(value=1)]):
            return True
    return False
