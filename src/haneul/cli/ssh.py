"""Logging into a guest by the machine's own ssh, with a key made for that."""

import socket
from contextlib import suppress
from pathlib import Path

from haneul.cli.failures import Failure
from haneul.host import run as running

KEY_S, LOGIN_S = 30.0, 90.0
LOOK_S = 1.0
PORT = 22


def make_key(folder: Path, name: str) -> Path:
    """A new key without a passphrase; the path of its private half, which nobody else may read."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    try:
        running.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], timeout_s=KEY_S)
    except running.RunFailed as error:
        raise Failure(f"There is no key to log in with. {error}", "apt-get install openssh-client") from error
    return path


def is_reached(address: str) -> bool:
    """Whether something listens on the address's ssh port."""
    with suppress(OSError), socket.create_connection((address, PORT), LOOK_S):
        return True
    return False


def say(address: str, user: str, key: Path, command: str) -> str:
    """Log in and run a command; what it prints. The guest is new, so nobody can know its host key before."""
    options = {
        "StrictHostKeyChecking": "no",
        "UserKnownHostsFile": "/dev/null",
        "LogLevel": "ERROR",
        "BatchMode": "yes",
        "ConnectTimeout": "20",
        "IdentitiesOnly": "yes",
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    try:
        ran = running.run(["ssh", "-i", str(key), *words, f"{user}@{address}", command], timeout_s=LOGIN_S)
    except running.RunFailed as error:
        raise Failure(f"The login at {address} failed. {error}", f"ssh -i {key} {user}@{address}") from error
    return ran.stdout.decode(errors="replace")
