"""The live state: a snapshot, then what changes, to fast pages and slow ones."""

import asyncio
import contextlib
import json
import socket

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.console.live import SIGNED_OUT
from broadcaster.console.merge_patch import merge_patch, plain
from broadcaster.rights import rights_of
from tests.broadcaster.console.bench import LIMIT, console, running, stream, until

WATCHERS = 200
SLOW = 20


class Page:
    """What a page makes of the messages it gets."""

    def __init__(self, socket) -> None:
        self.socket = socket
        self.state: dict = {}
        self.last: dict = {}
        self.me: dict = {}
        self.kinds: list = []

    async def step(self):
        async with asyncio.timeout(LIMIT):
            message = await self.socket.receive()
        if message.type != aiohttp.WSMsgType.TEXT:
            return False
        said = json.loads(message.data)
        self.kinds.append(said["type"])
        if said["type"] == "me":
            self.me = said
            return True
        if said["type"] == "snapshot":
            self.state = said["state"]
        elif said["type"] == "patch":
            assert said["revision"] == self.last["revision"] + 1
            self.state = merged(self.state, said["patch"])
        self.last = said
        return True

    async def until(self, is_so):
        while not is_so(self):
            assert await self.step(), "the page was closed"


def merged(target, patch):
    """RFC 7396 section 2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


@contextlib.asynccontextmanager
async def page(bench, headers=None):
    headers = headers or bench.bearer("viewer")
    async with bench.http.ws_connect(f"{bench.url}/api/v1/live", headers=headers) as connected:
        yield Page(connected)


async def test_a_page_gets_a_snapshot_then_what_changes(bench):
    async with page(bench) as one:
        await one.until(lambda p: p.state)
        assert one.kinds[:2] == ["me", "snapshot"]
        assert one.me["rights"] == list(rights_of(["viewer"]))
        assert set(one.state["streams"]) == {"upper", "lower"}
        bench.control.say(streams=[stream("upper", sent=False), stream("lower")], faults=["oh"])
        await one.until(lambda p: p.state["faults"])
        assert one.kinds[-1] == "patch"
        assert one.last["patch"] == {"streams": {"upper": {"sent": False}}, "faults": ["oh"]}
        bench.control.say(streams=[stream("lower", sent=None)])
        await one.until(lambda p: "upper" not in p.state["streams"])
        assert "sent" not in one.state["streams"]["lower"]
        assert one.state == bench.station.live._state


async def test_a_page_is_told_often_that_the_console_lives_and_how_old_all_is(bench):
    async with page(bench) as one:
        await one.until(lambda p: p.kinds.count("beat") >= 2)
        assert one.last["control"] == "up"
        assert one.last["age_s"] >= 0


async def test_a_page_is_told_when_control_is_gone(run_directory, state_directory):
    async with (
        console(run_directory, state_directory, has_control=False) as bench,
        page(bench) as one,
    ):
        await one.until(lambda p: p.last)
        assert (one.last["control"], one.last["age_s"]) == ("lost", None)


async def test_a_page_goes_on_when_control_is_back(run_directory, state_directory):
    async with (
        console(run_directory, state_directory, has_control=False) as bench,
        page(bench) as one,
    ):
        for state in ("first", "second"):
            await one.until(lambda p: p.last and p.last["control"] == "lost")
            bench.control.say(faults=[state])
            async with running(bench.control.server.run):
                await one.until(lambda p: p.last["control"] == "up" and p.state)
                await one.until(lambda p, s=state: p.state["faults"] == [s])
        assert one.state["faults"] == ["second"]


async def test_a_page_is_cut_off_rather_than_left_without_news(bench, monkeypatch, caplog):
    async with page(bench) as one:
        await one.until(lambda p: p.state)
        monkeypatch.setattr(bench.station.tokens, "of_id", None)
        while await one.step():
            pass
        assert one.socket.close_code == aiohttp.WSCloseCode.INTERNAL_ERROR
    assert "could not be told more" in caplog.text


async def test_a_page_whose_session_ends_is_told_to_sign_in(bench):
    bench.person("kim", "operator")
    await bench.signed_in("kim")
    async with page(bench, bench.own_pages()) as one:
        await one.until(lambda p: p.me)
        (session,) = bench.station.sessions.all(bench.station.clock())
        bench.station.sessions.end(session.id)
        while await one.step():
            pass
        assert one.socket.close_code == SIGNED_OUT


async def test_a_page_goes_on_when_the_desk_is_handed_over(bench):
    bench.person("kim", "operator")
    bench.person("lee", "viewer")
    await bench.signed_in("kim")
    async with page(bench, bench.own_pages()) as one:
        await one.until(lambda p: p.me and p.me["name"] == "kim")
        body = {"name": "lee", "password": "correct horse battery"}
        status, _ = await bench.asked("POST", "/api/v1/session/sign-over", body, bench.own_pages())
        assert status == 200
        await one.until(lambda p: p.me["name"] == "lee")
        assert "raise" not in one.me["rights"]
    audit = await bench.control.audit("signed over")
    assert (audit["who"], audit["facts"]["taken_over_from"]) == ("lee", "kim")


async def test_many_pages_and_slow_ones_among_them(bench, monkeypatch):
    """Those that read are up to date at once; those that don't cost a bounded amount."""
    headers = bench.bearer("viewer")
    bulk = {str(n): "x" * 1000 for n in range(60)}
    async with contextlib.AsyncExitStack() as pages:
        slow = [_deaf_page(bench, headers) for _ in range(SLOW)]
        for one in slow:
            pages.callback(one.close)
        fast = [await pages.enter_async_context(page(bench, headers)) for _ in range(WATCHERS)]
        await until(lambda: bench.station.live.watchers == WATCHERS + SLOW)
        for number in range(30):
            bench.control.say(faults=[f"round {number}"], messages={**bulk, "n": str(number)})
            await fast[0].until(lambda p, n=number: p.state.get("faults") == [f"round {n}"])
        async with asyncio.TaskGroup() as tasks:
            for one in fast:
                tasks.create_task(one.until(lambda p: p.state.get("faults") == ["round 29"]))
        assert all(one.state == bench.station.live._state for one in fast)
        assert all(one.kinds.count("snapshot") <= 2 for one in fast)


def _deaf_page(bench, headers):
    """A page that asks and then never reads."""
    host, _, port = bench.url.removeprefix("http://").partition(":")
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    deaf.connect((host, int(port)))
    lines = [
        "GET /api/v1/live HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]  # fmt: skip
    deaf.sendall("\r\n".join([*lines, "", ""]).encode())
    return deaf


async def test_a_page_that_never_reads_is_cut_off(bench, monkeypatch):
    monkeypatch.setattr("broadcaster.console.live._SEND_LIMIT", 0.2)
    deaf = _deaf_page(bench, bench.bearer("viewer"))
    try:
        await until(lambda: bench.station.live.watchers == 1)
        number = 0
        while bench.station.live.watchers:
            number += 1
            bench.control.say(messages={"bulk": f"{number}" + "x" * 500_000})
            await asyncio.sleep(0.05)
            assert number < 400
    finally:
        deaf.close()


@pytest.mark.parametrize("text", ["{}", "x" * 5000])
async def test_what_a_page_says_is_ignored_or_ends_it(bench, text):
    async with page(bench) as one:
        await one.until(lambda p: p.state)
        await one.socket.send_str(text)
    assert bench.control.commands.empty()


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(
            st.fixed_dictionaries(
                {"id": st.text("abc", min_size=1, max_size=1)}, optional={"v": inner}
            ),
            max_size=3,
        )
        | st.dictionaries(st.text("abc", max_size=1), inner, max_size=3)
    ),
    max_leaves=12,
)
_states = st.dictionaries(st.text("abc", max_size=1), _values, max_size=4)


@settings(max_examples=200)
@given(_states, _states)
def test_a_patch_makes_one_state_of_the_other(before, after):
    old, new = plain(before), plain(after)
    patched = merged(old, merge_patch(old, new))
    assert json.dumps(patched, sort_keys=True) == json.dumps(new, sort_keys=True)
    assert merge_patch(new, new) == {}
