"""What a reload changes, and which streams it would interrupt."""

import dataclasses

import pytest

from tests.zones.small_site import SMALL_SITE, parsed, spoilt
from zones.site import Site
from zones.site_change import _TABLES, _VALUES, Kind, interrupted, site_changes

OLD = parsed()


def changed(*pairs):
    """The changes after a few replacements in the small site."""
    text = SMALL_SITE
    for old, new in pairs:
        text = spoilt(old, new, text)
    return site_changes(OLD, parsed(text))


def test_the_same_file_changes_nothing():
    assert site_changes(OLD, parsed()) == ()
    assert changed(("schema: 1", "schema: 1  # a note")) == ()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("night: -30 dB}", "night: -24 dB}",
         'zone "upper": levels_db: [[day, -12], [night, -30]] -> [[day, -12], [night, -24]]'),
        ("warning_level: 0 dB", "warning_level: -1 dB",
         'zone "upper": warning_level_db: 0 -> -1'),
        ("en: Upper}\n    path", "en: High}\n    path",
         'zone "upper": name: 상류 / Upper -> 상류 / High'),
        ("exits: [bridge]", "exits: []", 'zone "upper": exits: [bridge] -> []'),
        ("time_zone: Asia/Seoul", "time_zone: Asia/Tokyo", "time zone: Asia/Seoul -> Asia/Tokyo"),
        ("recordings: music/", "recordings: news/",
         "programme: [music/ in [upper, lower]] -> [news/ in [upper, lower]]"),
        ("budget: 20 GB", "budget: 1 GB", "store budget: 20000000000 -> 1000000000"),
        ("mtu: 9000", "mtu: 1500", 'network "spare": mtu: 9000 -> 1500'),
        ("interface: eth2", "interface: eth3", 'network "spare": interface: eth2 -> eth3'),
        ("distance: 20 m", "distance: 21 m", 'speaker "rock-1": distance_m: 20 -> 21'),
        ("[37.579, 126.939]", "[37.578, 126.939]",
         'speaker "rock-1": at: 37.579,126.939 -> 37.578,126.939'),
        ("evidence: state", "evidence: sample\n    period: 1 s",
         'camera "cam-214": evidence: state -> sample'),
        ("77.2, port: 5004", "77.2, port: 5004, delay: 1 s", 'stream "lower": delay: 0 -> 48000'),
        ("77.2, port: 5004", "77.2, port: 5004, min_priority: 224",
         'stream "lower": min_priority: 0 -> 224'),
        ("    quiet_hours: 22:00-06:00\n", "",
         'zone "lower": quiet_hours: [22:00, 06:00] -> nothing'),
        ("    polygon: [[37.59, 126.93], [37.59, 126.95], [37.56, 126.94], [37.59, 126.93]]\n", "",
         'zone "upper": polygon: [37.59,126.93, 37.59,126.95, 37.56,126.94, 37.59,126.93] -> []'),
    ],
)  # fmt: skip
def test_what_only_shapes_the_sound_takes_effect_without_a_gap(old, new, sentence):
    changes = changed((old, new))
    assert str(changes[0]) == sentence
    assert interrupted(changes) == frozenset()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("77.2, port: 5004", "77.2, port: 5006",
         'stream "lower": legs: [audio 239.192.77.2:5004] -> [audio 239.192.77.2:5006] '
         '(starts lower anew)'),
        ("77.2, port: 5004", "77.2, port: 5004, ttl: 9",
         'stream "lower": ttl: 8 -> 9 (starts lower anew)'),
        ("77.2, port: 5004", "77.2, port: 5004, dscp: BE",
         'stream "lower": dscp: 46 -> 0 (starts lower anew)'),
    ],
)  # fmt: skip
def test_what_the_packets_show_starts_that_stream_anew(old, new, sentence):
    changes = changed((old, new))
    assert [str(change) for change in changes] == [sentence]
    assert interrupted(changes) == {"lower"}


def test_another_interface_starts_every_stream_on_it_anew():
    changes = changed(("interface: 127.0.0.1", "interface: eth1"))
    assert [str(change) for change in changes] == [
        'network "audio": interface: 127.0.0.1 -> eth1 (starts upper, lower anew)'
    ]


def test_a_new_stream_interrupts_no_other():
    changes = changed(
        ("streams:\n", "streams:\n  more: {zone: upper, address: 239.192.77.3, port: 5004}\n")
    )
    assert [str(change) for change in changes] == ['stream "more" is new']
    assert interrupted(changes) == frozenset()


def test_what_is_gone_is_told_with_what_it_was():
    [change] = changed(
        ("  rock-2: {output: amp-2/1, distance: 220 m, at: [37.578, 126.938]}\n", "")
    )
    assert str(change) == 'speaker "rock-2" is gone'
    assert change.kind is Kind.REMOVED
    assert change.before == OLD.speakers[1]


def test_there_and_back_name_the_same_parts():
    new = parsed(spoilt("ttl: 8", "ttl: 9", spoilt("mtu: 9000", "mtu: 1500")))
    there, back = site_changes(OLD, new), site_changes(new, OLD)
    assert [(c.part, c.name, c.field, c.after, c.before) for c in there] == [
        (c.part, c.name, c.field, c.before, c.after) for c in back
    ]


def test_every_part_of_a_site_is_compared():
    compared = {table for _, table in _TABLES} | set(_VALUES)
    assert compared == {field.name for field in dataclasses.fields(Site)} - {"warnings"}
