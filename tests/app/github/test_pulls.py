from __future__ import annotations

import asyncio

import pytest

from app.github.errors import NotFound
from app.github.models import ChangedFile, CheckRun, Output, PullRequest
from tests.app.github.shop import LINES, Shop, comment, opened
from tests.fakegithub import Content, FakeGitHub


async def test_a_comparison_tells_the_merge_base_and_what_each_file_became(shop: Shop) -> None:
    base = shop.pull.base_sha
    await shop.hub.push_base(shop.repo, {"README.md": "moved on\n"})

    compared = await shop.client.pulls.compare(base, shop.head, number=shop.number)

    assert compared.merge_base_sha == base
    assert compared.complete
    files = {file.path: file for file in compared.files}
    assert {path: file.status for path, file in files.items()} == {
        "shop/api.py": "modified",
        "shop/gone.py": "removed",
        "shop/new.py": "added",
    }
    tree = await shop.client.contents.tree(shop.head)
    assert files["shop/new.py"].sha == tree.entries["shop/new.py"]
    assert files["shop/api.py"].patch is not None
    assert "+line twenty and a half" in files["shop/api.py"].patch
    assert shop.operations() == ["repos/compare-commits", "git/get-tree"]


async def test_a_renamed_file_says_its_former_path(fakegithub: FakeGitHub) -> None:
    async with opened(fakegithub, {"a.py": LINES}, {"a.py": None, "b.py": LINES}) as shop:
        compared = await shop.client.pulls.compare(shop.pull.base_sha, shop.head, number=1)

    assert compared.files == (
        ChangedFile("b.py", "renamed", sha=compared.files[0].sha, previous_path="a.py"),
    )


async def test_more_than_300_files_are_paged_through_the_pull_request(fakegithub: FakeGitHub) -> None:
    many: dict[str, Content] = {f"f{index:04}.py": f"x = {index}\n" for index in range(640)}
    async with opened(fakegithub, {"README.md": "x\n"}, many) as shop:
        compared = await shop.client.pulls.compare(shop.pull.base_sha, shop.head, number=1)

    assert len(compared.files) == 640
    assert len({file.path for file in compared.files}) == 640
    assert compared.complete
    assert (
        8 <= shop.operations().count("pulls/list-files") <= 10
    )  # 7 pages of a hundred, asked five at a time


async def test_one_document_tells_the_whole_state(shop: Shop) -> None:
    run = await shop.client.checks.create(shop.head, "head-1", Output("t", "s"), conclusion="success")
    posted = await shop.client.reviews.create(
        shop.number, commit_id=shop.head, body="1 new <!-- fastperf:r=1 -->", comments=[comment(21, start=20)]
    )
    assert posted.review_id is not None
    ours = shop.hub.threads(shop.repo, shop.number)[0]
    await shop.hub.review_reply(shop.repo, shop.number, ours.first.id, "why?", user="alice")
    await shop.hub.resolve(shop.repo, ours, user="alice")
    shop.hub.foreign_check(shop.repo, shop.head, "fastperf")
    shop.hub.log.clear()

    state = await shop.client.pulls.state(shop.number)

    assert shop.operations() == ["graphql"]
    assert (state.head_sha, state.base_ref, state.base_sha) == (shop.head, "main", shop.pull.base_sha)
    assert (state.state, state.is_draft, state.author) == ("open", False, "octocat")
    assert state.check_runs == (CheckRun(run.id, shop.head, "head-1", "completed", "success"),)
    (thread,) = state.threads
    assert (thread.path, thread.line, thread.body) == ("shop/api.py", 21, "slow")
    assert (thread.comment_id, thread.human_replies) == (ours.first.id, 1)
    assert (thread.resolved, thread.outdated, thread.minimized) == (True, False, False)


async def test_a_thread_of_somebody_who_quotes_our_marker_is_not_ours(shop: Shop) -> None:
    from tests.fakegithub import ops_reviews, rules

    def stranger() -> None:
        user = shop.hub.user("mallory")
        review = ops_reviews.new_review(
            shop.hub.state, shop.pull, user, body="", event="COMMENT", commit=shop.head
        )
        payload = {"path": "shop/api.py", "line": 21, "side": "RIGHT", "body": "x"}
        (place,) = rules.anchors(rules.files_at(shop.pull, shop.head), [payload])
        ops_reviews.add_comment(shop.hub.state, review, place, "<!-- fastperf:f=1 -->")

    await asyncio.to_thread(stranger)

    assert (await shop.client.pulls.state(shop.number)).threads == ()


async def test_more_than_a_hundred_threads_are_all_seen(fakegithub: FakeGitHub) -> None:
    text = "".join(f"x{index} = 1\n" for index in range(130))
    async with opened(fakegithub, {"README.md": "x\n"}, {"a.py": text}) as shop:
        await shop.client.reviews.create(
            1,
            commit_id=shop.head,
            body="many",
            comments=[comment(line, f"body {line}", "a.py") for line in range(1, 131)],
        )
        shop.hub.log.clear()

        state = await shop.client.pulls.state(1)

        assert len(state.threads) == 130
        assert shop.operations() == ["graphql", "graphql"]


async def test_configuration_is_read_from_the_base_and_the_organisation(fakegithub: FakeGitHub) -> None:
    before: dict[str, Content] = {
        "pyproject.toml": "[tool.fastperf]\nfail_on = 'high'\n",
        ".gitattributes": "*.py diff=python\n",
    }
    after: dict[str, Content] = {"pyproject.toml": "[tool.fastperf]\nfail_on = 'never'\n"}
    async with opened(fakegithub, before, after) as shop:
        assert (await shop.client.pulls.state(1)).documents == {
            ".github/fastperf.toml": None,
            "pyproject.toml": "[tool.fastperf]\nfail_on = 'high'\n",
            ".gitattributes": "*.py diff=python\n",
            ".ruff.toml": None,
            "ruff.toml": None,
            "org:.github/fastperf.toml": None,
        }

        await asyncio.to_thread(
            fakegithub.add_repo, "octo/.github", files={".github/fastperf.toml": "max_comments = 3\n"}
        )
        await shop.hub.push_base(shop.repo, {".github/fastperf.toml": "ignore = ['FP101']\n"})
        state = await shop.client.pulls.state(1)

        assert state.documents[".github/fastperf.toml"] == "ignore = ['FP101']\n"
        assert state.documents["org:.github/fastperf.toml"] == "max_comments = 3\n"
        assert state.base_sha == await asyncio.to_thread(shop.repo.git.ref, "main")


async def test_a_document_that_graphql_cuts_is_read_whole(fakegithub: FakeGitHub) -> None:
    text = "# padding\n" * 60_000
    async with opened(fakegithub, {"pyproject.toml": text}, {"a.py": "x = 1\n"}) as shop:
        assert (await shop.client.pulls.state(1)).documents["pyproject.toml"] == text


async def test_a_pull_request_that_is_not_there_is_said(shop: Shop) -> None:
    with pytest.raises(NotFound, match="99"):
        await shop.client.pulls.state(99)


async def test_open_pull_requests_are_listed_with_our_check_runs(shop: Shop) -> None:
    run = await shop.client.checks.create(shop.head, "head-1")
    await shop.commit("other", {"x.py": "x = 1\n"}, parent=shop.pull.base_sha)
    second = await shop.hub.open_pr(shop.repo, "other", draft=True, tell=False)

    found = {entry.pull.number: entry for entry in await shop.client.pulls.list_open_with_check_runs()}
    listed = {pull.number: pull for pull in await shop.client.pulls.list_open()}

    assert found[shop.number].check_runs == (run,)
    assert found[second.number].check_runs == ()
    assert listed == {number: entry.pull for number, entry in found.items()}
    assert listed[second.number] == PullRequest(
        shop.repository, 2, second.head_sha, second.base_sha, "main", draft=True, author="octocat"
    )
    assert await shop.client.pulls.head(shop.number) == shop.head


async def test_a_renamed_repository_is_found_under_its_former_name(shop: Shop) -> None:
    client = shop.client
    shop.hub.rename(shop.repo, "store")

    assert (await client.pulls.get(shop.number)).head_sha == shop.head
    assert (await client.pulls.state(shop.number)).head_sha == shop.head
    assert (await client.checks.create(shop.head, "head-1")).status == "in_progress"
