"""What is sent now and then beside the sound: RTCP reports and ready-made datagrams.

Due times are a function of media time and of a bulletin's place among the others, so they are
spread evenly, and a successor goes on where its predecessor stopped.
"""

from __future__ import annotations

import heapq
import socket
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from broadcaster.engine.packet import timestamp
from broadcaster.engine.plan import Datagram, Leg, Part, Plan, Stream
from broadcaster.engine.report import (
    INTERVAL,
    NtpMapping,
    goodbye,
    sender_report,
    source_description,
)
from broadcaster.engine.shared_block import SharedBlock, leg_key
from zones.media_time import Sample

_NEVER: Sample = 1 << 62


class _Bulletin(Protocol):
    """Something to be sent again and again."""

    @property
    def interval(self) -> Sample:
        """How often."""

    @property
    def about(self) -> int:
        """The SSRC of the stream it belongs to; 0 when it is no stream's."""

    def datagrams(self, sample: Sample) -> Iterator[tuple[Leg, bytes]]:
        """What to send at `sample`, and where."""

    def farewells(self, sample: Sample) -> Iterator[tuple[Leg, bytes]]:
        """What to send when the station stops for good."""


@dataclass(frozen=True, slots=True)
class _Reports:
    """The sender reports of one stream, to the port above each leg's (RFC 3550 section 11)."""

    stream: Stream
    mapping: NtpMapping
    description: bytes
    block: SharedBlock
    row: int
    interval: Sample = INTERVAL

    @property
    def about(self) -> int:
        return self.stream.ssrc

    def datagrams(self, sample: Sample) -> Iterator[tuple[Leg, bytes]]:
        text = self._report(sample) + self.description
        for leg in self.stream.legs:
            if leg.port < 65_535:
                yield Leg(leg.socket, leg.address, leg.port + 1), text

    def farewells(self, sample: Sample) -> Iterator[tuple[Leg, bytes]]:
        for leg, text in self.datagrams(sample):
            yield leg, text + goodbye(self.stream.ssrc)

    def _report(self, sample: Sample) -> bytes:
        stream = self.stream
        packets = int(self.block.fields["legs"]["packets"][self.row])
        return sender_report(
            *(stream.ssrc, self.mapping.ntp_at(sample)),
            timestamp(sample, stream.format.clock_hz),
            *(packets, packets * stream.format.payload_bytes(stream.packet_time)),
        )


@dataclass(frozen=True, slots=True)
class _ReadyMade:
    """A datagram of the plan."""

    datagram: Datagram

    @property
    def interval(self) -> Sample:
        return self.datagram.interval

    @property
    def about(self) -> int:
        return self.datagram.about

    def datagrams(self, sample: Sample) -> Iterator[tuple[Leg, bytes]]:
        yield self._leg(), self.datagram.payload

    def farewells(self, sample: Sample) -> Iterator[tuple[Leg, bytes]]:
        if self.datagram.at_stop:
            yield self._leg(), self.datagram.at_stop

    def _leg(self) -> Leg:
        return Leg(self.datagram.socket, self.datagram.address, self.datagram.port)


@dataclass(frozen=True, slots=True)
class _Farewell:
    """The last word of a stream that is no longer sent, said once."""

    bulletin: _Bulletin
    about: int = 0
    interval: Sample = _NEVER

    def datagrams(self, sample: Sample) -> Iterator[tuple[Leg, bytes]]:
        return self.bulletin.farewells(sample)

    def farewells(self, sample: Sample) -> Iterator[tuple[Leg, bytes]]:
        return iter(())


class Bulletins:
    """All bulletins of the plan parts in force."""

    def __init__(
        self,
        parts: Mapping[Part, Plan],
        streams: Collection[Stream],
        sockets: Mapping[str, socket.socket],
        rows: Mapping[int, int],
        block: SharedBlock,
        now: Sample,
    ) -> None:
        """`streams` are those that are sent; `rows` are those of their legs, by `leg_key`."""
        self._sockets = sockets
        self._streams = frozenset(stream.ssrc for stream in streams)
        self._bulletins: list[_Bulletin] = [
            *_reports(parts, streams, rows, block),
            *(_ReadyMade(datagram) for plan in parts.values() for datagram in plan.datagrams),
        ]
        count = len(self._bulletins)
        self._queue = [
            (now + (place * each.interval // count - now) % each.interval, place)
            for place, each in enumerate(self._bulletins)
        ]
        heapq.heapify(self._queue)
        self.due = self._queue[0][0] if self._queue else _NEVER
        """When the next one is to be sent."""

    def send_next(self, sample: Sample) -> None:
        """Send the bulletin that is due at `sample` and put it back into the queue."""
        due, place = self._queue[0]
        bulletin = self._bulletins[place]
        # What was missed is not made up for.
        following = due + ((sample - due) // bulletin.interval + 1) * bulletin.interval
        heapq.heapreplace(self._queue, (following, place))
        self.due = self._queue[0][0]
        self._send(bulletin.datagrams(sample))

    def take_leave(self, before: Bulletins, sample: Sample) -> None:
        """Say goodbye from `sample` on for the streams that were sent before and are not now.

        Their receivers would wait for ever for a stream that a plan has dropped.
        """
        ended = before._streams - self._streams
        for bulletin in before._bulletins:
            if bulletin.about in ended:
                heapq.heappush(self._queue, (sample, len(self._bulletins)))
                self._bulletins.append(_Farewell(bulletin))
        if self._queue:
            self.due = self._queue[0][0]

    def say_goodbye(self, sample: Sample) -> None:
        """Tell receivers that all streams end: for the final stop only (SAFETY G1)."""
        for bulletin in self._bulletins:
            self._send(bulletin.farewells(sample))

    def _send(self, datagrams: Iterable[tuple[Leg, bytes]]) -> None:
        for leg, text in datagrams:
            # A destination that refuses these refuses the sound too, and there it is counted. (The
            # socket of a dropped stream is there as well: engines keep what they inherited.)
            with suppress(OSError):
                self._sockets[leg.socket].sendto(text, socket.MSG_DONTWAIT, (leg.address, leg.port))


def _reports(
    parts: Mapping[Part, Plan],
    streams: Iterable[Stream],
    rows: Mapping[int, int],
    block: SharedBlock,
) -> Iterator[_Reports]:
    """One mapping and one name for all streams, whoever planned them: control's if it has any."""
    named = sorted(
        (plan for plan in parts.values() if plan.cname),
        key=lambda plan: plan.part is not Part.CONTROL,
    )
    if not named:
        return
    mapping = NtpMapping.by(named[0].anchor)
    for stream in streams:
        description = source_description(stream.ssrc, named[0].cname)
        yield _Reports(stream, mapping, description, block, rows[leg_key(stream.id, 0)])
