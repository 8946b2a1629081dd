"""From a file to canonical PCM: decoding, levels, tags, and the store the engine plays from."""

from broadcaster.ingest.errors import IngestError, StoreError
from broadcaster.ingest.importer import import_recording
from broadcaster.ingest.pcm_store import PcmStore

__all__ = ["IngestError", "PcmStore", "StoreError", "import_recording"]
