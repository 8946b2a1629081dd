"""How a station's messages stand: which voice each has, and everything that is wrong. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alerts.message import ENDINGS, Condition, Language, Message, Phrase
from alerts.message_book import MessageBook
from alerts.speaking import AFTER_LANGUAGE, BETWEEN_PHRASES, spoken_status
from alerts.timing import FIRST_CYCLE_AT_MOST, LANGUAGE_AT_MOST, rate_problem
from alerts.voices import MISSING, Status, Voices
from broadcaster.ingest.messages import BETWEEN_CYCLES, prepared
from broadcaster.ingest.scripts import Script
from zones.media_time import Sample, seconds

_EXPECTED = frozenset({Status.RECORDED, Status.SYNTHETIC})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that an administrator should mend."""

    id: str
    language: Language | None
    sentence: str

    def __str__(self) -> str:
        """Whose fault it is, then the sentence."""
        where = f"{self.id} {self.language}" if self.language else self.id
        return f"{where}: {self.sentence}"


def status_of(script: Script, voices: Voices) -> Status:
    """With which voice a message or name is spoken, at worst."""
    if script.wording is not None:
        return spoken_status(script.wording, voices)
    return voices.worst(script.phrases)


def findings(
    book: MessageBook, scripts: Mapping[tuple[str, Language], Script], voices: Voices
) -> Iterator[Finding]:
    """What is missing, damaged, spoken too fast or too long.

    Languages that rotate may be missing: a station without them says the others.
    """
    for script in scripts.values():
        yield from _of_script(script, voices, is_needed=script.language in book.every)
    longest = {
        (condition, language): _longest(scripts, voices, condition, language)
        for condition in (Condition.ZONE, Condition.EXIT)
        for language in book.every
    }
    for message in book.messages.values():
        for only in (False, True) if message.purpose in ENDINGS else (False,):
            yield from _of_length(message, book, voices, longest, only=only)


def _of_script(script: Script, voices: Voices, *, is_needed: bool) -> Iterator[Finding]:
    status = status_of(script, voices)
    phrases = (*script.phrases, *((script.in_one_go,) if script.in_one_go else ()))
    found = (voices.of(phrase) for phrase in phrases)
    damaged = sorted({voice.why for voice in found if voice.why and voice != MISSING})
    for why in damaged:
        yield Finding(script.id, script.language, why)
    if status not in _EXPECTED and not damaged and (is_needed or status is not Status.MISSING):
        yield Finding(script.id, script.language, f"its voice is {status.value}")
    if script.wording is not None and (problem := rate_problem(script.wording.plain(), voices)):
        yield Finding(script.id, script.language, problem)


def _longest(
    scripts: Mapping[tuple[str, Language], Script],
    voices: Voices,
    condition: Condition,
    language: Language,
) -> Sample:
    """The longest name of a kind, with the pause behind it."""
    lengths = [
        voices.of(script.phrases[0]).length + BETWEEN_PHRASES
        for script in scripts.values()
        if script.language == language and script.id.startswith(f"{condition.value}:")
    ]
    return max(lengths, default=0)


def _of_length(
    message: Message,
    book: MessageBook,
    voices: Voices,
    longest: Mapping[tuple[Condition, Language], Sample],
    *,
    only: bool,
) -> Iterator[Finding]:
    """Whether every language and the first cycle are over in time, with the longest names."""
    ready = prepared(message, voices, book, only=only)
    if ready.notes:
        return  # it is told that a voice is missing
    cycle = sum(segment.length for segment in ready.cycle) - BETWEEN_CYCLES
    for language in book.every:
        wording = message.wordings.get(language)
        if wording is None or not spoken_status(wording, voices).is_usable:
            continue
        plain = wording.plain(only=only)
        length = sum(voices.of(one).length + BETWEEN_PHRASES for one in plain) + AFTER_LANGUAGE
        added = 0
        for piece in wording.alternatives:
            name = longest.get((piece.condition, language), 0)
            instead = voices.of(Phrase(language, piece.otherwise)).length if piece.otherwise else 0
            added += max(0, name - instead - (BETWEEN_PHRASES if instead else 0))
        cycle += added
        if length + added > LANGUAGE_AT_MOST:
            yield Finding(
                message.id,
                language,
                f"takes {seconds(length + added):.1f} s with the longest names; "
                f"{seconds(LANGUAGE_AT_MOST):g} s are the most: shorten it",
            )
    if cycle > FIRST_CYCLE_AT_MOST:
        yield Finding(
            message.id,
            None,
            f"its first cycle takes {seconds(cycle):.1f} s with the longest names; "
            f"{seconds(FIRST_CYCLE_AT_MOST):g} s are the most: shorten it",
        )
