"""The senders ours is compared with: the C floor, and GStreamer as it does the same work."""

import ipaddress
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from benchmarks.child import Child, started
from benchmarks.context import SOURCES, Context
from benchmarks.flow import Flow
from benchmarks.measurement import MeasurementError

LONGEST_S: Final = 300
_SYSTEM_PYTHON: Final = "/usr/bin/python3"
_START_LIMIT_S: Final = 20.0
_UNHEARD: Final = 4090
"""Place of a group, among ours, that no measurement uses."""


@contextmanager
def c_floor(context: Context, flow: Flow) -> Iterator[Child]:
    """The least a sender can cost: floor.c. SIGUSR1 changes its tone."""
    argv = [
        str(context.program("floor")), "-g", flow.group, "-p", str(flow.port),
        "-i", context.interface[1], "-n", str(flow.streams), "-t", str(flow.packet_us),
        "-d", str(LONGEST_S), "-r", str(flow.rate_hz),
    ]  # fmt: skip
    if context.fifo_priority is not None:
        argv += ["-F", str(context.fifo_priority)]
    with started(argv) as child:
        child.wait_for("READY", _START_LIMIT_S)
        yield child


@dataclass(slots=True)
class Watch:
    """How late a plain C timer in the same class woke: what the machine itself did to everyone."""

    ticks: int = 0
    late_ticks: int = 0
    latest_us: float = 0.0


@contextmanager
def machine_watched(context: Context) -> Iterator[Watch]:
    """Let the floor send one stream that nobody hears; filled in when the block ends.

    For what is promised as a number and not as a ratio: a loss while this timer was as late is the
    machine's.
    """
    first = ipaddress.IPv4Address(context.first_group)
    watch = Watch()
    with c_floor(context, Flow(str(first + _UNHEARD), streams=1, packet_us=5000)) as floor:
        yield watch
        said = json.loads(floor.end_and_hear_last_line())
    watch.ticks, watch.late_ticks = said["ticks"], said["late_ticks"]
    watch.latest_us = said["latest_us"]


@contextmanager
def gstreamer(context: Context, flow: Flow) -> Iterator[Child]:
    """GStreamer sending one live tone as many RTP streams, each with its own payloader and sink.

    One source and one thread for all streams: of the pipelines that give every stream its own
    SSRC, sequence and pace this one costs GStreamer least; a queue, or a source, for every stream
    costs it more.
    """
    if shutil.which("gst-launch-1.0") is None:
        raise MeasurementError("GStreamer is not installed: there is no gst-launch-1.0")
    packet_ns = flow.packet_us * 1000
    first = ipaddress.IPv4Address(flow.group)
    argv = [
        "gst-launch-1.0", "-q",
        "audiotestsrc", "is-live=true", "wave=sine", "freq=400", "volume=0.25",
        f"samplesperbuffer={flow.packet_samples}", "!",
        f"audio/x-raw,format=S16BE,rate={flow.rate_hz},channels=1", "!", "tee", "name=programme",
    ]  # fmt: skip
    for stream in range(flow.streams):
        argv += [
            "programme.", "!",
            # An mtu above the payload, or it would halve the packets and miss the packet time.
            "rtpL16pay", "pt=96", "mtu=8192", f"min-ptime={packet_ns}", f"max-ptime={packet_ns}",
            "!",
            "udpsink", f"host={first + stream}", f"port={flow.port}", "auto-multicast=false",
            f"multicast-iface={context.interface[0]}", "ttl-mc=8", "sync=true", "async=false",
        ]  # fmt: skip
    with started(argv, fifo_priority=context.fifo_priority) as child:
        yield child


@contextmanager
def gstreamer_selector(context: Context, flow: Flow) -> Iterator[Child]:
    """GStreamer sending one of two live tones by an input-selector; SIGUSR1 changes the tone."""
    program = SOURCES / "gst_selector.py"
    argv = [
        _SYSTEM_PYTHON, str(program), flow.group, str(flow.port), context.interface[0],
        str(flow.streams), str(flow.packet_us * 1000), str(flow.packet_samples), str(flow.rate_hz),
    ]  # fmt: skip
    probe = [_SYSTEM_PYTHON, "-c", "import gi; gi.require_version('Gst', '1.0')"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        raise MeasurementError(
            "GStreamer's Python bindings are not installed (make system installs them)"
        )
    with started(argv, fifo_priority=context.fifo_priority) as child:
        child.wait_for("READY", _START_LIMIT_S)
        yield child
