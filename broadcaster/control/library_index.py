"""What was brought in, from which file, and when: the library as a value and as JSON.

A file is imported again only when its size or time of change differs, so a restart needs no
decoding. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from broadcaster.control.programme import Library, Message
from broadcaster.control.voice_index import VoiceIndex, voice_index
from playlists.recording import Recording, plain_fields, recording_from
from zones.sound import PcmId, Segment

LAYOUT = 1
_SAID = 20
"""Files that cannot be played, named at once."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """By what a file is known again: its size in bytes and its time of change in ns."""

    size: int
    changed_ns: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of a file: a recording, or a sentence on why it cannot be one."""

    stamp: Stamp
    recording: Recording | None
    error: str = ""


@dataclass(frozen=True)
class Index:
    """The library: every file that was looked at, by its path; chime, messages, their voices."""

    files: Mapping[str, Entry] = field(default_factory=dict)
    chime: Segment | None = None
    messages: Mapping[str, Message] = field(default_factory=dict)
    voices: VoiceIndex = field(default_factory=VoiceIndex)

    @property
    def has_builtins(self) -> bool:
        """Whether chime, messages and their tones were brought in."""
        return self.chime is not None and bool(self.messages) and bool(self.voices.tones)

    def with_file(self, path: str, entry: Entry) -> Index:
        """The index with one file more."""
        return replace(self, files={**self.files, path: entry})

    def with_said(self, said: Mapping[str, Any], stamps: Mapping[str, Stamp]) -> Index:
        """The index with what a worker said of a file whose stamp was taken before.

        Raises:
            ValueError, KeyError, TypeError: a worker says no such thing.
        """
        if "chime" in said:
            return replace(self, chime=_segment(said["chime"]))
        if "message" in said:
            message = Message(said["title"], tuple(_segment(one) for one in said["cycle"]))
            return replace(self, messages={**self.messages, said["message"]: message})
        if "messages" in said:
            kept = {name: one for name, one in self.messages.items() if name in said["messages"]}
            return replace(self, messages=kept)
        if "tone" in said:
            return replace(self, voices=self.voices.with_tone(said))
        if "voice" in said:
            return replace(self, voices=self.voices.with_voice(said))
        if "voices" in said:
            return replace(self, voices=self.voices.settled(said))
        path = said["file"]
        entry = Entry(stamps[path], _recording(said.get("recording")), said.get("error", ""))
        return self.with_file(path, entry)

    def library(
        self, folders: Mapping[str, tuple[str, ...]], *, is_settled: bool, waiting: int = 0
    ) -> Library:
        """The sound at hand, when these files lie in these folders and some still wait."""
        recordings = {
            folder: tuple(
                entry.recording
                for path in paths
                if (entry := self.files.get(path)) is not None and entry.recording is not None
            )
            for folder, paths in folders.items()
        }
        places = {
            path: entry.recording.id
            for paths in folders.values()
            for path in paths
            if (entry := self.files.get(path)) is not None and entry.recording is not None
        }
        return Library(
            recordings, self.chime, self.messages, is_settled, self.voices, places, waiting
        )

    def faults(self, folders: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """A sentence for each file there that cannot be played; the last counts the rest."""
        wrong = [
            entry.error
            for paths in folders.values()
            for path in paths
            if (entry := self.files.get(path)) is not None and entry.error
        ]
        more = len(wrong) - _SAID
        return (*wrong[:_SAID], f"{more} more files cannot be played") if more > 0 else tuple(wrong)


def encode_index(index: Index) -> bytes:
    """The index as JSON."""
    return json.dumps(
        {
            "library": LAYOUT,
            "chime": index.chime and _fields(index.chime),
            "messages": {
                name: {"title": message.title, "cycle": [_fields(one) for one in message.cycle]}
                for name, message in index.messages.items()
            },
            "voices": index.voices.fields(),
            "files": {
                path: {
                    "size": entry.stamp.size,
                    "changed_ns": entry.stamp.changed_ns,
                    "recording": entry.recording and plain_fields(entry.recording),
                    "error": entry.error,
                }
                for path, entry in index.files.items()
            },
        },
        ensure_ascii=False,
    ).encode(errors="surrogateescape")


def decode_index(text: bytes) -> Index:
    """The index in `text`.

    Raises:
        ValueError: it is none of this layout; the files are then simply looked at again.
    """
    try:
        fields = json.loads(text.decode(errors="surrogateescape"))
        if fields["library"] != LAYOUT:
            raise ValueError(f"a library of layout {fields['library']}, not {LAYOUT}")
        return Index(
            {path: _entry(entry) for path, entry in fields["files"].items()},
            fields["chime"] and _segment(fields["chime"]),
            {
                name: Message(one["title"], tuple(_segment(part) for part in one["cycle"]))
                for name, one in fields["messages"].items()
            },
            voice_index(fields["voices"]) if "voices" in fields else VoiceIndex(),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no library: {error!r}") from error


def _entry(fields: Mapping[str, Any]) -> Entry:
    stamp = Stamp(fields["size"], fields["changed_ns"])
    return Entry(stamp, _recording(fields["recording"]), fields["error"])


def _recording(fields: Mapping[str, Any] | None) -> Recording | None:
    return None if fields is None else recording_from(fields)


def _segment(fields: list[Any]) -> Segment:
    pcm, cue_in, length = fields
    return Segment(None if pcm is None else PcmId(pcm), cue_in, length)


def _fields(segment: Segment) -> list[Any]:
    return [segment.pcm, segment.cue_in, segment.length]
