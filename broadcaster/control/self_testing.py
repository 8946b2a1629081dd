"""The hidden self-test: a signed test event that has to be heard on a stream nobody plays. Pure.

It takes the way of every warning: door, gate, decision, journal, plan, engine, wire. What the ear
hears of it, and when, is the published figure; not heard within a second is a fault (SAFETY I4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from alerts.commands import HearSelfTest, Person, RunSelfTest
from alerts.detection import Admitted
from alerts.detection.event import Mode
from alerts.exercise import SelfTest, SelfTestId, SelfTestState, self_test_id
from alerts.message import Tone
from alerts.moving import AlertRefusedError, AnyMove
from alerts.voices import Voices
from broadcaster.control.acts import Effect
from broadcaster.control.alert_acts import AlertActs
from broadcaster.engine.plan import Stream
from broadcaster.engine.site_streams import SELF_TEST_STREAM, SELF_TEST_ZONE
from broadcaster.self_test import KEY, SENT_NS
from broadcaster.witness import Fact, Witness
from zones import priority
from zones.bus import Claim, ClaimId, Kind
from zones.media_time import RATE, MediaClock, Sample, samples
from zones.sound import Sequence, Source, silence

_LEAD: Final = samples(0.04)


class Station(Protocol):
    """What a self-test needs of the core."""

    @property
    def at(self) -> Sample:
        """The media time of the decision that is being made."""


class SelfTesting:
    """The self-tests of a station, and what the plan holds for one that runs."""

    def __init__(self, alerts: AlertActs, station: Station) -> None:
        self._alerts = alerts
        self._station = station
        self._given: dict[SelfTestId, Sample] = {}

    @staticmethod
    def is_meant(event: Admitted) -> bool:
        """Whether an event is a self-test of this station."""
        return event.event.mode is Mode.TEST and event.via == KEY

    def run(
        self, event: Admitted, stream: Stream | None, clock: MediaClock, now: float
    ) -> list[Effect]:
        """Send a self-test on its way; its event says when it was sent, in monotonic ns."""
        if stream is None:
            return []
        sent_ns = event.event.vendor.get(SENT_NS)
        given = clock.sample_at(sent_ns) if isinstance(sent_ns, int) else self._station.at
        key = f"self-test {event.event.id}"
        self._given[self_test_id(key)] = given
        order = RunSelfTest(key=key, who=Person(KEY), stream=SELF_TEST_STREAM)
        return self._moved(order, now)

    def hear(self, witnesses: Iterable[Witness], now: float) -> list[Effect]:
        """See whether an ear heard the test that runs."""
        effects: list[Effect] = []
        for witness in witnesses:
            if witness.stream != SELF_TEST_STREAM or witness.fact is not Fact.SENT:
                continue
            warned = witness.detail.get("warned")
            test = self._running
            if test is None or not isinstance(warned, dict) or warned.get("claim") != str(test.id):
                continue
            received, given = warned.get("received"), self._given.get(test.id)
            if isinstance(received, int) and given is not None:
                seconds = (received - given) / RATE
                order = HearSelfTest(
                    key=f"{test.id} heard", who=Person("ear"), test=test.id, seconds=seconds
                )
                effects += self._moved(order, now)
        return effects

    def _moved(self, order: RunSelfTest | HearSelfTest, now: float) -> list[Effect]:
        try:
            moves: tuple[AnyMove, ...] = self._alerts.obey(order, now)
        except AlertRefusedError as refusal:
            moves = refusal.moves
        return self._alerts.moved(moves, now)

    @property
    def _running(self) -> SelfTest | None:
        tests = self._alerts.warnings.book.self_tests
        return next((one for one in reversed(tests) if one.state is SelfTestState.RUNNING), None)

    def claims(self, standing: Iterable[Claim], voices: Voices) -> tuple[Claim, ...]:
        """What the plan holds for the test that runs: its tone, on its own stream."""
        test = self._running
        if test is None:
            return ()
        known = tuple(claim for claim in standing if str(claim.id) == str(test.id))
        tone = voices.tones.get(Tone.EXERCISE) or voices.tones.get(Tone.ATTENTION)
        if known or tone is None:
            return known
        source: Source = Sequence(once=(silence(_LEAD), tone))
        return (Claim(ClaimId(test.id), SELF_TEST_ZONE, Kind.EXERCISE, priority.EXERCISE, source),)

    @property
    def fault(self) -> str:
        """A sentence while the newest test was not heard."""
        newest = self._newest
        if newest is None or newest.state is not SelfTestState.FAILED:
            return ""
        return (
            "the hourly self-test was not heard on the wire within a second: a warning may be "
            "late; look at `broadcaster status`"
        )

    def shown(self) -> Mapping[str, Any] | None:
        """The newest test as JSON; None before the first."""
        newest = self._newest
        if newest is None:
            return None
        seconds = newest.seconds
        return {
            "state": newest.state.value,
            "latency_ms": None if seconds is None else round(seconds * 1000, 2),
            "at": newest.due.utc.isoformat(),
        }

    @property
    def _newest(self) -> SelfTest | None:
        return next(reversed(self._alerts.warnings.book.self_tests), None)
