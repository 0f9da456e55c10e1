"""Logging into a guest over ssh."""

import subprocess
import time
from pathlib import Path

from msgspec import Struct

USER = "cirros"
DEADLINE_S = 180.0
QUIET = (
    *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"),
    *("-o", "BatchMode=yes", "-o", "ConnectTimeout=1", "-o", "IdentitiesOnly=yes"),
)


class Key(Struct, frozen=True):
    """A key to log in with."""

    path: Path
    public: str


def new_key(folder: Path) -> Key:
    path = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True, timeout=30)
    return Key(path, path.with_suffix(".pub").read_text().strip())


def logged_in_s(address: str, key: Key, began: float) -> float:
    """Seconds from `began` until a command has run in the guest."""
    command = ["ssh", "-i", str(key.path), *QUIET, f"{USER}@{address}", "true"]
    while subprocess.run(command, capture_output=True, timeout=60, check=False).returncode != 0:
        if time.perf_counter() - began > DEADLINE_S:
            raise RuntimeError(f"Nobody can log in at {address}.")
        time.sleep(0.05)
    return time.perf_counter() - began
