"""GitHub's JSON for what the state holds. Fields that no client of ours reads come from the schema's skeleton."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .gitrepo import Commit, FileDiff
from .spec import Spec
from .state import (
    App,
    CheckRun,
    CheckSuite,
    CommitStatus,
    Delivery,
    Installation,
    IssueComment,
    Label,
    Pull,
    Reaction,
    Repo,
    Review,
    ReviewComment,
    User,
    check_state,
    iso,
    merge_blockers,
    node_id,
)

JSON = dict[str, Any]
CONTENTS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


@dataclass
class Render:
    """`api` is the REST root, `html` the root of pages for people."""

    spec: Spec
    api: str
    html: str

    def user(self, user: User) -> JSON:
        name = urllib.parse.quote(user.login)
        api = f"{self.api}/users/{name}"
        page = f"apps/{user.login.removesuffix('[bot]')}" if user.type == "Bot" else name
        return {
            "login": user.login,
            "id": user.id,
            "node_id": node_id(user),
            "avatar_url": f"{self.html}/avatars/{user.id}",
            "gravatar_id": "",
            "url": api,
            "html_url": f"{self.html}/{page}",
            "followers_url": f"{api}/followers",
            "following_url": f"{api}/following{{/other_user}}",
            "gists_url": f"{api}/gists{{/gist_id}}",
            "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
            "subscriptions_url": f"{api}/subscriptions",
            "organizations_url": f"{api}/orgs",
            "repos_url": f"{api}/repos",
            "events_url": f"{api}/events{{/privacy}}",
            "received_events_url": f"{api}/received_events",
            "type": user.type,
            "site_admin": False,
        }

    def repo_url(self, repo: Repo) -> str:
        return f"{self.api}/repos/{repo.full_name}"

    def repository(self, repo: Repo, component: str = "repository") -> JSON:
        url = self.repo_url(repo)
        templates = {
            "archive_url": "{archive_format}{/ref}", "assignees_url": "assignees{/user}", "blobs_url": "git/blobs{/sha}",
            "branches_url": "branches{/branch}", "collaborators_url": "collaborators{/collaborator}",
            "comments_url": "comments{/number}", "commits_url": "commits{/sha}", "compare_url": "compare/{base}...{head}",
            "contents_url": "contents/{+path}", "contributors_url": "contributors", "deployments_url": "deployments",
            "downloads_url": "downloads", "events_url": "events", "forks_url": "forks",
            "git_commits_url": "git/commits{/sha}", "git_refs_url": "git/refs{/sha}", "git_tags_url": "git/tags{/sha}",
            "hooks_url": "hooks", "issue_comment_url": "issues/comments{/number}",
            "issue_events_url": "issues/events{/number}", "issues_url": "issues{/number}", "keys_url": "keys{/key_id}",
            "labels_url": "labels{/name}", "languages_url": "languages", "merges_url": "merges",
            "milestones_url": "milestones{/number}",
            "notifications_url": "notifications{?since,all,participating}", "pulls_url": "pulls{/number}",
            "releases_url": "releases{/id}", "stargazers_url": "stargazers", "statuses_url": "statuses/{sha}",
            "subscribers_url": "subscribers", "subscription_url": "subscription", "tags_url": "tags",
            "teams_url": "teams", "trees_url": "git/trees{/sha}",
        }  # fmt: skip
        values: JSON = {key: f"{url}/{template}" for key, template in templates.items()}
        page = f"{self.html}/{repo.full_name}"
        values |= {
            "id": repo.id,
            "node_id": node_id(repo),
            "name": repo.name,
            "full_name": repo.full_name,
            "private": repo.private,
            "visibility": "private" if repo.private else "public",
            "owner": self.user(repo.owner),
            "html_url": page,
            "description": None,
            "fork": repo.fork_of is not None,
            "url": url,
            "git_url": f"{page}.git",
            "clone_url": f"{page}.git",
            "ssh_url": f"{page}.git",
            "svn_url": page,
            "default_branch": repo.default_branch,
            "created_at": repo.created_at,
            "updated_at": repo.created_at,
            "pushed_at": repo.created_at,
            "homepage": None,
            "language": "Python",
            "has_issues": True,
            "topics": [],
            "archived": False,
            "disabled": False,
            "is_template": False,
            "allow_forking": True,
            "web_commit_signoff_required": False,
            "open_issues": len(repo.pulls),
            "open_issues_count": len(repo.pulls),
            "license": None,
            "mirror_url": None,
            "custom_properties": {},
        }
        known = self.spec.schemas[component]["properties"]
        return self.spec.make(component, {key: value for key, value in values.items() if key in known})

    def app(self, app: App) -> JSON:
        return self.spec.make(
            "integration",
            {
                "id": app.id,
                "slug": app.slug,
                "node_id": node_id(app),
                "client_id": app.client_id,
                "owner": self.user(app.owner),
                "name": app.name,
                "description": "",
                "external_url": "https://fastperf.example",
                "html_url": f"{self.html}/apps/{app.slug}",
                "created_at": "2026-01-01T00:00:00Z",
                "updated_at": "2026-01-01T00:00:00Z",
                "permissions": dict(app.permissions),
                "events": list(app.events),
            },
        )

    def installation(self, installation: Installation) -> JSON:
        url = f"{self.api}/app/installations/{installation.id}"
        return {
            "id": installation.id,
            "account": self.user(installation.account),
            "repository_selection": installation.selection,
            "access_tokens_url": f"{url}/access_tokens",
            "repositories_url": f"{self.api}/installation/repositories",
            "html_url": f"{self.html}/settings/installations/{installation.id}",
            "app_id": installation.app.id,
            "app_slug": installation.app.slug,
            "client_id": installation.app.client_id,
            "target_id": installation.account.id,
            "target_type": "Organization" if installation.account.type == "Organization" else "User",
            "permissions": dict(installation.permissions),
            "events": list(installation.events),
            "created_at": installation.created_at,
            "updated_at": installation.created_at,
            "single_file_name": None,
            "has_multiple_single_files": False,
            "single_file_paths": [],
            "suspended_by": self.user(installation.account) if installation.suspended_at else None,
            "suspended_at": installation.suspended_at,
        }

    # Git

    def commit(self, repo: Repo, commit: Commit) -> JSON:
        url = f"{self.repo_url(repo)}/commits/{commit.sha}"
        page = f"{self.html}/{repo.full_name}/commit/{commit.sha}"
        return self.spec.make(
            "commit",
            {
                "sha": commit.sha,
                "node_id": f"C_{commit.sha}",
                "url": url,
                "html_url": page,
                "comments_url": f"{url}/comments",
                "author": None,
                "committer": None,
                "parents": [
                    {"sha": sha, "url": f"{self.repo_url(repo)}/commits/{sha}", "html_url": page}
                    for sha in commit.parents
                ],
                "commit": {
                    "url": f"{self.repo_url(repo)}/git/commits/{commit.sha}",
                    "author": _person(commit.author_name, commit.author_email, commit.authored),
                    "committer": _person(commit.committer_name, commit.committer_email, commit.committed),
                    "message": commit.message,
                    "tree": {"sha": commit.tree, "url": f"{self.repo_url(repo)}/git/trees/{commit.tree}"},
                    "comment_count": 0,
                    "verification": UNSIGNED,
                },
            },
        )

    def git_commit(self, repo: Repo, commit: Commit) -> JSON:
        base = f"{self.repo_url(repo)}/git"
        page = f"{self.html}/{repo.full_name}/commit"
        return {
            "sha": commit.sha,
            "node_id": f"C_{commit.sha}",
            "url": f"{base}/commits/{commit.sha}",
            "html_url": f"{page}/{commit.sha}",
            "author": _person(commit.author_name, commit.author_email, commit.authored),
            "committer": _person(commit.committer_name, commit.committer_email, commit.committed),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": f"{base}/trees/{commit.tree}"},
            "parents": [
                {"sha": sha, "url": f"{base}/commits/{sha}", "html_url": f"{page}/{sha}"}
                for sha in commit.parents
            ],
            "verification": UNSIGNED,
        }

    def simple_commit(self, commit: Commit) -> JSON:
        return {
            "id": commit.sha,
            "tree_id": commit.tree,
            "message": commit.message,
            "timestamp": iso(commit.authored),
            "author": {"name": commit.author_name, "email": commit.author_email},
            "committer": {"name": commit.committer_name, "email": commit.committer_email},
        }

    def file(self, repo: Repo, file: FileDiff, ref: str) -> JSON:
        quoted = urllib.parse.quote(file.path.encode("utf-8", "surrogateescape"))
        page = f"{self.html}/{repo.full_name}"
        name = file.path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        made: JSON = {
            "sha": file.new_sha or file.old_sha,
            "filename": name,
            "status": file.status,
            "additions": file.additions,
            "deletions": file.deletions,
            "changes": file.additions + file.deletions,
            "blob_url": f"{page}/blob/{ref}/{quoted}",
            "raw_url": f"{page}/raw/{ref}/{quoted}",
            "contents_url": f"{self.repo_url(repo)}/contents/{quoted}?ref={ref}",
        }
        if file.patch is not None:
            made["patch"] = file.patch
        if file.previous is not None:
            made["previous_filename"] = file.previous
        return made

    # Pull requests

    def pull(self, pull: Pull, component: str = "pull-request") -> JSON:
        repo = pull.repo
        url = f"{self.repo_url(repo)}/pulls/{pull.number}"
        issue = f"{self.repo_url(repo)}/issues/{pull.number}"
        page = f"{self.html}/{repo.full_name}/pull/{pull.number}"
        statuses = f"{self.repo_url(repo)}/statuses/{pull.head_sha}"
        links = {
            "self": url, "html": page, "issue": issue, "comments": f"{issue}/comments",
            "review_comments": f"{url}/comments", "review_comment": f"{self.repo_url(repo)}/pulls/comments{{/number}}",
            "commits": f"{url}/commits", "statuses": statuses,
        }  # fmt: skip
        values: JSON = {
            "url": url,
            "id": pull.id,
            "node_id": node_id(pull),
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "issue_url": issue,
            "commits_url": f"{url}/commits",
            "review_comments_url": f"{url}/comments",
            "review_comment_url": f"{self.repo_url(repo)}/pulls/comments{{/number}}",
            "comments_url": f"{issue}/comments",
            "statuses_url": statuses,
            "number": pull.number,
            "state": pull.state,
            "locked": False,
            "title": pull.title,
            "user": self.user(pull.author),
            "body": pull.body,
            "labels": [self.label(repo, label) for label in pull.labels],
            "milestone": None,
            "active_lock_reason": None,
            "created_at": pull.created_at,
            "updated_at": pull.updated_at,
            "closed_at": pull.closed_at,
            "merged_at": pull.merged_at,
            "merge_commit_sha": pull.merge_commit_sha,
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "head": self._end(pull.head_label, pull.head_ref, pull.head_sha, pull.head_repo),
            "base": self._end(f"{repo.owner.login}:{pull.base_ref}", pull.base_ref, pull.base_sha, repo),
            "_links": {key: {"href": value} for key, value in links.items()},
            "author_association": self.association(repo, pull.author),
            "auto_merge": None,
            "draft": pull.draft,
        }
        if component != "pull-request-simple":
            files = repo.git.three_dot(pull.base_sha, pull.head_sha)
            values |= {
                "merged": pull.merged_at is not None,
                "mergeable": pull.mergeable if pull.state == "open" else None,
                "rebaseable": pull.mergeable if pull.state == "open" else None,
                "mergeable_state": self.mergeable_state(pull),
                "merged_by": None,
                "comments": sum(comment.number == pull.number for comment in repo.comments),
                "review_comments": len(pull.comments),
                "maintainer_can_modify": False,
                "commits": len(repo.git.log(pull.head_sha, exclude=pull.base_sha)),
                "additions": sum(file.additions for file in files),
                "deletions": sum(file.deletions for file in files),
                "changed_files": len(files),
            }
        return self.spec.make(component, values)

    def _end(self, label: str, ref: str, sha: str, repo: Repo | None) -> JSON:
        owner = self.user(repo.owner) if repo else None
        return {
            "label": label,
            "ref": ref,
            "sha": sha,
            "user": owner,
            "repo": self.repository(repo) if repo else None,
        }

    def pull_minimal(self, pull: Pull) -> JSON:
        def end(ref: str, sha: str, repo: Repo) -> JSON:
            return {
                "ref": ref,
                "sha": sha,
                "repo": {"id": repo.id, "url": self.repo_url(repo), "name": repo.name},
            }

        return {
            "id": pull.id,
            "number": pull.number,
            "url": f"{self.repo_url(pull.repo)}/pulls/{pull.number}",
            "head": end(pull.head_ref, pull.head_sha, pull.head_repo or pull.repo),
            "base": end(pull.base_ref, pull.base_sha, pull.repo),
        }

    def mergeable_state(self, pull: Pull) -> str:
        if pull.state != "open":
            return "unknown"
        if not pull.mergeable:
            return "dirty"
        if pull.draft:
            return "draft"
        if merge_blockers(pull.repo, pull):
            return "blocked"
        names = {run.name for run in pull.repo.check_runs if run.head_sha == pull.head_sha}
        said = {check_state(pull.repo, pull.head_sha, name) for name in names}
        return "clean" if said <= {"success"} else "unstable"

    def association(self, repo: Repo, user: User) -> str:
        if user is repo.owner:
            return "OWNER"
        if user.type == "Bot":
            return "NONE"
        if repo.roles.get(user.login, "none") in ("admin", "maintain", "write"):
            return "COLLABORATOR"
        return "CONTRIBUTOR" if any(pull.author is user for pull in repo.pulls.values()) else "NONE"

    def label(self, repo: Repo, label: Label) -> JSON:
        return {
            "id": label.id,
            "node_id": node_id(label),
            "url": f"{self.repo_url(repo)}/labels/{urllib.parse.quote(label.name)}",
            "name": label.name,
            "description": "",
            "color": label.color,
            "default": False,
        }

    # Reviews and comments

    def review(self, review: Review) -> JSON:
        pull = review.pull
        page = f"{self.html}/{pull.repo.full_name}/pull/{pull.number}#pullrequestreview-{review.id}"
        url = f"{self.repo_url(pull.repo)}/pulls/{pull.number}"
        made: JSON = {
            "id": review.id,
            "node_id": node_id(review),
            "user": self.user(review.user),
            "body": review.body,
            "state": review.state,
            "html_url": page,
            "pull_request_url": url,
            "author_association": self.association(pull.repo, review.user),
            "_links": {"html": {"href": page}, "pull_request": {"href": url}},
            "commit_id": review.commit_id,
        }
        if review.submitted_at:
            made["submitted_at"] = review.submitted_at
        return made

    def review_comment(self, comment: ReviewComment, component: str = "pull-request-review-comment") -> JSON:
        repo, pull = comment.repo, comment.pull
        url = f"{self.repo_url(repo)}/pulls/comments/{comment.id}"
        page = f"{self.html}/{repo.full_name}/pull/{pull.number}#discussion_r{comment.id}"
        pull_url = f"{self.repo_url(repo)}/pulls/{pull.number}"
        made: JSON = {
            "url": url,
            "pull_request_review_id": comment.review.id,
            "id": comment.id,
            "node_id": node_id(comment),
            "diff_hunk": comment.diff_hunk,
            "path": comment.path,
            "commit_id": comment.commit_id,
            "original_commit_id": comment.original_commit_id,
            "user": self.user(comment.user),
            "body": comment.body,
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "html_url": page,
            "pull_request_url": pull_url,
            "author_association": self.association(repo, comment.user),
            "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pull_url}},
            "reactions": self.rollup(url, comment.reactions),
            "start_line": comment.start_line,
            "original_start_line": comment.original_start_line,
            "start_side": comment.start_side,
            "line": comment.line,
            "side": comment.side,
            "position": comment.position,
        }
        if comment.original_line is not None:
            made["original_line"] = comment.original_line
        if comment.original_position is not None:
            made["original_position"] = comment.original_position
        if component == "review-comment":
            made["original_position"] = comment.original_position or 1
        made["subject_type"] = comment.subject_type
        if comment.in_reply_to is not None:
            made["in_reply_to_id"] = comment.in_reply_to.id
        return made

    def rollup(self, url: str, reactions: Iterable[Reaction]) -> JSON:
        said = [reaction.content for reaction in reactions]
        return {
            "url": f"{url}/reactions",
            "total_count": len(said),
            **{content: said.count(content) for content in CONTENTS},
        }

    def reaction(self, reaction: Reaction) -> JSON:
        return {
            "id": reaction.id,
            "node_id": node_id(reaction),
            "user": self.user(reaction.user),
            "content": reaction.content,
            "created_at": reaction.created_at,
        }

    def issue(self, pull: Pull, component: str = "issue") -> JSON:
        repo = pull.repo
        url = f"{self.repo_url(repo)}/issues/{pull.number}"
        page = f"{self.html}/{repo.full_name}/pull/{pull.number}"
        values: JSON = {
            "id": pull.id + 1_000_000_000,
            "node_id": node_id(pull),
            "number": pull.number,
            "title": pull.title,
            "body": pull.body,
            "state": pull.state,
            "state_reason": None,
            "locked": False,
            "active_lock_reason": None,
            "user": self.user(pull.author),
            "labels": [self.label(repo, label) for label in pull.labels],
            "assignee": None,
            "assignees": [],
            "milestone": None,
            "comments": sum(comment.number == pull.number for comment in repo.comments),
            "created_at": pull.created_at,
            "updated_at": pull.updated_at,
            "closed_at": pull.closed_at,
            "author_association": self.association(repo, pull.author),
            "url": url,
            "html_url": page,
            "repository_url": self.repo_url(repo),
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "timeline_url": f"{url}/timeline",
            "draft": pull.draft,
            "reactions": self.rollup(url, []),
            "performed_via_github_app": None,
            "pull_request": {
                "url": f"{self.repo_url(repo)}/pulls/{pull.number}",
                "html_url": page,
                "diff_url": f"{page}.diff",
                "patch_url": f"{page}.patch",
                "merged_at": pull.merged_at,
            },
        }
        return self.spec.make(component, values)

    def issue_comment(self, comment: IssueComment) -> JSON:
        url = f"{self.repo_url(comment.repo)}/issues/comments/{comment.id}"
        page = f"{self.html}/{comment.repo.full_name}/pull/{comment.number}#issuecomment-{comment.id}"
        return {
            "id": comment.id,
            "node_id": node_id(comment),
            "url": url,
            "html_url": page,
            "issue_url": f"{self.repo_url(comment.repo)}/issues/{comment.number}",
            "body": comment.body,
            "user": self.user(comment.user),
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "author_association": self.association(comment.repo, comment.user),
            "performed_via_github_app": self.app(comment.by_app) if comment.by_app else None,
            "reactions": self.rollup(url, comment.reactions),
        }

    # Checks

    def check_run(self, run: CheckRun) -> JSON:
        url = f"{self.repo_url(run.repo)}/check-runs/{run.id}"
        output = {key: run.output.get(key) for key in ("title", "summary", "text")}
        return {
            "id": run.id,
            "node_id": node_id(run),
            "head_sha": run.head_sha,
            "name": run.name,
            "external_id": run.external_id,
            "url": url,
            "html_url": f"{self.html}/{run.repo.full_name}/runs/{run.id}",
            "details_url": run.details_url,
            "status": run.status,
            "conclusion": run.conclusion,
            "started_at": run.started_at,
            "completed_at": run.completed_at,
            "output": {
                **output,
                "annotations_count": len(run.annotations),
                "annotations_url": f"{url}/annotations",
            },
            "check_suite": {"id": run.suite.id},
            "app": self.app(run.app),
            "pull_requests": self.pulls_at(run.repo, run.head_sha),
        }

    def pulls_at(self, repo: Repo, sha: str) -> list[JSON]:
        """Open pull requests from this repository's own branches; those of forks are never listed."""
        return [
            self.pull_minimal(pull)
            for pull in repo.pulls.values()
            if pull.head_sha == sha and pull.state == "open" and pull.head_repo is repo
        ]

    def check_suite(self, suite: CheckSuite) -> JSON:
        url = f"{self.repo_url(suite.repo)}/check-suites/{suite.id}"
        commit = suite.repo.git.commit_info(suite.head_sha)
        assert commit is not None
        return {
            "id": suite.id,
            "node_id": node_id(suite),
            "head_branch": suite.head_branch,
            "head_sha": suite.head_sha,
            "status": suite.status,
            "conclusion": suite.conclusion,
            "url": url,
            "before": suite.before,
            "after": suite.after,
            "pull_requests": self.pulls_at(suite.repo, suite.head_sha),
            "app": self.app(suite.app),
            "repository": self.repository(suite.repo, "minimal-repository"),
            "created_at": suite.created_at,
            "updated_at": suite.updated_at,
            "head_commit": self.simple_commit(commit),
            "latest_check_runs_count": len(suite.latest),
            "check_runs_url": f"{url}/check-runs",
        }

    def annotation(self, run: CheckRun, annotation: JSON) -> JSON:
        path = urllib.parse.quote(annotation["path"])
        return {
            "path": annotation["path"],
            "blob_href": f"{self.html}/{run.repo.full_name}/blob/{run.head_sha}/{path}",
            "start_line": annotation["start_line"],
            "end_line": annotation["end_line"],
            "start_column": annotation.get("start_column"),
            "end_column": annotation.get("end_column"),
            "annotation_level": annotation["annotation_level"],
            "title": annotation.get("title"),
            "message": annotation["message"],
            "raw_details": annotation.get("raw_details"),
        }

    def status(self, repo: Repo, status: CommitStatus) -> JSON:
        return self.spec.make(
            "status",
            {
                "url": f"{self.repo_url(repo)}/statuses/{status.sha}",
                "avatar_url": None,
                "id": status.id,
                "node_id": node_id(status),
                "state": status.state,
                "description": status.description,
                "target_url": status.target_url,
                "context": status.context,
                "created_at": status.created_at,
                "updated_at": status.created_at,
                "creator": self.user(status.user),
            },
        )

    def delivery(self, delivery: Delivery, *, full: bool = False) -> JSON:
        made: JSON = {
            "id": delivery.id,
            "guid": delivery.guid,
            "delivered_at": delivery.delivered_at,
            "redelivery": delivery.redelivery,
            "duration": round(delivery.duration, 2),
            "status": delivery.status,
            "status_code": delivery.status_code,
            "event": delivery.event,
            "action": delivery.action,
            "installation_id": delivery.installation.id if delivery.installation else None,
            "repository_id": delivery.repo.id if delivery.repo else None,
            "throttled_at": None,
        }
        if full:
            made["request"] = {"headers": dict(delivery.request_headers), "payload": delivery.payload}
            answered = delivery.status_code != 0
            made["response"] = {
                "headers": dict(delivery.response_headers) if answered else None,
                "payload": delivery.response_body if answered else None,
            }
        return made


UNSIGNED: JSON = {
    "verified": False,
    "reason": "unsigned",
    "signature": None,
    "payload": None,
    "verified_at": None,
}


def _person(name: str, email: str, when: int) -> JSON:
    return {"name": name, "email": email, "date": iso(when)}
