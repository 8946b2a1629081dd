"""Editing a recording: cut, faded, joined, with the chime before it; always a new recording.

pydub does the editing, offline and on what is in the store already; nothing here is played out.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from broadcaster.ingest.errors import IngestError
from broadcaster.ingest.importer import import_recording
from broadcaster.ingest.messages import stored_chime
from broadcaster.ingest.pcm_store import SAMPLE_BYTES, PcmStore
from playlists.recording import Recording
from zones.media_time import RATE
from zones.sound import PcmId

if TYPE_CHECKING:
    from pydub import AudioSegment  # type: ignore[import-untyped]

LONGEST = 2 * 3600.0
"""Seconds of a recording that is edited: it is held in memory."""


@dataclass(frozen=True, slots=True)
class SoundEdit:
    """What to do, in this order; times are seconds of what is heard, between the cue points.

    `trim` keeps from one time to another. `joined` come after it, `crossfade` seconds over its
    end. The fades are of the whole. `gain_db` is relative to how it plays now.
    """

    trim: tuple[float, float | None] | None = None
    joined: tuple[Recording, ...] = ()
    crossfade: float = 0.0
    fade_in: float = 0.0
    fade_out: float = 0.0
    gain_db: float = 0.0
    chime: bool = False
    title: str = ""


def edited_recording(recording: Recording, edit: SoundEdit, store: PcmStore) -> Recording:
    """The recording that an edit makes, measured and levelled like any import.

    Raises:
        IngestError: the edit leaves nothing, or asks for more than there is.
    """
    with warnings.catch_warnings():
        # pydub warns of a missing ffmpeg, which it is never asked to use, and of audioop.
        warnings.simplefilter("ignore")
        sound = _edited(recording, edit, store)
        with store.scratch() as place:
            file = place / "edited.wav"
            sound.export(file, format="wav").close()
            made = import_recording(file, store)
    title = edit.title or f"{recording.title} (edited)"
    return replace(
        made,
        id=f"{made.pcm[:12]}-e",
        title=title,
        **{name: getattr(recording, name) for name in _KEPT},
    )


_KEPT = (
    "artist", "album", "composer", "label", "genre", "year", "isrc", "musicbrainz_id", "role",
    "tags", "rights", "valid_from", "valid_until",
)  # fmt: skip


def _edited(recording: Recording, edit: SoundEdit, store: PcmStore) -> AudioSegment:
    sound = _heard(recording, store)
    if edit.trim is not None:
        begin, end = edit.trim
        last = len(sound) / 1000 if end is None else end
        if not 0 <= begin < last <= len(sound) / 1000 + 0.001:
            raise IngestError(
                f'"{recording.title}" is {len(sound) / 1000:.1f} s long: '
                f"{begin:g} to {last:g} s cannot be kept"
            )
        sound = sound[round(begin * 1000) : round(last * 1000)]
    sound = sound.apply_gain(edit.gain_db) if edit.gain_db else sound
    overlap = round(edit.crossfade * 1000)
    for other in edit.joined:
        more = _heard(other, store)
        if overlap > min(len(sound), len(more)):
            raise IngestError(f"a crossfade of {edit.crossfade:g} s is longer than a part of it")
        sound = sound.append(more, crossfade=overlap)
    for fade in (edit.fade_in, edit.fade_out):
        if fade * 1000 > len(sound):
            raise IngestError(f"a fade of {fade:g} s is longer than the {len(sound) / 1000:.1f} s")
    if edit.fade_in:
        sound = sound.fade_in(round(edit.fade_in * 1000))
    if edit.fade_out:
        sound = sound.fade_out(round(edit.fade_out * 1000))
    return _chime(store).append(sound, crossfade=0) if edit.chime else sound


def _heard(recording: Recording, store: PcmStore) -> AudioSegment:
    """What is heard of a recording: between its cue points, at the level at which it plays."""
    if recording.playing_length > LONGEST * RATE:
        raise IngestError(f'"{recording.title}" is longer than two hours; edit it elsewhere')
    sound = _segment(store, recording.pcm, recording.cue_in, recording.cue_out)
    return sound.apply_gain(recording.gain_db)


def _chime(store: PcmStore) -> AudioSegment:
    chime = stored_chime(store).segment
    if chime.pcm is None:
        raise IngestError("this installation has no chime; install it again")
    # The chime is looped with a long quiet after it; before a sentence its sound alone is enough.
    sound = _segment(store, chime.pcm, chime.cue_in, chime.cue_in + chime.length)
    return sound[: min(len(sound), 3000)].fade_out(300)


def _segment(store: PcmStore, pcm: PcmId, begin: int, end: int) -> AudioSegment:
    from pydub import AudioSegment

    data: Any = store.read(pcm)[begin:end]
    return AudioSegment(
        data=data.astype("<i2").tobytes(), sample_width=SAMPLE_BYTES, frame_rate=RATE, channels=1
    )
