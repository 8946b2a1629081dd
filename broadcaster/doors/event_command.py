"""`broadcaster event send`: signs events and posts them to a door, as a gateway would."""

from __future__ import annotations

import json
import secrets
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from alerts.detection.event import Kind, Phase
from alerts.detection.event_json import MOST_EVENTS
from broadcaster.doors.keys_file import keys_path, read_keys
from broadcaster.doors.signature import signing_headers
from broadcaster.options import run_option, station_option, station_state_option
from broadcaster.picture_store import PictureError, PictureStore
from broadcaster.run_directory import RunDirectory, StateDirectory

EXIT_NOT_TAKEN = 1
EXIT_WRONG = 2
_LIMIT_S = 15.0


@click.group()
def event() -> None:
    """Report detections by hand."""


@event.command()
@click.argument("file", type=click.File("rb"), required=False)
@click.option("--source", help="Who reports it: a camera or gauge of the site, say.")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="What it is.")
@click.option(
    "--phase",
    type=click.Choice([phase.value for phase in Phase]),
    help="start, update, end or reading.  [default: start; of a value: reading]",
)
@click.option("--value", type=float, help="What was measured.")
@click.option("--unit", help="Its unit, such as m.")
@click.option("--confidence", type=float, help="0 to 1.")
@click.option("--zone", "zones", multiple=True, help="A zone or group it concerns.")
@click.option("--hazard", help="Of a manual event: which hazard was seen.")
@click.option("--mode", type=click.Choice(["live", "exercise", "test"]), help="In earnest or not.")
@click.option("--key", "key_name", required=True, help="Name or id of the key to sign with.")
@click.option(
    "--secret-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="File with the key's secret in hex.  [default: from the station on this machine]",
)
@click.option("--url", help="Where the door listens.  [default: the station on this machine]")
@click.option(
    "--ca",
    type=click.Path(path_type=Path, exists=True),
    help="Authority of its certificate, PEM.",
)
@run_option
@station_state_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each request.")
def send(
    file: Any,  # noqa: ANN401 - click's lazy file
    key_name: str,
    secret_file: Path | None,
    url: str | None,
    ca: Path | None,
    run: RunDirectory,
    state: StateDirectory,
    as_json: bool,
    **fields: Any,  # noqa: ANN401 - the options that describe one event
) -> None:
    """Sign events and send them: those in FILE (JSON, or one a line), or one described by options.

    `-` reads standard input. One event needs --source and --kind. The exit status is
    0 when every event was taken, 1 when one was not, 2 when nothing could be sent.
    """
    signer = _signer(key_name, secret_file, state)
    address = url or _address(run)
    if not address.startswith(("http://", "https://")):
        _refuse(f"{address} is no http:// or https:// address")
    context = ssl.create_default_context(cafile=str(ca)) if ca is not None else None
    events = _listed(file.read()) if file is not None else [_described(fields)]
    is_taken = True
    for batch in _batches(events):
        status, answer = _post(address, signer, json.dumps(batch).encode(), context)
        is_taken &= status in (200, 202) and all(
            each.get("is") != "refused" for each in answer.get("events", ())
        )
        if as_json:
            click.echo(json.dumps({"status": status, **answer}, ensure_ascii=False))
        else:
            _show(status, answer)
    sys.exit(0 if is_taken else EXIT_NOT_TAKEN)


@event.command()
@click.argument("name")
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the JPEG.",
)
@station_option
def picture(name: str, output: Path, state: StateDirectory) -> None:
    """Decrypt a picture that came with an event; NAME is what the alert calls it."""
    try:
        octets = PictureStore(state).show(name)
    except PictureError as error:
        _refuse(str(error))
    output.write_bytes(octets)
    click.echo(f"{output}: {len(octets)} bytes")


@dataclass(frozen=True, slots=True)
class _Signer:
    key: str
    secret: bytes


def _signer(name: str, secret_file: Path | None, state: StateDirectory) -> _Signer:
    if secret_file is not None:
        try:
            return _Signer(name, bytes.fromhex(secret_file.read_text("ascii").strip()))
        except ValueError:
            _refuse(f"{secret_file} holds no secret in hex")
    keys = read_keys(keys_path(state))
    utc = datetime.now(UTC)
    known = keys.named(name) or next(iter(reversed(keys.of(name, utc))), None)
    if known is None or not known.is_valid(utc) or not known.secret:
        _refuse(
            f"no valid key with a secret is called {name} in {state.path}: make one with "
            f"`broadcaster keys add {name}`, or name its secret with --secret-file"
        )
    return _Signer(known.id, known.secret)


def _address(run: RunDirectory) -> str:
    try:
        return str(json.loads((run.path / "doors.json").read_bytes())["url"])
    except (OSError, ValueError, KeyError, TypeError):
        _refuse(f"no doors are open in {run.path}: start a station, or name one with --url")


def _described(fields: dict[str, Any]) -> dict[str, Any]:
    given = {key: value for key, value in fields.items() if value not in (None, ())}
    if "source" not in given or "kind" not in given:
        _refuse("describe the event with --source and --kind, or name a FILE of events")
    given.setdefault("phase", "reading" if "value" in given else "start")
    return {"id": secrets.token_hex(8), "time": datetime.now(UTC).isoformat(), **given}


def _listed(octets: bytes) -> list[Any]:
    """The events of a file: one JSON value, or one on each line."""
    try:
        value = json.loads(octets)
        return value if isinstance(value, list) else [value]
    except ValueError:
        pass
    found = []
    for number, line in enumerate(octets.splitlines(), 1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except ValueError as error:
                _refuse(f"line {number} is not JSON: {error}")
    return found


def _batches(events: list[Any]) -> Iterator[list[Any]]:
    for begin in range(0, len(events), MOST_EVENTS):
        yield events[begin : begin + MOST_EVENTS]


def _post(
    address: str, signer: _Signer, body: bytes, context: ssl.SSLContext | None
) -> tuple[int, dict[str, Any]]:
    parts = urllib.parse.urlsplit(address)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    nonce = secrets.token_hex(16)
    headers = signing_headers(signer.key, signer.secret, int(time.time()), nonce, path, body)
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked
        address, body, {"Content-Type": "application/json", **headers}
    )
    try:
        with urllib.request.urlopen(request, timeout=_LIMIT_S, context=context) as response:  # noqa: S310
            return response.status, _answer(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _answer(error.read())
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        _refuse(f"{address} does not answer: {getattr(error, 'reason', error)}")


def _answer(octets: bytes) -> dict[str, Any]:
    try:
        value = json.loads(octets)
    except ValueError:
        return {"error": octets.decode("utf-8", "replace")[:200]}
    return value if isinstance(value, dict) else {}


def _show(status: int, answer: dict[str, Any]) -> None:
    if "error" in answer:
        where = f" at {answer['pointer']}" if answer.get("pointer") else ""
        click.echo(f"{status}: {answer['error']}{where}")
    for each in answer.get("events", ()):
        who = " ".join(str(each[key]) for key in ("source", "id") if key in each)
        alert = f", alert {each['alert']}" if each.get("alert") else ""
        why = f": {each['why']}" if each.get("why") else ""
        click.echo(f"{who or each.get('pointer', '')} {each.get('is')}{alert}{why}")


class _RefusalError(click.ClickException):
    exit_code = EXIT_WRONG


def _refuse(reason: str) -> NoReturn:
    raise _RefusalError(reason)
