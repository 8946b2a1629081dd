"""The commands about people, tokens and certificates, as they are typed."""

import asyncio
import json
import stat

import pytest
from click.testing import CliRunner

from broadcaster.cli import broadcaster
from broadcaster.console.people import People
from broadcaster.console.people_database import PeopleDatabase, PeopleError
from broadcaster.console.tokens import Tokens
from tests.broadcaster.console.bench import PASSWORD


@pytest.fixture
def typed(run_directory, state_directory):
    """Types a command; the answer is its result."""

    def type_(*words, entered=""):
        places = ["--state", str(state_directory)]
        if words[0] != "tls" and words[1] != "list":
            places += ["--run", str(run_directory)]
        return CliRunner().invoke(broadcaster, [*words, *places], input=entered)

    return type_


def twice(password):
    return f"{password}\n{password}\n"


def test_people_are_added_changed_and_removed(typed, state_directory):
    words = ("people", "add", "kim", "--role", "operator", "--shown", "김 주무관")
    added = typed(*words, entered=twice(PASSWORD))
    assert added.exit_code == 0, added.output
    assert "kim may sign in as operator" in added.output
    assert PASSWORD not in added.output
    assert "not in the journal: nobody listens" in added.output
    assert typed("people", "role", "kim", "viewer", "police").exit_code == 0
    secret = typed("people", "totp", "kim")
    assert "otpauth://totp/Sorigil%3Akim" in secret.output
    listed = json.loads(typed("people", "list", "--json").output)
    (kim,) = listed["people"]
    assert (kim["name"], kim["shown"], kim["totp"]) == ("kim", "김 주무관", True)
    assert (kim["roles"], kim["barred"]) == (["police", "viewer"], False)
    assert "kim: 김 주무관, police, viewer (with codes)" in typed("people", "list").output
    assert typed("people", "reset", "kim", entered=twice("another good one")).exit_code == 0
    assert "(with codes)" not in typed("people", "list").output
    assert typed("people", "remove", "kim").exit_code == 0
    assert "nobody may sign in yet" in typed("people", "list").output


@pytest.mark.parametrize(
    ("words", "entered"),
    [
        (("people", "remove", "nobody"), ""),
        (("people", "add", "kim", "--role", "operator"), twice("short")),
        (("tokens", "revoke", "nothing"), ""),
    ],
)
def test_what_is_refused_is_one_sentence(typed, words, entered):
    refused = typed(*words, entered=entered)
    assert isinstance(refused.exception, PeopleError)


def test_a_token_is_printed_once_and_works(typed, state_directory):
    made = typed("tokens", "add", "gate", "--role", "operator", "--days", "30", "--zones", "a, b")
    secret = made.output.splitlines()[-1] if "journal" not in made.output else ""
    secret = secret or next(one for one in made.output.split() if one.startswith("sorigil_"))
    database = PeopleDatabase(state_directory)
    known = Tokens(database).of_secret(secret, 0.0)
    database.close()
    assert known is not None
    assert known.zones == frozenset({"a", "b"})
    listed = typed("tokens", "list").output
    assert "gate: operator, only a b, until 20" in listed
    assert secret not in listed
    assert typed("tokens", "revoke", "gate").exit_code == 0
    assert "there are no tokens" in typed("tokens", "list").output


async def test_a_change_by_command_takes_effect_in_a_running_console(bench, typed):
    bench.person("kim", "operator")
    bench.person("head", "administrator")
    await bench.signed_in("kim")
    done = await asyncio.to_thread(typed, "people", "remove", "kim")
    assert done.exit_code == 0, done.output
    assert "not in the journal" not in done.output
    assert (await bench.control.audit("person removed"))["facts"] == {"person": "kim"}
    assert (await bench.asked("GET", "/api/v1/session"))[0] == 401


def test_certificates_are_made_closed_and_told(typed, state_directory):
    made = typed("tls", "init", "Console.lan", "192.0.2.5")
    assert made.exit_code == 0, made.output
    assert "for: console.lan, 192.0.2.5, " in made.output
    assert "certutil -addstore" in made.output
    folder = state_directory / "tls"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes["ca.key"] == modes["console.key"] == 0o600
    authority = (folder / "ca.crt").read_bytes()
    again = typed("tls", "init")
    assert "authority" not in again.output
    assert (folder / "ca.crt").read_bytes() == authority
    assert typed("tls", "init", "no/host").exit_code == 2


def test_the_database_of_a_running_console_may_be_written_beside_it(state_directory):
    first, second = PeopleDatabase(state_directory), PeopleDatabase(state_directory)
    People(first).add("kim", "", ["viewer"], PASSWORD, 0.0)
    assert People(second).named("kim") is not None
    first.close()
    second.close()
