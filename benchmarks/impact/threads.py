"""Which calls leave the event loop free when a thread runs them: the longest gap of the loop meanwhile.

One call into C that never releases the interpreter stops the loop from a thread just as it would from the loop itself.
"""

from __future__ import annotations

import asyncio
import copy
import csv
import gzip
import hashlib
import io
import json
import pickle
import random
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROUNDS = 5
TICK = 0.001


async def gap(call: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of the call in a thread, and the longest gap of the loop while it ran."""
    longest = 0.0
    ended = False

    async def tick() -> None:
        nonlocal longest
        while not ended:
            asked = time.perf_counter()
            await asyncio.sleep(TICK)
            longest = max(longest, time.perf_counter() - asked - TICK)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.01)
    longest = 0.0
    started = time.perf_counter()
    await asyncio.to_thread(call)
    took = time.perf_counter() - started
    ended = True
    await ticking
    return took * 1000, longest * 1000


async def _all(calls: dict[str, Callable[[], object]]) -> dict[str, Any]:
    measured: dict[str, Any] = {}
    for name, call in calls.items():
        await asyncio.to_thread(call)
        taken = [await gap(call) for _ in range(ROUNDS)]
        took, least = sorted(each for each, _ in taken)[ROUNDS // 2], min(each for _, each in taken)
        held = sorted(longest / call for call, longest in taken)[ROUNDS // 2]
        measured[name] = {
            "call_ms": round(took, 1),
            "least_gap_ms": round(least, 1),
            "held": round(held, 2),
            "frees_loop": held < 0.5,
        }
        print(f"threads {name:34} {took:8.1f} ms, longest gap {least:8.1f} ms", flush=True)
    return measured


def measure() -> dict[str, Any]:
    """By qualified name, as `rules/libraries` has them."""
    return asyncio.run(_all(calls()))


def calls() -> dict[str, Callable[[], object]]:
    """Each takes some fifty milliseconds or more."""
    import bcrypt
    import orjson
    import pandas
    from pydantic import BaseModel, TypeAdapter

    class Row(BaseModel):
        id: int
        name: str
        price: float
        tags: list[str]

    rows = [
        {"id": number, "name": f"item {number}", "price": number * 1.5, "tags": ["a", "b"]}
        for number in range(100_000)
    ]
    adapter = TypeAdapter(list[Row])
    models = adapter.validate_python(rows)
    text = json.dumps(rows)
    pickled = pickle.dumps(rows)
    shuffled = random.Random(1).sample(range(500_000), 500_000)
    raw = text.encode()
    table = "a,b,c\n" + "".join(f"{number},{number % 7},{number * 1.5}\n" for number in range(300_000))
    frame = pandas.read_csv(io.StringIO(table))
    named = frame.assign(name=[f"item {number}" for number in range(len(frame))])
    framed = pickle.dumps(named)
    document = (
        "<r>" + "".join(f"<row id='{number}'><n>{number}</n></row>" for number in range(60_000)) + "</r>"
    )
    backtracking = re.compile(r"(a+)+b")
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(10))
    large = Path(tempfile.gettempdir(), f"bench-impact-{time.monotonic_ns()}")
    large.write_bytes(b"x" * 200_000_000)
    taken: dict[str, Callable[[], object]] = {
        "time.sleep": lambda: time.sleep(0.1),
        "subprocess.run": lambda: subprocess.run(["sleep", "0.1"], check=True),
        "pathlib.Path.read_bytes": large.read_bytes,
        "bcrypt.checkpw": lambda: bcrypt.checkpw(b"other", hashed),
        "hashlib.pbkdf2_hmac": lambda: hashlib.pbkdf2_hmac("sha256", b"x", b"y" * 16, 300_000),
        "hashlib.scrypt": lambda: hashlib.scrypt(b"x", salt=b"y", n=2**15, r=8, p=1, maxmem=2**26),
        "gzip.compress": lambda: gzip.compress(raw, 6),
        "pandas.read_csv": lambda: pandas.read_csv(io.StringIO(table)),
        "pandas.DataFrame.groupby": lambda: [frame.groupby("b").c.sum() for _ in range(20)],
        "pandas.DataFrame.to_json": lambda: frame.to_json(orient="records"),
        "pandas.read_pickle": lambda: pandas.read_pickle(io.BytesIO(framed)),
        "xml.etree.ElementTree.fromstring": lambda: ElementTree.fromstring(document),
        "xml.etree.ElementTree.parse": lambda: ElementTree.parse(io.BytesIO(document.encode())),
        "copy.deepcopy": lambda: copy.deepcopy(rows[:20_000]),
        "json.loads": lambda: json.loads(text),
        "json.dumps": lambda: json.dumps(rows),
        "orjson.loads": lambda: orjson.loads(text),
        "orjson.dumps": lambda: [orjson.dumps(rows * 5)],
        "pickle.loads": lambda: pickle.loads(pickled),
        "pickle.dumps": lambda: pickle.dumps(rows),
        "builtins.sorted": lambda: sorted(shuffled),
        "re.match": lambda: backtracking.match("a" * 22),
        "csv.reader": lambda: list(csv.reader(io.StringIO(table))),
        "pydantic.TypeAdapter.validate_json": lambda: adapter.validate_json(text),
        "pydantic.TypeAdapter.dump_json": lambda: adapter.dump_json(models),
    }
    return taken
