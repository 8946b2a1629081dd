"""From datagrams to verdicts: every leg of every stream, heard together.

Pure: packets in, witnesses out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address
from typing import Any

import numpy as np
from numpy.typing import NDArray

from broadcaster.ear.batch import ODDITIES, Block, EarLeg, Layout
from broadcaster.ear.believed import Believed, Source
from broadcaster.ear.coded import CodedLegs
from broadcaster.ear.compare import Sound, whereabouts
from broadcaster.ear.plan_history import PlanHistory, PlayedPlan, Span
from broadcaster.ear.verdict import Judgement, LegVerdict
from broadcaster.engine.codec import STATELESS
from broadcaster.engine.packet import samples_near
from broadcaster.engine.sounding import Pcm
from broadcaster.multicast import Datagrams
from broadcaster.witness import Fact, Witness
from zones.bus import ClaimId, Kind
from zones.media_time import RATE, Sample
from zones.site import StreamId

_RIGHT, _SILENT, _WRONG = int(Sound.RIGHT), int(Sound.SILENT), int(Sound.WRONG)
OFF_TIME: Sample = RATE
"""A timestamp so far from when its packet came is not of this moment."""
_EXPLAINED: Sample = RATE
"""How often, at most, a wrong packet is searched for in the plan: it takes some milliseconds."""
_NO_SUCH_STREAM = "the plan in force has no such stream"


_ANNOUNCED = frozenset({Kind.WARNING, Kind.EXERCISE})
"""What is told of when it was first heard."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The first right packet of a warning: its sample, and when it was received, as a sample."""

    claim: ClaimId
    at: Sample
    received: Sample


class Hearing:
    """All legs: what came, whom it came from, whether it was right."""

    def __init__(self, legs: Sequence[EarLeg], history: PlanHistory, pcm: Pcm, now: Sample) -> None:
        """Batches name the legs by their place in `legs`; they are listened to from `now` on."""
        self._legs = tuple(legs)
        self._rates = np.array([leg.clock_hz for leg in legs], np.int64)
        self._history = history
        self._pcm = pcm
        self._believed = [Believed() for _ in legs]
        self._verdicts = [LegVerdict(now) for _ in legs]
        self._begun: list[Begun | None] = [None for _ in legs]
        self._coded = CodedLegs()
        self._layouts: list[Layout] = []
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
        samples = samples_near(
            batch.headers()["timestamp"][rows], self._rates[batch.socket[rows]], now
        )
        arrived = arrived[rows]
        is_near = np.abs(samples - arrived) < OFF_TIME
        # A packet far off its time is judged with the plan of the moment it came.
        when = np.where(is_near, samples, arrived)
        for span in self._history.spans(int(when.min()), int(when.max()) + 1):
            inside = np.flatnonzero((when >= span.begin) & (when < span.end))
            if len(inside):
                columns = samples[inside], arrived[inside], is_near[inside]
                self._hear_span(batch, rows[inside], *columns, span, now)

    def _hear_span(
        self,
        batch: Datagrams,
        rows: NDArray[np.intp],
        samples: NDArray[np.int64],
        arrived: NDArray[np.int64],
        is_near: NDArray[np.bool_],
        span: Span,
        now: Sample,
    ) -> None:
        if span.played is None:
            legs, counts = np.unique(batch.socket[rows], return_counts=True)
            for leg, count in zip(legs.tolist(), counts.tolist(), strict=True):
                self._verdicts[leg].unknown(now, span.why, count)
            return
        block = Block(batch, rows, samples, arrived, is_near, self._layout(span.played))
        for compared, missing in block.compare(self._pcm, self._coded):
            if missing:
                self._note_missing(block.leg[compared], missing)
        if not block.is_ours.all():
            self._meet(block, np.flatnonzero(~block.is_ours), now)
        ours = np.flatnonzero(block.is_ours)
        ends = np.flatnonzero(np.diff(block.leg[ours])) + 1
        for of_leg in np.split(ours, ends):
            if len(of_leg):
                self._hear_leg(block, int(block.leg[of_leg[0]]), of_leg, now)

    def _hear_leg(self, block: Block, leg: int, rows: NDArray[np.intp], now: Sample) -> None:
        """Packets with our SSRC on one leg, from one source or, under attack, from several."""
        first = int(block.source[rows[0]])
        if (block.source[rows] == first).all():
            self._hear_source(block, leg, first, rows, now)
            return
        # Whom we believe comes first: nobody takes his place while he sends.
        believed = self._believed[leg].source
        sources: list[int] = np.unique(block.source[rows]).tolist()
        for source in sorted(sources, key=lambda each: _pair(each) != believed):
            self._hear_source(block, leg, source, rows[block.source[rows] == source], now)

    def _hear_source(
        self, block: Block, leg: int, source: int, rows: NDArray[np.intp], now: Sample
    ) -> None:
        sounds = block.sounds[rows]
        is_odd = bool(sounds.any())
        is_believed = self._believed[leg].hear(
            _pair(source),
            now,
            proves=bool(block.is_audible[rows][sounds == _RIGHT].any()),
            disproves=is_odd and bool(((sounds == _WRONG) | (sounds == _SILENT)).any()),
        )
        if not is_believed:
            self._believed[leg].meet(_pair(source), int(block.ssrc[rows[0]]), len(rows), now)
            return
        wrong = rows[sounds == _WRONG] if is_odd else rows[:0]
        if len(wrong):
            self._explain(block, leg, int(wrong[0]), now)
        self._verdicts[leg].hear(block.heard(rows), now)
        self._note_begun(block, leg, rows)

    def _note_begun(self, block: Block, leg: int, rows: NDArray[np.intp]) -> None:
        """Remember when the first right packet of a warning came: its fade over the programme."""
        claim, begun = block.on_air(leg), self._begun[leg]
        if claim is None or claim.kind not in _ANNOUNCED or claim.start is None:
            return
        if begun is not None and begun.claim == claim.id:
            return
        right = (block.sounds[rows] == _RIGHT) & block.is_audible[rows]
        of_claim = rows[right & (block.samples[rows] >= claim.start)]
        if len(of_claim):
            first = int(of_claim[0])
            at, arrived = int(block.samples[first]), int(block.arrived[first])
            self._begun[leg] = Begun(claim.id, at, arrived)

    def _meet(self, block: Block, rows: NDArray[np.intp], now: Sample) -> None:
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

    def _explain(self, block: Block, leg: int, row: int, now: Sample) -> None:
        """Say what a wrong packet is; for that the plan is searched, so not too often."""
        verdict = self._verdicts[leg]
        if block.oddity[row]:
            verdict.reason = ODDITIES[block.oddity[row]]
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
        if own.format not in STATELESS:
            source = int(block.source[row])
            verdict.reason = self._coded.whereabouts(
                leg, source, own.coding, own.mix, others, self._pcm
            )
            return
        at, payload = int(block.samples[row]), block.payload(row)
        verdict.reason = whereabouts(payload, at, own.mix, others, own.format, self._pcm)

    def _layout(self, played: PlayedPlan) -> Layout:
        for layout in self._layouts:
            if layout.mixes is played.mixes:
                return layout
        self._layouts = [*self._layouts[-3:], Layout(played, self._legs)]
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
        verdict, believed, begun = self._verdicts[place], self._believed[place], self._begun[place]
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
            "warned": None if begun is None else asdict(begun),
        }


def _pair(source: int) -> Source:
    """The address and port packed into one number."""
    return source >> 16, source & 0xFFFF


def _address(source: Source) -> str:
    return f"{IPv4Address(source[0])}:{source[1]}"
