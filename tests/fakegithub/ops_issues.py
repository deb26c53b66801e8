"""Comments in the conversation of a pull request, their reactions, labels."""

from __future__ import annotations

from . import rules
from .call import Call, Reply, operation
from .errors import not_found, validation
from .render import CONTENTS
from .state import IssueComment, Label, Pull, Reaction, Repo, ReviewComment, State, User


def add_comment(state: State, repo: Repo, number: int, user: User, body: str) -> IssueComment:
    now = state.now()
    comment = IssueComment(state.next_id(), repo, number, user, body, now, now)
    repo.comments.append(state.remember(comment))
    return comment


def react(
    state: State, target: IssueComment | ReviewComment, user: User, content: str
) -> tuple[Reaction, bool]:
    """The reaction and whether it is new: a second one with the same content changes nothing."""
    found = next((r for r in target.reactions if r.user is user and r.content == content), None)
    if found is not None:
        return found, False
    made = state.remember(Reaction(state.next_id(), user, content, state.now()))
    target.reactions.append(made)
    return made, True


def _comment(call: Call) -> IssueComment:
    identity = call.number("comment_id")
    found = next((comment for comment in call.repo.comments if comment.id == identity), None)
    if found is None:
        raise not_found()
    return found


def _pull_of(comment: IssueComment) -> Pull:
    return comment.repo.pulls[comment.number]


@operation("issues/get")
def get(call: Call) -> Reply:
    return Reply(call.render.issue(call.pull))


@operation("issues/list-comments")
def list_comments(call: Call) -> Reply:
    number, since = call.pull.number, call.query.get("since", "")
    found = [c for c in call.repo.comments if c.number == number and c.updated_at >= since]
    body, headers = call.page([call.render.issue_comment(comment) for comment in found])
    return Reply(body, headers=headers)


@operation("issues/create-comment")
def create_comment(call: Call) -> Reply:
    rules.body(call.body["body"], "IssueComment")
    comment = add_comment(call.state, call.repo, call.pull.number, call.user, call.body["body"])
    comment.by_app = None if call.principal.user else call.world.app
    call.emit("issue_comment", "created", comment=comment, pull=call.pull)
    return Reply(call.render.issue_comment(comment), 201)


@operation("issues/get-comment")
def get_comment(call: Call) -> Reply:
    return Reply(call.render.issue_comment(_comment(call)))


@operation("issues/update-comment")
def update_comment(call: Call) -> Reply:
    comment = _comment(call)
    rules.body(call.body["body"], "IssueComment")
    before, comment.body, comment.updated_at = comment.body, call.body["body"], call.state.now()
    changes = {"body": {"from": before}}
    call.emit("issue_comment", "edited", comment=comment, pull=_pull_of(comment), extra={"changes": changes})
    return Reply(call.render.issue_comment(comment))


@operation("issues/delete-comment")
def delete_comment(call: Call) -> Reply:
    comment = _comment(call)
    call.repo.comments.remove(comment)
    call.emit("issue_comment", "deleted", comment=comment, pull=_pull_of(comment))
    return Reply(status=204)


@operation("issues/list-labels-on-issue")
def list_labels(call: Call) -> Reply:
    body, headers = call.page([call.render.label(call.repo, label) for label in call.pull.labels])
    return Reply(body, headers=headers)


@operation("issues/add-labels")
def add_labels(call: Call) -> Reply:
    wanted = call.body.get("labels", []) if isinstance(call.body, dict) else []
    if not wanted:
        raise validation("Label", "name", "missing_field")
    for item in wanted:
        name = item if isinstance(item, str) else item["name"]
        label = next((label for label in call.repo.labels if label.name.lower() == name.lower()), None)
        if label is None:
            label = call.state.remember(Label(call.state.next_id(), name))
            call.repo.labels.append(label)
        if label not in call.pull.labels:
            call.pull.labels.append(label)
            call.emit("pull_request", "labeled", pull=call.pull, label=label)
    return Reply([call.render.label(call.repo, label) for label in call.pull.labels])


def _react(call: Call, target: IssueComment | ReviewComment) -> Reply:
    content = call.body["content"]
    if content not in CONTENTS:
        raise validation("Reaction", "content", "invalid")
    reaction, new = react(call.state, target, call.user, content)
    return Reply(call.render.reaction(reaction), 201 if new else 200)


@operation("reactions/create-for-issue-comment")
def create_reaction(call: Call) -> Reply:
    return _react(call, _comment(call))


@operation("reactions/create-for-pull-request-review-comment")
def create_review_reaction(call: Call) -> Reply:
    identity = call.number("comment_id")
    for pull in call.repo.pulls.values():
        for comment in pull.comments:
            if comment.id == identity:
                return _react(call, comment)
    raise not_found()


@operation("reactions/list-for-issue-comment")
def list_reactions(call: Call) -> Reply:
    content = call.query.get("content")
    found = [r for r in _comment(call).reactions if content is None or r.content == content]
    body, headers = call.page([call.render.reaction(reaction) for reaction in found])
    return Reply(body, headers=headers)


@operation("reactions/delete-for-issue-comment")
def delete_reaction(call: Call) -> Reply:
    comment, identity = _comment(call), call.number("reaction_id")
    found = next((r for r in comment.reactions if r.id == identity and r.user is call.user), None)
    if found is None:
        raise not_found()
    comment.reactions.remove(found)
    return Reply(status=204)
