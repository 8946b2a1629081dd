"""What the confined reader says: a byte for the kind, four for the length, the content. Pure.

    o   JSON {tags, announced}       the file was opened
    p   16-bit little-endian samples
    f   JSON                          the findings; the last word of a success
    e   JSON {error, text}            the last word of a failure

The other side of the pipe may have been taken over by a malicious file: whatever does not fit is
refused, never trusted.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from broadcaster.ingest import errors
from broadcaster.ingest.analysis import Findings
from broadcaster.ingest.errors import DamagedError, IngestError
from broadcaster.ingest.loudness import Loudness
from broadcaster.ingest.reading import Opened
from broadcaster.ingest.tags import TAG_NAMES

_HEAD = struct.Struct("<cI")
_LARGEST = 1 << 20
"""Bytes of one word: a second of sound is a tenth of it."""
_TAG_CHARACTERS = 2_000
_ERRORS = {
    kind.__name__: kind
    for kind in (
        errors.IngestError,
        errors.NotAudioError,
        errors.DamagedError,
        errors.RefusedError,
    )
}


class WireError(Exception):
    """The reader said something it cannot have meant."""


def word_of(value: Opened | NDArray[np.int16] | Findings | IngestError) -> bytes:
    """Return a value as a word."""
    match value:
        case Opened():
            tags = {k: v[:_TAG_CHARACTERS] for k, v in value.tags.items() if k in TAG_NAMES}
            return _word(b"o", _json({"tags": tags, "announced": value.announced}))
        case Findings():
            return _word(b"f", _json(asdict(value)))
        case IngestError():
            return _word(b"e", _json({"error": type(value).__name__, "text": str(value)[:4000]}))
        case _:
            return _word(b"p", np.ascontiguousarray(value, "<i2").tobytes())


def words(read: Callable[[int], bytes]) -> Iterator[Opened | NDArray[np.int16] | Findings]:
    """Yield the values a reader writes, until it has said its last word or the stream ends.

    Args:
        read: returns up to so many bytes, none at the end of the stream.

    Raises:
        IngestError: what the reader reported.
        WireError: what it said does not fit.
    """
    length = 0
    while head := _exactly(read, _HEAD.size):
        kind, size = _HEAD.unpack(head)
        if size > _LARGEST:
            raise WireError(f"a word of {size} bytes")
        content = _exactly(read, size) if size else b""
        if kind == b"p":
            samples = _samples(content)
            length += len(samples)
            yield samples
        elif kind == b"o":
            yield _opened(_loaded(content))
        elif kind == b"f":
            yield _findings(_loaded(content), length)
            return
        elif kind == b"e":
            raise _error(_loaded(content))
        else:
            raise WireError(f"an unknown word {kind!r}")


def _word(kind: bytes, content: bytes) -> bytes:
    return _HEAD.pack(kind, len(content)) + content


def _json(value: object) -> bytes:
    # ASCII: surrogate escapes of undecodable tags survive as \udcXX.
    return json.dumps(value).encode("ascii")


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    """So many bytes; none if the stream ended before the first."""
    parts, missing = [], size
    while missing:
        part = read(missing)
        if not part:
            if missing == size:
                return b""
            raise WireError("it stopped in the middle of a word")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _loaded(content: bytes) -> dict[str, object]:
    try:
        loaded = json.loads(content)
    except ValueError as error:
        raise WireError("words that are no JSON") from error
    if not isinstance(loaded, dict):
        raise WireError("JSON that is no object")
    return loaded


def _samples(content: bytes) -> NDArray[np.int16]:
    if len(content) % 2:
        raise WireError("half a sample")
    return np.frombuffer(content, "<i2")


def _opened(loaded: dict[str, object]) -> Opened:
    tags, announced = loaded.get("tags"), loaded.get("announced")
    if not isinstance(tags, dict) or not isinstance(announced, int | None):
        raise WireError("tags that are none")
    texts = {k: v for k, v in tags.items() if k in TAG_NAMES and isinstance(v, str)}
    return Opened({name: text[:_TAG_CHARACTERS] for name, text in texts.items()}, announced)


def _findings(loaded: dict[str, object], length: int) -> Findings:
    try:
        measured = loaded.pop("loudness")
        findings = Findings(**loaded, loudness=Loudness(**measured))  # type: ignore[arg-type]
        fits = (
            all(type(loaded[name]) is int for name in ("length", "cue_in", "cue_out"))
            and type(loaded["is_silent"]) is bool
            and isinstance(loaded["forbidden"], str | None)
            and findings.length == length
            and 0 <= findings.cue_in <= findings.cue_out <= length
            and all(
                level is None or -200.0 < level < 50.0
                for level in (measured["integrated_lufs"], measured["true_peak_dbtp"])  # type: ignore[index]
            )
        )
    except (KeyError, TypeError) as error:
        raise WireError("findings that are none") from error
    if not fits:
        raise WireError("findings that do not fit the sound")
    return findings


def _error(loaded: dict[str, object]) -> IngestError:
    kind = _ERRORS.get(str(loaded.get("error")), DamagedError)
    return kind(str(loaded.get("text")))
