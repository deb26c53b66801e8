"""Many fixes proven at the price of a few analyses.

A fix is to be proven as if it were the only one. Most fixes of a project have nothing to do with each other, though:
they have no line in common, and none changes a function that another's finding is about (but for findings of one rule
in one function, which are mended alike). Such fixes are made together and their files analysed once. Where every count
then is exactly what they promise, each of them keeps its promise alone too; where one is not, the fixes of that file
are tried by halves, down to the one that does not hold.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct, field

from rules.engine.finding import Edit, Finding, ProvenFix, Result
from rules.engine.fixing import fixes
from rules.engine.fixing.fixes import Made
from rules.engine.reading import edits, facts
from rules.engine.reading.facts import ModuleFacts

Again = Callable[[Mapping[str, bytes]], Mapping[str, Result]]
"""The results for some files with other content, everything else as it was."""


Place = tuple[str, str]
"""A function, by its path and symbol."""


class Candidate(Struct, frozen=True, eq=False):
    """A fix that was made and is not yet proven."""

    finding: Finding
    made: Made
    changes: frozenset[Place]
    """The functions in which it changes lines."""
    about: frozenset[Place]
    """They, and those on the way from the finding to what it is about."""

    def concerns(self, other: Candidate) -> bool:
        """Whether one of the two might do the work of the other, or undo it."""
        if self.finding.code == other.finding.code and self.changes == other.changes:
            return False
        return not (self.changes.isdisjoint(other.about) and self.about.isdisjoint(other.changes))


class Round(Struct, eq=False):
    """Fixes that are proven together."""

    candidates: list[Candidate] = field(default_factory=list)
    edits: dict[str, list[Edit]] = field(default_factory=dict)

    def takes(self, candidate: Candidate) -> bool:
        """Add a fix, unless it has to do with one that is here."""
        if any(map(candidate.concerns, self.candidates)):
            return False
        new = [edit for edit in candidate.made.edits if edit not in self.edits.get(edit.path, ())]
        if any(edits.clash(edit, other) for edit in new for other in self.edits.get(edit.path, ())):
            return False
        self.candidates.append(candidate)
        for edit in new:
            self.edits.setdefault(edit.path, []).append(edit)
        return True


def rounds(candidates: Iterable[Candidate]) -> list[Round]:
    """The fixes in as few rounds as taking them in turn gives."""
    found: list[Round] = []
    for candidate in candidates:
        if not any(each.takes(candidate) for each in found):
            found.append(Round())
            found[-1].takes(candidate)
    return found


def candidate(files: Mapping[str, ModuleFacts], finding: Finding, made: Made) -> Candidate:
    changes = frozenset(
        place for edit in made.edits for place in _functions(files, edit.path, edit.start_line, edit.end_line)
    )
    way = (place for hop in finding.call_path for place in _functions(files, hop.path, hop.line, hop.line))
    return Candidate(finding, made, changes, changes.union(way))


def _functions(files: Mapping[str, ModuleFacts], path: str, first: int, last: int) -> Iterator[Place]:
    """The functions that have a part in these lines; with `last` before `first`, those around the gap between them."""
    found = files.get(path)
    for function in found.functions if found is not None else ():
        if function.line <= last and first <= function.end_line and _is_named(function):
            yield path, function.symbol


def _is_named(function: facts.Function) -> bool:
    """Neither the module, which is around everything, nor a lambda, which is part of the function around it."""
    return bool(function.symbol) and not function.flags & facts.LAMBDA


def proven(
    candidates: Sequence[Candidate],
    sources: Mapping[str, bytes],
    before: Mapping[str, Sequence[Finding]],
    again: Again,
    goes_on: Callable[[], bool],
    trees: Mapping[str, ast.Module] = MappingProxyType({}),
) -> list[tuple[Finding, ProvenFix]]:
    """The fixes that keep what they promise, each with its finding. Stops when it is not to go on.

    `trees` are those of `sources` that are at hand.
    """
    found: list[Candidate] = []
    for each in rounds(candidates):
        waiting = {path: [group] for path, group in _by_path(each.candidates).items()}
        while waiting and goes_on():
            together: dict[str, list[Candidate]] = {}
            changed: dict[str, bytes] = {}
            for path in list(waiting):
                group = waiting[path].pop()
                text = _text(group, _edits(group), sources[path], trees.get(path))
                if text is None:
                    waiting[path] += _apart(group, frozenset())
                else:
                    together[path], changed[path] = group, text
            results = again(changed) if changed else {}
            for path, group in together.items():
                if _is_kept(group, before.get(path, ()), results[path], path):
                    found += group
                else:
                    waiting[path] += _apart(
                        group, _at_odds(group, before.get(path, ()), _of_file(results[path], path))
                    )
            waiting = {path: groups for path, groups in waiting.items() if groups}
    return [(one.finding, one.made.fix) for one in found]


def _apart(group: Sequence[Candidate], at_odds: frozenset[str]) -> list[list[Candidate]]:
    """What is tried next, from the last to the first, of fixes that do not hold together; nothing for a single one.

    Those that change one of the functions `at_odds` are taken apart from the others, which most likely hold.
    """
    if len(group) == 1:
        return []
    suspects = [one for one in group if not at_odds.isdisjoint(symbol for _, symbol in one.changes)]
    if 0 < len(suspects) < len(group):
        return [suspects, [one for one in group if one not in suspects]]
    middle = len(group) // 2
    return [list(group[middle:]), list(group[:middle])]


def _at_odds(
    group: Sequence[Candidate], before: Sequence[Finding], after: Sequence[Finding]
) -> frozenset[str]:
    """The functions in which something appeared, or not exactly those findings are gone that the fixes promise.

    What goes along with them, of rules whose fixes in that function are not tried now, is as welcome as with one alone.
    """
    tried = {fixes.key(one.finding) for one in group}
    promised, counted = Counter(map(fixes.key, before)), Counter(map(fixes.key, after))
    promised.subtract(fixes.key(one.finding) for one in group)
    return frozenset(
        key[1]
        for key in promised.keys() | counted.keys()
        if (counted[key] != promised[key] if key in tried else counted[key] > promised[key])
    )


def _edits(group: Iterable[Candidate]) -> list[Edit]:
    """The edits of all these fixes, one that several make once."""
    return list(dict.fromkeys(edit for one in group for edit in one.made.edits))


def _by_path(candidates: Iterable[Candidate]) -> dict[str, list[Candidate]]:
    found: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        found.setdefault(candidate.finding.path, []).append(candidate)
    return found


def _text(
    group: Sequence[Candidate], made: Sequence[Edit], raw: bytes, tree: ast.Module | None
) -> bytes | None:
    """The file with the edits of all these fixes; None when that breaks a promise, or hides that one of them does."""
    try:
        changed = edits.apply(raw, edits.joined(made)) if len(group) > 1 else group[0].made.changed
        bound = fixes.check_text(raw, changed, made, tree)
    except (
        Exception
    ):  # around some fixes: whatever is wrong with the text, the findings are told without them
        return None
    if len(group) > 1 and not all(_binds(one.made.edits, name) for name in bound for one in group):
        return None
    return changed


def _binds(made: Sequence[Edit], name: str) -> bool:
    """Whether a fix that needs the name binds it itself."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    binding = re.compile(
        rf"^(?:(?:from|import)\b.*\b{re.escape(name)}\b|{re.escape(name)}\s*[:=])", re.MULTILINE
    )
    texts = [edit.replacement for edit in made]
    return not any(map(word.search, texts)) or any(map(binding.search, texts))


def _is_kept(group: Sequence[Candidate], before: Sequence[Finding], result: Result, path: str) -> bool:
    """Whether all promises of the fixes of one file are kept when they are made together."""
    if any(skipped.path == path for skipped in result.skipped):
        return False
    after = _of_file(result, path)
    if len(group) == 1:
        return fixes.improves(group[0].finding, before, after)
    return not _at_odds(group, before, after) and fixes.none_is_worse(before, after)


def _of_file(result: Result, path: str) -> list[Finding]:
    return [finding for finding in result.findings if finding.path == path]
