"""The file of keys in the state directory: mode 0600, replaced as a whole."""

from __future__ import annotations

import json
from pathlib import Path

from broadcaster.doors.keys import Key, Keys, NoKeyError, key_in
from broadcaster.run_directory import StateDirectory, write_whole


def keys_path(state: StateDirectory) -> Path:
    """Where the keys lie."""
    return state.path / "keys.json"


def read_keys(path: Path) -> Keys:
    """The keys in a file; none if there is no file.

    Raises:
        NoKeyError: it can't be read, others may read it, or it is damaged.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise NoKeyError(f"{path} can be read by others: chmod 600 it, and rotate the keys")
        fields = json.loads(path.read_bytes())
        return Keys(key_in(each) for each in fields["keys"])
    except FileNotFoundError:
        return Keys()
    except OSError as error:
        raise NoKeyError(f"cannot read {path}: {error.strerror}") from None
    except (KeyError, TypeError, ValueError):
        raise NoKeyError(f"{path} is damaged: put back a copy, or make the keys anew") from None


def write_keys(path: Path, keys: Keys) -> None:
    """Put keys in place, durably; raises OSError."""
    fields = {"version": 1, "keys": [key.message() for key in keys]}
    write_whole(path, json.dumps(fields, indent=1).encode())


class KeyRing:
    """The keys as the file has them now; a file that was spoilt meanwhile changes nothing."""

    def __init__(self, path: Path, own: Key | None = None) -> None:
        """`own` is a key beside those of the file, for this process alone.

        Raises NoKeyError when the file is there and no good.
        """
        self._path = path
        self._own = own
        self._seen = self._stamp()
        self.keys = self._read()
        self.fault = ""

    def refreshed(self) -> Keys:
        """The keys, read again if the file changed."""
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            try:
                self.keys, self.fault = self._read(), ""
            except NoKeyError as error:
                self.fault = str(error)
        return self.keys

    def _read(self) -> Keys:
        keys = read_keys(self._path)
        return keys if self._own is None else keys.with_key(self._own)

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_ino, stat.st_mode
