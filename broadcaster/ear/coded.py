"""Formats with memory, heard against planned: G.722 and Opus change every sample a little.

So their decoded sound is compared with the rendered one, both brought to 8 000 Hz and aligned by
what the codec is known to delay: alike in shape (correlation) and in level, a quarter of a second
at a time. Two such windows that are not alike are a fault; one may hold a splice or a lost packet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broadcaster.ear.compare import SEARCHED, Sound, WatchedPcm, passed_over
from broadcaster.engine.codec import Samples
from broadcaster.engine.codec.rate import TELEPHONE
from broadcaster.engine.codec.stateful import CodecError, Decoder, delay
from broadcaster.engine.render import Mix
from broadcaster.engine.sounding import GRID, Pcm
from zones.media_time import RATE, Sample
from zones.stream_format import StreamFormat

WINDOW: Sample = RATE // 4
SETTLING: Sample = RATE // 2
"""How long a decoder that has just begun is not judged: G.722 adapts to its sound for as long."""
ALIKE = 0.7
"""The least correlation of the same sound: codecs reach 0.95, strange sound stays below 0.3."""
_LEVELS = (0.25, 4.0)
"""Heard over planned power that is still the same level: 6 dB either way."""
_QUIET = 400.0
"""Power that counts as silence in the plan: -64 dBFS."""
_NOISE = 10_000.0
"""The most power that codecs make of silence: -50 dBFS."""
_SILENT = 0.01
"""Heard over planned power below which a sound is missing: -20 dB."""
_FACTOR = TELEPHONE.factor
_MOST_SOURCES = 3

_Wide = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Coding:
    """How a stream's packets are coded: the format, and samples of media time in one packet."""

    format: StreamFormat
    packet_time: Sample


def reference(mix: Mix, coding: Coding, pcm: Pcm, begin: Sample, end: Sample) -> _Wide:
    """What a decoder should give out for the packets in [begin, end), at 8 000 Hz."""
    start = begin - delay(coding.format, coding.packet_time) - TELEPHONE.lead
    length = end - begin + TELEPHONE.lead
    first = start // GRID * GRID
    last = -(-(start + length) // GRID) * GRID
    rendered = mix.render(pcm, first, last - first)[start - first :][:length]
    return TELEPHONE.lowered(rendered).astype(np.float64)


def alike(heard: _Wide, wanted: _Wide) -> float:
    """The correlation of two sounds; 0 when one of them is silence."""
    scale = float(np.sqrt(np.dot(heard, heard) * np.dot(wanted, wanted)))
    return float(np.dot(heard, wanted)) / scale if scale else 0.0


def judged(heard: _Wide, wanted: _Wide) -> Sound:
    """Whether a window of decoded sound is what was planned."""
    power, planned = float(np.mean(heard * heard)), float(np.mean(wanted * wanted))
    if planned < _QUIET:
        return Sound.RIGHT if power < _NOISE else Sound.WRONG
    if power < _SILENT * planned:
        return Sound.SILENT
    is_level = _LEVELS[0] <= power / planned <= _LEVELS[1]
    return Sound.RIGHT if is_level and alike(heard, wanted) >= ALIKE else Sound.WRONG


class CodedLeg:
    """One source's packets of one leg, decoded in order."""

    def __init__(self, coding: Coding) -> None:
        """Nothing has been heard.

        Raises:
            CodecError: the format cannot be decoded here.
        """
        self.coding = coding
        self._time = coding.packet_time
        self._decoder = Decoder(coding.format)
        self._next: Sample | None = None
        self._settled_at: Sample = 0
        self._before = np.zeros(TELEPHONE.lead, np.int16)
        self._heard: list[_Wide] = []
        self._wanted: list[_Wide] = []
        self._collected: Sample = 0
        self._is_doubted = False
        self.sound = Sound.UNKNOWN
        self.window: tuple[Sample, _Wide] | None = None
        """Where the last window begins, and what was heard in it."""

    def hear(
        self, samples: Sequence[int], payloads: Iterable[bytes], wanted: _Wide, begin: Sample
    ) -> bool:
        """Take packets that begin at `samples`; `wanted` begins at `begin`. Whether it judged."""
        has_judged = False
        for at, payload in zip(samples, payloads, strict=True):
            if at != self._next:
                if self._next is not None and at < self._next:
                    continue  # sent twice, or overtaken: the decoder has gone on
                self._break(at)
            self._next = at + self._time
            lowered = self._lowered(payload)
            if at < self._settled_at:
                continue
            place = (at - begin) // _FACTOR
            self._heard.append(lowered)
            self._wanted.append(wanted[place : place + len(lowered)])
            self._collected += self._time
            if self._collected >= WINDOW:
                self._judge(at + self._time - self._collected)
                has_judged = True
        return has_judged

    def forget(self) -> None:
        """What is planned is not known: nothing can be said."""
        self._heard, self._wanted, self._collected = [], [], 0
        self.sound = Sound.UNKNOWN

    def _break(self, at: Sample) -> None:
        if self._next is None or at - self._next > WINDOW:
            self._settled_at = at + SETTLING
        self._heard, self._wanted, self._collected = [], [], 0
        self._before = np.zeros(TELEPHONE.lead, np.int16)

    def _lowered(self, payload: bytes) -> _Wide:
        try:
            decoded = self._decoder.decode(payload)
        except CodecError:
            decoded = np.zeros(0, np.int16)
        sound: Samples = np.zeros(self._time, np.int16)
        length = min(len(decoded), self._time)
        sound[self._time - length :] = decoded[len(decoded) - length :]
        joined = np.concatenate((self._before, sound))
        self._before = joined[-TELEPHONE.lead :]
        return TELEPHONE.lowered(joined).astype(np.float64)

    def _judge(self, begin: Sample) -> None:
        heard, wanted = np.concatenate(self._heard), np.concatenate(self._wanted)
        self._heard, self._wanted, self._collected = [], [], 0
        self.window = begin, heard
        found = judged(heard, wanted)
        if found is Sound.WRONG and not self._is_doubted:
            self._is_doubted = True  # a splice, or a packet that was lost: look once more
            return
        self._is_doubted = found is Sound.WRONG
        self.sound = found


class CodedLegs:
    """The decoders of all legs in formats with memory."""

    def __init__(self) -> None:
        """Nothing has been heard."""
        self._legs: dict[int, dict[int, CodedLeg]] = {}

    def leg(self, leg: int, source: int, coding: Coding) -> CodedLeg:
        """The decoder for what `source` sends to a leg; each source has its own.

        Raises:
            CodecError: the format cannot be decoded here.
        """
        sources = self._legs.setdefault(leg, {})
        found = sources.pop(source, None)
        if found is None or found.coding != coding:
            found = CodedLeg(coding)
        sources[source] = found  # the last to speak is the last to be forgotten
        while len(sources) > _MOST_SOURCES:
            sources.pop(next(iter(sources)))
        return found

    def whereabouts(
        self, leg: int, source: int, coding: Coding, own: Mix, others: Mapping[str, Mix], pcm: Pcm
    ) -> str:
        """A sentence about the last wrong window: whose sound it is, or when ours was like that."""
        window = self.leg(leg, source, coding).window
        if window is None:
            return "not the sound of the plan"
        begin, heard = window
        end = begin + len(heard) * _FACTOR
        for name, mix in others.items():
            if mix is not own and alike(heard, reference(mix, coding, pcm, begin, end)) >= ALIKE:
                return f"the sound of {name}"
        around = reference(own, coding, pcm, begin - SEARCHED, end + SEARCHED)
        apart = _best_place(heard, around)
        if apart is None:
            return "a sound that is not in the plan"
        seconds = (apart * _FACTOR - SEARCHED) / RATE
        return f"its own sound, {abs(seconds):.3f} s too {'early' if seconds > 0 else 'late'}"


def instead(leg: CodedLeg, mix: Mix, pcm: Pcm) -> bool:
    """Whether the last window was the next claim's sound, because the one on air cannot sound."""
    if leg.window is None:
        return False
    begin, heard = leg.window
    end = begin + len(heard) * _FACTOR
    return any(
        judged(heard, reference(other, leg.coding, pcm, begin, end)) is Sound.RIGHT
        for other in passed_over(mix, begin)
    )


def watched_reference(
    mix: Mix, coding: Coding, pcm: Pcm, span: tuple[Sample, Sample]
) -> tuple[_Wide, frozenset[str]]:
    """The reference for the packets in `span`, and what is missing here to know it."""
    watched = WatchedPcm(pcm)
    wanted = reference(mix, coding, watched, *span)
    return wanted, frozenset(watched.missing)


def _best_place(heard: _Wide, around: _Wide) -> int | None:
    """Where in `around` something like `heard` begins; None when it is not in it."""
    size = 1 << (len(around) + len(heard)).bit_length()
    spectrum = np.fft.rfft(around, size) * np.conj(np.fft.rfft(heard, size))
    products = np.fft.irfft(spectrum, size)[: len(around) - len(heard) + 1]
    sums = np.concatenate(([0.0], np.cumsum(around * around)))
    powers = sums[len(heard) :] - sums[: -len(heard)]
    scale = np.sqrt(np.maximum(powers, 1.0) * max(float(np.dot(heard, heard)), 1.0))
    found = products / scale
    best = int(np.argmax(found))
    return best if found[best] >= ALIKE else None
