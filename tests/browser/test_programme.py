"""Radio staff draw the week and the playlists, with mouse and keyboard."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.drawn_week import draw_week
from tests.browser.standing import PHONE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("browser")]

PAYLOAD = "<img src=x onerror=window.taken=1>"


@pytest.fixture
def desk(standing):
    draw_week(standing)
    standing.forget_person("radio")
    yield standing.desk("radio")
    standing.forget_person("radio")


def test_an_entry_is_tried_added_seen_and_taken_back(desk):
    page = desk.open("/week")
    page.locator("[data-act=new]").click()
    sheet = page.locator("dialog")
    save = sheet.locator("[data-act=save]")
    expect(save).to_have_attribute("aria-disabled", "true")
    expect(sheet).to_contain_text("이름을 적으십시오")
    sheet.locator("input[name=title]").fill(f"밤 음악 {PAYLOAD}")
    sheet.locator("select[name=plays]").select_option("playlist dawn")
    sheet.locator("input[name=from]").fill("20:00")
    sheet.locator("input[name=until]").fill("21:30")
    for day in ("MO", "TU", "WE", "TH", "FR", "SA", "SU"):
        sheet.locator(f"[data-name={day}]").click()
    sheet.locator("input[name=rank]").fill("200")
    expect(sheet.locator("[data-field=rank] .bad")).to_have_text(
        "순위 200은 안 됩니다. 0에서 100까지입니다"
    )
    expect(save).to_have_attribute("aria-disabled", "true")
    sheet.locator("input[name=rank]").fill("70")
    expect(sheet.locator(".entry-would")).to_contain_text("20:00–21:30")
    assert violations(page) == []
    before = int(page.locator("[data-version]").get_attribute("data-version"))
    save.click()
    expect(sheet).to_have_count(0)
    expect(page.locator(".notice.good").last).to_contain_text(f"{before + 1}판")
    shown = page.locator(".week-day[data-today=true] li", has_text="밤 음악")
    expect(shown).to_contain_text("20:00–21:30")
    page.locator("[data-act=undo]").click()
    expect(shown).to_have_count(0)
    expect(page.locator(f"[data-version='{before + 2}']")).to_be_visible()
    assert page.evaluate("window.taken === undefined")
    assert desk.violations() == []


def test_what_somebody_else_changed_meanwhile_is_not_taken_back_unseen(standing, desk):
    def change(title):
        put = {"playlists": {"dawn": {"title": title, "items": []}}}
        standing.aside(standing.station.ask, "schedule-edit", put=put)

    change("새벽 안개")
    page = desk.open("/playlists")
    version = page.locator("[data-version]")
    before = int(version.get_attribute("data-version"))
    change("새벽 바람")
    page.locator("[data-act=undo]").click()
    expect(page.locator(".notice.bad").last).to_contain_text(
        f"그사이 test 님이 바꿨습니다({before + 1}판)"
    )
    expect(page.locator("[data-playlist=dawn]")).to_contain_text("새벽 바람")
    expect(version).to_have_attribute("data-version", str(before + 1))


def test_an_entry_is_moved_and_removed_and_the_history_goes_back(desk):
    page = desk.open("/week")
    page.locator("[data-entry=noon] button").first.press("Enter")
    sheet = page.locator("dialog")
    sheet.locator("input[name=from]").fill("12:30")
    sheet.locator("input[name=until]").fill("13:30")
    expect(sheet.locator(".entry-would")).to_contain_text("길이 30 min → 1 h")
    sheet.locator("[data-act=save]").click()
    noon = page.locator("[data-date] [data-entry=noon]").first
    expect(noon).to_contain_text("12:30–13:30")
    version = int(page.locator("[data-version]").get_attribute("data-version"))
    noon.locator("button").click()
    sheet.locator("[data-act=remove]").click()
    expect(page.locator("[data-entry=noon]")).to_have_count(0)
    page.get_by_role("button", name="바뀐 내역").click()
    expect(sheet.locator("li li").first).to_contain_text("지움")
    assert violations(page) == []
    sheet.get_by_role("button", name=f"{version}판으로").click()
    expect(noon).to_contain_text("12:30–13:30")
    assert desk.violations() == []


def test_a_playlist_is_made_put_in_order_by_keyboard_copied_and_removed(desk):
    page = desk.open("/playlists")
    dawn = page.locator("[data-playlist=dawn]")
    expect(dawn.locator("[data-act=remove]")).to_have_attribute("aria-disabled", "true")
    expect(dawn).to_contain_text("편성에서 쓰고 있어")
    page.locator("[data-act=new]").click()
    sheet = page.locator("dialog")
    sheet.locator("input[name=title]").fill("Rain")
    added = sheet.locator("[data-add]")
    expect(added.nth(1)).to_be_visible()
    first, second = (added.nth(n).get_attribute("data-add") for n in range(2))
    added.nth(0).click()
    added.nth(1).click()
    tracks = sheet.locator("[data-recording]")
    expect(tracks).to_have_count(2)
    tracks.nth(1).locator("[data-move=up]").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(tracks.nth(0)).to_have_attribute("data-recording", second)
    expect(tracks.nth(0).locator("[data-move=up]")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(tracks.nth(0)).to_have_attribute("data-recording", first)
    tracks.nth(0).locator("[data-move=down]").click()
    assert violations(page) == []
    sheet.locator("[data-act=save]").click()
    rain = page.locator("[data-playlist=rain]")
    rain.locator("[data-act=change]").click()
    expect(tracks.nth(0)).to_have_attribute("data-recording", second)
    sheet.locator("[data-move=take]").first.click()
    sheet.get_by_label("규칙에 따라 돌아가며").check()
    sheet.locator("input[name=folders]").fill("music/")
    sheet.locator("[data-act=save]").click()
    expect(rain).to_contain_text("규칙에 따라")
    rain.locator("[data-act=copy]").click()
    sheet.locator("[data-act=save]").click()
    expect(page.locator("[data-playlist^=rain-]")).to_have_count(1)
    page.locator("[data-playlist^=rain-] [data-act=remove]").click()
    rain.locator("[data-act=remove]").click()
    expect(page.locator("[data-playlist^=rain]")).to_have_count(0)
    assert desk.violations() == []


def test_whoever_only_looks_sees_the_week_and_is_told_why_nothing_can_be_changed(standing):
    draw_week(standing)
    desk = standing.desk("park", size=PHONE)
    page = desk.open("/week")
    expect(page.locator("[data-act=new]")).to_have_attribute("aria-disabled", "true")
    expect(page.locator(".week-day:visible")).to_have_count(1)
    page.locator("[data-entry=morning] button:visible").click()
    expect(page.locator("dialog [data-act=save]")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("dialog")).to_contain_text("역할로 로그인했습니다")
    page.keyboard.press("Escape")
    page.goto(f"{desk.url}/playlists")
    expect(page.locator("[data-act=new]")).to_have_attribute("aria-disabled", "true")
    assert desk.violations() == []
