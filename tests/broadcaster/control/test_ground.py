"""What the plan takes from the site beside its streams: announcements, a name to report under."""

import os

from broadcaster.control.ground import ground_of, version_of
from tests.broadcaster.control.bench import CLOCK, ground, site, started
from zones.site import with_interface


def test_the_plan_announces_every_stream_from_the_address_it_is_sent_from():
    core = started()
    # Nobody is told of the stream of the self-test.
    assert len(core.plan.datagrams) == len(core.plan.streams) - 1 == 14
    assert all(b"IN IP4 192.0.2.1" in datagram.payload for datagram in core.plan.datagrams)
    assert core.plan.cname == ground().cname != ""


def test_without_an_address_streams_are_sent_unannounced():
    made = ground_of(with_interface(site(), "absent-0"), bytes(32), CLOCK, {}, 1)
    assert (len(made.streams), made.datagrams) == (14, ())


def test_the_version_rises_with_a_change_of_the_file_or_of_one_it_names(tmp_path):
    config, named = tmp_path / "config.yaml", tmp_path / "speakers.yaml"
    named.write_text("- {}\n")
    config.write_text("speakers: speakers.yaml\n")
    for time, file in ((1000, named), (2000, config), (3000, named)):
        os.utime(file, (time, time))
    os.utime(config, (2000, 2000))
    assert version_of(config) in (2000, 3000)
    os.utime(config, (4000, 4000))
    assert version_of(config) == 4000
