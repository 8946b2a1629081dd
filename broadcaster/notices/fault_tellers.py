"""All technicians: faults of each snapshot in, what each is to be told out."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from broadcaster.link import CommandRefusedError, LinkError, connect
from broadcaster.notices.carriers import Carriers
from broadcaster.notices.fault_teller import FaultTeller
from broadcaster.notices.fault_tellings import due_faults, forgotten
from broadcaster.notices.fault_view import FaultView, faults_in
from broadcaster.notices.memory import Memory
from broadcaster.run_directory import RunDirectory
from zones.notices_settings import Technician
from zones.site import Name

log = logging.getLogger(__name__)

_ANSWER_LIMIT: Final = 5.0


class FaultTellers:
    """Tells technicians of one site's faults; of none before the first snapshot."""

    def __init__(
        self,
        site: Name,
        technicians: Iterable[Technician],
        carriers: Carriers,
        memory: Memory,
        tell: Callable[[], None],
        run: Path,
    ) -> None:
        """`tell` is called when there is something to report; `run` is the run directory."""
        self._memory, self._tell, self._run = memory, tell, run
        self._faults: tuple[FaultView, ...] | None = None
        self._all = [self._teller(site, one, carriers) for one in technicians]

    def _teller(self, site: Name, technician: Technician, carriers: Carriers) -> FaultTeller:
        told = self._memory.faults.setdefault(technician.id, {})
        carrier = carriers.of(technician.way, lambda said: None)
        return FaultTeller(site, technician, carrier, told, self._changed, self._acknowledge)

    def work(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What is to be run, by name."""
        return {f"technician {one.technician.id}": one.teller.run for one in self._all}

    def take(self, snapshot: Mapping[str, Any]) -> None:
        """Take the faults of a snapshot of control."""
        before = {one.id: one for one in self._faults or ()}
        self._faults = faults_in(snapshot, before, datetime.now(UTC))

    def look(self) -> None:
        """Let everybody tell what is due now."""
        if self._faults is None:
            return  # Nothing is known yet: nothing is over.
        now = datetime.now(UTC)
        for one in self._all:
            for name in forgotten(one.told, now):
                del one.told[name]
            one.teller.look(due_faults(one.technician, self._faults, one.told, now))

    def entries(self) -> list[dict[str, str]]:
        """How it stands with each of them."""
        return [one.teller.entry() for one in self._all]

    def _changed(self) -> None:
        self._memory.changed()
        self._tell()

    async def _acknowledge(self, faults: Sequence[str], who: str) -> None:
        """Tell the watch that somebody has seen faults; one it does not know is over by now."""
        try:
            async with connect(RunDirectory(self._run).watch_socket, "notices") as link:
                for fault in faults:
                    try:
                        await link.command("ack", who=who, limit=_ANSWER_LIMIT, fault=fault)
                    except CommandRefusedError as error:
                        log.info("%s acknowledged %s, without effect: %s", who, fault, error)
        except LinkError as error:
            log.warning("that %s acknowledged faults is lost: %s", who, error)
