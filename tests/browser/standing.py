"""A station with its console, people who may sign in, and browsers in front of it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from broadcaster.console.people import People
from broadcaster.console.people_database import PeopleDatabase
from tests.house.checkout import ROOT
from tests.scenarios.whole_station import WholeStation, whole_station, write_music

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]
PATIENCE = 180.0
"""Seconds a test waits for something that should come at once: a browser is beside the station."""
PATIENCE_MS = 60_000
"""And for something in a page."""
PASSWORD = "river-lantern-77-stone"  # noqa: S105 - of people who exist in a test only
PEOPLE = {
    "kim": ("김민준", ["operator"]),
    "lee": ("이서연", ["operator"]),
    "park": ("박지훈", ["viewer"]),
    "choi": ("최순경", ["police"]),
    "jung": ("정하은", ["administrator"]),
    "radio": ("라디오", ["radio"]),
}
DESKTOP = (1920, 1080)
LAPTOP = (1366, 768)
PHONE = (390, 844)

_WAITING = {"detected", "pending", "held"}
_LIVING = _WAITING | {"airing", "sustained", "clear_proposed", "running"}

_WATCHES = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}`);
});
"""


@dataclass
class Desk:
    """One person's browser page. `wrong` collects what it complains of."""

    page: Page
    url: str
    wrong: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Page:
        """Show a page, and wait until it is live."""
        self.page.goto(self.url + path)
        expect(self.page.locator(".link[data-old=false] .number")).to_contain_text(
            "0.", timeout=PATIENCE_MS
        )
        return self.page

    def violations(self) -> list[str]:
        """What the content security policy had to forbid, and errors nobody caught."""
        return [*self.page.evaluate("window.violations"), *self.wrong]


@dataclass
class Standing:
    """A station on air, its console's address, and a browser."""

    station: WholeStation
    url: str
    browser: Browser
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _cookies: dict[str, Any] = field(default_factory=dict)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def aside(self, do: Any, *given: Any, **named: Any) -> Any:
        """Call something that runs an event loop of its own: the browser has one here already."""
        return self._threads.submit(do, *given, **named).result()

    def until(self, is_true: Any, what: str) -> Any:
        """Ask the station again and again until it is true."""
        return self.aside(self.station.until, is_true, what, PATIENCE)

    def status(self) -> dict[str, Any]:
        """Control's snapshot."""
        return self.aside(self.station.ask, "status")

    def alerts(self) -> list[dict[str, Any]]:
        """Alerts and exercises that wait or sound, and are not being ended."""
        return [one for one in self.status()["alerts"] if one["state"] in _LIVING]

    def alert(self, name: str) -> dict[str, Any]:
        """One of them, whatever became of it."""
        return next(one for one in self.status()["alerts"] if one["id"] == name)

    def desk(
        self, person: str | None = "kim", size: tuple[int, int] = DESKTOP, **context: Any
    ) -> Desk:
        """A new browser with a page of its own, signed in as a person, or as nobody."""
        given = {"locale": "ko-KR", "viewport": {"width": size[0], "height": size[1]}, **context}
        opened = self.browser.new_context(**given)
        self._contexts.append(opened)
        opened.set_default_timeout(PATIENCE_MS)
        if person is not None:
            opened.add_cookies(self._signed_in(person))
        opened.add_init_script(_WATCHES)
        page = opened.new_page()
        desk = Desk(page, self.url)
        page.on("pageerror", lambda error: desk.wrong.append(f"not caught: {error}"))
        page.on(
            "console",
            lambda said: (
                desk.wrong.append(said.text) if "Content Security Policy" in said.text else None
            ),
        )
        return desk

    def _signed_in(self, person: str) -> Any:
        if person not in self._cookies:
            context = self.browser.new_context()
            answer = context.request.post(
                f"{self.url}/api/v1/session",
                data={"name": person, "password": PASSWORD},
                headers={"Origin": self.url},
            )
            assert answer.ok, answer.text()
            self._cookies[person] = context.cookies()
            context.close()
        return self._cookies[person]

    def forget_person(self, person: str) -> None:
        """Have somebody sign in anew the next time."""
        self._cookies.pop(person, None)

    def forget(self) -> None:
        """Close every browser page."""
        while self._contexts:
            self._contexts.pop().close()

    def close(self) -> None:
        """End the browser."""
        self._threads.shutdown()
        self.browser.close()

    def quiet(self) -> None:
        """End every warning and exercise. Their endings are still spoken when this is done."""
        for alert in self.alerts():
            act = "end-exercise" if alert["nature"] == "exercise" else "correct"
            if alert["state"] in _WAITING:
                act = "reject"
            self.aside(self.station.ask, act, alert=alert["id"], reason="the test is over")


def _add_people(state: Path) -> None:
    database = PeopleDatabase(state)
    people = People(database)
    try:
        for name, (shown, roles) in PEOPLE.items():
            people.add(name, shown, roles, PASSWORD, time.time())
    finally:
        database.close()


@contextmanager
def standing(place: Path, run: Path, config: Path = ROOT / "config.yaml") -> Iterator[Standing]:
    """The reference site on air with a console, and a browser; all ended with the context.

    Needs a network of its own, as the site's groups and ports are fixed.
    """
    expect.set_options(timeout=PATIENCE_MS)
    state = place / "state"
    state.mkdir(mode=0o700)
    _add_people(state)
    music = write_music(place / "music")
    with whole_station(config, run, state, music, is_open=True) as station:
        announced = run / "console.json"
        station.until(announced.exists, "the console says where it is", PATIENCE)
        url = str(json.loads(announced.read_text("utf-8"))["url"])
        with sync_playwright() as playwright:
            made = Standing(station, url, _browser(playwright, place))
            try:
                yield made
            finally:
                made.close()


def _browser(playwright: Playwright, place: Path) -> Browser:
    return playwright.chromium.launch(
        executable_path=str(CHROMIUM),
        args=FLAGS,
        # What it leaves for its user's next one belongs to the test.
        env={**os.environ, "XDG_RUNTIME_DIR": str(place), "HOME": str(place)},
    )
