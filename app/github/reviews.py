"""Reviews: inline comments in one piece, each only where GitHub takes it, never said twice, never deleted."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.github import documents
from app.github.api import API
from app.github.errors import Invalid, NotFound, Unavailable, Unsupported
from app.github.models import Posted, Repository, ReviewComment, Thread
from app.github.pulls import is_ours

_MARKER = re.compile(r"<!-- fastperf:[^\n]*? -->")
_ANCHOR = re.compile(r"\b(line|hunk|path|position|side|diff)\b|diff_hunk", re.IGNORECASE)
_MOST_PROBES = 24
_ATTEMPTS = 3
_FIXED_AT_ONCE = 20
_FOLDING = "minimizeComment"


class Look(NamedTuple):
    """What stands on a pull request before we write."""

    head_sha: str
    review_id: int | None
    """Our review with the marker."""
    pending_id: int | None
    """A review of ours that was never submitted; it would block every other."""


class Reviews:
    def __init__(self, api: API, repository: Repository, slug: str, *, pause: float = 1.0) -> None:
        self._api = api
        self._repository = repository
        self._slug = slug
        self._pause = pause
        """Seconds before looking whether a write took place."""
        self._names = {"owner": repository.owner, "repo": repository.name}

    async def look(self, number: int, marker: str | None) -> Look:
        """The head, our review whose body holds `marker`, and a pending one, in one call."""
        answer = await self._api.graphql(
            documents.REVIEWS, owner=self._repository.owner, name=self._repository.name, number=number
        )
        pull = answer.whole().part("repository", "pullRequest")
        ours = [node for node in pull["reviews"]["nodes"] if node and is_ours(node, self._slug)]
        submitted = [
            node for node in ours if node["state"] != "PENDING" and marker and marker in node["body"]
        ]
        pending = [node for node in ours if node["state"] == "PENDING"]
        return Look(
            str(pull["headRefOid"]),
            int(submitted[-1]["databaseId"]) if submitted else None,
            int(pending[-1]["databaseId"]) if pending else None,
        )

    async def find(self, number: int, marker: str) -> int | None:
        """The id of our review whose body holds `marker`."""
        return (await self.look(number, marker)).review_id

    async def create(
        self,
        number: int,
        *,
        commit_id: str,
        body: str,
        comments: Sequence[ReviewComment],
        marker: str | None = None,
    ) -> Posted:
        """Post one review of `commit_id`, unless it stands already or the head has moved.

        `marker` tells the review among ours; by default it is the `<!-- fastperf:… -->` in `body`. When GitHub
        refuses the place of a comment, the others are posted and that one is `refused`. Raises what any call raises.
        """
        marker = marker or _marker_of(body)
        seen = await self.look(number, marker)
        if seen.review_id is not None:
            return await self._standing(number, seen.review_id, comments)
        if seen.head_sha != commit_id:
            return Posted(None, (), (), moved_to=seen.head_sha)
        if seen.pending_id is not None:
            await self._discard(number, seen.pending_id)
        draft = _Draft(number, commit_id, body, marker)
        try:
            return Posted(await self._post(draft, comments), tuple(comments), ())
        except Invalid as error:
            seen = await self.look(number, marker)
            if seen.head_sha != commit_id:  # pushed between our look and our word: the refused commit is gone
                return Posted(None, (), (), moved_to=seen.head_sha)
            if not comments or not _is_about_anchors(error):
                raise
        accepted = await self._acceptable(draft, comments)
        refused = tuple(comment for comment in comments if comment not in accepted)
        if not accepted:
            return Posted(None, (), refused)
        return Posted(await self._post(draft, accepted), tuple(accepted), refused)

    async def strayed(
        self, number: int, review_id: int, comments: Sequence[ReviewComment]
    ) -> tuple[ReviewComment, ...]:
        """Those of `comments` that do not stand where they were to stand. One that stands elsewhere is taken away:
        it was posted a moment ago, and speaks of a line that it does not mean."""
        standing: dict[str, Mapping[str, Any]] = {}
        async for entry in self._comments_of(number, review_id):
            standing[_identity(str(entry["body"]))] = entry
        astray: list[ReviewComment] = []
        for comment in comments:
            found = standing.get(_identity(comment.body))
            if found is not None and _is_at(found, comment):
                continue
            astray.append(comment)
            if found is not None:
                await self._take_away(int(found["id"]))
        return tuple(astray)

    async def _take_away(self, comment_id: int) -> None:
        with contextlib.suppress(NotFound):
            await self._api.repeatable(
                "DELETE",
                "/repos/{owner}/{repo}/pulls/comments/{comment}",
                {**self._names, "comment": str(comment_id)},
                b"",
            )

    def _comments_of(self, number: int, review_id: int) -> AsyncIterator[Any]:
        return self._api.getiter(
            "/repos/{owner}/{repo}/pulls/{number}/reviews/{review}/comments{?per_page}",
            {**self._at(number, review_id), "per_page": "100"},
        )

    async def mark_fixed(self, thread: Thread, body: str) -> None:
        """Rewrite the thread's comment and fold it as resolved. Its replies stay."""
        await self.mark_all_fixed([(thread, body)])

    async def mark_all_fixed(self, fixed: Iterable[tuple[Thread, str]]) -> int:
        """The same for several threads in one call per 20; the number of comments that now say so.

        A comment that somebody deleted is none. Repeating it changes nothing.
        """
        todo = [(thread, body) for thread, body in fixed if thread.body != body or not thread.minimized]
        done = 0
        for first in range(0, len(todo), _FIXED_AT_ONCE):
            done += await self._mark(todo[first : first + _FIXED_AT_ONCE])
        return done

    async def _mark(self, todo: Sequence[tuple[Thread, str]]) -> int:
        variables: dict[str, Any] = {}
        for index, (thread, body) in enumerate(todo):
            variables |= {f"c{index}": thread.comment_node_id, f"b{index}": body}
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                fold = _FOLDING not in self._api.server.lacks
                answer = await self._api.graphql(documents.fixed(len(todo), fold=fold), **variables)
            except Unsupported:  # an older server: the comment says what is fixed, and stays unfolded
                if not fold:
                    raise
                self._api.server.lacks.add(_FOLDING)
            except Unavailable:
                if attempt == _ATTEMPTS:
                    raise
                await asyncio.sleep(self._pause)
            except NotFound:  # all of them were deleted
                return 0
            else:
                return sum(answer.data.get(f"e{index}") is not None for index in range(len(todo)))
        raise AssertionError("the last attempt returns or raises")

    async def _standing(self, number: int, review_id: int, comments: Sequence[ReviewComment]) -> Posted:
        """An earlier attempt has posted it: which of the comments it holds."""
        bodies = {_normalised(str(comment["body"])) async for comment in self._comments_of(number, review_id)}
        posted = tuple(comment for comment in comments if _normalised(comment.body) in bodies)
        return Posted(review_id, posted, tuple(comment for comment in comments if comment not in posted))

    async def _post(self, draft: _Draft, comments: Sequence[ReviewComment]) -> int:
        """Submit at once. After a fault, look whether the review stands before trying again."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await self._write(draft, comments, submit=True)
            except Unavailable:
                if attempt == _ATTEMPTS:
                    raise
                await asyncio.sleep(self._pause)
                seen = await self.look(draft.number, draft.marker)
                if draft.marker and seen.review_id is not None:
                    return seen.review_id
                if not draft.marker:  # it cannot be told from others
                    raise
            except Invalid as error:
                if attempt == _ATTEMPTS or not _is_pending_clash(error):
                    raise
                seen = await self.look(draft.number, draft.marker)
                if seen.pending_id is None:
                    raise
                await self._discard(draft.number, seen.pending_id)
        raise AssertionError("the last attempt returns or raises")

    async def _acceptable(self, draft: _Draft, comments: Sequence[ReviewComment]) -> list[ReviewComment]:
        """The comments GitHub takes, found by halving.

        GitHub refuses a review as a whole and does not say for which comment. The halves are tried as reviews that
        are not submitted, which nobody is told of, so that in the end there is still one review and one e-mail.
        """
        accepted: list[ReviewComment] = []
        left = _MOST_PROBES
        groups = [(list(comments), True)]  # and whether it is known to be refused as it is
        while groups and left > 0:
            group, refused = groups.pop()
            if not refused:
                left -= 1
                if await self._takes(draft, group):
                    accepted += group
                    continue
            if len(group) == 1:
                continue
            middle = len(group) // 2
            left -= 1
            if await self._takes(draft, group[:middle]):
                accepted += group[:middle]
                groups.append((group[middle:], True))
            else:
                groups += [(group[middle:], False), (group[:middle], True)]
        return [comment for comment in comments if comment in accepted]

    async def _takes(self, draft: _Draft, comments: Sequence[ReviewComment]) -> bool:
        try:
            review_id = await self._write(draft, comments, submit=False)
        except Unavailable:
            seen = await self.look(draft.number, draft.marker)
            if seen.pending_id is None:
                raise
            review_id = seen.pending_id
        except Invalid as error:
            if not _is_about_anchors(error):
                raise
            return False
        await self._discard(draft.number, review_id)
        return True

    async def _write(self, draft: _Draft, comments: Sequence[ReviewComment], *, submit: bool) -> int:
        data: dict[str, Any] = {
            "commit_id": draft.commit_id,
            "body": draft.body,
            "comments": [_payload(comment) for comment in comments],
        }
        if submit:
            data["event"] = "COMMENT"
        answer = await self._api.post(
            "/repos/{owner}/{repo}/pulls/{number}/reviews",
            {**self._names, "number": str(draft.number)},
            data=data,
        )
        return int(answer["id"])

    async def _discard(self, number: int, review_id: int) -> None:
        """Delete a review of ours that was not submitted. GitHub deletes no other."""
        with contextlib.suppress(NotFound):
            await self._api.repeatable(
                "DELETE",
                "/repos/{owner}/{repo}/pulls/{number}/reviews/{review}",
                self._at(number, review_id),
                b"",
            )

    def _at(self, number: int, review_id: int) -> dict[str, str]:
        return {**self._names, "number": str(number), "review": str(review_id)}


class _Draft(NamedTuple):
    number: int
    commit_id: str
    body: str
    marker: str | None


def _payload(comment: ReviewComment) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "path": comment.path,
        "line": comment.line,
        "side": comment.side,
        "body": comment.body,
    }
    if comment.start_line is not None and comment.start_line < comment.line:
        payload |= {"start_line": comment.start_line, "start_side": comment.side}
    return payload


def _marker_of(body: str) -> str | None:
    markers = _MARKER.findall(body)
    return markers[-1] if markers else None


def _is_about_anchors(error: Invalid) -> bool:
    return not _is_pending_clash(error) and any(_ANCHOR.search(reason) for reason in error.reasons)


def _is_pending_clash(error: Invalid) -> bool:
    return any("pending review" in reason.lower() for reason in error.reasons)


def _identity(body: str) -> str:
    """By which a comment of ours is known again, whatever GitHub did to its text."""
    return _marker_of(body) or _normalised(body)


def _is_at(found: Mapping[str, Any], comment: ReviewComment) -> bool:
    """Whether it stands where it was sent. An older server does not say on which line."""
    line = found.get("original_line") or found.get("line")
    return found["path"] == comment.path and line in {None, comment.line}


def _normalised(body: str) -> str:
    return body.replace("\r\n", "\n").strip()
