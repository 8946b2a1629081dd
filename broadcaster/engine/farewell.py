"""The end of an engine: its successor speaks, or receivers are told that nobody will."""

from __future__ import annotations

import time
from typing import Protocol

from broadcaster.engine.speaking import Right

PATIENCE = 0.3
"""Seconds in which a standby takes the right to speak; it may be in the middle of a rehearsal."""


class _RightToSpeak(Protocol):
    def hand_on(self) -> None:
        """Let another engine have it."""

    def wait(self, seconds: float) -> Right:
        """Ask for it back."""


class _Speaker(Protocol):
    def say_goodbye(self) -> None:
        """Take leave for every stream."""


def hand_on_or_take_leave(right: _RightToSpeak, sender: _Speaker) -> None:
    """Give up the right to speak; when nobody takes it, this was the last engine.

    Only then do receivers get a BYE and announcements are taken back (SAFETY G1).
    """
    right.hand_on()
    time.sleep(PATIENCE)  # a mutex taken back at once would not let a waiting standby have it
    if right.wait(0.0) is not Right.ANOTHERS:
        sender.say_goodbye()
        right.hand_on()
