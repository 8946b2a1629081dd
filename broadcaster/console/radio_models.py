"""What the radio staff's requests carry and their answers bring; control checks all of it again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from broadcaster.console.models import Answer, Request, Sentence, Word, Zones

Section = Literal["entries", "playlists", "news", "sources"]
Named = Annotated[str, Field(min_length=1, max_length=300)]
Title = Annotated[str, Field(max_length=1000)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Items = Annotated[list[Word], Field(max_length=10_000)]
Form = Literal["m3u", "m3u8", "pls", "xspf"]
LONGEST_TEXT = 1 << 19
"""Bytes of a body with a file in it."""
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


# --- the library ----------------------------------------------------------------------------------


class RecordingQuery(Request):
    """Which recordings."""

    words: Annotated[str, Field(max_length=200)] = Field(
        "", description="In title, artist, album, composer, label, genre or tags; none: the newest."
    )
    most: Annotated[int, Field(ge=1, le=500)] = 50


class Said(Request):
    """What people say of a recording; null takes a word back. Times are seconds."""

    title: Title | None = None
    artist: Title | None = None
    album: Title | None = None
    composer: Title | None = None
    label: Title | None = None
    genre: Title | None = None
    year: Title | None = None
    isrc: Title | None = None
    musicbrainz_id: Title | None = None
    role: Literal["music", "news", "jingle", "ident", "time-signal"] | None = None
    tags: Annotated[list[Named], Field(max_length=100)] | None = None
    rights: Title | None = None
    valid_from: Day | None = None
    valid_until: Day | None = Field(None, description="The last day on which it may be played.")
    cue_in: Seconds | None = None
    cue_out: Seconds | None = None
    segue: Seconds | None = Field(None, description="Where the next may begin below its end.")
    gain_db: Annotated[float, Field(ge=-120, le=40)] | None = None

    def fields(self) -> dict[str, Any]:
        """What was said; what was said to be nothing is taken back."""
        return {"said": self.model_dump(mode="json", exclude_unset=True)}


class SoundEdited(Request):
    """How a new recording is made of one, in this order. Times are seconds of what is heard."""

    trim: tuple[Seconds, Seconds | None] | None = Field(None, description="Keep from .. to.")
    join: Annotated[list[Word], Field(max_length=50)] = Field(
        default_factory=list, description="Put after it."
    )
    crossfade: Seconds = 0.0
    fade_in: Seconds = 0.0
    fade_out: Seconds = 0.0
    gain_db: Annotated[float, Field(ge=-60, le=20)] = 0.0
    chime: bool = Field(False, description="The chime before it, as before an announcement.")
    title: Title = ""


class UploadQuery(Request):
    """What a file that is sent in is called."""

    name: Annotated[str, Field(min_length=1, max_length=1000)]


class RecordingList(Answer):
    """Recordings, and how many there are in all."""

    recordings: list[dict[str, Any]]


class RecordingShown(Answer):
    """Everything of a recording, and the playlists that hold it."""

    recording: dict[str, Any]


class Removed(Answer):
    """The recording that was taken out."""

    removed: str


class Duplicates(Answer):
    """Recordings of equal sound under different names."""

    alike: list[list[dict[str, Any]]]


class UploadShown(Answer):
    """A file that was sent in: it waits, or became a recording, or was refused for a reason."""

    upload: str
    bytes: int
    state: Literal["waiting", "imported", "refused"]
    recording: str | None = None
    reason: str | None = None


class UploadList(Answer):
    """The files that were sent in, newest first."""

    uploads: list[UploadShown]


# --- playlists ------------------------------------------------------------------------------------


class PlaylistSaid(Request):
    """A playlist as the schedule file has it: fixed by `items`, rotating by `choose`."""

    title: Title = ""
    items: Items | None = Field(None, description="Recordings in order.")
    repeats: bool | None = Field(None, description="From the start again when it is over.")
    choose: dict[str, list[str]] | None = Field(
        None, description="folders, any_tags, all_tags, no_tags, artists, genres"
    )
    separation: dict[str, str] | None = Field(
        None, description="artist, album, title: how long they stay away, such as 45 min"
    )
    weights: dict[str, int] | None = Field(None, description="Times a round, by tag.")
    marks: str | None = Field(None, description="A fixed list of jingles or idents.")
    marks_every: Annotated[int, Field(ge=1, le=1000)] | None = None
    base: int | None = Field(None, description="The version you looked at.")
    why: Sentence = ""

    @model_validator(mode="after")
    def _is_one(self) -> PlaylistSaid:
        if (self.items is None) == (self.choose is None):
            raise ValueError("name items for a fixed list, or choose for a rotating one")
        return self


class PlaylistFile(Request):
    """A playlist file of another program."""

    text: Text
    form: Form = "m3u8"
    why: Sentence = ""


class PlaylistFormQuery(Request):
    """Which form."""

    form: Form = "m3u8"


class PlaylistList(Answer):
    """Every playlist, with how many seconds it plays once through."""

    playlists: list[dict[str, Any]]


class PlaylistShown(Answer):
    """A playlist, how it is defined, and its tracks."""

    playlist: str
    tracks: list[dict[str, Any]]


class FileText(Answer):
    """A file's text."""

    text: str


# --- the schedule ---------------------------------------------------------------------------------


class ScheduleEdit(Request):
    """Things to set and to remove, with fields as the schedule file has them."""

    put: dict[Section, dict[Named, dict[str, Any]]] = Field(default_factory=dict)
    remove: dict[Section, list[Named]] = Field(default_factory=dict)
    base: int | None = Field(
        None, description="The version it was made from: refused if somebody changed the same."
    )
    why: Sentence = ""

    @model_validator(mode="after")
    def _is_something(self) -> ScheduleEdit:
        if not self.put and not self.remove:
            raise ValueError("put or remove something")
        return self


class WeekAsked(Request):
    """Which days, and the change to try: nothing is kept."""

    first: Day | None = Field(None, description="The first day; without one this week's Monday.")
    days: Annotated[int, Field(ge=1, le=14)] = 7
    put: dict[Section, dict[Named, dict[str, Any]]] = Field(default_factory=dict)
    remove: dict[Section, list[Named]] = Field(default_factory=dict)


class ScheduleText(Request):
    """A whole schedule as a YAML file."""

    text: Text
    why: Sentence = ""


class ScheduleUndo(Request):
    """Which version to go back to; without one the last but one."""

    version: Annotated[int, Field(ge=1)] | None = None


class CalendarText(Request):
    """An iCalendar file; where its events play, and what, unless they are ours."""

    text: Text
    zones: Zones = Field(default_factory=lambda: ["all"])
    playlist: Word | None = None
    why: Sentence = ""


class PreviewQuery(Request):
    """How far, and which zone's tracks."""

    days: Annotated[float, Field(gt=0, le=31)] = 1.0
    zone: Word | None = None


class ScheduleShown(Answer):
    """The schedule in force and its version."""

    version: dict[str, Any] | None
    schedule: dict[str, Any]


class VersionShown(Answer):
    """A version of the schedule: who made it, when, why, and what it changed."""

    version: int
    at: str
    who: str
    why: str
    changes: list[str]


class VersionList(Answer):
    """Versions, newest first."""

    versions: list[VersionShown]


class PreviewShown(Answer):
    """What will really play, and what not, with the reason and the remedy. Times are UTC."""

    begin: str
    end: str
    unplayable_zone_minutes: float
    findings: list[dict[str, Any]]
    conflicts: list[dict[str, Any]]
    silences: list[dict[str, Any]]
    tracks: list[dict[str, Any]]


class WeekShown(Answer):
    """Days and blocks; what the change would change, and what is wrong with it. Times are UTC."""

    version: dict[str, Any] | None
    days: list[dict[str, Any]]
    blocks: list[dict[str, Any]]
    changes: list[str]
    problems: list[dict[str, Any]]


# --- on air ---------------------------------------------------------------------------------------


class Steered(Request):
    """What is done with the running programme."""

    act: Literal["skip", "next", "hold", "take-over", "hand-back"]
    zones: Zones
    recording: Word | None = Field(None, description="With next: what follows the running track.")
    source: Word | None = Field(None, description="With take-over: the live source.")


class AsRunQuery(Request):
    """From when, until before when (ISO 8601, the site's wall time unless it says), and where."""

    since: Word | None = None
    until: Word | None = None
    zone: Word | None = None


class AsRunShown(Answer):
    """What was heard of the programme, in order. Times are UTC."""

    entries: list[dict[str, Any]]
    time_zone: str


class NowPlaying(Answer):
    """What each zone hears, as the wire has it."""

    zones: list[dict[str, Any]]
