"""What a person does with the demo's keys: messages, warnings, their ends, broken amplifiers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic, monotonic_ns
from typing import Any, Final

from broadcaster.control.commands import count, sentence
from broadcaster.demo.table import Row
from broadcaster.demo.warned import called, heard
from broadcaster.demo.watching import Watching
from broadcaster.link import LinkError
from firmware_profiles.profile import Profile
from zones.media_time import MediaClock
from zones.priority import ANNOUNCEMENT
from zones.site import ProfileId, Site, ZoneId

REASON: Final = "demo"
_HEARD_LIMIT: Final = 8.0
_WHOLE_LIMIT: Final = 5.0
_ENDS: Final[Mapping[str, str]] = {"correct": "correction", "all-clear": "all-clear"}


class Acts:
    """The acts on one station; each says what came of it."""

    def __init__(
        self,
        watching: Watching,
        site: Site,
        clock: MediaClock,
        profiles: Mapping[ProfileId, Profile],
        say: Callable[[str], None],
    ) -> None:
        self._watching = watching
        self._site = site
        self._clock = clock
        self._profiles = profiles
        self._say = say

    # --- a message ---

    async def toggle(self, zone: str) -> None:
        """Play the prepared message on a zone, or take off what plays there."""
        claims = self._watching.snapshot.get("claims", ())
        if any(zone in claim["zones"] for claim in claims):
            await self.withdraw(zone)
        else:
            await self.play(zone)

    async def play(self, zone: str) -> dict[str, Any] | None:
        """Play the message on a zone and say how quickly it was heard; None when it was refused."""
        given_ns = monotonic_ns()
        message = "flood-evacuate" if _is_by_stream(zone) else "wildfire-caution"
        known = sorted(self._watching.snapshot.get("messages", {}))
        answer = await self._watching.control(
            "play",
            message=message if message in known or not known else known[0],
            zones=[zone],
            priority=ANNOUNCEMENT,
            given_ns=given_ns,
        )
        if answer is None:
            return None
        words = sentence(answer)
        if answer["on_air"]:
            way = await self._way([zone], answer, given_ns)
            answer |= way
            words = _said(way)
        self._say(f"{zone}: {words}")
        return {name: value for name, value in answer.items() if name not in ("key", "ok")}

    async def withdraw(self, zone: str) -> None:
        """End every message on a zone."""
        for claim in self._watching.snapshot.get("claims", ()):
            if zone in claim["zones"]:
                done = await self._watching.control("withdraw", claim=claim["id"])
                if done is not None:
                    self._say(f"{zone}: {claim['title']} withdrawn")

    # --- warnings ---

    async def evacuate(self, zones: Sequence[str]) -> dict[str, Any] | None:
        """Evacuate zones: one warning by the stream, one on the hill.

        Nobody sits there to be the second person, so it breaks the glass. Returns how the first
        of them was heard, None when it was refused; whoever watches the warnings says it.
        """
        stream = [zone for zone in zones if _is_by_stream(zone)]
        hill = [zone for zone in zones if not _is_by_stream(zone)]
        told = [
            await self._raise(message, those)
            for message, those in (("flood-evacuate", stream), ("wildfire-evacuate", hill))
            if those
        ]
        return next((one for one in told if one is not None), None)

    async def _raise(self, message: str, zones: Sequence[str]) -> dict[str, Any] | None:
        given_ns = monotonic_ns()
        answer = await self._watching.control(
            "raise",
            message=message,
            zones=list(zones),
            break_glass=True,
            reason=REASON,
            given_ns=given_ns,
        )
        if answer is None:
            return None
        name, watching = str(answer["alert"]), self._watching

        def is_heard() -> bool:
            alert = watching.alert(name)
            return alert is not None and heard(alert, watching.snapshot["streams"]).is_whole

        await watching.until(is_heard, _WHOLE_LIMIT)
        alert = watching.alert(name)
        if alert is None:
            return None
        way = heard(alert, watching.snapshot["streams"])
        return {
            "alert": name,
            "message": alert["message"],
            "zones": list(alert["zones"]),
            "first_packet_ms": way.first_packet_ms,
            "heard_ms": way.heard_ms,
            "heard_by": way.heard_by,
            "of": way.of,
            "heard": way.is_whole,
        }

    async def end(self, act: str, alerts: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
        """End warnings by an act, `correct` or `all-clear`; how the first of them was heard."""
        told = []
        for alert in tuple(alerts):
            if act in alert["may"]:
                told.append(await self._end(act, alert))
            elif "reject" in alert["may"]:
                done = await self._watching.control("reject", alert=alert["id"], reason=REASON)
                if done is not None:
                    self._say(f"{called(alert)} rejected before it sounded")
        if not told:
            self._say(f"{_ENDS[act]}: no warning sounds that it could end")
        return next((one for one in told if one is not None), None)

    async def _end(self, act: str, alert: Mapping[str, Any]) -> dict[str, Any] | None:
        given_ns = monotonic_ns()
        answer = await self._watching.control(
            act, alert=alert["id"], reason=REASON, given_ns=given_ns
        )
        if answer is None:
            return None
        words, way = f"{called(alert)}: {_ENDS[act]}", dict[str, Any]()
        if answer.get("on_air"):
            way = await self._way(answer["on_air"], answer, given_ns)
            words = f"{words}, {_said(way)}"
        self._say(words)
        return {"alert": alert["id"], "first_packet_ms": answer.get("first_packet_ms"), **way}

    # --- amplifiers ---

    async def plug(self, row: Row, act: str) -> None:
        """`unplug` a zone's amplifiers, or `plug` them in again."""
        for name in row.amplifiers:
            done = await self._watching.amplifiers(act, amplifier=name)
            if done is not None:
                self._say(f"{row.zone}: {name} {'plugged in' if done['plugged'] else 'unplugged'}")

    # --- measured ---

    async def _way(
        self, zones: Iterable[str], answer: Mapping[str, Any], given_ns: int
    ) -> dict[str, Any]:
        """How many amplifiers of zones play what begins at the answer's `start`, and since when.

        What they play at that sample, their jitter buffer included, is what was sent for it. In ms
        after `given_ns`.
        """
        mine = [one for zone in zones for one in self._site.amplifiers_of(ZoneId(zone))]
        buffer = max((self._profiles[one.profile].buffer.default for one in mine), default=0)
        played_ns = self._clock.monotonic_ns_at(int(answer["start"]) + buffer)
        await asyncio.sleep(max(0.0, (played_ns - monotonic_ns()) / 1e9))
        names = {str(one.id) for one in mine}
        limit = monotonic() + _HEARD_LIMIT
        while True:
            with contextlib.suppress(LinkError):
                await self._watching.fresh_reports()
            by = sum(one["heard"] for one in self._watching.reports if one["id"] in names)
            delay_ms = (monotonic_ns() - given_ns) / 1e6
            if by == len(names) or monotonic() >= limit:
                return {
                    "first_packet_ms": answer["first_packet_ms"],
                    "heard_by": by,
                    "of": len(names),
                    "heard_ms": round(delay_ms, 1),
                }
            await asyncio.sleep(0.01)


def _is_by_stream(zone: str) -> bool:
    return zone.startswith("stream")


def _said(way: Mapping[str, Any]) -> str:
    return (
        f"first packet {way['first_packet_ms']:.0f} ms after the key, heard by "
        f"{way['heard_by']} of {count(way['of'], 'amplifier')} after {way['heard_ms']:.0f} ms"
    )
