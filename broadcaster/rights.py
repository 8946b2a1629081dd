"""Who may do what: one table of acts and roles, for control that decides and for the console.

What is not in the table nobody may do. A command that came through the run directory, which is
closed to every other user of the machine, counts as the administrator's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final


class Role(StrEnum):
    """What somebody is to the station. A person may have several."""

    VIEWER = "viewer"
    """Looks, changes nothing."""
    RADIO = "radio"
    """Keeps the ordinary programme: library, playlists, schedule, announcements."""
    OPERATOR = "operator"
    """Warns people, and ends warnings."""
    POLICE = "police"
    """Looks, and has people look out for a missing person."""
    TECHNICIAN = "technician"
    """Looks after amplifiers and the network."""
    ADMINISTRATOR = "administrator"
    """Everything, people and their rights included."""


MISSING_PERSON: Final = "missing-person"
"""The one hazard that the police may raise."""

_ALL: Final = frozenset(Role)
_OPERATORS: Final = frozenset({Role.OPERATOR, Role.ADMINISTRATOR})
_WITH_POLICE: Final = _OPERATORS | {Role.POLICE}
_WITH_RADIO: Final = _OPERATORS | {Role.RADIO}
_TECHNICIANS: Final = _OPERATORS | {Role.TECHNICIAN}
_ADMINISTRATORS: Final = frozenset({Role.ADMINISTRATOR})

RIGHTS: Final[Mapping[str, frozenset[Role]]] = {
    # what is only read
    "look": _ALL,
    "read-metrics": _ALL,
    "read-journal": _ALL - {Role.VIEWER},
    "see-pictures": _WITH_POLICE,
    # announcements
    "play": _WITH_RADIO,
    "steer": _WITH_RADIO,
    # the programme
    "schedule": _ALL,
    "schedule-versions": _ALL,
    "schedule-check": _ALL,
    "schedule-preview": _ALL,
    "schedule-week": _ALL,
    "calendar": _ALL,
    "playlists": _ALL,
    "playlist": _ALL,
    "playlist-export": _ALL,
    "recordings": _ALL,
    "recording": _ALL,
    "duplicates": _ALL,
    "uploads": _ALL,
    "as-run": _ALL - {Role.VIEWER},
    "schedule-edit": _WITH_RADIO,
    "schedule-replace": _WITH_RADIO,
    "schedule-undo": _WITH_RADIO,
    "calendar-import": _WITH_RADIO,
    "playlist-import": _WITH_RADIO,
    "upload": _WITH_RADIO,
    "recording-say": _WITH_RADIO,
    "recording-remove": _WITH_RADIO,
    "recording-edit": _WITH_RADIO,
    "withdraw": _WITH_RADIO,
    "play-warning": _OPERATORS,
    "withdraw-warning": _OPERATORS,
    # warnings
    "preview": _WITH_POLICE,
    "raise": _OPERATORS,
    "raise-missing-person": _WITH_POLICE,
    "confirm": _OPERATORS,
    "reject": _OPERATORS,
    "hold": _OPERATORS,
    "escalate": _OPERATORS,
    "add-zones": _OPERATORS,
    "step-down": _OPERATORS,
    "correct": _OPERATORS,
    "all-clear": _OPERATORS,
    "reconfirm": _OPERATORS,
    "break-glass": _OPERATORS,
    "acknowledge": _OPERATORS,
    "stop": _OPERATORS,
    "exercise": _OPERATORS,
    "end-exercise": _OPERATORS,
    # amplifiers
    "acknowledge-fault": _TECHNICIANS | _OPERATORS,
    "keep-amplifiers": _TECHNICIANS,
    "spare-take-over": _TECHNICIANS,
    "spare-give-back": _TECHNICIANS,
    # the station itself
    "reload": _ADMINISTRATORS,
    "keep-people": _ADMINISTRATORS,
    "keep-tokens": _ADMINISTRATORS,
}
"""Which roles may do an act. Acts of control bear the names of its commands."""


def is_allowed(act: str, roles: Iterable[str]) -> bool:
    """Whether somebody with these roles may do an act; no for an act that is not in the table."""
    return not RIGHTS.get(act, frozenset()).isdisjoint(roles)


def rights_of(roles: Iterable[str]) -> tuple[str, ...]:
    """The acts that somebody with these roles may do, in the table's order."""
    held = frozenset(roles)
    return tuple(act for act in RIGHTS if is_allowed(act, held))


def act_of(command: str, fields: Mapping[str, Any]) -> str:
    """The act that a command is, where that depends on more than its name.

    Raising a missing person's notice is one of its own, with no other message chosen for it; so is
    playing what is a warning, or speaks the words of one.
    """
    if command == "raise" and fields.get("hazard") == MISSING_PERSON and not fields.get("message"):
        return "raise-missing-person"
    if command == "play" and (fields.get("kind") == "warning" or fields.get("message")):
        return "play-warning"
    return command


def roles_named(names: Iterable[str]) -> frozenset[Role]:
    """The roles of these names.

    Raises:
        ValueError: for a name that is none, saying which there are.
    """
    named = tuple(names)
    unknown = [name for name in named if name not in {role.value for role in Role}]
    if unknown:
        raise ValueError(f"there is no role {unknown[0]!r}; there are {', '.join(Role)}")
    return frozenset(Role(name) for name in named)
