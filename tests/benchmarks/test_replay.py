from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.analysis import worker
from app.localgit import Commit, LocalRepository
from benchmarks.replay import Replay, ReviewFailedError
from tests.cli.repositories import Repository

CODE = "import time\n\n\nasync def report() -> None:\n    time.sleep({pause})\n"


@pytest.fixture
def change(tmp_path: Path) -> Iterator[tuple[Replay, Commit]]:
    repository = Repository(tmp_path / "shop")
    for pause in (1, 2):
        repository.commit({"shop.py": CODE.format(pause=pause)})
    local = LocalRepository(repository.path)
    try:
        yield Replay(local), next(iter(local.history("HEAD", 1)))
    finally:
        gc.unfreeze()  # as it was before the replay


def test_a_review_is_timed_with_the_files_it_is_about(change: tuple[Replay, Commit]) -> None:
    replay, commit = change

    reviewed = replay.review(commit)

    assert reviewed is not None
    assert reviewed[0] == 1


def test_a_review_that_fails_has_no_time(
    change: tuple[Replay, Commit], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object, **_named: object) -> None:
        raise TypeError

    monkeypatch.setattr(worker, "analyze", broken)
    replay, commit = change

    with pytest.raises(ReviewFailedError, match="TypeError"):
        replay.review(commit)
