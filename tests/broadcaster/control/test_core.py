"""What control decides: plans, answers, refusals, and what it never does."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from broadcaster.control.acts import (
    Noticed,
    RetakeAnchor,
    TakeLibrary,
    TakenOver,
    TakeOver,
    TakeSite,
    Withdraw,
    Witnessed,
)
from broadcaster.control.answers import ANSWER_LIMIT, MOST_ANSWERS
from broadcaster.control.core import EXTEND_EVERY
from broadcaster.control.programme import HORIZON, LEAD
from broadcaster.witness import Fact, Witness
from playlists.deal import CROSSFADE
from tests.broadcaster.control.bench import (
    adopt,
    answers,
    claim_of,
    ground,
    heard,
    library,
    new_core,
    on_air,
    plans,
    play,
    site,
    started,
    wall,
    written,
)
from zones.bus import Claim, ClaimId, Kind, ZoneId
from zones.media_time import RATE
from zones.site import StreamId
from zones.sound import Sequence, Timeline, silence

ZONES = [zone.id for zone in site().zones]


def timeline_of(plan):
    return next((s for s in plan.sources.values() if isinstance(s, Timeline)), Timeline(()))


# --- the programme ---


def test_the_first_plan_claims_every_zone_with_music_and_what_lies_below():
    core = started()
    for zone in ZONES:
        mine = {claim.id: claim.priority for claim in core.plan.claims if claim.zone == zone}
        assert mine == {"schedule": 20, "default-list": 12, "chime": 0}
    assert len(core.plan.streams) == 14 + 1


def test_music_reaches_at_least_an_hour_ahead_at_any_time():
    core = started()
    for minute in range(1, 100):
        core.expire(minute * EXTEND_EVERY)
        ends = [s.stretches[-1][1] for s in core.plan.sources.values() if isinstance(s, Timeline)]
        assert min(ends) >= core.sample((minute + 1) * EXTEND_EVERY) + 3600 * RATE


def test_all_zones_of_an_entry_share_one_source_so_that_they_are_mixed_once():
    core = started()
    sources = {id(claim.source) for claim in core.plan.claims if claim.id == "schedule"}
    assert len(sources) == 1


def test_without_music_there_is_the_chime():
    core = started(count=0)
    assert on_air(core, 5.0) == "chime"
    core.handle(TakeLibrary(library=library(2)), 5.0)
    assert on_air(core, 5.0) == "chime"
    assert on_air(core, 5.0 + LEAD / RATE) == "schedule"


def test_before_anything_was_brought_in_there_is_a_plan_that_sends_silence():
    core = new_core()
    empty = replace(library(0, is_settled=False), chime=None)
    (plan,) = plans(core.handle(TakeLibrary(library=empty), 0.0))
    assert plan.revision == 1
    assert plan.claims == ()
    assert len(plan.streams) == 14 + 1


def test_little_is_planned_while_more_music_is_on_its_way():
    core = new_core()
    core.handle(TakeLibrary(library=library(1, is_settled=False)), 0.0)
    (timeline,) = [s for s in core.plan.sources.values() if isinstance(s, Timeline)]
    assert len(timeline.items) == 1
    core.handle(TakeLibrary(library=library(8)), 5.0)
    (timeline,) = [s for s in core.plan.sources.values() if isinstance(s, Timeline)]
    assert len({segment.pcm for _, segment in timeline.items}) == 8
    assert timeline.stretches[-1][1] >= HORIZON


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(1, 3000), min_size=1, max_size=5), st.integers(0, 8))
def test_new_music_changes_nothing_that_was_planned(waits, count):
    core, now = started(), 0.0
    for wait in waits:
        now += wait
        at = core.sample(now)
        # The last item's fade-out is where the next one will be laid over it.
        planned = core.sample(now - wait) + HORIZON - CROSSFADE
        before = core.plan
        core.handle(TakeLibrary(library=library(count)), now)
        assert heard(core.plan, at, planned) == heard(before, at, planned)
        assert set(timeline_of(core.plan).covering(at, planned)) >= set(
            timeline_of(before).covering(at, planned)
        )


def test_nothing_new_is_no_new_plan():
    core = started()
    assert core.handle(TakeLibrary(library=library()), 0.0) == ()


# --- time ---


@given(st.integers(0, 20 * 365 * 86_400 * RATE))
def test_what_is_due_at_a_sample_is_due_when_its_moment_has_come(sample):
    core = started()
    assert core.sample(core.moment(sample)) == sample


# --- messages ---


def test_an_act_is_answered_when_the_engine_has_begun_it():
    core = started()
    effects = core.handle(play(zones=("stream-1", "hill"), at=core.sample(1.0)), 1.0)
    assert len(plans(effects)) == 1
    assert answers(effects) == []
    (answer,) = answers(adopt(core, 1.0, core.sample(1.0) + 240))
    assert answer.fields["zones"] == ["stream-1", "hill-1", "hill-2", "hill-3"]
    assert answer.fields["on_air"] == answer.fields["zones"]
    assert answer.fields["adopted"] is True
    assert answer.fields["first_packet_ms"] == 5.0


def test_an_engine_that_does_not_adopt_is_said_so_after_two_seconds():
    core = started()
    core.handle(play(), 10.0)
    assert core.deadline() == 10.0 + ANSWER_LIMIT
    assert core.expire(11.9) == ()
    (answer,) = answers(core.expire(12.0))
    assert answer.fields["adopted"] is False
    assert "has not adopted plan 2" in answer.fields["reason"]


def test_a_message_preempts_its_zone_and_the_programme_returns():
    core = started()
    core.handle(play(), 1.0)
    claim = claim_of(adopt(core, 1.0))
    assert on_air(core, 2.0) == claim
    assert on_air(core, 2.0, "stream-2") == "schedule"
    assert on_air(core, 4.5) == "schedule"


def test_repeated_it_plays_until_it_is_withdrawn():
    core = started()
    core.handle(play(repeat=True), 1.0)
    claim = claim_of(adopt(core, 1.0))
    assert on_air(core, 1000.0) == claim
    core.handle(Withdraw(key="two", claim=claim), 1000.0)
    (answer,) = answers(adopt(core, 1000.0))
    assert answer.fields["adopted"]
    assert on_air(core, 1000.0) == claim
    assert on_air(core, 1000.05) == "schedule"


def test_the_same_act_again_is_answered_alike_and_done_once():
    core = started()
    core.handle(play(), 1.0)
    assert core.handle(play(), 1.1) == ()
    (answer,) = answers(adopt(core, 1.2))
    revision = core.plan.revision
    assert core.handle(play(), 50.0) == (answer,)
    assert core.plan.revision == revision


def test_the_same_act_again_after_a_restart_is_still_done_once():
    core = started()
    core.handle(play(repeat=True), 1.0)
    claim = claim_of(adopt(core, 1.0))
    restarted = new_core(2.0, written(core.plan))
    adopt(restarted, 2.0)
    assert claim_of(restarted.handle(play(repeat=True), 2.0)) == claim
    assert restarted.plan.revision == core.plan.revision


def test_the_memory_of_acts_is_bounded_and_witnesses_take_none_of_it():
    core = started()
    for number in range(MOST_ANSWERS + 10):
        core.handle(play(f"refused {number}", zones=()), 1.0)
        core.handle(Witnessed(key=f"seen {number}", witnesses=()), 1.0)
    assert len(core._answers) == MOST_ANSWERS
    assert core._answers.known(f"refused {MOST_ANSWERS}")


def test_a_prepared_message_is_kept_staged_and_played_by_name():
    core = started()
    assert "message flood-evacuate" in core.plan.sources
    core.handle(play(message="flood-evacuate", repeat=True, priority=240, kind=Kind.WARNING), 1.0)
    claim = claim_of(adopt(core, 1.0))
    (mine,) = [c for c in core.plan.claims if c.id == claim]
    assert mine.kind is Kind.WARNING
    assert isinstance(mine.source, Sequence)
    assert mine.source.loop_length == 5 * RATE


def test_a_notice_below_the_programme_waits():
    core = started()
    core.handle(play(priority=10), 1.0)
    (answer,) = answers(adopt(core, 1.0))
    assert answer.fields["on_air"] == []
    assert answer.fields["first_packet_ms"] is None


def test_a_notice_that_never_began_is_withdrawn_and_a_warning_waits_for_ever():
    core = started()
    core.handle(play("notice"), 1.0)
    core.handle(play("warning", kind=Kind.WARNING, priority=240, repeat=True), 1.0)
    effects = core.expire(61.0)
    assert any(isinstance(effect, Noticed) for effect in effects)
    assert [claim.kind for claim in core.plan.claims if claim.start is None] == [Kind.WARNING]


def test_what_is_over_leaves_the_plan():
    core = started()
    core.handle(play(), 1.0)
    claim = claim_of(adopt(core, 1.0))
    core.expire(61.0)
    assert all(other.id != claim for other in core.plan.claims)
    assert claim not in core.acts
    assert set(core.plan.sources) == {s for s in core.plan.sources if not s.startswith(claim)}


# --- refusals ---


@pytest.mark.parametrize(
    ("order", "words", "where"),
    [
        (play(zones=("steam-1",)), 'did you mean "stream-1"?', "zones"),
        (play(zones=("nowhere at all",)), "zones are stream-1", "zones"),
        (play(zones=()), "no zone is named", "zones"),
        (play(priority=256), "outside 0 .. 255", "priority"),
        (play(priority=-1), "outside 0 .. 255", "priority"),
        (play(kind=Kind.WARNING, repeat=True, priority=223), "224 .. 255", "priority"),
        (play(priority=224), "levels from 224 on are for warnings", "priority"),
        (play(priority=255, repeat=True), "use --kind warning, or a priority below", "priority"),
        (play(kind=Kind.WARNING, priority=240), "until it is withdrawn", "repeat"),
        (play(kind=Kind.PAGE), "cannot be played", "kind"),
        (play(length=0), "at least 1 sample", "length"),
        (play(pcm="not hex"), "64 hex digits", "pcm"),
        (play(message="tsunami"), "there are: flood-evacuate", "message"),
        (play(message="flood-evacuate", pcm="c" * 64), "what to play", "pcm"),
        (play(title="x" * 500), "at most 200", "title"),
        (Withdraw(key="one", claim=ClaimId("schedule")), "cannot be withdrawn", "claim"),
        (Withdraw(key="one", claim=ClaimId("nobody's")), "there is no claim", "claim"),
    ],
)
def test_a_refusal_is_a_sentence_and_changes_nothing(order, words, where):
    core = started()
    before = core.plan
    (answer,) = answers(core.handle(order, 1.0))
    assert words in answer.error
    assert answer.where == where
    assert core.plan is before


def test_all_zones_can_be_named_as_all_and_none_comes_twice():
    core = started()
    core.handle(play(zones=("all", "hill", "stream-1")), 1.0)
    (answer,) = answers(adopt(core, 1.0))
    assert answer.fields["zones"] == ZONES


# --- what it finds, and what happens around it ---


def test_a_claim_it_does_not_know_is_never_removed():
    core = started()
    source = Sequence(loop=(silence(RATE),))
    unknown = Claim(ClaimId("somebody's"), ZoneId("hill-1"), Kind.WARNING, 240, source, start=0)
    plan = replace(
        core.plan,
        revision=core.plan.revision + 1,
        claims=(*core.plan.claims, unknown),
        sources={**core.plan.sources, "x": source},
    )
    restarted = new_core(5.0, written(plan))
    restarted.handle(TakeLibrary(library=library()), 5.0)
    for minute in range(1, 10):
        restarted.expire(5.0 + minute * EXTEND_EVERY)
    assert on_air(restarted, 700.0, "hill-1") == "somebody's"


def test_an_unreadable_plan_still_makes_revisions_rise():
    core = new_core(revision=41)
    (plan,) = plans(core.handle(TakeLibrary(library=library()), 0.0))
    assert plan.revision == 42


def test_after_a_dead_hour_the_music_returns_where_a_recording_ends():
    core = started()
    now = 2 * 3600.0
    restarted = new_core(now, written(core.plan))
    assert on_air(restarted, now) == "default-list"
    restarted.handle(TakeLibrary(library=library()), now)
    (listed,) = [s for n, s in restarted.plan.sources.items() if n.startswith("list")]
    assert isinstance(listed, Sequence)
    end = next(t for t in range(7200, 7400) if on_air(restarted, t) == "schedule")
    assert end % 150 == pytest.approx(0, abs=1)


def test_a_step_of_the_wall_clock_moves_nothing():
    core = started()
    before = core.plan
    anchor = replace(wall(10.0), utc=wall(1810.0).utc)
    effects = core.handle(RetakeAnchor(anchor=anchor), 10.0)
    (plan,) = plans(effects)
    same = replace(plan, gain_steps=before.gain_steps)
    assert same == replace(before, revision=before.revision + 1, anchor=anchor)
    # What is planned by the wall goes by the new one: the night's level comes half an hour sooner.
    evening, night = (
        next(step for step in one.gain_steps if step.at > 0) for one in (before, plan)
    )
    assert evening.at - night.at == 1800 * RATE
    assert any(isinstance(e, Noticed) and "+1800.0 s" in e.text for e in effects)


def test_what_was_put_on_air_by_hand_becomes_its_own():
    core = started()
    source = Sequence(loop=(silence(RATE),))
    mine = Claim(ClaimId("local-1"), ZoneId("hill-1"), Kind.WARNING, 240, source, start=100)
    effects = core.handle(TakeOver(claims=(mine,)), 1.0)
    assert len(plans(effects)) == 1
    assert TakenOver(frozenset({ClaimId("local-1")})) in adopt(core, 1.0)
    assert on_air(core, 2.0, "hill-1") == "local-1"
    core.handle(Withdraw(key="w", claim=ClaimId("local-1")), 2.0)
    assert on_air(core, 3.0, "hill-1") == "schedule"


def test_what_was_ended_by_hand_meanwhile_ends_here_too():
    core = started()
    source = Sequence(loop=(silence(RATE),))
    mine = Claim(ClaimId("local-1"), ZoneId("hill-1"), Kind.WARNING, 240, source, start=100)
    core.handle(TakeOver(claims=(mine,)), 1.0)
    core.handle(TakeOver(claims=(replace(mine, until=3 * RATE),)), 1.5)
    assert on_air(core, 2.9, "hill-1") == "local-1"
    assert on_air(core, 3.1, "hill-1") == "schedule"


def test_witnesses_are_taken_and_answered_at_once():
    core = started()
    witness = Witness("ear", ZONES[0], StreamId("stream-1"), Fact.SENT, True, core.sample(1.0))
    (answer,) = answers(core.handle(Witnessed(key="w", witnesses=(witness,)), 1.0))
    assert answer.key == "w"
    (seen,) = core.witnesses.seen(StreamId("stream-1"), Fact.SENT, core.sample(2.0))
    assert seen.value is True


# --- any order of things ---


def unnamed(found):
    """Claims of one act are named for their revision, which a restart may skip."""
    return [[(start, played) for _, start, played in turns] for turns in found.values()]


class AnyOrder(RuleBasedStateMachine):
    """Random commands, now and then a restart; a shadow goes on without restarts."""

    @initialize()
    def begin(self):
        self.core = started()
        self.shadow = started()
        self.library = library()
        self.now = 1.0
        self.acts = 0
        self.revision = self.core.plan.revision
        self.warnings: set[ClaimId] = set()

    def _both(self, command):
        self.shadow.handle(command, self.now)
        return self.core.handle(command, self.now)

    @rule(seconds=st.floats(0.1, 200))
    def wait(self, seconds):
        self.now += seconds
        for core in (self.core, self.shadow):
            adopt(core, self.now)
            core.expire(self.now)

    @rule(
        zone=st.sampled_from([ZONES[0], ZONES[1], "hill"]),
        priority=st.sampled_from([5, 50, 100, 230, 255]),
        repeat=st.booleans(),
    )
    def play(self, zone, priority, repeat):
        self.acts += 1
        kind = Kind.WARNING if priority >= 224 else Kind.NOTICE
        repeat = repeat or kind is Kind.WARNING
        order = play(f"act {self.acts}", (zone,), priority, repeat=repeat, kind=kind)
        self._both(order)
        if kind is Kind.WARNING:
            self.warnings.add(self.core.plan.claims[-1].id)

    @rule(zone=st.sampled_from(ZONES[:2]))
    def play_what_loses(self, zone):
        at = self.core.sample(self.now)
        for core in (self.core, self.shadow):
            adopt(core, self.now)
        before = heard(self.core.plan, at, at + 1000 * RATE)
        self.acts += 1
        self._both(play(f"act {self.acts}", (zone,), 1, at=at))
        for core in (self.core, self.shadow):
            adopt(core, self.now)
        assert heard(self.core.plan, at, at + 1000 * RATE) == before

    @precondition(lambda self: self.core.acts)
    @rule(data=st.data())
    def withdraw(self, data):
        claim = data.draw(st.sampled_from(sorted(self.core.acts)))
        self.acts += 1
        # What a claim is called ends in the revision that brought it, and a restart may make one.
        act = claim.rpartition("-")[0]
        theirs = next(one for one in self.shadow.acts if one.startswith(act))
        key = f"act {self.acts}"
        self.shadow.handle(Withdraw(key=key, claim=theirs), self.now)
        self.core.handle(Withdraw(key=key, claim=claim), self.now)
        self.warnings.discard(claim)

    @rule()
    def restart(self):
        for core in (self.core, self.shadow):
            adopt(core, self.now)
        self.core = new_core(self.now, written(self.core.plan))
        adopt(self.core, self.now)
        self.core.handle(TakeLibrary(library=self.library), self.now)

    @rule(count=st.integers(1, 6))
    def bring_in_music(self, count):
        self.library = library(count)
        self._both(TakeLibrary(library=self.library))

    @invariant()
    def revisions_only_rise(self):
        assert self.core.plan.revision >= self.revision
        self.revision = self.core.plan.revision

    @invariant()
    def no_warning_is_lost(self):
        assert self.warnings <= {claim.id for claim in self.core.plan.claims}

    @invariant()
    def a_restart_is_not_heard(self):
        at = self.core.sample(self.now)
        mine, other = (heard(c.plan, at, at + 300 * RATE) for c in (self.core, self.shadow))
        assert unnamed(mine) == unnamed(other)

    @invariant()
    def the_plan_can_be_written(self):
        assert written(self.core.plan) == self.core.plan


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(deadline=None, max_examples=40, stateful_step_count=15)


# --- another site ---


def without_last_zone():
    whole = site()
    last = whole.zones[-1].id
    smaller = replace(
        whole,
        zones=whole.zones[:-1],
        streams=tuple(stream for stream in whole.streams if stream.zone != last),
        groups=(),
    )
    return last, replace(
        ground(),
        site=smaller,
        streams=tuple(stream for stream in ground().streams if stream.zone != last),
        sent=tuple(stream for stream in ground().sent if stream.zone != last),
    )


def test_another_site_changes_nothing_in_the_zones_that_stay():
    core = started()
    core.handle(play(zones=("stream-1",)), 1.0)
    adopt(core, 1.0)
    before = core.plan
    gone, new = without_last_zone()
    effects = core.handle(TakeSite(key="site", ground=new, changes=("less",)), 2.0)
    (plan,) = plans(effects)
    at = core.sample(2.0)
    assert heard(plan, at, at + 600 * RATE) | {gone: []} == heard(before, at, at + 600 * RATE) | {
        gone: []
    }
    assert gone not in {claim.zone for claim in plan.claims}
    assert gone not in {stream.zone for stream in plan.streams}
    (answer,) = answers(adopt(core, 2.1))
    assert answer.fields == {"adopted": True}


def test_a_zone_with_a_warning_cannot_be_taken_away():
    core = started()
    gone, new = without_last_zone()
    order = play("w", (gone,), 240, kind=Kind.WARNING, repeat=True)
    claim = claim_of([*core.handle(order, 1.0), *adopt(core, 1.0)][-1:])
    (refused,) = answers(core.handle(TakeSite(key="a", ground=new), 2.0))
    assert f"zone {gone} cannot go while {claim} is there" in refused.error
    core.handle(Withdraw(key="b", claim=claim), 3.0)
    core.expire(70.0)
    assert len(plans(core.handle(TakeSite(key="c", ground=new), 70.0))) == 1
