"""What operators are given: every name in an alert, a panel or the runbook is one that the server knows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from app.web.metrics import Metrics

ROOT = Path(__file__).parents[2]
OPERATIONS = ROOT / "docs" / "operations"
RUNBOOK = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((OPERATIONS / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((OPERATIONS / "dashboard.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]
WORDS = frozenset(
    [
        "histogram_quantile",
        "sum",
        "max",
        "min",
        "count",
        "rate",
        "increase",
        "absent",
        "clamp_min",
        "by",
        "le",
        "or",
        "and",
        "__rate_interval",
    ]
)
_DURATION = re.compile(r"^(\d+[smhd])+$")


def known() -> dict[str, set[str]]:
    """The names that `/metrics` can have, and the labels of each."""
    metrics = Metrics()
    metrics.process("1.0")
    metrics.delivery("push", 202, 0.1)
    metrics.queues({"reviews": 1})
    metrics.oldest("reviews", 1)
    metrics.stage("ask", 0.1)
    metrics.reviewed("success")
    metrics.call(200, "GET", 0.1)
    metrics.points("core", 1)
    metrics.job_event("done")
    metrics.connection_closed("late")
    metrics.lag(0.1)
    names: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            names.setdefault(sample.name, set()).update(sample.labels)
    return names


def is_balanced(query: str) -> bool:
    open_now: list[str] = []
    for character in re.sub(r'"[^"]*"', "", query):
        if character in "([{":
            open_now.append({"(": ")", "[": "]", "{": "}"}[character])
        elif character in ")]}" and (not open_now or open_now.pop() != character):
            return False
    return not open_now


@pytest.mark.parametrize("query", [*(rule["expr"] for rule in ALERTS), *QUERIES])
def test_every_query_asks_for_what_there_is(query: str) -> None:
    names = known()
    assert is_balanced(query)
    bare = re.sub(r'"[^"]*"', "", query)
    labels = {label for inside in re.findall(r"\{([^}]*)\}", bare) for label in re.findall(r"\w+", inside)}
    grouped = {
        label for inside in re.findall(r"by \(([^)]*)\)", bare) for label in re.findall(r"\w+", inside)
    }
    outside = re.sub(r"\{[^}]*\}|\[[^\]]*\]|by \([^)]*\)", " ", bare)
    used = set(re.findall(r"[A-Za-z_]\w*", outside)) - WORDS
    assert used, "it asks for nothing"
    assert used <= names.keys(), used - names.keys()
    possible = set().union(*(names[name] for name in used))
    assert labels | grouped <= possible | {"instance"}, query
    for window in re.findall(r"\[([^\]]*)\]", bare):
        assert window == "$__rate_interval" or _DURATION.match(window), window
    for name in re.findall(r"(?:rate|increase)\((\w+)", bare):
        assert name.endswith(("_total", "_bucket", "_sum", "_count")), f"{name} is no counter"


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert re.fullmatch(r"Fastperf[A-Z]\w+", rule["alert"])
    assert _DURATION.match(rule["for"])
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"].endswith(".")
    file, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert (ROOT / file).is_file()
    assert anchor in anchors()


def anchors() -> set[str]:
    titles = re.findall(r"(?m)^#+ (.+)$", RUNBOOK)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_no_alert_is_there_twice_and_every_incident_has_its_signs() -> None:
    names = [rule["alert"] for rule in ALERTS]
    assert len(set(names)) == len(names)
    assert set(names) <= set(re.findall(r"`(Fastperf\w+)`", RUNBOOK))
    incidents = re.findall(r"(?m)^### (.+)$", RUNBOOK)
    assert len(incidents) >= 10
    for part in re.split(r"(?m)^### ", RUNBOOK)[1:]:
        for word in ("**Signs.**", "**Look.**", "**Do.**"):
            assert word in part, part.splitlines()[0]


def test_the_runbook_names_metrics_settings_and_commands_that_there_are() -> None:
    names = known()
    stems = {re.sub(r"_(bucket|sum|count|created|total)$", "", name) for name in names}
    for name in re.findall(r"`(fastperf_\w+)", RUNBOOK.partition("## Runbook")[2]):
        assert name in names or name in stems, name
    settings = (ROOT / "app" / "settings.py").read_text() + (ROOT / "docs" / "self-hosting.md").read_text()
    for name in re.findall(r"FASTPERF_[A-Z_]+", RUNBOOK):
        assert name in settings, name
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make ([a-z-]+)", RUNBOOK):
        assert f"\n{target}:" in makefile, target
    events = "".join(path.read_text() for path in (ROOT / "app").rglob("*.py"))
    for event in re.findall(r"`event=(\w+)`", RUNBOOK):
        assert f'"{event}"' in events, event


def test_the_dashboard_can_be_imported() -> None:
    identities = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(identities)) == len(identities)
    assert DASHBOARD["templating"]["list"][0]["type"] == "datasource"
    for panel in PANELS:
        assert panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        assert [target["refId"] for target in panel["targets"]] == [
            chr(65 + number) for number in range(len(panel["targets"]))
        ]
        for target in panel["targets"]:
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                assert label == "instance" or label in target["expr"], panel["title"]


def test_every_metric_of_ours_is_on_the_dashboard() -> None:
    shown = " ".join(QUERIES)
    stems = {
        re.sub(r"_(bucket|sum|count|created)$", "", name) for name in known() if name.startswith("fastperf_")
    }
    stems = {stem for stem in stems if not (stem.endswith("_created") or f"{stem}_total" in stems)}
    assert {stem for stem in stems if stem.removesuffix("_total") not in shown} == set()
