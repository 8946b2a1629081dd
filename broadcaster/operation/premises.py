"""What a simulated station stands on: site, sound that lasts but is none, messages, rules. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from alerts.detection import Rules
from alerts.detection.source import Sources, sources_of
from alerts.message import Message, Phrase, Tone
from alerts.message_book import MessageBook
from alerts.voices import Status, Voice
from broadcaster.control.ground import Ground, ground_of
from broadcaster.control.programme import Library
from broadcaster.control.voice_index import VoiceIndex
from playlists.recording import Recording
from zones.media_time import RATE, BootId, MediaClock, Sample
from zones.site import Site
from zones.sound import PcmId, Segment

CLOCK: Final = MediaClock(BootId("simulated"), 0)
GAUGE_PERIOD_S: Final = 1800.0
"""Gauges and cameras that read staffs report less often than in life: a year has to pass soon."""
CAMERA_PERIOD_S: Final = 900.0

_TRACK_S: Final = 150
_SYLLABLE: Final[Sample] = RATE // 5


def _voice(phrase: Phrase) -> Voice:
    """A recording of a phrase, as long as it would be."""
    name = PcmId(hashlib.sha256(f"{phrase.language} {phrase.text}".encode()).hexdigest())
    return Voice(name, len(phrase.text) * _SYLLABLE // 2 + RATE, Status.SYNTHETIC)


@dataclass(frozen=True, slots=True)
class Premises:
    """All that a simulated station is given at its start."""

    site: Site
    rules: Rules
    messages: MessageBook
    voices: Mapping[Phrase, Voice]
    """A recording of everything that messages say."""

    def ground(self, *, quiet_neighbours: bool) -> Ground:
        """The site in force; neighbours of warned zones keep quiet, or do not."""
        site = replace(self.site, quiet_neighbours=quiet_neighbours)
        sources = {f"{one.interface}/ttl8/dscp46": ("192.0.2.1", 40_000) for one in site.networks}
        return replace(ground_of(site, bytes(32), CLOCK, sources, 1), rules=self.rules)

    def words(self, message: Message) -> frozenset[PcmId]:
        """The recordings of a message that are heard of it wherever it is spoken."""
        return frozenset(
            pcm
            for language in self.messages.every
            if language in message.wordings
            for piece in message.wordings[language].pieces
            if isinstance(piece, str)
            and (pcm := self.voices[Phrase(language, piece)].pcm) is not None
        )

    def library(self, tracks: int) -> Library:
        """So many recordings for each programme, and every voice there can be."""
        folders = {
            entry.recordings: tuple(_recording(number) for number in range(tracks))
            for entry in self.site.programme
        }
        tones = {tone: Segment(PcmId("a" * 64), 0, 4 * RATE) for tone in Tone}
        chime = Segment(PcmId("e" * 64), 0, 10 * RATE)
        return Library(folders, chime, voices=VoiceIndex(tones, self.voices))


def premises(site: Site, rules: Rules, messages: MessageBook) -> Premises:
    """The premises of a site whose instruments report seldom enough for a year."""
    gauges = tuple(replace(gauge, period_s=GAUGE_PERIOD_S) for gauge in site.gauges)
    cameras = tuple(
        replace(camera, period_s=CAMERA_PERIOD_S) if camera.period_s else camera
        for camera in site.cameras
    )
    seldom = replace(site, gauges=gauges, cameras=cameras)
    periods = {name: one.period_s for name, one in sources_of(seldom).items()}
    sources = Sources(
        replace(one, period_s=periods.get(one.id, one.period_s)) for one in rules.sources
    )
    voices = {
        phrase: _voice(phrase)
        for message in messages.messages.values()
        for wording in message.wordings.values()
        for phrase in wording.fixed()
    }
    return Premises(seldom, replace(rules, sources=sources), messages, voices)


def _recording(number: int) -> Recording:
    pcm, length = PcmId(f"{number:064x}"), _TRACK_S * RATE
    return Recording(f"r{number}", f"Track {number}", "", "", pcm, length, 0, length, 0.0)
