"""An answer that cannot be sent as it is: the file that makes it so is named, the others have theirs."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

import rules
from app.analysis import Analysis, Request
from app.analysis.messages import Comparison, Done, Extracted, Failed, Frame, Ready, Refused, Told
from app.analysis.pool import AnalysisError
from app.analysis.worker import Connection, Limits
from rules.engine.finding import Result

SLEEPS = b"import time\n\n\nasync def report():\n    time.sleep(1)\n"
HALF = "\ud800"
HUGE = 1 << 70


def said(result: Result) -> dict[str, str]:
    return {finding.path: finding.message for finding in result.findings}


def analyzed(*paths: str) -> Result:
    return rules.analyze(dict.fromkeys(paths, SLEEPS), options=rules.Options(select=("FP101",))).result


def spoiled(result: Result, path: str, **values: Any) -> Result:
    """With something in what is said of `path` that no encoding has."""
    findings = (
        msgspec.structs.replace(finding, **values) if finding.path == path else finding
        for finding in result.findings
    )
    return msgspec.structs.replace(result, findings=tuple(findings))


def sent(*frames: Frame) -> list[Frame]:
    """What arrives at the other end."""
    line = io.BytesIO()
    connection = Connection(io.BytesIO(), line, Limits(memory_bytes=1, file_seconds=0, task_seconds=1))
    for frame in frames:
        connection.send(frame)
    line.seek(0)
    arrived: list[Frame] = []
    while header := line.read(4):
        arrived.append(msgspec.msgpack.decode(line.read(int.from_bytes(header)), type=Frame))
    return arrived


@pytest.mark.parametrize(
    "values", [{"message": HALF}, {"line": HUGE}, {"siblings": (HUGE,)}], ids=["half", "number", "numbers"]
)
def test_a_file_that_no_answer_can_hold_is_skipped_in_both_versions_and_the_others_are_told(
    values: dict[str, Any],
) -> None:
    result = analyzed("bad.py", "good.py")
    comparison = Comparison(
        before=result, after=spoiled(result, "bad.py", **values), excerpts={"bad.py": {}, "good.py": {}}
    )

    (answer, examined) = sent(Done(comparison=comparison, peak_bytes=7), Done(result=comparison.after))

    assert isinstance(answer, Done)
    assert isinstance(examined, Done)
    assert answer.comparison is not None
    assert examined.result is not None
    assert answer.peak_bytes == 7
    assert answer.comparison.excerpts == {"good.py": {}}
    for told in (answer.comparison.before, answer.comparison.after, examined.result):
        assert set(said(told)) == {"good.py"}
        assert [(skip.path, skip.reason.partition(" (")[0]) for skip in told.skipped] == [
            ("bad.py", "what it leads to cannot be told")
        ]


def _deep() -> Any:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    return nested


@pytest.mark.parametrize("spoil", [lambda: HUGE, _deep], ids=["number", "depth"])
def test_an_answer_that_no_file_spoils_is_a_failure_of_one_line(spoil: Callable[[], Any]) -> None:
    (answer, after) = sent(Done(peak_bytes=spoil()), Ready())

    assert isinstance(answer, Failed)
    assert answer.reason in {
        "the answer cannot be told (OverflowError)",
        "the answer cannot be told (RecursionError)",
    }
    assert isinstance(after, Ready)


def test_what_is_told_by_the_way_waits_for_the_answer_and_a_refusal_keeps_its_name() -> None:
    finding = spoiled(analyzed("bad.py"), "bad.py", message=HALF).findings[0]

    (refused, extracted) = sent(Told(finding), Refused(f"{HALF}.py", "odd"), Extracted("good.py", b"facts"))

    assert isinstance(refused, Refused)
    assert refused.path == "\N{REPLACEMENT CHARACTER}.py"
    assert isinstance(extracted, Extracted)


async def test_names_that_cannot_be_told_to_a_worker_are_told_to_the_author() -> None:
    named = {f"{HALF}.py": SLEEPS, "good.py": SLEEPS}
    async with Analysis(1) as analysis:
        comparison = await analysis.compare(Request(before={}, after=named))
        result = await analysis.examine(named)
        facts, skipped = await analysis.extract(named)

    assert set(facts) == {"good.py"}
    for told in (comparison.after.skipped, result.skipped, skipped):
        assert [(skip.path, skip.reason) for skip in told] == [
            ("\N{REPLACEMENT CHARACTER}.py", "its name is not UTF-8")
        ]
    assert set(said(comparison.after)) == set(said(result)) == {"good.py"}


@pytest.mark.parametrize("nonsense", [b"\0\0\0\x01x", b"\xff\xff\xff\xff"], ids=["no frame", "endless"])
async def test_a_worker_that_speaks_nonsense_is_replaced(
    monkeypatch: pytest.MonkeyPatch, nonsense: bytes
) -> None:
    """Whoever took it over could say anything: the next request gets another process."""
    from app.analysis import pool

    monkeypatch.setattr(pool, "BOOT", pool.BOOT.replace("main(int", f"{SPOILED.format(nonsense)}main(int"))
    async with Analysis(1) as analysis:
        (first,) = analysis.pids
        with pytest.raises(AnalysisError, match=r"^the analysis process sent (nonsense|too much)"):
            await analysis.compare(Request(before={}, after={"good.py": SLEEPS}))
        monkeypatch.undo()
        comparison = await analysis.compare(Request(before={}, after={"good.py": SLEEPS}))

        assert analysis.pids != (first,)
    assert set(said(comparison.after)) == {"good.py"}


SPOILED = """\
from app.analysis.worker import Connection
def begin(connection, *_):
    connection._write.write({!r})
    connection._write.flush()
Connection.begin = begin
"""
