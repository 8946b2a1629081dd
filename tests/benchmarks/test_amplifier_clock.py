"""Faults on a simulated clock: nothing is measured here, every run is the same."""

import asyncio
import random

from benchmarks import amplifier_clock, virtual_time


def test_an_hour_passes_while_nobody_works():
    async def work():
        begun = asyncio.get_running_loop().time()
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time() - begun

    assert round(virtual_time.run(work())) == 3600


def test_faults_are_shown_in_time_and_nothing_else_is(monkeypatch):
    monkeypatch.setattr(amplifier_clock, "INJECTED", 150)
    found = virtual_time.run(amplifier_clock._injected(random.Random(3)))
    assert len(found.took) == 150
    assert all(took is not None for _, took in found.took)
    assert max(found.of(amplifier_clock._BY_POLL)) <= 13
    assert max(found.of(amplifier_clock._DEAD)) <= 18
    assert found.false == []


def test_a_stream_that_does_not_arrive_is_shown_sooner_under_a_warning(monkeypatch):
    monkeypatch.setattr(amplifier_clock, "CUTS", 28)
    for is_warned, limit in ((False, 30), (True, 6)):
        cuts, floods = virtual_time.run(amplifier_clock._cut(random.Random(3), is_warned=is_warned))
        assert all(cut is not None and cut <= limit for cut in cuts)
        assert None not in floods
