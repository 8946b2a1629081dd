"""Where the recordings of phrases are kept, and what is found when they are looked at.

Two shelves: the synthetic voices that ship with the program, and a station's own in its state
directory. Every file is held against its checksum each time; what it decodes to is remembered by
that checksum, so that a restart decodes nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from alerts.message import Language, Phrase
from alerts.voices import MISSING, Status, Voice
from broadcaster.catalogue_reader import FOLDER, VOICES
from broadcaster.ingest.clipping import is_clipped
from broadcaster.ingest.cue_points import CueFinder
from broadcaster.ingest.decoder import Decoder
from broadcaster.ingest.errors import IngestError, StoreError
from broadcaster.ingest.pcm_store import PcmStore
from broadcaster.ingest.voice_encoder import flac
from broadcaster.run_directory import write_whole
from zones.media_time import Sample
from zones.sound import PcmId

_DECODED: Final = "decoded.json"
_LAYOUT: Final = 1
_KINDS: Final = frozenset({Status.RECORDED, Status.SYNTHETIC, Status.CLIPPED})


@dataclass(frozen=True, slots=True)
class Record:
    """One recording: whose words it has, its file beside the records, and the file's checksum."""

    phrase: Phrase
    audio: str
    sha256: str
    status: Status
    """What it was when it was brought in: recorded, synthetic or clipped."""


def decode_records(text: bytes) -> tuple[Record, ...]:
    """The records in a file's text.

    Raises:
        ValueError: it holds none of this layout.
    """
    try:
        fields = json.loads(text)
        if fields["voices"] != _LAYOUT:
            raise ValueError(f"voices of layout {fields['voices']}, not {_LAYOUT}")
        records = tuple(
            Record(
                Phrase(Language(one["language"]), one["text"]),
                Path(one["audio"]).name,
                one["sha256"],
                Status(one["status"]),
            )
            for one in fields["recordings"]
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"these are no voices: {error!r}") from error
    if any(record.status not in _KINDS for record in records):
        raise ValueError("a voice is recorded, synthetic or clipped")
    return records


def encode_records(records: Iterable[Record]) -> bytes:
    """The records as a file's text, one a line, so that a change of one is seen as one."""
    lines = (
        json.dumps(
            {
                **asdict(record.phrase),
                "audio": record.audio,
                "sha256": record.sha256,
                "status": record.status.value,
            },
            ensure_ascii=False,
        )
        for record in records
    )
    body = ",\n".join(lines)
    return f'{{"voices": {_LAYOUT}, "recordings": [\n{body}\n]}}\n'.encode()


class VoiceShelf:
    """The recordings of a station, its own before those shipped.

    A station's records that cannot be read are set aside: what ships can still be spoken. `fault`
    then says so.

    Raises:
        IngestError: the installation is damaged.
    """

    def __init__(self, state: Path, store: PcmStore, shipped: Traversable | None = None) -> None:
        """`shipped` is where the shipped voices lie, by default in the program."""
        self.store = store
        self._shipped = resources.files("alerts") / FOLDER if shipped is None else shipped
        self._folder = state / FOLDER
        self.fault = ""
        self._own = self._read_own()
        try:
            self._given = _read(self._shipped / VOICES)
        except (OSError, ValueError) as error:
            raise IngestError(f"{self._shipped}/{VOICES}: {error}; install again") from error
        self._decoded = self._read_decoded()
        self._is_remembered = True

    # --- looking ---

    def voice(self, phrase: Phrase) -> Voice:
        """The best recording of a phrase; when a better one is damaged, `why` says so.

        Raises:
            StoreError: the store failed.
        """
        found = [
            self._looked_at(record, place)
            for records, place in ((self._own, self._folder), (self._given, self._shipped))
            for record in sorted(records, key=lambda one: list(Status).index(one.status))
            if record.phrase == phrase
        ]
        usable = next((voice for voice in found if voice.status.is_usable), None)
        if usable is None:
            return found[0] if found else MISSING
        return Voice(usable.pcm, usable.length, usable.status, found[0].why)

    def has_own(self, phrase: Phrase) -> bool:
        """Whether the station itself has a recording of the phrase, damaged or not."""
        return any(record.phrase == phrase for record in self._own)

    def _looked_at(self, record: Record, place: Path | Traversable) -> Voice:
        try:
            data = (place / record.audio).read_bytes()
        except OSError as error:
            why = f"{record.audio}: {error.strerror or 'cannot be read'}; bring it in again"
            return Voice(None, 0, Status.MISSING, why)
        if hashlib.sha256(data).hexdigest() != record.sha256:
            why = f"{record.audio}: not the file that was brought in; bring it in again"
            return Voice(None, 0, Status.CORRUPT, why)
        known = self._decoded.get(record.sha256)
        if known is not None and self.store.contains(known[0]):
            return _worded(Voice(known[0], known[1], known[2]), record)
        try:
            samples = _decoded(record.audio, data)
        except StoreError:
            raise
        except IngestError as error:
            return Voice(None, 0, Status.CORRUPT, f"{record.audio}: {error}")
        status = judged(samples, record.status)
        if not status.is_usable:
            why = f"{record.audio}: holds nothing but silence; record it again"
            return Voice(None, 0, status, why)
        pcm = self.store.add(samples)
        self._decoded[record.sha256] = (pcm, len(samples), status)
        self._is_remembered = False
        return _worded(Voice(pcm, len(samples), status), record)

    # --- keeping ---

    def keep(self, phrase: Phrase, samples: NDArray[np.int16], status: Status) -> None:
        """Put a voice that went through the speech chain on the station's own shelf.

        It takes the place of the one before.

        Raises:
            StoreError: it cannot be written.
        """
        data = flac(samples)
        digest = hashlib.sha256(data).hexdigest()
        record = Record(phrase, f"{digest[:16]}.flac", digest, status)
        before = [one for one in self._own if one.phrase == phrase]
        self._own = [one for one in self._own if one.phrase != phrase] + [record]
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self._folder / record.audio, data)
            write_whole(self._folder / VOICES, encode_records(self._own))
        except OSError as error:
            raise StoreError(f"{self._folder}: {error.strerror}; free some space") from error
        self._remove(before)

    def forget(self, phrase: Phrase) -> bool:
        """Take the station's own recording of a phrase away; whether there was one.

        Raises:
            StoreError: it cannot be written.
        """
        before = [one for one in self._own if one.phrase == phrase]
        if not before:
            return False
        self._own = [one for one in self._own if one.phrase != phrase]
        try:
            write_whole(self._folder / VOICES, encode_records(self._own))
        except OSError as error:
            raise StoreError(f"{self._folder}: {error.strerror}; free some space") from error
        self._remove(before)
        return True

    def remember(self) -> None:
        """Note what was decoded, so that the next start need not do it again."""
        if self._is_remembered:
            return
        fields = {
            digest: [pcm, length, status.value]
            for digest, (pcm, length, status) in self._decoded.items()
        }
        with contextlib.suppress(OSError):  # then the next start decodes once more
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self._folder / _DECODED, json.dumps(fields).encode(), durable=False)
            self._is_remembered = True

    def _remove(self, records: Iterable[Record]) -> None:
        wanted = {record.audio for record in self._own}
        for record in records:
            if record.audio not in wanted:
                with contextlib.suppress(OSError):
                    (self._folder / record.audio).unlink()

    def _read_own(self) -> list[Record]:
        path = self._folder / VOICES
        try:
            return list(_read(path))
        except (OSError, ValueError) as error:
            self.fault = f"{path}: {error}; the station's own recordings must be brought in again"
            with contextlib.suppress(OSError):
                path.rename(path.with_name(f"{VOICES}.damaged"))
            return []

    def _read_decoded(self) -> dict[str, tuple[PcmId, Sample, Status]]:
        try:
            fields: Mapping[str, list[object]] = json.loads((self._folder / _DECODED).read_bytes())
            return {
                digest: (PcmId(str(pcm)), int(str(length)), Status(status))
                for digest, (pcm, length, status) in fields.items()
            }
        except (OSError, ValueError, TypeError, AttributeError):
            return {}


def judged(samples: NDArray[np.int16], status: Status) -> Status:
    """`status`, unless the samples are nothing but silence or cut flat."""
    cues = CueFinder()
    cues.add(samples)
    if cues.is_silent:
        return Status.SILENT
    return Status.CLIPPED if is_clipped(samples) else status


def _worded(voice: Voice, record: Record) -> Voice:
    if voice.status is not Status.CLIPPED:
        return voice
    why = f"{record.audio}: recorded too loud, its peaks are cut off; record it again"
    return Voice(voice.pcm, voice.length, voice.status, why)


def _read(path: Path | Traversable) -> tuple[Record, ...]:
    """The records in a file, none if there is no such file; raises OSError and ValueError."""
    try:
        return decode_records(path.read_bytes())
    except FileNotFoundError:
        return ()


def _decoded(name: str, data: bytes) -> NDArray[np.int16]:
    # In memory: a worker that is killed leaves no file behind.
    with os.fdopen(os.memfd_create(name), "wb") as file:
        file.write(data)
        file.flush()
        with Decoder(Path(f"/proc/self/fd/{file.fileno()}")) as decoder:
            return np.concatenate(list(decoder.pieces()))
