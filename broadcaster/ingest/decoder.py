"""Decode any audio file into 48 kHz mono 16-bit PCM, piece by piece, exact to the sample.

Lengths are those the author heard: encoder delay and padding are dropped as the LAME header, the
Ogg granule position or the MP4 edit list say, and both the decoder and the resampler are drained.
"""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.codec.context import Flags2
from av.container import InputContainer
from av.filter import Graph
from numpy.typing import NDArray

from broadcaster.ingest.errors import DamagedError, IngestError, NotAudioError, RefusedError
from broadcaster.ingest.limits import Limits
from broadcaster.ingest.mp3_header import (
    FIRST_FRAME,
    ID3_HEADER,
    announced_samples,
    id3_length,
)
from broadcaster.ingest.ogg_page import ENOUGH, length_of_single_page
from zones.media_time import RATE, Sample, seconds

Pcm = NDArray[np.int16]

# Only these are ever opened. Playlist formats (HLS, concat) would read other files and the
# network; codecs nobody brings us are so many parsers less.
_FORMATS = (
    "mp3", "flac", "ogg", "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "wav", "w64", "aiff", "aac",
    "asf", "matroska", "webm",
)  # fmt: skip
_CODECS = (
    "mp3", "mp3float", "mp2", "mp2float", "flac", "vorbis", "libvorbis", "opus", "libopus", "aac",
    "aac_fixed", "alac", "wmav1", "wmav2", "adpcm_ms", "adpcm_ima_wav", "pcm_alaw", "pcm_mulaw",
    "pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le",
    "pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be",
)  # fmt: skip
_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(_FORMATS),
    "codec_whitelist": ",".join(_CODECS),
}

_BAD_PACKETS = 3
"""So many packets may fail in any file, and one in a hundred in a long one: real collections have
such files, and what is lost is a fraction of a second."""
_TOLERANCE = RATE // 2
"""Samples an announced length may be wrong: some encoders count their padding."""
_UNREADABLE = (
    errno.ENOENT,
    errno.EACCES,
    errno.EPERM,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ELOOP,
)


class Decoder:
    """One audio file, opened. A context manager.

    Args:
        path: the file; its name tells nothing.
        limits: what it may ask of us.

    Raises:
        NotAudioError: no audio is in it.
        RefusedError: it is empty, or larger or longer than the limits.
        IngestError: it cannot be opened.
    """

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self.path = path
        self._limits = limits or Limits()
        self._container = _opened(path, self._limits)
        try:
            with _explained(path):
                self._stream = _audio_stream(path, self._container)
                # One thread: the limits of the confined process are for one, and it is fast enough.
                self._stream.codec_context.thread_count = 1
                self._meant = self._length_on_single_page()
            self._refuse_long(self.announced_length or 0)
        except IngestError:
            self._container.close()
            raise

    def __enter__(self) -> Decoder:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    @property
    def tags(self) -> dict[str, str]:
        """The file's tags, names in lower case; the stream's own win (Ogg keeps them there).

        Bytes that are not UTF-8 are kept as surrogate escapes.
        """
        both = {**self._container.metadata, **self._stream.metadata}
        return {name.lower(): text for name, text in both.items()}

    @property
    def announced_length(self) -> Sample | None:
        """Samples at 48 kHz by the file's own account, for a progress bar; None if unsaid."""
        stream = self._stream
        if stream.duration and stream.time_base:
            return round(stream.duration * stream.time_base * RATE)
        if self._container.duration:
            return round(self._container.duration * RATE / av.time_base)
        return None

    def pieces(self) -> Iterator[Pcm]:
        """Decode the whole file, once; a piece is about a second.

        Raises:
            DamagedError: a part cannot be decoded, or the end is missing.
            RefusedError: there is no sound in it, or too much.
        """
        total = 0
        with _explained(self.path):
            for piece in self._resampled():
                total += len(piece)
                self._refuse_long(total)
                yield piece
        if not total:
            raise RefusedError(f"{self.path}: holds not one sample of sound; choose another file")
        self._refuse_truncated(total)

    def _resampled(self) -> Iterator[Pcm]:
        """Canonical pieces, together exactly as long as the frames' meant samples."""
        converter: _Converter | None = None
        exact, given = 0.0, 0
        for frame, meant in self._meant_frames():
            if converter is None or not converter.takes(frame):
                # Some files change their form in the middle; the new part gets its own converter.
                yield from converter.drained() if converter else ()
                converter = _Converter(frame)
            exact += meant
            for piece in converter.converted(frame):
                kept = piece[: max(0, round(exact) - given)]
                given += len(kept)
                yield kept
        for piece in converter.drained() if converter else ():
            kept = piece[: max(0, round(exact) - given)]
            given += len(kept)
            yield kept
        if given < round(exact):
            # The resampler's filter can end a few samples early.
            yield np.zeros(round(exact) - given, np.int16)

    def _frames(self) -> Iterator[tuple[AudioFrame, float]]:
        """Decoded frames, each with how much of it is meant, in samples at 48 kHz.

        FFmpeg drops an MP4's encoder delay but plays AAC's padding to the end of the frame; how
        much of the last frame is meant stands in its packet's duration.
        """
        is_mp4 = "mp4" in self._container.format.name
        given, packets, bad = 0, 0, 0
        for packet in self._container.demux(self._stream):
            packets += 1
            end = None
            if is_mp4 and packet.pts is not None and packet.duration:
                end = round((packet.pts + packet.duration) * packet.time_base * self._stream.rate)
            try:
                frames = packet.decode()
            except av.InvalidDataError:
                bad += 1
                if bad > _BAD_PACKETS + packets // 100:
                    raise
                continue
            for frame in frames:
                meant = frame.samples if end is None else min(frame.samples, max(0, end - given))
                given += meant
                yield frame, meant * RATE / frame.sample_rate

    def _length_on_single_page(self) -> int | None:
        """Samples of a short Vorbis file, of which FFmpeg would cut the beginning."""
        if self._stream.codec_context.name not in ("vorbis", "libvorbis"):
            return None
        with self.path.open("rb") as file:
            meant = length_of_single_page(file.read(ENOUGH))
        if meant is not None:
            self._stream.codec_context.flags2 |= Flags2.skip_manual
        return meant

    def _meant_frames(self) -> Iterator[tuple[AudioFrame, float]]:
        """The frames, cut to the length of a short Vorbis file."""
        left = self._meant
        for frame, meant in self._frames():
            if left is None:
                yield frame, meant
            elif left > 0:
                yield frame, min(frame.samples, left) * RATE / frame.sample_rate
                left -= frame.samples

    def _refuse_long(self, length: Sample) -> None:
        if length > self._limits.longest:
            raise RefusedError(
                f"{self.path}: {_duration(length)} long; at most "
                f"{_duration(self._limits.longest)} can be imported: cut it in parts"
            )

    def _refuse_truncated(self, total: Sample) -> None:
        """Compare with the announced length, unless that is a guess."""
        announced = self._trusted_length()
        if announced is None:
            return
        if total < announced - _TOLERANCE:
            raise DamagedError(
                f"{self.path}: ends after {seconds(total):.1f} s of {seconds(announced):.1f} s; "
                "it is cut off: copy the file again"
            )

    def _trusted_length(self) -> Sample | None:
        form = self._container.format.name
        if form == "aac":
            return None
        if form != "mp3":
            return self.announced_length
        with self.path.open("rb") as file:
            file.seek(id3_length(file.read(ID3_HEADER)))
            counted = announced_samples(file.read(FIRST_FRAME))
        return None if counted is None else round(counted * RATE / self._stream.rate)


class _Converter:
    """To 48 kHz mono 16 bit in one filter graph, a second at a time.

    A second, because each crossing between Python and FFmpeg costs more than the sound itself.
    """

    def __init__(self, frame: AudioFrame) -> None:
        self._form = _form(frame)
        self._graph = Graph()
        self._graph.threads = 1
        source = self._graph.add_abuffer(
            sample_rate=frame.sample_rate,
            format=frame.format.name,
            layout=frame.layout.name,
            time_base=Fraction(1, frame.sample_rate),
        )
        form = f"sample_fmts=s16:channel_layouts=mono:sample_rates={RATE}"
        nodes = (
            source,
            self._graph.add("aformat", form),
            self._graph.add("asetnsamples", f"n={RATE}:p=0"),
            self._graph.add("abuffersink"),
        )
        for before, after in pairwise(nodes):
            before.link_to(after)
        self._graph.configure()
        self._waiting = 0.0

    def takes(self, frame: AudioFrame) -> bool:
        """Say whether the frame has the form this converter was made for."""
        return _form(frame) == self._form

    def converted(self, frame: AudioFrame) -> Iterator[Pcm]:
        """Put a frame in; yield what is ready."""
        frame.pts = None  # gaps and jumps in a damaged file's stamps are not ours to play
        self._graph.push(frame)
        self._waiting += frame.samples / frame.sample_rate
        if self._waiting > 1.0:
            self._waiting = 0.0
            yield from self._ready()

    def drained(self) -> Iterator[Pcm]:
        """Yield the rest."""
        self._graph.push(None)
        yield from self._ready()

    def _ready(self) -> Iterator[Pcm]:
        while True:
            try:
                frame = self._graph.pull()
            except (BlockingIOError, av.EOFError):
                return
            yield np.asarray(frame.to_ndarray()[0], np.int16)


def _duration(length: Sample) -> str:
    hours, minutes = divmod(round(seconds(length) / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _form(frame: AudioFrame) -> tuple[int, str, str]:
    return frame.sample_rate, frame.format.name, frame.layout.name


def _opened(path: Path, limits: Limits) -> InputContainer:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise IngestError(f"{path}: not a file but a device or pipe; choose a file")
        size = status.st_size
        if size == 0:
            raise RefusedError(f"{path}: the file is empty; copy it again")
        if size > limits.largest_bytes:
            raise RefusedError(
                f"{path}: {size / 1e9:.1f} GB; at most {limits.largest_bytes / 1e9:.1f} GB can be "
                "imported: cut it in parts"
            )
        # Metadata is asked for as bytes that survive: Korean tags are often CP949.
        return av.open(
            str(path.absolute()), metadata_errors="surrogateescape", options=dict(_OPTIONS)
        )
    except OSError as error:
        if error.errno not in _UNREADABLE:
            raise _no_audio(path, error) from error
        raise IngestError(
            f"{path}: {error.strerror or error}; check the name and who may read it"
        ) from error
    except av.FFmpegError as error:
        raise _no_audio(path, error) from error
    except ValueError as error:
        raise IngestError(f"{path!s:.200}: {error}; rename the file") from error


def _no_audio(path: Path, error: OSError | av.FFmpegError) -> NotAudioError:
    return NotAudioError(
        f"{path}: not an audio file we can read ({_reason(error)}); "
        "bring MP3, FLAC, Ogg, Opus, M4A or WAV"
    )


def _audio_stream(path: Path, container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise NotAudioError(f"{path}: there is no audio stream in it; choose an audio file")
    stream = container.streams.audio[0]
    if not stream.rate:
        raise NotAudioError(f"{path}: its audio coding is unknown; convert it to FLAC or WAV")
    return stream


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what PyAV raises over a bad file into a sentence."""
    try:
        yield
    except av.FFmpegError as error:
        raise DamagedError(
            f"{path}: damaged, decoding failed ({_reason(error)}); copy or export it again"
        ) from error
    except (ValueError, OverflowError, RuntimeError) as error:
        raise DamagedError(
            f"{path}: damaged, its form makes no sense ({error}); copy or export it again"
        ) from error


def _reason(error: OSError | av.FFmpegError) -> str:
    return str(error.strerror or error).lower()
