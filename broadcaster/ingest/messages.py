"""The prepared messages and all they are made of, brought into the PCM store.

The chime and the tones are computed, the voices come from the shelves. What is said first is what a
warning needs first: the tones, then the generic caution that stands in for any other message.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from alerts.message import GENERIC, Message, Phrase, Tone, whole
from alerts.message_book import MessageBook
from alerts.names import name_phrases
from alerts.speaking import AFTER_LANGUAGE, speak
from alerts.voices import MISSING, Status, Voice, Voices
from broadcaster.catalogue_reader import messages_in_force, read_names
from broadcaster.ingest import builtin
from broadcaster.ingest.errors import IngestError, StoreError
from broadcaster.ingest.pcm_store import PcmStore
from broadcaster.ingest.text_to_speech import SpeechProgram
from broadcaster.ingest.voice_shelf import VoiceShelf
from zones.bus import ZoneId
from zones.media_time import RATE, Sample
from zones.sound import PcmId, Segment, Sequence, silence

BETWEEN_CYCLES: Final[Sample] = 5 * RATE
"""From the end of the last word to the next tone."""

_ANYWHERE: Final = ZoneId("anywhere")
_TONES: Final = {
    Tone.ATTENTION: builtin.attention_tone,
    Tone.EVACUATE: builtin.evacuation_tone,
    Tone.EXERCISE: builtin.exercise_tone,
}


@dataclass(frozen=True, slots=True)
class Stored:
    """Sound in the PCM store."""

    pcm: PcmId
    length: Sample

    @property
    def segment(self) -> Segment:
        """All of it, unchanged."""
        return Segment(self.pcm, 0, self.length)


@dataclass(frozen=True, slots=True)
class PreparedMessage:
    """A message without any name, for who plays it by its id."""

    message: Message
    cycle: tuple[Segment, ...]
    """One cycle; its last segment is the quiet before the next."""
    notes: tuple[str, ...] = ()
    """What had to be left out."""

    @property
    def repeated(self) -> Sequence:
        """The message over and over, until its claim is withdrawn."""
        return Sequence(loop=self.cycle)

    @property
    def once(self) -> Sequence:
        """The message a single time, without the quiet after it."""
        return Sequence(once=self.cycle[:-1])


def stored_chime(store: PcmStore) -> Stored:
    """Put the never-empty chime into the store; loop it."""
    chime = builtin.chime()
    return Stored(store.add(chime), len(chime))


def stored_tones(store: PcmStore) -> dict[Tone, Segment]:
    """Put the attention tones into the store."""
    sounds = {tone: computed() for tone, computed in _TONES.items()}
    return {tone: Stored(store.add(one), len(one)).segment for tone, one in sounds.items()}


def prepared(
    message: Message, voices: Voices, book: MessageBook, *, only: bool = False
) -> PreparedMessage:
    """A message as it sounds without names, in the languages of its first cycle.

    `only` as for `speak`.
    """
    speech = speak(
        message, (_ANYWHERE,), site=None, place=None, voices=voices, book=book, only=only
    )
    cycle = speech.spoken.cycles[_ANYWHERE][0]
    quiet = silence(BETWEEN_CYCLES - AFTER_LANGUAGE)
    return PreparedMessage(message, (*cycle.segments, quiet), speech.notes)


def message_phrases(message: Message) -> tuple[Phrase, ...]:
    """Every phrase of a message that somebody may have recorded, apart or in one go."""
    phrases: list[Phrase] = []
    for wording in message.wordings.values():
        phrases += wording.fixed()
        phrases += (whole(wording.plain()), whole(wording.plain(only=True)))
    return tuple(dict.fromkeys(phrases))


def in_order(book: MessageBook) -> tuple[Message, ...]:
    """The messages, those first that every other one falls back on, then the most urgent."""
    return tuple(
        sorted(
            book.messages.values(),
            key=lambda one: (one.hazard != GENERIC or one.level is None, -(one.level or 0)),
        )
    )


def entries(
    state: Path, store: PcmStore, *, program: SpeechProgram | None = None
) -> Iterator[dict[str, Any]]:
    """What a library worker says of tones, messages and voices, the most needed first.

    Names of the site that nobody has recorded are rendered last, by `program`; without one they
    stay unspoken.

    Raises:
        IngestError: the installation is damaged, or the store failed.
    """
    book, fault = messages_in_force(state)
    shelf = VoiceShelf(state, store)
    tones = stored_tones(store)
    yield {"messages": list(book.messages)}
    for tone, segment in tones.items():
        yield {"tone": tone.value, "segment": segment_fields(segment)}
    known: dict[Phrase, Voice] = {}
    for message in in_order(book):
        for phrase in message_phrases(message):
            if phrase not in known:
                known[phrase] = shelf.voice(phrase)
                if known[phrase] != MISSING:
                    yield voice_fields(phrase, known[phrase])
        ready = prepared(message, Voices(known, tones), book)
        cycle = [segment_fields(segment) for segment in ready.cycle]
        yield {"message": message.id, "title": message.title.en, "cycle": cycle}
    faults = [fault, shelf.fault]
    for one in name_phrases(book, read_names(state)):
        try:
            known[one.phrase] = name_voice(shelf, one.phrase, program)
        except StoreError:
            raise
        except IngestError as error:
            faults.append(f"{one.id} cannot be rendered: {error}")
            program = None  # it would fail for every other name too
        else:
            if known[one.phrase] != MISSING:
                yield voice_fields(one.phrase, known[one.phrase])
    shelf.remember()
    yield {
        "voices": [[phrase.language, phrase.text] for phrase in known],
        "faults": [sentence for sentence in faults if sentence],
    }


def name_voice(shelf: VoiceShelf, phrase: Phrase, program: SpeechProgram | None) -> Voice:
    """The voice of a name; one that nobody has recorded is rendered and kept.

    Raises:
        IngestError: the program failed, or the store.
    """
    voice = shelf.voice(phrase)
    if voice.status.is_usable or program is None or not program.can_say(phrase.language):
        return voice
    with shelf.store.scratch() as place:
        shelf.keep(phrase, program.rendered(phrase, place), Status.SYNTHETIC)
    return shelf.voice(phrase)


def voice_fields(phrase: Phrase, voice: Voice) -> dict[str, Any]:
    """A voice as a worker says it."""
    return {
        "voice": {"language": phrase.language, "text": phrase.text},
        "status": voice.status.value,
        "why": voice.why,
        "segment": None if voice.pcm is None else [voice.pcm, 0, voice.length],
    }


def segment_fields(segment: Segment) -> list[Any]:
    """A segment as a worker says it."""
    return [segment.pcm, segment.cue_in, segment.length]
