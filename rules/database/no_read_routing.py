from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.linking.graph import BACKGROUND, Node, place_of
from rules.engine.reading.regexes import regex
from rules.engine.rule import (
    Confidence,
    Effort,
    Hop,
    Impact,
    Invalid,
    ProjectMatch,
    ProjectRule,
    Severity,
    Valid,
)

if TYPE_CHECKING:
    from rules.engine.linking.routing import EndpointNode
    from rules.engine.project import Project

_REPLICA = regex(
    r"(?:^|_)(?:replicas?|read_?replicas?|read_?only|readers?|slaves?|standby)(?:_|$)", re.IGNORECASE
)
_DATABASE = regex(
    r"(?:^|_)(?:db|databases?|pg|postgres|postgresql|mysql|mariadb|sql|sqlalchemy|engines?|sessions?|sessionmaker|session_?local)(?:_|$)",
    re.IGNORECASE,
)
_CAMEL = regex(r"(?<=[a-z0-9])(?=[A-Z])")
_MAKERS = (".create_engine", ".create_async_engine", ".sessionmaker", ".async_sessionmaker")
_FEW = 3


class NoReadRouting(ProjectRule):
    """The project knows a read replica, and endpoints that only read ask the primary all the same.

    The primary is the one machine that cannot be multiplied: each read it serves takes room from the writes. Endpoints that only
    read, and can stand data that is a moment old, may ask the replica.

    ## Instead
    Give these endpoints a second session dependency on the replica; or a `Session` whose `get_bind` sends what
    is no write there.

    ## Trade-offs
    A replica lags behind, by milliseconds in general and by minutes when it is busy: who reads right after writing may not see
    the write. Keep reads that follow a write, and everything that decides about money or permissions, on the primary.

    ## Monitor
    Replication lag; CPU and connections of the primary against those of the replica.

    ## When to ignore it
    When the primary has room, or the replica is for fail-over and reports alone.
    """

    code = "FP227"
    severity = Severity.INFO
    advice = True
    effort = Effort.HOURS
    watch = "replication lag and load of the primary"

    invalid = (
        Invalid(
            """
            from pydantic_settings import BaseSettings
            from sqlalchemy.orm import Session

            class Settings(BaseSettings):
                database_url: str
                database_replica_url: str

            @app.get("/orders")
            def orders(db: Session) -> list[int]:
                return db.scalars(select(Order.id)).all()

            @app.get("/customers")
            def customers(db: Session) -> list[int]:
                return db.scalars(select(Customer.id)).all()

            @app.get("/products")
            def products(db: Session) -> list[int]:
                return db.scalars(select(Product.id)).all()
            """
        ),
    )
    valid = (
        Valid(
            """
            from pydantic_settings import BaseSettings
            from sqlalchemy.orm import Session

            class Settings(BaseSettings):
                database_url: str

            @app.get("/orders")
            def orders(db: Session) -> list[int]:
                return db.scalars(select(Order.id)).all()
            """
        ),
    )

    def check_project(self, project: Project) -> Iterator[ProjectMatch]:
        replica = _replica(project)
        if replica is None or _routes_by_itself(project):
            return
        reading = [endpoint for endpoint in project.routing.endpoints if _only_reads(endpoint, project)]
        asking = [endpoint for endpoint in reading if not _asks_replica(endpoint, project)]
        if len(asking) < _FEW:
            return
        all_of_them = (
            f"all {len(asking)}" if len(asking) == len(reading) else f"{len(asking)} of {len(reading)}"
        )
        yield ProjectMatch(
            replica.path,
            replica.line,
            f"`{replica.symbol}` names a read replica, and {all_of_them} GET endpoints that only read (`{asking[0].ref}`) ask the"
            " primary. A replica lags: reads that must see a write just made stay where they are.",
            confidence=Confidence.POSSIBLE,
            impact=Impact(summary="not measured"),
            related=tuple(
                Hop(each.handler.path, each.handler.function.line, each.handler.symbol) for each in asking[:3]
            ),
            text="no read routing",
        )


def _is_replica(name: str) -> bool:
    return bool(_REPLICA.search(_CAMEL.sub("_", name)))


def _replica(project: Project) -> Hop | None:
    """Where a setting, an engine or a session factory of a replica is declared."""
    for path in sorted(project.files):
        if place_of(path) != "app":
            continue
        found = project.files[path]
        for body in found.declarations.bodies:
            for declared in body.fields:
                if _is_replica(declared.name) and _DATABASE.search(declared.name):
                    return Hop(path, declared.line, declared.name)
        for name, ref in found.members.items():
            if _is_replica(name) and ref.removesuffix("()").endswith(_MAKERS):
                return Hop(path, _line_of_maker(project.node(path, "")), name)
    return None


def _line_of_maker(node: Node | None) -> int:
    calls = node.function.calls if node is not None else ()
    return max((call.line for call in calls if call.ref.endswith(_MAKERS)), default=1)


def _routes_by_itself(project: Project) -> bool:
    """Whether a session chooses its engine for each statement."""
    return any(symbol.endswith(".get_bind") for _, symbol in project.graph.nodes)


def _only_reads(endpoint: EndpointNode, project: Project) -> bool:
    if endpoint.ref.method != "GET":
        return False
    summaries = [project.summaries.of(node) for node in (*endpoint.dependencies, endpoint.handler)]
    if any(summary.writes or summary.commits for summary in summaries):
        return False
    leaves = [leaf for summary in summaries for leaf in summary.reads]
    return any(leaf.callable.startswith(("sqlalchemy.", "sqlmodel.")) for leaf in leaves)


def _asks_replica(endpoint: EndpointNode, project: Project) -> bool:
    """Whether something that a request runs is named after the replica."""
    pending = [*endpoint.dependencies, endpoint.handler]
    seen = set(pending)
    while pending:
        node = pending.pop()
        function = node.function
        names = [function.symbol, *(parameter.name for parameter in function.parameters)]
        names += [parameter.annotation for parameter in function.parameters]
        names += [call.ref for call in function.calls]
        if any(_is_replica(word) for name in names for word in re.split(r"\W+", name)):
            return True
        for edge in node.edges:
            if edge.kind != BACKGROUND and edge.target not in seen:
                seen.add(edge.target)
                pending.append(edge.target)
    return False
