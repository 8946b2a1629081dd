"""Render the shipped voices with espeak-ng: a step of making a release, never of running.

    python -m broadcaster.ingest.placeholder_speech

Reads the texts in `alerts/messages/messages.yaml`, writes an Opus file beside it for every phrase
that has none, takes away those nobody needs any more, and notes the checksums in `voices.json`.
With `--all` everything is rendered anew. Needs the program `espeak-ng` (Debian package of that
name) and a checkout.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import alerts
from alerts.message import Phrase
from alerts.message_book import MessageBook
from alerts.voices import Status
from broadcaster.catalogue_reader import FOLDER, VOICES, read_messages
from broadcaster.ingest.text_to_speech import SpeechProgram, installed
from broadcaster.ingest.voice_encoder import opus
from broadcaster.ingest.voice_shelf import Record, decode_records, encode_records

_TAGS = {"artist": "espeak-ng (synthetic)", "copyright": "CC0-1.0"}
_SUFFIX = ".opus"


def placeholder_phrases(book: MessageBook, program: SpeechProgram) -> Iterator[Phrase]:
    """The phrases that ship with a synthetic voice, each once."""
    phrases = (
        phrase
        for message in book.messages.values()
        for wording in message.wordings.values()
        for phrase in wording.fixed()
        if program.can_say(phrase.language)
    )
    yield from dict.fromkeys(phrases)


def main(arguments: list[str] | None = None) -> int:
    """Render what is missing; return the process's exit code."""
    parser = argparse.ArgumentParser(prog="placeholder_speech", description=__doc__)
    parser.add_argument("--all", action="store_true", help="render everything anew")
    options = parser.parse_args(arguments)
    program = installed()
    if program is None:
        sys.stderr.write("espeak-ng is not installed; apt install espeak-ng\n")
        return 1
    folder = Path(alerts.__path__[0]) / FOLDER
    records = folder / VOICES
    there = {} if options.all or not records.exists() else _by_phrase(records)
    made = []
    for phrase in placeholder_phrases(read_messages(None), program):
        record = there.get(phrase)
        if record is None or not (folder / record.audio).exists():
            record = _rendered(phrase, program, folder)
        made.append(record)
    records.write_bytes(encode_records(made))
    wanted = {record.audio for record in made}
    for file in folder.glob(f"*{_SUFFIX}"):
        if file.name not in wanted:
            file.unlink()
    return 0


def _by_phrase(records: Path) -> dict[Phrase, Record]:
    return {record.phrase: record for record in decode_records(records.read_bytes())}


def _rendered(phrase: Phrase, program: SpeechProgram, folder: Path) -> Record:
    with TemporaryDirectory() as place:
        data = opus(program.rendered(phrase, Path(place)), _TAGS)
    name = hashlib.sha256(phrase.text.encode()).hexdigest()[:10]
    audio = f"{phrase.language}-{name}{_SUFFIX}"
    (folder / audio).write_bytes(data)
    return Record(phrase, audio, hashlib.sha256(data).hexdigest(), Status.SYNTHETIC)


if __name__ == "__main__":
    sys.exit(main())
