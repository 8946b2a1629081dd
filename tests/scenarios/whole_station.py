"""A whole station for tests: real processes, real packets, fourteen virtual amplifiers.

Run as a module it is the station's supervisor: site file, run, state and music directory, and
`open` for one with a console and doors.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, monotonic_ns, sleep
from typing import Any

import numpy as np

from broadcaster.engine.local_part import read_local
from broadcaster.engine.packet import Packet, parse_packet, sample_near
from broadcaster.engine.plan import Part
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.engine.render import mixes
from broadcaster.engine.shared_block import SharedBlock
from broadcaster.link import LinkError, Message, connect
from broadcaster.run_directory import ProcessTable, RunDirectory, StateDirectory
from broadcaster.supervisor.ground import Options
from broadcaster.supervisor.supervisor import Supervisor
from zones.media_time import RATE

PATIENCE = 60.0
"""Seconds a test waits for something that should come at once."""
PORT = 5004


def write_sound(path: Path, seconds: float, seed: int, level: int = 6000) -> Path:
    """A WAV file of noise that is like no other."""
    noise = np.random.default_rng(seed).integers(-level, level, round(seconds * RATE))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(noise.astype("<i2").tobytes())
    return path


def write_music(folder: Path) -> Path:
    """Three short pieces."""
    folder.mkdir()
    for number in range(3):
        write_sound(folder / f"piece-{number}.wav", 20 + number, number, level=3000)
    return folder


@dataclass
class Ear:
    """A socket that has joined one group."""

    group: str
    socket: socket.socket
    sources: set[tuple[str, int]] = field(default_factory=set)

    def packets(self, count: int) -> list[Packet]:
        """The next `count` packets."""
        found = []
        for _ in range(count):
            octets, source = self.socket.recvfrom(4096)
            packet = parse_packet(octets)
            assert packet is not None
            self.sources.add(source)
            found.append(packet)
        return found

    def unread(self) -> list[Packet]:
        """The packets that have arrived so far."""
        found = []
        while select.select([self.socket], [], [], 0)[0]:
            found += self.packets(1)
        return found


@dataclass
class WholeStation:
    """The station's processes, and short ways to ask and disturb them."""

    process: subprocess.Popen[bytes]
    run: RunDirectory
    state: StateDirectory

    def ask(self, name: str, **fields: Any) -> Message:
        """Control's answer."""
        return self._ask(self.run.control_socket, name, fields)

    def ask_amplifiers(self, name: str, **fields: Any) -> Message:
        """The virtual amplifiers' answer."""
        return self._ask(self.run.amplifiers_socket, name, fields)

    def _ask(self, path: Path, name: str, fields: dict[str, Any]) -> Message:
        async def ask() -> Message:
            async with connect(path, "test") as link:
                return await link.command(name, who="test", **fields)

        return asyncio.run(ask())

    def stream(self, name: str) -> Message:
        """How control sees a stream."""
        return next(one for one in self.ask("status")["streams"] if one["id"] == name)

    def amplifiers(self) -> list[Message]:
        """What every amplifier reports."""
        return list(self.ask_amplifiers("report")["amplifiers"])

    def pid(self, role: str) -> int:
        """The process that has a role; 0 while it is down."""
        table = ProcessTable.read(self.run.processes)
        assert table is not None
        return next(entry.pid for entry in table.processes if entry.role == role)

    def until(self, is_true: Any, what: str, patience: float = PATIENCE) -> Any:
        """Look again and again until it is true; a process that is down is no reason to stop."""
        limit = monotonic() + patience
        while True:
            try:
                if value := is_true():
                    return value
            except LinkError:
                pass
            assert monotonic() < limit, f"gave up waiting until {what}"
            assert self.process.poll() is None, "the station ended"
            sleep(0.02)

    def is_music_everywhere(self) -> bool:
        """Whether every zone has music, sent and arrived by their witnesses."""
        streams = self.ask("status")["streams"]
        return len(streams) == 14 and all(
            one["commanded"]
            and one["commanded"]["claim"] == "schedule"
            and one["sent"]
            and one["arrived"]
            for one in streams
        )

    def local_claims(self) -> list[str]:
        """The claims put on air by hand that control has not made its own."""
        plan = read_local(self.run.path)
        return [] if plan is None else [claim.id for claim in plan.claims]

    def kill(self, role: str) -> None:
        """Kill -9, and wait until another process has the role."""
        before = self.pid(role)
        os.kill(before, signal.SIGKILL)
        self.until(lambda: self.pid(role) not in (0, before), f"there is a new {role}")

    def expected(self, stream: str, packets: list[Packet]) -> list[bytes]:
        """What the plan as it is now says these packets must hold."""
        block = SharedBlock(self.run.engine)
        with PlanFile(plan_path(self.run.path, Part.CONTROL)) as file:
            plan = file.read()
        assert plan is not None
        assert block.clock is not None
        mix = next(m for name, m in mixes([plan], plan.streams).items() if name == stream)
        mix = mix.with_stamps(block.stamps({claim.id for claim in mix.claims}))
        now = block.clock.sample_at(monotonic_ns())
        block.close()
        store = _Store(self.state.pcm)
        return [
            mix.render(store, sample_near(packet.timestamp, RATE, now), 240).astype(">i2").tobytes()
            for packet in packets
        ]


class _Store:
    """PCM read straight from the store, in no hurry."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[str, Any] = {}

    def samples(self, pcm: str, begin: int, end: int) -> Any:
        if pcm not in self._files:
            path = self._directory / pcm[:2] / f"{pcm}.pcm"
            self._files[pcm] = np.fromfile(path, "<i2")
        return self._files[pcm][begin:end]

    def ring(self, name: str, begin: int, end: int) -> None:
        return None

    def written_to(self, name: str) -> None:
        return None


@contextmanager
def listening(group: str) -> Iterator[Ear]:
    """An ear on one group."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        receiver.bind((group, PORT))
        membership = socket.inet_aton(group) + socket.inet_aton("127.0.0.1")
        receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        receiver.settimeout(PATIENCE)
        yield Ear(group, receiver)


@contextmanager
def whole_station(
    config: Path, run: Path, state: Path, music: Path, *, is_open: bool = False
) -> Iterator[WholeStation]:
    """The station, ended with the context; one that is open has a console and doors."""
    places = [*map(str, (config, run, state, music)), *(["open"] if is_open else [])]
    # Ended while it imports or speaks, control may leave a draft behind.
    environment = {**os.environ, "TMPDIR": str(state.parent)}
    command = [sys.executable, "-m", "tests.scenarios.whole_station", *places]
    process = subprocess.Popen(command, env=environment)
    try:
        station = WholeStation(process, RunDirectory(run), StateDirectory(state))
        station.until(station.run.processes.exists, "the processes are started")
        yield station
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait()


def main() -> None:
    config, run, state, music = (Path(argument) for argument in sys.argv[1:5])
    options = Options(
        config,
        RunDirectory(run),
        StateDirectory(state),
        interface="127.0.0.1",
        with_amplifiers=True,
        music=music,
        is_open="open" in sys.argv[5:],
    )
    asyncio.run(_supervised(options))


async def _supervised(options: Options) -> None:
    await Supervisor(options).run()


if __name__ == "__main__":
    main()
