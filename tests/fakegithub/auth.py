"""Who asks, and what they may do: app JWTs, installation tokens, GitHub's permission table."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jwt

from .errors import ApiError
from .signin import People, person_token
from .state import App, Installation, Repo, State, Token, User

Level = Literal["read", "write"]
RANK = {"read": 1, "write": 2, "admin": 3}

_CHECKS: dict[str, Level] = {
    "create": "write", "update": "write", "rerequest-run": "write", "rerequest-suite": "write", "create-suite": "write",
    "get": "read", "list-annotations": "read", "list-for-ref": "read", "list-for-suite": "read", "get-suite": "read",
    "list-suites-for-ref": "read",
}  # fmt: skip
_PULLS: dict[str, Level] = {
    "list": "read", "get": "read", "list-files": "read", "list-commits": "read", "list-reviews": "read",
    "get-review": "read", "list-comments-for-review": "read", "list-review-comments": "read", "get-review-comment": "read",
    "create-review": "write", "update-review": "write", "submit-review": "write", "dismiss-review": "write",
    "delete-pending-review": "write", "create-review-comment": "write", "create-reply-for-review-comment": "write",
    "update-review-comment": "write", "delete-review-comment": "write",
}  # fmt: skip
_ISSUES: dict[str, Level] = {
    "issues/get": "read", "issues/list-comments": "read", "issues/get-comment": "read",
    "issues/list-labels-on-issue": "read", "reactions/list-for-issue-comment": "read", "issues/create-comment": "write",
    "issues/update-comment": "write", "issues/delete-comment": "write", "issues/add-labels": "write",
    "reactions/create-for-issue-comment": "write", "reactions/delete-for-issue-comment": "write",
}  # fmt: skip
_CONTENTS = (
    "repos/get-content", "repos/get-commit", "repos/list-commits", "repos/compare-commits", "repos/download-tarball-archive",
    "git/get-tree", "git/get-blob", "git/get-commit", "git/get-ref",
)  # fmt: skip

# operation -> alternatives, each of which suffices
PERMISSIONS: Mapping[str, Sequence[tuple[str, Level]]] = {
    **{f"checks/{name}": [("checks", level)] for name, level in _CHECKS.items()},
    **{f"pulls/{name}": [("pull_requests", level)] for name, level in _PULLS.items()},
    **{name: [("issues", level), ("pull_requests", level)] for name, level in _ISSUES.items()},
    **{name: [("contents", "read")] for name in _CONTENTS},
    "reactions/create-for-pull-request-review-comment": [("pull_requests", "write")],
    "repos/list-pull-requests-associated-with-commit": [("pull_requests", "read"), ("contents", "read")],
    "repos/create-commit-status": [("statuses", "write")],
    "repos/get-combined-status-for-ref": [("statuses", "read")],
    "repos/get": [("metadata", "read")],
    "repos/get-branch": [("contents", "read")],
    "repos/get-branch-rules": [("metadata", "read")],
    "repos/create-or-update-file-contents": [("contents", "write")],
    "git/create-ref": [("contents", "write")],
    "pulls/create": [("pull_requests", "write")],
    "pulls/update": [("pull_requests", "write")],
    "pulls/merge": [("contents", "write")],
    "repos/get-collaborator-permission-level": [("metadata", "read")],
}

APP_ONLY = frozenset(
    {
        "apps/get-authenticated", "apps/list-installations", "apps/get-installation",
        "apps/create-installation-access-token", "apps/get-repo-installation", "apps/get-webhook-config-for-app",
        "apps/update-webhook-config-for-app", "apps/list-webhook-deliveries", "apps/get-webhook-delivery",
        "apps/redeliver-webhook-delivery",
    }
)  # fmt: skip
PUBLIC = frozenset({"meta/root", "meta/get", "rate-limit/get", "apps/create-from-manifest"})

# The permission without which GitHub sends an app no such event; None: always sent.
EVENT_PERMISSION: Mapping[str, str | None] = {
    "pull_request": "pull_requests", "pull_request_review": "pull_requests",
    "pull_request_review_comment": "pull_requests", "pull_request_review_thread": "pull_requests",
    "issue_comment": "issues", "check_run": "checks", "check_suite": "checks", "merge_group": "merge_queues",
    "push": "contents", "repository": "metadata", "installation": None, "installation_repositories": None,
    "installation_target": None, "github_app_authorization": None, "ping": None,
}  # fmt: skip


@dataclass(frozen=True)
class Principal:
    """`app` with a JWT, `installation` with a token, `person` with one that the app got for them, `user` with a
    personal one, or `anonymous`."""

    kind: Literal["app", "installation", "person", "user", "anonymous"]
    key: str
    token: Token | None = None
    user: User | None = None

    @property
    def installation(self) -> Installation:
        assert self.token is not None
        return self.token.installation


def authenticate(
    state: State, app: App, public_key: Any, header: str | None, people: People | None = None
) -> Principal:
    """The principal behind an Authorization header. Raises ApiError 401 or 403."""
    if not header:
        return Principal("anonymous", "anonymous")
    scheme, _, credential = header.partition(" ")
    credential = credential.strip()
    if scheme.lower() not in ("bearer", "token") or not credential:
        raise ApiError(401, "Bad credentials")
    if credential in state.tokens:
        return _installation(state, state.tokens[credential])
    if credential in state.personal:
        user = state.personal[credential]
        return Principal("user", f"user {user.login}", user=user)
    if people is not None and credential in people.tokens:
        token = person_token(state, people, credential)
        return Principal("person", f"person {people.tokens[credential][0].login}", token)
    if scheme.lower() == "bearer" and credential.count(".") == 2 and not credential.startswith("ghs_"):
        return _app(state, app, public_key, credential)
    raise ApiError(401, "Bad credentials")


def _app(state: State, app: App, public_key: Any, credential: str) -> Principal:
    try:
        claims = jwt.decode(
            credential,
            public_key,
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_iss": False},
        )
    except jwt.PyJWTError as error:
        raise ApiError(401, "A JSON web token could not be decoded") from error
    now = state.clock()
    expires, issued = claims.get("exp"), claims.get("iat")
    if not isinstance(expires, int | float) or isinstance(expires, bool) or expires <= now:
        raise ApiError(
            401,
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the "
            "assertion expires",
        )
    if expires > now + 600:
        raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")
    if not isinstance(issued, int | float) or isinstance(issued, bool) or issued > now:
        raise ApiError(
            401,
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        )
    if str(claims.get("iss")) not in (str(app.id), app.client_id):
        raise ApiError(404, "Integration not found")
    return Principal("app", f"app {app.id}")


def _installation(state: State, token: Token) -> Principal:
    if token.revoked or token.expires <= state.clock() or token.installation.deleted:
        raise ApiError(401, "Bad credentials", by_fault=token.by_fault)
    if token.installation.suspended_at:
        raise ApiError(403, "This installation has been suspended", by_fault=token.by_fault)
    return Principal("installation", f"installation {token.installation.id}", token)


def mint(
    state: State, installation: Installation, body: Mapping[str, Any], *, lifetime: float = 3600
) -> Token:
    """A token narrowed as asked. Raises ApiError 403 and 422."""
    if installation.suspended_at:
        raise ApiError(403, "This installation has been suspended")
    repos: list[Repo] | None = None
    if "repository_ids" in body or "repositories" in body:
        ids, names = body.get("repository_ids", []), body.get("repositories", [])
        repos = [repo for repo in installation.repos if repo.id in ids or repo.name in names]
        if len(repos) < len(set(ids)) + len(set(names)):
            raise ApiError(
                422,
                "There is at least one repository that does not exist or is not accessible to the parent installation.",
            )
    wanted = dict(body.get("permissions") or installation.permissions)
    for name, level in wanted.items():
        if RANK[level] > RANK.get(installation.permissions.get(name, ""), 0):
            raise ApiError(422, "The permissions requested are not granted to this installation.")
    wanted.setdefault("metadata", "read")
    now = state.clock()
    value = _token_text(installation.app)
    token = Token(value, installation, wanted, repos, expires=now + lifetime, minted=now)
    state.tokens[value] = token
    return token


def _token_text(app: App) -> str:
    """Both forms that GitHub hands out: the short one, and since 2026 one that wraps a JWT. Lengths differ."""
    if secrets.randbelow(2):
        return f"ghs_{secrets.token_hex(18)}"
    parts = ".".join(secrets.token_urlsafe(20 + secrets.randbelow(180)).replace("_", "-") for _ in range(3))
    return f"ghs_{app.id}_{parts}"


def may_see(token: Token, repo: Repo) -> bool:
    """Whether the token covers a repository (public ones can be read by anybody)."""
    scope = token.installation.repos if token.repos is None else token.repos
    return repo in scope and repo in token.installation.repos


def has(token: Token, permission: str, level: Level) -> bool:
    """Whether both the token and the installation, as it is now, hold a permission."""
    need = RANK[level]
    return (
        RANK.get(token.permissions.get(permission, ""), 0) >= need
        and RANK.get(token.installation.permissions.get(permission, ""), 0) >= need
    )


TALK = frozenset(
    {
        "issues/create-comment", "reactions/create-for-issue-comment", "pulls/create", "pulls/create-review",
        "reactions/create-for-pull-request-review-comment", "pulls/create-reply-for-review-comment",
        "pulls/create-review-comment",
    }
)  # fmt: skip
"""What everybody may do who can read."""


def person_may(user: User, repo: Repo, level: Level) -> bool:
    """Whether a person's role in a repository suffices."""
    needed = (
        ("read", "triage", "write", "maintain", "admin")
        if level == "read"
        else ("write", "maintain", "admin")
    )
    return repo.role(user.login) in needed


def _authorize_person(user: User, operation: str, repo: Repo | None, method: str) -> None:
    if repo is None:
        return
    if not person_may(user, repo, "read"):
        raise ApiError(404, "Not Found")
    if operation.startswith("checks/") and method != "GET":
        raise ApiError(403, "You must authenticate via a GitHub App.")
    if method != "GET" and operation not in TALK and not person_may(user, repo, "write"):
        raise ApiError(403, "Must have push access to repository")


def accepted(operation: str) -> str:
    """Value of `x-accepted-github-permissions`."""
    return "; ".join(f"{name}={level}" for name, level in PERMISSIONS.get(operation, []))


def authorize(principal: Principal, operation: str, repo: Repo | None, *, method: str = "GET") -> None:
    """Raises ApiError when the principal may not call an operation (on that repository)."""
    if operation in PUBLIC:
        return
    if operation in APP_ONLY:
        if principal.kind != "app":
            raise ApiError(401, "A JSON web token could not be decoded")
        return
    if principal.kind == "app":
        raise ApiError(403, "Resource not accessible by integration")
    if principal.kind == "anonymous":
        if repo is not None and repo.private:
            raise ApiError(404, "Not Found")
        raise ApiError(401, "Requires authentication")
    if principal.user is not None:
        _authorize_person(principal.user, operation, repo, method)
        return
    assert principal.token is not None
    if operation in ("apps/list-repos-accessible-to-installation", "apps/revoke-installation-access-token"):
        return
    assert repo is not None
    headers = {"x-accepted-github-permissions": accepted(operation)}
    if not may_see(principal.token, repo):
        if repo.private:
            raise ApiError(404, "Not Found")
        if method == "GET" and operation != "repos/get-collaborator-permission-level":
            return
        raise ApiError(403, "Resource not accessible by integration", headers=headers)
    if not any(has(principal.token, name, level) for name, level in PERMISSIONS[operation]):
        raise ApiError(403, "Resource not accessible by integration", headers=headers)
