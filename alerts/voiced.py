"""What composition is given and gives: the warnings to be heard, and the plan's claims for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from alerts.hazard import Direction, HazardId, Response
from alerts.spoken import Spoken
from zones.bus import Claim, Kind, ZoneId
from zones.media_time import Sample, samples
from zones.sound import Source

SPACING: Sample = samples(60)
"""From one cycle's begin to the next, once the first three have been heard."""
REST: Sample = samples(10)
"""The quiet after the last ending, before the programme returns (SAFETY B3)."""


@dataclass(frozen=True)
class Ending:
    """A correction, an all-clear or a step-down that is to be spoken `times` times.

    `only` is its form for zones where another warning lives. The zones stay quiet for `resting`
    samples after it. With `goes_on` it is a step-down: the alert lives on, lower, as its `Voiced`
    then says, and is heard after the rest.

    Raises:
        ValueError: not once, or a negative rest.
    """

    spoken: Spoken
    only: Spoken
    times: int
    resting: Sample = REST
    goes_on: bool = False

    def __post_init__(self) -> None:
        """Refuse an ending that nobody would hear."""
        if self.times < 1 or self.resting < 0:
            raise ValueError(
                f"ending {self.spoken.message}: {self.times} times with a rest of "
                f"{self.resting} samples; use at least once and a rest of 0 or more"
            )


@dataclass(frozen=True)
class Voiced:
    """An alert, or an exercise, that is to be heard.

    `alert` is its id, without blanks or "+". `zones` are those of a living alert; of one that ends,
    every zone where any packet of it sounded. `order` rises with the time of raising. `spacing`
    is the time from one cycle's begin to the next after the first three: 60 s while airing, up to
    5 min when sustained. `absorbed` are alerts that became one with it and are not heard any more.

    A change of `level`, `response` or of the message's id is an escalation and restarts it; any
    other change of `spoken` or `spacing` is heard from the begin of a later cycle on.

    Raises:
        ValueError: neither a warning nor an exercise, or a level outside its band.
    """

    alert: str
    kind: Kind
    level: int
    response: Response
    hazard: HazardId
    direction: Direction | None
    zones: tuple[ZoneId, ...]
    spoken: Spoken
    order: int
    ending: Ending | None = None
    spacing: Sample = SPACING
    absorbed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what has no place in the order of warnings."""
        bands = {Kind.WARNING: range(224, 241), Kind.EXERCISE: range(120, 121)}
        if self.level not in bands.get(self.kind, ()):
            raise ValueError(f"alert {self.alert}: {self.kind.value} at level {self.level}")

    @property
    def priority(self) -> int:
        """Where it claims its zones: its level, within it by response (SAFETY B1).

        The next number above is for what speaks about it: its ending, its turns with an equal one.
        """
        return self.level + 2 * self.response

    @property
    def lives(self) -> bool:
        """Whether it warns, or will go on to: it does not end for good."""
        return self.ending is None or self.ending.goes_on


@dataclass(frozen=True)
class Standing:
    """What the present plan holds, whoever put it there; sources by their names."""

    claims: tuple[Claim, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)


@dataclass(frozen=True)
class Composed:
    """The claims of all warnings, with their sources, as they are to stand in the plan."""

    claims: tuple[Claim, ...]
    sources: Mapping[str, Source]
    conflicts: tuple[ZoneId, ...]
    """Zones where equal warnings send people up and down: an operator is to be called."""
    spoken_at: Mapping[str, Sample | None]
    """By alert that ends: when its ending has been spoken in all its zones; None if not known."""
    next_look: Sample | None
    """When to compose again, even if nothing else happens."""
