"""Where code runs, and what a call reaches."""

from __future__ import annotations

import ast

import pytest

from rules import Confidence, Severity
from rules.engine.linking.context import Context
from rules.engine.module import Module, Role
from tests.engine.projects import call, function, lines, marked, module, one, only, project

HEAD = """
    import asyncio, time, functools, requests
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
    from fastapi import BackgroundTasks, Depends, FastAPI, WebSocket
    from fastapi.concurrency import run_in_threadpool
    from fastapi.responses import StreamingResponse

    app = FastAPI()
"""


def test_endpoints_dependencies_and_middleware_run_where_fastapi_runs_them() -> None:
    text = (
        HEAD
        + """
    def sync_dependency():
        time.sleep(1)

    async def async_dependency():
        time.sleep(1)  # FP101

    def sync_yield():
        time.sleep(1)
        yield 1

    @app.get("/async", dependencies=[Depends(sync_yield)])
    async def endpoint(a=Depends(sync_dependency), b=Depends(async_dependency)):
        time.sleep(1)  # FP101

    @app.get("/sync")
    def sync_endpoint():
        time.sleep(1)

    @app.websocket("/ws")
    async def socket(ws: WebSocket):
        time.sleep(1)  # FP101

    @app.middleware("http")
    async def timing(request, call_next):
        time.sleep(1)  # FP101
        return await call_next(request)

    @app.exception_handler(ValueError)
    async def on_error(request, error):
        time.sleep(1)  # FP101

    @app.on_event("startup")
    async def start():
        time.sleep(1)
    """
    )
    analysis = one(text)

    assert lines(analysis) == marked(text)
    assert all(f.gates for f in analysis.result.findings)
    severities = {f.symbol: f.severity for f in analysis.result.findings}
    assert severities.pop("on_error") is Severity.HIGH
    assert set(severities.values()) == {Severity.CRITICAL}


def test_what_is_offloaded_does_not_run_on_the_loop() -> None:
    text = (
        HEAD
        + """
    pool = ThreadPoolExecutor()
    workers = ProcessPoolExecutor()

    @app.get("/")
    async def endpoint(tasks: BackgroundTasks):
        await asyncio.to_thread(time.sleep, 1)
        await run_in_threadpool(lambda: time.sleep(1))
        await asyncio.get_running_loop().run_in_executor(None, functools.partial(time.sleep, 1))
        pool.submit(lambda: time.sleep(1))

        def nested():
            time.sleep(1)

        await run_in_threadpool(nested)
        tasks.add_task(nested)
        callback = lambda: time.sleep(1)
        await asyncio.to_thread(time.sleep(1))  # FP101
        return StreamingResponse(chunks())

    def chunks():
        for n in range(3):
            time.sleep(1)
            yield n
    """
    )
    assert lines(one(text)) == marked(text)


CONTEXTS = (
    HEAD
    + """
    import celery
    pool = ThreadPoolExecutor()
    workers = ProcessPoolExecutor()
    queue = celery.Celery()

    def on_loop(): a()
    def in_thread(): b()
    def in_process(): c()
    def later(): d()
    async def later_async(): e()
    def referenced(): ...
    def streamed(): yield 1
    async def streamed_async(): yield 1
    def deep(): deeper()
    def deeper(): deep(); f()
    def lazily(): yield g()
    def eagerly(): yield h()

    class Client:
        def __init__(self): ...
        @property
        def name(self): ...
        def send(self): ...
        def unused(self): ...
        def __call__(self): ...

    @queue.task
    def job(): helper_of_job()
    def helper_of_job(): ...

    @app.get("/")
    async def endpoint(tasks: BackgroundTasks):
        on_loop()
        await asyncio.to_thread(in_thread)
        await asyncio.get_running_loop().run_in_executor(workers, in_process)
        tasks.add_task(later)
        tasks.add_task(later_async)
        x = [referenced]
        deep()
        lazily()
        for _ in eagerly(): ...
        client = Client()
        client.name
        client.send()
        client()
        StreamingResponse(streamed())
        return StreamingResponse(streamed_async())

    @app.get("/sync")
    def sync_endpoint():
        on_loop()

    def module_code(): ...
    module_code()
    """
)


@pytest.mark.parametrize(
    ("name", "contexts"),
    [
        ("on_loop", {Context.LOOP, Context.THREAD}),
        ("in_thread", {Context.THREAD}),
        ("in_process", {Context.PROCESS}),
        ("later", {Context.THREAD, Context.BACKGROUND}),
        ("later_async", {Context.LOOP, Context.BACKGROUND}),
        ("referenced", {Context.UNKNOWN}),
        ("streamed", {Context.THREAD}),
        ("streamed_async", {Context.LOOP}),
        ("deep", {Context.LOOP}),
        ("deeper", {Context.LOOP}),
        ("lazily", {Context.UNKNOWN}),
        ("eagerly", {Context.LOOP}),
        ("__init__", {Context.LOOP}),
        ("name", {Context.LOOP}),
        ("send", {Context.LOOP}),
        ("unused", {Context.UNKNOWN}),
        ("__call__", {Context.LOOP}),
        ("job", {Context.TASK}),
        ("helper_of_job", {Context.TASK}),
        ("module_code", {Context.STARTUP}),
    ],
)
def test_contexts_follow_calls(name: str, contexts: set[Context]) -> None:
    found = module({"app.py": CONTEXTS}, "app.py")

    assert found.contexts(function(found, name)) == contexts


def test_an_unreached_coroutine_is_reported_lower_and_does_not_gate() -> None:
    finding = only(one("import time\n\nasync def lonely():\n    time.sleep(1)"))

    assert (finding.severity, finding.gates, finding.confidence) == (
        Severity.MEDIUM,
        False,
        Confidence.LIKELY,
    )
    assert finding.endpoint is None


@pytest.mark.parametrize(
    "text",
    [
        "async def main():\n    time.sleep(1)\nif __name__ == '__main__':\n    asyncio.run(main())",
        "async def main():\n    await inner()\nasync def inner():\n    time.sleep(1)\ndef start():\n    asyncio.run(main())\nif __name__ == '__main__':\n    start()",
        "asyncio.run(main())\nasync def main():\n    time.sleep(1)",
        "import typer\ncli = typer.Typer()\n@cli.command()\ndef run():\n    asyncio.run(main())\nasync def main():\n    time.sleep(1)",
        "from contextlib import asynccontextmanager\nfrom fastapi import FastAPI\n@asynccontextmanager\nasync def lifespan(app):\n    time.sleep(1)\n    yield\napp = FastAPI(lifespan=lifespan)",
        "import uvicorn\nclass Server:\n    async def start(self):\n        time.sleep(1)\n        prepare()\n        await uvicorn.Server(1).serve()\ndef prepare():\n    time.sleep(1)\nasync def main():\n    time.sleep(1)\n    await Server().start()",
    ],
)
def test_scripts_commands_and_start_up_are_silent(text: str) -> None:
    assert lines(one(f"import asyncio, time\n{text}")) == []


def test_a_script_function_that_an_endpoint_uses_too_is_reported() -> None:
    text = (
        HEAD
        + """
    @app.get("/")
    async def endpoint():
        await work()

    async def work():
        time.sleep(1)  # FP101

    if __name__ == "__main__":
        asyncio.run(work())
    """
    )
    assert lines(one(text)) == marked(text)


@pytest.mark.parametrize(
    "path",
    [
        "tests/test_api.py",
        "shop/tests/helpers.py",
        "test_api.py",
        "conftest.py",
        "alembic/versions/1_init.py",
        "migrations/env.py",
        "database/revisions/tenant/versions/2023-01-30_e4b4991dddcd.py",
        "versions/20230130_e4b4991dddcd_add_roles.py",
    ],
)
def test_tests_and_migrations_are_silent(path: str) -> None:
    assert lines(project({path: "import time\nasync def f():\n    time.sleep(1)"}), path) == []


def test_helpers_are_summarised_across_files_with_the_shortest_way() -> None:
    files = {
        "shop/__init__.py": "",
        "shop/api.py": """
            from fastapi import FastAPI
            from shop import shipping

            app = FastAPI()

            @app.get("/orders/{id}/tracking")
            async def tracking(id: int):
                return shipping.status(id)
        """,
        "shop/shipping.py": """
            from shop.carrier import Carrier

            carrier = Carrier()

            def status(number):
                detour(number)
                return carrier.lookup(number)

            def detour(number):
                return further(number)

            def further(number):
                return carrier.lookup(number)
        """,
        "shop/carrier.py": """
            import requests

            class Carrier:
                def __init__(self):
                    self.session = requests.Session()

                def lookup(self, number):
                    return self.session.get(number)
        """,
    }
    found = module(files, "shop/api.py")
    summary = found.summary(call(found, "shipping.status"))

    assert summary is not None
    (leaf,) = summary.blocking
    assert leaf.callable == "requests.Session.get"
    assert leaf.kind == "net"
    assert [(hop.path, hop.line, hop.symbol) for hop in leaf.path] == [
        ("shop/shipping.py", 7, "Carrier.lookup"),
        ("shop/carrier.py", 8, "requests.Session.get"),
    ]
    carrier = module(files, "shop/carrier.py")
    (endpoint,) = carrier.endpoints(call(carrier, "self.session.get"))
    assert str(endpoint) == "GET /orders/{id}/tracking"


def test_recursive_helpers_have_summaries() -> None:
    found = module(
        {
            "app.py": """
            import time
            def odd(n):
                return even(n - 1)
            def even(n):
                time.sleep(1)
                return odd(n - 1)
            async def run(n):
                odd(n)
            """
        },
        "app.py",
    )
    (async_call,) = [found_ for found_ in _calls(found, "odd") if found.function_of(found_).name == "run"]  # type: ignore[union-attr]  # both are in functions
    summary = found.summary(async_call)

    assert summary is not None
    assert [leaf.callable for leaf in summary.blocking] == ["time.sleep"]
    assert [hop.line for hop in summary.blocking[0].path] == [3, 5]


def test_an_asynchronous_helper_does_not_hand_its_blocking_on() -> None:
    found = module(
        {
            "app.py": "import time\nasync def inner():\n    time.sleep(1)\nasync def outer():\n    await inner()\n"
        },
        "app.py",
    )
    summary = found.summary(call(found, "inner"))

    assert summary is not None
    assert summary.is_async
    assert summary.blocking == ()


def test_roles_and_the_request_path() -> None:
    text = (
        HEAD
        + """
    def provide(): helper()
    def helper(): ...
    def stray(): ...

    @app.get("/")
    async def endpoint(x=Depends(provide), tasks: BackgroundTasks = None):
        tasks.add_task(send)

    def send(): ...
    """
    )
    found = module({"app.py": text}, "app.py")

    assert found.role(function(found, "endpoint")) is Role.ENDPOINT
    assert found.role(function(found, "provide")) is Role.DEPENDENCY
    assert found.role(function(found, "send")) is Role.BACKGROUND
    assert found.role(function(found, "helper")) is None
    reached = {
        name: found.in_request_path(function(found, name)) for name in ("provide", "helper", "send", "stray")
    }
    assert reached == {"provide": True, "helper": True, "send": True, "stray": False}


def _calls(found: Module, name: str) -> list[ast.Call]:

    return [n for n in ast.walk(found.tree) if isinstance(n, ast.Call) and found.segment(n.func) == name]


def test_a_module_among_api_versions_is_no_migration() -> None:
    path = "api/versions/orders_v2.py"

    assert lines(project({path: "import time\nasync def f():\n    time.sleep(1)"}), path) == [3]


def test_what_a_server_starts_beside_serving_runs_on_its_loop() -> None:
    text = """
    import asyncio, time, uvicorn

    async def watch():
        time.sleep(1)  # FP101

    async def start():
        time.sleep(1)
        task = asyncio.create_task(watch())
        await uvicorn.Server(1).serve()
        await task
    """

    assert lines(one(text)) == marked(text)


QUEUES = {
    "celery": "from celery import Celery\nq = Celery()\n@q.task\ndef job():\n    helper()",
    "celery, shared": "from celery import shared_task\n@shared_task(bind=True)\ndef job(self):\n    helper()",
    "dramatiq": "import dramatiq\n@dramatiq.actor(max_retries=1)\ndef job():\n    helper()",
    "taskiq": "from taskiq import InMemoryBroker\nbroker = InMemoryBroker()\n@broker.task\nasync def job():\n    helper()",
    "huey": "from huey import RedisHuey\nhuey = RedisHuey()\n@huey.task()\ndef job():\n    helper()",
    "arq": "async def job(ctx):\n    helper()\nclass WorkerSettings:\n    functions = [job]",
    "rq": "from rq import Queue\nq = Queue()\ndef job():\n    helper()\ndef ask():\n    q.enqueue(job)",
}


@pytest.mark.parametrize("name", QUEUES)
def test_the_bodies_of_jobs_run_in_their_worker(name: str) -> None:
    found = module({"app.py": QUEUES[name] + "\ndef helper(): ...\n"}, "app.py")

    assert Context.TASK in found.contexts(function(found, "job"))
    assert Context.TASK in found.contexts(function(found, "helper"))


def test_what_only_scripts_import_is_a_script() -> None:
    files = {
        "shop/main.py": "import time\nfrom fastapi import FastAPI\nfrom shop.kept import used\napp = FastAPI()\n",
        "shop/kept.py": "import time\nasync def used():\n    time.sleep(1)\nif __name__ == '__main__':\n    print(1)\n",
        "scripts/run.py": "import part\npart.go()\n",
        "scripts/part.py": "import time\nasync def go():\n    time.sleep(1)\n",
    }
    found = project(files)

    assert [(finding.path, finding.line) for finding in found.result.findings] == [("shop/kept.py", 3)]
