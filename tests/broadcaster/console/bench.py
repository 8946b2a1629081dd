"""A console on a free port, with a control that speaks the real link and does what a test says."""

import asyncio
import contextlib
import itertools
from dataclasses import dataclass, field

import aiohttp
from argon2 import PasswordHasher

from broadcaster.console import passwords
from broadcaster.console.app import application, serving
from broadcaster.console.pages import Pages
from broadcaster.console.station import Reach, Station, new_station
from broadcaster.link import CommandRefusedError, LinkServer

LIMIT = 20.0
"""Seconds a test waits for what should come at once."""
PASSWORD = "correct horse battery"  # noqa: S105 - of the people of these tests
NAMES = frozenset({"127.0.0.1", "localhost", "console.lan"})


VERSION = {"version": 2, "at": "2026-11-22T12:00+00:00", "who": "kim", "why": "", "changes": []}
SEEN = {
    "begin": "2026-11-22T12:00:00+00:00", "end": "2026-11-23T12:00:00+00:00", "tracks": [],
    "unplayable_zone_minutes": 0.0, "findings": [], "conflicts": [], "silences": [], "all": 0,
}  # fmt: skip
RADIO = {
    "recordings": {"recordings": [{"id": "r1", "title": "바다"}], "all": 1},
    **{
        name: {"recording": {"id": "r1", "title": "바다"}, "playlists": ["calm"]}
        for name in ("recording", "recording-say", "recording-edit")
    },
    "recording-remove": {"removed": "r1"},
    "duplicates": {"alike": []},
    "uploads": {"uploads": [{"upload": "a.mp3", "bytes": 3, "state": "waiting"}], "all": 1},
    "playlists": {"playlists": []},
    "playlist": {"playlist": "calm", "tracks": []},
    "playlist-export": {"text": "#EXTM3U", "tracks": 0},
    "calendar": {"text": "BEGIN:VCALENDAR", "entries": 0},
    "schedule": {"version": VERSION, "schedule": {}},
    "schedule-edit": VERSION, "schedule-replace": VERSION, "schedule-undo": VERSION,
    "playlist-import": VERSION, "calendar-import": VERSION,
    "schedule-check": SEEN, "schedule-preview": SEEN,
    "schedule-week": {
        "version": VERSION, "days": [], "blocks": [], "changes": [], "problems": [],
    },
    "schedule-versions": {"versions": [VERSION]},
    "now-playing": {"zones": []},
    "as-run": {"entries": [], "all": 0, "since": "2026-11-01T00:00:00+09:00", "until": None,
               "zones": None, "time_zone": "Asia/Seoul"},
}  # fmt: skip
"""What control answers the radio staff."""


class FakeControl:
    """Answers commands as control would; `said` is its snapshot."""

    def __init__(self, path) -> None:
        self.commands: asyncio.Queue = asyncio.Queue()
        self.audits: asyncio.Queue = asyncio.Queue()
        self.answers: dict = {}
        self.done: dict = {}
        self.refusal = ""
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.said = snapshot()
        self.server = LinkServer(path, "control", self.handle, lambda: self.said)

    async def handle(self, command):
        if command["name"] == "audit":
            self.audits.put_nowait(command)
            return {}
        if command["name"] == "site":
            return {"version": "1", "zones": [{"id": "upper"}, {"id": "lower"}]}
        if command["name"] in RADIO and not self.refusal:
            self.commands.put_nowait(command)
            return RADIO[command["name"]]
        if self.refusal:
            raise CommandRefusedError(self.refusal, "zones")
        await self.may_answer.wait()
        if command["key"] not in self.done:
            self.done[command["key"]] = {
                "alert": f"alert-{len(self.done)}", "state": "sounding", "revision": 4,
                "adopted": True, "on_air": ["upper"], "durable": True,
            }  # fmt: skip
            self.commands.put_nowait(command)
        return self.done[command["key"]]

    def say(self, **parts):
        self.said = {**self.said, **parts}
        self.server.publish()

    async def next(self):
        async with asyncio.timeout(LIMIT):
            return await self.commands.get()

    async def audit(self, action):
        async with asyncio.timeout(LIMIT):
            while (command := await self.audits.get())["action"] != action:
                pass
            return command


def stream(name, **facts):
    return {
        "id": name, "zone": name, "zone_name": {"ko": "상류", "en": "Upper"}, "group": "239.0.0.1",
        "port": 5004, "format": "L16/48000", "packet_time_ms": 5.0, "ssrc": 1, "packets": 10,
        "refused": 0, "commanded": None, "sent": True, "sent_detail": {}, "arrived": None,
        "arrived_detail": [], **facts,
    }  # fmt: skip


def snapshot(**parts):
    return {
        "revision": 3, "at_sample": 1, "utc": "2026-11-22T12:00:00+00:00",
        "site": {"ko": "물가", "en": "Waterside"},
        "engine": {"pid": 7, "speaking": True, "real_time": False, "locked": True, "late_ticks": 2,
                   "skipped_packets": 1, "fault": "", "beat_age_ms": 1.5, "adopted": 3},
        "streams": [stream("upper"), stream("lower")], "claims": [], "alerts": [],
        "music": {"recordings": 4, "planned_until": None, "settled": True}, "messages": {},
        "faults": [], **parts,
    }  # fmt: skip


@dataclass
class Bench:
    station: Station
    url: str
    control: FakeControl
    http: aiohttp.ClientSession
    keys: itertools.count = field(default_factory=itertools.count)

    def secret(self, *roles, name="somebody", zones=None, lasts=None):
        """A token's secret with these roles."""
        made = self.station.tokens.add(
            f"{name} {next(self.keys)}", roles, made_by="test", now=self.station.clock(),
            zones=zones, lasts=lasts,
        )  # fmt: skip
        return made[1]

    def bearer(self, *roles, **token):
        return {"Authorization": f"Bearer {self.secret(*roles, **token)}"}

    def person(self, name, *roles):
        return self.station.people.add(name, "", roles, PASSWORD, self.station.clock())

    def own_pages(self, **headers):
        """What a browser sends with a request of our own pages."""
        return {"Origin": self.url, **headers}

    def key(self):
        return {"Idempotency-Key": f"test-key-{next(self.keys)}"}

    async def asked(self, method, path, body=None, headers=None, **more):
        """The status and the JSON of an answer."""
        kind = {} if body is None else {"json": body}
        async with self.http.request(
            method, f"{self.url}{path}", headers=headers or {}, **kind, **more
        ) as answer:
            return answer.status, await answer.json(content_type=None)

    async def signed_in(self, name, **more):
        """Sign in within the session of the browser `http`."""
        body = {"name": name, "password": PASSWORD, **more}
        return await self.asked("POST", "/api/v1/session", body, self.own_pages())


@contextlib.asynccontextmanager
async def running(*starts):
    tasks = [asyncio.create_task(start()) for start in starts]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def console(run, state, *, has_control=True, is_demo=False, clock=None, control=None):
    """A console with a control beside it, unless it has none."""
    path = run / "control.sock"
    control = control or FakeControl(path)
    clocked = {} if clock is None else {"clock": clock}
    station = new_station(
        title="Waterside", state=state, run=run, control=path,
        reach=Reach(NAMES, is_demo=is_demo), **clocked,
    )  # fmt: skip
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address, as browsers keep them
    try:
        async with (
            serving(application(station, Pages()), "127.0.0.1", 0) as (host, port),
            running(station.line.run, station.live.run, *([control.server.run] * has_control)),
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=jar) as http,
        ):
            if has_control:
                await until(lambda: station.line.is_up and station.line.snapshot)
            yield Bench(station, f"http://{host}:{port}", control, http)
    finally:
        station.database.close()


async def until(is_so):
    """Wait until something is so that nobody announces."""
    async with asyncio.timeout(LIMIT):
        while not is_so():  # noqa: ASYNC110 - what is awaited has no event of its own
            await asyncio.sleep(0.01)


def hash_quickly(monkeypatch):
    """Hash passwords with little work: what is tested is not argon2."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", quick)
    passwords.nobodys_hash.cache_clear()
