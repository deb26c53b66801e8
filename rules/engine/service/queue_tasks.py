"""Functions that a worker of a job queue runs, and the calls that hand them over."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from rules.engine.kept_answers import once
from rules.engine.linking.graph import Node
from rules.engine.linking.values import Sort, Value
from rules.engine.reading.origins import assigned

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module
    from rules.engine.project import Project

CELERY = frozenset({"celery.Celery.task", "celery.shared_task", "celery.app.shared_task"})
_LIBRARIES = {
    **dict.fromkeys(CELERY, "celery"),
    "dramatiq.actor": "dramatiq",
    "rq.decorators.job": "rq",
    "taskiq.AsyncBroker.task": "taskiq",
}
_HANDS_OVER = {
    "celery": frozenset({"delay", "apply_async"}),
    "dramatiq": frozenset({"send", "send_with_options"}),
    "rq": frozenset({"delay"}),
}
_DIRECT = {
    "celery.app.task.Task.delay": "celery",
    "celery.app.task.Task.apply_async": "celery",
    "celery.Celery.send_task": "celery",
    "rq.Queue.enqueue": "rq",
    "rq.Queue.enqueue_call": "rq",
    "rq.Queue.enqueue_in": "rq",
    "rq.Queue.enqueue_at": "rq",
    "dramatiq.Actor.send": "dramatiq",
    "dramatiq.Actor.send_with_options": "dramatiq",
}
_METHODS = frozenset({name.rpartition(".")[2] for name in _DIRECT}).union(*_HANDS_OVER.values())
_CANVAS = frozenset(
    {
        "celery.group",
        "celery.chord",
        "celery.chain",
        "celery.canvas.group",
        "celery.canvas.chord",
        "celery.canvas.chain",
    }
)
_RESULTS = frozenset({"celery.result.AsyncResult", "celery.result.GroupResult"})


class Enqueue(Struct, frozen=True):
    """A synchronous call that puts a job into a queue. `arguments` are the job's own, without options."""

    library: str
    call: ast.Call
    arguments: tuple[ast.expr, ...]


def library_of(value: Value | None, project: Project) -> str:
    """The job queue whose worker runs the project function `value`; empty for a plain function."""
    if value is None or value.sort != Sort.FUNCTION or value.module is None:
        return ""
    for decorator in value.function.decorators:
        made = project.resolver.value(decorator.ref, value.module)
        if made is not None and made.name in _LIBRARIES:
            return _LIBRARIES[made.name]
    return ""


def celery_decorator(function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> ast.expr | None:
    """The decorator that makes a Celery task of `function`."""
    for decorator in function.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if module.qualified_name(target) in CELERY:
            return decorator
    return None


@once
def celery_tasks(project: Project) -> tuple[Node, ...]:
    """The functions of the project that Celery workers run."""
    return tuple(
        node
        for node in project.graph.nodes.values()
        if "task" in node.roles
        for decorator in node.function.decorators
        if (made := project.resolver.value(decorator.ref, node.module)) is not None and made.name in CELERY
    )


def may_enqueue(callee: Callee) -> bool:
    """Whether calls of `callee` may be hand-overs, by their name."""
    return callee.is_method and callee.spelled in _METHODS


def enqueue(node: ast.AST, module: Module) -> Enqueue | None:
    """The hand-over that `node` is: `task.delay(x)`, `queue.enqueue(f, x)`, `actor.send(x)`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    method = node.func.attr
    if method not in _METHODS:
        return None
    library = _DIRECT.get(module.qualified_name(node.func) or "", "")
    if not library:
        library = library_of(module.value(node.func.value), module.project)
        if method not in _HANDS_OVER.get(library, ()):
            return None
    return Enqueue(library, node, tuple(_arguments(node, method)))


def _arguments(call: ast.Call, method: str) -> Iterator[ast.expr]:
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    if method in ("apply_async", "send_with_options", "send_task"):
        places = [named.get("args"), named.get("kwargs"), *call.args[1 if method == "send_task" else 0 :]]
        for place in places:
            if isinstance(place, (ast.Tuple, ast.List)):
                yield from place.elts
            elif isinstance(place, ast.Dict):
                yield from place.values
        return
    yield from call.args[1:] if method.startswith("enqueue") else call.args
    yield from named.values()


def is_result(expression: ast.expr, module: Module, depth: int = 0) -> bool:
    """Whether an expression is what Celery gives back for a job that runs elsewhere."""
    if isinstance(expression, ast.Await):
        return False
    if module.type_of(expression) in _RESULTS:
        return True
    if isinstance(expression, ast.Name) and depth < 3:
        value = assigned(expression, module)
        return value is not None and is_result(value, module, depth + 1)
    if isinstance(expression, ast.Call):
        found = enqueue(expression, module)
        if found is not None:
            return found.library == "celery"
        return _is_canvas(expression, module)
    return False


def _is_canvas(call: ast.Call, module: Module) -> bool:
    """`group(…)()`, `chord(…)(callback)`, `chain(…).delay()`."""
    inner: ast.expr = call.func
    if isinstance(inner, ast.Attribute):
        if inner.attr not in ("delay", "apply_async"):
            return False
        inner = inner.value
    if isinstance(inner, ast.Name):
        inner = assigned(inner, module) or inner
    return isinstance(inner, ast.Call) and module.qualified_name(inner.func) in _CANVAS
