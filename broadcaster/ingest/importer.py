"""Import one file: decode, measure, store. One pass, in pieces, in this process."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from broadcaster.ingest.cue_points import CueFinder
from broadcaster.ingest.decoder import Decoder
from broadcaster.ingest.errors import RefusedError
from broadcaster.ingest.loudness import Loudness, LoudnessMeter, levelling_gain
from broadcaster.ingest.pcm_store import PcmStore
from playlists.recording import Recording
from zones.media_time import Sample
from zones.sound import PcmId

Progress = Callable[[Sample, Sample | None], None]
"""Called with samples done and samples in all (None when the file does not say)."""


def import_recording(path: Path, store: PcmStore, *, progress: Progress | None = None) -> Recording:
    """Decode a file into the store and return what the library keeps of it.

    Importing the same file again gives the same recording.

    Raises:
        IngestError: it cannot go on air; the text says why and what to do.
    """
    cues, meter = CueFinder(), LoudnessMeter()
    with Decoder(path) as decoder:
        tags, announced = decoder.tags, decoder.announced_length

        def observed() -> Iterator[NDArray[np.int16]]:
            for piece in decoder.pieces():
                cues.add(piece)
                meter.add(piece)
                if progress:
                    progress(cues.length, announced)
                yield piece

        pcm = store.add(observed())
    if cues.is_silent:
        raise RefusedError(f"{path}: holds nothing but silence; choose another file")
    return _recording(path, tags, pcm, cues, meter.result())


def _recording(
    path: Path, tags: dict[str, str], pcm: PcmId, cues: CueFinder, loudness: Loudness
) -> Recording:
    title = tags.get("title", "").strip() or path.stem
    artist, album = tags.get("artist", "").strip(), tags.get("album", "").strip()
    cue_in, cue_out = cues.points
    return Recording(
        id=_identity(pcm, title, artist, album),
        title=title,
        artist=artist,
        album=album,
        pcm=pcm,
        length=cues.length,
        cue_in=cue_in,
        cue_out=cue_out,
        gain_db=levelling_gain(loudness),
        loudness_lufs=loudness.integrated_lufs,
        true_peak_dbtp=loudness.true_peak_dbtp,
    )


def _identity(pcm: PcmId, *names: str) -> str:
    """The same sound under the same names is the same recording, wherever its file lies."""
    return hashlib.sha256("\0".join((pcm, *names)).encode("utf-8", "replace")).hexdigest()[:16]
