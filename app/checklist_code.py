"""What is missing on the checklist, as code of the project at hand: its names, its files, its commands.

A proven fix comes first. Where there is none, a few rules have a form that is filled with the name of the application,
the engine or the command line; what cannot be filled stays a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from app.outputs import diff
from rules.engine.finding import Edit, Finding

Lines = Callable[[str], Sequence[str]]
_APPLICATION: Final = re.compile(r"^\s*(\w+)\b[^=\n]*=\s*(?:\w+\.)?FastAPI\(")
_ENGINE: Final = re.compile(r"^(\w+)\b[^=\n]*=\s*(?:\w+\.)*create_(async_)?engine\(", re.MULTILINE)
_FLAGS: Final[Mapping[str, str]] = {
    "FP619": "--limit-concurrency 200",
    "FP711": "--workers 4",
    "FP713": "--timeout 60",
    "FP618": "--timeout-keep-alive 75",
}
"""Rule -> what the command that starts the service lacks."""
_RELOAD: Final = re.compile(r',\s*"--reload"|\s--reload\b')
"""It keeps the service at one process, whatever else is asked for."""
_POOL: Final = "pool_size=10, max_overflow=10, pool_timeout=5, pool_pre_ping=True, pool_recycle=1800"


class Example(NamedTuple):
    """Code to write, and the language it is in."""

    language: str
    lines: tuple[str, ...]


def example(finding: Finding, lines: Lines, python: Mapping[str, bytes]) -> Example | None:
    """What mends the finding in this project; `python` are its files. None when only words can say it."""
    if finding.fix is not None:
        return Example("diff", tuple(diff(finding.fix.edits, lines)))
    if finding.code in _FLAGS:
        return _with_flag(finding, lines, _FLAGS[finding.code])
    if finding.code == "FP606":
        return _with_pool(finding, lines)
    if form := _FORMS.get(finding.code):
        return form(finding, lines, python)
    return None


def _with_flag(finding: Finding, lines: Lines, flag: str) -> Example | None:
    """The command's own line with one option more, in whatever way that line writes options."""
    line = _RELOAD.sub("", _line(finding, lines))
    name = flag.split()[0]
    if not line or name in line or line.rstrip().endswith("\\"):
        return None
    if re.search(r'"\s*\]\s*$', line):
        told = re.sub(r'"\s*\]\s*$', "".join(f'", "{word}' for word in flag.split()) + '"]', line)
    elif re.search(r"\b(?:uvicorn|gunicorn|fastapi|hypercorn)\b", line):
        told = f"{line.rstrip()} {flag}"
    else:
        return None
    return _replaced(finding, lines, told)


def _with_pool(finding: Finding, lines: Lines) -> Example | None:
    line = _line(finding, lines)
    if not line.rstrip().endswith(")") or line.count("(") != line.count(")") or "pool_" in line:
        return None
    head = line.rstrip()[:-1].rstrip().removesuffix(",")
    return _replaced(finding, lines, f"{head}, {_POOL})")


def _replaced(finding: Finding, lines: Lines, line: str) -> Example:
    edit = Edit(path=finding.path, start_line=finding.line, end_line=finding.line, replacement=f"{line}\n")
    return Example("diff", tuple(diff([edit], lines)))


def _health(finding: Finding, lines: Lines, python: Mapping[str, bytes]) -> Example:
    return _below(
        finding,
        f'@{_application(finding, lines)}.get("/livez")',
        "async def livez() -> dict[str, bool]:",
        '    return {"alive": True}',
    )


def _instrumented(finding: Finding, lines: Lines, python: Mapping[str, bytes]) -> Example:
    imports = ["from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor"]
    calls = [f"FastAPIInstrumentor.instrument_app({_application(finding, lines)})"]
    for path, source in sorted(python.items()):
        if (found := _ENGINE.search(source.decode("utf-8", "replace"))) is None:
            continue
        imports.append("from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor")
        if path != finding.path:
            imports.append(f"from {_module(path)} import {found[1]}")
        engine = f"{found[1]}.sync_engine" if found[2] else found[1]
        calls.append(f"SQLAlchemyInstrumentor().instrument(engine={engine})")
        break
    return _below(finding, *imports, "", *calls)


def _limited(finding: Finding, lines: Lines, python: Mapping[str, bytes]) -> Example:
    name = _application(finding, lines)
    return _below(
        finding,
        "from slowapi import Limiter, _rate_limit_exceeded_handler",
        "from slowapi.errors import RateLimitExceeded",
        "from slowapi.util import get_remote_address",
        "",
        'limiter = Limiter(key_func=get_remote_address, storage_uri="redis://localhost:6379")',
        f"{name}.state.limiter = limiter",
        f"{name}.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)",
        "",
        '# @limiter.limit("5/minute") below the route of each endpoint that the finding names',
    )


_FORMS: Final[Mapping[str, Callable[[Finding, Lines, Mapping[str, bytes]], Example]]] = {
    "FP614": _health,
    "FP615": _limited,
    "FP721": _instrumented,
}


def _below(finding: Finding, *code: str) -> Example:
    return Example("python", (f"# {finding.path}, below line {finding.line}", *code))


def _application(finding: Finding, lines: Lines) -> str:
    """The name that the finding's line gives the application."""
    found = _APPLICATION.match(_line(finding, lines))
    return found[1] if found else "app"


def _module(path: str) -> str:
    """As the project imports it: a `src` folder is no package."""
    return path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _line(finding: Finding, lines: Lines) -> str:
    there = lines(finding.path)
    return there[finding.line - 1] if 0 < finding.line <= len(there) else ""
