"""Acts of people become commands of control: once, with who asked and what they may."""

import asyncio

import pytest

from tests.broadcaster.console.bench import console, until

RAISE = {"message": "flood-evacuate", "zones": ["upper"], "reason": "seen"}


async def test_a_warning_is_raised_with_who_asked(bench):
    headers = {**bench.bearer("operator"), "Idempotency-Key": "a-key-of-its-own"}
    status, answer = await bench.asked("POST", "/api/v1/alerts", RAISE, headers)
    command = await bench.control.next()
    assert (status, answer["on_air"], answer["durable"]) == (200, ["upper"], True)
    assert "ok" not in answer
    assert command.pop("given_ns") > 0
    assert command == {
        "name": "raise",
        "key": "a-key-of-its-own",
        "who": command["who"],
        "roles": ["operator"],
        "break_glass": False,
        **RAISE,
    }
    assert command["who"].startswith("token somebody")


@pytest.mark.parametrize(
    ("path", "body", "name", "fields"),
    [
        ("alerts/a1/confirm", None, "confirm", {"alert": "a1", "reason": ""}),
        ("alerts/a1/reject", {"reason": "fog"}, "reject", {"alert": "a1", "reason": "fog"}),
        ("alerts/a1/escalate", {"level": "evacuate"}, "escalate", {"level": "evacuate"}),
        ("alerts/a1/add-zones", {"zones": ["lower"]}, "add-zones", {"zones": ["lower"]}),
        ("alerts/a1/all-clear", {"of": "both"}, "all-clear", {"of": "both"}),
        ("alerts/a1/stop", {}, "stop", {"alert": "a1"}),
        ("exercises", {"message": "m", "zones": ["upper"]}, "exercise", {"message": "m"}),
        ("exercises/e1/end", {}, "end-exercise", {"alert": "e1"}),
        ("claims", {"message": "m", "zones": ["upper"]}, "play", {"priority": 100}),
        ("claims/c%201/withdraw", None, "withdraw", {"claim": "c 1"}),
    ],
)
async def test_each_act_is_its_command(bench, path, body, name, fields):
    headers = {**bench.bearer("operator"), **bench.key()}
    status, _ = await bench.asked("POST", f"/api/v1/{path}", body, headers)
    command = await bench.control.next()
    assert status == 200
    assert command["name"] == name
    assert fields.items() <= command.items()


async def test_the_same_key_does_it_once_and_answers_alike(bench):
    headers = {**bench.bearer("operator"), **bench.key()}
    first = await bench.asked("POST", "/api/v1/alerts", RAISE, headers)
    again = await bench.asked("POST", "/api/v1/alerts", RAISE, headers)
    assert first == again
    assert bench.control.commands.qsize() == 1


async def test_asked_again_before_the_answer_both_get_it(bench):
    headers = {**bench.bearer("operator"), **bench.key()}
    bench.control.may_answer.clear()
    async with asyncio.TaskGroup() as tasks:
        asked = [
            tasks.create_task(bench.asked("POST", "/api/v1/alerts", RAISE, headers))
            for _ in range(3)
        ]
        await until(lambda: bench.station.line._asked)
        bench.control.may_answer.set()
    first, *others = [task.result() for task in asked]
    assert first[0] == 200
    assert others == [first, first]
    assert bench.control.commands.qsize() == 1


async def test_a_key_is_good_for_one_act_only(bench):
    headers = {**bench.bearer("operator"), **bench.key()}
    await bench.asked("POST", "/api/v1/alerts", RAISE, headers)
    status, problem = await bench.asked(
        "POST", "/api/v1/alerts", {**RAISE, "zones": ["lower"]}, headers
    )
    assert (status, problem["code"]) == (422, "key-used")
    assert bench.control.commands.qsize() == 1


@pytest.mark.parametrize("key", [None, "short", "a key with blanks", "x" * 101])
async def test_an_act_needs_a_key(bench, key):
    headers = bench.bearer("operator") | ({} if key is None else {"Idempotency-Key": key})
    status, problem = await bench.asked("POST", "/api/v1/alerts", RAISE, headers)
    assert (status, problem["code"]) == (400, "no-key")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, None),
        ({"message": "m"}, None),
        ({"message": "m", "zones": []}, "zones"),
        ({"message": 4, "zones": ["upper"]}, "message"),
        ({"message": "m", "zones": ["upper"], "level": "panic"}, "level"),
        ({"message": "m", "at": [91, 0]}, "at.0"),
        ({"message": "m", "zones": ["upper"], "roles": ["administrator"]}, "roles"),
        ({"message": "m", "zones": ["upper"], "who": "mayor"}, "who"),
        ([], None),
    ],
)
async def test_a_wrong_body_is_told_where_and_reaches_nobody(bench, body, where):
    headers = {**bench.bearer("operator"), **bench.key()}
    status, problem = await bench.asked("POST", "/api/v1/alerts", body, headers)
    assert (status, problem["code"], problem.get("where")) == (422, "invalid", where)
    assert bench.control.commands.empty()


async def test_what_control_refuses_is_told_with_its_sentence(bench):
    bench.control.refusal = "there is no zone 'pond'"
    headers = {**bench.bearer("operator"), **bench.key()}
    status, problem = await bench.asked("POST", "/api/v1/alerts", RAISE, headers)
    assert (status, problem["detail"], problem["where"]) == (
        422, "there is no zone 'pond'", "zones",
    )  # fmt: skip


async def test_without_control_nothing_is_done_and_one_is_told_what_to_do(
    run_directory, state_directory
):
    async with console(run_directory, state_directory, has_control=False) as bench:
        headers = {**bench.bearer("operator"), **bench.key()}
        status, problem = await bench.asked("POST", "/api/v1/alerts", RAISE, headers)
        assert (status, problem["code"]) == (503, "control-down")
        assert "broadcaster local play" in problem["detail"]
        assert (await bench.asked("GET", "/healthz"))[1]["ok"] is False


async def test_the_police_raise_a_missing_person_and_nothing_else(bench):
    police = bench.bearer("police")
    missing = {"hazard": "missing-person", "zones": ["upper"]}
    disguised = {**missing, "message": "flood-evacuate"}
    status, _ = await bench.asked("POST", "/api/v1/alerts", missing, police | bench.key())
    assert status == 200
    for other in (RAISE, disguised):
        status, problem = await bench.asked("POST", "/api/v1/alerts", other, police | bench.key())
        assert (status, problem["act"]) == (403, "raise")


async def test_radio_staff_neither_play_nor_withdraw_warnings(bench):
    radio = bench.bearer("radio")
    bench.control.say(claims=[{"id": "w1", "kind": "warning", "zones": ["upper"]}])
    await until(lambda: bench.station.line.snapshot["claims"])
    sound = {"pcm": "c" * 64, "length": 48_000, "zones": ["upper"]}
    assert (await bench.asked("POST", "/api/v1/claims", sound, radio | bench.key()))[0] == 200
    warning = {**sound, "kind": "warning", "priority": 232}
    words = {"message": "flood-evacuate", "zones": ["upper"]}
    for path, body in (
        ("claims", warning), ("claims", words), ("claims/w1/withdraw", None),
    ):  # fmt: skip
        status, _ = await bench.asked("POST", f"/api/v1/{path}", body, radio | bench.key())
        assert status == 403


async def test_a_token_of_some_zones_acts_on_no_others(bench):
    headers = bench.bearer("operator", zones=["upper"])
    for body, expected in (
        (RAISE, 200),
        ({**RAISE, "zones": ["upper", "lower"]}, 403),
        ({"hazard": "flood", "camera": "214"}, 403),
    ):
        status, _ = await bench.asked("POST", "/api/v1/alerts", body, headers | bench.key())
        assert status == expected
    bench.control.say(
        alerts=[{"id": "here", "zones": ["upper"]}, {"id": "there", "zones": ["lower"]}]
    )
    await until(lambda: bench.station.line.snapshot["alerts"])
    for alert, body, expected in (
        ("here", {}, 200),
        ("there", {}, 403),
        ("nowhere", {}, 403),
    ):
        path = f"/api/v1/alerts/{alert}/confirm"
        assert (await bench.asked("POST", path, body, headers | bench.key()))[0] == expected
    path = "/api/v1/alerts/here/add-zones"
    more = {"zones": ["lower"]}
    assert (await bench.asked("POST", path, more, headers | bench.key()))[0] == 403


async def test_an_act_outlives_the_session_it_was_given_in(bench):
    bench.person("kim", "operator")
    bench.person("lee", "operator")
    act = bench.own_pages(**bench.key())
    await bench.signed_in("kim")
    session = bench.station.sessions.all(bench.station.clock())[0]
    bench.station.sessions.end(session.id)
    status, problem = await bench.asked("POST", "/api/v1/alerts", RAISE, act)
    assert (status, problem["code"]) == (401, "sign-in")
    assert "same Idempotency-Key" in problem["detail"]
    assert bench.control.commands.empty()
    await bench.signed_in("lee")
    status, _ = await bench.asked("POST", "/api/v1/alerts", RAISE, act)
    assert status == 200
    assert (await bench.control.next())["who"] == "lee"
