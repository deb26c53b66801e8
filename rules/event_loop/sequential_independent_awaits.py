from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rules.engine.costs import estimates
from rules.engine.costs.waits import (
    Wait,
    asked_on_entry,
    names_loaded,
    names_stored,
    read_of,
    touches_session,
    wait_of,
    without_bound,
    writes,
)
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.traffic import is_seldom
from rules.libraries.llm import ANSWERING

if TYPE_CHECKING:
    from rules.engine.module import Module


_NAMED = 3
_FILLS = frozenset({"append", "extend", "add", "update", "insert", "setdefault"})
_CONTAINERS = frozenset({"builtins.list", "builtins.dict", "builtins.set"})
_HARMLESS = frozenset(
    {
        f"builtins.{name}"
        for name in ("len", "str", "int", "float", "bool", "list", "dict", "set", "tuple", "sorted", "round")
    }
    | {
        f"{log}.{level}"
        for log in ("logging", "logging.Logger", "loguru.logger", "structlog.stdlib.BoundLogger")
        for level in ("debug", "info", "warning", "error", "exception", "trace", "success")
    }
    | {"time.time", "time.monotonic", "time.perf_counter", "builtins.print"}
)
"""Calls that leave the others' answers as they are."""
_LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical", "trace", "success", "log"})
_LOGGER = regex(r"(?i)(?:^|_)log(?:ger)?$")
_STATUSES = frozenset(
    {"status", "status_code", "ok", "is_error", "is_success", "is_client_error", "is_server_error"}
)
"""What an answer over HTTP says of how it went."""


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
        for block in _blocks(node):
            for run in _runs(block, module):
                is_sure = not any(step.is_doubtful for step in run) and _are_asked_for(run, node)
                fix = _fix(block, run) if is_sure else None
                yield self.match([step.wait for step in run], module, fix=fix, is_sure=is_sure)
            for statement in block.statements:
                if (waits := _displayed(statement, module)) is not None:
                    yield self.match(waits, module, fix=None)

    def match(self, waits: Sequence[Wait], module: Module, *, fix: Fix | None, is_sure: bool = True) -> Match:
        first, last = waits[0], waits[-1]
        names = [f"`{spelled(wait.call.func)}`" for wait in waits]
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
        )


def _are_asked_for(run: Sequence[_Step], function: ast.AsyncFunctionDef) -> bool:
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


class _Step:
    """A statement that binds what one awaited call answers."""

    is_doubtful = False
    """Whether there is more to it, or before it, that may want the order: what to do without an answer."""

    def __init__(self, statement: ast.stmt, wait: Wait, *, loaded: set[str], plain: bool) -> None:
        self.statement = statement
        self.wait = wait
        self.plain = plain
        """`name = await call(…)`, nothing more."""
        self.bound = names_stored(statement) or _keyed_names(statement) or {"self"}
        """The names it binds or puts something into; `self` for an attribute of it, which any method may read."""
        self.loaded = loaded


class _Block:
    """A list of statements of `owner`."""

    def __init__(self, owner: ast.AST, statements: list[ast.stmt], *, is_body: bool) -> None:
        self.owner = owner
        self.statements = statements
        self.is_body = is_body


def _blocks(function: ast.AsyncFunctionDef) -> Iterator[_Block]:
    """The blocks of a function; loops repeat, so theirs are another rule's."""
    stack: list[ast.AST] = [function]
    while stack:
        owner = stack.pop()
        for name in ("body", "orelse", "finalbody"):
            statements = getattr(owner, name, None)
            if isinstance(statements, list) and statements:
                yield _Block(owner, statements, is_body=name == "body")
                stack.extend(
                    each
                    for each in statements
                    if isinstance(each, ast.If | ast.Try | ast.With | ast.AsyncWith)
                )


def _runs(block: _Block, module: Module) -> Iterator[list[_Step]]:
    """Longest rows of statements that could wait together, with nothing between them but notes that none of them reads,
    or, less surely, what none of their answers goes into and what gives up without one."""
    run: list[_Step] = []
    noted: set[str] = set()
    in_doubt = False
    for statement in block.statements:
        step = (
            _step(statement, module) or _provided_step(statement, module) or _entered_step(statement, module)
        )
        if step is not None:
            step.is_doubtful = bool(run) and (in_doubt or step.is_doubtful)
            needs = step.loaded & noted or any(step.loaded & earlier.bound for earlier in run)
            if not needs and not (step.is_doubtful and len(run) > 1 and not run[-1].is_doubtful):
                run.append(step)
                in_doubt = isinstance(statement, ast.If | ast.Try)
                continue
        elif run and (changed := _passed_over(statement, run, noted, module)) is not None:
            if not _stands_before(statement, changed, run, noted):
                noted |= changed
            continue
        elif run and (changed := _aside(statement, run, noted, module)) is not None:
            noted |= changed
            in_doubt = True
            continue
        if len(run) > 1:
            yield run
        run, noted, in_doubt = (
            [step] if step is not None else [],
            set(),
            isinstance(statement, ast.If | ast.Try),
        )
    if len(run) > 1:
        yield run


def _passed_over(
    statement: ast.stmt, run: Sequence[_Step], noted: set[str], module: Module
) -> set[str] | None:
    """The names that a statement between two waits changes which may as well stand after both; None for any other."""
    changed = _noted(statement, module)
    if changed is None and isinstance(statement, ast.If):
        changed = _noted_if(statement, run, noted, module)
    return changed if changed is not None else _worked_out(statement, run, noted, module)


def _stands_before(statement: ast.stmt, changed: set[str], run: Sequence[_Step], noted: set[str]) -> bool:
    """Whether what a statement changes could be there before the first wait: no answer goes into it, and it changes nothing
    that the waits before it read. The next may read it."""
    answers = noted.union(*(step.bound for step in run))
    read = set[str]().union(*(step.loaded for step in run))
    return bool(changed) and not (names_loaded(statement) | changed) & answers and not changed & read


def _noted_if(statement: ast.If, run: Sequence[_Step], noted: set[str], module: Module) -> set[str] | None:
    """As `_noted`, for what is noted under a condition that asks no answer: `if folder: filters["folder"] = folder`."""
    answers = noted.union(*(step.bound for step in run)) - {"self"}
    if not _is_asked_freely(statement.test) or names_loaded(statement.test) & answers - noted:
        return None
    filled: set[str] = set()
    for each in (*statement.body, *statement.orelse):
        changed = _noted(each, module)
        if changed is None or isinstance(each, ast.If):
            return None
        filled |= changed
    return filled


def _noted(statement: ast.stmt, module: Module) -> set[str] | None:
    """The names that a statement changes which does nothing but note something down; None when it may do more."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr):
        return None
    filled: set[str] = set()
    for node in walk(statement):
        if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
            return None
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Attribute(value=ast.Name(id=name) as holder, attr=how) if how in _FILLS:
                if module.type_of(holder) not in _CONTAINERS:
                    return None
                filled.add(name)
            case _ if not _only_notes(node, module):
                return None
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    for target in targets:
        while isinstance(target, ast.Attribute | ast.Subscript):
            target = target.value
        if isinstance(target, ast.Name):
            filled.add(target.id)
        elif target is not None:
            filled |= names_stored(target)
    return filled


def _only_notes(call: ast.Call, module: Module) -> bool:
    """Whether a call is one of `_HARMLESS`, or writes to a log, whoever's that is: `context.logger.info(…)`."""
    match call.func:
        case ast.Attribute(value=holder, attr=level) if level in _LEVELS and _LOGGER.search(
            last_name(holder)
        ):
            return True
    return module.qualified_name(call.func) in _HARMLESS


def _aside(statement: ast.stmt, run: Sequence[_Step], noted: set[str], module: Module) -> set[str] | None:
    """The names that a statement changes which could as well stand before the waits or after them: it gives up where there
    is no answer, or works something out that no answer goes into. None when it is more."""
    answers = noted.union(*(step.bound for step in run))
    if isinstance(statement, ast.If):
        gives_up = _gives_up(statement) and _lacking(statement.test) in answers
        return set() if gives_up or _refuses(statement, answers, module) else None
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or names_loaded(statement) & answers:
        return None
    computed = _computed_elsewhere(statement, module)
    for node in walk(statement):
        if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr) and node is not computed:
            return None
        if isinstance(node, ast.Call) and computed is None and not _only_computes(node, module):
            return None
    return names_stored(statement) or {"self"}


def _computed_elsewhere(statement: ast.Assign | ast.AnnAssign, module: Module) -> ast.Await | None:
    """The `await` of a function of the project that asks nobody, as far as it is seen, and changes nothing by its name: what
    stands around it may wait together all the same."""
    awaited = _outermost_await(statement.value)
    if awaited is None or not isinstance(awaited.value, ast.Call) or writes(awaited.value):
        return None
    summary = module.summary(awaited.value)
    asks = summary is None or summary.queries or summary.external or summary.commits
    return None if asks or touches_session(awaited.value, module) else awaited


def _worked_out(
    statement: ast.stmt, run: Sequence[_Step], noted: set[str], module: Module
) -> set[str] | None:
    """The names that a statement changes which only takes out of the answers so far what they hold: `rate = answer.json()`,
    `answer.raise_for_status()`. That can be done as well when all answers are there. None when it is more."""
    answers = noted.union(*(step.bound for step in run))
    if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr):
        return None
    for node in walk(statement):
        if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
            return None
        if isinstance(node, ast.Call) and not _only_reads(node, answers, module):
            return None
    return names_stored(statement) or {"self"}


def _only_reads(call: ast.Call, answers: set[str], module: Module) -> bool:
    """Whether a call is a method of an answer, or of what comes out of one, and neither waits nor writes."""
    holder = call.func
    while isinstance(holder, ast.Attribute | ast.Call | ast.Subscript):
        holder = holder.func if isinstance(holder, ast.Call) else holder.value
    if isinstance(call.func, ast.Name):
        return module.qualified_name(call.func) in _HARMLESS
    if _only_notes(call, module):
        return True
    return (
        isinstance(holder, ast.Name)
        and holder.id in answers
        and not writes(call)
        and _only_computes(call, module)
    )


def _only_computes(call: ast.Call, module: Module) -> bool:
    meaning = module.meaning(call)
    if meaning.query is not None or meaning.external is not None or meaning.client is not None:
        return False
    summary = module.summary(call)
    return summary is None or not (summary.is_async or summary.queries or summary.external)


def _gives_up(statement: ast.If) -> bool:
    """Whether all that the branch does is to return nothing."""
    match statement:
        case ast.If(body=[ast.Return(value=value)], orelse=[]):
            return value is None or _is_empty(value)
    return False


def _is_empty(value: ast.expr) -> bool:
    """`None`, `[]`, `dict()`, `{"items": [], "total": 0}`."""
    match value:
        case ast.Constant(value=held):
            return held is None or held in (0, "")
        case ast.Dict(values=parts) | ast.Tuple(elts=parts):
            return all(map(_is_empty, parts))
        case ast.List(elts=[]) | ast.Call(func=ast.Name(id="dict" | "list"), args=[], keywords=[]):
            return True
    return False


def _lacking(test: ast.expr) -> str:
    """The name of which a condition says that it holds nothing: `not rate`, `rate is None`, `total == 0`."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=name)):
            return name
        case ast.Compare(left=ast.Name(id=name), ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return name
        case ast.Compare(left=ast.Name(id=name), ops=[ast.Eq()], comparators=[ast.Constant(value=0)]):
            return name
    return ""


def _refuses(statement: ast.If, answers: set[str], module: Module) -> bool:
    """Whether a branch raises over how a request went, as `raise_for_status` would: `if answer.status_code != 200: raise …`."""
    *before, last = statement.body
    if statement.orelse or not isinstance(last, ast.Raise):
        return False
    if any(not isinstance(each, ast.Expr) or _noted(each, module) != set() for each in before):
        return False
    match statement.test:
        case ast.Compare(left=ast.Attribute(value=ast.Name(id=name), attr=asked), comparators=[with_what]):
            is_known = not any(isinstance(node, ast.Call | ast.Await) for node in walk(with_what))
            return is_known and name in answers and asked in _STATUSES
        case (
            ast.UnaryOp(op=ast.Not(), operand=ast.Attribute(value=ast.Name(id=name), attr=asked))
            | ast.Attribute(value=ast.Name(id=name), attr=asked)
        ):
            return name in answers and asked in _STATUSES
    return False


def _provided_step(statement: ast.stmt, module: Module) -> _Step | None:
    """`if not (rate := await fetch()): return None`; a wait in a `try` that goes on without an answer; one under a condition:
    `if with_stock: stock = await level()`."""
    found: _Step | None = None
    match statement:
        case ast.Try(body=[only], handlers=handlers, orelse=[], finalbody=[]) if handlers:
            if any(_leaves(handler) for handler in handlers):
                return None
            found = _step(only, module)
        case ast.If(test=ast.UnaryOp(op=ast.Not(), operand=ast.NamedExpr(target=target, value=value))):
            if not _gives_up(statement):
                return None
            binding = ast.copy_location(ast.Assign([target], value), statement)
            found = _step(binding, module)
        case ast.If(test=test, body=[only], orelse=other) if _is_asked_freely(test) and all(
            map(_resets, other)
        ):
            found = _step(only, module)
            if found is not None:
                found.loaded |= names_loaded(test)
    if found is None:
        return None
    found.statement, found.plain, found.is_doubtful = statement, False, True
    return found


def _is_asked_freely(test: ast.expr) -> bool:
    """Whether a condition only looks at what is there: `with_orders`, `page.number == 1`."""
    return not any(isinstance(node, ast.Call | ast.Await | ast.NamedExpr) for node in walk(test))


def _resets(statement: ast.stmt) -> bool:
    """`orders = []`."""
    return isinstance(statement, ast.Assign) and _is_empty(statement.value)


def _entered_step(statement: ast.stmt, module: Module) -> _Step | None:
    """`async with session.get(url) as answer: rate = await answer.json()`, with nothing in it but what reads the answer,
    and gives up over a bad one."""
    if not isinstance(statement, ast.AsyncWith) or len(statement.items) != 1:
        return None
    call = asked_on_entry(statement.items[0])
    if call is None or writes(call):
        return None
    answer = names_stored(statement.items[0])
    if not all(_reads(each, answer) for each in statement.body):
        return None
    wait = wait_of(call, module)
    if wait is None or not (names_stored(statement) - answer):
        return None
    loaded = names_loaded(statement) - names_stored(statement) | names_loaded(call)
    found = _Step(statement, wait, loaded=loaded, plain=False)
    found.bound = names_stored(statement) - answer
    found.is_doubtful = True
    return found


def _reads(statement: ast.stmt, answer: set[str]) -> bool:
    """Whether a statement takes something out of an answer, or leaves over what it says, and waits for nothing else."""
    if isinstance(statement, ast.If):
        if not names_loaded(statement.test) & answer or statement.orelse:
            return False
        *before, last = statement.body
        return isinstance(last, ast.Return | ast.Raise) and all(isinstance(each, ast.Expr) for each in before)
    if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr):
        return False
    return all(
        isinstance(node.value, ast.Call) and bool(names_loaded(node.value.func) & answer)
        for node in walk(statement)
        if isinstance(node, ast.Await)
    )


def _leaves(handler: ast.ExceptHandler) -> bool:
    """Whether the function may end there, or wait."""
    return any(
        isinstance(node, ast.Raise | ast.Return | ast.Await | ast.Continue | ast.Break | ast.Yield)
        for node in walk(handler)
    )


def _step(statement: ast.stmt, module: Module) -> _Step | None:
    gathering = _gathering(statement, module)
    if gathering is not None:
        holder, value = gathering
        found = _step(ast.copy_location(ast.Assign([holder], value), statement), module)
        if found is not None:
            found.statement, found.plain, found.bound = statement, False, {holder.id}
        return found
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target: ast.expr = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target = statement.target
    else:
        return None
    names = target.elts if isinstance(target, ast.Tuple) else [_keyed(target)]
    if not all(isinstance(name, ast.Name) for name in names) and not _is_own_attribute(target):
        return None
    awaited = _outermost_await(statement.value)
    if awaited is None or not isinstance(awaited.value, ast.Call):
        return None
    call = without_bound(awaited.value, module)
    if _changes(call, module) or any(isinstance(inner, ast.Await) for inner in walk(call)):
        return None
    wait = wait_of(call, module) or read_of(call, module)
    if wait is None:
        return None
    return _Step(
        statement,
        wait,
        loaded=names_loaded(statement.value) if statement.value is not None else set(),
        plain=statement.value is awaited and isinstance(target, ast.Name),
    )


def _gathering(statement: ast.stmt, module: Module) -> tuple[ast.Name, ast.expr] | None:
    """What a statement puts answers into, and the value with them: `found.append(await fetch())`, `total += await count()`."""
    match statement:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name() as holder, attr=how), args=[value], keywords=[]
            )
        ):
            return (holder, value) if how in _FILLS and module.type_of(holder) in _CONTAINERS else None
        case ast.AugAssign(target=ast.Name() as holder, op=ast.Add(), value=value):
            return holder, value
    return None


def _changes(call: ast.Call, module: Module) -> bool:
    """Whether the name of what is done says that it changes something; what a thread is given counts, not who gives it."""
    if (module.qualified_name(call.func) or "").endswith(ANSWERING):
        return False
    offload = module.offload(call)
    position = offload.position if offload is not None and offload.kind == "thread" else None
    if position is None or not 0 <= position < len(call.args):
        return writes(call)
    work = call.args[position]
    if isinstance(work, ast.Lambda) and isinstance(work.body, ast.Call):
        return writes(work.body)
    return writes(ast.Call(work, [], []))


def _keyed(target: ast.expr) -> ast.expr:
    """`report` of `report["rate"] = await …`."""
    match target:
        case ast.Subscript(value=ast.Name() as holder, slice=ast.Constant()):
            return holder
    return target


def _keyed_names(statement: ast.stmt) -> set[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return {held.id for each in targets if (held := _keyed(each)) is not each and isinstance(held, ast.Name)}


def _is_own_attribute(target: ast.expr) -> bool:
    """`self.rate = await …`: nobody else looks at it meanwhile."""
    return (
        isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self"
    )


def _displayed(statement: ast.stmt, module: Module) -> list[Wait] | None:
    """The awaited calls that one call, list or dictionary is made of: `Stats(users=await …, orders=await …)`."""
    value = getattr(statement, "value", None)
    match value:
        case ast.Call(args=args, keywords=keywords):
            parts = [*args, *(keyword.value for keyword in keywords)]
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Dict(values=parts):
            pass
        case _:
            return None
    if not isinstance(statement, ast.Return | ast.Assign | ast.AnnAssign):
        return None
    waits = []
    for part in parts:
        awaited = _outermost_await(part)
        if awaited is None:
            continue
        if not isinstance(awaited.value, ast.Call):
            return None
        call = without_bound(awaited.value, module)
        if _changes(call, module):
            return None
        if any(isinstance(inner, ast.Await) for inner in walk(call)):
            return None
        wait = wait_of(call, module) or read_of(call, module)
        if wait is None:
            return None
        waits.append(wait)
    return waits if len(waits) > 1 else None


def _outermost_await(value: ast.expr | None) -> ast.Await | None:
    """The `await` that a value is, or begins with: `(await fetch()).json()`, `await fetch() if wanted else None`."""
    while True:
        match value:
            case ast.IfExp(body=inner, orelse=other) if _is_plain(other):
                value = inner
            case ast.Await():
                return value
            case ast.Attribute(value=inner) | ast.Subscript(value=inner):
                value = inner
            case ast.Call(func=ast.Attribute() as inner, args=[], keywords=[]):
                value = inner
            case _:
                return None


def _is_plain(value: ast.expr) -> bool:
    """Whether a value is written down: `None`, `[]`."""
    return not any(isinstance(node, ast.Name | ast.Await | ast.Call) for node in walk(value))


def _fix(block: _Block, run: Sequence[_Step]) -> Fix | None:
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
