"""The project of an editor follows each change, and says what reading everything anew would say."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.editor.session import Session
from rules import Succession
from tests.cli.test_check import SHOP, write

API, CLIENTS = SHOP["shop/api.py"].encode(), SHOP["shop/clients.py"].encode()
QUICK = b"import asyncio\n\n\nasync def fetch(name):\n    await asyncio.sleep(0)\n    return name\n"
VERSIONS = (
    ("shop/api.py", API),
    ("shop/clients.py", QUICK),
    ("shop/api.py", API + b"\n\ndef more():\n    return 1\n"),
    ("shop/clients.py", b"async def (:\n"),
    ("shop/clients.py", CLIENTS),
    ("shop/api.py", b"x = 1\n"),
    ("shop/api.py", API),
)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    write(tmp_path, SHOP)
    session = Session(tmp_path)
    session.load()
    return session


def test_each_version_says_what_linking_anew_says(session: Session) -> None:
    anew = Session(session.root)
    anew.load()
    counts = set()
    for path, source in VERSIONS:
        anew._linked, anew._latest = Succession(), None

        found = session.analyse(path, source)

        assert found == anew.analyse(path, source)
        assert session.endpoints(path) == anew.endpoints(path)
        counts.add(len(found))
    assert len(counts) > 1


def test_a_fix_is_proven_in_the_file_that_was_not_written_last(session: Session) -> None:
    found = session.analyse("shop/api.py", API)
    (wanted,) = [session.proven("shop/api.py", each) for each in found if each.code == "FP103"]
    assert wanted.fix is not None
    session.analyse("shop/clients.py", CLIENTS + b"\nNAME = 1\n")

    (proven,) = [session.proven("shop/api.py", each) for each in found if each.code == "FP103"]

    assert proven.fix == wanted.fix


def test_a_fault_while_the_project_moves_on_costs_that_version_only(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = session.analyse("shop/api.py", API)
    with monkeypatch.context() as patched:
        patched.setattr(Succession, "move", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            session.analyse("shop/api.py", b"x = 1\n")

    assert session.analyse("shop/api.py", API) == before
