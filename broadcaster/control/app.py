"""Control's hands: it keeps the library and the plan, answers commands, shows how things stand.

Everything that decides is in `core`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic_ns
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from alerts.commands import Raise
from alerts.message import Phrase
from alerts.names import names_of
from alerts.voices import Voice
from broadcaster.control.acts import (
    Alerting,
    Answered,
    CalledUp,
    Command,
    Effect,
    EngineAdopted,
    Kept,
    Noticed,
    Planned,
    Play,
    Recorded,
    Restarted,
    RetakeAnchor,
    SparesKept,
    TakeLibrary,
    TakenOver,
    TakeOutline,
    TakeOver,
    TakeWords,
)
from broadcaster.control.alert_recovery import AlertNotes
from broadcaster.control.as_run_log import AsRunLog, buses_of
from broadcaster.control.audible_tester import order_audible_tests
from broadcaster.control.automatic_voices import AutomaticVoices
from broadcaster.control.core import Core
from broadcaster.control.detection_memory import beat, write_memory
from broadcaster.control.free_words import FreeWords
from broadcaster.control.library_keeper import LibraryKeeper
from broadcaster.control.live_keeper import LiveKeeper
from broadcaster.control.news_again import NewsAgain
from broadcaster.control.plan_reader import read_part
from broadcaster.control.play_order import RefusedError
from broadcaster.control.programme import Library
from broadcaster.control.querier_watch import QuerierWatch
from broadcaster.control.radio_desk import RadioDesk
from broadcaster.control.recorder import Recorder
from broadcaster.control.schedule_keeper import ScheduleKeeper
from broadcaster.control.site_keeper import SiteKeeper
from broadcaster.control.snapshot import ALIVE_NS, Look, Snapshots
from broadcaster.control.spares_file import SparesFile
from broadcaster.control.steering import read_steer
from broadcaster.control.store_care import StoreCare, check_stored
from broadcaster.control.wire import check_right, read_command
from broadcaster.engine.local_part import clear_claims
from broadcaster.engine.plan import Part, Plan, PlanError
from broadcaster.engine.plan_file import PlanFile
from broadcaster.engine.shared_block import SharedBlock
from broadcaster.journal.entry import Kind
from broadcaster.link import CommandRefusedError, LinkServer, Message
from broadcaster.radio.station import RadioStation
from broadcaster.run_directory import RunDirectory, StateDirectory
from playlists.outline import Outline
from zones.bus import stamped
from zones.media_time import MediaClock, WallAnchor

log = logging.getLogger(__name__)

STEP = 0.5
"""Seconds the wall clock may differ from what was planned by; more is a step."""
_LOOK_EVERY = 0.1
_LOOK_FAST = 0.001
"""Seconds between looks at the engine while somebody waits for it."""
_FAST_FOR = 2.5
_HOUSEKEEPING = 0.25
_INBOX = 1000
"""Commands that wait; whoever brings one more waits with it."""


class Control:
    """One controller's decisions, carried out."""

    def __init__(
        self,
        core: Core,
        block: SharedBlock,
        files: Mapping[Part, PlanFile],
        run: RunDirectory,
        state: StateDirectory,
        sites: SiteKeeper,
        notes: AlertNotes,
        unrecorded: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
        *,
        is_demo: bool = False,
    ) -> None:
        """`files` are both parts' plan files, of which only control's own is written.

        `unrecorded` are moves of alerts that the journal missed. A demo may speak synthetically.
        """
        self._voices = () if is_demo else (AutomaticVoices(core),)
        self._core = core
        self._block = block
        self._files = files
        self._run = run
        self._state = state
        self._snapshots = Snapshots(core)
        self._server = LinkServer(run.control_socket, "control", self._asked, self._snapshot)
        site = core.ground.site
        self._keeper = LibraryKeeper(state, sites.folders(site), self._take_library, names_of(site))
        self._care = StoreCare(run, state, lambda: core.ground.site.store_budget_bytes)
        self._sites = sites
        self._reloading = asyncio.Lock()
        self._queriers = QuerierWatch(one.interface for one in core.ground.site.networks)
        self._schedule = ScheduleKeeper(
            state.path,
            lambda: core.ground.site,
            lambda: sites.schedule_file(core.ground.site),
            self._take_outline,
            self._take_corrected,
            core.ground.seed,
        )
        self._radio = RadioDesk(
            lambda: RadioStation(core.ground.site, sites.note.config, state, run),
            self._keeper.fate,
        )
        self._live = LiveKeeper(
            run,
            lambda: core.plan.claims,
            lambda: self._schedule.addresses,
            lambda: core.ground.clock.sample_at(monotonic_ns()),
        )
        self._recorder = Recorder(state.path, lambda: wall_anchor(core.ground.clock))
        self._notes = notes
        self._unrecorded = unrecorded
        self._inbox: asyncio.Queue[Command] = asyncio.Queue(_INBOX)
        self._library: Library | None = None
        self._outline: TakeOutline | None = None
        self._as_run, self._news_again = AsRunLog(), NewsAgain()
        self._askers: dict[str, list[asyncio.Future[Answered]]] = {}
        self._unwritten: Plan | None = None
        self._plan_fault = ""
        self._local: Plan | None = None
        self._planned = asyncio.Event()
        self._memory: Mapping[str, Any] = {}
        self._words = FreeWords(state, self._take_words)
        self._remember = asyncio.Event()
        self._kept_spares = SparesFile(state)
        self._fast_until = 0.0
        self._adoptions = -1

    async def run(self) -> None:
        """Control until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._server.run(), name="link server")
            # Whoever listens at the socket is the one control of this run directory; only then
            # may a plan be written.
            await self._server.listening.wait()
            tasks.create_task(self._recorder.run(set(self._core.acts)), name="journal")
            self._inbox.put_nowait(Restarted(unrecorded=self._unrecorded))
            living = self._core.warnings.book.living
            self._words.ask(phrase for alert in living for phrase in alert.words)
            tasks.create_task(self._decide(), name="decisions")
            tasks.create_task(self._watch_engine(), name="engine")
            tasks.create_task(self._keep_house(), name="housekeeping")
            tasks.create_task(self._keeper.run(), name="library")
            tasks.create_task(self._schedule.run(), name="schedule")
            tasks.create_task(self._live.run(), name="live sources")
            tasks.create_task(self._care.run(), name="store")
            tasks.create_task(self._queriers.run(), name="IGMP queriers")
            tasks.create_task(self._keep_memory(), name="detections' memory")
            tasks.create_task(self._words.run(), name="operators' words")
            tasks.create_task(self._kept_spares.run(), name="spares' memory")
            tasks.create_task(order_audible_tests(self._core, self._inbox), name="audible tests")

    # --- the core and its effects ---

    async def _decide(self) -> None:
        """Feed the core until cancelled, and perform what it decides, in order."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout_at(self._core.deadline()):
                    command = await self._inbox.get()
            except TimeoutError:
                command = None
            before = self._core.plan.revision, self._core.adopted_revision
            if command is None:
                effects = self._core.expire(loop.time())
            else:
                effects = self._core.handle(command, loop.time())
            self._perform(effects)
            after = self._core.plan.revision, self._core.adopted_revision
            self._server.publish(is_urgent=before != after)

    def _perform(self, effects: Sequence[Effect]) -> None:
        """Do what was decided: alerts are noted and the plan is handed on before all else.

        A successor that finds the plan finds the alerts it speaks of; the journal is written while
        the engine takes the plan up.
        """
        for effect in effects:
            if isinstance(effect, Recorded):
                self._note(effect)
        for effect in sorted(effects, key=lambda one: not isinstance(one, Planned)):
            self._do(effect)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Planned(plan):
                self._write(plan)
                self._fast_until = asyncio.get_running_loop().time() + _FAST_FOR
                self._planned.set()
            case Recorded():
                self._recorder.record(effect, self._journalled)
            case Answered(key):
                for asker in self._askers.pop(key, ()):
                    if not asker.done():
                        asker.set_result(effect)
            case TakenOver(claims):
                try:
                    clear_claims(self._run.path, claims)
                except (OSError, PlanError) as error:
                    log.warning("the local part still holds %s: %s", ", ".join(claims), error)
            case Kept(memory):
                self._memory = memory
                self._remember.set()
            case SparesKept(memory):
                self._kept_spares.keep(memory)
            case CalledUp(called):
                log.warning(
                    "alert %s: %s; calling step %d", called.alert, called.why.value, called.step
                )
            case Noticed(text):
                log.info("%s", text)

    def _note(self, recorded: Recorded) -> None:
        """Keep the alerts for the control after this one; a failure holds up nothing."""
        try:
            self._notes.take(recorded.entries)
        except OSError as error:
            log.error("the alerts cannot be noted in the run directory: %s", error.strerror)

    def _journalled(self, recorded: Recorded) -> None:
        """The entries are durable."""
        now = self._core.ground.clock.sample_at(monotonic_ns())
        for entry in recorded.entries:
            if entry.kind is Kind.ALERT:
                self._core.paths.journalled(entry.subject, now)

    def _write(self, plan: Plan) -> None:
        """Give the engine its plan; one that cannot be written is tried again, newest only."""
        try:
            self._files[Part.CONTROL].write(plan)
        except (OSError, PlanError) as error:
            self._unwritten = plan
            reason = error.strerror if isinstance(error, OSError) else str(error)
            fault = f"plan {plan.revision} cannot be written: {reason}; what plays goes on"
            if not self._plan_fault:
                log.error("%s", fault)
            self._plan_fault = fault
        else:
            if self._plan_fault:
                log.info("plan %d is written", plan.revision)
            self._unwritten, self._plan_fault = None, ""
            now = self._core.ground.clock.sample_at(monotonic_ns())
            self._core.paths.planned(plan.revision, now)

    async def _keep_memory(self) -> None:
        """Write down what detections must know after a restart, the newest, whenever it changed."""
        while True:
            await self._remember.wait()
            self._remember.clear()
            try:
                await asyncio.to_thread(write_memory, self._state, self._memory)
            except OSError as error:
                log.error("what was detected cannot be remembered: %s", error.strerror)

    # --- what comes in ---

    async def _asked(self, fields: Message) -> Message:
        """Answer one command from the link."""
        if fields.get("name") == "status":
            return self._snapshot()
        if fields.get("name") == "site":
            return dict(self._snapshots.site)
        core = self._core
        if fields.get("name") == "explain":
            return {"stories": core.detecting.stories(str(fields.get("alert", "all")))}
        if fields.get("name") == "now-playing":
            playing = self._snapshots.playing
            return {"zones": playing(self._look(), self._schedule.by_sound, self._live.stale)}
        now = core.ground.clock.sample_at(monotonic_ns())
        try:
            if fields.get("name") == "reload":
                return await self._reload(fields)
            if self._radio.knows(fields.get("name")):
                check_right(str(fields["name"]), fields)
                return await self._radio.answer(fields)
            if fields.get("name") == "steer":
                check_right("steer", fields)
                known = self._schedule.by_sound.values()
                return await self._done(read_steer(fields, known, now, self._live.find))
            command = read_command(fields, core.ground.site, core.ground.clock, now)
            if isinstance(command, Alerting) and isinstance(command.order, Raise):
                # Whether it is only looked at or meant: they are spoken as soon as can be.
                self._words.ask(core.warnings.unspoken(command.order))
            if isinstance(command, Alerting) and command.name == "preview":
                return core.alerts.preview(command.order, now)
            if isinstance(command, Play):
                check_stored(command, self._state)
        except RefusedError as refusal:
            raise CommandRefusedError(str(refusal), refusal.where) from None
        return await self._done(command)

    async def _reload(self, fields: Message) -> Message:
        """Put another site in force, if it is right and needs nothing that was not agreed to."""
        async with self._reloading:
            found = await self._sites.proposal(fields, self._core.ground)
            if found.order is None:
                return dict(found.said)
            answer = await self._done(found.order)
            self._sites.take(found.note)
            site = found.order.ground.site
            self._keeper.use(self._sites.folders(site), names_of(site))
            return {**found.said, **answer}

    async def _done(self, command: Command) -> Message:
        """Have a command decided on, and wait for its answer and for its record."""
        asker: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._askers.setdefault(command.key, []).append(asker)
        await self._inbox.put(command)
        answered = await asker
        if answered.error:
            raise CommandRefusedError(answered.error, answered.where)
        return {**answered.fields, **await self._recorder.durability(command.key)}

    def _take_words(self, spoken: Mapping[Phrase, Voice]) -> None:
        self._inbox.put_nowait(TakeWords(spoken=spoken))

    def _take_library(self, library: Library) -> None:
        """The keeper's news; the newest replaces one that still waits."""
        self._library = self._schedule.use(library)
        self._planned.set()

    def _take_corrected(self, library: Library) -> None:
        """The schedule keeper's news: what people say of recordings has changed."""
        self._library = library
        self._planned.set()

    def _take_outline(self, outline: Outline, is_changed: bool) -> None:
        """The schedule keeper's news; a change is not forgotten over a later extension."""
        is_changed |= self._outline is not None and self._outline.is_changed
        self._outline = TakeOutline(outline=outline, is_changed=is_changed)
        self._planned.set()

    # --- watching ---

    async def _watch_engine(self) -> None:
        """Tell the core what the engine adopted and which claims it started."""
        loop = asyncio.get_running_loop()
        while True:
            if self._library is not None:
                library, self._library = self._library, None
                await self._inbox.put(TakeLibrary(library=library))
            if self._outline is not None:
                taking, self._outline = self._outline, None
                await self._inbox.put(taking)
            adopted = self._look_at_engine()
            if adopted is not None:
                await self._inbox.put(adopted)
            is_fast = loop.time() < self._fast_until and (
                self._core.is_waiting or self._core.unstamped
            )
            self._planned.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_FAST if is_fast else _LOOK_EVERY):
                    await self._planned.wait()

    def _look_at_engine(self) -> EngineAdopted | None:
        """What the engine did since the last look; None when nothing."""
        count = int(self._block.fields["adopted_count"])
        unstamped = self._core.unstamped
        stamps = self._block.stamps(unstamped) if unstamped else {}
        if count == self._adoptions and not stamps:
            return None
        self._adoptions = count
        revisions = [one.revision for one in self._block.adoptions() if one.part is Part.CONTROL]
        return EngineAdopted(revision=revisions[-1] if revisions else 0, stamps=stamps)

    async def _keep_house(self) -> None:
        """Look after the wall clock, the plan that could not be written, the local part."""
        seen = 0
        while True:
            anchor = wall_anchor(self._core.ground.clock)
            planned = self._core.plan.anchor.utc_at(anchor.sample)
            if abs((anchor.utc - planned).total_seconds()) > STEP:
                await self._inbox.put(RetakeAnchor(anchor=anchor))
            if self._unwritten is not None:
                self._write(self._unwritten)
            local = self._files[Part.LOCAL]
            if local.revision > seen:
                seen = local.revision
                self._local = read_part(local)
                await self._take_over()
                self._recorder.look_into_spool()
            heard = self._as_run.look(
                self._core.plan,
                self._core.ground.site,
                self._core.witnesses,
                self._schedule.by_sound,
                anchor,
            )
            if heard is not None:
                self._recorder.record(heard)
            await self._play_news_again(anchor)
            self._recorder.note_faults(self._faults())
            self._core.warnings.make_ready()
            self._beat()
            self._server.publish()
            await asyncio.sleep(_HOUSEKEEPING)

    async def _play_news_again(self, anchor: WallAnchor) -> None:
        """Order what a warning cut, once its zones are free."""
        core, premises = self._core, self._schedule.premises
        self._news_again.note(self._as_run.over, self._schedule.by_sound)
        news = () if premises is None else premises.schedule.news
        today = anchor.utc.astimezone(ZoneInfo(core.ground.site.time_zone)).date()
        buses = buses_of(core.plan, core.ground.site)
        for order in self._news_again.orders(anchor.sample, buses, news, today):
            await self._inbox.put(order)

    def _beat(self) -> None:
        """Note that detections are taken now: what began while nobody did counts afterwards."""
        with contextlib.suppress(OSError):
            beat(self._state)

    async def _take_over(self) -> None:
        """Make claims of the local part our own, begun where they began."""
        if self._local is None or not self._local.claims:
            return
        stamps = self._block.stamps({claim.id for claim in self._local.claims})
        claims = tuple(
            stamped(claim, stamps[claim.id]) if claim.id in stamps else claim
            for claim in self._local.claims
        )
        await self._inbox.put(TakeOver(claims=claims))

    # --- what is shown ---

    def _faults(self) -> tuple[str, ...]:
        """What is wrong now, in sentences."""
        engine = self._block.state()
        faults = [self._plan_fault] if self._plan_fault else []
        if not 0 < monotonic_ns() - engine.beat_ns < ALIVE_NS:
            faults.append("no engine speaks: nothing is sent")
        if engine.fault:
            faults.append(f"engine: {engine.fault}")
        keepers = (self._sites, self._recorder, self._keeper, self._care, self._queriers)
        others = (self._schedule, self._live, self._kept_spares, *self._voices)
        faults += self._core.detecting.told_faults()
        faults += self._core.told.faults(asyncio.get_running_loop().time())
        faults += filter(None, [self._core.self_testing.fault])
        return (*faults, *(fault for one in (*keepers, *others) for fault in one.faults))

    def _snapshot(self) -> Message:
        return self._snapshots.take(self._look())

    def _look(self) -> Look:
        """What is read beside the core, now."""
        legs = {stream.id: len(stream.legs) for stream in self._core.ground.streams}
        return Look(
            now=asyncio.get_running_loop().time(),
            monotonic_ns=monotonic_ns(),
            engine=self._block.state(),
            legs=self._block.leg_counts(legs),
            local=self._local,
            faults=self._faults(),
            queriers=self._queriers.by_network(self._core.ground.site.networks),
        )


def wall_anchor(clock: MediaClock) -> WallAnchor:
    """Media time and wall time, read together."""
    return WallAnchor(clock.sample_at(monotonic_ns()), datetime.now(UTC))
