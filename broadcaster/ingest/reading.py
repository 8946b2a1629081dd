"""Read a file: first what it says of itself, then its sound in pieces, then what was found.

The same three kinds of value come from a file read here and from one read in the confined process.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from broadcaster.ingest.analysis import Analysis, Findings
from broadcaster.ingest.decoder import Decoder
from broadcaster.ingest.limits import Limits
from zones.media_time import Sample


@dataclass(frozen=True, slots=True)
class Opened:
    """The file could be opened."""

    tags: dict[str, str]
    """Its own, unrepaired."""
    announced: Sample | None
    """Its length by its own account."""


Reading = Generator[Opened | NDArray[np.int16] | Findings, None, None]


def read_here(path: Path, limits: Limits) -> Reading:
    """Read in this process: for files we made, and inside the confined process.

    Raises:
        IngestError: it cannot go on air.
    """
    analysis = Analysis()
    with Decoder(path, limits) as decoder:
        yield Opened(decoder.tags, decoder.announced_length)
        for piece in decoder.pieces():
            analysis.add(piece)
            yield piece
    yield analysis.findings()
