"""The agent's side: makes this host equal its plan, safely, for any kind of thing."""

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from haneul.kernel import log, stop_points
from haneul.kernel.bus import CONTROL, Bus, BusError
from haneul.kernel.reconcile.last_plan import LastPlan
from haneul.kernel.reconcile.values import Nothing, Observation, PlanAsk, PlanReply, Report

E = TypeVar("E")
EVERY_S = 30.0
ABSENT_S = 1.0
AT_ONCE = 4
DEADLINE_S = 30.0


class Reconciler(Protocol[E]):
    """One kind of thing on this host. Every verb is repeatable; nothing is touched that isn't this cloud's."""

    kind: str
    entry_type: type[E]

    def actual(self) -> Mapping[str, Observation]:
        """What is there of this cloud, by id."""
        ...

    def ensure(self, entry: E) -> Observation:
        """Make one entry true; an Observation with an error sentence where that can't be."""
        ...

    def remove(self, thing_id: str) -> None: ...
    def id_of(self, entry: E) -> str: ...
    def generation_of(self, entry: E) -> int: ...
    def is_true(self, entry: E, seen: Observation | None) -> bool:
        """Whether what is seen is what the entry wants."""
        ...


class Identity(msgspec.Struct, frozen=True):
    """Whose host this is: plans of any other cloud are refused."""

    cloud_id: str
    host: str
    state_dir: Path


class Runner(Generic[E]):
    """Runs one reconciler: woken, or every 30 s, or every second while control is away and there is no plan yet."""

    def __init__(self, reconciler: Reconciler[E], bus: Bus, identity: Identity) -> None:
        self.reconciler, self._bus, self._me = reconciler, bus, identity
        self._last = LastPlan(identity.state_dir / "plans" / f"{reconciler.kind}.json")
        self._wanted = threading.Condition()
        self._dirty: set[str] = set()
        self._full = True
        self._stopping = False
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=reconciler.kind)
        self._thread = threading.Thread(target=self._work, name=f"reconcile-{reconciler.kind}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._wanted:
            self._stopping = True
            self._wanted.notify()
        self._thread.join(DEADLINE_S)
        self._pool.shutdown()

    def wake(self, ids: Iterable[str] = ()) -> None:
        """Look at these things, or at all of them, as soon as possible."""
        named = set(ids)
        with self._wanted:
            self._dirty |= named
            self._full = self._full or not named
            self._wanted.notify()

    def _work(self) -> None:
        wait_s = 0.0
        while True:
            with self._wanted:
                if not (self._dirty or self._full or self._stopping):
                    timed_out = not self._wanted.wait(wait_s)
                    self._full = self._full or timed_out
                if self._stopping:
                    return
                full, ids = self._full, tuple(self._dirty)
                self._full, self._dirty = False, set()
            wait_s = self._pass(() if full else ids)

    def _pass(self, ids: tuple[str, ...]) -> float:
        try:
            self.once(ids)
        except BusError as refused:
            log.event("control is away", "warning", kind=self.reconciler.kind, reason=str(refused))
            self._carry_on()
            return ABSENT_S
        except Exception:
            log.failure("reconcile pass failed", kind=self.reconciler.kind)
        return EVERY_S

    def once(self, ids: tuple[str, ...] = ()) -> Report:
        """One pass over all, or over these ids: ask, check, ensure and remove, report."""
        kind = self.reconciler.kind
        reply = self._bus.call(
            CONTROL, "reconcile.plan", PlanAsk(self._me.host, kind, ids), returns=PlanReply, deadline_s=DEADLINE_S
        )
        actual = self.reconciler.actual()
        entries = {self.reconciler.id_of(entry): entry for entry in map(self._decoded, reply.entries)}
        report = self._checked(reply, entries, actual, ids) or self._applied(reply, entries, actual, ids)
        self._bus.call(CONTROL, "reconcile.report", report, returns=Nothing, deadline_s=DEADLINE_S)
        stop_points.reached(f"agent:{kind}:reported")
        return report

    def _decoded(self, raw: msgspec.Raw) -> E:
        return msgspec.msgpack.decode(raw, type=self.reconciler.entry_type)

    def _checked(
        self, reply: PlanReply, entries: Mapping[str, E], actual: Mapping[str, Observation], ids: tuple[str, ...]
    ) -> Report | None:
        """A report that refuses the plan, if it can't be this host's newest; None if it can."""
        reason = self._last.refusal(reply, self._me.cloud_id)
        if not reason and not ids:
            named = entries.keys() | {stone.id for stone in reply.tombstones}
            strangers = actual.keys() - named
            if len(strangers) * 2 > len(actual) and len(actual) > 0:
                reason = (
                    f"The plan knows nothing of {len(strangers)} of the {len(actual)} things on this host. "
                    "Nothing was changed."
                )
        if not reason:
            return None
        return Report(self._me.host, self.reconciler.kind, list(actual.values()), stopped=reason, is_full=not ids)

    def _applied(
        self, reply: PlanReply, entries: Mapping[str, E], actual: Mapping[str, Observation], ids: tuple[str, ...]
    ) -> Report:
        if not ids:
            self._last.keep(reply)
        else:
            self._last.seen(reply.revision)
        gone = self._bury(reply, actual)
        work = {
            thing_id: entry
            for thing_id, entry in entries.items()
            if not self.reconciler.is_true(entry, actual.get(thing_id))
        }
        fresh = list(self._pool.map(self._ensured, work.values()))
        known = {seen.id: seen for seen in actual.values() if seen.id in entries or not ids}
        known.update((seen.id, seen) for seen in fresh)
        unexpected = [] if ids else sorted(actual.keys() - entries.keys() - set(gone))
        observations = [seen for seen in known.values() if seen.id not in gone]
        return Report(self._me.host, self.reconciler.kind, observations, gone, unexpected=unexpected, is_full=not ids)

    def _bury(self, reply: PlanReply, actual: Mapping[str, Observation]) -> list[str]:
        """Honour tombstones that are newer than what is here; whatever the plan merely lacks stays."""
        honoured = []
        for stone in reply.tombstones:
            seen = actual.get(stone.id)
            if seen is not None and seen.generation > stone.generation:
                log.event("tombstone is older than the thing", "error", thing=stone.id, kind=self.reconciler.kind)
                continue
            honoured.append(stone.id)
        return [thing_id for thing_id in self._pool.map(self._removed, honoured) if thing_id]

    def _removed(self, thing_id: str) -> str:
        stop_points.reached(f"agent:{self.reconciler.kind}:before-remove")
        try:
            self.reconciler.remove(thing_id)
        except Exception:
            log.failure("could not be removed", kind=self.reconciler.kind, thing=thing_id)
            return ""
        stop_points.reached(f"agent:{self.reconciler.kind}:removed")
        return thing_id

    def _ensured(self, entry: E) -> Observation:
        kind, thing_id = self.reconciler.kind, self.reconciler.id_of(entry)
        stop_points.reached(f"agent:{kind}:before-ensure")
        try:
            seen = self.reconciler.ensure(entry)
        except Exception:
            log.failure("could not be made", kind=kind, thing=thing_id)
            seen = Observation(thing_id, 0, "unknown", "The host could not make it; its log says why.")
        stop_points.reached(f"agent:{kind}:ensured")
        return seen

    def _carry_on(self) -> None:
        """Without control, after a reboot, the last plan is still the plan; tombstones wait."""
        raw = self._last.entries()
        actual: Mapping[str, Any] = self.reconciler.actual()
        for entry in map(self._decoded, raw):
            if not self.reconciler.is_true(entry, actual.get(self.reconciler.id_of(entry))):
                self._ensured(entry)
