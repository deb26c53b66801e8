"""Databases inside the process, SQLite above all: a statement costs microseconds and no way over a network.

What costs there is a commit that wrote something: it waits for the disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rules import libraries
from rules.engine.kept_answers import Said, once
from rules.engine.linking import versions
from rules.engine.reading.paths import place_of
from rules.engine.reading.regexes import regex
from rules.libraries.drivers import SERVER_DRIVERS

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.engine.project import Project
    from rules.engine.reading.facts import ModuleFacts

_DRIVERS = ("sqlite3.", "aiosqlite.", "duckdb.")
_MAPPERS = frozenset({"sqlalchemy", "sqlmodel"})
_THROUGH_ENGINE = ("sqlalchemy.", "sqlmodel.")
_RETURNED = "addresses returned"
_URL = regex(r"[\"']?(sqlite|postgres|mysql|mariadb|oracle|mssql)[\w+]*:")

_SERVER = regex(r"postgres|psycopg|asyncpg|mysql|mariadb|oracle|mssql|sqlserver|cockroach", re.IGNORECASE)


def is_embedded(callable_name: str, module: Module) -> bool:
    """Whether a database call stays in the process: by its driver, or because the only engine of the project, or of the part of
    it that the file belongs to, is SQLite."""
    name = libraries.canonical(callable_name)
    if name.startswith(_DRIVERS):
        return True
    if not name.startswith(_THROUGH_ENGINE):
        return False
    named = str(module.options.context.get("database", "")).lower()
    if named:
        return named.startswith("sqlite")
    project = module.project
    return _is_sqlite(project) or any(map(module.path.startswith, _parts(project)))


def is_told(project: Project) -> bool:
    """Whether the project itself says which database it has: by a driver, or an address that it writes down."""
    named = project.requirements.keys() | project.resolver.layout.imported_packages()
    return bool(SERVER_DRIVERS & named or written(project) - {"sqlite"}) or _is_sqlite(project)


@once
def written(project: Project) -> frozenset[str]:
    """The kinds of database whose addresses stand in the project's application code: `postgres`, `sqlite`."""
    return frozenset(map(str, (*_kept(project), *_handed(project))))


def _of_app(project: Project) -> Iterator[str]:
    return (path for path in project.resolver.modules if place_of(path) == "app")


def _held(path: str, facts: ModuleFacts) -> frozenset[str]:
    if place_of(path) != "app":
        return frozenset()
    held = [*facts.members.values()]
    held += [value for each in facts.classes for value in each.attributes.values()]
    return _kinds(held) | _returned(facts)


def _returned(facts: ModuleFacts) -> frozenset[str]:
    return _kinds(f"{scheme}:" for scheme in facts.addresses)


def _given(path: str, facts: ModuleFacts) -> frozenset[str]:
    if place_of(path) != "app":
        return frozenset()
    return _kinds(f"{each.url}:" for each in facts.admissions if each.url)


def _kinds(held: Iterable[str]) -> frozenset[str]:
    return frozenset(match[1] for value in held if (match := _URL.match(value)))


_kept, _handed = Said(_held), Said(_given)
"""Kinds of the addresses that are kept under a name or returned; and of what engines are made with, defaults of the environment's
variables among it, which a deployment may replace."""


@once
def _is_sqlite(project: Project) -> bool:
    """Whether the project writes down a URL of SQLite, none of a server, and requires no driver of one: where it is seen to
    require what asks the database, that URL may be a default. Where nobody can read what it requires, a function has to put
    it together."""
    required = project.requirements.keys()
    if SERVER_DRIVERS & (required or project.resolver.layout.imported_packages()):
        return False
    if written(project) != {"sqlite"}:
        return False
    if required & _MAPPERS and not any(map(_SERVER.search, project.texts)):
        return True  # whatever takes the default's place: there is no driver for another one
    if not required and not any(
        project.resolver.modules[path].of_facts(_RETURNED, _returned) for path in _of_app(project)
    ):
        return False
    return _kept(project).keys() == {"sqlite"}


@once
def _parts(project: Project) -> tuple[str, ...]:
    """The folders of services of their own, beside others that have a database server: each has an application, requires what asks
    a database and no driver of a server, writes down a URL of SQLite and none else, and nothing around it imports the files that do."""
    folders = {
        path.rpartition("/")[0] + "/" for path in project.documents if "/" in path and versions.is_read(path)
    }
    return tuple(sorted(folder for folder in folders if _is_service_on_sqlite(project, folder)))


def _is_service_on_sqlite(project: Project, folder: str) -> bool:
    inside = {path: text for path, text in project.documents.items() if path.startswith(folder)}
    required = versions.required(inside).keys()
    if not required & _MAPPERS or required & SERVER_DRIVERS or any(map(_SERVER.search, inside.values())):
        return False
    if not any(
        router.is_app and path.startswith(folder) for (path, _), router in project.routing.routers.items()
    ):
        return False
    modules = project.resolver.modules
    own = {path for path in modules if path.startswith(folder)}
    said = {path: kinds for path in own if (kinds := _said_by(path, modules[path].facts))}
    if set().union(*said.values()) != {"sqlite"}:
        return False
    asking = {*said, *(path for path in own if not said.keys().isdisjoint(project.imports_of(path)))}
    return not any(
        not asking.isdisjoint(project.imports_of(path)) for path in _of_app(project) if path not in own
    )


def _said_by(path: str, facts: ModuleFacts) -> frozenset[str]:
    return _held(path, facts) | _given(path, facts)
