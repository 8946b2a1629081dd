"""What befalls a simulated station: detections true and false, faults, changes. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from typing import Final

from alerts.detection import Admitted, DetectionEvent
from alerts.detection.event import EventId, Kind, Phase, SourceId
from broadcaster.control.acts import Play, TakeLibrary, TakeSite, Withdraw
from broadcaster.control.steering import Steer, Steering
from broadcaster.operation.agenda import Agenda
from broadcaster.operation.judge import Judge
from broadcaster.operation.owed import WITHIN_S
from broadcaster.operation.people import People
from broadcaster.operation.premises import GAUGE_PERIOD_S
from broadcaster.operation.station import Station
from broadcaster.operation.truth import Truth
from broadcaster.simulator import scenarios
from broadcaster.simulator.scenario_settings import ScenarioSettings
from zones.bus import ClaimId
from zones.bus import Kind as ClaimKind
from zones.media_time import RATE
from zones.sound import PcmId

DAY_S: Final = 86_400.0
_BATCH_S: Final = 5.0
"""Doors hand over together what came within this time."""
_FRESH_S: Final = 25.0
"""What is older by our clock does not count as it comes from a camera; gauges have longer."""
_REPLAYABLE_S: Final = 110.0
"""Doors believe a signature for 120 s."""


@dataclass(frozen=True, slots=True)
class Odds:
    """How often something happens, times a day."""

    fires: float = 0.03
    floods: float = 0.015
    fogs: float = 0.05
    hits: float = 0.3
    gauges_lost: float = 0.05
    flaps: float = 0.02
    clock_steps: float = 0.05
    raises: float = 0.05
    exercises: float = 0.06
    microphones: float = 0.05
    notices: float = 0.2
    steers: float = 0.2
    deaths: float = 0.1
    deaths_between: float = 0.2
    power_cuts: float = 0.01
    slow_engines: float = 0.1
    refusing_journals: float = 0.05
    changes: float = 0.1
    replays: float = 0.3

    def times(self, factor: float) -> dict[str, float]:
        """All of them, `factor` times as often."""
        return {name: getattr(self, name) * factor for name in self.__slots__}


class Fate:
    """Fills the agenda, a day at a time."""

    def __init__(
        self,
        chance: random.Random,
        agenda: Agenda,
        station: Station,
        people: People,
        truth: Truth,
        judge: Judge,
        settings: ScenarioSettings,
    ) -> None:
        self._chance = chance
        self._agenda = agenda
        self._station = station
        self._people = people
        self._truth = truth
        self._judge = judge
        self._settings = settings
        self._number = 0
        self._measured_until = 0.0
        """Until then a flood says what the gauges read."""
        self._lost: dict[str, float] = {}
        self._sent: list[Admitted] = []

    def fill(self, begin: float, odds: dict[str, float]) -> None:
        """What happens in the day from `begin` on."""
        for number in range(int(DAY_S / GAUGE_PERIOD_S)):
            self._agenda.add(begin + number * GAUGE_PERIOD_S, "gauges", self._read_gauges)
        self._agenda.add(begin + 3 * 3600, "hand over", self._people.hand_over)
        happenings = {
            "fires": self._fire,
            "floods": self._flood,
            "fogs": self._fog,
            "hits": self._hit,
            "gauges_lost": self._lose_gauge,
            "flaps": self._flap,
            "clock_steps": self._step_clock,
            "raises": self._people.warn,
            "exercises": self._people.practise,
            "microphones": self._speak,
            "notices": self._notice,
            "steers": self._steer,
            "deaths": self._die,
            "deaths_between": self._die_between,
            "power_cuts": self._cut_power,
            "slow_engines": self._slow_engine,
            "refusing_journals": self._refuse,
            "changes": self._change,
            "replays": self._replay,
        }
        for name, happening in happenings.items():
            for _ in range(_times(self._chance, odds[name])):
                at = begin + self._chance.uniform(0, DAY_S)
                self._agenda.add(at, name.replace("_", " "), happening)

    # --- detections ---

    def _give(self, events: Iterable[DetectionEvent]) -> None:
        """Have events come in, now; some are lost, some come twice."""
        station, chance = self._station, self._chance
        kept = [event for event in events if chance.random() >= 0.02]
        if not kept:
            return
        doors = station.doors
        received = station.true_utc + doors.error
        admitted = [
            Admitted(event, received, f"key-{event.source}", is_clock_suspect=doors.is_suspect)
            for event in kept
        ]
        counts = abs(doors.error.total_seconds()) < _FRESH_S or doors.is_suspect
        self._truth.take(kept, station.now, counts=counts)
        if counts and self._judge.owed.take(kept, station.now):
            self._agenda.add(station.now + WITHIN_S, "reports", self._look)
        station.detect(admitted)
        if chance.random() < 0.02:
            station.detect(admitted)
        self._sent += admitted
        del self._sent[:-200]

    def _look(self) -> None:
        """See whether evidence has the warning that it is owed; a new control has time for it."""
        station = self._station
        if station.book is None or station.now < station.here_since + WITHIN_S:
            self._agenda.add(station.now + WITHIN_S, "reports", self._look)
        else:
            station.look()

    def _play(self, reports: Iterable[scenarios.Report]) -> float:
        """Have the reports of a scenario come in from now on; returns when the last one does."""
        self._number += 1
        begin, run = self._station.now, f"{self._number}"
        end = begin
        for _, batch in groupby(reports, lambda report: int(report.at / _BATCH_S)):
            listed = tuple(batch)
            end = begin + listed[-1].at + 0.3

            def give(listed: tuple[scenarios.Report, ...] = listed) -> None:
                utc = self._station.true_utc
                late = listed[-1].at
                self._give(
                    report.event(utc - timedelta(seconds=late - report.at + 0.3), run)
                    for report in listed
                )

            self._agenda.add(end, "reports", give)
        return end

    def _seed(self) -> int:
        return self._chance.randrange(1 << 32)

    def _fire(self) -> None:
        site = self._station.premises.site
        self._play(scenarios.wildfire(site, self._settings, self._seed()))

    def _flood(self) -> None:
        site = self._station.premises.site
        end = self._play(scenarios.flood(site, self._settings, self._seed()))
        self._measured_until = max(self._measured_until, end)

    def _fog(self) -> None:
        site = self._station.premises.site
        self._play(scenarios.fog(site, self._settings, self._seed()))

    def _hit(self) -> None:
        """A barbecue, steam, the low sun: a camera sees smoke that is none, for a moment or two."""
        cameras = [c for c in self._station.premises.site.cameras if "smoke" in c.detects]
        if not cameras:
            return
        camera = self._chance.choice(cameras)
        self._number += 1
        run, sure = f"hit-{self._number}", round(self._chance.uniform(0.4, 0.9), 2)
        lasts = self._chance.choice([1.0, 8.0, 15.0, 40.0])
        self._see(camera.id, run, Phase.START, sure)
        at = self._station.now + lasts
        self._agenda.add(at, run, lambda: self._see(camera.id, run, Phase.END, None))

    def _see(self, camera: str, run: str, phase: Phase, sure: float | None) -> None:
        name, source = EventId(f"{run}-{phase.value}"), SourceId(camera)
        utc = self._station.true_utc
        self._give([DetectionEvent(name, source, Kind.SMOKE, phase, utc, confidence=sure)])

    def _flap(self) -> None:
        """A camera begins and ends, again and again."""
        cameras = [c for c in self._station.premises.site.cameras if "smoke" in c.detects]
        if not cameras:
            return
        camera, begin = self._chance.choice(cameras), self._station.now
        self._number += 1
        for number in range(self._chance.randint(5, 40)):
            for phase, after in ((Phase.START, 0.0), (Phase.END, self._chance.uniform(1, 25))):
                run = f"flap-{self._number}-{number}"
                sure = 0.85 if phase is Phase.START else None

                def see(run: str = run, phase: Phase = phase, sure: float | None = sure) -> None:
                    self._see(camera.id, run, phase, sure)

                self._agenda.add(begin + number * 30 + after, run, see)

    def _read_gauges(self) -> None:
        """Gauges and cameras that read staffs tell of dry weather, unless there is a flood.

        One that is lost tells nothing. What goes on has its warning still.
        """
        station = self._station
        station.look()
        if station.now < self._measured_until:
            return
        self._number += 1
        site = station.premises.site
        staffs = (camera for camera in site.cameras if "water_level" in camera.detects)
        readers = [(str(one.id), Kind(one.measures), one.unit) for one in site.gauges]
        readers += [(str(camera.id), Kind.WATER_LEVEL, "m") for camera in staffs]
        self._give(
            DetectionEvent(
                EventId(f"reading-{self._number}-{source}"),
                SourceId(source),
                kind,
                Phase.READING,
                station.true_utc,
                value=round(0.15 + self._chance.uniform(-0.01, 0.01), 3),
                unit=unit,
            )
            for source, kind, unit in readers
            if self._lost.get(source, 0.0) <= station.now
        )

    def _lose_gauge(self) -> None:
        gauges = self._station.premises.site.gauges
        if gauges:
            lasts = self._chance.choice([1200.0, 7200.0])
            self._lost[self._chance.choice(gauges).id] = self._station.now + lasts

    def _replay(self) -> None:
        """Somebody sends events again, as they were, while their signature is still believed."""
        station = self._station
        if station.book is None:
            return
        recent = [
            one
            for one in self._sent
            if station.true_utc + station.doors.error - one.received
            < timedelta(seconds=_REPLAYABLE_S)
        ]
        if not recent:
            return
        before = station.book.alerts
        station.detect(self._chance.choices(recent, k=20))
        if station.book is not None:
            self._judge.repeated(before, station.book.alerts, station.now)

    # --- faults ---

    def _step_clock(self) -> None:
        """The wall clock steps, and is set right an hour later."""
        by = self._chance.choice([-86_400.0, -3600.0, -90.0, 2.0, 90.0, 3600.0, 86_400.0])
        self._station.step_clock(by)
        at = self._station.now + 3600
        self._agenda.add(at, "clock set right", lambda: self._station.step_clock(-by))

    def _die(self) -> None:
        self._station.faults.away_s = self._chance.choice([0.3, 1.0, 20.0, 300.0])
        self._station.die()

    def _die_between(self) -> None:
        """Control dies between two of its next effects."""
        self._station.faults.away_s = self._chance.choice([0.3, 1.0, 20.0])
        self._station.faults.dies_after = self._chance.randrange(12)

    def _cut_power(self) -> None:
        self._station.faults.away_s = self._chance.choice([10.0, 120.0])
        self._judge.fell_silent()
        self._station.die(power_cut=True)

    def _slow_engine(self) -> None:
        faults = self._station.faults
        faults.adoption_s = self._chance.choice([0.2, 1.5, 5.0])

        def recover() -> None:
            faults.adoption_s = 0.003

        at = self._station.now + self._chance.uniform(60, 3600)
        self._agenda.add(at, "engine quick again", recover)

    def _refuse(self) -> None:
        station = self._station
        station.faults.journal_refuses = True

        def accept() -> None:
            station.faults.journal_refuses = False
            station.record.catch_up()

        at = station.now + self._chance.uniform(60, 3600)
        self._agenda.add(at, "journal writes again", accept)

    # --- changes, and others who use the zones ---

    def _change(self) -> None:
        """Another library, or another site."""
        station = self._station
        if self._chance.random() < 0.5:
            station.tracks = self._chance.randint(1, 12)
            library = station.premises.library(station.tracks)
            station.command(TakeLibrary(library=library))
            return
        station.quiet_neighbours = not station.quiet_neighbours
        ground = station.premises.ground(quiet_neighbours=station.quiet_neighbours)
        self._number += 1
        station.command(TakeSite(key=f"site {self._number}", ground=ground))

    def _notice(self) -> None:
        self._sound(priority=self._chance.choice([40, 100, 150]), kind=ClaimKind.NOTICE)

    def _steer(self) -> None:
        """Somebody mutes the programme, skips, or speaks over it for up to four hours."""
        self._number += 1
        zones = [zone.id for zone in self._station.premises.site.zones]
        how = self._chance.choice([Steering.HOLD, Steering.TAKE_OVER, Steering.SKIP])
        order = Steer(
            key=f"steer {self._number}",
            who="kim",
            zones=tuple(self._chance.sample(zones, 5)),
            steering=how,
            source="studio",
        )
        self._station.command(order)
        if self._chance.random() < 0.5:
            back = replace(order, key=f"{order.key} back", steering=Steering.HAND_BACK)
            at = self._station.now + self._chance.uniform(5, 900)
            self._agenda.add(at, "handed back", lambda: self._station.command(back))

    def _speak(self) -> None:
        """The emergency microphone, as a claim of its level, and let go of."""
        key = self._sound(priority=255, kind=ClaimKind.WARNING)
        at = self._station.now + self._chance.uniform(5, 120)
        self._agenda.add(at, "microphone off", lambda: self._release(key))

    def _sound(self, *, priority: int, kind: ClaimKind) -> str:
        self._number += 1
        zones = [zone.id for zone in self._station.premises.site.zones]
        order = Play(
            key=f"play {self._number}",
            who="kim",
            zones=tuple(self._chance.sample(zones, 3)),
            priority=priority,
            kind=kind,
            repeat=kind is ClaimKind.WARNING,
            pcm=PcmId("c" * 64),
            length=20 * RATE,
        )
        self._station.command(order)
        return order.key

    def _release(self, key: str) -> None:
        """Let go, again and again until control answers."""
        station = self._station
        answer = station.answers.get(key)
        claim = None if answer is None else answer.fields.get("claim")
        if claim is None or station.core is None:
            if claim is not None or answer is None:
                at = station.now + 10
                self._agenda.add(at, "microphone off", lambda: self._release(key))
            return
        self._number += 1
        station.command(Withdraw(key=f"withdraw {self._number}", claim=ClaimId(str(claim))))


def _times(chance: random.Random, mean: float) -> int:
    """How often something of this mean happens: a Poisson number, for small means."""
    number, left = 0, chance.expovariate(1.0)
    while left < mean:
        number += 1
        left += chance.expovariate(1.0)
    return number
