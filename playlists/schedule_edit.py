"""Changing a schedule: edits by name, what two people changed at once, and the change in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

SECTIONS = ("playlists", "news", "sources", "entries")
_SINGLES = ("country", "holidays", "not_holidays")

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Version:
    """One state of the schedule, as text, with who made it and why. Numbers rise by one."""

    number: int
    at: dt.datetime
    who: str
    why: str
    text: str


@dataclass(frozen=True)
class Edit:
    """Things to set and to remove, by section and name; fields as the schedule file has them.

    `base` is the version it was made from.
    """

    put: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    remove: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    base: int | None = None

    @property
    def touched(self) -> frozenset[tuple[str, str]]:
        """The section and name of everything it changes."""
        put = {(section, name) for section, named in self.put.items() for name in named}
        gone = {(section, name) for section, names in self.remove.items() for name in names}
        return frozenset(put | gone)


class EditError(ValueError):
    """An edit that cannot be made; the text says why."""


def edited(fields: Fields, edit: Edit) -> dict[str, Any]:
    """The schedule's fields after an edit; whether they make sense the file's reader says.

    Raises:
        EditError: an unknown section, or a name to be removed that is not there.
    """
    changed = {key: dict(value) if isinstance(value, Mapping) else value for key, value in
               fields.items()}  # fmt: skip
    for section in (*edit.put, *edit.remove):
        if section not in SECTIONS:
            raise EditError(f'there is no section "{section}"; there are {", ".join(SECTIONS)}')
    for section, names in edit.remove.items():
        there = changed.get(section, {})
        for name in names:
            if name not in there:
                raise EditError(f'{section}: there is no "{name}" to remove')
            del there[name]
    for section, named in edit.put.items():
        changed.setdefault(section, {}).update(named)
    return changed


def changed_meanwhile(base: Fields, now: Fields, edit: Edit) -> tuple[str, ...]:
    """What somebody else changed since `base` that this edit changes too, as `section name`."""
    return tuple(
        f"{section} {name}"
        for section, name in sorted(edit.touched)
        if base.get(section, {}).get(name) != now.get(section, {}).get(name)
    )


def changes(before: Fields, after: Fields) -> Iterator[str]:
    """What differs between two schedules, a sentence each."""
    for single in _SINGLES:
        if before.get(single) != after.get(single):
            yield f"{single}: {before.get(single) or 'none'} -> {after.get(single) or 'none'}"
    for section in SECTIONS:
        old, new = before.get(section, {}), after.get(section, {})
        for name in sorted({*old, *new}):
            if name not in new:
                yield f"{section} {name}: removed"
            elif name not in old:
                yield f"{section} {name}: added"
            elif old[name] != new[name]:
                keys = sorted({*old[name], *new[name]})
                differing = (
                    f"{key} {_shown(old[name].get(key))} -> {_shown(new[name].get(key))}"
                    for key in keys
                    if old[name].get(key) != new[name].get(key)
                )
                yield f"{section} {name}: {', '.join(differing)}"


def _shown(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
