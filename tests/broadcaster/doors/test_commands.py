"""`broadcaster keys`, `event` and `rules`, as one types them."""

import asyncio
import json

import pytest
from click.testing import CliRunner

from broadcaster.cli import broadcaster
from broadcaster.doors.keys_file import keys_path, read_keys
from broadcaster.picture_store import PictureStore
from broadcaster.run_directory import StateDirectory
from tests.broadcaster.doors.door_ground import FakeControl, doors, smoke, water
from tests.house.checkout import ROOT


def typed(*words, **options):
    return CliRunner().invoke(broadcaster, [str(word) for word in words], **options)


def add(state, *words, name="vms-1"):
    done = typed("keys", "add", name, "--state", state, "--json", *words)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_keys_are_made_listed_rotated_and_revoked(state_directory):
    made = add(state_directory, "--source", "cam-031", "--kind", "smoke", "--level", "warning")
    assert len(made["secret"]) == 64
    shown = typed("keys", "list", "--state", state_directory).stdout
    assert f"{made['id']}  valid  sources cam-031; kinds smoke; up to warning" in shown
    assert made["secret"] not in shown
    renewed = typed("keys", "rotate", "vms-1", "--state", state_directory).stdout
    assert "it is not shown again" in renewed
    assert "valid until" in typed("keys", "list", "--state", state_directory).stdout
    typed("keys", "revoke", "vms-1", "--state", state_directory)
    listed = json.loads(typed("keys", "list", "--state", state_directory, "--json").stdout)
    assert [each["valid"] for each in listed["keys"]] == [False, False]
    assert all("secret" not in each for each in listed["keys"])


def test_a_name_is_given_once_and_must_be_one(state_directory):
    add(state_directory)
    again = typed("keys", "add", "vms-1", "--state", state_directory)
    assert "is there: rotate it" in str(again.exception)
    assert typed("keys", "add", "VMS 1", "--state", state_directory).exit_code == 2
    assert "no keys yet" in typed("keys", "list", "--state", state_directory / "other").stdout


async def test_an_event_is_signed_and_sent(run_directory, state_directory, tmp_path):
    add(state_directory)
    common = ("--key", "vms-1", "--run", run_directory, "--state", state_directory)
    lines = tmp_path / "events.jsonl"
    lines.write_text("".join(json.dumps(each) + "\n" for each in (smoke(), smoke("cam-999"))))

    def send(*words):
        return asyncio.to_thread(typed, "event", "send", *words, *common)

    keys = read_keys(keys_path(StateDirectory(state_directory)))
    async with (
        FakeControl(run_directory / "control.sock").running() as control,
        doors(run_directory, state_directory, *keys),
    ):
        one = await send("--source", "hongje-level", "--kind", "water_level", "--value", 1.7,
                         "--unit", "m")  # fmt: skip
        assert one.exit_code == 0, one.output
        assert "hongje-level" in one.stdout
        assert ", alert " in one.stdout
        seen = await send("--source", "guard-1", "--kind", "manual", "--hazard", "wildfire",
                          "--zone", "hill-1")  # fmt: skip
        assert ", alert " in seen.stdout
        many = await send(lines)
        assert "cam-031" in many.stdout
        assert "unknown_source" in many.stdout
        wrong = await send("--source", "cam-031", "--kind", "smoke", "--value", 3)
        assert wrong.exit_code == 1
        assert "422" in wrong.stdout
        assert len(control.events) == 4


def test_where_there_is_no_door_it_says_so(run_directory, state_directory):
    add(state_directory)
    common = ("--run", run_directory, "--state", state_directory)
    event = ("--source", "cam-031", "--kind", "smoke")
    closed = typed("event", "send", "--key", "vms-1", *event, *common)
    assert (closed.exit_code, "no doors are open" in closed.output) == (2, True)
    stranger = typed("event", "send", "--key", "nobody", *event, *common)
    assert "broadcaster keys add nobody" in stranger.output
    url = ("--url", "http://127.0.0.1:9/ingest/v1/events")
    refused = typed("event", "send", "--key", "vms-1", *event, *common, *url)
    assert "does not answer" in refused.output
    ftp = typed("event", "send", "--key", "vms-1", *event, *common, "--url", "ftp://x/")
    assert "no http:// or https:// address" in ftp.output


def test_a_picture_is_decrypted(state_directory, tmp_path):
    name = PictureStore(StateDirectory(state_directory)).keep(b"a picture")
    output = tmp_path / "seen.jpg"
    where = ("--output", output, "--state", state_directory)
    assert typed("event", "picture", name, *where).exit_code == 0
    assert output.read_bytes() == b"a picture"
    assert "not the name of a picture" in typed("event", "picture", "../keys.json", *where).output


# --- rules ---

CONFIG = ("--config", ROOT / "config.yaml")


def test_the_shipped_rules_are_right_and_say_who_is_missing():
    done = typed("rules", "check", *CONFIG)
    assert done.exit_code == 0
    assert "right. 12 rules" in done.stdout
    assert "authorised" in done.stderr
    assert json.loads(typed("rules", "check", *CONFIG, "--json").stdout)["ok"] is True


def test_a_hazard_no_message_speaks_of_is_odd(tmp_path):
    own = tmp_path / "rules.yaml"
    own.write_text(
        "schema: 1\nrules:\n"
        "  a: {hazard: wildfires, kinds: smoke, confidence: {enter: 0.6}, level: caution}\n"
    )
    done = typed("rules", "check", *CONFIG, "--rules", own)
    assert done.exit_code == 0
    assert 'did you mean "wildfire"?' in done.stderr


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_wrong_rules_are_told_all_at_once(tmp_path, form):
    own = tmp_path / "rules.yaml"
    own.write_text("schema: 1\nrules:\n  a: {hazard: flood}\n  b: {level: loud}\n")
    done = typed("rules", "check", *CONFIG, "--rules", own, *form)
    assert done.exit_code == 2
    assert 'rule \\"a\\"' in done.output or 'rule "a"' in done.output
    assert "loud" in done.output


def test_a_recording_is_played_through_the_rules_and_explained(tmp_path):
    recording = tmp_path / "events.jsonl"
    recording.write_text(json.dumps(water(1.8)) + "\n")
    shown = typed("rules", "test", recording, *CONFIG).stdout
    assert "flood evacuate in stream-1" in shown
    assert "sounds at once" in shown
    played = json.loads(typed("rules", "test", recording, *CONFIG, "--json").stdout)
    assert played["asked"][0]["level"] == "evacuate"
    story = typed("rules", "explain", "all", "--events", recording, *CONFIG).stdout
    assert "rule water-evacuate asks for evacuate at once" in story
    recording.write_text("{}\n")
    wrong = typed("rules", "test", recording, *CONFIG)
    assert "line 1/kind" in wrong.output


def test_without_a_station_there_is_nothing_to_explain(run_directory):
    done = typed("rules", "explain", "all", "--run", run_directory)
    assert "no control runs in" in done.output
