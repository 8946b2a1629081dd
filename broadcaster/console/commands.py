"""`broadcaster people`, `tokens` and `tls`: who may sign in, and how browsers trust the console."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from broadcaster.console import totp as codes
from broadcaster.console.certificates import (
    AUTHORITY_LASTS,
    SERVER_LASTS,
    TlsPlace,
    fingerprint,
    make_certificates,
)
from broadcaster.console.keeping_people import shown_person, shown_token
from broadcaster.console.people import People
from broadcaster.console.people_database import PeopleDatabase
from broadcaster.console.tokens import Tokens
from broadcaster.interfaces import interfaces
from broadcaster.link import CommandRefusedError, LinkError, connect
from broadcaster.options import run_option, station_option, station_state_option
from broadcaster.rights import Role
from broadcaster.run_directory import RunDirectory, StateDirectory
from broadcaster.user import user_name

_DAY = 86_400.0
_ROLE = click.Choice([role.value for role in Role])
_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_roles = click.option(
    "--role", "roles", type=_ROLE, multiple=True, required=True, help="May be said repeatedly."
)
_password = click.password_option(
    prompt="Password, at least 10 characters", help="Asked for when it is not given."
)


@contextmanager
def _opened(state: StateDirectory) -> Iterator[PeopleDatabase]:
    state.make()
    database = PeopleDatabase(state.path)
    try:
        yield database
    finally:
        database.close()


def _put_on_record(run: RunDirectory, action: str, **facts: object) -> None:
    """Have control record it; without a control it is only said that nobody did."""

    async def tell() -> None:
        async with connect(run.control_socket, "command line", 2.0) as link:
            await link.command("audit", who=user_name(), action=action, facts=facts)

    try:
        asyncio.run(tell())
    except (LinkError, CommandRefusedError) as error:
        click.echo(f"this is not in the journal: {error}", err=True)


# --- people ---------------------------------------------------------------------------------------


@click.group()
def people() -> None:
    """Who may sign in at the console, and as what.

    A change takes effect at once, also for those who are signed in.
    """


@people.command("add")
@click.argument("name")
@_roles
@click.option("--shown", default="", help="What others read.  [default: NAME]")
@_password
@run_option
@station_state_option
def add_person(
    name: str,
    roles: tuple[str, ...],
    shown: str,
    password: str,
    run: RunDirectory,
    state: StateDirectory,
) -> None:
    """Add somebody, who then signs in as NAME."""
    with _opened(state) as database:
        person = People(database).add(name, shown, roles, password, time.time())
    _put_on_record(run, "person added", person=name, roles=sorted(person.roles))
    click.echo(f"{name} may sign in as {', '.join(sorted(person.roles))}")


@people.command("list")
@station_option
@_as_json
def list_people(state: StateDirectory, as_json: bool) -> None:
    """List everybody who may sign in."""
    with _opened(state) as database:
        found = [shown_person(person) for person in People(database).all()]
    if as_json:
        click.echo(json.dumps({"people": found}, ensure_ascii=False))
    elif not found:
        click.echo("nobody may sign in yet")
    else:
        for one in found:
            more = " (with codes)" * one["totp"] + " (barred)" * one["barred"]
            click.echo(f"{one['name']}: {one['shown']}, {', '.join(one['roles'])}{more}")


@people.command()
@click.argument("name")
@click.argument("roles", type=_ROLE, nargs=-1, required=True)
@run_option
@station_state_option
def role(name: str, roles: tuple[str, ...], run: RunDirectory, state: StateDirectory) -> None:
    """Give NAME these ROLES in place of those before."""
    with _opened(state) as database:
        People(database).give_roles(name, roles)
    _put_on_record(run, "roles changed", person=name, roles=sorted(roles))
    click.echo(f"{name} is now {', '.join(sorted(roles))}")


@people.command()
@click.argument("name")
@run_option
@station_state_option
def bar(name: str, run: RunDirectory, state: StateDirectory) -> None:
    """Keep NAME out for now, and end their sessions."""
    with _opened(state) as database:
        People(database).bar(name, is_barred=True)
    _put_on_record(run, "person barred", person=name)
    click.echo(f"{name} may not sign in until `broadcaster people let-in {name}`")


@people.command("let-in")
@click.argument("name")
@run_option
@station_state_option
def let_in(name: str, run: RunDirectory, state: StateDirectory) -> None:
    """Let NAME sign in again."""
    with _opened(state) as database:
        People(database).bar(name, is_barred=False)
    _put_on_record(run, "person let in", person=name)
    click.echo(f"{name} may sign in again")


@people.command("remove")
@click.argument("name")
@run_option
@station_state_option
def remove_person(name: str, run: RunDirectory, state: StateDirectory) -> None:
    """Remove NAME and end their sessions."""
    with _opened(state) as database:
        People(database).remove(name)
    _put_on_record(run, "person removed", person=name)
    click.echo(f"{name} may no longer sign in")


@people.command()
@click.argument("name")
@_password
@run_option
@station_state_option
def reset(name: str, password: str, run: RunDirectory, state: StateDirectory) -> None:
    """Give NAME a new password, ask for no codes any more, and end their sessions."""
    with _opened(state) as database:
        found = People(database)
        found.set_password(name, password)
        found.set_totp(name, None)
    _put_on_record(run, "password reset", person=name)
    click.echo(f"{name} signs in with the new password")


@people.command("totp")
@click.argument("name")
@click.option("--off", is_flag=True, help="Ask for no codes any more.")
@run_option
@station_state_option
def person_totp(name: str, off: bool, run: RunDirectory, state: StateDirectory) -> None:
    """Ask NAME for a code of an authenticator app at each sign-in.

    Prints what the app needs; it is shown this once.
    """
    secret = None if off else codes.new_secret()
    with _opened(state) as database:
        People(database).set_totp(name, secret)
    _put_on_record(run, "codes ended" if off else "codes begun", person=name)
    if secret is None:
        click.echo(f"{name} signs in without codes")
    else:
        click.echo(f"secret for the app: {secret}\n{codes.address(secret, name, 'Sorigil')}")


# --- tokens ---------------------------------------------------------------------------------------


@click.group()
def tokens() -> None:
    """Tokens with which programs use the API, as `Authorization: Bearer TOKEN`."""


@tokens.command("add")
@click.argument("name")
@_roles
@click.option("--days", type=click.FloatRange(0, 3660, min_open=True), help="Good for so long.")
@click.option("--zones", help="The only zones it may act on, separated by commas.")
@run_option
@station_state_option
def add_token(
    name: str,
    roles: tuple[str, ...],
    days: float | None,
    zones: str | None,
    run: RunDirectory,
    state: StateDirectory,
) -> None:
    """Make a token called NAME and print it, this once."""
    only = None if zones is None else [zone.strip() for zone in zones.split(",") if zone.strip()]
    with _opened(state) as database:
        _, secret = Tokens(database).add(
            name,
            roles,
            made_by=user_name(),
            now=time.time(),
            lasts=None if days is None else days * _DAY,
            zones=only,
        )
    _put_on_record(run, "token made", token=name, roles=sorted(roles))
    click.echo(secret)


@tokens.command("list")
@station_option
@_as_json
def list_tokens(state: StateDirectory, as_json: bool) -> None:
    """List every token; what is secret of them is kept nowhere."""
    with _opened(state) as database:
        found = [shown_token(token) for token in Tokens(database).all()]
    if as_json:
        click.echo(json.dumps({"tokens": found}, ensure_ascii=False))
    elif not found:
        click.echo("there are no tokens")
    else:
        for one in found:
            only = "" if one["zones"] is None else f", only {' '.join(one['zones'])}"
            until = "for ever" if one["expires"] is None else f"until {_day(one['expires'])}"
            click.echo(f"{one['id']}  {one['name']}: {', '.join(one['roles'])}{only}, {until}")


@tokens.command()
@click.argument("which")
@run_option
@station_state_option
def revoke(which: str, run: RunDirectory, state: StateDirectory) -> None:
    """Revoke the token of this id or name; it is refused from now on."""
    with _opened(state) as database:
        token = Tokens(database).revoke(which)
    _put_on_record(run, "token revoked", token=token.name)
    click.echo(f"{token.name} is revoked")


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


# --- TLS ------------------------------------------------------------------------------------------


@click.group()
def tls() -> None:
    """Certificates, so that browsers reach the console encrypted and may use a microphone."""


@tls.command()
@click.argument("names", nargs=-1)
@station_option
def init(names: tuple[str, ...], state: StateDirectory) -> None:
    """Make a certificate for the console, called by these NAMES and addresses.

    This machine's own name and addresses are always among them. The first time an authority of
    the site's own is made too, which browsers are told once to trust. Run it again before the
    certificate ends: a running console takes the new one within a minute.
    """
    state.make()
    place = TlsPlace(state.path / "tls")
    called = (*(_host(name) for name in names), *_own_names())
    is_new = make_certificates(place, "Sorigil", called, datetime.now(UTC))
    click.echo(f"certificate: {place.certificate}, good for {SERVER_LASTS.days} days")
    click.echo(f"for: {', '.join(dict.fromkeys(called))}")
    if is_new:
        click.echo(f"authority: {place.authority}, good for {AUTHORITY_LASTS.days} days")
        click.echo(f"its SHA-256: {fingerprint(place.authority)}")
        click.echo(_INSTALL)


_INSTALL = """\
Browsers trust the console once its authority is installed on each machine that opens it. Take
ca.crt there (the console also serves it at /ca.crt; compare its SHA-256), and install it:
  Windows       certutil -addstore -f Root ca.crt          (as administrator)
  macOS         security add-trusted-cert -d -k /Library/Keychains/System.keychain ca.crt
  Debian        copy it to /usr/local/share/ca-certificates/, then update-ca-certificates
  Firefox       Settings, Privacy & Security, Certificates, Authorities, Import
  Android, iOS  open /ca.crt, then trust it in the settings"""


def _host(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        label = name.rstrip(".").lower()
        if not label.isascii() or not all(c.isalnum() or c in "-." for c in label) or not label:
            raise click.BadParameter(f"{name!r} is neither a host's name nor an address") from None
        return label


def _own_names() -> list[str]:
    own = [address for each in interfaces() for address in each.addresses]
    return [socket.gethostname().lower(), "localhost", "127.0.0.1", *own]
