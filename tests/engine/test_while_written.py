"""What is a hint once it has long stood there, and is said while it is written."""

from __future__ import annotations

from rules.engine.finding import Confidence
from tests.engine.projects import project

PLAIN = """
    import time

    async def poll():
        time.sleep(1)
    """


def when_new(files: dict[str, str], code: str) -> dict[str, Confidence | None]:
    """By file, the confidence of a finding that a change brings; all of them are possible where they stand for long."""
    found = project(files, select=(code,)).result.findings
    assert {finding.confidence for finding in found} == {Confidence.POSSIBLE}
    return {finding.path: finding.when_new for finding in found}


def test_what_nothing_is_seen_to_reach_is_said_while_it_is_written() -> None:
    serving = """
    from fastapi import FastAPI
    from shop import mail, rates
    from shop.cli import show
    app = FastAPI()
    KNOWN = [mail.poll, rates.load, show.load]

    @app.get("/")
    async def index(): ...
    """
    asked = """
    import requests

    def load():
        return requests.get("https://rates.example")
    """
    files = {
        "shop/__init__.py": "",
        "shop/api.py": serving,
        "shop/mail.py": PLAIN,
        "shop/rates.py": asked,
        "shop/cli/show.py": asked,
        "harness/run.py": PLAIN + asked,
    }

    assert when_new(files, "FP101") == {"shop/mail.py": Confidence.LIKELY, "harness/run.py": None}
    assert when_new(files, "FP601") == {
        "shop/rates.py": Confidence.LIKELY,
        "shop/cli/show.py": None,
        "harness/run.py": None,
    }


def test_a_cleanup_by_keys_is_said_while_it_is_written() -> None:
    text = """
    import redis
    from fastapi import FastAPI
    app = FastAPI()
    client = redis.Redis()

    @app.post("/forget")
    def forget():
        for key in client.scan_iter("user:*"):
            client.delete(key)
    """

    assert when_new({"app.py": text}, "FP307") == {"app.py": Confidence.LIKELY}


def test_a_file_that_a_request_names_is_said_while_it_is_written() -> None:
    def reading(path: str) -> dict[str, Confidence | None]:
        text = f"""
        from pathlib import Path
        from fastapi import FastAPI
        app = FastAPI()

        @app.get("/covers/{{name}}")
        async def read(name: str, settings: dict):
            target = Path("/data") / name
            return open({path}).read()
        """
        return when_new({"app.py": text}, "FP115")

    assert reading("target") == reading("f'/data/{name}'") == {"app.py": Confidence.LIKELY}
    assert reading("settings['terms']") == {"app.py": None}
