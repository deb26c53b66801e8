"""Files that fail as they are loaded: what they import is nowhere in the project, or they read a name that nothing defines. So
nothing of them ever runs."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from msgspec import Struct

from rules import libraries
from rules.engine.kept_answers import once, once_for_outline
from rules.engine.linking.values import Sort
from rules.engine.reading import names_read
from rules.engine.reading.paths import place_of
from rules.engine.reading.regexes import regex
from rules.engine.service.traffic import is_example, serves_beside_examples

if TYPE_CHECKING:
    import ast

    from rules.engine.linking.resolver import Resolver
    from rules.engine.linking.values import Linked
    from rules.engine.module import Module
    from rules.engine.project import Project
    from rules.engine.reading.facts import ModuleFacts

_MADE = regex(
    r"^_|^(?:build|dist|lib|libs|gen|generated|version|versions|secrets?|private|local|locals|vendor|vendored|third_party"
    r"|protos?|protobufs?|grpc|stubs?|prisma|baml_client|ee|enterprise|pro|cloud|plugins?|extensions?|addons?|custom"
    r"|data|logs?|media|static|cache|env|venv|credentials?|keys?|node_modules|site-packages)$"
    r"|_pb2(?:_grpc)?$|_generated$|_?version$|^local_|_local$|_secrets?$|_private$|_rs$|_ext$|_native$"
)
"""What is made when a program is built or installed, kept out of repositories, or brought by another one."""
_WHOLE = 10
"""So few files may be shown without the rest of their project."""
_FEW = 4
_LARGE_SHARE = 0.2
"""Where so much of what files import of the project is not there, we see a part of the project."""


def never_loads(node: ast.AST, module: Module) -> bool:
    """Whether the file around `node` fails as it is loaded, or all endpoints that get there are of files or applications that
    do."""
    project = module.project
    if not unloadable(project):
        return False
    if module.path in unloadable(project):
        return True
    found = module.graph_node(node)
    return found is not None and bool(found.endpoints) and not found.endpoints & ~_failing(project)


@once
def _failing(project: Project) -> int:
    """A bit for each endpoint whose file, or each of whose applications, fails as it is loaded."""
    failing = unloadable(project)
    applications = {path for (path, _), router in project.routing.routers.items() if router.is_app}
    working: set[str] = set()
    lost: set[str] = set()
    for path in applications:
        (lost if path in failing else working).update(_imported(project, path))
    lost -= working
    bits = 0
    for position, endpoint in enumerate(project.routing.endpoints):
        if endpoint.handler.path in failing or endpoint.handler.path in lost:
            bits |= 1 << position
    return bits


def _imported(project: Project, path: str) -> set[str]:
    """A file and all that it imports, at any distance."""
    pending = [path]
    seen = {path}
    for each in pending:  # grows while we go
        found = project.imports_of(each) - seen
        seen |= found
        pending += found
    return seen


@once_for_outline
def unloadable(project: Project) -> frozenset[str]:
    """The files that fail as they are loaded, by their own imports or by those of what they import.

    Of a few files nobody knows what stands beside them. Where a large share of what files import from a package is not there,
    something brings it; and a single module may be one that was too large to be read.
    """
    if len(project.resolver.modules) < _WHOLE:
        return frozenset()
    imports = _imports_of(project)
    lacking: dict[str, list[tuple[str, _Steps]]] = {}
    ends = frozenset(_ends(project)) if imports.lacking else frozenset()
    for path in imports.lacking:
        for steps in imports.files[path].steps:
            if steps.missing and not _may_be_elsewhere(steps.missing, ends):
                lacking.setdefault(steps.top, []).append((path, steps))
    asked = imports.asked
    missed = [
        each
        for top, found in lacking.items()
        if len(found) <= max(asked[top] * _LARGE_SHARE, min(_FEW, asked[top] - len(found)))
        for each in found
    ]
    failing = {*imports.undefined}
    if not missed and not failing:
        return frozenset()
    lacked: dict[str, set[str]] = {}
    for path, steps in missed:
        lacked.setdefault(steps.missing, set()).add(path)
        if steps.in_file:
            failing.add(path)
    needing: dict[str, set[str]] = {}
    for path, known in imports.files.items():
        for steps in known.steps:
            for each in steps.found:
                needing.setdefault(each, set()).add(path)
    failing = _with_importers(failing, needing)
    times = Counter(path for importers in lacked.values() for path in _with_importers(importers, needing))
    return frozenset(failing.union(path for path, count in times.items() if count > 1))


def _with_importers(paths: Iterable[str], needing: Mapping[str, set[str]]) -> set[str]:
    """The files and all that need them, at any distance."""
    pending = [*paths]
    found = {*pending}
    for path in pending:  # grows while we go
        more = needing.get(path, set()) - found
        found |= more
        pending += more
    return found


class _Steps(Struct, frozen=True):
    """What an import comes by."""

    top: str
    """Where it begins: the folder of a package, or that of the file."""
    found: Sequence[str] = ()
    """The files that it loads."""
    missing: str = ""
    """The first thing that is not there: `shop/mail` where the folder `shop` has none."""
    in_file: bool = False
    """Whether a file lacks it, not a folder."""


class _Imported(Struct, frozen=True):
    """What the imports of one file come by."""

    bases: Mapping[str, str | None]
    """Where they begin, by their first name, of those that are called like a folder of the project: of several folders it
    is the one that has what files import from there."""
    steps: Sequence[_Steps]
    asked: frozenset[tuple[str, str]]
    """Other files and the names of which their facts were asked whether they have them."""
    firsts: frozenset[str]
    parts: frozenset[str]
    """The first names of them, and the names of everything on the way, found or not."""


class _Imports:
    """What the imports of all files come by, as of the version that somebody asked about last: those files are looked at
    again that are others, that import what another file has now or has no more, or by what came or went, or whose imports
    begin elsewhere."""

    def __init__(self, *, is_beside_examples: bool) -> None:
        self.is_beside_examples = is_beside_examples
        self.files: dict[str, _Imported] = {}
        self.asked: Counter[str] = Counter()
        """How often something is imported, by where that begins."""
        self.lacking: set[str] = set()
        """The files that import something that is nowhere."""
        self.undefined: set[str] = set()
        """Those that read a name which nothing defines."""
        self._seen: dict[str, ModuleFacts] = {}
        self._folders: Set[str] = frozenset()
        self._required: frozenset[str] = frozenset()
        self._held: dict[str, dict[str, set[str]]] = {}
        """By file, who imports which names of it."""
        self._had: dict[tuple[str, str], bool] = {}
        """Whether it has them."""

    def follow(self, project: Project) -> None:
        """Bring it to the present version."""
        way, modules, seen = _Way(project), project.resolver.modules, self._seen
        folders = project.resolver.layout.folders
        moved = {_place_of(path) for path in (*(seen.keys() ^ modules.keys()), *(folders ^ self._folders))}
        required = frozenset(project.requirements)
        others = (required ^ self._required).union(name for _, name in moved)
        self._folders, self._required = folders, required
        for path in [path for path in seen if path not in modules]:
            del seen[path]
            self._take_back(path)
        stale: set[str] = set()
        for path, module in modules.items():
            if seen.get(path) is not module.facts:
                stale.add(path)
                seen[path] = module.facts
                for name, importers in self._held.get(path, {}).items():
                    has = may_have(module, name)
                    if has != self._had[path, name]:
                        self._had[path, name] = has
                        stale |= importers
        for path, known in self.files.items():
            if path not in stale and (
                not others.isdisjoint(known.firsts)
                or any(name in known.parts and folder in known.parts for folder, name in moved)
                or not way.begin_there(known.bases, modules[path])
            ):
                stale.add(path)
        for path in stale & modules.keys():
            self._read(path, modules, way, project)

    def _read(self, path: str, modules: Mapping[str, Linked], way: _Way, project: Project) -> None:
        self._take_back(path)
        module = modules[path]
        if place_of(path) != "app" or path[0] == "." or is_example(path, project):
            return
        if module.facts.fails:
            self.undefined.add(path)
        made = self.files[path] = way.imported(module)
        self.asked.update(steps.top for steps in made.steps)
        if any(steps.missing for steps in made.steps):
            self.lacking.add(path)
        for holder, name in made.asked:
            self._held.setdefault(holder, {}).setdefault(name, set()).add(path)
            if (holder, name) not in self._had:
                self._had[holder, name] = may_have(modules[holder], name)

    def _take_back(self, path: str) -> None:
        self.undefined.discard(path)
        self.lacking.discard(path)
        if (known := self.files.pop(path, None)) is not None:
            self.asked.subtract(steps.top for steps in known.steps)
            for holder, name in known.asked:
                self._held[holder][name].discard(path)


_kept: WeakKeyDictionary[Resolver, _Imports] = WeakKeyDictionary()


def _imports_of(project: Project) -> _Imports:
    is_beside_examples = serves_beside_examples(project)
    known = _kept.get(project.resolver)
    if known is None or known.is_beside_examples != is_beside_examples:
        known = _kept[project.resolver] = _Imports(is_beside_examples=is_beside_examples)
    known.follow(project)
    return known


class _Way:
    """Follows the imports of one version of a project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._files = project.resolver.modules
        self._known: dict[tuple[str, str, bool], tuple[_Steps | None, Linked | None, str]] = {}
        """What imports come by, by where they begin and the rest of them."""

    def imported(self, module: Linked) -> _Imported:
        """What the imports of a file come by, but for those that it can do without."""
        optional = frozenset(module.facts.optional)
        folder = module.path.rpartition("/")[0]
        bases: dict[str, str | None] = {}
        found: list[_Steps] = []
        asked: set[tuple[str, str]] = set()
        names: set[str] = set()
        for ref in module.facts.modules:
            if ref in optional:
                continue
            is_relative = ref[:1] == "<"
            first, _, rest = ref.partition(">" if is_relative else ".")
            if first not in bases:
                bases[first] = self._base(first, module, folder)
            base = bases[first]
            names.update((first, *rest.split(".")))
            if is_relative and base is not None:
                names.add(base.rpartition("/")[2])
            if base is None or not (rest or is_relative):
                continue
            place = base, rest, is_relative
            known = self._known.get(place)
            if known is None:
                known = self._followed(base, rest, module, is_relative=is_relative)
                if known[1] is not module:
                    self._known[place] = known
            steps, holder, name = known
            if holder is not None and holder is not module:
                asked.add((holder.path, name))
            if steps is not None:
                found.append(steps)
        named = self._project.resolver.layout.has_folder
        weighed = {first: base for first, base in bases.items() if named(first)}
        return _Imported(weighed, found, frozenset(asked), frozenset(bases), frozenset(names))

    def begin_there(self, bases: Mapping[str, str | None], module: Linked) -> bool:
        """Whether imports of a file begin where they began: what files import decides which of several is meant."""
        return all(self._base(first, module, "") == base for first, base in bases.items())

    def _followed(
        self, base: str, rest: str, module: Linked, *, is_relative: bool
    ) -> tuple[_Steps | None, Linked | None, str]:
        """The steps, the file that was asked whether it has a name, and that."""
        top, files = base, self._files
        found: list[str] = []
        if (package := f"{base}/__init__.py") in files:
            found.append(package)
        for part in rest.split(".") if rest else ():
            if not part:
                continue
            below = f"{base}/{part}" if base else part
            # A package hides the file beside it.
            here = [file for file in (f"{below}/__init__.py", f"{below}.py") if file in files][:1]
            found += here
            if here or self._project.resolver.layout.is_folder(below):
                base = below
                continue
            holder = files.get(f"{base}/__init__.py") or files.get(f"{base}.py")
            if holder is not None and (holder is module or may_have(holder, part)):
                return _Steps(top, found), holder, part
            if holder is None and base == top and f"{base}/__init__.py" not in files and not is_relative:
                return None, None, ""  # others may bring a part of it
            return _Steps(top, found, below, holder is not None and not holder.package), holder, part
        return _Steps(top, found), None, ""

    def _base(self, first: str, module: Linked, folder: str) -> str | None:
        """The folder or file that an import begins at, without suffix: of `shop`, or of `<2` for what is two folders up."""
        if first[:1] == "<":
            for _ in range(int(first[1:]) - 1):
                if not folder:
                    return None
                folder = folder.rpartition("/")[0]
            return folder
        if (
            first in libraries.ROOTS
            or first in sys.stdlib_module_names
            or first in self._project.requirements
        ):
            return None
        value = self._project.resolver.value(first, module)
        if value is None or value.sort != Sort.MODULE:
            return None
        root = value.symbol.rpartition("/")[0]
        lies_above = not root or module.path.startswith(f"{root}/")
        return value.symbol if lies_above else None  # else a library may be called so


def _place_of(path: str) -> tuple[str, str]:
    """What an import calls the folder of a file or folder, and this itself: who comes by it has come by the other."""
    folder, _, name = path.removesuffix(".py").removesuffix("/__init__").rpartition("/")
    return folder.rpartition("/")[2], name


def may_have(module: Linked, name: str) -> bool:
    """Whether a file may have something of a name: also by what it imports all names of, or what it makes of names."""
    found = module.facts
    return (
        name in module.functions
        or name in module.classes
        or name in found.members
        or name in found.aliases
        or bool(found.stars)
        or "__getattr__" in module.functions
        or "__path__" in found.members
        or names_read.has(found.mentions, "globals")
        or names_read.has(found.mentions, "modules")
        or names_read.has(found.mentions, name)
        or (name[:2] == "__" == name[-2:])
    )


@once
def has_another(project: Project, holder: Linked, name: str) -> bool:
    """Whether another file that is called like `holder`, and lies in a folder that is called like its own, has the name."""
    end = "/" + "/".join(holder.path.split("/")[-2:])
    return any(
        f"/{path}".endswith(end) and may_have(module, name)
        for path, module in project.resolver.modules.items()
        if module is not holder
    )


def _may_be_elsewhere(missing: str, ends: frozenset[str]) -> bool:
    """Whether what is missing may be made, installed or brought along: by its name, or because the project has such a
    thing in another place."""
    parts = missing.split("/")
    return (
        any(_MADE.search(part.lower()) is not None for part in parts[-3:])
        or "test" in (place_of(f"{missing}.py"), place_of(f"{missing}/all.py"))
        or "/".join(parts[-2:]) in ends
    )


def _ends(project: Project) -> Iterator[str]:
    for path in project.resolver.modules:
        parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
        for end in range(1, len(parts) + 1):
            yield "/".join(parts[max(0, end - 2) : end])
