import time
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter

router = APIRouter()
TTL = 60.0

_issues: dict[str, tuple[float, Any]] = {}
_profiles: dict[str, dict[str, Any]] = {}
_pages: dict[str, tuple[datetime, str]] = {}


def _issues_get(key: str) -> Any | None:
    entry = _issues.get(key)
    if entry is None:
        return None
    expires_at, payload = entry
    if time.monotonic() >= expires_at:
        _issues.pop(key, None)
        return None
    return payload


def _issues_set(key: str, payload: Any) -> None:
    _issues[key] = (time.monotonic() + TTL, payload)  # FP704 (summary)


@router.get("/issues")
async def issues(search: str, page: int = 1) -> Any:
    key = f"{page}:{search}"
    found = _issues_get(key)
    if found is None:
        found = await load(key)
        _issues_set(key, found)
    return found


@router.get("/profiles/{user_id}")
async def profile(user_id: str) -> dict[str, Any]:
    if user_id in _profiles:
        kept = _profiles[user_id]
        if time.time() - kept["at"] < TTL:
            return kept
        del _profiles[user_id]
    _profiles[user_id] = {"at": time.time(), "profile": await load(user_id)}  # FP704 (summary)
    return _profiles[user_id]


@router.get("/pages")
async def page_of(url: str) -> str:
    if url in _pages:
        at, text = _pages[url]
        if datetime.now(UTC) - at > timedelta(minutes=5):
            del _pages[url]
        else:
            return text
    text = await load(url)
    _pages[url] = (datetime.now(UTC), text)  # FP704 (summary)
    return text


class Answers:
    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, str]] = {}

    def get(self, key: str) -> str | None:
        entry = self._kept.get(key)
        if entry is None:
            return None
        if time.time() > entry[0]:
            self._kept.pop(key, None)
            return None
        return entry[1]

    def keep(self, prompt: str, answer: str) -> None:
        self._kept[prompt] = (time.time() + TTL, answer)  # FP704 (summary)


answers = Answers()
_lists: dict[str, tuple[float, Any]] = {}


def forget(repository: str) -> None:
    for key in [each for each in _lists if each.startswith(repository)]:
        _lists.pop(key, None)


@router.get("/lists")
async def lists(repository: str, search: str) -> Any:
    def kept(key: str) -> Any:
        entry = _lists.get(key)
        if entry is not None and entry[0] < time.monotonic():
            _lists.pop(key, None)
            return None
        return entry

    key = f"{repository}|{search}"
    found = kept(key)
    if found is None:
        found = _lists[key] = (time.monotonic() + TTL, await load(key))  # FP704 (summary)
    return found


@router.get("/answers")
async def answer(prompt: str) -> str:
    found = answers.get(prompt)
    if found is None:
        found = await load(prompt)
        answers.keep(prompt, found)
    return found


# Near misses

_swept: dict[str, tuple[float, Any]] = {}
_capped: dict[str, tuple[float, Any]] = {}
_closed: dict[str, tuple[float, Any]] = {}
_figures: dict[str, tuple[float, Any]] = {}
_dropped: dict[str, Any] = {}
_emptied: dict[str, tuple[float, Any]] = {}


@router.get("/swept")
async def swept(url: str) -> Any:
    now = time.monotonic()
    for old in [each for each, (until, _) in _swept.items() if until < now]:
        _swept.pop(old, None)
    entry = _swept.get(url)
    if entry is not None and entry[0] < now:
        _swept.pop(url, None)
    _swept[url] = (now + TTL, await load(url))
    return _swept[url]


@router.get("/capped")
async def capped(url: str) -> Any:
    entry = _capped.get(url)
    if entry is not None and entry[0] < time.time():
        del _capped[url]
    if len(_capped) > 500:
        _capped.clear()
    _capped[url] = (time.time() + TTL, await load(url))
    return _capped[url]


@router.post("/open")
async def opened(url: str) -> None:
    _closed[url] = (time.time(), await load(url))


@router.post("/close")
async def closed(url: str) -> bool:
    """Whoever opens closes: what is taken out is not what is too old."""
    entry = _closed.get(url)
    if entry is not None:
        _closed.pop(url)
    return entry is not None


@router.get("/dropped")
async def dropped(url: str) -> Any:
    if url not in _dropped:
        _dropped[url] = await load(url)
    return _dropped[url]


def drop(prefix: str) -> None:
    for key in list(_dropped):
        if key.startswith(prefix):
            del _dropped[key]


@router.get("/emptied")
async def emptied(url: str) -> Any:
    entry = _emptied.get(url)
    if entry is not None and entry[0] < time.time():
        _emptied.pop(url, None)
    _emptied[url] = (time.time() + TTL, await load(url))
    return _emptied[url]


def empty() -> None:
    for key in list(_emptied):
        _emptied.pop(key, None)


def _figure(kind: str) -> Any | None:
    entry = _figures.get(kind)
    if entry is not None and time.time() > entry[0]:
        _figures.pop(kind, None)
        return None
    return entry


def _keep_figure(kind: str, value: Any) -> None:
    _figures[kind] = (time.time() + TTL, value)


@router.get("/figures")
async def figures() -> Any:
    if _figure("sales") is None:
        _keep_figure("sales", await load("sales"))
    return _figure("sales")


async def load(key: str) -> Any:
    return key
