"""Devices and contacts over HTTP, Modbus and mail, with a control on a real link."""

import asyncio
import base64
import json
import ssl

import pytest

from broadcaster.notices import device_keeper, teller
from broadcaster.notices.own_sound import RATE, NoSoundError, alarm_tone, is_called_for
from tests.broadcaster.notices.bench import (
    FakeControl,
    alert,
    contact,
    device,
    notifying,
    pending,
    views,
)
from tests.broadcaster.notices.receivers import Hooks, Letters, Relays, certified, until
from zones.notices_settings import DeviceKind, Mail, Relay, Security, SoundOutput, Webhook


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Retries come soon, so that a test need not wait for them."""
    monkeypatch.setattr(device_keeper, "RETRIES", (0.05,))
    monkeypatch.setattr(teller, "RETRIES", (0.05,))


@pytest.fixture
async def hooks():
    async with Hooks().running() as server:
        yield server


def hook(hooks, path):
    return Webhook(f"{hooks.url}{path}", "k", "secret")


async def test_a_board_shows_a_warning_until_it_is_over_and_says_so(tmp_path, hooks):
    hooks.answers["/board"] = lambda told: {"state": told["state"]}
    async with notifying(tmp_path, device(way=hook(hooks, "/board"))) as control:
        control.show()
        [rest] = await hooks.wait("/board")
        assert (rest["level"], rest["pages"]) == (0, [])
        control.show(alert())
        await control.wait("d1", "confirmed")
        assert hooks.at("/board")[-1]["pages"][0]["title"]["ko"] == "산불 대피"
        control.show(alert(state="clearing", parting="hazard over"))
        await hooks.wait("/board", 3)
        control.show(alert(state="closed"))
        last = (await hooks.wait("/board", 4))[-1]
        assert (last["device"], last["level"], last["pages"]) == ("d1", 0, [])
        # What it showed at the end stays with the alert.
        assert control.state("d1") == "confirmed"
    assert len({told["id"] for told in hooks.at("/board")}) == 3


async def test_nothing_is_told_before_control_has_been_heard(tmp_path, hooks):
    control = FakeControl(tmp_path / "c")
    told = device(way=hook(hooks, "/board")), contact(way=hook(hooks, "/c"))
    async with notifying(tmp_path, *told, control=control):
        await asyncio.sleep(0)
        assert hooks.got == []
        control.alerts = [alert()]
        async with control.running():
            await hooks.wait("/c")
        # Control is dead: what is shown stays, and a control that is back hears how it stands.
        async with control.running():
            control.reports.clear()
            await control.wait("d1", "sent")
    assert [told["level"] for told in hooks.at("/board")] == [232]


async def test_what_a_board_refuses_is_tried_until_it_is_taken(tmp_path, hooks):
    hooks.answers["/board"] = 503
    async with notifying(tmp_path, device(way=hook(hooks, "/board"))) as control:
        control.show(alert())
        await control.wait("d1", "failed")
        assert "HTTP status 503" in control.reports["a1"][0]["detail"]
        assert control.state("d1", "") == "failed"
        await hooks.wait("/board", 3)
        hooks.answers["/board"] = {}
        await control.wait("d1", "sent")


async def test_a_gate_that_says_it_is_open_is_told_again_until_it_is_closed(tmp_path, hooks):
    hooks.answers["/gate"] = {"closed": False}
    gate = device(DeviceKind.GATE, hook(hooks, "/gate"))
    async with notifying(tmp_path, gate) as control:
        control.show(alert())
        await control.wait("d1", "failed")
        assert control.reports["a1"][0]["detail"] == "it says closed: false, not true"
        await hooks.wait("/gate", 3)
        hooks.answers["/gate"] = {"closed": True}
        await control.wait("d1", "confirmed")


async def test_a_relay_is_written_and_read_back(tmp_path):
    async with Relays().running() as relays:
        relays.stuck.add(7)
        lamp = device(DeviceKind.BEACON, Relay("127.0.0.1", 3, relays.port), id="lamp")
        weir = device(DeviceKind.GATE, Relay("127.0.0.1", 7, relays.port), id="weir")
        async with notifying(tmp_path, lamp, weir) as control:
            control.show(alert())
            await control.wait("lamp", "confirmed")
            assert relays.coils[3] is True
            await control.wait("weir", "failed")
            assert "closed: false, not true" in control.reports["a1"][1]["detail"]
            relays.stuck.clear()
            await control.wait("weir", "confirmed")
            relays.refuses = 2
            control.show(alert(state="closed"))
            await until(lambda: control.state("lamp", "") == "failed", control.told)
            assert "it has no such coil" in control.reports[""][0]["detail"]
            relays.refuses = 0
            await until(lambda: relays.coils == {3: False, 7: False}, relays.told)


async def test_a_slow_receiver_holds_up_nobody(tmp_path, hooks):
    hooks.answers |= {"/slow": "hang", "/slow-contact": "hang"}
    told = (
        device(way=hook(hooks, "/slow"), id="slow"),
        contact("sluggish", hook(hooks, "/slow-contact")),
        device(way=hook(hooks, "/board"), id="board"),
        contact("room", hook(hooks, "/room")),
    )
    async with notifying(tmp_path, *told) as control:
        control.show(pending())
        await hooks.wait("/slow-contact")
        await hooks.wait("/room")
        control.show(alert())
        await control.wait("board", "sent")
        await hooks.wait("/room", 2)
        assert control.state("slow") == "none"
        assert len(hooks.at("/slow")) == 1


async def test_a_contact_is_told_every_change_once_and_an_outage_leaves_only_the_newest(
    tmp_path, hooks
):
    hooks.answers["/room"] = 500
    async with notifying(tmp_path, contact("room", hook(hooks, "/room"))) as control:
        control.show(pending())
        await control.wait("room", "failed")
        control.show(alert())
        hooks.answers["/room"] = {}
        await control.wait("room", "sent")
        before = len(hooks.at("/room"))
        control.show(alert(state="sustained", revision=5))
        control.show(alert(state="closed"))
        await hooks.wait("/room", before + 1)
        await until(lambda: control.reports["a1"][0]["detail"] == "ended closed", control.told)
    changes = [told["alerts"][0]["change"] for told in hooks.at("/room")]
    assert changes[-2:] == ["on air warning", "ended closed"]
    assert set(changes[:-2]) <= {"pending", "on air warning"}


async def test_a_contact_that_missed_a_whole_alert_is_no_fault_for_ever(tmp_path, hooks):
    hooks.answers["/room"] = 500
    async with notifying(tmp_path, contact("room", hook(hooks, "/room"))) as control:
        control.show(alert())
        await control.wait("room", "failed")
        await control.wait("room", "failed", "")
        control.show(alert(state="closed"))
        await control.wait("room", "none", "")
        assert control.state("room") == "failed"


async def test_a_call_that_is_acknowledged_in_the_reply_reaches_control(tmp_path, hooks):
    hooks.answers["/duty"] = {"acknowledged": True}
    duty = contact("kim", hook(hooks, "/duty"), role="duty person", step=1)
    async with notifying(tmp_path, duty) as control:
        control.refuses = True  # somebody was quicker: nothing comes of that
        control.show(pending(1))
        await control.wait("kim", "confirmed")
        await until(lambda: control.acknowledged, control.told)
        assert control.acknowledged == [("a1", "duty person (kim)")]
        [told] = hooks.at("/duty")
        assert (told["call"], told["alerts"][0]["change"][:6]) == (True, "call 1")
        control.show(pending(1) | {"calling": None})
        control.show(alert())
        await hooks.wait("/duty", 2)
    assert control.acknowledged == [("a1", "duty person (kim)")]
    assert json.loads((tmp_path / "notices.json").read_text())["waiting"] == {}


async def test_a_storm_comes_in_few_messages_and_loses_none(tmp_path, hooks):
    async with notifying(tmp_path, contact("room", hook(hooks, "/room"))) as control:
        control.show(*(alert(id=f"a{n}") for n in range(120)))
        await control.wait("room", "sent", "a119")
    messages = hooks.at("/room")
    told = [one["telling"] for message in messages for one in message["alerts"]]
    assert len(messages) <= 10
    assert len(told) == len(set(told)) == 120


async def test_a_rate_grants_a_burst_and_then_one_message_at_a_time():
    rate = teller.Rate(0.0)
    assert [rate.take(0.0) for _ in range(teller.BURST)] == [0.0] * teller.BURST
    assert rate.take(0.0) == teller.EVERY
    assert rate.take(1000.0) == 0.0


async def test_what_was_told_is_not_told_again_after_a_restart(tmp_path, hooks):
    room = contact("room", hook(hooks, "/room"))
    async with notifying(tmp_path, room) as control:
        control.show(alert())
        await control.wait("room", "sent")
    async with notifying(tmp_path, room) as control:
        control.show(alert())
        await control.wait("room", "sent")
        control.show(alert(state="closed"))
        await hooks.wait("/room", 2)
    changes = [told["alerts"][0]["change"] for told in hooks.at("/room")]
    assert changes == ["on air warning", "ended closed"]


async def test_a_memory_that_cannot_be_read_tells_again_rather_than_not(tmp_path, hooks):
    (tmp_path / "notices.json").write_text('{"told": {"room": 1}}')
    async with notifying(tmp_path, contact("room", hook(hooks, "/room"))) as control:
        control.show(alert())
        await hooks.wait("/room")


async def test_a_letter_is_sent_with_a_password_that_only_a_file_knows(tmp_path, caplog):
    (tmp_path / "password").write_text("s3cret\n")
    async with Letters().running() as letters:
        way = Mail(
            *("127.0.0.1", letters.port, Security.NONE, "st@d.example", ("a@d.example",)),
            *("station", "password"),
        )
        async with notifying(tmp_path, contact("kim", way, step=0)) as control:
            control.show(pending())
            await control.wait("kim", "sent")
    [letter] = letters.letters
    assert (
        "broadcaster alerts acknowledge a1"
        in base64.b64decode(letter.split("\r\n\r\n", 1)[1]).decode()
    )
    assert base64.b64encode(b"\0station\0s3cret") in letters.logins[0]
    assert "s3cret" not in caplog.text


async def test_a_mail_server_that_cannot_prove_who_it_is_gets_no_letter(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = certified(tmp_path)
    context.load_cert_chain(certificate)
    async with Letters(context).running() as letters:
        address = "127.0.0.1", letters.port, Security.TLS, "st@d.example", ("a@d.example",)
        stranger = contact("stranger", Mail(*address))
        known = contact("known", Mail(*address, authority="server.pem"))
        async with notifying(tmp_path, stranger, known) as control:
            control.show(alert())
            await control.wait("stranger", "failed")
            await control.wait("known", "sent")
            details = {one["name"]: one["detail"] for one in control.reports["a1"]}
            assert "certificate" in details["stranger"]
    assert len(letters.letters) == 1


async def test_a_secret_that_is_missing_is_named_by_its_file(tmp_path, hooks):
    room = contact("room", Webhook(f"{hooks.url}/room", "k", "no-such-file"))
    async with notifying(tmp_path, room) as control:
        control.show(alert())
        await control.wait("room", "failed")
        assert "no-such-file cannot be read" in control.reports["a1"][0]["detail"]
    assert hooks.got == []


class Loudspeaker:
    def __init__(self) -> None:
        self.played: list = []
        self.is_open = True

    def play(self, samples):
        self.played.append(samples)

    def close(self):
        self.is_open = False


async def test_the_server_sounds_until_the_call_is_acknowledged(tmp_path):
    out = Loudspeaker()
    async with notifying(tmp_path, sound=SoundOutput(), open_output=lambda _: out) as control:
        control.show(pending())
        await control.wait("own sound", "sent", "")
        control.show(pending() | {"calling": None})
        await control.wait("own sound", "none", "")
        assert not out.is_open
    assert set(out.played) == {alarm_tone()}


async def test_without_a_sound_device_everything_else_goes_on(tmp_path, hooks):
    def none(_):
        raise NoSoundError("there is no sound device")

    duty = contact("kim", hook(hooks, "/duty"), step=0)
    async with notifying(tmp_path, duty, sound=SoundOutput(), open_output=none) as control:
        control.show(pending())
        await control.wait("own sound", "failed", "")
        await hooks.wait("/duty")


async def test_a_machine_without_pyaudio_says_what_to_install(tmp_path):
    pytest.importorskip("numpy")
    async with notifying(tmp_path, sound=SoundOutput("no such device")) as control:
        control.show(pending())
        await control.wait("own sound", "failed", "")
        [entry] = control.reports[""]
        assert "desk" in entry["detail"] or "no such device" in entry["detail"]


def test_the_tone_is_a_second_of_beeps_for_decisions_only():
    assert len(alarm_tone()) == 2 * RATE
    assert is_called_for(views(pending()))
    assert not is_called_for(views(alert(), pending() | {"calling": None}))
    proposed = "the all-clear is proposed; only a person gives it"
    assert not is_called_for(views(pending(0, proposed)))
