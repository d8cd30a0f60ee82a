"""The cabin's display in a real browser, with the scenes of a shuttle that a test drives."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser

from jinyun.shapes import Kind
from jinyun.vehicle.shuttle.body import FRONT_M, Pose, move
from jinyun.vehicle.shuttle.driving import Senses, Shuttle
from jinyun.vehicle.shuttle.guideline import guideline
from jinyun.vehicle.shuttle.objects import BY_CAR, BY_ROAD, SEEN
from jinyun.vehicle.shuttle.scene import scene
from jinyun.vehicle.shuttle.warming import warm
from tests.browser.alone import Alone, alone
from tests.browser.conftest import Viewer
from tests.hdmap.reference import reference

pytestmark = pytest.mark.browser
BEGIN_M = 640.0
TOLD = {
    "id": "L1-1", "zone": "science-city",
    "line": {"id": "L1", "zh": "星湖环线接驳车", "en": "Xing Lake Loop Shuttle", "colour": "#1f8a70"},
    "stops": [{"id": "S04", "zh": "书院绿地", "en": "Academy Green"}], "passengers": 3, "seats": 10, "charge": 0.8,
}  # fmt: skip


@dataclass
class Cabin:
    """A centre that gets scenes ten times a second, and the shuttle that they are of."""

    centre: Alone
    shuttle: Shuttle
    on: threading.Event = field(default_factory=threading.Event)

    @property
    def page(self) -> str:
        return f"{self.centre.page}cabin/L1-1"


@pytest.fixture(scope="module")
def cabin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cabin]:
    here, map = reference()
    line = guideline(here, map, next(its for its in here.lines if its.id == "L1"))
    warm(map, line, here.project)
    shuttle = Shuttle(map, line, here.project, BEGIN_M - FRONT_M)
    with alone(Path(tmp_path_factory.mktemp("cabin"))) as centre:
        found, stop = Cabin(centre, shuttle), threading.Event()
        found.on.set()

        def drive() -> None:
            x, y, heading = line.place(BEGIN_M - FRONT_M, 0.0)
            pose, began = Pose(float(x), float(y), float(heading), 6.0), time.monotonic()
            while not stop.wait(0.1):
                if not found.on.is_set():
                    continue
                now_s = time.monotonic() - began
                sees = np.zeros(2, SEEN)
                px, py, way = line.place(np.array([BEGIN_M + 60.0, BEGIN_M + 40.0]), np.array([4.5, -3.5]))
                sees["number"], sees["kind"], sees["x_m"], sees["y_m"] = [1, 2], [Kind.PEDESTRIAN, Kind.MOTOR], px, py
                sees["heading_rad"], sees["speed_mps"], sees["height_m"] = way, [0.8, 4.0], [1.7, 1.5]
                sees["length_m"], sees["width_m"] = [0.5, 4.6], [0.5, 1.8]
                pose = move(pose, *shuttle.step(now_s, time.time_ns() // 1000, pose, Senses(sees, now_s)), 0.1)
                shuttle.objects["seen_by"] = [BY_CAR | BY_ROAD, BY_CAR][: len(shuttle.objects)]
                told = scene(shuttle, pose, time.time_ns() // 1000, now_s, TOLD)
                centre.loop.call_soon_threadsafe(centre.centre.cabins.take, "L1-1", told)

        driving = threading.Thread(target=drive)
        driving.start()
        try:
            yield found
        finally:
            stop.set()
            driving.join()


def seen(viewer: Viewer, expression: str) -> Any:
    return viewer.page.evaluate(expression)


def open_cabin(browser: Browser, cabin: Cabin, query: str) -> Viewer:
    viewer = Viewer(browser.new_context(viewport={"width": 1600, "height": 900}).new_page())
    viewer.page.goto(cabin.page + query)
    viewer.until("window.__cabin && __cabin.frames > 5 && __cabin.ages_ms.length > 3", 60)
    return viewer


def test_the_display_shows_whom_the_shuttle_sees_where_it_goes_and_why(browser: Browser, cabin: Cabin) -> None:
    viewer = open_cabin(browser, cabin, "?lang=zh")
    counts = seen(viewer, "window.__cabin.counts")
    assert counts["people"] == 1
    assert counts["bodies"] == 1
    assert counts["both"] == 1
    assert counts["car"] == 1
    assert counts["path"] > 10
    assert counts["ways"] >= 1
    text = viewer.page.locator("main.cabin").inner_text()
    for word in ("书院绿地", "下一站", "自动驾驶", "模拟数据", "公里/小时"):
        assert word in text
    assert viewer.complaints == []
    viewer.page.context.close()


def test_it_speaks_english_to_whom_asks_for_it(browser: Browser, cabin: Cabin) -> None:
    viewer = open_cabin(browser, cabin, "?lang=en&theme=light")
    text = viewer.page.locator("main.cabin").inner_text()
    assert "Academy Green" in text
    assert "simulated" in text
    assert "km/h" in text
    viewer.page.context.close()


def test_the_age_of_the_picture_is_measured_against_the_centres_clock(browser: Browser, cabin: Cabin) -> None:
    viewer = open_cabin(browser, cabin, "?lang=en")
    viewer.until("__cabin.ages_ms.length > 20", 60)
    ages = seen(viewer, "window.__cabin.ages_ms")
    assert min(ages) > -500.0  # one clock, known to half a round trip, which a busy machine makes long
    assert min(ages) < 5000.0
    viewer.page.context.close()


def test_a_picture_that_stops_is_said_to_have_stopped(browser: Browser, cabin: Cabin) -> None:
    viewer = open_cabin(browser, cabin, "?lang=en")
    cabin.on.clear()
    try:
        viewer.page.wait_for_selector(".cabin-stale", timeout=30_000)
        assert "interrupted" in viewer.page.locator(".cabin-stale").inner_text()
    finally:
        cabin.on.set()
    viewer.page.wait_for_selector(".cabin-stale", state="detached", timeout=30_000)
    viewer.page.context.close()
