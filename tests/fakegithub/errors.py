"""An answer that is an error, in the three forms that GitHub gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class ApiError(Exception):
    """Raised inside an operation; becomes the answer.

    `errors` is a list of objects ("Validation Failed") or of strings ("Unprocessable Entity"). `by_fault` marks an
    error that a fault knob caused, which therefore is no violation by the app.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Sequence[Mapping[str, Any] | str] | None = None,
        headers: Mapping[str, str] | None = None,
        by_fault: bool = False,
    ) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = dict(headers or {})
        self.by_fault = by_fault

    def body(self, doc: str) -> dict[str, Any]:
        body: dict[str, Any] = {"message": self.message}
        if self.errors is not None:
            body["errors"] = list(self.errors)
        body["documentation_url"] = doc
        body["status"] = str(self.status)
        return body


def not_found() -> ApiError:
    return ApiError(404, "Not Found")


def validation(resource: str, field: str, code: str, message: str | None = None) -> ApiError:
    """422 "Validation Failed" with one error object."""
    error = {"resource": resource, "code": code, "field": field}
    if message is not None:
        error["message"] = message
    return ApiError(422, "Validation Failed", errors=[error])


def unprocessable(*messages: str) -> ApiError:
    """422 "Unprocessable Entity" with one joined string, as reviews answer."""
    return ApiError(422, "Unprocessable Entity", errors=[joined(messages)])


def joined(messages: Sequence[str]) -> str:
    if len(messages) < 3:
        return " and ".join(messages)
    return ", ".join(messages[:-1]) + ", and " + messages[-1]
