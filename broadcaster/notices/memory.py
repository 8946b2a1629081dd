"""What notices must know after a restart: whom it told what, and who waits to be acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from broadcaster.notices.calling import Calling
from broadcaster.notices.fault_tellings import ToldFault
from broadcaster.notices.tellings import ToldOf
from broadcaster.run_directory import this_boot, write_whole

log = logging.getLogger(__name__)

_FILE: Final = "notices.json"


class Memory:
    """Kept in the state directory; written whenever `changed` was called.

    `waiting` are acknowledgements that control does not know of yet: the alert and who it was, by
    the key of the act.
    """

    def __init__(self, state: Path) -> None:
        """Take up what is written there; a file that is none counts as none."""
        self._path = state / _FILE
        self._news = asyncio.Event()
        self.told: dict[str, dict[str, ToldOf]] = {}
        self.calling: dict[str, Calling] = {}
        self.waiting: dict[str, tuple[str, str]] = {}
        self.faults: dict[str, dict[str, ToldFault]] = {}
        try:
            self._take(json.loads(self._path.read_bytes()))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.error("what was told before is not known (%s: %s)", self._path, error)
            self.told, self.calling, self.waiting, self.faults = {}, {}, {}, {}

    def _take(self, fields: Mapping[str, Any]) -> None:
        for contact, alerts in fields["told"].items():
            self.told[contact] = {name: ToldOf.of(of) for name, of in alerts.items()}
        self.waiting = {key: (str(a), str(w)) for key, (a, w) in fields["waiting"].items()}
        for technician, faults in (fields.get("faults") or {}).items():
            self.faults[technician] = {name: ToldFault.of(one) for name, one in faults.items()}
        if fields["boot"] == this_boot():
            # Monotonic seconds of an earlier boot say nothing.
            self.calling = {name: Calling.of(one) for name, one in fields["calling"].items()}

    def changed(self) -> None:
        """Something is other than before."""
        self._news.set()

    def keep_only(self, alerts: Collection[str]) -> None:
        """Forget every alert but these."""
        for told in self.told.values():
            for gone in told.keys() - set(alerts):
                del told[gone]
        for gone in self.calling.keys() - set(alerts):
            del self.calling[gone]

    async def run(self) -> None:
        """Write until cancelled; a disk that fails is logged once."""
        is_lost = False
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                try:
                    await asyncio.to_thread(write_whole, self._path, self._octets())
                except OSError as error:
                    if not is_lost:
                        log.error("what was told cannot be written down: %s", error.strerror)
                    is_lost = True
                else:
                    is_lost = False
        finally:
            with contextlib.suppress(OSError):
                write_whole(self._path, self._octets())

    def _octets(self) -> bytes:
        return json.dumps(self._fields(), ensure_ascii=False).encode()

    def _fields(self) -> dict[str, Any]:
        return {
            "boot": this_boot(),
            "told": {
                contact: {name: of.fields() for name, of in alerts.items()}
                for contact, alerts in self.told.items()
            },
            "calling": {name: one.fields() for name, one in self.calling.items()},
            "waiting": {key: list(one) for key, one in self.waiting.items()},
            "faults": {
                technician: {name: one.fields() for name, one in faults.items()}
                for technician, faults in self.faults.items()
            },
        }
