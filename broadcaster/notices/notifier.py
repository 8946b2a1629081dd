"""All that is told, by snapshots: devices kept as wanted, contacts told and called, reports.

Everybody has a task of their own. Nothing here is waited for by anybody who makes sound.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from broadcaster.notices.alert_view import AlertView, alerts_in
from broadcaster.notices.calling import called, calls, ranks
from broadcaster.notices.carriers import Carriers, session
from broadcaster.notices.contact_teller import ContactTeller
from broadcaster.notices.control_line import ControlLine, Reports
from broadcaster.notices.device_keeper import DeviceKeeper
from broadcaster.notices.fault_tellers import FaultTellers
from broadcaster.notices.home_assistant_sender import HomeAssistantSender
from broadcaster.notices.memory import Memory
from broadcaster.notices.own_sound import Output, OwnSound, is_called_for, sound_device
from broadcaster.notices.tellings import due
from broadcaster.notices.wanted import fingerprint, wanted
from zones.notices_settings import Contact, Device, NoticesSettings
from zones.site import Name, Site

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 0.4
"""Seconds between looks at whose time to acknowledge has passed."""
_AFTER_FAULT: Final = 1.0


class Notifier:
    """Tells everybody of one site."""

    def __init__(
        self,
        site: Name,
        settings: NoticesSettings,
        socket: Path,
        memory: Memory,
        carriers: Carriers,
        open_output: Callable[[str | None], Output] = sound_device,
        home: HomeAssistantSender | None = None,
    ) -> None:
        """`socket` is control's; `memory` is what was told before; `home` is shown everything."""
        self._home = home
        self._settings = settings
        self._memory = memory
        self._alerts: tuple[AlertView, ...] | None = None
        self._ended: dict[str, list[dict[str, str]]] = {}
        self.line = ControlLine(
            socket, self.look, self.reports, memory.waiting, self._memory.changed
        )
        self.devices = [self._keeper(site, device, carriers) for device in settings.devices]
        self.contacts = [self._teller(site, contact, carriers) for contact in settings.contacts]
        self.technicians = FaultTellers(
            site, settings.technicians, carriers, memory, self.line.tell, socket.parent
        )
        self._lines = carriers.lines
        self.sound = (
            None
            if settings.sound is None
            else OwnSound(settings.sound, self.line.tell, open_output)
        )

    def _keeper(self, site: Name, device: Device, carriers: Carriers) -> DeviceKeeper:
        keeper: DeviceKeeper
        carrier = carriers.of(device.way, lambda said: keeper.answered(said))
        keeper = DeviceKeeper(site, device, carrier, self.line.tell)
        return keeper

    def _teller(self, site: Name, contact: Contact, carriers: Carriers) -> ContactTeller:
        teller: ContactTeller
        carrier = carriers.of(contact.way, lambda said: teller.answered_later(said))
        told = self._memory.told.setdefault(contact.id, {})
        teller = ContactTeller(site, contact, carrier, told, self._changed, self._acknowledge)
        return teller

    async def run(self) -> None:
        """Tell until cancelled."""
        work = {
            "control": self.line.run,
            "looks": self._keep_looking,
            "memory": self._memory.run,
            **{f"broker {broker}": line.run for broker, line in self._lines.items()},
            **{f"device {one.device.id}": one.run for one in self.devices},
            **{f"contact {one.contact.id}": one.teller.run for one in self.contacts},
            **self.technicians.work(),
        }
        if self.sound is not None:
            work["own sound"] = self.sound.run
        if self._home is not None:
            work["home automation"] = self._home.run
        async with asyncio.TaskGroup() as tasks:
            for name, run in work.items():
                tasks.create_task(_endlessly(run, name), name=name)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            self._look_again()

    # --- in ---

    def look(self, snapshot: Mapping[str, Any]) -> None:
        """Take the newest snapshot of control."""
        self._alerts = alerts_in(snapshot)
        self._memory.keep_only({one.id for one in self._alerts})
        self.technicians.take(snapshot)
        if self._home is not None:
            self._home.take(snapshot)
        self._look_again()
        self.line.tell()

    def _look_again(self) -> None:
        self.technicians.look()
        alerts = self._alerts
        if alerts is None:
            return  # Nothing is known yet: whatever is shown stays.
        for keeper in self.devices:
            keeper.want(wanted(keeper.device, alerts))
        whom = self._called(alerts)
        for one in self.contacts:
            called_for = whom.get(one.contact.id, {})
            one.teller.look(due(one.contact, alerts, one.told, called_for))
        if self.sound is not None:
            self.sound.want(is_called_for(alerts))

    def _called(self, alerts: tuple[AlertView, ...]) -> dict[str, dict[str, str]]:
        """Whom to call about what: the name of the call, by contact and alert."""
        now = asyncio.get_running_loop().time()
        found: dict[str, dict[str, str]] = {}
        for alert in alerts:
            listed = ranks(alert, self._settings.contacts)
            before = self._memory.calling.get(alert.id)
            calling = called(before, alert, listed, now)
            if calling != before:
                if calling is None:
                    del self._memory.calling[alert.id]
                else:
                    self._memory.calling[alert.id] = calling
                self._memory.changed()
            if calling is not None:
                for contact, name in calls(calling, listed):
                    found.setdefault(contact.id, {})[alert.id] = name
        return found

    def _acknowledge(self, contact: Contact, alert: str, call: str) -> None:
        key = f"acknowledged {fingerprint({'by': contact.id, 'alert': alert, 'call': call})}"
        self._memory.waiting[key] = (alert, f"{contact.role} ({contact.id})")

    def _changed(self) -> None:
        self._memory.changed()
        self.line.tell()

    # --- out ---

    def reports(self) -> Reports:
        """How everybody stands: by alert, and under "" whatever the alert.

        Of an alert that ended, devices are reported as they stood when it did.
        """
        alerts = self._alerts or ()
        of_all = [keeper.entry() for keeper in self.devices]
        of_all += [one.teller.entry() for one in self.contacts]
        of_all += self.technicians.entries()
        if self.sound is not None:
            of_all.append(self.sound.entry())
        found = {"": of_all}
        ended, self._ended = self._ended, {}
        for alert in alerts:
            if alert.is_living:
                devices = [
                    keeper.entry()
                    for keeper in self.devices
                    if alert.is_heard and alert.concerns(keeper.device)
                ]
            else:
                devices = ended.get(alert.id, [])
            self._ended[alert.id] = devices
            people = (one.entry_of(alert.id) for one in self.contacts)
            found[alert.id] = [*devices, *(entry for entry in people if entry is not None)]
        return found


async def _endlessly(work: Callable[[], Awaitable[None]], name: str) -> None:
    """Begin `work` anew when it fails: a fault about one receiver must not silence the others."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("a fault in notices: %s", name)
            await asyncio.sleep(_AFTER_FAULT)


async def notify(site: Site, folder: Path, socket: Path, state: Path) -> None:
    """Tell everybody of a site until cancelled; files that it names are relative to `folder`."""
    settings = site.notices
    home = settings.home_assistant
    shown = None if home is None else HomeAssistantSender(site, home, folder)
    async with session() as connections:
        carriers = Carriers(folder, connections)
        memory = Memory(state)
        await Notifier(site.name, settings, socket, memory, carriers, home=shown).run()
