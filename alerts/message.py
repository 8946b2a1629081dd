"""Prepared messages as the catalogue gives them: who speaks, of what, where, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NewType

from alerts.hazard import Direction, HazardId, Level, Response
from alerts.spoken import MessageId
from zones.site import Name

Language = NewType("Language", str)
"""ISO 639-1: ko, en, zh, ja."""

KOREAN = Language("ko")
ENGLISH = Language("en")

GENERIC = HazardId("generic")
"""The hazard of messages that fit every hazard; each catalogue has it."""


class AlertError(Exception):
    """What cannot be done about a warning; the text says why and what to do."""


class UnknownMessageError(AlertError):
    """A message that the catalogue does not have."""


class Purpose(Enum):
    """What a message is for."""

    WARNING = "warning"
    STEP_DOWN = "step-down"
    """From evacuation back to closure (SAFETY D2)."""
    CORRECTION = "correction"
    """The warning was an error."""
    HAZARD_OVER = "hazard-over"
    """The hazard is over; the path may still be closed (SAFETY D2)."""
    PATH_OPEN = "path-open"
    CONFLICT = "conflict"
    """Two warnings of a zone ask for opposite ways (SAFETY B1)."""
    EXERCISE = "exercise"
    EXERCISE_END = "exercise-end"
    EXERCISE_STOPPED = "exercise-stopped"
    """A real warning ends the exercise (SAFETY E2)."""
    TEST = "test"
    """The monthly audible test."""


ENDINGS = frozenset({Purpose.CORRECTION, Purpose.HAZARD_OVER, Purpose.PATH_OPEN})
"""Purposes that end a warning; each also has words for zones where another warning goes on."""
UNREAL = frozenset({Purpose.EXERCISE, Purpose.EXERCISE_END, Purpose.TEST})
"""Purposes that nobody may take for a warning."""


class Tone(Enum):
    """The attention tones."""

    ATTENTION = "attention"
    """Our own rising two-tone call."""
    EVACUATE = "evacuate"
    """The three pulses of ISO 8201."""
    EXERCISE = "exercise"
    """A soft falling call, for exercises and tests."""


class Condition(Enum):
    """What decides between the two sides of an alternative in a text."""

    ZONE = "zone"
    """The zone's name can be spoken."""
    EXIT = "exit"
    """An exit may be named (SAFETY F2) and can be spoken."""
    ONLY = "only"
    """Another warning goes on in the zone."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A place in a text where one of two sentences is spoken, or a name.

    With `ZONE` and `EXIT` the name's own clause stands for `held`, which is then empty.
    """

    condition: Condition
    held: str
    otherwise: str
    """Spoken where the condition does not hold; empty for nothing."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that are recorded in one go."""

    language: Language
    text: str


@dataclass(frozen=True, slots=True)
class Wording:
    """A message's words in one language: sentences, and places where they depend on the case."""

    language: Language
    pieces: tuple[str | Alternative, ...]

    def resolved(self, side: Callable[[Alternative], str]) -> tuple[Phrase, ...]:
        """The phrases spoken when `side` tells what stands for each alternative."""
        said = (piece if isinstance(piece, str) else side(piece) for piece in self.pieces)
        return tuple(Phrase(self.language, text) for text in said if text)

    def plain(self, *, only: bool = False) -> tuple[Phrase, ...]:
        """The phrases spoken without any name; `only` as `Condition.ONLY` says."""
        return self.resolved(
            lambda one: one.held if only and one.condition is Condition.ONLY else one.otherwise
        )

    def fixed(self) -> Iterator[Phrase]:
        """Every phrase of the text that is not a name, each once."""
        texts = (
            text
            for piece in self.pieces
            for text in ((piece,) if isinstance(piece, str) else (piece.held, piece.otherwise))
            if text
        )
        for text in dict.fromkeys(texts):
            yield Phrase(self.language, text)

    @property
    def alternatives(self) -> tuple[Alternative, ...]:
        """The places where its words depend on the case."""
        return tuple(one for one in self.pieces if isinstance(one, Alternative))

    @property
    def conditions(self) -> frozenset[Condition]:
        """What its words depend on."""
        return frozenset(one.condition for one in self.alternatives)

    @property
    def has_only(self) -> bool:
        """Whether it says something else where another warning goes on."""
        return Condition.ONLY in self.conditions


def whole(phrases: tuple[Phrase, ...]) -> Phrase:
    """The same words as one phrase, as somebody records a message in one go."""
    return Phrase(phrases[0].language, " ".join(phrase.text for phrase in phrases))


@dataclass(frozen=True, slots=True)
class Hazard:
    """A hazard of this site: what it is called, and where it strikes."""

    id: HazardId
    name: Name
    place: Name


@dataclass(frozen=True, slots=True)
class Message:
    """A prepared message. The catalogue's reader saw to authority, hazard, place and action."""

    id: MessageId
    purpose: Purpose
    hazard: HazardId
    level: Level | None
    """None for what is no warning."""
    response: Response
    direction: Direction | None
    """Where people would go; up and down in one zone contradict each other (SAFETY B1)."""
    title: Name
    authority: Name
    place: Name
    action: Name | None
    """What to do, in words of the message itself; every warning has it."""
    tone: Tone
    needs_second_person: bool
    wordings: Mapping[Language, Wording]
    """By language, in the order in which they are spoken; ko and en are there."""
