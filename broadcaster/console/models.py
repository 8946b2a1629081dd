"""What requests carry and answers bring, as pydantic models: checked here, shown in the OpenAPI.

Control checks everything once more, and knows which zones, messages and alerts there are.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from broadcaster.rights import Role

Word = Annotated[str, Field(min_length=1, max_length=100)]
Sentence = Annotated[str, Field(max_length=500)]
Needed = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]
Zones = Annotated[list[Word], Field(min_length=1, max_length=500)]
Level = Literal["caution", "warning", "evacuate"]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]


class Request(BaseModel):
    """The body of a request: nothing but what is named."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    def fields(self) -> dict[str, Any]:
        """What was said, as control is told."""
        return self.model_dump(mode="json", exclude_none=True)


class Answer(BaseModel):
    """The body of an answer; more may be in it than is named."""

    model_config = ConfigDict(extra="allow")


# --- warnings -------------------------------------------------------------------------------------


class Target(Request):
    """Which message, and where: a message or a hazard; zones, a camera or a place."""

    message: Word | None = Field(None, description="A prepared message by name.")
    hazard: Word | None = Field(None, description="Chooses the message, with `level`.")
    level: Level | None = None
    zones: Zones | None = Field(None, description="Zones and groups.")
    camera: Word | None = Field(None, description="What this camera sees: its zones and place.")
    at: Annotated[tuple[Latitude, Longitude], Field()] | None = Field(
        None, description="Where it is: exits are named by it."
    )
    words: dict[Literal["ko", "en"], Annotated[str, Field(max_length=200)]] | None = Field(
        None,
        description="Your own words after the message; spoken ahead, and left out if not ready.",
    )

    @property
    def is_exercise(self) -> bool:
        """Whether it is about an exercise, which has a message of its own."""
        return False

    @model_validator(mode="after")
    def _is_enough(self) -> Target:
        if self.message is None and self.hazard is None and not self.is_exercise:
            raise ValueError("name a message or a hazard")
        if self.zones is None and self.camera is None and self.at is None:
            raise ValueError("say where: zones, a camera or a place")
        return self


class Raise(Target):
    """A warning given by a person."""

    reason: Sentence = Field("", description="What was seen; goes on record.")
    break_glass: bool = Field(
        False, description="Don't wait for a second person; goes on record as such."
    )


class Preview(Target):
    """What a warning, or an exercise, would do."""

    exercise: bool = False

    @property
    def is_exercise(self) -> bool:
        """Whether it is an exercise that is previewed."""
        return self.exercise


class Act(Request):
    """An act that needs no more than the alert it is done to."""

    reason: Sentence = ""


class WithReason(Request):
    """An act that needs a reason."""

    reason: Needed


class Hold(Act):
    """More time to look."""

    seconds: Annotated[float, Field(gt=0, le=120)] = 120.0


class Escalate(Act):
    """More urgent: a higher level, or another message; and more zones, if need be."""

    level: Level | None = None
    message: Word | None = None
    zones: Zones | None = None

    @model_validator(mode="after")
    def _is_enough(self) -> Escalate:
        if self.level is None and self.message is None:
            raise ValueError("name a level or a message")
        return self


class AddZones(Act):
    """Zones to warn as well."""

    zones: Zones


class StepDown(Act):
    """Less urgent, with words of its own."""

    level: Level | None = Field(None, description="Caution, unless a message says otherwise.")
    message: Word | None = Field(None, description="Instead of the hazard's own.")


class AllClear(Act):
    """The end of a warning: that the hazard is over does not say that the path is open."""

    of: Literal["hazard-over", "path-open", "both"] = "hazard-over"


class StartExercise(Request):
    """An exercise: it says that it is one, and every real warning ends it."""

    message: Word | None = Field(None, description="What is practised.")
    zones: Zones
    seconds: Annotated[float, Field(gt=0, le=14_400)] = Field(600.0, description="How long.")


class AlertAnswer(Answer):
    """What became of an act on an alert."""

    alert: str | None = None
    state: str | None = None
    revision: int | None = None
    adopted: bool | None = Field(None, description="Whether the engine has taken it over.")
    on_air: list[str] | bool | None = Field(None, description="The zones that hear it.")
    may: list[str] | None = Field(None, description="What can be done with it now.")
    durable: bool | None = Field(None, description="Whether the record is on disk.")


class AlertList(Answer):
    """The alerts that live."""

    alerts: list[dict[str, Any]]


class AlertShown(Answer):
    """An alert, living or over, and what is on record of it."""

    alert: dict[str, Any] | None
    history: list[JournalRow]


# --- announcements --------------------------------------------------------------------------------


class Play(Request):
    """A prepared message, or a sound of the store, to be put on zones."""

    message: Word | None = None
    pcm: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = Field(
        None, description="A decoded sound's hash in the store."
    )
    length: Annotated[int, Field(ge=1, le=48_000 * 3600 * 12)] | None = Field(
        None, description="Samples of it, at 48 kHz."
    )
    title: Annotated[str, Field(max_length=200)] = ""
    zones: Zones
    priority: Annotated[int, Field(ge=0, le=255)] = 100
    kind: Literal["notice", "warning"] = "notice"
    repeat: bool = False
    in_quiet_hours: bool = Field(
        False, description="Play it in quiet hours too: say so when you were asked about them."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Play:
        if (self.message is None) == (self.pcm is None):
            raise ValueError("name a message, or a sound by pcm and length")
        if (self.pcm is None) != (self.length is None):
            raise ValueError("pcm and length go together")
        return self


class PlayAnswer(Answer):
    """What became of it."""

    claim: str | None = None
    on_air: list[str] | bool | None = Field(None, description="The zones that hear it.")
    adopted: bool | None = None
    durable: bool | None = None


class TakeZone(Act):
    """Let a spare amplifier play a zone too."""

    zone: Word = Field(description="The zone, or its failed amplifier.")


class SpareAnswer(Answer):
    """Whether it is so on the wire."""

    adopted: bool | None = None
    durable: bool | None = None


# --- amplifiers ---


class OnFault(Request):
    """Which faults: one by its id, all of an amplifier by its id, or `all`."""

    fault: Annotated[str, Field(min_length=1, max_length=200)]


class Shelve(OnFault):
    """Faults that are put aside."""

    hours: Annotated[float, Field(gt=0, le=720)]
    reason: Needed


class Maintenance(Request):
    """Work at an amplifier."""

    hours: Annotated[float, Field(gt=0, le=720)]
    reason: Needed


class FaultAnswer(Answer):
    """The faults it was about."""

    faults: list[str]
    until_utc: str | None = None


class MaintenanceAnswer(Answer):
    """Until when."""

    amplifier: str
    until_utc: str


class AmplifierList(Answer):
    """Every amplifier in brief, and every fault, the worst first."""

    amplifiers: list[dict[str, Any]]
    faults: list[dict[str, Any]]


class AmplifierShown(Answer):
    """An amplifier in full, and its faults."""

    amplifier: dict[str, Any]
    faults: list[dict[str, Any]]


# --- people ---------------------------------------------------------------------------------------

Name = Annotated[str, Field(min_length=1, max_length=40)]
Secret = Annotated[str, Field(min_length=1, max_length=200)]
Code = Annotated[str, Field(max_length=12)]
Roles = Annotated[list[Role], Field(min_length=1, max_length=6)]


class SignIn(Request):
    """Who wants to sign in."""

    name: Name
    password: Secret
    code: Code = Field("", description="From the authenticator app, if the account has one.")


class SetUp(Request):
    """The first administrator."""

    code: Word = Field(description="From the file that the log names.")
    name: Name
    shown: Annotated[str, Field(max_length=80)] = ""
    password: Secret


class NewPassword(Request):
    """One's own new password."""

    old: Secret
    new: Secret


class NewCodes(Request):
    """The answer to a new authenticator app: a code it shows."""

    password: Secret
    secret: Annotated[str, Field(pattern="^[A-Z2-7]{32}$")]
    code: Code


class NewPerson(Request):
    """Somebody new."""

    name: Name
    shown: Annotated[str, Field(max_length=80)] = ""
    roles: Roles
    password: Secret


class ChangedPerson(Request):
    """What is to change: what is left out stays."""

    roles: Roles | None = None
    password: Secret | None = None
    totp: Literal["off"] | None = Field(None, description="Ask for no code any more.")
    barred: bool | None = Field(
        None, description="True keeps them out and ends their sessions; false lets them in again."
    )


class NewToken(Request):
    """A token for a program."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    roles: Roles
    days: Annotated[float, Field(gt=0, le=3660)] | None = Field(
        None, description="How long it is good; for ever without."
    )
    zones: Zones | None = Field(None, description="The only zones it may act on.")


class Me(Answer):
    """Who is signed in, and what they may do."""

    name: str
    shown: str
    roles: list[str]
    rights: list[str]
    zones: list[str] | None = None
    expires: float | None = Field(None, description="UTC seconds.")


class CodesOffered(Answer):
    """A secret for an authenticator app, good once it was answered with a code."""

    secret: str
    address: str


class PersonShown(Answer):
    """An account."""

    name: str
    shown: str
    roles: list[str]
    totp: bool
    barred: bool = False


class PersonList(Answer):
    """Everybody who may sign in."""

    people: list[PersonShown]


class SessionShown(Answer):
    """A browser in which somebody is signed in. Times are UTC seconds."""

    id: str
    person: str
    peer: str
    created: float
    expires: float


class SessionList(Answer):
    """Who is signed in where."""

    sessions: list[SessionShown]


class TokenShown(Answer):
    """A token. Times are UTC seconds; the secret is there only when it was just made."""

    id: str
    name: str
    roles: list[str]
    zones: list[str] | None
    made_by: str
    created: float
    expires: float | None
    secret: str | None = None


class TokenList(Answer):
    """Every token."""

    tokens: list[TokenShown]


class Done(Answer):
    """It is done."""

    done: bool = True


# --- what is read ---------------------------------------------------------------------------------


class JournalRow(Answer):
    """An entry of the journal."""

    sequence: int
    kind: str
    subject: str
    utc: str
    facts: dict[str, Any]


class JournalPage(Answer):
    """Entries, newest first, and where the page before them begins."""

    entries: list[JournalRow]
    before: int | None = Field(None, description="Ask with this for the entries before.")


class JournalQuery(Request):
    """Which entries."""

    before: Annotated[int, Field(ge=1)] | None = None
    kind: Literal["act", "alert", "as_run", "fault", "audit"] | None = None
    subject: Word | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class PictureQuery(Request):
    """Why somebody looks at a picture of people who were merely passing by."""

    purpose: Annotated[str, Field(min_length=4, max_length=200, pattern=r"\S")] = Field(
        description="What it is looked at for; goes on record with who looked."
    )
    alert: Word | None = Field(None, description="The alert it belongs to.")


class Snapshot(Answer):
    """How things stand, as control shows it, and how old that is."""

    revision: int | None = None
    utc: str | None = None
    age_s: float | None = None


class SiteShown(Answer):
    """The site as screens draw it, and the messages that people choose from."""

    version: str = Field(description="The snapshot's `site.version`; another one, ask again.")


class Health(Answer):
    """Whether the console and what it needs are well."""

    ok: bool
    control: str
    watchers: int


AlertShown.model_rebuild()
