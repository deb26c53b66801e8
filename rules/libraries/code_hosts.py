"""Hosts of code, and git itself."""

from rules.libraries.model import (
    Blocking,
    External,
    Kind,
    Library,
    Sdk,
    Timeout,
    alike,
    below,
    each,
    leaving,
    made,
    waiting,
)

_PAGED = "github.PaginatedList.PaginatedList"
_githubkit = Blocking("", Kind.NET, "`githubkit`, or a worker thread")
_PULL = "create_issue_comment create_review create_review_comment merge edit update"
_GITLAB = (
    below(
        "mergerequests issues branches commits pipelines members hooks tags",
        "get list create",
    )
    + " files.get files.create"
)
_REMOTE = "fetch pull push"
_SDKS = (
    Sdk(("pygit2",), "clone_repository", "a queue worker"),
    Sdk(("pygit2.Remote",), "fetch push", "a queue worker"),
    Sdk(("github.PullRequest.PullRequest",), f"{_PULL} create_comment", "`githubkit`"),
    Sdk(("github.Issue.Issue",), "create_comment edit get_comments add_to_labels", "`githubkit`"),
    Sdk(
        ("github.Repository.Repository",),
        "update_file delete_file get_readme get_git_ref create_git_ref create_git_release get_latest_release",
        "`githubkit`",
    ),
    Sdk(("gitlab.v4.objects.Project",), f"{_GITLAB} save delete"),
    Sdk(
        ("git.Remote", "git.Repo.remotes.origin"),
        _REMOTE,
        "`asyncio.create_subprocess_exec`",
        waits=Kind.PROC,
    ),
    Sdk(
        ("git.cmd.Git", "git.Repo.git"),
        "clone fetch pull push checkout ls_remote log diff show add commit status execute merge rebase rev_parse",
        "`asyncio.create_subprocess_exec`",
        waits=Kind.PROC,
    ),
    Sdk(("git.Repo",), "clone", "`asyncio.create_subprocess_exec`", waits=Kind.PROC),
)

LIBRARY = Library(
    blocking=(
        *waiting(_SDKS),
        *each(
            _githubkit,
            "github.Github",
            "get_repo get_user get_organization search_issues search_repositories",
        ),
        *each(
            _githubkit,
            "github.Repository.Repository",
            "get_pull get_issue get_contents create_issue create_file get_commit create_pull get_branch compare merge"
            " get_git_tree get_git_commit get_git_blob create_git_tree create_git_commit create_git_blob create_fork"
            " get_release get_workflow get_languages get_topics get_label create_label create_hook"
            " create_repository_dispatch",
        ),
        # It asks page by page, while somebody goes through it.
        *each(_githubkit, _PAGED, "__iter__ get_page"),
        *each(Blocking("", Kind.NET, "a worker thread"), "gitlab.Gitlab", "auth http_request http_get"),
        *each(Blocking("", Kind.NET, "a worker thread"), "gitlab.Gitlab.projects", "get list create"),
        *each(
            Blocking("", Kind.PROC, "`asyncio.create_subprocess_exec`", construct=True),
            "git.Repo",
            "clone_from",
        ),
    ),
    external=(
        *leaving(_SDKS),
        *each(External("", False, "sdk"), "github.Github", "get_repo get_user get_organization"),
    ),
    returns={
        **made(_SDKS),
        "github.Github": "github.Github",
        "gitlab.Gitlab": "gitlab.Gitlab",
        "github.Repository.Repository.get_pull": "github.PullRequest.PullRequest",
        "github.Repository.Repository.get_issue": "github.Issue.Issue",
        "gitlab.Gitlab.projects.get": "gitlab.v4.objects.Project",
        "git.Repo": "git.Repo",
        "git.Repo.clone_from": "git.Repo",
        "git.Repo.init": "git.Repo",
        "git.Repo.remote": "git.Remote",
        "github.Github.get_repo": "github.Repository.Repository",
        **alike(
            "get_pulls get_issues get_commits get_branches get_tags get_contributors get_releases get_labels"
            " get_workflow_runs get_workflows get_collaborators get_milestones get_stargazers get_forks",
            _PAGED,
            "github.Repository.Repository",
        ),
        **alike(
            "get_files get_commits get_reviews get_review_comments get_issue_comments get_comments",
            _PAGED,
            "github.PullRequest.PullRequest",
        ),
    },
    aliases={
        "git.repo.base.Repo": "git.Repo",
        "git.Git": "git.cmd.Git",
        "github.MainClass.Github": "github.Github",
    },
    timeouts=(Timeout("gitlab.Gitlab", "timeout"),),
)
