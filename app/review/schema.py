"""The published JSON Schema of `[tool.fastperf]`: `python -m app.review.schema [--check]`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from app.review.table import Table

FILE = Path(__file__).parents[2] / "docs" / "fastperf.schema.json"


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the table; made of the same structs that read it."""
    made = msgspec.json.schema(Table)
    definitions = made.pop("$defs")
    name = made.pop("$ref").rpartition("/")[2]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **definitions.pop(name),
        "title": "fastperf configuration",
        "$defs": definitions,
    }


def render() -> str:
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode() + "\n"


def main(arguments: list[str]) -> int:
    """Write the schema; with `--check` only compare. Exit status 1 when it is stale."""
    if "--check" not in arguments:
        FILE.write_text(render(), encoding="utf-8")
        return 0
    if FILE.is_file() and FILE.read_text(encoding="utf-8") == render():
        return 0
    sys.stderr.write(f"docs/{FILE.name} is stale: run python -m app.review.schema\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
