from typing import Any

import pytest

from playlists.recording import Recording
from zones.sound import PcmId


def recording(**changes):
    given: dict[str, Any] = {
        "id": "r1",
        "title": "T",
        "artist": "A",
        "album": "B",
        "pcm": PcmId("00" * 32),
        "length": 1000,
        "cue_in": 10,
        "cue_out": 900,
        "gain_db": 0.0,
    }
    return Recording(**(given | changes))


def test_what_plays_lies_between_the_cue_points():
    assert recording().playing_length == 890


@pytest.mark.parametrize("cues", [(-1, 10), (10, 10), (20, 10), (0, 1001)])
def test_cue_points_outside_the_recording_are_refused(cues):
    with pytest.raises(ValueError, match="must lie in order"):
        recording(cue_in=cues[0], cue_out=cues[1])
