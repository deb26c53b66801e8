"""The modules of a project: which file an import means, and who asked for what, to link other versions by."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rules import libraries
from rules.engine.linking.layout import Layout, is_of_library
from rules.engine.linking.values import Linked, Readers, Sort, Value, note
from rules.engine.reading.facts import ModuleFacts
from rules.engine.reading.paths import is_example


class ModuleMap:
    """Files by the names that other files import them by."""

    def __init__(self, files: Mapping[str, ModuleFacts], *, tracks: bool = False) -> None:
        self.tracks = tracks
        """Whether it is remembered which answers were made of which (`rules.engine.succession`)."""
        self.reader: object = None
        """Who asks now; nobody where nothing is remembered."""
        self.modules: dict[str, Linked] = {}
        self.edition = 0
        """Another number whenever a file shows other facts."""
        self.layout = Layout(files)
        self.readers: Readers = {}
        """Who asked for a file or folder by its path, for the folders with a top-level name (`T`), for what a file imports below one (`M`), for a class's heirs."""
        for path in sorted(files):
            self.modules[path] = self._module(path, files[path])
        self._tops = self._roots_by_name()

    # Where modules are found

    def _roots_by_name(self) -> dict[str, list[str]]:
        """By the first segment of modules' names, the folders that these are imported from."""
        found: dict[str, list[str]] = {}
        for module in self.modules.values():
            roots = found.setdefault(module.name.partition(".")[0], [])
            if module.root not in roots:
                roots.append(module.root)
        return found

    def _module(self, path: str, found: ModuleFacts) -> Linked:
        root = self.layout.root(path)
        package = path.endswith("/__init__.py") or path == "__init__.py"
        inner = path[len(root) + 1 :] if root else path
        stem = (
            inner[: -len("/__init__.py")]
            if package and "/" in inner
            else inner.removesuffix(".py").removesuffix(".pyi")
        )
        return Linked(path, stem.replace("/", "."), found, package, root)

    def _file(self, base: str) -> Linked | None:
        """The package or module at `base`, a path without suffix: of `shop/__init__.py` and `shop.py` Python takes the package."""
        if self.reader is not None:
            note(self.readers, base, self.reader)
        return self.modules.get(f"{base}/__init__.py") or self.modules.get(f"{base}.py")

    def _at(self, base: str, name: str) -> Value | None:
        """The module, package or namespace package at `base` as a value."""
        found = self._file(base)
        if found is not None:
            return Value(Sort.MODULE, found.name, found, base)
        if base in self.layout.folders and base:
            return Value(Sort.MODULE, name, None, base)
        return None

    def _absolute(self, name: str, module: Linked) -> Value:
        """What `import name` (one segment) gives in `module`."""
        roots = self._tops.get(name)
        if self.reader is not None:
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
                if base in self.layout.folders:
                    best = roots[0]
            if best is not None and not (name in libraries.ROOTS and self.layout.is_inside_package(best)):
                found = self._at(f"{best}/{name}" if best else name, name)
                if found is not None and (found.module is not module or module.package):
                    return found  # the file `redis.py` means the library by `import redis`
        else:
            best = None
        if best is None and name in self.layout.named and not is_of_library(name):
            if self.reader is not None:
                note(self.readers, f"M{module.path} {name}", self.reader)
            found = self._inside_package(name, module) or self._elsewhere(name, module)
            if found is not None:
                return found
        return Value(Sort.EXTERNAL, name)

    def _inside_package(self, name: str, module: Linked) -> Value | None:
        """As `_absolute`, for programs that are started in a folder that is a package itself: `backend/__init__.py`
        stands beside `backend/app`, and all say `from app.orders import …`.

        All that the file imports from there must be there: else the name is that of somebody else's library.
        """
        parts = {each.split(".")[1] for each in module.facts.modules if each.startswith(f"{name}.")}
        found: list[Value] = []
        directory = module.path.rpartition("/")[0]
        while self.layout.is_package(directory):
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
        if not wanted:
            return None
        found = [
            folder
            for folder in self.layout.named.get(name, ())
            if _is_open(folder, module.path) and all(self._has(folder, parts, module) for parts in wanted)
        ]
        if not found:
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
        if self.reader is not None:
            note(self.readers, f"T{first}", self.reader)
        if len(roots) < 2 or is_of_library(first):
            return []
        inner = package.replace(".", "/")
        folders = [f"{root}/{inner}" if root else inner for root in roots]
        files = [folder for folder in folders if self._file(f"{folder}/{name}") is not None]
        return files or [folder for folder in folders if f"{folder}/{name}" in self.layout.folders][:1]

    def _in_another_part(self, folder: str, package: str, name: str) -> Value | None:
        """The module or package `name` of a package that has nothing of that name in `folder`, where another distribution
        brings it."""
        found = self._parts_with(package, name)
        if len(found) != 1 or not _is_open(found[0], folder):
            return None
        return self._at(f"{found[0]}/{name}", f"{package}.{name}")

    def submodule(self, module: Linked, name: str) -> Value | None:
        """The module or package `name` inside of a package."""
        if not module.package:
            return None
        directory = module.path.rpartition("/")[0]
        base = f"{directory}/{name}" if directory else name
        found = self._at(base, f"{module.name}.{name}")
        if found is None and is_bare(module.facts):
            return self._in_another_part(directory, module.name, name)
        return found

    def inside(self, folder: Value, name: str) -> Value | None:
        """The module or package `name` of a package that is only a folder."""
        base = f"{folder.symbol}/{name}" if folder.symbol else name
        found = self._at(base, f"{folder.name}.{name}")
        return found or self._in_another_part(folder.symbol, folder.name, name)

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
            if self._file(below) is not None or below in self.layout.folders:
                base = below
                continue
            file = self._file(base)
            if file is None or (base, part) in seen:
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
                above = self.relative(int(level), file) if star[0] == "<" else None
                if above is not None and self._has(above.symbol, [*inner.split("."), part], module, seen):
                    return True
            return False
        return self._file(base) is not module

    def relative(self, level: int, module: Linked) -> Value | None:
        """The package that as many dots as `level` mean in `module`."""
        directory = module.path.rpartition("/")[0]
        for _ in range(level - 1):
            if not directory:
                return None
            directory = directory.rpartition("/")[0]
        found = self.modules.get(f"{directory}/__init__.py" if directory else "__init__.py")
        if self.reader is not None:
            note(self.readers, directory, self.reader)
        return Value(Sort.MODULE, found.name if found else directory.replace("/", "."), found, directory)

    def is_weighed(self, name: str) -> bool:
        """Whether it is by what a file imports from there that `import name` means a folder, or which one."""
        return name in self.layout.named and not is_of_library(name) and len(self._tops.get(name, ())) != 1

    # Other versions

    def lies_the_same(self, changed: Mapping[str, ModuleFacts | None]) -> bool:
        """Whether these files with other facts (None: no more) leave it at the same packages, and what others read of them
        without asking for it by name."""
        for path, found in changed.items():
            module = self.modules.get(path)
            before = module.facts if module is not None else None
            if speaks_otherwise(path, before, found):
                return False
            if {*(found.stars if found else ())} != {*(before.stars if before else ())}:
                return False
            if (found.kept if found else ()) != (before.kept if before else ()):
                return False  # who reads what an application keeps does not say so
        return self.layout.lies_the_same(changed)

    def change(self, changed: Mapping[str, ModuleFacts | None]) -> set[str]:
        """Show other facts of these files. Returns what `readers` says who asked for."""
        asked: set[str] = set()
        moved = False
        self.edition += 1
        for folder in self.layout.change(changed):
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
            base = path.removesuffix(".py")
            asked.update((base, base.removesuffix("/__init__"), f"T{base.rpartition('/')[2]}"))
        if moved:
            self.modules = {path: self.modules[path] for path in sorted(self.modules)}
            self._tops = self._roots_by_name()
        return asked

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


def _is_open(folder: str, path: str) -> bool:
    """Whether a file may mean the folder: what examples bring along is there for them alone."""
    return not is_example(f"{folder}/") or is_example(path)


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
