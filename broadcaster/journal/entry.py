"""What is recorded: an entry of a kind, about a subject, at a time, with its facts. Values only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from zones.media_time import Sample

LONGEST_FACTS = 65_536
"""Characters of an entry's facts as JSON."""
LONGEST_SUBJECT = 200
"""Characters of a subject."""


class JournalError(Exception):
    """What cannot be recorded or read; the text says what, where and what to do."""


class EntryError(JournalError, ValueError):
    """An entry that no journal can hold."""


class Kind(StrEnum):
    """What an entry is a record of."""

    ACT = "act"
    """Somebody put something on air, or took it off."""
    ALERT = "alert"
    """A move in the life of an alert."""
    AS_RUN = "as_run"
    """What was played, as witnessed."""
    FAULT = "fault"
    """A fault that came or went."""
    AUDIT = "audit"
    """Who signed in, changed a right or a setting, exported something."""


PRECIOUS = frozenset({Kind.ACT, Kind.ALERT, Kind.AUDIT})
"""Kinds that are written one by one, and dropped last of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing to record.

    `subject` is the id of what it is about (a claim, an alert, a zone, an amplifier): what is
    recorded of one subject is found quickly. `at` is the media time, None where there is none.
    `facts` are JSON. `storm` is the key under which further entries like this one are counted
    within a second instead of written; empty for one that is always written, as precious kinds are.
    """

    kind: Kind
    subject: str
    utc: datetime
    at: Sample | None = None
    facts: Mapping[str, Any]
    storm: str = ""

    def __post_init__(self) -> None:
        if self.utc.tzinfo is None:
            raise EntryError(f"entry about {self.subject!r}: its time has no time zone")
        if len(self.subject) > LONGEST_SUBJECT:
            raise EntryError(f"a subject of {len(self.subject)} characters; {LONGEST_SUBJECT} fit")
        if self.storm and self.kind in PRECIOUS:
            raise EntryError(f"entry about {self.subject!r}: no {self.kind} is ever only counted")


def utc_text(utc: datetime) -> str:
    """A time as the journal writes it: UTC, milliseconds, always as long, so that texts sort."""
    milliseconds = utc.astimezone(UTC).isoformat(timespec="milliseconds")
    return milliseconds.removesuffix("+00:00") + "Z"


def facts_text(entry: Entry) -> str:
    """The facts in their one JSON form: keys sorted, no spaces, Korean as it is.

    Raises:
        EntryError: the facts are no JSON, or too long.
    """
    try:
        text = json.dumps(
            dict(entry.facts),
            ensure_ascii=False,
            sort_keys=True,
            separators=(",", ":"),
            allow_nan=False,
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise EntryError(f"the facts about {entry.subject!r} are no JSON: {error}") from None
    if len(text) > LONGEST_FACTS:
        raise EntryError(
            f"the facts about {entry.subject!r} have {len(text)} characters; {LONGEST_FACTS} fit"
        )
    return storable(text)


def storable(text: str) -> str:
    """`text` with a question mark for every half of a surrogate pair: UTF-8 has no such thing."""
    return text.encode("utf-8", "replace").decode()
