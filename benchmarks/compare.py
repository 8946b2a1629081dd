"""Senders side by side: interleaved rounds on one machine in one class, and their medians."""

import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from benchmarks.arrivals import Arrivals, Continuity, Deviation, between, continuity, deviation
from benchmarks.child import Child
from benchmarks.context import Context
from benchmarks.flow import Flow
from benchmarks.hog import hogs
from benchmarks.measurement import Measurement, MeasurementError, skipped
from benchmarks.probe import listening

Sender = Callable[[Context, Flow], AbstractContextManager[Child]]

_FIRST_PACKET_LIMIT_S: Final = 20.0
_LOST_SHARE: Final = 0.005


@dataclass(frozen=True, slots=True)
class Observation:
    """One sender in one round; CPU in microseconds a packet, of the whole process."""

    cpu_us: float
    deviation: Deviation | None
    continuity: Continuity
    scheduling: str

    def detail(self) -> dict[str, Any]:
        """The round as it stands in the row's detail."""
        return {
            "cpu_us_per_packet": round(self.cpu_us, 3),
            "deviation_us": self.deviation.detail() if self.deviation else None,
            "continuity": asdict(self.continuity),
            "scheduling": self.scheduling,
        }


@dataclass(frozen=True, slots=True)
class Trial:
    """How senders are observed.

    Attributes:
        flow: what is sent.
        seconds: length of the window that counts.
        busy: with a hog on every core.
        sampled: streams received, evenly spread; None receives all.
        settle_s: from the first packet of the last stream to the window: caches and threads warm.
    """

    flow: Flow
    seconds: float
    busy: bool = False
    sampled: int | None = None
    settle_s: float = 1.0


def observe(context: Context, sender: Sender, trial: Trial) -> Observation:
    """Let one sender send, and watch it for the trial's window."""
    return observe_with(context, sender, trial)[0]


def observe_with(context: Context, sender: Sender, trial: Trial) -> tuple[Observation, Arrivals]:
    """The same, with the packets of the window themselves."""
    flow = trial.flow
    with (
        hogs(trial.busy),
        listening(context, flow, sampled=trial.sampled, tones=False) as ear,
        sender(context, flow) as child,
    ):
        ear.wait_until_all_heard(_FIRST_PACKET_LIMIT_S, child)
        time.sleep(trial.settle_s)
        scheduling = child.scheduling()
        begin_ns, cpu_before = time.monotonic_ns(), child.cpu_ns()
        time.sleep(trial.seconds)
        end_ns, cpu_after = time.monotonic_ns(), child.cpu_ns()
        arrivals = between(ear.stop(), begin_ns, end_ns)
    seen = continuity(arrivals, flow.packet_samples)
    due = flow.packets_in((end_ns - begin_ns) / 1e9)
    due_here = due * seen.streams / flow.streams
    # A sender late or early by a few packets at the window's ends is no other sender; one that
    # chose another packet time or gave up streams is.
    if abs(seen.packets - due_here) > 0.02 * due_here + 4 * seen.streams:
        raise MeasurementError(f"{due_here:.0f} packets were due in its window; came: {seen}")
    observation = Observation(
        cpu_us=(cpu_after - cpu_before) / 1e3 / due,
        deviation=deviation(arrivals, flow.rate_hz),
        continuity=seen,
        scheduling=scheduling,
    )
    return observation, arrivals


@dataclass(frozen=True, slots=True)
class Compared:
    """All rounds of all senders; a sender that failed in a round has one observation fewer."""

    rounds: Mapping[str, list[Observation]]
    failures: Mapping[str, list[str]]
    trial: Trial

    def median(self, sender: str, of: Callable[[Observation], float | None]) -> float:
        """The median over a sender's rounds; MeasurementError if most of them failed."""
        values = [value for seen in self.rounds[sender] if (value := of(seen)) is not None]
        tried = len(self.rounds[sender]) + len(self.failures[sender])
        if not values or len(values) * 2 < tried:
            why = self.failures[sender][-1] if self.failures[sender] else "nothing was received"
            raise MeasurementError(
                f"{sender} was observed in {len(values)} of {tried} rounds: {why}"
            )
        return statistics.median(values)

    def breaks(self, sender: str) -> str:
        """The first round in which a sender's streams were not as they should be; empty if none.

        A sender that was held up for more than its patience skips packets; on a machine with
        other work that says nothing of its cost or pace while it is a small part of all.
        """
        for seen in self.rounds[sender]:
            kept = replace(seen.continuity, lost=0).is_unbroken
            if not kept or seen.continuity.lost > _LOST_SHARE * seen.continuity.packets:
                return str(seen.continuity)
        return ""

    def detail(self) -> dict[str, Any]:
        """Everything that was seen, for the row's detail."""
        return {
            "trial": asdict(self.trial),
            "rounds": {
                name: [seen.detail() for seen in all_] for name, all_ in self.rounds.items()
            },
            "failures": {name: why for name, why in self.failures.items() if why},
        }


def cpu_us(seen: Observation) -> float:
    """CPU for one packet."""
    return seen.cpu_us


def deviation_p99(seen: Observation) -> float | None:
    """Pacing deviation, 99th percentile, in microseconds."""
    return seen.deviation.p99 if seen.deviation else None


def compare(
    context: Context, senders: Mapping[str, Sender], trial: Trial, *, rounds: int | None = None
) -> Compared:
    """Observe all senders round by round, each round beginning with another one.

    A sender that can't be started, or isn't heard, costs its own round and no other's.
    """
    seen: dict[str, list[Observation]] = {name: [] for name in senders}
    failures: dict[str, list[str]] = {name: [] for name in senders}
    names = list(senders)
    for turn in range(rounds or context.rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            try:
                seen[name].append(observe(context, senders[name], trial))
            except MeasurementError as refusal:
                failures[name].append(str(refusal))
    return Compared(seen, failures, trial)


def ratio(
    row: str,
    compared: Compared,
    ours: str,
    theirs: str,
    of: Callable[[Observation], float | None],
) -> Measurement:
    """The row "ours divided by theirs", from the medians of the rounds.

    Who sends less, or otherwise, is no measure: where theirs broke a stream the row is skipped,
    where ours did the goal is missed.
    """
    detail = compared.detail()
    breaks = {sender: compared.breaks(sender) for sender in (ours, theirs)}
    if breaks[theirs]:
        return skipped(row, f"{theirs} broke its streams: {breaks[theirs]}", detail)
    try:
        medians = {sender: compared.median(sender, of) for sender in (ours, theirs)}
    except MeasurementError as refusal:
        return skipped(row, str(refusal), detail)
    detail["medians"] = medians
    broken = f"our streams broke: {breaks[ours]}" if breaks[ours] else None
    return Measurement(row, medians[ours] / medians[theirs], None, detail, broken)
