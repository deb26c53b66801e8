"""Several applications in one repository: one check run, a section for each."""

from __future__ import annotations

from tests.fakegithub.state import Repo

from .service import FAST, FILES, SLOW, Service

SERVICES = ("services/orders", "services/billing")


def _in(folder: str, files: dict[str, str]) -> dict[str, str]:
    return {f"{folder}/{path}": text for path, text in files.items()}


async def test_each_application_has_its_own_section_and_the_check_is_one(service: Service) -> None:
    files = {path: text for folder in SERVICES for path, text in _in(folder, FILES).items()}
    repo = service.github.add_repo("octo/all", private=True, files=files | {"README.md": "All.\n"})
    service.github.install("octo", [repo])

    pull = await service.reviewed(
        repo, "slow", {path: text for folder in SERVICES for path, text in _in(folder, SLOW).items()}
    )

    run = service.run(repo, pull)
    assert run.conclusion == "failure"
    for folder in SERVICES:
        assert f"#### `{folder}` · 1 critical new\n| endpoint |" in run.output["summary"]
    assert run.output["summary"].count("| `GET /orders/{number}` |") == 2
    assert {each.path for each in service.github.review_comments(repo, pull.number)} == {
        f"{folder}/shop/main.py" for folder in SERVICES
    }


async def test_one_application_in_a_folder_needs_no_heading(service: Service) -> None:
    repo = service.github.add_repo("octo/one", private=True, files=_in("backend", FILES))
    service.github.install("octo", [repo])

    pull = await service.reviewed(repo, "slow", _in("backend", SLOW))

    summary = service.run(repo, pull).output["summary"]
    assert "### Performance assessment\n| endpoint |" in summary


def _table(*lines: str) -> str:
    return "\n".join([FILES["pyproject.toml"], "[tool.fastperf]", *lines, ""])


def _both(service: Service, root: str = "", **configured: str) -> Repo:
    """Two applications, `orders` and `billing`, each with the `pyproject.toml` given for it."""
    files = {f"{name}/{path}": text for name in ("orders", "billing") for path, text in FILES.items()}
    files |= {f"{name}/pyproject.toml": text for name, text in configured.items()}
    repo = service.github.add_repo("octo/all", private=True, files=files | {"pyproject.toml": root})
    service.github.install("octo", [repo])
    return repo


def _slow(*names: str) -> dict[str, str]:
    return {path: text for name in names for path, text in _in(name, SLOW).items()}


async def test_the_nearest_configuration_above_a_file_decides(service: Service) -> None:
    repo = _both(service, _table('fail_on = "never"'), orders=_table('fail_on = "high"'))

    mild = await service.reviewed(repo, "mild", _slow("billing"))
    strict = await service.reviewed(repo, "strict", _slow("orders"))

    assert service.run(repo, mild).conclusion == "neutral"
    assert service.run(repo, strict).conclusion == "failure"


async def test_a_rule_ignored_in_one_application_speaks_in_the_other(service: Service) -> None:
    repo = _both(service, orders=_table('ignore = ["FP1"]'))

    pull = await service.reviewed(repo, "slow", _slow("orders", "billing"))

    assert {each.path for each in service.github.review_comments(repo, pull.number)} == {
        "billing/shop/main.py"
    }


async def test_a_change_cannot_switch_off_the_gate_of_its_application(service: Service) -> None:
    repo = _both(service)

    pull = await service.reviewed(
        repo, "slow", _slow("orders") | {"orders/pyproject.toml": _table('ignore = ["FP1"]', 'fail = "x"')}
    )

    run = service.run(repo, pull)
    assert run.conclusion == "failure"
    assert [(each["path"], each["start_line"]) for each in run.annotations] == [("orders/pyproject.toml", 7)]


async def test_the_configuration_is_that_of_the_base_branch_now(service: Service) -> None:
    repo = _both(service, _table('fail_on = "never"'))
    repo.git.commit("slow", _slow("orders"), parent=repo.git.ref("main"))
    await service.github.push_base(repo, {"orders/pyproject.toml": _table('fail_on = "high"')})

    pull = await service.github.open_pr(repo, "slow")
    await service.idle()

    assert service.run(repo, pull).conclusion == "failure"


async def test_a_mistake_in_a_folder_is_a_mark_on_its_line(service: Service) -> None:
    repo = _both(service, orders=_table("fial_on = 1", 'waive_by = "maintain"'))

    pull = await service.reviewed(repo, "fast", _in("orders", FAST))

    marks = {each["start_line"]: each["message"] for each in service.run(repo, pull).annotations}
    assert marks == {
        6: "There is no key `fial_on`; it is left out. Did you mean `fail_on`?",
        7: "`waive_by` counts for the whole repository; here it is left out.",
    }


async def test_a_clean_push_to_one_of_several_costs_no_call_more(service: Service) -> None:
    repo = _both(service, orders=_table('fail_on = "high"'))
    pull = await service.reviewed(repo, "fast", _in("orders", FAST))
    position = len(service.github.log)

    await service.github.push(
        repo, pull.number, {"orders/shop/main.py": FAST["shop/main.py"] + "\n\nX = 1\n"}
    )
    await service.idle()

    assert len(service.calls_since(position)) == 4


async def test_the_config_command_shows_each_folder(service: Service) -> None:
    repo = _both(service, _table('fail_on = "never"'), orders=_table('ignore = ["FP2"]'))
    repo.roles["octocat"] = "write"
    pull = await service.reviewed(repo, "fast", _in("orders", FAST))

    await service.github.comment(repo, pull.number, "/fastperf config", user="octocat")
    await service.idle()

    (answer,) = [each.body for each in service.github.comments(repo, pull.number) if "Read from" in each.body]
    assert "In <code>orders/</code>, instead" in answer
    assert 'ignore = ["FP2"]' in answer


async def test_who_moves_an_application_does_not_leave_its_gate_behind(service: Service) -> None:
    repo = _both(service, _table('fail_on = "never"'), orders=_table('fail_on = "high"'))
    files = _in("orders", FILES)
    moved: dict[str, str | None] = dict.fromkeys(files)
    moved |= {f"sales/{path.removeprefix('orders/')}": text for path, text in files.items()}
    moved |= {"sales/shop/main.py": SLOW["shop/main.py"]}

    repo.git.commit("moved", moved, parent=repo.git.ref("main"))
    pull = await service.github.open_pr(repo, "moved")
    await service.idle()

    assert service.run(repo, pull).conclusion == "failure"
