"""What a base class leaves to its heirs: the callers of its methods know which heir that is."""

from __future__ import annotations

import pytest

from rules import Succession
from rules.engine.finding import Options
from rules.engine.project import Project
from rules.engine.relinking import relinked
from tests.engine.projects import project, sources
from tests.engine.test_relinking import seen
from tests.engine.test_succession import linked

BASE = """
    class Importer:
        async def run(self):
            return self.checked()

        def checked(self):
            return self.load()

        def load(self):
            return []
    """
HEIRS = """
    import asyncio
    import requests
    from base import Importer

    class Web(Importer):
        def load(self):
            return requests.get("https://orders", timeout=3).json()

    class File(Importer):
        def load(self):
            return [1]
    """
API = """
    from fastapi import FastAPI
    from heirs import File, Web

    app = FastAPI()

    @app.get("/orders")
    async def orders(name: str):
        return await Web().run()
    """
TEXTS = {"base.py": BASE, "heirs.py": HEIRS, "api.py": API}
OFFLOADED = BASE.replace("async def run(self):", "async def run(self):\n            import asyncio").replace(
    "return self.checked()", "return await asyncio.to_thread(self.checked)"
)
ASKING = """
    class Importer:
        async def run(self):
            return self.load()

        def load(self):
            raise NotImplementedError
    """


@pytest.mark.parametrize(
    ("edits", "is_found"),
    [
        ({}, True),
        ({"base.py": ASKING}, True),
        ({"api.py": API.replace("Web()", "(Web() if name else File())")}, True),
        (
            {
                "heirs.py": HEIRS.replace(
                    "        def load",
                    "        async def fetch(self):\n            return await self.run()\n\n        def load",
                    1,
                ),
                "api.py": API.replace(".run()", ".fetch()"),
            },
            True,
        ),
        ({"api.py": API.replace("Web()", "File()")}, False),
        ({"api.py": API.replace("await Web()", "Web()")}, False),
        ({"base.py": OFFLOADED}, False),
        ({"base.py": BASE.replace("return self.load()", "return []")}, False),
        ({"heirs.py": HEIRS.replace("def load", "def download", 1)}, False),
    ],
)
def test_an_heir_is_known_by_whom_the_template_is_called_on(edits: dict[str, str], is_found: bool) -> None:
    found = project({**TEXTS, **edits}, select=("FP103",)).result.findings

    assert [finding.code for finding in found] == (["FP103"] if is_found else [])


EDITS = [
    {"base.py": BASE.replace("return self.load()", "return []")},
    {"base.py": OFFLOADED},
    {"heirs.py": HEIRS.replace("def load", "def download", 1)},
    {"heirs.py": HEIRS.replace("class Web(Importer)", "class Web")},
    {"api.py": API.replace("Web()", "File()")},
]


@pytest.mark.parametrize("edits", EDITS)
def test_what_is_left_to_heirs_follows_all_files(edits: dict[str, str]) -> None:
    succession = Succession()
    told = []
    for texts in (TEXTS, {**TEXTS, **edits}, TEXTS):
        files = linked(sources(texts))
        followed, anew = succession.move(files, {}, Options()), Project(files)
        assert seen(followed) == seen(anew)
        told.append([edge.target.name for edge in anew.graph.nodes["api.py", "orders"].edges])

    assert told[0] != told[1]
    assert told[0] == told[2]


@pytest.mark.parametrize("edits", EDITS[:3])
def test_relinking_one_file_says_what_linking_anew_says(edits: dict[str, str]) -> None:
    files = linked(sources(TEXTS))
    ((path, found),) = linked(sources(edits)).items()

    with relinked(Project(files), path, found) as edited:
        assert seen(edited) == seen(Project({**files, path: found}))


def test_a_worker_that_a_program_starts_is_served_all_the_time() -> None:
    base = """
        class Worker:
            async def run(self):
                while True:
                    await self.handle(1)

            async def handle(self, number):
                raise NotImplementedError
        """
    orders = """
        import asyncio
        import requests
        from shop.base import Worker

        class Orders(Worker):
            async def handle(self, number):
                await self.send(number)

            async def send(self, number):
                requests.post("https://orders", json=number, timeout=3)

        def start():
            asyncio.run(Orders().run())

        if __name__ == "__main__":
            start()
        """
    mails = """
        from shop.base import Worker

        class Mails(Worker):
            async def handle(self, number): ...
        """
    api = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\nasync def read(): ...\n"
    files = {
        "shop/__init__.py": "",
        "shop/base.py": base,
        "shop/orders.py": orders,
        "shop/mails.py": mails,
        "shop/api.py": api,
    }

    found = project(files, select=("FP101",)).result.findings

    assert [finding.path for finding in found] == ["shop/orders.py"]
