"""FastAPI's view of a project: applications, routers, endpoints, dependencies, middleware, hooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from msgspec import Struct, field

from rules.engine.finding import EndpointRef
from rules.engine.linking.graph import Graph, Node
from rules.engine.linking.registering import (
    DECORATORS,
    METHODS,
    ROUTE_CLASSES,
    WIRING,
    Wiring,
)
from rules.engine.linking.texts import text_of
from rules.engine.linking.values import CALLS, Linked, Sort, Value
from rules.engine.linking.wiring import (
    Given,
    Reading,
    depends_on_callers,
    elements,
    parameter_of,
    readings,
    sites,
)
from rules.engine.reading import facts
from rules.engine.reading.facts import Argument, Call, Decorator, Parameter

_ROUTE_NAMES = frozenset(
    {"starlette.routing.Route", "starlette.routing.WebSocketRoute", "fastapi.routing.APIRoute"}
)
_MAX_DEPTH = 6
_CALLS_BACK = 3
_DEPTH = 300
"""Dependencies of dependencies, beyond which FastAPI itself gives up before long."""


class Router(Struct, eq=False):
    """An application or a router. `key` is (path, own name)."""

    key: tuple[str, str]
    is_app: bool
    prefix: str = ""
    dependencies: list[Node] = field(default_factory=list)
    included: list[tuple[Router, str, list[Node]]] = field(default_factory=list)
    """(parent, prefix, dependencies) of each `include_router` that takes it in."""
    always: bool = False
    """Whether one of these does so wherever the program runs, not on a developer's machine only."""

    def include(self, parent: Router, prefix: str, dependencies: list[Node], *, aside: bool) -> None:
        self.always |= not aside
        if not any(known is parent and text == prefix for known, text, _ in self.included):
            self.included.append((parent, prefix, dependencies))


class Route(Struct, eq=False):
    methods: tuple[str, ...]
    path: str
    handler: Node
    router: Router
    dependencies: list[Node]
    named: Mapping[str, Given] = field(default_factory=dict)
    """What it was given by name: `response_model`, `response_class`, …"""


class EndpointNode(Struct, eq=False):
    """One method on one path. `dependencies` are all functions that FastAPI runs before the handler."""

    ref: EndpointRef
    handler: Node
    dependencies: tuple[Node, ...]


class Routing:
    """All there is to find by following applications."""

    def __init__(self, graph: Graph, wiring: Wiring) -> None:
        self.graph = graph
        self.resolver = graph.resolver
        self.wiring = wiring
        self.routers: dict[tuple[str, str], Router] = {}
        self.takes_unseen = False
        """Whether some `include_router` takes in what nobody can follow."""
        self.routes: list[Route] = []
        self.middleware: list[Node] = []
        self.added: set[Node] = set()
        """Methods of middleware classes that an application is seen to be given."""
        self.always_added: set[Node] = set()
        """Those of `added` that do not depend on a setting."""
        self.given: set[str] = set()
        """The names of functions that are asked what they are called with: `install(app)`."""
        self._dependencies: dict[Node, tuple[Node, ...]] = {}
        self._depth = 0
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
            for node, role in wiring.of_file(path):
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
        if not (node.is_async and node.function.flags & (facts.CONTEXT | facts.GENERATOR)):
            return False
        first = node.function.parameters[0] if node.function.parameters else None
        value = (
            self.resolver.value(first.annotation, node.module)
            if first is not None and first.annotation
            else None
        )
        return self.wiring.router_sort(value) == "app"

    def _reads_calls_of(self, node: Node) -> None:
        """From here on it matters what `node`, or a function of its name that stands for it, is called with."""
        name = node.symbol.rpartition(".")[2]
        self.given.add("__init__" if name == "__post_init__" else name)

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
            self._reads_calls_of(holder)
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
        if method in ROUTE_CLASSES:
            self._route_object(node, call)
            return
        if method == "Middleware" or call.ref.endswith("Middleware"):
            if arguments and method == "Middleware":
                self._middleware_class(arguments[0].ref, node.module, always=not _depends(node, call))
            return
        if method not in WIRING or not arguments:
            return
        if depends_on_callers(call, node):
            self._reads_calls_of(node)
        for reading in readings(call, node, self.resolver):
            own = parameter_of(node, call.receiver) if call.receiver else ""
            given = reading.parameters.get(own) if own else None
            if given is not None:
                routers = self._routers_of(given.argument.ref, given.argument.own, given.module)
            else:
                routers = self._routers_of(base, call.receiver, node.module)
            self.takes_unseen |= not routers and method == "include_router"
            for router in routers:
                aside = bool(call.flags & facts.ASIDE)
                self._wire(router, method, reading, always=not _depends(node, call), aside=aside)

    def _wire(self, router: Router, method: str, reading: Reading, *, always: bool, aside: bool) -> None:
        """One call of `method` on `router`, `always` or when some condition holds; `aside` where developers ask for it."""
        if method in ("include_router", "mount"):
            child = reading.get("router", 0) if method == "include_router" else reading.get("app", 1)
            prefix = reading.get("prefix", 2) if method == "include_router" else reading.get("path", 0)
            text = self._text(prefix, reading.parameters) if prefix is not None else ""
            dependencies = reading.get("dependencies")
            if child is None or child.argument.each:
                self.takes_unseen = True
                return
            children = self._routers_of(child.argument.ref, child.argument.own, child.module)
            self.takes_unseen |= not children and method == "include_router"
            for included in children:
                if included is not router:
                    listed = list(self._listed(dependencies)) if dependencies is not None else []
                    included.include(router, text or "", listed, aside=aside)
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
        if depends_on_callers(call, node):
            self._reads_calls_of(node)
        for reading in readings(call, node, self.resolver):
            handler, path = reading.get("endpoint", 1), reading.get("path", 0)
            if handler is None or path is None:
                continue
            methods = ("WEBSOCKET",) if "WebSocket" in value.name else _methods(reading.get("methods"))
            for target in self.graph.runs(self.resolver.value(handler.argument.ref, handler.module)):
                self._route(router, methods, self._text(path, reading.parameters) or "", target, reading)

    def _decorated(self, node: Node, decorator: Decorator) -> None:
        base, _, method = decorator.ref.rpartition(".")
        if method in METHODS or method in DECORATORS:
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
            if base and method in METHODS | {"api_route", "websocket"} and not argument.name:
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
        if method in METHODS:
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
        self.routes.append(Route(methods, path, handler, router, dependencies, reading.named))

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
        if self._depth > _DEPTH:
            return ()
        self._depth += 1
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
        self._depth -= 1
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
        return text_of(self.resolver, literal, argument.ref, given.module)


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
