"""Rewrites that many rules need, for `Fix(rewrite=…)`.

Each takes and returns libcst nodes and keeps the layout of what it moves. New code names imports in full
(`asyncio.to_thread`); the engine writes the file's own name for them. A rewrite that does not fit
a place returns the node it was given, which means: no fix.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import libcst as cst

# libcst takes a quarter of a second to import, so it is imported when there is something to fix.


def awaited(function: str) -> Callable[[cst.Call], cst.BaseExpression]:
    """`time.sleep(1)` -> `await asyncio.sleep(1)`: another function, awaited, with the same arguments."""

    def rewrite(call: cst.Call) -> cst.BaseExpression:
        import libcst as cst

        return cst.Await(call.with_changes(func=cst.parse_expression(function)))

    return rewrite


def in_thread(offload: str = "asyncio.to_thread") -> Callable[[cst.Call], cst.BaseExpression]:
    """`f(a, b=1)` -> `await asyncio.to_thread(f, a, b=1)`, or with another primitive that passes arguments on."""

    def rewrite(call: cst.Call) -> cst.BaseExpression:
        import libcst as cst

        if any(arg.keyword and arg.keyword.value == "func" for arg in call.args):
            return call  # the primitive's own parameter has that name
        function = cst.Arg(call.func)
        if call.args:
            function = function.with_changes(comma=cst.Comma(whitespace_after=_gap(call)))
        return cst.Await(
            cst.Call(
                func=cst.parse_expression(offload),
                args=[function, *_parenthesised(call.args)],
                whitespace_before_args=call.whitespace_before_args,
            )
        )

    return rewrite


def called_later(
    position: int | str = 0, *, passes_keywords: bool = True
) -> Callable[[cst.Call], cst.BaseExpression]:
    """`to_thread(f(a, b=1))` -> `to_thread(f, a, b=1)`: hand the function over instead of its result.

    `position` is the index of the callable among the arguments, or its keyword (then the arguments go into `args=`
    and `kwargs=`, as `threading.Thread` wants them). Where the primitive does not pass keywords on they are
    bound with `functools.partial`, which then belongs into the fix's imports.
    """

    def rewrite(call: cst.Call) -> cst.BaseExpression:
        import libcst as cst

        index = _index(call, position)
        if index is None or not isinstance(inner := call.args[index].value, cst.Call):
            return call
        others = call.args[index + 1 :]
        if isinstance(position, str):
            added = _as_args_and_kwargs(inner)
            taken = {arg.keyword.value for arg in call.args if arg.keyword}
            if taken & {"args", "kwargs"} or added is None:
                return call
            head = [*call.args[:index], call.args[index].with_changes(value=inner.func)]
            return call.with_changes(args=_separated([*head, *added, *others]))
        if any(arg.keyword is None for arg in others) or (others and passes_keywords):
            return call  # they would reach the inner function
        own = _parenthesised(inner.args)
        if not passes_keywords and any(arg.keyword or arg.star == "**" for arg in own):
            partial = cst.Call(
                cst.parse_expression("functools.partial"), _separated([cst.Arg(inner.func), *own])
            )
            own = [cst.Arg(partial)]
        else:
            own = [cst.Arg(inner.func), *own]
        return call.with_changes(args=_separated([*call.args[:index], *own, *others]))

    return rewrite


def with_keyword(name: str, value: str) -> Callable[[cst.Call], cst.BaseExpression]:
    """`get(url)` -> `get(url, timeout=10)`, laid out as the arguments that are there."""

    def rewrite(call: cst.Call) -> cst.BaseExpression:
        import libcst as cst

        if any(arg.keyword and arg.keyword.value == name for arg in call.args):
            return call
        added = cst.Arg(
            keyword=cst.Name(name),
            value=cst.parse_expression(value),
            equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
        )
        if not call.args:
            return call.with_changes(args=[added])
        *args, last = _parenthesised(call.args)
        if isinstance(last.comma, cst.Comma):
            closing = last.comma.whitespace_after
            gap = _gap(call)
            if isinstance(closing, cst.ParenthesizedWhitespace) and isinstance(
                gap, cst.ParenthesizedWhitespace
            ):
                gap = gap.with_changes(first_line=closing.first_line)  # a comment stays with its argument
                closing = _without_comment(closing)
            last = last.with_changes(comma=last.comma.with_changes(whitespace_after=gap))
            added = added.with_changes(comma=cst.Comma(whitespace_after=closing))
        else:
            added = added.with_changes(whitespace_after_arg=last.whitespace_after_arg)
            last = last.with_changes(
                comma=cst.Comma(whitespace_after=_gap(call)), whitespace_after_arg=cst.SimpleWhitespace("")
            )
        return call.with_changes(args=[*args, last, added])

    return rewrite


def without_keyword(name: str) -> Callable[[cst.Call], cst.BaseExpression]:
    """`get(url, verify=False)` -> `get(url)`: the call without one of its keyword arguments."""

    def rewrite(call: cst.Call) -> cst.BaseExpression:
        import libcst as cst

        left = [arg for arg in call.args if arg.keyword is None or arg.keyword.value != name]
        if len(left) != len(call.args) - 1:
            return call
        if left and call.args[-1] not in left:
            last = call.args[-1]
            ending = last.comma if isinstance(last.comma, cst.Comma) else cst.MaybeSentinel.DEFAULT
            left[-1] = left[-1].with_changes(comma=ending, whitespace_after_arg=last.whitespace_after_arg)
        return call.with_changes(args=left)

    return rewrite


def without_async(function: cst.FunctionDef) -> cst.FunctionDef:
    """`async def f` -> `def f`; nothing else changes, so an `await` inside makes the fix fail its proof."""
    return function if function.asynchronous is None else function.with_changes(asynchronous=None)


def after_loop(loop: ast.For | ast.AsyncFor | ast.While, statement: ast.stmt) -> Callable[[Any], Any]:
    """Moves `statement`, one of the loop's own body, behind the loop. For a fix whose target is the loop."""
    position = next((index for index, each in enumerate(loop.body) if each is statement), None)

    def rewrite(node: cst.For | cst.While) -> cst.CSTNode | cst.FlattenSentinel[Any]:
        import libcst as cst

        if position is None or node.orelse is not None or not isinstance(node.body, cst.IndentedBlock):
            return node
        index = 0
        for line in node.body.body:
            if index == position:
                break
            index += len(line.body) if isinstance(line, cst.SimpleStatementLine) else 1
        else:
            return node
        if index != position or (isinstance(line, cst.SimpleStatementLine) and len(line.body) != 1):
            return node
        rest = [each for each in node.body.body if each is not line]
        if not rest:
            return node
        return cst.FlattenSentinel([node.with_changes(body=node.body.with_changes(body=rest)), line])

    return rewrite


def _index(call: cst.Call, position: int | str) -> int | None:
    if isinstance(position, str):
        named = (i for i, arg in enumerate(call.args) if arg.keyword and arg.keyword.value == position)
        return next(named, None)
    if position >= len(call.args) or any(arg.star or arg.keyword for arg in call.args[: position + 1]):
        return None
    return position


def _gap(call: cst.Call) -> Any:
    """The white space between two arguments of the call: as before the first one when that is on its own line."""
    import libcst as cst

    if isinstance(call.whitespace_before_args, cst.ParenthesizedWhitespace):
        return _without_comment(call.whitespace_before_args)
    return cst.SimpleWhitespace(" ")


def _without_comment(space: cst.ParenthesizedWhitespace) -> cst.ParenthesizedWhitespace:
    import libcst as cst

    return space.with_changes(
        first_line=space.first_line.with_changes(comment=None, whitespace=cst.SimpleWhitespace("")),
        empty_lines=[],
    )


def _parenthesised(args: Sequence[cst.Arg]) -> list[cst.Arg]:
    """The arguments, fit to stand beside others: a bare generator gets its own parentheses."""
    import libcst as cst

    return [
        arg.with_changes(value=arg.value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()]))
        if isinstance(arg.value, cst.GeneratorExp) and not arg.value.lpar
        else arg
        for arg in args
    ]


def _separated(args: Sequence[cst.Arg]) -> list[cst.Arg]:
    """The arguments with a comma between each two; the last one keeps what it has."""
    import libcst as cst

    *head, last = args
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    return [
        *(arg if isinstance(arg.comma, cst.Comma) else arg.with_changes(comma=comma) for arg in head),
        last,
    ]


def _as_args_and_kwargs(inner: cst.Call) -> list[cst.Arg] | None:
    """`args=(a,)` and `kwargs={"b": 1}` for the arguments of a call. None when they cannot be written so."""
    import libcst as cst

    if any(arg.star == "**" for arg in inner.args):
        return None
    tight = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    plain = [arg for arg in _parenthesised(inner.args) if arg.keyword is None]
    named = [arg for arg in inner.args if arg.keyword is not None]
    added = []
    if plain:
        elements = [cst.StarredElement(arg.value) if arg.star else cst.Element(arg.value) for arg in plain]
        if len(elements) == 1:
            elements = [elements[0].with_changes(comma=cst.Comma())]
        added.append(cst.Arg(cst.Tuple(elements), keyword=cst.Name("args"), equal=tight))
    if named:
        pairs = [
            cst.DictElement(cst.SimpleString(f'"{arg.keyword.value}"'), arg.value)
            for arg in named
            if arg.keyword
        ]
        added.append(cst.Arg(cst.Dict(pairs), keyword=cst.Name("kwargs"), equal=tight))
    return added
