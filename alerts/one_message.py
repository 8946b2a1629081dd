"""One message in all its zones, on one time (SAFETY B4): begin, join, change, fall into step."""

from __future__ import annotations

from alerts.claim_name import Role
from alerts.draft import Draft, Line
from alerts.rounds import Course, changed, has_words, is_same_loop, joined, written
from alerts.voiced import Voiced
from zones.bus import Claim, ZoneId
from zones.media_time import Sample
from zones.sound import Sequence


def line_of(voiced: Voiced) -> Line:
    """An alert's own message."""
    return Line(
        alerts=(voiced.alert,),
        role=Role.MESSAGE,
        message=voiced.spoken.message,
        kind=voiced.kind,
        priority=voiced.priority,
        heard=(voiced.spoken,),
        spacing=voiced.spacing,
    )


def hear(draft: Draft, voiced: Voiced) -> None:
    """Let the zones of a living alert hear its message.

    A message or level that was not heard before begins at once, in all zones at the sample that
    the engine chooses.
    """
    line = line_of(voiced)
    current = draft.current(line)
    if not current:
        name = draft.named(line.alerts, line.role, line.message)
        for zone in voiced.zones:
            draft.add(name, zone, line.kind, line.priority, line.whole(zone), None)
    else:
        change(draft, line)
        _join(draft, line, [zone for zone in voiced.zones if zone not in current])
    _supersede(draft, line, escapes=voiced.ending is not None)


def change(draft: Draft, line: Line) -> None:
    """Go over to other words or another spacing, in all zones together, where a round begins.

    A zone that is out of step finishes its cycle first.
    Words are never given up for a tone alone: while recordings are being read, nobody has any.
    """
    current = draft.current(line)
    if not any(has_words(line.voices(zone)) for zone in current):
        return
    for claim in current.values():
        if claim.start is None and claim.source != line.whole(claim.zone):
            draft.resound(claim, line.whole(claim.zone))
    begun = {zone: claim for zone, claim in current.items() if claim.start is not None}
    if all(_plays(claim, line.whole(zone)) for zone, claim in begun.items()):
        return
    first = next(iter(begun))
    leading = draft.leading(line) or _unheard(line, begun[first])
    at, to_come = changed(leading, draft.soon, line.score(first))
    others = Course(written(to_come, line.voices(first)), at, line.voices(first))
    name = draft.named(line.alerts, line.role, line.message)
    for zone, claim in begun.items():
        course = draft.course(claim)
        # Where it is not heard it may change now: later it could be cut in a sentence.
        unheard = max(draft.soon, claim.start or 0)
        own = unheard if course is None else course.cycle_end(at)
        draft.end(claim, own)
        source = joined(others, own, line.voices(zone))
        draft.add(name, zone, line.kind, line.priority, source, own)


def let_go(draft: Draft, voiced: Voiced) -> None:
    """End what zones hear of alerts that became one with this one, once it has begun there."""
    current = draft.current(line_of(voiced)) if voiced.lives else {}
    for zone in draft.zones:
        own = current.get(zone)
        if own is not None and own.start is None:
            continue
        at = draft.soon if own is None or own.start is None else max(draft.soon, own.start)
        for name, claim in draft.claims(zone, Role.MESSAGE, Role.ENDING, Role.ONLY):
            if name.alerts[0] in voiced.absorbed:
                draft.end(claim, at)


def fall_into_step(draft: Draft, line: Line) -> None:
    """Bring zones that were overridden, or joined from elsewhere, into phase with the others.

    Where they would begin their next round they join the others instead, unless they will not be
    heard then.
    """
    leading = draft.leading(line)
    if leading is None:
        return
    for zone, claim in draft.current(line).items():
        course = draft.course(claim)
        if course is None or course.phase == leading.phase:
            continue
        at = next((placed.begin for placed in course.rounds_from(draft.soon + 1)), None)
        turn = None if at is None else draft.on_air(zone, at)
        if at is None or turn is None or (turn.claim, turn.origin) != (claim, course.origin):
            continue
        name = draft.named(line.alerts, line.role, line.message)
        draft.end(claim, at)
        source = joined(leading, at, line.voices(zone))
        draft.add(name, zone, line.kind, line.priority, source, at)


def _join(draft: Draft, line: Line, zones: list[ZoneId]) -> None:
    """Let further zones hear a message that others hear already."""
    if not zones:
        return
    for claim in draft.current(line).values():
        if claim.start is None:
            for zone in zones:
                draft.add(claim.id, zone, line.kind, line.priority, line.whole(zone), None)
            return
    leading = draft.leading(line)
    name = draft.named(line.alerts, line.role, line.message)
    for zone in zones:
        at, voices = draft.soon, line.voices(zone)
        source = line.whole(zone) if leading is None else joined(leading, at, voices)
        draft.add(name, zone, line.kind, line.priority, source, at)


def _supersede(draft: Draft, line: Line, *, escapes: bool) -> None:
    """End what was said before, once what replaces it has begun.

    A lower message takes over where a language part ends; what is stepped down from is ended by
    its own ending, so `escapes`.
    """
    for zone, begun in draft.current(line).items():
        if begun.start is None or escapes:
            continue
        for name, claim in draft.holding(zone, line.role):
            if name.alerts != line.alerts or claim.id == begun.id:
                continue
            is_higher = begun.priority > claim.priority
            draft.end(claim, begun.start if is_higher else _left(draft, claim))


def _left(draft: Draft, claim: Claim) -> Sample:
    course = draft.course(claim)
    return draft.soon if course is None else course.part_end(draft.soon)


def _plays(claim: Claim, whole: Sequence) -> bool:
    return isinstance(claim.source, Sequence) and is_same_loop(claim.source, whole)


def _unheard(line: Line, claim: Claim) -> Course:
    """The course of a claim that something else has overridden, as if it were heard."""
    source = claim.source if isinstance(claim.source, Sequence) else line.whole(claim.zone)
    return Course(source, claim.start or 0, line.voices(claim.zone))
