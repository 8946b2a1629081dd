"""Laws of composition, whatever happens in whatever order; judged by what zones hear."""

from copy import deepcopy
from dataclasses import replace
from itertools import pairwise, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerts.hazard import Response
from tests.alerts.warned_zones import LEAD, STAMP, A, B, C, D, Station, ended, spoken, warning
from zones.media_time import RATE, samples

ZONES = (A, B, C, D)
LEVELS = (224, 232, 240)
SETTLED = LEAD + 2 * STAMP
"""From what was asked for to the sound: the lead, and what the engine takes to stamp."""

names = st.sampled_from("vwxyz")
some_zones = st.sets(st.sampled_from(ZONES), min_size=1).map(sorted)
levels = st.sampled_from(LEVELS)
responses = st.sampled_from(Response)
acts = st.one_of(
    st.tuples(st.just("raise"), names, levels, responses, some_zones),
    st.tuples(st.just("raise"), names, st.just(240), st.just(Response.EVACUATE), some_zones),
    st.tuples(st.just("add"), names, some_zones),
    st.tuples(st.just("languages"), names),
    st.tuples(st.just("end"), names),
    st.tuples(st.just("speak live"), st.sampled_from(ZONES)),
    st.tuples(st.just("fall silent")),
    st.tuples(st.just("wait"), st.floats(0.01, 100).map(lambda s: round(s, 2))),
)


class Story:
    """A station at which one thing happens after the other."""

    def __init__(self):
        self.station = Station()
        self.alerts = {}
        self.over = set()
        self.talkative = set()
        self.count = 0

    def act(self, act):
        match act:
            case ("raise", name, level, response, zones):
                self.warn(name, level, response, zones)
            case ("add", name, zones) if self.lives(name):
                one = self.alerts[name]
                self.warn(name, one.level, one.response, {*one.zones, *zones})
            case ("languages", name) if self.lives(name):
                self.talkative.add(name)
                self.alerts[name] = self.with_languages(self.alerts[name])
            case ("end", name) if self.lives(name):
                self.alerts[name] = ended(self.alerts[name])
            case ("speak live", zone) if not self.station.is_live:
                self.station.speak_live(zone)
            case ("fall silent",):
                self.station.fall_silent()
            case ("wait", seconds):
                self.live(seconds)
        self.station.compose(*self.alerts.values())

    def lives(self, name):
        return name in self.alerts and self.alerts[name].ending is None

    def warn(self, name, level, response, zones):
        """Raise, or escalate: never lower, never with fewer zones, and once only."""
        before = self.alerts.get(name)
        if name in self.over or (before is not None and before.ending is not None):
            return
        new = warning(name, sorted(zones), level, response)
        if before is not None:
            zones = sorted({*before.zones, *zones})
            new = warning(name, zones, level, response, order=before.order)
            if new.priority <= before.priority:
                new = warning(name, zones, before.level, before.response, order=before.order)
        else:
            self.count += 1
            new = replace(new, order=self.count)
        self.alerts[name] = self.with_languages(new)

    def with_languages(self, one):
        if one.alert not in self.talkative:
            return one
        return replace(one, spoken=spoken(one.spoken.message, one.zones, "ko en", "ko zh"))

    def live(self, seconds):
        """Let time pass; what has been spoken is told, as the book of alerts does."""
        end = self.station.now + samples(seconds)
        while self.station.now < end:
            station = self.station
            looks = [end, *([station.composed.next_look] if station.composed.next_look else [])]
            station.live((max(min(looks), station.now + 1) - station.now) / RATE, *self.voiced())
            for name, at in station.composed.spoken_at.items():
                if at is not None and at <= station.now and name in self.alerts:
                    self.over.add(name)
                    self.alerts.pop(name)
            station.compose(*self.voiced())

    def voiced(self):
        return tuple(self.alerts.values())


def told(acts):
    story = Story()
    for act in acts:
        story.act(act)
    story.live(150)
    return story


def asked(station, at):
    """What was asked to be heard at `at`, by alert."""
    found = [voiced for since, voiced in station.voiced if since <= at]
    return {one.alert: one for one in (found[-1] if found else ()) if one.ending is None}


def lately(station, at):
    """What was asked to be heard at any time shortly before `at`."""
    moments = [since for since, _ in station.voiced if at - SETTLED <= since <= at]
    return [one for m in (at - SETTLED, *moments) for one in asked(station, m).values()]


def living(station, zone, at):
    """The alerts that warned a zone at `at`, and had for long enough to be heard."""
    settled, now = asked(station, at - SETTLED), asked(station, at)
    return [one for name, one in settled.items() if zone in one.zones and name in now]


def check_order(station, zone):
    """Nothing is heard but the highest there is, and never music beside a warning."""
    moments = sorted(since + SETTLED for since, _ in station.voiced)
    for heard in station.sounded(zone):
        for at in (heard.at, *(m for m in moments if heard.at < m < heard.until)):
            alive = living(station, zone, at)
            if not alive:
                continue
            top = max(one.priority for one in alive)
            assert heard.message != "music", (zone, at)
            if heard.message.endswith("only"):
                assert heard.claim.priority == top + 1, (zone, at, heard)
            else:
                assert "over" not in heard.message, (zone, at, heard)
                highest = {one.alert for one in lately(station, at) if one.priority >= top}
                assert heard.alert in highest, (zone, at, heard)


def check_gaps(station, zone):
    """A warned zone hears something at least every minute."""
    heard = [one for one in station.sounded(zone) if one.message != "music"]
    for before, after in pairwise(heard):
        is_live = any(
            turn.claim.id == "mic" and before.until <= turn.start < after.at
            for turn in station.heard[zone]
        )
        if after.at - before.until > 60 * RATE and not is_live:
            assert not living(station, zone, after.at - RATE)


def check_cuts(station, zone):
    """Only what ranks higher cuts a sentence short, or the end of its own alert."""
    begins = {turn.start: turn.claim for turn in station.heard[zone]}
    for one in station.sounded(zone):
        if one.is_cut and one.message != "music":
            is_over = one.alert not in {v.alert for v in living(station, zone, one.until)}
            after = begins[one.until]
            assert is_over or after.priority > one.claim.priority, (zone, one, after)


@settings(max_examples=60, deadline=None)
@given(st.lists(acts, min_size=2, max_size=9))
@example(
    # New words while a zone hears a microphone, which is let go of before they begin elsewhere.
    [
        ("speak live", "c"),
        ("raise", "v", 224, Response.OTHER, ["a", "b", "c"]),
        ("wait", 51.02),
        ("languages", "v"),
        ("raise", "w", 240, Response.EVACUATE, ["b"]),
        ("wait", 7.86),
        ("fall silent",),
    ]
)
def test_a_zone_hears_the_highest_warning_that_lives_there(acts):
    station = told(acts).station
    for zone in ZONES:
        check_order(station, zone)
        check_gaps(station, zone)
        check_cuts(station, zone)


@settings(max_examples=40, deadline=None)
@given(st.lists(acts, min_size=2, max_size=9))
def test_an_ending_is_spoken_in_every_zone_of_its_alert_and_in_no_other(acts):
    story = Story()
    for act in acts:
        story.act(act)
    for name, one in story.alerts.items():
        if one.ending is None:
            story.alerts[name] = ended(one)
    story.act(("fall silent",))
    zones_of = {name: set(one.zones) for name, one in story.alerts.items()}
    story.station.compose(*story.voiced())
    story.live(400)
    assert not story.alerts
    for name, zones in zones_of.items():
        for zone in ZONES:
            said = [s for s in story.station.sounded(zone) if s.message.startswith(f"{name}-over")]
            whole = [s for s in said if s.words[1:] == (zone, "en") and not s.is_cut]
            assert (len(whole) >= 2) == (zone in zones)
            assert bool(said) == (zone in zones)
    for zone in ZONES:
        last = [turn.claim.kind.value for turn in story.station.heard[zone]][-1]
        assert last == "programme"
    assert story.station.compose().claims == ()


@settings(max_examples=40, deadline=None)
@given(st.lists(acts, min_size=1, max_size=8), names, some_zones)
def test_a_zone_more_changes_nothing_elsewhere(acts, name, zones):
    story = Story()
    for act in acts:
        story.act(act)
    if not story.lives(name):
        return
    station, one = story.station, story.alerts[name]
    elsewhere = [zone for zone in ZONES if zone not in zones or zone in one.zones]
    end = station.now + 600 * RATE
    before = {zone: station.turns(zone, station.now, end) for zone in elsewhere}
    began = station.now
    story.warn(name, one.level, one.response, {*one.zones, *zones})
    station.compose(*story.voiced(), is_stamped=False)
    assert {zone: station.turns(zone, began, end) for zone in elsewhere} == before


@settings(max_examples=40, deadline=None)
@given(st.lists(acts, min_size=1, max_size=8), st.floats(0.001, 1))
def test_composing_again_and_after_a_restart_changes_nothing(acts, later):
    story = Story()
    for act in acts:
        story.act(act)
    station = story.station
    station.live(60, *story.voiced())
    before = station.compose(*story.voiced())
    look = before.next_look or station.now + RATE
    station.now = min(station.now + samples(later), look - 1)
    again = station.compose(*story.voiced(), is_stamped=False)
    assert [id(claim) for claim in again.claims] == [id(claim) for claim in before.claims]
    assert all(again.sources[name] is source for name, source in before.sources.items())
    station.composed = deepcopy(again)
    restarted = station.compose(*story.voiced(), is_stamped=False)
    assert restarted == again


@pytest.mark.parametrize("shared", [(A,), (A, B)], ids=["one shared zone", "two"])
def test_every_pair_of_live_alerts_ends_as_it_should(shared):
    """Whatever their levels and responses: the ending of one never covers the other."""
    for one, other in product(product(LEVELS, Response), repeat=2):
        station = Station()
        x, y = warning("x", [*shared, C], *one), warning("y", [*shared, D], *other)
        station.compose(x)
        station.live(4, x)
        station.compose(x, y)
        station.live(30, x, y)
        over = ended(x, times=1)
        station.compose(over, y)
        station.live(150, over, y)
        for zone in shared:
            words = station.messages(zone)
            assert "x-over" not in words
            assert words[-2:] == ["x-over-only", y.spoken.message]
            heard = station.sounded(zone)
            said = [s for s in heard if s.message == "x-over-only"]
            assert not any(s.is_cut for s in said)
            assert {s.claim.priority for s in said} == {y.priority + 1}
            before = [s for s in heard if s.at < said[0].at][-1]
            assert before.alert == "y"
            assert not before.is_cut
            # It is behind a whole cycle of the other: its last language has been said.
            assert before.words[2] == "en"
        assert station.messages(C)[-2:] == ["x-over", "music"]
        assert station.messages(D) == ["music", y.spoken.message]


@settings(max_examples=40, deadline=None)
@given(st.lists(acts, min_size=2, max_size=9))
def test_zones_that_hear_the_same_are_in_step_in_the_end(acts):
    """One message timeline, whatever overrode some of the zones for a while."""
    story = Story()
    for act in [*acts, ("fall silent",)]:
        story.act(act)
    story.live(600)
    station = story.station
    heard: dict[frozenset[str], set[tuple[int, str]]] = {}
    for zone in ZONES:
        there = [one for one in story.voiced() if zone in one.zones]
        top = max((one.priority for one in there), default=0)
        names = frozenset(one.alert for one in there if one.priority == top)
        tones = {
            (s.at, s.alert)
            for s in station.sounded(zone)
            if s.is_tone and s.at > station.now - 240 * RATE
        }
        assert heard.setdefault(names, tones) == tones
        assert {alert for _, alert in tones} == names
