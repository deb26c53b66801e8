"""How soon the first finding is on the screen, in processor time of the program itself: other jobs do not count."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import LAUNCHER

LINES = 5_000


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """Fifty modules of a hundred lines, all with routes; the first one sleeps on the event loop."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "service"\nversion = "1"\n')
    package = tmp_path / "service"
    package.mkdir()
    head = "import time\n\nfrom fastapi import APIRouter\n\nrouter = APIRouter()\n"
    for number in range(50):
        routes = "".join(
            f'\n\n@router.get("/{number}/{route}")\nasync def read_{route}(page: int = 0) -> dict[str, int]:\n'
            f"    found = [page + each for each in range(page)]\n    {'time.sleep(1)' if route == number == 0 else 'pass'}\n"
            f'    return {{"n": len(found)}}\n'
            for route in range(14)
        )
        (package / f"api_{number:02}.py").write_text(head + routes)
    (package / "main.py").write_text(
        "from fastapi import FastAPI\n\n"
        + "".join(f"from service import api_{number:02}\n" for number in range(50))
        + "\napp = FastAPI()\n"
        + "".join(f"app.include_router(api_{number:02}.router)\n" for number in range(50))
    )
    return tmp_path


def test_a_service_of_five_thousand_lines_hears_the_first_finding_within_a_second(service: Path) -> None:
    lines = sum(len(path.read_text().splitlines()) for path in service.rglob("*.py"))
    assert lines >= LINES

    with subprocess.Popen(
        [sys.executable, str(LAUNCHER), "check", "--no-cache"],
        cwd=service,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        first = program.stdout.readline()
        os.kill(program.pid, signal.SIGKILL)  # `program.kill()` would take its figures if it has ended
        _, status, used = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)

    assert first.startswith("service/api_00.py:")
    assert used.ru_utime + used.ru_stime < 1.5  # the bar is a second of an idle machine; tests share theirs
