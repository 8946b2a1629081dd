"""Write the demo's music to real files: made once, kept in a cache, tagged like anyone's music.

The formats differ on purpose: the demo's music goes through the same import as a station's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.audio.stream import AudioStream
from av.packet import Packet
from numpy.typing import NDArray

from broadcaster.simulator import music
from broadcaster.simulator.instruments import RATE
from broadcaster.simulator.music import TRACKS, Track

ARTIST = "Sorigil"
LICENCE = "CC0-1.0"

Progress = Callable[[int, int], None]
"""Called with (files done, files in all)."""


class FileKind(NamedTuple):
    """A container and what is inside it."""

    suffix: str
    container: str
    codec: str
    sample_format: str
    bit_rate: int
    """bit/s; 0 for lossless."""
    options: dict[str, str]


OPUS = FileKind(".opus", "ogg", "libopus", "s16", 96_000, {"compression_level": "5"})
# FFmpeg calls its own Vorbis encoder experimental; it wants to be asked for.
VORBIS = FileKind(".ogg", "ogg", "vorbis", "fltp", 160_000, {"strict": "experimental"})
MP3 = FileKind(".mp3", "mp3", "libmp3lame", "s16p", 160_000, {"compression_level": "8"})
M4A = FileKind(".m4a", "ipod", "aac", "fltp", 128_000, {"aac_coder": "fast"})
FLAC = FileKind(".flac", "flac", "flac", "s16", 0, {"compression_level": "3"})

# The quickest to encode come first: the demo begins with them.
_ORDER = (OPUS, FLAC, MP3, M4A, OPUS, VORBIS, FLAC, OPUS)


def cache_name(seed: int = music.SEED) -> str:
    """Return the name of the directory that holds exactly this music."""
    return f"music-v{music.VERSION}-{seed}"


def kind_of(number: int) -> FileKind:
    """Return the format of the track with this number, counted from 0."""
    return _ORDER[number % len(_ORDER)]


def music_files(
    cache: Path, *, seed: int = music.SEED, progress: Progress | None = None
) -> Iterator[Path]:
    """Yield the tracks' files in order, each as soon as it is complete; make those missing.

    A file appears under its name only when it is whole and on disk, so an interrupted run is
    taken up where it stopped. The first file takes about two seconds, all of them about twelve.

    Args:
        cache: directory for generated files; a sub-directory for this seed and version is made.
        seed: another seed gives other music.
        progress: called before the first file and after each.

    Raises:
        OSError: the directory or a file cannot be written.
    """
    directory = cache / cache_name(seed)
    directory.mkdir(parents=True, exist_ok=True)
    if progress:
        progress(0, len(TRACKS))
    for number, track in enumerate(TRACKS):
        kind = kind_of(number)
        path = directory / f"{number + 1:02d}-{track.slug}{kind.suffix}"
        if not path.exists():
            _write_whole(path, kind, music.perform(track, seed), tags(track, number))
        if progress:
            progress(number + 1, len(TRACKS))
        yield path


def tags(track: Track, number: int) -> dict[str, str]:
    """Return the tags of a track's file."""
    return {
        "title": track.title,
        "artist": ARTIST,
        "album": track.album,
        "track": str(number + 1),
        "genre": "Ambient",
        "copyright": LICENCE,
    }


def _write_whole(path: Path, kind: FileKind, sound: NDArray[np.int16], tag: dict[str, str]) -> None:
    """Encode beside the final name, sync, then rename: a reader never sees half a file."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        encode(partial, kind, sound, tag)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def encode(path: Path, kind: FileKind, sound: NDArray[np.int16], tag: dict[str, str]) -> None:
    """Encode 48 kHz 16-bit samples of shape (samples,) or (samples, channels) into a new file."""
    channels = 1 if sound.ndim == 1 else sound.shape[1]
    layout = {1: "mono", 2: "stereo"}[channels]
    with av.open(str(path), "w", format=kind.container) as container:
        stream = container.add_stream(kind.codec, rate=RATE, layout=layout)
        assert isinstance(stream, AudioStream)  # noqa: S101 - by the codecs in _ORDER
        stream.format = av.AudioFormat(kind.sample_format)
        if kind.bit_rate:
            stream.bit_rate = kind.bit_rate
        stream.options = dict(kind.options)
        # An Ogg file keeps its tags with the stream, all others with the file.
        (stream if kind.container == "ogg" else container).metadata.update(tag)
        for packet in _packets(stream, sound, kind, layout):
            if kind is VORBIS and packet.pts is not None and packet.duration:
                # This encoder leaves its padding in; Ogg can say where the sound ends.
                packet.duration = max(0, min(packet.duration, len(sound) - packet.pts))
            container.mux(packet)


def _packets(
    stream: AudioStream, sound: NDArray[np.int16], kind: FileKind, layout: str
) -> Iterator[Packet[AudioStream]]:
    """Feed the encoder a second at a time."""
    resampler = av.AudioResampler(format=kind.sample_format, layout=layout, rate=RATE)
    for begin in range(0, len(sound), RATE):
        piece = np.ascontiguousarray(sound[begin : begin + RATE]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(piece, format="s16", layout=layout)
        frame.sample_rate = RATE
        frame.pts = begin
        frame.time_base = Fraction(1, RATE)
        for converted in resampler.resample(frame):
            yield from stream.encode(converted)
    for converted in resampler.resample(None):
        yield from stream.encode(converted)
    yield from stream.encode(None)
