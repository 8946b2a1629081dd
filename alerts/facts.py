"""Values as JSON and back without loss, by what their types say.

Monotonic time means nothing to the next process, so a moment is written as the seconds left to it
and as wall time; read again, the earlier of the two counts. A wall clock that was set back then
delays nothing, and one that was set forward ends a window early, which is the safe side.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from alerts.alert import Instant

_T = TypeVar("_T")


class FactsError(ValueError):
    """JSON that is not what was written; the text names the field."""


def written(value: Any, at: Instant) -> Any:  # noqa: ANN401 - any value made of the kinds below
    """`value` as JSON at the moment `at`: dataclasses, enums, times, tuples and plain values."""
    match value:
        case Instant():
            return {"left": value.now - at.now, "utc": value.utc.isoformat()}
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case tuple():
            return [written(one, at) for one in value]
        case _ if is_dataclass(value):
            return {f.name: written(getattr(value, f.name), at) for f in fields(value)}
        case _:
            return value


def read(kind: type[_T], said: object, at: Instant) -> _T:
    """The value of a dataclass that was `written`, read at the moment `at`.

    A field that is missing has its default, so that a newer release reads what an older one wrote.

    Raises:
        FactsError: it is no such value.
    """
    value = _read(kind, said, at, kind.__name__)
    if not isinstance(value, kind):
        raise FactsError(f"{kind.__name__}: not given")
    return value


def _read(kind: Any, said: object, at: Instant, where: str) -> object:  # noqa: ANN401 - a type as annotations give it
    kind = getattr(kind, "__supertype__", kind)
    origin = get_origin(kind)
    try:
        if origin in (Union, types.UnionType):
            return None if said is None else _read(_one_of(kind), said, at, where)
        if origin is tuple and isinstance(said, list):
            return tuple(_read(get_args(kind)[0], one, at, where) for one in said)
        if kind is Instant and isinstance(said, Mapping):
            return _moment(float(said["left"]), datetime.fromisoformat(said["utc"]), at)
        if kind is datetime and isinstance(said, str):
            return datetime.fromisoformat(said)
        if hasattr(kind, "__dataclass_fields__") and isinstance(said, Mapping):
            return kind(
                **{
                    name: _read(hint, said[name], at, f"{where}.{name}")
                    for name, hint in _hints(kind).items()
                    if name in said
                }
            )
        if isinstance(kind, type) and issubclass(kind, Enum):
            return kind(said)
    except (KeyError, TypeError, ValueError) as error:
        raise FactsError(f"{where}: {error}") from None
    if kind is float and isinstance(said, int) and not isinstance(said, bool):
        return float(said)
    if not isinstance(said, kind) or (kind is not bool and isinstance(said, bool)):
        raise FactsError(f"{where}: {str(said)[:60]!r} is no {getattr(kind, '__name__', kind)}")
    return said


def _one_of(union: object) -> object:
    """The other side of `X | None`."""
    return next(one for one in get_args(union) if one is not type(None))


def _moment(left: float, utc: datetime, at: Instant) -> Instant:
    by_wall = (utc - at.utc).total_seconds()
    return Instant(at.now + min(left, by_wall), utc)


@cache
def _hints(kind: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a dataclass
    return get_type_hints(kind)
