"""Strategies for source that nobody wrote, and what must hold for whatever the engine reads."""

from __future__ import annotations

import functools
import textwrap
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from rules import analyze
from rules.engine.finding import Finding
from rules.engine.reading.edits import apply
from rules.engine.reading.source import Source, SourceError, parse

CASES = Path(__file__).parent.parent / "cases"
MOST_PROOFS = 4
"""Fixes that are tried for one source: the proof is the slow part."""

IMPORTS = """\
import asyncio
import time
import json
import re
import httpx, requests
import requests as http
import redis.asyncio as redis
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, StreamingResponse
from functools import lru_cache
from pydantic import BaseModel
from sqlalchemy import ForeignKey, func, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship
from .models import *
from . import crud
""".splitlines()

TOP = """\
app = FastAPI()
{a} = APIRouter(prefix="/{b}")
engine = create_async_engine("postgresql+asyncpg://db", pool_size={n})
{a}: dict[str, {b}] = {{}}
class {a}(BaseModel):
    {b}: int
    {c}: list["{a}"] = []
class {a}({b}):
    __tablename__ = "{a}"
    {c}: Mapped[int] = mapped_column(ForeignKey("{b}.id"))
    {d} = relationship("{b}", lazy="select")
{a} = lambda {b}: {c}({b})
def get_db():
    with Session(engine) as {a}:
        yield {a}
if {a}:
    {b} = {c}
""".splitlines()

HEADS = """\
async def {f}({a}, {b}={n}):
def {f}({a}, *{b}, **{c}):
@app.get("/{f}")|async def {f}({a}: int, {b}: AsyncSession = Depends(get_db)):
@app.get("/{f}", response_model=list[{a}])|def {f}({b}: Session = Depends(get_db)):
@app.post("/{f}")|async def {f}({a}: {b}, tasks: BackgroundTasks, request: Request):
@app.middleware("http")|async def {f}(request, call_next):
@app.websocket("/{f}")|async def {f}(websocket):
@lru_cache(maxsize=None)|async def {f}({a}):
@app.on_event("startup")|async def {f}():
async def {f}({a}, /, *, {b}: "{c}" = None):
""".splitlines()

LINES = """\
time.sleep({n})
{a} = requests.get({b}, timeout=None).json()
{a} = await httpx.AsyncClient().get("https://{b}/" + {c})
{a} = requests.post(f"https://{{{b}}}", json={{"{c}": {d}}})
{a} = await {b}.execute(select({c}).where({c}.{d} == {b}))
{a} = {b}.query({c}).filter({c}.{d}.like("%" + {b})).all()
{a}.{b} = {c}; {a}.commit()
await {a}.commit()
{a}.add({b})
{a} = [{b}.{c} for {b} in {d}]
{a} = [await {f}({b}) for {b} in {c}]
{a} = await asyncio.gather(*({f}({b}) for {b} in {c}))
asyncio.create_task({f}({a}))
{a} = await {f}({b}, {c})
{a} = {f}({b})
{a} = await run_in_threadpool({f}, {b})
tasks.add_task({f}, {a})
return {a}
return JSONResponse(json.dumps({a}))
return StreamingResponse({f}({a}))
return {{"{a}": {b}, **{c}}}
yield {a}
raise {a}({b}) from {c}
{a} = re.match(r"({b}+)+$", {c})
{a} = open({b}).read()
({a} := {b}.{c}[{n}:])
{a}, *{b} = {c}
global {a}
del {a}
{a} += {b} if {c} else {d}
{a} = {b}.{c}.{d}({a})({n})
{a} = (yield)
lock = asyncio.Lock()
{a} = await redis.Redis().get({b})
pass
""".splitlines()

BLOCKS = """\
for {a} in {b}:
async for {a} in {b}.{c}():
while True:
while {a} < {n}:
if {a}:
with {a}({b}) as {c}:
async with httpx.AsyncClient() as {a}:
async with asyncio.TaskGroup() as {a}:
async with lock:
try:|finally:
try:|except Exception:
match {a}:|    case {{"{b}": {c}}}:
def {f}({a}):
async def {f}():
class {a}({b}):
""".splitlines()

NAMES = (
    "app",
    "db",
    "session",
    "items",
    "item",
    "user",
    "self",
    "cls",
    "request",
    "cache",
    "é",
    "_",
    "x1",
    "T",
)


@dataclass(frozen=True)
class Words:
    """Names for the blanks of the fragments, few enough that fragments meet."""

    draw: st.DrawFn

    def fill(self, fragment: str) -> str:
        draw = self.draw
        names = {blank: draw(st.sampled_from(NAMES)) for blank in "abcd" if f"{{{blank}}}" in fragment}
        return fragment.format(
            f=draw(st.sampled_from(("load", "fetch", "helper"))),
            n=draw(st.sampled_from((0, 1, 900))),
            **names,
        )


@st.composite
def modules(draw: st.DrawFn) -> bytes:
    """A module in the manner of a FastAPI project, with any names in any places."""
    words = Words(draw)
    parts = draw(st.lists(st.sampled_from(IMPORTS), max_size=12))
    parts += [words.fill(text) for text in draw(st.lists(st.sampled_from(_paragraphs(TOP)), max_size=4))]
    for head in draw(st.lists(st.sampled_from(HEADS), min_size=1, max_size=4)):
        body = "\n".join(_body(draw, words, depth=0))
        parts.append(words.fill(head).replace("|", "\n") + "\n" + textwrap.indent(body, "    "))
    end = draw(st.sampled_from(("\n", "\n", "\r\n", "\r")))
    return (draw(st.sampled_from(("", "\ufeff"))) + "\n".join(parts).replace("\n", end)).encode()


def _body(draw: st.DrawFn, words: Words, depth: int) -> list[str]:
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        if depth > 2 or draw(st.integers(0, 2)):
            lines.append(words.fill(draw(st.sampled_from(LINES))))
            continue
        head, _, tail = words.fill(draw(st.sampled_from(BLOCKS))).partition("|")
        inside = textwrap.indent("\n".join(_body(draw, words, depth + 1)), "    ")
        if head.startswith("match"):
            lines += [head, tail, textwrap.indent(inside, "    ")]
        elif tail:
            lines += [head, inside, tail, "    " + words.fill(draw(st.sampled_from(LINES)))]
        else:
            lines += [head, inside]
    return lines


def _paragraphs(lines: list[str]) -> list[str]:
    """Fragments of several lines, put together again."""
    found: list[str] = []
    for line in lines:
        if line.startswith(" "):
            found[-1] += "\n" + line
        else:
            found.append(line)
    return found


@functools.cache
def case_files() -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted(CASES.rglob("*.py")) if path.stat().st_size)


@st.composite
def mutated_cases(draw: st.DrawFn) -> bytes:
    """A part of a real case, with lines moved, doubled, lost, shifted and taken from another."""
    lines = draw(st.sampled_from(case_files())).splitlines(keepends=True)
    other = draw(st.sampled_from(case_files())).splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(lines) - 1)))
        line = lines[at] if lines else b""
        match draw(st.integers(0, 8)):
            case 0:
                del lines[at : at + draw(st.integers(1, 4))]
            case 1:
                lines[at:at] = [line]
            case 2:
                lines[at : at + 1] = [b"    " + line]
            case 3:
                lines[at : at + 1] = [line.removeprefix(b"    ")]
            case 4:
                place = draw(st.integers(0, len(other)))
                lines[at:at] = other[place : place + draw(st.integers(1, 12))]
            case 5:
                lines[at : at + 1] = [line.replace(b"await ", b"", 1)]
            case 6:
                lines[at : at + 1] = [line.replace(b"async ", b"", 1)]
            case 7:
                cut = draw(st.integers(0, len(line)))
                piece = draw(
                    st.sampled_from(
                        (b"(", b")", b"\xff", b"\0", b"'", b":", b".", b"\x0c", b"\\\n", b"{}", "é".encode())
                    )
                )
                lines[at : at + 1] = [line[:cut] + piece + line[cut:]]
            case _:
                word = draw(
                    st.sampled_from((b"None", b"lambda: 0", b"self", b"x[0]", b"*a", b"f'{x}'", b"(yield)"))
                )
                lines[at : at + 1] = [line.replace(b"(", b"(" + word + b", ", 1)]
    return b"".join(lines)


def hold(sources: Mapping[str, bytes]) -> int:
    """Assert what holds for all sources; return how many fixes were tried."""
    analysis = analyze(sources)
    assert [skip for skip in analysis.result.skipped if _is_our_fault(skip.reason)] == []
    for finding in analysis.result.findings:
        assert_inside(finding, sources[finding.path])
    tried = 0
    for finding in analysis.result.findings:
        fix = analysis.prove(finding).fix if tried < MOST_PROOFS else None
        if fix is None:
            continue
        tried += 1
        changed = {**sources, finding.path: apply(sources[finding.path], fix.edits)}
        parse(Source(changed[finding.path]))
        after = analyze(changed).result.findings
        assert how_often(finding, after) < how_often(finding, analysis.result.findings), finding
    return tried


def _is_our_fault(reason: str) -> bool:
    return " failed" in reason or reason.startswith("could not be read")


def how_often(finding: Finding, findings: tuple[Finding, ...]) -> int:
    return Counter((other.path, other.code, other.symbol) for other in findings)[
        finding.path, finding.code, finding.symbol
    ]


def assert_inside(finding: Finding, raw: bytes) -> None:
    lines = Source(raw).lines
    assert 1 <= finding.line <= finding.end_line <= max(1, len(lines)), finding
    assert 1 <= finding.column <= len(lines[finding.line - 1]) + 1, finding
    assert 1 <= finding.end_column <= len(lines[finding.end_line - 1]) + 1, finding
    if finding.line == finding.end_line:
        assert finding.column <= finding.end_column, finding


def is_readable(raw: bytes) -> bool:
    try:
        parse(Source(raw))
    except SourceError:
        return False
    return True
