from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rules import libraries
from rules.engine.costs import estimates
from rules.engine.costs.wait_runs import Block, blocks, runs
from rules.engine.costs.wait_steps import Step, changes, outermost_await
from rules.engine.costs.waits import (
    Wait,
    read_of,
    wait_of,
    without_bound,
)
from rules.engine.data.counted_pages import counted_page
from rules.engine.data.reads_in_row import reads_in_row
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.walking import names_loaded, names_stored, walk
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    from rules.engine.module import Module


_NAMED = 3
_VERY_MANY = 6
_MANY = 3
"""So many questions to one session, one after another, are worth a hint."""


class SequentialIndependentAwaits(Rule):
    """Answers that do not need each other are awaited one after another, so the request takes as long as all together.

    The second call starts when the first has been answered, though nothing of the answer goes into it. Three calls of
    100 ms take 300 ms; at once they take 100 ms.

    ## Instead
    Await them at once: `first, second = await asyncio.gather(one(), other())`; from Python 3.11 on
    `asyncio.TaskGroup` also cancels the others when one fails.

    ## Trade-offs
    The second call is made even when the first fails, and with `gather` goes on meanwhile. A database session cannot be shared
    between them. Under full load, when the processor is busy, the gain shrinks to some tens of percent.

    ## Monitor
    p50 of the endpoint; span waterfall.

    ## When to ignore it
    When the order matters for a reason the code does not show, or the other side allows one call at a time.
    """

    code = "FP110"
    per_request = True
    paid_by_misses = True
    about_own_line = True
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "p50 of the endpoint and its span waterfall"

    invalid = (
        Invalid(
            """
            import httpx
            from fastapi import FastAPI

            app = FastAPI()
            client = httpx.AsyncClient()

            @app.get("/offer")
            async def offer(number: str) -> dict[str, float]:
                rate = await client.get("https://rates.example/latest")
                stock = await client.get(f"https://stock.example/{number}")
                return {"rate": rate.json()["eur"], "stock": stock.json()["level"]}
            """,
            fixed="""
            import asyncio

            import httpx
            from fastapi import FastAPI

            app = FastAPI()
            client = httpx.AsyncClient()

            @app.get("/offer")
            async def offer(number: str) -> dict[str, float]:
                rate, stock = await asyncio.gather(
                    client.get("https://rates.example/latest"),
                    client.get(f"https://stock.example/{number}"),
                )
                return {"rate": rate.json()["eur"], "stock": stock.json()["level"]}
            """,
        ),
    )
    valid = (
        Valid(
            """
            import httpx
            from fastapi import FastAPI

            app = FastAPI()
            client = httpx.AsyncClient()

            @app.get("/offer")
            async def offer(number: str) -> float:
                stock = await client.get(f"https://stock.example/{number}")
                price = await client.get(f"https://prices.example/{stock.json()['price_list']}")  # needs the first
                return price.json()["eur"]
            """
        ),
    )

    def check(self, node: ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        if not module.runs_on_event_loop(node):
            return
        for block in blocks(node):
            for run in runs(block, module):
                is_sure = not any(step.is_doubtful for step in run) and _are_asked_for(run, node)
                fix = _fix(block, run) if is_sure else None
                yield self.match([step.wait for step in run], module, fix=fix, is_sure=is_sure)
            for statement in block.statements:
                if (waits := _displayed(statement, module)) is not None:
                    yield self.match(waits, module, fix=None)
        yield from tuple(_of_session(node, module)) or _of_page(node, module)
        yield from _of_store(node, module)

    def match(self, waits: Sequence[Wait], module: Module, *, fix: Fix | None, is_sure: bool = True) -> Match:
        first, last = waits[0], waits[-1]
        names = [f"`{spelled(wait.call.func)}`" for wait in waits]
        calls = ", ".join(f"{spelled(wait.call.func)}(…)" for wait in waits[:_NAMED])
        calls += ", …" if len(waits) > _NAMED else ""
        if len(names) > _NAMED:
            names = [*names[:_NAMED], f"{len(names) - _NAMED} more"]
        listed = (
            f"{', '.join(names[:-1])} and {names[-1]}"
            if len(set(names)) > 1
            else f"{len(waits)} calls of {names[0]}"
        )
        return Match(
            first.call,
            f"{listed} wait one after another (lines {_line(first, module)} to {_line(last, module, end=True)}),"
            " and none needs the other's answer.",
            confidence=Confidence.LIKELY
            if is_sure
            and not any(wait.rarely or wait.presumed or wait.stored for wait in waits)
            and not is_seldom(first.call, module)
            else Confidence.POSSIBLE,
            fix=fix,
            call_path=first.call_path(module),
            impact=estimates.awaits_in_sequence(module.options, len(waits)),
            instead=f"Await them at once: `await asyncio.gather({calls})`; from Python 3.11 on `asyncio.TaskGroup` also cancels the"
            " others when one fails.",
        )


def _of_session(function: ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
    """A page of figures for which one session is asked several times, each time waiting for the answer."""
    if not module.in_request_path(function):
        return
    rows = [
        row if len(row) >= _VERY_MANY else [each for each in row if not _lets_in(each, module)]
        for row in reads_in_row(function, module)
    ]
    reads = next((row for row in rows if len(row) >= _MANY), None)
    if reads is None or any(
        libraries.is_pooled(query) for read in reads if (query := module.query(read)) is not None
    ):
        return
    first, last = reads[0], reads[-1]
    yield Match(
        first,
        f"`{function.name}` asks the database {len(reads)} times, one after another (lines {first.lineno} to {last.lineno}), and no"
        " question needs another's answer: each is a round trip.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # each may be quick, and one connection is all that a request should take
        siblings=tuple(sorted({each.lineno for each in reads} - {first.lineno})),
        impact=estimates.awaits_in_sequence(module.options, len(reads)),
        instead="Ask with one statement for what belongs together, or give independent reads a session of their own each and await"
        " them at once: one session serves one statement at a time.",
    )


def _of_page(function: ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
    """A page of rows, and how many there are in all, asked one after the other."""
    found = counted_page(function, module) if module.in_request_path(function) else None
    if found is None:
        return
    first, second = found
    yield Match(
        first,
        f"`{function.name}` counts rows and reads a page of them in two questions, one after the other (lines {first.lineno} and"
        f" {second.lineno}): the request waits for two round trips, and the database filters the same rows twice.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # where few rows are left, or an index answers, each is quick
        siblings=(second.lineno,),
        impact=estimates.awaits_in_sequence(module.options, len(found)),
        instead="Have one statement answer both, with `func.count().over()` beside the columns of the page; or give each a session of"
        " its own and await them at once.",
    )


def _lets_in(read: ast.Call, module: Module) -> bool:
    """Whether an error or an early answer follows where a question has no answer: the others are only asked when it has one."""
    statement = module.statement(read)
    body = getattr(module.parent(statement), "body", None) if statement is not None else None
    if (
        not isinstance(statement, ast.Assign | ast.AnnAssign)
        or not isinstance(body, list)
        or statement not in body
    ):
        return False
    bound = names_stored(statement)
    for each in body[body.index(statement) + 1 :]:
        if names_loaded(each) & bound:
            if isinstance(each, ast.If):
                return isinstance(each.body[-1], ast.Raise | ast.Return)
            if isinstance(each, ast.Expr) and isinstance(each.value, ast.Call):
                return module.callee(each.value) is not None  # `must_exist(order)`
            if not isinstance(each, ast.Assign):
                return False
            bound |= names_stored(each)  # `order = found.scalar_one_or_none()`
    return False


def _of_store(function: ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
    """`await cache.get("score")`, `await cache.get("level")`, `await cache.get("badge")`: a pipeline sends them at once."""
    rows = reads_in_row(function, module, of_stores=True) if module.in_request_path(function) else []
    if not rows:
        return
    reads = rows[0]
    first, last = reads[0], reads[-1]
    yield Match(
        first,
        f"`{function.name}` sends {len(reads)} commands to the store one after another (lines {first.lineno} to {last.lineno}), and none"
        " needs another's answer: each is a round trip.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # beside it each is quick
        siblings=tuple(sorted({each.lineno for each in reads} - {first.lineno})),
        impact=estimates.awaits_in_sequence(module.options, len(reads)),
        instead="Send them together: `async with client.pipeline(transaction=False) as pipe`, one `await pipe.execute()`; several"
        " plain keys are one `mget`.",
    )


def _are_asked_for(run: Sequence[Step], function: ast.AsyncFunctionDef) -> bool:
    """Whether something reads what each step but the last binds: one whose answer nobody wants is made for what it changes,
    which the next may need (`_ = await refresh()`)."""
    read = {
        each.id for each in walk(function) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)
    }
    return all(
        not isinstance(step.statement, ast.Assign | ast.AnnAssign) or step.bound & (read | {"self"})
        for step in run[:-1]
    )


def _line(wait: Wait, module: Module, *, end: bool = False) -> int:
    place: ast.stmt | ast.expr | None = module.statement(wait.call)
    if place is None or isinstance(place, ast.Return):
        place = wait.call  # one of several in a display
    return (place.end_lineno or place.lineno) if end else place.lineno


def _displayed(statement: ast.stmt, module: Module) -> list[Wait] | None:
    """The awaited calls that one call, list or dictionary is made of: `Stats(users=await …, orders=await …)`, also further
    inside, `sorted(allowed(users=await …, orders=await …))`."""
    if not isinstance(statement, ast.Return | ast.Assign | ast.AnnAssign) or statement.value is None:
        return None
    for value in _made_once(statement.value):
        waits = _parts_awaited(value, module)
        if waits is not None:
            return waits
    return None


def _made_once(value: ast.expr) -> Iterator[ast.expr]:
    """A value and all that it is made of, but for what is made for each item or only sometimes."""
    pending: list[ast.expr] = [value]
    for each in pending:  # grows while we go
        yield each
        match each:
            case ast.Lambda() | ast.BoolOp() | ast.IfExp():
                continue
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                pending.append(each.generators[0].iter)
            case ast.Call(args=args, keywords=keywords):
                pending += [*args, *(keyword.value for keyword in keywords)]
            case _:
                pending += [inner for inner in ast.iter_child_nodes(each) if isinstance(inner, ast.expr)]


def _parts_awaited(value: ast.expr, module: Module) -> list[Wait] | None:
    match value:
        case ast.Call(args=args, keywords=keywords):
            parts = [*args, *(keyword.value for keyword in keywords)]
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Dict(values=parts):
            pass
        case _:
            return None
    waits = []
    for part in parts:
        awaited = outermost_await(part)
        if awaited is None:
            continue
        if not isinstance(awaited.value, ast.Call):
            return None
        call = without_bound(awaited.value, module)
        if changes(call, module):
            return None
        if any(isinstance(inner, ast.Await) for inner in walk(call)):
            return None
        wait = wait_of(call, module) or read_of(call, module)
        if wait is None:
            return None
        waits.append(wait)
    return waits if len(waits) > 1 else None


def _fix(block: Block, run: Sequence[Step]) -> Fix | None:
    """One `gather` in the place of the statements, where each only binds one name."""
    if not block.is_body or not all(step.plain and isinstance(step.statement, ast.Assign) for step in run):
        return None
    if len({name for step in run for name in step.bound}) != len(run):
        return None
    if not isinstance(block.owner, ast.AsyncFunctionDef | ast.If | ast.With | ast.AsyncWith | ast.Try):
        return None
    position = block.statements.index(run[0].statement)
    if block.statements[position : position + len(run)] != [step.statement for step in run]:
        return None  # what is noted between them has to move too
    return Fix(
        _gathered(position, len(run), len(block.statements)),
        imports=("asyncio",),
        safety=Safety.UNSAFE,
        target=block.owner,
    )


def _gathered(position: int, count: int, length: int) -> Callable[[Any], Any]:
    def rewrite(owner: Any) -> Any:
        import libcst as cst

        body = getattr(owner.body, "body", ())
        lines = body[position : position + count]
        if len(body) != length or not all(_binds_an_await(line) for line in lines):
            return owner
        if any(line.leading_lines for line in lines[1:]) or any(
            line.trailing_whitespace.comment for line in lines
        ):
            return owner  # comments would lose their places
        parts = [line.body[0] for line in lines]
        indent = cst.ParenthesizedWhitespace(
            indent=True, last_line=cst.SimpleWhitespace("    "), first_line=cst.TrailingWhitespace()
        )
        end = cst.ParenthesizedWhitespace(indent=True, first_line=cst.TrailingWhitespace())
        arguments = [
            cst.Arg(
                part.value.expression,
                comma=cst.Comma(whitespace_after=end if number == count else indent),
            )
            for number, part in enumerate(parts, 1)
        ]
        call = cst.Call(cst.parse_expression("asyncio.gather"), arguments, whitespace_before_args=indent)
        targets = cst.Tuple(
            [
                cst.Element(
                    part.targets[0].target,
                    comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
                    if number < count
                    else cst.MaybeSentinel.DEFAULT,
                )
                for number, part in enumerate(parts, 1)
            ],
            lpar=[],
            rpar=[],
        )
        together = lines[0].with_changes(body=[cst.Assign([cst.AssignTarget(targets)], cst.Await(call))])
        return owner.with_changes(
            body=owner.body.with_changes(body=[*body[:position], together, *body[position + count :]])
        )

    return rewrite


def _binds_an_await(line: Any) -> bool:
    import libcst as cst

    return (
        isinstance(line, cst.SimpleStatementLine)
        and len(line.body) == 1
        and isinstance(line.body[0], cst.Assign)
        and isinstance(line.body[0].value, cst.Await)
    )
