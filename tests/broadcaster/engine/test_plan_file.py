"""Two slots: a reader finds a whole plan at any moment, whatever the writer is doing."""

import threading
from dataclasses import replace

import pytest

from broadcaster.engine.plan import Part, Plan, PlanError
from broadcaster.engine.plan_file import PlanFile, plan_path
from tests.broadcaster.engine.studio import ANCHOR, PATIENCE


def plan(revision: int) -> Plan:
    return Plan(Part.CONTROL, revision, ANCHOR)


@pytest.fixture
def path(tmp_path):
    return plan_path(tmp_path, Part.CONTROL)


def test_the_newest_plan_is_read_and_the_one_before_is_kept(path):
    with PlanFile(path) as writer, PlanFile(path) as reader:
        assert reader.read() is None
        for revision in (1, 2, 3):
            writer.write(plan(revision))
        assert reader.read() == plan(3)
        assert reader.read(older=True) == plan(2)


def test_a_revision_that_does_not_rise_is_refused(path):
    with PlanFile(path) as writer:
        writer.write(plan(5))
        with pytest.raises(PlanError, match="does not rise above 5"):
            writer.write(plan(5))


def test_a_torn_slot_is_passed_over(path):
    with PlanFile(path) as writer, PlanFile(path) as reader:
        writer.write(plan(1))
        content = bytearray(path.read_bytes())
        at = content.index(b'{"plan"')
        with path.open("r+b") as file:
            file.seek(at + 3)
            file.write(b"X")
        assert reader.read() is None
        assert reader.revision == 1


def test_readers_sleep_until_a_plan_is_published(path):
    with PlanFile(path) as writer, PlanFile(path) as reader:
        woken = threading.Event()
        bell = reader.bell

        def sleep() -> None:
            if reader.wait(bell, PATIENCE):
                woken.set()

        thread = threading.Thread(target=sleep)
        thread.start()
        writer.write(plan(1))
        assert woken.wait(PATIENCE)
        thread.join(PATIENCE)
        assert not reader.wait(reader.bell, 0.0)
        writer.ring()
        assert reader.wait(bell, PATIENCE)


def test_a_foreign_file_is_refused(path):
    path.write_bytes(b"not a plan")
    with pytest.raises(PlanError, match="is no plan file"):
        PlanFile(path)


def test_the_files_survive_their_writer(path):
    with PlanFile(path) as writer:
        writer.write(replace(plan(7)))
    with PlanFile(path) as successor:
        assert successor.revision == 7
        successor.write(plan(8))
        assert successor.read() == plan(8)
