"""What a warning is about, how urgent it is, and what it asks people to do."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import NewType

from zones import priority

HazardId = NewType("HazardId", str)
"""The name of a hazard: flood, wildfire, landslide, storm, missing-person, heat, dust, conflict.

Hazards are data: the catalogue of messages says which there are.
"""


class Level(IntEnum):
    """The three levels of a warning; each is the priority at which it claims its zones."""

    CAUTION = priority.CAUTION
    """Caution, closure: a hazard's advisory."""
    WARNING = priority.WARNING
    EVACUATE = priority.EVACUATE


class Response(IntEnum):
    """What people are to do; among warnings of one level the higher one is heard (SAFETY B1)."""

    OTHER = 0
    AVOID = 1
    SHELTER = 2
    EVACUATE = 3


class Direction(Enum):
    """Where a message sends people; up and down in one zone contradict each other."""

    UP = "up"
    DOWN = "down"
