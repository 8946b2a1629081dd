"""The prepared messages that ship with the program, put together for the engine.

Texts and voices are package data of `alerts`; they are synthetic placeholders and say so.
"""

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import yaml

from broadcaster.ingest import builtin
from broadcaster.ingest.decoder import Decoder
from broadcaster.ingest.errors import DamagedError, IngestError
from broadcaster.ingest.pcm_store import PcmStore
from zones.media_time import RATE, Sample
from zones.sound import PcmId, Segment, Sequence, silence

LEAD: Sample = RATE * 40 // 1000
"""Before the tone: streams with 20 ms packets lose no sound of it, and zones stay aligned."""
AFTER_TONE: Sample = RATE // 2
BETWEEN_LANGUAGES: Sample = RATE
BETWEEN_CYCLES: Sample = 5 * RATE

CATALOGUE = "messages.yaml"


@dataclass(frozen=True, slots=True)
class SpokenText:
    """One language of a prepared message, before it is decoded."""

    language: str
    """ISO 639-1."""
    text: str
    audio: str
    """File name beside the catalogue."""
    sha256: str
    """Of the audio file."""


@dataclass(frozen=True, slots=True)
class MessageText:
    """A prepared message as the catalogue gives it."""

    id: str
    hazard: str
    response: str
    parts: tuple[SpokenText, ...]
    is_synthetic: bool


@dataclass(frozen=True, slots=True)
class Stored:
    """Sound in the PCM store."""

    pcm: PcmId
    length: Sample

    @property
    def segment(self) -> Segment:
        """All of it, unchanged."""
        return Segment(self.pcm, 0, self.length)


@dataclass(frozen=True)
class PreparedMessage:
    """A message whose every part lies in the PCM store."""

    text: MessageText
    tone: Stored
    parts: tuple[tuple[str, Stored], ...]
    """(language, sound), in the order in which they are spoken."""

    @cached_property
    def cycle(self) -> tuple[Segment, ...]:
        """One cycle: lead, tone, the languages with a second between them, then 5 s of quiet."""
        spoken: list[Segment] = [silence(LEAD), self.tone.segment, silence(AFTER_TONE)]
        for _, sound in self.parts:
            spoken += [sound.segment, silence(BETWEEN_LANGUAGES)]
        return (*spoken[:-1], silence(BETWEEN_CYCLES))

    @property
    def repeated(self) -> Sequence:
        """The message over and over, until its claim is withdrawn."""
        return Sequence(loop=self.cycle)

    @property
    def once(self) -> Sequence:
        """The message a single time, without the quiet after it."""
        return Sequence(once=self.cycle[:-1])


def message_texts() -> dict[str, MessageText]:
    """Return the catalogue that ships with the program.

    Raises:
        IngestError: the installation is damaged.
    """
    # BaseLoader leaves every scalar the text it is: no 12:30 becomes 750.
    loaded = yaml.load(_data(CATALOGUE).read_text("utf-8"), yaml.BaseLoader)  # noqa: S506
    try:
        return {
            name: MessageText(
                name,
                entry["hazard"],
                entry["response"],
                tuple(SpokenText(**part) for part in entry["parts"]),
                "synthetic" in loaded["voice"],
            )
            for name, entry in loaded["messages"].items()
        }
    except (KeyError, TypeError) as error:
        raise IngestError(
            f"alerts/messages/{CATALOGUE}: {error} is missing or unknown; install again"
        ) from error


def prepared_message(name: str, store: PcmStore) -> PreparedMessage:
    """Put all parts of a message into the store and return it.

    Raises:
        IngestError: there is no such message, or its sound is damaged.
    """
    texts = message_texts()
    if name not in texts:
        raise IngestError(f"there is no message {name!r}; there are {', '.join(sorted(texts))}")
    tone = builtin.attention_tone()
    return PreparedMessage(
        texts[name],
        Stored(store.add(tone), len(tone)),
        tuple((part.language, _spoken(part, store)) for part in texts[name].parts),
    )


def stored_chime(store: PcmStore) -> Stored:
    """Put the never-empty chime into the store; loop it."""
    chime = builtin.chime()
    return Stored(store.add(chime), len(chime))


def _spoken(part: SpokenText, store: PcmStore) -> Stored:
    data = _data(part.audio).read_bytes()
    if hashlib.sha256(data).hexdigest() != part.sha256:
        raise DamagedError(
            f"alerts/messages/{part.audio}: not the file that was shipped; install again"
        )
    # In memory: a worker that is killed leaves no file behind.
    with os.fdopen(os.memfd_create(part.audio), "wb") as file:
        file.write(data)
        file.flush()
        with Decoder(Path(f"/proc/self/fd/{file.fileno()}")) as decoder:
            pcm = store.add(decoder.pieces())
    return Stored(pcm, store.length(pcm))


def _data(name: str) -> Traversable:
    return resources.files("alerts") / "messages" / name
