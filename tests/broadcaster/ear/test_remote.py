"""An ear on another host: what it counts, and what the station makes of its reports."""

import asyncio
import json

import numpy as np
import pytest
from aiohttp import ClientSession, web

from broadcaster.doors.admission import Admission
from broadcaster.doors.clock import DoorClock
from broadcaster.doors.ears import EARS_PATH, EarsDoor
from broadcaster.doors.keys_file import KeyRing, keys_path
from broadcaster.doors.nonces import Nonces
from broadcaster.ear.batch import EarLeg
from broadcaster.ear.remote import NotReportedError, Reporter
from broadcaster.ear.remote_count import SAMPLED, HeardStream, RemoteCount, digest
from broadcaster.ear.remote_verdict import MOST_EARS, RemoteEars, ReportError
from broadcaster.engine.packet import HEADER
from broadcaster.link import LinkServer
from broadcaster.multicast import Datagrams
from broadcaster.run_directory import StateDirectory
from broadcaster.witness import Fact
from tests.broadcaster.station import broadcaster
from zones.bus import ZoneId
from zones.media_time import RATE
from zones.stream_format import StreamId

LEG = EarLeg(StreamId("upper"), ZoneId("upper"), 0, "Upper", RATE)
SSRC = 77
NOW = 1000 * RATE
TIME = 240


def packets(count, first=0, ssrc=SSRC, skip=(), spoil=()):
    """Datagrams as the engine sends them from sequence number `first` on, in columns."""
    numbers = [n for n in range(first, first + count) if n not in skip]
    headers = np.zeros(len(numbers), HEADER)
    headers["flags"], headers["type"], headers["ssrc"] = 0x80, 96, ssrc
    headers["sequence"] = [n % 65536 for n in numbers]
    headers["timestamp"] = [n * TIME % 2**32 for n in numbers]
    octets = np.zeros((len(numbers), 12 + 20), np.uint8)
    octets[:, :12] = headers.view(np.uint8).reshape(len(numbers), 12)
    octets[:, 12:] = np.array([[n % 251] * 20 for n in numbers], np.uint8)
    for n in spoil:
        octets[numbers.index(n), 20] ^= 1
    lengths = np.full(len(numbers), 32, np.intp)
    return headers, octets, lengths


def batch(columns):
    headers, octets, lengths = columns
    zeros = np.zeros(len(headers), np.int64)
    return Datagrams(
        zeros.astype(np.intp), octets, lengths, zeros.astype(np.uint32), zeros.astype(np.uint16),
        zeros, False,
    )  # fmt: skip


LAST = NOW // TIME


def ears(sent=400):
    """A station that has just heard itself send."""
    made = RemoteEars([LEG])
    made.sent.note(batch(packets(sent, LAST - sent)), [LEG], NOW)
    return made


def reported(*columns, ssrc=SSRC):
    count = RemoteCount(ssrc)
    for each in columns:
        count.hear(*each)
    return count.report()


def verdict(report, station=None):
    station = station or ears()
    station.hear("post", {"upper": report}, NOW)
    (witness,) = station.witnesses(NOW)
    return witness


# --- counting ---


def test_packets_are_counted_and_some_digested():
    report = reported(packets(200, LAST - 200))
    assert (report["packets"], report["expected"], report["strangers"]) == (200, 200, 0)
    assert len(report["digests"]) in (200 // SAMPLED, 200 // SAMPLED + 1)


def test_losses_twins_late_ones_and_strangers_are_told_apart():
    lost = reported(packets(100, 60_000, skip=range(60_010, 60_030)))
    assert (lost["packets"], lost["expected"]) == (80, 100)
    twice = reported(packets(10, 5), packets(10, 5))
    assert (twice["packets"], twice["expected"]) == (20 - 1, 10)
    strange = reported(packets(5, 5, ssrc=1))
    assert (strange["packets"], strange["strangers"], strange["timestamp"]) == (0, 5, None)


def test_sequence_numbers_wrap_and_a_stream_begun_anew_is_no_loss():
    assert reported(packets(100, 65_500))["expected"] == 100
    assert reported(packets(10, 5), packets(10, 30_000))["expected"] == 20


def test_a_report_tells_only_what_came_since_the_last():
    count = RemoteCount(SSRC)
    count.hear(*packets(100, 0))
    count.report()
    assert count.report()["packets"] == 0
    count.hear(*packets(10, 110))
    assert (count.report()["packets"], count.report()["expected"]) == (10, 0)


# --- judging ---


def test_the_same_packets_there_as_here_have_arrived():
    witness = verdict(reported(packets(200, LAST - 200)))
    assert (witness.by, witness.fact, witness.value) == ("ear post", Fact.ARRIVED, True)
    assert (witness.zone, witness.stream) == ("upper", "upper")
    assert NOW - 2 * TIME <= witness.at <= NOW
    assert witness.detail["ratio"] == 1.0


def test_one_wrong_packet_is_enough():
    wrong = next(n for n in range(LAST - 100, LAST) if n % 65536 % SAMPLED == 0)
    witness = verdict(reported(packets(200, LAST - 200, spoil=[wrong])))
    assert witness.value is False
    assert "other sound" in witness.detail["fault"]


@pytest.mark.parametrize(("lost", "value"), [(15, True), (25, False)])
def test_a_tenth_may_be_lost(lost, value):
    skip = range(LAST - 190, LAST - 190 + lost)
    assert verdict(reported(packets(200, LAST - 200, skip=skip))).value is value


def test_nothing_there_while_we_send_does_not_arrive_and_while_we_do_not_nobody_knows():
    nothing = RemoteCount(SSRC).report()
    assert verdict(nothing).value is False
    assert verdict(nothing, RemoteEars([LEG])).value is None


def test_packets_that_were_not_heard_here_prove_nothing():
    assert verdict(reported(packets(200, LAST - 200)), RemoteEars([LEG])).value is None
    assert verdict(reported(packets(200, LAST - 200)), ears(sent=10)).value is None


def test_an_ear_that_fell_silent_is_forgotten_and_another_speaks_for_itself():
    station = ears()
    station.hear("post", {"upper": reported(packets(200, LAST - 200))}, NOW)
    station.hear("bridge", {"upper": RemoteCount(SSRC).report()}, NOW)
    assert {one.by: one.value for one in station.witnesses(NOW)} == {
        "ear post": True,
        "ear bridge": False,
    }
    assert list(station.witnesses(NOW + 61 * RATE)) == []


@pytest.mark.parametrize(
    "report",
    [
        None,
        [],
        {"upper": 3},
        {"upper": {"packets": 1}},
        {"upper": {"packets": -1, "expected": 1, "timestamp": 1, "digests": []}},
        {"upper": {"packets": 1, "expected": 1, "timestamp": 2**32, "digests": []}},
        {"upper": {"packets": 1, "expected": 1, "timestamp": 1, "digests": [5]}},
        {"upper": {"packets": 1e999, "expected": 1, "timestamp": 1, "digests": []}},
    ],
)
def test_what_is_no_report_is_refused(report):
    with pytest.raises(ReportError):
        ears().hear("post", report, NOW)


def test_ears_and_what_they_may_speak_of_are_bounded():
    station = ears()
    assert station.hear("post", {"nowhere": {}}, NOW) == {}
    for number in range(MOST_EARS - 1):
        station.hear(f"ear-{number}", {}, NOW)
    with pytest.raises(ReportError, match="report already"):
        station.hear("one more", {}, NOW)


def test_a_stream_to_listen_to_is_read_exactly():
    stream = HeardStream("upper", "239.192.77.1", 5004, SSRC)
    assert HeardStream.of(stream.fields()) == stream
    with pytest.raises(ValueError, match="no port"):
        HeardStream.of({**stream.fields(), "port": 0})
    assert len(digest(b"x")) == 16


# --- the way to the station ---


@pytest.fixture
async def door(tmp_path):
    """A door for ears on a real port, a station's ear behind it, and how to make keys."""
    state = StateDirectory(tmp_path / "state")
    state.make()
    heard = []

    async def asked(command):
        heard.append(command)
        return {"streams": [], "verdicts": {"upper": True}}

    server = LinkServer(tmp_path / "e.sock", "ear", asked, dict)
    clock = DoorClock()
    nonces = Nonces(state.path / "nonces", clock.now())
    app = web.Application()
    ears_door = EarsDoor(Admission(KeyRing(keys_path(state)), nonces, clock), tmp_path / "e.sock")
    app.router.add_post(EARS_PATH, ears_door.answer)
    runner = web.AppRunner(app, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()

    def reporter(*options):
        made = broadcaster("keys", "add", "post", "--state", state.path, "--json", *options)
        key = json.loads(made.stdout)
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return Reporter(url, key["id"], bytes.fromhex(key["secret"]))

    yield reporter, server, heard
    await runner.cleanup()
    nonces.close()


async def reply(reporter):
    async with ClientSession() as session:
        return await reporter.report(session, {"streams": {"upper": {}}})


async def test_a_signed_report_reaches_the_stations_ear(door):
    made, server, heard = door
    reporter = made("--kind", "ear")
    with pytest.raises(NotReportedError, match="503"):
        await reply(reporter)
    running = asyncio.create_task(server.run())
    await server.listening.wait()
    assert (await reply(reporter))["verdicts"] == {"upper": True}
    assert (heard[0]["ear"], heard[0]["streams"]) == ("post", {"upper": {}})
    forged = Reporter(reporter.url, reporter.key, bytes(32))
    with pytest.raises(NotReportedError, match="401"):
        await reply(forged)
    assert len(heard) == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_key_of_a_camera_is_no_ear(door):
    made, _, heard = door
    with pytest.raises(NotReportedError, match="keys add --kind ear"):
        await reply(made("--kind", "smoke"))
    assert heard == []


async def test_a_station_that_is_not_there_is_said():
    with pytest.raises(NotReportedError, match="cannot be reached"):
        await reply(Reporter("http://127.0.0.1:9", "k", b"s"))
