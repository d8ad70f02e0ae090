"""A real market and a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from market_scene import Market, running_market
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from watched_page import Watched

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser of the machine; playwright's own would have to be downloaded."""
    for name in CHROMIUM_NAMES:
        found = shutil.which(name)
        if found:
            return found
    pytest.skip(f"no browser is installed (looked for {', '.join(CHROMIUM_NAMES)})")


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    # Playwright gives each launch a fresh user data folder.
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium_path, headless=True, args=CHROMIUM_ARGUMENTS
        )
        yield running
        running.close()


@pytest.fixture(scope="session")
def market(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """A backend with its own chain on which a small market has played (about a minute)."""
    folder: Path = tmp_path_factory.mktemp("market")
    with running_market(folder) as running:
        yield running


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts that end with the test."""
    opened: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def desktop(new_context: Callable[..., BrowserContext], market: Market) -> Watched:
    context = new_context(viewport={"width": 1280, "height": 800})
    return Watched(context.new_page(), market.url)


@pytest.fixture
def phone(new_context: Callable[..., BrowserContext], market: Market) -> Watched:
    context = new_context(
        viewport={"width": 375, "height": 720}, has_touch=True, is_mobile=True, color_scheme="dark"
    )
    return Watched(context.new_page(), market.url)


@pytest.fixture
def scriptless(new_context: Callable[..., BrowserContext], market: Market) -> Watched:
    context = new_context(java_script_enabled=False)
    return Watched(context.new_page(), market.url)
