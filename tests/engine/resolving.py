"""Rows of what the resolver understands: a small project for each way of writing it.

Each project has a `use.py` whose last line calls something; the row says what that is.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping

from tests.engine.projects import module

SESSION = "requests.Session.get"
QUERY = "sqlalchemy.orm.Session.execute"
Rows = dict[str, tuple[dict[str, str], str | None]]


def assert_resolves(files: Mapping[str, str], expected: str | None) -> None:
    """What the last call of `use.py` calls is `expected`; None is unknown."""
    files = {path: textwrap.dedent(text) for path, text in files.items()}
    path = next(path for path in files if path.endswith("use.py"))
    found = module(files, path)
    last = max(
        (node for node in ast.walk(found.tree) if isinstance(node, ast.Call)),
        key=lambda call: (call.lineno, -call.col_offset),
    )

    assert found.qualified_name(last.func) == expected
