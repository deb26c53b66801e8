"""Imports point one way. The arrows are a table; a module may import what its row names, and itself."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

FAMILIES = ("event_loop", "database", "caching", "background", "responses", "outbound", "scaling")

# The longest prefix of a module's name that has a row decides. Values are what may be imported besides the own package
# and the standard library; rows of `app` speak of our own modules only, those of `rules` of everything.
ARROWS: dict[str, tuple[str, ...]] = {
    "rules.libraries": ("msgspec",),
    "rules.engine": ("libcst", "msgspec", "sqlglot", "rules.libraries"),
    "rules": ("rules.engine", "rules.libraries", "msgspec"),
    **{f"rules.{family}": ("libcst", "rules.engine", "rules.libraries") for family in FAMILIES},
    "app.analysis": ("rules",),
    "app.review": ("rules", "app.github.models"),
    "app.github": (),
    "app.plugin": (),
    "app.events": ("app.github.models", "app.jobs", "app.work", "app.review.commands"),
}

# Whatever else happens, these never meet.
NEVER: dict[str, tuple[str, ...]] = {
    "rules": ("app", "aiohttp", "gidgethub", "dbos", "socket", "subprocess", "sqlalchemy"),
    "app.analysis": ("aiohttp", "dbos", "gidgethub"),
    "app.review": ("aiohttp", "dbos", "gidgethub", "app.pipeline", "app.jobs", "app.store"),
    "app.github": ("dbos", "rules", "app.review", "app.jobs", "app.pipeline"),
    "app.pipeline": ("app.jobs", "app.webhook", "app.server", "dbos"),
    "app.store": ("app.jobs", "app.pipeline", "app.webhook", "app.server"),
    "app.jobs": ("app.webhook", "app.server", "app.web", "app.cli"),
    "app.webhook": ("app.server", "app.cli"),
    "app.web": ("app.server", "app.cli"),
    "app.server": ("app.cli",),
}


def modules() -> Iterator[tuple[str, Path]]:
    for top in ("app", "rules"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """What is in a file, from the outside in: several tests go through all files."""
    return tuple(ast.walk(ast.parse(path.read_bytes())))


def imports(path: Path, module: str) -> Iterator[tuple[int, str]]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in nodes(path):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                anchor = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*anchor, *([base] if base else [])])
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.")


def row(module: str) -> str | None:
    return max((prefix for prefix in ARROWS if within(module, prefix)), key=len, default=None)


def is_allowed(module: str, imported: str) -> bool:
    prefix = row(module)
    if any(
        within(imported, banned) for owner, bans in NEVER.items() if within(module, owner) for banned in bans
    ):
        return False
    top = imported.partition(".")[0]
    if (
        prefix is None
        or top in sys.stdlib_module_names
        or (within(module, "app") and top not in ("app", "rules"))
    ):
        return True
    own = prefix if prefix != "rules" else None
    return any(within(imported, allowed) for allowed in (*ARROWS[prefix], *([own] if own else [])))


MODULES = list(modules())


@pytest.mark.parametrize(("module", "path"), MODULES, ids=[module for module, _ in MODULES])
def test_imports_point_one_way(module: str, path: Path) -> None:
    wrong = [f"line {line}: {name}" for line, name in imports(path, module) if not is_allowed(module, name)]

    assert wrong == [], f"{module} imports what its place in the arrows forbids"


LAYERS = ("reading", "linking", "costs", "service", "fixing", "data", "loops")
"""The folders of the engine: each imports, when it runs, only what stands before it. For types alone all may be named."""
BENEATH = frozenset({"finding", "rule", "kept_answers"})
"""Modules beside the folders that all of them may use: values without machinery."""


def test_folders_of_the_engine_stand_on_each_other() -> None:
    wrong = []
    for module, path in MODULES:
        parts = module.split(".")
        if parts[:2] != ["rules", "engine"] or parts[2:3] == [] or parts[2] not in LAYERS:
            continue
        for line, name in run_time_imports(path):
            target = name.split(".")[2]
            if target not in LAYERS[: LAYERS.index(parts[2]) + 1] and target not in BENEATH:
                wrong.append(f"{module}, line {line}: {name}")

    assert wrong == []


def run_time_imports(path: Path) -> Iterator[tuple[int, str]]:
    """Imports of the engine's modules that are carried out, those of `if TYPE_CHECKING:` aside."""
    for_types = {
        id(inner)
        for node in nodes(path)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom) and id(node) not in for_types and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                if within(name, "rules.engine"):
                    yield node.lineno, name


def test_a_rule_never_imports_another_rule() -> None:
    wrong = [
        f"{module}: {name}"
        for module, path in MODULES
        for _, name in imports(path, module)
        if any(within(module, f"rules.{family}") for family in FAMILIES)
        and any(within(name, f"rules.{family}") for family in FAMILIES)
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("module", "imported", "allowed"),
    [
        ("rules.engine.module", "rules.libraries.http", True),
        ("rules.engine.module", "rules.event_loop.blocking", False),
        ("rules.libraries.http", "rules.engine.rule.Rule", False),
        ("rules.event_loop.blocking", "rules.engine.rule.Rule", True),
        ("rules.event_loop.blocking", "rules.database.n_plus_one", False),
        ("rules.engine.page", "app.settings", False),
        ("rules.engine.page", "subprocess.run", False),
        ("rules", "rules.engine.analysis.analyze", True),
        ("app.analysis.worker", "rules.analyze", True),
        ("app.analysis.worker", "dbos.DBOS", False),
        ("app.review.report", "app.github.models.Thread", True),
        ("app.review.report", "app.github.client.GitHub", False),
        ("app.events.comments", "app.review.commands.parse", True),
        ("app.events.comments", "app.pipeline.review", False),
        ("app.pipeline", "app.jobs.Jobs", False),
        ("app.jobs", "app.pipeline.review", True),
        ("app.cli", "app.server.serve", True),
        ("app.server", "app.cli.main", False),
    ],
)
def test_the_arrows_say_what_they_should(module: str, imported: str, allowed: bool) -> None:
    assert is_allowed(module, imported) is allowed
