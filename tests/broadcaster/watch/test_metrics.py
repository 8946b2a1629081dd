"""The metrics of the watch, and that dashboard and alert rules name only what exists."""

import json
import re
import urllib.request
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from broadcaster.watch.metrics import WatchMetrics

PACKAGING = Path(__file__).parents[3] / "packaging"
FACTS = {
    "amplifiers": [
        {"id": "amp-01", "answered_s": 3.0, "error": "", "arrival_ratio": 0.99, "restarts": 1,
         "unsupervised": ["fan"]},
        {"id": "amp-02", "answered_s": None, "error": "no answer", "arrival_ratio": None,
         "restarts": 0, "unsupervised": []},
    ],
    "faults": [
        {"there": True, "kind": "agent", "severity": "major", "rings": True},
        {"there": True, "kind": "fan", "severity": "minor", "rings": False},
        {"there": False, "kind": "fan", "severity": "minor", "rings": False},
    ],
    "traps": {"verified": 4, "dropped": 2},
    "polls": {"answered": 90, "missed": 3, "refused": 0, "late_s": 0.1},
}  # fmt: skip


@pytest.fixture
def metrics():
    made = WatchMetrics()
    made.take(FACTS)
    yield made
    made.close()


def samples(metrics):
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def test_what_nobody_measures_has_no_value(metrics):
    found = samples(metrics)
    assert found["broadcaster_amplifier_up", "amp-01"] == 1
    assert found["broadcaster_amplifier_up", "amp-02"] == 0
    assert ("broadcaster_amplifier_arrival_ratio", "amp-02") not in found
    assert found["broadcaster_amplifier_faults", "fan"] == 1
    assert found["broadcaster_amplifier_faults_ringing", "major"] == 1
    assert found["broadcaster_amplifier_traps_total", "dropped"] == 2


def test_before_the_first_look_there_is_nothing_to_tell():
    assert b"broadcaster_amplifier_faults" in WatchMetrics().text()


def test_prometheus_is_answered(metrics):
    port = metrics.serve("127.0.0.1", 0)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        assert b"broadcaster_amplifier_up" in answer.read()


def test_dashboard_and_rules_name_only_metrics_that_exist(metrics):
    known = {name for name, *_ in samples(metrics)}
    board = json.loads((PACKAGING / "grafana/amplifiers.json").read_text())
    rules = yaml.safe_load((PACKAGING / "prometheus/amplifiers.rules.yaml").read_text())
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    expressions += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    named = {word for each in expressions for word in re.findall(r"broadcaster_\w+", each)}
    assert len(expressions) == 15
    assert named - known == set()
    for name in known:
        assert re.fullmatch(r"[a-z_]+", name)
