"""From what a source reports to what ought to be done about it.

The seam to whoever owns the book of alerts is one object with values in and values out:

    rules = parse_rules(text, file, site, hazards)                  RulesError: all problems at once
    detections = Detections(site, rules, now, utc, absence=..., memory=...)
    told = detections.take(events, now, utc)        events: Admitted, made by admitted_in(JSON)
    told = detections.expire(now, utc)              at detections.deadline()
    detections.ended(incident, now)                 its alert ended, or a person rejected it
    faults = detections.doubt_clock(why)            our clock is wrong; empty: right again
    detections.memory(now, utc)                     JSON to keep whenever told.is_worth_keeping
    detections.adopt(living, now, utc)              incidents of alerts that a restart left alive
    detections.explain(incident)                    why, in sentences

`told.orders` go to the book as they are (`Detected`, `Quieted`, `SensorLost`); `told.verdicts` are
one for each event, in order, for the answer to its sender; `told.suspected` is for the operator's
eyes; `told.faults` are lost sources and a wrong clock, in words. Times `now` are monotonic seconds;
`utc` is only shown, and compared with the times that sources give. New rules or another site take
over by a new `Detections` with the memory of the one before.

The way of an event: `event_json` (bytes to a value) -> `gate` (fresh, new) -> `evidence` (one
source, one rule) -> `incident` (one hazard, one place) -> `asking` (orders). `watch` holds it
together.
"""

from alerts.detection.admitted import Admitted, admitted_in
from alerts.detection.event import DetectionEvent, EventError
from alerts.detection.gate import Absence
from alerts.detection.rules import Rules
from alerts.detection.rules_file import RulesError, parse_rules
from alerts.detection.told import SourceFault, Suspected, Taken, Told, Verdict
from alerts.detection.troubles import told_together
from alerts.detection.watch import Detections, Living

__all__ = [
    "Absence",
    "Admitted",
    "DetectionEvent",
    "Detections",
    "EventError",
    "Living",
    "Rules",
    "RulesError",
    "SourceFault",
    "Suspected",
    "Taken",
    "Told",
    "Verdict",
    "admitted_in",
    "parse_rules",
    "told_together",
]
