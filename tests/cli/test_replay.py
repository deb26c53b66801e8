from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest

from tests.cli.program import fastperf

SECRET = "s3cret"


class Server(http.server.HTTPServer):
    """Answers as the webhook does, and keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.deliveries: list[tuple[Message, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/webhook"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.deliveries.append((self.headers, body))
        expected = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        good = self.headers["X-Hub-Signature-256"] == expected
        answer = b'{"status": "queued"}\n' if good else b"bad signature\n"
        self.send_response(202 if good else 401)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_stored_delivery_is_signed_and_sent_byte_for_byte(server: Server, tmp_path: Path) -> None:
    payload = '{"action":  "opened", "title": "ü"}'
    stored = tmp_path / "delivery.json"
    stored.write_text(
        f'{{"event": "pull_request", "delivery": "guid-1", "payload": {payload}}}', encoding="utf-8"
    )

    done = fastperf(
        *("replay", stored, "--url", server.url),
        folder=tmp_path,
        environment={"FASTPERF_WEBHOOK_SECRET": f"{SECRET}, older"},
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == '202 {"status": "queued"}\n'
    ((headers, body),) = server.deliveries
    assert body == payload.encode()
    assert (headers["X-GitHub-Event"], headers["X-GitHub-Delivery"]) == ("pull_request", "guid-1")


def test_a_bare_payload_needs_its_event(server: Server, tmp_path: Path) -> None:
    bare = tmp_path / "ping.json"
    bare.write_text(json.dumps({"zen": "Keep it logically awesome."}))
    environment = {"FASTPERF_WEBHOOK_SECRET": SECRET}

    without = fastperf("replay", bare, "--url", server.url, folder=tmp_path, environment=environment)
    told = fastperf(
        *("replay", bare, "--url", server.url, "--event", "ping"), folder=tmp_path, environment=environment
    )

    assert (without.returncode, without.stderr) == (2, f"fastperf: {bare}: no event in it; give --event\n")
    assert told.returncode == 0
    assert len(server.deliveries) == 1


def test_a_refused_delivery_is_exit_1(server: Server, tmp_path: Path) -> None:
    bare = tmp_path / "ping.json"
    bare.write_text("{}")

    done = fastperf(
        *("replay", bare, "--url", server.url, "--event", "ping"),
        folder=tmp_path,
        environment={"FASTPERF_WEBHOOK_SECRET": "wrong"},
    )

    assert (done.returncode, done.stdout) == (1, "401 bad signature\n")


@pytest.mark.parametrize(
    ("content", "secret", "url", "says"),
    [
        (None, SECRET, None, "No such file or directory"),
        ("nonsense", SECRET, None, "not JSON"),
        ("{}", "", None, "FASTPERF_WEBHOOK_SECRET is not set"),
        ("{}", SECRET, "file:///etc/passwd", "is no http address"),
        ("{}", SECRET, "http://127.0.0.1:1/webhook", "no answer from http://127.0.0.1:1/webhook"),
    ],
)
def test_what_cannot_be_sent_is_one_line(
    content: str | None, secret: str, url: str | None, says: str, tmp_path: Path
) -> None:
    file = tmp_path / "delivery.json"
    if content is not None:
        file.write_text(content)

    done = fastperf(
        *("replay", file, "--event", "ping", "--url", url or "http://127.0.0.1:1/"),
        folder=tmp_path,
        environment={"FASTPERF_WEBHOOK_SECRET": secret},
    )

    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
