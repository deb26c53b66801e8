"""Pages that are files: the trial that a maintainer is handed, and the documentation's site."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from app.trial import Change, Said, Trial
from app.trialtext import as_html
from rules.engine.finding import Severity
from tests.browser.conftest import AXE, WIDTHS, Loop, Opening, told

ROOT = Path(__file__).parents[2]


def test_the_page_of_a_trial(opened: Opening, tmp_path: Path) -> None:
    said = Said(
        path="shop/orders/api.py",
        line=41,
        code="FP103",
        name="blocking-call-through-helper",
        severity=Severity.CRITICAL,
        message="`parcel_status` reaches `requests.get` on the event loop: while it waits, this worker serves nobody.",
        blocks=True,
        inline=True,
    )
    changes = (
        Change(
            commit="a" * 40,
            subject="Add tracking",
            date="2026-11-02",
            conclusion="failure",
            said=(said, said),
            seconds=0.4,
        ),
        Change(commit="b" * 40, subject="Tidy up", date="2026-11-01", conclusion="success", seconds=0.1),
        Change(commit="c" * 40, subject="Import history", date="2026-10-31", error="an object is missing"),
    )
    page = tmp_path / "trial.html"
    page.write_text(as_html(Trial(repository="octo/shop", head="a" * 40, changes=changes)))

    tab = opened(page.as_uri(), own=("file://",))

    assert "would block" in (tab.page.locator("main").text_content() or "")
    tab.looks_right("trial")


@pytest.fixture
def documentation(loop: Loop, tmp_path: Path) -> Iterator[str]:
    """The site, served from where it was built."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy2(ROOT / "mkdocs.yml", tmp_path)
    subprocess.run(
        [Path(sys.executable).parent / "zensical", "build", "--strict", "-f", "mkdocs.yml"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    port = unused_port()

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_static("/", tmp_path / "site")
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return runner

    runner = loop.run(start())
    yield f"http://127.0.0.1:{port}"
    loop.run(runner.cleanup())


def test_the_documentation_loads_nothing_from_elsewhere_fits_and_can_be_read(
    opened: Opening, documentation: str
) -> None:
    """By WCAG; what axe calls good practice beyond it is the theme's affair."""
    for scheme, drawn in (("light", "default"), ("dark", "slate")):
        tab = opened(f"{documentation}/index.html", own=(documentation,), color_scheme=scheme)
        for place in (
            "index.html",
            "tutorial/index.html",
            "architecture/index.html",
            "benchmarks/index.html",
            "rules/FP101/index.html",
            "rules/measured/index.html",
        ):
            tab.page.goto(f"{documentation}/{place}")
            tab.page.locator(f'body[data-md-color-scheme="{drawn}"]').wait_for()
            tab.page.evaluate(AXE)
            found = tab.page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']})")
            assert told(found) == [], f"{place}, {scheme}"
            for width in WIDTHS:
                tab.page.set_viewport_size({"width": width, "height": 900})
                wide = tab.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
                assert wide <= 0, f"{place}, {width} px"
                tab.saved(
                    f"docs-{place.removesuffix('index.html').strip('/').replace('/', '-')}-{scheme}-{width}"
                )
        assert tab.complaints == []
