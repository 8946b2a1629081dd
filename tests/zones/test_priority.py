"""The table of levels, and reading one."""

import pytest

from zones import priority
from zones.priority import PRIORITIES, PriorityError, is_emergency, parse_priority


def test_the_table_rises_and_keeps_its_bands():
    levels = list(PRIORITIES.values())
    assert levels == sorted(set(levels))
    assert {name for name, level in PRIORITIES.items() if is_emergency(level)} == {
        "caution",
        "warning",
        "evacuate",
        "correction",
        "emergency-microphone",
    }
    assert priority.QUIET_HOURS == priority.PROGRAMME + 1
    assert priority.QUIET_HOURS < priority.LOWEST_ANNOUNCEMENT <= priority.TIMED_NOTICE


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("evacuate", 240),
        ("Evacuate", 240),
        ("emergency microphone", 255),
        ("all_clear", 200),
        ("0", 0),
        ("255", 255),
        (" 32 ", 32),
    ],
)
def test_a_level_is_a_name_or_a_number(text, level):
    assert parse_priority(text) == level


@pytest.mark.parametrize("text", ["", "256", "-1", "1.5", "٣", "loud", "0x10", "9999", "1e2"])
def test_anything_else_is_refused_with_what_would_do(text):
    with pytest.raises(PriorityError, match="0-255"):
        parse_priority(text)
