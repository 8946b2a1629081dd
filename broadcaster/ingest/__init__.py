"""From a file to canonical PCM: decoding, levels, tags, and the store the engine plays from."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from broadcaster.ingest.confined_reader import ConfinedReader as ConfinedReader
    from broadcaster.ingest.errors import IngestError as IngestError
    from broadcaster.ingest.importer import import_message as import_message
    from broadcaster.ingest.importer import import_recording as import_recording
    from broadcaster.ingest.library import Library as Library
    from broadcaster.ingest.pcm_store import PcmStore as PcmStore

_HOME = {
    "ConfinedReader": "confined_reader",
    "IngestError": "errors",
    "Library": "library",
    "PcmStore": "pcm_store",
    "import_message": "importer",
    "import_recording": "importer",
}


def __getattr__(name: str) -> object:
    """Load FFmpeg and numpy when something of it is wanted: a command's help needs neither."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
