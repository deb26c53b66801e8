"""FastAPI's view of a project: applications, routers, endpoints, dependencies, middleware, hooks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rules.engine import facts
from rules.engine.bracketed import without_arguments
from rules.engine.facts import Argument, Call, Decorator, Parameter
from rules.engine.finding import EndpointRef
from rules.engine.graph import Graph, Node
from rules.engine.values import CALLS, Linked, Sort, Value
from rules.engine.wiring import Given, Reading, elements, parameter_of, readings, sites

_APPS = frozenset({"fastapi.FastAPI", "fastapi.applications.FastAPI", "starlette.applications.Starlette"})
_ROUTERS = frozenset(
    {"fastapi.APIRouter", "fastapi.routing.APIRouter", "starlette.routing.Router"}
    | {"fastapi_utils.inferring_router.InferringRouter", "fastapi_restful.inferring_router.InferringRouter"}
    | {
        f"faststream.{broker}.fastapi.{broker.capitalize()}Router"
        for broker in ("rabbit", "kafka", "nats", "redis")
    }
)
_ROUTE_CLASSES = frozenset({"Route", "WebSocketRoute", "APIRoute"})
_ROUTE_NAMES = frozenset(
    {"starlette.routing.Route", "starlette.routing.WebSocketRoute", "fastapi.routing.APIRoute"}
)
_MAX_DEPTH = 6
_CALLS_BACK = 3
_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})
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
_COMMAND_PACKAGES = frozenset({"typer", "click", "asyncclick", "cyclopts", "fire", "invoke", "rich_click"})


@dataclass(slots=True, eq=False)
class Router:
    """An application or a router. `key` is (path, own name)."""

    key: tuple[str, str]
    is_app: bool
    prefix: str = ""
    dependencies: list[Node] = field(default_factory=list)
    included: list[tuple[Router, str, list[Node]]] = field(default_factory=list)
    """(parent, prefix, dependencies) of each `include_router` that takes it in."""

    def include(self, parent: Router, prefix: str, dependencies: list[Node]) -> None:
        if not any(known is parent and text == prefix for known, text, _ in self.included):
            self.included.append((parent, prefix, dependencies))


@dataclass(slots=True, eq=False)
class Route:
    methods: tuple[str, ...]
    path: str
    handler: Node
    router: Router
    dependencies: list[Node]


@dataclass(slots=True, eq=False)
class EndpointNode:
    """One method on one path. `dependencies` are all functions that FastAPI runs before the handler."""

    ref: EndpointRef
    handler: Node
    dependencies: tuple[Node, ...]


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
        self._looks: dict[Node, object] = {}
        """All that counts of a function when applications are put together."""

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
    ) -> bool:
        """Look again at what changed; whether any of it may put applications together otherwise."""
        differs = False
        for node in gone:
            self._known.discard(node)
            self.parts.pop(node, None)
            self.asked.pop(node, None)
            differs |= self._looks.pop(node, None) is not None
        again = {node for node in changed if node.path in files}
        again.update(
            reader[1]
            for reader in readers
            if isinstance(reader, tuple) and reader[0] == WIRES and reader[1] in self._known
        )
        for node in again:
            before = self._looks.pop(node, None)
            self.parts.pop(node, None)
            self.asked.pop(node, None)
            self._look(node)
            differs |= before != self._looks.get(node)
        paths = {*files, *(each[1] for each in readers if isinstance(each, tuple) and each[0] == CLASSES)}
        for path in paths:
            had = self._classes.pop(path, ())
            has = self.of_classes(path) if path in self.resolver.modules else ()
            differs |= had != has
        return differs

    def of_classes(self, path: str) -> tuple[tuple[Node, str], ...]:
        """The roles that the classes of a file give."""
        known = self._classes.get(path)
        if known is None:
            module, reader = self.resolver.modules[path], self.resolver.reader
            self.resolver.reader = (CLASSES, path) if self.resolver.tracks else None
            known = tuple(role for cls in module.facts.classes for role in self._of_class(module, cls))
            self._classes[path] = known
            self.resolver.reader = reader
        return known

    def _look(self, node: Node) -> None:
        """Find out what `node` may put together."""
        function, module, resolver = node.function, node.module, self.resolver
        self._known.add(node)
        calls: list[Call] = []
        handed: list[object] = []
        outer, resolver.reader = resolver.reader, (WIRES, node) if resolver.tracks else None
        for call in function.calls:
            if call.arguments is None:
                continue
            value = resolver.value(call.ref, module)
            makes = (
                value is not None and value.sort in (Sort.EXTERNAL, Sort.CLASS) and self.router_sort(value)
            )
            if makes or _wires(call):
                calls.append(call)
            elif value is None or value.module is None:
                continue
            handed.append((call.ref, call.flags, call.arguments, call.target, call.receiver))
        decorators = [each for each in function.decorators if self._registers(each, module)]
        asked = tuple(
            target for parameter in function.parameters for target in self.depended(parameter, module)
        )
        resolver.reader = outer
        if calls or decorators:
            self.parts[node] = calls, decorators
        if asked:
            self.asked[node] = asked
        opens = function.flags & facts.CONTEXT
        if asked or handed or decorators or opens:
            written = [(each.ref, each.called, each.arguments, each.receiver) for each in decorators]
            self._looks[node] = function.flags, function.parameters, handed, written, asked

    def _registers(self, decorator: Decorator, module: Linked) -> bool:
        base, _, method = decorator.ref.rpartition(".")
        if base and (method in _METHODS or method in _DECORATORS):
            return True
        for argument in decorator.arguments:
            base, _, method = argument.ref.rpartition(".")
            if base and not argument.name and (method in _METHODS or method in ("api_route", "websocket")):
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
            if name in _APPS:
                return "app"
            if name in _ROUTERS:
                return "router"
        return ""

    def foreign_role(self, ref: str, module: Linked, depth: int = 0) -> str:
        """`task` or `command`, for a decorator of a job queue or of a command-line library."""
        value = self.resolver.value(ref, module)
        if value is None:
            return ""
        if value.sort == Sort.EXTERNAL or value.sort == Sort.INSTANCE:
            package = value.name.partition(".")[0]
            if package in _TASK_PACKAGES:
                return "task"
            if package in _COMMAND_PACKAGES:
                return "command"
        elif value.sort == Sort.FUNCTION and value.module is not None and depth < 3:
            self.resolver.looked_up(value.module, CALLS)
            for call in _calls_in(value):
                if call.ref.rpartition(".")[2] in ("actor", "task", "shared_task", "job", "command"):
                    found = self.foreign_role(call.ref, value.module, depth + 1)
                    if found:
                        return found
        return ""

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
            alias = self.resolver.alias(annotation[:-1], module)
            if alias is not None and alias[0].depends is not None:
                depends, holder, annotation = alias[0].depends, alias[1], alias[0].annotation
        if depends is None:
            return
        if depends:
            value = self.resolver.value(depends, holder)
        else:
            value = self.resolver.value(annotation[:-1], holder) if annotation.endswith(":") else None
        yield from self.graph.runs(value)


class Routing:
    """All there is to find by following applications."""

    def __init__(self, graph: Graph, wiring: Wiring) -> None:
        self.graph = graph
        self.resolver = graph.resolver
        self.wiring = wiring
        self.routers: dict[tuple[str, str], Router] = {}
        self.routes: list[Route] = []
        self.middleware: list[Node] = []
        self.added: set[Node] = set()
        """Methods of middleware classes that an application is seen to be given."""
        self.always_added: set[Node] = set()
        """Those of `added` that do not depend on a setting."""
        self._dependencies: dict[Node, tuple[Node, ...]] = {}
        nodes = list(graph.nodes.values())
        wiring.prepare(nodes)
        wires = [(node, parts) for node in nodes if (parts := wiring.parts.get(node))]
        for node, (calls, _) in wires:
            for call in calls:
                self._made(node, call)
        for node, (calls, decorators) in wires:
            for call in calls:
                self._wired(node, call)
            for decorator in decorators:
                self._decorated(node, decorator)
        for path in self.resolver.modules:
            for node, role in wiring.of_classes(path):
                self._add_role(node, role)
        for node in nodes:
            if self._is_lifespan(node):
                node.roles.add("lifespan")
        for targets in wiring.asked.values():
            for target in targets:
                target.roles.add("dependency")
        self.endpoints = self._endpoints()

    @cached_property
    def entered(self) -> dict[Node, int]:
        """The functions that the framework itself enters for endpoints, with a bit for each endpoint."""
        found: dict[Node, int] = {}
        for position, endpoint in enumerate(self.endpoints):
            for node in (endpoint.handler, *endpoint.dependencies, *self.middleware):
                found[node] = found.get(node, 0) | 1 << position
        return found

    def _is_lifespan(self, node: Node) -> bool:
        """Whether a context manager takes the application: what it does stands around all serving, however it is handed over."""
        if not (node.is_async and node.function.flags & facts.CONTEXT):
            return False
        first = node.function.parameters[0] if node.function.parameters else None
        value = (
            self.resolver.value(first.annotation, node.module)
            if first is not None and first.annotation
            else None
        )
        return self.wiring.router_sort(value) == "app"

    # Applications and routers

    def _made(self, node: Node, call: Call) -> None:
        value = self.resolver.value(call.ref, node.module)
        sort = (
            self.wiring.router_sort(value)
            if value is not None and value.sort in (Sort.EXTERNAL, Sort.CLASS)
            else ""
        )
        if not sort or value is None:
            return
        name = call.target[1:] if call.target else f"{node.symbol}.{call.line}"
        router = Router((node.path, name), sort == "app")
        self._configure(router, call.arguments or (), node)
        if value.sort == Sort.CLASS:
            self._configure_by_class(router, value)
        self.routers[router.key] = router

    def _configure(self, router: Router, arguments: Iterable[Argument], node: Node) -> None:
        for argument in arguments:
            if argument.name == "prefix":
                router.prefix = self._text(Given(argument, node.module), {}) or router.prefix
            elif argument.name == "dependencies":
                router.dependencies.extend(self._listed(Given(argument, node.module)))
            elif argument.name == "lifespan":
                self._mark(argument.ref, node.module, "lifespan")
            elif argument.name in ("on_startup", "on_shutdown"):
                for item in argument.items:
                    self._mark(item.ref, node.module, "lifespan")
            elif argument.name == "exception_handlers":
                for item in argument.items:
                    self._mark(item.ref, node.module, "exception handler")

    def _configure_by_class(self, router: Router, value: Value) -> None:
        """What a router class of the project hands to `super().__init__`, where the call of it says nothing."""
        for owner in self.resolver.ancestry(value):
            if owner.module is None:
                continue
            self.resolver.looked_up(owner.module, f"{owner.symbol}.__init__")
            self.resolver.looked_up(owner.module, CALLS)
            node = self.graph.nodes.get((owner.module.path, f"{owner.symbol}.__init__"))
            for call in node.function.calls if node is not None else ():
                if node is not None and call.ref.endswith("%.__init__") and call.arguments is not None:
                    given = [
                        argument
                        for argument in call.arguments
                        if argument.name != "prefix" or (argument.literal and not router.prefix)
                    ]
                    self._configure(router, given, node)

    def _routers_of(self, ref: str, own: str, module: Linked, depth: int = 0) -> list[Router]:
        """The routers that `ref` may be; `own` names it when it is local or a parameter."""
        holder = self.graph.nodes.get((module.path, own[1:].rpartition(".")[0])) if own else None
        name = parameter_of(holder, own) if holder is not None else ""
        if holder is not None and name and (module.path, own[1:]) not in self.routers and depth < _MAX_DEPTH:
            found: dict[tuple[str, str], Router] = {}
            for parameters in sites(holder):
                given = parameters.get(name)
                if given is not None:
                    argument = given.argument
                    for router in self._routers_of(argument.ref, argument.own, given.module, depth + 1):
                        found.setdefault(router.key, router)
            if found:
                return list(found.values())
        alone = self._router(ref, own, module)
        return [alone] if alone is not None else []

    def _router(self, ref: str, receiver: str, module: Linked) -> Router | None:
        """The router that `ref`, used in `module`, is; `receiver` names it when it is local."""
        value = self.resolver.value(ref, module)
        if value is None or value.sort not in (Sort.INSTANCE, Sort.OBJECT):
            return None
        sort = self.wiring.router_sort(value)
        if not sort:
            return None
        if value.origin is not None and value.origin in self.routers:
            return self.routers[value.origin]
        key = (module.path, receiver[1:])
        if receiver and key in self.routers:
            return self.routers[key]
        if ref.endswith("()"):
            made = self.resolver.value(ref[:-2], module)
            if made is not None and made.sort == Sort.FUNCTION and made.module is not None:
                local = [
                    router
                    for (path, name), router in self.routers.items()
                    if path == made.module.path and name.startswith(f"{made.symbol}.")
                ]
                if len(local) == 1:
                    return local[0]
        unknown = value.origin or (module.path, receiver[1:] or "?")
        return self.routers.setdefault(unknown, Router(unknown, sort == "app"))

    def _wired(self, node: Node, call: Call) -> None:
        base, _, method = call.ref.rpartition(".")
        arguments = call.arguments or ()
        if method in _ROUTE_CLASSES:
            self._route_object(node, call)
            return
        if method == "Middleware" or call.ref.endswith("Middleware"):
            if arguments and method == "Middleware":
                self._middleware_class(arguments[0].ref, node.module, always=not _depends(node, call))
            return
        if method not in _WIRING or not arguments:
            return
        for reading in readings(call, node, self.resolver):
            own = parameter_of(node, call.receiver) if call.receiver else ""
            given = reading.parameters.get(own) if own else None
            if given is not None:
                routers = self._routers_of(given.argument.ref, given.argument.own, given.module)
            else:
                routers = self._routers_of(base, call.receiver, node.module)
            for router in routers:
                self._wire(router, method, reading, always=not _depends(node, call))

    def _wire(self, router: Router, method: str, reading: Reading, *, always: bool) -> None:
        """One call of `method` on `router`, `always` or when some condition holds."""
        if method in ("include_router", "mount"):
            child = reading.get("router", 0) if method == "include_router" else reading.get("app", 1)
            prefix = reading.get("prefix", 2) if method == "include_router" else reading.get("path", 0)
            text = self._text(prefix, reading.parameters) if prefix is not None else ""
            dependencies = reading.get("dependencies")
            if child is None or child.argument.each:
                return
            for included in self._routers_of(child.argument.ref, child.argument.own, child.module):
                if included is not router:
                    listed = list(self._listed(dependencies)) if dependencies is not None else []
                    included.include(router, text or "", listed)
        elif method in ("add_api_route", "add_route", "add_api_websocket_route", "add_websocket_route"):
            handler = reading.named.get("endpoint") or reading.named.get("route") or reading.get("", 1)
            path = reading.get("path", 0)
            if handler is None or path is None:
                return
            for target in self.graph.runs(self.resolver.value(handler.argument.ref, handler.module)):
                methods = ("WEBSOCKET",) if "websocket" in method else _methods(reading.get("methods"))
                written = self._text(path, reading.parameters)
                self._route(router, methods, "{…}" if written is None else written, target, reading)
        elif method == "add_middleware":
            given = reading.get("middleware_class", 0)
            if given is not None:
                self._middleware_class(given.argument.ref, given.module, always=always)
        elif method in ("add_exception_handler", "add_event_handler"):
            given = reading.get("handler", 1) or reading.get("func")
            if given is not None:
                role = "exception handler" if method == "add_exception_handler" else "lifespan"
                self._mark(given.argument.ref, given.module, role)

    def _route_object(self, node: Node, call: Call) -> None:
        """`Route("/", handler)`: its place in the tree of mounts is not followed."""
        value = self.resolver.value(call.ref, node.module)
        if value is None or value.sort != Sort.EXTERNAL or value.name not in _ROUTE_NAMES:
            return
        router = self.routers.setdefault((node.path, "?routes"), Router((node.path, "?routes"), False))
        for reading in readings(call, node, self.resolver):
            handler, path = reading.get("endpoint", 1), reading.get("path", 0)
            if handler is None or path is None:
                continue
            methods = ("WEBSOCKET",) if "WebSocket" in value.name else _methods(reading.get("methods"))
            for target in self.graph.runs(self.resolver.value(handler.argument.ref, handler.module)):
                self._route(router, methods, self._text(path, reading.parameters) or "", target, reading)

    def _decorated(self, node: Node, decorator: Decorator) -> None:
        base, _, method = decorator.ref.rpartition(".")
        if method in _METHODS or method in _DECORATORS:
            routers = self._routers_of(base, decorator.receiver, node.module) if base else []
            for router in routers:
                if method == "middleware":
                    self._add_role(node, "middleware")
                elif method == "exception_handler":
                    self._add_role(node, "exception handler")
                elif method == "on_event":
                    self._add_role(node, "lifespan")
                else:
                    self._decorated_route(node, router, method, decorator.arguments)
            if routers:
                return
        if not decorator.ref:
            return
        for position, argument in enumerate(decorator.arguments):
            # A decorator of the project that registers: `@protected(router.get, "/orders")`.
            base, _, method = argument.ref.rpartition(".")
            if base and method in _METHODS | {"api_route", "websocket"} and not argument.name:
                for router in self._routers_of(base, "", node.module):
                    self._decorated_route(node, router, method, decorator.arguments[position + 1 :])
        role = self.wiring.foreign_role(decorator.ref, node.module)
        if role:
            self._add_role(node, role)

    def _decorated_route(
        self, node: Node, router: Router, method: str, arguments: tuple[Argument, ...]
    ) -> None:
        reading = Reading()
        for argument in arguments:
            given = Given(argument, node.module)
            if argument.name:
                reading.named[argument.name] = given
            else:
                reading.positional.append(given)
        path = reading.get("path", 0)
        if method in _METHODS:
            methods: tuple[str, ...] = (method.upper(),)
        elif method.startswith("websocket"):
            methods = ("WEBSOCKET",)
        else:
            methods = _methods(reading.get("methods"))
        text = self._text(path, {}) if path is not None else ""
        self._route(router, methods, "{…}" if text is None else text, node, reading)

    def _middleware_class(self, ref: str, module: Linked, *, always: bool) -> None:
        value = self.resolver.value(ref, module)
        if value is None or value.sort != Sort.CLASS or value.module is None:
            return
        for name in ("dispatch", "__call__"):
            for owner in self.resolver.ancestry(value):
                if owner.module is not None:
                    self.resolver.looked_up(owner.module, f"{owner.symbol}.{name}")
                node = (
                    self.graph.nodes.get((owner.module.path, f"{owner.symbol}.{name}"))
                    if owner.module
                    else None
                )
                if node is not None and node.is_async:
                    self._add_role(node, "middleware")
                    self.added.add(node)
                    if always:
                        self.always_added.add(node)
                    return

    def _mark(self, ref: str, module: Linked, role: str) -> None:
        for target in self.graph.runs(self.resolver.value(ref, module) if ref else None):
            self._add_role(target, role)

    def _add_role(self, node: Node, role: str) -> None:
        node.roles.add(role)
        if role == "middleware" and node not in self.middleware:
            self.middleware.append(node)

    # Endpoints

    def _route(
        self, router: Router, methods: tuple[str, ...], path: str, handler: Node, reading: Reading
    ) -> None:
        handler.roles.add("websocket" if methods == ("WEBSOCKET",) else "endpoint")
        given = reading.named.get("dependencies")
        dependencies = list(self._listed(given)) if given is not None else []
        self.routes.append(Route(methods, path, handler, router, dependencies))

    def _listed(self, given: Given) -> Iterator[Node]:
        """The functions of `dependencies=[Depends(f), …]`, written there or under a name."""
        members = [Given(item, given.module) for item in given.argument.items]
        if not members and given.argument.ref:
            members = elements(given.argument.own or given.argument.ref, given.module, self.resolver)
        for member in members:
            item = member.argument
            if item.name == "Depends":
                for target in self.graph.runs(self.resolver.value(item.ref, member.module)):
                    target.roles.add("dependency")
                    yield target

    def dependencies_of(self, node: Node) -> tuple[Node, ...]:
        """Everything that FastAPI runs before `node`, at any depth, each once, innermost first."""
        known = self._dependencies.get(node)
        if known is not None:
            return known
        self._dependencies[node] = ()
        found: dict[Node, None] = {}
        targets = self.wiring.asked.get(node, ())
        if node.function.owner and "endpoint" in node.roles:
            viewed = (self.wiring.depended(*each) for each in self._view_parameters(node))
            targets = (*targets, *(target for each in viewed for target in each))
        for target in targets:
            if target is node:
                continue
            target.roles.add("dependency")
            for inner in self.dependencies_of(target):
                found.setdefault(inner)
            found.setdefault(target)
        self._dependencies[node] = tuple(found)
        return self._dependencies[node]

    def _view_parameters(self, node: Node) -> Iterator[tuple[Parameter, Linked]]:
        """What a class-based view needs to be made, inherited parts included."""
        view = self.resolver.value(f"@{node.function.owner}", node.module)
        if view is None or view.sort != Sort.CLASS:
            return
        made = False
        for owner in self.resolver.ancestry(view):
            if owner.module is None:
                continue
            for parameter in owner.module.classes[owner.symbol].dependencies:
                yield parameter, owner.module
            function = owner.module.functions.get(f"{owner.symbol}.__init__")
            if function is not None and not made:
                made = True
                for parameter in function.parameters:
                    yield parameter, owner.module

    def _endpoints(self) -> list[EndpointNode]:
        found: dict[tuple[EndpointRef, Node], EndpointNode] = {}
        for route in self.routes:
            own = self.dependencies_of(route.handler)
            for prefix, inherited in self._mounted(route.router, ()):
                dependencies: dict[Node, None] = {}
                for target in (*inherited, *route.router.dependencies, *route.dependencies):
                    for inner in self.dependencies_of(target):
                        dependencies.setdefault(inner)
                    dependencies.setdefault(target)
                for target in own:
                    dependencies.setdefault(target)
                full = f"{prefix}{route.router.prefix}{route.path}" or "/"
                for method in route.methods:
                    ref = EndpointRef(method, full)
                    found.setdefault(
                        (ref, route.handler), EndpointNode(ref, route.handler, tuple(dependencies))
                    )
        return sorted(found.values(), key=lambda endpoint: (endpoint.ref.path, endpoint.ref.method))

    def _mounted(self, router: Router, seen: tuple[Router, ...]) -> Iterator[tuple[str, list[Node]]]:
        """(prefix, dependencies) of each way from an application down to `router`, without its own."""
        if not router.included or router in seen or len(seen) > 8:
            yield "", []
            return
        for parent, prefix, dependencies in router.included:
            for outer, inherited in self._mounted(parent, (*seen, router)):
                yield f"{outer}{parent.prefix}{prefix}", [*inherited, *parent.dependencies, *dependencies]

    def _text(self, given: Given, parameters: Mapping[str, Given]) -> str | None:
        """The text of a given string, None when it is unknown."""
        argument = given.argument
        literal = argument.literal
        if literal is not None and "\x00?" in literal:
            for name, actual in parameters.items():
                mark = f"\x00?{name}\x00"
                if mark in literal:
                    literal = literal.replace(mark, self._text(actual, {}) or "{…}")
        return self.resolver.text(literal, argument.ref, given.module)


_WIRING = frozenset(
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
_MAKERS = frozenset(name.rpartition(".")[2] for name in _APPS | _ROUTERS)
_DECORATORS = frozenset(
    {"api_route", "route", "websocket", "websocket_route", "middleware", "exception_handler", "on_event"}
)


def _wires(call: Call) -> bool:
    """Whether a call puts an application together, going by its name."""
    last = call.ref.rpartition(".")[2]
    return last in _WIRING or last in _ROUTE_CLASSES or last.endswith("Middleware")


def is_wiring(call: Call) -> bool:
    """Whether `call` may put an application together."""
    if call.arguments is None:
        return False
    last = call.ref.rpartition(".")[2]
    return last in _WIRING or last in _MAKERS or last.endswith("Middleware")


def _calls_in(value: Value) -> Iterator[Call]:
    """The calls of a function and of those defined in it."""
    inside = f"{value.symbol}."
    for symbol, function in value.home.functions.items():
        if symbol == value.symbol or symbol.startswith(inside):
            yield from function.calls


def _depends(node: Node, call: Call) -> bool:
    """Whether a call in `node` stands under a condition, or each call of `node` does."""
    for _ in range(_CALLS_BACK):
        if call.flags & facts.CONDITIONAL:
            return True
        if len(node.callers) != 1:
            return bool(node.callers) and all(edge.call.flags & facts.CONDITIONAL for _, edge in node.callers)
        node, edge = node.callers[0]
        call = edge.call
    return False


def _methods(given: Given | None) -> tuple[str, ...]:
    if given is None:
        return ("GET",)
    return tuple(item.literal.upper() for item in given.argument.items if item.literal) or ("GET",)
