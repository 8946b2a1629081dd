"""How often one may ask, and how long one waits."""

from broadcaster.console.rates import FREE_ATTEMPTS, LONGEST_WAIT, MOST_REMEMBERED, Lockout, Rates


def test_a_burst_passes_then_the_rate_holds():
    rates = Rates(2.0, 3.0)
    assert [rates.wait("a", 0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert rates.wait("b", 0.0) == 0.0
    assert rates.wait("a", 0.5) == 0.0
    assert rates.wait("a", 0.5) == 0.5


def test_waits_double_up_to_a_limit():
    lockout, now, waits = Lockout(), 0.0, []
    for _ in range(FREE_ATTEMPTS + 14):
        lockout.failed("kim", "here", now)
        waits.append(lockout.wait("kim", "here", now))
        now += waits[-1]
        assert lockout.wait("kim", "here", now) == 0.0
    assert waits[: FREE_ATTEMPTS + 2] == [0.0] * (FREE_ATTEMPTS - 1) + [1.0, 2.0, 4.0]
    assert waits[-1] == LONGEST_WAIT
    lockout.succeeded("kim", "here")
    assert lockout.wait("kim", "here", now) == 0.0


def test_neither_remembers_without_bound():
    rates, lockout = Rates(1.0, 1.0), Lockout()
    for number in range(MOST_REMEMBERED + 100):
        rates.wait(str(number), 0.0)
        lockout.failed(str(number), "here", 0.0)
    assert len(rates._buckets) == len(lockout._failed) == MOST_REMEMBERED
