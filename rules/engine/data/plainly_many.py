"""Loops over what is plainly many: what is said of them on a line wherever it has long stood.

Of other loops nobody sees whether three items come or three thousand, and those who know the project say three too
often: the lines of a form, the attempts of one event, the projects of one user.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, TypeGuard

from rules.engine.data.per_item import goes_over_rows
from rules.engine.kept_answers import once_for_node
from rules.engine.linking.roles import Role
from rules.engine.reading.loop_shapes import iterables, unwrapped
from rules.engine.reading.regexes import regex
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.engine.finding import EndpointRef
    from rules.engine.module import Module

_WORD = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_IN_BULK = frozenset(
    {"bulk", "batch", "batches", "import", "importer", "imports", "many", "multiple", "mass"}
)
"""Words of what programs send much to."""
_OF_ONE = regex(r"(?:import|batch)_?(?:id|ids|ref|key|name|number|date|status)(?![a-z])", re.IGNORECASE)
"""What tells one import or batch from others: `orders_of_batch_id` are not sent in bulk."""
_WRITTEN = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_READ = frozenset({"GET", "HEAD"})


@once_for_node
def goes_over_many(loop: ast.AST, module: Module) -> bool:
    """Whether a loop goes over what its names or its routes call bulk, a list that a request brings as it is, or the rows
    of a list that is asked for."""
    endpoints = module.endpoints(loop)
    return (
        _is_in_bulk(loop, endpoints, module)
        or _is_brought(loop, module)
        or (_are_lists(endpoints) and goes_over_rows(loop, module))
    )


@once_for_node
def goes_over_list(loop: ast.AST, module: Module) -> bool:
    """Whether a loop goes over the rows of a list that is asked for, and of nothing else: what a request brings is short more
    often than not, and written row by row anyway."""
    return _are_lists(module.endpoints(loop)) and goes_over_rows(loop, module)


def _is_in_bulk(loop: ast.AST, endpoints: Sequence[EndpointRef], module: Module) -> bool:
    if _words(module.symbol_at(loop)) & _IN_BULK:
        return True
    names = (
        part.id if isinstance(part, ast.Name) else part.attr
        for iterable in iterables(loop)
        for part in walk(iterable)
        if isinstance(part, (ast.Name, ast.Attribute))
    )
    if any(_words(name) & _IN_BULK for name in names):
        return True
    return bool(endpoints) and all(map(_is_for_many, endpoints))


def _is_for_many(endpoint: EndpointRef) -> bool:
    """`POST /orders/import`, `DELETE /orders/delete-all`."""
    last = endpoint.path.rstrip("/").rpartition("/")[2]
    return bool(_words(endpoint.path) & _IN_BULK) or (endpoint.method in _WRITTEN and "all" in _words(last))


def _is_brought(loop: ast.AST, module: Module) -> bool:
    """`for each in ids`, `for each in ids[1:]` in the endpoint that takes `ids`."""
    function = module.function_of(loop)
    if function is None or module.role(loop) is not Role.ENDPOINT:
        return False
    taken = {each.arg for each in walk(function.node.args) if isinstance(each, ast.arg)}
    sources = [unwrapped(each) for each in iterables(loop)]
    parts = [each.value if _is_slice(each) else each for each in sources]
    return any(isinstance(each, ast.Name) and each.id in taken for each in parts)


def _is_slice(node: ast.expr) -> TypeGuard[ast.Subscript]:
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)


def _are_lists(endpoints: Sequence[EndpointRef]) -> bool:
    """Whether all only read, and none of them one thing: `GET /orders`, `GET /orders/{id}/items`, not `GET /orders/{id}`."""
    return bool(endpoints) and all(
        each.method in _READ and not each.path.rstrip("/").endswith("}") for each in endpoints
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(_OF_ONE.sub("", text)))
