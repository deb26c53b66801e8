"""The ready-made deployments: each file passes a tool that knows its kind, and says the same as the image.

The image's start command runs as the image's user, in a mount namespace whose root cannot be written, and reviews a
pull request there.
"""

from __future__ import annotations

import asyncio
import configparser
import functools
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from examples.demo import EXAMPLES, files, reviewed
from tests.fakegithub.control import process
from tests.heavy.test_image import (
    BIN,
    ROOT,
    image_environment,
    instruction,
    instruction_sources,
    ran,
    variables,
)

DEPLOY = ROOT / "examples" / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
MANIFESTS = sorted(path for path in KUBERNETES.glob("*.yaml") if path.name != "kustomization.yaml")
USER = 10001


def passes(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def manifest(name: str) -> Any:
    return yaml.safe_load((KUBERNETES / f"{name}.yaml").read_text())


def test_the_manifests_are_valid_to_the_last_field() -> None:
    passes(BIN / "kubernetes-validate", "--strict", *MANIFESTS)


def test_the_kustomization_names_every_manifest() -> None:
    listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]

    assert sorted(listed) == [path.name for path in MANIFESTS]


def test_the_compose_file_is_valid() -> None:
    passes(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")


def test_the_unit_is_valid_and_confined(tmp_path: Path) -> None:
    """What it says, and systemd's own opinion of it where that is at hand, as in CI."""
    text = (DEPLOY / "fastperf.service").read_text()
    said = configparser.ConfigParser(strict=False, interpolation=None)
    said.read_string(text)
    assert set(said.sections()) == {"Unit", "Service", "Install"}
    confinement = {
        "DynamicUser": "yes",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "ProtectProc": "invisible",
        "CapabilityBoundingSet": "",
        "SystemCallFilter": "@system-service",
        "UMask": "0077",
    }
    assert {key: said["Service"][key] for key in confinement} == confinement
    if shutil.which("systemd-analyze") is None:
        return
    unit = tmp_path / "fastperf.service"
    unit.write_text(text.replace("/opt/fastperf/bin/fastperf", shutil.which("true") or "/bin/true"))

    passes("systemd-analyze", "verify", unit)
    passes("systemd-analyze", "security", "--offline=true", "--threshold=20", unit)


@pytest.mark.parametrize("path", [*MANIFESTS, DEPLOY / "compose.yaml"], ids=lambda path: path.name)
def test_yaml_reads_as_it_looks(path: Path) -> None:
    """No key twice, no `yes` that is a boolean."""
    rules = "{extends: default, rules: {line-length: disable, document-start: disable, braces: disable, comments: disable}}"
    passes(BIN / "yamllint", "--strict", "-d", rules, path)


def test_deployments_say_what_the_image_says() -> None:
    user = instruction("USER")
    image = variables()
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["fastperf"]
    pod = manifest("deployment")["spec"]["template"]["spec"]
    container = pod["containers"][0]
    unit = (DEPLOY / "fastperf.service").read_text()

    assert service["user"] == user
    assert [pod["securityContext"][key] for key in ("runAsUser", "runAsGroup")] == [USER, USER]
    assert service["read_only"] is container["securityContext"]["readOnlyRootFilesystem"] is True
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounts == {"/data", "/tmp"} == {"/data", service["tmpfs"][0].partition(":")[0]}
    assert {port["containerPort"] for port in container["ports"]} == {int(image["PORT"]), 9090}
    assert service["ports"] == [f"127.0.0.1:8080:{image['PORT']}"]
    for grace in (
        pod["terminationGracePeriodSeconds"],
        int(service["stop_grace_period"].removesuffix("s")),
        int(re.findall(r"TimeoutStopSec=(\d+)", unit)[0]),
    ):
        assert grace >= 25  # the drain and what follows it
    assert pod["containers"][0]["readinessProbe"]["httpGet"]["path"] == "/readyz"
    selector = manifest("service")["spec"]["selector"]
    assert selector.items() <= manifest("deployment")["spec"]["template"]["metadata"]["labels"].items()
    assert selector == manifest("network")["spec"]["podSelector"]["matchLabels"]


def test_every_variable_in_a_deployment_is_one_that_the_program_reads() -> None:
    read = set(re.findall(r"FASTPERF_[A-Z_]+", (ROOT / "app" / "settings.py").read_text()))
    for path in (*MANIFESTS, *(path for path in DEPLOY.iterdir() if path.is_file())):
        named = set(re.findall(r"FASTPERF_[A-Z_]+", path.read_text()))
        assert named <= read, path.name


@pytest.fixture
def layout() -> Iterator[Path]:
    """A folder that every user can reach, as `/` of the image is; pytest's own is its owner's alone."""
    folder = Path(tempfile.mkdtemp(prefix="fastperf-image-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def confined(layout: Path, command: list[str]) -> list[str]:
    """The command in a mount namespace of its own: all is read-only but `data` and `tmp`, the user is the image's.

    Where nobody may do that it is the command alone.
    """
    if not can_confine():
        return command
    hidden = [
        path
        for path in dict.fromkeys(Path(name).resolve() for name in (sys.base_prefix, sys.prefix, layout))
        if path.is_relative_to(Path.home())
    ]
    lines = ["set -e"]
    for number, path in enumerate(hidden):  # the home of root is closed to others: show what is needed of it
        lines += [f"mkdir -p {layout}/s{number}", f"mount --bind {shlex.quote(str(path))} {layout}/s{number}"]
    if hidden:
        lines.append(f"mount -t tmpfs -o mode=755 tmpfs {shlex.quote(str(Path.home()))}")
    for number, path in enumerate(hidden):
        quoted = shlex.quote(str(path))
        lines += [f"mkdir -p {quoted}", f"mount --bind {layout}/s{number} {quoted}"]
        lines += [f"mount -o remount,bind,ro {quoted}"]
    for name in ("data", "tmp"):
        lines.append(f"mount --bind {layout}/{name} {layout}/{name}")
    lines += [
        "mount -o remount,bind,ro /",
        f"cd {layout}/data",
        f"exec setpriv --reuid={USER} --regid={USER} --clear-groups --no-new-privs --bounding-set=-all"
        f" --inh-caps=-all {shlex.join(command)}",
    ]
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(lines)]


@functools.cache
def can_confine() -> bool:
    if os.geteuid() != 0 or not (shutil.which("unshare") and shutil.which("setpriv")):
        return False
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return tried.returncode == 0


async def test_the_start_command_reviews_as_the_images_user_on_a_read_only_root(
    layout: Path, unused_tcp_port: int
) -> None:
    source, wheel, installed = layout / "source", layout / "wheel", layout / "site"
    source.mkdir()
    for name in instruction_sources():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, source / name)
    await ran([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheel)], cwd=source)
    await ran(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(installed)]
        + [str(path) for path in wheel.iterdir()]
    )
    for name in ("data", "tmp"):
        (layout / name).mkdir()
        if can_confine():
            os.chown(layout / name, USER, USER)
    webhook = f"http://127.0.0.1:{unused_tcp_port}/webhook"
    with tempfile.TemporaryDirectory() as state:
        async with process("--webhook", webhook, "--state", f"{state}/github", "--with-parent") as github:
            environment = image_environment(github, layout / "data", installed, unused_tcp_port)
            key = text_of(environment.pop("FASTPERF_PRIVATE_KEY_FILE"))
            environment |= {"FASTPERF_PRIVATE_KEY": key, "TMPDIR": str(layout / "tmp"), "HOME": "/data"}
            app = await asyncio.create_subprocess_exec(
                *confined(layout, [sys.executable, str(installed / "bin" / "fastperf"), "serve"]),
                env=environment,
            )
            try:
                await ready(unused_tcp_port, app)
                if can_confine():
                    is_confined(app.pid)
                head = await a_pull_request(github)
                run = (await reviewed(github, head, 1))["run"]
                assert run["conclusion"] == "failure"
                app.terminate()
                assert await asyncio.wait_for(app.wait(), 30) == 0
            finally:
                if app.returncode is None:
                    app.kill()
                    await app.wait()


def is_confined(pid: int) -> None:
    status = text_of(f"/proc/{pid}/status")
    assert re.search(rf"^Uid:\s+{USER}\s", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
    root = next(
        line.split() for line in text_of(f"/proc/{pid}/mountinfo").splitlines() if line.split()[4] == "/"
    )
    assert "ro" in root[5].split(",")


def text_of(path: str) -> str:
    return Path(path).read_text()


async def a_pull_request(github: Any) -> str:
    """The example's slow one; its head."""
    await github.call("add_repo", full_name="octo/shop", files=files(EXAMPLES / "shop"))
    await github.call("install", repos=["octo/shop"])
    await github.call(
        "commit",
        repo="octo/shop",
        branch="slow",
        files=files(EXAMPLES / "pull_request" / "slow"),
        message="Add tracking",
    )
    pull = await github.call("open_pr", repo="octo/shop", head="slow", title="Add tracking", author="octo")
    return str(pull["head_sha"])


async def ready(port: int, app: asyncio.subprocess.Process) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(300):
            assert app.returncode is None
            try:
                async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.2)
    raise TimeoutError("the app is not ready after 60 s")
