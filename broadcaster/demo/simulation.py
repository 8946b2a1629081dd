"""Plays scenarios against a running station: through its signed door, as cameras would."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import aiohttp

from alerts.detection.event import Phase
from alerts.detection.event_json import MOST_EVENTS
from broadcaster.control.commands import count
from broadcaster.demo.simulation_keys import SigningKey, SigningKeys
from broadcaster.doors.signature import signing_headers
from broadcaster.run_directory import ProcessTable, RunDirectory
from broadcaster.simulator.scenarios import Report

DATED_BACK_S: Final = 26.0
"""Of a hurried play the reports of states are dated back by up to this: still fresh (30 s), and
what has to last in life has lasted when it comes."""
_TICK_S: Final = 0.1
"""Reports that fall due within it go out together."""
_LIMIT_S: Final = 20.0
_REFUSED: Final = "refused"
_COALESCED: Final = "coalesced"
MOST_TOLD: Final = 40
"""Things of which each verdict is told; a storm of hundreds of cameras is counted."""

Tell = Callable[[str], None]


@dataclass(slots=True)
class Played:
    """What came of a play."""

    events: int = 0
    seconds: float = 0.0
    """When the last answer came."""
    verdicts: Counter[str] = field(default_factory=Counter)
    alerts: set[str] = field(default_factory=set)
    is_cut: bool = False

    @property
    def sentence(self) -> str:
        """What came of it."""
        said = ", ".join(
            f"{number} {name.replace('_', ' ')}" for name, number in self.verdicts.most_common()
        )
        return f"{count(self.events, 'event')} in {self.seconds:.0f} s: {said or 'none sent'}"

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "events": self.events,
            "seconds": round(self.seconds, 1),
            "verdicts": dict(sorted(self.verdicts.items())),
            "alerts": sorted(self.alerts),
        }


def door_url(run: RunDirectory) -> str | None:
    """Where the doors of the station that runs here take events; None while they are closed.

    Raises:
        RunDirectoryError: the run directory is of another version.
    """
    table = ProcessTable.read(run.processes)
    try:
        said = json.loads((run.path / "doors.json").read_bytes())
        # The file outlives the process that wrote it.
        open_now = [one.pid for one in table.processes if one.role == "doors"] if table else []
        return str(said["url"]) if said["pid"] in open_now else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


class Door:
    """The signed door of a station, with the keys of simulated sources; close it in the end."""

    def __init__(self, url: str, keys: SigningKeys) -> None:
        self._url = url
        self._keys = keys
        self._path = urllib.parse.urlsplit(url).path
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def report(self, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send events, those of one key together; a verdict for each, `refused` with why."""
        of_key: dict[str, tuple[SigningKey, list[int]]] = {}
        answers: list[dict[str, Any]] = [{} for _ in events]
        for number, event in enumerate(events):
            key = self._keys.of(event["source"])
            if key is None:
                answers[number] = {"is": _REFUSED, "why": "no key speaks for this source"}
            else:
                of_key.setdefault(key.id, (key, []))[1].append(number)

        async def send(key: SigningKey, numbers: list[int]) -> None:
            for begin in range(0, len(numbers), MOST_EVENTS):
                batch = numbers[begin : begin + MOST_EVENTS]
                said = await self._post(key, [events[n] for n in batch])
                for n, answer in zip(batch, said, strict=True):
                    answers[n] = answer

        await asyncio.gather(*(send(key, numbers) for key, numbers in of_key.values()))
        return answers

    async def _post(
        self, key: SigningKey, events: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """One request; what the door does not answer is refused with its reason."""
        if self._session is None:
            limit = aiohttp.ClientTimeout(total=_LIMIT_S)
            self._session = aiohttp.ClientSession(timeout=limit)
        body = json.dumps(events).encode()
        nonce = secrets.token_hex(16)
        headers = signing_headers(key.id, key.secret, int(time.time()), nonce, self._path, body)
        headers = {"Content-Type": "application/json", **headers}
        try:
            async with self._session.post(self._url, data=body, headers=headers) as response:
                answer = await response.json(content_type=None)
                said = answer.get("events")
                why = f"{response.status}: {answer.get('error', 'no verdicts')}"
        except (aiohttp.ClientError, TimeoutError, ValueError, AttributeError) as error:
            said, why = None, f"the door does not answer: {error}"
        if isinstance(said, list) and len(said) == len(events):
            return said
        return [{"is": _REFUSED, "why": why}] * len(events)


@dataclass(frozen=True, slots=True)
class _Course:
    """One play: its name, how fast it is, and the monotonic second of its begin."""

    run: str
    speed: float
    start: float


class Reporter(Protocol):
    """Where events go."""

    async def report(self, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Take events; a verdict for each."""


class Simulation:
    """Cameras and gauges that report; one scenario at a time, and an ordinary day beside it."""

    def __init__(self, door: Reporter, tell: Tell) -> None:
        """`tell` is given a line when what the station says of a source changes."""
        self._door = door
        self._tell = tell
        self._stopped = asyncio.Event()
        self._begun: dict[tuple[str, str], Report] = {}
        self._said: dict[tuple[str, str], tuple[str, str]] = {}
        self.played = Played()
        """What came of the scenario so far."""
        self.busy: set[str] = set()
        """The sources that play a part in the scenario of now."""

    def stop(self) -> None:
        """Cut the scenario short: what it began ends, and the ordinary day goes on."""
        self._stopped.set()

    async def play(self, name: str, reports: Sequence[Report], speed: float) -> Played:
        """Play a scenario `speed` times as fast as in life, to its end or until `stop`."""
        self._stopped.clear()
        self.busy = {str(report.source) for report in reports}
        self._said.clear()
        played = self.played = Played()
        course = _Course(f"{name}-{secrets.token_hex(3)}", speed, time.monotonic())
        back = timedelta(seconds=DATED_BACK_S * (1.0 - 1.0 / speed) if speed > 1.0 else 0.0)
        try:
            for due in _together(reports, _TICK_S * speed):
                if await self._waited(course.start + due[-1].at / speed):
                    played.is_cut = True
                    break
                await self._report(due, course, back, played)
            ends = [_over(report) for report in self._begun.values()]
            if ends:
                await self._report(ends, course, back, played)
        finally:
            self._begun.clear()
            self.busy = set()
        return played

    async def rest(self, reports: Sequence[Report]) -> None:
        """Play a stretch of an ordinary day, in which nothing is told."""
        start = time.monotonic()
        for due in _together(reports, _TICK_S):
            await asyncio.sleep(max(0.0, start + due[-1].at - time.monotonic()))
            idle = [one for one in due if str(one.source) not in self.busy]
            if idle:
                utc = datetime.now(UTC)
                run = f"calm-{int(start)}"
                await self._door.report([one.event(utc, run).message() for one in idle])

    async def _waited(self, moment: float) -> bool:
        """Whether the play was stopped before `moment`."""
        try:
            async with asyncio.timeout(max(0.0, moment - time.monotonic())):
                await self._stopped.wait()
        except TimeoutError:
            return False
        return True

    async def _report(
        self, due: Sequence[Report], play: _Course, back: timedelta, played: Played
    ) -> None:
        utc = datetime.now(UTC)
        events = []
        for one in due:
            # What falls due together did not happen at one moment.
            time_of = utc - timedelta(seconds=max(0.0, due[-1].at - one.at) / play.speed)
            events.append(
                one.event(time_of - back if one.from_state else time_of, play.run).message()
            )
        self._note_begun(due)
        answers = await self._door.report(events)
        played.seconds = time.monotonic() - play.start
        for one, answer in zip(due, answers, strict=True):
            played.events += 1
            played.verdicts[str(answer.get("is"))] += 1
            if answer.get("alert"):
                played.alerts.add(str(answer["alert"]))
            self._say(one, answer, played.seconds)

    def _note_begun(self, due: Iterable[Report]) -> None:
        for one in due:
            if one.from_state:
                key = (str(one.source), one.name)
                if one.phase is Phase.END:
                    self._begun.pop(key, None)
                else:
                    self._begun[key] = one

    def _say(self, one: Report, answer: dict[str, Any], since: float) -> None:
        """Tell a verdict that differs from the last one on the same thing."""
        key = (str(one.source), one.kind.value)
        alert, is_what = str(answer.get("alert", "")), str(answer.get("is"))
        if is_what == _COALESCED or self._said.get(key) == (is_what, alert):
            return
        self._said[key] = (is_what, alert)
        if len(self._said) > MOST_TOLD:
            return
        if len(self._said) == MOST_TOLD:
            self._tell(f"{since:5.1f} s  and more sources, which are only counted")
            return
        much = f"{one.value:g} {one.unit}" if one.value is not None else ""
        much = f"{one.confidence:.2f}" if one.confidence is not None else much
        words = f"{since:5.1f} s  {one.source} {one.kind.value.replace('_', ' ')} {much}".rstrip()
        words += f": {is_what.replace('_', ' ')}"
        if alert:
            words += f", alert {alert} {answer.get('state', '')}".rstrip()
        elif answer.get("why"):
            words += f" ({answer['why']})"
        self._tell(words)


def _over(report: Report) -> Report:
    """The end of a state that began."""
    return replace(report, phase=Phase.END, confidence=None)


def _together(reports: Iterable[Report], span_s: float) -> Iterator[list[Report]]:
    """Reports in groups that span at most so many seconds of their own time."""
    group: list[Report] = []
    for report in reports:
        if group and report.at - group[0].at > span_s:
            yield group
            group = []
        group.append(report)
    if group:
        yield group
