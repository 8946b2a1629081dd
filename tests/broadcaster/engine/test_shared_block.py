"""The shared block: what one process writes, another reads, and a boot begins it anew."""

import pytest

from broadcaster.engine.plan import Part
from broadcaster.engine.shared_block import (
    ADOPTIONS,
    STAMPS,
    Adoption,
    SharedBlock,
    SharedBlockError,
    leg_key,
)
from zones.bus import ClaimId
from zones.media_time import BootId, MediaClock
from zones.site import StreamId

CLOCK = MediaClock(BootId("boot-1"), -12345)


@pytest.fixture
def pair(tmp_path):
    """The block as its writer and as a reader see it."""
    writer, reader = SharedBlock(tmp_path / "engine"), SharedBlock(tmp_path / "engine")
    writer.begin_boot(CLOCK)
    yield writer, reader
    writer.close()
    reader.close()


def test_the_clock_is_made_once_a_boot(pair):
    writer, reader = pair
    assert reader.clock == CLOCK
    assert writer.begin_boot(MediaClock(BootId("boot-1"), 99)) == CLOCK


def test_a_new_boot_empties_it(pair):
    writer, reader = pair
    writer.stamp(ClaimId("c"), 7, ())
    writer.note_adopted(Adoption(Part.CONTROL, 3, 480))
    later = MediaClock(BootId("boot-2"), -1)
    assert writer.begin_boot(later) == later
    assert reader.stamps([ClaimId("c")]) == {}
    assert reader.adoptions() == ()


def test_before_the_first_boot_there_is_no_clock(tmp_path):
    block = SharedBlock(tmp_path / "engine")
    assert block.clock is None
    block.close()


def test_stamps_are_kept_and_rows_of_forgotten_claims_used_again(pair):
    writer, reader = pair
    names = [ClaimId(f"c{i}") for i in range(STAMPS)]
    for at, name in enumerate(names):
        writer.stamp(name, at, ())
    assert reader.stamps(names[:3]) == {names[0]: 0, names[1]: 1, names[2]: 2}
    writer.stamp(ClaimId("new"), 99, keep=names[:2])
    assert reader.stamps([ClaimId("new"), *names[:3]]) == {"new": 99, names[0]: 0, names[1]: 1}


def test_too_many_stamps_at_once_are_refused(pair):
    writer, _ = pair
    names = [ClaimId(f"c{i}") for i in range(STAMPS)]
    for name in names:
        writer.stamp(name, 0, ())
    with pytest.raises(SharedBlockError, match="no row is left"):
        writer.stamp(ClaimId("one more"), 0, keep=names)


def test_the_last_adoptions_are_kept_in_order(pair):
    writer, reader = pair
    for revision in range(1, ADOPTIONS + 50):
        writer.note_adopted(Adoption(Part.CONTROL, revision, revision * 240))
    seen = reader.adoptions()
    assert seen[-1] == Adoption(Part.CONTROL, ADOPTIONS + 49, (ADOPTIONS + 49) * 240)
    assert [a.revision for a in seen] == list(range(seen[0].revision, ADOPTIONS + 50))
    assert len(seen) > ADOPTIONS // 2


def test_a_first_tick_that_did_not_end_is_seen(pair):
    writer, reader = pair
    writer.note_adopting(Part.LOCAL, 9)
    assert (reader.adopting(Part.LOCAL), reader.adopting(Part.CONTROL)) == (9, 0)
    writer.note_adopted(Adoption(Part.LOCAL, 9, 0))
    assert reader.adopting(Part.LOCAL) == 0


def test_legs_keep_their_rows_and_counts(pair):
    writer, reader = pair
    a, b = StreamId("a"), StreamId("b")
    rows = writer.leg_rows([leg_key(a, 0), leg_key(a, 1), leg_key(b, 0)])
    writer.fields["legs"]["packets"][rows] = [10, 20, 30]
    assert writer.leg_rows([leg_key(b, 0), leg_key(a, 0)]) == [rows[2], rows[0]]
    counts = reader.leg_counts({a: 2, b: 1, StreamId("c"): 1})
    assert {key: count.packets for key, count in counts.items()} == {
        (a, 0): 10, (a, 1): 20, (b, 0): 30
    }  # fmt: skip


def test_a_death_remembers_what_was_in_force(pair):
    writer, reader = pair
    writer.note_adopted(Adoption(Part.CONTROL, 4, 0))
    writer.note_death(77)
    (death,) = reader.deaths()
    assert (death.ns, death.revisions[Part.CONTROL], death.revisions[Part.LOCAL]) == (77, 4, 0)


def test_a_foreign_file_is_refused(tmp_path):
    (tmp_path / "engine").write_bytes(b"something else")
    with pytest.raises(SharedBlockError, match="no shared block of this version"):
        SharedBlock(tmp_path / "engine")
