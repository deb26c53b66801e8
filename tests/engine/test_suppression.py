from __future__ import annotations

import textwrap

import pytest

from rules.engine import suppression
from rules.engine.analysis import analyze
from rules.engine.finding import Confidence, Effort, Finding, Impact, Options, Severity
from rules.engine.reading.edits import apply

KNOWN = {"FP101", "FP103", "FP601"}


def finding(line: int, code: str = "FP101") -> Finding:
    return Finding(
        code=code,
        name="made-up",
        severity=Severity.HIGH,
        confidence=Confidence.CERTAIN,
        gates=True,
        effort=Effort.MINUTES,
        path="app.py",
        line=line,
        column=1,
        end_line=line,
        end_column=2,
        symbol="f",
        endpoint=None,
        message="",
        why="",
        instead="",
        trade_offs="",
        metric="",
        impact=Impact(),
        call_path=(),
        fix=None,
        fingerprint="0",
    )


def parse(text: str) -> suppression.Suppressions:
    return suppression.parse(textwrap.dedent(text).lstrip("\n"))


def silenced(text: str, line: int, code: str = "FP101") -> bool:
    return parse(text).silences(finding(line, code)) is not None


@pytest.mark.parametrize(
    "comment",
    [
        "# fastperf: ignore[FP101]",
        "# fastperf: ignore[FP101] start-up only",
        "#fastperf:ignore[fp101]",
        "# fastperf: ignore[FP601, FP101] both",
        "# noqa: FP101",
        "# noqa: E501,FP101",
        "# noqa: E501 FP101",
        "# type: ignore[misc]  # fastperf: ignore[FP101] and more",
    ],
)
def test_a_comment_on_the_line_silences_its_codes(comment: str) -> None:
    assert silenced(f"time.sleep(1)  {comment}\n", 1)


@pytest.mark.parametrize(
    "line",
    [
        "time.sleep(1)  # fastperf: ignore[FP601] another rule",
        "time.sleep(1)  # noqa: E501",
        "time.sleep(1)  # noqa",
        "time.sleep(1)  # fastperf: ignore",
        "time.sleep('# fastperf: ignore[FP101]')",
        "time.sleep(1)  # fastperf ignores FP101",
    ],
)
def test_other_text_silences_nothing(line: str) -> None:
    assert not silenced(f"{line}\n", 1)


def test_a_comment_on_the_next_statement_silences_nothing() -> None:
    assert not silenced("time.sleep(1)\nfoo()  # fastperf: ignore[FP101]\n", 1)


def test_the_first_and_the_last_line_of_a_statement_count() -> None:
    first = """
        run(  # fastperf: ignore[FP101] reason
            a,
            time.sleep(1),
        )
        """
    last = """
        run(
            a,
            time.sleep(1),
        )  # fastperf: ignore[FP101] reason
        """
    other = """
        run(
            a,  # fastperf: ignore[FP101] reason
            time.sleep(1),
        )
        """
    assert silenced(first, 3)
    assert silenced(last, 3)
    assert not silenced(other, 3)


def test_a_comment_in_the_header_does_not_cover_the_body() -> None:
    text = """
        for x in xs:  # fastperf: ignore[FP101] reason
            time.sleep(1)
        """
    assert silenced(text, 1)
    assert not silenced(text, 2)


def test_a_comment_after_a_string_of_several_lines_counts_for_its_first_line() -> None:
    text = '''
        db.execute("""
            select 1
        """)  # noqa: FP101
        '''
    assert silenced(text, 1)


def test_the_reason_is_kept() -> None:
    found = parse("f()  # fastperf: ignore[FP101] start-up only\n").suppressed(finding(1))

    assert found is not None
    assert (found.code, found.path, found.line, found.reason) == ("FP101", "app.py", 1, "start-up only")


def faults(text: str, *used: Finding, ran: set[str] = KNOWN) -> list[tuple[int, str]]:
    parsed = parse(text)
    for each in used:
        parsed.silences(each)
    return [(found.line, found.message) for found in parsed.findings("app.py", ran=ran, known=KNOWN)]


def test_a_used_comment_is_no_finding() -> None:
    assert faults("f()  # fastperf: ignore[FP101] reason\n", finding(1)) == []


def test_an_unused_comment_is_a_finding_on_its_own_place() -> None:
    parsed = parse("f()\ng()  # fastperf: ignore[FP101] reason\n")

    (found,) = parsed.findings("app.py", ran=KNOWN, known=KNOWN)

    assert (found.code, found.name, found.severity, found.gates) == (
        "FP001",
        "unused-suppression",
        "low",
        False,
    )
    assert (found.path, found.line, found.column, found.end_column) == ("app.py", 2, 6, 38)


def test_each_code_is_accounted_for_by_itself() -> None:
    assert faults("f()  # fastperf: ignore[FP101, FP601]\n", finding(1)) == [
        (1, "FP601 finds nothing here: the comment silences nothing.")
    ]


def test_a_rule_that_did_not_run_leaves_its_comments_alone() -> None:
    assert faults("f()  # fastperf: ignore[FP601]\n", ran={"FP101"}) == []


def test_unknown_codes_are_findings_in_our_form_only() -> None:
    assert faults("f()  # fastperf: ignore[FP999]\n") == [
        (1, "No rule is called `FP999`: the comment silences nothing.")
    ]
    assert faults("f()  # noqa: FP999\n") == []


def test_a_comment_without_a_code_says_how_it_is_written() -> None:
    ((line, message),) = faults("f()  # fastperf: ignore\n")

    assert line == 1
    assert "ignore[FP101]" in message


def test_lines_are_counted_as_the_parser_counts_them() -> None:
    text = "x = 1\r\n\x0cy = 2\r\nf()  # fastperf: ignore[FP101]\r\n"

    assert suppression.parse(text).silences(finding(3)) is not None


def test_text_that_cannot_be_tokenised_keeps_what_came_before() -> None:
    parsed = suppression.parse("f()  # fastperf: ignore[FP101]\ng(\n")

    assert parsed.silences(finding(1)) is not None


@pytest.mark.parametrize(
    ("line", "without"),
    [
        ("f()  # fastperf: ignore[FP101] reason", "f()"),
        ("f()  # fastperf: ignore[FP101, FP601] reason", "f()  # fastperf: ignore[FP601] reason"),
        ("f()  # noqa: FP101", "f()"),
        ("f()  # noqa: E501,FP101", "f()  # noqa: E501"),
        ("f()  # noqa: E501 FP101 why", "f()  # noqa: E501 why"),
        ("f()  # noqa: FP101  # type: ignore[misc]", "f()  # type: ignore[misc]"),
        ("f()  # type: ignore[misc]  # fastperf: ignore[FP101]", "f()  # type: ignore[misc]"),
        ("f()  # fastperf: ignore", "f()"),
        ("    # fastperf: ignore[FP101] alone", None),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_an_unused_comment_is_removed_by_its_fix(line: str, without: str | None, end: str) -> None:
    raw = f"x = 1{end or chr(10)}{line}{end}"

    (found, *_) = suppression.parse(raw).findings("app.py", ran={"FP101"}, known=KNOWN)

    assert found.fix is not None
    assert apply(raw.encode(), found.fix.edits).decode() == raw.replace(
        line + end, "" if without is None else without + end
    )


def test_a_file_with_carriage_returns_only_is_read_line_by_line() -> None:
    parsed = suppression.parse("f()\rg()  # fastperf: ignore[FP101]\r")

    assert parsed.silences(finding(2)) is not None
    assert parsed.silences(finding(1)) is None


def test_whether_comments_count_is_the_folders_business() -> None:
    source = (
        b"import asyncio, time\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\nasync def read():\n"
        b"    time.sleep(1)  # fastperf: ignore[FP101] measured\n    await asyncio.sleep(1)\n"
    )
    options = Options(parts={"strict": Options(allow_inline_ignores=False)})

    found = analyze({"mild/main.py": source, "strict/main.py": source}, options=options).result

    assert [each.path for each in found.findings if each.code == "FP101"] == ["strict/main.py"]
