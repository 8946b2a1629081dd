"""From datagrams to verdicts: every leg of every stream, heard together.

Pure. Streams that sound alike share one rendering, and packets are compared in blocks, so fourteen
zones on one programme cost little more than one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

import numpy as np
from numpy.typing import NDArray

from broadcaster.ear.believed import Believed, Source
from broadcaster.ear.compare import Sound, compare, expected, whereabouts
from broadcaster.ear.plan_history import PlanHistory, PlayedPlan, Span
from broadcaster.ear.verdict import Heard, Judgement, LegVerdict
from broadcaster.engine.packet import HEADER, samples_near
from broadcaster.engine.plan import Stream
from broadcaster.engine.render import Mix, Pcm
from broadcaster.multicast import Datagrams
from broadcaster.witness import Fact, Witness
from zones.bus import Kind, ZoneId
from zones.media_time import RATE, Sample
from zones.site import StreamId
from zones.stream_format import StreamFormat

OFF_TIME: Sample = RATE
"""A timestamp so far from when its packet came is not of this moment."""
_EXPLAINED: Sample = RATE
"""How often, at most, a wrong packet is searched for in the plan: it takes some milliseconds."""
_NO_SUCH_STREAM = "the plan in force has no such stream"
_HEADER = HEADER.itemsize
_ODDITIES = (
    "",
    "its payload type or length is not the plan's",
    "its timestamp is more than a second off",
    "its sequence number does not belong to its timestamp",
)


@dataclass(frozen=True, slots=True)
class EarLeg:
    """One group and port to listen to: leg `index` of a stream; `zone_name` as people know it."""

    stream: StreamId
    zone: ZoneId
    index: int
    zone_name: str


@dataclass(frozen=True, slots=True)
class _Group:
    """Legs that carry the same packets but for the SSRC."""

    mix: Mix
    format: StreamFormat
    packet_time: Sample
    payload_bytes: int


class _Layout:
    """What the plan says of each leg, as columns, in the order of the ear's legs."""

    def __init__(self, played: PlayedPlan, legs: Sequence[EarLeg]) -> None:
        self.mixes = played.mixes
        self.groups: list[_Group] = []
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
            key = (id(mix), stream.format.name, stream.packet_time)
            if key not in places:
                places[key] = len(self.groups)
                self.groups.append(_group(mix, stream))
            self.group[row] = places[key]
            self.ssrc[row] = stream.ssrc
            self.payload_type[row] = stream.payload_type
            self.length[row] = _HEADER + stream.format.payload_bytes(stream.packet_time)
            self.packet_time[row] = stream.packet_time


def _group(mix: Mix, stream: Stream) -> _Group:
    payload_bytes = stream.format.payload_bytes(stream.packet_time)
    return _Group(mix, stream.format, stream.packet_time, payload_bytes)


class _Block:
    """The packets of one batch that one state of the plan decided, in columns."""

    def __init__(
        self,
        batch: Datagrams,
        rows: NDArray[np.intp],
        samples: NDArray[np.int64],
        is_near: NDArray[np.bool_],
        layout: _Layout,
    ) -> None:
        headers = batch.headers()[rows]
        self._octets = batch.octets
        self._rows = rows
        self.layout = layout
        self.leg = leg = batch.socket[rows]
        self.samples = samples
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
        self.oddity = np.select([~is_whole, ~is_near, ~in_step], [1, 2, 3], 0)
        self.sounds = np.full(len(rows), Sound.WRONG, np.uint8)
        self.is_audible = np.zeros(len(rows), np.bool_)
        self.power = np.zeros(len(rows), np.float32)

    def compare(self, pcm: Pcm) -> Iterator[tuple[NDArray[np.intp], frozenset[str]]]:
        """Compare with the plan; for each group of legs its rows and what is missing here."""
        group_of = np.where(self.is_ours & (self.oddity == 0), self.layout.group[self.leg], -1)
        for number, group in enumerate(self.layout.groups):
            rows = np.flatnonzero(group_of == number)
            if len(rows):
                samples, time = self.samples[rows], group.packet_time
                span = (int(samples.min()), int(samples.max()) + time)
                wanted = expected(group.mix, group.format, time, pcm, span)
                heard = self._octets[self._rows[rows], _HEADER : _HEADER + group.payload_bytes]
                self.sounds[rows] = compare(wanted, group.mix, group.format, pcm, samples, heard)
                places = wanted.rows(samples)
                self.is_audible[rows] = wanted.is_audible[places]
                self.power[rows] = wanted.power[places]
                yield rows, wanted.missing

    def payload(self, row: int) -> bytes:
        """The payload of one packet."""
        group = self.layout.groups[self.layout.group[self.leg[row]]]
        return self._octets[self._rows[row], _HEADER : _HEADER + group.payload_bytes].tobytes()

    def heard(self, rows: NDArray[np.intp]) -> Heard:
        """These packets, all of one leg, for its verdict."""
        place = self.layout.group[self.leg[rows[0]]]
        group = self.layout.groups[place]
        on_air = group.mix.on_air(int(self.samples[rows[-1]]))
        return Heard(
            *(self.samples[rows], self.sounds[rows], self.is_audible[rows], self.power[rows]),
            group.packet_time,
            on_air is not None and on_air.kind is Kind.WARNING,
        )


class Hearing:
    """All legs: what came, whom it came from, whether it was right."""

    def __init__(self, legs: Sequence[EarLeg], history: PlanHistory, pcm: Pcm, now: Sample) -> None:
        """Batches name the legs by their place in `legs`; they are listened to from `now` on."""
        self._legs = tuple(legs)
        self._history = history
        self._pcm = pcm
        self._believed = [Believed() for _ in legs]
        self._verdicts = [LegVerdict(now) for _ in legs]
        self._layouts: list[_Layout] = []
        self._explained: Sample = now - _EXPLAINED

    # --- hearing ---

    def hear(self, batch: Datagrams, arrived: NDArray[np.int64], now: Sample) -> None:
        """Take in a batch; `arrived` is each datagram's receive time as a sample."""
        is_plain = batch.is_plain()
        if not is_plain.all():
            self._meet_noise(batch, np.flatnonzero(~is_plain), now)
        rows = np.flatnonzero(is_plain)
        if not len(rows):
            return
        samples = samples_near(batch.headers()["timestamp"][rows], RATE, now)
        arrived = arrived[rows]
        is_near = np.abs(samples - arrived) < OFF_TIME
        # A packet far off its time is judged with the plan of the moment it came.
        when = np.where(is_near, samples, arrived)
        for span in self._history.spans(int(when.min()), int(when.max()) + 1):
            inside = np.flatnonzero((when >= span.begin) & (when < span.end))
            if len(inside):
                self._hear_span(batch, rows[inside], samples[inside], is_near[inside], span, now)

    def _hear_span(
        self,
        batch: Datagrams,
        rows: NDArray[np.intp],
        samples: NDArray[np.int64],
        is_near: NDArray[np.bool_],
        span: Span,
        now: Sample,
    ) -> None:
        if span.played is None:
            legs, counts = np.unique(batch.socket[rows], return_counts=True)
            for leg, count in zip(legs.tolist(), counts.tolist(), strict=True):
                self._verdicts[leg].unknown(now, span.why, count)
            return
        block = _Block(batch, rows, samples, is_near, self._layout(span.played))
        for compared, missing in block.compare(self._pcm):
            if missing:
                self._note_missing(block.leg[compared], missing)
        if not block.is_ours.all():
            self._meet(block, np.flatnonzero(~block.is_ours), now)
        ours = np.flatnonzero(block.is_ours)
        ends = np.flatnonzero(np.diff(block.leg[ours])) + 1
        for of_leg in np.split(ours, ends):
            if len(of_leg):
                self._hear_leg(block, int(block.leg[of_leg[0]]), of_leg, now)

    def _hear_leg(self, block: _Block, leg: int, rows: NDArray[np.intp], now: Sample) -> None:
        """Packets with our SSRC on one leg, from one source or, under attack, from several."""
        sources = np.unique(block.source[rows]).tolist()
        believed = self._believed[leg].source
        sources.sort(key=lambda source: _pair(source) != believed)
        for source in sources:
            mine = rows[block.source[rows] == source] if len(sources) > 1 else rows
            sounds = block.sounds[mine]
            is_believed = self._believed[leg].hear(
                _pair(source),
                now,
                proves=bool(((sounds == Sound.RIGHT) & block.is_audible[mine]).any()),
                disproves=bool(((sounds == Sound.WRONG) | (sounds == Sound.SILENT)).any()),
            )
            if not is_believed:
                self._believed[leg].meet(_pair(source), int(block.ssrc[mine[0]]), len(mine), now)
                continue
            wrong = mine[sounds == Sound.WRONG]
            if len(wrong):
                self._explain(block, leg, int(wrong[0]), now)
            self._verdicts[leg].hear(block.heard(mine), now)

    def _meet(self, block: _Block, rows: NDArray[np.intp], now: Sample) -> None:
        """Packets with another SSRC than ours."""
        seen = np.stack((block.leg[rows], block.source[rows], block.ssrc[rows]), axis=1)
        for (leg, source, ssrc), count in zip(
            *np.unique(seen, axis=0, return_counts=True), strict=True
        ):
            if block.layout.ssrc[leg] >= 0:
                self._believed[leg].meet(_pair(int(source)), int(ssrc), int(count), now)
            else:
                self._verdicts[leg].unknown(now, _NO_SUCH_STREAM, int(count))

    def _meet_noise(self, batch: Datagrams, rows: NDArray[np.intp], now: Sample) -> None:
        """Datagrams that are no RTP, or RTP as our engine never sends it."""
        for row in rows.tolist():
            source = (int(batch.addresses[row]), int(batch.ports[row]))
            self._believed[int(batch.socket[row])].meet(source, None, 1, now)

    def _note_missing(self, legs: NDArray[np.intp], missing: frozenset[str]) -> None:
        for leg in np.unique(legs).tolist():
            self._verdicts[leg].reason = f"{', '.join(sorted(missing))} is not in the store"

    def _explain(self, block: _Block, leg: int, row: int, now: Sample) -> None:
        """Say what a wrong packet is; for that the plan is searched, so not too often."""
        verdict = self._verdicts[leg]
        if block.oddity[row]:
            verdict.reason = _ODDITIES[block.oddity[row]]
            return
        if now - self._explained < _EXPLAINED:
            verdict.reason = verdict.reason or "not the sound of the plan"
            return
        self._explained = now
        layout = block.layout
        own = layout.groups[layout.group[leg]]
        others = {
            self._legs[place].zone_name: layout.groups[number].mix
            for place, number in enumerate(layout.group.tolist())
            if number >= 0 and layout.groups[number].format is own.format
        }
        at, payload = int(block.samples[row]), block.payload(row)
        verdict.reason = whereabouts(payload, at, own.mix, others, own.format, self._pcm)

    def _layout(self, played: PlayedPlan) -> _Layout:
        for layout in self._layouts:
            if layout.mixes is played.mixes:
                return layout
        self._layouts = [*self._layouts[-3:], _Layout(played, self._legs)]
        return self._layouts[-1]

    # --- saying ---

    def judgements(self, now: Sample) -> list[Judgement]:
        """Of every leg, in their order."""
        return [verdict.judge(now) for verdict in self._verdicts]

    def witnesses(self, by: str, now: Sample, not_drained: Sequence[int]) -> list[Witness]:
        """One for each stream: the worst of its legs, with what the ear knows about it.

        `not_drained` is what each leg's socket lost because the ear was slow: not the sender's.
        """
        worst: dict[StreamId, tuple[int, int, Judgement]] = {}
        for place, (leg, judgement) in enumerate(
            zip(self._legs, self.judgements(now), strict=True)
        ):
            badness = (True, None, False).index(judgement.value)
            known = worst.get(leg.stream)
            if known is None or badness > known[0]:
                worst[leg.stream] = (badness, place, judgement)
        return [
            Witness(
                *(by, self._legs[place].zone, stream, Fact.SENT, judgement.value, now),
                self._detail(place, judgement, now, not_drained[place]),
            )
            for stream, (_, place, judgement) in worst.items()
        ]

    def _detail(
        self, place: int, judgement: Judgement, now: Sample, not_drained: int
    ) -> dict[str, Any]:
        verdict, believed = self._verdicts[place], self._believed[place]
        level = verdict.level_dbfs() if judgement.value else None
        strangers = [str(stranger) for stranger in believed.strangers(now)]
        faults = [judgement.sentence] if judgement.value is False else []
        if strangers:
            faults.append(f"somebody else sends to this group: {', '.join(strangers)}")
        return {
            "level_dbfs": None if level is None else round(level, 1),
            "fault": "; ".join(faults) or None,
            "reason": judgement.sentence or None,
            "source": None if believed.source is None else _address(believed.source),
            "strangers": strangers,
            "packets": verdict.packets,
            "lost": max(0, verdict.lost - not_drained),
            "wrong": verdict.wrong,
            "not_drained": not_drained,
        }


def _pair(source: int) -> Source:
    """The address and port packed into one number."""
    return source >> 16, source & 0xFFFF


def _address(source: Source) -> str:
    return f"{IPv4Address(source[0])}:{source[1]}"
