"""What a station has to do beside a warning: requests, consoles, an import.

Run as a process of its own: `python -m benchmarks.busy URL STATE SOUND`, the token on its standard
input; it says BUSY when all of it has begun.
"""

import asyncio
import contextlib
import json
import re
import signal
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import aiohttp

from benchmarks.child import started
from benchmarks.measurement import MeasurementError
from benchmarks.running_station import Running
from benchmarks.waiting import wait_for

REQUESTS_PER_S: Final = 200
CONSOLES: Final = 20
LONGEST_S: Final = 120.0
_TOKEN: Final = "bench-token"  # noqa: S105 - the name of a file


@contextmanager
def busy(station: Running, state: Path, sound: Path) -> Iterator[None]:
    """Keep the station busy during the block, by a process beside it."""
    announced = station.run / "console.json"
    wait_for("the console to listen", announced.exists)
    url = json.loads(announced.read_bytes())["url"]
    token = state / _TOKEN
    token.write_text(_token(state))
    argv = [sys.executable, "-m", "benchmarks.busy", url, str(state), str(sound)]
    with started(argv) as child:
        child.wait_for("BUSY", 30.0, station.supervisor)
        try:
            yield
        finally:
            # What it imports goes into the state directory, which is removed after this.
            child.end_softly()


def _token(state: Path) -> str:
    argv = [sys.executable, "-m", "broadcaster", "tokens", "add", "bench", "--role", "viewer"]
    done = subprocess.run(
        [*argv, "--state", str(state)], capture_output=True, text=True, check=False
    )
    found = re.search(r"sorigil_[\w-]+", done.stdout)
    if found is None:
        raise MeasurementError(f"no token can be made: {done.stderr.strip()[-200:]}")
    return found[0]


async def _keep_busy(url: str, state: Path, sound: Path) -> None:
    headers = {"Authorization": f"Bearer {(state / _TOKEN).read_text()}"}
    async with aiohttp.ClientSession(url, headers=headers) as session, asyncio.TaskGroup() as tasks:
        async with asyncio.timeout(LONGEST_S):
            listening = [asyncio.Event() for _ in range(CONSOLES)]
            for event in listening:
                tasks.create_task(_watch(session, event))
            for event in listening:
                await event.wait()
            tasks.create_task(_import(state, sound))
            tasks.create_task(_ask(session))
            sys.stdout.write("BUSY\n")
            sys.stdout.flush()
            await asyncio.Event().wait()


async def _watch(session: aiohttp.ClientSession, listening: asyncio.Event) -> None:
    """One console."""
    async with session.ws_connect("/api/v1/live") as socket:
        async for _ in socket:
            listening.set()


async def _ask(session: aiohttp.ClientSession) -> None:
    """So many requests a second, at most as many at once as a second has."""
    loop = asyncio.get_running_loop()
    begun, number = loop.time(), 0
    async with asyncio.TaskGroup() as tasks:
        while True:
            number += 1
            await asyncio.sleep(max(0.0, begun + number / REQUESTS_PER_S - loop.time()))
            tasks.create_task(_one(session))


async def _one(session: aiohttp.ClientSession) -> None:
    async with session.get("/api/v1/alerts") as answer:
        await answer.read()


async def _import(state: Path, sound: Path) -> None:
    """The same file brought in again and again, as a worker does it."""
    while True:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "broadcaster", "library", "import", str(sound)),
            *("--state", str(state / "import")),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()


async def _until_told(work: Coroutine[None, None, None]) -> None:
    task = asyncio.create_task(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


if __name__ == "__main__":
    asyncio.run(_until_told(_keep_busy(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
