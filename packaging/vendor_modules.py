"""Bring the console's JavaScript libraries into the checkout: `python packaging/vendor_modules.py`.

Each is fetched from its registry as published, checked against the SHA-512 written here, and laid
into `broadcaster/console/static/vendor` with its licence. Only the names in its imports are
changed, from packages to the files beside it: a browser without an import map needs paths.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PLACE: Final = Path(__file__).parents[1] / "broadcaster/console/static/vendor"


@dataclass(frozen=True, slots=True)
class Library:
    """A package of a version, and which of its files become which of ours."""

    package: str
    version: str
    licence: str
    integrity: str
    files: dict[str, str]

    @property
    def label(self) -> str:
        """What its licence file is called after."""
        return self.package.lstrip("@").replace("/", "-")


LIBRARIES: Final = (
    Library(
        "preact",
        "11.2.0",
        "MIT",
        "sha512-/HfHI/7N84e6GrWBJ3J280z3mLaRJiDcSvj/A+y/4AbLnND/1UlGHe1sR6oYuTGwId0nP7dqDU9OnLxMPZ7xBg==",
        {"dist/preact.mjs": "preact.js", "hooks/dist/hooks.mjs": "preact-hooks.js"},
    ),
    Library(
        "@preact/signals",
        "2.11.4",
        "MIT",
        "sha512-Rb+5RPo9gWSaHtzJeauhHxiC8KP/IF2DEPkHPEOGOnuy2wnJzRqyeLRankUCYd6ADqtxS6GnWGv6Ie343d8aYw==",
        {"dist/signals.mjs": "signals.js"},
    ),
    Library(
        "@preact/signals-core",
        "1.14.5",
        "MIT",
        "sha512-vcRv7Ityz5JVmeiVqIluLFzT/PDS/AlhHUpw3/aUWqcVUs6bDGIPXE/6RSC4evBNWYvnniozg5Syfj33al3gkg==",
        {"dist/signals-core.mjs": "signals-core.js"},
    ),
    Library(
        "htm",
        "3.1.1",
        "Apache-2.0",
        "sha512-983Vyg8NwUE7JkZ6NmOqpCZ+sh1bKv2iYTlUkzlWmA5JD2acKoxd4KVxbMmxX/85mtfdnDmTFoNKcg5DGAvxNQ==",
        {"dist/htm.mjs": "htm.js"},
    ),
)
OURS: Final = {
    "preact": "./preact.js",
    "preact/hooks": "./preact-hooks.js",
    "@preact/signals-core": "./signals-core.js",
}
_IMPORT: Final = re.compile(r'(\bfrom|\bimport)"([^"]+)"')
_MAP: Final = re.compile(r"\s*//# sourceMappingURL=\S+\s*\Z")


def main() -> None:
    """Fetch every library and write down what was laid where."""
    PLACE.mkdir(parents=True, exist_ok=True)
    told = [_brought(library) for library in LIBRARIES]
    text = json.dumps({"libraries": told}, indent=2) + "\n"
    (PLACE / "libraries.json").write_text(text, encoding="utf-8")


def _brought(library: Library) -> dict[str, object]:
    files = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        tarfile.open(_fetched(library, Path(folder))) as archive,
    ):
        for source, name in library.files.items():
            text = _IMPORT.sub(_import_of_ours, _read(archive, source))
            text = _MAP.sub("", text) + "\n"
            (PLACE / name).write_text(text, encoding="utf-8")
            files[name] = hashlib.sha256(text.encode()).hexdigest()
        licence = PLACE / f"{library.label}.LICENSE.txt"
        licence.write_text(_read(archive, "LICENSE"), encoding="utf-8")
    return {
        "package": library.package,
        "version": library.version,
        "licence": library.licence,
        "integrity": library.integrity,
        "sha256": files,
    }


def _fetched(library: Library, folder: Path) -> Path:
    """The package as published; raises SystemExit when it is not what it was."""
    named = f"{library.package}@{library.version}"
    npm = shutil.which("npm") or "npm"
    subprocess.run([npm, "pack", named], cwd=folder, check=True, capture_output=True)
    (archive,) = folder.glob("*.tgz")
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != library.integrity:
        raise SystemExit(f"{named} is not what it was: its SHA-512 is sha512-{digest}")
    return archive


def _read(archive: tarfile.TarFile, name: str) -> str:
    file = archive.extractfile(f"package/{name}")
    if file is None:
        raise SystemExit(f"there is no {name} in it")
    return file.read().decode()


def _import_of_ours(found: re.Match[str]) -> str:
    return f'{found[1]}"{OURS[found[2]]}"'


if __name__ == "__main__":
    main()
