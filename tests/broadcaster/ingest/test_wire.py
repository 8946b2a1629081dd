"""The confined reader's words: what fits comes through, anything else is refused."""

import io
import json
import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.ingest.analysis import Findings
from broadcaster.ingest.errors import IngestError, NotAudioError
from broadcaster.ingest.loudness import Loudness
from broadcaster.ingest.reading import Opened
from broadcaster.ingest.wire import WireError, word_of, words
from tests.broadcaster.ingest.sounds import tone

FOUND = Findings(480, 0, 480, False, Loudness(-20.0, -3.0), None)


def said(data):
    return list(words(io.BytesIO(data).read))


def test_what_is_said_arrives():
    opened = Opened({"title": "솔숲", "artist": "\udcb1"}, 480)
    sound = tone(0.01)
    data = word_of(opened) + word_of(sound) + word_of(FOUND)
    first, second, third = said(data + b"whatever comes after the last word")
    assert first == opened
    assert np.array_equal(second, sound)
    assert third == FOUND


def test_a_failure_arrives_as_the_same_error():
    with pytest.raises(NotAudioError, match="a letter"):
        said(word_of(NotAudioError("x: a letter")))


def test_only_the_tags_we_show_are_passed_and_not_whole_books():
    (opened,) = said(word_of(Opened({"title": "t" * 10**6, "lyrics": "la"}, None)))
    assert isinstance(opened, Opened)
    assert set(opened.tags) == {"title"}
    assert len(opened.tags["title"]) <= 2000


@pytest.mark.parametrize(
    "change",
    [
        {"length": 479},
        {"cue_in": -1},
        {"cue_out": 481},
        {"cue_in": 1.5},
        {"is_silent": 0},
        {"forbidden": 7},
        {"loudness": {"integrated_lufs": 1e9, "true_peak_dbtp": None}},
        {"loudness": None},
        {"surprise": 1},
    ],
)
def test_findings_that_do_not_fit_are_refused(change):
    fields = {
        "length": 480, "cue_in": 0, "cue_out": 480, "is_silent": False, "forbidden": None,
        "loudness": {"integrated_lufs": None, "true_peak_dbtp": None},
    }  # fmt: skip
    content = json.dumps(fields | change).encode()
    with pytest.raises(WireError):
        said(word_of(tone(0.01)) + struct.pack("<cI", b"f", len(content)) + content)


def test_a_word_too_long_is_refused_before_it_is_read():
    with pytest.raises(WireError, match="bytes"):
        said(struct.pack("<cI", b"p", 1 << 31))


@given(st.binary(max_size=300))
def test_any_bytes_are_taken_or_refused_but_never_crash(data):
    with suppress(WireError, IngestError):
        said(data)


@given(st.sampled_from(b"opfe"), st.binary(max_size=60), st.booleans())
def test_any_content_is_taken_or_refused(kind, content, is_cut):
    data = struct.pack("<cI", bytes([kind]), len(content) + is_cut) + content
    with suppress(WireError, IngestError):
        said(data)
