"""Fixes are proven together, and each still as if it were the only one."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Mapping

import pytest

import rules
from rules.engine.finding import ProvenFix, Result, Safety
from rules.engine.fixing import proofs
from rules.engine.fixing.fixes import Made
from rules.engine.reading.edits import Edit
from tests.engine.test_proof import finding

TWO = b"a()\nb()\n"
TREE = ast.parse(TWO)
A, B = (finding(node, code, "f") for node, code in zip(TREE.body, ("FP101", "FP102"), strict=True))


def candidate(
    found: rules.Finding, line: int, text: str, changes: str = "", about: str = ""
) -> proofs.Candidate:
    edit = Edit("app.py", line, line, text)
    lines = TWO.decode().splitlines(keepends=True)
    lines[line - 1] = text
    made = Made(ProvenFix(Safety.SAFE, (edit,)), "".join(lines).encode())
    places = frozenset({("app.py", changes)} if changes else ())
    return proofs.Candidate(found, made, places, places | ({("app.py", about)} if about else set()))


def proven(
    candidates: list[proofs.Candidate], said: Mapping[bytes, tuple[rules.Finding, ...]]
) -> tuple[set[str], int]:
    """The codes of the fixes that hold, and how many analyses that took; `said` is what each text has."""
    analysed = 0

    def again(changed: Mapping[str, bytes]) -> dict[str, Result]:
        nonlocal analysed
        analysed += 1
        return {path: Result(findings=said[text]) for path, text in changed.items()}

    done = proofs.proven(candidates, {"app.py": TWO}, {"app.py": (A, B)}, again, lambda: True)
    return {found.code for found, _ in done}, analysed


def test_fixes_that_have_nothing_to_do_with_each_other_take_one_analysis() -> None:
    assert proven([candidate(A, 1, "id()\n"), candidate(B, 2, "len()\n")], {b"id()\nlen()\n": ()}) == (
        {"FP101", "FP102"},
        1,
    )


def test_a_fix_that_does_not_hold_takes_no_other_with_it() -> None:
    said = {b"id()\nlen()\n": (B,), b"id()\nb()\n": (B,), b"a()\nlen()\n": (A, B)}

    assert proven([candidate(A, 1, "id()\n"), candidate(B, 2, "len()\n")], said) == ({"FP101"}, 3)


def test_a_fix_that_does_the_work_of_two_is_not_credited_to_both() -> None:
    said = {b"id()\nlen()\n": (), b"id()\nb()\n": (), b"a()\nlen()\n": (A, B)}
    first, second = candidate(A, 1, "id()\n", changes="f"), candidate(B, 2, "len()\n", changes="f")

    assert proven([first, second], said) == ({"FP101"}, 2)


def test_a_fix_of_what_another_finding_is_about_is_tried_for_itself() -> None:
    said = {b"id()\nb()\n": (), b"a()\nlen()\n": (A, B)}
    leaf, caller = (
        candidate(A, 1, "id()\n", changes="leaf"),
        candidate(B, 2, "len()\n", changes="caller", about="leaf"),
    )

    assert proven([leaf, caller], said) == ({"FP101"}, 2)


def test_findings_of_one_rule_in_one_function_are_mended_together() -> None:
    other = finding(TREE.body[1], "FP101", "f")
    both = [candidate(A, 1, "id()\n", changes="f"), candidate(other, 2, "len()\n", changes="f")]
    done = proofs.proven(
        both, {"app.py": TWO}, {"app.py": (A, other)}, lambda changed: {"app.py": Result()}, lambda: True
    )

    assert len(done) == 2


def test_a_name_that_another_fix_binds_does_not_count() -> None:
    """The first one's text alone would read a name that nothing binds."""
    said = {b"import x\nx()\ny = x()\n": (), b"import x\nx()\nb()\n": (B,)}
    makes = candidate(A, 1, "import x\nx()\n")
    needs = candidate(B, 2, "y = x()\n")

    assert proven([needs, makes], said)[0] == {"FP101"}


def test_nothing_more_is_tried_when_time_is_over() -> None:
    done = proofs.proven(
        [candidate(A, 1, "id()\n")], {"app.py": TWO}, {"app.py": (A,)}, lambda changed: {}, lambda: False
    )

    assert done == []


def test_what_goes_along_with_a_fix_is_welcome() -> None:
    """A finding of another rule, whose own fix has its turn in another round."""
    said = {b"id()\nlen()\n": ()}
    other = finding(TREE.body[0], "FP601", "f")
    along = proofs.proven(
        [candidate(A, 1, "id()\n"), candidate(B, 2, "len()\n")],
        {"app.py": TWO},
        {"app.py": (A, B, other)},
        lambda changed: {path: Result(findings=said[text]) for path, text in changed.items()},
        lambda: True,
    )

    assert {found.code for found, _ in along} == {"FP101", "FP102"}


@pytest.mark.parametrize(("count", "named", "most"), [(16, True, 3), (16, False, 9), (64, False, 13)])
def test_one_fix_that_does_not_hold_is_found_in_few_analyses(count: int, named: bool, most: int) -> None:
    """In as many as it takes to halve, or in three where what is wrong names the function."""
    text = b"a()\n" * count
    tree = ast.parse(text)
    before = tuple(finding(node, "FP101", f"f{number}") for number, node in enumerate(tree.body))
    added = finding(tree.body[5], "FP111", "f5" if named else "elsewhere")
    candidates = []
    for number, found in enumerate(before):
        edit = Edit("app.py", number + 1, number + 1, "id()\n")
        made = Made(
            ProvenFix(Safety.SAFE, (edit,)), b"a()\n" * number + b"id()\n" + b"a()\n" * (count - number - 1)
        )
        places = frozenset({("app.py", f"f{number}")})
        candidates.append(proofs.Candidate(found, made, places, places))
    analysed = 0

    def again(changed: Mapping[str, bytes]) -> dict[str, Result]:
        nonlocal analysed
        analysed += 1
        lines = changed["app.py"].splitlines()
        left = tuple(found for found, line in zip(before, lines, strict=True) if line == b"a()")
        return {"app.py": Result(findings=(*left, added) if lines[5] == b"id()" else left)}

    done = proofs.proven(candidates, {"app.py": text}, {"app.py": before}, again, lambda: True)

    assert {found.symbol for found, _ in done} == {f"f{number}" for number in range(count) if number != 5}
    assert analysed <= most


SHOP = """
import time
from fastapi import APIRouter

router = APIRouter()


@router.get("/{name}")
async def {name}() -> None:
    time.sleep(1)
    time.sleep(2)


async def helper_of_{name}() -> None:
    time.sleep(3)
"""


@pytest.mark.parametrize("files", [2, 6])
def test_many_are_proven_as_they_are_one_by_one(files: int) -> None:
    sources = {f"shop/{name}.py": SHOP.replace("{name}", name).encode() for name in "abcdef"[:files]}
    analysis = rules.analyze(sources, options=rules.Options(select=("FP101",)))
    findings = analysis.result.findings

    together = analysis.prove_all(findings)

    assert len(together) == 3 * files
    assert together == [analysis.prove(each) for each in findings]
    assert all(each.fix is not None for each in together)


def test_a_portion_ends_where_a_file_does() -> None:
    findings = rules.analyze(
        {f"shop/{name}.py": SHOP.replace("{name}", name).encode() for name in "abcdef"},
        options=rules.Options(select=("FP101",)),
    ).result.findings

    portions = list(rules.portions(findings))

    assert [each for portion in portions for each in portion] == list(findings)
    assert len(portions[0]) == 9
    assert all(one[-1].path != two[0].path for one, two in itertools.pairwise(portions))
    assert len(next(iter(rules.portions(findings, whole_files=False)))) == 8
