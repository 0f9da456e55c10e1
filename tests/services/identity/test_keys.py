"""Key repositories: what a rotation keeps, who notices, and what a death leaves behind."""

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haneul.services.identity.keys.ring import KeyRing, NoKeys, numbers_in, rotate_keys, set_up_keys

CHANGES = {"open", "os.rename", "os.remove", "os.mkdir"}
DIED = 9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    set_up_keys(folder)
    return folder


def content(folder: Path) -> list[bytes]:
    return [(folder / str(number)).read_bytes() for number in numbers_in(folder)]


def test_a_new_repository_has_a_staged_and_a_primary_key_closed_to_others(folder: Path) -> None:
    assert numbers_in(folder) == [0, 1]
    assert len(set(content(folder))) == 2
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_what_is_set_up_stays_as_it_is(folder: Path) -> None:
    before = content(folder)
    assert not set_up_keys(folder)
    assert content(folder) == before
    (folder / "0").unlink()
    assert set_up_keys(folder)
    assert content(folder)[1] == before[1], "only what was missing is made"


def test_the_staged_key_becomes_primary_and_the_oldest_go(folder: Path) -> None:
    staged, first = content(folder)
    assert rotate_keys(folder, 3).removed == ()
    assert content(folder)[1:] == [first, staged]
    rotation = rotate_keys(folder, 3)
    assert (rotation.primary, rotation.removed) == (3, (1,))
    assert numbers_in(folder) == [0, 2, 3]
    assert rotate_keys(folder, 2).removed == (2, 3)
    assert numbers_in(folder) == [0, 4]


def test_a_running_process_notices_and_reads_the_old_as_long_as_its_key_is_there(folder: Path) -> None:
    ring = KeyRing(folder)
    old = ring.encrypt(b"old")
    before = ring.primary_hash
    rotate_keys(folder, 3)
    new, name = ring.encrypt_named(b"new")
    assert name == ring.primary_hash != before
    assert (ring.decrypt(old), ring.decrypt(new)) == (b"old", b"new")
    rotate_keys(folder, 3)
    assert (ring.decrypt(old), ring.decrypt(new)) == (None, b"new")


def test_of_changes_that_follow_at_once_none_is_missed(folder: Path) -> None:
    ring, other = KeyRing(folder), KeyRing(folder)
    for _ in range(30):
        made = ring.encrypt(b"x")
        rotate_keys(folder, 3)
        assert ring.decrypt(made) == b"x"
        assert other.decrypt(ring.encrypt(b"y")) == b"y"
        assert KeyRing(folder).primary_hash == ring.primary_hash == other.primary_hash


def test_readers_are_never_disturbed_by_rotations(folder: Path) -> None:
    over = threading.Event()
    outcomes: list[bytes | None] = []

    def read() -> None:
        ring = KeyRing(folder)
        while not over.is_set():
            outcomes.append(ring.decrypt(ring.encrypt(b"x")))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(40):
        rotate_keys(folder, 40)
    over.set()
    for reader in readers:
        reader.join(10)
    assert outcomes
    assert set(outcomes) == {b"x"}


def test_rotations_at_once_follow_each_other(folder: Path) -> None:
    rotations = [threading.Thread(target=rotate_keys, args=(folder, 20)) for _ in range(8)]
    for rotation in rotations:
        rotation.start()
    for rotation in rotations:
        rotation.join(10)
    assert numbers_in(folder) == list(range(10))
    assert len(set(content(folder))) == 10


def test_a_file_that_is_not_yet_a_key_is_passed_over(folder: Path) -> None:
    ring = KeyRing(folder)
    made = ring.encrypt(b"x")
    (folder / "2").write_bytes(b"")
    (folder / "notes").write_text("not a key")
    assert KeyRing(folder).decrypt(made) == b"x"
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(NoKeys):
        ring.decrypt(made)
    folder.rmdir()
    with pytest.raises(NoKeys):
        ring.encrypt(b"x")


def test_a_death_while_keys_are_set_up_is_healed_by_the_next_run(tmp_path: Path) -> None:
    code, deaths = DIED, 0
    while code == DIED:
        folder = tmp_path / str(deaths)
        code = ended_after(deaths, lambda folder=folder: set_up_keys(folder), folder)
        set_up_keys(folder)
        assert numbers_in(folder) == [0, 1]
        assert KeyRing(folder).decrypt(KeyRing(folder).encrypt(b"x")) == b"x"
        deaths += 1
    assert code == 0
    assert deaths > 4


def test_a_death_in_the_midst_of_a_rotation_costs_nothing(tmp_path: Path) -> None:
    code, deaths = DIED, 0
    while code == DIED:
        folder = tmp_path / str(deaths)
        for rotate in (set_up_keys, *[lambda folder: rotate_keys(folder, 3)] * 2):
            rotate(folder)
        ring = KeyRing(folder)
        made = ring.encrypt(b"x")
        code = ended_after(deaths, lambda folder=folder: rotate_keys(folder, 3), folder)
        after = ring.encrypt(b"y")
        rotate_keys(folder, 3 if numbers_in(folder)[-1] == 3 else 4)
        assert (ring.decrypt(made), ring.decrypt(after)) == (b"x", b"y")
        assert numbers_in(folder)[0] == 0
        assert len(set(content(folder))) == len(numbers_in(folder)) <= 4
        deaths += 1
    assert code == 0
    assert deaths > 4


def ended_after(steps: int, work: Callable[[], Any], folder: Path) -> int:
    """Do the work in a child that dies before its step of this number touches the folder; its exit code."""
    if pid := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    left = [steps]

    def die_in_time(event: str, values: tuple[Any, ...]) -> None:
        if event in CHANGES and str(folder) in str(values[0]):
            left[0] -= 1
            if left[0] < 0:
                os._exit(DIED)

    try:
        sys.addaudithook(die_in_time)
        work()
        os._exit(0)
    finally:
        os._exit(1)
