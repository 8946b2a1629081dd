"""How long a message may take, and how fast it may be spoken.

A first cycle in Korean and English is over within 30 s, so that who hears its tone has heard what
to do half a minute later. A language takes at most 15 s, because a warning of another hazard
waits for its end (SAFETY B1). Outdoors, with echoes between speakers, slow speech carries: 120 to
140 English words a minute, 4.5 to 5 Korean syllables a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from alerts.message import ENGLISH, KOREAN, Language, Message, Phrase
from alerts.speaking import AFTER_LANGUAGE, AFTER_TONE, BETWEEN_PHRASES, LEAD
from alerts.voices import Voices
from zones.media_time import Sample, samples, seconds

TONE_AT_LEAST: Final[Sample] = samples(3)
TONE_AT_MOST: Final[Sample] = samples(8)
LANGUAGE_AT_MOST: Final[Sample] = samples(15)
FIRST_CYCLE_AT_MOST: Final[Sample] = samples(30)

RATES: Final[Mapping[Language, tuple[float, float]]] = {
    KOREAN: (4.5, 5.0),
    ENGLISH: (120 / 60, 140 / 60),
}
"""Syllables of Korean and words of English a second, from and to."""
UNITS: Final[Mapping[Language, tuple[str, float]]] = {
    KOREAN: ("syllables a second", 1.0),
    ENGLISH: ("words a minute", 60.0),
}
"""What a rate is told in, and by what it is multiplied for that."""
_RATE_SLACK: Final = 0.1
"""A person who speaks a tenth slower or faster than the rule is understood as well."""

_SYLLABLE: Final = re.compile(r"[가-힣0-9]")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z'’-]*|[0-9]")


def units(phrase: Phrase) -> int | None:
    """Syllables of a Korean phrase, words of an English one, digits counted singly."""
    counted = {KOREAN: _SYLLABLE, ENGLISH: _WORD}.get(phrase.language)
    return None if counted is None else len(counted.findall(phrase.text))


def rate(phrases: tuple[Phrase, ...], voices: Voices) -> float | None:
    """How fast the voices speak these phrases of one language: syllables or words a second.

    None when one of them has no usable voice, or nobody counts in that language.
    """
    counts = [units(phrase) for phrase in phrases]
    length = sum(voices.of(phrase).length for phrase in phrases)
    if not length or None in counts or not all(map(voices.can_say, phrases)):
        return None
    return sum(count for count in counts if count is not None) / seconds(length)


def too_long_as_written(message: Message, every: tuple[Language, ...]) -> Iterator[str]:
    """What is too long about a text, spoken as fast as allowed, before anybody records it."""
    whole = LEAD + TONE_AT_LEAST + AFTER_TONE
    for language in every:
        for only in (False, True):
            if language not in message.wordings:
                continue
            phrases = message.wordings[language].plain(only=only)
            counted = sum(units(phrase) or 0 for phrase in phrases)
            length = samples(counted / RATES[language][1]) if language in RATES else 0
            length += BETWEEN_PHRASES * (len(phrases) - 1) + AFTER_LANGUAGE
            if length > LANGUAGE_AT_MOST:
                yield (
                    f"{language} takes {seconds(length):.0f} s however fast it is spoken; "
                    f"{seconds(LANGUAGE_AT_MOST):.0f} s are the most"
                )
                break
            whole += 0 if only else length
    if whole > FIRST_CYCLE_AT_MOST:
        yield (
            f"the first cycle takes {seconds(whole):.0f} s however fast it is spoken; "
            f"{seconds(FIRST_CYCLE_AT_MOST):.0f} s are the most"
        )


def rate_problem(phrases: tuple[Phrase, ...], voices: Voices) -> str | None:
    """A sentence when these phrases of one language are spoken too fast or too slowly."""
    found = rate(phrases, voices)
    if found is None:
        return None
    least, most = RATES[phrases[0].language]
    if least * (1 - _RATE_SLACK) <= found <= most * (1 + _RATE_SLACK):
        return None
    unit, factor = UNITS[phrases[0].language]
    word = "fast" if found > most else "slowly"
    return (
        f"spoken too {word}: {found * factor:.3g} {unit}, {least * factor:g} to {most * factor:g} "
        "are understood outdoors"
    )
