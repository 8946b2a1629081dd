"""What control's snapshot says of the network: missing queriers and rogue senders. Pure.

Control hears IGMP queries and the ear hears who sends to our groups; here that becomes looks like
those of any other witness, so that such faults are kept, acknowledged and told like the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from broadcaster.watch.health import Look
from firmware_profiles.fault_kind import FaultKind

STALE_S: Final = 5.0
"""What the ear said longer ago says nothing."""
_MOST_NAMED: Final = 3


def network_looks(snapshot: Mapping[str, Any]) -> Iterator[Look]:
    """The looks in a snapshot: one for each network with a querier to be heard, each stream."""
    for network, is_heard in (snapshot.get("queriers") or {}).items():
        is_missing = None if is_heard is None else not is_heard
        yield Look(f"network {network}", FaultKind.QUERIER, is_missing, by="control")
    for stream in snapshot.get("streams") or ():
        detail = stream.get("sent_detail") or {}
        age = detail.get("age_s")
        if not isinstance(age, int | float) or age > STALE_S:
            continue
        strangers = [str(one) for one in detail.get("strangers") or ()]
        text = ", ".join(strangers[:_MOST_NAMED])
        yield Look(str(stream.get("id")), FaultKind.SENDER, bool(strangers), text, by="ear")
