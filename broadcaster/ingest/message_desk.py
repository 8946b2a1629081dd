"""A station's messages with all their voices, as the commands work on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from alerts.message import Language, Phrase
from alerts.message_book import MessageBook
from alerts.names import names_of
from alerts.voices import MISSING, Status, Voices
from broadcaster.catalogue_reader import messages_in_force, read_names
from broadcaster.ingest.confined_reader import ConfinedReader
from broadcaster.ingest.errors import IngestError
from broadcaster.ingest.importer import import_message
from broadcaster.ingest.messages import stored_tones
from broadcaster.ingest.pcm_store import PcmStore
from broadcaster.ingest.scripts import Script, all_phrases, assigned, script_of, scripts
from broadcaster.ingest.text_to_speech import SpeechProgram, installed
from broadcaster.ingest.voice_report import Finding, findings, status_of
from broadcaster.ingest.voice_shelf import VoiceShelf
from broadcaster.run_directory import StateDirectory
from broadcaster.site_reader import read_site
from zones.media_time import seconds

NAMES: Final = "names"


@dataclass(frozen=True)
class MessageDesk:
    """The messages in force, what is to be read for them, and the shelf their voices are on."""

    book: MessageBook
    scripts: dict[tuple[str, Language], Script]
    shelf: VoiceShelf
    voices: Voices
    faults: tuple[str, ...]

    @classmethod
    def of(cls, state: StateDirectory, config: Path | None) -> MessageDesk:
        """The desk of a station; `config` is the site file whose names are spoken.

        Raises:
            SiteError: the site file cannot be used.
            IngestError: the installation is damaged, or the store failed.
        """
        names = read_names(state.path) if config is None else names_of(read_site(config))
        book, fault = messages_in_force(state.path)
        shelf = VoiceShelf(state.path, PcmStore(state.pcm))
        faults = tuple(sentence for sentence in (fault, shelf.fault) if sentence)
        return cls(book, scripts(book, names), shelf, Voices(), faults).looked_at()

    def looked_at(self) -> MessageDesk:
        """The same with every recording looked at anew.

        Raises:
            StoreError: the store failed.
        """
        looked = {phrase: self.shelf.voice(phrase) for phrase in all_phrases(self.scripts.values())}
        self.shelf.remember()
        there = {phrase: voice for phrase, voice in looked.items() if voice != MISSING}
        return replace(self, voices=Voices(there, stored_tones(self.shelf.store)))

    def script(self, wanted: str, language: str | None = None) -> Script:
        """What is read for a message or name; raises RefusedError when there is none."""
        return script_of(self.scripts, wanted, language or self.book.every[0])

    # --- telling ---

    def statuses(self) -> dict[tuple[str, Language], Status]:
        """With which voice each message and name is spoken, by language."""
        return {key: status_of(script, self.voices) for key, script in self.scripts.items()}

    def voice_words(self, phrase: Phrase) -> str:
        """What is known of the voice of a phrase, in a few words."""
        voice = self.voices.of(phrase)
        length = f", {seconds(voice.length):.1f} s" if voice.length else ""
        why = f": {voice.why}" if voice.why and voice != MISSING else ""
        return f"{voice.status.value}{length}{why}"

    def findings(self) -> tuple[Finding, ...]:
        """Everything that should be mended."""
        return tuple(findings(self.book, self.scripts, self.voices))

    def synthetic(self) -> tuple[int, int]:
        """How many texts and names have a synthetic voice, of how many that every cycle says."""
        every = [
            status for (_, language), status in self.statuses().items()
            if language in self.book.every
        ]  # fmt: skip
        return every.count(Status.SYNTHETIC), len(every)

    def listed(self) -> dict[str, Any]:
        """The messages and names with their voices, as JSON."""
        statuses = {key: status.value for key, status in self.statuses().items()}
        names: dict[str, dict[str, str]] = {}
        for (name, language), script in self.scripts.items():
            if script.wording is None:
                names.setdefault(name, {})[language] = statuses[name, language]
        listed = [
            {
                "id": message.id,
                "purpose": message.purpose.value,
                "hazard": message.hazard,
                "level": message.level.name.lower() if message.level is not None else None,
                "title": {"ko": message.title.ko, "en": message.title.en},
                "voices": {one: statuses[message.id, one] for one in message.wordings},
            }
            for message in self.book.messages.values()
        ]
        return {"messages": listed, NAMES: names}

    # --- bringing in ---

    def take_in(self, script: Script, files: tuple[Path, ...], number: int | None) -> list[Phrase]:
        """Keep a person's voice for the phrases of a script that these files hold.

        Nothing is kept before all of them could be read.

        Raises:
            IngestError: a file cannot go on air, or they do not fit the script.
        """
        phrases = assigned(script, len(files), number)
        with ConfinedReader() as reader:
            spoken = [import_message(file, self.shelf.store, reader) for file in files]
        for phrase, one in zip(phrases, spoken, strict=True):
            status = Status.CLIPPED if one.is_clipped else Status.RECORDED
            self.shelf.keep(phrase, self.shelf.store.read(one.pcm), status)
        return list(phrases)

    def needs_voice(self, phrase: Phrase, *, again: bool) -> bool:
        """Whether a program should speak a phrase: never in a person's place."""
        status = self.voices.of(phrase).status
        return not status.is_usable or (again and status is Status.SYNTHETIC)

    def render(self, phrase: Phrase, program: SpeechProgram) -> None:
        """Keep a program's voice; raises IngestError."""
        with self.shelf.store.scratch() as place:
            self.shelf.keep(phrase, program.rendered(phrase, place), Status.SYNTHETIC)

    def forget(self, script: Script) -> int:
        """Take the station's own recordings of a script away; how many there were."""
        phrases = all_phrases([script])
        return sum([self.shelf.forget(phrase) for phrase in phrases])


def speech_program(command: str | None) -> SpeechProgram:
    """The program that a command line names, or espeak-ng.

    Raises:
        IngestError: there is none.
    """
    program = installed() if command is None else SpeechProgram.parse(command)
    if program is None:
        raise IngestError(
            "espeak-ng is not installed: apt install espeak-ng, or name another program with "
            "--command"
        )
    return program
