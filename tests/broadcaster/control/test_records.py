"""What control asks to be recorded: every act, beside its plan, never after it."""

from dataclasses import replace

from broadcaster.control.acts import Planned, Recorded, TakeLibrary, TakeOver, Withdraw
from broadcaster.control.core import EXTEND_EVERY
from broadcaster.journal import Kind
from tests.broadcaster.control.bench import (
    PCM,
    adopt,
    claim_of,
    library,
    new_core,
    play,
    started,
    wall,
    written,
)
from zones.bus import Claim, ClaimId, ZoneId
from zones.bus import Kind as ClaimKind
from zones.media_time import RATE
from zones.sound import Sequence, silence


def _recorded(effects):
    return [effect for effect in effects if isinstance(effect, Recorded)]


def test_an_act_is_recorded_before_its_plan_is_written():
    core = started()
    recorded, planned = core.handle(play(zones=("stream-1", "hill"), title="알림"), 1.0)
    assert isinstance(planned, Planned)
    assert recorded.key == "one"
    (one,) = recorded.entries
    assert one.kind is Kind.ACT
    assert one.subject == planned.plan.claims[-1].id
    assert (one.at, one.utc) == (core.sample(1.0), wall(1.0).utc)
    assert one.facts == {
        "act": "play",
        "by": "test",
        "key": "one",
        "given": 0,
        "title": "알림",
        "message": "",
        "pcm": PCM,
        "kind": "notice",
        "priority": 100,
        "repeat": False,
        "zones": [claim.zone for claim in planned.plan.claims if claim.id == one.subject],
    }


def test_a_withdrawal_is_recorded_with_its_end():
    core = started()
    core.handle(play(repeat=True), 1.0)
    claim = claim_of(adopt(core, 1.0))
    recorded, planned = core.handle(Withdraw(key="two", who="김", claim=claim), 5.0)
    (one,) = recorded.entries
    ends = {c.until for c in planned.plan.claims if c.id == claim}
    assert one.subject == claim
    assert (one.facts["act"], one.facts["by"]) == ("withdraw", "김")
    assert {one.facts["until"]} == ends


def test_what_is_refused_is_not_recorded():
    core = started()
    assert _recorded(core.handle(play(zones=("nowhere",)), 1.0)) == []
    assert _recorded(core.handle(Withdraw(key="x", claim=ClaimId("none")), 1.0)) == []


def test_an_act_that_comes_again_is_recorded_once():
    core = started()
    assert len(_recorded(core.handle(play(), 1.0))) == 1
    assert _recorded(core.handle(play(), 1.1)) == []
    adopt(core, 1.2)
    assert _recorded(core.handle(play(), 1.3)) == []


def test_an_act_that_comes_again_after_a_restart_is_recorded_again():
    # The control that did it may have been killed between plan and journal.
    core = started()
    core.handle(play(repeat=True), 1.0)
    claim = claim_of(adopt(core, 1.0))
    restarted = new_core(2.0, written(core.plan))
    (recorded,) = _recorded(restarted.handle(play(repeat=True), 2.0))
    assert [one.subject for one in recorded.entries] == [claim]


def test_what_is_taken_over_is_recorded_once_for_each_claim():
    core = started()
    mine = tuple(
        Claim(
            ClaimId("local-1"), ZoneId(zone), ClaimKind.WARNING, 240, Sequence((), (silence(RATE),))
        )
        for zone in ("stream-1", "stream-2")
    )
    (recorded,) = _recorded(core.handle(TakeOver(claims=mine), 1.0))
    (one,) = recorded.entries
    assert one.subject == "local-1"
    assert one.facts["zones"] == ["stream-1", "stream-2"]
    again = tuple(replace(claim, until=3 * RATE) for claim in mine)
    assert _recorded(core.handle(TakeOver(claims=again), 1.5)) == []


def test_what_could_not_begin_in_time_is_recorded_as_withdrawn_by_control():
    core = started()
    core.handle(play(), 1.0)
    core.handle(TakeLibrary(library=library()), 1.0)
    (recorded,) = _recorded(core.expire(1.0 + EXTEND_EVERY))
    (one,) = recorded.entries
    assert (one.facts["act"], one.facts["by"]) == ("withdraw", "control")
