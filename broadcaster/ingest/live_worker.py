"""Brings a live source to air: `python -m broadcaster.ingest.live_worker`, one process a source.

It decodes a network stream (HTTP, Icecast, RTP) or a sound card's input and writes it into a ring
that the engines read. When the source breaks off it tries again for as long as it lives; meanwhile
the ring goes stale and what lies below in the zone is heard.
"""

from __future__ import annotations

import argparse
import io
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from time import monotonic_ns, sleep
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlsplit

import numpy as np

from broadcaster.engine.libc import die_with_parent
from broadcaster.engine.ring_writer import RingError, RingWriter
from broadcaster.engine.shared_block import SharedBlock, SharedBlockError
from broadcaster.ingest.live_alignment import FURTHEST, Alignment, Samples
from broadcaster.log import set_up
from zones.media_time import RATE, Sample

log = logging.getLogger(__name__)

LINE = "line:"
OPEN_LIMIT = 10.0
"""Seconds that a source may take to open, or to say something."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 15.0
"""Seconds between tries."""
_PIECE = RATE // 50
_PATIENCE = 0.05
_MOST_WAITING = 100
"""Pieces of a source that wait to be written; then it is not read on."""
_STEADY_NS = 15_000_000_000
"""A source that was there so long is tried again at once when it breaks off."""


class SourceError(Exception):
    """A source that cannot be opened or has ended; the text says why."""


def network_pieces(address: str) -> Iterator[Samples]:
    """The sound of a stream, 48 kHz mono, as it comes.

    Raises:
        SourceError: it cannot be opened, holds no audio, or broke off.
    """
    import av

    try:
        described = described_stream(address)
        with (
            av.open(address, timeout=OPEN_LIMIT)
            if described is None
            else av.open(
                *(io.BytesIO(described), "r", "sdp"),
                options={"protocol_whitelist": "rtp,udp"},
                timeout=OPEN_LIMIT,
            )
        ) as stream:
            if not stream.streams.audio:
                raise SourceError("there is no audio in it")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
            for frame in stream.decode(stream.streams.audio[0]):
                for part in resampler.resample(frame):
                    yield part.to_ndarray().reshape(-1).astype(np.int16)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise SourceError(str(error)) from None
    raise SourceError("it has ended")


def described_stream(address: str) -> bytes | None:
    """The SDP (RFC 4566) of an RTP address that says its format, None for any other address.

    `rtp://239.192.0.1:5004?format=L16/48000/2&payload_type=97` names encoding, clock rate and
    channels as an SDP's rtpmap does; the payload type is 96 unless it is said.

    Raises:
        ValueError: the address has no port, or its payload type is no number up to 127.
    """
    parts = urlsplit(address)
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if parts.scheme != "rtp" or "format" not in asked:
        return None
    payload_type = int(asked.get("payload_type", "96"))
    if parts.port is None or not 0 <= payload_type <= 127:
        raise ValueError(f"{address} needs a port, and a payload type up to 127")
    host = parts.hostname or ""
    lines = (
        *("v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=-", f"c=IN IP{6 if ':' in host else 4} {host}"),
        *("t=0 0", f"m=audio {parts.port} RTP/AVP {payload_type}"),
        f"a=rtpmap:{payload_type} {asked['format']}",
    )
    return "".join(f"{line}\r\n" for line in lines).encode()


def line_pieces(name: str) -> Iterator[Samples]:
    """The sound of a sound card's input whose name holds `name`; `default` is the system's.

    Raises:
        SourceError: there is no sound card, no such input, or no support for sound cards here.
    """
    try:
        import pyaudio  # type: ignore[import-untyped]
    except ImportError:
        raise SourceError(
            "sound cards need the extra `desk`: pip install 'sorigil[desk]'"
        ) from None
    card: Any = pyaudio.PyAudio()
    try:
        inputs = [card.get_device_info_by_index(n) for n in range(card.get_device_count())]
        found = [one for one in inputs if one["maxInputChannels"] and name in str(one["name"])]
        if not found and name != "default":
            raise SourceError(f"there is no input {name!r}")
        with closing(
            card.open(
                rate=RATE,
                channels=1,
                format=pyaudio.paInt16,
                input=True,
                input_device_index=int(found[0]["index"]) if found else None,
                frames_per_buffer=_PIECE,
            )
        ) as line:
            while True:
                octets = line.read(_PIECE, exception_on_overflow=False)
                yield np.frombuffer(octets, np.dtype("<i2"))
    except OSError as error:
        raise SourceError(str(error)) from None
    finally:
        card.terminate()


class Relay:
    """Writes what a source brings into a ring; the source is read by a thread of its own."""

    def __init__(self, ring: RingWriter, now: Callable[[], Sample]) -> None:
        """`now` is the media clock."""
        self._ring = ring
        self._now = now
        self._alignment = Alignment()
        self._pieces: Queue[Samples] = Queue(_MOST_WAITING)
        self._was_silent = False

    def take(self, pieces: Iterator[Samples]) -> None:
        """Hand over what comes, for `pass_on`, until the source says by SourceError that it ends.

        A source that is faster than time, such as a file, is kept waiting.
        """
        for piece in pieces:
            for begin in range(0, len(piece), RATE // 2):
                self._pieces.put(piece[begin : begin + RATE // 2])

    def pass_on(self) -> None:
        """Write the next piece when there is room for it, or bridge a gap; at most for a moment."""
        alignment = self._alignment
        if alignment.ahead(self._now()) > FURTHEST:
            sleep(_PATIENCE)
            return
        try:
            placed = alignment.place(self._pieces.get(timeout=_PATIENCE), self._now())
        except Empty:
            placed = alignment.bridge(self._now())
        if placed is not None:
            self._ring.write(*placed)
        if alignment.is_silent != self._was_silent:
            self._was_silent = alignment.is_silent
            log.info("the source %s", "is silent" if self._was_silent else "is heard again")


def main(arguments: list[str] | None = None) -> int:
    """Relay until killed; exit status 2 when there is no ring to write."""
    parser = argparse.ArgumentParser(prog="broadcaster.ingest.live_worker", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="run directory")
    parser.add_argument("--name", required=True, help="what the source is called")
    parser.add_argument("--address", required=True, help="where it comes from")
    parser.add_argument("--parent", type=int, default=0, help="end when this process does")
    options = parser.parse_args(arguments)
    set_up("live")
    if options.parent:
        die_with_parent(options.parent)
    try:
        with closing(SharedBlock(options.run / "engine")) as block:
            clock = block.clock
        if clock is None:
            raise SharedBlockError("the run directory has no media clock; start the supervisor")
        with RingWriter(options.run, options.name) as ring:
            _relay_for_ever(
                options.address, ring, lambda: clock.sample_at(monotonic_ns()), options.name
            )
    except (RingError, SharedBlockError, OSError) as error:
        log.error("%s cannot be brought to air: %s", options.name, error)
        return 2


def _relay_for_ever(
    address: str, ring: RingWriter, now: Callable[[], Sample], name: str
) -> NoReturn:
    relay = Relay(ring, now)
    Thread(target=_read_for_ever, args=(address, relay, name), name="source", daemon=True).start()
    while True:
        relay.pass_on()


def _read_for_ever(address: str, relay: Relay, name: str) -> NoReturn:
    wait, said = FIRST_WAIT, ""
    while True:
        began = monotonic_ns()
        try:
            is_line = address.startswith(LINE)
            relay.take(
                line_pieces(address.removeprefix(LINE)) if is_line else network_pieces(address)
            )
        except SourceError as error:
            if str(error) != said:
                log.warning("%s (%s): %s; it is tried again", name, address, error)
                said = str(error)
        if monotonic_ns() - began > _STEADY_NS:
            wait, said = FIRST_WAIT, ""
        sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT)


if __name__ == "__main__":
    sys.exit(main())
