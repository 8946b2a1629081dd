"""Reads the messages of a station: its own catalogue if it has one, else the one that ships.

A station's own lies in its state directory, where `broadcaster messages use` puts it after looking
it through; beside it lie the names of the site that are spoken in messages.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Final

from alerts.catalogue import CatalogueError, parse_catalogue
from alerts.message_book import MessageBook
from alerts.names import SiteNames
from broadcaster.run_directory import write_whole
from zones.problem import Problem
from zones.site import Name

FOLDER: Final = "messages"
"""Below the state directory: catalogue, names and recordings."""
CATALOGUE: Final = "messages.yaml"
VOICES: Final = "voices.json"
"""The list of recordings beside a catalogue."""
_NAMES: Final = "names.json"


def catalogue_path(state: Path) -> Path:
    """Where a station's own catalogue lies, if it has one."""
    return state / FOLDER / CATALOGUE


def shipped_catalogue() -> str:
    """The text of the catalogue that ships with the program."""
    return (resources.files("alerts") / FOLDER / CATALOGUE).read_text("utf-8")


def read_messages(state: Path | None) -> MessageBook:
    """The messages of the station with this state directory; those shipped for None.

    Raises:
        CatalogueError: the catalogue in force cannot be used.
        OSError: the station's own cannot be read.
    """
    if state is not None:
        own = catalogue_path(state)
        try:
            return parse_catalogue(own.read_text("utf-8"), str(own))
        except FileNotFoundError:
            pass
    return parse_catalogue(shipped_catalogue(), CATALOGUE)


def messages_in_force(state: Path) -> tuple[MessageBook, str]:
    """The messages a station speaks, and a sentence if they are not its own though it has some.

    A station whose own catalogue was damaged must not fall silent: it speaks what ships.
    """
    try:
        return read_messages(state), ""
    except CatalogueError as error:
        why = str(error).partition("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        why = f"{catalogue_path(state)}: {error}"
    return read_messages(None), f"{why}; the messages that ship with the program are used"


def put_catalogue(state: Path, file: Path) -> MessageBook:
    """Let a station speak the messages of a file, once it is known to be right.

    Raises:
        CatalogueError: with every problem in it; nothing has changed.
        OSError: it cannot be read, or not be put into the state directory.
    """
    data = file.read_bytes()
    try:
        book = parse_catalogue(data.decode("utf-8"), str(file))
    except UnicodeDecodeError as error:
        problem = Problem(str(file), 1, 1, f"is not UTF-8: {error.reason}", "save it as UTF-8")
        raise CatalogueError([problem], "") from None
    own = catalogue_path(state)
    own.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(own, data)
    return book


def drop_catalogue(state: Path) -> bool:
    """Go back to the messages that ship; whether the station had its own. Raises OSError."""
    try:
        catalogue_path(state).unlink()
    except FileNotFoundError:
        return False
    return True


def write_names(state: Path, names: SiteNames) -> bool:
    """Note a site's names for whoever renders them; whether they are others than before.

    Raises:
        OSError: they cannot be written.
    """
    path = state / FOLDER / _NAMES
    data = json.dumps(asdict(names), ensure_ascii=False).encode()
    if path.exists() and path.read_bytes() == data:
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, data)
    return True


def read_names(state: Path) -> SiteNames:
    """The names noted last; none if nobody has noted any that can be read."""
    try:
        fields = json.loads((state / FOLDER / _NAMES).read_bytes())
        zones, exits = (
            {str(owner): Name(str(name["ko"]), str(name["en"])) for owner, name in found.items()}
            for found in (fields["zones"], fields["exits"])
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return SiteNames()
    return SiteNames(zones, exits)
