"""What people do at the console of a demo, from its first second: acts counted, pages looked at."""

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urlsplit

import numpy as np

from benchmarks.context import SOURCES, Context
from benchmarks.hands import Hands
from benchmarks.measurement import Measurement, MeasurementError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RESTARTS: Final = 3
PAGES: Final = {
    "/": ".card.zone",
    "/warn?message=flood-closing&zones=stream-1": "dialog .review .texts",
    "/exercise": ".exercise-page .stretch",
    "/map": ".map-zone",
    "/log": ".entries tbody tr",
    "/wall": ".wall-tile",
    "/week": ".week-block",
    "/playlists": ".playlists-page .panel",
    "/devices": ".devices tbody tr",
    "/people": ".people-page header",
    "/docs": "section",
}
"""Every page, and what is there once it is."""

_LIMIT_S: Final = 120.0
_LIMIT_MS: Final = 60_000
_AXE: Final = SOURCES.parent / "tests" / "data" / "axe" / "axe.min.js.gz"
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_WATCHES: Final = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
window.answered = 0;
window.WebSocket = class extends WebSocket {
  constructor(...where) {
    super(...where);
    if (this.url.endsWith("/live"))
      this.addEventListener("message", () => { window.answered += 1; }, {once: true});
  }
};
"""  # noqa: E501 - JavaScript
_AXE_RUN: Final = """async (tags) =>
  (await axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]}))
    .violations.map((one) => one.id)"""


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that runs; `began` is when it was started, in monotonic seconds."""

    run: Path
    url: str
    began: float

    def pid(self, role: str) -> int:
        """The process of a role now."""
        table = json.loads((self.run / "processes.json").read_text("utf-8"))
        return next(int(one["pid"]) for one in table["processes"] if one["role"] == role)


@contextmanager
def demo(context: Context) -> Iterator[Demo]:
    """`broadcaster demo` as somebody new starts it, with nothing made before; ended afterwards."""
    run, state = context.scratch / "demo-run", context.scratch / "demo-state"
    run.mkdir(mode=0o700)
    argv = [sys.executable, "-m", "broadcaster", "demo", "--run", str(run), "--state", str(state)]
    began = time.monotonic()
    with (context.scratch / "demo.log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        announced = run / "console.json"
        while not announced.exists():
            if process.poll() is not None or time.monotonic() > began + _LIMIT_S:
                raise MeasurementError(f"the demo has no console after {_LIMIT_S:.0f} s")
            time.sleep(0.05)
        yield Demo(run, str(json.loads(announced.read_bytes())["url"]), began)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def tasks(context: Context, browser: "Browser") -> Iterator[Measurement]:
    """All rows of a demo and the people in front of it."""
    with demo(context) as shown:
        page = _page(browser)
        page.goto(shown.url)
        page.wait_for_selector(".card.zone .fact:nth-child(3)[data-value=yes]")
        took = time.monotonic() - shown.began
        yield Measurement("console.newcomer_s", took, None, {"page": "music arrives in a zone"})
        context.say("warnings by mouse and by keyboard, and their correction")
        yield from _warned_and_corrected(page)
        context.say(f"the console killed {RESTARTS} times")
        yield _restarted(page, shown)
        page.context.close()
        context.say(f"{len(PAGES)} pages in two languages, light and dark")
        yield from _looked_at(browser, shown)


def _page(browser: "Browser", scheme: str = "light", language: str = "ko") -> "Page":
    context = browser.new_context(
        viewport={"width": 1920, "height": 1080},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    context.set_default_timeout(_LIMIT_MS)
    context.add_init_script(f"{_WATCHES}localStorage.setItem('language', '{language}');")
    return context.new_page()


# --- warnings ---


def _warned_and_corrected(page: "Page") -> Iterator[Measurement]:
    """One warning by mouse, one by keyboard alone; each corrected with the mouse."""
    warnings, corrections, seconds = [], [], []
    for give, zone in ((_by_mouse, "stream-5"), (_by_keyboard, "stream-9")):
        warnings.append(warning := Hands(page))
        give(warning, zone)
        on_air = f".card.zone[data-zone={zone}] .kind[data-kind"
        page.wait_for_selector(f"{on_air}=warning]")
        began = time.monotonic()
        corrections.append(correction := Hands(page))
        _correct(correction)
        page.wait_for_selector(f"{on_air}=ending]")
        seconds.append(time.monotonic() - began)
    detail = {"mouse": warnings[0].acts, "keyboard": warnings[1].acts}
    yield Measurement("console.warning_acts", max(detail.values()), None, detail)
    typed = {"typed": max(one.keys for one in corrections)}
    yield Measurement("console.correction_acts", max(one.acts for one in corrections), None, typed)
    every = {"every": [round(one, 2) for one in seconds]}
    yield Measurement("console.correction_s", max(seconds), None, every)


def _by_mouse(hands: Hands, zone: str) -> None:
    hands.click(f".card.zone[data-zone={zone}] .zone-name")
    hands.click(".big-acts .button.alarm")
    hands.click("dialog .template >> nth=0")
    hands.hold("dialog .button.hold:not([aria-disabled])")


def _by_keyboard(hands: Hands, zone: str) -> None:
    hands.press(zone.removeprefix("stream-"))
    hands.page.wait_for_selector(f".card.zone[data-zone={zone}][data-chosen=true]")
    hands.press("w")
    hands.page.wait_for_selector("dialog .template")
    hands.press("1")
    hands.page.wait_for_selector("dialog .button.hold:not([aria-disabled])")
    hands.hold_keys("Control", "Enter")


def _correct(hands: Hands) -> None:
    hands.click(".card.alert [data-act=correct]")
    hands.click("dialog .ways .button >> nth=0")


# --- honest ---


def _restarted(page: "Page", shown: Demo) -> Measurement:
    """From when a killed console serves again until a page is live, not loaded anew; the worst.

    A console that is back within the two seconds after which data looks stale never looks so.
    """
    took, away = [], []
    where = urlsplit(shown.url)
    page.evaluate("window.isTheSame = true")
    for _ in range(RESTARTS):
        answered = page.evaluate("window.answered")
        killed = time.monotonic()
        os.kill(shown.pid("console"), signal.SIGKILL)
        _wait_for_door(where, killed, is_open=False)
        _wait_for_door(where, killed, is_open=True)
        served = time.monotonic()
        while page.evaluate("window.answered") == answered:
            if time.monotonic() > served + _LIMIT_S:
                raise MeasurementError("the page does not ask again")
            page.wait_for_timeout(10)
        page.wait_for_selector(".console[data-old=false]")
        took.append(time.monotonic() - served)
        away.append(time.monotonic() - killed)
    if not page.evaluate("window.isTheSame"):
        raise MeasurementError("the page was loaded anew")
    detail = {**_every(took), "since_killed": [round(one, 2) for one in away]}
    return Measurement("console.live_after_restart_s", max(took), None, detail)


def _wait_for_door(where: SplitResult, killed: float, *, is_open: bool) -> None:
    while True:
        with socket.socket() as caller:
            if (caller.connect_ex((where.hostname or "", where.port or 0)) == 0) is is_open:
                return
        if time.monotonic() > killed + _LIMIT_S:
            raise MeasurementError(f"the console {'is not back' if is_open else 'goes on'}")
        time.sleep(0.005)


def _every(values: list[float]) -> dict[str, Any]:
    return {
        "median": round(float(np.median(values)), 3),
        "every": [round(value, 3) for value in values],
    }


# --- every page ---


def _looked_at(browser: "Browser", shown: Demo) -> Iterator[Measurement]:
    """What axe-core and the pages' own policy complain of."""
    script = gzip.decompress(_AXE.read_bytes()).decode()
    wrong: dict[str, list[str]] = {}
    forbidden: dict[str, list[str]] = {}
    count = 0
    for language in ("ko", "en"):
        for scheme in ("light", "dark"):
            page = _page(browser, scheme, language)
            for path, wanted in PAGES.items():
                page.goto(shown.url + path)
                page.wait_for_selector(wanted)
                forbidden[f"{path} {language} {scheme}"] = page.evaluate("window.violations")
                page.evaluate(script)
                wrong[f"{path} {language} {scheme}"] = page.evaluate(_AXE_RUN, _RULES)
                count += 1
            page.context.close()
    for row, found in (("axe", wrong), ("csp", forbidden)):
        what = {name: ids for name, ids in found.items() if ids}
        total = sum(len(ids) for ids in what.values())
        yield Measurement(f"console.{row}_violations", total, None, {"pages": count, **what})
