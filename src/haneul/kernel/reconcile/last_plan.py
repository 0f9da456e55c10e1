"""The last plan that a host saw, on its disk: a rebooted host needs no control to come back."""

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import msgspec

from haneul.kernel.reconcile.values import PlanReply

ACCEPTED = ".accepted"


class Kept(msgspec.Struct):
    """`entries` are base64 of what control sent, by id; `refused` says why the newest plan isn't followed, if so.

    `strangers` are things that an operator knows the plan to lack, since he has accepted a restored database.
    """

    cloud_id: str = ""
    revision: int = 0
    entries: dict[str, bytes] = {}
    refused: str = ""
    strangers: list[str] = []


class LastPlan:
    """One kind's last plan."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._accepted = path.with_suffix(ACCEPTED)
        self._kept = _read(path)

    def refusal(self, reply: PlanReply, cloud_id: str) -> str:
        """Why a plan must not be followed, or nothing."""
        if reply.cloud_id != cloud_id:
            return (
                f"The plan is of cloud {reply.cloud_id}, this host belongs to cloud {cloud_id}: "
                "control runs on another database. Nothing was changed."
            )
        if reply.revision < self._kept.revision:
            return (
                f"The plan's revision {reply.revision} is older than {self._kept.revision}, which this host has seen: "
                "the database was restored from a backup, or is a new one. Nothing was changed. "
                "`haneul doctor --accept-restored` lets the host follow it."
            )
        return ""

    @property
    def is_accepted(self) -> bool:
        """Whether an operator wants the next plan of this cloud followed, whatever speaks against it."""
        return self._accepted.exists()

    @property
    def strangers(self) -> Collection[str]:
        """What the plan is known to lack."""
        return self._kept.strangers

    def keep(self, reply: PlanReply, entries: Mapping[str, msgspec.Raw]) -> None:
        """This whole plan is followed."""
        self._write(Kept(reply.cloud_id, reply.revision, _bytes(entries), "", self._kept.strangers))

    def accept(self, reply: PlanReply, entries: Mapping[str, msgspec.Raw], strangers: Iterable[str]) -> None:
        """This whole plan is followed because an operator said so."""
        self._write(Kept(reply.cloud_id, reply.revision, _bytes(entries), "", sorted(strangers)))
        self._accepted.unlink(missing_ok=True)

    def keep_part(self, reply: PlanReply, ids: Iterable[str], entries: Mapping[str, msgspec.Raw]) -> None:
        """These ids are planned anew. What the plan no longer has must go from here too: it would be made again."""
        others = {thing_id: entry for thing_id, entry in self._kept.entries.items() if thing_id not in set(ids)}
        planned = others | _bytes(entries)
        self._write(
            msgspec.structs.replace(self._kept, cloud_id=reply.cloud_id, revision=reply.revision, entries=planned)
        )

    def refuse(self, reason: str) -> None:
        """Remember that the newest plan is not followed."""
        self._write(msgspec.structs.replace(self._kept, refused=reason))

    def entries(self) -> list[msgspec.Raw]:
        return [msgspec.Raw(entry) for entry in self._kept.entries.values()]

    def _write(self, kept: Kept) -> None:
        if kept == self._kept and self._path.exists():
            return
        self._kept = kept
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        # A plan may hold what users tell their servers alone.
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(kept))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)


def accept_refused(folder: Path) -> list[str]:
    """Have the plans that a host refuses followed at its next whole pass; their kinds."""
    refused = sorted(path for path in folder.glob("*.json") if _read(path).refused)
    for path in refused:
        path.with_suffix(ACCEPTED).touch()
    return [path.stem for path in refused]


def _read(path: Path) -> Kept:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Kept)
    except FileNotFoundError:
        return Kept()


def _bytes(entries: Mapping[str, msgspec.Raw]) -> dict[str, bytes]:
    return {thing_id: bytes(raw) for thing_id, raw in entries.items()}
