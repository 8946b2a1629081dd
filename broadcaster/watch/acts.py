"""What people ask of the watch over its link: reports, and acts on faults and amplifiers."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any, Final

from broadcaster.link import CommandRefusedError, Message
from broadcaster.watch.fault import FaultRefusedError
from firmware_profiles.fault_kind import FaultKind

if TYPE_CHECKING:
    from broadcaster.watch.app import Watch

_LONGEST_HOURS: Final = 24.0 * 30


class Acts:
    """Answers commands. Reading and these acts are all there is: nothing is written to a device."""

    def __init__(self, watch: Watch) -> None:
        """`watch` is the owner of everything."""
        self._watch = watch
        self._known = {
            "report": self._report,
            "faults": self._faults,
            "ack": self._acknowledge,
            "reset": self._reset,
            "shelve": self._shelve,
            "maintenance": self._maintain,
            "replace": self._replace,
        }

    async def handle(self, command: Message) -> Message:
        """The answer to a command; raises CommandRefusedError."""
        act = self._known.get(str(command.get("name")))
        if command.get("name") == "sweep":
            return await self._sweep()
        if command.get("name") == "history":
            return await self._history(command)
        if act is None:
            raise CommandRefusedError(
                f"the watch does not know {command.get('name')!r}; it knows "
                f"{', '.join([*self._known, 'sweep', 'history'])}",
                "name",
            )
        try:
            return act(command)
        except FaultRefusedError as error:
            raise CommandRefusedError(str(error)) from None

    def _report(self, command: Message) -> Message:
        """One amplifier in full, or all of them in brief."""
        if command.get("amplifier") is None:
            return self._watch.snapshot()
        watched = self._watch.amplifiers[self._amplifier(command)]
        now = self._watch.server_time()
        faults = [each for each in self._watch.faults() if each["subject"] == watched.id]
        address = self._watch.where.address_of(watched.id)
        return {"amplifier": watched.report(self._watch.health, now, address), "faults": faults}

    def _faults(self, command: Message) -> Message:
        return {"faults": self._watch.faults()}

    def _acknowledge(self, command: Message) -> Message:
        names = self._named(command)
        for name in names:
            self._watch.health.acknowledge(name, str(command["who"]), datetime.now(UTC))
        return {"faults": names}

    def _reset(self, command: Message) -> Message:
        names = self._named(command)
        for name in names:
            fault = self._watch.health.reset(name)
            watched = self._watch.amplifiers.get(fault.key.amplifier)
            if watched is not None and fault.key.kind is FaultKind.FIRMWARE:
                # To reset it is to accept the version that is there now.
                watched.known_firmware = ""
                self._watch.memory.firmware.pop(watched.id, None)
                watched.enrolment_is_due()
            if watched is not None and fault.key.kind is FaultKind.VOLUME:
                watched.accept_volume(fault.key.part)
            self._watch.told()
        return {"faults": names}

    def _shelve(self, command: Message) -> Message:
        names = self._named(command)
        if command.get("end") is True:
            for name in names:
                self._watch.health.take_off_shelf(name)
            return {"faults": names, "until_utc": None}
        now = datetime.now(UTC)
        until = now + timedelta(hours=_hours(command))
        for name in names:
            self._watch.health.shelve(
                name, until, str(command["who"]), str(command.get("reason") or ""), now
            )
        return {"faults": names, "until_utc": until.isoformat()}

    def _maintain(self, command: Message) -> Message:
        name = self._amplifier(command)
        if command.get("end") is True:
            self._watch.health.end_maintenance(name)
            self._watch.told()
            return {"amplifier": name, "until_utc": None}
        now = datetime.now(UTC)
        until = now + timedelta(hours=_hours(command))
        self._watch.health.maintain(
            name, until, str(command["who"]), str(command.get("reason") or ""), now
        )
        self._watch.told()
        return {"amplifier": name, "until_utc": until.isoformat()}

    def _replace(self, command: Message) -> Message:
        """Another device stands in an amplifier's place: believe what it says of itself.

        It is asked at the `address` given, else where the files say.
        """
        name, address = self._amplifier(command), command.get("address")
        if address is not None:
            address = _ipv4(address)
        watch = self._watch
        watched, agent = watch.amplifiers[name], watch.agents.get(name)
        watch.memory.engines.pop(name, None)
        watch.memory.firmware.pop(name, None)
        if agent is not None and agent.credentials.version == "v3":
            agent.forget_engine()
        watched.begin_anew()
        if agent is not None:
            watch.where.move(name, address)
        watch.told()
        return {"amplifier": name, "address": watch.where.address_of(name)}

    async def _history(self, command: Message) -> Message:
        """The hours of one reading, the newest last."""
        name, reading = self._amplifier(command), str(command.get("reading"))
        since = (datetime.now(UTC) - timedelta(hours=_hours(command))).timestamp()
        try:
            spans = await asyncio.to_thread(self._watch.reading_store.spans, name, reading, since)
        except sqlite3.Error as error:
            raise CommandRefusedError(f"the kept readings cannot be read: {error}") from None
        known = self._watch.amplifiers[name].readings
        if not spans and reading not in known:
            raise CommandRefusedError(
                f"{name} has no reading {reading!r}; it has {', '.join(known) or 'none yet'}",
                "reading",
            )
        return {
            "amplifier": name,
            "reading": reading,
            "hours": [
                {
                    "utc": datetime.fromtimestamp(span.hour, UTC).isoformat(),
                    "least": span.least,
                    "mean": span.mean,
                    "greatest": span.greatest,
                    "count": span.count,
                    "unit": span.unit,
                }
                for span in spans
            ],
        }

    async def _sweep(self) -> Message:
        """Look for every device, and follow the amplifiers that have another address now."""
        watch = self._watch
        try:
            return await watch.take_stock()
        except ValueError as error:
            raise CommandRefusedError(f"sweep in watch.yaml: {error}") from None

    def _amplifier(self, command: Message) -> str:
        name = str(command.get("amplifier"))
        if name not in self._watch.amplifiers:
            known = ", ".join(self._watch.amplifiers)
            raise CommandRefusedError(f"no amplifier {name!r} here; there are {known}", "amplifier")
        return name

    def _named(self, command: Message) -> list[str]:
        """The faults a command is about: one, or all of an amplifier, or `all`."""
        wanted: Any = command.get("fault")
        faults = self._watch.health.faults
        if wanted == "all":
            return [fault.key.id for fault in faults]
        of_amplifier = [fault.key.id for fault in faults if fault.key.amplifier == wanted]
        return of_amplifier or [self._watch.health.fault(str(wanted)).key.id]


def _ipv4(given: object) -> str:
    try:
        return str(IPv4Address(str(given)))
    except ValueError:
        raise CommandRefusedError(
            f"address: {given!r} is no address, such as 10.77.0.15", "address"
        ) from None


def _hours(command: Message) -> float:
    hours: Any = command.get("hours")
    is_number = isinstance(hours, int | float) and not isinstance(hours, bool)
    if not is_number or not 0 < hours <= _LONGEST_HOURS:
        raise CommandRefusedError(
            f"hours: {hours!r} is not between 0 and {_LONGEST_HOURS:g}", "hours"
        )
    return float(hours)
