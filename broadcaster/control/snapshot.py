"""How things stand, as control shows them: four facts apart, each with its witness (SAFETY A1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from alerts.alert import Instant
from alerts.claim_name import ClaimName, Role, parse_claim_name
from alerts.exercise import ExerciseState
from broadcaster.control import alert_records, programme
from broadcaster.control.core import Core
from broadcaster.control.detecting import shown
from broadcaster.control.now_playing import zone_playing
from broadcaster.control.site_description import SiteDescription
from broadcaster.control.witnesses import Seen, all_true, arrivals
from broadcaster.engine.plan import Plan, Stream
from broadcaster.engine.render import Mix, mixes
from broadcaster.engine.shared_block import EngineState, LegCount
from broadcaster.witness import Fact
from playlists.recording import Recording
from zones.bus import Claim, ClaimId, pruned
from zones.media_time import RATE, Sample
from zones.site import StreamId
from zones.sound import PcmId, Sequence, Timeline, pieces

_ENDED = 20
"""Alerts that ended and are still shown."""
ALIVE_NS = 1_000_000_000
"""An engine that has not beaten for so long does not speak."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is read beside the core: the engine, its counts, the local part of the plan."""

    now: float
    monotonic_ns: int
    engine: EngineState
    legs: Mapping[tuple[StreamId, int], LegCount]
    local: Plan | None
    faults: tuple[str, ...]
    queriers: Mapping[str, bool | None] = field(default_factory=dict)
    """Whether IGMP queries come by each network; None: nobody knows."""


class Snapshots:
    """Makes snapshots of one core; what changes only with the plan is worked out once."""

    def __init__(self, core: Core) -> None:
        """`core` is read, never changed."""
        self._core = core
        self._plans: tuple[Plan | None, Plan | None] = (None, None)
        self._mixes: Mapping[StreamId, Mix] = {}
        self._titles: dict[str, str] = {}
        self._titled: object = None
        self._description = SiteDescription()

    @property
    def site(self) -> Mapping[str, Any]:
        """What does not change until the site or its messages do: for whoever draws them."""
        core = self._core
        return self._description.of(core.ground.site, core.warnings.book.house.messages)

    def take(self, look: Look) -> dict[str, Any]:
        """How things stand at `look`."""
        core = self._core
        self._refresh(look.local)
        at = core.sample(look.now)
        return {
            "revision": core.plan.revision,
            "at_sample": at,
            "utc": core.plan.anchor.utc_at(at).isoformat(),
            "site": {
                "ko": core.ground.site.name.ko,
                "en": core.ground.site.name.en,
                "version": self.site["version"],
            },
            "engine": _engine(look, core.adopted_revision),
            "streams": [self._stream(stream, look, at) for stream in core.ground.streams],
            "claims": self._claims(at),
            "alerts": self._alerts(look),
            "notices": core.told.of(""),
            "amplifier_faults": list(core.amplifier_faults),
            "spares": self._spares(at),
            "queriers": dict(look.queriers),
            "self_test": core.self_testing.shown(),
            "suspected": [shown(one) for one in core.detecting.suspected],
            "music": _music(core),
            "messages": {name: one.title for name, one in core.library.messages.items()},
            "faults": list(look.faults),
        }

    def playing(
        self, look: Look, known: Mapping[PcmId, Recording], stale: Collection[str]
    ) -> list[dict[str, Any]]:
        """What each zone hears now and next; `stale` are live sources without sound."""
        core = self._core
        self._refresh(look.local)
        at = core.sample(look.now)
        found: dict[str, dict[str, Any]] = {}
        for stream in core.ground.streams:
            mix = self._mixes.get(stream.id)
            if mix is None or stream.zone in found:
                continue
            zone = core.ground.site.zone(stream.zone)
            sent = core.witnesses.seen(stream.id, Fact.SENT, at)
            found[stream.zone] = {
                "zone": stream.zone,
                "zone_name": {"ko": zone.name.ko, "en": zone.name.en},
                **zone_playing(
                    *(mix, at, known, core.plan.anchor),
                    title=partial(self._title, at=at),
                    stale=stale,
                ),
                "sent": all_true(seen.value for seen in sent),
            }
        return list(found.values())

    def _refresh(self, local: Plan | None) -> None:
        core = self._core
        if self._plans[0] is not core.plan or self._plans[1] is not local:
            self._plans = (core.plan, local)
            plans = [core.plan] if local is None else [core.plan, local]
            streams = (*core.ground.streams, *self._playing(core.ground.spares))
            self._mixes = mixes(plans, streams)
        if self._titled is not core.library:
            self._titled = core.library
            self._titles = core.library.titles()

    def _stream(self, stream: Stream, look: Look, at: Sample) -> dict[str, Any]:
        core = self._core
        zone = core.ground.site.zone(stream.zone)
        counts = [look.legs.get((stream.id, number)) for number in range(len(stream.legs))]
        sent = core.witnesses.seen(stream.id, Fact.SENT, at)
        arrived = arrivals(core.witnesses, core.ground.site, stream.zone, stream.id, at)
        return {
            "id": stream.id,
            "zone": stream.zone,
            "zone_name": {"ko": zone.name.ko, "en": zone.name.en},
            "group": stream.legs[0].address,
            "port": stream.legs[0].port,
            "format": stream.format.name,
            "packet_time_ms": stream.packet_time * 1000 / RATE,
            "ssrc": stream.ssrc,
            "packets": sum(count.packets for count in counts if count),
            "refused": sum(count.refused for count in counts if count),
            "commanded": self._commanded(stream, at),
            "sent": all_true(seen.value for seen in sent),
            "sent_detail": _sent_detail(sent),
            "arrived": all_true(seen.value for seen in arrived),
            "arrived_detail": [
                {**seen.detail, "amplifier": seen.by, "value": seen.value} for seen in arrived
            ],
        }

    def _playing(self, spares: tuple[Stream, ...]) -> tuple[Stream, ...]:
        """The streams of spares, as they are sent."""
        sent = {stream.id: stream for stream in self._core.plan.streams}
        return tuple(sent.get(stream.id, stream) for stream in spares)

    def _spares(self, at: Sample) -> list[dict[str, Any]]:
        """Every spare amplifier, resting or not."""
        core, site = self._core, self._core.ground.site
        told = []
        for spare, stream in zip(site.spares, self._playing(core.ground.spares), strict=True):
            taken, name = core.spares.of(spare.id), site.amplifier(spare.amplifier).name
            sent = core.witnesses.seen(spare.id, Fact.SENT, at)
            arrived = core.witnesses.seen(spare.id, Fact.ARRIVED, at)
            told.append(
                {
                    "id": spare.id,
                    "amplifier": spare.amplifier,
                    "name": {"ko": name.ko, "en": name.en},
                    "group": stream.legs[0].address,
                    "port": stream.legs[0].port,
                    "zone": None,
                    **({} if taken is None else taken.to_json()),
                    "commanded": None if taken is None else self._commanded(stream, at),
                    "sent": all_true(seen.value for seen in sent),
                    "arrived": all_true(seen.value for seen in arrived),
                    "witnesses": [{"by": seen.by, "value": seen.value} for seen in arrived],
                }
            )
        return told

    def _commanded(self, stream: Stream, at: Sample) -> dict[str, Any] | None:
        """What the plan says is on air in a stream; None where it says nothing."""
        mix = self._mixes.get(stream.id)
        claim = None if mix is None else mix.on_air(at)
        if claim is None:
            return None
        return {
            "claim": claim.id,
            "kind": claim.kind.value,
            "priority": claim.priority,
            "title": self._title(claim, at - stream.delay),
        }

    def _alerts(self, look: Look) -> list[dict[str, Any]]:
        """What lives, then what ended of late; exercises after the real ones."""
        core, book = self._core, self._core.warnings.book
        at = Instant(look.now, core.plan.anchor.utc_at(core.sample(look.now)))
        ended = [alert for alert in book.alerts if not alert.is_living][-_ENDED:]
        real = [
            {
                **alert_records.shown(alert, core.warnings, core.paths.of(alert.id), at),
                "pictures": core.detecting.pictures(alert.incidents),
                "told": core.told.of(alert.id),
            }
            for alert in (*book.living, *ended)
        ]
        exercises = [
            alert_records.shown_exercise(one, core.warnings, at)
            for one in book.exercises
            if one.state is not ExerciseState.ENDED
        ]
        return [*real, *exercises]

    def _title(self, claim: Claim, at: Sample) -> str:
        act = self._core.acts.get(claim.id)
        if act is not None:
            return act.title
        name = parse_claim_name(claim.id)
        if name is not None:
            return self._warned(name)
        if claim.id == programme.CHIME:
            return "chime"
        if isinstance(claim.source, Timeline | Sequence):
            for piece in pieces(claim.source, claim.start or 0, at, at + 1):
                return self._titles.get(piece.segment.pcm or "", "a recording not in the library")
        return str(claim.id)

    def _warned(self, name: ClaimName) -> str:
        """What a claim of warnings is called: by its alert, in English."""
        core = self._core
        if name.role is Role.BESIDE:
            return "quiet beside a warning"
        found = [core.warnings.book.alert(alert) for alert in name.alerts]
        titles = [core.warnings.message(alert).title.en for alert in found if alert is not None]
        return ", ".join(titles) or name.message or "a warning"

    def _claims(self, at: Sample) -> list[dict[str, Any]]:
        """The claims somebody asked for that are not over."""
        plan = self._core.plan
        zones = {claim.zone for claim in plan.claims if claim.id in self._core.acts}
        of_act: dict[ClaimId, list[Claim]] = {}
        for claim in pruned((claim for claim in plan.claims if claim.zone in zones), at):
            if claim.id in self._core.acts and (claim.until is None or at < claim.until):
                of_act.setdefault(claim.id, []).append(claim)
        return [self._claim(claims) for claims in of_act.values()]

    def _claim(self, claims: list[Claim]) -> dict[str, Any]:
        first, act = claims[0], self._core.acts[claims[0].id]
        delay = None
        if act.given is not None and first.start is not None:
            delay = round((first.start - act.given) * 1000 / RATE, 3)
        return {
            "id": first.id,
            "kind": first.kind.value,
            "priority": first.priority,
            "title": act.title,
            "zones": [claim.zone for claim in claims],
            "start": first.start,
            "until": first.until,
            "first_packet_ms": delay,
        }


def _engine(look: Look, adopted: int) -> dict[str, Any]:
    engine = look.engine
    age_ns = look.monotonic_ns - engine.beat_ns
    return {
        "pid": engine.pid,
        "speaking": 0 <= age_ns < ALIVE_NS and engine.beat_ns > 0,
        "real_time": engine.real_time,
        "locked": engine.locked,
        "late_ticks": engine.late_ticks,
        "skipped_packets": engine.skipped_packets,
        "fault": engine.fault,
        "beat_age_ms": round(age_ns / 1e6, 1) if engine.beat_ns else None,
        "adopted": adopted,
    }


def _sent_detail(sent: tuple[Seen, ...]) -> dict[str, Any]:
    """The newest ear's detail, with its age in seconds."""
    if not sent:
        return {}
    newest = min(sent, key=lambda seen: seen.age)
    return {**newest.detail, "by": newest.by, "age_s": round(newest.age / RATE, 2)}


def _music(core: Core) -> dict[str, Any]:
    """How much programme there is, and until when."""
    timelines = [s for s in core.plan.sources.values() if isinstance(s, Timeline) and s.items]
    ends = [timeline.stretches[-1][1] for timeline in timelines]
    return {
        "recordings": sum(len(folder) for folder in core.library.folders.values()),
        "planned_until": min(ends, default=None),
        "settled": core.library.is_settled,
        "waiting": core.library.waiting,
    }
