"""The site file's keys `doors` and `rules`."""

import pytest

from tests.zones.small_site import SMALL_SITE, parsed
from zones.doors_settings import DoorsSettings
from zones.sitefile import SiteError

WHOLE = """\
doors: {host: 10.0.0.5, port: 0, certificate: d.pem, key: d.key, clients: ca.pem}
rules: alerts/rules.yaml
"""


def test_a_site_that_says_nothing_takes_detections_from_its_own_machine_only():
    site = parsed(SMALL_SITE)
    assert (site.doors, site.rules) == (DoorsSettings("127.0.0.1", 8090), None)


def test_every_key_is_read():
    site = parsed(SMALL_SITE + WHOLE)
    assert site.doors == DoorsSettings("10.0.0.5", 0, "d.pem", "d.key", "ca.pem")
    assert site.rules == "alerts/rules.yaml"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("{host: 10.0.0.5}", "reached from other machines, and there is no certificate"),
        ("{certificate: d.pem}", "certificate needs key beside it"),
        ("{key: d.key}", "key needs certificate beside it"),
        ("{clients: ca.pem}", "clients needs certificate beside it"),
        ("{port: 70000}", "70000 is outside 0 to 65535"),
    ],
)
def test_what_is_wrong_is_said(keys, said):
    with pytest.raises(SiteError) as error:
        parsed(f"{SMALL_SITE}doors: {keys}\n")
    assert said in error.value.rendered()
