"""Import one file: read, measure, level, store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from broadcaster.ingest.analysis import Findings
from broadcaster.ingest.clipping import is_clipped
from broadcaster.ingest.confined_reader import ConfinedReader
from broadcaster.ingest.errors import IngestError, RefusedError
from broadcaster.ingest.limiter import limited
from broadcaster.ingest.limits import Limits
from broadcaster.ingest.loudness import (
    PEAK_LIMIT_DBTP,
    LoudnessMeter,
    levelling_gain,
    missing_loudness,
)
from broadcaster.ingest.pcm_store import PcmStore
from broadcaster.ingest.reading import Opened, Reading, read_here
from broadcaster.ingest.speech import LONGEST as LONGEST_MESSAGE
from broadcaster.ingest.speech import spoken
from broadcaster.ingest.tags import Tags, tags_of
from playlists.recording import Recording
from zones.media_time import Sample
from zones.sound import PcmId

Progress = Callable[[Sample, Sample | None], None]
"""Called with samples done and samples in all (None when the file does not say)."""


def import_recording(
    path: Path,
    store: PcmStore,
    *,
    progress: Progress | None = None,
    reader: ConfinedReader | None = None,
    limits: Limits | None = None,
) -> Recording:
    """Decode a file into the store and return what the library keeps of it.

    Importing the same file again gives the same recording.

    Args:
        path: the file.
        store: gets its sound.
        progress: told about once a second of sound.
        reader: reads the file. Without one it is read in this process, as is right only for
            files we made ourselves.
        limits: what the file may ask of us.

    Raises:
        IngestError: it cannot go on air; the text says why and what to do.
    """
    bounds = limits or Limits()
    listened = _Listened(path, progress)
    reading = reader.read(path, bounds) if reader else read_here(path, bounds)
    with closing(reading):
        first = _opened(path, reading)
        pcm, is_new = _stored(store, listened.sound(reading, first.announced))
    findings = listened.findings
    if findings is None:
        raise IngestError(f"{path}: the reader ended without its findings; report this")
    try:
        _refuse_unfit(path, findings, bounds)
        pcm, findings = _levelled(store, pcm, findings, is_new)
    except IngestError:
        if is_new:
            store.discard(pcm)
        raise
    return _recording(tags_of(first.tags, path.stem), pcm, findings)


@dataclass(frozen=True, slots=True)
class SpokenMessage:
    """A spoken message in the store: levelled, nothing but its sound, to be played at 0 dB."""

    pcm: PcmId
    length: Sample
    title: str
    is_clipped: bool = False
    """Whether it was recorded too loud."""


def import_message(
    path: Path, store: PcmStore, reader: ConfinedReader | None = None
) -> SpokenMessage:
    """Put one language of a spoken message through the speech chain and into the store.

    Raises:
        IngestError: it cannot go on air; the text says why and what to do.
    """
    bounds = Limits(longest=LONGEST_MESSAGE)
    listened = _Listened(path, None)
    reading = reader.read(path, bounds) if reader else read_here(path, bounds)
    with closing(reading):
        first = _opened(path, reading)
        voice = np.concatenate(list(listened.sound(reading, None)))
    if listened.findings is None:
        raise IngestError(f"{path}: the reader ended without its findings; report this")
    _refuse_unfit(path, listened.findings, bounds)
    try:
        result = spoken(voice[listened.findings.cue_in : listened.findings.cue_out])
    except RefusedError as error:
        raise RefusedError(f"{path}: {error}") from error
    title = tags_of(first.tags, path.stem).title
    return SpokenMessage(store.add(result), len(result), title, is_clipped(voice))


def _opened(path: Path, reading: Reading) -> Opened:
    first = next(reading, None)
    if not isinstance(first, Opened):
        raise IngestError(f"{path}: the reader did not begin with the file's tags; report this")
    return first


class _Listened:
    """Passes the sound on and keeps what comes after it."""

    def __init__(self, path: Path, progress: Progress | None) -> None:
        self.findings: Findings | None = None
        self._path, self._progress = path, progress

    def sound(self, reading: Reading, announced: Sample | None) -> Iterator[NDArray[np.int16]]:
        length = 0
        for value in reading:
            if isinstance(value, Findings):
                self.findings = value
            elif not isinstance(value, Opened):
                length += len(value)
                if self._progress:
                    self._progress(length, announced)
                yield value


def _stored(store: PcmStore, sound: Iterator[NDArray[np.int16]]) -> tuple[PcmId, bool]:
    """Add to the store; also say whether it was not there before."""
    before = store.additions
    pcm = store.add(sound)
    return pcm, store.additions > before


def _refuse_unfit(path: Path, findings: Findings, limits: Limits) -> None:
    if findings.forbidden:
        raise RefusedError(
            f"{path}: holds {findings.forbidden}, which must never be broadcast; remove it"
        )
    if findings.is_silent:
        raise RefusedError(f"{path}: holds nothing but silence; choose another file")
    if findings.cue_out - findings.cue_in < limits.shortest:
        raise RefusedError(f"{path}: too short to be anything but a click; choose another file")


def _levelled(
    store: PcmStore, pcm: PcmId, findings: Findings, is_new: bool
) -> tuple[PcmId, Findings]:
    """Replace the sound by a limited one where a plain gain would leave it too quiet."""
    if not missing_loudness(findings.loudness):
        return pcm, findings
    meter = LoudnessMeter()

    def louder() -> Iterator[NDArray[np.int16]]:
        gain_db = levelling_gain(findings.loudness) + missing_loudness(findings.loudness)
        for piece in limited(store.pieces(pcm), gain_db, PEAK_LIMIT_DBTP):
            meter.add(piece)
            yield piece

    limited_pcm = store.add(louder())
    if is_new:
        store.discard(pcm)
    return limited_pcm, replace(findings, loudness=meter.result())


def _recording(tags: Tags, pcm: PcmId, findings: Findings) -> Recording:
    return Recording(
        id=_identity(pcm, tags),
        title=tags.title,
        artist=tags.artist,
        album=tags.album,
        pcm=pcm,
        length=findings.length,
        cue_in=findings.cue_in,
        cue_out=findings.cue_out,
        gain_db=levelling_gain(findings.loudness),
        loudness_lufs=findings.loudness.integrated_lufs,
        true_peak_dbtp=findings.loudness.true_peak_dbtp,
        composer=tags.composer,
        label=tags.label,
        genre=tags.genre,
        year=tags.year,
        isrc=tags.isrc,
        musicbrainz_id=tags.musicbrainz_id,
    )


def _identity(pcm: PcmId, tags: Tags) -> str:
    """The same sound under the same names is the same recording, wherever its file lies."""
    names = "\0".join((pcm, tags.title, tags.artist, tags.album))
    return hashlib.sha256(names.encode("utf-8")).hexdigest()[:16]
