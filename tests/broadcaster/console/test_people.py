"""Accounts, sessions and tokens: kept closed, changed by administrators, gone when revoked."""

import sqlite3

import pytest

from broadcaster.console.passwords import password_hash
from broadcaster.console.people import People
from broadcaster.console.people_database import PeopleDatabase, PeopleError
from broadcaster.console.sessions import MOST_OF_ONE, Sessions
from broadcaster.console.tokens import Tokens
from tests.broadcaster.console.bench import PASSWORD

NOW = 1_800_000_000.0


@pytest.fixture
def database(state_directory):
    database = PeopleDatabase(state_directory)
    yield database
    database.close()


@pytest.fixture
def people(database):
    people = People(database)
    people.add("head", "Head", ["administrator"], PASSWORD, NOW)
    return people


def test_the_file_is_closed_to_others_and_holds_no_secret(database, people, state_directory):
    _, token = Tokens(database).add("gate", ["viewer"], made_by="head", now=NOW)
    session = Sessions(database).begin("head", "Head", "127.0.0.1", NOW)
    assert database.path.stat().st_mode & 0o777 == 0o600
    kept = b"".join(path.read_bytes() for path in state_directory.iterdir())
    for secret in (PASSWORD, token, token.removeprefix("sorigil_"), session):
        assert secret.encode() not in kept


def test_passwords_are_kept_as_argon2id():
    assert password_hash(PASSWORD).startswith("$argon2id$")


@pytest.mark.parametrize(
    ("name", "roles", "password", "said"),
    [
        ("Kim", ["viewer"], PASSWORD, "is not a name"),
        ("../kim", ["viewer"], PASSWORD, "is not a name"),
        ("head", ["viewer"], PASSWORD, "already"),
        ("kim", [], PASSWORD, "at least one role"),
        ("kim", ["king"], PASSWORD, "no role 'king'; there are viewer"),
        ("kim", ["viewer"], "short", "10 to 200"),
        ("kim", ["viewer"], "aaaaaaaaaaaa", "too easy"),
        ("kim", ["viewer"], "My-Name-Is-Kim", "too easy"),
    ],
)
def test_who_cannot_be_added(people, name, roles, password, said):
    with pytest.raises(PeopleError, match=said):
        people.add(name, "", roles, password, NOW)


def test_the_last_administrator_stays(people):
    for change in (
        lambda: people.remove("head"),
        lambda: people.give_roles("head", ["operator"]),
    ):
        with pytest.raises(PeopleError, match="only administrator"):
            change()
    people.add("other", "", ["administrator"], PASSWORD, NOW)
    people.remove("head")
    assert [person.name for person in people.all()] == ["other"]


def test_whoever_is_barred_is_out_at_once_and_the_last_administrator_is_not(database, people):
    sessions = Sessions(database)
    people.add("lee", "", ["administrator"], PASSWORD, 0.0)
    secret = sessions.begin("lee", "Lee", "127.0.0.1", 0.0)
    people.bar("lee", is_barred=True)
    assert sessions.of_secret(secret, 1.0) is None
    lee = people.named("lee")
    assert lee is not None
    assert lee.is_barred
    for change in (
        lambda: people.bar("head", is_barred=True),
        lambda: people.remove("head"),
        lambda: people.give_roles("head", ["viewer"]),
    ):
        with pytest.raises(PeopleError, match="only administrator"):
            change()
    people.bar("lee", is_barred=False)
    people.bar("head", is_barred=True)


def test_a_file_of_the_first_version_is_taken_over(state_directory):
    database = PeopleDatabase(state_directory)
    People(database).add("kim", "", ["administrator"], PASSWORD, 0.0)
    database.close()
    with sqlite3.connect(state_directory / "people.db") as file:
        file.execute("ALTER TABLE person DROP COLUMN is_barred")
        file.execute("PRAGMA user_version = 1")
    file.close()
    database = PeopleDatabase(state_directory)
    assert [one.is_barred for one in People(database).all()] == [False]
    database.close()


def test_one_person_has_not_ever_more_sessions(database, people):
    sessions = Sessions(database)
    secrets = [sessions.begin("head", "", "a", NOW + n) for n in range(MOST_OF_ONE + 5)]
    assert len(sessions.all(NOW)) == MOST_OF_ONE
    assert sessions.of_secret(secrets[0], NOW) is None
    assert sessions.of_secret(secrets[-1], NOW) is not None


def test_a_token_expires_and_is_revoked(database):
    tokens = Tokens(database)
    token, secret = tokens.add("gate", ["operator"], made_by="head", now=NOW, lasts=60)
    known = tokens.of_secret(secret, NOW + 59)
    assert known is not None
    assert known.roles == {"operator"}
    assert tokens.of_secret(secret, NOW + 60) is None
    assert tokens.of_secret(secret + "x", NOW) is None
    tokens.revoke("gate")
    assert tokens.of_secret(secret, NOW) is None
    with pytest.raises(PeopleError, match="no token"):
        tokens.revoke(token.id)


def test_a_file_of_a_newer_version_is_left_alone(state_directory):
    PeopleDatabase(state_directory).close()
    with sqlite3.connect(state_directory / "people.db") as database:
        database.execute("PRAGMA user_version = 9")
    database.close()
    with pytest.raises(PeopleError, match="version 9"):
        PeopleDatabase(state_directory)


@pytest.mark.parametrize("octets", [b"not a database" * 100, b"SQLite format 3\0" + bytes(200)])
def test_a_damaged_file_is_told(state_directory, octets):
    (state_directory / "people.db").write_bytes(octets)
    with pytest.raises(PeopleError, match=r"people\.db cannot be read"):
        PeopleDatabase(state_directory)


async def test_an_administrator_keeps_people_by_the_api(bench):
    head = bench.bearer("administrator")
    new = {"name": "kim", "roles": ["viewer"], "password": PASSWORD}
    assert (await bench.asked("POST", "/api/v1/people", new, head))[0] == 201
    assert (await bench.asked("POST", "/api/v1/people", new, head))[0] == 422
    await bench.signed_in("kim")
    (session,) = (await bench.asked("GET", "/api/v1/sessions", None, head))[1]["sessions"]
    assert session["person"] == "kim"
    change = {"roles": ["operator"], "totp": "off"}
    _, kim = await bench.asked("PATCH", "/api/v1/people/kim", change, head)
    assert (kim["roles"], kim["totp"]) == (["operator"], False)
    assert (await bench.asked("DELETE", f"/api/v1/sessions/{session['id']}", None, head))[0] == 200
    assert (await bench.asked("GET", "/api/v1/session"))[0] == 401
    assert (await bench.asked("DELETE", "/api/v1/people/kim", None, head))[0] == 200
    assert (await bench.asked("PATCH", "/api/v1/people/kim", {}, head))[0] == 404
    for action in ("person added", "roles changed", "session ended", "person removed"):
        await bench.control.audit(action)


async def test_an_administrator_keeps_tokens_by_the_api(bench):
    head = bench.bearer("administrator")
    new = {"name": "gate", "roles": ["operator"], "days": 1, "zones": ["upper"]}
    status, token = await bench.asked("POST", "/api/v1/tokens", new, head)
    assert status == 201
    held = {"Authorization": f"Bearer {token['secret']}"}
    assert (await bench.asked("GET", "/api/v1/session", None, held))[1]["zones"] == ["upper"]
    listed = (await bench.asked("GET", "/api/v1/tokens", None, head))[1]["tokens"]
    assert [one["name"] for one in listed][-1] == "gate"
    assert "secret" not in listed[-1]
    assert (await bench.asked("DELETE", "/api/v1/tokens/gate", None, head))[0] == 200
    assert (await bench.asked("GET", "/api/v1/session", None, held))[0] == 401
