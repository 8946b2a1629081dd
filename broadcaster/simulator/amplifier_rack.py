"""All virtual amplifiers of a site, connected: their sockets, their players, their recordings."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from time import monotonic_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from broadcaster.engine.packet import samples_near
from broadcaster.multicast import Datagrams, Following, Inbox, ReceivingSocket
from broadcaster.simulator.virtual_amplifier import MUTES_AFTER, Samples, Sleep, StreamPlayer
from broadcaster.witness import Fact, Witness
from firmware_profiles.profile import Profile
from zones.media_time import RATE, MediaClock, Sample
from zones.reception import KeepAlive
from zones.site import Amplifier, AmplifierId, ProfileId, Site, StreamSpec, resting_zone
from zones.stream_format import FORMATS

_NS = 1_000_000_000
_HEADER_BYTES = 12


class Recorder:
    """Writes what a loudspeaker got to a WAV file until it has `length` samples.

    `fault` says why it has fewer.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path, length: Sample, done: Callable[[], None]) -> None:
        """Make the file; `done` is called when it needs no more sound."""
        self._file = wave.open(str(path), "wb")  # noqa: SIM115 - closed when it is long enough
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(RATE)
        self._left = length
        self._done = done
        self.fault = ""

    def write(self, sound: Samples) -> None:
        """Add `sound`; what comes after the end is left out."""
        if self._left <= 0:
            return
        try:
            self._file.writeframes(sound[: self._left].astype("<i2").tobytes())
        except OSError as error:
            self.fail(error.strerror or str(error))
        self._left -= len(sound)
        if self._left <= 0:
            self._done()

    def fail(self, reason: str) -> None:
        """Give up."""
        self.fault, self._left = reason, 0

    def close(self) -> None:
        """Finish the file: its header gets the true length."""
        try:
            self._file.close()
        except OSError as error:
            self.fail(error.strerror or str(error))


@dataclass
class Connection:
    """One stream of one amplifier; `socket` is None while the amplifier is unplugged."""

    stream: StreamSpec
    address: str
    port: int
    interface: str
    player: StreamPlayer
    socket: ReceivingSocket | None = None

    def plug(self) -> None:
        """Join the group; raises OSError."""
        if self.socket is None:
            self.socket = ReceivingSocket(self.address, self.port, self.interface)

    def unplug(self) -> None:
        """Leave the group."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None
            self.player.disconnect()


@dataclass
class RackedAmplifier:
    """An amplifier and its connections."""

    amplifier: Amplifier
    connections: tuple[Connection, ...]
    is_plugged: bool = False
    recorders: list[Recorder] = field(default_factory=list)

    @property
    def ways(self) -> list[tuple[StreamSpec, str, int, str]]:
        """What it takes and where from."""
        return [(one.stream, one.address, one.port, one.interface) for one in self.connections]

    @property
    def id(self) -> AmplifierId:
        """Its name in the site."""
        return self.amplifier.id

    def plug(self) -> None:
        """Connect it to the network; raises OSError, and then it stays unplugged."""
        try:
            for connection in self.connections:
                connection.plug()
        except OSError:
            self.unplug()
            raise
        self.is_plugged = True

    def unplug(self) -> None:
        """Take it off the network."""
        self.is_plugged = False
        for connection in self.connections:
            connection.unplug()


def racked(
    site: Site, amplifier: Amplifier, profiles: Mapping[ProfileId, Profile]
) -> RackedAmplifier:
    """An amplifier with the streams of the zones its outputs serve that its profile takes."""
    profile = profiles[amplifier.profile]
    outputs = set(amplifier.outputs)
    zones = {zone.id for zone in site.zones if outputs.intersection(zone.outputs)}
    zones.add(resting_zone(amplifier.id))
    taken = [
        stream
        for stream in (*site.streams, *(spare.stream for spare in site.spares))
        if stream.zone in zones
        and profile.reception.takes(stream.format, stream.packet_time, stream.payload_type)
    ]
    return RackedAmplifier(
        amplifier,
        tuple(_connection(site, each, profile) for each in taken[: profile.reception.groups]),
    )


def _connection(site: Site, stream: StreamSpec, profile: Profile) -> Connection:
    leg = stream.legs[0]
    reception = profile.reception
    sleeps = reception.pre_roll > 0 or reception.keep_alive is KeepAlive.DITHER
    player = StreamPlayer(
        FORMATS[stream.format],
        stream.payload_type,
        profile.buffer.default,
        profile.on_stop / RATE,
        Sleep(MUTES_AFTER, reception.pre_roll) if sleeps else None,
    )
    return Connection(stream, leg.address, leg.port, site.network(leg.network).interface, player)


class Rack:
    """Every amplifier of a site. `tick` must be called more often than the buffers are long."""

    def __init__(
        self, site: Site, profiles: Mapping[ProfileId, Profile], clock: MediaClock
    ) -> None:
        """Nothing is plugged in yet; `clock` is only for telling how late packets come."""
        self.amplifiers = {each.id: racked(site, each, profiles) for each in site.amplifiers}
        self._clock = clock
        self._inbox = Inbox()
        self._following = Following()

    def follow(self, site: Site, profiles: Mapping[ProfileId, Profile]) -> None:
        """Connect amplifiers as another site says; those it connects as before play on."""
        before, self.amplifiers = self.amplifiers, {}
        for each in site.amplifiers:
            new, old = racked(site, each, profiles), before.pop(each.id, None)
            if old is not None and old.ways == new.ways:
                self.amplifiers[each.id] = old
                continue
            is_plugged = old is None or old.is_plugged
            if old is not None:
                new.recorders = old.recorders
                old.unplug()
            self.amplifiers[each.id] = new
            if is_plugged:
                with suppress(OSError):  # it stays unplugged, which is shown
                    new.plug()
        for gone in before.values():
            gone.unplug()

    def plug(self) -> None:
        """Plug everything in.

        Raises:
            OSError: an interface is missing or a port is taken.
        """
        for amplifier in self.amplifiers.values():
            amplifier.plug()

    def unplug(self) -> None:
        """Close every socket."""
        for amplifier in self.amplifiers.values():
            amplifier.unplug()

    # --- sound ---

    def tick(self) -> None:
        """Take what has come, and play until now."""
        connections = [c for a in self.amplifiers.values() for c in a.connections]
        listening = [(c, c.socket) for c in connections if c.socket is not None]
        sockets = [receiver for _, receiver in listening]
        self._following.follow(sockets)
        players = [connection.player for connection, _ in listening]
        rates = np.array([FORMATS[c.stream.format].clock_hz for c, _ in listening], np.int64)
        is_more = True
        while is_more:
            batch = self._inbox.drain(sockets)
            self._receive(players, rates, batch)
            is_more = batch.is_more
        now = monotonic_ns() / _NS
        for amplifier in self.amplifiers.values():
            self._play(amplifier, now)

    def _receive(
        self, players: list[StreamPlayer], rates: NDArray[np.int64], batch: Datagrams
    ) -> None:
        rows = np.flatnonzero(batch.is_plain())
        headers = batch.headers()[rows]
        here = self._clock.sample_at(monotonic_ns())
        ahead = samples_near(headers["timestamp"], rates[batch.socket[rows]], here) - here
        lateness = (batch.at_ns[rows] - self._clock.monotonic_ns_at(here)) / _NS - ahead / RATE
        fields = zip(
            rows.tolist(),
            batch.socket[rows].tolist(),
            zip(batch.addresses[rows].tolist(), batch.ports[rows].tolist(), strict=True),
            (headers["type"] & 0x7F).tolist(),
            headers["sequence"].tolist(),
            headers["timestamp"].tolist(),
            headers["ssrc"].tolist(),
            batch.lengths[rows].tolist(),
            (batch.at_ns[rows] / _NS).tolist(),
            lateness.tolist(),
            strict=True,
        )
        for row, place, source, kind, sequence, stamp, ssrc, length, at, late in fields:
            payload = batch.octets[row, _HEADER_BYTES:length]
            players[place].receive(source, (kind, sequence, stamp, ssrc), payload, at, late)

    def _play(self, amplifier: RackedAmplifier, now: float) -> None:
        for place, connection in enumerate(amplifier.connections):
            sound = connection.player.play(now)
            if place == 0 and len(sound):
                for recorder in amplifier.recorders:
                    recorder.write(sound)

    # --- what they say ---

    def witnesses(self) -> Iterator[Witness]:
        """What every amplifier that is on the network says has arrived."""
        now_ns = monotonic_ns()
        now, at = now_ns / _NS, self._clock.sample_at(now_ns)
        for amplifier in self.amplifiers.values():
            # One that is unplugged reaches nobody: what is not said cannot be believed (SAFETY A1).
            if amplifier.is_plugged:
                for connection in amplifier.connections:
                    stream, fault = connection.stream, connection.player.fault(now)
                    yield Witness(
                        *(str(amplifier.id), stream.zone, stream.id, Fact.ARRIVED),
                        *(fault is None, at, _told(connection, now)),
                    )

    def values(self) -> list[bool]:
        """The values of `witnesses`, and who is plugged in; for seeing whether anything changed."""
        now = monotonic_ns() / _NS
        return [
            value
            for amplifier in self.amplifiers.values()
            for value in (
                amplifier.is_plugged,
                *(each.player.fault(now) is None for each in amplifier.connections),
            )
        ]

    def report(self) -> list[dict[str, Any]]:
        """Every amplifier as its own display would show it, unplugged ones included."""
        now = monotonic_ns() / _NS
        return [_report(amplifier, now) for amplifier in self.amplifiers.values()]


def _told(connection: Connection, now: float) -> dict[str, Any]:
    """What an amplifier tells about one stream."""
    player, counts = connection.player, connection.player.counts
    level, source = player.level_dbfs(now), player.source
    return {
        "heard": player.is_heard(now),
        "fault": player.fault(now),
        "packets": counts.packets,
        "lost": counts.lost,
        "reordered": counts.reordered,
        "doubled": counts.doubled,
        "late": player.late,
        "gaps": player.gaps,
        "ssrc_changes": player.ssrc_changes,
        "refused": player.refused,
        "level_dbfs": None if level is None else round(level, 1),
        "jitter_ms": round(player.jitter / RATE * 1000, 3),
        "muted": player.output.is_muted,
        "source": None if source is None else f"{IPv4Address(source[0])}:{source[1]}",
        "ssrc": player.ssrc,
    }


_SUMS = (
    *("packets", "lost", "reordered", "doubled", "late", "gaps", "ssrc_changes", "refused"),
    "not_drained",
)


def _report(amplifier: RackedAmplifier, now: float) -> dict[str, Any]:
    streams = [
        {
            "stream": connection.stream.id,
            **_told(connection, now),
            "lateness_ms": connection.player.lateness_ms(),
            "not_drained": 0 if connection.socket is None else connection.socket.dropped,
        }
        for connection in amplifier.connections
    ]
    levels = [each["level_dbfs"] for each in streams if each["level_dbfs"] is not None]
    return {
        "id": amplifier.id,
        "plugged": amplifier.is_plugged,
        "heard": bool(streams) and all(each["heard"] for each in streams),
        **{name: sum(each[name] for each in streams) for name in _SUMS},
        "level_dbfs": max(levels, default=None),
        "lateness_ms": streams[0]["lateness_ms"] if streams else None,
        "streams": streams,
    }
