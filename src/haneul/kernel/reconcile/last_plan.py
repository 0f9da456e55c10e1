"""The last plan that a host saw, on its disk: a rebooted host needs no control to come back."""

import os
from pathlib import Path

import msgspec

from haneul.kernel.reconcile.values import PlanReply


class Kept(msgspec.Struct):
    """`entries` are base64 of what control sent."""

    cloud_id: str = ""
    revision: int = 0
    entries: list[bytes] = []


class LastPlan:
    """One kind's last plan. Partial plans only move the revision."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = Kept()
        if path.exists():
            self._kept = msgspec.json.decode(path.read_bytes(), type=Kept)

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
                "the database was restored from a backup. Nothing was changed. "
                "`haneul doctor --accept-restored` lets the host follow it."
            )
        return ""

    def keep(self, reply: PlanReply) -> None:
        entries = [bytes(raw) for raw in reply.entries]
        if (reply.revision, entries) != (self._kept.revision, self._kept.entries):
            self._kept = Kept(reply.cloud_id, reply.revision, entries)
            self._write()

    def seen(self, revision: int) -> None:
        if revision > self._kept.revision:
            self._kept.revision = revision
            self._write()

    def entries(self) -> list[msgspec.Raw]:
        return [msgspec.Raw(entry) for entry in self._kept.entries]

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(self._kept))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
