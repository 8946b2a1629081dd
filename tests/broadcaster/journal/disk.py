"""A disk that hangs, refuses or is full when a test says so."""

import sqlite3
import threading

from broadcaster.journal import Setting, database


class Disk:
    """Stands between the journal and SQLite: what it is told happens at each commit."""

    def __init__(self):
        self.answers = threading.Event()
        self.answers.set()
        self.hangs = threading.Event()
        self.errors = []
        self.opening_errors = []
        self.after_commit = []

    def setting(self, **fields):
        return Setting(**{"ballast": 0, "connect": self.connect, **fields})

    def connect(self, path):
        if self.opening_errors:
            raise self.opening_errors.pop(0)
        return _Connection(database.connect(path), self)

    def hang(self):
        self.answers.clear()

    def commit(self, connection):
        if not self.answers.is_set():
            self.hangs.set()
            self.answers.wait()
        if self.errors:
            raise self.errors.pop(0)
        connection.execute("COMMIT")
        if self.after_commit:
            raise self.after_commit.pop(0)


class _Connection:
    def __init__(self, connection, disk):
        self._connection = connection
        self._disk = disk

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def execute(self, sql, *values):
        if sql == "COMMIT":
            return self._disk.commit(self._connection)
        return self._connection.execute(sql, *values)


def refusal(sentence, code):
    error = sqlite3.OperationalError(sentence)
    error.sqlite_errorcode = code
    return error


def input_output_error():
    return refusal("disk I/O error", sqlite3.SQLITE_IOERR_FSYNC)


def full():
    return refusal("database or disk is full", sqlite3.SQLITE_FULL)


def read_only():
    return refusal("attempt to write a readonly database", sqlite3.SQLITE_READONLY)
