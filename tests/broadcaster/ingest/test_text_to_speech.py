"""Programs that speak: what they are given, and what is done when they fail."""

import shutil

import pytest

from alerts.message import ENGLISH, KOREAN, Language, Phrase
from alerts.timing import RATES, units
from broadcaster.ingest.cue_points import CueFinder
from broadcaster.ingest.errors import IngestError
from broadcaster.ingest.text_to_speech import ESPEAK, SpeechProgram, installed, readable
from tests.broadcaster.ingest.sounds import KINDS, tone, write
from zones.media_time import RATE

HELLO = Phrase(KOREAN, "가까운 출구로 나가십시오.")


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("ko", "홍제천 1구간", "홍제천 일구간"),
        ("ko", "11구간과 20구간", "십일구간과 이십구간"),
        ("ko", "105동", "백오동"),
        ("ko", "2400미터", "이천사백미터"),
        ("ko", "112로 신고", "일일이로 신고"),
        ("ko", "02", "영이"),
        ("en", "call 112 now", "call 1 1 2 now"),
        ("en", "zone 11", "zone 11"),
    ],
)
def test_numbers_are_written_as_they_are_said(language, text, said):
    assert readable(Phrase(Language(language), text)) == said


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "lacks {file} and {text}"),
        ("cp {file}", "lacks {text}"),
        ("no-such-program-here {file} {text}", "no such program"),
        ("cp 'unclosed {file} {text}", "No closing quotation"),
    ],
)
def test_a_command_that_cannot_speak_is_refused(command, said):
    with pytest.raises(IngestError, match=said):
        SpeechProgram.parse(command)


def test_any_program_that_writes_a_file_will_do(tmp_path):
    source = write(tmp_path / "source.wav", KINDS["wav"], tone(1.0, 500, 0.3))
    program = SpeechProgram.parse(f"cp {source} {{file}} -S {{text}}")
    assert program.can_say(Language("ja"))
    voice = program.rendered(HELLO, tmp_path)
    assert 0.9 * RATE < len(voice) < 1.1 * RATE


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("false", "{file}", "{text}"), "false failed with 1"),
        (("true", "{file}", "{text}"), "speech.wav"),
        (("sh", "-c", "echo oh dear >&2; exit 3", "{file}", "{text}"), "failed with 3: oh dear"),
    ],
)
def test_a_program_that_fails_says_so_in_a_sentence(words, said, tmp_path):
    with pytest.raises(IngestError, match=said):
        SpeechProgram(words).rendered(HELLO, tmp_path)


def test_a_program_that_says_nothing_is_refused(tmp_path):
    source = write(tmp_path / "source.wav", KINDS["wav"], tone(1.0, 500, 0.0))
    with pytest.raises(IngestError, match="said nothing"):
        SpeechProgram.parse(f"cp {source} {{file}} -S {{text}}").rendered(HELLO, tmp_path)


def test_text_is_one_word_of_the_command_whatever_stands_in_it(tmp_path):
    kept = tmp_path / "kept"
    source = write(tmp_path / "source.wav", KINDS["wav"], tone(1.0, 500, 0.3))
    script = f'cp {source} "$1"; printf %s "$2" > {kept}'
    text = "Go to the $(touch x); 'gate' {file} now."
    SpeechProgram(("sh", "-c", script, "sh", "{file}", "{text}")).rendered(
        Phrase(ENGLISH, text), tmp_path
    )
    assert kept.read_text() == text


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
@pytest.mark.parametrize(
    "phrase",
    [
        Phrase(KOREAN, "홍제천 물이 빠르게 불어납니다."),
        Phrase(ENGLISH, "Leave now by the nearest exit. Do not cross the water."),
    ],
)
def test_espeak_speaks_as_slowly_as_is_understood_outdoors(phrase, tmp_path):
    program = installed()
    assert program == SpeechProgram.parse(ESPEAK)
    assert not program.can_say(Language("ja"))
    voice = program.rendered(phrase, tmp_path)
    slowest, fastest = RATES[phrase.language]
    counted = units(phrase)
    assert counted is not None
    assert slowest * 0.95 <= counted * RATE / len(voice) <= fastest * 1.05
    cues = CueFinder()
    cues.add(voice)
    begin, end = cues.points
    assert begin < RATE // 20
    assert end > len(voice) - RATE // 4
