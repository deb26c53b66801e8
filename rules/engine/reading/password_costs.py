"""What a password hash costs where the file says it: `bcrypt.gensalt(7)` takes some milliseconds, not a quarter of a second."""

from __future__ import annotations

import ast

from rules.engine.reading.index import Index
from rules.engine.reading.scopes import Scope

NAMES = frozenset({"hashpw", "checkpw", "hash", "verify", "verify_and_update", "encrypt"})
"""Final names of calls worth asking about."""
_SLOW = 9
"""The cost from which bcrypt takes 30 ms and more; each step doubles it."""
_LIBRARIES = ("bcrypt.", "passlib.")
_QUICK_SCHEMES = frozenset({"pbkdf2_sha256", "pbkdf2_sha512"})
"""Of passlib, with its 29,000 and 25,000 rounds: some ten milliseconds."""
_SAID = frozenset({"bcrypt__rounds", "bcrypt__default_rounds", "rounds"})


def is_low(index: Index, ref: str) -> bool:
    """Whether the file writes down what bcrypt costs wherever it asks for a salt or makes a context, and it is little."""
    if ref.startswith("@"):  # `context = CryptContext(…)` of the file
        kept = index.module.bindings.get(ref[1:].partition(".")[0], ())
        value = kept[0].value if len(kept) == 1 else None
        ref = index.ref(value, index.module) if isinstance(value, ast.Call) else ""
    if not ref.startswith(_LIBRARIES):
        return False
    package = ref.partition(".")[0]
    known = index.cheap_hashes.get(package)
    if known is None:
        known = index.cheap_hashes[package] = _are_low(index, package)
    return known


def _are_low(index: Index, package: str) -> bool:
    costs = [
        _cost(index, call, scope, index.ref(call.func, scope))
        for scope in index.scopes
        for call in scope.calls
        if index.ref(call.func, scope).startswith(f"{package}.")
        and _says_cost(index.ref(call.func, scope).rpartition(".")[2])
    ]
    return bool(costs) and all(cost is not None and cost < _SLOW for cost in costs)


def _says_cost(name: str) -> bool:
    return name in ("gensalt", "CryptContext", "using")


def _is_quick_scheme(call: ast.Call) -> bool:
    """`CryptContext(schemes=["pbkdf2_sha256"])`, and no rounds of its own."""
    schemes: ast.expr | None = call.args[0] if call.args else None
    for keyword in call.keywords:
        if keyword.arg == "schemes":
            schemes = keyword.value
        elif keyword.arg is None or "rounds" in keyword.arg:
            return False
    match schemes:
        case (
            ast.List(elts=[ast.Constant(value=str(first)), *_])
            | ast.Tuple(elts=[ast.Constant(value=str(first)), *_])
        ):
            return first in _QUICK_SCHEMES
    return False


def _cost(index: Index, call: ast.Call, scope: Scope, ref: str) -> int | None:
    if ref.endswith(".CryptContext") and _is_quick_scheme(call):
        return 0
    said = [keyword.value for keyword in call.keywords if keyword.arg in _SAID]
    if not said and ref.endswith(".gensalt"):
        said = call.args[:1]
    costs = [_number(value, scope) for value in said]
    known = [cost for cost in costs if cost is not None]
    return max(known) if known and len(known) == len(costs) else None


def _number(value: ast.expr, scope: Scope) -> int | None:
    """A number, or what a name always stands for in the function or the file."""
    current: Scope | None = scope
    while isinstance(value, ast.Name) and current is not None:
        bindings = current.bindings.get(value.id)
        if bindings is None:
            current = current.parent
            continue
        written = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "value" else None
        return written.value if isinstance(written, ast.Constant) and type(written.value) is int else None
    return value.value if isinstance(value, ast.Constant) and type(value.value) is int else None
