"""Faults told to technicians: when, how often, to whom, by which way."""

import asyncio
import contextlib
import sys
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import ClassVar

import pytest

from broadcaster.link import LinkServer
from broadcaster.notices import teller
from broadcaster.notices.apprise_sender import AppriseSender
from broadcaster.notices.fault_notice import fault_notice
from broadcaster.notices.fault_tellings import Change, ToldFault, due_faults, forgotten
from broadcaster.notices.fault_view import faults_in
from broadcaster.notices.memory import Memory
from broadcaster.notices.notice import NotToldError
from broadcaster.run_directory import RunDirectory
from tests.broadcaster.notices.bench import SITE, FakeControl, notifying
from tests.broadcaster.notices.receivers import Hooks, Letters, until
from zones.notices_settings import Apprise, Mail, Security, Technician, Webhook

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def fault(name="amp-05/link", **changes):
    """A lost amplifier as the watch tells it."""
    return {
        "id": name,
        "kind": "link",
        "severity": "critical",
        "severity_rank": 3,
        "rings": True,
        "there": True,
        "under_warning": False,
        "since_utc": NOON.isoformat(),
        "sentence": {"ko": "amp-05: 연결 끊김", "en": "amp-05: not reachable on the network"},
        "what_to_do": {"ko": "전원을 확인하십시오", "en": "check its power"},
        "spares": ["spare-1"],
        **changes,
    }


def seen(*faults, station=(), before=(), utc=NOON):
    snapshot = {"amplifier_faults": list(faults), "faults": list(station)}
    return faults_in(snapshot, {one.id: one for one in before}, utc)


def technician(least=2, after_s=0.0, way=None, name="kim"):
    return Technician(
        name, "technician", least, way or Webhook("http://x/", "k", "secret"), after_s
    )


def due(one, faults, told=(), seconds=0.0):
    return due_faults(one, faults, dict(told), NOON + timedelta(seconds=seconds))


def after(telling, told=(), seconds=0.0):
    """What is remembered once it was told."""
    before = dict(told)
    noted = telling.noted(before.get(telling.fault), NOON + timedelta(seconds=seconds))
    return {**before, telling.fault: noted}


# --- when and how often ---


def test_a_fault_is_told_once_and_its_end_once():
    (first,) = due(technician(), seen(fault()))
    assert first.change is Change.RAISED
    told = after(first)
    assert due(technician(), seen(fault()), told, 60) == []
    (end,) = due(technician(), seen(fault(there=False, rings=False)), told, 60)
    assert end.change is Change.OVER
    told = after(end, told, 60)
    assert due(technician(), seen(), told, 70) == []
    assert forgotten(told, NOON + timedelta(seconds=70)) == []
    assert forgotten(told, NOON + timedelta(minutes=31)) == ["amp-05/link"]


def test_what_was_never_told_has_no_end():
    assert due(technician(), seen(fault(there=False, rings=False))) == []


@pytest.mark.parametrize("changes", [{"rings": False}, {"severity_rank": 1}])
def test_what_does_not_ring_or_is_too_small_is_not_told(changes):
    assert due(technician(), seen(fault(**changes))) == []


def test_a_warning_in_its_zone_is_news():
    told = after(due(technician(), seen(fault()))[0])
    (again,) = due(technician(), seen(fault(under_warning=True)), told, 5)
    assert again.change is Change.WARNED
    assert due(technician(), seen(fault(under_warning=True)), after(again, told, 5), 9) == []


def test_the_next_person_is_told_only_of_what_nobody_acknowledges():
    chief = technician(after_s=600)
    assert due(chief, seen(fault()), (), 599) == []
    assert due(chief, seen(fault(rings=False)), (), 601) == []
    assert len(due(chief, seen(fault()), (), 601)) == 1


def test_a_fault_that_comes_and_goes_is_told_every_half_an_hour():
    told: dict[str, ToldFault] = {}
    count = 0
    for minute in range(120):
        at = NOON + timedelta(minutes=minute)
        there = minute % 2 == 0
        faults = seen(fault(there=there, rings=there, since_utc=at.isoformat()))
        for name in forgotten(told, at):
            del told[name]
        for one in due_faults(technician(), faults, told, at):
            told[one.fault] = one.noted(told.get(one.fault), at)
            count += one.change is Change.RAISED
    assert count == 4


def test_faults_of_the_station_are_the_same_while_only_a_number_changes():
    first = seen(station=["board x could not be told for 3 min: no", "no engine speaks"])
    assert due(technician(), first, (), 9) == []
    later = seen(
        station=["board x could not be told for 14 min: no", "no engine speaks"],
        before=first, utc=NOON + timedelta(seconds=60),
    )  # fmt: skip
    assert [one.id for one in later] == [one.id for one in first]
    assert len(due(technician(), later, (), 60)) == 2
    assert due(technician(least=3), later, (), 60) == []


def test_what_was_told_survives_a_restart(tmp_path):
    memory = Memory(tmp_path)
    told = after(due(technician(), seen(fault()))[0])
    memory.faults["kim"] = told
    (tmp_path / "notices.json").write_bytes(memory._octets())
    assert Memory(tmp_path).faults == {"kim": told}
    with pytest.raises(KeyError):
        ToldFault.of({"change": "over"})


# --- what is said ---


def test_a_message_says_what_is_wrong_what_to_do_and_which_spare_is_free():
    notice = fault_notice(SITE, "technician", due(technician(), seen(fault())), left=3)
    assert notice.subject == "[물가] CRITICAL: amp-05: not reachable on the network (+3)"
    for said in ("연결 끊김", "check its power", "spare-1", "faults ack amp-05/link", "3 more"):
        assert said in notice.text
    assert notice.fields["faults"][0]["change"] == "raised"


def test_the_end_and_a_warning_are_named():
    told = after(due(technician(), seen(fault()))[0])
    over = fault_notice(SITE, "t", due(technician(), seen(), told))
    assert over.subject.startswith("[물가] 복구 OVER:")
    assert "ack" not in over.text
    warned = fault_notice(SITE, "t", due(technician(), seen(fault(under_warning=True))))
    assert "UNDER A WARNING" in warned.subject


# --- by real ways ---


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(teller, "EVERY", 0.2)
    monkeypatch.setattr(teller, "RETRIES", (0.05,))


@pytest.mark.usefixtures("quick")
async def test_a_webhook_is_told_and_may_acknowledge(tmp_path):
    asked, heard = [], asyncio.Event()

    async def watch(command):
        asked.append((command["name"], command["fault"], command["who"]))
        heard.set()
        return {}

    server = LinkServer(RunDirectory(tmp_path).watch_socket, "watch", watch, dict)
    running = asyncio.create_task(server.run())
    await server.listening.wait()
    async with Hooks().running() as hooks, FakeControl(tmp_path / "c").running() as control:
        hooks.answers["/t"] = {"acknowledged": True}
        way = Webhook(f"{hooks.url}/t", "k", "secret")
        control.show(amplifier_faults=[fault()])
        async with notifying(tmp_path, technician(way=way), control=control):
            (said,) = await hooks.wait("/t")
            assert said["faults"][0]["id"] == "amp-05/link"
            await until(lambda: asked, heard)
            assert asked == [("ack", "amp-05/link", "technician (kim)")]
            await control.wait("kim", "sent", "")
            control.show(amplifier_faults=[])
            said = (await hooks.wait("/t", 2))[1]
            assert said["faults"][0]["change"] == "over"
            assert len(asked) == 1
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


@pytest.mark.usefixtures("quick")
async def test_a_storm_of_faults_becomes_few_messages(tmp_path):
    async with Hooks().running() as hooks, FakeControl(tmp_path / "c").running() as control:
        way = Webhook(f"{hooks.url}/t", "k", "secret")
        listed = [fault(f"amp-{n:03}/link") for n in range(100)]
        control.show(amplifier_faults=listed)
        async with notifying(tmp_path, technician(way=way), control=control):
            said = await hooks.wait("/t", 5)
            assert [len(one["faults"]) for one in said] == [teller.MOST] * 5
            assert [one["left"] for one in said] == [80, 60, 40, 20, 0]
            assert len({one["id"] for each in said for one in each["faults"]}) == 100


@pytest.mark.usefixtures("quick")
async def test_a_receiver_that_fails_is_tried_again_and_shown(tmp_path):
    async with Hooks().running() as hooks, FakeControl(tmp_path / "c").running() as control:
        hooks.answers["/t"] = 500
        control.show(amplifier_faults=[fault()])
        kim = technician(way=Webhook(f"{hooks.url}/t", "k", "secret"))
        async with notifying(tmp_path, kim, control=control):
            await control.wait("kim", "failed", "")
            hooks.answers["/t"] = {}
            await control.wait("kim", "sent", "")


async def test_a_letter_is_written(tmp_path):
    async with Letters().running() as letters, FakeControl(tmp_path / "c").running() as control:
        way = Mail("127.0.0.1", letters.port, Security.NONE, "s@d.example", ("kim@d.example",))
        control.show(amplifier_faults=[fault()])
        async with notifying(tmp_path, technician(way=way), control=control):
            await until(lambda: letters.letters, letters.told)
            assert "Subject:" in letters.letters[0]


# --- by Apprise ---


def notice():
    return fault_notice(SITE, "t", due(technician(), seen(fault())))


class FakeApprise:
    sent: ClassVar[list] = []

    def add(self, url):
        return "://" in url

    def notify(self, title, body):
        self.sent.append((title, body))
        return "refuse" not in body


@pytest.fixture
def library(monkeypatch):
    module = ModuleType("apprise")
    monkeypatch.setattr(module, "Apprise", FakeApprise, raising=False)
    monkeypatch.setitem(sys.modules, "apprise", module)
    monkeypatch.setattr(FakeApprise, "sent", [])


@pytest.mark.usefixtures("library")
async def test_apprise_gets_subject_and_text(tmp_path):
    (tmp_path / "pager").write_text("json://127.0.0.1/secret-token\n")
    await AppriseSender(Apprise("pager"), tmp_path).tell(notice())
    ((title, body),) = FakeApprise.sent
    assert "CRITICAL" in title
    assert "check its power" in body


@pytest.mark.usefixtures("library")
async def test_a_url_that_is_none_is_said_without_it(tmp_path):
    (tmp_path / "pager").write_text("secret-token\n")
    with pytest.raises(NotToldError, match="pager holds no URL") as error:
        await AppriseSender(Apprise("pager"), tmp_path).tell(notice())
    assert "secret-token" not in str(error.value)


async def test_without_the_extra_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    (tmp_path / "pager").write_text("json://127.0.0.1/x\n")
    with pytest.raises(NotToldError, match=r"sorigil\[apprise\]"):
        await AppriseSender(Apprise("pager"), tmp_path).tell(notice())
