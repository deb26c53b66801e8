"""How much a stopped event loop matters where no request is proven to get: whose loop it is, as far as one can tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from rules.engine.finding import Confidence, Severity
from rules.engine.kept_answers import Mentioned, once
from rules.engine.linking.context import IN_LOOP, IN_REQUEST, IN_TASK, OWN_LOOP, STARTS_LOOP
from rules.engine.linking.graph import CALL, LOOP, THREAD
from rules.engine.reading import facts
from rules.engine.reading.regexes import regex

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.project import Project
    from rules.engine.reading.facts import ModuleFacts

# What projects call the folders and files of what serves nobody: a hint to say less, never to report.
_ELSEWHERE = regex(
    r"(?:^|/)(?:tasks?|jobs?|workers?|cron|crons|schedulers?|scheduled|celery|temporal|rq|arq|dramatiq|huey|prefect|airflow|dags|flows"
    r"|activities|scripts?|tools?|bin|cli|commands?|management|dev|hack|seeds?|seeders?|fixtures|bench(?:mark)?s?|evals?|evaluations?"
    r"|e2e|harness|examples?|samples?|demos?|playground|notebooks?|migrations?|migrate|backfills?|loadtests?|stubs?|mocks?)"
    r"(?:/|(?:_[^/]*)?\.py$)"
    r"|(?:^|/)[^/]*_(?:tasks?|jobs?|worker|cli|cron|script|seed|stub|mock)\.py$",
    re.IGNORECASE,
)

_BY_HAND = regex(
    r"(?:^|/)(?:scripts?|bin|cli|commands?|management|dev|hack|seeds?|seeders?|fixtures|bench(?:mark)?s?|evals?|evaluations?|e2e"
    r"|harness|examples?|samples?|demos?|playground|notebooks?|migrations?|migrate|backfills?|loadtests?|stubs?|mocks?)"
    r"(?:/|(?:_[^/]*)?\.py$)|^tools/|_(?:cli|script|seed|stub|mock)\.py$",
    re.IGNORECASE,
)
"""What somebody starts and waits for."""
_OTHERS = regex(r"(?:^|/)(?:sdks?|clients?|packages|libs?|integrations)/", re.IGNORECASE)
_SDK = regex(r"(?:^|/)sdks?/")
"""What others call from programs of their own, even where the service imports parts of it."""
_ENDS = frozenset(
    {"exit", "close", "shutdown", "shut_down", "stop", "teardown", "tear_down", "dispose", "cleanup"}
)
_BEGINNING = regex(
    r"(?:a|async_?)?(?:on_|after_|before_|post_|pre_|auto_)?"
    r"(?:start|startup|start_up|setup|set_up|init|initiali[sz]e|bootstrap|boot|warm_?up|preload|lifespan)(?:_async)?"
)

_ASYNC_WORKERS = frozenset(
    {"dramatiq", "taskiq", "arq", "procrastinate", "saq", "streaq", "temporalio", "faust", "apscheduler"}
)
"""Packages whose workers run many asynchronous tasks on one loop."""

_FRAMEWORKS = frozenset({"fastapi", "starlette", "litestar", "flask", "django", "aiohttp.web", "sanic"})

_ARGUMENTS = "argparse.Namespace:"
_MOST = 200
_served: WeakKeyDictionary[Project, frozenset[str]] = WeakKeyDictionary()


def is_served(project: Project, path: str) -> bool:
    """Whether a file is imported, at any distance, by one with endpoints, so that the serving process knows it."""
    return path in served_files(project)


def served_files(project: Project) -> frozenset[str]:
    """The files that the serving process imports."""
    known = _served.get(project)
    if known is None:
        known = _served[project] = _imported(project)
    return known


def imports_as(before: Project, after: Project) -> None:
    """The two versions have the same endpoints, and their files import the same: so does the process that serves them."""
    if before in _served:
        _served[after] = _served[before]


def unreached(
    project: Project, node: Node, severity: Severity, *, direct: bool
) -> tuple[Severity, Confidence]:
    """Severity and confidence of what stops a loop in a function that no request is proven to reach: medium at most, for
    what is high must be seen to be.

    `direct` when the function itself makes the call that does.
    """
    in_task = node.contexts & IN_TASK and not node.contexts & IN_REQUEST
    alone = (
        (node.contexts & OWN_LOOP and not node.contexts & IN_LOOP)
        or is_drained_apart(project, node)
        or (not node.contexts & IN_LOOP and node.path in _threaded_files(project))
    )
    bounds = _is_end(node) or _is_beginning(node) or _is_of_command_line(node)
    if in_task or alone or _is_led_to_from_elsewhere(node, project) or _ELSEWHERE.search(node.path) or bounds:
        stands_still = in_task and not alone and not bounds and _shares_loop(node, project)
        return _capped(severity, Severity.LOW), Confidence.LIKELY if stands_still else Confidence.POSSIBLE
    if _SDK.search(node.path):
        return _capped(severity, Severity.LOW), Confidence.POSSIBLE
    if not is_served(project, node.path):
        if is_elsewhere(node.path) or is_apart(project, node.path):
            return _capped(severity, Severity.LOW), Confidence.POSSIBLE
        return _capped(severity.lowered(), Severity.MEDIUM), Confidence.POSSIBLE
    less = _capped(severity.lowered(), Severity.MEDIUM)
    if not is_led_to(project, node):
        return less, Confidence.POSSIBLE
    return less, Confidence.LIKELY if direct or severity is Severity.CRITICAL else Confidence.POSSIBLE


def unreached_when_new(
    project: Project, node: Node, severity: Severity, *, direct: bool
) -> Confidence | None:
    """The confidence where a change brings it, if that is another: what the service imports and nothing is seen to reach is
    mostly dead when it is old, and asked for in a way that we cannot follow when it was just written."""
    less, confidence = unreached(project, node, severity, direct=direct)
    if confidence is not Confidence.POSSIBLE or less < (Severity.MEDIUM if direct else Severity.HIGH):
        return None
    return Confidence.LIKELY if is_served(project, node.path) and not is_led_to(project, node) else None


def is_led_to(project: Project, node: Node) -> bool:
    """Whether something that runs is seen to get to a function: a request, or what goes on beside requests on their loop.

    Where no application is found at all nobody can tell. Beside one, most places that nothing is seen to reach are
    dead code, a start or an end.
    """
    return not project.routing.endpoints or bool(node.contexts & (IN_LOOP | IN_REQUEST))


def is_drained_apart(project: Project, node: Node) -> bool:
    """Whether whoever leads to a function, going by names where nothing else is known, runs on a loop of its own:
    `asyncio.run(self._read(loader))`, where `loader.load()` may be any loader's."""
    if not node.is_async:
        return False
    seen, pending = {node}, [node]
    found = False
    for each in pending:  # grows while we go
        if len(pending) > _MOST or each.contexts & IN_LOOP:
            return False
        callers = [caller for caller, edge in each.callers if edge.kind in (CALL, LOOP)]
        for caller in callers or callers_by_name(project, each.symbol.rpartition(".")[2]):
            if caller in seen:
                continue
            seen.add(caller)
            if _is_alone(caller):
                found = True
            else:
                pending.append(caller)
    return found


def _is_led_to_from_elsewhere(node: Node, project: Project) -> bool:
    """Whether jobs, scripts and the like call their way here, and nobody whom a request or a serving loop reaches.

    A `tasks.py` that the service loads may hold what runs beside requests, whatever it is called.
    """
    seen, pending = {node}, [node]
    found = False
    for each in pending:  # grows while we go
        if len(pending) > _MOST or each.contexts & (IN_LOOP | IN_REQUEST):
            return False
        found = found or "task" in each.roles
        found = found or (_ELSEWHERE.search(each.path) is not None and not _is_loaded(project, each.path))
        callers = [caller for caller, _ in each.callers if caller not in seen]
        seen.update(callers)
        pending += dict.fromkeys(callers)
    return found


def _is_loaded(project: Project, path: str) -> bool:
    """Whether the service imports a file: for its endpoints, or where its application is put together."""
    return is_served(project, path) or any(
        router.is_app and path in project.imports_of(maker)
        for (maker, _), router in project.routing.routers.items()
    )


@once
def _threaded_files(project: Project) -> frozenset[str]:
    """The files in which a thread is started that runs an event loop of its own: `Thread(target=self._poll)`."""
    return frozenset(
        node.path
        for node in project.graph.nodes.values()
        if node.contexts & STARTS_LOOP
        and any(edge.kind == THREAD and caller.path == node.path for caller, edge in node.callers)
    )


def _is_alone(node: Node) -> bool:
    return bool(node.contexts & OWN_LOOP) and not node.contexts & IN_LOOP


def _called(path: str, found: ModuleFacts) -> Iterator[tuple[str, str]]:
    for function in found.functions:
        for call in function.calls:
            if not call.flags & facts.LOAD:
                yield call.ref.rpartition(".")[2], function.symbol


callers_by_name = Mentioned(_called)
"""The functions that call a method of a name on what nobody knows."""


def _shares_loop(node: Node, project: Project) -> bool:
    """Whether an asynchronous task awaits its way here: its worker runs many of them on one loop, and all stand still.

    A synchronous task that starts a loop for one coroutine has it to itself, and so has each job of RQ or Celery.
    """
    if not _has_async_workers(project):
        return False
    pending, seen = [node], {node}
    while pending:
        current = pending.pop()
        if not current.is_async:
            continue
        if "task" in current.roles:
            return True
        for caller, edge in current.callers:
            if edge.kind in (CALL, LOOP) and caller not in seen:
                seen.add(caller)
                pending.append(caller)
    return False


@once
def _has_async_workers(project: Project) -> bool:
    modules = project.resolver.modules.values()
    return any(not _ASYNC_WORKERS.isdisjoint(module.facts.imports) for module in modules)


def is_elsewhere(path: str) -> bool:
    """Whether a file is part of what others install or try out, not of what serves requests, going by its path."""
    return _OTHERS.search(path) is not None


def works_unwatched(project: Project, path: str) -> bool:
    """Whether a file belongs to what serves requests, or to what works beside it: no tool, no script, no library."""
    apart = is_elsewhere(path) or is_apart(project, path) or _BY_HAND.search(path) is not None
    return not apart and bool(project.routing.endpoints)


def is_apart(project: Project, path: str) -> bool:
    """Whether a file belongs to a distribution without an application, in a repository with one elsewhere.

    An agent or a command-line tool beside the service: what runs there serves no requests.
    """
    own = _distribution(project, path.rpartition("/")[0])
    return bool(own) and own not in _serving_distributions(project)


@once
def _serving_distributions(project: Project) -> frozenset[str]:
    """The distributions with files that serve, or that import a framework for it."""
    paths = set(served_files(project))
    paths.update(
        module.path
        for module in project.resolver.modules.values()
        if not _FRAMEWORKS.isdisjoint(module.facts.imports)
    )
    return frozenset(_distribution(project, path.rpartition("/")[0]) for path in paths)


@once
def _distribution(project: Project, folder: str) -> str:
    """The nearest folder, from `folder` up, that is installed by itself; empty for the repository's own."""
    while folder:
        if any(f"{folder}/{name}" in project.documents for name in ("pyproject.toml", "setup.cfg")):
            return folder
        if f"{folder}/setup.py" in project.files:
            return folder
        folder = folder.rpartition("/")[0]
    return ""


def _is_end(node: Node) -> bool:
    """Whether a function is what its name says: the end of something."""
    return node.symbol.rpartition(".")[2].strip("_").removeprefix("a") in _ENDS


def _is_beginning(node: Node, far: int = 3) -> bool:
    """Whether a function is what its name says, the beginning of something that stays, or only such functions call it."""
    name = node.symbol.rpartition(".")[2].strip("_")
    if _BEGINNING.fullmatch(name):
        return True
    callers = [caller for caller, edge in node.callers if edge.kind in (CALL, LOOP)]
    return bool(far and callers) and all(_is_beginning(caller, far - 1) for caller in callers)


def _is_of_command_line(node: Node) -> bool:
    """Whether all that leads to a function begins with the arguments of a command line: `async def retrieve(args: Namespace)`."""
    seen, pending = {node}, [node]
    found = False
    for each in pending:  # grows while we go
        if len(pending) > _MOST or each.contexts & (IN_LOOP | IN_REQUEST):
            return False
        if any(parameter.annotation == _ARGUMENTS for parameter in each.function.parameters):
            found = True
            continue
        callers = [caller for caller, _ in each.callers if caller not in seen]
        if not callers and not each.function.flags & facts.MAIN:
            return False
        seen.update(callers)
        pending += dict.fromkeys(callers)
    return found


def _capped(severity: Severity, most: Severity) -> Severity:
    return min(severity, most, key=lambda each: each.rank)


def _imported(project: Project) -> frozenset[str]:
    modules = project.resolver.modules
    pending = [endpoint.handler.path for endpoint in project.routing.endpoints]
    pending += [node.path for node in project.routing.middleware]
    if not pending:
        return frozenset(modules)  # whatever serves it is not to be seen
    return frozenset(project.imported_from(pending))
