"""The peer that the calls wait for, as they reach it, and whether they did."""

from __future__ import annotations

import atexit
import functools
import importlib
import json
import mmap
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.impact.threads.gaps import Call
from benchmarks.impact.threads.inputs import folder

SILENCE = 0.35
"""Seconds that each answer takes."""
KEY = "sk-nothing"


@functools.cache
def ports() -> dict[str, int]:
    """What listens where. `any` is everybody's proxy too, and its authority everybody's."""
    counter = folder() / "waited"
    counter.write_bytes(bytes(8))
    command = [
        sys.executable,
        "-m",
        "benchmarks.impact.threads.peer",
        str(counter),
        str(folder()),
        str(SILENCE),
    ]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(process.kill)
    assert process.stdout is not None
    found: dict[str, int] = json.loads(process.stdout.readline())
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        os.environ[name] = os.environ[name.lower()] = f"http://127.0.0.1:{found['any']}"
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        os.environ[name] = str(folder() / "authority.pem")
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    for key in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "GROQ_API_KEY",
    ):
        os.environ[key] = KEY
    os.environ |= {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_MAX_ATTEMPTS": "1",
        "GOOGLE_API_KEY": KEY,
        "MISTRAL_API_KEY": KEY,
        "REPLICATE_API_TOKEN": KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(folder()),  # where some keep notes of their own
        "OTEL_SDK_DISABLED": "true",
        "CREWAI_DISABLE_TELEMETRY": "true",
        "CREWAI_TRACING_ENABLED": "false",
    }
    return found


def peer(name: str = "any") -> int:
    """A port of the peer."""
    return ports()[name]


def http(path: str = "") -> str:
    return f"http://127.0.0.1:{peer()}{path}"


def host(name: str = "any") -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": peer(name)}


def m(name: str) -> Any:
    return importlib.import_module(name)


@functools.cache
def _counter() -> mmap.mmap:
    ports()
    with (folder() / "waited").open("r+b") as file:
        return mmap.mmap(file.fileno(), 8)


def waits() -> int:
    """How often the peer let somebody wait so far."""
    return int(struct.unpack("q", _counter()[:])[0])


class NeverAskedError(Exception):
    """A call that did not reach the peer."""


def tried(call: Callable[[], object], *, asks: bool = False) -> Call:
    """A client that gives its peer up has waited all the same; one that fails at once has not. One that `asks` must have been
    waited for by the peer."""

    def run() -> None:
        before, started = waits(), time.perf_counter()
        try:
            call()
        except Exception:
            if time.perf_counter() - started < SILENCE / 2:
                raise
        if asks and waits() == before:
            raise NeverAskedError("it did not reach the peer")

    return run
