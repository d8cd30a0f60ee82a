"""The cooperative applications in a real browser: advice of a frame on the map and in its list, and the pages about them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from jinyun.centre.pages import STATIC
from jinyun.cloud.apps import CATALOGUE
from tests.browser.alone import ROW, Alone, alone
from tests.browser.conftest import Viewer

pytestmark = [pytest.mark.browser, pytest.mark.integration]

FCW = {
    "episode": 8, "application": ROW["FCW"], "receiver": 1, "about": 2, "urgency": 3, "x_m": 0, "y_m": 30, "after_s": 1.4,
    "value": 4,
}  # fmt: skip
GLOSA = {
    "episode": 9, "application": ROW["GLOSA"], "receiver": 2, "urgency": 1, "x_m": 0, "y_m": 90, "after_s": 12, "value": 40,
}  # fmt: skip


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    if not (STATIC / "index.html").exists():
        pytest.skip("the pages are not built: ./jinyun setup")
    with alone(tmp_path_factory.mktemp("state")) as found:
        yield found


def shown(viewer: Viewer) -> list[str]:
    found: list[str] = viewer.page.get_by_test_id("advice").evaluate_all("rows => rows.map(r => r.dataset.application)")
    return found


def around(viewer: Viewer, x: float, y: float) -> bytes:
    return viewer.page.screenshot(clip={"x": x - 30, "y": y - 30, "width": 60, "height": 60})


def settled(viewer: Viewer, x: float, y: float) -> bytes:
    """Return the picture around a pixel once nothing changes there any more."""
    before = around(viewer, x, y)
    for _ in range(10):
        now = around(viewer, x, y)
        if now == before:
            return now
        before = now
    raise AssertionError("the picture does not settle")


@pytest.mark.parametrize("renderer", ["canvas", "webgl"])
def test_advice_of_a_frame_stands_on_the_map_and_in_the_list_until_it_is_closed(
    viewer: Viewer, centre: Alone, renderer: str
) -> None:
    centre.advice = ()
    viewer.open(f"{centre.page}?renderer={renderer}")
    page = viewer.page
    expect(page.get_by_test_id("advice-none")).to_be_visible()
    page.evaluate("__jinyun.look(0, 15, 0.3)")
    viewer.until("__jinyun.tiles.missing === 0 && __jinyun.participants().every(p => p.shown)")
    x, y = viewer.probe("j.screen(0, 0)")
    # The tags are text; what the renderer draws is looked at without them.
    page.evaluate("document.querySelector('.advices').style.display = 'none'")
    before = settled(viewer, x, y)

    centre.advice = (GLOSA, FCW)
    row = page.locator("[data-testid=advice][data-episode='8']")
    expect(row).to_contain_text("前车过近，请制动")
    assert shown(viewer) == ["FCW", "GLOSA"]  # the most urgent first
    viewer.until("__jinyun.advice.drawn === 2")
    assert around(viewer, x, y) != before
    row.evaluate("row => { row.same = true; }")
    centre.advice = ({**FCW, "after_s": 0.6}, GLOSA)
    expect(row).to_contain_text("0.6")
    assert row.evaluate("row => row.same === true")  # the row of an episode stays, its numbers change

    centre.advice = (FCW, {**GLOSA, "urgency": 3})
    risen = page.locator("[data-testid=advice][data-episode='9'][data-urgency='3']")
    expect(risen).to_be_visible()
    assert shown(viewer) == ["GLOSA", "FCW"]
    tones = "row => ['.urgency', '.advice-id'].map(part => getComputedStyle(row.querySelector(part)).color)"
    assert len(set(risen.evaluate(tones))) == 1  # what moved up is coloured as what it is now

    page.get_by_test_id("advice-filter").select_option("GLOSA")
    expect(row).to_have_count(0)
    viewer.until("__jinyun.advice.drawn === 1")
    page.get_by_test_id("advice").get_by_role("button").click()
    viewer.until("Math.abs(__jinyun.view.y_m - 30) < 1")  # who is advised is in the middle
    page.get_by_test_id("advice-filter").select_option("")
    page.get_by_test_id("lang-toggle").click()
    expect(row).to_contain_text("Too close to the vehicle ahead: brake")

    centre.advice = ()
    expect(page.get_by_test_id("advice-none")).to_have_text("No advice now")
    viewer.until("__jinyun.advice.drawn === 0")
    assert viewer.complaints == []


def test_the_pages_of_the_applications_open_by_their_address_in_both_languages(viewer: Viewer, centre: Alone) -> None:
    centre.advice = (FCW,)
    page = viewer.page
    viewer.open(f"{centre.page}applications/fcw?lang=zh")
    expect(page.get_by_role("heading", name="前向碰撞预警")).to_be_visible()
    expect(page.get_by_test_id("applications-simulated")).to_contain_text("模拟数据")
    expect(page.get_by_test_id("badge-simulated")).to_be_visible()
    expect(page.get_by_test_id("application-open")).to_contain_text("1")
    expect(page.get_by_test_id("application-opened")).to_contain_text("12")
    number = centre.centre.zone.profile["app.fcw.warn_s"]
    expect(page.get_by_test_id("parameter-app.fcw.warn_s")).to_contain_text(f"{number.value:g}")
    expect(page.get_by_test_id("parameter-app.fcw.warn_s")).to_contain_text(number.clause)
    expect(page.get_by_test_id("application-episode").first).to_have_attribute("data-open", "true")
    centre.advice = ()
    expect(page.get_by_test_id("application-episode").first).to_have_attribute("data-open", "false")

    page.goto(f"{centre.page}applications/FCW?lang=en")
    expect(page.get_by_role("heading", name="Forward collision warning")).to_be_visible()
    page.get_by_test_id("applications-all").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="All applications")).to_be_visible()
    assert page.url.split("?")[0] == f"{centre.page}applications"
    for about in CATALOGUE:
        expect(page.get_by_test_id(f"application-{about.id}")).to_contain_text(about.en)
    page.go_back()
    expect(page.get_by_test_id("page-FCW")).to_be_visible()
    page.get_by_test_id("application-on-map").click()
    expect(page.get_by_test_id("advice-filter")).to_have_value("FCW")
    viewer.until("__jinyun.tiles?.level === 1")  # the map is drawn, and shows the whole zone

    page.goto(f"{centre.page}applications/XXX")
    expect(page.get_by_role("heading", name="XXX")).to_be_visible()
    assert viewer.complaints == []
