"""One amplifier as it is watched: what to ask next, and what its answers say. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from broadcaster.watch.arrival import Arrival, ArrivalCount
from broadcaster.watch.enrolment import Asked, Enrolment
from broadcaster.watch.fault import FaultKey
from broadcaster.watch.health import Health, Look
from firmware_profiles.fault_kind import FaultKind
from firmware_profiles.oid import ENGINE_BOOTS, SYS_UPTIME, Oid
from firmware_profiles.profile import Profile
from firmware_profiles.reading import Raw, judged, shown
from firmware_profiles.supervision import Pace, Role
from zones.site import Amplifier

USUAL_PERIOD: Final = 10.0
SLOW_PERIOD: Final = 300.0
"""Seconds between two looks at what hardly changes."""
_UPTIME_WRAP: Final = 2**32
_STEP: Final = 6_000
"""Hundredths of a second by which an uptime may seem to go back without a restart."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The last value of an object, for people; `at` is monotonic seconds."""

    title_ko: str
    title_en: str
    value: str
    number: float | None
    unit: str
    part: str
    is_verified: bool
    at: float


@dataclass(slots=True)
class WatchedAmplifier:
    """What is known of one amplifier. `known_firmware` is the version somebody has accepted.

    `commissioned` are the volumes found at commissioning, or accepted since, by the output they are
    of; the empty name stands for the whole device.
    """

    amplifier: Amplifier
    profile: Profile
    has_agent: bool
    known_firmware: str = ""
    commissioned: dict[str, str] = field(default_factory=dict)
    enrolment: Enrolment | None = None
    arrival: Arrival = field(default_factory=lambda: Arrival(None, None, None))
    arrival_at: float | None = None
    readings: dict[str, Reading] = field(default_factory=dict)
    answered_at: float | None = None
    error: str = ""
    misses: int = 0
    polls: int = 0
    restarts: int = 0
    engine_changed: bool = False
    """Another SNMP engine answers than the one that was known: exchanged, or set back."""
    was_kicked: bool = False
    """A trap came: the next poll asks for all."""
    _uptime: tuple[float, int] | None = None
    _boots: int | None = None
    _usual_at: float | None = None
    _slow_at: float | None = None
    _counts: ArrivalCount = field(default_factory=ArrivalCount)

    @property
    def id(self) -> str:
        """Its name in the site."""
        return str(self.amplifier.id)

    @property
    def arrival_is_measured(self) -> bool:
        """Whether its agent counts the multicast packets that come in."""
        asked = () if self.enrolment is None else self.enrolment.asked
        return any(each.item.role is Role.MULTICAST_PACKETS for each in asked)

    def oids(self, now: float, *, is_urgent: bool) -> tuple[Oid, ...]:
        """What to ask for now: little and often under a warning, everything now and then."""
        if self.enrolment is None:
            return ()
        wanted = {Pace.FAST}
        if not is_urgent or self._usual_at is None or now - self._usual_at >= USUAL_PERIOD:
            wanted.add(Pace.USUAL)
        if self._slow_at is None or now - self._slow_at >= SLOW_PERIOD:
            wanted.add(Pace.SLOW)
        asked = (each.oid for each in self.enrolment.asked if each.item.pace in wanted)
        boots = (ENGINE_BOOTS,) if self._boots is not None or Pace.SLOW in wanted else ()
        return (SYS_UPTIME, *boots, *asked)

    def enrolled(self, enrolment: Enrolment, health: Health) -> list[Look]:
        """Its agent was found out about; looks at whether it is the one it should be."""
        self.enrolment = enrolment
        parts = {
            (kind, each.part)
            for each in enrolment.asked
            for kind in each.item.kinds
            if each.item.is_verified
        }
        own = {(kind, "") for kind in FaultKind}
        health.keep_parts(self.id, parts | own)
        return [*self._look_at_profile(), *self._look_at_firmware(enrolment.choice.firmware)]

    def answered(
        self, values: Mapping[Oid, Raw | None], now: float, sent: float | None, health: Health,
        *, is_urgent: bool,
    ) -> list[Look]:  # fmt: skip
        """What an answer says; `sent` are the packets sent to it until `now`, if known."""
        self.answered_at, self.error, self.misses = now, "", 0
        self.polls += 1
        if self._has_restarted(values, now):
            self.restarts += 1
            self._counts.restart()
            self.enrolment_is_due()
        looks = [
            Look(self.id, FaultKind.AGENT, False, by="snmp"),
            Look(self.id, FaultKind.LINK, False, by="snmp"),
            *[Look(self.id, FaultKind.IDENTITY, self.engine_changed, "another SNMP engine")] * 2,
        ]
        asked = () if self.enrolment is None else self.enrolment.asked
        for each in asked:
            if each.oid in values:
                looks += self._read(each, values[each.oid], now, health)
                if each.item.role is Role.MULTICAST_PACKETS:
                    looks += self._count(values[each.oid], sent, now, is_urgent=is_urgent)
        paces = {each.item.pace for each in asked if each.oid in values}
        if Pace.USUAL in paces:
            self._usual_at = now
        if Pace.SLOW in paces:
            self._slow_at = now
        return looks

    def missed(self, why: str, *, is_reachable: bool | None) -> list[Look]:
        """It did not answer; `is_reachable` is what another try at the device found."""
        self.error = why
        self.misses += 1
        self.polls += 1
        self.arrival = Arrival(None, None, None)
        looks = [Look(self.id, FaultKind.AGENT, True, why, by="snmp")] if self.has_agent else []
        if is_reachable is not None:
            text = "" if is_reachable else "no answer on any port"
            looks.append(Look(self.id, FaultKind.LINK, not is_reachable, text, by="reachability"))
        return looks

    def enrolment_is_due(self) -> None:
        """Find out anew what it has at the next poll."""
        self._slow_at = None
        if self.enrolment is not None:
            self.readings.clear()
        self.enrolment = None

    def begin_anew(self) -> None:
        """Another device stands in its place, and that is right."""
        self.known_firmware, self.engine_changed = "", False
        self._uptime = self._boots = None
        self._counts.restart()
        self.enrolment_is_due()

    def _look_at_profile(self) -> list[Look]:
        """Does the device itself say that it is of this family?"""
        assert self.enrolment is not None  # noqa: S101 - called when it is there
        choice = self.enrolment.choice
        own = self.profile.id
        match = self.profile.supervision.match
        is_generic = match is None
        is_other = choice.profile is not None and choice.profile.id != own and not is_generic
        text = f"it is a {choice.profile.id}, the site file says {own}" if choice.profile else ""
        return [Look(self.id, FaultKind.CONFIG, is_other, text, part="profile")] * 2

    def _look_at_firmware(self, firmware: str) -> list[Look]:
        assert self.enrolment is not None  # noqa: S101 - called when it is there
        if not firmware:
            return []
        choice = self.enrolment.choice
        is_own = choice.profile is not None and choice.profile.id == self.profile.id
        if is_own and not choice.is_in_range:
            return [Look(self.id, FaultKind.FIRMWARE, True, choice.why)] * 2
        if not self.known_firmware:
            self.known_firmware = firmware
        is_new = firmware != self.known_firmware
        text = f"{self.known_firmware} became {firmware}" if is_new else ""
        return [Look(self.id, FaultKind.FIRMWARE, is_new, text)] * 2

    def _look_at_volume(self, part: str, told: str) -> list[Look]:
        meant = self.commissioned.setdefault(part, told)
        text = f"{meant} became {told}" if told != meant else ""
        return [Look(self.id, FaultKind.VOLUME, told != meant, text, part)]

    def accept_volume(self, part: str) -> None:
        """What it is set to when it answers next is meant."""
        self.commissioned.pop(part, None)

    def _read(self, each: Asked, raw: Raw | None, now: float, health: Health) -> list[Look]:
        item = each.item
        number = raw * item.scale if isinstance(raw, int) else None
        told = shown(item, raw)
        self.readings[f"{item.name} {each.part}".strip()] = Reading(
            *(item.title.ko, item.title.en, told, number, item.unit, each.part),
            *(item.is_verified, now),
        )
        if item.role is Role.FIRMWARE and self.enrolment is not None and told:
            return self._look_at_firmware(told)
        if not item.is_verified:
            return []
        if item.role is Role.VOLUME:
            return self._look_at_volume(each.part, told) if number is not None else []
        was_bad = item.fault is not None and health.was_bad(
            FaultKey(self.id, item.fault, each.part)
        )
        return [
            Look(self.id, judgement.kind, judgement.is_bad, told, each.part)
            for judgement in judged(item, raw, was_bad)
        ]

    def _count(
        self, raw: Raw | None, sent: float | None, now: float, *, is_urgent: bool
    ) -> list[Look]:
        if not isinstance(raw, int) or sent is None:
            self.arrival = Arrival(None, None, None)
            return []
        self._counts.count(raw, sent, now)
        found = self.arrival = self._counts.judge(is_urgent=is_urgent)
        self.arrival_at = now
        ratio = "" if found.ratio is None else f"{found.ratio:.0%} of what is sent"
        is_cut = None if found.arrived is None else not found.arrived
        return [
            Look(self.id, FaultKind.MULTICAST, is_cut, ratio, by="counter"),
            Look(self.id, FaultKind.FLOODING, found.flooded, ratio, by="counter"),
        ]

    def _has_restarted(self, values: Mapping[Oid, Raw | None], now: float) -> bool:
        """Whether it began anew since the last answer; not when only its uptime wrapped."""
        uptime, boots = values.get(SYS_UPTIME), values.get(ENGINE_BOOTS)
        before, self._uptime = self._uptime, (now, uptime) if isinstance(uptime, int) else None
        boots_before = self._boots
        if isinstance(boots, int):
            self._boots = boots
        if boots_before is not None and isinstance(boots, int) and boots != boots_before:
            return True
        if before is None or not isinstance(uptime, int):
            return False
        due = before[1] + (now - before[0]) * 100
        return uptime < before[1] - _STEP and due < _UPTIME_WRAP - _STEP

    # --- what is told of it ---

    def unsupervised(self, health: Health) -> list[str]:
        """The kinds of fault that nobody looks for here: never to be taken for in order."""
        seen = health.supervised(self.id)
        local = set(FaultKind) - {FaultKind.SWITCH, FaultKind.QUERIER, FaultKind.SENDER}
        return sorted(kind.value for kind in local if kind not in seen)

    def report(self, health: Health, now: float, address: str) -> dict[str, Any]:
        """The amplifier for people: what it says, how old that is, what nobody measures.

        `address` is where it is asked.
        """
        enrolment = self.enrolment
        return {
            "id": self.id,
            "name": {"ko": self.amplifier.name.ko, "en": self.amplifier.name.en},
            "address": address,
            "profile": self.profile.id,
            "has_agent": self.has_agent,
            "answered_s": None if self.answered_at is None else round(now - self.answered_at, 1),
            "error": self.error,
            "model": "" if enrolment is None else enrolment.model,
            "serial": "" if enrolment is None else enrolment.serial,
            "firmware": self.known_firmware,
            "description": "" if enrolment is None else enrolment.identity.description,
            "restarts": self.restarts,
            "arrived": self.arrival.arrived,
            "arrival_ratio": None if self.arrival.ratio is None else round(self.arrival.ratio, 3),
            "readings": [
                {
                    "name": name,
                    "title": {"ko": each.title_ko, "en": each.title_en},
                    "value": each.value,
                    "number": each.number,
                    "unit": each.unit,
                    "verified": each.is_verified,
                    "age_s": round(now - each.at, 1),
                }
                for name, each in self.readings.items()
            ],
            "supervised": {kind.value: by for kind, by in health.supervised(self.id).items()},
            "unsupervised": self.unsupervised(health),
            "quirks": [each.text for each in self.profile.supervision.quirks],
        }
