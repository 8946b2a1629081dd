"""A network cable inside the tests' own network: two interfaces, what goes in comes out."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.network_namespace import Network


def ip(*words: object) -> None:
    """ip(8)."""
    subprocess.run(["ip", *map(str, words)], check=True, capture_output=True)


@dataclass(frozen=True)
class Cable:
    """Interface `near`, with an address, and the bare one at its other end."""

    near: str
    far: str
    address: str

    def plug(self) -> None:
        ip("link", "add", "name", self.near, "type", "veth", "peer", "name", self.far)
        ip("address", "add", f"{self.address}/24", "dev", self.near)
        for end in (self.near, self.far):
            ip("link", "set", end, "up")

    def pull(self) -> None:
        """Remove both interfaces."""
        ip("link", "delete", self.near)

    def send(self, frame: bytes) -> None:
        """Let an Ethernet frame arrive at the near end."""
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as far:
            far.bind((self.far, 0))
            far.send(frame)

    @contextmanager
    def tapped(self) -> Iterator[socket.socket]:
        """A socket that sees every Ethernet frame of IPv4 that comes out at the far end."""
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800)) as tap:
            tap.bind((self.far, 0x0800))
            tap.settimeout(30.0)
            yield tap


@contextmanager
def cable(network: Network, number: int = 0) -> Iterator[Cable]:
    """A plugged cable; skips the test where no interface may be made."""
    if network is not Network.OWN or shutil.which("ip") is None:
        pytest.skip("needs iproute2 and a network namespace of its own")
    made = Cable(f"near{number}", f"far{number}", f"10.77.{number}.1")
    try:
        made.plug()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this kernel makes no veth pair: {error.stderr.decode().strip()}")
    try:
        yield made
    finally:
        subprocess.run(["ip", "link", "delete", made.near], check=False, capture_output=True)
