"""One file as rules see it: questions, answered from the walk and from the linked project."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from rules import libraries
from rules.engine.costs.summaries import Leaf, Summary, merged, possible
from rules.engine.data.statements import Loaded
from rules.engine.data.tables import Table
from rules.engine.finding import EndpointRef, Hop, Options
from rules.engine.linking.context import (
    ANOTHERS_LOOP,
    AT_STARTUP,
    IN_LOOP,
    IN_REQUEST,
    IN_SCRIPT,
    OWN_LOOP,
    REPEATED_IN_SCRIPT,
    SPAWNED_IN_SCRIPT,
    STARTS_LOOP,
    WAITED,
    Context,
    contexts_of,
)
from rules.engine.linking.graph import CALL, Edge, Node, place_of
from rules.engine.linking.knowledge import NOTHING, Meaning
from rules.engine.linking.roles import Role, role_of
from rules.engine.linking.templates import own_calls
from rules.engine.linking.values import Linked, Sort, Value
from rules.engine.loops.repeating import changing_names, is_short_loop, repeats
from rules.engine.project import Project
from rules.engine.reading import facts
from rules.engine.reading.facts import Call
from rules.engine.reading.index import Index
from rules.engine.reading.quick_calls import takes_as_is
from rules.engine.reading.row_reader import Reader
from rules.engine.reading.scopes import COMPREHENSIONS, FUNCTIONS, LOOPS, FunctionNode, LoopNode, Scope
from rules.engine.reading.source import Source
from rules.engine.reading.spelling import last_name
from rules.engine.reading.turns import turns
from rules.engine.reading.walking import walk
from rules.libraries import Blocking, Client, External, Offload, Query

if TYPE_CHECKING:
    from rules.engine.data.eager import LazyRead


class Function(Struct, frozen=True):
    """A `def`, `async def` or `lambda`. `symbol` is its path within the file (`Orders.list`)."""

    node: FunctionNode
    name: str
    symbol: str
    qualified_name: str
    is_async: bool


_BOUNDARIES = frozenset({*FUNCTIONS, ast.ClassDef})
_GIVEN = frozenset({"parameter", "self"})
_UNPROVEN = (
    AT_STARTUP | IN_SCRIPT | OWN_LOOP | STARTS_LOOP | SPAWNED_IN_SCRIPT | REPEATED_IN_SCRIPT | ANOTHERS_LOOP
)
_NAMELESS = frozenset({Sort.INSTANCE, Sort.OBJECT, Sort.ITEMS, Sort.TEXT, Sort.SUPER, Sort.UNION})


class Module:
    """A file of a linked project. Nodes given to its methods are nodes of `tree`."""

    def __init__(self, path: str, source: Source, index: Index, project: Project) -> None:
        self.path = path
        self.source = source
        self.tree = index.tree
        self.index = index
        self.project = project
        self.options: Options = project.options.at(path)
        self._linked: Linked = project.resolver.modules[path]
        self.name = self._linked.name
        self.place = place_of(path)
        self._values: dict[ast.AST, Value | None] = {}
        self._scopes: dict[ast.AST, Scope] = {}
        self._functions: dict[Scope, Function | None] = {}
        self._graph_nodes: dict[ast.AST, Node | None] = {}
        self._edges: dict[Node, dict[tuple[int, int], list[Edge]]] = {}
        self._all_edges: dict[Node, dict[tuple[int, int], list[Edge]]] = {}
        self._calls: dict[Node, dict[tuple[int, int], list[facts.Call]]] = {}
        self._definitions: dict[int, ast.FunctionDef | ast.AsyncFunctionDef] = {}
        self._meanings: dict[ast.AST, Meaning] = {}
        self._summaries: dict[ast.Call, Summary | None] = {}
        self._names_of_loops: dict[ast.AST, set[str]] = {}
        self._loops: dict[ast.AST, tuple[LoopNode, ...]] = {}
        self._roles: dict[Node, Role | None] = {}
        self._reaching: dict[Node, tuple[EndpointRef, ...]] = {}
        self._reader: Reader | None = None
        self.answers: dict[tuple[object, ast.AST], object] = {}
        """What was found out about nodes, by whom: for `rules.engine.kept_answers`."""
        self.lazy_reads: dict[ast.Attribute, LazyRead | None] = {}
        """What `eager.lazy_read` found: several rules ask it."""

    # Names and types

    def value(self, expression: ast.AST) -> Value | None:
        """What an expression is, as the engine knows it."""
        values = self._values
        if expression in values:
            return values[expression]
        ref = self.index.known_ref(expression)
        if ref is None:
            ref = self.index.ref(expression, self.index.scope_at(expression))
        found = values[expression] = self._linked_value(ref)
        return found

    def _linked_value(self, ref: str) -> Value | None:
        return self.project.resolver.value(ref, self._linked) if ref else None

    def qualified_name(self, expression: ast.AST) -> str | None:
        """The full name of a function, class, module or method: `requests.get`, `requests.Session.get`, `shop.db.fetch`.

        None for what is unknown, for instances (see `type_of`) and for `functools.partial` objects.
        """
        value = self.value(expression)
        return None if value is None or value.partial else self.name_of(value)

    def name_of(self, value: Value) -> str | None:
        """The full name of a value that has one, of the function in a `functools.partial` too."""
        return None if value.sort in _NAMELESS else value.name

    def name_called(self, value: Value) -> str | None:
        """The full name of what a call of a value runs: an instance that the tables know runs `Class.__call__`."""
        return f"{value.name}.__call__" if value.sort is Sort.INSTANCE else self.name_of(value)

    def type_of(self, expression: ast.AST) -> str | None:
        """The full name of the class that an expression's value is an instance of."""
        value = self.value(expression)
        if value is None:
            return None
        if value.sort in (Sort.INSTANCE, Sort.OBJECT):
            return value.name
        if value.sort == Sort.ITEMS and value.name.startswith("builtins."):
            return "builtins.list"
        return "builtins.str" if value.sort == Sort.TEXT else None

    def item_type(self, expression: ast.AST) -> str | None:
        """The full name of the class of what iterating over an expression gives."""
        ref = self.index.ref(expression, self.index.scope_at(expression))
        value = self._linked_value(f"{ref}[]") if ref else None
        return value.name if value is not None and value.sort in (Sort.INSTANCE, Sort.OBJECT) else None

    def is_subclass(self, expression: ast.AST, name: str) -> bool:
        """Whether the class or instance `expression` is or derives from `name`."""
        value = self.value(expression)
        if value is None:
            return False
        if value.module is not None and value.sort in (Sort.CLASS, Sort.OBJECT):
            resolver = self.project.resolver
            names = [ancestor.name for ancestor in resolver.ancestry(value)]
            names += resolver.plain_bases(value)
        else:
            names = [value.name]
        return any(found == name or name in libraries.bases(found) for found in names)

    # Structure

    def parent(self, node: ast.AST) -> ast.AST | None:
        """The node around `node`; None for the module."""
        return self.index.parents.get(node)

    def statement(self, node: ast.AST) -> ast.stmt | None:
        """The nearest statement that contains `node` (or is it)."""
        current: ast.AST | None = node
        while current is not None and not isinstance(current, ast.stmt):
            current = self.index.parents.get(current)
        return current

    def function_of(self, node: ast.AST) -> Function | None:
        """The function whose body runs `node`, or that `node` is; None at module level."""
        scope = self._function_scope(node)
        if scope not in self._functions:
            self._functions[scope] = self._function(scope)
        return self._functions[scope]

    def statements_before(self, node: ast.AST) -> Iterator[ast.stmt]:
        """What the body of the function around `node` does before its line, in the same part of a `try` around it too; of the function
        itself all that it does."""
        function = self.function_of(node)
        if function is None or isinstance(function.node, ast.Lambda):
            return
        yield from _done_before(
            function.node.body, None if node is function.node else getattr(node, "lineno", 0)
        )

    def comes_after(
        self,
        node: ast.AST,
        stops: Callable[[ast.FunctionDef | ast.AsyncFunctionDef, Module], Collection[ast.stmt]],
    ) -> bool:
        """Whether one of the statements that `stops` finds in the function around `node` is done before it: few functions have any."""
        function = self.function_of(node)
        if function is None or isinstance(function.node, ast.Lambda):
            return False
        found, line = stops(function.node, self), getattr(node, "lineno", 0)
        if not any(node is function.node or each.lineno < line for each in found):
            return False
        return any(each in found for each in self.statements_before(node))

    def _function(self, scope: Scope) -> Function | None:
        if not isinstance(scope.node, FUNCTIONS):
            return None
        function = scope.node
        name = "<lambda>" if isinstance(function, ast.Lambda) else function.name
        symbol = _shown(scope.symbol)
        return Function(
            function,
            name,
            symbol,
            f"{self.name}.{symbol}" if self.name else symbol,
            isinstance(function, ast.AsyncFunctionDef),
        )

    def _function_scope(self, node: ast.AST) -> Scope:
        known = self._scopes.get(node)
        if known is None:
            own = self.index.scope_of.get(node)
            if own is None:
                own = self.index.scope_at(node)
            known = self._scopes[node] = self.index.function_scope(own)
        return known

    def symbol_at(self, node: ast.AST) -> str:
        """The path within the file of the function or class that `node` is or is in; empty at module level."""
        scope = self.index.scope_of.get(node) or self.index.scope_at(node)
        return _shown(scope.symbol)

    def graph_node(self, node: ast.AST) -> Node | None:
        """The call graph's node of the function around `node` (or that `node` itself is)."""
        known = self._graph_nodes
        if node in known:
            return known[node]
        found = known[node] = self.project.node(self.path, self._function_scope(node).symbol)
        return found

    def loops(self, node: ast.AST) -> list[LoopNode]:
        """The loops and comprehensions that repeat `node` within its function, outermost first."""
        return list(self._loops_around(node))

    def is_repeated(self, node: ast.AST) -> bool:
        """Whether a loop or comprehension repeats `node` within its function."""
        return bool(self._loops_around(node))

    def _loops_around(self, node: ast.AST) -> tuple[LoopNode, ...]:
        if node.__class__ not in _BOUNDARIES and not self._function_scope(node).repeats:
            return ()
        known, parents = self._loops, self.index.parents
        way: list[ast.AST] = []
        found: tuple[LoopNode, ...] = ()
        child: ast.AST | None = node
        while child is not None:
            if child in known:
                found = known[child]
                break
            way.append(child)
            above = parents.get(child)
            if above is None or above.__class__ in _BOUNDARIES:
                break
            if above.__class__ is ast.comprehension and (outer := self._first_iterated(child, above)):
                above = outer  # what is iterated first is worked out once, outside the comprehension
            child = above
        for each in reversed(way):
            parent = parents.get(each)
            if parent is not None and repeats(parent, each):
                found = (*found, parent)  # type: ignore[arg-type]  # only loops repeat
            known[each] = found
        return found

    def _first_iterated(self, child: ast.AST, generator: ast.comprehension) -> ast.AST | None:
        """The comprehension whose first iterable `child` is."""
        owner = self.index.parents.get(generator)
        first = getattr(owner, "generators", (None,))[0]
        return owner if first is generator and child is generator.iter else None

    def turns(self, expression: ast.expr) -> int | None:
        """How many members `expression` has at most, where the code says so: `.limit(20)`, a display."""
        return turns(self.index, expression)

    def turns_around(self, node: ast.AST) -> int | None:
        """How often the loops around `node` run it at most; None where one of them does not say."""
        count = 1
        for loop in self.loops(node):
            generators = (
                [loop] if isinstance(loop, (ast.For, ast.AsyncFor)) else getattr(loop, "generators", [])
            )
            for each in generators:
                if (known := self.turns(each.iter)) is None:
                    return None
                count *= known
            if not generators:
                return None
        return count

    def is_short(self, loop: ast.AST) -> bool:
        """Whether a loop has a few turns that do not depend on data (a literal, `range(3)`)."""
        return is_short_loop(loop, self.index, self._loops_around)

    def depends_on_loop(self, node: ast.AST, loop: ast.AST) -> bool:
        """Whether `node` uses a name that changes with each turn of `loop`: its target, or what is computed from it."""
        changing = self._loop_names(loop)
        return any(
            isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load) and inner.id in changing
            for inner in walk(node)
        )

    def _loop_names(self, loop: ast.AST) -> set[str]:
        known = self._names_of_loops.get(loop)
        if known is None:
            known = self._names_of_loops[loop] = changing_names(loop)
        return known

    def is_awaited(self, call: ast.AST) -> bool:
        """Whether `call` is the operand of `await`."""
        return isinstance(self.index.parents.get(call), ast.Await)

    def is_in_comprehension(self, node: ast.AST) -> bool:
        """Whether a comprehension or generator expression of the same function is around `node`."""
        return any(isinstance(loop, COMPREHENSIONS) for loop in self.loops(node))

    def segment(self, node: ast.AST) -> str:
        """The source text of `node`."""
        return self.source.segment(node)

    # Where code runs

    def contexts(self, node: ast.AST) -> frozenset[Context]:
        """Where the function around `node` is proven to run; `UNKNOWN` when nothing is proven."""
        found = self.graph_node(node)
        return contexts_of(found.contexts if found is not None else 0)

    def runs_on_event_loop(self, node: ast.AST) -> bool:
        """Proven to run on the event loop, or in an `async def` that is no start-up, script, test or migration code."""
        found = self.graph_node(node)
        return found is not None and self.project.on_some_loop(found)

    def is_proven(self, node: ast.AST) -> bool:
        """Whether something is proven about where the function around `node` runs."""
        found = self.graph_node(node)
        return found is not None and bool(found.contexts & ~_UNPROVEN)

    def is_offloaded(self, node: ast.AST) -> bool:
        """Whether `node` stands in a lambda or nested function that is only handed on, so that it runs elsewhere."""
        scope = self._function_scope(node)
        parent = scope.parent
        if parent is None or not isinstance(scope.node, FUNCTIONS) or not isinstance(parent.node, FUNCTIONS):
            return False
        found = self.project.node(self.path, scope.symbol)
        return found is not None and not found.is_async and not self.project.on_loop(found)

    def reached(self, node: ast.AST) -> bool:
        """Whether a request is proven to reach the function around `node`: from an endpoint, a dependency,
        middleware, an exception handler or a background task."""
        found = self.graph_node(node)
        return found is not None and bool(found.contexts & IN_REQUEST)

    in_request_path = reached

    def is_waited_for(self, node: ast.AST) -> bool:
        """Whether a request is proven to wait for the function around `node`: it is more than what is done after the
        response, or in a task of its own."""
        found = self.graph_node(node)
        return found is not None and bool(found.contexts & WAITED)

    def has_own_loop(self, node: ast.AST) -> bool:
        """Whether the function around `node` runs only on event loops that threads start for themselves: what is bound to
        a loop, as an asynchronous client is, has to be made there and goes with it."""
        found = self.graph_node(node)
        return found is not None and bool(found.contexts & OWN_LOOP) and not found.contexts & IN_LOOP

    def goes_on_beside_others(self, call: ast.Call | ast.Attribute) -> bool:
        """Whether a program of its own gets to a call again and again in a task, while its loop has others to go on with."""
        found = self.graph_node(call)
        if found is None or not found.is_async or found.contexts & (IN_LOOP | AT_STARTUP):
            return False
        if found.contexts & REPEATED_IN_SCRIPT:
            return True
        within = isinstance(call, ast.Call) and self.call_flags(call) & facts.WHILE
        return bool(within and found.contexts & SPAWNED_IN_SCRIPT)

    def role(self, node: ast.AST) -> Role | None:
        """What the function around `node` is for the framework; None for a plain one."""
        if self.place != "app":
            return Role(self.place)
        found = self.graph_node(node)
        if found is None:
            return None
        if found not in self._roles:
            self._roles[found] = role_of(found)
        return self._roles[found]

    def endpoints(self, node: ast.AST) -> tuple[EndpointRef, ...]:
        """The endpoints that reach the function around `node`."""
        found = self.graph_node(node)
        if found is None or not found.endpoints:
            return ()
        known = self._reaching.get(found)
        if known is None:
            known = self._reaching[found] = self.project.endpoint_refs(found)
        return known

    # What calls do

    def called_name(self, call: ast.Call) -> str | None:
        """The full name of what `call` calls, as `qualified_name`."""
        return self.qualified_name(call.func)

    def blocking(self, call: ast.AST) -> Blocking | None:
        """The blocking call that `call` itself is, awaited or not."""
        return self.meaning(call).blocking

    def query(self, call: ast.AST) -> Query | None:
        """The database round trip that `call` itself is."""
        found = self.meaning(call).query
        if found is not None and found.name.endswith(".merge") and isinstance(call, ast.Call):
            return None if takes_as_is(call) else found
        return found

    def external(self, call: ast.AST) -> External | None:
        """The call out of the machine that `call` itself is."""
        found = self.meaning(call).external
        if found is not None and isinstance(call, ast.Call) and self.call_flags(call) & facts.LOCAL:
            return None
        return found

    def client(self, call: ast.AST) -> Client | None:
        """The long-lived object that `call` itself makes."""
        return self.meaning(call).client

    def offload(self, call: ast.AST) -> Offload | None:
        """The offload primitive that `call` is."""
        return self.meaning(call).offload

    def meaning(self, call: ast.AST) -> Meaning:
        """All that the tables say of what `call` calls."""
        known = self._meanings.get(call)
        if known is None:
            value = self.value(call.func) if isinstance(call, ast.Call) else None
            name = self.name_called(value) if value is not None else None
            known = NOTHING if name is None else self.project.knowledge.meaning(name)
            if known.blocking is None and known.query is None and name is not None:
                known = self._with_result(known, call, name)
            self._meanings[call] = known
        return known

    def _with_result(self, known: Meaning, call: ast.AST, name: str) -> Meaning:
        """What a call means together with awaiting its result or going through it, where the call itself asks nothing."""
        if known is NOTHING and self.is_awaited(call):
            return self.project.knowledge.awaited(name)
        found = self.project.knowledge.iterated(self.value(call))
        if found is NOTHING or not isinstance(call, ast.Call):
            return known
        if not self._is_gone_through(call):
            return known
        return replace(known, blocking=found.blocking, query=found.query)

    def _is_gone_through(self, call: ast.Call) -> bool:
        """Whether it is the very call whose result is iterated, not one of the calls that it is made of."""
        ref = self.index.ref(call.func, self.index.scope_at(call))
        return any(
            known.flags & (facts.ITERATED | facts.RUN_THROUGH) and known.ref == ref
            for known in self.calls_at(call)
        )

    def called(self, node: ast.AST) -> bool:
        """Whether code of the project, not the framework, calls the function around `node` or hands it on."""
        found = self.graph_node(node)
        return found is not None and bool(found.callers)

    def callee(self, call: ast.AST) -> Node | None:
        """The project function that `call` enters."""
        if not isinstance(call, ast.Call):
            return None
        return next(self.project.graph.runs(self.value(call.func)), None)

    def definition(self, function: Node) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The code of a project function, where it is in this file."""
        if function.path != self.path:
            return None
        if not self._definitions:
            for scope in self.index.scopes:
                if isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef):
                    self._definitions.setdefault(scope.node.lineno, scope.node)
        return self._definitions.get(function.function.line)

    def summary(self, call: ast.AST) -> Summary | None:
        """What the project function does that `call` enters; None when it enters none.

        A call that only makes a generator enters nothing. Property reads are asked with their attribute node.
        """
        if isinstance(call, ast.Attribute):
            return self._property_summary(call)
        if not isinstance(call, ast.Call):
            return None
        if call not in self._summaries:
            self._summaries[call] = self._summary(call)
        return self._summaries[call]

    def _summary(self, call: ast.Call) -> Summary | None:
        caller = self.graph_node(call)
        if caller is None:
            return None
        edges = self._called_at(caller).get((call.lineno, call.col_offset))
        if not edges:
            return None
        ref = self.index.ref(call.func, self.index.scope_at(call))
        edges = [edge for edge in edges if edge.call.ref == ref]
        return merged(
            [
                self.project.summaries.of(edge.target)
                if edge.handed
                else possible(self.project.summaries.of(edge.target), edge.target.function, edge.call)
                for edge in edges
            ],
            sum(edge.one_of_several for edge in edges) + any(edge.is_open for edge in edges),
        )

    def handed_summary(self, call: ast.Call) -> tuple[Summary, Hop] | None:
        """What the plain functions do that `call` hands to a coroutine function, which calls them itself, on its event loop,
        and where it does; None where that is seen in the coroutine function."""
        caller = self.graph_node(call)
        edges = self._called_at(caller).get((call.lineno, call.col_offset), ()) if caller is not None else ()
        wrappers = [edge.target for edge in edges if not edge.handed]
        if not wrappers or not all(each.is_async for each in wrappers):
            return None
        told = {edge.target for each in wrappers for edge in each.edges}
        handed = [
            edge for edge in edges if edge.handed and not edge.target.is_async and edge.target not in told
        ]
        made = merged([self.project.summaries.of(edge.target) for edge in handed], 0)
        hop = _where_called(wrappers, handed) if made is not None else None
        return (made, hop) if made is not None and hop is not None else None

    def enters(self, call: ast.Call) -> bool:
        """Whether the call graph leads from `call` into functions of the project: else it has no `summary`."""
        caller = self.graph_node(call)
        return caller is not None and (call.lineno, call.col_offset) in self._called_at(caller)

    def entered(self) -> Iterator[tuple[Scope, Collection[tuple[int, int]]]]:
        """All scopes, with the places of the calls that lead from each into functions of the project."""
        for scope in self.index.scopes:
            runner = self.index.function_scope(scope)
            for call in scope.calls:
                self._scopes[call] = runner
            node = self.project.node(self.path, runner.symbol) if scope.calls else None
            yield scope, self._called_at(node) if node is not None else ()

    @property
    def linked_places(self) -> Collection[tuple[int, int]]:
        """Where the project knows of rows or SQL that start or go on: line and column."""
        return self.project.linked_places.get(self.path, ())

    def call_flags(self, call: ast.Call) -> int:
        """What the facts say of where `call` stands (`facts.FAILING`)."""
        found = [each for each in self.calls_at(call) if not each.flags & facts.LOAD]
        if len(found) > 1:  # `client.get(url)` and `client.get(url).json()` begin in the same place
            name = last_name(call.func)
            found = [each for each in found if each.ref.rpartition(".")[2] == name] or found
        return found[0].flags if found else 0

    def calls_at(self, call: ast.Call) -> Sequence[facts.Call]:
        """The calls that begin where `call` does, as the facts have them."""
        caller = self.graph_node(call)
        if caller is None:
            return ()
        known = self._calls.get(caller)
        if known is None:
            known = self._calls[caller] = {}
            for each in caller.function.calls:
                known.setdefault((each.line, each.column), []).append(each)
        return known.get((call.lineno, call.col_offset), ())

    def _called_at(self, caller: Node) -> dict[tuple[int, int], list[Edge]]:
        """The plain calls of a function by their place."""
        known = self._edges.get(caller)
        if known is None:
            known = self._edges[caller] = _by_place(edge for edge in caller.edges if edge.kind == CALL)
        return known

    def edges(self, call: ast.Call) -> Sequence[Edge]:
        """Where the call graph leads from the place of `call`: plain calls, and what is handed on to run elsewhere."""
        caller = self.graph_node(call)
        if caller is None:
            return ()
        known = self._all_edges.get(caller)
        if known is None:
            known = self._all_edges[caller] = _by_place(caller.edges)
        return known.get((call.lineno, call.col_offset), ())

    def _property_summary(self, node: ast.Attribute) -> Summary | None:
        if node.attr not in self.project.resolver.attributes.property_names:
            return None
        ref = self.index.ref(node, self.index.scope_at(node))
        getter = self.project.resolver.attributes.property_of(ref, self._linked) if ref else None
        found = self.project.graph.node(getter) if getter is not None else None
        return self.project.summaries.of(found) if found is not None else None

    # Rows and tables

    def rows(self, expression: ast.AST) -> tuple[Loaded, ...]:
        """The queries whose rows (or whose one row) an expression is, with table, options and session.

        One for each alternative; empty when it is none, or when one of them is unknown.
        """
        if self._is_given(expression):
            return ()
        reader = self._reader
        if reader is None:
            reader = self._reader = Reader(self.index)
        found = reader.at(expression)
        if not found:
            return ()
        scope = self._function_scope(expression)
        return self.project.statements.of(found, self._linked, scope.symbol)

    def _is_given(self, expression: ast.AST) -> bool:
        """Whether an expression is of a parameter that nothing else is bound to: who calls the function knows its rows."""
        root: ast.AST = expression
        while root.__class__ is ast.Attribute:
            root = root.value
        if root.__class__ is not ast.Name:
            return False
        bindings = self.index.scope_at(root).bindings.get(root.id, ())
        return len(bindings) == 1 and bindings[0].kind in _GIVEN

    def table(self, expression: ast.AST) -> Table | None:
        """The table that a class is mapped to, when `expression` is that class or an instance of it."""
        return self.project.models.table(self.value(expression))

    def version(self, distribution: str) -> tuple[int, ...] | None:
        """The lowest version of a distribution that the project allows here; None when it does not say."""
        from rules.engine.linking.versions import normalised

        return self.project.nearest_versions.of(self.path, normalised(distribution))

    def stays_below(self, distribution: str, limit: tuple[int, ...]) -> bool:
        """Whether the project allows no release of a distribution from `limit` on here."""
        from rules.engine.linking.versions import normalised

        return self.project.nearest_versions.keeps_below(self.path, normalised(distribution), limit)


def _shown(symbol: str) -> str:
    """A symbol without the engine's marks."""
    if "'" not in symbol and "λ" not in symbol:
        return symbol
    parts = (part.partition("'")[0] for part in symbol.split("."))
    return ".".join("<lambda>" if part.startswith("λ") else part for part in parts)


def _by_place(edges: Iterable[Edge]) -> dict[tuple[int, int], list[Edge]]:
    found: dict[tuple[int, int], list[Edge]] = {}
    for edge in edges:
        found.setdefault((edge.call.line, edge.call.column), []).append(edge)
    return found


def _where_called(wrappers: Sequence[Node], handed: Sequence[Edge]) -> Hop | None:
    """Where functions call what they are handed."""
    keys = {key for edge in handed for key, _ in edge.call.handed}
    names = {edge.target.symbol.rpartition(".")[2] for edge in handed}
    for wrapper in wrappers:
        for each in wrapper.function.applies:
            if (
                not each.awaited
                and not each.in_thread
                and not keys.isdisjoint((each.name, str(each.position)))
            ):
                return Hop(wrapper.path, each.line, each.name)
        for call in own_calls(wrapper.function):
            name = call.ref.rpartition(".")[2]
            if name in names or _asks_for(names, wrapper, call, set()):
                return Hop(wrapper.path, call.line, name)
    return None


def _asks_for(names: Collection[str], node: Node, call: Call, seen: set[Node]) -> bool:
    """Whether what a method's own `call` enters asks its object for one of `names`, however far down."""
    seen.add(node)
    return any(
        any(
            inner.ref.rpartition(".")[2] in names or _asks_for(names, edge.target, inner, seen)
            for inner in own_calls(edge.target.function)
        )
        for edge in node.edges
        if edge.call is call and not edge.handed and edge.target not in seen
    )


def _done_before(body: list[ast.stmt], line: int | None) -> Iterator[ast.stmt]:
    """The statements that have run when `line` is reached; without a line all, of a `try` whose errors all go on to who called."""
    for statement in body:
        end = statement.end_lineno or statement.lineno
        if not isinstance(statement, ast.Try):
            if line is None or end < line:
                yield statement
        elif line is None:
            if all(isinstance(handler.body[-1], ast.Raise) for handler in statement.handlers):
                yield from _done_before(statement.body, None)
        elif end < line:
            yield statement
        elif statement.lineno < line:
            yield from _done_in_try(statement, line)


def _done_in_try(statement: ast.Try, line: int) -> Iterator[ast.stmt]:
    """As `_done_before`, where `line` lies in a `try`: whoever gets to a handler or to `finally` may have left its body anywhere."""
    parts = (
        [*statement.body, *statement.orelse],
        *(handler.body for handler in statement.handlers),
        statement.finalbody,
    )
    for part in parts:
        if part and part[0].lineno <= line <= (part[-1].end_lineno or line):
            yield from _done_before(part, line)


__all__ = [
    "LOOPS",
    "Context",
    "Function",
    "Leaf",
    "Module",
    "Role",
    "Summary",
]
