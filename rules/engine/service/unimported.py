"""Files that nothing which is started imports: copies beside what replaced them, drafts, what a rewrite left behind."""

from __future__ import annotations

import functools
import re
from array import array
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from zlib import crc32

from rules.engine.kept_answers import once, once_for_outline
from rules.engine.reading.paths import place_of
from rules.engine.reading.regexes import regex
from rules.engine.service.mentions import is_named_in, naming
from rules.engine.service.traffic import is_example

if TYPE_CHECKING:
    from rules.engine.project import Project

LOADING = ("import_module", "iter_modules", "walk_packages", "find_spec", "entry_points", "exec_module")
"""What imports files by names that nobody sees."""
_IMPORTED = 3
"""As long as fewer routers than this are imported, and most are not, something includes those in a way that nobody sees."""
_DEEPEST = 8
"""Parts of a path that an import may spell."""
_SEARCHED = ("autodiscover_tasks", "INSTALLED_APPS")
"""What has a framework look for files in packages."""
_LEFT_BEHIND = regex(
    r"(?:^|/)(?:(?:[\w-]*[_-])?(?:unused|deprecated|retired|obsolete|legacy|archived?|archives)|[\w-]+[_-]staging)/",
    re.IGNORECASE,
)
"""Folders of what a project has turned away from, or has not taken up yet (`modules_staging/`)."""
_LEFT_FILE = regex(
    r"(?:^|[/_-])(?:unused|deprecated|retired|obsolete|archived)(?:[_-]\w+)?\.py$", re.IGNORECASE
)
"""Files of the same."""
_TOOLS = regex(r"(?:tools?|devtools|dev|development)/")
"""Folders of a project's own of what those need who work on it."""
_SETTINGS = regex(r"(?:^|/)(?:pyproject\.toml|\.?ruff\.toml|setup\.cfg|\.gitattributes)$")
"""Documents that name folders for tools."""
_SERVERS = ("uvicorn", "hypercorn", "granian", "gunicorn", "worker_main", "FastAPI", "serve")
_SEGMENTS = regex(r"[.>]+")


@once
def is_unimported(project: Project, path: str) -> bool:
    """Whether nothing that the project starts imports a file, at any distance. Beside a package of its name it cannot be
    imported at all."""
    if f"{path.removesuffix('.py')}/__init__.py" in project.files:
        return True
    if path not in _plainly_imported(project) and path in _unimported(project):
        return True
    return _is_left_behind(project, path)


@once
def is_lone_script(project: Project, path: str) -> bool:
    """Whether a file is run by hand at most: beside an application, with a main part that starts no server, imported by no
    file and named by no document."""
    module = project.resolver.modules[path]
    if not module.facts.main or not project.routing.endpoints:
        return False
    return not any(naming(project, [path], _SERVERS)) and _is_nobodys(project, path)


def is_lone_tool(project: Project, path: str) -> bool:
    """Whether a file lies in a folder of tools of its own, imported and named by nothing else, while the application is elsewhere."""
    return _TOOLS.match(path) is not None and path in _lone_tools(project)


@once
def _lone_tools(project: Project) -> frozenset[str]:
    folders: dict[str, set[str]] = {}
    for path in project.resolver.modules:
        if folder := _TOOLS.match(path):
            folders.setdefault(folder[0], set()).add(path)
    lone = set[str]().union(*(files for folder, files in folders.items() if _is_beside(project, folder)))
    lone -= _all_imported(project)
    lone -= _named(project, lone)
    loaders = {*naming(project, project.resolver.modules, LOADING)} if lone else ()
    return frozenset(path for path in lone if not any(_may_load(project, each, path) for each in loaders))


def _is_beside(project: Project, folder: str) -> bool:
    """Whether a folder of tools stands beside an application, and has no document: what one says there may be how it is deployed."""
    if any(document.startswith(folder) for document in project.documents):
        return False
    others = (
        each.handler.path for each in project.routing.endpoints if not each.handler.path.startswith(folder)
    )
    return any(place_of(each) == "app" and not is_example(each, project) for each in others)


@once_for_outline
def _all_imported(project: Project) -> frozenset[str]:
    return frozenset(each for path in project.resolver.modules for each in project.imports_of(path))


def _is_left_behind(project: Project, path: str) -> bool:
    """Whether a file is in a folder of leftovers which nothing deploys and no file outside imports from, or is one itself."""
    found = _LEFT_BEHIND.search(path)
    if found is None:
        return _LEFT_FILE.search(path) is not None and _is_nobodys(project, path, _parts(path)[-1])
    folder = path[: found.end()]
    for document, text in project.documents.items():
        if document.startswith(folder) or _SETTINGS.search(document):
            continue
        if _names_folder(text, folder) or _names_folder(text, folder.replace("/", ".")):
            return False
    outside = (
        each
        for each in project.resolver.modules
        if not each.startswith(folder) and place_of(each) == "app" and each not in _unimported(project)
    )
    return not any(each.startswith(folder) for one in outside for each in project.imports_of(one))


def _is_nobodys(project: Project, path: str, name: str = "") -> bool:
    """Whether no file imports or names a file, and no document does, not even by its `name` alone where that tells enough."""
    if name and any(name in text for text in project.texts):
        return False
    return path not in _all_imported(project) and not _named(project, {path})


def _names_folder(text: str, folder: str) -> bool:
    """Whether a document's text has a path or a module's name that begins with the folder, or copies the folder; not
    `https://host/archive/`, nor `git archive`."""
    name = re.escape(folder.rstrip("/."))
    path = rf"(?<![\w./-])(?:\./)?{name}{re.escape(folder[-1])}"
    return (
        re.search(
            rf"{path}|^\s*(?:COPY|ADD|WORKDIR|cd|context:|build:)\s(?:.*\s)?(?:\./)?{name}(?=\s|$)",
            text,
            re.MULTILINE,
        )
        is not None
    )


@once_for_outline
def _plainly_imported(project: Project) -> frozenset[str]:
    """What applications and programs import. Nearly every file that somebody asks about is among that, which is quick to tell."""
    applications = _applications(project)
    return frozenset(
        _imported(
            project,
            (
                path
                for path, module in project.resolver.modules.items()
                if (path in applications or module.facts.main)
                and place_of(path) == "app"
                and not is_example(path, project)
            ),
        )
    )


@once_for_outline
def _applications(project: Project) -> frozenset[str]:
    """The files with applications, and those that are started."""
    found = {path for (path, _), router in project.routing.routers.items() if router.is_app}
    return frozenset(found).union(
        path
        for name in _started(project)
        for path in project.resolver.modules
        if f"/{_module(path)}".endswith(f"/{name}")
    )


@once
def _unimported(project: Project) -> frozenset[str]:
    modules = project.resolver.modules
    applications = _applications(project)
    if not applications or any(naming(project, modules, _SEARCHED)):
        return frozenset()
    files = {path for path in modules if place_of(path) == "app" and not is_example(path, project)}
    meant = _meant(project)
    alive = _imported(
        project,
        (
            path
            for path in files
            if path in applications or modules[path].facts.main or path in meant or _is_top(project, path)
        ),
    )
    alive |= _imported(project, _named(project, files - alive))
    routed = {route.handler.path for route in project.routing.routes} & files - applications
    if len(routed - alive) > len(routed & alive) < _IMPORTED:
        alive |= _imported(project, routed)
    left = files - alive
    loaders = {*naming(project, alive, LOADING)}
    return frozenset(path for path in left if not any(_may_load(project, each, path) for each in loaders))


def _started(project: Project) -> Iterator[str]:
    """What commands start, of whatever framework: `shop/main`."""
    for command in project.deployment.commands:
        name = command.application.partition(":")[0].replace(".", "/")
        if name:
            yield name


def _imported(project: Project, paths: Iterable[str]) -> set[str]:
    """The files and all that they import, at any distance."""
    pending = list(paths)
    seen = set(pending)
    while pending:
        path = pending.pop()
        for each in (project.imports_of(path) | _packages(project, path)) - seen:
            seen.add(each)
            pending.append(each)
    return seen


def _packages(project: Project, path: str) -> set[str]:
    """The packages around a file, which are imported with it."""
    modules = project.resolver.modules
    return {each for each in _packages_around(path) if each in modules}


@functools.lru_cache(maxsize=16_384)  # each version of a project asks it of each file
def _packages_around(path: str) -> tuple[str, ...]:
    """Where the packages around a file say what they are, if they do."""
    folders = path.split("/")[:-1]
    return tuple("/".join((*folders[:depth], "__init__.py")) for depth in range(1, len(folders) + 1))


def _is_top(project: Project, path: str) -> bool:
    """Whether a file is a package that is in no other: others may import it by its name."""
    return path.endswith("__init__.py") and _packages(project, path) == {path}


def _meant(project: Project) -> set[str]:
    """Files that imports may mean which lead nowhere, or to a file that another edition puts its own in the place of:
    `import config` of a file in another folder, `import shop.mail` of `enterprise/shop/mail.py`."""
    by_end: dict[tuple[str, ...], list[str]] = {}
    for path in project.resolver.modules:
        parts = _parts(path)
        for start in range(max(0, len(parts) - _DEEPEST), len(parts)):
            by_end.setdefault(tuple(parts[start:]), []).append(path)
    spelled: dict[tuple[str, ...], set[str]] = {}
    may_be: dict[str, list[tuple[str, ...]]] = {}
    for module in project.resolver.modules.values():
        for ref in (*module.facts.modules, *module.facts.stars):
            ends = may_be.get(ref)
            if ends is None:
                ends = may_be[ref] = [parts for parts in _spellings(ref) if parts in by_end]
            if not ends:
                continue
            value = project.resolver.value(ref, module)
            own = value.module.path if value is not None and value.module is not None else ""
            for end in ends:
                if len(end) > 1 or not own:
                    spelled.setdefault(end, set()).add(own)
    return {
        path for end, owns in spelled.items() for path in by_end[end] if len(owns) > 1 or path not in owns
    }


def _spellings(ref: str) -> Iterator[tuple[str, ...]]:
    """What a file may be called that is imported, or whose name is, in parts."""
    parts = tuple([part for part in _SEGMENTS.split(ref) if part])
    for end in (len(parts), len(parts) - 1):
        if end > 0:
            yield parts[:end]


def _named(project: Project, files: set[str]) -> set[str]:
    """Those that a document names, or that some file names with their folder: `include=["shop.tasks.mail"]`."""
    sums = {path: {_sum(part) for part in _parts(path)[-2:]} for path in files}
    wanted = set().union(*sums.values())
    found = {path for path in files if _is_documented(project, path)}
    for each, module in project.resolver.modules.items():
        said = wanted.intersection(array("I", module.facts.mentions))
        found |= {
            path for path, needed in sums.items() if len(needed) > 1 and needed <= said and path != each
        }
    return found


def _sum(name: str) -> int:
    return crc32(name.encode(errors="replace"))


def _is_documented(project: Project, path: str) -> bool:
    parts = _parts(path)
    names = (".".join(parts[-2:]), path.rpartition("/")[2]) if len(parts) > 1 else (path,)
    return any(name in text for text in project.texts for name in names)


def _may_load(project: Project, loader: str, path: str) -> bool:
    """Whether a file that loads others by name may mean `path`: one beside it, or one that it names, or a folder of it."""
    folder = loader.rpartition("/")[0]
    if folder and path.rpartition("/")[0] == folder:
        return True
    below = path.removeprefix(f"{folder}/") if folder else path
    return any(is_named_in(project, [loader], part) for part in _parts(below))


def _parts(path: str) -> list[str]:
    return _module(path).split("/")


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__")
