"""A power cut loses no durable row, and what it leaves is never taken for damage."""

import pytest

from tests.broadcaster.journal.cutting import (
    CannotTraceError,
    lost_at_cuts,
    recorded,
    survivors,
)
from tests.broadcaster.journal.power_cut import Disk


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """What a recorder did to the files of its journal, and where."""
    place = tmp_path_factory.mktemp("recorded")
    directory = place / "state"
    directory.mkdir()
    try:
        return directory, recorded(directory, place / "trace")
    except CannotTraceError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    "cuts", [60, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)
def test_no_durable_row_is_lost_at_a_power_cut(recording, tmp_path, cuts):
    directory, done = recording
    lost, durable = lost_at_cuts(directory, done, cuts, cuts, tmp_path / "after")
    assert lost == set()
    assert durable > 400


def test_the_replay_of_everything_is_what_was_written(recording):
    directory, done = recording
    disk = Disk(directory, is_kind=True)
    for call in done:
        disk.take(*call)
    image = disk.whole()
    assert set(image) == {path.name for path in directory.iterdir()}
    assert all((directory / name).read_bytes() == content for name, content in image.items())


def test_a_disk_that_syncs_nothing_is_found_out(recording, tmp_path):
    # The simulator itself: without syncs, durable rows are lost.
    directory, done = recording
    disk = Disk(directory, is_kind=True)
    for call in done:
        if call[0] != "fdatasync":
            disk.take(*call)
    durable = set(disk.said.decode().split())
    assert not durable <= survivors(disk.image(None), tmp_path / "after")
