"""GitHub's own documents: untouched, and readable as the stand-in reads them."""

from __future__ import annotations

import json

import pytest

from tests.fakegithub import spec
from tests.fakegithub.data import refresh


def test_nobody_edited_the_data_by_hand() -> None:
    recorded = json.loads((refresh.HERE / refresh.RECORD).read_text())
    assert recorded == refresh.record()
    assert len(recorded) == 4


def test_the_notice_names_every_package() -> None:
    notice = (refresh.HERE / "NOTICE").read_text()
    for package in refresh.PACKAGES.values():
        assert " ".join(package.rsplit("@", 1)) in notice


def test_trimming_keeps_properties_that_are_named_like_prose() -> None:
    schema = {
        "description": "prose",
        "type": "object",
        "nullable": True,
        "properties": {
            "title": {"type": "string", "nullable": True, "example": "x"},
            "description": {"type": "string"},
        },
    }
    assert refresh.trim(schema) == {
        "type": ["object", "null"],
        "properties": {"title": {"type": ["string", "null"]}, "description": {"type": "string"}},
    }


def test_every_component_has_a_smallest_instance_that_satisfies_it() -> None:
    found = spec.load()
    for name, schema in found.schemas.items():
        if schema.get("type") == "object" and not name.startswith("webhook"):
            assert found.check(name, found.make(name, {})) == [], name


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/repos/o/r/commits/feature/x/check-runs", "checks/list-for-ref"),
        ("GET", "/repos/o/r/commits/feature/x", "repos/get-commit"),
        ("GET", "/repos/o/r/compare/main...o:feature%2Fx", "repos/compare-commits"),
        ("GET", "/repos/o/r/contents/a/b.py", "repos/get-content"),
        ("GET", "/repos/o/r/contents/a%2Fb.py", "repos/get-content"),
        ("GET", "/repos/o/r/tarball/", "repos/download-tarball-archive"),
        ("PATCH", "/repos/o/r/pulls/comments/1", "pulls/update-review-comment"),
    ],
)
def test_a_path_finds_its_operation(method: str, path: str, operation: str) -> None:
    found, _, known = spec.load().route(method, path)
    assert known
    assert found is not None
    assert found.id == operation


def test_a_path_of_another_api_is_unknown() -> None:
    assert spec.load().route("GET", "/repos/o/r/secrets") == (None, {}, False)


@pytest.mark.parametrize(
    ("operation", "body", "message"),
    [
        ("checks/create", {"name": "n"}, '"head_sha" wasn\'t supplied.'),
        ("checks/create", {}, '"head_sha", "name" weren\'t supplied.'),
        ("checks/create", {"name": "n", "head_sha": "s", "colour": 1}, '"colour" is not a permitted key.'),
        (
            "checks/create",
            {"name": "n", "head_sha": "s", "output": {"title": "t", "summary": "s", "colour": 1}},
            '"colour" is not a permitted key.',
        ),
        ("checks/update", {"status": "queued", "colour": 1}, '"colour" is not a permitted key.'),
        (
            "pulls/create-review",
            {"comments": [{"path": "p", "body": "b", "subject_type": "file"}]},
            '"subject_type"',
        ),
        ("pulls/create-review", {"event": "MAYBE"}, '"MAYBE" is not a member of'),
        ("checks/create", {"name": 1, "head_sha": "s"}, "For 'name', 1 is not a string."),
        ("checks/create", {"name": None, "head_sha": "s"}, "For 'name', nil is not a string."),
    ],
)
def test_a_wrong_body_is_refused_in_githubs_words(
    operation: str, body: dict[str, object], message: str
) -> None:
    found = spec.load()
    assert message in spec.invalid_request(found.body_faults(found.ops[operation], body))
