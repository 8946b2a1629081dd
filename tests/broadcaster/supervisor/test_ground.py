"""What a controller finds and makes before it starts anything."""

from contextlib import ExitStack, closing

import pytest

from broadcaster.engine.plan import Part
from broadcaster.engine.plan_file import plan_path
from broadcaster.engine.shared_block import SharedBlock
from broadcaster.interfaces import InterfaceError
from broadcaster.run_directory import RunDirectory, RunDirectoryError, StateDirectory, this_boot
from broadcaster.supervisor.ground import Options, prepare
from tests.broadcaster.station import write_site
from zones.media_time import RATE, BootId, MediaClock


@pytest.fixture
def options(run_directory, tmp_path, multicast_group, free_port):
    config = write_site(tmp_path, multicast_group(), multicast_group(), free_port())
    return Options(config, RunDirectory(run_directory), StateDirectory(tmp_path / "state"))


def test_the_clock_of_a_boot_is_begun_once_and_kept(options):
    clocks = []
    for _ in range(2):
        with ExitStack() as resources:
            clocks.append(prepare(options, resources).clock)
    assert clocks[0] == clocks[1]
    assert clocks[0].boot == this_boot()
    assert -(1 << 32) * 1e9 / RATE <= clocks[0].offset_ns <= 0


def test_two_stations_begin_at_different_timestamps(options, run_directory):
    offsets = set()
    for name in ("one", "two"):
        run = RunDirectory(run_directory / name)
        with ExitStack() as resources:
            place = Options(options.config, run, options.state)
            offsets.add(prepare(place, resources).clock.offset_ns)
    assert len(offsets) == 2


def test_plans_of_another_boot_are_not_played_by_this_ones_clock(options):
    options.run.make()
    with closing(SharedBlock(options.run.engine)) as block:
        block.begin_boot(MediaClock(BootId("the boot before"), -1))
    for part in Part:
        plan_path(options.run.path, part).write_bytes(b"a plan")
    with ExitStack() as resources:
        assert prepare(options, resources).clock.boot == this_boot()
    assert not any(plan_path(options.run.path, part).exists() for part in Part)


def test_plans_of_this_boot_stay(options):
    with ExitStack() as resources:
        prepare(options, resources)
    plan_path(options.run.path, Part.LOCAL).write_bytes(b"a plan")
    with ExitStack() as resources:
        prepare(options, resources)
    assert plan_path(options.run.path, Part.LOCAL).read_bytes() == b"a plan"


def test_what_was_taken_is_released_when_something_is_wrong(options):
    wrong = Options(options.config, options.run, options.state, interface="eth7")
    with (
        pytest.raises(InterfaceError, match="there is no interface eth7"),
        ExitStack() as resources,
    ):
        prepare(wrong, resources)
    assert options.run.holder() is None


def test_a_block_of_another_version_is_one_sentence(options):
    options.run.make()
    options.run.engine.write_bytes(b"something else")
    with (
        pytest.raises(RunDirectoryError, match="no shared block of this version: remove it"),
        ExitStack() as resources,
    ):
        prepare(options, resources)
