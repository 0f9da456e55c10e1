"""What a guest's process could do if its user broke out of QEMU: nothing to anyone else."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.machine.conftest import FIRST, Pair
from tests.support.guests import processes

from haneul.host import run as running
from haneul.host.hypervisor.accounts import Accounts

pytestmark = pytest.mark.machine


class Confined:
    """A guest's process as the kernel describes it."""

    def __init__(self, pair: Pair, server_id: str) -> None:
        self.pid, self.pair = processes(pair.tree)[server_id], pair
        self.folder = pair.tree.state / "agent" / "guests" / server_id
        self.sockets = pair.tree.state / "agent" / "run" / "guests" / server_id
        (self.disk,) = (self.folder / "own").glob("*.qcow2")

    def status(self, name: str) -> list[str]:
        found = re.search(rf"^{name}:[ \t]*(.*)$", Path(f"/proc/{self.pid}/status").read_text(), re.MULTILINE)
        assert found is not None
        return found[1].split()

    @property
    def images(self) -> int:
        """The group that may read the cloud's images."""
        return Accounts(self.pair.tree.cloud_id).for_images

    @property
    def image(self) -> Path:
        tree = self.pair.tree
        return tree.state / "agent" / "cache" / tree.cloud_id / tree.image_id()

    @property
    def uid(self) -> int:
        return int(self.status("Uid")[0])

    def can(self, *words: object) -> bool:
        """Whether its account may do this."""
        argv = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", f"--groups={self.images}", *map(str, words)]
        refusal = ""
        try:
            running.run(argv, timeout_s=10)
        except running.RunFailed as failed:
            refusal = str(failed)
        assert not refusal or "denied" in refusal or "not permitted" in refusal, refusal
        return not refusal


@pytest.fixture(scope="module")
def guests(pair: Pair) -> Iterator[tuple[Confined, Confined]]:
    asked = [pair.on(FIRST, f"confined-{number}") for number in range(2)]
    yield Confined(pair, asked[0]), Confined(pair, asked[1])
    pair.tree.delete(*asked)


def test_each_guest_has_an_account_of_its_own_and_no_rights(guests: tuple[Confined, Confined]) -> None:
    uids = [guest.uid for guest in guests]
    assert len({0, os.stat(guests[0].pair.tree.state / "control").st_uid, *uids}) == 4
    for guest in guests:
        assert set(guest.status("Uid")) == set(guest.status("Gid")) == {str(guest.uid)}
        assert guest.status("Groups") == [str(guest.images)]
        assert {*guest.status("CapEff"), *guest.status("CapPrm"), *guest.status("CapInh"), *guest.status("CapAmb")} == {
            "0" * 16
        }


def test_each_guest_is_in_a_seccomp_sandbox(guests: tuple[Confined, Confined]) -> None:
    assert [guest.status("Seccomp") for guest in guests] == [["2"], ["2"]]
    threads = [path.read_text() for path in Path(f"/proc/{guests[0].pid}/task").glob("*/status")]
    assert len(threads) > 2
    assert all("\nSeccomp:\t2\n" in status for status in threads)


def test_a_guest_reads_its_own_disk_and_nothing_of_others(guests: tuple[Confined, Confined]) -> None:
    guest, other = guests
    state = guest.pair.tree.state
    assert guest.can("head", "-c", "1", guest.disk)
    assert guest.can("head", "-c", "1", guest.image)
    for path in (
        other.disk,
        other.folder / "own" / "console.log",
        guest.folder / "plan.json",
        state / "control" / "haneul.db",
        state / "control" / "admin-password",
        next((state / "control" / "fernet-keys").iterdir()),
        state / "tree" / "settings.json",
        state / "admin-openrc",
        state / "log" / "agent.log",
        f"/proc/{other.pid}/environ",
    ):
        assert not guest.can("head", "-c", "1", path), path


def test_nobody_but_guests_reads_images(guests: tuple[Confined, Confined]) -> None:
    image = str(guests[0].image)
    for uid in (65534, guests[0].uid):
        with pytest.raises(running.RunFailed, match="Permission denied"):
            running.run(["head", "-c", "1", image], timeout_s=10, uid=uid, gid=uid)


def test_a_guest_writes_nothing_but_what_is_its_own(guests: tuple[Confined, Confined]) -> None:
    guest, other = guests
    state = guest.pair.tree.state
    assert guest.can("truncate", "-s", "+0", guest.disk)
    for path in (other.disk, guest.image, guest.folder / "plan.json", state / "agent" / "new", state / "run" / "new"):
        assert not guest.can("truncate", "-s", "+0", path), path
    assert not guest.can("kill", "-0", other.pid)


def test_a_guest_joins_neither_the_bus_nor_anothers_monitor(guests: tuple[Confined, Confined]) -> None:
    guest, other = guests
    state = guest.pair.tree.state
    connect = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    assert guest.can("/usr/bin/python3", "-c", connect, guest.sockets / "events")
    assert not guest.can("/usr/bin/python3", "-c", connect, other.sockets / "monitor")
    assert not guest.can("/usr/bin/python3", "-c", connect, state / "run" / "bus.sock")
