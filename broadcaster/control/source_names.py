"""How the sources in control's plan are called, and what their names tell. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from broadcaster.control.programme import Library
from broadcaster.engine.local_part import MESSAGE_PREFIX
from zones.bus import Claim
from zones.sound import Sequence, Source

FREE_WORDS = "operators' words"
VOICES = "voices"
"""The source of everything sayable that is in no prepared message."""
_COMPOSED = ("alert ", "alerts ")
"""How the names of sources begin that composition made."""


def title_of(claim: Claim, sources: Mapping[str, Source]) -> str:
    """What an act was called: the plan keeps it in the name of its source."""
    prefix = f"{claim.id}|"
    for name, source in sources.items():
        if source is claim.source and name.startswith(prefix):
            return name[len(prefix) :]
    return str(claim.id)


def without_composed(sources: Mapping[str, Source], claims: tuple[Claim, ...]) -> dict[str, Source]:
    """The sources but for those that only composed claims were made of."""
    used = {id(claim.source) for claim in claims}
    return {
        name: source
        for name, source in sources.items()
        if id(source) in used or not name.startswith(_COMPOSED)
    }


def kept_ready(
    standing: Mapping[str, Source], library: Library, free: Sequence | None
) -> dict[str, Source]:
    """The prepared messages, and everything else that a warning may say, above all names.

    Engines keep them staged, and `broadcaster local` finds the messages. What stands is kept,
    object by object, if it is the same; `free` are operators' own words.
    """
    if not library.messages:
        kept = (MESSAGE_PREFIX, VOICES)
        return {n: source for n, source in standing.items() if n.startswith(kept)}
    messages = library.messages
    named = {f"{MESSAGE_PREFIX}{n}": one.repeated for n, one in messages.items()}
    rest = library.voices.apart_from(one.cycle for one in messages.values())
    if rest is not None:
        named[VOICES] = rest
    if free is not None:
        named[FREE_WORDS] = free
    return {n: standing[n] if standing.get(n) == one else one for n, one in named.items()}
