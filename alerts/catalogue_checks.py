"""What a message must say before it is accepted (SAFETY F1, F2, E2), and what a book must hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from alerts.catalogue_shapes import BookKeys, MessageKeys
from alerts.hazard import Level
from alerts.message import (
    ENDINGS,
    ENGLISH,
    GENERIC,
    KOREAN,
    UNREAL,
    Condition,
    Language,
    Message,
    Purpose,
    Wording,
)
from alerts.message_book import MessageBook
from alerts.particle import SLOT
from alerts.timing import too_long_as_written
from zones.problem import Problem
from zones.site import Name
from zones.yaml_shape import Record

_WARNINGS: Final = frozenset({Purpose.WARNING, Purpose.CONFLICT})
_UP_OR_DOWN: Final[Mapping[Language, re.Pattern[str]]] = {
    KOREAN: re.compile(r"올라|내려가|내려오|내려와|위로|위쪽|아래로|아래쪽"),
    ENGLISH: re.compile(r"\b(up|upwards?|uphill|down|downwards?|downhill)\b", re.IGNORECASE),
}
_UNSPOKEN: Final = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class LeadWords:
    """By what people know at the first word whether something is real."""

    real: Mapping[Language, str]
    exercise: Mapping[Language, str]
    test: Mapping[Language, str]


def check_message(
    message: Message,
    record: Record,
    leads: LeadWords,
    every: tuple[Language, ...],
    problems: list[Problem],
) -> None:
    """Add to `problems` what is wrong with a message whose every field could be read."""

    def say(sentence: str, hint: str = "") -> None:
        problems.append(record.problem(MessageKeys.TEXTS, sentence, hint))

    for language in every:
        if language not in message.wordings:
            say(f'lacks a text in "{language}", which every message has')
    if (message.purpose is Purpose.WARNING) != (message.level is not None):
        wrong = "a warning needs a level" if message.level is None else "only a warning has a level"
        problems.append(record.problem(MessageKeys.LEVEL, wrong))
    if message.purpose in _WARNINGS and message.action is None:
        say('a warning that says no action helps nobody: lacks "action"')
    for wording in message.wordings.values():
        for sentence in (*_unsaid(message, wording), *_wrong_words(message, wording, leads)):
            say(f"{wording.language}: {sentence}")
    for sentence in too_long_as_written(message, every):
        say(sentence, "shorten the text")


def _unsaid(message: Message, wording: Wording) -> Iterator[str]:
    """Who, where and what to do must be in the words themselves (SAFETY F1)."""
    for only in (False, True) if message.purpose in ENDINGS else (False,):
        said = _squeezed(" ".join(phrase.text for phrase in wording.plain(only=only)))
        wanted: list[tuple[str, Name | None]] = [("the authority", message.authority)]
        if message.purpose is not Purpose.STEP_DOWN or message.hazard != GENERIC:
            wanted.append(("the place", message.place))
        wanted.append(("the action", message.action))
        for what, name in wanted:
            word = (
                None if name is None else {KOREAN: name.ko, ENGLISH: name.en}.get(wording.language)
            )
            if word and _squeezed(word) not in said:
                yield f'does not say {what}, "{word}"'


def _wrong_words(message: Message, wording: Wording, leads: LeadWords) -> Iterator[str]:
    said = " ".join(phrase.text for phrase in wording.fixed())
    direction = _UP_OR_DOWN.get(wording.language)
    if direction and (found := direction.search(said)):
        yield f'says "{found[0]}": up or down is wrong for some; let it name the exit'
    if wording.has_only != (message.purpose in ENDINGS):
        yield (
            "lacks {only|...|...}: it must say that another warning goes on"
            if message.purpose in ENDINGS
            else "has {only|...|...}, which only what ends a warning needs"
        )
    if message.purpose not in _WARNINGS and any(
        condition in (Condition.ZONE, Condition.EXIT) for condition in wording.conditions
    ):
        yield "names a zone or an exit, which only warnings do"
    yield from _wrong_lead(message, wording, leads)


def _wrong_lead(message: Message, wording: Wording, leads: LeadWords) -> Iterator[str]:
    """Real, exercise and test are told apart by their first words (SAFETY E2)."""
    said = _squeezed(" ".join(phrase.text for phrase in wording.plain()))
    real, exercise, test = (
        _squeezed(words.get(wording.language, ""))
        for words in (leads.real, leads.exercise, leads.test)
    )
    is_urgent = message.purpose is Purpose.CONFLICT or (message.level or 0) > Level.CAUTION
    if is_urgent and not said.startswith(real):
        yield f'a real warning begins with "{leads.real[wording.language]}"'
    if message.purpose in UNREAL and real and real in said:
        yield f'says "{leads.real[wording.language]}", which nobody may hear without a danger'
    if message.purpose is Purpose.TEST and not said.startswith(test):
        yield f'a test begins with "{leads.test[wording.language]}"'
    is_exercise = message.purpose in UNREAL and message.purpose is not Purpose.TEST
    if is_exercise and not (said.startswith(exercise) and said.endswith(exercise)):
        yield f'an exercise begins and ends with "{leads.exercise[wording.language]}"'


def check_book(book: MessageBook, top: Record, problems: list[Problem]) -> None:
    """Add to `problems` what the station could not do with such a book."""
    if GENERIC not in book.hazards:
        problems.append(top.problem(BookKeys.HAZARDS, f'lacks the hazard "{GENERIC}"'))
    for condition, clauses in book.name_clauses.items():
        for language, clause in clauses.items():
            if clause.count(SLOT) != 1:
                problems.append(
                    top.problem(
                        BookKeys.NAMES,
                        f"names: {condition.value}: {language}: needs {SLOT} once",
                    )
                )
    if any(not problem.is_warning for problem in problems):
        return  # a message that could not be read is not missing
    there = {(message.purpose, message.hazard, message.level) for message in book.messages.values()}
    for lacking in (one for one in _needed(book) if one not in there):
        purpose, hazard, level = lacking
        named = f"{level.name.lower()} " if level is not None else ""
        problems.append(
            top.problem(
                BookKeys.MESSAGES, f'lacks a message: {named}{purpose.value} of hazard "{hazard}"'
            )
        )


def _needed(book: MessageBook) -> Iterator[tuple[Purpose, str, Level | None]]:
    yield Purpose.WARNING, GENERIC, Level.CAUTION
    yield Purpose.WARNING, GENERIC, Level.EVACUATE
    for hazard in book.hazards:
        yield Purpose.CORRECTION, hazard, None
        yield Purpose.HAZARD_OVER, hazard, None
    for purpose in Purpose:
        if purpose not in (Purpose.WARNING, Purpose.CORRECTION, Purpose.HAZARD_OVER):
            yield purpose, GENERIC, None


def _squeezed(text: str) -> str:
    """The letters alone, so that spaces and commas make no difference."""
    return _UNSPOKEN.sub("", text).casefold()
