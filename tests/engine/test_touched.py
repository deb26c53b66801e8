"""What edits do to a file's names is the same whether the whole file is looked at or only what they touch."""

from __future__ import annotations

import ast

import pytest

from rules.engine.finding import Edit
from rules.engine.fixing import bindings, touched
from rules.engine.reading.edits import Lines, apply
from rules.engine.reading.units import UnfixableError

SOURCE = b"""\
\"\"\"A shop.\"\"\"
from __future__ import annotations

import time
from shop import db

try:
    import fast
except ImportError:
    fast = None

LIMIT = 10


def load(key: Key) -> Row:
    global latest
    latest = db.get(key)
    return missing(latest)


class Shop:
    def open(self):
        time.sleep(LIMIT)
        return load(1)


async def serve():
    return Shop()
"""


def differing(*made: Edit) -> bindings.Names | None:
    return touched.names(ast.parse(SOURCE), Lines.of(SOURCE), made)


def line_of(text: str) -> int:
    return SOURCE.decode().split("\n").index(text) + 1


def edit(old: str, new: str) -> Edit:
    line = line_of(old)
    return Edit("shop.py", line, line, f"{new}\n")


@pytest.mark.parametrize(
    "made",
    [
        (edit("        time.sleep(LIMIT)", "        db.wait(LIMIT)"),),
        (edit("        time.sleep(LIMIT)", "        fresh = 1"),),
        (edit("LIMIT = 10", "LIMIT = 20"),),
        (edit("    return missing(latest)", "    return missing(latest, LIMIT)"),),
        (edit("    return Shop()", "    return await Shop()"),),
        (
            edit("import time", "import asyncio\nimport time"),
            edit("        time.sleep(LIMIT)", "        asyncio.run(db.wait())"),
        ),
        (Edit("shop.py", 4, 3, "import asyncio\n"), edit("        return load(1)", "        return asyncio")),
        (Edit("shop.py", line_of("LIMIT = 10"), line_of("LIMIT = 10") - 1, "MOST = 5\n"),),
    ],
)
def test_names_are_told_by_the_statements_that_edits_touch(made: tuple[Edit, ...]) -> None:
    before, after = SOURCE.decode(), apply(SOURCE, made).decode()

    assert differing(*made) == bindings.difference(bindings.names(before), bindings.names(after))


@pytest.mark.parametrize(
    "made",
    [
        (edit("        time.sleep(LIMIT)", "        asyncio.sleep(1)"),),  # bound nowhere
        (edit("        time.sleep(LIMIT)", "        fast.sleep(1)"),),  # bound in a way that is not plain
        (edit("LIMIT = 10", ""),),  # somebody may use it
        (edit("import time", "import fast"),),
        (edit("LIMIT = 10", "LIMIT = ("),),  # no Python
    ],
)
def test_what_they_do_not_tell_takes_a_look_at_the_whole_file(made: tuple[Edit, ...]) -> None:
    assert differing(*made) is None


def test_an_await_outside_an_async_function_is_refused() -> None:
    with pytest.raises(UnfixableError):
        differing(edit("        return load(1)", "        return await load(1)"))
