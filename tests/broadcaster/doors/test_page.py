"""docs/detection.md does what it says: its programs are run, its files are read."""

import asyncio
import re
import sys

import pytest

from alerts.detection import parse_rules
from alerts.detection.event_json import parse_event
from tests.alerts.detection.ground import site
from tests.broadcaster.doors.door_ground import LIMIT, FakeControl, doors, key
from tests.house.checkout import ROOT

PAGE = (ROOT / "docs/detection.md").read_text()


def block(language):
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.S)
    assert found
    return found[1]


def test_the_event_is_one():
    assert parse_event(block("json").encode()).confidence == 0.86


def test_the_rules_are_right():
    assert parse_rules(block("yaml"), "my-rules.yaml", site()).warnings == ()


@pytest.mark.parametrize(("language", "program"), [("python", sys.executable), ("sh", "sh")])
async def test_the_programs_sign_so_that_the_door_takes_it(
    run_directory, state_directory, tmp_path, language, program
):
    script = tmp_path / "send"
    script.write_text(block(language))
    ours = key()
    async with (
        FakeControl(run_directory / "control.sock").running() as control,
        doors(run_directory, state_directory, ours) as url,
    ):
        process = await asyncio.create_subprocess_exec(
            *(program, str(script), url, ours.id, ours.secret.hex()),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(LIMIT):
            said, _ = await process.communicate()
        assert b'"is":"exercise"' in said, said
        assert control.events[0].event.source == "cam-031"
