"""A text of the catalogue, taken apart into phrases and alternatives.

    {authority} {hazard} {place}     words that are filled in before anything is recorded
    {zone}                           the zone's name, or nothing
    {zone|sentence}  {exit|sentence} the name's clause, or the sentence where it cannot be said
    {only|sentence|sentence}         where another warning goes on, and where none does

Alternatives stand between sentences, because what is recorded apart sounds apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from alerts.message import Alternative, Condition, Language, Wording

WORDS: Final = ("authority", "hazard", "place")
"""What may be filled in."""
_MARK: Final = re.compile(r"\{([^{}]*)\}")
_END_OF_SENTENCE: Final = (".", "!", "?", "。", "！", "？", ",", "，", "、")  # noqa: RUF001
_MOST_BARS: Final = {Condition.ZONE: 1, Condition.EXIT: 1, Condition.ONLY: 2}
_LEAST_BARS: Final = {Condition.ZONE: 0, Condition.EXIT: 1, Condition.ONLY: 2}


class WordingError(ValueError):
    """A text that cannot be spoken: a sentence on what is wrong, and a hint."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def parse(language: Language, text: str, words: Mapping[str, str]) -> Wording:
    """The wording of a text in which `words` are filled in.

    Raises:
        WordingError: the text is empty, or something in braces is wrong.
    """
    whole = " ".join(filled(text, words).split())
    if whole.count("{") != len(_MARK.findall(whole)) or whole.count("}") != whole.count("{"):
        raise WordingError("a brace is not closed, or stands within another")
    pieces = tuple(_pieces(whole))
    if not any(isinstance(piece, str) for piece in pieces):
        raise WordingError("the text has no sentence of its own")
    if sum(isinstance(piece, Alternative) for piece in pieces) > len(Condition):
        raise WordingError("the text has more places in braces than there are kinds of them")
    return Wording(language, pieces)


def filled(text: str, words: Mapping[str, str]) -> str:
    """The text with each of `words` in place of its name in braces."""
    return _MARK.sub(lambda match: words.get(match[1], match[0]), text)


def _pieces(text: str) -> Iterator[str | Alternative]:
    position = 0
    for match in _MARK.finditer(text):
        before = text[position : match.start()].strip()
        if before and not before.endswith(_END_OF_SENTENCE):
            raise WordingError(
                f'"{match[0]}" stands within a sentence: what is recorded apart sounds apart',
                "put it between two sentences",
            )
        if before:
            yield before
        yield _alternative(match[1])
        position = match.end()
    if rest := text[position:].strip():
        yield rest


def _alternative(inside: str) -> Alternative:
    name, *sides = (side.strip() for side in inside.split("|"))
    known = {condition.value: condition for condition in Condition}
    condition = known.get(name)
    if condition is None:
        marks = ", ".join(f"{{{word}}}" for word in (*WORDS, *known))
        raise WordingError(f'"{{{inside}}}" is nothing that can be filled in', f"there are {marks}")
    if not _LEAST_BARS[condition] <= len(sides) <= _MOST_BARS[condition]:
        form = {Condition.ONLY: "{only|sentence|sentence}"}.get(condition, f"{{{name}|sentence}}")
        raise WordingError(f'"{{{inside}}}" is not complete', f"write {form}")
    if condition is Condition.ONLY:
        return Alternative(condition, sides[0], sides[1])
    return Alternative(condition, "", sides[0] if sides else "")
