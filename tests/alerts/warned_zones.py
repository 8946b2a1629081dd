"""Warnings to compose, and a station that plays plans in media time: for tests of composition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from alerts.composition import Composed, Ending, Standing, Voiced, compose
from alerts.hazard import Direction, HazardId, Response
from alerts.spoken import Cycle, MessageId, Spoken
from zones.bus import Claim, ClaimId, Kind, Turn, ZoneId, stamped, turns, withdrawn
from zones.media_time import RATE, Sample, samples
from zones.sound import PcmId, Ring, Segment, Sequence, pieces, silence

LEAD: Sample = samples(0.04)
STAMP: Sample = samples(0.005)
"""The engine starts a claim so long after it was given it."""
A, B, C, D = (ZoneId(name) for name in "abcd")
MUSIC = ClaimId("music")


def pcm(*words: str) -> PcmId:
    return PcmId("/".join(words))


def cycle(message: str, zone: ZoneId, languages: str = "ko en", seconds: float = 6.0) -> Cycle:
    """Four seconds of tone, then for each language `seconds` and a second of pause."""
    tone = (silence(1920), Segment(pcm(message, "tone"), 0, 4 * RATE), silence(RATE // 2))
    parts = tuple(
        (Segment(pcm(message, zone, language), 0, samples(seconds)), silence(RATE))
        for language in languages.split()
    )
    return Cycle(tone, parts)


def spoken(message: str, zones: Iterable[ZoneId], *languages: str, seconds: float = 6.0) -> Spoken:
    rotation = languages or ("ko en",)
    return Spoken(
        MessageId(message),
        {zone: tuple(cycle(message, zone, each, seconds) for each in rotation) for zone in zones},
    )


def warning(
    alert: str,
    zones: Iterable[ZoneId],
    level: int = 240,
    response: Response = Response.EVACUATE,
    *,
    message: str | None = None,
    direction: Direction | None = None,
    kind: Kind = Kind.WARNING,
    order: int = 0,
    seconds: float = 6.0,
) -> Voiced:
    """A living warning whose hazard is called as the alert."""
    zones = tuple(zones)
    said = spoken(message or f"{alert}-{level}-{response}", zones, seconds=seconds)
    return Voiced(
        *(alert, kind, level, response, HazardId(alert), direction, zones, said),
        order=order or ord(alert[0]),
    )


def ended(voiced: Voiced, times: int = 2, message: str = "over") -> Voiced:
    """The same warning while its correction is spoken."""
    name = f"{voiced.alert}-{message}"
    whole = spoken(name, voiced.zones, seconds=3)
    only = spoken(f"{name}-only", voiced.zones, seconds=2)
    return replace(voiced, ending=Ending(whole, only, times))


@dataclass(frozen=True)
class Sounded:
    """A recording, or the part of it, that was heard from `at` to `until`."""

    at: Sample
    until: Sample
    words: tuple[str, ...]
    """Message, then "tone", or the zone it was made for and the language."""
    claim: Claim
    is_cut: bool

    @property
    def message(self) -> str:
        return self.words[0]

    @property
    def alert(self) -> str:
        return self.message.split("-")[0]

    @property
    def is_tone(self) -> bool:
        return self.words[1:] == ("tone",)


class Station:
    """A plan in force, with music in every zone and an engine that stamps what it is given."""

    def __init__(self, zones: Iterable[ZoneId] = (A, B, C, D), **settings) -> None:
        self.now: Sample = 1000 * RATE
        self.began = self.now + STAMP
        """When what is composed first is heard."""
        self.zones = tuple(zones)
        self.settings = {
            "neighbours": {},
            "conflict": None,
            "quiet_neighbours": True,
            "lead": LEAD,
            **settings,
        }
        music = Sequence(loop=(Segment(pcm("music"), 0, 200 * RATE),))
        self.others = [Claim(MUSIC, zone, Kind.PROGRAMME, 20, music, start=0) for zone in zones]
        self.composed = Composed((), {}, (), {}, None)
        self.heard: dict[ZoneId, list[Turn]] = {zone: [] for zone in self.zones}
        self._played = self.now
        self.voiced: list[tuple[Sample, tuple[Voiced, ...]]] = []
        """What was asked to be heard, since when."""

    @property
    def standing(self) -> Standing:
        return Standing((*self.others, *self.composed.claims), self.composed.sources)

    def compose(self, *voiced: Voiced, is_stamped: bool = True) -> Composed:
        """Compose at `now`; then the engine stamps what is new, and it is composed again."""
        self._compose(voiced)
        if is_stamped:
            self.stamp()
            self._compose(voiced)
        return self.composed

    def _compose(self, voiced: Iterable[Voiced]) -> None:
        self._play()
        self.voiced.append((self.now, tuple(voiced)))
        self.composed = compose(voiced, self.standing, self.now, **self.settings)

    def _play(self) -> None:
        """Write down what the plan in force sounded like until now."""
        for zone in self.zones:
            self.heard[zone] += self.turns(zone, self._played, self.now)
        self._played = self.now

    def stamp(self) -> None:
        """Start what waits, and let that much time pass."""
        start = self.now + STAMP
        self._play()
        claims = tuple(stamped(claim, start) for claim in self.composed.claims)
        self.composed = replace(self.composed, claims=claims)
        self.now = start

    def wait(self, seconds: float) -> None:
        self.now += samples(seconds)

    def live(self, seconds: float, *voiced: Voiced) -> None:
        """Let time pass, composing whenever that was asked for."""
        end = self.now + samples(seconds)
        while (look := self.composed.next_look) is not None and look < end:
            self.now = max(look, self.now)
            self.compose(*voiced)
        self.now = max(self.now, end)
        self._play()

    def turns(self, zone: ZoneId, begin: Sample, end: Sample) -> tuple[Turn, ...]:
        """Who is on air by the plan in force."""
        return turns([claim for claim in self.standing.claims if claim.zone == zone], begin, end)

    def sounded(self, zone: ZoneId) -> list[Sounded]:
        """What was heard in a zone so far, joined over all plans."""
        joined: list[Turn] = []
        for turn in self.heard[zone]:
            before = joined[-1] if joined else None
            if before and (before.claim.id, before.origin) == (turn.claim.id, turn.origin):
                joined[-1] = replace(before, until=turn.until)
            else:
                joined.append(turn)
        return [
            Sounded(
                *(piece.at, piece.at + piece.length, tuple(piece.segment.pcm.split("/"))),
                turn.claim,
                is_cut=piece.length < piece.segment.length
                and piece.at + piece.length < self._played,
            )
            for turn in joined
            for piece in pieces(turn.claim.source, turn.origin, turn.start, turn.until)
            if piece.segment.pcm
        ]

    def messages(self, zone: ZoneId) -> list[str]:
        """Which messages were heard in a zone, each once for all that followed without another."""
        names = [sounded.message for sounded in self.sounded(zone)]
        return [name for i, name in enumerate(names) if i == 0 or names[i - 1] != name]

    def speak_live(self, zone: ZoneId) -> None:
        """An emergency microphone takes a zone."""
        self._play()
        self.fall_silent()
        # What has ended stays: what returned when it did depends on it.
        self.others = [one for one in self.others if (one.id, one.zone) != ("mic", zone)]
        self.others.append(Claim(ClaimId("mic"), zone, Kind.PAGE, 255, Ring("mic"), self.now))

    @property
    def is_live(self) -> bool:
        """Whether somebody speaks."""
        return any(claim.id == "mic" and claim.until is None for claim in self.others)

    def fall_silent(self) -> None:
        """The microphone is let go."""
        self._play()
        self.others = [
            withdrawn(claim, self.now) if claim.id == "mic" else claim for claim in self.others
        ]
