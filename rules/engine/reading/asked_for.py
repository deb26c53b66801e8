"""What a container or a getter gives to who names the class: `container.get(OrderService)` is an `OrderService`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rules.engine.reading.annotations import may_be_ours
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name

if TYPE_CHECKING:
    from rules.engine.reading.index import Index
    from rules.engine.reading.scopes import Scope

_ASKS = regex(
    r"a?(?:get|resolve|inject|provide|require|lookup|obtain|instance)(?:_async|_sync)?$|"
    r"a?(?:get|resolve|inject|provide)_(?:bean|instance|service|repository|repo|component|dependency|singleton|use_?case)$"
)
"""How getters are called that take a class and give an instance of it."""
_HOLDERS = regex(
    r"(?:^|_)(?:container|injector|provider|resolver|locator|registry|ioc|di|kernel|services|svcs(?:_container)?|beans|scope)$"
)
"""How what holds the instances is called, where nobody knows what it is."""


def asked_for(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str:
    """The reference to what the call of a getter with nothing but a class gives, as far as `function` does not say; else empty."""
    if len(node.args) != 1 or not (function or _holds_instances(node.func)):
        return ""
    wanted = _class_named(index, node.args[0], scope, depth)
    if not wanted:
        return ""
    if _ASKS.match(last_name(node.func)):
        return f"{function}()⁇{wanted}()⁇" if function else f"{wanted}()"
    return f"{function}⁂{wanted}⁂" if may_be_ours(f"{function}:") else ""


def kept_under(index: Index, node: ast.Subscript, scope: Scope, depth: int) -> str:
    """The reference to `container[OrderService]`, where nobody knows what the container is; else empty."""
    if not _HOLDERS.search(last_name(node.value)):
        return ""
    wanted = _class_named(index, node.slice, scope, depth)
    return f"{wanted}()" if wanted else ""


def _holds_instances(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and bool(_HOLDERS.search(last_name(function.value)))


def _class_named(index: Index, node: ast.expr, scope: Scope, depth: int) -> str:
    """The reference to a class that is named; empty for anything else."""
    name = last_name(node) if isinstance(node, ast.Name | ast.Attribute) else ""
    if not name[:1].isupper() or name.isupper():
        return ""
    found = index.ref(node, scope, depth)
    return "" if not found or found[-1] in ":)'" or found.startswith("builtins.") else found
