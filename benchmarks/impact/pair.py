"""How a case is written: two forms of one endpoint, the loads to try them at, and what they are given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI

Given = Mapping[str, float | int]
Setup = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Point:
    """A load: so many clients, each waiting for its answer before it asks again; `given` travels as the query."""

    clients: int
    given: Given


@dataclass
class Form:
    """One way of writing the endpoint, served by a process of its own."""

    text: str
    mount: Callable[[FastAPI], None]
    server: Mapping[str, str] = field(default_factory=dict)
    """Options of uvicorn for this form alone (`{"loop": "asyncio"}`)."""


class Pair:
    """A rule's case. The first form is the slow one, what the rule reports; the second is what it advises.

    `frees_loop` says that the advice claims to free the event loop: the longest gap of the loop has to prove it.
    `needs` names what must run beside: `database`, `redis`, `upstream`. `body` is posted when it is not empty.
    `answers_alike` is false where the slow form is expected to fail.
    """

    def __init__(
        self,
        code: str,
        *points: Point,
        needs: tuple[str, ...] = (),
        frees_loop: bool = False,
        body: Callable[[Given], bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        answers_alike: bool = True,
        note: str = "",
    ) -> None:
        self.code = code
        self.points = points
        self.needs = needs
        self.frees_loop = frees_loop
        self.body = body
        self.headers = dict(headers or {})
        self.answers_alike = answers_alike
        self.note = note
        self.forms: dict[str, Form] = {}
        self.setups: list[Setup] = []

    def slow(self, text: str, **route: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return self.form("slow", text, **route)

    def fast(self, text: str, **route: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        return self.form("fast", text, **route)

    def form(
        self, name: str, text: str, *, server: Mapping[str, str] | None = None, **route: Any
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """The decorated function is the endpoint; `route` goes to FastAPI."""

        def keep(endpoint: Callable[..., Any]) -> Callable[..., Any]:
            methods = ["POST"] if self.body is not None else ["GET"]

            def mount(app: FastAPI) -> None:
                app.add_api_route("/", endpoint, methods=methods, **route)

            self.forms[name] = Form(text, mount, server or {})
            return endpoint

        return keep

    def application(self, name: str, text: str, make: Callable[[FastAPI], None]) -> None:
        """A form that is more than an endpoint: `make` adds what it likes to the application."""
        self.forms[name] = Form(text, make)

    def setup(self, function: Setup) -> Setup:
        """Runs in the process of each form before it serves."""
        self.setups.append(function)
        return function


def at(*clients: int, **given: float) -> tuple[Point, ...]:
    """The same input at several loads."""
    return tuple(Point(number, given) for number in clients)
