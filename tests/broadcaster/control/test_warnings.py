"""Warnings are made ready before anybody needs them."""

from broadcaster.control.warnings import Warnings
from tests.broadcaster.control.bench import VOICES, messages, warnings


def ready(there: Warnings) -> int:
    """How many messages there were to make ready."""
    count = 0
    while there.make_ready():
        count += 1
    return count


def test_every_message_is_made_ready_one_at_a_time_and_anew_with_other_voices():
    there = warnings()
    assert ready(there) == 0
    there.take_voices(VOICES.voices)
    assert ready(there) == len(messages().messages)
    spoken = there.speech(messages().named("flood-evacuate"), None)
    assert there.speech(messages().named("flood-evacuate"), None) is spoken
    there.take_words({})
    assert ready(there) == len(messages().messages)
