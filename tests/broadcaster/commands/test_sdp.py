"""Session descriptions on the command line."""

import json

import pytest
from click.testing import CliRunner

from broadcaster.commands.sdp import sdp
from broadcaster.control.ground import ground_of
from broadcaster.engine.plan import Part, Plan
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.run_directory import ProcessTable
from broadcaster.site_reader import read_site
from tests.broadcaster.engine.studio import ANCHOR
from tests.house.checkout import ROOT
from zones.media_time import BootId, MediaClock
from zones.site import with_interface

CONFIG = ROOT / "config.yaml"


def ran(*arguments):
    return CliRunner().invoke(sdp, [str(argument) for argument in arguments])


@pytest.fixture
def station(run_directory):
    """A run directory as a station leaves it, with a plan that announces the reference site."""
    site = with_interface(read_site(CONFIG), "127.0.0.1")
    (names,) = {f"127.0.0.1/ttl{stream.ttl}/dscp{stream.dscp}" for stream in site.streams}
    sources = {names: ("127.0.0.1", 40_404)}
    made = ground_of(site, b"s" * 32, MediaClock(BootId("b"), 0), sources, 7)
    with PlanFile(plan_path(run_directory, Part.CONTROL)) as file:
        file.write(Plan(Part.CONTROL, 1, ANCHOR, made.streams, datagrams=made.datagrams))
    table = ProcessTable(1, BootId("b"), str(CONFIG), "", "127.0.0.1", sources, ())
    table.write(run_directory / "processes.json")
    return run_directory, made


def test_a_running_station_describes_what_it_announces(station):
    run, made = station
    said = json.loads(ran("--run", run, "--json").stdout)["streams"]
    assert [one["stream"] for one in said] == [stream.id for stream in made.streams]
    for one, datagram in zip(said, made.datagrams, strict=True):
        assert datagram.payload.endswith(one["sdp"].encode())
        assert one["sources"] == [{"address": "127.0.0.1", "port": 40_404}]


def test_what_is_not_announced_is_described_from_the_site_file(station):
    run, made = station
    with PlanFile(plan_path(run, Part.CONTROL)) as file:
        file.write(Plan(Part.CONTROL, 2, ANCHOR, made.streams))
    text = ran("--run", run, made.streams[0].zone).stdout
    assert f"o=- {made.streams[0].ssrc} 1 IN IP4 127.0.0.1\n" in text
    assert text.count("v=0") == 1


def test_a_site_file_need_not_be_on_air():
    done = ran("--config", CONFIG, "--interface", "127.0.0.1")
    assert done.exit_code == 0
    assert done.stdout.count("a=source-filter: incl IN IP4") == 14


def test_unknown_names_and_no_station_are_said(station, tmp_path):
    done = ran("--run", station[0], "nowhere")
    assert (done.exit_code, "no stream or zone 'nowhere'" in done.output) == (2, True)
    done = ran("--run", tmp_path)
    assert (done.exit_code, "nothing runs in" in done.output) == (2, True)
