"""Have a program speak a phrase, ahead of time: the way to air never waits for it.

Any program will do that writes a WAV file; espeak-ng is used where nothing else is asked for. Its
voice is robotic, but says the right words, in Korean and English.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from alerts.message import ENGLISH, KOREAN, Language, Phrase
from alerts.timing import RATES, units
from broadcaster.ingest.cue_points import CueFinder
from broadcaster.ingest.decoder import Decoder
from broadcaster.ingest.errors import IngestError, RefusedError
from broadcaster.ingest.speech import spoken
from zones.media_time import RATE

Pcm = NDArray[np.int16]

ESPEAK: Final = "espeak-ng -v {voice} -s {rate} -g 1 -w {file} {text}"
_VOICES: Final[Mapping[Language, tuple[str, int]]] = {KOREAN: ("ko", 160), ENGLISH: ("en-us", 150)}
"""espeak-ng's voice, and the words a minute to begin with. It cannot read Chinese or Japanese."""
_SLOWEST, _FASTEST = 80, 320
_TRIES = 5
_ENOUGH_UNITS = 4
"""Fewer syllables or words say little about the rate."""
_TIME_LIMIT = 60.0
_MARKS: Final = frozenset({"{file}", "{text}"})

_SINO_DIGITS: Final = "영일이삼사오육칠팔구"
_SINO_TENS: Final = ("", "십", "백", "천")
_SPOKEN_SINGLY: Final = frozenset({"112", "119", "110", "120", "182"})
"""Telephone numbers."""


@dataclass(frozen=True, slots=True)
class SpeechProgram:
    """A command with {file} and {text}, perhaps {language}, {voice} and {rate}, for its words."""

    words: tuple[str, ...]

    @classmethod
    def parse(cls, command: str) -> SpeechProgram:
        """The program that a command line names.

        Raises:
            RefusedError: it is none, or says neither where to write nor what to say.
        """
        try:
            words = tuple(shlex.split(command))
        except ValueError as error:
            raise RefusedError(f"{command}: {error}") from None
        lacking = sorted(mark for mark in _MARKS if not any(mark in word for word in words))
        if lacking or not words:
            raise RefusedError(
                f"{command or 'an empty command'}: lacks {' and '.join(lacking)}; write it like "
                f"{ESPEAK}"
            )
        if shutil.which(words[0]) is None:
            raise RefusedError(f"{words[0]}: no such program; install it, or name another one")
        return cls(words)

    @property
    def is_espeak(self) -> bool:
        """Whether voices and rates are those of espeak-ng."""
        return Path(self.words[0]).name == "espeak-ng"

    def can_say(self, language: Language) -> bool:
        """Whether it is any use in a language; another program than espeak-ng is believed."""
        return not self.is_espeak or language in _VOICES

    def rendered(self, phrase: Phrase, place: Path) -> Pcm:
        """The phrase spoken, without silence round it, as loud as every message.

        The program works in a folder of its own in `place`, which is gone afterwards.

        Raises:
            IngestError: the program failed, or said nothing.
        """
        rate = _VOICES.get(phrase.language, ("", 150))[1]
        voice = self._said(phrase, rate, place)
        for _ in range(_TRIES):
            better = _corrected(phrase, voice, rate) if self.is_espeak else rate
            if better == rate:
                break
            rate = better
            voice = self._said(phrase, rate, place)
        return spoken(voice)

    def _said(self, phrase: Phrase, rate: int, place: Path) -> Pcm:
        with tempfile.TemporaryDirectory(dir=place) as scratch:
            file = Path(scratch) / "speech.wav"
            filled = {
                "{file}": str(file),
                "{text}": readable(phrase),
                "{language}": phrase.language,
                "{voice}": _VOICES.get(phrase.language, (phrase.language, 0))[0],
                "{rate}": str(rate),
            }
            command = [_filled(word, filled) for word in self.words]
            try:
                subprocess.run(
                    command,
                    check=True,
                    timeout=_TIME_LIMIT,
                    # Such programs open a sound server's client even to write a file; what that
                    # leaves behind goes with the scratch folder.
                    env={**os.environ, "PULSE_RUNTIME_PATH": scratch},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                )
            except subprocess.CalledProcessError as error:
                said = error.stderr.decode(errors="replace").strip().splitlines()[-1:]
                raise IngestError(
                    f"{command[0]} failed with {error.returncode}: {' '.join(said)}"
                ) from None
            except (OSError, subprocess.TimeoutExpired) as error:
                raise IngestError(f"{command[0]}: {error}") from None
            with Decoder(file) as decoder:
                return _trimmed(np.concatenate(list(decoder.pieces())), phrase)


def installed() -> SpeechProgram | None:
    """espeak-ng, if this machine has it."""
    return SpeechProgram.parse(ESPEAK) if shutil.which("espeak-ng") else None


def readable(phrase: Phrase) -> str:
    """The phrase as such programs read it: numbers in words, telephone numbers digit by digit."""
    if phrase.language == KOREAN:
        return re.sub(r"[0-9]+", lambda match: _korean_number(match[0]), phrase.text)
    singly = "|".join(sorted(_SPOKEN_SINGLY))
    return re.sub(rf"\b({singly})\b", lambda match: " ".join(match[0]), phrase.text)


def _korean_number(digits: str) -> str:
    if digits in _SPOKEN_SINGLY or len(digits) > len(_SINO_TENS) or digits.startswith("0"):
        return "".join(_SINO_DIGITS[int(digit)] for digit in digits)
    said = ""
    for place, digit in zip(reversed(range(len(digits))), map(int, digits), strict=True):
        if digit:
            # 십, not 일십.
            said += (_SINO_DIGITS[digit] if digit > 1 or not place else "") + _SINO_TENS[place]
    return said


def _filled(word: str, filled: Mapping[str, str]) -> str:
    return re.sub(r"\{[a-z]+\}", lambda match: filled.get(match[0], match[0]), word)


def _trimmed(samples: Pcm, phrase: Phrase) -> Pcm:
    cues = CueFinder()
    cues.add(samples)
    begin, end = cues.points
    if cues.is_silent or end <= begin:
        raise RefusedError(f"the speech program said nothing for {phrase.text!r}")
    return samples[begin:end]


def _corrected(phrase: Phrase, voice: Pcm, rate: int) -> int:
    """The rate to ask for, when the voice is slower or faster than is understood outdoors."""
    counted = units(phrase)
    if counted is None or counted < _ENOUGH_UNITS:
        return rate
    least, most = RATES[phrase.language]
    found = counted * RATE / len(voice)
    if least <= found <= most:
        return rate
    return min(_FASTEST, max(_SLOWEST, round(rate * (least + most) / 2 / found)))
