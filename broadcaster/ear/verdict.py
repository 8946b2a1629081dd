"""What the ear says of one leg of a stream, from what it has heard so far (SAFETY A2).

Pure; time is media time. A fault is said within two seconds: wrong sound at once, nothing heard
after one, silence where the plan is not silent after one in a warning and three in the programme.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from broadcaster.ear.compare import Sound
from zones.media_time import RATE, Sample

NOTHING_HEARD: Sample = RATE
"""Without a packet for so long, nothing is sent."""
FRESH: Sample = RATE // 2
"""What was right so lately still is."""
HELD: Sample = RATE
"""How long wrong sound speaks against a stream, so that a short one is seen too."""
SILENCE_OF_PROGRAMME: Sample = 3 * RATE
SILENCE_OF_WARNING: Sample = RATE
NOT_STAGED: Sample = RATE
"""How long another claim may sound instead before it is a fault; staging takes half a second."""
_RIGHT, _INSTEAD, _SILENT, _WRONG, _UNKNOWN = (int(sound) for sound in Sound)
_LEVEL_SPAN: Sample = RATE // 2
_NEVER: Sample = -(1 << 62)


class Why(Enum):
    """The kind of a judgement; when it changes, control is told at once."""

    RIGHT = "right"
    NOTHING = "nothing received"
    WRONG = "wrong sound"
    SILENT = "silence"
    NOT_STAGED = "not staged"
    UNSURE = "not sure yet"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The value of the fact *sent*, and a sentence when it is not true."""

    value: bool | None
    why: Why
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """Believed packets of one leg, one a row, from one batch.

    `sounds` are `Sound`s, `is_audible` and `power` those of the plan. `is_warning` when a warning
    is on air.
    """

    samples: NDArray[np.int64]
    sounds: NDArray[np.uint8]
    is_audible: NDArray[np.bool_]
    power: NDArray[np.float32]
    packet_time: Sample
    is_warning: bool


@dataclass(slots=True)
class LegVerdict:
    """The running verdict on one leg, heard since media time `since`."""

    since: Sample
    packets: int = 0
    lost: int = 0
    wrong: int = 0
    reason: str = ""
    """About the last wrong packet, or why nothing can be said."""
    _heard: Sample = _NEVER
    _right: Sample = _NEVER
    _wrong: Sample = _NEVER
    _unknown: Sample = _NEVER
    _silent: Sample = 0
    _instead: Sample = 0
    _is_warning: bool = False
    _next: Sample | None = None
    _powers: list[tuple[float, Sample]] = field(default_factory=list)

    def hear(self, heard: Heard, now: Sample) -> None:
        """Take in a batch."""
        self.packets += len(heard.sounds)
        self._heard = now
        self._is_warning = heard.is_warning
        self._count_lost(heard.samples, heard.packet_time)
        if heard.sounds.any():
            self._hear_odd(heard, now)
        else:
            self._right = now
            self._instead = 0
            if self._silent and heard.is_audible.any():
                self._silent = 0
        self._note_level(heard)

    def _hear_odd(self, heard: Heard, now: Sample) -> None:
        """Take in a batch in which not every packet is right."""
        right = np.flatnonzero(heard.sounds == _RIGHT)
        after = 0
        if len(right):
            self._right = now
            self._instead = 0
            after = int(right[-1]) + 1
            if heard.is_audible[right].any():
                self._silent = 0
        self._add_runs(heard, slice(after, None))
        wrong = int(np.count_nonzero(heard.sounds == _WRONG))
        if wrong:
            self.wrong += wrong
            self._wrong = now
        if (heard.sounds == _UNKNOWN).any():
            self._unknown = now

    def unknown(self, now: Sample, why: str, packets: int) -> None:
        """Packets came, but what should sound is not known."""
        self.packets += packets
        self._heard = self._unknown = now
        self.reason = why

    def _add_runs(self, heard: Heard, rows: slice) -> None:
        sounds, samples = heard.sounds[rows], heard.samples[rows]
        # A packet that is sent twice is no longer silence.
        silent = np.unique(samples[(sounds == _SILENT) & heard.is_audible[rows]])
        self._silent += len(silent) * heard.packet_time
        self._instead += len(np.unique(samples[sounds == _INSTEAD])) * heard.packet_time

    def _count_lost(self, samples: NDArray[np.int64], packet_time: Sample) -> None:
        if self._next == int(samples[0]) and (np.diff(samples) == packet_time).all():
            self._next = int(samples[-1]) + packet_time
            return
        first, last = int(samples.min()), int(samples.max())
        begin = first if self._next is None or first - self._next > RATE else self._next
        if last >= begin:
            here = len(np.unique(samples[samples >= begin]))
            self.lost += (last - begin) // packet_time + 1 - here
            self._next = last + packet_time

    def _note_level(self, heard: Heard) -> None:
        """Of what is right the level is the plan's; what is silent or wrong has none."""
        power = float(np.dot(heard.power, heard.sounds == _RIGHT))
        self._powers.append((power, len(heard.power)))
        packets = sum(each for _, each in self._powers)
        while (packets - self._powers[0][1]) * heard.packet_time >= _LEVEL_SPAN:
            packets -= self._powers.pop(0)[1]

    # --- the verdict ---

    def level_dbfs(self) -> float | None:
        """The level of the last half second that was right; None when it was silence."""
        power = sum(each for each, _ in self._powers)
        packets = sum(each for _, each in self._powers)
        return None if power <= 0 else 10 * math.log10(power / packets / 32768**2)

    def judge(self, now: Sample) -> Judgement:
        """What can be said of the leg at `now`."""
        last = max(self._heard, self.since)
        if now - last > NOTHING_HEARD:
            quiet = (now - last) / RATE
            return Judgement(False, Why.NOTHING, f"nothing received for {quiet:.1f} s")
        if now - self._wrong <= HELD:
            return Judgement(False, Why.WRONG, f"wrong sound: {self.reason}")
        limit = SILENCE_OF_WARNING if self._is_warning else SILENCE_OF_PROGRAMME
        if self._silent >= limit:
            silent = self._silent / RATE
            return Judgement(False, Why.SILENT, f"silent for {silent:.1f} s where the plan is not")
        if self._instead >= NOT_STAGED:
            return Judgement(
                False,
                Why.NOT_STAGED,
                "the claim on air does not sound (not staged, or spared by the engine); "
                "the next one does",
            )
        if now - self._unknown <= FRESH:
            return Judgement(None, Why.UNKNOWN, self.reason)
        if self._silent or self._instead or now - self._right > FRESH:
            return Judgement(None, Why.UNSURE, "nothing right was heard in the last moments")
        return Judgement(True, Why.RIGHT)
