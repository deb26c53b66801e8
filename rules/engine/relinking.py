"""A linked project in which one file changes for a moment: what proving a fix asks for, at the cost of the change.

Linking a project takes as long as reading a tenth of it. An edit within functions that leaves what the file declares
as it was changes far less: the calls of these functions, where what they call runs, and what their callers lead to.
Only that is worked out again, in place, and put back afterwards. Everything else links the project anew.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from rules.engine.differing import way
from rules.engine.kept_answers import Outline
from rules.engine.linking import context
from rules.engine.linking.graph import Edge, LeafCall, Node, above, below, place_of
from rules.engine.linking.module_map import speaks_otherwise
from rules.engine.linking.registering import is_wiring
from rules.engine.linking.templates import asks
from rules.engine.linking.values import Sort, Value
from rules.engine.project import Project
from rules.engine.reading import facts
from rules.engine.reading.facts import PLACES, Call, Function, ModuleFacts, alike

_IMPORTED = frozenset({"imports", "modules", "optional", "members"})
"""Fields that an import statement or a definition adds to."""
_OF_TABLES = frozenset({"declarations", "migration", "flows", "raw"})
"""Fields about tables and rows: what is derived of them is derived again when it is asked for."""
_DECLARED = tuple(
    name
    for name in ModuleFacts.__struct_fields__
    if name not in {"lines", "functions", "mentions", *_OF_TABLES, *_IMPORTED}
)
_OWN = frozenset({"calls", "flags", "passings", "applies"})
"""Fields of a function that only its own callers feel, if anybody."""
_FEW = 4
"""From more changed files on, linking anew is no slower."""
_OF_DOCUMENTS = frozenset({"versions", "deployment", "requirements"})
"""What a project derives from its documents alone."""


@contextlib.contextmanager
def relinked(project: Project, path: str, found: ModuleFacts) -> Iterator[Project]:
    """`project` with other facts of the file `path`. While the context lasts `project` itself must not be asked."""
    before = project.files.get(path)
    if (
        before is None
        or not _declares_the_same(before, found, _called_by_framework(project, path))
        or any(_is_handed(project, path, *each) for each in _applied_otherwise(before, found))
        or any(_has_heirs(project, path, owner) for owner in _asking_otherwise(before, found))
        or any(project.resolver.layout.has_folder(name) for name in {*found.imports} - {*before.imports})
        or any(
            map(
                project.resolver.is_weighed,
                {each.partition(".")[0] for each in {*found.modules} - {*before.modules}},
            )
        )
        or speaks_otherwise(path, before, found)
    ):
        yield Project({**project.files, path: found}, project.documents, project.options)
        return
    edit = _Edit(project, path, before, found)
    try:
        yield edit.made()
    finally:
        edit.undo()


@contextlib.contextmanager
def all_relinked(project: Project, found: Mapping[str, ModuleFacts]) -> Iterator[Project]:
    """As `relinked`, with other facts of several files."""
    if len(found) > _FEW:
        yield Project({**project.files, **found}, project.documents, project.options)
        return
    with contextlib.ExitStack() as changes:
        for path, facts_of_file in found.items():
            project = changes.enter_context(relinked(project, path, facts_of_file))
        yield project


def _called_by_framework(project: Project, path: str) -> frozenset[str]:
    """The endpoints of a file that no code of the project calls: whether they are asynchronous is their own affair."""
    nodes = (project.node(path, function.symbol) for function in project.files[path].functions)
    return frozenset(
        node.symbol for node in nodes if node is not None and not node.callers and node.roles == {"endpoint"}
    )


def _declares_the_same(before: ModuleFacts, after: ModuleFacts, free: Collection[str]) -> bool:
    """Whether other files cannot tell the two apart, but for what calling the functions leads to.

    Names may be added, which nobody knew so far. The functions named in `free` may become asynchronous or
    cease to be, and wait or not.
    """
    if not ({*before.imports} <= {*after.imports} and {*before.modules} <= {*after.modules}):
        return False
    if not all(name in after.members and after.members[name] == ref for name, ref in before.members.items()):
        return False
    if not all(alike(getattr(before, name), getattr(after, name)) for name in _DECLARED):
        return False
    old, new = _named(before), _named(after)
    if old.keys() != new.keys():
        return False
    return all(
        _same_signature(function, new[symbol], facts.ASYNC | facts.UNBROKEN if symbol in free else 0)
        for symbol, function in old.items()
    )


def _applied_otherwise(before: ModuleFacts, after: ModuleFacts) -> Iterator[tuple[str, set[str]]]:
    """The functions that call other parameters than before, with the names and positions of these."""
    new = _named(after)
    for symbol, function in _named(before).items():
        differing = {*function.applies} ^ {*new[symbol].applies}
        if differing:
            yield symbol, {key for each in differing for key in (each.name, str(each.position))}


def _is_handed(project: Project, path: str, symbol: str, keys: Collection[str]) -> bool:
    """Whether some call hands a function of the file what may be a function, under one of these names or positions."""
    return any(
        (target.path, target.symbol) == (path, symbol)
        for node in project.graph.nodes.values()
        for call in node.function.calls
        if any(key in keys for key, _ in call.handed)
        for target in project.graph.runs(project.resolver.value(call.ref, node.module))
    )


def _asking_otherwise(before: ModuleFacts, after: ModuleFacts) -> Iterator[str]:
    """The classes with methods that ask other things of their object than before."""
    new = _named(after)
    for symbol, function in _named(before).items():
        if function.owner and asks(function) != asks(new[symbol]):
            yield function.owner


def _has_heirs(project: Project, path: str, owner: str) -> bool:
    """Whether classes derive from one of the file, whose callers have calls of its methods among their own."""
    resolver = project.resolver
    cls = resolver.value(f"@{owner}", resolver.modules[path])
    return cls is not None and cls.sort == Sort.CLASS and bool(resolver.heirs.of(cls))


def _named(found: ModuleFacts) -> dict[str, Function]:
    """The functions that have a name: a lambda is called after its place."""
    return {function.symbol: function for function in found.functions if not function.flags & facts.LAMBDA}


def _same_signature(before: Function, after: Function, free: int) -> bool:
    """Whether two versions of a function can be called alike; flags in `free` do not count."""
    if (before.flags ^ after.flags) & ~(free | facts.FEW):
        return False
    fields = (name for name in Function.__struct_fields__ if name not in {*_OWN, *PLACES})
    if not all(alike(getattr(before, name), getattr(after, name)) for name in fields):
        return False
    old, new = ([call for call in function.calls if is_wiring(call)] for function in (before, after))
    return len(old) == len(new) and all(map(_same_call, old, new))


def _same_call(one: Call, other: Call) -> bool:
    """Whether two calls run and give the same, wherever they stand."""
    return (
        one.ref == other.ref
        and one.flags == other.flags
        and one.arguments == other.arguments
        and one.target == other.target
        and one.receiver == other.receiver
        and "λ" not in one.ref
        and (one.arguments is None or "λ" not in repr(one.arguments))
    )


class _Edit:
    """The change of one file, made in place. `undo` puts everything back, also what was half done."""

    def __init__(self, project: Project, path: str, before: ModuleFacts, after: ModuleFacts) -> None:
        self.project, self.path = project, path
        self.before, self.after = before, after
        self.linked = project.resolver.modules[path]
        self.nodes = project.graph.nodes
        self._kept = self.linked.facts, self.linked.functions, self.linked.classes
        self._memo = {ref: value for ref, value in self.linked.memo.items() if "λ" in ref}
        self._added = after.members.keys() - before.members.keys()
        self._functions: list[tuple[Node, Function]] = []
        self._calls: list[tuple[Edge | LeafCall, Call]] = []
        self._lists: list[tuple[Node, list[Edge], list[LeafCall]]] = []
        self._callers: dict[Node, list[tuple[Node, Edge]]] = {}
        self._places: list[tuple[Node, int, int]] = []
        self._gone: dict[tuple[str, str], Node] = {}
        self._new: list[tuple[str, str]] = []
        self._turned: set[Node] = set()
        """Functions that became asynchronous or ceased to be."""

    def made(self) -> Project:
        """Make the change and return the project that shows it."""
        project, linked = self.project, self.linked
        linked.facts = self.after
        project.resolver.edition += 1
        linked.functions = {function.symbol: function for function in self.after.functions}
        linked.classes = {cls.symbol: cls for cls in self.after.classes}
        self._forget_lambdas({})
        self._forget_added()
        self._forget_kept()
        changed = self._functions_changed()
        targets = self._reconnected(changed)
        self._run_again(targets)
        view = copy.copy(project)
        view.files = {**project.files, self.path: self.after}
        view.had = view.rows_now = None
        view.outline = Outline()
        view.unbounded_known, view.unbounded_placed = {}, {}
        view.made = {
            key: made for key, made in project.made.items() if key != self.path and key not in changed
        }
        view.lazy_records, view.narrowings = {}, {}
        view.keep_signatures(None)
        view.summaries = project.summaries.after_change(above(changed), self._gone.values())
        kept = _OF_DOCUMENTS | (
            frozenset({"models"}) if self._same("declarations", "migration") else frozenset()
        )
        if self._same("declarations", "migration", "flows"):
            kept |= {"statements", "lazy_loading"}
        for name, attribute in vars(Project).items():
            if isinstance(attribute, cached_property) and name not in kept:
                vars(view).pop(name, None)
        return view

    def undo(self) -> None:
        for node, contexts, endpoints in self._places:
            node.contexts, node.endpoints = contexts, endpoints
        for node, callers in self._callers.items():
            node.callers = callers
        for node, edges, leaves in self._lists:
            node.edges, node.leaves = edges, leaves
        for holder, call in self._calls:
            holder.call = call
        for node, function in self._functions:
            node.function, node.is_async = function, bool(function.flags & facts.ASYNC)
        for key in self._new:
            self.nodes.pop(key, None)
        self.nodes.update(self._gone)
        self.linked.facts, self.linked.functions, self.linked.classes = self._kept
        self.project.resolver.edition += 1
        self._forget_lambdas(self._memo)
        self._forget_added()
        self._forget_kept()

    def _same(self, *names: str) -> bool:
        return all(getattr(self.before, name) == getattr(self.after, name) for name in names)

    def _forget_lambdas(self, known: Mapping[str, Value | None]) -> None:
        """A lambda's name is its place: after a shift it may be the name of another one."""
        memo = self.linked.memo
        for ref in [ref for ref in memo if "λ" in ref]:
            del memo[ref]
        memo.update(known)

    def _forget_kept(self) -> None:
        """What others found out of declarations that the edit changes."""
        if not self._same("declarations"):
            for module in self.project.resolver.modules.values():
                module.kept.clear()

    def _forget_added(self) -> None:
        """What the new names stand for is no longer, or not yet, known."""
        for name in self._added:
            for ref in [ref for ref in self.linked.memo if _begins_with(ref, name)]:
                del self.linked.memo[ref]

    def _functions_changed(self) -> list[Node]:
        """Give the nodes of the file their new functions; returns those whose calls have to be followed again."""
        changed: list[Node] = []
        if place_of(self.path) != "app":
            return changed  # no part of the graph
        for function in self.before.functions:
            if function.flags & facts.LAMBDA and (node := self.nodes.pop((self.path, function.symbol), None)):
                self._gone[self.path, function.symbol] = node
        for function in self.after.functions:
            key = (self.path, function.symbol)
            node = self.nodes.get(key)
            if node is None:
                node = self.nodes[key] = self.project.graph.made(self.linked, function)
                self._new.append(key)
                changed.append(node)
                continue
            old = node.function
            self._functions.append((node, old))
            node.function, node.is_async = function, bool(function.flags & facts.ASYNC)
            if old.flags != function.flags:
                changed.append(node)
                self._turned.add(node)
            elif len(old.calls) == len(function.calls) and all(map(_same_call, old.calls, function.calls)):
                self._move_calls(node, old, function)
            else:
                changed.append(node)
        return changed

    def _move_calls(self, node: Node, old: Function, new: Function) -> None:
        """The calls are the same ones, on other lines."""
        moved = {id(call): other for call, other in zip(old.calls, new.calls, strict=True)}
        holders: list[Edge | LeafCall] = [*node.edges, *node.leaves]
        for holder in holders:
            call = moved.get(id(holder.call))
            if call is not None:
                self._calls.append((holder, holder.call))
                holder.call = call

    def _reconnected(self, changed: Collection[Node]) -> set[Node]:
        """Follow the calls of the changed nodes again; returns the nodes that run by other calls than before."""
        before: list[tuple[Node, Edge]] = [
            (node, edge) for node in (*changed, *self._gone.values()) for edge in node.edges
        ]
        for node in changed:
            self._lists.append((node, node.edges, node.leaves))
            node.edges, node.leaves = [], []
            self.project.graph.connect(node)
        after = [(node, edge) for node in changed for edge in node.edges]
        gone = {*changed, *self._gone.values()}
        for target in {edge.target for _, edge in (*before, *after)}:
            self._callers[target] = target.callers
            target.callers = [each for each in target.callers if each[0] not in gone]
        for node, edge in after:
            edge.target.callers.append((node, edge))
        if _ways(before) == _ways(after) and not self._new and not self._gone and not self._turned:
            return set()
        targets = {edge.target for _, edge in (*before, *after)}
        return targets | self._turned | {self.nodes[key] for key in self._new}

    def _run_again(self, targets: Iterable[Node]) -> None:
        """Work out anew where `targets` and everything below them run."""
        nodes = below(targets)
        if not nodes:
            return
        self._places = [(node, node.contexts, node.endpoints) for node in nodes]
        context.run_again(nodes, self.project.routing, self.project.served)


def _begins_with(ref: str, name: str) -> bool:
    return ref.startswith(f"@{name}") and not ref[len(name) + 1 : len(name) + 2].isalnum()


def _ways(edges: Iterable[tuple[Node, Edge]]) -> set[tuple[Node, Node, str, int]]:
    """All of the edges that where code runs depends on."""
    return {(node, *way(edge)) for node, edge in edges}
