"""The commands `alerts` and `exercise`: warn, follow a warning, and end it, from a terminal.

They ask control over its link. With control dead, `broadcaster local play` still warns.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from datetime import datetime
from time import monotonic_ns
from typing import Any, Final, TypeVar

import click

from broadcaster.journal.entry import JournalError, Kind
from broadcaster.journal.reader import JournalReader
from broadcaster.link import LinkError, NobodyListensError, connect
from broadcaster.options import run_option, station_state_option
from broadcaster.run_directory import RunDirectory, StateDirectory
from broadcaster.user import user_name

EXIT_NOT_ON_AIR: Final = 1
EXIT_REFUSED: Final = 2
_ANSWER_LIMIT: Final = 10.0

Facts = dict[str, Any]
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _asking(command: _Command) -> _Command:
    """The options of everything that asks control: `--run`, `--key`, `--json`."""
    as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    key = click.option(
        "--key",
        metavar="TEXT",
        help="The same key is the same act, however often it is sent: repeat a command whose "
        "answer got lost with its key.",
    )
    return run_option(key(as_json(command)))


def _target(command: _Command) -> _Command:
    """What is to be warned of and where: the options of `raise` and `preview`."""
    options = [
        click.argument("message", required=False),
        click.option("--zones", metavar="NAMES", help="Zones and groups, separated by commas."),
        click.option("--hazard", metavar="NAME", help="Choose the message by hazard and --level."),
        click.option(
            "--level",
            type=click.Choice(["caution", "warning", "evacuate"]),
            help="How urgent.  [default: warning]",
        ),
        click.option(
            "--camera", metavar="NUMBER", help="The camera that shows it: its zones are warned."
        ),
        click.option("--at", metavar="LAT,LON", help="Where it is: exits are named by it."),
        click.option("--say-ko", metavar="TEXT", help="Your own words after the message, Korean."),
        click.option("--say-en", metavar="TEXT", help="The same in English."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.group(invoke_without_command=True)
@run_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def alerts(context: click.Context, run: RunDirectory, as_json: bool) -> None:
    """Warnings: what lives now; `alerts COMMAND --help` explains each act.

    Without a command the living warnings are listed. The exit status of an act is 0 when it took
    effect, 1 when it waits or is not on air yet, 2 when it is refused.
    """
    if context.invoked_subcommand is not None:
        return
    found = _snapshot(run).get("alerts", [])
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    elif not found:
        click.echo("no warning lives")
    else:
        for alert in found:
            _say_alert(alert)


@alerts.command("raise")
@_target
@click.option("--reason", default="", help="What you saw; kept in the record.")
@click.option(
    "--break-glass",
    is_flag=True,
    help="Do not wait for the second person a message asks for; this is recorded as such.",
)
@_asking
def raise_alert(
    run: RunDirectory, key: str | None, *, as_json: bool, break_glass: bool, **target: str | None
) -> None:
    """Warn: MESSAGE in zones, or what a camera sees, or a hazard at a place.

    \b
      broadcaster alerts raise flood-evacuate --zones stream
      broadcaster alerts raise --camera 214 --hazard wildfire
    """  # noqa: D301 - click keeps the lines after a \b
    fields = {**_fields(target), "break_glass": break_glass}
    _act(run, "raise", key, fields, as_json=as_json)


@alerts.command()
@_target
@_asking
def preview(run: RunDirectory, key: str | None, *, as_json: bool, **target: str | None) -> None:
    """Say what a warning would do, without giving it: words, exits, what it interrupts."""
    answer = _asked(run, "preview", key, _fields(target))
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        _say_preview(answer)


@alerts.command()
@click.argument("alert")
@_asking
def confirm(run: RunDirectory, key: str | None, *, alert: str, as_json: bool) -> None:
    """Let a pending ALERT sound now; also the second person's yes."""
    _act(run, "confirm", key, {"alert": alert}, as_json=as_json)


@alerts.command()
@click.argument("alert")
@click.option("--reason", required=True, help="Why it is no danger; kept in the record.")
@_asking
def reject(run: RunDirectory, key: str | None, *, alert: str, reason: str, as_json: bool) -> None:
    """Say that a pending ALERT is none; asked again if its evidence goes on."""
    _act(run, "reject", key, {"alert": alert, "reason": reason}, as_json=as_json)


@alerts.command("break-glass")
@click.argument("alert")
@click.option("--reason", required=True, help="Why it cannot wait; kept in the record.")
@_asking
def break_glass(
    run: RunDirectory, key: str | None, *, alert: str, reason: str, as_json: bool
) -> None:
    """Send an ALERT that waits for its second person at once."""
    _act(run, "break-glass", key, {"alert": alert, "reason": reason}, as_json=as_json)


@alerts.command()
@click.argument("alert")
@_asking
def hold(run: RunDirectory, key: str | None, *, alert: str, as_json: bool) -> None:
    """Ask for more time over a pending ALERT, once; then it sounds by itself."""
    _act(run, "hold", key, {"alert": alert}, as_json=as_json)


@alerts.command()
@click.argument("alert")
@_asking
def acknowledge(run: RunDirectory, key: str | None, *, alert: str, as_json: bool) -> None:
    """Say that you are looking at an ALERT: nobody else is called for it."""
    _act(run, "acknowledge", key, {"alert": alert}, as_json=as_json)


@alerts.command()
@click.argument("alert")
@click.option("--level", type=click.Choice(["warning", "evacuate"]), help="Raise it to this.")
@click.option("--message", help="Speak this message from now on.")
@_asking
def escalate(
    run: RunDirectory,
    key: str | None,
    *,
    alert: str,
    level: str | None,
    message: str | None,
    as_json: bool,
) -> None:
    """Make a living ALERT more urgent; never held up by anything."""
    fields = _given(alert=alert, level=level, message=message)
    _act(run, "escalate", key, fields, as_json=as_json)


@alerts.command("add-zones")
@click.argument("alert")
@click.option("--zones", required=True, help="Zones and groups, separated by commas.")
@_asking
def add_zones(run: RunDirectory, key: str | None, *, alert: str, zones: str, as_json: bool) -> None:
    """Warn more zones with a living ALERT; where it sounds already nothing changes."""
    _act(run, "add-zones", key, {"alert": alert, "zones": _names(zones)}, as_json=as_json)


@alerts.command("step-down")
@click.argument("alert")
@click.option("--message", help="Instead of the hazard's own step-down message.")
@_asking
def step_down(
    run: RunDirectory, key: str | None, *, alert: str, message: str | None, as_json: bool
) -> None:
    """Turn an evacuation into a closure, with the message that says so."""
    _act(run, "step-down", key, _given(alert=alert, message=message), as_json=as_json)


@alerts.command()
@click.argument("alert")
@click.option("--reason", required=True, help="What was wrong; kept in the record.")
@_asking
def correct(run: RunDirectory, key: str | None, *, alert: str, reason: str, as_json: bool) -> None:
    """Say to everybody who heard an ALERT that it was an error, and end it."""
    _act(run, "correct", key, {"alert": alert, "reason": reason}, as_json=as_json)


@alerts.command("all-clear")
@click.argument("alert")
@click.option("--reason", default="", help="Needed while evidence is still above its threshold.")
@click.option(
    "--of",
    type=click.Choice(["hazard-over", "path-open", "both"]),
    default="hazard-over",
    show_default=True,
    help="That the hazard is over does not say that the path is open.",
)
@_asking
def all_clear(
    run: RunDirectory, key: str | None, *, alert: str, reason: str, of: str, as_json: bool
) -> None:
    """Say that the hazard is over, or that the path is open again, and end an ALERT."""
    _act(run, "all-clear", key, {"alert": alert, "of": of, "reason": reason}, as_json=as_json)


@alerts.command()
@click.argument("alert")
@_asking
def reconfirm(run: RunDirectory, key: str | None, *, alert: str, as_json: bool) -> None:
    """Say that the hazard goes on: an ALERT that asks for its end lives on."""
    _act(run, "reconfirm", key, {"alert": alert}, as_json=as_json)


@alerts.command()
@click.argument("alert")
@_asking
def stop(run: RunDirectory, key: str | None, *, alert: str, as_json: bool) -> None:
    """Ask how an ALERT can end: a warning never ends without a word."""
    _act(run, "stop", key, {"alert": alert}, as_json=as_json)


@alerts.command()
@click.argument("alert")
@run_option
@station_state_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(alert: str, run: RunDirectory, state: StateDirectory, as_json: bool) -> None:
    """Show everything of an ALERT, living or over: its path to the zones, and who did what."""
    living = [one for one in _snapshot(run, must=False).get("alerts", []) if one["id"] == alert]
    history = _history(state, alert)
    if not living and not history:
        raise click.ClickException(f"neither control nor the journal knows an alert {alert!r}")
    if as_json:
        facts = {"alert": living[0] if living else None, "history": history}
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    for one in living:
        _say_alert(one)
        _say_path(one)
    for entry in history:
        facts = entry["facts"]
        said = " ".join(
            str(facts[name]) for name in ("event", "to", "by", "reason") if facts.get(name)
        )
        click.echo(f"  {entry['utc']}  {said}")


@click.group()
def exercise() -> None:
    """Exercises: said to be one at their begin and end, ended by every real warning."""


@exercise.command("start")
@click.argument("message", required=False)
@click.option("--zones", required=True, help="Zones and groups, separated by commas.")
@_asking
def start_exercise(
    run: RunDirectory, key: str | None, *, message: str | None, zones: str, as_json: bool
) -> None:
    """Begin an exercise in zones."""
    fields = _given(message=message, zones=_names(zones))
    _act(run, "exercise", key, fields, as_json=as_json)


@exercise.command("test")
@click.option("--zones", default="all", show_default=True, help="Zones and groups.")
@_asking
def audible_test(run: RunDirectory, key: str | None, *, zones: str, as_json: bool) -> None:
    """Play the test that people hear, once; it says that it is one. Refused in quiet hours."""
    fields = _given(message="audible-test", zones=_names(zones))
    _act(run, "exercise", key, fields, as_json=as_json)


@exercise.command("end")
@click.argument("exercise")
@_asking
def end_exercise(run: RunDirectory, key: str | None, *, exercise: str, as_json: bool) -> None:
    """End an EXERCISE, with the message that says so."""
    _act(run, "end-exercise", key, {"alert": exercise}, as_json=as_json)


# --- asking ---------------------------------------------------------------------------------------


def _fields(target: dict[str, str | None]) -> Facts:
    """What `raise` and `preview` send."""
    zones, at = target.pop("zones"), target.pop("at")
    words = {code: text for code in ("ko", "en") if (text := target.pop(f"say_{code}"))}
    fields = _given(**target)
    if words:
        fields["words"] = words
    if zones:
        fields["zones"] = _names(zones)
    if at:
        try:
            latitude, longitude = (float(part) for part in at.split(","))
        except ValueError:
            raise click.BadParameter(
                "two numbers, such as 37.579,126.938", param_hint="--at"
            ) from None
        fields["at"] = [latitude, longitude]
    return fields


def _given(**fields: object) -> Facts:
    return {name: value for name, value in fields.items() if value is not None}


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _act(run: RunDirectory, name: str, key: str | None, fields: Facts, *, as_json: bool) -> None:
    """Ask for an act, say what became of it, and end with its exit status."""
    answer = _asked(run, name, key, {**fields, "given_ns": monotonic_ns()})
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        _say_answer(answer)
    sys.exit(0 if answer.get("adopted", True) else EXIT_NOT_ON_AIR)


def _asked(run: RunDirectory, name: str, key: str | None, fields: Facts) -> Facts:
    async def ask() -> Facts:
        async with connect(run.control_socket, "command line") as link:
            return await link.command(name, who=user_name(), key=key, **fields)

    try:
        return asyncio.run(ask())
    except NobodyListensError:
        raise LinkError(
            f"no control runs in {run.path}. To warn without it: broadcaster local play MESSAGE "
            "--zones ZONES"
        ) from None


def _snapshot(run: RunDirectory, *, must: bool = True) -> Facts:
    """Control's snapshot; an empty one if it does not run and need not."""

    async def look() -> Facts:
        async with (
            asyncio.timeout(_ANSWER_LIMIT),
            connect(run.control_socket, "command line") as link,
        ):
            found: Facts = await anext(link.snapshots())
            return found

    try:
        return asyncio.run(look())
    except TimeoutError:
        raise LinkError(f"control does not answer within {_ANSWER_LIMIT:g} s") from None
    except NobodyListensError:
        if not must:
            return {}
        raise LinkError(
            f"no control runs in {run.path}; `broadcaster local list` shows what was put on air "
            "by hand"
        ) from None


def _history(state: StateDirectory, alert: str) -> list[Facts]:
    """What the journal has of an alert, oldest first."""
    try:
        return [
            {"utc": row.utc, "facts": json.loads(row.facts)}
            for row in JournalReader(state.path).rows(kind=Kind.ALERT, subject=alert)
        ]
    except JournalError:
        return []


# --- saying ---------------------------------------------------------------------------------------


def _say_alert(alert: Facts) -> None:
    what = f"{alert['title']['en']} ({alert['level_name']}), {alert['state']}"
    click.echo(f"{alert['id']}: {what}, in {', '.join(alert['zones'])}")
    window = alert.get("window")
    if window:
        becomes = "sounds" if window["on_timeout"] == "air" else "is dropped"
        click.echo(f"  {becomes} by itself in {window['left_s']:.0f} s")
    rise = alert.get("rise")
    if rise:
        click.echo(f"  becomes {rise['level_name']} in {rise['left_s']:.0f} s unless rejected")
    if alert.get("overridden"):
        click.echo(f"  overridden in {', '.join(alert['overridden'])}")
    if alert.get("may"):
        click.echo(f"  you can: {', '.join(alert['may'])}")


def _say_path(alert: Facts) -> None:
    """How the warning came to its zones, each step in milliseconds after it was received."""
    path = alert.get("path") or {}
    received = path.get("received_utc")
    if received:
        click.echo(f"  received {datetime.fromisoformat(received).astimezone():%H:%M:%S}")
    for name in ("decided", "journalled", "planned"):
        if path.get(f"{name}_ms") is not None:
            click.echo(f"  {name:<12} {path[f'{name}_ms']:>8.1f} ms")
    for zone, steps in (path.get("zones") or {}).items():
        said = "  ".join(
            f"{name} {steps[f'{field}_ms']:.0f} ms"
            for name, field in (
                ("first packet", "first_packet"),
                ("sent", "sent"),
                ("arrived", "arrived"),
            )
            if steps.get(f"{field}_ms") is not None
        )
        click.echo(f"  {zone:<12} {said or 'not sent'}")


def _say_answer(answer: Facts) -> None:
    zones, on_air = answer.get("zones") or [], answer.get("on_air")
    words = f"{answer['alert']}: {answer['state']}"
    if not answer.get("adopted", True):
        words += f", not on air: {answer['reason']}"
    elif on_air is not None and answer.get("start") is None:
        words += ", not on air yet: its sound is still being read"
    elif on_air is not None:
        words += f", on air in {len(on_air)} of {len(zones)} zones"
        if answer.get("first_packet_ms") is not None:
            words += f", first packet {answer['first_packet_ms']:.0f} ms after the command"
    click.echo(words)
    for note in answer.get("notes") or ():
        click.echo(f"  {note}")
    if answer.get("may"):
        click.echo(f"  next: broadcaster alerts {'|'.join(answer['may'])} {answer['alert']}")
    if answer.get("durable") is False:
        click.echo(f"not in the journal yet: {answer['not_durable']}", err=True)


def _say_preview(answer: Facts) -> None:
    click.echo(f"{answer['message']} ({answer['level_name']}) in {', '.join(answer['zones'])}")
    for language, text in (answer.get("text") or {}).items():
        click.echo(f"  {language}: {text}")
    for zone, name in (answer.get("exits") or {}).items():
        click.echo(f"  {zone}: by {name['en']}")
    for language, is_ready in (answer.get("words_ready") or {}).items():
        state = "can be spoken" if is_ready else "are being spoken; look again in a few seconds"
        click.echo(f"  your own words in {language} {state}")
    interrupted = answer.get("interrupts") or []
    for one in interrupted:
        does = "interrupts" if one["gives_way"] else "waits behind"
        click.echo(f"  {does} {one['title']} in {', '.join(one['zones'])}")
    if answer.get("second_person"):
        click.echo("  a second person must confirm, or it sounds by itself after their time")
    for note in answer.get("notes") or ():
        click.echo(f"  {note}")
