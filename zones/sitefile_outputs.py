"""Amplifiers and their outputs: an output plays one zone, a speaker hangs on one output."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from zones.problem import Problem
from zones.sitefile_draft import Draft
from zones.sitefile_names import unknown_name
from zones.sitefile_shapes import (
    AmplifierKeys,
    PathKeys,
    SiteKeys,
    SpeakerKeys,
    StreamKeys,
    ZoneKeys,
)
from zones.yaml_kind import did_you_mean
from zones.yaml_shape import Field, Placed, Record


def check_outputs(draft: Draft) -> Iterator[Problem]:
    """Everything about amplifiers, outputs and speakers that doesn't agree."""
    yield from _check_amplifiers(draft)
    yield from _check_zone_outputs(draft)
    yield from _check_speakers(draft)


def outputs_of(draft: Draft) -> dict[str, str]:
    """Every output there is, and its amplifier; of amplifiers whose number of outputs is known."""
    return {
        f"{name}/{number}": name
        for name, amplifier in draft.table(SiteKeys.AMPLIFIERS).items()
        for number in range(1, (amplifier.may(AmplifierKeys.OUTPUTS) or 0) + 1)
    }


def zone_of_output(draft: Draft) -> dict[str, str]:
    """The zone that plays each output; the first if several do."""
    found: dict[str, str] = {}
    for name, zone in draft.table(SiteKeys.ZONES).items():
        for output in zone.may(ZoneKeys.OUTPUTS) or ():
            found.setdefault(output.value, name)
    return found


def spares_of(draft: Draft) -> dict[str, str]:
    """The spare amplifiers there are, and the name of each one's stream."""
    amplifiers = draft.table(SiteKeys.AMPLIFIERS)
    found: dict[str, str] = {}
    for name, stream in draft.table(SiteKeys.STREAMS).items():
        spare = stream.may(StreamKeys.SPARE)
        if spare is not None and spare.value in amplifiers:
            found.setdefault(spare.value, name)
    return found


def amplifiers_of_zones(draft: Draft) -> dict[str, list[str]]:
    """The amplifiers that have an output in each zone, in the order of the site file."""
    found: dict[str, list[str]] = {}
    amplifiers = draft.table(SiteKeys.AMPLIFIERS)
    for output, zone in zone_of_output(draft).items():
        amplifier = output.partition("/")[0]
        if amplifier in amplifiers and amplifier not in found.setdefault(zone, []):
            found[zone].append(amplifier)
    return found


def check_within_path(
    draft: Draft, record: Record, field: Field[float], path: Placed[str] | None
) -> Iterator[Problem]:
    """A problem if a distance is beyond the end of its path."""
    there = draft.table(SiteKeys.PATHS).get(path.value) if path is not None else None
    length = there.may(PathKeys.LENGTH) if there is not None else None
    distance = record.may(field)
    if path is not None and length is not None and distance is not None and distance > length:
        yield record.problem(
            field, f'{field.key}: {distance:g} m is beyond path "{path.value}", {length:g} m long'
        )


def _check_amplifiers(draft: Draft) -> Iterator[Problem]:
    owner: dict[str, Record] = {}
    for amplifier in draft.table(SiteKeys.AMPLIFIERS).values():
        yield from unknown_name(
            draft, amplifier, AmplifierKeys.NETWORK, SiteKeys.NETWORKS, "network"
        )
        address = amplifier.may(AmplifierKeys.ADDRESS)
        if address is None:
            continue
        if address.is_multicast or address.is_unspecified or address.is_reserved:
            yield amplifier.problem(
                AmplifierKeys.ADDRESS,
                f"address: {address} can't be one device's address",
                "a multicast group belongs to a stream" if address.is_multicast else "",
            )
        other = owner.setdefault(str(address), amplifier)
        if other is not amplifier:
            yield amplifier.problem(
                AmplifierKeys.ADDRESS, f"address: {address} is that of {other.subject} already"
            )


def _check_output(
    draft: Draft, record: Record, output: Placed[str], known: Collection[str]
) -> Iterator[Problem]:
    """A problem if there is no such amplifier, or no such output of it."""
    amplifiers = draft.table(SiteKeys.AMPLIFIERS)
    name = output.value.partition("/")[0]
    if name in amplifiers:
        count = amplifiers[name].may(AmplifierKeys.OUTPUTS)
        if count is not None and output.value not in known:
            outputs = f"{count} output{'s' * (count > 1)}"
            yield output.place.problem(
                f'{record.subject}: no output {output.value}: amplifier "{name}" has {outputs}'
            )
    elif not draft.is_partial(SiteKeys.AMPLIFIERS):
        yield output.place.problem(
            f'{record.subject}: no amplifier "{name}"', did_you_mean(name, amplifiers)
        )


def _check_zone_outputs(draft: Draft) -> Iterator[Problem]:
    known = outputs_of(draft)
    owner: dict[str, tuple[Record, Placed[str]]] = {}
    for zone in draft.table(SiteKeys.ZONES).values():
        for output in zone.may(ZoneKeys.OUTPUTS) or ():
            yield from _check_output(draft, zone, output, known)
            other, first = owner.setdefault(output.value, (zone, output))
            if other is not zone:
                yield output.place.problem(
                    f"{zone.subject}: output {output.value} plays {other.subject} already",
                    "an output can play one zone only",
                )
            elif first is not output:
                yield output.place.problem(f"{zone.subject}: output {output.value} is there twice")
    used = {output.partition("/")[0] for output in owner} | spares_of(draft).keys()
    for name, amplifier in draft.table(SiteKeys.AMPLIFIERS).items():
        if name not in used:
            yield amplifier.place.warning(f"{amplifier.subject}: no zone uses its outputs")


def _check_speakers(draft: Draft) -> Iterator[Problem]:
    known, zones = outputs_of(draft), draft.table(SiteKeys.ZONES)
    zone_of = zone_of_output(draft)
    silent = set(zones)
    for speaker in draft.table(SiteKeys.SPEAKERS).values():
        output = speaker.may(SpeakerKeys.OUTPUT)
        if output is None:
            continue
        yield from _check_output(draft, speaker, output, known)
        zone = zone_of.get(output.value)
        if zone is not None:
            silent.discard(zone)
            yield from _check_speaker_place(draft, speaker, zones[zone])
        elif output.value in known and _zones_are_sure(draft):
            yield speaker.problem(SpeakerKeys.OUTPUT, f"no zone uses output {output.value}")
    if draft.table(SiteKeys.SPEAKERS):
        for name in sorted(silent):
            yield zones[name].place.warning(f"{zones[name].subject}: has no speaker")


def _zones_are_sure(draft: Draft) -> bool:
    """Whether every zone says which outputs play it."""
    zones = draft.table(SiteKeys.ZONES).values()
    can_tell = all(zone.may(ZoneKeys.OUTPUTS) is not None for zone in zones)
    return can_tell and not draft.is_partial(SiteKeys.ZONES)


def _check_speaker_place(draft: Draft, speaker: Record, zone: Record) -> Iterator[Problem]:
    yield from check_within_path(draft, speaker, SpeakerKeys.DISTANCE, zone.may(ZoneKeys.PATH))
    distance = speaker.may(SpeakerKeys.DISTANCE)
    start, end = zone.may(ZoneKeys.FROM), zone.may(ZoneKeys.TO)
    if distance is None or start is None or end is None:
        return
    if not start <= distance <= end:
        yield speaker.warning(
            SpeakerKeys.DISTANCE,
            f"distance: {distance:g} m is outside its {zone.subject}, {start:g} to {end:g} m",
        )
