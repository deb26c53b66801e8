from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from app.analysis import Analysis, AnalysisError, Request
from app.analysis.blobs import blob_sha
from app.analysis.pool import HERE
from rules import ModuleFacts
from tests.app.analysis.archives import packed

SLEEPING = b"import time\n\n\nasync def report():\n    time.sleep(1)\n"
QUIET = b"import asyncio\n\n\nasync def report():\n    await asyncio.sleep(1)\n"
# ast reads this at once; building the fix, a new function, takes libcst seconds.
HEAVY = (
    b"""\
import time
from fastapi import FastAPI
app = FastAPI()


@app.get("/report")
async def report():
    time.sleep(1)
"""
    + b"    x = a + b\n" * 2_900
)
# Enough work for a worker to be caught in the middle of it.
LONG = {f"part{number}.py": QUIET * 600 for number in range(60)}


@pytest.fixture
async def analysis() -> AsyncIterator[Analysis]:
    async with Analysis(1) as pool:
        yield pool


async def test_only_what_is_new_gets_its_fix(analysis: Analysis) -> None:
    moved = b"import time\n\n\nasync def report():\n    x = 1\n    time.sleep(1)\n\n\nasync def other():\n    time.sleep(2)\n"

    comparison = await analysis.compare(Request(before={"api.py": SLEEPING}, after={"api.py": moved}))

    assert [(found.symbol, found.line) for found in comparison.before.findings] == [("report", 5)]
    assert [(found.symbol, found.line, found.fix is not None) for found in comparison.after.findings] == [
        ("report", 6, False),
        ("other", 10, True),
    ]
    assert comparison.excerpts == {"api.py": {10: "    time.sleep(2)\n"}}


async def test_facts_of_the_rest_of_the_project_lead_to_findings(analysis: Analysis) -> None:
    facts, skipped = await analysis.extract(
        {"shop/clients.py": b"import requests\n\n\ndef fetch(url):\n    return requests.get(url)\n"}
    )
    api = b"from shop.clients import fetch\n\n\nasync def orders():\n    return fetch('u')\n"

    comparison = await analysis.compare(Request(before={}, after={"shop/api.py": api}, others={**facts}))

    assert skipped == []
    (found,) = comparison.after.findings
    assert [(hop.path, hop.line) for hop in found.call_path] == [("shop/api.py", 5), ("shop/clients.py", 5)]
    assert msgspec.msgpack.decode(comparison.facts["shop/api.py"], type=ModuleFacts)


async def test_a_file_that_cannot_be_read_is_skipped_with_its_reason(analysis: Analysis) -> None:
    facts, skipped = await analysis.extract({"a.py": b"x = (\n", "b.py": b"x = 1\n", "c.py": b"\0"})
    comparison = await analysis.compare(Request(before={}, after={"a.py": b"x = (\n", "b.py": SLEEPING}))

    assert set(facts) == {"b.py"}
    assert {skip.path for skip in skipped} == {"a.py", "c.py"}
    assert all(skip.reason for skip in skipped)
    assert [skip.path for skip in comparison.after.skipped] == ["a.py"]
    assert [found.path for found in comparison.after.findings] == ["b.py"]


async def test_one_version_is_examined_with_all_fixes(analysis: Analysis) -> None:
    result = await analysis.examine({"api.py": SLEEPING, "quiet.py": QUIET})

    (found,) = result.findings
    assert found.fix is not None


async def test_a_fix_that_cannot_be_tried_costs_the_fix_and_not_the_finding() -> None:
    async with Analysis(1, file_deadline=0.5) as analysis:
        comparison = await analysis.compare(
            Request(before={}, after={"heavy.py": HEAVY, "good.py": HEAVY[: HEAVY.index(b"    x =")]})
        )

    fixes = {found.path: found.fix is not None for found in comparison.after.findings}
    assert fixes == {"heavy.py": False, "good.py": True}
    assert comparison.after.skipped == ()


async def test_an_archive_becomes_facts_documents_and_blobs(analysis: Analysis, tmp_path: Path) -> None:
    content = packed({"a.py": SLEEPING, "bad.py": b"(", "pyproject.toml": b"[project]\n", "x.png": b"\x89"})
    archive = tmp_path / "source.tar.gz"
    await asyncio.to_thread(archive.write_bytes, content)

    for given in (content, archive):
        unpacked = await analysis.unpack(given)

        assert unpacked.complete
        assert set(unpacked.facts) == {"a.py"}
        assert unpacked.blobs == {"a.py": blob_sha(SLEEPING), "bad.py": blob_sha(b"(")}
        assert unpacked.documents == {"pyproject.toml": "[project]\n"}
        assert [skip.path for skip in unpacked.skipped] == ["bad.py"]


async def test_a_broken_archive_is_an_error_of_one_line(analysis: Analysis) -> None:
    with pytest.raises(AnalysisError, match=r"^the source archive cannot be read"):
        await analysis.unpack(b"nonsense")


async def test_a_worker_that_somebody_kills_is_replaced_and_its_task_done(analysis: Analysis) -> None:
    (first,) = analysis.pids
    task = asyncio.create_task(analysis.extract(LONG))
    await asyncio.sleep(0.1)
    assert not task.done()
    os.kill(first, signal.SIGKILL)

    facts, skipped = await task

    assert set(facts) == set(LONG)
    assert skipped == []
    assert analysis.pids != (first,)


async def test_a_worker_killed_at_rest_is_replaced(analysis: Analysis) -> None:
    (first,) = analysis.pids
    os.kill(first, signal.SIGKILL)

    facts, _ = await analysis.extract({"a.py": QUIET})

    assert set(facts) == {"a.py"}


async def test_a_cancelled_request_leaves_the_pool_healthy(analysis: Analysis) -> None:
    task = asyncio.create_task(analysis.extract(LONG))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    facts, _ = await analysis.extract({"a.py": QUIET})

    assert set(facts) == {"a.py"}


async def test_a_request_cancelled_while_its_worker_starts_loses_no_process() -> None:
    pool = Analysis(workers=1)
    await pool.start()
    (pid,) = pool.pids
    os.kill(pid, signal.SIGKILL)
    while pool.pids:  # noqa: ASYNC110 - nobody tells when a process is gone
        await asyncio.sleep(0.01)
    asking = asyncio.create_task(pool.extract({"a.py": b""}))
    while (starting := pool._slots[0].filling) is None or starting.done():  # noqa: ASYNC110 - nor when one begins
        await asyncio.sleep(0)
    for _ in range(3):  # more than once, as everybody who waits for it is cancelled at the end
        asking.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert pool.pids == ()

    await pool.close()

    assert starting.done()
    assert pool._slots[0].worker is None
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(pool.extract({"a.py": b""}), 0.2)
    assert pool.pids == ()


async def test_a_long_request_does_not_stop_the_others() -> None:
    async with Analysis(2) as analysis:
        await asyncio.gather(
            *(analysis.extract(dict(list(LONG.items())[:4])) for _ in range(2))
        )  # both are up
        slow = asyncio.create_task(analysis.extract(LONG))
        await asyncio.sleep(0.1)
        other = await analysis.compare(Request(before={}, after={"good.py": SLEEPING}))
        assert not slow.done()
        assert len(other.after.findings) == 1
        facts, _ = await slow
        assert set(facts) == set(LONG)


async def test_a_request_over_its_deadline_ends_with_every_file_skipped() -> None:
    async with Analysis(1, deadline=0.05) as analysis:
        comparison = await analysis.compare(Request(before={}, after=LONG))

    assert {skip.path for skip in comparison.after.skipped} == set(LONG)
    assert comparison.after.skipped[0].reason == "time limit: one review may take 0.05 s"


async def test_workers_know_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """And need no folder that can be written to."""

    def nowhere() -> str:
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr("tempfile.gettempdir", nowhere)
    monkeypatch.setenv("FASTPERF_PRIVATE_KEY", "canary")
    async with Analysis(1) as analysis:
        (pid,) = analysis.pids
        environment, limits, files = await asyncio.to_thread(seen_from_outside, pid)

    assert environment == b"LANG=C.UTF-8\0"
    rows = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()[1:]}
    assert rows["Max address space"] == ["1500000000", "1500000000"]
    assert rows["Max core file size"] == ["0", "0"]
    assert rows["Max file size"] == ["0", "0"]
    assert rows["Max open files"] == ["64", "64"]
    assert all(str(file).startswith(("pipe:", "/dev/null")) for file in files), files


def test_workers_die_with_their_parent(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import asyncio
        from app.analysis import Analysis
        async def main():
            async with Analysis(2) as analysis:
                print(*analysis.pids, flush=True)
                await asyncio.sleep(600)
        asyncio.run(main())
    """)
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=HERE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.kill()
    until = time.monotonic() + 10
    while (left := [pid for pid in pids if state(pid) != "Z"]) and time.monotonic() < until:
        time.sleep(0.02)

    assert not left


def seen_from_outside(pid: int) -> tuple[bytes, str, set[Path]]:
    """Environment, limits and open files of a process."""
    folder = Path(f"/proc/{pid}")
    return (
        (folder / "environ").read_bytes(),
        (folder / "limits").read_text(),
        {path.readlink() for path in (folder / "fd").iterdir()},
    )


def state(pid: int) -> str:
    """One letter, `Z` for a process that is gone or only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_the_analysis_imports_neither_the_web_nor_the_jobs() -> None:
    code = "import sys, app.analysis.pool, app.analysis.worker; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=HERE, capture_output=True, text=True, check=True)

    assert not {"aiohttp", "dbos", "gidgethub", "sqlalchemy"} & set(done.stdout.split())


def test_a_worker_imports_nothing_but_rules_and_their_libraries() -> None:
    code = "import sys, app.analysis.worker; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=HERE, capture_output=True, text=True, check=True)
    ours = {name for name in done.stdout.split() if name.split(".")[0] == "app"}

    assert ours == {
        *("app", "app.analysis", "app.analysis.worker", "app.analysis.messages", "app.analysis.archive"),
        *("app.analysis.documents", "app.analysis.confinement", "app.analysis.telling", "app.analysis.blobs"),
        "app.analysis.filenames",
    }
    assert "asyncio" not in done.stdout.split()


async def test_a_review_reads_so_many_bytes_and_files_and_changed_ones_first(
    analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = {"same.py": b"x = 1\n"}
    after = {"a.py": SLEEPING, "b.py": SLEEPING, "long.py": SLEEPING + b"#" * 900}

    monkeypatch.setattr("app.analysis.pool.MOST_SOURCES", 2)
    few = await analysis.compare(Request(before=same, after={**after, **same}))
    monkeypatch.setattr("app.analysis.pool.MOST_SOURCES", 100)
    monkeypatch.setattr("app.analysis.pool.MOST_SOURCE_BYTES", 500)
    small = await analysis.compare(Request(before=same, after={**after, **same}))

    assert [found.path for found in few.after.findings] == ["a.py", "b.py"]
    assert {skip.path for skip in few.after.skipped} == {"long.py", "same.py"}
    assert all("2 files at most" in skip.reason for skip in few.after.skipped)
    assert [found.path for found in small.after.findings] == ["a.py", "b.py"]
    assert [skip.path for skip in small.after.skipped] == ["long.py"]
    assert "of source at most" in small.after.skipped[0].reason
