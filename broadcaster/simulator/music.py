"""The demo's music: eight slow pieces for plucked strings, ours and free (CC0).

Pure and seeded: the same seed gives the same samples on the same machine. A piece is made whole,
in one to two seconds, at about -20 LUFS.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadcaster.simulator import melody
from broadcaster.simulator.instruments import (
    PAD_RATE,
    RATE,
    Signal,
    convolved,
    faded,
    from_pad_rate,
    pad,
    pluck,
    room,
)
from broadcaster.simulator.melody import Note, Part, Tune

VERSION = 2
"""Raised whenever the sound changes, so that no cache mixes old and new."""
SEED = 20_261_122
TARGET_LUFS = -20.0
RING_OUT = 5.0
"""Seconds the last chord sounds."""

_OPEN_FIFTHS = ((0, 7, 12), (0, 7, 12), (5, 12, 17), (0, 7, 12), (7, 14, 19), (2, 9, 14), (7, 14, 19), (0, 7, 12))  # noqa: E501  # fmt: skip
_MINOR_DRONE = ((0, 7, 12), (0, 7, 12), (-2, 5, 10), (0, 7, 12), (5, 12, 17), (3, 10, 15), (-2, 5, 10), (0, 7, 12))  # noqa: E501  # fmt: skip
_SONG = ((0, 7, 16), (9, 12, 16), (5, 12, 21), (7, 14, 19))
_BALLAD = ((0, 7, 15), (-4, 8, 12), (3, 10, 19), (-2, 5, 14))
_WALTZ = ((0, 7, 16), (0, 7, 16), (5, 12, 21), (0, 7, 16), (9, 12, 16), (2, 9, 17), (7, 14, 19), (7, 14, 17))  # noqa: E501  # fmt: skip


class Voicing(NamedTuple):
    """How a piece is played."""

    tempo: float
    """Beats a minute."""
    brightness: float
    """Of the melody string, 0 to 1."""
    vibrato_cents: float
    pad_gain: float
    hall: float
    """Seconds to -60 dB."""


@dataclass(frozen=True, slots=True)
class Track:
    """One piece of the demo's music library."""

    slug: str
    title: str
    album: str
    tune: Tune
    voicing: Voicing


def _track(slug: str, title: str, album: str, tune: Tune, *voicing: float) -> Track:
    return Track(slug, title, album, tune, Voicing(*voicing))


_STREAM, _MOUNTAIN = "물길 · Waterway", "산길 · Mountain Path"
_M = melody

TRACKS = (
    _track(
        "stream-at-dawn", "새벽 물소리 · Stream at Dawn", _STREAM,
        Tune(62, _M.PYEONGJO, _M.GUTGEORI, _OPEN_FIFTHS, "AaBa", (0, -1, 2, 1, -1, 3)),
        152, 0.45, 22, 0.9, 1.9,
    ),
    _track(
        "stepping-stones", "징검다리 · Stepping Stones", _STREAM,
        Tune(67, _M.MAJOR_FIVE, _M.THREE, _WALTZ, "AaBa", (0, 2, 3)),
        92, 0.65, 0, 0.6, 1.4,
    ),
    _track(
        "under-the-willows", "버들 아래 · Under the Willows", _STREAM,
        Tune(57, _M.GYEMYEONJO, _M.GUTGEORI, _MINOR_DRONE, "Aaba", (0, -1, 1, 2, -1, 1)),
        140, 0.35, 34, 1.1, 2.2,
    ),
    _track(
        "slow-steps", "느린 걸음 · Slow Steps", _STREAM,
        Tune(60, _M.MAJOR_FIVE, _M.FOUR, _SONG, "AaB", (0, 1, 2, 4, 3, 2, 1, 2)),
        78, 0.5, 0, 0.8, 1.6,
    ),
    _track(
        "way-to-ansan", "안산 가는 길 · The Way to Ansan", _MOUNTAIN,
        Tune(64, _M.PYEONGJO, _M.FOUR, _OPEN_FIFTHS, "aBa", (0, -1, 2, -1, 1, 3, 2, -1)),
        84, 0.6, 18, 0.7, 1.8,
    ),
    _track(
        "in-the-pines", "솔숲 · In the Pines", _MOUNTAIN,
        Tune(55, _M.MINOR_FIVE, _M.FOUR, _BALLAD, "Aba", (0, 2, 1, 2, 3, 2, 1, 2)),
        72, 0.3, 0, 1.2, 2.3,
    ),
    _track(
        "magpie-waltz", "까치 왈츠 · Magpie Waltz", _MOUNTAIN,
        Tune(65, _M.MAJOR_FIVE, _M.THREE, _WALTZ[::-1], "AaBba", (0, 1, 2, 3, 2, 1), 0.4),
        104, 0.8, 0, 0.5, 1.2,
    ),
    _track(
        "evening-wind", "저녁 바람 · Evening Wind", _MOUNTAIN,
        Tune(59, _M.GYEMYEONJO, _M.THREE, _MINOR_DRONE, "AaB", (0, -1, 2)),
        66, 0.4, 28, 1.0, 2.4,
    ),
)  # fmt: skip


def perform(track: Track, seed: int = SEED) -> NDArray[np.int16]:
    """Return the piece as stereo 16-bit samples at 48 kHz, shape (samples, 2)."""
    chance = np.random.default_rng([seed, VERSION, *track.slug.encode()])
    notes = melody.score(track.tune, chance)
    beat = 60.0 / track.voicing.tempo
    count = int((max(note.start for note in notes) * beat + RING_OUT) * RATE)
    dry = _strings(track.voicing, notes, beat, count, chance)
    held = _pads(track.voicing, notes, beat, count)
    send = dry[0] + dry[1] + held
    echoes = (convolved(send, room(chance, track.voicing.hall)) for _ in range(2))
    sides = [side + held + 0.22 * echo for side, echo in zip(dry, echoes, strict=True)]
    return _mastered(np.stack(sides))


_PLAYED = {  # left and right gain, seconds a note may ring
    Part.MELODY: (0.8, 1.0, 3.2),
    Part.FIGURE: (0.75, 0.45, 2.4),
    Part.BASS: (0.9, 0.9, 3.0),
}


def _strings(
    voicing: Voicing,
    notes: tuple[Note, ...],
    beat: float,
    count: int,
    chance: np.random.Generator,
) -> tuple[Signal, Signal]:
    """Return all plucked notes, left and right."""
    left, right = np.zeros(count, np.float32), np.zeros(count, np.float32)
    strings: dict[tuple[Part, int, bool], Signal] = {}
    for note in notes:
        if note.part is Part.PAD:
            continue
        gain_left, gain_right, ring = _PLAYED[note.part]
        sways = note.part is Part.MELODY and note.length * beat > 0.7
        key = (note.part, note.pitch, sways)
        if key not in strings:
            strings[key] = _string(voicing, note, sways, ring, chance)
        # A hand is never exact: +-8 ms and +-1 dB.
        late, touch = chance.uniform(0.0, 0.016), chance.uniform(0.89, 1.12)
        begin = int((note.start * beat + 0.05 + late) * RATE)
        tone = strings[key][: count - begin] * np.float32(note.loudness * touch)
        left[begin : begin + len(tone)] += tone * np.float32(gain_left)
        right[begin : begin + len(tone)] += tone * np.float32(gain_right)
    return left, right


def _string(
    voicing: Voicing, note: Note, sways: bool, ring: float, chance: np.random.Generator
) -> Signal:
    brightness = {
        Part.MELODY: voicing.brightness,
        Part.FIGURE: 0.5 * voicing.brightness,
    }.get(note.part, 0.05)
    return pluck(
        chance,
        _hertz(note.pitch),
        ring,
        brightness=brightness,
        decay=1.5 * ring,
        vibrato_cents=voicing.vibrato_cents if sways else 0.0,
    )


def _pads(voicing: Voicing, notes: tuple[Note, ...], beat: float, count: int) -> Signal:
    """Return the held chords; each fades in while the one before fades out."""
    rise = 0.8
    held = np.zeros(count // 4 + 8 * PAD_RATE, np.float32)
    for note in notes:
        if note.part is Part.PAD:
            tone = pad(_hertz(note.pitch), note.length * beat, rise)
            begin = int(note.start * beat * PAD_RATE)
            held[begin : begin + len(tone)] += tone * np.float32(0.016 * voicing.pad_gain)
    return from_pad_rate(held)[:count]


def _hertz(pitch: int) -> float:
    return float(440.0 * 2.0 ** ((pitch - 69) / 12.0))


def _mastered(sides: Signal) -> NDArray[np.int16]:
    """Bring to the target loudness, round off the rare peak, fade the end, make 16 bits."""
    sides *= np.float32(10.0 ** ((TARGET_LUFS - loudness(sides)) / 20.0))
    size = np.abs(sides)
    over = size > _KNEE
    room_left = 0.9 - _KNEE
    bent = _KNEE + room_left * np.tanh((size[over] - _KNEE) / room_left)
    sides[over] = np.copysign(bent, sides[over])
    for side in sides:
        faded(side, 0.01, RING_OUT / 2.5)
    return np.asarray(np.rint(sides.T * 32767.0), np.int16)


_KNEE = 0.6


def loudness(sides: Signal) -> float:
    """Return the ungated loudness in LUFS (ITU-R BS.1770-4 formula, K-weighting in the spectrum).

    Ungated is within half a decibel of the gated measure here: the pieces hold no silence.
    """
    energy = 0.0
    size = 1 << 16
    weights = _k_weighting(size)
    count = sides.shape[1] // size * size
    for side in sides:
        spectrum = np.fft.rfft(side[:count].reshape(-1, size), axis=1)
        energy += float(np.sum(weights * np.mean(np.abs(spectrum) ** 2, axis=0)))
    return float(-0.691 + 10.0 * np.log10(2.0 * energy / size**2))


def _k_weighting(size: int) -> NDArray[np.float64]:
    """Return the power response of BS.1770-4 tables 1 and 2 (48 kHz) at the FFT's frequencies."""
    turn = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    shelf = (1.53512485958697 - 2.69169618940638 * turn + 1.19839281085285 * turn**2) / (
        1.0 - 1.69065929318241 * turn + 0.73248077421585 * turn**2
    )
    high_pass = (1.0 - turn) ** 2 / (1.0 - 1.99004745483398 * turn + 0.99007225036621 * turn**2)
    return np.asarray(np.abs(shelf * high_pass) ** 2)
