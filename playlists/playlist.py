"""Playlists: tracks in a fixed order, or a rule by which tracks of the library take turns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from playlists.recording import Recording
from zones.media_time import RATE, Sample

MOST_ITEMS = 10_000
MOST_COPIES = 10


class PlaylistError(ValueError):
    """A list that cannot be kept; the text says which and why."""


@dataclass(frozen=True, slots=True)
class FixedList:
    """Recordings by id, in their order; with `repeats` from the start again when it is over.

    Raises:
        PlaylistError: more items than a list may have.
    """

    id: str
    title: str
    items: tuple[str, ...]
    repeats: bool = True

    def __post_init__(self) -> None:
        """Refuse what no plan could hold."""
        if len(self.items) > MOST_ITEMS:
            raise PlaylistError(
                f'playlist "{self.id}": {len(self.items)} items; the most is {MOST_ITEMS}'
            )


@dataclass(frozen=True, slots=True)
class Choice:
    """Which recordings of the library a rotating list takes; empty parts leave all in."""

    folders: tuple[str, ...] = ()
    any_tags: tuple[str, ...] = ()
    all_tags: tuple[str, ...] = ()
    no_tags: tuple[str, ...] = ()
    artists: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()

    def takes(self, recording: Recording) -> bool:
        """Whether it belongs, its folder aside. Words are compared without regard to case."""
        tags = {tag.casefold() for tag in recording.tags}
        wanted = (not self.any_tags) or bool(tags & _folded(self.any_tags))
        whole = _folded(self.all_tags) <= tags and not tags & _folded(self.no_tags)
        by = not self.artists or recording.artist.casefold() in _folded(self.artists)
        kind = not self.genres or recording.genre.casefold() in _folded(self.genres)
        return wanted and whole and by and kind


@dataclass(frozen=True, slots=True)
class Separation:
    """How long the same artist, album or title stays away, in samples; 0 does not matter."""

    artist: Sample = 1800 * RATE
    album: Sample = 3600 * RATE
    title: Sample = 10800 * RATE


@dataclass(frozen=True, slots=True)
class RotatingList:
    """Recordings taking turns: each comes again only when the others have played.

    `weights` let recordings with a tag come so many times a round (1 .. 10). After each
    `marks_every` tracks the next recording of the fixed list `marks` is played: a jingle, or the
    station's name.

    Raises:
        PlaylistError: a weight or a number out of range.
    """

    id: str
    title: str
    choice: Choice = Choice()
    separation: Separation = Separation()
    weights: tuple[tuple[str, int], ...] = ()
    marks: str = ""
    marks_every: int = 4

    def __post_init__(self) -> None:
        """Refuse numbers that make no sense."""
        for tag, weight in self.weights:
            if not 1 <= weight <= MOST_COPIES:
                raise PlaylistError(
                    f'playlist "{self.id}": weight {weight} of "{tag}" is not 1 .. {MOST_COPIES}'
                )
        if not 1 <= self.marks_every <= 1000:
            raise PlaylistError(
                f'playlist "{self.id}": a mark every {self.marks_every} tracks is not 1 .. 1000'
            )

    def copies(self, recording: Recording) -> int:
        """How often a recording comes in one round."""
        tags = {tag.casefold() for tag in recording.tags}
        return max((weight for tag, weight in self.weights if tag.casefold() in tags), default=1)


Playlist = FixedList | RotatingList


@dataclass(frozen=True)
class Pool:
    """The recordings at hand: all by id, and those of each folder."""

    by_id: Mapping[str, Recording] = field(default_factory=dict)
    folders: Mapping[str, tuple[Recording, ...]] = field(default_factory=dict)

    def chosen(self, choice: Choice) -> Iterator[Recording]:
        """The recordings that a choice takes, each once."""
        if choice.folders:
            listed = {r.id: r for f in choice.folders for r in self.folders.get(f, ())}
        else:
            listed = dict(self.by_id)
        return (recording for recording in listed.values() if choice.takes(recording))


def lists_holding(playlists: Iterable[Playlist], recording: Recording, pool: Pool) -> list[str]:
    """The playlists that a recording is in, by id."""
    return [
        playlist.id
        for playlist in playlists
        if (
            recording.id in playlist.items
            if isinstance(playlist, FixedList)
            else any(one.id == recording.id for one in pool.chosen(playlist.choice))
        )
    ]


def playing_time(playlist: Playlist, pool: Pool) -> Sample:
    """How long a list plays once through, in samples, without its crossfades."""
    if isinstance(playlist, FixedList):
        found: Iterable[Recording] = (pool.by_id[i] for i in playlist.items if i in pool.by_id)
    else:
        found = pool.chosen(playlist.choice)
    return sum(recording.playing_length for recording in found)


def _folded(words: Iterable[str]) -> set[str]:
    return {word.casefold() for word in words}
