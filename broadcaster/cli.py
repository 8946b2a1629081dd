"""The command `broadcaster`: names every command, and imports only the one that is used.

A command lives in the module that knows its subject. What it reports of the user's mistakes and of
the machine's is one sentence on standard error and exit status 2; a traceback is a fault of ours.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any, Final

import click

EXIT_WRONG: Final = 2

# name: (module, attribute, one line of help)
_COMMANDS: Final = {
    "demo": (
        "broadcaster.demo.command",
        "demo",
        "The whole station here, with a live table.",
    ),
    "run": ("broadcaster.commands.run", "run", "Put a site on air and keep it there."),
    "status": (
        "broadcaster.commands.status",
        "status",
        "What runs, what is on air, what is wrong.",
    ),
    "play": ("broadcaster.control.commands", "play", "Put a message on air in some zones."),
    "withdraw": ("broadcaster.control.commands", "withdraw", "Take a message off air."),
    "alerts": ("broadcaster.commands.alerts", "alerts", "Warn, follow a warning, end it."),
    "exercise": ("broadcaster.commands.alerts", "exercise", "Practise a warning."),
    "local": ("broadcaster.commands.local", "local", "Warn when control is dead."),
    "sdp": ("broadcaster.commands.sdp", "sdp", "What a receiver must know to play a stream."),
    "reload": ("broadcaster.commands.reload", "reload", "Let the station take over its site file."),
    "check": ("broadcaster.commands.site", "check", "Say everything that is wrong in a site file."),
    "config": ("broadcaster.commands.site", "config_group", "About the form of the site file."),
    "amplifiers": (
        "broadcaster.commands.amplifiers",
        "amplifiers",
        "Which amplifier is well, and which is ill.",
    ),
    "faults": (
        "broadcaster.commands.amplifiers",
        "faults",
        "What is wrong: list it, acknowledge it, reset it.",
    ),
    "sweep": (
        "broadcaster.commands.amplifiers",
        "sweep",
        "Which devices are there: found, missing, unknown.",
    ),
    "replace": (
        "broadcaster.commands.amplifiers",
        "replace",
        "Another device stands in an amplifier's place.",
    ),
    "ear": ("broadcaster.ear.commands", "ear", "Hear on another host whether sound arrives."),
    "spares": (
        "broadcaster.commands.spares",
        "spares",
        "Let a spare amplifier play for a failed one.",
    ),
    "walk": (
        "broadcaster.commands.walk",
        "walk",
        "Walk the path and mark every loudspeaker.",
    ),
    "profiles": (
        "broadcaster.commands.profiles",
        "profiles",
        "Amplifier families: what is known of them.",
    ),
    "library": ("broadcaster.commands.library", "library", "Recordings: import, find, edit."),
    "store": ("broadcaster.ingest.commands", "store", "The decoded sound that is played."),
    "messages": (
        "broadcaster.ingest.message_commands",
        "messages",
        "What is said: texts, voices, what is wrong with them.",
    ),
    "rules": ("broadcaster.commands.rules", "rules", "When a detection becomes a warning."),
    "keys": ("broadcaster.doors.commands", "keys", "Who may report detections, and as what."),
    "event": ("broadcaster.doors.event_command", "event", "Report detections by hand."),
    "playlist": ("broadcaster.commands.playlist", "playlist", "Lists of recordings."),
    "simulate": (
        "broadcaster.demo.simulate",
        "simulate",
        "Play fires, floods and fog against a demo.",
    ),
    "simulate-operation": (
        "broadcaster.operation.command",
        "simulate_operation",
        "Months in minutes, judged by the safety rules.",
    ),
    "schedule": ("broadcaster.commands.schedule", "schedule", "What plays when, and what will."),
    "steer": ("broadcaster.commands.steer", "steer", "Skip, play next, hold, take over live."),
    "now-playing": ("broadcaster.commands.now_playing", "now_playing", "What each zone hears."),
    "as-run": ("broadcaster.commands.as_run", "as_run", "What was heard, for the reports."),
    "journal": ("broadcaster.commands.journal", "journal", "What was done: check it, export it."),
    "notices": (
        "broadcaster.notices.commands",
        "notices",
        "Who is told beside the zones, and how that stands.",
    ),
    "people": ("broadcaster.console.commands", "people", "Who may sign in at the console."),
    "tokens": ("broadcaster.console.commands", "tokens", "Tokens with which programs ask."),
    "tls": ("broadcaster.console.commands", "tls", "Certificates for the console."),
}

# Errors whose text is written for the user; looked up only in modules that are loaded.
_FOR_THE_USER: Final = (
    ("broadcaster.run_directory", "RunDirectoryError"),
    ("broadcaster.interfaces", "InterfaceError"),
    ("broadcaster.link.frame", "LinkError"),
    ("broadcaster.link.frame", "CommandRefusedError"),
    ("broadcaster.engine.plan", "PlanError"),
    ("broadcaster.engine.shared_block", "SharedBlockError"),
    ("broadcaster.ingest.errors", "IngestError"),
    ("broadcaster.journal.entry", "JournalError"),
    ("broadcaster.doors.keys", "NoKeyError"),
    ("broadcaster.console.people_database", "PeopleError"),
    ("broadcaster.console.certificates", "CertificateError"),
    ("zones.site", "UnknownNameError"),
)


class Commands(click.Group):
    """A group that knows its commands by name and loads one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands of this installation, in the order people meet them."""
        return [name for name, (module, _, _) in _COMMANDS.items() if _is_there(module)]

    def command_named(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, loaded; None when there is none of that name."""
        module, attribute, _ = _COMMANDS.get(cmd_name, ("", "", ""))
        if not module or not _is_there(module):
            return None
        command: Any = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - the table above is ours
        return command

    get_command = command_named  # what click calls it

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][2]) for name in self.list_commands(ctx)])


def _is_there(module: str) -> bool:
    """Whether this installation has a module; found as a file, so that none is imported."""
    path = Path(__file__).parents[1].joinpath(*module.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def _version(context: click.Context, option: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        click.echo(f"sorigil {version('sorigil')}")
        context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Say which version this is and stop.",
)  # fmt: skip
def broadcaster() -> None:
    """Sorigil, an IP radio station for the open air that warns people at once.

    `broadcaster demo` shows it; `broadcaster COMMAND --help` explains a command.
    """


def main() -> None:
    """Run the command line; the process ends with its exit status."""
    try:
        broadcaster.main(prog_name="broadcaster")
    except Exception as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        click.echo(sentence, err=True)
        sys.exit(EXIT_WRONG)


def _sentence(error: Exception) -> str | None:
    """What to tell the user; None when the error is a fault of ours."""
    site, catalogue = ("zones.sitefile", "SiteError"), ("alerts.catalogue", "CatalogueError")
    if isinstance(error, (*_loaded(*site), *_loaded(*catalogue))):
        problems: Any = error
        return str(problems.rendered())
    for module, name in _FOR_THE_USER:
        if isinstance(error, _loaded(module, name)):
            return f"broadcaster: {error}"
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"broadcaster: {where}{error.strerror}"
    return None


def _loaded(module: str, name: str) -> tuple[type[Exception], ...]:
    kind = getattr(sys.modules.get(module), name, None)
    return (kind,) if kind is not None else ()
