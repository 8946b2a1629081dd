"""The schedule's versions on disk: `<state>/schedule.jsonl`, one line a version, never changed.

Whoever changes the schedule appends: control for the console, the command line by itself. A lock
keeps two of them in order, and each line is synced before its author is answered. A line cut off
by a power failure is left out.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from playlists.schedule import Schedule
from playlists.schedule_edit import Edit, EditError, Version, changed_meanwhile, changes, edited
from playlists.schedule_file import (
    ScheduleFileError,
    parse_schedule,
    schedule_fields,
    schedule_text,
)

FILE = "schedule.jsonl"
BY_FILE = "the schedule file"
"""Who made a version that came from the file that the site file names."""


class ScheduleStoreError(Exception):
    """The schedule cannot be kept or changed; the text says why and what to do."""


class ScheduleStore:
    """The versions of one station's schedule."""

    def __init__(self, state: Path) -> None:
        """`state` is the state directory."""
        self._path = state / FILE
        self._stamp: tuple[int, int] | None = None
        self._versions: tuple[Version, ...] = ()

    @property
    def stamp(self) -> tuple[int, int]:
        """Changes when a version is added; (0, 0) while there is none."""
        try:
            status = self._path.stat()
        except OSError:
            return (0, 0)
        return status.st_size, status.st_mtime_ns

    def versions(self) -> tuple[Version, ...]:
        """Every version, oldest first.

        Raises:
            ScheduleStoreError: the file cannot be read.
        """
        stamp = self.stamp
        if stamp != self._stamp:
            try:
                lines = self._path.read_bytes().splitlines() if stamp != (0, 0) else []
            except OSError as error:
                raise ScheduleStoreError(f"{self._path}: {error.strerror}") from None
            self._versions = tuple(_read(lines))
            self._stamp = stamp
        return self._versions

    def newest(self) -> Version | None:
        """The version in force; None before the first."""
        found = self.versions()
        return found[-1] if found else None

    def schedule(self) -> Schedule:
        """What the version in force says; an empty schedule before the first."""
        newest = self.newest()
        return Schedule() if newest is None else parse_schedule(newest.text, _called(newest))

    def change(self, edit: Edit, who: str, why: str, names: Iterable[str]) -> Version:
        """Add a version with this edit made.

        What others changed since its base stays, unless the edit changes the same thing.

        Raises:
            ScheduleStoreError: somebody changed the same thing meanwhile, or the disk failed.
            ScheduleFileError, EditError: the schedule would make no sense.
        """
        names = tuple(names)
        with self._locked():
            now = schedule_fields(self.schedule())
            self._refuse_meanwhile(edit, now)
            # An entry a line, so that a mistake is shown where it is. JSON is YAML.
            text = json.dumps(edited(now, edit), ensure_ascii=False, indent=1)
            made = parse_schedule(text, "the schedule with this change", names)
            return self._append(schedule_text(made), who, why)

    def replace(
        self, text: str, who: str, why: str, names: Iterable[str], called: str = "schedule.yaml"
    ) -> Version:
        """Add a version that says what `text` says, whatever was before.

        Raises:
            ScheduleFileError: with everything that is wrong in it.
            ScheduleStoreError: the disk failed.
        """
        parse_schedule(text, called, names)
        with self._locked():
            return self._append(text, who, why)

    def undo(self, number: int | None, who: str, names: Iterable[str]) -> Version:
        """Add a version that says what version `number` said; without one, the last but one.

        Raises:
            ScheduleStoreError: there is no such version.
            ScheduleFileError: it names zones that are there no more.
        """
        found = self.versions()
        if number is None and len(found) > 1:
            number = found[-2].number
        old = next((one for one in found if one.number == number), None)
        if old is None:
            raise ScheduleStoreError(
                f"there is no version {number} to go back to; there are 1 .. {len(found)}"
                if found
                else "the schedule was never changed: there is nothing to undo"
            )
        return self.replace(old.text, who, f"back to version {old.number}", names, _called(old))

    def changes_of(self, version: Version) -> tuple[str, ...]:
        """What a version changed, in words."""
        found = self.versions()
        before = next((one for one in found if one.number == version.number - 1), None)
        return tuple(changes(_fields(before), _fields(version)))

    # --- inside ---

    def _refuse_meanwhile(self, edit: Edit, now: dict[str, Any]) -> None:
        found = self.versions()
        if edit.base is None or not found or edit.base == found[-1].number:
            return
        base = next((one for one in found if one.number == edit.base), None)
        touched = changed_meanwhile(_fields(base), now, edit)
        if touched:
            last = found[-1]
            raise ScheduleStoreError(
                f"{last.who} has changed {', '.join(touched)} since version {edit.base} "
                f"(version {last.number}, {last.at:%Y-%m-%d %H:%M} UTC); look at it, then change "
                "it again"
            )

    def _append(self, text: str, who: str, why: str) -> Version:
        newest = self.newest()
        number = 1 if newest is None else newest.number + 1
        version = Version(number, dt.datetime.now(dt.UTC).replace(microsecond=0), who, why, text)
        line = json.dumps({**asdict(version), "at": version.at.isoformat()}, ensure_ascii=False)
        octets = line.encode("utf-8", "surrogatepass") + b"\n"
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                size = os.fstat(descriptor).st_size
                if size and os.pread(descriptor, 1, size - 1) != b"\n":
                    octets = b"\n" + octets
                os.write(descriptor, octets)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise ScheduleStoreError(
                f"{self._path}: {error.strerror}; the schedule stays as it is: free some space"
            ) from None
        return version

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone among all who change the schedule."""
        lock = self._path.with_suffix(".lock")
        try:
            lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ScheduleStoreError(f"{lock}: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _read(lines: Iterable[bytes]) -> Iterator[Version]:
    for line in lines:
        try:
            fields = json.loads(line)
            at = dt.datetime.fromisoformat(fields["at"])
            yield Version(fields["number"], at, fields["who"], fields["why"], fields["text"])
        except (ValueError, KeyError, TypeError):
            continue  # cut off when the power failed; its author was never answered


def _fields(version: Version | None) -> dict[str, Any]:
    if version is None:
        return {}
    return schedule_fields(parse_schedule(version.text, _called(version)))


def _called(version: Version) -> str:
    return f"schedule version {version.number}"


Refused = (ScheduleStoreError, ScheduleFileError, EditError)
"""What a change may be refused by; each says what is wrong."""


def said(error: Exception) -> str:
    """Why a change was refused, with the line and a caret where there is one."""
    return error.rendered() if isinstance(error, ScheduleFileError) else str(error)
