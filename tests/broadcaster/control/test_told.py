"""What the notices process reports: shown beside the alert, recorded, and a fault when it lasts."""

import pytest

from broadcaster.control.acts import Answered, Recorded
from broadcaster.control.play_order import RefusedError
from broadcaster.control.told import FAILED_LONG, MOST_ALERTS, ToldBook
from broadcaster.control.wire import read_command
from broadcaster.journal.entry import Kind
from tests.broadcaster.control.bench import CLOCK, NOON, site
from zones.media_time import WallAnchor

ANCHOR = WallAnchor(0, NOON)
BOARD = {"name": "entrance", "kind": "board", "state": "sent", "at": "2026-11-22T12:00:00+00:00"}


def report(*entries, alert="a1", key="k"):
    fields = {"name": "told", "key": key, "who": "notices", "alert": alert}
    return read_command({**fields, "entries": list(entries)}, site(), CLOCK, 0)


def recorded(effects):
    return [entry for one in effects if isinstance(one, Recorded) for entry in one.entries]


def test_a_report_is_shown_and_every_change_of_it_recorded_once():
    book = ToldBook()
    effects = book.take(report(BOARD), ANCHOR, 0.0)
    assert effects[-1] == Answered("k")
    [entry] = recorded(effects)
    assert (entry.kind, entry.subject) == (Kind.AUDIT, "a1")
    assert entry.facts["name"] == "entrance"
    assert book.of("a1") == [{**BOARD, "detail": ""}]
    assert recorded(book.take(report({**BOARD, "detail": "x"}), ANCHOR, 1.0)) == []
    assert len(recorded(book.take(report({**BOARD, "state": "confirmed"}), ANCHOR, 2.0))) == 1
    assert book.of("another") == []


def test_what_fails_for_long_is_a_fault_until_it_is_told():
    book = ToldBook()
    failed = {**BOARD, "state": "failed", "detail": "connection refused"}
    book.take(report(failed, alert=""), ANCHOR, 0.0)
    book.take(report(failed, alert=""), ANCHOR, FAILED_LONG - 1)
    assert list(book.faults(FAILED_LONG - 1)) == []
    assert list(book.faults(2 * FAILED_LONG)) == [
        'board "entrance" could not be told for 2 min: connection refused'
    ]
    book.take(report(BOARD, alert=""), ANCHOR, 2 * FAILED_LONG)
    assert list(book.faults(3 * FAILED_LONG)) == []


def test_a_sound_output_that_is_missing_is_a_fault_in_its_own_words():
    book = ToldBook()
    silent = {**BOARD, "kind": "sound", "state": "failed", "detail": "no sound device"}
    book.take(report(silent, alert=""), ANCHOR, 0.0)
    assert list(book.faults(2 * FAILED_LONG)) == [
        "the server's own sound output is silent: no sound device"
    ]


def test_only_the_newest_alerts_are_kept():
    book = ToldBook()
    failed = {**BOARD, "state": "failed"}
    book.take(report(failed, alert=""), ANCHOR, 0.0)
    for number in range(MOST_ALERTS + 5):
        book.take(report(failed, alert=f"a{number}"), ANCHOR, 0.0)
    assert book.of("a4") == []
    assert book.of("a6")
    assert book.of("")
    # What one alert lacked is shown with it; a fault is what cannot be told now.
    assert len(list(book.faults(1000.0))) == 1


@pytest.mark.parametrize(
    "entry", [1, {}, {**BOARD, "state": "heard"}, {**BOARD, "kind": "x"}, {**BOARD, "name": 1}]
)
def test_what_is_no_report_is_refused(entry):
    with pytest.raises(RefusedError):
        report(entry)
