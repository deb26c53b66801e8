"""What a project lacks is said once per repository, folded in the summary of its first review."""

from __future__ import annotations

from tests.fakegithub.state import Repo

from .service import FAST, FILES, SLOW, Service

TITLE = "What the project lacks as a service"
SERVED = {
    **FILES,
    "Dockerfile": 'FROM python:3.13-slim\nCMD ["uvicorn", "shop.main:app", "--workers", "2"]\n',
}


def _served(service: Service, **more: str) -> Repo:
    """A shop that says how it is served, so that it can be seen what it lacks."""
    files = {**SERVED, **{name.replace("__", "."): text for name, text in more.items()}}
    repo = service.github.add_repo("octo/shop", private=True, files=files, required_checks=["fastperf"])
    repo.roles["octocat"] = "write"
    service.github.install("octo", [repo])
    return repo


async def test_the_first_review_of_a_repository_carries_the_advice_and_the_second_does_not(
    service: Service,
) -> None:
    repo = _served(service)

    first = await service.reviewed(repo, "fast", FAST)
    second = await service.reviewed(repo, "slow", SLOW)

    said, later = (service.run(repo, pull) for pull in (first, second))
    assert f"<details><summary>{TITLE}" in said.output["summary"]
    assert (said.conclusion, said.output["title"]) == ("success", "no new performance problems")
    assert service.github.reviews(repo, first.number) == []
    assert TITLE not in later.output["summary"]


async def test_the_same_head_keeps_the_advice_and_a_newer_one_is_spared(service: Service) -> None:
    repo = _served(service)
    pull = await service.reviewed(repo, "fast", FAST)

    await service.github.comment(repo, pull.number, "/fastperf rescan", user="octocat")
    await service.idle()

    assert TITLE in service.run(repo, pull).output["summary"]

    source = FILES["shop/main.py"] + "\n# and says so\n"
    await service.github.push(repo, pull.number, {"shop/main.py": source})
    await service.idle()

    assert TITLE not in service.run(repo, pull).output["summary"]


async def test_advice_that_somebody_ignores_is_gone(service: Service) -> None:
    repo = _served(service)
    pull = await service.reviewed(repo, "fast", FAST)
    assert "FP614" in service.run(repo, pull).output["summary"]

    await service.github.comment(
        repo, pull.number, "/fastperf ignore FP614 the platform looks at the port", user="octocat"
    )
    await service.idle()

    said = service.run(repo, pull).output["summary"]
    assert "[FP614]" not in said.partition(TITLE)[2].partition("</details>")[0]


async def test_advice_that_the_configuration_leaves_out_is_never_said(service: Service) -> None:
    quiet = FILES["pyproject.toml"] + '[tool.fastperf]\nignore = ["FP6", "FP7"]\n'
    repo = _served(service, pyproject__toml=quiet)

    pull = await service.reviewed(repo, "fast", FAST)

    assert TITLE not in service.run(repo, pull).output["summary"]
