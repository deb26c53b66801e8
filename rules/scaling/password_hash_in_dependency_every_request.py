from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules.engine.reading import facts
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.regexes import regex
from rules.engine.reading.walking import own_calls
from rules.engine.rule import Confidence, Effort, Hop, Impact, Invalid, Match, Rule, Severity, Valid
from rules.libraries import Kind

if TYPE_CHECKING:
    from rules.engine.finding import EndpointRef
    from rules.engine.module import Module

_SLOW = 0.05
_FORMS = ("OAuth2PasswordRequestForm", "OAuth2PasswordRequestFormStrict")
_SIGNS_IN = regex(
    r"log-?_?in|token|sign-?_?(?:in|up)|auth|regist|passw|session|refresh|setup|invit", re.IGNORECASE
)


@dataclass(frozen=True)
class _Hash:
    """A slow hash, and the way to it."""

    name: str
    path: tuple[Hop, ...]
    by_choice: bool = False
    """Whether another object, which may be quicker, may do it as well."""


class PasswordHashInDependencyEveryRequest(Rule):
    """A password hash in a dependency costs every request that depends on it up to a quarter of a second of processor time.

    Password hashes are slow on purpose, so that a thief cannot try many. At a log-in that is right, once. In a dependency that
    checks an API key or basic credentials the price is paid by each request: a core then serves four requests a second.

    ## Instead
    Check the password once and hand out a token; a signed token (HMAC, JWT) is checked in microseconds. API keys are long random
    strings, so a plain `sha256` of them can be stored and compared; no slow hash is needed. Where the password comes with every
    request, keep the verdict in memory for some minutes.

    ## Trade-offs
    A kept verdict outlives a changed password for as long as it is kept.

    ## Monitor
    Processor time per request.

    ## When to ignore it
    When a handful of requests an hour use the dependency.
    """

    code = "FP720"
    severity = Severity.HIGH
    gates = True
    effort = Effort.HOURS
    watch = "processor time per request"

    invalid = (
        Invalid(
            """
            import bcrypt
            from fastapi import Depends, FastAPI, Header

            from shop.customers import stored_key

            app = FastAPI()

            def current_shop(key: str = Header(), shop: str = Header()) -> str:
                if not bcrypt.checkpw(key.encode(), stored_key(shop)):
                    raise PermissionError
                return shop

            @app.get("/orders")
            def orders(shop: str = Depends(current_shop)) -> list[str]:
                return [shop]

            @app.get("/stock")
            def stock(shop: str = Depends(current_shop)) -> list[str]:
                return [shop]
            """
        ),
    )
    valid = (
        Valid(
            """
            import bcrypt
            from fastapi import FastAPI

            from shop.customers import stored_password

            app = FastAPI()

            @app.post("/login")
            def login(name: str, password: str) -> bool:  # once per log-in
                return bcrypt.checkpw(password.encode(), stored_password(name))
            """
        ),
    )

    def check(self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[Match]:
        if str(module.role(node) or "") != "dependency" or _takes_form(node):
            return
        paying = [endpoint for endpoint in module.endpoints(node) if not _SIGNS_IN.search(endpoint.path)]
        if not paying:
            return
        for call in own_calls(node):
            found = _hash(call, module)
            if found is not None:
                yield self.match(call, node, found, paying, module)
                return

    def match(
        self,
        call: ast.Call,
        function: ast.FunctionDef | ast.AsyncFunctionDef,
        found: _Hash,
        paying: list[EndpointRef],
        module: Module,
    ) -> Match:
        name, path = found.name, found.path
        on_loop = isinstance(function, ast.AsyncFunctionDef) and not module.is_awaited(call)
        where = ", on the event loop" if on_loop else ""
        count = len(paying)
        each = (
            "each request that it checks" if module.call_flags(call) & facts.CONDITIONAL else "every request"
        )
        return Match(
            call,
            f"`{function.name}` computes `{name}` for {each} to {count} endpoint{'s' if count > 1 else ''}{where}:"
            " a hash that is slow on purpose.",
            severity=Severity.CRITICAL if on_loop else self.severity,
            confidence=Confidence.POSSIBLE if found.by_choice else Confidence.LIKELY,
            call_path=(Hop(module.path, call.lineno, spelled(call.func).rpartition(".")[2]), *path)
            if path
            else (),
            swallows=(("FP701", call.lineno),),
            impact=Impact(
                summary="60–250 ms of processor time per request: 4–16 requests/s per core",
                formula="1/u requests/s per core (u: processor time of one hash)",
                assumptions={"bcrypt_cost": "10–12"},
                measured=True,
            ),
        )


def _takes_form(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it is the log-in itself, made a dependency."""
    text = ast.unparse(function.args)
    return any(form in text for form in _FORMS)


def _hash(call: ast.Call, module: Module) -> _Hash | None:
    entry = module.blocking(call)
    if entry is not None:
        quick = module.call_flags(call) & facts.QUICK
        slow = entry.kind is Kind.CPU and (entry.seconds or 0) >= _SLOW and not quick
        return _Hash(entry.name, ()) if slow else None
    summary = module.summary(call)
    for leaf in summary.cpu if summary is not None else ():
        if (
            leaf.blocking is not None
            and (leaf.blocking.seconds or 0) >= _SLOW
            and not leaf.cached
            and len(leaf.path) <= 4
        ):
            return _Hash(leaf.callable, leaf.path, leaf.by_choice)
    return None
