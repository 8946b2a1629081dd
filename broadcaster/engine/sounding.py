"""The sound of one claim: its recordings cut, faded and weighed; levels, ramps and dither.

Nothing here knows who is on air. Gains are functions of the sample alone, with operations that
round the same way in every block size, so that blocks can be cut anywhere.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from broadcaster.engine.codec import Samples
from broadcaster.engine.plan import GainStep
from broadcaster.engine.waking import LateRing
from zones.bus import Claim
from zones.media_time import RATE, Sample
from zones.sound import PcmId, Piece, Ring, Segment, Sequence, Timeline, pieces

SPLICE_FADE: Sample = 480
"""10 ms: how fast a gain changes where one turn follows another."""
LEVEL_FADE: Sample = 960
"""20 ms: how fast a level step is taken, so that it makes no zipper noise."""
GRID: Sample = 48

Float = NDArray[np.float32]


class Pcm(Protocol):
    """Where samples come from; what is not at hand is None, and its claim does not claim."""

    def samples(self, pcm: PcmId, begin: Sample, end: Sample) -> Samples | None:
        """Samples [begin, end) of canonical PCM; None when not staged or beyond its end."""

    def ring(self, name: str, begin: Sample, end: Sample) -> Samples | None:
        """Live samples at media time [begin, end); None when its writer is not keeping up."""

    def written_to(self, name: str) -> Sample | None:
        """Up to where a live voice has been written; None when it is not known here."""


class NotAtHand(Exception):  # noqa: N818 - a signal to the mix, not an error
    """A claim's audio is missing; carries the claim."""

    def __init__(self, claim: Claim) -> None:
        super().__init__(claim.id)
        self.claim = claim


def factor(gain_db: float) -> float:
    """A gain in dB as a factor; 0 dB is exactly 1."""
    return 1.0 if gain_db == 0.0 else float(10.0 ** (gain_db / 20.0))


def ramp(begin: Sample, end: Sample, start: Sample, first: float, last: float) -> Float | float:
    """Gain over [begin, end): from `first` at `start` to `last`, reached after the splice fade."""
    if first == last or begin >= start + SPLICE_FADE:
        return last
    return _moved(begin, end, start, SPLICE_FADE, first, last)


def _moved(
    begin: Sample, end: Sample, start: Sample, fade: Sample, first: float, last: float
) -> Float:
    """A gain that moves from `first` at `start` to `last`, exactly, `fade` samples later."""
    position = np.arange(begin - start, end - start, dtype=np.float32) / np.float32(fade)
    gain: Float = np.float32(first) + np.float32(last - first) * position
    gain[position >= 1] = last
    return gain


def level_of(
    steps: tuple[GainStep, ...], priority: int, begin: Sample, end: Sample
) -> Float | None:
    """The zone's level over [begin, end) as factors; None for 0 dB throughout.

    A step that comes while the one before is still being taken goes on from where that one is.
    """
    mine = [step for step in steps if priority < step.below_priority and step.at < end]
    if not mine:
        return None
    level = np.ones(end - begin, np.float32)
    first = last = 1.0
    taken: Sample | None = None
    for step in mine:
        if taken is not None and step.at < taken + LEVEL_FADE:
            first = float(_moved(step.at, step.at + 1, taken, LEVEL_FADE, first, last)[0])
        else:
            first = last
        taken, last = step.at, factor(step.gain_db)
        if taken + LEVEL_FADE <= begin:
            level[:] = last
        else:
            a = max(taken, begin)
            level[a - begin :] = _moved(a, end, taken, LEVEL_FADE, first, last)
    return level


def source_sound(pcm: Pcm, claim: Claim, origin: Sample, begin: Sample, end: Sample) -> Float:
    """What a claim's source plays in [begin, end)."""
    sound = np.zeros(end - begin, np.float32)
    if isinstance(claim.source, Ring):
        late = claim.source.by if isinstance(claim.source, LateRing) else 0
        first = max(begin, origin + late) if late else begin
        if first < end:
            live = pcm.ring(claim.source.name, first - late, end - late)
            if live is None:
                raise NotAtHand(claim)
            sound[first - begin :] += live
    elif isinstance(claim.source, Sequence | Timeline):
        for piece in pieces(claim.source, origin, begin, end):
            if piece.segment.pcm is not None:
                at = piece.at - begin
                sound[at : at + piece.length] += _piece_sound(pcm, claim, piece)
    return sound


def stored(pcm: Pcm, claim: Claim, piece: Piece) -> Samples:
    """The samples of a piece as they are stored."""
    segment = piece.segment
    if segment.pcm is None:
        return np.zeros(piece.length, np.int16)
    start = segment.cue_in + piece.offset
    found = pcm.samples(segment.pcm, start, start + piece.length)
    if found is None:
        raise NotAtHand(claim)
    return found


def is_plain(piece: Piece) -> bool:
    """Whether the piece is stored audio as it is: no gain, and clear of its fades."""
    segment, end = piece.segment, piece.offset + piece.length
    return (
        segment.gain_db == 0.0
        and piece.offset >= segment.fade_in
        and end <= segment.length - segment.fade_out
    )


def _piece_sound(pcm: Pcm, claim: Claim, piece: Piece) -> Float:
    """A piece with its gain and its fades; fades keep power constant where two overlap."""
    segment = piece.segment
    sound = stored(pcm, claim, piece).astype(np.float32)
    if segment.gain_db != 0.0:
        sound *= np.float32(factor(segment.gain_db))
    if not is_plain(piece):
        sound *= _fades(segment, piece.offset, piece.length)
    return sound


def _fades(segment: Segment, offset: Sample, length: Sample) -> Float:
    """Square-root ramps: only operations that round the same way in every block size."""
    position = np.arange(offset, offset + length, dtype=np.float32)
    gain = np.ones(length, np.float32)
    if segment.fade_in:
        gain = np.minimum(gain, np.sqrt(position / np.float32(segment.fade_in)))
    if segment.fade_out:
        left = np.float32(segment.length) - position
        gain = np.minimum(gain, np.sqrt(left / np.float32(segment.fade_out)))
    return gain


def dithered(samples: Samples, begin: Sample) -> Samples:
    """Whole milliseconds of digital silence replaced by dither of one step either way."""
    if begin % GRID or len(samples) % GRID:
        raise ValueError("streams with keep-alive are rendered in whole milliseconds")
    grid = samples.reshape(-1, GRID)
    silent = ~grid.any(axis=1)
    if silent.any():
        grid = grid.copy()
        grid[silent] = np.where(np.arange(GRID) % 2, 1, -1)
    return grid.reshape(-1)


_LEAD: Sample = RATE
"""How much of a message must be at hand before it may claim."""


def is_at_hand(pcm: Pcm, claim: Claim, start: Sample) -> bool:
    """Whether the first second of `claim`, begun at `start`, could be played now."""
    if isinstance(claim.source, Ring):
        return pcm.ring(claim.source.name, start - GRID, start) is not None
    for piece in pieces(claim.source, start, start, start + _LEAD):
        if piece.segment.pcm is not None:
            begin = piece.segment.cue_in + piece.offset
            if pcm.samples(piece.segment.pcm, begin, begin + piece.length) is None:
                return False
    return True
