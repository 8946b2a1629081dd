"""A whole controller and its journal: an act is durable when it is answered, whoever is killed."""

import asyncio
import json

import pytest

from broadcaster.journal.reader import JournalReader
from broadcaster.link import connect
from tests.broadcaster.ingest import sounds
from tests.broadcaster.station import broadcaster, kill, station

pytestmark = pytest.mark.slow


@pytest.fixture
def on_air(run_directory, tmp_path, multicast_group, free_port):
    """A controller with all its processes up."""
    with station(
        run_directory, tmp_path, multicast_group(), multicast_group(), free_port()
    ) as made:
        made.ready()
        yield made


@pytest.fixture
def message(tmp_path):
    return sounds.write(tmp_path / "message.wav", sounds.WAV, sounds.tone(0.5))


def _play(on_air, message, *options):
    places = ("--run", on_air.run.path, "--zones", "upper", "--repeat", "--json")
    done = broadcaster("play", message, *places, *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _acts(on_air, claim):
    rows = JournalReader(on_air.state).rows(subject=claim)
    return [json.loads(row.facts)["act"] for row in rows if row.kind == "act"]


async def _withdraw(on_air, claim):
    async with connect(on_air.run.control_socket, "test") as link:
        return await link.command("withdraw", who="test", claim=claim)


def test_acts_are_on_the_disk_when_they_are_answered(on_air, message):
    answer = _play(on_air, message)
    assert answer["durable"] is True
    kill(on_air.pid("control"))
    assert _acts(on_air, answer["claim"]) == ["play"]
    on_air.successor("control", 0)
    on_air.ready()
    withdrawn = asyncio.run(_withdraw(on_air, answer["claim"]))
    assert withdrawn["durable"] is True
    assert _acts(on_air, answer["claim"]) == ["play", "withdraw"]
    checked = broadcaster("journal", "verify", "--state", on_air.state)
    assert checked.returncode == 0, checked.stderr
    assert "all as they were written" in checked.stdout


def test_a_dead_journal_delays_no_act_and_is_said(run_directory, tmp_path, message, request):
    # Where the head is kept there is a directory: nothing can be opened.
    (tmp_path / "state" / "journal.head").mkdir(parents=True)
    (tmp_path / "state").chmod(0o700)
    on_air = request.getfixturevalue("on_air")
    answer = _play(on_air, message)
    assert answer["on_air"] == ["upper"]
    assert answer["durable"] is False
    assert "directory" in answer["not_durable"]
    faults = on_air.until(lambda: on_air.facts().get("faults"), "there is a fault")
    assert any("the journal is not written" in fault for fault in faults)
    (tmp_path / "state" / "journal.head").rmdir()
    on_air.until(lambda: _recorded(on_air, answer["claim"]), "the act is recorded")


def _recorded(on_air, claim):
    head = on_air.state / "journal.head"
    return head.is_file() and (on_air.state / "journal.db").exists() and _acts(on_air, claim)
