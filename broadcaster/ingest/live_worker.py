"""Brings a live source to air: `python -m broadcaster.ingest.live_worker`, one process a source.

It decodes a network stream (HTTP, Icecast, RTP) or a sound card's input and writes it into a ring
that the engines read. When the source breaks off it tries again for as long as it lives; meanwhile
the ring goes stale and what lies below in the zone is heard.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic_ns, sleep
from typing import Any, NoReturn

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
_PATIENCE = 0.1


class SourceError(Exception):
    """A source that cannot be opened or has ended; the text says why."""


def network_pieces(address: str) -> Iterator[Samples]:
    """The sound of a stream, 48 kHz mono, as it comes.

    Raises:
        SourceError: it cannot be opened, holds no audio, or broke off.
    """
    import av

    try:
        with av.open(address, timeout=OPEN_LIMIT) as stream:
            if not stream.streams.audio:
                raise SourceError("there is no audio in it")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
            for frame in stream.decode(stream.streams.audio[0]):
                for part in resampler.resample(frame):
                    yield part.to_ndarray().reshape(-1).astype(np.int16)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise SourceError(str(error)) from None
    raise SourceError("it has ended")


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


def relay(
    pieces: Iterator[Samples], ring: RingWriter, alignment: Alignment, now: Callable[[], Sample]
) -> None:
    """Write what comes until it ends, which the source says by SourceError."""
    was_silent = False
    for piece in pieces:
        for begin in range(0, len(piece), RATE // 2):
            # A source that is faster than time, such as a file, is kept waiting.
            while alignment.ahead(now()) > FURTHEST:
                sleep(_PATIENCE)
            placed = alignment.place(piece[begin : begin + RATE // 2], now())
            if placed is not None:
                ring.write(*placed)
        if alignment.is_silent != was_silent:
            was_silent = alignment.is_silent
            log.info("the source %s", "is silent" if was_silent else "is heard again")


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
    wait, said = FIRST_WAIT, ""
    while True:
        alignment = Alignment()
        before = ring.written_to
        try:
            is_line = address.startswith(LINE)
            pieces = line_pieces(address.removeprefix(LINE)) if is_line else network_pieces(address)
            relay(pieces, ring, alignment, now)
        except SourceError as error:
            if str(error) != said:
                log.warning("%s (%s): %s; it is tried again", name, address, error)
                said = str(error)
        if ring.written_to > before:
            wait, said = FIRST_WAIT, ""
        sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT)


if __name__ == "__main__":
    sys.exit(main())
