"""The proving ground in the centre, in a real browser: from the runs to a case that is replayed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from jinyun.centre import accounts
from jinyun.centre.pages import STATIC
from jinyun.trial import runner
from tests.browser.alone import Alone, alone
from tests.browser.conftest import Viewer

pytestmark = [pytest.mark.browser, pytest.mark.integration]

ITEM = "gbt41798-6.7.1"
NAME, PASSWORD = "inspector", "a long word for tests 7"


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    if not (STATIC / "index.html").exists():
        pytest.skip("the pages are not built: ./jinyun setup")
    state = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JINYUN_STATE", str(state))
        runner.run(runner.Plan("without_release", (ITEM,)), state / "trial" / "runs" / "bad-001", jobs=1)
        with alone(state) as found:
            accounts.create(found.centre.registry, NAME, "regulator", None, PASSWORD)
            yield found


def test_one_comes_from_the_runs_to_why_a_case_was_failed_and_sees_it_driven_again(
    viewer: Viewer, centre: Alone
) -> None:
    page = viewer.page
    answer = page.context.request.post(
        f"{centre.page}api/v1/session", data={"name": NAME, "password": PASSWORD}, headers={"X-Jinyun": "1"}
    )
    assert answer.ok, answer.text()
    page.goto(f"{centre.page}trials?lang=zh")
    expect(page.get_by_test_id("desk-simulated")).to_be_visible()
    expect(page.locator("tbody")).to_contain_text("without_release")
    expect(page.locator("tbody")).to_contain_text("0/8")
    page.get_by_test_id("run").first.click()
    expect(page.locator("tbody")).to_contain_text(ITEM)
    page.get_by_test_id("item").first.click()
    expect(page.get_by_test_id("case")).to_have_count(8)
    expect(page.locator("tbody")).to_contain_text("未交还控制权")
    page.get_by_test_id("case").first.click()
    expect(page.get_by_test_id("replay")).to_be_visible()
    clock = page.locator("output")
    expect(clock).to_have_text(re.compile(r"^([1-9]|0\.[1-9])"))  # it plays
    page.get_by_test_id("play").click()
    scene = page.locator("svg.trial-scene")
    expect(scene).to_contain_text("Ego 20 km/h")
    page.get_by_test_id("back").click()
    expect(page.get_by_test_id("case")).to_have_count(8)
    assert viewer.complaints == []
