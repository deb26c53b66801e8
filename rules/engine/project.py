"""All files of a project, linked: who calls what, where it runs, what it costs."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from rules.engine import fingerprints
from rules.engine.costs.cost import Costs, Had
from rules.engine.costs.occupancy import Occupancies
from rules.engine.costs.summaries import Summaries
from rules.engine.data import lookups, sql_tables
from rules.engine.data.lazy_loading import LazyLoading, Record
from rules.engine.data.lookups import Lookups, Narrowings
from rules.engine.data.models import Models
from rules.engine.data.raw_queries import RawQueries
from rules.engine.data.statements import Statements
from rules.engine.data.unbounded import Gathered, Placed, UnboundedQueries
from rules.engine.finding import Endpoint, EndpointRef, Options
from rules.engine.kept_answers import Outline
from rules.engine.linking import context, deployment, registering, versions
from rules.engine.linking.graph import Graph, Node, place_of
from rules.engine.linking.knowledge import Knowledge
from rules.engine.linking.registering import Wiring
from rules.engine.linking.resolver import Resolver
from rules.engine.linking.routing import EndpointNode, Routing
from rules.engine.linking.values import Sort
from rules.engine.linking.versions import Nearest
from rules.engine.reading import facts, session_factories, sql_files
from rules.engine.reading.facts import ModuleFacts
from rules.engine.reading.regexes import regex
from rules.engine.service import serving, traffic, unserved

ROUTING, IMPORTED = "routing", "imported"
"""Who asks the resolver (`values.Readers`): for all applications, with a path for a file's imports."""
_SCRIPTS = regex(r"^(?:[^/]+/)?(?:scripts?|dev|hack)/")


@functools.lru_cache(maxsize=4096)
def _is_for_scripts(path: str) -> bool:
    return _SCRIPTS.search(path) is not None


class Project:
    """Linked facts. `documents` are deploy files, requirements and the like, by path."""

    def __init__(
        self,
        files: Mapping[str, ModuleFacts],
        documents: Mapping[str, str] | None = None,
        options: Options = Options(),  # noqa: B008 - frozen
        *,
        tracks: bool = False,
    ) -> None:
        """With `tracks` it can follow changes of its files (`rules.engine.succession`)."""
        self.files = files
        self.documents = documents or {}
        self.had: Had | None = None
        """What is known of the version before, where it follows one."""
        self.lazy_records: Mapping[str, Mapping[str, list[Record]]] = {}
        """What the version before found of functions that nothing changed for, by file."""
        self.unbounded_known: Mapping[str, Mapping[str, Sequence[Gathered]]] = {}
        self.unbounded_placed: Mapping[str, Sequence[Placed]] = {}
        """And in those whose functions run where they ran."""
        self.narrowings: Narrowings = {}
        """What look-ups name, as far as the version before found it or somebody asked."""
        self.made: dict[Node | str, tuple[tuple[str, str], ...]] = {}
        """The classes that functions instantiate, and by file those of which it holds an instance, as far as asked."""
        self.rows_said: dict[tuple[str, str], object] | None = None
        """Of a version that is passed, what rules say about rows."""
        self.rows_now: dict[tuple[str, str], object] | None = None
        """What they say of this version, if comparing asked."""
        self._signed: dict[str, dict[str, tuple[object, ...]]] = {}
        self.outline = Outline()
        self.options = options
        self.knowledge = Knowledge(options)
        self.resolver = Resolver(files, tracks=tracks)
        self.graph = Graph(self.resolver, self.knowledge)
        self.wiring = Wiring(self.graph)
        self.routing = self.routed()
        self.served = context.servers(self.graph.nodes.values())
        context.propagate(self.graph, self.routing, self.served)
        self.summaries = Summaries(self.graph)
        self.imported: dict[str, frozenset[str]] = {}
        """By file, the files that it imports; filled as far as `find_scripts` asks."""
        self.find_scripts()

    def routed(self) -> Routing:
        """The applications, put together anew."""
        with self.resolver.reading(ROUTING):
            return Routing(self.graph, self.wiring)

    def find_scripts(self) -> None:
        self._scripts = self._script_paths()

    def imports_of(self, path: str) -> frozenset[str]:
        """The other files that a file imports."""
        known = self.imported.get(path)
        if known is None:
            module = self.resolver.modules[path]
            with self.resolver.reading((IMPORTED, path)):
                values = [self.resolver.value(ref, module) for ref in module.facts.modules]
            known = self.imported[path] = frozenset(
                value.module.path
                for value in values
                if value is not None and value.module is not None and value.module is not module
            )
        return known

    def imported_from(self, paths: Iterable[str]) -> set[str]:
        """The files and all that they import, at any distance."""
        pending = list(paths)
        seen = {*pending}
        while pending:
            found = self.imports_of(pending.pop()) - seen
            seen |= found
            pending += found
        return seen

    @cached_property
    def costs(self) -> Costs:
        return Costs(self.graph, self.summaries, self.lazy_loading.calls, self.had)

    @property
    def texts(self) -> Iterable[str]:
        """The documents that may name code: SQL files name tables."""
        return (text for path, text in self.documents.items() if not sql_files.is_read(path))

    @cached_property
    def models(self) -> Models:
        """The tables of the project."""
        return Models(self.resolver, sql_files.indexes(self.documents))

    @cached_property
    def sql_tables(self) -> Mapping[str, frozenset[str]]:
        """By the tables that SQL or a migration makes, the columns that their indexes and keys begin with."""
        return sql_tables.first_columns(self.resolver, self.models)

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
        return UnboundedQueries(
            self.graph, self.statements, self.routing, self.unbounded_known, self.unbounded_placed
        )

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
        return LazyLoading(self.models, self.statements, self.routing, self.lazy_records)

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
    def keeps_on_commit(self) -> bool:
        """Whether a synchronous session may keep what its objects hold when it commits."""
        return session_factories.keeps_on_commit(self)

    @cached_property
    def lookups(self) -> Lookups:
        """By which columns the project's queries look rows up."""
        return lookups.link(self)

    @cached_property
    def seldom_endpoints(self) -> int:
        """A bit for each endpoint that is asked for now and then only: sign-in, set-up, administration."""
        return traffic.seldom(self)

    @cached_property
    def staff_endpoints(self) -> int:
        """A bit for each endpoint that lets only those in who run the system."""
        return traffic.staffed(self)

    @cached_property
    def unserved_endpoints(self) -> int:
        """A bit for each endpoint of the project that no user gets to."""
        return unserved.unserved(self)

    @cached_property
    def versions(self) -> Mapping[str, versions.Version]:
        return versions.declared(self.documents)

    @cached_property
    def nearest_versions(self) -> Nearest:
        """The same for each file, by the documents of the folders around it."""
        return Nearest(self.documents, self.versions)

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
        costs, had = self.costs, self.had
        occupied = Occupancies(self) if self.options.occupancy else None
        if occupied is not None:
            had = None  # what lets how many in may stand in any file
        known = had.endpoints(self.routing.middleware) if had is not None else {}
        return tuple(
            known.get(endpoint) or self._endpoint(endpoint, costs, occupied)
            for endpoint in self.routing.endpoints
        )

    def _endpoint(self, endpoint: EndpointNode, costs: Costs, occupied: Occupancies | None) -> Endpoint:
        handler = endpoint.handler
        ran = handler, endpoint.dependencies, self.routing.middleware, endpoint.ref.path
        cost = costs.endpoint(*ran)
        return Endpoint(
            endpoint.ref.method,
            endpoint.ref.path,
            handler.path,
            handler.function.line,
            "loop" if handler.is_async else "thread",
            cost,
            handler.name,
            fingerprints.body_of(handler.function),
            occupied.of_endpoint(endpoint) if occupied is not None else None,
            costs.sizes(*ran) if cost.grows else (),
            fingerprints.called_in(handler.function),
        )

    def node(self, path: str, symbol: str) -> Node | None:
        return self.graph.nodes.get((path, symbol))

    def endpoint_refs(self, node: Node) -> tuple[EndpointRef, ...]:
        """The endpoints that reach `node`."""
        return tuple(each.ref for each in self.endpoint_nodes(node))

    def endpoint_nodes(self, node: Node) -> Iterator[EndpointNode]:
        """As `endpoint_refs`, with what handles them and what runs before."""
        bits = node.endpoints
        while bits:
            lowest = bits & -bits
            yield self.routing.endpoints[lowest.bit_length() - 1]
            bits ^= lowest

    def bodies(self, node: Node) -> frozenset[str]:
        """The full names of the project's classes whose instances the endpoints that reach `node` are sent."""
        bits, found = node.endpoints, set()
        while bits:
            lowest = bits & -bits
            handler = self.routing.endpoints[lowest.bit_length() - 1].handler
            for parameter in handler.function.parameters:
                value = (
                    self.resolver.value(parameter.annotation, handler.module)
                    if parameter.depends is None
                    else None
                )
                if value is not None and value.sort == Sort.OBJECT:
                    found.add(value.name)
            bits ^= lowest
        return frozenset(found)

    def on_loop(self, node: Node) -> bool:
        """Whether `node` is proven to run on the event loop."""
        return bool(node.contexts & context.IN_LOOP)

    def on_some_loop(self, node: Node) -> bool:
        """Proven to run on the event loop, or asynchronous and neither start-up code nor part of a script."""
        if node.function.decorators and context.has_thread_of_its_own(node, self.versions):
            return False
        if node.contexts & context.IN_LOOP:
            return True
        if not node.is_async:
            return False
        if node.contexts & context.IN_REQUEST:
            # `asyncio.run(…)` in a worker thread, maybe by a helper: the thread waits, as it would without. What such a thread gives
            # to the loop of another one stops that loop.
            return not node.contexts & context.OWN_LOOP and (
                bool(node.contexts & context.ANOTHERS_LOOP) or not context.is_run_by_helpers(node)
            )
        if node.contexts & (context.AT_STARTUP | context.IN_SCRIPT):
            return bool(node.contexts & context.IN_TASK)
        return node.contexts != 0 or node.path not in self._scripts

    def is_script(self, path: str) -> bool:
        """Whether a file is run, not imported."""
        return path in self._scripts

    def _script_paths(self) -> frozenset[str]:
        """Files that are run, not imported: with a main guard or in a folder for scripts, and imported by none but such."""
        suspects = {
            path
            for path, found in self.files.items()
            if (found.main or _is_for_scripts(path)) and not registering.runs_on_lambda(found)
        }
        if not suspects:
            return frozenset()
        for path in self.resolver.modules.keys() - self.imported.keys():
            self.imports_of(path)
        imported = [(path, paths) for path, paths in self.imported.items() if not suspects.isdisjoint(paths)]
        while True:
            wanted: set[str] = set()
            for importer, paths in imported:
                if importer not in suspects:
                    wanted |= paths & suspects
            if not wanted:
                break
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

    @property
    def scripts(self) -> frozenset[str]:
        """The files that are run, not imported."""
        return self._scripts

    def sign(self) -> None:
        """Find the signatures of all files that have none yet."""
        for path in self.files.keys() - self._signed.keys():
            if place_of(path) == "app":
                self.signatures(path)

    def keep_signatures(self, others: Collection[str] | None) -> None:
        """Go on with the signatures that were found, but for these files; None stands for all."""
        self._signed = {} if others is None else {p: s for p, s in self._signed.items() if p not in others}

    def unlike(self, before: Project) -> Iterator[str]:
        """The files whose signatures were not taken over from the version before."""
        own, others = self._signed, before._signed
        return (path for path in self.files if path not in own or own[path] is not others.get(path))

    def _nodes_of(self, path: str) -> list[Node]:
        module = self.resolver.modules[path]
        nodes = (self.graph.nodes.get((path, function.symbol)) for function in module.facts.functions)
        return [node for node in nodes if node is not None]

    def signatures(self, path: str) -> dict[str, tuple[object, ...]]:
        """For each function of a file, everything about the rest of the project that its findings may depend on."""
        known = self._signed.get(path)
        if known is not None:
            return known
        found = self._signed[path] = {}
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
