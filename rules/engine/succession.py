"""A linked project that follows a repository from version to version, at the cost of what changed.

Linking a large project takes a second, and two versions of it differ in a few files. While a project is linked its
resolver remembers who asked for what (`values.Readers`): a change takes back the answers that it reaches and no others.
The functions that had them are connected again; where they run, what they lead to and what they cost follows from there.
A change of the layout itself (packages, star imports) links anew. Either way the result is what linking anew gives.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Set
from functools import cached_property
from typing import TypeVar

from rules.engine import row_changes
from rules.engine.checked import Checked, CheckedFile
from rules.engine.costs.cost import Had
from rules.engine.data.lazy_loading import LAZY, forget_reads
from rules.engine.data.lookups import LOOKED
from rules.engine.data.models import MODELS
from rules.engine.data.table_changes import OTHER_COLUMNS
from rules.engine.data.unbounded import UNBOUNDED
from rules.engine.differing import (
    NOTHING,
    bases_of,
    begins,
    changed_files,
    costs_the_same,
    differing,
    leads_the_same,
    told_apart,
    way,
)
from rules.engine.finding import Options
from rules.engine.kept_answers import Outline
from rules.engine.linking import context, deployment, versions
from rules.engine.linking.callees import Dispatch
from rules.engine.linking.graph import Edge, Node, below, place_of
from rules.engine.linking.values import MADE, STARS, Linked
from rules.engine.project import IMPORTED, ROUTING, Project
from rules.engine.reading import facts, sql_files
from rules.engine.reading.facts import ModuleFacts
from rules.engine.service.serving import imports_as, served_files

_MOST = 0.2
"""From this share of changed files on, linking anew is no slower."""
_VERSIONS = 2
"""Before and after a change: the next push of it has the same base, and the next change what this one left."""
_FEW = 50
"""From so many functions on that the framework enters otherwise, where code runs is worked out for all."""


class Succession:
    """One linked project, always at one version. What it was before can only be asked through `before`."""

    def __init__(self) -> None:
        self._project: Project | None = None
        self.before: Project | None = None
        """The version before the last `move`, as far as comparing two versions asks for it."""
        self._left: list[Project] = []
        """Linked projects that it went on from by linking anew."""
        self.callees: Dispatch | None = None
        """Which rules see which calls, as far as the last version asked."""
        self.relinked = 0
        """How often it had to link anew."""
        self._checked: list[Checked] = []
        """The last versions that files were checked in, the latest first."""

    def forget(self) -> None:
        """Let go of former versions, which nobody asks any more: what refers to each other in circles is taken apart."""
        self.before = None
        for project in self._left:
            _take_apart(project)
        self._left.clear()

    def end(self) -> None:
        """As `forget`, of the present version too."""
        self.forget()
        self._checked.clear()
        if self._project is not None:
            _take_apart(self._project)
            self._project = None

    def checked_like(self, version: Checked) -> Mapping[str, CheckedFile]:
        """What was found in files of a version when it was at hand before."""
        return next((known.files for known in self._checked if known.is_of(version)), {})

    def keep_checked(self, version: Checked) -> None:
        """Keep what was found in files of a version, for as long as few others come after it."""
        self._checked = [version, *self._checked[: _VERSIONS - 1]]

    @property
    def lines(self) -> int:
        """How large it is."""
        return sum(found.lines for found in self._project.files.values()) if self._project is not None else 0

    def move(
        self, files: Mapping[str, ModuleFacts], documents: Mapping[str, str], options: Options
    ) -> Project:
        """The project with exactly these files and documents."""
        project = self._project
        if project is None:
            return self._anew(files, documents, options)
        changed = changed_files(project.files, files)
        others = len(changed) > max(8, _MOST * len(files)) or options != project.options
        others = others or _sql(documents) != _sql(project.documents)
        if others or not project.resolver.lies_the_same(changed):
            return self._anew(files, documents, options)
        row_changes.remember(project, [(project.files.get(path), found) for path, found in changed.items()])
        if not changed:
            self.before, self._project = project, _again(project, files, documents)
            return self._project
        project.sign()
        change = _Change(project, changed)
        self._project = None  # half a change, should anything fail, is nothing to go on from
        if not change.made():
            self._project = project
            return self._anew(files, documents, options)
        self._project, self.before = change.view(files, documents), change.before()
        return self._project

    def follows(self, files: Mapping[str, ModuleFacts], options: Options) -> int | None:
        """In how many files the project differs from these; None when it cannot follow them."""
        if self._project is None or options != self._project.options:
            return None
        changed = changed_files(self._project.files, files)
        return len(changed) if len(changed) <= _MOST * len(files) else None

    def _anew(
        self, files: Mapping[str, ModuleFacts], documents: Mapping[str, str], options: Options
    ) -> Project:
        self.relinked, self.callees = self.relinked + 1, None
        if self._project is not None:
            self._left.append(self._project)
        self.before, self._project = self._project, Project(files, documents, options, tracks=True)
        return self._project


def _sql(documents: Mapping[str, str]) -> dict[str, str]:
    """What tables take their indexes from."""
    return {path: text for path, text in documents.items() if sql_files.is_read(path)}


def _take_apart(project: Project) -> None:
    for node in project.graph.nodes.values():
        node.edges, node.callers, node.leaves = [], [], []
    for module in project.resolver.modules.values():
        for kept in (module.memo, module.ancestry, module.kept, module.readers, module.lookups):
            kept.clear()


def _again(project: Project, files: Mapping[str, ModuleFacts], documents: Mapping[str, str]) -> Project:
    """The same project, and all that is known of it; with other documents another one."""
    if documents == project.documents:
        project.rows_said = None
        return project
    again = copy.copy(project)
    again.files, again.documents, again.rows_said, again.outline = files, documents, None, Outline()
    for name in _OF_DOCUMENTS - _read_alike(project.documents, documents):
        vars(again).pop(name, None)
    return again


def _read_alike(one: Mapping[str, str], other: Mapping[str, str]) -> set[str]:
    """What two versions of a project derive alike from their documents: a lock changes far more often than a deployment."""
    changed = [path for path in one.keys() | other.keys() if one.get(path) != other.get(path)]
    kept = set(_OF_DOCUMENTS)
    if any(map(versions.is_read, changed)):
        kept -= {"versions", "nearest_versions", "requirements"}
    if any(map(deployment.kind_of, changed)):
        kept.discard("deployment")
    return kept


_OF_DOCUMENTS = frozenset({"versions", "nearest_versions", "deployment", "requirements"})
"""What a project derives from its documents alone."""


_Found = TypeVar("_Found")


class _Change:
    """Other facts of some files, put into a linked project for good."""

    def __init__(self, project: Project, changed: Mapping[str, ModuleFacts | None]) -> None:
        self.project, self.changed = project, changed
        self.graph, self.resolver = project.graph, project.resolver
        self.old_nodes = dict(self.graph.nodes)
        self.old: dict[Node, Node] = {}
        """Of each function that was connected again, what it was."""
        self.gone: list[Node] = []
        self.readers: set[object] = set()
        self.routing = project.routing
        self.served_before = served_files(project)
        self.cost_differs: set[Node] = set()
        self.reaches_differently: set[Node] = set()
        self._same_functions: dict[str, set[str]] = {}

    def made(self) -> bool:
        """Make the change; False when the project has to be linked anew, and is of no use any more."""
        resolver = self.resolver
        before = {path: module.facts for path, module in resolver.modules.items() if path in self.changed}
        self.facts_before = before
        properties = resolver.attributes.property_names
        modules = {path: resolver.modules[path] for path in before}
        asked = resolver.change(self.changed)
        pending: list[object] = [reader for name in asked for reader in resolver.readers.pop(name, ())]
        for path, found in self.changed.items():
            module = modules.get(path) or resolver.modules[path]
            for name in told_apart(before.get(path, NOTHING), found or NOTHING):
                pending.extend(module.lookups.pop(name, ()))
        derived = [
            path
            for path, found in self.changed.items()
            if bases_of(before.get(path, NOTHING)) != bases_of(found or NOTHING)
        ]
        self.readers = resolver.forget(pending, derived)
        if STARS in self.readers:
            return False
        self._renew_nodes(before)
        nodes = self.graph.nodes
        asking = {reader for reader in self.readers if isinstance(reader, Node)} | self.old.keys()
        changed = {node for node in asking if nodes.get((node.path, node.symbol)) is node}
        changed.update(self.new)
        added = resolver.attributes.property_names - properties
        if added:
            changed.update(
                node
                for node in self.graph.nodes.values()
                if any(
                    call.flags & facts.LOAD and call.ref.rpartition(".")[2] in added
                    for call in node.function.calls
                )
            )
        self._connect(changed)
        self._route()
        self._place()
        self.led_elsewhere = self.project.summaries.change(self._lead_otherwise(changed), self.gone)
        return True

    def _lead_otherwise(self, changed: Set[Node]) -> set[Node]:
        """Those of `changed` whose steps may be others: not the ones that only stand on other lines."""
        turned = {
            node
            for node, before in self.old.items()
            if before.is_async != node.is_async or before.function.switches != node.function.switches
        }
        return {
            node
            for node in changed
            if (before := self.old.get(node)) is None
            or node in turned
            or not leads_the_same(before, node)
            or any(edge.target in turned for edge in node.edges)
        }

    # The graph

    def _renew_nodes(self, before: Mapping[str, ModuleFacts]) -> None:
        nodes = self.graph.nodes
        self.new: list[Node] = []
        for path, found in self.changed.items():
            if place_of(path) != "app":
                continue
            now = {function.symbol: function for function in found.functions} if found is not None else {}
            for function in before.get(path, NOTHING).functions:
                if now.get(function.symbol) is function:
                    continue  # taken over, with the very lines
                node = nodes[path, function.symbol]
                self._keep(node)
                if function.symbol not in now:
                    self.gone.append(nodes.pop((path, function.symbol)))
            for symbol, function in now.items():
                known = nodes.get((path, symbol))
                if known is not None:
                    if known.function is not function:
                        known.function, known.is_async = function, bool(function.flags & facts.ASYNC)
                else:
                    made = nodes[path, symbol] = self.graph.made(self.resolver.modules[path], function)
                    self.new.append(made)
        if self.new or self.gone:
            self.graph.nodes = {
                (path, function.symbol): nodes[path, function.symbol]
                for path, module in self.resolver.modules.items()
                if place_of(path) == "app"
                for function in module.facts.functions
            }

    def _keep(self, node: Node) -> None:
        if node not in self.old:
            self.old[node] = copy.copy(node)
            self.old[node].roles = set(node.roles)

    def _connect(self, changed: set[Node]) -> None:
        """Follow the calls of these functions again, and tell those that they call."""
        graph = self.graph
        self.changed_nodes = changed
        self.marks_before = {node: graph.marks.pop(node, []) for node in (*changed, *self.gone)}
        targets: dict[Node, None] = {}
        for node in changed:
            self._keep(node) if node not in self.new else None
            targets.update((edge.target, None) for edge in node.edges)
            node.edges, node.leaves = [], []
        for node in self.gone:
            targets.update((edge.target, None) for edge in node.edges)
        for node in changed:
            graph.connect(node)
        after = {node: node.edges for node in changed}
        for edges in after.values():
            targets.update((edge.target, None) for edge in edges)
        away = {*changed, *self.gone}
        order = _Order(self.resolver.modules)
        incoming: dict[Node, list[tuple[Node, Edge]]] = {}
        for node, edges in after.items():
            for edge in edges:
                incoming.setdefault(edge.target, []).append((node, edge))
        for target in targets:
            kept = [each for each in target.callers if each[0] not in away]
            target.callers = sorted([*kept, *incoming.get(target, ())], key=order)
        for node in changed:
            before = self.old.get(node)
            if before is None:
                self.cost_differs.add(node)
                self.reaches_differently.update((node, *(edge.target for edge in node.edges)))
                continue
            if not costs_the_same(before, node):
                self.cost_differs.add(node)
            if before.is_async != node.is_async:
                self.reaches_differently.add(node)
            if [*map(way, before.edges)] != [*map(way, node.edges)] or before.is_async != node.is_async:
                self.reaches_differently.update(edge.target for edge in (*before.edges, *node.edges))
                self.reaches_differently.add(node)
        for node in self.gone:
            self.reaches_differently.update(edge.target for edge in self.old[node].edges)
        self.reaches_differently.difference_update(self.gone)

    # Routing and contexts

    def _route(self) -> None:
        """Put the applications together again, if anything of them may have changed."""
        graph = self.graph
        marked = self.marks_before != {node: graph.marks.get(node, []) for node in self.marks_before}
        given = self.project.routing.given
        asked = self.project.wiring.change(self.changed_nodes, self.gone, self.changed, self.readers, given)
        self.routed = marked or asked or ROUTING in self.readers
        if not self.routed:
            return
        self.old_roles = {node: node.roles for node in graph.nodes.values() if node.roles}
        for node in graph.nodes.values():
            if node.roles:
                node.roles = set()
        for each in graph.marks.values():
            for node, role in each:
                node.roles.add(role)
        self.routing = self.project.routed()

    def _place(self) -> None:
        """Work out anew where functions run whose callers are others."""
        routing, graph = self.routing, self.graph
        self.served = context.servers(graph.nodes.values())
        targets = {*self.reaches_differently, *(self.served ^ self.project.served)}
        if self.routed:
            old = self.project.routing
            refs = ([endpoint.ref for endpoint in each.endpoints] for each in (routing, old))
            entered = {*differing(routing.entered, old.entered)}
            if next(refs) != next(refs) or len(entered) > _FEW:
                self.moved = self._run_all_again()
                return
            targets |= entered
            targets.update(
                node for node in graph.nodes.values() if node.roles != self.old_roles.get(node, _NO_ROLES)
            )
        here = {node for node in targets if graph.nodes.get((node.path, node.symbol)) is node}
        self.moved = self._run_again(here)

    def _run_all_again(self) -> set[Node]:
        nodes = self.graph.nodes.values()
        before = {node: (node.contexts, node.endpoints) for node in nodes}
        context.propagate(self.graph, self.routing, self.served)
        return {node for node in nodes if before[node] != (node.contexts, node.endpoints)}

    def _run_again(self, targets: Iterable[Node]) -> set[Node]:
        """Work out anew where `targets` and everything below them run."""
        nodes = below(targets)
        if not nodes:
            return nodes
        if any(map(context.depends_on_order, nodes)):
            return self._run_all_again()
        before = {node: (node.contexts, node.endpoints) for node in nodes}
        context.run_again(nodes, self.routing, self.served)
        return {node for node in nodes if before[node] != (node.contexts, node.endpoints)}

    # The outcome

    def view(self, files: Mapping[str, ModuleFacts], documents: Mapping[str, str]) -> Project:
        project = self.project
        view = copy.copy(project)
        view.files, view.documents, view.rows_said, view.rows_now = files, documents, None, None
        view.routing, view.served = self.routing, self.served
        kept = _read_alike(project.documents, documents) | self._kept(view)
        if self.routing is self.project.routing:
            kept |= {"seldom_endpoints", "staff_endpoints"}
        for name, attribute in vars(Project).items():
            if isinstance(attribute, cached_property) and name not in kept:
                vars(view).pop(name, None)
        others = set(self.changed)
        others |= {
            reader[1] for reader in self.readers if isinstance(reader, tuple) and reader[0] == IMPORTED
        }
        view.imported = {path: found for path, found in project.imported.items() if path not in others}
        view.outline = Outline()
        if self.routing is project.routing and self._imports_the_same(view, others):
            imports_as(project, view)
            if documents == project.documents and self._starts_the_same():
                view.outline = project.outline
        view.find_scripts()
        made = {reader[1] for reader in self.readers if isinstance(reader, tuple) and reader[0] == MADE}
        made |= {*self.changed, *self.old, *self.gone}
        view.made = {key: found for key, found in project.made.items() if key not in made}
        view.had = self._had(view)
        view.keep_signatures(self._signed_otherwise(view))
        return view

    def _starts_the_same(self) -> bool:
        """Whether the files that are programs still are, and no other one is, and what they need to be loaded is as it was;
        none was added or is gone."""
        return all(
            found is not None and begins(self.facts_before[path]) == begins(found)
            for path, found in self.changed.items()
        )

    def _imports_the_same(self, view: Project, paths: Iterable[str]) -> bool:
        """Whether each of these files is there in both versions and imports the same."""
        modules, known = self.resolver.modules, self.project.imported
        return all(
            path in modules and path in known and view.imports_of(path) == known[path] for path in paths
        )

    def _kept(self, view: Project) -> set[str]:
        """What of the derived tables is as it was; what can be said of rows goes on file by file."""
        view.lazy_records, view.unbounded_known, view.unbounded_placed = {}, {}, {}
        view.narrowings = {}
        models = vars(self.project).get("models")
        if models is None:
            return set()
        changed = {
            path: (self.facts_before.get(path, NOTHING), found or NOTHING)
            for path, found in self.changed.items()
        }
        asked = [reader[1] for reader in self.readers if isinstance(reader, tuple) and reader[0] == MODELS]
        followed = models.follow(changed, asked)
        if not followed:
            forget_reads(self.resolver)
            return set()
        lazy = vars(self.project).get("lazy_loading")
        known = lazy.records if lazy is not None else self.project.lazy_records
        stale = {reader[1] for reader in self.readers if isinstance(reader, tuple) and reader[0] == LAZY}
        routed: set[tuple[str, str]] = set()
        if self.routing is not self.project.routing:
            old, new = (
                {(route.handler.path, route.handler.symbol) for route in routing.routes}
                for routing in (self.project.routing, self.routing)
            )
            routed = old ^ new
        view.lazy_records = self._still(known, stale | routed)
        looked = {reader[1] for reader in self.readers if isinstance(reader, tuple) and reader[0] == LOOKED}
        view.narrowings = {
            path: found
            for path, found in self.project.narrowings.items()
            if path not in looked and path not in self.changed
        }
        unbounded = vars(self.project).get("unbounded")
        gathered = unbounded.found if unbounded is not None else self.project.unbounded_known
        other = {reader[1] for reader in self.readers if isinstance(reader, tuple) and reader[0] == UNBOUNDED}
        if followed != OTHER_COLUMNS:
            view.unbounded_known = self._still(gathered, other)
            here = {path for path, _ in routed | other} | {*self.changed}
            here |= {node.path for node in (*self.changed_nodes, *self.moved, *self.gone)}
            placed = unbounded.placed if unbounded is not None else self.project.unbounded_placed
            view.unbounded_placed = {path: found for path, found in placed.items() if path not in here}
        return {"models", "statements"}

    def _still(
        self, known: Mapping[str, Mapping[str, _Found]], stale: Iterable[tuple[str, str]]
    ) -> Mapping[str, Mapping[str, _Found]]:
        """What of a table by file and function holds: not of functions that are others or, as `stale` ones, lead elsewhere."""
        others: dict[str, set[str]] = {}
        for path, symbol in stale:
            others.setdefault(path, set()).add(symbol)
        left = dict(known)
        for path in others.keys() - self.changed.keys():
            if path in left:
                left[path] = {
                    symbol: found for symbol, found in known[path].items() if symbol not in others[path]
                }
        for path in self.changed:
            if path in left:
                same = self._unchanged(path) - others.get(path, set())
                left[path] = {symbol: found for symbol, found in known[path].items() if symbol in same}
        return left

    def _unchanged(self, path: str) -> set[str]:
        """The functions of a changed file that have the very facts that they had, rows and lines among them."""
        known = self._same_functions.get(path)
        if known is None:
            before, after = self.facts_before.get(path, NOTHING), self.changed[path] or NOTHING
            had = {function.symbol: function for function in before.functions}
            known = self._same_functions[path] = {
                function.symbol
                for function in after.functions
                if function == had.get(function.symbol)
                and after.flows.get(function.symbol) == before.flows.get(function.symbol)
            }
        return known

    def _had(self, view: Project) -> Had | None:
        """What of the costs before can be taken over."""
        before = vars(self.project)
        if "costs" not in before or "endpoints" not in before:
            return None
        routing = self.project.routing
        known = {
            (node.ref, node.handler): (node, endpoint)
            for node, endpoint in zip(routing.endpoints, before["endpoints"], strict=True)
            if node.handler.path not in self.changed
        }
        # What blocks the loop is part of an endpoint's cost, and may come to it by what a call passes alone.
        changed = self.cost_differs | self.led_elsewhere
        return Had(before["costs"], known, routing.middleware, changed, view.routing.endpoints)

    def _signed_otherwise(self, view: Project) -> set[str] | None:
        """The files whose functions may have other signatures; None for all."""
        project = self.project
        if view.scripts != project.scripts or served_files(view) != self.served_before:
            return None
        nodes = {*self.changed_nodes, *self.moved, *self.gone}
        if self.routed:
            nodes.update(
                node
                for node in self.graph.nodes.values()
                if node.roles != self.old_roles.get(node, _NO_ROLES)
            )
        for node in self.led_elsewhere:
            nodes.update(caller for caller, _ in node.callers)
        return {node.path for node in nodes} | {*self.changed}

    def before(self) -> Project:
        """The version before, for comparing: its functions, what they called and cost, its endpoints."""
        view = copy.copy(self.project)
        view.graph = copy.copy(self.graph)
        nodes = view.graph.nodes = self.old_nodes
        for was in self.old.values():
            nodes[was.path, was.symbol] = was
        return view


_NO_ROLES: set[str] = set()


class _Order:
    """Calls in the order of their callers, as linking anew finds them."""

    def __init__(self, modules: Mapping[str, Linked]) -> None:
        self._modules = modules
        self._positions: dict[str, dict[str, int]] = {}

    def __call__(self, caller: tuple[Node, Edge]) -> tuple[str, int, int]:
        node, edge = caller
        positions = self._positions.get(node.path)
        if positions is None:
            functions = self._modules[node.path].facts.functions
            positions = self._positions[node.path] = {
                function.symbol: position for position, function in enumerate(functions)
            }
        return node.path, positions[node.symbol], edge.at
