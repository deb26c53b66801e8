"""Awaited calls that leave the machine, and whether two of them may wait at the same time."""

from __future__ import annotations

import ast
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from msgspec import Struct

from rules import libraries
from rules.engine.costs import own_sessions
from rules.engine.finding import Hop
from rules.engine.kept_answers import once_for_outline
from rules.engine.linking.graph import CALL, THREAD
from rules.engine.linking.heirs import is_abstract
from rules.engine.linking.namesakes import called, namesakes
from rules.engine.linking.values import Linked, Sort, Value
from rules.engine.reading import facts
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import FUNCTIONS
from rules.libraries.sqlalchemy import ASYNC_SESSIONS

if TYPE_CHECKING:
    from rules.engine.costs.summaries import Leaf
    from rules.engine.linking.graph import Node
    from rules.engine.module import Module
    from rules.engine.project import Project

_ONE_AT_A_TIME = ASYNC_SESSIONS | frozenset(
    {
        "sqlalchemy.ext.asyncio.AsyncConnection",
        "sqlalchemy.ext.asyncio.async_scoped_session",
        "asyncpg.Connection",
        "asyncpg.connection.Connection",
        "psycopg.AsyncConnection",
        "psycopg.AsyncCursor",
        "aiosqlite.Connection",
        "aiosqlite.Cursor",
    }
)
"""What serves one statement at a time."""

_BY_COMMAND = frozenset({"redis", "memcached"})
"""What has a connection for each command."""
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request"})
_OF_THE_SERVER = frozenset(
    {"starlette", "fastapi", "typing_extensions", "pydantic", "builtins", "typing", "socketio"}
)
"""Packages whose objects are the service's own."""
_ANSWERING = frozenset({"http", "net", "sdk", "llm", "search", "mail"})
"""Kinds of calls whose answer takes the time of another machine; what goes into a queue is taken at once."""
_ON_THE_SPOT = regex(
    r"file|path|csv|shutil|itertools|lru|cache|limit|lock|stdlib|iter|sync|pickle|tool|util|test|mock|starlette|graphql|strawberry"
)
"""What packages are named after whose functions are awaited and ask nobody: files, caches, help with coroutines."""
_MANY = 60
_RARELY = facts.ON_MISS | facts.DETACHED | facts.FAILING | facts.RECALLED | facts.WISHED
_CLOSE = 2
_NEAR = 5
"""Longer call paths end in what is done now and then: a refreshed token, a metric."""
_WRITES = regex(
    r"^_*(?:a|async|do|try|safe|bulk|batch|re)?_?(?:create|update|upsert|delete|insert|save|store|set|add|remove|send|publish|upload"
    r"|put|patch|post|enqueue|register|unregister|charge|pay|start|stop|restart|cancel|sync|write|push|notify|emit|apply|close"
    r"|connect|disconnect|login|logout|init|initialize|setup|wait|ensure|process|handle|run|execute|commit|refresh|mark|log"
    r"|track|report|record|clear|invalidate|reset|lock|acquire|release|subscribe|unsubscribe|sleep|drain|flush|install|deploy)"
    r"(?:_|$|(?=[A-Z]))"
)


class Wait(Struct, frozen=True):
    """An awaited call that leaves the machine, itself or through project functions."""

    call: ast.Call
    callable: str
    path: tuple[Hop, ...] = ()
    rarely: bool = False
    """It only waits while no answer is kept, or after a failure: as a rule the call answers from memory."""
    presumed: bool = False
    """Whether no call shows that it comes about: a coroutine function that is made on the way and handed on."""
    stored: bool = False
    """What it waits for is read from a database, over a connection of its own."""

    def call_path(self, module: Module) -> tuple[Hop, ...]:
        """The whole way, beginning with `call` itself; empty when `call` is the leaf."""
        if not self.path:
            return ()
        called = ast.unparse(self.call.func).rpartition(".")[2]
        return Hop(module.path, self.call.lineno, called), *self.path


def wait_of(call: ast.Call, module: Module) -> Wait | None:
    """The wait for another machine that `await call` is.

    None for what asks the database too: its session serves one statement at a time, and other rules speak of it.
    """
    call = without_bound(call, module)
    if touches_session(call, module):
        return None
    own = module.external(call)
    if own is not None:
        return Wait(call, own.name) if own.is_async else None
    offload = module.offload(call)
    if offload is not None:
        return _in_thread(call, module) if offload.kind == "thread" and offload.awaitable else None
    summary = module.summary(call)
    if summary is None:
        return _beyond_calls(call, module)
    if (found := _beyond_thread(call, module)) is not None:
        return found
    if not summary.is_async or any(_holds_session(leaf) for leaf in summary.queries):
        return None
    leaves = [
        leaf
        for leaf in summary.external
        if (not leaf.cached or len(leaf.path) == 1) and not _holds_loop(leaf, module.project)
    ]
    if not leaves:
        return _beyond_calls(call, module)
    first = leaves[0]
    if len(first.path) > _NEAR:
        return None
    return Wait(call, first.callable, first.path, rarely=all(map(_happens_rarely, leaves)))


def wait_beside_session(call: ast.Call, module: Module) -> Wait | None:
    """The wait for another machine of a function that works on a database session too: only the asking can be done for several
    at once. None for one that asks rarely, or only under a condition."""
    summary = module.summary(call)
    if summary is None:
        return None
    if (
        not any(map(_holds_session, summary.queries))
        and not summary.commits
        and not touches_session(call, module)
    ):
        return None
    for leaf in summary.external:
        if leaf.is_async is not summary.is_async or not _answers(leaf) or len(leaf.path) > _CLOSE:
            continue
        # An arm of `scraped(url) if KEY else fetched(url)` does not make it rare.
        is_passed_over = leaf.sometimes and (leaf.under_condition or not summary.is_async)
        if not _happens_rarely(leaf) and not (is_passed_over or leaf.by_choice or leaf.of_kind):
            return Wait(call, leaf.callable, leaf.path)
    return None


def wait_in_thread(call: ast.Call, module: Module) -> Wait | None:
    """The wait for another machine of a synchronous call, by itself or through functions of the project; None for what asks
    a database too, whose session no other thread may use."""
    own = module.external(call)
    if own is not None:
        return Wait(call, own.name) if not own.is_async and own.kind in _ANSWERING else None
    summary = module.summary(call)
    if summary is None or summary.is_async or summary.commits or any(map(_holds_session, summary.queries)):
        return None
    leaves = [
        leaf
        for leaf in summary.external
        if not leaf.is_async and _answers(leaf) and (not leaf.cached or len(leaf.path) == 1)
    ]
    if not leaves or len(leaves[0].path) > _NEAR or module.offload(call) or touches_session(call, module):
        return None
    first = leaves[0]
    seldom = all(_happens_rarely(leaf) or leaf.sometimes or leaf.by_choice or leaf.of_kind for leaf in leaves)
    return Wait(call, first.callable, first.path, rarely=seldom)


def _answers(leaf: Leaf) -> bool:
    """Whether another machine answers what it was asked, and does not only take something."""
    entry = libraries.external(leaf.callable)
    return (entry.kind if entry is not None else leaf.kind) in _ANSWERING


def without_bound(call: ast.Call, module: Module) -> ast.Call:
    """`fetch()` of `asyncio.wait_for(fetch(), 3)`."""
    match call.args:
        case [ast.Call() as bounded, *_] if module.qualified_name(call.func) == "asyncio.wait_for":
            return bounded
    return call


def _happens_rarely(leaf: Leaf) -> bool:
    return leaf.cached or leaf.on_miss or bool(leaf.rarely & _RARELY)


def _holds_loop(leaf: Leaf, project: Project) -> bool:
    """Whether an asynchronous function makes the call itself and synchronously: nothing else goes on meanwhile, so that
    waiting for several at once gains nothing. Other rules speak of it."""
    last = leaf.path[-1] if leaf.path and not leaf.is_async else None
    return last is not None and any(
        node.is_async
        and node.path == last.path
        and any(
            each.name == leaf.callable and each.call.line == last.line and each.kind == CALL
            for each in node.leaves
        )
        for node in project.graph.nodes.values()
    )


def _beyond_calls(call: ast.Call, module: Module) -> Wait | None:
    """The wait that a call leads to through what no call shows: a coroutine function that is made there and handed on,
    the heirs of an abstract class, the methods of that name where nobody knows the object."""
    project = module.project
    for node in project.graph.runs(module.value(call.func)):
        if node.is_async and (way := _known_way_out(node, project)):
            return Wait(call, way[-1].symbol, way, presumed=True)
    alike = namesakes(call, module)
    ways = [way for node in alike if node.is_async and (way := _known_way_out(node, project))]
    if ways and len(ways) * 2 >= len(alike):
        return Wait(call, ways[0][-1].symbol, ways[0], presumed=True)
    if isinstance(call.func, ast.Attribute) and module.value(call.func) is None:
        home = project.resolver.modules.get(module.path)
        if home is not None and _is_asked_by_name(call.func.attr, home, project):
            return Wait(call, call.func.attr, presumed=True)
    return None


def _known_way_out(node: Node, project: Project) -> tuple[Hop, ...]:
    known = _beyond.setdefault(project, {})
    if node not in known:
        known[node] = _way_out(node, project)
    return known[node]


def _way_out(start: Node, project: Project) -> tuple[Hop, ...]:
    """The way from inside `start` to another machine; empty where there is none, or where a database is asked too."""
    pending: deque[tuple[Node, tuple[Hop, ...]]] = deque([(start, ())])
    seen = {start}
    found: tuple[Hop, ...] = ()
    while pending:
        node, way = pending.popleft()
        for leaf in node.leaves:
            if leaf.query is not None and not libraries.is_pooled(leaf.query):
                return ()
            if leaf.external is not None and (leaf.external.is_async or leaf.call.flags & facts.AWAITED):
                found = found or (*way, Hop(node.path, leaf.call.line, leaf.name))
        found = found or _out_of_sight(node, way, project)
        if len(way) >= _NEAR - 1:
            continue
        for target, line in _entered(node, project):
            if target not in seen and len(seen) < _MANY:
                seen.add(target)
                pending.append((target, (*way, Hop(node.path, line, target.symbol))))
    return found


def _out_of_sight(node: Node, way: tuple[Hop, ...], project: Project) -> tuple[Hop, ...]:
    """The way to an awaited function of a package that the tables do not know. What else would it wait for? And to a method that
    only clients of a package have that the file imports, whoever made the client."""
    for call in node.function.calls:
        if not call.flags & facts.AWAITED or call.flags & _RARELY:
            continue
        value = project.resolver.value(call.ref, node.module)
        if value is None:
            name = call.ref.rpartition(".")[2]
            if _is_asked_by_name(name, node.module, project):
                return (*way, Hop(node.path, call.line, name))
        elif value.sort == Sort.EXTERNAL and is_strange(value.name, project):
            return (*way, Hop(node.path, call.line, value.name))
    return ()


def _is_asked_by_name(name: str, module: Linked, project: Project) -> bool:
    """`head_object`, in a file that imports `aiobotocore`, unless the application has methods of that name itself. What is sent or
    changed may have its order."""
    owners = libraries.awaited_of(name) if not _WRITES.match(name) else frozenset()
    return bool(owners) and not owners.isdisjoint(module.facts.imports) and not any(called(name, project))


def is_strange(name: str, project: Project) -> bool:
    """Whether a name is of a package that is neither the project's nor one that the tables, the standard library or a
    server speak of."""
    if is_known(name):
        return False
    package = name.partition(".")[0]
    return package not in _own_packages(project) and not _ON_THE_SPOT.search(package)


@once_for_outline
def _own_packages(project: Project) -> set[str]:
    modules = project.resolver.modules.values()
    folders = {part for module in modules for part in module.path.split("/")[:-1]}
    return folders | {module.name.partition(".")[0] for module in modules}


def is_known(name: str) -> bool:
    """Whether a name is of a package that the tables, the standard library or a server speak of."""
    package = name.partition(".")[0]
    return (
        package in sys.stdlib_module_names
        or package in _OF_THE_SERVER
        or (package in libraries.ROOTS and libraries.library(name) in libraries.KNOWN)
    )


def _made_inside(node: Node, project: Project) -> Sequence[Node]:
    """The asynchronous functions that are defined in `node`."""
    known = _inside.setdefault(project, {})
    if node.path not in known:
        found: dict[str, list[Node]] = {}
        for function in node.module.facts.functions:
            parent = function.symbol.rpartition(".")[0]
            inner = project.node(node.path, function.symbol)
            if parent and inner is not None and inner.is_async:
                found.setdefault(parent, []).append(inner)
        known[node.path] = found
    return known[node.path].get(node.symbol, ())


_beyond: WeakKeyDictionary[Project, dict[Node, tuple[Hop, ...]]] = WeakKeyDictionary()
_inside: WeakKeyDictionary[Project, dict[str, dict[str, list[Node]]]] = WeakKeyDictionary()


def _entered(node: Node, project: Project) -> Iterator[tuple[Node, int]]:
    """The asynchronous functions that `node` runs, on their lines."""
    for edge in node.edges:
        if edge.kind == CALL and edge.target.is_async and not edge.call.flags & _RARELY:
            yield edge.target, edge.call.line
    for made in _made_inside(node, project):
        yield made, made.function.line
    owner = node.function.owner
    if not owner:
        return
    cls = Value(Sort.CLASS, "", node.module, owner)
    if is_abstract(cls, node.function):
        name = node.symbol.rpartition(".")[2]
        heirs = project.resolver.heirs
        for heir in (*heirs.of(cls), *heirs.implementers.of(cls)):
            inner = project.node(heir.home.path, f"{heir.symbol}.{name}")
            if inner is not None and inner.is_async:
                yield inner, node.function.line


def _holds_session(leaf: Leaf) -> bool:
    """Whether the leaf asks a database over a connection that serves one statement at a time."""
    query = libraries.query(leaf.callable)
    return query is None or not libraries.is_pooled(query)


def read_of(call: ast.Call, module: Module) -> Wait | None:
    """The reading from a database that `await call` is, over a connection of its own and outside of a transaction."""
    if _in_transaction(call, module):
        return None
    query = module.query(call)
    if query is not None:
        return Wait(call, query.name, stored=True) if _reads(query) and query.is_async else None
    summary = module.summary(call)
    if summary is None or not summary.is_async or not all(leaf.sometimes for leaf in summary.external):
        return None
    queries = [(leaf, libraries.query(leaf.callable)) for leaf in summary.queries]
    if not queries or not all(query is not None and _reads(query) for _, query in queries):
        callee = module.callee(call)
        if callee is None or not own_sessions.reads_alone(summary, callee, module.project):
            return None
    first = queries[0][0]
    if len(first.path) > _NEAR:
        return None
    return Wait(
        call,
        first.callable,
        first.path,
        rarely=all(_happens_rarely(leaf) for leaf, _ in queries),
        stored=True,
    )


def _reads(query: libraries.Query) -> bool:
    return query.kind == "select" and query.driver not in _BY_COMMAND and libraries.is_pooled(query)


def _in_transaction(call: ast.Call, module: Module) -> bool:
    """Whether the statement around stands in `async with database.transaction()`."""
    node: ast.AST | None = call
    while node is not None and not isinstance(node, FUNCTIONS):
        if isinstance(node, ast.AsyncWith) and any("transaction" in ast.unparse(each) for each in node.items):
            return True
        node = module.parent(node)
    return False


def _in_thread(call: ast.Call, module: Module) -> Wait | None:
    """`await asyncio.to_thread(requests.get, url)`, or with a function of the project that gets there."""
    name = module.qualified_name(call.args[0]) if call.args else None
    entry = libraries.external(name) if name is not None else None
    return Wait(call, entry.name) if entry is not None else _beyond_thread(call, module)


def _beyond_thread(call: ast.Call, module: Module) -> Wait | None:
    """The wait for another machine of what `call` has run in a thread; None where that asks a database too."""
    for edge in module.edges(call):
        if edge.kind != THREAD:
            continue
        summary = module.project.summaries.of(edge.target)
        leaf = next((leaf for leaf in summary.external if not leaf.cached), None)
        if leaf is not None and len(leaf.path) <= _NEAR and not any(map(_holds_session, summary.queries)):
            return Wait(call, leaf.callable, leaf.path)
    return None


def handed_to_thread(call: ast.Call, module: Module) -> Wait | None:
    """The wait for a thread to which a call gives what nobody can see into, itself or through a function of the project:
    `await run_async(backend.list, name)`. Why else would it be given away?"""
    if touches_session(call, module):
        return None
    offload = module.offload(call)
    if offload is not None:
        position = offload.position if offload.kind == "thread" and offload.awaitable else None
    else:
        callee = module.callee(call)
        applied = [each for each in callee.function.applies if each.in_thread] if callee is not None else []
        position = applied[0].position if len(applied) == 1 else None
    if position is None or not 0 <= position < len(call.args):
        return None
    work = call.args[position]
    if not isinstance(work, ast.Attribute) or not _is_unseen(work, module):
        return None
    return Wait(call, work.attr, presumed=True)


def asked_of_item(call: ast.Call, module: Module) -> Wait | None:
    """The wait for an object of somebody else's class that nobody knows here, one of several: `await node.sync(users)` of
    `for node in nodes`. What else would a method that has to be awaited wait for? Each object has a connection of its own."""
    function = call.func
    if not isinstance(function, ast.Attribute) or touches_session(call, module):
        return None
    value = module.value(function.value)
    if value is None or value.sort != Sort.INSTANCE:
        return None
    if is_known(libraries.canonical(value.name)):
        return None
    return Wait(call, f"{value.name}.{function.attr}", presumed=True)


def _is_unseen(work: ast.Attribute, module: Module) -> bool:
    """Whether a method is nobody's that the project shows, an abstract one, or one that is known to ask another machine over
    a connection of its own."""
    value = module.value(work)
    if value is None:
        return True
    if value.sort == Sort.EXTERNAL:
        query = libraries.query(value.name)
        return libraries.external(value.name) is not None or (
            query is not None and libraries.is_pooled(query)
        )
    return value.sort == Sort.FUNCTION and bool(value.function.flags & facts.ABSTRACT)


def touches_session(call: ast.Call, module: Module) -> bool:
    """Whether the call works on a database session or connection, or takes one along."""
    values = [argument.value if isinstance(argument, ast.Starred) else argument for argument in call.args]
    values += [keyword.value for keyword in call.keywords]
    if isinstance(call.func, ast.Attribute):
        values.append(call.func.value)
    return any(session_of(value, module) is not None for value in values)


def session_of(value: ast.expr, module: Module) -> str | None:
    """The source text of `value` when it is a session or connection, or an object that holds one."""
    kind = module.type_of(value)
    if kind is None:
        return None
    if kind in _ONE_AT_A_TIME or libraries.canonical(kind) in _ONE_AT_A_TIME:
        return ast.unparse(value)
    found = module.value(value)
    if found is None or found.module is None:
        return None
    for owner in module.project.resolver.ancestry(found):
        cls = owner.home.classes.get(owner.symbol) if owner.module is not None else None
        for reference in cls.attributes.values() if cls is not None else ():
            held = module.project.resolver.value(reference, owner.home) if reference else None
            if held is not None and libraries.canonical(held.name) in _ONE_AT_A_TIME:
                return ast.unparse(value)
    return None


def asked_on_entry(item: ast.withitem) -> ast.Call | None:
    """The request that an `async with` sends when it is entered, and whose answer it names: `session.get(url) as answer`."""
    match item:
        case ast.withitem(
            context_expr=ast.Call(func=ast.Attribute(attr=verb)) as call, optional_vars=ast.Name()
        ) if verb in _VERBS:
            return call
    return None


def writes(call: ast.Call) -> bool:
    """Whether the name of what is called says that it changes something, so that order may matter."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return bool(_WRITES.match(name))
