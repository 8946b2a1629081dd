"""The site file's key `console`."""

import pytest

from broadcaster.rights import Role
from tests.zones.small_site import SMALL_SITE, parsed
from zones.console_settings import ROLES, ConsoleSettings, SingleSignOn
from zones.sitefile import SiteError

WHOLE = """\
console:
  host: 10.0.0.5
  port: 8443
  names: [Console.lan, 10.0.0.5]
  certificate: tls/server.pem
  key: tls/server.key
  single_sign_on:
    issuer: https://login.example/district/
    client: sorigil
    secret_file: secrets/sign-on
    claim: departments
    roles: {cctv: operator, "119": viewer}
"""


def test_a_site_that_says_nothing_is_reached_on_its_own_machine_only():
    assert parsed(SMALL_SITE).console == ConsoleSettings("127.0.0.1", 8080)


def test_every_key_is_read():
    assert parsed(SMALL_SITE + WHOLE).console == ConsoleSettings(
        host="10.0.0.5",
        port=8443,
        names=("console.lan", "10.0.0.5"),
        certificate="tls/server.pem",
        key="tls/server.key",
        single_sign_on=SingleSignOn(
            issuer="https://login.example/district",
            client="sorigil",
            secret_file="secrets/sign-on",  # noqa: S106 - the name of a file
            claim="departments",
            roles=(("cctv", "operator"), ("119", "viewer")),
        ),
    )


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("{host: anywhere}", "anywhere"),
        ("{port: 70000}", "70000 is outside 0 to 65535"),
        ("{names: [https://console.lan/]}", "is not the name of a host"),
        ("{certificate: tls/server.pem}", "certificate needs key beside it"),
        ("{key: tls/server.key}", "key needs certificate beside it"),
        ("{single_sign_on: {issuer: http://login.example}}", "is not an issuer"),
        (
            "{single_sign_on: {issuer: https://a.example, client: c, secret_file: s, "
            "roles: {cctv: operater}}}",
            'did you mean "operator"?',
        ),
    ],
)
def test_what_is_wrong_is_said(keys, said):
    with pytest.raises(SiteError) as error:
        parsed(f"{SMALL_SITE}console: {keys}\n")
    assert said in error.value.rendered()


def test_the_roles_are_those_of_the_table_of_rights():
    assert tuple(Role) == ROLES
