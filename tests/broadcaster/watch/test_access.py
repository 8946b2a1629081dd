"""The file `watch.yaml`: who is asked with what, and everything wrong in it."""

import pytest

from broadcaster.site_reader import read_site
from broadcaster.watch.access import AccessError, parse_access
from tests.broadcaster.watch.test_place import CONFIG

WHOLE = """\
schema: 1
period: 10 s
client: gufo-snmp
amplifier_defaults: {version: v2c, community: reading}
amplifiers:
  amp-01:
    version: v3
    user: watch
    authentication: sha256
    authentication_key: first-long-key
    privacy: aes
    privacy_key: second-long-key
    engine_id: 80007ed9050102
  amp-02: {address: 10.77.0.99, port: 1161, tcp_ports: [8080]}
traps: {address: 0.0.0.0, community: traps}
switches: {sw-1: [amp-01, amp-02]}
sweep: [10.77.0.0/24]
mdns: 10.77.0.1
"""


@pytest.fixture(scope="module")
def site():
    return read_site(CONFIG)


def test_every_amplifier_is_asked_as_the_file_says(site):
    access = parse_access(WHOLE, "watch.yaml", site)
    assert (access.period, access.client) == (10, "gufo-snmp")
    first, second = access.amplifiers["amp-01"], access.amplifiers["amp-02"]
    assert (first.credentials.user, first.engine_id) == ("watch", "80007ed9050102")
    assert (second.address, second.port, second.tcp_ports) == ("10.77.0.99", 1161, (8080,))
    assert second.credentials.community == "reading"
    assert len(access.amplifiers) == 14
    assert access.traps == ("0.0.0.0", 162)
    assert access.switches == {"sw-1": ("amp-01", "amp-02")}
    assert (access.mdns, access.sweep) == ("10.77.0.1", ("10.77.0.0/24",))


def test_no_secret_is_shown(site):
    access = parse_access(WHOLE, "watch.yaml", site)
    assert "long-key" not in repr(access)
    assert "reading" not in repr(access.amplifiers)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  amp-02:", "  amp-99:", 'the site has no "amp-99"'),
        ("    user: watch\n", "", "v3 needs a user"),
        ("    privacy_key: second-long-key\n", "", "go together"),
        ("first-long-key", "short", "at least 8 characters"),
        ("80007ed9050102", "80007", "is no engine id"),
        ("sw-1: [amp-01, amp-02]", "sw-1: [amp-01, amp-3]", 'the site has no "amp-3"'),
        ("community: reading", "comunity: reading", 'unknown key "comunity"'),
        ("community: traps", "port: 0", "outside 1 to 65535"),
        ("period: 10 s", "period: 1 s", "outside 2 s to 5 min"),
        ("10.77.0.99", "10.77.0.999", "is not an IPv4 address"),
        ("schema: 1", "schema: 2", "must be 1"),
    ],
)
def test_what_is_wrong_is_told(site, old, new, said):
    assert old in WHOLE
    with pytest.raises(AccessError, match=r"watch\.yaml:") as caught:
        parse_access(WHOLE.replace(old, new, 1), "watch.yaml", site)
    assert said in str(caught.value)
