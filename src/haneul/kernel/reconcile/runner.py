"""The agent's side: makes this host equal its plan, safely, for any kind of thing."""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import msgspec

from haneul.kernel import log, stop_points
from haneul.kernel.bus import CONTROL, Bus, BusError
from haneul.kernel.reconcile.last_plan import LastPlan
from haneul.kernel.reconcile.outbox import Outbox
from haneul.kernel.reconcile.values import Observation, PlanAsk, PlanReply, Report, Tombstone

E = TypeVar("E")
EVERY_S = 30.0
ABSENT_S = 1.0
REST_PART, REST_MOST_S = 3.0, 0.5
"""How long a pass is followed by none, as a multiple of what it took."""
AT_ONCE = 16
DEADLINE_S = 30.0
PLACES = ("before-ensure", "ensured", "before-remove", "removed", "reported")
"""The stop points of an agent, each as `agent:KIND:PLACE`."""
# A host that starts while control is away should not wait longer than this before it follows the last plan.
PLAN_DEADLINE_S = 10.0
PLAN_TRIES = 5


class Reconciler(Protocol[E]):
    """One kind of thing on this host. Every verb is repeatable; nothing is touched that isn't this cloud's."""

    entry_type: type[E]

    @property
    def kind(self) -> str: ...

    def actual(self, ids: Collection[str]) -> Mapping[str, Observation]:
        """What is there of this cloud, by id: all of it, or only these ids where some are named."""
        ...

    def ensure(self, entry: E) -> Observation:
        """Make one entry true; an Observation with an error sentence where that can't be."""
        ...

    def remove(self, thing_id: str) -> None: ...
    def id_of(self, entry: E) -> str: ...
    def generation_of(self, entry: E) -> int: ...
    def request_of(self, entry: E) -> str:
        """The request that last changed what is wanted, for the log."""
        ...

    def is_true(self, entry: E, seen: Observation | None) -> bool:
        """Whether what is seen is what the entry wants."""
        ...


class Identity(msgspec.Struct, frozen=True):
    """Whose host this is: plans of any other cloud are refused."""

    cloud_id: str
    host: str
    state_dir: Path


class Runner(Generic[E]):
    """Runs one reconciler: woken, or every 30 s, or every second while control is away.

    Each thing is worked on by itself, so that one that takes long (a guest that is asked to stop) holds up no other;
    what was done is reported as it is done.
    """

    def __init__(self, reconciler: Reconciler[E], bus: Bus, identity: Identity) -> None:
        self.reconciler, self._bus, self._me = reconciler, bus, identity
        self._last = LastPlan(identity.state_dir / "plans" / f"{reconciler.kind}.json")
        self._outbox = Outbox(bus, identity.host, reconciler.kind, self.wake)
        self._wanted = threading.Condition()
        self._dirty: set[str] = set()
        self._busy: dict[str, bool] = {}
        self._tried: set[str] = set()
        self._full = True
        self._stopping = False
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=reconciler.kind)
        self._thread = threading.Thread(target=self._work, name=f"reconcile-{reconciler.kind}", daemon=True)

    def start(self) -> None:
        self._outbox.start()
        self._thread.start()

    def stop(self) -> None:
        """End the passes; work that has begun is finished first, and the next start goes on from what it finds."""
        with self._wanted:
            self._stopping = True
            self._wanted.notify()
        self._thread.join(DEADLINE_S)
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._outbox.stop()

    def wake(self, ids: Iterable[str] = ()) -> None:
        """Look at these things, or at all of them, as soon as possible."""
        named = set(ids)
        with self._wanted:
            self._dirty |= named
            self._full = self._full or not named
            self._wanted.notify()

    def once(self, ids: tuple[str, ...] = ()) -> Report:
        """One whole pass over all, or over these ids; what it found and did. For who runs it by hand."""
        report, begun = self._begin(ids)
        wait(begun)
        self._outbox.flush()
        done = [future.result() for future in begun]
        gone = {stone.id: stone.generation for stone in done if isinstance(stone, Tombstone)}
        made = {seen.id: seen for seen in done if isinstance(seen, Observation)}
        kept = [seen for seen in report.observations if seen.id not in made and seen.id not in gone]
        return msgspec.structs.replace(report, observations=[*kept, *made.values()], gone=list(gone), gone_at=gone)

    def _work(self) -> None:
        full_by = 0.0
        while True:
            with self._wanted:
                if not (self._dirty or self._full or self._stopping):
                    self._wanted.wait(max(0.0, full_by - time.monotonic()))
                if self._stopping:
                    return
                ids = tuple(self._dirty)
                # Even where wakes come all the time: one of them may have got lost.
                full = self._full or not ids or time.monotonic() >= full_by
                self._full, self._dirty = False, set()
            began = time.monotonic()
            again_by = self._pass(() if full else ids) + time.monotonic()
            # A large plan that changes all the time must not be asked for all the time.
            self._rest(min((time.monotonic() - began) * REST_PART, REST_MOST_S))
            full_by = again_by if full else min(full_by, again_by)

    def _rest(self, seconds: float) -> None:
        with self._wanted:
            self._wanted.wait_for(lambda: self._stopping, seconds)

    def _pass(self, ids: tuple[str, ...]) -> float:
        try:
            self._begin(ids)
        except BusError as refused:
            log.event("control is away", "warning", kind=self.reconciler.kind, reason=str(refused))
            self._try_to_carry_on()
            return ABSENT_S
        except Exception:
            log.failure("reconcile pass failed", kind=self.reconciler.kind)
        return EVERY_S

    def _begin(self, ids: tuple[str, ...]) -> "tuple[Report, list[Future[Observation | Tombstone | None]]]":
        """Ask for the plan, check it, report what is there, and begin whatever is not as it should be."""
        kind = self.reconciler.kind
        reply = self._plan(ids)
        actual = self.reconciler.actual(ids)
        entries = {self.reconciler.id_of(entry): entry for entry in map(self._decoded, reply.entries)}
        refusal = self._refusal(reply, entries, actual, ids)
        if refusal:
            report = Report(self._me.host, kind, stopped=refusal, is_full=not ids)
            self._outbox.put(report)
            return report, []
        self._tried = set()
        begun = [*self._begin_removing(reply, actual), *self._begin_making(entries, actual)]
        report = self._found(reply, entries, actual, is_full=not ids)
        if report.is_full or report.observations:
            self._outbox.put(report)
        return report, begun

    def _plan(self, ids: tuple[str, ...]) -> PlanReply:
        """The newest plan, put together from its parts."""
        entries: list[msgspec.Raw] = []
        revision, tries = -1, 0
        while tries < PLAN_TRIES:
            ask = PlanAsk(self._me.host, self.reconciler.kind, ids, len(entries))
            part = self._bus.call(CONTROL, "reconcile.plan", ask, returns=PlanReply, deadline_s=PLAN_DEADLINE_S)
            if entries and part.revision != revision:
                entries, tries = [], tries + 1
                continue
            entries, revision = [*entries, *part.entries], part.revision
            if not part.more:
                return msgspec.structs.replace(part, entries=entries)
        raise BusError("restless", "The plan changes faster than its parts can be asked for.")

    def _decoded(self, raw: msgspec.Raw) -> E:
        return msgspec.msgpack.decode(raw, type=self.reconciler.entry_type)

    def _refusal(
        self, reply: PlanReply, entries: Mapping[str, E], actual: Mapping[str, Observation], ids: tuple[str, ...]
    ) -> str:
        """Why this can't be this host's newest plan, or nothing; either is remembered."""
        raw = dict(zip(entries, reply.entries, strict=True))
        strangers = actual.keys() - entries.keys() - {stone.id for stone in reply.tombstones}
        reason = self._last.refusal(reply, self._me.cloud_id)
        if not (reason or ids):
            reason = _too_many(strangers.difference(self._last.strangers), len(actual))
        if not reason:
            self._last.keep_part(reply, ids, raw) if ids else self._last.keep(reply, raw)
        elif self._last.is_accepted and not ids and reply.cloud_id == self._me.cloud_id:
            log.event("plan accepted by operator", "warning", kind=self.reconciler.kind, reason=reason)
            self._last.accept(reply, raw, strangers)
            reason = ""
        else:
            self._last.refuse(reason)
        return reason

    def _found(
        self, reply: PlanReply, entries: Mapping[str, E], actual: Mapping[str, Observation], *, is_full: bool
    ) -> Report:
        """What is as it should be, or newer than the plan; what is being worked on is reported when that is done."""
        buried = {stone.id: stone.generation for stone in reply.tombstones}
        settled = [
            seen
            for seen in actual.values()
            # One that is finished already was seen before that: the word of its making is the newer one.
            if seen.id not in self._tried
            and seen.id not in self._busy
            and (seen.id in entries or seen.generation > buried.get(seen.id, seen.generation))
        ]
        unexpected = sorted(actual.keys() - entries.keys() - buried.keys()) if is_full else []
        return Report(self._me.host, self.reconciler.kind, settled, unexpected=unexpected, is_full=is_full)

    def _begin_removing(
        self, reply: PlanReply, actual: Mapping[str, Observation]
    ) -> "Iterable[Future[Observation | Tombstone | None]]":
        """Honour tombstones that are newer than what is here; whatever the plan merely lacks stays."""
        for stone in reply.tombstones:
            seen = actual.get(stone.id)
            if seen is not None and seen.generation > stone.generation:
                log.event("tombstone is older than the thing", "error", thing=stone.id, kind=self.reconciler.kind)
            elif self._claim(stone.id):
                yield self._pool.submit(self._finish, stone.id, partial(self._removed, stone))

    def _begin_making(
        self, entries: Mapping[str, E], actual: Mapping[str, Observation]
    ) -> "Iterable[Future[Observation | Tombstone | None]]":
        for thing_id, entry in entries.items():
            seen = actual.get(thing_id)
            if seen is not None and seen.generation > self.reconciler.generation_of(entry):
                # From a restored database: control learns of it by the report, and plans the thing anew.
                log.event("plan is older than the thing", "warning", thing=thing_id, kind=self.reconciler.kind)
            elif not self.reconciler.is_true(entry, seen) and self._claim(thing_id):
                yield self._pool.submit(self._finish, thing_id, partial(self._ensured, entry))

    def _claim(self, thing_id: str) -> bool:
        """Whether nobody works on this thing; if somebody does, it is looked at again afterwards."""
        self._tried.add(thing_id)
        with self._wanted:
            if thing_id in self._busy:
                self._busy[thing_id] = True
                return False
            self._busy[thing_id] = False
            return True

    def _finish(
        self, thing_id: str, work: Callable[[], Observation | Tombstone | None]
    ) -> Observation | Tombstone | None:
        """Do the work, and report what came of it, before anybody can do more of it and report that."""
        try:
            outcome = work()
            if isinstance(outcome, Tombstone):
                gone = {outcome.id: outcome.generation}
                self._outbox.put(Report(self._me.host, self.reconciler.kind, gone=list(gone), gone_at=gone))
            elif outcome is not None:
                self._outbox.put(Report(self._me.host, self.reconciler.kind, [outcome]))
        finally:
            with self._wanted:
                again = self._busy.pop(thing_id)
        if again:
            self.wake((thing_id,))
        return outcome

    def _removed(self, stone: Tombstone) -> Tombstone | None:
        kind, thing_id = self.reconciler.kind, stone.id
        log.request_id.set(stone.request_id)
        stop_points.reached(f"agent:{kind}:before-remove")
        try:
            self.reconciler.remove(thing_id)
        except Exception:
            log.failure("could not be removed", kind=kind, thing=thing_id)
            return None
        log.event("removed", kind=kind, thing=thing_id)
        stop_points.reached(f"agent:{kind}:removed")
        return stone

    def _ensured(self, entry: E) -> Observation | None:
        kind, thing_id = self.reconciler.kind, self.reconciler.id_of(entry)
        log.request_id.set(self.reconciler.request_of(entry))
        stop_points.reached(f"agent:{kind}:before-ensure")
        try:
            seen = self.reconciler.ensure(entry)
        except BusError as refused:
            # Control went away in the middle, say while an image was fetched: no fault of the thing's.
            log.event("could not be made yet", "warning", kind=kind, thing=thing_id, reason=str(refused))
            threading.Timer(ABSENT_S, self.wake, ((thing_id,),)).start()
            return None
        except Exception:
            log.failure("could not be made", kind=kind, thing=thing_id)
            seen = Observation(thing_id, 0, "unknown", "The host could not make it; its log says why.")
        log.event("made", kind=kind, thing=thing_id, generation=seen.generation, state=seen.state, error=seen.error)
        stop_points.reached(f"agent:{kind}:ensured")
        return seen

    def _try_to_carry_on(self) -> None:
        try:
            self._carry_on()
        except Exception:
            log.failure("the last plan could not be followed", kind=self.reconciler.kind)

    def _carry_on(self) -> None:
        """Without control, after a reboot, the last plan is still the plan; tombstones wait."""
        entries = {self.reconciler.id_of(entry): entry for entry in map(self._decoded, self._last.entries())}
        if entries:
            list(self._begin_making(entries, self.reconciler.actual(())))


def _too_many(strangers: Collection[str], there: int) -> str:
    """Why a plan that lacks so much of what is there must be a wrong one, or nothing."""
    if len(strangers) * 2 <= there:
        return ""
    return (
        f"The plan knows nothing of {len(strangers)} of the {there} things on this host. Nothing was changed. "
        "`haneul doctor --accept-restored` lets the host follow it."
    )
