"""GStreamer switching a programme to a warning at once: an input-selector before all streams.

Run by the system's Python, which has GStreamer's bindings: group, port, interface, streams, packet
time in nanoseconds, samples a packet, rate. Each SIGUSR1 changes the tone. Its default way of
keeping the inputs together is its quickest one here; every way breaks the timestamps at a switch.
"""

import ipaddress
import signal
import sys

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # type: ignore[import-not-found] # noqa: E402 - versioned


def main() -> None:
    """Play until SIGTERM."""
    group, port, interface, streams, packet_ns, samples, rate = sys.argv[1:]
    sound = f"audio/x-raw,format=S16BE,rate={rate},channels=1"
    source = f"audiotestsrc is-live=true wave=sine volume=0.25 samplesperbuffer={samples}"
    lines = [
        f"input-selector name=choice ! {sound} ! tee name=programme",
        f"{source} freq=400 ! {sound} ! choice.sink_0",
        f"{source} freq=2000 ! {sound} ! choice.sink_1",
    ]
    for stream in range(int(streams)):
        lines.append(
            f"programme. ! rtpL16pay pt=96 mtu=8192 min-ptime={packet_ns} max-ptime={packet_ns} ! "
            f"udpsink host={ipaddress.IPv4Address(group) + stream} port={port} ttl-mc=8 "
            f"auto-multicast=false multicast-iface={interface} sync=true async=false"
        )
    Gst.init(None)
    pipeline = Gst.parse_launch("\n".join(lines))
    choice = pipeline.get_by_name("choice")
    pads = [choice.get_static_pad(f"sink_{number}") for number in range(2)]
    choice.set_property("active-pad", pads[0])
    turn = [0]

    def change() -> bool:
        turn[0] ^= 1
        choice.set_property("active-pad", pads[turn[0]])
        return True

    loop = GLib.MainLoop()
    GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGUSR1, change)
    GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGTERM, loop.quit)
    pipeline.set_state(Gst.State.PLAYING)
    sys.stdout.write("READY\n")
    sys.stdout.flush()
    loop.run()
    pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    main()
