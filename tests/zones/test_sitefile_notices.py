"""The site file's key `notices`."""

import pytest

from tests.zones.small_site import SMALL_SITE, complaints, parsed
from zones.bus import ZoneId
from zones.notices_settings import (
    Broker,
    Contact,
    Device,
    DeviceKind,
    Mail,
    Mqtt,
    NoticesSettings,
    Relay,
    Security,
    SoundOutput,
    Webhook,
)

WHOLE = """\
notices:
  boards:
    entrance:
      zones: all
      webhook: {url: "https://boards.lan/entrance", key: boards, secret_file: secrets/boards}
  beacons:
    lamp:
      zones: [upper]
      from: warning
      mqtt: {broker: mq.lan, topic: lamps/1, feedback: lamps/1/is, user: s, password_file: pw}
  gates:
    weir: {zones: [lower], opens: by-hand, relay: {address: 10.0.0.9, coil: 3}}
  contacts:
    fire-119:
      role: "119"
      hazards: [wildfire]
      step: 0
      mail:
        {server: mail.lan, security: starttls, from: st@d.example, to: [a@d.example, b@d.example]}
    second: {step: 1, within: 20 s, webhook: {url: "http://x/y", key: k, secret_file: s}}
  sound: {}
"""


def test_a_site_that_says_nothing_tells_nobody():
    assert parsed(SMALL_SITE).notices == NoticesSettings()
    assert str(NoticesSettings()) == "nobody"


def test_every_key_is_read():
    notices = parsed(SMALL_SITE + WHOLE).notices
    mail = Mail("mail.lan", 587, Security.STARTTLS, "st@d.example", ("a@d.example", "b@d.example"))
    broker = Broker("mq.lan", 8883, True, None, "s", "pw")
    assert notices == NoticesSettings(
        (
            Device(
                "entrance",
                DeviceKind.BOARD,
                (ZoneId("upper"), ZoneId("lower")),
                224,
                Webhook("https://boards.lan/entrance", "boards", "secrets/boards"),
            ),
            Device(
                "lamp",
                DeviceKind.BEACON,
                (ZoneId("upper"),),
                232,
                Mqtt(broker, "lamps/1", "lamps/1/is"),
            ),
            Device(
                "weir",
                DeviceKind.GATE,
                (ZoneId("lower"),),
                224,
                Relay("10.0.0.9", 3),
                opens_itself=False,
            ),
        ),
        (
            Contact("fire-119", "119", ("wildfire",), 224, mail, 0),
            Contact("second", "second", (), 224, Webhook("http://x/y", "k", "s"), 1, 20.0),
        ),
        SoundOutput(),
    )
    assert str(notices) == "1 board, 1 beacon, 1 gate, 2 contacts, own sound"


HOOK = 'webhook: {url: "http://x/", key: k, secret_file: s}'


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (f"boards: {{b: {{zones: [uper], {HOOK}}}}}", 'no zone or group "uper"'),
        ("boards: {b: {zones: all}}", "needs one way to be told, has none"),
        (f"gates: {{b: {{zones: all, relay: {{address: x, coil: 1}}, {HOOK}}}}}", "has webhook, r"),
        ("boards: {b: {zones: all, relay: {address: x, coil: 1}}}", 'unknown key "relay"'),
        (f"boards: {{B 1: {{zones: all, {HOOK}}}}}", '"B 1" is not a name'),
        (
            f"boards: {{b: {{zones: all, {HOOK}}}}}, contacts: {{b: {{{HOOK}}}}}",
            '"b" is there already, in boards',
        ),
        (f"contacts: {{a: {{step: 2, {HOOK}}}}}", "nobody stands at step 1"),
        ("contacts: {a: {mqtt: {broker: b, topic: a, user: x}}}", "go together"),
        ('contacts: {a: {mqtt: {broker: b, topic: "a/#"}}}', "not an MQTT topic"),
        ('contacts: {a: {webhook: {url: "http://me:pw@x/", key: k, secret_file: s}}}', "not a URL"),
        (
            "contacts: {a: {mail: {server: m, security: none, from: a@b, to: c@d, user: u, "
            "password_file: p}}}",
            "for all to read",
        ),
    ],
)
def test_what_is_wrong_is_said(keys, said):
    found = complaints(f"{SMALL_SITE}notices: {{{keys}}}\n")
    assert any(said in one for one in found), found
