from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.data.small_tables import is_small, lists_a_few
from rules.engine.finding import Hop, Options
from rules.engine.fixing.rewrites import with_keyword
from rules.engine.linking.page_sizes import LIMITERS, taken_as, way_to_limit
from rules.engine.module import Role
from rules.engine.reading.loop_shapes import shortened, spelled
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import own_calls, walk
from rules.engine.reading.whole_numbers import arguments, bounded, given, is_number
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.shared_pages import SharedPage, shared_pages
from rules.engine.service.traffic import is_example, is_for_admins

if TYPE_CHECKING:
    from rules.engine.data.statements import Loaded
    from rules.engine.module import Module

_DECLARING = frozenset({"Query", "Path", "Header", "Cookie", "Body", "Form"})
_USUAL = 100
_OF_ONE = regex(r"/(?:user|account|member|me|by-[a-z]+)s?(?:/[a-z-]+)?/\{[^/}]+\}/|/me/", re.IGNORECASE)
"""Routes to what belongs to one user."""
_WITHIN = regex(r"\{(\w+_(?:id|uuid|slug|name|key))\}(?=/\w)")
"""What a path names and then goes into."""
_HOLDS_ALL = regex(
    r"(?:org\w*|tenant|workspace|project|team|compan\w+|account|store|shop|site|app|dataset|collection|index|database|table"
    r"|course|channel|room|bot|agent|knowledge\w*|kb)_",
    re.IGNORECASE,
)
"""What may hold most of all rows by itself."""


_CALLER = regex(
    r"(?:(?:current|active|auth\w*|login|logged_in|request|jwt)_?)?(?:user|account|member|identity|customer)(?:_id|_uuid)?"
    r"|me|caller|principal",
    re.IGNORECASE,
)
"""How parameters are called that say who asks."""
_FILTERING = frozenset({"filter", "filter_by", "where", "find"})
_PICKED = regex(
    r"(?:^|_)(?:top|featured|pinned|highlighted|promoted|recommended|starred|spotlight|banner)(?:_|$)"
)
"""Columns that say yes for the few rows that somebody picks."""
_SUBJECTS = frozenset(
    {"get_jwt_subject", "get_jwt_identity", "get_raw_jwt", "get_current_user", "get_current_user_id"}
)


class PageSizeUnbounded(Rule):
    """A page size that the caller chooses freely lets one request load the whole table.

    `limit: int = 50` is only a default: `?limit=1000000` makes objects of a million rows, holds the memory and the
    connection meanwhile, and is the cheapest way to bring the service down.

    ## Instead
    Bound it where it enters: `limit: Annotated[int, Query(ge=1, le=100)] = 50`. FastAPI answers 422 beyond that.

    ## Trade-offs
    Callers that ask for more than the bound get an error: look at the access log for the largest page in use first.

    ## Monitor
    p99 of response size and of rows per request; worker memory.

    ## When to ignore it
    When only trusted callers reach the endpoint, or a gateway bounds the parameter.
    """

    code = "FP223"
    per_request = True
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "p99 of response size and rows per request"
    impact = estimates.rows_asked_for(Options())

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI, Query
            from sqlalchemy import select
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()

            @app.get("/orders")
            def list_orders(limit: int = Query(50), session: Session = Depends(get_session)) -> list[str]:
                orders = session.scalars(select(Order).order_by(Order.id).limit(limit))
                return [order.number for order in orders]
            """,
            fixed="""
            from fastapi import Depends, FastAPI, Query
            from sqlalchemy import select
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()

            @app.get("/orders")
            def list_orders(limit: int = Query(50, le=100), session: Session = Depends(get_session)) -> list[str]:
                orders = session.scalars(select(Order).order_by(Order.id).limit(limit))
                return [order.number for order in orders]
            """,
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI, Query
            from sqlalchemy import select
            from sqlalchemy.orm import Session

            from shop.db import get_session
            from shop.models import Order

            app = FastAPI()

            @app.get("/orders")
            def list_orders(
                limit: Annotated[int, Query(ge=1, le=100)] = 50, session: Session = Depends(get_session)
            ) -> list[str]:
                orders = session.scalars(select(Order).order_by(Order.id).limit(limit))
                return [order.number for order in orders]
            """
        ),
    )

    def check(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign, module: Module
    ) -> Iterator[Match]:
        for page in shared_pages(node, module):
            yield _shared(page, module)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return
        if module.role(node) is not Role.ENDPOINT:
            return
        free = {
            argument.arg: (argument, default)
            for argument, default in arguments(node)
            if is_number(argument, default) and not _is_bounded(argument, default)
        }
        for name in bounded(node, set(free)) | _rebound(node) if free else ():
            free.pop(name, None)
        if not free:
            return
        for call in own_calls(node):
            for position, keyword, value in given(call):
                if not isinstance(value, ast.Name) or value.id not in free:
                    continue
                path = _path(call, position, keyword, module)
                if path is None:
                    continue
                argument, default = free.pop(value.id)
                parent = _parent(call, node, module)
                rows = f"all rows of one `{parent}`" if parent else "all rows that match"
                yield Match(
                    call,
                    f"`{argument.arg}` of `{node.name}` goes to `.limit()` as it comes: one request may ask for"
                    f" {rows}{_usually(default)}.",
                    severity=self.severity.lowered() if parent else None,
                    # What belongs to one user or one device is a part of the table, and mostly a small one.
                    confidence=Confidence.POSSIBLE
                    if parent
                    or _is_narrow(call, module)
                    or _is_of_caller(call, node)
                    or any(_is_of_few(part) for part in _filters(call))
                    or _gives_groups(path, module)
                    or is_for_admins(call, module)
                    or is_example(module.path, module.project)
                    else Confidence.CERTAIN,
                    fix=_fix(argument, default),
                    call_path=path,
                    related=(Hop(module.path, argument.lineno, node.name),),
                    instead=f"Bound it where it enters: `{argument.arg}: Annotated[int, Query(ge=1, le={_most(default)})]`.",
                    impact=estimates.rows_asked_for(module.options),
                )


def _shared(page: SharedPage, module: Module) -> Match:
    """A size that several endpoints take from one declaration: it is bounded in one place."""
    several = len(page.endpoints) > 1
    first = page.endpoints[0]
    who = f"{len(page.endpoints)} endpoints such as `{first}`" if several else f"`{first}`"
    named = f"`{page.of}`" if page.of == page.size else f"`{page.size}` of `{page.of}`"
    most = max(_USUAL, _default(page.default) or 0)
    return Match(
        page.node,
        f"{named} has no upper bound: {who} may be asked for all rows at once{_usually(page.default)}.",
        confidence=Confidence.POSSIBLE,
        # Who writes it bounds it for all of them; later the callers have to be asked.
        when_new=Confidence.LIKELY if several and not is_example(module.path, module.project) else None,
        fix=Fix(with_keyword("le", str(most)), safety=Safety.UNSAFE, target=page.declaration)
        if page.declaration is not None
        else None,
        instead=f"Bound it where it is declared: `le={most}` for `{page.size}`, for all endpoints that take it.",
        impact=estimates.rows_asked_for(module.options),
    )


def _parent(call: ast.Call, node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> str:
    """The parameter of the path whose rows alone are asked for: `device_id` of `/devices/{device_id}/readings`."""
    paths = [endpoint.path for endpoint in module.endpoints(call)]
    within = [set(_WITHIN.findall(path)) for path in paths]
    names = set.intersection(*within) if within else set()
    names = {name for name in names if not _HOLDS_ALL.match(name)}
    if not names:
        return ""
    handed = [*call.args, *(keyword.value for keyword in call.keywords)]
    asked = {each.id for each in handed if isinstance(each, ast.Name)}
    for part in walk(node):
        match part:
            case ast.Compare(left=ast.Attribute(), ops=[ast.Eq()], comparators=[ast.Name(id=name)]):
                asked.add(name)
            case ast.keyword(arg=str(), value=ast.Name(id=name)):
                asked.add(name)
    return min(names & asked, default="")


def _collection(path: str) -> str:
    """The last part of a route that is a name: `permissions` of `/api/permissions/{kind}`."""
    named = [part for part in path.split("/") if part and part[0] not in "{<"]
    return named[-1] if named else ""


def _is_narrow(call: ast.Call, module: Module) -> bool:
    """Whether the rows belong to one owner, so that all of them are few: one user's updates, the keys of one account."""
    endpoints = module.endpoints(call)
    if endpoints and all(_OF_ONE.search(endpoint.path) for endpoint in endpoints):
        return True
    if endpoints and all(lists_a_few(_collection(endpoint.path)) for endpoint in endpoints):
        return True
    loaded = module.rows(call)
    return bool(loaded) and all(is_small(each.table) or _has_owner(each) for each in loaded)


def _gives_groups(path: tuple[Hop, ...], module: Module) -> bool:
    """Whether the function at the end of the way puts rows together: there are as many groups as there are kinds, not rows."""
    home = module.project.resolver.modules.get(path[-1].path) if path else None
    around = (
        [each for each in home.functions.values() if each.line <= path[-1].line] if home is not None else []
    )
    last = max(around, key=lambda each: each.line, default=None)
    return last is not None and any("group_by" in call.ref for call in last.calls)


def _is_of_caller(call: ast.Call, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the call is given who asks (`current_user.id`, the subject of a token), or the rows are compared with that:
    then they are mostly those of one user."""
    who = {
        argument.arg
        for argument, default in arguments(node)
        if _CALLER.fullmatch(argument.arg) and _is_provided(argument, default)
    }
    for part in walk(node):
        match part:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if any(_is_who(each, who) for each in walk(value)):
                    who.add(name)
    handed = [*call.args, *(keyword.value for keyword in call.keywords)]
    handed += [part.value for part in _filters(call) if isinstance(part, ast.keyword)]
    compared = [
        each
        for part in walk(node)
        if isinstance(part, ast.Compare) and isinstance(part.left, ast.Attribute)
        for each in part.comparators
    ]
    return any(_is_who(part, who) for value in (*handed, *compared) for part in walk(value))


def _filters(call: ast.Call) -> Iterator[ast.expr | ast.keyword]:
    """What the statement before `.limit()` is filtered by: `is_top=True`, `Order.day >= today`."""
    current: ast.expr = call.func
    while isinstance(current, ast.Attribute):
        current = current.value
        if isinstance(current, ast.Await):
            current = current.value
        if isinstance(current, ast.Call):
            if last_name(current.func) in _FILTERING:
                yield from current.args
                yield from current.keywords
            current = current.func


def _is_of_few(part: ast.expr | ast.keyword) -> bool:
    """Whether somebody picks the rows by hand (`is_featured=True`), or only what is still to come is asked for."""
    match part:
        case ast.keyword(arg=str(name), value=ast.Constant(value=True)):
            return _PICKED.search(name) is not None
        case ast.keyword(arg=str(name), value=value):
            return name.endswith(("__gt", "__gte")) and _is_now(value)
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[ast.Constant(value=True)]):
            return _PICKED.search(last_name(left)) is not None
        case ast.Compare(ops=[ast.Gt() | ast.GtE()], comparators=[value]):
            return _is_now(value)
        case ast.Call(func=ast.Attribute(value=asked, attr="is_"), args=[ast.Constant(value=True)]):
            return _PICKED.search(last_name(asked)) is not None
        case ast.Attribute(attr=name):
            return _PICKED.search(name) is not None
    return False


def _is_now(value: ast.expr) -> bool:
    name = last_name(value.func if isinstance(value, ast.Call) else value)
    return name in ("now", "utcnow", "today", "current_date", "current_timestamp", "current_time")


def _is_who(part: ast.AST, who: set[str]) -> bool:
    match part:
        case ast.Name(id=name):
            return name in who
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in _SUBJECTS
    return False


def _is_provided(argument: ast.arg, default: ast.expr | None) -> bool:
    """Whether a dependency gives the parameter, here or by the alias that annotates it, or it has to be given."""
    roots = [each for each in (argument.annotation, default) if each is not None]
    return any(
        isinstance(part, ast.Call) and last_name(part) in ("Depends", "Security")
        for root in roots
        for part in walk(root)
    ) or (default is None and isinstance(argument.annotation, ast.Name | ast.Attribute))


def _has_owner(loaded: Loaded) -> bool:
    """Whether a foreign key is compared with a value."""
    columns = (loaded.table.column(word[1:]) for word in loaded.filters if word.startswith("."))
    return any(column is not None and column.foreign is not None for column in columns)


def _path(call: ast.Call, position: int, keyword: str, module: Module) -> tuple[Hop, ...] | None:
    """The way to the `.limit()`; empty when `call` is it, None when there is none."""
    if module.qualified_name(call.func) in LIMITERS:
        return () if position <= 0 else None
    target = module.callee(call)
    if target is None:
        return None
    value = module.value(call.func)
    taken = taken_as(target, position, keyword, bound=value is not None and value.bound)
    way = way_to_limit(module.project.graph, target, taken) if taken else None
    if way is None:
        return None
    return Hop(module.path, call.lineno, spelled(call.func).rpartition(".")[2]), *way


def _declaration(argument: ast.arg, default: ast.expr | None) -> ast.Call | None:
    """The `Query(…)` of a parameter, in its annotation or its default."""
    candidates: list[ast.AST | None] = [default]
    if argument.annotation is not None:
        candidates.extend(walk(argument.annotation))
    for candidate in candidates:
        match candidate:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _DECLARING:
                return candidate
    return None


def _is_bounded(argument: ast.arg, default: ast.expr | None) -> bool:
    """Whether the declaration bounds the number (`le=`, `Le(100)`), takes it from elsewhere, or cannot be read."""
    parts = [part for root in (argument.annotation, default) if root is not None for part in walk(root)]
    for part in parts:
        match part:
            case ast.keyword(arg="le" | "lt" | None):
                return True
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name not in _DECLARING:
                return True  # Depends, Le, Field, a project's own declaration
    annotation = argument.annotation
    if isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Tuple):
        return any(not isinstance(element, ast.Call) for element in annotation.slice.elts[1:])
    return isinstance(default, ast.Name | ast.Attribute) and annotation is None


def _rebound(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    return {part.id for part in walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def _default(default: ast.expr | None) -> int | None:
    match default:
        case ast.Constant(value=int(value)) | ast.Call(args=[ast.Constant(value=int(value)), *_]):
            return value
        case ast.Call(keywords=keywords):
            for keyword in keywords:
                if keyword.arg == "default" and isinstance(keyword.value, ast.Constant):
                    return keyword.value.value if isinstance(keyword.value.value, int) else None
    return None


def _usually(default: ast.expr | None) -> str:
    value = _default(default)
    return f" instead of {shortened(str(value))} rows" if value else ""


def _most(default: ast.expr | None) -> int:
    return max(_USUAL, _default(default) or 0)


def _fix(argument: ast.arg, default: ast.expr | None) -> Fix | None:
    declaration = _declaration(argument, default)
    if declaration is None or not isinstance(declaration, ast.Call):
        return None
    return Fix(with_keyword("le", str(_most(default))), safety=Safety.UNSAFE, target=declaration)
