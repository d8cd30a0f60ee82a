"""The centre's desk in a real browser: signed in and not, in both languages, by keyboard, on a wide screen and on a phone."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from jinyun.centre.pages import STATIC
from tests.browser.alone import Alone, alone
from tests.browser.conftest import Viewer
from tests.browser.desk import ACCOUNT, OTHER, PASSWORD, RECORDED_S, VIN, furnish
from tests.centre.test_notices import hook
from tests.supervision.crash import T0_US

pytestmark = [pytest.mark.browser, pytest.mark.integration]

HEADS = {
    "vehicles": ("测试车辆", "Test vehicles"), "permits": ("测试与示范许可", "Permits"), "duties": ("义务与期限", "Duties"),
    "events": ("事件与证据", "Events"), "reports": ("报告", "Reports"), "devices": ("点位与设备", "Sites and devices"),
    "notices": ("通知", "Notices"), "links": ("网络与链路", "Links"), "audit": ("审计日志", "Audit log"),
}  # fmt: skip
expect.set_options(timeout=20_000)  # a bound, not a measure: a busy machine shows a page late
OPEN = {"devices", "links"}
"""Pages that a public display shows."""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    if not (STATIC / "index.html").exists():
        pytest.skip("the pages are not built: ./jinyun setup")
    state = tmp_path_factory.mktemp("state")
    with alone(state) as found:
        furnish(found, state)
        yield found


def enter(page: Page, centre: Alone, name: str = ACCOUNT) -> None:
    answer = page.context.request.post(
        f"{centre.page}api/v1/session", data={"name": name, "password": PASSWORD}, headers={"X-Jinyun": "1"}
    )
    assert answer.ok, answer.text()


@pytest.fixture(scope="module")
def axe() -> str:
    """The rules of accessibility that the pages are held against (axe-core, a tool of tests)."""
    path = STATIC.parent / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not path.exists():
        pytest.skip("axe-core is not beside the pages: npm ci in src/jinyun/centre/web")
    return path.read_text(encoding="utf-8")


def barriers(page: Page, axe: str) -> list[str]:
    """Return what axe finds on the page: rule, how grave, and the first place."""
    page.evaluate(axe)
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
    return [f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:160]}" for one in found]


@pytest.mark.parametrize(("lang", "theme"), [("zh", "dark"), ("en", "light")])
def test_each_page_opens_by_its_address_says_that_data_are_simulated_fits_a_phone_and_shuts_nobody_out(
    viewer: Viewer, centre: Alone, axe: str, lang: str, theme: str
) -> None:
    page, loads = viewer.page, {}
    enter(page, centre)
    for name, (zh, en) in HEADS.items():
        began = time.monotonic()
        page.goto(f"{centre.page}{name}?lang={lang}&theme={theme}")
        expect(page.get_by_role("heading", name=zh if lang == "zh" else en, exact=True, level=2)).to_be_visible()
        expect(page.locator("tbody tr").first).to_be_visible()
        loads[name] = time.monotonic() - began
        expect(page.get_by_test_id("desk-simulated")).to_be_visible()
        assert page.evaluate("document.documentElement.lang").startswith(lang)
        assert barriers(page, axe) == [], f"{name} in {lang}, {theme}"
        page.set_viewport_size({"width": 390, "height": 844})
        paper = page.locator(".sheet-of-paper")
        assert paper.evaluate("e => e.scrollWidth <= e.clientWidth + 1"), f"{name} is wider than a phone"
        page.set_viewport_size({"width": 1280, "height": 800})
    print("shown after", ", ".join(f"{name} {seconds:.1f} s" for name, seconds in loads.items()))
    assert viewer.complaints == []


@pytest.mark.parametrize(("lang", "theme"), [("zh", "light"), ("en", "dark")])
def test_a_record_is_scrubbed_stepped_and_played_at_a_chosen_speed(
    viewer: Viewer, centre: Alone, axe: str, lang: str, theme: str
) -> None:
    page = viewer.page
    enter(page, centre)
    start_us = T0_US + 5_000_000
    page.goto(f"{centre.page}replay/{start_us}?lang={lang}&theme={theme}")
    clock = page.get_by_test_id("replay-clock")

    def at() -> int:
        return int(clock.get_attribute("data-t_us") or 0)

    expect(page.get_by_test_id("replay-badge")).to_be_visible()
    expect(clock).to_have_attribute("data-t_us", str(start_us))
    page.get_by_test_id("step-forward").click()
    expect(clock).to_have_attribute("data-t_us", str(start_us + 100_000))
    page.get_by_test_id("step-back").click()
    expect(clock).to_have_attribute("data-t_us", str(start_us))
    page.get_by_test_id("scrub").fill(str(T0_US + 9_000_000))
    shown = "Number(document.querySelector('[data-testid=replay-clock]').dataset.t_us)"
    viewer.until(f"Math.abs({shown} - {T0_US + 9_000_000}) <= 100000")
    there = at()
    assert barriers(page, axe) == []
    page.get_by_test_id("speed").select_option("10")
    page.get_by_test_id("play").click()
    viewer.until(f"document.querySelector('[data-testid=replay-clock]').dataset.t_us > {there + 3_000_000}")
    expect(page.get_by_test_id("play")).to_have_attribute(
        "data-playing", "false", timeout=30_000
    )  # at the record's end
    end = at()
    assert end >= T0_US + int((RECORDED_S - 0.3) * 1e6)
    page.locator(".replay-map").focus()
    page.keyboard.press("ArrowLeft")
    viewer.until(f"document.querySelector('[data-testid=replay-clock]').dataset.t_us < {end}")
    assert viewer.complaints == []


def test_an_admin_makes_an_account_whose_password_is_shown_once_and_stops_it(
    viewer: Viewer, centre: Alone, axe: str
) -> None:
    page = viewer.page
    enter(page, centre, "boss")
    page.goto(f"{centre.page}signin?lang=zh&theme=dark")
    page.get_by_test_id("account-name").fill("kestrel")
    page.get_by_test_id("account-role").select_option("company")
    page.get_by_test_id("account-company").fill(OTHER)
    page.get_by_test_id("account-make").click()
    password = page.get_by_test_id("password-once").text_content() or ""
    asked = page.context.request
    wish = {"data": {"name": "kestrel", "password": password}, "headers": {"X-Jinyun": "1"}}
    assert barriers(page, axe) == []
    row = page.locator("[data-testid=account][data-id=kestrel]")
    row.get_by_role("button", name="停用").click()
    expect(row).to_have_attribute("data-mark", "stopped")
    assert asked.post(f"{centre.page}api/v1/session", **wish).status == 401  # type: ignore[arg-type]
    page.reload()
    expect(row).to_be_visible()
    expect(page.get_by_test_id("password-once")).to_have_count(0)
    assert password and password not in page.content()


def test_a_shift_reads_in_its_language_what_happened_and_by_when_something_is_due(
    viewer: Viewer, centre: Alone
) -> None:
    page = viewer.page
    enter(page, centre)
    page.goto(f"{centre.page}notices?lang=zh")
    expect(page.get_by_text("设备静默：rsu/").first).to_be_visible()
    page.goto(f"{centre.page}duties?lang=zh")
    expect(page.get_by_text("当日 24:00").first).to_be_visible()
    expect(page.get_by_text("主管部门", exact=True).first).to_be_visible()


def test_who_did_not_sign_in_sees_the_public_pages_and_is_asked_on_the_others(viewer: Viewer, centre: Alone) -> None:
    page = viewer.page
    for name in HEADS:
        page.goto(f"{centre.page}{name}?lang=en")
        if name in OPEN:
            expect(page.locator("tbody tr").first).to_be_visible()
            expect(page.get_by_test_id("refused")).to_have_count(0)
        else:
            expect(page.get_by_test_id("refused")).to_have_attribute("data-status", "401")
            assert VIN not in page.content()
    page.get_by_test_id("to-signin").click()
    page.get_by_test_id("field-name").fill(ACCOUNT)
    page.get_by_test_id("field-password").fill("not this one at all")
    page.get_by_test_id("signin-go").click()
    expect(page.get_by_test_id("signin-reason")).to_be_visible()
    page.get_by_test_id("field-password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("who")).to_contain_text(ACCOUNT)
    page.goto(f"{centre.page}signin?lang=en")
    page.get_by_test_id("signout").click()
    expect(page.get_by_test_id("signin-form")).to_be_visible()


def test_a_list_is_searched_filtered_walked_by_keyboard_and_its_address_keeps_the_wishes(
    viewer: Viewer, centre: Alone
) -> None:
    page = viewer.page
    silent = centre.centre.zone.rsus[0].id
    page.goto(f"{centre.page}devices?lang=en")
    expect(page.get_by_test_id("device").first).to_be_visible()
    page.get_by_test_id("state").select_option("silent")
    expect(page.get_by_test_id("device")).to_have_count(1)
    assert "state=silent" in page.url
    page.reload()
    expect(page.get_by_test_id("device")).to_have_attribute("data-id", f"rsu/{silent}")
    page.get_by_test_id("state").select_option("")
    expect(page.get_by_test_id("next-page")).to_be_enabled()
    page.get_by_test_id("device").first.focus()
    page.keyboard.press("ArrowDown")
    second = page.get_by_test_id("device").nth(1).get_attribute("data-id") or ""
    expect(page.get_by_test_id("device").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("page-device")).to_contain_text(second)
    page.go_back()
    expect(page.get_by_test_id("device").first).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_test_id("search")).to_be_focused()
    page.keyboard.type(silent)
    expect(page.get_by_test_id("total")).to_have_text(re.compile("^1 "))
    assert viewer.complaints == []


def test_a_notice_is_acknowledged_and_the_log_that_says_so_is_verified(viewer: Viewer, centre: Alone) -> None:
    page = viewer.page
    enter(page, centre)
    page.goto(f"{centre.page}notices?lang=en")
    page.get_by_test_id("acknowledge").first.click()
    expect(page.locator("[data-testid=notice][data-mark=acknowledged]").first).to_contain_text(ACCOUNT)
    page.goto(f"{centre.page}audit?lang=en")
    expect(page.get_by_text("POST /api/v1/notices/{id}/acknowledgement").first).to_be_visible()
    page.get_by_test_id("verify").click()
    expect(page.get_by_test_id("verified")).to_have_attribute("data-ok", "true")


def test_a_company_sees_its_own_papers_and_nothing_of_the_other_one(viewer: Viewer, centre: Alone) -> None:
    page = viewer.page
    enter(page, centre, "company")
    page.goto(f"{centre.page}permits?lang=zh")
    expect(page.get_by_test_id("permit")).to_have_count(1)
    expect(page.get_by_test_id("permit")).to_contain_text(OTHER)
    page.goto(f"{centre.page}vehicles?lang=zh")
    expect(page.get_by_test_id("vehicle-none")).to_be_visible()
    assert VIN not in page.content()
    page.goto(f"{centre.page}audit?lang=zh")
    expect(page.get_by_test_id("refused")).to_have_attribute("data-status", "403")


def test_a_shift_makes_a_channel_tries_it_and_lets_faults_rise_to_it(viewer: Viewer, centre: Alone, axe: str) -> None:
    page = viewer.page
    with hook(200) as (url, taken):
        enter(page, centre, "boss")
        page.goto(f"{centre.page}notices?lang=zh&theme=light")
        page.get_by_test_id("to-rules").click()
        expect(page.get_by_role("heading", name="通知规则与渠道", level=2)).to_be_visible()
        page.get_by_test_id("channel-new").click()
        assert barriers(page, axe) == []
        page.get_by_test_id("channel-id").fill("duty-desk")
        page.get_by_test_id("channel-url").fill(url)
        page.get_by_test_id("channel-secret").fill("a secret of tests")
        page.get_by_test_id("channel-keep").click()
        row = page.locator("[data-testid=channel][data-id=duty-desk]")
        expect(row).to_contain_text(url)
        row.get_by_test_id("channel-try").click()
        expect(page.get_by_test_id("channel-said")).to_contain_text("duty-desk")
        assert [json.loads(body)["what"] for _, body in taken] == ["trial"]
        assert "a secret of tests" not in page.content()
    page.locator("[data-testid=notice-rule][data-id=faults]").get_by_test_id("rule-change").click()
    assert barriers(page, axe) == []
    page.get_by_test_id("rule-rule").fill("device.*")
    page.get_by_test_id("rule-rises").get_by_label("duty-desk").check()
    page.get_by_test_id("rule-after").fill("5")
    page.get_by_test_id("rule-keep").click()
    changed = page.locator("[data-testid=notice-rule][data-id=faults]")
    expect(changed).to_contain_text("device.*")
    expect(changed).to_contain_text("5 分钟后")
    changed.get_by_test_id("rule-switch").click()
    expect(changed).to_have_attribute("data-mark", "off")
    row.get_by_test_id("channel-delete").click()
    expect(row).to_have_count(0)
    assert viewer.complaints == []


def test_a_regulator_reads_rules_and_changes_none(viewer: Viewer, centre: Alone) -> None:
    page = viewer.page
    enter(page, centre)
    page.goto(f"{centre.page}notices/rules?lang=en")
    expect(page.get_by_test_id("notice-rule").first).to_be_visible()
    for deed in ("rule-new", "rule-change", "channel-new"):
        expect(page.get_by_test_id(deed)).to_have_count(0)
