"""The command `simulate`: cameras and gauges that play a whole scenario against a station."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final, NoReturn, TypeVar

import click

from alerts.hazard import Level
from broadcaster.demo.simulation import Door, Played, Simulation, door_url
from broadcaster.demo.simulation_keys import SigningKeys, demo_keys, keys_in
from broadcaster.demo.warned import WarningNews, heard, is_living, waits_s
from broadcaster.link import LinkError, connect
from broadcaster.options import run_option
from broadcaster.run_directory import ProcessTable, RunDirectory
from broadcaster.simulator.music import SEED
from broadcaster.simulator.scenario_settings import ScenarioError, ScenarioSettings, read_settings
from broadcaster.simulator.scenarios import SCENARIOS, Report, district
from broadcaster.site_reader import read_site
from zones.sitefile import SiteError

EXIT_NOT_AS_IT_MUST: Final = 1
EXIT_WRONG: Final = 2
_WARNS: Final = frozenset({"wildfire", "flood"})
_CLAIMED: Final = 60.0
"""Seconds after the last event that a warning which is due is waited for, its window apart."""
_SETTLED: Final = 2.0
_LIST: Final = "list"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Play:
    """What is played, and how fast."""

    name: str
    reports: Sequence[Report]
    speed: float


@click.command()
@click.argument("scenario", type=click.Choice([*SCENARIOS, _LIST]))
@run_option
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 1000.0),
    metavar="TIMES",
    help="So many times as fast as in life.  [default: the scenario's own, see list]",
)
@click.option("--seed", type=int, default=SEED, show_default=True, help="Another course of it.")
@click.option(
    "--cameras",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="As many cameras as that: the site's own and invented ones.  "
    "[default: the site's own; of a storm all 893]",
)
@click.option(
    "--key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keys to sign with: lines as `broadcaster keys add sim-1 --json` prints them.",
)
@click.option(
    "--on-a-real-station",
    is_flag=True,
    help="Play it although the station is no demo: its warnings will sound outdoors.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in the end.")
def simulate(
    scenario: str,
    run: RunDirectory,
    speed: float | None,
    seed: int,
    cameras: int | None,
    key_file: Path | None,
    on_a_real_station: bool,
    as_json: bool,
) -> None:
    """Play SCENARIO against the station that runs: wildfire, flood, fog or storm; or list them.

    The events go through the station's signed door with keys called sim-..., and nothing in it is
    bypassed: what sounds, sounds by its rules. The exit status is 0 when what had to come of it
    came: a warning heard by every amplifier of its zones (wildfire, flood), no evacuation (fog),
    an answer to every event.
    """
    settings = _told(read_settings)
    if scenario == _LIST:
        _list(settings)
        return
    keys = _keys(run, key_file, is_allowed=on_a_real_station)
    url = door_url(run)
    if url is None:
        _refuse(f"no doors are open in {run.path}: start a station, such as `broadcaster demo`")
    wanted = cameras if cameras is not None else 893 if scenario == "storm" else None
    reports = _told(lambda: _reports(run, scenario, settings, seed, wanted))
    play = _Play(scenario, reports, speed or getattr(settings, scenario).speed)
    say: Callable[[str], None] = (lambda _: None) if as_json else click.echo
    watch = asyncio.run(_played(play, run, Door(url, keys), say))
    if as_json:
        click.echo(json.dumps(watch.facts(), ensure_ascii=False))
    else:
        click.echo(watch.verdict)
    sys.exit(0 if watch.is_right else EXIT_NOT_AS_IT_MUST)


def _list(settings: ScenarioSettings) -> None:
    for name, scenario in SCENARIOS.items():
        what = (scenario.__doc__ or "").splitlines()[0]
        click.echo(f"{name:<9} {what}  [speed {getattr(settings, name).speed:g}]")


def _keys(run: RunDirectory, file: Path | None, *, is_allowed: bool) -> SigningKeys:
    """The keys to sign with, if they may be used here."""
    of_demo = demo_keys(run)
    if of_demo is None and not is_allowed:
        _refuse(
            f"no demo runs in {run.path}: start one with `broadcaster demo`. On a real station "
            "warnings sound outdoors; if that is what you want, say --on-a-real-station"
        )
    if file is not None:
        return _told(lambda: keys_in(file))
    if of_demo is None:
        _refuse(
            "a real station needs keys made for it: "
            "broadcaster keys add sim-1 --json > sim.keys, and --key-file sim.keys"
        )
    return of_demo


def _reports(
    run: RunDirectory, name: str, settings: ScenarioSettings, seed: int, cameras: int | None
) -> Sequence[Report]:
    table = ProcessTable.read(run.processes)
    if table is None:
        raise ScenarioError(f"no station runs in {run.path}")
    site = read_site(Path(table.config))
    return SCENARIOS[name](
        site if cameras is None else district(site, seed, cameras), settings, seed
    )


# --- played -----------------------------------------------------------------------------------


class _Watch:
    """What becomes of a play, from control's snapshots."""

    def __init__(self, play: _Play, simulation: Simulation, say: Callable[[str], None]) -> None:
        self._play = play
        self._simulation = simulation
        self._say = say
        self._news = WarningNews()
        self._before: dict[str, int] | None = None
        self._alerts: dict[str, Mapping[str, Any]] = {}
        self._streams: list[Mapping[str, Any]] = []

    @property
    def played(self) -> Played:
        """What the door said so far."""
        return self._simulation.played

    def look(self, snapshot: Mapping[str, Any]) -> None:
        """Take a snapshot and tell what is new."""
        real = [one for one in snapshot.get("alerts", ()) if one.get("nature") == "real"]
        if self._before is None:
            self._before = {one["id"]: one["level"] for one in real}
        self._alerts |= {one["id"]: one for one in real if self._is_ours(one)}
        self._streams = list(snapshot["streams"])
        for line in self._news.of(snapshot):
            self._say(line)

    def _is_ours(self, alert: Mapping[str, Any]) -> bool:
        return alert["id"] not in (self._before or {}) or alert["id"] in self.played.alerts

    @property
    def waits(self) -> float | None:
        """Seconds that a warning of this play still needs to be heard; None if none does.

        Whoever plays fog need not wait for what people may decide on in the meantime.
        """
        due = None
        for alert in self._alerts.values():
            left = waits_s(alert)
            is_due = self._play.name in _WARNS or left is None
            if is_due and is_living(alert) and not heard(alert, self._streams).is_whole:
                due = max(due or 0.0, left or 0.0)
        return due

    @property
    def is_right(self) -> bool:
        """Whether what had to come of it came."""
        if self.played.verdicts["refused"] or self.played.is_cut:
            return False
        if self._play.name in _WARNS:
            return any(heard(one, self._streams).is_whole for one in self._alerts.values())
        if self._play.name == "fog":
            before = self._before or {}
            return all(
                one["level"] < Level.EVACUATE or one["level"] == before.get(name)
                for name, one in self._alerts.items()
            )
        return True

    @property
    def verdict(self) -> str:
        """What came of it, in a line."""
        levels = sorted((one["level"], one["level_name"]) for one in self._alerts.values())
        warned = f"highest warning: {levels[-1][1]}" if levels else "no warning"
        return f"{self._play.name}: {self.played.sentence}; {warned}"

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        alerts = []
        for one in self._alerts.values():
            way = heard(one, self._streams)
            alerts.append(
                {
                    "id": one["id"],
                    "message": one["message"],
                    "level_name": one["level_name"],
                    "state": one["state"],
                    "zones": list(one["zones"]),
                    "first_packet_ms": way.first_packet_ms,
                    "heard_ms": way.heard_ms,
                    "heard_by": way.heard_by,
                    "of": way.of,
                }
            )
        facts = {"scenario": self._play.name, "ok": self.is_right, **self.played.facts()}
        return facts | {"alerts": alerts}


async def _played(play: _Play, run: RunDirectory, door: Door, say: Callable[[str], None]) -> _Watch:
    simulation = Simulation(door, say)
    watch = _Watch(play, simulation, say)
    looked = asyncio.Event()

    async def follow() -> None:
        while True:
            with contextlib.suppress(LinkError):
                async with connect(run.control_socket, "simulator") as link:
                    async for snapshot in link.snapshots():
                        watch.look(snapshot)
                        looked.set()
            await asyncio.sleep(_SETTLED)

    try:
        async with asyncio.TaskGroup() as tasks:
            following = tasks.create_task(follow(), name="control")
            async with asyncio.timeout(_CLAIMED):
                await looked.wait()
            say(f"{play.name}: {len(play.reports)} events, {play.speed:g} times as fast as in life")
            await simulation.play(play.name, play.reports, play.speed)
            await _settled(watch, looked)
            following.cancel()
    finally:
        await door.close()
    return watch


async def _settled(watch: _Watch, looked: asyncio.Event) -> None:
    """Wait until the warnings that are due were heard, or should have been."""
    await asyncio.sleep(_SETTLED)
    limit = monotonic() + _CLAIMED + (watch.waits or 0.0)
    while watch.waits is not None and monotonic() < limit:
        looked.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLED):
                await looked.wait()


def _told(read: Callable[[], T]) -> T:
    """What a function reads; what is wrong is said without a traceback."""
    try:
        return read()
    except ScenarioError as error:
        _refuse(str(error))
    except SiteError as error:
        _refuse(error.rendered())


class _RefusalError(click.ClickException):
    exit_code = EXIT_WRONG


def _refuse(reason: str) -> NoReturn:
    raise _RefusalError(reason)
