"""What sounds: a pure function of plan, stamps, PCM and media time.

The engine sends what `Mix.render` returns, the ear compares with it, the tests call it: there is no
second opinion. Samples do not depend on how a stretch is cut into blocks, as long as blocks begin
on whole milliseconds, so two engines and the ear agree bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from broadcaster.engine.codec import Samples
from broadcaster.engine.plan import GainStep, Part, Plan, Stream
from broadcaster.engine.sounding import (
    GRID,
    SPLICE_FADE,
    Float,
    NotAtHand,
    Pcm,
    dithered,
    factor,
    is_plain,
    level_of,
    ramp,
    source_sound,
    stored,
)
from broadcaster.engine.waking import (
    LateRing,
    Waking,
    dithered_spans,
    is_message,
    mark,
    woken,
)
from zones.bus import Claim, ClaimId, Kind, Turn, ZoneId, stamped, turns
from zones.media_time import RATE, Sample
from zones.sound import Ring, Silence, pieces
from zones.stream_format import StreamId

STARVED: Sample = 5 * RATE
"""How long an emergency microphone may be silent before the warning below is heard."""
_WINDOW: Sample = 10 * RATE


@dataclass(frozen=True, slots=True)
class _Layer:
    """One claim heard within a turn: its source's origin and its gain as a factor."""

    claim: Claim
    origin: Sample
    gain: float


class Mix:
    """All that decides the samples of a stream; streams that would sound alike share one."""

    def __init__(
        self,
        claims: tuple[Claim, ...],
        gain_steps: tuple[GainStep, ...] = (),
        delay: Sample = 0,
        *,
        keep_alive: bool = False,
        pre_roll: Sample = 0,
        pre_rolled: Mapping[ClaimId, Sample] | None = None,
    ) -> None:
        """Claims of one zone, its level steps in order of time, the stream's delay in samples.

        `pre_rolled` is what messages that have begun were given of the stream's `pre_roll`.
        """
        self.claims = claims
        self.gain_steps = gain_steps
        self.delay = delay
        self.keep_alive = keep_alive
        self.pre_roll = pre_roll
        self.zones: tuple[ZoneId, ...] = tuple(dict.fromkeys(claim.zone for claim in claims))
        """All zones that share this mix."""
        self._pre_rolled = pre_rolled or {}
        self.is_whole = True
        """Whether the last `render` had everything at hand."""
        self._is_live = any(isinstance(claim.source, Ring) for claim in claims)
        self._turns: tuple[Turn, ...] = ()
        self._known: tuple[Sample, Sample] = (0, 0)
        self._heard: tuple[tuple[Claim, ...], tuple[Waking, ...]] | None = None

    @property
    def is_foreseen(self) -> bool:
        """Whether later packets can be rendered now: all is at hand, and nothing is live."""
        return self.is_whole and not self._is_live

    @property
    def unstamped(self) -> tuple[Claim, ...]:
        """The claims that wait for the engine to give them a start."""
        return tuple(claim for claim in self.claims if claim.start is None)

    @property
    def waiting(self) -> frozenset[ClaimId]:
        """The names under which the engine's stamps may still tell this mix something."""
        names = {claim.id for claim in self.unstamped}
        if self.pre_roll:
            begun = (c for c in self.claims if is_message(c) and c.id not in self._pre_rolled)
            names.update(mark(c.id, zone, self.pre_roll) for c in begun for zone in self.zones)
        return frozenset(names)

    def with_stamps(self, stamps: Mapping[ClaimId, Sample]) -> Mix:
        """The mix with the starts the engine gave; itself when nothing was waiting."""
        given = self._given(stamps) if self.pre_roll else {}
        if not given and not any(claim.id in stamps for claim in self.unstamped):
            return self
        claims = tuple(stamped(c, stamps[c.id]) if c.id in stamps else c for c in self.claims)
        return self._with(claims, {**self._pre_rolled, **given})

    def _given(self, stamps: Mapping[ClaimId, Sample]) -> dict[ClaimId, Sample]:
        """The pre-rolls that the engine gave to messages of this mix."""
        return {
            claim.id: stamps[name]
            for claim in self.claims
            if claim.id not in self._pre_rolled
            for zone in self.zones
            if (name := mark(claim.id, zone, self.pre_roll)) in stamps
        }

    def pre_rolls(self, until: Sample) -> dict[ClaimId, Sample]:
        """What messages that begin before `until` of this stream were given, by mark."""
        if not self.pre_roll:
            return {}
        return {
            mark(waking.claim, zone, self.pre_roll): waking.pre_roll
            for waking in self._woken()[1]
            if waking.begins + self.delay < until
            for zone in self.zones
        }

    def _without(self, pcm: Pcm, mute: Claim, at: Sample) -> Mix:
        """The mix when the audio of `mute` is not at hand at `at`.

        An emergency microphone is silent at first; when it has starved for long, the warning below
        takes over, and nothing else does before it is released (SAFETY B6).
        """
        source = mute.source
        if mute.kind is not Kind.WARNING or not isinstance(source, Ring):
            return self.passing_over(mute)
        written = pcm.written_to(source.name)
        late = source.by if isinstance(source, LateRing) else 0
        if written is not None and at - late - written < STARVED:
            return self.passing_over(mute)
        warnings = (c for c in self.claims if c.kind is Kind.WARNING and c.id != mute.id)
        last = replace(mute, source=Silence(), priority=0)
        return self._with((*warnings, last), self._pre_rolled)

    def passing_over(self, mute: Claim) -> Mix:
        """The mix with `mute` unable to sound: the next claim does, or silence for a warning."""
        return self._with(_passed_over(self.claims, mute), self._pre_rolled)

    def _with(self, claims: tuple[Claim, ...], pre_rolled: Mapping[ClaimId, Sample]) -> Mix:
        mix = Mix(
            *(claims, self.gain_steps, self.delay),
            keep_alive=self.keep_alive,
            pre_roll=self.pre_roll,
            pre_rolled=pre_rolled,
        )
        mix.zones = self.zones
        return mix

    def _woken(self) -> tuple[tuple[Claim, ...], tuple[Waking, ...]]:
        """The claims as they are heard here, messages after their pre-roll."""
        if self._heard is None:
            found = (self.claims, ()) if not self.pre_roll else None
            self._heard = found or woken(self.claims, self.pre_roll, self._pre_rolled)
        return self._heard

    def turns(self, begin: Sample, end: Sample) -> Iterator[Turn]:
        """Who is on air in [begin, end); resolved ten seconds at a time, then remembered."""
        if begin < self._known[0] or end > self._known[1]:
            self._known = (begin, max(end, begin + _WINDOW))
            self._turns = turns(self._woken()[0], *self._known)
        for turn in self._turns:
            if turn.until > begin and turn.start < end:
                yield turn

    def on_air(self, sample: Sample) -> Claim | None:
        """The claim that has the bus at `sample` of this stream."""
        at = sample - self.delay
        return next((turn.claim for turn in self.turns(at, at + 1)), None)

    def render(self, pcm: Pcm, begin: Sample, length: Sample) -> Samples:
        """The samples of media time [begin, begin + length), ready to be encoded.

        A claim whose audio is not at hand is passed over, and the next one sounds: a missing file
        is never a hole. A warning holds its zone all the same (SAFETY A3).
        """
        mix, at = self, begin - self.delay
        self.is_whole = True
        while True:
            try:
                samples = mix._rendered(pcm, at, at + length)
            except NotAtHand as missing:
                self.is_whole = False
                mix = mix._without(pcm, missing.claim, at)
            else:
                if self.keep_alive:
                    return dithered(samples, begin)
                return mix._with_dither(samples, at) if self.pre_roll else samples

    def _with_dither(self, samples: Samples, begin: Sample) -> Samples:
        """Dither where a message is waited for; amplifiers wake by it."""
        end, wakings = begin + len(samples), self._woken()[1]
        for start, until in dithered_spans(self.turns(begin, end), wakings, begin, end):
            first = (start - begin) // GRID * GRID
            last = -(-(until - begin) // GRID) * GRID
            samples = samples.copy()
            samples[first:last] = dithered(samples[first:last], 0)
        return samples

    def _rendered(self, pcm: Pcm, begin: Sample, end: Sample) -> Samples:
        plain = self._untouched(pcm, begin, end)
        if plain is not None:
            return plain
        total = np.zeros(end - begin, np.float32)
        before: dict[tuple[ClaimId, Sample], _Layer] = {}
        reached = begin - SPLICE_FADE
        for turn in (*self.turns(reached, end), None):
            start = end if turn is None else turn.start
            if start > reached:  # a hole: what sounded before it fades out
                self._add_span(pcm, total, begin, (reached, start), before, {})
                before = {}
            if turn is None:
                break
            layers = _layers(turn)
            self._add_span(pcm, total, begin, (turn.start, min(turn.until, end)), before, layers)
            before, reached = layers, turn.until
        mixed: Samples = np.clip(np.rint(total), -32768, 32767).astype(np.int16)
        return mixed

    def _untouched(self, pcm: Pcm, begin: Sample, end: Sample) -> Samples | None:
        """The stored samples themselves, when nothing at all is to be done to them."""
        if self.gain_steps:
            return None
        heard = list(self.turns(begin - SPLICE_FADE, end))
        if len(heard) != 1 or heard[0].under is not None:
            return None
        turn = heard[0]
        if turn.start > begin - SPLICE_FADE or turn.until < end:
            return None
        parts = list(pieces(turn.claim.source, turn.origin, begin, end))
        if len(parts) != 1 or parts[0].length != end - begin or not is_plain(parts[0]):
            return None
        return stored(pcm, turn.claim, parts[0])

    def _add_span(
        self,
        pcm: Pcm,
        total: Float,
        begin: Sample,
        span: tuple[Sample, Sample],
        before: Mapping[tuple[ClaimId, Sample], _Layer],
        after: Mapping[tuple[ClaimId, Sample], _Layer],
    ) -> None:
        """Add [span) to `total`, whose first sample is `begin`; gains move at the span's start."""
        start, until = span
        for key in {**before, **after}:
            old, new = before.get(key), after.get(key)
            layer = new or old
            if layer is None:
                continue
            first = old.gain if old else 0.0
            last = new.gain if new else 0.0
            if old is None and layer.origin == start:
                first = last  # what begins at its own beginning loses no sample to a fade
            a = max(start, begin)
            b = until if last else min(until, start + SPLICE_FADE)
            if a < b:
                sound = self._layer_sound(pcm, layer, a, b)
                total[a - begin : b - begin] += sound * ramp(a, b, start, first, last)

    def _layer_sound(self, pcm: Pcm, layer: _Layer, begin: Sample, end: Sample) -> Float:
        sound = source_sound(pcm, layer.claim, layer.origin, begin, end)
        level = level_of(self.gain_steps, layer.claim.priority, begin, end)
        return sound if level is None else sound * level


def _passed_over(claims: tuple[Claim, ...], mute: Claim) -> tuple[Claim, ...]:
    """The claims when `mute` cannot be played: without it, or silent in its place if a warning.

    A warning never falls back to programme (SAFETY A3).
    """
    if mute.kind is Kind.WARNING:
        return tuple(replace(c, source=Silence()) if c.id == mute.id else c for c in claims)
    return tuple(claim for claim in claims if claim.id != mute.id)


def _layers(turn: Turn) -> dict[tuple[ClaimId, Sample], _Layer]:
    """Everything heard within `turn`, each with what the claims above it lower it by."""
    layers: dict[tuple[ClaimId, Sample], _Layer] = {}
    gain, below = 1.0, turn
    while True:
        layers[below.claim.id, below.origin] = _Layer(below.claim, below.origin, gain)
        if below.under is None:
            return layers
        gain *= factor(below.claim.duck_db or 0.0)
        below = below.under


def mixes(plans: Iterable[Plan], streams: Iterable[Stream]) -> dict[StreamId, Mix]:
    """The mix of every stream under the union of these plan parts.

    Streams whose zones hold the same claims share one mix, so that fourteen zones on one programme
    are mixed and encoded once.
    """
    claims: dict[str, list[Claim]] = {}
    steps: dict[str, list[GainStep]] = {}
    seen: set[tuple[str, str]] = set()
    for plan in sorted(plans, key=lambda plan: plan.part is not Part.CONTROL):
        for claim in plan.claims:
            # What control has taken over from the local part is control's to decide.
            if (claim.zone, claim.id) not in seen:
                seen.add((claim.zone, claim.id))
                claims.setdefault(claim.zone, []).append(claim)
        for step in plan.gain_steps:
            steps.setdefault(step.zone, []).append(step)
    shared: dict[object, Mix] = {}
    found: dict[StreamId, Mix] = {}
    for stream in streams:
        mine = tuple(c for c in claims.get(stream.zone, ()) if c.priority >= stream.min_priority)
        levels = tuple(sorted(steps.get(stream.zone, ()), key=lambda step: step.at))
        key = (
            tuple(_likeness(claim) for claim in mine),
            tuple((step.at, step.gain_db, step.below_priority) for step in levels),
            *(stream.delay, stream.keep_alive, stream.pre_roll),
        )
        if key not in shared:
            shared[key] = Mix(
                *(mine, levels, stream.delay),
                keep_alive=stream.keep_alive,
                pre_roll=stream.pre_roll,
            )
        elif stream.pre_roll:
            shared[key].zones = tuple(dict.fromkeys((*shared[key].zones, stream.zone)))
        found[stream.id] = shared[key]
    return found


def _likeness(claim: Claim) -> tuple[object, ...]:
    """Equal for claims that sound alike, whatever their zone; sources are compared by identity."""
    return (
        *(claim.id, claim.priority, claim.start, claim.until, id(claim.source)),
        *(claim.comes_back, claim.duck_db),
    )
