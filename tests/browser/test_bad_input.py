"""What people and machines write is shown as text, never taken for a part of the page."""

from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.browser.hands import Hands, send

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("browser")]

PAYLOADS = [
    "<img src=x onerror=window.taken=1>",
    "<script>window.taken=1</script>",
    "\"><svg onload=window.taken=1> ${window.taken=1} ' onfocus=window.taken=1 x='",
]


def untaken(desk):
    assert desk.page.evaluate("window.taken === undefined")
    assert desk.page.locator("#console img, #console script").count() == 0
    assert desk.violations() == []


def test_a_reason_is_shown_as_it_was_written(standing):
    page = standing.desk().open("/warn?message=flood-closing&zones=stream-6")
    page.locator("dialog .why input").fill(" ".join(PAYLOADS))
    Hands(page).hold(send(page))
    standing.until(
        lambda: any(one["why"] for one in standing.station.ask("status")["alerts"]),
        "there is an alert",
    )
    desk = standing.desk("lee")
    page = desk.open()
    alert = page.locator(".card.alert", has_text=PAYLOADS[0]).first
    alert.locator(".more summary").click()
    expect(alert).to_contain_text(PAYLOADS[2])
    untaken(desk)
    page = desk.open("/log")
    page.locator(".warned summary").first.click()
    expect(page.locator(".report")).to_contain_text(PAYLOADS[0])
    untaken(desk)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_address_that_names_nonsense_raises_nothing(standing, payload):
    desk = standing.desk()
    for name in ("camera", "hazard", "message", "zones", "level"):
        desk.page.goto(f"{standing.url}/warn?{urlencode({name: payload})}")
        expect(desk.page.locator("dialog.warn")).to_be_visible()
        untaken(desk)
    assert standing.alerts() == []


def test_the_camera_field_and_the_sign_in_take_it_for_text(standing):
    desk = standing.desk()
    page = desk.open("/warn")
    for payload in PAYLOADS:
        page.locator("dialog .camera input").fill(payload)
        page.locator("dialog .camera button").click()
        expect(page.locator("dialog .camera .bad")).to_contain_text("없습니다")
    untaken(desk)
    stranger = standing.desk(None)
    stranger.page.goto(f"{standing.url}/sign-in")
    stranger.page.locator("input[name=name]").fill(PAYLOADS[0])
    stranger.page.locator("input[name=password]").fill(PAYLOADS[1])
    stranger.page.locator("form button").click()
    expect(stranger.page.locator("#said")).not_to_be_empty()
    assert stranger.violations() == []


def test_a_page_of_another_site_gets_neither_commands_nor_the_live_state(standing):
    page = standing.desk().page
    # Another name of the same machine is another site to a browser.
    page.route("http://elsewhere.test/", lambda route: route.fulfill(body="<p>elsewhere</p>"))
    page.goto("http://elsewhere.test/")
    outcome = page.evaluate(
        """async (url) => {
          const posted = await fetch(`${url}/api/v1/alerts`, {
            method: "POST", credentials: "include",
            headers: {"Content-Type": "application/json", "Idempotency-Key": "another-site-1"},
            body: JSON.stringify({message: "flood-closing", zones: ["stream-1"]})})
            .then((answer) => answer.status, () => "refused");
          const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/live`);
          const live = await new Promise((done) => {
            socket.onopen = () => done("open"); socket.onerror = () => done("refused");
          });
          return [posted, live];
        }""",
        standing.url,
    )
    assert outcome == ["refused", "refused"]
    assert standing.alerts() == []
