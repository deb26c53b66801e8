"""What a full scan puts on a line is what two blind readers agree on (`docs/explanation/how-it-decides.md`)."""

from __future__ import annotations

import math

import pytest

from benchmarks.precision.judged import Cell, Verdicts, cells
from rules.engine import registry

ENOUGH = 8
SHARE = 0.85
"""Of the wrong ones a few more or less are chance: a cell is too often wrong that lies more than one standard error below."""

JUDGED = {cell: verdicts for cell, verdicts in cells().items() if verdicts.judged >= ENOUGH}
STILL_SAID = cells(still_said=True)


@pytest.mark.parametrize("cell", sorted(JUDGED), ids=" ".join)
def test_what_readers_found_wrong_too_often_is_a_hint_where_it_has_long_been_so(cell: Cell) -> None:
    """A rule that says less than all of a cell by a finer condition is held to what that leaves."""
    is_hint = cell.severity.rank < registry.by_code(cell.code).said_from.rank
    remaining = STILL_SAID.get(cell, Verdicts())

    share = max(_at_best(JUDGED[cell]), _at_best(remaining))
    assert is_hint or round(share, 2) >= SHARE, (JUDGED[cell], remaining)  # in whole per cent, as it is told


def _at_best(found: Verdicts) -> float:
    """The share that is right, and one standard error."""
    return found.share + math.sqrt(found.share * (1 - found.share) / found.judged) if found.judged else 0.0
