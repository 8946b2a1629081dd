"""The ten commonest tasks, from the first press to the wire and back to the screen."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.hands import Hands, card, send, stretch, template, zone_card

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("browser")]


def raised(standing):
    """The one real alert that lives."""
    found = standing.until(
        lambda: [
            one
            for one in standing.station.ask("status")["alerts"]
            if one["nature"] == "real" and one["state"] in {"airing", "sustained", "pending"}
        ],
        "there is an alert",
    )
    assert len(found) == 1
    return found[0]


def test_see_what_sounds_where(standing):
    desk = standing.desk()
    page = desk.open()
    expect(page.locator(".card.zone")).to_have_count(14)
    for fact in ("송출", "도착"):
        expect(zone_card(page, "stream-5").locator(".fact", has_text=fact)).to_have_attribute(
            "data-value", "yes"
        )
    page.get_by_role("button", name="English").click()
    expect(zone_card(page, "stream-5")).to_contain_text("programme")
    assert desk.violations() == []


def test_hold_an_exercise_and_end_it(standing):
    desk = standing.desk()
    page = desk.open("/exercise")
    stretch(page, "홍제천 7구간").click()
    Hands(page).hold(page.locator(".exercise-page .button.hold"))
    running = page.locator(".card.alert.exercise")
    expect(running).to_be_visible()
    (exercise,) = standing.alerts()
    assert exercise["nature"] == "exercise"
    running.get_by_role("button", name="훈련 끝내기").click()
    standing.until(
        lambda: (
            {
                one["state"]
                for one in standing.station.ask("status")["alerts"]
                if one["id"] == exercise["id"]
            }
            <= {"ending", "ended", "closed"}
        ),
        "the exercise ends",
    )
    assert desk.violations() == []


def test_warn_by_mouse_in_four_acts_and_correct_it_in_two_seen_by_another_operator(standing):
    desk, other = standing.desk("kim"), standing.desk("lee")
    page, seen = desk.open(), other.open()
    hands = Hands(page)
    hands.press(stretch(page, "홍제천 5구간"))
    hands.press(page.get_by_role("button", name=re.compile("^경보 방송")))
    hands.press(template(page, "통제").first)
    expect(page.locator("dialog .review")).to_contain_text("홍제천 5구간")
    hands.hold(send(page))
    alert = raised(standing)
    assert hands.acts <= 4
    assert alert["zones"] == ["stream-5"]
    for each in (page, seen):
        expect(card(each, alert["id"])).to_be_visible()
        expect(zone_card(each, "stream-5")).to_have_attribute("data-look", "warning")
    # The other operator finds that it was wrong: no word has to be typed.
    correcting = Hands(seen)
    correcting.press(card(seen, alert["id"]).locator("[data-act=correct]"))
    correcting.press(seen.locator("dialog .ways .button").first)
    assert correcting.acts <= 2
    expect(zone_card(page, "stream-5")).to_have_attribute("data-look", "ending")
    assert desk.violations() == other.violations() == []


def test_warn_by_keyboard_alone_in_four_acts_and_give_the_all_clear(standing):
    desk = standing.desk()
    page = desk.open()
    # A key means a zone once there are zones.
    expect(zone_card(page, "stream-9")).to_be_visible()
    hands = Hands(page)
    hands.key("9")
    hands.key("w")
    expect(page.locator("dialog.warn")).to_be_visible()
    # The caution against high water is among the first nine.
    number = page.locator("dialog .template", has_text="통제").first.locator(".key").inner_text()
    hands.key(number)
    expect(send(page)).not_to_have_attribute("aria-disabled", "true")
    hands.hold_keys("Control", "Enter")
    alert = raised(standing)
    assert hands.acts <= 4
    assert alert["zones"] == ["stream-9"]
    expect(zone_card(page, "stream-9")).to_have_attribute("data-look", "warning")
    clearing = Hands(page)
    clearing.press(card(page, alert["id"]).locator("[data-act=all-clear]"))
    page.locator("dialog input[type=radio]").first.check()
    clearing.hold(send(page))
    expect(zone_card(page, "stream-9")).to_have_attribute("data-look", "ending")


def test_warn_by_a_camera_s_link(standing):
    page = standing.desk().open("/warn?camera=214&hazard=flood")
    expect(page.locator("dialog .camera")).to_contain_text("cam-214")
    hands = Hands(page)
    hands.hold(send(page))
    alert = raised(standing)
    assert hands.acts == 1
    assert alert["camera"] == "cam-214"
    assert alert["zones"] == ["stream-1", "stream-2", "stream-3", "stream-4"]


def test_choose_zones_on_the_map_and_warn_them(standing):
    desk = standing.desk()
    page = desk.open("/map")
    expect(page.locator(".map-speakers circle")).to_have_count(171)
    page.locator(".map-zone[data-zone=hill-2]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".map-zone[data-zone=hill-2]")).to_have_attribute("aria-pressed", "true")
    page.locator(".map-camera[data-camera=cam-214]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".picked")).to_contain_text("cam-214")
    page.get_by_role("button", name=re.compile("^경보 방송")).click()
    expect(page.locator("dialog.warn .stretch[aria-pressed=true]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("dialog.warn")).to_have_count(0)
    assert standing.alerts() == []
    assert desk.violations() == []


def test_listen_in_to_a_zone(standing):
    desk = standing.desk()
    page = desk.open()
    listen = zone_card(page, "stream-6").locator(".listen")
    listen.get_by_role("button").click()
    expect(listen).to_have_attribute("data-state", "listenHeard")
    expect(listen).to_contain_text("dB")
    listen.get_by_role("button").click()
    expect(listen).not_to_have_attribute("data-state", re.compile(".+"))
    assert desk.violations() == []


def test_read_in_the_log_how_a_warning_went_and_take_it_along(standing):
    page = standing.desk().open("/warn?message=flood-closing&zones=hill-3")
    Hands(page).hold(send(page))
    alert = raised(standing)
    standing.until(
        lambda: next(
            one["path"]["zones"]["hill-3"].get("sent_ms")
            for one in standing.station.ask("status")["alerts"]
            if one["id"] == alert["id"]
        ),
        "its path is measured",
    )
    desk = standing.desk()
    log = desk.open("/log")
    # Others may be newer: the ending of one that was corrected before is still being spoken.
    mine = log.locator(f".warned[data-alert='{alert['id']}']")
    mine.locator("summary").click()
    expect(mine.locator(".path tbody tr")).to_have_count(len(alert["zones"]))
    expect(mine.locator(".path")).to_contain_text("ms")
    with log.expect_download() as downloading:
        log.get_by_role("button", name="CSV로 저장").click()
    saved = Path(downloading.value.path()).read_text("utf-8")
    assert saved.startswith("\ufeff")
    assert alert["id"] in saved
    assert desk.violations() == []


def test_hand_over_the_desk_without_stopping_anything(standing):
    desk = standing.desk("kim")
    page = desk.open()
    page.locator(".who summary").click()
    page.get_by_role("button", name="교대하기").click()
    page.locator("dialog input[name=name]").fill("lee")
    page.locator("dialog input[name=password]").fill("river-lantern-77-stone")
    page.locator("dialog form button").last.click()
    expect(page.locator(".who")).to_contain_text("이서연")
    expect(page.locator(".link")).to_have_attribute("data-old", "false")
    standing.forget_person("kim")


def test_the_police_raise_a_missing_person_s_notice_and_nothing_else(standing):
    page = standing.desk("choi").open("/warn")
    expect(page.locator("dialog .template")).to_have_count(1)
    page.locator("dialog .template").click()
    page.locator("dialog .stretch", has_text="안산 1구간:").click()
    Hands(page).hold(send(page))
    found = standing.until(
        lambda: [
            one
            for one in standing.station.ask("status")["alerts"]
            if one["hazard"] == "missing-person"
        ],
        "it is raised",
    )
    assert found[0]["raised_by"] == "choi"


def test_the_wall_shows_it_all_without_a_scroll_or_a_button(standing):
    desk = standing.desk("park", size=(1920, 1080))
    page = desk.page
    page.goto(f"{standing.url}/wall")
    expect(page.locator(".wall-tile")).to_have_count(14)
    assert page.evaluate("[...document.querySelectorAll('.wall button, .wall input')].length === 0")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert desk.violations() == []
