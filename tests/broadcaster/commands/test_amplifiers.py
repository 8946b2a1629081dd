"""The commands about amplifiers and faults, as typed against a running watch."""

import asyncio
import json
import threading

import pytest
from click.testing import CliRunner

from broadcaster.commands.amplifiers import amplifiers, faults, replace, sweep
from broadcaster.link import CommandRefusedError, LinkServer

FAULT = {
    "id": "amp-05/line.short/2", "kind": "line.short", "severity": "critical", "there": True,
    "subject": "amp-05", "cause": None, "standing": "new", "flapping": False, "shelved": None,
    "maintenance": None, "children": [], "neighbours": ["stream-4"], "over_utc": None,
    "since_utc": "2026-07-01T12:00:00+00:00",
    "sentence": {"ko": "x", "en": "amp-05, output 2, speakers 56–61: speaker line short"},
    "what_to_do": {"ko": "x", "en": "look for crushed or wet cable"},
}  # fmt: skip
BRIEF = {
    "id": "amp-05", "address": "10.77.0.15", "arrived": None, "answered_s": 3.2, "has_agent": True,
    "unsupervised": ["fan"],
}  # fmt: skip


class Watching:
    """A watch that answers as told, in a thread with its own loop."""

    def __init__(self, place):
        self.asked = []
        self.server = LinkServer(place / "watch.sock", "watch", self.answer, dict)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self.serve(),))
        self.stop = asyncio.Event()
        self.thread.start()

    async def serve(self):
        running = asyncio.create_task(self.server.run())
        await self.stop.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def answer(self, command):
        self.asked.append(command)
        match command["name"]:
            case "report":
                polls = {"answered": 9, "missed": 1, "refused": 0}
                return {"amplifiers": [BRIEF], "faults": [FAULT], "polls": polls}
            case "faults":
                return {"faults": [FAULT]}
            case "reset":
                raise CommandRefusedError("it is still there")
            case "sweep":
                one = {"amplifier": "amp-01", "address": "10.0.0.7", "expected": "10.0.0.1"}
                return {"found": [{**one, "by": "snmp"}], "missing": ["amp-02"], "unknown": []}
        until = "2026-07-02T12:00:00+00:00"
        return {"faults": [FAULT["id"]], "until_utc": until, "address": "10.0.0.1"}

    def close(self):
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def watching(tmp_path):
    made = Watching(tmp_path)
    while not (tmp_path / "watch.sock").exists():
        made.thread.join(0.01)
    yield made
    made.close()


def run(command, place, *words):
    return CliRunner().invoke(command, ["--run", str(place), *words], catch_exceptions=False)


def test_the_list_tells_ill_from_well_and_what_is_unsupervised(watching, tmp_path):
    found = run(amplifiers, tmp_path)
    assert found.exit_code == 1
    assert "arrival unsupervised" in found.output
    assert "line.short, 1 unsupervised" in found.output
    assert "9 polls answered, 1 not" in found.output
    assert json.loads(run(amplifiers, tmp_path, "--json").output)["faults"][0]["id"] == FAULT["id"]


def test_a_fault_is_listed_with_place_time_and_what_to_do(watching, tmp_path):
    found = run(faults, tmp_path, "list")
    assert found.exit_code == 1
    assert "CRITICAL  amp-05/line.short/2  new" in found.output
    assert "look for crushed or wet cable" in found.output
    assert "beside it: stream-4" in found.output


def test_faults_without_a_word_more_lists_them(watching, tmp_path):
    assert run(faults, tmp_path).output == run(faults, tmp_path, "list").output
    assert json.loads(run(faults, tmp_path, "--json").output)[0]["id"] == FAULT["id"]


def test_what_was_put_aside_or_worked_on_ends_when_somebody_says_so(watching, tmp_path):
    assert "no longer" in run(faults, tmp_path, "shelve", FAULT["id"], "--end").output
    assert watching.asked[-1]["end"] is True
    assert "no more" in run(amplifiers, tmp_path, "maintain", "amp-05", "--end").output
    for words in (["--hours", "2"], ["--reason", "x"], ["--end", "--hours", "2"]):
        assert run(faults, tmp_path, "shelve", FAULT["id"], *words).exit_code == 2


def test_acts_carry_who_and_what(watching, tmp_path):
    assert run(faults, tmp_path, "ack", FAULT["id"]).output == f"Acknowledged {FAULT['id']}.\n"
    assert watching.asked[-1]["fault"] == FAULT["id"]
    assert watching.asked[-1]["who"]
    run(faults, tmp_path, "shelve", "all", "--hours", "2", "--reason", "part ordered")
    assert (watching.asked[-1]["hours"], watching.asked[-1]["reason"]) == (2.0, "part ordered")
    assert "looked at anew" in run(replace, tmp_path, "amp-05", "--address", "10.0.0.1").output
    assert watching.asked[-1]["address"] == "10.0.0.1"


def test_a_refusal_is_handed_on(watching, tmp_path):
    with pytest.raises(CommandRefusedError, match="still there"):
        run(faults, tmp_path, "reset", FAULT["id"])


def test_a_sweep_tells_who_moved_and_who_is_missing(watching, tmp_path):
    found = run(sweep, tmp_path)
    assert found.exit_code == 1
    assert "moved from 10.0.0.1" in found.output
    assert "missing  amp-02" in found.output
