"""GraphQL: check suites and runs."""

from __future__ import annotations

from .gql_fields import JSON, Context, GitObject, connection, field
from .state import CheckRun, CheckSuite


@field("Commit", "checkSuites")
def _suites(context: Context, commit: GitObject, arguments: JSON) -> JSON:
    context.need(commit.repo, "checks")
    wanted = arguments.get("filterBy") or {}
    found = [
        suite
        for suite in commit.repo.check_suites
        if suite.head_sha == commit.oid
        and wanted.get("appId") in (None, suite.app.id)
        and (wanted.get("checkName") is None or any(run.name == wanted["checkName"] for run in suite.runs))
    ]
    return connection(found, arguments)


@field("CheckSuite", "checkRuns")
def _runs(context: Context, suite: CheckSuite, arguments: JSON) -> JSON:
    wanted = arguments.get("filterBy") or {}
    runs = suite.runs if wanted.get("checkType") == "ALL" else suite.latest
    found = [
        run
        for run in runs
        if wanted.get("checkName") in (None, run.name)
        and wanted.get("appId") in (None, run.app.id)
        and wanted.get("status") in (None, run.status.upper())
        and (not wanted.get("statuses") or run.status.upper() in wanted["statuses"])
        and (not wanted.get("conclusions") or (run.conclusion or "").upper() in wanted["conclusions"])
    ]
    return connection(found, arguments)


@field("CheckRun", "status")
@field("CheckSuite", "status")
def _status(context: Context, run: CheckRun | CheckSuite, arguments: JSON) -> str:
    return run.status.upper()


@field("CheckRun", "conclusion")
@field("CheckSuite", "conclusion")
def _conclusion(context: Context, run: CheckRun | CheckSuite, arguments: JSON) -> str | None:
    return run.conclusion.upper() if run.conclusion else None


@field("CheckRun", "title")
def _title(context: Context, run: CheckRun, arguments: JSON) -> str | None:
    return run.output.get("title")


@field("CheckRun", "summary")
def _summary(context: Context, run: CheckRun, arguments: JSON) -> str | None:
    return run.output.get("summary")


@field("CheckRun", "text")
def _run_text(context: Context, run: CheckRun, arguments: JSON) -> str | None:
    return run.output.get("text")


@field("CheckRun", "checkSuite")
def _run_suite(context: Context, run: CheckRun, arguments: JSON) -> CheckSuite:
    return run.suite
