"""The store of canonical PCM: 48 kHz, mono, 16 bit little-endian, named by content.

A file lies at `<directory>/<id[:2]>/<id>.pcm` and its name is the SHA-256 of its bytes, so equal
sound is stored once and a file under its name is always whole: it is written beside, synced and
renamed. A file is never changed afterwards.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from broadcaster.ingest.errors import StoreError, StoreFullError
from zones.media_time import Sample
from zones.sound import PcmId

Pcm = NDArray[np.int16]

SAMPLE_BYTES = 2
PARTIAL = ".part"
_HIDDEN = "."
_PIECE = 1 << 18
"""Samples written at once when a whole array is given."""


class PcmStore:
    """Canonical PCM by content hash.

    Args:
        directory: `<state>/pcm`; made when missing.

    Raises:
        StoreError: the directory cannot be made.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.additions = 0
        """How many recordings this object has added that were not there."""
        with _explained(directory):
            directory.mkdir(parents=True, exist_ok=True)

    def add(self, samples: Pcm | Iterable[Pcm]) -> PcmId:
        """Store one recording, whole or in pieces, and return its name.

        Adding what is already there changes nothing. If an error comes out of the iterator or
        the disk, nothing remains.

        Raises:
            StoreFullError: no space is left.
            StoreError: the disk failed, or there was no sample.
            TypeError: the samples are not one-dimensional 16-bit integers.
        """
        pieces = _cut(samples) if isinstance(samples, np.ndarray) else samples
        digest = hashlib.sha256()
        with self._partial() as (descriptor, partial):
            with _explained(self.directory):
                empty = True
                for piece in pieces:
                    data = _canonical(piece)
                    digest.update(data)
                    _write_all(descriptor, data)
                    empty = empty and not data
            if empty:
                raise StoreError("there is not one sample to store; give it sound")
            return self._adopt(descriptor, partial, PcmId(digest.hexdigest()))

    def path(self, pcm_id: PcmId) -> Path:
        """Return where a recording lies or would lie."""
        return self.directory / pcm_id[:2] / f"{pcm_id}.pcm"

    def contains(self, pcm_id: PcmId) -> bool:
        """Say whether the recording is here."""
        return self.path(pcm_id).is_file()

    def length(self, pcm_id: PcmId) -> Sample:
        """Return a recording's length in samples.

        Raises:
            StoreError: it is not here.
        """
        with _explained(self.path(pcm_id)):
            return self.path(pcm_id).stat().st_size // SAMPLE_BYTES

    def read(self, pcm_id: PcmId) -> Pcm:
        """Map a recording; pages are read when touched and must not be written.

        Raises:
            StoreError: it is not here.
        """
        with _explained(self.path(pcm_id)):
            return np.memmap(self.path(pcm_id), dtype="<i2", mode="r")

    def pieces(self, pcm_id: PcmId) -> Iterator[Pcm]:
        """Yield a recording a second at a time, without mapping it: little memory, no page held.

        Raises:
            StoreError: it is not here.
        """
        with _explained(self.path(pcm_id)), self.path(pcm_id).open("rb") as file:
            while data := file.read(_PIECE * SAMPLE_BYTES):
                yield np.frombuffer(data, "<i2")

    def discard(self, pcm_id: PcmId) -> None:
        """Remove a recording; who maps it keeps it. Not being there is no error."""
        with _explained(self.path(pcm_id)):
            self.path(pcm_id).unlink(missing_ok=True)

    def ids(self) -> Iterator[PcmId]:
        """Yield the names of all recordings, in order."""
        for path in sorted(self.directory.glob("??/*.pcm")):
            yield PcmId(path.stem)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A directory for the files of one piece of work, gone at its end.

        If this process is killed before, the directory is removed with the store's other remains.

        Raises:
            StoreError: it cannot be made.
        """
        with _explained(self.directory):
            descriptor, path = _locked(lambda: _new_directory(self.directory))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
            os.close(descriptor)

    @contextmanager
    def _partial(self) -> Iterator[tuple[int, Path]]:
        """A new file in the store's own file system, gone unless it was adopted."""
        with _explained(self.directory):
            descriptor, path = _locked(lambda: tempfile.mkstemp(PARTIAL, _HIDDEN, self.directory))
        try:
            yield descriptor, path
        finally:
            os.close(descriptor)
            path.unlink(missing_ok=True)

    def _adopt(self, descriptor: int, partial: Path, pcm_id: PcmId) -> PcmId:
        """Give a complete file its name, durably."""
        path = self.path(pcm_id)
        with _explained(path):
            if path.exists():
                path.touch()  # recently wanted: the last to be evicted
                return pcm_id
            path.parent.mkdir(exist_ok=True)
            os.fchmod(descriptor, 0o444)
            os.fsync(descriptor)
            partial.rename(path)
            for directory in (path.parent, self.directory):
                _sync_directory(directory)
        self.additions += 1
        return pcm_id


def _locked(make: Callable[[], tuple[int, str]]) -> tuple[int, Path]:
    """What is made, locked while this process lives: the sign that no dead one left it."""
    while True:
        descriptor, name = make()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if Path(name).exists():
            return descriptor, Path(name)
        os.close(descriptor)  # taken for remains before it was locked


def _new_directory(directory: Path) -> tuple[int, str]:
    while True:
        name = tempfile.mkdtemp(PARTIAL, _HIDDEN, directory)
        with contextlib.suppress(FileNotFoundError):  # taken for remains before it was opened
            return os.open(name, os.O_RDONLY | os.O_DIRECTORY), name


def _cut(samples: Pcm) -> Iterator[Pcm]:
    for begin in range(0, len(samples), _PIECE):
        yield samples[begin : begin + _PIECE]


def _canonical(piece: Pcm) -> memoryview:
    if piece.ndim != 1 or piece.dtype.kind != "i" or piece.dtype.itemsize != SAMPLE_BYTES:
        raise TypeError(
            f"canonical PCM is one-dimensional int16, not {piece.dtype} of shape {piece.shape}"
        )
    return np.ascontiguousarray(piece, "<i2").data.cast("B")


def _write_all(descriptor: int, data: memoryview) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _explained(where: Path) -> Iterator[None]:
    """Turn the system's errors into sentences."""
    try:
        yield
    except FileNotFoundError as error:
        raise StoreError(f"{where}: not in the PCM store; import the recording again") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StoreFullError(
                f"{where}: no space is left on this disk; free some, then import again"
            ) from error
        raise StoreError(
            f"{where}: {error.strerror or error}; check the disk and the directory's owner"
        ) from error
