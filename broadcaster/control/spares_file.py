"""Which zones spare amplifiers play, kept in the state directory over a restart of the machine."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from broadcaster.control.spares import Spares, spares_found_again
from broadcaster.engine.plan import Plan
from broadcaster.run_directory import StateDirectory, write_whole
from zones.site import Site

log = logging.getLogger(__name__)

_FILE: Final = "spares.json"


class SparesFile:
    """Writes the newest memory of the spares; `faults` says that it cannot."""

    def __init__(self, state: StateDirectory) -> None:
        self.faults: tuple[str, ...] = ()
        self._path = state.path / _FILE
        self._memory: Mapping[str, Any] = {}
        self._changed = asyncio.Event()

    def keep(self, memory: Mapping[str, Any]) -> None:
        """This is to be known after a restart."""
        self._memory = memory
        self._changed.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            octets = json.dumps(self._memory, ensure_ascii=False).encode()
            try:
                await asyncio.to_thread(write_whole, self._path, octets)
            except OSError as error:
                self.faults = (f"what spares play is not kept over a restart: {error.strerror}",)
                log.error("%s", self.faults[0])
            else:
                self.faults = ()


def read_spares(state: StateDirectory, adopted: Plan | None, site: Site, utc: datetime) -> Spares:
    """The spares as the engine plays them by the adopted plan, else as they were written down."""
    playing = () if adopted is None else adopted.streams
    return spares_found_again(_written(state), playing, site, utc)


def _written(state: StateDirectory) -> Mapping[str, Any]:
    path = state.path / _FILE
    try:
        memory = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        log.error("%s cannot be read, spares rest unless the engine plays them: %s", path, error)
        return {}
    return memory if isinstance(memory, dict) else {}
