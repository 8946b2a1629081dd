"""One run of the demo: starts the station, watches it, shows it, and finds out what was heard."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, monotonic_ns
from typing import Any, Final

from rich.console import Console
from rich.live import Live

from broadcaster.background import ONE_THREAD
from broadcaster.control.commands import count, sentence
from broadcaster.control.programme import SCHEDULE
from broadcaster.demo.keys import pressed
from broadcaster.demo.table import Row, View, rows_of, screen, summary
from broadcaster.link import CommandRefusedError, Link, LinkError, connect
from broadcaster.site_reader import read_profiles
from broadcaster.supervisor.ground import Options
from broadcaster.supervisor.supervisor import Supervisor
from zones.priority import ANNOUNCEMENT
from zones.site import ZoneId

WHO: Final = "demo"
BEGIN_LIMIT: Final = 60.0
"""Seconds within which music is heard in every zone; tests on a busy machine need them."""
RETURN_LIMIT: Final = 10.0
MUSIC_LIMIT: Final = 40.0
"""Seconds that counting waits until all music is made and brought in: on a small machine without
real-time rights that work, once in a lifetime, takes the processor from the engine."""
_REPORT_EVERY: Final = 0.2
_SAY_EVERY: Final = 5.0
_REFRESH: Final = 0.25
_HEARD_LIMIT: Final = 2.0
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

    @property
    def ok(self) -> bool:
        """Every amplifier heard everything, and the message came and went."""
        heard = bool(self.amplifiers) and all(
            one["heard"] and not one["lost"] for one in self.amplifiers
        )
        message = self.message
        is_message_right = message is not None and message["on_air"] and message["returned"]
        return self.began and heard and bool(is_message_right)

    def facts(self) -> dict[str, Any]:
        """The report."""
        return {
            "ok": self.ok,
            "seconds": round(self.seconds, 1),
            "amplifiers": self.amplifiers,
            "message": self.message,
        }


class Session:
    """One run."""

    def __init__(self, scene: Scene, terminal: Terminal) -> None:
        """Nothing is started before `run`."""
        self._scene = scene
        self._terminal = terminal
        self._supervisor = Supervisor(scene.options)
        self._control: Link | None = None
        self._amplifiers: Link | None = None
        self._snapshot: dict[str, Any] = {}
        self._reports: list[dict[str, Any]] = []
        self._rows: list[Row] = []
        self._chosen = 0
        self._typed = ""
        self._news: list[str] = []
        self._music = ""
        self._tracks: int | None = None
        self._with_help = False
        self._is_on_screen = False
        self._changed = asyncio.Event()
        self._quit = asyncio.Event()
        self._acts: set[asyncio.Task[None]] = set()
        self._finding = Finding()

    async def run(self) -> Finding:
        """Run until the time is over, or q, or a signal.

        Raises what entering a `Supervisor` raises.
        """
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        for number in signals:
            loop.add_signal_handler(number, self._quit.set)
        try:
            async with self._supervisor:
                self._introduce()
                with self._shown():
                    await self._with_company(self._play_through())
                self._conclude()
        finally:
            for number in signals:
                loop.remove_signal_handler(number)
        return self._finding

    async def _with_company(self, script: Coroutine[Any, Any, None]) -> None:
        """Run `script`, and what it needs beside it for as long."""
        async with asyncio.TaskGroup() as tasks:
            company = [
                tasks.create_task(self._make_music(), name="music"),
                tasks.create_task(self._follow_control(), name="control"),
                tasks.create_task(self._follow_amplifiers(), name="amplifiers"),
            ]
            try:
                await script
            finally:
                for task in (*company, *self._acts):
                    task.cancel()

    # --- the script ---

    async def _play_through(self) -> None:
        """Wait for music everywhere; then until the end, with one message if unattended."""
        begun = monotonic()
        if not await self._until(self._is_music_everywhere, BEGIN_LIMIT):
            if not self._quit.is_set():
                self._say_why_silent()
            self._finding.amplifiers = [_heard(one, None) for one in self._reports]
            return
        self._finding.began = True
        self._say(f"music in {count(len(self._rows), 'zone')} after {monotonic() - begun:.1f} s")
        duration = self._scene.duration
        if duration is not None:
            await self._until(self._is_music_complete, MUSIC_LIMIT)
        before = {one["id"]: one for one in self._reports}
        start = monotonic()
        if duration is None:
            await self._quit.wait()
        else:
            await self._unattended(start, duration)
        with contextlib.suppress(LinkError):
            await self._fresh_reports()
        self._finding.seconds = monotonic() - start
        self._finding.amplifiers = [_heard(one, before.get(one["id"])) for one in self._reports]

    async def _unattended(self, start: float, duration: float) -> None:
        """Play the music, and one message on one zone in the middle of it."""
        await self._wait_until(start + duration * 0.2)
        zone = self._rows[0].zone
        answer = await self._play(zone)
        if answer is not None:
            await self._wait_until(start + duration * 0.2 + min(6.0, duration * 0.3))
            await self._withdraw(zone)
            is_back = await self._until(lambda: self._is_back(zone), RETURN_LIMIT)
            answer["returned"] = is_back
            if is_back:
                self._say(f"{zone}: the programme is back, at its live position")
        self._finding.message = answer
        await self._wait_until(start + duration)

    def _is_music_everywhere(self) -> bool:
        """Whether every zone has its programme, sent and heard, and not the chime."""
        streams = self._snapshot.get("streams", ())
        commanded = [stream["commanded"] for stream in streams]
        return (
            bool(self._rows)
            and all(one is not None and one["claim"] == SCHEDULE for one in commanded)
            and all(row.sent and row.heard for row in self._rows)
        )

    def _is_music_complete(self) -> bool:
        """Whether every track was made and is in control's library."""
        recordings = self._snapshot.get("music", {}).get("recordings", 0)
        return self._tracks is not None and recordings >= self._tracks

    def _is_back(self, zone: str) -> bool:
        """Whether a zone has its programme again, and the ear says so."""
        return any(row.zone == zone and row.kind == "programme" and row.sent for row in self._rows)

    # --- what a person does ---

    def _press(self, key: str) -> None:
        """Do what a key means."""
        if not self._rows:
            if key in "qQ\x04":
                self._quit.set()
            return
        row = self._rows[self._chosen]
        match key.lower():
            case "up" | "down":
                step = 1 if key == "down" else -1
                self._chosen = (self._chosen + step) % len(self._rows)
            case "m":
                self._act(self._played(row.zone))
            case "w":
                self._act(self._withdraw(row.zone))
            case "k" | "p":
                self._act(self._plug(row, "unplug" if key.lower() == "k" else "plug"))
            case "?":
                self._with_help = not self._with_help
            case "q" | "\x04":
                self._quit.set()
            case digit if digit.isdecimal():
                self._choose(digit)
        self._tell()

    def _choose(self, digit: str) -> None:
        """Choose a zone by its number, one digit after the other."""
        typed = self._typed + digit
        if not 1 <= int(typed) <= len(self._rows):
            typed = digit
        self._typed = typed
        if 1 <= int(typed) <= len(self._rows):
            self._chosen = int(typed) - 1

    def _act(self, act: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(act, name="act")
        self._acts.add(task)
        task.add_done_callback(self._acts.discard)

    async def _played(self, zone: str) -> None:
        await self._play(zone)

    async def _play(self, zone: str) -> dict[str, Any] | None:
        """Play the message on a zone and say how quickly it was heard; None when it was refused."""
        given_ns = monotonic_ns()
        answer = await self._command(
            self._control,
            "play",
            {
                "message": self._message_for(zone),
                "zones": [zone],
                "priority": ANNOUNCEMENT,
                "given_ns": given_ns,
            },
        )
        if answer is None:
            return None
        words = f"{zone}: {sentence(answer)}"
        if answer["on_air"]:
            heard, total, delay_ms = await self._heard_after(zone, int(answer["start"]), given_ns)
            words = (
                f"{zone}: first packet {answer['first_packet_ms']:.0f} ms after the key, heard by "
                f"{heard} of {count(total, 'amplifier')} after {delay_ms:.0f} ms"
            )
            answer |= {"heard_by": heard, "of": total, "heard_ms": round(delay_ms, 1)}
        self._say(words)
        return {name: value for name, value in answer.items() if name not in ("key", "ok")}

    def _message_for(self, zone: str) -> str:
        """A prepared message that suits a zone: a flood by the stream, a wildfire on the hill."""
        hazard = "flood" if zone.startswith("stream") else "wildfire"
        names = sorted(self._snapshot.get("messages", {}))
        return next((name for name in names if name.startswith(hazard)), names[0] if names else "")

    async def _heard_after(self, zone: str, start: int, given_ns: int) -> tuple[int, int, float]:
        """How many of a zone's amplifiers play at `start` plus their buffer, and when they did.

        In ms after `given_ns`. What they play there is what was sent for that moment.
        """
        site, clock = self._supervisor.site, self._supervisor.clock
        profiles = read_profiles(self._scene.options.config.parent)
        mine = site.amplifiers_of(ZoneId(zone))
        buffer = max((profiles[one.profile].buffer.default for one in mine), default=0)
        played_ns = clock.monotonic_ns_at(start + buffer)
        await asyncio.sleep(max(0.0, (played_ns - monotonic_ns()) / 1e9))
        names = {str(one.id) for one in mine}
        limit = monotonic() + _HEARD_LIMIT
        while True:
            with contextlib.suppress(LinkError):
                await self._fresh_reports()
            heard = sum(one["heard"] for one in self._reports if one["id"] in names)
            delay_ms = (monotonic_ns() - given_ns) / 1e6
            if heard == len(names) or monotonic() >= limit:
                return heard, len(names), delay_ms
            await asyncio.sleep(0.01)

    async def _withdraw(self, zone: str) -> None:
        """End every message on a zone."""
        for claim in self._snapshot.get("claims", ()):
            if zone in claim["zones"]:
                done = await self._command(self._control, "withdraw", {"claim": claim["id"]})
                if done is not None:
                    self._say(f"{zone}: {claim['title']} withdrawn")

    async def _plug(self, row: Row, act: str) -> None:
        for name in row.amplifiers:
            done = await self._command(self._amplifiers, act, {"amplifier": name})
            if done is not None:
                self._say(f"{row.zone}: {name} {'plugged in' if done['plugged'] else 'unplugged'}")

    async def _command(
        self, link: Link | None, name: str, fields: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Send a command; what is refused is said, and gives None."""
        if link is None:
            self._say(f"{name}: not connected at the moment")
            return None
        try:
            return await link.command(name, who=WHO, key=None, limit=10.0, **fields)
        except (CommandRefusedError, LinkError) as error:
            self._say(f"{name}: {error}")
            return None

    # --- what is followed ---

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
                self._tell()
            self._tracks = int(said or 0)
            problem = (await process.stderr.read()).decode().strip()
            if problem:
                self._say(f"music cannot be made: {problem.splitlines()[-1]}")
            self._music = ""
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _follow_control(self) -> None:
        """Keep the newest snapshot, over every restart of control."""
        while True:
            with contextlib.suppress(LinkError):
                async with connect(self._scene.options.run.control_socket, WHO) as link:
                    self._control = link
                    async for snapshot in link.snapshots():
                        self._snapshot = snapshot
                        self._tell()
            self._control = None
            await asyncio.sleep(_REPORT_EVERY)

    async def _follow_amplifiers(self) -> None:
        """Ask the amplifiers how they do, again and again."""
        while True:
            with contextlib.suppress(LinkError):
                async with connect(self._scene.options.run.amplifiers_socket, WHO) as link:
                    self._amplifiers = link
                    while True:
                        await self._fresh_reports()
                        await asyncio.sleep(_REPORT_EVERY)
            self._amplifiers = None
            await asyncio.sleep(_REPORT_EVERY)

    async def _fresh_reports(self) -> None:
        """Ask the amplifiers once, when they can be asked."""
        if self._amplifiers is not None:
            answer = await self._amplifiers.command("report", who=WHO)
            self._reports = answer["amplifiers"]
            self._tell()

    def _tell(self) -> None:
        """Something is new."""
        self._rows = rows_of(self._snapshot, self._reports)
        self._chosen = min(self._chosen, max(0, len(self._rows) - 1))
        self._changed.set()
        self._changed = asyncio.Event()

    async def _until(self, is_true: Callable[[], bool], limit: float) -> bool:
        """Wait for something to be true; False when the limit passed, or the demo is to end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                while not is_true() and not self._quit.is_set():
                    await self._changed.wait()
        return is_true() and not self._quit.is_set()

    async def _wait_until(self, moment: float) -> None:
        """Wait for a moment of the monotonic clock, or for the end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, moment - monotonic())):
                await self._quit.wait()

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
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_REFRESH):
                    await self._changed.wait()
            await asyncio.sleep(0.05)

    async def _report(self) -> None:
        """One line every few seconds."""
        while True:
            await asyncio.sleep(_SAY_EVERY)
            self._print(self._music or summary(self._rows))

    def _view(self) -> View:
        site = self._supervisor.site
        name = site.name.ko if self._terminal.is_wide else site.name.en
        return View(
            title=f"{name}   {self._music}",
            rows=self._rows,
            chosen=self._chosen,
            news=self._news,
            faults=self._snapshot.get("faults", ()),
            with_help=self._with_help,
            is_wide=self._terminal.is_wide,
        )

    def _introduce(self) -> None:
        site = self._supervisor.site
        groups = [leg.address for stream in site.streams for leg in stream.legs]
        self._print(f"{site.name.en}, demo: {count(len(site.amplifiers), 'virtual amplifier')}")
        self._print(f"real RTP to {groups[0]} .. {groups[-1]} over {self._scene.options.interface}")
        self._print(f"music and state are kept in {self._scene.cache}")

    def _conclude(self) -> None:
        self._print(summary(self._rows))
        if self._scene.duration is not None and self._finding.began:
            wrong = [o["id"] for o in self._finding.amplifiers if not o["heard"] or o["lost"]]
            verdict = f"not heard without loss by {', '.join(wrong)}" if wrong else "all heard it"
            self._print(f"{self._finding.seconds:.0f} s: {verdict}")

    def _say(self, words: str) -> None:
        """News: a line in the table, or a line."""
        self._news.append(words)
        if not self._terminal.is_live:
            self._print(words)
        self._tell()

    def _print(self, words: str) -> None:
        if not self._is_on_screen:
            self._terminal.console.print(words, markup=False, highlight=False, soft_wrap=True)

    def _say_why_silent(self) -> None:
        """Say what is known about why there is no music everywhere."""
        self._print(f"no music in every zone within {BEGIN_LIMIT:g} s: {summary(self._rows)}")
        for fault in self._snapshot.get("faults", ()):
            self._print(f"fault: {fault}")
        output = self._scene.options.output
        for log in sorted(output.glob("*.log")) if output is not None else ():
            for line in log.read_text(errors="replace").splitlines()[-_LOG_LINES:]:
                self._print(f"{log.stem}: {line}")


def _heard(now: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """What an amplifier heard between two reports."""

    def since(name: str) -> int:
        return int(now[name]) - (int(before[name]) if before is not None else 0)

    return {
        "id": now["id"],
        "heard": bool(now["heard"]) and now["plugged"],
        "packets": since("packets"),
        "lost": since("lost"),
        "ssrc_changes": since("ssrc_changes"),
        "not_drained": since("not_drained"),
        "gaps": since("gaps"),
    }
