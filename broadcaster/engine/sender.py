"""The sending loop: one real-time thread, one sendmmsg per socket and tick.

Everything a tick needs is prepared before it sleeps: headers, payload pointers, the next blocks of
encoded sound. After waking it looks at one attribute (has a new plan been handed over?), sends, and
prepares the next tick. It opens nothing, hashes nothing and waits for no page.
"""

from __future__ import annotations

import ctypes
import math
import socket
from collections.abc import Mapping
from time import monotonic_ns

from broadcaster.engine.bulletins import Bulletins
from broadcaster.engine.cadence import BLOCK_PACKETS, Cadence
from broadcaster.engine.libc import CLOCK_MONOTONIC, TIMER_ABSTIME, AbsoluteSleep, TimeSpec, libc
from broadcaster.engine.line import Chorus, Line, Voice
from broadcaster.engine.pace import Due, next_due
from broadcaster.engine.plan import Part, Plan
from broadcaster.engine.score import Score, score
from broadcaster.engine.shared_block import STAMPS, Adoption, SharedBlock
from broadcaster.engine.sounding import Pcm, is_at_hand
from zones.bus import ClaimId
from zones.media_time import MediaClock, Sample

_PUBLISH_EVERY: Sample = 4800
_STEADY: Sample = 19_200
"""The longest run of ticks whose packets are not yet counted in the shared block."""
_ALIGNMENT: Sample = 960
"""Every packet time divides it, so all cadences meet there."""
_MARGIN_NS = 300_000
"""Work that can wait ends this long before the next packets are due."""
_AHEAD_NS = 1_500_000
"""The most encoding done ahead in one tick, so that the work of many voices is spread."""
_LINES_AHEAD_NS = 400_000
"""The same for blocks of lines: they have many ticks' time."""
_WARM_UP_NS = 4_000_000
"""What an engine that begins may spend on cold encoders even if its first packets wait for it."""
_HORIZON_PER_VOICE: Sample = 20
"""How long before it is due a packet may be made ahead: some 0.4 ms for each voice."""
_LONGEST_HORIZON: Sample = 720


class Sender:
    """The one who speaks. `run` is the loop; `hand_over` may be called from another thread."""

    def __init__(
        self,
        clock: MediaClock,
        block: SharedBlock,
        pcm: Pcm,
        sockets: Mapping[str, socket.socket],
    ) -> None:
        """Sockets are named as in the plan's legs (`plan.socket_name`)."""
        self._clock = clock
        self._block = block
        self._sent_until = block.word("sent_until")
        self._beat_ns = block.word("beat_ns")
        self._sleep = AbsoluteSleep()
        self._pcm = pcm
        self._sockets = sockets
        self._cadences: tuple[Cadence, ...] = ()
        self._lines: tuple[Line | Chorus, ...] = ()
        self._waiting: list[Line | Chorus] = []
        self._voices: tuple[Voice, ...] = ()
        self._shared: tuple[Line, ...] = ()
        self._horizon: Sample = 0
        self._bulletins: Bulletins | None = None
        self._newest: Score | None = None
        self._stamps: dict[ClaimId, Sample] = {}
        self._in_force: Mapping[Part, Plan] = {}
        self._trying: list[Adoption] = []
        self._handed_over: Score | None = None
        self._tick: Sample = 240
        self._publish_at: Sample = 0
        self.is_stopping = False

    def hand_over(self, parts: Mapping[Part, Plan]) -> None:
        """Let the next tick play these parts; for the staging thread.

        Raises:
            PlanError: the parts cannot be sent by this engine.
        """
        self._newest = score(parts, self._sockets, self._block, self._newest, self._now())
        self._handed_over = self._newest

    def rehearse(self) -> None:
        """Go through a tick without sending, so that a standby's first one is not its slowest."""
        score = self._handed_over
        if score is not None:
            sample = -(-self._now() // _ALIGNMENT) * _ALIGNMENT
            self._recall_stamps(score)
            score.begin()
            for cadence in score.cadences:
                cadence.prepare(self._pcm, sample, 1)
                cadence.send_nothing()

    def run(self) -> None:
        """Send until `is_stopping`; returns after a whole tick."""
        sample = self._begin()
        while True:
            self._prepare(sample, BLOCK_PACKETS)
            due_ns = self._clock.monotonic_ns_at(sample)
            self._work_ahead(sample, min(due_ns - _MARGIN_NS, monotonic_ns() + _AHEAD_NS))
            if self._bulletins is not None and self._bulletins.due <= sample:
                self._send_bulletins(sample, due_ns - _MARGIN_NS)
            sample = self._rest(sample)
            now = self._now()
            if now - sample >= self._tick:
                sample = self._skip(sample, next_due(sample, now, self._tick))
            if self._handed_over is not None or self._waiting:
                tick = self._tick
                self._adopt(sample)
                if tick != self._tick and sample % self._tick:
                    sample += -sample % self._tick
                    continue
                self._prepare(sample, 1)
            self._send(sample)
            if self._trying:
                self._note_adopted()
            sample += self._tick
            if self.is_stopping:
                return
            if len(self._cadences) == 1 and not self._voices and not self._waiting:
                sample = self._send_steadily(self._cadences[0], sample)

    def _rest(self, sample: Sample) -> Sample:
        """Sleep until the packets that begin at `sample` are due; the sample that is due.

        What is handed over meanwhile is taken up at once, so that it costs no time when they are.
        """
        while True:
            if self._handed_over is not None:
                tick = self._tick
                self._adopt(sample)
                if tick != self._tick:
                    sample += -sample % self._tick
                self._prepare(sample, 1)
            due_ns = self._clock.monotonic_ns_at(sample)
            self._sleep.until(due_ns)
            if monotonic_ns() >= due_ns:
                return sample

    def _send_steadily(self, cadence: Cadence, sample: Sample) -> Sample:
        """Send the ticks that are laid out while nothing else is to be done; the next sample.

        This is `run` without anything that can be left out: after five idle milliseconds the caches
        are cold, and every line of Python costs ten times what it does in a loop.
        """
        descriptor, address, row_bytes, legs, end = cadence.laid_out(sample)
        if self._bulletins is not None:
            end = min(end, self._bulletins.due)
        end = min(end, sample + _STEADY)
        tick, clock_nanosleep, sendmmsg = self._tick, libc.clock_nanosleep, libc.sendmmsg
        due_ns = self._clock.monotonic_ns_at(sample)
        tick_ns = self._clock.monotonic_ns_at(sample + tick) - due_ns
        spec, sent_until, beat_ns = TimeSpec(), self._sent_until, self._beat_ns
        pointer = ctypes.byref(spec)
        begun = sample
        while sample < end and self._handed_over is None:
            spec.tv_sec, spec.tv_nsec = divmod(due_ns, 1_000_000_000)
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, pointer, None)
            now_ns = monotonic_ns()
            if not due_ns <= now_ns < due_ns + tick_ns:
                break  # adopt, catch up or stop: `run` finds this tick not sent
            sent = sendmmsg(descriptor, address, legs, 0)
            sample += tick
            sent_until.value, beat_ns.value = sample, now_ns
            if sent != legs:
                cadence.finish(sample - tick, sent)
                cadence.count_whole((sample - begun) // tick - 1)
                return sample
            address += row_bytes
            due_ns += tick_ns
        cadence.count_whole((sample - begun) // tick)
        return sample

    def _recall_stamps(self, score: Score) -> None:
        """Give claims the starts that an engine before this one gave them."""
        stamps = self._block.stamps(score.waiting)
        for line in score.lines:
            line.play(line.mix.with_stamps(stamps))

    def _begin(self) -> Sample:
        """Take up what there is to play, before the first packet that is due; where that begins."""
        score = self._handed_over
        if score is not None and score.cadences:
            self._tick = min(cadence.packet_time for cadence in score.cadences)
        sample = -(-self._now() // self._tick) * self._tick
        if score is not None:
            self._adopt(sample)
            if self._voices:
                due_ns = self._clock.monotonic_ns_at(sample)
                self._work_ahead(sample - 1, max(due_ns - _MARGIN_NS, monotonic_ns() + _WARM_UP_NS))
        return sample

    def _now(self) -> Sample:
        return self._clock.sample_at(monotonic_ns())

    def _work_ahead(self, sample: Sample, until_ns: int) -> None:
        """Encode for the packets after `sample` while there is time; they fall due together."""
        for voice in self._voices:
            while monotonic_ns() < until_ns and voice.work_ahead(self._pcm, sample, self._horizon):
                pass
        until_ns = min(until_ns, monotonic_ns() + _LINES_AHEAD_NS)
        for line in self._shared:
            if monotonic_ns() >= until_ns:
                break
            line.work_ahead(self._pcm, sample)

    def _send_bulletins(self, sample: Sample, until_ns: int) -> None:
        """Send what is due beside the sound, while there is time; it tells the counts of now."""
        self._publish()
        bulletins = self._bulletins
        while bulletins is not None and bulletins.due <= sample and monotonic_ns() < until_ns:
            bulletins.send_next(sample)

    def _prepare(self, sample: Sample, packets: int) -> None:
        for cadence in self._cadences:
            if sample % cadence.packet_time == 0:
                cadence.prepare(self._pcm, sample, packets)

    def _send(self, sample: Sample) -> None:
        for cadence in self._cadences:
            if sample % cadence.packet_time == 0:
                cadence.send(sample)
        self._sent_until.value = sample + self._tick
        self._beat_ns.value = monotonic_ns()
        if sample >= self._publish_at:
            self._publish_at = sample + _PUBLISH_EVERY
            self._publish()

    def _skip(self, planned: Sample, due: Due) -> Sample:
        """Give up ticks that are too late; packets of longer packet times are still sent."""
        fields = self._block.fields
        fields["late_ticks"] += 1
        if not due.skipped:
            return planned
        fields["skipped_packets"] += due.skipped
        for cadence in self._cadences:
            begins = -(-planned // cadence.packet_time) * cadence.packet_time
            if cadence.packet_time > self._tick and begins < due.sample:
                cadence.prepare(self._pcm, begins, 1)
                cadence.send(begins)
        self._prepare(due.sample, BLOCK_PACKETS)
        return due.sample

    def _adopt(self, sample: Sample) -> None:
        """Play what was handed over from `sample` on, and stamp the claims that wait for it."""
        score, self._handed_over = self._handed_over, None
        if score is not None:
            self._change_cadences(score)
            adopted = [p for part, p in score.parts.items() if self._in_force.get(part) is not p]
            for plan in adopted:
                self._block.note_adopting(plan.part, plan.revision)
            self._in_force = score.parts
            self._lines = score.lines
            self._shared = tuple(line for line in score.lines if isinstance(line, Line))
            if self._bulletins is not None:
                score.bulletins.take_leave(self._bulletins, sample)
            self._voices, self._bulletins = score.voices, score.bulletins
            if self._cadences:
                self._tick = min(cadence.packet_time for cadence in self._cadences)
            self._horizon = min(
                _LONGEST_HORIZON, _HORIZON_PER_VOICE * len(self._voices) - self._tick
            )
            fresh = score.waiting - self._stamps.keys()
            known = {**self._block.stamps(fresh), **self._stamps} if fresh else self._stamps
            self._stamps = {name: at for name, at in known.items() if name in score.waiting}
            self._waiting = [line for line in score.lines if line.mix.waiting]
            self._trying = [
                *(
                    each
                    for each in self._trying
                    if score.parts[each.part].revision == each.revision
                ),
                *(Adoption(plan.part, plan.revision, sample) for plan in adopted),
            ]
        if self._waiting:
            self._stamp(sample)

    def _change_cadences(self, score: Score) -> None:
        """Let the cadences of `score` play it; those that go on go on counting."""
        if score.cadences is self._cadences:
            self._note_pre_rolls()
        else:
            self._publish()
            for cadence in score.cadences:
                cadence.take_over()
            self._cadences = score.cadences
        score.begin()

    def _note_adopted(self) -> None:
        """The first tick with a plan is over: it kills nobody (SAFETY G5)."""
        for adoption in self._trying:
            self._block.note_adopted(adoption)
        self._trying = []

    def _stamp(self, sample: Sample) -> None:
        """Start every waiting claim whose sound is at hand: one sample for all its zones.

        It is the first one at which all streams of these zones begin a packet that is not made yet,
        so that each of them carries the whole beginning and the whole fade of what gives way.
        """
        for claim in {c.id: c for line in self._waiting for c in line.mix.unstamped}.values():
            if claim.id not in self._stamps:
                at = self._meeting(claim.id, sample)
                if is_at_hand(self._pcm, claim, at):
                    self._block.stamp(claim.id, at, self._stamps)
                    self._stamps[claim.id] = at
        for line in self._waiting:
            mix = line.mix.with_stamps(self._stamps)
            if mix is not line.mix:
                line.play(mix)
                for cadence in self._cadences:
                    cadence.forget()
        self._waiting = [line for line in self._waiting if line.mix.unstamped]

    def _meeting(self, claim: ClaimId, sample: Sample) -> Sample:
        """The first sample from `sample` on at which all lines of a claim begin a new packet."""
        lines = [line for line in self._waiting if any(c.id == claim for c in line.mix.unstamped)]
        grid = math.lcm(*(line.packet_time for line in lines))
        return -(-max(line.open_from(sample) for line in lines) // grid) * grid

    def _note_pre_rolls(self) -> None:
        """Write down how messages that have begun were begun: a later plan may not show it."""
        for line in self._lines:
            for name, length in line.mix.pre_rolls(self._sent_until.value).items():
                if name not in self._stamps and len(self._stamps) < STAMPS // 2:
                    self._block.stamp(name, length, self._stamps)
                    self._stamps[name] = length

    def _publish(self) -> None:
        self._note_pre_rolls()
        for cadence in self._cadences:
            cadence.publish()
        for line in self._lines:
            if line.fault:
                self._block.say_fault(line.fault)

    def say_goodbye(self) -> None:
        """Tell receivers that every stream ends; only when no engine will speak after this one."""
        self._publish()
        if self._bulletins is not None:
            self._bulletins.say_goodbye(self._now())
