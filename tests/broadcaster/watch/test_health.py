"""From looks to faults: when one is believed, when it is over, and what people do with it."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.watch.condition import CONFIRM_AFTER, FLAP_SPAN, FLAPS, Condition, State
from broadcaster.watch.fault import Fault, FaultKey, FaultRefusedError, Standing
from broadcaster.watch.health import Health, Look
from firmware_profiles.fault_kind import CHARACTERS, FaultKind

UTC0 = datetime(2026, 7, 1, 12, tzinfo=UTC)


class Watched:
    """A health model, a clock, and everything that was told of it."""

    def __init__(self, switches=None):
        self.told: list[Fault] = []
        self.health = Health(switches or {}, self.told.append)
        self.now = 1000.0

    @property
    def utc(self):
        return UTC0 + timedelta(seconds=self.now)

    def look(self, kind, is_bad, *, amplifier="amp-01", part="", after=0.0, text=""):
        self.now += after
        self.health.look([Look(amplifier, kind, is_bad, text, part)], self.now, self.utc)

    def ids(self, *, there=True):
        return [fault.key.id for fault in self.health.faults if fault.is_there or not there]


@pytest.fixture
def watched():
    return Watched()


# --- when a fault is believed ---


@pytest.mark.parametrize("kind", FaultKind)
def test_one_bad_look_is_a_suspicion_and_persistence_makes_a_fault(kind, watched):
    character = CHARACTERS[kind]
    for _ in range(character.samples - 1):
        watched.look(kind, True, after=1)
        assert watched.ids() == []
    watched.look(kind, True, after=max(1.0, character.raise_after))
    if character.raise_after and character.samples == 1:
        watched.look(kind, True, after=character.raise_after)
    assert watched.ids() == [f"amp-01/{kind.value}"]


@pytest.mark.parametrize("kind", FaultKind)
def test_a_fault_is_over_after_looks_in_order_and_stays_in_the_list(kind, watched):
    character = CHARACTERS[kind]
    for _ in range(character.samples + 1):
        watched.look(kind, True, after=character.raise_after + 1)
    for number in range(character.good):
        assert watched.ids() == [f"amp-01/{kind.value}"]
        watched.look(kind, False, after=character.clear_after if number else 1)
    assert watched.ids() == []
    (fault,) = watched.health.faults
    assert fault.standing is Standing.RESOLVED


def test_a_single_bad_look_among_good_ones_is_nothing(watched):
    for is_bad in (False, True, False, True, False) * 20:
        watched.look(FaultKind.LINE_SHORT, is_bad, after=10)
    assert watched.health.faults == ()


def test_a_look_that_cannot_tell_changes_nothing(watched):
    watched.look(FaultKind.FAN, True)
    before = watched.health.next_look("amp-01", watched.now)
    watched.look(FaultKind.FAN, None, after=40)
    assert watched.health.next_look("amp-01", watched.now) is not None
    assert before is not None
    watched.look(FaultKind.MAINS, None)
    assert FaultKind.MAINS not in watched.health.supervised("amp-01")


def test_a_suspicion_asks_for_another_look_one_second_later(watched):
    assert watched.health.next_look("amp-01", watched.now) is None
    watched.look(FaultKind.LINE_OPEN, True, part="2")
    assert watched.health.next_look("amp-01", watched.now) == watched.now + CONFIRM_AFTER
    watched.look(FaultKind.LINE_OPEN, True, part="2", after=1)
    assert watched.health.next_look("amp-01", watched.now) is None
    assert watched.ids() == ["amp-01/line.open/2"]


def test_a_trap_alone_sets_nothing_and_one_poll_that_agrees_is_enough(watched):
    watched.look(FaultKind.OVERHEAT, False)
    watched.health.announce("amp-01", [FaultKind.OVERHEAT], watched.now)
    assert watched.ids() == []
    watched.look(FaultKind.OVERHEAT, True, after=0.2)
    assert watched.ids() == ["amp-01/overheat"]


def test_a_trap_that_no_poll_confirms_is_forgotten(watched):
    watched.look(FaultKind.MAINS, False)
    watched.health.announce("amp-01", [FaultKind.MAINS], watched.now)
    watched.look(FaultKind.MAINS, False, after=0.2)
    watched.look(FaultKind.MAINS, True, after=60)
    assert watched.ids() == []


def test_a_fault_that_comes_and_goes_flaps_and_is_not_over_soon(watched):
    kind = FaultKind.LINE_GROUND
    for _ in range(FLAPS):
        watched.look(kind, True, after=1)
        watched.look(kind, True, after=1)
        watched.look(kind, False, after=1)
        watched.look(kind, False, after=31)
    (fault,) = watched.health.faults
    assert fault.is_there
    assert fault.is_flapping
    assert fault.times == FLAPS
    watched.look(kind, False, after=FLAP_SPAN)
    assert watched.ids() == []


@settings(max_examples=200)
@given(
    st.sampled_from(list(FaultKind)),
    st.lists(st.tuples(st.sampled_from([True, False, None]), st.floats(0.1, 100)), max_size=40),
)
def test_a_condition_is_raised_only_by_bad_looks_and_over_only_by_good_ones(kind, looks):
    condition, now = Condition(CHARACTERS[kind]), 0.0
    for is_bad, after in looks:
        now += after
        before = condition.is_raised
        changed = condition.see(is_bad, now)
        assert changed is (before != condition.is_raised)
        if changed:
            assert condition.is_raised is is_bad
        wants = condition.next_look(now)
        assert (wants is not None) is (condition.state is State.PENDING)


# --- causes ---


def test_a_lost_link_explains_the_silent_agent_and_the_missing_stream(watched):
    for kind in (FaultKind.AGENT, FaultKind.LINK, FaultKind.MULTICAST):
        for _ in range(3):
            watched.look(kind, True, after=1)
    assert watched.health.causes() == {
        "amp-01/agent": "amp-01/link",
        "amp-01/multicast": "amp-01/link",
    }


def test_a_lost_switch_is_one_fault_with_children():
    watched = Watched({"sw-1": ("amp-01", "amp-02", "amp-03")})
    for amplifier in ("amp-01", "amp-02"):
        for _ in range(2):
            watched.look(FaultKind.LINK, True, amplifier=amplifier, after=1)
    assert watched.health.causes() == {}
    for _ in range(2):
        watched.look(FaultKind.LINK, True, amplifier="amp-03", after=1)
    assert watched.health.causes() == {f"amp-0{number}/link": "sw-1/switch" for number in (1, 2, 3)}
    ringing = [
        fault.key.id
        for fault in watched.health.faults
        if watched.health.rings(fault, watched.utc, watched.health.causes(), is_warned=False)
    ]
    assert ringing == ["sw-1/switch"]
    for _ in range(2):
        watched.look(FaultKind.LINK, False, amplifier="amp-02", after=10)
    assert "sw-1/switch" not in watched.ids()


# --- what people do ---


@pytest.fixture
def shorted(watched):
    for _ in range(2):
        watched.look(FaultKind.LINE_SHORT, True, part="2", after=1, text="output 2")
    return watched


NAME = "amp-01/line.short/2"


def rings(watched, *, is_warned=False):
    (fault,) = watched.health.faults
    causes = watched.health.causes()
    return watched.health.rings(fault, watched.utc, causes, is_warned=is_warned)


def over(watched):
    watched.look(FaultKind.LINE_SHORT, False, part="2", after=1)
    watched.look(FaultKind.LINE_SHORT, False, part="2", after=31)


def test_acknowledging_stops_the_ringing_and_not_the_fault(shorted):
    assert rings(shorted)
    shorted.health.acknowledge(NAME, "kim", shorted.utc)
    assert not rings(shorted)
    assert shorted.health.fault(NAME).standing is Standing.ACKNOWLEDGED
    assert shorted.health.fault(NAME).acknowledged_by == "kim"


def test_a_fault_that_is_there_cannot_be_reset(shorted):
    with pytest.raises(FaultRefusedError, match="is still there"):
        shorted.health.reset(NAME)
    over(shorted)
    shorted.health.reset(NAME)
    assert shorted.health.faults == ()


def test_a_fault_that_comes_back_before_reset_must_be_acknowledged_again(shorted):
    shorted.health.acknowledge(NAME, "kim", shorted.utc)
    over(shorted)
    for _ in range(2):
        shorted.look(FaultKind.LINE_SHORT, True, part="2", after=1)
    fault = shorted.health.fault(NAME)
    assert (fault.standing, fault.times) == (Standing.NEW, 2)


def test_shelving_needs_a_reason_and_an_end_and_does_not_hold_under_a_warning(shorted):
    later = shorted.utc + timedelta(days=2)
    with pytest.raises(FaultRefusedError, match="why"):
        shorted.health.shelve(NAME, later, "kim", " ", shorted.utc)
    with pytest.raises(FaultRefusedError, match="30 days"):
        shorted.health.shelve(NAME, later + timedelta(days=40), "kim", "part", shorted.utc)
    shorted.health.shelve(NAME, later, "kim", "spare part ordered", shorted.utc)
    assert not rings(shorted)
    assert rings(shorted, is_warned=True)
    shorted.now += 3 * 86_400
    assert rings(shorted)


def test_maintenance_quietens_one_amplifier_until_it_ends(shorted):
    until = shorted.utc + timedelta(hours=2)
    shorted.health.maintain("amp-01", until, "lee", "new cable", shorted.utc)
    assert not rings(shorted)
    assert rings(shorted, is_warned=True)
    shorted.now += 7201
    assert rings(shorted)
    with pytest.raises(FaultRefusedError, match="at most 8 h"):
        shorted.health.maintain(
            "amp-01", shorted.utc + timedelta(hours=9), "lee", "long", shorted.utc
        )


def test_either_ends_early_when_somebody_says_so(shorted):
    shorted.health.shelve(NAME, shorted.utc + timedelta(days=2), "kim", "part", shorted.utc)
    shorted.health.maintain("amp-01", shorted.utc + timedelta(hours=2), "lee", "x", shorted.utc)
    shorted.health.take_off_shelf(NAME)
    assert not rings(shorted)
    shorted.health.end_maintenance("amp-01")
    assert rings(shorted)


def test_an_unknown_fault_is_told_with_those_there_are(shorted):
    with pytest.raises(FaultRefusedError, match=r"there is amp-01/line\.short/2"):
        shorted.health.acknowledge("amp-01/line.shrt/2", "kim", shorted.utc)


# --- over a restart ---


def test_faults_acts_and_maintenance_survive_a_restart(shorted):
    shorted.health.acknowledge(NAME, "kim", shorted.utc)
    until = shorted.utc + timedelta(hours=1)
    shorted.health.maintain("amp-01", until, "lee", "cable", shorted.utc)
    kept = shorted.health.to_json()
    again = Watched()
    again.now = 5.0
    assert again.health.take_over(kept, again.now) == 0
    assert again.health.faults == shorted.health.faults
    assert again.health.to_json() == kept
    again.look(FaultKind.LINE_SHORT, True, part="2", after=1)
    assert again.health.fault(NAME).times == 1
    over(again)
    assert again.ids() == []


@pytest.mark.parametrize("spoilt", [{}, {"faults": [1]}, {"faults": [{"kind": "noise"}]}])
def test_a_spoilt_state_is_left_out(spoilt):
    health = Health({})
    health.take_over(spoilt, 0.0)
    assert health.faults == ()


# --- in numbers ---


def test_a_device_that_tells_of_ever_more_places_is_bounded(watched):
    for number in range(2000):
        watched.look(FaultKind.LINE_OPEN, True, part=str(number))
        watched.look(FaultKind.LINE_OPEN, True, part=str(number))
    assert len(watched.health.faults) == 256


def test_an_hour_of_lost_packets_makes_no_fault():
    chance, watched, loss = random.Random(5), Watched(), 0.05
    amplifiers = [f"amp-{number:02}" for number in range(14)]
    due = {name: 10.0 * place / 14 for place, name in enumerate(amplifiers)}
    suspicions = 0
    while (name := min(due, key=lambda each: due[each])) and due[name] < 3600:
        now = due[name]
        answered = any(chance.random() > loss and chance.random() > loss for _ in range(2))
        watched.health.look(
            [Look(name, FaultKind.AGENT, not answered)], now, UTC0 + timedelta(seconds=now)
        )
        wanted = watched.health.next_look(name, now)
        suspicions += wanted is not None
        due[name] = now + 10 if wanted is None else min(now + 10, wanted + 2)
    assert watched.told == []
    assert 20 < suspicions < 120


def test_a_thousand_faults_are_all_raised_and_all_over():
    watched = Watched()
    chance = random.Random(7)
    kinds = list(FaultKind)
    injected = []
    for number in range(1000):
        kind = chance.choice(kinds)
        name = f"amp-{number:04}"
        injected.append(FaultKey(name, kind))
        for _ in range(3):
            watched.look(kind, True, amplifier=name, after=0.01)
    watched.now += 40
    for key in injected:
        watched.look(key.kind, True, amplifier=key.amplifier)
    assert {fault.key for fault in watched.health.faults if fault.is_there} == set(injected)
    for _ in range(3):
        watched.now += 70
        for key in injected:
            watched.look(key.kind, False, amplifier=key.amplifier)
    assert watched.ids() == []
