"""What can go wrong between a file and the PCM store.

IngestError              any of the below; its text says what, where, and what to do
├── NotAudioError        the file is no audio file, or holds no audio stream
├── DamagedError         audio was found, but not all of it can be decoded
├── RefusedError         sound, but outside what may be imported (empty, silent, too long)
└── StoreError           the store cannot be read or written
    └── StoreFullError   no space is left
"""


class IngestError(Exception):
    """A file cannot go on air; the text is written for whoever brought it."""


class NotAudioError(IngestError):
    """No audio can be found in the file."""


class DamagedError(IngestError):
    """The file is truncated or corrupt."""


class RefusedError(IngestError):
    """The file is readable, but must not be imported."""


class StoreError(IngestError):
    """The PCM store failed."""


class StoreFullError(StoreError):
    """The disk under the PCM store is full."""
