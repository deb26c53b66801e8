"""Repositories and what git holds in them."""

from __future__ import annotations

import base64
import urllib.parse
from typing import Any

from .call import Call, Reply, commit_of, operation
from .errors import ApiError, not_found
from .state import CommitStatus, Repo

MAX_ENTRIES = 100_000
MAX_COMPARED = 300
MAX_CONTENT = 1_000_000
MAX_BLOB = 100_000_000
LEGACY = {"maintain": "write", "triage": "read"}


@operation("repos/get")
def get(call: Call) -> Reply:
    return Reply(call.render.repository(call.repo, "full-repository"))


@operation("repos/get-collaborator-permission-level")
def permission(call: Call) -> Reply:
    login = call.path["username"]
    if login.lower() not in call.state.users and login not in call.repo.roles:
        raise not_found()
    role = call.repo.role(login)
    user = call.render.user(call.state.user(login)) | {"role_name": role}
    allowed = dict.fromkeys(("admin", "maintain", "push", "triage", "pull"), False)
    order = ["pull", "triage", "push", "maintain", "admin"]
    rank = {"none": 0, "read": 1, "triage": 2, "write": 3, "maintain": 4, "admin": 5}[role]
    user["permissions"] = allowed | dict.fromkeys(order[:rank], True)
    return Reply({"permission": LEGACY.get(role, role), "role_name": role, "user": user})


# Branches


@operation("repos/get-branch")
def get_branch(call: Call) -> Reply:
    repo, name = call.repo, call.path["branch"]
    tip = repo.git.ref(f"refs/heads/{name}")
    commit = repo.git.commit_info(tip) if tip else None
    if commit is None:
        raise ApiError(404, "Branch not found")
    required = repo.required_checks if name == repo.default_branch else []
    url = f"{call.render.repo_url(repo)}/branches/{urllib.parse.quote(name, safe='')}"
    checks = {
        "enforcement_level": "non_admins" if required else "off",
        "contexts": list(required),
        "checks": [{"context": check, "app_id": repo.pins.get(check)} for check in required],
    }
    return Reply(
        {
            "name": name,
            "commit": call.render.commit(repo, commit),
            "_links": {"self": url, "html": f"{call.render.html}/{repo.full_name}/tree/{name}"},
            "protected": bool(required),
            "protection": {"enabled": bool(required), "required_status_checks": checks},
            "protection_url": f"{url}/protection",
        }
    )


@operation("repos/get-branch-rules")
def get_branch_rules(call: Call) -> Reply:
    repo = call.repo
    if not repo.rulesets or call.path["branch"] != repo.default_branch:
        return Reply([])
    checks = [
        {"context": name} | ({"integration_id": app} if app is not None else {})
        for name, app in repo.rulesets
    ]
    rule = {
        "type": "required_status_checks",
        "ruleset_source_type": "Repository",
        "ruleset_source": repo.full_name,
        "ruleset_id": 42,
        "parameters": {"strict_required_status_checks_policy": False, "required_status_checks": checks},
    }
    return Reply([{"type": "deletion", "ruleset_id": 42}, rule])


# Commits


@operation("repos/get-commit")
def get_commit(call: Call) -> Reply:
    git = call.repo.git
    sha = commit_of(call.repo, call.path["ref"])
    if "sha" in call.accept.split(".")[-1]:
        return Reply(raw=sha.encode(), content_type=call.accept)
    commit = git.commit_info(sha)
    assert commit is not None
    parent = commit.parents[0] if commit.parents else "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    files = git.diff(parent, sha)
    shown, headers = call.page(files) if "page" in call.query else (files[:MAX_COMPARED], {})
    added, deleted = sum(f.additions for f in files), sum(f.deletions for f in files)
    body = call.render.commit(call.repo, commit) | {
        "stats": {"additions": added, "deletions": deleted, "total": added + deleted},
        "files": [call.render.file(call.repo, file, sha) for file in shown],
    }
    return Reply(body, headers=headers)


@operation("repos/list-commits")
def list_commits(call: Call) -> Reply:
    git = call.repo.git
    tip = git.ref(call.query.get("sha", call.repo.default_branch))
    if tip is None:
        raise not_found()
    body, headers = call.page(git.log(tip, path=call.query.get("path")))
    commits = [git.commit_info(sha) for sha in body]
    return Reply([call.render.commit(call.repo, commit) for commit in commits if commit], headers=headers)


def _end(call: Call, name: str) -> str:
    """One end of a comparison: a ref or sha, or `owner:branch` in the same network."""
    repo: Repo | None = call.repo
    if ":" in name:
        owner, name = name.split(":", 1)
        network = call.repo.network
        repo = next(
            (r for r in call.state.repos.values() if r.network is network and r.owner.login == owner), None
        )
    sha = repo.git.ref(name) if repo else None
    if sha is None:
        raise not_found()
    return sha


@operation("repos/compare-commits")
def compare(call: Call) -> Reply:
    git, repo = call.repo.git, call.repo
    base, head = _end(call, call.path["base"]), _end(call, call.path["head"])
    start = git.merge_base(base, head)
    if start is None:
        raise ApiError(404, f"No common ancestor between {call.path['base']} and {call.path['head']}.")
    ahead, behind = git.log(head, exclude=base, limit=10_000), git.log(base, exclude=head, limit=10_000)
    status = {(0, 0): "identical", (1, 0): "ahead", (0, 1): "behind"}.get(
        (bool(ahead), bool(behind)), "diverged"
    )
    page = int(call.query.get("page", "1"))
    files = git.diff(start, head)[:MAX_COMPARED] if page == 1 else ()
    paged = "page" in call.query or "per_page" in call.query
    listed, headers = call.page(ahead[::-1]) if paged else (ahead[::-1][:250], {})
    commits = {sha: git.commit_info(sha) for sha in [base, start, *listed]}
    made = {sha: call.render.commit(repo, commit) for sha, commit in commits.items() if commit}
    url = f"{call.render.repo_url(repo)}/compare/{call.path['base']}...{call.path['head']}"
    html = f"{call.render.html}/{repo.full_name}/compare/{base}...{head}"
    body: dict[str, Any] = {
        "url": urllib.parse.quote(url, safe=":/."),
        "html_url": html,
        "permalink_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "base_commit": made[base],
        "merge_base_commit": made[start],
        "status": status,
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [made[sha] for sha in listed],
        "files": [call.render.file(repo, file, head) for file in files],
    }
    return Reply(body, headers=headers)


# Objects


@operation("git/get-tree")
def get_tree(call: Call) -> Reply:
    git = call.repo.git
    name = call.path["tree_sha"]
    sha = name if git.object(name) else git.ref(name)
    if sha is None or git.tree(sha) is None:
        raise not_found()
    commit = git.commit_info(sha)
    root = f"{call.render.repo_url(call.repo)}/git"
    rows = (
        git.walk(sha) if call.query.get("recursive") else [row for row in git.walk(sha) if "/" not in row[0]]
    )
    entries = []
    for path, entry in rows[:MAX_ENTRIES]:
        kind = "trees" if entry.kind == "tree" else "blobs"
        shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        made: dict[str, Any] = {"path": shown, "mode": entry.mode, "type": entry.kind, "sha": entry.sha}
        if entry.size is not None:
            made["size"] = entry.size
        if entry.kind != "commit":
            made["url"] = f"{root}/{kind}/{entry.sha}"
        entries.append(made)
    tree = commit.tree if commit else sha
    truncated = len(rows) > MAX_ENTRIES
    return Reply({"sha": tree, "url": f"{root}/trees/{tree}", "tree": entries, "truncated": truncated})


@operation("git/get-blob")
def get_blob(call: Call) -> Reply:
    sha = call.path["file_sha"]
    data = call.repo.git.blob(sha)
    if data is None:
        raise not_found()
    if len(data) > MAX_BLOB:
        raise ApiError(403, "This API returns blobs up to 100 MB in size.")
    if "raw" in call.accept:
        return Reply(raw=data, content_type="application/vnd.github.raw; charset=utf-8")
    return Reply(
        {
            "sha": sha,
            "node_id": f"B_{sha}",
            "size": len(data),
            "url": f"{call.render.repo_url(call.repo)}/git/blobs/{sha}",
            "content": base64.encodebytes(data).decode(),
            "encoding": "base64",
        }
    )


@operation("git/get-commit")
def get_git_commit(call: Call) -> Reply:
    commit = call.repo.git.commit_info(call.path["commit_sha"])
    if commit is None:
        raise not_found()
    return Reply(call.render.git_commit(call.repo, commit))


@operation("git/get-ref")
def get_ref(call: Call) -> Reply:
    name = f"refs/{call.path['ref']}"
    sha = call.repo.git.refs(name).get(name)
    if sha is None:
        raise not_found()
    root = f"{call.render.repo_url(call.repo)}/git"
    target = {"sha": sha, "type": "commit", "url": f"{root}/commits/{sha}"}
    return Reply({"ref": name, "node_id": f"REF_{name}", "url": f"{root}/{name}", "object": target})


@operation("repos/get-content")
def get_content(call: Call) -> Reply:
    git = call.repo.git
    path = call.path["path"].strip("/")
    ref = call.query.get("ref", call.repo.default_branch)
    commit = git.ref(ref)
    if commit is None:
        raise ApiError(404, f"No commit found for the ref {ref}")
    found = git.entry(commit, path)
    if found is None:
        raise not_found()
    mode, sha = found
    if mode == "120000" and "object" not in call.accept:
        target = (git.blob(sha) or b"").decode("utf-8", "replace")
        inside = "/".join([*path.split("/")[:-1], target]) if not target.startswith("/") else target
        followed = git.entry(commit, inside)
        if followed is not None and followed[0] in ("100644", "100755"):
            mode, sha = followed
    if mode == "040000":
        entries = git.tree(sha) or []
        return Reply([content(call, f"{path}/{name}".strip("/"), m, s, ref) for m, name, s in entries[:1000]])
    data = git.blob(sha) or b""
    if "raw" in call.accept:
        if len(data) > MAX_BLOB:
            raise ApiError(403, "This API returns blobs up to 100 MB in size.")
        return Reply(raw=data, content_type="application/vnd.github.raw+json; charset=utf-8")
    made = content(call, path, mode, sha, ref)
    if mode == "160000":
        return Reply(made | {"submodule_git_url": f"{call.render.html}/submodule.git"})
    if mode == "120000":
        return Reply(made | {"target": data.decode("utf-8", "replace")})
    large = len(data) > MAX_CONTENT
    text = "" if large else base64.encodebytes(data).decode()
    return Reply(made | {"encoding": "none" if large else "base64", "content": text})


def content(call: Call, path: str, mode: str, sha: str, ref: str) -> dict[str, Any]:
    kind = {"040000": "dir", "120000": "symlink", "160000": "submodule"}.get(mode, "file")
    data = call.repo.git.blob(sha) if kind in ("file", "symlink") else None
    quoted = urllib.parse.quote(path)
    url = f"{call.render.repo_url(call.repo)}/contents/{quoted}?ref={urllib.parse.quote(ref)}"
    page = f"{call.render.html}/{call.repo.full_name}"
    git = f"{call.render.repo_url(call.repo)}/git/{'trees' if kind == 'dir' else 'blobs'}/{sha}"
    html = f"{page}/blob/{ref}/{quoted}"
    return {
        "type": kind,
        "size": len(data or b""),
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "url": url,
        "git_url": git,
        "html_url": html,
        "download_url": f"{page}/raw/{ref}/{quoted}" if kind in ("file", "symlink") else None,
        "_links": {"self": url, "git": git, "html": html},
    }


@operation("repos/download-tarball-archive")
def tarball(call: Call) -> Reply:
    """A redirect to another host, with a ticket in the address instead of the token."""
    sha = call.repo.git.ref(call.path["ref"] or call.repo.default_branch)
    if sha is None:
        raise not_found()
    return Reply(status=302, headers={"location": call.world.archive_url(call.repo, sha)})


# Statuses


@operation("repos/create-commit-status")
def create_status(call: Call) -> Reply:
    sha, sent = call.path["sha"], call.body
    if call.repo.git.commit_info(sha) is None:
        raise ApiError(422, f"No commit found for SHA: {sha}")
    status = CommitStatus(
        call.state.next_id(),
        sha,
        sent["state"],
        sent.get("context", "default"),
        sent.get("description"),
        sent.get("target_url"),
        call.user,
        call.state.now(),
    )
    call.repo.statuses.append(call.state.remember(status))
    return Reply(call.render.status(call.repo, status), 201)


@operation("repos/get-combined-status-for-ref")
def combined(call: Call) -> Reply:
    sha = commit_of(call.repo, call.path["ref"])
    latest = {status.context: status for status in call.repo.statuses if status.sha == sha}
    states = {status.state for status in latest.values()}
    order = ("failure", "error", "pending", "success")
    worst = next((state for state in order if state in states), "pending")
    url = f"{call.render.repo_url(call.repo)}/commits/{sha}"
    simple = [
        {key: value for key, value in call.render.status(call.repo, status).items() if key != "creator"}
        for status in latest.values()
    ]
    body = {
        "state": "failure" if worst == "error" else worst,
        "sha": sha,
        "total_count": len(latest),
        "statuses": simple,
        "repository": call.render.repository(call.repo, "minimal-repository"),
        "commit_url": url,
        "url": f"{url}/status",
    }
    return Reply(body)
