"""The screen says what is so: frozen, restarted, signed out, two people at once, a wrong clock."""

import os
import signal
from contextlib import contextmanager, suppress

import pytest
from playwright.sync_api import expect

from tests.browser.hands import Hands, card, send, zone_card
from tests.browser.standing import PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("browser")]

LINK = "/warn?message=flood-closing&zones="


@contextmanager
def frozen(standing, role):
    """A process of the station that does nothing."""
    process = standing.aside(standing.station.pid, role)
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # the supervisor may have put another in its place
            os.kill(process, signal.SIGCONT)


@pytest.mark.parametrize("role", ["console", "control"])
def test_a_frozen_station_looks_old_and_takes_no_commands_until_it_is_back(standing, role):
    page = standing.desk().open("/warn?message=flood-closing&zones=stream-4")
    expect(send(page)).not_to_have_attribute("aria-disabled", "true")
    with frozen(standing, role):
        expect(page.locator(".banner.old")).to_be_visible()
        expect(page.locator(".console")).to_have_attribute("data-old", "true")
        expect(send(page)).to_have_attribute("aria-disabled", "true")
        # Why it can't be pressed is said in words, and holding it does nothing.
        expect(page.locator("dialog .act.wide .reason")).to_contain_text("연결")
        page.locator("dialog .button.hold").dispatch_event("pointerdown", {"button": 0})
        page.wait_for_timeout(1300)
    expect(page.locator(".console")).to_have_attribute("data-old", "false")
    expect(send(page)).not_to_have_attribute("aria-disabled", "true")
    assert standing.alerts() == []


def test_a_restarted_console_is_live_again_without_loading_the_page(standing):
    page = standing.desk().open()
    page.evaluate("window.isTheSame = true")
    standing.aside(standing.station.kill, "console")
    expect(page.locator(".console")).to_have_attribute("data-old", "true")
    expect(page.locator(".console")).to_have_attribute("data-old", "false")
    assert page.evaluate("window.isTheSame")


def test_a_session_that_ends_in_the_middle_of_a_warning_keeps_the_act(standing):
    desk = standing.desk("lee")
    page = desk.open(f"{LINK}hill-2")
    expect(send(page)).not_to_have_attribute("aria-disabled", "true")
    # As when an administrator ends it: the page learns of it by being refused.
    desk.page.context.clear_cookies()
    standing.forget_person("lee")
    Hands(page).hold(send(page))
    dialog = page.locator("dialog", has_text="다시 로그인")
    expect(dialog).to_be_visible()
    assert standing.alerts() == []
    dialog.locator("input[name=name]").fill("lee")
    dialog.locator("input[name=password]").fill(PASSWORD)
    dialog.locator("form button").last.click()
    standing.until(
        lambda: ["hill-2"] in [one["zones"] for one in standing.station.ask("status")["alerts"]],
        "the warning is given after all",
    )


def test_two_tabs_are_one_desk_and_what_happens_in_one_is_so_in_the_other(standing):
    standing.forget_person("lee")
    one = standing.desk("lee")
    page, other = one.open(), one.page.context.new_page()
    other.goto(standing.url)
    expect(other.locator(".card.zone")).to_have_count(14)
    # Choices are a tab's own; the desk's person is the browser's.
    zone_card(page, "stream-2").locator(".zone-name").click()
    expect(zone_card(other, "stream-2")).to_have_attribute("data-chosen", "false")
    page.locator(".who summary").click()
    page.get_by_role("button", name="교대하기").click()
    page.locator("dialog input[name=name]").fill("kim")
    page.locator("dialog input[name=password]").fill(PASSWORD)
    page.locator("dialog form button").last.click()
    for each in (page, other):
        expect(each.locator(".who")).to_contain_text("김민준")
    # The menu of the strip is open still.
    page.get_by_role("button", name="로그아웃").click()
    expect(other.locator("dialog", has_text="다시 로그인")).to_be_visible()
    standing.forget_person("lee")


def test_two_people_who_end_one_warning_differently_end_it_once_and_one_is_told(standing):
    page = standing.desk("kim").open(f"{LINK}stream-11")
    Hands(page).hold(send(page))
    zone = zone_card(page, "stream-11")
    expect(zone).to_have_attribute("data-look", "warning")
    (alert,) = standing.alerts()
    other = standing.desk("lee").open()
    for each, act in ((page, "correct"), (other, "all-clear")):
        card(each, alert["id"]).locator(f"[data-act={act}]").click()
    page.locator("dialog .ways .button").first.click()
    # The second has the sheet open already; whether it is closed or refused, nothing else happens.
    for second in send(other).element_handles():
        if (box := second.bounding_box()) is not None:
            other.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            other.mouse.down()
            other.wait_for_timeout(1_200)
            other.mouse.up()
    expect(zone).to_have_attribute("data-look", "ending")
    assert standing.alert(alert["id"])["state"] in {"correcting", "clearing", "closed"}


def test_a_browser_whose_clock_is_an_hour_off_shows_the_station_s_time(standing):
    desk = standing.desk()
    desk.page.add_init_script("const real = Date.now; Date.now = () => real() + 3_600_000;")
    page = desk.open()
    here = page.evaluate(
        """new Intl.DateTimeFormat("sv-SE", {hour: "2-digit", timeZone: "Asia/Seoul"})
           .format(new Date(Date.now() - 3_600_000))"""
    )
    expect(page.locator(".clock")).to_contain_text(f"{here[:2]}:")
    assert page.locator(".console").get_attribute("data-old") == "false"


def test_nothing_goes_out_by_one_press_of_whatever_there_is(standing):
    page = standing.desk().open(f"{LINK}stream-8")
    expect(send(page)).not_to_have_attribute("aria-disabled", "true")
    for number in range(page.locator("dialog button").count()):
        if not page.locator("dialog.warn").count():
            page.goto(f"{standing.url}{LINK}stream-8")
        button = page.locator("dialog button").nth(number)
        button.focus()
        page.keyboard.press("Enter")
    page.goto(f"{standing.url}/")
    expect(page.locator(".card.zone")).to_have_count(14)
    for number in range(page.locator("main button").count()):
        page.locator("main button").nth(number).focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
    assert standing.alerts() == []


def test_an_unplugged_amplifier_s_zone_says_so(standing):
    page = standing.desk().open()
    zone = zone_card(page, "stream-10")
    arrived = zone.locator(".fact", has_text="도착")
    expect(arrived).to_have_attribute("data-value", "yes")
    standing.aside(standing.station.ask_amplifiers, "unplug", amplifier="amp-10")
    try:
        expect(arrived).not_to_have_attribute("data-value", "yes")
        expect(zone.locator(".fact", has_text="송출")).to_have_attribute("data-value", "yes")
    finally:
        standing.aside(standing.station.ask_amplifiers, "plug", amplifier="amp-10")
    expect(arrived).to_have_attribute("data-value", "yes")


def test_the_alarm_sound_says_that_it_is_blocked_until_somebody_presses_something(standing):
    page = standing.desk().open()
    sound = page.locator(".sound")
    expect(sound).to_have_attribute("data-sound", "blocked")
    expect(sound).to_contain_text("막힘")
    sound.click()
    expect(sound).not_to_have_attribute("data-sound", "blocked")
