"""The levels at which sources claim a zone.

0-31 is programme, 32-223 announcements, 224-255 emergency. The bands are those of public-address
controllers in the field; the numbers inside them are ours.
"""

from __future__ import annotations

from typing import Final, NewType

Priority = NewType("Priority", int)
"""The rank of a claim, 0-255; the higher one is on air."""

CHIME: Final = Priority(0)
"""The built-in chime: endless, so that a zone is never without a claim."""
FALLBACK_FOLDER: Final = Priority(6)
DEFAULT_LIST: Final = Priority(12)
PROGRAMME: Final = Priority(20)
"""Scheduled music and cultural news."""
QUIET_HOURS: Final = Priority(21)
"""Silence by schedule: just above the programme, below every announcement."""
TIMED_NOTICE: Final = Priority(100)
EXERCISE: Final = Priority(120)
"""Exercises and test tones."""
ANNOUNCEMENT: Final = Priority(150)
"""An operator's live or recorded announcement, not an emergency."""
ALL_CLEAR: Final = Priority(200)
CAUTION: Final = Priority(224)
"""A hazard's advisory: caution, closure."""
WARNING: Final = Priority(232)
EVACUATE: Final = Priority(240)
CORRECTION: Final = Priority(248)
"""The withdrawal of a false alarm."""
EMERGENCY_MICROPHONE: Final = Priority(255)
"""The operator's emergency voice; among equals here the newest is on air."""

LOWEST: Final = Priority(0)
HIGHEST: Final = Priority(255)
LOWEST_ANNOUNCEMENT: Final = Priority(32)
LOWEST_EMERGENCY: Final = Priority(224)

PRIORITIES: Final[dict[str, Priority]] = {
    "chime": CHIME,
    "fallback-folder": FALLBACK_FOLDER,
    "default-list": DEFAULT_LIST,
    "programme": PROGRAMME,
    "quiet-hours": QUIET_HOURS,
    "timed-notice": TIMED_NOTICE,
    "exercise": EXERCISE,
    "announcement": ANNOUNCEMENT,
    "all-clear": ALL_CLEAR,
    "caution": CAUTION,
    "warning": WARNING,
    "evacuate": EVACUATE,
    "correction": CORRECTION,
    "emergency-microphone": EMERGENCY_MICROPHONE,
}
"""Every named level, in rising order."""


class PriorityError(ValueError):
    """A text that names no level."""


def parse_priority(text: str) -> Priority:
    """The level written as a name (`evacuate`) or as a number 0-255 (`240`).

    Raises:
        PriorityError: for anything else, with a sentence naming what would do.
    """
    named = PRIORITIES.get(text.strip().lower().replace("_", "-").replace(" ", "-"))
    if named is not None:
        return named
    digits = text.strip()
    if digits.isascii() and digits.isdecimal() and len(digits) <= 3:
        number = int(digits)
        if LOWEST <= number <= HIGHEST:
            return Priority(number)
        raise PriorityError(f"priority {number} is outside {LOWEST}-{HIGHEST}")
    raise PriorityError(
        f'"{text}" is not a priority: write a number {LOWEST}-{HIGHEST} '
        f"or one of {', '.join(PRIORITIES)}"
    )


def is_emergency(priority: int) -> bool:
    """Whether a claim at this level is an emergency: it breaks through quiet hours and mutes."""
    return priority >= LOWEST_EMERGENCY
