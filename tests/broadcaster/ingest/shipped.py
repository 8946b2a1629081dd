"""What ships with the program, decoded into a test's own store."""

from alerts.voices import Voices
from broadcaster.catalogue_reader import read_messages
from broadcaster.ingest.messages import message_phrases, stored_tones
from broadcaster.ingest.voice_shelf import VoiceShelf

BOOK = read_messages(None)


def shipped_voices(state, store):
    """Every voice that ships, by its phrase, and the tones."""
    shelf = VoiceShelf(state, store)
    phrases = {p for message in BOOK.messages.values() for p in message_phrases(message)}
    return Voices({phrase: shelf.voice(phrase) for phrase in phrases}, stored_tones(store))
