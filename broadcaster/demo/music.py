"""Makes the demo's music beside the running station: `python -m broadcaster.demo.music`.

A process of its own, so that it can be niced and ended at any time; a track appears when it is
whole. It prints one line a track: how many there are, and how many there will be.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from broadcaster.background import stand_back
from broadcaster.engine.libc import die_with_parent
from broadcaster.simulator.music_files import music_files


def main() -> int:
    """Make what is missing; exit status 0, or 2 when it cannot be written."""
    parser = argparse.ArgumentParser(prog="broadcaster.demo.music", description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder for generated files")
    parser.add_argument("--seed", type=int, required=True, help="another seed, other music")
    parser.add_argument("--parent", type=int, default=0, help="end when this process does")
    options = parser.parse_args()
    if options.parent:
        die_with_parent(options.parent)
    stand_back()

    def say(done: int, total: int) -> None:
        sys.stdout.write(f"{done} {total}\n")
        sys.stdout.flush()

    try:
        for _ in music_files(options.cache, seed=options.seed, progress=say):
            pass
    except OSError as error:
        sys.stderr.write(f"{error.filename or options.cache}: {error.strerror}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
