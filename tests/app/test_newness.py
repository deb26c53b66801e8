"""What is new, and in how many calls that is found out, on the stand-in."""

from __future__ import annotations

from tests.fakegithub.state import Pull, Repo

from .service import FILES, SLOW, Service

BOTH = SLOW | {"README.md": "A slow shop.\n"}


async def _stacked(service: Service) -> tuple[Repo, Pull]:
    """A pull request whose branch holds another one's change."""
    repo = service.shop()
    return repo, await service.reviewed(repo, "slow", SLOW)


async def test_what_was_merged_meanwhile_is_not_said_again(service: Service) -> None:
    repo, pull = await _stacked(service)
    assert service.run(repo, pull).conclusion == "failure"
    await service.github.push_base(repo, BOTH)  # squashed, with a little more

    await service.github.push(repo, pull.number, {"shop/more.py": "MORE = 1\n"})
    await service.idle()

    run = service.run(repo, pull)
    assert (run.conclusion, run.output["title"]) == ("success", "no new performance problems")
    assert len(service.github.reviews(repo, pull.number)) == 1
    service.github.assert_clean()


async def test_a_base_that_moved_on_costs_one_call_more_and_only_with_news(service: Service) -> None:
    repo, pull = await _stacked(service)
    await service.github.push_base(repo, {"shop/other.py": "OTHER = 1\n"})

    tip = repo.git.ref("main")

    async def asked_of_the_tip(files: dict[str, str]) -> int:
        position = len(service.github.log)
        await service.github.push(repo, pull.number, files)
        await service.idle()
        return sum(f"{tip}:" in str(entry.body) for entry in service.github.log[position:])

    assert await asked_of_the_tip({"shop/main.py": SLOW["shop/main.py"] + "\n# a comment\n"}) == 1
    assert await asked_of_the_tip({"shop/main.py": FILES["shop/main.py"]}) == 0
    service.github.assert_clean()
