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
from zones.yaml_kind import ID, Kind, Schema, ValueProblem, did_you_mean

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Reading(ABC, Generic[T_co]):
    """How a field's node becomes a value."""

    __slots__ = ()

    @abstractmethod
    def read(self, node: Node, subject: str, problems: list[Problem]) -> T_co | None:
        """The value, or None with the reason added to `problems`."""

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
            problems.append(node.place.problem(f"{subject}: needs a list: [first, second]"))
            return None
        if not self.least <= len(node.items) <= self.most:
            wanted = (
                f"at least {self.least}" if len(node.items) < self.least else f"at most {self.most}"
            )
            problems.append(
                node.place.problem(f"{subject}: has {len(node.items)} items, needs {wanted}")
            )
            return None
        read = [self.item.read(item, subject, problems) for item in node.items]
        values = tuple(value for value in read if value is not None)
        return values if len(values) == len(read) else None

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
class Record:
    """What could be read of one table. `is_whole` if nothing is missing or wrong."""

    name: str
    subject: str
    place: Place
    is_whole: bool
    _values: dict[str, Any]
    _places: dict[str, Place]

    def must(self, field: Field[T]) -> T:
        """A required field of a whole record."""
        return cast("T", self._values[field.key])

    def may(self, field: Field[T]) -> T | None:
        """A field's value, None if it is not there or was wrong."""
        return cast("T | None", self._values.get(field.key))

    def has(self, field: Field[Any]) -> bool:
        """Whether the field is there, readable or not."""
        return field.key in self._places

    def place_of(self, field: Field[Any]) -> Place:
        """Where the field's value stands; the record's own place if it is not there."""
        return self._places.get(field.key, self.place)

    def problem(self, field: Field[Any], message: str, hint: str = "") -> Problem:
        """Something wrong with a field."""
        return self.place_of(field).problem(f"{self.subject}: {message}", hint)

    def warning(self, field: Field[Any], message: str, hint: str = "") -> Problem:
        """Something odd about a field."""
        return self.place_of(field).warning(f"{self.subject}: {message}", hint)


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

    def defaults(self) -> Shape:
        """The shape of a table of defaults: the shared fields, none required."""
        shared = tuple(
            Field(f.key, f.reading, f.manual, is_shared=True) for f in self.fields if f.is_shared
        )
        return Shape(f"{self.called} defaults", shared)

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
        values: dict[str, Any] = {}
        places: dict[str, Place] = {}
        for known, value in self._known(node, subject, at, problems):
            places[known.key] = value.place
            read = known.reading.read(value, f"{subject}: {known.key}", problems)
            if read is not None:
                values[known.key] = read
        given = set(places)
        if defaults is not None:
            for key in defaults._values.keys() - given:
                values[key], places[key] = defaults._values[key], defaults._places[key]
        missing = [f.key for f in self.fields if f.is_required and f.key not in places]
        if missing and isinstance(node, Table):
            wanted = ", ".join(f'"{key}"' for key in missing)
            problems.append(at.problem(f"{subject}: lacks {wanted}"))
        lacks_default = defaults is not None and any(
            f.is_required and f.key not in values for f in self.fields
        )
        is_whole = len(problems) == before and not lacks_default
        return Record(name, subject, at, is_whole, values, places)

    def _known(
        self, node: Node, subject: str, at: Place, problems: list[Problem]
    ) -> Iterator[tuple[Field[Any], Node]]:
        if not isinstance(node, Table):
            keys = ", ".join(known.key for known in self.fields[:4])
            problems.append(at.problem(f"{subject}: needs a table of keys, such as {keys}"))
            return
        for key, value in node.entries:
            known = self._by_key.get(key.text)
            if known is None:
                problems.append(
                    key.place.problem(
                        f'{subject}: unknown key "{key.text}"', did_you_mean(key.text, self._by_key)
                    )
                )
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

    def schema(self) -> Schema:
        """The inner shape's schema."""
        return self.shape.schema()


@dataclass(frozen=True, slots=True)
class Raw(Reading[Node]):
    """A node kept as it is, to be read later; its schema is that of what it will be read as."""

    shown: Schema

    def read(self, node: Node, subject: str, problems: list[Problem]) -> Node | None:
        """The node itself."""
        if isinstance(node, Scalar) and node.is_empty:
            problems.append(node.place.problem(f"{subject}: has no value"))
            return None
        return node

    def schema(self) -> Schema:
        """The schema it was given."""
        return dict(self.shown)


def read_id(key: Scalar, called: str, problems: list[Problem]) -> str:
    """The name of a record; a bad one is reported and used all the same, so that it is found."""
    try:
        return ID.read(key.text)
    except ValueProblem as wrong:
        problems.append(key.place.problem(f"{called}: {wrong.message}", wrong.hint))
        return key.text
