"""Commands sent to Redis or Valkey, each a round trip of its own."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from rules import libraries
from rules.engine.linking.values import Sort
from rules.engine.reading.regexes import regex

if TYPE_CHECKING:
    from rules.engine.costs.summaries import Leaf
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_CLIENTS = (".Redis", ".Valkey")
_NEAR = 2
# Keys whose entries are meant to stay, or are taken away by who put them there.
_MEANT_TO_STAY = regex(
    r"lock|mutex|counter|count|total|queue|stream|limit|quota|config|setting|flag|registry|leader|heartbeat|cursor"
    r"|watermark|checkpoint|offset|version|state|status|fence|last_|latest|progress|job|task|subscri|webhook|permanent|toggle|enabled|disabled|plugin|presence",
    re.IGNORECASE,
)


class Command(Struct, frozen=True):
    call: ast.Call
    name: str
    is_async: bool

    @property
    def key(self) -> ast.expr | None:
        if self.call.args and not isinstance(self.call.args[0], ast.Starred):
            return self.call.args[0]
        return next((each.value for each in self.call.keywords if each.arg in ("name", "key")), None)

    def has(self, *keywords: str) -> bool:
        return any(each.arg in keywords or each.arg is None for each in self.call.keywords)


def may_command(callee: Callee) -> bool:
    """Whether calls of `callee` may be commands."""
    query = callee.meaning.query
    return callee.is_method and query is not None and query.driver == "redis"


def command(node: ast.AST, module: Module) -> Command | None:
    """The command that `node` sends by itself; one that only joins a pipeline is none."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    query = module.query(node)
    if query is None or query.driver != "redis":
        return None
    owner, _, name = query.name.rpartition(".")
    if not owner.endswith(_CLIENTS):
        return None
    return Command(node, name, query.is_async)


def command_of_helper(call: ast.Call, module: Module) -> Leaf | None:
    """The one command that a function of the project sends each time `call` enters it, and asks nobody else."""
    summary = module.summary(call)
    if summary is None or len(summary.queries) != 1 or summary.external:
        return None
    leaf = summary.queries[0]
    query = libraries.query(leaf.callable)
    if query is None or query.driver != "redis" or not leaf.callable.rpartition(".")[0].endswith(_CLIENTS):
        return None
    if leaf.cached or leaf.on_miss or leaf.sometimes or leaf.rarely or leaf.kept_by or len(leaf.path) > _NEAR:
        return None
    return leaf if not summary.is_async or module.is_awaited(call) else None


def is_meant_to_stay(key: ast.expr, module: Module) -> bool:
    """Whether the words of a key say that it is no cached answer: a lock, a counter, a queue, a setting."""
    text = module.segment(key)
    value = module.value(key)
    if value is not None and value.sort == Sort.TEXT:
        text += value.name
    return bool(_MEANT_TO_STAY.search(text))
