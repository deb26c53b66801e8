"""The server under load, as a process of its own, against the stand-in GitHub: `make bench-load`.

Parts: `answers` (100 deliveries a second for a minute, and the same bodies to a bare aiohttp echo), `burst` (15 pushes
at once), `storm` (a loud installation beside 19 quiet ones), `flat` (memory and descriptors over 10,000 deliveries),
`lag` (the event loop while a project of 180,000 lines is analysed). Times are of this machine; ratios compare.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import re
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import aiohttp

from app.jobs.admin import JobsAdmin
from tests.app.process import ROOT, AppProcess, environment_for
from tests.app.service import FAST, FILES, SLOW
from tests.fakegithub import FakeGitHub, branches
from tests.fakegithub.state import Pull, Repo

RATE = 100
LINES = 180_000
SERVER = """\
import functools, sys
sys.path.insert(0, {root!r})
import app.server
app.server.build = functools.partial(app.server.build, sweep_at_start=False, sweep_schedule="0 0 1 1 *")
if {unpaced}:
    import app.github.limits as limits
    limits._WRITE_INTERVAL, limits._WRITES_AN_HOUR = 0.0, 10**9
from app.cli import main
sys.argv = ["fastperf", "serve"]
main()
"""
"""No sweeps: they would find, and review, the pull requests that are there for later."""
ECHO = """\
import sys
from aiohttp import web

async def echo(request):
    await request.read()
    return web.json_response({"status": "accepted"}, status=202)

app = web.Application()
app.router.add_post("/webhook", echo)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
"""
POSTER = """\
import asyncio, json, sys, time, uuid
import aiohttp

async def main():
    (url, rate, seconds), bodies = json.load(sys.stdin)
    async with aiohttp.ClientSession() as session:
        async def post(number):
            body, headers = bodies[number % len(bodies)]
            guid = str(uuid.uuid4())
            began = time.perf_counter()
            async with session.post(url, data=body.encode(), headers=headers | {"X-GitHub-Delivery": guid}) as answer:
                await answer.read()
            return answer.status, time.perf_counter() - began, guid
        tasks, began = [], time.perf_counter()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(post(number)))
        json.dump(await asyncio.gather(*tasks), sys.stdout)

asyncio.run(main())
"""


@dataclass
class Setting:
    """A server and what it talks with."""

    github: FakeGitHub
    server: AppProcess
    session: aiohttp.ClientSession
    database: str
    metrics_url: str

    async def metrics(self) -> dict[str, float]:
        async with self.session.get(self.metrics_url) as answer:
            text = await answer.text()
        return {name: float(value) for name, value in re.findall(r"(?m)^([a-z]\w*(?:\{.*?\})?) (\S+)$", text)}

    def signed(self, event: str, payload: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        body = json.dumps(payload).encode()
        digest = hmac.new(self.github.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
        return body, {
            "X-GitHub-Event": event,
            "X-Hub-Signature-256": f"sha256={digest}",
            "Content-Type": "application/json",
        }

    async def post(self, url: str, signed: tuple[bytes, dict[str, str]]) -> tuple[int, float, str]:
        """The status, the seconds it took, and the GUID it went under."""
        guid = str(uuid.uuid4())
        began = time.perf_counter()
        async with self.session.post(
            url, data=signed[0], headers=signed[1] | {"X-GitHub-Delivery": guid}
        ) as answer:
            await answer.read()
            return answer.status, time.perf_counter() - began, guid


@contextlib.asynccontextmanager
async def setting(*, unpaced: bool = False, **more: str) -> AsyncIterator[Setting]:
    """`unpaced`: writes to GitHub as fast as they come, not one a second for each installation."""
    with tempfile.TemporaryDirectory(prefix="bench-load-") as name:
        folder = Path(name)
        database = f"sqlite:///{folder}/fastperf.db"
        async with FakeGitHub(root=folder / "github") as github, aiohttp.ClientSession() as session:
            github.limits.secondary = False  # they would hold back the load, not what carries it
            environment = environment_for(github, database, FASTPERF_METRICS_PORT="0", **more)
            program = SERVER.format(root=str(ROOT), unpaced=unpaced)
            server = await AppProcess(environment, ["-c", program]).start()
            (line,) = [line for line in server.lines if line["event"] == "metrics_listening"]
            try:
                yield Setting(github, server, session, database, f"http://{line['address']}/metrics")
            finally:
                await server.kill()


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def milliseconds(values: Sequence[float]) -> str:
    return (
        f"p50 {quantile(values, 0.5) * 1000:.1f} ms, p99 {quantile(values, 0.99) * 1000:.1f} ms, "
        f"longest {max(values) * 1000:.0f} ms"
    )


def fsync_seconds(folder: Path, times: int = 200) -> list[float]:
    """What the disk itself takes to confirm 4 KiB."""
    took = []
    with (folder / "probe").open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(b"\0" * 4096)
            began = time.perf_counter()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return took


async def pulls_of(one: Setting, repo: Repo, count: int, files: dict[str, str]) -> list[Pull]:
    """Open pull requests that nobody was told of."""
    first = len(repo.pulls)
    names = [f"branch-{number}" for number in range(first, first + count)]
    await asyncio.to_thread(_branches, repo, names, files)
    with mock.patch.object(
        branches, "moved"
    ):  # no trial merges, which nobody asks for here: they take minutes
        return [await one.github.open_pr(repo, name, tell=False) for name in names]


def _branches(repo: Repo, names: Sequence[str], files: dict[str, str]) -> None:
    """All of them with one git process."""
    main = str(repo.git.ref("main"))
    lines = ["feature done\n"]
    for name in names:
        lines.append(f"commit refs/heads/{name}\ncommitter ann <ann@example.invalid> 1767225660 +0000\n")
        lines.append(f"data 6\nChangefrom {main}\n")
        for path, text in (files | {"README.md": f"{name}\n"}).items():
            lines.append(f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n")
    repo.git.git(
        "fast-import", "--quiet", "--force", "--date-format=raw", stdin="".join([*lines, "done\n"]).encode()
    )


def payload(one: Setting, repo: Repo, pull: Pull, action: str = "synchronize") -> dict[str, Any]:
    installation = one.github.state.installation_of(repo)
    assert installation is not None
    owner = {"login": repo.owner.login}
    return {
        "action": action,
        "number": pull.number,
        "installation": {"id": installation.id},
        "repository": {"id": repo.id, "name": repo.name, "owner": owner, "private": repo.private},
        "pull_request": {
            "number": pull.number,
            "head": {"sha": pull.head_sha},
            "base": {"sha": pull.base_sha, "ref": "main"},
            "draft": False,
            "user": {"login": "ann", "type": "User"},
        },
        "padding": "x" * 20_000,  # as large as a real one
    }


def shop(github: FakeGitHub, owner: str, files: dict[str, str] = FILES) -> Repo:
    repo = github.add_repo(f"{owner}/shop", private=True, files=files)
    github.install(owner, [repo])
    return repo


async def until_done(one: Setting, seconds: float = 900.0) -> None:
    def left() -> int:
        with JobsAdmin(one.database) as admin:
            return len(admin.jobs(most=10_000))

    async with asyncio.timeout(seconds):
        while await asyncio.to_thread(left):  # noqa: ASYNC110 - what we wait for happens in a database
            await asyncio.sleep(0.5)


async def at_rate(
    url: str, bodies: Sequence[tuple[bytes, dict[str, str]]], rate: float, seconds: float
) -> list[tuple[int, float, str]]:
    """Sent when it is time, whatever became of those before."""
    order = [[url, rate, seconds], [[body.decode(), headers] for body, headers in bodies]]
    poster = await asyncio.create_subprocess_exec(
        sys.executable, "-c", POSTER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )  # its own process: the stand-in works hard in this one
    output, _ = await poster.communicate(json.dumps(order).encode())
    return [(status, took, guid) for status, took, guid in json.loads(output)]


async def answers(seconds: float = 60.0) -> None:
    port = 18_000 + os.getpid() % 1000
    echo = await asyncio.create_subprocess_exec(sys.executable, "-c", ECHO, str(port))
    try:
        async with setting() as one:
            repos = [shop(one.github, f"owner-{number}") for number in range(10)]
            bodies = [
                one.signed("pull_request", payload(one, repo, pull))
                for repo in repos
                for pull in await pulls_of(one, repo, 2, FAST)
            ]
            disk = await asyncio.to_thread(
                fsync_seconds, Path(one.database.removeprefix("sqlite:///")).parent
            )
            bare = await at_rate(f"http://127.0.0.1:{port}/webhook", bodies, RATE, seconds / 4)
            taken = await at_rate(f"{one.server.url}/webhook", bodies, RATE, seconds)
            await until_done(one)
            lost = await asyncio.to_thread(_lost, one, taken)
    finally:
        echo.kill()
        await echo.wait()
    times = [took for _, took, _ in taken]
    echoes = [took for _, took, _ in bare]
    print(f"answers: {len(taken)} deliveries at {RATE}/s with reviews running, statuses {statuses(taken)}")
    print(f"  fastperf   {milliseconds(times)}; acknowledged and lost: {lost}")
    print(f"  bare echo  {milliseconds(echoes)}")
    ratio = quantile(times, 0.5) / quantile(echoes, 0.5)
    print(f"  p50 {ratio:.1f} times the echo's; fsync of 4 KiB {milliseconds(disk)}")


def statuses(taken: Sequence[tuple[int, float, str]]) -> str:
    return ", ".join(f"{status}: {count}" for status, count in Counter(each[0] for each in taken).items())


def _lost(one: Setting, taken: Sequence[tuple[int, float, str]]) -> int:
    with JobsAdmin(one.database) as admin:
        known = {job.id.rpartition(":")[2] for job in admin.jobs(finished=True, most=100_000)}
    return sum(status == 202 and guid not in known for status, _, guid in taken)


async def burst() -> None:
    async with setting() as one:
        repo = shop(one.github, "octo")
        (pull,) = await pulls_of(one, repo, 1, SLOW)
        await until_done(one)
        for number in range(14):
            files = SLOW | {"README.md": f"Push {number}.\n"}
            await one.github.push(repo, pull.number, files, tell=False)
        body = one.signed("pull_request", payload(one, repo, pull))
        url = f"{one.server.url}/webhook"
        taken = await asyncio.gather(*(one.post(url, body) for _ in range(15)))
        await until_done(one)
        runs = one.github.check_runs(repo, pull.head_sha)
        reviews = one.github.reviews(repo, pull.number)
    print(
        f"burst: 15 pushes at once, statuses {statuses(taken)}: {len(reviews)} review, {len(runs)} check run"
    )


async def storm() -> None:
    """Once as GitHub paces it, a write a second for each installation, and once as fast as this machine can, which
    is what has to end: then the loud one's reviews compete for processors and not only for places."""
    print(f"storm: 867 pull requests of one installation at once, 133 of 19 others, {ASKING} at a time")
    await _storm("paced", unpaced=False)
    await _storm("unpaced", unpaced=True)


async def _storm(name: str, *, unpaced: bool) -> None:
    async with setting(unpaced=unpaced) as one:
        loud = shop(one.github, "loud")
        quiet = [shop(one.github, f"quiet-{number}") for number in range(19)]
        one.github.faults.latency(0.05, times=None)  # as GitHub is
        theirs = {repo.full_name: await pulls_of(one, repo, 7, FAST) for repo in quiet}
        crowd = await pulls_of(one, loud, 867, FAST)
        url = f"{one.server.url}/webhook"
        for repo in quiet:
            await one.post(url, one.signed("pull_request", payload(one, repo, theirs[repo.full_name][0])))
        await until_done(one)
        alone = await _verdicts(one, [(repo, theirs[repo.full_name][1:4]) for repo in quiet])
        sending = asyncio.create_task(_send_all(one, loud, crowd))
        await asyncio.sleep(1.0)
        before = sum(_is_done(one, loud, pull) for pull in crowd)
        began = time.perf_counter()
        beside = await _verdicts(one, [(repo, theirs[repo.full_name][4:7]) for repo in quiet])
        took = time.perf_counter() - began
        await sending
        done = sum(_is_done(one, loud, pull) for pull in crowd)
        print(f"  {name}:")
        for part, waits in (("alone", alone), ("beside", beside)):
            print(
                f"    quiet {part:7} p50 {quantile(waits, 0.5):.2f} s, p95 {quantile(waits, 0.95):.2f} s to the verdict"
            )
        print(
            f"    p95 {quantile(beside, 0.95) / quantile(alone, 0.95):.2f} times; the loud one's meanwhile: "
            f"{(done - before) / took:.1f} a second, {867 - done} left",
            flush=True,
        )
        if unpaced:
            began = time.perf_counter()
            with contextlib.suppress(TimeoutError):
                await until_done(one, STORM_SECONDS)
            done = sum(_is_done(one, loud, pull) for pull in crowd)
            print(f"    {done} of the loud one's 867 done {time.perf_counter() - began:.0f} s later")


STORM_SECONDS = 150.0
"""For the rest of the loud one's; the whole part takes five minutes on an idle machine."""
ASKING = 2
"""Of the quiet ones, so many wait at once."""


async def _send_all(one: Setting, repo: Repo, pulls: Sequence[Pull]) -> None:
    gate = asyncio.Semaphore(20)

    async def send(pull: Pull) -> None:
        async with gate:
            await one.post(f"{one.server.url}/webhook", one.signed("pull_request", payload(one, repo, pull)))

    await asyncio.gather(*map(send, pulls))


def _is_done(one: Setting, repo: Repo, pull: Pull) -> bool:
    return any(run.status == "completed" for run in one.github.check_runs(repo, pull.head_sha))


async def _verdicts(one: Setting, asked: Sequence[tuple[Repo, Sequence[Pull]]]) -> list[float]:
    """From each delivery to its completed check run; the next of each lane comes when the one before is answered, so
    that what is measured is how long one waits, not how much a machine can do."""
    left = [(repo, pulls[turn]) for turn in range(len(asked[0][1])) for repo, pulls in asked]
    taken: list[float] = []

    async def ask() -> None:
        while left:
            repo, pull = left.pop()
            began = time.perf_counter()
            await one.post(f"{one.server.url}/webhook", one.signed("pull_request", payload(one, repo, pull)))
            await one.github.until(partial(_is_done, one, repo, pull), 300)
            taken.append(time.perf_counter() - began)

    await asyncio.gather(*(ask() for _ in range(ASKING)))
    return taken


async def flat() -> None:
    async with setting() as one:
        repo = shop(one.github, "octo")
        pulls = await pulls_of(one, repo, 10, FAST)
        bodies = [one.signed("pull_request", payload(one, repo, pull)) for pull in pulls]
        bodies += [one.signed("pull_request", payload(one, repo, pull, "labeled")) for pull in pulls]
        seen: list[tuple[int, float, float]] = []
        gate = asyncio.Semaphore(8)

        async def send(number: int) -> None:
            async with gate:
                await one.post(f"{one.server.url}/webhook", bodies[number % len(bodies)])

        for thousand in range(10):
            await asyncio.gather(*(send(number) for number in range(1000)))
            found = await one.metrics()
            seen.append(
                (
                    (thousand + 1) * 1000,
                    found["process_resident_memory_bytes"] / 1e6,
                    found["process_open_fds"],
                )
            )
        await until_done(one)
    print("flat: deliveries, resident MB, descriptors")
    for count, memory, files in seen:
        print(f"  {count:6d}  {memory:6.1f}  {files:4.0f}")
    print(f"  from 2,000 to 10,000: {seen[-1][1] / seen[1][1]:.2f} times the memory")


def large_project() -> dict[str, str]:
    files = dict(FILES)
    function = "def work_{n}(orders: list[int]) -> int:\n    total = {n}\n    for order in orders:\n        total += order\n    return total\n\n\n"
    for number in range(LINES // 300):
        body = "".join(function.format(n=f"{number}{each:02d}") for each in range(43))
        files[f"shop/part_{number}.py"] = f"from shop.carriers import status_of\n\n\n{body}"
    return files


async def lag() -> None:
    files = large_project()
    lines = sum(text.count("\n") for text in files.values())
    async with setting() as one:
        repo = shop(one.github, "octo", files)
        (pull,) = await pulls_of(one, repo, 1, SLOW)
        before = await one.metrics()
        began = time.perf_counter()
        await one.post(f"{one.server.url}/webhook", one.signed("pull_request", payload(one, repo, pull)))
        answered: list[float] = []
        while not _is_done(one, repo, pull):
            asked = time.perf_counter()
            async with one.session.get(f"{one.server.url}/livez") as answer:
                await answer.read()
            answered.append(time.perf_counter() - asked)
            await asyncio.sleep(0.02)
        took = time.perf_counter() - began
        after = await one.metrics()
    print(f"lag: first review of a project of {lines:,} lines, {took:.1f} s to the verdict")
    print(f"  event-loop lag p99 {_p99(before, after):g} s or less (its histogram's bucket)")
    print(f"  /livez meanwhile {milliseconds(answered)}")


def _p99(before: dict[str, float], after: dict[str, float]) -> float:
    name = "fastperf_loop_lag_seconds"
    count = after[f"{name}_count"] - before[f"{name}_count"]
    for key, value in after.items():
        bound = re.fullmatch(rf'{name}_bucket\{{le="([^"]+)"\}}', key)
        if bound and value - before.get(key, 0.0) >= 0.99 * count:
            return float(bound[1])
    return float("inf")


PARTS: dict[str, Callable[[], Any]] = {
    "answers": answers,
    "burst": burst,
    "storm": storm,
    "flat": flat,
    "lag": lag,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-load", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all of them by default")
    parser.add_argument("--seconds", type=float, default=60.0, help="of `answers`")
    options = parser.parse_args()
    chosen = options.parts or list(PARTS)
    print(
        f"load average {', '.join(f'{load:.1f}' for load in os.getloadavg())} on {os.cpu_count()} processors"
    )
    for part in chosen:
        asyncio.run(answers(options.seconds) if part == "answers" else PARTS[part]())
        sys.stdout.flush()


if __name__ == "__main__":
    main()
