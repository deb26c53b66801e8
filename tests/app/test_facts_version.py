from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import rules
from app import factsversion
from rules.engine.reading.facts import ENGINE_VERSION


def version_of(top: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(rules, "__file__", str(top / "__init__.py"))
    return factsversion.facts_version.__wrapped__()


def test_facts_of_another_build_are_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = tmp_path / "rules"
    shutil.copytree(Path(rules.__file__).parent, top, ignore=shutil.ignore_patterns("__pycache__"))
    first = version_of(top, monkeypatch)

    assert first == factsversion.facts_version()
    assert first.startswith(f"{ENGINE_VERSION}-")
    assert len(first) <= 64
    facts = top / "engine" / "reading" / "facts.py"
    facts.write_bytes(facts.read_bytes() + b"\nX = 1\n")
    assert version_of(top, monkeypatch) != first
