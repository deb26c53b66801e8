"""Profiles and answers to questions: given on the command line or named in the configuration, they change what is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import called
from tests.cli.repositories import Repository

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
STACKS = ROOT / "tests" / "evidence" / "stacks.txt"


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    """The sample shop on `main`, its slow branch on `feature`."""
    folder = tmp_path / "shop"
    shutil.copytree(EXAMPLES / "shop", folder)
    repository = Repository(folder)
    repository.commit()
    return repository


def branch(shop: Repository, name: str = "feature") -> None:
    shop.git("switch", "--quiet", "--create", name, "main")
    shutil.copytree(EXAMPLES / "pull_request" / "slow", shop.path, dirs_exist_ok=True)
    shop.commit()


def configured(shop: Repository, text: str) -> None:
    path = shop.path / "pyproject.toml"
    shop.commit({"pyproject.toml": path.read_text() + text})


def reviewed(shop: Repository, head: str = "feature") -> Any:
    done = called("review", "--base", "main", "--head", head, "--output-format", "json", folder=shop.path)
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_a_profile_on_the_command_line_weighs_findings(shop: Repository) -> None:
    branch(shop)
    command = ("check", "--select", "FP201,FP101", "--output-format", "json")

    plain = json.loads(called(*command, folder=shop.path).stdout)
    warm = json.loads(called(*command, "--profile", STACKS, folder=shop.path).stdout)

    assert not any("sampled time" in finding["impact"]["summary"] for finding in plain["findings"])
    told = {finding["code"]: finding for finding in warm["findings"]}
    assert "% of sampled time" in told["FP201"]["impact"]["summary"]


def test_what_is_hot_is_said_first(shop: Repository) -> None:
    branch(shop)

    lines = called("check", "--profile", STACKS, folder=shop.path).stdout.splitlines()

    assert "FP201" in lines[0]


def test_a_profile_that_is_not_there_is_misuse(shop: Repository) -> None:
    done = called("check", "--profile", "nowhere.json", folder=shop.path)

    assert (done.returncode, done.stdout) == (2, "")
    assert "nowhere.json" in done.stderr


def with_the_routes(shop: Repository) -> None:
    """The routes of the slow branch, before they were slow."""
    slow = EXAMPLES / "pull_request" / "slow" / "shop"
    customers, orders = ((slow / name / "api.py").read_text() for name in ("customers", "orders"))
    loop = customers[customers.index("    favourites = []") :]
    at_once = "    return list(session.scalars(select(Product).where(Product.id.in_(bought))))\n"
    shop.write(
        {
            "shop/customers/api.py": customers.replace(loop, at_once),
            "shop/orders/api.py": orders.replace("time.sleep(0.5)", "await asyncio.sleep(0.5)"),
        }
    )


def test_a_review_reads_the_profile_of_the_base_branch_and_ranks_hot_findings_first(shop: Repository) -> None:
    with_the_routes(shop)
    shop.write({"profiles/metrics.txt": STACKS.with_name("metrics.txt").read_text()})
    configured(shop, '\n[tool.fastperf]\nprofile = "profiles/metrics.txt"\n')
    branch(shop)

    report = reviewed(shop)

    hot = report["findings"][0]
    assert (hot["code"], hot["severity"]) == ("FP201", "high")
    assert "% of the time of all requests before this change" in hot["impact"]["summary"]
    assert "critical" in [finding["severity"] for finding in report["findings"][1:]]
    assert report["recommendations"][0]["code"] == "FP201"


def test_what_the_tests_of_a_change_saw_confirms_its_findings(shop: Repository) -> None:
    configured(shop, '\n[tool.fastperf]\nobserved = "seen.json"\n')
    branch(shop)
    frames = ["shop/orders/api.py:remind:56"]
    route = {"gap_ms": 500, "gap_where": "tests/test_shop.py::test_remind", "gap_frames": frames}
    routes = {"POST /orders/{order_id}/reminder": route}
    shop.commit({"seen.json": json.dumps({"kind": "fastperf-observed", "routes": routes})})

    report = reviewed(shop)

    stopped = next(each for each in report["findings"] if each["code"] == "FP101")
    assert stopped["impact"]["summary"].startswith("the event loop stood still for 500 ms in tests/")
    assert report["skipped"] == []


def test_a_stale_profile_is_said_in_the_summary(shop: Repository) -> None:
    shop.write(
        {
            "stacks.txt": "run (shop/main.py:1);a (shop/orders/api.py:1);b (shop/mail.py:2);c (shop/mail.py:3) 900\n"
        }
    )
    configured(shop, '\n[tool.fastperf]\nprofile = "stacks.txt"\n')
    branch(shop)

    assert any("it changes nothing" in entry["reason"] for entry in reviewed(shop)["skipped"])


def test_an_answered_question_is_not_asked_again_and_changes_the_advice(shop: Repository) -> None:
    branch(shop)
    before = reviewed(shop)
    assert "rows" in {question["key"] for question in before["questions"]}
    counted = next(each for each in before["findings"] if each["code"] == "FP209")
    assert "for 100 rows" in counted["impact"]["summary"]

    shop.git("switch", "--quiet", "main")
    text = (shop.path / "pyproject.toml").read_text()
    shop.commit({"pyproject.toml": text.replace("concurrency = 32\n", "concurrency = 32\nrows = 4000\n")})
    branch(shop, "again")
    report = reviewed(shop, "again")

    assert "rows" not in {question["key"] for question in report["questions"]}
    counted = next(each for each in report["findings"] if each["code"] == "FP209")
    assert "for 4000 rows" in counted["impact"]["summary"]
    assert counted["impact"]["assumptions"]["rows"] == 4000
