"""A network of its own for every pytest worker, so that no test hears another's packets.

The worker leaves the machine's network before any test opens a socket and finds nothing in the
new one but a loopback interface, which then carries multicast. Where the machine does not allow
that, tests share its loopback and draw their groups at random.
"""

import ctypes
import enum
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

# <sched.h>
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000

# <linux/sockios.h>, <linux/if.h>
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1
_IFF_LOOPBACK = 0x8
_IFF_RUNNING = 0x40
_IFF_MULTICAST = 0x1000

# <linux/rtnetlink.h>, <linux/netlink.h>
_RTM_NEWROUTE = 24
_NEW = 0x1 | 0x4 | 0x400  # NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE
_RTA_DST = 1
_RTA_OIF = 4
_RTA_PREFSRC = 7
_RT_TABLE_MAIN = 254
_RT_SCOPE_LINK = 253
_RTPROT_BOOT = 3
_RTN_UNICAST = 1


class Network(enum.Enum):
    """Where the tests of this worker send; the value is the sentence shown at the end of a run."""

    OWN = "each worker in a network namespace of its own"
    SHARED = "the machine's loopback, with random multicast groups (no right to make a namespace)"


def enter() -> Network:
    """Move the calling thread, and all that it starts from now on, into a new network.

    Without root this needs a process that has one thread only (unshare(2), EINVAL); `wrapped`
    starts workers for which this is enough.
    """
    uid, gid = os.getuid(), os.getgid()
    if not _unshare(_CLONE_NEWNET):
        if not _unshare(_CLONE_NEWUSER | _CLONE_NEWNET):
            return Network.SHARED
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        _raise_loopback(control)
    _route_multicast()
    return Network.OWN


def wrapped(interpreter: str = sys.executable) -> str | None:
    """Return a command for a Python inside a user and network namespace, None if not allowed.

    A pytest-xdist worker has two threads before the first line of ours runs, too late for a user
    namespace; started through unshare(1) it is in one from birth.
    """
    if os.geteuid() == 0 or shutil.which("unshare") is None:
        return None
    command = ["unshare", "--user", "--map-root-user", "--net"]
    allowed = subprocess.run([*command, "true"], check=False, capture_output=True)
    return " ".join([*command, interpreter]) if allowed.returncode == 0 else None


def _unshare(flags: int) -> bool:
    return bool(ctypes.CDLL(None, use_errno=True).unshare(flags) == 0)


def _raise_loopback(control: socket.socket) -> None:
    flags = _IFF_UP | _IFF_LOOPBACK | _IFF_RUNNING | _IFF_MULTICAST
    fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags))


def _route_multicast() -> None:
    """Send 239.0.0.0/8 to loopback from 127.0.0.1, for peers that cannot choose an interface."""
    attributes = b"".join(
        struct.pack("=HH4s", 8, kind, value)
        for kind, value in (
            (_RTA_DST, socket.inet_aton("239.0.0.0")),
            (_RTA_OIF, struct.pack("=I", socket.if_nametoindex("lo"))),
            (_RTA_PREFSRC, socket.inet_aton("127.0.0.1")),
        )
    )
    route = struct.pack(
        "=8BI",
        *(socket.AF_INET, 8, 0, 0),  # family, prefix length of the destination, of the source, TOS
        *(_RT_TABLE_MAIN, _RTPROT_BOOT, _RT_SCOPE_LINK, _RTN_UNICAST),
        0,
    )
    body = route + attributes
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        netlink.send(struct.pack("=IHHII", 16 + len(body), _RTM_NEWROUTE, _NEW, 1, 0) + body)
        (error,) = struct.unpack_from("=i", netlink.recv(4096), 16)
    if error:
        raise OSError(-error, f"no multicast route on loopback: {os.strerror(-error)}")
