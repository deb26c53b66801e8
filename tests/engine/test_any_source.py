"""Whatever a file holds: nothing escapes, findings lie inside it, and offered fixes mend it.

`tests/heavy/test_any_source.py` tries the same on many more.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.any_source import hold, is_readable, modules, mutated_cases

BOUNDED = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@BOUNDED
@given(modules(), modules())
def test_modules_of_any_fragments(app: bytes, models: bytes) -> None:
    hold({"shop/app.py": app, "shop/models.py": models})


@BOUNDED
@given(mutated_cases())
def test_damaged_cases(raw: bytes) -> None:
    hold({"app.py": raw})


@BOUNDED
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
def test_bytes_that_are_no_code(raw: bytes) -> None:
    hold({"app.py": raw})


def test_most_composed_modules_are_python() -> None:
    readable: list[bool] = []

    @BOUNDED
    @given(modules())
    def look(raw: bytes) -> None:
        readable.append(is_readable(raw))

    look()

    assert sum(readable) > len(readable) / 2
