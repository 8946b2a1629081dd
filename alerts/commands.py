"""What people, rules and sources ask of the book of alerts."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.alert import AlertId, IncidentId, LastWord
from alerts.exercise import ExerciseId, SelfTestId
from alerts.hazard import HazardId, Level, Response
from alerts.life_cycle import OnTimeout
from alerts.message import Phrase
from alerts.spoken import MessageId
from zones.bus import ZoneId
from zones.geometry import Point


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks; for what nobody asked, the name of the rule or source."""

    name: str
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An act. The same `key` again is the same act: it is done once and answered alike."""

    key: str
    who: Person
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise(Command):
    """Warn now, by hand: of a message, or of a hazard at a level.

    No window, unless the message asks for a second person; `break_glass` goes without, for a
    reason, and is audited. Zones that came from a camera or a place are already chosen.
    """

    zones: tuple[ZoneId, ...]
    message: MessageId | None = None
    hazard: HazardId | None = None
    level: Level | None = None
    response: Response | None = None
    source: str = "by hand"
    camera: str = ""
    place: Point | None = None
    words: tuple[Phrase, ...] = ()
    """What the operator adds in his own words, a sentence for each language."""
    break_glass: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OnAlert(Command):
    """An act on one alert."""

    alert: AlertId


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm(OnAlert):
    """Yes, it is real: the warning sounds, or the escalation that waits is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlass(OnAlert):
    """Send it without its second person; needs a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject(OnAlert):
    """No, it is none; needs a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(OnAlert):
    """More time to look, once: `seconds` up to 120."""

    seconds: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate(OnAlert):
    """Warn more urgently: by a higher level, or a message of higher rank."""

    level: Level | None = None
    message: MessageId | None = None
    zones: tuple[ZoneId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddZones(OnAlert):
    """Sound in these zones too; those that sound already don't begin anew."""

    zones: tuple[ZoneId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDown(OnAlert):
    """Sink to a lower warning, by an act with words of its own (SAFETY D2)."""

    level: Level | None = None
    message: MessageId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct(OnAlert):
    """It was false: speak the correction, then end; needs a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllClear(OnAlert):
    """It is over, or the path is open, or both: speak so, then end.

    Needs a reason while evidence is above its threshold.
    """

    word: LastWord = LastWord.BOTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(OnAlert):
    """Always refused, with the question which of the three endings is meant (SAFETY D4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconfirm(OnAlert):
    """It goes on: no to a proposed all-clear, and the hard limit begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge(OnAlert):
    """Somebody is looking: nobody else is called."""


# --- by rules and sources ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected(Command):
    """Evidence of an incident, from a rule: makes an alert, or strengthens the one there is.

    `window` in seconds is the time people have before it sounds, 0 for at once; `expires_in`
    likewise, None for never. To be given again whenever the evidence changes: what changes nothing
    does nothing.
    """

    incident: IncidentId
    rule: str
    hazard: HazardId
    level: Level
    zones: tuple[ZoneId, ...]
    window: float = 0.0
    on_timeout: OnTimeout = OnTimeout.AIR
    response: Response | None = None
    message: MessageId | None = None
    evidence: tuple[str, ...] = ()
    source: str = ""
    camera: str = ""
    place: Point | None = None
    needs_person_to_clear: bool = True
    expires_in: float | None = None
    has_lasted: bool = True
    """False: seen, but not yet as often or as long as the rule asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quieted(Command):
    """The evidence of an incident has been below its threshold for as long as its rule asks.

    Never given because a sensor was lost. `reason` says what is quiet.
    """

    incident: IncidentId


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorLost(Command):
    """A sensor of an incident fell silent: no all-clear follows (SAFETY C5). `reason` names it."""

    incident: IncidentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated(Command):
    """The authority that raised an incident says something else now.

    Of equal rank it brings new words; lower, it only proposes that a person acts. What is higher is
    given as `Detected`.
    """

    incident: IncidentId
    level: Level
    message: MessageId | None = None
    response: Response | None = None
    zones: tuple[ZoneId, ...] = ()
    evidence: tuple[str, ...] = ()
    expires_in: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Command):
    """The authority that raised an incident withdrew it: an all-clear is proposed."""

    incident: IncidentId


# --- exercises and self-tests: verbs of their own ---


@dataclass(frozen=True, slots=True, kw_only=True)
class StartExercise(Command):
    """Practise a message in zones, for `seconds`."""

    message: MessageId
    zones: tuple[ZoneId, ...]
    seconds: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EndExercise(Command):
    """Say that the exercise is over, and end it."""

    exercise: ExerciseId


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSelfTest(Command):
    """The hidden test: through everything, to a stream nobody plays."""

    stream: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HearSelfTest(Command):
    """The ear heard the self-test, `seconds` after its event."""

    test: SelfTestId
    seconds: float
