"""How one receiver is told, on a simulated clock: when, how much at once, and how often again."""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from benchmarks import virtual_time
from broadcaster.notices.notice import Notice, NotToldError
from broadcaster.notices.teller import BURST, EVERY, MOST, RETRIES, Teller


@dataclass
class Room:
    """A receiver, and what brings it its messages; it does not take those `refuses` numbers."""

    refuses: Collection[int] = ()
    takes: float = 0.0
    """Seconds until a message has arrived."""
    reply: dict | None = None
    kind: str = "contact"
    name: str = "room"
    answers_later: bool = False
    got: list = field(default_factory=list)
    """When each message came, what it told, and how much was to follow."""
    told: list = field(default_factory=list)
    not_told: list = field(default_factory=list)
    replies: list = field(default_factory=list)

    def notice(self, batch, left):
        return Notice("n", {"of": [one.id for one in batch], "left": left})

    async def tell(self, notice):
        begun = asyncio.get_running_loop().time()
        await asyncio.sleep(self.takes)
        self.got.append((begun, notice.fields["of"], notice.fields["left"]))
        if len(self.got) - 1 in self.refuses:
            raise NotToldError("the line is dead")
        return self.reply

    def sent(self, batch):
        self.told += [one.id for one in batch]

    def failed(self, batch, why):
        self.not_told.append(([one.id for one in batch], why))

    async def answered(self, batch, reply):
        self.replies.append(([one.id for one in batch], reply))


def things(*names):
    return [SimpleNamespace(id=name) for name in names]


def told(room, *looks, after=200.0, changed=lambda: None):
    """The teller once `room` was told; each of `looks` is a second and what is due from then on."""

    async def telling():
        teller = Teller(room, room, changed)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        running = asyncio.create_task(teller.run())
        for second, due in looks:
            await asyncio.sleep(begun + second - loop.time())
            teller.look(things(*due))
        await asyncio.sleep(begun + after - loop.time())
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        room.got = [(round(at - begun, 3), of, left) for at, of, left in room.got]
        return teller

    return virtual_time.run(telling())


def test_what_is_due_is_told_once_and_in_order():
    room = Room(reply={"acknowledged": True})
    teller = told(room, (1.0, ["call", "change"]))
    assert room.got == [(1.0, ["call", "change"], 0)]
    assert room.told == ["call", "change"]
    assert room.replies == [(["call", "change"], {"acknowledged": True})]
    assert teller.entry() | {"at": ""} == {
        "name": "room", "kind": "contact", "state": "sent", "at": "", "detail": "",
    }  # fmt: skip


def test_nothing_is_told_to_whom_nothing_is_due():
    room = Room()
    assert told(room, (1.0, [])).entry()["state"] == "none"
    assert room.got == []


def test_what_does_not_fit_into_one_message_follows_at_once_in_the_next():
    room = Room()
    names = [f"n{number}" for number in range(2 * MOST + 1)]
    told(room, (0.0, names))
    assert [(at, len(of), left) for at, of, left in room.got] == [
        (0.0, MOST, MOST + 1), (0.0, MOST, 1), (0.0, 1, 0),
    ]  # fmt: skip
    assert room.told == names


def test_who_does_not_take_it_is_asked_again_ever_more_slowly_and_then_for_ever():
    room = Room(refuses=range(9))
    told(room, (0.0, ["n"]))
    waited = [
        later - sooner for (sooner, *_), (later, *_) in zip(room.got, room.got[1:], strict=False)
    ]
    assert [round(seconds, 3) for seconds in waited] == [*RETRIES, *[RETRIES[-1]] * 4]
    assert room.told == ["n"]
    assert room.not_told == [(["n"], "the line is dead")] * 9


def test_after_a_success_the_next_failure_is_tried_again_soon():
    room = Room(refuses={0, 1, 2, 4})
    told(room, (0.0, ["a"]), (50.0, ["b"]))
    assert [at for at, *_ in room.got] == [0.0, 1.0, 3.0, 7.0, 50.0, 50.0 + RETRIES[0]]
    assert room.told == ["a", "b"]


def test_past_a_burst_all_that_came_meanwhile_is_told_in_one_message():
    room = Room()
    looks = [(number * 0.1, [f"n{number}"]) for number in range(BURST)]
    more = [(BURST * 0.1, ["x"]), (BURST * 0.1 + 0.1, ["x", "y"])]
    told(room, *looks, *more)
    assert [of for _, of, _ in room.got] == [*([f"n{n}"] for n in range(BURST)), ["x", "y"]]
    assert room.got[-1][0] == pytest.approx(EVERY, abs=0.001)


def test_what_is_no_longer_due_while_it_waits_is_not_told():
    room = Room(refuses={0})
    teller = told(room, (0.0, ["over soon"]), (0.5, []))
    assert len(room.got) == 1
    assert room.told == []
    assert teller.entry()["state"] == "none"


def test_news_while_a_message_is_under_way_comes_after_it_and_the_message_is_not_repeated():
    room = Room(takes=5.0)
    told(room, (0.0, ["a"]), (1.0, ["a", "b"]))
    assert room.got == [(0.0, ["a"], 0), (5.0, ["b"], 0)]


def test_trouble_is_shown_since_when_and_logged_once_like_its_end(caplog):
    caplog.set_level(logging.INFO)
    room, shown = Room(refuses=range(3)), []
    teller = told(room, (0.0, ["n"]), after=2.0, changed=lambda: shown.append(True))
    assert (teller.entry()["state"], teller.entry()["detail"]) == ("failed", "the line is dead")
    assert len(shown) == 2
    told(Room(refuses=range(3)), (0.0, ["n"]))
    assert [record.getMessage() for record in caplog.records] == [
        "contact room cannot be told: the line is dead",
        "contact room cannot be told: the line is dead",
        "contact room can be told again",
    ]
