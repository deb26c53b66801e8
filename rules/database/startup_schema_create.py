from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.spelling import last_name
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import is_guarded
from rules.engine.service.traffic import is_aside

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module


class StartupSchemaCreate(Rule):
    """`metadata.create_all` while the application starts asks the database for every table, in each worker.

    Each worker looks up every table before it serves, so starts get slower with the schema, and two workers that start on
    an empty database race: one of them fails. Columns and indexes that models gain later are never made.

    ## Instead
    Let a migration (alembic) or a command make the schema once per deployment, before the workers start.

    ## Trade-offs
    One more step when deploying, and in tests.

    ## Monitor
    Time from start to ready, failed starts.

    ## When to ignore it
    For a demo or a tool with one process and its own SQLite file.
    """

    code = "FP226"
    severity = Severity.LOW
    effort = Effort.HOURS
    watch = "time from start to ready"

    invalid = (
        Invalid(
            """
            from contextlib import asynccontextmanager

            from fastapi import FastAPI
            from sqlalchemy import MetaData, create_engine

            engine = create_engine("postgresql://")
            metadata = MetaData()

            @asynccontextmanager
            async def lifespan(app: FastAPI):
                metadata.create_all(engine)
                yield

            app = FastAPI(lifespan=lifespan)
            """
        ),
    )
    valid = (
        Valid(
            """
            from sqlalchemy import MetaData, create_engine

            metadata = MetaData()

            def main() -> None:
                metadata.create_all(create_engine("postgresql://"))

            if __name__ == "__main__":
                main()
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.spelled in ("create_all", "run_sync")

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        made = _created(node)
        if made is None or not _starts(node, module) or _is_local_file(module):
            return
        if module.qualified_name(made) != "sqlalchemy.MetaData.create_all" and not _is_metadata(made):
            return
        beside = (
            f" beside {len(module.project.models.migrations())} alembic revisions"
            if module.project.models.migrations()
            else ""
        )
        yield Match(
            node,
            f"`{module.segment(made)}` runs{beside} each time a worker starts: it looks up every table, and workers race"
            " on an empty database.",
            confidence=Confidence.POSSIBLE,
        )


def _created(call: ast.Call) -> ast.Attribute | None:
    """`metadata.create_all`, called or given to `run_sync`."""
    candidates = [call.func]
    if last_name(call) == "run_sync" and call.args:
        candidates = [call.args[0]]
    return next(
        (each for each in candidates if isinstance(each, ast.Attribute) and each.attr == "create_all"), None
    )


def _is_metadata(made: ast.Attribute) -> bool:
    """`Base.metadata.create_all`: only SQLAlchemy names it so."""
    return isinstance(made.value, ast.Attribute) and made.value.attr == "metadata"


def _starts(node: ast.AST, module: Module) -> bool:
    """Whether it runs while the application starts: not in a script, nor in what only stands under the main guard."""
    if module.function_of(node) is None and is_guarded(node, module):
        return False
    if is_aside(module.path) and module.project.is_script(module.path):
        return False
    return "startup" in {str(context) for context in module.contexts(node)}


def _is_local_file(module: Module) -> bool:
    named = str(module.options.context.get("database", "")).lower()
    return named.startswith("sqlite")
