"""An old or wrong database costs nobody a guest or a disk: the host refuses, says so, and goes on when told."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.guests import cloud_of_guests, processes
from tests.support.hosts import eventually
from tests.support.tree import Tree, tree_in_tmp

pytestmark = pytest.mark.machine

FIX = "Restore the right database; if this one is right: haneul doctor --accept-restored"


@pytest.fixture(scope="module")
def tree(guest_image: Path) -> Iterator[Tree]:
    with cloud_of_guests(guest_image) as running:
        yield running


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Tree]:
    """Another cloud, which is down."""
    with tree_in_tmp("--simulate") as other:
        other.up()
        other.down()
        yield other


class Database:
    """The cloud's own database file, changed as only an operator would: while the cloud is down."""

    def __init__(self, tree: Tree) -> None:
        self.tree, self.path = tree, tree.state / "control" / "haneul.db"

    def copy(self, name: str) -> Path:
        return Path(shutil.copy2(self.path, self.path.with_name(name)))

    def restore(self, copy: Path) -> None:
        owner = self.path.stat()
        shutil.copyfile(copy, self.path)
        for journal in self.path.parent.glob("haneul.db-*"):
            journal.unlink()
        shutil.chown(self.path, owner.st_uid, owner.st_gid)


def disks(tree: Tree) -> set[Path]:
    return set((tree.state / "agent" / "guests").glob("*/own/*.qcow2"))


def refusals(tree: Tree) -> list[dict[str, str]]:
    return [one for one in tree.wrong() if "refuses its plan" in one["fact"]]


def test_a_restored_database_deletes_nothing_and_is_followed_when_an_operator_says_so(tree: Tree) -> None:
    database, kept = Database(tree), tree.active("kept")
    tree.down()
    old = database.copy("old.db")
    tree.up()
    lost = [tree.create(f"lost-{number}") for number in range(2)]
    for server_id in lost:
        tree.becomes(server_id, "ACTIVE")
    for _ in range(2):
        tree.act(kept, reboot={"type": "HARD"})
        tree.becomes(kept, "ACTIVE")
    assert (tree.audit(), refusals(tree)) == ([], [])
    guests, files = processes(tree), disks(tree)
    assert (len(guests), len(files)) == (3, 3)

    tree.down()
    new = database.copy("new.db")
    database.restore(old)
    tree.up()
    (refused,) = eventually(lambda: refusals(tree), 30)  # type: ignore[misc]
    assert "restored from a backup" in refused["fact"]
    assert refused["fix"] == FIX
    assert [server["id"] for server in tree.servers()] == [kept]
    tree.act(kept, reboot={"type": "HARD"})
    assert (processes(tree), disks(tree)) == (guests, files)

    done = tree.run("doctor", "--accept-restored")
    assert done.returncode == 0
    assert "follows its plans of guest again" in done.stdout
    tree.becomes(kept, "ACTIVE")
    eventually(lambda: not refusals(tree), 30)
    strays = [f"The guest {server_id} has no row." for server_id in lost]
    strays += [f"The disk {disk} has no row." for disk in files if disk.parents[1].name in lost]
    assert sorted(tree.audit()) == sorted(strays)
    now = processes(tree)
    assert {server_id: now[server_id] for server_id in lost} == {server_id: guests[server_id] for server_id in lost}
    assert disks(tree) == files
    tree.act(kept, reboot={"type": "HARD"})
    tree.becomes(kept, "ACTIVE")
    assert processes(tree)[kept] not in (guests[kept], now[kept])

    tree.down()
    database.restore(new)
    tree.up()
    tree.run("doctor", "--accept-restored")
    eventually(lambda: not refusals(tree), 30)
    tree.delete(*(server["id"] for server in tree.servers()))
    assert (processes(tree), disks(tree), tree.audit()) == ({}, set(), [])


def test_an_empty_database_deletes_nothing(tree: Tree) -> None:
    server_id = tree.active("kept")
    guests, files = processes(tree), disks(tree)
    tree.down()
    tree.up("--db", f"sqlite:///{tree.state}/control/empty.db")
    (refused,) = eventually(lambda: refusals(tree), 30)  # type: ignore[misc]
    assert refused["fix"] == FIX
    assert tree.servers() == []
    assert (processes(tree), disks(tree)) == (guests, files)
    tree.down()
    tree.up("--db", "")
    assert refusals(tree) == []
    tree.becomes(server_id, "ACTIVE")
    assert processes(tree) == guests


def test_another_clouds_database_is_refused_before_anything_is_done(tree: Tree, elsewhere: Tree) -> None:
    (server,) = tree.servers()
    database, guests, files = Database(tree), processes(tree), disks(tree)
    tree.down()
    own = database.copy("own.db")
    database.restore(elsewhere.state / "control" / "haneul.db")
    done = tree.run("up")
    assert done.returncode == 1
    sentence = f"The database belongs to cloud {elsewhere.cloud_id}, and this is cloud {tree.cloud_id}."
    assert sentence in done.stderr
    assert "Name this cloud's database by --db" in done.stderr
    assert sentence in [one["fact"] for one in tree.wrong()]
    assert tree.run("doctor", "--accept-restored").stdout == "This host refuses no plan.\n"
    assert (processes(tree), disks(tree)) == (guests, files)
    database.restore(own)
    tree.up()
    assert tree.becomes(server["id"], "ACTIVE")
    assert (processes(tree), disks(tree)) == (guests, files)
