"""Which pictures show each incident: the newest of the newest incidents, by their names. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Set
from typing import Any, Final

MOST_PICTURES: Final = 12
"""Pictures of one incident, or of one alert, that are shown."""
MOST_INCIDENTS: Final = 200
"""Incidents whose pictures are remembered."""


class IncidentPictures:
    """The names of pictures by incident. Those of living alerts outlive control."""

    def __init__(self, memory: Mapping[str, Any] | None = None) -> None:
        """Begin with the `pictures` of what was remembered; what is damaged is left out."""
        self._names: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        found = (memory or {}).get("pictures")
        for incident, names in found.items() if isinstance(found, dict) else ():
            if isinstance(names, list):
                self.note(incident, [name for name in names if isinstance(name, str)])

    def note(self, incident: str, names: Iterable[str]) -> bool:
        """Take what came with a detection; whether one is new, and there were too few before."""
        before = self._names.pop(incident, ())
        fresh = [name for name in dict.fromkeys(names) if name not in before]
        if before or fresh:
            self._names[incident] = (*before, *fresh)[-MOST_PICTURES:]
        while len(self._names) > MOST_INCIDENTS:
            self._names.popitem(last=False)
        return bool(fresh) and len(before) < MOST_PICTURES

    def of(self, incidents: Iterable[str]) -> list[str]:
        """The names of the pictures that show these incidents, the newest last."""
        return [name for one in incidents for name in self._names.get(one, ())][-MOST_PICTURES:]

    def memory(self, incidents: Set[str]) -> dict[str, list[str]]:
        """Those of some incidents as JSON."""
        return {one: list(names) for one, names in self._names.items() if one in incidents}
