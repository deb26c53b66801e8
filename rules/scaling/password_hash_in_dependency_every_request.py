from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rules.engine.data.growing_loops import grows
from rules.engine.data.per_item import is_few
from rules.engine.reading import facts
from rules.engine.reading.loop_shapes import gone_over, is_short, iterables, spelled
from rules.engine.reading.regexes import regex
from rules.engine.reading.walking import own_calls
from rules.engine.rule import Confidence, Effort, Hop, Impact, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import serves
from rules.libraries import Kind

if TYPE_CHECKING:
    from rules.engine.finding import EndpointRef
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module
    from rules.engine.reading.scopes import LoopNode

_SLOW = 0.05
_FORMS = ("OAuth2PasswordRequestForm", "OAuth2PasswordRequestFormStrict")
_SIGNS_IN = regex(
    r"log-?_?in|token|sign-?_?(?:in|up)|auth|regist|passw|session|refresh|setup|invit", re.IGNORECASE
)
_COMPARING = frozenset({"checkpw", "verify", "verify_and_update", "check_password_hash"})
_FORMER = regex(r"histor|previous|former|recent|past|old_|backup|recovery|codes?\b", re.IGNORECASE)
"""What the few secrets are called that one user has or had."""


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
    Where nothing says which stored key a secret belongs to, a loop tries one after another, and the price is paid once per
    key: a hundred keys take 25 seconds to refuse a wrong one.

    ## Instead
    Check the password once and hand out a token; a signed token (HMAC, JWT) is checked in microseconds. API keys are long random
    strings, so a plain `sha256` of them can be stored, indexed and looked up; no slow hash is needed. A key that must keep its
    slow hash carries a part in the clear (`ak_7f3e.…`) that the row is looked up by. Where the password comes with every
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
    said_from = Severity.CRITICAL
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

    def concerns(self, callee: Callee) -> bool:
        return callee.meaning.blocking is not None or callee.enters

    def check(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Call, module: Module
    ) -> Iterator[Match]:
        if isinstance(node, ast.Call):
            yield from self.tried(node, module)
            return
        if str(module.role(node) or "") != "dependency" or _takes_form(node):
            return
        paying = [endpoint for endpoint in module.endpoints(node) if not _SIGNS_IN.search(endpoint.path)]
        if not paying:
            return
        hashes = [(call, found) for call in own_calls(node) if (found := _hash(call, module)) is not None]
        if hashes:
            # Beside the one that all pay, a branch for strangers often hashes as well, so that they learn nothing from the clock.
            call, found = min(hashes, key=lambda each: bool(module.call_flags(each[0]) & facts.CONDITIONAL))
            yield self.match(call, node, found, paying, module)

    def tried(self, call: ast.Call, module: Module) -> Iterator[Match]:
        """A secret that is tried against one stored hash after another."""
        if not module.is_repeated(call):
            return
        found = _hash(call, module)
        if found is not None and found.path and found.name.rpartition(".")[2] not in _COMPARING:
            return  # a helper that makes a key out of what it is given
        loop = _tries(call, found, module) if found is not None else None
        if found is None or loop is None:
            return
        function = module.function_of(call)
        on_loop = module.runs_on_event_loop(call) and not module.is_awaited(call)
        where = ", on the event loop" if on_loop and function is not None and function.is_async else ""
        source = gone_over(loop, module.segment)
        sure = grows(loop, module) and not found.by_choice
        yield Match(
            call,
            f"`{spelled(call.func)}` tries one stored hash of `{source}` after another{where}: each takes `{found.name}` up to a"
            " quarter of a second of processor time, and a secret that fits none takes all of them.",
            severity=self.severity,
            confidence=Confidence.LIKELY
            if sure and not _FORMER.search(ast.unparse(iterables(loop)[0]))
            else Confidence.POSSIBLE,
            call_path=(Hop(module.path, call.lineno, spelled(call.func).rpartition(".")[2]), *found.path)
            if found.path
            else (),
            swallows=(("FP701", call.lineno),),
            instead="Look the row up first: by an indexed `sha256` of the key, or by a part of it that is stored in the clear; then"
            " compare once.",
        )

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
            "each request with a password or key"
            if module.call_flags(call) & facts.CONDITIONAL
            else "every request"
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


def _tries(call: ast.Call, found: _Hash, module: Module) -> LoopNode | None:
    """The loop over stored hashes in which a call compares a secret that is the same each time."""
    if not serves(call, module):
        return None
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    around = module.loops(call)
    loop = next((each for each in reversed(around) if module.depends_on_loop(call, each)), None)
    if loop is None or isinstance(loop, ast.While) or not iterables(loop):
        return None
    if module.is_short(loop) or is_short(loop, module.qualified_name) or is_few(loop, module):
        return None
    secret = [
        each
        for each in given
        if not isinstance(each, ast.Constant) and not module.depends_on_loop(each, loop)
    ]
    stored = any(module.depends_on_loop(each, loop) for each in given)
    own = not found.by_choice and _is_of_item(call, loop, module) and grows(loop, module)
    return loop if secret and (stored or own) else None


def _is_of_item(call: ast.Call, loop: LoopNode, module: Module) -> bool:
    """`key.fits(secret)` of each `key`: not one of the ways to sign in, of which a list holds one each."""
    return isinstance(call.func, ast.Attribute) and module.depends_on_loop(call.func.value, loop)


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
            and not (leaf.cached or leaf.on_miss or leaf.rarely & facts.RECALLED)
            and len(leaf.path) <= 4
        ):
            return _Hash(leaf.callable, leaf.path, leaf.by_choice)
    return None
