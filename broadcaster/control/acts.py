"""What control can be told, and what it decides: commands in, effects out. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alerts.alert import Called
from alerts.book import BookCommand
from alerts.detection import Admitted
from alerts.message import Phrase
from alerts.voices import Voice
from broadcaster.control.ground import Ground
from broadcaster.control.programme import Library
from broadcaster.engine.plan import Plan
from broadcaster.journal.entry import Entry
from broadcaster.witness import Witness
from playlists.outline import Outline
from zones.bus import Claim, ClaimId, Kind
from zones.media_time import Sample, WallAnchor
from zones.sound import PcmId

# --- commands -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something control is told. The same `key` is the same act, however often it comes.

    `who` gave it, `at` is the media time at which it was given.
    """

    key: str = ""
    who: str = "control"
    at: Sample = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Play(Command):
    """Put a recording or a prepared message on zones.

    `zones` are names of zones and groups. With `repeat` it sounds until it is withdrawn, otherwise
    once. Either `pcm` with its `length` in samples, or the name of a prepared `message`. Quiet
    hours bind a notice, unless it is meant for them all the same.
    """

    zones: tuple[str, ...]
    priority: int
    kind: Kind = Kind.NOTICE
    repeat: bool = False
    title: str = ""
    pcm: PcmId | None = None
    length: Sample = 0
    message: str = ""
    in_quiet_hours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(Command):
    """End a claim in all its zones."""

    claim: ClaimId


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting(Command):
    """An act on a warning, by a person, a rule or a source; `order` bears the same key."""

    name: str
    order: BookCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed(Command):
    """Somebody saw sound, or its absence."""

    witnesses: tuple[Witness, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeFaults(Command):
    """What is wrong with amplifiers now, as those who watch them tell it; replaces what was."""

    faults: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeZone(Command):
    """A spare amplifier is to play a zone beside the amplifiers of that zone; None: to rest."""

    spare: str
    zone: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit(Command):
    """Something that belongs in the record though it changes nothing on air: a sign-in, a right."""

    action: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detect(Command):
    """Authentic events of cameras, gauges and others, in the order in which they came."""

    events: tuple[Admitted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtClock(Command):
    """Why the doors cannot trust our wall clock, in words; empty when they can (SAFETY C6)."""

    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarted(Command):
    """Control has begun; `unrecorded` are the newest facts of alerts that the journal missed."""

    unrecorded: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeLibrary(Command):
    """There is other sound to make the programme of."""

    library: Library


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOutline(Command):
    """The schedule says this for the coming days; `is_changed` if it said something else before."""

    outline: Outline
    is_changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeWords(Command):
    """An operator's own words have been spoken."""

    spoken: Mapping[Phrase, Voice]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeSite(Command):
    """There is another site to stand on; `changes` say in words what differs."""

    ground: Ground
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineAdopted(Command):
    """The engine plays by plan `revision`, and gave these claims their start."""

    revision: int
    stamps: Mapping[ClaimId, Sample] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver(Command):
    """These claims were put on air by hand while control was dead: they are control's from now."""

    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetakeAnchor(Command):
    """The wall clock stepped: what is not yet planned goes by the new anchor."""

    anchor: WallAnchor


# --- effects ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Planned:
    """The engine is to play by this plan."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class Recorded:
    """These entries belong in the journal; the answer to the act `key` waits for them."""

    entries: tuple[Entry, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """The command with this key is answered: with `fields`, or refused with an `error` sentence."""

    key: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    where: str | None = None


@dataclass(frozen=True, slots=True)
class TakenOver:
    """The engine plays these claims by control's own part: the local one need not hold them."""

    claims: frozenset[ClaimId]


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something the log should say."""

    text: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What detections must know after a restart, as JSON; the newest counts."""

    memory: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SparesKept:
    """What the spares must know after a restart, as JSON; the newest counts."""

    memory: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CalledUp:
    """Somebody of the duty list is to be called."""

    called: Called


Effect = Planned | Recorded | Answered | TakenOver | Noticed | CalledUp | Kept | SparesKept
