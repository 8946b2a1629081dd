"""Our engine as a process of its own, with what a station gives it: sockets, PCM and a plan."""

import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic_ns
from typing import Final

import numpy as np

from benchmarks.child import Child, started
from benchmarks.compare import Sender
from benchmarks.context import Context
from benchmarks.flow import Flow
from benchmarks.tones import AMPLITUDE, RATE, TONES, Tones, tone
from broadcaster.engine.pace import END_LEAD
from broadcaster.engine.plan import Leg, Part, Plan, Stream, socket_name
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.engine.shared_block import SharedBlock
from broadcaster.ingest.pcm_store import PcmStore
from zones.bus import Claim, ClaimId, Kind, ZoneId
from zones.media_time import BootId, MediaClock, Sample, WallAnchor
from zones.site import StreamId
from zones.sound import PcmId, Segment, Timeline
from zones.sound import Sequence as Message
from zones.stream_format import FORMATS, StreamFormat

_PROGRAMME_PRIORITY: Final = 20
_WARNING_PRIORITY: Final = 240
_MESSAGE_S: Final = 30
_TRACK_S: Final = 180
_NOISE_S: Final = 60
_SPARE_S: Final = 300
_AHEAD_S: Final = 3600
"""Timelines reach an hour ahead, as control keeps them: some twenty recordings."""

_TTL: Final = 8
_DSCP_EF: Final = 46


@dataclass(frozen=True, slots=True)
class Wire:
    """How a stream is sent; its packet time in milliseconds."""

    format: StreamFormat
    packet_ms: int
    payload_type: int


@dataclass(frozen=True, slots=True)
class Playing:
    """What a station has to play.

    Attributes:
        programmes: zone k plays programme k modulo this; a tone if there is one, else noise.
        spare_bytes: at least so much in messages that nobody claims, staged all the same.
        tones: those of the programme and of the warning.
        wires: one a stream, where not all are the flow's L16.
    """

    programmes: int = 1
    spare_bytes: int = 0
    tones: Tones = TONES
    wires: tuple[Wire, ...] = ()


@dataclass(slots=True)
class Station:
    """What lies ready for an engine; `publish(next_plan())` puts the next plan in force."""

    run: Path
    state: Path
    flow: Flow
    interface_address: str
    sending: socket.socket
    clock: MediaClock
    programmes: tuple[Timeline, ...]
    warning: Message
    spare: tuple[Message, ...]
    wires: tuple[Wire, ...]
    _plan_file: PlanFile
    _revision: int = 0
    _streams: tuple[Stream, ...] = ()

    def __post_init__(self) -> None:
        """Make the streams, which stay the same from plan to plan as control's do."""
        self._streams = tuple(self._stream(number) for number in range(self.flow.streams))

    def next_plan(self, warning: str | None = None, until: Sample | None = None) -> Plan:
        """The programme in every zone, and over it the warning of this name, if any.

        With `until` it ends there. The warning's audio is among the sources from the first plan
        on, as every message is.
        """
        self._revision += 1
        return self._plan(warning, until)

    def ending(self, warning: str) -> Plan:
        """The plan that withdraws a warning, as control writes it: its end lies a little ahead."""
        return self.next_plan(warning, self.clock.sample_at(monotonic_ns()) + END_LEAD)

    @property
    def revision(self) -> int:
        """That of the newest plan."""
        return self._revision

    def publish(self, plan: Plan) -> None:
        """Write the plan, as control does."""
        self._plan_file.write(plan)

    def engine(self) -> list[str]:
        """How a supervisor starts the engine."""
        return [
            sys.executable, "-m", "broadcaster.engine.main",
            "--run", str(self.run), "--state", str(self.state), "--parent", str(os.getpid()),
            "--socket", self._socket_name(), str(self.sending.fileno()),
        ]  # fmt: skip

    def _socket_name(self) -> str:
        return socket_name(self.interface_address, _TTL, _DSCP_EF)

    def _plan(self, warning: str | None, until: Sample | None) -> Plan:
        zones = [_zone(number) for number in range(self.flow.streams)]
        sources = {f"programme-{k}": source for k, source in enumerate(self.programmes)}
        spare = {f"spare-{k}": source for k, source in enumerate(self.spare)}
        claims = [
            Claim(
                ClaimId("programme"), zone, Kind.PROGRAMME, _PROGRAMME_PRIORITY,
                self.programmes[k % len(self.programmes)], start=self.programmes[0].items[0][0],
            )
            for k, zone in enumerate(zones)
        ]  # fmt: skip
        if warning is not None:
            claims += [
                Claim(
                    ClaimId(warning),
                    zone,
                    Kind.WARNING,
                    _WARNING_PRIORITY,
                    self.warning,
                    until=until,
                )
                for zone in zones
            ]
        return Plan(
            Part.CONTROL,
            self._revision,
            WallAnchor(self.clock.sample_at(monotonic_ns()), datetime.now(UTC)),
            self._streams,
            {**sources, **spare, "warning": self.warning},
            tuple(claims),
        )

    def _stream(self, number: int) -> Stream:
        first = int.from_bytes(socket.inet_aton(self.flow.group), "big")
        group = socket.inet_ntoa((first + number).to_bytes(4, "big"))
        wire = self.wires[number]
        return Stream(
            StreamId(f"stream-{number}"), _zone(number), wire.format, wire.packet_ms * RATE // 1000,
            wire.payload_type, 0x50000000 + number,
            (Leg(self._socket_name(), group, self.flow.port),),
        )  # fmt: skip


def _zone(number: int) -> ZoneId:
    return ZoneId(f"zone-{number}")


@contextmanager
def station(context: Context, flow: Flow, playing: Playing = Playing()) -> Iterator[Station]:
    """A station with its plan written."""
    with TemporaryDirectory(dir=context.scratch) as directory, _sending(context) as sending:
        # One state directory for all: its recordings are made once in a run.
        run, state = Path(directory), context.scratch / "state"
        store = PcmStore(state / "pcm")
        block = SharedBlock(run / "engine")
        clock = block.begin_boot(MediaClock(BootId("bench"), monotonic_ns() - 10**12))
        block.close()
        with PlanFile(plan_path(run, Part.CONTROL)) as plan_file:
            made = Station(
                run, state, flow, context.interface[1], sending, clock,
                tuple(
                    _programme(recording, clock.sample_at(monotonic_ns()))
                    for recording in _recordings(store, playing)
                ),
                _message(_tone(store, playing.tones.warning_hz, playing.tones, _MESSAGE_S)),
                tuple(_spare(store, playing.spare_bytes)),
                playing.wires or (_l16(flow),) * flow.streams,
                plan_file,
            )  # fmt: skip
            made.publish(made.next_plan())
            yield made


@contextmanager
def engine_of(ready: Station) -> Iterator[Child]:
    """The engine process of a station."""
    with started(ready.engine(), pass_fds=[ready.sending.fileno()]) as child:
        yield child


def engine(*, programmes: int = 1) -> Sender:
    """Our engine as a sender to compare."""

    @contextmanager
    def sender(context: Context, flow: Flow) -> Iterator[Child]:
        playing = Playing(programmes=programmes)
        with station(context, flow, playing) as ready, engine_of(ready) as child:
            yield child

    return sender


@contextmanager
def _sending(context: Context) -> Iterator[socket.socket]:
    """A sending socket with the options of floor.c."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        via = socket.inet_aton(context.interface[1])
        sending.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, via)
        sending.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _TTL)
        sending.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, _DSCP_EF << 2)
        sending.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
        yield sending


def _programme(recording: Segment, now: Sample) -> Timeline:
    begin = now - now % recording.length - recording.length
    starts: Sequence[Sample] = range(begin, now + _AHEAD_S * RATE, recording.length)
    return Timeline(tuple((start, recording) for start in starts))


def _recordings(store: PcmStore, playing: Playing) -> Iterator[Segment]:
    """A tone as long as a track; several are noise instead, no two alike at any instant."""
    if playing.programmes == 1:
        recording = _tone(store, playing.tones.programme_hz, playing.tones, _TRACK_S)
        yield Segment(recording, 0, _TRACK_S * RATE)
        return
    for number in range(playing.programmes):
        yield Segment(_noise(store, number, _NOISE_S), 0, _NOISE_S * RATE)


def _spare(store: PcmStore, wanted_bytes: int) -> Iterator[Message]:
    """Messages of noise; a sample has two bytes."""
    for number in range(-(-wanted_bytes // (_SPARE_S * RATE * 2))):
        length = _SPARE_S * RATE
        yield Message(once=(Segment(_noise(store, 1000 + number, _SPARE_S), 0, length),))


def _message(recording: PcmId) -> Message:
    return Message(loop=(Segment(recording, 0, _MESSAGE_S * RATE),))


def _tone(store: PcmStore, hz: int, tones: Tones, seconds: int) -> PcmId:
    return store.add(np.tile(tone(hz, tones.amplitude), seconds))


def _noise(store: PcmStore, seed: int, seconds: int) -> PcmId:
    samples = np.random.default_rng(seed).integers(
        -AMPLITUDE, AMPLITUDE, seconds * RATE, dtype=np.int16
    )
    return store.add(samples)


def _l16(flow: Flow) -> Wire:
    """The flow as all that are compared send it."""
    return Wire(FORMATS["L16/48000"], flow.packet_us // 1000, 96)
