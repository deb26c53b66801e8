"""How a helper that is called per item would do all of them at once: the advice in the words of the code at hand, and what
the change looks like there.
"""

from __future__ import annotations

import ast
import re
import textwrap
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.data.round_trips import nearest
from rules.engine.reading.loop_shapes import gone_over, iterables, targets
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import names_in

if TYPE_CHECKING:
    from rules.engine.costs.summaries import Leaf, Summary
    from rules.engine.module import Module
    from rules.engine.reading.scopes import LoopNode

_LISTS = {
    "sqlalchemy": "in_(…)",
    "pymongo": "$in",
    "beanie": "In(…)",
    "odmantic": "in_(…)",
    "tortoise": "__in",
    "django": "__in",
    "peewee": "in_(…)",
    "asyncpg": "= ANY($1)",
    "psycopg": "= ANY(%s)",
}
MERGED = (
    "Fetch before the loop what is there already, with one `select`, and keep the list: `merge` asks for none of these rows"
    " then. Or write all with one `insert` of many rows that updates on conflict."
)
"""`Session.merge` looks into the session before it asks."""
_CHANGES = re.compile(
    r"_*(?:add|apply|archive|clear|create|delete|insert|mark|move|purge|remove|restore|save|set|store|sync|update|upsert)_"
)
"""Names of helpers that are called for what they change, also where they return something."""
_STATEMENT = re.compile(r"(?:.*[._])?(?:sql|statement|stmt|query|q)s?")
"""Names of what holds a statement: a list of these is no list of keys."""
_MOST_LINES = 6
"""A statement of more lines is not shown again: what changes would be lost in it."""


def asks_for_many(callable_name: str) -> str:
    """How one query asks for a list of keys in the language of its driver: `in_(…)`, `$in`; empty where it has no such word."""
    query = libraries.query(callable_name)
    return _LISTS.get(query.driver, "") if query is not None else ""


def is_merge(callable_name: str) -> bool:
    """Whether a query is that of `Session.merge`, which asks for the row of an object before it writes it."""
    query = libraries.query(callable_name)
    return query is not None and query.driver == "sqlalchemy" and callable_name.endswith(".merge")


def advice(call: ast.Call, loop: LoopNode, leaf: Leaf, summary: Summary, module: Module) -> str:
    """What to do instead of calling a helper per item, its first sentence short enough for a title."""
    helper = last_name(call.func)
    source = gone_over(loop, module.segment)
    word = asks_for_many(leaf.callable)
    one_query = f"one query (`{word}`)" if word else "one query"
    if is_merge(leaf.callable):
        return MERGED
    if _saves(summary):
        commit = nearest(summary.commits, "commit")
        committed = ", with one commit" if commit is not None and not commit.sometimes else ""
        return (
            f"Take `{helper}` apart: {one_query} for all of `{source}` before the loop, one statement that writes what"
            f" has changed after it{committed}. Where an item may fail without the others, keep a savepoint around each"
            " instead, or write in batches of some hundreds."
        )
    if _is_for_its_effect(call, module) or _CHANGES.match(helper):
        return (
            f"Take what `{helper}` looks up out of it: {one_query} for all of `{source}` before the loop, and give each"
            " call its own rows."
        )
    keys = _keys(call, loop, module)
    if any(map(_STATEMENT.fullmatch, keys)):
        return (
            f"Make one statement of those that `{helper}` is given for `{source}` (`union_all`, or one `select` of several"
            " values), ask it before the loop, and pick from the answer inside."
        )
    takes = f"every `{keys[0]}`" if len(keys) == 1 and not keys[0].isidentifier() else f"all of `{source}`"
    return (
        f"Give `{helper}` a sibling that takes {takes} at once: {one_query}, and a dictionary to return. Call it before the"
        f" loop and pick from what it returns inside; what `{helper}` checks per item stays in the loop."
    )


def sketch(call: ast.Call, loop: LoopNode, leaf: Leaf, summary: Summary, module: Module) -> str:
    """The change as lines of a diff, in the names of the code at hand; empty where a few lines of it do not show it."""
    if (
        is_merge(leaf.callable)
        or _saves(summary)
        or _is_for_its_effect(call, module)
        or _CHANGES.match(last_name(call.func))
    ):
        return ""
    keys = _keys(call, loop, module)
    over = iterables(loop)
    if len(keys) != 1 or _STATEMENT.fullmatch(keys[0]) or len(over) != 1 or not _is_plain(over[0]):
        return ""
    key = keys[0]
    around = targets(loop)[0]
    if not _is_part_of(key, around):
        return ""
    used = module.statement(call)
    start = loop if isinstance(loop, (ast.For, ast.AsyncFor)) else used
    if used is None or start is None or used.end_lineno is None or module.loops(start):
        return ""
    lines = module.source.lines[used.lineno - 1 : used.end_lineno]
    if len(lines) > _MOST_LINES:
        return ""
    parent = module.parent(call)
    asked = parent if isinstance(parent, ast.Await) else call
    before, after = module.segment(asked), f"found.get({key})"
    old = "\n".join(lines)
    if f"({before})." in old:
        before = f"({before})"
    if old.count(before) != 1:
        return ""
    helper = last_name(call.func)
    many = module.segment(call.func).removesuffix(helper) + f"{helper}_many"
    given = [
        *(module.segment(each) for each in call.args if not module.depends_on_loop(each, loop)),
        f"{{{key} for {module.segment(around)} in {module.segment(over[0])}}}",
        *(
            f"{each.arg}={module.segment(each.value)}" if each.arg else f"**{module.segment(each.value)}"
            for each in call.keywords
            if not module.depends_on_loop(each.value, loop)
        ),
    ]
    wait = "await " if asked is not call else ""
    margin = " " * start.col_offset
    shown = [f"+{margin}found = {wait}{many}({', '.join(given)})  # one query"]
    if isinstance(loop, (ast.For, ast.AsyncFor)):
        shown.append(f" {module.source.lines[loop.lineno - 1].rstrip()}")
        shown += [f" {' ' * used.col_offset}…"] * (loop.body[0] is not used)
    shown += [f"-{line}" for line in old.split("\n")] + [
        f"+{line}" for line in old.replace(before, after).split("\n")
    ]
    return "\n".join(_dedented(shown)) + "\n"


def _dedented(lines: list[str]) -> list[str]:
    texts = textwrap.dedent("\n".join(line[1:] for line in lines)).split("\n")
    return [line[0] + text for line, text in zip(lines, texts, strict=True)]


def _saves(summary: Summary) -> bool:
    """Whether a helper writes each time, and not only on some way through it."""
    sure = (nearest(summary.writes), nearest(summary.commits, "commit"))
    return any(each is not None and not (each.sometimes or each.rarely) for each in sure)


def _is_for_its_effect(call: ast.Call, module: Module) -> bool:
    """Whether nobody looks at what a call returns."""
    parent = module.parent(call)
    return isinstance(module.parent(parent) if isinstance(parent, ast.Await) else parent, ast.Expr)


def _keys(call: ast.Call, loop: LoopNode, module: Module) -> list[str]:
    """The arguments that differ with each turn, as they are spelled."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    found = [each for each in given if module.depends_on_loop(each, loop)]
    if module.depends_on_loop(call.func, loop) or not all(map(_is_plain, found)):
        return []
    return [module.segment(each) for each in found]


def _is_part_of(key: str, target: ast.expr) -> bool:
    """Whether a key is read off what the loop binds: `order.owner_id` of `order`. A row itself is no key of a dictionary."""
    names = names_in(target)
    root = re.split(r"[.\[]", key, maxsplit=1)[0]
    return root in names and (
        key != root or not isinstance(target, ast.Name) or key.endswith(("id", "key", "name"))
    )


def _is_plain(value: ast.AST) -> bool:
    """`orders`, `page.items`, `row["id"]`: read without doing anything."""
    while isinstance(value, ast.Attribute) or (
        isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant)
    ):
        value = value.value
    return isinstance(value, ast.Name)
