"""The names of a site that are spoken within messages: zones and exits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from alerts.message import ENGLISH, KOREAN, Condition, Language, Phrase
from alerts.message_book import MessageBook
from zones.site import Name, Site

LANGUAGES: tuple[Language, ...] = (KOREAN, ENGLISH)
"""The languages in which a site file gives names."""


@dataclass(frozen=True)
class SiteNames:
    """What the zones and exits of a site are called, by their ids."""

    zones: Mapping[str, Name] = field(default_factory=dict)
    exits: Mapping[str, Name] = field(default_factory=dict)

    def of(self, condition: Condition) -> Mapping[str, Name]:
        """The names that are spoken under a condition."""
        return {Condition.ZONE: self.zones, Condition.EXIT: self.exits}.get(condition, {})


def names_of(site: Site) -> SiteNames:
    """The names of a site."""
    return SiteNames(
        {str(zone.id): zone.name for zone in site.zones},
        {str(way_out.id): way_out.name for way_out in site.exits},
    )


def name_in(name: Name, language: Language) -> str | None:
    """A name in a language; None if the site file does not give it in that one."""
    return {KOREAN: name.ko, ENGLISH: name.en}.get(language)


@dataclass(frozen=True, slots=True)
class NamePhrase:
    """What is said for a zone or an exit; `id` is such as `zone:stream-1`."""

    id: str
    phrase: Phrase


def name_phrases(book: MessageBook, names: SiteNames) -> Iterator[NamePhrase]:
    """Every name that a message of the book may say, in the languages it is said in."""
    wanted = {
        condition
        for message in book.messages.values()
        for wording in message.wordings.values()
        for condition in wording.conditions
    }
    for condition in (Condition.ZONE, Condition.EXIT):
        for owner, name in names.of(condition).items() if condition in wanted else ():
            for language in LANGUAGES:
                word = name_in(name, language)
                phrase = word and book.name_phrase(condition, language, word)
                if phrase:
                    yield NamePhrase(f"{condition.value}:{owner}", phrase)
