"""What is put around an application under its own name leaves it its routes."""

from __future__ import annotations

import pytest

from tests.engine.projects import one

APP = """
    import time
    from fastapi import FastAPI
    from sentry_sdk.integrations.asgi import SentryAsgiMiddleware

    {name} = FastAPI()

    @{name}.get("/orders")
    async def orders():
        await sold()
        time.sleep(1)

    {name} = {around}
    """


@pytest.mark.parametrize(
    ("name", "around"),
    [
        ("app", "SentryAsgiMiddleware(app)"),
        ("app", "VersionedFastAPI(app, version='1.0', enable_latest=True)"),
        ("app", "socketio.ASGIApp(events, other_asgi_app=app)"),
        ("app", "Starlette(routes=[Mount('/', app)])"),
        ("shop", "CORSMiddleware(shop, allow_origins=['*'])"),
        ("shop", "measured(logged(shop))"),
    ],
)
def test_an_application_keeps_its_routes_under_what_is_put_around_it(name: str, around: str) -> None:
    found = one(APP.format(name=name, around=around), select=("FP101",)).result

    assert [(each.method, each.path) for each in found.endpoints] == [("GET", "/orders")]
    assert [each.endpoint.path for each in found.findings if each.endpoint] == ["/orders"]


def test_an_application_that_a_factory_wraps_keeps_its_routes() -> None:
    found = one(
        """
        import time
        from fastapi import FastAPI

        def made():
            app = FastAPI()

            @app.get("/orders")
            async def orders():
                time.sleep(1)

            app = SentryAsgiMiddleware(app)
            return app

        application = made()
        """,
        select=("FP104",),
    ).result

    assert [each.path for each in found.endpoints] == ["/orders"]


def test_another_application_of_the_same_name_takes_its_place() -> None:
    found = one(APP.format(name="shop", around="Ledger()"), select=("FP101",)).result

    assert found.endpoints == ()


def test_what_becomes_of_a_state_is_another_one() -> None:
    found = one(
        """
        import requests
        from fastapi import FastAPI

        app = FastAPI()

        @app.get("/orders")
        async def orders():
            state = requests.Session()
            state = awaiting(state)
            await state.get("https://carrier.example")
            return state.get("https://carrier.example", timeout=5)
        """,
        select=("FP101",),
    ).result

    assert found.findings == ()
