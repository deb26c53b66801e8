"""FastAPI, Starlette, anyio: where callables run."""

from rules.libraries.model import Library, Offload

LIBRARY = Library(
    offloads=(
        Offload("starlette.concurrency.run_in_threadpool", "thread", 0, "func"),
        Offload("starlette.background.BackgroundTasks.add_task", "background", 0, "func", awaitable=False),
        Offload("starlette.background.BackgroundTask", "background", 0, "func", awaitable=False),
        Offload("anyio.to_thread.run_sync", "thread", 0, "func"),
        Offload("anyio.to_process.run_sync", "process", 0, "func"),
        Offload("anyio.from_thread.run", "task", 0, "func", awaitable=False),
        Offload("anyio.abc.TaskGroup.start_soon", "task", 0, "func", awaitable=False),
        Offload("anyio.abc.TaskGroup.start", "task", 0, "func"),
        Offload("anyio.from_thread.BlockingPortal.start_task_soon", "task", 0, "func", awaitable=False),
        Offload("trio.to_thread.run_sync", "thread", 0, "sync_fn"),
        Offload("asyncer.asyncify", "thread", 0, "function", wraps=True),
        Offload("asgiref.sync.sync_to_async", "thread", 0, "func", wraps=True),
        Offload(
            "apscheduler.schedulers.background.BackgroundScheduler.add_job",
            "thread",
            0,
            "func",
            awaitable=False,
        ),
        Offload(
            "apscheduler.schedulers.asyncio.AsyncIOScheduler.add_job", "thread", 0, "func", awaitable=False
        ),
        Offload("apscheduler.AsyncScheduler.add_schedule", "thread", 0, "func_or_task_id"),
        Offload("joblib.delayed", "process", 0, "function", wraps=True, awaitable=False),
    ),
    returns={
        "starlette.background.BackgroundTasks": "starlette.background.BackgroundTasks",
        "anyio.create_task_group": "anyio.abc.TaskGroup",
        "apscheduler.schedulers.background.BackgroundScheduler": "apscheduler.schedulers.background.BackgroundScheduler",
        "apscheduler.AsyncScheduler": "apscheduler.AsyncScheduler",
        "apscheduler.schedulers.asyncio.AsyncIOScheduler": "apscheduler.schedulers.asyncio.AsyncIOScheduler",
    },
    aliases={
        "fastapi.concurrency.run_in_threadpool": "starlette.concurrency.run_in_threadpool",
        "fastapi.BackgroundTasks": "starlette.background.BackgroundTasks",
        "fastapi.background.BackgroundTasks": "starlette.background.BackgroundTasks",
        "asyncer._main.asyncify": "asyncer.asyncify",
    },
    attributes={
        **{
            f"{connection}.{name}": kept
            for connection in (
                "starlette.requests.Request",
                "starlette.requests.HTTPConnection",
                "starlette.websockets.WebSocket",
                "fastapi.Request",
                "fastapi.requests.Request",
                "fastapi.requests.HTTPConnection",
                "fastapi.WebSocket",
                "fastapi.websockets.WebSocket",
            )
            for name, kept in (("app", "fastapi.FastAPI"), ("state", "starlette.datastructures.State"))
        },
        "fastapi.FastAPI.state": "starlette.datastructures.State",
        "starlette.applications.Starlette.state": "starlette.datastructures.State",
    },
)
