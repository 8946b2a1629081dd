"""The commands `check` and `config schema`."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from broadcaster.commands.site import check, config_group
from tests.zones.small_site import SMALL_SITE, spoilt
from zones.sitefile_schema import site_schema

ROOT = Path(__file__).parents[3]
SITE = SMALL_SITE.replace("profile: horn", "profile: virtual-amplifier")


@pytest.fixture
def run(tmp_path):
    """Runs `check` on a site file with the given text."""

    def run_check(text, *options):
        config = tmp_path / "config.yaml"
        config.write_text(text, encoding="utf-8")
        return CliRunner().invoke(check, [str(config), *options])

    return run_check


def test_a_right_site_is_summed_up():
    result = CliRunner().invoke(check, [str(ROOT / "config.yaml")])
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.endswith(
        "right. Hongjecheon Sorigil: 14 zones, 14 amplifiers, 171 speakers, 14 streams\n"
    )


def test_without_an_argument_the_file_of_this_folder_is_checked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(check, [])
    assert result.exit_code == 2
    assert "config.yaml:1:1: is not there" in result.stderr


def test_wrong_sites_are_told_in_full_and_end_with_2(run):
    result = run(spoilt("ttl: 8", "ttl: 800", spoilt("dscp: EF", "dscp: FE", SITE)))
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines[0] == "config.yaml:50:8: stream_defaults: ttl: 800 is outside 1 to 255"
    assert lines[1:3] == ["      ttl: 800", "           ^"]
    assert lines[3].startswith('config.yaml:51:9: stream_defaults: dscp: "FE" is not a DSCP')
    assert lines[-1].endswith("config.yaml: 2 problems")


def test_warnings_are_shown_and_the_file_accepted(run):
    result = run(spoilt("77.2, port: 5004", "77.2, port: 5005", SITE))
    assert result.exit_code == 2  # the virtual amplifier takes even ports only
    result = run(spoilt("77.2, port: 5004", "77.2, port: 5006", SITE))
    assert result.exit_code == 0
    result = run(spoilt("distance: 220 m", "distance: 180 m", SITE))
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        'config.yaml:19:39: warning: speaker "rock-2": distance: 180 m is outside its '
        'zone "lower", 200 to 400 m',
        "      rock-2: {output: amp-2/1, distance: 180 m, at: [37.578, 126.938]}",
        "                                          ^",
    ]


def test_json_holds_the_same(run):
    good = run(SITE, "--json")
    assert good.exit_code == 0
    answer = json.loads(good.stdout)
    assert answer["ok"] is True
    assert answer["counts"] == {
        "zones": 2,
        "amplifiers": 2,
        "speakers": 2,
        "streams": 2,
        "groups": 1,
        "gauges": 1,
        "cameras": 1,
    }
    assert answer["problems"] == []
    bad = run(spoilt("ttl: 8", "ttl: 800", SITE), "--json")
    assert bad.exit_code == 2
    answer = json.loads(bad.stdout)
    assert (answer["ok"], answer["counts"]) == (False, None)
    assert answer["problems"] == [
        {
            "file": "config.yaml",
            "line": 50,
            "column": 8,
            "severity": "error",
            "message": "stream_defaults: ttl: 800 is outside 1 to 255",
            "hint": "",
        }
    ]


def test_a_new_file_against_the_old_one(tmp_path):
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(SITE, "utf-8")
    new.write_text(spoilt("77.2, port: 5004", "77.2, port: 5006", SITE), "utf-8")
    result = CliRunner().invoke(check, [str(new), "--against", str(old)])
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        'stream "lower": legs: [audio 239.192.77.2:5004] -> [audio 239.192.77.2:5006] '
        "(starts lower anew)",
        f"{new}: right. Waterside: 2 zones, 2 amplifiers, 2 speakers, 2 streams",
        f"1 change against {old}; taking it over starts 1 stream anew.",
    ]
    result = CliRunner().invoke(check, [str(new), "--against", str(new)])
    assert result.stdout.endswith(
        f"0 changes against {new}; taking it over interrupts no stream.\n"
    )
    answer = json.loads(
        CliRunner().invoke(check, [str(new), "--against", str(old), "--json"]).stdout
    )
    assert answer["interrupts"] == ["lower"]
    assert [(c["kind"], c["part"], c["name"], c["field"]) for c in answer["changes"]] == [
        ("changed", "stream", "lower", "legs")
    ]


def test_against_a_file_that_is_wrong(tmp_path):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(SITE, "utf-8")
    bad.write_text(spoilt("ttl: 8", "ttl: 800", SITE), "utf-8")
    result = CliRunner().invoke(check, [str(good), "--against", str(bad)])
    assert result.exit_code == 2
    assert result.stderr.startswith("bad.yaml:50:8: stream_defaults: ttl")


# --- the schema -------------------------------------------------------------------------------


class Yaml12Loader(yaml.SafeLoader):
    """YAML as an editor with a YAML 1.2 core schema reads it: no sexagesimals, no on and off."""

    yaml_implicit_resolvers: dict = {}  # noqa: RUF012 - the name is PyYAML's


for tag, form, first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    Yaml12Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{tag}", re.compile(rf"^(?:{form})$"), first
    )


@pytest.fixture(scope="module")
def validator():
    result = CliRunner().invoke(config_group, ["schema"])
    assert result.exit_code == 0
    schema = json.loads(result.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def data(text):
    return yaml.load(text, Yaml12Loader)  # noqa: S506 - it derives from SafeLoader


def test_the_schema_accepts_the_reference_site_and_the_small_one(validator):
    for text in ((ROOT / "config.yaml").read_text("utf-8"), SMALL_SITE):
        assert [error.message for error in validator.iter_errors(data(text))] == []


@pytest.mark.parametrize("name", ["speakers", "exits", "zones", "paths", "cameras"])
def test_the_schema_of_a_table_accepts_the_file_of_it(validator, name):
    table = data((ROOT / "zones" / f"{name}.yaml").read_text("utf-8"))
    schema = {**validator.schema, "required": []}
    errors = jsonschema.Draft202012Validator(schema).iter_errors({name: table})
    assert [error.message for error in errors] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ttl: 8", "ttl: 800"),
        ("ttl: 8", "ttl: many"),
        ("budget", "bugdet"),
        ("packet_time: 5 ms", "packet_time: 5"),
        ("day: 06:00-22:00", "day: 6-22"),
        ("{ko: 물가, en: Waterside}", "{ko: 물가}"),
        ("[[37.58, 126.94], [37.577", "[[126.94, 37.58], [37.577"),
        ("evidence: state", "evidence: status"),
        ("  amp-2: {", "  Amp_2: {"),
        ("outputs: 2}", "outputs: two}"),
        ("schema: 1", "schema: 2"),
        ("output: amp-2/1, ", ""),
    ],
)
def test_the_schema_refuses_what_the_parser_refuses(validator, old, new):
    assert list(validator.iter_errors(data(spoilt(old, new))))


def test_every_key_of_the_schema_has_a_line_of_manual():
    def descriptions(schema):
        for key, value in schema.get("properties", {}).items():
            yield key, value.get("description")
            yield from descriptions(value)
        for inner in schema.get("anyOf", []):
            yield from descriptions(inner)
        for where in ("additionalProperties", "items"):
            if isinstance(schema.get(where), dict):
                yield from descriptions(schema[where])

    described = dict(descriptions(site_schema()))
    assert len(described) > 60
    assert all(described.values())


def test_the_rules_a_site_names_are_checked_with_it(run, tmp_path):
    named = SITE + "rules: rules.yaml\n"
    assert "rules.yaml:1:1: the rules can't be read" in run(named).stderr
    (tmp_path / "rules.yaml").write_text("schema: 1\nrules:\n  a: {hazard: flood}\n")
    wrong = run(named)
    assert wrong.exit_code == 2
    assert 'rules.yaml:3:3: rule "a": lacks "kinds", "level"' in wrong.stderr
    (tmp_path / "rules.yaml").write_text(
        "schema: 1\nrules:\n  a: {hazard: flood, kinds: manual, value: {enter: 1 m, exit: 1 m}, "
        "level: warning}\n"
    )
    assert run(named, "--json").exit_code == 2
    (tmp_path / "rules.yaml").write_text(
        "schema: 1\nrules:\n"
        "  a: {hazard: wildfire, kinds: smoke, confidence: {enter: 0.6}, level: caution}\n"
    )
    right = run(named)
    assert right.exit_code == 0
    assert "nobody is named who authorised" in right.stderr
