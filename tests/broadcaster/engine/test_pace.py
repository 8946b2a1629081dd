"""SAFETY G4: what is sent when late, and what is skipped."""

from hypothesis import given
from hypothesis import strategies as st

from broadcaster.engine.pace import BURST_LIMIT, LATE_LIMIT, next_due

PACKET_TIMES = st.sampled_from([48, 240, 480, 960])


@given(PACKET_TIMES, st.integers(0, 10**9), st.integers(0, 100_000))
def test_at_most_four_packets_leave_back_to_back_and_nothing_older_than_20_ms(time, first, late):
    sample, now = first * time, first * time + late
    sent = []
    while sample <= now:
        due = next_due(sample, now, time)
        assert (due.sample - sample) == due.skipped * time
        sent.append(due.sample)
        sample = due.sample + time
    assert len(sent) <= BURST_LIMIT
    assert all(now - at <= max(LATE_LIMIT, time) for at in sent)
    assert now - sent[-1] < time


@given(PACKET_TIMES, st.integers(0, 10**6))
def test_up_to_20_ms_and_four_packets_late_nothing_is_skipped(time, first):
    late = min(LATE_LIMIT, BURST_LIMIT * time - 1)
    assert next_due(first * time, first * time + late, time).skipped == 0


def test_early_is_not_late():
    assert next_due(960, 0, 240).sample == 960
