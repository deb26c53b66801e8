"""Marked lines are found, all others are silent.

`tests/cases/<family>/<module>.py` belongs to the rules of `rules/<family>/<module>.py`; a folder of that name is a
project of several files. A line that ends in `# FP101` (several codes: `# FP101 FP601`) must be found by these rules,
each other line must not. Files of a folder that are not Python are its documents: there a line of its own, `# FP711`,
marks the next line. `# FP101 (summary)` must be said in the summary only, `# FP101 (inline)` on its line, `# FP101 (change)` in the summary
where it has long been so and on its line when a change brings it; from which severity on the rule says so of old
code (`said_from`) is left aside.
"""

from __future__ import annotations

import ast
import functools
import importlib
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rules.engine import registry
from rules.engine.finding import Confidence, Finding, Impact, Options, Severity
from rules.engine.rule import Rule
from tests.engine.projects import said_at_any_severity

CASES = Path(__file__).parent / "cases"
ABOVE = re.compile(r"\s*#\s*(FP\d{3}(?:[ ,]+FP\d{3})*)\s*$")
MARK = re.compile(r"#\s*(FP\d{3}(?:[ ,]+FP\d{3})*)\b")

WHERE = re.compile(r"\s*\((summary|inline|change)\)")

Mark = tuple[str, int, str]
"""(path, line, code)"""


@dataclass(frozen=True)
class Case:
    family: str
    module: str
    files: dict[str, bytes]

    @classmethod
    def read(cls, path: Path) -> Case:
        if path.is_dir():
            files = {
                str(file.relative_to(path).as_posix()): file.read_bytes()
                for file in sorted(path.rglob("*"))
                if file.is_file() and "__pycache__" not in file.parts
            }
        else:
            files = {"app/__init__.py": b"", f"app/{path.name}": path.read_bytes()}
        return cls(path.parent.name, path.stem, files)

    @property
    def sources(self) -> dict[str, bytes]:
        return {path: raw for path, raw in self.files.items() if path.endswith(".py")}

    @property
    def documents(self) -> dict[str, str]:
        return {path: raw.decode() for path, raw in self.files.items() if not path.endswith(".py")}

    def codes(self) -> tuple[str, ...]:
        module = importlib.import_module(f"rules.{self.family}.{self.module}")
        return tuple(rule.code for rule in registry.rules() if type(rule).__module__ == module.__name__)

    def marks(self) -> Iterator[Mark]:
        for path, raw in self.sources.items():
            for token in tokenize.tokenize(io.BytesIO(raw).readline):
                found = MARK.match(token.string) if token.type == tokenize.COMMENT else None
                for code in re.findall(r"FP\d{3}", found[1]) if found else ():
                    yield path, token.start[0], code
        for path, text in self.documents.items():
            for number, line in enumerate(text.splitlines(), 1):
                above = ABOVE.match(line)
                for code in re.findall(r"FP\d{3}", above[1]) if above else ():
                    yield path, number + 1, code

    def places(self) -> Iterator[tuple[str, int, str]]:
        """(path, line, "summary", "inline" or "change") of the marks that say it."""
        for path, raw in self.sources.items():
            for token in tokenize.tokenize(io.BytesIO(raw).readline):
                found = MARK.match(token.string) if token.type == tokenize.COMMENT else None
                where = WHERE.match(token.string, found.end()) if found else None
                if where:
                    yield path, token.start[0], where[1]

    def findings(self, codes: tuple[str, ...]) -> tuple[Finding, ...]:
        from rules import analyze

        analysis = analyze(self.sources, documents=self.documents, options=Options(select=codes))
        assert analysis.result.skipped == ()
        said = (*analysis.result.findings, *analysis.result.advice)
        return tuple(finding for finding in said if finding.code in codes)


def paths() -> list[Path]:
    return sorted(
        path
        for family in registry.FAMILIES
        for path in (CASES / family).glob("*")
        if path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__")
    )


def of_rule(rule: Rule) -> list[Path]:
    """The cases that belong to a rule: `tests/cases/<family>/<module>.py`, or the folder `<module>`."""
    *_, family, module = type(rule).__module__.split(".")
    return [path for path in (CASES / family / f"{module}.py", CASES / family / module) if path.exists()]


def wrong(expected: set[Mark], found: tuple[Finding, ...]) -> list[str]:
    """What differs, in words that say where."""
    places = {(finding.path, finding.line, finding.code): finding for finding in found}
    missed = [f"{path}:{line} {code} was not found" for path, line, code in sorted(expected - set(places))]
    noise = [
        f"{path}:{line} {code} was found, but is not marked: {places[path, line, code].message}"
        for path, line, code in sorted(set(places) - expected)
    ]
    return [*missed, *noise]


def where(finding: Finding) -> set[str]:
    """The words of a mark that are true of it."""
    if finding.severity is Severity.INFO:
        return {"summary"}
    if finding.confidence is not Confidence.POSSIBLE:
        return {"inline"}
    return {"summary", "change"} if finding.when_new not in (None, Confidence.POSSIBLE) else {"summary"}


@functools.cache
def found_in(path: Path) -> tuple[Finding, ...]:
    case = Case.read(path)
    codes = case.codes()
    with said_at_any_severity():
        return case.findings(codes)


FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?")
BOUND = re.compile(r"(?:at most|up to) [\d,.–]+")
RANGE = re.compile(r"\d[^:;]*?(?:–| to | → )[^:;]*?\d")


LINES = re.compile(r"\blines? ((?:\d+(?:, | and )?)+)")


SENTENCE = re.compile(r"[A-Z][a-z]+ .*\.")
"""A verb comes first, in words and not in code."""


def figures(text: str) -> set[float]:
    return {float(each.replace(",", "")) for each in FIGURE.findall(text)}


def unfounded(impact: Impact) -> str:
    """What an estimate lacks; a figure that only repeats its assumptions, or a bound, needs no range."""
    told = impact.summary
    if told == Impact().summary or not FIGURE.search(told):
        return ""
    if not impact.assumptions:
        return f"no assumption: {told}"
    assumed = set().union(*(figures(str(value)) for value in impact.assumptions.values()))
    is_estimate = figures(BOUND.sub("", told)) - assumed and "no difference beyond the noise" not in told
    outcome = told.partition(": ")[2] or told  # a range in "at 50–200 ms upstream:" is none of the outcome
    return f"no range: {told}" if is_estimate and not RANGE.search(outcome) else ""


CASE_PATHS = paths()


@pytest.mark.parametrize("path", CASE_PATHS, ids=[f"{path.parent.name}/{path.stem}" for path in CASE_PATHS])
def test_marked_lines_are_found_and_all_others_are_silent(path: Path) -> None:
    case = Case.read(path)
    codes = case.codes()
    assert codes, f"no rule is defined in rules/{case.family}/{case.module}.py"

    marks = {mark for mark in case.marks() if mark[2] in codes}

    findings = found_in(path)
    assert wrong(marks, findings) == []
    shown = {(finding.path, finding.line): where(finding) for finding in findings}
    assert [place for place in case.places() if place[2] not in shown[place[:2]]] == []


@pytest.mark.parametrize("path", CASE_PATHS, ids=[f"{path.parent.name}/{path.stem}" for path in CASE_PATHS])
def test_an_estimate_is_a_range_with_its_assumption(path: Path) -> None:
    lacking = [f"{finding.code} {lack}" for finding in found_in(path) if (lack := unfounded(finding.impact))]

    assert lacking == []


@pytest.mark.parametrize("path", CASE_PATHS, ids=[f"{path.parent.name}/{path.stem}" for path in CASE_PATHS])
def test_a_change_of_a_line_that_is_spoken_of_hears_of_it(path: Path) -> None:
    unheard = []
    for finding in found_in(path):
        said = {int(line) for named in LINES.findall(finding.message) for line in re.findall(r"\d+", named)}
        places = (*finding.places, *finding.call_path)
        if said - {finding.line} - {place.line for place in places}:
            unheard.append(f"{finding.code} {finding.message}")

    assert unheard == []


@pytest.mark.parametrize("path", CASE_PATHS, ids=[f"{path.parent.name}/{path.stem}" for path in CASE_PATHS])
def test_what_to_do_is_said_in_a_sentence(path: Path) -> None:
    fragments = {
        f"{finding.code} {finding.instead}"
        for finding in found_in(path)
        if not SENTENCE.fullmatch(" ".join(finding.instead.split())) or len(finding.instead.split()) < 5
    }

    assert fragments == set()


def test_a_point_and_an_estimate_without_assumptions_are_unfounded() -> None:
    assumed: dict[str, float | int | str] = {"http_latency_ms": "50–200"}

    assert unfounded(Impact("waits about 100 ms less", "", assumed)).startswith("no range")
    assert unfounded(Impact("at 50–200 ms upstream: waits 100 ms less", "", assumed)).startswith("no range")
    assert unfounded(Impact("waits 50 → 0 ms")).startswith("no assumption")
    assert not unfounded(Impact("waits 50–200 → 0 ms", "", assumed))
    assert not unfounded(Impact("40 such calls stop the process", "", {"threads": 40}))
    assert not unfounded(Impact())


@pytest.mark.parametrize("path", CASE_PATHS, ids=[f"{path.parent.name}/{path.stem}" for path in CASE_PATHS])
def test_half_of_a_case_are_near_misses(path: Path) -> None:
    case = Case.read(path)
    marked = {(file, line) for file, line, _ in case.marks()}
    silent = [
        (file, node.lineno)
        for file, raw in case.sources.items()
        for node in ast.walk(ast.parse(raw))
        if isinstance(node, ast.stmt)
        and not isinstance(node, ast.Import | ast.ImportFrom)
        and (file, node.lineno) not in marked
    ]
    silent += [
        (file, number)
        for file, text in case.documents.items()
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#") and (file, number) not in marked
    ]

    assert marked
    assert len(silent) >= len(marked)


def test_marks_are_read_from_comments_only() -> None:
    case = Case(
        "event_loop",
        "x",
        {
            "a.py": b"f()  # FP101\ng()  # FP101 FP601\nh('# FP101')\ni()  # see FP101\nj()  # fastperf: ignore[FP101]\n",
            "requirements.txt": b"fastapi  # FP101\n",
        },
    )

    assert list(case.marks()) == [("a.py", 1, "FP101"), ("a.py", 2, "FP101"), ("a.py", 2, "FP601")]
    assert case.documents == {"requirements.txt": "fastapi  # FP101\n"}
