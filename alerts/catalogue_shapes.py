"""The keys of the catalogue of messages, each with its line of manual (docs/messages.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from alerts.hazard import Direction, Level, Response
from alerts.message import Purpose
from zones.problem import Problem
from zones.sitefile_shapes import NAME_SHAPE
from zones.yaml_document import Node, Table
from zones.yaml_kind import FLAG, ID, Kind, Schema, ValueProblem, choice, whole
from zones.yaml_shape import Field, Inside, Many, One, Placed, Raw, Reading, Record, Shape

LAYOUT: Final = 1
_LANGUAGE: Final = re.compile(r"[a-z]{2}")
_LONGEST_TEXT: Final = 600


def _read_language(text: str) -> str:
    if _LANGUAGE.fullmatch(text):
        return text
    raise ValueProblem(f'"{text}" is not a language', "write its ISO 639-1 code, such as ko")


def _read_speech(text: str) -> str:
    if not text.strip():
        raise ValueProblem("the text is empty")
    if len(text) > _LONGEST_TEXT:
        raise ValueProblem(f"the text has {len(text)} characters; {_LONGEST_TEXT} are the most")
    if any(ord(character) < 32 and character != "\n" for character in text):
        raise ValueProblem("the text holds a control character")
    return text


LANGUAGE: Final = Kind(
    "a language", _read_language, {"type": "string", "pattern": "^[a-z]{2}$"}, "ISO 639-1 codes"
)
SPEECH: Final = Kind(
    "a text", _read_speech, {"type": "string", "minLength": 1, "maxLength": _LONGEST_TEXT}, "text"
)


@dataclass(frozen=True, slots=True)
class Texts(Reading[tuple[tuple[Placed[str], Placed[str]], ...]]):
    """A table of texts by language, each with its place."""

    def read(
        self, node: Node, subject: str, problems: list[Problem]
    ) -> tuple[tuple[Placed[str], Placed[str]], ...] | None:
        """Language and text, in the order written; None if any of them could not be read."""
        if not isinstance(node, Table):
            problems.append(
                node.place.problem(f"{subject}: needs a table of languages, such as ko: ...")
            )
            return None
        before, found = len(problems), []
        for key, value in node.entries:
            try:
                language = LANGUAGE.read(key.text)
            except ValueProblem as wrong:
                problems.append(key.place.problem(f"{subject}: {wrong.message}", wrong.hint))
                continue
            text = One(SPEECH).read(value, f"{subject}: {language}", problems)
            if text is not None:
                found.append((Placed(language, key.place), Placed(text, value.place)))
        return tuple(found) if len(problems) == before else None

    def values(self) -> str:
        """By language."""
        return "texts by language: `{ko: ..., en: ...}`"

    def schema(self) -> Schema:
        """A table whose keys are languages."""
        return {"type": "object", "additionalProperties": dict(SPEECH.schema)}


def _names(manual: str, key: str = "title", *, is_required: bool = True) -> Field[Record]:
    return Field(key, Inside(NAME_SHAPE), manual, is_required=is_required)


def _table(key: str, manual: str) -> Field[Node]:
    return Field(key, Raw("a table", {"type": "object"}), manual, is_required=True)


class BookKeys:
    """The catalogue itself."""

    SCHEMA: Final = Field("schema", One(whole("a layout", 1, LAYOUT)), "always 1", is_required=True)
    LANGUAGES: Final = _table("languages", "which languages are spoken, and in which order")
    AUTHORITY: Final = _names("who speaks; every text says it", "authority")
    LEAD_WORDS: Final = _table("lead_words", "what real warnings, exercises and tests begin with")
    NAMES: Final = _table("names", "the sentences in which names of zones and exits are spoken")
    HAZARDS: Final = _table("hazards", "the hazards of this site")
    MESSAGES: Final = _table("messages", "the messages by name")
    EACH_HAZARD: Final = _table("each_hazard", "messages made for every hazard that has no own")
    SHAPE: Final = Shape(
        "",
        (SCHEMA, LANGUAGES, AUTHORITY, LEAD_WORDS, NAMES, HAZARDS, MESSAGES, EACH_HAZARD),
    )


class LanguageKeys:
    """`languages`."""

    EVERY: Final = Field(
        "every", Many(One(LANGUAGE), least=1, most=3), "spoken in every cycle", is_required=True
    )
    ROTATING: Final = Field(
        "rotating", Many(One(LANGUAGE), most=8), "one of them in each cycle, in turn"
    )


class LeadKeys:
    """`lead_words`."""

    REAL: Final = _names("warnings and evacuations begin with it", "real")
    EXERCISE: Final = _names("exercises begin and end with it", "exercise")
    TEST: Final = _names("the audible test begins with it", "test")


class NameKeys:
    """`names`."""

    ZONE: Final = _names("a sentence with `{name}` for a zone", "zone")
    EXIT: Final = _names("a sentence with `{name}` for an exit", "exit")


class HazardKeys:
    """One of `hazards`."""

    NAME: Final = _names("what it is called within a sentence", "name")
    PLACE: Final = _names("where it strikes, as its messages say it", "place")


class MessageKeys:
    """One of `messages` or `each_hazard`."""

    PURPOSE: Final = Field(
        "purpose",
        One(choice("a purpose", {one.value: one for one in Purpose})),
        "what it is for",
        is_required=True,
    )
    HAZARD: Final = Field("hazard", One(ID), "one of `hazards`; not in `each_hazard`")
    LEVEL: Final = Field(
        "level",
        One(choice("a level", {one.name.lower(): one for one in Level})),
        "how urgent a warning is",
    )
    RESPONSE: Final = Field(
        "response",
        One(choice("a response", {one.name.lower(): one for one in Response})),
        "what people are to do; among warnings of one level the higher one is heard",
    )
    DIRECTION: Final = Field(
        "direction",
        One(choice("a direction", {one.value: one for one in Direction})),
        "where its exits lead; up and down in one zone contradict each other",
    )
    SECOND_PERSON: Final = Field(
        "second_person", One(FLAG), "whether a second person confirms it when a person raises it"
    )
    TITLE: Final = _names("what the screen calls it")
    ACTION: Final = _names(
        "what to do, in words of its texts; every warning needs it", "action", is_required=False
    )
    TEXTS: Final = Field("texts", Texts(), "what is spoken, by language", is_required=True)
    SHAPE: Final = Shape(
        "message",
        (PURPOSE, HAZARD, LEVEL, RESPONSE, DIRECTION, SECOND_PERSON, TITLE, ACTION, TEXTS),
    )


LANGUAGES_SHAPE: Final = Shape("languages", (LanguageKeys.EVERY, LanguageKeys.ROTATING))
LEADS_SHAPE: Final = Shape("lead_words", (LeadKeys.REAL, LeadKeys.EXERCISE, LeadKeys.TEST))
NAMES_SHAPE: Final = Shape("names", (NameKeys.ZONE, NameKeys.EXIT))
HAZARD_SHAPE: Final = Shape("hazard", (HazardKeys.NAME, HazardKeys.PLACE))
MESSAGE_SHAPE: Final = MessageKeys.SHAPE
