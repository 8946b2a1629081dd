"""A real doors process, a fake control on a real link, and senders that sign."""

import asyncio
import contextlib
import io
import json
import os
import secrets
import sys
import time
from datetime import UTC, datetime

import aiohttp

from alerts.alert import alert_id
from alerts.detection import Detections, admitted_in
from broadcaster.doors.keys import Key, Keys
from broadcaster.doors.keys_file import keys_path, write_keys
from broadcaster.doors.main import serve
from broadcaster.doors.signature import signing_headers
from broadcaster.link import LinkServer
from broadcaster.run_directory import RunDirectory, StateDirectory
from tests.alerts.detection.ground import rules, site
from tests.house.checkout import ROOT
from zones.doors_settings import DoorsSettings

LIMIT = 60.0
"""Seconds a test waits for what should come at once."""
MADE = datetime(2026, 1, 1, tzinfo=UTC)


class FakeControl:
    """Takes events as control does, with the real rules; remembers what it was given."""

    def __init__(self, path) -> None:
        self.server = LinkServer(path, "control", self.handle, dict)
        self.events: list = []
        self.doubts: list = []
        self.orders: list = []
        self.detections = Detections(site(), rules(), time.monotonic(), datetime.now(UTC))
        self.arrived = asyncio.Event()

    async def handle(self, command):
        if command["name"] == "clock":
            self.doubts.append(command["why"])
            self.arrived.set()
            return {}
        assert command["name"] == "detections"
        events = [admitted_in(fields) for fields in command["events"]]
        told = self.detections.take(events, time.monotonic(), datetime.now(UTC))
        self.events += events
        self.orders += told.orders
        self.arrived.set()
        alerts = {order.incident: alert_id(order.key) for order in reversed(told.orders)}
        verdicts = [
            verdict.message()
            | ({"alert": alerts[verdict.incident]} if verdict.incident in alerts else {})
            for verdict in told.verdicts
        ]
        return {"verdicts": verdicts, "durable": True}

    @contextlib.asynccontextmanager
    async def running(self):
        task = asyncio.create_task(self.server.run())
        try:
            async with asyncio.timeout(LIMIT):
                await self.server.listening.wait()
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, count):
        await self.until_true(lambda: len(self.events) >= count)

    async def until_true(self, holds):
        async with asyncio.timeout(LIMIT):
            while not holds():
                self.arrived.clear()
                await self.arrived.wait()


class Sender:
    """Somebody with a key."""

    def __init__(self, session, url, key, now=time.time) -> None:
        self.session, self.url, self.key, self.now = session, url, key, now

    def headers(self, body, nonce=None, path="/ingest/v1/events", **others):
        signed = signing_headers(
            self.key.id,
            self.key.secret,
            int(self.now()),
            nonce or secrets.token_hex(16),
            path,
            body,
        )
        return {"Content-Type": "application/json", **signed, **others}

    async def post(self, events, headers=None, **changed):
        body = events if isinstance(events, bytes) else json.dumps(events).encode()
        headers = headers or self.headers(body, **changed)
        async with self.session.post(self.url, data=io.BytesIO(body), headers=headers) as response:
            text = await response.text()
            return response.status, json.loads(text) if text.startswith("{") else text


def smoke(source="cam-031", phase="start", **fields):
    given = {"id": secrets.token_hex(6), "source": source, "kind": "smoke", "phase": phase}
    return given | {"time": datetime.now(UTC).isoformat(), "confidence": 0.9} | fields


def water(value, source="hongje-level", **fields):
    given = {"kind": "water_level", "value": value, "unit": "m", "confidence": None}
    return smoke(source, "reading") | given | fields


def key(name="vms-1", **bound):
    return Key(f"{name}-000001", name, MADE, secrets.token_bytes(32), **bound)


def make(state, keys):
    StateDirectory(state).make()
    write_keys(keys_path(StateDirectory(state)), Keys(keys))


@contextlib.asynccontextmanager
async def doors(run, state, *keys, settings=None, folder=ROOT):
    """The doors with these keys, in the test's own process; yields their URL."""
    make(state, keys)
    settings = settings or DoorsSettings(port=0)
    serving = asyncio.create_task(serve(settings, folder, RunDirectory(run), StateDirectory(state)))
    where = run / "doors.json"
    try:
        async with asyncio.timeout(LIMIT):
            while not where.exists():
                assert not serving.done(), serving.result()
                await asyncio.sleep(0.01)
        yield json.loads(where.read_bytes())["url"]
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        where.unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def doors_process(run, state, *keys, config=ROOT / "config.yaml"):
    """The process of the doors with these keys; yields their URL."""
    make(state, keys)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "broadcaster.doors.main", "--parent", str(os.getpid())),
        *("--run", str(run), "--state", str(state), "--config", str(config), "--port", "0"),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(LIMIT):
            while "events are taken at" not in (line := (await process.stderr.readline()).decode()):
                assert line, "the doors did not open"
        yield json.loads((run / "doors.json").read_bytes())["url"]
    finally:
        process.terminate()
        async with asyncio.timeout(LIMIT):
            await process.communicate()
        assert process.returncode == 0


@contextlib.asynccontextmanager
async def sender(url, key, **options):
    async with aiohttp.ClientSession() as session:
        yield Sender(session, url, key, **options)
