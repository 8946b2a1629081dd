"""Sounds and files for the tests, made on the spot."""

from pathlib import Path

import numpy as np

from broadcaster.simulator import music_files
from broadcaster.simulator.music_files import FileKind
from zones.media_time import RATE

WAV = FileKind(".wav", "wav", "pcm_s16le", "s16", 0, {})
KINDS = {
    kind.suffix[1:]: kind
    for kind in (
        WAV,
        music_files.FLAC,
        music_files.MP3,
        music_files.VORBIS,
        music_files.OPUS,
        music_files.M4A,
    )
}


def tone(seconds=1.0, hertz=440.0, size=0.25, rate=RATE):
    """A sine of `size` full scale, int16."""
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(np.rint(np.sin(2 * np.pi * hertz * time) * size * 32767), np.int16)


def write(path: Path, kind: FileKind, samples=None, **tags: str) -> Path:
    """Encode samples (stereo from mono, as most music is) to a file and return its path."""
    sound = tone() if samples is None else samples
    if sound.ndim == 1:
        sound = np.stack([sound, sound], 1)
    music_files.encode(path, kind, sound, tags)
    return path
