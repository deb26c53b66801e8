"""What an owner did not grant, or took away: the check run names it, and nothing else is lost."""

from __future__ import annotations

from tests.fakegithub.github import PERMISSIONS
from tests.fakegithub.state import Repo

from .service import FILES, SLOW, Service


def _shop(service: Service, **permissions: str) -> Repo:
    """Installed with everything but these."""
    repo = service.github.add_repo("octo/shop", private=True, files=FILES, required_checks=["fastperf"])
    granted = {name: level for name, level in {**PERMISSIONS, **permissions}.items() if level != "none"}
    service.github.install("octo", [repo], permissions=granted)
    # A token for all that a review needs is refused; what was granted is asked for instead.
    service.github.expect(422, "apps/create-installation-access-token")
    return repo


async def test_without_leave_to_read_code_the_check_says_what_is_missing(service: Service) -> None:
    repo = _shop(service, contents="none")
    service.github.expect(403)
    service.github.expect("FORBIDDEN", "graphql")

    pull = await service.reviewed(repo, "slow", SLOW)

    run = service.run(repo, pull)
    assert (run.status, run.conclusion) == ("completed", "neutral")
    assert run.output["title"] == "not reviewed: a permission is missing"
    assert "the app lacks the permission `contents: read`, which an owner can grant" in run.output["summary"]


async def test_what_may_not_be_said_on_lines_is_said_in_the_check(service: Service) -> None:
    repo = _shop(service, pull_requests="read")
    service.github.expect(403, "pulls/create-review")

    pull = await service.reviewed(repo, "slow", SLOW)

    run = service.run(repo, pull)
    assert run.conclusion == "failure"
    assert len(run.annotations) == 1
    assert run.output["summary"].startswith(
        "Comments are marks here: the app lacks the permission `pull_requests: write`"
    )
    assert service.github.reviews(repo, pull.number) == []


async def test_a_permission_that_is_granted_at_last_is_used_at_once(service: Service) -> None:
    repo = _shop(service, contents="none")
    service.github.expect(403)
    service.github.expect("FORBIDDEN", "graphql")
    pull = await service.reviewed(repo, "slow", SLOW)
    (installation,) = service.github.state.installations.values()

    installation.permissions["contents"] = "read"
    await service.github.installed(installation, "new_permissions_accepted")
    await service.idle()

    assert service.run(repo, pull).conclusion == "failure"
    assert len(service.github.reviews(repo, pull.number)) == 1
