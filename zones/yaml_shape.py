"""Tables of known keys: reading them with every problem noted, and their JSON Schema.

A `Shape` lists the keys a table may have; each `Field` knows its kind of value. Reading never
stops at a problem: what could not be read is left out of the `Record`, and the problem is kept.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from zones.problem import Problem
from zones.yaml_document import Listing, Node, Place, Scalar, Table
from zones.yaml_kind import Kind, Schema, ValueProblem, did_you_mean, nearest

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


def about(subject: str, message: str) -> str:
    """A message with what it is about in front, if that has a name."""
    return f"{subject}: {message}" if subject else message


class Reading(ABC, Generic[T_co]):
    """How a field's node becomes a value."""

    __slots__ = ()

    @abstractmethod
    def read(self, node: Node, subject: str, problems: list[Problem]) -> T_co | None:
        """The value, or None with the reason added to `problems`."""

    @abstractmethod
    def values(self) -> str:
        """Which values there are, for a manual."""

    @abstractmethod
    def schema(self) -> Schema:
        """The JSON Schema of the value."""


@dataclass(frozen=True, slots=True)
class One(Reading[T]):
    """A single scalar of a kind."""

    kind: Kind[T]

    def read(self, node: Node, subject: str, problems: list[Problem]) -> T | None:
        """The scalar's value."""
        if not isinstance(node, Scalar):
            has = "a list" if isinstance(node, Listing) else "a table"
            problems.append(node.place.problem(f"{subject}: has {has}, needs {self.kind.called}"))
            return None
        if node.is_empty:
            problems.append(
                node.place.problem(f"{subject}: has no value, needs {self.kind.called}")
            )
            return None
        try:
            return self.kind.read(node.text)
        except ValueProblem as wrong:
            problems.append(node.place.problem(f"{subject}: {wrong.message}", wrong.hint))
            return None

    def values(self) -> str:
        """The kind's own values."""
        return self.kind.values

    def schema(self) -> Schema:
        """The kind's own schema."""
        return dict(self.kind.schema)


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """A value and where it stands, for checks that come after reading."""

    value: T
    place: Place


@dataclass(frozen=True, slots=True)
class OnePlaced(Reading[Placed[T]]):
    """A single scalar of a kind, with its place."""

    kind: Kind[T]

    def read(self, node: Node, subject: str, problems: list[Problem]) -> Placed[T] | None:
        """The scalar's value and place."""
        value = One(self.kind).read(node, subject, problems)
        return None if value is None else Placed(value, node.place)

    def values(self) -> str:
        """The kind's own values."""
        return self.kind.values

    def schema(self) -> Schema:
        """The kind's own schema."""
        return dict(self.kind.schema)


@dataclass(frozen=True, slots=True)
class Many(Reading[tuple[T, ...]]):
    """A list; with `may_be_one` a single item needs no brackets."""

    item: Reading[T]
    least: int = 0
    most: int = 10_000
    may_be_one: bool = False

    def read(self, node: Node, subject: str, problems: list[Problem]) -> tuple[T, ...] | None:
        """The items, None if any of them could not be read."""
        if self.may_be_one and not isinstance(node, Listing):
            only = self.item.read(node, subject, problems)
            return None if only is None else (only,)
        if not isinstance(node, Listing):
            problems.append(
                node.place.problem(
                    f"{subject}: needs a list",
                    'write [first, second], or lines that begin with "- "',
                )
            )
            return None
        if not self.least <= len(node.items) <= self.most:
            count = len(node.items)
            wanted = f"at least {self.least}" if count < self.least else f"at most {self.most}"
            has = f"{count or 'no'} item{'s' * (count > 1)}"
            problems.append(node.place.problem(f"{subject}: has {has}, needs {wanted}"))
            return None
        read = [self.item.read(item, subject, problems) for item in node.items]
        values = tuple(value for value in read if value is not None)
        return values if len(values) == len(read) else None

    def values(self) -> str:
        """A list of the item's values."""
        one_or = "one or " if self.may_be_one else ""
        return f"{one_or}a list of: {self.item.values()}"

    def schema(self) -> Schema:
        """An array of the item's schema."""
        item = self.item.schema()
        array: Schema = {"type": "array", "items": item, "maxItems": self.most}
        if self.least:
            array["minItems"] = self.least
        return {"anyOf": [item, array]} if self.may_be_one else array


@dataclass(frozen=True, slots=True, eq=False)
class Field(Generic[T_co]):
    """A key of a table: the kind of its value, whether it must be there, and a line of manual.

    `is_shared` fields may also stand in the table of defaults.
    """

    key: str
    reading: Reading[T_co]
    manual: str
    is_required: bool = False
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A field as it was found: its value (None if wrong), its place, and whose it is."""

    value: Any
    place: Place
    subject: str


@dataclass(frozen=True, slots=True)
class Record:
    """What could be read of one table. `is_whole` if nothing is missing or wrong."""

    name: str
    subject: str
    place: Place
    is_whole: bool
    _entries: dict[str, Entry]

    def must(self, field: Field[T]) -> T:
        """A required field of a whole record."""
        return cast("T", self._entries[field.key].value)

    def may(self, field: Field[T]) -> T | None:
        """A field's value, None if it is not there or was wrong."""
        entry = self._entries.get(field.key)
        return cast("T", entry.value) if entry is not None else None

    def has(self, field: Field[Any]) -> bool:
        """Whether the field is there, right or wrong, here or in the defaults."""
        return field.key in self._entries

    def is_own(self, field: Field[Any]) -> bool:
        """Whether the field is there and not from the defaults."""
        return self.has(field) and self._entries[field.key].subject == self.subject

    def place_of(self, field: Field[Any]) -> Place:
        """Where the field's value stands; the record's own place if it is not there."""
        return self._entries[field.key].place if self.has(field) else self.place

    def said(self, field: Field[Any], message: str) -> str:
        """A sentence about a field, with whose field it is: the record's or the defaults'."""
        subject = self._entries[field.key].subject if self.has(field) else self.subject
        return about(subject, message)

    def problem(self, field: Field[Any], message: str, hint: str = "") -> Problem:
        """Something wrong with a field."""
        return self.place_of(field).problem(self.said(field, message), hint)

    def warning(self, field: Field[Any], message: str, hint: str = "") -> Problem:
        """Something odd about a field."""
        return self.place_of(field).warning(self.said(field, message), hint)


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys that one sort of table may have."""

    called: str
    fields: tuple[Field[Any], ...]
    manual: str = ""
    _by_key: dict[str, Field[Any]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the fields."""
        object.__setattr__(self, "_by_key", {known.key: known for known in self.fields})

    def defaults(self, called: str = "") -> Shape:
        """The shape of a table of defaults: the shared fields, none required."""
        shared = tuple(
            Field(f.key, f.reading, f.manual, is_shared=True) for f in self.fields if f.is_shared
        )
        return Shape(called, shared)

    def read(
        self,
        node: Node,
        name: str,
        problems: list[Problem],
        *,
        place: Place | None = None,
        defaults: Record | None = None,
    ) -> Record:
        """The record in a node; what it lacks is looked for in `defaults`."""
        subject = f'{self.called} "{name}"' if name else self.called
        at = place or node.place
        before = len(problems)
        entries: dict[str, Entry] = dict(defaults._entries) if defaults is not None else {}
        for known, value in self._known(node, subject, entries, problems):
            read = known.reading.read(value, about(subject, known.key), problems)
            entries[known.key] = Entry(read, value.place, subject)
        missing = [f.key for f in self.fields if f.is_required and f.key not in entries]
        if missing and isinstance(node, Table) and not node.is_partial:
            wanted = ", ".join(f'"{key}"' for key in missing)
            problems.append(at.problem(about(subject, f"lacks {wanted}")))
        needs_default = any(
            f.is_required and (f.key not in entries or entries[f.key].value is None)
            for f in self.fields
        )
        is_whole = len(problems) == before and not needs_default
        return Record(name, subject, at, is_whole, entries)

    def _known(
        self, node: Node, subject: str, entries: dict[str, Entry], problems: list[Problem]
    ) -> Iterator[tuple[Field[Any], Node]]:
        """The known keys and their values; a misspelt one is entered, so that nothing lacks it."""
        if not isinstance(node, Table):
            keys = ", ".join(known.key for known in self.fields[:4])
            problems.append(
                node.place.problem(about(subject, f"needs a table of keys, such as {keys}"))
            )
            return
        for key, value in node.entries:
            known = self._by_key.get(key.text)
            if known is None:
                meant = nearest(key.text, self._by_key)
                if meant is not None:
                    entries.setdefault(meant, Entry(None, value.place, subject))
                hint = did_you_mean(key.text, self._by_key)
                message = about(subject, f'unknown key "{key.text}"')
                problems.append(key.place.problem(message, hint))
            else:
                yield known, value

    def schema(self) -> Schema:
        """The JSON Schema of such a table."""
        schema: Schema = {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                f.key: {"description": f.manual, **f.reading.schema()} for f in self.fields
            },
        }
        required = [f.key for f in self.fields if f.is_required and not f.is_shared]
        if required:
            schema["required"] = required
        if self.manual:
            schema["description"] = self.manual
        return schema


@dataclass(frozen=True, slots=True)
class Inside(Reading[Record]):
    """A table within a table, read by its own shape."""

    shape: Shape

    def read(self, node: Node, subject: str, problems: list[Problem]) -> Record | None:
        """The inner record, None if anything in it is missing or wrong."""
        inner = Shape(subject, self.shape.fields)
        record = inner.read(node, "", problems)
        return record if record.is_whole else None

    def values(self) -> str:
        """The inner keys."""
        return f"`{{{', '.join(known.key for known in self.shape.fields)}}}`"

    def schema(self) -> Schema:
        """The inner shape's schema."""
        return self.shape.schema()


@dataclass(frozen=True, slots=True)
class Raw(Reading[Node]):
    """A node kept as it is, to be read later; values and schema are of what it is read as."""

    called: str
    shown: Schema

    def read(self, node: Node, subject: str, problems: list[Problem]) -> Node | None:
        """The node itself."""
        if isinstance(node, Scalar) and node.is_empty:
            problems.append(node.place.problem(f"{subject}: has no value"))
            return None
        return node

    def values(self) -> str:
        """What it was given."""
        return self.called

    def schema(self) -> Schema:
        """The schema it was given."""
        return dict(self.shown)
