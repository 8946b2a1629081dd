"""Keys with which simulated cameras and gauges sign: made for a demo, or brought in a file.

Every one of them is called `sim-...`, so that a station always shows who reports: its journal names
the key, and events are called `sim-...` too.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from broadcaster.doors.keys import SECRET_BYTES, Key, Keys, new_id
from broadcaster.doors.keys_file import keys_path, read_keys, write_keys
from broadcaster.run_directory import ProcessTable, RunDirectory, StateDirectory, write_whole
from broadcaster.simulator.scenario_settings import ScenarioError
from zones.site import Site

PREFIX: Final = "sim-"
_MARK: Final = "demo.json"
_LONGEST_NAME: Final = 40


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key's id and secret, and the sources it speaks for; none means all others."""

    id: str
    secret: bytes = field(repr=False)
    sources: tuple[str, ...] = ()


class SigningKeys:
    """The keys of simulated sources."""

    def __init__(self, keys: Iterable[SigningKey]) -> None:
        """Raises ScenarioError for a key that is not called `sim-...`."""
        self.keys = tuple(keys)
        for key in self.keys:
            if not key.id.startswith(PREFIX):
                raise ScenarioError(
                    f"key {key.id} is not called {PREFIX}...: make one for simulations with "
                    f"`broadcaster keys add {PREFIX}1 --json`"
                )
        self._of = {source: key for key in self.keys for source in key.sources}
        self._rest = next((key for key in self.keys if not key.sources), None)

    def of(self, source: str) -> SigningKey | None:
        """The key that signs for a source; None if none does."""
        return self._of.get(source, self._rest)


def keys_in(path: Path) -> SigningKeys:
    """The keys in a file: lines as `broadcaster keys add NAME --json` prints them.

    Raises:
        ScenarioError: it can't be read, or a line is no key.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"cannot read {path}: {error}") from None
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(_key_in(json.loads(line)))
            except (ValueError, KeyError, TypeError):
                raise ScenarioError(
                    f"{path}:{number}: is no key as `broadcaster keys add NAME --json` prints it"
                ) from None
    return SigningKeys(found)


def _key_in(fields: dict[str, Any]) -> SigningKey:
    return SigningKey(
        str(fields["id"]), bytes.fromhex(fields["secret"]), tuple(map(str, fields["sources"]))
    )


# --- a demo's own keys ------------------------------------------------------------------------


def make_demo_keys(site: Site, run: RunDirectory, state: StateDirectory) -> SigningKeys:
    """Keys for every source of a site and one for all the rest, known to the demo's doors.

    Those of an earlier demo are no longer valid. They lie in the run directory too, which is how
    `broadcaster simulate` knows a demo.

    Raises:
        NoKeyError: the file of keys is damaged.
        OSError: it can't be written.
    """
    utc = datetime.now(UTC)
    sources = [*(str(one.id) for one in site.cameras), *(str(one.id) for one in site.gauges)]
    made = [_made(source, (source,), utc) for source in dict.fromkeys(sources)]
    made.append(_made("district", (), utc))
    path = keys_path(state)
    others = (key for key in read_keys(path) if not key.name.startswith(PREFIX))
    write_keys(path, Keys([*others, *made]))
    listed = [{"id": k.id, "secret": k.secret.hex(), "sources": list(k.sources)} for k in made]
    mark = {"pid": os.getpid(), "keys": listed}
    write_whole(run.path / _MARK, json.dumps(mark).encode(), durable=False)
    return SigningKeys(SigningKey(key.id, key.secret, key.sources) for key in made)


def _made(source: str, sources: Sequence[str], utc: datetime) -> Key:
    name = f"{PREFIX}{source}"[:_LONGEST_NAME]
    return Key(
        id=new_id(name),
        name=name,
        made=utc,
        secret=secrets.token_bytes(SECRET_BYTES),
        sources=tuple(sources),
    )


def demo_keys(run: RunDirectory) -> SigningKeys | None:
    """The keys of the demo that runs here; None when no demo does.

    Raises:
        RunDirectoryError: the run directory is of another version.
    """
    table = ProcessTable.read(run.processes)
    try:
        mark = json.loads((run.path / _MARK).read_bytes())
        # What a demo that was killed left behind must not make a demo of another station.
        if table is None or mark["pid"] != table.supervisor:
            return None
        return SigningKeys(map(_key_in, mark["keys"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
