"""A real Chromium, driven by Playwright; the browser is the one ./jinyun test found (JINYUN_CHROMIUM)."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.running import Running, running

FLAGS = [
    "--disable-gpu", "--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = os.environ.get("JINYUN_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        pytest.skip("no browser: ./jinyun test finds or fetches one")
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=flags)
        yield found
        found.close()


@pytest.fixture(scope="session")
def live_zone() -> Iterator[Running]:
    """The reference zone with its simulated street; tests that kill parts start one of their own."""
    with running() as zone:
        yield zone


class Viewer:
    """One browser tab, and what its console complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda m: self._heard(m.type, m.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, kind: str, text: str) -> None:
        # A screenshot reads WebGL's pixels back; that the driver finds this slow is no fault of the page.
        if kind in ("error", "warning") and "GPU stall due to ReadPixels" not in text:
            self.complaints.append(text)

    def open(self, url: str, seconds: float = 30.0) -> None:
        self.page.goto(url)
        self.until("window.__jinyun && __jinyun.frames > 5 && __jinyun.mapped", seconds)

    def until(self, expression: str, seconds: float = 30.0) -> None:
        """Wait until ``expression`` is true in the page, asked from outside: its policy forbids evaluating strings inside."""
        deadline = time.monotonic() + seconds
        while not self.page.evaluate(f"() => Boolean({expression})"):
            assert time.monotonic() < deadline, f"not within {seconds:g} s: {expression}"
            self.page.wait_for_timeout(50)

    def probe(self, expression: str) -> Any:
        return self.page.evaluate(f"(() => {{ const j = window.__jinyun; return {expression}; }})()")


@pytest.fixture
def viewer(browser: Browser) -> Iterator[Viewer]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN", timezone_id="Asia/Shanghai")
    yield Viewer(context.new_page())
    context.close()
