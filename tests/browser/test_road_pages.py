"""The crossing's sign, the stop's board and the charging page in a real browser, with what a test lets the road say."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.alone import Alone, alone
from tests.browser.conftest import Viewer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with alone(tmp_path_factory.mktemp("state")) as found:
        yield found


class Road:
    """What the road says, said again and again as long as the block lasts."""

    def __init__(self, centre: Alone, page: Page) -> None:
        self.centre, self.page = centre, page

    def say(self, kind: str, word: dict[str, Any]) -> None:
        payload = json.dumps(word).encode()
        self.centre.loop.call_soon_threadsafe(self.centre.centre.road.take, kind, payload)

    def sign(self, **more: Any) -> None:
        one = {
            "id": "C01", "zh": "星湖公园西口", "en": "Xing Lake Park West", "shows": "dark", "reason": "", "waiting": 0,
            "crossing": 0, "car_s": None, "light": "red", "light_s": 23.0, "t_us": time.time_ns() // 1000,
        }  # fmt: skip
        self.say("crossing", {"crossings": [{**one, **more}], "simulated": True})

    def until(self, expression: str, saying: Any = None, seconds: float = 15.0, of: str = "body") -> str:
        """Say something ten times a second until the page shows it; the text of ``of`` at that very moment."""
        deadline = time.monotonic() + seconds
        script = f"() => ({expression}) ? document.querySelector('{of}').innerText : null"
        while (text := self.page.evaluate(script)) is None:
            assert time.monotonic() < deadline, expression
            if saying is not None:
                saying()
            self.page.wait_for_timeout(100)
        return str(text)


SIGN = "document.querySelector('[data-testid=sign]')"


@pytest.mark.parametrize(
    ("shows", "zh", "en"), [("people", "行人过街", "People crossing"), ("car", "停车让行", "Stop for people")]
)
def test_the_sign_says_in_both_languages_what_the_road_says(
    centre: Alone, viewer: Viewer, shows: str, zh: str, en: str
) -> None:
    road = Road(centre, viewer.page)
    viewer.page.goto(f"{centre.page}crossing/C01")
    more = {"shows": shows, "waiting": 2, "crossing": 1, "car_s": 4.2 if shows == "car" else None}
    text = road.until(f"{SIGN}?.dataset.shows === '{shows}'", lambda: road.sign(**more), of="[data-testid=sign]")
    for words in (zh, en, "星湖公园西口", "等候 2 人", "行人红灯", "23 秒", "模拟数据"):
        assert words in text
    assert ("来车约 4 秒" in text) == (shows == "car")
    assert viewer.complaints == []


def test_a_sign_of_which_nothing_is_heard_says_so_and_never_that_it_is_safe(centre: Alone, viewer: Viewer) -> None:
    road = Road(centre, viewer.page)
    viewer.page.goto(f"{centre.page}crossing/C01?lang=en")
    assert "that is no promise" in road.until(f"{SIGN}?.dataset.shows === 'dark'", road.sign)
    text = road.until(f"{SIGN}?.dataset.shows === 'fault'").lower()  # nobody speaks any more
    assert "detection out" in text and "safe" not in text
    text = road.until(f"{SIGN}?.dataset.reason === 'silent'", lambda: road.sign(shows="fault", reason="silent"))
    assert "The roadside unit is silent" in text
    viewer.page.goto(f"{centre.page}crossing/C99?lang=en")
    road.until("document.body.innerText.includes('No such crossing: C99')")


def board(centre: Alone) -> dict[str, Any]:
    zone, now_us = centre.centre.zone, time.time_ns() // 1000
    arrivals = [
        {"line": "L1", "vehicle": 7, "at_us": now_us, "standing": True, "toward": ""},
        {"line": "B1", "vehicle": 9, "at_us": now_us + 190_000_000, "standing": False, "toward": "S16"},
    ]
    stops = [
        {"id": s.id, "zh": s.zh, "en": s.en, "lon": s.lon, "lat": s.lat, "smart": s.smart, "waiting": 5, "crowd": "busy",
         "step_free": True, "lines": ["L1", "B1"], "arrivals": arrivals if s.id == "S03" else []} for s in zone.stops
    ]  # fmt: skip
    lines = [
        {"id": line.id, "zh": line.zh, "en": line.en, "kind": line.kind, "colour": line.colour} for line in zone.lines
    ]
    alert = {"id": "a", "line": "B1", "effect": "NO_SERVICE", "zh": "B1 临时绕行", "en": "B1 is diverted"}
    return {"zone": zone.id, "simulated": True, "t_us": now_us, "lines": lines, "stops": stops, "vehicles": [],
            "alerts": [alert], "errors": {}}  # fmt: skip


def test_the_board_says_who_stands_who_comes_in_minutes_how_full_it_is_and_what_is_wrong(
    centre: Alone, viewer: Viewer
) -> None:
    road = Road(centre, viewer.page)
    road.say("stop", board(centre))
    viewer.page.goto(f"{centre.page}stop/S03")
    road.until(
        "document.querySelectorAll('[data-testid=arrival]').length === 2", lambda: road.say("stop", board(centre))
    )
    text = viewer.page.inner_text("[data-testid=board]")
    for words in (
        "学府路口北",
        "Xuefu Road North",
        "停靠中",
        "开往 云门",
        "候车 5 人",
        "较多",
        "无障碍上下车",
        "B1 临时绕行",
        "模拟数据",
    ):
        assert words in text
    assert "3" in viewer.page.inner_text(".board-number")
    assert viewer.complaints == []


def test_the_charging_page_draws_the_plan_and_names_who_would_be_short(centre: Alone, viewer: Viewer) -> None:
    road = Road(centre, viewer.page)
    plan = {
        "place": "CH1", "limit_kw": 120, "start_us": time.time_ns() // 1000, "slot_s": 900, "feasible": False,
        "missing": [{"shuttle": "L1-3", "kwh": 7.5}], "total_kw": [60.0] * 8 + [0.0] * 88, "error": "",
        "stays": [{"shuttle": "L1-3", "first": 0, "last": 8, "need_kwh": 127.5, "power_kw": [60.0] * 8 + [0.0] * 88}],
    }  # fmt: skip
    word = {
        "zone": "science-city", "simulated": True, "t_us": 1, "sites": [], "sessions": [], "ended": [], "refused": {},
        "batteries": [], "alarms": [], "plan": plan,
        "chargers": [{"id": "P1", "site": "CH1", "connected": True, "version": "ocpp1.6", "vendor": "V", "model": "M",
                      "connectors": {"1": "Charging"}, "limit_w": 60000.0}],
    }  # fmt: skip
    viewer.page.goto(f"{centre.page}charging?lang=en")
    road.until("document.querySelectorAll('.plan-bar').length === 8", lambda: road.say("charging", word))
    text = viewer.page.inner_text("[data-testid=charging]")
    assert "L1-3 leaves 7.5 kWh short" in text and "limit 60.0 kW" in text
    tall = viewer.page.evaluate("() => document.querySelector('.plan-bar').getBBox().height")
    line = viewer.page.evaluate("() => 194 - document.querySelector('.plan-limit').y1.baseVal.value")
    assert tall / line == pytest.approx(0.5, abs=0.01)  # half of the limit
