from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.loop_shapes import gone_over, iterables, shortened
from rules.engine.reading.spelling import last_name, names_bound
from rules.engine.reading.walking import names_in, walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.one_at_a_time import lambda_entry

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module
    from rules.engine.reading.scopes import LoopNode

_CONCAT = frozenset({"pandas.concat"})
_ROW_BY_ROW = frozenset({"pandas.DataFrame.iterrows"})
_DEEPEST = 3
_LISTS = ("list", "List", "Sequence", "typing.List", "typing.Sequence")


class HeavyComputeInRequest(Rule):
    """Work that grows with the square of the data, or makes an object of every row, is quick in tests and slow in production.

    `x in names` looks through the whole list: in a loop over as many items a thousand of each are a million comparisons, ten
    thousand a hundred million. `pandas.concat` in a loop copies all rows so far at each turn, and `iterrows` makes an object of
    every row. `data += chunk` of `bytes` copies all that came before as well.

    ## Instead
    Make a `set` of the list once, before the loop. Collect the parts in a list and concatenate them once
    (`b"".join(chunks)`), or let a `bytearray` grow. Use column operations
    in the place of `iterrows`, or `itertuples`, which is several times faster.

    ## Trade-offs
    A set needs items that can be hashed, and memory for a second copy.

    ## Monitor
    Processor time per request against the size of its data.

    ## When to ignore it
    When the list has a few dozen items by contract.
    """

    code = "FP702"
    per_request = True
    paid_by_misses = True
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "processor time per request against the size of its data"

    invalid = (
        Invalid(
            """
            from fastapi import FastAPI

            app = FastAPI()

            @app.post("/missing")
            def missing(wanted: list[str], known: list[str]) -> list[str]:
                return [number for number in wanted if number not in known]
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import FastAPI

            app = FastAPI()

            @app.post("/missing")
            def missing(wanted: list[str], known: list[str]) -> list[str]:
                there = set(known)
                return [number for number in wanted if number not in there]
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name in _CONCAT or callee.name in _ROW_BY_ROW

    def check(self, node: ast.Compare | ast.Call | ast.AugAssign, module: Module) -> Iterator[Match]:
        if isinstance(node, ast.AugAssign) and not isinstance(node.target, ast.Name):
            return
        if not module.in_request_path(node):
            return
        if isinstance(node, ast.AugAssign):
            yield from self.appended(node, module)
            return
        if isinstance(node, ast.Compare):
            yield from self.membership(node, module)
            return
        name = module.qualified_name(node.func)
        if name in _CONCAT and module.is_repeated(node) and _grows(node, module):
            yield Match(
                node,
                f"`{module.segment(node.func)}` in a loop copies all rows so far at each turn: the time grows with the square of"
                " the turns.",
                instead="Collect the parts in a list and concatenate them once, behind the loop.",
            )
        elif name in _ROW_BY_ROW:
            yield Match(
                node,
                f"`{module.segment(node.func)}` makes an object of every row: a loop over it is a hundred times slower than an"
                " operation on the column.",
                confidence=Confidence.POSSIBLE,  # how many rows there are nobody sees, and each takes the same
                instead="Use column operations, or `itertuples()` where a loop is needed.",
            )

    def appended(self, node: ast.AugAssign, module: Module) -> Iterator[Match]:
        """`data += chunk` of `data = b""`, in a loop that only ever adds to it."""
        loops = module.loops(node)
        function = module.function_of(node)
        if (
            not isinstance(node.op, ast.Add)
            or not isinstance(node.target, ast.Name)
            or not loops
            or function is None
            or module.is_short(loops[-1])
            or not _only_grows(node.target.id, loops[-1], function.node)
        ):
            return
        yield Match(
            node,
            f"`{shortened(module.segment(node))}` copies all of `{node.target.id}` so far at each turn, for `bytes` cannot grow:"
            " the time grows with the square of the size.",
            # Ten megabytes in pieces of 64 kB took a second, forty took 17: who sends a file sends that much.
            severity=self.severity if _streams(loops[-1]) else Severity.LOW,
            # On Lambda a body arrives in one piece.
            confidence=Confidence.LIKELY
            if _streams(loops[-1]) and not lambda_entry(module.path, module.project)
            else Confidence.POSSIBLE,
            instead=f"Let it grow in place: `{node.target.id} = bytearray()` before the loop; or collect the parts in a list and"
            ' `b"".join(parts)` behind it.',
        )

    def membership(self, node: ast.Compare, module: Module) -> Iterator[Match]:
        if len(node.ops) != 1 or not isinstance(node.ops[0], ast.In | ast.NotIn):
            return
        listed = node.comparators[0]
        if not isinstance(listed, ast.Name):
            return
        function = module.function_of(node)
        loops = module.loops(node)
        if (
            function is None
            or isinstance(function.node, ast.Lambda)
            or not loops
            or module.is_short(loops[-1])
        ):
            return
        if not module.depends_on_loop(node.left, loops[-1]) or not _is_data(loops[-1], function.node, module):
            return
        if not _is_long_list(listed.id, function.node, module) or _changes_within(listed.id, loops[0]):
            return
        source = gone_over(loops[-1], module.segment) if iterables(loops[-1]) else "the loop"
        yield Match(
            node,
            f"`{shortened(module.segment(node))}` looks through all of `{listed.id}` for each item of `{source}`: the time grows"
            " with the product of both.",
            severity=Severity.LOW,
            confidence=Confidence.LIKELY,
            instead=f"Make `set({listed.id})` once before the loop, and look there.",
        )


def _streams(loop: LoopNode) -> bool:
    """Whether the loop takes in what comes as long as somebody sends: `async for chunk in …`, `while chunk := …read()`."""
    return isinstance(loop, (ast.AsyncFor, ast.While))


def _only_grows(name: str, loop: LoopNode, function: ast.AST) -> bool:
    """Whether a local starts as empty `bytes` outside of the loop, and nothing in the loop empties or cuts it."""
    within = set(walk(loop))
    if any(
        isinstance(target, ast.Name) and target.id == name and isinstance(target.ctx, ast.Store)
        for node in within
        for target in _stored(node)
    ):
        return False
    starts = [
        node.value
        for node in walk(function)
        if node not in within
        and any(isinstance(each, ast.Name) and each.id == name for each in _stored(node))
        if isinstance(node, (ast.Assign, ast.AnnAssign))
    ]
    return bool(starts) and all(value is not None and _is_empty_bytes(value) for value in starts)


def _stored(node: ast.AST) -> Iterator[ast.AST]:
    """What an assignment, not one that adds, binds."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from walk(target)
    elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
        yield node.target
    elif isinstance(node, ast.Delete):
        for target in node.targets:
            yield target


def _is_empty_bytes(value: ast.expr) -> bool:
    match value:
        case ast.Constant(value=bytes()) | ast.Call(func=ast.Name(id="bytes"), args=[]):
            return True
    return False


def _is_data(loop: LoopNode, function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> bool:
    """Whether the loop goes over rows or over a list that came with the request."""
    return any(
        isinstance(iterable, ast.Name) and _is_long_list(iterable.id, function, module)
        for iterable in iterables(loop)
    )


def _is_long_list(
    name: str, function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module, depth: int = 0
) -> bool:
    """Whether a name is a list of a length that nobody bounds: of the request's body, or of a query's rows."""
    arguments = function.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if argument.arg == name:
            listed = argument.annotation is not None and ast.unparse(argument.annotation).startswith(_LISTS)
            return listed and str(module.role(function) or "") == "endpoint" and not _rebound(name, function)
    bound = [
        node.value for node in walk(function) if isinstance(node, ast.Assign) and name in names_bound(node)
    ]
    return depth < _DEEPEST and len(bound) == 1 and _is_rows(bound[0], name, function, module, depth)


def _is_rows(
    value: ast.expr, name: str, function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module, depth: int
) -> bool:
    """`session.scalars(...).all()`, or a list made of such rows."""
    if isinstance(value, ast.ListComp):
        first = value.generators[0].iter
        return (
            isinstance(first, ast.Name)
            and first.id != name
            and _is_long_list(first.id, function, module, depth + 1)
        )
    if isinstance(value, ast.SetComp | ast.DictComp) or (
        isinstance(value, ast.Call) and last_name(value.func) in ("set", "frozenset", "dict")
    ):
        return False
    text = ast.unparse(value)
    if ".all()" not in text and ".fetchall()" not in text:
        return False
    return "limit(" not in text and any(
        isinstance(node, ast.Call) and (query := module.query(node)) is not None and query.kind == "select"
        for node in walk(value)
    )


def _rebound(name: str, function: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        for node in walk(function)
    )


def _changes_within(name: str, loop: ast.AST) -> bool:
    """Whether the loop itself changes the list, so that a set made before would be out of date."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == name
        for node in walk(loop)
    )


def _grows(call: ast.Call, module: Module) -> bool:
    """`frame = pandas.concat([frame, part])` within a loop."""
    statement = module.statement(call)
    if not isinstance(statement, ast.Assign) or not call.args:
        return False
    return not names_bound(statement).isdisjoint(names_in(call.args[0]))
