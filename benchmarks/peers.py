"""The senders ours is compared with: the C floor, and GStreamer as it does the same work."""

import ipaddress
import json
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from benchmarks.child import Child, started
from benchmarks.context import SOURCES, Context
from benchmarks.flow import Flow
from benchmarks.measurement import MeasurementError
from benchmarks.waiting import wait_for

LONGEST_S: Final = 300
_SYSTEM_PYTHON: Final = "/usr/bin/python3"
_START_LIMIT_S: Final = 20.0
_PULSEAUDIO_VOLUME: Final = 51_600
"""Half, on its cubic scale of 65,536, of its sine's half of full scale: as loud as the others."""
_RTP_HEADER_BYTES: Final = 12
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


@dataclass(frozen=True, slots=True)
class Switcher:
    """A sender of one of two tones in all its streams, and what changes the tone."""

    child: Child
    change: Callable[[], None]


@contextmanager
def gstreamer_selector(context: Context, flow: Flow) -> Iterator[Switcher]:
    """GStreamer sending one of two live tones by an input-selector."""
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
        yield Switcher(child, lambda: child.signal(signal.SIGUSR1))


@contextmanager
def pulseaudio(context: Context, flow: Flow) -> Iterator[Switcher]:
    """PulseAudio mixing two tones into one sink, one of them muted, and sending it as RTP."""
    if shutil.which("pulseaudio") is None:
        raise MeasurementError("PulseAudio is not installed (make system installs it)")
    first, home = ipaddress.IPv4Address(flow.group), context.scratch / "pulseaudio"
    home.mkdir(exist_ok=True)
    door = home / "door"
    door.unlink(missing_ok=True)
    sound = f"format=s16be rate={flow.rate_hz} channels=1"
    lines = [
        f"load-module module-null-sink sink_name=out {sound}",
        "load-module module-sine sink=out frequency=400",
        "load-module module-sine sink=out frequency=2000",
        *(f"set-sink-input-volume {tone} {_PULSEAUDIO_VOLUME}" for tone in range(2)),
        "set-sink-input-mute 1 1",
        *(
            f"load-module module-rtp-send source=out.monitor destination_ip={first + stream} "
            f"port={flow.port} source_ip={context.interface[1]} ttl=8 {sound} "
            f"mtu={flow.packet_samples * 2 + _RTP_HEADER_BYTES}"
            for stream in range(flow.streams)
        ),
        f"load-module module-cli-protocol-unix socket={door}",
    ]
    (home / "script").write_text("\n".join(lines) + "\n", encoding="utf-8")
    argv = [
        "env", f"HOME={home}", f"XDG_RUNTIME_DIR={home}", "pulseaudio", "-n", "--daemonize=no",
        "--exit-idle-time=-1", "--use-pid-file=no", "--realtime=no", "--high-priority=no",
        "--log-level=error", "-F", str(home / "script"),
    ]  # fmt: skip
    with started(argv, fifo_priority=context.fifo_priority) as child:
        wait_for("PulseAudio's door", door.exists)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as orders:
            orders.connect(str(door))
            muted = [1, 0]

            def change() -> None:
                muted.reverse()
                words = (f"set-sink-input-mute {muted[0]} 1", f"set-sink-input-mute {muted[1]} 0")
                orders.sendall("".join(f"{word}\n" for word in words).encode())

            yield Switcher(child, change)
