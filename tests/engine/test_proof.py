"""What a fix must keep to be offered. The analysis here is a small one that finds calls by name."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Sequence

import libcst as cst
import msgspec
import pytest

from rules.engine.finding import (
    Confidence,
    Effort,
    Finding,
    Impact,
    ProvenFix,
    Result,
    Safety,
    Severity,
    Skipped,
)
from rules.engine.fixing import fixes, proofs, rewrites
from rules.engine.reading.edits import apply
from rules.engine.rule import Fix, Match

Analysis = Callable[[bytes], Result]


def finding(node: ast.AST, code: str, symbol: str, severity: Severity = Severity.HIGH) -> Finding:
    return Finding(
        code=code,
        name="made-up",
        severity=severity,
        confidence=Confidence.CERTAIN,
        gates=True,
        effort=Effort.MINUTES,
        path="app.py",
        line=node.lineno,  # type: ignore[attr-defined]  # calls have lines
        column=1,
        end_line=node.lineno,  # type: ignore[attr-defined]  # as above
        end_column=2,
        symbol=symbol,
        endpoint=None,
        message="",
        why="",
        instead="",
        trade_offs="",
        metric="",
        impact=Impact(),
        call_path=(),
        fix=None,
        fingerprint=str(node.lineno),  # type: ignore[attr-defined]  # as above
    )


def calls(codes: dict[str, str]) -> Analysis:
    """An analysis that reports each call of a function whose dotted name is in `codes`."""

    def analyse(raw: bytes) -> Result:
        found = (
            finding(node, code, getattr(function, "name", ""))
            for function in ast.parse(raw).body
            for node in ast.walk(function)
            if isinstance(node, ast.Call) and (code := codes.get(ast.unparse(node.func)))
        )
        return Result(findings=tuple(found))

    return analyse


def prove(
    finding: Finding,
    match: Match,
    *,
    tree: ast.Module,
    raw: bytes,
    before: Sequence[Finding],
    analyse: Analysis,
) -> ProvenFix | None:
    made = fixes.make(finding, match, raw=raw, tree=tree)
    if made is None:
        return None
    tried = proofs.proven(
        [proofs.candidate({}, finding, made)],
        {finding.path: raw},
        {finding.path: before},
        lambda changed: {path: analyse(text) for path, text in changed.items()},
        lambda: True,
    )
    return tried[0][1] if tried else None


def proven(source: str, fix: Fix, analyse: Analysis, name: str = "time.sleep") -> str | None:
    raw = source.encode()
    tree = ast.parse(raw)
    node = next(n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == name)
    before = analyse(raw).findings
    (target, *_) = (each for each in before if each.line == node.lineno)
    result = prove(target, Match(node, "", fix=fix), tree=tree, raw=raw, before=before, analyse=analyse)
    return None if result is None else apply(raw, result.edits).decode()


SOURCE = "import asyncio\nasync def f():\n    time.sleep(1)\n"
SLEEPS = calls({"time.sleep": "FP101"})
SLEEP = Fix(rewrites.awaited("asyncio.sleep"), imports=("asyncio",), safety=Safety.SAFE)


def expression(text: str) -> Fix:
    return Fix(lambda call: cst.parse_expression(text))


def test_a_fix_that_keeps_every_promise_is_offered() -> None:
    assert proven(SOURCE, SLEEP, SLEEPS) == "import asyncio\nasync def f():\n    await asyncio.sleep(1)\n"


def test_a_match_without_a_fix_has_none() -> None:
    tree = ast.parse("f()")
    node = tree.body[0]

    assert (
        prove(finding(node, "FP101", ""), Match(node, ""), tree=tree, raw=b"f()", before=(), analyse=SLEEPS)
        is None
    )


@pytest.mark.parametrize(
    ("fix", "source"),
    [
        pytest.param(expression("time.sleep(2)"), SOURCE, id="the finding stays"),
        pytest.param(expression("requests.get(1)"), SOURCE, id="another finding appears"),
        pytest.param(expression("asyncoi.sleep(1)"), SOURCE, id="a name is unbound"),
        pytest.param(SLEEP, SOURCE.replace("async ", ""), id="await in a plain function"),
        pytest.param(Fix(lambda call: cst.Name("not an expression")), SOURCE, id="it does not parse"),
        pytest.param(Fix(lambda call: call.no_such_thing), SOURCE, id="the rewrite fails"),
        pytest.param(Fix(lambda call: None), SOURCE, id="the rewrite returns nothing"),  # type: ignore[arg-type, return-value]  # what a faulty rule does
    ],
)
def test_a_fix_that_breaks_a_promise_is_dropped(fix: Fix, source: str) -> None:
    analyse = calls({"time.sleep": "FP101", "requests.get": "FP601"})

    assert proven(source, fix, analyse) is None


def test_of_two_equal_findings_one_may_stay() -> None:
    source = "import asyncio\nasync def f():\n    time.sleep(1)\n    time.sleep(1)\n"

    result = proven(source, SLEEP, SLEEPS)

    assert result is not None
    assert result.count("time.sleep") == 1


def test_an_old_finding_of_the_same_line_may_stay() -> None:
    fix = Fix(rewrites.in_thread(), imports=("asyncio",))

    def analyse(raw: bytes) -> Result:
        here = [
            n for n in ast.walk(ast.parse(raw)) if isinstance(n, ast.Call) and "requests" in ast.unparse(n)
        ][:1]
        found = [finding(node, "FP601", "f") for node in here]
        found += [finding(node, "FP101", "f") for node in here if b"to_thread" not in raw]
        return Result(findings=tuple(sorted(found, key=lambda each: each.code)))

    result = proven("import asyncio\nasync def f():\n    requests.get(u)\n", fix, analyse, "requests.get")

    assert result == "import asyncio\nasync def f():\n    await asyncio.to_thread(requests.get, u)\n"


def test_a_finding_that_grows_counts_as_new() -> None:
    def analyse(raw: bytes) -> Result:
        (node,) = ast.parse(raw).body[-1:]
        fixed = b"await" in raw
        found = [finding(node, "FP119", "f", Severity.HIGH if fixed else Severity.LOW)]
        if not fixed:
            found.insert(0, finding(ast.parse(raw).body[1].body[0], "FP101", "f"))  # type: ignore[attr-defined]  # the function
        return Result(findings=tuple(found))

    assert proven(SOURCE, SLEEP, analyse) is None


def test_a_file_that_can_no_longer_be_analysed_has_no_fix() -> None:
    def analyse(raw: bytes) -> Result:
        return SLEEPS(raw) if b"await" not in raw else Result(skipped=(Skipped("app.py", "syntax error"),))

    assert proven(SOURCE, SLEEP, analyse) is None


def test_findings_of_other_files_do_not_count() -> None:
    def analyse(raw: bytes) -> Result:
        found = SLEEPS(raw).findings
        elsewhere = msgspec.structs.replace(finding(ast.parse(raw).body[1], "FP999", "g"), path="b.py")
        return Result(findings=found if b"await" not in raw else (*found, elsewhere))

    assert proven(SOURCE, SLEEP, analyse) is not None


def test_warnings_about_their_code_are_not_ours() -> None:
    source = "import asyncio\nx = '\\d'\nasync def f():\n    time.sleep(1)\n"
    raw = source.encode()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(raw)
    node = tree.body[2].body[0].value  # type: ignore[attr-defined]  # the call in the function
    target = finding(node, "FP101", "f")

    fix = prove(
        target, Match(node, "", fix=SLEEP), tree=tree, raw=raw, before=(target,), analyse=lambda _: Result()
    )

    assert fix is not None
