"""Put a prepared message together for its zones, whatever is left of its recordings.

A language without a usable voice is left out; if none is left, the nearest message that can be
spoken takes its place; and if there is none, the tone alone sounds. A warning is never kept from
the air because a file is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from alerts import exits
from alerts.message import (
    Alternative,
    Condition,
    Language,
    Message,
    Phrase,
    Tone,
    Wording,
    whole,
)
from alerts.message_book import MessageBook
from alerts.names import name_in
from alerts.spoken import Cycle, Spoken
from alerts.voices import RANKS, Status, Voices
from zones.bus import ZoneId
from zones.geometry import Point
from zones.media_time import RATE, Sample, samples
from zones.site import Name, Site
from zones.sound import Segment, silence

LEAD: Final[Sample] = samples(0.04)
"""Before the tone: streams with 20 ms packets lose no sound of it, and zones stay aligned."""
AFTER_TONE: Final[Sample] = samples(0.5)
BETWEEN_PHRASES: Final[Sample] = samples(0.25)
AFTER_LANGUAGE: Final[Sample] = RATE


@dataclass(frozen=True, slots=True)
class Speech:
    """A message ready for its zones, and what had to be left out of it."""

    spoken: Spoken
    notes: tuple[str, ...] = ()
    """Sentences for the operator; empty when everything is said as written."""


def speak(
    message: Message,
    zones: Iterable[ZoneId],
    *,
    site: Site | None,
    place: Point | None,
    voices: Voices,
    book: MessageBook,
    only: bool = False,
) -> Speech:
    """Put a message together so that all zones stay in step.

    Args:
        message: what to say.
        zones: where; at least one.
        site: the names of its zones and exits are spliced in where somebody has recorded them;
            None for no names.
        place: where the incident is; without it no exit is named (SAFETY F2).
        voices: the recordings.
        book: where stand-ins are found.
        only: say of a correction or all-clear that another warning goes on (SAFETY D3).

    Raises:
        ValueError: there is no zone.
    """
    where = tuple(dict.fromkeys(zones))
    if not where:
        raise ValueError(f"message {message.id}: no zone is named to speak it in")
    notes: list[str] = []
    for candidate in (message, *book.nearest(message)):
        case = _Case(candidate, where, site, place, voices, book, only)
        notes += case.notes()
        if case.parts:
            if candidate.id != message.id:
                notes.append(f"{message.id} cannot be spoken: {candidate.id} is said instead")
            return Speech(Spoken(candidate.id, case.cycles()), tuple(notes))
    notes.append(f"{message.id} cannot be spoken: only its tone sounds; record it")
    tone = _tone(message.tone, voices)
    # A language of silence, so that whatever waits for the end of one comes in after the tone.
    alone = (Cycle(tone, ((silence(AFTER_LANGUAGE),),)),)
    return Speech(Spoken(message.id, dict.fromkeys(where, alone)), tuple(notes))


def spoken_status(wording: Wording, voices: Voices) -> Status:
    """What is known of the recordings with which a text is spoken, at worst."""
    statuses = []
    for only in (False, True) if wording.has_only else (False,):
        plain = wording.plain(only=only)
        said = _sayable(plain, plain, voices) or plain
        statuses.append(voices.worst(said))
    return max(statuses, key=RANKS.__getitem__)


def _sayable(
    pieces: tuple[Phrase, ...], plain: tuple[Phrase, ...], voices: Voices
) -> tuple[Phrase, ...] | None:
    """The pieces with their names, or the plain text where somebody recorded only that."""
    at_once = whole(plain)
    is_spoken_by_person = voices.of(at_once).status is Status.RECORDED
    if is_spoken_by_person and voices.worst(plain) is not Status.RECORDED:
        return (at_once,)
    if all(map(voices.can_say, pieces)):
        return pieces
    return (at_once,) if voices.can_say(at_once) else None


@dataclass(frozen=True)
class _Case:
    """One message in its zones."""

    message: Message
    zones: tuple[ZoneId, ...]
    site: Site | None
    place: Point | None
    voices: Voices
    book: MessageBook
    only: bool

    @cached_property
    def parts(self) -> dict[Language, dict[ZoneId, tuple[Segment, ...]]]:
        """What each zone hears in each language that every zone can be told in."""
        found = {}
        for language, wording in self.message.wordings.items():
            said = {zone: self._phrases(wording, zone) for zone in self.zones}
            whole_said = {zone: phrases for zone, phrases in said.items() if phrases}
            if len(whole_said) == len(self.zones):
                found[language] = self._in_step(whole_said)
        return found

    def notes(self) -> Iterator[str]:
        """A sentence for each language that is spoken in every cycle and has to be left out."""
        for language in self.book.every:
            if language in self.message.wordings and language not in self.parts:
                phrases = self.message.wordings[language].plain(only=self.only)
                status = self.voices.worst(phrases).value
                yield f"{self.message.id}: left out in {language}: its voice is {status}"

    def cycles(self) -> Mapping[ZoneId, tuple[Cycle, ...]]:
        """The cycles of each zone, one for each language that comes in turn."""
        always = [language for language in self.book.every if language in self.parts]
        turns = [[one] for one in self.book.rotating if one in self.parts] or [[]]
        tone = _tone(self.message.tone, self.voices)
        return {
            zone: tuple(
                Cycle(tone, tuple(self.parts[language][zone] for language in (*always, *turn)))
                for turn in turns
            )
            for zone in self.zones
        }

    def _phrases(self, wording: Wording, zone: ZoneId) -> tuple[Phrase, ...] | None:
        """What to say in a zone: in pieces with its names, or the plain text in one go."""
        pieces = wording.resolved(lambda one: self._side(wording.language, one, zone))
        return _sayable(pieces, wording.plain(only=self.only), self.voices)

    def _side(self, language: Language, one: Alternative, zone: ZoneId) -> str:
        if one.condition is Condition.ONLY:
            return one.held if self.only else one.otherwise
        names = self._zone_names if one.condition is Condition.ZONE else self._exit_names
        name = names.get(zone)
        word = name and name_in(name, language)
        phrase = self.book.name_phrase(one.condition, language, word) if word else None
        return phrase.text if phrase and self.voices.can_say(phrase) else one.otherwise

    @cached_property
    def _zone_names(self) -> dict[ZoneId, Name]:
        return {} if self.site is None else {zone.id: zone.name for zone in self.site.zones}

    @cached_property
    def _exit_names(self) -> dict[ZoneId, Name]:
        if self.site is None:
            return {}
        chosen = {zone: exits.choose(self.site, zone, self.place) for zone in self.zones}
        return {zone: one.name for zone, one in chosen.items() if one is not None}

    def _in_step(
        self, said: Mapping[ZoneId, tuple[Phrase, ...]]
    ) -> dict[ZoneId, tuple[Segment, ...]]:
        """One language, equally long everywhere: shorter names are followed by a longer pause."""
        voiced = {zone: self._voiced(phrases) for zone, phrases in said.items()}
        lengths = {zone: sum(one.length for one in part) for zone, part in voiced.items()}
        longest = max(lengths.values())
        return {
            zone: (*part, silence(longest - lengths[zone] + AFTER_LANGUAGE))
            for zone, part in voiced.items()
        }

    def _voiced(self, phrases: tuple[Phrase, ...]) -> tuple[Segment, ...]:
        segments: list[Segment] = []
        for phrase in phrases:
            voice = self.voices.of(phrase)
            segments += [Segment(voice.pcm, 0, voice.length), silence(BETWEEN_PHRASES)]
        return tuple(segments[:-1])


def _tone(tone: Tone, voices: Voices) -> tuple[Segment, ...]:
    """Silence, the tone and the pause behind it; a warning whose tone is lost has the other's."""
    instead = None if tone is Tone.EXERCISE else Tone.ATTENTION
    sound = voices.tones.get(tone) or (voices.tones.get(instead) if instead else None)
    return (silence(LEAD), *((sound,) if sound else ()), silence(AFTER_TONE))
