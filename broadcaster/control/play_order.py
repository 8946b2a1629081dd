"""Whether an order to play makes sense, and what it sounds like. Refusals are sentences."""

from __future__ import annotations

import difflib
import hashlib
import string
from collections.abc import Collection, Iterable

from broadcaster.control.acts import Play
from broadcaster.control.programme import Library, quiet_zones
from zones.bus import Claim, Kind, ZoneId
from zones.media_time import RATE, Sample
from zones.priority import HIGHEST, LOWEST, LOWEST_EMERGENCY
from zones.site import Site, UnknownNameError
from zones.sound import Segment, Sequence, silence

PAUSE: Sample = RATE
"""Between the repeats of a recording."""
EVERYWHERE = "all"
LONGEST_TITLE = 200
KINDS = {Kind.NOTICE: "notice", Kind.WARNING: "warning"}


class RefusedError(Exception):
    """An order that is not carried out; `where` is the field that is wrong, if it is one."""

    def __init__(self, sentence: str, where: str | None = None) -> None:
        super().__init__(sentence)
        self.where = where


def checked(order: Play, site: Site, library: Library) -> tuple[ZoneId, ...]:
    """The zones an order means, in the site's order.

    Raises:
        RefusedError: the order makes no sense.
    """
    if order.kind not in KINDS:
        raise RefusedError(f"{order.kind.value} cannot be played: notice or warning can", "kind")
    if not LOWEST <= order.priority <= HIGHEST:
        raise RefusedError(
            f"priority {order.priority} is outside {LOWEST} .. {HIGHEST}", "priority"
        )
    if order.kind is Kind.WARNING:
        _check_warning(order)
    elif order.priority >= LOWEST_EMERGENCY:
        # What stands there never ends by itself (SAFETY B2) and needs what a warning needs.
        raise RefusedError(
            f"levels from {LOWEST_EMERGENCY} on are for warnings: use --kind warning, or a "
            f"priority below {LOWEST_EMERGENCY}",
            "priority",
        )
    if len(order.title) > LONGEST_TITLE:
        raise RefusedError(f"a title has at most {LONGEST_TITLE} characters", "title")
    _check_sound(order, library)
    return zones_of(order.zones, site)


def _check_warning(order: Play) -> None:
    if order.priority < LOWEST_EMERGENCY:
        raise RefusedError(
            f"a warning has priority {LOWEST_EMERGENCY} .. {HIGHEST}, not {order.priority}",
            "priority",
        )
    if not order.repeat:
        raise RefusedError("a warning is repeated until it is withdrawn: say repeat", "repeat")


def _check_sound(order: Play, library: Library) -> None:
    if bool(order.message) == (order.pcm is not None):
        raise RefusedError("say what to play: a recording's pcm or a prepared message", "pcm")
    if order.message:
        if order.message not in library.messages:
            known = ", ".join(sorted(library.messages)) or "none yet"
            raise RefusedError(
                f"there is no message {order.message!r}; there are: {known}", "message"
            )
    elif order.pcm is not None:
        if len(order.pcm) != 64 or not set(order.pcm) <= set(string.hexdigits.lower()):
            raise RefusedError(f"{order.pcm!r} names no sound: it must be 64 hex digits", "pcm")
        if order.length <= 0:
            raise RefusedError("a recording needs a length of at least 1 sample", "length")


def zones_of(names: tuple[str, ...], site: Site) -> tuple[ZoneId, ...]:
    """The zones that names of zones and groups mean, each once, in the site's order.

    Raises:
        RefusedError: there is no such name, or none at all.
    """
    every = tuple(zone.id for zone in site.zones)
    groups = {str(group.id) for group in site.groups}
    if EVERYWHERE in names and EVERYWHERE not in groups:
        return every
    for name in names:
        if name not in groups and name not in every:
            near = difflib.get_close_matches(name, [*groups, *every], 1)
            hint = f'did you mean "{near[0]}"?' if near else f"zones are {', '.join(every)}"
            raise RefusedError(f'there is no zone or group "{name}": {hint}', "zones")
    try:
        zones = site.zones_named(names)
    except UnknownNameError as error:
        raise RefusedError(str(error), "zones") from None
    if not zones:
        raise RefusedError("no zone is named: say where to play it", "zones")
    return zones


def refuse_in_quiet_hours(
    order: Play, claims: Iterable[Claim], zones: Collection[ZoneId], now: Sample
) -> None:
    """Refuse what quiet hours bind: everything below a warning, unless it is meant (SAFETY F4).

    Raises:
        RefusedError: it is quiet in one of the zones.
    """
    if order.priority >= LOWEST_EMERGENCY or order.in_quiet_hours:
        return
    quiet = quiet_zones(claims, zones, now)
    if quiet:
        raise RefusedError(
            f"it is quiet hours in {', '.join(quiet)}: play it later, or say that it is meant for "
            "quiet hours (--in-quiet-hours)",
            "in_quiet_hours",
        )


def sound_of(order: Play, library: Library) -> Sequence:
    """What a checked order sounds like."""
    if order.message:
        message = library.messages[order.message]
        return message.repeated if order.repeat else message.once
    segment = Segment(order.pcm, 0, order.length)
    return Sequence(loop=(segment, silence(PAUSE))) if order.repeat else Sequence(once=(segment,))


def claim_prefix(order: Play) -> str:
    """How the claims of this act are called; the revision that brings them follows.

    The same act gives the same prefix, so one that comes again after a restart is recognised.
    """
    digest = hashlib.blake2b(order.key.encode(), digest_size=5).hexdigest()
    return f"{order.kind.value}-{digest}-"
