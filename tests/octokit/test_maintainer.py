"""GitHub's own client, in Node, plays the maintainer: what it sees must be what a person would."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.app.process import AppProcess, environment_for
from tests.app.service import FAST, FILES, SLOW
from tests.fakegithub import FakeGitHub

HERE = Path(__file__).parent
SECONDS = 120.0


@pytest.fixture(scope="session")
def octokit() -> None:
    """Installs what the lock names, if it is not there."""
    lock = HERE / "package-lock.json"
    stamp = HERE / "node_modules" / ".installed"
    if stamp.exists() and stamp.read_text() == lock.read_text():
        return
    subprocess.run(["npm", "ci", "--silent"], cwd=HERE, check=True, stdin=subprocess.DEVNULL, timeout=300)
    stamp.write_text(lock.read_text())


@pytest.mark.usefixtures("octokit")
async def test_a_maintainer_opens_reads_commands_resolves_and_merges(
    fakegithub: FakeGitHub, tmp_path: Path
) -> None:
    repo = fakegithub.add_repo("octo/shop", private=True, files=FILES, required_checks=["fastperf"])
    repo.roles["maria"] = "maintain"
    fakegithub.install("octo", [repo])
    script = tmp_path / "script.json"
    path = "shop/main.py"
    script.write_text(json.dumps({"path": path, "slow": SLOW[path], "fast": FAST[path], "comments": 1}))
    app = await AppProcess(environment_for(fakegithub, f"sqlite:///{tmp_path}/fastperf.db")).start()
    fakegithub.webhook_url = f"{app.url}/webhook"
    try:
        maintainer = await asyncio.create_subprocess_exec(
            "node",
            str(HERE / "maintainer.mjs"),
            env={
                "PATH": os.environ["PATH"],
                "GITHUB_API_URL": fakegithub.url,
                "GITHUB_TOKEN": fakegithub.personal_token("maria"),
                "REPOSITORY": repo.full_name,
                "SCRIPT": str(script),
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await asyncio.wait_for(maintainer.communicate(), SECONDS)
        await fakegithub.settle()
    finally:
        assert await app.stop() == 0, "\n".join(app.raw[-20:])
        fakegithub.webhook_url = None

    assert maintainer.returncode == 0, errors.decode() + output.decode()
    seen = [json.loads(line)["what"] for line in output.decode().splitlines()]
    assert seen == ["opened", "blocked", "explained", "waived and taken back", "resolved", "merged"]
    (pull,) = repo.pulls.values()
    assert pull.merged_at is not None
    assert (
        len(
            [
                review
                for review in fakegithub.reviews(repo, pull.number)
                if review.by_app or review.user is fakegithub.app.bot
            ]
        )
        == 1
    )


def test_the_lock_names_no_place_to_get_a_package_from() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}

    assert packages
    assert not [name for name, entry in packages.items() if "resolved" in entry or "integrity" not in entry]
