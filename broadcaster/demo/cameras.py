"""The demo's cameras and gauges: an ordinary day all the time, and scenarios at a key."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable

from broadcaster.demo.simulation import Door, Simulation, door_url
from broadcaster.demo.simulation_keys import SigningKeys
from broadcaster.doors.keys import NoKeyError
from broadcaster.run_directory import RunDirectory, RunDirectoryError
from broadcaster.simulator.scenario_settings import ScenarioError, ScenarioSettings
from broadcaster.simulator.scenarios import SCENARIOS, calm
from zones.site import Site

_LOOK_EVERY = 0.25


class Cameras:
    """The simulated sources of one demo."""

    def __init__(
        self, site: Site, settings: ScenarioSettings, seed: int, say: Callable[[str], None]
    ) -> None:
        self._site = site
        self._settings = settings
        self._chance = random.Random(seed)
        self._say = say
        self._simulation: Simulation | None = None
        self._playing: asyncio.Task[object] | None = None

    async def run(self, run: RunDirectory, keys: Callable[[], SigningKeys]) -> None:
        """Report for as long as the demo lasts, once its doors are open; `keys` makes the keys."""
        url = await _opened(run)
        try:
            door = Door(url, await asyncio.to_thread(keys))
        except (NoKeyError, OSError) as error:
            self._say(f"cameras cannot report: {error}")
            return
        self._simulation = Simulation(door, self._say)
        try:
            while True:
                seed = self._chance.randrange(1 << 30)
                await self._simulation.rest(calm(self._site, self._settings, seed))
        finally:
            await door.close()

    async def play(self, name: str) -> None:
        """Play a scenario from its begin; one that runs is cut short."""
        if self._simulation is None:
            self._say(f"{name}: the doors are not open yet")
            return
        await self.stop()
        try:
            seed = self._chance.randrange(1 << 30)
            reports = SCENARIOS[name](self._site, self._settings, seed)
        except ScenarioError as error:
            self._say(f"{name}: {error}")
            return
        speed = getattr(self._settings, name).speed
        self._say(f"{name}: begins, {speed:g} times as fast as in life")
        playing = asyncio.ensure_future(self._simulation.play(name, reports, speed))
        self._playing = playing
        played = await playing
        self._say(f"{name}: {'cut short' if played.is_cut else 'over'}, {played.sentence}")

    async def stop(self) -> None:
        """Cut a scenario that runs short, and wait until its cameras see nothing any more."""
        if self._simulation is None or self._playing is None or self._playing.done():
            return
        self._simulation.stop()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([self._playing])


async def _opened(run: RunDirectory) -> str:
    """Where the doors are, once they are open."""
    while True:
        with contextlib.suppress(RunDirectoryError):
            url = door_url(run)
            if url is not None:
                return url
        await asyncio.sleep(_LOOK_EVERY)
