"""What readers said of findings, by cell: a rule at one severity, in the latest rounds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct

from rules.engine.finding import Severity

LATEST = 9
"""So many rounds tell how it is today: what was judged before has been mended since."""
UNSAID = Path(__file__).parent / "unsaid.json"
"""By round, the numbers (from 0) of the findings that had left the line when it was last looked (`recheck --record`)."""

Round = Sequence[Mapping[str, Any]]


class Cell(NamedTuple):
    code: str
    severity: Severity


class Verdicts(Struct):
    right: int = 0
    judged: int = 0

    @property
    def share(self) -> float:
        return self.right / self.judged if self.judged else 0.0


def rounds() -> Mapping[str, Round]:
    """The findings of each round by its number, counted from 1."""
    parts = [
        part["findings"]
        for path in sorted(Path(__file__).parent.glob("judged-*.json"))
        for part in json.loads(path.read_text(encoding="utf-8"))["rounds"]
    ]
    return {str(number): findings for number, findings in enumerate(parts, start=1)}


def is_right(finding: Mapping[str, Any]) -> bool:
    return all(verdict == "right" for verdict in finding["verdicts"])


def cells(*, still_said: bool = False) -> Mapping[Cell, Verdicts]:
    """Right and judged in the latest rounds; with `still_said` only of what is said on a line today."""
    counted: dict[Cell, Verdicts] = defaultdict(Verdicts)
    for finding in _latest(still_said=still_said):
        verdicts = counted[Cell(finding["code"], Severity(finding["severity"]))]
        verdicts.right += is_right(finding)
        verdicts.judged += 1
    return counted


def _latest(*, still_said: bool) -> Iterator[Mapping[str, Any]]:
    unsaid = json.loads(UNSAID.read_text(encoding="utf-8")) if still_said else {}
    for number, findings in [*rounds().items()][-LATEST:]:
        left_out = set(unsaid.get(number, ()))
        yield from (finding for place, finding in enumerate(findings) if place not in left_out)
