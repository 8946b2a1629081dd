"""Heard against planned, packet by packet.

Pure. What should have been sent is rendered by the engine's own `Mix.render` and encoded by its own
codec, so for formats without memory right means equal in every bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from broadcaster.engine.codec import Octets, Samples, decode, encode, lead
from broadcaster.engine.render import Mix
from broadcaster.engine.sounding import Pcm
from zones.media_time import RATE, Sample
from zones.sound import PcmId, Silence
from zones.stream_format import StreamFormat

AUDIBLE = 33
"""A peak, in steps of 16 bits, that is no silence: -60 dBFS."""
DITHER = 1
"""The peak of keep-alive dither; what is not louder is silence."""
SEARCHED: Sample = 5 * RATE
"""How far to either side a stale loop is looked for."""
_MOST_PASSED_OVER = 4


class Sound(IntEnum):
    """What a packet turned out to be."""

    RIGHT = 0
    INSTEAD = 1
    """The next claim's sound, because the audio of the one on air is not staged."""
    SILENT = 2
    """Silence, where the plan has something else."""
    WRONG = 3
    UNKNOWN = 4
    """It cannot be said: what should sound is not known here."""


class WatchedPcm:
    """A store that remembers what it was asked for in vain."""

    def __init__(self, pcm: Pcm) -> None:
        """Ask `pcm`."""
        self._pcm = pcm
        self.missing: set[str] = set()

    def samples(self, pcm: PcmId, begin: Sample, end: Sample) -> Samples | None:
        """What the store has."""
        found = self._pcm.samples(pcm, begin, end)
        if found is None:
            self.missing.add(f"audio {pcm[:12]}")
        return found

    def ring(self, name: str, begin: Sample, end: Sample) -> Samples | None:
        """What the store has of a live voice."""
        found = self._pcm.ring(name, begin, end)
        if found is None:
            self.missing.add(f"live voice {name}")
        return found

    def written_to(self, name: str) -> Sample | None:
        """What the store knows of a live voice."""
        return self._pcm.written_to(name)


@dataclass(frozen=True, slots=True)
class Expected:
    """The packets that a mix makes from sample `begin` on, one a row.

    `power` is the mean square of each in squared steps of 16 bits. `missing` names what the mix
    plays but this place does not have.
    """

    begin: Sample
    packet_time: Sample
    octets: Octets
    power: NDArray[np.float32]
    is_audible: NDArray[np.bool_]
    missing: frozenset[str]

    def rows(self, samples: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which row belongs to each of these samples."""
        rows: NDArray[np.int64] = (samples - self.begin) // self.packet_time
        return rows


def expected(
    mix: Mix,
    payload_format: StreamFormat,
    packet_time: Sample,
    pcm: Pcm,
    span: tuple[Sample, Sample],
) -> Expected:
    """The packets of `mix` in the half-open `span`, whose ends are packet boundaries."""
    begin, end = span
    watched = WatchedPcm(pcm)
    before = lead(payload_format)
    samples = mix.render(watched, begin - before, end - begin + before)
    grid = samples[before:].reshape(-1, packet_time)
    wide = grid.astype(np.float32)
    is_audible = (grid.max(axis=1) >= AUDIBLE) | (grid.min(axis=1) <= -AUDIBLE)
    return Expected(
        begin,
        packet_time,
        encode(payload_format, samples).reshape(len(grid), -1),
        np.einsum("ij,ij->i", wide, wide) / np.float32(packet_time),
        is_audible,
        frozenset(watched.missing),
    )


def compare(
    wanted: Expected,
    mix: Mix,
    payload_format: StreamFormat,
    pcm: Pcm,
    samples: NDArray[np.int64],
    heard: Octets,
) -> NDArray[np.uint8]:
    """A `Sound` for each packet: it begins at `samples` and carries the same row of `heard`."""
    is_equal = (heard == wanted.octets[wanted.rows(samples)]).all(axis=1)
    # With something missing the rendering itself has passed a claim over.
    found = np.full(len(samples), Sound.INSTEAD if wanted.missing else Sound.RIGHT, np.uint8)
    if is_equal.all():
        return found
    odd = np.flatnonzero(~is_equal)
    found[odd] = Sound.UNKNOWN if wanted.missing else Sound.WRONG
    found[odd[_is_silent(payload_format, heard[odd])]] = Sound.SILENT
    for other in passed_over(mix, int(samples[odd[0]])):
        end = wanted.begin + len(wanted.octets) * wanted.packet_time
        span = (wanted.begin, end)
        instead = expected(other, payload_format, wanted.packet_time, pcm, span)
        is_instead = (heard[odd] == instead.octets[instead.rows(samples[odd])]).all(axis=1)
        found[odd[is_instead & (found[odd] != Sound.SILENT)]] = Sound.INSTEAD
    return found


def _is_silent(payload_format: StreamFormat, heard: Octets) -> NDArray[np.bool_]:
    samples = decode(payload_format, np.ascontiguousarray(heard).reshape(-1))
    peaks = np.abs(samples.reshape(len(heard), -1).astype(np.int32)).max(axis=1)
    silent: NDArray[np.bool_] = peaks <= DITHER
    return silent


def passed_over(mix: Mix, at: Sample) -> Iterator[Mix]:
    """What sounds instead when the claim on air cannot, then when the next cannot either."""
    for _ in range(_MOST_PASSED_OVER):
        mute = mix.on_air(at)
        if mute is None or isinstance(mute.source, Silence):
            return
        mix = mix.passing_over(mute)
        yield mix


def whereabouts(
    heard: bytes,
    at: Sample,
    own: Mix,
    others: Mapping[str, Mix],
    payload_format: StreamFormat,
    pcm: Pcm,
) -> str:
    """A sentence about a wrong packet: whose sound it is, or when ours sounded like that.

    `others` are the mixes of other streams, under the names people know.
    """
    bytes_a_second = payload_format.bytes_per_second
    length = len(heard) * RATE // bytes_a_second
    for name, mix in others.items():
        if mix is not own and _encoded(mix, payload_format, pcm, at, length) == heard:
            return f"the sound of {name}"
    begin = at - SEARCHED // length * length
    ours = _encoded(own, payload_format, pcm, begin, 2 * SEARCHED // length * length)
    place = ours.find(heard)
    if place < 0:
        return "a sound that is not in the plan"
    apart = place / bytes_a_second - (at - begin) / RATE
    when = "early" if apart > 0 else "late"
    return f"its own sound, {abs(apart):.3f} s too {when}"


def _encoded(
    mix: Mix, payload_format: StreamFormat, pcm: Pcm, begin: Sample, length: Sample
) -> bytes:
    before = lead(payload_format)
    samples = mix.render(pcm, begin - before, length + before)
    octets: bytes = encode(payload_format, samples).tobytes()
    return octets
