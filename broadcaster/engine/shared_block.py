"""The shared block: what the speaking engine says of itself, in one mapped file.

Written by the engine that speaks, read by everybody else without asking: how far it has sent, which
plan revision applied from which sample on, which sample it gave to claims that asked for "as soon
as you can", and what each leg carried. It survives the engine, so a successor and a restarted
control read on where the last one stopped. Every field is an aligned word; a pair is published by
writing its key last.
"""

from __future__ import annotations

import ctypes
import hashlib
import mmap
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from broadcaster.engine.plan import Part
from broadcaster.engine.speaking import MUTEX_BYTES, SpeakingRight
from zones.bus import ClaimId
from zones.media_time import BootId, MediaClock, Sample
from zones.stream_format import StreamId

MAGIC = 0x31_4B_4C_42_47_52_53
LAYOUT = 1
STAMPS = 4096
ADOPTIONS = 256
LEGS = 16_384
DEATHS = 16

_BLOCK = np.dtype(
    [
        ("magic", "<u8"),
        ("layout", "<u8"),
        ("boot", "S64"),
        ("clock_offset_ns", "<i8"),
        ("speaking", "u1", (MUTEX_BYTES,)),
        ("pid", "<u8"),
        ("beat_ns", "<i8"),
        ("sent_until", "<i8"),
        ("late_ticks", "<u8"),
        ("skipped_packets", "<u8"),
        ("real_time", "<u8"),
        ("locked", "<u8"),
        ("unstaged", "<u8"),
        ("death_count", "<u8"),
        ("deaths", [("ns", "<i8"), ("control", "<u8"), ("local", "<u8")], (DEATHS,)),
        ("fault", "S256"),
        ("adopting", "<u8", (2,)),
        ("adopted_count", "<u8"),
        ("adoptions", [("revision", "<u8"), ("part", "<u8"), ("at", "<i8")], (ADOPTIONS,)),
        ("stamps", [("key", "<u8"), ("at", "<i8")], (STAMPS,)),
        (
            "legs",
            [("key", "<u8"), ("packets", "<u8"), ("refused", "<u8"), ("errno", "<u8")],
            (LEGS,),
        ),
    ],
    align=True,
)


class SharedBlockError(Exception):
    """The file is no shared block of this layout."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """Plan `revision` of `part` decided every packet from sample `at` on."""

    part: Part
    revision: int
    at: Sample


@dataclass(frozen=True, slots=True)
class Death:
    """An engine died at about `ns` (monotonic) while these plan revisions were in force."""

    ns: int
    revisions: Mapping[Part, int]


@dataclass(frozen=True, slots=True)
class LegCount:
    """What one leg carried since the block was made: packets accepted and refused by the kernel."""

    packets: int
    refused: int
    errno: int


@dataclass(frozen=True, slots=True)
class EngineState:
    """One look at the engine: `sent_until` is the first sample not yet on the wire."""

    pid: int
    beat_ns: int
    sent_until: Sample
    late_ticks: int
    skipped_packets: int
    real_time: bool
    locked: bool
    unstaged: int
    fault: str


def _key(text: str) -> int:
    """A 64-bit name for a claim or leg; never 0, which marks an empty row."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") | 1


def leg_key(stream: StreamId, index: int) -> int:
    """The row key of leg number `index` of a stream."""
    return _key(f"{stream}#{index}")


class SharedBlock:
    """The mapped block; `path` lies in the run directory.

    Raises:
        SharedBlockError: the file holds something else.
        OSError: it cannot be made or mapped.
    """

    def __init__(self, path: Path) -> None:
        """Map the block; make it when it is not there."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(descriptor).st_size not in (0, _BLOCK.itemsize):
                raise SharedBlockError(f"{path} is no shared block of this version: remove it")
            os.posix_fallocate(descriptor, 0, _BLOCK.itemsize)
            self._map = mmap.mmap(descriptor, _BLOCK.itemsize)
        finally:
            os.close(descriptor)
        self._rows = np.frombuffer(self._map, _BLOCK, count=1)
        self.fields: Any = self._rows[0]
        if int(self.fields["magic"]) not in (0, MAGIC) or int(self.fields["layout"]) not in (
            0,
            LAYOUT,
        ):
            raise SharedBlockError(f"{path} is no shared block of this version: remove it")
        self.fields["layout"] = LAYOUT
        self.fields["magic"] = MAGIC

    def close(self) -> None:
        """Release the mapping; the file stays."""
        del self.fields, self._rows
        self._map.close()

    # --- the clock, written once a boot by whoever makes the run directory ---

    def begin_boot(self, clock: MediaClock) -> MediaClock:
        """Keep `clock` for this boot; a clock already kept for the same boot is returned instead.

        A block left by an earlier boot is emptied: its stamps and adoptions lie on another clock.
        """
        kept = self.clock
        if kept is not None and kept.boot == clock.boot:
            return kept
        self._map[:] = bytes(len(self._map))
        self.fields["layout"] = LAYOUT
        self.fields["magic"] = MAGIC
        self.fields["clock_offset_ns"] = clock.offset_ns
        self.right.make()
        self.fields["boot"] = clock.boot.encode()
        return clock

    @property
    def clock(self) -> MediaClock | None:
        """The media clock of this boot; None before `begin_boot`."""
        boot = bytes(self.fields["boot"]).decode()
        return MediaClock(BootId(boot), int(self.fields["clock_offset_ns"])) if boot else None

    @property
    def right(self) -> SpeakingRight:
        """The right to speak; made by `begin_boot`."""
        return SpeakingRight(self.fields["speaking"].ctypes.data)

    # --- what everybody reads ---

    def state(self) -> EngineState:
        """One look at the engine that speaks."""
        f = self.fields
        return EngineState(
            pid=int(f["pid"]),
            beat_ns=int(f["beat_ns"]),
            sent_until=int(f["sent_until"]),
            late_ticks=int(f["late_ticks"]),
            skipped_packets=int(f["skipped_packets"]),
            real_time=bool(f["real_time"]),
            locked=bool(f["locked"]),
            unstaged=int(f["unstaged"]),
            fault=bytes(f["fault"]).decode(errors="replace"),
        )

    def adoptions(self) -> tuple[Adoption, ...]:
        """The last adoptions, oldest first."""
        count = int(self.fields["adopted_count"])
        rows = self.fields["adoptions"]
        found = []
        for index in range(max(0, count - ADOPTIONS + 8), count):
            row = rows[index % ADOPTIONS]
            part = Part.LOCAL if row["part"] else Part.CONTROL
            found.append(Adoption(part, int(row["revision"]), int(row["at"])))
        return tuple(found)

    def stamps(self, claims: Iterable[ClaimId]) -> dict[ClaimId, Sample]:
        """The samples given so far to those of `claims` that have been stamped."""
        table = self.fields["stamps"]
        keys = table["key"].copy()
        found: dict[ClaimId, Sample] = {}
        for claim in claims:
            row = np.flatnonzero(keys == _key(claim))
            if len(row):
                found[claim] = int(table["at"][row[0]])
        return found

    def leg_counts(self, streams: Mapping[StreamId, int]) -> dict[tuple[StreamId, int], LegCount]:
        """Counts for each leg; `streams` gives how many legs each stream has."""
        table = self.fields["legs"]
        rows = self._held_rows()
        counts: dict[tuple[StreamId, int], LegCount] = {}
        for stream, legs in streams.items():
            for index in range(legs):
                row = rows.get(leg_key(stream, index))
                if row is not None:
                    _, packets, refused, error = (int(word) for word in table[row].item())
                    counts[stream, index] = LegCount(packets, refused, error)
        return counts

    def deaths(self) -> tuple[Death, ...]:
        """The last engine deaths, oldest first."""
        count = int(self.fields["death_count"])
        rows = [self.fields["deaths"][n % DEATHS] for n in range(max(0, count - DEATHS), count)]
        return tuple(
            Death(
                int(row["ns"]), {Part.CONTROL: int(row["control"]), Part.LOCAL: int(row["local"])}
            )
            for row in rows
        )

    # --- what only the speaking engine writes ---

    def note_death(self, ns: int) -> None:
        """Record at `ns` that the engine before this one died, and under which plan revisions."""
        in_force = dict.fromkeys(Part, 0)
        for adoption in self.adoptions():
            in_force[adoption.part] = adoption.revision
        count = int(self.fields["death_count"])
        row = (ns, in_force[Part.CONTROL], in_force[Part.LOCAL])
        self.fields["deaths"][count % DEATHS] = row
        self.fields["death_count"] = count + 1

    def word(self, name: str) -> ctypes.c_int64:
        """A field of 64 bits for writing at every tick; not to be used after `close`."""
        return ctypes.c_int64.from_address(self._rows[name].ctypes.data)

    def say_fault(self, sentence: str) -> None:
        """Show what is wrong with the engine's orders; an empty sentence takes it back."""
        self.fields["fault"] = sentence.encode()[:255]

    def note_adopting(self, part: Part, revision: int) -> None:
        """Say which revision is about to be tried; 0 when its first tick is over."""
        self.fields["adopting"][int(part is Part.LOCAL)] = revision

    def note_adopted(self, adoption: Adoption) -> None:
        """Append to the adoption log and clear `adopting`."""
        count = int(self.fields["adopted_count"])
        is_local = int(adoption.part is Part.LOCAL)
        self.fields["adoptions"][count % ADOPTIONS] = (adoption.revision, is_local, adoption.at)
        self.fields["adopted_count"] = count + 1
        self.fields["adopting"][is_local] = 0

    def adopting(self, part: Part) -> int:
        """The revision whose first tick did not finish; 0 when all is well."""
        return int(self.fields["adopting"][int(part is Part.LOCAL)])

    def stamp(self, claim: ClaimId, at: Sample, keep: Iterable[ClaimId]) -> None:
        """Give `claim` its start; rows of claims not in `keep` are used again when all are full."""
        table = self.fields["stamps"]
        free = np.flatnonzero(table["key"] == 0)
        if len(free) == 0:
            kept = np.array([_key(name) for name in keep], dtype=np.uint64)
            free = np.flatnonzero(~np.isin(table["key"], kept))
            if len(free) == 0:
                raise SharedBlockError(f"{STAMPS} claims are stamped at once; no row is left")
            table["key"][free] = 0
        row = int(free[0])
        table["at"][row] = at
        table["key"][row] = _key(claim)

    def _held_rows(self) -> dict[int, int]:
        """The row of every leg in the table, by its key."""
        keys = self.fields["legs"]["key"]
        held = np.flatnonzero(keys)
        return dict(zip(keys[held].tolist(), held.tolist(), strict=True))

    def leg_rows(self, keys: list[int]) -> list[int]:
        """The table rows of these legs, taking free ones for those that are new."""
        table = self.fields["legs"]
        rows = self._held_rows()
        wanted = set(keys)
        free = [row for row in range(len(keys) + len(rows) + 1) if row < LEGS]
        taken = {row for key, row in rows.items() if key in wanted}
        unused = (row for row in free if row not in taken)
        found = []
        for key in keys:
            row = rows.get(key)
            if row is None:
                row = next(unused, None)
                if row is None:
                    raise SharedBlockError(f"more than {LEGS} legs")
                table[row] = (key, 0, 0, 0)
            found.append(row)
        return found
