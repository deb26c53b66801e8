"""The commands that say what fastperf knows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from app.cli import SECTIONS, cli
from tests.cli.program import LAUNCHER, fastperf


def test_the_version_is_that_of_the_project(tmp_path: Path) -> None:
    expected = tomllib.loads((LAUNCHER.parent / "pyproject.toml").read_text())["project"]["version"]

    assert fastperf("--version", folder=tmp_path).stdout == f"fastperf {expected}\n"


def test_the_program_ends_as_others_do(tmp_path: Path) -> None:
    program = f"""
import atexit, sys
sys.path.insert(0, {str(LAUNCHER.parent)!r})
atexit.register(lambda: print("the last word"))
sys.argv = ["fastperf", *sys.argv[1:]]
from app.cli import main
main()
"""
    (tmp_path / "main.py").write_text("import time\n\nasync def wait() -> None:\n    time.sleep(1)\n")

    for arguments, code in ((["--version"], 0), (["check", "."], 1), (["check", "nowhere"], 2)):
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code
        assert done.stdout.endswith("the last word\n")


def test_rules_are_listed_with_their_cards(tmp_path: Path) -> None:
    listed = json.loads(fastperf("rules", "--output-format", "json", folder=tmp_path).stdout)
    text = fastperf("rules", folder=tmp_path).stdout

    first = next(rule for rule in listed if rule["code"] == "FP101")
    assert first["name"] == "blocking-call-in-async"
    assert first["family"] == "event_loop"
    assert first["gates"] is True
    assert first["summary"]
    assert all(rule["code"] in text and rule["summary"] in text for rule in listed)


@pytest.mark.parametrize("code", ["FP101", "fp101", "blocking-call-in-async"])
def test_a_rule_is_explained_by_code_or_name(code: str, tmp_path: Path) -> None:
    done = fastperf("explain", code, folder=tmp_path)

    assert done.returncode == 0
    assert done.stdout.startswith("# FP101 blocking-call-in-async\n")
    assert "## Instead" in done.stdout


def test_an_unknown_rule_is_one_line(tmp_path: Path) -> None:
    done = fastperf("explain", "FP1001", folder=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("fastperf: no rule 'FP1001'; `fastperf rules` lists them. Did you mean FP1")
    assert done.stderr.count("\n") == 1


def test_the_configuration_in_force_is_shown_as_toml(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.fastperf]\nfail_on = "medium"\nseverity = { FP101 = "low" }\n\n'
        '[tool.fastperf.context]\nworkers = 4\n\n[[tool.fastperf.endpoint]]\nmatch = "GET /a"\nmode = "advise"\n'
    )

    done = fastperf("config", folder=tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("# pyproject.toml\n")
    shown = tomllib.loads(done.stdout)
    assert (shown["fail_on"], shown["max_comments"]) == ("medium", 15)
    assert shown["severity"] == {"FP101": "low"}
    assert shown["context"]["workers"] == 4
    assert shown["endpoint"] == [{"match": "GET /a", "mode": "advise"}]


def test_serving_with_half_of_the_settings_names_the_first_that_is_missing(tmp_path: Path) -> None:
    done = fastperf("serve", folder=tmp_path, environment={"FASTPERF_APP_ID": "1"})

    assert (done.returncode, done.stdout) == (2, "")
    assert "FASTPERF_" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("FP20", "; FP201 to FP2"),
        ("FP999", ""),
        ("FP1001", ". Did you mean FP1"),
        ("blocking-call-in-asnyc", ". Did you mean blocking-call-in-async?"),
    ],
)
def test_a_rule_that_is_none_is_told_with_what_may_be_meant(code: str, told: str, tmp_path: Path) -> None:
    done = fastperf("explain", code, folder=tmp_path)

    assert done.returncode == 2
    assert done.stderr.startswith(f"fastperf: no rule {code!r}; `fastperf rules` lists them{told}")
    assert told or done.stderr.endswith("lists them\n")


def test_help_lists_every_command_whole_and_in_a_line(tmp_path: Path) -> None:
    done = fastperf("--help", folder=tmp_path)

    assert sorted(name for commands in SECTIONS.values() for name in commands) == sorted(cli.commands)
    for commands in SECTIONS.values():
        for name, told in commands.items():
            assert re.search(rf"^  {name} +{re.escape(told)}$", done.stdout, re.MULTILINE), done.stdout
