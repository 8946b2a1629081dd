"""SAFETY F5: what sounds without a person speaks with a person's voice, or it is a fault."""

from dataclasses import replace

import pytest

from alerts.life_cycle import OnTimeout
from alerts.voices import Status, Voice, Voices
from broadcaster.control.acts import TakeLibrary
from broadcaster.control.automatic_voices import AutomaticVoices
from broadcaster.control.voice_index import VoiceIndex
from tests.broadcaster.control.bench import PCM, library, messages, rules, started
from zones.media_time import RATE


def spoken(status, *, but=None):
    """Every phrase of every message spoken by one voice, those of one message by another."""
    index = library().voices
    phrases = {
        phrase: Voice(PCM, RATE, Status.SYNTHETIC if message.id == but else status)
        for message in messages().messages.values()
        for wording in message.wordings.values()
        for phrase in wording.fixed()
    }
    return replace(library(), voices=VoiceIndex(index.tones, phrases))


def faults(library, ruled=None):
    core = started()
    core.ground = replace(core.ground, rules=ruled or rules())
    voices = AutomaticVoices(core)
    assert voices.faults == ()
    core.handle(TakeLibrary(library=library), 1.0)
    return voices.faults


def test_an_automatic_rule_with_a_synthetic_voice_is_a_standing_fault():
    (said,) = faults(spoken(Status.SYNTHETIC))
    assert "wildfire-caution" in said
    assert "`broadcaster messages import`" in said


def test_recorded_voices_are_none():
    assert faults(spoken(Status.RECORDED)) == ()


@pytest.mark.parametrize("message", ["wildfire-caution", "flood-evacuate"])
def test_one_message_is_enough(message):
    (said,) = faults(spoken(Status.RECORDED, but=message))
    assert message in said


def test_what_only_sounds_when_a_person_says_so_may_be_synthetic():
    asked = tuple(replace(rule, on_timeout=OnTimeout.DROP) for rule in rules().rules)
    assert faults(spoken(Status.SYNTHETIC), replace(rules(), rules=asked)) == ()


def test_without_any_voice_there_is_none_to_be_synthetic():
    assert Voices().phrases == {}
    assert faults(library()) == ()
