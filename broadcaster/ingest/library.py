"""The library on disk: which file became which recording, so that no import is done twice.

`<state>/library.jsonl` is appended to, one line a recording, synced; for a file imported again the
last line counts. A line cut off by a power failure is left out when reading.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from broadcaster.ingest.confined_reader import ConfinedReader
from broadcaster.ingest.errors import IngestError, StoreError, StoreFullError
from broadcaster.ingest.importer import Progress, import_recording
from broadcaster.ingest.limits import Limits
from broadcaster.ingest.pcm_store import PcmStore
from broadcaster.ingest.store_keeper import remove_remains
from broadcaster.radio.recordings import Recordings, RecordingsError
from playlists.recording import Recording, plain_fields, recording_from

log = logging.getLogger(__name__)

FILE = "library.jsonl"


@dataclass(frozen=True, slots=True)
class Imported:
    """A file is in the library."""

    file: Path
    recording: Recording
    was_known: bool
    """Nothing had to be done: the same file was imported before."""


@dataclass(frozen=True, slots=True)
class NotImported:
    """A file is not in the library, and why."""

    file: Path
    reason: str


@dataclass(frozen=True, slots=True)
class _Entry:
    file: str
    size: int
    mtime_ns: int
    recording: Recording


class Library:
    """The recordings of a station.

    Args:
        state: the state directory; its `pcm` holds the sound.

    Raises:
        StoreError: the directory cannot be used.
    """

    def __init__(self, state: Path) -> None:
        self.store = PcmStore(state / "pcm")
        self._path = state / FILE
        self._entries = {entry.file: entry for entry in self._read()}

    @property
    def recordings(self) -> dict[str, Recording]:
        """All recordings by id, in the order in which they came."""
        return {entry.recording.id: entry.recording for entry in self._entries.values()}

    def files(self) -> Iterator[tuple[str, Recording]]:
        """Every file that was imported, with the recording it became."""
        return ((entry.file, entry.recording) for entry in self._entries.values())

    def recording_of(self, file: Path) -> Recording | None:
        """Return what a file became, if it is unchanged since and its sound is in the store."""
        entry = self._entries.get(_key(file))
        if entry is None or not self.store.contains(entry.recording.pcm):
            return None
        try:
            status = file.stat()
        except OSError:
            return None
        is_same = (entry.size, entry.mtime_ns) == (status.st_size, status.st_mtime_ns)
        return entry.recording if is_same else None

    def import_files(
        self,
        files: Iterable[Path],
        *,
        progress: Callable[[Path], Progress | None] | None = None,
        limits: Limits | None = None,
    ) -> Iterator[Imported | NotImported]:
        """Import files one after the other and yield what became of each.

        What was imported before is not read again, so an interrupted import is taken up by
        calling again. One bad file does not stop the others; a full disk does.

        Args:
            files: see `audio_files`.
            progress: returns what is to be told about the progress of one file.
            limits: what each file may ask of us.

        Raises:
            StoreFullError: the disk is full; what was imported until then stays.
            StoreError: the store cannot be written.
        """
        remove_remains(self.store)
        with ConfinedReader() as reader:
            for file in files:
                known = self.recording_of(file)
                if known is not None:
                    yield Imported(file, known, was_known=True)
                    continue
                try:
                    recording = import_recording(
                        file,
                        self.store,
                        progress=progress(file) if progress else None,
                        reader=reader,
                        limits=limits,
                    )
                    self._remember(file, recording)
                except StoreError:
                    raise
                except IngestError as error:
                    yield NotImported(file, str(error))
                else:
                    yield Imported(file, recording, was_known=False)

    def _remember(self, file: Path, recording: Recording) -> None:
        try:
            status = file.stat()
        except OSError as error:
            raise IngestError(f"{file}: vanished while it was imported; import again") from error
        entry = _Entry(_key(file), status.st_size, status.st_mtime_ns, recording)
        # ASCII, so that a name that is no UTF-8 survives as \udcXX.
        line = (
            json.dumps(asdict(entry) | {"recording": plain_fields(recording)}).encode("ascii")
            + b"\n"
        )
        with _written(self._path):
            descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if not _ends_with_newline(descriptor):
                    line = b"\n" + line
                os.write(descriptor, line)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._entries[entry.file] = entry
        self._list(entry)

    def _list(self, entry: _Entry) -> None:
        """Let the recording be found by people; that it can be played does not depend on it."""
        try:
            with closing(Recordings(self._path.parent)) as listed:
                listed.add([(entry.file, entry.recording)])
        except RecordingsError as error:
            log.warning("%s is imported, but cannot be searched for: %s", entry.file, error)

    def _read(self) -> Iterator[_Entry]:
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(
                f"{self._path}: {error.strerror or error}; check the disk and who may read it"
            ) from error
        for number, line in enumerate(lines, 1):
            if not line:
                continue
            try:
                yield _entry(json.loads(line))
            except (ValueError, TypeError, KeyError) as error:
                log.warning("%s:%d: left out, not readable (%s)", self._path, number, error)


def _entry(loaded: dict[str, object]) -> _Entry:
    fields = loaded["recording"]
    if not isinstance(fields, dict):
        raise TypeError("a recording without fields")
    recording = recording_from(fields)
    return _Entry(
        str(loaded["file"]),
        int(str(loaded["size"])),
        int(str(loaded["mtime_ns"])),
        recording,
    )


def _key(file: Path) -> str:
    return str(file.absolute())


def _ends_with_newline(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"


@contextmanager
def _written(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreFullError(
            f"{path}: {error.strerror or error}; free some space, then import again"
        ) from error
