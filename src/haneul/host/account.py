"""The unprivileged account of this machine under which a server runs."""

import os
import pwd
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from haneul.host.run import RunFailed, run

USERADD_S = 30.0
# Beside the guests' uids in the range that nobody else gives out; for a machine that can't make an account.
NAMELESS_UID = 0x7FFF0000


class Account(Struct, frozen=True, kw_only=True):
    """Who a server runs as; `because` says why that is less than was wanted, if it is."""

    uid: int
    gid: int
    because: str = ""


def own_account() -> Account:
    """Whoever runs this."""
    return Account(uid=os.geteuid(), gid=os.getegid())


def system_account(name: str) -> Account:
    """The system account of this name, made if it is missing; a nameless one where none can be made. Needs root."""
    with suppress(KeyError):
        return _named(name)
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    try:
        run([*command, "--shell", "/usr/sbin/nologin", name], timeout_s=USERADD_S)
        return _named(name)
    except (RunFailed, KeyError) as error:
        because = f"The account {name} could not be made, so a number stands for it. {error}"
        return Account(uid=NAMELESS_UID, gid=NAMELESS_UID, because=because)


def _named(name: str) -> Account:
    found = pwd.getpwnam(name)
    return Account(uid=found.pw_uid, gid=found.pw_gid)


def first_unreachable(account: Account, paths: Iterable[Path]) -> Path | None:
    """The first folder above these paths that the account may not pass through; None if it can reach them all."""
    for path in paths:
        for folder in reversed((path.resolve() / "inside").parents):
            if folder.exists() and not _may_pass(account, folder.stat()):
                return folder
    return None


def _may_pass(account: Account, status: os.stat_result) -> bool:
    if account.uid == 0:
        return True
    if status.st_uid == account.uid:
        return bool(status.st_mode & 0o100)
    return bool(status.st_mode & (0o010 if status.st_gid == account.gid else 0o001))


def give(folder: Path, account: Account) -> None:
    """Make the account the owner of a folder and of all that is in it, where it isn't yet."""
    if os.geteuid() != 0 or _is_owner(folder, account):
        return
    for place, _, files in os.walk(folder):
        for name in files:
            os.chown(Path(place) / name, account.uid, account.gid, follow_symlinks=False)
    # Inner folders last, so that a walk that is cut short is begun again.
    for place, _, _ in os.walk(folder, topdown=False):
        os.chown(place, account.uid, account.gid, follow_symlinks=False)


def _is_owner(folder: Path, account: Account) -> bool:
    status = folder.stat()
    return (status.st_uid, status.st_gid) == (account.uid, account.gid)
