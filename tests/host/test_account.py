"""Who a server runs as, and what he can reach."""

import os
from pathlib import Path

import pytest

from haneul.host.account import Account, first_unreachable, give, own_account

STRANGER = Account(uid=0x7FFE1234, gid=0x7FFE1234)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder.is_relative_to("/tmp/"):
            folder.chmod(0o755)
    return tmp_path


def test_the_first_closed_folder_is_named(place: Path) -> None:
    inner = place / "closed" / "open"
    inner.mkdir(parents=True)
    assert first_unreachable(STRANGER, [inner]) is None
    (place / "closed").chmod(0o700)
    assert first_unreachable(STRANGER, [place, inner]) == place / "closed"
    assert first_unreachable(own_account(), [inner]) is None


def test_root_passes_everywhere(place: Path) -> None:
    (place / "closed").mkdir(mode=0)
    assert first_unreachable(Account(uid=0, gid=0), [place / "closed"]) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_is_given_is_given_whole_and_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.touch()
    folder = tmp_path / "given"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "file").touch()
    (folder / "link").symlink_to(outside)
    give(folder, STRANGER)
    assert {path.lstat().st_uid for path in (folder, *folder.rglob("*"))} == {STRANGER.uid}
    assert outside.stat().st_uid == 0
