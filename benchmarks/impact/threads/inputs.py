"""What the calls work on."""

from __future__ import annotations

import functools
import io
import tempfile
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.impact.threads.gaps import Call


@functools.cache
def folder() -> Path:
    """A place for files, gone with the process."""
    _kept.append(tempfile.TemporaryDirectory(prefix="threads-"))
    return Path(_kept[-1].name)


_kept: list[tempfile.TemporaryDirectory[str]] = []


@functools.cache
def rows() -> list[dict[str, Any]]:
    return [
        {"id": number, "name": f"item {number}", "price": number * 1.5, "tags": ["a", "b"]}
        for number in range(50_000)
    ]


@functools.cache
def table(count: int) -> str:
    return "a,b,c\n" + "".join(f"{number},{number % 7},{number * 1.5}\n" for number in range(count))


@functools.cache
def document(count: int) -> str:
    return "<r>" + "".join(f"<row id='{each}'><n>{each}</n></row>" for each in range(count)) + "</r>"


def patterns(module: types.ModuleType) -> Mapping[str, Call]:
    """Of `re` and of `regex`."""
    backtracking, words, stuck = r"(?:a|aa)+c", "some words " * 60_000, "a" * 30
    return {
        "match": lambda: module.match(backtracking, stuck),
        "search": lambda: module.search(r"\bnowhere(?=x)", words * 12),
        "fullmatch": lambda: module.fullmatch(backtracking, stuck),
        "sub": lambda: module.sub(r"o", "0", words * 4),
        "findall": lambda: module.findall(r"\w+", words * 4),
        "finditer": lambda: list(module.finditer(backtracking, stuck)),
        "split": lambda: module.split(r"\s+", words * 4),
    }


@functools.cache
def picture(height: int = 1_500) -> bytes:
    """A photograph's worth of noise, as JPEG."""
    import numpy
    from PIL import Image

    noise = numpy.random.default_rng(1).integers(0, 256, (height, height * 4 // 3, 3), dtype=numpy.uint8)
    target = io.BytesIO()
    Image.fromarray(noise).save(target, "JPEG", quality=90)
    return target.getvalue()
