"""What GitHub refuses although its OpenAPI document allows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import ApiError, unprocessable, validation
from .gitrepo import FileDiff
from .state import Pull

LIMIT = 65_535
BODY_LIMIT = 65_536

NOT_IN_DIFF = "Pull request review thread line must be part of the diff"
NOT_SAME_HUNK = "Pull request review thread start line must be part of the same hunk as the line."
NO_HUNK = "Pull request review thread diff hunk can't be blank"
NOT_BEFORE = "Pull request review thread start line must precede the end line."
NO_PATH = "Pull request review thread path could not be resolved"
ONE_PENDING = "User can only have one pending review per pull request"


@dataclass(frozen=True)
class Anchor:
    """A place in the diff that a comment hangs on. `line` is None for a comment on the whole file."""

    path: str
    line: int | None
    side: str
    start_line: int | None
    start_side: str | None
    hunk: str
    position: int | None


def files_at(pull: Pull, commit: str) -> Sequence[FileDiff]:
    """The diff against which comments on a commit of the pull request are anchored."""
    return pull.repo.git.three_dot(pull.base_sha, commit)


def anchor(files: Sequence[FileDiff], comment: Mapping[str, Any]) -> tuple[Anchor | None, list[str]]:
    """Where a comment lands, or what GitHub would say against it."""
    file = next((file for file in files if file.path == comment["path"]), None)
    if file is None:
        return None, [NO_PATH]
    if comment.get("subject_type") == "file":
        return Anchor(file.path, None, "RIGHT", None, None, "", None), []
    line, side = comment.get("line"), comment.get("side", "RIGHT")
    if line is None and comment.get("position") is not None:
        place = file.at_position(comment["position"])
        if place is None:
            return None, [NOT_IN_DIFF, NO_HUNK]
        line, side = place
    start = comment.get("start_line")
    start_side = comment.get("start_side") or side
    if start_side == "side":
        start_side = side
    if side not in ("LEFT", "RIGHT") or start_side not in ("LEFT", "RIGHT"):
        return None, ["Pull request review thread side is not included in the list"]
    if line is None:
        return None, [NOT_IN_DIFF, NO_HUNK]
    hunk = file.hunk(line, side)
    problems = []
    if hunk is None:
        problems.append(NOT_IN_DIFF)
    if start is not None:
        if start_side == side and start >= line:
            problems.append(NOT_BEFORE)
        elif hunk is None or file.hunk(start, start_side) != hunk:
            problems.append(NOT_SAME_HUNK)
    if hunk is None:
        problems.append(NO_HUNK)
    if problems:
        return None, problems
    found = Anchor(
        file.path,
        line,
        side,
        start,
        start_side if start is not None else None,
        file.excerpt(line, side),
        file.position(line, side),
    )
    return found, []


def anchors(files: Sequence[FileDiff], comments: Sequence[Mapping[str, Any]]) -> list[Anchor]:
    """Anchors of a review's comments. One bad comment refuses them all, and which one is not said."""
    found: list[Anchor] = []
    problems: list[str] = []
    for comment in comments:
        place, against = anchor(files, comment)
        if place is None:
            problems += [problem for problem in against if problem not in problems]
        else:
            found.append(place)
    if problems:
        raise unprocessable(*problems)
    return found


def single(files: Sequence[FileDiff], comment: Mapping[str, Any]) -> Anchor:
    """The anchor of one comment outside a review; its errors are objects."""
    place, problems = anchor(files, comment)
    if place is not None:
        return place
    resource = "PullRequestReviewComment"
    errors: list[dict[str, Any]] = []
    if NO_PATH in problems:
        errors.append({"resource": resource, "code": "invalid", "field": "path"})
    if NOT_IN_DIFF in problems:
        errors.append(
            {
                "resource": resource,
                "code": "custom",
                "field": "pull_request_review_thread.line",
                "message": "pull_request_review_thread.line must be part of the diff",
            }
        )
    for text in (NOT_SAME_HUNK, NOT_BEFORE):
        if text in problems:
            field = "pull_request_review_thread.start_line"
            message = text.replace("Pull request review thread start line", field)
            errors.append({"resource": resource, "code": "custom", "field": field, "message": message})
    if NO_HUNK in problems:
        errors.append(
            {"resource": resource, "code": "missing_field", "field": "pull_request_review_thread.diff_hunk"}
        )
    raise ApiError(422, "Validation Failed", errors=errors or [{"resource": resource, "code": "invalid"}])


def commit_of_pull(pull: Pull, commit: str) -> None:
    """Raises ApiError 422 when the commit is not one of the pull request as it is now."""
    git = pull.repo.git
    known = git.commit_info(commit) is not None
    if not known or not git.is_ancestor(commit, pull.head_sha) or git.is_ancestor(commit, pull.base_sha):
        raise unprocessable("Commit is not part of the pull request")


def body(text: str | None, resource: str) -> None:
    """Raises ApiError 422 for a comment that is too long or blank."""
    if text is not None and len(text) > BODY_LIMIT:
        message = f"body is too long (maximum is {BODY_LIMIT} characters)"
        raise validation(resource, "body", "custom", message)
    if text is not None and not text.strip():
        raise validation(resource, "body", "missing_field")


def review_body(event: str | None, text: str, comments: int) -> None:
    if len(text) > BODY_LIMIT:
        raise unprocessable(f"Body is too long (maximum is {BODY_LIMIT} characters)")
    if event in ("COMMENT", "REQUEST_CHANGES") and not text.strip() and not comments:
        raise unprocessable("Body can't be blank")


def output_bytes(output: Mapping[str, Any]) -> None:
    """The limit in bytes, which the document does not know."""
    for name in ("summary", "text"):
        if len(str(output.get(name) or "").encode()) > LIMIT:
            message = f"{name} exceeds a maximum bytesize of {LIMIT}"
            raise validation("CheckRun", name, "custom", message)


def check_annotations(items: Sequence[Mapping[str, Any]]) -> None:
    """Raises ApiError 422 for lines and columns that make no sense."""
    for item in items:
        problem = _annotation(item)
        if problem:
            raise ApiError(422, f"Invalid request.\n\n{problem}")


def _annotation(item: Mapping[str, Any]) -> str | None:
    columns = [item.get("start_column"), item.get("end_column")]
    if item["start_line"] < 1 or item["end_line"] < item["start_line"]:
        return "start_line must be positive and end_line not before it."
    if any(column is not None for column in columns) and item["start_line"] != item["end_line"]:
        return "start_column and end_column are only allowed when start_line and end_line are the same."
    if any(column is not None and column < 1 for column in columns):
        return "Columns start at 1."
    if (
        len(str(item["message"]).encode()) > 64 * 1024
        or len(str(item.get("raw_details") or "").encode()) > 64 * 1024
    ):
        return "message and raw_details may have at most 64 KB."
    if len(str(item.get("title") or "")) > 255:
        return "Only 255 characters are allowed for a title."
    if not item["path"] or item["path"].startswith("/"):
        return "path must be relative to the repository."
    return None
