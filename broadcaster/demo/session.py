"""One run of the demo: starts the station, watches it, shows it, and finds out what was heard."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Final

from rich.console import Console
from rich.live import Live

from broadcaster.background import ONE_THREAD
from broadcaster.control.commands import count
from broadcaster.control.programme import SCHEDULE
from broadcaster.demo.acts import Acts
from broadcaster.demo.cameras import Cameras
from broadcaster.demo.choice import Choice
from broadcaster.demo.keys import pressed
from broadcaster.demo.simulation_keys import make_demo_keys
from broadcaster.demo.table import View, screen, summary
from broadcaster.demo.warned import WarningNews, standing
from broadcaster.demo.watching import Watching
from broadcaster.link import LinkError
from broadcaster.simulator.scenario_settings import read_settings
from broadcaster.site_reader import read_profiles
from broadcaster.supervisor.ground import Options
from broadcaster.supervisor.supervisor import Supervisor

BEGIN_LIMIT: Final = 60.0
"""Seconds within which music is heard in every zone; tests on a busy machine need them."""
RETURN_LIMIT: Final = 10.0
MUSIC_LIMIT: Final = 40.0
"""Seconds that counting waits until all music is made and brought in: on a small machine without
real-time rights that work, once in a lifetime, takes the processor from the engine."""
SPOKEN_BEFORE_CORRECTION: Final = 2.0
"""Seconds for which an unattended demo lets its evacuation be heard."""
_SAY_EVERY: Final = 5.0
_REFRESH: Final = 0.25
_LOG_LINES: Final = 6


@dataclass(frozen=True, slots=True)
class Scene:
    """What is to be shown: the controller, its music, and for how many seconds (None: until q)."""

    options: Options
    cache: Path
    seed: int
    duration: float | None


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where it is shown: a live table, or lines."""

    console: Console
    is_live: bool

    @property
    def is_wide(self) -> bool:
        """Whether Korean and blocks can be shown."""
        return "utf" in (self.console.encoding or "").lower()


@dataclass
class Finding:
    """What came of it. `began` says that music was heard in every zone at all."""

    began: bool = False
    seconds: float = 0.0
    amplifiers: list[dict[str, Any]] = field(default_factory=list)
    message: dict[str, Any] | None = None
    warning: dict[str, Any] | None = None

    @property
    def ok(self) -> bool:
        """Every amplifier heard everything; message and warning came, and went as they must."""
        return self.began and bool(self.amplifiers) and not self.wrong

    @property
    def wrong(self) -> list[str]:
        """What was not as it must be, in words."""
        deaf = [one["id"] for one in self.amplifiers if not one["heard"] or one["lost"]]
        message, warning = self.message or {}, self.warning or {}
        found = [f"not heard without loss by {', '.join(deaf)}"] if deaf else []
        if not (message.get("on_air") and message.get("returned")):
            found.append("the message did not come and go")
        if not warning.get("heard"):
            found.append("the evacuation was not heard")
        elif not warning.get("corrected"):
            found.append("its correction was not heard")
        return found

    @property
    def verdict(self) -> str:
        """What came of it, in a line."""
        return "; ".join(self.wrong) or "all heard it, the warning and its correction too"

    def facts(self) -> dict[str, Any]:
        """The report."""
        return {
            "ok": self.ok,
            "seconds": round(self.seconds, 1),
            "amplifiers": self.amplifiers,
            "message": self.message,
            "warning": self.warning,
        }


class Session:
    """One run."""

    def __init__(self, scene: Scene, terminal: Terminal) -> None:
        """Nothing is started before `run`."""
        self._scene = scene
        self._terminal = terminal
        self._supervisor = Supervisor(scene.options)
        self._watching = Watching(scene.options.run, self._say)
        self._choice = Choice()
        self._warning_news = WarningNews()
        self._news: list[str] = []
        self._music = ""
        self._tracks: int | None = None
        self._with_help = False
        self._is_on_screen = False
        self._acts: set[asyncio.Task[None]] = set()
        self._finding = Finding()

    async def run(self) -> Finding:
        """Run until the time is over, or q, or a signal.

        Raises what entering a `Supervisor` raises.
        """
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        for number in signals:
            loop.add_signal_handler(number, self._watching.ended.set)
        try:
            async with self._supervisor:
                self._introduce()
                self._prepare()
                with self._shown():
                    await self._with_company(self._play_through())
                self._conclude()
        finally:
            for number in signals:
                loop.remove_signal_handler(number)
        return self._finding

    def _prepare(self) -> None:
        """What needs the site, which is read when the supervisor begins."""
        site, options = self._supervisor.site, self._scene.options
        profiles = read_profiles(options.config.parent)
        self._do = Acts(self._watching, site, self._supervisor.clock, profiles, self._say)
        self._cameras = Cameras(site, read_settings(), self._scene.seed, self._say)
        self._watching.on_snapshot = self._look_at_warnings

    async def _with_company(self, script: Coroutine[Any, Any, None]) -> None:
        """Run `script`, and what it needs beside it for as long."""
        options, site = self._scene.options, self._supervisor.site
        cameras = self._cameras.run(
            options.run, lambda: make_demo_keys(site, options.run, options.state)
        )
        async with asyncio.TaskGroup() as tasks:
            company = [
                tasks.create_task(self._make_music(), name="music"),
                tasks.create_task(self._watching.follow_control(), name="control"),
                tasks.create_task(self._watching.follow_amplifiers(), name="amplifiers"),
                tasks.create_task(cameras, name="cameras"),
            ]
            try:
                await script
            finally:
                for task in (*company, *self._acts):
                    task.cancel()

    # --- the script ---

    async def _play_through(self) -> None:
        """Wait for music everywhere; then until the end, with all that is done if unattended."""
        begun, watching = monotonic(), self._watching
        if not await watching.until(self._is_music_everywhere, BEGIN_LIMIT):
            if not watching.ended.is_set():
                self._say_why_silent()
            if self._scene.duration is None:
                # Somebody looks on, and may have warned before the last zone had its music.
                await watching.ended.wait()
            self._finding.amplifiers = [_heard(one, None) for one in watching.reports]
            return
        self._finding.began = True
        self._say(f"music in {count(len(watching.rows), 'zone')} after {monotonic() - begun:.1f} s")
        duration = self._scene.duration
        if duration is None:
            await watching.ended.wait()
            return
        await watching.until(self._is_music_complete, MUSIC_LIMIT)
        before = {one["id"]: one for one in watching.reports}
        start = monotonic()
        listened = await self._unattended(start, duration)
        with contextlib.suppress(LinkError):
            await watching.fresh_reports()
        self._finding.seconds = monotonic() - start
        self._finding.amplifiers = [
            _heard(one, before.get(one["id"]), is_heard=listened.get(one["id"]))
            for one in watching.reports
        ]

    async def _unattended(self, start: float, duration: float) -> dict[str, bool]:
        """Play music, a message on one zone, and an evacuation that turns out to be an error.

        Returns which amplifiers heard the music before the evacuation: beside a warned zone it is
        quiet for a minute and more, as it should be.
        """
        watching = self._watching
        await self._wait_until(start + duration * 0.2)
        zone = watching.rows[0].zone
        answer = await self._do.play(zone)
        if answer is not None:
            await self._wait_until(start + duration * 0.2 + min(6.0, duration * 0.3))
            await self._do.withdraw(zone)
            is_back = await watching.until(lambda: self._is_back(zone), RETURN_LIMIT)
            answer["returned"] = is_back
            if is_back:
                self._say(f"{zone}: the programme is back, at its live position")
        self._finding.message = answer
        await watching.until(lambda: all(one["heard"] for one in watching.reports), RETURN_LIMIT)
        listened = {one["id"]: bool(one["heard"]) for one in watching.reports}
        await self._wait_until(start + duration - SPOKEN_BEFORE_CORRECTION - 1.0)
        self._finding.warning = await self._warned(zone)
        await self._wait_until(start + duration)
        return listened

    async def _warned(self, zone: str) -> dict[str, Any] | None:
        """Evacuate a zone, and correct it; whether both were heard."""
        warning = await self._do.evacuate([zone])
        if warning is None:
            return None
        await self._wait_until(monotonic() + SPOKEN_BEFORE_CORRECTION)
        alert = self._watching.alert(warning["alert"])
        correction = None if alert is None else await self._do.end("correct", [alert])
        corrected = correction is not None and correction.get("heard_by") == correction.get("of")
        return {**warning, "corrected": bool(corrected), "correction": correction}

    def _is_music_everywhere(self) -> bool:
        """Whether every zone has its programme, sent and heard, and not the chime."""
        streams = self._watching.snapshot.get("streams", ())
        commanded = [stream["commanded"] for stream in streams]
        rows = self._watching.rows
        return (
            bool(rows)
            and all(one is not None and one["claim"] == SCHEDULE for one in commanded)
            and all(row.sent and row.heard for row in rows)
        )

    def _is_music_complete(self) -> bool:
        """Whether every track was made and is in control's library."""
        recordings = self._watching.snapshot.get("music", {}).get("recordings", 0)
        return self._tracks is not None and recordings >= self._tracks

    def _is_back(self, zone: str) -> bool:
        """Whether a zone has its programme again, and the ear says so."""
        rows = self._watching.rows
        return any(row.zone == zone and row.kind == "programme" and row.sent for row in rows)

    # --- what a person does ---

    def _press(self, key: str) -> None:
        """Do what a key means."""
        watching, zones = self._watching, self._watching.zones
        if key in "qQ\x04":
            watching.ended.set()
        elif zones and not self._choice.press(key, zones):
            self._do_what(key.lower(), zones)
        watching.tell()

    def _do_what(self, key: str, zones: list[str]) -> None:
        row = self._watching.rows[self._choice.chosen]
        match key:
            case "m":
                self._act(self._do.toggle(row.zone))
            case "e":
                self._act(self._evacuated(self._choice.several(zones)))
            case "c" | "a":
                self._act(self._ended("correct" if key == "c" else "all-clear"))
            case "f" | "w":
                self._act(self._cameras.play("wildfire" if key == "f" else "flood"))
            case "k" | "p":
                self._act(self._do.plug(row, "unplug" if key == "k" else "plug"))
            case "?":
                self._with_help = not self._with_help

    async def _evacuated(self, zones: list[str]) -> None:
        await self._do.evacuate(zones)

    async def _ended(self, act: str) -> None:
        """End every warning, and what the cameras see: evidence that goes on would ask again."""
        await self._cameras.stop()
        await self._do.end(act, self._watching.living)

    def _act(self, act: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(act, name="act")
        self._acts.add(task)
        task.add_done_callback(self._acts.discard)

    def _look_at_warnings(self, snapshot: Mapping[str, Any]) -> None:
        for line in self._warning_news.of(snapshot):
            self._say(line)

    # --- what is made beside ---

    async def _make_music(self) -> None:
        """Have the music made that is not there yet."""
        place = ("--cache", str(self._scene.cache), "--seed", str(self._scene.seed))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "broadcaster.demo.music", *place),
            *("--parent", str(os.getpid())),
            env={**os.environ, **ONE_THREAD},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            assert process.stdout is not None  # noqa: S101 - asked for above
            assert process.stderr is not None  # noqa: S101
            said = ""
            while line := await process.stdout.readline():
                done, total = line.decode().split()
                if done != said and (said or done != total):
                    self._music = f"making music: {done} of {total}, once; kept in the cache"
                said = done
                self._watching.tell()
            self._tracks = int(said or 0)
            problem = (await process.stderr.read()).decode().strip()
            if problem:
                self._say(f"music cannot be made: {problem.splitlines()[-1]}")
            self._music = ""
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _wait_until(self, moment: float) -> None:
        """Wait for a moment of the monotonic clock, or for the end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, moment - monotonic())):
                await self._watching.ended.wait()

    # --- what is shown ---

    @contextlib.contextmanager
    def _shown(self) -> Any:  # noqa: ANN401 - a context of nothing
        """Show it for as long as the context lasts; the terminal is as before when it ends."""
        with contextlib.ExitStack() as shown:
            if self._terminal.is_live:
                live = shown.enter_context(
                    Live(console=self._terminal.console, screen=True, auto_refresh=False)
                )
                shown.enter_context(pressed(self._press))
                self._is_on_screen = True
                showing = self._refresh(live)
            else:
                showing = self._report()
            task = asyncio.create_task(showing, name="screen")
            shown.callback(task.cancel)
            yield
        self._is_on_screen = False

    async def _refresh(self, live: Live) -> None:
        while True:
            live.update(screen(self._view()), refresh=True)
            await self._watching.changed(_REFRESH)
            await asyncio.sleep(0.05)

    async def _report(self) -> None:
        """One line every few seconds."""
        while True:
            await asyncio.sleep(_SAY_EVERY)
            self._print(self._music or summary(self._watching.rows))

    def _view(self) -> View:
        site, watching = self._supervisor.site, self._watching
        name = site.name.ko if self._terminal.is_wide else site.name.en
        self._choice.within(watching.zones)
        console = self._console_url()
        parts = [name, "a DEMO: simulated amplifiers, cameras and gauges"]
        parts += [f"console {console}"] if console else []
        parts += [self._music] if self._music else []
        streams = watching.snapshot.get("streams", [])
        return View(
            title="   ".join(parts),
            rows=watching.rows,
            chosen=self._choice.chosen,
            marked=self._choice.marked,
            warnings=[standing(alert, streams) for alert in watching.living],
            news=self._news,
            faults=watching.snapshot.get("faults", ()),
            with_help=self._with_help,
            is_wide=self._terminal.is_wide,
        )

    def _console_url(self) -> str:
        """Where people find the console; empty while it does not say so."""
        try:
            return str(
                json.loads((self._scene.options.run.path / "console.json").read_bytes())["url"]
            )
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def _introduce(self) -> None:
        site = self._supervisor.site
        groups = [leg.address for stream in site.streams for leg in stream.legs]
        self._print(f"{site.name.en}, demo: {count(len(site.amplifiers), 'virtual amplifier')}")
        self._print(f"real RTP to {groups[0]} .. {groups[-1]} over {self._scene.options.interface}")
        self._print(f"music and state are kept in {self._scene.cache}")

    def _conclude(self) -> None:
        self._print(summary(self._watching.rows))
        if self._scene.duration is not None and self._finding.began:
            self._print(f"{self._finding.seconds:.0f} s: {self._finding.verdict}")

    def _say(self, words: str) -> None:
        """News: a line in the table, or a line."""
        self._news.append(words)
        if not self._terminal.is_live:
            self._print(words)
        self._watching.tell()

    def _print(self, words: str) -> None:
        if not self._is_on_screen:
            self._terminal.console.print(words, markup=False, highlight=False, soft_wrap=True)

    def _say_why_silent(self) -> None:
        """Say what is known about why there is no music everywhere."""
        self._say(
            f"no music in every zone within {BEGIN_LIMIT:g} s: {summary(self._watching.rows)}"
        )
        for fault in self._watching.snapshot.get("faults", ()):
            self._say(f"fault: {fault}")
        output = self._scene.options.output
        for log in sorted(output.glob("*.log")) if output is not None else ():
            for line in log.read_text(errors="replace").splitlines()[-_LOG_LINES:]:
                self._print(f"{log.stem}: {line}")


def _heard(
    now: Mapping[str, Any], before: Mapping[str, Any] | None, *, is_heard: bool | None = None
) -> dict[str, Any]:
    """What an amplifier heard between two reports; `is_heard` where the newer one can't tell."""

    def since(name: str) -> int:
        return int(now[name]) - (int(before[name]) if before is not None else 0)

    return {
        "id": now["id"],
        "heard": bool(now["heard"] if is_heard is None else is_heard) and now["plugged"],
        "packets": since("packets"),
        "lost": since("lost"),
        "ssrc_changes": since("ssrc_changes"),
        "not_drained": since("not_drained"),
        "gaps": since("gaps"),
    }
