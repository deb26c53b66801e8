"""Imports that a fix leaves without a user."""

from __future__ import annotations

import ast

import pytest

from rules.engine.fixing import leftovers
from rules.engine.reading.edits import Lines, apply, joined


def without(before: str, used: str, path: str = "shop/api.py") -> str:
    """The file after a fix that replaced its last line by `used`, and took along what nobody uses now."""
    raw = before.encode()
    lines = Lines.of(raw)
    last = len(lines.contents)
    fix = lines.edit(path, last, last, [used])
    after = ast.parse(apply(raw, (fix,)).decode())
    return apply(raw, joined([fix, *leftovers.unused(lines, ast.parse(before), path, after, [fix])])).decode()


@pytest.mark.parametrize(
    ("imports", "left"),
    [
        ("import time\n", ""),
        ("import os\nimport time\n\n", "import os\n\n"),
        ("import os\n\nimport time\n\nimport re\n", "import os\n\nimport re\n"),
        ("from time import sleep, time\n", "from time import sleep\n"),
        ("import time as time, os\n", "import os\n"),
        ("from time import (\n    sleep,\n    time,\n)\n", "from time import (\n    sleep,\n)\n"),
    ],
)
def test_an_import_that_only_the_old_line_used_goes_with_it(imports: str, left: str) -> None:
    assert without(f"{imports}time.sleep(1)\n", "wait(1)") == f"{left}wait(1)\n"


@pytest.mark.parametrize(
    "imports",
    [
        "import time  # noqa: F401\n",
        "import time\nstarted = time.time()\n",
        'import time\n__all__ = ["time"]\n',
        "import time\ndef f(x: 'time.struct_time') -> None: ...\n",
        "try:\n    import time\nexcept ImportError:\n    time = None\n",
        "import time; import os\n",
    ],
)
def test_an_import_that_somebody_may_want_stays(imports: str) -> None:
    assert without(f"{imports}time.sleep(1)\n", "wait(1)") == f"{imports}wait(1)\n"


def test_the_imports_of_a_package_are_for_others() -> None:
    assert without("import time\ntime.sleep(1)\n", "wait(1)", "shop/__init__.py") == "import time\nwait(1)\n"


def test_what_nobody_used_before_is_none_of_our_business() -> None:
    assert without("import os\nimport time\ntime.sleep(1)\n", "wait(1)") == "import os\nwait(1)\n"
