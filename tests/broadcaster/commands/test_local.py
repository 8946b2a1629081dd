"""`broadcaster local`: a warning by hand with nothing alive but an engine (SAFETY I2)."""

import json
import socket
from dataclasses import dataclass, field

import numpy as np
import pytest
from click.testing import CliRunner

from broadcaster.commands.local import local
from broadcaster.engine.local_part import clear_claims, prepared, read_local
from tests.broadcaster.engine.studio import (
    Studio,
    claim,
    drain,
    make_stream,
    music,
    noise,
    receive,
    receiver,
    samples_at,
    until,
    whole,
)
from zones.bus import ClaimId
from zones.media_time import RATE
from zones.sound import Sequence


@dataclass
class Station(Studio):
    """A studio on the air with one staged message."""

    samples: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int16))
    voice: np.ndarray = field(default_factory=lambda: noise(2, RATE))
    began: int = 0
    receiver: socket.socket = field(default_factory=socket.socket)


@pytest.fixture
def station(run_directory, state_directory, multicast_group, free_port):
    """An engine on the air in two zones, with one staged message and no control."""
    made = Station(run_directory, state_directory)
    group, port = multicast_group(), free_port()
    streams = (make_stream(0, group, port), make_stream(1, multicast_group(), port))
    made.samples, programme = music(made)
    message = Sequence(loop=(whole(made.put(made.voice), RATE),))
    made.began = made.now()
    claims = [claim("programme", programme, zone=s.zone, start=made.began) for s in streams]
    made.plan(streams, {"music": programme, "message smoke": message}, claims)
    made.receiver.close()
    with receiver(group, port) as made.receiver:
        made.start()
        receive(made.receiver, 1)
        yield made
    made.close()


def run(station, *arguments):
    given = [*arguments, "--run", str(station.run)]
    if arguments[0] == "play":
        given += ["--state", str(station.state)]
    return CliRunner().invoke(local, given)


def test_a_warning_sounds_without_control_and_ends_when_withdrawn(station):
    result = run(station, "play", "smoke", "--zones", "z0", "--json")
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert facts["first_packet_ms"] > 0

    def speaks():
        (packet,) = receive(station.receiver, 1)
        at = (samples_at(packet, facts["start"]) - facts["start"]) % RATE
        return (np.frombuffer(packet.payload, ">i2") == station.voice[at : at + 240]).all()

    until(speaks, "the warning is on the wire")
    assert run(station, "withdraw", facts["claim"]).exit_code == 0
    drain(station.receiver)

    def plays():
        (packet,) = receive(station.receiver, 1)
        at = samples_at(packet, station.began) - station.began
        wanted = station.samples[np.arange(at, at + 240) % len(station.samples)]
        return (np.frombuffer(packet.payload, ">i2") == wanted).all()

    until(plays, "the programme is back at its live position")


def test_the_act_is_written_down_before_it_sounds(station):
    facts = json.loads(run(station, "play", "smoke", "--zones", "all", "--json").stdout)
    written = json.loads((station.state / "spool" / f"{facts['claim']}.json").read_text())
    assert written["message"] == "smoke"
    assert written["zones"] == ["z0", "z1"]
    assert written["who"]


def test_a_dead_disk_does_not_keep_it_from_sounding(station):
    (station.state / "spool").write_text("in the way")
    result = run(station, "play", "smoke", "--zones", "z0")
    assert result.exit_code == 0
    assert "could not be written down" in result.stderr
    assert "on air in 1 zones" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("play", "flood", "--zones", "z0"), "message 'flood' is not staged; there are: smoke"),
        (("play", "smoke", "--zones", "z9,z0"), "no zone z9; there are: z0, z1, or all"),
        (("play", "smoke", "--zones", ","), "no zone given"),
        (("play", "smoke", "--zones", "z0", "--priority", "20"), "20 is not in the range"),
        (("withdraw", "nothing"), "no claim 'nothing' was put on air here"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(station, arguments, says):
    result = run(station, *arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert read_local(station.run) is None


def test_without_a_station_it_says_so(tmp_path):
    result = CliRunner().invoke(local, ["list", "--run", str(tmp_path)])
    assert result.exit_code == 2
    assert "there is no station in" in result.stderr


def test_what_control_took_over_is_controls_to_decide(station):
    facts = json.loads(run(station, "play", "smoke", "--zones", "z0", "--json").stdout)
    listed = json.loads(run(station, "list", "--json").stdout)
    assert listed == {"messages": ["smoke"], "zones": ["z0", "z1"], "claims": [facts["claim"]]}
    revision = clear_claims(station.run, frozenset({ClaimId(facts["claim"])}))
    station.wait_adopted(revision)
    local_part = read_local(station.run)
    assert local_part is not None
    assert local_part.claims == ()
    assert set(prepared(station.run)[0]) == {"smoke"}
