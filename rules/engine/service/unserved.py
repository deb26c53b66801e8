"""Endpoints that no user gets to: of an application that is not the one started, behind an earlier route that takes the
same paths, or there to try the service out."""

from __future__ import annotations

import functools
import operator
import posixpath
import re
from collections.abc import Iterable, Iterator, Set
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from rules.engine.kept_answers import once_for_outline
from rules.engine.linking.named import alias
from rules.engine.linking.values import Sort
from rules.engine.reading import names_read
from rules.engine.reading.decorators import ROUTES
from rules.engine.reading.regexes import regex
from rules.engine.reading.signatures import signature
from rules.engine.service.mentions import is_named_in

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.linking.routing import Route, Router, Routing
    from rules.engine.project import Project
    from rules.engine.reading.facts import Decorator, Function

_TRIES = regex(
    r"(?:^|/)dev(?:[_-](?:utils?|tools?|only|helpers?))?(?=[/.]|$)|(?:^|[/_-])(?:chaos|mocks?|fake|load-?_?tests?|stress(?:-?_?tests?)?|seeds?|seeders?"
    r"|simulat(?:e|ed|ing|or)[_-](?:\w*_)?(?:load|traffic|errors?|failures?|exceptions?|crash|delays?|latency|slow\w*|timeouts?"
    r"|payments?|orders?|webhooks?|users?|events?|requests?))(?=[/_.-]|$)|/debug(?:/|$)",
    re.IGNORECASE,
)
"""What a route, its function or its file is called that is there for developers."""
_SAYING = ("__signature__", "__wrapped__", "update_wrapper")
"""What tells FastAPI of the function behind a wrapper, beside `wraps`."""
_ANY = "{}"
_IMPORTED = 3
"""From so many routers on that are imported by their names, one that is not is no sign of some other way to include them."""
_LISTED = 5
"""So many files with routes that a loader names in strings are a list of what it loads."""
_LOADING = ("import_module", "iter_modules", "walk_packages", "find_spec", "entry_points", "exec_module")
"""What imports files by names that nobody sees."""


def unserved(project: Project) -> int:
    """A bit for each endpoint of the project that no user gets to."""
    left_over = _left_over(project) | _orphans(project) | _not_included(project)
    routes = _kept.get(project.routing)
    if routes is None:
        routes = _kept[project.routing] = _Routes(project.routing)
    tools = routes.for_developers
    hidden: dict[tuple[Node, str], set[str]] = {}
    for node, method, path in routes.hidden():
        hidden.setdefault((node, method), set()).add(path)
    bits = 0
    for position, endpoint in enumerate(project.routing.endpoints):
        handler = endpoint.handler
        paths = hidden.get((handler, endpoint.ref.method), ())
        if (
            handler.path in left_over
            or handler in tools
            or any(map(endpoint.ref.path.endswith, paths))
            or _is_trial(handler, endpoint.ref.path)
            or _is_refused(handler, project)
            or _hides_parameters(handler, project)
        ):
            bits |= 1 << position
    return bits


def _is_for_developers(router: Router, far: int = 4) -> bool:
    """Whether a router is only taken in where developers ask for it: under `if settings.debug:`."""
    if not router.included or router.is_app or not far:
        return False
    return not router.always or all(_is_for_developers(parent, far - 1) for parent, _, _ in router.included)


def _is_refused(handler: Node, project: Project) -> bool:
    """`db = Depends(SessionDep)`, where `SessionDep` is `Annotated[…, Depends(…)]` already: FastAPI takes it for a callable
    with two parameters of its own that no request brings, and answers 422."""
    for parameter in handler.function.parameters:
        found = alias(project.resolver, parameter.depends, handler.module) if parameter.depends else None
        if found is not None and found[0].depends is not None:
            return True
    return False


def _hides_parameters(handler: Node, project: Project) -> bool:
    """Whether FastAPI sees, in the place of an endpoint, a wrapper that takes anything and does not say what it wraps
    (`functools.wraps`): it asks each request for `args` and `kwargs` in its query, and answers 422."""
    decorators = handler.function.decorators
    routes = [at for at, each in enumerate(decorators) if each.ref.rpartition(".")[2] in ROUTES]
    for decorator in decorators[routes[-1] + 1 :] if routes else ():
        wrapper = _wrapper(decorator, handler, project)
        if wrapper is None:
            return False
        if not wrapper.decorators:
            taken = signature(wrapper.takes)
            return taken.takes_more or taken.takes_rest
        if [each.ref for each in wrapper.decorators] != ["functools.wraps"]:
            return False
    return False


def _wrapper(decorator: Decorator, handler: Node, project: Project) -> Function | None:
    """The function that a decorator of the project puts around another, where nothing else may say what that takes."""
    if not decorator.ref or decorator.arguments:
        return None
    steps = (decorator.ref, f"{decorator.ref}()", f"{decorator.ref}()()")[: 3 if decorator.called else 2]
    found = [project.resolver.value(ref, handler.module) for ref in steps]
    if any(each is None or each.sort != Sort.FUNCTION or each.partial for each in found):
        return None
    values = [each for each in found if each is not None]
    if any(each.function.decorators for each in values[:-1]):
        return None
    said = values[-1].home.facts.mentions
    return None if any(names_read.has(said, name) for name in _SAYING) else values[-1].function


def _is_trial(handler: Node, route: str) -> bool:
    name = handler.symbol.rpartition(".")[2]
    return any(map(_tries, (route, name, handler.path.rpartition("/")[2])))


@functools.lru_cache(maxsize=4096)
def _tries(text: str) -> bool:
    return _TRIES.search(text) is not None


class _Routes:
    """The routes of applications that were put together once: versions of a project share them until one routes otherwise."""

    def __init__(self, routing: Routing) -> None:
        tools = {route.handler for route in routing.routes if _is_for_developers(route.router)}
        tools.difference_update(
            route.handler for route in routing.routes if not _is_for_developers(route.router)
        )
        self.for_developers = frozenset(tools)
        """The handlers that only developers get to."""
        self._by_file: dict[str, list[Route]] = {}
        for route in routing.routes:
            self._by_file.setdefault(route.handler.path, []).append(route)
        self._hidden: dict[str, tuple[list[Function], list[tuple[Node, str, str]]]] = {}
        """By file, those that are behind another one, with the functions that this holds for."""

    def hidden(self) -> Iterator[tuple[Node, str, str]]:
        """Those behind another one of their file, as it is now."""
        for path, routes in self._by_file.items():
            functions = [route.handler.function for route in routes]
            known = self._hidden.get(path)
            if known is None or not all(map(operator.is_, known[0], functions)):
                known = self._hidden[path] = functions, list(_hidden(routes))
            yield from known[1]


_kept: WeakKeyDictionary[Routing, _Routes] = WeakKeyDictionary()


def _hidden(routes: Iterable[Route]) -> Iterator[tuple[Node, str, str]]:
    """Routes that stand in their file below one of the same router which takes every path that they take."""
    before: dict[tuple[object, str, str], _Taken] = {}
    decorated = [route for route in routes if route.handler.function.decorators]
    for route in sorted(decorated, key=lambda each: each.handler.function.line):
        for method in route.methods:
            earlier = before.setdefault((route.router, route.handler.path, method), _Taken())
            if "…" in route.path:
                continue
            if any(handler is not route.handler for handler in earlier.covering(route.path)):
                yield route.handler, method, route.path
            earlier.add(route.path, route.handler)


class _Taken:
    """Paths that routes take, as a tree of their parts; what stands for any part is kept under its own key."""

    __slots__ = ("handlers", "parts")

    def __init__(self) -> None:
        self.handlers: list[Node] = []
        """Of those that take the path, two: one of them is another than who asks."""
        self.parts: dict[str, _Taken] = {}

    def add(self, path: str, handler: Node) -> None:
        here = self
        for part in path.split("/"):
            here = here.parts.setdefault(_ANY if _is_any(part) else part, _Taken())
        if len(here.handlers) < 2 and handler not in here.handlers:
            here.handlers.append(handler)

    def covering(self, path: str) -> Iterator[Node]:
        """Handlers of routes that answer for every path of a route for `path`."""
        level = [self]
        for part in path.split("/"):
            kept = _ANY if _is_any(part) else part
            keys = (kept, _ANY) if part and kept != _ANY and not part.endswith(":path}") else (kept,)
            level = [below for each in level for key in keys if (below := each.parts.get(key)) is not None]
        for each in level:
            yield from each.handlers


def _is_any(part: str) -> bool:
    return part[:1] == "{" and part[-1:] == "}" and ":" not in part


def _left_over(project: Project) -> frozenset[str]:
    """Files that only an application imports which nothing starts, beside or below one that a deploy file starts."""
    applications = {path for (path, _), router in project.routing.routers.items() if router.is_app}
    if len(applications) < 2:
        return frozenset()
    started: set[str] = set()
    twins: set[str] = set()
    places: set[str] = set()
    for folder, name in set(what_commands_start(project)):
        here = {path for path in applications if _module(path) == f"{folder}/{name}".strip("/")}
        found = here or {path for path in applications if f"/{_module(path)}".endswith(f"/{name}")}
        started |= found
        twins |= {path for path in applications - here if here and _module(path) == name}
        if len(found) == 1:
            places |= {_module(path).removesuffix(name).strip("/") for path in found}
    idle = {
        path
        for each in started
        if not _loads_by_name(project, each)
        for path in applications - started
        if path in twins or _is_beside(path, each) or _is_aside(project, path, places)
    }
    idle = {path for path in idle if path in twins or not _is_deployed(project, path, applications - {path})}
    used = project.imported_from(applications - idle)
    return frozenset(project.imported_from(idle - used) - used)


def _orphans(project: Project) -> frozenset[str]:
    """Files with routes that no file imports, beside applications that import theirs by their names."""
    applications = {path for (path, _), router in project.routing.routers.items() if router.is_app}
    routed, imported = _imported_routes(project)
    found = routed - imported
    seen = len(imported)
    loading = {path for each in applications for path in _loading(project, each)} if found else set()
    if loading:
        return _unlisted(project, routed, found, loading)
    if not found or not ((applications and seen) or _serves_otherwise(project)):
        return frozenset()
    if not applications or (len(found) > seen and seen < _IMPORTED):
        asked = _asked_for(project)
        found = {path for path in found if not _is_mentioned(project, path, asked)}
    names = {path: project.resolver.modules[path].name for path in found}
    return frozenset(
        path
        for path, name in names.items()
        if not any(_is_named(name, text) for text in project.texts)  # an entry point
    )


def _is_named(name: str, text: str) -> bool:
    """Whether a document has a name by itself: `shop.rates:router`, not `rates_user`."""
    return name in text and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


@once_for_outline
def _imported_routes(project: Project) -> tuple[Set[str], Set[str]]:
    """The files with routes but for those of applications, and which of them somebody imports."""
    applications = {path for (path, _), router in project.routing.routers.items() if router.is_app}
    routed = {route.handler.path for route in project.routing.routes} - applications
    return routed, _imported_from_outside(project, routed)


def _unlisted(
    project: Project, routed: Iterable[str], found: Iterable[str], loading: Set[str]
) -> frozenset[str]:
    """Those of `found` that nothing names, beside others that what loads them lists by their names."""
    if sum(is_named_in(project, loading, _last(path)) for path in routed) < _LISTED:
        return frozenset()
    asked = _asked_for(project)
    return frozenset(path for path in found if not _is_mentioned(project, path, asked))


def _not_included(project: Project) -> frozenset[str]:
    """Files of which no application takes in a router, though the one file that imports them takes in those of others."""
    routing = project.routing
    if routing.takes_unseen:
        return frozenset()
    taken = {path for (path, _), router in routing.routers.items() if router.included or router.is_app}
    loose = {
        route.handler.path for route in routing.routes if route.router.key[0] == route.handler.path
    } - taken
    importing: dict[str, set[str]] = {path: set() for path in loose}
    for each in project.resolver.modules if loose else ():
        for path in project.imports_of(each) & loose:
            importing[path].add(each)
    return frozenset(
        path
        for path, wiring in importing.items()
        if wiring and all(len(project.imports_of(each) & taken) >= _IMPORTED for each in wiring)
    )


def _serves_otherwise(project: Project) -> bool:
    """Whether the project has an application of another framework, beside which routers may lie unused."""
    modules = project.resolver.modules.values()
    return any("flask.Flask" in module.facts.modules for module in modules)


def _asked_for(project: Project) -> frozenset[str]:
    """The parts of everything that is imported, found or not."""
    refs = {ref for module in project.resolver.modules.values() for ref in module.facts.modules}
    return frozenset(part for ref in refs for part in re.split(r"[.>]", ref))


def _is_mentioned(project: Project, path: str, asked: frozenset[str]) -> bool:
    """Whether another file names what this one is called, in whatever way it may load it."""
    stem = path.rpartition("/")[2].removesuffix(".py")
    others = (each for each in project.resolver.modules if each != path)
    return stem in asked or is_named_in(project, others, stem)


def _imported_from_outside(project: Project, paths: Set[str]) -> set[str]:
    """Those of `paths` that somebody imports: any file but a package that no file outside it imports."""
    found: set[str] = set()
    packages: dict[str, Set[str]] = {}
    for each in project.resolver.modules:
        wanted = project.imports_of(each) & paths
        if wanted and each.rpartition("/")[2] == "__init__.py":
            packages[each] = wanted
        else:
            found |= wanted
    if all(wanted <= found for wanted in packages.values()):
        return found
    for each in project.resolver.modules:
        for package in packages.keys() & project.imports_of(each):
            if not each.startswith(f"{package.rpartition('/')[0]}/"):
                found |= packages[package]
    return found


def _is_deployed(project: Project, application: str, others: Iterable[str]) -> bool:
    """Whether a manifest gives what serves it to a container (`value: shop.mobile:app`)."""
    name = _last(application)
    served = re.compile(rf"(?:^|[\s\"'.=]){re.escape(name)}:[a-z]\w*[\"']?\s*$", re.MULTILINE)
    own = all(_last(each) != name for each in others)
    return own and any(
        served.search(text) for path, text in project.documents.items() if path.endswith((".yaml", ".yml"))
    )


def _last(path: str) -> str:
    return _module(path).rpartition("/")[2]


def _is_beside(path: str, started: str) -> bool:
    folder, own = started.rpartition("/")[0], path.rpartition("/")[0]
    return own == folder or bool(folder and own.startswith(f"{folder}/"))


def _is_aside(project: Project, path: str, places: Set[str]) -> bool:
    """Whether an application lies where the command is run that starts another one, and neither a document nor a file
    names it: `simple_server.py` beside the folder of `app/main.py`."""
    stem = _last(path)
    if path.rpartition("/")[0] not in places or any(_is_named(stem, text) for text in project.texts):
        return False
    others = [each for each in project.resolver.modules if each != path]
    return not any(path in project.imports_of(each) for each in others) and not is_named_in(
        project, others, stem
    )


def _loads_by_name(project: Project, application: str) -> bool:
    """Whether some file that puts the application together loads others by names that nobody sees."""
    return any(_loading(project, application))


def _loading(project: Project, application: str) -> Iterator[str]:
    """The files that put the application together and load others by names that nobody sees."""
    for path in project.imported_from([application]):
        if is_named_in(project, [path], "include_router") and any(
            is_named_in(project, [path], name) for name in _LOADING
        ):
            yield path


def what_commands_start(project: Project) -> Iterator[tuple[str, str]]:
    """The folder and the name of what commands start: `backend` and `app/main`."""
    deployment = project.deployment
    for command in deployment.commands:
        name = command.application.partition(":")[0].replace(".", "/")
        if name:
            yield posixpath.normpath(posixpath.join(command.path, "..", command.folder)).strip("./"), name
    for program in deployment.programs:
        name = (program.value or "").removesuffix(".py").strip("./").replace(".", "/")
        if name:
            yield program.path.rpartition("/")[0], name


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__")
