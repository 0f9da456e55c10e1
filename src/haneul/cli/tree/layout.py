"""Where a cloud keeps its things: one folder, each part of it owned by the process that writes it."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from haneul.cli.failures import Failure
from haneul.host.disk import durable
from haneul.kernel import ids
from haneul.kernel.config import Settings
from haneul.settings import CloudOptions, CloudSettings

T = TypeVar("T")


class Flags(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The flags of `up` that were given; they are remembered, so that the next `up` needs none."""

    config: str | None = None
    bind: str | None = None
    base_port: int | None = None
    simulate: bool | None = None
    bare: bool | None = None
    tls: bool | None = None
    host_network: bool | None = None
    db: str | None = None
    bus: str | None = None

    def given(self) -> dict[str, Any]:
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}


class Kept(msgspec.Struct, frozen=True):
    """What the last `up` settled on, and the sections of its configuration file."""

    cloud: dict[str, Any]
    sections: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, settled: CloudSettings, sections: Mapping[str, Mapping[str, Any]]) -> "Kept":
        return cls(
            {name: value for name, value in msgspec.structs.asdict(settled).items() if name != "state"}, sections
        )


class Layout:
    """The paths inside a state folder, and the small files that the command itself keeps there."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.cloud_id_file = state / "cloud-id"
        self.control, self.agent = state / "control", state / "agent"
        self.run, self.log, self.policy = state / "run", state / "log", state / "policy"
        self.tls, self.cache, self.tree = state / "tls", state / "cache", state / "tree"
        self.admin_password = self.control / "admin-password"
        self.openrc, self.clouds_yaml = state / "admin-openrc", state / "clouds.yaml"
        self.flags_file, self.settings_file = self.tree / "flags.json", self.tree / "settings.json"
        self.status_file = self.tree / "status.json"
        self.seeded_file = self.tree / "seeded.json"

    @property
    def exists(self) -> bool:
        """Whether a cloud was ever started here; the cloud's id is the first thing to be written."""
        return self.cloud_id_file.exists()

    def require(self) -> None:
        """Failure unless there is a cloud here."""
        if not self.exists:
            raise Failure(f"There is no cloud in {self.state}.", "Run `haneul up`, or name another folder by --state.")

    @property
    def cloud_id(self) -> str:
        return self.cloud_id_file.read_text().strip()

    def refuse_strange(self) -> None:
        """Failure if the folder holds things, but no cloud: `down --wipe` would take them away."""
        if self.state.exists() and not self.exists:
            if not self.state.is_dir():
                raise Failure(f"{self.state} is not a folder.", "Name another one by --state.")
            known = {
                path.name for path in (self.tree, self.cloud_id_file.with_name(f".{self.cloud_id_file.name}.part"))
            }
            if strange := sorted(path.name for path in self.state.iterdir() if path.name not in known):
                raise Failure(
                    f"The folder {self.state} holds other things ({strange[0]}) and no cloud.",
                    "Name an empty or new folder by --state.",
                )

    def refuse_anothers(self) -> None:
        """Failure if somebody else owns the folder: processes that it names would be ended, and paths used, as us."""
        for folder in (self.state, self.tree):
            if folder.exists() and folder.stat().st_uid not in (0, os.geteuid()):
                raise Failure(f"The folder {folder} is another user's.", "Run this as that user, or use another one.")

    def make(self) -> None:
        """The folders, and the cloud's id; repeatable."""
        self.state.mkdir(parents=True, exist_ok=True)
        self.state.chmod(0o755)
        self.tree.mkdir(exist_ok=True)
        if not self.exists:
            durable.write(self.cloud_id_file, ids.new_hex_id()[:12].encode(), 0o644)
        for folder, mode in (
            *((folder, 0o755) for folder in (self.tree, self.run, self.policy, self.tls)),
            *((folder, 0o700) for folder in (self.control, self.log, self.cache)),
            # Guests pass through it to what is theirs, each under an account of its own.
            (self.agent, 0o711),
        ):
            folder.mkdir(exist_ok=True)
            folder.chmod(mode)

    def flags(self) -> Flags:
        """What earlier `up`s were told."""
        return _read(self.flags_file, Flags) or Flags()

    def memory(self) -> dict[Path, bytes]:
        """What is remembered of the last `up`, for `restore`."""
        return {path: path.read_bytes() for path in (self.flags_file, self.settings_file) if path.exists()}

    def restore(self, memory: Mapping[Path, bytes]) -> None:
        """Remember that again, and nothing else."""
        for path in (self.flags_file, self.settings_file):
            if path in memory:
                # Written over, so that owner and mode stay.
                path.write_bytes(memory[path])
            else:
                path.unlink(missing_ok=True)

    def keep(self, flags: Flags, kept: "Kept", gid: int) -> None:
        """Remember flags, and settings for control (whose group this is) and the agent to read."""
        durable.write(self.flags_file, msgspec.json.encode(flags))
        durable.write(self.settings_file, msgspec.json.encode(kept), 0o640)
        if os.geteuid() == 0:
            os.chown(self.settings_file, 0, gid)

    def settings(self) -> CloudSettings:
        """What the last `up` settled on; Failure if there was none."""
        options = msgspec.convert(self._kept().cloud, CloudOptions)
        return CloudSettings(state=self.state, **msgspec.structs.asdict(options))

    def sections(self, environment: Mapping[str, str]) -> Settings:
        """The configuration file as the last `up` read it, under this process's variables."""
        return Settings(self._kept().sections, environment)

    def _kept(self) -> "Kept":
        self.require()
        try:
            found = _read(self.settings_file, Kept)
        except PermissionError:
            raise Failure(f"{self.settings_file} can't be read.", "Run this as the user who ran `haneul up`.") from None
        if found is None:
            raise Failure(f"The cloud in {self.state} was never started whole.", "Run `haneul up`.")
        return found

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold off other commands that change what runs."""
        with (self.tree / "command.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _read(path: Path, shape: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=shape)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
