"""A storm of events: `python -m benchmarks.storm URL KEYS SECONDS RATE`, until SIGTERM.

893 cameras behind four gateways report in signed batches of 100 at times that are set beforehand,
so that a door that falls behind is not spared. KEYS is a file of JSON. It says STORM when the first
second is over, OVER after SECONDS, and on SIGTERM in one line what became of it.
"""

import asyncio
import contextlib
import json
import signal
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp

from benchmarks.signed_events import signed
from broadcaster.doors.keys import Key

CAMERAS: Final = 893
BATCH: Final = 100
GATEWAYS: Final = ("gateway-1", "gateway-2", "gateway-3", "gateway-4")
MOST_AT_ONCE: Final = 24
"""Requests of a gateway in work; the doors take 32. What is late is sent when one is answered."""


def camera_name(number: int) -> str:
    """A camera as the site calls it."""
    return f"cam-{number:03}"


class _Storm:
    """What is sent, and what becomes of it."""

    def __init__(self, session: aiohttp.ClientSession, url: str, keys: dict[str, Key]) -> None:
        self._session = session
        self._url = url
        self._keys = keys
        self._path = "/" + url.split("/", 3)[3]
        self._number = 0
        self._begun: set[int] = set()
        self._free = {name: asyncio.Semaphore(MOST_AT_ONCE) for name in keys}
        self.statuses: Counter[int] = Counter()
        self.verdicts: Counter[str] = Counter()
        self.starts: Counter[str] = Counter()
        self.took_ms: list[float] = []
        self.answered_until = 0.0

    def body(self, gateway: int) -> bytes:
        """The next hundred events of a gateway."""
        text = datetime.now(UTC).isoformat()
        listed = []
        for n in range(BATCH):
            # Each gateway has every fourth camera.
            camera = ((self._number * BATCH + n) * 4 + gateway) % CAMERAS
            phase = "update" if camera in self._begun else "start"
            self._begun.add(camera)
            listed.append(
                f'{{"id":"s{gateway}-{self._number}-{n}","source":"{camera_name(camera)}",'
                f'"kind":"smoke","phase":"{phase}","time":"{text}","confidence":0.3}}'
            )
        self._number += 1
        return ("[" + ",".join(listed) + "]").encode()

    async def send(self, gateway: int, due: float) -> None:
        """One batch; it was `due` at that time of the loop's."""
        loop, name = asyncio.get_running_loop(), GATEWAYS[gateway]
        async with self._free[name]:
            body = self.body(gateway)
            headers = signed(self._keys[name], self._path, body)
            try:
                async with self._session.post(self._url, data=body, headers=headers) as response:
                    self.statuses[response.status] += 1
                    answer = await response.json()
            except (aiohttp.ClientError, TimeoutError):
                self.statuses[0] += 1
                return
        self.took_ms.append((loop.time() - due) * 1e3)
        self.answered_until = loop.time()
        firsts = body.count(b'"phase":"start"')
        for n, verdict in enumerate(answer.get("events", ())):
            self.verdicts[verdict["is"]] += 1
            if firsts and b'"phase":"start"' in body.split(b"},{")[n]:
                self.starts[verdict["is"]] += 1

    def facts(self, begun: float) -> dict[str, Any]:
        """What became of it all."""
        took = sorted(self.took_ms) or [0.0]
        lasted = max(self.answered_until - begun, 1e-9)
        return {
            "answered_per_s": round(sum(self.verdicts.values()) / lasted),
            "cameras": len(self._begun),
            "lasted_s": round(lasted, 1),
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "verdicts": dict(self.verdicts),
            "first_starts": dict(self.starts),
            "batch_p50_ms": round(took[len(took) // 2], 1),
            "batch_p99_ms": round(took[len(took) * 99 // 100], 1),
            "sender_cpu_s": round(time.process_time(), 1),
        }


async def _storm(url: str, keys: dict[str, Key], seconds: float, rate: float) -> None:
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    limit = aiohttp.ClientTimeout(total=30)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=limit, connector=connector) as session:
        storm, begun = _Storm(session, url, keys), loop.time()
        async with asyncio.TaskGroup() as tasks:
            for number in range(round(seconds * rate / BATCH)):
                due = begun + number * BATCH / rate
                await asyncio.sleep(max(0.0, due - loop.time()))
                if over.is_set():
                    break
                tasks.create_task(storm.send(number % len(GATEWAYS), due))
                if number == round(rate / BATCH):
                    _say("STORM")
        _say("OVER")
        await over.wait()
        _say(json.dumps(storm.facts(begun)))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _read_keys(file: Path) -> dict[str, Key]:
    made = datetime.now(UTC)
    listed = json.loads(file.read_bytes())
    return {name: Key(one[0], name, made, bytes.fromhex(one[1])) for name, one in listed.items()}


def written_keys(keys: dict[str, Key]) -> bytes:
    """Keys as they stand in the file that a storm reads."""
    return json.dumps({name: [key.id, key.secret.hex()] for name, key in keys.items()}).encode()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        _keys = _read_keys(Path(sys.argv[2]))
        asyncio.run(_storm(sys.argv[1], _keys, float(sys.argv[3]), float(sys.argv[4])))
