"""The addresses this host sends from, as its session descriptions name them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from broadcaster.interfaces import found, interfaces


def address_by(sources: Mapping[str, tuple[str, int]]) -> Callable[[str], str]:
    """Gives the own address on an interface, which is given by name or is that address.

    `sources` are those of the sending sockets, by the names the plan gives them
    (`<interface>/ttl../dscp..`). An interface that no socket sends by is asked itself.

    The result raises `InterfaceError` for one that is missing, down or without an address.
    """
    known = {name.rsplit("/", 2)[0]: address for name, (address, _) in sources.items()}

    def address_of(interface: str) -> str:
        return known.get(interface) or found(interface, interfaces())[1]

    return address_of
