"""A whole site in one small file, right in every respect; the tests spoil it one line at a time."""

from zones.media_time import samples
from zones.reception import KeepAlive, ReceivableFormat, Reception
from zones.site import ProfileId
from zones.sitefile import SiteError, parse_site

SMALL_SITE = """\
schema: 1
name: {ko: 물가, en: Waterside}
time_zone: Asia/Seoul
networks:
  audio: {interface: 127.0.0.1}
  spare: {interface: eth2, mtu: 9000}
dayparts: {day: 06:00-22:00, night: 22:00-06:00}
paths:
  stream:
    name: {ko: 산책로, en: Path}
    length: 400 m
    line: [[37.58, 126.94], [37.577, 126.9375]]
amplifier_defaults: {profile: horn, network: audio, outputs: 2}
amplifiers:
  amp-1: {name: {ko: 앰프 1, en: One}, address: 10.0.0.1}
  amp-2: {name: {ko: 앰프 2, en: Two}, address: 10.0.0.2}
speakers:
  rock-1: {output: amp-1/1, distance: 20 m, at: [37.579, 126.939]}
  rock-2: {output: amp-2/1, distance: 220 m, at: [37.578, 126.938]}
exits:
  bridge: {name: {ko: 다리, en: Bridge}, path: stream, distance: 0 m, at: [37.58, 126.94]}
zone_defaults: {levels: {day: -12 dB, night: -30 dB}, warning_level: 0 dB}
zones:
  upper:
    name: {ko: 상류, en: Upper}
    path: stream
    order: 1
    from: 0 m
    to: 200 m
    neighbours: [lower]
    exits: [bridge]
    outputs: [amp-1/1, amp-1/2]
    polygon: [[37.59, 126.93], [37.59, 126.95], [37.56, 126.94], [37.59, 126.93]]
  lower:
    name: {ko: 하류, en: Lower}
    path: stream
    order: 2
    from: 200 m
    to: 0.4 km
    neighbours: [upper]
    outputs: [amp-2/1]
    quiet_hours: 22:00-06:00
groups:
  all: {name: {ko: 전체, en: All}, zones: [upper, lower]}
stream_defaults:
  network: audio
  format: L16/48000
  packet_time: 5 ms
  payload_type: 96
  ttl: 8
  dscp: EF
streams:
  upper: {zone: upper, address: 239.192.77.1, port: 5004}
  lower: {zone: lower, address: 239.192.77.2, port: 5004}
gauges:
  level:
    name: {ko: 수위, en: Level}
    measures: water_level
    unit: m
    path: stream
    distance: 10 m
    at: [37.58, 126.94]
    period: 60 s
    zones: all
cameras:
  cam-214:
    name: {ko: 상류, en: Upper}
    at: [37.58, 126.94]
    azimuth: 90
    field_of_view: 60
    range: 300 m
    zones: [upper]
    detects: [smoke]
    evidence: state
programme:
  - {zones: all, recordings: music/}
store: {budget: 20 GB}
"""

HORN = Reception(
    formats=(
        ReceivableFormat("L16/48000", (samples(0.005), samples(0.02)), (96,)),
        ReceivableFormat("PCMU/8000", (samples(0.02),), (0,)),
    ),
    multicast=True,
    groups=2,
    needs_even_port=False,
    pre_roll=samples(0.8),
    keep_alive=KeepAlive.DITHER,
)
PROFILES = {ProfileId("horn"): HORN}
TIME_ZONES = frozenset({"Asia/Seoul", "Asia/Tokyo", "Europe/Berlin"})


def parsed(text=SMALL_SITE, **more_files):
    """The site in `text`, with the profiles and time zones of these tests."""
    files = {"config.yaml": text, **more_files}
    return parse_site(files, "config.yaml", profiles=PROFILES, time_zones=TIME_ZONES)


def spoilt(old, new, text=SMALL_SITE):
    """The small site with one place changed; `old` must be in it."""
    assert old in text, old
    return text.replace(old, new, 1)


def complaints(text, **more_files):
    """Every problem of a text as `line:column: message; hint`, warnings too; none if it is right.

    The name of the main file is left out.
    """
    try:
        found = parsed(text, **more_files).warnings
    except SiteError as error:
        found = error.problems
    return [str(problem).removeprefix("config.yaml:") for problem in found]
