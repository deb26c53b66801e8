"""What files are opened for: `open(path, "w")`, `path.open("a")`."""

from __future__ import annotations

import ast

FUNCTIONS = frozenset({"builtins.open", "io.open", "gzip.open", "bz2.open", "lzma.open", "os.fdopen"})
"""They take what to open before what for; methods of a path take that first."""


def is_for_writing(call: ast.Call, name: str) -> bool:
    """Whether a call of `name` that opens something says that it is to be written."""
    position = 1 if name in FUNCTIONS else 0
    mode = call.args[position] if len(call.args) > position else None
    mode = next((keyword.value for keyword in call.keywords if keyword.arg == "mode"), mode)
    text = mode.value if isinstance(mode, ast.Constant) and isinstance(mode.value, str) else "r"
    return len(text) <= len("rb+t") and not set(text).isdisjoint("wax+")
