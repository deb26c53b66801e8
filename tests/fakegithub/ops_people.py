"""What people do by the API: branches, files, pull requests, merges."""

from __future__ import annotations

import base64
from typing import Any

from . import branches
from .call import Call, Event, Reply, operation
from .errors import ApiError, not_found, validation
from .ops_repos import content
from .state import Pull, Repo, merge_blockers


@operation("users/get-authenticated")
def whoami(call: Call) -> Reply:
    return Reply(call.world.spec.make("public-user", call.render.user(call.user)))


@operation("git/create-ref")
def create_ref(call: Call) -> Reply:
    name, sha = call.body["ref"], call.body["sha"]
    if not name.startswith("refs/") or name.count("/") < 2:
        raise ApiError(422, "Reference name must start with 'refs/' and contain at least two slashes.")
    if call.repo.git.commit_info(sha) is None:
        raise ApiError(422, "Object does not exist")
    if name in call.repo.git.refs(name):
        raise ApiError(422, "Reference already exists")
    call.repo.git.set_ref(name, sha)
    root = f"{call.render.repo_url(call.repo)}/git"
    target = {"sha": sha, "type": "commit", "url": f"{root}/commits/{sha}"}
    made = {"ref": name, "node_id": f"REF_{name}", "url": f"{root}/{name}", "object": target}
    return Reply(made, 201, {"location": f"{root}/{name}"})


@operation("repos/create-or-update-file-contents")
def write_file(call: Call) -> Reply:
    """One commit that writes a file; whoever replaces one says which blob they saw."""
    git, sent = call.repo.git, call.body
    path, branch = call.path["path"].strip("/"), sent.get("branch") or call.repo.default_branch
    tip = git.ref(f"refs/heads/{branch}")
    if tip is None:
        raise ApiError(404, f"Branch {branch} not found")
    if branch in call.repo.protected:
        raise ApiError(409, f"Could not update file: Changes must be made through a pull request. ({branch})")
    entry = git.entry(tip, path)
    if entry is not None and sent.get("sha") is None:
        raise ApiError(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if entry is not None and sent["sha"] != entry[1]:
        raise ApiError(409, f"{path} does not match {sent['sha']}")
    try:
        data = base64.b64decode(sent["content"], validate=True)
    except ValueError:
        raise ApiError(422, "content is not valid Base64") from None
    mode = entry[0] if entry else "100644"
    sha = git.commit(branch, {path: (mode, data)}, sent["message"], parent=tip, author=call.user.login)
    call.events += branches.advance(call.world, call.repo, branch, sha, call.user)
    commit, found = git.commit_info(sha), git.entry(sha, path)
    assert commit is not None
    assert found is not None
    body = {
        "content": content(call, path, *found, branch),
        "commit": call.render.git_commit(call.repo, commit),
    }
    return Reply(body, 201 if entry is None else 200)


@operation("pulls/create")
def create_pull(call: Call) -> Reply:
    sent = call.body
    if not sent.get("title"):
        raise validation("PullRequest", "title", "missing_field")
    source, head = _source(call, sent["head"])
    if source.git.ref(f"refs/heads/{head}") is None:
        raise validation("PullRequest", "head", "invalid")
    if call.repo.git.ref(f"refs/heads/{sent['base']}") is None:
        raise validation("PullRequest", "base", "invalid")
    for pull in call.state.pulls_from(source, head):
        if pull.repo is call.repo and pull.base_ref == sent["base"]:
            message = f"A pull request already exists for {source.owner.login}:{head}."
            raise validation("PullRequest", "", "custom", message)
    pull = branches.opened(
        call.world,
        call.repo,
        source,
        sent["base"],
        head,
        sent["title"],
        sent.get("body") or "",
        bool(sent.get("draft")),
        call.user.login,
    )
    call.events += branches.suite_event(call.world, pull, None)
    call.emit("pull_request", "opened", pull=pull)
    return Reply(call.render.pull(pull), 201)


def _source(call: Call, head: str) -> tuple[Repo, str]:
    """The repository and branch that `branch` or `owner:branch` names."""
    owner, colon, branch = head.partition(":")
    if not colon:
        return call.repo, head
    network = call.repo.network
    for repo in call.state.repos.values():
        if repo.network is network and repo.owner.login.lower() == owner.lower():
            return repo, branch
    raise validation("PullRequest", "head", "invalid")


@operation("pulls/update")
def update_pull(call: Call) -> Reply:
    pull, sent = call.pull, call.body
    changes: dict[str, Any] = {}
    if "title" in sent and sent["title"] != pull.title:
        changes["title"], pull.title = {"from": pull.title}, sent["title"]
    if sent.get("base", pull.base_ref) != pull.base_ref:
        tip = call.repo.git.ref(f"refs/heads/{sent['base']}")
        if tip is None:
            raise validation("PullRequest", "base", "invalid")
        changes["base"] = {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}
        pull.base_ref, pull.base_sha = sent["base"], tip
        branches.moved(call.world, pull)
        branches.reanchor(call.world, pull)
    if changes:
        call.emit("pull_request", "edited", pull=pull, extra={"changes": changes})
    if sent.get("state", pull.state) != pull.state:
        pull.state = sent["state"]
        pull.closed_at = call.state.now() if pull.state == "closed" else None
        call.emit("pull_request", "closed" if pull.state == "closed" else "reopened", pull=pull)
    return Reply(call.render.pull(pull))


@operation("pulls/merge")
def merge(call: Call) -> Reply:
    pull, sent = call.pull, call.body or {}
    if pull.merged_at is not None:
        raise ApiError(405, "Pull Request is not mergeable")
    if sent.get("sha") not in (None, pull.head_sha):
        raise ApiError(409, "Head branch was modified. Review and try the merge again.")
    if blockers := merge_blockers(call.repo, pull):
        raise ApiError(405, f"Pull Request is not mergeable: {'; '.join(blockers)}")
    return _merged(call, pull, sent.get("commit_title") or "")


def _merged(call: Call, pull: Pull, title: str) -> Reply:
    sha = branches.merged(call.world, pull, title)
    if sha is None:
        raise not_found()
    pusher = {"name": call.user.login, "email": f"{call.user.login}@users.noreply.github.invalid"}
    extra = {"ref": f"refs/heads/{pull.base_ref}", "after": sha, "pusher": pusher}
    call.events.append(Event("push", None, call.repo, call.user, {"extra": extra}))
    call.emit("pull_request", "closed", pull=pull)
    return Reply({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})
