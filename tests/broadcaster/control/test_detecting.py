"""What control makes of what the doors tell it, beside the alerts that come of it."""

from dataclasses import replace

import pytest

from broadcaster.control.acts import TakeSite
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


def test_a_clock_stays_in_doubt_over_another_site():
    core = started()
    told(core, "our clock is not synchronised")
    core.handle(TakeSite(key="rules", ground=replace(ground(), rules=rules())), 3.0)
    assert "our clock is not synchronised" in core.detecting.faults.values()


@pytest.mark.parametrize("why", [None, 3, ["a"]])
def test_what_is_no_doubt_is_refused(why):
    with pytest.raises(RefusedError, match="why"):
        told(started(), why)
