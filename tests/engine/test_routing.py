"""Applications, routers, endpoints and what FastAPI runs around them."""

from __future__ import annotations

from rules.engine.linking.context import Context
from tests.engine.projects import function, lines, marked, module, node, one, project


def endpoints(files: dict[str, str]) -> list[str]:
    return [f"{e.method} {e.path}" for e in project(files).result.endpoints]


def test_routers_nest_with_their_prefixes() -> None:
    files = {
        "shop/__init__.py": "",
        "shop/main.py": """
            from fastapi import FastAPI
            from shop.api import api
            from shop.settings import settings

            app = FastAPI()
            app.include_router(api, prefix=settings.PREFIX)

            @app.get("/")
            def root(): ...
        """,
        "shop/settings.py": """
            from pydantic_settings import BaseSettings

            class Settings(BaseSettings):
                PREFIX: str = "/api/v1"

            settings = Settings()
        """,
        "shop/api/__init__.py": """
            from fastapi import APIRouter as Router
            from . import items, users

            api = Router()
            api.include_router(items.router, prefix="/items", tags=["items"])
            api.include_router(users.router)
        """,
        "shop/api/items.py": """
            import fastapi
            router = fastapi.APIRouter()

            @router.get("")
            async def list_items(): ...

            @router.api_route("/{id}", methods=["PUT", "PATCH"])
            async def change(id: int): ...
        """,
        "shop/api/users.py": """
            from fastapi import APIRouter
            router = APIRouter(prefix="/users")
            BASE = "/{user_id}"

            @router.post(f"{BASE}/avatar")
            def upload(): ...

            @router.websocket("/live")
            async def live(): ...

            def added(): ...
            router.add_api_route("/added", added, methods=["DELETE"])
        """,
    }
    assert endpoints(files) == [
        "GET /",
        "GET /api/v1/items",
        "PATCH /api/v1/items/{id}",
        "PUT /api/v1/items/{id}",
        "DELETE /api/v1/users/added",
        "WEBSOCKET /api/v1/users/live",
        "POST /api/v1/users/{user_id}/avatar",
    ]


def test_applications_made_in_functions_and_sub_applications_are_followed() -> None:
    files = {
        "app.py": """
            from fastapi import APIRouter, FastAPI
            from routes import orders_router

            def register(app: FastAPI) -> None:
                app.include_router(orders_router, prefix="/orders")
                app.include_router(build(), prefix="/built")

            def build():
                router = APIRouter(prefix="/inner")

                @router.get("/x")
                def x(): ...

                return router

            def create_app() -> FastAPI:
                app = FastAPI()
                admin = FastAPI()
                app.mount("/admin", admin)

                @admin.get("/users")
                def users(): ...

                @app.get("/health")
                def health(): ...

                register(app)
                return app
        """,
        "routes.py": """
            from fastapi import APIRouter

            class CustomRouter(APIRouter):
                pass

            orders_router = CustomRouter()

            @orders_router.get("/{id}")
            async def read(): ...
        """,
    }
    assert endpoints(files) == [
        "GET /admin/users",
        "GET /built/inner/x",
        "GET /health",
        "GET /orders/{id}",
    ]


def test_objects_that_only_look_like_routers_have_no_endpoints() -> None:
    files = {
        "app.py": """
            import requests
            from fakes import router, app

            @router.get("/x")
            def x(): ...

            @app.get("/y")
            async def y(): ...

            class Cache:
                def get(self, key): ...
            cache = Cache()

            @cache.get("/z")
            def z(): ...
        """
    }
    assert endpoints(files) == []


def test_dependencies_are_found_at_every_level() -> None:
    files = {
        "app.py": """
            from typing import Annotated
            from fastapi import APIRouter, Depends, FastAPI, Security
            from deps import CurrentUser, Pager, at_app, at_include, at_route, at_router, plain, require

            app = FastAPI(dependencies=[Depends(at_app)])
            router = APIRouter(dependencies=[Depends(at_router)])

            @router.get("/x", dependencies=[Depends(at_route)])
            async def endpoint(
                user: CurrentUser,
                pager: Annotated[Pager, Depends()],
                admin=Security(require("admin")),
                value=Depends(dependency=plain),
            ): ...

            app.include_router(router, dependencies=[Depends(at_include)])
        """,
        "deps.py": """
            from typing import Annotated
            from fastapi import Depends

            def at_app(): ...
            def at_include(): ...
            def at_router(): ...
            def at_route(): ...
            def plain(): ...
            async def token(): ...
            async def current_user(token=Depends(token)): ...
            CurrentUser = Annotated[dict, Depends(current_user)]

            class Pager:
                def __init__(self, inner=Depends(plain)): ...

            def require(role):
                def check(user: CurrentUser): ...
                return check

            def unused(): ...
        """,
    }
    analysis = project(files)
    (endpoint,) = analysis.project.routing.endpoints

    assert {dependency.symbol for dependency in endpoint.dependencies} == {
        *("at_app", "at_include", "at_router", "at_route", "plain", "token", "current_user"),
        *("Pager.__init__", "require.check"),
    }
    found = module(files, "deps.py")
    contexts = {
        name: found.contexts(function(found, name))
        for name in ("plain", "current_user", "__init__", "unused")
    }
    assert contexts == {
        "plain": {Context.THREAD},
        "current_user": {Context.LOOP},
        "__init__": {Context.THREAD},
        "unused": {Context.UNKNOWN},
    }


def test_dependencies_say_what_session_they_give() -> None:
    files = {
        "db.py": """
            from collections.abc import AsyncIterator
            from typing import Annotated
            from fastapi import Depends
            from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
            from sqlalchemy.orm import Session, sessionmaker

            SyncLocal = sessionmaker(autoflush=False)
            AsyncLocal = async_sessionmaker(create_async_engine("x"))
            OldAsyncLocal = sessionmaker(class_=AsyncSession)

            def get_sync():
                db = SyncLocal()
                try:
                    yield db
                finally:
                    db.close()

            async def get_async() -> AsyncIterator[AsyncSession]:
                async with AsyncLocal() as session:
                    yield session

            async def get_old():
                async with OldAsyncLocal() as session:
                    yield session

            SyncDep = Annotated[Session, Depends(get_sync)]
            AsyncDep = Annotated[AsyncSession, Depends(get_async)]
        """,
        "api.py": """
            from typing import Annotated, Optional
            from fastapi import Depends
            import db
            from db import AsyncDep, SyncDep, get_async, get_old, get_sync
            from sqlalchemy.orm import Session

            async def endpoint(
                a: SyncDep,
                b: db.AsyncDep,
                c: Annotated[Session, Depends(get_sync)],
                d: Optional[Session],
                e=Depends(get_sync),
                f=Depends(get_async),
                g=Depends(get_old),
                h: "AsyncDep" = None,
            ):
                (a, b, c, d, e, f, g, h)
        """,
    }
    found = module(files, "api.py")
    sync, asynchronous = "sqlalchemy.orm.Session", "sqlalchemy.ext.asyncio.AsyncSession"

    tuple_of = node(found, "(a, b, c, d, e, f, g, h)")
    types = [found.type_of(element) for element in tuple_of.elts]  # type: ignore[attr-defined]  # a tuple

    assert types == [sync, asynchronous, sync, sync, sync, asynchronous, asynchronous, asynchronous]


def test_class_based_views_and_their_dependencies() -> None:
    text = """
    import time
    from fastapi import APIRouter, Depends
    from fastapi_utils.cbv import cbv

    router = APIRouter()

    async def current():
        time.sleep(1)  # FP101

    @cbv(router)
    class Items:
        user: str = Depends(current)

        @router.get("/items")
        async def list(self):
            time.sleep(1)  # FP101
            self.helper()

        def helper(self): ...
    """
    analysis = one(text)

    assert lines(analysis) == marked(text)
    (endpoint,) = analysis.project.routing.endpoints
    assert [dependency.symbol for dependency in endpoint.dependencies] == ["current"]


def test_middleware_of_three_kinds_reaches_all_endpoints() -> None:
    text = """
    import time
    from fastapi import FastAPI
    from starlette.middleware import Middleware
    from starlette.middleware.base import BaseHTTPMiddleware

    class Timing(BaseHTTPMiddleware):
        async def dispatch(self, request, call_next):
            time.sleep(1)  # FP101
            return await call_next(request)

    class Pure:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            time.sleep(1)  # FP101

    class Listed(Pure):
        async def __call__(self, scope, receive, send):
            time.sleep(1)  # FP101

    app = FastAPI(middleware=[Middleware(Listed)])
    app.add_middleware(Timing)
    app.add_middleware(Pure)

    @app.get("/a")
    def a(): ...

    @app.get("/b")
    def b(): ...
    """
    analysis = one(text)

    assert lines(analysis) == marked(text)
    for finding in analysis.result.findings:
        assert [str(endpoint) for endpoint in finding.endpoints] == ["GET /a", "GET /b"]
        assert finding.gates


def test_a_background_task_of_a_start_up_hook_serves_with_the_application() -> None:
    text = """
    import asyncio, time
    from contextlib import asynccontextmanager
    from fastapi import FastAPI

    @asynccontextmanager
    async def lifespan(app):
        time.sleep(1)
        task = asyncio.create_task(poll())
        yield

    async def poll():
        while True:
            time.sleep(1)  # FP101

    app = FastAPI(lifespan=lifespan)
    """
    assert lines(one(text)) == marked(text)


def test_tasks_of_job_queues_have_their_own_context() -> None:
    files = {
        "app.py": """
            import dramatiq, celery
            from taskiq_redis import ListQueueBroker

            queue = celery.Celery("x")
            broker = ListQueueBroker("x")

            def actor(**options):
                def decorate(function):
                    return dramatiq.actor(**options)(function)
                return decorate

            @queue.task(bind=True)
            def one(self): ...

            @celery.shared_task
            def two(): ...

            @dramatiq.actor
            def three(): ...

            @actor(priority=1)
            async def four(): ...

            @broker.task
            async def five(): ...
        """
    }
    found = module(files, "app.py")

    for name in ("one", "two", "three", "four", "five"):
        assert found.contexts(function(found, name)) == {Context.TASK}, name


def test_a_view_needs_what_its_bases_need() -> None:
    files = {
        "base.py": """
            from fastapi import Depends
            def session(): ...
            def current(): ...
            class Base:
                db: object = Depends(session)
            class ForUsers(Base):
                user: object = Depends(current)
        """,
        "app.py": """
            from fastapi import APIRouter
            from fastapi_utils.cbv import cbv
            from base import ForUsers
            router = APIRouter()
            @cbv(router)
            class Orders(ForUsers):
                @router.get("/orders")
                def list(self): ...
        """,
    }
    (endpoint,) = project(files).project.routing.endpoints

    assert {node.symbol for node in endpoint.dependencies} == {"session", "current"}
