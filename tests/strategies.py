"""Shared hypothesis strategies: small sounds and claims, so that oracles can step through them."""

from __future__ import annotations

from hypothesis import strategies as st

from zones.bus import Claim, ClaimId, ComesBack, Kind, ZoneId
from zones.sound import PcmId, Ring, Segment, Sequence, Silence, Timeline, silence

ZONE = ZoneId("stream-1")

PCM_IDS = st.sampled_from([PcmId(digit * 64) for digit in "abc"])


@st.composite
def segments(draw, longest=6):
    """A playable segment of 1 to `longest` samples, now and then intended silence."""
    length = draw(st.integers(1, longest))
    fade_in = draw(st.integers(0, length))
    return Segment(
        pcm=draw(st.none() | PCM_IDS),
        cue_in=draw(st.integers(0, 3)),
        length=length,
        gain_db=draw(st.sampled_from([0.0, -6.0, 3.0])),
        fade_in=fade_in,
        fade_out=draw(st.integers(0, length - fade_in)),
    )


QUIET = st.integers(1, 8).map(silence)
"""Segments of which only the length matters: all that the bus looks at."""


def sequences(of=None):
    """Messages that end, that loop, and that do one after the other."""
    few = st.lists(segments() if of is None else of, max_size=3).map(tuple)
    return st.tuples(few, few).filter(any).map(lambda parts: Sequence(*parts))


@st.composite
def timelines(draw, of=None, earliest=-10):
    """Programmes with holes (a positive step) and crossfades (a negative one)."""
    items = []
    start = end = earliest + draw(st.integers(0, 20))
    for segment in draw(st.lists(segments(longest=8) if of is None else of, max_size=5)):
        at = max(start, end + draw(st.integers(-4, 6)), end - segment.length)
        items.append((at, segment))
        start, end = at, at + segment.length
    return Timeline(tuple(items))


def sources(of=None):
    """Any source a claim can carry."""
    return st.one_of(sequences(of), timelines(of), st.just(Ring("desk")), st.just(Silence()))


@st.composite
def claims(draw, name="claim", starts=None, plays=None):
    """A claim on `ZONE` that `plays` any source; it starts at -10 .. 40 or waits for its stamp."""
    start = draw(st.integers(-10, 40) | st.none() if starts is None else starts)
    until = draw(st.none() | st.integers(0, 40))
    priority = draw(st.sampled_from([0, 20, 100, 240, 255]))
    ducks = st.none() if priority >= 224 else st.sampled_from([None, None, -12.0])
    return Claim(
        id=ClaimId(name),
        zone=ZONE,
        kind=draw(st.sampled_from(Kind)),
        priority=priority,
        source=draw(sources(QUIET) if plays is None else plays),
        start=start,
        until=None if until is None else (start or 0) + until,
        comes_back=draw(st.sampled_from(ComesBack)),
        duck_db=draw(ducks),
    )


@st.composite
def buses(draw, most=6, prefix="c", starts=None, plays=None):
    """The claims on one bus, each with an id of its own, in no order."""
    names = draw(st.permutations([f"{prefix}{i}" for i in range(draw(st.integers(0, most)))]))
    return [draw(claims(name, starts, plays)) for name in names]
