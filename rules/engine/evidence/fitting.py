"""Evidence by the project's own names: which of its functions, lines and routes a profile speaks of.

That is decided once, for the version that the evidence may be of. `Names` then leads from a later version back to it: a
function that was moved or renamed is known by its body, a line by the text around it, and what is new by nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import msgspec

from rules.engine.evidence.profiles import Evidence, Route, read
from rules.engine.finding import EndpointRef, Skipped
from rules.engine.fingerprints import body_of
from rules.engine.reading.facts import Function, ModuleFacts

FRESH = 0.6
"""The least share of a profile's own functions, or of its requests, that the project still has."""
_ANSWERED_BY_FRAMEWORK = frozenset({"OPTIONS", "HEAD", "TRACE", "CONNECT", "_OTHER"})
"""Methods that middleware answers (CORS preflights), or nobody."""
_OF_FRAMEWORK = ("/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json", "/metrics", "/favicon.ico", "*")
"""What ends the paths of routes that no code of the project declares."""
_NAMELESS = frozenset({"<module>", "<lambda>", "<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>"})

Place = tuple[str, str]
"""A function: path and qualified name; an empty name is the file's own code."""


class Fitted(msgspec.Struct):
    """Evidence by the project's names."""

    evidence: Evidence
    functions: dict[Place, float]
    """Share of the time; functions that it never saw are not in it."""
    lines: dict[str, dict[int, float]]
    routes: dict[EndpointRef, Route]
    requests: int
    """Of routes that the project has or had."""

    def share_of_lines(self, path: str, lines: Iterable[int]) -> float | None:
        shares = self.lines.get(path, {})
        return max((shares[line] for line in lines if line in shares), default=None)


def fitted(
    given: Sequence[tuple[str, str]], files: Mapping[str, ModuleFacts], endpoints: Iterable[EndpointRef]
) -> tuple[tuple[Fitted, ...], tuple[Skipped, ...]]:
    """The evidence that fits a project, and what is wrong with the rest."""
    refs = tuple(endpoints)
    found: list[Fitted] = []
    skipped: list[Skipped] = []
    for path, text in given:
        if not text:
            skipped.append(Skipped(path, "is named as a profile and is not there"))
            continue
        evidence = read(path, text)
        if evidence.problem:
            skipped.append(Skipped(path, f"cannot be used as a profile: {evidence.problem}"))
            continue
        fits, problem = _fit(evidence, files, refs)
        if problem:
            skipped.append(Skipped(path, f"{problem}; it changes nothing"))
        else:
            found.append(fits)
    return tuple(found), tuple(skipped)


def _fit(
    evidence: Evidence, files: Mapping[str, ModuleFacts], refs: Sequence[EndpointRef]
) -> tuple[Fitted, str]:
    paths = paths_of(evidence.functions, files)
    functions, gone = _functions(evidence, paths, files)
    lines = {paths[file]: found for file, found in evidence.lines.items() if file in paths}
    routes, asked, unknown = _routes(evidence.routes, refs)
    fits = Fitted(evidence, functions, lines, routes, asked + unknown.total())
    if evidence.functions and not functions:
        return fits, f"none of the functions of the {evidence.kind} profile are of this project"
    if gone and len(functions) / (len(functions) + len(gone)) < FRESH:
        told = f"{len(gone)} of its {len(functions) + len(gone)} functions are not in this version ({_some(gone)})"
        return fits, f"the {evidence.kind} profile is stale: {told}"
    if unknown and asked / (asked + unknown.total()) < FRESH:
        known, lost = len(routes), [name for name, _ in unknown.most_common()]
        told = f"{len(lost)} of its {known + len(lost)} routes are not in this version ({_some(lost)})"
        return fits, f"the {evidence.kind} profile is stale: {told}"
    return fits, ""


def _some(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:3])


def _functions(
    evidence: Evidence, paths: Mapping[str, str], files: Mapping[str, ModuleFacts]
) -> tuple[dict[Place, float], list[str]]:
    """Shares by function, and the functions of the profile that its files do not have any more."""
    found: dict[Place, float] = {}
    gone: list[str] = []
    for file, seen in evidence.functions.items():
        path = paths.get(file)
        if path is None:
            continue
        by_name: dict[str, list[Function]] = {}
        for function in files[path].functions:
            by_name.setdefault(function.symbol.rpartition(".")[2], []).append(function)
        lines = evidence.lines.get(file, {})
        for qualified, share in seen.items():
            name = qualified.rpartition(".")[2]
            alike = by_name.get(name, ())
            for function in alike:
                own = share if len(alike) == 1 else _share_among(function, qualified, share, lines)
                if own is not None:
                    found[path, function.symbol] = max(own, found.get((path, function.symbol), 0.0))
            if not alike and name not in _NAMELESS and not name.startswith("<"):
                gone.append(f"{path} {name}")
    return found, gone


def _share_among(
    function: Function, qualified: str, share: float, lines: Mapping[int, float]
) -> float | None:
    """The share of one of several functions of that name in a file: by the whole name, else by its lines."""
    if "." in qualified:
        return share if function.symbol == qualified or function.symbol.endswith(f".{qualified}") else None
    inside = [each for line, each in lines.items() if function.line <= line <= function.end_line]
    return max(inside, default=None) if lines else share


def paths_of(names: Iterable[str], files: Mapping[str, object]) -> dict[str, str]:
    """File names as a program saw them -> the project's paths: the one that shares the most of its end, two names at least."""
    by_name: dict[str, list[str]] = {}
    for path in files:
        by_name.setdefault(path.rpartition("/")[2], []).append(path)
    found: dict[str, str] = {}
    for file in names:
        if "site-packages" in file or "/lib/python" in file:
            continue
        parts = file.replace("\\", "/").split("/")
        best, most = "", 0
        for path in by_name.get(parts[-1], ()):
            shared = _shared(parts, path.split("/"))
            if shared > most:
                best, most = path, shared
        if best and (most >= 2 or most == len(best.split("/"))):
            found[file] = best
    return found


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if one != other:
            break
        count += 1
    return count


def _routes(
    routes: Mapping[str, Route], refs: Sequence[EndpointRef]
) -> tuple[dict[EndpointRef, Route], int, Counter[str]]:
    """What is known of the project's routes, how many requests that were, and the requests of routes that it has not."""
    found: dict[EndpointRef, Route] = {}
    unknown: Counter[str] = Counter()
    asked = 0
    for name, route in routes.items():
        method, _, path = name.rpartition(" ")
        fitting = [
            ref for ref in refs if _plain(ref.path) == _plain(path) and method.upper() in ("", ref.method)
        ]
        found.update(dict.fromkeys(fitting, route))
        if fitting:
            asked += max(1, route.count)
        elif not _is_of_framework(method, path):
            unknown[name] += max(1, route.count)
    return found, asked, unknown


def _plain(path: str) -> str:
    return path.rstrip("/") or "/"


def _is_of_framework(method: str, path: str) -> bool:
    """Whether the framework or a middleware answers: no sign of another version."""
    return method.upper() in _ANSWERED_BY_FRAMEWORK or _plain(path).endswith(_OF_FRAMEWORK)


# From a later version back


class Version(msgspec.Struct):
    """A version of the project, as far as names of a later one are led back to it."""

    files: Mapping[str, ModuleFacts]
    sources: Mapping[str, bytes]

    def function(self, place: Place) -> Function | None:
        found = self.files.get(place[0])
        return next((each for each in found.functions if each.symbol == place[1]), None) if found else None


class Names:
    """The way from a later version's functions and lines back to an earlier one's. `renamed`: new path -> old."""

    def __init__(self, earlier: Version, later: Version, renamed: Mapping[str, str]) -> None:
        self._earlier, self._later, self._renamed = earlier, later, renamed
        self._lines: dict[str, dict[int, int]] = {}
        self._known: dict[Place, Place | None] = {}

    def path(self, path: str) -> str:
        return self._renamed.get(path, path)

    def function(self, place: Place) -> Place | None:
        """The function that this one was; None for one that is new."""
        if place not in self._known:
            self._known[place] = self._led_back(place)
        return self._known[place]

    def _led_back(self, place: Place) -> Place | None:
        old = self.path(place[0]), place[1]
        if not place[1] or self._earlier.function(old) is not None:
            return old
        function = self._later.function(place)
        return self._moved.get(body_of(function)) if function is not None else None

    @cached_property
    def _moved(self) -> Mapping[str, Place]:
        """By its body each function that the later version has not under its name, if no other has the same."""
        new_path = {old: new for new, old in self._renamed.items()}
        found: dict[str, Place] = {}
        twice = {""}
        for path, facts in self._earlier.files.items():
            later = self._later.files.get(new_path.get(path, path))
            if later is facts:
                continue
            kept = {function.symbol for function in later.functions} if later is not None else set()
            for function in facts.functions:
                if function.symbol and function.symbol not in kept:
                    body = body_of(function)
                    twice.update({body} & found.keys())
                    found[body] = path, function.symbol
        return {body: place for body, place in found.items() if body not in twice}

    def lines(self, path: str, first: int, last: int, symbol: str) -> tuple[str, list[int]]:
        """Where these lines were; those that are new were nowhere."""
        function = self.function((path, symbol))
        old_path = self.path(path)
        wanted = range(first, last + 1)
        if function is not None and function[0] != old_path:
            before, after = self._earlier.function(function), self._later.function((path, symbol))
            shift = before.line - after.line if before is not None and after is not None else 0
            return function[0], [line + shift for line in wanted]
        old = self._old_lines(path)
        return old_path, [line for each in wanted if (line := old.get(each, each if old is _SAME else 0))]

    def _old_lines(self, path: str) -> Mapping[int, int]:
        """By line of the later file the line of the earlier one; `_SAME` when nothing differs."""
        before = self._earlier.sources.get(self.path(path))
        after = self._later.sources.get(path)
        if before is None or after is None or before == after:
            return _SAME
        if path not in self._lines:
            import difflib  # only here: most versions have no evidence

            matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines())
            self._lines[path] = {
                new + offset + 1: old + offset + 1
                for old, new, size in matcher.get_matching_blocks()
                for offset in range(size)
            }
        return self._lines[path]


_SAME: Mapping[int, int] = {}
