"""What is spoken of a message: in step everywhere, and never nothing (SAFETY F1, B4)."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.hazard import HazardId, Level
from alerts.message import (
    ENGLISH,
    KOREAN,
    UNREAL,
    Condition,
    Language,
    Purpose,
    Tone,
    whole,
)
from alerts.names import name_phrases, names_of
from alerts.speaking import AFTER_LANGUAGE, LEAD, speak, spoken_status
from alerts.voices import Status, Voice, Voices
from broadcaster.catalogue_reader import read_messages
from broadcaster.site_reader import read_site
from zones.bus import ZoneId
from zones.geometry import Point
from zones.sound import PcmId, Segment

SITE = read_site(Path(__file__).parents[2] / "config.yaml")
BOOK = read_messages(None)
ZONES = tuple(zone.id for zone in SITE.zones)
FAR = Point(37.53, 126.90)
TONES = {tone: Segment(PcmId(f"{number:064x}"), 0, 4 * 48_000) for number, tone in enumerate(Tone)}
FIXED = sorted(
    {
        phrase
        for message in BOOK.messages.values()
        for wording in message.wordings.values()
        for phrase in wording.fixed()
    },
    key=str,
)
NAMES = [one.phrase for one in name_phrases(BOOK, names_of(SITE))]


def voice(phrase, status=Status.SYNTHETIC):
    digest = hashlib.sha256(str(phrase).encode())
    return Voice(PcmId(digest.hexdigest()), 10_000 + digest.digest()[0] * 777, status)


def voiced(phrases, status=Status.SYNTHETIC):
    return {phrase: voice(phrase, status) for phrase in phrases}


ALL = Voices(voiced([*FIXED, *NAMES]), TONES)
IN_TWO = Voices(
    {phrase: one for phrase, one in ALL.phrases.items() if phrase.language in (KOREAN, ENGLISH)},
    TONES,
)


def said(message, zones=ZONES, *, place=FAR, voices=IN_TWO, only=False, site=SITE):
    return speak(
        message, zones, site=site, place=place, voices=voices, book=BOOK, only=only
    )  # fmt: skip


def texts(cycle, voices=IN_TWO):
    by_pcm = {one.pcm: phrase.text for phrase, one in voices.phrases.items()}
    return [by_pcm[segment.pcm] for part in cycle.parts for segment in part if segment.pcm]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(list(BOOK.messages.values())),
    st.sets(st.sampled_from(ZONES), min_size=1),
    st.sets(st.sampled_from([*FIXED, *NAMES]), max_size=80),
    st.none() | st.builds(Point, st.floats(37.56, 37.60), st.floats(126.91, 126.96)),
    st.booleans(),
)
def test_all_zones_are_one_length_and_something_is_always_said(message, zones, lost, place, only):
    left = {phrase: one for phrase, one in ALL.phrases.items() if phrase not in lost}
    speech = said(message, zones, place=place, voices=Voices(left, TONES), only=only)
    assert set(speech.spoken.cycles) == zones  # that they are in step, Spoken itself sees to
    for cycles in speech.spoken.cycles.values():
        for cycle in cycles:
            assert cycle.tone[0] == Segment(None, 0, LEAD)
            assert cycle.tone[1].pcm is not None
            assert cycle.part_ends
            assert all(part[-1].pcm is None for part in cycle.parts)
            assert all(part[-1].length >= AFTER_LANGUAGE for part in cycle.parts)
    spoken = BOOK.named(speech.spoken.message)
    if spoken.id != message.id:
        assert speech.notes
        assert (spoken.level or 0) <= (message.level or Level.CAUTION)
        assert (spoken.purpose in UNREAL) == (message.purpose in UNREAL)


def test_korean_comes_before_english_and_names_the_zone_and_the_exit():
    speech = said(BOOK.named("flood-closing"), (ZoneId("stream-6"),))
    (cycle,) = speech.spoken.cycles[ZoneId("stream-6")]
    words = texts(cycle)
    assert words[0] == "서대문구청에서 알립니다."
    assert words[1] == "홍제천 6구간."
    assert words[3].endswith("쪽으로 나가십시오.")
    assert words[4] == "Seodaemun District Office."
    assert words[-1].startswith("Go to the ")
    assert speech.notes == ()


def test_without_a_position_everybody_is_told_the_nearest_exit():
    speech = said(BOOK.named("wildfire-evacuate"), place=None)
    for (cycle,) in speech.spoken.cycles.values():
        assert "연기 반대쪽, 가까운 출구로 대피하십시오." in texts(cycle)
        assert "Get away from the smoke, to the nearest exit." in texts(cycle)


def test_a_zone_that_is_gone_and_a_station_without_names_hear_the_plain_text():
    for zones, site in (((ZoneId("gone"),), SITE), (ZONES, None)):
        speech = said(BOOK.named("flood-closing"), zones, site=site)
        assert all(
            "지금 가까운 출구로 나가십시오." in texts(c[0]) for c in speech.spoken.cycles.values()
        )


def test_a_name_nobody_has_recorded_is_left_out():
    left = {p: one for p, one in IN_TWO.phrases.items() if p not in NAMES}
    speech = said(BOOK.named("flood-closing"), voices=Voices(left, TONES))
    assert all(len(texts(cycles[0])) == 6 for cycles in speech.spoken.cycles.values())
    assert speech.notes == ()


@pytest.mark.parametrize("status", [Status.MISSING, Status.CORRUPT, Status.SILENT])
def test_a_language_without_a_voice_is_left_out_and_told(status):
    message = BOOK.named("flood-evacuate")
    lost = next(iter(message.wordings[KOREAN].plain()))
    phrases = {**IN_TWO.phrases, lost: Voice(None, 0, status)}
    speech = said(message, voices=Voices(phrases, TONES))
    assert speech.spoken.message == "flood-evacuate"
    assert len(speech.spoken.cycles[ZONES[0]][0].parts) == 1
    assert speech.notes == (f"flood-evacuate: left out in ko: its voice is {status.value}",)


def test_a_clipped_voice_is_better_than_none():
    phrases = {phrase: voice(phrase, Status.CLIPPED) for phrase in FIXED}
    assert said(BOOK.named("storm-warning"), voices=Voices(phrases, TONES)).notes == ()


def test_a_message_nobody_can_say_is_spoken_for_by_the_generic_one():
    lost = set(BOOK.named("flood-evacuate").wordings[KOREAN].plain()[:1])
    lost |= set(BOOK.named("flood-evacuate").wordings[ENGLISH].plain()[:1])
    voices = Voices({p: v for p, v in IN_TWO.phrases.items() if p not in lost}, TONES)
    speech = said(BOOK.named("flood-evacuate"), voices=voices)
    assert speech.spoken.message == "generic-evacuate"
    assert speech.notes[-1] == ("flood-evacuate cannot be spoken: generic-evacuate is said instead")


def test_with_no_voice_at_all_the_tone_of_the_message_sounds():
    speech = said(BOOK.named("flood-evacuate"), voices=Voices({}, TONES))
    for (cycle,) in speech.spoken.cycles.values():
        assert cycle.tone[1] == TONES[Tone.EVACUATE]
        assert cycle.part_ends
    assert "only its tone sounds" in speech.notes[-1]


def test_a_lost_tone_is_replaced_for_a_warning_and_never_for_an_exercise():
    voices = Voices(IN_TWO.phrases, {Tone.ATTENTION: TONES[Tone.ATTENTION]})
    (cycle,) = said(BOOK.named("flood-evacuate"), voices=voices).spoken.cycles[ZONES[0]]
    assert cycle.tone[1] == TONES[Tone.ATTENTION]
    (cycle,) = said(BOOK.exercise(), voices=voices).spoken.cycles[ZONES[0]]
    assert all(segment.pcm is None for segment in cycle.tone)


def test_other_languages_come_in_turn_after_the_first_two():
    (first, second) = said(BOOK.named("flood-evacuate"), voices=ALL).spoken.cycles[ZONES[0]]
    assert [len(first.parts), len(second.parts)] == [3, 3]
    assert first.parts[:2] == second.parts[:2]
    assert first.parts[2] != second.parts[2]


@pytest.mark.parametrize("hazard", list(BOOK.hazards))
def test_an_ending_never_says_that_all_is_well_where_another_warning_goes_on(hazard):
    for message in (BOOK.correction(hazard), BOOK.hazard_over(hazard), BOOK.path_open()):
        alone, beside = (
            texts(said(message, only=only).spoken.cycles[ZONES[0]][0]) for only in (False, True)
        )
        assert alone != beside
        joined = " ".join(beside)
        assert "계속됩니다" in joined
        assert "continues" in joined
        for sentence in ("위험하지 않습니다", "There is no danger", "이용하실 수 있습니다"):
            assert sentence not in joined


def test_a_lost_correction_never_becomes_a_warning():
    message = BOOK.correction(HazardId("flood"))
    speech = said(message, voices=Voices({}, TONES))
    assert BOOK.named(speech.spoken.message).purpose is Purpose.CORRECTION


def test_a_persons_voice_in_one_go_is_preferred_to_a_program_in_pieces():
    wording = BOOK.named("flood-evacuate").wordings[KOREAN]
    at_once = whole(wording.plain())
    phrases = {**IN_TWO.phrases, at_once: voice(at_once, Status.RECORDED)}
    voices = Voices(phrases, TONES)
    (cycle,) = said(BOOK.named("flood-evacuate"), voices=voices).spoken.cycles[ZONES[0]]
    assert texts(cycle, voices)[0] == at_once.text
    assert spoken_status(wording, voices) is Status.RECORDED
    recorded = {**phrases, **voiced(wording.fixed(), Status.RECORDED)}
    (cycle,) = said(BOOK.named("flood-evacuate"), voices=Voices(recorded, TONES)).spoken.cycles[
        ZONES[0]
    ]
    assert len(texts(cycle, Voices(recorded, TONES))) > 4


def test_no_zone_is_refused():
    with pytest.raises(ValueError, match="no zone is named"):
        said(BOOK.named("flood-evacuate"), ())


# --- looking messages up ---


@pytest.mark.parametrize(
    ("hazard", "level", "found"),
    [
        ("flood", Level.EVACUATE, "flood-evacuate"),
        ("flood", Level.WARNING, "flood-closing"),
        ("flood", Level.CAUTION, "flood-closing"),
        ("storm", Level.WARNING, "storm-warning"),
        ("storm", Level.EVACUATE, "generic-evacuate"),
        ("heat", Level.WARNING, "heat-caution"),
        ("landslide", Level.EVACUATE, "landslide-evacuate"),
        ("locusts", Level.WARNING, "generic-caution"),
        ("locusts", Level.EVACUATE, "generic-evacuate"),
    ],
)
def test_a_hazard_and_a_level_find_their_message(hazard, level, found):
    assert BOOK.warning(HazardId(hazard), level).id == found


def test_every_ending_names_its_hazard_and_an_unknown_one_gets_the_generic():
    for hazard in BOOK.hazards.values():
        if hazard.id not in ("generic",):
            plain = BOOK.correction(hazard.id).wordings[KOREAN].plain()
            assert hazard.name.ko in whole(plain).text
    assert BOOK.correction(HazardId("locusts")).id == "generic-correction"
    assert BOOK.step_down(HazardId("storm")).id == "generic-step-down"
    assert BOOK.step_down(HazardId("flood")).id == "flood-step-down"


def test_names_are_said_in_the_languages_the_site_file_has():
    assert {phrase.language for phrase in NAMES} == {KOREAN, ENGLISH}
    assert BOOK.name_phrase(Condition.EXIT, Language("ja"), "x") is None
    silent = replace(BOOK, messages={BOOK.path_open().id: BOOK.path_open()})
    assert list(name_phrases(silent, names_of(SITE))) == []
