"""In which order recordings play: a circle of them all, dealt from a seed.

The place of a recording on the circle depends on its sound and the seed alone, so what follows a
recording is known without any memory: it holds over a restart, and adding or removing others does
not deal anew. Whoever goes round the circle plays every recording before one comes again, and none
twice in a row unless there is only one.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable

from playlists.recording import Recording
from zones.sound import PcmId


class Rotation:
    """The circle of `recordings` that `seed` deals; those of equal sound count once."""

    def __init__(self, recordings: Iterable[Recording], seed: int) -> None:
        self._seed = seed
        unique = {recording.pcm: recording for recording in recordings}
        placed = sorted((self._place(pcm), recording.pcm) for pcm, recording in unique.items())
        self._places = [place for place, _ in placed]
        self.order = tuple(unique[pcm] for _, pcm in placed)
        """One round, from the beginning of the circle."""

    def __len__(self) -> int:
        return len(self.order)

    def after(self, pcm: PcmId | None) -> Recording:
        """What follows `pcm`, which need not be on the circle any more; None begins the round.

        Raises:
            LookupError: the rotation is empty.
        """
        if not self.order:
            raise LookupError("a rotation without recordings has no next one")
        return self.order[self.place_after(pcm) % len(self.order)]

    def place_after(self, pcm: PcmId | None) -> int:
        """The place in `order`, or one beyond its end, of what follows `pcm`."""
        return 0 if pcm is None else bisect_right(self._places, self._place(pcm))

    def _place(self, pcm: PcmId) -> bytes:
        return hashlib.blake2b(f"{self._seed}|{pcm}".encode(), digest_size=16).digest()
