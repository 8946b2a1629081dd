"""Whoever comes, with whatever screen: rules of WCAG, both languages, light and dark, all sizes."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.drawn_week import draw_week
from tests.browser.standing import DESKTOP, LAPTOP, PHONE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("browser")]

VIEWS = {
    "/": ".card.zone",
    "/warn?message=flood-closing&zones=stream-1": "dialog .review",
    "/exercise": ".exercise-page .stretch",
    "/map": ".map-zone",
    "/log": ".entries tbody tr",
    "/wall": ".wall-tile",
    "/on-air": ".on-air-page tbody tr",
    "/week": ".week-block",
    "/playlists": ".playlists-page .panel",
    "/library": ".library-page tbody tr",
    "/devices": ".devices tbody tr",
    "/people": ".people-page tbody tr",
    "/account": ".account-page form",
    "/docs": "section",
}

SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"
TALL = """
[...document.querySelectorAll("button, a.button, .chip")].filter((one) => {
  const style = getComputedStyle(one), height = one.clientHeight;
  return one.children.length === 0 && height > 3.2 * parseFloat(style.fontSize) * 1.4
    && one.textContent.trim().length < 12;
}).map((one) => one.textContent.trim())
"""
SMALL = """
[...document.querySelectorAll("button, a.button, input, summary")].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.width > 1 && (box.width < 24 || box.height < 24);
}).map((one) => `${one.className} ${one.textContent.trim()}`)
"""


def shown(desk, path, wanted):
    desk.page.goto(desk.url + path)
    expect(desk.page.locator(wanted).first).to_be_visible()
    return desk.page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_view_keeps_the_rules_of_wcag(standing, scheme, language):
    draw_week(standing)
    desk = standing.desk("jung", color_scheme=scheme)
    desk.page.add_init_script(f"localStorage.setItem('language', '{language}')")
    found = {}
    for path, wanted in VIEWS.items():
        page = shown(desk, path, wanted)
        if wrong := violations(page):
            found[path] = wrong
        assert desk.violations() == [], path
    assert found == {}


@pytest.mark.parametrize("path", ["/sign-in", "/setup"])
def test_the_way_in_keeps_them_too(standing, path):
    desk = standing.desk(None)
    desk.page.goto(desk.url + path)
    expect(desk.page.locator("form")).to_be_visible()
    assert violations(desk.page) == []
    assert desk.violations() == []


@pytest.mark.parametrize("size", [DESKTOP, LAPTOP, PHONE], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_view_fits_the_screen(standing, size, language):
    draw_week(standing)
    desk = standing.desk("jung", size=size)
    desk.page.add_init_script(f"localStorage.setItem('language', '{language}')")
    found = {}
    for path, wanted in VIEWS.items():
        page = shown(desk, path, wanted)
        wrong = [*page.evaluate(TALL), *page.evaluate(SMALL)]
        if page.evaluate(SIDEWAYS):
            wrong.append("has to be scrolled sideways")
        if wrong:
            found[path] = wrong
    assert found == {}
