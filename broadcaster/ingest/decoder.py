"""Decode any audio file into 48 kHz mono 16-bit PCM, piece by piece, exact to the sample.

Lengths are those the author heard: encoder delay and padding are dropped as the LAME header, the
Ogg granule position or the MP4 edit list say, and both the decoder and the resampler are drained.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from broadcaster.ingest.errors import DamagedError, IngestError, NotAudioError, RefusedError
from zones.media_time import RATE, Sample, seconds

Pcm = NDArray[np.int16]

LONGEST = 24 * 3600 * RATE
"""Samples; longer recordings are refused: they are a mistake, or an attack on the disk."""


class Decoder:
    """One audio file, opened. A context manager.

    Args:
        path: the file, of any format FFmpeg knows; its name tells nothing.

    Raises:
        NotAudioError: no audio is in it.
        RefusedError: it is empty.
        IngestError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._container = _opened(path)
        try:
            self._stream = _audio_stream(path, self._container)
        except IngestError:
            self._container.close()
            raise

    def __enter__(self) -> "Decoder":
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    @property
    def tags(self) -> dict[str, str]:
        """The file's tags, names in lower case; the stream's own win (Ogg keeps them there)."""
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
        """Decode the whole file, once.

        Raises:
            DamagedError: a part cannot be decoded, or the end is missing.
            RefusedError: there is no sound in it, or too much.
        """
        with _explained(self.path):
            yield from self._limited()

    def _limited(self) -> Iterator[Pcm]:
        total = 0
        for piece in self._resampled():
            total += len(piece)
            if total > LONGEST:
                raise RefusedError(
                    f"{self.path}: longer than {LONGEST // RATE // 3600} hours; cut it in parts"
                )
            yield piece
        if not total:
            raise RefusedError(f"{self.path}: holds not one sample of sound; choose another file")
        self._refuse_truncated(total)

    def _resampled(self) -> Iterator[Pcm]:
        """Canonical pieces, together exactly as long as the frames' meant samples."""
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        exact, given = 0.0, 0
        drain: tuple[tuple[AudioFrame | None, float], ...] = ((None, 0.0),)
        for frame, meant in chain(self._frames(), drain):
            exact += meant
            for converted in resampler.resample(frame):
                piece = _samples(converted)[: max(0, round(exact) - given)]
                given += len(piece)
                if len(piece):
                    yield piece
        if given < round(exact):
            # The resampler's filter can end a few samples early.
            yield np.zeros(round(exact) - given, np.int16)

    def _frames(self) -> Iterator[tuple[AudioFrame, float]]:
        """Decoded frames, each with how much of it is meant, in samples at 48 kHz.

        FFmpeg drops an MP4's encoder delay but plays AAC's padding to the end of the frame; how
        much of the last frame is meant stands in its packet's duration.
        """
        is_mp4 = "mp4" in self._container.format.name
        given = 0
        for packet in self._container.demux(self._stream):
            end = None
            if is_mp4 and packet.pts is not None and packet.duration:
                end = round((packet.pts + packet.duration) * packet.time_base * self._stream.rate)
            for frame in packet.decode():
                meant = frame.samples if end is None else min(frame.samples, max(0, end - given))
                given += meant
                yield frame, meant * RATE / frame.sample_rate

    def _refuse_truncated(self, total: Sample) -> None:
        """Compare with the announced length; those of raw streams are guesses from the bit rate."""
        announced = self.announced_length
        if announced is None or self._container.format.name in _GUESSED:
            return
        if total < announced - _TOLERANCE:
            raise DamagedError(
                f"{self.path}: ends after {seconds(total):.1f} s of {seconds(announced):.1f} s; "
                "it is cut off: copy the file again"
            )


_TOLERANCE = RATE // 2
"""Samples an announced length may be wrong: some encoders count their padding."""
_GUESSED = frozenset({"aac", "ac3", "amr"})


def _opened(path: Path) -> InputContainer:
    try:
        if path.stat().st_size == 0:
            raise RefusedError(f"{path}: the file is empty; copy it again")
        # Metadata is asked for as bytes that survive: Korean tags are often CP949.
        return av.open(
            str(path.absolute()),
            metadata_errors="surrogateescape",
            options={"protocol_whitelist": "file"},
        )
    except av.FFmpegError as error:
        raise NotAudioError(
            f"{path}: not an audio file ({_reason(error)}); bring MP3, FLAC, Ogg, Opus, M4A or WAV"
        ) from error
    except OSError as error:
        raise IngestError(
            f"{path}: {error.strerror or error}; check the name and who may read it"
        ) from error


def _audio_stream(path: Path, container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise NotAudioError(f"{path}: there is no audio stream in it; choose an audio file")
    stream = container.streams.audio[0]
    if not stream.rate:
        raise NotAudioError(f"{path}: its audio coding is unknown; convert it to FLAC or WAV")
    return stream


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except av.FFmpegError as error:
        raise DamagedError(
            f"{path}: damaged, decoding failed ({_reason(error)}); copy or export it again"
        ) from error


def _reason(error: av.FFmpegError) -> str:
    return str(error.strerror or error).lower()


def _samples(frame: AudioFrame) -> Pcm:
    return np.asarray(frame.to_ndarray()[0], np.int16)
