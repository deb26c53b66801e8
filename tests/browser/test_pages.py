"""Every page: no complaint in the console, nothing from elsewhere, fit for small windows, keyboards and readers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import OPERATOR, Opening, Site


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("status", "/", 200),
        ("rules", "/rules", 200),
        ("rules-none", "/rules?q=nothing+is+called+this", 200),
        ("rule", "/rules/FP101", 200),
        ("rule-without-fix", "/rules/FP206", 200),
        ("setup-check", "/setup", 200),
        ("not-found", "/nowhere", 404),
    ],
)
def test_public_pages(opened: Opening, name: str, path: str, status: int) -> None:
    opened(path, status=status).looks_right(name, status=status)


def test_the_operators_status_page(opened: Opening) -> None:
    tab = opened("/")
    tab.page.get_by_text("For the operator").click()
    tab.page.get_by_label("Operator's token").fill(OPERATOR)
    tab.page.get_by_role("button", name="Show the queue").click()

    tab.page.get_by_role("heading", name="Queue").wait_for()
    assert tab.page.get_by_role("link", name="octo/shop #2").is_visible()
    tab.looks_right("status-operator")


def test_a_report_by_its_signed_address(opened: Opening, site: Site) -> None:
    tab = opened(site.signed)

    assert tab.page.locator("svg.path").count() > 0
    assert tab.page.locator("svg.line").count() > 0
    assert tab.page.locator(".code").count() == 0
    tab.looks_right("report-signed")


def test_a_report_for_somebody_who_signed_in(opened: Opening, site: Site, tmp_path: Path) -> None:
    """From the check run's address over GitHub's consent back to the report, now with source and patch."""
    site.github.people.signed_in = "reader"
    tab = opened(
        site.signed, own=(site.url, site.github.url), permissions=["clipboard-read", "clipboard-write"]
    )
    tab.page.get_by_role("link", name="Sign in with GitHub to see them").click()
    tab.page.get_by_role("button", name="Sign out").wait_for()

    assert tab.page.locator(".code tr.marked").count() >= tab.page.locator("section.finding").count()
    assert "requests" in (tab.page.locator("ol.hops").first.text_content() or "")
    patch = tab.page.locator("#patch-text").text_content()
    assert patch
    with tab.page.expect_download() as downloading:
        tab.page.get_by_role("link", name="Download the patch").click()
    downloading.value.save_as(tmp_path / "x.patch")
    assert (tmp_path / "x.patch").read_text() == patch
    tab.page.get_by_role("button", name="Copy the patch").click()
    tab.page.get_by_role("button", name="Copied").wait_for()
    assert tab.page.evaluate("navigator.clipboard.readText()") == patch
    tab.looks_right("report")

    tab.page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    tab.page.reload()
    assert not tab.page.locator("[data-copy]").is_visible()
    assert tab.page.get_by_role("link", name="Download the patch").is_visible()

    tab.page.get_by_role("button", name="Sign out").click()
    tab.page.get_by_role("link", name="Sign in with GitHub").wait_for()


def test_a_long_answer_by_its_signed_address_and_for_somebody_who_signed_in(
    opened: Opening, site: Site
) -> None:
    site.github.people.signed_in = "reader"
    tab = opened(site.answer, own=(site.url, site.github.url))
    assert tab.page.get_by_role("heading", name="GET /orders").first.is_visible()
    assert tab.page.get_by_text("generated/part_29").count() == 0
    tab.looks_right("answer-signed")

    tab.page.get_by_role("link", name="Sign in with GitHub to see it").click()
    tab.page.get_by_role("button", name="Sign out").wait_for()
    assert tab.page.get_by_text("generated/part_29").count() > 0
    tab.looks_right("answer")
    tab.page.emulate_media(media="print")
    assert not tab.page.get_by_role("button", name="Sign out").is_visible()

    tab.page.get_by_role("link", name="the report of that commit").click()
    tab.page.get_by_role("link", name="/fastperf audit").click()
    assert tab.page.url.partition("?")[0] == site.answer.partition("?")[0]


def test_the_keyboard_reaches_the_content_first(opened: Opening, site: Site) -> None:
    tab = opened(site.signed)
    tab.page.keyboard.press("Tab")
    assert tab.page.evaluate("document.activeElement.textContent") == "Skip to the content"
    tab.page.keyboard.press("Enter")
    assert tab.page.url.endswith("#main")
    for _ in range(40):
        tab.page.keyboard.press("Tab")
        outline = tab.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", tab.page.evaluate("document.activeElement.outerHTML")


def test_rules_are_found_while_typing_and_without_a_script(opened: Opening) -> None:
    tab = opened("/rules")
    everything = tab.page.locator("[data-text]:visible").count()
    tab.page.get_by_label("Search").press_sequentially("blocking async")
    tab.page.get_by_role("status").filter(has_text=f"of {everything} rules").wait_for()
    typed = tab.page.locator("[data-text]:visible strong").all_text_contents()
    assert 0 < len(typed) < everything
    assert tab.page.locator("[data-group]:visible").count() < 8

    plain = opened("/rules", java_script_enabled=False)
    plain.page.get_by_label("Search").fill("blocking async")
    plain.page.get_by_role("button", name="Show").click()
    plain.page.wait_for_url("**/rules?q=*")
    assert plain.page.locator("[data-text] strong").all_text_contents() == typed


def test_a_report_is_complete_without_a_script_and_on_paper(opened: Opening, site: Site) -> None:
    site.github.people.signed_in = "reader"
    tab = opened(site.plain, own=(site.url, site.github.url), java_script_enabled=False)

    assert tab.page.get_by_role("link", name="Download the patch").is_visible()
    assert tab.page.get_by_role("button", name="Copy the patch").count() == 0
    assert tab.page.locator(".code tr.marked").count() > 0
    tab.page.emulate_media(media="print")
    assert not tab.page.locator("nav.contents").is_visible()
    assert tab.page.locator("details p").first.is_visible()
    assert tab.complaints == []


def test_somebody_who_may_not_read_is_told_and_shown_no_source(opened: Opening, site: Site) -> None:
    site.github.people.signed_in = "outsider"
    site.github.expect(404, "repos/get")
    tab = opened(site.signed, own=(site.url, site.github.url))
    tab.page.get_by_role("link", name="Sign in with GitHub to see them").click()
    tab.page.get_by_text("outsider cannot read octo/shop").wait_for()

    assert tab.page.locator(".code").count() == 0
    tab.looks_right("report-refused")
