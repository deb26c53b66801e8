from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientSession

from app.reportlinks import ReportLinks
from app.review.costs import EndpointChange
from app.review.record import Record
from app.web import reports
from rules.engine.finding import Confidence, Cost, EndpointRef, Hop, Severity
from tests.app.review.builders import finding
from tests.app.service import SLOW, Service
from tests.app.test_rule_pages import Page


def local(service: Service, address: str) -> str:
    """The same page on this machine."""
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}" == "https://fastperf.example"
    return f"{service.url}{parts.path}?{parts.query}"


async def test_the_check_run_leads_to_its_report(service: Service) -> None:
    repo = service.shop()
    run = service.run(repo, await service.reviewed(repo, "slow", SLOW))

    async with ClientSession() as session, session.get(local(service, run.details_url)) as answer:
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
        text = await answer.text()

    page = Page(text)
    assert page.scripts == ["/static/fastperf.js"]
    assert "svg" in page.tags
    assert f"<h1>{run.output['title']}</h1>" in text
    for shown in ("FP104", "shop/carriers.py:9", "GET /orders/{number}", "requests.get", "octo/shop #1"):
        assert shown in text
    for source in ("carrier.example", "@app.get", 'return {"number"'):
        assert source not in text


async def test_only_the_signed_address_opens_it_and_only_for_a_while(service: Service) -> None:
    repo = service.shop()
    address = local(service, service.run(repo, await service.reviewed(repo, "slow", SLOW)).details_url)
    good = parse_qs(urlsplit(address).query)
    until, key = good["until"][0], good["key"][0]
    plain = address.partition("?")[0]
    other = "1" if plain.endswith("0") else "0"

    async with ClientSession() as session:
        for wrong in (
            plain,
            f"{plain}?until={until}",
            f"{plain}?until={int(until) + 86400}&key={key}",
            f"{plain}?until={until}&key={'0' * 32}",
            f"{plain[:-1]}{other}?until={until}&key={key}",
            f"{plain}?until=99999999999999&key={key}",
        ):
            async with session.get(wrong) as answer:
                assert answer.status == 404, wrong


async def test_a_report_goes_with_the_installation(service: Service) -> None:
    repo = service.shop()
    address = local(service, service.run(repo, await service.reviewed(repo, "slow", SLOW)).details_url)

    (installation,) = service.github.state.installations.values()
    await service.github.installed(installation, "deleted")
    await service.idle()

    async with ClientSession() as session, session.get(address) as answer:
        assert answer.status == 404


def test_an_address_ends_and_another_key_makes_another() -> None:
    links = ReportLinks("https://fastperf.example", "secret", days=1)
    report = links.id(1, 2, "a" * 40)
    query = parse_qs(urlsplit(links.url(report)).query)
    until, key = query["until"][0], query["key"][0]

    assert links.allows(report, until, key)
    assert time.time() + 86_400 <= int(until) <= time.time() + 2 * 86_400
    assert not ReportLinks("https://fastperf.example", "other", days=1).allows(report, until, key)
    ended = ReportLinks("https://fastperf.example", "secret", days=-3)
    query = parse_qs(urlsplit(ended.url(report)).query)
    assert not ended.allows(report, query["until"][0], query["key"][0])
    assert ReportLinks("", "secret", days=1).url(report) == ""
    assert links.id(1, 2, "a" * 40) == report != links.id(1, 3, "a" * 40)


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img src=x>', "</svg><b>", "[x](javascript:y)"]
)
def test_names_of_the_project_stay_text(hostile: str) -> None:
    entry = finding(
        12,
        path=f"a/{hostile}.py",
        message=f"`{hostile}` waits {hostile}",
        call_path=(Hop(f"{hostile}.py", 1, hostile), Hop("b.py", 2, hostile)),
        endpoint=EndpointRef("GET", f"/{hostile}"),
    )
    record = Record(
        repository=f"octo/{hostile}",
        number=1,
        head_sha="a" * 40,
        conclusion="failure",
        title=f"1 new {hostile}",
        new=(entry,),
        endpoints=(
            reports.EndpointChange(method="GET", path=f"/{hostile}", before=None, after=Cost("2 + N")),
        ),
    )

    own = reports.Viewer(login="reader", reads=True, patch_url="/x.patch")
    texts = {entry.path: f"\n{hostile}\n".encode() * 10}
    for viewer in (reports.NOBODY, own):
        page = Page(
            reports.render(
                Record.decode(record.encode()), viewer=viewer, texts=texts, web_url="https://github.com"
            )
        )

        assert not {"img", "b"} & set(page.tags)
        assert page.scripts == ["/static/fastperf.js"]
        assert not [link for link in page.links if link.startswith("javascript")]
    assert "marked" in reports.render(record, viewer=own, texts=texts)
    assert "marked" not in reports.render(record, texts=texts)


def test_the_page_counts_as_the_check_run_does_and_names_calls_shortly() -> None:
    stops = tuple(
        f"sqlalchemy.orm.Session.{name}" for name in ("get", "scalar", "scalars", "execute", "flush")
    )
    change = EndpointChange(
        method="GET",
        path="/orders",
        before=Cost("2", "0", "2", stops[1:]),
        after=Cost("2 + N", "0", "2 + N", stops),
        sizes=(("N", "orders"),),
    )
    record = Record(
        repository="octo/shop",
        number=1,
        head_sha="1" * 40,
        conclusion="failure",
        title="1 critical new",
        new=(finding(1, Severity.CRITICAL), finding(2, Severity.CRITICAL, confidence=Confidence.POSSIBLE)),
        counts={"critical": (1, 0, 3)},
        endpoints=(change,),
    )
    page = " ".join(reports.render(record).split())

    assert '>critical</th><td class="number">1</td><td class="number">0</td><td class="number">3</td>' in page
    assert '<span class="severity info">possible</span>' in page
    assert "N = <code>orders</code>" in page
    assert "<strong><code>Session.get</code></strong>" in page
    assert (
        "as before: <code>Session.scalar</code>, <code>Session.scalars</code>, <code>Session.execute</code>"
        in page
    )
    assert "sqlalchemy.orm" not in page
    assert "<summary>and 1 more</summary><code>Session.flush</code>" in page
