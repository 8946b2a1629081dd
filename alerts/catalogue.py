"""The catalogue of messages: text in, one frozen `MessageBook` out, or every problem at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from alerts import catalogue_checks as checks
from alerts.catalogue_shapes import (
    HAZARD_SHAPE,
    LANGUAGES_SHAPE,
    LEADS_SHAPE,
    MESSAGE_SHAPE,
    NAMES_SHAPE,
    BookKeys,
    HazardKeys,
    LanguageKeys,
    LeadKeys,
    MessageKeys,
    NameKeys,
)
from alerts.hazard import HazardId, Level, Response
from alerts.message import (
    ENGLISH,
    KOREAN,
    UNREAL,
    Condition,
    Hazard,
    Language,
    Message,
    Purpose,
    Tone,
    Wording,
)
from alerts.message_book import MessageBook
from alerts.spoken import MessageId
from alerts.wording import WordingError, filled, parse
from zones.problem import Problem
from zones.site import Name
from zones.sitefile_shapes import NAME_EN, NAME_KO
from zones.yaml_document import Node, Scalar, Table, read_document
from zones.yaml_shape import Record

_EMPTY: Final = Name("", "")


class CatalogueError(Exception):
    """A catalogue that can't be used: every problem, in the order of lines."""

    def __init__(self, problems: Iterable[Problem], text: str) -> None:
        self.problems = tuple(sorted(problems))
        self._text = text
        super().__init__("\n".join(map(str, self.problems)))

    def rendered(self) -> str:
        """Every problem with its line and a caret."""
        return "\n".join(problem.rendered(self._text) for problem in self.problems)


def parse_catalogue(text: str, file: str) -> MessageBook:
    """The messages in a catalogue's text; `file` is its name, for problems.

    Raises:
        CatalogueError: with every problem in it.
    """
    problems: list[Problem] = []
    node = read_document(text, file, problems)
    book = _Reader(problems).book(node) if node is not None else None
    if book is None or any(not problem.is_warning for problem in problems):
        raise CatalogueError(problems, text)
    return book


class _Reader:
    """Reads one catalogue; what is wrong is added to `problems`."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems
        self._authority = _EMPTY
        self._hazards: dict[HazardId, Hazard] = {}
        self._leads = checks.LeadWords({}, {}, {})
        self._every: tuple[Language, ...] = (KOREAN, ENGLISH)

    def book(self, node: Node) -> MessageBook | None:
        top = BookKeys.SHAPE.read(node, "", self._problems)
        if not top.is_whole:
            return None
        self._authority = _name(top.must(BookKeys.AUTHORITY))
        self._hazards = dict(self._read_hazards(top.must(BookKeys.HAZARDS)))
        languages = LANGUAGES_SHAPE.read(top.must(BookKeys.LANGUAGES), "", self._problems)
        every = tuple(map(Language, languages.may(LanguageKeys.EVERY) or ()))
        rotating = tuple(map(Language, languages.may(LanguageKeys.ROTATING) or ()))
        self._every = every
        self._leads = self._read_leads(top.must(BookKeys.LEAD_WORDS))
        clauses = self._read_names(top.must(BookKeys.NAMES))
        messages = self._read_messages(top)
        book = MessageBook(self._hazards, messages, clauses, every, rotating)
        checks.check_book(book, top, self._problems)
        return book

    # --- the tables beside the messages ---

    def _read_hazards(self, node: Node) -> Iterable[tuple[HazardId, Hazard]]:
        for key, value in self._entries(node, "hazards"):
            record = HAZARD_SHAPE.read(value, key.text, self._problems, place=key.place)
            name, place = record.may(HazardKeys.NAME), record.may(HazardKeys.PLACE)
            if name is not None and place is not None:
                hazard = HazardId(key.text)
                yield hazard, Hazard(hazard, _name(name), _name(place))

    def _read_leads(self, node: Node) -> checks.LeadWords:
        record = LEADS_SHAPE.read(node, "", self._problems)
        return checks.LeadWords(
            *(
                _by_language(found) if (found := record.may(key)) is not None else {}
                for key in (LeadKeys.REAL, LeadKeys.EXERCISE, LeadKeys.TEST)
            )
        )

    def _read_names(self, node: Node) -> dict[Condition, dict[Language, str]]:
        record = NAMES_SHAPE.read(node, "", self._problems)
        keys = {Condition.ZONE: NameKeys.ZONE, Condition.EXIT: NameKeys.EXIT}
        return {
            condition: _by_language(found)
            for condition, key in keys.items()
            if (found := record.may(key)) is not None
        }

    # --- the messages ---

    def _read_messages(self, top: Record) -> dict[MessageId, Message]:
        messages: dict[MessageId, Message] = {}
        for key, node in self._entries(top.must(BookKeys.MESSAGES), "messages"):
            message = self._message(key, node, MessageId(key.text), None)
            if message is not None:
                messages[message.id] = message
        for key, node in self._entries(top.must(BookKeys.EACH_HAZARD), "each_hazard"):
            for hazard in self._hazards.values():
                name = MessageId(f"{hazard.id}-{key.text}")
                message = self._message(key, node, name, hazard)
                if message is None:
                    break  # the same is wrong for every other hazard
                if self._is_wanted(message, messages):
                    messages[name] = message
        return messages

    def _is_wanted(self, message: Message, messages: Mapping[MessageId, Message]) -> bool:
        """Whether a hazard lacks such a message: none of its own, something to step down from."""
        of_hazard = [one for one in messages.values() if one.hazard == message.hazard]
        if any(one.purpose is message.purpose for one in of_hazard):
            return False
        if message.purpose is not Purpose.STEP_DOWN:
            return True
        return any(one.level is Level.EVACUATE for one in of_hazard)

    def _message(
        self, key: Scalar, node: Node, name: MessageId, each: Hazard | None
    ) -> Message | None:
        record = MESSAGE_SHAPE.read(node, key.text, self._problems, place=key.place)
        hazard = each or self._hazard_of(record)
        if not record.is_whole or hazard is None:
            return None
        before = len(self._problems)
        wordings = dict(self._wordings(record, hazard))
        if len(self._problems) > before:
            return None
        purpose, level = record.must(MessageKeys.PURPOSE), record.may(MessageKeys.LEVEL)
        title, action = _name(record.must(MessageKeys.TITLE)), record.may(MessageKeys.ACTION)
        message = Message(
            id=name,
            purpose=purpose,
            hazard=hazard.id,
            level=level,
            response=record.may(MessageKeys.RESPONSE) or Response.OTHER,
            direction=record.may(MessageKeys.DIRECTION),
            title=Name(
                filled(title.ko, _words(KOREAN, self._authority, hazard)),
                filled(title.en, _words(ENGLISH, self._authority, hazard)),
            ),
            authority=self._authority,
            place=hazard.place,
            action=_name(action) if action is not None else None,
            tone=_tone(purpose, level),
            needs_second_person=record.may(MessageKeys.SECOND_PERSON) or False,
            wordings=wordings,
        )
        checks.check_message(message, record, self._leads, self._every, self._problems)
        return message if len(self._problems) == before else None

    def _hazard_of(self, record: Record) -> Hazard | None:
        named = record.may(MessageKeys.HAZARD)
        if named is None:
            if record.is_whole:
                self._problems.append(record.place.problem(f'{record.subject}: lacks "hazard"'))
            return None
        found = self._hazards.get(HazardId(named))
        if found is None:
            known = ", ".join(self._hazards)
            self._problems.append(
                record.problem(MessageKeys.HAZARD, f'hazard "{named}" is not listed',
                               f"there are {known}")
            )  # fmt: skip
        return found

    def _wordings(self, record: Record, hazard: Hazard) -> Iterable[tuple[Language, Wording]]:
        texts = record.must(MessageKeys.TEXTS)
        for placed, text in texts:
            language = Language(placed.value)
            try:
                words = _words(language, self._authority, hazard)
                yield language, parse(language, text.value, words)
            except WordingError as wrong:
                self._problems.append(
                    text.place.problem(f"{record.subject}: {language}: {wrong.message}", wrong.hint)
                )

    def _entries(self, node: Node, called: str) -> tuple[tuple[Scalar, Node], ...]:
        if isinstance(node, Table):
            return node.entries
        self._problems.append(node.place.problem(f"{called}: needs a table"))
        return ()


def _tone(purpose: Purpose, level: Level | None) -> Tone:
    if purpose in UNREAL:
        return Tone.EXERCISE
    return Tone.EVACUATE if level is Level.EVACUATE else Tone.ATTENTION


def _name(record: Record) -> Name:
    return Name(record.must(NAME_KO), record.must(NAME_EN))


def _by_language(record: Record) -> dict[Language, str]:
    return {KOREAN: record.must(NAME_KO), ENGLISH: record.must(NAME_EN)}


def _words(language: Language, authority: Name, hazard: Hazard) -> dict[str, str]:
    """What may be filled in; a language without names of its own says them itself."""
    named = {"authority": authority, "hazard": hazard.name, "place": hazard.place}
    if language == KOREAN:
        return {word: name.ko for word, name in named.items()}
    return {word: name.en for word, name in named.items()} if language == ENGLISH else {}
