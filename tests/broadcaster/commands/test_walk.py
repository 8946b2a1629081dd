"""The walk test, as typed."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from broadcaster.commands.walk import chirp_samples, walk
from broadcaster.site_reader import read_site
from broadcaster.watch.inspection import (
    Mark,
    Verdict,
    inspection_from_json,
    inspection_to_json,
)
from broadcaster.watch.season_report import page, season_report

CONFIG = Path(__file__).parents[3] / "config.yaml"


@pytest.fixture
def run(tmp_path):
    def typed(*words):
        places = ["--run", str(tmp_path / "run"), "--state", str(tmp_path / "state")]
        arguments = [*places, "--config", str(CONFIG), *map(str, words)]
        return CliRunner().invoke(walk, arguments, catch_exceptions=False)

    return typed


def test_a_round_goes_along_the_path_until_every_speaker_is_marked(run, tmp_path):
    assert "171 speakers to hear" in run("begin", "spring").output
    assert "rock-001 is good; 170 left, next" in run("mark", "rock-001", "good").output
    kept = tmp_path / "state" / "inspection.json"
    inspection, site = inspection_from_json(json.loads(kept.read_text())), read_site(CONFIG)
    for speaker in site.speakers[:-1]:
        good = Mark(str(speaker.id), Verdict.GOOD, inspection.current.begun, "kim")
        inspection = inspection.mark(good, site)
    kept.write_text(json.dumps(inspection_to_json(inspection)))
    last = run("mark", site.speakers[-1].id, "good").output
    assert "0 left, the round is complete" in last
    assert run("report").exit_code == 0


def test_a_defect_stays_open_over_rounds_until_it_is_found_good(run, tmp_path):
    run("begin", "spring")
    (tmp_path / "p.jpg").write_bytes(b"picture")
    run("mark", "rock-100", "damaged", "--note", "cracked shell", "--photo", tmp_path / "p.jpg")
    run("mark", "rock-002", "dead")
    run("begin", "summer")
    found = run("report", "--json")
    assert found.exit_code == 1
    facts = json.loads(found.output)
    assert facts["round"] == "summer"
    assert [each["speaker"] for each in facts["defects"]] == ["rock-002", "rock-100"]
    photo = tmp_path / "state" / "photos" / facts["defects"][1]["photo"]
    assert photo.read_bytes() == b"picture"
    run("mark", "rock-002", "good")
    assert "1 open defects" in run("report").output
    assert "cracked shell" in run("report").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mark", "rock-001", "good"), "no round was begun"),
        (("report",), "no round was begun"),
    ],
)
def test_without_a_round_nothing_is_marked(run, words, said):
    found = run(*words)
    assert found.exit_code == 2
    assert said in found.output


def test_what_does_not_exist_is_refused(run, tmp_path):
    run("begin", "spring")
    assert "is there already" in run("begin", "spring").output
    assert 'no speaker "rock-999"' in run("mark", "rock-999", "good").output
    assert run("mark", "rock-001", "splendid").exit_code == 2
    (tmp_path / "virus.exe").write_bytes(b"x")
    assert "a photo is one of" in run(
        "mark", "rock-001", "good", "--photo", tmp_path / "virus.exe"
    ).output  # fmt: skip
    assert "characters" in run("mark", "rock-001", "weak", "--note", "x" * 501).output


def test_rounds_come_back_as_they_were_kept(run, tmp_path):
    run("begin", "spring")
    run("mark", "rock-001", "weak", "--note", "조용함")
    kept = json.loads((tmp_path / "state" / "inspection.json").read_text())
    assert inspection_to_json(inspection_from_json(kept)) == kept


# --- the report before the rainy season ---


def marked(run, tmp_path, **verdicts):
    """A round in which every speaker is good but those named otherwise."""
    run("begin", "spring")
    kept = tmp_path / "state" / "inspection.json"
    inspection, site = inspection_from_json(json.loads(kept.read_text())), read_site(CONFIG)
    for speaker in site.speakers:
        verdict = verdicts.get(str(speaker.id).replace("-", "_"), Verdict.GOOD)
        if verdict is not None:
            mark = Mark(str(speaker.id), verdict, inspection.current.begun, "kim", "<b>rust</b>")
            inspection = inspection.mark(mark, site)
    kept.write_text(json.dumps(inspection_to_json(inspection)))
    return inspection, site


def report_of(run, tmp_path, faults, **verdicts):
    inspection, site = marked(run, tmp_path, **verdicts)
    return season_report(site, inspection, faults, inspection.current.begun), site


def test_a_path_on_which_all_is_heard_is_ready(run, tmp_path):
    report, _ = report_of(run, tmp_path, [])
    assert report.is_ready
    assert sum(counts["good"] for counts in report.counts.values()) == 171
    damaged, _ = report_of(lambda *words: None, tmp_path, [], rock_001=Verdict.DAMAGED)
    assert damaged.is_ready


@pytest.mark.parametrize(
    ("faults", "verdicts"),
    [
        ([], {"rock_001": Verdict.DEAD}),
        ([], {"rock_001": Verdict.WEAK}),
        ([], {"rock_001": None}),
        ([{"there": True, "severity": "major"}], {}),
        (None, {}),
    ],
)
def test_what_keeps_it_from_being_ready(run, tmp_path, faults, verdicts):
    assert not report_of(run, tmp_path, faults, **verdicts)[0].is_ready


def test_a_fault_that_is_over_does_not_count(run, tmp_path):
    report, _ = report_of(run, tmp_path, [{"there": False}])
    assert report.is_ready


def test_the_page_holds_zones_defects_photos_and_faults_and_no_markup_of_notes(run, tmp_path):
    sentence = {"ko": "amp-05: 과열", "en": "amp-05: too hot"}
    fault = {"there": True, "severity": "major", "sentence": sentence, "since_utc": "2026-06-01T"}
    report, site = report_of(run, tmp_path, [fault], rock_100=Verdict.DEAD)
    text = page(report, site, {})
    for said in ("NOT READY", "rock-100", "too hot", site.zones[0].name.ko, "&lt;b&gt;rust"):
        assert said in text
    assert "<b>rust" not in text


def test_the_command_writes_the_page_with_its_photo(run, tmp_path):
    run("begin", "spring")
    (tmp_path / "p.png").write_bytes(b"picture")
    run("mark", "rock-100", "dead", "--photo", tmp_path / "p.png")
    found = run("season", "--output", tmp_path / "report.html")
    assert found.exit_code == 1
    assert "Not ready." in found.output
    assert "data:image/png;base64,cGljdHVyZQ==" in (tmp_path / "report.html").read_text()
    facts = json.loads(run("season", "--json").output)
    assert (facts["ready"], facts["faults"]) == (False, None)
    assert facts["defects"][0]["speaker"] == "rock-100"


def test_the_chirp_rises_through_speech_without_a_click():
    sound = chirp_samples()
    assert len(sound) == 72_000
    assert abs(int(sound[0])) < 10
    assert abs(int(sound[-1])) < 400
    assert 10_000 < np.abs(sound).max() < 12_000
