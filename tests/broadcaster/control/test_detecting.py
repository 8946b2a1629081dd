"""What control makes of what the doors tell it, beside the alerts that come of it."""

from dataclasses import replace

import pytest

from alerts.detection import Admitted, told_together
from alerts.detection.event_json import event_in
from broadcaster.control.acts import Detect, TakeSite
from broadcaster.control.play_order import RefusedError
from broadcaster.control.wire import read_command
from tests.broadcaster.control.bench import CLOCK, ground, rules, site, started


def told(core, why, now=1.0):
    fields = {"name": "clock", "key": f"doubt {now}", "who": "doors", "why": why}
    return core.handle(read_command(fields, site(), CLOCK, core.sample(now)), now)


def test_a_clock_in_doubt_is_a_fault_until_it_is_right_again():
    core = started()
    told(core, "our clock was stepped by -86400 s")
    assert list(core.detecting.faults.values()) == ["our clock was stepped by -86400 s"]
    told(core, "", 2.0)
    assert core.detecting.faults == {}


def test_sources_that_never_spoke_are_one_fault_that_says_what_to_do():
    core = started()
    core.expire(4000.0)
    (said,) = core.detecting.told_faults()
    assert said.startswith("nothing has come yet from ")
    assert "`broadcaster keys add`" in said


def test_many_sources_that_fell_silent_are_one_fault():
    silent = {f"source cam-{n}": f"cam-{n} (a) has said nothing for 40 s" for n in range(40)}
    few = dict(list(silent.items())[:5])
    assert told_together(few) == list(few.values())
    assert told_together(silent) == [
        "40 sources have fallen silent: cam-0, cam-1, cam-2 and 37 more"
    ]


def test_a_source_that_spoke_and_fell_silent_is_named():
    core = started()
    reading = {
        "id": "r", "source": "hongje-level", "kind": "water_level", "phase": "reading",
        "time": core.anchor(1.0).utc.isoformat(), "value": 0.2, "unit": "m",
    }  # fmt: skip
    event = Admitted(event_in(reading), core.anchor(1.0).utc)
    core.handle(Detect(key="r", events=(event,)), 1.0)
    core.expire(4000.0)
    core.expire(8000.0)
    said = core.detecting.told_faults()
    assert any(one.startswith("hongje-level (") and "said nothing" in one for one in said)
    assert any(one.startswith("nothing has come yet from ") for one in said)


def test_a_clock_stays_in_doubt_over_another_site():
    core = started()
    told(core, "our clock is not synchronised")
    core.handle(TakeSite(key="rules", ground=replace(ground(), rules=rules())), 3.0)
    assert "our clock is not synchronised" in core.detecting.faults.values()


@pytest.mark.parametrize("why", [None, 3, ["a"]])
def test_what_is_no_doubt_is_refused(why):
    with pytest.raises(RefusedError, match="why"):
        told(started(), why)
