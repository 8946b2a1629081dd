"""Scenarios: the same for the same seed, true to how sources report, and true to life."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from alerts.detection.event import Kind, Phase
from alerts.detection.event_json import event_in
from broadcaster.simulator.scenario_settings import (
    FILE,
    ScenarioError,
    parse_settings,
    read_settings,
)
from broadcaster.simulator.scenarios import CALM_S, SCENARIOS, calm, district
from broadcaster.site_reader import read_site
from tests.house.checkout import ROOT
from zones.site import Evidence

SITE = read_site(ROOT / "config.yaml")
SETTINGS = read_settings()
ALL = {**SCENARIOS, "calm": calm}


def confidences(reports):
    return [one.confidence for one in reports if one.confidence is not None]


def values(reports):
    return [one.value for one in reports if one.value is not None]


@pytest.mark.parametrize("name", ALL)
def test_a_seed_always_gives_the_same_course(name):
    first = ALL[name](SITE, SETTINGS, 7)
    assert first == ALL[name](SITE, SETTINGS, 7)
    assert first != ALL[name](SITE, SETTINGS, 8)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("seed", range(3))
def test_every_report_is_an_event_and_in_its_turn(name, seed):
    reports = ALL[name](SITE, SETTINGS, seed)
    assert [one.at for one in reports] == sorted(one.at for one in reports)
    assert reports[0].at >= 0
    utc = datetime(2026, 11, 22, tzinfo=UTC)
    for one in reports[::7]:
        event = one.event(utc, "run")
        assert event_in(event.message()) == event
        assert event.id.startswith("sim-run-")


@pytest.mark.parametrize("name", ["wildfire", "fog", "storm"])
def test_what_a_state_source_begins_it_also_ends(name):
    told = defaultdict(list)
    for one in SCENARIOS[name](SITE, SETTINGS, 3):
        assert one.from_state is (_evidence(one.source) is Evidence.STATE)
        if one.from_state:
            told[one.source, one.name].append(one.phase)
    for phases in told.values():
        assert phases[0] is Phase.START
        assert phases[-1] is Phase.END
        assert set(phases[1:-1]) <= {Phase.UPDATE}


def _evidence(source):
    return next(camera.evidence for camera in SITE.cameras if camera.id == source)


def test_a_fire_grows_before_three_cameras_then_burns_then_is_hot():
    reports = SCENARIOS["wildfire"](SITE, SETTINGS, 1)
    begins = {one.kind: one.at for one in reversed(reports) if one.phase is Phase.START}
    assert sorted(begins, key=lambda kind: begins[kind]) == [Kind.SMOKE, Kind.FIRE, Kind.THERMAL]
    smoke = [one for one in reports if one.kind is Kind.SMOKE and one.confidence is not None]
    assert len({one.source for one in smoke}) == 3
    sure = confidences(one for one in smoke if one.source == smoke[0].source)
    assert sure[0] < 0.5 < 0.85 < sure[-1]


def test_a_wave_comes_to_the_upper_instruments_first():
    reports = SCENARIOS["flood"](SITE, SETTINGS, 1)
    comes: dict = {}
    for one in reports:
        if one.kind is Kind.WATER_LEVEL and one.value is not None and one.value > 1.0:
            comes.setdefault(one.source, one.at)
    gauges = sorted(SITE.gauges, key=lambda gauge: gauge.distance_m)
    levels = [gauge.id for gauge in gauges if gauge.measures == "water_level"]
    assert [comes[name] for name in levels] == sorted(comes[name] for name in levels)
    assert comes["cam-214"] < comes["cam-204"]
    last = {one.source: one for one in reports if one.kind is Kind.WATER_LEVEL}
    assert max(values(last.values())) < 0.8


def test_fog_stays_over_neighbours_and_looks_like_no_fire():
    site = district(SITE, 1)
    reports = SCENARIOS["fog"](site, SETTINGS, 2)
    runs = Counter((one.source, one.name) for one in reports if "fog" in one.name)
    told = SETTINGS.fog
    assert len({source for source, _ in runs}) <= told.cameras_count
    assert all(told.shortest_count <= number - 1 <= told.longest_count for number in runs.values())
    foggy = confidences(one for one in reports if "fog" in one.name)
    assert told.least <= min(foggy)
    assert max(foggy) <= told.most


def test_in_a_storm_every_camera_of_the_district_screams_within_a_second():
    site = district(SITE, 1)
    assert len(site.cameras) == 893
    first: dict = {}
    for one in SCENARIOS["storm"](site, SETTINGS, 1):
        first.setdefault(one.source, one.at)
    assert set(first) == {camera.id for camera in site.cameras}
    assert max(first.values()) <= SETTINGS.storm.begins_s


def test_on_an_ordinary_day_every_instrument_reports_at_its_period_and_low_water():
    reports = calm(SITE, SETTINGS, 1)
    count = Counter(str(one.source) for one in reports)
    for gauge in SITE.gauges:
        assert count[gauge.id] in (CALM_S / gauge.period_s, CALM_S / gauge.period_s + 1)
    for camera in SITE.cameras:
        assert (count[camera.id] > 0) is bool(camera.period_s)
    assert max(values(reports)) < 0.2


def test_a_district_has_as_many_cameras_as_asked_for():
    assert len(district(SITE, 1, 100).cameras) == 100
    assert district(SITE, 1, 100).cameras[:14] == SITE.cameras
    with pytest.raises(ScenarioError, match="the site itself has 14"):
        district(SITE, 1, 3)
    with pytest.raises(ScenarioError, match="the district has 893"):
        district(SITE, 1, 1000)


def test_a_site_without_such_instruments_is_told_so():
    bare = replace(SITE, cameras=(), gauges=())
    for name in ("wildfire", "flood", "fog"):
        with pytest.raises(ScenarioError):
            SCENARIOS[name](bare, SETTINGS, 1)
    assert SCENARIOS["storm"](bare, SETTINGS, 1) == ()


def test_settings_are_read_with_every_problem_at_once():
    text = FILE.read_text()
    wrong = text.replace("look: 5 s", "look: soon").replace("surest: 0.93", "surer: 0.93")
    with pytest.raises(ScenarioError) as caught:
        parse_settings(wrong, "scenarios.yaml")
    assert "soon" in str(caught.value)
    assert 'did you mean "surest"' in str(caught.value)
    with pytest.raises(ScenarioError, match="cannot read"):
        read_settings(ROOT / "nowhere.yaml")
