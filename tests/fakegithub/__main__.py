"""The stand-in as a process: `python -m tests.fakegithub --port 0 --webhook URL --state DIR`.

Prints one line of JSON when it listens, and ends on SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from .control import routes
from .github import FakeGitHub


async def serve(arguments: argparse.Namespace) -> None:
    github = FakeGitHub(
        root=arguments.state, webhook_url=arguments.webhook, host=arguments.host, port=arguments.port
    )
    if arguments.secret:
        github.world.secrets[:] = [arguments.secret]
    await asyncio.to_thread(github.root.mkdir, parents=True, exist_ok=True)
    key = github.root / "app.pem"
    await asyncio.to_thread(_write_key, key, github.private_key)
    await github.start(prepare=routes(github))
    started = {
        "url": github.url,
        "graphql_url": github.graphql_url,
        "app_id": github.app_id,
        "private_key_file": str(key),
        "webhook_secret": github.webhook_secret,
        "pid": os.getpid(),
    }
    print(json.dumps(started), flush=True)  # noqa: T201 - the line that whoever started us waits for
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    parent = os.getppid()
    while not ended.is_set():
        if arguments.with_parent and os.getppid() != parent:
            break
        try:
            await asyncio.wait_for(ended.wait(), 1.0)
        except TimeoutError:
            continue
    await github.close()


def _write_key(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fakegithub", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--webhook", help="where deliveries go")
    parser.add_argument("--secret", help="webhook secret; made up when not given")
    parser.add_argument("--state", type=Path, help="folder for git repositories and the app's key")
    parser.add_argument("--with-parent", action="store_true", help="end when the parent process does")
    asyncio.run(serve(parser.parse_args()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
