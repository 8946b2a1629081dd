"""The supervisor: takes possession of the run directory, starts the processes, keeps them going.

It does little, so that little can go wrong with it: no request is answered here and no decision
about sound is taken. It reads the site file once, opens the sending sockets once and hands them to
the engines. Engines that it finds at work, because the supervisor before it died, it adopts. A
process that ends is started again; an engine that lives but does not send is killed. Nothing here
knows what time it is on the wall.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic_ns
from types import TracebackType
from typing import Final

from broadcaster.engine.site_streams import sockets_of
from broadcaster.link import LinkError, connect
from broadcaster.run_directory import ProcessEntry, ProcessTable
from broadcaster.supervisor.adoption import ENGINE_MODULE, Orphan
from broadcaster.supervisor.child import (
    Child,
    Duty,
    ending,
    given,
    processing_of,
    python_module,
    turns_of,
)
from broadcaster.supervisor.ground import Ground, Options, prepare
from broadcaster.supervisor.heartbeat import INTERVAL, Heartbeat, Look, Stillness
from broadcaster.supervisor.sending_sockets import source_of
from broadcaster.supervisor.steering import Steering, keep_steered
from broadcaster.supervisor.systemd_notify import (
    forget_descriptor,
    notify,
    store_descriptor,
    watchdog_interval,
)
from zones.media_time import MediaClock
from zones.site import Site

ENGINE_DELAYS: Final = (0.0, 0.0, 0.05, 0.1, 0.25)
"""Seconds before an engine's next start: it is never given up (SAFETY G5)."""
DELAYS: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
_STANDING_BY: Final = 2.0
"""Seconds in which a standby that is started anew has everything staged."""
_ALONE: Final = 1.0
"""Seconds an engine that starts anew has the processors to itself."""
_IN_TURN: Final = 3.0
"""Seconds others wait at most for control to take commands before they begin."""
_LOOK: Final = 0.05
_START_LIMIT: Final = 10.0
"""Seconds a process may take to begin: an engine to speak when nobody does, control to listen."""

_QUESTION_INTERVAL: Final = 1.0
_MOST_PATIENCE: Final = 120.0
"""The longest that control may take to listen, after it was ended too early again and again."""
_ANSWER_LIMIT: Final = 2.0
"""Seconds control may take to say hello: it has no callback over 10 ms."""
_UNANSWERED: Final = 2
"""Questions in a row without an answer after which control is started anew: 6 s at most."""

ENGINE: Final = "engine"
STANDBY: Final = "standby"
CONTROL: Final = "control"

log = logging.getLogger(__name__)


class Supervisor:
    """Runs one controller: `async with Supervisor(options):`, or `run` until a signal.

    Entering raises what `broadcaster.supervisor.ground.prepare` does.
    """

    def __init__(self, options: Options) -> None:
        """Nothing is touched before it is entered."""
        self._options = options
        self._resources = ExitStack()
        self._ground: Ground | None = None
        self._children: list[Child] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._is_table_lost = False
        self._leaves_engines = False
        self._asked_to_stop = asyncio.Event()
        self.speaking = asyncio.Event()
        """Set when an engine has spoken for the first time."""

    async def __aenter__(self) -> Supervisor:
        """Take possession and start everything."""
        try:
            self._ground = prepare(self._options, self._resources)
        except BaseException:
            self._resources.close()
            raise
        self._children = [Child(duty, self._output(duty)) for duty in self._duties()]
        self._adopt(self._ground.adopted)
        engines = 0
        for child in self._children:
            engines += child.duty.role == ENGINE
            is_standby = child.duty.role == ENGINE and engines > 1
            self._own(partial(self._keep, child, is_standby), str(child))
        self._own(self._watch, "watch")
        self._own(self._question, "questions to control")
        self._own(self._look_for_still_ones, "looks at the others")
        steering = Steering(sockets_of(self._ground.site), self._ground.sockets)
        self._own(partial(keep_steered, steering, self._replace_engines), "interfaces")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything, in reverse order, the engine that speaks last."""
        if not self._leaves_engines:
            notify("STOPPING=1")
        try:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            order = self._children[::-1]
            order.sort(key=self._is_speaking)
            for child in order:
                if not (self._leaves_engines and child.duty.role == ENGINE):
                    await child.stop()
            self._write_table()
        finally:
            for child in self._children:
                if self._leaves_engines and child.duty.role == ENGINE:
                    child.leave()
            for child in self._children:
                child.kill()
            self._resources.close()

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT; a second one does not wait for anybody.

        With engines that are kept, SIGHUP ends everything else: the next supervisor adopts them.
        """
        loop = asyncio.get_running_loop()
        handlers = {signal.SIGTERM: self.stop, signal.SIGINT: self.stop}
        if self._options.keep_engines:
            handlers[signal.SIGHUP] = self.leave
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        try:
            async with self:
                await self._asked_to_stop.wait()
                log.info("leaving the engines to speak" if self._leaves_engines else "stopping")
        finally:
            for number in handlers:
                loop.remove_signal_handler(number)

    def stop(self) -> None:
        """End `run`; asked again, at once."""
        if self._asked_to_stop.is_set():
            for child in self._children:
                child.kill()
        self._leaves_engines = False
        self._asked_to_stop.set()

    def leave(self) -> None:
        """End `run` and everything but the engines; nothing happens when it ends already."""
        if not self._asked_to_stop.is_set():
            self._leaves_engines = True
            self._asked_to_stop.set()

    @property
    def ground(self) -> Ground:
        """What this controller stands on; only while it is entered."""
        assert self._ground is not None, "the supervisor is not running"  # noqa: S101
        return self._ground

    @property
    def site(self) -> Site:
        """The site, on the interface it was told to use."""
        return self.ground.site

    @property
    def clock(self) -> MediaClock:
        """The media clock of this boot."""
        return self.ground.clock

    @property
    def processes(self) -> tuple[ProcessEntry, ...]:
        """The processes as they are now; of two engines the silent one is the standby."""
        return with_standby(
            (child.entry for child in self._children), int(self.ground.block.fields["pid"])
        )

    def _own(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        self._tasks.append(asyncio.create_task(_endlessly(work), name=name))

    # --- keeping processes going ---

    def _adopt(self, found: Iterable[Orphan]) -> None:
        """Make engines that are at work ours; those that send something else are ended."""
        speaking = int(self.ground.block.fields["pid"])
        vacant = [child for child in self._children if child.duty.role == ENGINE]
        for orphan in sorted(found, key=lambda orphan: orphan.entry.pid != speaking):
            if vacant and orphan.is_run_like(vacant[0].duty.command):
                child = vacant.pop(0)
                child.adopt(orphan.entry, orphan.descriptor)
                log.info("adopted %s", child)
            else:
                log.warning("engine process %d is not as it should be: killed", orphan.entry.pid)
                orphan.end()

    async def _keep(self, child: Child, is_standby: bool) -> None:
        """Start a process again whenever it ends."""
        if (is_standby or child.duty.waits_its_turn) and not child.pid:
            # What starts at once takes the processor from the engine.
            await self.speaking.wait()
        if child.duty.waits_its_turn and not child.pid:
            await self._controlled()
        while True:
            try:
                if not child.pid:
                    child.start()
                self._write_table()
                status = await child.ended()
                log.warning("%s %s and is started again", child.duty.role, ending(status))
            except OSError as error:
                log.error("%s cannot be started: %s", child.duty.role, error)
                await asyncio.sleep(DELAYS[1])
            self._write_table()
            await asyncio.sleep(child.delay())
            if is_standby and self._speaker() is None:
                await self._let_the_other_begin()

    async def _controlled(self) -> None:
        """Wait until control takes commands, or should have by now."""
        socket = self._options.run.control_socket
        with suppress(TimeoutError):
            async with asyncio.timeout(_IN_TURN):
                while True:
                    with suppress(LinkError):
                        async with connect(socket, "supervisor", _ANSWER_LIMIT):
                            return
                    await asyncio.sleep(_LOOK)

    async def _let_the_other_begin(self) -> None:
        """Both engines are gone: one alone is on air sooner than two that start together."""
        self.speaking.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.speaking.wait(), _ALONE)

    async def _replace_engines(self, renewed: list[str]) -> None:
        """Let engines with the present sockets take the others' place, without a gap elsewhere."""
        for name in renewed:
            if self._options.keep_engines:
                forget_descriptor(name)
                store_descriptor(name, self.ground.sockets[name].fileno())
        engines = [child for child in self._children if child.duty.role == ENGINE]
        for child in sorted(engines, key=self._is_speaking):
            if len(engines) > 1:
                await child.stop()
                await asyncio.sleep(_STANDING_BY)
            else:
                child.kill()  # a stop would take leave of the receivers
        self._write_table()

    def _write_table(self) -> None:
        """Tell others what runs; sound does not depend on it, so a full disk is only logged."""
        ground, options = self.ground, self._options
        table = ProcessTable(
            supervisor=os.getpid(),
            boot=ground.clock.boot,
            config=str(options.config.absolute()),
            state=str(options.state.path.absolute()),
            interface=options.interface,
            sources={name: source_of(one) for name, one in ground.sockets.items()},
            processes=self.processes,
        )
        try:
            table.write(options.run.processes)
        except OSError as error:
            if not self._is_table_lost:
                log.error("cannot write %s: %s", options.run.processes, error.strerror)
            self._is_table_lost = True
        else:
            self._is_table_lost = False

    # --- watching the engine's work ---

    async def _watch(self) -> None:
        """Look at the engine ten times a second, kill one that hangs, and tell systemd."""
        heartbeat = Heartbeat()
        condemned = 0
        told_ns = monotonic_ns()
        watchdog = watchdog_interval()
        due_ns = monotonic_ns()
        while True:
            due_ns = max(due_ns, monotonic_ns()) + int(INTERVAL * 1e9)
            await asyncio.sleep((due_ns - monotonic_ns()) / 1e9)
            speaker = self._speaker()
            if speaker is None:
                self._end_a_stuck_start()
            elif heartbeat.is_stale(self._look(due_ns)):
                if speaker.pid != condemned:  # it takes a moment to die
                    log.error("%s has stopped sending and is killed", speaker)
                    condemned = speaker.pid
                    speaker.kill()
            elif not self.speaking.is_set() and self._speaks():
                self.speaking.set()
                notify("READY=1", "STATUS=speaking")
                log.info("speaking, engine process %d", speaker.pid)
            if watchdog is not None and (monotonic_ns() - told_ns) / 1e9 >= watchdog - INTERVAL:
                told_ns = monotonic_ns()
                notify("WATCHDOG=1")

    def _look(self, due_ns: int) -> Look:
        fields = self.ground.block.fields
        pid = int(fields["pid"])
        processing = processing_of(pid)
        return Look(
            due_ns=due_ns,
            at_ns=monotonic_ns(),
            pid=pid,
            beat_ns=int(fields["beat_ns"]),
            sent_until=int(fields["sent_until"]),
            waited_ns=processing.waited_ns,
            ran_ns=processing.ran_ns,
            is_queued=processing.is_queued,
        )

    def _speaker(self) -> Child | None:
        """The engine that has the right to speak."""
        return next((child for child in self._children if self._is_speaking(child)), None)

    def _is_speaking(self, child: Child) -> bool:
        pid = int(self.ground.block.fields["pid"])
        return child.duty.role == ENGINE and child.pid == pid != 0

    def _speaks(self) -> bool:
        """Whether something was sent since the last look was due."""
        return monotonic_ns() - int(self.ground.block.fields["beat_ns"]) < INTERVAL * 1e9

    def _end_a_stuck_start(self) -> None:
        for child in self._children:
            if child.duty.role == ENGINE and child.pid and child.lived_s > _START_LIMIT:
                log.error("%s has not begun to send and is killed", child)
                child.kill()

    # --- watching control's work ---

    async def _question(self) -> None:
        """Ask control for its hello every second, and end one that lives but does not answer.

        One that was ended before it ever answered gets twice the time to begin: on a machine that
        is overloaded, killing what starts slowly would keep it from ever starting.
        """
        unanswered, patience, has_answered = 0, _START_LIMIT, 0
        while True:
            await asyncio.sleep(_QUESTION_INTERVAL)
            control = next(child for child in self._children if child.duty.role == CONTROL)
            if not control.pid or control.lived_s < patience:
                unanswered = 0
                continue
            try:
                async with connect(self._options.run.control_socket, "supervisor", _ANSWER_LIMIT):
                    unanswered, patience, has_answered = 0, _START_LIMIT, control.pid
            except LinkError as error:
                unanswered += 1
                if unanswered == _UNANSWERED:
                    log.error("%s lives but does not answer (%s) and is killed", control, error)
                    if has_answered != control.pid:
                        patience = min(2 * patience, _MOST_PATIENCE)
                    control.kill()

    # --- watching the others ---

    async def _look_for_still_ones(self) -> None:
        """End a process that lives and does not run: a standby must be ready, an ear listen."""
        stillness = Stillness()
        due_ns = monotonic_ns()
        while True:
            due_ns = max(due_ns, monotonic_ns()) + 1_000_000_000
            await asyncio.sleep((due_ns - monotonic_ns()) / 1e9)
            is_on_time = monotonic_ns() - due_ns < INTERVAL * 1e9
            watched = {
                child.pid: child
                for child in self._children
                if child.pid and child.duty.role != CONTROL and not self._is_speaking(child)
            }
            turns = {pid: turns_of(pid) for pid in watched}
            for pid in stillness.look(turns if is_on_time else {}):
                log.error("%s lives but does nothing and is killed", watched[pid])
                watched[pid].kill()

    # --- what is run ---

    def _duties(self) -> list[Duty]:
        options = self._options
        run, state, config = (
            ("--run", options.run.path.absolute()),
            ("--state", options.state.path.absolute()),
            ("--config", options.config.absolute()),
        )
        sockets = self.ground.sockets
        descriptors = tuple(one.fileno() for one in sockets.values())
        names = [
            word
            for name, number in zip(sockets, descriptors, strict=True)
            for word in ("--socket", name, str(number))
        ]
        parent = ("--parent", str(os.getpid()))
        here = ("--interface", options.interface)
        faithful = () if options.keep_engines else parent
        engine = Duty(
            ENGINE,
            python_module(ENGINE_MODULE, *given(run, state), *names, *faithful),
            ENGINE_DELAYS,
            descriptors,
            stop_limit=1.0,
        )
        duties = [engine] * (2 if options.with_standby else 1)
        music = ("--music", None if options.music is None else options.music.absolute())
        demo = ("--demo",) if options.is_demo else ()
        controls = (*given(run, state, config, here, music), *demo)
        for role, module, places in (
            ("control", "broadcaster.control.main", controls),
            ("ear", "broadcaster.ear.main", given(run, state, config, here)),
        ):
            duties.append(Duty(role, python_module(module, *places, *parent), DELAYS))
        if options.is_open:
            places = given(run, state, config)
            agents = options.run.path.absolute() / "agents.yaml"
            access = ("--access", str(agents)) if options.with_amplifiers else ()
            words_of = {"doors": demo, "console": demo, "watch": access, "notices": ()}
            for role, words in words_of.items():
                module = f"broadcaster.{role}.main"
                command = python_module(module, *places, *words, *parent)
                duties.append(Duty(role, command, DELAYS, waits_its_turn=True))
        if options.with_amplifiers:
            places = given(run, config, here)
            module = "broadcaster.simulator.amplifiers"
            agents_too = ("--agents",) if options.is_open else ()
            command = python_module(module, *places, *agents_too, *parent)
            duties.append(Duty("amplifiers", command, DELAYS))
        return duties

    def _output(self, duty: Duty) -> Path | None:
        if self._options.output is None:
            return None
        return self._options.output / f"{duty.role}.log"


def with_standby(entries: Iterable[ProcessEntry], speaking: int) -> tuple[ProcessEntry, ...]:
    """The entries, with the engine that speaks (process id `speaking`) first to be the engine.

    The other engine is the standby, whichever was started first.
    """
    entries = tuple(entries)
    engines = [entry for entry in entries if entry.role in (ENGINE, STANDBY)]
    first = next((entry for entry in engines if entry.pid == speaking != 0), None) or next(
        iter(engines), None
    )
    return tuple(
        replace(entry, role=ENGINE if entry is first else STANDBY) if entry in engines else entry
        for entry in entries
    )


async def _endlessly(work: Callable[[], Awaitable[None]]) -> None:
    """Begin `work` anew when it fails: a fault in the supervisor must not stop the sound."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("a fault in the supervisor")
            await asyncio.sleep(1.0)
