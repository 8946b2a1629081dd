"""The walk test: rounds in which somebody walks the path and marks every loudspeaker. Pure.

No device measures what people hear. A round is open until every speaker was marked; what is not
good stays an open defect over later rounds, until a round finds it good.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

from zones.site import Site, Speaker

LONGEST_NOTE: Final = 500
MOST_ROUNDS: Final = 200


class InspectionError(Exception):
    """A mark or a round that is not possible; the text says why and what to do."""


class Verdict(Enum):
    """What somebody heard and saw of a loudspeaker."""

    GOOD = "good"
    WEAK = "weak"
    DEAD = "dead"
    DAMAGED = "damaged"
    """It plays, and its shell, post or cable needs repair."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One speaker, marked: when, by whom, and what else there is to say. `photo` is a file name."""

    speaker: str
    verdict: Verdict
    at: datetime
    who: str
    note: str = ""
    photo: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """One walk over the site; `marks` holds the newest of each speaker."""

    name: str
    begun: datetime
    who: str
    marks: Mapping[str, Mark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inspection:
    """All rounds, the oldest first."""

    rounds: tuple[Round, ...] = ()

    @property
    def current(self) -> Round:
        """The round that was begun last; raises InspectionError before the first."""
        if not self.rounds:
            raise InspectionError("no round was begun: `broadcaster walk begin NAME`")
        return self.rounds[-1]

    def begin(self, name: str, who: str, now: datetime) -> Inspection:
        """Begin a round; raises InspectionError for a name that was used before."""
        if any(each.name == name for each in self.rounds):
            raise InspectionError(f'a round "{name}" is there already')
        return Inspection((*self.rounds, Round(name, now, who))[-MOST_ROUNDS:])

    def mark(self, mark: Mark, site: Site) -> Inspection:
        """Mark a speaker in the current round.

        Raises:
            InspectionError: the site has no such speaker, or the note is too long.
        """
        if all(mark.speaker != each.id for each in site.speakers):
            raise InspectionError(f'the site has no speaker "{mark.speaker}"')
        if len(mark.note) > LONGEST_NOTE:
            raise InspectionError(f"the note has {len(mark.note)} characters; {LONGEST_NOTE} fit")
        current = self.current
        marked = replace(current, marks={**current.marks, mark.speaker: mark})
        return Inspection((*self.rounds[:-1], marked))

    def unmarked(self, site: Site) -> tuple[Speaker, ...]:
        """The speakers that the current round has not come to, in order along their paths."""
        marks = self.current.marks
        left = (each for each in site.speakers if str(each.id) not in marks)
        return tuple(sorted(left, key=lambda each: (each.path, each.distance_m)))

    def defects(self, site: Site) -> tuple[tuple[Speaker, Mark], ...]:
        """Every speaker whose newest mark of any round is not good, in order along the paths."""
        newest: dict[str, Mark] = {}
        for each in self.rounds:
            newest |= each.marks
        found = [
            (speaker, newest[str(speaker.id)])
            for speaker in site.speakers
            if str(speaker.id) in newest and newest[str(speaker.id)].verdict is not Verdict.GOOD
        ]
        return tuple(sorted(found, key=lambda pair: (pair[0].path, pair[0].distance_m)))


def inspection_to_json(inspection: Inspection) -> dict[str, Any]:
    """The rounds as kept in the state directory."""
    return {
        "rounds": [
            {
                "name": each.name,
                "begun": each.begun.isoformat(),
                "who": each.who,
                "marks": [_mark_to_json(mark) for mark in each.marks.values()],
            }
            for each in inspection.rounds
        ]
    }


def inspection_from_json(fields: Mapping[str, Any]) -> Inspection:
    """The rounds in what `inspection_to_json` gave; raises ValueError, KeyError or TypeError."""
    return Inspection(
        tuple(
            Round(str(each["name"]), _time(each["begun"]), str(each["who"]), _marks(each["marks"]))
            for each in fields["rounds"]
        )
    )


def _marks(listed: Iterable[Mapping[str, Any]]) -> dict[str, Mark]:
    return {
        str(each["speaker"]): Mark(
            str(each["speaker"]), Verdict(each["verdict"]), _time(each["at"]),
            str(each["who"]), str(each["note"]), str(each["photo"]),
        )
        for each in listed
    }  # fmt: skip


def _mark_to_json(mark: Mark) -> dict[str, Any]:
    return {
        "speaker": mark.speaker,
        "verdict": mark.verdict.value,
        "at": mark.at.isoformat(),
        "who": mark.who,
        "note": mark.note,
        "photo": mark.photo,
    }


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
