"""`broadcaster ear`: an ear on another host, that reports what arrives there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import ssl
import sys
from pathlib import Path
from typing import Final

import click

from broadcaster.ear.remote import RemoteEar, Reporter
from broadcaster.log import set_up

EXIT_NOT_ARRIVED: Final = 1
EXIT_WRONG: Final = 2


@click.command()
@click.option(
    "--remote",
    "url",
    metavar="URL",
    required=True,
    help="The station's doors, http(s)://host:port.",
)
@click.option("--key", required=True, help="Id of a key that was made with `keys add --kind ear`.")
@click.option(
    "--secret-file",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="File with the key's secret in hex.",
)
@click.option(
    "--interface", required=True, help="By which the streams come here: its name or own address."
)
@click.option(
    "--ca",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Authority of the doors' certificate, PEM.",
)
@click.option("--for", "seconds", type=click.FloatRange(min=2.0), help="End after so many seconds.")
@click.option("--json", "as_json", is_flag=True, help="In the end print one JSON object.")
def ear(
    url: str,
    key: str,
    secret_file: Path,
    interface: str,
    ca: Path | None,
    seconds: float | None,
    as_json: bool,
) -> None:
    """Hear the station's streams on this host and report, signed, whether they arrive here.

    The station tells what to listen to; this host needs the program and a key, nothing else. With
    --for the exit status is 0 only if every stream has arrived in the end.
    """
    set_up("ear")
    try:
        secret = bytes.fromhex(secret_file.read_text("ascii").strip())
    except ValueError:
        raise click.UsageError(f"{secret_file} holds no secret in hex") from None
    if not url.startswith(("http://", "https://")):
        raise click.UsageError(f"{url} is no http:// or https:// address")
    context = None if ca is None else ssl.create_default_context(cafile=str(ca))
    heard = RemoteEar(Reporter(url, key, secret, context), interface)
    with contextlib.closing(heard):
        asyncio.run(_heard(heard, seconds))
    if seconds is not None:
        _say(heard, as_json=as_json)


async def _heard(heard: RemoteEar, seconds: float | None) -> None:
    loop = asyncio.get_running_loop()
    hearing = asyncio.create_task(heard.run(), name="remote ear")
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, hearing.cancel)
    with contextlib.suppress(asyncio.CancelledError, TimeoutError):
        async with asyncio.timeout(seconds):
            await hearing


def _say(heard: RemoteEar, *, as_json: bool) -> None:
    verdicts = heard.verdicts
    is_right = not heard.trouble and bool(verdicts) and all(verdicts.values())
    if as_json:
        said = {"streams": verdicts, "trouble": heard.trouble, "arrived": is_right}
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        words = {True: "arrives", False: "DOES NOT ARRIVE", None: "cannot be told"}
        for stream, value in verdicts.items():
            click.echo(f"{stream:20} {words[value]}")
        if heard.trouble:
            click.echo(f"broadcaster: {heard.trouble}", err=True)
    if heard.trouble:
        sys.exit(EXIT_WRONG)
    sys.exit(0 if is_right else EXIT_NOT_ARRIVED)
