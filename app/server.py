"""Puts everything together: routes, start-up in order, drain."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any, Final

import sqlalchemy as sa
import structlog
from aiohttp import web

from app import logs
from app.analysis import Analysis, AnalysisError
from app.connections import IDLE_SECONDS, Connections, attend
from app.database import trouble
from app.github.api import Call
from app.github.app import missing
from app.github.client import GitHub
from app.github.errors import BadPrivateKey, GitHubError
from app.github.manifest import SIGNED_IN, web_url
from app.github.people import SignIn
from app.jobs import Jobs, JobsError
from app.migrations import SchemaError
from app.pinning import AGAIN_SECONDS, FIRST_SECONDS, Pinning
from app.pipeline import Pipeline
from app.place import Place, PlaceTakenError
from app.reportlinks import ReportLinks
from app.settings import Settings, SetupSettings
from app.store import Store
from app.version import version
from app.web import health, pages, reports, rules, setup, signin, status
from app.web.metrics import Metrics, MetricsPage
from app.web.sessions import Cookies
from app.webhook import LARGEST_BODY, Webhook
from rules.engine import registry

log = structlog.get_logger(__name__)

READ_SECONDS: Final = 10.0
"""A delivery that takes longer to arrive is not GitHub's."""
DEPTH_SECONDS: Final = 10.0
LAG_SECONDS: Final = 0.1
"""Between two looks at how late the event loop is."""
PLACE_SECONDS: Final = 10.0
"""How much longer than its drain a process of the same name may need to end."""
MOST_SCRAPES: Final = 20
"""Connections to the metrics port."""
PR_SET_DUMPABLE: Final = 4

JOBS: Final = web.AppKey("jobs", Jobs)
METRICS: Final = web.AppKey("metrics", Metrics)


class StartError(Exception):
    """The server cannot start; the message says why in one line."""


def build(settings: Settings, **jobs_options: Any) -> web.Application:
    """The public application. Starting it starts everything; cleaning it up drains.

    `jobs_options` go to `Jobs` (poll intervals, in tests). Start-up raises StartError.
    """
    metrics = Metrics()
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[attend, _harden])
    app[METRICS] = metrics
    github = GitHub(
        app_id=settings.app_id,
        private_key=settings.private_key,
        api_url=settings.api_url,
        graphql_url=settings.graphql_url,
        on_call=lambda call: _count(metrics, github, call),
        may_write=lambda: jobs.may_speak,
    )
    analysis = Analysis(settings.workers)
    store = Store(settings.database_url)
    place = Place(settings.database_url, settings.machine_id)
    links = ReportLinks(settings.public_url, settings.private_key, days=settings.retention_days)
    pipeline = Pipeline(
        github,
        analysis,
        store,
        metrics,
        public_url=settings.public_url,
        links=links,
        retention_days=settings.retention_days,
        machine_id=settings.machine_id,
    )
    jobs = Jobs(
        pipeline,
        database_url=settings.database_url,
        machine_id=settings.machine_id,
        drain_seconds=settings.drain_seconds,
        retention_days=settings.retention_days,
        on_event=metrics.job_event,
        on_stage=metrics.stage,
        **{"sweep_at_start": True, **jobs_options},
    )
    app[JOBS] = jobs
    pinning = Pinning(github, store, lambda pins: metrics.not_pinned(pins.wrong))

    async def collaborators(_: web.Application) -> AsyncIterator[None]:
        """In the order of their needs; the job engine is last to start and first to stop."""
        async with contextlib.AsyncExitStack() as stack:
            try:
                stack.push_async_callback(place.leave)
                await place.take(settings.drain_seconds + PLACE_SECONDS)
                stack.push_async_callback(store.close)
                await store.start()
                await asyncio.to_thread(metrics.process, version())
                await asyncio.to_thread(registry.cards)  # imports every rule: not while requests wait
                await stack.enter_async_context(github)
                stack.push_async_callback(analysis.close)
                await analysis.start()
                registering = asyncio.create_task(_learn_who_we_are(github))
                stack.push_async_callback(_cancel, registering)
                await asyncio.wait({registering}, timeout=READ_SECONDS)
                stack.push_async_callback(jobs.close)
                await jobs.start()
            except (AnalysisError, JobsError, BadPrivateKey, PlaceTakenError, SchemaError) as error:
                raise StartError(str(error)) from error
            except (sa.exc.SQLAlchemyError, OSError) as error:
                why = error.strerror if isinstance(error, OSError) and error.strerror else trouble(error)
                raise StartError(f"the database cannot be opened: {why.lower()}") from error
            for watching in (
                _watch_jobs(jobs, store, analysis, metrics),
                _watch_loop(metrics),
                _watch_pins(pinning),
            ):
                stack.push_async_callback(_cancel, asyncio.create_task(watching))
            log.info("started", version=version(), machine=settings.machine_id, workers=settings.workers)
            yield
            log.info("draining", seconds=settings.drain_seconds)

    async def can_write() -> bool:
        await store.ping()
        return True

    async def works() -> bool:
        return len(analysis.pids) > 0

    async def accepts() -> bool:
        return jobs.accepting

    async def speaks() -> bool:
        return jobs.may_speak

    ready = health.Ready({"database": can_write, "analysis": works, "queue": accepts, "lease": speaks})
    webhook = Webhook(jobs, settings.webhook_secrets, metrics)
    app.router.add_post("/webhook", webhook.handle)
    app.router.add_get("/livez", health.live)
    app.router.add_get("/readyz", ready.handle)
    checked = setup.Check(
        github, settings.public_url, pinning, port=settings.port, can_sign_in=_sign_in(settings) is not None
    )
    app.router.add_get("/setup", checked.page)
    _add_peoples_pages(app, settings, github, store, links, ready, jobs)
    _add_public_pages(app)
    if settings.metrics_token and settings.metrics_port is None:
        app.router.add_get("/metrics", MetricsPage(metrics, settings.metrics_token).handle)
    app.cleanup_ctx.append(collaborators)
    return app


def _add_peoples_pages(
    app: web.Application,
    settings: Settings,
    github: GitHub,
    store: Store,
    links: ReportLinks,
    ready: health.Ready,
    jobs: Jobs,
) -> None:
    """Pages that show more to those who may see more."""
    cookies = Cookies(settings.private_key, secure=settings.public_url.startswith("https:"))
    visitors = signin.Visitors(github, cookies, _sign_in(settings))
    visitors.routes(app)
    shown = reports.Reports(store, links, visitors, web_url(settings.api_url))
    app.router.add_get("/reviews/{id:[0-9a-f]{32}}", shown.page)
    app.router.add_get("/reviews/{id:[0-9a-f]{32}}/fastperf.patch", shown.patch)
    app.router.add_get("/reviews/{id:[0-9a-f]{32}}/answers/{name:[a-z0-9-]{1,64}}", shown.answer)
    status.Status(
        ready=ready,
        store=store,
        visitors=visitors,
        cookies=cookies,
        depth=jobs.depth,
        budgets=github.budgets,
        operator_token=settings.operator_token,
    ).routes(app)


def _sign_in(settings: Settings) -> SignIn | None:
    """People can sign in where the app has its OAuth credentials, and an address that GitHub can send them back to."""
    if not (settings.client_id and settings.client_secret and settings.public_url):
        return None
    return SignIn(
        web_url=web_url(settings.api_url),
        api_url=settings.api_url,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        redirect_uri=settings.public_url + SIGNED_IN,
    )


def _add_public_pages(app: web.Application) -> None:
    app.router.add_get("/rules", rules.index)
    app.router.add_get("/rules/{code:[A-Za-z0-9-]{1,80}}", rules.rule)
    app.router.add_get("/static/fastperf.css", pages.stylesheet)
    app.router.add_get("/static/fastperf.js", pages.script)


def serve_setup(settings: SetupSettings) -> bool:
    """Serve the setup page until an app is made (True) or somebody ends the process (False).

    The address to open, with its token, goes to standard error: whoever sees the terminal may set up.
    """
    logs.configure(settings.log_level)
    try:
        return asyncio.run(_serve_setup(settings))
    except OSError as error:
        log.critical("start_failed", reason=f"{settings.host}:{settings.port}: {error.strerror}")
        sys.exit(1)


async def _serve_setup(settings: SetupSettings) -> bool:
    setting_up = setup.Setup(settings)
    app = web.Application(middlewares=[attend, _harden])
    app.router.add_get("/livez", health.live)
    app.router.add_get("/readyz", _not_set_up)
    setting_up.routes(app)
    _add_public_pages(app)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=5.0)
    await runner.setup()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    connections = Connections()
    listening: asyncio.Server | None = None
    try:
        listening = await connections.listen(runner, settings.host, settings.port)
        here = settings.public_url or f"http://localhost:{listening.sockets[0].getsockname()[1]}"
        sys.stderr.write(
            f"fastperf has no GitHub App yet. Set it up: {here}/setup?token={setting_up.token}\n"
        )
        ends = [asyncio.create_task(stop.wait()), asyncio.create_task(setting_up.done.wait())]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
        return setting_up.done.is_set()
    finally:
        if listening is not None:
            listening.close()
        await runner.cleanup()


async def _not_set_up(_: web.Request) -> web.Response:
    return web.json_response({"status": "unavailable", "checks": {"setup": False}}, status=503)


def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Ends the process with status 1, and a line that says why, if it cannot start."""
    hide_memory()
    logs.configure(settings.log_level, settings.secrets)
    try:
        asyncio.run(_serve(settings))
    except StartError as error:
        log.critical("start_failed", reason=str(error))
        sys.exit(1)
    except OSError as error:
        log.critical("start_failed", reason=f"{settings.host}:{settings.port}: {error.strerror}")
        sys.exit(1)


async def _serve(settings: Settings) -> None:
    app = build(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(
        app, access_log=None, handle_signals=False, shutdown_timeout=5.0, keepalive_timeout=IDLE_SECONDS
    )
    metrics = web.Application(middlewares=[attend])
    metrics.router.add_get("/metrics", MetricsPage(app[METRICS], settings.metrics_token).handle)
    metrics_runner = web.AppRunner(metrics, access_log=None, shutdown_timeout=1.0)
    listening: list[asyncio.Server] = []
    await runner.setup()
    try:
        connections = Connections(on_closed=app[METRICS].connection_closed)
        listening.append(await connections.listen(runner, settings.host, settings.port))
        if settings.metrics_port is not None:
            await metrics_runner.setup()
            scrapes = Connections(most=MOST_SCRAPES)
            listening.append(
                await scrapes.listen(metrics_runner, settings.metrics_host, settings.metrics_port)
            )
            log.info("metrics_listening", address=_address(listening[1]))
        log.info("listening", address=_address(listening[0]))
        await stop.wait()
    finally:
        for server in listening:
            server.close()
        await metrics_runner.cleanup()
        await runner.cleanup()


def _address(server: asyncio.Server) -> str:
    host, port = server.sockets[0].getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@web.middleware
async def _harden(request: web.Request, handler: Any) -> web.StreamResponse:
    """A body must arrive in time, an error page says nothing about us, and answers are not sniffed."""
    try:
        async with asyncio.timeout(READ_SECONDS + 5):
            response: web.StreamResponse = await handler(request)
    except web.HTTPRedirection as answer:
        answer.headers["Server"] = "fastperf"
        raise
    except web.HTTPException as answer:
        response = await _refusal(request, answer)
        if "Allow" in answer.headers:
            response.headers["Allow"] = answer.headers["Allow"]
    except TimeoutError:
        response = web.json_response({"status": "request timeout"}, status=408)
    except Exception as error:  # around one request: logged, and the next one is served
        if not (
            isinstance(error, ConnectionError) and request.transport is None
        ):  # else nobody is there to answer
            log.exception("request_failed", path=request.path)
        response = web.json_response({"status": "internal error"}, status=500)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Server"] = "fastperf"
    return response


async def _refusal(request: web.Request, answer: web.HTTPException) -> web.Response:
    """A page for people, JSON for programs."""
    if "text/html" in request.headers.get("Accept", "") and request.path != "/webhook":
        return await pages.error(answer.reason, answer.status)
    return web.json_response({"status": answer.reason.lower()}, status=answer.status)


async def _learn_who_we_are(github: GitHub) -> None:
    """The app's own name at GitHub, and a warning for each permission it lacks. Tries until it succeeds."""
    pause = 1.0
    while True:
        try:
            app = await github.app.get()
        except GitHubError as error:
            log.warning("github_not_reached", error=type(error).__name__, status=error.status)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 60.0)
            continue
        github.slug = app.slug
        if github.server.version:
            log.info("enterprise_server", version=github.server.version)
        for lack in missing(app):
            log.warning("app_lacks", lack=lack)
        return


async def _watch_jobs(jobs: Jobs, store: Store, analysis: Analysis, metrics: Metrics) -> None:
    while True:
        try:
            waiting = await jobs.waiting()
            metrics.queues({queue: found.jobs for queue, found in waiting.items()})
            for queue, found in waiting.items():
                metrics.oldest(queue, found.oldest_seconds)
            machines = len(await store.machines())
            metrics.alive(machines=machines, lease=jobs.may_speak, workers=len(analysis.pids))
        except Exception as error:  # a gauge that is late is no reason to stop watching
            metrics.alive(machines=0, lease=jobs.may_speak, workers=len(analysis.pids))
            log.warning("depth_unknown", error=type(error).__name__, reason=trouble(error))
        await asyncio.sleep(DEPTH_SECONDS)


async def _watch_pins(pinning: Pinning) -> None:
    await asyncio.sleep(FIRST_SECONDS)
    while True:
        try:
            await pinning.look()
        except (GitHubError, sa.exc.SQLAlchemyError) as error:
            log.info("pins_unknown", reason=type(error).__name__)
        await asyncio.sleep(AGAIN_SECONDS)


async def _watch_loop(metrics: Metrics) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LAG_SECONDS
        await asyncio.sleep(LAG_SECONDS)
        metrics.lag(max(0.0, loop.time() - due))


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _count(metrics: Metrics, github: GitHub, call: Call) -> None:
    metrics.call(call.status, call.method, call.ended - call.started, call.points)
    for resource, remaining in github.limits(call.installation_id).remaining.items():
        metrics.points(resource, remaining)


def hide_memory() -> None:
    """No process of the same user may read our environment or memory from /proc, nor a core dump be written."""
    if sys.platform != "linux":
        return
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE)")
