from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rules.engine.linking.values import Sort
from rules.engine.module import Context
from rules.engine.reading import facts
from rules.engine.reading.hearing import waits_for_nothing
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.loose_tasks import barely_asked, heard
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import FUNCTIONS
from rules.engine.reading.spelling import last_name, names_given, targets_of
from rules.engine.reading.walking import names_in, own_calls, own_nodes, walk
from rules.engine.rule import Confidence, Effort, Fix, Hop, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.creation import serves
from rules.engine.service.serving import is_led_to

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.linking.callees import Callee
    from rules.engine.linking.graph import Node
    from rules.engine.linking.resolver import Resolver
    from rules.engine.module import Function, Module

_STARTERS = frozenset(
    {"asyncio.create_task", "asyncio.ensure_future", "asyncio.AbstractEventLoop.create_task"}
)
_OF_RUNNING_LOOP = frozenset({"asyncio.create_task", "asyncio.ensure_future"})
_CLOSING = frozenset({"close", "aclose", "disconnect", "wait_closed"})
"""What libraries call the end of a connection."""
_ENDING = regex(r"(?:^|_)(?:shut_?down|terminate|self_destruct|exit)(?:_|$)")
"""Names of what ends the program itself."""
_KEPT = "_background_tasks"


class DanglingTask(Rule):
    """A task that nothing refers to may be collected before it is done, and its errors are seen by nobody.

    The event loop keeps only a weak reference to a task. When the garbage collector runs while the task waits, the work stops
    in the middle without a trace. An exception in it surfaces as a log line at best, long after.

    ## Instead
    Keep the task until it is done: in a module-level set that it leaves with `add_done_callback`, or in an
    `asyncio.TaskGroup`. In an endpoint `BackgroundTasks` does it, and runs after the response was sent.

    ## Trade-offs
    A kept task still dies with the process: what must not be lost belongs into a queue. At shutdown, wait for the set.

    ## Monitor
    Log lines "Task was destroyed but it is pending" and "Task exception was never retrieved".

    ## When to ignore it
    When the coroutine keeps a reference to its own task elsewhere.
    """

    code = "FP113"
    severity = Severity.HIGH
    said_from = Severity.CRITICAL
    gates = True
    effort = Effort.MINUTES
    watch = "log lines saying that a task was destroyed or its exception never retrieved"

    invalid = (
        Invalid(
            """
            import asyncio

            from fastapi import FastAPI

            from shop.mail import send_receipt

            app = FastAPI()

            @app.post("/orders/{order_id}/pay")
            async def pay(order_id: int) -> None:
                asyncio.create_task(send_receipt(order_id))
            """,
            fixed="""
            import asyncio

            from fastapi import FastAPI

            from shop.mail import send_receipt

            _background_tasks: set[asyncio.Task[object]] = set()

            app = FastAPI()

            @app.post("/orders/{order_id}/pay")
            async def pay(order_id: int) -> None:
                task = asyncio.create_task(send_receipt(order_id))
                _background_tasks.add(task)
                task.add_done_callback(_background_tasks.discard)
            """,
        ),
    )
    valid = (
        Valid(
            """
            import asyncio

            from fastapi import FastAPI

            from shop.mail import send_receipt
            from shop.stock import reserve

            app = FastAPI()

            @app.post("/orders/{order_id}/pay")
            async def pay(order_id: int) -> None:
                async with asyncio.TaskGroup() as group:  # the group holds its tasks and waits for them
                    group.create_task(send_receipt(order_id))
                    group.create_task(reserve(order_id))
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name in _STARTERS or callee.enters

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        how = _unkept(node, module)
        if how is None:
            yield from self._handed_out(node, module)
            return
        harmless = _is_held_elsewhere(node, module)
        beside = [call for call in _calls_beside(node, module) if _unkept(call, module) is not None]
        others = [call for call in beside if _is_held_elsewhere(call, module) is harmless]
        if harmless and len(others) < len(beside):
            return  # said of those that matter
        if others and (others[0].lineno, others[0].col_offset) < (node.lineno, node.col_offset):
            return  # said there
        is_heard = all(
            _catches_all(call, module) or _is_one_of(call, heard, module) for call in (node, *others)
        )
        unheard = "" if is_heard else ", and its errors with it"
        lines = sorted({call.lineno for call in others if call.lineno != node.lineno})
        more = (
            f" The same holds on line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))}."
            if lines
            else ""
        )
        statements = [statement for call in (node, *others) if (statement := module.parent(call)) is not None]
        yield Match(
            node,
            f"{_started(node)} {how}: it may vanish before it is done{unheard}.{more}",
            severity=Severity.LOW if harmless else self._severity(node, module, is_heard=is_heard),
            # What is left is that nobody holds the task, which seldom comes true: no news where it has long been so.
            confidence=Confidence.POSSIBLE if harmless or is_heard else Confidence.CERTAIN,
            when_new=Confidence.LIKELY if is_heard and not harmless else None,
            cause=f"FP113 {module.path}",
            siblings=tuple(lines),
            fix=Fix(
                _kept(_free_name(node, module)),
                imports=("asyncio",),
                safety=Safety.UNSAFE,
                target=statements[0],
                also=tuple(statements[1:]),
                definitions=(f"{_KEPT}: set[asyncio.Task[object]] = set()",),
            ),
        )

    def _handed_out(self, node: ast.Call, module: Module) -> Iterator[Match]:
        """`run_in_background(send(order))`, where the helper starts the task, returns it and forgets it."""
        helper = module.callee(node) if isinstance(module.parent(node), ast.Expr) else None
        if helper is None or not helper.function.flags & facts.LOOSE or not _on_a_loop(node, module):
            return
        inside = [edge.target.function.flags for edge in helper.edges if edge.target.is_async]
        if _is_over_at_once(node, module) or (inside and all(each & facts.UNBROKEN for each in inside)):
            return
        is_heard = _catches_all(node, module) or (bool(inside) and all(each & facts.HEARD for each in inside))
        name = helper.symbol.rpartition(".")[2]
        unheard = "" if is_heard else ", and its errors with it"
        yield Match(
            node,
            f"{_started(node)} is kept neither here nor in `{name}`, which starts and returns it: it may vanish before it is"
            f" done{unheard}.",
            severity=self._severity(node, module, is_heard=is_heard),
            confidence=Confidence.POSSIBLE if is_heard else Confidence.LIKELY,
            when_new=Confidence.LIKELY if is_heard else None,
            cause=f"FP113 {helper.path} {helper.symbol}",
            call_path=(
                Hop(module.path, node.lineno, name),
                Hop(helper.path, _start_in(helper), name),
            ),
            instead=f"Let `{name}` keep its tasks until they are done: `{_KEPT}.add(task)`, then"
            f" `task.add_done_callback({_KEPT}.discard)`.",
        )

    def _severity(self, call: ast.Call, module: Module, *, is_heard: bool) -> Severity:
        """Half of the harm where the coroutine tells of its errors itself, or nothing is seen to start it while serving."""
        found, function = module.graph_node(call), module.function_of(call)
        is_started = found is None or (
            is_led_to(module.project, found) or Context.STARTUP in module.contexts(call)
        )
        if not is_started and function is not None and function.is_async:
            return self.severity  # lowered where it is placed
        return self.severity if is_started and not is_heard else Severity.MEDIUM


def _start_in(helper: Node) -> int:
    """The line where a function of the project starts a task."""
    lines = (
        call.line for call in helper.function.calls if call.ref.endswith(("create_task", "ensure_future"))
    )
    return next(lines, helper.function.line)


def _is_held_elsewhere(call: ast.Call, module: Module) -> bool:
    """Whether there is little to lose: a loop made for this one task that runs right after (`loop.run_forever()`), an object
    that goes away (`__del__`), the end of a connection, or work in a thread or a timer, which refers to what waits for it until
    it is done."""
    function = module.function_of(call)
    if function is not None and (
        function.name == "__del__"
        or _handles_signal(function, module)
        or _answers_loop(function)
        or (module.qualified_name(call.func) in _OF_RUNNING_LOOP and _is_called_by_thread(function, module))
        or _stands_in_for_async(function, module)
        or _is_for_either(function, call, module)
    ):
        return True
    if function is not None and isinstance(function.node, ast.FunctionDef):
        ending = (each.func for each in own_calls(function.node) if each.lineno > call.lineno)
        if any(isinstance(each, ast.Attribute) and each.attr == "run_forever" for each in ending):
            return True
    if function is not None and isinstance(module.parent(call), ast.Assign | ast.AnnAssign):
        # A function that stands at its `yield` or `await` holds its locals.
        nodes = walk(function.node)
        if any(isinstance(each, ast.Yield | ast.Await) and each.lineno > call.lineno for each in nodes):
            return True
    match call.args[:1]:
        case [ast.Call() as work]:
            offload = module.offload(work)
            closes = last_name(work) in _CLOSING and module.callee(work) is None
            closes = closes or _ENDING.search(last_name(work)) is not None
            return closes or (offload is not None and offload.kind == "thread") or _only_sleeps(call, module)
    return False


def _handles_signal(function: Function, module: Module) -> bool:
    """Whether a function is what ends the program on Ctrl-C: the loop waits for the task, or nobody does."""
    given = function.node if isinstance(function.node, ast.Lambda) else None
    return any(
        last_name(call.func) in ("signal", "add_signal_handler")
        and any(
            each is given or (isinstance(each, ast.Name) and each.id == function.name) for each in call.args
        )
        for scope in module.index.scopes
        for call in scope.calls
    )


def _answers_loop(function: Function) -> bool:
    """Whether a function is what the event loop tells of errors that nobody caught, `def on_error(loop, context)`: it is told
    again where the report fails."""
    arguments = function.node.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args) if each.arg != "self"]
    return len(names) == 2 and names[0].endswith("loop") and names[1] in ("context", "ctx")


def _is_called_by_thread(function: Function, module: Module) -> bool:
    """Whether a plain function is handed to a library as `on_close=…`, together with others that go back to a loop by its
    name (`run_coroutine_threadsafe`, `self.loop.create_task`): the library calls them from a thread of its own, where no
    task can be made."""
    if not isinstance(function.node, ast.FunctionDef):
        return False
    owner = module.parent(function.node)
    if not isinstance(owner, ast.ClassDef):
        return False
    methods = {each.name: each for each in owner.body if isinstance(each, ast.FunctionDef)}
    for method in owner.body:
        for call in own_calls(method) if isinstance(method, FUNCTIONS) else ():
            handed = {
                last_name(keyword.value) for keyword in call.keywords if (keyword.arg or "")[:3] == "on_"
            }
            if function.name in handed and module.callee(call) is None:
                others = (methods[name] for name in sorted(handed) if name in methods)
                return any(_goes_back(other) for other in others)
    return False


def _goes_back(method: ast.FunctionDef) -> bool:
    """Whether a function hands something to a loop that it keeps, as other threads have to."""
    return any(
        last_name(call.func) in ("run_coroutine_threadsafe", "call_soon_threadsafe")
        or (last_name(call.func) == "create_task" and ast.unparse(call.func).endswith("loop.create_task"))
        for call in own_calls(method)
    )


def _is_for_either(function: Function, call: ast.Call, module: Module) -> bool:
    """Whether a plain function asks whether a loop runs and starts one where none does, and no loop is seen to run it:
    most likely threads call it."""
    found = module.graph_node(call)
    if found is None or not isinstance(function.node, ast.FunctionDef) or is_led_to(module.project, found):
        return False
    return any(last_name(each.func) in ("run", "run_until_complete") for each in own_calls(function.node))


def _stands_in_for_async(function: Function, module: Module) -> bool:
    """Whether it is the half of a decorator for plain functions, which run in threads, where no loop is: the other half,
    for asynchronous ones, is beside it."""
    around = module.parent(function.node)
    while around is not None and not isinstance(around, FUNCTIONS):
        around = module.parent(around)
    if around is None or isinstance(function.node, ast.AsyncFunctionDef):
        return False
    nodes = list(walk(around))
    return any(isinstance(node, ast.AsyncFunctionDef) for node in nodes) and any(
        isinstance(node, ast.Call) and last_name(node.func) == "iscoroutinefunction" for node in nodes
    )


def _catches_all(call: ast.Call, module: Module) -> bool:
    """Whether the coroutine, where it can be seen, lets no error out: all it does stands in `try` with `except Exception`."""
    made = call.args[0] if call.args else None
    target = module.callee(made) if isinstance(made, ast.Call) else None
    if target is None:
        return False
    return bool(target.function.flags & facts.HEARD) or _is_wrapped_with_care(target, module.project.resolver)


def _is_wrapped_with_care(target: Node, resolver: Resolver) -> bool:
    """Whether a decorator of the project, or what its module gives its functions to, lets no error of the coroutine out."""
    home = resolver.modules[target.path]
    wrapping = [decorator.ref for decorator in target.function.decorators]
    if not target.function.owner:
        wrapping += home.facts.rewrapped
    for ref in wrapping:
        decorator = resolver.value(ref, home)
        if decorator is None or decorator.sort != Sort.FUNCTION or decorator.module is None:
            continue
        inside = [
            function
            for symbol, function in decorator.module.functions.items()
            if symbol.startswith(f"{decorator.function.symbol}.") and function.flags & facts.AROUND
        ]
        if inside and all(function.flags & facts.HEARD for function in inside):
            return True
    return False


def _is_over_at_once(call: ast.Call, module: Module) -> bool:
    """Whether the coroutine waits for nothing: the event loop holds it until its one turn, which is its last."""
    made = call.args[0] if call.args else None
    if not isinstance(made, ast.Call):
        return False
    targets = list(module.project.graph.runs(module.value(made.func)))
    target = targets[0] if targets else None
    if any(not each.function.flags & (facts.ABSTRACT | facts.UNBROKEN) for each in targets[1:]):
        return False  # of several implementations, one waits
    if target is not None and target.function.flags & (facts.ABSTRACT | facts.UNBROKEN):
        return not target.function.flags & facts.ABSTRACT
    if _fills_queue(made, module):
        return True
    coroutine = _function_called(made, module) if target is not None else _only_one_named(made, module)
    return coroutine is not None and _never_waits(coroutine, module, frozenset())


def _only_one_named(made: ast.Call, module: Module) -> ast.AsyncFunctionDef | None:
    """The coroutine of a class of the file that `self.next.push(chunk)` means, where it is the only one of that name."""
    if not isinstance(made.func, ast.Attribute):
        return None
    own = isinstance(made.func.value, ast.Attribute) and last_name(made.func.value.value) == "self"
    if not own and module.value(made.func) is not None:
        return None
    name = made.func.attr
    found = [
        scope.node
        for scope in module.index.scopes
        if isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef) and scope.node.name == name
    ]
    return found[0] if len(found) == 1 and isinstance(found[0], ast.AsyncFunctionDef) else None


def _never_waits(
    coroutine: ast.AsyncFunctionDef, module: Module, seen: frozenset[ast.AsyncFunctionDef]
) -> bool:
    """Whether all that a coroutine awaits is over at once: queues without a bound, and others of the file that are so too."""
    if coroutine in seen or waits_for_nothing(coroutine):
        return True
    waits = [node for node in own_nodes(coroutine) if isinstance(node, ast.Await)]
    return (
        bool(waits)
        and not _waits_otherwise(coroutine)
        and all(
            isinstance(wait.value, ast.Call)
            and (
                _fills_queue(wait.value, module)
                or (
                    (inner := _function_called(wait.value, module)) is not None
                    and _never_waits(inner, module, seen | {coroutine})
                )
            )
            for wait in waits
        )
    )


def _waits_otherwise(coroutine: ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(node, ast.AsyncFor | ast.AsyncWith)
        or (isinstance(node, ast.comprehension) and node.is_async)
        for node in own_nodes(coroutine)
    )


def _fills_queue(call: ast.Call, module: Module) -> bool:
    """`self.queue.put(chunk)`, where the file makes that queue without a bound."""
    if not isinstance(call.func, ast.Attribute) or module.qualified_name(call.func) != "asyncio.Queue.put":
        return False
    name = last_name(call.func.value)
    made = [
        each
        for scope in module.index.scopes
        for each in scope.calls
        if last_name(each.func) == "Queue" and name in names_given(module.parent(each))
    ]
    return bool(made) and not any(each.args or each.keywords for each in made)


def _coroutine_of(call: ast.Call, module: Module) -> ast.AsyncFunctionDef | None:
    """The coroutine function that the task runs, where the same file defines it."""
    made = call.args[0] if call.args else None
    return _function_called(made, module) if isinstance(made, ast.Call) else None


def _function_called(made: ast.Call, module: Module) -> ast.AsyncFunctionDef | None:
    target = module.callee(made)
    definition = module.definition(target) if target is not None else None
    return definition if isinstance(definition, ast.AsyncFunctionDef) else None


def _only_sleeps(call: ast.Call, module: Module) -> bool:
    """Whether the coroutine waits for timers and locks only: they are held elsewhere, and hold the task."""
    made = call.args[0] if call.args else None
    target = module.callee(made) if isinstance(made, ast.Call) else None
    if target is not None and target.function.flags & facts.TIMED:
        return True
    coroutine = _coroutine_of(call, module)
    return coroutine is not None and _sleeps(coroutine, module, frozenset())


def _sleeps(coroutine: ast.AsyncFunctionDef, module: Module, seen: frozenset[ast.AsyncFunctionDef]) -> bool:
    """Whether all that a coroutine awaits are timers, what is over at once, and others of the file that do the same."""
    if coroutine in seen:
        return True
    waits = [each for each in walk(coroutine) if isinstance(each, ast.Await | ast.AsyncFor | ast.AsyncWith)]
    return bool(waits) and all(
        isinstance(each, ast.Await)
        and isinstance(each.value, ast.Call)
        and _is_timer(each.value, module, seen | {coroutine})
        for each in waits
    )


def _is_timer(call: ast.Call, module: Module, seen: frozenset[ast.AsyncFunctionDef]) -> bool:
    if module.qualified_name(call.func) == "asyncio.sleep":
        return True
    target = module.callee(call)
    if target is not None and target.function.flags & (facts.UNBROKEN | facts.TIMED):
        return True
    inner = _function_called(call, module) if target is not None else None
    return inner is not None and _sleeps(inner, module, seen)


def _unkept(call: ast.Call, module: Module) -> str | None:
    """How a task that `call` starts is lost; None when it is not."""
    statement = module.parent(call)
    if not isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign):
        return None
    if module.qualified_name(call.func) not in _STARTERS or not _on_a_loop(call, module):
        return None
    if _is_over_at_once(call, module):
        return None
    if isinstance(statement, ast.Expr):
        return "is not kept"
    if name := _never_read(statement, module):
        ends = _is_one_of(call, barely_asked, module)
        return f"is kept in `{name}` only, which {'ends with the function' if ends else 'nothing reads'}"
    return None


def _calls_beside(call: ast.Call, module: Module) -> list[ast.Call]:
    """The other calls of the same function, in source order."""
    function = module.function_of(call)
    if function is None or isinstance(function.node, ast.Lambda):
        return []
    return [each for each in own_calls(function.node) if each is not call]


def _started(call: ast.Call) -> str:
    """The task, named by the coroutine it runs where that is written there."""
    coroutine = call.args[0] if call.args else None
    if isinstance(coroutine, ast.Call):
        return f"The task that runs `{spelled(coroutine.func)}`"
    return f"The task of `{spelled(call.func)}`"


def _on_a_loop(node: ast.Call, module: Module) -> bool:
    """Also in a plain `def`, and at start-up: where a task is made, a loop runs, and what is started there shall last."""
    function = module.function_of(node)
    if function is None or function.is_async:
        return module.runs_on_event_loop(node) or Context.STARTUP in module.contexts(node)
    return serves(node, module)


def _never_read(statement: ast.Assign | ast.AnnAssign, module: Module) -> str | None:
    """The local name that the statement binds, when the function uses it nowhere else, or asks only to be told of the end."""
    match targets_of(statement):
        case [ast.Name(id=name)]:
            pass
        case _:
            return None
    function = module.function_of(statement)
    if function is None:
        return None
    nodes = list(walk(function.node))
    asked = set(barely_asked(nodes))
    for node in nodes:
        if isinstance(node, ast.Global | ast.Nonlocal) and name in node.names:
            return None
        if (
            isinstance(node, ast.Name)
            and node.id == name
            and not isinstance(node.ctx, ast.Store)
            and node not in asked
        ):
            return None
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("locals", "vars")
        ):
            return None
    return name


def _is_one_of(
    call: ast.Call, found: Callable[[Iterable[ast.AST]], Iterator[ast.expr]], module: Module
) -> bool:
    """Whether the task that `call` starts is among what is `found` in its function."""
    function, names = module.function_of(call), names_given(module.parent(call))
    return function is not None and any(
        isinstance(node, ast.Name) and node.id in names for node in found(walk(function.node))
    )


def _free_name(node: ast.Call, module: Module) -> str:
    """A name for the task that means nothing yet where it is started."""
    function = module.function_of(node)
    tree = function.node if function is not None else module.tree
    taken = names_in(tree)
    taken |= {each.arg for each in walk(tree) if isinstance(each, ast.arg)}
    return next(name for name in _names() if name not in taken)


def _names() -> Iterator[str]:
    yield from ("task", "background_task")
    number = 2
    while True:
        yield f"task_{number}"
        number += 1


def _kept(name: str) -> Callable[[Any], Any]:
    """The statement, bound to `name` when it is not bound yet, and two more that keep the task until it is done."""

    def rewrite(statement: cst.Expr | cst.Assign | cst.AnnAssign) -> cst.FlattenSentinel[Any]:
        import libcst as cst

        first: cst.BaseSmallStatement = statement
        bound = name
        if isinstance(statement, cst.Expr):
            first = cst.Assign([cst.AssignTarget(cst.Name(name))], statement.value)
        else:
            target = statement.targets[0].target if isinstance(statement, cst.Assign) else statement.target
            bound = cst.ensure_type(target, cst.Name).value
        return cst.FlattenSentinel(
            [
                cst.SimpleStatementLine([first]),
                cst.parse_statement(f"{_KEPT}.add({bound})"),
                cst.parse_statement(f"{bound}.add_done_callback({_KEPT}.discard)"),
            ]
        )

    return rewrite
