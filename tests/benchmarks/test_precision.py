"""What a full scan puts on a line is what two blind readers agree on (`docs/explanation/how-it-decides.md`)."""

from __future__ import annotations

import pytest

from benchmarks.precision.judged import Cell, Verdicts, cells
from rules.engine import registry

ENOUGH = 8
SHARE = 0.85

JUDGED = {cell: verdicts for cell, verdicts in cells().items() if verdicts.judged >= ENOUGH}
STILL_SAID = cells(still_said=True)


@pytest.mark.parametrize("cell", sorted(JUDGED), ids=" ".join)
def test_what_readers_found_wrong_too_often_is_a_hint_where_it_has_long_been_so(cell: Cell) -> None:
    """A rule that says less than all of a cell by a finer condition is held to what that leaves."""
    is_hint = cell.severity.rank < registry.by_code(cell.code).said_from.rank
    remaining = STILL_SAID.get(cell, Verdicts())

    share = max(JUDGED[cell].share, remaining.share)
    assert is_hint or round(share, 2) >= SHARE, (JUDGED[cell], remaining)  # in whole per cent, as it is told
