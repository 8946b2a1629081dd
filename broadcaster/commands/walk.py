"""The commands `walk`: somebody walks the path, hears a chirp and marks every loudspeaker."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import mimetypes
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic_ns
from typing import Any, Final

import click
import numpy as np

from broadcaster.ingest.pcm_store import PcmStore
from broadcaster.link import LinkError, connect
from broadcaster.options import run_option, station_state_option
from broadcaster.run_directory import (
    ProcessTable,
    RunDirectory,
    RunDirectoryError,
    StateDirectory,
    write_whole,
)
from broadcaster.site_reader import read_site
from broadcaster.user import user_name
from broadcaster.watch.inspection import (
    Inspection,
    InspectionError,
    Mark,
    Verdict,
    inspection_from_json,
    inspection_to_json,
)
from broadcaster.watch.season_report import page, season_report
from zones.media_time import RATE
from zones.site import Site, UnknownNameError

EXIT_OPEN: Final = 1
CHIRP_SECONDS: Final = 1.5
CHIRP_HZ: Final = (300.0, 6000.0)
"""What speech needs: a speaker that lacks one end of it is weak."""
CHIRP_LEVEL: Final = 90
"""Above the programme, below every announcement."""
_PEAK: Final = 0.35
_FILE: Final = "inspection.json"
_LARGEST_PHOTO: Final = 20 << 20
_PHOTOS: Final = (".jpg", ".jpeg", ".png", ".webp", ".heic")


@click.group()
@run_option
@station_state_option
@click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), help="Site file.  "
    "[default: that of the running station, else config.yaml]",
)  # fmt: skip
@click.pass_context
def walk(
    context: click.Context, run: RunDirectory, state: StateDirectory, config: Path | None
) -> None:
    """Walk the path and mark every loudspeaker: good, weak, dead or damaged."""
    context.obj = _Walk(run, state, config or _config(run))


class _Walk:
    """What every command needs: the site and the rounds."""

    def __init__(self, run: RunDirectory, state: StateDirectory, config: Path) -> None:
        self.run, self.state = run, state
        self.site: Site = read_site(config)
        self._path = state.path / _FILE
        try:
            self.inspection = inspection_from_json(json.loads(self._path.read_bytes()))
        except FileNotFoundError:
            self.inspection = Inspection()
        except (ValueError, KeyError, TypeError, RecursionError):
            raise RunDirectoryError(f"{self._path} is no record of walks; move it away") from None

    def keep(self, inspection: Inspection) -> None:
        self.state.make()
        self.inspection = inspection
        octets = json.dumps(inspection_to_json(inspection), ensure_ascii=False).encode()
        write_whole(self._path, octets)

    def photo(self, path: Path) -> str:
        """Keep a photo under a name made of what is in it."""
        octets = path.read_bytes()
        if len(octets) > _LARGEST_PHOTO or path.suffix.lower() not in _PHOTOS:
            raise InspectionError(f"{path}: a photo is one of {', '.join(_PHOTOS)}, 20 MB at most")
        name = hashlib.sha256(octets).hexdigest()[:16] + path.suffix.lower()
        folder = self.state.path / "photos"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(folder / name, octets)
        return name

    def pictures(self, names: Iterable[str]) -> dict[str, str]:
        """Kept photos as data URLs, by name; one that is gone is left out."""
        found = {}
        for name in names:
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            with contextlib.suppress(OSError):
                octets = (self.state.path / "photos" / name).read_bytes()
                found[name] = f"data:{kind};base64,{base64.b64encode(octets).decode()}"
        return found


@walk.command()
@click.argument("name")
@click.pass_obj
def begin(walking: _Walk, name: str) -> None:
    """Begin a round called NAME, such as "before the rains 2026"."""
    walking.keep(_checked(lambda: walking.inspection.begin(name, user_name(), datetime.now(UTC))))
    click.echo(f"Round {name}: {len(walking.site.speakers)} speakers to hear.")


@walk.command()
@click.argument("where")
@click.pass_obj
def chirp(walking: _Walk, where: str) -> None:
    """Play a chirp WHERE: a speaker, an output, an amplifier or a zone.

    It sounds in the zone of what is named, below every announcement, and never in quiet hours. The
    exit status is 1 when it is not on air.
    """
    zones = _zones(walking.site, where)
    samples = chirp_samples()
    pcm = PcmStore(walking.state.pcm).add(samples)
    order: dict[str, Any] = {
        "pcm": pcm,
        "length": len(samples),
        "title": f"walk test, {where}",
        "zones": zones,
        "priority": CHIRP_LEVEL,
        "kind": "notice",
        "repeat": False,
        "given_ns": monotonic_ns(),
    }

    async def asked() -> dict[str, Any]:
        async with connect(walking.run.control_socket, "walk") as link:
            return await link.command("play", who=user_name(), **order)

    answer = asyncio.run(asked())
    is_on_air = bool(answer.get("on_air"))
    click.echo(f"Chirp in {', '.join(zones)}{'' if is_on_air else ': not on air'}.")
    sys.exit(0 if is_on_air else EXIT_OPEN)


@walk.command()
@click.argument("speaker")
@click.argument("verdict", type=click.Choice([each.value for each in Verdict]))
@click.option("--note", default="", help="What else there is to say.")
@click.option("--photo", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.pass_obj
def mark(walking: _Walk, speaker: str, verdict: str, note: str, photo: Path | None) -> None:
    """Mark SPEAKER in the round that was begun last."""

    def marked() -> Inspection:
        kept = "" if photo is None else walking.photo(photo)
        made = Mark(speaker, Verdict(verdict), datetime.now(UTC), user_name(), note, kept)
        return walking.inspection.mark(made, walking.site)

    walking.keep(_checked(marked))
    left = walking.inspection.unmarked(walking.site)
    then = f"next {left[0].id}, {left[0].distance_m:.0f} m" if left else "the round is complete"
    click.echo(f"{speaker} is {verdict}; {len(left)} left, {then}.")


@walk.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def report(walking: _Walk, as_json: bool) -> None:
    """Report the round and every open defect by place; exit status 1 when there are any."""
    current = _checked(lambda: walking.inspection.current)
    left = walking.inspection.unmarked(walking.site)
    defects = walking.inspection.defects(walking.site)
    if as_json:
        facts = {
            "round": current.name,
            "begun_utc": current.begun.isoformat(),
            "marked": len(current.marks),
            "left": [str(each.id) for each in left],
            "defects": [
                {
                    "speaker": str(each.id), "zone": str(each.zone), "distance_m": each.distance_m,
                    "verdict": found.verdict.value, "note": found.note, "photo": found.photo,
                    "who": found.who, "at_utc": found.at.isoformat(),
                }
                for each, found in defects
            ],
        }  # fmt: skip
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        click.echo(f"Round {current.name}, begun {current.begun:%Y-%m-%d} by {current.who}")
        click.echo(f"{len(current.marks)} marked, {len(left)} not heard yet")
        for each, found in defects:
            photo = f" [{found.photo}]" if found.photo else ""
            click.echo(
                f"  {found.verdict.value:8} {each.id:12} {each.zone:12} {each.distance_m:6.0f} m  "
                f"{found.at:%Y-%m-%d} {found.note}{photo}"
            )
        click.echo(f"{len(defects)} open defects")
    sys.exit(EXIT_OPEN if defects else 0)


@walk.command()
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write a page to print here."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def season(walking: _Walk, output: Path | None, as_json: bool) -> None:
    """Report before the rainy season: loudspeakers by zone, defects, faults of amplifiers.

    The exit status is 0 when all was heard, nothing is dead or weak and no amplifier has a fault.
    """
    faults = asyncio.run(_faults(walking.run))
    made = _checked(
        lambda: season_report(walking.site, walking.inspection, faults, datetime.now(UTC))
    )
    if output is not None:
        names = {mark.photo for _, mark in made.defects if mark.photo}
        write_whole(output, page(made, walking.site, walking.pictures(names)).encode())
    if as_json:
        click.echo(json.dumps(made.fields(), ensure_ascii=False))
    else:
        for zone, counts in made.counts.items():
            words = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
            click.echo(f"{zone:14} {words}")
        known = "not asked" if made.faults is None else len(made.faults)
        click.echo(f"{len(made.defects)} open defects, faults of amplifiers: {known}")
        click.echo("Ready." if made.is_ready else "Not ready.")
    sys.exit(0 if made.is_ready else EXIT_OPEN)


async def _faults(run: RunDirectory) -> list[dict[str, Any]] | None:
    """The faults that the watch knows; None when none runs."""
    try:
        async with connect(run.watch_socket, "walk") as link:
            answer = await link.command("faults", who=user_name())
    except LinkError:
        return None
    return list(answer["faults"])


def chirp_samples() -> np.ndarray[Any, np.dtype[np.int16]]:
    """A tone that rises from 300 to 6 000 Hz in a second and a half, with soft ends."""
    time = np.arange(int(CHIRP_SECONDS * RATE)) / RATE
    low, high = CHIRP_HZ
    octaves = np.log(high / low) / CHIRP_SECONDS
    phase = 2 * np.pi * low * np.expm1(octaves * time) / octaves
    ends = np.clip(np.minimum(time, CHIRP_SECONDS - time) / 0.02, 0, 1)
    return np.asarray(np.round(np.sin(phase) * ends * _PEAK * 32767), np.int16)


def _zones(site: Site, where: str) -> list[str]:
    """The zones that sound when one wants to hear something."""
    found = [str(each.zone) for each in site.speakers if where in (each.id, each.output)]
    amplifiers = {str(each.id): set(each.outputs) for each in site.amplifiers}
    if where in amplifiers:
        outputs = amplifiers[where]
        found = [str(zone.id) for zone in site.zones if outputs.intersection(zone.outputs)]
    if found:
        return sorted(set(found))
    try:
        return [str(zone) for zone in site.zones_named([where])]
    except UnknownNameError:
        raise UnknownNameError(
            f'"{where}" is no speaker, output, amplifier, zone or group of this site'
        ) from None


def _config(run: RunDirectory) -> Path:
    """The site file of the station that runs here; else the one beside us."""
    try:
        table = ProcessTable.read(run.processes)
    except RunDirectoryError:
        table = None
    return Path("config.yaml") if table is None else Path(table.config)


def _checked(act: Any) -> Any:  # noqa: ANN401
    """What an act gives; its refusal as a sentence of the command line."""
    try:
        return act()
    except InspectionError as error:
        raise click.UsageError(str(error)) from None
