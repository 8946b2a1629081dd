"""Reads the site file, the files it names and the firmware profiles, and hands over their text."""

from __future__ import annotations

import importlib.resources
import zoneinfo
from pathlib import Path

from firmware_profiles.profile import Profile, ProfileError, parse_profile
from zones.problem import Problem
from zones.site import ProfileId, Site
from zones.sitefile import SiteError, named_files, parse_site
from zones.yaml_document import MAX_CHARACTERS

PROFILE_FOLDER = "firmware_profiles"
"""The folder beside a site file with the site's own profiles; they win over those shipped."""


def read_site(path: Path) -> Site:
    """The site that a file describes.

    Raises:
        SiteError: with every problem in the site file, the files it names and the site's profiles.
    """
    main = path.name
    files: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    problems: list[Problem] = []
    text = _text(path, main, problems)
    if text is None:
        raise SiteError(problems, files)
    files[main] = text
    for name in named_files(text, main):
        found: list[Problem] = []
        more = _text(path.parent / name, name, found)
        if more is not None:
            files[name] = more
        elif found:
            unreadable[name] = found[0].message
    profiles, wrong_profiles = _profiles(path.parent / PROFILE_FOLDER, files)
    try:
        site = parse_site(
            files,
            main,
            profiles={name: profile.reception for name, profile in profiles.items()},
            time_zones=zoneinfo.available_timezones(),
            unreadable=unreadable,
        )
    except SiteError as error:
        raise SiteError((*error.problems, *wrong_profiles), files) from None
    if wrong_profiles:
        raise SiteError(wrong_profiles, files)
    return site


def read_profiles(site_folder: Path) -> dict[ProfileId, Profile]:
    """The firmware profiles shipped and those beside a site file, by their names.

    Raises:
        SiteError: with every problem in the site's own profiles.
    """
    files: dict[str, str] = {}
    profiles, problems = _profiles(site_folder / PROFILE_FOLDER, files)
    if problems:
        raise SiteError(problems, files)
    return profiles


def _profiles(
    folder: Path, files: dict[str, str]
) -> tuple[dict[ProfileId, Profile], list[Problem]]:
    """Every profile there is; texts of the site's own are added to `files`, to be shown."""
    found: dict[ProfileId, Profile] = {}
    for shipped in importlib.resources.files("firmware_profiles").iterdir():
        if shipped.name.endswith(".yaml"):
            profile = parse_profile(shipped.read_text(encoding="utf-8"), shipped.name)
            found[profile.id] = profile
    problems: list[Problem] = []
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
    return found, problems


def _text(path: Path, name: str, problems: list[Problem]) -> str | None:
    """A file's text; None with the reason in `problems` if it can't be read as UTF-8."""
    try:
        with path.open("rb") as file:
            # One byte more than can be right shows that the file is too large, and no more is read.
            data = file.read(4 * MAX_CHARACTERS + 1)
    except OSError as error:
        why = "is not there" if isinstance(error, FileNotFoundError) else f"{error.strerror}"
        problems.append(Problem(name, 1, 1, why if why == "is not there" else f"unreadable: {why}"))
        return None
    if len(data) > 4 * MAX_CHARACTERS:
        problems.append(Problem(name, 1, 1, f"is larger than {4 * MAX_CHARACTERS:,} bytes"))
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        problems.append(
            Problem(
                name,
                line,
                column,
                f"is not UTF-8: byte 0x{data[error.start]:02x}",
                "save the file as UTF-8",
            )
        )
        return None
