"""What commands were answered, for those who ask again."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from alerts.moving import AlertRefusedError

MOST_ANSWERS = 2048
"""Commands of people, and as many of rules, whose answers are remembered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command."""

    subject: str
    """The id of the alert, exercise or self-test; empty when there was nothing to do."""
    state: str = ""
    revision: int = 0


class Answers:
    """The newest answers by key; a storm of evidence doesn't push out what people did."""

    def __init__(self) -> None:
        self._people: OrderedDict[str, Answer | AlertRefusedError] = OrderedDict()
        self._rules: OrderedDict[str, Answer | AlertRefusedError] = OrderedDict()

    def find(self, key: str) -> Answer | AlertRefusedError | None:
        """What the command of that key was answered, or why it was refused; None if not known."""
        return self._people.get(key) or self._rules.get(key)

    def keep(self, key: str, answer: Answer | AlertRefusedError, *, by_rule: bool) -> None:
        """Remember an answer to a command of a rule or source, or of a person."""
        answers = self._rules if by_rule else self._people
        answers[key] = answer
        if len(answers) > MOST_ANSWERS:
            answers.popitem(last=False)
