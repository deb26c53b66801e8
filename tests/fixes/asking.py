"""Run in an interpreter of its own: import apps, ask each the same requests, print the answers as JSON.

Its input is `{"folder": …, "apps": {"fp101_sleep": [["GET", "/parcels/1", null], …], …}}`.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

TIME_DEPENDENT = {"date"}


class Upstream(BaseHTTPRequestHandler):
    """Says the last part of the path back; `broken` fails."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        word = urlsplit(self.path).path.rpartition("/")[2]
        body = word.encode()
        self.send_response(500 if word == "broken" else 200)
        self.send_header("content-type", "text/plain; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *about: Any) -> None:
        pass


def asked(name: str, requests: list[list[Any]]) -> list[list[Any]]:
    """Status, headers and body of each answer, the body as it went over the line."""
    from starlette.testclient import TestClient

    app = importlib.import_module(name).app
    answers = []
    with TestClient(app, raise_server_exceptions=False) as client:
        for method, url, body in requests:
            answer = client.request(method, url, **_sent(body))
            headers = sorted(
                [key.lower(), value]
                for key, value in answer.headers.items()
                if key.lower() not in TIME_DEPENDENT
            )
            answers.append([answer.status_code, headers, base64.b64encode(answer.content).decode()])
    return answers


def _sent(body: Any) -> dict[str, Any]:
    """How a body travels: text as it is, `{"upload": …}` as a form with a file, all else as JSON."""
    if body is None:
        return {}
    if isinstance(body, dict) and "upload" in body:
        return {"files": {"file": ("label.txt", body["upload"])}}
    return {
        "content": body if isinstance(body, str) else json.dumps(body),
        "headers": {"content-type": "application/json"},
    }


def main() -> None:
    wanted = json.load(sys.stdin)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["UPSTREAM"] = f"http://127.0.0.1:{server.server_address[1]}"
    sys.path[:0] = [wanted["folder"], wanted["packages"]]
    answers = {name: asked(name, requests) for name, requests in wanted["apps"].items()}
    server.shutdown()
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
