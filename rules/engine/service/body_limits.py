"""What an application is given that refuses bodies above a size: a middleware that counts, with the most it lets in."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from rules.engine.kept_answers import once
from rules.engine.linking.values import Sort
from rules.engine.reading import facts
from rules.engine.reading.regexes import regex
from rules.engine.service.one_at_a_time import lambda_entry

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.engine.project import Project
    from rules.engine.reading.facts import Call

_LIMITS = regex(
    r"(?:limit|max|restrict)\w*(?:body|upload|content|request|payload)\w*(?:size|length|bytes|limit)?"
    r"|(?:body|upload|content|request|payload)_?(?:size|length|bytes)?_?(?:limit|max|guard)",
    re.IGNORECASE,
)
"""What is called after the size of a body and refuses some."""
_SIZE = regex(r"max|size|limit|bytes|length", re.IGNORECASE)
_BY_NGINX = regex(
    r"^[ \t]*client_max_body_size[ \t]+(?:(?P<variable>[\"']?\$)|(?P<number>\d{1,12})(?P<unit>[kmg]?)[ \t]*;)",
    re.IGNORECASE | re.MULTILINE,
)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_MOST = 50 << 20
"""Bytes of a body that a server can hold many times."""
_CAPS = ("max_length", "max_items")
"""How a field says how many items it takes at most."""
_RATE = regex(r"rate|throttl|concurren", re.IGNORECASE)


@once
def bounds_bodies(project: Project, path: str) -> bool:
    """Whether the application that a file belongs to always has a middleware that limits bodies, with a limit given."""
    return any(path in _imported(project, each) for each in _limiting(project))


def is_bounded_before(path: str, project: Project) -> bool:
    """Whether large bodies never reach what a file serves: a proxy refuses them, or AWS Lambda, which takes 6 MB in one piece."""
    return _proxy_bounds_bodies(project) or bool(lambda_entry(path, project))


@once
def _proxy_bounds_bodies(project: Project) -> bool:
    """Whether an nginx of the project refuses bodies above some megabytes, or above a size that is set for it, and none lets
    larger ones in."""
    limits = [
        said
        for path, text in project.documents.items()
        if path.endswith((".conf", ".conf.template"))
        for said in _BY_NGINX.finditer(text)
    ]
    return bool(limits) and all(
        said["variable"] or 0 < int(said["number"]) * _UNITS[said["unit"].lower()] <= _MOST for said in limits
    )


@once
def _limiting(project: Project) -> frozenset[str]:
    """The files that give an application such a middleware."""
    return frozenset(
        node.path
        for node in project.graph.nodes.values()
        for call in node.function.calls
        if not call.flags & facts.CONDITIONAL and _is_limit(call)
    )


def _is_limit(call: Call) -> bool:
    """`app.add_middleware(LimitBody, max_body_size=5_000_000)`; one that is given nothing may let everything in."""
    if call.ref.rpartition(".")[2] not in ("add_middleware", "Middleware") or not call.arguments:
        return False
    kind, *given = call.arguments
    name = re.split(r"[.@>]", kind.ref)[-1]
    if not _LIMITS.search(name) or _RATE.search(name):
        return False
    return any(_SIZE.search(each.name) and each.literal not in ("0", "None") for each in given)


@once
def _imported(project: Project, path: str) -> set[str]:
    return project.imported_from([path])


def has_most(member: ast.AST, module: Module) -> bool:
    """Whether a member of a schema says how many items it takes: `items: list[int] = Field(max_length=100)`."""
    value = module.value(member.value) if isinstance(member, ast.Attribute) else None
    if value is None or value.sort != Sort.OBJECT or not isinstance(member, ast.Attribute):
        return False
    for _, body in module.project.models.bodies(value):
        for field in body.fields:
            if field.name == member.attr:
                made = field.value
                return made is not None and any(made.named(name) is not None for name in _CAPS)
    return False
