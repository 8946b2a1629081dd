"""What somebody reads aloud: the phrases of each message and name, by language.

Everything that can be recorded has an id: a message's own, `zone:stream-1` or `exit:falls-plaza`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from alerts.message import Language, Phrase, Wording, whole
from alerts.message_book import MessageBook
from alerts.names import SiteNames, name_phrases
from broadcaster.ingest.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Script:
    """What is to be read for one id in one language."""

    id: str
    language: Language
    phrases: tuple[Phrase, ...]
    """Each is recorded in one go."""
    in_one_go: Phrase | None
    """The same without names, for who records a message as a whole; None if that is all there is.
    """
    wording: Wording | None
    """None for a name."""


def scripts(book: MessageBook, names: SiteNames) -> dict[tuple[str, Language], Script]:
    """Everything that can be recorded for a station."""
    return {(one.id, one.language): one for one in _scripts(book, names)}


def _scripts(book: MessageBook, names: SiteNames) -> Iterator[Script]:
    for message in book.messages.values():
        for language, wording in message.wordings.items():
            phrases = tuple(wording.fixed())
            plain = whole(wording.plain())
            in_one_go = plain if (plain,) != phrases else None
            yield Script(message.id, language, phrases, in_one_go, wording)
    for name in name_phrases(book, names):
        yield Script(name.id, name.phrase.language, (name.phrase,), None, None)


def script_of(found: Mapping[tuple[str, Language], Script], wanted: str, language: str) -> Script:
    """One script.

    Raises:
        RefusedError: there is none; says what was probably meant.
    """
    script = found.get((wanted, Language(language)))
    if script is not None:
        return script
    ids = list(dict.fromkeys(name for name, _ in found))
    if wanted in ids:
        spoken = ", ".join(one for name, one in found if name == wanted)
        raise RefusedError(f"{wanted} has no text in {language!r}; it has {spoken}")
    near = difflib.get_close_matches(wanted, ids, 1)
    hint = f'did you mean "{near[0]}"?' if near else "broadcaster messages list names them all"
    if wanted.startswith(("zone:", "exit:")) and not any(one.startswith("zone:") for one in ids):
        hint = "the site's names are not known here yet: run the station once, or give --config"
    raise RefusedError(f'there is nothing called "{wanted}" to record; {hint}')


def assigned(script: Script, files: int, number: int | None) -> tuple[Phrase, ...]:
    """Which phrases so many files hold, in their order; `number` names one phrase, from 1.

    Raises:
        RefusedError: that many files fit no way of reading the script.
    """
    count = len(script.phrases)
    if number is not None:
        if files != 1 or not 1 <= number <= count:
            raise RefusedError(f"{script.id} has phrases 1 to {count}: give one of them, one file")
        return (script.phrases[number - 1],)
    if files == count:
        return script.phrases
    if files == 1 and script.in_one_go is not None:
        return (script.in_one_go,)
    raise RefusedError(
        f"{script.id} is read in {count} phrases{' or in one go' if script.in_one_go else ''}, not "
        f"in {files} files; see broadcaster messages show {script.id}"
    )


def all_phrases(found: Iterable[Script]) -> tuple[Phrase, ...]:
    """Every phrase that may have a recording, each once."""
    phrases: list[Phrase] = []
    for script in found:
        phrases += script.phrases
        if script.in_one_go is not None:
            phrases.append(script.in_one_go)
        if script.wording is not None and script.wording.has_only:
            phrases.append(whole(script.wording.plain(only=True)))
    return tuple(dict.fromkeys(phrases))
