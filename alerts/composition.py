"""Which warning is heard where: living alerts in, claims out.

The order is SAFETY B1's. Every living alert claims all its zones at its own priority and goes on
claiming them until it has been ended aloud; what is heard is then the bus's decision alone, and
stays right when the author of the plan is dead. Between two such priorities lies one that speaks
about the alerts below it: equal warnings in turn, a conflict, an ending.

All that is known of the past is read from the plan. Composing again changes nothing, and after a
restart every message goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alerts.beside import keep_quiet_beside
from alerts.claim_name import Role
from alerts.draft import Draft
from alerts.ending import SEARCHED, clear_away, end
from alerts.one_message import fall_into_step, hear, let_go, line_of
from alerts.spoken import Spoken
from alerts.turns import take_turns
from alerts.voiced import Composed, Ending, Standing, Voiced
from zones.bus import Kind, ZoneId, turns
from zones.media_time import Sample
from zones.priority import EXERCISE

__all__ = ["Composed", "Ending", "Standing", "Voiced", "compose"]


def compose(
    voiced: Iterable[Voiced],
    standing: Standing,
    now: Sample,
    *,
    neighbours: Mapping[ZoneId, Iterable[ZoneId]],
    conflict: Spoken | None,
    quiet_neighbours: bool,
    lead: Sample,
) -> Composed:
    """The claims of all warnings and exercises, given the whole plan as it stands at `now`.

    `voiced` are all alerts that are heard or are being ended. `conflict` is what zones hear whose
    equal warnings send them up and down. With `quiet_neighbours` the zones that `neighbours` names
    beside a warned one have no programme. `lead` is how far ahead sound is still free to change.

    The result replaces every composed claim of the plan, and is not to be pruned: it already is.
    Claims of alerts that are not among `voiced` stay as they are (SAFETY I2). Compose again when
    an alert changes, when the engine has stamped a claim, when any other claim at or above an
    exercise's level comes or goes, and at `next_look`.
    """
    everyone = sorted(voiced, key=lambda one: one.order)
    is_real = any(one.kind is Kind.WARNING for one in everyone)
    heard = [one for one in everyone if one.kind is Kind.WARNING or not is_real]
    draft = Draft(standing, {one.alert: one for one in heard}, conflict, now, now + lead)
    if is_real:
        _end_exercises(draft)
    for one in heard:
        if one.lives:
            hear(draft, one)
        let_go(draft, one)
    conflicts = take_turns(draft)
    spoken_at: dict[str, Sample | None] = {}
    for one in heard:
        if one.ending is not None:
            spoken_at[one.alert] = end(draft, one, one.ending)
        else:
            clear_away(draft, one)
    for one in heard:
        if one.lives:
            fall_into_step(draft, line_of(one))
    if quiet_neighbours:
        keep_quiet_beside(draft, neighbours)
    claims, sources = draft.result(frozenset(draft.voiced))
    return Composed(claims, sources, tuple(conflicts), spoken_at, _next_look(draft, spoken_at))


def _end_exercises(draft: Draft) -> None:
    """A real alert ends an exercise in all zones, at once."""
    for zone in draft.zones:
        for _, claim in draft.claims(zone, *Role):
            if claim.kind is Kind.EXERCISE:
                draft.end(claim, draft.soon)


def _next_look(draft: Draft, spoken_at: Mapping[str, Sample | None]) -> Sample | None:
    """The next sample at which another claim is heard somewhere, or an ending has been spoken."""
    last = draft.now + SEARCHED
    looks = [sample for sample in spoken_at.values() if sample is not None]
    for zone in draft.zones:
        for turn in turns(draft.bus(zone, EXERCISE), draft.now, last):
            looks += [turn.start, turn.until]
        looks += [claim.until for _, claim in draft.claims(zone, Role.BESIDE) if claim.until]
    return min((sample for sample in looks if draft.now < sample < last), default=None)
