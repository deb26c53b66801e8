from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.documents import text_of
from app.review import releases, schema
from app.review.config import Config
from app.review.paths import excluded, generated_patterns, matches, says_generated
from app.review.reading import ORGANISATION, ConfigError
from app.review.table import Table
from app.version import version
from rules.engine import registry
from rules.engine.finding import Confidence, EndpointRef, Severity

from .builders import finding

CODES = {"FP101", "FP102", "FP201"}


def parse(text: str, **others: str | None) -> Config:
    return Config.parse({".github/fastperf.toml": text, **others}, codes=CODES)


def test_without_files_defaults_apply_and_nothing_is_wrong() -> None:
    config = Config.parse({"pyproject.toml": "[project]\nname = 'shop'\n", ".github/fastperf.toml": None})

    assert config == Config()
    assert (config.fail_on, config.max_comments, config.on_fault, config.source) == (
        "high",
        15,
        "neutral",
        "",
    )


def test_every_key_is_read() -> None:
    config = parse("""
select = ["FP1", "FP201"]
ignore = ["FP102"]
severity = { FP101 = "medium" }
mode = { default = "advise", FP2 = "observe" }
fail_on = "never"
waive_by = "maintain"
on_fault = "failure"
on_skip = "action_required"
advisory_branches = ["legacy/*"]
exclude = ["legacy/"]
max_comments = 3
blocking = ["shop.sync.fetch:net"]
nonblocking = ["requests.get"]
cede_to = "never"
ruleset = "2026.11"
allow_inline_ignores = false
profile = "perf/profile.json"
observed = "observed.json"

[context]
rps = 120
concurrency = 8
workers = 4
database = "postgresql"
db_round_trip_ms = 0.8

[[endpoint]]
match = "GET /admin/*"
severity_cap = "low"
mode = "observe"

[[budget]]
match = "GET /orders"
queries = "2 + N"
blocks = false
""")

    assert config.errors == ()
    assert config.mode_of("FP201") == "observe"
    assert config.mode_of("FP101") == "advise"
    assert config.mode_of("FP101", "GET /admin/users") == "observe"
    assert config.options().context == {
        "rps": 120, "concurrency": 8, "workers": 4, "database": "postgresql", "db_round_trip_ms": 0.8,
    }  # fmt: skip
    assert config.options().wants("FP101")
    assert not config.options().wants("FP102")
    assert config.options().severity == {"FP101": Severity.MEDIUM}
    assert config.is_advisory("legacy/2024")
    assert config.excludes("legacy/api.py")
    assert config.budget[0].queries == "2 + N"
    unread = set(Table.__struct_fields__) - {
        key for key in Table.__struct_fields__ if getattr(config, key) != getattr(Table(), key)
    }
    assert unread == set()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("\nfial_on = 'low'\n", 2, "There is no key `fial_on`; it is left out. Did you mean `fail_on`?"),
        (
            "fail_on = 'hgh'\n",
            1,
            "`fail_on`: 'hgh' is none of `critical`, `high`, `medium`, `low`, `info` and `never`."
            " The default `high` applies.",
        ),
        ("# \nmax_comments = '3'\n", 2, "`max_comments`: expected `int`, got `str`. The default `15` applies."),
        ("max_comments = 51\n", 1, "`max_comments`: expected `int` <= 50. The default `15` applies."),
        ("ignore = [\n 'FP101',\n 'FP999',\n]\n", 1, "`ignore`: there is no rule `FP999`."),
        ("ignore = ['fp101']\n", 1, "`ignore`: there is no rule `fp101`; did you mean `FP101`."),
        ("[severity]\nFP101 = 'low'\nFP102 = 'bad'\n", 3, "`severity.FP102`: 'bad' is none of `critical`, "),
        ("mode = 'gat'\n", 1, "`mode`: 'gat' is none of `gate`, `advise` and `observe`."),
        ("cede_to = 'x'\n", 1, "`cede_to`: 'x' is none of `auto` and `never`."),
        ("[severity]\nFP109 = 'low'\n", 2, "`severity`: there is no rule `FP109`."),
        ("[context]\nworkers = 0\n", 2, "`context.workers`: expected `int` >= 1; it is left out."),
        ("context.wrokers = 2\n", 1, "[context] There is no key `wrokers`; it is left out. Did you mean `workers`?"),
        ("a = '''\nfail_on = 3\n'''\nfail_on = 3\n", 4, "`fail_on`: expected `str`, got `int`. The default `high` applies."),
        (
            "[[endpoint]]\nmatch = 'x'\n[[endpoint]]\nmatch = 'y'\nrps = -1\n",
            5,
            "`[[endpoint]]`: `rps`: expected `float` >= 1e-06; this entry is left out.",
        ),
        ("[[endpoint]]\nrps = 1\n", 1, "`[[endpoint]]`: `match` is missing; this entry is left out."),
        ("profile = '../secrets'\n", 1, "`profile`: a relative path inside the repository is expected."),
        ("a = 1\nb = = 2\n", 2, "This is not valid TOML (Invalid value); defaults apply."),
        ("a = 1\n[b\n", 2, "This is not valid TOML"),
        ("fail_on = 'low'\n".encode("utf-16").decode(errors="replace"), 1, "The file is UTF-16, by its looks, and"),
        (b"ignore = []\r\n# f\xfcr\r\n".decode(errors="replace"), 2, "This is not UTF-8: save the file as such."),
        ("\ufeffignore = []\r\nfail_on = 3\r\n", 2, "`fail_on`: expected `str`, got `int`."),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(text: str, line: int, message: str) -> None:
    error = parse(text).errors[-1]

    assert error.path == ".github/fastperf.toml"
    assert error.line == line
    assert error.message.startswith(message)


def test_what_windows_writes_is_read() -> None:
    text = '[tool.fastperf]\r\nfail_on = "low"\r\n'
    for content in (text.encode(), text.encode("utf-8-sig")):
        config = Config.parse({"pyproject.toml": text_of("pyproject.toml", content)})
        assert (config.fail_on, config.errors) == (Severity.LOW, ())
    assert Config.parse({"pyproject.toml": f"\ufeff{text}"}).fail_on == Severity.LOW
    wide = text.encode("utf-16")
    texts = {
        "pyproject.toml": text_of("pyproject.toml", wide),
        "api/pyproject.toml": text_of("api/pyproject.toml", wide),
    }
    assert [(error.path, error.line) for error in Config.parse(texts).errors] == [(path, 1) for path in texts]
    assert text_of("requirements.txt", "fastapi==0.100\r\n".encode("utf-16")) == "fastapi==0.100\r\n"


def test_a_mistake_costs_its_own_key_only() -> None:
    config = parse("fail_on = 'hgh'\nmax_comments = 3\nignore = ['FP102', 'nonsense']\n")

    assert config.fail_on == "high"
    assert config.max_comments == 3
    assert config.ignore == ("FP102",)


def test_the_dedicated_file_wins_and_says_so() -> None:
    config = Config.parse(
        {
            "pyproject.toml": "[project]\nname='x'\n\n[tool.fastperf]\nmax_comments = 1\n",
            ".github/fastperf.toml": "max_comments = 2\n",
        }
    )

    assert config.max_comments == 2
    assert config.source == ".github/fastperf.toml"
    assert config.errors == (
        ConfigError(
            "pyproject.toml", 4, "`.github/fastperf.toml` exists and decides; this table is not used."
        ),
    )


def test_pyproject_is_read_below_its_table() -> None:
    config = Config.parse(
        {"pyproject.toml": '[tool.other]\nfail_on = 1\n[tool.fastperf]\nfail_on = "low"\nx = 1\n'}
    )

    assert config.fail_on == "low"
    assert [(error.path, error.line) for error in config.errors] == [("pyproject.toml", 5)]


def test_a_broken_pyproject_that_is_not_about_us_is_not_our_business() -> None:
    assert Config.parse({"pyproject.toml": "[project\n"}).errors == ()


def test_organisation_defaults_lie_below() -> None:
    org = "max_comments = 5\nfail_on = 'low'\nmode = 'advise'\n[context]\nworkers = 2\nrps = 9\n"
    own = "fail_on = 'critical'\nmode = { FP2 = 'gate' }\n[context]\nworkers = 4\n"

    config = parse(own, **{ORGANISATION: org})

    assert (config.max_comments, config.fail_on) == (5, "critical")
    assert (config.mode_of("FP101"), config.mode_of("FP201")) == ("advise", "gate")
    assert config.options().context == {"workers": 4, "rps": 9}
    assert Config.parse({}, org).max_comments == 5


def test_a_large_file_is_not_read() -> None:
    config = parse("max_comments = 3\n" + "# padding\n" * 7000)

    assert config.max_comments == 15
    assert config.errors[0].message.startswith("The file is larger than 64 kB")


@pytest.mark.parametrize(
    "text",
    [
        "a=" + "[" * 60_000,
        "a=" + "{a=" * 20_000,
        "max_comments=" + "1" * 60_000,
        ".".join("a" * 32_000) + "=1",
        "[" + ".".join("a" * 32_000) + "]",
        "\n".join(f"key{number} = 1" for number in range(5_000)),
        "ünï = 1\n'\u202e' = 2",
        "\x00",
        "\ud800",
        "mode = []\nselect = {}\nendpoint = 3\ncontext = 1\n[[budget]]\n",
    ],
    ids=["arrays", "tables", "number", "key", "header", "keys", "unicode", "nul", "surrogate", "shapes"],
)
def test_hostile_files_cost_little_and_never_raise(text: str) -> None:
    started = time.process_time()
    config = parse(text)

    assert time.process_time() - started < 2.0
    assert 1 <= len(config.errors) <= 20
    assert config.max_comments == 15


@settings(deadline=None)
@given(st.text(alphabet="abfail_on=[]{}\"'\n.# 1", max_size=60))
def test_no_text_raises_and_every_error_has_a_line_in_it(text: str) -> None:
    for error in parse(text).errors:
        assert 1 <= error.line <= text.count("\n") + 1


def test_blocking_needs_gate_severity_confidence_and_mode() -> None:
    config = parse("mode = { FP2 = 'advise' }\n[[endpoint]]\nmatch = '/internal/*'\nmode = 'observe'\n")

    assert config.blocks(finding(severity=Severity.HIGH))
    assert not config.blocks(finding(severity=Severity.MEDIUM))
    assert not config.blocks(finding(gates=False))
    assert not config.blocks(finding(confidence=Confidence.POSSIBLE))
    assert not config.blocks(finding(code="FP201"))
    assert not config.blocks(finding(endpoint=EndpointRef("GET", "/internal/x")))
    assert not parse("fail_on = 'never'").blocks(finding(severity=Severity.CRITICAL))
    assert parse("fail_on = 'medium'").blocks(finding(severity=Severity.MEDIUM))


def test_a_finding_that_a_gated_endpoint_reaches_too_is_gated() -> None:
    config = parse("[[endpoint]]\nmatch = '/internal/*'\nmode = 'observe'\nseverity_cap = 'low'\n")
    inside, outside = EndpointRef("GET", "/internal/x"), EndpointRef("GET", "/orders")
    shared = finding(endpoint=inside, endpoints=(inside, outside))

    assert config.mode_for(shared) == "gate"
    assert config.capped(shared).severity == Severity.HIGH
    assert config.capped(finding(endpoint=inside)).severity == Severity.LOW


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.py", "deep/a.py", True),
        ("/*.py", "deep/a.py", False),
        ("vendor/", "src/vendor/x/a.py", True),
        ("vendor/", "src/vendor", False),
        ("vendor", "src/vendor", True),
        ("src/vendor", "other/src/vendor/a.py", False),
        ("a/**", "a/b/c.py", True),
        ("a/**", "a", False),
        ("a/**/c.py", "a/c.py", True),
        ("a/**/c.py", "a/x/y/c.py", True),
        ("**/c.py", "c.py", True),
        ("a*b", "a/b", False),
        ("[!a].py", "b.py", True),
        ("**", "x/y", True),
        ("", "x", False),
        ("/", "x", False),
    ],
)
def test_globs_read_as_in_gitignore(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(["**", "*", "a", "*a*", "b?"]), min_size=1, max_size=5),
    st.sampled_from([("", ""), ("/", ""), ("", "/"), ("/", "/")]),
    st.lists(st.lists(st.sampled_from(["a", "b", "ba"]), min_size=1, max_size=6), min_size=1, max_size=8),
)
def test_globs_agree_with_git(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str], edges: tuple[str, str], paths: list[list[str]]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "globs"
    if not folder.exists():
        subprocess.run(["git", "init", "-q", str(folder)], check=True, timeout=20)
    pattern = f"{edges[0]}{'/'.join(parts)}{edges[1]}"
    (folder / ".gitignore").write_text(pattern + "\n")
    names = sorted({"/".join(path) for path in paths})
    shown = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=folder, input="\n".join(names), capture_output=True, text=True, timeout=20,
    ).stdout.split()  # fmt: skip

    assert [name for name in names if matches(pattern, name)] == shown


def test_a_glob_of_many_stars_costs_little() -> None:
    started = time.process_time()
    for _ in range(50):
        matches("*a" * 40 + "b", "a" * 240)
        matches("/".join(["**"] * 100), "/".join("a" * 100) + "_")
    assert time.process_time() - started < 2.0


def test_the_last_pattern_decides() -> None:
    assert excluded(("gen/", "!gen/keep.py"), "gen/other.py")
    assert not excluded(("gen/", "!gen/keep.py"), "gen/keep.py")


def test_vendored_and_generated_files_are_left_out_by_default() -> None:
    config = parse(
        "exclude = ['!kept_pb2.py']",
        **{
            ".gitattributes": "*.gen.py linguist-generated\nlib/** linguist-vendored=true\nlib/own.py -linguist-vendored\n"
        },
    )

    left_out = ["a_pb2.py", "x/node_modules/y.py", "api.gen.py", "lib/z.py"]
    assert config.select_paths([*left_out, "kept_pb2.py", "lib/own.py", "app/api.py"]) == (
        "kept_pb2.py", "lib/own.py", "app/api.py",
    )  # fmt: skip


def test_attributes_are_read_in_order() -> None:
    text = "# c\na linguist-generated=false\nb text linguist-generated\n[attr]x linguist-generated\n"

    assert generated_patterns(text) == ("!a", "b")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"# @generated by protoc\n", True),
        (b"#!/usr/bin/env python\n# Code generated by x. DO NOT EDIT.\nimport a\n", True),
        (b"import a\n# @generated\n", False),
        (b'"""Do not edit the orders here."""\n', True),
        (b"", False),
    ],
)
def test_a_header_tells_generated_files(source: bytes, expected: bool) -> None:
    assert says_generated(source) is expected


def test_the_published_schema_is_fresh() -> None:
    assert schema.main(["--check"]) == 0


def test_the_schema_takes_what_we_take_and_refuses_what_we_refuse() -> None:
    validator = jsonschema_rs.validator_for(json.loads(schema.FILE.read_text()))

    assert validator.is_valid({"fail_on": "never", "mode": {"FP1": "observe"}, "context": {"workers": 2}})
    for wrong in (
        {"fial_on": "low"},
        {"max_comments": "3"},
        {"severity": {"FP101": "bad"}},
        {"context": {"x": 1}},
    ):
        assert not validator.is_valid(wrong)


def test_every_key_is_described_in_the_schema_and_the_guide() -> None:
    document = schema.schema()
    guide = (Path(schema.FILE).parent / "configuration.md").read_text()
    for key, entry in document["properties"].items():
        assert entry.get("description"), key
        assert f"`{key}`" in guide or f"[{key}]" in guide, key


def test_a_configuration_travels_as_json() -> None:
    config = parse("mode = {FP1='observe'}\nx = 1\n[context]\nrps = 2\n[[endpoint]]\nmatch='a'\n")

    assert msgspec.json.decode(msgspec.json.encode(config), type=Config) == config


def test_rules_that_exist_are_known_without_being_told() -> None:
    config = Config.parse({".github/fastperf.toml": "ignore = ['FP101', 'FP001', 'FP6', 'FP999']\n"})

    assert config.ignore == ("FP101", "FP001", "FP6")
    assert [error.message for error in config.errors] == ["`ignore`: there is no rule `FP999`."]


PARTS = {
    "pyproject.toml": 'tool.fastperf.exclude = ["old/"]\n[tool.ruff.lint]\nselect = ["ASYNC"]\n',
    "apps/pyproject.toml": '[tool.fastperf]\nfail_on = "low"\nexclude = ["scripts/", "/gen/*.py"]\n',
    "apps/shop/.github/fastperf.toml": 'ignore = ["FP1"]\nblocking = ["shop.io.read:disk"]\n',
    "apps/plain/pyproject.toml": '[project]\nname = "fastperf-plugin"\n',
    "linted/ruff.toml": 'lint.select = ["E"]\n',
}


@pytest.mark.parametrize(
    ("path", "source", "fail_on"),
    [
        ("main.py", "pyproject.toml", "high"),
        ("apps/main.py", "apps/pyproject.toml", "low"),
        ("apps/plain/main.py", "apps/pyproject.toml", "low"),
        ("apps/shop/a/main.py", "apps/shop/.github/fastperf.toml", "high"),
        ("apps2/main.py", "pyproject.toml", "high"),
    ],
)
def test_the_configuration_nearest_above_a_file_holds_whole(path: str, source: str, fail_on: str) -> None:
    config = Config.parse(PARTS, codes=CODES)

    assert (config.at(path).source, config.at(path).fail_on) == (source, fail_on)
    assert not config.errors


def test_what_the_analysis_asks_follows_the_file() -> None:
    options = Config.parse(PARTS, codes=CODES).options()

    assert options.at("apps/main.py").wants("FP101")
    assert not options.at("apps/shop/main.py").wants("FP101")
    assert options.blocking == ("shop.io.read:disk",)
    assert options.at("main.py").linter.reports
    assert not options.at("linted/main.py").linter.reports


@pytest.mark.parametrize(
    ("path", "left_out"),
    [
        ("apps/scripts/a.py", True),
        ("apps/x/scripts/a.py", True),
        ("apps/gen/a.py", True),
        ("apps/x/gen/a.py", False),
        ("scripts/a.py", False),
        ("apps/old/a.py", True),
        ("apps/shop/scripts/a.py", False),
    ],
)
def test_exclusions_of_a_folder_count_from_there_and_add_to_the_repositorys(
    path: str, left_out: bool
) -> None:
    assert Config.parse(PARTS, codes=CODES).excludes(path) is left_out


def test_a_folders_name_is_no_pattern() -> None:
    config = Config.parse({"a[b]*/pyproject.toml": '[tool.fastperf]\nexclude = ["x.py"]\n'}, codes=CODES)

    assert config.excludes("a[b]*/x.py")
    assert not config.excludes("ab/x.py")


def test_organisation_defaults_lie_below_each_folder_and_their_mistakes_are_said_once() -> None:
    config = Config.parse(
        {"a/pyproject.toml": "[tool.fastperf]\nmax_comments = 3\n"},
        'fail_on = "low"\nfial = 1\n',
        codes=CODES,
    )

    assert config.at("a/main.py").fail_on == "low"
    assert config.max_comments == 15
    assert [(error.path, error.line) for error in config.errors] == [
        (ORGANISATION, 2),
        ("a/pyproject.toml", 2),
    ]


def test_many_folders_are_bounded() -> None:
    many = {f"p{number:04}/pyproject.toml": "[tool.fastperf]\n" for number in range(300)}

    config = Config.parse(many, codes=CODES)

    assert len(config.parts) == 200
    assert [error.path for error in config.errors] == ["p0200/pyproject.toml"]


def test_rules_newer_than_the_pinned_rule_set_only_observe(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = next(rule for rule in registry.rules() if rule.code == "FP101")
    monkeypatch.setattr(type(rule), "since", "0.3")
    releases._since.cache_clear()
    try:
        assert parse('ruleset = "0.2"').mode_of("FP101") == "observe"
        assert parse('ruleset = "0.3"').mode_of("FP101") == "gate"
        assert parse('ruleset = "0.2"\nmode = { FP101 = "gate" }').mode_of("FP101") == "gate"
        assert parse('ruleset = "0.2"').mode_of("FP102") == "gate"
        assert [releases.is_new("FP101", None, current=release) for release in ("0.3.1", "0.4.0")] == [
            True,
            False,
        ]
    finally:
        releases._since.cache_clear()


def test_a_pin_is_a_release() -> None:
    (error,) = parse('ruleset = "newest"').errors

    assert error.message.startswith("`ruleset`: ")


def test_the_rule_set_is_of_this_release_and_no_rule_of_a_later_one() -> None:
    def numbers(release: str) -> list[int]:
        return [int(part) for part in release.split(".")[:2]]

    assert numbers(registry.RELEASE) == numbers(version())
    assert all(numbers(rule.since) <= numbers(registry.RELEASE) for rule in registry.rules())
