"""fastperf beside a project that has its own `app` and `rules`: nobody gets in the other's way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("fastperf.py", "hatch_build.py", "app", "rules", "pyproject.toml", "README.md", "LICENSE")
TRAP = 'raise SystemExit("imported the project\'s own module")\n'
# Names that the project shares with us, with a library of ours, and with the standard library.
PROJECT = {
    "app/__init__.py": TRAP,
    "rules/__init__.py": TRAP,
    "click.py": TRAP,
    "msgspec.py": TRAP,
    "libcst.py": TRAP,
    "statistics.py": TRAP,
    "pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\n",
    "shop/api.py": "import time\n\n\nasync def report() -> None:\n    time.sleep(1)\n",
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is shipped, so that building leaves nothing behind."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("dist")
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(built), str(checkout))
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def editable(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("editable")
    code = "import sys; from hatchling.build import build_editable; build_editable(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(built)], cwd=checkout, check=True, capture_output=True)
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    write(folder)
    return folder


def test_only_the_package_is_installed(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert "fastperf/pytest.py" in names
    assert "fastperf/rules/measured.json" in names

    assert {top for top in tops if not top.endswith(".dist-info")} == {"fastperf"}
    assert len(tops) == 2


def test_an_installed_fastperf_and_the_project_leave_each_other_alone(
    wheel: Path, project: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    write(site / "app", {"__init__.py": "WHOSE = 'the project, installed'\n"})
    write(site / "rules", {"__init__.py": TRAP})
    install(wheel, site)

    assert_works(project, [str(site / "bin" / "fastperf")], site)

    assert (site / "app" / "__init__.py").read_text() == "WHOSE = 'the project, installed'\n"
    assert (site / "rules" / "__init__.py").read_text() == TRAP
    assert not (site / "app" / "cli" / "__init__.py").exists()


def test_an_editable_fastperf_and_the_project_leave_each_other_alone(
    editable: Path, project: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    install(editable, site)
    code = f"import site; site.addsitedir({str(site)!r}); from fastperf import main; main()"

    assert_works(project, [sys.executable, "-c", code], site)


def test_an_editable_fastperf_is_the_checkout_and_no_copy(editable: Path, checkout: Path) -> None:
    with zipfile.ZipFile(editable) as archive:
        own = [name for name in archive.namelist() if ".dist-info/" not in name]

        assert own == ["_fastperf.pth"]
        assert archive.read("_fastperf.pth").decode().split() == [str(checkout)]


def test_the_project_keeps_its_own_names(wheel: Path, project: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    install(wheel, site)
    write(project, {"app/__init__.py": "", "rules/__init__.py": ""})
    code = "import app, rules, fastperf; print(app.__file__, rules.__file__, fastperf.__file__)"

    printed = run([sys.executable, "-c", code], project, site).stdout.split()

    assert printed == [
        str(project / "app" / "__init__.py"),
        str(project / "rules" / "__init__.py"),
        str(site / "fastperf" / "__init__.py"),
    ]


def assert_works(project: Path, command: list[str], site: Path) -> None:
    """The commands run in the project with `PYTHONPATH=.`, and find what there is to be found."""
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}

    assert run([*command, "--version"], project, site).stdout.startswith("fastperf ")
    checked = run([*command, "check", "shop", "--output-format", "github"], project, site, status=1)

    assert "file=shop/api.py,line=5" in checked.stdout
    after = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert {path: after[path] for path in after if ".fastperf_cache" not in path.parts} == before


def run(command: list[str], folder: Path, site: Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": f".{os.pathsep}{site}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done


def install(wheel: Path, site: Path) -> None:
    pip("install", "--no-deps", "--no-index", "--no-compile", "--target", str(site), str(wheel))


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def write(folder: Path, files: Mapping[str, str] = PROJECT) -> None:
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
