"""One batch of packets beside what the plan says of it, in columns.

Pure. Streams that sound alike share one rendering and are compared in one go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broadcaster.ear.coded import CodedLegs, Coding, instead, watched_reference
from broadcaster.ear.compare import AUDIBLE, Sound, compare, expected
from broadcaster.ear.plan_history import PlayedPlan
from broadcaster.ear.verdict import Heard
from broadcaster.engine.codec import STATELESS
from broadcaster.engine.codec.stateful import CodecError
from broadcaster.engine.packet import HEADER
from broadcaster.engine.plan import Stream
from broadcaster.engine.render import Mix
from broadcaster.engine.sounding import Pcm
from broadcaster.multicast import Datagrams
from zones.bus import Claim, Kind, ZoneId
from zones.media_time import Sample
from zones.site import StreamId
from zones.stream_format import StreamFormat

_HEADER = HEADER.itemsize
ODDITIES = (
    "",
    "its payload type or length is not the plan's",
    "its timestamp is more than a second off",
    "its sequence number does not belong to its timestamp",
)
"""What `Block.oddity` stands for; 0 is nothing odd."""


@dataclass(frozen=True, slots=True)
class EarLeg:
    """One group and port to listen to: leg `index` of a stream.

    `zone_name` is for people; `clock_hz` is the RTP clock of the stream's format.
    """

    stream: StreamId
    zone: ZoneId
    index: int
    zone_name: str
    clock_hz: int


@dataclass(frozen=True, slots=True)
class Group:
    """Legs that carry the same packets but for the SSRC."""

    mix: Mix
    format: StreamFormat
    packet_time: Sample
    payload_bytes: int

    @property
    def coding(self) -> Coding:
        """How it is coded, for formats with memory."""
        return Coding(self.format, self.packet_time)


class Layout:
    """What the plan says of each leg, as columns, in the order of the ear's legs."""

    def __init__(self, played: PlayedPlan, legs: Sequence[EarLeg]) -> None:
        """A leg the plan does not have gets SSRC -1, which no packet has."""
        self.mixes = played.mixes
        self.groups: list[Group] = []
        places: dict[object, int] = {}
        count = len(legs)
        self.ssrc = np.full(count, -1, np.int64)
        self.payload_type = np.zeros(count, np.int64)
        self.length = np.zeros(count, np.int64)
        self.packet_time = np.ones(count, np.int64)
        self.group = np.full(count, -1, np.int64)
        for row, leg in enumerate(legs):
            stream = played.streams.get(leg.stream)
            if stream is None or leg.index >= len(stream.legs):
                continue
            mix = played.mixes[stream.id]
            self.ssrc[row] = stream.ssrc
            key = (id(mix), stream.format.name, stream.packet_time)
            if key not in places:
                places[key] = len(self.groups)
                self.groups.append(_group(mix, stream))
            self.group[row] = places[key]
            self.payload_type[row] = stream.payload_type
            self.length[row] = _HEADER + stream.format.payload_bytes(stream.packet_time)
            self.packet_time[row] = stream.packet_time


def _group(mix: Mix, stream: Stream) -> Group:
    payload_bytes = stream.format.payload_bytes(stream.packet_time)
    return Group(mix, stream.format, stream.packet_time, payload_bytes)


class Block:
    """The packets of one batch that one state of the plan decided, in columns."""

    def __init__(
        self,
        batch: Datagrams,
        rows: NDArray[np.intp],
        samples: NDArray[np.int64],
        arrived: NDArray[np.int64],
        is_near: NDArray[np.bool_],
        layout: Layout,
    ) -> None:
        """`samples` are what the timestamps mean, `is_near` which of them are of this moment.

        `arrived` is when each packet was received, as a sample.
        """
        headers = batch.headers()[rows]
        self._octets = batch.octets
        self._rows = rows
        self.layout = layout
        self.leg = leg = batch.socket[rows]
        self.samples = samples
        self.arrived = arrived
        self.source = batch.addresses[rows].astype(np.int64) << 16 | batch.ports[rows]
        self.ssrc = headers["ssrc"].astype(np.int64)
        self.is_ours = self.ssrc == layout.ssrc[leg]
        is_whole = (headers["type"] == layout.payload_type[leg]) & (
            batch.lengths[rows] == layout.length[leg]
        )
        times = layout.packet_time[leg]
        in_step = (samples % times == 0) & (
            headers["sequence"].astype(np.int64) == samples // times % (1 << 16)
        )
        self.oddity = np.select([~is_whole, ~is_near, ~in_step], [1, 2, 3])
        self.sounds = np.full(len(rows), int(Sound.WRONG), np.uint8)
        self.is_audible = np.zeros(len(rows), np.bool_)
        self.power = np.zeros(len(rows), np.float32)
        self._on_air: list[Claim | None] = [None] * len(layout.groups)

    def compare(
        self, pcm: Pcm, coded: CodedLegs
    ) -> Iterator[tuple[NDArray[np.intp], frozenset[str]]]:
        """Compare with the plan; for each group of legs its rows and what is missing here."""
        group_of = np.where(self.is_ours & (self.oddity == 0), self.layout.group[self.leg], -1)
        for number, group in enumerate(self.layout.groups):
            rows = np.flatnonzero(group_of == number)
            if len(rows):
                samples, time = self.samples[rows], group.packet_time
                span = (int(samples.min()), int(samples.max()) + time)
                self._on_air[number] = group.mix.on_air(int(samples[-1]))
                if group.format not in STATELESS:
                    yield rows, self._compare_coded(group, rows, span, pcm, coded)
                    continue
                wanted = expected(group.mix, group.format, time, pcm, span)
                heard = self._octets[self._rows[rows], _HEADER : _HEADER + group.payload_bytes]
                self.sounds[rows] = compare(wanted, group.mix, group.format, pcm, samples, heard)
                places = wanted.rows(samples)
                self.is_audible[rows] = wanted.is_audible[places]
                self.power[rows] = wanted.power[places]
                yield rows, wanted.missing

    def _compare_coded(
        self,
        group: Group,
        rows: NDArray[np.intp],
        span: tuple[Sample, Sample],
        pcm: Pcm,
        coded: CodedLegs,
    ) -> frozenset[str]:
        """Compare packets of a format with memory, each leg and source by itself.

        Audible, and so a proof, are only packets that end a window in which all was right.
        """
        wanted, missing = watched_reference(group.mix, group.coding, pcm, span)
        pairs = np.stack((self.leg[rows], self.source[rows]), axis=1)
        for leg, source in np.unique(pairs, axis=0).tolist():
            mine = rows[(pairs == (leg, source)).all(axis=1)]
            mine = mine[np.argsort(self.samples[mine], kind="stable")]
            try:
                heard = coded.leg(leg, source, group.coding)
            except (CodecError, ImportError) as error:
                self.sounds[mine] = Sound.UNKNOWN
                return frozenset((str(error),))
            octets = (self.payload(row) for row in mine.tolist())
            has_judged = heard.hear(self.samples[mine].tolist(), octets, wanted, span[0])
            if missing:
                heard.forget()
            elif has_judged and heard.sound is Sound.WRONG and instead(heard, group.mix, pcm):
                heard.sound = Sound.INSTEAD
            self.sounds[mine] = heard.sound
            power = float(np.mean(wanted * wanted))
            self.power[mine] = power
            is_proof = has_judged or heard.sound is Sound.SILENT
            self.is_audible[mine] = is_proof and power >= AUDIBLE * AUDIBLE / 2
        return missing

    def on_air(self, leg: int) -> Claim | None:
        """What the plan has on air in a leg at the end of the batch, if it was compared."""
        return self._on_air[int(self.layout.group[leg])]

    def payload(self, row: int) -> bytes:
        """The payload of one packet."""
        group = self.layout.groups[self.layout.group[self.leg[row]]]
        return self._octets[self._rows[row], _HEADER : _HEADER + group.payload_bytes].tobytes()

    def heard(self, rows: NDArray[np.intp]) -> Heard:
        """These packets, all of one leg, for its verdict."""
        place = self.layout.group[self.leg[rows[0]]]
        group, on_air = self.layout.groups[place], self._on_air[place]
        return Heard(
            *(self.samples[rows], self.sounds[rows], self.is_audible[rows], self.power[rows]),
            group.packet_time,
            on_air is not None and on_air.kind is Kind.WARNING,
        )
