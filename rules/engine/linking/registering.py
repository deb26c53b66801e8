"""Which functions, classes and calls may put an application together, and the roles that decorators and bases give."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from rules.engine.linking import named
from rules.engine.linking.graph import Graph, Node
from rules.engine.linking.values import CALLS, Linked, Sort, Value
from rules.engine.reading import facts
from rules.engine.reading.bracketed import without_arguments
from rules.engine.reading.facts import Call, Decorator, ModuleFacts, Parameter

APPS = frozenset({"fastapi.FastAPI", "fastapi.applications.FastAPI", "starlette.applications.Starlette"})
ROUTERS = frozenset(
    {"fastapi.APIRouter", "fastapi.routing.APIRouter", "starlette.routing.Router"}
    | {"fastapi_utils.inferring_router.InferringRouter", "fastapi_restful.inferring_router.InferringRouter"}
    | {
        f"faststream.{broker}.fastapi.{broker.capitalize()}Router"
        for broker in ("rabbit", "kafka", "nats", "redis")
    }
)
ROUTE_CLASSES = frozenset({"Route", "WebSocketRoute", "APIRoute"})
DECORATORS = frozenset(
    {"api_route", "route", "websocket", "websocket_route", "middleware", "exception_handler", "on_event"}
)
METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})
_BASE_MIDDLEWARE = frozenset(
    {
        "starlette.middleware.base.BaseHTTPMiddleware",
        "fastapi.middleware.base.BaseHTTPMiddleware",
    }
)
_TASK_PACKAGES = frozenset(
    {"celery", "dramatiq", "taskiq", "huey", "rq", "arq", "procrastinate", "streaq", "saq", "taskiq_redis"}
    | {
        "taskiq_aio_pika",
        "apscheduler",
        "prefect",
        "airflow",
        "dagster",
        "temporalio",
        "hatchet_sdk",
        "faust",
    }
)
_REPEATING = frozenset(
    f"{module}.{name}"
    for module in (
        "fastapi_utils.tasks",
        "fastapi_restful.tasks",
        "fastapi_utilities",
        "fastapi_utilities.repeat",
    )
    for name in ("repeat_every", "repeat_at")
)
"""What makes a function go on by itself from time to time."""
_LAMBDA = "lambda_handler"
"""What everybody calls the function that AWS Lambda runs with each event."""
_EVENT_AND_CONTEXT = 2
_COMMAND_PACKAGES = frozenset({"typer", "click", "asyncclick", "cyclopts", "fire", "invoke", "rich_click"})

WIRES, CLASSES = "wires", "classes"
"""Who asks the resolver: with a function, for what it may wire; with a path, for the roles that its classes give."""


class Wiring:
    """What of each function and class may put applications together. Most do nothing of the kind."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.resolver = graph.resolver
        self.parts: dict[Node, tuple[list[Call], list[Decorator]]] = {}
        """Calls and decorators that may make, fill or configure an application or router."""
        self.asked: dict[Node, tuple[Node, ...]] = {}
        """The functions that FastAPI runs to fill the parameters of a function."""
        self._classes: dict[str, tuple[tuple[Node, str], ...]] = {}
        self._known: set[Node] = set()
        self._looks: dict[Node, _Look] = {}
        """What may count of a function when applications are put together."""

    def prepare(self, nodes: Iterable[Node]) -> None:
        """Look at the functions that were not looked at yet."""
        for node in nodes:
            if node not in self._known:
                self._look(node)

    def change(
        self,
        changed: Collection[Node],
        gone: Iterable[Node],
        files: Collection[str],
        readers: Collection[object],
        given: Collection[str],
    ) -> bool:
        """Look again at what changed; whether any of it may put applications together otherwise.

        `given` are the names of functions of which it matters what they are called with.
        """
        differs = False
        for node in gone:
            self._known.discard(node)
            self.parts.pop(node, None)
            self.asked.pop(node, None)
            differs |= _counting(self._looks.pop(node, None), node, given) is not None
        again = {node for node in changed if node.path in files}
        again.update(
            reader[1]
            for reader in readers
            if isinstance(reader, tuple) and reader[0] == WIRES and reader[1] in self._known
        )
        for node in again:
            before = _counting(self._looks.pop(node, None), node, given)
            self.parts.pop(node, None)
            self.asked.pop(node, None)
            self._look(node)
            differs |= before != _counting(self._looks.get(node), node, given)
        paths = {*files, *(each[1] for each in readers if isinstance(each, tuple) and each[0] == CLASSES)}
        for path in paths:
            had = self._classes.pop(path, ())
            has = self.of_file(path) if path in self.resolver.modules else ()
            differs |= had != has
        return differs

    def of_file(self, path: str) -> tuple[tuple[Node, str], ...]:
        """The roles that the classes of a file give, and its name to what AWS Lambda runs."""
        known = self._classes.get(path)
        if known is None:
            module, reader = self.resolver.modules[path], self.resolver.reader
            self.resolver.reader = (CLASSES, path) if self.resolver.tracks else None
            known = tuple(role for cls in module.facts.classes for role in self._of_class(module, cls))
            if runs_on_lambda(module.facts) and (handler := self.graph.nodes.get((path, _LAMBDA))):
                known += ((handler, "task"),)
            self._classes[path] = known
            self.resolver.reader = reader
        return known

    def _look(self, node: Node) -> None:
        """Find out what `node` may put together."""
        function, module, resolver = node.function, node.module, self.resolver
        self._known.add(node)
        calls: list[Call] = []
        handed: list[tuple[str, object]] = []
        outer, resolver.reader = resolver.reader, (WIRES, node) if resolver.tracks else None
        for call in function.calls:
            if call.arguments is None:
                continue
            value = resolver.value(call.ref, module)
            makes = (
                value is not None and value.sort in (Sort.EXTERNAL, Sort.CLASS) and self.router_sort(value)
            )
            name = ""
            if makes or _wires(call):
                calls.append(call)
            elif value is None or value.module is None:
                continue
            elif call.handed:
                pass  # whoever is called may call, in turn, what it is handed
            elif value.sort == Sort.FUNCTION:
                name = value.symbol.rpartition(".")[2]
            elif value.sort == Sort.CLASS:
                name = "__init__"
            handed.append((name, (call.ref, call.flags, call.arguments, call.target, call.receiver)))
        decorators = [each for each in function.decorators if self._registers(each, module)]
        asked = tuple(
            target for parameter in function.parameters for target in self.depended(parameter, module)
        )
        resolver.reader = outer
        if calls or decorators:
            self.parts[node] = calls, decorators
        if asked:
            self.asked[node] = asked
        opens = function.flags & (facts.CONTEXT | facts.GENERATOR)
        if asked or handed or decorators or opens:
            written = [(each.ref, each.called, each.arguments, each.receiver) for each in decorators]
            own = function.flags & ~facts.FEW, function.parameters, written, asked
            self._looks[node] = _Look(own, bool(asked or decorators or opens), handed)

    def _registers(self, decorator: Decorator, module: Linked) -> bool:
        base, _, method = decorator.ref.rpartition(".")
        if base and (method in METHODS or method in DECORATORS):
            return True
        for argument in decorator.arguments:
            base, _, method = argument.ref.rpartition(".")
            if base and not argument.name and (method in METHODS or method in ("api_route", "websocket")):
                return True
        return bool(decorator.ref and self.foreign_role(decorator.ref, module))

    def router_sort(self, value: Value | None) -> str:
        """`app`, `router` or empty, for an instance or a class."""
        if value is None:
            return ""
        names: Iterable[str] = (value.name,)
        if value.module is not None and value.sort in (Sort.CLASS, Sort.OBJECT):
            names = (ancestor.name for ancestor in self.resolver.ancestry(value))
        elif value.sort not in (Sort.EXTERNAL, Sort.INSTANCE):
            return ""
        for name in names:
            if name in APPS:
                return "app"
            if name in ROUTERS:
                return "router"
        return ""

    def foreign_role(self, ref: str, module: Linked, depth: int = 0) -> str:
        """`task` or `command`, for a decorator of a job queue or of a command-line library."""
        value = self.resolver.value(ref, module)
        if value is None:
            return self._of_group(ref, module, depth)
        if value.sort == Sort.EXTERNAL or value.sort == Sort.INSTANCE:
            package = value.name.partition(".")[0]
            if package in _TASK_PACKAGES:
                return "task"
            if package in _COMMAND_PACKAGES:
                return "command"
            if value.name in _REPEATING:
                return "task"
        elif value.sort == Sort.FUNCTION and value.module is not None and depth < 3:
            self.resolver.looked_up(value.module, CALLS)
            for call in calls_in(value):
                if call.ref.rpartition(".")[2] in ("actor", "task", "shared_task", "job", "command"):
                    found = self.foreign_role(call.ref, value.module, depth + 1)
                    if found:
                        return found
        return ""

    def _of_group(self, ref: str, module: Linked, depth: int) -> str:
        """`command`, for `@cli.command()` of a function `cli` that `@click.group()` has made a group."""
        group, _, method = ref.rpartition(".")
        value = self.resolver.value(group, module) if method in ("command", "group") and depth < 3 else None
        if value is None or value.sort != Sort.FUNCTION or value.module is None:
            return ""
        self.resolver.looked_up(value.module, CALLS)
        function = value.home.functions.get(value.symbol)
        roles = {
            self.foreign_role(each.ref, value.module, depth + 1)
            for each in (function.decorators if function is not None else ())
        }
        return "command" if "command" in roles else ""

    def _of_class(self, module: Linked, cls: facts.Class) -> Iterator[tuple[Node, str]]:
        value = self.resolver.value(f"@{cls.symbol}", module)
        if value is None or value.sort != Sort.CLASS:
            return
        ancestry = self.resolver.ancestry(value)
        if any(ancestor.name in _BASE_MIDDLEWARE for ancestor in ancestry):
            self.resolver.looked_up(module, f"{cls.symbol}.dispatch")
            node = self.graph.nodes.get((module.path, f"{cls.symbol}.dispatch"))
            if node is not None:
                yield node, "middleware"
        if any(name == cls.symbol and not module.facts.main for name in ("WorkerSettings",)):
            for function in self._worker_functions(module):
                yield function, "task"
        for parameter in cls.dependencies:
            for target in self.depended(parameter, module):
                yield target, "dependency"

    def _worker_functions(self, module: Linked) -> Iterator[Node]:
        """arq: the functions of a module with `WorkerSettings` that take its `ctx`."""
        for function in module.facts.functions:
            node = self.graph.nodes.get((module.path, function.symbol))
            if node is not None and node.is_async and not function.owner and "." not in function.symbol:
                yield node

    def depended(self, parameter: Parameter, module: Linked) -> Iterator[Node]:
        """The functions that FastAPI runs to fill a parameter."""
        depends, holder, annotation = parameter.depends, module, without_arguments(parameter.annotation)
        if depends is None and annotation.endswith(":"):
            alias = named.alias(self.resolver, annotation[:-1], module)
            if alias is not None and alias[0].depends is not None:
                depends, holder, annotation = alias[0].depends, alias[1], alias[0].annotation
        if depends is None:
            return
        if depends:
            value = self.resolver.value(depends, holder)
        else:
            value = self.resolver.value(annotation[:-1], holder) if annotation.endswith(":") else None
        yield from self.graph.runs(value)


def runs_on_lambda(found: ModuleFacts) -> bool:
    """Whether a file has the function that AWS Lambda runs, `lambda_handler(event, context)`: it is no script then, whatever
    its main guard tries out."""
    return any(each.symbol == _LAMBDA and each.required == _EVENT_AND_CONTEXT for each in found.functions)


class _Look(NamedTuple):
    """What of a function may count when applications are put together."""

    own: object
    """What it is itself."""
    always: bool
    """Whether that counts whatever it calls."""
    handed: list[tuple[str, object]]
    """The calls that hand something to the project, each with the name of the function; empty where it counts in any case."""


def _counting(look: _Look | None, node: Node, given: Collection[str]) -> object:
    """All that does count of it; None when nothing does."""
    if look is None:
        return None
    handed = [call for name, call in look.handed if not name or name in given]
    if look.always or handed or node.symbol.rpartition(".")[2] in given:
        return look.own, handed
    return None


WIRING = frozenset(
    {
        "include_router",
        "mount",
        "add_api_route",
        "add_route",
        "add_api_websocket_route",
        "add_websocket_route",
    }
    | {"add_middleware", "add_exception_handler", "add_event_handler"}
)
MAKERS = frozenset(name.rpartition(".")[2] for name in APPS | ROUTERS)


def _wires(call: Call) -> bool:
    """Whether a call puts an application together, going by its name."""
    last = call.ref.rpartition(".")[2]
    return last in WIRING or last in ROUTE_CLASSES or last.endswith("Middleware")


def is_wiring(call: Call) -> bool:
    """Whether `call` may put an application together."""
    if call.arguments is None:
        return False
    last = call.ref.rpartition(".")[2]
    return last in WIRING or last in MAKERS or last.endswith("Middleware")


def calls_in(value: Value) -> Iterator[Call]:
    """The calls of a function and of those defined in it."""
    inside = f"{value.symbol}."
    for symbol, function in value.home.functions.items():
        if symbol == value.symbol or symbol.startswith(inside):
            yield from function.calls
