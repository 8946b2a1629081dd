"""What is read: state, alerts, the journal page by page, metrics."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from broadcaster.console.metrics import Metrics
from broadcaster.journal.entry import Entry, Kind
from broadcaster.journal.journal import Journal
from tests.broadcaster.console.bench import snapshot, stream, until

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALERT = {
    "id": "a1", "nature": "real", "state": "sounding", "zones": ["upper", "lower"],
    "path": {"zones": {"upper": {"first_packet_ms": 8.0}, "lower": {"first_packet_ms": None}}},
}  # fmt: skip


@pytest.fixture
async def journalled(bench, state_directory):
    """A console whose station has a journal of 2500 entries, every fifth an alert's."""
    entries = [
        Entry(
            kind=Kind.ALERT if number % 5 == 0 else Kind.ACT,
            subject=f"s{number % 10}",
            utc=START + timedelta(seconds=number),
            facts={"number": number},
        )
        for number in range(1, 2501)
    ]
    async with Journal(state_directory) as journal:
        for begin in range(0, len(entries), 500):
            assert (await journal.record(entries[begin : begin + 500]).settled()).durable
    return bench


async def pages(bench, query):
    """Every entry of a query, page by page."""
    found, before = [], None
    while True:
        more = "" if before is None else f"&before={before}"
        status, page = await bench.asked(
            "GET", f"/api/v1/journal?{query}{more}", None, bench.bearer("technician")
        )
        assert status == 200, page
        found.append([entry["facts"]["number"] for entry in page["entries"]])
        before = page["before"]
        if before is None:
            return found


async def test_the_journal_comes_in_pages_newest_first(journalled):
    found = await pages(journalled, "limit=400")
    assert len(found) == 7
    assert found[0][:3] == [2500, 2499, 2498]
    assert [number for page in found for number in page] == list(range(2500, 0, -1))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("kind=alert&limit=130", range(2500, 0, -5)),
        ("subject=s3&limit=100", range(2493, 0, -10)),
        ("kind=audit", []),
    ],
)
async def test_the_journal_is_searched(journalled, query, wanted):
    found = await pages(journalled, query)
    assert [number for page in found for number in page] == list(wanted)


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "before=x", "kind=gossip", "page=2"])
async def test_a_wrong_query_is_told(bench, query):
    headers = bench.bearer("technician")
    status, problem = await bench.asked("GET", f"/api/v1/journal?{query}", None, headers)
    assert (status, problem["code"]) == (422, "invalid")


async def test_a_station_without_a_journal_says_so(bench):
    status, problem = await bench.asked("GET", "/api/v1/journal", None, bench.bearer("technician"))
    assert (status, problem["code"]) == (503, "no-journal")


async def test_an_alert_is_found_living_or_over(journalled):
    bench = journalled
    bench.control.say(alerts=[{**ALERT, "id": "s5"}])
    await until(lambda: bench.station.line.snapshot["alerts"])
    viewer = bench.bearer("viewer")
    _, living = await bench.asked("GET", "/api/v1/alerts/s5", None, viewer)
    _, over = await bench.asked("GET", "/api/v1/alerts/s0", None, viewer)
    assert (living["alert"]["id"], over["alert"]) == ("s5", None)
    assert len(living["history"]) == len(over["history"]) == 250
    assert (await bench.asked("GET", "/api/v1/alerts/none", None, viewer))[0] == 404
    assert len((await bench.asked("GET", "/api/v1/alerts", None, viewer))[1]["alerts"]) == 1


def values(text):
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_metrics_are_open_to_this_machine_only(bench):
    async with bench.http.get(f"{bench.url}/metrics") as answer:
        found = values(await answer.text())
    assert found["broadcaster_control_up",] == 1
    assert found["broadcaster_stream_sent", "upper", "upper"] == 1
    assert ("broadcaster_stream_arrived", "upper", "upper") not in found
    assert found["broadcaster_engine_late_ticks_total",] == 2
    through = {"X-Forwarded-For": "192.0.2.7"}
    assert (await bench.asked("GET", "/metrics", None, through))[0] == 401
    headers = {**through, **bench.bearer("viewer")}
    async with bench.http.get(f"{bench.url}/metrics", headers=headers) as answer:
        assert answer.status == 200


def test_each_zones_latency_is_counted_once():
    metrics = Metrics()
    warned = stream("upper", commanded={"kind": "warning"})
    for first in (None, 20.0, 20.0):
        zones = {"upper": {"first_packet_ms": 8.0}, "lower": {"first_packet_ms": first}}
        metrics.take(snapshot(alerts=[{**ALERT, "path": {"zones": zones}}], streams=[warned]))
    found = values(metrics.text(age=0.5, is_up=True, watchers=3).decode())
    assert found["broadcaster_alert_first_packet_seconds_count", "real"] == 2
    assert found["broadcaster_alert_first_packet_seconds_sum", "real"] == pytest.approx(0.028)
    assert found["broadcaster_alerts", "real", "sounding"] == 1
    assert found["broadcaster_zones_warned",] == 1
    assert found["broadcaster_console_watchers",] == 3


def test_before_control_was_heard_there_are_still_metrics():
    found = values(Metrics().text(age=None, is_up=False, watchers=0).decode())
    assert found["broadcaster_control_up",] == 0
    assert ("broadcaster_control_snapshot_age_seconds",) not in found
