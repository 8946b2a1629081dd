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
from benchmarks.tones import AMPLITUDE, PROGRAMME_HZ, RATE, WARNING_HZ, tone
from broadcaster.engine.plan import Leg, Part, Plan, Stream, socket_name
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.engine.shared_block import SharedBlock
from broadcaster.ingest.pcm_store import PcmStore
from zones.bus import Claim, ClaimId, Kind, ZoneId
from zones.media_time import BootId, MediaClock, Sample, WallAnchor
from zones.site import StreamId
from zones.sound import PcmId, Segment, Timeline
from zones.sound import Sequence as Message
from zones.stream_format import FORMATS

_PROGRAMME_PRIORITY: Final = 20
_WARNING_PRIORITY: Final = 240
_MESSAGE_S: Final = 30
_TRACK_S: Final = 180
_NOISE_S: Final = 60
_AHEAD_S: Final = 3600
"""Timelines reach an hour ahead, as control keeps them: some twenty recordings."""

_TTL: Final = 8
_DSCP_EF: Final = 46


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
    _plan_file: PlanFile
    _revision: int = 0

    def next_plan(self, warning: str | None = None) -> Plan:
        """The programme in every zone, and over it the warning of this name, if any.

        The warning's audio is among the sources from the first plan on, as every message is.
        """
        self._revision += 1
        return self._plan(warning)

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

    def _plan(self, warning: str | None) -> Plan:
        zones = [ZoneId(f"zone-{k}") for k in range(self.flow.streams)]
        sources = {f"programme-{k}": source for k, source in enumerate(self.programmes)}
        claims = [
            Claim(
                ClaimId("programme"), zone, Kind.PROGRAMME, _PROGRAMME_PRIORITY,
                self.programmes[k % len(self.programmes)], start=self.programmes[0].items[0][0],
            )
            for k, zone in enumerate(zones)
        ]  # fmt: skip
        if warning is not None:
            claims += [
                Claim(ClaimId(warning), zone, Kind.WARNING, _WARNING_PRIORITY, self.warning)
                for zone in zones
            ]
        return Plan(
            Part.CONTROL,
            self._revision,
            WallAnchor(self.clock.sample_at(monotonic_ns()), datetime.now(UTC)),
            tuple(self._stream(k, zone) for k, zone in enumerate(zones)),
            {**sources, "warning": self.warning},
            tuple(claims),
        )

    def _stream(self, number: int, zone: ZoneId) -> Stream:
        first = int.from_bytes(socket.inet_aton(self.flow.group), "big")
        group = socket.inet_ntoa((first + number).to_bytes(4, "big"))
        return Stream(
            StreamId(f"stream-{number}"), zone, FORMATS["L16/48000"],
            self.flow.packet_us * RATE // 1_000_000, 96, 0x50000000 + number,
            (Leg(self._socket_name(), group, self.flow.port),),
        )  # fmt: skip


@contextmanager
def station(context: Context, flow: Flow, *, programmes: int = 1) -> Iterator[Station]:
    """A station with its plan written; zone k plays programme k modulo `programmes`."""
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
                    for recording in _recordings(store, programmes)
                ),
                Message(
                    loop=(Segment(_tone(store, WARNING_HZ, _MESSAGE_S), 0, _MESSAGE_S * RATE),)
                ),
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
        with station(context, flow, programmes=programmes) as ready, engine_of(ready) as child:
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


def _recordings(store: PcmStore, count: int) -> Iterator[Segment]:
    """A tone as long as a track; several are noise instead, no two alike at any instant."""
    if count == 1:
        yield Segment(_tone(store, PROGRAMME_HZ, _TRACK_S), 0, _TRACK_S * RATE)
        return
    for number in range(count):
        noise = np.random.default_rng(number).integers(-AMPLITUDE, AMPLITUDE, _NOISE_S * RATE)
        yield Segment(store.add(noise.astype(np.int16)), 0, _NOISE_S * RATE)


def _tone(store: PcmStore, hz: int, seconds: int) -> PcmId:
    return store.add(np.tile(tone(hz, AMPLITUDE), seconds))
