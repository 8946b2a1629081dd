"""What tests of whole controllers share: a site of two zones, a controller, its packets."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from broadcaster.commands.status import Facts, look
from broadcaster.engine.packet import Packet, parse_packet
from broadcaster.run_directory import RunDirectory

PATIENCE = 30.0
"""Seconds a test waits for something that should come at once."""

SITE = """\
schema: 1
name: {{ko: 물가, en: Waterside}}
time_zone: Asia/Seoul
networks:
  audio: {{interface: 127.0.0.1}}
dayparts: {{day: 06:00-22:00, night: 22:00-06:00}}
paths:
  stream:
    name: {{ko: 산책로, en: Path}}
    length: 400 m
    line: [[37.58, 126.94], [37.57, 126.93]]
amplifier_defaults: {{profile: virtual-amplifier, network: audio, outputs: 1}}
amplifiers:
  amp-1: {{name: {{ko: 앰프 1, en: One}}, address: 10.0.0.1}}
  amp-2: {{name: {{ko: 앰프 2, en: Two}}, address: 10.0.0.2}}
speakers:
  rock-1: {{output: amp-1/1, distance: 20 m, at: [37.579, 126.939]}}
  rock-2: {{output: amp-2/1, distance: 220 m, at: [37.575, 126.935]}}
exits:
  bridge: {{name: {{ko: 다리, en: Bridge}}, path: stream, distance: 0 m, at: [37.58, 126.94]}}
zone_defaults: {{levels: {{day: -12 dB, night: -30 dB}}, warning_level: 0 dB}}
zones:
  upper:
    name: {{ko: 상류, en: Upper}}
    path: stream
    order: 1
    from: 0 m
    to: 200 m
    neighbours: [lower]
    exits: [bridge]
    outputs: [amp-1/1]
  lower:
    name: {{ko: 하류, en: Lower}}
    path: stream
    order: 2
    from: 200 m
    to: 400 m
    neighbours: [upper]
    exits: [bridge]
    outputs: [amp-2/1]
groups:
  all: {{name: {{ko: 전체, en: All}}, zones: [upper, lower]}}
stream_defaults:
  network: audio
  format: L16/48000
  packet_time: 5 ms
  payload_type: 96
  ttl: 1
  dscp: EF
streams:
  upper: {{zone: upper, address: {upper}, port: {port}}}
  lower: {{zone: lower, address: {lower}, port: {port}}}
programme: []
store: {{budget: 1 GB}}
console: {{port: 0}}
"""


def write_site(folder: Path, upper: str, lower: str, port: int) -> Path:
    """A site file whose two streams go to these groups."""
    path = folder / "config.yaml"
    path.write_text(SITE.format(upper=upper, lower=lower, port=port), encoding="utf-8")
    return path


def broadcaster(*arguments: object, **fields: Any) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "broadcaster", *map(str, arguments)]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=PATIENCE, **fields
    )


@dataclass
class Station:
    """A controller on the air, and a receiver of its first stream."""

    process: subprocess.Popen[bytes]
    run: RunDirectory
    config: Path
    state: Path
    receiver: socket.socket
    sources: set[tuple[str, int]] = field(default_factory=set)

    def facts(self) -> Facts:
        facts = asyncio.run(look(self.run))
        return facts or {"processes": [], "streams": [], "faults": []}

    def pid(self, role: str) -> int:
        """The process that has a role now; 0 when none has."""
        return next((p["pid"] or 0 for p in self.facts()["processes"] if p["role"] == role), 0)

    def successor(self, role: str, before: int) -> int:
        """Wait until another process than `before` has a role; an engine has to speak, too."""

        def look() -> int:
            for process in self.facts()["processes"]:
                if process["role"] == role and process["pid"] not in (None, before):
                    return int(process["pid"] * (process["speaking"] or role != "engine"))
            return 0

        return int(self.until(look, f"there is a new {role}"))

    def until(self, condition: Any, what: str) -> Any:
        """Look again, every twenty packets, until `condition()` is true; its value."""
        deadline = monotonic() + PATIENCE
        while not (value := condition()):
            assert monotonic() < deadline, f"gave up waiting until {what}"
            assert self.process.poll() is None, "the controller ended"
            self.packets(20)
        return value

    def packets(self, count: int) -> list[Packet]:
        """The next `count` packets."""
        found = []
        for _ in range(count):
            octets, source = self.receiver.recvfrom(4096)
            packet = parse_packet(octets)
            assert packet is not None
            self.sources.add(source)
            found.append(packet)
        return found

    def unread(self) -> list[Packet]:
        """The packets that have arrived so far."""
        found = []
        while select.select([self.receiver], [], [], 0)[0]:
            found += self.packets(1)
        return found

    def ready(self) -> None:
        """Wait until every process is there and has found the others."""

        def look() -> bool:
            facts = self.facts()
            roles = {p["role"] for p in facts["processes"] if p["alive"]}
            return {"engine", "standby", "control", "ear"} <= roles and "revision" in facts

        self.until(look, "all processes run")


@contextmanager
def station(run: Path, folder: Path, upper: str, lower: str, port: int) -> Iterator[Station]:
    """A controller in directory `run`, on the air when the context begins, ended with it."""
    config = write_site(folder, upper, lower, port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        receiver.bind((upper, port))
        membership = socket.inet_aton(upper) + socket.inet_aton("127.0.0.1")
        receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        receiver.settimeout(PATIENCE)
        process = start(config, run, folder / "state")
        try:
            made = Station(process, RunDirectory(run), config, folder / "state", receiver)
            made.packets(1)
            yield made
        finally:
            stop(process)


def start(config: Path, run: Path, state: Path) -> subprocess.Popen[bytes]:
    """Start a controller."""
    command = [sys.executable, "-m", "broadcaster", "run"]
    places = ["--config", str(config), "--run", str(run), "--state", str(state)]
    # Ended while it imports, control may leave a draft behind.
    environment = {**os.environ, "TMPDIR": str(state.parent)}
    return subprocess.Popen([*command, *places], env=environment)


def stop(process: subprocess.Popen[bytes]) -> int:
    """End a controller as systemd would; its exit status."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is dead but not yet reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def kill(pid: int) -> None:
    """kill -9."""
    os.kill(pid, signal.SIGKILL)
