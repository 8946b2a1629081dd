"""Compose the demo's music: motif, repetition, variation and cadence over a slow harmony.

Pure: a score is a function of a tune and a seeded generator. Times are beats, pitches are
MIDI note numbers (69 = 440 Hz); `music` turns both into samples.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

# Semitones above the root. Pyeongjo and gyemyeonjo are the two modes of Korean court and folk
# music (sol and la modes of the five-note scale).
PYEONGJO = (0, 2, 5, 7, 9)
GYEMYEONJO = (0, 3, 5, 7, 10)
MAJOR_FIVE = (0, 2, 4, 7, 9)
MINOR_FIVE = (0, 3, 5, 7, 10)

# One bar each; a metre is the tuple of bars a melody may choose from, in beats. "Gutgeori" is a
# slow compound metre of Korean folk music: its beat here is the small one, six to a half-cycle.
FOUR = ((1, 1, 1, 1), (2, 1, 1), (1.5, 0.5, 1, 1), (1, 0.5, 0.5, 2), (1, 1, 2), (0.5, 0.5, 1, 2))
THREE = ((1, 1, 1), (2, 1), (1.5, 0.5, 1), (1, 0.5, 0.5, 1), (1, 2))
GUTGEORI = ((2, 1, 2, 1), (3, 2, 1), (1, 1, 1, 3), (2, 1, 3), (1.5, 0.5, 1, 2, 1))

Bar = tuple[float, ...]
Motif = tuple[tuple[float, int], ...]
"""(length in beats, scale step) of each note; two bars."""


class Part(Enum):
    """Who plays a note."""

    MELODY = "melody"
    FIGURE = "figure"
    BASS = "bass"
    PAD = "pad"


@dataclass(frozen=True, slots=True)
class Note:
    """One note of a score."""

    part: Part
    start: float
    """Beats from the beginning."""
    length: float
    """Beats."""
    pitch: int
    """MIDI note number."""
    loudness: float
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class Tune:
    """What makes one piece different from another."""

    root: int
    """MIDI note number of the key note in the melody's register."""
    scale: tuple[int, ...]
    metre: tuple[Bar, ...]
    chords: tuple[tuple[int, ...], ...]
    """One chord a bar, repeated; semitones above the root."""
    form: str
    """One letter a phrase of eight bars; a capital ends openly, a small letter at rest."""
    figure: tuple[int, ...]
    """Accompaniment: which chord note at each step of a bar; -1 is a rest."""
    leap: float = 0.25
    """Chance of a leap instead of a step, 0 to 1."""

    @property
    def bar_beats(self) -> float:
        """Length of a bar."""
        return sum(self.metre[0])


INTRO_BARS = 2
PHRASE_BARS = 8


def score(tune: Tune, chance: np.random.Generator) -> tuple[Note, ...]:
    """Return all notes of the piece, in order of their start."""
    themes = {letter: _motif(tune, chance) for letter in sorted(set(tune.form.lower()))}
    notes: list[Note] = []
    for number, letter in enumerate(tune.form):
        first_bar = INTRO_BARS + number * PHRASE_BARS
        # The second theme lies a third higher: the place the piece goes to and returns from.
        lift = 0 if letter.lower() == "a" else 2
        phrase = _phrase(tune, themes[letter.lower()], lift, letter.isupper(), chance)
        notes += _melody(tune, phrase, first_bar)
    bars = INTRO_BARS + len(tune.form) * PHRASE_BARS
    notes += _accompaniment(tune, bars, chance)
    return tuple(sorted(notes, key=lambda note: (note.start, note.pitch, note.part.value)))


def _motif(tune: Tune, chance: np.random.Generator) -> Motif:
    first, second = chance.choice(len(tune.metre), 2, replace=False)
    lengths = tune.metre[first] + tune.metre[second]
    step, steps = 0, [0]
    for _ in lengths[1:]:
        size = 2 if chance.random() < tune.leap else 1
        # The further the line has gone, the surer it turns back.
        up = chance.random() < 0.5 - 0.12 * step
        step += size if up else -size
        steps.append(step)
    return tuple(zip(lengths, steps, strict=True))


def _phrase(
    tune: Tune, motif: Motif, lift: int, is_open: bool, chance: np.random.Generator
) -> Motif:
    """Eight bars: the motif, its echo one step away, a variation, a cadence."""
    echo = 1 if chance.random() < 0.5 else -1
    close = 2 if is_open else 0
    return (
        _moved(motif, lift)
        + _moved(motif, lift + echo)
        + _moved(_varied(motif, chance), lift)
        + _cadence(tune, motif, lift, close)
    )


def _moved(motif: Motif, steps: int) -> Motif:
    return tuple((length, step + steps) for length, step in motif)


def _varied(motif: Motif, chance: np.random.Generator) -> Motif:
    """Ornament the longest note with its neighbour and let the ending go another way."""
    longest = max(range(len(motif) - 1), key=lambda i: motif[i][0])
    varied: list[tuple[float, int]] = []
    for index, (length, step) in enumerate(motif):
        if index == longest and length >= 1:
            varied += [(length / 2, step), (length / 4, step + 1), (length / 4, step)]
        elif index >= len(motif) - 2:
            varied.append((length, step + int(chance.integers(-1, 2))))
        else:
            varied.append((length, step))
    return tuple(varied)


def _cadence(tune: Tune, motif: Motif, lift: int, close: int) -> Motif:
    """The motif's first bar, then a fall to a long last note."""
    head: list[tuple[float, int]] = []
    used = 0.0
    for length, step in motif:
        if used >= tune.bar_beats:
            break
        head.append((length, step + min(lift, 1)))
        used += length
    approach = tune.bar_beats / 3 if tune.bar_beats in (3, 6) else 1.0
    return (*head, (approach, close + 1), (tune.bar_beats - approach, close))


def _melody(tune: Tune, phrase: Motif, first_bar: int) -> Iterator[Note]:
    beat = first_bar * tune.bar_beats
    for length, step in phrase:
        on_bar = abs(beat % tune.bar_beats) < 1e-9
        if on_bar:
            step = _consonant(tune, step, int(beat // tune.bar_beats))
        yield Note(Part.MELODY, beat, length, pitch(tune, step), 0.9 if on_bar else 0.7)
        beat += length


def pitch(tune: Tune, step: int) -> int:
    """Return the MIDI note of a scale step; step 5 is the root an octave up."""
    octave, degree = divmod(step, len(tune.scale))
    return tune.root + 12 * octave + tune.scale[degree]


def _chord(tune: Tune, bar: int) -> tuple[int, ...]:
    return tune.chords[bar % len(tune.chords)]


def _consonant(tune: Tune, step: int, bar: int) -> int:
    """The nearest scale step that belongs to the bar's chord."""
    classes = {interval % 12 for interval in _chord(tune, bar)}

    def clashes(candidate: int) -> bool:
        return (pitch(tune, candidate) - tune.root) % 12 not in classes

    near: Sequence[int] = (step, step - 1, step + 1, step - 2, step + 2)
    return min(near, key=lambda candidate: (clashes(candidate), abs(candidate - step)))


def _accompaniment(tune: Tune, bars: int, chance: np.random.Generator) -> Iterator[Note]:
    """Pad, bass and broken chords below the melody, and a last chord that rings out."""
    beats = tune.bar_beats
    low = tune.root - 12
    for bar in range(bars):
        chord, start = _chord(tune, bar), bar * beats
        for interval in chord:
            yield Note(Part.PAD, start, beats, low + interval, 0.5)
        if bar >= 1:
            yield Note(Part.BASS, start, beats, low - 12 + chord[0], 0.7)
        if beats >= 4 and bar % 4 == 3:
            yield Note(Part.BASS, start + beats / 2, beats / 2, low - 12 + chord[1], 0.5)
        yield from _figure(tune, chord, start, chance)
    end = bars * beats
    for interval in (0, 7, 12, 19):
        yield Note(Part.FIGURE, end + interval / 48, beats, low + interval, 0.6)
    yield Note(Part.BASS, end, beats, low - 12, 0.7)
    for interval in tune.chords[0]:
        yield Note(Part.PAD, end, beats, low + interval, 0.5)


def _figure(
    tune: Tune, chord: tuple[int, ...], start: float, chance: np.random.Generator
) -> Iterator[Note]:
    voicing = (*chord, *(interval + 12 for interval in chord))
    step = tune.bar_beats / len(tune.figure)
    for index, which in enumerate(tune.figure):
        # Now and then a note is left out, so that the pattern breathes.
        if which < 0 or chance.random() < 0.08:
            continue
        loudness = 0.45 if index == 0 else 0.32
        low = tune.root - 12
        yield Note(Part.FIGURE, start + index * step, step, low + voicing[which], loudness)
