"""Speak an operator's own words, while he looks at the warning they belong to.

    python -m broadcaster.ingest.free_words --state DIR  < JSON lines of {"language", "text"}

One JSON line comes back for each: the voice, or why there is none. The recordings are kept with the
station's own, so that the words are still there after a restart.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from alerts.message import Language, Phrase
from broadcaster.engine.libc import die_with_parent
from broadcaster.ingest.errors import IngestError
from broadcaster.ingest.messages import name_voice, voice_fields
from broadcaster.ingest.pcm_store import PcmStore
from broadcaster.ingest.text_to_speech import SpeechProgram, installed
from broadcaster.ingest.voice_shelf import VoiceShelf


def rendered(
    phrases: Iterable[Phrase], shelf: VoiceShelf, program: SpeechProgram | None
) -> Iterator[dict[str, Any]]:
    """What became of each phrase."""
    for phrase in phrases:
        said = {"language": phrase.language, "text": phrase.text}
        if program is None:
            yield {"voice": said, "error": "no speech program: install espeak-ng"}
            continue
        try:
            voice = name_voice(shelf, phrase, program)
        except IngestError as error:
            yield {"voice": said, "error": str(error)}
        else:
            yield voice_fields(phrase, voice)


def main(arguments: list[str] | None = None) -> int:
    """Speak until standard input ends; exit status 0, or 2 when the store cannot be used."""
    parser = argparse.ArgumentParser(prog="broadcaster.ingest.free_words", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="state directory")
    parser.add_argument("--parent", type=int, default=0, help="end when this process does")
    options = parser.parse_args(arguments)
    if options.parent:
        die_with_parent(options.parent)
    asked = (json.loads(line) for line in sys.stdin)
    phrases = (Phrase(Language(one["language"]), one["text"]) for one in asked)
    try:
        shelf = VoiceShelf(options.state, PcmStore(options.state / "pcm"))
        for said in rendered(phrases, shelf, installed()):
            sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        shelf.remember()
    except IngestError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
