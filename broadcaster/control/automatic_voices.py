"""Whether warnings that no person asks for speak with a person's voice (SAFETY F5). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from alerts.detection import Rules
from alerts.message import Message, UnknownMessageError
from alerts.voices import Status, Voices
from broadcaster.control.core import Core

MOST_NAMED: Final = 3
"""Messages that the fault names; the others are counted."""


class AutomaticVoices:
    """The standing fault of a station that warns by itself in a synthetic voice."""

    def __init__(self, core: Core) -> None:
        """Of the rules, messages and recordings that are in force in `core`."""
        self._core = core
        self._looked_at: tuple[Rules | None, Voices] | None = None
        self._found: tuple[str, ...] = ()

    @property
    def faults(self) -> tuple[str, ...]:
        """The fault in a sentence, or nothing."""
        rules, voices = self._core.ground.rules, self._core.warnings.voices
        if self._looked_at is None or not _is_same(self._looked_at, (rules, voices)):
            self._looked_at = rules, voices
            self._found = () if rules is None else tuple(self._looked(rules, voices))
        return self._found

    def _looked(self, rules: Rules, voices: Voices) -> Iterator[str]:
        spoken = [one.id for one in self._automatic(rules) if _is_synthetic(one, voices)]
        if spoken:
            named = ", ".join(spoken[:MOST_NAMED])
            left = len(spoken) - MOST_NAMED
            named = f"{named} and {left} more" if left > 0 else named
            yield (
                f"rules warn by themselves with a synthetic voice: {named}; have them recorded and "
                "bring the recordings in with `broadcaster messages import`"
            )

    def _automatic(self, rules: Rules) -> list[Message]:
        """The messages that may sound though no person asked for them, each once."""
        book = self._core.warnings.book.house.messages
        found: dict[str, Message] = {}
        for rule in rules.rules:
            if rule.is_automatic:
                try:
                    message = book.warning(rule.hazard, rule.level)
                except UnknownMessageError:
                    continue
                found[message.id] = message
        return list(found.values())


def _is_synthetic(message: Message, voices: Voices) -> bool:
    return any(
        voices.of(phrase).status is Status.SYNTHETIC
        for wording in message.wordings.values()
        for phrase in wording.fixed()
    )


def _is_same(before: tuple[object, ...], now: tuple[object, ...]) -> bool:
    return all(a is b for a, b in zip(before, now, strict=True))
