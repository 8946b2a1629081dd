"""Nonces that were used: none counts twice, also after a restart (SAFETY C6)."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO, Final

KEPT_S: Final = 86_400.0
"""Seconds a nonce is remembered when there is room."""
LEAST_S: Final = 600.0
"""Seconds it is remembered however many come."""
MOST_KEPT: Final = 200_000


class Nonces:
    """The nonces of the last day, in memory and in a file beside it.

    Each is written to the file before the request counts. It is not synced for each request: what
    a power cut takes lies within the seconds before it, and events have names of their own.
    """

    def __init__(self, path: Path, utc: float) -> None:
        """`utc` is seconds of the Unix epoch; raises OSError."""
        self._path = path
        self._used: OrderedDict[str, float] = OrderedDict()
        self._read(utc)
        self._file = self._rewritten()
        self._lines = len(self._used)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def use(self, key: str, nonce: str, utc: float) -> bool:
        """Use a nonce; False if it was used before. Raises OSError when it can't be written."""
        name = f"{key} {nonce}"
        if name in self._used:
            return False
        self._file.write(f"{utc:.0f} {name}\n".encode())
        self._file.flush()
        self._used[name] = utc
        self._lines += 1
        self._forget(utc)
        if self._lines > 2 * MOST_KEPT:
            self._file.close()
            self._file = self._rewritten()
            self._lines = len(self._used)
        return True

    def _forget(self, utc: float) -> None:
        while self._used:
            oldest = next(iter(self._used.values()))
            is_too_old = utc - oldest > KEPT_S
            is_too_many = len(self._used) > MOST_KEPT and utc - oldest > LEAST_S
            if not (is_too_old or is_too_many):
                return
            self._used.popitem(last=False)

    def _read(self, utc: float) -> None:
        try:
            lines = self._path.read_text("ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            at, _, name = line.partition(" ")
            # A line cut short by a kill is no nonce that anybody was answered for.
            if at.isdecimal() and name.count(" ") == 1:
                self._used[name] = float(at)
        self._forget(utc)

    def _rewritten(self) -> BinaryIO:
        """A file that holds only what is remembered, open to go on."""
        draft = self._path.with_name(f"{self._path.name}.draft")
        with draft.open("wb") as file:
            for name, at in self._used.items():
                file.write(f"{at:.0f} {name}\n".encode())
        draft.chmod(0o600)
        draft.replace(self._path)
        return self._path.open("ab")
