"""What each zone hears now and next, for people and for displays: worked out from the plan. Pure.

It is the very plan that is on the wire, at the sample that leaves now. Whether our ear decoded that
from the network says `sent`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from broadcaster.engine.render import Mix
from playlists.recording import Recording
from zones.bus import Claim, Kind
from zones.media_time import Sample, WallAnchor
from zones.sound import PcmId, Ring, Sequence, Silence, Timeline, pieces


def zone_playing(
    mix: Mix,
    at: Sample,
    known: Mapping[PcmId, Recording],
    anchor: WallAnchor,
    *,
    title: Callable[[Claim], str],
    stale: Collection[str] = (),
) -> dict[str, Any]:
    """What a zone hears at a sample: kind, names, begin and end in UTC, and what follows.

    `kind` is a recording's role, or `live`, `silence`, `chime`, `announcement` or `warning`.
    `stale` are the live sources that bring no sound: what lies below them is heard.
    """
    claim = mix.on_air(at)
    while claim is not None and isinstance(claim.source, Ring) and claim.source.name in stale:
        mix = mix.passing_over(claim)
        claim = mix.on_air(at)
    if claim is None:
        return {"kind": "silence", "title": ""}
    at -= mix.delay
    if claim.kind is not Kind.PROGRAMME:
        kind = "warning" if claim.kind is Kind.WARNING else "announcement"
        return {"kind": kind, "title": title(claim)}
    if isinstance(claim.source, Silence):
        return {"kind": "silence", "title": ""}
    if isinstance(claim.source, Ring):
        return {"kind": "live", "title": claim.source.name}
    return _track(claim, at, known, anchor) or {"kind": "chime", "title": title(claim)}


def _track(
    claim: Claim, at: Sample, known: Mapping[PcmId, Recording], anchor: WallAnchor
) -> dict[str, Any] | None:
    """The newest track of a claim that sounds; None if it is no recording of the library."""
    sounding = [
        (piece.at - piece.offset, piece.segment)
        for piece in pieces(claim.source, claim.start or 0, at, at + 1)
    ]
    if not sounding:
        return None
    began, segment = sounding[-1]
    recording = known.get(segment.pcm) if segment.pcm is not None else None
    if recording is None:
        return None
    following = next(_following(claim, began, segment.length, known, anchor), None)
    return {
        "kind": recording.role.value,
        **_names(recording),
        "began": anchor.utc_at(began).isoformat(timespec="milliseconds"),
        "ends": anchor.utc_at(began + segment.length).isoformat(timespec="milliseconds"),
        "next": following,
    }


def _following(
    claim: Claim,
    began: Sample,
    length: Sample,
    known: Mapping[PcmId, Recording],
    anchor: WallAnchor,
) -> Iterator[dict[str, Any]]:
    if isinstance(claim.source, Timeline):
        listed = [(at, one) for at, one in claim.source.items if at > began]
    elif isinstance(claim.source, Sequence):
        end = began + length
        listed = [
            (piece.at - piece.offset, piece.segment)
            for piece in pieces(claim.source, claim.start or 0, end, end + 1)
        ]
    else:
        listed = []
    for at, segment in listed:
        if segment.pcm is not None and segment.pcm in known:
            utc = anchor.utc_at(at).isoformat(timespec="milliseconds")
            yield {**_names(known[segment.pcm]), "at": utc}


def _names(recording: Recording) -> dict[str, str]:
    return {
        "title": recording.title,
        "artist": recording.artist,
        "album": recording.album,
        "recording": recording.id,
    }
