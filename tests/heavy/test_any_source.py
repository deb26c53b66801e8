"""As `tests/engine/test_any_source.py`, longer and at random."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests.engine.any_source import hold, modules, mutated_cases

LONG = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))


@LONG
@given(modules(), modules())
def test_modules_of_any_fragments(app: bytes, models: bytes) -> None:
    hold({"shop/app.py": app, "shop/models.py": models})


@LONG
@given(mutated_cases(), mutated_cases())
def test_damaged_cases(one: bytes, other: bytes) -> None:
    hold({"shop/one.py": one, "shop/other.py": other})
