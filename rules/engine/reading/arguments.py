"""Arguments of calls that hand callables on or wire an application, and the lists such calls take them from."""

from __future__ import annotations

import ast

from rules.engine.reading.facts import Argument
from rules.engine.reading.index import Index
from rules.engine.reading.scopes import Binding, Part, Scope
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

_MAX_ITEMS = 200
_MAX_SUMMANDS = 40
MEMBER = "\x01"
"""In a text: what follows is a part of a member of what a loop goes over."""
_REORDERING = frozenset({"list", "tuple", "sorted", "reversed", "set"})


def arguments(index: Index, node: ast.Call, scope: Scope) -> tuple[Argument, ...]:
    """The arguments of a call, in order; `**names` has the name `**`."""
    found = [
        argument(index, "*" if isinstance(value, ast.Starred) else "", value, scope) for value in node.args
    ]
    found.extend(argument(index, keyword.arg or "**", keyword.value, scope) for keyword in node.keywords)
    return tuple(found)


def argument(index: Index, name: str, node: ast.expr, scope: Scope) -> Argument:
    """One argument, or one member of a display."""
    if isinstance(node, ast.Constant):
        return Argument(name, literal=node.value if isinstance(node.value, str) else None)
    summands = _summands(node) if isinstance(node, ast.BinOp) else []
    if summands:
        return Argument(name, items=tuple(argument(index, "+", side, scope) for side in summands), kind="+")
    if isinstance(node, (ast.JoinedStr, ast.BinOp)):
        return Argument(name, literal=text(index, node, scope))
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return Argument(
            name,
            items=tuple(
                argument(index, "*" if isinstance(item, ast.Starred) else "", item, scope)
                for item in node.elts[:_MAX_ITEMS]
            ),
        )
    if isinstance(node, ast.Dict):
        return Argument(
            name,
            items=tuple(
                argument(index, _key(key), value, scope)
                for key, value in list(zip(node.keys, node.values, strict=True))[:_MAX_ITEMS]
            ),
            kind="{",
        )
    if isinstance(node, ast.Call):
        if last_name(node) in ("Depends", "Security"):
            return Argument("Depends", index.depends(node, None, scope) or "")
        if node.keywords and index.function_scope(scope) is index.module:  # `Entry(router=…, prefix=…)`
            ref = index.ref(node, scope)
            return Argument(name, ref, items=arguments(index, node, scope)[:_MAX_ITEMS], kind="(")
    if isinstance(node, ast.Starred):
        node = node.value
    ref = index.ref(node, scope)
    each, pick = _each(index, node, scope)
    return Argument(
        name, ref, own="" if ref.startswith("@") else own_name(index, node, scope), each=each, pick=pick
    )


def _summands(node: ast.expr) -> list[ast.expr]:
    """The lists of `a + [b] + c`; empty for a sum of something else, or a long one."""
    found: list[ast.expr] = []
    current = node
    while isinstance(current, ast.BinOp) and isinstance(current.op, ast.Add) and len(found) < _MAX_SUMMANDS:
        found.append(current.right)
        current = current.left
    found.append(current)
    displayed = [isinstance(part, (ast.List, ast.Tuple)) for part in found]
    named = all(isinstance(part, (ast.List, ast.Tuple, ast.Name, ast.Attribute)) for part in found)
    return found[::-1] if any(displayed) and named else []


def _key(key: ast.expr | None) -> str:
    return (
        key.value
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
        else "**"
        if key is None
        else ""
    )


def text(index: Index, node: ast.expr, scope: Scope) -> str | None:
    """The text of an f-string or a sum of strings; what is not known here stands between NUL characters."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts = [text(index, value, scope) for value in node.values]
    elif isinstance(node, ast.FormattedValue):
        return text(index, node.value, scope)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        terms: list[ast.expr] = []
        current: ast.expr = node
        while (
            isinstance(current, ast.BinOp) and isinstance(current.op, ast.Add) and len(terms) < _MAX_SUMMANDS
        ):
            terms.append(current.right)
            current = current.left
        if isinstance(current, ast.BinOp):
            return None
        parts = [text(index, term, scope) for term in (current, *reversed(terms))]
    else:
        each, pick = _each(index, node, scope)
        if each:
            return f"\x00{MEMBER.join((MEMBER + each, *pick))}\x00"
        ref = index.ref(node, scope)
        known = ref and not ref.startswith("builtins.str")
        return f"\x00{ref}\x00" if known else f"\x00?{last_name(node)}\x00"
    return None if any(part is None for part in parts) else "".join(part or "" for part in parts)


def target(index: Index, node: ast.Call, scope: Scope) -> str:
    """The own name a call's result is bound to."""
    parent = index.parents.get(node)
    bound: ast.AST | None = None
    if isinstance(parent, ast.Assign):
        bound = parent.targets[0]
    elif isinstance(parent, ast.AnnAssign):
        bound = parent.target
    if isinstance(bound, ast.Name):
        return f"@{scope.symbol}.{bound.id}" if scope is not index.module else f"@{bound.id}"
    return own_name(index, bound, scope) if isinstance(bound, ast.Attribute) else ""


def receiver(index: Index, node: ast.expr, scope: Scope) -> str:
    """The own name that a method is taken from, with its place when it is local: `@create_app.router`."""
    return own_name(index, node.value, scope) if isinstance(node, ast.Attribute) else ""


def own_name(index: Index, node: ast.AST, scope: Scope) -> str:
    """`@name`, `@function.name` or, for an attribute of `self`, `@Class.name`; empty for other people's names."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        bindings = scope.bindings.get(node.value.id)
        if bindings and bindings[0].kind == "self" and scope.owner is not None:
            return f"@{scope.owner.symbol}.{node.attr}"
        return ""
    if not isinstance(node, ast.Name):
        return ""
    holder = _holder(index, node.id, scope)
    if holder is None:
        return ""
    if holder is index.module:
        ref = index.module_name(node.id)
        return ref if ref.startswith("@") else ""
    return f"@{holder.symbol}.{node.id}"


def _holder(index: Index, name: str, scope: Scope) -> Scope | None:
    """The scope that binds `name`."""
    current: Scope | None = scope
    while current is not None and name not in current.bindings:
        current = current.parent
    return current


# Loops over displays


def _each(index: Index, node: ast.expr, scope: Scope) -> tuple[str, tuple[str, ...]]:
    """For a name that a loop binds: what is looped over, and how the name comes out of one of its members."""
    pick: list[str] = []
    current = node
    while isinstance(current, (ast.Attribute, ast.Subscript)):
        if isinstance(current, ast.Attribute):
            pick.insert(0, f".{current.attr}")
        elif isinstance(current.slice, ast.Constant):
            pick.insert(0, str(current.slice.value))
        else:
            return "", ()
        current = current.value
    if not isinstance(current, ast.Name):
        return "", ()
    holder = _holder(index, current.id, scope)
    if holder is None:
        return "", ()
    bindings = [binding for binding in holder.bindings[current.id] if binding.kind in ("item", "part")]
    if not bindings or len(bindings) != len(holder.bindings[current.id]):
        return "", ()
    return _looped(index, _nearest(bindings, current), holder, pick)


def _nearest(bindings: list[Binding], node: ast.Name) -> Binding:
    before = [binding for binding in bindings if binding.line <= node.lineno]
    return before[-1] if before else bindings[0]


def _looped(index: Index, binding: Binding, holder: Scope, pick: list[str]) -> tuple[str, tuple[str, ...]]:
    value = binding.value
    while isinstance(value, Part):
        pick.insert(0, str(value.position))
        if value.kind == "^" or (value.kind == "" and not isinstance(value.value, Part)):
            return "", ()
        value = value.value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.args:
        name, first = value.func.id, value.args[0]
        if name == "enumerate" and pick:
            if pick.pop(0) != "1":
                return "", ()
            value = first
        elif name in _REORDERING:
            value = first
    return (container(index, value, holder), tuple(pick)) if isinstance(value, ast.expr) else ("", ())


def container(index: Index, node: ast.expr, scope: Scope) -> str:
    """How a display is found again: the name that holds it, or its place."""
    if isinstance(node, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
        return f"@{node.lineno}_{node.col_offset}"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        if node.func.attr in ("items", "values"):
            base = container(index, node.func.value, scope)
            return f"{base}.{node.func.attr}()" if base else ""
        return ""
    return own_name(index, node, scope) or index.ref(node, scope)


def displays(index: Index, wanted: set[str]) -> dict[str, Argument]:
    """The lists, tuples and dicts that the calls of this file (`wanted`) or of others may loop over."""
    found: dict[str, Argument] = {}
    for name, bindings in index.module.bindings.items():
        value = _display(bindings)
        if value is not None and (f"@{name}" in wanted or _holds_names(value)):
            found[f"@{name}"] = argument(index, "", value, index.module)
    local = {key for key in wanted if key not in found}
    if not local:
        return found
    for scope in index.scopes:
        if scope is index.module:
            continue
        for name, bindings in scope.bindings.items():
            key = f"@{scope.symbol}.{name}"
            value = _display(bindings) if key in local else None
            if value is not None:
                found[key] = argument(index, "", value, scope)
    if any(key[1:2].isdigit() for key in local):
        for node in walk(index.tree):
            if isinstance(node, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
                key = f"@{node.lineno}_{node.col_offset}"
                if key in local:
                    found[key] = argument(index, "", node, index.scope_at(node))
    return found


def _display(bindings: list[Binding]) -> ast.expr | None:
    """The display that a name holds."""
    value = bindings[0].value
    if isinstance(value, ast.AnnAssign):
        value = value.value
    if len(bindings) > 1 or bindings[0].kind not in ("value", "annotated"):
        return None
    if isinstance(value, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
        return value
    return value if isinstance(value, ast.BinOp) and _summands(value) else None


def _holds_names(value: ast.expr) -> bool:
    """Whether a display may hold routers or handlers: not only constants."""
    if isinstance(value, ast.BinOp):
        return any(isinstance(part, ast.Name) or _holds_names(part) for part in _summands(value))
    members: list[ast.expr] = value.values if isinstance(value, ast.Dict) else getattr(value, "elts", [])
    if not 0 < len(members) <= _MAX_ITEMS:
        return False
    return all(
        isinstance(member, (ast.Name, ast.Attribute, ast.Starred))
        or (isinstance(member, (ast.Tuple, ast.Dict)) and _holds_names(member))
        or (isinstance(member, ast.Call) and bool(member.keywords or member.args))
        for member in members
    ) or any(isinstance(member, (ast.Name, ast.Attribute)) for member in members)
