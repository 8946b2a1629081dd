"""The amplifiers' health for Prometheus, in base units; labels take only names of the site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from firmware_profiles.fault_kind import FaultKind

_PREFIX: Final = "broadcaster_amplifier"


class WatchMetrics(Collector):
    """What a scrape finds: the facts as they stood when they were last taken."""

    def __init__(self) -> None:
        self._facts: Mapping[str, Any] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._stop: Any = None

    def take(self, facts: Mapping[str, Any]) -> None:
        """Keep a snapshot of the watch; scrapes come in a thread of their own and read only it."""
        self._facts = facts

    def text(self) -> bytes:
        """The exposition."""
        return generate_latest(self._registry)

    def serve(self, address: str, port: int) -> int:
        """Serve scrapes until `close`; the port. Raises OSError."""
        server, _ = start_http_server(port, address, self._registry)
        self._stop = server
        return int(server.server_port)

    def close(self) -> None:
        """Serve no more."""
        if self._stop is not None:
            self._stop.shutdown()
            self._stop.server_close()
            self._stop = None

    def collect(self) -> Iterator[Metric]:
        """Every family, as the registry asks for them."""
        facts = self._facts
        amplifiers = facts.get("amplifiers", ())
        yield self._each("up", "Whether it answered its last look", amplifiers, _is_up)
        yield self._each("answer_age_seconds", "Since it last answered", amplifiers, _age)
        yield self._each(
            "arrival_ratio", "Multicast packets received for each sent", amplifiers, _ratio
        )
        yield self._each("unsupervised_kinds", "Kinds of fault nobody looks for", amplifiers, _dark)
        yield self._each("restarts", "Restarts seen since the watch began", amplifiers, _restarts)
        yield from self._faults()
        yield from self._totals()

    def _each(self, name: str, says: str, amplifiers: Any, value: Any) -> Metric:  # noqa: ANN401
        family = GaugeMetricFamily(f"{_PREFIX}_{name}", says, labels=["amplifier"])
        for one in amplifiers:
            found = value(one)
            if found is not None:
                family.add_metric([one["id"]], found)
        return family

    def _faults(self) -> Iterator[Metric]:
        there = [each for each in self._facts.get("faults", ()) if each["there"]]
        family = GaugeMetricFamily(
            f"{_PREFIX}_faults", "Faults that are there, by kind", labels=["kind"]
        )
        kinds = Counter(each["kind"] for each in there)
        for kind in FaultKind:
            family.add_metric([kind.value], kinds[kind.value])
        yield family
        ringing = GaugeMetricFamily(
            f"{_PREFIX}_faults_ringing", "Faults somebody should look at now", labels=["severity"]
        )
        severities = Counter(each["severity"] for each in there if each["rings"])
        for severity in ("info", "minor", "major", "critical"):
            ringing.add_metric([severity], severities[severity])
        yield ringing

    def _totals(self) -> Iterator[Metric]:
        for name, says, facts, keys in (
            ("polls", "Looks at amplifiers", "polls", ("answered", "missed", "refused")),
            (
                "traps",
                "Notifications that came in",
                "traps",
                ("verified", "unconfirmed", "duplicate", "stranger", "refused", "dropped"),
            ),
        ):
            found = self._facts.get(facts) or {}
            family = CounterMetricFamily(f"{_PREFIX}_{name}", says, labels=["result"])
            for key in keys:
                family.add_metric([key], found.get(key, 0))
            yield family
        late = GaugeMetricFamily(f"{_PREFIX}_poll_late_seconds", "How late the last look began")
        late.add_metric([], (self._facts.get("polls") or {}).get("late_s", 0.0))
        yield late


def _is_up(one: Mapping[str, Any]) -> float:
    return float(one["answered_s"] is not None and not one["error"])


def _age(one: Mapping[str, Any]) -> float | None:
    age: float | None = one["answered_s"]
    return age


def _ratio(one: Mapping[str, Any]) -> float | None:
    ratio: float | None = one["arrival_ratio"]
    return ratio


def _dark(one: Mapping[str, Any]) -> float:
    return float(len(one["unsupervised"]))


def _restarts(one: Mapping[str, Any]) -> float:
    return float(one["restarts"])
