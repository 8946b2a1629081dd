"""A disk that forgets: what a traced process wrote, replayed up to a power cut.

A file system promises nothing of a write before the file is synced, and nothing of a name before
its directory is. The replay keeps for each file what is durable and what is pending, and at a cut
makes an image of the durable part with none, all or any part of the pending one, sectors torn.
"""

import re
from dataclasses import dataclass, field

SECTOR = 512
_CALL = re.compile(r"^(\d+) +(\w+)\((.*)\) += +(-?\d+)", re.S)
_UNFINISHED = re.compile(r"^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$", re.S)
_RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)$", re.S)
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
CALLS = "openat,close,pwrite64,write,ftruncate,fsync,fdatasync,rename,unlink,unlinkat"


def calls(trace):
    """The finished calls of a trace by strace(1) with -f -xx: (name, arguments, result)."""
    begun: dict[str, str] = {}
    for line in trace.splitlines():
        if match := _UNFINISHED.match(line):
            begun[match[1]] = f"{match[1]} {match[2]}({match[3]}"
            continue
        if match := _RESUMED.match(line):
            line = begun.pop(match[1]) + match[3]
        if (match := _CALL.match(line)) and int(match[4]) >= 0:
            texts = [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(match[3])]
            numbers = [part.strip() for part in _TEXT.sub("", match[3]).split(",")]
            yield match[2], texts, numbers, int(match[4])


@dataclass(eq=False)
class File:
    """A file's durable content, and what was done to it since."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list = field(default_factory=list)

    def sync(self):
        for change in self.pending:
            _apply(self.durable, change)
        self.pending = []

    def image(self, chance):
        """The content after a cut; without `chance` only what is durable."""
        content = bytearray(self.durable)
        changes = self.pending if chance else []
        for at, octets in changes:
            if octets is None:
                if chance.random() < 0.5:
                    _apply(content, (at, None))
                continue
            for start in range(0, len(octets), SECTOR):
                if chance.random() < chance.share:
                    _apply(content, (at + start, octets[start : start + SECTOR]))
        return bytes(content)


def _apply(content, change):
    at, octets = change
    if octets is None:
        del content[at:]
        content.extend(bytes(at - len(content)))
        return
    content.extend(bytes(max(0, at - len(content))))
    content[at : at + len(octets)] = octets


class Disk:
    """One directory of a file system.

    With `is_kind` a sync of any file makes earlier changes of names durable too, as ext4 does;
    otherwise only a sync of the directory does.
    """

    def __init__(self, directory, *, is_kind):
        self._directory = f"{directory}/".encode()
        self._is_kind = is_kind
        self._open: dict[int, File | None] = {}
        self._names: dict[str, File] = {}
        self._durable_names: dict[str, File] = {}
        self._pending_names: list = []
        self.said = b""

    def take(self, name, texts, numbers, result):
        """One call of the traced process."""
        take = getattr(self, f"_{name}", None)
        if take is not None:
            take(texts, numbers, result)

    def image(self, chance):
        """The files after a cut, by name."""
        names = dict(self._durable_names)
        kept = chance.randrange(len(self._pending_names) + 1) if chance else 0
        for change in self._pending_names[:kept]:
            _rename(names, *change)
        return {name: file.image(chance) for name, file in names.items()}

    def whole(self):
        """The files as the process saw them at last, by name."""
        for file in self._names.values():
            file.sync()
        return {name: bytes(file.durable) for name, file in self._names.items()}

    def _ours(self, path):
        is_ours = path.startswith(self._directory)
        name = path[len(self._directory) :].decode()
        return name if is_ours and not name.endswith("-shm") else None

    def _openat(self, texts, numbers, result):
        path = texts[0]
        name = self._ours(path)
        if path + b"/" == self._directory:
            self._open[result] = None
        elif name is None:
            self._open.pop(result, None)
        else:
            if name not in self._names:
                self._change(None, name, File())
            self._open[result] = self._names[name]
            assert "O_TRUNC" not in numbers[2]

    def _close(self, texts, numbers, result):
        self._open.pop(int(numbers[0]), None)

    def _pwrite64(self, texts, numbers, result):
        file = self._open.get(int(numbers[0]))
        if file is not None:
            assert len(texts[0]) == result, "strace cut a write short"
            file.pending.append((int(numbers[3]), texts[0]))

    def _write(self, texts, numbers, result):
        assert self._open.get(int(numbers[0])) is None, "a write without an offset"
        if int(numbers[0]) == 1:
            self.said += texts[0]

    def _ftruncate(self, texts, numbers, result):
        file = self._open.get(int(numbers[0]))
        if file is not None:
            file.pending.append((int(numbers[1]), None))

    def _fsync(self, texts, numbers, result):
        number = int(numbers[0])
        if number not in self._open:
            return
        file = self._open[number]
        if file is not None:
            file.sync()
        if file is None or self._is_kind:
            for change in self._pending_names:
                _rename(self._durable_names, *change)
            self._pending_names = []

    _fdatasync = _fsync

    def _rename(self, texts, numbers, result):
        old, new = map(self._ours, texts)
        if old is not None:
            self._change(old, new, self._names[old])

    def _unlink(self, texts, numbers, result):
        name = self._ours(texts[0])
        if name is not None:
            self._change(name, None, None)

    _unlinkat = _unlink

    def _change(self, *change):
        _rename(self._names, *change)
        self._pending_names.append(change)


def _rename(names, old, new, file):
    if old is not None:
        names.pop(old, None)
    if new is not None:
        names[new] = file
