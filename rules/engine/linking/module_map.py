"""The modules of a project: which file an import means, and who asked for what, to link other versions by."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from rules import libraries
from rules.engine.linking.values import Linked, Readers, Sort, Value, note
from rules.engine.reading.facts import ModuleFacts
from rules.engine.reading.paths import is_example

_RARELY = 10
"""A package counts as imported by nobody when so many times more files import one in it by its own name."""


_SOURCES = ("src", "lib")
"""Folders that modules are imported from, unless the files import the folder itself."""


class ModuleMap:
    """Files by the names that other files import them by."""

    def __init__(self, files: Mapping[str, ModuleFacts], *, tracks: bool = False) -> None:
        self.tracks = tracks
        """Whether it is remembered which answers were made of which (`rules.engine.succession`)."""
        self.reader: object = None
        """Who asks now."""
        self.modules: dict[str, Linked] = {}
        self.edition = 0
        """Another number whenever a file shows other facts."""
        self._directories: set[str] = {""}
        self._holding: frozenset[str] = frozenset()
        """Folders with modules of their own."""
        self._packages: set[str] = set()
        self._alike: frozenset[str] = frozenset()
        """Folders that are called like a library of which files import something that lies there."""
        self._shadows: frozenset[str] = frozenset()
        """The names of folders without `__init__.py` that are called like a library."""
        self._tops: dict[str, list[str]] = {}
        self._named: Mapping[str, Sequence[str]] = {}
        """All folders by their own name."""
        self.readers: Readers = {}
        """Who asked for a file or folder by its path, for the folders with a top-level name (`T`), for what a file imports below one (`M`), for a class's heirs."""
        self._link(files)

    def imported_packages(self) -> frozenset[str]:
        """The first segments of everything that some file imports."""
        return frozenset(name for name, files in self._imported.items() if files > 0)

    # Where modules are found

    def _link(self, files: Mapping[str, ModuleFacts]) -> None:
        self._imported = Counter(name for found in files.values() for name in {*found.imports})
        self._directories = _folders(*files)
        self._named = _by_name(self._directories)
        self._holding = _holding(files)
        self._declared = frozenset(path.rpartition("/")[0] for path in files if path.endswith("/__init__.py"))
        self._nominal = self._named_only(self._declared, self._imported)
        self._packages = {*(self._declared - self._nominal)}
        self._below = Counter(name for found in files.values() for name in _source_imports(found))
        self._source_packages = self._imported_sources(self._directories, files, self._imported, self._below)
        self._alike = self._imported_alike(files)
        self._namespaces = {*filter(self._is_namespace, self._directories)}
        for path in sorted(files):
            module = self.modules[path] = self._module(path, files[path])
            roots = self._tops.setdefault(module.name.partition(".")[0], [])
            if module.root not in roots:
                roots.append(module.root)

    def _is_namespace(self, directory: str) -> bool:
        """Whether a directory without __init__.py is imported by name: a package too, not a place to import from.

        One that is called like a library (`fastapi/app/main.py`) is not, unless something in it is imported by that name.
        """
        name = directory.rpartition("/")[2]
        return (
            bool(directory)
            and directory not in self._declared
            and not (_is_of_library(name) and directory not in self._alike)
            and (self._imported[name] > 0 or directory in self._source_packages)
            and (name not in _SOURCES or directory in self._source_packages)
            # `billing/billing/__init__.py`: the outer one is where the package is developed.
            and f"{directory}/{name}" not in self._packages
            and not (f"{directory}/{name}" in self._directories and directory not in self._holding)
        )

    def _imported_alike(self, files: Mapping[str, ModuleFacts]) -> frozenset[str]:
        folders = {
            each
            for each in self._directories - self._declared
            if each and _is_of_library(each.rpartition("/")[2])
        }
        names = self._shadows = frozenset(each.rpartition("/")[2] for each in folders)
        if not names:
            return frozenset()
        parts = {each for found in files.values() for each in _parts_of(found, names)}
        lying = {*self._directories, *(path.removesuffix(".py") for path in files)}
        return frozenset(
            each
            for each in folders
            for name, part in parts
            if each.rpartition("/")[2] == name and f"{each}/{part}" in lying
        )

    def _imported_sources(
        self,
        directories: Iterable[str],
        paths: Iterable[str],
        imported: Mapping[str, int],
        below: Mapping[str, int],
    ) -> frozenset[str]:
        """Folders called `src` that more files import by that name (`from src.orders import …`, or
        `from shop.src.orders import …`) than import anything in them by its own."""
        found = {folder: 0 for folder in directories if folder.rpartition("/")[2] in _SOURCES}
        if not found:
            return frozenset()
        for inner in {*directories, *(path.removesuffix(".py") for path in paths)}:
            folder, _, name = inner.rpartition("/")
            if folder in found and name not in libraries.ROOTS and name not in sys.stdlib_module_names:
                found[folder] = max(found[folder], imported.get(name, 0))
        return frozenset(
            folder
            for folder, inside in found.items()
            if imported.get(folder.rpartition("/")[2], 0) + below.get(_last_two(folder), 0) > inside
        )

    def _sources_after(
        self,
        folders: Iterable[str],
        changed: Mapping[str, ModuleFacts | None],
        imports: Mapping[str, int],
        below: Mapping[str, int],
    ) -> frozenset[str]:
        """The same when these files have other facts, which import so much more, or less."""
        folders = {*folders}
        if not any(folder.rpartition("/")[2] in _SOURCES for folder in folders):
            return frozenset()
        paths = [path for path in {*self.modules, *changed} if changed.get(path, True) is not None]
        return self._imported_sources(folders, paths, _sum(self._imported, imports), _sum(self._below, below))

    def _named_only(self, declared: frozenset[str], imported: Mapping[str, int]) -> frozenset[str]:
        """Outermost packages that hardly anybody imports, while the files import a package in them by its own name: the
        program is started from there, whatever its `__init__.py` says."""
        found: set[str] = set()
        for directory in declared:
            above, _, name = directory.rpartition("/")
            if name in sys.stdlib_module_names or name in libraries.ROOTS:
                continue  # who imports `logging` means the library
            if above in declared and above.rpartition("/")[0] not in declared:
                outer = above.rpartition("/")[2]
                if imported.get(name, 0) > _RARELY * imported.get(outer, 0):
                    found.add(above)
        return frozenset(found)

    def _module(self, path: str, found: ModuleFacts) -> Linked:
        root = self._root(path)
        package = path.endswith("/__init__.py") or path == "__init__.py"
        inner = path[len(root) + 1 :] if root else path
        stem = (
            inner[: -len("/__init__.py")]
            if package and "/" in inner
            else inner.removesuffix(".py").removesuffix(".pyi")
        )
        return Linked(path, stem.replace("/", "."), found, package, root)

    def _root(self, path: str) -> str:
        """The directory that `path` is imported from: the nearest above it that is no package."""
        directory = path.rpartition("/")[0]
        while directory and (directory in self._packages or directory in self._namespaces):
            directory = directory.rpartition("/")[0]
        return directory

    def _file(self, base: str) -> Linked | None:
        """The module or package at `base`, a path without suffix."""
        if self.tracks and self.reader is not None:
            note(self.readers, base, self.reader)
        return self.modules.get(f"{base}.py") or self.modules.get(f"{base}/__init__.py")

    def _at(self, base: str, name: str) -> Value | None:
        """The module, package or namespace package at `base` as a value."""
        found = self._file(base)
        if found is not None:
            return Value(Sort.MODULE, found.name, found, base)
        if base in self._directories and base:
            return Value(Sort.MODULE, name, None, base)
        return None

    def _absolute(self, name: str, module: Linked) -> Value:
        """What `import name` (one segment) gives in `module`."""
        roots = self._tops.get(name)
        if self.tracks and self.reader is not None:
            note(self.readers, f"T{name}", self.reader)
        if roots:
            own = module.path.rpartition("/")[0]
            best: str | None = None
            for root in roots:
                above = root == "" or own == root or own.startswith(f"{root}/")
                if above and (best is None or len(root) > len(best)):
                    best = root
            if best is None and len(roots) == 1 and name not in libraries.ROOTS:
                base = f"{roots[0]}/{name}" if roots[0] else name
                if base in self._directories:
                    best = roots[0]
            if best is not None and not (name in libraries.ROOTS and self._is_inside_package(best)):
                found = self._at(f"{best}/{name}" if best else name, name)
                if found is not None and (found.module is not module or module.package):
                    return found  # the file `redis.py` means the library by `import redis`
        else:
            best = None
        if best is None and name in self._named and not _is_of_library(name):
            if self.tracks and self.reader is not None:
                note(self.readers, f"M{module.path} {name}", self.reader)
            found = self._inside_package(name, module) or self._elsewhere(name, module)
            if found is not None:
                return found
        return Value(Sort.EXTERNAL, name)

    def _is_inside_package(self, directory: str) -> bool:
        """Whether a folder lies in a package, which makes it one too for who imports it, whatever it lacks: in
        `shop/models/openai/` nobody means the folder who says `import openai`."""
        while directory:
            if directory in self._packages:
                return True
            directory = directory.rpartition("/")[0]
        return False

    def _inside_package(self, name: str, module: Linked) -> Value | None:
        """As `_absolute`, for programs that are started in a folder that is a package itself: `backend/__init__.py`
        stands beside `backend/app`, and all say `from app.orders import …`.

        All that the file imports from there must be there: else the name is that of somebody else's library.
        """
        parts = {each.split(".")[1] for each in module.facts.modules if each.startswith(f"{name}.")}
        found: list[Value] = []
        directory = module.path.rpartition("/")[0]
        while directory in self._packages or directory in self._namespaces:
            value = self._at(f"{directory}/{name}", name)
            if (
                value is not None
                and parts
                and all(self._at(f"{directory}/{name}/{part}", "") for part in parts)
                and not any(self._file(f"{directory}/{name}/{part}") is module for part in parts)
            ):
                found.append(value)
            directory = directory.rpartition("/")[0]
        return found[0] if len(found) == 1 else None

    def _elsewhere(self, name: str, module: Linked) -> Value | None:
        """As `_absolute`, for packages that are installed by themselves, wherever in the repository they lie: in
        `services/common/shop_common` of which all folders have an `__init__.py`, or in another part of a monorepo.

        It is the only folder of that name that has all that the file imports from there: else nobody knows.
        """
        wanted = [each.split(".")[1:] for each in module.facts.modules if each.startswith(f"{name}.")]
        found = [
            folder
            for folder in self._named.get(name, ())
            if wanted
            and _is_open(folder, module.path)
            and all(self._has(folder, parts, module) for parts in wanted)
        ]
        if not found and wanted:
            return self._among_parts(name, [parts[0] for parts in wanted], module)
        return self._at(found[0], name) if len(found) == 1 else None

    def _among_parts(self, name: str, wanted: Iterable[str], module: Linked) -> Value | None:
        """As `_elsewhere`, for a package that several distributions bring a part of."""
        first: str | None = None
        for part in wanted:
            found = self._parts_with(name, part)
            if len(found) != 1 or not _is_open(found[0], module.path):
                return None
            first = first or found[0]
        return self._at(first, name) if first is not None else None

    def _parts_with(self, package: str, name: str) -> list[str]:
        """The folders of a package that have a module or package `name`: `shop-core/src/shop` and `shop-api/src/shop`
        may be installed in one place. Folders that are no packages anywhere are one."""
        first = package.partition(".")[0]
        roots = self._tops.get(first, ())
        if self.tracks and self.reader is not None:
            note(self.readers, f"T{first}", self.reader)
        if len(roots) < 2 or _is_of_library(first):
            return []
        inner = package.replace(".", "/")
        folders = [f"{root}/{inner}" if root else inner for root in roots]
        files = [folder for folder in folders if self._file(f"{folder}/{name}") is not None]
        return files or [folder for folder in folders if f"{folder}/{name}" in self._directories][:1]

    def _in_another_part(self, folder: str, package: str, name: str) -> Value | None:
        """The module or package `name` of a package that has nothing of that name in `folder`, where another distribution
        brings it."""
        found = self._parts_with(package, name)
        if len(found) != 1 or folder.removesuffix(package.replace(".", "/"))[-1:] not in ("", "/"):
            return None
        return self._at(f"{found[0]}/{name}", f"{package}.{name}") if _is_open(found[0], folder) else None

    def _has(
        self,
        folder: str,
        parts: Sequence[str],
        module: Linked,
        seen: frozenset[tuple[str, str]] = frozenset(),
    ) -> bool:
        """Whether a folder has what `module` imports from there: `orders/prices.py` with an `of` for `orders.prices.of`.

        What a file of it imports itself is there when that is: `agents/types.py` may pass on what the library `agents` has.
        """
        base = folder
        for part in parts:
            below = f"{base}/{part}"
            if self._file(below) is not None or below in self._directories:
                base = below
                continue
            file = self._file(base)
            if file is None or file is module or (base, part) in seen:
                return False
            seen |= {(base, part)}
            self.looked_up(file, part)
            if part in file.functions or part in file.classes:
                return True
            own = folder.rpartition("/")[2]
            ref = file.facts.members.get(part)
            if ref is not None:
                first, *rest = ref.split(".")
                return first != own or self._has(folder, rest, module, seen)
            for star in file.facts.stars:
                first, *rest = star.split(".")
                if first == own and self._has(folder, [*rest, part], module, seen):
                    return True
                level, _, inner = star[1:].partition(">")
                above = self._relative(int(level), file) if star[0] == "<" else None
                if above is not None and self._has(above.symbol, [*inner.split("."), part], module, seen):
                    return True
            return False
        return self._file(base) is not module

    def _relative(self, level: int, module: Linked) -> Value | None:
        directory = module.path.rpartition("/")[0]
        for _ in range(level - 1):
            if not directory:
                return None
            directory = directory.rpartition("/")[0]
        found = self.modules.get(f"{directory}/__init__.py" if directory else "__init__.py")
        if self.tracks and self.reader is not None:
            note(self.readers, directory, self.reader)
        return Value(Sort.MODULE, found.name if found else directory.replace("/", "."), found, directory)

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at `path`."""
        return path in self._directories

    def has_folder(self, name: str) -> bool:
        """Whether a folder of the project is called `name`: importing that makes a package of it."""
        return name in self._named

    def is_weighed(self, name: str) -> bool:
        """Whether it is by what a file imports from there that `import name` means a folder, or which one."""
        return name in self._named and not _is_of_library(name) and len(self._tops.get(name, ())) != 1

    # Other versions

    def lies_the_same(self, changed: Mapping[str, ModuleFacts | None]) -> bool:
        """Whether these files with other facts (None: no more) leave it at the same folders, packages and names of them."""
        imports: Counter[str] = Counter()
        below: Counter[str] = Counter()
        folders = self._folders_after(changed)
        for path, found in changed.items():
            before = self.modules.get(path)
            if found is None or before is None:
                directory = path.rpartition("/")[0]
                if f"{directory}/{directory.rpartition('/')[2]}" in folders:
                    return False  # whether the outer one of `billing/billing` is a package depends on what lies in it
                if path.endswith("__init__.py") and directory in folders and directory in self._directories:
                    return False
            if self._shadows and _parts_of(found, self._shadows) != _parts_of(
                before.facts if before is not None else None, self._shadows
            ):
                return False
            if speaks_otherwise(path, before.facts if before is not None else None, found):
                return False
            if {*(found.stars if found else ())} != {*(before.facts.stars if before else ())}:
                return False
            if (found.kept if found else ()) != (before.facts.kept if before else ()):
                return False  # who reads what an application keeps does not say so
            imports.update({*found.imports} if found is not None else ())
            imports.subtract({*before.facts.imports} if before is not None else ())
            below.update(_source_imports(found))
            below.subtract(_source_imports(before.facts if before is not None else None))
        for name, more in imports.items():
            had = self._imported[name]
            if bool(had) != bool(had + more) and self.has_folder(name):
                return False
        if any(_is_of_library(folder.rpartition("/")[2]) for folder in folders ^ self._directories):
            return False
        if (
            self._named_only(self._declared_after(folders, changed), self._imported + imports)
            != self._nominal
        ):
            return False
        if self._source_packages != self._sources_after(folders, changed, imports, below):
            return False
        # `billing/billing`: whether the outer one is a package depends on the inner one.
        return not any(_repeats_its_name(folder) for folder in folders ^ self._directories)

    def _folders_after(self, changed: Mapping[str, ModuleFacts | None]) -> set[str]:
        """All folders once these files are others."""
        if all(found is not None and path in self.modules for path, found in changed.items()):
            return self._directories
        paths = [path for path in self.modules if changed.get(path, True) is not None]
        return _folders(*paths, *(path for path, found in changed.items() if found is not None))

    def _declared_after(self, folders: set[str], changed: Mapping[str, ModuleFacts | None]) -> frozenset[str]:
        """All folders with an `__init__.py` once these files are others, and the folders with them."""
        others = folders ^ self._directories
        if not others:
            return self._declared
        new = (folder for folder in others & folders if changed.get(f"{folder}/__init__.py") is not None)
        return frozenset((*(self._declared & folders), *new))

    def change(self, changed: Mapping[str, ModuleFacts | None]) -> set[str]:
        """Show other facts of these files. Returns what `readers` says who asked for."""
        asked: set[str] = set()
        moved = False
        self.edition += 1
        for path, found in changed.items():
            module = self.modules.get(path)
            self._imported.subtract({*module.facts.imports} if module is not None else ())
            self._imported.update({*found.imports} if found is not None else ())
            self._below.subtract(_source_imports(module.facts if module is not None else None))
            self._below.update(_source_imports(found))
        for folder in self._have_folders(self._folders_after(changed), changed):
            asked.update((folder, f"T{folder.rpartition('/')[2]}"))
        for path, found in changed.items():
            module = self.modules.get(path)
            if module is not None and found is not None:
                others = {*module.facts.modules} ^ {*found.modules}
                asked.update(f"M{path} {name}" for name in {each.partition(".")[0] for each in others})
                module.show(found)
                continue
            moved = True
            if module is None and found is not None:
                module = self.modules[path] = self._module(path, found)
            elif module is not None:
                del self.modules[path]
            asked.update((path.removesuffix(".py"), f"T{path.rpartition('/')[2].removesuffix('.py')}"))
        if moved:
            self.modules = {path: self.modules[path] for path in sorted(self.modules)}
            self._tops = {}
            for module in self.modules.values():
                roots = self._tops.setdefault(module.name.partition(".")[0], [])
                if module.root not in roots:
                    roots.append(module.root)
        return asked

    def _have_folders(self, folders: set[str], changed: Mapping[str, ModuleFacts | None]) -> set[str]:
        """Have these folders from now on. Returns those that are new or no more."""
        others = folders ^ self._directories
        if others:
            self._declared = self._declared_after(folders, changed)
            self._packages = {*(self._declared - self._nominal)}
            self._directories = folders
            self._named = _by_name(folders)
            self._holding = _holding(
                path for path in {*self.modules, *changed} if changed.get(path, True) is not None
            )
            self._namespaces = {folder for folder in self._namespaces if folder in folders}
            self._namespaces.update(filter(self._is_namespace, others & folders))
        return others

    # Who asks

    @contextlib.contextmanager
    def reading(self, reader: object) -> Iterator[None]:
        """Remember that all that is asked now is asked for `reader`."""
        outer, self.reader = self.reader, reader if self.tracks else None
        try:
            yield
        finally:
            self.reader = outer

    def looked_up(self, module: Linked, name: str) -> None:
        """Remember that who asks depends on what `name`, or its being unknown, means in `module`."""
        if self.reader is not None:
            note(module.lookups, name, self.reader)


def is_bare(found: ModuleFacts) -> bool:
    """Whether an `__init__.py` says nothing, or only that the package lies in several places."""
    return "__path__" in found.members or not (
        found.members or found.classes or found.stars or len(found.functions) > 1
    )


def speaks_otherwise(path: str, before: ModuleFacts | None, after: ModuleFacts | None) -> bool:
    """Whether a package says something that said nothing, or no more."""
    if before is None or after is None or not path.endswith("__init__.py"):
        return False
    return is_bare(before) != is_bare(after)


def _by_name(folders: Iterable[str]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for folder in sorted(folders):
        if folder:
            found.setdefault(folder.rpartition("/")[2], []).append(folder)
    return found


def _is_open(folder: str, path: str) -> bool:
    """Whether a file may mean the folder: what examples bring along is there for them alone."""
    return not is_example(f"{folder}/") or is_example(path)


def _is_of_library(name: str) -> bool:
    return name in libraries.ROOTS or name in sys.stdlib_module_names


def _parts_of(found: ModuleFacts | None, names: Collection[str]) -> set[tuple[str, str]]:
    """What a file imports of packages of these names: `("agents", "tools")` of `from agents.tools import search`."""
    split = (each.split(".") for each in (found.modules if found is not None else ()))
    return {(parts[0], parts[1]) for parts in split if len(parts) > 1 and parts[0] in names}


def _source_imports(found: ModuleFacts | None) -> set[str]:
    """The folders called `src` that a file imports something of below another, each with that one's name: `shop.src`."""
    modules = found.modules if found is not None else ()
    return {
        f"{above}.{name}"
        for module in modules
        for above, name in pairwise(module.split("."))
        if name in _SOURCES
    }


def _last_two(folder: str) -> str:
    return ".".join(folder.split("/")[-2:])


def _sum(counts: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Counts with more of them, or fewer."""
    return {name: counts.get(name, 0) + more.get(name, 0) for name in {*counts, *more}}


def _folders(*paths: str) -> set[str]:
    """The folders of files, and all above them."""
    found = {""}
    for path in paths:
        directory = path.rpartition("/")[0]
        while directory not in found:
            found.add(directory)
            directory = directory.rpartition("/")[0]
    return found


def _holding(paths: Iterable[str]) -> frozenset[str]:
    """The folders with modules that somebody may import: not only what builds or tests a package."""
    return frozenset(
        path.rpartition("/")[0]
        for path in paths
        if path.rpartition("/")[2] not in ("setup.py", "conftest.py")
    )


def _repeats_its_name(folder: str) -> bool:
    above, _, name = folder.rpartition("/")
    return above.rpartition("/")[2] == name
