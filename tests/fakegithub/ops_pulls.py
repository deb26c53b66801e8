"""Pull requests: reading them, their files and commits."""

from __future__ import annotations

from .call import Call, Reply, operation
from .errors import ApiError, not_found
from .state import Pull, Repo

MAX_FILES = 3000
MAX_DIFF_FILES = 300
MAX_DIFF_LINES = 20_000
MAX_COMMITS = 250


@operation("pulls/list")
def list_pulls(call: Call) -> Reply:
    state = call.query.get("state", "open")
    head, base = call.query.get("head"), call.query.get("base")
    found = [
        pull
        for pull in call.repo.pulls.values()
        if state in ("all", pull.state)
        and (not head or pull.head_label == head)
        and (not base or pull.base_ref == base)
    ]
    by_update = call.query.get("sort") == "updated"
    found.sort(key=lambda pull: (pull.updated_at if by_update else pull.created_at, pull.number))
    if call.query.get("direction", "desc") == "desc":
        found.reverse()
    body, headers = call.page([call.render.pull(pull, "pull-request-simple") for pull in found])
    return Reply(body, headers=headers)


@operation("pulls/get")
def get(call: Call) -> Reply:
    if "diff" in call.accept or "patch" in call.accept:
        return _as_diff(call, call.pull)
    return Reply(call.render.pull(call.pull))


def _as_diff(call: Call, pull: Pull) -> Reply:
    git = call.repo.git
    files = git.three_dot(pull.base_sha, pull.head_sha)
    lines = sum(file.additions + file.deletions for file in files)
    if len(files) > MAX_DIFF_FILES or lines > MAX_DIFF_LINES:
        what = f"files ({MAX_DIFF_FILES})" if len(files) > MAX_DIFF_FILES else f"lines ({MAX_DIFF_LINES})"
        message = f"Sorry, the diff exceeded the maximum number of {what}."
        errors = [{"resource": "PullRequest", "field": "diff", "code": "too_large"}]
        raise ApiError(406, message, errors=errors)
    start = git.merge_base(pull.base_sha, pull.head_sha) or pull.base_sha
    if "patch" in call.accept:
        raw = git.git_bytes("format-patch", "--stdout", f"{start}..{pull.head_sha}")
    else:
        raw = git.git_bytes("diff", "--no-color", "-M", start, pull.head_sha)
    return Reply(raw=raw, content_type=f"{call.accept.split(',')[0]}; charset=utf-8")


@operation("pulls/list-files")
def list_files(call: Call) -> Reply:
    pull = call.pull
    files = call.repo.git.three_dot(pull.base_sha, pull.head_sha)[:MAX_FILES]
    body, headers = call.page(files)
    return Reply([call.render.file(call.repo, file, pull.head_sha) for file in body], headers=headers)


@operation("pulls/list-commits")
def list_commits(call: Call) -> Reply:
    pull, git = call.pull, call.repo.git
    shas = git.log(pull.head_sha, exclude=pull.base_sha, limit=MAX_COMMITS)
    body, headers = call.page(shas[::-1])
    commits = [git.commit_info(sha) for sha in body]
    return Reply([call.render.commit(call.repo, commit) for commit in commits if commit], headers=headers)


def pulls_with(repo: Repo, sha: str) -> list[Pull]:
    """Pull requests that contain a commit of their own."""
    git = repo.git
    return [
        pull
        for pull in repo.pulls.values()
        if git.is_ancestor(sha, pull.head_sha) and not git.is_ancestor(sha, pull.base_sha)
    ]


@operation("repos/list-pull-requests-associated-with-commit")
def list_with_commit(call: Call) -> Reply:
    sha = call.repo.git.ref(call.path["commit_sha"])
    if sha is None:
        raise not_found()
    body, headers = call.page(
        [call.render.pull(p, "pull-request-simple") for p in pulls_with(call.repo, sha)]
    )
    return Reply(body, headers=headers)
