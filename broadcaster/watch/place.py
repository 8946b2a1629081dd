"""Where a fault is, in words that a technician can walk to. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from zones.site import Name, Site, Speaker, ZoneId

_NUMBER = re.compile(r"([0-9]+)$")


def place_of(site: Site, amplifier: str, part: str = "") -> Name:
    """Such as "amp-05, output 1, speakers 49-54, 1,060-1,150 m"; Korean and English.

    `part` is the number of an output, or anything else the fault is in; the speakers are those of
    that output, else all of the amplifier. A name the site does not have is told as it is.
    """
    known = {str(each.id): each for each in site.amplifiers}
    if amplifier not in known:
        zone = _zone_of_stream(site, amplifier)
        return Name(amplifier, amplifier) if zone is None else site.zone(zone).name
    own = known[amplifier]
    output = f"{amplifier}/{part}"
    of_output = [speaker for speaker in site.speakers if speaker.output == output]
    outputs = set(own.outputs)
    speakers = of_output or [each for each in site.speakers if each.output in outputs]
    ko, en = [own.name.ko], [amplifier]
    if of_output:
        ko.append(f"출력 {part}")
        en.append(f"output {part}")
    elif part:
        ko.append(part)
        en.append(part)
    if speakers:
        numbers, (start, end) = _numbers(speakers), _stretch(speakers)
        plural = "s" if len(speakers) > 1 else ""
        ko += [f"스피커 {numbers}", f"{start:,.0f}–{end:,.0f} m"]
        en += [f"speaker{plural} {numbers}", f"{start:,.0f}–{end:,.0f} m"]
    return Name(", ".join(ko), ", ".join(en))


def zones_of(site: Site, amplifier: str, part: str = "") -> tuple[ZoneId, ...]:
    """The zones that an amplifier, or one output of it, serves; in the site's order.

    Of a stream that is no amplifier too it is its zone.
    """
    zone = _zone_of_stream(site, amplifier)
    if zone is not None:
        return (zone,)
    output = f"{amplifier}/{part}"
    own = {str(out) for each in site.amplifiers if each.id == amplifier for out in each.outputs}
    wanted = {output} if output in own else own
    return tuple(zone.id for zone in site.zones if wanted.intersection(map(str, zone.outputs)))


def neighbours_of(site: Site, zones: Iterable[ZoneId]) -> tuple[ZoneId, ...]:
    """The zones beside some zones: those whose speakers may be heard there instead."""
    own = set(zones)
    beside = {next_to for zone in site.zones if zone.id in own for next_to in zone.neighbours}
    return tuple(zone.id for zone in site.zones if zone.id in beside - own)


def _zone_of_stream(site: Site, name: str) -> ZoneId | None:
    if any(each.id == name for each in site.amplifiers):
        return None
    return next((stream.zone for stream in site.streams if stream.id == name), None)


def _numbers(speakers: Sequence[Speaker]) -> str:
    first, last = str(speakers[0].id), str(speakers[-1].id)
    ends = [_NUMBER.search(name) for name in (first, last)]
    if first == last:
        return str(int(ends[0][1])) if ends[0] else first
    if ends[0] is None or ends[1] is None:
        return f"{first}–{last}"
    return f"{int(ends[0][1])}–{int(ends[1][1])}"


def _stretch(speakers: Iterable[Speaker]) -> tuple[float, float]:
    distances = [speaker.distance_m for speaker in speakers]
    return min(distances), max(distances)
