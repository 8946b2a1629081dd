"""`broadcaster messages`: which messages there are, whose voice they have, and what is wrong.

What decodes is imported by the command that needs it: `--help` answers at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from broadcaster.options import station_option
from broadcaster.run_directory import StateDirectory

EXIT_WRONG = 1
"""Something is missing or damaged."""
_Command = TypeVar("_Command", bound=Callable[..., Any])

_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_config_option = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The site file, for the names of zones and exits.  "
    "[default: the names of the station that ran here last]",
)
_language_option = click.option(
    "--language", metavar="CODE", required=True, help="ko, en, zh or ja."
)


def _station(command: _Command) -> _Command:
    return station_option(_config_option(command))


@click.group()
def messages() -> None:
    """The messages: texts, voices, and what is wrong with them."""


@messages.command(name="list")
@_station
@_as_json
def list_command(state: StateDirectory, config: Path | None, as_json: bool) -> None:
    """List messages and names with the voice each has, by language."""
    from broadcaster.ingest.message_desk import NAMES, MessageDesk

    listed = MessageDesk.of(state, config).listed()
    if as_json:
        click.echo(json.dumps(listed, ensure_ascii=False))
        return
    rows = [
        (one["id"], one["level"] or one["purpose"], one["voices"]) for one in listed["messages"]
    ]
    rows += [(name, "name", voices) for name, voices in listed[NAMES].items()]
    wide = max(len(name) for name, _, _ in rows)
    for name, what, voices in rows:
        said = "  ".join(f"{language} {status:<9}" for language, status in voices.items())
        click.echo(f"{name:<{wide}}  {what:<16}  {said}".rstrip())


@messages.command(name="show")
@click.argument("message")
@_station
def show_command(message: str, state: StateDirectory, config: Path | None) -> None:
    """Print what is to be read for MESSAGE, phrase by phrase, with the voice of each."""
    from broadcaster.ingest.message_desk import MessageDesk

    desk = MessageDesk.of(state, config)
    desk.script(message)
    for (name, language), script in desk.scripts.items():
        if name != message:
            continue
        click.echo(f"{language}:")
        for number, phrase in enumerate(script.phrases, 1):
            click.echo(f"  {number}. {phrase.text}  ({desk.voice_words(phrase)})")
        if script.in_one_go is not None:
            click.echo(f"  or in one go, without names: {script.in_one_go.text}")
            click.echo(f"     ({desk.voice_words(script.in_one_go)})")


@messages.command(name="check")
@_station
@_as_json
def check_command(state: StateDirectory, config: Path | None, as_json: bool) -> None:
    """Say everything that is missing, damaged, too long, or spoken too fast.

    The exit status is 1 if there is anything. Synthetic voices are counted, and are no fault here.
    """
    from broadcaster.ingest.message_desk import MessageDesk

    desk = MessageDesk.of(state, config)
    found = desk.findings()
    synthetic, every = desk.synthetic()
    wrong = [*desk.faults, *map(str, found)]
    if as_json:
        told = [{"id": one.id, "language": one.language, "why": one.sentence} for one in found]
        answer = {"ok": not wrong, "faults": list(desk.faults), "findings": told}
        answer |= {"synthetic": synthetic, "of": every}
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        for sentence in wrong:
            click.echo(sentence, err=True)
        click.echo(
            f"{every} texts and names, {synthetic} of them with a synthetic voice; "
            f"{len(wrong) or 'nothing'} wrong"
        )
    sys.exit(EXIT_WRONG if wrong else 0)


@messages.command(name="import")
@click.argument("message")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@_language_option
@click.option("--phrase", type=int, metavar="N", help="The file holds phrase N alone.")
@_station
@_as_json
def import_command(
    message: str,
    files: tuple[Path, ...],
    language: str,
    phrase: int | None,
    state: StateDirectory,
    config: Path | None,
    as_json: bool,
) -> None:
    """Take in a person's voice for MESSAGE, or for a name such as zone:stream-1.

    As many files as it has phrases, in their order, or one in which the whole message is read
    without names. `broadcaster messages show MESSAGE` prints what is to be read.
    """
    from broadcaster.ingest.message_desk import MessageDesk

    desk = MessageDesk.of(state, config)
    script = desk.script(message, language)
    phrases = desk.take_in(script, files, phrase)
    desk = desk.looked_at()
    if as_json:
        kept = [{"text": one.text, "status": desk.voices.of(one).status.value} for one in phrases]
        click.echo(json.dumps({"id": script.id, "phrases": kept}, ensure_ascii=False))
        return
    for one in phrases:
        click.echo(f"{script.id} {script.language}: {one.text}  ({desk.voice_words(one)})")


@messages.command(name="render")
@click.argument("wanted", metavar="[MESSAGE]...", nargs=-1)
@click.option("--language", metavar="CODE", help="Only this language.  [default: all]")
@click.option(
    "--command", metavar="COMMAND",
    help="The program that speaks: a command with {file} and {text}, perhaps {language}.  "
    "[default: espeak-ng, for ko and en]",
)  # fmt: skip
@click.option("--again", is_flag=True, help="Also what has a synthetic voice already.")
@_station
def render_command(
    wanted: tuple[str, ...],
    language: str | None,
    command: str | None,
    again: bool,
    state: StateDirectory,
    config: Path | None,
) -> None:
    """Have a program speak what nobody has recorded: all of it, or the messages named.

    A person's recording is never replaced.
    """
    from broadcaster.ingest.message_desk import MessageDesk, speech_program

    desk = MessageDesk.of(state, config)
    program = speech_program(command)
    for name in wanted:
        desk.script(name, language)
    done = set()
    for script in desk.scripts.values():
        is_wanted = language in (None, script.language) and (not wanted or script.id in wanted)
        for phrase in script.phrases if is_wanted and program.can_say(script.language) else ():
            if phrase not in done and desk.needs_voice(phrase, again=again):
                desk.render(phrase, program)
                done.add(phrase)
                click.echo(f"{script.id} {script.language}: {phrase.text}")
    click.echo(f"{len(done)} phrase{'' if len(done) == 1 else 's'} rendered")


@messages.command(name="forget")
@click.argument("message")
@_language_option
@_station
def forget_command(message: str, language: str, state: StateDirectory, config: Path | None) -> None:
    """Take the station's own voice of MESSAGE away; the one that ships is used again."""
    from broadcaster.ingest.message_desk import MessageDesk

    desk = MessageDesk.of(state, config)
    script = desk.script(message, language)
    gone = desk.forget(script)
    count = f"{gone or 'no'} recording{'' if gone == 1 else 's'}"
    click.echo(f"{script.id} {script.language}: {count} taken away")


@messages.command(name="use")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--shipped", is_flag=True, help="Go back to the messages that ship.")
@station_option
def use_command(file: Path | None, shipped: bool, state: StateDirectory) -> None:
    """Let the station speak the messages of FILE from its next start on.

    The file is looked through first; with a mistake in it nothing changes.
    """
    from broadcaster.catalogue_reader import drop_catalogue, put_catalogue

    if (file is None) is not shipped:
        raise click.UsageError("give a file, or --shipped")
    if file is None:
        was_there = drop_catalogue(state.path)
        click.echo("the messages that ship are used" + ("" if was_there else ", as before"))
        return
    book = put_catalogue(state.path, file)
    click.echo(f"{len(book.messages)} messages are taken in; see broadcaster messages check")
