"""What the journal says of an act: one entry for each claim it is about. Values only.

Whoever gives an act writes some of its words, so they are cut to a length here: an act is never
refused a place in the record for being wordy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from broadcaster.control.acts import Audit, Command, Play, Recorded, TakeSite, TakeZone, Withdraw
from broadcaster.control.steering import Steer
from broadcaster.journal.entry import LONGEST_SUBJECT, Entry, Kind
from zones.bus import Claim, ClaimId
from zones.media_time import Sample, WallAnchor
from zones.site import StreamId

LONGEST_WORDS = 500
"""Characters of a title, a name, a key."""
MOST_CHANGES = 50
"""Changes of a site that are written out; more are only counted."""


def played(order: Play, claims: Sequence[Claim], now: WallAnchor) -> Recorded:
    """Something was put on zones."""
    facts = {
        **_given("play", order),
        "title": _words(order.title),
        "message": _words(order.message),
        "pcm": None if order.pcm is None else _words(order.pcm),
        "kind": order.kind.value,
        "priority": order.priority,
        "repeat": order.repeat,
        "zones": [claim.zone for claim in claims],
    }
    return Recorded((_act(claims[0].id, facts, now),), order.key)


def withdrawn(order: Withdraw, claims: Sequence[Claim], until: Sample, now: WallAnchor) -> Recorded:
    """A claim was ended; `until` is the first sample without it."""
    zones = [claim.zone for claim in claims]
    facts = {**_given("withdraw", order), "until": until, "zones": zones}
    return Recorded((_act(order.claim, facts, now),), order.key)


def taken_over(claims: Iterable[Claim], now: WallAnchor) -> Recorded:
    """Control found claims that were put on air by hand while it was dead."""
    zones: dict[ClaimId, list[str]] = {}
    for claim in claims:
        zones.setdefault(claim.id, []).append(claim.zone)
    return Recorded(
        tuple(
            _act(name, {"act": "take over", "by": "control", "zones": listed}, now)
            for name, listed in zones.items()
        )
    )


def went_stale(names: Iterable[ClaimId], now: WallAnchor) -> Recorded:
    """Claims that could not begin in time were withdrawn."""
    facts = {"act": "withdraw", "by": "control", "reason": "it could not begin in time"}
    return Recorded(tuple(_act(name, facts, now) for name in names))


def reloaded(order: TakeSite, now: WallAnchor) -> Recorded:
    """Another site was put in force."""
    facts = {
        **_given("reload", order),
        "changes": [_words(change) for change in order.changes[:MOST_CHANGES]],
        "count": len(order.changes),
    }
    return Recorded((_act(ClaimId("site"), facts, now),), order.key)


def steered(order: Steer, zones: Sequence[str], now: WallAnchor) -> Recorded:
    """Somebody steered the running programme by hand."""
    recording = order.recording
    facts = {
        **_given(order.steering.value, order),
        "zones": list(zones),
        "recording": None if recording is None else recording.id,
        "title": "" if recording is None else _words(recording.title),
        "source": _words(order.source),
    }
    return Recorded((_act(ClaimId("programme"), facts, now),), order.key)


def spared(order: TakeZone, spare: StreamId, zone: str | None, now: WallAnchor) -> Recorded:
    """A spare amplifier took a zone over, or gave it back."""
    act = "spare takes over" if order.zone is not None else "spare gives back"
    facts = {**_given(act, order), "spare": spare, "zone": zone, "reason": _words(order.reason)}
    return Recorded((_act(ClaimId(f"spare {spare}"), facts, now),), order.key)


def found(name: ClaimId, now: WallAnchor) -> Recorded:
    """A claim is on air that an earlier control put there and did not live to record."""
    return Recorded((_act(name, {"act": "found on air", "by": "control"}, now),))


def refused(command: Command, what: str, why: str, now: WallAnchor) -> Recorded:
    """Somebody asked for what is not possible; that too is part of the record."""
    facts = {**_given(what, command), "refused": _words(why)}
    subject = what[:LONGEST_SUBJECT]
    entry = Entry(kind=Kind.AUDIT, subject=subject, utc=now.utc, at=now.sample, facts=facts)
    return Recorded((entry,))


def audited(command: Audit, now: WallAnchor) -> Recorded:
    """Who signed in, was refused, or was given a right."""
    facts = {**_given(command.action, command), **command.facts}
    subject = command.action[:LONGEST_SUBJECT]
    entry = Entry(kind=Kind.AUDIT, subject=subject, utc=now.utc, at=now.sample, facts=facts)
    return Recorded((entry,), command.key)


def _given(act: str, command: Command) -> dict[str, Any]:
    return {
        "act": act,
        "by": _words(command.who),
        "key": _words(command.key),
        "given": command.at,
    }


def _act(name: ClaimId, facts: dict[str, Any], now: WallAnchor) -> Entry:
    subject = name[:LONGEST_SUBJECT]
    return Entry(kind=Kind.ACT, subject=subject, utc=now.utc, at=now.sample, facts=facts)


def _words(text: str) -> str:
    return text if len(text) <= LONGEST_WORDS else f"{text[: LONGEST_WORDS - 1]}…"
