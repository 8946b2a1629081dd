"""What ships with the program, for tests to speak from."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from alerts.voices import Voices
from broadcaster.catalogue_reader import read_messages
from broadcaster.ingest.messages import message_phrases, stored_tones
from broadcaster.ingest.pcm_store import PcmStore
from broadcaster.ingest.voice_shelf import VoiceShelf

BOOK = read_messages(None)


@dataclass(frozen=True)
class Shipped:
    """A state directory in which everything that ships was decoded, and what came of it."""

    state: Path
    store: PcmStore
    voices: Voices

    def warm(self, state):
        """Let another state directory remember what was decoded; the store that goes with it."""
        (state / "messages").mkdir()
        shutil.copy(self.state / "messages" / "decoded.json", state / "messages")
        return self.store


def decoded(state: Path) -> Shipped:
    """Decode all of it."""
    store = PcmStore(state / "pcm")
    shelf = VoiceShelf(state, store)
    phrases = {p for message in BOOK.messages.values() for p in message_phrases(message)}
    voices = {phrase: shelf.voice(phrase) for phrase in phrases}
    shelf.remember()
    return Shipped(state, store, Voices(voices, stored_tones(store)))
