"""A browser page that remembers what its console complained about."""

from __future__ import annotations

from playwright.sync_api import ConsoleMessage, Page


class Watched:
    """A page together with everything that its console complained about."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._address = address
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")

    def open(self, path: str) -> int:
        """Goes to a path of the backend; the status it answered with."""
        response = self.page.goto(self._address + path)
        assert response is not None
        return response.status
