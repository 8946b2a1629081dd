"""The command line: quick, complete, and never a traceback for what is the user's to mend."""

import ast
import re
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from broadcaster import cli
from tests.broadcaster.station import broadcaster, write_site
from tests.house.checkout import ROOT, tree

HEAVY = ("asyncio", "numpy", "rich", "yaml", "av", "structlog")


@pytest.fixture
def config(tmp_path, multicast_group, free_port):
    return write_site(tmp_path, multicast_group(), multicast_group(), free_port())


def test_help_loads_no_command():
    program = (
        "import sys; from broadcaster.cli import broadcaster\n"
        "try: broadcaster(['--help'])\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert not set(HEAVY) & set(done.stderr.split())
    assert {name for name in cli._COMMANDS if re.search(rf"^  {name} ", done.stdout, re.M)} == set(
        cli.broadcaster.list_commands(click.Context(cli.broadcaster))
    )


def test_every_command_of_this_installation_loads_and_explains_itself():
    context = click.Context(cli.broadcaster)
    for name in cli.broadcaster.list_commands(context):
        command = cli.broadcaster.get_command(context, name)
        assert command is not None, name
        assert command.help, name
        assert CliRunner().invoke(command, ["--help"]).exit_code == 0, name


def test_every_command_is_on_its_page():
    page = (ROOT / "docs/commands.md").read_text()
    context = click.Context(cli.broadcaster)
    missing = [name for name in cli.broadcaster.list_commands(context) if f"## {name}" not in page]
    assert missing == []


def test_a_command_that_is_not_installed_does_not_disturb_the_others(monkeypatch):
    monkeypatch.setitem(cli._COMMANDS, "play", ("broadcaster.no_such.commands", "play", "-"))
    names = cli.broadcaster.list_commands(click.Context(cli.broadcaster))
    assert "play" not in names
    assert "run" in names
    unknown = CliRunner().invoke(cli.broadcaster, ["play"])
    assert unknown.exit_code == 2
    assert "No such command 'play'" in unknown.output


def test_the_version_is_the_installed_one():
    said = CliRunner().invoke(cli.broadcaster, ["--version"])
    assert re.fullmatch(r"sorigil \d+\.\d+\.\d+\n", said.output)


def test_a_missing_interface_is_one_sentence(config, run_directory, state_directory):
    places = ("--config", config, "--run", run_directory, "--state", state_directory)
    done = broadcaster("run", *places, "--interface", "eth7")
    assert done.returncode == 2
    assert done.stderr.startswith("broadcaster: there is no interface eth7; this machine has lo (")
    assert done.stderr.count("\n") == 1


def test_a_site_file_that_is_wrong_is_told_with_its_places(config, run_directory, state_directory):
    config.write_text(config.read_text().replace("ttl: 1", "ttl: 1000\n  tll: 1"))
    places = ("--config", config, "--run", run_directory, "--state", state_directory)
    done = broadcaster("run", *places)
    assert done.returncode == 2
    assert len(re.findall(r"^config\.yaml:\d+:\d+: ", done.stderr, re.M)) == 2
    assert "Traceback" not in done.stderr
    assert list(run_directory.iterdir()) == []


def test_a_directory_that_cannot_be_used_is_one_sentence(config, run_directory):
    done = broadcaster("run", "--config", config, "--run", run_directory, "--state", "/dev/null/x")
    assert done.returncode == 2
    assert done.stderr == (
        "broadcaster: cannot use state directory /dev/null/x: Not a directory; "
        "give another one with --state\n"
    )


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch):
    def broken(**_):
        raise ZeroDivisionError

    monkeypatch.setattr(cli.broadcaster, "main", broken)
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_an_error_of_the_system_is_one_sentence(monkeypatch, capsys):
    def full(**_):
        raise OSError(28, "No space left on device", "/var/lib/sorigil/pcm")

    monkeypatch.setattr(cli.broadcaster, "main", full)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == "broadcaster: /var/lib/sorigil/pcm: No space left on device\n"


SENDING = (
    "supervisor/child",
    "supervisor/ground",
    "supervisor/heartbeat",
    "run_directory",
    "supervisor/sending_sockets",
    "supervisor/supervisor",
)
WALL = {"time", "time_ns", "now", "utcnow", "today", "localtime", "gmtime", "CLOCK_REALTIME"}


def asks_the_time(node):
    """Whether a piece of code looks at the wall clock."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "time" and bool(WALL & {alias.name for alias in node.names})
    if isinstance(node, ast.Attribute) and node.attr in WALL:
        return ast.unparse(node.value).split(".")[0] in ("time", "datetime", "date", "dt")
    return False


def test_nothing_between_supervisor_and_wire_asks_what_time_it_is():
    """A wall clock set back an hour changes nothing (SAFETY H1): nobody there looks at it."""
    engine = [path.relative_to(ROOT) for path in (ROOT / "broadcaster/engine").glob("*.py")]
    found = [
        f"{path}: {ast.unparse(node)}"
        for path in (*(f"broadcaster/{name}.py" for name in SENDING), *engine)
        for node in ast.walk(tree(path))
        if asks_the_time(node)
    ]
    assert found == []
