"""What stands in files that nobody imports is left to the summary."""

from __future__ import annotations

import pytest

from rules import analyze
from rules.engine.finding import Confidence, Options
from tests.engine.projects import sources

APPLICATION = (
    "from fastapi import FastAPI\nfrom shop.mail import send\n{}\napp = FastAPI()\napp.get('/')(send)\n"
)
MAIL = "import functools\n\n@functools.lru_cache\nasync def {}() -> None: ...\n"


@pytest.mark.parametrize(
    ("files", "documents", "expected"),
    [
        ({}, {}, Confidence.POSSIBLE),
        ({"shop/other.py": "from shop.old_mail import post\n"}, {}, Confidence.POSSIBLE),
        (
            {"shop/__init__.py": "", "shop/old/__init__.py": "from shop.old_mail import post\n"},
            {},
            Confidence.POSSIBLE,
        ),
        ({"examples/post.py": "from shop.old_mail import post\n"}, {}, Confidence.POSSIBLE),
        ({"shop/main.py": APPLICATION.format("from shop.old_mail import post")}, {}, Confidence.CERTAIN),
        ({"shop/main.py": APPLICATION.format("from old_mail import post")}, {}, Confidence.CERTAIN),
        ({"shop/main.py": APPLICATION.format("load('shop.old_mail')")}, {}, Confidence.CERTAIN),
        ({"shop/main.py": APPLICATION.format("importlib.import_module(name)")}, {}, Confidence.CERTAIN),
        (
            {"shop/nightly.py": "import shop.old_mail\nif __name__ == '__main__':\n    run()\n"},
            {},
            Confidence.CERTAIN,
        ),
        ({}, {"Procfile": "mail: celery -A shop.old_mail worker\n"}, Confidence.CERTAIN),
    ],
    ids=[
        "by nobody",
        "by what nobody imports",
        "by a package that nobody imports",
        "by an example",
        "by the application",
        "from another folder",
        "by its name",
        "somehow",
        "by a script",
        "by a command",
    ],
)
def test_a_file_that_nothing_imports_is_left_to_the_summary(
    files: dict[str, str], documents: dict[str, str], expected: Confidence
) -> None:
    tree = {
        "shop/main.py": APPLICATION.format(""),
        "shop/mail.py": MAIL.format("send"),
        "shop/old_mail.py": MAIL.format("post"),
        **files,
    }
    found = analyze(sources(tree), documents=documents, options=Options(select=("FP310",))).result.findings

    assert {each.path: each.confidence for each in found} == {
        "shop/mail.py": Confidence.CERTAIN,
        "shop/old_mail.py": expected,
    }


@pytest.mark.parametrize(
    ("run", "documents", "expected"),
    [
        ("asyncio.run(post())", {}, Confidence.POSSIBLE),
        ("uvicorn.run(app)", {}, Confidence.CERTAIN),
        (
            "asyncio.run(post())",
            {"Dockerfile": "FROM python:3.13\nCMD python old_mail.py\n"},
            Confidence.CERTAIN,
        ),
    ],
)
def test_a_script_that_is_run_by_hand_at_most_is_left_to_the_summary(
    run: str, documents: dict[str, str], expected: Confidence
) -> None:
    tree = {
        "shop/main.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\ndef get() -> None: ...\n",
        "shop/old_mail.py": MAIL.format("post") + f"if __name__ == '__main__':\n    {run}\n",
    }
    found = analyze(sources(tree), documents=documents, options=Options(select=("FP310",))).result.findings

    assert [each.confidence for each in found] == [expected]


@pytest.mark.parametrize("folder", ["shop-deprecated", "archive", "web/archived", "modules_staging"])
def test_folders_that_were_turned_away_from_have_several_names(folder: str) -> None:
    tree = {
        f"{folder}/main.py": APPLICATION.replace("shop.", "").format(""),
        f"{folder}/mail.py": MAIL.format("send"),
    }
    documents = {"build.sh": "git archive HEAD\ncurl https://host/archive/1.zip\n"}
    found = analyze(sources(tree), documents=documents, options=Options(select=("FP310",))).result.findings

    assert [each.confidence for each in found] == [Confidence.POSSIBLE]


def test_a_folder_that_the_service_imports_from_is_its_own_whatever_its_name() -> None:
    tree = {
        "shop/main.py": APPLICATION.format("from shop.archive import mail\n"),
        "shop/archive/mail.py": MAIL.format("send"),
    }
    found = analyze(sources(tree), options=Options(select=("FP310",))).result.findings

    assert [each.confidence for each in found] == [Confidence.CERTAIN]


@pytest.mark.parametrize(
    ("main", "documents", "expected"),
    [
        ("", {}, Confidence.POSSIBLE),
        ("", {"pyproject.toml": '[tool.ruff]\nexclude = ["shop-deprecated"]\n'}, Confidence.POSSIBLE),
        ("", {"Dockerfile": "FROM python:3.13\nCOPY shop-deprecated /app\n"}, Confidence.CERTAIN),
        ("", {"Dockerfile": "FROM python:3.13\nCOPY ./shop-deprecated/main.py /app\n"}, Confidence.CERTAIN),
        ("", {"Procfile": "web: uvicorn shop-deprecated.main:app\n"}, Confidence.CERTAIN),
        (
            "",
            {"run.sh": "curl https://host/shop-deprecated/1.zip\nzip shop-deprecated\n"},
            Confidence.POSSIBLE,
        ),
    ],
)
def test_a_folder_that_was_turned_away_from_is_left_to_the_summary(
    main: str, documents: dict[str, str], expected: Confidence
) -> None:
    tree = {
        "shop-deprecated/main.py": APPLICATION.replace("shop.", "").format(main),
        "shop-deprecated/mail.py": MAIL.format("send"),
        "clients/post.py": "from mail import send\n",
    }
    found = analyze(sources(tree), documents=documents, options=Options(select=("FP310",))).result.findings

    assert [each.confidence for each in found] == [expected]


@pytest.mark.parametrize(
    ("name", "main", "documents", "expected"),
    [
        ("archived_server_2", "", {}, Confidence.POSSIBLE),
        ("server_deprecated", "", {}, Confidence.POSSIBLE),
        ("archived_server", "import archived_server\n", {}, Confidence.CERTAIN),
        ("archived_server", "", {"Procfile": "web: uvicorn archived_server:app\n"}, Confidence.CERTAIN),
        ("archive", "", {}, Confidence.CERTAIN),
    ],
)
def test_a_file_that_was_turned_away_from_is_left_to_the_summary_unless_something_names_it(
    name: str, main: str, documents: dict[str, str], expected: Confidence
) -> None:
    application = "from fastapi import FastAPI\n{}app = FastAPI()\n@app.get('/')\ndef get() -> None: ...\n"
    tree = {
        "main.py": application.format(main),
        f"{name}.py": MAIL.format("send") + application.format("") + "app.get('/sent')(send)\n",
    }
    found = analyze(sources(tree), documents=documents, options=Options(select=("FP310",))).result.findings

    assert [each.confidence for each in found] == [expected]


@pytest.mark.parametrize(
    ("package", "expected"), [("shop/mail", Confidence.POSSIBLE), ("shop/post", Confidence.CERTAIN)]
)
def test_a_file_beside_a_package_of_its_name_cannot_be_imported(package: str, expected: Confidence) -> None:
    tree = {
        "shop/main.py": APPLICATION.format(""),
        "shop/mail.py": MAIL.format("send"),
        f"{package}/__init__.py": "async def send() -> None: ...\n",
    }
    found = analyze(sources(tree), options=Options(select=("FP310",))).result.findings

    assert [each.confidence for each in found if each.path == "shop/mail.py"] == [expected]


_TOOL = "from fastapi import FastAPI\nimport time\napp = FastAPI()\n\n@app.get('/')\nasync def wait() -> None:\n    time.sleep(1)\n"


@pytest.mark.parametrize(
    ("files", "documents", "expected"),
    [
        ({}, {}, Confidence.POSSIBLE),
        ({"shop/other.py": "from tools.stand_in import app\n"}, {}, Confidence.CERTAIN),
        (
            {"shop/other.py": "import importlib\nimportlib.import_module(f'tools.{name}')\n"},
            {},
            Confidence.CERTAIN,
        ),
        (
            {"shop/other.py": "import importlib\nimportlib.import_module(f'plugs.{name}')\n"},
            {},
            Confidence.POSSIBLE,
        ),
        ({}, {"Procfile": "web: uvicorn tools.stand_in:app\n"}, Confidence.CERTAIN),
        ({}, {"tools/Dockerfile": "FROM python\n"}, Confidence.CERTAIN),
        ({"shop/main.py": ""}, {}, Confidence.CERTAIN),
        (
            {"shop/main.py": "", "examples/main.py": _TOOL.replace("time.sleep(1)", "...")},
            {},
            Confidence.CERTAIN,
        ),
    ],
    ids=[
        "by nobody",
        "imported",
        "loaded by its name",
        "others loaded",
        "started",
        "with a document of its own",
        "the only application",
        "the only application beside an example",
    ],
)
def test_an_application_among_tools_is_left_to_the_summary(
    files: dict[str, str], documents: dict[str, str], expected: Confidence
) -> None:
    tree = {"shop/main.py": _TOOL.replace("time.sleep(1)", "..."), "tools/stand_in.py": _TOOL, **files}
    found = analyze(sources(tree), documents=documents, options=Options(select=("FP104",))).result.findings

    assert {each.path: each.confidence for each in found} == {"tools/stand_in.py": expected}
