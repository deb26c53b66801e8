"""A project in which one file changes for a moment: the same as linking anew, and nothing stays behind."""

from __future__ import annotations

from typing import Any

import pytest

from rules import extract
from rules.engine.project import Project
from rules.engine.relinking import relinked
from tests.engine.projects import sources

FILES = {
    "shop/__init__.py": "",
    "shop/api.py": """
        from fastapi import BackgroundTasks, Depends, FastAPI
        from shop import clients
        from shop.work import later

        app = FastAPI()

        def user() -> str:
            return clients.fetch("user")

        @app.get("/orders")
        async def orders(name: str = Depends(user)) -> list[str]:
            return [clients.fetch(name), *map(lambda each: clients.parse(each), [])]

        @app.get("/alone")
        async def alone() -> str:
            return later()
        """,
    "shop/clients.py": """
        import requests

        def fetch(name: str) -> str:
            return parse(requests.get(name, timeout=5).text)

        def parse(text: str) -> str:
            return text

        def unused() -> str:
            return fetch("nobody")

        def applied(text: str, how: object) -> str:
            return text
        """,
    "shop/work.py": """
        from shop.clients import applied, fetch, unused

        def later() -> str:
            return unused()

        def given() -> str:
            return applied("nobody", fetch)
        """,
}


def seen(project: Project) -> dict[tuple[str, str], tuple[object, ...]]:
    """All that rules may ask about functions; lambdas, whose names are places, by their function."""
    summaries = project.summaries
    return {
        key: (
            node.contexts,
            node.endpoints,
            node.is_async,
            sorted((edge.target.name.partition("λ")[0], edge.kind, edge.call.line) for edge in node.edges),
            sorted((caller.name.partition("λ")[0], edge.call.line) for caller, edge in node.callers),
            sorted((leaf.name, leaf.call.line) for leaf in node.leaves),
            summaries.signature(node),
            [(leaf.callable, len(leaf.path)) for leaf in summaries.of(node).blocking],
            summaries.blocks_loop(node),
        )
        for key, node in project.graph.nodes.items()
    }


def linked() -> Project:
    return Project({path: extract(path, source) for path, source in sources(FILES).items()})


EDITS = {
    "a call replaced": ("shop/clients.py", "requests.get(name, timeout=5).text", "name"),
    "a call added": ("shop/work.py", "return unused()", "import time; time.sleep(1); return unused()"),
    "a call awaited in a thread": (
        "shop/api.py",
        "return later()",
        "import asyncio; return await asyncio.to_thread(later)",
    ),
    "a call of the project taken away": ("shop/work.py", "return unused()", "return ''"),
    "another function called": ("shop/clients.py", 'fetch("nobody")', 'parse("nobody")'),
    "lines moved": ("shop/api.py", "app = FastAPI()", "\n\napp = FastAPI()"),
    "an import added": ("shop/clients.py", "import requests", "import asyncio\nimport requests"),
    "a definition added": ("shop/api.py", "app = FastAPI()", "app = FastAPI()\n_tasks: set[object] = set()"),
    "a lambda taken away": ("shop/api.py", ", *map(lambda each: clients.parse(each), [])", ""),
    "a parameter called that nobody is a function for": (
        "shop/clients.py",
        "how: object) -> str:\n    return text",
        "how: object) -> str:\n    return text()",
    ),
    "an endpoint made synchronous": ("shop/api.py", "async def alone", "def alone"),
    "nothing": ("shop/api.py", "app", "app"),
}


@pytest.mark.parametrize("name", EDITS)
def test_relinking_says_what_linking_anew_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path, old, new = EDITS[name]
    before = sources(FILES)[path].decode()
    assert old in before
    found = extract(path, before.replace(old, new).encode())
    project = linked()
    fresh = Project({**project.files, path: found})
    untouched = seen(project)
    made = count_links(monkeypatch)

    with relinked(project, path, found) as changed:
        assert seen(changed) == seen(fresh)
        assert changed.endpoints == fresh.endpoints

    assert made == []
    assert seen(project) == untouched == seen(linked())


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("shop/clients.py", "def parse(text: str)", "async def parse(text: str)"),
        ("shop/clients.py", "def unused() -> str", "def unused() -> bytes"),
        ("shop/api.py", '@app.get("/orders")', '@app.get("/other")'),
        ("shop/api.py", "app = FastAPI()", "app = FastAPI(); app.include_router(app)"),
        ("shop/work.py", "def later()", "def sooner()"),
        (
            "shop/clients.py",
            "how: object) -> str:\n    return text",
            "how: object) -> str:\n    return how(text)",
        ),
        ("shop/clients.py", "import requests", "import httpx as requests"),
    ],
)
def test_what_others_would_notice_links_the_project_anew(
    path: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = extract(path, sources(FILES)[path].decode().replace(old, new).encode())
    project = linked()
    fresh = Project({**project.files, path: found})
    made = count_links(monkeypatch)

    with relinked(project, path, found) as changed:
        assert seen(changed) == seen(fresh)

    assert made == [path]
    assert seen(project) == seen(linked())


def test_an_error_meanwhile_leaves_the_project_as_it_was() -> None:
    project = linked()
    found = extract("shop/work.py", b"def later() -> str:\n    return open('x').read()\n")

    with pytest.raises(ZeroDivisionError), relinked(project, "shop/work.py", found):
        raise ZeroDivisionError

    assert seen(project) == seen(linked())


def count_links(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Filled with a file's path whenever a project is linked from now on."""
    made: list[str] = []
    original = Project.__init__
    known = {path: extract(path, source) for path, source in sources(FILES).items()}

    def counted(self: Project, files: Any, *arguments: Any) -> None:
        made.extend(path for path, found in files.items() if known[path] != found)
        original(self, files, *arguments)

    monkeypatch.setattr(Project, "__init__", counted)
    return made
