"""`broadcaster messages`, as an administrator uses it."""

import json

import pytest
from click.testing import CliRunner

from alerts.catalogue import CatalogueError
from alerts.names import SiteNames
from broadcaster.catalogue_reader import shipped_catalogue, write_names
from broadcaster.ingest.errors import RefusedError
from broadcaster.ingest.message_commands import messages
from tests.broadcaster.ingest.sounds import KINDS, tone, write
from zones.site import Name


@pytest.fixture
def state(shipped, tmp_path):
    """A state directory that has everything that ships, and the names of one zone and exit."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    shipped.warm(folder)
    (folder / "pcm").symlink_to(shipped.store.directory)
    write_names(folder, SiteNames({"z": Name("물가", "Bank")}, {"e": Name("다리", "bridge")}))
    return folder


def done(state, *arguments, status=0):
    result = CliRunner().invoke(
        messages, [*map(str, arguments), "--state", str(state)], catch_exceptions=False
    )
    assert result.exit_code == status, result.output
    return result.output


def voices(state, name):
    listed = json.loads(done(state, "list", "--json"))
    found = {one["id"]: one["voices"] for one in listed["messages"]} | listed["names"]
    return found[name]


@pytest.fixture
def files(tmp_path):
    return [
        write(tmp_path / f"{number}.wav", KINDS["wav"], tone(2.0 + number, 500, 0.1))
        for number in range(3)
    ]


def test_the_list_tells_whose_voice_each_language_has(state):
    assert voices(state, "flood-evacuate") == {
        "ko": "synthetic", "en": "synthetic", "zh": "missing", "ja": "missing",
    }  # fmt: skip
    assert voices(state, "zone:z") == {"ko": "missing", "en": "missing"}
    lines = done(state, "list").splitlines()
    assert any(line.startswith("flood-evacuate") and "ko synthetic" in line for line in lines)
    assert any(line.startswith("exit:e") and "ko missing" in line for line in lines)


def test_what_is_read_is_printed_phrase_by_phrase(state):
    shown = done(state, "show", "flood-evacuate")
    assert "3. 물을 건너지 마십시오.  (synthetic, " in shown
    assert "or in one go, without names: 실제 상황입니다." in shown
    assert "1. 다리 쪽으로 나가십시오.  (missing)" in done(state, "show", "exit:e")


def test_a_person_reads_a_message_in_one_go_or_phrase_by_phrase(state, files):
    done(state, "import", "flood-evacuate", "--language", "ko", files[0])
    assert voices(state, "flood-evacuate")["ko"] == "recorded"
    done(state, "import", "flood-evacuate", "--language", "en", *files)
    assert voices(state, "flood-evacuate")["en"] == "recorded"
    assert "3 recordings taken away" in done(state, "forget", "flood-evacuate", "--language", "en")
    assert "1 recording taken away" in done(state, "forget", "flood-evacuate", "--language", "ko")
    assert voices(state, "flood-evacuate")["en"] == "synthetic"
    answer = done(
        state, "import", "flood-evacuate", "--language", "ko", "--phrase", 3, files[0], "--json"
    )
    assert json.loads(answer)["phrases"] == [
        {"text": "물을 건너지 마십시오.", "status": "recorded"}
    ]
    assert voices(state, "flood-evacuate")["ko"] == "synthetic"  # its other phrases still are


def test_names_are_recorded_too(state, files):
    done(state, "import", "zone:z", "--language", "ko", files[0])
    done(state, "import", "exit:e", "--language", "en", files[1])
    assert voices(state, "zone:z")["ko"] == "recorded"
    assert voices(state, "exit:e")["en"] == "recorded"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("flood-evakuate", "--language", "ko", "0"), 'did you mean "flood-evacuate"'),
        (("flood-evacuate", "--language", "fr", "0"), "has no text in 'fr'; it has ko, en, zh, ja"),
        (("flood-evacuate", "--language", "ko", "0", "1"), "in 3 phrases or in one go, not in 2"),
        (("flood-evacuate", "--language", "ko", "--phrase", "4", "0"), "phrases 1 to 3"),
        (("zone:y", "--language", "ko", "0"), 'did you mean "zone:z"'),
    ],
)
def test_a_wrong_import_is_refused_and_keeps_nothing(state, files, arguments, said):
    given = [files[int(one)] if one in ("0", "1") else one for one in arguments]
    with pytest.raises(RefusedError, match=said):
        done(state, "import", *given)
    assert not (state / "messages" / "voices.json").exists()


def test_a_silent_file_is_refused_and_a_clipped_one_is_marked(state, tmp_path):
    silent = write(tmp_path / "silent.wav", KINDS["wav"], tone(2.0, 500, 0.0))
    with pytest.raises(RefusedError, match="nothing but silence"):
        done(state, "import", "zone:z", "--language", "ko", silent)
    loud = (tone(2.0, 500, 0.9).astype(int) * 2).clip(-32768, 32767).astype("int16")
    clipped = write(tmp_path / "clipped.wav", KINDS["wav"], loud)
    assert "clipped" in done(state, "import", "zone:z", "--language", "ko", clipped)
    assert voices(state, "zone:z")["ko"] == "clipped"
    assert "recorded too loud" in done(state, "check", status=1)


def test_the_check_names_what_is_damaged_and_what_is_missing(state, files):
    done(state, "import", "zone:z", "--language", "ko", files[0])
    (kept,) = (state / "messages").glob("*.flac")
    kept.write_bytes(b"gone bad")
    answer = json.loads(done(state, "check", "--json", status=1))
    found = {(one["id"], one["language"]): one["why"] for one in answer["findings"]}
    assert "not the file that was brought in" in found["zone:z", "ko"]
    assert found["exit:e", "en"] == "its voice is missing"
    assert not answer["ok"]


def test_another_program_speaks_what_nobody_has_recorded(state, tmp_path, files):
    done(state, "import", "zone:z", "--language", "ko", files[0])
    source = write(tmp_path / "said.wav", KINDS["wav"], tone(1.0, 500, 0.3))
    speaks = f"cp {source} {{file}} -S {{text}}"
    said = done(state, "render", "zone:z", "exit:e", "--command", speaks)
    assert "3 phrases rendered" in said
    assert voices(state, "zone:z") == {"ko": "recorded", "en": "synthetic"}
    assert "0 phrases rendered" in done(state, "render", "zone:z", "--command", speaks)
    again = done(state, "render", "zone:z", "--again", "--command", speaks)
    assert "1 phrase rendered" in again
    assert voices(state, "zone:z")["ko"] == "recorded"


def test_a_station_uses_its_own_words_once_they_are_right(state, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(shipped_catalogue().replace("서대문구청", "은평구청"), "utf-8")
    assert "messages are taken in" in done(state, "use", mine)
    assert "은평구청" in done(state, "show", "flood-evacuate")
    assert voices(state, "flood-evacuate")["ko"] == "missing"
    mine.write_text("schema: 1\n", "utf-8")
    with pytest.raises(CatalogueError, match='lacks "languages"'):
        done(state, "use", mine)
    assert "은평구청" in done(state, "show", "flood-evacuate")
    assert "the messages that ship are used" in done(state, "use", "--shipped")
    assert "서대문구청" in done(state, "show", "flood-evacuate")
    done(state, "use", status=2)
