"""The voices and tones that a worker brought in, as a value and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from alerts.message import Language, Phrase, Tone
from alerts.voices import Status, Voice, Voices
from zones.media_time import RATE
from zones.sound import PcmId, Segment, Sequence, silence


@dataclass(frozen=True)
class VoiceIndex:
    """What messages are made of, and what is wrong with it, in sentences."""

    tones: Mapping[Tone, Segment] = field(default_factory=dict)
    phrases: Mapping[Phrase, Voice] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    @property
    def voices(self) -> Voices:
        """The same for whoever puts messages together."""
        return Voices(self.phrases, self.tones)

    def with_tone(self, said: Mapping[str, Any]) -> VoiceIndex:
        """The index with a tone more; raises ValueError, KeyError, TypeError."""
        return replace(self, tones={**self.tones, Tone(said["tone"]): _segment(said["segment"])})

    def with_voice(self, said: Mapping[str, Any]) -> VoiceIndex:
        """The index with what is known of a phrase; raises ValueError, KeyError, TypeError."""
        phrase, voice = read_voice(said)
        return replace(self, phrases={**self.phrases, phrase: voice})

    def settled(self, said: Mapping[str, Any]) -> VoiceIndex:
        """The index without phrases that no message says any more; raises as above."""
        wanted = {Phrase(Language(language), text) for language, text in said["voices"]}
        kept = {phrase: voice for phrase, voice in self.phrases.items() if phrase in wanted}
        return VoiceIndex(self.tones, kept, tuple(map(str, said["faults"])))

    def told(self) -> tuple[str, ...]:
        """A sentence for everything that is wrong."""
        damaged = (voice.why for voice in self.phrases.values() if voice.why)
        return (*self.faults, *damaged)

    def sounds(self) -> tuple[PcmId, ...]:
        """Everything in the store that it names."""
        segments = (tone.pcm for tone in self.tones.values())
        voices = (voice.pcm for voice in self.phrases.values())
        return tuple(pcm for pcm in (*segments, *voices) if pcm is not None)

    def apart_from(self, messages: Iterable[tuple[Segment, ...]]) -> Sequence | None:
        """One source of every sound that is in none of these messages; None if there is none.

        Engines stage what their plan's sources name, so that names too are at hand before a
        warning needs them.
        """
        named = {segment.pcm for message in messages for segment in message}
        rest = {
            voice.pcm: voice.length
            for voice in self.phrases.values()
            if voice.status.is_usable and voice.pcm not in named
        }
        rest |= {tone.pcm: tone.length for tone in self.tones.values() if tone.pcm not in named}
        segments = tuple(Segment(pcm, 0, rest[pcm]) for pcm in sorted(filter(None, rest)))
        return Sequence(loop=(*segments, silence(RATE))) if segments else None

    def fields(self) -> dict[str, Any]:
        """The index as JSON."""
        return {
            "tones": [
                {"tone": tone.value, "segment": _fields(segment)}
                for tone, segment in self.tones.items()
            ],
            "phrases": [
                {
                    "voice": {"language": phrase.language, "text": phrase.text},
                    "status": voice.status.value,
                    "why": voice.why,
                    "segment": None if voice.pcm is None else [voice.pcm, 0, voice.length],
                }
                for phrase, voice in self.phrases.items()
            ],
            "faults": list(self.faults),
        }


def voice_index(fields: Mapping[str, Any]) -> VoiceIndex:
    """The index in JSON; raises ValueError, KeyError, TypeError."""
    return VoiceIndex(
        {Tone(one["tone"]): _segment(one["segment"]) for one in fields["tones"]},
        dict(map(read_voice, fields["phrases"])),
        tuple(fields["faults"]),
    )


def read_voice(said: Mapping[str, Any]) -> tuple[Phrase, Voice]:
    """A phrase and its voice as a worker says them; raises ValueError, KeyError, TypeError."""
    phrase = Phrase(Language(said["voice"]["language"]), said["voice"]["text"])
    pcm, length = None, 0
    if said["segment"] is not None:
        pcm, _, length = said["segment"]
    voice = Voice(None if pcm is None else PcmId(pcm), length, Status(said["status"]), said["why"])
    return phrase, voice


def _segment(fields: list[Any]) -> Segment:
    pcm, cue_in, length = fields
    return Segment(PcmId(pcm), cue_in, length)


def _fields(segment: Segment) -> list[Any]:
    return [segment.pcm, segment.cue_in, segment.length]
