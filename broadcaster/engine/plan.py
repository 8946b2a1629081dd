"""The plan: everything the engine needs to know, as a value.

A plan is validated and self-contained: streams to send, sources worth staging, claims on each
zone's bus, level steps, announcements to repeat. `plan_lines` writes it down and reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from broadcaster.engine.codec import packet_times
from broadcaster.engine.report import CNAME_BYTES
from zones.bus import Claim, ZoneId
from zones.media_time import RATE, Sample, WallAnchor
from zones.sound import Source
from zones.stream_format import StreamFormat, StreamId

LAYOUT = 2
"""Version of the plan's form; a reader refuses any other."""

MAX_CLAIMS = 20_000
MAX_STREAMS = 8_192
MAX_DATAGRAMS = 8_192
MAX_DATAGRAM_BYTES = 1_400


class PlanError(ValueError):
    """A plan that must not be adopted; the text says what is wrong with it."""


class Part(Enum):
    """Who writes: the plan in force is the union of both parts."""

    CONTROL = "control"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Leg:
    """One destination of a stream: through the socket called `socket`, to address and port."""

    socket: str
    address: str
    port: int


def socket_name(interface: str, ttl: int, dscp: int) -> str:
    """The name under which supervisor and plan speak of one sending socket.

    Interface is an IPv4 address of this host; TTL and DSCP belong to the socket, so every packet
    of a stream carries the same ones (SAFETY G2).
    """
    return f"{interface}/ttl{ttl}/dscp{dscp}"


@dataclass(frozen=True, slots=True)
class Stream:
    """The unit of sending: what one zone gets in one format, on one or more legs.

    `packet_time`, `delay` and `pre_roll` are samples of media time. `min_priority` hides claims
    below it (a receiver-side priority group takes warnings only). With `keep_alive` intended
    silence is sent as dither of one step, so that an amplifier that mutes on digital silence stays
    awake. A message that breaks a silence is sent after `pre_roll` of such dither, in which an
    amplifier wakes (SAFETY F6).

    Raises:
        PlanError: a field out of range.
    """

    id: StreamId
    zone: ZoneId
    format: StreamFormat
    packet_time: Sample
    payload_type: int
    ssrc: int
    legs: tuple[Leg, ...]
    delay: Sample = 0
    keep_alive: bool = False
    min_priority: int = 0
    pre_roll: Sample = 0

    def __post_init__(self) -> None:
        """Refuse streams no receiver could follow."""
        if self.packet_time not in packet_times(self.format):
            usual = ", ".join(f"{time * 1000 // RATE}" for time in packet_times(self.format))
            raise PlanError(
                f"stream {self.id}: packet time of {self.packet_time} samples; "
                f"use {usual} ms for {self.format.name}"
            )
        if not 0 <= self.payload_type <= 127:
            raise PlanError(f"stream {self.id}: payload type {self.payload_type} is not 0 .. 127")
        if not 0 <= self.ssrc < 1 << 32:
            raise PlanError(f"stream {self.id}: SSRC {self.ssrc} is not a 32-bit number")
        if not self.legs:
            raise PlanError(f"stream {self.id}: it has no leg, so nobody could receive it")
        if not 0 <= self.delay <= 10 * RATE:
            raise PlanError(f"stream {self.id}: a delay of {self.delay} samples is not 0 .. 10 s")
        if not 0 <= self.pre_roll <= 3 * RATE:
            raise PlanError(
                f"stream {self.id}: a pre-roll of {self.pre_roll} samples is not 0 .. 3 s"
            )


@dataclass(frozen=True, slots=True)
class Datagram:
    """Ready-made bytes that the engine repeats: an announcement that outlives its author.

    Sent every `interval` samples through the socket called `socket`; `at_stop`, unless empty, once
    when the station stops for good, or when the stream with SSRC `about` does.

    Raises:
        PlanError: an interval or a length out of range.
    """

    socket: str
    address: str
    port: int
    interval: Sample
    payload: bytes
    at_stop: bytes = b""
    about: int = 0

    def __post_init__(self) -> None:
        """Refuse what would flood a network or break into fragments."""
        if not RATE <= self.interval <= 3600 * RATE:
            raise PlanError(f"a datagram every {self.interval} samples; use 1 s .. 1 h")
        if not 0 < len(self.payload) <= MAX_DATAGRAM_BYTES >= len(self.at_stop):
            raise PlanError(f"a datagram may have 1 .. {MAX_DATAGRAM_BYTES} bytes")


@dataclass(frozen=True, slots=True)
class GainStep:
    """From `at` on, the zone plays claims of priority below `below_priority` at `gain_db`."""

    zone: ZoneId
    at: Sample
    gain_db: float
    below_priority: int = 224


@dataclass(frozen=True, slots=True)
class Plan:
    """One part of what the engine is to do, at one revision.

    `sources` are kept staged under their names whether or not a claim uses them; every claim's
    source is among them. Revisions of a part only rise (SAFETY I2). With a `cname` every stream
    sends RTCP reports under that name.

    Raises:
        PlanError: duplicate ids, or claims and steps for zones in numbers no site has.
    """

    part: Part
    revision: int
    anchor: WallAnchor
    streams: tuple[Stream, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    gain_steps: tuple[GainStep, ...] = ()
    datagrams: tuple[Datagram, ...] = ()
    cname: str = ""

    def __post_init__(self) -> None:
        """Refuse plans that contradict themselves."""
        if len(self.streams) > MAX_STREAMS or len(self.claims) > MAX_CLAIMS:
            raise PlanError(
                f"{len(self.streams)} streams and {len(self.claims)} claims; the most a plan may "
                f"hold is {MAX_STREAMS} and {MAX_CLAIMS}"
            )
        if len(self.datagrams) > MAX_DATAGRAMS:
            raise PlanError(f"{len(self.datagrams)} datagrams; a plan may hold {MAX_DATAGRAMS}")
        if len(self.cname.encode()) > CNAME_BYTES:
            raise PlanError(f"the CNAME is longer than {CNAME_BYTES} bytes")
        _refuse_twice("stream", [stream.id for stream in self.streams])
        _refuse_twice("claim", [(claim.zone, claim.id) for claim in self.claims])


def _refuse_twice(what: str, keys: Sequence[object]) -> None:
    if len(set(keys)) == len(keys):
        return
    seen: set[object] = set()
    for key in keys:
        if key in seen:
            raise PlanError(f"{what} {key} stands twice in the plan")
        seen.add(key)
