"""A small site in network namespaces: a switch that snoops IGMP, and hosts with one cable each.

Namespaces hang on processes that do nothing, so that whatever happens to a test, nothing of them is
left. Needs root.
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_CLONE_NEWNET = 0x40000000
_ETH_P_IP = 0x0800
PREFIX = "10.77.0"


@dataclass
class Place:
    """One network namespace."""

    keeper: subprocess.Popen

    def run(self, *command: str) -> None:
        """Run a command inside; its words are not checked, its success is."""
        inside = ["nsenter", "--target", str(self.keeper.pid), "--net", *command]
        subprocess.run(inside, check=True, capture_output=True, text=True)

    def ip(self, *words: str) -> None:
        self.run("ip", *words)

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Sockets made by this thread belong to this place."""
        libc = ctypes.CDLL(None, use_errno=True)
        home_path = Path("/proc/thread-self/ns/net")
        there_path = Path(f"/proc/{self.keeper.pid}/ns/net")
        with home_path.open() as home, there_path.open() as there:
            assert libc.setns(there.fileno(), _CLONE_NEWNET) == 0
            try:
                yield
            finally:
                assert libc.setns(home.fileno(), _CLONE_NEWNET) == 0


@dataclass
class Host:
    """A host: its place, its address, and the name of its cable's other end in the switch."""

    place: Place
    address: str
    port: str

    def sending_socket(self) -> socket.socket:
        with self.place.inside():
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(self.address))
        s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 8)
        s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
        s.bind((self.address, 0))
        return s

    @contextlib.contextmanager
    def member(self, group: str, port: int) -> Iterator[socket.socket]:
        """A socket that has joined `group` here."""
        with self.place.inside():
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with s:
            s.settimeout(1.0)
            s.bind((group, port))
            membership = socket.inet_aton(group) + socket.inet_aton(self.address)
            s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
            yield s

    @contextlib.contextmanager
    def tap(self) -> Iterator[socket.socket]:
        """A socket that sees every IP packet on the cable, asked for or not."""
        with self.place.inside():
            s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP))
            s.bind(("eth0", _ETH_P_IP))
        with s:
            yield s


@dataclass
class Lab:
    """The switch and its hosts."""

    switch: Place
    hosts: list[Host] = field(default_factory=list)

    def cable(self, host: Host, state: str) -> None:
        """Pull the cable at the switch (`down`) or plug it in again (`up`)."""
        self.switch.ip("link", "set", host.port, state)


@contextlib.contextmanager
def laboratory(hosts: int) -> Iterator[Lab]:
    """A switch with so many hosts; the switch asks who is a member, quickly and often."""
    with contextlib.ExitStack() as stack:
        switch = stack.enter_context(_place())
        switch.ip(
            *("link", "add", "br0", "type", "bridge", "mcast_snooping", "1"),
            *("mcast_querier", "1", "mcast_query_interval", "100"),
            *("mcast_query_response_interval", "20", "mcast_startup_query_interval", "20"),
            *("mcast_last_member_interval", "20", "mcast_membership_interval", "400"),
        )
        switch.ip("addr", "add", f"{PREFIX}.254/24", "dev", "br0")
        switch.ip("link", "set", "br0", "up")
        lab = Lab(switch)
        for number in range(1, hosts + 1):
            place = stack.enter_context(_place())
            port, address = f"port{number}", f"{PREFIX}.{number}"
            switch.ip(
                *("link", "add", port, "type", "veth", "peer", "name", "eth0"),
                *("netns", str(place.keeper.pid)),
            )
            switch.ip("link", "set", port, "master", "br0", "up")
            place.ip("addr", "add", f"{address}/24", "dev", "eth0")
            place.ip("link", "set", "eth0", "up")
            lab.hosts.append(Host(place, address, port))
        yield lab


@contextlib.contextmanager
def _place() -> Iterator[Place]:
    keeper = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo there; exec sleep 600"], stdout=subprocess.PIPE
    )
    assert keeper.stdout is not None
    try:
        keeper.stdout.readline()
        yield Place(keeper)
    finally:
        keeper.stdout.close()
        keeper.kill()
        keeper.wait()
