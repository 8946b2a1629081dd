"""The library on disk and its commands."""

import errno
import json
import os
from dataclasses import replace

import pytest
from click.testing import CliRunner

from broadcaster.ingest import pcm_store
from broadcaster.ingest.commands import library as library_command
from broadcaster.ingest.commands import store as store_command
from broadcaster.ingest.errors import StoreFullError
from broadcaster.ingest.library import FILE, Imported, Library, NotImported
from broadcaster.run_directory import ProcessTable, this_boot
from tests.broadcaster.ingest.sounds import KINDS, WAV, tone, write


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    (folder / "b.mp3").write_bytes(b"no sound")
    return [
        write(folder / "a.flac", KINDS["flac"], tone(1.0, 300), title="가"),
        folder / "b.mp3",
        write(folder / "c.opus", KINDS["opus"], tone(1.0, 500), title="다"),
    ]


def test_one_bad_file_does_not_stop_the_others(state, files):
    results = list(Library(state).import_files(files))
    assert [type(result) for result in results] == [Imported, NotImported, Imported]
    assert isinstance(results[1], NotImported)
    assert "not an audio file" in results[1].reason
    assert [r.title for r in Library(state).recordings.values()] == ["가", "다"]


def test_what_was_imported_is_not_read_again(state, files):
    list(Library(state).import_files(files))
    again = [r for r in Library(state).import_files(files) if isinstance(r, Imported)]
    assert [result.was_known for result in again] == [True, True]


def test_an_import_is_taken_up_where_it_was_interrupted(state, files):
    next(Library(state).import_files(files))
    results = [r for r in Library(state).import_files(files) if isinstance(r, Imported)]
    assert [result.was_known for result in results] == [True, False]


def test_a_changed_file_or_lost_sound_is_imported_again(state, files):
    (first,) = Library(state).import_files(files[:1])
    assert isinstance(first, Imported)
    write(files[0], KINDS["flac"], tone(1.5, 300), title="가")
    (changed,) = Library(state).import_files(files[:1])
    assert isinstance(changed, Imported)
    assert not changed.was_known
    library = Library(state)
    library.store.discard(changed.recording.pcm)
    (restored,) = library.import_files(files[:1])
    assert isinstance(restored, Imported)
    assert not restored.was_known
    assert restored.recording == changed.recording


def test_a_line_cut_off_by_a_power_failure_costs_only_itself(state, files):
    list(Library(state).import_files(files))
    content = (state / FILE).read_bytes()
    (state / FILE).write_bytes(content[:-40])
    assert [r.title for r in Library(state).recordings.values()] == ["가"]
    list(Library(state).import_files(files))
    assert [r.title for r in Library(state).recordings.values()] == ["가", "다"]


def test_a_full_disk_stops_with_a_sentence_and_keeps_what_there_is(state, files, monkeypatch):
    library = Library(state)
    imports = library.import_files([files[0], files[2]])
    next(imports)

    def full(_descriptor, _data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StoreFullError, match="no space"):
        next(imports)
    monkeypatch.undo()
    assert len(Library(state).recordings) == 1
    assert list(state.rglob("*.part")) == []
    results = list(Library(state).import_files([files[0], files[2]]))
    assert all(isinstance(result, Imported) for result in results)


def run(command, *arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_without_a_place_it_is_the_running_station_s(tmp_path, state, files):
    table = ProcessTable(os.getpid(), this_boot(), "", str(state), None, {}, ())
    table.write(tmp_path / "processes.json")
    run(library_command, "import", files[0], "--state", state)
    listed = json.loads(run(library_command, "list", "--run", tmp_path, "--json").output)
    assert len(listed["recordings"]) == 1
    replace(table, supervisor=1 << 30).write(tmp_path / "processes.json")
    elsewhere = {"XDG_STATE_HOME": str(tmp_path / "home")}
    words = ["list", "--run", str(tmp_path), "--json"]
    listed = json.loads(CliRunner().invoke(library_command, words, env=elsewhere).output)
    assert listed["recordings"] == []


def test_the_import_command_names_each_file_and_what_is_wrong(state, files):
    result = run(library_command, "import", files[0].parent, "--state", state)
    assert result.exit_code == 1
    assert "a.flac: 가, 0:01, " in result.output
    assert "b.mp3: not an audio file" in result.output
    assert "2 imported, 0 known, 1 refused" in result.output


def test_the_import_command_prints_one_json_object(state, files):
    found = json.loads(run(library_command, "import", *files, "--state", state, "--json").output)
    assert (found["imported"], found["known"], found["refused"]) == (2, 0, 1)
    assert [file["ok"] for file in found["files"]] == [True, False, True]
    assert found["files"][0]["recording"]["title"] == "가"
    listed = json.loads(run(library_command, "list", "--state", state, "--json").output)
    assert [recording["title"] for recording in listed["recordings"]] == ["가", "다"]


def test_an_import_that_has_to_stop_says_how_far_it_came(state, files, monkeypatch):
    def full(*_):
        raise StoreFullError("pcm: no space is left")

    run(library_command, "import", files[0], "--state", state)
    monkeypatch.setattr(pcm_store.PcmStore, "add", full)
    result = run(library_command, "import", files[0], files[2], "--state", state, "--json")
    found = json.loads(result.output)
    assert result.exit_code == 2
    assert (found["known"], found["error"]) == (1, "pcm: no space is left")


def test_nothing_to_import_ends_with_status_2(state, tmp_path):
    result = run(library_command, "import", tmp_path / "gone", "--state", state)
    assert result.exit_code == 2
    assert "no such file" in result.output


def test_the_store_commands_say_what_there_is(state, files):
    run(library_command, "import", files[0], "--state", state)
    status = json.loads(run(store_command, "status", "--state", state, "--json").output)
    assert (status["recordings"], status["samples"]) == (1, 48_000)
    assert "1 recordings" in run(store_command, "status", "--state", state).output
    good = run(store_command, "scrub", "--state", state, "--json")
    assert good.exit_code == 0
    (path,) = state.rglob("*.pcm")
    path.chmod(0o644)
    path.write_bytes(b"\0" * 96_000)
    bad = run(store_command, "scrub", "--state", state)
    assert bad.exit_code == 1
    assert "damaged; import its recording again" in bad.output


def test_a_wave_file_without_tags_is_listed_by_name(state, tmp_path):
    write(tmp_path / "아침 🌅.wav", WAV)
    run(library_command, "import", tmp_path / "아침 🌅.wav", "--state", state)
    assert "아침 🌅" in run(library_command, "list", "--state", state).output
