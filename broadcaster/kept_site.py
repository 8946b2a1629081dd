"""The last site file that was right, kept in the state directory for the day it is not.

A slip in an editor must not keep a warning from being given: a station that finds its site file
wrong when a process starts anew goes on with the copy, and says so as a fault until it is mended.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from broadcaster.run_directory import StateDirectory, write_whole
from broadcaster.site_reader import PROFILE_FOLDER, read_site
from zones.site import Site
from zones.sitefile import SiteError, named_files

_FOLDER = "site"


@dataclass(frozen=True, slots=True)
class ReadSite:
    """A site, the file it was read from, and a sentence when that is the kept copy."""

    site: Site
    config: Path
    fault: str = ""


def site_or_kept(config: Path, state: StateDirectory) -> ReadSite:
    """The site that a file describes; the last right one when that file is wrong.

    Raises:
        SiteError: it is wrong, and no right one was ever kept.
    """
    try:
        return ReadSite(read_site(config), config)
    except SiteError as error:
        kept = state.path / _FOLDER / config.name
        try:
            site = read_site(kept)
        except SiteError:
            raise error from None
        wrong = next((str(one) for one in error.problems if not one.is_warning), str(config))
        fault = (
            f"the site file is wrong, the last right one is in force: {wrong}; mend it, look with "
            f"`broadcaster check {config}` and put it in force with `broadcaster reload`"
        )
        return ReadSite(site, kept, fault)


def keep_site(config: Path, state: StateDirectory) -> None:
    """Keep a site file that was found right, with all the files it names.

    Raises:
        OSError: it cannot be written.
    """
    texts = _texts(config)
    folder = state.path / _FOLDER
    if texts == (_texts(folder / config.name) if folder.is_dir() else None):
        return
    draft = folder.with_name(f"{_FOLDER}.new")
    shutil.rmtree(draft, ignore_errors=True)
    for name, data in texts.items():
        path = draft / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, data)
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def _texts(config: Path) -> dict[str, bytes]:
    """The site file, what it names beside or below it, and the site's own profiles."""
    try:
        data = config.read_bytes()
        names = named_files(data.decode("utf-8"), config.name)
    except (OSError, UnicodeDecodeError, SiteError):
        return {}
    profiles = sorted((config.parent / PROFILE_FOLDER).glob("*.yaml"))
    found = {config.name: data}
    for name in (*names, *(f"{PROFILE_FOLDER}/{path.name}" for path in profiles)):
        path = config.parent / name
        if path.is_file() and path.resolve().is_relative_to(config.parent.resolve()):
            found[name] = path.read_bytes()
    return found
