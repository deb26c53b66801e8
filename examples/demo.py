"""`make demo`: a pull request is opened and reviewed, its author mends it, the check turns green.

The App and the stand-in GitHub run as real processes on this machine, talk HTTP with each other on the loopback
interface, and end with this program. `SERVE=1 make demo` keeps both up and prints their addresses.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.syntax import Syntax
from rich.text import Text

from app.plaintext import Kind, plain_lines
from examples.markdown import shown
from tests.fakegithub.control import Control, process

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
REPOSITORY = "octo/shop"
PATIENCE = 90.0
"""Seconds to wait for a review; it takes two or three."""

console = Console()


class UnexpectedError(Exception):
    """The demo did not go as it should."""


def files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def running_app(github: Mapping[str, Any], port: int, folder: Path) -> AsyncIterator[str]:
    """`fastperf serve` with a SQLite file, until the block ends. Yields its address."""
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "FASTPERF_APP_ID": str(github["app_id"]),
        "FASTPERF_PRIVATE_KEY_FILE": github["private_key_file"],
        "FASTPERF_WEBHOOK_SECRET": github["webhook_secret"],
        "FASTPERF_GITHUB_API_URL": github["url"],
        "FASTPERF_GITHUB_GRAPHQL_URL": github["graphql_url"],
        "FASTPERF_DATABASE_URL": f"sqlite:///{folder / 'fastperf.db'}",
        "FASTPERF_DRAIN_SECONDS": "2",
    }
    log = folder / "fastperf.log"
    with log.open("wb") as output:
        app = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "fastperf.py"),
            "serve",
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        await until_ready(url, app, log)
        yield url
    finally:
        if app.returncode is None:
            app.terminate()
            try:
                await asyncio.wait_for(app.wait(), 15)
            except TimeoutError:
                app.kill()
                await app.wait()


def written(log: Path) -> str:
    return log.read_text()


async def until_ready(url: str, app: asyncio.subprocess.Process, log: Path) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE
    async with aiohttp.ClientSession() as session:
        while asyncio.get_running_loop().time() < deadline:
            if app.returncode is not None:
                raise UnexpectedError(f"the App ended with {app.returncode}:\n{written(log)}")
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{url}/readyz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)
    raise UnexpectedError(f"the App is not ready after {PATIENCE:g} s:\n{written(log)}")


async def reviewed(control: Control, head: str, number: int) -> dict[str, Any]:
    """The repository's state once the head commit has its completed check run and the pull request a review."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while asyncio.get_running_loop().time() < deadline:
        repository: dict[str, Any] = (await control.call("state"))["repos"][REPOSITORY]
        done = [
            run
            for run in repository["check_runs"]
            if run["head_sha"] == head and run["status"] == "completed"
        ]
        if done and repository["pulls"][str(number)]["reviews"]:
            return repository | {"run": done[0]}
        await asyncio.sleep(0.2)
    raise UnexpectedError(f"no review and completed check run for {head[:7]} within {PATIENCE:.0f} s")


async def marked_fixed(control: Control, number: int) -> tuple[int, list[dict[str, Any]]]:
    """How many comments say that they are fixed, and the threads; that is told after the check has its answer."""
    for _ in range(50):
        state = await control.call("state")
        threads: list[dict[str, Any]] = state["repos"][REPOSITORY]["pulls"][str(number)]["threads"]
        folded = sum(1 for thread in threads if thread["comments"][0]["minimized"])
        if folded == len(threads):
            break
        await asyncio.sleep(0.2)
    return folded, threads


def show_comment(thread: Mapping[str, Any]) -> None:
    """One inline comment as a person sees it: the end of the hunk, then the text."""
    first = thread["comments"][0]
    span = f"{thread['start_line']}-{thread['line']}" if thread["start_line"] else thread["line"]
    console.print(Text(f"{thread['path']}:{span or first['original_line']}", "bold cyan"))
    hunk = "\n".join(thread["diff_hunk"].splitlines()[-3:])
    console.print(Padding(Syntax(hunk, "diff", background_color="default"), (0, 2)))
    title = "outdated" if thread["outdated"] else None
    console.print(
        Padding(Panel(Markdown(shown(first["body"])), title=title, border_style="dim"), (0, 2, 1, 2))
    )


def show_check(repository: Mapping[str, Any], number: int) -> None:
    run = repository["run"]
    colour = {"success": "green", "failure": "red"}.get(run["conclusion"], "yellow")
    console.print(
        Rule(Text.assemble("check run ", ("fastperf", "bold"), ": ", (run["conclusion"], f"bold {colour}")))
    )
    console.print(Text(run["output"]["title"], f"bold {colour}"))
    for kind, line in plain_lines(run["output"]["summary"]):
        console.print(Text(line, "bold" if kind is Kind.HEADING else ""), soft_wrap=True)
    for annotation in run["annotations"]:
        console.print(
            f"  {annotation['path']}:{annotation['start_line']} {annotation['message']}", markup=False
        )
    may = repository["pulls"][str(number)]["may_merge"]
    console.print(Text("GitHub lets it merge." if may else "GitHub refuses to merge it.", f"bold {colour}"))


def expect(true: bool, what: str) -> None:
    if not true:
        raise UnexpectedError(what)


async def play(control: Control) -> None:
    """Open, review, mend, review again; raises UnexpectedError where the App misbehaves."""
    console.print(Rule("A pull request adds eight endpoints to the shop"))
    await control.call(
        "add_repo",
        full_name=REPOSITORY,
        files=files(EXAMPLES / "shop"),
        required_checks=["fastperf"],
        roles={"maintainer": "write"},
    )
    await control.call("install", repos=[REPOSITORY])
    await control.call(
        "commit",
        repo=REPOSITORY,
        branch="tracking",
        files=files(EXAMPLES / "pull_request" / "slow"),
        message="Add tracking, invoices, imports and favourites",
    )
    pull = await control.call(
        "open_pr",
        repo=REPOSITORY,
        head="tracking",
        title="Add tracking, invoices, imports and favourites",
        author="maintainer",
    )
    number = pull["number"]
    repository = await reviewed(control, pull["head_sha"], number)
    for thread in repository["pulls"][str(number)]["threads"]:
        show_comment(thread)
    show_check(repository, number)
    expect(repository["run"]["conclusion"] == "failure", "the slow pull request should fail its check")
    expect(not repository["pulls"][str(number)]["may_merge"], "the merge gate should be closed")
    expect(len(repository["pulls"][str(number)]["reviews"]) == 1, "there should be one review")

    console.print()
    console.print(Rule("Its author mends it and pushes"))
    mended = await control.call(
        "push",
        repo=REPOSITORY,
        number=number,
        files=files(EXAMPLES / "pull_request" / "fast"),
        message="Do as the review says",
    )
    repository = await reviewed(control, mended["sha"], number)
    show_check(repository, number)
    folded, threads = await marked_fixed(control, number)
    console.print(f"{folded} of {len(threads)} comments are marked as fixed and folded.")
    expect(repository["run"]["conclusion"] == "success", "the mended pull request should pass its check")
    expect(repository["pulls"][str(number)]["may_merge"], "the merge gate should be open")
    expect(folded == len(threads) > 0, "every comment should be marked as fixed")
    expect(len(repository["pulls"][str(number)]["reviews"]) == 1, "a clean push should post no review")

    counted = await control.call("counters")
    expect(not counted["violations"], f"GitHub's rules were broken: {counted['violations']}")
    calls = ", ".join(f"{count} x {name}" for name, count in sorted(counted["calls"].items()))
    console.print(f"Calls to GitHub in all: {calls}", style="dim", highlight=False)


async def demo(serve: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="fastperf-demo-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        port = free_port()
        webhook = f"http://127.0.0.1:{port}/webhook"
        async with (
            process("--webhook", webhook, "--state", str(folder / "github"), "--with-parent") as control,
            running_app(control.started, port, folder) as app,
        ):
            await play(control)
            if serve:
                console.print(Rule("both stay up until Ctrl-C"))
                console.print(
                    f"fastperf   {app}\nGitHub     {control.url}\nlog        {folder / 'fastperf.log'}"
                )
                await asyncio.Event().wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__.splitlines()[0])
    parser.add_argument("--serve", action="store_true", help="keep both processes up")
    arguments = parser.parse_args()
    try:
        asyncio.run(demo(arguments.serve))
    except UnexpectedError as error:
        console.print(Text(f"not as expected: {error}", "bold red"))
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
