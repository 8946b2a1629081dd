"""Whoever has no right to it gets nothing: roles, origins, hosts, sizes, rates."""

import asyncio
import json

import aiohttp
import pytest

from broadcaster.console.api import routes
from broadcaster.console.gate import LONGEST_BODY, Gate
from broadcaster.console.station import REQUEST_RATE
from broadcaster.rights import Role, is_allowed
from tests.broadcaster.console.bench import LIMIT, PASSWORD, console

ACT = "/api/v1/alerts/a1/confirm"


async def test_every_role_at_every_route(bench):
    """Whoever may gets past the gate, whoever may not is told 403, strangers 401."""
    tokens = {role: bench.bearer(role) for role in Role}
    table = [route for route in routes(bench.station, Gate(bench.station)) if route.right]
    assert len(table) > 25
    for route in table:
        path = route.path.format(**dict.fromkeys(route.parameters, "x"))
        for role, headers in tokens.items():
            status, problem = await bench.asked(route.method, path, None, headers | bench.key())
            if is_allowed(route.right or "", [role]):
                assert status not in {401, 403}, (route, role, problem)
            else:
                assert status == 403, (route, role, problem)
                assert problem["code"] == "not-allowed"
        status, problem = await bench.asked(route.method, path, None, bench.key())
        assert (status, problem["code"]) == (401, "sign-in"), route


async def test_a_stranger_gets_no_live_state(bench):
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await bench.http.ws_connect(f"{bench.url}/api/v1/live")
    assert refused.value.status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {},
    ],
)
async def test_another_sites_page_does_nothing_with_our_cookie(bench, headers):
    bench.person("kim", "operator")
    await bench.signed_in("kim")
    status, problem = await bench.asked("POST", ACT, {}, {**headers, **bench.key()})
    assert (status, problem["code"]) == (403, "foreign-origin")
    assert bench.control.commands.empty()
    if headers.get("Origin"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await bench.http.ws_connect(f"{bench.url}/api/v1/live", headers=headers)
        assert refused.value.status == 403


async def test_our_own_page_does(bench):
    bench.person("kim", "operator")
    await bench.signed_in("kim")
    for headers in (bench.own_pages(), {"Sec-Fetch-Site": "same-origin"}):
        status, _ = await bench.asked("POST", ACT, {}, {**headers, **bench.key()})
        assert status == 200


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(bench):
    bench.person("kim", "viewer")
    body = {"name": "kim", "password": PASSWORD}
    async with bench.http.post(
        f"{bench.url}/api/v1/session", json=body, headers=bench.own_pages()
    ) as answer:
        cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1.nip.example"])
@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/snapshot", "/metrics"])
async def test_a_name_that_is_not_ours_is_refused(bench, host, path):
    status, problem = await bench.asked("GET", path, None, {"Host": host})
    assert (status, problem["code"]) == (421, "unknown-host")


@pytest.mark.parametrize("host", ["console.lan", "CONSOLE.LAN:8443", "localhost:1"])
async def test_every_name_of_ours_is_known(bench, host):
    assert (await bench.asked("GET", "/healthz", None, {"Host": host}))[0] == 200


async def test_every_answer_tells_browsers_what_not_to_do(bench):
    for path in ("/", "/api/v1/snapshot", "/nothing", "/healthz"):
        async with bench.http.get(f"{bench.url}{path}") as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "unsafe" not in policy
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("octets", "kind", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b"{", "application/json", 422),
        (b"\xff\xfe{}", "application/json", 422),
        (b'{"reason": NaN}', "application/json", 422),
        (b"[" * 5000, "application/json", 422),
        (json.dumps({"reason": "x" * LONGEST_BODY}).encode(), "application/json", 413),
    ],
)
async def test_a_body_that_is_none(bench, octets, kind, status):
    headers = {**bench.bearer("operator"), **bench.key(), "Content-Type": kind}
    async with bench.http.post(f"{bench.url}{ACT}", data=octets, headers=headers) as answer:
        assert answer.status == status
        assert answer.content_type == "application/problem+json"
    assert bench.control.commands.empty()


async def test_a_body_that_never_ends_is_given_up(bench, monkeypatch):
    monkeypatch.setattr("broadcaster.console.gate.BODY_LIMIT", 0.05)
    host, _, port = bench.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    token = bench.secret("operator")
    writer.write(
        f"POST {ACT} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        "Idempotency-Key: a-slow-key\r\nContent-Type: application/json\r\n"
        "Content-Length: 20\r\n\r\n{".encode()
    )
    async with asyncio.timeout(LIMIT):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408")
    assert bench.control.commands.empty()


async def test_headers_that_never_end_are_given_up(run_directory, state_directory, monkeypatch):
    monkeypatch.setattr("broadcaster.console.app.HEADER_LIMIT", 0.05)
    async with console(run_directory, state_directory) as bench:
        host, _, port = bench.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\nHost: ")
        async with asyncio.timeout(LIMIT):
            assert await reader.read() == b""
        writer.close()


async def test_who_asks_too_often_waits(bench):
    later = asyncio.get_running_loop().time() + 60
    for _ in range(int(REQUEST_RATE[1])):
        bench.station.requests.wait("127.0.0.1", later)
    async with bench.http.get(f"{bench.url}/healthz") as answer:
        assert answer.status == 429
        assert int(answer.headers["Retry-After"]) >= 1


async def test_script_in_any_text_comes_back_as_data(bench):
    script = "<script>alert(1)</script>\"'&"
    operator = bench.bearer("operator")
    bench.control.say(faults=[script], site={"ko": script, "en": script})
    bench.control.refusal = script
    answers = [
        await bench.http.get(f"{bench.url}/api/v1/snapshot", headers=operator),
        await bench.http.get(f"{bench.url}/<script>alert(1)</script>", headers=operator),
        await bench.http.post(
            f"{bench.url}/api/v1/alerts",
            json={"message": script, "zones": [script], "reason": script},
            headers=operator | bench.key(),
        ),
        await bench.http.post(
            f"{bench.url}/api/v1/alerts", json={script: script}, headers=operator | bench.key()
        ),
    ]
    for answer in answers:
        async with answer:
            assert answer.content_type in {"application/json", "application/problem+json"}
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            await answer.json(content_type=None)


async def test_a_wrong_token_is_not_taken_for_a_cookie(bench):
    bench.person("kim", "operator")
    await bench.signed_in("kim")
    headers = {**bench.own_pages(), **bench.key(), "Authorization": "Bearer sorigil_wrong"}
    status, problem = await bench.asked("POST", ACT, {}, headers)
    assert (status, problem["code"]) == (401, "unknown-token")


async def test_a_refused_act_goes_on_record(bench):
    await bench.asked("POST", ACT, {}, bench.bearer("viewer") | bench.key())
    audit = await bench.control.audit("act refused")
    assert audit["facts"] == {"act": "confirm", "peer": "127.0.0.1"}


async def test_a_failure_of_ours_is_told_without_its_inside(bench, monkeypatch, caplog):
    monkeypatch.setattr(bench.station.line, "command", None)
    headers = bench.bearer("operator") | bench.key()
    status, problem = await bench.asked("POST", ACT, {}, headers)
    assert (status, problem["code"]) == (500, "failed")
    assert "NoneType" not in json.dumps(problem)
    assert "NoneType" in caplog.text


class TestDemo:
    async def test_who_sits_here_is_signed_in(self, run_directory, state_directory):
        async with console(run_directory, state_directory, is_demo=True) as bench:
            status, me = await bench.asked("GET", "/api/v1/session")
            assert (status, me["name"]) == (200, "demo")
            status, _ = await bench.asked("POST", ACT, {}, bench.key())
            assert status == 200

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
    async def test_who_comes_through_a_proxy_is_not(self, run_directory, state_directory, header):
        async with console(run_directory, state_directory, is_demo=True) as bench:
            status, _ = await bench.asked("GET", "/api/v1/session", None, {header: "127.0.0.1"})
            assert status == 401

    async def test_another_sites_page_is_not(self, run_directory, state_directory):
        async with console(run_directory, state_directory, is_demo=True) as bench:
            headers = {"Origin": "http://evil.example", **bench.key()}
            assert (await bench.asked("POST", ACT, {}, headers))[0] == 403
