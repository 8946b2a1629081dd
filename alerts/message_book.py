"""All messages of a station, looked up by what is needed of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alerts.hazard import HazardId, Level, Response
from alerts.message import (
    GENERIC,
    Condition,
    Hazard,
    Language,
    Message,
    Phrase,
    Purpose,
    UnknownMessageError,
)
from alerts.particle import filled
from alerts.spoken import MessageId


@dataclass(frozen=True)
class MessageBook:
    """The catalogue as a value. Its reader saw to it that every look-up below finds a message."""

    hazards: Mapping[HazardId, Hazard]
    messages: Mapping[MessageId, Message]
    name_clauses: Mapping[Condition, Mapping[Language, str]]
    """How the name of a zone or an exit is said: a sentence with `{name}` in it."""
    every: tuple[Language, ...]
    """The languages of each cycle, in their order."""
    rotating: tuple[Language, ...]
    """Of these, one a cycle comes after the others, in turn."""

    def named(self, message: str) -> Message:
        """The message of that name.

        Raises:
            UnknownMessageError: there is none; says which there are.
        """
        found = self.messages.get(MessageId(message))
        if found is None:
            names = ", ".join(self.messages)
            raise UnknownMessageError(f"there is no message {message!r}; there are {names}")
        return found

    def warning(self, hazard: HazardId, level: Level, response: Response | None = None) -> Message:
        """The message that warns of a hazard at a level; among several, one asking for `response`.

        Its words are never more urgent than `level`. A hazard that has none at this level is
        spoken of by the generic message of the level, then by its own of a lower level, then by
        the generic caution.
        """
        steps = [(hazard, level), (GENERIC, level)]
        steps += [(hazard, lower) for lower in reversed(Level) if lower < level]
        for of, at in (*steps, (GENERIC, Level.CAUTION)):
            fitting = [message for message in self._for(Purpose.WARNING, of) if message.level is at]
            if fitting:
                return next((one for one in fitting if one.response is response), fitting[0])
        raise UnknownMessageError("the catalogue has no generic caution; install again")

    def correction(self, hazard: HazardId) -> Message:
        """The warning of this hazard was an error; the generic one for an unknown hazard."""
        return self._of(Purpose.CORRECTION, hazard)

    def hazard_over(self, hazard: HazardId) -> Message:
        """This hazard is over; the generic message for an unknown hazard."""
        return self._of(Purpose.HAZARD_OVER, hazard)

    def step_down(self, hazard: HazardId) -> Message:
        """Evacuation is over and the path stays closed; the generic one for an unknown hazard."""
        return self._of(Purpose.STEP_DOWN, hazard)

    def path_open(self) -> Message:
        """The path may be used again."""
        return self._of(Purpose.PATH_OPEN, GENERIC)

    def conflict(self) -> Message:
        """Two warnings of a zone contradict each other."""
        return self._of(Purpose.CONFLICT, GENERIC)

    def exercise(self, hazard: HazardId = GENERIC) -> Message:
        """An exercise about a hazard, if there is such a message; else the generic exercise."""
        return self._of(Purpose.EXERCISE, hazard)

    def exercise_end(self) -> Message:
        """The exercise is over."""
        return self._of(Purpose.EXERCISE_END, GENERIC)

    def exercise_stopped(self) -> Message:
        """The exercise ends because something real happens."""
        return self._of(Purpose.EXERCISE_STOPPED, GENERIC)

    def audible_test(self) -> Message:
        """The monthly test that people hear."""
        return self._of(Purpose.TEST, GENERIC)

    def nearest(self, message: Message) -> Iterator[Message]:
        """What may be spoken in a message's place, nearest first: generic, never more urgent.

        A warning by the generic one of its level, then by the generic caution; what ends one, or
        is an exercise, only by a message of the same purpose: a lost recording must not turn a
        correction into a warning.
        """
        levels = [level for level in reversed(Level) if level <= (message.level or Level.CAUTION)]
        if message.purpose in (Purpose.WARNING, Purpose.CONFLICT):
            found = [self.warning(GENERIC, level) for level in levels]
        else:
            found = [self._of(message.purpose, GENERIC)]
        for one in dict.fromkeys(stand_in.id for stand_in in found):
            if one != message.id:
                yield self.messages[one]

    def name_phrase(self, condition: Condition, language: Language, name: str) -> Phrase | None:
        """What is said for the name of a zone or exit; None in a language without such a clause."""
        clause = self.name_clauses.get(condition, {}).get(language)
        return None if clause is None else Phrase(language, filled(clause, name))

    def _for(self, purpose: Purpose, hazard: HazardId) -> Iterator[Message]:
        for message in self.messages.values():
            if message.purpose is purpose and message.hazard == hazard:
                yield message

    def _of(self, purpose: Purpose, hazard: HazardId) -> Message:
        for of in (hazard, GENERIC):
            for message in self._for(purpose, of):
                return message
        raise UnknownMessageError(f"the catalogue has no {purpose.value} message; install again")
