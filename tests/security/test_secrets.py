"""Threats 20, 23, 24, 31 and 32: what we hold, what we show and what we are made of."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pickle
import re
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import tomllib
import zlib
from html.parser import HTMLParser
from pathlib import Path

import pytest
from aiohttp import ClientSession

from app import credentials
from app.analysis import Analysis, confinement, pool
from app.credentials import CredentialsError
from tests.app.process import ROOT, AppProcess, environment_for
from tests.app.recovery import children_of
from tests.app.service import FILES, SLOW, settings_for
from tests.app.test_setup import Visit, form
from tests.fakegithub import FakeGitHub

SECOND = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
CANARY = "sk_live_c4n4ryc4n4ryc4n4ryc4n4ry"
TOKEN = "ghs_c4n4ry0123456789_abcdefghijklmnop"
WITH_KEYS = {
    "shop/keys.py": f'STRIPE = "{CANARY}"\nTOKEN = "{TOKEN}"\n',
    "shop/main.py": SLOW["shop/main.py"].replace(
        '@app.get("/orders/{number}")\n', f'KEY = "{CANARY}"\n\n\n@app.get("/orders/{{number}}")\n'
    ),
    "shop/broken.py": f'KEY = "{CANARY}"\ndef (:\n',
}


async def test_20_no_secret_and_no_line_of_source_is_in_logs_comments_metrics_or_pages(
    running: AppProcess, fakegithub: FakeGitHub, database: str
) -> None:
    """Nor are secrets in the database."""
    repo = fakegithub.add_repo("octo/shop", private=True, files=FILES)
    fakegithub.install("octo", [repo])
    repo.git.commit("slow", WITH_KEYS, parent=repo.git.ref("main"))
    fakegithub.faults.status(502, "repos/compare-commits")
    pull = await fakegithub.open_pr(repo, "slow")
    await fakegithub.until(
        lambda: any(run.status == "completed" for run in fakegithub.check_runs(repo, pull.head_sha)), 40
    )
    (run,) = fakegithub.check_runs(repo, pull.head_sha)
    shown: list[str] = []
    async with ClientSession() as session:
        for headers in (
            {"X-Hub-Signature-256": f"sha256={CANARY}", "X-GitHub-Event": TOKEN},
            {"Authorization": f"Bearer {TOKEN}", "X-GitHub-Delivery": CANARY, "Cookie": f"a={CANARY}"},
        ):
            body = json.dumps({"key": CANARY})
            async with session.post(f"{running.url}/webhook", data=body, headers=headers) as answer:
                assert answer.status == 401
                shown.append(await answer.text() + str(answer.headers))
        for path in (
            f"/{CANARY}",
            f"/rules/{CANARY}",
            f"/reviews/{'0' * 32}?key={CANARY}",
            f"/setup?token={TOKEN}",
        ):
            for accept in ("text/html", "application/json"):
                async with session.get(running.url + path, headers={"Accept": accept}) as answer:
                    shown.append(await answer.text())
        report = run.details_url.replace("https://fastperf.example", running.url)
        async with session.get(report) as answer:
            assert answer.status == 200
            shown.append(await answer.text())
        (line,) = [line for line in running.lines if line["event"] == "metrics_listening"]
        async with session.get(f"http://{line['address']}/metrics") as answer:
            shown.append(await answer.text())
    await running.stop()

    comments = [comment.body for comment in fakegithub.review_comments(repo, pull.number)]
    assert comments
    everything = "\n".join([*running.raw, *shown, *comments, str(run.output)])
    secrets = [
        fakegithub.webhook_secret,
        *fakegithub.private_key.splitlines()[1:-1],
        *fakegithub.state.tokens,
    ]
    for secret in (CANARY, TOKEN, *secrets):
        assert secret not in everything
    files = Path(database.removeprefix("sqlite:///")).parent.glob("*.db*")
    stored = b"".join([await asyncio.to_thread(file.read_bytes) for file in files])
    assert b"octo/shop" in stored
    with contextlib.closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as connection:
        blobs = [zlib.decompress(data) for (data,) in connection.execute("SELECT data FROM fastperf_blobs")]
    assert any(b"status_of" in data for data in blobs), "the facts are there"
    stored += b"".join(blobs)
    for secret in (CANARY, TOKEN, *secrets):
        assert secret.encode() not in stored
    for name in ("octo", "shop/main.py"):
        assert name not in shown[-1], "a metric names somebody"


async def test_23_neither_workers_nor_representations_nor_pickles_hold_the_key(
    running: AppProcess, fakegithub: FakeGitHub, tmp_path: Path
) -> None:
    key_line = fakegithub.private_key.splitlines()[5]
    workers = children_of(running.pid)
    assert workers
    for pid in workers:
        for name in ("environ", "cmdline"):
            held = await asyncio.to_thread(Path(f"/proc/{pid}/{name}").read_bytes)
            assert b"FASTPERF" not in held
            assert key_line.encode() not in held
    arguments = await asyncio.to_thread(Path(f"/proc/{running.pid}/cmdline").read_bytes)
    assert key_line.encode() not in arguments

    settings = settings_for(fakegithub, "sqlite://")
    assert key_line not in repr(settings)
    with pytest.raises(TypeError, match="secrets"):
        pickle.dumps(settings)

    file = tmp_path / "fastperf-credentials.json"
    stored = credentials.Credentials(
        app_id="1", slug="s", html_url="h", private_key=fakegithub.private_key, webhook_secret="w"
    )
    await asyncio.to_thread(credentials.save, file, stored)
    assert stat.S_IMODE((await asyncio.to_thread(file.stat)).st_mode) == 0o600
    await asyncio.to_thread(os.chmod, file, 0o640)
    with pytest.raises(CredentialsError, match="chmod 600"):
        await asyncio.to_thread(credentials.load, file)


READS = """
import app.analysis.worker as _worker
def _tried(path, source):
    try:
        if path.startswith("signal"):
            __import__("os").kill(int(path.split()[1]), 0)
        else:
            open(path, "rb").read()
    except OSError as error:
        return _worker.Refused(path, type(error).__name__)
    return _worker.Refused(path, "done")
_worker.extract = _tried
"""


async def test_23_a_worker_can_read_no_secret_and_end_no_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever a parser of native code is made to do: the key, the database and the other processes are out of reach."""
    (tmp_path / "archives").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "archives"))
    secrets = [str(tmp_path / name) for name in ("fastperf-credentials.json", "fastperf.db", "key.pem")]
    for path in secrets:
        await asyncio.to_thread(Path(path).write_text, CANARY)
    parent = os.getpid()
    secrets += ["/etc/passwd", str(ROOT / "pyproject.toml"), f"/proc/{parent}/environ", f"/proc/{parent}/mem"]
    monkeypatch.setattr(pool, "BOOT", pool.BOOT.replace("main(int", READS + "main(int"))

    async with Analysis(1) as analysis:
        tries = [str(ROOT / "rules" / "__init__.py"), f"signal {parent}", *secrets]
        _, skipped = await analysis.extract(dict.fromkeys(tries, b""))

    found = {each.path: each.reason for each in skipped}
    assert found.pop(tries[0]) == "done"
    refused = (
        found if confinement.shuts() else tries[1:2]
    )  # an older kernel shuts no folders, but no process may be ended
    assert {found[each] for each in refused} == {"PermissionError"}, found


async def test_23_a_server_that_crashes_leaves_no_core_behind(
    fakegithub: FakeGitHub, database: str, tmp_path: Path
) -> None:
    """Even where the limits allow one: the key would be in it. That one is written here at all a worse program shows."""
    environment = environment_for(fakegithub, database)
    dying = "import time; print('up', flush=True); time.sleep(60)"
    other = await asyncio.to_thread(_leaves_core, tmp_path / "other", ["-c", dying], environment)
    ours = await asyncio.to_thread(
        _leaves_core, tmp_path / "ours", [str(ROOT / "fastperf.py"), "serve"], environment
    )

    pattern = await asyncio.to_thread(Path("/proc/sys/kernel/core_pattern").read_text)
    elsewhere = pattern.startswith("|") or resource.getrlimit(resource.RLIMIT_CORE)[1] == 0
    assert other or elsewhere
    assert not ours
    assert list((tmp_path / "ours").iterdir()) == []


def _leaves_core(folder: Path, program: list[str], environment: dict[str, str]) -> bool:
    """Whether the kernel says that it wrote one, wherever this machine keeps those."""
    folder.mkdir()
    child = subprocess.Popen(
        [sys.executable, *program],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with child:
        hard = resource.prlimit(child.pid, resource.RLIMIT_CORE)[1]
        resource.prlimit(child.pid, resource.RLIMIT_CORE, (hard, hard))
        assert child.stdout is not None
        assert any(b"up" in line or b"listening" in line for line in child.stdout)
        child.send_signal(signal.SIGABRT)
        _, status = os.waitpid(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == -signal.SIGABRT
    return os.WCOREDUMP(status)


async def test_24_nobody_but_the_first_who_has_the_printed_address_sets_up(
    visit: Visit, fakegithub: FakeGitHub
) -> None:
    token = visit.setup.token
    assert len(token) >= 32
    async with ClientSession() as stranger:
        for path in (
            "/setup",
            "/setup?token=",
            f"/setup?token={token[:-1]}",
            "/setup/created?code=x&state=y",
        ):
            async with stranger.get(visit.url + path) as answer:
                assert answer.status == 403
                assert token not in await answer.text()
        _, manifest, state = form(await visit.enter())
        code = fakegithub.register(manifest)
        for query in ({"token": token}, {"token": token, "state": state}):
            async with stranger.get(f"{visit.url}/setup", params=query) as answer:
                assert answer.status == 403
        async with stranger.get(
            f"{visit.url}/setup/created", params={"code": code, "state": state}
        ) as answer:
            assert answer.status == 403

    assert (await visit.get("/setup/created", code=code, state=state[::-1]))[0] == 403
    status, text = await visit.get("/setup/created", code=code, state=state)
    assert status == 200
    for secret in (fakegithub.webhook_secret, *fakegithub.private_key.splitlines()[1:-1]):
        assert secret not in text
    assert (await visit.get("/setup/created", code=code, state=state))[0] == 403


def test_31_what_we_are_made_of_is_pinned_by_hash_and_runs_without_rights() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-build.txt"):
        text = (ROOT / name).read_text()
        entries = [entry for entry in re.split(r"\n(?=\S)", text) if entry and not entry.startswith("#")]
        assert entries
        for entry in entries:
            assert re.match(r"[A-Za-z0-9_.\[\]-]+==", entry), entry[:60]
            assert "--hash=sha256:" in entry, entry[:60]
            assert "://" not in entry.partition("# via")[0], entry[:60]
    image = (ROOT / "Dockerfile").read_text()
    assert image.count("pip install") == image.count("--require-hashes") + image.count("--no-index")
    final = image.rpartition("\nFROM ")[2]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", final, re.MULTILINE)
    assert "nologin" in final
    assert not re.search(r"^(ADD|COPY) (?!--from=build)", final, re.MULTILINE)
    assert not re.search(r"SECRET|TOKEN|PRIVATE_KEY", image)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert all("://" not in wanted for wanted in project["project"]["dependencies"])


PUBLIC = (
    "/",
    "/livez",
    "/readyz",
    "/rules",
    "/rules/FP101",
    "/static/fastperf.css",
    "/static/fastperf.js",
    "/setup",
)
PRIVATE = (
    "/metrics", "/admin", "/jobs", "/debug", "/webhook/", "/api", "/reviews", "/reviews/1", f"/reviews/{'a' * 32}",
    "/.env", "/.git/config", "/fastperf.db", "/static/", "/static/../server.py", "/static/%2e%2e/%2e%2e/server.py",
    "/rules/../../etc/passwd", "/setup/created", "/openapi.json", "/docs",
)  # fmt: skip
SCRIPT = "<script>alert('echo')</script>"


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


async def test_32_the_public_port_shows_pages_takes_deliveries_and_nothing_else(running: AppProcess) -> None:
    async with ClientSession() as session:
        for path in PUBLIC:
            async with session.get(running.url + path, headers={"Accept": "text/html"}) as answer:
                text = await answer.text()
                assert answer.status == 200, path
                assert answer.headers["Server"] == "fastperf"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                if answer.content_type == "text/html":
                    _is_harmless(dict(answer.headers), text)
        for path in PRIVATE:
            async with session.get(running.url + path, allow_redirects=False) as answer:
                assert answer.status in (404, 308), path
                assert "://" not in answer.headers.get("Location", "")
        for path in (*PUBLIC, "/webhook"):
            for method in (
                "PUT",
                "DELETE",
                "PATCH",
                "OPTIONS",
                "TRACE",
                "POST" if path != "/webhook" else "GET",
            ):
                async with session.request(method, running.url + path) as answer:
                    assert answer.status == 405, (method, path)


async def test_32_no_error_page_repeats_what_was_asked(running: AppProcess) -> None:
    async with ClientSession() as session:
        for accept in ("text/html", "application/json", "*/*"):
            for path in (
                f"/{SCRIPT}",
                f"/rules/{SCRIPT}",
                f"/?q={SCRIPT}",
                f"/reviews/{'a' * 32}?key={SCRIPT}",
            ):
                headers = {"Accept": accept, "Referer": SCRIPT, "User-Agent": SCRIPT, "Host": "evil.example"}
                async with session.get(running.url + path, headers=headers, allow_redirects=False) as answer:
                    text = await answer.text()
                    assert "alert" not in text
                    assert "evil.example" not in text + str(answer.headers)
                    if answer.content_type == "text/html":
                        _is_harmless(dict(answer.headers), text)
        host, port = running.url.removeprefix("http://").split(":")
        for request in (
            b"GET /<script>alert(1)</script> HTTP/9.9\r\n\r\n",
            b"\x16\x03\x01<script>alert(1)</script>\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nalert<script> : 1\r\n\r\n",
            # A second request that a proxy in front may not have seen as one.
            *(
                b"POST /webhook HTTP/1.1\r\nHost: x\r\n" + ambiguous + b"\r\n\r\n0\r\n\r\n" + SECOND
                for ambiguous in (
                    b"Content-Length: 5\r\nTransfer-Encoding: chunked",
                    b"Content-Length: 0\r\nContent-Length: 33",
                    b"Content-Length: 0, 33",
                    b"Content-Length: +0",
                    b"Content-Length : 33",
                    b"Transfer-Encoding: xchunked",
                    b"Transfer-Encoding: chunked, identity",
                    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
                    b"X: a\r\n Content-Length: 33",
                )
            ),
            b"POST /webhook HTTP/1.1\nHost: x\nContent-Length: 0\n\n" + SECOND,
            b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nalert",
        ):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(request)
            answer_bytes = await asyncio.wait_for(reader.read(), 20)
            writer.close()
            assert answer_bytes.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400")), request
            assert answer_bytes.count(b"HTTP/1.") == 1, request
            assert b"Server: fastperf" in answer_bytes
            assert b"script" not in answer_bytes
            assert b"Traceback" not in answer_bytes


async def test_20_who_hangs_up_in_the_middle_writes_no_traceback_into_the_log(running: AppProcess) -> None:
    host, port = running.url.removeprefix("http://").split(":")
    for path in (b"/webhook", b"/operator"):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nhalf")
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.close()
    async with ClientSession() as session, session.get(f"{running.url}/livez") as answer:
        assert answer.status == 200
    await running.stop()

    assert any(line["event"] == "delivery_refused" for line in running.lines)
    assert not [line for line in running.lines if line.get("level") in ("error", "critical")]


def _is_harmless(headers: dict[str, str], text: str) -> None:
    """Nothing runs, nothing comes from elsewhere, nobody frames it."""
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    for tag, attributes in Tags(text).found:
        assert tag not in ("iframe", "object", "embed", "base")
        assert tag != "script" or attributes.get("src") == "/static/fastperf.js"
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "action"):
            assert not (attributes.get(name) or "").startswith(("http:", "//", "javascript:"))
