"""Which plan decided which sample, and what is not known of it."""

import zlib
from contextlib import closing

import pytest

from broadcaster.ear.plan_history import PlanHistory
from broadcaster.ear.plan_reader import PlanReader
from broadcaster.engine.plan import Part, Plan
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.engine.shared_block import Adoption
from tests.broadcaster.engine.studio import ANCHOR, claim, make_stream, until
from zones.bus import ClaimId
from zones.sound import Silence

STREAMS = (make_stream(0, "239.1.1.1", 5004),)


def plan(revision, part=Part.CONTROL):
    quiet = Silence()
    claims = (claim(f"{part.value} {revision}", quiet, start=0),)
    return Plan(part, revision, ANCHOR, STREAMS, {"quiet": quiet}, claims)


def history(*plans, stamps=None):
    made = PlanHistory(lambda claims: {c: s for c, s in (stamps or {}).items() if c in claims})
    for each in plans:
        made.add(each)
    return made


def on_air(made, begin, end):
    """(begin, end, claims) of each span; a sentence instead of claims when they are unknown."""
    return [
        (span.begin, span.end, {c.id for c in span.played.mixes[STREAMS[0].id].claims})
        if span.played
        else (span.begin, span.end, span.why)
        for span in made.spans(begin, end)
    ]


def test_each_plan_decides_from_its_adoption_on():
    made = history(plan(1), plan(2))
    made.note([Adoption(Part.CONTROL, 1, 100), Adoption(Part.CONTROL, 2, 200)])
    assert on_air(made, 150, 250) == [(150, 200, {"control 1"}), (200, 250, {"control 2"})]
    assert on_air(made, 200, 250) == [(200, 250, {"control 2"})]


def test_parts_are_united_and_both_may_change_at_one_sample():
    made = history(plan(1), plan(1, Part.LOCAL))
    made.note([Adoption(Part.CONTROL, 1, 100), Adoption(Part.LOCAL, 1, 100)])
    assert on_air(made, 100, 200) == [(100, 200, {"control 1", "local 1"})]


def test_what_came_before_the_first_adoption_is_unknown():
    made = history(plan(1))
    assert on_air(made, 0, 10) == [(0, 10, "no engine has taken up a plan yet")]
    made.note([Adoption(Part.CONTROL, 1, 100)])
    first, _ = on_air(made, 90, 110)
    assert first == (90, 100, "nothing is known of what came before")


def test_a_plan_nobody_read_is_unknown_and_the_next_one_is_known_again():
    made = history(plan(1), plan(3))
    made.note([Adoption(Part.CONTROL, revision, 100 * revision) for revision in (1, 2, 3)])
    spans = on_air(made, 150, 350)
    assert spans[1] == (200, 300, "plan control 2 was replaced before it could be read")
    assert spans[2] == (300, 350, {"control 3"})


def test_a_log_that_is_not_whole_leaves_the_other_part_as_it_was():
    made = history(plan(500), plan(7, Part.LOCAL))
    made.note([Adoption(Part.CONTROL, 500, 100)], is_whole=False)
    assert on_air(made, 100, 200) == [(100, 200, {"control 500", "local 7"})]


def test_stamps_are_looked_up_when_they_are_needed():
    quiet = Silence()
    waiting = claim("w", quiet)
    stamps: dict[ClaimId, int] = {}
    made = history(Plan(Part.CONTROL, 1, ANCHOR, STREAMS, {"q": quiet}, (waiting,)), stamps=stamps)
    made.note([Adoption(Part.CONTROL, 1, 100)])
    (span,) = made.spans(100, 200)
    assert span.played.mixes[STREAMS[0].id].on_air(150) is None
    stamps[waiting.id] = 140
    made = history(Plan(Part.CONTROL, 1, ANCHOR, STREAMS, {"q": quiet}, (waiting,)), stamps=stamps)
    made.note([Adoption(Part.CONTROL, 1, 100)])
    (span,) = made.spans(100, 200)
    assert span.played.mixes[STREAMS[0].id].on_air(139) is None
    assert span.played.mixes[STREAMS[0].id].on_air(140).id == "w"
    assert not span.played.waiting


def test_it_stays_small():
    made = history()
    for revision in range(1, 200):
        made.add(plan(revision))
        made.note([Adoption(Part.CONTROL, revision, revision * 48_000)])
        list(made.spans(revision * 48_000, revision * 48_000 + 10))
        made.forget(revision * 48_000)
    assert len(made._plans[Part.CONTROL]) <= 32
    assert len(made._adoptions) <= 12
    assert len(made._played) <= 12


# --- reading ------------------------------------------------------------------------------------


@pytest.fixture
def file(run_directory):
    with PlanFile(plan_path(run_directory, Part.CONTROL)) as made:
        yield made


def read(made, revisions, last):
    """Which of `revisions` are known when each decided ten samples."""
    made.note([Adoption(Part.CONTROL, r, 10 * r) for r in revisions])
    spans = {span.begin // 10: span.played for span in made.spans(10, 10 * last + 10)}
    return [revision for revision in revisions if spans[revision] is not None]


def test_both_slots_are_read_at_the_start(run_directory, file):
    for revision in (1, 2, 3):
        file.write(plan(revision))
    made = history()
    with closing(PlanReader(run_directory, made)):
        assert read(made, (1, 2, 3), 3) == [2, 3]


def test_every_revision_is_read_by_itself(run_directory, file):
    made = history()
    with closing(PlanReader(run_directory, made)):
        for revision in range(1, 8):
            file.write(plan(revision))
            until(lambda r=revision: r in made._plans[Part.CONTROL], "it was read")
        assert read(made, tuple(range(1, 8)), 7) == list(range(1, 8))


def test_a_plan_that_cannot_be_read_is_passed_over(run_directory, file, caplog):
    made = history()
    with closing(PlanReader(run_directory, made)) as reader:
        file.write(plan(1))
        reader.look()
        older, text = 1 - file._newest(), b'{"plan": 99}'
        start = 4096 + older * (8 << 20)
        file._map[start : start + len(text)] = text
        file._words[2 + 3 * older : 5 + 3 * older] = (2, len(text), zlib.crc32(text))
        reader.look()
        assert "cannot be read" in caplog.text
        file.write(plan(3))
        reader.look()
        assert read(made, (1, 2, 3), 3) == [1, 3]
