"""People, own account, amplifiers, pictures: what is kept and looked after besides warnings."""

import io
from datetime import UTC, datetime

import av
import numpy as np
import pytest
from playwright.sync_api import expect

from alerts.detection.event_json import event_in
from broadcaster.picture_store import PictureStore
from tests.browser.hands import Hands, card
from tests.browser.standing import PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("browser")]

PAYLOAD = "<img src=x onerror=window.taken=1>"
REFUSED = {"detail": "jung may not do this (read-journal); operator may"}


def test_an_administrator_adds_bars_and_removes_somebody(standing):
    desk = standing.desk("jung")
    page = desk.open("/people")
    page.get_by_role("button", name="사람 추가").click()
    page.locator("dialog input[name=name]").fill("new.one")
    page.locator("dialog input[name=shown]").fill(PAYLOAD)
    page.locator("dialog input[name=password]").fill("lanterns-on-the-water")
    page.locator("dialog").get_by_label("상황 근무").check()
    page.locator("dialog [data-act=add]").click()
    row = page.locator("tr[data-person='new.one']")
    expect(row).to_contain_text(PAYLOAD)
    row.get_by_role("button").click()
    page.locator("dialog [data-act=bar]").click()
    expect(row).to_have_attribute("data-barred", "true")
    row.get_by_role("button").click()
    Hands(page).hold(page.locator("dialog .button.hold"))
    expect(row).to_have_count(0)
    assert page.evaluate("window.taken === undefined")
    assert desk.violations() == []


def test_what_was_told_changes_its_language_with_the_screen(standing):
    page = standing.desk("jung").open("/people")
    page.get_by_role("button", name="사람 추가").click()
    page.locator("dialog input[name=name]").fill("kim")
    page.locator("dialog input[name=password]").fill("lanterns-on-the-water")
    page.locator("dialog [data-act=add]").click()
    told = page.locator(".notice.bad span").last
    expect(told).to_contain_text("이미")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="English").click()
    expect(told).to_contain_text("already")
    page.route("**/api/v1/journal?*", lambda route: route.fulfill(status=403, json=REFUSED))
    page.locator("nav a[href='/log']").click()
    problem = page.locator(".log-view > .panel > .bad[role=alert]").first
    expect(problem).to_have_text(REFUSED["detail"])
    page.get_by_role("button", name="한국어").click()
    expect(problem).to_contain_text("할 수 없습니다")


def test_the_radio_staff_find_describe_and_steer(standing):
    standing.forget_person("radio")
    desk = standing.desk("radio")
    page = desk.open("/library")
    row = page.locator(".library-page tbody tr", has_text="piece-1")
    expect(row).to_be_visible()
    row.get_by_role("button").click()
    page.locator("dialog input[name=tags]").fill(f"잔잔, {PAYLOAD}")
    page.locator("dialog [data-act=save]").click()
    expect(row).to_contain_text(PAYLOAD)
    page.locator("input[name=words]").fill("잔잔")
    expect(page.locator(".library-page tbody tr")).to_have_count(1)
    page.goto(desk.url + "/on-air")
    zone = page.locator("tr[data-zone='stream-1'][data-kind=music]")
    expect(zone).to_be_visible()
    zone.locator("[data-act=skip]").click()
    expect(page.locator(".notice", has_text="했습니다").first).to_be_visible()
    assert page.evaluate("window.taken === undefined")
    assert desk.violations() == []
    standing.forget_person("radio")


def test_a_session_that_an_administrator_ends_is_over_and_its_page_asks_to_sign_in(standing):
    standing.forget_person("park")
    seen = standing.desk("park").open()
    page = standing.desk("jung").open("/people")
    page.locator("tr[data-session=park]").get_by_role("button").first.click()
    expect(seen.locator("dialog", has_text="다시 로그인")).to_be_visible()
    standing.forget_person("park")


def test_everybody_changes_their_own_password_and_a_wrong_one_is_told_in_korean(standing):
    standing.forget_person("radio")
    desk = standing.desk("radio")
    page = desk.open("/account")

    def change(old, new):
        for name, text in (("old", old), ("new", new), ("again", new)):
            page.locator(f"input[name={name}]").fill(text)
        page.locator("form button").first.click()

    change("not the one I have", "another-lantern-88-river")
    expect(page.locator("form .bad").first).to_contain_text("틀렸")
    for old, new in (
        (PASSWORD, "another-lantern-88-river"),
        ("another-lantern-88-river", PASSWORD),
    ):
        change(old, new)
        expect(page.locator(".notice.good").last).to_contain_text("바꿨습니다")
        expect(page.locator("input[name=old]")).to_have_value("")
    page.get_by_role("button", name="인증 앱 연결").click()
    expect(page.locator(".secret")).to_be_visible()
    assert desk.violations() == []


def test_whoever_may_not_keep_people_sees_neither_them_nor_the_way_there(standing):
    page = standing.desk("kim").open("/people")
    expect(page.locator("main")).to_contain_text("관리자만")
    assert page.locator("nav a[href='/people']").count() == 0


def test_a_fault_of_an_amplifier_is_shown_seen_and_over(standing):
    desk = standing.desk("jung")
    page = desk.open("/devices")
    expect(page.locator(".devices tr[data-amplifier]")).to_have_count(14)
    standing.aside(standing.station.ask_amplifiers, "unplug", amplifier="amp-09")
    try:
        fault = page.locator(".device-fault[data-fault^='amp-09/'][data-there=true]").first
        expect(fault).to_contain_text("홍제천 앰프 9")
        fault.locator("[data-act=acknowledge]").click()
        expect(fault).to_contain_text("jung")
        expect(fault).to_contain_text("아직 계속됩니다")
    finally:
        standing.aside(standing.station.ask_amplifiers, "plug", amplifier="amp-09")
    over = page.locator(".device-fault[data-fault^='amp-09/'][data-there=false]").first
    over.locator("[data-act=reset]").click()
    assert desk.violations() == []


def jpeg():
    out = io.BytesIO()
    with av.open(out, "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")
        container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return out.getvalue()


def detected(standing, pictures):
    """The alert of heat that a camera reports, as the doors would hand it to control."""
    now = datetime.now(UTC).isoformat()
    said = {
        "v": 1, "id": f"t{now}", "source": "cam-031", "kind": "thermal", "phase": "start",
        "time": now, "confidence": 0.9, "pictures": pictures,
    }  # fmt: skip
    event = {
        "event": event_in(said).message(), "received": now, "via": "test", "highest": 240,
        "zones": [], "clock_suspect": False,
    }  # fmt: skip
    (verdict,) = standing.aside(standing.station.ask, "detections", events=[event])["verdicts"]
    return verdict["alert"]


def test_a_picture_of_a_detection_is_seen_by_the_police_who_say_what_for(standing):
    name = PictureStore(standing.station.state).keep(jpeg())
    alert = detected(standing, [name])
    desk = standing.desk("choi")
    page = desk.open()
    card(page, alert).get_by_role("button", name="사진").click()
    show = page.locator("dialog").get_by_role("button", name="사진 보기")
    expect(show).to_have_attribute("aria-disabled", "true")
    page.locator("dialog input").fill("실종자 확인")
    show.click()
    picture = page.locator("dialog img")
    expect(picture).to_be_visible()
    page.wait_for_timeout(500)
    assert page.evaluate("document.querySelector('dialog img').naturalWidth") == 64
    log = standing.desk("jung").open("/log")
    expect(log.locator(".entries")).to_contain_text("실종자 확인")
    assert desk.violations() == []
