"""The score: plan parts united and laid out for sending, made beside the sender.

Everything that takes time (mixes, headers, encoders) is made here, on the staging thread; the
sender adopts the result between two packets.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from broadcaster.engine.bulletins import Bulletins
from broadcaster.engine.cadence import Cadence, Casting, Payloads
from broadcaster.engine.codec import SPOKEN, STATELESS
from broadcaster.engine.codec.stateful import CodecError
from broadcaster.engine.line import Chorus, Encoding, Line, Voice
from broadcaster.engine.plan import Part, Plan, PlanError, Stream
from broadcaster.engine.render import Mix, mixes
from broadcaster.engine.shared_block import SharedBlock, leg_key
from zones.bus import ClaimId
from zones.media_time import Sample
from zones.stream_format import StreamId

EncodingKey = tuple[StreamId, str, Sample]
"""Stream, format name, packet time: what an encoder is kept for from plan to plan."""


@dataclass(frozen=True, slots=True)
class Score:
    """The plan parts in force, laid out for sending."""

    parts: Mapping[Part, Plan]
    streams: tuple[Stream, ...]
    rows: Mapping[int, int]
    """Of the legs' counts in the shared block, by `leg_key`."""
    cadences: tuple[Cadence, ...]
    castings: tuple[Casting, ...]
    """Who plays on each cadence; it is told when the score is adopted."""
    lines: tuple[Line | Chorus, ...]
    voices: tuple[Voice, ...]
    encodings: Mapping[EncodingKey, Encoding]
    bulletins: Bulletins
    waiting: frozenset[ClaimId]
    """The names of stamps that these parts wait for."""

    def begin(self) -> None:
        """Let the cadences play this score."""
        for cadence, casting in zip(self.cadences, self.castings, strict=True):
            cadence.play(casting)


def score(
    parts: Mapping[Part, Plan],
    sockets: Mapping[str, socket.socket],
    block: SharedBlock,
    before: Score | None,
    now: Sample,
) -> Score:
    """Unite the parts and lay their streams out.

    What the score `before` had in common is taken from it: encoders always, all that depends on the
    streams alone while they stay the same, so that a new claim is soon on air.

    Raises:
        PlanError: a stream is in a format this engine does not encode, or something needs a socket
            it was not given.
    """
    united = {s.id: s for plan in reversed([*parts.values()]) for s in plan.streams}
    streams = tuple(united.values())
    _check(parts, streams, sockets)
    choir = _Choir(mixes(parts.values(), streams), {} if before is None else before.encodings)
    payloads = {stream.id: choir.payloads(stream) for stream in streams}
    if before is not None and before.streams == streams:
        rows, cadences = before.rows, before.cadences
    else:
        rows = _rows(streams, block)
        cadences = _cadences(streams, sockets, rows, block)
    lines: tuple[Line | Chorus, ...] = (*choir.lines.values(), *choir.choruses.values())
    return Score(
        dict(parts),
        streams,
        rows,
        cadences,
        tuple(cadence.casting(payloads) for cadence in cadences),
        lines,
        tuple(choir.voices),
        choir.encodings,
        Bulletins(parts, streams, sockets, rows, block, now),
        frozenset[ClaimId]().union(*(line.mix.waiting for line in lines)),
    )


def _rows(streams: Iterable[Stream], block: SharedBlock) -> Mapping[int, int]:
    keys = [leg_key(s.id, number) for s in streams for number in range(len(s.legs))]
    return dict(zip(keys, block.leg_rows(keys), strict=True))


def _cadences(
    streams: Iterable[Stream],
    sockets: Mapping[str, socket.socket],
    rows: Mapping[int, int],
    block: SharedBlock,
) -> tuple[Cadence, ...]:
    # Formats with memory are laid out one packet ahead, the others many: kept apart.
    groups: dict[tuple[Sample, bool], list[Stream]] = {}
    for stream in streams:
        groups.setdefault((stream.packet_time, stream.format in STATELESS), []).append(stream)
    return tuple(Cadence(group, sockets, rows, block) for group in groups.values())


class _Choir:
    """Lines, choruses and voices in the making."""

    def __init__(
        self, mix_of: Mapping[StreamId, Mix], kept: Mapping[EncodingKey, Encoding]
    ) -> None:
        self._mix_of = mix_of
        self._kept = kept
        self.lines: dict[object, Line] = {}
        self.choruses: dict[object, Chorus] = {}
        self.voices: list[Voice] = []
        self.encodings: dict[EncodingKey, Encoding] = {}

    def payloads(self, stream: Stream) -> Payloads:
        """The line of a stream, or its voice if its format has memory."""
        mix = self._mix_of[stream.id]
        key = (id(mix), stream.format.name, stream.packet_time)
        if stream.format in STATELESS:
            if key not in self.lines:
                self.lines[key] = Line(mix, stream.format, stream.packet_time)
            return self.lines[key]
        if key not in self.choruses:
            self.choruses[key] = Chorus(mix, stream.format, stream.packet_time)
        self.voices.append(Voice(self.choruses[key], self._encoding(stream)))
        return self.voices[-1]

    def _encoding(self, stream: Stream) -> Encoding:
        key = (stream.id, stream.format.name, stream.packet_time)
        found = self._kept.get(key)
        try:
            found = found or Encoding(stream.format, stream.packet_time)
        except (CodecError, ImportError) as error:
            raise PlanError(f"stream {stream.id}: {error}") from error
        self.encodings[key] = found
        return found


def _check(
    parts: Mapping[Part, Plan],
    streams: Iterable[Stream],
    sockets: Mapping[str, socket.socket],
) -> None:
    for stream in streams:
        if stream.format not in SPOKEN:
            raise PlanError(f"stream {stream.id}: this engine does not encode {stream.format.name}")
        for leg in stream.legs:
            if leg.socket not in sockets:
                raise PlanError(f"stream {stream.id}: there is no socket {leg.socket!r}")
    for plan in parts.values():
        for datagram in plan.datagrams:
            if datagram.socket not in sockets:
                raise PlanError(
                    f"datagram to {datagram.address}: there is no socket {datagram.socket!r}"
                )
