"""What engine tests share: PCM in memory, plans, an engine process and receivers on real groups."""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, monotonic_ns

import numpy as np

from broadcaster.engine.codec import L16
from broadcaster.engine.packet import Packet, parse_packet, sample_near
from broadcaster.engine.plan import Leg, Part, Plan, Stream, socket_name
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.engine.shared_block import SharedBlock
from zones.bus import Claim, ClaimId, Kind, ZoneId
from zones.media_time import RATE, BootId, MediaClock, WallAnchor
from zones.site import StreamId
from zones.sound import PcmId, Segment, Sequence

LOOPBACK = "127.0.0.1"
SOCKET = socket_name(LOOPBACK, 8, 46)
ANCHOR = WallAnchor(0, datetime(2026, 11, 22, tzinfo=UTC))
PATIENCE = 20.0
"""Seconds a test waits for something that should come at once."""


def noise(seed: int, length: int) -> np.ndarray:
    """Audio no two stretches of which are alike, so that a shift of one sample is found."""
    return np.random.default_rng(seed).integers(-9000, 9000, length).astype(np.int16)


class MemoryPcm:
    """PCM held in memory, for rendering without an engine."""

    def __init__(self, **recordings: np.ndarray) -> None:
        self.of = {name: pcm_id(samples) for name, samples in recordings.items()}
        self._samples = {pcm_id(samples): samples for samples in recordings.values()}
        self.rings: dict[str, np.ndarray] = {}
        self.ring_ends: dict[str, int] = {}

    def samples(self, pcm, begin, end):
        stored = self._samples.get(pcm)
        return None if stored is None or end > len(stored) else stored[begin:end]

    def ring(self, name, begin, end):
        live = self.rings.get(name)
        return None if live is None else live[np.arange(begin, end) % len(live)]

    def written_to(self, name):
        return self.ring_ends.get(name)

    def forget(self, pcm) -> None:
        del self._samples[pcm]


def pcm_id(samples: np.ndarray) -> PcmId:
    return PcmId(hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest())


def store(state: Path, samples: np.ndarray) -> PcmId:
    """Put canonical PCM where an engine looks for it."""
    name = pcm_id(samples)
    folder = state / "pcm" / name[:2]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.pcm").write_bytes(samples.astype("<i2").tobytes())
    return name


def whole(pcm: PcmId, length: int, **fields) -> Segment:
    return Segment(pcm, 0, length, **fields)


def claim(name: str, source, *, zone="z0", priority=20, **fields) -> Claim:
    kind = fields.pop("kind", Kind.PROGRAMME)
    return Claim(ClaimId(name), ZoneId(zone), kind, priority, source, **fields)


def make_stream(index: int, group: str, port: int, **fields) -> Stream:
    values = {
        "id": StreamId(f"s{index}"),
        "zone": ZoneId(f"z{index}"),
        "format": L16,
        "packet_time": 240,
        "payload_type": 96,
        "ssrc": 1000 + index,
        "legs": (Leg(SOCKET, group, port),),
    }
    return Stream(**{**values, **fields})


def sending_socket() -> socket.socket:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(LOOPBACK))
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 8)
    s.bind((LOOPBACK, 0))
    return s


@contextlib.contextmanager
def receiver(group: str, port: int) -> Iterator[socket.socket]:
    """A socket that has joined `group` on the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        s.bind((group, port))
        membership = socket.inet_aton(group) + socket.inet_aton(LOOPBACK)
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        s.settimeout(PATIENCE)
        yield s


def drain(s: socket.socket) -> list[Packet]:
    """Every packet that has arrived so far."""
    found = []
    while select.select([s], [], [], 0)[0]:
        packet = parse_packet(s.recv(4096))
        assert packet is not None
        found.append(packet)
    return found


def receive(s: socket.socket, count: int) -> list[Packet]:
    """The next `count` packets."""
    found = [parse_packet(s.recv(4096)) for _ in range(count)]
    assert all(found)
    return found  # type: ignore[return-value]


def sound(packets: list[Packet]) -> np.ndarray:
    return np.concatenate([np.frombuffer(p.payload, ">i2") for p in packets])


def until(condition, what: str):
    """Look again and again until `condition()` is true; its value."""
    deadline = monotonic() + PATIENCE
    while not (value := condition()):
        assert monotonic() < deadline, f"gave up waiting until {what}"
    return value


@dataclass
class Studio:
    """A run directory with a clock, an engine process when asked for, and a plan writer."""

    run: Path
    state: Path
    sockets: dict[str, socket.socket] = field(default_factory=dict)
    process: subprocess.Popen | None = None

    def __post_init__(self) -> None:
        self.block = SharedBlock(self.run / "engine")
        self.clock = self.block.begin_boot(MediaClock(BootId("boot-1"), -(10**12)))
        self.plans = PlanFile(plan_path(self.run, Part.CONTROL))
        self.revision = 0
        self.sockets.setdefault(SOCKET, sending_socket())

    def now(self) -> int:
        return self.clock.sample_at(monotonic_ns())

    def put(self, samples: np.ndarray) -> PcmId:
        return store(self.state, samples)

    def plan(self, streams, sources, claims, *, part=Part.CONTROL, **fields) -> int:
        """Write the next revision of a part and give its number."""
        self.revision += 1
        plan = Plan(part, self.revision, ANCHOR, tuple(streams), sources, tuple(claims), **fields)
        if part is Part.CONTROL:
            self.plans.write(plan)
        else:
            with PlanFile(plan_path(self.run, part)) as file:
                file.write(plan)
        return self.revision

    def start(self) -> subprocess.Popen:
        arguments = [sys.executable, "-m", "broadcaster.engine.main"]
        arguments += ["--run", str(self.run), "--state", str(self.state)]
        arguments += ["--parent", str(os.getpid())]
        for name, s in self.sockets.items():
            arguments += ["--socket", name, str(s.fileno())]
        descriptors = [s.fileno() for s in self.sockets.values()]
        self.process = subprocess.Popen(arguments, pass_fds=descriptors)
        return self.process

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE)

    def wait_adopted(self, revision: int) -> int:
        """The sample from which on `revision` applied."""

        def look():
            return [a.at for a in self.block.adoptions() if a.revision == revision]

        return until(look, f"revision {revision} is adopted")[0]

    def wait_stamp(self, name: str) -> int:
        """The sample the engine gave to a claim."""
        wanted = ClaimId(name)
        return until(lambda: self.block.stamps([wanted]), f"{name} is stamped")[wanted]

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)
        for s in self.sockets.values():
            s.close()
        self.plans.close()
        self.block.close()


def music(studio: Studio, seconds: int = 4) -> tuple[np.ndarray, Sequence]:
    """A programme of noise that repeats, and its samples."""
    samples = noise(1, seconds * RATE)
    return samples, Sequence(loop=(whole(studio.put(samples), len(samples)),))


def samples_at(packet: Packet, near: int) -> int:
    return sample_near(packet.timestamp, RATE, near)
