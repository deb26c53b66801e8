"""Keyword arguments that libraries no longer take: whoever gives one gets a `TypeError`."""

from __future__ import annotations

from collections.abc import Mapping

Since = tuple[str, tuple[int, ...]]

_RETRIES: Mapping[str, tuple[Since, ...]] = {
    "method_whitelist": (
        ("urllib3", (2, 0)),
        ("requests", (2, 30)),
    )  # which brings urllib3 2 where nothing else is said
}
_REQUEST: Mapping[str, tuple[Since, ...]] = {"proxies": (("httpx", (0, 28)),)}
_CLIENT: Mapping[str, tuple[Since, ...]] = {**_REQUEST, "app": (("httpx", (0, 28)),)}
_ENGINE: Mapping[str, tuple[Since, ...]] = dict.fromkeys(
    ("convert_unicode", "case_sensitive", "encoding"), (("sqlalchemy", (2, 0)),)
)

REMOVED: Mapping[str, Mapping[str, tuple[Since, ...]]] = {
    **dict.fromkeys(
        (
            "urllib3.Retry",
            "urllib3.util.Retry",
            "urllib3.util.retry.Retry",
            "requests.adapters.Retry",
            "requests.packages.urllib3.util.Retry",
            "requests.packages.urllib3.util.retry.Retry",
        ),
        _RETRIES,
    ),
    **dict.fromkeys(("httpx.Client", "httpx.AsyncClient"), _CLIENT),
    **{
        f"httpx.{name}": _REQUEST
        for name in ("get", "post", "put", "patch", "delete", "head", "options", "request", "stream")
    },
    "sqlalchemy.create_engine": _ENGINE,
}
"""By callable and keyword, since which version of a distribution: of the first of these that a project declares."""
