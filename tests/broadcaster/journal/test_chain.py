"""The chain of rows shows every change, wherever it is made."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.journal import EntryError, Kind
from broadcaster.journal.chain import Head, Origin, Row, cut_off, draft, follow, linked
from tests.broadcaster.journal.written import entry

_ORIGIN = Origin("a-journal", "2026-07-01T05:30:00.000Z")
_TEXT = st.text(max_size=20)
_DRAFTS = st.lists(
    st.builds(
        lambda subject, title, at: draft(entry(1, subject=subject, facts={"t": title}, at=at)),
        _TEXT,
        _TEXT,
        st.none() | st.integers(0, 1 << 60),
    ),
    min_size=1,
    max_size=12,
)


def _chain(drafts):
    return linked(_ORIGIN.head, drafts)


@given(_DRAFTS)
def test_a_chain_holds(drafts):
    rows = _chain(drafts)
    head, broken = follow(_ORIGIN.head, rows)
    assert broken is None
    assert head == Head(len(rows), rows[-1].digest)
    assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))


@given(_DRAFTS, st.data())
def test_a_changed_field_is_found_at_its_row(drafts, data):
    rows = _chain(drafts)
    at = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from(["kind", "utc", "at", "subject", "facts", "digest"]))
    row = rows[at]
    changed = {
        "at": (row.at or 0) + 1,
        "digest": bytes([row.digest[0] ^ 1, *row.digest[1:]]),
    }.get(name, f"{getattr(row, name)} ")
    rows[at] = replace(row, **{name: changed})
    head, broken = follow(_ORIGIN.head, rows)
    assert broken is not None
    assert broken.sequence == at + 1
    assert head.sequence == at


@given(_DRAFTS, st.data())
def test_a_removed_row_is_named(drafts, data):
    rows = _chain([*drafts, drafts[0]])
    at = data.draw(st.integers(0, len(rows) - 2))
    del rows[at]
    _, broken = follow(_ORIGIN.head, rows)
    assert broken is not None
    assert broken.sequence == at + 1
    assert "it is missing" in str(broken)


@given(_DRAFTS, st.data())
def test_rows_that_change_places_are_found(drafts, data):
    rows = _chain([*drafts, draft(entry(99))])
    at = data.draw(st.integers(0, len(rows) - 2))
    first, second = rows[at], rows[at + 1]
    rows[at] = replace(second, sequence=first.sequence)
    rows[at + 1] = replace(first, sequence=second.sequence)
    _, broken = follow(_ORIGIN.head, rows)
    assert broken is not None
    assert broken.sequence == at + 1


def test_fields_cannot_flow_into_each_other():
    ground = draft(entry(1))
    first = replace(ground, subject="a", facts="b")
    second = replace(ground, subject='a","b', facts="")
    assert _chain([first])[0].digest != _chain([second])[0].digest


@pytest.mark.parametrize(
    "other",
    [
        replace(_ORIGIN, journal="another"),
        replace(_ORIGIN, created="2026-07-01T05:30:00.001Z"),
        replace(_ORIGIN, previous_file="journal.damaged.db"),
        replace(_ORIGIN, previous_sequence=1),
        replace(_ORIGIN, previous_digest=b"1"),
    ],
)
def test_another_origin_is_another_chain(other):
    assert other.head.digest != _ORIGIN.head.digest


def test_an_anchor_beyond_the_head_shows_what_was_cut_off():
    rows = _chain([draft(entry(number)) for number in range(5)])
    anchor = Head(5, rows[-1].digest)
    head, _ = follow(_ORIGIN.head, rows[:3])
    assert str(cut_off(head, anchor)) == "row 4: all rows up to 5 are missing at the end"
    assert cut_off(anchor, head) is None


def test_the_form_that_is_hashed_never_changes():
    # A journal of today must be verifiable with the version of any later day.
    one = draft(entry(7))
    assert one.utc == "2026-07-01T05:30:07.000Z"
    assert one.facts == '{"act":"play","number":7,"title":"대피 안내"}'
    (row,) = _chain([one])
    assert row == Row(1, "act", one.utc, 3360, "claim-7", one.facts, row.digest)
    assert row.digest.hex() == "06ddcebf6a2f91aa01fa4e5010335139f906bb9570130761ef9f24e375360c62"


@pytest.mark.parametrize(
    "facts", [{"x": float("nan")}, {"x": {1, 2}}, {("a",): 1}, {"x": "a" * 70_000}]
)
def test_facts_that_are_no_json_are_refused_with_the_subject(facts):
    with pytest.raises(EntryError, match="claim-1"):
        draft(entry(1, facts=facts))


def test_an_entry_without_a_time_zone_is_refused():
    with pytest.raises(EntryError, match="time zone"):
        entry(1, utc=entry(1).utc.replace(tzinfo=None))


def test_half_a_surrogate_pair_is_written_as_a_question_mark():
    assert draft(entry(1, subject="a\ud800", facts={"t": "\udfff"})).subject == "a?"


@pytest.mark.parametrize("kind", [Kind.ACT, Kind.ALERT, Kind.AUDIT])
def test_what_is_precious_is_never_only_counted(kind):
    with pytest.raises(EntryError, match="only counted"):
        entry(1, kind, storm="all")
