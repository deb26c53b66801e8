"""How the files of a project lie: which folders are packages, and from which one modules are imported."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise

from rules import libraries
from rules.engine.reading.facts import ModuleFacts

_RARELY = 10
"""A package counts as imported by nobody when so many times more files import one in it by its own name."""

_SOURCES = ("src", "lib")
"""Folders that modules are imported from, unless the files import the folder itself."""


class Layout:
    """The folders of a project, by what lies in them and by what its files import."""

    def __init__(self, files: Mapping[str, ModuleFacts]) -> None:
        self._files = {**files}
        self._imported = Counter(name for found in files.values() for name in {*found.imports})
        self._imported_by_any: frozenset[str] | None = None
        self.folders = _folders(*files)
        self.named = _by_name(self.folders)
        """All folders by their own name."""
        self._holding = _holding(files)
        """Folders with modules of their own."""
        self._declared = frozenset(path.rpartition("/")[0] for path in files if path.endswith("/__init__.py"))
        self._nominal = self._named_only(self._declared, self._imported)
        self._packages = {*(self._declared - self._nominal)}
        self._below = Counter(name for found in files.values() for name in _source_imports(found))
        self._source_packages = self._imported_sources(self.folders, files, self._imported, self._below)
        shadowing = {
            each for each in self.folders - self._declared if each and is_of_library(each.rpartition("/")[2])
        }
        self._shadows = frozenset(each.rpartition("/")[2] for each in shadowing)
        """The names of folders without `__init__.py` that are called like a library."""
        self._alike = self._imported_alike(shadowing)
        """Those of which files import something that lies there."""
        self._namespaces = {*filter(self._is_namespace, self.folders)}

    def imported_packages(self) -> frozenset[str]:
        """The first segments of everything that some file imports."""
        if self._imported_by_any is None:
            self._imported_by_any = frozenset(name for name, files in self._imported.items() if files > 0)
        return self._imported_by_any

    def has_folder(self, name: str) -> bool:
        """Whether a folder of the project is called `name`: importing that makes a package of it."""
        return name in self.named

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at `path`."""
        return path in self.folders

    def is_package(self, folder: str) -> bool:
        """Whether a folder is imported by its own name, and none to import from."""
        return folder in self._packages or folder in self._namespaces

    def root(self, path: str) -> str:
        """The folder that `path` is imported from: the nearest above it that is no package."""
        folder = path.rpartition("/")[0]
        while folder and self.is_package(folder):
            folder = folder.rpartition("/")[0]
        return folder

    def is_inside_package(self, folder: str) -> bool:
        """Whether a folder lies in a package, which makes it one too for who imports it, whatever it lacks: in
        `shop/models/openai/` nobody means the folder who says `import openai`."""
        while folder:
            if folder in self._packages:
                return True
            folder = folder.rpartition("/")[0]
        return False

    # Which folders are packages

    def _is_namespace(self, directory: str) -> bool:
        """Whether a directory without __init__.py is imported by name: a package too, not a place to import from.

        One that is called like a library (`fastapi/app/main.py`) is not, unless something in it is imported by that name.
        """
        name = directory.rpartition("/")[2]
        return (
            bool(directory)
            and directory not in self._declared
            and not (is_of_library(name) and directory not in self._alike)
            and (self._imported[name] > 0 or directory in self._source_packages)
            and (name not in _SOURCES or directory in self._source_packages)
            # `billing/billing/__init__.py`: the outer one is where the package is developed.
            and f"{directory}/{name}" not in self._packages
            and not (f"{directory}/{name}" in self.folders and directory not in self._holding)
        )

    def _imported_alike(self, folders: Collection[str]) -> frozenset[str]:
        if not folders:
            return frozenset()
        parts = {each for found in self._files.values() for each in _parts_of(found, self._shadows)}
        lying = {*self.folders, *(path.removesuffix(".py") for path in self._files)}
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
            if folder in found and not is_of_library(name):
                found[folder] = max(found[folder], imported.get(name, 0))
        return frozenset(
            folder
            for folder, inside in found.items()
            if imported.get(folder.rpartition("/")[2], 0) + below.get(_last_two(folder), 0) > inside
        )

    def _named_only(self, declared: frozenset[str], imported: Mapping[str, int]) -> frozenset[str]:
        """Outermost packages that hardly anybody imports, while the files import a package in them by its own name: the
        program is started from there, whatever its `__init__.py` says."""
        found: set[str] = set()
        for directory in declared:
            above, _, name = directory.rpartition("/")
            if is_of_library(name):
                continue  # who imports `logging` means the library
            if above in declared and above.rpartition("/")[0] not in declared:
                outer = above.rpartition("/")[2]
                if imported.get(name, 0) > _RARELY * imported.get(outer, 0):
                    found.add(above)
        return frozenset(found)

    # Other versions

    def lies_the_same(self, changed: Mapping[str, ModuleFacts | None]) -> bool:
        """Whether these files with other facts (None: no more) leave it at the same packages and names of them."""
        imports: Counter[str] = Counter()
        below: Counter[str] = Counter()
        folders = self._folders_after(changed)
        for path, found in changed.items():
            before = self._files.get(path)
            if found is None or before is None:
                directory = path.rpartition("/")[0]
                if f"{directory}/{directory.rpartition('/')[2]}" in folders:
                    return False  # whether the outer one of `billing/billing` is a package depends on what lies in it
                if path.endswith("__init__.py") and directory in folders and directory in self.folders:
                    return False
            if self._shadows and _parts_of(found, self._shadows) != _parts_of(before, self._shadows):
                return False
            imports.update({*found.imports} if found is not None else ())
            imports.subtract({*before.imports} if before is not None else ())
            below.update(_source_imports(found))
            below.subtract(_source_imports(before))
        if folders is self.folders and not any(imports.values()) and not any(below.values()):
            return True  # nothing of what follows is otherwise: most changes import what they imported
        for name, more in imports.items():
            had = self._imported[name]
            if bool(had) != bool(had + more) and self.has_folder(name):
                return False
        if any(is_of_library(folder.rpartition("/")[2]) for folder in folders ^ self.folders):
            return False
        if (
            self._named_only(self._declared_after(folders, changed), _sum(self._imported, imports))
            != self._nominal
        ):
            return False
        if self._source_packages != self._sources_after(folders, changed, imports, below):
            return False
        # `billing/billing`: whether the outer one is a package depends on the inner one.
        return not any(_repeats_its_name(folder) for folder in folders ^ self.folders)

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
        return self._imported_sources(
            folders, self._paths_after(changed), _sum(self._imported, imports), _sum(self._below, below)
        )

    def _folders_after(self, changed: Mapping[str, ModuleFacts | None]) -> set[str]:
        """All folders once these files are others."""
        if all(found is not None and path in self._files for path, found in changed.items()):
            return self.folders
        return _folders(*self._paths_after(changed))

    def _paths_after(self, changed: Mapping[str, ModuleFacts | None]) -> list[str]:
        """The paths of all files once these are others."""
        return [path for path in {*self._files, *changed} if changed.get(path, True) is not None]

    def _declared_after(self, folders: set[str], changed: Mapping[str, ModuleFacts | None]) -> frozenset[str]:
        """All folders with an `__init__.py` once these files are others, and the folders with them."""
        others = folders ^ self.folders
        if not others:
            return self._declared
        new = (folder for folder in others & folders if changed.get(f"{folder}/__init__.py") is not None)
        return frozenset((*(self._declared & folders), *new))

    def change(self, changed: Mapping[str, ModuleFacts | None]) -> set[str]:
        """Have other facts of these files. Returns the folders that are new or no more."""
        self._imported_by_any = None
        for path, found in changed.items():
            before = self._files.get(path)
            self._imported.subtract({*before.imports} if before is not None else ())
            self._imported.update({*found.imports} if found is not None else ())
            self._below.subtract(_source_imports(before))
            self._below.update(_source_imports(found))
        folders = self._folders_after(changed)
        others = folders ^ self.folders
        if others:
            self._declared = self._declared_after(folders, changed)
            self._packages = {*(self._declared - self._nominal)}
            self.folders = folders
            self.named = _by_name(folders)
            self._holding = _holding(self._paths_after(changed))
            self._namespaces = {folder for folder in self._namespaces if folder in folders}
            self._namespaces.update(filter(self._is_namespace, others & folders))
        for path, found in changed.items():
            if found is None:
                self._files.pop(path, None)
            else:
                self._files[path] = found
        return others


def is_of_library(name: str) -> bool:
    return name in libraries.ROOTS or name in sys.stdlib_module_names


def _by_name(folders: Iterable[str]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for folder in sorted(folders):
        if folder:
            found.setdefault(folder.rpartition("/")[2], []).append(folder)
    return found


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
    found = {**counts}
    for name, each in more.items():
        found[name] = found.get(name, 0) + each
    return found


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
