"""What tests of detection stand on: the reference site, its rules, and events made in a line."""

import itertools
from datetime import UTC, datetime, timedelta
from functools import cache

from alerts.detection import Admitted, Detections, parse_rules
from alerts.detection.event_json import event_in
from broadcaster.site_reader import read_site
from tests.house.checkout import ROOT

T0 = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
_number = itertools.count()


@cache
def site():
    return read_site(ROOT / "config.yaml")


@cache
def rules(text=None, hazards=None):
    if text is None:
        text = (ROOT / "alerts/rules.yaml").read_text()
    return parse_rules(text, "rules.yaml", site(), hazards)


def utc(seconds):
    return T0 + timedelta(seconds=seconds)


def event(source="cam-031", kind="smoke", phase="start", at=0.0, **fields):
    """An event that happened `at` seconds after T0."""
    given = {"id": f"e{next(_number)}", "source": source, "kind": kind, "phase": phase}
    return event_in(given | {"time": utc(at).isoformat()} | fields)


def level(value, at, source="hongje-level", **fields):
    fields = {"value": value, "unit": "m"} | fields
    return event(source, "water_level", "reading", at, **fields)


class Play:
    """Detections in virtual time, from T0 on."""

    def __init__(self, text=None, memory=None, start=0.0, absence=None):
        self.now = start
        self.detections = Detections(
            site(), rules(text), start, utc(start), absence=absence, memory=memory
        )
        self.orders, self.suspected, self.faults, self.verdicts = [], [], [], []

    def until(self, now):
        """Let time go by; everything that falls due happens in its turn."""
        while (due := self.detections.deadline()) is not None and due <= now:
            self._note(self.detections.expire(max(due, self.now), utc(due)))
        self.now = max(self.now, now)

    def take(self, *events, at=None, **admission):
        """Take events when they happened, or at another time; the last verdict."""
        for each in events:
            now = (each.time - T0).total_seconds() if at is None else at
            self.until(now)
            admitted = Admitted(each, admission.pop("received", utc(now)), **admission)
            self._note(self.detections.take((admitted,), now, utc(now)))
        return self.verdicts[-1]

    def _note(self, told):
        self.orders += told.orders
        self.suspected += told.suspected
        self.faults += told.faults
        self.verdicts += told.verdicts

    def named(self, kind):
        return [order for order in self.orders if type(order).__name__ == kind]

    @property
    def detected(self):
        return self.named("Detected")

    @property
    def highest(self):
        return max((order.level for order in self.detected), default=None)
