"""The pages in Chromium, over a real backend on a real chain."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from market_scene import HOSTILE_URI, TASKS_OF_A_PRODUCER, Market
from playwright.sync_api import expect
from watched_page import Watched

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PAGES = {
    "home": "/",
    "gallery": "/contents",
    "gallery of one owner": "/contents?owner={market.owner}&status=available",
    "content": "/contents/{market.works[0].content_hash}",
    "content with a hostile uri": "/contents/{market.hostile}",
    "search for copies": "/similar",
    "providers": "/esps",
    "provider": "/esps/{market.cast.providers[0].address}",
    "tasks": "/tasks",
    "task": "/tasks/{market.task}",
    "auctions": "/auctions",
    "auction": "/auctions/{market.round}",
    "exchanges": "/exchanges",
    "sale": "/exchanges/sales/{market.sale}",
    "lock": "/exchanges/locks/{market.lock}",
    "challenges": "/challenges",
    "challenge": "/challenges/{market.challenge}",
    "members": "/members",
    "member": "/members/{market.owner}",
    "transactions": "/transactions",
    "refused transaction": "/transactions/{market.failed}",
    "transaction of the deployment": "/transactions/{market.deployment_transaction}",
    "audits": "/audits",
    "audit": "/audits/{market.audit}",
    "reference": "/docs",
}


NAMELESS = """() => {
  const missing = [];
  for (const e of document.querySelectorAll("a, button, summary"))
    if (!(e.textContent.trim() || e.getAttribute("aria-label")
        || e.querySelector("img[alt]:not([alt='']), svg[aria-label]")))
      missing.push(e.outerHTML);
  for (const e of document.querySelectorAll("input:not([type=hidden]), select"))
    if (!e.labels.length && !e.getAttribute("aria-label")) missing.push(e.outerHTML);
  for (const e of document.querySelectorAll("img:not([alt])")) missing.push(e.outerHTML);
  for (const e of document.querySelectorAll("svg"))
    if (!e.hasAttribute("aria-hidden") && !e.hasAttribute("aria-label")
        && !e.hasAttribute("aria-labelledby")) missing.push(e.outerHTML.slice(0, 200));
  return missing;
}"""
"""Controls and pictures that say nothing to somebody who cannot see them."""


def path_of(name: str, market: Market) -> str:
    return PAGES[name].format(market=market)


@pytest.mark.parametrize("name", PAGES)
def test_page_opens_without_complaints_and_names_everything(
    name: str, desktop: Watched, market: Market
) -> None:
    assert desktop.open(path_of(name, market)) == 200
    assert desktop.complaints == []
    expect(desktop.page.locator("h1")).to_have_count(1)
    expect(desktop.page.locator("main")).to_have_count(1)
    assert desktop.page.title().endswith("EdgeBazaar") or name == "home"
    broken = desktop.page.evaluate(
        "[...document.images].filter(i => i.complete && i.src && !i.naturalWidth).map(i => i.src)"
    )
    assert broken == []
    assert desktop.page.evaluate(NAMELESS) == []


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_a_phone(name: str, phone: Watched, market: Market) -> None:
    assert phone.open(path_of(name, market)) == 200
    width = phone.page.evaluate("document.documentElement.scrollWidth")
    assert width == 375, f"{name} is {width} wide"
    assert phone.complaints == []


@pytest.mark.parametrize("name", PAGES)
def test_page_keeps_to_itself(name: str, market: Market) -> None:
    answer = httpx.get(market.url + path_of(name, market))
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    elsewhere = re.findall(r'(?:src|href|action)="((?:https?:)?//[^"]+)"', answer.text)
    assert elsewhere == []
    assert "style=" not in answer.text
    assert not re.search(r"<script(?![^>]*\bsrc=)", answer.text)


def test_clicking_from_gallery_to_transaction(desktop: Watched, market: Market) -> None:
    page = desktop.page
    desktop.open("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Contents").click()
    expect(page).to_have_url(market.url + "/contents")
    # Every producer's works and the plagiarist's copy.
    works = 3 * TASKS_OF_A_PRODUCER + 1
    expect(page.locator(".gallery .work")).to_have_count(works)
    sold = market.works[0].content_hash
    page.locator(f".gallery a.frame[href='/contents/{sold}']").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("available")
    entries = page.locator(".timeline li")
    kinds = ["Committed", "Registered", "A buyer paid", "Sold", "Changed owner"]
    for place, kind in enumerate(kinds):
        expect(entries.nth(place)).to_contain_text(kind)
    entries.nth(kinds.index("Sold")).locator(".origin a").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Settle on AtomicSale")
    expect(page.get_by_role("heading", level=1)).to_contain_text("confirmed")
    expect(page.locator(".events")).to_contain_text("SaleSettled")
    assert desktop.complaints == []


def test_gallery_goes_on_to_its_next_page(desktop: Watched, market: Market) -> None:
    seen: list[str] = []
    reader = market.cast.operator.client
    desktop.open("/transactions")
    while True:
        links = desktop.page.locator("table.list td:first-child a")
        seen += [str(href) for href in links.evaluate_all("all => all.map(a => a.pathname)")]
        following = desktop.page.get_by_role("link", name="Next", exact=True)
        if not following.count():
            break
        following.click()
    expected = [
        f"/transactions/{one['hash'] or one['id']}" for one in reader.pages("/transactions")
    ]
    assert seen == expected
    assert len(seen) > 30


def test_keyboard_reaches_and_uses_the_skip_link(desktop: Watched) -> None:
    desktop.open("/contents")
    page = desktop.page
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_keyboard_alone_opens_a_work(desktop: Watched, market: Market) -> None:
    desktop.open("/contents")
    page = desktop.page
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.work a.frame')"):
            break
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/contents/0x[0-9a-f]{64}$"))


def test_menu_of_the_phone(phone: Watched, market: Market) -> None:
    phone.open("/")
    navigation = phone.page.locator("#navigation")
    expect(navigation).to_be_hidden()
    button = phone.page.get_by_role("button", name="Menu")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    navigation.get_by_role("link", name="Auctions").click()
    expect(phone.page).to_have_url(market.url + "/auctions")


def test_menu_without_scripts_is_simply_there(scriptless: Watched) -> None:
    scriptless.page.set_viewport_size({"width": 375, "height": 720})
    scriptless.open("/")
    expect(scriptless.page.locator("#navigation")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_jpeg_copy_is_found(
    scripts: bool, desktop: Watched, scriptless: Watched, market: Market, tmp_path: Path
) -> None:
    watched = desktop if scripts else scriptless
    original = market.works[0]
    copy = market.jpeg_copy(original, tmp_path)
    assert watched.open("/similar") == 200
    page = watched.page
    page.get_by_label("Choose a file").set_input_files(copy)
    if scripts:
        expect(page.locator("img.chosen")).to_be_visible()
    page.get_by_role("button", name="Find copies").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("1 work within the threshold")
    first = page.locator(".matches .work").first
    expect(first.locator("a.frame")).to_have_attribute("href", f"/contents/{original.content_hash}")
    expect(first.locator(".hit")).to_contain_text("within the threshold")
    distance = int(first.locator(".hit b").inner_text())
    with copy.open("rb") as file:
        api = market.cast.operator.client.request(
            "POST", "/contents/similar", files={"file": ("copy.jpg", file, "image/jpeg")}
        )
    assert distance == api["items"][0]["distance"] <= api["maximum_distance"]
    assert watched.complaints == []


def test_dropping_a_file_searches(desktop: Watched, market: Market, tmp_path: Path) -> None:
    copy = market.jpeg_copy(market.works[1], tmp_path)
    desktop.open("/similar")
    with desktop.page.expect_navigation():
        desktop.page.evaluate(
            """bytes => {
              const carried = new DataTransfer();
              carried.items.add(new File([new Uint8Array(bytes)], "dropped.jpg",
                {type: "image/jpeg"}));
              const form = document.querySelector("[data-drop]");
              for (const kind of ["dragenter", "dragover", "drop"])
                form.dispatchEvent(new DragEvent(kind,
                  {dataTransfer: carried, bubbles: true, cancelable: true}));
            }""",
            list(copy.read_bytes()),
        )
    expect(desktop.page.locator(".query")).to_contain_text("dropped.jpg")
    expect(desktop.page.locator(".hit").first).to_contain_text("within the threshold")


def test_unreadable_upload_says_what_to_do(desktop: Watched, tmp_path: Path) -> None:
    broken = tmp_path / "<img src=x onerror=alert(1)>.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n but no picture")
    desktop.open("/similar")
    desktop.page.get_by_label("Choose a file").set_input_files(broken)
    desktop.page.get_by_role("button", name="Find copies").click()
    expect(desktop.page.get_by_role("alert")).to_contain_text("That did not work")


def test_hostile_text_stays_text(desktop: Watched, market: Market) -> None:
    desktop.open(f"/contents/{market.hostile}")
    page = desktop.page
    expect(page.get_by_text(HOSTILE_URI, exact=True)).to_be_visible()
    assert page.title() != "taken"
    schemes = page.evaluate("[...document.links].map(link => link.protocol)")
    assert set(schemes) == {"http:"}
    assert page.locator("main script").count() == 0
    hostile_query = "/contents?owner=%22%3E%3Cscript%3Edocument.title%3D%22taken%22%3C/script%3E"
    assert desktop.open(hostile_query) == 422
    assert page.title() != "taken"
    assert page.locator("main script").count() == 0


def test_missing_page_is_a_page_for_browsers_and_a_problem_for_programs(
    desktop: Watched, market: Market
) -> None:
    unknown = "0x" + "ab" * 32
    for path in ("/nothing/here", f"/contents/{unknown}", f"/transactions/{unknown}"):
        assert desktop.open(path) == 404
        expect(desktop.page.get_by_role("heading", level=1)).to_have_text("This is not here")
        expect(desktop.page.get_by_role("navigation", name="Main")).to_be_visible()
        program = httpx.get(market.url + path)
        assert program.status_code == 404
        assert program.headers["content-type"] == "application/problem+json"
    browser_on_api = httpx.get(
        f"{market.url}/api/v1/contents/{unknown}", headers={"Accept": "text/html"}
    )
    assert browser_on_api.headers["content-type"] == "application/problem+json"


def test_wrong_filter_says_which_field(desktop: Watched) -> None:
    assert desktop.open("/contents?status=stolen") == 422
    expect(desktop.page.locator(".problem")).to_contain_text("status")
    expect(desktop.page.locator(".problem")).to_contain_text("available")


def test_dark_and_light_differ_and_are_readable(desktop: Watched, market: Market) -> None:
    shades = []
    for scheme in ("light", "dark"):
        desktop.page.emulate_media(color_scheme=scheme)
        desktop.open("/")
        colours = desktop.page.evaluate(
            "['backgroundColor', 'color'].map(name => getComputedStyle(document.body)[name])"
        )
        lightness = [luminance(colour) for colour in colours]
        high, low = max(lightness), min(lightness)
        assert (high + 0.05) / (low + 0.05) > 7
        shades.append(lightness[0])
    assert shades[0] > 0.8 > 0.1 > shades[1]


def luminance(colour: str) -> float:
    """Relative luminance of a CSS rgb() colour (WCAG 2.2)."""
    channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_previews_are_served_as_png_only(market: Market) -> None:
    for work in market.works:
        answer = httpx.get(f"{market.url}/api/v1/contents/{work.content_hash}/preview")
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.content.startswith(b"\x89PNG")


def test_pages_stay_out_of_the_schema(market: Market) -> None:
    schema = httpx.get(f"{market.url}/api/v1/openapi.json").json()
    assert all(path.startswith("/api/v1/") for path in schema["paths"])
