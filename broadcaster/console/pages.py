"""The pages and what they are made of: read once, packed once, under addresses that never lie.

Everything under `static` is served at `/static/HASH/...`, where the hash is that of the whole
folder: what an address brings never changes, so a browser may keep it for ever, and modules import
one another by relative paths. `main.js` is served with all that it imports in it (`one_module`).
`static/NAME.html` is the page `/NAME`, also for paths below it; `index.html` is `/` and each of its
views: `static/views/NAME.js` is shown at `/NAME`. In a page, `/static/` stands for the address with
the hash.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import Final

from aiohttp import web

from broadcaster.console.one_module import brought_by, imported_by, joined, sharing
from broadcaster.console.problem import ProblemError

_ENTRY: Final = "main.js"
_FIRST_VIEWS: Final = frozenset({"warn"})
"""Views of the console's one page that are there at once, beside `/` itself."""
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_PACKED: Final = frozenset({".html", ".js", ".css", ".json", ".svg", ".webmanifest", ".txt"})
_TYPES: Final = {
    ".js": "text/javascript",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it goes over the wire; `packed` is empty where gzip saves nothing."""

    octets: bytes
    packed: bytes
    media_type: str
    tag: str

    def response(self, request: web.Request, cache: str) -> web.Response:
        """The answer: nothing but a word if the browser has it already."""
        headers = {"Cache-Control": cache, "ETag": self.tag, "Vary": "Accept-Encoding"}
        if request.headers.get("If-None-Match") == self.tag:
            return web.Response(status=304, headers=headers)
        body = self.octets
        if self.packed and "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"], body = "gzip", self.packed
        headers["Content-Type"] = self.media_type
        return web.Response(body=body, headers=headers)


class Pages:
    """Every page and file of the console."""

    def __init__(self, folder: Traversable | None = None) -> None:
        """Read the package's `static`, or another folder.

        Raises:
            OSError: a file cannot be read.
            OneModuleError: the modules of the first view cannot be joined.
        """
        folder = resources.files("broadcaster.console") / "static" if folder is None else folder
        read = dict(_files(folder, PurePosixPath()))
        whole = hashlib.sha256()
        for path, octets in sorted(read.items()):
            whole.update(f"{path}\0{len(octets)}\0".encode() + octets)
        self.root = f"/static/{whole.hexdigest()[:16]}/"
        """Where the files are served, with a slash at its end."""
        _join(read)
        self._pages: dict[str, StaticFile] = {}
        self._files: dict[str, StaticFile] = {}
        self.views = _FIRST_VIEWS | {path.stem for path in read if path.match("views/*.js")}
        """Addresses that bring the console's one page, which shows what the address names."""
        for path, octets in read.items():
            if path.suffix == ".html":
                named = octets.replace(b"/static/", self.root.encode())
                self._pages[path.stem] = _static_file(path, named)
            else:
                self._files[str(path)] = _static_file(path, octets)

    def add_to(self, app: web.Application) -> None:
        """Put them into an application."""
        app.router.add_get("/", self._page)
        app.router.add_get("/static/{hash}/{path:.+}", self._file)
        app.router.add_get("/{page:[a-z][a-z-]*}", self._page)
        app.router.add_get("/{page:(?!api/|static/)[a-z][a-z-]*}/{rest:.+}", self._page)

    async def _page(self, request: web.Request) -> web.Response:
        name = request.match_info.get("page", "index")
        page = self._pages.get("index" if name in self.views else name)
        if page is None:
            raise ProblemError(404, "not-found", f"there is no page {request.path[:200]}")
        return page.response(request, "no-cache")

    async def _file(self, request: web.Request) -> web.Response:
        asked = request.match_info
        file = self._files.get(asked["path"])
        if file is None or f"/static/{asked['hash']}/" != self.root:
            raise ProblemError(404, "not-found", "that file is not of this version: load anew")
        return file.response(request, _FOR_EVER)


def _files(folder: Traversable, path: PurePosixPath) -> list[tuple[PurePosixPath, bytes]]:
    found: list[tuple[PurePosixPath, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _files(entry, path / entry.name)
        elif not entry.name.startswith("."):
            found.append((path / entry.name, entry.read_bytes()))
    return found


def _join(read: dict[PurePosixPath, bytes]) -> None:
    """Put the first view's modules into one, and have later ones use that."""
    modules = {str(path): octets.decode() for path, octets in read.items() if path.suffix == ".js"}
    if _ENTRY not in modules:
        return
    whole, names = joined(modules, _ENTRY)
    later: list[str] = []
    for path in names:
        later += [one for one in brought_by(path, modules[path]) if one in modules]
    for path in later:
        read[PurePosixPath(path)] = sharing(path, modules[path], names, _ENTRY).encode()
        found = (*imported_by(path, modules[path]), *brought_by(path, modules[path]))
        later += [one for one in found if one in modules and one not in {*names, *later}]
    read[PurePosixPath(_ENTRY)] = whole.encode()


def _static_file(path: PurePosixPath, octets: bytes) -> StaticFile:
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    media_type = media_type or "application/octet-stream"
    if media_type.startswith("text/") or path.suffix in {".json", ".svg"}:
        media_type += "; charset=utf-8"
    packed = gzip.compress(octets, 9, mtime=0) if path.suffix in _PACKED else b""
    return StaticFile(
        octets,
        packed if len(packed) < len(octets) else b"",
        media_type,
        f'"{hashlib.sha256(octets).hexdigest()[:32]}"',
    )
