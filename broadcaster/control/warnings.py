"""The warnings of the station: the book of alerts, what they say, and what the plan holds for them.

Between the book, which knows nothing of sound, and composition, which knows nothing of people.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from alerts import exits
from alerts.alert import Alert, AlertId, Instant, LastWord
from alerts.book import Book, BookCommand
from alerts.claim_name import Role, parse_claim_name
from alerts.commands import Raise, StartExercise
from alerts.composition import Composed, Ending, Standing, Voiced, compose
from alerts.exercise import Exercise, ExerciseState
from alerts.hazard import HazardId, Response
from alerts.life_cycle import ENDING, SOUNDING, State
from alerts.message import GENERIC, Hazard, Message, Phrase, Purpose, UnknownMessageError
from alerts.message_book import MessageBook
from alerts.moving import AnyMove
from alerts.speaking import Speech, speak
from alerts.spoken import Cycle, Spoken
from alerts.voices import Voice, Voices
from zones import priority
from zones.bus import Claim, ClaimId, Kind, ZoneId, turns
from zones.geometry import Point
from zones.media_time import RATE, Sample, samples
from zones.site import Name, Site
from zones.sound import Segment, Sequence

MOST_SPEECHES = 1_000
"""Messages that are kept made ready, for each place they name; a catalogue has some dozens."""
MOST_FREE = 50
"""Sentences of operators that are kept staged."""
LEAD: Sample = samples(0.01)
"""How far ahead of now a claim with a fixed start begins; a message's first 40 ms are silence."""
STEP_DOWN_REST: Sample = samples(1)
"""Between a step-down and the lower warning that goes on."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a warning would say, in which zones, naming which exits."""

    message: Message
    zones: tuple[ZoneId, ...]
    level: int
    level_name: str
    exits: Mapping[ZoneId, Name]
    notes: tuple[str, ...]
    words: Mapping[str, bool]
    """Of each language of the operator's own words, whether they can be spoken by now."""

    def shown(self) -> dict[str, object]:
        """The same as JSON."""
        return {
            "message": self.message.id,
            "title": {"ko": self.message.title.ko, "en": self.message.title.en},
            "text": {
                language: " ".join(phrase.text for phrase in wording.plain())
                for language, wording in self.message.wordings.items()
            },
            "zones": list(self.zones),
            "level": self.level,
            "level_name": self.level_name,
            "exits": {zone: {"ko": name.ko, "en": name.en} for zone, name in self.exits.items()},
            "second_person": self.message.needs_second_person,
            "notes": list(self.notes),
            "words_ready": dict(self.words),
        }


class Warnings:
    """All alerts and exercises of a station, and their sound."""

    def __init__(self, book: Book, site: Site) -> None:
        """Begin from a book as its record tells it, or an empty one."""
        self.book = book
        self.conflicts: tuple[ZoneId, ...] = ()
        self.next_look: Sample | None = None
        self.has_voices = False
        """Whether the recordings are known; until then nothing new is put together."""
        self._site = site
        self._voices = Voices()
        self._free: dict[Phrase, Voice] = {}
        self._speeches: dict[tuple[str, Point | None, bool, tuple[Phrase, ...]], Speech] = {}

    # --- what they are made of ---

    def take_site(self, site: Site) -> None:
        """Speak of another site's zones and exits."""
        if site is not self._site:
            self._site = site
            self._speeches.clear()

    def take_voices(self, voices: Voices) -> None:
        """Speak with other recordings."""
        self.has_voices = True
        voices = replace(voices, phrases={**self._free, **voices.phrases})
        if voices != self._voices:
            self._voices = voices
            self._speeches.clear()

    def take_words(self, spoken: Mapping[Phrase, Voice]) -> None:
        """An operator's own words have been spoken."""
        self._free |= spoken
        self._voices = replace(self._voices, phrases={**self._voices.phrases, **spoken})
        self._speeches.clear()

    @property
    def free(self) -> Sequence | None:
        """All words of operators as one source, so that engines keep them staged."""
        usable = [one for one in self._free.values() if one.pcm is not None]
        segments = tuple(Segment(one.pcm, 0, one.length) for one in usable[-MOST_FREE:])
        return Sequence(loop=segments) if segments else None

    def message(self, alert: Alert) -> Message:
        """What an alert says; the fitting one should its message have left the catalogue."""
        return self._named(alert.message) or self._messages.warning(alert.hazard, alert.level)

    def hazard(self, name: HazardId) -> Hazard:
        """A hazard by its name; the generic one should it have left the catalogue."""
        hazards = self._messages.hazards
        return hazards.get(name) or hazards[GENERIC]

    def practised(self, exercise: Exercise) -> Message:
        """What an exercise says."""
        return self._named(exercise.message) or self._messages.exercise()

    def speech(
        self,
        message: Message,
        place: Point | None,
        *,
        words: tuple[Phrase, ...] = (),
        only: bool = False,
    ) -> Speech:
        """A message made ready for every zone of the site, so that zones can join in step.

        An operator's own `words` follow the message's, in each language in which they have been
        spoken by now; a warning does not wait for them.
        """
        key = (message.id, place, only, words)
        if key not in self._speeches:
            while len(self._speeches) >= MOST_SPEECHES:
                del self._speeches[next(iter(self._speeches))]
            said = tuple(one for one in words if self._voices.can_say(one))
            self._speeches[key] = speak(
                _with_words(message, said),
                [zone.id for zone in self._site.zones],
                site=self._site,
                place=place,
                voices=self._voices,
                book=self._messages,
                only=only,
            )
        return self._speeches[key]

    def make_ready(self) -> bool:
        """Make one more message ready that names no place; False when all of them are.

        The first warning must not wait a millisecond for what idle time can do.
        """
        if not self.has_voices:
            return False
        messages = self._messages.messages.values()
        waiting = (one for one in messages if (one.id, None, False, ()) not in self._speeches)
        message = next(waiting, None)
        if message is not None:
            self.speech(message, None)
        return message is not None

    @property
    def _messages(self) -> MessageBook:
        return self.book.house.messages

    def _named(self, name: str) -> Message | None:
        try:
            return self._messages.named(name)
        except UnknownMessageError:
            return None

    @property
    def voices(self) -> Voices:
        """The recordings."""
        return self._voices

    def unsaid(self, alert: Alert) -> tuple[str, ...]:
        """A sentence for each language in which an operator's words are left out."""
        return tuple(
            f"your own words are left out in {one.language}: nobody has spoken them yet"
            for one in alert.words
            if not self._voices.can_say(one)
        )

    # --- what is done ---

    def handle(self, order: BookCommand, at: Instant) -> tuple[AnyMove, ...]:
        """Do what a person, a rule or a source asks; raises AlertRefusedError."""
        return self.book.handle(order, at.now, at.utc)

    def found(self, claims: Iterable[Claim], at: Instant) -> tuple[AnyMove, ...]:
        """Take on warnings of which only their claims tell: they end by an act, never silently."""
        moves: list[AnyMove] = []
        zones: dict[tuple[str, str], list[ZoneId]] = {}
        for claim in claims:
            name = parse_claim_name(claim.id)
            if name is not None and name.role is Role.MESSAGE and claim.until is None:
                zones.setdefault((name.alerts[0], name.message), []).append(claim.zone)
        for (alert, message), listed in zones.items():
            known = self._named(message)
            if known is not None and known.level and self.book.alert(alert) is None:
                moves += self.book.found(alert, known, tuple(listed), at.now, at.utc)
        return tuple(moves)

    def preview(self, order: Raise | StartExercise) -> Preview:
        """What an act would say, and where; raises AlertRefusedError as the act itself would."""
        if isinstance(order, StartExercise):
            message, place = self._messages.named(order.message), None
            level, name = int(priority.EXERCISE), "exercise"
        else:
            _, content, message = self.book.house.content(
                order.hazard, order.level, order.response, order.message
            )
            place, level, name = order.place, int(content.level), content.level.name.lower()
        chosen = {zone: exits.choose(self._site, zone, place) for zone in order.zones}
        return Preview(
            message,
            order.zones,
            level,
            name,
            {zone: one.name for zone, one in chosen.items() if one is not None},
            self.speech(message, place).notes,
            {phrase.language: self._voices.can_say(phrase) for phrase in self._words(order)},
        )

    @staticmethod
    def _words(order: Raise | StartExercise) -> tuple[Phrase, ...]:
        return order.words if isinstance(order, Raise) else ()

    def unspoken(self, order: Raise | StartExercise) -> tuple[Phrase, ...]:
        """An operator's words that nobody has spoken yet."""
        return tuple(one for one in self._words(order) if not self._voices.can_say(one))

    def expire(self, at: Instant) -> tuple[AnyMove, ...]:
        """Do what is due."""
        return self.book.expire(at.now, at.utc)

    def deadline(self) -> float | None:
        """When `expire` has something to do, in monotonic seconds."""
        return self.book.deadline()

    # --- what the plan holds ---

    def compose(self, standing: Standing, now: Sample) -> Composed:
        """The claims of all warnings and exercises, given the plan as it stands.

        What stands goes on as it is until the recordings are known: words must not give way to
        their tone because a restart reads them a moment later.
        """
        if not self.has_voices:
            return _as_it_stands(standing)
        composed = compose(
            self._voiced(),
            standing,
            now,
            neighbours={zone.id: zone.neighbours for zone in self._site.zones},
            conflict=self.speech(self._messages.conflict(), None).spoken,
            quiet_neighbours=self._site.quiet_neighbours,
            lead=LEAD,
        )
        self.conflicts, self.next_look = composed.conflicts, composed.next_look
        return composed

    def notice(
        self,
        composed: Composed,
        claims: Iterable[Claim],
        now: Sample,
        at: Instant,
        faulty: frozenset[ZoneId],
    ) -> tuple[AnyMove, ...]:
        """Tell the book what is seen of its alerts in `claims`, the whole plan's.

        `faulty` are the zones of which a witness says that something is wrong.
        """
        moves: list[AnyMove] = []
        for name, sample in composed.spoken_at.items():
            if sample is not None and sample <= now:
                moves += self.book.spoken(name, at.now, at.utc)
        on_air = _on_air(claims, now)
        for alert in self.book.living:
            if alert.state in SOUNDING:
                moves += self._notice(alert, on_air, faulty, at)
        return tuple(moves)

    def _notice(
        self,
        alert: Alert,
        on_air: Mapping[ZoneId, frozenset[str] | None],
        faulty: frozenset[ZoneId],
        at: Instant,
    ) -> Iterable[AnyMove]:
        heard = [zone for zone, names in on_air.items() if names and alert.id in names]
        taken = (zone for zone, names in on_air.items() if names is None or alert.id not in names)
        if alert.state is State.AIRING and alert.settles is None and heard:
            length = self.speech(self.message(alert), alert.place).spoken
            cycles = next(iter(length.cycles.values()))
            yield from self.book.timed(alert.id, cycles[0].length / RATE + 5.0, at.now, at.utc)
        yield from self.book.observed(
            alert.id,
            at.now,
            at.utc,
            sounded=heard,
            overridden=[zone for zone in taken if zone in alert.sounded],
            degraded=faulty,
            conflicting=self.conflicts,
        )

    # --- what is heard ---

    def _voiced(self) -> list[Voiced]:
        alerts = [self._of_alert(one) for one in self.book.living if one.state in SOUNDING]
        running = (e for e in self.book.exercises if e.state is not ExerciseState.ENDED)
        return [*alerts, *(self._of_exercise(one) for one in running)]

    def _of_alert(self, alert: Alert) -> Voiced:
        message = self.message(alert)
        is_ending = alert.state in ENDING
        parting = alert.parting
        level = parting.level if is_ending and parting else alert.level
        response = parting.response if is_ending and parting else alert.content.response
        return Voiced(
            alert=alert.id,
            kind=Kind.WARNING,
            level=level,
            response=response,
            hazard=alert.hazard,
            direction=alert.content.direction,
            zones=alert.sounded if is_ending else alert.zones,
            spoken=self.speech(message, alert.place, words=alert.words).spoken,
            order=alert.order,
            ending=self._ending(alert),
            absorbed=tuple(self._absorbed(alert)),
        )

    def _absorbed(self, alert: Alert) -> Iterator[AlertId]:
        """The alerts that became one with this one, and those that had become one with them."""
        for other in self.book.alerts:
            if other.merged_into == alert.id:
                yield other.id
                yield from self._absorbed(other)

    def _ending(self, alert: Alert) -> Ending | None:
        parting = alert.parting
        if parting is None:
            return None
        goes_on = alert.state not in ENDING
        said = self._last_words(alert, parting.word)
        spoken, only = (
            _joined([self.speech(one, alert.place, only=form).spoken for one in said])
            for form in (False, True)
        )
        ending = Ending(spoken, only, parting.times, goes_on=goes_on)
        return replace(ending, resting=STEP_DOWN_REST) if goes_on else ending

    def _last_words(self, alert: Alert, word: LastWord) -> list[Message]:
        messages, hazard = self._messages, alert.hazard
        match word:
            case LastWord.CORRECTION:
                return [messages.correction(hazard)]
            case LastWord.STEP_DOWN:
                return [messages.step_down(hazard)]
            case LastWord.HAZARD_OVER:
                return [messages.hazard_over(hazard)]
            case LastWord.PATH_OPEN:
                return [messages.path_open()]
            case LastWord.BOTH:
                return [messages.hazard_over(hazard), messages.path_open()]

    def _of_exercise(self, exercise: Exercise) -> Voiced:
        message, messages = self.practised(exercise), self._messages
        ending = None
        if exercise.state is ExerciseState.ENDING:
            last = message if message.purpose is Purpose.TEST else messages.exercise_end()
            last = messages.exercise_stopped() if exercise.is_stopped else last
            said = self.speech(last, None).spoken
            ending = Ending(said, said, 1)
        return Voiced(
            alert=exercise.id,
            kind=Kind.EXERCISE,
            level=priority.EXERCISE,
            response=Response.OTHER,
            hazard=message.hazard,
            direction=message.direction,
            zones=exercise.zones,
            spoken=self.speech(message, None).spoken,
            order=exercise.order,
            ending=ending,
        )


def _with_words(message: Message, words: tuple[Phrase, ...]) -> Message:
    """The message with an operator's sentence at the end of each language."""
    added = {phrase.language: phrase.text for phrase in words}
    wordings = {
        language: replace(wording, pieces=(*wording.pieces, added[language]))
        if language in added
        else wording
        for language, wording in message.wordings.items()
    }
    return replace(message, wordings=wordings) if added else message


def alerts_of(claim: ClaimId) -> tuple[str, ...]:
    """The alerts that a claim speaks for; none for claims of others, or that only keep quiet."""
    name = parse_claim_name(claim)
    return () if name is None or name.role is Role.BESIDE else name.alerts


def is_composed(claim: ClaimId) -> bool:
    """Whether a claim is one that composition made."""
    return parse_claim_name(claim) is not None


def _as_it_stands(standing: Standing) -> Composed:
    """The composed claims of a plan and their sources, untouched."""
    claims = tuple(claim for claim in standing.claims if is_composed(claim.id))
    names = {id(source): name for name, source in standing.sources.items()}
    sources = {names[id(claim.source)]: claim.source for claim in claims}
    return Composed(claims, sources, (), {}, None)


def _on_air(claims: Iterable[Claim], now: Sample) -> dict[ZoneId, frozenset[str] | None]:
    """The alerts that have each zone's bus; None where something else has it."""
    buses: dict[ZoneId, list[Claim]] = {}
    for claim in claims:
        buses.setdefault(claim.zone, []).append(claim)
    found: dict[ZoneId, frozenset[str] | None] = {}
    for zone, bus in buses.items():
        turn = next(iter(turns(bus, now, now + 1)), None)
        found[zone] = None if turn is None else frozenset(alerts_of(turn.claim.id))
    return found


def _joined(said: list[Spoken]) -> Spoken:
    """Several messages as one: the first one's tone, then everything each of them says."""
    first, *others = said
    if not others:
        return first
    return Spoken(
        first.message,
        {
            zone: tuple(Cycle(one.tone, (*one.parts, *_parts(others, zone))) for one in cycles)
            for zone, cycles in first.cycles.items()
        },
    )


def _parts(said: Iterable[Spoken], zone: ZoneId) -> Iterator[tuple[Segment, ...]]:
    """The languages of several messages, one after the other."""
    for spoken in said:
        yield from spoken.cycles[zone][0].parts
