"""A recording: one piece of music, news or station sound, ready to be played."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import Enum
from typing import Any

from zones.media_time import Sample, seconds
from zones.sound import PcmId


class Role(Enum):
    """What a recording is for; music may be crossfaded, what is spoken is not."""

    MUSIC = "music"
    NEWS = "news"
    JINGLE = "jingle"
    """A short mark of the programme."""
    IDENT = "ident"
    """The station says its name."""
    TIME_SIGNAL = "time-signal"


@dataclass(frozen=True, slots=True)
class Recording:
    """What the library knows of one imported file.

    Raises:
        ValueError: the cue points do not lie inside the recording, in order.
    """

    id: str
    """Stable name within the library; equal sound under another title is another recording."""
    title: str
    artist: str
    album: str
    pcm: PcmId
    length: Sample
    """Of the stored PCM, in samples."""
    cue_in: Sample
    """Where the sound begins: what lies before is silence."""
    cue_out: Sample
    """Where the sound has ended."""
    gain_db: float
    """To be applied to the PCM so that it plays at the station's loudness."""
    loudness_lufs: float | None = None
    """Integrated loudness of the stored PCM (EBU R128); None if it is too quiet to tell."""
    true_peak_dbtp: float | None = None
    """Highest true peak of the stored PCM, dB relative to full scale (ITU-R BS.1770 annex 2)."""
    role: Role = Role.MUSIC
    segue: Sample | None = None
    """Where the next may begin below this one's end; None leaves it to the crossfade."""
    composer: str = ""
    label: str = ""
    genre: str = ""
    year: str = ""
    isrc: str = ""
    """International Standard Recording Code (ISO 3901), 12 characters without hyphens."""
    musicbrainz_id: str = ""
    tags: tuple[str, ...] = ()
    """Words of the staff's own, by which rotating lists choose."""
    rights: str = ""
    """By whose leave it is played, as the royalty report shall say it."""
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    """The last day on which it may be played."""

    def __post_init__(self) -> None:
        """Refuse cue points that would play nothing, or something else."""
        if not 0 <= self.cue_in < self.cue_out <= self.length:
            raise ValueError(
                f"recording {self.id!r}: cue points {seconds(self.cue_in):g} s and "
                f"{seconds(self.cue_out):g} s must lie in order within its "
                f"{seconds(self.length):g} s"
            )
        if self.segue is not None and not self.cue_in < self.segue <= self.cue_out:
            raise ValueError(
                f"recording {self.id!r}: its segue point {seconds(self.segue):g} s must lie "
                f"between its cue points {seconds(self.cue_in):g} s and "
                f"{seconds(self.cue_out):g} s"
            )

    @property
    def playing_length(self) -> Sample:
        """Samples between the cue points."""
        return self.cue_out - self.cue_in

    @property
    def is_spoken(self) -> bool:
        """Whether its first and last words would be lost under a crossfade."""
        return self.role in (Role.NEWS, Role.IDENT, Role.TIME_SIGNAL)

    def is_valid_on(self, day: dt.date) -> bool:
        """Whether it may be played on that day, by its rights."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_until is None or day <= self.valid_until)


def plain_fields(recording: Recording) -> dict[str, Any]:
    """The recording as values that JSON has; what is not known is left out."""
    plain: dict[str, Any] = {}
    for name, value in asdict(recording).items():
        if isinstance(value, Enum):
            value = value.value
        elif isinstance(value, dt.date):
            value = value.isoformat()
        elif isinstance(value, tuple):
            value = list(value)
        if name in _CORE or value not in ("", None, []):
            plain[name] = value
    return plain


def recording_from(plain: Mapping[str, Any]) -> Recording:
    """The recording that `plain_fields` wrote down; fields of a later version are left out.

    Raises:
        ValueError, TypeError: it is none.
    """
    known = {name: value for name, value in plain.items() if name in _FIELDS}
    known["pcm"] = PcmId(str(known.get("pcm", "")))
    if "role" in known:
        known["role"] = Role(known["role"])
    known["tags"] = tuple(known.get("tags", ()))
    for name in ("valid_from", "valid_until"):
        if known.get(name) is not None:
            try:
                known[name] = dt.date.fromisoformat(known[name])
            except (TypeError, ValueError):
                raise ValueError(
                    f"{name}: {known[name]!r} is no day; write it like 2027-03-31"
                ) from None
    return Recording(**known)


_FIELDS = frozenset(field.name for field in fields(Recording))
_CORE = frozenset({"id", "title", "artist", "album", "loudness_lufs", "true_peak_dbtp"})
