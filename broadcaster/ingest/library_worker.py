"""A short-lived process that brings in sound: `python -m broadcaster.ingest.library_worker`.

It reads one path a line from standard input and writes one JSON object a line: what became of each
file, in order. With `--builtins` the chime and the prepared messages come first. Control decodes
nothing itself: it starts this and reads what it says.

    {"chime": SEGMENT}
    {"messages": ["flood-evacuate", ...]}             all there are; each comes below
    {"tone": "attention", "segment": SEGMENT}
    {"voice": {"language": "ko", "text": "..."}, "status": "recorded", "why": "",
     "segment": SEGMENT}
    {"message": "flood-evacuate", "title": "...", "cycle": [SEGMENT, ...]}
    {"voices": [["ko", "..."], ...], "faults": ["a sentence", ...]}     all there are
    {"file": "/music/a.mp3", "recording": {...}}
    {"file": "/music/b.mp3", "error": "a sentence"}
    {"error": "a sentence"}             the store failed; nothing more follows

With `--speech` the files are spoken messages: they go through the chain for voices, are not kept in
the library, and their recording is {"pcm", "length", "title"}, to be played at 0 dB.

SEGMENT is [pcm or null, cue-in, length], in samples.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from broadcaster.background import stand_back
from broadcaster.engine.libc import die_with_parent
from broadcaster.ingest.confined_reader import ConfinedReader
from broadcaster.ingest.errors import IngestError, StoreError
from broadcaster.ingest.importer import import_message
from broadcaster.ingest.library import Imported, Library
from broadcaster.ingest.messages import entries, segment_fields, stored_chime
from broadcaster.ingest.pcm_store import PcmStore
from broadcaster.ingest.text_to_speech import SpeechProgram, installed
from playlists.recording import plain_fields


def main(arguments: list[str] | None = None) -> int:
    """Import until standard input ends; exit status 0, or 2 when the store cannot be used."""
    parser = argparse.ArgumentParser(prog="broadcaster.ingest.library_worker", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="state directory")
    parser.add_argument("--builtins", action="store_true", help="chime and messages first")
    parser.add_argument("--names", action="store_true", help="render names nobody recorded")
    parser.add_argument("--speech", action="store_true", help="the files are spoken messages")
    parser.add_argument("--awaited", action="store_true", help="somebody waits for it")
    parser.add_argument("--parent", type=int, default=0, help="end when this process does")
    options = parser.parse_args(arguments)
    if options.parent:
        die_with_parent(options.parent)
    stand_back(is_awaited=options.awaited)
    try:
        shelf = Library(options.state)
        if options.builtins:
            program = installed() if options.names else None
            for entry in builtins(options.state, shelf.store, program):
                _say(entry)
        files = (Path(line.rstrip("\n")) for line in sys.stdin)
        for entry in spoken(files, shelf.store) if options.speech else recorded(files, shelf):
            _say(entry)
    except IngestError as error:
        _say({"error": str(error)})
        return 2
    return 0


def recorded(files: Iterable[Path], shelf: Library) -> Iterator[dict[str, Any]]:
    """What became of each file as a recording of the library.

    Raises:
        StoreError: the store failed.
    """
    for result in shelf.import_files(files):
        if isinstance(result, Imported):
            yield {"file": str(result.file), "recording": plain_fields(result.recording)}
        else:
            yield {"file": str(result.file), "error": result.reason}


def spoken(files: Iterable[Path], store: PcmStore) -> Iterator[dict[str, Any]]:
    """What became of each file as a spoken message.

    Raises:
        StoreError: the store failed.
    """
    with ConfinedReader() as reader:
        for file in files:
            try:
                message = import_message(file, store, reader)
            except StoreError:
                raise
            except IngestError as error:
                yield {"file": str(file), "error": str(error)}
            else:
                yield {"file": str(file), "recording": asdict(message)}


def builtins(
    state: Path, store: PcmStore, program: SpeechProgram | None = None
) -> Iterator[dict[str, Any]]:
    """The sounds that ship with the program and the station's own messages, one entry each.

    Names of the site that nobody has recorded are rendered by `program`.

    Raises:
        IngestError: the installation is damaged, or the store is.
    """
    yield {"chime": segment_fields(stored_chime(store).segment)}
    yield from entries(state, store, program=program)


def _say(entry: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(entry) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
