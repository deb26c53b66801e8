"""Hosts of code, and git itself."""

from rules.libraries.model import Kind, Library, Sdk, below, leaving, made, waiting

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
    blocking=(*waiting(_SDKS),),
    external=tuple(leaving(_SDKS)),
    returns={
        **made(_SDKS),
        "github.Repository.Repository.get_pull": "github.PullRequest.PullRequest",
        "github.Repository.Repository.get_issue": "github.Issue.Issue",
        "gitlab.Gitlab.projects.get": "gitlab.v4.objects.Project",
        "git.Repo": "git.Repo",
        "git.Repo.clone_from": "git.Repo",
        "git.Repo.init": "git.Repo",
        "git.Repo.remote": "git.Remote",
    },
    aliases={
        "git.repo.base.Repo": "git.Repo",
        "git.Git": "git.cmd.Git",
    },
)
