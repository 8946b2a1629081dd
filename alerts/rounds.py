"""The time of a message: how cycles follow one another, and where a zone may join or leave.

A message is heard in rounds: one cycle and the quiet after it. Three rounds come close together,
then one a `spacing`, for ever. Several messages that share a zone alternate: whole cycles, in
turn. Since a plan holds only segments, rounds are found again in them by comparing, so that all
this survives a restart of its author.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from math import lcm

from alerts.spoken import Cycle, Spoken
from zones.bus import ZoneId
from zones.media_time import Sample, samples
from zones.sound import Segment, Sequence, silence

GAP: Sample = samples(5)
"""The quiet between two cycles that follow closely."""
CLOSE_ROUNDS = 3
"""How many times each message is heard before the rounds are spaced."""

Voices = tuple[tuple[Cycle, ...], ...]
"""What one zone hears: the messages that take turns, each with its cycles."""


@dataclass(frozen=True, slots=True)
class Round:
    """The tone and the first `parts` languages of a cycle, then `gap` samples of quiet."""

    voice: int
    cycle: int
    parts: int
    gap: Sample


@dataclass(frozen=True, slots=True)
class Score:
    """The rounds of a message, for zones of whatever names: `once`, then `loop` for ever."""

    once: tuple[Round, ...]
    loop: tuple[Round, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A round that begins at `begin`; its speech ends at `ends`: the tone, then part by part."""

    begin: Sample
    round: Round
    ends: tuple[Sample, ...]

    @property
    def spoken_until(self) -> Sample:
        """Where its last part ends."""
        return self.ends[-1]

    @property
    def until(self) -> Sample:
        """Where its quiet ends."""
        return self.ends[-1] + self.round.gap

    def later(self, by: Sample) -> Placed:
        """The same round, `by` samples later."""
        return Placed(self.begin + by, self.round, tuple(end + by for end in self.ends))


def cycles_of(spoken: Spoken, zone: ZoneId) -> tuple[Cycle, ...]:
    """What a zone hears of a message; in a zone it was not made for, what another zone hears.

    A wrong name is better than no warning.
    """
    return spoken.cycles.get(zone) or next(iter(spoken.cycles.values()))


def score(voices: Voices, spacing: Sample) -> Score:
    """The rounds of messages in turn; each comes again after `spacing`, or as soon as it can."""
    once = [one for turn in range(CLOSE_ROUNDS) for one in _turn(voices, turn)]
    loop: list[Round] = []
    for turn in range(CLOSE_ROUNDS, CLOSE_ROUNDS + lcm(*(len(cycles) for cycles in voices))):
        *rounds, last = _turn(voices, turn)
        length = sum(_length(voices, one) for one in (*rounds, last))
        loop += [*rounds, replace(last, gap=GAP + max(0, spacing - length))]
    return Score(tuple(once), tuple(loop))


def written(rounds: Score, voices: Voices) -> Sequence:
    """The rounds as a plan holds them, with what one zone hears."""
    return Sequence(_segments(rounds.once, voices), _segments(rounds.loop, voices))


def spoken_times(cycles: tuple[Cycle, ...], times: int, resting: Sample) -> Sequence:
    """A message that ends: `times` cycles in turn, then `resting` samples of quiet."""
    rounds = [_turn((cycles,), turn)[0] for turn in range(times)]
    rounds[-1] = replace(rounds[-1], gap=resting)
    return Sequence(_segments(tuple(rounds), (cycles,)))


@dataclass(frozen=True)
class Course:
    """A sequence whose zero lies at `origin`, with the rounds found in it."""

    sequence: Sequence
    origin: Sample
    voices: Voices

    @cached_property
    def once(self) -> tuple[Placed, ...]:
        """The rounds that are heard once."""
        return _found(self.sequence.once, self.voices, self.origin)

    @cached_property
    def loop(self) -> tuple[Placed, ...]:
        """The rounds of the loop, the first time round."""
        begin = self.origin + self.sequence.once_length
        return _found(self.sequence.loop, self.voices, begin)

    @cached_property
    def phase(self) -> frozenset[object]:
        """Equal for courses that, once both loop, speak the same at the same time."""
        length = self.sequence.loop_length or 1
        rounds = ((p.begin % length, p.round) for p in self.loop)
        return frozenset({length, *rounds})

    def rounds_from(self, at: Sample) -> Iterator[Placed]:
        """The rounds that begin at `at` or later, in order; endless if the sequence is."""
        yield from (placed for placed in self.once if placed.begin >= at)
        if self.loop:
            length = self.sequence.loop_length
            passes = max(0, (at - self.loop[0].begin) // length)
            while True:
                for placed in self.loop:
                    later = placed.later(passes * length)
                    if later.begin >= at:
                        yield later
                passes += 1

    def round_at(self, at: Sample) -> Placed | None:
        """The round in which `at` lies, its quiet included."""
        behind = self._wrapped(at)
        found = (p for p in (*self.once, *self.loop) if p.begin <= behind < p.until)
        placed = next(found, None)
        return None if placed is None else placed.later(at - behind)

    def part_end(self, at: Sample) -> Sample:
        """The first moment from `at` on at which no language part is cut short."""
        placed = self.round_at(at)
        if placed is None or placed.begin == at:
            return self._known(at)
        return next((end for end in placed.ends[1:] if end >= at), max(at, placed.spoken_until))

    def cycle_end(self, at: Sample) -> Sample:
        """The first moment from `at` on at which no cycle is cut short."""
        placed = self.round_at(at)
        if placed is None or placed.begin == at:
            return self._known(at)
        return max(at, placed.spoken_until)

    def current_cycle_end(self, at: Sample) -> Sample:
        """The same, but a cycle that begins at `at` is awaited."""
        placed = self.round_at(at)
        if placed is None:
            return self._known(at)
        return max(at, placed.spoken_until)

    def rounds_to_come(self, at: Sample) -> Score:
        """The rounds from `at` on, where one of them begins."""
        once = tuple(placed.round for placed in self.once if placed.begin >= at)
        if once or not self.loop:
            return Score(once, tuple(placed.round for placed in self.loop))
        behind = self._wrapped(at)
        first = next((i for i, placed in enumerate(self.loop) if placed.begin >= behind), 0)
        rounds = tuple(placed.round for placed in self.loop)
        return Score((), (*rounds[first:], *rounds[:first]))

    def _wrapped(self, at: Sample) -> Sample:
        """`at`, brought back into the first time round the loop."""
        begin = self.origin + self.sequence.once_length
        if at < begin or not self.sequence.loop_length:
            return at
        return begin + (at - begin) % self.sequence.loop_length

    def _known(self, at: Sample) -> Sample:
        """The first moment from `at` on that lies between two cycles, where `at` is in none."""
        behind = self._wrapped(at)
        seam = self.origin + self.sequence.once_length
        if behind >= seam:
            seam += self.sequence.loop_length
        begins = (p.begin for p in (*self.once, *self.loop))
        ahead = (a for a in (*begins, *self._quiet()) if a >= behind)
        return at - behind + min(ahead, default=max(behind, seam))

    def _quiet(self) -> Iterator[Sample]:
        """Where a long quiet begins; it tells the cycles of unknown messages apart."""
        begin = self.origin
        for segment in (*self.sequence.once, *self.sequence.loop):
            if segment.pcm is None and segment.length >= GAP:
                yield begin
            begin += segment.length


def joined(others: Course, at: Sample, voices: Voices) -> Sequence:
    """What a zone plays that joins the course of others at `at`.

    The tone sounds at once and what fits of the message follows, in whole language parts. From a
    begin of the others' rounds on it is in phase with them: the next, or the one after if not even
    a tone fits before that.
    """
    tone = sum(segment.length for segment in voices[0][0].tone)
    for placed in others.rounds_from(at):
        if placed.begin == at or placed.begin - at >= tone:
            to_come = others.rounds_to_come(placed.begin)
            once = (*_filling(voices, placed.begin - at), *to_come.once)
            return written(Score(once, to_come.loop), voices)
    return written(score(voices, 0), voices)


def changed(before: Course, at: Sample, after: Score) -> tuple[Sample, Score]:
    """When, from `at` on, a message may go over to `after`, and what is left of it to play then.

    It goes over where a round begins; if rounds are to come faster now, within the quiet.
    """
    begin = next((p.begin for p in before.rounds_from(at)), None)
    begin = before.part_end(at) if begin is None else begin
    to_come = before.rounds_to_come(begin)
    if to_come.once:
        return begin, Score(after.once[-len(to_come.once) :], after.loop)
    placed = before.round_at(at)
    if placed is not None and placed.spoken_until <= at:
        quicker = placed.spoken_until + after.loop[0].gap
        begin = min(begin, max(at, quicker))
    cycle = to_come.loop[0].cycle if to_come.loop else 0
    first = next((i for i, one in enumerate(after.loop) if one.cycle == cycle), 0)
    return begin, Score((), (*after.loop[first:], *after.loop[:first]))


def is_same_loop(one: Sequence, other: Sequence) -> bool:
    """Whether two sequences end up playing the same rounds for ever, in whatever phase."""
    a, b = one.loop, other.loop
    return len(a) == len(b) and any(a[i:] + a[:i] == b for i in range(len(a) or 1))


def has_words(voices: Voices) -> bool:
    """Whether anything but tones is to be heard."""
    parts = (part for cycles in voices for cycle in cycles for part in cycle.parts)
    return any(segment.pcm is not None for part in parts for segment in part)


def _turn(voices: Voices, turn: int) -> list[Round]:
    """Each message once."""
    rounds = []
    for voice, cycles in enumerate(voices):
        cycle = turn % len(cycles)
        rounds.append(Round(voice, cycle, len(cycles[cycle].parts), GAP))
    return rounds


def _speech(voices: Voices, one: Round) -> tuple[Segment, ...]:
    cycle = voices[one.voice][one.cycle]
    return (*cycle.tone, *(segment for part in cycle.parts[: one.parts] for segment in part))


def _length(voices: Voices, one: Round) -> Sample:
    return sum(segment.length for segment in _speech(voices, one)) + one.gap


def _segments(rounds: tuple[Round, ...], voices: Voices) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    for one in rounds:
        segments += _speech(voices, one)
        if one.gap:
            segments.append(silence(one.gap))
    return tuple(segments)


def _filling(voices: Voices, room: Sample) -> tuple[Round, ...]:
    """Rounds that fill `room` samples: whole ones, then as many parts as fit, then quiet."""
    rounds: list[Round] = []
    for one in (one for turn in range(CLOSE_ROUNDS) for one in _turn(voices, turn)):
        if room < _length(voices, one):
            parts = one.parts
            while parts and _length(voices, replace(one, parts=parts, gap=0)) > room:
                parts -= 1
            if room and (parts or not rounds):
                rounds.append(replace(one, parts=parts, gap=0))
                room -= _length(voices, rounds[-1])
            break
        rounds.append(one)
        room -= _length(voices, one)
    if rounds:
        rounds[-1] = replace(rounds[-1], gap=rounds[-1].gap + room)
    return tuple(rounds)


def _found(segments: tuple[Segment, ...], voices: Voices, at: Sample) -> tuple[Placed, ...]:
    """The rounds in `segments`, whose first one begins at `at`; what is unknown is passed over."""
    found: list[Placed] = []
    index, is_quiet = 0, False
    while index < len(segments):
        one = _begun(segments, index, voices)
        if one is not None:
            cycle = voices[one.voice][one.cycle]
            blocks = (cycle.tone, *cycle.parts[: one.parts])
            lengths = (sum(segment.length for segment in block) for block in blocks)
            found.append(Placed(at, one, tuple(accumulate(lengths, initial=at))[1:]))
            index += sum(len(block) for block in blocks)
            at, is_quiet = found[-1].spoken_until, True
            continue
        segment = segments[index]
        is_quiet = is_quiet and segment.pcm is None
        if is_quiet:
            last = found.pop()
            one = replace(last.round, gap=last.round.gap + segment.length)
            found.append(Placed(last.begin, one, last.ends))
        index, at = index + 1, at + segment.length
    return tuple(found)


def _begun(segments: tuple[Segment, ...], index: int, voices: Voices) -> Round | None:
    """The round that begins at `index`: that of the cycle which agrees longest."""
    best: Round | None = None
    for voice, cycles in enumerate(voices):
        for number, cycle in enumerate(cycles):
            end = index + len(cycle.tone)
            if segments[index:end] != cycle.tone:
                continue
            parts = 0
            for part in cycle.parts:
                if segments[end : end + len(part)] != part:
                    break
                parts, end = parts + 1, end + len(part)
            if end > index and (best is None or parts > best.parts):
                best = Round(voice, number, parts, 0)
    return best
