"""The commands `profiles check | show | new`: what is known of amplifier families."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from broadcaster.site_reader import PROFILE_FOLDER, read_profiles
from firmware_profiles.choice import Identity, chosen, items_of, traps_of, twins
from firmware_profiles.draft import draft
from firmware_profiles.oid import SYS_DESCR, SYS_OBJECT_ID, Index, Oid, Place, dotted
from firmware_profiles.profile import Profile
from firmware_profiles.reading import Raw, shown, text_of
from firmware_profiles.supervision import Item
from firmware_profiles.walk import WalkError, below, parse_walk
from zones.media_time import RATE
from zones.site import ProfileId, UnknownNameError

EXIT_FOUND: Final = 1
_HERE: Final = Path("config.yaml")

_config = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    default=_HERE,
    show_default=True,
    help="Site file; the site's own profiles lie in firmware_profiles/ beside it.",
)
_walk = click.option(
    "--walk",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="What `snmpwalk -On -v2c -c COMMUNITY HOST .1` printed.",
)


@click.group()
def profiles() -> None:
    """What is known of each amplifier family: formats, health, and where we know it from."""


@profiles.command()
@_config
@_walk
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(config: Path, walk: Path | None, as_json: bool) -> None:
    """Check every profile; with --walk, say which one a device gets and what it tells.

    Exit status 1 when two profiles could both be chosen, or none fits the walk.
    """
    known = read_profiles(config.parent)
    doubles = list(twins(known.values()))
    facts: dict[str, Any] = {
        "profiles": [
            {
                "id": each.id,
                "vendor": each.vendor,
                "items": len(items_of(each, known)),
                "alarming": sum(bool(i.kinds) and i.is_verified for i in items_of(each, known)),
                "unverified": len(each.unverified),
            }
            for each in sorted(known.values(), key=lambda one: one.id)
        ],
        "twins": doubles,
    }
    if walk is not None:
        facts["walk"] = _walked(known, _values(walk))
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        _show_check(facts)
    if doubles or ("walk" in facts and facts["walk"]["profile"] is None):
        sys.exit(EXIT_FOUND)


@profiles.command()
@click.argument("name")
@_config
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(name: str, config: Path, as_json: bool) -> None:
    """Show one profile: every fact, and where it is from."""
    known = read_profiles(config.parent)
    profile = known.get(ProfileId(name))
    if profile is None:
        names = ", ".join(sorted(known))
        raise UnknownNameError(f'no profile "{name}" here; there are {names}')
    facts = _facts(profile, known)
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        _show(facts)


@profiles.command()
@click.argument("name")
@_walk
@_config
def new(name: str, walk: Path | None, config: Path) -> None:
    """Draft a profile from a recorded walk, beside the site file.

    Everything in it is unverified until you give it a source.
    """
    if walk is None:
        raise click.UsageError("--walk is needed: the output of snmpwalk -On")
    folder = config.parent / PROFILE_FOLDER
    path = folder / f"{name.replace('-', '_')}.yaml"
    text = draft(name, _values(walk))
    folder.mkdir(exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.UsageError(f"{path} is there already; give another name") from None
    try:
        read_profiles(config.parent)
    finally:
        click.echo(f"Wrote {path}. Next: `broadcaster profiles show {name}`.")


def _values(walk: Path) -> dict[Oid, Raw]:
    try:
        return parse_walk(walk.read_text(encoding="utf-8", errors="replace"))
    except WalkError as wrong:
        raise click.UsageError(f"{walk}: {wrong}") from None


def _walked(known: Mapping[ProfileId, Profile], values: Mapping[Oid, Raw]) -> dict[str, Any]:
    """What a device that was walked tells, read by the profile it would get."""
    object_id = values.get(SYS_OBJECT_ID)
    description = text_of(values.get(SYS_DESCR, ""))
    identity = Identity(object_id if isinstance(object_id, tuple) else (), description)
    choice = chosen(known.values(), identity)
    told = []
    if choice.profile is not None:
        for item in items_of(choice.profile, known):
            rows = {item.place.oid: values.get(item.place.oid)}
            if item.place.index is not Index.NONE:
                rows = dict(below(values, item.place.oid))
            told.append(
                {"item": item.name, "values": [shown(item, raw) for raw in rows.values() if raw]}
            )
    return {
        "description": description,
        "profile": None if choice.profile is None else choice.profile.id,
        "firmware": choice.firmware,
        "why": choice.why,
        "told": told,
    }


def _show_check(facts: Mapping[str, Any]) -> None:
    for each in facts["profiles"]:
        click.echo(
            f"{each['id']:24} {each['vendor']:12} {each['items']:3} objects, "
            f"{each['alarming']} can alarm, {each['unverified']} facts unverified"
        )
    for sentence in facts["twins"]:
        click.echo(f"both fit: {sentence}", err=True)
    walked = facts.get("walk")
    if walked is None:
        return
    click.echo(f"\nThe device: {walked['description'] or 'says nothing of itself'}")
    if walked["profile"] is None:
        click.echo(f"No profile: {walked['why']}")
        return
    click.echo(f"Its profile: {walked['profile']}, firmware {walked['firmware'] or 'not told'}")
    for told in walked["told"]:
        values = ", ".join(told["values"]) or "not there: not supervised by it"
        click.echo(f"  {told['item']:20} {values}")


def _facts(profile: Profile, known: Mapping[ProfileId, Profile]) -> dict[str, Any]:
    health, reception = profile.supervision, profile.reception
    return {
        "id": profile.id,
        "vendor": profile.vendor,
        "models": list(profile.models),
        "firmware": [profile.firmware.family, profile.firmware.least, profile.firmware.most],
        "formats": [
            {"format": each.format, "packet_times_ms": [t * 1000 / RATE for t in each.packet_times]}
            for each in reception.formats
        ],
        "groups": reception.groups,
        "even_port": reception.needs_even_port,
        "pre_roll_ms": reception.pre_roll * 1000 / RATE,
        "keep_alive": reception.keep_alive.value,
        "buffer_ms": profile.buffer.default * 1000 / RATE,
        "buffer_bytes": profile.buffer.threshold_bytes,
        "priority": None
        if health.priority is None
        else [health.priority.kind, health.priority.direction],
        "snmp": [] if health.snmp is None else list(health.snmp.versions),
        "includes": health.includes,
        "items": [_item(item) for item in items_of(profile, known)],
        "traps": [
            {"oid": dotted(each.oid), "about": [kind.value for kind in each.about]}
            for each in traps_of(profile, known)
        ],
        "quirks": [f"{each.firmware}: {each.text}" for each in health.quirks],
        "unverified": list(profile.unverified),
        "sources": dict(profile.sources),
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "name": item.name,
        "title": {"ko": item.title.ko, "en": item.title.en},
        "oid": _written(item.place),
        "type": item.meaning.value,
        "unit": item.unit,
        "faults": sorted(kind.value for kind in item.kinds),
        "alarms": bool(item.kinds) and item.is_verified,
        "source": item.source,
    }


def _written(place: Place) -> str:
    ending = "" if place.index is Index.NONE else f".<{place.index.value}>"
    return dotted(place.oid) + ending


def _show(facts: Mapping[str, Any]) -> None:
    family, least, most = facts["firmware"]
    click.echo(f"{facts['id']}: {facts['vendor']} {', '.join(facts['models'])}")
    click.echo(f"  firmware   {family}, {least or 'any'} to {most or 'newest'}")
    for each in facts["formats"]:
        times = ", ".join(f"{time:g} ms" for time in each["packet_times_ms"])
        click.echo(f"  plays      {each['format']} in packets of {times}")
    ports = ", even ports only" if facts["even_port"] else ""
    click.echo(f"  listens    to {facts['groups']} streams at once{ports}")
    click.echo(f"  wakes in   {facts['pre_roll_ms']:g} ms, kept awake by {facts['keep_alive']}")
    counted = facts["buffer_bytes"]
    click.echo(
        f"  buffers    {facts['buffer_ms']:g} ms"
        + (f" ({counted} bytes: it counts bytes, not time)" if counted else "")
    )
    click.echo(f"  answers    {', '.join(facts['snmp']) or 'no SNMP that is known'}")
    for item in facts["items"]:
        kinds = f" -> {', '.join(item['faults'])}" if item["faults"] else ""
        alarm = "" if item["alarms"] or not kinds else " (shown only: unverified)"
        click.echo(f"    {item['name']:20} {item['oid']:34} {item['type']}{kinds}{alarm}")
    for quirk in facts["quirks"]:
        click.echo(f"  quirk      {quirk}")
    for name in facts["unverified"]:
        click.echo(f"  unverified {name}")
    for name, text in facts["sources"].items():
        click.echo(f"  source     {name}: {text}")
