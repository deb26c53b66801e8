"""All files of a project, linked: who calls what, where it runs, what it costs."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cached_property

from rules.engine import (
    context,
    deployment,
    facts,
    fingerprints,
    lookups,
    serving,
    session_factories,
    traffic,
    versions,
)
from rules.engine.cost import Costs
from rules.engine.facts import ModuleFacts
from rules.engine.finding import Endpoint, EndpointRef, Options
from rules.engine.graph import Graph, Node
from rules.engine.knowledge import Knowledge
from rules.engine.lazy_loading import LazyLoading
from rules.engine.lookups import Lookups
from rules.engine.models import Models
from rules.engine.raw_queries import RawQueries
from rules.engine.routing import Routing
from rules.engine.statements import Statements
from rules.engine.summaries import Summaries
from rules.engine.unbounded import UnboundedQueries
from rules.engine.values import Resolver, Sort

_SCRIPTS = re.compile(r"^(?:[^/]+/)?(?:scripts?|dev|hack)/")


class Project:
    """Linked facts. `documents` are deploy files, requirements and the like, by path."""

    def __init__(
        self,
        files: Mapping[str, ModuleFacts],
        documents: Mapping[str, str] | None = None,
        options: Options = Options(),  # noqa: B008 - frozen
    ) -> None:
        self.files = files
        self.documents = documents or {}
        self.options = options
        self.knowledge = Knowledge(options)
        self.resolver = Resolver(files)
        self.graph = Graph(self.resolver, self.knowledge)
        self.routing = Routing(self.graph)
        context.propagate(self.graph, self.routing)
        self.summaries = Summaries(self.graph)
        self._scripts = self._script_paths()

    @cached_property
    def costs(self) -> Costs:
        return Costs(self.graph, self.summaries, self.lazy_loading.calls)

    @cached_property
    def models(self) -> Models:
        """The tables of the project."""
        return Models(self.resolver)

    @cached_property
    def early_dependencies(self) -> frozenset[Node]:
        """Dependencies that some endpoint closes before its response is sent (`scope="function"`)."""
        return frozenset(
            node
            for module in self.resolver.modules.values()
            for ref in module.facts.early
            for node in self.graph.runs(self.resolver.value(ref, module))
        )

    @cached_property
    def unbounded(self) -> UnboundedQueries:
        return UnboundedQueries(self.graph, self.statements, self.routing)

    @cached_property
    def raw(self) -> RawQueries:
        """Queries by SQL texts, parsed."""
        return RawQueries(self.graph, self.models, self.routing, self.summaries)

    @cached_property
    def statements(self) -> Statements:
        """Where rows come from, through all files."""
        return Statements(self.resolver, self.models)

    @cached_property
    def lazy_loading(self) -> LazyLoading:
        """Queries whose rows load relationships one by one while a response is built."""
        return LazyLoading(self.models, self.statements, self.routing)

    @cached_property
    def linked_places(self) -> Mapping[str, Collection[tuple[int, int]]]:
        """By file, the lines and columns of calls that something is known about: where their rows or texts go."""
        lazy = self.lazy_loading
        found: dict[str, set[tuple[int, int]]] = {}
        for path, line, column in (*lazy.queries, *lazy.handed, *lazy.filled, *self.unbounded.queries):
            found.setdefault(path, set()).add((line, column))
        return found

    @cached_property
    def expires_on_commit(self) -> bool:
        """Whether an asynchronous session forgets what its objects hold when it commits."""
        return session_factories.expires_on_commit(self)

    @cached_property
    def lookups(self) -> Lookups:
        """By which columns the project's queries look rows up."""
        return lookups.link(self)

    @cached_property
    def seldom_endpoints(self) -> int:
        """A bit for each endpoint that is asked for now and then only: sign-in, set-up, administration."""
        return traffic.seldom(self)

    @cached_property
    def versions(self) -> Mapping[str, versions.Version]:
        return versions.declared(self.documents)

    @cached_property
    def deployment(self) -> deployment.Deployment:
        """How the project is served, as far as its documents say."""
        return deployment.read(self.documents)

    @cached_property
    def requirements(self) -> Mapping[str, frozenset[str]]:
        """Distributions that the project names, with the extras it asks for."""
        return versions.required(self.documents)

    @cached_property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All endpoints with their costs, by path and method."""
        return tuple(
            Endpoint(
                endpoint.ref.method,
                endpoint.ref.path,
                endpoint.handler.path,
                endpoint.handler.function.line,
                "loop" if endpoint.handler.is_async else "thread",
                self.costs.endpoint(
                    endpoint.handler, endpoint.dependencies, self.routing.middleware, endpoint.ref.path
                ),
                endpoint.handler.name,
                fingerprints.body_of(endpoint.handler.function),
            )
            for endpoint in self.routing.endpoints
        )

    def node(self, path: str, symbol: str) -> Node | None:
        return self.graph.nodes.get((path, symbol))

    def endpoint_refs(self, node: Node) -> tuple[EndpointRef, ...]:
        """The endpoints that reach `node`."""
        bits, found = node.endpoints, []
        while bits:
            lowest = bits & -bits
            found.append(self.routing.endpoints[lowest.bit_length() - 1].ref)
            bits ^= lowest
        return tuple(found)

    def on_loop(self, node: Node) -> bool:
        """Whether `node` is proven to run on the event loop."""
        return bool(node.contexts & context.IN_LOOP)

    def on_some_loop(self, node: Node) -> bool:
        """Proven to run on the event loop, or asynchronous and neither start-up code nor part of a script."""
        if node.contexts & context.IN_LOOP:
            return True
        if not node.is_async:
            return False
        if node.contexts & context.OWN_LOOP and node.contexts & context.IN_REQUEST:
            return False  # `asyncio.run(…)` in a worker thread: the thread waits, as it would without
        if node.contexts & (context.AT_STARTUP | context.IN_SCRIPT):
            return bool(node.contexts & (context.IN_TASK | context.IN_REQUEST))
        return node.contexts != 0 or node.path not in self._scripts

    def is_script(self, path: str) -> bool:
        """Whether a file is run, not imported."""
        return path in self._scripts

    def _script_paths(self) -> frozenset[str]:
        """Files that are run, not imported: with a main guard or in a folder for scripts, and imported by none but such."""
        suspects = {path for path, found in self.files.items() if found.main or _SCRIPTS.search(path)}
        if not suspects:
            return frozenset()
        imported: dict[str, set[str]] = {}
        for module in self.resolver.modules.values():
            for ref in module.facts.modules:
                value = self.resolver.value(ref, module)
                if value is not None and value.module is not None and value.module is not module:
                    imported.setdefault(module.path, set()).add(value.module.path)
        while (
            wanted := {
                path for importer, paths in imported.items() if importer not in suspects for path in paths
            }
            & suspects
        ):
            suspects -= wanted
        return frozenset(
            path
            for path in suspects
            if not any(node.endpoints for node in self._nodes_of(path)) and not self._is_plugin(path)
        )

    def _is_plugin(self, path: str) -> bool:
        """Whether a file implements a class of the project: something loads it by name, whatever its main guard does."""
        module = self.resolver.modules[path]
        for cls in module.facts.classes:
            for base in cls.bases:
                value = self.resolver.value(base, module)
                if value is not None and value.module is not None and value.module is not module:
                    return value.sort == Sort.CLASS
        return False

    def _nodes_of(self, path: str) -> list[Node]:
        module = self.resolver.modules[path]
        nodes = (self.graph.nodes.get((path, function.symbol)) for function in module.facts.functions)
        return [node for node in nodes if node is not None]

    def signatures(self, path: str) -> dict[str, tuple[object, ...]]:
        """For each function of a file, everything about the rest of the project that its findings may depend on."""
        found: dict[str, tuple[object, ...]] = {}
        for node in self._nodes_of(path):
            called = frozenset(
                (edge.call.ref, edge.kind, self.summaries.signature(edge.target)) for edge in node.edges
            )
            leaves = frozenset(leaf.name for leaf in node.leaves)
            found[node.symbol] = (
                node.contexts,
                self.on_some_loop(node),
                node.is_async and not node.contexts & context.IN_REQUEST and serving.is_served(self, path),
                frozenset(node.roles),
                called,
                leaves,
            )
        return found


__all__ = ["Project", "facts"]
