from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import kept_estimates
from rules.engine.linking.values import Sort
from rules.engine.reading import facts
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.origins import origins
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import own_calls, walk
from rules.engine.rule import Confidence, Effort, Hop, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import depends_on_request, made_again, made_with_owner, owner_per_request
from rules.engine.service.first_time import is_first_time
from rules.engine.service.fixed_requests import fixed_request, is_read
from rules.engine.service.remembering import is_remembered
from rules.engine.service.traffic import is_seldom, tries_out
from rules.libraries.heavy import SLOW_TO_CHANGE

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

# Asking whether something is there now is the point.
_PROBE = regex(
    r"health|ping|ready|alive|live|status|check|probe|heartbeat|test|verify|sync|refresh|update|import|latest|metadata",
    re.IGNORECASE,
)
_PERSONAL = regex(
    r"user_?info|whoami|token_?info|introspect|/(?:me|user|self|account|profile|session)s?(?:[/?]|$)",
    re.IGNORECASE,
)
"""Addresses whose answer is about whoever the client speaks for."""
_DOCUMENT = regex(r"\.well-known/|/jwks(?:\.json)?\b|openid-configuration|discovery/keys", re.IGNORECASE)
_SENDS = frozenset({"post", "request", "fetch_token", "fetch"})
_OF_MACHINES = frozenset({"client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"})
"""How a service asks for a token of its own, which is good for an hour or so."""
_SECRETS = (
    *(".get_secret_value", "SecretClient.get_secret", ".access_secret_version"),
    *("SSMClient.get_parameter", "SSMClient.get_parameters", "SSMClient.get_parameters_by_path"),
    *(".read_secret_version", ".read_secret"),
)
_ASKED_FOR = frozenset({"bucket_exists", "head_bucket", "collection_exists", "has_collection"})
"""Whether something is there that is made once: a bucket, a collection."""
_MADE = frozenset({"make_bucket", "create_bucket", "create_payload_index", "create_topics"})
"""What makes such a thing."""
_LISTED = frozenset({"get_collections", "list_collections", "list_buckets", "list_indexes"})
"""What lists such things, and is asked for one where the function makes it too."""
_MAKES = frozenset({"create_collection", "create_bucket", "create_index", "make_bucket"})
_OWN_MADE = frozenset({"create_index", "create_indexes", "ensure_index"})
"""Methods of a collection of MongoDB, of which other things have namesakes."""
_MONGO = ("pymongo.", "motor.")
_SETS_UP = _ASKED_FOR | _MADE | _OWN_MADE | _LISTED
_ENSURES = regex(
    r"(?:^|_)(?:ensure|make_sure|assure|init\w*|prepare|setup|set_up|if_not_exists?|if_missing|exists?)(?:_|$)"
)
_KEY_CLIENTS = frozenset({"jwt.PyJWKClient", "jwt.jwks_client.PyJWKClient"})


def _makes_key_client(call: ast.Call, module: Module) -> bool:
    """Whether `call` makes a `PyJWKClient`, or one of a class of the project that derives from it."""
    if module.qualified_name(call.func) in _KEY_CLIENTS:
        return True
    value = module.value(call.func)
    return (
        value is not None
        and value.sort == Sort.CLASS
        and any(module.is_subclass(call.func, name) for name in _KEY_CLIENTS)
    )


class ImmutableRemoteConfigPerRequest(Rule):
    """A document that hardly ever changes is fetched again for every request.

    Signing keys, OpenID configuration, exchange rates, lists of countries: the answer is the same for all callers, and for
    hours; so is whether a bucket or a collection is there that the first request made. Each request waits for the other side anyway, fails when it fails, and counts against its limit.

    ## Instead
    Fetch it at start-up, or once per lifetime: `cachetools.TTLCache` around a plain function, `async_lru.alru_cache(ttl=300)`
    around an `async def`. `PyJWKClient` caches the keys itself when there is one for the process.

    ## Trade-offs
    A change on the other side is seen only after the lifetime. For signing keys fetch again when a token names an unknown
    key.

    ## Monitor
    Outbound calls per request; p99 of the login.
    """

    code = "FP301"
    severity = Severity.HIGH
    said_from = Severity.CRITICAL
    effort = Effort.MINUTES
    watch = "outbound calls per request"

    invalid = (
        Invalid(
            """
            JWKS_URL = "https://login.example/.well-known/jwks.json"

            async def signing_keys() -> dict[str, str]:
                async with httpx.AsyncClient() as client:
                    return (await client.get(JWKS_URL)).json()

            @app.get("/orders")
            async def orders(keys: dict[str, str] = Depends(signing_keys)) -> list[str]:
                return list(keys)
            """
        ),
    )
    valid = (
        Valid(
            """
            from async_lru import alru_cache

            JWKS_URL = "https://login.example/.well-known/jwks.json"

            @alru_cache(ttl=300)
            async def signing_keys() -> dict[str, str]:
                async with httpx.AsyncClient() as client:
                    return (await client.get(JWKS_URL)).json()

            @app.get("/orders")
            async def orders() -> list[str]:
                return list(await signing_keys())
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return (
            callee.name in _KEY_CLIENTS
            or callee.sort == Sort.CLASS
            or callee.spelled in _SENDS
            or is_read(callee.spelled)
            or callee.spelled in _SETS_UP
            or callee.name.endswith(_SECRETS)
        )

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if _makes_key_client(node, module):
            yield from self._of_keys(node, module)
            return
        if not module.in_request_path(node) or module.is_repeated(node):
            return
        if isinstance(node.func, ast.Attribute) and node.func.attr in _SETS_UP:
            yield from _set_up_again(node, node.func.attr, module)
            return
        found = fixed_request(node, module)
        if found is None:
            yield from (match for match in _asked_again(node, module) if not is_remembered(node, module))
            return
        if is_remembered(node, module) or _PERSONAL.search(found.text):
            return
        slow = bool(SLOW_TO_CHANGE.search(found.text))
        if not slow and not (
            found.is_literal
            and found.text.startswith(("http://", "https://"))
            and self._is_data(node, module)
        ):
            return
        shown = (
            found.text
            if found.is_literal and found.text.startswith("http")
            else module.segment(found.address)
        )
        yield Match(
            node,
            f"`{spelled(node.func)}` fetches `{shown}` for every request, though the answer is the same for all of them."
            if len(shown) <= 80 and "\n" not in shown
            else f"`{spelled(node.func)}` fetches the same address for every request, though the answer is the same for all.",
            severity=self.severity if slow else Severity.MEDIUM,
            # Keys and discovery documents change by the month; of other answers only their owner knows.
            confidence=Confidence.LIKELY if slow else Confidence.POSSIBLE,
            impact=kept_estimates.fetched_each_time(module.options),
        )

    def _of_keys(self, node: ast.Call, module: Module) -> Iterator[Match]:
        if is_first_time(node, module):
            return
        if made_again(node, module) is None or is_remembered(node, module):
            yield from _with_owner(node, module)
            return
        chosen = depends_on_request(node, module)
        yield Match(
            node,
            f"`{spelled(node.func)}` is made for each request, and with it goes its cache: the keys are fetched anew"
            " every time.",
            # Which issuers there are, and how often one comes again, is not in the code.
            confidence=Confidence.POSSIBLE if chosen else Confidence.CERTAIN,
            impact=kept_estimates.fetched_each_time(module.options),
            instead="Keep one `PyJWKClient` for each address: `@lru_cache(maxsize=16)` on a function of the address. It keeps the"
            " keys for five minutes."
            if chosen
            else "Make one `PyJWKClient` in the module, or in the lifespan: it keeps the keys for five minutes.",
        )

    def _is_data(self, call: ast.Call, module: Module) -> bool:
        """Whether an endpoint that reads is behind it, not one that asks whether the other side answers."""
        function = module.function_of(call)
        names = [function.name if function else "", *(endpoint.path for endpoint in module.endpoints(call))]
        if any(_PROBE.search(name) for name in names):
            return False
        return any(endpoint.method == "GET" for endpoint in module.endpoints(call))


def _set_up_again(call: ast.Call, name: str, module: Module) -> Iterator[Match]:
    """`if not client.bucket_exists("files"): client.make_bucket("files")` on the way of each upload."""
    function = module.function_of(call)
    if function is None or isinstance(function.node, ast.Lambda) or function.name == "__init__":
        return
    if name in _OWN_MADE and not (module.qualified_name(call.func) or "").startswith(_MONGO):
        return
    steps = [
        each
        for each in own_calls(function.node)
        if isinstance(each.func, ast.Attribute) and each.func.attr in _SETS_UP | _MAKES
    ]
    if min(steps, key=lambda each: (each.lineno, each.col_offset)) is not call:
        return  # said once for all that the function sets up
    if name in _LISTED and not any(last_name(each.func) in _MAKES for each in steps):
        return  # who lists them wants to see them
    if module.call_flags(call) & facts.FAILING or is_first_time(call, module) or is_remembered(call, module):
        return
    if is_seldom(call, module) or module.callee(call) is not None:
        return
    is_endpoint = str(module.role(call) or "") == "endpoint"
    if depends_on_request(call, module) and (is_endpoint or not _ENSURES.search(function.name)):
        return  # which one it is comes with the request
    asks = name in _ASKED_FOR | _LISTED
    yield Match(
        call,
        f"`{spelled(call.func)}` asks for each request whether something is there that was made the first time."
        if asks
        else f"`{spelled(call.func)}` is called for each request, to make what is there after the first one.",
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE,  # somebody may take it away
        impact=kept_estimates.fetched_each_time(module.options),
        instead="Do it once: in the lifespan, or when the work fails because it is missing; a set of the names that were seen"
        " there is enough where there are several.",
    )


def _with_owner(call: ast.Call, module: Module) -> Iterator[Match]:
    """`Verifier(url)` of each request makes a `PyJWKClient` of its own."""
    maker = owner_per_request(call, module)
    if maker is None and not made_with_owner(call, module):
        return
    owner = module.symbol_at(call).rpartition(".")[0]
    yield Match(
        call,
        f"`{spelled(call.func)}` is made with each `{owner}`"
        + (f", and `{maker.symbol}` makes one for each request" if maker is not None else "")
        + ": its cache goes with it, and the keys are fetched anew every time.",
        confidence=Confidence.LIKELY if maker is not None else Confidence.POSSIBLE,
        call_path=(maker, Hop(module.path, call.lineno, spelled(call.func))) if maker is not None else (),
        swallows=(("FP603", call.lineno),),
        impact=kept_estimates.fetched_each_time(module.options),
        instead=f"Make one `{owner}` in the module, or in the lifespan: its `PyJWKClient` keeps the keys for five minutes.",
    )


def _asked_again(call: ast.Call, module: Module) -> Iterator[Match]:
    """What is the same for an hour, though who reads the call alone cannot see that it does not depend on the caller."""
    name = module.qualified_name(call.func) or ""
    if name.endswith(_SECRETS) and (call.args or call.keywords):  # `SecretStr.get_secret_value()` asks nobody
        told, keep = "reads the secret for every request, though it changes by the month", "the secret"
    elif _is_token_of_service(call, module):
        if tries_out(call, module):
            return  # whether the credentials are good is what it asks
        told, keep = (
            "asks for a new token of the service for every request, though one is good for an hour or so",
            "the token until shortly before it ends",
        )
    elif _names_document(call, module):
        told, keep = (
            "fetches a document for every request that is the same for all of one issuer",
            "it for each issuer",
        )
    else:
        return
    yield Match(
        call,
        f"`{spelled(call.func)}` {told}.",
        severity=Severity.MEDIUM,
        confidence=Confidence.POSSIBLE,  # by what it differs from call to call is not known
        impact=kept_estimates.fetched_each_time(module.options),
        instead=f"Keep {keep}: in an attribute of an object that outlives the request, or behind `cachetools.TTLCache`.",
    )


def _is_token_of_service(call: ast.Call, module: Module) -> bool:
    """`client.post(TOKEN_URL, data={"grant_type": "client_credentials", …})`, also where a name holds what is sent."""
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr not in _SENDS:
        return False
    given = [
        *call.args[1:],
        *(each.value for each in call.keywords if each.arg in ("data", "json", "params", "content")),
    ]
    return any(
        isinstance(part, ast.Constant) and part.value in _OF_MACHINES
        for value in given
        for made in origins(value, module)
        for part in walk(made)
    )


def _names_document(call: ast.Call, module: Module) -> bool:
    """`client.get(f"{issuer}/.well-known/openid-configuration")`, whoever says the issuer."""
    external = module.external(call)
    if external is None or external.kind != "http" or not call.args:
        return False
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "get":
        return False
    texts = [
        part.value
        for made in origins(call.args[0], module)
        for part in walk(made)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    return any(_DOCUMENT.search(text) for text in texts)
