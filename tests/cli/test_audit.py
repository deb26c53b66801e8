from __future__ import annotations

import json
from pathlib import Path

from tests.cli.program import fastperf
from tests.cli.test_check import SHOP, shop, write

__all__ = ["shop"]


def test_the_worst_places_come_first_and_what_is_lacking_last(shop: Path) -> None:
    done = fastperf("audit", folder=shop)

    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("### 2 findings in ")
    assert any(line.startswith("- 🔴 shop/api.py:13 `FP101`") for line in lines)
    lacking = lines.index("#### What the project lacks")
    assert any("nothing tries a second time" in line for line in lines[lacking:])


def test_an_audit_of_a_clean_project_is_a_line(tmp_path: Path) -> None:
    write(tmp_path, SHOP | {"shop/api.py": "x = 1\n", "shop/clients.py": "y = 1\n"})

    done = fastperf("audit", folder=tmp_path)

    assert done.returncode == 0
    assert done.stdout.endswith("nothing to report.\n")
    assert fastperf("audit", tmp_path / "none", folder=tmp_path).returncode == 2


def test_an_audit_as_json_is_that_of_check(shop: Path) -> None:
    done = fastperf("audit", "--output-format", "json", folder=shop)

    assert {finding["code"] for finding in json.loads(done.stdout)["findings"]} >= {"FP101"}
