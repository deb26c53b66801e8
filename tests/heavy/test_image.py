"""The image cannot be built where no container engine runs: its parts are checked one by one instead."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.fakegithub.control import Control, process

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text().replace("\\\n", " ")


def instruction(name: str) -> str:
    return [line for line in dockerfile().splitlines() if line.startswith(f"{name} ")][-1].removeprefix(
        f"{name} "
    )


def variables() -> dict[str, str]:
    """What the final stage sets."""
    final = dockerfile().rsplit("\nFROM ", 1)[1]
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(re.findall(r"(?m)^ENV (.*)$", final))))


@pytest.mark.parametrize("path", ["Dockerfile", "examples/starter/Dockerfile"])
def test_the_dockerfile_passes_hadolint(path: str) -> None:
    finished = subprocess.run([BIN / "hadolint", path], cwd=ROOT, capture_output=True, text=True, check=False)

    assert finished.returncode == 0, finished.stdout


def test_the_image_runs_as_a_numbered_user_that_is_not_root() -> None:
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", instruction("USER"))


def test_the_image_copies_only_what_the_build_context_lets_through() -> None:
    allowed = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line[:1] == "!"
    }
    copied = re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", dockerfile())

    assert copied
    assert {name for sources in copied for name in sources.split()} == allowed


def test_fly_checks_a_page_that_exists_and_lets_the_app_drain() -> None:
    fly = tomllib.loads((ROOT / "fly.toml").read_text())
    drain = float(fly["env"].get("FASTPERF_DRAIN_SECONDS", 20))

    assert fly["http_service"]["checks"][0]["path"] == "/readyz"
    assert float(fly["kill_timeout"].removesuffix("s")) >= drain + 5
    assert (
        fly["env"]["FASTPERF_DATABASE_URL"]
        .removeprefix("sqlite:///")
        .startswith(fly["mounts"]["destination"])
    )
    assert int(fly["env"]["PORT"]) == fly["http_service"]["internal_port"] == int(variables()["PORT"])


async def test_the_image_start_command_serves_from_the_locked_wheel_and_its_health_check_agrees(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    """The wheel as the image builds it, its command, its variables and its health check, outside a container."""
    wheel = tmp_path / "wheel"
    source = tmp_path / "source"
    source.mkdir()
    for name in instruction_sources():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, source / name)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheel)]
    await ran(build, cwd=source)
    installed = tmp_path / "site"
    await ran(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(installed)]
        + [str(path) for path in wheel.iterdir()]
    )
    data = tmp_path / "data"
    data.mkdir()
    async with process("--state", str(tmp_path / "github"), "--with-parent") as github:
        environment = image_environment(github, data, installed, unused_tcp_port)
        command = json.loads(instruction("CMD"))
        assert command == ["fastperf", "serve"]
        app = await asyncio.create_subprocess_exec(
            sys.executable, str(installed / "bin" / command[0]), *command[1:], cwd=data, env=environment
        )
        try:
            check = json.loads(instruction("HEALTHCHECK").split("CMD ", 1)[1])
            for _ in range(100):
                health = await asyncio.create_subprocess_exec(
                    sys.executable, *check[1:], env=environment, stderr=asyncio.subprocess.DEVNULL
                )
                if await health.wait() == 0 or app.returncode is not None:
                    break
                await asyncio.sleep(0.2)
            assert app.returncode is None
            assert health.returncode == 0
            app.terminate()
            assert await asyncio.wait_for(app.wait(), 30) == 0
        finally:
            if app.returncode is None:
                app.kill()
                await app.wait()
    assert (data / "fastperf.db").exists()


def instruction_sources() -> list[str]:
    return [
        name for line in re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", dockerfile()) for name in line.split()
    ]


def image_environment(github: Control, data: Path, installed: Path, port: int) -> dict[str, str]:
    environment = variables()
    environment |= {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(installed),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "FASTPERF_DATABASE_URL": environment["FASTPERF_DATABASE_URL"].replace("/data/", f"{data}/"),
        "FASTPERF_APP_ID": str(github.started["app_id"]),
        "FASTPERF_PRIVATE_KEY_FILE": github.started["private_key_file"],
        "FASTPERF_WEBHOOK_SECRET": github.started["webhook_secret"],
        "FASTPERF_GITHUB_API_URL": github.started["url"],
        "FASTPERF_GITHUB_GRAPHQL_URL": github.started["graphql_url"],
        "FASTPERF_DRAIN_SECONDS": "1",
    }
    return environment


async def ran(command: list[str], cwd: Path | None = None) -> None:
    child = await asyncio.create_subprocess_exec(*command, cwd=cwd, stdout=asyncio.subprocess.PIPE)
    output, _ = await child.communicate()
    assert child.returncode == 0, output.decode()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-build.txt"])
def test_the_image_installs_from_hashed_locks(name: str) -> None:
    assert re.search(rf"--require-hashes -r /src/{re.escape(name)}", dockerfile())
