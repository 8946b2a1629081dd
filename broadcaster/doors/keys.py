"""The keys of those who may report, and what each is bound to. Values only."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.detection.event import DetectionEvent, Kind, Mode
from alerts.hazard import Level

SECRET_BYTES: Final = 32
OVERLAP: Final = timedelta(hours=24)
"""How long the former key stays valid beside a new one."""
MOST_VALID: Final = 2
"""Keys of one name that are valid at once."""


class NoKeyError(Exception):
    """A key that can't be made, found or read; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key. Keys of one `name` belong to one gateway and count as one source.

    Empty `sources` or `kinds` mean all, empty `zones` every zone. It raises at most `highest`. A
    key with a `certificate` (a subject alternative name) has no secret: its holder shows that
    certificate instead of signing.
    """

    id: str
    name: str
    made: datetime
    secret: bytes = field(default=b"", repr=False)
    certificate: str = ""
    sources: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    highest: Level = Level.EVACUATE
    ends: datetime | None = None

    def is_valid(self, utc: datetime) -> bool:
        """Whether it may be used now."""
        return self.ends is None or utc < self.ends

    def refusal(self, event: DetectionEvent) -> str:
        """Why the key does not vouch for an event; empty if it does."""
        if self.sources and event.source not in self.sources:
            return f"key {self.name} does not speak for source {event.source}"
        is_free = event.kind is Kind.HEALTH or event.mode is Mode.TEST
        if self.kinds and event.kind.value not in self.kinds and not is_free:
            return f"key {self.name} does not report {event.kind.value}"
        foreign = set(event.zones) - set(self.zones) if self.zones else set()
        if foreign:
            return f"key {self.name} does not warn {', '.join(sorted(foreign))}"
        return ""

    def message(self) -> dict[str, Any]:
        """As JSON, with the secret: for the file of keys and nothing else."""
        return {
            "id": self.id,
            "name": self.name,
            "made": self.made.isoformat(),
            "secret": self.secret.hex(),
            "certificate": self.certificate,
            "sources": list(self.sources),
            "kinds": list(self.kinds),
            "zones": list(self.zones),
            "highest": int(self.highest),
            "ends": self.ends.isoformat() if self.ends else None,
        }


def key_in(fields: Mapping[str, Any]) -> Key:
    """The key in a file's JSON; raises KeyError, TypeError or ValueError if it is none."""
    ends = fields["ends"]
    return Key(
        id=str(fields["id"]),
        name=str(fields["name"]),
        made=datetime.fromisoformat(fields["made"]),
        secret=bytes.fromhex(fields["secret"]),
        certificate=str(fields["certificate"]),
        sources=tuple(map(str, fields["sources"])),
        kinds=tuple(map(str, fields["kinds"])),
        zones=tuple(map(str, fields["zones"])),
        highest=Level(fields["highest"]),
        ends=datetime.fromisoformat(ends) if ends else None,
    )


class Keys:
    """All keys; a value that is replaced, never changed."""

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        self._by_id = {key.id: key for key in keys}

    def __iter__(self) -> Iterator[Key]:
        return iter(self._by_id.values())

    def named(self, key_id: str) -> Key | None:
        """The key of that id."""
        return self._by_id.get(key_id)

    def of_certificate(self, names: Iterable[str], utc: datetime) -> Key | None:
        """The valid key bound to one of a certificate's names."""
        wanted = set(names)
        return next(
            (k for k in self._by_id.values() if k.certificate in wanted and k.is_valid(utc)), None
        )

    def of(self, name: str, utc: datetime) -> tuple[Key, ...]:
        """The valid keys of one name, the newest last."""
        return tuple(k for k in self._by_id.values() if k.name == name and k.is_valid(utc))

    def with_key(self, key: Key) -> Keys:
        """These and one more."""
        return Keys([*self._by_id.values(), key])

    def rotated(self, name: str, utc: datetime, overlap: timedelta = OVERLAP) -> tuple[Keys, Key]:
        """These with a new secret for a name; the former stays valid for `overlap`, older end now.

        Raises:
            NoKeyError: no valid key has that name, or it is a certificate's.
        """
        valid = self.of(name, utc)
        if not valid:
            raise NoKeyError(f"no valid key is called {name}: see broadcaster keys list")
        if valid[-1].certificate:
            raise NoKeyError(f"{name} shows a certificate: have a new one signed instead")
        fresh = replace(
            valid[-1],
            id=new_id(name),
            secret=secrets.token_bytes(SECRET_BYTES),
            made=utc,
            ends=None,
        )
        ended = {
            key.id: replace(key, ends=utc if key is not valid[-1] else utc + overlap)
            for key in valid
        }
        return Keys([*(ended.get(k.id, k) for k in self._by_id.values()), fresh]), fresh

    def revoked(self, name: str, utc: datetime) -> Keys:
        """These with all keys of a name, or the one of an id, ended now.

        Raises:
            NoKeyError: there is none.
        """
        meant = {k.id for k in self._by_id.values() if name in (k.name, k.id) and k.is_valid(utc)}
        if not meant:
            raise NoKeyError(f"no valid key is called {name}: see broadcaster keys list")
        return Keys(replace(k, ends=utc) if k.id in meant else k for k in self._by_id.values())


def new_id(name: str) -> str:
    """An id for a new key of a name."""
    return f"{name}-{secrets.token_hex(3)}"
