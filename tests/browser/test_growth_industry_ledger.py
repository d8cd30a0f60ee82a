"""Growth, industry and ledger in a real browser: both languages, the slider, a section suspended."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from jinyun import zone as zones
from jinyun.centre.pages import STATIC
from jinyun.growth import section
from jinyun.growth.description import read
from jinyun.growth.drawing import draw
from jinyun.state import write_json
from tests.browser.alone import Alone, alone
from tests.browser.conftest import Viewer
from tests.browser.desk import ACCOUNT, PASSWORD, furnish
from tests.ledger.test_statement import some_messages, write_log

pytestmark = [pytest.mark.browser, pytest.mark.integration]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def centre(state: Path) -> Iterator[Alone]:
    if not (STATIC / "index.html").exists():
        pytest.skip("the pages are not built: ./jinyun setup")
    shift = time.time_ns() // 1000 - 90_000_000 - some_messages(1)[0][0]
    write_log(state / "raw.jyr", [(t + shift, subject, payload) for t, subject, payload in some_messages(1)])
    write_json(state / "recording.json", {"folder": str(state / "raw.jyr")})
    with alone(state) as found:
        furnish(found, state)
        yield found


@pytest.fixture
def page(viewer: Viewer, centre: Alone) -> Page:
    found = viewer.page
    found.set_viewport_size({"width": 1440, "height": 900})
    answer = found.context.request.post(
        f"{centre.page}api/v1/session", data={"name": ACCOUNT, "password": PASSWORD}, headers={"X-Jinyun": "1"}
    )
    assert answer.ok, answer.text()
    return found


def kept(page: Page, name: str) -> None:
    """Keep a picture to be looked at, where JINYUN_PICTURES names a folder."""
    if folder := os.environ.get("JINYUN_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_three_pages_say_that_their_data_are_simulated_and_fit_a_screen_and_a_phone(
    viewer: Viewer, page: Page, centre: Alone, lang: str
) -> None:
    for name, ready in (("growth", "growth-map"), ("industry", "industry-simulated"), ("ledger", "statement")):
        page.goto(f"{centre.page}{name}?lang={lang}")
        expect(page.get_by_test_id(ready).first).to_be_visible(timeout=120_000)
        expect(page.get_by_test_id(f"{name}-simulated")).to_be_visible()
        expect(page.get_by_test_id("loading")).to_have_count(0)
        kept(page, f"{name}-{lang}")
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            paper = page.locator(".sheet-of-paper")
            assert paper.evaluate("e => e.scrollWidth <= e.clientWidth + 1"), f"{name} is wider than {width} pixels"
        page.set_viewport_size({"width": 1440, "height": 900})
    assert viewer.complaints == []


def test_the_slider_shows_more_road_stage_by_stage(page: Page, centre: Alone) -> None:
    page.goto(f"{centre.page}growth?lang=en")
    slider = page.get_by_test_id("stage")
    expect(slider).to_be_visible(timeout=120_000)
    bright = "() => document.querySelectorAll('[data-testid=growth-map] polyline[stroke-opacity=\"1\"]').length"
    seen = []
    for at in range(4):
        slider.fill(str(at))
        expect(slider).to_have_value(str(at))
        seen.append(page.evaluate(bright))
    assert 0 < seen[0] < seen[1] < seen[2] < seen[3]


def test_the_map_shows_a_section_suspended_when_it_is_opened_again(page: Page, centre: Alone, state: Path) -> None:
    zone = zones.load(zones.find("science-city"))
    network = draw(zone, read(zone.folder))
    id = network.segments[int(network.open.argmax())]
    at = page.locator(f"[data-testid=growth-map] polyline[data-id='{id}']")
    page.goto(f"{centre.page}growth?lang=zh")
    expect(at).to_have_attribute("data-state", "opened", timeout=120_000)
    before = at.get_attribute("stroke")
    section.step(state / "growth", id, "suspended", "Li", "works", zone.profile, network=network)
    page.reload()
    expect(at).to_have_attribute("data-state", "suspended", timeout=60_000)
    assert at.get_attribute("stroke") != before
    expect(page.get_by_text("暂停开放")).to_be_visible()
