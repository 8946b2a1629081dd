"""The recordings of phrases: what can be spoken, and what is wrong with the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from alerts.message import Phrase, Tone
from zones.media_time import Sample
from zones.sound import PcmId, Segment


class Status(Enum):
    """What is known of the recording of a phrase, best first."""

    RECORDED = "recorded"
    """A person's voice."""
    SYNTHETIC = "synthetic"
    """A text-to-speech program's."""
    CLIPPED = "clipped"
    """Recorded too loud; spoken all the same, because a warning does not wait for a better one."""
    SILENT = "silent"
    CORRUPT = "corrupt"
    """Not the file that was brought in, or one that cannot be decoded."""
    MISSING = "missing"

    @property
    def is_usable(self) -> bool:
        """Whether it can be put on air."""
        return self in _USABLE


_USABLE = frozenset({Status.RECORDED, Status.SYNTHETIC, Status.CLIPPED})
RANKS = {status: rank for rank, status in enumerate(Status)}
"""The higher, the worse."""


@dataclass(frozen=True, slots=True)
class Voice:
    """The recording of one phrase: its sound in the store, with its length in samples.

    Raises:
        ValueError: it is said to be usable and has no sound.
    """

    pcm: PcmId | None
    length: Sample
    status: Status
    why: str = ""
    """A sentence when something is wrong with it."""

    def __post_init__(self) -> None:
        """Refuse a usable voice without sound."""
        if self.status.is_usable and (self.pcm is None or self.length <= 0):
            raise ValueError(f"a {self.status.value} voice needs sound")


MISSING = Voice(None, 0, Status.MISSING, "nobody has recorded it")


@dataclass(frozen=True)
class Voices:
    """All sound that messages are made of."""

    phrases: Mapping[Phrase, Voice] = field(default_factory=dict)
    tones: Mapping[Tone, Segment] = field(default_factory=dict)

    def of(self, phrase: Phrase) -> Voice:
        """The recording of a phrase; `MISSING` if there is none."""
        return self.phrases.get(phrase, MISSING)

    def can_say(self, phrase: Phrase) -> bool:
        """Whether the phrase has a usable recording."""
        return self.of(phrase).status.is_usable

    def worst(self, phrases: Iterable[Phrase]) -> Status:
        """The worst status among the phrases' recordings."""
        statuses = (self.of(phrase).status for phrase in phrases)
        return max(statuses, key=RANKS.__getitem__, default=Status.MISSING)
