#!/usr/bin/env python3
"""Takes the pictures of the README from a running backend.

Usage: .venv/bin/python scripts/screenshots.py http://127.0.0.1:8000 [--folder docs/pictures]

Needs a Chromium on the machine and a backend on which the demo has played (`make demo`).
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESKTOP = (1280, 860)
PHONE = (390, 800)
WEBP_QUALITY = 86


@dataclass(frozen=True)
class Shot:
    """One picture.

    Attributes:
        name: Its file name without suffix.
        path: Page of the backend.
        size: Width and height of the window.
        dark: Whether in dark colours.
    """

    name: str
    path: str
    size: tuple[int, int] = DESKTOP
    dark: bool = False


def main() -> int:
    """Runs the script; the exit code."""
    parser = argparse.ArgumentParser(description="Takes the pictures of the README.")
    parser.add_argument("url", help="address of a running backend, such as http://127.0.0.1:8000")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "pictures")
    arguments = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if chromium is None:
        print(f"No browser found; install one of {', '.join(CHROMIUM_NAMES)}.", file=sys.stderr)
        return 2
    url = arguments.url.rstrip("/")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with httpx.Client(base_url=f"{url}/api/v1") as api, sync_playwright() as playwright:
        try:
            shots, work = plan(api)
        except (httpx.HTTPError, IndexError) as error:
            print(f"{url} has not enough to show ({error}); run the demo.", file=sys.stderr)
            return 2
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        for shot in shots:
            take(browser, url, shot, arguments.folder)
        take_search(browser, url, api, work, arguments.folder)
        browser.close()
    return 0


def plan(api: httpx.Client) -> tuple[list[Shot], str]:
    """What to take, and the work whose copy is searched for."""
    contents = items(api, "/contents", limit=100)
    # The longest history is the most telling one.
    details = [get(api, f"/contents/{one['content_hash']}") for one in contents if one["preview"]]
    telling = max(details, key=lambda one: len(one["history"]))
    providers = items(api, "/esps")
    provider = max(providers, key=lambda one: one["outcomes"]["late"])
    auction = items(api, "/auctions", state="settled")[0]
    task = items(api, "/tasks", state="settled")[0]
    transaction = items(api, "/transactions", state="confirmed")[0]
    challenge = items(api, "/challenges", state="upheld")[0]
    shots = [
        Shot("home", "/"),
        Shot("home-phone", "/", PHONE, dark=True),
        Shot("gallery", "/contents"),
        Shot("gallery-dark", "/contents", dark=True),
        Shot("content", f"/contents/{telling['content_hash']}", (1280, 1500)),
        Shot("esp", f"/esps/{provider['account']}"),
        Shot("esps", "/esps"),
        Shot("task", f"/tasks/{task['task_id']}", (1280, 1260)),
        Shot("auction", f"/auctions/{auction['round_id']}", (1280, 1260)),
        Shot("challenge", f"/challenges/{challenge['challenge_id']}"),
        Shot("transaction", f"/transactions/{transaction['hash']}"),
    ]
    return shots, telling["content_hash"]


def get(api: httpx.Client, path: str, **query: Any) -> Any:
    """The JSON at a path of the API."""
    return api.get(path, params=query).raise_for_status().json()


def items(api: httpx.Client, path: str, **query: Any) -> list[dict[str, Any]]:
    """The first page of a list."""
    found: list[dict[str, Any]] = get(api, path, **query)["items"]
    return found


def take(browser: Browser, url: str, shot: Shot, folder: Path) -> None:
    """Takes one picture."""
    page = open_page(browser, shot.size, shot.dark)
    page.goto(url + shot.path)
    settle(page)
    keep(page, folder / f"{shot.name}.webp")
    page.context.close()


def take_search(browser: Browser, url: str, api: httpx.Client, work: str, folder: Path) -> None:
    """Takes a picture of the search for a JPEG copy of a work."""
    png = api.get(f"/contents/{work}/preview").raise_for_status().content
    page = open_page(browser, (1280, 1000), dark=False)
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "holiday-picture.jpg"
        with Image.open(io.BytesIO(png)) as image:
            image.convert("RGB").resize((400, 400)).save(copy, "JPEG", quality=60)
        page.goto(f"{url}/similar")
        page.set_input_files("#file", copy)
        page.get_by_role("button", name="Find copies").click()
        settle(page)
        keep(page, folder / "similar.webp")
    page.context.close()


def open_page(browser: Browser, size: tuple[int, int], dark: bool) -> Page:
    """A page of a fresh context."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=2 if size == PHONE else 1,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    return context.new_page()


def settle(page: Page) -> None:
    """Waits until all pictures in view are there."""
    page.wait_for_load_state("networkidle")
    page.evaluate(
        """() => Promise.all([...document.images]
          .filter(i => i.src && i.getBoundingClientRect().top < innerHeight)
          .map(i => i.decode()))"""
    )


def keep(page: Page, path: Path) -> None:
    """Writes what the window shows as WebP."""
    with Image.open(io.BytesIO(page.screenshot())) as image:
        image.convert("RGB").save(path, "WEBP", quality=WEBP_QUALITY, method=6)
    print(f"{path} ({path.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    sys.exit(main())
