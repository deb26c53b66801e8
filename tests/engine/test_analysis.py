"""The whole of it: skipped files, crashing rules, suppressions, places, proofs, what else is affected."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator

import msgspec
import pytest

from rules import (
    Confidence,
    Effort,
    Finding,
    Match,
    ModuleFacts,
    Options,
    Rule,
    Severity,
    SourceError,
    affected,
    analyze,
    extract,
)
from rules.engine import registry
from rules.engine.module import Module
from rules.engine.reading.source import MAX_BYTES, MAX_LINES, Source
from tests.engine.projects import heard, one, only, project, sources

BLOCKS = "import time\n\nasync def f():\n    time.sleep(1)\n"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"def f(:\n", "syntax error on line 1: invalid syntax"),
        (b"x = '\0'", "contains a NUL byte"),
        (b"\xff\xfe", "is not valid utf-8"),
        (b"# coding: rot13\nx = 1", "rot13 is no text encoding"),
        (b"# coding: unicode_escape\nx = 1", "unicode_escape is no text encoding"),
        (b"# coding: nonsense\nx = 1", "unknown encoding nonsense"),
        (b"\xef\xbb\xbf# coding: latin-1\nx = 1", "has a UTF-8 mark but declares latin-1"),
        (b"#" * (MAX_BYTES + 1), "larger than 512 kB"),
        (b"\n" * (MAX_LINES + 1), "longer than 20000 lines"),
        (b"(" * 300 + b")" * 300, None),
        (b"x = " + b"-" * 100_000 + b"1", None),
        (b"x = a" + b".b" * 60_000, None),
    ],
)
def test_what_cannot_be_read_is_skipped_with_its_reason(raw: bytes, reason: str | None) -> None:
    result = analyze({"bad.py": raw, "good.py": BLOCKS.encode()}, options=Options(select=("FP101",))).result

    (skipped,) = result.skipped
    assert skipped.path == "bad.py"
    assert skipped.reason == reason if reason else skipped.reason
    assert [finding.path for finding in result.findings] == ["good.py"]
    with pytest.raises(SourceError):
        extract("bad.py", raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"x = a" + b".b" * 1_000,
        b"x = " + b"a + " * 2_000 + b"a",
        b"x = a" + b".b()" * 500,
        b"x = " + b"[" * 90 + b"]" * 90,
        b"if a: pass\n" + b"elif b: pass\n" * 400,
        b"match x:\n    case " + b"[" * 60 + b"]" * 60 + b": pass\n",
        b"x = " + b"lambda: " * 60 + b"1",
        b"x: " + b"list[" * 90 + b"int" + b"]" * 90,
        b"x: 'list[\"list[str]\"]' = 1",
        b"class A(A): pass\nA().b.c()",
        b"",
    ],
)
def test_odd_but_valid_files_are_analysed(raw: bytes) -> None:
    assert analyze({"odd.py": raw}).result.skipped == ()


@pytest.mark.parametrize(
    ("raw", "line", "column"),
    [
        (b"\xef\xbb\xbfimport time\nasync def f():\n    time.sleep(1)\n", 3, 5),
        (b"import time\r\nasync def f():\r\n    time.sleep(1)\r\n", 3, 5),
        (b"import time\rasync def f():\r    time.sleep(1)\r", 3, 5),
        ("import time\nasync def f():\n    'é𝄞'; time.sleep(1)\n".encode(), 3, 11),
        ("# coding: latin-1\nimport time\nasync def f():\n    'é'; time.sleep(1)\n".encode("latin-1"), 4, 10),
        (b"import time\n\x0casync def f():\n    time.sleep(1)", 3, 5),
        ("import time\nx = '\u2028'\nasync def f():\n    time.sleep(1)\n".encode(), 4, 5),
    ],
)
def test_places_count_characters_in_any_encoding(raw: bytes, line: int, column: int) -> None:
    finding = only(analyze({"app.py": raw}, options=Options(select=("FP101",))))

    assert (finding.line, finding.column, finding.end_line, finding.end_column) == (
        line,
        column,
        line,
        column + 13,
    )


def test_lines_and_newlines_are_those_of_python() -> None:
    source = Source(b"a\r\nb\rc\nd\x0ce")

    assert source.lines == ["a", "b", "c", "d\x0ce"]
    assert source.newline == "\r\n"


@pytest.mark.parametrize("number", ["9" * 30, "0x" + "f" * 6000, "1e999"])
def test_a_number_beyond_all_use_hides_nothing(number: str) -> None:
    """A review that ends with a fault, or skips a file, blocks nothing: a literal must not be the way to that."""
    text = f"import time\nimport requests\n\nLIMIT = {number}\n\nasync def f(most=LIMIT):\n    time.sleep({number})\n"
    text += f'    for _ in range({number}):\n        requests.get("x", timeout={number})\n'

    msgspec.msgpack.encode(extract("a.py", text.encode()))
    result = analyze({"a.py": text.encode()}, options=Options(select=("FP101",))).result

    assert [finding.line for finding in result.findings] == [7, 9]
    assert result.skipped == ()
    msgspec.msgpack.encode(result)


class Crashing(Rule):
    """It crashes."""

    code = "FP199"
    severity = Severity.LOW
    effort = Effort.MINUTES
    watch = "nothing"

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if module.path == "b.py":
            raise ValueError("oh")
        yield Match(node, "found")


def test_a_rule_that_crashes_on_one_file_is_a_line_in_the_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    both = (*registry.rules(), Crashing())
    monkeypatch.setattr(registry, "rules", lambda: both)

    result = analyze(
        {"a.py": BLOCKS.encode(), "b.py": BLOCKS.encode()}, options=Options(select=("FP101", "FP199"))
    ).result

    assert [(f.path, f.code) for f in result.findings] == [
        ("a.py", "FP101"),
        ("a.py", "FP199"),
        ("b.py", "FP101"),
    ]
    assert [(s.path, s.reason) for s in result.skipped] == [
        ("b.py", "FP199 failed on line 4: ValueError: oh")
    ]


def test_suppressions_silence_and_unused_ones_are_told() -> None:
    text = BLOCKS.replace(
        "sleep(1)", "sleep(1)  # fastperf: ignore[FP101] a test\n    x = 1  # fastperf: ignore[FP101] nothing"
    )
    result = one(text, select=("FP101", "FP001")).result

    assert [(s.code, s.line, s.reason) for s in result.suppressed] == [("FP101", 4, "a test")]
    assert [(f.code, f.line) for f in result.findings] == [("FP001", 5)]
    strict = analyze(
        sources({"app.py": text}), options=Options(select=("FP101",), allow_inline_ignores=False)
    ).result
    assert [(f.code, f.line) for f in strict.findings] == [("FP101", 4)]


def test_severities_and_own_callables_come_from_the_options() -> None:
    text = "from shop import slow, fine\nimport time\n\nasync def f():\n    slow.call()\n    time.sleep(1)\n    fine()\n"
    files = {"app.py": text, "shop/__init__.py": "", "shop/slow.py": "def call(): ..."}
    options = Options(
        select=("FP101",),
        severity={"FP1": Severity.INFO, "FP101": Severity.MEDIUM},
        blocking=("shop.slow.*:net",),
        nonblocking=("time.sleep",),
    )
    found = analyze(sources(files), options=options).result.findings

    assert [(f.line, f.severity) for f in found] == [(5, Severity.MEDIUM)]


HELPER = {
    "shop/__init__.py": "",
    "shop/api.py": """
        from fastapi import FastAPI
        from shop.shipping import status
        from shop.other import untouched

        app = FastAPI()

        @app.get("/tracking")
        async def tracking(id: int):
            untouched()
            return status(id)
    """,
    "shop/shipping.py": """
        import requests

        def status(number):
            return fetch(number)

        def fetch(number):
            return requests.get(number, timeout=5)
    """,
    "shop/other.py": "def untouched():\n    return 1\n",
}


def test_findings_through_helpers_say_where_they_may_be_said() -> None:
    finding = next(f for f in project(HELPER, select=("FP103",)).result.findings)

    assert finding.path == "shop/api.py"
    assert [(hop.path, hop.line) for hop in finding.places[:3]] == [
        ("shop/api.py", 10),  # the asynchronous caller is at fault, not the helper
        ("shop/shipping.py", 7),
        ("shop/shipping.py", 4),
    ]
    assert str(finding.endpoint) == "GET /tracking"
    assert finding.cause


def test_facts_of_other_files_serve_as_well_as_their_sources() -> None:
    files = sources(HELPER)
    whole = analyze(files).result
    others = {
        path: msgspec.msgpack.decode(msgspec.msgpack.encode(extract(path, raw)), type=ModuleFacts)
        for path, raw in files.items()
        if path != "shop/api.py"
    }
    part = analyze({"shop/api.py": files["shop/api.py"]}, others=others).result

    assert part.findings == tuple(f for f in whole.findings if f.path == "shop/api.py")
    assert part.findings
    assert part.endpoints == whole.endpoints


def test_facts_of_tests_say_nothing_of_what_they_import() -> None:
    script = f'{BLOCKS}\n\nif __name__ == "__main__":\n    print()\n'.encode()
    others = {"tests/test_fill.py": extract("tests/test_fill.py", b"from fill import f\n")}

    assert analyze({"fill.py": script}).result.findings == ()
    assert analyze({"fill.py": script}, others=others).result.findings == ()
    assert analyze({"fill.py": script}, others={"api.py": others["tests/test_fill.py"]}).result.findings


def test_facts_of_models_and_migrations_survive_being_stored() -> None:
    text = textwrap.dedent(
        """
        import sqlalchemy as sa
        from alembic import op
        from sqlalchemy.orm import DeclarativeBase, mapped_column

        class Base(DeclarativeBase):
            pass

        class Order(Base):
            __tablename__ = "orders"
            id = mapped_column(primary_key=True, sort_order=99999999999999999999999)
            name = mapped_column(comment="\\ud800")

        def upgrade():
            op.create_table("orders", sa.Column("id", sa.Integer(), nullable=False))
        """
    )
    for path in ("shop/models.py", "alembic/versions/0a1b2c3d4e5f_orders.py"):
        found = extract(path, text.encode())
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=ModuleFacts) == found


def test_facts_do_not_know_their_path() -> None:
    raw = sources(HELPER)["shop/shipping.py"]

    assert extract("a.py", raw) == extract("b/c.py", raw)


def test_untouched_callers_of_a_changed_helper_are_affected() -> None:
    after = sources(HELPER)
    before = {**after, "shop/shipping.py": b"def status(number):\n    return 1\n"}
    others = {path: extract(path, raw) for path, raw in after.items() if path != "shop/shipping.py"}

    first = analyze({"shop/shipping.py": before["shop/shipping.py"]}, others=others)
    second = analyze({"shop/shipping.py": after["shop/shipping.py"]}, others=others)

    assert affected(first, second) == {"shop/api.py"}
    assert affected(second, second) == frozenset()


def test_a_helper_that_an_endpoint_now_reaches_is_affected() -> None:
    lonely = {
        **HELPER,
        "shop/api.py": "from fastapi import FastAPI\napp = FastAPI()\n",
    }
    others = {path: extract(path, raw) for path, raw in sources(HELPER).items() if path != "shop/api.py"}
    first = analyze({"shop/api.py": sources(lonely)["shop/api.py"]}, others=others)
    second = analyze({"shop/api.py": sources(HELPER)["shop/api.py"]}, others=others)

    assert affected(first, second) == {"shop/shipping.py", "shop/other.py"}


def test_a_fix_is_proven_by_applying_it() -> None:
    analysis = one(BLOCKS)
    finding = only(analysis)
    assert finding.fix is None

    proven = analysis.prove(finding)

    assert proven.fix is not None
    assert {edit.replacement for edit in proven.fix.edits} >= {"    await asyncio.sleep(1)\n"}


def test_fingerprints_are_unique_and_survive_shifting_lines() -> None:
    doubled = BLOCKS + "    time.sleep(1)\n"
    first = one(doubled).result.findings
    second = one("\n\n# moved\n" + doubled).result.findings

    assert len({f.fingerprint for f in first}) == 2
    assert [f.fingerprint for f in first] == [f.fingerprint for f in second]


def test_results_are_the_same_each_time() -> None:
    def told() -> tuple[Finding, ...]:
        return project(HELPER, select=()).result.findings

    assert told() == told()


def test_what_is_done_with_is_gathered_for_who_ends_soon_as_far_as_lines_are_kept() -> None:
    files = {f"{folder}/{name}.py": BLOCKS.encode() for folder in ("shop", "tests") for name in ("a", "b")}
    spent: list[object] = []
    few: list[object] = []

    result = analyze(files, spent=spent).result

    assert (
        result.findings
        == analyze(files).result.findings
        == analyze(files, spent=few, kept_lines=5).result.findings
    )
    assert len(spent) == 2  # the tests were not even read
    assert len(few) == 1


def test_it_is_said_which_file_comes_next_and_when_none_does() -> None:
    begun: list[str] = []
    files = sources({"a.py": "x = 1\n", "b.py": "y = 1\n", "tests/test_a.py": "z = 1\n"})

    analyze(files, begin=begun.append)

    assert begun == ["a.py", "b.py", "", "a.py", "b.py", ""]


SHARED = """
    from fastapi import FastAPI
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    app = FastAPI()
    session = Session(create_engine("postgresql://"))

    def load(numbers: list[int]) -> None:
        for number in numbers:
            session.get(int, number)
"""


def test_what_matters_per_request_is_a_hint_where_no_request_is_seen_to_come() -> None:
    reached = (
        SHARED
        + """
    @app.get("/")
    def read(numbers: list[int]) -> None:
        load(numbers)
"""
    )

    (alone,) = one(SHARED, select=("FP201",)).result.findings
    (served,) = one(reached, select=("FP201",)).result.findings

    assert (alone.severity, alone.confidence, alone.gates) == (Severity.LOW, Confidence.POSSIBLE, False)
    assert (served.severity, heard(served), served.gates) == (Severity.HIGH, Confidence.CERTAIN, True)


def test_a_helper_that_may_not_ask_at_all_is_a_hint() -> None:
    text = """
    from fastapi import FastAPI
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    app = FastAPI()
    session = Session(create_engine("postgresql://"))

    def always(number: int) -> None:
        session.get(int, number)

    def sometimes(number: int, household: int | None) -> None:
        if household:
            print(household)
        else:
            session.get(int, number)

    @app.get("/")
    def read(numbers: list[int], household: int | None = None) -> None:
        for number in numbers:
            always(number)
        for number in numbers:
            sometimes(number, household)
        for number in numbers:
            sometimes(number, 3)  # then it does not ask
"""

    first, second = one(text, select=("FP202",)).result.findings

    assert (first.severity, first.as_new().confidence) == (Severity.HIGH, Confidence.LIKELY)
    assert (second.severity, second.as_new().confidence) == (Severity.MEDIUM, Confidence.POSSIBLE)


@pytest.mark.parametrize(("helper", "said"), [("owner_of", "FP202"), ("export_owner", "FP221")])
def test_a_session_that_a_helper_opens_in_a_loop_is_said_once(helper: str, said: str) -> None:
    source = f"""
        from fastapi import Depends, FastAPI
        from sqlalchemy import create_engine, select
        from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

        app = FastAPI()
        SessionLocal = sessionmaker(create_engine("postgresql://db"))

        class Base(DeclarativeBase):
            pass

        class Order(Base):
            __tablename__ = "orders"
            id: Mapped[int] = mapped_column(primary_key=True)
            owner_id: Mapped[int]

        def {helper}(number: int) -> str:
            with SessionLocal() as session:
                return session.scalar(select(Order.owner_id).where(Order.id == number))

        @app.get("/orders")
        def list_orders(session: Session = Depends(SessionLocal)) -> list[str]:
            orders = session.scalars(select(Order)).all()
            return [{helper}(order.id) for order in orders]
        """

    assert only(one(source, select=("FP202", "FP221"))).code == said
