"""Which amplifier a notification is about, and whether it is news."""

from broadcaster.watch.notified import FOLDS, Notification, Notified
from firmware_profiles.fault_kind import FaultKind

LINE, STRANGE = (1, 3, 6, 1, 4, 1, 32473, 77, 2, 1), (1, 3, 6, 1, 4, 1, 9)


def notified():
    places = {"10.77.0.11": "amp-01", "10.77.0.12": "amp-02"}

    def about(name, oid):
        return (FaultKind.LINE_SHORT,) if (name, oid) == ("amp-01", LINE) else None

    return Notified(places.get, about)


def said(source="10.77.0.11", oid=LINE, agent="", values=()):
    return Notification(source, agent or source, oid, values)


def test_a_known_trap_says_where_to_look_and_for_what():
    assert notified().take(said(), 0.0) == ("amp-01", (FaultKind.LINE_SHORT,))


def test_a_trap_the_profile_does_not_know_starts_a_look_all_the_same():
    made = notified()
    assert made.take(said(oid=STRANGE), 0.0) == ("amp-01", ())
    assert made.counts["unconfirmed"] == 1


def test_the_agents_own_address_counts_before_that_of_a_relay():
    assert notified().take(said("192.168.9.9", agent="10.77.0.12"), 0.0) == ("amp-02", ())


def test_a_repetition_is_counted_and_no_news_until_it_is_old():
    made = notified()
    assert made.take(said(), 0.0)
    assert made.take(said(), FOLDS - 1) is None
    assert made.take(said(), 3 * FOLDS)
    assert made.counts == {"verified": 2, "unconfirmed": 0, "duplicate": 1, "stranger": 0}


def test_what_comes_from_no_amplifier_is_counted_only():
    made = notified()
    assert made.take(said("10.0.0.1"), 0.0) is None
    assert made.counts["stranger"] == 1


def test_what_is_remembered_is_bounded():
    made = notified()
    for number in range(10_000):
        made.take(said(oid=(1, 3, number)), 0.0)
    assert len(made._folded) <= 4_096
