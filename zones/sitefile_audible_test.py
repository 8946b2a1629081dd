"""The key `audible_test` under `warnings`: what can be wrong with it, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from zones.audible_test import DAYS, AudibleTest
from zones.bus import ZoneId
from zones.problem import Problem
from zones.site import Daypart, DaypartId
from zones.sitefile_draft import Draft
from zones.sitefile_names import unknown_zones, zones_of_groups
from zones.sitefile_shapes import SiteKeys, ZoneKeys
from zones.sitefile_warnings import AudibleTestKeys, WarningKeys
from zones.yaml_shape import Placed, Record


def check_audible_test(draft: Draft) -> Iterator[Problem]:
    """A test of unknown zones, or in somebody's quiet hours."""
    warnings = draft.top.may(SiteKeys.WARNINGS)
    record = None if warnings is None else warnings.may(WarningKeys.AUDIBLE_TEST)
    at = None if record is None else record.may(AudibleTestKeys.AT)
    if record is None or at is None:
        return
    yield from unknown_zones(draft, record, AudibleTestKeys.ZONES)
    groups = zones_of_groups(draft)
    named = record.may(AudibleTestKeys.ZONES)
    wanted = {
        zone for each in named or () for zone in groups.get(each.value, frozenset({each.value}))
    }
    quiet = [
        name
        for name, zone in draft.table(SiteKeys.ZONES).items()
        if (named is None or name in wanted)
        and (hours := zone.may(ZoneKeys.QUIET_HOURS)) is not None
        and Daypart(DaypartId(""), *hours).holds(at)
    ]
    if quiet:
        yield record.problem(
            AudibleTestKeys.AT, f"at: {at:%H:%M} lies in the quiet hours of {', '.join(quiet)}"
        )


def audible_test(
    record: Record | None,
    zones_named: Callable[[Iterable[Placed[str]]], tuple[ZoneId, ...]],
    every: tuple[ZoneId, ...],
) -> AudibleTest | None:
    """The monthly test in a record that was found right; None for a site without."""
    said = None if record is None else record.may(WarningKeys.AUDIBLE_TEST)
    if said is None:
        return None
    which, weekday = DAYS[said.must(AudibleTestKeys.DAY)]
    named = said.may(AudibleTestKeys.ZONES)
    zones = every if named is None else zones_named(named)
    return AudibleTest(which, weekday, said.must(AudibleTestKeys.AT), zones)
