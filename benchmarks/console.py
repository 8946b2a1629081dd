"""Part console: what the operator's screen costs and how soon it answers, in Debian's Chromium."""

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import numpy as np

from benchmarks.child import started
from benchmarks.console_tasks import tasks
from benchmarks.context import Context, Step, take
from benchmarks.measurement import Measurement, MeasurementError
from benchmarks.running_station import Running, running
from benchmarks.waiting import wait_for
from broadcaster.console.people import People
from broadcaster.console.people_database import PeopleDatabase
from broadcaster.link import connect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

COLD_PAGES: Final = 9
WARNINGS: Final = 3
FREEZES: Final = 3
UNPLUGGED: Final = ("amp-03", "amp-07", "amp-12")
CLIENTS: Final = 500
SLOW_CLIENTS: Final = 50
"""Of them; they read a message and then nothing for a while, and are always far behind."""
SLOW_S: Final = 2.0
PLAYED: Final = 28
"""Warnings that are played beside them, besides one raised of each hazard."""

PEOPLE_ROWS: Final = (
    "console.newcomer_s", "console.warning_acts", "console.correction_acts",
    "console.correction_s", "console.live_after_restart_s", "console.axe_violations",
    "console.csp_violations",
)  # fmt: skip

_CHROMIUM: Final = Path("/usr/bin/chromium")
_FLAGS: Final = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
_LIMIT_MS: Final = 60_000
_SETTLED_S: Final = 2.0
_PATH_S: Final = 10.0
_CONNECT_AT_ONCE: Final = 25
_MESSAGES: Final = (
    "flood-closing", "landslide-caution", "storm-caution", "heat-caution", "dust-caution",
    "wildfire-caution", "generic-caution",
)  # fmt: skip
_PLAYED: Final = "generic-caution"
_ZONES: Final = tuple(f"stream-{number}" for number in range(1, 12))
_PASSWORD: Final = "measured-river-lantern-77"  # noqa: S105 - of a station that ends with this
_OPERATOR: Final = ("tokens", "add", "bench", "--role", "operator")

_NOTES_TIMES: Final = """
// Numbers on the page change all the time; what is looked for are few attributes.
window.seen = {};
const note = (what) => { window.seen[what] ??= performance.timeOrigin + performance.now(); };
const look = () => {
  const root = document.querySelector(".console");
  if (root?.querySelector(".card.zone") && root.querySelector(".link[data-old=false] .number")?.textContent.includes("0."))
    note("live");
  for (const card of document.querySelectorAll(".card.zone[data-look=warning]")) note(card.dataset.zone);
  if (root?.dataset.old === "true") note("old");
};
new MutationObserver(look).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
"""  # noqa: E501 - JavaScript
_PAINT: Final = """() => {
  const painted = performance.getEntriesByName("first-contentful-paint")[0];
  const loaded = [...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")];
  return {paint: painted?.startTime, live: window.seen.live - performance.timeOrigin,
          bytes: loaded.reduce((sum, one) => sum + (one.transferSize ?? 0), 0)};
}"""  # noqa: E501 - JavaScript
_SEND: Final = """async ([path, body, key]) => {
  const at = performance.timeOrigin + performance.now();
  const answer = await fetch(`/api/v1${path}`, {method: "POST", body: JSON.stringify(body),
    headers: {"Content-Type": "application/json", "Idempotency-Key": key}});
  return {at, status: answer.status, said: await answer.json()};
}"""


def measure(context: Context) -> Iterator[Measurement]:
    """All rows of this part."""
    pages = ("console.first_paint_ms", "console.live_ms", "console.page_kib")
    screen = (
        "console.command_to_other_screen_p95_ms",
        "console.stale_shown_s",
        "console.dead_amplifier_shown_s",
    )
    clients = ("console.packet_p99_500_clients_ms",)
    yield from take(
        context,
        [
            Step((*pages, *screen), 190, screens),
            Step(clients, 90, many_clients),
            Step(PEOPLE_ROWS, 240, people),
        ],
    )


def people(context: Context) -> Iterator[Measurement]:
    """A newcomer's demo, and what people do there."""
    if not _CHROMIUM.exists():
        raise MeasurementError(f"{_CHROMIUM} is not installed (make system installs it)")
    context.say("a demo from nothing")
    with _browser() as browser:
        yield from tasks(context, browser)


def screens(context: Context) -> Iterator[Measurement]:
    """Pages opened cold, zones warned from one screen and seen on another, a frozen server."""
    if not _CHROMIUM.exists():
        raise MeasurementError(f"{_CHROMIUM} is not installed (make system installs it)")
    with running(context) as station:
        url = _opened(station)
        with _browser() as browser:
            cookies = _cookies(browser, url, station)
            context.say(f"{COLD_PAGES} cold pages")
            yield from _cold(browser, url, cookies)
            context.say(f"{WARNINGS} warnings, zone by zone, from one screen, seen on another")
            yield _other_screen(browser, url, cookies)
            context.say(f"console and control frozen {FREEZES} times each")
            yield _stale(browser, url, cookies, station)
            context.say(f"{len(UNPLUGGED)} amplifiers unplugged")
            with _amplifiers(context, station):
                yield _dead_amplifier(_page(browser, url, cookies), station)


@contextmanager
def _browser() -> "Iterator[Browser]":
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise MeasurementError("playwright is not installed") from None
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=str(_CHROMIUM), args=_FLAGS)


def _opened(station: Running) -> str:
    """Where the console is; everything is on air."""
    announced = station.run / "console.json"
    wait_for("the console to say where it is", announced.exists)
    wait_for("the ear to vouch for every stream", station.is_sent_everywhere)
    return str(json.loads(announced.read_bytes())["url"])


def _token(station: Running) -> str:
    """The secret of a program that may warn."""
    argv = [sys.executable, "-m", "broadcaster", *_OPERATOR, "--run", str(station.run)]
    argv += ["--state", str(station.state)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise MeasurementError(f"no token: {done.stderr.strip()[-200:]}")
    return done.stdout.strip().splitlines()[0]


def _cookies(browser: "Browser", url: str, station: Running) -> list[Any]:
    """What a browser has of somebody who is signed in; a WebSocket carries no token."""
    database = PeopleDatabase(station.state)
    try:
        People(database).add("bench", "", ["operator"], _PASSWORD, time.time())
    finally:
        database.close()
    context = browser.new_context()
    who = {"name": "bench", "password": _PASSWORD}
    answer = context.request.post(f"{url}/api/v1/session", data=who, headers={"Origin": url})
    if not answer.ok:
        raise MeasurementError(f"nobody can sign in: {answer.text()}")
    return list(context.cookies())


def _page(browser: "Browser", url: str, cookies: list[Any]) -> "Page":
    """A page of a browser that has nothing cached, live."""
    context = browser.new_context()
    context.add_cookies(cookies)
    context.set_default_timeout(_LIMIT_MS)
    context.add_init_script(_NOTES_TIMES)
    page = context.new_page()
    page.goto(f"{url}/")
    _wait_in(page, "window.seen.live")
    return page


def _wait_in(page: "Page", expression: str) -> None:
    """Look in a page until it is so; its own policy forbids what Playwright waits with."""
    deadline = time.monotonic() + _LIMIT_MS / 1000
    while not page.evaluate(expression):
        if time.monotonic() > deadline:
            raise MeasurementError(f"waited in vain for {expression}")
        page.wait_for_timeout(20)


def _cold(browser: "Browser", url: str, cookies: list[Any]) -> Iterator[Measurement]:
    found = []
    for _ in range(COLD_PAGES):
        page = _page(browser, url, cookies)
        found.append(page.evaluate(_PAINT))
        page.context.close()
    for row, name, unit in (
        ("console.first_paint_ms", "paint", 1),
        ("console.live_ms", "live", 1),
        ("console.page_kib", "bytes", 1024),
    ):
        values = [one[name] / unit for one in found]
        yield Measurement(row, float(np.median(values)), None, _detail(values))


def _other_screen(browser: "Browser", url: str, cookies: list[Any]) -> Measurement:
    """From the press on one screen to the red card on another; each zone once a warning."""
    one, other = _page(browser, url, cookies), _page(browser, url, cookies)
    took = []
    for message in _MESSAGES[:WARNINGS]:
        alert = None
        for zone in _ZONES:
            path = f"/alerts/{alert}/add-zones" if alert else "/alerts"
            body = {"zones": [zone]} if alert else {"message": message, "zones": [zone]}
            sent = one.evaluate(_SEND, [path, body, f"bench-{message}-{zone}"])
            if sent["status"] != 200:
                raise MeasurementError(f"{path}: {sent['said']}")
            alert = sent["said"]["alert"]
            _wait_in(other, f"window.seen['{zone}']")
            took.append(other.evaluate(f"window.seen['{zone}']") - sent["at"])
            time.sleep(0.3)
        key = f"bench-{message}-correct"
        one.evaluate(_SEND, [f"/alerts/{alert}/correct", {"reason": "measured"}, key])
        _wait_in(other, "!document.querySelector('.card.zone[data-look=warning]')")
        other.evaluate("window.seen = {}")
    for page in (one, other):
        page.context.close()
    p95 = float(np.percentile(took, 95))
    return Measurement("console.command_to_other_screen_p95_ms", p95, None, _detail(took))


def _stale(browser: "Browser", url: str, cookies: list[Any], station: Running) -> Measurement:
    """From the freeze until the page says so; the worst."""
    page = _page(browser, url, cookies)
    took: dict[str, list[float]] = {"console": [], "control": []}
    for role in (*["console"] * FREEZES, *["control"] * FREEZES):
        page.evaluate("delete window.seen.old")
        process = station.pid(role)
        at = time.time()
        os.kill(process, signal.SIGSTOP)
        try:
            _wait_in(page, "window.seen.old")
            took[role].append(page.evaluate("window.seen.old") / 1000 - at)
        finally:
            os.kill(process, signal.SIGCONT)
        page.wait_for_selector(".console[data-old=false]")
        time.sleep(_SETTLED_S)
    worst = max(max(values) for values in took.values())
    detail = {role: [round(value, 2) for value in values] for role, values in took.items()}
    return Measurement("console.stale_shown_s", worst, None, detail)


@contextmanager
def _amplifiers(context: Context, station: Running) -> Iterator[None]:
    """Virtual amplifiers beside a station."""
    site = station.sound.parent.parent / "config.yaml"
    argv = [sys.executable, "-m", "broadcaster.simulator.amplifiers", "--run", str(station.run)]
    argv += ["--config", str(site), "--interface", context.interface[1]]
    with started(argv, errors=context.scratch / "amplifiers.log"):
        yield


def _dead_amplifier(page: "Page", station: Running) -> Measurement:
    """From the pulled cable until the zone's card no longer says that sound arrives; the worst."""
    took = []
    for amplifier in UNPLUGGED:
        number = int(amplifier.removeprefix("amp-"))
        card = f".card.zone >> nth={number - 1} >> .fact:nth-child(3)"
        page.wait_for_selector(f"{card}[data-value=yes]")
        began = time.monotonic()
        _tell_amplifiers(station, "unplug", amplifier)
        page.wait_for_selector(f"{card}:not([data-value=yes])")
        took.append(time.monotonic() - began)
        _tell_amplifiers(station, "plug", amplifier)
        page.wait_for_selector(f"{card}[data-value=yes]")
    return Measurement("console.dead_amplifier_shown_s", max(took), None, _detail(took))


def _tell_amplifiers(station: Running, act: str, amplifier: str) -> None:
    async def tell() -> None:
        async with connect(station.run / "amplifiers.sock", "bench") as link:
            await link.command(act, who="bench", amplifier=amplifier)

    # The browser's driver has a loop in this thread already.
    with ThreadPoolExecutor(1) as aside:
        aside.submit(lambda: asyncio.run(tell())).result()


# --- many clients ---


def many_clients(context: Context) -> Iterator[Measurement]:
    """Warnings given through a console that many watch."""
    context.say(f"warnings beside {CLIENTS} pages, {SLOW_CLIENTS} of which hardly read")
    with running(context) as station:
        url = _opened(station)
        found = asyncio.run(_warned_beside(url, _token(station)))
    p99 = float(np.percentile(found["ms"], 99))
    detail = {**_detail(found["ms"]), **{k: v for k, v in found.items() if k != "ms"}}
    broken = None
    if found["watching"] != CLIENTS:
        broken = f"only {found['watching']} of {CLIENTS} pages were there"
    yield Measurement("console.packet_p99_500_clients_ms", p99, None, detail, broken)


async def _warned_beside(url: str, token: str) -> dict[str, Any]:
    connector = aiohttp.TCPConnector(limit=0)
    own = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(f"{url}/", connector=connector, headers=own) as http:
        sockets: list[aiohttp.ClientWebSocketResponse] = []
        for _ in range(CLIENTS // _CONNECT_AT_ONCE):
            sockets += await asyncio.gather(
                *(http.ws_connect("api/v1/live", max_msg_size=0) for _ in range(_CONNECT_AT_ONCE))
            )
        slow, quick = sockets[:SLOW_CLIENTS], sockets[SLOW_CLIENTS:]
        reading = [asyncio.create_task(_read(one)) for one in quick]
        reading += [asyncio.create_task(_read(one, SLOW_S)) for one in slow]
        try:
            return await _warned(http)
        finally:
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)
            await asyncio.gather(*(one.close() for one in sockets), return_exceptions=True)


async def _read(socket: aiohttp.ClientWebSocketResponse, rest: float = 0.0) -> None:
    async for _ in socket:
        await asyncio.sleep(rest)


async def _warned(http: aiohttp.ClientSession) -> dict[str, Any]:
    """A warning of each hazard, corrected; and then warnings played again and again, withdrawn."""
    took: list[float] = []
    watching = CLIENTS
    numbers = itertools.count()

    async def act(path: str, **body: object) -> dict[str, Any]:
        key = f"bench-act-{next(numbers)}"
        async with http.post(
            f"api/v1{path}", json=body, headers={"Idempotency-Key": key}
        ) as answer:
            said: dict[str, Any] = await answer.json(content_type=None)
        if answer.status != 200:
            raise MeasurementError(f"{path}: {said}")
        return said

    for zone, message in zip(_ZONES, _MESSAGES, strict=False):
        alert = (await act("/alerts", message=message, zones=[zone]))["alert"]
        took.append(await _first_packet_ms(http, alert, zone))
        await act(f"/alerts/{alert}/correct", reason="measured")
    warning = {"message": _PLAYED, "zones": [_ZONES[-1]], "kind": "warning", "priority": 250}
    for _ in range(PLAYED):
        said = await act("/claims", **warning, repeat=True)
        took.append(float(said["first_packet_ms"]))
        await act(f"/claims/{said['claim']}/withdraw")
        await asyncio.sleep(0.2)
        async with http.get("healthz") as answer:
            watching = min(watching, (await answer.json(content_type=None))["watchers"])
    return {"ms": took, "watching": watching}


async def _first_packet_ms(http: aiohttp.ClientSession, alert: str, zone: str) -> float:
    """When the first packet of an alert left, after it was asked for, as its record says."""
    deadline = time.monotonic() + _PATH_S
    while time.monotonic() < deadline:
        async with http.get(f"api/v1/alerts/{alert}") as answer:
            said = (await answer.json(content_type=None)).get("alert") or {}
        found = (said.get("path") or {}).get("zones", {}).get(zone, {}).get("first_packet_ms")
        if found is not None:
            return float(found)
        await asyncio.sleep(0.05)
    raise MeasurementError(f"alert {alert} has no measured path after {_PATH_S:.0f} s")


def _detail(values: list[float]) -> dict[str, Any]:
    return {
        "count": len(values),
        "p50": round(float(np.percentile(values, 50)), 2),
        "p95": round(float(np.percentile(values, 95)), 2),
        "max": round(max(values), 2),
        "every": [round(value, 2) for value in values],
    }
