"""A place without a network: packets made from a plan, given straight to the ear."""

from __future__ import annotations

import struct

import numpy as np

from broadcaster.ear.batch import EarLeg
from broadcaster.ear.hearing import Hearing
from broadcaster.ear.plan_history import PlanHistory
from broadcaster.engine.codec import encode, lead
from broadcaster.engine.packet import sequence_number, timestamp
from broadcaster.engine.plan import Part, Plan
from broadcaster.engine.render import mixes
from broadcaster.engine.shared_block import Adoption
from broadcaster.multicast import SLOT_BYTES, Datagrams
from tests.broadcaster.engine.studio import ANCHOR, make_stream
from zones.bus import ClaimId
from zones.media_time import RATE
from zones.sound import PcmId

OURS = (0x7F000001, 40_000)
FORGER = (0x0A000009, 5004)
START = 100 * RATE
"""Where the tests begin in media time; a multiple of every packet time."""


class Datagram:
    """One datagram on leg number `leg`, come at sample `arrived`."""

    def __init__(self, leg, octets, source=OURS, arrived=START) -> None:
        self.leg = leg
        self.octets = octets
        self.source = source
        self.arrived = arrived


class Room:
    """One plan, an engine's packets made by hand, and an ear."""

    def __init__(self, pcm, streams=2, **fields) -> None:
        self.pcm = pcm
        self.streams = tuple(
            make_stream(i, f"239.1.1.{i + 1}", 5004, **fields) for i in range(streams)
        )
        self.stamps: dict[ClaimId, int] = {}
        self.history = PlanHistory(
            lambda claims: {c: s for c, s in self.stamps.items() if c in claims}
        )
        self.legs = [
            EarLeg(each.id, each.zone, 0, f"zone {each.id}", each.format.clock_hz)
            for each in self.streams
        ]
        self.now = START
        self.ear = Hearing(self.legs, self.history, pcm, self.now)
        self.revision = 0
        self.plan_now = Plan(Part.CONTROL, 0, ANCHOR)

    def plan(self, sources, claims, at=None, *, is_read=True, part=Part.CONTROL):
        """Adopt a plan from sample `at` on; the ear may have missed it."""
        self.revision += 1
        plan = Plan(part, self.revision, ANCHOR, self.streams, sources, tuple(claims))
        if is_read:
            self.history.add(plan)
        self.history.note([Adoption(part, self.revision, self.now if at is None else at)])
        self.plan_now = plan

    def samples(self, stream, begin, length, pcm=None):
        """What the plan in force plays on a stream."""
        mix = mixes([self.plan_now], self.streams)[stream.id].with_stamps(self.stamps)
        return mix.render(pcm or self.pcm, begin, length)

    def packet(self, leg, at, samples=None, *, source=OURS, arrived=None, **fields):
        """The packet of a leg that begins at `at`; with `samples`, of other sound."""
        stream = self.streams[leg]
        if samples is None:
            before = lead(stream.format)
            samples = self.samples(stream, at - before, stream.packet_time + before)
        values = {
            "flags": 0x80,
            "type": stream.payload_type,
            "sequence": sequence_number(at, stream.packet_time),
            "timestamp": timestamp(at, stream.format.clock_hz),
            "ssrc": stream.ssrc,
            **fields,
        }
        octets = struct.pack("!BBHII", *values.values()) + encode(stream.format, samples).tobytes()
        return Datagram(leg, octets, source, at if arrived is None else arrived)

    def packets(self, seconds, legs=None, **fields):
        """What the engine would send from now on."""
        legs = range(len(self.streams)) if legs is None else legs
        step = self.streams[0].packet_time
        return [
            self.packet(leg, at, **fields)
            for at in range(self.now, self.now + round(seconds * RATE), step)
            for leg in legs
        ]

    def hear(self, packets, seconds=None):
        """Give the ear packets in batches of 50 ms, and let time pass."""
        end = self.now + round(RATE * (seconds or 0))
        end = max([end, *(packet.arrived + 1 for packet in packets)])
        while self.now < end:
            until = min(self.now + RATE // 20, end)
            batch = [p for p in packets if self.now <= p.arrived < until]
            self.now = until
            if batch:
                arrived = np.array([each.arrived for each in sorted_by_leg(batch)], np.int64)
                self.ear.hear(datagrams(batch), arrived, self.now)
        self.now = -(-self.now // 960) * 960

    def judge(self, leg=0):
        return self.ear.judgements(self.now)[leg]

    def detail(self, leg=0):
        return self.ear.witnesses("ear", self.now, [0] * len(self.legs))[leg].detail


def sorted_by_leg(batch):
    """Sockets are drained one after the other."""
    return sorted(batch, key=lambda each: each.leg)


def datagrams(batch):
    batch = sorted_by_leg(batch)
    octets = np.zeros((len(batch), SLOT_BYTES), np.uint8)
    for row, each in enumerate(batch):
        octets[row, : len(each.octets)] = np.frombuffer(each.octets, np.uint8)
    return Datagrams(
        np.array([each.leg for each in batch], np.intp),
        octets,
        np.array([len(each.octets) for each in batch], np.intp),
        np.array([each.source[0] for each in batch], np.uint32),
        np.array([each.source[1] for each in batch], np.uint16),
        np.zeros(len(batch), np.int64),
        False,
    )


class Without:
    """A store that lacks some audio."""

    def __init__(self, pcm, *missing: PcmId) -> None:
        self._pcm = pcm
        self._missing = missing

    def samples(self, pcm, begin, end):
        return None if pcm in self._missing else self._pcm.samples(pcm, begin, end)

    def ring(self, name, begin, end):
        return self._pcm.ring(name, begin, end)

    def written_to(self, name):
        return None
