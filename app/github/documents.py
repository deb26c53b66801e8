"""The GraphQL documents we send. Values travel as variables; the only generated names are integers."""

from __future__ import annotations

CONFIGURATION = (".github/fastperf.toml", "pyproject.toml", ".gitattributes", ".ruff.toml", "ruff.toml")
"""Read from the base commit; their order is that of the aliases below."""
ORGANISATION = "org:.github/fastperf.toml"

_COMMENT = """
fragment Said on PullRequestReviewComment {
  id
  databaseId
  body
  isMinimized
  viewerDidAuthor
  author { __typename login }
}
"""

_THREADS = """
fragment Threads on PullRequestReviewThreadConnection {
  pageInfo { hasNextPage endCursor }
  nodes {
    id
    path
    line
    isResolved
    isOutdated
    comments(first: 20) { totalCount nodes { ...Said } }
  }
}
"""

_RUNS = """
fragment Runs on Commit {
  oid
  checkSuites(first: 5, filterBy: {appId: $app}) {
    nodes {
      checkRuns(first: 20, filterBy: {appId: $app, checkType: LATEST}) {
        nodes { databaseId externalId status conclusion }
      }
    }
  }
}
"""

STATE = (
    """
query State($owner: String!, $name: String!, $number: Int!, $app: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      state
      mergedAt
      isDraft
      title
      headRefName
      isCrossRepository
      headRefOid
      baseRefOid
      baseRefName
      author { __typename login }
      reviewThreads(first: 100) { ...Threads }
      commits(last: 1) { nodes { commit { ...Runs } } }
      baseRef {
        target {
          oid
          ... on Commit {
            d0: file(path: ".github/fastperf.toml") { object { ...Text } }
            d1: file(path: "pyproject.toml") { object { ...Text } }
            d2: file(path: ".gitattributes") { object { ...Text } }
          }
        }
      }
    }
  }
  org: repository(owner: $owner, name: ".github") {
    object(expression: "HEAD:.github/fastperf.toml") { ...Text }
  }
}
fragment Text on Blob { oid isTruncated text }
"""
    + _COMMENT
    + _THREADS
    + _RUNS
)

MORE_THREADS = (
    """
query Threads($owner: String!, $name: String!, $number: Int!, $after: String!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 100, after: $after) { ...Threads }
    }
  }
}
"""
    + _COMMENT
    + _THREADS
)

OPEN = (
    """
query Open($owner: String!, $name: String!, $app: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequests(first: 50, after: $after, states: OPEN, orderBy: {field: UPDATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        number
        isDraft
        createdAt
        headRefOid
        baseRefOid
        baseRefName
        author { __typename login }
        commits(last: 1) { nodes { commit { ...Runs } } }
      }
    }
  }
}
"""
    + _RUNS
)

NEWEST = 20
"""Open pull requests of each repository in `heads`, the last updated first."""


def heads(count: int) -> str:
    """A document for the newest open heads of `count` repositories, given as `o0` and `n0`, …: a point for a hundred."""
    variables = ", ".join(f"$o{index}: String!, $n{index}: String!" for index in range(count))
    aliases = "\n".join(
        f"  r{index}: repository(owner: $o{index}, name: $n{index}) {{ ...Heads }}" for index in range(count)
    )
    return (
        f"query Heads({variables}) {{\n{aliases}\n}}\n"
        "fragment Heads on Repository {\n"
        f"  pullRequests(first: {NEWEST}, states: OPEN, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{\n"
        "    totalCount\n    nodes { number headRefOid }\n  }\n}\n"
    )


QUEUE = """
query Queue($owner: String!, $name: String!, $branch: String!) {
  repository(owner: $owner, name: $name) {
    mergeQueue(branch: $branch) {
      entries(first: 100) {
        nodes {
          position
          headCommit { oid }
          pullRequest { number title headRefName isCrossRepository }
        }
      }
    }
  }
}
"""

REPLACED = """
query Replaced($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      timelineItems(itemTypes: [HEAD_REF_FORCE_PUSHED_EVENT], last: 20) {
        nodes { ... on HeadRefForcePushedEvent { beforeCommit { oid } } }
      }
    }
  }
}
"""

REVIEWS = """
query Reviews($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      headRefOid
      reviews(last: 100) {
        nodes { databaseId state body viewerDidAuthor author { __typename login } }
      }
    }
  }
}
"""


COMMIT = """
mutation Commit($repository: String!, $branch: String!, $head: GitObjectID!, $message: CommitMessage!,
                $changes: FileChanges!) {
  createCommitOnBranch(input: {
    branch: {repositoryNameWithOwner: $repository, branchName: $branch}
    expectedHeadOid: $head
    message: $message
    fileChanges: $changes
  }) { commit { oid } }
}
"""


def contents(count: int) -> str:
    """A document for `count` objects, given as variables `e0`, `e1`, … of the form `commit:path`."""
    variables = ", ".join(f"$e{index}: String!" for index in range(count))
    aliases = "\n".join(
        f"    f{index}: object(expression: $e{index}) {{ ...Content }}" for index in range(count)
    )
    return (
        f"query Contents($owner: String!, $name: String!, {variables}) {{\n"
        f"  repository(owner: $owner, name: $name) {{\n{aliases}\n  }}\n}}\n"
        "fragment Content on GitObject { __typename oid ... on Blob { isBinary isTruncated text } }\n"
    )


def fixed(count: int, *, fold: bool = True) -> str:
    """A mutation that rewrites `count` comments (`$c0`, body `$b0`, …) and folds them as resolved."""
    variables = ", ".join(f"$c{index}: ID!, $b{index}: String!" for index in range(count))
    aliases = "\n".join(
        f"  e{index}: updatePullRequestReviewComment(input: {{pullRequestReviewCommentId: $c{index}, body: $b{index}}})"
        f" {{ clientMutationId }}\n"
        + (
            f"  m{index}: minimizeComment(input: {{subjectId: $c{index}, classifier: RESOLVED}}) {{ clientMutationId }}"
            if fold
            else ""
        )
        for index in range(count)
    )
    return f"mutation Fixed({variables}) {{\n{aliases}\n}}\n"
