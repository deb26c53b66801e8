"""The versions of distributions that a project declares."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rules.engine.reading.regexes import regex

Version = tuple[int, ...]

_REQUIREMENT = regex(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(.*)$")
_NAMED = regex(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock")
_BOUND = regex(r"(?:(===?|~=|>=|>|\^|~|<=|<|!=)\s*)?v?(\d+(?:\.\d+)*)")


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def parse(text: str) -> Version:
    return tuple(int(part[:9]) for part in re.findall(r"\d+", text)[:4])


def is_read(path: str) -> bool:
    """Whether a document says something of versions."""
    name = path.rpartition("/")[2]
    return name == "pyproject.toml" or name in _LOCKS or _is_list(name)


def _is_list(name: str) -> bool:
    return name.startswith("requirements") or name.endswith((".in", "requirements.txt"))


class Nearest:
    """What documents declare for a file: those of the folders around it, before those of other parts of a monorepo."""

    def __init__(self, documents: Mapping[str, str], everywhere: Mapping[str, Version]) -> None:
        """`everywhere` is what all documents together declare."""
        self._everywhere = everywhere
        self._documents: dict[str, dict[str, str]] = {}
        for path, text in documents.items():
            if is_read(path):
                self._documents.setdefault(_folder(path), {})[path] = text
        self._read: dict[str, tuple[dict[str, Version], dict[str, Version]]] = {}

    def of(self, path: str, distribution: str) -> Version | None:
        """The version for the file at `path`: a lock's before a range's, of the nearest folder that has one."""
        if len(self._documents) < 2 or distribution not in self._everywhere:
            return self._everywhere.get(distribution)
        allowed: Version | None = None
        folder = path
        while folder:
            folder = _folder(folder)
            if folder not in self._documents:
                continue
            if folder not in self._read:
                self._read[folder] = _read(self._documents[folder])
            found, locked = self._read[folder]
            if distribution in locked:
                return locked[distribution]
            allowed = allowed or found.get(distribution)
        return allowed or self._everywhere[distribution]

    def keeps_below(self, path: str, distribution: str, limit: Version) -> bool:
        """Whether what is declared nearest to the file at `path` allows no release from `limit` on: a lock, a pin, an upper bound."""
        folder = path
        while folder:
            folder = _folder(folder)
            documents = self._documents.get(folder, {})
            locked = _read(documents)[1].get(distribution) if documents else None
            if locked is not None:
                return locked < limit
            named = [
                match[2].partition(";")[0]
                for line in _requirements(documents)
                if (match := _REQUIREMENT.match(line)) is not None and normalised(match[1]) == distribution
            ]
            if named:
                return all(
                    any(_ends(how, number, limit) for how, number in _BOUND.findall(each)) for each in named
                )
        return False


def _ends(operator: str, version: str, limit: Version) -> bool:
    """Whether one bound of a requirement excludes `limit` and all that follows."""
    number = parse(version)
    match operator:
        case "==" | "===" | "<=":
            return number < limit
        case "<":
            return number <= limit
        case "^" | "~=" | "~":
            kept = number[:1] if operator == "^" else number[: max(1, len(number) - 1)]
            return bool(kept) and (*kept[:-1], kept[-1] + 1) <= limit
    return False


def _requirements(documents: Mapping[str, str]) -> Iterator[str]:
    """The requirements that documents list, locks aside."""
    for path, text in documents.items():
        name = path.rpartition("/")[2]
        if name == "pyproject.toml":
            yield from _project(text)
        elif _is_list(name):
            yield from (line.partition("#")[0].partition(";")[0].rstrip("\\ ") for line in text.splitlines())


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def declared(documents: Mapping[str, str]) -> dict[str, Version]:
    """Distribution -> the lowest version that the project's documents allow; locks win over ranges."""
    found, locked = _read(documents)
    return found | locked


def _read(documents: Mapping[str, str]) -> tuple[dict[str, Version], dict[str, Version]]:
    """What ranges allow at least, and what locks hold."""
    found: dict[str, Version] = {}
    locked: dict[str, Version] = {}
    for path, text in documents.items():
        name = path.rpartition("/")[2]
        if name == "pyproject.toml":
            for requirement in _project(text):
                _add(found, requirement)
        elif name in _LOCKS:
            for distribution, version in _lock(text):
                locked[normalised(distribution)] = version
        elif _is_list(name):
            for line in text.splitlines():
                _add(found, line.partition("#")[0].partition(";")[0].rstrip("\\ "))
    return found, locked


def required(documents: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Distribution -> extras, of everything that the project's documents name; locked ones without extras too."""
    found: dict[str, set[str]] = {}
    for path, text in documents.items():
        name = path.rpartition("/")[2]
        if name == "pyproject.toml":
            lines = list(_project(text, groups=True))
        elif name in _LOCKS:
            lines = [distribution for distribution, _ in _lock(text)]
        elif _is_list(name):
            lines = [line.partition("#")[0].rstrip("\\ ") for line in text.splitlines()]
        else:
            continue
        for line in lines:
            match = _NAMED.match(line)
            if match is not None:
                extras = found.setdefault(normalised(match[1]), set())
                extras.update(extra.strip().lower() for extra in (match[2] or "").split(",") if extra.strip())
    return {name: frozenset(extras) for name, extras in found.items()}


def _add(found: dict[str, Version], requirement: str) -> None:
    match = _REQUIREMENT.match(requirement)
    if match is None or requirement.lstrip().startswith("-"):
        return
    lowest: Version | None = None
    for operator, version in _BOUND.findall(match[2].partition(";")[0]):
        if operator not in ("<", "<=", "!=", ""):
            lowest = parse(version)
    if lowest is not None:
        found.setdefault(normalised(match[1]), lowest)


def _project(text: str, *, groups: bool = False) -> Iterator[str]:
    document = _loaded(text)
    project = _table(document, "project")
    for requirement in project.get("dependencies", ()):
        yield str(requirement)
    poetry = _table(_table(_table(document, "tool"), "poetry"), "dependencies")
    if groups:
        for group in _table(project, "optional-dependencies").values():
            yield from map(str, group if isinstance(group, list) else ())
    for name, value in poetry.items():
        if groups and isinstance(value, dict) and isinstance(value.get("extras"), list):
            yield f"{name}[{','.join(map(str, value['extras']))}]"
        version = value.get("version", "") if isinstance(value, dict) else value
        yield f"{name} {version}" if not re.match(r"^\d", str(version)) else f"{name}=={version}"


@functools.lru_cache(maxsize=4)
def _loaded(text: str) -> Mapping[str, Any]:
    """A document of TOML, which versions and requirements are read from one after the other; nothing when it is none."""
    import tomllib  # only here: a scan of a folder may find no such document

    try:
        return tomllib.loads(text)
    except ValueError:  # of a number that is too long, too
        return {}


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key, {})
    return value if isinstance(value, dict) else {}


@functools.lru_cache(maxsize=4)
def _lock(text: str) -> Sequence[tuple[str, Version]]:
    """As `_loaded`, the distributions of a lock."""
    found = re.findall(r'^name = "([^"]+)"\s*\nversion = "([^"]+)"', text, re.MULTILINE)
    return [(name, parse(version)) for name, version in found]
