"""Pictures of every page in both languages: `python -m tests.browser.screenshots OUT`.

Runs a station of its own in a network of its own, warns one zone, and looks at it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests import network_namespace
from tests.browser.drawn_week import draw_week
from tests.browser.hands import Hands, send
from tests.browser.standing import DESKTOP, LAPTOP, PHONE, Standing, standing

VIEWS = {
    "overview": ("/", ".card.zone"),
    "warn": (
        "/warn?message=wildfire-evacuate&zones=hill-1,hill-2,hill-3",
        "dialog .review .texts",
    ),
    "exercise": ("/exercise", ".exercise-page .stretch"),
    "map": ("/map", ".map-zone"),
    "log": ("/log", ".entries tbody tr"),
    "wall": ("/wall", ".wall-tile"),
    "on-air": ("/on-air", ".on-air-page tbody tr"),
    "week": ("/week", ".week-block"),
    "entry": ("/week", "[data-entry=morning]"),
    "playlists": ("/playlists", "[data-playlist]"),
    "playlist": ("/playlists", "[data-playlist]"),
    "library": ("/library", ".library-page tbody tr"),
    "devices": ("/devices", ".device-fault"),
    "people": ("/people", ".people-page tbody tr"),
    "account": ("/account", ".account-page form"),
    "docs": ("/docs", "section"),
}
_SETTLED_MS = 800


def main() -> int:
    """Take them all."""
    parser = argparse.ArgumentParser(prog="tests.browser.screenshots", description=__doc__)
    parser.add_argument("out", type=Path, help="folder for the pictures")
    parser.add_argument(
        "--only", choices=sorted(VIEWS), nargs="+", help="these views alone", default=sorted(VIEWS)
    )
    options = parser.parse_args()
    if network_namespace.enter() is not network_namespace.Network.OWN:
        sys.stderr.write("no right to make a network of its own, which the station needs\n")
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sorigil-pictures-") as place:
        run = Path(place) / "run"
        run.mkdir(mode=0o700)
        with standing(Path(place), run) as made:
            made.until(made.station.is_music_everywhere, "there is music everywhere")
            draw_week(made)
            _warn(made)
            made.aside(made.station.ask_amplifiers, "unplug", amplifier="amp-09")
            views = {name: VIEWS[name] for name in options.only}
            _pictures(made, options.out, views)
    return 0


def _warn(made: Standing) -> None:
    """A real warning in two zones, heard."""
    page = made.desk("kim").open("/warn?message=flood-closing&zones=stream-3,stream-4")
    Hands(page).hold(send(page))
    expect(page.locator(".hearers li[data-fact=heard]")).to_have_count(2)


def _pictures(made: Standing, out: Path, views: dict[str, tuple[str, str]]) -> None:
    sizes = [DESKTOP, LAPTOP, PHONE]
    for language in ("ko", "en"):
        for scheme in ("light", "dark"):
            for size in sizes if scheme == "light" else [DESKTOP]:
                desk = made.desk("jung", size=size, color_scheme=scheme)
                desk.page.add_init_script(f"localStorage.setItem('language', '{language}')")
                for name, (path, wanted) in views.items():
                    page = desk.page
                    page.goto(desk.url + path)
                    expect(page.locator(wanted).first).to_be_visible()
                    _open(page, name)
                    page.wait_for_timeout(_SETTLED_MS)
                    page.screenshot(path=out / f"{name}-{language}-{scheme}-{size[0]}.png")
                made.forget()
    desk = made.desk(None, size=LAPTOP)
    desk.page.goto(f"{desk.url}/sign-in")
    expect(desk.page.locator("form")).to_be_visible()
    desk.page.screenshot(path=out / "sign-in.png")


def _open(page: Page, name: str) -> None:
    """What has to be pressed before there is something to see."""
    if name == "log":
        page.locator(".warned summary").first.click()
        expect(page.locator(".report")).to_be_visible()
    if name == "entry":
        page.locator("[data-entry=morning] button:visible").first.click()
        expect(page.locator("dialog .entry-times")).to_be_visible()
    if name == "playlist":
        page.locator("[data-playlist=dawn] [data-act=change]").click()
        expect(page.locator("dialog [data-add]").first).to_be_visible()


if __name__ == "__main__":
    sys.exit(main())
