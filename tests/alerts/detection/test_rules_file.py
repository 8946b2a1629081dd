import pytest

from alerts.detection import RulesError
from alerts.detection.event import Kind
from alerts.detection.rules import Confidence, Extend, Reaches, Rise, Threshold
from alerts.hazard import Level
from alerts.life_cycle import OnTimeout
from tests.alerts.detection.ground import rules

AUTHORISED = "authorised: {name: Hong Gil-dong, office: Safety Division, date: 2026-11-22}\n"


def problems(text):
    with pytest.raises(RulesError) as caught:
        rules(text)
    return [
        f"{p.line}: {p.message}" + (f"; {p.hint}" if p.hint else "") for p in caught.value.problems
    ]


def one(rule, top=""):
    return f"schema: 1\n{AUTHORISED}{top}rules:\n  r:\n    hazard: flood\n{rule}"


def test_the_shipped_rules_fit_the_reference_site():
    shipped = rules()
    assert len(shipped.rules) == 12
    assert shipped.policy("wildfire").extend is Extend.NEIGHBOURS
    assert {type(rule.condition) for rule in shipped.rules} == {
        Confidence,
        Reaches,
        Rise,
        Threshold,
    }


def test_a_file_that_names_nobody_who_authorised_it_is_warned_of():
    (missing, *_) = rules().warnings
    assert "nobody is named who authorised" in missing.message
    text = one("    kinds: water_level\n    value: {enter: 1 m, exit: 80 cm}\n    level: warning\n")
    signed = rules(text)
    assert signed.warnings == ()
    assert signed.authority.office == "Safety Division"
    assert signed.rules[0].condition == Threshold(1.0, 0.8)
    assert signed.rules[0].on_timeout is OnTimeout.AIR


def test_the_sum_is_shown_for_a_rule_its_source_can_never_meet():
    text = one(
        "    kinds: water_level\n    value: {enter: 1 m, exit: 0.8 m}\n    count: 3\n"
        "    within: 90 s\n    level: warning\n"
    )
    found = problems(text)
    assert len(found) == 3
    assert found[0] == (
        '4: rule "r": needs 3 readings within 90 s; hongje-level sends one every 60 s: '
        "2 x 60 s = 120 s"
    )


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (
            "kinds: smoke, confidence: {enter: 0.6}, count: 3, level: caution",
            "cam-031 sends one start and may send nothing more; 3 can't be counted on",
        ),
        (
            "kinds: water_level, rise: {by: 0.3 m, within: 5 s}, level: warning",
            "cam-214 reports every 10 s; a rise within 5 s never has two readings",
        ),
        (
            "kinds: smoke, confidence: {enter: 0.6}, level: evacuate",
            "asks for evacuation on one source alone",
        ),
        (
            "kinds: smoke, confidence: {enter: 0.6}, needs: 4, level: evacuate",
            "needs 4 independent sources at least 100 m apart; of the 3 it looks at, 3 are",
        ),
        (
            "kinds: smoke, confidence: {enter: 0.6, exit: 0.7}, level: caution",
            "is over below 0.7 but begins at 0.6; exit must be lower than enter, or it flaps",
        ),
        ("kinds: smoke, level: caution", "needs one of confidence, value, rise and reaches"),
        (
            "kinds: water_level, value: {enter: 3 ft, exit: 1 ft}, level: caution",
            '"ft": water_level is measured in m or cm or mm',
        ),
        (
            "kinds: smoke, value: {enter: 3 m, exit: 1 m}, level: caution",
            '"m": smoke is not measured',
        ),
        (
            "kinds: smok, confidence: {enter: 0.6}, level: caution",
            '"smok" is not a kind of event; did you mean "smoke"?',
        ),
        (
            "kinds: smoke, confidence: {enter: 0.6}, level: caution, sources: cam-99",
            'no source "cam-99"',
        ),
        ("kinds: smoke, confidence: {enter: 0.6}, levle: caution", 'unknown key "levle"'),
    ],
)
def test_what_is_wrong_is_said(rule, sentence):
    text = f"schema: 1\n{AUTHORISED}rules:\n  r: {{hazard: wildfire, {rule}}}\n"
    assert any(sentence in each for each in problems(text)), problems(text)


def test_all_problems_come_at_once():
    text = """
schema: 1
authorised: {name: a, office: b, date: soon}
sources:
  radar: {kinds: rain}
  cam-031: {zones: nowhere}
rules:
  one: {hazard: flood, kinds: rain, level: loud}
  two: {hazard: flood, kinds: rain, value: {enter: 1 m, exit: 2 m}, level: caution}
"""
    found = problems(text)
    assert [int(each.split(":")[0]) for each in found] == [3, 5, 5, 6, 8, 9]


def test_a_source_may_be_added_and_a_known_one_completed():
    text = one(
        "    kinds: rain\n    value: {enter: 30 mm/h, exit: 20 mm/h}\n    level: caution\n",
        "sources:\n"
        "  radar-1: {name: {ko: 레이더, en: radar}, kinds: rain, evidence: sample, period: 5 min}\n"
        "  cam-031: {heartbeat: 30 s, gateway: vms-1}\n",
    )
    found = rules(text)
    assert found.sources.named("radar-1").kinds == {Kind.RAIN}
    assert found.sources.named("cam-031").lost_after_s == 62
    assert found.rules[0].level is Level.CAUTION


def test_an_authority_may_evacuate_alone():
    source = (
        "sources:\n  river: {name: {ko: 홍수통제소, en: river office}, kinds: flood, "
        "evidence: state, zones: stream, may_evacuate: true}\n"
    )
    rule = (
        "    kinds: flood\n    sources: river\n    confidence: {enter: 0.5}\n    level: evacuate\n"
    )
    assert rules(one(rule, source)).rules[0].level is Level.EVACUATE


def test_rules_for_any_site_leave_out_what_this_one_cannot_meet():
    text = f"schema: 1\nfor_any_site: true\n{AUTHORISED}rules:\n"
    text += "  pair: {hazard: wildfire, kinds: smoke, confidence: {enter: 0.6}, needs: 9, "
    text += "level: evacuate}\n"
    text += "  one: {hazard: wildfire, kinds: smoke, confidence: {enter: 0.6}, level: caution}\n"
    found = rules(text)
    assert [rule.id for rule in found.rules] == ["one"]
    assert "of the 3 it looks at, 3 are; left out" in found.warnings[0].message


def test_rules_for_any_site_spare_the_sources_that_cannot_meet_them():
    text = f"schema: 1\nfor_any_site: true\n{AUTHORISED}rules:\n"
    text += (
        "  fast: {hazard: flood, kinds: water_level, value: {enter: 1 m, exit: 0.5 m}, count: 3, "
    )
    text += "within: 90 s, level: warning}\n"
    found = rules(text)
    assert len(found.rules[0].sources) == 11
    assert "hongje-level" not in found.rules[0].sources
    assert len(found.warnings) == 3
