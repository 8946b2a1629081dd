"""Signing in, being kept out, handing over, and the first administrator."""

import asyncio
from typing import ClassVar

import pytest

from broadcaster.console import totp
from broadcaster.console.rates import FREE_ATTEMPTS
from broadcaster.console.sessions import LASTS
from tests.broadcaster.console.bench import PASSWORD, console

SESSION = "/api/v1/session"


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


async def test_somebody_signs_in_looks_and_signs_out(bench):
    bench.person("kim", "operator", "technician")
    status, problem = await bench.asked("GET", SESSION)
    assert (status, problem["code"], problem["sign_in"]) == (401, "sign-in", SESSION)
    status, me = await bench.signed_in("Kim ")
    assert (status, me["name"], me["roles"]) == (200, "kim", ["operator", "technician"])
    assert "raise" in me["rights"]
    assert "keep-people" not in me["rights"]
    assert (await bench.asked("GET", "/api/v1/snapshot"))[0] == 200
    assert (await bench.control.audit("signed in"))["who"] == "kim"
    assert (await bench.asked("DELETE", SESSION, None, bench.own_pages()))[0] == 200
    assert (await bench.asked("GET", "/api/v1/snapshot"))[0] == 401


@pytest.mark.parametrize(("name", "password"), [("kim", "wrong password"), ("nobody", PASSWORD)])
async def test_who_is_wrong_learns_nothing(bench, name, password):
    bench.person("kim", "operator")
    body = {"name": name, "password": password}
    status, problem = await bench.asked("POST", SESSION, body, bench.own_pages())
    assert (status, problem["code"]) == (401, "wrong-credentials")
    assert "kim" not in problem["detail"]
    assert (await bench.control.audit("sign-in refused"))["who"] == name


async def test_many_wrong_passwords_make_one_wait_but_lock_nobody_out(bench):
    bench.person("kim", "operator")
    await bench.signed_in("kim")
    wrong = {"name": "kim", "password": "wrong password"}
    answers = await asyncio.gather(
        *(bench.asked("POST", SESSION, wrong, bench.own_pages()) for _ in range(FREE_ATTEMPTS + 3))
    )
    assert [status for status, _ in answers].count(401) == FREE_ATTEMPTS
    locked = next(problem for status, problem in answers if status == 429)
    assert (locked["code"], locked["wait_s"] > 0) == ("locked", True)
    status, _ = await bench.signed_in("kim")
    assert status == 429
    # The session there is goes on, and the same name from elsewhere is not locked.
    assert (await bench.asked("GET", SESSION))[0] == 200
    assert bench.station.lockout.wait("kim", "192.0.2.9", asyncio.get_running_loop().time()) == 0


async def test_attempts_of_one_peer_are_slowed_down_whatever_the_names(bench):
    answers = [
        await bench.asked(
            "POST", SESSION, {"name": f"n{number}", "password": "x"}, bench.own_pages()
        )
        for number in range(12)
    ]
    assert [problem["code"] for _, problem in answers][-1] == "too-often"


async def test_a_code_is_asked_for_and_good_once(run_directory, state_directory):
    clock = Clock()
    async with console(run_directory, state_directory, clock=clock) as bench:
        bench.person("kim", "operator")
        await bench.signed_in("kim")
        _, offered = await bench.asked("POST", f"{SESSION}/codes", None, bench.own_pages())
        secret = offered["secret"]
        assert offered["address"].startswith("otpauth://totp/Waterside%3Akim?secret=")
        code = totp.code_at(secret, int(clock.now) // totp.STEP)
        for body, expected in (
            ({"secret": secret, "code": "000000", "password": PASSWORD}, 422),
            ({"secret": secret, "code": code, "password": "wrong password"}, 401),
            ({"secret": secret, "code": code, "password": PASSWORD}, 200),
        ):
            answer = await bench.asked("PUT", f"{SESSION}/codes", body, bench.own_pages())
            assert answer[0] == expected, answer
        status, problem = await bench.signed_in("kim")
        assert (status, problem["code"]) == (401, "code-needed")
        assert (await bench.signed_in("kim", code="123456"))[0] == 401
        assert (await bench.signed_in("kim", code=f"{code[:3]} {code[3:]}"))[0] == 200
        status, problem = await bench.signed_in("kim", code=code)
        assert (status, problem["code"]) == (401, "wrong-credentials")


async def test_a_session_ends_by_itself_and_outlives_a_restart(run_directory, state_directory):
    clock = Clock()
    async with console(run_directory, state_directory, clock=clock) as bench:
        bench.person("kim", "operator")
        await bench.signed_in("kim")
        (cookie,) = [one.value for one in bench.http.cookie_jar]
    held = {"Cookie": f"sorigil={cookie}"}
    async with console(run_directory, state_directory, clock=clock) as bench:
        assert (await bench.asked("GET", SESSION, None, held))[1]["name"] == "kim"
        clock.now += LASTS - 1
        assert (await bench.asked("GET", SESSION, None, held))[0] == 200
        clock.now += 1
        assert (await bench.asked("GET", SESSION, None, held))[0] == 401


async def test_a_role_taken_away_is_gone_at_once(bench):
    bench.person("kim", "operator")
    bench.person("head", "administrator")
    await bench.signed_in("kim")
    bench.station.people.give_roles("kim", ["viewer"])
    act = bench.own_pages(**bench.key())
    assert (await bench.asked("POST", "/api/v1/alerts/a/confirm", {}, act))[0] == 403
    bench.station.people.remove("kim")
    assert (await bench.asked("GET", SESSION))[0] == 401


async def test_the_cookie_from_before_a_sign_over_is_worth_nothing(bench):
    bench.person("kim", "operator")
    bench.person("lee", "operator")
    await bench.signed_in("kim")
    (old,) = [one.value for one in bench.http.cookie_jar]
    body = {"name": "lee", "password": PASSWORD}
    status, me = await bench.asked("POST", f"{SESSION}/sign-over", body, bench.own_pages())
    assert (status, me["name"]) == (200, "lee")
    assert (await bench.asked("GET", SESSION))[1]["name"] == "lee"
    bench.http.cookie_jar.clear()
    held = {"Cookie": f"sorigil={old}"}
    assert (await bench.asked("GET", SESSION, None, held))[0] == 401
    assert len(bench.station.sessions.all(bench.station.clock())) == 1


async def test_a_wrong_password_leaves_the_desk_as_it_is(bench):
    bench.person("kim", "operator")
    bench.person("lee", "operator")
    await bench.signed_in("kim")
    body = {"name": "lee", "password": "wrong password"}
    status, _ = await bench.asked("POST", f"{SESSION}/sign-over", body, bench.own_pages())
    assert status == 401
    assert (await bench.asked("GET", SESSION))[1]["name"] == "kim"


async def test_a_new_password_ends_the_other_sessions(bench):
    bench.person("kim", "operator")
    await bench.signed_in("kim")
    (elsewhere,) = [one.value for one in bench.http.cookie_jar]
    bench.http.cookie_jar.clear()
    await bench.signed_in("kim")
    path = f"{SESSION}/password"
    for body, expected in (
        ({"old": "wrong password", "new": "another good one"}, 401),
        ({"old": PASSWORD, "new": "short"}, 422),
        ({"old": PASSWORD, "new": "kimkimkimkim"}, 422),
        ({"old": PASSWORD, "new": "another good one"}, 200),
    ):
        assert (await bench.asked("POST", path, body, bench.own_pages()))[0] == expected
    assert (await bench.asked("GET", SESSION))[0] == 200
    bench.http.cookie_jar.clear()
    held = {"Cookie": f"sorigil={elsewhere}"}
    assert (await bench.asked("GET", SESSION, None, held))[0] == 401


async def test_a_token_has_no_password_to_change(bench):
    body = {"old": PASSWORD, "new": "another good one"}
    status, problem = await bench.asked(
        "POST", f"{SESSION}/password", body, bench.bearer("operator")
    )
    assert (status, problem["code"]) == (403, "no-account")


class TestFirstAdministrator:
    BODY: ClassVar = {"name": "head", "shown": "장", "password": PASSWORD}

    async def test_is_made_with_the_code_in_the_run_directory(self, bench, run_directory):
        file = run_directory / "console-setup-code"
        assert file.stat().st_mode & 0o777 == 0o600
        assert (await bench.asked("GET", SESSION))[1]["setup"] is True
        body = {"code": file.read_text(), **self.BODY}
        status, me = await bench.asked("POST", "/api/v1/setup", body, bench.own_pages())
        assert (status, me["roles"]) == (200, ["administrator"])
        assert not file.exists()
        assert (await bench.asked("GET", "/api/v1/people"))[0] == 200
        assert (await bench.control.audit("first administrator"))["who"] == "head"
        status, problem = await bench.asked("POST", "/api/v1/setup", body, bench.own_pages())
        assert (status, problem["code"]) == (403, "wrong-code")

    @pytest.mark.parametrize("code", ["0000000000000000", "x"])
    async def test_is_nobody_without_it(self, bench, code):
        body = {"code": code, **self.BODY}
        status, problem = await bench.asked("POST", "/api/v1/setup", body, bench.own_pages())
        assert (status, problem["code"]) == (403, "wrong-code")

    async def test_needs_a_good_password_too(self, bench, run_directory):
        code = (run_directory / "console-setup-code").read_text()
        body = {"code": code, **self.BODY, "password": "password"}
        status, _ = await bench.asked("POST", "/api/v1/setup", body, bench.own_pages())
        assert status == 422
        assert bench.station.setup.is_asked_for

    async def test_is_asked_for_once(self, bench, run_directory, state_directory):
        bench.person("head", "administrator")
        async with console(run_directory, state_directory, has_control=False) as again:
            assert (await again.asked("GET", SESSION))[1]["setup"] is False
        assert not (run_directory / "console-setup-code").exists()


async def test_a_missing_control_keeps_nobody_out(run_directory, state_directory, caplog):
    async with console(run_directory, state_directory, has_control=False) as bench:
        bench.person("kim", "operator")
        assert (await bench.signed_in("kim"))[0] == 200
    assert "not on record but here: signed in by kim" in caplog.text


async def test_a_disk_that_cannot_be_written_keeps_nobody_out(run_directory, state_directory):
    clock = Clock()
    async with console(run_directory, state_directory, clock=clock) as bench:
        for name in ("kim", "lee", "head"):
            bench.person(name, "administrator" if name == "head" else "operator")
        secret = totp.new_secret()
        bench.station.people.set_totp("lee", secret)
        bench.station.database._writer.execute("PRAGMA query_only = ON")
        assert (await bench.signed_in("kim"))[0] == 200
        assert (await bench.asked("GET", SESSION))[1]["name"] == "kim"
        code = totp.code_at(secret, int(clock.now) // totp.STEP)
        body = {"name": "lee", "password": PASSWORD, "code": code}
        over = f"{SESSION}/sign-over"
        assert (await bench.asked("POST", over, body, bench.own_pages()))[0] == 200
        assert (await bench.asked("GET", SESSION))[1]["name"] == "lee"
        assert (await bench.asked("POST", over, body, bench.own_pages()))[0] == 401
        (session,) = bench.station.sessions.all(clock.now)
        assert session.person == "lee"
        status, problem = await bench.asked(
            "DELETE", f"/api/v1/sessions/{session.id}", None, bench.own_pages()
        )
        assert status == 403
        status, problem = await bench.asked("DELETE", SESSION, None, bench.own_pages())
        assert (status, problem["code"]) == (503, "no-disk")
        assert (await bench.asked("GET", SESSION))[0] == 401


async def test_a_session_held_in_memory_goes_to_disk_with_the_next_person(bench):
    bench.person("kim", "operator")
    bench.person("lee", "operator")
    writer = bench.station.database._writer
    writer.execute("PRAGMA query_only = ON")
    await bench.signed_in("kim")
    writer.execute("PRAGMA query_only = OFF")
    body = {"name": "lee", "password": PASSWORD}
    await bench.asked("POST", f"{SESSION}/sign-over", body, bench.own_pages())
    assert (await bench.asked("GET", SESSION))[1]["name"] == "lee"
    assert bench.station.sessions._held == {}
    bench.station.people.remove("lee")
    assert (await bench.asked("GET", SESSION))[0] == 401
