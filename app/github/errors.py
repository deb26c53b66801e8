"""What can go wrong when talking with GitHub, by what the caller can do about it.

No message, argument or cause of these carries a token, a header or a body of a request.
"""

# ruff: noqa: N818 (they are named for what happened; GitHubError is the base that says error)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gidgethub


class GitHubError(Exception):
    """GitHub refused, or did not answer. `status` is 0 when there was no HTTP answer."""

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.status = status

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.__dict__, self.args))


class RateLimited(GitHubError):
    """A limit of GitHub's holds. Nothing was done; try again at `until` (seconds since the epoch)."""

    def __init__(self, message: str, *, until: float, status: int = 0) -> None:
        super().__init__(message, status=status)
        self.until = until


class Unavailable(GitHubError):
    """GitHub answered with a fault, garbage or nothing. A write may have taken place: look before repeating."""


class Unauthorized(GitHubError):
    """The app's key or a fresh token was refused: wrong app id, wrong key, or a clock that is far off."""


class Forbidden(GitHubError):
    """The app may not do this. `accepted` names the permissions that would suffice, where GitHub said so."""

    def __init__(self, message: str, *, status: int = 403, accepted: str = "") -> None:
        super().__init__(f"{message} (needs {accepted})" if accepted else message, status=status)
        self.accepted = accepted


class NotFound(GitHubError):
    """There is no such thing, or the app cannot see it."""


class Gone(GitHubError):
    """The repository or the installation is no longer ours: removed, transferred, blocked. Stop working on it."""


class Suspended(Gone):
    """The owner has suspended the installation."""


class Conflict(GitHubError):
    """The state changed underneath (409)."""


class Invalid(GitHubError):
    """GitHub refused the content (422). `reasons` are its sentences."""

    def __init__(self, message: str, *, reasons: Sequence[str] = (), status: int = 422) -> None:
        super().__init__(message, status=status)
        self.reasons = tuple(reasons)


class Unsupported(GitHubError):
    """This GitHub does not know what was asked for: an Enterprise Server older than it."""


class TooLarge(GitHubError):
    """An answer is larger than the caller allows; `limit` is in bytes."""

    def __init__(self, message: str, *, limit: int) -> None:
        super().__init__(message)
        self.limit = limit


class UnexpectedHost(GitHubError):
    """An address leads away from the configured GitHub. Nothing was sent there."""


class BadPrivateKey(ValueError):
    """The app's private key cannot be used. Names the variable, never the key."""


def of_http(error: gidgethub.HTTPException, operation: str) -> GitHubError:
    """Our name for gidgethub's exception. `operation` is the method and the address template."""
    status = int(error.status_code)
    message = f"{operation}: {status} {error}"
    if status == 401:
        return Unauthorized(message, status=status)
    if status == 403:
        if "suspended" in str(error).lower():
            return Suspended(message, status=status)
        return Forbidden(message, accepted=error.headers.get("x-accepted-github-permissions", ""))
    if status == 404:
        return NotFound(message, status=status)
    if status == 409:
        return Conflict(message, status=status)
    if status in {410, 451}:
        return Gone(message, status=status)
    if status == 422:
        return Invalid(message, reasons=_reasons(getattr(error, "errors", None), str(error)))
    return GitHubError(message, status=status)


def _reasons(errors: Any, message: str) -> tuple[str, ...]:
    """GitHub gives a string, a list of strings, or a list of objects."""
    if isinstance(errors, str):
        return (errors,)
    if not isinstance(errors, Sequence) or not errors:
        return (message,)
    return tuple(_reason(error) for error in errors)


def _reason(error: Any) -> str:
    if not isinstance(error, Mapping):
        return str(error)
    return " ".join(str(error[key]) for key in ("resource", "field", "code", "message") if error.get(key))


def _rebuild(kind: type[GitHubError], state: dict[str, Any], args: tuple[Any, ...]) -> GitHubError:
    """Keyword-only arguments survive pickling, which calls a class with `args` alone."""
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error
