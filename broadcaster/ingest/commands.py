"""`broadcaster library` and `broadcaster store`: bring recordings in, look after the store.

What decodes is imported by the command that needs it: `--help` answers at once.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from broadcaster.ingest.errors import IngestError
from broadcaster.options import run_option, station_option, station_state_option
from broadcaster.run_directory import RunDirectory, StateDirectory
from playlists.recording import plain_fields
from zones.media_time import Sample, seconds

if TYPE_CHECKING:
    from broadcaster.ingest.importer import Progress
    from broadcaster.ingest.library import Imported, NotImported

EXIT_FAILED = 1
"""Something could not be imported, or is damaged."""
EXIT_UNUSABLE = 2
"""Nothing could be done."""

_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def library() -> None:
    """The recordings of the station."""


@library.command(name="import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@station_option
@_as_json
def import_command(paths: tuple[Path, ...], state: StateDirectory, as_json: bool) -> None:
    """Import audio files, folders or M3U playlists.

    What was imported before is not read again, so an interrupted import is simply repeated.
    The exit status is 1 if a file was refused, and 2 if the import had to stop.
    """
    from broadcaster.ingest.collection import audio_files
    from broadcaster.ingest.library import Library, NotImported

    results: list[Imported | NotImported] = []
    error: IngestError | None = None
    try:
        shelf = Library(state.path)
        files = [file for path in paths for file in audio_files(path)]
        bar = _Bar(len(files), shown=sys.stderr.isatty())
        for result in shelf.import_files(files, progress=bar.of):
            bar.finished()
            results.append(result)
            if not as_json:
                click.echo(_sentence(result), err=isinstance(result, NotImported))
    except IngestError as stopped:
        error = stopped
    counts = _counts(results)
    if as_json:
        content = {**counts, "files": [_fields(result) for result in results]}
        click.echo(json.dumps(content | ({"error": str(error)} if error else {})))
    else:
        if error:
            click.echo(_shown(str(error)), err=True)
        click.echo(", ".join(f"{count} {what}" for what, count in counts.items()))
    sys.exit(EXIT_UNUSABLE if error else EXIT_FAILED if counts["refused"] else 0)


@library.command(name="list")
@station_option
@_as_json
def list_command(state: StateDirectory, as_json: bool) -> None:
    """List the recordings."""
    from broadcaster.ingest.library import Library

    with _complained(as_json):
        recordings = Library(state.path).recordings.values()
    if as_json:
        click.echo(json.dumps({"recordings": [plain_fields(one) for one in recordings]}))
        return
    for recording in recordings:
        names = " · ".join(n for n in (recording.artist, recording.album) if n)
        click.echo(f"{recording.id}  {_clock(recording.length)}  {recording.title}  {names}")


@click.group()
def store() -> None:
    """The decoded sound the engine plays from."""


@store.command(name="status")
@station_option
@_as_json
def status_command(state: StateDirectory, as_json: bool) -> None:
    """Say what the store holds and what its disk has left."""
    from broadcaster.ingest.pcm_store import PcmStore
    from broadcaster.ingest.store_keeper import size_of

    with _complained(as_json):
        size = size_of(PcmStore(state.pcm))
    if as_json:
        click.echo(json.dumps(asdict(size)))
        return
    click.echo(
        f"{size.recordings} recordings, {_clock(size.samples)} long, {size.bytes / 1e6:.1f} MB; "
        f"{size.free_bytes / 1e9:.1f} GB free on the disk"
    )


@store.command(name="scrub")
@click.option("--set-aside", is_flag=True, help="Rename damaged files, to be imported anew.")
@station_option
@_as_json
def scrub_command(set_aside: bool, state: StateDirectory, as_json: bool) -> None:
    """Compare every recording with its checksum; the exit status is 1 if one is damaged."""
    from broadcaster.ingest.pcm_store import PcmStore
    from broadcaster.ingest.store_keeper import remove_remains, scrub

    with _complained(as_json):
        kept = PcmStore(state.pcm)
        remains = remove_remains(kept)
        found = scrub(kept, set_aside=set_aside)
    if as_json:
        click.echo(json.dumps({**asdict(found), "remains": remains, "set_aside": set_aside}))
    else:
        for pcm_id in found.damaged:
            click.echo(f"{kept.path(pcm_id)}: damaged; import its recording again", err=True)
        click.echo(
            f"{found.recordings} recordings, {found.bytes / 1e6:.1f} MB read: "
            f"{len(found.damaged)} damaged; {remains} remains of interrupted imports removed"
        )
    sys.exit(EXIT_FAILED if found.damaged else 0)


@store.command(name="evict")
@click.option(
    "--budget",
    required=True,
    metavar="SIZE",
    callback=lambda _context, _option, text: _bytes(text),
    help="What the store may hold, such as 20GB.",
)
@run_option
@station_state_option
@_as_json
def evict_command(budget: int, state: StateDirectory, run: RunDirectory, as_json: bool) -> None:
    """Remove the recordings that were not wanted for the longest time, until the budget is kept.

    What a plan or a message names, what lies in the folders of the programme and what came in
    during the last hour stays in any case. The exit status is 1 if that alone is more.
    """
    from broadcaster.ingest.pcm_store import PcmStore
    from broadcaster.ingest.protected import named_by_station
    from broadcaster.ingest.store_keeper import evict

    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    with _complained(as_json):
        evicted = evict(
            PcmStore(state.pcm),
            budget,
            named_by_station(run.path, state.path),
            wanted_since_ns=int(hour_ago.timestamp() * 1e9),
        )
    if as_json:
        click.echo(json.dumps(asdict(evicted)))
    else:
        rest = f"; {evicted.over_bytes / 1e6:.1f} MB over the budget are needed"
        click.echo(
            f"{len(evicted.ids)} recordings removed, {evicted.bytes / 1e6:.1f} MB"
            f"{rest if evicted.over_bytes else ''}"
        )
    sys.exit(EXIT_FAILED if evicted.over_bytes else 0)


_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def _bytes(text: str) -> int:
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)b?\s*", text.lower())
    if not found:
        raise click.BadParameter(f"{text!r} is no size; write 500MB or 20GB")
    return int(float(found[1]) * _UNITS[found[2]])


@contextmanager
def _complained(as_json: bool) -> Iterator[None]:
    """Print an error as a sentence and end."""
    logging.getLogger("broadcaster.ingest").setLevel(logging.ERROR)
    try:
        yield
    except IngestError as error:
        if as_json:
            click.echo(json.dumps({"error": str(error)}))
        else:
            click.echo(_shown(str(error)), err=True)
        sys.exit(EXIT_UNUSABLE)


def _counts(results: list[Imported | NotImported]) -> dict[str, int]:
    from broadcaster.ingest.library import Imported

    imported = [result for result in results if isinstance(result, Imported)]
    known = sum(result.was_known for result in imported)
    return {
        "imported": len(imported) - known,
        "known": known,
        "refused": len(results) - len(imported),
    }


def _fields(result: Imported | NotImported) -> dict[str, Any]:
    from broadcaster.ingest.library import NotImported

    if isinstance(result, NotImported):
        return {"file": str(result.file), "ok": False, "reason": result.reason}
    return {
        "file": str(result.file),
        "ok": True,
        "was_known": result.was_known,
        "recording": plain_fields(result.recording),
    }


def _sentence(result: Imported | NotImported) -> str:
    from broadcaster.ingest.library import NotImported

    if isinstance(result, NotImported):
        return _shown(result.reason)
    recording = result.recording
    how = "known already" if result.was_known else f"{recording.gain_db:+.1f} dB"
    return _shown(f"{result.file}: {recording.title}, {_clock(recording.length)}, {how}")


def _shown(text: str) -> str:
    """A file's name may be no text at all; the terminal must not fail over it."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _clock(length: Sample) -> str:
    whole = round(seconds(length))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


_BAR = 20
"""Characters."""


class _Bar:
    """One line on the terminal: which file, how far."""

    def __init__(self, files: int, *, shown: bool) -> None:
        self._files, self._shown, self._done = files, shown, 0

    def of(self, file: Path) -> Progress | None:
        """What is told about one file's progress."""
        return (lambda done, total: self._draw(file, done, total)) if self._shown else None

    def finished(self) -> None:
        self._done += 1
        if self._shown:
            click.echo("\r\033[K", nl=False, err=True)

    def _draw(self, file: Path, done: Sample, total: Sample | None) -> None:
        share = _clock(done)
        if total:
            full = min(_BAR, _BAR * done // total)
            share = f"{'█' * full}{'░' * (_BAR - full)} {min(100, 100 * done // total):3d} %"
        text = _shown(f"{self._done + 1}/{self._files}  {share}  {file.name}")
        click.echo(f"\r\033[K{text[:78]}", nl=False, err=True)
