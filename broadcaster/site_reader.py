"""Reads the site file, the files it names and the firmware profiles, and hands over their text."""

from __future__ import annotations

import errno
import importlib.resources
import os
import stat
import zoneinfo
from pathlib import Path
from typing import Final

from firmware_profiles.profile import Profile, ProfileError, parse_profile
from firmware_profiles.supervision_shape import check_includes
from zones.problem import Problem
from zones.site import ProfileId, Site
from zones.sitefile import SiteError, named_files, parse_site
from zones.yaml_document import MAX_CHARACTERS

PROFILE_FOLDER: Final = "firmware_profiles"
"""The folder beside a site file with the site's own profiles; they win over those shipped."""

MAX_NAMED_FILES: Final = 100
"""The most files that a site file may name."""

_MAX_BYTES: Final = 4 * MAX_CHARACTERS


def read_site(path: Path) -> Site:
    """The site that a file describes.

    Raises:
        SiteError: with every problem in the site file, the files it names and the site's profiles.
    """
    main = path.name or path.resolve().name
    files: dict[str, str] = {}
    problems: list[Problem] = []
    text = _text(path, main, problems)
    if text is None:
        raise SiteError(problems, files)
    files[main] = text
    unreadable = _add_named_files(path, main, files, problems)
    profiles = _profiles(path.parent / PROFILE_FOLDER, files, problems)
    try:
        site = parse_site(
            files,
            main,
            profiles={name: profile.reception for name, profile in profiles.items()},
            # A machine without time zone data can say nothing about their names.
            time_zones=zoneinfo.available_timezones() or None,
            unreadable=unreadable,
        )
    except SiteError as error:
        raise SiteError((*error.problems, *problems), files) from None
    if problems:
        raise SiteError(problems, files)
    return site


def _add_named_files(
    path: Path, main: str, files: dict[str, str], problems: list[Problem]
) -> frozenset[str]:
    """Add the text of the files that the site file names; return those that could not be read."""
    names = named_files(files[main], main)
    if len(names) > MAX_NAMED_FILES:
        message = f"names {len(names)} files; {MAX_NAMED_FILES} are the most"
        problems.append(Problem(main, 1, 1, message))
        return frozenset(names)
    unreadable: set[str] = set()
    for name in names:
        if not os.path.lexists(path.parent / name):
            continue  # the parser tells it where the name is written
        text = _text(path.parent / name, name, problems)
        if text is None:
            unreadable.add(name)
        else:
            files[name] = text
    return frozenset(unreadable)


def read_profiles(site_folder: Path) -> dict[ProfileId, Profile]:
    """The firmware profiles shipped and those beside a site file, by their names.

    Raises:
        SiteError: with every problem in the site's own profiles.
    """
    problems: list[Problem] = []
    files: dict[str, str] = {}
    profiles = _profiles(site_folder / PROFILE_FOLDER, files, problems)
    if problems:
        raise SiteError(problems, files)
    return profiles


def _profiles(
    folder: Path, files: dict[str, str], problems: list[Problem]
) -> dict[ProfileId, Profile]:
    """Every profile there is; texts of the site's own are added to `files`, to be shown."""
    found: dict[ProfileId, Profile] = {}
    for shipped in importlib.resources.files("firmware_profiles").iterdir():
        if shipped.name.endswith(".yaml"):
            profile = parse_profile(shipped.read_text(encoding="utf-8"), shipped.name)
            found[profile.id] = profile
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
        name = f"{PROFILE_FOLDER}/{path.name}"
        text = _text(path, name, problems)
        if text is None:
            continue
        files[name] = text
        try:
            profile = parse_profile(text, name)
        except ProfileError as error:
            problems.extend(error.problems)
        else:
            found[profile.id] = profile
    for profile in found.values():
        wrong = check_includes(profile.supervision, profile.id, frozenset(found))
        if wrong is not None:
            name = f"{PROFILE_FOLDER}/{profile.id.replace('-', '_')}.yaml"
            problems.append(Problem(name, 1, 1, wrong))
    return found


def _text(path: Path, name: str, problems: list[Problem]) -> str | None:
    """A file's text; None with the reason in `problems` if it can't be read as UTF-8."""
    try:
        data = _bytes(path)
    except FileNotFoundError:
        problems.append(Problem(name, 1, 1, "is not there"))
        return None
    except OSError as error:
        problems.append(Problem(name, 1, 1, f"can't be read: {error.strerror}"))
        return None
    if len(data) > _MAX_BYTES:
        problems.append(Problem(name, 1, 1, f"is larger than {_MAX_BYTES:,} bytes"))
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        message = f"is not UTF-8: byte 0x{data[error.start]:02x}"
        problems.append(Problem(name, line, column, message, "save the file as UTF-8"))
        return None


def _bytes(path: Path) -> bytes:
    """A regular file's content, or as much of it as shows that it is too large."""
    # Without O_NONBLOCK a pipe in the place of a file would be waited for without end.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        return file.read(_MAX_BYTES + 1)
