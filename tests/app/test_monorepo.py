"""Several applications in one repository: one check run, a section for each."""

from __future__ import annotations

from .service import FILES, SLOW, Service

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
        assert f"#### `{folder}`\n| endpoint |" in run.output["summary"]
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
