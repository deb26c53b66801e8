"""What the documentation names exists, and what it configures is valid. `tests/heavy` runs its commands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
import yaml

from app.cli import cli
from app.review import commands
from app.review.config import Config
from app.web.metrics import Metrics
from tests.app.service import application, settings_for
from tests.fakegithub import FakeGitHub
from tests.project.documents import PAGES, ROOT, Block, blocks, steps

BLOCKS = [block for page in PAGES for block in blocks(page)]
RUN = frozenset({"console", "sh"})
SHORT = frozenset({"README.md", "CONTRIBUTING.md"})
"""Their lists of commands hold places to fill in; `tests/heavy/test_docs.py` fills them."""
_CODE = re.compile(r"`([^`\n]+)`")
_VARIABLE = re.compile(r"FASTPERF_[A-Z_]+")
ELSEWHERE = frozenset({"FASTPERF_CHECKOUT", "FASTPERF_SCREENSHOTS"})
"""Variables that a reader or a test sets, and the program does not read as a setting."""


def of_language(*names: str) -> list[Block]:
    return [block for block in BLOCKS if block.language in names]


@pytest.mark.parametrize("block", of_language("toml"), ids=str)
def test_configuration_is_valid(block: Block) -> None:
    table = tomllib.loads(block.text)
    if "fastperf" in table.get("tool", {}):
        assert Config.parse({"pyproject.toml": block.text}).errors == ()


@pytest.mark.parametrize("block", of_language("json", "yaml"), ids=str)
def test_data_can_be_read(block: Block) -> None:
    read = json.loads if block.language == "json" else yaml.safe_load
    assert read(block.text)


CHECKERS = {
    ".pre-commit-config.yaml": ("pre-commit", "validate-config"),
    ".gitlab-ci.yml": ("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci"),
    ".github/workflows/": ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
}
"""A file that a reader makes of a block, named in the comment above it -> what knows whether it is valid."""


@pytest.mark.parametrize(
    "block",
    [block for block in of_language("yaml") if block.page.name == "editors-and-ci.md"],
    ids=str,
)
def test_files_for_other_services_are_valid_there(block: Block, tmp_path: Path) -> None:
    command = next(
        command for start, command in CHECKERS.items() if any(note.startswith(start) for note in block.notes)
    )
    file = tmp_path / "file.yaml"
    file.write_text(block.text)

    done = subprocess.run(
        [Path(sys.executable).parent / command[0], *command[1:], file],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PRE_COMMIT_HOME": str(tmp_path)},
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "block", [block for block in of_language(*RUN) if block.page.name not in SHORT], ids=str
)
def test_a_command_is_run_or_says_why_not(block: Block) -> None:
    assert block.language == "console" or block.note("not run here") is not None
    if block.language == "console":
        assert steps(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_command_hides_in_a_block_without_a_language(page: Path) -> None:
    hidden = [
        str(block) for block in blocks(page) if not block.language and re.search(r"(?m)^\$ ", block.text)
    ]
    assert hidden == []


def mentioned(prefix: str) -> list[tuple[Path, str]]:
    return [
        (page, code)
        for page in PAGES
        for code in _CODE.findall(page.read_text(encoding="utf-8"))
        if code.startswith(prefix)
    ]


def test_every_command_and_option_of_ours_exists() -> None:
    typed = [(page, code) for page, code in mentioned("fastperf ")]
    typed += [
        (block.page, line.strip().removeprefix("$ ").removeprefix(".venv/bin/"))
        for block in of_language(*RUN)
        for line in block.text.splitlines()
        if re.match(r"(?:\$ )?(?:\.venv/bin/)?fastperf [a-z-]", line.strip())
    ]
    assert len(typed) > 30
    for page, code in typed:
        words = code.split()
        name = words[1]
        if name.startswith("-"):
            assert name in ("--version", "--help"), (page.name, code)
            continue
        command = cli.commands.get(name)
        if command is None:
            assert not re.match(r"fastperf [a-z]+( |$)", code) or words[1] == "has", (page.name, code)
            continue
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        if isinstance(command, click.Group):
            known |= {
                option
                for sub in command.commands.values()
                for parameter in sub.params
                for option in parameter.opts
            }
        for option in re.findall(r"(?<=\s)(--[a-z-]+)", code):
            assert option in known, (page.name, code)


def test_every_command_and_option_is_documented() -> None:
    reference = (ROOT / "docs" / "cli.md").read_text()
    everything = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    for name, command in cli.commands.items():
        assert re.search(rf"fastperf {name}\b", everything), name
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                options = [option for option in parameter.opts if option.startswith("--")]
                assert not options or any(option in reference for option in options), (name, options)


def test_every_command_in_a_comment_is_one() -> None:
    for page, code in mentioned("/fastperf "):
        parsed = commands.parse(re.sub(r"<\w+>|\[\w+\]", "because", code))
        assert parsed, (page.name, code)
        assert parsed[0].name != "unknown", (page.name, code)


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"(?:^|`|\$ )make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert named <= targets, page.name


def test_the_settings_page_names_every_variable_and_no_other() -> None:
    read = set(_VARIABLE.findall((ROOT / "app" / "settings.py").read_text()))
    table = set(_VARIABLE.findall((ROOT / "docs" / "self-hosting.md").read_text()))
    assert read - table == set()
    for page in PAGES:
        assert set(_VARIABLE.findall(page.read_text(encoding="utf-8"))) <= read | ELSEWHERE, page.name


def test_the_metrics_page_names_every_metric() -> None:
    served = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in Metrics().registry.collect()
    }
    page = (ROOT / "docs" / "metrics.md").read_text()
    assert set(re.findall(r"^\| `(fastperf_\w+)`", page, re.MULTILINE)) == served


def test_the_http_page_names_every_address(fakegithub: FakeGitHub) -> None:
    settings = settings_for(
        fakegithub,
        "sqlite:///unused.db",
        client_id="x",
        client_secret="x",
        operator_token="words of the operator",
        metrics_token="words of a scraper",
    )
    routes = {
        re.sub(r"\{(\w+)(?::[^{}]*(?:\{[^{}]*\})*[^{}]*)?\}", r"{\1}", resource.canonical)
        for resource in application(settings).router.resources()
    }
    page = (ROOT / "docs" / "http.md").read_text()
    for route in routes:
        if not route.startswith("/static/"):
            assert route.replace("{code}", "FP101") in page, route
