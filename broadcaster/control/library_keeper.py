"""Keeps the library: watches the folders of the programme and has new files brought in.

Decoding happens in a worker process. The index lies in the state directory, so a restart has its
music at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from alerts.names import SiteNames
from broadcaster.background import ONE_THREAD
from broadcaster.catalogue_reader import CATALOGUE, FOLDER, VOICES, write_names
from broadcaster.control.library_index import Entry, Index, Stamp, decode_index, encode_index
from broadcaster.control.programme import Library
from broadcaster.control.voice_index import VoiceIndex
from broadcaster.radio.uploads import UPLOADS, place_of
from broadcaster.run_directory import StateDirectory, write_whole
from zones.sound import PcmId

log = logging.getLogger(__name__)

WORKER = "broadcaster.ingest.library_worker"
"""A module run as a process of its own: control itself decodes nothing."""
SUFFIXES = frozenset(
    [
        ".aac",
        ".aif",
        ".aiff",
        ".flac",
        ".m4a",
        ".mka",
        ".mp2",
        ".mp3",
        ".mp4",
        ".oga",
        ".ogg",
        ".opus",
        ".wav",
        ".wma",
    ]
)
MOST_FILES = 50_000
LOOK_EVERY = 2.0
"""Seconds between looks into the folders."""
SETTLED_AFTER = 10.0
"""Seconds without anything new after which no more music is expected soon."""
PUBLISH_EVERY = 1.0
"""Seconds between publications while many files come in."""
RETRY_AFTER = 30.0
"""Seconds until a store that failed is tried again."""
FILE_LIMIT = 900.0
"""Seconds a worker may spend on one file."""

_NO_NAMES = SiteNames()
_SPOKEN = (CATALOGUE, VOICES)
"""What a station's own messages and voices are listed in."""


class LibraryKeeper:
    """Publishes a `Library` at the beginning and whenever it changes."""

    def __init__(
        self,
        state: StateDirectory,
        folders: Mapping[str, Path],
        publish: Callable[[Library], None],
        names: SiteNames = _NO_NAMES,
    ) -> None:
        """`folders` gives the place of each name that the programme's entries use.

        `names` are those of zones and exits, which warnings say.
        """
        self._state = state
        self._folders = {UPLOADS: place_of(state.path), **folders}
        self._publish = publish
        self._names = names
        self._path = state.path / "library.json"
        self._index = Index()
        self._found: dict[str, dict[str, Stamp]] = {}
        self._is_refreshed = False
        self._spoken: dict[str, Stamp] = {}
        self._retry_at = 0.0
        self._unwritten = ""
        self._store_fault = ""
        self.faults: tuple[str, ...] = ()

    async def run(self) -> None:
        """Keep the library until cancelled."""
        loop = asyncio.get_running_loop()
        self._index = await asyncio.to_thread(self._read)
        await self._note_names()
        self._found = await self._look()
        self._tell(is_settled=False)
        changed_at, is_settled, waiting = loop.time(), False, frozenset[str]()
        while True:
            found = await self._look()
            await self._look_at_voices()
            new = self._new(found)
            if found != self._found or new - waiting:
                changed_at, is_settled = loop.time(), False
                self._found = found
                self._tell(is_settled=False)
            waiting = new
            if (new or not self._is_refreshed) and loop.time() >= self._retry_at:
                await self._note_names()
                await self._bring_in(sorted(new))
            if not is_settled and loop.time() - changed_at >= SETTLED_AFTER:
                is_settled = True
                self._tell(is_settled=True)
            await asyncio.sleep(LOOK_EVERY)

    def use(self, folders: Mapping[str, Path], names: SiteNames = _NO_NAMES) -> None:
        """The programme's entries name these places, and warnings these names, from now on."""
        self._folders = {UPLOADS: place_of(self._state.path), **folders}
        if names != self._names:
            self._names, self._is_refreshed = names, False

    def fate(self, path: Path) -> Entry | None:
        """What became of a file; None while it waits to be brought in."""
        return self._index.files.get(str(path.absolute()))

    # --- looking ---

    async def _look(self) -> dict[str, dict[str, Stamp]]:
        """The files of each folder, with their stamps."""
        return await asyncio.to_thread(
            lambda: {name: files_in(place) for name, place in self._folders.items()}
        )

    async def _look_at_voices(self) -> None:
        """Bring the messages in again when somebody changed them or recorded a voice."""
        folder = self._state.path / FOLDER
        stamps = await asyncio.to_thread(lambda: stamps_of(folder / one for one in _SPOKEN))
        if stamps != self._spoken:
            self._spoken, self._is_refreshed = stamps, False

    def _new(self, found: Mapping[str, Mapping[str, Stamp]]) -> frozenset[str]:
        """The files that are not in the index as they are now."""
        known = self._index.files
        return frozenset(
            path
            for stamps in found.values()
            for path, stamp in stamps.items()
            if path not in known or known[path].stamp != stamp
        )

    def _tell(self, *, is_settled: bool) -> None:
        empty = [
            f"there is no recording in {self._folders[name]}: the chime plays instead; put audio "
            "files there"
            for name, stamps in self._found.items()
            if not stamps and name in self._folders and name != UPLOADS
        ]
        folders = {name: tuple(stamps) for name, stamps in self._found.items()}
        own = (
            one for one in (self._store_fault, self._unwritten, *self._index.voices.told()) if one
        )
        self.faults = (*empty, *own, *self._index.faults(folders))
        waiting = len(self._new(self._found))
        self._publish(self._index.library(folders, is_settled=is_settled, waiting=waiting))

    # --- bringing in ---

    async def _note_names(self) -> None:
        """Write down what the zones and exits are called, for whoever renders their names."""
        try:
            await asyncio.to_thread(write_names, self._state.path, self._names)
        except OSError as error:
            log.warning("library: names cannot be noted for messages: %s", error.strerror)

    async def _bring_in(self, paths: list[str]) -> None:
        """Have a worker import `paths`; one that kills it is left out, the rest goes on."""
        stamps = {path: stamp for listed in self._found.values() for path, stamp in listed.items()}
        left, self._store_fault = list(paths), ""
        # A first start needs its chime before everything else; a later one has it already, and
        # only makes sure that it is the one this version ships.
        if not self._index.has_builtins:
            await self._work_off(left, stamps, builtins=True)
        while left and not self._store_fault:
            before = len(left)
            await self._work_off(left, stamps, builtins=False)
            if len(left) == before and not self._store_fault:
                victim = left.pop(0)
                error = f"{victim}: the decoder failed on it; convert it, or take it away"
                self._index = self._index.with_file(victim, Entry(stamps[victim], None, error))
        if not self._is_refreshed and not self._store_fault:
            # Names are rendered last: a warning sounds without them, and music does not wait.
            await self._work_off([], stamps, builtins=True, names=True)
            self._is_refreshed = not self._store_fault
        if self._store_fault:
            log.warning("library: %s", self._store_fault)
            self._retry_at = asyncio.get_running_loop().time() + RETRY_AFTER
        await asyncio.to_thread(self._write)
        self._tell(is_settled=False)

    async def _work_off(
        self,
        left: list[str],
        stamps: Mapping[str, Stamp],
        *,
        builtins: bool,
        names: bool = False,
    ) -> None:
        """Let one worker do what it can; what it did is taken out of `left`."""
        loop = asyncio.get_running_loop()
        published = loop.time() - PUBLISH_EVERY
        try:
            async with contextlib.aclosing(
                self._said(left, builtins=builtins, names=names)
            ) as words:
                async for said in words:
                    if "file" not in said and "error" in said:
                        self._store_fault = str(said["error"])
                        break
                    self._index = self._index.with_said(said, stamps)
                    if said.get("error"):
                        log.warning("library: %s", said["error"])
                    if said.get("file") in left:
                        left.remove(said["file"])
                    if loop.time() - published >= PUBLISH_EVERY or "chime" in said:
                        published = loop.time()
                        self._tell(is_settled=False)
        except (ValueError, KeyError, TypeError, OSError) as error:
            self._store_fault = f"bringing in sound failed: {error!r}"

    async def _said(
        self, paths: list[str], *, builtins: bool, names: bool
    ) -> AsyncGenerator[dict[str, Any], None]:
        """What a new worker says, until it has done everything or died."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", WORKER, "--state", str(self._state.path)),
            *("--parent", str(os.getpid())),
            *(("--builtins",) if builtins else ()),
            # Until there is a chime nothing sounds: that is waited for, music and names are not.
            *(("--names",) if names else ("--awaited",) if builtins else ()),
            env={**os.environ, **ONE_THREAD},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a process was started with pipes and has none")
        try:
            process.stdin.write(
                "".join(f"{path}\n" for path in paths).encode(errors="surrogateescape")
            )
            process.stdin.close()
            while True:
                async with asyncio.timeout(FILE_LIMIT):
                    line = await process.stdout.readline()
                if not line.endswith(b"\n"):
                    break
                yield json.loads(line)
        except TimeoutError:
            log.warning("library: a file took more than %g s", FILE_LIMIT)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    # --- the index ---

    def _read(self) -> Index:
        """The index of the last time, without what the store has lost."""
        try:
            index = decode_index(self._path.read_bytes())
        except FileNotFoundError:
            return Index()
        except (OSError, ValueError) as error:
            log.warning("library: %s is not used, the files are read again: %s", self._path, error)
            return Index()
        files = {path: entry for path, entry in index.files.items() if self._is_whole(entry)}
        has_chime = index.chime is not None and self._has(index.chime.pcm)
        parts = [part.pcm for message in index.messages.values() for part in message.cycle]
        parts += index.voices.sounds()
        has_messages = all(pcm is None or self._has(pcm) for pcm in parts)
        return Index(
            files,
            index.chime if has_chime else None,
            index.messages if has_messages else {},
            index.voices if has_messages else VoiceIndex(),
        )

    def _is_whole(self, entry: Entry) -> bool:
        return entry.recording is None or self._has(entry.recording.pcm)

    def _has(self, pcm: PcmId | None) -> bool:
        return pcm is not None and (self._state.pcm / pcm[:2] / f"{pcm}.pcm").is_file()

    def _write(self) -> None:
        try:
            write_whole(self._path, encode_index(self._index))
            self._unwritten = ""
        except OSError as error:
            self._unwritten = f"cannot write {self._path}: {error.strerror}; free some space"
            log.warning("library: %s", self._unwritten)


def files_in(place: Path) -> dict[str, Stamp]:
    """The audio files in a folder and below, or those a playlist (m3u) names, with their stamps."""
    if place.suffix.lower() in (".m3u", ".m3u8"):
        paths = _playlist(place)
    else:
        paths = sorted(path for path in place.rglob("*") if path.suffix.lower() in SUFFIXES)
    return stamps_of(
        path
        for path in paths[:MOST_FILES]
        if not path.name.startswith(".") and "\n" not in str(path)
    )


def stamps_of(paths: Iterable[Path]) -> dict[str, Stamp]:
    """The stamps of those files that are there."""
    stamps: dict[str, Stamp] = {}
    for path in paths:
        with contextlib.suppress(OSError):
            found = path.stat()
            stamps[str(path.absolute())] = Stamp(found.st_size, found.st_mtime_ns)
    return stamps


def _playlist(place: Path) -> list[Path]:
    try:
        lines = place.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    named = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return [place.parent / name for name in dict.fromkeys(named)]
