"""`broadcaster keys`: who may report detections, and as what."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from alerts.detection.event import Kind
from alerts.hazard import Level
from broadcaster.doors.ears import KIND as EAR
from broadcaster.doors.keys import OVERLAP, SECRET_BYTES, Key, NoKeyError, new_id
from broadcaster.doors.keys_file import keys_path, read_keys, write_keys
from broadcaster.options import station_option
from broadcaster.run_directory import StateDirectory
from zones.yaml_kind import ID, ValueProblem

_LEVELS = {level.name.lower(): level for level in Level}


@click.group()
def keys() -> None:
    """Who may report detections, and as what."""


def _known_by(context: click.Context, option: click.Parameter, name: str) -> str:
    try:
        return ID.read(name)
    except ValueProblem as wrong:
        raise click.BadParameter(f"{wrong.message} {wrong.hint}") from None


@keys.command()
@click.argument("name", callback=_known_by)
@click.option("--source", "sources", multiple=True, help="A source it speaks for; all without.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([*(kind.value for kind in Kind), EAR]),
    help="A kind of event it reports; all without. `ear` is for `broadcaster ear --remote` alone.",
)
@click.option("--zone", "zones", multiple=True, help="A zone or group it may warn; all without.")
@click.option(
    "--level",
    type=click.Choice(list(_LEVELS)),
    default="evacuate",
    show_default=True,
    help="The highest level it may raise.",
)
@click.option(
    "--certificate",
    default="",
    metavar="NAME",
    help="Instead of a secret: the alternative name in the certificate that its holder shows.",
)
@station_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def add(
    name: str,
    sources: tuple[str, ...],
    kinds: tuple[str, ...],
    zones: tuple[str, ...],
    level: str,
    certificate: str,
    state: StateDirectory,
    as_json: bool,
) -> None:
    """Make a key called NAME for one gateway, camera or gauge, and print its secret once.

    All that comes by keys of one name counts as one source: give sources that are to confirm each
    other keys of their own.
    """
    state.make()
    utc = datetime.now(UTC)
    path = keys_path(state)
    known = read_keys(path)
    if known.of(name, utc):
        raise NoKeyError(f"a key called {name} is there: rotate it, or revoke it first")
    key = Key(
        id=new_id(name),
        name=name,
        made=utc,
        secret=b"" if certificate else secrets.token_bytes(SECRET_BYTES),
        certificate=certificate,
        sources=sources,
        kinds=kinds,
        zones=zones,
        highest=_LEVELS[level],
    )
    write_keys(path, known.with_key(key))
    _show_new(key, as_json)


@keys.command()
@click.argument("name")
@click.option(
    "--overlap",
    type=click.FloatRange(0, 24 * 90),
    default=OVERLAP.total_seconds() / 3600,
    show_default=True,
    metavar="HOURS",
    help="How long the former secret stays valid.",
)
@station_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def rotate(name: str, overlap: float, state: StateDirectory, as_json: bool) -> None:
    """Make a new secret for NAME; the former one stays valid for a while."""
    path = keys_path(state)
    changed, key = read_keys(path).rotated(name, datetime.now(UTC), timedelta(hours=overlap))
    write_keys(path, changed)
    _show_new(key, as_json)


@keys.command()
@click.argument("name")
@station_option
def revoke(name: str, state: StateDirectory) -> None:
    """End all keys called NAME now, or the one key of that id."""
    path = keys_path(state)
    write_keys(path, read_keys(path).revoked(name, datetime.now(UTC)))
    click.echo(f"{name}: no longer valid")


@keys.command(name="list")
@station_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def listed(state: StateDirectory, as_json: bool) -> None:
    """List the keys and what they are bound to, without their secrets."""
    utc = datetime.now(UTC)
    found = list(read_keys(keys_path(state)))
    if as_json:
        shown = [_public(key) | {"valid": key.is_valid(utc)} for key in found]
        click.echo(json.dumps({"keys": shown}, ensure_ascii=False))
        return
    if not found:
        click.echo("no keys yet; make one with: broadcaster keys add NAME")
    for key in found:
        click.echo(_line(key, utc))


def _line(key: Key, utc: datetime) -> str:
    if not key.is_valid(utc):
        state = "ended"
    elif key.ends is not None:
        state = f"valid until {key.ends:%Y-%m-%d %H:%M} UTC"
    else:
        state = "valid"
    bound = [
        f"{what} {', '.join(names)}"
        for what, names in (("sources", key.sources), ("kinds", key.kinds), ("zones", key.zones))
        if names
    ]
    bound.append(f"up to {key.highest.name.lower()}")
    if key.certificate:
        bound.append(f"certificate {key.certificate}")
    return f"{key.id}  {state}  {'; '.join(bound)}"


def _public(key: Key) -> dict[str, Any]:
    fields = key.message()
    del fields["secret"]
    return fields | {"highest": key.highest.name.lower()}


def _show_new(key: Key, as_json: bool) -> None:
    if as_json:
        secret = {} if key.certificate else {"secret": key.secret.hex()}
        click.echo(json.dumps(_public(key) | secret, ensure_ascii=False))
        return
    click.echo(f"key id: {key.id}")
    if key.certificate:
        click.echo(f"its holder shows a certificate for {key.certificate}")
    else:
        click.echo(f"secret: {key.secret.hex()}")
        click.echo("Write the secret down where the sender keeps it; it is not shown again.")
