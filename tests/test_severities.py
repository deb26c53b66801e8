"""How bad each rule says its pattern is, against what load tests of the patterns showed, and which of them block.

A severity here is the worst that a rule says without a project's own figures. What depends on sizes or intentions that only
the project knows (indexes, lists without a limit, awaits in a row) is medium at most, however large the effect can be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import rules as package
from rules.engine import registry
from rules.engine.finding import Severity

RULES = {rule.code: rule for rule in registry.rules()}
MEASURED = Path(package.__file__).parent / "measured.json"
SHOWN = 1.3
"""A factor below this says nothing on a busy machine."""

WORST: Mapping[Severity, frozenset[str]] = {
    # It stops every request of a worker, and grows with the load: 27 times the throughput at 32 requests.
    Severity.CRITICAL: frozenset(
        {"FP101", "FP102", "FP103", "FP105", "FP106", "FP107", "FP108", "FP109", "FP701"} | {"FP313", "FP405"}
    ),
    # Round trips per row, a commit per row, a client or pool per request, a whole body in memory, no time limit.
    Severity.HIGH: frozenset(
        {
            "FP113",
            "FP104",
            "FP114",
            "FP117",
            "FP201",
            "FP202",
            "FP203",
            "FP204",
            "FP205",
            "FP209",
            "FP212",
            "FP219",
        }
        | {"FP220", "FP301", "FP306", "FP307", "FP309", "FP310", "FP401", "FP404", "FP409", "FP505"}
        | {"FP601", "FP602", "FP603", "FP604", "FP605", "FP711", "FP712", "FP720"}
    ),
    # Large at times, but sizes or intentions decide.
    Severity.MEDIUM: frozenset(
        {"FP110", "FP111", "FP112", "FP115", "FP119", "FP121", "FP206", "FP207", "FP208", "FP210"}
        | {
            "FP211",
            "FP213",
            "FP215",
            "FP217",
            "FP218",
            "FP221",
            "FP223",
            "FP225",
            "FP230",
            "FP304",
            "FP305",
            "FP311",
        }
        | {"FP402", "FP407", "FP414", "FP501", "FP502", "FP503", "FP504", "FP506", "FP507", "FP508", "FP511"}
        | {
            "FP513",
            "FP606",
            "FP607",
            "FP608",
            "FP610",
            "FP613",
            "FP616",
            "FP618",
            "FP702",
            "FP704",
            "FP705",
            "FP706",
        }
        | {"FP708", "FP709", "FP713", "FP718", "FP719", "FP722"}
    ),
    # Fractions of a millisecond per request.
    Severity.LOW: frozenset(
        {"FP118", "FP120", "FP214", "FP216", "FP224", "FP226", "FP228", "FP229", "FP302", "FP403", "FP406"}
        | {"FP408", "FP410", "FP411", "FP510", "FP512", "FP514", "FP611", "FP612", "FP710", "FP716", "FP717"}
    ),
    # Advice, and what was not shown to help.
    Severity.INFO: frozenset(
        {"FP222", "FP227", "FP303", "FP308", "FP312", "FP314", "FP412", "FP413", "FP515", "FP609", "FP614"}
        | {"FP615", "FP617", "FP619", "FP714", "FP715", "FP721"}
    ),
}
GATES = frozenset(
    {"FP101", "FP102", "FP103", "FP104", "FP105", "FP106", "FP107", "FP108", "FP113", "FP114", "FP117"}
    | {"FP201", "FP202", "FP204", "FP205", "FP212", "FP219", "FP220", "FP309", "FP310", "FP405", "FP409"}
    | {"FP505", "FP602", "FP604", "FP701", "FP712", "FP720"}
)
"""Wrong whatever the traffic."""
SAFE = frozenset({"FP107", "FP108", "FP120", "FP503", "FP511", "FP513"})
"""Rules with a fix that keeps behaviour; every other fix needs a look."""


def _stated() -> dict[str, Severity]:
    return {code: severity for severity, codes in WORST.items() for code in codes}


def test_each_rule_has_one_place_in_the_table() -> None:
    assert sum(map(len, WORST.values())) == len(_stated())
    about_performance = {code for code in RULES if not code.startswith("FP0")}
    assert about_performance <= set(_stated()), "a new rule: say how bad it is, and why"


@pytest.mark.parametrize("code", sorted(_stated().keys() & RULES.keys()))
def test_a_rule_is_as_bad_as_the_table_says(code: str) -> None:
    assert RULES[code].severity is _stated()[code]


def test_rules_block_only_what_is_wrong_whatever_the_traffic() -> None:
    assert {code for code, rule in RULES.items() if rule.gates} == GATES & RULES.keys()
    assert all(_stated()[code].rank >= Severity.MEDIUM.rank for code in GATES)


def test_only_these_rules_offer_a_fix_that_needs_no_look() -> None:
    families = Path(package.__file__).parent
    offering = {
        found[1]
        for path in families.glob("*/*.py")
        if path.parent.name not in ("engine", "libraries")
        and "Safety.SAFE" in (source := path.read_text(encoding="utf-8"))
        and (found := re.search(r'code = "(FP\d{3})"', source))
    }

    assert offering == SAFE


@pytest.mark.parametrize(
    "words",
    [r"response_class=ORJSONResponse", r"\baiofiles\.open\(", r"\badd_all\("],
)
def test_no_rule_advises_what_did_not_help(words: str) -> None:
    for rule in RULES.values():
        advice = registry.card(rule).instead
        assert not re.search(words, advice), rule.code


def test_what_was_measured_to_do_nothing_is_no_high_finding() -> None:
    """Each dimension counts: throughput, latency, processor time, the longest gap of the loop, memory, statements."""
    if not MEASURED.exists():
        return  # nothing was measured in this checkout: the table above holds
    for code, best in _best(json.loads(MEASURED.read_text(encoding="utf-8"))):
        if code in RULES and best < SHOWN:
            assert RULES[code].severity.rank <= Severity.MEDIUM.rank, f"{code}: {best:.2f} times at best"


def _best(measured: Any) -> Iterator[tuple[str, float]]:
    """The largest median gain of each code, wherever in the document it stands."""
    pending = [measured]
    while pending:
        current = pending.pop()
        if isinstance(current, list):
            pending.extend(current)
        if not isinstance(current, dict):
            continue
        for key, value in current.items():
            if re.fullmatch(r"FP\d{3}", key):
                yield key, max(_gains(value), default=SHOWN)
            else:
                pending.append(value)


def _gains(value: Any) -> Iterator[float]:
    if isinstance(value, list):
        for each in value:
            yield from _gains(each)
    if not isinstance(value, dict):
        return
    for ratios in value.get("ratios", {}).values():
        yield from (three[1] for three in ratios.values() if isinstance(three, list) and len(three) == 3)
    forms = [form for form in value.get("forms", {}).values() if isinstance(form, dict)]
    for name in ("gap_ms", "memory_mb", "statements"):
        sizes = [form[name] for form in forms if form.get(name)]
        if len(sizes) > 1:
            yield max(sizes) / min(sizes)
    for key, each in value.items():
        if key not in ("ratios", "forms"):
            yield from _gains(each)


def test_gains_are_found_wherever_they_stand() -> None:
    point = {
        "clients": 8,
        "forms": {"slow": {"gap_ms": 200.0}, "fast": {"gap_ms": 10.0}},
        "ratios": {"fast": {"throughput": [0.9, 1.0, 1.1], "latency": [0.8, 1.1, 1.2]}},
    }

    assert dict(_best({"date": "today", "rules": {"FP101": {"points": [point]}}})) == {"FP101": 20.0}
    del point["forms"]
    assert dict(_best({"rules": {"FP101": {"points": [point]}}})) == {"FP101": 1.1}
