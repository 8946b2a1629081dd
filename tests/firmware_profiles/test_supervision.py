"""What a profile says of health: objects, what their values mean, and everything wrong in them."""

import pytest

from firmware_profiles.choice import Identity, chosen, items_of, twins
from firmware_profiles.fault_kind import CHARACTERS, EXPLAINS, FaultKind
from firmware_profiles.oid import Index, oid, place
from firmware_profiles.profile import ProfileError, parse_profile
from firmware_profiles.reading import judged, shown, text_of
from firmware_profiles.version import lies_within, version
from tests.firmware_profiles.test_profile import HORN, SHIPPED
from zones.site import ProfileId
from zones.stream_format import FORMATS

HEALTH = """\
match: {object_ids: [1.3.6.1.4.1.99], description: "horn v(?P<firmware>[0-9.]+)", source: manual}
snmp: {versions: [v2c], source: manual}
items:
  - name: heat
    title: {ko: 온도, en: temperature}
    oid: 1.3.6.1.4.1.99.1.0
    type: gauge
    scale: 0.1
    unit: °C
    fault: overheat
    above: 85
    clear: 80
    source: manual
  - name: line
    title: {ko: 선로, en: line}
    oid: 1.3.6.1.4.1.99.2.<output>
    type: states
    states: {1: ok, 2: line.open, 3: line.short}
    source: unverified
  - name: alarms
    title: {ko: 경보, en: alarms}
    oid: 1.3.6.1.4.1.99.3.0
    type: bits
    bits: {0: fan, 4: mains}
    source: manual
traps:
  - {oid: 1.3.6.1.4.1.99.0.1, about: [fan], source: manual}
"""
WHOLE = HORN.replace("sources:", HEALTH + "sources:")
PROFILES = {p.id: p for p in (parse_profile(text, name) for name, text in SHIPPED.items())}


def horn(text=WHOLE):
    return parse_profile(text, "firmware_profiles/horn.yaml")


def item(name):
    return next(each for each in horn().supervision.items if each.name == name)


def complaints(old, new):
    assert old in WHOLE
    with pytest.raises(ProfileError) as caught:
        horn(WHOLE.replace(old, new, 1))
    return [problem.message for problem in caught.value.problems]


# --- what is read ---


def test_only_facts_with_a_source_may_alarm():
    assert [(each.name, each.is_verified) for each in horn().supervision.items] == [
        ("heat", True),
        ("line", False),
        ("alarms", True),
    ]
    assert "items.line" in horn().unverified


def test_the_last_number_of_a_column_is_found_later():
    assert item("line").place.index is Index.OUTPUT
    assert item("line").place.at(3) == (1, 3, 6, 1, 4, 1, 99, 2, 3)
    assert item("heat").place.at(None) == oid("1.3.6.1.4.1.99.1.0")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("99.1.0", "99.one.0", "is not a numeric object identifier"),
        ("99.1.0", "99.1.<door>", "is not a numeric object identifier"),
        ("99.1.0", "99.99999999999.0", "is not a numeric object identifier"),
        ("above: 85", "above: hot", "is not a plain number"),
        ("clear: 80", "clear: 90", "clear lies on the bad side"),
        ("    fault: overheat\n", "", "a fault needs one of above and below"),
        ("3: line.short", "3: line.cut", '"line.cut" is not ok or a kind of fault'),
        ("name: alarms", "name: heat", '"heat" is there twice'),
        ("type: bits", "type: text", "bits is not for type text"),
        ("snmp: {versions: [v2c], source: manual}\n", "", "items need a table snmp"),
        ("(?P<firmware>", "(?P<firmware", "is no regular expression"),
        ("scale: 0.1", "scale: 0", "is outside"),
        ("{1: ok, 2: line.open, 3: line.short}", "[1, 2]", "needs a table such as {1: ok}"),
        ("about: [fan]", "about: [noise]", '"noise" is not a kind of fault'),
    ],
)
def test_a_wrong_health_fact_is_told(old, new, said):
    assert any(said in message for message in complaints(old, new))


# --- what a value says ---


def says(name, raw, was_bad=False):
    return {each.kind.value: each.is_bad for each in judged(item(name), raw, was_bad)}


def test_a_gauge_is_bad_past_its_limit_and_good_only_past_the_other():
    assert says("heat", 850) == {"overheat": False}
    assert says("heat", 851) == {"overheat": True}
    assert says("heat", 820, was_bad=True) == {"overheat": True}
    assert says("heat", 800, was_bad=True) == {"overheat": False}
    assert shown(item("heat"), 853) == "85.3 °C"


def test_a_state_is_one_fault_and_denies_the_others():
    assert says("line", 2) == {"line.open": True, "line.short": False}
    assert says("line", 1) == {"line.open": False, "line.short": False}
    assert shown(item("line"), 3) == "line.short"


@pytest.mark.parametrize("raw", [None, "", "2", b"\x02", 77, (1, 3, 6)])
def test_a_value_of_another_kind_says_nothing(raw):
    assert says("line", raw) == {"line.open": None, "line.short": None}


def test_bits_are_read_one_by_one():
    assert says("alarms", 0b10001) == {"fan": True, "mains": True}
    assert says("alarms", 0b10000) == {"fan": False, "mains": True}
    assert says("alarms", 0) == {"fan": False, "mains": False}


def test_any_text_becomes_one_short_line():
    assert text_of("a\x00b\n" + "x" * 100_000) == "a b " + "x" * 115 + "…"
    assert text_of(b"\xff\xfehorn") == "\ufffd\ufffdhorn"


# --- versions and choice ---


@pytest.mark.parametrize(
    ("older", "newer"),
    [("3.8", "3.17"), ("V3.08", "3.17"), ("2.0rc1", "2.0.1"), ("8.1.2.9", "8.1.3.0"), ("", "1")],
)
def test_versions_are_compared_as_makers_count(older, newer):
    assert version(older) < version(newer)


def test_a_range_takes_in_both_its_ends():
    assert lies_within("3.08", "3.08", "3.22")
    assert lies_within("3.22.4", "3.08", "3.22")
    assert not lies_within("3.23", "3.08", "3.22")
    assert not lies_within("3.07", "3.08", None)
    assert version("2.0") == version("2")


def identity(described="horn v1.5", object_id="1.3.6.1.4.1.99.1"):
    return Identity(oid(object_id), described)


def test_a_profile_is_chosen_by_what_the_agent_says():
    choice = chosen([*PROFILES.values(), horn()], identity())
    assert choice.profile is not None
    assert (choice.profile.id, choice.firmware, choice.is_in_range) == ("horn", "1.5", True)


def test_a_version_without_a_profile_names_the_profile_that_is_nearly_right():
    choice = chosen([horn()], identity("horn v9.9"))
    assert choice.profile is not None
    assert not choice.is_in_range
    assert choice.why == "firmware 9.9 has no profile: horn is for 1.0 to 2.9"


def test_a_stranger_gets_no_profile_and_a_reason():
    choice = chosen(PROFILES.values(), identity("toaster", "1.3.6.1.4.1.4711"))
    assert choice.profile is None
    assert "1.3.6.1.4.1.4711" in choice.why


def test_the_maker_of_a_part_gives_way_to_who_built_it_in():
    choice = chosen(PROFILES.values(), identity("", "1.3.6.1.4.1.17491.10.2.1"))
    assert choice.profile is not None
    assert choice.profile.id == "bosch-prs-1aip1"


def test_two_profiles_for_one_device_are_told():
    other = horn(WHOLE.replace("id: horn", "id: horn").replace("[H1, H2]", "[H3]"))
    (sentence,) = twins([horn(), other])
    assert "1.3.6.1.4.1.99" in sentence
    later = horn(WHOLE.replace('min: "1.0", max: "2.9"', 'min: "3.0"'))
    assert list(twins([horn(), later])) == []


# --- those shipped ---


def test_no_two_shipped_profiles_fit_one_device():
    assert list(twins(PROFILES.values())) == []


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_what_a_shipped_profile_includes_exists(profile):
    included = profile.supervision.includes
    assert included is None or included in PROFILES
    names = [each.name for each in items_of(profile, PROFILES)]
    assert len(names) == len(set(names))


def test_every_kind_of_fault_has_a_character_in_both_languages():
    assert set(CHARACTERS) == set(FaultKind)
    for character in CHARACTERS.values():
        assert character.name.ko
        assert character.what_to_do.ko
        assert character.under_warning >= character.severity
        assert character.raise_after <= 30


def test_no_kind_explains_itself():
    for cause, effects in EXPLAINS.items():
        assert cause not in effects
        for effect in effects:
            assert cause not in EXPLAINS.get(effect, ())


def test_a_receiver_that_counts_bytes_waits_longer_for_a_lower_rate():
    buffer = PROFILES[ProfileId("barix-streaming-client")].buffer
    assert buffer.wait(FORMATS["PCMU/8000"]) == 7.5 * 48_000
    assert PROFILES[ProfileId("generic-rtp")].buffer.wait(FORMATS["PCMU/8000"]) == 0.1 * 48_000


def test_an_identifier_is_numbers_only():
    assert place("1.3.6.1.<row>").index is Index.ROW
    for wrong in ("", "1", "sysDescr.0", "1.3.6.", "1..3", "1.3.06"):
        with pytest.raises(ValueError, match="not a numeric"):
            oid(wrong)
