"""Reports and announcements: on time, spread out, and from the engine alone."""

from typing import Any

from broadcaster.engine.announcement import announcement, deletion
from broadcaster.engine.bulletins import Bulletins
from broadcaster.engine.packet import sample_near
from broadcaster.engine.plan import Datagram, Part, Plan
from broadcaster.engine.report import INTERVAL, NtpMapping, Report, parse_report
from broadcaster.engine.shared_block import SharedBlock, leg_key
from tests.broadcaster.engine.studio import (
    ANCHOR,
    SOCKET,
    make_stream,
    receive,
    receiver,
    sending_socket,
    until,
)
from zones.media_time import RATE
from zones.sound import Silence


def parsed(text: bytes) -> Report:
    report = parse_report(text)
    assert report is not None
    return report


class Ledger:
    """A socket that writes down what it is given."""

    def __init__(self) -> None:
        self.sent: list[tuple[tuple[str, int], bytes]] = []

    def sendto(self, text, flags, address):
        self.sent.append((address, text))


def made(tmp_path, count, datagrams=(), cname="sorigil", now=0):
    streams = [make_stream(index, f"239.1.2.{index}", 5004) for index in range(count)]
    plan = Plan(Part.CONTROL, 1, ANCHOR, tuple(streams), datagrams=datagrams, cname=cname)
    block = SharedBlock(tmp_path / "engine")
    keys = [leg_key(stream.id, 0) for stream in streams]
    rows = dict(zip(keys, block.leg_rows(keys), strict=True))
    ledger = Ledger()
    sockets: Any = {SOCKET: ledger}
    bulletins = Bulletins({Part.CONTROL: plan}, streams, sockets, rows, block, now)
    return bulletins, ledger, block, rows


def play(bulletins, begin, end, tick=240):
    """How many left at each tick of [begin, end)."""
    counts = []
    for sample in range(begin, end, tick):
        count = 0
        while bulletins.due <= sample:
            bulletins.send_next(sample)
            count += 1
        counts.append(count)
    return counts


def test_every_stream_reports_every_five_seconds_and_never_two_in_a_tick(tmp_path):
    now = 123_456 * 240
    bulletins, ledger, block, _ = made(tmp_path, 14, now=now)
    counts = play(bulletins, now, now + 4 * INTERVAL)
    assert max(counts) == 1
    reports = [parsed(text) for _, text in ledger.sent]
    for ssrc in {report.ssrc for report in reports}:
        assert len([report for report in reports if report.ssrc == ssrc]) == 4
    assert {address[1] for address, _ in ledger.sent} == {5005}
    block.close()


def test_reports_share_one_mapping_and_one_name(tmp_path):
    bulletins, ledger, block, rows = made(tmp_path, 5)
    block.fields["legs"]["packets"][list(rows.values())] = 1000
    play(bulletins, 0, INTERVAL)
    mapping = NtpMapping.by(ANCHOR)
    for _, text in ledger.sent:
        report = parsed(text)
        sample = sample_near(report.rtp, RATE, INTERVAL // 2)
        assert report.ntp == mapping.ntp_at(sample)
        assert (report.cname, report.packets) == ("sorigil", 1000)
        assert report.octets == 1000 * 480
        assert not report.is_leaving
    block.close()


def test_without_a_name_nothing_is_reported(tmp_path):
    bulletins, ledger, block, _ = made(tmp_path, 3, cname="")
    assert play(bulletins, 0, INTERVAL) == [0] * (INTERVAL // 240)
    bulletins.say_goodbye(0)
    assert ledger.sent == []
    block.close()


def test_what_was_missed_is_not_made_up_for(tmp_path):
    bulletins, ledger, block, _ = made(tmp_path, 1)
    play(bulletins, 10 * INTERVAL, 10 * INTERVAL + 240)
    assert len(ledger.sent) == 1
    block.close()


def test_only_a_goodbye_takes_leave(tmp_path):
    told = Datagram(SOCKET, "239.255.255.255", 9875, RATE, b"here", b"gone")
    bulletins, ledger, block, _ = made(tmp_path, 2, datagrams=(told,))
    play(bulletins, 0, INTERVAL)
    assert (("239.255.255.255", 9875), b"gone") not in ledger.sent
    ledger.sent.clear()
    bulletins.say_goodbye(INTERVAL)
    assert [parsed(text).is_leaving for _, text in ledger.sent[:2]] == [True, True]
    assert ledger.sent[2:] == [(("239.255.255.255", 9875), b"gone")]
    block.close()


def test_a_dropped_stream_takes_leave_once(tmp_path):
    news = tuple(
        Datagram(SOCKET, f"239.2.2.{n}", 9875, RATE, b"here", b"gone", about=1000 + n)
        for n in range(2)
    )
    before, _, first, _ = made(tmp_path, 2, datagrams=news)
    after, ledger, block, _ = made(tmp_path, 1, datagrams=news[:1])
    after.take_leave(before, 480)
    play(after, 240, INTERVAL)
    leaving = [
        (address, report.ssrc)
        for address, text in ledger.sent
        if address[1] == 5005 and (report := parsed(text)).is_leaving
    ]
    assert leaving == [(("239.1.2.1", 5005), 1001)]
    assert [address for address, text in ledger.sent if text == b"gone"] == [("239.2.2.1", 9875)]
    ledger.sent.clear()
    play(after, INTERVAL, 3 * INTERVAL)
    after.say_goodbye(3 * INTERVAL)
    assert not [text for address, text in ledger.sent if address[0].endswith("2.1")]
    first.close()
    block.close()


def test_a_refused_destination_stops_nothing(tmp_path):
    bulletins, _, block, _ = made(tmp_path, 2)
    with sending_socket() as s:
        bulletins._sockets = {SOCKET: s}
        s.connect(("127.0.0.1", 9))  # every send to another address is refused now
        s.close()
        assert sum(play(bulletins, 0, INTERVAL)) == 2
    block.close()


def test_they_come_from_the_engine_on_real_multicast(studio, multicast_group, free_port):
    group, port, sap_port = multicast_group(), free_port(), free_port()
    session = "v=0\r\n"
    told = Datagram(
        *(SOCKET, group, sap_port, RATE),
        *(announcement(session, "127.0.0.1"), deletion(session, "127.0.0.1")),
    )
    studio.plan([make_stream(0, group, port)], {"s": Silence()}, [], datagrams=(told,), cname="x@y")
    with (
        receiver(group, port) as sound,
        receiver(group, port + 1) as control,
        receiver(group, sap_port) as announcements,
    ):
        studio.start()
        receive(sound, 1)
        assert announcements.recv(2048) == announcement(session, "127.0.0.1")
        report = parsed(control.recv(2048))
    assert report.cname == "x@y"
    assert (report.ssrc, report.octets) == (1000, report.packets * 480)
    packets = until(
        lambda: studio.block.leg_counts({make_stream(0, group, port).id: 1}), "the block counts"
    )
    assert next(iter(packets.values())).packets >= report.packets > 0
    assert abs(sample_near(report.rtp, RATE, studio.now()) - studio.now()) < 10 * RATE
