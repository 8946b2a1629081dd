"""Control's snapshot for Prometheus, in base units; no label takes values without bound."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Any, Final

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

_PREFIX: Final = "broadcaster"
_BUCKETS: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_MOST_ALERTS: Final = 1000

_Facts = Mapping[str, Any]


class Metrics(Collector):
    """What a scrape finds: the snapshot as it stands, and the latencies seen since the start."""

    def __init__(self) -> None:
        self._snapshot: _Facts = {}
        self._console: dict[str, float] = {}
        self._measured: OrderedDict[str, set[str]] = OrderedDict()
        self._registry = CollectorRegistry()
        self._latency = Histogram(
            f"{_PREFIX}_alert_first_packet_seconds",
            "From the event to the first packet of its warning, by nature, each zone once",
            ["nature"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._registry.register(self)

    def take(self, snapshot: _Facts) -> None:
        """Look at a snapshot: latencies that are new in it are counted."""
        self._snapshot = snapshot
        for alert in snapshot.get("alerts", ()):
            zones = (alert.get("path") or {}).get("zones") or {}
            known = self._measured.setdefault(str(alert.get("id")), set())
            for zone, path in zones.items():
                took = (path or {}).get("first_packet_ms")
                if isinstance(took, int | float) and zone not in known:
                    known.add(zone)
                    self._latency.labels(str(alert.get("nature", "real"))).observe(took / 1000)
        while len(self._measured) > _MOST_ALERTS:
            self._measured.popitem(last=False)

    def text(self, *, age: float | None, is_up: bool, watchers: int) -> bytes:
        """The exposition; `age` is that of the snapshot, in seconds."""
        self._console = {
            "control_up": float(is_up),
            "console_watchers": float(watchers),
            **({} if age is None else {"control_snapshot_age_seconds": age}),
        }
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Every family, as the registry asks for them."""
        info = InfoMetricFamily(f"{_PREFIX}_build", "Which version this is")
        info.add_metric([], {"version": version("sorigil")})
        yield info
        for name, value in self._console.items():
            yield _gauge(name, "The console's line to control", value)
        if self._snapshot:
            yield from _alerts(self._snapshot)
            yield from _zones(self._snapshot)
            yield from _engine(self._snapshot.get("engine") or {})
            yield from _station(self._snapshot)


def _gauge(name: str, says: str, value: float) -> Metric:
    family = GaugeMetricFamily(f"{_PREFIX}_{name}", says)
    family.add_metric([], value)
    return family


def _by(name: str, says: str, label: str, counts: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(f"{_PREFIX}_{name}", says, labels=[label])
    for value, count in counts:
        family.add_metric([value], count)
    return family


def _alerts(snapshot: _Facts) -> Iterator[Metric]:
    alerts = snapshot.get("alerts", ())
    family = GaugeMetricFamily(f"{_PREFIX}_alerts", "Alerts that live", labels=["nature", "state"])
    living = Counter((str(one.get("nature")), str(one.get("state"))) for one in alerts)
    for (nature, state), count in living.items():
        family.add_metric([nature, state], count)
    yield family
    warned = {
        stream.get("zone")
        for stream in snapshot.get("streams", ())
        if (stream.get("commanded") or {}).get("kind") == "warning"
    }
    yield _gauge("zones_warned", "Zones in which a warning is commanded", len(warned))


def _zones(snapshot: _Facts) -> Iterator[Metric]:
    streams = snapshot.get("streams", ())
    for fact in ("sent", "arrived"):
        family = GaugeMetricFamily(
            f"{_PREFIX}_stream_{fact}",
            f"Whether the right sound was witnessed as {fact}; absent while nobody knows",
            labels=["stream", "zone"],
        )
        for stream in streams:
            if stream.get(fact) is not None:
                family.add_metric([stream["id"], stream["zone"]], float(stream[fact]))
        yield family
    for name, key, says in (
        ("rtp_packets_sent", "packets", "RTP packets sent"),
        ("rtp_packets_refused", "refused", "RTP packets the kernel refused"),
    ):
        counter = CounterMetricFamily(f"{_PREFIX}_{name}", says, labels=["stream", "zone"])
        for stream in streams:
            counter.add_metric([stream["id"], stream["zone"]], stream.get(key) or 0)
        yield counter


def _engine(engine: _Facts) -> Iterator[Metric]:
    for name, key, says in (
        ("engine_speaking", "speaking", "Whether an engine sends"),
        ("engine_real_time", "real_time", "Whether it has real-time scheduling"),
        ("engine_memory_locked", "locked", "Whether its memory is locked"),
    ):
        yield _gauge(name, says, float(bool(engine.get(key))))
    for name, key, says in (
        ("engine_late_ticks", "late_ticks", "Ticks of the engine that came late"),
        ("engine_skipped_packets", "skipped_packets", "Packets it skipped to be in time again"),
    ):
        counter = CounterMetricFamily(f"{_PREFIX}_{name}", says)
        counter.add_metric([], engine.get(key) or 0)
        yield counter
    if engine.get("beat_age_ms") is not None:
        yield _gauge("engine_beat_age_seconds", "Since it last worked", engine["beat_age_ms"] / 1e3)


def _station(snapshot: _Facts) -> Iterator[Metric]:
    yield _gauge("faults", "What is wrong now, in sentences", len(snapshot.get("faults", ())))
    yield _gauge("plan_revision", "The newest plan", snapshot.get("revision") or 0)
    music = snapshot.get("music") or {}
    yield _gauge("recordings", "Recordings of the programme", music.get("recordings") or 0)
    kinds = Counter(str(one.get("kind")) for one in snapshot.get("claims", ()))
    yield _by("claims", "Sounds that somebody asked for", "kind", kinds.items())
