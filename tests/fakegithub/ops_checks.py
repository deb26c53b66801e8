"""Check runs and check suites."""

from __future__ import annotations

from typing import Any

from . import rules
from .call import Call, Reply, commit_of, operation
from .errors import ApiError, not_found, validation
from .state import App, CheckRun, CheckSuite, Repo, State

PER_NAME = 1000


def suite_for(state: State, repo: Repo, app: App, sha: str, *, before: str | None = None) -> CheckSuite:
    """The app's suite on a commit, made when it is new. Branches of forks are not seen."""
    found = next((s for s in repo.check_suites if s.app is app and s.head_sha == sha), None)
    if found is None:
        branch = next((ref for ref, tip in repo.git.refs().items() if tip == sha), None)
        now = state.now()
        found = CheckSuite(
            id=state.next_id(),
            repo=repo,
            app=app,
            head_sha=sha,
            head_branch=branch.removeprefix("refs/heads/") if branch else None,
            before=before,
            after=sha,
            created_at=now,
            updated_at=now,
        )
        repo.check_suites.append(state.remember(found))
    return found


def add_run(
    state: State, repo: Repo, app: App, *, name: str, head_sha: str, details_url: str, values: dict[str, Any]
) -> CheckRun:
    run = CheckRun(
        id=state.next_id(),
        repo=repo,
        suite=suite_for(state, repo, app, head_sha),
        name=name,
        head_sha=head_sha,
        status="queued",
        conclusion=None,
        started_at=state.now(),
        completed_at=None,
        details_url=details_url,
        external_id="",
        output={},
        annotations=[],
        actions=[],
    )
    change_run(state, run, values)
    repo.check_runs.append(state.remember(run))
    same = [other for other in run.suite.runs if other.name == name]
    for old in same[: max(0, len(same) - PER_NAME)]:
        repo.check_runs.remove(old)
    return run


def change_run(state: State, run: CheckRun, values: dict[str, Any]) -> None:
    """The state machine of a run: a conclusion or a completion time completes it; annotations are appended."""
    status, conclusion = values.get("status"), values.get("conclusion")
    if conclusion == "stale":
        raise ApiError(422, 'Invalid request.\n\n"stale" is not a member of the settable conclusions.')
    if (status == "completed" or "completed_at" in values) and conclusion is None and run.conclusion is None:
        raise validation("CheckRun", "conclusion", "missing_field")
    output = values.get("output")
    if output:
        rules.output_bytes(output)
        rules.check_annotations(output.get("annotations", []))
    for name in ("details_url", "external_id", "name"):
        if name in values:
            setattr(run, name, values[name])
    run.started_at = values.get("started_at", run.started_at)
    if "actions" in values:
        run.actions = values["actions"]
    if output:
        run.annotations += output.get("annotations", [])
        run.output.update({key: value for key, value in output.items() if key != "annotations"})
    if conclusion is not None or "completed_at" in values or status == "completed":
        run.status = "completed"
        run.conclusion = conclusion or run.conclusion
        run.completed_at = values.get("completed_at") or state.now()
        run.started_at = run.started_at or state.now()
        run.suite.requeued = False
    elif status is not None:
        # Back from completed: the run is open again.
        run.status, run.conclusion, run.completed_at = status, None, None
        if status == "in_progress":
            run.started_at = run.started_at or state.now()
    run.suite.updated_at = state.now()


def _run(call: Call) -> CheckRun:
    run = call.repo.run(call.number("check_run_id"))
    if run is None:
        raise not_found()
    return run


def _own(call: Call) -> CheckRun:
    run = _run(call)
    if run.app is not call.world.app:
        raise ApiError(
            403, "Invalid app_id `" + str(call.world.app.id) + "` - check run can only be modified by its app"
        )
    return run


@operation("checks/create")
def create(call: Call) -> Reply:
    sha = call.body["head_sha"]
    if call.repo.git.commit_info(sha) is None:
        raise ApiError(422, f"No commit found for SHA: {sha}")
    run = add_run(
        call.state,
        call.repo,
        call.world.app,
        name=call.body["name"],
        head_sha=sha,
        details_url="https://fastperf.example",
        values=call.body,
    )
    call.emit("check_run", "created", check_run=run, only_owner_of_check=True)
    if run.status == "completed":
        call.emit("check_run", "completed", check_run=run, only_owner_of_check=True)
    return Reply(call.render.check_run(run), 201)


@operation("checks/update")
def update(call: Call) -> Reply:
    run = _own(call)
    was = run.status
    change_run(call.state, run, call.body)
    if run.status == "completed" and was != "completed":
        call.emit("check_run", "completed", check_run=run, only_owner_of_check=True)
    return Reply(call.render.check_run(run))


@operation("checks/get")
def get(call: Call) -> Reply:
    return Reply(call.render.check_run(_run(call)))


@operation("checks/list-annotations")
def list_annotations(call: Call) -> Reply:
    run = _run(call)
    body, headers = call.page([call.render.annotation(run, item) for item in run.annotations])
    return Reply(body, headers=headers)


def _filtered(call: Call, runs: list[CheckRun]) -> Reply:
    name, status, app = call.query.get("check_name"), call.query.get("status"), call.query.get("app_id")
    runs = [
        run
        for run in runs
        if (name is None or run.name == name)
        and (status is None or run.status == status)
        and (app is None or run.app.id == int(app))
    ]
    if call.query.get("filter", "latest") == "latest":
        runs = list({(run.app.id, run.name): run for run in runs}.values())
    body, headers = call.page([call.render.check_run(run) for run in reversed(runs)], wrap="check_runs")
    return Reply(body, headers=headers)


@operation("checks/list-for-ref")
def list_for_ref(call: Call) -> Reply:
    sha = commit_of(call.repo, call.path["ref"])
    return _filtered(call, [run for run in call.repo.check_runs if run.head_sha == sha])


@operation("checks/list-for-suite")
def list_for_suite(call: Call) -> Reply:
    return _filtered(call, _suite(call).runs)


@operation("checks/rerequest-run")
def rerequest_run(call: Call) -> Reply:
    run = _own(call)
    run.suite.requeued = True
    call.emit("check_run", "rerequested", check_run=run, only_owner_of_check=True)
    return Reply({}, 201)


def _suite(call: Call) -> CheckSuite:
    identity = call.number("check_suite_id")
    found = next((suite for suite in call.repo.check_suites if suite.id == identity), None)
    if found is None:
        raise not_found()
    return found


@operation("checks/create-suite")
def create_suite(call: Call) -> Reply:
    sha = call.body["head_sha"]
    if call.repo.git.commit_info(sha) is None:
        raise ApiError(422, f"No commit found for SHA: {sha}")
    known = any(s.head_sha == sha and s.app is call.world.app for s in call.repo.check_suites)
    suite = suite_for(call.state, call.repo, call.world.app, sha)
    return Reply(call.render.check_suite(suite), 200 if known else 201)


@operation("checks/get-suite")
def get_suite(call: Call) -> Reply:
    return Reply(call.render.check_suite(_suite(call)))


@operation("checks/list-suites-for-ref")
def list_suites(call: Call) -> Reply:
    sha = commit_of(call.repo, call.path["ref"])
    app, name = call.query.get("app_id"), call.query.get("check_name")
    suites = [
        suite
        for suite in call.repo.check_suites
        if suite.head_sha == sha
        and (app is None or suite.app.id == int(app))
        and (name is None or any(run.name == name for run in suite.runs))
    ]
    body, headers = call.page([call.render.check_suite(suite) for suite in suites], wrap="check_suites")
    return Reply(body, headers=headers)


@operation("checks/rerequest-suite")
def rerequest_suite(call: Call) -> Reply:
    suite = _suite(call)
    suite.requeued = True
    call.emit("check_suite", "rerequested", check_suite=suite, only_owner_of_check=True)
    return Reply({}, 201)
