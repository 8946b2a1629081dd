"""Large sites: 500 zones are read as well as 14."""

import pytest

from tests.zones.small_site import PROFILES, TIME_ZONES
from zones.sitefile import SiteError, parse_site

ZONES = 500
SPEAKERS_EACH = 8


def large_site():
    """A site of many zones on one path, each with its amplifier, stream and loudspeakers."""
    numbers = range(1, ZONES + 1)
    lines = ["schema: 1", "name: {ko: 길, en: Way}", "time_zone: Asia/Seoul", "approximate: true"]
    lines += ["networks: {audio: {interface: eth1}}", "dayparts: {all-day: 00:00-12:00,"]
    lines[-1] += " all-night: 12:00-00:00}"
    lines += [f"paths: {{way: {{name: {{ko: 길, en: Way}}, length: {ZONES * 0.1:g} km,"]
    lines[-1] += " line: [[37.0, 127.0], [37.4496, 127.0]]}}"
    lines += ["amplifier_defaults: {profile: horn, network: audio, outputs: 2}", "amplifiers:"]
    lines += [
        f"  amp-{n}: {{name: {{ko: 앰프, en: A}}, address: 10.0.{n // 250}.{n % 250 + 1}}}"
        for n in numbers
    ]
    lines += ["speakers:"]
    for n in numbers:
        for k in range(SPEAKERS_EACH):
            metres = 100 * (n - 1) + 10 * k
            at = f"[{37 + metres / 111_195:.5f}, 127.0]"
            lines.append(f"  rock-{n}-{k}: {{output: amp-{n}/1, distance: {metres} m, at: {at}}}")
    lines += ["zone_defaults: {path: way, levels: {all-day: -12 dB, all-night: -30 dB},"]
    lines[-1] += " warning_level: 0 dB}"
    lines += ["zones:"]
    for n in numbers:
        near = ", ".join(f"zone-{m}" for m in (n - 1, n + 1) if 1 <= m <= ZONES)
        lines.append(
            f"  zone-{n}: {{name: {{ko: 구간, en: Z}}, order: {n}, from: {100 * (n - 1)} m, "
            f"to: {100 * n} m, neighbours: [{near}], outputs: [amp-{n}/1]}}"
        )
    lines += ["groups: {all: {name: {ko: 전체, en: All}, zones: ["]
    lines[-1] += ", ".join(f"zone-{n}" for n in numbers) + "]}}"
    lines += ["stream_defaults: {network: audio, port: 5004, format: L16/48000, packet_time: 5 ms,"]
    lines[-1] += " payload_type: 96, ttl: 8, dscp: EF}"
    lines += ["streams:"]
    lines += [
        f"  zone-{n}: {{zone: zone-{n}, address: 239.192.{77 + n // 250}.{n % 250 + 1}}}"
        for n in numbers
    ]
    lines += ["programme: [{zones: all, recordings: music/}]"]
    return "\n".join(lines) + "\n"


def test_five_hundred_zones_are_read():
    site = parse_site({"c": large_site()}, "c", profiles=PROFILES, time_zones=TIME_ZONES)
    assert (len(site.zones), len(site.speakers)) == (ZONES, ZONES * SPEAKERS_EACH)
    assert len(site.zones_named(["all"])) == ZONES
    assert site.warnings == ()


def test_thousands_of_problems_are_all_told():
    text = large_site().replace("distance: ", "distence: ")
    with pytest.raises(SiteError) as caught:
        parse_site({"c": text}, "c", profiles=PROFILES, time_zones=TIME_ZONES)
    assert len(caught.value.problems) == ZONES * SPEAKERS_EACH
    assert caught.value.rendered().count('did you mean "distance"?') == ZONES * SPEAKERS_EACH
