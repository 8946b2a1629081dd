"""A warning breaks into a programme and ends again: the splices of every format, decoded."""

import selectors
import socket
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from benchmarks.clicks import Clicks, Sound, clicks
from benchmarks.context import Context
from benchmarks.flow import Flow
from benchmarks.measurement import Measurement, MeasurementError
from benchmarks.station import Playing, Station, Wire, engine_of, station
from benchmarks.tones import Tones
from zones.stream_format import FORMATS

ROW: Final = "engine.splice_click_dbfs"
CLAIMS: Final = 6
_TONES: Final = Tones(programme_hz=250, warning_hz=440, amplitude=16_384)
"""Both low, so that a click stands out above them; half of full scale, so that none clips."""
_WIRES: Final = {
    "L16 20 ms": Wire(FORMATS["L16/48000"], 20, 96),
    "PCMU 20 ms": Wire(FORMATS["PCMU/8000"], 20, 0),
    "G.722 20 ms": Wire(FORMATS["G722/8000"], 20, 9),
    "Opus 20 ms": Wire(FORMATS["opus/48000/2"], 20, 111),
    "L16 5 ms": Wire(FORMATS["L16/48000"], 5, 96),
}
_LONG_MS: Final = 20
_DECODERS: Final = {
    "L16/48000": ("pcm_s16be", 48_000),
    "PCMU/8000": ("pcm_mulaw", 8_000),
    "G722/8000": ("g722", 16_000),
    "opus/48000/2": ("opus", 48_000),
}
"""FFmpeg's name for a format, and the rate its sound comes out at."""

_FIRST_LIMIT_S: Final = 20.0
_ON_AIR_S: Final = 0.45
"""How long each of the two sounds: room for steady sound between two splices."""
_RTP_HEADER_BYTES: Final = 12
_ROOM_BYTES: Final = 2 << 20

Payloads = dict[int, bytes]
"""A stream's payloads by their place in it; the first packet heard has place 0."""


def splice_clicks(context: Context) -> Iterator[Measurement]:
    """The worst splice of the worst format, in sites of one packet time and in a mixed one."""
    context.say(f"{CLAIMS} claims over a tone in {len(_WIRES)} formats")
    long = {name: wire for name, wire in _WIRES.items() if wire.packet_ms == _LONG_MS}
    short = {name: wire for name, wire in _WIRES.items() if wire.packet_ms != _LONG_MS}
    judged: dict[str, Clicks] = {}
    detail: dict[str, Any] = {}
    for site, wires in (("one packet time", long), ("one packet time", short), ("mixed", _WIRES)):
        found = _site(context, wires)
        judged |= {f"{name}, {site}": one for name, one in found.items()}
        detail.setdefault(site, {}).update({name: one.detail() for name, one in found.items()})
    worst = max(one.worst_dbfs for one in judged.values())
    yield Measurement(ROW, worst, None, detail, _unlike(judged))


def _site(context: Context, wires: Mapping[str, Wire]) -> dict[str, Clicks]:
    """What is heard of the splices on each of these streams of one site."""
    flow = Flow(context.first_group, len(wires), _LONG_MS * 1000)
    playing = Playing(tones=_TONES, wires=tuple(wires.values()))
    with (
        station(context, flow, playing) as ready,
        _receivers(flow, context.interface[1]) as ears,
        engine_of(ready),
    ):
        heard = _listen(ears, ready)
    return {
        name: _judged(name, wire, payloads)
        for (name, wire), payloads in zip(wires.items(), heard, strict=True)
    }


def _unlike(judged: Mapping[str, Clicks]) -> str | None:
    wrong = {name: one.splices for name, one in judged.items() if one.splices != 2 * CLAIMS}
    return f"not {2 * CLAIMS} splices were heard: {wrong}" if wrong else None


def _judged(name: str, wire: Wire, payloads: Payloads) -> Clicks:
    missing = [place for place in range(len(payloads)) if place not in payloads]
    if missing:
        # A gap is a click that no splice made.
        raise MeasurementError(f"{name}: {len(missing)} packets are missing; a busy machine?")
    in_order = [payloads[place] for place in sorted(payloads)]
    rate = _DECODERS[wire.format.name][1]
    tones_hz = (float(_TONES.programme_hz), float(_TONES.warning_hz))
    judged = clicks(decoded(wire.format.name, in_order), rate, tones_hz)
    if judged is None:
        raise MeasurementError(f"{name}: no splice was heard, or nothing steady beside it")
    return judged


def decoded(format_name: str, payloads: Sequence[bytes]) -> Sound:
    """The sound in a stream's payloads, by FFmpeg's decoder and none of ours."""
    codec, rate = _DECODERS[format_name]
    context = av.CodecContext.create(codec, "r")
    assert isinstance(context, AudioCodecContext)  # noqa: S101 - all of _DECODERS are audio
    context.sample_rate = rate
    context.layout = "mono"
    parts: list[Sound] = []
    for payload in payloads:
        for frame in context.decode(av.Packet(payload)):
            sound = frame.to_ndarray().reshape(-1)
            scale = 1.0 if sound.dtype.kind == "f" else 32_768.0
            parts.append(sound.astype(np.float64) / scale)
    return np.concatenate(parts)


# --- receiving ----------------------------------------------------------------------------------


@contextmanager
def _receivers(flow: Flow, interface: str) -> Iterator[list[socket.socket]]:
    """A socket for every stream, on its own group."""
    first = int.from_bytes(socket.inet_aton(flow.group), "big")
    with ExitStack() as stack:
        ears = []
        for number in range(flow.streams):
            group = socket.inet_ntoa((first + number).to_bytes(4, "big"))
            ear = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM_BYTES)
            ear.bind((group, flow.port))
            member = socket.inet_aton(group) + socket.inet_aton(interface)
            ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            ear.setblocking(False)
            ears.append(ear)
        yield ears


def _listen(ears: Sequence[socket.socket], ready: Station) -> list[Payloads]:
    """Hear the programme, and the warning over it again and again."""
    heard: list[Payloads] = [{} for _ in ears]
    firsts: dict[int, int] = {}
    deadline = time.monotonic() + _FIRST_LIMIT_S
    while not all(heard):
        if time.monotonic() > deadline:
            raise MeasurementError("not every format was heard")
        _take(ears, heard, firsts, 0.1)
    _take(ears, heard, firsts, 2 * _ON_AIR_S)
    for turn in range(CLAIMS):
        ready.publish(ready.next_plan(f"warning-{turn}"))
        _take(ears, heard, firsts, _ON_AIR_S)
        ready.publish(ready.ending(f"warning-{turn}"))
        _take(ears, heard, firsts, _ON_AIR_S)
    return heard


def _take(
    ears: Sequence[socket.socket], heard: list[Payloads], firsts: dict[int, int], seconds: float
) -> None:
    """Put down what comes within this time."""
    until = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for number, ear in enumerate(ears):
            selector.register(ear, selectors.EVENT_READ, number)
        while (left := until - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                packet = ears[key.data].recv(2048)
                (sequence,) = struct.unpack_from("!H", packet, 2)
                first = firsts.setdefault(key.data, sequence)
                heard[key.data][(sequence - first) % 65_536] = packet[_RTP_HEADER_BYTES:]
