"""The ear's sockets, and what it reads beside them: plans, the shared block, the PCM store."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic_ns

import numpy as np
from numpy.typing import NDArray

from broadcaster.ear.batch import EarLeg
from broadcaster.ear.hearing import Hearing
from broadcaster.ear.pcm_reader import PcmReader
from broadcaster.ear.plan_history import PlanHistory
from broadcaster.ear.plan_reader import PlanReader
from broadcaster.ear.remote_verdict import RemoteEars
from broadcaster.ear.verdict import Judgement
from broadcaster.engine.plan import Part, Stream
from broadcaster.engine.shared_block import ADOPTIONS, SharedBlock
from broadcaster.multicast import Following, Inbox, ReceivingSocket, is_any_there
from broadcaster.witness import Witness
from zones.media_time import RATE, MediaClock, Sample
from zones.site import Site
from zones.stream_format import FORMATS

log = logging.getLogger(__name__)

_MOST_BATCHES = 8
"""Batches taken in one go: a flood must not keep the ear from speaking."""
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a leg can be heard; `interface` is a name or an own address."""

    leg: EarLeg
    interface: str
    address: str
    port: int


def places(site: Site) -> Iterator[Place]:
    """Every leg of every stream of the site."""
    names = {zone.id: zone.name.en for zone in site.zones}
    for stream in (*site.streams, *(spare.stream for spare in site.spares)):
        for index, leg in enumerate(stream.legs):
            name = names.get(stream.zone, str(stream.zone))
            clock_hz = FORMATS[stream.format].clock_hz
            yield Place(
                EarLeg(stream.id, stream.zone, index, name, clock_hz),
                *(site.network(leg.network).interface, leg.address, leg.port),
            )


def places_of(streams: Iterable[Stream], site: Site) -> list[Place]:
    """Every leg of every stream of a plan; the site gives zones their names, if it knows them."""
    names = {zone.id: zone.name.en for zone in site.zones}
    # A spare's stream is the same place whichever zone it plays: nobody has to listen anew.
    spares = {spare.id: spare.stream.zone for spare in site.spares}
    return [
        Place(
            EarLeg(
                *(stream.id, zone := spares.get(stream.id, stream.zone), index),
                *(names.get(zone, str(zone)), stream.format.clock_hz),
            ),
            # The plan names a socket <interface>/ttl../dscp..
            *(leg.socket.rsplit("/", 2)[0], leg.address, leg.port),
        )
        for stream in streams
        for index, leg in enumerate(stream.legs)
        if leg not in stream.legs[:index]  # a leg that is sent twice is heard once
    ]


class Listener:
    """Hears every place. `tick` is to be called some twenty times a second.

    Raises:
        OSError: a group cannot be joined, or a file of the run directory not opened.
    """

    def __init__(
        self,
        listed: list[Place],
        run: Path,
        pcm: Path,
        block: SharedBlock,
        clock: MediaClock,
        remote: RemoteEars | None = None,
    ) -> None:
        """`pcm` is the store's directory; `remote` is told what was heard being sent."""
        self._clock = clock
        self._block = block
        self._adopted = 0
        self._history = PlanHistory(block.stamps)
        self._inbox = Inbox()
        self._following = Following()
        self._judged: list[Judgement] = []
        self._names = [f"{place.leg.zone_name} ({place.address}:{place.port})" for place in listed]
        is_patient = is_any_there(place.interface for place in listed)
        with ExitStack() as opened:
            self._plans = PlanReader(run, self._history)
            opened.callback(self._plans.close)
            self._sockets = []
            for place in listed:
                receiver = ReceivingSocket(
                    place.address, place.port, place.interface, is_patient=is_patient
                )
                opened.callback(receiver.close)
                self._sockets.append(receiver)
            self._opened = opened.pop_all()
        self._legs = [place.leg for place in listed]
        self._remote = RemoteEars(()) if remote is None else remote
        self._remote.listen_to(self._legs)
        self._hearing = Hearing(self._legs, self._history, PcmReader(pcm), self.now())

    def close(self) -> None:
        """Leave every group."""
        self._opened.close()

    @property
    def planned(self) -> tuple[Stream, ...]:
        """The streams of control's newest plan; none before there is one."""
        plan = self._plans.newest.get(Part.CONTROL)
        return () if plan is None else plan.streams

    def now(self) -> Sample:
        """This moment in media time."""
        return self._clock.sample_at(monotonic_ns())

    def tick(self) -> bool:
        """Hear what has come; whether control should be told at once."""
        if self._following.follow(self._sockets):
            log.info("an interface came back and is listened on again")
        for _ in range(_MOST_BATCHES):
            batch = self._inbox.drain(self._sockets)
            if len(batch.lengths):
                # After the packets: the engine notes what it adopts before it sends by it.
                self._read_block()
                now = self.now()
                self._hearing.hear(batch, self._arrived(batch.at_ns, now), now)
                self._remote.sent.note(batch, self._legs, now)
            if not batch.is_more:
                break
        now = self.now()
        self._history.forget(now)
        return self._judge(now)

    def _arrived(self, at_ns: NDArray[np.int64], now: Sample) -> NDArray[np.int64]:
        ago: NDArray[np.int64] = (self._clock.monotonic_ns_at(now) - at_ns) * RATE // _NS
        return now - ago

    def _read_block(self) -> None:
        count = int(self._block.fields["adopted_count"])
        if count != self._adopted:
            self._plans.look()
            adoptions = self._block.adoptions()
            new = min(count - self._adopted, len(adoptions))
            self._history.note(adoptions[len(adoptions) - new :], is_whole=count < ADOPTIONS // 2)
            self._adopted = count

    def _judge(self, now: Sample) -> bool:
        before, self._judged = self._judged, self._hearing.judgements(now)
        if not before:
            return True
        is_changed = False
        for name, old, new in zip(self._names, before, self._judged, strict=True):
            if (old.value, old.why) != (new.value, new.why):
                is_changed = True
                if new.value is False:
                    log.warning("%s: %s", name, new.sentence)
                elif old.value is False:
                    log.info("%s: no longer %s", name, old.why.value)
        return is_changed

    def witnesses(self) -> list[Witness]:
        """What the ear says of every stream now."""
        dropped = [receiver.dropped for receiver in self._sockets]
        return self._hearing.witnesses("ear", self.now(), dropped)
