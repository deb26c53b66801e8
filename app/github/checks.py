"""Check runs: one per head commit, found by its external id, with all its annotations exactly once."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from app.github.api import API
from app.github.errors import Unavailable
from app.github.models import Action, Annotation, CheckRun, Conclusion, Output, Repository

NAME = "fastperf"
_ANNOTATIONS_PER_CALL = 50
_LONGEST_TEXT = 65_535
_LONGEST_MESSAGE = 64 * 1024
_LONGEST_TITLE = 255
_MOST_ACTIONS = 3
_ATTEMPTS = 3


class Checks:
    def __init__(self, api: API, repository: Repository, app_id: int, *, pause: float = 1.0) -> None:
        self._api = api
        self._app_id = app_id
        self._pause = pause
        """Seconds before looking whether a write took place."""
        self._names = {"owner": repository.owner, "repo": repository.name}

    async def find(self, head_sha: str, external_id: str) -> CheckRun | None:
        """Our latest run on the commit with this external id."""
        runs = [run for run in await self.list(head_sha) if run.external_id == external_id]
        return max(runs, key=lambda run: run.id, default=None)

    async def list(self, head_sha: str) -> list[CheckRun]:
        """Our runs on the commit."""
        found = self._api.getiter(
            "/repos/{owner}/{repo}/commits/{sha}/check-runs{?check_name,app_id,filter,per_page}",
            {
                **self._names,
                "sha": head_sha,
                "check_name": NAME,
                "app_id": str(self._app_id),
                "filter": "all",
                "per_page": "100",
            },
            iterable_key="check_runs",
        )
        return [_check_run(run) async for run in found]

    async def create(
        self,
        head_sha: str,
        external_id: str,
        output: Output | None = None,
        *,
        conclusion: Conclusion | None = None,
        actions: Sequence[Action] = (),
        details_url: str | None = None,
    ) -> CheckRun:
        """A new run: in progress, or completed when there is a `conclusion`.

        Looks for it after a fault before it tries again. It does not look first: whoever may have made one in an
        earlier attempt asks `find` and then `complete`s. Raises ValueError for what GitHub would refuse.
        """
        data: dict[str, Any] = {
            "name": NAME,
            "head_sha": head_sha,
            "external_id": external_id,
            "started_at": _now(),
            **_body(output, conclusion, actions, details_url),
        }
        run = await self._post(data)
        if run is None:  # somebody else's attempt, or our own that seemed to fail, has made it
            run = await self.find(head_sha, external_id)
            if run is None:
                raise Unavailable("POST check-runs: no answer, and no check run either")
            if output is None:
                return run
            return await self.complete(
                run, output, conclusion=conclusion, actions=actions, details_url=details_url
            )
        if output is not None:
            await self._append(run.id, output, output.annotations[_ANNOTATIONS_PER_CALL:])
        return run

    async def complete(
        self,
        run: CheckRun,
        output: Output,
        *,
        conclusion: Conclusion | None,
        actions: Sequence[Action] = (),
        details_url: str | None = None,
    ) -> CheckRun:
        """Conclude a run, or only rewrite it while `conclusion` is None; also one that was concluded before.

        GitHub appends annotations and never drops one, so those that stand already are not sent again.
        """
        annotations = output.annotations
        if annotations:
            standing = await self._annotations(run.id)
            annotations = tuple(annotation for annotation in annotations if annotation not in standing)
        first = msgspec.structs.replace(output, annotations=annotations)
        updated = await self._patch(run.id, _body(first, conclusion, actions, details_url), bool(annotations))
        await self._append(run.id, output, annotations[_ANNOTATIONS_PER_CALL:])
        return updated

    async def _post(self, data: Mapping[str, Any]) -> CheckRun | None:
        """The new run; None when, after a fault, it is there."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer = await self._api.post("/repos/{owner}/{repo}/check-runs", self._names, data=data)
            except Unavailable:
                await asyncio.sleep(self._pause)
                if await self.find(data["head_sha"], data["external_id"]) is not None:
                    return None
                if attempt == _ATTEMPTS:
                    raise
            else:
                return _check_run(answer)
        raise AssertionError("the last attempt returns or raises")

    async def _append(self, run_id: int, output: Output, rest: Sequence[Annotation]) -> None:
        for first in range(0, len(rest), _ANNOTATIONS_PER_CALL):
            part = tuple(rest[first : first + _ANNOTATIONS_PER_CALL])
            body = _body(msgspec.structs.replace(output, annotations=part), None, (), None)
            del body["status"]
            await self._patch(run_id, body, appends=True)

    async def _patch(self, run_id: int, body: dict[str, Any], appends: bool) -> CheckRun:
        """A change is repeated freely, except that annotations must not be appended twice."""
        url = "/repos/{owner}/{repo}/check-runs/{run}"
        names = {**self._names, "run": str(run_id)}
        if not appends:
            return _check_run(await self._api.repeatable("PATCH", url, names, body))
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return _check_run(await self._api.patch(url, names, data=body))
            except Unavailable:
                if attempt == _ATTEMPTS:
                    raise
                await asyncio.sleep(self._pause)
                standing = await self._annotations(run_id)
                wanted = body["output"]["annotations"]
                left = [entry for entry in wanted if _annotation(entry) not in standing]
                body = {**body, "output": {**body["output"], "annotations": left}}
        raise AssertionError("the last attempt returns or raises")

    async def _annotations(self, run_id: int) -> set[Annotation]:
        found = self._api.getiter(
            "/repos/{owner}/{repo}/check-runs/{run}/annotations{?per_page}",
            {**self._names, "run": str(run_id), "per_page": "100"},
        )
        return {_annotation(entry) async for entry in found}


def _body(
    output: Output | None, conclusion: Conclusion | None, actions: Sequence[Action], details_url: str | None
) -> dict[str, Any]:
    body: dict[str, Any] = {"status": "in_progress"}
    if conclusion is not None:
        body = {"status": "completed", "conclusion": conclusion, "completed_at": _now()}
    if output is not None:
        body["output"] = _output(output)
    if len(actions) > _MOST_ACTIONS:
        raise ValueError(f"a check run has at most {_MOST_ACTIONS} actions")
    if actions:
        body["actions"] = [_action(action) for action in actions]
    if details_url:
        body["details_url"] = details_url
    return body


def _output(output: Output) -> dict[str, Any]:
    if not output.title:
        raise ValueError("a check run needs a title")
    body: dict[str, Any] = {
        "title": output.title,
        "summary": _within("summary", output.summary, _LONGEST_TEXT),
    }
    if output.text:
        body["text"] = _within("text", output.text, _LONGEST_TEXT)
    if output.annotations:
        body["annotations"] = [
            _annotation_body(annotation) for annotation in output.annotations[:_ANNOTATIONS_PER_CALL]
        ]
    return body


def _annotation_body(annotation: Annotation) -> dict[str, Any]:
    if not 1 <= annotation.start_line <= annotation.end_line:
        raise ValueError(f"annotation lines {annotation.start_line} to {annotation.end_line}")
    body: dict[str, Any] = {
        "path": annotation.path,
        "start_line": annotation.start_line,
        "end_line": annotation.end_line,
        "annotation_level": annotation.annotation_level,
        "message": _within("annotation message", annotation.message, _LONGEST_MESSAGE),
    }
    if annotation.title:
        body["title"] = _within("annotation title", annotation.title, _LONGEST_TITLE)
    return body


def _action(action: Action) -> dict[str, str]:
    return {
        "label": _within("action label", action.label, 20),
        "description": _within("action description", action.description, 40),
        "identifier": _within("action identifier", action.identifier, 20),
    }


def _within(what: str, text: str, limit: int) -> str:
    """GitHub counts characters in one place and bytes in another: no more than `limit` of either."""
    size = len(text.encode())
    if size > limit:
        raise ValueError(f"{what}: {size} bytes, {limit} allowed")
    return text


def _annotation(entry: Mapping[str, Any]) -> Annotation:
    return Annotation(
        path=str(entry["path"]),
        start_line=int(entry["start_line"]),
        end_line=int(entry["end_line"]),
        annotation_level=entry["annotation_level"],
        message=str(entry["message"]),
        title=str(entry.get("title") or ""),
    )


def _check_run(run: Mapping[str, Any]) -> CheckRun:
    return CheckRun(
        id=int(run["id"]),
        head_sha=str(run["head_sha"]),
        external_id=str(run.get("external_id") or ""),
        status=str(run["status"]),
        conclusion=run.get("conclusion"),
    )


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
