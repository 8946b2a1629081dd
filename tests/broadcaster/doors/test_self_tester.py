"""The hidden self-test goes through the real door, and only by the door's own key."""

import pytest

from broadcaster.doors.keys_file import KeyRing, keys_path
from broadcaster.doors.self_tester import SelfTester, own_key
from broadcaster.run_directory import StateDirectory
from broadcaster.self_test import KEY, SENT_NS
from tests.broadcaster.doors.door_ground import FakeControl, doors, key


@pytest.fixture
async def control(run_directory):
    async with FakeControl(run_directory / "control.sock").running() as running:
        yield running


async def test_a_self_test_is_signed_admitted_and_handed_to_control(
    run_directory, state_directory, control
):
    ours = own_key()
    async with doors(run_directory, state_directory, ours) as url:
        assert await SelfTester(url, ours).send() == ""
    (event,) = control.events
    assert (event.via, event.event.source, event.event.mode.value) == (KEY, KEY, "test")
    assert isinstance(event.event.vendor[SENT_NS], int)


async def test_by_another_key_it_is_refused(run_directory, state_directory, control):
    async with doors(run_directory, state_directory, key()) as url:
        assert (await SelfTester(url, own_key()).send()).startswith("401")
    assert control.events == []


def test_its_key_is_kept_nowhere(state_directory):
    ours = own_key()
    ring = KeyRing(keys_path(StateDirectory(state_directory)), ours)
    assert ring.refreshed().named(ours.id) is ours
    assert not keys_path(StateDirectory(state_directory)).exists()
