"""The catalogue of messages: what is refused, where it stands, and that nothing slips through."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.catalogue import CatalogueError, parse_catalogue
from alerts.hazard import Direction, Level, Response
from alerts.message import ENGLISH, KOREAN, Condition, Language, Purpose, Tone, whole
from alerts.wording import WordingError, parse
from broadcaster.catalogue_reader import shipped_catalogue

TEXT = shipped_catalogue()


def problems(text):
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue(text, "messages.yaml")
    return [str(problem) for problem in caught.value.problems]


def spoilt(old, new):
    assert TEXT.count(old) >= 1, old
    return TEXT.replace(old, new, 1)


def test_what_ships_is_right_and_whole():
    book = parse_catalogue(TEXT, "messages.yaml")
    assert set(book.hazards) >= {
        "flood", "wildfire", "landslide", "storm", "missing-person", "heat", "dust", "generic",
    }  # fmt: skip
    evacuate = book.named("flood-evacuate")
    assert (evacuate.level, evacuate.response) == (Level.EVACUATE, Response.EVACUATE)
    assert (evacuate.direction, evacuate.tone) == (Direction.UP, Tone.EVACUATE)
    assert evacuate.needs_second_person
    assert book.named("wildfire-evacuate").direction is Direction.DOWN
    assert book.named("wildfire-caution").tone is Tone.ATTENTION
    assert book.exercise().tone is book.audible_test().tone is Tone.EXERCISE
    assert book.conflict().purpose is Purpose.CONFLICT
    assert book.exercise_stopped().wordings[KOREAN].plain()[0].text.startswith(
        "훈련 중지, 실제 상황."
    )  # fmt: skip
    assert book.named("storm-correction").title.en == "storm correction"


def test_an_exercise_begins_and_ends_with_its_word_said_three_times():
    book = parse_catalogue(TEXT, "messages.yaml")
    for message in (book.exercise(), book.exercise_end()):
        said = whole(message.wordings[KOREAN].plain()).text
        assert said.startswith("훈련, 훈련, 훈련.")
        assert said.endswith("훈련, 훈련, 훈련.")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # F1: authority, hazard, place and action
        ("{authority}에서 알립니다. {zone} 많은 비로 홍제천 물이", "알립니다. {zone} 홍제천 물이",
         'ko: does not say the authority, "서대문구청"'),
        ("{authority}입니다. 홍제천 물이", "{authority}입니다. 물이",
         'ko: does not say the place, "홍제천"'),
        ("    action: {ko: 나가십시오, en: Leave now}\n", "", 'lacks "action"'),
        ("{exit|Leave now by the nearest exit.} Do not cross", "Do not cross",
         'en: does not say the action, "Leave now"'),
        ("    hazard: flood\n    level: caution", "    level: caution", 'lacks "hazard"'),
        ("    hazard: flood\n    level: caution", "    hazard: flod\n    level: caution",
         'hazard "flod" is not listed'),
        ("    level: caution\n", "", "a warning needs a level"),
        ("    purpose: conflict\n", "    purpose: conflict\n    level: warning\n",
         "only a warning has a level"),
        # F2: up and down
        ("물을 건너지 마십시오.", "위로 올라가십시오.", 'ko: says "위로"'),
        ("Do not cross the water.", "Go up now.", 'en: says "up"'),
        # E2: what is real and what is not
        ("실제 상황입니다. {authority}입니다. 홍제천", "{authority}입니다. 홍제천",
         'ko: a real warning begins with "실제 상황"'),
        ("훈련, 훈련, 훈련. {authority}에서", "{authority}에서", "an exercise begins and ends"),
        ("안내에 따라 연습해 주십시오.", "실제 상황이 아닙니다.",
         "nobody may hear without a danger"),
        ("시험 방송, 시험 방송.", "안내입니다.", 'a test begins with "시험 방송"'),
        # D3: another warning goes on
        ("{only|그것만 취소합니다. 다른 경보는 계속됩니다. 그 방송에 따라 주십시오."
         "|위험하지 않습니다. 불편을 드려 죄송합니다.}", "위험하지 않습니다.",
         "lacks {only|...|...}"),
        # length
        ("물을 건너지 마십시오.", "물을 건너지 마십시오. " * 8, "15 s are the most"),
        # the form
        ("{exit|지금 가까운 출구로 나가십시오.}", "{exit}", "is not complete"),
        ("{exit|지금 가까운 출구로 나가십시오.}", "{exut|지금.}", "nothing that can be filled in"),
        ("홍제천 물이 불어나 산책로를", "홍제천 물이 {zone} 산책로를", "stands within a sentence"),
        ("{zone} 많은", "{zone 많은", "a brace is not closed"),
        ("    response: avoid\n", "    response: run\n", 'response: "run" is not a response'),
        ("    title: {ko: 홍제천 대피", "    titel: {ko: 홍제천 대피", 'unknown key "titel"'),
        ("schema: 1", "schema: 2", "schema: 2 must be 1"),
        ('zone: {ko: "{name}.",', 'zone: {ko: "여기.",', "zone: ko: needs {name} once"),
        ("  generic: {name", "  general: {name", 'hazard "generic" is not listed'),
        ("each_hazard:\n  correction:\n", "each_hazard:\n  other:\n", "lacks a message"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(old, new, said):
    text = spoilt(old, new) if said != "lacks a message" else TEXT.replace(
        "  correction:\n    purpose: correction", "  correction:\n    purpose: hazard-over"
    )  # fmt: skip
    found = problems(text)
    assert any(said in one for one in found), found
    assert all(one.startswith("messages.yaml:") for one in found)


def test_all_mistakes_are_told_at_once():
    text = spoilt("물을 건너지 마십시오.", "위로 올라가십시오.")
    text = text.replace("response: shelter", "response: hide", 1)
    text = text.replace("시험 방송, 시험 방송.", "안내입니다.", 1)
    assert len(problems(text)) >= 3


def test_a_missing_hazard_message_is_told_by_name():
    start = TEXT.index("  audible-test:")
    end = TEXT.index("# One of each for every hazard")
    assert any(
        'lacks a message: test of hazard "generic"' in one
        for one in problems(TEXT[:start] + TEXT[end:])
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(TEXT) - 1), st.sampled_from(["", "{", "}", "|", ":", "\n", "\t", "가"]))
def test_no_slip_of_the_hand_gets_out_as_anything_but_sentences(at, typed):
    told = "nothing"
    try:
        parse_catalogue(TEXT[:at] + typed + TEXT[at + 1 :], "messages.yaml")
    except CatalogueError as error:
        told = error.rendered()
    assert told


@given(st.text(alphabet="{}|가a. zoneexitonly", max_size=60))
def test_any_text_is_parsed_or_refused(text):
    try:
        said = parse(KOREAN, text, {}).plain()
    except WordingError:
        return
    assert said


def test_a_text_falls_into_phrases_and_alternatives():
    text = "{authority}. {zone} 하나. {exit|둘.} {only|셋.|넷.} 다섯."
    wording = parse(Language("ko"), text, {"authority": "구청"})
    assert [phrase.text for phrase in wording.plain()] == ["구청.", "하나.", "둘.", "넷.", "다섯."]
    assert [phrase.text for phrase in wording.plain(only=True)][3] == "셋."
    assert wording.conditions == frozenset(Condition)
    assert whole(wording.plain()).text == "구청. 하나. 둘. 넷. 다섯."
    assert parse(ENGLISH, "One.", {}).conditions == frozenset()
