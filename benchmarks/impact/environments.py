"""Environments of their own for what is measured, made once and again when their packages change."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent


def environment(name: str, packages: Sequence[str] | Path, *, with_uv: bool = False) -> Path:
    """The interpreter that has the packages. `with_uv`: many packages, of which one that cannot be had is left out; of a lock
    all are had, exactly as it says."""
    home = HERE / name
    python, stamp = home / "bin" / "python", home / "installed"
    wanted = packages.read_text() if isinstance(packages, Path) else "\n".join(packages)
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not with_uv:
        assert not isinstance(packages, Path)
        subprocess.run([*pip, *packages], check=True)
    else:
        subprocess.run([*pip, "uv"], check=True)
        command = [str(home / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(python)]
        if isinstance(packages, Path):
            subprocess.run([*command, "--require-hashes", "--requirements", str(packages)], check=True)
        elif subprocess.run([*command, *packages], check=False).returncode:
            for package in packages:
                subprocess.run([*command, package], check=False)
    stamp.write_text(wanted)
    return python
