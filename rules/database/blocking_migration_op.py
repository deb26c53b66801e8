from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rules.engine.data.embedded import written
from rules.engine.reading import migrations
from rules.engine.reading.migrations import Migration, Operation, text
from rules.engine.rule import Confidence, Effort, Hop, Invalid, ProjectMatch, ProjectRule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.project import Project
    from rules.engine.reading.declarations import Given

_POSTGRES = ("psycopg", "asyncpg", "pg8000")
_ELSEWHERE = frozenset(
    {"pymysql", "aiomysql", "asyncmy", "mysqlclient", "aiosqlite", "oracledb", "pyodbc", "aioodbc"}
)
_TEXTS = frozenset(
    {"String", "Text", "VARCHAR", "TEXT", "Unicode", "UnicodeText", "AutoString", "Enum", "ENUM"}
)
"""Types between which PostgreSQL mostly changes the catalogue only."""
_LISTED = 4
_VOLATILE = ("gen_random_uuid", "uuid_generate", "clock_timestamp", "random(", "nextval")


class BlockingMigrationOp(ProjectRule):
    """A migration that builds, checks or rewrites under a lock stops all writes, or everything, until it is done.

    PostgreSQL locks the table for the whole operation: an ordinary `CREATE INDEX` keeps writers out, a changed column type
    or a new `NOT NULL` keeps readers out too. On a table of some gigabytes that is minutes of failing requests, and what
    waits for the lock holds up all that come after it. Only the newest revisions are looked at: older ones have run.

    ## Instead
    Build indexes with `postgresql_concurrently=True` within `op.get_context().autocommit_block()`. Add constraints as
    `NOT VALID` and validate them in a second step. Change a type by a new column that is filled in batches.

    ## Trade-offs
    A concurrent build takes longer, cannot be rolled back with the migration, and leaves an invalid index when it fails.

    ## Monitor
    Lock waits (`pg_stat_activity.wait_event_type = 'Lock'`) and failed requests while deploying.

    ## When to ignore it
    When the table is small, or the service is down while it migrates.
    """

    code = "FP225"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    watch = "lock waits while deploying"
    guards = ("postgresql_concurrently", "postgresql_not_valid")

    invalid = (
        Invalid(
            """
            from alembic import op

            revision = "8c1f"
            down_revision = "77ab"


            def upgrade() -> None:
                op.create_index("ix_orders_customer_id", "orders", ["customer_id"])
            """,
            path="migrations/versions/8c1f_index.py",
        ),
    )
    valid = (
        Valid(
            """
            from alembic import op

            revision = "8c1f"
            down_revision = "77ab"


            def upgrade() -> None:
                with op.get_context().autocommit_block():
                    op.create_index(
                        "ix_orders_customer_id", "orders", ["customer_id"], postgresql_concurrently=True
                    )
            """,
            path="migrations/versions/8c1f_index.py",
        ),
    )

    def check_project(self, project: Project) -> Iterator[ProjectMatch]:
        known = project.models.migrations()
        if not known or not _is_postgres(project):
            return
        for path in sorted(project.models.newest_migrations()):
            migration = known[path]
            if not migration.before:
                continue  # the first one meets an empty database
            for operation, table, problem, more in _said_of(migration):
                yield ProjectMatch(
                    path,
                    operation.line,
                    f"{problem.removesuffix('.')}{_also(more)}.",
                    # How large and how busy the table is decides, and is not in the code.
                    confidence=Confidence.LIKELY if project.options.at(path).context else Confidence.POSSIBLE,
                    instead=_advice(operation, table, problem),
                    related=tuple(Hop(path, line, "") for line in more),
                    text=f"{operation.name} {table} {migration.revision}",
                )


_Said = tuple[Operation, str, str, tuple[int, ...]]
_known: OrderedDict[int, tuple[Migration, list[_Said]]] = OrderedDict()
_MOST = 64


def _said_of(migration: Migration) -> Sequence[_Said]:
    """What `_grouped` found in this very migration: the newest ones of a project are asked about for each version of it."""
    found = _known.get(id(migration))
    if found is None or found[0] is not migration:
        found = _known[id(migration)] = migration, list(_grouped(migration))
        if len(_known) > _MOST:
            _known.popitem(last=False)
    return found[1]


def _grouped(migration: Migration) -> Iterator[_Said]:
    """Operations on tables that are there already, with the table and what is wrong, and the lines of further ones of the
    same kind in the same migration."""
    own = migrations.tables_of([migration])
    kinds: dict[str, list[tuple[Operation, str, str]]] = {}
    for operation in migration.operations:
        table = _table(operation)
        problem = _problem(operation, table) if table and table not in own else ""
        if problem:
            kinds.setdefault(problem.replace(f"`{table}`", ""), []).append((operation, table, problem))
    for (operation, table, problem), *others in kinds.values():
        yield operation, table, problem, tuple(other.line for other, _, _ in others)


def _also(lines: Sequence[int]) -> str:
    if not lines:
        return ""
    more = f" and {len(lines) - _LISTED} more" if len(lines) > _LISTED else ""
    return f"; and so line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines[:_LISTED]))}{more}"


def _is_postgres(project: Project) -> bool:
    named = str(project.options.context.get("database", "")).lower()
    if named:
        return named.startswith(("postgres", "cockroach"))
    packages = set(project.versions)
    if any(name.startswith(_POSTGRES) for name in packages):
        return True
    if packages & _ELSEWHERE:
        return False
    at = written(project)
    return not at or "postgres" in at


def _table(operation: Operation) -> str:
    if operation.name in ("create_index", "create_unique_constraint"):
        return migrations.indexed(operation)[0]
    if operation.table:
        return operation.table
    positional = [text(item) for item in operation.given.positional()]
    if operation.name == "create_foreign_key":
        return positional[1] if len(positional) > 1 else text(operation.given.named("source_table"))
    return positional[0] if positional else text(operation.given.named("table_name"))


def _problem(operation: Operation, table: str) -> str:
    given = operation.given
    if operation.name == "create_index" and not _is_set(given, "postgresql_concurrently"):
        return f"`create_index` without `postgresql_concurrently=True`: no request can write to `{table}` until the index is built."
    if operation.name == "create_unique_constraint":
        return f"`create_unique_constraint` builds its index under a lock: nothing can read or write `{table}` until it is done."
    if operation.name == "create_foreign_key" and not _is_set(given, "postgresql_not_valid"):
        return f"`create_foreign_key` checks every row of `{table}` while both tables cannot be written to."
    if operation.name == "alter_column":
        return _altered(given, table)
    if operation.name == "add_column":
        return _added(given, table)
    return ""


def _altered(given: Given, table: str) -> str:
    kind, before = given.named("type_"), given.named("existing_type")
    if kind is not None and kind.ref not in ("", "None"):
        names = {kind.ref.rpartition(".")[2], before.ref.rpartition(".")[2] if before is not None else "?"}
        if not names <= _TEXTS and len(names) > 1:
            return f"`alter_column` with another type rewrites `{table}`: nothing can read or write it until it is done."
    nullable = given.named("nullable")
    if nullable is not None and nullable.literal is False:
        existing = given.named("existing_nullable")
        if existing is None or existing.literal is not False:
            return f"`alter_column(nullable=False)` checks every row of `{table}` while nothing can read or write it."
    return ""


def _added(given: Given, table: str) -> str:
    """A default that differs from row to row is computed for each of them at once."""
    for item in given.positional():
        default = item.named("server_default")
        if default is not None and any(word in _spelled(default) for word in _VOLATILE):
            return (
                f"`add_column` with a default that differs per row rewrites `{table}`: nothing can read or write it until"
                " it is done."
            )
    return ""


def _advice(operation: Operation, table: str, problem: str) -> str:
    """How the same is done without a lock for long."""
    match operation.name:
        case "create_index":
            return (
                f"Build the index of `{table}` with `postgresql_concurrently=True`, within"
                " `with op.get_context().autocommit_block():`."
            )
        case "create_unique_constraint":
            return (
                f"Build a unique index of `{table}` with `postgresql_concurrently=True` first, then make it the constraint:"
                f" `ALTER TABLE {table} ADD CONSTRAINT … UNIQUE USING INDEX …`."
            )
        case "create_foreign_key":
            return (
                "Add the key with `postgresql_not_valid=True`, and check the rows in a second step, which locks nobody out:"
                f" `ALTER TABLE {table} VALIDATE CONSTRAINT …`."
            )
        case "alter_column" if "another type" in problem:
            return f"Give `{table}` a new column of that type, fill it in batches, and change over to it in a later release."
        case "alter_column":
            return (
                f"Add `CHECK (… IS NOT NULL) NOT VALID` to `{table}` and validate it in a second step: `SET NOT NULL` then looks"
                " at no row."
            )
    return f"Add the column to `{table}` without its default, fill it in batches, then set the default for new rows."


def _spelled(given: Given) -> str:
    return " ".join(
        [str(given.literal or ""), f"{given.ref}(", *(_spelled(item) for item in given.items)]
    ).lower()


def _is_set(given: Given, name: str) -> bool:
    found = given.named(name)
    return found is not None and found.literal is not False
