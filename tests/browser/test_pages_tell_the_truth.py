"""What the pages tell must be what the chain and the REST interface say."""

from __future__ import annotations

import httpx
import pytest
from market_scene import Market
from playwright.sync_api import expect
from watched_page import Watched

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_selection_of_a_task_is_explained(desktop: Watched, market: Market) -> None:
    desktop.open(f"/tasks/{market.task}")
    selection = market.cast.operator.client.get(f"/tasks/{market.task}/selection")
    rows = desktop.page.get_by_role("heading", name="Why this provider").locator(
        "xpath=following-sibling::table/tbody/tr"
    )
    expect(rows).to_have_count(len(selection["candidates"]))
    for row, chance in zip(rows.all(), selection["probabilities"], strict=True):
        expect(row).to_contain_text(f"{100 * chance:.1f} %")
    chosen = desktop.page.locator("tr.chosen")
    expect(chosen.locator("a")).to_have_attribute("href", f"/esps/{selection['selected']}")


def test_reputation_chart_has_every_interaction(desktop: Watched, market: Market) -> None:
    reader = market.cast.operator.client
    for actor in market.cast.providers:
        points = reader.get(f"/reputations/{actor.address}/series")["points"]
        desktop.open(f"/esps/{actor.address}")
        page = desktop.page
        if not points:
            expect(page.get_by_text("Nobody has dealt with this provider yet")).to_be_visible()
            continue
        expect(page.locator("figure.chart circle")).to_have_count(len(points))
        bad = sum(not point["positive"] for point in points)
        expect(page.locator("figure.chart circle.bad")).to_have_count(bad)
        page.get_by_text("The same as a table").click()
        rows = page.locator("details.table tbody tr")
        expect(rows).to_have_count(len(points))
        expect(rows.first).to_contain_text(f"{points[-1]['mean_trust']:.4f}")
        description = page.locator("figure.chart desc").text_content() or ""
        assert f"{len(points)} interactions" in description


def test_auction_says_who_won_and_why(desktop: Watched, market: Market) -> None:
    found = market.cast.operator.client.get(f"/auctions/{market.round}")
    result = found["result"]
    desktop.open(f"/auctions/{market.round}")
    page = desktop.page
    online = page.locator(".results .panel").first
    expect(online.locator(f"a[title='{result['online_winner']}']")).to_be_visible()
    price = online.locator("data.money").first
    expect(price).to_have_attribute("value", result["online_price"])
    winner = page.locator(".bars li.won").first
    expect(winner.locator(f"a[title='{result['online_winner']}']")).to_be_visible()
    # What the page explains must be what the contract paid: the critical bid of the winner.
    expect(page.locator("tbody tr")).to_have_count(found["bids"])
    expect(page.locator(".phases li")).to_have_count(5)
    expect(page.get_by_text("not opened")).to_have_count(1)


def test_refused_transaction_shows_the_decoded_reason(desktop: Watched, market: Market) -> None:
    resource = market.cast.operator.client.get(f"/transactions/{market.failed}")
    desktop.open(f"/transactions/{market.failed}")
    notice = desktop.page.locator(".notice.bad")
    expect(notice.get_by_role("heading")).to_have_text(resource["error"]["name"])
    for name in resource["error"]["arguments"]:
        expect(notice.get_by_text(name, exact=True)).to_be_visible()


def test_transaction_from_elsewhere_is_read_from_the_chain(
    desktop: Watched, market: Market
) -> None:
    path = f"/transactions/{market.deployment_transaction}"
    assert httpx.get(f"{market.url}/api/v1{path}").status_code == 404
    desktop.open(path)
    expect(desktop.page.get_by_role("heading", level=1)).to_contain_text("succeeded")
    expect(desktop.page.locator(".facts")).to_contain_text("Gas fee")


def test_finding_by_hash_id_and_address(desktop: Watched, market: Market) -> None:
    wanted = {
        market.works[0].content_hash: "/contents/",
        market.task: "/tasks/",
        market.round: "/auctions/",
        market.lock: "/exchanges/locks/",
        market.sale: "/exchanges/sales/",
        market.challenge: "/challenges/",
        market.owner: "/members/",
        market.failed: "/transactions/",
        market.deployment_transaction: "/transactions/",
    }
    for key, folder in wanted.items():
        desktop.open("/")
        desktop.page.get_by_label("Address, hash or id").fill(key)
        desktop.page.get_by_role("button", name="Find").click()
        expect(desktop.page).to_have_url(f"{market.url}{folder}{key}")
