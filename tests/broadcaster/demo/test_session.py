"""The script of the demo, without a station."""

import asyncio
import io

from rich.console import Console

from broadcaster.demo import session
from broadcaster.demo.session import Scene, Session, Terminal
from broadcaster.run_directory import RunDirectory, StateDirectory
from broadcaster.supervisor.ground import Options


def begun(tmp_path, duration):
    """A session of which no zone ever has music, and what it prints."""
    options = Options(
        config=tmp_path / "config.yaml",
        run=RunDirectory(tmp_path / "run"),
        state=StateDirectory(tmp_path / "state"),
        interface="127.0.0.1",
    )
    said = io.StringIO()
    terminal = Terminal(Console(file=said, width=200), is_live=False)
    return Session(Scene(options, tmp_path, 1, duration), terminal), said


async def test_a_demo_that_somebody_looks_at_goes_on_when_a_zone_has_no_music(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(session, "BEGIN_LIMIT", 0.001)
    shown, said = begun(tmp_path, None)
    script = asyncio.create_task(shown._play_through())
    await asyncio.wait({script}, timeout=0.2)
    assert not script.done()
    assert "no music in every zone" in said.getvalue()
    shown._watching.ended.set()
    await script


async def test_an_unattended_demo_without_music_ends_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(session, "BEGIN_LIMIT", 0.001)
    shown, said = begun(tmp_path, 6.0)
    await shown._play_through()
    assert "no music in every zone" in said.getvalue()
    assert not shown._finding.began
