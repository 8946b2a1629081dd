"""The recordings of a station, to be searched and to be edited: `<state>/recordings.sqlite`.

What an import found out about a recording stays as it is; what people say of it (tags, rights, cue
points, what it is for) lies beside it and wins. A damaged database is made anew from the imports,
only people's words are then lost, so they are written first and synced.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playlists.recording import Recording, Role, plain_fields, recording_from

FILE = "recordings.sqlite"
MOST_FOUND = 500
MOST_ENDINGS = 24
"""Letters of a word from which on a part of it is found."""
EDITABLE = (
    "title", "artist", "album", "composer", "label", "genre", "year", "isrc", "musicbrainz_id",
    "role", "tags", "rights", "valid_from", "valid_until", "cue_in", "cue_out", "segue", "gain_db",
)  # fmt: skip
"""What people may say of a recording; its sound and its length they may not."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS recordings (
    id TEXT PRIMARY KEY, pcm TEXT NOT NULL, found TEXT NOT NULL, said TEXT NOT NULL DEFAULT '{}',
    file TEXT NOT NULL DEFAULT '', added TEXT NOT NULL, text TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS by_pcm ON recordings (pcm);
CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, id TEXT NOT NULL) STRICT;
INSERT OR IGNORE INTO files SELECT file, id FROM recordings
    WHERE file != '' AND NOT EXISTS (SELECT 1 FROM files);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (
    text, content='recordings', content_rowid='rowid', tokenize='unicode61', prefix='1 2 3'
);
CREATE TRIGGER IF NOT EXISTS added AFTER INSERT ON recordings BEGIN
    INSERT INTO words (rowid, text) VALUES (new.rowid, new.text);
END;
CREATE TRIGGER IF NOT EXISTS changed AFTER UPDATE OF text ON recordings BEGIN
    INSERT INTO words (words, rowid, text) VALUES ('delete', old.rowid, old.text);
    INSERT INTO words (rowid, text) VALUES (new.rowid, new.text);
END;
CREATE TRIGGER IF NOT EXISTS removed AFTER DELETE ON recordings BEGIN
    INSERT INTO words (words, rowid, text) VALUES ('delete', old.rowid, old.text);
END;
"""


class RecordingsError(Exception):
    """The recordings cannot be read or changed; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording as it is to be used, the file it came from, and when it came (UTC)."""

    recording: Recording
    file: str
    added: str


class Recordings:
    """All recordings of one station. Several processes may use it at once."""

    def __init__(self, state: Path) -> None:
        """Open the database in a state directory, and make it when there is none.

        Raises:
            RecordingsError: it cannot be opened.
        """
        self.path = state / FILE
        with self._explained():
            state.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self.path, timeout=10.0, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=FULL")
            self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    @property
    def stamp(self) -> int:
        """Changes when somebody else has changed the database."""
        with self._explained():
            (version,) = self._database.execute("PRAGMA data_version").fetchone()
        return int(version)

    def __len__(self) -> int:
        with self._explained():
            (count,) = self._database.execute("SELECT count(*) FROM recordings").fetchone()
        return int(count)

    def add(self, imported: Iterable[tuple[str, Recording]]) -> int:
        """Add what an import found, with its file; return how many were not there.

        What is known keeps what people said of it.
        """
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        before = len(self)
        rows = [
            (one.id, one.pcm, _json(plain_fields(one)), file, now, _text(one))
            for file, one in imported
        ]
        with self._explained(), self._database:
            self._database.executemany(
                "INSERT INTO recordings (id, pcm, found, file, added, text) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                [tuple(_storable(value) for value in row) for row in rows],
            )
            # The same recording may lie in several files, and a file may hold another one now.
            self._database.executemany(
                "INSERT INTO files (path, id) VALUES (?, ?) "
                "ON CONFLICT (path) DO UPDATE SET id = excluded.id WHERE id != excluded.id",
                [(_storable(file), name) for name, _, _, file, _, _ in rows if file],
            )
        return len(self) - before

    def files(self) -> dict[str, str]:
        """The recording that each file held when it was brought in, by the file's path."""
        with self._explained():
            rows = self._database.execute("SELECT path, id FROM files").fetchall()
        return dict(rows)

    def every(self) -> Iterator[Kept]:
        """Every recording, in the order in which they came."""
        with self._explained():
            rows = self._database.execute(
                "SELECT found, said, file, added FROM recordings ORDER BY rowid"
            ).fetchall()
        return (_kept(row) for row in rows)

    def edited(self) -> dict[str, Recording]:
        """The recordings of which people have said something, by id."""
        with self._explained():
            rows = self._database.execute(
                "SELECT found, said, file, added FROM recordings WHERE said != '{}'"
            ).fetchall()
        return {one.id: one for one in (_kept(row).recording for row in rows)}

    def one(self, name: str) -> Kept:
        """The recording with that id, or whose id begins so if there is only one.

        Raises:
            RecordingsError: there is none, or more than one.
        """
        with self._explained():
            rows = self._database.execute(
                "SELECT found, said, file, added FROM recordings WHERE id >= ? AND id < ? LIMIT 2",
                (name, name + "\U0010ffff"),
            ).fetchall()
        if len(rows) != 1 or not name:
            how = "no recording" if not rows else "more than one recording"
            raise RecordingsError(f'there is {how} "{name}"; look with: broadcaster library search')
        return _kept(rows[0])

    def search(self, words: str, most: int = 50) -> list[Kept]:
        """The recordings in whose names and tags every one of these words, or parts of words, is.

        No word at all gives the newest recordings.
        """
        most = max(1, min(most, MOST_FOUND))
        terms = [term for term in words.split() if any(c.isalnum() for c in term)]
        with self._explained():
            if not terms:
                newest = self._database.execute(
                    "SELECT found, said, file, added FROM recordings ORDER BY rowid DESC LIMIT ?",
                    (most,),
                )
                return [_kept(row) for row in newest.fetchall()]
            query = " ".join(f'"{term.replace(chr(34), " ")}"*' for term in terms)
            found = self._database.execute(
                "SELECT found, said, file, added FROM recordings WHERE rowid IN "
                "(SELECT rowid FROM words WHERE words MATCH ? LIMIT ?)",
                (query, most),
            ).fetchall()
        return [_kept(row) for row in found]

    def say(self, name: str, said: Mapping[str, Any]) -> Recording:
        """Keep what people say of a recording; None takes a word back.

        Raises:
            RecordingsError: something that nobody may say, or that makes no sense.
        """
        kept = self.one(name)
        for key in said:
            if key not in EDITABLE:
                raise RecordingsError(f'"{key}" cannot be edited; use {", ".join(EDITABLE)}')
        with self._explained(), self._database:
            found, before = self._database.execute(
                "SELECT found, said FROM recordings WHERE id = ?", (kept.recording.id,)
            ).fetchone()
            both = {**json.loads(before), **said}
            both = {key: value for key, value in both.items() if value is not None}
            try:
                changed = recording_from({**json.loads(found), **both})
            except (ValueError, TypeError) as error:
                known = ", ".join(role.value for role in Role)
                hint = f"; roles are {known}" if "Role" in str(error) else ""
                raise RecordingsError(f"{name}: {error}{hint}") from None
            self._database.execute(
                "UPDATE recordings SET said = ?, text = ? WHERE id = ?",
                (_json(both), _storable(_text(changed)), changed.id),
            )
        return changed

    def remove(self, name: str) -> Recording:
        """Take a recording out; its sound stays in the store until it is evicted.

        Raises:
            RecordingsError: there is no such recording.
        """
        kept = self.one(name)
        with self._explained(), self._database:
            self._database.execute("DELETE FROM recordings WHERE id = ?", (kept.recording.id,))
            self._database.execute("DELETE FROM files WHERE id = ?", (kept.recording.id,))
        return kept.recording

    def alike(self) -> list[list[Kept]]:
        """Recordings of equal sound under different names, together."""
        with self._explained():
            rows = self._database.execute(
                "SELECT pcm, found, said, file, added FROM recordings WHERE pcm IN "
                "(SELECT pcm FROM recordings GROUP BY pcm HAVING count(*) > 1) ORDER BY pcm, rowid"
            ).fetchall()
        together: dict[str, list[Kept]] = {}
        for pcm, *row in rows:
            together.setdefault(pcm, []).append(_kept(row))
        return list(together.values())

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise RecordingsError(
                f"{self.path}: {error}; check the disk, its space, and who may write there"
            ) from None
        except (sqlite3.DatabaseError, OSError) as error:
            raise RecordingsError(
                f"{self.path}: {error}; move it away, and the imports are read in again"
            ) from None


def _kept(row: Iterable[str]) -> Kept:
    found, said, file, added = row
    return Kept(recording_from({**json.loads(found), **json.loads(said)}), file, added)


def _text(one: Recording) -> str:
    """Everything by which a recording may be looked for."""
    names = (one.title, one.artist, one.album, one.composer, one.label, one.genre, one.isrc)
    words = re.findall(r"\w+", " ".join((*names, *one.tags, one.id)).casefold())
    return " ".join(ending for word in dict.fromkeys(words) for ending in _endings(word))


def _endings(word: str) -> Iterator[str]:
    """The word and what is left of it from each letter on: Korean is written together.

    A search for beginnings then finds parts of words, by the index alone.
    """
    yield word
    for begin in range(1, min(len(word) - 1, MOST_ENDINGS)):
        yield word[begin:]


def _json(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=True)


def _storable(value: str) -> str:
    """A file's name may be no text at all; SQLite takes UTF-8 only."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
