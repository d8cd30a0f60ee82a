"""The live page in a real browser: what it shows, in both languages, on a wall and on a phone, and through every failure."""

from __future__ import annotations

import struct
import threading
import time
import zlib

import httpx
import paho.mqtt.client as paho
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Viewer
from tests.conftest import shared
from tests.oracle import frame
from tests.running import START_S, Running, jinyun, running

pytestmark = [pytest.mark.browser, pytest.mark.integration]


def test_the_page_shows_the_zone_live_in_chinese(viewer: Viewer, live_zone: Running) -> None:
    viewer.open(live_zone.page)
    viewer.until("__jinyun.counts.tracks > 100 && __jinyun.counts.signals > 50")
    page = viewer.page
    expect(page.get_by_test_id("zone-name")).to_contain_text("科学城")
    expect(page.get_by_test_id("badge-simulated")).to_be_visible()
    for name in ("broker", "cloud", "centre", "street"):
        expect(page.get_by_test_id(f"part-{name}")).to_have_attribute("data-state", "up")
    viewer.until(
        "['bsm','rsm','spat','map'].every(k => parseFloat(document.querySelector(`[data-testid=rate-${k}]`)"
        ".textContent.replace(/,/g, '')) > 0)"
    )
    assert viewer.probe("j.badFrames") == 0
    assert viewer.complaints == []


def test_every_word_is_there_in_english_and_the_choice_is_kept(viewer: Viewer, live_zone: Running) -> None:
    viewer.open(live_zone.page)
    viewer.page.get_by_test_id("lang-toggle").click()
    expect(viewer.page.get_by_test_id("zone-name")).to_contain_text("Science City")
    expect(viewer.page.get_by_test_id("badge-simulated")).to_contain_text("imulated")
    viewer.page.reload()
    expect(viewer.page.get_by_test_id("zone-name")).to_contain_text("Science City")
    assert viewer.page.locator("html").get_attribute("lang") == "en"


def pixels(png: bytes) -> bytes:
    """Return the raw rows of a PNG, enough to see whether anything is drawn."""
    at, data = 8, b""
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    return zlib.decompress(data)


@pytest.mark.parametrize("renderer", ["webgl", "canvas"])
def test_participants_move_on_either_renderer(viewer: Viewer, live_zone: Running, renderer: str) -> None:
    viewer.open(f"{live_zone.page}?renderer={renderer}")
    assert viewer.probe("j.renderer") == renderer
    viewer.until("__jinyun.participants().some(p => p.speed_mps > 5 && p.shown)")
    found = viewer.probe("j.participants().find(p => p.speed_mps > 5 && p.shown)")
    viewer.page.evaluate(f"__jinyun.look({found['shown']['x_m']}, {found['shown']['y_m']}, 0.3)")
    viewer.until(
        f"(() => {{ const p = __jinyun.participants().find(p => p.id === {found['id']});"
        f" return !p || Math.hypot(p.shown?.x_m - {found['shown']['x_m']}, p.shown?.y_m - {found['shown']['y_m']}) > 2; }})()"
    )
    drawn = pixels(viewer.page.get_by_test_id("map").screenshot())
    assert len(set(drawn[:: max(1, len(drawn) // 20_000)])) > 20
    assert viewer.complaints == []


def test_the_map_says_more_the_nearer_one_looks_and_is_asked_once(viewer: Viewer, live_zone: Running) -> None:
    asked: list[str] = []
    viewer.page.on("request", lambda request: asked.append(request.url) if "/map/" in request.url else None)
    viewer.open(live_zone.page)
    viewer.until("__jinyun.tiles.level === 1 && __jinyun.tiles.missing === 0")
    assert asked and all("/1/" in url.split("/map/tiles/")[1] for url in asked)
    viewer.page.evaluate("__jinyun.look(987, 1492, 0.3)")
    viewer.until("__jinyun.tiles.level === 2 && __jinyun.tiles.missing === 0")
    expect(viewer.page.get_by_text("书院路/博文街").filter(visible=True).first).to_be_visible()
    viewer.page.get_by_test_id("map").focus()
    x = viewer.probe("j.view.x_m")
    viewer.page.keyboard.press("ArrowRight")
    viewer.until(f"__jinyun.view.x_m > {x}")
    viewer.page.get_by_test_id("fit").click()
    viewer.until("__jinyun.tiles.level === 1 && __jinyun.tiles.missing === 0")
    assert len(asked) == len(set(asked))
    assert viewer.complaints == []


def test_a_click_opens_the_card_of_a_participant(viewer: Viewer, live_zone: Running) -> None:
    viewer.open(live_zone.page)
    viewer.until("__jinyun.participants().some(p => p.shown && p.kind === 1 && !(p.speed_mps > 0.1))")
    standing = viewer.probe("j.participants().find(p => p.shown && p.kind === 1 && !(p.speed_mps > 0.1))")
    viewer.page.evaluate(f"__jinyun.look({standing['x_m']}, {standing['y_m']}, 0.1)")
    viewer.until(f"Math.abs(__jinyun.view.x_m - {standing['x_m']}) < 1")
    box = viewer.page.get_by_test_id("map").bounding_box()
    assert box is not None
    viewer.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(viewer.page.get_by_test_id("participant-card")).to_be_visible()


def test_a_phone_can_read_it(browser: Browser, live_zone: Running) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", has_touch=True, is_mobile=True
    )
    viewer = Viewer(context.new_page())
    viewer.open(live_zone.page)
    assert viewer.page.evaluate("document.documentElement.scrollWidth") <= 390
    tab = viewer.page.get_by_role("tab").first  # the sheet at the bottom, folded: its tabs carry the numbers
    expect(tab).to_contain_text("交通参与者")
    viewer.until("parseInt(document.querySelector('[role=tab]').textContent) > 50")
    assert viewer.complaints == []
    context.close()


def test_the_page_asks_nobody_but_its_own_server(viewer: Viewer, live_zone: Running) -> None:
    asked: list[str] = []
    viewer.page.on("request", lambda request: asked.append(request.url))
    viewer.open(live_zone.page)
    own = live_zone.page.rstrip("/")
    strangers = [url for url in asked if not url.startswith((own, own.replace("http", "ws"), "data:", "blob:"))]
    assert asked and strangers == []


def test_a_car_built_by_another_library_appears(viewer: Viewer, live_zone: Running) -> None:
    """BSM by asn1tools from the type table, sent by paho-mqtt: nothing of Jinyun on the sending side."""
    zone = httpx.get(live_zone.page + "api/v1/zone").json()
    lat, lon = round(zone["origin"]["lat"] * 1e7), round(zone["origin"]["lon"] * 1e7)
    bsm = {
        "msgCnt": 0, "id": b"STRANGER", "secMark": 0, "pos": {"lat": lat + 1_000_000, "long": lon + 1_000_000},
        "transmission": "forwardGears", "speed": 0, "heading": 7200,
        "accelSet": {"long": 0, "lat": 0, "vert": 0, "yaw": 0}, "brakes": {}, "size": {"width": 250, "length": 1199},
        "vehicleClass": {"classification": 54},
    }  # fmt: skip
    viewer.open(live_zone.page)
    stop = threading.Event()

    def drive() -> None:
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, "stranger")
        client.connect("127.0.0.1", live_zone.mqtt_port)
        client.loop_start()
        for count in range(10_000):
            message = {**bsm, "msgCnt": count % 128, "secMark": int(time.time() * 1000) % 60_000}
            client.publish(f"jinyun/{zone['id']}/obu/stranger/up/bsm", frame("bsmFrame", message))
            if stop.wait(0.1):
                break
        client.loop_stop()

    frame("bsmFrame", bsm)  # compile the oracle before the clock runs
    thread = threading.Thread(target=drive)
    began = time.monotonic()
    thread.start()
    try:
        viewer.until("__jinyun.participants().some(p => p.y_m > 9000)", 10)  # far from the town: no other
        print(f"on the page after {time.monotonic() - began:.2f} s")
        car = viewer.probe("j.participants().find(p => p.y_m > 9000)")
        assert car["seen_by"] == 1 and abs(car["heading_deg"] - 90) < 0.1
        assert car["class"] == 54 and abs(car["length_m"] - 11.99) < 0.01
        assert abs(car["y_m"] - 0.1 * 110_850) < 30 and abs(car["x_m"] - 0.1 * 96_850) < 60
    finally:
        stop.set()
        thread.join()


def test_the_page_recovers_by_itself_from_the_death_of_every_part(viewer: Viewer) -> None:
    with running() as zone:
        viewer.open(zone.page)
        viewer.until("__jinyun.counts.tracks > 50")
        viewer.page.evaluate("window.__same = true")
        for killed in (["broker"], ["cloud", "centre", "street"]):  # alone what all others need, then those at once
            for name in killed:
                zone.kill(name)
            seen = viewer.probe("j.frames")
            viewer.until(f"__jinyun.frames > {seen} + 20 && __jinyun.counts.tracks > 50", START_S)
            for name in killed:
                expect(viewer.page.get_by_test_id(f"part-{name}")).to_have_attribute("data-state", "up", timeout=20_000)
        restarts = {part["name"]: part["restarts"] for part in zone.status()["parts"]}
        assert [restarts[name] for name in ("broker", "cloud", "centre", "street")] == [1, 1, 1, 1]
        assert viewer.page.evaluate("window.__same") is True  # never reloaded
        assert viewer.probe("j.badFrames") == 0


def test_a_replay_is_shown_live_and_marked_as_what_it_is(viewer: Viewer) -> None:
    recording = shared("roadside/radar-tracks-xiongan.json")
    with running("--no-world") as zone:
        viewer.open(zone.page)
        done: list[object] = []
        state = zone.folder.parent
        play = threading.Thread(
            target=lambda: done.append(jinyun("replay", str(recording), "--speed", "3", state=state))
        )
        play.start()
        viewer.until("__jinyun.counts.tracks > 20", 30)
        expect(viewer.page.get_by_test_id("badge-replay")).to_be_visible()
        expect(viewer.page.get_by_test_id("badge-simulated")).to_have_count(0)
        assert viewer.probe("j.participants().length") > 20
        play.join()
        (result,) = done
        assert result.returncode == 0, result.stderr  # type: ignore[attr-defined]
        assert viewer.complaints == []
